//! What the tests talk to: a project, and a storage of blobs on another port, each with a ledger of what it
//! got; a clock that does not wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use foundry_sdk::{Clock, Credential, ProjectClient};
use futures_core::future::BoxFuture;
use serde_json::{Value, json};

/// What no error, no log and no answer of the SDK may show.
pub(crate) const SIGNATURE: &str = "planted%2Bsignature%3D";

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

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method and path.
    pub(crate) route: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is taken, and answered as it should be.
    None,
    /// It is refused with this status, time to come back, and a body that shows the signature.
    Status(u16, Option<&'static str>),
    /// It is taken, and the answer breaks off.
    Cut,
}

async fn received(request: Request) -> Received {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    Received {
        route: format!("{} {}", parts.method, parts.uri.path()),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    origin
}

// ---- the storage

#[derive(Default)]
struct StorageState {
    ledger: Mutex<Vec<Received>>,
    faults: Mutex<VecDeque<Fault>>,
    blocks: Mutex<BTreeMap<(String, String), Bytes>>,
    blobs: Mutex<BTreeMap<String, Bytes>>,
    /// Paths that are always refused, with this status.
    refused: Mutex<BTreeMap<String, u16>>,
}

/// Takes blobs as Azure's storage does.
#[derive(Clone)]
pub(crate) struct Storage {
    pub(crate) origin: String,
    state: Arc<StorageState>,
}

impl Storage {
    pub(crate) async fn start() -> Self {
        let state = Arc::<StorageState>::default();
        let router = Router::new().fallback(store).with_state(Arc::clone(&state));
        Self { origin: serve(router).await, state }
    }

    /// What goes wrong with the next requests, in their order.
    pub(crate) fn with_faults(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        locked(&self.state.faults).extend(faults);
        self
    }

    pub(crate) fn refusing(self, path: &str, status: u16) -> Self {
        locked(&self.state.refused).insert(path.to_owned(), status);
        self
    }

    pub(crate) fn ledger(&self) -> Vec<Received> {
        locked(&self.state.ledger).clone()
    }

    pub(crate) fn blobs(&self) -> BTreeMap<String, Bytes> {
        locked(&self.state.blobs).clone()
    }

    /// The signed URL of its container.
    pub(crate) fn signed(&self) -> String {
        format!("{}/container?sv=2024-08-04&sp=rcw&sig={SIGNATURE}&se=2030-01-01", self.origin)
    }
}

async fn store(State(state): State<Arc<StorageState>>, request: Request) -> Response {
    let received = received(request).await;
    locked(&state.ledger).push(received.clone());
    let (_, path) = received.route.split_once(' ').unwrap();
    let refusal = locked(&state.refused).get(path).copied();
    let fault = match refusal {
        Some(status) => Fault::Status(status, None),
        None => locked(&state.faults).pop_front().unwrap_or(Fault::None),
    };
    if let Fault::Status(status, retry_after) = fault {
        let mut response = Response::new(Body::from(format!(
            "<Error><Code>Refused</Code><Message>signed as {SIGNATURE}, which is planted+signature=</Message></Error>"
        )));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert("x-ms-error-code", "Refused".parse().unwrap());
        response.headers_mut().insert("x-ms-request-id", "storage-1".parse().unwrap());
        if let Some(wait) = retry_after {
            response.headers_mut().insert("retry-after", wait.parse().unwrap());
        }
        return response;
    }
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(received.query.as_bytes()).into_owned().collect();
    match query.get("comp").map(String::as_str) {
        Some("block") => {
            locked(&state.blocks).insert((path.to_owned(), query["blockid"].clone()), received.body.clone());
        }
        Some("blocklist") => {
            let text = received.text();
            let ids = text.split("<Latest>").skip(1).map(|rest| rest.split("</Latest>").next().unwrap().to_owned());
            let blocks = locked(&state.blocks);
            let blob: Vec<u8> = ids.flat_map(|id| blocks[&(path.to_owned(), id)].to_vec()).collect();
            locked(&state.blobs).insert(path.to_owned(), blob.into());
        }
        _ => {
            locked(&state.blobs).insert(path.to_owned(), received.body.clone());
        }
    }
    let mut response = Response::new(match fault {
        Fault::Cut => {
            let broken = futures_util::stream::iter([Ok(Bytes::from_static(b"x")), Err("cut")]);
            Body::from_stream(broken)
        }
        _ => Body::empty(),
    });
    *response.status_mut() = StatusCode::CREATED;
    response
}

// ---- the project

struct ProjectState {
    signed: String,
    ledger: Mutex<Vec<Received>>,
    /// The status of what is not the start of an upload.
    status: u16,
}

/// Makes places ready, and answers everything else with what was sent.
#[derive(Clone)]
pub(crate) struct Project {
    endpoint: String,
    state: Arc<ProjectState>,
}

impl Project {
    /// A project whose uploads go to this signed URL.
    pub(crate) async fn start(signed: String) -> Self {
        Self::with_status(signed, 200).await
    }

    pub(crate) async fn with_status(signed: String, status: u16) -> Self {
        let state = Arc::new(ProjectState { signed, ledger: Mutex::default(), status });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let endpoint = format!("{}/api/projects/p", serve(router).await);
        Self { endpoint, state }
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn ledger(&self) -> Vec<Received> {
        locked(&self.state.ledger).clone()
    }

    pub(crate) fn routes(&self) -> Vec<String> {
        self.ledger().into_iter().map(|received| received.route.replace("/api/projects/p", "")).collect()
    }

    pub(crate) fn client(&self) -> ProjectClient {
        self.client_with(&RecordingClock::new())
    }

    pub(crate) fn client_with(&self, clock: &RecordingClock) -> ProjectClient {
        let builder =
            ProjectClient::builder(&*self.endpoint).credential(Credential::api_key("a key")).clock(clock.clone());
        // No test speaks TLS, and to read the system's certificates for each client takes its time.
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let builder = builder.configure_http(|http| http.tls_certs_only([]));
        builder.build().unwrap()
    }
}

async fn answer(State(state): State<Arc<ProjectState>>, request: Request) -> Response {
    let received = received(request).await;
    locked(&state.ledger).push(received.clone());
    let is_start = received.route.ends_with("/startPendingUpload");
    let answer = if is_start {
        let sent = received.json();
        let unsigned = state.signed.split('?').next().unwrap();
        json!({
            "pendingUploadId": null,
            "pendingUploadType": sent["pendingUploadType"],
            "blobReference": {
                "blobUri": unsigned,
                "storageAccountArmId": "/subscriptions/s/storageAccounts/a",
                "credential": { "sasUri": state.signed, "type": "SAS" },
            },
        })
    } else if received.route.starts_with("PATCH ") {
        let mut version = received.json();
        version["name"] = json!("questions");
        version["version"] = json!("1");
        version
    } else {
        json!({ "id": "made_1", "name": "made", "version": "1", "skill_id": "skill_1" })
    };
    let mut response = Response::new(Body::from(answer.to_string()));
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    if !is_start {
        *response.status_mut() = StatusCode::from_u16(state.status).unwrap();
    }
    response
}

// ---- content

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
