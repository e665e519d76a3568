//! The client of a project, and how it is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
use crate::classic::Classic;
use crate::clock::{Clock, SystemClock};
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::feature::FoundryFeature;
use crate::generated::RawClients;
use crate::http_client;
use crate::pager::RawReply;
use crate::pipeline::{ANSWER_LIMIT, AgentScope, Budget, CallOptions, Pipeline, RetryPolicy, Sender};
use crate::transport::Transport;

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
pub struct ProjectClient(Arc<Inner>, Option<Arc<AgentScope>>);

struct Inner {
    pipeline: Arc<Pipeline>,
    /// What requests are built with.
    http: reqwest::Client,
    raw: RawClients,
    classic_api_version: Option<String>,
}

/// Where [`ProjectClient::from_env`] finds the endpoint, the first that is set.
const ENDPOINT_VARIABLES: &[&str] = &["FOUNDRY_PROJECT_ENDPOINT", "AZURE_AI_PROJECT_ENDPOINT", "PROJECT_ENDPOINT"];

impl ProjectClient {
    /// Starts to make a client for the project at `endpoint`:
    /// `https://RESOURCE.services.ai.azure.com/api/projects/PROJECT`.
    pub fn builder(endpoint: impl Into<String>) -> ProjectClientBuilder {
        ProjectClientBuilder {
            endpoint: endpoint.into(),
            credential: None,
            allow_http: false,
            clock: Arc::new(SystemClock),
            application_id: None,
            classic_api_version: None,
            features: Vec::new(),
            retry: RetryPolicy::new(),
            timeout: None,
            answer_limit: ANSWER_LIMIT,
            log_bodies: false,
            http: reqwest::Client::builder(),
            transport: None,
        }
    }

    /// A client from the environment: the endpoint from `FOUNDRY_PROJECT_ENDPOINT` (or
    /// `AZURE_AI_PROJECT_ENDPOINT`, `PROJECT_ENDPOINT`), the credential from `FOUNDRY_API_KEY` or
    /// `FOUNDRY_ACCESS_TOKEN`, in this order. A variable that is empty counts as not set.
    ///
    /// With the feature `azure-identity`, and neither of the two set, the credential is the one
    /// that the environment points to: a service principal's (`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
    /// `AZURE_CLIENT_SECRET`), a workload identity, a managed identity, or a developer's login.
    /// `AZURE_TOKEN_CREDENTIALS` (`dev`, `prod`, or the name of a credential) says which.
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
            #[cfg(feature = "azure-identity")]
            (None, None) => Credential::from_environment(&variable)?,
            #[cfg(not(feature = "azure-identity"))]
            (None, None) => {
                let message = "no credential: set FOUNDRY_API_KEY or FOUNDRY_ACCESS_TOKEN, \
                               or switch the feature `azure-identity` on";
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

    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    /// The classic surface: agents, threads, messages and runs.
    pub fn classic(&self) -> Classic {
        Classic::new(self)
    }

    /// The previews of the project: groups that may still change, or go.
    #[cfg(feature = "v1")]
    pub fn preview(&self) -> crate::preview::Preview {
        crate::preview::Preview::new(self)
    }

    /// The client whose OpenAI-shaped requests go to the path of an agent.
    #[cfg(feature = "v1")]
    pub(crate) fn of_agent(&self, scope: AgentScope) -> Self {
        Self(Arc::clone(&self.0), Some(Arc::new(scope)))
    }

    /// The agent whose path requests go to, if they do.
    pub(crate) fn agent_scope(&self) -> Option<&AgentScope> {
        self.1.as_deref()
    }

    /// The generated clients.
    pub(crate) fn raw_clients(&self) -> &RawClients {
        &self.0.raw
    }

    /// The options of a call of the classic surface: the client may have set its api-version.
    pub(crate) fn options_of_classic(&self, mut options: CallOptions) -> CallOptions {
        if options.api_version.is_none() {
            options.api_version.clone_from(&self.0.classic_api_version);
        }
        options
    }

    #[cfg(feature = "v1")]
    pub(crate) fn project_client(&self) -> &Self {
        self
    }

    /// What requests are built with.
    #[cfg(feature = "async-openai")]
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// What carries a call with these options.
    pub(crate) fn transport_for(&self, options: CallOptions) -> Arc<dyn foundry_raw::Transport> {
        self.0.pipeline.for_call(options)
    }

    /// Gets the page at a link, which is sent as it stands.
    pub(crate) fn follow<T: foundry_raw::Decode + Send + 'static>(
        &self,
        link: String,
        options: CallOptions,
        operation: &'static foundry_raw::Operation,
    ) -> RawReply<T> {
        let transport = self.transport_for(options);
        let url = self.endpoint().join(&link);
        let http = self.0.http.clone();
        Box::pin(async move {
            let url = url.map_err(|error| foundry_raw::Error::Request(error.into()))?;
            foundry_raw::follow(&http, transport, url, operation).await
        })
    }

