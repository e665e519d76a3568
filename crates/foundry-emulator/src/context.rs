//! One request as the code that answers it sees it, and its answer.

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::blobs::Blobs;
use crate::documents::{Document, Operation};
use crate::multipart::Upload;
use crate::query::Query;
use crate::script::Rules;
use crate::store::Store;
use crate::stream::Leg;

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
    /// The file of a form.
    pub(crate) upload: Option<Upload>,
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
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Payload,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Payload {
    Nothing,
    Json(Value),
    Bytes(Bytes),
    /// A run as a stream of events.
    Leg(Leg),
    /// The same as it is sent.
    Stream(Body),
}

impl Answer {
    /// 200 with JSON.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Payload::Json(body) }
    }

    /// 201 with JSON.
    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body: Payload::Json(body) }
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Payload::Nothing }
    }

    /// 200 with the bytes of a file.
    pub(crate) fn bytes(body: Bytes) -> Self {
        Self { status: StatusCode::OK, body: Payload::Bytes(body) }
    }

    /// 200 with a stream of events.
    pub(crate) fn stream(leg: Leg) -> Self {
        Self { status: StatusCode::OK, body: Payload::Leg(leg) }
    }
}
