//! Voice agents of api-version v1: what was said, and their telephony.

use serde_json::{Value, json};

use crate::client::{Client, START, id, start};

/// A client, and a voice agent.
async fn voice() -> (foundry_emulator::Emulator, Client) {
    let (emulator, client, _) = start().await;
    let client = client.v1();
    client.post("/agents:generate", json!({ "kind": "voice", "name": "v", "goal": "Help." })).await.success();
    (emulator, client)
}

#[tokio::test]
async fn a_voice_agent_has_had_a_conversation() {
    let (_emulator, client) = voice().await;
    let agent = client.get("/agents/v").await.success();
    assert_eq!(agent["versions"]["latest"]["definition"]["instructions"], "Help.");
    let voice = "/agents/v/endpoint/protocols/voice/conversations";
    let conversations = client.get(voice).await.success();
    let conversation = format!("{voice}/{}", conversations["data"][0]["id"].as_str().unwrap());
    let items = client.get(&format!("{conversation}/items?order=asc")).await.success();
    let roles: Vec<&str> =
        items["data"].as_array().unwrap().iter().map(|item| item["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    let responses = client.get(&format!("{conversation}/responses")).await.success();
    let response = responses["data"][0]["id"].as_str().unwrap();
    let said = client.get(&format!("{conversation}/responses/{response}/items")).await.success();
    assert_eq!(said["data"], json!([items["data"][1]]));
    let recording = client.get(&format!("{conversation}/audio")).await.success();
    let sound = client.get(&format!("{conversation}/audio/content")).await;
    assert_eq!(sound.headers["content-type"], "audio/wav");
    // The header says how much comes after it, and how long that lasts.
    let number = |at: usize| u32::from_le_bytes(sound.bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((&sound.bytes[..4], &sound.bytes[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!((number(4) + 8, number(40) + 44), (sound.bytes.len(), sound.bytes.len()));
    assert_eq!(recording["duration_ms"], number(40) * 1000 / number(28));
    client.call("DELETE", &conversation, None).await.success();
    client.get(&format!("{conversation}/items")).await.error(404);
    client.get(&format!("{conversation}/audio/content")).await.error(404);
    client.post("/agents/p/versions", json!({ "definition": { "kind": "prompt", "model": "m" } })).await.success();
    let none = client.get("/agents/p/endpoint/protocols/voice/conversations").await.success();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn what_has_changed_meanwhile_is_not_changed_again() {
    let (_emulator, client) = voice().await;
    let bindings = "/agents/v/telephony/bindings";
    let body = json!({ "provider": "twilio", "connection_name": "c", "phone_number": "+15550100" });
    let created = client.post(bindings, body).await;
    let etag = created.headers["etag"].to_str().unwrap().to_owned();
    let path = format!("{bindings}/{}", id(&created.success()));
    assert_eq!(client.get(&path).await.headers["etag"], etag);
    assert_eq!(client.get(bindings).await.success()["data"][0]["etag"], etag);
    let change = async |method: &str, etag: Option<&str>, label: Value| {
        let mut request = client.request(method, &path);
        if method == "PATCH" {
            request = request
                .header("content-type", "application/merge-patch+json")
                .body(json!({ "label": label }).to_string());
        }
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        client.send(request).await
    };
    let error = change("PATCH", None, json!("a")).await.error(400);
    assert_eq!((&error["code"], &error["param"]), (&json!("missing_required_header"), &json!("If-Match")));
    let changed = change("PATCH", Some(&etag), json!("a")).await;
    let newer = changed.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!((&changed.success()["label"], newer != etag), (&json!("a"), true));
    change("PATCH", Some(&etag), json!("b")).await.error(412);
    change("DELETE", Some(&etag), Value::Null).await.error(412);
    let removed = change("PATCH", Some("*"), Value::Null).await.success();
    assert!(removed.get("label").is_none());
    change("DELETE", Some(&etag), Value::Null).await.success();
    client.get(&path).await.error(404);
}

#[tokio::test]
async fn a_call_is_made_transferred_and_over() {
    let (_emulator, client) = voice().await;
    let judge = crate::schema::judge("v1");
    let jobs = "/agents/v/telephony/call_jobs";
    let body = judge.plain_body(judge.operation("POST", jobs).unwrap(), json!({}));
    client.send(client.request("POST", jobs).json(&body)).await.error(400);
    let started = client.send(client.request("POST", jobs).header("idempotency-key", "1").json(&body)).await;
    assert_eq!((started.status, &started.body["status"]), (202, &json!("accepted")));
    let path = format!("{jobs}/{}", id(&started.body));
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "completed"]);
    let calls = client.get("/agents/v/telephony/calls?status=in_progress").await.success();
    let call = format!("/agents/v/telephony/calls/{}", calls["data"][0]["id"].as_str().unwrap());
    assert_eq!(calls["data"][0]["started_at"], START);
    // Lists are of summaries.
    let summary = calls["data"][0].as_object().unwrap();
    let whole = client.get(&call).await.success();
    let omitted: Vec<&String> = whole.as_object().unwrap().keys().filter(|name| !summary.contains_key(*name)).collect();
    assert_eq!(omitted, ["events", "events_truncated", "timing"]);
    client.get("/agents/none/telephony/calls").await.error(404);
    for (bounds, count) in [
        (format!("started_after={}", START - 1), 1),
        (format!("started_after={START}"), 0),
        (format!("started_before={START}"), 0),
        (format!("started_before={}&started_after={}", START + 1, START - 1), 1),
        (format!("started_before={}&status=success", START + 1), 0),
    ] {
        let found = client.get(&format!("/agents/v/telephony/calls?{bounds}")).await.success();
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{bounds}");
    }
    client.post(&format!("{call}:transfer"), json!({ "target": "desk" })).await.error(404);
    let target = json!({ "name": "desk", "description": "d", "destination": { "kind": "pstn", "value": "+15550101" } });
    let targets = client.request("PUT", "/agents/v/telephony/transfer_targets").header("if-match", "*");
    client.send(targets.json(&json!({ "transfer_targets": [target] }))).await.success();
    let over = client.post(&format!("{call}:transfer"), json!({ "target": "desk" })).await.success();
    assert_eq!((&over["status"], &over["phase"]), (&json!("success"), &json!("completed")));
    client.call("POST", &format!("{call}:end"), None).await.error(409);
}
