//! Carrying out faults: answers replaced, broken, late or missing.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::broken_body;
use crate::error::ServiceError;
use crate::fault::{Effect, Fault, Replacement};
use crate::service::{Received, Shared, Unanswered, act, respond};

/// Does what a fault says, with or without doing what is asked for.
pub(crate) async fn misbehave(
    shared: &Arc<Shared>,
    received: &Received,
    fault: &Fault,
) -> Result<Response, Unanswered> {
    shared.log.hit(received.number, fault.name());
    tracing::debug!(fault = fault.name(), path = received.head.uri.path(), "misbehaving");
    let answer = if fault.acts_first() { Some(act(shared, received).await) } else { None };
    if !fault.wait().is_zero() && !broken_body::pause(fault.wait(), shared.stopping.subscribe()).await {
        return Err(Unanswered);
    }
    match fault.effect() {
        Effect::Close => return Err(Unanswered),
        Effect::Replace(replacement) => return Ok(replace(&received.head.headers, replacement)),
        Effect::Nothing | Effect::Cut(_) | Effect::Drip(..) => {}
    }
    let answer = match answer {
        Some(answer) => answer,
        None => act(shared, received).await,
    };
    Ok(match fault.effect() {
        Effect::Cut(bytes) => broken_body::cut(answer, *bytes),
        Effect::Drip(bytes, pause) => broken_body::drip(answer, *bytes, *pause, shared.stopping.subscribe()),
        _ => answer,
    })
}

/// The answer that a fault gives.
fn replace(asked: &HeaderMap, replacement: &Replacement) -> Response {
    let status = StatusCode::from_u16(replacement.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(asked, Err(ServiceError::of_status(status)));
    match &replacement.body {
        Some((text, content_type)) => {
            *response.body_mut() = Body::from(text.clone());
            response.headers_mut().remove(CONTENT_TYPE);
            set_headers(response.headers_mut(), &[("content-type".to_owned(), content_type.clone())]);
        }
        // Only errors have an envelope.
        None if status.as_u16() < 400 => {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(CONTENT_TYPE);
        }
        None => {}
    }
    set_headers(response.headers_mut(), &replacement.headers);
    response
}

/// Sets headers; of several with one name, the first replaces what is there. Those that say where
/// the body ends are the server's own.
fn set_headers(headers: &mut HeaderMap, given: &[(String, String)]) {
    let mut replaced = Vec::new();
    for (name, value) in given {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) else {
            tracing::warn!(name, "a fault's header is not allowed and left out");
            continue;
        };
        if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            tracing::warn!(%name, "a fault's header is the server's own and left out");
        } else if replaced.contains(&name) {
            headers.append(name, value);
        } else {
            headers.insert(name.clone(), value);
            replaced.push(name);
        }
    }
}
