//! Streams cut, paused and kept alive as one wants; the events stay the same.

use std::time::Duration;

use foundry_emulator::{Emulator, Framing, Rule};
use serde_json::{Value, json};

use crate::client::{Client, SetClock};
use crate::wire::Wire;

const TEXT: &str = "Why is the sky blue? – 文\n😀";

const HOUR: Duration = Duration::from_secs(3600);

async fn start(framing: Framing) -> (Emulator, Value) {
    let emulator = Emulator::builder().clock(SetClock::new()).framing(framing).start().await.unwrap();
    let agent = Client::new(emulator.endpoint()).agent("Be brief.").await;
    let messages = json!([{ "role": "user", "content": TEXT }]);
    (emulator, json!({ "assistant_id": agent, "stream": true, "thread": { "messages": messages } }))
}

/// The chunks of a stream that is sent so; ids are the same in every emulator.
async fn chunks(framing: Framing) -> Vec<Vec<u8>> {
    let (emulator, body) = start(framing).await;
    let (chunks, is_whole) = Wire::post(&emulator, "/threads/runs", &body).await.chunks().await;
    assert!(is_whole);
    chunks
}

#[tokio::test]
async fn each_event_is_a_chunk_unless_told_otherwise() {
    let chunks = chunks(Framing::new()).await;
    assert!(chunks.len() > 20);
    for chunk in &chunks {
        let text = std::str::from_utf8(chunk).unwrap();
        assert!(text.starts_with("event: ") && text.ends_with("\n\n"), "{text}");
        assert_eq!((text.matches("\nevent:").count(), text.matches("\ndata: ").count()), (0, 1), "{text}");
        assert!(!text.contains('\r'));
    }
    assert_eq!(chunks.last().unwrap(), b"event: done\ndata: [DONE]\n\n");
}

#[tokio::test]
async fn wherever_it_is_cut_a_stream_is_the_same() {
    let whole = chunks(Framing::new()).await.concat();
    assert!(String::from_utf8(whole.clone()).unwrap().contains("文"));
    for size in [1, 2, 3, 7, 1000] {
        let chunks = chunks(Framing::new().chunks_of(size)).await;
        let (last, others) = chunks.split_last().unwrap();
        assert!(others.iter().all(|chunk| chunk.len() == size) && last.len() <= size, "{size}");
        assert!(chunks.concat() == whole, "{size}");
    }
    let chunks = chunks(Framing::new().one_chunk()).await;
    assert!(chunks == [whole]);
}

#[tokio::test]
async fn keep_alives_and_line_ends_leave_the_events_as_they_are() {
    let whole = String::from_utf8(chunks(Framing::new()).await.concat()).unwrap();
    let framing = Framing::new().keep_alive_comments().keep_alive_events();
    let alive = String::from_utf8(chunks(framing).await.concat()).unwrap();
    let keep_alive = ": keep-alive\n\nevent: keepalive\ndata: {}\n\n";
    let events = whole.matches("event: ").count();
    assert_eq!(alive.matches(keep_alive).count(), events - 1);
    assert_eq!(alive.replace(keep_alive, ""), whole);
    let crlf = String::from_utf8(chunks(Framing::new().crlf()).await.concat()).unwrap();
    assert!(!crlf.replace("\r\n", "").contains(['\r', '\n']));
    assert_eq!(crlf.replace("\r\n", "\n"), whole);
    let cr = String::from_utf8(chunks(Framing::new().cr()).await.concat()).unwrap();
    assert_eq!(cr.replace('\r', "\n"), whole);
}

#[tokio::test]
async fn a_rule_frames_its_own_streams() {
    let (emulator, body) = start(Framing::new().one_chunk()).await;
    emulator.add_rule(Rule::new().last_message("sky").times(1).framing(Framing::new().chunks_of(5)));
    let (chunks, _) = Wire::post(&emulator, "/threads/runs", &body).await.chunks().await;
    assert_eq!(chunks[0], b"event");
    let (chunks, _) = Wire::post(&emulator, "/threads/runs", &body).await.chunks().await;
    assert_eq!(chunks.len(), 1);

    // Its second leg is sent as the first one.
    let rule = Rule::new().framing(Framing::new().chunks_of(5)).call_function("f", json!({})).reply("Well.");
    emulator.add_rule(rule);
    let first = Wire::post(&emulator, "/threads/runs", &body).await.body().await;
    let waiting = first.split("event: thread.run.requires_action\ndata: ").nth(1).unwrap().lines().next().unwrap();
    let run: Value = serde_json::from_str(waiting).unwrap();
    let path = format!(
        "/threads/{}/runs/{}/submit_tool_outputs",
        run["thread_id"].as_str().unwrap(),
        run["id"].as_str().unwrap()
    );
    let mut outputs = crate::client::outputs(&run, &["5"]);
    outputs["stream"] = json!(true);
    let (chunks, _) = Wire::post(&emulator, &path, &outputs).await.chunks().await;
    assert_eq!(chunks[0], b"event");
}

#[tokio::test]
async fn a_pause_holds_up_neither_others_nor_the_end() {
    let (emulator, body) = start(Framing::new().pause(HOUR)).await;
    let client = Client::new(emulator.endpoint());
    let mut wire = Wire::post(&emulator, "/threads/runs", &body).await;
    let received = wire.until("\n\n").await;
    assert!(received.contains("event: thread.created"), "{received}");
    assert!(!received.contains("thread.run.created"), "{received}");
    client.thread().await;
    tokio::time::timeout(Duration::from_millis(1500), emulator.shutdown()).await.unwrap();
    let (chunks, is_whole) = wire.chunks().await;
    assert_eq!((chunks.len(), is_whole), (1, false));
}

#[tokio::test]
async fn pauses_come_between_chunks() {
    // Before the first one there is none, nor after the last.
    let (emulator, body) = start(Framing::new().one_chunk().pause(HOUR)).await;
    assert!(Wire::post(&emulator, "/threads/runs", &body).await.body().await.ends_with("data: [DONE]\n\n"));

    let pause = Duration::from_millis(3);
    let (emulator, body) = start(Framing::new().chunks_of(1000).pause(pause)).await;
    let begun = std::time::Instant::now();
    let (chunks, is_whole) = Wire::post(&emulator, "/threads/runs", &body).await.chunks().await;
    assert!(is_whole && chunks.len() > 5);
    assert!(begun.elapsed() >= pause * u32::try_from(chunks.len() - 1).unwrap());
}

#[tokio::test]
async fn a_run_that_hangs_can_be_kept_alive() {
    let framing = Framing::new().keep_alive_events().pause(Duration::from_millis(1));
    let (emulator, body) = start(framing).await;
    emulator.add_rule(Rule::new().hang());
    let mut wire = Wire::post(&emulator, "/threads/runs", &body).await;
    let received = wire.until("thread.run.in_progress").await;
    let count = received.matches("event: keepalive").count();
    // It goes on without an event of the run.
    let mut more = received;
    while more.matches("event: keepalive").count() < count + 5 {
        let before = more.len();
        more = wire.more().await;
        assert!(more.len() > before);
    }
    assert!(!more.contains("event: done"));
}
