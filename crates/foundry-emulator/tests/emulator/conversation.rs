//! The published walk-through of the service, step by step, and what follows it.

use serde_json::{Value, json};

use crate::client::{START, id, start, text};

fn assert_id(value: &Value, prefix: &str) -> String {
    let id = value.as_str().unwrap();
    let tail = id.strip_prefix(prefix).unwrap_or_else(|| panic!("{id} has no {prefix}"));
    assert_eq!(tail.len(), 24, "{id}");
    assert!(tail.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    id.to_owned()
}

fn run_body(id: &str, agent: &str, thread: &str) -> Value {
    json!({
        "id": id,
        "object": "thread.run",
        "created_at": START + 10,
        "assistant_id": agent,
        "thread_id": thread,
        "status": "queued",
        "started_at": null,
        "expires_at": START + 10 + 1800,
        "cancelled_at": null,
        "failed_at": null,
        "completed_at": null,
        "required_action": null,
        "last_error": null,
        "model": "20250715-gpt-4.1-mini",
        "instructions": "Talk like you are a cowboy.",
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "max_completion_tokens": null,
        "max_prompt_tokens": null,
        "truncation_strategy": { "type": "auto", "last_messages": null },
        "incomplete_details": null,
        "usage": null,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": true,
    })
}

#[tokio::test]
async fn the_published_steps_give_the_published_bodies() {
    let (_emulator, client, clock) = start().await;

    // An agent.
    let body = json!({
        "model": "20250715-gpt-4.1-mini",
        "instructions": "Talk like you are a cowboy.",
    });
    let agent = client.post("/assistants", body).await.success();
    let agent_id = assert_id(&agent["id"], "asst_");
    assert_eq!(
        agent,
        json!({
            "id": agent_id,
            "object": "assistant",
            "created_at": START,
            "name": null,
            "description": null,
            "model": "20250715-gpt-4.1-mini",
            "instructions": "Talk like you are a cowboy.",
            "tools": [],
            "tool_resources": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "response_format": "auto",
            "metadata": {},
        })
    );

    // A thread, created without any body.
    let thread = client.call("POST", "/threads", None).await.success();
    let thread_id = assert_id(&thread["id"], "thread_");
    assert_eq!(
        thread,
        json!({
            "id": thread_id,
            "object": "thread",
            "created_at": START,
            "metadata": {},
            "tool_resources": {},
        })
    );

    // A message.
    let question = client.say(&thread_id, "Why is the sky blue?").await;
    let question_id = assert_id(&question["id"], "msg_");
    assert_eq!(
        question,
        json!({
            "id": question_id,
            "object": "thread.message",
            "created_at": START,
            "assistant_id": null,
            "thread_id": thread_id,
            "run_id": null,
            "role": "user",
            "content": [{
                "type": "text",
                "text": { "value": "Why is the sky blue?", "annotations": [] },
            }],
            "attachments": [],
            "metadata": {},
        })
    );

    // A run: queued, in progress, completed.
    clock.advance(10);
    let runs = format!("/threads/{thread_id}/runs");
    let run = client.post(&runs, json!({ "assistant_id": agent_id })).await.success();
    let run_id = assert_id(&run["id"], "run_");
    let mut expected = run_body(&run_id, &agent_id, &thread_id);
    assert_eq!(run, expected);

    clock.advance(1);
    let run_path = format!("{runs}/{run_id}");
    expected["status"] = json!("in_progress");
    expected["started_at"] = json!(START + 11);
    assert_eq!(client.get(&run_path).await.success(), expected);

    clock.advance(1);
    let completed = client.get(&run_path).await.success();
    let completion_tokens = completed["usage"]["completion_tokens"].as_u64().unwrap();
    expected["status"] = json!("completed");
    expected["completed_at"] = json!(START + 12);
    expected["expires_at"] = Value::Null;
    // Six words of instructions and five of question.
    expected["usage"] = json!({
        "prompt_tokens": 11,
        "completion_tokens": completion_tokens,
        "total_tokens": 11 + completion_tokens,
        "prompt_token_details": { "cached_tokens": 0 },
    });
    assert_eq!(completed, expected);
    assert!(completion_tokens > 0);

    // Looking again changes nothing.
    clock.advance(1);
    assert_eq!(client.get(&run_path).await.success(), expected);

    // The answer, newest first.
    let page = client.get(&format!("/threads/{thread_id}/messages")).await.success();
    let answer = &page["data"][0];
    let answer_id = assert_id(&answer["id"], "msg_");
    let answer_text = text(answer);
    assert_eq!(
        page,
        json!({
            "object": "list",
            "data": [
                {
                    "id": answer_id,
                    "object": "thread.message",
                    "created_at": START + 12,
                    "assistant_id": agent_id,
                    "thread_id": thread_id,
                    "run_id": run_id,
                    "role": "assistant",
                    "content": [{
                        "type": "text",
                        "text": { "value": answer_text, "annotations": [] },
                    }],
                    "attachments": [],
                    "metadata": {},
                },
                question,
            ],
            "first_id": answer_id,
            "last_id": question_id,
            "has_more": false,
        })
    );
    assert_eq!(answer_text.split_whitespace().count() as u64, completion_tokens);
    for shown in ["Talk like you are a cowboy.", "1 user message.", "Why is the sky blue?"] {
        assert!(answer_text.contains(shown), "{shown:?} is not in {answer_text:?}");
    }

    // The step that wrote it.
    let steps = client.get(&format!("{run_path}/steps")).await.success();
    let step_id = assert_id(&steps["data"][0]["id"], "step_");
    let step = json!({
        "id": step_id,
        "object": "thread.run.step",
        "created_at": START + 12,
        "run_id": run_id,
        "assistant_id": agent_id,
        "thread_id": thread_id,
        "type": "message_creation",
        "status": "completed",
        "cancelled_at": null,
        "completed_at": START + 12,
        "expires_at": null,
        "failed_at": null,
        "last_error": null,
        "step_details": {
            "type": "message_creation",
            "message_creation": { "message_id": answer_id },
        },
        "usage": expected["usage"],
    });
    assert_eq!(steps["data"], json!([step]));
    let one = client.get(&format!("{run_path}/steps/{step_id}")).await.success();
    assert_eq!(one, step);
}

#[tokio::test]
async fn a_thread_keeps_its_history() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("Be brief.").await;
    let thread = client.thread().await;
    for question in ["Why is the sky blue?", "And at dusk?", "And at night?"] {
        client.say(&thread, question).await;
        let run = client.run(&thread, &agent).await;
        client.complete(&run).await;
    }

    let texts = client.texts(&thread).await;
    assert_eq!(texts.len(), 6);
    let second = &texts[2];
    for shown in ["2 user messages", "And at dusk?", "Why is the sky blue?"] {
        assert!(second.contains(shown), "{shown:?} is not in {second:?}");
    }
    assert!(!second.contains("night"), "{second:?}");
    let third = &texts[0];
    for shown in ["3 user messages", "night", "dusk", "Why is the sky blue?"] {
        assert!(third.contains(shown), "{shown:?} is not in {third:?}");
    }

    // A run counts all that was said before it.
    let runs = client.get(&format!("/threads/{thread}/runs?order=asc")).await.success();
    let prompts: Vec<u64> =
        runs["data"].as_array().unwrap().iter().map(|run| run["usage"]["prompt_tokens"].as_u64().unwrap()).collect();
    assert!(prompts.is_sorted_by(|first, second| first < second), "{prompts:?}");
}

