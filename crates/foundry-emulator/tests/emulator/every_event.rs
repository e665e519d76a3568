//! Every event that the document lists can occur, each in the run that it belongs to.

use std::collections::BTreeSet;

use foundry_emulator::Rule;
use serde_json::{Value, json};

use crate::client::{data, id, names, start_with};
use crate::schema;
use crate::wire::{Wire, event_names};

/// The events of a run that does this.
async fn streamed(rule: Rule) -> Vec<(String, Value)> {
    let (_emulator, client, _) = start_with([rule], []).await;
    client.ask_streamed("One two three").await
}

/// The names of the events from the moment at which the run is in progress.
fn after_begin(events: &[(String, Value)]) -> Vec<String> {
    let names = names(events);
    assert_eq!(
        names[..4],
        ["thread.created", "thread.run.created", "thread.run.queued", "thread.run.in_progress"],
        "{names:?}"
    );
    names[4..].iter().map(|name| (*name).to_owned()).collect()
}

const MESSAGE: [&str; 5] = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
];

const CALL: [&str; 3] = ["thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.delta"];

#[tokio::test]
async fn every_event_of_the_document_occurs_where_it_belongs() {
    let open = || Rule::new().write("Once upon");
    let table: Vec<(Rule, &[&str], Vec<&str>)> = vec![
        (
            Rule::new().reply("Once upon a time"),
            &MESSAGE,
            vec!["thread.message.completed", "thread.run.step.completed", "thread.run.completed", "done"],
        ),
        (Rule::new().call_function("f", json!({})), &CALL, vec!["thread.run.requires_action", "done"]),
        (
            Rule::new().incomplete_after("Once upon", "max_completion_tokens"),
            &MESSAGE,
            vec!["thread.message.incomplete", "thread.run.step.completed", "thread.run.incomplete", "done"],
        ),
        (
            open().incomplete("content_filter"),
            &MESSAGE,
            vec!["thread.message.incomplete", "thread.run.step.completed", "thread.run.incomplete", "done"],
        ),
        (
            open().fail("server_error", "Sorry."),
            &MESSAGE,
            vec!["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed", "done"],
        ),
        (
            open().expire(),
            &MESSAGE,
            vec!["thread.message.incomplete", "thread.run.step.expired", "thread.run.expired", "done"],
        ),
        (
            open().cancelled(),
            &MESSAGE,
            vec!["thread.message.incomplete", "thread.run.step.cancelled", "thread.run.cancelled", "done"],
        ),
        (open().stream_error("server_error", "Sorry."), &MESSAGE, vec!["error"]),
        (Rule::new().stream_error("server_error", "Sorry."), &[], vec!["error"]),
    ];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (rule, begin, end) in table {
        let what = format!("{rule:?}");
        let events = streamed(rule).await;
        let expected: Vec<&str> = begin.iter().copied().chain(end).collect();
        assert_eq!(after_begin(&events), expected, "{what}");
        seen.extend(events.into_iter().map(|(name, _)| name));
    }
    // Only somebody else can make a run be cancelling.
    seen.extend(cancelled_in_the_middle().await);

    let listed: BTreeSet<String> = schema::stream_events().into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed.len(), 25);
    assert_eq!(seen, listed);
}

