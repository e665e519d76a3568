//! Errors as this crate makes them: of what went wrong, with what is known of it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::envelope::Envelope;
use super::{Answer, Error, ErrorKind, Inner, RequestIds};
use crate::answering::NeedsAction;
use crate::feature::FoundryFeature;
use crate::redact;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            operation: None,
            method: None,
            url: None,
            answer: None,
            element: None,
            retry_after: None,
            client_request_id: None,
            request_id: None,
            attempts: 0,
            missing_features: Vec::new(),
            state: None,
            source: None,
        }))
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds what the error was about.
    pub(crate) fn of_call(mut self, operation: &'static str, url: Option<&Url>, client_request_id: &str) -> Self {
        self.0.operation = Some(operation);
        self.0.url = url.map(redact::url);
        self.0.client_request_id = Some(client_request_id.to_owned());
        self
    }

    /// Adds what a request to another service than the project's was about; its query may open what is
    /// there, so nothing of it is kept.
    #[cfg(feature = "v1")]
    pub(crate) fn of_elsewhere(mut self, operation: &'static str, url: &Url) -> Self {
        let mut shown = redact::url(url);
        shown.set_query(None);
        shown.set_fragment(None);
        self.0.operation = Some(operation);
        self.0.url = Some(shown);
        self
    }

    pub(crate) fn of_method(mut self, method: &Method) -> Self {
        self.0.method = Some(method.clone());
        self
    }

    pub(crate) fn with_hint(mut self, hint: String) -> Self {
        self.0.hint = Some(hint);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) fn with_missing_features(mut self, features: Vec<FoundryFeature>) -> Self {
        self.0.missing_features = features;
        self
    }

    /// An answer whose status is no success.
    pub(crate) fn from_answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let envelope = Envelope::read(&body);
        let kind = ErrorKind::of_status(status, envelope.code.as_deref());
        let message = match (&envelope.message, status.canonical_reason()) {
            (Some(message), _) => message.clone(),
            (None, Some(reason)) => reason.to_owned(),
            (None, None) => "the service gave no reason".to_owned(),
        };
        let mut error = Self::new(kind, message);
        error.0.answer = Some(Answer { status, headers, body, envelope });
        error
    }

    /// An answer that is a success and cannot be decoded.
    pub(crate) fn from_undecoded(
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        error: foundry_raw::DecodeError,
    ) -> Self {
        let mut made =
            Self::new(ErrorKind::Decode, format!("the answer cannot be decoded: {error}")).with_source(error);
        made.0.answer = Some(Answer { status, headers, body, envelope: Envelope::default() });
        made
    }

    /// An element of a list that cannot be decoded.
    pub(crate) fn from_element(element: foundry_raw::Undecoded) -> Self {
        Self::of_element(element.error.to_string(), &element.value).with_source(element.error)
    }

    /// The same, by why and what.
    pub(crate) fn of_element(why: impl fmt::Display, element: &Value) -> Self {
        let mut made = Self::new(ErrorKind::Decode, format!("an element of the list cannot be decoded: {why}"));
        made.0.element = Some(element.to_string().into());
        made
    }

    /// Adds what was waited for, as it was last seen.
    pub(crate) fn with_state<S: Send + Sync + 'static>(mut self, state: S) -> Self {
        self.0.state = Some(Box::new(state));
        self
    }

    /// What waits for an answer that there is none for.
    pub(crate) fn from_needs_action<S: Send + Sync + 'static>(message: String, action: NeedsAction<S>) -> Self {
        Self::new(ErrorKind::NeedsAction, message).with_state(action)
    }

    /// Adds what of an answer it is about, as received.
    pub(crate) fn with_element(mut self, element: &str) -> Self {
        self.0.element = Some(Bytes::copy_from_slice(element.as_bytes()));
        self
    }

    /// Adds the ids of the answer that showed it.
    pub(crate) fn of_ids(mut self, ids: &RequestIds) -> Self {
        self.0.request_id.clone_from(&ids.service);
        self.0.client_request_id = Some(ids.client.clone());
        self
    }

    /// Adds the id of the call it comes from.
    pub(crate) fn of_call_id(mut self, client_request_id: &str) -> Self {
        self.0.client_request_id = Some(client_request_id.to_owned());
        self
    }
}

/// An error of a call of a generated client (`ProjectClient::raw_v1` and the like), as the pipeline made it.
impl From<foundry_raw::Error> for Error {
    fn from(error: foundry_raw::Error) -> Self {
        crate::pipeline::from_raw(error)
    }
}

/// An error of a stream of content ([`ByteStream`](foundry_raw::ByteStream)): this crate's own, if it is one
/// in a box, else the connection's ([`ErrorKind::Interrupted`]).
impl From<foundry_raw::BoxError> for Error {
    fn from(error: foundry_raw::BoxError) -> Self {
        crate::pipeline::from_raw(foundry_raw::Error::Transport(error))
    }
}

/// A run that did not complete, as an error: with its account as the source and the run as the last
/// state.
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
impl From<foundry_raw::RunFailed> for Error {
    fn from(failed: foundry_raw::RunFailed) -> Self {
        let (run, retry_after) = (failed.run.clone(), failed.retry_after);
        Self::new(ErrorKind::RunFailed, failed.to_string())
            .with_retry_after(retry_after)
            .with_state(*run)
            .with_source(failed)
    }
}

/// A vector store, a batch or a file of one that is not ready, as an error with its account as the
/// source.
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
impl From<foundry_raw::VectorStoreNotReady> for Error {
    fn from(not_ready: foundry_raw::VectorStoreNotReady) -> Self {
        Self::new(ErrorKind::NotReady, not_ready.to_string()).with_source(not_ready)
    }
}

/// A text that is not what it was read as.
impl From<foundry_raw::ParseTextError> for Error {
    fn from(error: foundry_raw::ParseTextError) -> Self {
        let text = error.text.clone();
        let mut made = Self::new(ErrorKind::Decode, error.to_string()).with_source(error);
        made.0.element = Some(text.into());
        made
    }
}
