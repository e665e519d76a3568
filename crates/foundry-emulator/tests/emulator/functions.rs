//! Functions that runs call: asked for, answered, refused, streamed.

use foundry_emulator::Rule;
use serde_json::{Value, json};

use crate::client::{START, calls, data, id, names, outputs, start, start_with};

#[tokio::test]
async fn a_run_waits_for_the_outputs_of_all_calls_of_a_round() {
    let rule = Rule::new()
        .call_functions([("get_weather", json!({ "city": "Rome" })), ("get_time", json!({}))])
        .call_function("book", json!({ "a": [1] }))
        .reply("Done.");
    let (_emulator, client, clock) = start_with([rule], []).await;
    let path = client.ask("How is it in Rome?").await;
    clock.advance(1);
    let begun = client.get(&path).await.success();
    clock.advance(1);
    let waiting = client.get(&path).await.success();
    let ids: Vec<String> = calls(&waiting).iter().map(id).collect();
    let function = |id: &str, name: &str, arguments: &str| {
        let function = json!({ "name": name, "arguments": arguments });
        json!({ "id": id, "type": "function", "function": function })
    };
    let asked = [function(&ids[0], "get_weather", r#"{"city":"Rome"}"#), function(&ids[1], "get_time", "{}")];
    // What changes is just this, as recorded.
    let mut expected = begun.clone();
    expected["status"] = json!("requires_action");
    expected["expires_at"] = json!(START + 36_000);
    expected["required_action"] =
        json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": asked } });
    assert_eq!(waiting, expected);
    assert!(ids.iter().all(|id| id.starts_with("call_") && id.len() == 29) && ids[0] != ids[1], "{ids:?}");
    // It waits however often it is looked at.
    assert_eq!(client.get(&path).await.success(), waiting);

    let steps = client.steps(&path).await;
    assert_eq!(steps.len(), 1);
    assert_eq!((&steps[0]["type"], &steps[0]["status"]), (&json!("tool_calls"), &json!("in_progress")));
    assert_eq!((&steps[0]["completed_at"], &steps[0]["usage"]), (&Value::Null, &Value::Null));
    assert_eq!(steps[0]["step_details"], json!({ "type": "tool_calls", "tool_calls": asked }));

    clock.advance(1);
    let queued = client.submit(&path, outputs(&waiting, &["sunny", "noon"])).await.success();
    assert_eq!((&queued["status"], &queued["required_action"]), (&json!("queued"), &Value::Null));
    let done = &client.steps(&path).await[0];
    assert_eq!((&done["status"], &done["completed_at"]), (&json!("completed"), &json!(START + 3)));
    let calls_done = &done["step_details"]["tool_calls"];
    assert_eq!(
        (&calls_done[0]["function"]["output"], &calls_done[1]["function"]["output"]),
        (&json!("sunny"), &json!("noon"))
    );
    assert!(done["usage"]["completion_tokens"].as_u64().unwrap() > 0);

    let waiting = client.wait(&path).await;
    assert_eq!(calls(&waiting)[0]["function"], json!({ "name": "book", "arguments": r#"{"a":[1]}"# }));
    assert_eq!(waiting["started_at"], begun["started_at"]);
    client.submit(&path, outputs(&waiting, &["booked"])).await.success();
    let completed = client.complete(&path).await;
    assert_eq!(client.reply(&path).await, "Done.");
    let steps = client.steps(&path).await;
    let kinds: Vec<&Value> = steps.iter().map(|step| &step["type"]).collect();
    assert_eq!(kinds, ["tool_calls", "tool_calls", "message_creation"]);
    // A run costs what its steps cost.
    for tokens in ["prompt_tokens", "completion_tokens", "total_tokens"] {
        let sum: u64 = steps.iter().map(|step| step["usage"][tokens].as_u64().unwrap()).sum();
        assert_eq!(completed["usage"][tokens], sum, "{tokens}");
    }
}

#[tokio::test]
async fn only_the_outputs_asked_for_are_taken() {
    let rule = Rule::new().call_functions([("a", json!({})), ("b", json!({}))]).reply("Done.");
    let (_emulator, client, _) = start_with([rule], []).await;
    let path = client.ask("Hello").await;
    let waiting = client.wait(&path).await;
    let both = outputs(&waiting, &["1", "2"]);
    let list = |indexes: &[usize]| -> Value {
        let all = &both["tool_outputs"];
        json!({ "tool_outputs": indexes.iter().map(|index| all[*index].clone()).collect::<Vec<_>>() })
    };
    let mut wrong = both.clone();
    wrong["tool_outputs"][1]["tool_call_id"] = json!("call_x");
    for body in [list(&[]), list(&[0]), list(&[1]), list(&[0, 1, 1]), list(&[0, 0]), wrong] {
        let error = client.submit(&path, body.clone()).await.error(400);
        assert_eq!(error["code"], "invalid_request_error", "{body}");
        assert!(error["message"].as_str().unwrap().starts_with("Expected tool outputs for call_ids"), "{error}");
    }
    // What is not text is no output, and what has no id is for nothing.
    let id = &calls(&waiting)[0]["id"];
    for (output, place) in [
        (json!({ "tool_call_id": id, "output": 5 }), "/tool_outputs/0/output"),
        (json!({ "tool_call_id": id, "output": null }), "/tool_outputs/0/output"),
        (json!({ "tool_call_id": id }), "/tool_outputs/0/output"),
        (json!({ "output": "5" }), "/tool_outputs/0/tool_call_id"),
    ] {
        let error = client.submit(&path, json!({ "tool_outputs": [output] })).await.error(400);
        assert_eq!((&error["code"], &error["param"]), (&json!("invalid_payload"), &json!(place)));
    }
    let approvals = json!({ "tool_approvals": [{ "tool_call_id": id, "approve": true }] });
    let error = client.submit(&path, approvals).await.error(400);
    assert_eq!(error["code"], "invalid_request_error");
    let mut mixed = both.clone();
    mixed["tool_approvals"] = json!([{ "tool_call_id": id, "approve": true }]);
    client.submit(&path, mixed).await.error(400);

    // Nothing of this has changed anything.
    assert_eq!(client.get(&path).await.success(), waiting);
    client.submit(&path, list(&[1, 0])).await.success();
    let error = client.submit(&path, both).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("queued"), "{error}");
}

#[tokio::test]
async fn a_body_with_neither_outputs_nor_approvals_is_refused() {
    let (_emulator, client, _) = start_with([Rule::new().call_function("f", json!({}))], []).await;
    let path = client.ask("Hello").await;
    client.wait(&path).await;
    for body in [json!({}), json!({ "stream": true })] {
        let error = client.submit(&path, body).await.error(400);
        assert_eq!((&error["code"], &error["param"]), (&json!("invalid_payload"), &json!("/tool_outputs")));
        assert_eq!(error["details"][0]["param"], "/tool_outputs");
        assert!(error["message"].as_str().unwrap().ends_with("the property 'tool_outputs' is required"), "{error}");
    }
}

#[tokio::test]
async fn a_run_that_waits_blocks_its_thread_and_can_be_cancelled() {
    let (_emulator, client, _) = start_with([Rule::new().call_function("f", json!({}))], []).await;
    let path = client.ask("Hello").await;
    let waiting = client.wait(&path).await;
    let thread = waiting["thread_id"].as_str().unwrap();
    let message = json!({ "role": "user", "content": "More" });
    client.post(&format!("/threads/{thread}/messages"), message).await.error(400);
    let body = json!({ "assistant_id": waiting["assistant_id"] });
    client.post(&format!("/threads/{thread}/runs"), body).await.error(400);

    client.call("POST", &format!("{path}/cancel"), None).await.success();
    client.submit(&path, outputs(&waiting, &["late"])).await.error(400);
    let cancelled = client.get(&path).await.success();
    assert_eq!((&cancelled["status"], &cancelled["required_action"]), (&json!("cancelled"), &Value::Null));
    let step = &client.steps(&path).await[0];
    assert_eq!((&step["status"], &step["cancelled_at"]), (&json!("cancelled"), &json!(START)));
    client.say(thread, "More").await;
}

#[tokio::test]
async fn arguments_need_not_be_json_and_calls_need_not_be_any() {
    let rules = [
        Rule::new().last_message("text").call_arguments("f", "not json"),
        Rule::new().call_functions::<&str>([]).reply("Nothing called."),
    ];
    let (_emulator, client, _) = start_with(rules, []).await;
    let path = client.ask("text").await;
    assert_eq!(calls(&client.wait(&path).await)[0]["function"]["arguments"], "not json");

    let path = client.ask("none").await;
    assert!(calls(&client.wait(&path).await).is_empty());
    client.submit(&path, json!({ "tool_outputs": [] })).await.success();
    client.complete(&path).await;
    assert_eq!(client.reply(&path).await, "Nothing called.");
}

#[tokio::test]
async fn any_action_can_be_required() {
    let function = json!({ "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let other = json!({ "id": "call_2", "type": "telepathy", "strength": 5 });
    let mixed = json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": [function, other] } });
    let unknown =
        json!({ "type": "submit_mood", "submit_mood": { "tool_calls": [{ "id": "call_3", "type": "mood" }] } });
    let rules = [
        Rule::new().last_message("mixed").require(mixed.clone()).reply("Done."),
        Rule::new().last_message("unknown").require(unknown.clone()),
    ];
    let (_emulator, client, _) = start_with(rules, []).await;
    let path = client.ask("mixed").await;
    let waiting = client.wait(&path).await;
    assert_eq!(waiting["required_action"], mixed);
    // Answering the function alone is not enough.
    client.submit(&path, outputs(&waiting, &["1"])).await.error(400);
    client.submit(&path, outputs(&waiting, &["1", "2"])).await.success();
    let done = &client.steps(&path).await[0]["step_details"]["tool_calls"];
    assert_eq!((&done[0]["function"]["output"], &done[1]["output"]), (&json!("1"), &json!("2")));
    client.complete(&path).await;

    let path = client.ask("unknown").await;
    let waiting = client.wait(&path).await;
    assert_eq!(waiting["required_action"], unknown);
    let error = client.submit(&path, outputs(&waiting, &["1"])).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("submit_mood"), "{error}");
    client.call("POST", &format!("{path}/cancel"), None).await.success();
    assert_eq!(client.statuses(&path, 1).await, ["cancelled"]);
}

#[tokio::test]
async fn each_leg_of_a_stream_ends_where_the_run_waits() {
    let rule = Rule::new().call_functions([("f", json!({ "a": 1 })), ("g", json!({}))]).reply("Done.");
    let (_emulator, client, _) = start_with([rule], []).await;
    let events = client.ask_streamed("Hello").await;
    assert_eq!(
        names(&events)[3..],
        [
            "thread.run.in_progress",
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.run.step.delta",
            "thread.run.requires_action",
            "done",
        ]
    );
    let waiting = data(&events, "thread.run.requires_action").clone();
    // Put together, the deltas are the calls.
    assert_eq!(data(&events, "thread.run.step.created")["step_details"]["tool_calls"], json!([]));
    let mut written = vec![(Value::Null, String::new(), String::new()); 2];
    for (_, delta) in events.iter().filter(|(name, _)| name == "thread.run.step.delta") {
        let call = &delta["delta"]["step_details"]["tool_calls"][0];
        let (id, name, arguments) = &mut written[call["index"].as_u64().unwrap() as usize];
        *id = call["id"].clone();
        name.push_str(call["function"]["name"].as_str().unwrap_or_default());
        arguments.push_str(call["function"]["arguments"].as_str().unwrap());
    }
    let asked: Vec<(Value, String, String)> = calls(&waiting)
        .iter()
        .map(|call| {
            let text = |name: &str| call["function"][name].as_str().unwrap().to_owned();
            (call["id"].clone(), text("name"), text("arguments"))
        })
        .collect();
    assert_eq!(written, asked);

    let path = format!("/threads/{}/runs/{}", waiting["thread_id"].as_str().unwrap(), id(&waiting));
    assert_eq!(client.get(&path).await.success(), waiting);
    let mut body = outputs(&waiting, &["1", "2"]);
    body["stream"] = json!(true);
    let events = client.submit(&path, body).await.events();
    let second = names(&events);
    assert_eq!(second[..3], ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]);
    assert_eq!(second[second.len() - 2..], ["thread.run.completed", "done"]);
    assert_eq!(client.get(&path).await.success()["status"], "completed");
    assert_eq!(client.reply(&path).await, "Done.");
}

fn weather() -> Value {
    let parameters = json!({
        "type": "object",
        "properties": { "city": { "type": "string" }, "days": { "type": "integer" }, "unit": { "type": "string" } },
        "required": ["city", "days"],
    });
    json!({ "type": "function", "function": { "name": "get_weather", "parameters": parameters } })
}

#[tokio::test]
async fn the_model_calls_a_function_that_is_asked_for_and_quotes_it() {
    let (_emulator, client, _) = start().await;
    let body = json!({ "model": "m", "tools": [weather()] });
    let agent = id(&client.post("/assistants", body).await.success());
    let thread = client.thread().await;
    client.say(&thread, "How is the weather in Rome for 3 days?").await;
    let run = client.run(&thread, &agent).await;
    let waiting = client.wait(&run).await;
    let function = &calls(&waiting)[0]["function"];
    let arguments: Value = serde_json::from_str(function["arguments"].as_str().unwrap()).unwrap();
    assert_eq!((&function["name"], arguments), (&json!("get_weather"), json!({ "city": "Rome", "days": 3 })));
    client.submit(&run, outputs(&waiting, &["sunny, 23 degrees"])).await.success();
    client.complete(&run).await;
    assert!(client.reply(&run).await.ends_with("get_weather gave: \"sunny, 23 degrees\"."));

    // Another run asks for nothing.
    client.say(&thread, "Thank you").await;
    let run = client.run(&thread, &agent).await;
    client.complete(&run).await;
}

#[tokio::test]
async fn the_model_keeps_to_the_choice_of_the_run() {
    let (_emulator, client, _) = start().await;
    let body = json!({ "model": "m", "tools": [weather()] });
    let agent = id(&client.post("/assistants", body).await.success());
    let named = json!({ "type": "function", "function": { "name": "get_weather" } });
    for (choice, waits) in [(json!("none"), false), (json!("required"), true), (named, true)] {
        let text = if waits { "Hello" } else { "Call for the weather" };
        let thread = json!({ "messages": [{ "role": "user", "content": text }] });
        let body = json!({ "assistant_id": agent, "tool_choice": choice, "stream": true, "thread": thread });
        let events = client.post("/threads/runs", body).await.events();
        assert_eq!(names(&events).contains(&"thread.run.requires_action"), waits, "{choice}");
    }
}
