//! The one error of the SDK.

mod envelope;
mod kind;

use std::any::Any;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::Value;
use url::Url;

use self::envelope::Envelope;
pub use self::envelope::ErrorDetail;
pub use self::kind::ErrorKind;
use crate::answer;
use crate::answering::NeedsAction;
use crate::feature::FoundryFeature;
#[cfg(feature = "v1")]
use crate::poller::Polled as _;
use crate::redact;

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

    /// What was waited for, as it was last seen: of an error of a [`Poller<S>`](crate::Poller) after
    /// its first state, and of a run that did not complete. `None` if there is none of this type.
    ///
    /// ```
    /// # fn told(error: &foundry_sdk::Error) {
    /// use foundry_sdk::types::ThreadRun;
    ///
    /// if let Some(run) = error.last_state::<ThreadRun>() {
    ///     println!("{} was last seen {}", run.id, run.status);
    /// }
    /// # }
    /// ```
    pub fn last_state<S: 'static>(&self) -> Option<&S> {
        let state = self.0.state.as_ref()?;
        if let Some(state) = state.downcast_ref::<S>() {
            return Some(state);
        }
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        if let Some(partial) = state.downcast_ref::<crate::classic::Partial>() {
            return (partial.run.as_ref()? as &dyn Any).downcast_ref::<S>();
        }
        #[cfg(feature = "v1")]
        if let Some(partial) = state.downcast_ref::<crate::responses::Partial>() {
            return (partial.response.as_ref()? as &dyn Any).downcast_ref::<S>();
        }
        Some(&state.downcast_ref::<NeedsAction<S>>()?.run)
    }

    /// What was put into it by [`with_state`](Self::with_state), as it is.
    #[cfg(feature = "v1")]
    pub(crate) fn state<S: 'static>(&self) -> Option<&S> {
        self.0.state.as_ref()?.downcast_ref()
    }

    /// The message that was being written when a run's stream broke: as much of its text as was read,
    /// up to 1 MiB.
    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    pub fn partial_message(&self) -> Option<&crate::classic::types::ThreadMessage> {
        self.0.state.as_ref()?.downcast_ref::<crate::classic::Partial>()?.message.as_ref()
    }

    /// What waits for an answer, and what of the answer is there
    /// ([`ErrorKind::NeedsAction`]).
    pub fn needs_action<S: 'static>(&self) -> Option<&NeedsAction<S>> {
        self.0.state.as_ref()?.downcast_ref()
    }

    /// The same, taken out.
    ///
    /// # Errors
    /// The error itself, if it is another.
    pub fn into_needs_action<S: 'static>(mut self) -> Result<NeedsAction<S>, Self> {
        match self.0.state.take().map(<Box<dyn Any + Send + Sync>>::downcast::<NeedsAction<S>>) {
            Some(Ok(action)) => Ok(*action),
            Some(Err(other)) => {
                self.0.state = Some(other);
                Err(self)
            }
            None => Err(self),
        }
    }

    /// How a run ended that did not complete ([`ErrorKind::RunFailed`]).
    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    pub fn run_failed(&self) -> Option<&foundry_raw::RunFailed> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// What a vector store lacks that is not ready ([`ErrorKind::NotReady`]).
    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    pub fn not_ready(&self) -> Option<&foundry_raw::VectorStoreNotReady> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// How a job ended that failed or was canceled ([`ErrorKind::JobFailed`]).
    pub fn job_failed(&self) -> Option<&crate::jobs::JobFailed> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// The code that a run, a response or a job ended with, if it is about one.
    fn run_code(&self) -> Option<&str> {
        if let Some(failed) = self.job_failed() {
            return failed.reason.as_ref()?.code.as_deref();
        }
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        if let Some(failed) = self.run_failed() {
            return Some(&failed.code);
        }
        #[cfg(feature = "v1")]
        if let Some(failed) = self.response_failed() {
            return Some(&failed.code);
        }
        None
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

    /// One line for a support request: operation, URL without secrets, status, code, both ids; of a
    /// run or a response that was waited for also its ids and status.
    pub fn support_line(&self) -> String {
        let shown = |value: Option<&str>| value.unwrap_or("-").to_owned();
        let method = self.0.method.as_ref().map_or_else(String::new, |method| format!("{method} "));
        let line = format!(
            "operation={} url={method}{} status={} code={} x-request-id={} x-ms-client-request-id={}",
            shown(self.operation()),
            shown(self.url().map(Url::as_str)),
            self.status().map_or_else(|| "-".to_owned(), |status| status.as_u16().to_string()),
            shown(self.code().or_else(|| self.run_code())),
            shown(self.request_id()),
            shown(self.client_request_id()),
        );
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        let line = match self.last_state::<crate::classic::types::ThreadRun>() {
            Some(run) => format!("{line} run={} thread={} run-status={}", run.id, run.thread_id, run.status),
            None => line,
        };
        #[cfg(feature = "v1")]
        let line = match self.last_state::<crate::types::OpenAiResponse>() {
            Some(response) => format!("{line} response={} response-status={}", response.id, response.state()),
            None => line,
        };
        line.replace(char::is_control, " ")
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

/// Writes a text on one line: control characters, which could end it or colour it, as spaces.
struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut pieces = text.split(char::is_control);
        self.0.write_str(pieces.next().unwrap_or_default())?;
        pieces.try_for_each(|piece| {
            self.0.write_str(" ")?;
            self.0.write_str(piece)
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let mut f = OneLine(f);
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        if let Some(status) = self.status() {
            write!(f, "{} ", status.as_u16())?;
            if let Some(code) = self.code() {
                write!(f, "{code} ")?;
            }
            f.write_str("- ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(hint) = self.hint() {
            write!(f, " - {hint}")?;
        }
        match (self.request_id(), self.client_request_id()) {
            (Some(id), _) => write!(f, " (x-request-id {id})"),
            (None, Some(id)) => write!(f, " (x-ms-client-request-id {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &self.message())
            .field("operation", &self.operation())
            .field("url", &self.url().map(Url::as_str))
            .field("status", &self.status())
            .field("code", &self.code())
            .field("target", &self.target())
            .field("hint", &self.hint())
            .field("attempts", &self.attempts())
            .field("request_id", &self.request_id())
            .field("client_request_id", &self.client_request_id())
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Error {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "req-1".parse().unwrap());
        Error::from_answer(StatusCode::from_u16(status).unwrap(), headers, Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn bodies_of_all_kinds_are_read() {
        for (status, body, kind, code, message, target) in [
            (
                400,
                r#"{"error":{"code":"invalid_payload","message":"No name.","target":"name","details":[]}}"#,
                ErrorKind::BadRequest,
                Some("invalid_payload"),
                "No name.",
                Some("name"),
            ),
            (
                401,
                r#"{"error":{"code":"Unauthorized","message":"No."}}"#,
                ErrorKind::Authentication,
                Some("Unauthorized"),
                "No.",
                None,
            ),
            (
                404,
                r#"{"type":"https://tools.example/404","title":"Not Found","status":404}"#,
                ErrorKind::NotFound,
                Some("https://tools.example/404"),
                "Not Found",
                None,
            ),
            (
                429,
                r#"{"error":{"code":"429","message":"Slower.","param":null}}"#,
                ErrorKind::RateLimited,
                Some("429"),
                "Slower.",
                None,
            ),
            (409, r#"{"error":"busy"}"#, ErrorKind::Conflict, None, "busy", None),
            (409, r#""busy""#, ErrorKind::Conflict, None, "busy", None),
            (502, "<html><H1>Bad Gateway </H1></html>", ErrorKind::Server, None, "Bad Gateway", None),
            (504, "<!doctype html><title>Took\ntoo long</title>", ErrorKind::Server, None, "Took too long", None),
            (500, "<html>", ErrorKind::Server, None, "Internal Server Error", None),
            (408, "", ErrorKind::Timeout, None, "Request Timeout", None),
            (
                403,
                r#"{"error":{"code":"preview_feature_required","message":"Preview."}}"#,
                ErrorKind::PreviewFeatureRequired,
                Some("preview_feature_required"),
                "Preview.",
                None,
            ),
            (
                400,
                r#"{"error":{"code":"UserError","message":"{\"error\":{\"code\":\"inner\",\"message\":\"The reason.\",\"param\":\"tools\"}}"}}"#,
                ErrorKind::BadRequest,
                Some("inner"),
                "The reason.",
                Some("tools"),
            ),
            (503, "", ErrorKind::Server, None, "Service Unavailable", None),
            (500, "upstream failed", ErrorKind::Server, None, "upstream failed", None),
            (418, r#"{"error":{"code":"#, ErrorKind::UnexpectedStatus, None, r#"{"error":{"code":"#, None),
            (302, "[1]", ErrorKind::UnexpectedStatus, None, "Found", None),
        ] {
            let error = answered(status, body);
            assert_eq!(error.kind(), kind, "{body}");
            assert_eq!(error.code(), code, "{body}");
            assert_eq!(error.message(), message, "{body}");
            assert_eq!(error.target(), target, "{body}");
            assert_eq!(error.request_id(), Some("req-1"));
            assert_eq!(error.body().unwrap(), body);
        }
    }

    #[test]
    fn details_of_both_forms_are_listed() {
        let envelope = r#"{"error":{"code":"a","message":"b","details":[{"code":"c","message":"d","target":"e"},{}],
            "innererror":{"code":"f"},"additionalInfo":{"request_id":"req-2"}}}"#;
        let error = answered(422, envelope);
        let [detail] = error.details() else { panic!("{:?}", error.details()) };
        assert_eq!(
            (detail.code.as_deref(), detail.message.as_deref(), detail.target.as_deref()),
            (Some("c"), Some("d"), Some("e"))
        );
        assert_eq!(error.inner_error().unwrap()["code"], "f");
        assert_eq!(error.additional_info().unwrap()["request_id"], "req-2");
        let error = Error::from_answer(
            StatusCode::BAD_REQUEST,
            HeaderMap::new(),
            Bytes::from_static(
                br#"{"title":"Bad.","status":400,"errors":{"$.name":["Too long.","Too odd."],"x":"Missing."}}"#,
            ),
        );
        let details: Vec<_> =
            error.details().iter().map(|detail| (detail.target.as_deref(), detail.message.as_deref())).collect();
        assert_eq!(
            details,
            [(Some("$.name"), Some("Too long.")), (Some("$.name"), Some("Too odd.")), (Some("x"), Some("Missing."))]
        );
    }

    #[test]
    fn a_request_id_in_the_body_counts_where_there_is_no_header() {
        let body = br#"{"error":{"message":"b","additionalInfo":{"request_id":"req-2"}}}"#;
        let error = Error::from_answer(StatusCode::BAD_REQUEST, HeaderMap::new(), Bytes::from_static(body));
        assert_eq!(error.request_id(), Some("req-2"));
    }

    #[test]
    fn what_may_have_been_done_and_what_may_be_tried_again() {
        let post = |error: Error| error.of_method(&Method::POST);
        let with_wait = |error: Error| error.with_retry_after(Some(Duration::from_secs(1)));
        let quota = r#"{"error":{"type":"insufficient_quota","code":"429"}}"#;
        for (error, acted, retryable) in [
            (post(answered(400, "")), false, false),
            (post(answered(401, "")), false, false),
            (post(answered(409, "")), false, false),
            (post(answered(408, "")), true, true),
            (post(answered(429, "")), false, true),
            (post(answered(429, quota)), false, false),
            (post(answered(500, "")), true, true),
            (post(answered(501, "")), true, false),
            (post(answered(503, "")), true, true),
            (with_wait(post(answered(503, ""))), false, true),
            (with_wait(post(answered(500, ""))), true, true),
            (post(answered(302, "")), false, false),
            (answered(500, "").of_method(&Method::GET), false, true),
            (post(Error::new(ErrorKind::Connect, "")), false, true),
            (post(Error::new(ErrorKind::Interrupted, "")), true, true),
            (post(Error::new(ErrorKind::Timeout, "")), true, true),
            (post(Error::new(ErrorKind::TooLarge, "")), true, false),
            (post(Error::new(ErrorKind::InvalidInput, "")), false, false),
        ] {
            assert_eq!(error.server_may_have_acted(), acted, "{error:?}");
            assert_eq!(error.is_retryable(), retryable, "{error:?}");
        }
    }

    #[test]
    fn a_support_line_has_what_support_asks_for() {
        let url = Url::parse("https://r.example/api/projects/p/files?sig=planted").unwrap();
        let error = answered(404, r#"{"error":{"code":"not_found"}}"#)
            .of_call("Files_get", Some(&url), "our-id")
            .of_method(&Method::GET);
        assert_eq!(
            error.support_line(),
            "operation=Files_get url=GET https://r.example/api/projects/p/files?sig=REDACTED status=404 \
             code=not_found x-request-id=req-1 x-ms-client-request-id=our-id"
        );
        assert_eq!(
            Error::new(ErrorKind::Credential, "none").support_line(),
            "operation=- url=- status=- code=- x-request-id=- x-ms-client-request-id=-"
        );
    }

    #[test]
    fn one_line_says_what_happened() {
        let url = Url::parse("https://u:p@r.example/api/projects/p/files?sig=planted&api-version=v1").unwrap();
        let error = answered(404, r#"{"error":{"code":"not_found","message":"No such file."}}"#).of_call(
            "Files_get",
            Some(&url),
            "our-id",
        );
        assert_eq!(error.to_string(), "Files_get: 404 not_found - No such file. (x-request-id req-1)");
        assert_eq!(error.client_request_id(), Some("our-id"));
        assert_eq!(error.url().unwrap().as_str(), "https://r.example/api/projects/p/files?sig=REDACTED&api-version=v1");
        assert!(!format!("{error:?}").contains("planted"));
    }
}
