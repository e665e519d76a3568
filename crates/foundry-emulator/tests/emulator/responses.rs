//! Responses: at once, in streams and in the background; stored, gone on from, cancelled.

use foundry_emulator::{Emulator, Fault, Framing, Rule};
use serde_json::{Value, json};

use crate::client::{Answer, Client, data, frames, id, names, response_events, start_with};

const RESPONSES: &str = "/openai/v1/responses";

async fn start(rules: impl IntoIterator<Item = Rule>) -> (Emulator, Client) {
    let (emulator, client, _) = start_with(rules, []).await;
    let client = client.v1();
    (emulator, client)
}

async fn ask(client: &Client, body: Value) -> Answer {
    let mut whole = json!({ "model": "gpt-4.1-mini" });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    client.post(RESPONSES, whole).await
}

fn said(response: &Value) -> String {
    response["output"][0]["content"][0]["text"].as_str().unwrap().to_owned()
}

async fn stream(client: &Client, body: Value) -> Vec<(String, Value)> {
    let mut body = body;
    body["stream"] = true.into();
    let answer = ask(client, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    response_events(&answer.bytes)
}

/// A stream that holds more than the document knows.
async fn raw_stream(client: &Client, input: &str) -> Vec<(String, Value)> {
    let body = json!({ "model": "m", "input": input, "stream": true });
    let request = client.bare("POST", RESPONSES).bearer_auth("any").json(&body);
    frames(&request.send().await.unwrap().bytes().await.unwrap())
}

fn numbers(events: &[(String, Value)]) -> Vec<u64> {
    events.iter().map(|(_, data)| data["sequence_number"].as_u64().unwrap()).collect()
}

fn text_of(events: &[(String, Value)]) -> String {
    let deltas = events.iter().filter(|(name, _)| name == "response.output_text.delta");
    deltas.map(|(_, data)| data["delta"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_text_is_answered_and_can_be_read_again() {
    let (_emulator, client) = start([]).await;
    let body = json!({
        "input": "Why is the sky blue?",
        "instructions": "Be brief.",
        "metadata": { "a": "b" },
        "reasoning": { "effort": "high" },
        "text": { "verbosity": "low" },
    });
    let response = ask(&client, body).await.success();
    assert_eq!((&response["reasoning"], &response["text"]["verbosity"]), (&json!({ "effort": "high" }), &json!("low")));
    assert_eq!(response["text"]["format"], json!({ "type": "text" }));
    assert_eq!((&response["status"], &response["object"]), (&json!("completed"), &json!("response")));
    assert_eq!(response["metadata"], json!({ "a": "b" }));
    assert_eq!(response["usage"]["input_tokens"], 7);
    let text = said(&response);
    assert!(text.contains("Be brief.") && text.contains("Why is the sky blue?"), "{text}");
    assert_eq!(response["usage"]["output_tokens"], text.split_whitespace().count());

    let path = format!("{RESPONSES}/{}", id(&response));
    assert_eq!(client.get(&path).await.success(), response);
    let inputs = client.get(&format!("{path}/input_items")).await.success();
    assert_eq!(inputs["data"][0]["content"], json!([{ "type": "input_text", "text": "Why is the sky blue?" }]));
    let deleted = client.call("DELETE", &path, None).await.success();
    assert_eq!((&deleted["id"], &deleted["deleted"]), (&response["id"], &json!(true)));
    client.get(&path).await.error(404);
    client.get(&format!("{path}/input_items")).await.error(404);
    client.call("DELETE", &path, None).await.error(404);
}

#[tokio::test]
async fn a_stream_tells_everything_that_happens_to_a_text() {
    let (_emulator, client) = start([]).await;
    let events = stream(&client, json!({ "input": "Hello there" })).await;
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names(&events), expected);
    assert_eq!(numbers(&events), (0..events.len() as u64).collect::<Vec<_>>());
    let completed = &data(&events, "response.completed")["response"];
    assert_eq!(text_of(&events), said(completed));
    assert_eq!(data(&events, "response.output_text.done")["text"], said(completed));
    assert_eq!(data(&events, "response.created")["response"]["status"], "in_progress");
    // Deltas are padded unless one does not want that.
    assert!(data(&events, "response.output_text.delta")["obfuscation"].is_string());
    let bare = json!({ "input": "Hello there", "stream_options": { "include_obfuscation": false } });
    let bare = stream(&client, bare).await;
    assert!(data(&bare, "response.output_text.delta").get("obfuscation").is_none());

    let path = format!("{RESPONSES}/{}", id(completed));
    assert_eq!(client.get(&path).await.success(), *completed);
    // What it has told is told again, from any event on.
    let again = client.get(&format!("{path}?stream=true")).await;
    assert_eq!(response_events(&again.bytes), events);
    for number in 0..events.len() {
        let rest = client.get(&format!("{path}?stream=true&starting_after={number}")).await;
        assert_eq!((rest.status, response_events(&rest.bytes)), (200, events[number + 1..].to_vec()));
    }
}

#[tokio::test]
async fn streams_end_as_their_response_does() {
    let rules = [
        Rule::new().last_message("odd").require(json!("no object")),
        Rule::new().last_message("strange").require(json!({ "type": "oracle_call", "id": "or_1", "x": [null] })),
        Rule::new().last_message("fail").write("Once upon").fail("rate_limit_exceeded", "Rate limit is exceeded."),
        Rule::new().last_message("short").incomplete_after("Once upon a", "max_completion_tokens"),
        Rule::new().last_message("error").stream_error("server_error", "Sorry."),
    ];
    let (_emulator, client) = start(rules).await;
    let failed = stream(&client, json!({ "input": "fail" })).await;
    let (name, last) = failed.last().unwrap();
    assert_eq!(name, "response.failed");
    let error = json!({ "code": "rate_limit_exceeded", "message": "Rate limit is exceeded." });
    assert_eq!((&last["response"]["status"], &last["response"]["error"]), (&json!("failed"), &error));
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");

    let short = stream(&client, json!({ "input": "short" })).await;
    let (name, last) = short.last().unwrap();
    assert_eq!(name, "response.incomplete");
    assert_eq!(last["response"]["incomplete_details"], json!({ "reason": "max_output_tokens" }));
    assert_eq!(said(&last["response"]), "Once upon a");

    let broken = stream(&client, json!({ "input": "error" })).await;
    let (name, last) = broken.last().unwrap();
    assert_eq!((name.as_str(), &last["code"], &last["message"]), ("error", &json!("server_error"), &json!("Sorry.")));

    // Items that nobody knows are told as they are.
    let strange = ask(&client, json!({ "input": "strange" })).await.success();
    assert_eq!(strange["output"], json!([{ "type": "oracle_call", "id": "or_1", "x": [null] }]));
    let request = client.bare("POST", RESPONSES).bearer_auth("any").json(&json!({ "model": "m", "input": "odd" }));
    let odd: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(odd["output"], json!(["no object"]));

    // The same without a stream.
    let failed = ask(&client, json!({ "input": "fail" })).await.success();
    assert_eq!((&failed["status"], &failed["error"]), (&json!("failed"), &error));
    let short = ask(&client, json!({ "input": "short" })).await.success();
    assert_eq!(short["status"], "incomplete");
}

#[tokio::test]
async fn streams_hold_what_the_script_puts_there() {
    let framing = Framing::new().keep_alive_events().done();
    let rule = Rule::new().framing(framing).event("response.novelty", json!({ "a": 1 })).reply("Hello you.");
    let (_emulator, client) = start([rule]).await;
    let events = raw_stream(&client, "Hello").await;
    let (last, rest) = events.split_last().unwrap();
    assert_eq!(*last, ("done".to_owned(), json!("[DONE]")));
    assert_eq!(rest[rest.len() - 2].0, "response.completed");
    let novelty = data(&events, "response.novelty");
    assert_eq!(*novelty, json!({ "a": 1, "type": "response.novelty", "sequence_number": 2 }));
    // A keep-alive tells the number of what came before it, and takes none of its own.
    let mut before = None;
    let mut told = 0;
    for (name, data) in rest {
        assert_eq!(data["type"], *name);
        if name == "keepalive" {
            assert_eq!(data["sequence_number"].as_u64(), before);
            told += 1;
        } else {
            assert_eq!(data["sequence_number"].as_u64().unwrap(), before.map_or(0, |before| before + 1));
            before = data["sequence_number"].as_u64();
        }
    }
    assert_eq!(told, before.unwrap() + 1);
}

#[tokio::test]
async fn a_response_in_the_background_moves_with_each_look() {
    let (_emulator, client) = start([Rule::new().last_message("slow").stay(1).reply("At last.")]).await;
    let response = ask(&client, json!({ "input": "slow", "background": true })).await.success();
    assert_eq!((&response["status"], &response["output"]), (&json!("queued"), &json!([])));
    let path = format!("{RESPONSES}/{}", id(&response));
    assert_eq!(client.statuses(&path, 3).await, ["in_progress", "in_progress", "completed"]);
    let done = client.get(&path).await.success();
    assert_eq!((said(&done).as_str(), &done["background"]), ("At last.", &json!(true)));
    let error = client.call("POST", &format!("{path}/cancel"), None).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("completed"));

    let response = ask(&client, json!({ "input": "slow", "background": true })).await.success();
    let path = format!("{RESPONSES}/{}", id(&response));
    client.get(&path).await.success();
    for _ in 0..2 {
        let cancelled = client.call("POST", &format!("{path}/cancel"), None).await.success();
        assert_eq!(cancelled["status"], "cancelled");
    }
    assert_eq!(client.get(&path).await.success()["status"], "cancelled");

    let at_once = ask(&client, json!({ "input": "Hello" })).await.success();
    client.call("POST", &format!("{RESPONSES}/{}/cancel", id(&at_once)), None).await.error(400);
    let error = ask(&client, json!({ "input": "a", "background": true, "store": false })).await.error(400);
    assert_eq!(error["param"], "background");
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was() {
    let rule = || Rule::new().reply("one two three four five six seven");
    let fault = Fault::new().operation("Responses_create").times(1).cut_after(2_600);
    let (_emulator, client, _) = start_with([rule()], [fault]).await;
    let client = client.v1();
    let body = json!({ "model": "m", "input": "Count", "background": true, "stream": true });
    let request = client.bare("POST", RESPONSES).bearer_auth("any").json(&body);
    let mut response = request.send().await.unwrap();
    let mut received = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        received.extend_from_slice(&chunk);
    }
    let received = String::from_utf8(received).unwrap();
    let whole = &received[..received.rfind("\n\n").unwrap() + 2];
    let first = response_events(whole.as_bytes());
    assert_eq!((first[0].0.as_str(), first[1].0.as_str()), ("response.created", "response.queued"));
    let seen = *numbers(&first).last().unwrap();
    let path = format!("{RESPONSES}/{}", first[0].1["response"]["id"].as_str().unwrap());

    let rest = client.get(&format!("{path}?stream=true&starting_after={seen}")).await;
    let rest = response_events(&rest.bytes);
    let all: Vec<(String, Value)> = first.into_iter().chain(rest).collect();
    assert_eq!(numbers(&all), (0..all.len() as u64).collect::<Vec<_>>());
    assert_eq!(all.last().unwrap().0, "response.completed");
    assert_eq!(text_of(&all), "one two three four five six seven");
}

#[tokio::test]
async fn a_response_that_hangs_is_cancelled_also_in_its_stream() {
    let (emulator, client) = start([Rule::new().write("One moment").hang()]).await;
    let body = json!({ "model": "m", "input": "Hello", "background": true, "stream": true });
    let mut wire = crate::wire::Wire::post(&emulator, RESPONSES, &body).await;
    let received = wire.until("One").await;
    let response = received.split("\"id\":\"resp_").nth(1).unwrap();
    let id = format!("resp_{}", &response[..24]);
    let path = format!("{RESPONSES}/{id}");
    // While somebody reads it, looking moves nothing.
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "in_progress"]);
    client.call("POST", &format!("{path}/cancel"), None).await.success();
    let events = wire.body().await;
    let last = events.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("event: response.incomplete\n") && last.contains(r#""status":"cancelled""#), "{last}");
}

#[tokio::test]
async fn whoever_waits_for_what_hangs_is_let_go_when_the_emulator_stops() {
    let (emulator, client) = start([Rule::new().hang()]).await;
    let asking = {
        let client = client.clone();
        let body = json!({ "model": "m", "input": "Hello" });
        tokio::spawn(client.bare("POST", RESPONSES).bearer_auth("any").json(&body).send())
    };
    while emulator.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    emulator.shutdown().await;
    let answer = asking.await.unwrap();
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 503));
}

