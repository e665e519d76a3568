//! Responses that call functions and tools of MCP servers, and how they go on.

use foundry_emulator::Rule;
use serde_json::{Value, json};

use crate::client::{Client, data, id, names, response_events, start_with};

const RESPONSES: &str = "/openai/v1/responses";

fn rule() -> Rule {
    Rule::new()
        .last_message("Rome")
        .call_functions([("get_weather", json!({ "city": "Rome" })), ("get_time", json!({}))])
        .ask_approval("github", "search", json!({ "query": "Rome" }))
        .reply_with(|turn| {
            let outputs: Vec<&str> = turn.outputs.iter().map(|output| output.output.as_str()).collect();
            format!("{} {} {}", outputs.join(" "), turn.outputs[0].function, turn.approvals[0].approved)
        })
}

fn outputs(response: &Value, texts: &[&str]) -> Vec<Value> {
    let calls = response["output"].as_array().unwrap().iter();
    let told = |(call, text): (&Value, &&str)| {
        assert_eq!(call["type"], "function_call");
        json!({ "type": "function_call_output", "call_id": call["call_id"], "output": text })
    };
    calls.zip(texts).map(told).collect()
}

async fn ask(client: &Client, body: Value) -> Value {
    client.post(RESPONSES, body).await.success()
}

