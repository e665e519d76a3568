//! A request's way: log, credentials, project, api-version, route, validation, handler, answer.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use tokio::sync::watch;
use uuid::Uuid;

use crate::blobs::{self, Blobs};
use crate::clock::Clock;
use crate::context::{Answer, Context, Payload};
use crate::documents::{self, Document, FIRST, Operation, V1};
use crate::error::ServiceError;
use crate::fault::Faults;
use crate::framing::Framing;
use crate::handlers::Handler;
use crate::multipart::{self, Form, Upload};
use crate::projects::Projects;
use crate::query::Query;
use crate::request_log::RequestLog;
use crate::router::{Found, decode};
use crate::script::Rules;
use crate::{broken_body, features, misbehaviour, stream, tool_outputs, validate};

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// What the paths of the operations begin with that are OpenAI's.
const OPENAI_PATH: &str = "/openai/v1/";

/// What every project's path begins with.
const PROJECTS_PATH: &str = "/api/projects/";

/// How often the largest body is read and thrown away to let a caller finish sending one that is
/// too large: who is still sending does not read the answer.
const DISCARDED_BODIES: usize = 4;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) projects: Projects,
    pub(crate) blobs: Blobs,
    pub(crate) log: RequestLog,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) rules: Rules,
    pub(crate) faults: Faults,
    /// How many connections were accepted.
    pub(crate) connections: AtomicU64,
    /// Becomes true when the emulator stops.
    pub(crate) stopping: watch::Sender<bool>,
    /// `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
    /// The size in bytes of the largest body read.
    pub(crate) body_limit: usize,
    /// The same of bodies that hold files.
    pub(crate) upload_limit: usize,
    /// How many elements a page with a link to the next one has.
    pub(crate) page_size: Option<usize>,
    /// How streams of events are sent.
    pub(crate) framing: Framing,
}

/// A request that has found its operation.
#[derive(Debug, Clone)]
pub(crate) struct Routed {
    pub(crate) document: &'static Document,
    pub(crate) operation: &'static Operation,
    pub(crate) project: String,
    parameters: Vec<String>,
    /// The agent whose own path was called.
    agent: Option<String>,
}

/// The connection is to be closed without an answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection is closed on purpose")]
pub(crate) struct Unanswered;

/// A request that was read.
pub(crate) struct Received {
    pub(crate) head: Parts,
    query: Query,
    routed: Result<Routed, ServiceError>,
    body: Result<Bytes, ServiceError>,
    /// A blob's signature is its credential.
    is_blob: bool,
    /// Its number in the log.
    pub(crate) number: usize,
}

/// Answers any request, or does not.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request) -> Result<Response, Unanswered> {
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let is_blob = head.uri.path().starts_with(blobs::PATH);
    let routed = authorize(&head.headers).and_then(|()| route(&head, &query));
    let takes_file =
        |routed: &Routed| routed.operation.request.as_ref().is_some_and(|body| body.form_schema().is_some());
    let limit = if is_blob || routed.as_ref().is_ok_and(takes_file) { shared.upload_limit } else { shared.body_limit };
    let body = read(body, limit).await;
    let logged = body.clone().unwrap_or_default();
    let operation = routed.as_ref().ok().map(|routed| routed.operation.id.as_str());
    let number = shared.log.begin(&head, &query, logged, operation);
    let fault = shared.faults.strike(&head.method, head.uri.path(), operation);

    let received = Received { head, query, routed, body, is_blob, number };
    let response = match fault {
        None => act(&shared, &received).await,
        Some(fault) => misbehaviour::misbehave(&shared, &received, &fault).await?,
    };
    let status = response.status().as_u16();
    shared.log.answered(number, status);
    tracing::debug!(method = %received.head.method, path = received.head.uri.path(), status, "answered");
    Ok(response)
}

/// Does what is asked for.
pub(crate) async fn act(shared: &Arc<Shared>, received: &Received) -> Response {
    let Received { head, query, routed, body, is_blob, number } = received;
    let now = shared.clock.now();
    let response = if *is_blob {
        shared.blobs.answer(head, query, body.clone().ok(), shared.upload_limit, now)
    } else {
        let answer = match (routed, body) {
            (Err(error), _) | (_, Err(error)) => Err(error.clone()),
            (Ok(routed), Ok(body)) => answer(shared, head, query, routed, body, now).await,
        };
        if answer.as_ref().is_ok_and(|answer| matches!(answer.body, Payload::Never)) {
            broken_body::stopped(shared.stopping.subscribe()).await;
        }
        respond(&head.headers, answer)
    };
    if response.status().is_success() {
        shared.log.acted(*number);
    }
    response
}

async fn read(body: Body, limit: usize) -> Result<Bytes, ServiceError> {
    let mut stream = body.into_data_stream();
    let mut collected = BytesMut::new();
    let mut length = 0_usize;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| ServiceError::unreadable_body())?;
        length = length.saturating_add(piece.len());
        if length <= limit {
            collected.extend_from_slice(&piece);
        } else if length > limit.saturating_mul(DISCARDED_BODIES) {
            break;
        } else {
            collected = BytesMut::new();
        }
    }
    if length > limit {
        return Err(ServiceError::body_too_large(limit));
    }
    Ok(collected.freeze())
}

