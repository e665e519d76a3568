//! A stream that is much longer than the memory it takes, of the emulator and of who reads it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use foundry_emulator::{Emulator, Framing, Rule};
use serde_json::{Value, json};

/// How many words, and what they come to at the least: 150 bytes or more for each.
const WORDS: u64 = 400_000;
const BYTES: usize = 60_000_000;

/// How much of it may be in memory at a time.
const LIMIT: usize = 20 * 1024 * 1024;

/// The memory of this process that is its own, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

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
        let before = memory();
        let mut answer = post("/threads/runs", json!({ "assistant_id": agent["id"], "stream": true })).await;
        let (mut bytes, mut most, mut end) = (0, before, Vec::new());
        while let Some(chunk) = answer.chunk().await.unwrap() {
            bytes += chunk.len();
            end.extend_from_slice(&chunk);
            if end.len() > 4 * 1024 * 1024 {
                most = most.max(memory());
                end.drain(..2 * 1024 * 1024);
            }
        }
        assert!(bytes > BYTES, "{bytes}");
        assert!(most - before < LIMIT, "{} MiB more", (most - before) / 1024 / 1024);
        let end = String::from_utf8(end).unwrap();
        assert!(end.contains("event: thread.run.completed\n") && end.ends_with("event: done\ndata: [DONE]\n\n"));
        assert!(end.contains(&format!("\"completion_tokens\":{WORDS}")));
    }
}
