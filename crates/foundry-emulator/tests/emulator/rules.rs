//! Rules: which one decides a run, and the ways in which runs go and end.

use foundry_emulator::{Emulator, Rule};
use serde_json::{Value, json};

use crate::client::{Client, START, data, id, names, start_with};
use crate::wire::Wire;

#[tokio::test]
async fn the_first_rule_that_matches_decides() {
    let rules = [
        Rule::new().agent("weather").last_message("rome").reply("of the agent"),
        Rule::new().instructions("brief").last_message("ROME").reply("of the instructions"),
        Rule::new().last_message("rome").reply("of the message"),
    ];
    let (emulator, client, _) = start_with(rules, []).await;
    let ask = async |name: &str, instructions: &str, text: &str| {
        let body = json!({ "model": "gpt-4.1-mini", "name": name, "instructions": instructions });
        let agent = id(&client.post("/assistants", body).await.success());
        let thread = client.thread().await;
        client.say(&thread, text).await;
        let run = client.run(&thread, &agent).await;
        client.complete(&run).await;
        client.reply(&run).await
    };
    assert_eq!(ask("My Weather", "Be brief.", "In Rome?").await, "of the agent");
    assert_eq!(ask("time", "Be brief.", "In Rome?").await, "of the instructions");
    assert_eq!(ask("time", "", "In Rome?").await, "of the message");
    assert!(ask("weather", "Be brief.", "In Paris?").await.contains("In Paris?"));

    emulator.add_rule(Rule::new().reply("newest"));
    assert_eq!(ask("weather", "Be brief.", "In Rome?").await, "newest");
}

#[tokio::test]
async fn a_rule_is_chosen_when_the_run_begins_and_kept() {
    let (emulator, client, _) = start_with([], []).await;
    let run = client.ask("Hello").await;
    emulator.add_rule(Rule::new().reply("first"));
    assert_eq!(client.statuses(&run, 1).await, ["in_progress"]);
    emulator.add_rule(Rule::new().reply("second"));
    client.complete(&run).await;
    assert_eq!(client.reply(&run).await, "first");
}

#[tokio::test]
async fn a_rule_serves_as_many_runs_as_it_may() {
    let rules = [Rule::new().times(1).fail("server_error", "Once."), Rule::new().reply("Well.")];
    let (_emulator, client, _) = start_with(rules, []).await;
    let first = client.ask("Hello").await;
    assert_eq!(client.statuses(&first, 2).await, ["in_progress", "failed"]);
    let second = client.ask("Hello").await;
    client.complete(&second).await;
    assert_eq!(client.reply(&second).await, "Well.");
}

#[tokio::test]
async fn a_rule_that_is_used_up_leaves_the_rest_to_the_model() {
    let (_emulator, client, _) = start_with([Rule::new().stay(1)], []).await;
    let run = client.ask("Hello there").await;
    assert_eq!(client.statuses(&run, 3).await, ["in_progress", "in_progress", "completed"]);
    assert!(client.reply(&run).await.contains("Hello there"));
}

#[tokio::test]
async fn a_status_is_shown_and_progress_stays_for_so_many_looks() {
    let rules = [
        Rule::new().last_message("polish").status("polishing", 2).reply("x"),
        Rule::new().last_message("stay").stay(3).reply("x"),
        Rule::new().last_message("both").status("polishing", 1).stay(1).reply("x"),
    ];
    let (_emulator, client, _) = start_with(rules, []).await;
    let run = client.ask("polish").await;
    assert_eq!(client.statuses(&run, 2).await, ["in_progress", "polishing"]);
    // Whatever the status is called, the run is under way.
    let thread = run.split('/').nth(2).unwrap();
    let message = json!({ "role": "user", "content": "More" });
    client.post(&format!("/threads/{thread}/messages"), message).await.error(400);
    assert_eq!(client.statuses(&run, 2).await, ["polishing", "completed"]);

    let run = client.ask("stay").await;
    let statuses = client.statuses(&run, 5).await;
    assert_eq!(statuses[..4], ["in_progress"; 4]);
    assert_eq!(statuses[4], "completed");
    let run = client.ask("both").await;
    assert_eq!(client.statuses(&run, 4).await, ["in_progress", "polishing", "in_progress", "completed"]);

    let events = client.ask_streamed("both").await;
    assert_eq!(names(&events)[3..6], ["thread.run.in_progress", "thread.run.polishing", "thread.run.step.created"]);
    assert_eq!(data(&events, "thread.run.polishing")["status"], "polishing");
}

