//! How runs behave: options, cancelling, and what a thread with an unfinished run refuses.

use serde_json::{Value, json};

use crate::client::{START, id, start, text};

#[tokio::test]
async fn a_run_overrides_its_agent_and_inherits_the_rest() {
    let (_emulator, client, _) = start().await;
    let agent = client
        .post(
            "/assistants",
            json!({
                "model": "gpt-4o",
                "instructions": "Be brief.",
                "temperature": 0.25,
                "tools": [{ "type": "code_interpreter" }],
            }),
        )
        .await
        .success();
    let thread = client.thread().await;
    let runs = format!("/threads/{thread}/runs");
    let run = client
        .post(
            &runs,
            json!({
                "assistant_id": id(&agent),
                "model": "gpt-4.1-mini",
                "instructions": "Be long.",
                "additional_instructions": "And polite.",
                "additional_messages": [{ "role": "user", "content": "Added with the run." }],
                "top_p": 0.5,
                "temperature": null,
                "max_prompt_tokens": 100,
                "truncation_strategy": { "type": "auto" },
                "metadata": { "a": "b" },
                // What only the service sets is not taken from the caller.
                "status": "completed",
                "completed_at": 1,
            }),
        )
        .await
        .success();
    assert_eq!(run["status"], "queued");
    assert_eq!(run["completed_at"], Value::Null);
    assert_eq!(run["model"], "gpt-4.1-mini");
    assert_eq!(run["instructions"], "Be long.\nAnd polite.");
    assert_eq!(run["temperature"], 0.25);
    assert_eq!(run["top_p"], 0.5);
    assert_eq!(run["tools"], json!([{ "type": "code_interpreter" }]));
    assert_eq!(run["max_prompt_tokens"], 100);
    assert_eq!(run["truncation_strategy"], json!({ "type": "auto", "last_messages": null }));
    assert_eq!(run["metadata"], json!({ "a": "b" }));

    client.complete(&format!("{runs}/{}", id(&run))).await;
    let texts = client.texts(&thread).await;
    assert_eq!(texts[1], "Added with the run.");
    assert!(texts[0].contains("Be long."), "{texts:?}");
    assert!(texts[0].contains("And polite."), "{texts:?}");
    assert!(texts[0].contains("Added with the run."), "{texts:?}");
}

#[tokio::test]
async fn additional_instructions_follow_the_agents_own() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("Be brief.").await;
    let thread = client.thread().await;
    let body = json!({ "assistant_id": agent, "additional_instructions": "And polite." });
    let run = client.post(&format!("/threads/{thread}/runs"), body).await.success();
    assert_eq!(run["instructions"], "Be brief.\nAnd polite.");
}

#[tokio::test]
async fn a_thread_and_its_run_are_created_in_one_call() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("Be brief.").await;
    let body = json!({
        "assistant_id": agent,
        "thread": {
            "messages": [
                { "role": "user", "content": "First." },
                { "role": "assistant", "content": "Indeed." },
                { "role": "user", "content": "Second." },
            ],
            "metadata": { "made": "at once" },
        },
        "metadata": { "a": "run" },
    });
    let run = client.post("/threads/runs", body).await.success();
    assert_eq!(run["status"], "queued");
    assert_eq!(run["metadata"], json!({ "a": "run" }));
    let thread = run["thread_id"].as_str().unwrap();
    let kept = client.get(&format!("/threads/{thread}")).await.success();
    assert_eq!(kept["metadata"], json!({ "made": "at once" }));

    client.complete(&format!("/threads/{thread}/runs/{}", id(&run))).await;
    let texts = client.texts(thread).await;
    assert_eq!(texts[1..], ["Second.", "Indeed.", "First."]);
    assert!(texts[0].contains("2 user messages"), "{texts:?}");

    // A thread is made also if none is described.
    let run = client.post("/threads/runs", json!({ "assistant_id": agent })).await.success();
    assert_ne!(run["thread_id"], thread);
}

