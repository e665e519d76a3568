//! A stream that is much longer than the memory it takes, of the emulator and of who reads it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use foundry_emulator::{Emulator, Framing, Rule};
use serde_json::{Value, json};

/// How many words, and what they come to at the least: 150 bytes or more for each.
const WORDS: u64 = 400_000;
const BYTES: usize = 60_000_000;

/// The same of a response, whose events say more.
const RESPONSE_WORDS: u64 = 240_000;
const RESPONSE_BYTES: usize = 54_000_000;

/// How much of it may be in memory at a time: what the reader keeps, 4 MiB, and as much of the
/// emulator's, of which its message is one.
const LIMIT: usize = 12 * 1024 * 1024;

/// The same of a response. Counted in the allocator, the emulator holds 7 MiB more once one has
/// ended, its last 10,000 events and its text of one MiB in four of them and in the response, and at
/// most 12 MiB more while the last events are written, whatever was streamed before. The reader's
/// 4 MiB come to that. How much of what was freed has gone back to the system differs: of the
/// process 6 to 17 MiB were seen.
const RESPONSE_LIMIT: usize = 20 * 1024 * 1024;

/// How much of the end its reader keeps, which is in that memory too.
const KEPT: usize = 3 * 1024 * 1024;

/// The memory of this process that is its own, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// Reads a stream to its end, and gives its last MiBs and how long it was.
async fn read(mut answer: reqwest::Response, limit: usize) -> (String, usize) {
    let before = memory();
    let (mut bytes, mut most, mut end) = (0, before, Vec::with_capacity(KEPT + KEPT / 4));
    while let Some(chunk) = answer.chunk().await.unwrap() {
        bytes += chunk.len();
        end.extend_from_slice(&chunk);
        if end.len() > KEPT {
            most = most.max(memory());
            end.drain(..KEPT / 3);
        }
    }
    assert!(most - before < limit, "{} MiB more", (most - before) / 1024 / 1024);
    (String::from_utf8(end).unwrap(), bytes)
}

// One test, for memory is that of the process.
#[tokio::test]
async fn memory_does_not_grow_with_the_length_of_a_stream() {
    let emulator = Emulator::builder().rule(Rule::new().reply_words(WORDS)).start().await.unwrap();
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}?api-version=2025-05-01", emulator.endpoint());
    let post =
        async |path: &str, body: Value| client.post(url(path)).bearer_auth("a").json(&body).send().await.unwrap();
    let agent: Value = post("/assistants", json!({ "model": "m" })).await.json().await.unwrap();
    for framing in [Framing::new(), Framing::new().chunks_of(64 * 1024)] {
        emulator.add_rule(Rule::new().framing(framing).reply_words(WORDS));
        let body = json!({ "assistant_id": agent["id"], "stream": true });
        let (end, bytes) = read(post("/threads/runs", body).await, LIMIT).await;
        assert!(bytes > BYTES, "{bytes}");
        assert!(end.contains("event: thread.run.completed\n") && end.ends_with("event: done\ndata: [DONE]\n\n"));
        assert!(end.contains(&format!("\"completion_tokens\":{WORDS}")));
    }
    // A response keeps what it has told, but not all of it. The first request has its document read.
    emulator.add_rule(Rule::new().reply_words(RESPONSE_WORDS));
    post("/openai/v1/conversations", json!({})).await;
    for store in [true, false] {
        let body = json!({ "model": "m", "input": "Count", "stream": true, "store": store });
        let (end, bytes) = read(post("/openai/v1/responses", body).await, RESPONSE_LIMIT).await;
        assert!(bytes > RESPONSE_BYTES, "{bytes}");
        assert!(end.contains("event: response.completed\n"));
        assert!(end.contains(&format!("\"output_tokens\":{RESPONSE_WORDS}")));
    }
}
