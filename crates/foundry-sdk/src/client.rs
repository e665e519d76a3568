//! The client of a project, and how it is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "v2025-05-01")]
use foundry_raw::v2025_05_01;
use http::HeaderValue;

#[cfg(feature = "v2025-05-01")]
use crate::classic::Classic;
use crate::clock::{Clock, SystemClock};
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::{CallOptions, Pipeline};

/// The client of one project; cheap to clone.
///
/// ```
/// use foundry_sdk::{Credential, ProjectClient};
///
/// let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/TestAgents")
///     .credential(Credential::api_key("…".replace('…', "key")))
///     .build()?;
/// assert_eq!(client.endpoint().project(), "TestAgents");
/// # Ok::<(), foundry_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct ProjectClient(Arc<Inner>);

struct Inner {
    pipeline: Arc<Pipeline>,
    #[cfg(feature = "v2025-05-01")]
    raw_2025_05_01: v2025_05_01::Client,
    clock: Arc<dyn Clock>,
    classic_api_version: Option<String>,
}

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long nothing may come before an answer counts as cut off.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// Where [`ProjectClient::from_env`] finds the endpoint, the first that is set.
const ENDPOINT_VARIABLES: &[&str] = &["FOUNDRY_PROJECT_ENDPOINT", "AZURE_AI_PROJECT_ENDPOINT", "PROJECT_ENDPOINT"];

impl ProjectClient {
    /// Starts to make a client for the project at `endpoint`:
    /// `https://RESOURCE.services.ai.azure.com/api/projects/PROJECT`.
    pub fn builder(endpoint: impl Into<String>) -> ProjectClientBuilder {
        ProjectClientBuilder {
            endpoint: endpoint.into(),
            credential: None,
            clock: Arc::new(SystemClock),
            application_id: None,
            classic_api_version: None,
        }
    }

    /// A client from the environment: the endpoint from `FOUNDRY_PROJECT_ENDPOINT` (or
    /// `AZURE_AI_PROJECT_ENDPOINT`, `PROJECT_ENDPOINT`), the credential from `FOUNDRY_API_KEY` or
    /// `FOUNDRY_ACCESS_TOKEN`, in this order. A variable that is empty counts as not set.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] without a usable endpoint, [`ErrorKind::Credential`] without a
    /// credential.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let Some((name, endpoint)) = ENDPOINT_VARIABLES.iter().find_map(|name| Some((*name, set(name)?))) else {
            let message = format!("no project endpoint: set {}", ENDPOINT_VARIABLES[0]);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        let credential = match (set("FOUNDRY_API_KEY"), set("FOUNDRY_ACCESS_TOKEN")) {
            (Some(key), _) => Credential::api_key(key.trim()),
            (None, Some(token)) => Credential::token(token.trim()),
            (None, None) => {
                let message = "no credential: set FOUNDRY_API_KEY or FOUNDRY_ACCESS_TOKEN";
                return Err(Error::new(ErrorKind::Credential, message));
            }
        };
        Self::builder(endpoint).credential(credential).build().map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => Error::new(ErrorKind::InvalidInput, format!("{name}: {}", error.message())),
            _ => error,
        })
    }

    /// The project's endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.pipeline.endpoint
    }

    #[cfg(feature = "v2025-05-01")]
    /// The classic surface: agents, threads, messages and runs.
    pub fn classic(&self) -> Classic {
        Classic::new(self)
    }

    #[cfg(feature = "v2025-05-01")]
    /// The generated client of api-version 2025-05-01, sending through the same pipeline.
    ///
    /// Its methods, and the types of `reqwest` in them, are outside of this crate's semantic
    /// versioning.
    pub fn raw_2025_05_01(&self) -> v2025_05_01::Client {
        let options = CallOptions::new(self.0.classic_api_version.clone());
        self.raw_for_call(options)
    }

    #[cfg(feature = "v2025-05-01")]
    pub(crate) fn raw_for_call(&self, options: CallOptions) -> v2025_05_01::Client {
        self.0.raw_2025_05_01.over(self.0.pipeline.for_call(options))
    }

    #[cfg(feature = "v2025-05-01")]
    pub(crate) fn classic_api_version(&self) -> Option<&str> {
        self.0.classic_api_version.as_deref()
    }

    #[cfg(feature = "v2025-05-01")]
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }
}

impl fmt::Debug for ProjectClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectClient")
            .field("endpoint", &self.endpoint().as_str())
            .field("credential", &self.0.pipeline.credential)
            .finish_non_exhaustive()
    }
}