/// Any credential will do, but there must be one.
fn authorize(headers: &HeaderMap) -> Result<(), ServiceError> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty());
    let key = headers.get(API_KEY).is_some_and(|value| !value.is_empty());
    if bearer || key { Ok(()) } else { Err(ServiceError::unauthorized()) }
}

fn route(head: &Parts, query: &Query) -> Result<Routed, ServiceError> {
    let (project, path) = split_project(head.uri.path()).ok_or_else(ServiceError::no_route)?;
    let api_version = query.first("api-version");
    let document = match api_version {
        // A few operations take none, and do not look at one.
        _ if path.starts_with(OPENAI_PATH) => v1()?,
        Some(api_version) => documents::for_api_version(api_version)
            .ok_or_else(|| ServiceError::unsupported_api_version(api_version, &supported_api_versions()))?,
        None => return Err(ServiceError::missing_api_version(&supported_api_versions())),
    };
    let routed = |document: &'static Document, index: usize, parameters: Vec<String>, agent: Option<String>| {
        document.operation(index).map(|operation| Routed {
            document,
            operation,
            project: project.clone(),
            parameters,
            agent,
        })
    };
    let mut methods = Vec::new();
    match document.router.find(&head.method, path) {
        Found::Nothing => {}
        Found::WrongMethod(allowed) => methods = allowed,
        Found::Operation(index, parameters) => {
            let routed = routed(document, index, parameters, None).ok_or_else(ServiceError::no_route)?;
            if routed.operation.needs_api_version && api_version.is_none() {
                return Err(ServiceError::missing_api_version(&supported_api_versions()));
            }
            return Ok(routed);
        }
    }
    // An agent has the operations of `/openai/v1` below a path of its own.
    if let Some((agent, rest)) = split_agent(document, path) {
        match document.router.find(&head.method, &format!("{OPENAI_PATH}{rest}")) {
            Found::Nothing => {}
            Found::WrongMethod(allowed) => methods = allowed,
            Found::Operation(index, parameters) => {
                return routed(document, index, parameters, Some(agent)).ok_or_else(ServiceError::no_route);
            }
        }
    }
    // The service's own introduction asks so for the agents, though this api-version has none.
    if document.api_version == FIRST && head.method == Method::GET && path == "/agents" {
        let document = v1()?;
        if let Found::Operation(index, parameters) = document.router.find(&head.method, path) {
            return routed(document, index, parameters, None).ok_or_else(ServiceError::no_route);
        }
    }
    if methods.is_empty() {
        return Err(ServiceError::no_route());
    }
    let allowed: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    Err(ServiceError::wrong_method(head.method.as_str(), allowed.join(", ")))
}

fn v1() -> Result<&'static Document, ServiceError> {
    documents::for_api_version(V1).ok_or_else(ServiceError::no_route)
}

/// The agent whose own path this is, and what comes after it without its slash.
fn split_agent<'a>(document: &Document, path: &'a str) -> Option<(String, &'a str)> {
    let (before, after) = document.agent_base()?;
    let (name, rest) = path.strip_prefix(before)?.split_once('/')?;
    let rest = rest.strip_prefix(after.strip_prefix('/')?)?.strip_prefix('/')?;
    Some((decode(name).filter(|name| !name.is_empty())?, rest))
}

/// The name of the project and the path within it, which begins with a slash.
fn split_project(path: &str) -> Option<(String, &str)> {
    let rest = path.strip_prefix(PROJECTS_PATH)?;
    let (name, path) = rest.split_at(rest.find('/')?);
    let name = decode(name)?;
    (!name.is_empty()).then_some((name, path))
}

fn supported_api_versions() -> String {
    documents::api_versions().collect::<Vec<_>>().join(", ")
}

async fn answer(
    shared: &Arc<Shared>,
    head: &Parts,
    query: &Query,
    routed: &Routed,
    body: &Bytes,
    now: DateTime<Utc>,
) -> Result<Answer, ServiceError> {
    let operation = routed.operation;
    let handler = Handler::find(&operation.method, &operation.shape)
        .ok_or_else(|| ServiceError::not_implemented(&operation.id))?;
    features::check(operation, &head.headers)?;
    validate::query(operation, query)?;
    validate::headers(operation, &head.headers)?;
    let Form { texts: body, uploads } = parse(routed, &head.headers, body).await?;
    let store = shared.projects.store(&routed.project);
    let mut locked = store.lock().unwrap_or_else(PoisonError::into_inner);
    let mut answer = handler.answer(&mut Context {
        document: routed.document,
        operation,
        parameters: routed.parameters.clone(),
        query,
        body,
        uploads,
        headers: &head.headers,
        agent: routed.agent.as_deref(),
        project: &routed.project,
        store: &mut locked,
        blobs: &shared.blobs,
        rules: &shared.rules,
        now: now.timestamp(),
        origin: &shared.origin,
        page_size: shared.page_size,
        url: format!("{}{}", shared.origin, head.uri.path()),
    })?;
    if let (Payload::Bytes(_), Some(media_type)) = (&answer.body, &operation.binary) {
        answer.media_type = media_type;
    }
    if let Payload::Leg(leg) = answer.body {
        let changes = locked.changes();
        answer.body = Payload::Stream(stream::body(Arc::clone(shared), Arc::clone(&store), changes, routed, leg));
    }
    Ok(answer)
}

