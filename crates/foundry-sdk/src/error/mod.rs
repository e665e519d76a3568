//! The one error of the SDK.

mod about;
mod envelope;
mod kind;
mod made;
mod shown;
use std::any::Any;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::Value;
use url::Url;

use self::envelope::Envelope;
pub use self::envelope::ErrorDetail;
pub use self::kind::ErrorKind;
use crate::answer;
use crate::feature::FoundryFeature;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with the facts that help to find out why.
///
/// One pointer wide. [`kind`](Self::kind) says what to do; `Display` is one line with operation,
/// status, code, message and request id; the cause is in `source()`.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    /// What helps to mend it: which credential was used, which api-version was asked.
    hint: Option<String>,
    operation: Option<&'static str>,
    method: Option<Method>,
    url: Option<Url>,
    answer: Option<Answer>,
    /// The element of a list that the error is about, as received.
    element: Option<Bytes>,
    /// When the service asked to come back.
    retry_after: Option<Duration>,
    client_request_id: Option<String>,
    /// The service's id of the request, where its answer is not kept.
    request_id: Option<String>,
    attempts: u32,
    missing_features: Vec<FoundryFeature>,
    /// What was waited for, as it was last seen; or a `NeedsAction` with it.
    state: Option<Box<dyn Any + Send + Sync>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The ids of a request: the service's, if it gave one, and ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestIds {
    pub(crate) service: Option<String>,
    pub(crate) client: String,
}

/// What of an answer an error keeps.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    envelope: Envelope,
}

impl Error {
    /// What to make of it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the service said, or what went wrong here.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref().map(|answer| answer.status)
    }

    /// The service's code for the error, such as `invalid_payload`.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.code.as_deref()
    }

    /// What in the request the error is about, where the service says it.
    pub fn target(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.target.as_deref()
    }

    /// The headers of the answer, if there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The body of the answer, if there was one: its first 64 KiB where the status is a failure. Of
    /// an element of a list that cannot be decoded the element, as received; of a message that is not
    /// what it was read as its text; of an event of a stream its data.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.element.as_ref().or_else(|| self.0.answer.as_ref().map(|answer| &answer.body))
    }

    /// The details that the service lists: what is wrong with which property.
    pub fn details(&self) -> &[ErrorDetail] {
        self.0.answer.as_ref().map_or(&[], |answer| &answer.envelope.details)
    }

    /// The service's own account of the cause (`innererror`), as received.
    pub fn inner_error(&self) -> Option<&Value> {
        self.0.answer.as_ref()?.envelope.inner.as_ref()
    }

    /// What the service adds to the error (`additionalInfo`), as received.
    pub fn additional_info(&self) -> Option<&Value> {
        self.0.answer.as_ref()?.envelope.additional.as_ref()
    }

    /// What may help to mend it: which credential and scope were used, which surface and
    /// api-version were asked, which preview feature is missing.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The preview features that have to be opted into
    /// ([`ErrorKind::PreviewFeatureRequired`]), as far as the service or the API's description
    /// names them.
    pub fn missing_features(&self) -> &[FoundryFeature] {
        &self.0.missing_features
    }

    /// The service's id of the request (`x-request-id`), which support asks for.
    pub fn request_id(&self) -> Option<&str> {
        let of_answer = match &self.0.answer {
            Some(answer) => answer::text(&answer.headers, &answer::REQUEST_ID).or_else(|| answer.envelope.request_id()),
            None => None,
        };
        of_answer.or(self.0.request_id.as_deref())
    }

    /// Our id of the request (`x-ms-client-request-id`).
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    /// What the service says of where its time went (`Server-Timing`).
    pub fn server_timing(&self) -> Option<&str> {
        answer::text(self.headers()?, &answer::SERVER_TIMING)
    }

    /// What the service says of its limits: the headers whose names begin with `x-ratelimit-` or
    /// `ratelimit`.
    pub fn rate_limits(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        self.headers().into_iter().flat_map(answer::rate_limits)
    }

    /// How long the service asked to wait before the next attempt (`Retry-After`,
    /// `retry-after-ms`, `x-ms-retry-after-ms`), counted from the answer.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often it was sent, or tried to be; 0 if it failed before that.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The document's id of the operation, such as `Runs_create`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The URL that was asked, without what may be secret.
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    /// The id of the run that blocks the thread: of the 400 that a thread with an active run answers
    /// to a new run or message.
    pub fn active_run_id(&self) -> Option<&str> {
        if self.kind() != ErrorKind::BadRequest && self.kind() != ErrorKind::Conflict {
            return None;
        }
        let message = self.message();
        let is_about_a_run = message.contains("active run") || message.contains("is active");
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let mut words = message.split(|c: char| !is_id(c));
        words.find(|word| is_about_a_run && word.len() > "run_".len() && word.starts_with("run_"))
    }

    /// Whether the resource, or the route, does not exist (404).
    ///
    /// # Troubleshooting
    /// See [`ErrorKind::NotFound`].
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Whether it was too much at once (429, or a run that failed for it), or the quota is used up.
    ///
    /// # Troubleshooting
    /// See [`ErrorKind::RateLimited`].
    pub fn is_rate_limited(&self) -> bool {
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        if self.run_failed().is_some_and(foundry_raw::RunFailed::is_rate_limited) {
            return true;
        }
        #[cfg(feature = "v1")]
        if self.response_failed().is_some_and(foundry_raw::ResponseFailed::is_rate_limited) {
            return true;
        }
        self.kind() == ErrorKind::RateLimited
    }

    /// Whether the same request may succeed later, as it is: no connection, no answer in time, a
    /// broken connection, 408, 429 (unless the quota is used up), 500, 502, 503 or 504.
    ///
    /// It says nothing of whether sending it again is safe: see
    /// [`server_may_have_acted`](Self::server_may_have_acted).
    pub fn is_retryable(&self) -> bool {
        match (self.kind(), &self.0.answer) {
            (ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted, _) => true,
            (ErrorKind::RateLimited, Some(answer)) => !answer.envelope.is_out_of_quota(),
            (ErrorKind::Server, Some(answer)) => matches!(answer.status.as_u16(), 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// Whether the service may have done what was asked, although there was no success to report.
    ///
    /// Then the same request, sent again, may be done twice, unless its method makes that
    /// harmless. What only reads (GET) does nothing, so it is `false` there.
    pub fn server_may_have_acted(&self) -> bool {
        if self.0.method.as_ref().is_some_and(Method::is_safe) {
            return false;
        }
        match self.kind() {
            ErrorKind::InvalidInput
            | ErrorKind::LocalFile
            | ErrorKind::Credential
            | ErrorKind::Connect
            | ErrorKind::BadRequest
            | ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::PreviewFeatureRequired
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::RateLimited => false,
            // A service that says when to come back has turned the request away.
            ErrorKind::Server => self.status() != Some(StatusCode::SERVICE_UNAVAILABLE) || self.0.retry_after.is_none(),
            ErrorKind::UnexpectedStatus => !self.status().is_some_and(|status| status.is_redirection()),
            ErrorKind::Timeout
            | ErrorKind::Interrupted
            | ErrorKind::TooLarge
            | ErrorKind::Decode
            | ErrorKind::Deadline
            | ErrorKind::NeedsAction
            | ErrorKind::RunFailed
            | ErrorKind::JobFailed
            | ErrorKind::NotReady => true,
        }
    }
}

#[cfg(test)]
mod tests;
