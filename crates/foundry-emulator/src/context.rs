//! One request as the code that answers it sees it, and its answer.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::blobs::Blobs;
use crate::documents::{Document, Operation};
use crate::fill;
use crate::leg::Leg;
use crate::multipart::Upload;
use crate::query::Query;
use crate::script::Rules;
use crate::server::encode;
use crate::store::Store;

/// A request that has passed routing and validation, with the project's store locked.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) document: &'static Document,
    pub(crate) operation: &'static Operation,
    /// The values of the path parameters in the order of the path.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: &'a Query,
    /// The body, of a form its texts; empty if the request has none.
    pub(crate) body: Map<String, Value>,
    /// The files of a form, or the bytes of a body that is nothing else.
    pub(crate) uploads: Vec<Upload>,
    pub(crate) headers: &'a HeaderMap,
    /// The agent whose own path was called.
    pub(crate) agent: Option<&'a str>,
    /// The name of the project.
    pub(crate) project: &'a str,
    pub(crate) store: &'a mut Store,
    /// The blobs of all projects.
    pub(crate) blobs: &'a Blobs,
    /// What some runs do instead of what the built-in model would do.
    pub(crate) rules: &'a Rules,
    /// The clock's time in epoch seconds, read once for the request.
    pub(crate) now: i64,
    /// `http://127.0.0.1:PORT`.
    pub(crate) origin: &'a str,
    /// The request's URL without its query, for links to further pages.
    pub(crate) url: String,
    /// How many elements a page with a link to the next one has; all of them if `None`.
    pub(crate) page_size: Option<usize>,
}

impl Context<'_> {
    /// A path parameter; empty if the path has fewer.
    pub(crate) fn parameter(&self, index: usize) -> String {
        self.parameters.get(index).cloned().unwrap_or_default()
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// JSON with the status that the operation declares for success.
    pub(crate) fn succeed(&self, body: Value) -> Answer {
        Answer::with_status(self.operation.success, body)
    }

    /// The URL of a path within the project.
    pub(crate) fn project_url(&self, path: &str) -> String {
        let project = encode(self.project);
        format!("{}/api/projects/{project}{path}?api-version={}", self.origin, self.document.api_version)
    }

    /// A record with whatever the operation's answer requires and it does not have.
    pub(crate) fn filled(&self, record: Value) -> Value {
        match &self.operation.answer {
            Some(schema) => self.filled_as(schema, record),
            None => record,
        }
    }

    /// A record with whatever a schema requires and it does not have.
    pub(crate) fn filled_as(&self, schema: &Value, record: Value) -> Value {
        fill::complete(self.document, schema, record, self.now)
    }
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Payload,
    /// Of bytes.
    pub(crate) media_type: &'static str,
    /// Headers that only this answer has.
    pub(crate) headers: Vec<(HeaderName, String)>,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Payload {
    Nothing,
    /// Not there before the caller goes or the emulator stops.
    Never,
    Json(Value),
    Bytes(Bytes),
    /// A run as a stream of events.
    Leg(Leg),
    /// The same as it is sent.
    Stream(Body),
}

impl Answer {
    fn new(status: StatusCode, body: Payload) -> Self {
        Self { status, body, media_type: "application/octet-stream", headers: Vec::new() }
    }

    /// JSON with any status.
    pub(crate) fn with_status(status: StatusCode, body: Value) -> Self {
        Self::new(status, Payload::Json(body))
    }

    /// 200 with JSON.
    pub(crate) fn ok(body: Value) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    /// 201 with JSON.
    pub(crate) fn created(body: Value) -> Self {
        Self::with_status(StatusCode::CREATED, body)
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, Payload::Nothing)
    }

    /// 200 without a body.
    pub(crate) fn nothing() -> Self {
        Self::new(StatusCode::OK, Payload::Nothing)
    }

    /// No answer at all, as long as the caller waits.
    pub(crate) fn never() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Payload::Never)
    }

    /// 202 without a body.
    pub(crate) fn accepted() -> Self {
        Self::new(StatusCode::ACCEPTED, Payload::Nothing)
    }

    /// 200 with the bytes of a file.
    pub(crate) fn bytes(body: Bytes) -> Self {
        Self::new(StatusCode::OK, Payload::Bytes(body))
    }

    /// 200 with a stream of events.
    pub(crate) fn stream(leg: impl Into<Leg>) -> Self {
        Self::new(StatusCode::OK, Payload::Leg(leg.into()))
    }

    /// The same with one header more.
    pub(crate) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}