#[tokio::test]
async fn another_thread_has_another_history() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let first = client.thread().await;
    client.say(&first, "A secret of the first thread").await;
    let second = client.thread().await;
    client.say(&second, "Hello").await;
    let run = client.run(&second, &agent).await;
    client.complete(&run).await;
    let answer = &client.texts(&second).await[0];
    assert!(answer.contains("1 user message."), "{answer:?}");
    assert!(!answer.contains("secret"), "{answer:?}");
    assert_eq!(client.texts(&first).await.len(), 1);
}

#[tokio::test]
async fn content_blocks_are_kept_in_the_form_of_answers() {
    let (_emulator, client, _) = start().await;
    let thread = client.thread().await;
    let body = json!({
        "role": "user",
        "content": [
            { "type": "text", "text": "What is this?" },
            { "type": "image_file", "image_file": { "file_id": "assistant-1", "detail": "low" } },
            { "type": "image_url", "image_url": { "url": "https://example.com/sky.png" } },
        ],
        "attachments": [{ "file_id": "assistant-2", "tools": [{ "type": "file_search" }] }],
        "metadata": { "language": "en" },
    });
    let message = client.post(&format!("/threads/{thread}/messages"), body.clone()).await.success();
    assert_eq!(
        message["content"][0],
        json!({ "type": "text", "text": { "value": "What is this?", "annotations": [] } })
    );
    assert_eq!(message["content"][1], body["content"][1]);
    assert_eq!(message["content"][2], body["content"][2]);
    assert_eq!(message["attachments"], body["attachments"]);
    assert_eq!(message["metadata"], body["metadata"]);

    let path = format!("/threads/{thread}/messages/{}", id(&message));
    assert_eq!(client.get(&path).await.success(), message);
    let update = json!({ "metadata": { "language": "de" } });
    let updated = client.post(&path, update).await.success();
    assert_eq!(updated["metadata"], json!({ "language": "de" }));
    assert_eq!(updated["content"], message["content"]);
    assert_eq!(client.get(&path).await.success(), updated);
}
