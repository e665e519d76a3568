//! What is told to `tracing`: a span per call, an event per retry and per failed call.
//!
//! Names follow OpenTelemetry's conventions for HTTP clients where there is one. Nothing here ever
//! holds a header of a request; bodies only where the client asked for it.

use std::time::Duration;

use foundry_raw::{Operation, Response};

use crate::endpoint::Endpoint;
use crate::error::Error;

/// How much of a body is shown.
#[cfg(feature = "tracing")]
const SHOWN: usize = 8 << 10;

#[cfg(feature = "tracing")]
mod on {
    use foundry_raw::Body;
    pub(crate) use tracing::Span;
    use tracing::{Instrument as _, debug, field, info, info_span, warn};
    use url::Url;

    use super::*;
    use crate::answer;

    /// The span of a call.
    pub(crate) fn span(operation: &'static Operation, endpoint: &Endpoint, client_request_id: &str) -> Span {
        let span = info_span!(
            "foundry",
            otel.name = field::Empty,
            otel.kind = "client",
            http.request.method = operation.method.as_str(),
            url.template = operation.path,
            server.address = endpoint.host(),
            http.response.status_code = field::Empty,
            http.request.resend_count = field::Empty,
            error.r#type = field::Empty,
            foundry.operation = operation.id,
            foundry.api_version = field::Empty,
            az.client_request_id = client_request_id,
            az.service_request_id = field::Empty,
        );
        if !span.is_disabled() {
            span.record("otel.name", format!("{} {}", operation.method, operation.path));
        }
        span
    }

    /// Runs a call in its span.
    pub(crate) async fn in_span<T>(span: &Span, work: impl Future<Output = T>) -> T {
        if span.is_disabled() { work.await } else { work.instrument(span.clone()).await }
    }

    /// A call is complete and about to be sent.
    pub(crate) fn sent(span: &Span, url: &Url) {
        if !span.is_disabled()
            && let Some((_, version)) = url.query_pairs().find(|(name, _)| name == "api-version")
        {
            span.record("foundry.api_version", &*version);
        }
    }

    /// A body may be shown if the client asked for it, unless it may hold credentials.
    fn shown(log_bodies: bool, operation: &Operation) -> bool {
        log_bodies && !operation.secret
    }

    fn start_of(body: &[u8]) -> String {
        let start = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned();
        if body.len() > SHOWN { format!("{start} .. ({} bytes)", body.len()) } else { start }
    }

    pub(crate) fn request_body(log_bodies: bool, operation: &Operation, request: &reqwest::Request) {
        if shown(log_bodies, operation)
            && let Some(body) = request.body()
        {
            match body.as_bytes() {
                Some(bytes) => debug!(body = start_of(bytes), "request body"),
                None => debug!("request body is streamed"),
            }
        }
    }

    pub(crate) fn response(span: &Span, log_bodies: bool, operation: &Operation, response: &Response, attempts: u32) {
        if !span.is_disabled() {
            span.record("http.response.status_code", response.status.as_u16());
            record_attempts(span, attempts);
            if let Some(id) = answer::text(&response.headers, &answer::REQUEST_ID) {
                span.record("az.service_request_id", id);
            }
        }
        if shown(log_bodies, operation)
            && let Body::Whole(body) = &response.body
        {
            debug!(body = start_of(body), "response body");
        }
    }

    /// The body of the answer that a call failed with.
    pub(crate) fn failure_body(log_bodies: bool, operation: &Operation, error: &Error) {
        if shown(log_bodies, operation)
            && let Some(body) = error.body()
        {
            debug!(body = start_of(body), "response body");
        }
    }

    fn record_attempts(span: &Span, attempts: u32) {
        if attempts > 1 {
            span.record("http.request.resend_count", attempts - 1);
        }
    }

    pub(crate) fn retry(error: &Error, attempts: u32, wait: Duration) {
        info!(
            attempt = attempts,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            reason = error.to_string(),
            "trying again"
        );
    }

    pub(crate) fn failure(span: &Span, error: &Error) {
        if !span.is_disabled() {
            if let Some(status) = error.status() {
                span.record("http.response.status_code", status.as_u16());
            }
            record_attempts(span, error.attempts());
            span.record("error.type", format!("{:?}", error.kind()));
            if let Some(id) = error.request_id() {
                span.record("az.service_request_id", id);
            }
        }
        let _inside = span.enter();
        if tracing::enabled!(tracing::Level::WARN) {
            let limits: Vec<String> = error.rate_limits().map(|(name, value)| format!("{name}: {value}")).collect();
            warn!(
                operation = error.operation(),
                url = error.url().map(|url| url.as_str()),
                status = error.status().map(|status| status.as_u16()),
                code = error.code(),
                request_id = error.request_id(),
                client_request_id = error.client_request_id(),
                rate_limits = limits.join(", "),
                attempts = error.attempts(),
                error = error.to_string(),
                "call failed"
            );
        }
    }
}

#[cfg(feature = "tracing")]
pub(crate) use on::{Span, failure, failure_body, in_span, request_body, response, retry, sent, span};

#[cfg(not(feature = "tracing"))]
mod off {
    use url::Url;

    use super::*;

    /// No span.
    #[derive(Debug)]
    pub(crate) struct Span;

    impl Span {
        pub(crate) fn none() -> Self {
            Self
        }
    }

    pub(crate) fn span(_operation: &'static Operation, _endpoint: &Endpoint, _client_request_id: &str) -> Span {
        Span
    }

    pub(crate) fn in_span<T, F: Future<Output = T>>(_span: &Span, work: F) -> F {
        work
    }

    pub(crate) fn sent(_span: &Span, _url: &Url) {}

    pub(crate) fn request_body(_log_bodies: bool, _operation: &Operation, _request: &reqwest::Request) {}

    pub(crate) fn response(_: &Span, _log_bodies: bool, _: &Operation, _: &Response, _attempts: u32) {}

    pub(crate) fn failure_body(_log_bodies: bool, _operation: &Operation, _error: &Error) {}

    pub(crate) fn retry(_error: &Error, _attempts: u32, _wait: Duration) {}

    pub(crate) fn failure(_span: &Span, _error: &Error) {}
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{Span, failure, failure_body, in_span, request_body, response, retry, sent, span};