/// How a run ends by a rule, looked at and streamed, and its steps.
async fn ended(rule: Rule, status: &str) -> (Value, Vec<(String, Value)>, Vec<Value>) {
    let (_emulator, client, clock) = start_with([rule], []).await;
    let path = client.ask("One two three").await;
    clock.advance(5);
    let begun = client.get(&path).await.success();
    assert_eq!((&begun["status"], &begun["usage"]), (&json!("in_progress"), &Value::Null));
    assert!(begun["expires_at"].is_i64());
    clock.advance(5);
    let run = client.get(&path).await.success();
    assert_eq!(run["status"], status);
    assert_eq!((&run["expires_at"], &run["required_action"]), (&Value::Null, &Value::Null));
    assert_eq!(run["completed_at"], Value::Null);
    // It stays so, and the thread is free.
    assert_eq!(client.get(&path).await.success(), run);
    client.call("POST", &format!("{path}/cancel"), None).await.error(400);
    client.say(run["thread_id"].as_str().unwrap(), "More").await;

    let events = client.ask_streamed("One two three").await;
    let last = &events[events.len() - 2..];
    assert_eq!((last[0].0.as_str(), last[1].0.as_str()), (format!("thread.run.{status}").as_str(), "done"));
    assert_eq!((&last[0].1["status"], &last[0].1["usage"]), (&json!(status), &run["usage"]));
    let steps = client.steps(&path).await;
    (run, events, steps)
}

#[tokio::test]
async fn runs_fail_with_a_code() {
    let message = "Rate limit is exceeded. Try again in 21 seconds.";
    let (run, events, steps) = ended(Rule::new().fail("rate_limit_exceeded", message), "failed").await;
    assert_eq!(run["last_error"], json!({ "code": "rate_limit_exceeded", "message": message }));
    assert_eq!(run["failed_at"], START + 10);
    assert_eq!((&run["usage"]["prompt_tokens"], &run["usage"]["completion_tokens"]), (&json!(3), &json!(0)));
    assert_eq!(
        names(&events)[1..],
        ["thread.run.created", "thread.run.queued", "thread.run.in_progress", "thread.run.failed", "done"]
    );
    assert!(steps.is_empty());
}

#[tokio::test]
async fn runs_are_incomplete_for_a_reason() {
    let (run, events, steps) = ended(Rule::new().incomplete("max_completion_tokens"), "incomplete").await;
    assert_eq!(run["incomplete_details"], json!({ "reason": "max_completion_tokens" }));
    assert_eq!((&run["last_error"], &run["failed_at"]), (&Value::Null, &Value::Null));
    assert!(!names(&events).contains(&"thread.message.created"));
    assert!(steps.is_empty());

    let rule = Rule::new().incomplete_after("Once upon a", "max_completion_tokens");
    let (run, events, steps) = ended(rule, "incomplete").await;
    assert_eq!(run["usage"]["completion_tokens"], 3);
    assert_eq!(
        names(&events)[4..],
        [
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.message.created",
            "thread.message.in_progress",
            "thread.message.delta",
            "thread.message.incomplete",
            "thread.run.step.completed",
            "thread.run.incomplete",
            "done",
        ]
    );
    let message = data(&events, "thread.message.incomplete");
    assert_eq!((&message["status"], &message["completed_at"]), (&json!("incomplete"), &Value::Null));
    assert_eq!(message["incomplete_details"], json!({ "reason": "max_tokens" }));
    assert!(message["incomplete_at"].is_i64());
    assert_eq!(message["content"][0]["text"]["value"], "Once upon a");
    assert_eq!((steps.len(), &steps[0]["type"]), (1, &json!("message_creation")));
}

#[tokio::test]
async fn runs_expire_and_are_cancelled_by_the_service() {
    let (run, _, _) = ended(Rule::new().expire(), "expired").await;
    assert_eq!((&run["last_error"], &run["failed_at"]), (&Value::Null, &Value::Null));
    assert!(run["usage"].is_object());
    let (run, _, _) = ended(Rule::new().cancelled(), "cancelled").await;
    assert_eq!((&run["cancelled_at"], &run["usage"]), (&json!(START + 10), &Value::Null));
}