#[tokio::test]
async fn a_response_that_its_reader_has_left_is_found_at_its_end() {
    let slow = Framing::new().pause(std::time::Duration::from_secs(3600));
    let (emulator, client) = start([Rule::new().framing(slow).write("One").reply(" two three")]).await;
    let body = json!({ "model": "m", "input": "Hello", "stream": true });
    let mut wire = crate::wire::Wire::post(&emulator, RESPONSES, &body).await;
    let received = wire.until("\n\n").await;
    let response = received.split("\"id\":\"resp_").nth(1).unwrap();
    let path = format!("{RESPONSES}/resp_{}", &response[..24]);
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "in_progress"]);
    drop(wire);
    let response = loop {
        let response = client.get(&path).await.success();
        if response["status"] != "in_progress" {
            break response;
        }
    };
    assert_eq!((&response["status"], said(&response).as_str()), (&json!("completed"), "One two three"));
}

#[tokio::test]
async fn a_long_answer_is_told_to_its_end_and_its_beginning_is_forgotten() {
    let (_emulator, client) = start([Rule::new().reply_words(12_000)]).await;
    let events = raw_stream(&client, "Count").await;
    assert_eq!(numbers(&events), (0..events.len() as u64).collect::<Vec<_>>());
    assert!(text_of(&events).ends_with(" 11999 12000"));
    let path = format!("{RESPONSES}/{}", events[0].1["response"]["id"].as_str().unwrap());
    let error = client.get(&format!("{path}?stream=true")).await.error(400);
    assert_eq!(error["param"], "starting_after");
    let last = events.len() as u64 - 3;
    let rest = client.get(&format!("{path}?stream=true&starting_after={last}")).await;
    assert_eq!(response_events(&rest.bytes), events[events.len() - 2..]);
}