#[tokio::test]
async fn rounds_go_on_from_the_response_before() {
    let (_emulator, client, _) = start_with([rule()], []).await;
    let client = client.v1();
    let first = ask(&client, json!({ "model": "m", "input": "Rome?" })).await;
    let call = &first["output"][0];
    assert_eq!(
        (&first["status"], &call["type"], &call["name"]),
        (&json!("completed"), &json!("function_call"), &json!("get_weather"))
    );
    assert_eq!((&call["arguments"], &call["status"]), (&json!(r#"{"city":"Rome"}"#), &json!("completed")));
    assert_eq!(first["output"].as_array().unwrap().len(), 2);

    let body = |input: Vec<Value>, previous: &Value| json!({ "model": "m", "input": input, "previous_response_id": previous["id"] });
    // Every call wants its output, and no other.
    let missing = body(outputs(&first, &["sunny"]), &first);
    let error = client.post(RESPONSES, missing).await.error(400);
    assert!(error["message"].as_str().unwrap().starts_with("No function_call_output found"), "{error}");
    let mut foreign = outputs(&first, &["sunny", "noon"]);
    foreign[1]["call_id"] = "call_no".into();
    let error = client.post(RESPONSES, body(foreign, &first)).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("call_no"), "{error}");

    let second = ask(&client, body(outputs(&first, &["sunny", "noon"]), &first)).await;
    let request = &second["output"][0];
    assert_eq!((&request["type"], &request["server_label"]), (&json!("mcp_approval_request"), &json!("github")));
    let approval = json!({ "type": "mcp_approval_response", "approval_request_id": request["id"], "approve": true });
    let third = ask(&client, body(vec![approval], &second)).await;
    assert_eq!(third["output"][0]["type"], "mcp_call");
    assert_eq!(third["output"][0]["approval_request_id"], request["id"]);
    assert!(third["output"][0]["output"].as_str().unwrap().starts_with("search was called"));
    assert_eq!(third["output"][1]["content"][0]["text"], "sunny noon get_weather true");
}

#[tokio::test]
async fn rounds_go_on_in_a_conversation_and_without_any_memory() {
    let (_emulator, client, _) = start_with([rule()], []).await;
    let client = client.v1();
    let conversation = client.post("/openai/v1/conversations", json!({})).await.success();
    let asked = json!({ "model": "m", "input": "Rome?", "conversation": conversation["id"] });
    let first = ask(&client, asked).await;
    let handed = outputs(&first, &["sunny", "noon"]);
    let second = ask(&client, json!({ "model": "m", "input": handed, "conversation": conversation["id"] })).await;
    let denied = json!({
        "type": "mcp_approval_response",
        "approval_request_id": second["output"][0]["id"],
        "approve": false,
    });
    let third = ask(&client, json!({ "model": "m", "input": [denied], "conversation": conversation["id"] })).await;
    assert_eq!(third["output"][0]["content"][0]["text"], "sunny noon get_weather false");
    let path = format!("/openai/v1/conversations/{}/items?limit=100&order=asc", id(&conversation));
    let items = client.get(&path).await.success();
    let kinds: Vec<&str> =
        items["data"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 8);
    assert_eq!(kinds[1..5], ["function_call", "function_call", "function_call_output", "function_call_output"]);
    assert_eq!(kinds[5..], ["mcp_approval_request", "mcp_approval_response", "message"]);

    // Nothing is stored: the caller sends everything again.
    let mut input = vec![json!({ "role": "user", "content": "Rome?" })];
    let first = ask(&client, json!({ "model": "m", "input": input, "store": false })).await;
    input.extend(first["output"].as_array().unwrap().clone());
    input.extend(outputs(&first, &["cloudy", "night"]));
    let second = ask(&client, json!({ "model": "m", "input": input, "store": false })).await;
    assert_eq!(second["output"][0]["type"], "mcp_approval_request");
}

#[tokio::test]
async fn calls_are_streamed_with_their_arguments() {
    let (_emulator, client, _) = start_with([rule()], []).await;
    let client = client.v1();
    let answer = client.post(RESPONSES, json!({ "model": "m", "input": "Rome?", "stream": true })).await;
    let events = response_events(&answer.bytes);
    assert_eq!(
        names(&events)[2..6],
        [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ]
    );
    assert_eq!(data(&events, "response.output_item.added")["item"]["arguments"], "");
    assert_eq!(data(&events, "response.function_call_arguments.done")["arguments"], r#"{"city":"Rome"}"#);
    let completed = &data(&events, "response.completed")["response"];
    assert_eq!(data(&events, "response.output_item.done")["item"], completed["output"][0]);
    assert_eq!(completed["output"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_built_in_model_calls_what_is_asked_for() {
    let (_emulator, client, _) = start_with([], []).await;
    let client = client.v1();
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    // The document requires `strict`, the service does not.
    let tools = json!([{ "type": "function", "name": "get_weather", "parameters": parameters }]);
    let first = ask(&client, json!({ "model": "m", "input": "How is the weather in Rome?", "tools": tools })).await;
    assert_eq!(first["tools"][0]["strict"], false);
    assert_eq!(first["output"][0]["arguments"], r#"{"city":"Rome"}"#);
    let body = json!({ "model": "m", "input": outputs(&first, &["sunny"]), "previous_response_id": first["id"], "tools": tools });
    let second = ask(&client, body).await;
    assert!(second["output"][0]["content"][0]["text"].as_str().unwrap().ends_with("get_weather gave: \"sunny\"."));
    // A new question is a new occasion.
    let body = json!({ "model": "m", "input": "And the weather in Oslo?", "previous_response_id": second["id"], "tools": tools });
    assert_eq!(ask(&client, body).await["output"][0]["arguments"], r#"{"city":"Oslo"}"#);
    let forced = json!({ "model": "m", "input": "Hello", "tools": tools, "tool_choice": { "type": "function", "name": "get_weather" } });
    assert_eq!(ask(&client, forced).await["output"][0]["type"], "function_call");
    let none = json!({ "model": "m", "input": "weather", "tools": tools, "tool_choice": "none" });
    assert_eq!(ask(&client, none).await["output"][0]["type"], "message");

    let server = |policy: &str| json!([{ "type": "mcp", "server_label": "github", "server_url": "https://example.com", "require_approval": policy }]);
    let asked = ask(&client, json!({ "model": "m", "input": "Look into github", "tools": server("always") })).await;
    assert_eq!(asked["output"][0]["type"], "mcp_approval_request");
    let used = ask(&client, json!({ "model": "m", "input": "Look into github", "tools": server("never") })).await;
    assert_eq!((&used["output"][0]["type"], &used["output"][1]["type"]), (&json!("mcp_call"), &json!("message")));

    // What opens the server is in no answer.
    let mut opened = server("never");
    opened[0]["authorization"] = json!("very-secret");
    opened[0]["headers"] = json!({ "x-key": "very-secret" });
    let body = json!({ "model": "m", "input": "use github", "tools": opened, "stream": true });
    let streamed = client.post(RESPONSES, body).await;
    let told = String::from_utf8(streamed.bytes.to_vec()).unwrap();
    assert!(told.contains(r#""headers":{"x-key":"REDACTED"}"#) && !told.contains("very-secret"), "{told}");
    let created = response_events(&streamed.bytes).remove(0).1;
    let path = format!("{RESPONSES}/{}", id(&created["response"]));
    let tool = client.get(&path).await.success()["tools"][0].take();
    assert_eq!((&tool["headers"], tool.get("authorization")), (&json!({ "x-key": "REDACTED" }), None));
    assert_eq!(used["output"][0]["approval_request_id"], Value::Null);
}

#[tokio::test]
async fn files_are_searched_and_cited() {
    let (_emulator, client, _) = start_with([], []).await;
    let client = client.v1();
    let file = id(&client.upload("handbook.txt", "Cats sleep. The office opens at nine o'clock.").await.success());
    let store = id(&client.post("/vector_stores", json!({ "file_ids": [file] })).await.success());
    let tools = json!([{ "type": "file_search", "vector_store_ids": [store] }]);
    let body = json!({ "model": "m", "input": "When does the office open?", "tools": tools, "stream": true });
    let answer = client.post(RESPONSES, body.clone()).await;
    let events = response_events(&answer.bytes);
    let response = &data(&events, "response.completed")["response"];
    let call = &response["output"][0];
    assert_eq!((&call["type"], &call["results"]), (&json!("file_search_call"), &Value::Null));
    let part = &response["output"][1]["content"][0];
    assert!(part["text"].as_str().unwrap().contains("opens at nine"), "{part}");
    let cited = &part["annotations"][0];
    assert_eq!(
        (&cited["type"], &cited["file_id"], &cited["filename"]),
        (&json!("file_citation"), &json!(file), &json!("handbook.txt"))
    );
    assert_eq!(data(&events, "response.output_text.annotation.added")["annotation"], *cited);

    let mut body = body;
    body["stream"] = false.into();
    body["include"] = json!(["file_search_call.results"]);
    let response = ask(&client, body).await;
    let found = &response["output"][0]["results"][0];
    assert_eq!((&found["file_id"], &found["filename"]), (&json!(file), &json!("handbook.txt")));
}

#[tokio::test]
async fn an_agent_remembers_by_a_memory_store() {
    let (_emulator, client, _) = start_with([], []).await;
    let client = client.v1();
    let definition = json!({ "kind": "default", "chat_model": "gpt-4.1-mini", "embedding_model": "e" });
    client.post("/memory_stores", json!({ "name": "facts", "definition": definition })).await.success();
    let tool = |store: &str| json!({ "type": "memory_search_preview", "memory_store_name": store, "scope": "ann" });
    let agent = json!({ "definition": { "kind": "prompt", "model": "m", "tools": [tool("facts")] } });
    client.post("/agents/friend/versions", agent).await.success();
    let reference = json!({ "type": "agent_reference", "name": "friend" });
    let first = ask(&client, json!({ "input": "I prefer dark roast coffee.", "agent_reference": reference })).await;
    let call = first["output"].as_array().unwrap().last().unwrap();
    // As recorded: the item is under way in a response that is completed.
    assert_eq!((&call["type"], &call["status"]), (&json!("memory_search_call"), &json!("in_progress")));
    assert_eq!((&call["memories"], &first["status"]), (&json!([]), &json!("completed")));

    let second = ask(&client, json!({ "input": "Please order my coffee.", "agent_reference": reference })).await;
    let text = second["output"][0]["content"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("I remember: \"I prefer dark roast coffee.\"."), "{text}");
    let memories = &second["output"][1]["memories"];
    assert_eq!((&memories[0]["scope"], memories.as_array().unwrap().len()), (&json!("ann"), 1));
    let missing = json!({ "model": "m", "input": "x", "tools": [tool("nothing")] });
    client.post(RESPONSES, missing).await.error(404);
}