#[tokio::test]
async fn a_run_that_hangs_ends_only_by_being_cancelled() {
    let (_emulator, client, _) = start_with([Rule::new().hang()], []).await;
    let run = client.ask("Hello").await;
    assert_eq!(client.statuses(&run, 10).await, ["in_progress"; 10]);
    client.call("POST", &format!("{run}/cancel"), None).await.success();
    assert_eq!(client.statuses(&run, 2).await, ["cancelled"; 2]);
}

/// Begins a stream that hangs, and reads it as far as it goes.
async fn hanging(emulator: &Emulator, client: &Client) -> Wire {
    let agent = client.agent("").await;
    let mut wire = Wire::post(emulator, "/threads/runs", &json!({ "assistant_id": agent, "stream": true })).await;
    let received = wire.until("event: thread.run.in_progress").await;
    assert!(!received.contains("event: done"), "{received}");
    wire
}

#[tokio::test]
async fn a_stream_that_hangs_ends_with_its_caller_or_with_the_emulator() {
    let (emulator, client, _) = start_with([Rule::new().hang()], []).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    client.thread().await;
    let before = tasks();
    let stream = hanging(&emulator, &client).await;
    assert!(tasks() > before);
    drop(stream);
    let gone = async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), gone).await.unwrap();

    // Much sooner than the time that answers are given to finish.
    let stream = hanging(&emulator, &client).await;
    tokio::time::timeout(std::time::Duration::from_millis(1500), emulator.shutdown()).await.unwrap();
    let (chunks, is_whole) = stream.chunks().await;
    assert!(!is_whole && !String::from_utf8_lossy(&chunks.concat()).contains("done"));
}

#[tokio::test]
async fn a_reply_is_computed_from_the_turn() {
    let rule = Rule::new()
        .call_function("f", json!({ "a": 1 }))
        .ask_approval("github", "search", json!({}))
        .reply_with(|turn| {
            let history: Vec<String> =
                turn.history.iter().map(|message| format!("{}: {}", message.role, message.text)).collect();
            let output = &turn.outputs[0];
            let approval = &turn.approvals[0];
            json!([
                [turn.agent_id, turn.agent_name, turn.model, turn.instructions],
                history,
                [output.function, output.arguments, output.output],
                [approval.server_label, approval.tool, approval.arguments, approval.approved],
                [turn.tools, turn.tool_choice, turn.response_format, turn.tool_resources, turn.last_message()],
            ])
            .to_string()
        });
    let (_emulator, client, _) = start_with([rule], []).await;
    let tool = json!({ "type": "function", "function": { "name": "f", "parameters": {}, "strict": true } });
    let body = json!({ "model": "m", "name": "n", "instructions": "i", "tools": [tool] });
    let agent = id(&client.post("/assistants", body).await.success());
    let thread = client.thread().await;
    client.say(&thread, "Hello").await;
    let run = client.run(&thread, &agent).await;
    let waiting = client.wait(&run).await;
    client.submit(&run, crate::client::outputs(&waiting, &["five"])).await.success();
    let waiting = client.wait(&run).await;
    client.submit(&run, crate::client::approvals(&waiting, &[false])).await.success();
    client.complete(&run).await;
    let seen: Value = serde_json::from_str(&client.reply(&run).await).unwrap();
    let expected = json!([
        [agent, "n", "m", "i"],
        ["user: Hello"],
        ["f", r#"{"a":1}"#, "five"],
        ["github", "search", "{}", false],
        [[tool], "auto", "auto", {}, "Hello"],
    ]);
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_reply_that_panics_costs_only_its_request() {
    let rule = Rule::new().last_message("panic").reply_with(|_| -> String { panic!("as the test wants") });
    let (_emulator, client, _) = start_with([rule], []).await;
    let run = client.ask("panic").await;
    client.get(&run).await.success();
    let request = client.request("GET", &run);
    assert!(request.send().await.is_err());
    let other = client.ask("Hello").await;
    client.complete(&other).await;
}
