//! What the emulator was asked, for tests to read. Credentials are redacted before they are kept.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::Value;

use crate::query::Query;

/// What stands in place of a secret.
pub(crate) const REDACTED: &str = "REDACTED";

/// Headers whose values are secrets.
const SECRET_HEADERS: &[&str] = &[
    "api-key",
    "authorization",
    "cookie",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "x-api-key",
    "x-ms-authorization-auxiliary",
];

/// Query parameters whose values are secrets.
const SECRET_PARAMETERS: &[&str] = &["access_token", "api-key", "sig"];

/// How many requests, and how many bytes of their bodies, are kept; the oldest go first, so that
/// an emulator may run for days.
pub(crate) const KEPT_REQUESTS: usize = 10_000;
const KEPT_BYTES: usize = 256 * 1024 * 1024;

/// One request that the emulator got.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, still percent-encoded.
    pub path: String,
    /// The query's pairs, decoded, in the order sent. Values of secrets are `REDACTED`.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case, in the order sent. Values of `authorization`, `api-key`
    /// and other credentials are `REDACTED`.
    pub headers: Vec<(String, String)>,
    /// The body, empty if there was none or if it could not be read.
    pub body: Bytes,
    /// The `operationId` of the operation that it was for, if one was found.
    pub operation: Option<String>,
    /// The status answered; `None` while there is no answer yet, and if there is none because a
    /// fault closed the connection.
    pub status: Option<u16>,
    /// Whether the operation was done with success, whatever the caller was told of it.
    pub acted: bool,
    fault: Option<String>,
}

impl LoggedRequest {
    /// What the fault is called that hit the request, if one did.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a query parameter.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is that.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// The body shows only its length: it may hold secrets that nothing marks as such.
impl fmt::Debug for LoggedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LoggedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("acted", &self.acted)
            .field("fault", &self.fault)
            .finish()
    }
}

/// The requests of an emulator, oldest first.
#[derive(Debug)]
pub(crate) struct RequestLog {
    entries: Mutex<Entries>,
    /// How many requests are kept.
    capacity: usize,
}

#[derive(Debug, Default)]
struct Entries {
    kept: VecDeque<LoggedRequest>,
    /// How many requests have been dropped, which is the number of the first one kept.
    dropped: usize,
    bytes: usize,
}

impl RequestLog {
    /// A log of so many requests.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// Notes a request before it is answered; the number is for what follows of it.
    pub(crate) fn begin(&self, head: &Parts, query: &Query, body: Bytes, operation: Option<&str>) -> usize {
        let query =
            query.pairs().iter().map(|(name, value)| (name.clone(), redact(SECRET_PARAMETERS, name, value))).collect();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                let name = name.as_str();
                (name.to_owned(), redact(SECRET_HEADERS, name, &value))
            })
            .collect();
        let request = LoggedRequest {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query,
            headers,
            body,
            operation: operation.map(str::to_owned),
            status: None,
            acted: false,
            fault: None,
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.bytes += request.body.len();
        entries.kept.push_back(request);
        let number = entries.dropped + entries.kept.len() - 1;
        entries.trim(self.capacity, KEPT_BYTES);
        number
    }

    /// Notes that a fault hit a request.
    pub(crate) fn hit(&self, number: usize, fault: String) {
        self.change(number, |request| request.fault = Some(fault));
    }

    /// Notes that the operation of a request was done.
    pub(crate) fn acted(&self, number: usize) {
        self.change(number, |request| request.acted = true);
    }

    /// Notes what a request was answered.
    pub(crate) fn answered(&self, number: usize, status: u16) {
        self.change(number, |request| request.status = Some(status));
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut LoggedRequest)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let index = number.checked_sub(entries.dropped);
        if let Some(request) = index.and_then(|index| entries.kept.get_mut(index)) {
            change(request);
        }
    }

    /// A copy of everything kept.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.kept.iter().cloned().collect()
    }
}

impl Entries {
    /// Drops the oldest requests until the rest is within bounds; the newest one always stays.
    fn trim(&mut self, requests: usize, bytes: usize) {
        while self.kept.len() > 1 && (self.kept.len() > requests || self.bytes > bytes) {
            if let Some(oldest) = self.kept.pop_front() {
                self.bytes -= oldest.body.len();
                self.dropped += 1;
            }
        }
    }
}

fn redact(secrets: &[&str], name: &str, value: &str) -> String {
    let is_secret = secrets.iter().any(|secret| secret.eq_ignore_ascii_case(name));
    if is_secret { REDACTED } else { value }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn head(path: &str) -> Parts {
        let request = Request::get(path)
            .header("Authorization", "Bearer very-secret")
            .header("API-KEY", "very-secret")
            .header("accept", "*/*");
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn secrets_are_never_kept() {
        let log = RequestLog::new(KEPT_REQUESTS);
        let query = Query::parse("sig=very-secret&a=1");
        log.begin(&head("/x?sig=very-secret"), &query, Bytes::from_static(b"very-secret"), None);
        let request = &log.requests()[0];
        assert_eq!(request.header("authorization"), Some("REDACTED"));
        assert_eq!(request.header("api-key"), Some("REDACTED"));
        assert_eq!(request.header("Accept"), Some("*/*"));
        assert_eq!(request.query_value("sig"), Some("REDACTED"));
        assert_eq!(request.query_value("a"), Some("1"));
        assert!(!format!("{request:?}").contains("very-secret"));
    }

    #[test]
    fn answers_find_their_request_after_older_ones_were_dropped() {
        let log = RequestLog::new(KEPT_REQUESTS);
        let numbers: Vec<usize> = (0..5)
            .map(|number| {
                let path = format!("/{number}");
                log.begin(&head(&path), &Query::default(), Bytes::from_static(b"12345"), Some("Threads_get"))
            })
            .collect();
        log.entries.lock().unwrap().trim(10, 12);
        log.answered(numbers[0], 500);
        log.answered(numbers[4], 200);
        log.acted(numbers[4]);
        log.hit(numbers[3], "close".to_owned());
        let kept = log.requests();
        let paths: Vec<&str> = kept.iter().map(|request| request.path.as_str()).collect();
        assert_eq!(paths, ["/3", "/4"]);
        assert_eq!((kept[0].status, kept[0].acted, kept[0].fault()), (None, false, Some("close")));
        assert_eq!((kept[1].status, kept[1].acted, kept[1].fault()), (Some(200), true, None));
        assert_eq!(kept[1].operation.as_deref(), Some("Threads_get"));
    }

    #[test]
    fn a_log_can_hold_more_than_it_does_by_itself() {
        for (capacity, kept) in [(KEPT_REQUESTS, KEPT_REQUESTS), (12_000, 11_000)] {
            let log = RequestLog::new(capacity);
            let head = head("/");
            for _ in 0..11_000 {
                log.begin(&head, &Query::default(), Bytes::new(), None);
            }
            assert_eq!(log.requests().len(), kept);
        }
    }
}
