//! What a call through the SDK costs beside the same request by bare reqwest: allocations and
//! instructions.
//!
//! `cargo bench --bench call` prints the allocations of one call each. For instructions, run the
//! binary under `valgrind --tool=callgrind` with `sdk N` and with `bare N`: the server is another
//! process, and the difference between two N is what the calls alone took.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use foundry_raw::v2025_05_01::types::AgentThread;
use foundry_sdk::{Credential, ProjectClient};

const ANSWER: &str = r#"{"id":"thread_L9HRkMrJcHy7ZOiR9I4J6ckY","object":"thread","created_at":1752587659,"metadata":{},"tool_resources":{}}"#;
const PATH: &str = "/api/projects/p/threads";
const ID: &str = "thread_L9HRkMrJcHy7ZOiR9I4J6ckY";

/// Answers every request on every connection the same.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("a bound socket has an address").port());
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer_all(stream));
    }
}

fn answer_all(mut stream: TcpStream) {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: 0123456789\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    let mut buffer = [0; 4096];
    // Each request comes in one piece and has no body.
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The server as a process of its own.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().expect("a program knows its file");
        let mut child = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut port = String::new();
        let stdout = child.stdout.take().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut port).expect("the server tells its port");
        Self { child, base: format!("http://127.0.0.1:{}", port.trim()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn by_sdk(client: &ProjectClient) {
    let thread = client.classic().threads().get(ID).await.expect("the server answers");
    black_box(thread);
}

async fn by_reqwest(client: &reqwest::Client, url: &str, user_agent: &str) {
    let answer = client
        .get(format!("{url}/{ID}?api-version=2025-05-01"))
        .header("accept", "application/json")
        .header("api-key", "0123456789abcdef")
        .header("user-agent", user_agent)
        .header("x-ms-client-request-id", uuid::Uuid::new_v4().to_string())
        .send()
        .await
        .expect("the server answers");
    let body = answer.bytes().await.expect("the answer is whole");
    black_box(foundry_raw::from_slice::<AgentThread>(&body).expect("a thread"));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mode = arguments.first().map_or("", String::as_str);
    if mode == "serve" {
        return serve();
    }
    let count: usize = arguments.get(1).and_then(|count| count.parse().ok()).unwrap_or(0);
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sdk = ProjectClient::builder(format!("{}/api/projects/p", server.base))
        .credential(Credential::api_key("0123456789abcdef"))
        .build()
        .expect("a client");
    let bare = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(20))
        .read_timeout(std::time::Duration::from_secs(300))
        .build()
        .expect("a client");
    let url = format!("{}{PATH}", server.base);
    let user_agent = format!("foundry-sdk/0.1.0 (rust; {}; {})", std::env::consts::OS, std::env::consts::ARCH);
    let run = |mode: &str, count: usize| {
        runtime.block_on(async {
            for _ in 0..count {
                match mode {
                    "sdk" => by_sdk(&sdk).await,
                    _ => by_reqwest(&bare, &url, &user_agent).await,
                }
            }
        });
    };
    if !mode.is_empty() {
        return run(mode, count);
    }
    for mode in ["bare", "sdk"] {
        run(mode, 100);
        const CALLS: u64 = 1000;
        let counted = allocation_counter::measure(|| run(mode, CALLS as usize));
        println!(
            "{mode}: {:.2} allocations, {} bytes per call",
            counted.count_total as f64 / CALLS as f64,
            counted.bytes_total / CALLS
        );
    }
}