    /// How long an answer asks to wait before the next question.
    pub(crate) fn retry_after(&self, headers: &http::HeaderMap) -> Option<Duration> {
        crate::pipeline::retry_after(headers, || self.clock().system_time())
    }

    /// Puts something at a URL that opens itself, without our credential.
    #[cfg(feature = "v1")]
    pub(crate) async fn put(&self, put: &crate::pipeline::Put, options: &CallOptions) -> Result<()> {
        self.0.pipeline.put(put, options).await
    }

    /// How much of an answer is read into memory.
    pub(crate) fn answer_limit(&self) -> usize {
        self.0.pipeline.answer_limit
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.pipeline.clock
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
#[must_use = "a builder does nothing until it builds"]
pub struct ProjectClientBuilder {
    endpoint: String,
    credential: Option<Credential>,
    allow_http: bool,
    clock: Arc<dyn Clock>,
    application_id: Option<String>,
    classic_api_version: Option<String>,
    features: Vec<FoundryFeature>,
    retry: RetryPolicy,
    timeout: Option<Duration>,
    answer_limit: usize,
    log_bodies: bool,
    http: reqwest::ClientBuilder,
    transport: Option<Arc<dyn Transport>>,
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

    /// The previews to opt into where an operation has them as an option; none unless set.
    pub fn features(mut self, features: impl IntoIterator<Item = impl Into<FoundryFeature>>) -> Self {
        self.features = features.into_iter().map(Into::into).collect();
        self
    }

    /// How often calls are tried; see [`RetryPolicy`] for what they are unless set.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long a call may take with all its attempts and waits; without a limit unless set. Of a
    /// stream it limits the time until it begins.
    ///
    /// There are limits beside it: 20 s to connect, and 300 s in which nothing comes (600 s where a
    /// model runs before the answer).
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// How many bytes of an answer are read at most, unless it is streamed: 64 MiB unless set.
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// Takes an endpoint with `http` to any host, not this machine only. Credentials then go over
    /// the network in the clear.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Shows the bodies of requests and answers to `tracing`, at the level DEBUG and up to 8 KiB
    /// each; never those of operations that may hold credentials. Off unless set: bodies hold what
    /// people said.
    pub fn log_bodies(mut self, log: bool) -> Self {
        self.log_bodies = log;
        self
    }

    /// Sets up the HTTP client: proxy, certificates, connection pool. What the client's own rules
    /// say is set afterwards: no redirects, no decompression, no repeating, 20 s to connect.
    ///
    /// The types of `reqwest` are outside of this crate's semantic versioning.
    ///
    /// ```
    /// # fn main() -> Result<(), foundry_sdk::Error> {
    /// # let builder = foundry_sdk::ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p");
    /// let builder = builder.configure_http(|http| http.pool_max_idle_per_host(8));
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure_http(mut self, configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Self {
        self.http = configure(self.http);
        self
    }

    /// What carries the requests instead of HTTP, for tests, or to record and replay; see
    /// [`Transport`].
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
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
    /// [`ErrorKind::InvalidInput`] if the endpoint is none (the message says what it is instead),
    /// the application id or a preview feature cannot stand in a header, or the HTTP client cannot
    /// be set up; [`ErrorKind::Credential`] without a credential, or with one that cannot stand in
    /// a header.
    pub fn build(self) -> Result<ProjectClient> {
        let endpoint = Endpoint::parse_with(&self.endpoint, self.allow_http)?;
        let Some(credential) = self.credential else {
            let message = "no credential: give the builder one with `.credential(..)`";
            return Err(Error::new(ErrorKind::Credential, message));
        };
        credential.check()?;
        self.features.iter().try_for_each(FoundryFeature::check)?;
        let user_agent = user_agent(self.application_id.as_deref())?;
        let http = http_client::make(self.http)?;
        let sender = match self.transport {
            Some(transport) => Sender::Custom(transport),
            None => Sender::Http(http.clone()),
        };
        let pipeline = Arc::new(Pipeline {
            sender,
            endpoint,
            credential,
            clock: self.clock,
            user_agent,
            features: self.features,
            retry: self.retry,
            budget: Budget::new(),
            timeout: self.timeout,
            answer_limit: self.answer_limit,
            log_bodies: self.log_bodies,
        });
        let transport = pipeline.for_call(CallOptions::default());
        let raw = RawClients::new(pipeline.endpoint.as_str(), &http, &transport);
        let inner = Inner { pipeline, http, raw, classic_api_version: self.classic_api_version };
        Ok(ProjectClient(Arc::new(inner), None))
    }
}

impl fmt::Debug for ProjectClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was pasted as an endpoint may hold a key.
        f.debug_struct("ProjectClientBuilder").field("credential", &self.credential).finish_non_exhaustive()
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
            // With it there is always a chain to try.
            #[cfg(not(feature = "azure-identity"))]
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
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        shared::<Classic>();
    }
}