#[tokio::test]
async fn what_was_said_before_is_known() {
    let (_emulator, client) = start([]).await;
    let first = ask(&client, json!({ "input": "My name is Ann." })).await.success();
    let second = ask(&client, json!({ "input": "Second", "previous_response_id": first["id"] })).await.success();
    let third = ask(&client, json!({ "input": "Third", "previous_response_id": second["id"] })).await.success();
    assert_eq!(third["previous_response_id"], second["id"]);
    let text = said(&third);
    assert!(text.contains("3 user messages") && text.contains("My name is Ann."), "{text}");
    // A branch knows nothing of the other one.
    let branch = ask(&client, json!({ "input": "Branch", "previous_response_id": first["id"] })).await.success();
    assert!(said(&branch).contains("2 user messages"));

    let error = ask(&client, json!({ "input": "x", "previous_response_id": "resp_no" })).await.error(400);
    assert_eq!(
        (&error["code"], &error["param"]),
        (&json!("previous_response_not_found"), &json!("previous_response_id"))
    );
    let secret = ask(&client, json!({ "input": "x", "store": false })).await.success();
    assert_eq!(secret["store"], false);
    client.get(&format!("{RESPONSES}/{}", id(&secret))).await.error(404);
    ask(&client, json!({ "input": "x", "previous_response_id": secret["id"] })).await.error(400);
    let streamed = stream(&client, json!({ "input": "x", "store": false })).await;
    let streamed = &data(&streamed, "response.completed")["response"];
    client.get(&format!("{RESPONSES}/{}", id(streamed))).await.error(404);
}

