//! What 10,000 runs that are polled at once hold in memory, and how long they take to their end.
//!
//! `cargo bench --bench pollers`; the emulator is another process. A poller mostly sleeps: what it
//! holds then is counted, with its runtime's timers and the connections that are kept.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foundry_emulator::Emulator;
use foundry_sdk::classic::RunPoller;
use foundry_sdk::{Credential, ProjectClient};
use futures_util::{StreamExt as _, stream};

const RUNS: usize = 10_000;
/// How many requests are on their way at once while all is set up.
const AT_ONCE: usize = 64;

struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().expect("a program knows its file");
        let mut child = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut endpoint = String::new();
        let stdout = child.stdout.take().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut endpoint).expect("the server tells its endpoint");
        Self { child, endpoint: endpoint.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds nothing that anybody misses.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve() {
    let emulator = Emulator::start().await.expect("a free port");
    println!("{}", emulator.endpoint());
    std::io::stdout().flush().expect("somebody listens");
    std::future::pending::<()>().await;
}

/// The pollers of as many new runs, none of which has asked yet.
async fn pollers(client: &ProjectClient) -> Vec<RunPoller> {
    let classic = client.classic();
    let agent = &classic.agents().create("gpt-4.1-mini").await.expect("an agent").id;
    let classic = &classic;
    let runs = stream::iter(0..RUNS).map(|_| async move {
        classic.agents().create_thread_and_run(agent).await.expect("a run")
    });
    let runs: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
    runs.iter().map(|run| classic.runs(&run.thread_id).get(&run.id).poll()).collect()
}

/// Looks at each run once, and lets all its pollers fall asleep.
async fn to_sleep(pollers: &mut [RunPoller]) {
    let looks = stream::iter(pollers).map(|poller| async move {
        poller.next().await.expect("a state").expect("an answer");
        assert!(futures_util::poll!(poller.next()).is_pending(), "it does not sleep");
    });
    looks.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if std::env::args().any(|argument| argument == "serve") {
        return runtime.block_on(serve());
    }
    let server = Server::start();
    let client = ProjectClient::builder(&server.endpoint)
        .credential(Credential::token("t"))
        // What is kept is pollers, not connections.
        .configure_http(|http| http.pool_max_idle_per_host(AT_ONCE))
        .build()
        .expect("a client");
    let mut polled = runtime.block_on(pollers(&client));
    let asleep = allocation_counter::measure(|| runtime.block_on(to_sleep(&mut polled)));
    println!("{RUNS} pollers asleep: {} bytes each", asleep.bytes_current / RUNS as i64);
    let start = Instant::now();
    let mut completed = 0;
    let to_the_end = allocation_counter::measure(|| {
        runtime.block_on(async {
            let mut runs = stream::iter(polled.drain(..)).map(IntoFuture::into_future).buffer_unordered(RUNS);
            while let Some(run) = runs.next().await {
                completed += usize::from(run.expect("an answer").status.as_str() == "completed");
            }
        });
    });
    assert_eq!(completed, RUNS);
    println!(
        "all to their end at once: {:.1} s, {} bytes more each at most, their connections included",
        start.elapsed().max(Duration::ZERO).as_secs_f64(),
        to_the_end.bytes_max / RUNS as u64
    );
}
