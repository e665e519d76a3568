//! A small blob storage: containers that take and give bytes for a signature in the URL.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::query::Query;
use crate::router::decode;

use container::Container;

mod container;
mod list;
mod range;

/// What the path of every container begins with.
pub(crate) const PATH: &str = "/blobs/";

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const VERSION: HeaderName = HeaderName::from_static("x-ms-version");

/// The version of the storage's API that answers name.
const STORAGE_VERSION: &str = "2025-01-05";

/// All containers of all projects.
#[derive(Debug, Default)]
pub(crate) struct Blobs {
    containers: Mutex<HashMap<String, Container>>,
}

/// What the storage refuses, and how it says so.
type Refusal = (StatusCode, &'static str, &'static str);

const TOO_LARGE: Refusal = (StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge", "The blob is too large.");

impl Blobs {
    /// Makes an empty container.
    pub(crate) fn create(&self, container: &str, signature: String) {
        let mut containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        containers.insert(container.to_owned(), Container::new(signature));
    }

    /// The URL that opens a container to who has it.
    pub(crate) fn signed_url(&self, origin: &str, container: &str) -> Option<String> {
        let containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        let signature = &containers.get(container)?.signature;
        Some(format!("{origin}{PATH}{container}?sv={STORAGE_VERSION}&sr=c&sp=rcwl&sig={signature}"))
    }

    /// Answers a request for a blob; `None` stands for a body that was too large. No blob gets larger
    /// than the limit, not even in blocks.
    pub(crate) fn answer(
        &self,
        head: &Parts,
        query: &Query,
        body: Option<Bytes>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Response {
        let mut response = self.serve(head, query, body, limit, now).unwrap_or_else(refusal);
        let headers = response.headers_mut();
        headers.insert(VERSION, HeaderValue::from_static(STORAGE_VERSION));
        if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(id) = head.headers.get(CLIENT_REQUEST_ID) {
            headers.insert(CLIENT_REQUEST_ID, id.clone());
        }
        response
    }

    fn serve(
        &self,
        head: &Parts,
        query: &Query,
        body: Option<Bytes>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Response, Refusal> {
        let path = head.uri.path().strip_prefix(PATH).unwrap_or_default();
        let (id, name) = path.split_once('/').unwrap_or((path, ""));
        let mut containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        let container = containers
            .get_mut(id)
            .filter(|container| query.first("sig") == Some(&container.signature))
            .ok_or((StatusCode::FORBIDDEN, "AuthenticationFailed", "The signature does not open this container."))?;
        let name = decode(name).filter(|name| !name.is_empty());
        let body = || body.ok_or(TOO_LARGE);
        match (&head.method, name, query.first("comp")) {
            (&Method::GET, None, Some("list")) if query.first("restype") == Some("container") => {
                list::page(id, &container.blobs, query)
            }
            (_, None, _) => Err((StatusCode::BAD_REQUEST, "InvalidUri", "The path names no blob.")),
            (&Method::PUT, Some(name), None) => container.put(&head.headers, name, body()?, now),
            (&Method::PUT, Some(name), Some("block")) => container.put_block(query, name, body()?, limit),
            (&Method::PUT, Some(name), Some("blocklist")) => {
                container.put_block_list(&head.headers, name, &body()?, limit, now)
            }
            (&Method::GET | &Method::HEAD, Some(name), None) => container.get(&head.headers, &name),
            (_, _, Some(_)) => Err((StatusCode::NOT_IMPLEMENTED, "NotImplemented", "This is not to be had here.")),
            _ => Err((StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb", "Blobs are put and read here.")),
        }
    }
}

fn refusal((status, code, message): Refusal) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(ERROR_CODE, HeaderValue::from_static(code));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, PUT"));
    }
    response
}
