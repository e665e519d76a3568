//! What the end-to-end tests share: an emulator whose every answer is judged, and a clock that does not wait.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use foundry_emulator::{Emulator, EmulatorBuilder, LoggedRequest};
use foundry_sdk::{Clock, Credential, ProjectClient, ProjectClientBuilder};
use futures_core::future::BoxFuture;
use http::{HeaderMap, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub mod called;

/// The api-version of requests that name none.
const API_VERSION: &str = "2025-05-01";

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
const OPERATION_LOCATION: &str = "operation-location";

#[allow(dead_code, reason = "the emulator's own tests use all of it")]
#[path = "../../crates/foundry-emulator/tests/emulator/schema.rs"]
mod schema;

/// A clock that goes on only when it is slept with, and does not wait.
#[derive(Clone, Debug)]
pub struct RecordingClock {
    start: Instant,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl RecordingClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self { start: Instant::now(), slept: Arc::default() }
    }

    /// How long was slept, each time.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for RecordingClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Instant {
        self.start + self.slept().iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
        Box::pin(std::future::ready(()))
    }
}

/// What was answered to a request.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path under the endpoint.
    pub path: String,
    /// The api-version that was asked for.
    pub api_version: String,
    /// The status of the answer.
    pub status: u16,
    /// What the answer says that it is, without parameters; `None` if there was no body.
    pub media_type: Option<String>,
    /// The body of the answer, if it is JSON; null if it is anything else.
    pub body: Value,
    /// The body as it came.
    pub bytes: Bytes,
}

impl Exchange {
    /// Panics unless the answer is what the API document declares.
    fn judge(&self) {
        if self.status >= 300 {
            return schema::assert_error(&self.body);
        }
        let judge = schema::judge(&self.api_version);
        let operation = judge.operation(&self.method, &self.path);
        let operation = operation.unwrap_or_else(|| panic!("{} {} is no operation", self.method, self.path));
        let Some(media_type) = self.media_type.as_ref().filter(|media_type| *media_type != JSON) else {
            return judge.assert_declared(operation, self.status, &self.body);
        };
        let declared = judge.media_types(operation);
        assert!(declared.contains(media_type), "{} answered {media_type}", operation["operationId"]);
        let knows_names = || judge.stream_events(operation).iter().any(|(name, _)| !name.is_empty());
        if media_type == EVENT_STREAM && knows_names() {
            judge.assert_events(operation, &events(&self.bytes));
        }
    }
}

/// The events of a stream, as the emulator frames them: names and data.
fn events(bytes: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(bytes).unwrap();
    let event = |event: &str| {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let data = if data == "[DONE]" { data.into() } else { serde_json::from_str(data).unwrap() };
        (name.to_owned(), data)
    };
    text.split_terminator("\n\n").map(event).collect()
}

/// What the proxy needs.
#[derive(Debug)]
struct Proxy {
    origin: String,
    own_origin: String,
    base: String,
    http: reqwest::Client,
    exchanges: Mutex<Vec<Exchange>>,
}

/// An emulator behind a proxy that keeps every answer as the client gets it.
///
/// When it is dropped, every answer is validated against its schema in the API document.
#[derive(Debug)]
#[must_use = "a session ends when it is dropped"]
pub struct Session {
    emulator: Emulator,
    clock: RecordingClock,
    endpoint: String,
    proxy: Arc<Proxy>,
    task: JoinHandle<()>,
}

impl Session {
    /// Starts an emulator and the proxy in front of it.
    pub async fn start() -> Self {
        Self::over(Emulator::builder()).await
    }

    /// Starts an emulator as it is set up, and the proxy in front of it.
    pub async fn over(builder: EmulatorBuilder) -> Self {
        let emulator = builder.start().await.unwrap();
        let (origin, base) = emulator.endpoint().split_once("/api/").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Arc::new(Proxy {
            origin: origin.to_owned(),
            own_origin: format!("http://{}", listener.local_addr().unwrap()),
            base: format!("/api/{base}"),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            exchanges: Mutex::default(),
        });
        let endpoint = format!("{}{}", proxy.own_origin, proxy.base);
        let router = Router::new().fallback(forward).with_state(Arc::clone(&proxy));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { emulator, clock: RecordingClock::new(), endpoint, proxy, task }
    }

