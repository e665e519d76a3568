//! Faults: what a caller sees of them, and what the request log says.

use std::time::Duration;

use foundry_emulator::{Emulator, Fault};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, start_with};

/// An emulator with faults, and a client of it.
async fn start(faults: impl IntoIterator<Item = Fault>) -> (Emulator, Client) {
    let (emulator, client, _) = start_with([], faults).await;
    (emulator, client)
}

async fn send(client: &Client, method: &str, path: &str) -> reqwest::Result<Response> {
    client.request(method, path).header("x-ms-client-request-id", "mine").send().await
}

/// What the log says of the faults: which hit, and whether the operation was done.
fn ledger(emulator: &Emulator) -> Vec<(Option<String>, bool, Option<u16>)> {
    emulator.requests().iter().map(|one| (one.fault().map(str::to_owned), one.acted, one.status)).collect()
}

fn entry(fault: &str, acted: bool, status: impl Into<Option<u16>>) -> (Option<String>, bool, Option<u16>) {
    ((!fault.is_empty()).then(|| fault.to_owned()), acted, status.into())
}

async fn threads(client: &Client) -> usize {
    client.get("/threads").await.success()["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_status_takes_the_place_of_the_answer_and_nothing_is_done() {
    let faults = [
        Fault::new().operation("Threads_create").status(503).header("Retry-After", "1").times(1),
        Fault::new().operation("Threads_create").body(json!({ "a": 1 })).header("x-a", "1").header("x-a", "2").times(1),
        Fault::new()
            .operation("Threads_create")
            .status(502)
            .body_text("<p>", "text/plain")
            .header("content-type", "text/html")
            .times(1),
        Fault::new().operation("Threads_create").status(204).times(1),
        Fault::new()
            .operation("Threads_create")
            .status(429)
            .header("bad name", "1")
            .header("a", "b\n")
            .header("Content-Length", "5")
            .times(1),
    ];
    let (emulator, client) = start(faults).await;

    let answer = send(&client, "POST", "/threads").await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
    // As the service's own errors are.
    assert_eq!(answer.headers()["x-ms-client-request-id"], "mine");
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "ServiceUnavailable");
    assert!(body["error"]["message"].is_string());

    let answer = send(&client, "POST", "/threads").await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "a": 1 }));

    let answer = send(&client, "POST", "/threads").await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::BAD_GATEWAY, &"text/html".parse().unwrap())
    );
    assert_eq!(answer.headers().get_all("content-type").iter().count(), 1);
    assert_eq!(answer.text().await.unwrap(), "<p>");
    let answer = send(&client, "POST", "/threads").await.unwrap();
    assert_eq!((answer.status(), answer.headers().get("content-type")), (StatusCode::NO_CONTENT, None));
    let answer = send(&client, "POST", "/threads").await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("a")), (429, None));
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "429");

    assert_eq!(threads(&client).await, 0);
    client.thread().await;
    let expected = [
        entry("status 503", false, 503),
        entry("status 500", false, 500),
        entry("status 502", false, 502),
        entry("status 204", false, 204),
        entry("status 429", false, 429),
        entry("", true, 200),
        entry("", true, 200),
    ];
    assert_eq!(ledger(&emulator), expected);
    assert_eq!(emulator.requests()[0].operation.as_deref(), Some("Threads_create"));
}

#[tokio::test]
async fn every_status_has_the_services_envelope() {
    for status in [400, 401, 403, 404, 408, 409, 418, 429, 500, 501, 502, 503, 504, 599] {
        let (_emulator, client) = start([Fault::new().status(status)]).await;
        client.get("/threads").await.error(status);
    }
}

