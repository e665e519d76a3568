//! What the documents say of an operation beyond its types; the pipeline acts on it.

use http::Method;

use crate::client::path_segment;
use crate::error::Error;

/// An operation of the API.
///
/// One `static` per operation is generated; `OPERATIONS` of each API's module lists them all.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The document's operationId.
    pub id: &'static str,
    /// The group (the document's tag) it belongs to.
    pub group: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path under the endpoint, with `{parameters}`.
    pub path: &'static str,
    /// The api-version to send in the query; `None` where the operation takes none.
    pub api_version: Option<&'static str>,
    /// The Content-Type of the request body, where the operation has one.
    pub request_content_type: Option<&'static str>,
    /// The Content-Type of the buffered answer, where it has a body.
    pub response_content_type: Option<&'static str>,
    /// The preview features it is behind.
    pub features: Features,
    /// The header that makes a repetition safe, where the operation has one.
    pub replay_key: Option<&'static str>,
    /// How its answers are paged.
    pub paging: Option<Paging>,
    /// How the job goes on that it starts, where it starts one.
    pub long_running: Option<LongRunning>,
    /// Whether it may answer with an event stream.
    pub streaming: Streaming,
    /// Whether bodies may hold credentials; they are never logged.
    pub secret: bool,
}

impl Operation {
    /// An operation that no description has, by its method: nothing is known of it. A method that
    /// is none of the usual ones counts as `POST`, which is not repeated.
    pub fn custom(method: &Method) -> &'static Self {
        static CUSTOM: [Operation; 7] = [
            Operation::undescribed(Method::POST, "POST"),
            Operation::undescribed(Method::GET, "GET"),
            Operation::undescribed(Method::PUT, "PUT"),
            Operation::undescribed(Method::PATCH, "PATCH"),
            Operation::undescribed(Method::DELETE, "DELETE"),
            Operation::undescribed(Method::HEAD, "HEAD"),
            Operation::undescribed(Method::OPTIONS, "OPTIONS"),
        ];
        CUSTOM.iter().find(|operation| operation.method == *method).unwrap_or(&CUSTOM[0])
    }

    const fn undescribed(method: Method, id: &'static str) -> Self {
        Self {
            id,
            group: "",
            method,
            path: "",
            api_version: None,
            request_content_type: None,
            response_content_type: None,
            features: Features::None,
            replay_key: None,
            paging: None,
            long_running: None,
            // It may run a model, so it is waited for as long as those that do.
            streaming: Streaming::Optional,
            // Nor is it known whether its bodies hold credentials.
            secret: true,
        }
    }

    /// Whether sending it twice is the same as sending it once.
    pub fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }
}

/// The preview features an operation is behind (`Foundry-Features`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Features {
    /// None.
    None,
    /// Sent only by those who opt in.
    Optional(&'static [&'static str]),
    /// Sent with every call.
    Required(&'static [&'static str]),
}

/// How the answers of a list operation are paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// The next page is asked for with a query parameter that takes a property of this page, until
    /// a flag says that there is no more.
    Cursor {
        /// The property with the elements.
        items: &'static str,
        /// The query parameter, `after`.
        parameter: &'static str,
        /// The property that it takes, `last_id`.
        property: &'static str,
        /// The flag, `has_more`.
        has_more: &'static str,
    },
    /// The page holds the URL of the next one, until it holds none.
    NextLink {
        /// The property with the elements.
        items: &'static str,
        /// The property with the URL.
        next_link: &'static str,
    },
}

/// A job that goes on after the answer: where its status is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LongRunning {
    /// The header of the answer with the URL of the status, `Operation-Location`.
    pub header: &'static str,
    /// The path of the status under the endpoint, with `{parameters}`.
    pub path: &'static str,
    /// The property of the status that holds the result.
    pub result: Option<&'static str>,
}

/// The path that each agent has of its own for the OpenAI-shaped operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentScope {
    /// With `{agent_name}` in it; it stands for `/openai/v1`.
    pub path: &'static str,
    /// The api-version to send in the query.
    pub api_version: Option<&'static str>,
    /// The preview features that are sent with every call.
    pub features: &'static [&'static str],
}

impl AgentScope {
    /// The path of one agent, under the endpoint.
    ///
    /// # Errors
    /// [`Error::Request`]: the name cannot stand in a path.
    pub fn path_of(&self, agent_name: &str) -> Result<String, Error> {
        Ok(self.path.replace("{agent_name}", &path_segment("agent_name", agent_name)?))
    }
}

/// Whether an operation may answer with an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Streaming {
    /// Never.
    Never,
    /// If the body asks for it with `stream: true`.
    Optional,
    /// Always.
    Always,
}
