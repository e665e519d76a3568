//! The options of one call.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use uuid::Uuid;

use super::CLIENT_REQUEST_ID;

/// A new id of a call.
pub(crate) fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}

/// What one call asks for beside its operation's own arguments.
#[derive(Clone)]
pub(crate) struct CallOptions {
    /// Our id of the call; one is made when it is sent if there is none.
    pub(crate) client_request_id: Option<String>,
    /// Instead of the operation's own api-version.
    pub(crate) api_version: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
    /// Where the call went, once it was sent.
    pub(crate) url: Arc<OnceLock<Url>>,
}

impl CallOptions {
    pub(crate) fn new(api_version: Option<String>) -> Self {
        Self { client_request_id: None, api_version, headers: HeaderMap::new(), query: Vec::new(), url: Arc::default() }
    }

    /// Another call with the same options, which has not been sent yet.
    pub(crate) fn unsent(&self) -> Self {
        Self { url: Arc::default(), ..self.clone() }
    }

    pub(crate) fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Puts them on a request; the caller's own headers win over what the operation sets.
    pub(super) fn apply(&self, request: &mut reqwest::Request, client_request_id: &str) {
        if !self.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(&self.query);
        }
        let headers = request.headers_mut();
        if let Ok(id) = HeaderValue::from_str(client_request_id) {
            headers.insert(CLIENT_REQUEST_ID, id);
        }
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
            .finish_non_exhaustive()
    }
}