#[tokio::test]
async fn what_was_done_can_be_kept_from_the_caller() {
    let faults = [
        Fault::new().method("post").status(500).after_acting().label("lost").times(1),
        Fault::new().method("POST").close().after_acting().times(1),
        Fault::new().method("POST").close().after_acting().before_acting().times(1),
    ];
    let (emulator, client) = start(faults).await;
    assert_eq!(send(&client, "POST", "/threads").await.unwrap().status(), 500);
    assert!(send(&client, "POST", "/threads").await.is_err());
    assert!(send(&client, "POST", "/threads").await.is_err());
    assert_eq!(threads(&client).await, 2);
    let expected =
        [entry("lost", true, 500), entry("close", true, None), entry("close", false, None), entry("", true, 200)];
    assert_eq!(ledger(&emulator), expected);
}

#[tokio::test]
async fn what_the_operation_refuses_was_not_done() {
    let (emulator, client) = start([Fault::new().status(500).after_acting().times(1)]).await;
    assert_eq!(send(&client, "GET", "/threads/thread_x").await.unwrap().status(), 500);
    client.get("/threads/thread_x").await.error(404);
    assert_eq!(ledger(&emulator), [entry("status 500", false, 500), entry("", false, 404)]);
}

#[tokio::test]
async fn a_closed_connection_gives_no_answer_and_others_go_on() {
    let (emulator, client) = start([Fault::new().close().times(2)]).await;
    for expected in 1..=2 {
        let error = send(&client, "GET", "/threads").await.unwrap_err();
        assert!(error.is_request() && !error.is_timeout(), "{error:?}");
        assert_eq!(emulator.connections(), expected);
    }
    client.thread().await;
    client.thread().await;
    // The third one serves all that follows.
    assert_eq!(emulator.connections(), 3);
}

#[tokio::test]
async fn a_body_is_cut_where_the_caller_can_tell() {
    let (emulator, client) = start([]).await;
    let agent = client.agent("").await;
    let threads = client.get("/threads").await.bytes;
    let run = json!({ "assistant_id": agent, "stream": true });
    for bytes in [0, 1, threads.len() - 1] {
        emulator.add_fault(Fault::new().operation("Threads_list").cut_after(bytes).times(1));
        let answer = send(&client, "GET", "/threads").await.unwrap();
        assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, Some(threads.len() as u64)));
        let (received, is_whole) = received(answer).await;
        assert_eq!((received.as_slice(), is_whole), (&threads[..bytes], false));
    }
    // What is not longer is whole.
    emulator.add_fault(Fault::new().operation("Threads_list").cut_after(threads.len()).times(1));
    assert_eq!(send(&client, "GET", "/threads").await.unwrap().bytes().await.unwrap(), threads);

    for bytes in [10, 2000] {
        emulator.add_fault(Fault::new().path("/threads/runs").cut_after(bytes).label("cut").times(1));
        let answer = client.request("POST", "/threads/runs").json(&run).send().await.unwrap();
        assert_eq!(answer.content_length(), None);
        let (received, is_whole) = received(answer).await;
        assert_eq!((received.len(), is_whole), (bytes, false));
        assert!(received.starts_with(b"event: thr"));
    }
    let last = emulator.requests().pop().unwrap();
    assert_eq!((last.fault(), last.acted, last.status), (Some("cut"), true, Some(200)));
    // The runs were made and done.
    assert_eq!(self::threads(&client).await, 2);
}

/// What arrives of a body, and whether that was all.
async fn received(mut answer: Response) -> (Vec<u8>, bool) {
    let mut received = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => received.extend_from_slice(&chunk),
            Ok(None) => return (received, true),
            Err(_) => return (received, false),
        }
    }
}

#[tokio::test]
async fn a_long_body_is_cut_near_its_end() {
    let (emulator, client) = start([]).await;
    let content = vec![b'a'; 3_000_000];
    let file = crate::client::id(&client.upload("a.txt", content).await.success());
    emulator.add_fault(Fault::new().path("/content").cut_after(2_999_999));
    let answer = send(&client, "GET", &format!("/files/{file}/content")).await.unwrap();
    assert_eq!(answer.content_length(), Some(3_000_000));
    let (received, is_whole) = received(answer).await;
    assert_eq!((received.len(), is_whole), (2_999_999, false));
}