/// The names of the events of a run that is cancelled while its stream is silent.
async fn cancelled_in_the_middle() -> Vec<String> {
    let (emulator, client, _) = start_with([Rule::new().write("Once upon").hang()], []).await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    let runs = format!("/threads/{thread}/runs");
    let mut wire = Wire::post(&emulator, &runs, &json!({ "assistant_id": agent, "stream": true })).await;
    wire.until("\" upon\"").await;
    let run = client.get(&runs).await.success()["data"][0].clone();
    assert_eq!(run["status"], "in_progress");
    client.call("POST", &format!("{runs}/{}/cancel", id(&run)), None).await.success();
    let body = wire.body().await;
    let events = crate::client::events(body.as_bytes());
    schema::assert_events(&events);
    let names = event_names(&body);
    let end = [
        "thread.message.delta",
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
        "done",
    ];
    assert_eq!(names[names.len() - 6..], end);
    assert_eq!(data(&events, "thread.message.incomplete")["incomplete_details"]["reason"], "run_cancelled");
    names.into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_breaks_off_in_the_middle_says_why_everywhere() {
    let error = json!({ "code": "server_error", "message": "Sorry." });
    for (rule, status, reason) in [
        (Rule::new().write("Once upon").fail("server_error", "Sorry."), "failed", "run_failed"),
        (Rule::new().write("Once upon").stream_error("server_error", "Sorry."), "failed", "run_failed"),
        (Rule::new().write("Once upon").expire(), "expired", "run_expired"),
        (Rule::new().write("Once upon").cancelled(), "cancelled", "run_cancelled"),
    ] {
        let (_emulator, client, _) = start_with([rule], []).await;
        let events = client.ask_streamed("One two three").await;
        let thread = id(data(&events, "thread.created"));
        let path = format!("/threads/{thread}/runs/{}", id(data(&events, "thread.run.created")));
        let run = client.get(&path).await.success();
        assert_eq!(run["status"], status);
        let steps = client.steps(&path).await;
        assert_eq!((steps.len(), &steps[0]["status"]), (1, &json!(status)));
        let has_failed = status == "failed";
        assert_eq!(steps[0]["failed_at"].is_i64(), has_failed);
        assert_eq!(steps[0]["cancelled_at"].is_i64(), status == "cancelled");
        assert_eq!(steps[0]["completed_at"], Value::Null);
        let expected = if has_failed { &error } else { &Value::Null };
        assert_eq!((&steps[0]["last_error"], &run["last_error"]), (expected, expected));
        if status != "cancelled" {
            assert_eq!(
                (&run["usage"]["prompt_tokens"], &run["usage"]["completion_tokens"]),
                (&json!(3), &json!(2)),
                "{status}"
            );
        }
        assert_eq!(client.texts(&thread).await[0], "Once upon");
        match events.iter().find(|(name, _)| name == "thread.message.incomplete") {
            Some((_, message)) => {
                assert_eq!(message["incomplete_details"]["reason"], reason);
                assert_eq!(message["content"][0]["text"]["value"], "Once upon");
            }
            // An error says nothing of how the run ends.
            None => assert_eq!(events.last().unwrap(), &("error".to_owned(), json!({ "error": error }))),
        }
    }
}

#[tokio::test]
async fn what_looks_instead_of_streaming_sees_the_same_ends() {
    let rules = [
        Rule::new().last_message("fail").write("Once").fail("server_error", "Sorry."),
        Rule::new().last_message("error").stream_error("server_error", "Sorry."),
        Rule::new().last_message("goes on").write("Once").stay(1).write(" upon").reply(" a time."),
        Rule::new().last_message("calls").write("Let me see.").call_function("f", json!({})).reply("Seen."),
    ];
    let (_emulator, client, _) = start_with(rules, []).await;
    let run = client.ask("fail").await;
    assert_eq!(client.statuses(&run, 3).await, ["in_progress", "in_progress", "failed"]);
    assert_eq!(client.steps(&run).await[0]["status"], "failed");
    let run = client.ask("error").await;
    assert_eq!(client.statuses(&run, 2).await, ["in_progress", "failed"]);

    let run = client.ask("goes on").await;
    assert_eq!(client.statuses(&run, 2).await, ["in_progress"; 2]);
    assert_eq!(client.reply(&run).await, "Once");
    assert_eq!(client.statuses(&run, 2).await, ["in_progress"; 2]);
    assert_eq!(client.reply(&run).await, "Once upon");
    let completed = client.complete(&run).await;
    assert_eq!(client.reply(&run).await, "Once upon a time.");
    assert_eq!(completed["usage"]["completion_tokens"], 4);
    assert_eq!(client.steps(&run).await.len(), 1);

    // A message that tools interrupt is a message of its own.
    let run = client.ask("calls").await;
    let waiting = client.wait(&run).await;
    assert_eq!(client.reply(&run).await, "Let me see.");
    client.submit(&run, crate::client::outputs(&waiting, &["5"])).await.success();
    client.complete(&run).await;
    assert_eq!(client.reply(&run).await, "Seen.");
    let steps = client.steps(&run).await;
    let kinds: Vec<&Value> = steps.iter().map(|step| &step["type"]).collect();
    assert_eq!(kinds, ["message_creation", "tool_calls", "message_creation"]);
    assert!(steps.iter().all(|step| step["status"] == "completed"));
}