    /// The endpoint to give to a client.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The clock of the clients of this session.
    pub fn clock(&self) -> &RecordingClock {
        &self.clock
    }

    /// A client that is to be given a credential.
    pub fn builder(&self) -> ProjectClientBuilder {
        ProjectClient::builder(self.endpoint()).clock(self.clock.clone())
    }

    /// A client with a token.
    pub fn client(&self) -> ProjectClient {
        self.builder().credential(Credential::token("a token")).build().unwrap()
    }

    /// The emulator.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// What the emulator was asked so far.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.emulator.requests()
    }

    /// The path of a request under the endpoint.
    pub fn path_of<'a>(&self, request: &'a LoggedRequest) -> &'a str {
        request.path.strip_prefix(&self.proxy.base).unwrap_or_else(|| panic!("{} is elsewhere", request.path))
    }

    /// What was answered so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.proxy.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
        if std::thread::panicking() {
            return;
        }
        let exchanges = self.exchanges();
        assert_eq!(exchanges.len(), self.requests().len(), "an answer was not seen");
        for exchange in exchanges {
            exchange.judge();
        }
    }
}

/// Passes a request on as it came, and the answer back, which is kept.
async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let path = head.uri.path().strip_prefix(&proxy.base).unwrap_or_else(|| head.uri.path()).to_owned();
    let mut headers = head.headers.clone();
    headers.remove(header::HOST);
    let mut outgoing =
        proxy.http.request(head.method.clone(), format!("{}{}", proxy.origin, head.uri)).headers(headers);
    if !body.is_empty() {
        outgoing = outgoing.body(body);
    }
    let answer = outgoing.send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let mut bytes = answer.bytes().await.unwrap();
    let media_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap());
    let media_type = media_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_owned());
    if media_type.as_deref() == Some(JSON) {
        bytes = proxy.with_own_links(bytes, &mut headers);
    }
    let is_json = media_type.as_deref() == Some(JSON);
    let exchange = Exchange {
        method: head.method.to_string(),
        api_version: api_version(&path, head.uri.query()),
        path,
        status: status.as_u16(),
        body: if is_json { serde_json::from_slice(&bytes).unwrap() } else { Value::Null },
        media_type,
        bytes: bytes.clone(),
    };
    proxy.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    // It goes on in one piece.
    headers.remove(header::TRANSFER_ENCODING);
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The api-version that a request asks for, by its path or by its query.
fn api_version(path: &str, query: Option<&str>) -> String {
    let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let asked = pairs.find(|(name, _)| *name == "api-version").map(|(_, value)| value);
    let implied = if path.starts_with("/openai/v1/") { "v1" } else { API_VERSION };
    asked.unwrap_or(implied).to_owned()
}

impl Proxy {
    /// The answer with links to further pages and to jobs that lead here, not past the proxy.
    fn with_own_links(&self, body: Bytes, headers: &mut HeaderMap) -> Bytes {
        if let Some(location) = headers.get_mut(OPERATION_LOCATION) {
            let here = location.to_str().unwrap().replace(&self.origin, &self.own_origin);
            *location = here.parse().unwrap();
        }
        let mut text = std::str::from_utf8(&body).unwrap().to_owned();
        for name in ["nextLink", "next_link"] {
            let link = |origin: &str| format!("\"{name}\":\"{origin}/");
            text = text.replace(&link(&self.origin), &link(&self.own_origin));
        }
        headers.insert(header::CONTENT_LENGTH, text.len().into());
        text.into()
    }
}

/// Panics unless this is an id as the service makes them: a prefix and 24 letters and digits.
#[track_caller]
pub fn assert_id(id: &str, prefix: &str) {
    let rest = id.strip_prefix(prefix).unwrap_or_else(|| panic!("{id} does not begin with {prefix}"));
    assert!(rest.len() == 24 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
}

/// The code of the guide from one api-version to the other.
#[cfg(doctest)]
#[doc = include_str!("../../openapi/migration-2025-05-01-to-v1.md")]
mod migration {}
