//! Where generated clients hand their requests over, and what comes back.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use http::{HeaderMap, StatusCode};

use crate::operation::Operation;

/// Any error of a transport.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The bytes of a body as they arrive.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send + 'static>>;

/// A request on its way: what a generated method built, and what it is for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call {
    /// The request; its URL has neither api-version nor credentials yet.
    pub request: reqwest::Request,
    /// The operation it is for.
    pub operation: &'static Operation,
    /// Whether the body of the answer is to be handed over as it arrives.
    pub stream: bool,
    /// Whether the URL is the service's own and is to be sent as it stands: the next page's.
    pub url_is_exact: bool,
}

impl Call {
    /// A call of an operation.
    pub fn new(request: reqwest::Request, operation: &'static Operation, stream: bool) -> Self {
        Self { request, operation, stream, url_is_exact: false }
    }

    /// Adds to the request what the operation needs on the wire beside what the caller gave:
    /// api-version, Content-Type and Accept. What is there already stays.
    pub fn stamp(&mut self, api_version: Option<&str>) {
        let operation = self.operation;
        if let Some(version) = operation.api_version
            && !self.url_is_exact
            && !self.request.url().query_pairs().any(|(name, _)| name == "api-version")
        {
            let version = api_version.unwrap_or(version);
            self.request.url_mut().query_pairs_mut().append_pair("api-version", version);
        }
        let headers = self.request.headers_mut();
        let accept = match (self.stream, operation.response_content_type) {
            (true, Some("application/json") | None) => "text/event-stream",
            (_, Some(content_type)) => content_type,
            (false, None) => "application/json",
        };
        headers.entry(http::header::ACCEPT).or_insert(http::HeaderValue::from_static(accept));
        if let Some(content_type) = operation.request_content_type
            && headers.get(http::header::CONTENT_TYPE).is_some_and(|value| value == "application/json")
        {
            headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        }
    }
}

/// An answer: status, headers, and the body either whole or as it arrives.
#[derive(Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

impl Response {
    /// An answer.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Self { status, headers, body }
    }
}

/// The body of an answer.
#[non_exhaustive]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// As it arrives.
    Stream(ByteStream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Whole(bytes.into())
    }
}

/// Sends requests: the hook through which everything goes.
///
/// `foundry-sdk` puts its pipeline here (credentials, retries, errors). The one that a client has
/// by itself, [`DirectTransport`], only stamps the request and sends it once.
pub trait Transport: Send + Sync + 'static {
    /// Sends a call and answers it.
    ///
    /// A transport may turn answers that are no success into errors; those it passes on become
    /// [`Error::Status`](crate::Error::Status).
    fn send(&self, call: Call) -> BoxFuture<'_, Result<Response, BoxError>>;
}

/// Sends each request once, with the api-version of its operation and no credentials.
///
/// Credentials are those of the `reqwest::Client` it is given (default headers).
#[derive(Clone, Debug)]
pub struct DirectTransport {
    client: reqwest::Client,
    limit: usize,
}

impl DirectTransport {
    /// How much of a body is read at most, unless it is streamed: 64 MiB.
    pub const LIMIT: usize = 64 << 20;

    /// A transport over this client.
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, limit: Self::LIMIT }
    }
}

impl Transport for DirectTransport {
    fn send(&self, mut call: Call) -> BoxFuture<'_, Result<Response, BoxError>> {
        Box::pin(async move {
            call.stamp(None);
            let answer = self.client.execute(call.request).await?;
            if call.stream && answer.status().is_success() {
                return Ok(streamed(answer));
            }
            whole(answer, self.limit).await
        })
    }
}

/// Hands the body of an answer over as it arrives.
pub fn streamed(answer: reqwest::Response) -> Response {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let stream = futures_util::TryStreamExt::map_err(answer.bytes_stream(), BoxError::from);
    Response::new(status, headers, Body::Stream(Box::pin(stream)))
}

/// Reads the body of an answer, up to a limit in bytes.
///
/// # Errors
/// The connection failed before the end, or the body is larger than the limit.
pub async fn whole(mut answer: reqwest::Response, limit: usize) -> Result<Response, BoxError> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut first: Option<Bytes> = None;
    let mut rest: Vec<u8> = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if first.as_ref().map_or(rest.len(), Bytes::len) + chunk.len() > limit {
            return Err(format!("the answer is larger than {limit} bytes").into());
        }
        // Most answers arrive in one piece, which then need not be copied.
        match first.take() {
            None if rest.is_empty() => first = Some(chunk),
            None => rest.extend_from_slice(&chunk),
            Some(start) => {
                rest.reserve(start.len() + chunk.len());
                rest.extend_from_slice(&start);
                rest.extend_from_slice(&chunk);
            }
        }
    }
    let body = first.unwrap_or_else(|| rest.into());
    Ok(Response::new(status, headers, Body::Whole(body)))
}

/// The transport of a client; cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedTransport(pub(crate) Arc<dyn Transport>);

impl fmt::Debug for SharedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
