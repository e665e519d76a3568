//! Runs as streams of events.

use serde_json::{Value, json};

use crate::client::{START, data, id, names, start};

const RUN: [&str; 12] = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
    "done",
];

#[tokio::test]
async fn a_run_is_streamed_from_its_creation_to_its_end() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("Be brief.").await;
    let thread = client.thread().await;
    client.say(&thread, "Why is the sky blue? – 文").await;
    let body = json!({ "assistant_id": agent, "stream": true });
    let events = client.post(&format!("/threads/{thread}/runs"), body).await.events();
    assert_eq!(names(&events), RUN);

    let created = data(&events, "thread.run.created");
    assert_eq!((&created["status"], &created["started_at"]), (&json!("queued"), &Value::Null));
    assert_eq!(data(&events, "thread.run.queued"), created);
    let begun = data(&events, "thread.run.in_progress");
    assert_eq!((&begun["status"], &begun["started_at"]), (&json!("in_progress"), &json!(START)));

    // Put together, the deltas are the message.
    let message = data(&events, "thread.message.completed");
    let deltas: Vec<&Value> =
        events.iter().filter(|(name, _)| name == "thread.message.delta").map(|(_, delta)| delta).collect();
    assert!(deltas.len() > 5);
    let mut text = String::new();
    for (number, delta) in deltas.iter().enumerate() {
        assert_eq!(delta["id"], message["id"]);
        let part = &delta["delta"]["content"][0];
        assert_eq!((&part["index"], &part["type"]), (&json!(0), &json!("text")));
        assert_eq!(part["text"].get("annotations").is_some(), number == 0);
        text.push_str(part["text"]["value"].as_str().unwrap());
    }
    assert_eq!(message["content"][0]["text"]["value"], json!(text));
    assert!(text.contains("文"), "{text}");

    // In a stream a message has a status, unlike elsewhere.
    let begun = data(&events, "thread.message.created");
    assert_eq!((&begun["status"], &begun["content"]), (&json!("in_progress"), &json!([])));
    assert_eq!((&begun["completed_at"], &begun["incomplete_at"]), (&Value::Null, &Value::Null));
    assert_eq!(data(&events, "thread.message.in_progress"), begun);
    assert_eq!((&message["status"], &message["completed_at"]), (&json!("completed"), &json!(START)));
    let mut kept = message.clone();
    for name in ["status", "completed_at", "incomplete_at", "incomplete_details"] {
        assert!(kept.as_object_mut().unwrap().remove(name).is_some(), "{name}");
    }
    let path = format!("/threads/{thread}/messages/{}", id(message));
    assert_eq!(client.get(&path).await.success(), kept);

    let begun = data(&events, "thread.run.step.created");
    assert_eq!((&begun["status"], &begun["usage"]), (&json!("in_progress"), &Value::Null));
    assert_eq!(begun["expires_at"], created["expires_at"]);
    let step = data(&events, "thread.run.step.completed");
    assert_eq!(step["step_details"]["message_creation"]["message_id"], message["id"]);
    assert_eq!(begun["id"], step["id"]);

    // What is kept is the run at its end.
    let completed = data(&events, "thread.run.completed");
    assert_eq!((&completed["status"], &completed["usage"]), (&json!("completed"), &step["usage"]));
    let run = format!("/threads/{thread}/runs/{}", id(completed));
    assert_eq!(&client.get(&run).await.success(), completed);
    let steps = client.get(&format!("{run}/steps")).await.success();
    assert_eq!(steps["data"][0]["id"], step["id"]);
    client.say(&thread, "The thread is free again").await;
}

#[tokio::test]
async fn a_thread_and_its_run_are_streamed_in_one_call() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let body = json!({
        "assistant_id": agent,
        "stream": true,
        "thread": { "messages": [{ "role": "user", "content": "Hello" }] },
    });
    let events = client.post("/threads/runs", body).await.events();
    let mut expected = vec!["thread.created"];
    expected.extend(RUN);
    assert_eq!(names(&events), expected);
    let thread = id(data(&events, "thread.created"));
    assert_eq!(data(&events, "thread.run.created")["thread_id"], json!(thread));
    assert_eq!(client.texts(&thread).await.len(), 2);
}

#[tokio::test]
async fn the_body_decides_whether_it_streams_whatever_is_accepted() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    for accept in ["application/json", "text/event-stream", "*/*", "image/png"] {
        for stream in [true, false] {
            let body = json!({ "assistant_id": agent, "stream": stream });
            let request = client.request("POST", "/threads/runs").header("accept", accept).json(&body);
            let answer = client.send(request).await;
            if stream {
                answer.events();
            } else {
                assert_eq!(answer.success()["status"], "queued");
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_an_ordinary_error() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    let runs = format!("/threads/{thread}/runs");
    client.post(&runs, json!({ "assistant_id": "asst_x", "stream": true })).await.error(404);
    client.post(&runs, json!({ "stream": true })).await.error(400);
    client.run(&thread, &agent).await;
    let error = client.post(&runs, json!({ "assistant_id": agent, "stream": true })).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("already has an active run"));
}
