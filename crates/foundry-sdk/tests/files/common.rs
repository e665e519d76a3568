//! What the tests share: a server that reads forms, a transport that answers by a script, a clock that does not wait.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use foundry_sdk::{Clock, Credential, Progress, ProjectClient, ProjectClientBuilder};
use futures_core::future::BoxFuture;
use tempfile::TempDir;

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that goes on only when it is slept with, and does not wait.
#[derive(Clone, Debug)]
pub(crate) struct RecordingClock {
    start: Instant,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl RecordingClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), slept: Arc::default() }
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        locked(&self.slept).clone()
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Instant {
        self.start + self.slept().iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        locked(&self.slept).push(duration);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn builder(endpoint: impl Into<String>) -> ProjectClientBuilder {
    let builder =
        ProjectClient::builder(endpoint).credential(Credential::api_key("a key")).clock(RecordingClock::new());
    // No test speaks TLS, and to read the system's certificates for each client takes its time.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = builder.configure_http(|http| http.tls_certs_only([]));
    builder
}

pub(crate) fn client(endpoint: impl Into<String>) -> ProjectClient {
    builder(endpoint).build().unwrap()
}

// ---- a server that reads forms as any server does

/// A part of a form, as axum reads it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    /// The parts, or what was wrong with the form.
    pub(crate) parts: Result<Vec<Part>, String>,
}

impl Received {
    /// The file among the parts.
    pub(crate) fn file(&self) -> Part {
        let parts = self.parts.as_ref().unwrap();
        parts.iter().find(|part| part.name.as_deref() == Some("file")).unwrap().clone()
    }
}

/// Takes uploads, and answers with these statuses, the last one for ever.
#[derive(Clone)]
pub(crate) struct FormServer {
    pub(crate) endpoint: String,
    state: Arc<ServerState>,
}

struct ServerState {
    statuses: Mutex<VecDeque<u16>>,
    received: Mutex<Vec<Received>>,
}

impl FormServer {
    pub(crate) async fn start(statuses: &[u16]) -> Self {
        let state = Arc::new(ServerState {
            statuses: Mutex::new(statuses.iter().copied().collect()),
            received: Mutex::default(),
        });
        let router = Router::new()
            .route("/api/projects/p/files", post(take))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, state }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        locked(&self.state.received).clone()
    }
}

async fn take(State(state): State<Arc<ServerState>>, headers: HeaderMap, mut form: Multipart) -> impl IntoResponse {
    let mut parts = Ok(Vec::new());
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => {
                parts = Err(error.to_string());
                break;
            }
        };
        let (name, file_name) = (field.name().map(str::to_owned), field.file_name().map(str::to_owned));
        let content_type = field.content_type().map(str::to_owned);
        match (field.bytes().await, &mut parts) {
            (Ok(bytes), Ok(parts)) => parts.push(Part { name, file_name, content_type, bytes }),
            (Err(error), _) => {
                parts = Err(error.to_string());
                break;
            }
            _ => {}
        }
    }
    locked(&state.received).push(Received { headers, parts });
    let status = {
        let mut statuses = locked(&state.statuses);
        if statuses.len() > 1 { statuses.pop_front().unwrap() } else { statuses[0] }
    };
    (StatusCode::from_u16(status).unwrap(), FILE)
}

/// What is answered to an upload.
pub(crate) const FILE: &str = r#"{"id":"assistant-1","object":"file","bytes":1,"filename":"f","created_at":1,"purpose":"assistants","status":"processed"}"#;

// ---- files

/// A folder that goes away, and a file in it.
pub(crate) fn file(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// Bytes without a pattern that a lost or doubled piece could hide in.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// What a callback was told.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Progress>>>);

impl Told {
    pub(crate) fn callback(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let told = Arc::clone(&self.0);
        move |progress| locked(&told).push(progress)
    }

    pub(crate) fn bytes(&self) -> Vec<u64> {
        locked(&self.0).iter().map(|progress| progress.bytes).collect()
    }

    pub(crate) fn totals(&self) -> Vec<Option<u64>> {
        let mut totals: Vec<_> = locked(&self.0).iter().map(|progress| progress.total).collect();
        totals.dedup();
        totals
    }
}
