//! The server itself: projects, ids, the request log, limits, starting and stopping.

use std::time::Duration;

use foundry_emulator::{Emulator, StartError};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, id, start};

/// Long enough for anything that works; only what hangs meets it.
const DEADLINE: Duration = Duration::from_secs(30);

fn address(emulator: &Emulator) -> String {
    let url = url::Url::parse(emulator.endpoint()).unwrap();
    format!("127.0.0.1:{}", url.port().unwrap())
}

/// Returns when nobody listens at the address any more.
async fn refused(address: &str) {
    let wait = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, wait).await.unwrap();
}

#[test]
fn emulators_can_be_sent_and_shared() {
    fn send_and_sync<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    drop(send_and_sync(Emulator::builder()));
    fn send<T: Send + 'static>(_: &T) {}
    send(&Emulator::start());
    send(&async { Emulator::start().await.map(Emulator::shutdown) });
}

#[tokio::test]
async fn projects_have_nothing_in_common() {
    let (emulator, demo, _) = start().await;
    assert!(emulator.endpoint().ends_with("/api/projects/demo"));
    let other = Client::new(&emulator.endpoint_of("Other project/ü"));
    let agent = demo.agent("").await;
    let thread = demo.thread().await;
    other.get(&format!("/assistants/{agent}")).await.error(404);
    other.get(&format!("/threads/{thread}")).await.error(404);
    assert_eq!(other.get("/threads").await.success()["data"], json!([]));

    let others = other.thread().await;
    assert_ne!(others, thread);
    demo.get(&format!("/threads/{others}")).await.error(404);
    let listed = other.get("/threads").await.success();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn equal_seeds_give_equal_ids() {
    let mut ids = Vec::new();
    for seed in [5, 5, 6] {
        let emulator = Emulator::builder().seed(seed).project("p").start().await.unwrap();
        assert!(emulator.endpoint().ends_with("/api/projects/p"));
        let client = Client::new(emulator.endpoint());
        ids.push((client.agent("").await, client.thread().await));
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[tokio::test]
async fn the_request_log_holds_everything_but_secrets() {
    let (emulator, client, _) = start().await;
    assert!(emulator.requests().is_empty());
    let body = json!({ "metadata": { "a": "b" } });
    let request = client
        .bare("POST", "/threads?api-version=2025-05-01&x=a%20b")
        .bearer_auth("a-secret-token")
        .header("api-key", "a-secret-key")
        .header("x-other", "kept")
        .json(&body);
    client.send(request).await.success();
    client.get("/threads/thread_x").await.error(404);
    client.send(client.bare("GET", "/nothing")).await.error(401);

    let requests = emulator.requests();
    assert_eq!(requests.len(), 3);
    let first = &requests[0];
    assert_eq!(first.method, "POST");
    assert_eq!(first.path, "/api/projects/demo/threads");
    assert_eq!(first.query_value("api-version"), Some("2025-05-01"));
    assert_eq!(first.query_value("x"), Some("a b"));
    assert_eq!(first.header("Authorization"), Some("REDACTED"));
    assert_eq!(first.header("api-key"), Some("REDACTED"));
    assert_eq!(first.header("x-other"), Some("kept"));
    assert_eq!(first.json(), Some(body));
    assert_eq!(first.operation.as_deref(), Some("Threads_create"));
    assert_eq!(first.status, Some(200));
    assert_eq!(requests[1].operation.as_deref(), Some("Threads_get"));
    assert_eq!(requests[1].status, Some(404));
    assert_eq!(requests[1].json(), None);
    assert_eq!(requests[2].operation, None);
    assert_eq!(requests[2].status, Some(401));
    for text in [format!("{requests:?}"), format!("{emulator:?}")] {
        assert!(!text.contains("a-secret"), "{text}");
    }
}

#[tokio::test]
async fn bodies_over_the_limit_are_413() {
    let emulator = Emulator::builder().body_limit(1000).start().await.unwrap();
    let client = Client::new(emulator.endpoint());
    let send = async |length: usize| {
        let request = client
            .request("POST", "/threads")
            .header("content-type", "application/json")
            .body(format!("{:length$}", "{}"));
        client.send(request).await
    };
    send(1000).await.success();
    send(1001).await.error(413);
    send(3500).await.error(413);
    let requests = emulator.requests();
    assert_eq!(requests[0].body.len(), 1000);
    assert_eq!(requests[1].body.len(), 0);
    // The connection is good for more.
    client.thread().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_do_not_disturb_each_other() {
    let (_emulator, client, _) = start().await;
    let thread = client.thread().await;
    let tasks: Vec<_> = (0..40)
        .map(|number: usize| {
            let client = client.clone();
            let thread = thread.clone();
            tokio::spawn(async move { id(&client.say(&thread, &number.to_string()).await) })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    let page = client.get(&format!("/threads/{thread}/messages?limit=100")).await.success();
    let mut listed: Vec<String> = page["data"].as_array().unwrap().iter().map(id).collect();
    ids.sort();
    listed.sort();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn dropping_the_emulator_stops_it() {
    let (emulator, client, _) = start().await;
    client.thread().await;
    let address = address(&emulator);
    TcpStream::connect(&address).await.unwrap();
    drop(emulator);
    refused(&address).await;
}

#[tokio::test]
async fn shutting_down_closes_idle_connections() {
    let (emulator, client, _) = start().await;
    // The client keeps its connection open, and this one never asks for anything.
    client.thread().await;
    let address = address(&emulator);
    let mut idle = TcpStream::connect(&address).await.unwrap();
    let mut half = TcpStream::connect(&address).await.unwrap();
    half.write_all(b"GET /api/projects/demo/threads HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    tokio::time::timeout(DEADLINE, emulator.shutdown()).await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
    let mut rest = Vec::new();
    // Reset or closed, but not open.
    let _ = tokio::time::timeout(DEADLINE, idle.read_to_end(&mut rest)).await.unwrap();
    let _ = tokio::time::timeout(DEADLINE, half.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_up_the_end() {
    let (emulator, client, _) = start().await;
    let mut stream = TcpStream::connect(address(&emulator)).await.unwrap();
    let head = "POST /api/projects/demo/threads HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    // Answered after the connection above was accepted.
    client.thread().await;
    tokio::time::timeout(DEADLINE, emulator.shutdown()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.is_empty());
}

#[tokio::test]
async fn the_request_log_remembers_as_much_as_it_is_told_to() {
    for (capacity, kept) in [(3, 3), (0, 1), (100, 5)] {
        let emulator = Emulator::builder().log_capacity(capacity).start().await.unwrap();
        let client = Client::new(emulator.endpoint());
        for number in 0..5 {
            client.get(&format!("/threads?limit={}", number + 1)).await.success();
        }
        let requests = emulator.requests();
        assert_eq!(requests.len(), kept);
        assert_eq!(requests.last().unwrap().query_value("limit"), Some("5"));
        assert!(requests.iter().all(|request| request.status == Some(200)));
    }
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let first = Emulator::start().await.unwrap();
    let port = url::Url::parse(first.endpoint()).unwrap().port().unwrap();
    let error = Emulator::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, StartError::PortInUse { port: named, .. } if named == port));
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    first.shutdown().await;
    let second = Emulator::builder().port(port).start().await.unwrap();
    assert!(second.endpoint().contains(&format!(":{port}/")));
}

#[tokio::test]
async fn a_request_that_is_no_http_ends_only_its_own_connection() {
    let (emulator, client, _) = start().await;
    let mut stream = TcpStream::connect(address(&emulator)).await.unwrap();
    stream.write_all(b"\x16\x03\x01 this is no http\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap();
    client.thread().await;
}
