//! What carries requests: HTTP unless something else is put in its place.

use std::fmt;

use foundry_raw::{Body, BoxError, ByteStream};
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use http::{Request, Response};

use crate::error::{Error, ErrorKind, Result};
use crate::http_client;

/// Carries one attempt of a request, which is complete: stamped and with its credential.
///
/// [`HttpTransport`] is what a client has by itself. Another one is given to
/// [`ProjectClientBuilder::transport`](crate::ProjectClientBuilder::transport), for tests that talk
/// to nobody, or to record traffic and replay it. Retries, limits and errors stay the client's.
///
/// The operation is among the request's extensions, as `&'static foundry_raw::Operation`. Headers
/// hold the credential, marked as sensitive: do not record those.
///
/// ```
/// use foundry_sdk::{Body, BoxError, Credential, ProjectClient, RequestBody, Transport};
/// use futures_core::future::BoxFuture;
///
/// /// Answers every request from a recording.
/// struct Replay(&'static [(&'static str, &'static str)]);
///
/// impl Transport for Replay {
///     fn send(&self, request: http::Request<RequestBody>) -> BoxFuture<'_, Result<http::Response<Body>, BoxError>> {
///         let asked = format!("{} {}", request.method(), request.uri().path());
///         let answer = self.0.iter().find(|(recorded, _)| *recorded == asked);
///         Box::pin(async move {
///             let (_, body) = answer.ok_or_else(|| format!("`{asked}` was not recorded"))?;
///             Ok(http::Response::new(Body::from(*body)))
///         })
///     }
/// }
///
/// # #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), foundry_sdk::Error> {
/// let recording = &[("GET /api/projects/p/threads/thread_1", r#"{"id":"thread_1","object":"thread"}"#)];
/// let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
///     .credential(Credential::api_key("none"))
///     .transport(Replay(recording))
///     .build()?;
/// let thread = client.classic().threads().get("thread_1").await?;
/// assert_eq!(thread.id, "thread_1");
/// # Ok(())
/// # }
/// # #[cfg(not(any(feature = "v2025-05-01", feature = "v1")))]
/// # fn main() {}
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and answers it; the body of the answer may still be on its way.
    ///
    /// An error of the type [`Error`] is reported as it is. Any other counts as a broken
    /// connection: the service may have acted.
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>>;
}

/// The body of a request.
#[derive(Default)]
pub struct RequestBody(reqwest::Body);

impl RequestBody {
    /// The body, if it is at hand and not streamed; empty if there is none.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_bytes()
    }

    /// The body as it is to be sent, piece by piece: of an upload, read from its source as it is asked
    /// for.
    pub fn into_stream(self) -> ByteStream {
        let stream = http_body_util::BodyDataStream::new(self.0);
        Box::pin(stream.map_err(|error| http_client::failed(error).into()))
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_bytes() {
            Some(bytes) => write!(f, "RequestBody({} bytes)", bytes.len()),
            None => f.write_str("RequestBody(streamed)"),
        }
    }
}

impl<T: Into<bytes::Bytes>> From<T> for RequestBody {
    fn from(bytes: T) -> Self {
        Self(reqwest::Body::from(bytes.into()))
    }
}

/// The request in the form that a [`Transport`] takes.
pub(crate) fn request_of(
    request: reqwest::Request,
    operation: &'static foundry_raw::Operation,
) -> Result<Request<RequestBody>> {
    let request = Request::<reqwest::Body>::try_from(request).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "the request's URL is none that HTTP knows").with_source(error)
    })?;
    let mut request = request.map(RequestBody);
    request.extensions_mut().insert(operation);
    Ok(request)
}

/// Sends over HTTP, as a client does by itself: no redirects, 20 s to connect.
#[derive(Clone, Debug)]
pub struct HttpTransport(reqwest::Client);

impl HttpTransport {
    /// A transport with connections of its own.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the TLS library cannot be set up.
    pub fn new() -> Result<Self> {
        http_client::make(reqwest::Client::builder()).map(Self)
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(|body| body.0)).map_err(|error| {
                Error::new(ErrorKind::InvalidInput, "the request cannot be sent").with_source(error)
            })?;
            let answer = self.0.execute(request).await.map_err(http_client::failed)?;
            let (parts, body) = Response::from(answer).into_parts();
            let stream = http_body_util::BodyDataStream::new(body).map_err(|error| http_client::failed(error).into());
            Ok(Response::from_parts(parts, Body::Stream(Box::pin(stream))))
        })
    }
}
