//! Starting and stopping: the listener, its connections and the handle that tests hold.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::blobs::Blobs;
use crate::clock::{Clock, SystemClock};
use crate::documents;
use crate::fault::{Fault, Faults};
use crate::framing::Framing;
use crate::projects::Projects;
use crate::request_log::{KEPT_REQUESTS, LoggedRequest, RequestLog};
use crate::rule::Rule;
use crate::script::Rules;
use crate::service::{self, Shared};

/// The project that endpoints name unless told otherwise.
const DEFAULT_PROJECT: &str = "demo";

/// The largest request body read, and the largest one that holds a file; the service takes files
/// of up to 512 MiB.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
const UPLOAD_LIMIT: usize = 64 * 1024 * 1024;

/// How long requests that are being answered may take to finish when the emulator stops.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait after a connection could not be accepted, which happens when the process has
/// no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What a path segment may hold unencoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on the port.
    #[error("port {port} is in use")]
    PortInUse {
        /// The port asked for.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system did not let the emulator listen.
    #[error("cannot listen on 127.0.0.1, port {port}")]
    Listen {
        /// The port asked for; 0 is any free one.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
}

/// How an emulator is to be started.
///
/// Made by [`Emulator::builder`].
#[derive(Debug)]
#[must_use = "an emulator runs only once start() has been awaited"]
pub struct EmulatorBuilder {
    port: u16,
    project: String,
    seed: u64,
    clock: Box<dyn Clock>,
    body_limit: usize,
    upload_limit: usize,
    page_size: Option<usize>,
    log_capacity: usize,
    framing: Framing,
    rules: Vec<Rule>,
    faults: Vec<Fault>,
}

impl EmulatorBuilder {
    /// The port to listen on; 0, the default, is any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The project that [`Emulator::endpoint`] names; `demo` unless told otherwise.
    ///
    /// Every project is served, whatever its name.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = name.into();
        self
    }

    /// Chooses the ids that are given out and what faults leave to chance, 0 unless told otherwise:
    /// emulators with equal seeds give out equal ids for equal requests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where the times in answers come from; the machine's clock unless told otherwise.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The size in bytes of the largest request body that is read, 64 MiB unless told otherwise;
    /// a larger one is answered with 413.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The size in bytes of the largest upload, of a file's form or of a blob, 64 MiB unless told
    /// otherwise; a larger one is answered with 413. Uploads are held in memory.
    pub fn upload_limit(mut self, bytes: usize) -> Self {
        self.upload_limit = bytes;
        self
    }

    /// How many elements the pages of lists with a `nextLink` have, at least one; unless told
    /// otherwise all are on one page.
    ///
    /// Lists with cursors have pages of the size that the request asks for.
    pub fn page_size(mut self, elements: usize) -> Self {
        self.page_size = Some(elements.max(1));
        self
    }

    /// How many requests [`Emulator::requests`] remembers, 10,000 unless told otherwise and at
    /// least one. Whatever the number, bodies of no more than 256 MiB are kept.
    pub fn log_capacity(mut self, requests: usize) -> Self {
        self.log_capacity = requests.max(1);
        self
    }

    /// How streams of events are sent, unless the rule of a run says otherwise; as the service
    /// sends them without this.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Adds a rule that says what some runs do. Rules are looked at in the order in which they were
    /// added here; without any, all runs do what the built-in model does.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds a fault: a way in which the emulator misbehaves. Faults are looked at in the order in
    /// which they were added here; there are none unless added.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts the emulator on 127.0.0.1. It answers as soon as this returns.
    ///
    /// Must be called within a tokio runtime, whose tasks then serve it.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let port = self.port;
        let listen_error = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::PortInUse { port, source },
            _ => StartError::Listen { port, source },
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let shared = Arc::new(Shared {
            projects: Projects::new(self.seed),
            blobs: Blobs::default(),
            log: RequestLog::new(self.log_capacity),
            clock: self.clock,
            rules: Rules::new(self.rules),
            faults: Faults::new(self.seed, self.faults),
            connections: AtomicU64::new(0),
            stopping: watch::Sender::new(false),
            origin: format!("http://{address}"),
            body_limit: self.body_limit,
            upload_limit: self.upload_limit,
            page_size: self.page_size,
            framing: self.framing,
        });
        // Parsing takes a moment that belongs to the start and not to the first request.
        documents::for_api_version(documents::FIRST);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, Arc::clone(&shared), stopped));
        Ok(Emulator { endpoint: endpoint(&shared.origin, &self.project), shared, stop, task })
    }
}

