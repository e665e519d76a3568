//! A conversation takes one response at a time.

use std::time::Duration;

use foundry_emulator::{Emulator, Framing, Rule};
use serde_json::{Value, json};

use crate::client::{Answer, Client, id, start_with};
use crate::wire::Wire;

const RESPONSES: &str = "/openai/v1/responses";

async fn start(rules: impl IntoIterator<Item = Rule>) -> (Emulator, Client, String) {
    let (emulator, client, _) = start_with(rules, []).await;
    let client = client.v1();
    let conversation = id(&client.post("/openai/v1/conversations", json!({})).await.success());
    (emulator, client, conversation)
}

async fn ask(client: &Client, conversation: &str, more: Value) -> Answer {
    let mut body = json!({ "model": "m", "input": "Hello", "conversation": conversation });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.post(RESPONSES, body).await
}

async fn assert_locked(client: &Client, conversation: &str) {
    for conversation in [json!(conversation), json!({ "id": conversation })] {
        let body = json!({ "model": "m", "input": "Hello", "conversation": conversation });
        let error = client.post(RESPONSES, body).await.error(400);
        let told = (&error["code"], &error["type"], &error["param"]);
        assert_eq!(told, (&json!("conversation_locked"), &json!("invalid_request_error"), &json!("conversation")));
    }
}

/// How many items a conversation holds.
async fn count(client: &Client, conversation: &str) -> usize {
    let items = client.get(&format!("/openai/v1/conversations/{conversation}/items")).await.success();
    items["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_response_in_the_background_locks_its_conversation_until_it_ends() {
    let (_emulator, client, conversation) = start([]).await;
    for ends_by_itself in [true, false] {
        let before = count(&client, &conversation).await;
        let first = ask(&client, &conversation, json!({ "background": true })).await.success();
        let path = format!("{RESPONSES}/{}", id(&first));
        assert_locked(&client, &conversation).await;
        assert_eq!(client.statuses(&path, 1).await, ["in_progress"]);
        assert_locked(&client, &conversation).await;
        // Others are free, and what was refused is not in the conversation.
        client.post(RESPONSES, json!({ "model": "m", "input": "Hello" })).await.success();
        let other = id(&client.post("/openai/v1/conversations", json!({})).await.success());
        ask(&client, &other, json!({})).await.success();
        assert_eq!(count(&client, &conversation).await, before + 1);
        if ends_by_itself {
            assert_eq!(client.statuses(&path, 1).await, ["completed"]);
        } else {
            client.call("POST", &format!("{path}/cancel"), None).await.success();
        }
        ask(&client, &conversation, json!({})).await.success();
    }
    // One that is gone locks nothing either.
    let last = ask(&client, &conversation, json!({ "background": true })).await.success();
    client.call("DELETE", &format!("{RESPONSES}/{}", id(&last)), None).await.success();
    ask(&client, &conversation, json!({})).await.success();
}

#[tokio::test]
async fn a_stream_locks_its_conversation_as_long_as_it_is_read() {
    let slow = Framing::new().pause(Duration::from_secs(3600));
    let (emulator, client, conversation) =
        start([Rule::new().last_message("slow").framing(slow).reply("One two")]).await;
    for store in [true, false] {
        let body =
            json!({ "model": "m", "input": "slow", "conversation": conversation, "stream": true, "store": store });
        let mut wire = Wire::post(&emulator, RESPONSES, &body).await;
        wire.until("\n\n").await;
        assert_locked(&client, &conversation).await;
        drop(wire);
        // That the reader is gone is noticed a little later.
        let answer = loop {
            let answer = ask(&client, &conversation, json!({})).await;
            if answer.status != 400 {
                break answer;
            }
        };
        assert_eq!(answer.success()["status"], "completed");
        // A stream that came to its end locks nothing.
        ask(&client, &conversation, json!({ "stream": true, "store": store })).await;
        ask(&client, &conversation, json!({})).await.success();
    }
}
