//! One request as the code that answers it sees it, and its answer.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::documents::{Document, Operation};
use crate::query::Query;
use crate::script::Script;
use crate::store::Store;

/// A request that has passed routing and validation, with the project's store locked.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) document: &'static Document,
    pub(crate) operation: &'static Operation,
    /// The values of the path parameters in the order of the path.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: &'a Query,
    /// The body; empty if the request has none.
    pub(crate) body: Map<String, Value>,
    /// The name of the project.
    pub(crate) project: &'a str,
    pub(crate) store: &'a mut Store,
    /// What runs do.
    pub(crate) script: &'a dyn Script,
    /// The clock's time in epoch seconds, read once for the request.
    pub(crate) now: i64,
    /// The request's URL without its query, for links to further pages.
    pub(crate) url: String,
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
    /// `None` answers without a body.
    pub(crate) body: Option<Value>,
}

impl Answer {
    /// 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body) }
    }

    /// 201 with a body.
    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body: Some(body) }
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }
}
