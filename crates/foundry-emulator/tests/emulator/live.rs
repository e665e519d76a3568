//! Streams that are alive: the run goes on as its events are read, and others may step in.

use std::time::Duration;

use foundry_emulator::{Emulator, Fault, Framing, Rule};
use serde_json::{Value, json};

use crate::client::{Client, id, start_with};
use crate::wire::{Wire, event_names};

const HOUR: Duration = Duration::from_secs(3600);

/// An emulator, a client, the path of a thread's runs and a body that streams a run on it.
async fn start(rule: Rule, faults: impl IntoIterator<Item = Fault>) -> (Emulator, Client, String, Value) {
    let (emulator, client, _) = start_with([rule], faults).await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    client.say(&thread, "Hello").await;
    (emulator, client, format!("/threads/{thread}/runs"), json!({ "assistant_id": agent, "stream": true }))
}

/// The run as lists show it, which move nothing.
async fn listed(client: &Client, runs: &str) -> Value {
    client.get(runs).await.success()["data"][0].clone()
}

/// Looks at a run until its stream has noticed that its reader is gone.
async fn completed(client: &Client, run: &str) -> Value {
    for _ in 0..10_000 {
        let run = client.get(run).await.success();
        if run["status"] == "completed" {
            return run;
        }
        tokio::task::yield_now().await;
    }
    panic!("{run} is not completed");
}

#[tokio::test]
async fn who_leaves_in_the_middle_leaves_the_run_to_go_on_by_itself() {
    let framing = Framing::new().pause(Duration::from_millis(1));
    let (emulator, client, runs, body) = start(Rule::new().framing(framing).reply_words(100_000), []).await;
    let mut wire = Wire::post(&emulator, &runs, &body).await;
    wire.until("\" 5\"").await;
    assert_eq!(listed(&client, &runs).await["status"], "in_progress");
    let messages = runs.replace("runs", "messages");
    let unfinished = client.get(&messages).await.success()["data"][0].clone();
    assert_eq!((&unfinished["role"], &unfinished["content"]), (&json!("assistant"), &json!([])));
    // While somebody reads, looking does not move it.
    let run = format!("{runs}/{}", id(&listed(&client, &runs).await));
    assert_eq!(client.statuses(&run, 5).await, ["in_progress"; 5]);
    drop(wire);
    let run = completed(&client, &run).await;
    assert_eq!(run["usage"]["completion_tokens"], 100_000);
    let message = client.get(&messages).await.success()["data"][0].clone();
    assert!(message["content"][0]["text"]["value"].as_str().unwrap().ends_with(" 99999 100000"));
    assert_eq!(message["id"], unfinished["id"]);
}

