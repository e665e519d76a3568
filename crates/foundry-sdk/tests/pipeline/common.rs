//! What the tests share: a transport with a script, clocks that wait for nothing, calls of each method.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use foundry_raw::v2025_05_01::types::{AzureAiSearchIndex, Index};
use foundry_sdk::{
    Body, BoxError, Clock, Credential, Error, HttpTransport, ProjectClient, ProjectClientBuilder, RequestBody,
    RetryPolicy, Transport,
};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, Request, Response};

pub(crate) const ENDPOINT: &str = "https://res.services.ai.azure.com/api/projects/p";
pub(crate) const THREAD: &str = r#"{"id":"thread_1","object":"thread","created_at":1,"metadata":{}}"#;
/// What is nowhere to be seen.
pub(crate) const PLANTED: &str = "planted-secret";

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// ---- clocks

/// A clock that goes on only when it is slept with, and does not wait.
#[derive(Clone, Debug)]
pub(crate) struct RecordingClock {
    start: Instant,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl RecordingClock {
    /// 2026-11-22 12:00:00 UTC, when this clock starts.
    pub(crate) const START: u64 = 1_795_348_800;

    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), slept: Arc::default() }
    }

    /// How long was slept, each time.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        locked(&self.slept).clone()
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Instant {
        self.start + self.slept().iter().sum::<Duration>()
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + seconds(Self::START) + self.slept().iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        locked(&self.slept).push(duration);
        Box::pin(std::future::ready(()))
    }
}

/// tokio's clock, which a test can pause: then it goes on by itself when all wait.
#[derive(Debug)]
pub(crate) struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

// ---- answers

/// A part of a body on its way.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Bytes(Bytes),
    Wait(Duration),
    /// The connection breaks.
    Break,
    /// Nothing more comes, ever.
    Stall,
}

/// An answer of the service.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<Piece>,
}

pub(crate) fn answer(status: u16) -> Answer {
    Answer { status, headers: HeaderMap::new(), body: Vec::new() }
}

impl Answer {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        self.piece(Piece::Bytes(body.into()))
    }

    pub(crate) fn piece(mut self, piece: Piece) -> Self {
        self.body.push(piece);
        self
    }

    /// The same answer, which breaks off.
    pub(crate) fn cut(self) -> Self {
        self.piece(Piece::Break)
    }

    fn into_response(self) -> Response<Body> {
        let body = match <[Piece; 1]>::try_from(self.body) {
            Ok([Piece::Bytes(bytes)]) => Body::Whole(bytes),
            Ok(pieces) => Body::Stream(Box::pin(futures_util::stream::iter(pieces).filter_map(arriving))),
            Err(pieces) => Body::Stream(Box::pin(futures_util::stream::iter(pieces).filter_map(arriving))),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status.try_into().unwrap();
        *response.headers_mut() = self.headers;
        response
    }
}

async fn arriving(piece: Piece) -> Option<Result<Bytes, BoxError>> {
    match piece {
        Piece::Bytes(bytes) => Some(Ok(bytes)),
        Piece::Break => Some(Err("the connection was reset".into())),
        Piece::Stall => std::future::pending().await,
        Piece::Wait(time) => {
            tokio::time::sleep(time).await;
            None
        }
    }
}

/// What becomes of a request that is sent.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Answer(Answer),
    /// It comes after a while.
    Late(Duration, Answer),
    /// No connection can be made.
    Refused,
    /// The connection breaks before the answer.
    Broken,
    /// There is no answer, ever.
    Never,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

// ---- the transport

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) uri: http::Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The request as `Debug` shows it.
    pub(crate) shown: String,
    /// The operation that the transport is told of.
    pub(crate) operation: &'static str,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Answers by a script, the last of it for ever.
#[derive(Clone, Debug)]
pub(crate) struct Scripted(Arc<Script>);

#[derive(Debug)]
struct Script {
    outcomes: Mutex<VecDeque<Outcome>>,
    sent: Mutex<Vec<Sent>>,
}

impl Scripted {
    pub(crate) fn new(outcomes: impl IntoIterator<Item = impl Into<Outcome>>) -> Self {
        let outcomes = outcomes.into_iter().map(Into::into).collect();
        Self(Arc::new(Script { outcomes: Mutex::new(outcomes), sent: Mutex::default() }))
    }

    pub(crate) fn always(outcome: impl Into<Outcome>) -> Self {
        Self::new([outcome])
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        locked(&self.0.sent).clone()
    }

    /// How often something was sent so far.
    pub(crate) fn count(&self) -> usize {
        locked(&self.0.sent).len()
    }

    /// Another script from here on.
    pub(crate) fn go_on(&self, outcomes: impl IntoIterator<Item = impl Into<Outcome>>) {
        *locked(&self.0.outcomes) = outcomes.into_iter().map(Into::into).collect();
    }

    fn next(&self) -> Outcome {
        let mut outcomes = locked(&self.0.outcomes);
        if outcomes.len() > 1 { outcomes.pop_front().unwrap() } else { outcomes[0].clone() }
    }