/// The body as the operation's schema wants it. A missing body counts as an empty object, as with
/// the service; a body that the operation does not take is ignored.
async fn parse(routed: &Routed, headers: &HeaderMap, body: &Bytes) -> Result<Form, ServiceError> {
    let Some(request) = &routed.operation.request else {
        return Ok(Form::default());
    };
    if request.is_binary() {
        return Ok(Form { uploads: vec![Upload::bare(body.clone())], ..Form::default() });
    }
    if let Some(schema) = request.form_schema()
        && (request.json_schema().is_none() || multipart::is_form(headers))
    {
        let Form { texts, uploads } = multipart::read(routed.document, schema, headers, body).await?;
        let texts = fitting(routed.document, schema, Value::Object(texts))?;
        return Ok(Form { texts, uploads });
    }
    let Some(schema) = request.json_schema() else {
        return Ok(Form::default());
    };
    let mut body = if body.is_empty() {
        Value::Object(Map::new())
    } else {
        let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        if let Some(given) = content_type
            && !documents::is_json(&given)
        {
            return Err(ServiceError::unsupported_media_type(&given, "application/json"));
        }
        serde_json::from_slice(body).map_err(ServiceError::malformed_json)?
    };
    tool_outputs::allow_approvals_alone(&routed.operation.shape, &mut body);
    let texts = match body {
        // Whether it fits, only what it changes can tell.
        Value::Object(patch) if request.is_merge_patch() => patch,
        // What is changed is there already, whatever the document requires of it.
        Value::Object(changes) if routed.operation.changes_what_it_answers() => {
            let violations = validate::part(routed.document, schema, &Value::Object(changes.clone()));
            if !violations.is_empty() {
                return Err(ServiceError::invalid_body(&violations));
            }
            changes
        }
        body => fitting(routed.document, schema, body)?,
    };
    Ok(Form { texts, uploads: Vec::new() })
}

fn fitting(document: &Document, schema: &Value, body: Value) -> Result<Map<String, Value>, ServiceError> {
    let violations = validate::body(document, schema, &body);
    match body {
        Value::Object(body) if violations.is_empty() => Ok(body),
        _ => Err(ServiceError::invalid_body(&violations)),
    }
}

/// An answer as it is sent.
pub(crate) fn respond(asked: &HeaderMap, answer: Result<Answer, ServiceError>) -> Response {
    let (answer, allow) = match answer {
        Ok(answer) => (answer, None),
        Err(error) => (Answer::with_status(error.status, error.body()), error.allow),
    };
    let Answer { status, body, media_type, headers: added } = answer;
    let (content_type, body) = match body {
        Payload::Nothing => (None, Body::empty()),
        Payload::Json(body) => (Some("application/json; charset=utf-8"), Body::from(body.to_string())),
        Payload::Bytes(body) => (Some(media_type), Body::from(body)),
        Payload::Stream(body) => (Some("text/event-stream; charset=utf-8"), body),
        // It has become a body before.
        Payload::Leg(_) | Payload::Never => (None, Body::empty()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in added {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if let Some(id) = asked.get(CLIENT_REQUEST_ID) {
        headers.insert(CLIENT_REQUEST_ID, id.clone());
    }
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Some(Ok(allow)) = allow.as_deref().map(HeaderValue::from_str)
    {
        headers.insert(ALLOW, allow);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_taken_off_the_path() {
        assert_eq!(
            split_project("/api/projects/My%20Project/threads/a"),
            Some(("My Project".to_owned(), "/threads/a"))
        );
        for path in ["/", "/api/projects/", "/api/projects/demo", "/api/projects//threads"] {
            assert_eq!(split_project(path), None, "{path}");
        }
    }

    #[test]
    fn a_credential_must_have_a_value() {
        let headers = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            headers
        };
        assert!(authorize(&headers("authorization", "Bearer x")).is_ok());
        assert!(authorize(&headers("authorization", "bearer x")).is_ok());
        assert!(authorize(&headers("api-key", "x")).is_ok());
        assert!(authorize(&headers("authorization", "Bearer ")).is_err());
        assert!(authorize(&headers("authorization", "Basic x")).is_err());
        assert!(authorize(&headers("api-key", "")).is_err());
        assert!(authorize(&HeaderMap::new()).is_err());
    }
}
