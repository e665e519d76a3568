//! What the tests share: a server with a script, a clock that waits for nothing, clients of the server.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use foundry_sdk::{Clock, Credential, ProjectClient, ProjectClientBuilder};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, Uri};
use tokio::sync::Notify;

/// What is nowhere to be seen.
pub(crate) const PLANTED: &str = "planted-secret";

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that goes on only when it is slept with, or told to, and does not wait.
#[derive(Clone, Debug)]
pub(crate) struct RecordingClock {
    start: Instant,
    passed: Arc<Mutex<Vec<Duration>>>,
}

impl RecordingClock {
    pub(crate) const START: SystemTime = SystemTime::UNIX_EPOCH;

    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), passed: Arc::default() }
    }

    /// The waits so far.
    pub(crate) fn passed(&self) -> Vec<Duration> {
        locked(&self.passed).clone()
    }

    pub(crate) fn pass(&self, time: Duration) {
        locked(&self.passed).push(time);
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Instant {
        self.start + self.passed().iter().sum::<Duration>()
    }

    fn system_time(&self) -> SystemTime {
        Self::START + self.passed().iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.pass(duration);
        Box::pin(std::future::ready(()))
    }
}

/// A part of a body.
#[derive(Clone)]
pub(crate) enum Piece {
    Text(&'static str),
    /// What follows comes only when the test says so.
    When(Arc<Notify>),
    /// The connection breaks.
    Break,
}

/// An answer of the service.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<Piece>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &'static str) -> Self {
        Self::of_pieces(status, "application/json", [Piece::Text(body)])
    }

    /// A stream of events.
    pub(crate) fn events(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self::of_pieces(200, "text/event-stream; charset=utf-8", pieces)
    }

    /// One that never ends.
    pub(crate) fn stalling() -> Self {
        Self::of_pieces(200, "application/json", [Piece::Text("{"), Piece::When(Arc::default())])
    }

    fn of_pieces(status: u16, content_type: &str, pieces: impl IntoIterator<Item = Piece>) -> Self {
        let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, content_type.parse().unwrap())]);
        Self { status, headers, body: pieces.into_iter().collect() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    fn into_response(self) -> Response {
        let pieces = futures_util::stream::iter(self.body).filter_map(|piece| async move {
            match piece {
                Piece::Text(text) => Some(Ok(Bytes::from(text))),
                Piece::When(told) => {
                    told.notified().await;
                    None
                }
                Piece::Break => Some(Err("broken")),
            }
        });
        let mut response = Response::new(Body::from_stream(pieces));
        *response.status_mut() = self.status.try_into().unwrap();
        *response.headers_mut() = self.headers;
        response
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The form in its body, with the same boundary for all.
    pub(crate) fn form(&self) -> String {
        let content_type = self.header("content-type").unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        String::from_utf8_lossy(&self.body).replace(boundary, "BOUNDARY").replace("\r\n", "\n")
    }
}

/// A server that answers by a script, the last of it for ever, and keeps what it was asked.
pub(crate) struct Server {
    endpoint: String,
    script: Arc<Script>,
}

struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
}

impl Server {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(reply).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, script }
    }

    pub(crate) async fn answering(status: u16, body: &'static str) -> Self {
        Self::start([Answer::new(status, body)]).await
    }

    pub(crate) fn builder(&self) -> ProjectClientBuilder {
        builder(&self.endpoint)
    }

    pub(crate) fn client(&self) -> ProjectClient {
        self.builder().build().unwrap()
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        locked(&self.script.asked).clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.asked().len()
    }

    /// The one request so far.
    #[track_caller]
    pub(crate) fn asked_once(&self) -> Asked {
        let asked = self.asked();
        let [request] = <[_; 1]>::try_from(asked).unwrap_or_else(|asked| panic!("{} requests", asked.len()));
        request
    }
}

async fn reply(State(script): State<Arc<Script>>, request: Request) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    locked(&script.asked).push(Asked { method: parts.method, uri: parts.uri, headers: parts.headers, body });
    let mut answers = locked(&script.answers);
    let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
    Ok(answer.into_response())
}

/// A builder of a client with a key.
pub(crate) fn builder(endpoint: &str) -> ProjectClientBuilder {
    let builder = ProjectClient::builder(endpoint).credential(Credential::api_key(PLANTED));
    // No test speaks TLS, and to read the system's certificates for each client takes its time.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = builder.configure_http(|http| http.tls_certs_only([]));
    builder
}
