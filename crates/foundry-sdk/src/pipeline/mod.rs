//! The one way every call takes: stamped, given a credential, sent, read, and turned into an
//! answer or an error.

mod options;

use std::sync::Arc;

use foundry_raw::{BoxError, Call, Response, Transport, streamed, whole};
use futures_core::future::BoxFuture;
use http::{HeaderName, HeaderValue};

pub(crate) use self::options::{CallOptions, new_request_id};
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Result};

/// The header with our id of a request.
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// How much of an answer is read at most.
const ANSWER_LIMIT: usize = 64 << 20;
/// How much of a failure's body is read at most.
const FAILURE_LIMIT: usize = 64 << 10;

/// What all calls of a client share.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoint: Endpoint,
    pub(crate) credential: Credential,
    pub(crate) user_agent: HeaderValue,
}

impl Pipeline {
    /// The pipeline with the options of one call.
    pub(crate) fn for_call(self: &Arc<Self>, options: CallOptions) -> Arc<dyn Transport> {
        Arc::new(OneCall { pipeline: Arc::clone(self), options })
    }

    /// Adds what goes with every attempt; a credential only for the endpoint's own origin.
    fn authorize(&self, request: &mut reqwest::Request) -> Result<()> {
        if !self.endpoint.is_origin_of(request.url()) {
            let message = format!(
                "a request to another origin than the endpoint's was held back, for it would carry the credential: {}",
                request.url().origin().ascii_serialization()
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let (name, value) = self.credential.header()?;
        request.headers_mut().insert(name, value);
        Ok(())
    }

    async fn send(&self, mut call: Call, options: &CallOptions, client_request_id: &str) -> Result<Response> {
        // What the caller gave comes first: the operation adds only what is not there.
        options.apply(&mut call.request, client_request_id);
        call.stamp(options.api_version.as_deref());
        let headers = call.request.headers_mut();
        headers.insert(http::header::USER_AGENT, self.user_agent.clone());
        self.authorize(&mut call.request)?;
        let answer = self.http.execute(call.request).await.map_err(failed)?;
        let success = answer.status().is_success();
        if call.stream && success {
            return Ok(streamed(answer));
        }
        if success {
            return whole(answer, ANSWER_LIMIT).await.map_err(broken);
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = read_start(answer, FAILURE_LIMIT).await;
        Err(Error::from_answer(status, headers, body))
    }
}

/// The start of a failure's body; where it breaks off, what arrived of it.
async fn read_start(mut answer: reqwest::Response, limit: usize) -> bytes::Bytes {
    let mut body = Vec::new();
    while body.len() < limit {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]),
            Ok(None) | Err(_) => break,
        }
    }
    body.into()
}

/// What a failed attempt to send means.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, message) = if error.is_connect() {
        (ErrorKind::Connect, "no connection could be made")
    } else if error.is_timeout() {
        (ErrorKind::Timeout, "there was no answer in time")
    } else if error.is_builder() {
        (ErrorKind::InvalidInput, "the request cannot be built")
    } else {
        (ErrorKind::Interrupted, "the connection broke before the answer")
    };
    Error::new(kind, message).with_source(error)
}

/// What a body that could not be read to its end means.
fn broken(error: BoxError) -> Error {
    match error.downcast::<reqwest::Error>() {
        Ok(error) if error.is_timeout() => {
            Error::new(ErrorKind::Timeout, "the answer broke off: nothing more came in time")
                .with_source(error.without_url())
        }
        Ok(error) => Error::new(ErrorKind::Interrupted, "the answer broke off").with_source(error.without_url()),
        Err(error) => Error::new(ErrorKind::Interrupted, error.to_string()),
    }
}

/// The pipeline as the transport of one call.
#[derive(Debug)]
struct OneCall {
    pipeline: Arc<Pipeline>,
    options: CallOptions,
}

impl Transport for OneCall {
    fn send(&self, call: Call) -> BoxFuture<'_, Result<Response, BoxError>> {
        Box::pin(async move {
            // A request makes its id itself; calls of the generated client get one each here.
            let id = self.options.client_request_id.clone().unwrap_or_else(new_request_id);
            let operation = call.operation.id;
            let url = call.request.url().clone();
            let _ = self.options.url.set(url.clone());
            let sent = self.pipeline.send(call, &self.options, &id).await;
            sent.map_err(|error| error.of_call(operation, Some(&url), &id).into())
        })
    }
}

/// The SDK's error from the generated client's.
pub(crate) fn from_raw(error: foundry_raw::Error) -> Error {
    match error {
        foundry_raw::Error::Transport(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::new(ErrorKind::Interrupted, "the transport failed").with_source(error),
        },
        foundry_raw::Error::Request(error) => Error::new(ErrorKind::InvalidInput, error.to_string()).with_source(error),
        foundry_raw::Error::Status { status, headers, body } => Error::from_answer(status, *headers, body),
        foundry_raw::Error::Decode { status, headers, body, error } => {
            Error::from_undecoded(status, *headers, body, error)
        }
        // Non-exhaustive over there; ours is made with it.
        other => Error::new(ErrorKind::Interrupted, other.to_string()),
    }
}