#[tokio::test]
async fn an_unknown_agent_leaves_nothing_behind() {
    let (_emulator, client, _) = start().await;
    let thread = client.thread().await;
    let body = json!({
        "assistant_id": "asst_x",
        "additional_messages": [{ "role": "user", "content": "Lost." }],
    });
    let error = client.post(&format!("/threads/{thread}/runs"), body).await.error(404);
    assert_eq!(error["message"], "No assistant found with id 'asst_x'.");
    assert!(client.texts(&thread).await.is_empty());

    let body = json!({ "assistant_id": "asst_x", "thread": {} });
    client.post("/threads/runs", body).await.error(404);
    let threads = client.get("/threads").await.success();
    assert_eq!(threads["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unfinished_run_blocks_its_thread() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    client.say(&thread, "Hello").await;
    let run = client.run(&thread, &agent).await;
    let run_id = run.rsplit('/').next().unwrap();
    let messages = format!("/threads/{thread}/messages");
    let runs = format!("/threads/{thread}/runs");

    for status in ["queued", "in_progress", "cancelling"] {
        if status == "in_progress" {
            assert_eq!(client.get(&run).await.success()["status"], status);
        }
        if status == "cancelling" {
            let cancelled = client.call("POST", &format!("{run}/cancel"), None).await.success();
            assert_eq!(cancelled["status"], status);
        }
        let body = json!({ "role": "user", "content": "More" });
        let error = client.post(&messages, body).await.error(400);
        assert_eq!(error["type"], "invalid_request_error");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(run_id) && message.contains(&thread), "{message}");

        let error = client.post(&runs, json!({ "assistant_id": agent })).await.error(400);
        assert_eq!(error["code"], "invalid_request_error");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(run_id) && message.contains(&thread), "{message}");
    }
    assert_eq!(client.texts(&thread).await, ["Hello"]);

    // Another thread is free, and so is this one when the run has ended.
    let other = client.thread().await;
    client.say(&other, "Hello").await;
    assert_eq!(client.get(&run).await.success()["status"], "cancelled");
    client.say(&thread, "More").await;
    client.run(&thread, &agent).await;
}

#[tokio::test]
async fn a_cancelled_run_ends_without_an_answer() {
    let (_emulator, client, clock) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    client.say(&thread, "Hello").await;
    let run = client.run(&thread, &agent).await;
    let cancel = format!("{run}/cancel");
    assert_eq!(client.call("POST", &cancel, None).await.success()["status"], "cancelling");
    client.call("POST", &cancel, None).await.error(400);

    clock.advance(5);
    let cancelled = client.get(&run).await.success();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["cancelled_at"], START + 5);
    assert_eq!(cancelled["expires_at"], Value::Null);
    assert_eq!(cancelled["completed_at"], Value::Null);
    assert_eq!(cancelled["usage"], Value::Null);
    assert_eq!(client.get(&run).await.success(), cancelled);
    assert_eq!(client.texts(&thread).await, ["Hello"]);
    let steps = client.get(&format!("{run}/steps")).await.success();
    assert_eq!(steps["data"], json!([]));
}

#[tokio::test]
async fn a_finished_run_cannot_be_cancelled() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    let run = client.run(&thread, &agent).await;
    let completed = client.complete(&run).await;
    let error = client.call("POST", &format!("{run}/cancel"), None).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("completed"), "{error}");
    assert_eq!(client.get(&run).await.success(), completed);
}

#[tokio::test]
async fn the_metadata_of_a_run_can_be_changed_and_nothing_else() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    let run = client.run(&thread, &agent).await;
    let body = json!({ "metadata": { "a": "b" }, "status": "completed", "id": "run_x" });
    let updated = client.post(&run, body).await.success();
    assert_eq!(updated["metadata"], json!({ "a": "b" }));
    assert_eq!(updated["status"], "queued");
    assert!(run.ends_with(updated["id"].as_str().unwrap()));
    let cleared = client.post(&run, json!({ "metadata": null })).await.success();
    assert_eq!(cleared["metadata"], json!({}));
}

#[tokio::test]
async fn listing_runs_does_not_move_them() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    client.run(&thread, &agent).await;
    for _ in 0..3 {
        let page = client.get(&format!("/threads/{thread}/runs")).await.success();
        assert_eq!(page["data"][0]["status"], "queued");
    }
}

#[tokio::test]
async fn messages_can_be_listed_by_run() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    client.say(&thread, "One").await;
    let first = client.run(&thread, &agent).await;
    client.complete(&first).await;
    client.say(&thread, "Two").await;
    let second = client.run(&thread, &agent).await;
    client.complete(&second).await;
    let run_id = first.rsplit('/').next().unwrap();
    let path = format!("/threads/{thread}/messages?run_id={run_id}");
    let page = client.get(&path).await.success();
    let messages = page["data"].as_array().unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["run_id"], run_id);
    assert!(text(&messages[0]).contains("One"));
}

#[tokio::test]
async fn a_run_that_asks_for_nothing_takes_no_tool_outputs() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    let run = client.run(&thread, &agent).await;
    let submit = format!("{run}/submit_tool_outputs");
    let outputs = json!({ "tool_outputs": [{ "tool_call_id": "call_1", "output": "5" }] });
    for status in ["queued", "in_progress", "completed"] {
        let error = client.post(&submit, outputs.clone()).await.error(400);
        assert_eq!(error["code"], "invalid_request_error");
        assert!(error["message"].as_str().unwrap().contains(status), "{error}");
        client.get(&run).await.success();
    }
    let error = client.post(&submit, json!({})).await.error(400);
    assert_eq!(error["param"], "/tool_outputs");
    let unknown = format!("/threads/{thread}/runs/run_x/submit_tool_outputs");
    client.post(&unknown, outputs).await.error(404);
}