/// Makes a [`ProjectClient`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct ProjectClientBuilder {
    endpoint: String,
    credential: Option<Credential>,
    clock: Arc<dyn Clock>,
    application_id: Option<String>,
    classic_api_version: Option<String>,
}

impl ProjectClientBuilder {
    /// What the client proves itself with.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// What is put in front of the `User-Agent`: the name of the application.
    pub fn application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// The api-version of the classic surface; 2025-05-01 unless set. The service takes `v1` too.
    pub fn classic_api_version(mut self, version: impl Into<String>) -> Self {
        self.classic_api_version = Some(version.into());
        self
    }

    /// What the client waits with; the system's clock unless set.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the client; nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the endpoint is none (the message says what it is instead)
    /// or the application id cannot stand in a header; [`ErrorKind::Credential`] without a
    /// credential, or with one that cannot stand in a header.
    pub fn build(self) -> Result<ProjectClient> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        let Some(credential) = self.credential else {
            let message = "no credential: give the builder one with `.credential(..)`";
            return Err(Error::new(ErrorKind::Credential, message));
        };
        credential.header()?;
        let user_agent = user_agent(self.application_id.as_deref())?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // What is on the wire is not to depend on which features other crates switch on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::InvalidInput, "the HTTP client cannot be made").with_source(error)
            })?;
        let pipeline = Arc::new(Pipeline { http: http.clone(), endpoint, credential, user_agent });
        #[cfg(feature = "v2025-05-01")]
        let transport = pipeline.for_call(CallOptions::new(self.classic_api_version.clone()));
        #[cfg(feature = "v2025-05-01")]
        let raw_2025_05_01 = v2025_05_01::Client::with_transport(pipeline.endpoint.as_str(), http, transport);
        Ok(ProjectClient(Arc::new(Inner {
            pipeline,
            #[cfg(feature = "v2025-05-01")]
            raw_2025_05_01,
            clock: self.clock,
            classic_api_version: self.classic_api_version,
        })))
    }
}

/// `application foundry-sdk/VERSION (rust; os; arch)`.
fn user_agent(application_id: Option<&str>) -> Result<HeaderValue> {
    let own = format!(
        "foundry-sdk/{} (rust; {}; {})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let text = match application_id {
        Some(application) => format!("{application} {own}"),
        None => own,
    };
    HeaderValue::from_str(&text).map_err(|_| {
        let message = format!("the application id {application_id:?} has characters that no header may hold");
        Error::new(ErrorKind::InvalidInput, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "https://res.services.ai.azure.com/api/projects/p";

    fn from(variables: &[(&str, &str)]) -> Result<ProjectClient> {
        ProjectClient::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_makes_a_client() {
        for (variables, credential) in [
            (vec![("FOUNDRY_PROJECT_ENDPOINT", ENDPOINT), ("FOUNDRY_API_KEY", "k")], "an API key"),
            (vec![("AZURE_AI_PROJECT_ENDPOINT", ENDPOINT), ("FOUNDRY_ACCESS_TOKEN", "t\n")], "a fixed bearer token"),
            (
                vec![("PROJECT_ENDPOINT", ENDPOINT), ("FOUNDRY_API_KEY", " "), ("FOUNDRY_ACCESS_TOKEN", "t")],
                "a fixed bearer token",
            ),
        ] {
            let client = from(&variables).unwrap();
            assert_eq!(client.endpoint().as_str(), ENDPOINT);
            assert!(format!("{client:?}").contains(credential), "{client:?}");
        }
    }

    #[test]
    fn an_incomplete_environment_says_what_to_set() {
        for (variables, kind, said) in [
            (vec![], ErrorKind::InvalidInput, "set FOUNDRY_PROJECT_ENDPOINT"),
            (
                vec![("FOUNDRY_PROJECT_ENDPOINT", ENDPOINT)],
                ErrorKind::Credential,
                "set FOUNDRY_API_KEY or FOUNDRY_ACCESS_TOKEN",
            ),
            (
                vec![("PROJECT_ENDPOINT", "https://res.services.ai.azure.com"), ("FOUNDRY_API_KEY", "k")],
                ErrorKind::InvalidInput,
                "PROJECT_ENDPOINT: ",
            ),
        ] {
            let error = from(&variables).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().contains(said), "{error}");
        }
    }

    #[test]
    fn a_client_without_credential_is_refused_when_built() {
        assert_eq!(ProjectClient::builder(ENDPOINT).build().unwrap_err().kind(), ErrorKind::Credential);
    }

    #[test]
    fn a_client_is_cheap_to_share() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<ProjectClient>();
        #[cfg(feature = "v2025-05-01")]
        shared::<Classic>();
    }
}