    /// A builder of a client that sends by this, with a key and this clock.
    pub(crate) fn builder(&self, clock: &RecordingClock) -> ProjectClientBuilder {
        builder(ENDPOINT, clock).transport(self.clone())
    }

    /// A client that tries so often.
    pub(crate) fn client(&self, clock: &RecordingClock, attempts: u32) -> ProjectClient {
        self.builder(clock).retry(RetryPolicy::new().max_attempts(attempts)).build().unwrap()
    }

    /// A client that sends once.
    pub(crate) fn client_once(&self) -> ProjectClient {
        self.client(&RecordingClock::new(), 1)
    }
}

/// A builder of a client with a key and this clock.
pub(crate) fn builder(endpoint: impl Into<String>, clock: &RecordingClock) -> ProjectClientBuilder {
    let builder = ProjectClient::builder(endpoint).credential(Credential::api_key(PLANTED)).clock(clock.clone());
    // No test speaks TLS, and to read the system's certificates for each client takes its time.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = builder.configure_http(|http| http.tls_certs_only([]));
    builder
}

impl Transport for Scripted {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        locked(&self.0.sent).push(Sent {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: request.body().as_bytes().unwrap_or_default().to_vec(),
            shown: format!("{request:?}"),
            operation: request.extensions().get::<&'static foundry_raw::Operation>().unwrap().id,
        });
        let outcome = self.next();
        Box::pin(async move {
            match outcome {
                Outcome::Answer(answer) => Ok(answer.into_response()),
                Outcome::Late(time, answer) => {
                    tokio::time::sleep(time).await;
                    Ok(answer.into_response())
                }
                Outcome::Broken => Err("the connection was reset".into()),
                Outcome::Never => std::future::pending().await,
                Outcome::Refused => refused(request).await,
            }
        })
    }
}

/// Sends it to a port that nobody listens to, for nobody else can make that error.
async fn refused(mut request: Request<RequestBody>) -> Result<Response<Body>, BoxError> {
    static HTTP: OnceLock<HttpTransport> = OnceLock::new();
    *request.uri_mut() = format!("http://{}/", closed_port()).parse().unwrap();
    HTTP.get_or_init(|| HttpTransport::new().unwrap()).send(request).await
}

/// A port of this machine where every connection is refused; nobody else gets it while the tests run.
pub(crate) fn closed_port() -> std::net::SocketAddr {
    static BOUND: OnceLock<tokio::net::TcpSocket> = OnceLock::new();
    let bound = BOUND.get_or_init(|| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket
    });
    bound.local_addr().unwrap()
}

// ---- calls

/// A call of each kind of method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Get,
    List,
    Delete,
    Create,
    Run,
    Patch,
    /// By method and path, for no operation of this API has it.
    Put,
}

impl Call {
    pub(crate) const ALL: [Self; 7] =
        [Self::Get, Self::List, Self::Delete, Self::Create, Self::Run, Self::Patch, Self::Put];

    /// Whether doing it twice is another thing than doing it once.
    pub(crate) fn acts(self) -> bool {
        matches!(self, Self::Create | Self::Run | Self::Patch)
    }

    /// A body that is a success.
    pub(crate) fn success(self) -> &'static str {
        match self {
            Self::Get | Self::Create | Self::Put => THREAD,
            Self::List => r#"{"object":"list","data":[],"has_more":false}"#,
            Self::Delete => r#"{"id":"thread_1","object":"thread.deleted","deleted":true}"#,
            Self::Run => r#"{"id":"run_1","status":"queued"}"#,
            Self::Patch => r#"{"type":"AzureSearch","name":"i","version":"1"}"#,
        }
    }

    pub(crate) async fn send(self, client: &ProjectClient) -> Result<(), Error> {
        let classic = client.classic();
        match self {
            Self::Get => classic.threads().get("thread_1").await.map(drop),
            Self::List => classic.threads().list().await.map(drop),
            Self::Delete => classic.threads().delete("thread_1").await.map(drop),
            Self::Create => classic.threads().create().metadata([("a", "b")]).await.map(drop),
            Self::Run => classic.runs("thread_1").create("asst_1").await.map(drop),
            Self::Patch => {
                let index = Index::from(AzureAiSearchIndex::new("c", "i"));
                of_raw(client.raw_2025_05_01().indexes_create_or_update("i", "1", &index).await)
            }
            Self::Put => {
                let request = client.request(Method::PUT, "/things/1").api_version("2025-05-01");
                request.json(&serde_json::json!({ "a": "b" })).await.map(drop)
            }
        }
    }
}

/// The outcome of a call of the generated client.
pub(crate) fn of_raw<T>(result: Result<foundry_raw::Reply<T>, foundry_raw::Error>) -> Result<(), Error> {
    match result {
        Ok(_) => Ok(()),
        Err(foundry_raw::Error::Transport(error)) => Err(*error.downcast::<Error>().unwrap()),
        Err(error) => panic!("not the pipeline's: {error:?}"),
    }
}

/// Everything of an error that people print.
pub(crate) fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?} {} {}", error.message(), error.support_line());
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        shown.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    shown
}