#[tokio::test]
async fn a_body_drips_and_is_whole_in_the_end() {
    let drip = || Fault::new().drip(100, Duration::from_millis(1)).times(1);
    let (emulator, client) = start([]).await;
    let agent = client.agent("").await;
    client.thread().await;
    let page = client.get("/threads").await.bytes;
    emulator.add_fault(drip());
    let mut answer = send(&client, "GET", "/threads").await.unwrap();
    assert_eq!(answer.content_length(), Some(page.len() as u64));
    let mut pieces = Vec::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces.push(piece);
    }
    assert!(pieces.len() > 1, "{}", pieces.len());
    assert_eq!(pieces.concat(), page);

    emulator.add_fault(drip());
    let body = json!({ "assistant_id": agent, "stream": true });
    let events = client.post("/threads/runs", body).await.events();
    assert_eq!(events.last().unwrap().0, "done");
    assert_eq!(emulator.requests().pop().unwrap().fault(), Some("drip of 100 bytes every 1ms"));
}

#[tokio::test]
async fn a_delay_leaves_undone_what_nobody_waits_for() {
    let hour = Duration::from_secs(3600);
    let faults =
        [Fault::new().method("POST").delay(hour).times(1), Fault::new().method("POST").delay(hour).after_acting()];
    let (emulator, client) = start(faults).await;
    for _ in 0..2 {
        let request = client.request("POST", "/threads").timeout(Duration::from_millis(50));
        assert!(request.send().await.unwrap_err().is_timeout());
    }
    assert_eq!(threads(&client).await, 1);
    let expected = [entry("delay of 3600s", false, None), entry("delay of 3600s", true, None), entry("", true, 200)];
    assert_eq!(ledger(&emulator), expected);

    // Who waits does not hold up the end.
    let waiting = client.request("POST", "/threads").send();
    let stop = async {
        while emulator.requests().len() < 4 {
            tokio::task::yield_now().await;
        }
        tokio::time::timeout(Duration::from_millis(1500), emulator.shutdown()).await.unwrap();
    };
    let (answer, ()) = tokio::join!(waiting, stop);
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_delay_goes_with_what_else_happens() {
    let delay = Duration::from_millis(30);
    let (emulator, client) = start([Fault::new().delay(delay).status(503).times(1)]).await;
    let begun = std::time::Instant::now();
    client.get("/threads").await.error(503);
    assert!(begun.elapsed() >= delay);
    emulator.add_fault(Fault::new().delay(delay).times(1));
    let begun = std::time::Instant::now();
    client.get("/threads").await.success();
    assert!(begun.elapsed() >= delay);
}

#[tokio::test]
async fn faults_hit_as_often_as_they_are_told_to() {
    let (emulator, client) = start([Fault::new().operation("Threads_list").status(503).every(3)]).await;
    client.thread().await;
    for number in 1..=6 {
        client.get("/connections").await.success();
        let answer = client.get("/threads").await;
        assert_eq!(answer.status, if number % 3 == 0 { 503 } else { 200 }, "{number}");
    }
    drop(emulator);

    let mut decisions = Vec::new();
    for seed in [1, 1, 2] {
        let fault = Fault::new().status(503).probability(0.5);
        let emulator = Emulator::builder().seed(seed).fault(fault).start().await.unwrap();
        let client = Client::new(emulator.endpoint());
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(client.get("/threads").await.status);
        }
        assert!(statuses.contains(&503) && statuses.contains(&200), "{statuses:?}");
        decisions.push(statuses);
    }
    assert_eq!(decisions[0], decisions[1]);
    assert_ne!(decisions[0], decisions[2]);
}

#[tokio::test]
async fn a_fault_can_be_for_blobs_and_for_what_is_no_operation() {
    let (emulator, client) =
        start([Fault::new().path("/blobs/").status(500), Fault::new().path("nowhere").status(418)]).await;
    let origin = emulator.endpoint().split("/api/").next().unwrap().to_owned();
    let answer = reqwest::get(format!("{origin}/blobs/a?sig=b")).await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(send(&client, "GET", "/nowhere").await.unwrap().status(), 418);
    client.get("/threads").await.success();
}
