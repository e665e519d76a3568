//! The client of the crate [async-openai](https://docs.rs/async-openai) for a project or one of its
//! agents, over this crate's pipeline.
//!
//! It is for what the service has in OpenAI's form and its own documents do not hold: chat completions,
//! embeddings, files, vector stores, fine-tuning and evals under `/openai/v1`. Requests and answers are
//! async-openai's types.
//!
//! ```
//! use foundry_sdk::async_openai::types::embeddings::CreateEmbeddingRequestArgs;
//! # use foundry_sdk::{Body, BoxError, Credential, ProjectClient, RequestBody, Transport};
//! # use futures_core::future::BoxFuture;
//! # struct Replay;
//! # impl Transport for Replay {
//! #     fn send(&self, request: http::Request<RequestBody>) -> BoxFuture<'_, Result<http::Response<Body>, BoxError>> {
//! #         assert_eq!(request.uri().path(), "/api/projects/p/openai/v1/embeddings");
//! #         let body = r#"{"object":"list","model":"m","usage":{"prompt_tokens":5,"total_tokens":5},
//! #             "data":[{"object":"embedding","index":0,"embedding":[0.5,-0.5]}]}"#;
//! #         Box::pin(async move { Ok(http::Response::new(Body::from(body))) })
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
//! #     .credential(Credential::api_key("none"))
//! #     .transport(Replay)
//! #     .build()?;
//! let openai = client.openai();
//! let request = CreateEmbeddingRequestArgs::default()
//!     .model("text-embedding-3-small")
//!     .input("Why is the sky blue?")
//!     .build()?;
//! let answer = openai.embeddings().create(request).await?;
//! println!("{} dimensions", answer.data[0].embedding.len());
//! # assert_eq!(answer.data[0].embedding, [0.5, -0.5]);
//! # Ok(())
//! # }
//! ```
//!
//! # What goes through the pipeline
//! async-openai builds the requests and reads the answers; all that is in between is the pipeline's, and
//! nothing is sent by async-openai itself:
//! - The credential is asked for at each attempt. A token that is about to end is renewed, one that was
//!   refused is renewed once, and however many calls wait, it is asked for once.
//! - Calls are repeated by the client's [`RetryPolicy`](crate::RetryPolicy), and by nothing else: the
//!   layer of async-openai that repeats is not there. The body of an upload is made anew for each attempt.
//! - `User-Agent`, `x-ms-client-request-id`, preview features, timeouts, [`tracing`](crate#errors-and-retries)
//!   and [`Transport`](crate::Transport) are as for all calls. Headers and query of
//!   [`traits::RequestOptionsBuilder`] are sent, and win over what is added otherwise.
//! - Nothing is sent to another origin, or to a path outside of the project's or agent's.
//! - An answer that is a stream of events is handed over as it arrives, its idle time limited. Any other is
//!   read whole, up to [`answer_limit`](crate::ProjectClientBuilder::answer_limit), the content of a file too.
//!
//! What is async-openai's own: its events are read by a task that runs ahead of who reads them, a stream
//! that ends before its last event is no error, and an answer that it cannot read is told to `tracing` as
//! received. Its groups for realtime and for pictures at a URL, which this crate does not switch on, make
//! connections of their own, without the credential.
//!
//! # Errors
//! An answer that is no success is [`error::OpenAIError::ApiError`], with its status and what the service
//! said. All else that fails on the way (no connection, no credential, no answer in time, an answer that is
//! too large) is [`error::OpenAIError::Boxed`] and holds an [`crate::Error`]:
//!
//! ```
//! use foundry_sdk::ErrorKind;
//! use foundry_sdk::async_openai::error::OpenAIError;
//!
//! fn kind(error: &OpenAIError) -> Option<ErrorKind> {
//!     match error {
//!         OpenAIError::Boxed(error) => Some(error.downcast_ref::<foundry_sdk::Error>()?.kind()),
//!         _ => None,
//!     }
//! }
//! # assert_eq!(kind(&OpenAIError::InvalidArgument(String::new())), None);
//! ```
//!
//! Of a stream that breaks, async-openai keeps no reason; it is told to `tracing`.
//!
//! # Versions
//! The types are those of async-openai 0.43, and outside of this crate's semantic versioning. Who needs more
//! of its groups, or types of their own (its feature `byot`), depends on the same version and switches the
//! features on there.

mod service;

use std::sync::Arc;

use http::HeaderMap;
use secrecy::SecretString;
use url::Url;

pub use ::async_openai::{Client, RequestOptions, config, error, traits, types};

use self::service::PipelineService;
use crate::client::ProjectClient;
#[cfg(feature = "v1")]
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::AgentScope;

