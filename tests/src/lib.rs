//! What the end-to-end tests share: an emulator whose every answer is judged, and a clock that does not wait.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use foundry_emulator::{Emulator, EmulatorBuilder, LoggedRequest};
use foundry_sdk::{Clock, Credential, ProjectClient, ProjectClientBuilder};
use futures_core::future::BoxFuture;
use http::header;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

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
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer; null if there was none.
    pub body: Value,
    /// Whether the answer says that it is no JSON: the bytes of a file.
    pub is_binary: bool,
}

impl Exchange {
    /// Panics unless the answer is what the API document declares.
    fn judge(&self) {
        if self.is_binary {
            return;
        }
        if self.status >= 300 {
            return schema::assert_error(&self.body);
        }
        let operation = schema::operation(&self.method, &self.path);
        let operation = operation.unwrap_or_else(|| panic!("{} {} is no operation", self.method, self.path));
        schema::assert_declared(operation, self.status, &self.body);
    }
}

/// What the proxy needs.
#[derive(Debug)]
struct Proxy {
    origin: String,
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
        let proxy = Arc::new(Proxy {
            origin: origin.to_owned(),
            base: format!("/api/{base}"),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            exchanges: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}{}", listener.local_addr().unwrap(), proxy.base);
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
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    let is_binary = headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/octet-stream");
    let body = if bytes.is_empty() || is_binary { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    let exchange = Exchange { method: head.method.to_string(), path, status: status.as_u16(), body, is_binary };
    proxy.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Panics unless this is an id as the service makes them: a prefix and 24 letters and digits.
#[track_caller]
pub fn assert_id(id: &str, prefix: &str) {
    let rest = id.strip_prefix(prefix).unwrap_or_else(|| panic!("{id} does not begin with {prefix}"));
    assert!(rest.len() == 24 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
}
