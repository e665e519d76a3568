//! Calls of MCP tools that need an approval: asked for, given, denied.

use foundry_emulator::{Emulator, Rule};
use serde_json::{Value, json};

use crate::client::{Client, approvals, calls, data, id, names, outputs, start, start_with};

fn github() -> Value {
    json!({ "type": "mcp", "server_label": "github", "server_url": "https://example.com/mcp", "allowed_tools": null })
}

/// The path of a new run on a thread in which the user says this, with more options.
async fn run_with(client: &Client, text: &str, more: Value) -> String {
    let agent = client.agent("").await;
    let mut body = json!({ "assistant_id": agent, "thread": { "messages": [{ "role": "user", "content": text }] } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let run = client.post("/threads/runs", body).await.success();
    format!("/threads/{}/runs/{}", run["thread_id"].as_str().unwrap(), id(&run))
}

async fn asking() -> (Emulator, Client) {
    let rule = Rule::new()
        .ask_approvals([("github", "search", json!({ "q": "x" })), ("github", "write", json!({}))])
        .reply("Done.");
    let (emulator, client, _) = start_with([rule], []).await;
    (emulator, client)
}

#[tokio::test]
async fn a_run_asks_for_approval_as_recorded() {
    let rule = Rule::new().ask_approval("github", "search", json!({ "q": "x" })).reply("Done.");
    let (_emulator, client, _) = start_with([rule], []).await;
    let path = client.ask("Hello").await;
    let waiting = client.wait(&path).await;
    let call = json!({
        "id": id(&calls(&waiting)[0]),
        "type": "mcp",
        "arguments": r#"{"q":"x"}"#,
        "name": "search",
        "server_label": "github",
    });
    let expected = json!({ "type": "submit_tool_approval", "submit_tool_approval": { "tool_calls": [call] } });
    assert_eq!(waiting["required_action"], expected);
    let step = &client.steps(&path).await[0];
    assert_eq!((&step["type"], &step["status"]), (&json!("tool_calls"), &json!("in_progress")));

    // The body as recorded, without outputs and with headers.
    let body = json!({
        "stream": false,
        "tool_approvals": [{ "tool_call_id": call["id"], "approve": true, "headers": { "SuperSecret": "123456" } }],
    });
    let queued = client.submit(&path, body.clone()).await.success();
    assert_eq!((&queued["status"], &queued["required_action"]), (&json!("queued"), &Value::Null));
    assert!(!queued.to_string().contains("123456"));
    let step = &client.steps(&path).await[0];
    assert_eq!(step["status"], "completed");
    let mut done = call;
    done["output"] = json!(r#"search was called with {"q":"x"}."#);
    assert_eq!(step["step_details"]["tool_calls"], json!([done]));

    let error = client.submit(&path, body).await.error(400);
    assert_eq!(error["message"], "Runs in status 'queued' do not accept tool approvals.");
    client.complete(&path).await;
    assert_eq!(client.reply(&path).await, "Done.");
}

#[tokio::test]
async fn a_denied_call_is_not_made_and_the_run_goes_on() {
    let (_emulator, client) = asking().await;
    let path = client.ask("Hello").await;
    let waiting = client.wait(&path).await;
    client.submit(&path, approvals(&waiting, &[true, false])).await.success();
    let done = &client.steps(&path).await[0]["step_details"]["tool_calls"];
    assert_eq!(done[0]["output"], r#"search was called with {"q":"x"}."#);
    assert_eq!(done[1]["output"], "The call of write was denied.");
    client.complete(&path).await;
}

#[tokio::test]
async fn only_the_approvals_asked_for_are_taken() {
    let (_emulator, client) = asking().await;
    let path = client.ask("Hello").await;
    let waiting = client.wait(&path).await;
    let both = approvals(&waiting, &[true, true]);
    let list = |indexes: &[usize]| -> Value {
        let all = &both["tool_approvals"];
        json!({ "tool_approvals": indexes.iter().map(|index| all[*index].clone()).collect::<Vec<_>>() })
    };
    for body in [list(&[]), list(&[0]), list(&[0, 0]), list(&[0, 1, 1])] {
        let error = client.submit(&path, body).await.error(400);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("Expected tool approvals for call_ids"), "{message}");
    }
    // Outputs are for functions.
    let error = client.submit(&path, outputs(&waiting, &["1", "2"])).await.error(400);
    assert_eq!(error["code"], "invalid_request_error");
    let mut mixed = both.clone();
    mixed["tool_outputs"] = outputs(&waiting, &["1", "2"])["tool_outputs"].clone();
    client.submit(&path, mixed).await.error(400);

    let first = &calls(&waiting)[0]["id"];
    for (wrong, place) in [
        (json!([{ "tool_call_id": first }]), "/tool_approvals/0/approve"),
        (json!([{ "tool_call_id": first, "approve": "yes" }]), "/tool_approvals/0/approve"),
        (json!([{ "approve": true }]), "/tool_approvals/0/tool_call_id"),
        (json!([5]), "/tool_approvals/0"),
        (json!(5), "/tool_approvals"),
    ] {
        let error = client.submit(&path, json!({ "tool_approvals": wrong })).await.error(400);
        assert_eq!(error["code"], "invalid_payload");
        assert!(error["param"].as_str().unwrap().starts_with(place), "{error}");
    }
    assert_eq!(client.get(&path).await.success(), waiting);
    client.submit(&path, list(&[1, 0])).await.success();
}

#[tokio::test]
async fn the_rest_of_the_run_can_be_streamed() {
    let (_emulator, client) = asking().await;
    let events = client.ask_streamed("Hello").await;
    let begun = names(&events);
    assert_eq!(
        begun[4..],
        ["thread.run.step.created", "thread.run.step.in_progress", "thread.run.requires_action", "done",]
    );
    let waiting = data(&events, "thread.run.requires_action");
    assert_eq!(data(&events, "thread.run.step.created")["step_details"]["tool_calls"], json!(calls(waiting)));
    let path = format!("/threads/{}/runs/{}", waiting["thread_id"].as_str().unwrap(), id(waiting));
    let mut body = approvals(waiting, &[true, false]);
    body["stream"] = json!(true);
    let events = client.submit(&path, body).await.events();
    let rest = names(&events);
    assert_eq!(rest[..3], ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]);
    assert_eq!(rest[rest.len() - 2..], ["thread.run.completed", "done"]);
}

#[tokio::test]
async fn headers_for_servers_are_never_given_back() {
    let (emulator, client, _) = start().await;
    let resource = |value: &str| {
        let headers = json!({ "SuperSecret": value, "Other": value });
        json!({ "mcp": [{ "server_label": "github", "headers": headers, "require_approval": "always" }] })
    };
    let more = json!({ "tools": [github()], "tool_resources": resource("123456") });
    let path = run_with(&client, "Hello", more).await;
    for _ in 0..3 {
        let run = client.get(&path).await.success();
        assert_eq!(run["tool_resources"], resource("REDACTED"));
    }
    let body = json!({ "model": "m", "tools": [github()], "tool_resources": resource("123456") });
    let agent = client.post("/assistants", body).await.success();
    assert_eq!(agent["tool_resources"], resource("REDACTED"));
    let changed = client
        .post(&format!("/assistants/{}", id(&agent)), json!({ "tool_resources": resource("abcdef") }))
        .await
        .success();
    assert_eq!(changed["tool_resources"], resource("REDACTED"));
    let thread = client.post("/threads", json!({ "tool_resources": resource("123456") })).await.success();
    assert_eq!(thread["tool_resources"], resource("REDACTED"));
    assert!(!format!("{emulator:?}").contains("123456"));
}

#[tokio::test]
async fn which_tools_a_server_allows_is_said_in_any_case() {
    let (_emulator, client, _) = start().await;
    let mut tool = github();
    tool.as_object_mut().unwrap().remove("allowed_tools");
    let agent = client.post("/assistants", json!({ "model": "m", "tools": [tool] })).await.success();
    assert_eq!(agent["tools"], json!([github()]));
}

#[tokio::test]
async fn the_model_asks_before_it_uses_a_server() {
    let (_emulator, client, _) = start().await;
    let path = run_with(&client, "Look into GitHub", json!({ "tools": [github()] })).await;
    let waiting = client.wait(&path).await;
    let call = &calls(&waiting)[0];
    assert_eq!((&call["server_label"], &call["name"]), (&json!("github"), &json!("search")));
    assert_eq!(call["arguments"], r#"{"query":"Look into GitHub"}"#);
    client.submit(&path, approvals(&waiting, &[false])).await.success();
    client.complete(&path).await;
    assert!(client.reply(&path).await.ends_with("I was not allowed to call search of github."));
}

#[tokio::test]
async fn the_model_does_not_ask_where_nobody_wants_to_be_asked() {
    let (_emulator, client, _) = start().await;
    let resources = |policy: Value| json!({ "mcp": [{ "server_label": "github", "require_approval": policy }] });
    let more = json!({ "tools": [github()], "tool_resources": resources(json!("never")) });
    let path = run_with(&client, "Use it", more).await;
    assert_eq!(client.statuses(&path, 3).await, ["in_progress", "in_progress", "completed"]);
    let steps = client.steps(&path).await;
    assert_eq!((&steps[0]["type"], &steps[0]["status"]), (&json!("tool_calls"), &json!("completed")));
    let call = &steps[0]["step_details"]["tool_calls"][0];
    assert_eq!(
        (&call["type"], &call["output"]),
        (&json!("mcp"), &json!(r#"search was called with {"query":"Use it"}."#))
    );
    assert!(client.reply(&path).await.ends_with("I called search of github."));

    let policy = json!({ "never": { "tool_names": ["read"] } });
    let mut tool = github();
    tool["allowed_tools"] = json!(["write", "read"]);
    let more = json!({ "tools": [tool], "tool_resources": resources(policy) });
    let path = run_with(&client, "Use it", more).await;
    assert_eq!(calls(&client.wait(&path).await)[0]["name"], "write");
}