/// What the paths of a project's OpenAI-shaped operations begin with.
const PROJECT_PATH: &str = "/openai/v1";

/// Where such a client sends to. There is no key in it: the pipeline adds the credential.
#[derive(Clone, Debug)]
pub struct ProjectConfig {
    base: Arc<str>,
    /// What `Config` wants to see; nobody sends it.
    no_key: SecretString,
}

impl config::Config for ProjectConfig {
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    /// The URL of a path. async-openai puts ids into paths as they are; where one would make it another
    /// path, this is the base alone, to which nothing is sent.
    fn url(&self, path: &str) -> String {
        let path = path.strip_prefix('/').unwrap_or(path);
        if leads_elsewhere(path) { self.base.to_string() } else { format!("{}/{path}", self.base) }
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}

impl ProjectClient {
    /// A client of async-openai for the project: its paths are those under `/openai/v1`, without
    /// api-version. See [`async_openai`](crate::async_openai) for what goes through the pipeline.
    ///
    /// The types of async-openai are outside of this crate's semantic versioning.
    pub fn openai(&self) -> Client<ProjectConfig> {
        self.openai_at(PROJECT_PATH, None)
    }

    /// The same for one agent, by its name: with the path, the api-version and the preview features that
    /// [`AGENT_SCOPE`](foundry_raw::v1::operations::AGENT_SCOPE) says.
    ///
    /// The service takes no tools and no response format there, for they are the agent's.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the name cannot stand in a path.
    #[cfg(feature = "v1")]
    pub fn openai_for_agent(&self, agent_name: impl Into<String>) -> Result<Client<ProjectConfig>> {
        let agent_name = agent_name.into();
        let table = &foundry_raw::v1::operations::AGENT_SCOPE;
        let path = table.path_of(&agent_name).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("there is no client for the agent: {error}"))
        })?;
        Ok(self.openai_at(&path, Some(AgentScope { agent_name, table })))
    }

    fn openai_at(&self, path: &str, agent_scope: Option<AgentScope>) -> Client<ProjectConfig> {
        let base: Arc<str> = format!("{}{path}", self.endpoint().as_str()).into();
        let service = PipelineService::new(self.clone(), Arc::clone(&base), agent_scope);
        // The HTTP client is only what requests are built with.
        Client::build(self.http().clone(), ProjectConfig { base, no_key: SecretString::default() })
            .with_http_service(service)
    }
}

/// Whether a segment of the path is empty, so that the collection is meant instead of the element, or
/// leads to another path.
fn leads_elsewhere(path: &str) -> bool {
    // What ends a path, what parts it, what is passed over and what stands for a dot: as URLs are read.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split(['/', '\\']).any(|segment| {
        let segment = segment.replace(['\t', '\r', '\n'], "").to_ascii_lowercase().replace("%2e", ".");
        matches!(segment.trim(), "" | "." | "..")
    })
}

/// Whether a URL is one under this one.
fn is_under(base: &str, url: &Url) -> bool {
    url.as_str().strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::config::Config as _;
    use super::*;

    const BASE: &str = "https://res.services.ai.azure.com/api/projects/p/openai/v1";

    #[test]
    fn a_path_stays_under_its_base() {
        for (path, is_kept) in [
            ("/files", true),
            ("files/file_1/content", true),
            ("/files?after=file_1", true),
            ("/files/a%2Fb", true),
            ("/files/..a", true),
            ("/files/a%2F..", true),
            ("/files?path=../x//y", true),
            ("", false),
            ("/", false),
            ("/files/", false),
            ("/files//content", false),
            ("/files/.", false),
            ("/a/../files", false),
            ("/files/../responses/resp_1", false),
            ("/files/..\\responses", false),
            ("/files/.\t./responses", false),
            ("/files/.. ", false),
            ("/files/..?a=b", false),
            ("/files/.%2E#", false),
            ("/../threads", false),
            ("/files/../../../../../../secrets", false),
            ("/files/%2e%2e/%2E%2e/threads", false),
            ("/..", false),
        ] {
            let config = ProjectConfig { base: BASE.into(), no_key: SecretString::default() };
            let url = Url::parse(&config.url(path)).unwrap();
            assert_eq!(is_under(BASE, &url), is_kept, "{path}: {url}");
        }
        for other in ["https://res.services.ai.azure.com/api/projects/p/openai/v11/files", "https://b.example/", BASE] {
            assert!(!is_under(BASE, &Url::parse(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn a_configuration_has_no_credential() {
        let config = ProjectConfig { base: BASE.into(), no_key: SecretString::default() };
        assert!(config.headers().is_empty() && config.query().is_empty());
        assert_eq!(config.api_base(), BASE);
    }
}
