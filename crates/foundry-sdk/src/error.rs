//! The one error of the SDK.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::Url;

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
    operation: Option<&'static str>,
    url: Option<Url>,
    answer: Option<Answer>,
    client_request_id: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What of an answer an error keeps.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    envelope: Envelope,
}

/// What an error's body says, as far as it can be read.
#[derive(Default)]
struct Envelope {
    code: Option<String>,
    message: Option<String>,
    target: Option<String>,
}

/// What to make of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What the caller gave cannot be sent; the service has seen nothing.
    ///
    /// # Troubleshooting
    /// The message says what is wrong with it and what to give instead.
    InvalidInput,
    /// There is no usable credential; the service has seen nothing.
    ///
    /// # Troubleshooting
    /// Give the client a [`Credential`](crate::Credential), or set the variables that
    /// [`ProjectClient::from_env`](crate::ProjectClient::from_env) reads.
    Credential,
    /// No connection could be made; the service has seen nothing.
    ///
    /// # Troubleshooting
    /// Check the endpoint's host, the network and its proxy.
    Connect,
    /// No answer in time; the service may have acted.
    ///
    /// # Troubleshooting
    /// Look whether the work was done before asking for it again.
    Timeout,
    /// The connection broke before the answer was complete, or the answer was too large; the
    /// service may have acted.
    ///
    /// # Troubleshooting
    /// Look whether the work was done before asking for it again.
    Interrupted,
    /// 400 or 422: the service refused what was sent.
    ///
    /// # Troubleshooting
    /// [`Error::target`] names the property where the service says it; the message says why.
    BadRequest,
    /// 401: the credential is missing, expired or not for this service.
    ///
    /// # Troubleshooting
    /// A token has to be for the scope `https://ai.azure.com/.default`; a key has to be one of
    /// this resource.
    Authentication,
    /// 403: the caller is known and may not do this.
    ///
    /// # Troubleshooting
    /// Check the role assignments on the project, the tenant, and whether the operation is a
    /// preview that has to be opted into.
    Permission,
    /// 404: no such resource, or no such route in this api-version.
    ///
    /// # Troubleshooting
    /// Check the ids, the project in the endpoint, and the api-version.
    NotFound,
    /// 409 or 412: it does not fit the state the resource is in.
    ///
    /// # Troubleshooting
    /// Read the resource again, or wait until what runs on it has ended.
    Conflict,
    /// 429: too many requests or tokens.
    ///
    /// # Troubleshooting
    /// Wait as long as the `Retry-After` header among [`Error::headers`] says, then send it again.
    RateLimited,
    /// 5xx: the service failed; it may have acted.
    ///
    /// # Troubleshooting
    /// Look whether the work was done, then try again later; give support the request ids.
    Server,
    /// Any other status that is no success.
    ///
    /// # Troubleshooting
    /// Something between here and the service may have answered: look at [`Error::body`].
    UnexpectedStatus,
    /// The answer is a success, but its body is not what the API's description says; the service
    /// has acted.
    ///
    /// # Troubleshooting
    /// The message names the place. [`Error::body`] holds the whole answer.
    Decode,
    /// What was waited for did not end in time; it may still go on.
    ///
    /// # Troubleshooting
    /// The message names it and its last state: get it again, cancel it, or wait longer.
    Deadline,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            url: None,
            answer: None,
            client_request_id: None,
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
        self.0.url = url.map(without_secrets);
        self.0.client_request_id = Some(client_request_id.to_owned());
        self
    }

    /// An answer whose status is no success.
    pub(crate) fn from_answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let kind = match status.as_u16() {
            400 | 422 => ErrorKind::BadRequest,
            401 => ErrorKind::Authentication,
            403 => ErrorKind::Permission,
            404 => ErrorKind::NotFound,
            409 | 412 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            500..=599 => ErrorKind::Server,
            _ => ErrorKind::UnexpectedStatus,
        };
        let envelope = Envelope::read(&body);
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

    /// The body of the answer, if there was one.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.answer.as_ref().map(|answer| &answer.body)
    }

    /// The service's id of the request (`x-request-id`), which support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.header("x-request-id")
    }

    /// Our id of the request (`x-ms-client-request-id`).
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    /// The document's id of the operation, such as `Runs_create`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The URL that was asked, without what may be secret.
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers()?.get(name)?.to_str().ok()
    }
}

/// A URL without credentials and without the values of query parameters that are signatures.
fn without_secrets(url: &Url) -> Url {
    let mut shown = url.clone();
    // These only fail for URLs that cannot have them.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let secret =
                    ["sig", "code", "key", "token"].iter().any(|word| name.to_ascii_lowercase().contains(word));
                (name.into_owned(), if secret { "REDACTED".to_owned() } else { value.into_owned() })
            })
            .collect();
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown
}

impl Envelope {
    /// Reads what can be read: the service's envelope, problem details, or a bare text.
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self { message: shown_text(body), ..Self::default() };
        };
        let error = match &value["error"] {
            Value::Null => &value,
            error => error,
        };
        if let Value::String(message) = error {
            return Self { message: Some(message.clone()), ..Self::default() };
        }
        let text = |names: &[&str]| {
            names.iter().find_map(|name| match &error[*name] {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        Self {
            code: text(&["code", "type"]),
            message: text(&["message", "detail", "title"]),
            target: text(&["target", "param"]),
        }
    }
}

/// The start of a body that is no JSON, if it is readable text and no page.
fn shown_text(body: &[u8]) -> Option<String> {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    Some(text.chars().take(SHOWN).collect())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            (502, "<html><h1>Bad Gateway</h1></html>", ErrorKind::Server, None, "Bad Gateway", None),
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