/// A running Foundry emulator.
///
/// It stops when dropped: it takes no more connections and gives requests that are being answered
/// a few seconds to finish. [`Emulator::shutdown`] does the same and waits for it.
#[derive(Debug)]
#[must_use = "an emulator stops when it is dropped"]
pub struct Emulator {
    endpoint: String,
    shared: Arc<Shared>,
    /// Nothing is ever sent: that it is dropped is what stops the task.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator on a free port of 127.0.0.1, with defaults for all else.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Chooses the port, the project and more before starting.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            port: 0,
            project: DEFAULT_PROJECT.to_owned(),
            seed: 0,
            clock: Box::new(SystemClock),
            body_limit: BODY_LIMIT,
            upload_limit: UPLOAD_LIMIT,
            page_size: None,
            log_capacity: KEPT_REQUESTS,
            framing: Framing::new(),
            rules: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The project endpoint to give to a client, `http://127.0.0.1:PORT/api/projects/demo`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The endpoint of another project of this emulator, which has nothing in common with the
    /// first one.
    pub fn endpoint_of(&self, project: &str) -> String {
        endpoint(&self.shared.origin, project)
    }

    /// The requests received so far, oldest first, with their credentials redacted.
    ///
    /// An emulator that runs for long forgets the oldest: it keeps the last 10,000 requests or as
    /// many as [`EmulatorBuilder::log_capacity`] says, or fewer if their bodies hold more than
    /// 256 MiB.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.log.requests()
    }

    /// Adds a rule that is looked at before all those added so far.
    ///
    /// Runs that have begun to work keep to what has decided them.
    ///
    /// ```
    /// # use foundry_emulator::{Emulator, Rule};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), foundry_emulator::StartError> {
    /// let emulator = Emulator::start().await?;
    /// emulator.add_rule(Rule::new().last_message("joke").reply("No."));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_rule(&self, rule: Rule) {
        self.shared.rules.add(rule);
    }

    /// Adds a fault that is looked at before all those added so far.
    ///
    /// ```
    /// # use foundry_emulator::{Emulator, Fault};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), foundry_emulator::StartError> {
    /// let emulator = Emulator::start().await?;
    /// emulator.add_fault(Fault::new().operation("Runs_get").status(429).header("retry-after", "2").times(3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// How many connections the emulator has accepted so far, those that are closed included.
    ///
    /// ```
    /// # use foundry_emulator::Emulator;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// reqwest::get(emulator.endpoint()).await?;
    /// assert_eq!(emulator.connections(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Stops the emulator and waits until it has stopped: no task of it is left then.
    pub async fn shutdown(self) {
        drop(self.stop);
        // An error would mean that the runtime has taken the task down itself.
        let _ = self.task.await;
    }
}

/// A text as one segment of a path.
pub(crate) fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

fn endpoint(origin: &str, project: &str) -> String {
    format!("{origin}/api/projects/{}", encode(project))
}

/// Accepts connections until told to stop. Its connections end with it.
async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Ready, with an error, once the emulator is dropped.
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connect(&mut connections, &graceful, stream, &shared),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    // What waits on purpose does not hold up the end.
    shared.stopping.send_replace(true);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections that did not finish are closed");
    }
    connections.shutdown().await;
}

fn connect(connections: &mut JoinSet<()>, graceful: &GracefulShutdown, stream: TcpStream, shared: &Arc<Shared>) {
    shared.connections.fetch_add(1, Ordering::Relaxed);
    // Small answers go out at once; a socket that refuses is only slower.
    let _ = stream.set_nodelay(true);
    let shared = Arc::clone(shared);
    // An error instead of an answer closes the connection.
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        service::handle(Arc::clone(&shared), request.map(Body::new))
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    connections.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}