#[tokio::test]
async fn a_cut_leaves_the_run_where_it_was() {
    let rule = || Rule::new().reply("Once upon a time there was nothing");
    let (_emulator, client, runs, body) = start(rule(), []).await;
    let whole = client.post(&runs, body).await.bytes;
    let whole = std::str::from_utf8(&whole).unwrap();
    let place = |text: &str| whole.find(text).unwrap() + 1;
    for (text, status, steps) in [
        ("event: thread.run.created", "queued", json!([])),
        ("event: thread.run.in_progress", "in_progress", json!([])),
        ("\" upon\"", "in_progress", json!(["in_progress"])),
        ("event: thread.message.completed", "in_progress", json!(["completed"])),
        ("event: thread.run.completed", "completed", json!(["completed"])),
    ] {
        let fault = Fault::new().operation("Runs_create").cut_after(place(text));
        let (emulator, client, runs, body) = start(rule(), [fault]).await;
        let (_, is_whole) = Wire::post(&emulator, &runs, &body).await.chunks().await;
        assert!(!is_whole);
        let run = listed(&client, &runs).await;
        assert_eq!(run["status"], status, "{text}");
        let path = format!("{runs}/{}", id(&run));
        let statuses: Vec<Value> = client.steps(&path).await.iter().map(|step| step["status"].clone()).collect();
        assert_eq!(json!(statuses), steps, "{text}");
        completed(&client, &path).await;
        assert_eq!(client.reply(&path).await, "Once upon a time there was nothing");
        assert_eq!(client.steps(&path).await.len(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_run_ends_its_stream_however_long_it_would_pause() {
    let rules = [
        Rule::new().framing(Framing::new().pause(HOUR)),
        Rule::new().framing(Framing::new().pause(HOUR).chunks_of(20)),
        Rule::new().framing(Framing::new().pause(HOUR).keep_alive_events()).hang(),
        Rule::new().hang(),
    ];
    for rule in rules {
        let (emulator, client, runs, body) = start(rule, []).await;
        let mut wire = Wire::post(&emulator, &runs, &body).await;
        wire.until("event: thread.run").await;
        let run = format!("{runs}/{}", id(&listed(&client, &runs).await));
        let cancelled = client.call("POST", &format!("{run}/cancel"), None).await.success();
        assert_eq!(cancelled["status"], "cancelling");
        let body = wire.body().await;
        let mut names = event_names(&body);
        names.retain(|name| *name != "keepalive");
        assert_eq!(names[names.len() - 3..], ["thread.run.cancelling", "thread.run.cancelled", "done"]);
        assert_eq!(client.get(&run).await.success()["status"], "cancelled");
    }
}

#[tokio::test]
async fn who_looks_at_a_cancelled_run_does_not_take_its_end_from_the_stream() {
    let (emulator, client, runs, body) = start(Rule::new().write("Once").hang(), []).await;
    let mut wire = Wire::post(&emulator, &runs, &body).await;
    wire.until("thread.message.delta").await;
    let run = format!("{runs}/{}", id(&listed(&client, &runs).await));
    // Nobody knows who is first, the one who looks or the stream.
    let cancel = format!("{run}/cancel");
    let (cancelled, looked) = tokio::join!(client.call("POST", &cancel, None), client.get(&run));
    cancelled.success();
    looked.success();
    assert_eq!(client.get(&run).await.success()["status"], "cancelled");
    let body = wire.body().await;
    let names = event_names(&body);
    for name in
        ["thread.run.cancelling", "thread.message.incomplete", "thread.run.step.cancelled", "thread.run.cancelled"]
    {
        assert_eq!(names.iter().filter(|known| **known == name).count(), 1, "{names:?}");
    }
    assert_eq!(names.last(), Some(&"done"));
}

#[tokio::test]
async fn a_run_that_is_deleted_with_its_thread_ends_its_stream_with_an_error() {
    for rule in [Rule::new().hang(), Rule::new().framing(Framing::new().pause(HOUR))] {
        let (emulator, client, runs, body) = start(rule, []).await;
        let mut wire = Wire::post(&emulator, &runs, &body).await;
        wire.until("event: thread.run").await;
        client.call("DELETE", runs.strip_suffix("/runs").unwrap(), None).await.success();
        let body = wire.body().await;
        assert_eq!(event_names(&body).last(), Some(&"error"));
        assert!(body.contains("No run found with id"), "{body}");
    }
}

#[tokio::test]
async fn a_stream_that_lags_does_not_take_the_run_from_who_goes_on_with_it() {
    // The caller is asked, but the stream that says so has not come to its end.
    let rule = Rule::new().call_function("f", json!({})).framing(Framing::new().pause(Duration::from_millis(20)));
    for streamed in [false, true] {
        let (emulator, client, runs, body) = start(rule.clone().hang(), []).await;
        let mut wire = Wire::post(&emulator, &runs, &body).await;
        wire.until("event: thread.run.requires_action").await;
        let run = listed(&client, &runs).await;
        assert_eq!(run["status"], "requires_action");
        let path = format!("{runs}/{}", id(&run));
        let mut outputs = crate::client::outputs(&run, &["5"]);
        outputs["stream"] = json!(streamed);
        let second = if streamed {
            Some(Wire::post(&emulator, &format!("{path}/submit_tool_outputs"), &outputs).await)
        } else {
            assert_eq!(client.submit(&path, outputs).await.success()["status"], "queued");
            None
        };
        let first = wire.body().await;
        assert_eq!(event_names(&first)[event_names(&first).len() - 2..], ["thread.run.requires_action", "done"]);
        match second {
            Some(mut second) => {
                let received = second.until("event: thread.run.in_progress").await;
                assert_eq!(event_names(&received)[..2], ["thread.run.step.completed", "thread.run.queued"]);
            }
            None => assert_eq!(client.get(&path).await.success()["status"], "in_progress"),
        }
    }
}

#[tokio::test]
async fn streams_of_one_project_go_on_side_by_side() {
    let framing = Framing::new().pause(Duration::from_millis(1));
    let rules = [Rule::new().times(1).hang(), Rule::new().framing(framing).reply_words(20)];
    let (emulator, client, _) = start_with(rules, []).await;
    let agent = client.agent("").await;
    let body = json!({ "assistant_id": agent, "stream": true });
    let mut hanging = Wire::post(&emulator, "/threads/runs", &body).await;
    hanging.until("thread.run.in_progress").await;
    let (first, second) = tokio::join!(Wire::post(&emulator, "/threads/runs", &body), async {
        Wire::post(&emulator, "/threads/runs", &body).await
    });
    let (first, second) = tokio::join!(first.body(), second.body());
    for body in [first, second] {
        assert!(body.contains("\" 20\"") && body.ends_with("event: done\ndata: [DONE]\n\n"));
    }
}