#[tokio::test]
async fn a_conversation_holds_both_sides() {
    let (_emulator, client) = start([]).await;
    let body = json!({ "items": [{ "role": "user", "content": "My name is Ann." }] });
    let conversation = client.post("/openai/v1/conversations", body).await.success();
    let path = format!("/openai/v1/conversations/{}", id(&conversation));
    let response = ask(&client, json!({ "input": "Who am I?", "conversation": conversation["id"] })).await.success();
    assert_eq!(response["conversation"], json!({ "id": conversation["id"] }));
    assert!(said(&response).contains("My name is Ann."));
    let streamed = stream(&client, json!({ "input": "Again?", "conversation": { "id": conversation["id"] } })).await;
    assert!(text_of(&streamed).contains("3 user messages"));

    let items = client.get(&format!("{path}/items?order=asc")).await.success();
    let roles: Vec<&str> =
        items["data"].as_array().unwrap().iter().map(|item| item["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "user", "assistant", "user", "assistant"]);
    let page = client.get(&format!("{path}/items?limit=2&after={}", items["data"][3]["id"].as_str().unwrap())).await;
    let page = page.success();
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&items["data"][2]["id"], &json!(true)));

    ask(&client, json!({ "input": "x", "conversation": "conv_no" })).await.error(404);
    let both = json!({ "input": "x", "conversation": conversation["id"], "previous_response_id": response["id"] });
    assert_eq!(ask(&client, both).await.error(400)["param"], "conversation");
    client.call("DELETE", &path, None).await.success();
    client.get(&format!("{path}/items")).await.error(404);
}

#[tokio::test]
async fn an_answer_keeps_to_a_schema() {
    let (_emulator, client) = start([]).await;
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let text = json!({ "format": { "type": "json_schema", "name": "place", "schema": schema } });
    let response = ask(&client, json!({ "input": "Weather in Rome", "text": text })).await.success();
    assert_eq!(said(&response), r#"{"city":"Rome"}"#);
    assert_eq!(response["text"]["format"]["name"], "place");
}

#[tokio::test]
async fn a_model_is_needed_and_bodies_are_checked() {
    let (_emulator, client) = start([]).await;
    let error = client.post(RESPONSES, json!({ "input": "x" })).await.error(400);
    assert_eq!(error["param"], "/model");
    let error = ask(&client, json!({ "input": 5 })).await.error(400);
    assert_eq!(error["param"], "/input");
    client.get(&format!("{RESPONSES}/resp_no")).await.error(404);
    client.get(&format!("{RESPONSES}/resp_no?stream=true")).await.error(404);
    // No api-version, but any will do.
    let request = client.bare("POST", &format!("{RESPONSES}?api-version=v1")).bearer_auth("any");
    client.send(request.json(&json!({ "model": "m", "input": "x" }))).await.success();
}
