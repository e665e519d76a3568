//! The options of one call.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use uuid::Uuid;

use super::CLIENT_REQUEST_ID;
use super::retry::RetryPolicy;
use crate::feature::FoundryFeature;
use crate::multipart::BodySource;

/// A new id of a call.
pub(crate) fn new_request_id() -> String {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    Uuid::new_v4().as_hyphenated().encode_lower(&mut text).to_owned()
}

/// What one call asks for beside its operation's own arguments.
#[derive(Clone, Default)]
pub struct CallOptions {
    /// Our id of the call; one is made when it is sent if there is none.
    pub(crate) client_request_id: Option<String>,
    /// Instead of the operation's own api-version.
    pub(crate) api_version: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
    /// The time the call may take, instead of the client's.
    pub(crate) timeout: Option<Duration>,
    /// Instead of the client's.
    pub(crate) retry: Option<RetryPolicy>,
    /// Beside the client's.
    pub(crate) features: Vec<FoundryFeature>,
    /// The body, if it is put on each attempt anew: a form is.
    pub(crate) body: Option<Arc<dyn BodySource>>,
    /// Whether the answer is handed over as it arrives if it is a stream of events, which is not known
    /// before it comes.
    pub(crate) hands_over_events: bool,
    /// The agent whose own path the call goes to, if it does.
    pub(crate) agent_scope: Option<AgentScope>,
    /// What became of the call, once it was sent.
    pub(crate) sent: Arc<OnceLock<Sent>>,
}

/// An agent whose OpenAI-shaped operations are called at its own path.
#[derive(Clone, Debug)]
pub(crate) struct AgentScope {
    #[cfg_attr(not(feature = "v1"), allow(dead_code, reason = "not every API has such paths"))]
    pub(crate) agent_name: String,
    /// What has to be sent with such calls.
    pub(crate) table: &'static foundry_raw::AgentScope,
}

/// Where a call went, and how often.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) url: Url,
    pub(crate) attempts: u32,
}

impl CallOptions {
    /// Another call with the same options, which has not been sent yet.
    pub(crate) fn unsent(&self) -> Self {
        Self { sent: Arc::default(), ..self.clone() }
    }

    /// What further questions about the same thing have of a call's options: all but its id, and its
    /// query, which is the operation's.
    pub(crate) fn for_looks(&self) -> Self {
        Self { client_request_id: None, query: Vec::new(), ..self.unsent() }
    }

    pub(crate) fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Puts them on a request; the caller's own headers win over what the operation sets.
    pub(super) fn apply(&self, call: &mut foundry_raw::Call, client_request_id: HeaderValue) {
        let request = &mut call.request;
        if !self.query.is_empty() && !call.url_is_exact {
            request.url_mut().query_pairs_mut().extend_pairs(&self.query);
        }
        let headers = request.headers_mut();
        headers.insert(CLIENT_REQUEST_ID, client_request_id);
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// Names alone: headers and query may hold what is secret.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("client_request_id", &self.client_request_id)
            .field("api_version", &self.api_version)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}
