//! A small blob storage: containers that take and give bytes for a signature in the URL.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::query::Query;
use crate::router::decode;
use crate::store::Content;

/// What the path of every container begins with.
pub(crate) const PATH: &str = "/blobs/";

const BLOB_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-type");
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

#[derive(Default)]
struct Container {
    /// What a URL must hold to read and write here.
    signature: String,
    blobs: BTreeMap<String, Blob>,
}

/// The signature is a credential, though one that opens nothing else.
impl fmt::Debug for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Container").field("blobs", &self.blobs).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct Blob {
    content: Content,
    content_type: HeaderValue,
    /// How often the blob was overwritten.
    version: u64,
    modified: DateTime<Utc>,
}

/// What the storage refuses, and how it says so.
type Refusal = (StatusCode, &'static str, &'static str);

impl Blobs {
    /// Makes an empty container.
    pub(crate) fn create(&self, container: &str, signature: String) {
        let mut containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        containers.insert(container.to_owned(), Container { signature, blobs: BTreeMap::new() });
    }

    /// The URL that opens a container to who has it.
    pub(crate) fn signed_url(&self, origin: &str, container: &str) -> Option<String> {
        let containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        let signature = &containers.get(container)?.signature;
        Some(format!("{origin}{PATH}{container}?sv={STORAGE_VERSION}&sr=c&sp=rcwl&sig={signature}"))
    }

    /// Answers a request for a blob; `None` stands for a body that was too large.
    pub(crate) fn answer(&self, head: &Parts, query: &Query, body: Option<Bytes>, now: DateTime<Utc>) -> Response {
        let mut response = self.serve(head, query, body, now).unwrap_or_else(refusal);
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

    fn serve(&self, head: &Parts, query: &Query, body: Option<Bytes>, now: DateTime<Utc>) -> Result<Response, Refusal> {
        let path = head.uri.path().strip_prefix(PATH).unwrap_or_default();
        let (container, name) = path.split_once('/').unwrap_or((path, ""));
        let mut containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        let container = containers
            .get_mut(container)
            .filter(|container| query.first("sig") == Some(&container.signature))
            .ok_or((StatusCode::FORBIDDEN, "AuthenticationFailed", "The signature does not open this container."))?;
        let name = decode(name).filter(|name| !name.is_empty()).ok_or((
            StatusCode::BAD_REQUEST,
            "InvalidUri",
            "The path names no blob.",
        ))?;
        if query.first("comp").is_some() {
            return Err((StatusCode::NOT_IMPLEMENTED, "NotImplemented", "Only whole blobs are put and read here."));
        }
        match head.method {
            Method::PUT => container.put(head, name, body, now),
            Method::GET | Method::HEAD => container.get(&name),
            _ => Err((StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb", "Blobs are put and read here.")),
        }
    }
}

impl Container {
    fn put(
        &mut self,
        head: &Parts,
        name: String,
        body: Option<Bytes>,
        now: DateTime<Utc>,
    ) -> Result<Response, Refusal> {
        if head.headers.get(BLOB_TYPE).is_none_or(|kind| kind != "BlockBlob") {
            return Err((StatusCode::BAD_REQUEST, "MissingRequiredHeader", "x-ms-blob-type must be BlockBlob."));
        }
        let body = body.ok_or((StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge", "The blob is too large."))?;
        if head.headers.get(IF_NONE_MATCH).is_some_and(|tag| tag == "*") && self.blobs.contains_key(&name) {
            return Err((StatusCode::CONFLICT, "BlobAlreadyExists", "The blob is there already."));
        }
        let content_type = ["x-ms-blob-content-type", CONTENT_TYPE.as_str()]
            .iter()
            .find_map(|name| head.headers.get(*name).cloned())
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let version = self.blobs.get(&name).map_or(0, |known| known.version + 1);
        let blob = Blob { content: Content(body), content_type, version, modified: now };
        let response = blob.response(StatusCode::CREATED, Body::empty());
        self.blobs.insert(name, blob);
        Ok(response)
    }

    fn get(&self, name: &str) -> Result<Response, Refusal> {
        let blob =
            self.blobs.get(name).ok_or((StatusCode::NOT_FOUND, "BlobNotFound", "There is no blob of this name."))?;
        let mut response = blob.response(StatusCode::OK, Body::from(blob.content.0.clone()));
        response.headers_mut().insert(CONTENT_TYPE, blob.content_type.clone());
        response.headers_mut().insert(BLOB_TYPE, HeaderValue::from_static("BlockBlob"));
        Ok(response)
    }
}

impl Blob {
    fn response(&self, status: StatusCode, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let etag = format!("\"0x{:016X}\"", self.version);
        let modified = self.modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        for (name, value) in [(ETAG, etag), (LAST_MODIFIED, modified)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
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
