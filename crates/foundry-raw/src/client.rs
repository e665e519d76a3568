//! The part of a generated client that is the same for all operations.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::Error;
use crate::operation::Operation;
use crate::transport::{Body, ByteStream, Call, Response, SharedTransport, Transport};
use crate::wire::{Decode, from_slice};

/// An answer: the value, and the status and headers it came with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The value.
    pub value: T,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as received; empty where it was handed over as a stream.
    pub body: Bytes,
}

/// The body may hold what the value's type hides.
impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

impl<T> Reply<T> {
    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The same answer with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: f(self.value), status: self.status, headers: self.headers, body: self.body }
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Everything but unreserved characters is escaped in a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The value of a path parameter as one segment of a path.
///
/// An empty value would name the collection instead of the element, and `.` and `..` other paths.
pub(crate) fn path_segment(name: &str, value: &str) -> Result<String, Error> {
    if matches!(value, "" | "." | "..") {
        return Err(Error::Request(format!("the path parameter `{name}` may not be {value:?}").into()));
    }
    Ok(utf8_percent_encode(value, SEGMENT).to_string())
}

/// The request that a generated method built, or why it could not.
pub(crate) fn built(request: Result<reqwest::Request, reqwest::Error>) -> Result<reqwest::Request, Error> {
    request.map_err(|error| Error::Request(error.into()))
}

/// Puts an argument that is a header on a request.
#[cfg_attr(not(feature = "v1"), allow(dead_code, reason = "not every API has such arguments"))]
pub(crate) fn set_header(request: &mut reqwest::Request, name: &'static str, value: Option<&str>) -> Result<(), Error> {
    let Some(value) = value else { return Ok(()) };
    let value = http::HeaderValue::from_str(value).map_err(|_| {
        Error::Request(format!("the value of the header `{name}` has characters that no header may hold").into())
    })?;
    let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|error| Error::Request(error.into()))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

async fn send_call(transport: &SharedTransport, call: Call) -> Result<Response, Error> {
    let response = transport.0.send(call).await.map_err(Error::Transport)?;
    if response.status.is_success() {
        return Ok(response);
    }
    let (status, headers) = (response.status, Box::new(response.headers));
    let body = collected(response.body).await?;
    Err(Error::Status { status, headers, body })
}

/// The body whole; only a transport that streams failures makes this read anything.
async fn collected(body: Body) -> Result<Bytes, Error> {
    const LIMIT: usize = 64 << 10;
    match body {
        Body::Whole(bytes) => Ok(bytes),
        Body::Stream(mut stream) => {
            let mut bytes = Vec::new();
            while let Some(chunk) = stream.try_next().await.map_err(Error::Transport)? {
                let room = LIMIT - bytes.len();
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if bytes.len() == LIMIT {
                    break;
                }
            }
            Ok(bytes.into())
        }
    }
}

/// Sends a request whose answer is a value.
pub(crate) async fn send<T: Decode>(
    transport: &SharedTransport,
    request: reqwest::Request,
    operation: &'static Operation,
) -> Result<Reply<T>, Error> {
    decoded(transport, Call::new(request, operation, false)).await
}

/// Gets the page of a list at a URL that the service gave, as it stands: nothing is added to it.
///
/// # Errors
/// The transport failed, the status is no success, or the answer cannot be decoded.
pub async fn follow<T: Decode>(
    client: &reqwest::Client,
    transport: Arc<dyn Transport>,
    url: reqwest::Url,
    operation: &'static Operation,
) -> Result<Reply<T>, Error> {
    let mut call = Call::new(built(client.get(url).build())?, operation, false);
    call.url_is_exact = true;
    decoded(&SharedTransport(transport), call).await
}

/// Sends a call of an operation that no description has; an answer that is empty or no JSON is
/// `null`, and is in the reply's body.
///
/// # Errors
/// The transport failed, the status is no success, or the answer says it is JSON and is not.
pub async fn send_value(transport: Arc<dyn Transport>, call: Call) -> Result<Reply<Value>, Error> {
    let Response { status, headers, body } = send_call(&SharedTransport(transport), call).await?;
    let body = collected_whole(body)?;
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if body.is_empty() || content_type.is_some_and(|value| !value.contains("json")) {
        return Ok(Reply { value: Value::Null, status, headers, body });
    }
    match from_slice(&body) {
        Ok(value) => Ok(Reply { value, status, headers, body }),
        Err(error) => Err(Error::Decode { status, headers: Box::new(headers), body, error }),
    }
}

fn collected_whole(body: Body) -> Result<Bytes, Error> {
    match body {
        Body::Whole(bytes) => Ok(bytes),
        Body::Stream(_) => Err(Error::Transport("the transport streamed an answer that was to be whole".into())),
    }
}

async fn decoded<T: Decode>(transport: &SharedTransport, call: Call) -> Result<Reply<T>, Error> {
    let Response { status, headers, body } = send_call(transport, call).await?;
    let body = collected_whole(body)?;
    match from_slice(&body) {
        Ok(value) => Ok(Reply { value, status, headers, body }),
        Err(error) => Err(Error::Decode { status, headers: Box::new(headers), body, error }),
    }
}

/// Sends a request whose answer has no body.
pub(crate) async fn send_empty(
    transport: &SharedTransport,
    request: reqwest::Request,
    operation: &'static Operation,
) -> Result<Reply<()>, Error> {
    let Response { status, headers, body } = send_call(transport, Call::new(request, operation, false)).await?;
    let body = match body {
        Body::Whole(bytes) => bytes,
        Body::Stream(_) => Bytes::new(),
    };
    Ok(Reply { value: (), status, headers, body })
}

/// Sends a request whose answer is handed over as it arrives.
pub(crate) async fn send_stream(
    transport: &SharedTransport,
    request: reqwest::Request,
    operation: &'static Operation,
) -> Result<Reply<ByteStream>, Error> {
    let Response { status, headers, body } = send_call(transport, Call::new(request, operation, true)).await?;
    let value: ByteStream = match body {
        Body::Stream(stream) => stream,
        Body::Whole(bytes) => Box::pin(futures_util::stream::iter([Ok(bytes)])),
    };
    Ok(Reply { value, status, headers, body: Bytes::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_parameter_stays_one_segment() {
        assert_eq!(path_segment("name", "a b/c?d#e%f.g~h_i-j").unwrap(), "a%20b%2Fc%3Fd%23e%25f.g~h_i-j");
        for bad in ["", ".", ".."] {
            assert!(path_segment("threadId", bad).unwrap_err().to_string().contains("threadId"), "{bad:?}");
        }
    }
}
