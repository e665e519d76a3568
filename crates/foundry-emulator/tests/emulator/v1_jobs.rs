//! Jobs of api-version v1: how far they have come, and how they end.

use foundry_emulator::{Emulator, Rule};
use serde_json::{Value, json};

use crate::client::{Answer, Client, id, start_with};

async fn start(rules: impl IntoIterator<Item = Rule>) -> (Emulator, Client) {
    let (emulator, client, _) = start_with(rules, []).await;
    let client = client.v1();
    (emulator, client)
}

async fn create(client: &Client, name: &str) -> Answer {
    let judge = crate::schema::judge("v1");
    let operation = judge.operation("POST", "/evaluator_generation_jobs").unwrap();
    let body = judge.plain_body(operation, json!({ "evaluator_name": name }));
    client.post("/evaluator_generation_jobs", body).await
}

async fn job(client: &Client, name: &str) -> String {
    format!("/evaluator_generation_jobs/{}", id(&create(client, name).await.success()))
}

#[tokio::test]
async fn a_job_moves_with_each_look_to_its_result() {
    let (emulator, client) = start([]).await;
    let created = create(&client, "tone").await;
    let created_id = id(&created.body);
    let location = format!("{}/evaluator_generation_jobs/{created_id}?api-version=v1", emulator.endpoint());
    assert_eq!(created.headers["operation-location"], *location);
    assert_eq!(created.headers["retry-after"], "1");
    assert_eq!((created.status, &created.body["status"]), (201, &json!("queued")));
    let path = format!("/evaluator_generation_jobs/{created_id}");
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "succeeded"]);
    let done = client.get(&path).await;
    assert!(!done.headers.contains_key("retry-after"));
    let done = done.success();
    assert!(done["finished_at"].is_u64(), "{done}");
    let version = done["result"]["version"].as_str().unwrap().to_owned();
    let evaluator = client.get(&format!("/evaluators/tone/versions/{version}")).await.success();
    assert_eq!((&evaluator["name"], &evaluator["generation_job_id"]), (&json!("tone"), &json!(created_id)));
    client.call("POST", &format!("{path}:cancel"), None).await.error(409);
    client.call("DELETE", &path, None).await.success();
    client.get(&path).await.error(404);
}

#[tokio::test]
async fn a_job_can_be_cancelled_or_fail_or_take_its_time() {
    let rules = [
        Rule::new().agent("evaluator generation job").last_message("broken").fail("server_error", "Sorry."),
        Rule::new().last_message("slow").stay(2),
        Rule::new().last_message("endless").hang(),
        Rule::new().last_message("dropped").cancelled(),
    ];
    let (_emulator, client) = start(rules).await;
    let path = job(&client, "broken").await;
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "failed"]);
    let error = client.get(&path).await.success()["error"].take();
    assert_eq!(error, json!({ "code": "server_error", "message": "Sorry." }));
    let path = job(&client, "slow").await;
    assert_eq!(client.statuses(&path, 4).await, ["in_progress", "in_progress", "in_progress", "succeeded"]);
    let path = job(&client, "dropped").await;
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "cancelled"]);
    let path = job(&client, "endless").await;
    assert_eq!(client.statuses(&path, 3).await, ["in_progress"; 3]);
    assert_eq!(client.call("POST", &format!("{path}:cancel"), None).await.success()["status"], "cancelled");
    assert_eq!(client.statuses(&path, 1).await, ["cancelled"]);
    let listed = client.get("/evaluator_generation_jobs").await.success();
    assert_eq!(listed["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_request_that_is_sent_twice_starts_one_job() {
    let (_emulator, client) = start([]).await;
    let judge = crate::schema::judge("v1");
    let body = |path: &str, given: Value| judge.plain_body(judge.operation("POST", path).unwrap(), given);
    client
        .send(client.request("POST", "/agents:generate").json(&body("/agents:generate", json!({ "name": "v" }))))
        .await
        .success();
    for (path, header) in [
        ("/data_generation_jobs", "Operation-Id"),
        ("/insights", "Repeatability-Request-ID"),
        ("/agents/v/telephony/call_jobs", "Idempotency-Key"),
    ] {
        let given = if path == "/data_generation_jobs" { json!({ "scenario": "evaluation" }) } else { json!({}) };
        let send = async |key: &str| {
            let request = client.request("POST", path).header(header, key).json(&body(path, given.clone()));
            id(&client.send(request).await.success())
        };
        let first = send("one").await;
        assert_eq!(send("one").await, first, "{path}");
        assert_ne!(send("two").await, first, "{path}");
    }
}

#[tokio::test]
async fn memories_are_made_found_and_forgotten() {
    let (emulator, client) = start([]).await;
    let definition = json!({ "kind": "default", "chat_model": "gpt-4.1-mini", "embedding_model": "e" });
    let body = json!({ "name": "facts", "definition": definition });
    let store = client.post("/memory_stores", body.clone()).await.success();
    assert_eq!((&store["object"], &store["definition"]), (&json!("memory_store"), &definition));
    assert!(id(&store).starts_with("memstore_"));
    client.post("/memory_stores", body).await.error(409);
    client.get("/memory_stores/none").await.error(404);

    let say = async |text: &str, scope: &str, previous: Option<&str>| {
        let mut body = json!({ "scope": scope, "items": [
            { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": text }] },
            { "type": "message", "role": "assistant", "content": "Noted." },
        ] });
        if let Some(previous) = previous {
            body["previous_update_id"] = previous.into();
        }
        client.post("/memory_stores/facts:update_memories", body).await
    };
    let first = say("I drink dark roast coffee.", "ann", None).await;
    let first_id = first.body["update_id"].as_str().unwrap().to_owned();
    let location = format!("{}/memory_stores/facts/updates/{first_id}?api-version=v1", emulator.endpoint());
    assert_eq!((first.status, &first.headers["operation-location"]), (202, &location.parse().unwrap()));
    // The next one goes on from it before it has begun.
    let second = say("I live in Oslo.", "ann", Some(&first_id)).await.success();
    let second_id = second["update_id"].as_str().unwrap();
    let superseded = client.get(&format!("/memory_stores/facts/updates/{first_id}")).await.success();
    assert_eq!((&superseded["status"], &superseded["superseded_by"]), (&json!("superseded"), &json!(second_id)));
    let path = format!("/memory_stores/facts/updates/{second_id}");
    assert_eq!(client.statuses(&path, 2).await, ["in_progress", "completed"]);
    let result = client.get(&path).await.success()["result"].take();
    let operations = result["memory_operations"].as_array().unwrap();
    assert_eq!((operations.len(), &operations[0]["kind"]), (1, &json!("create")));
    assert_eq!(operations[0]["memory_item"]["content"], "I live in Oslo.");
    let error = say("x", "ann", Some("memupdate_no")).await.error(404);
    assert!(error["message"].as_str().unwrap().contains("memupdate_no"));

    let add = async |content: &str, scope: &str| {
        let body = json!({ "scope": scope, "kind": "user_profile", "content": content });
        client.post("/memory_stores/facts/items", body).await.success()
    };
    let coffee = add("Drinks coffee in the morning.", "ann").await;
    add("Drinks coffee at night.", "bob").await;
    let search = async |text: &str| {
        let body = json!({ "scope": "ann", "items": [{ "type": "message", "role": "user", "content": text }] });
        client.post("/memory_stores/facts:search_memories", body).await.success()
    };
    let found = search("Which coffee?").await;
    assert_eq!(found["memories"].as_array().unwrap().len(), 1);
    assert_eq!(found["memories"][0]["memory_item"]["memory_id"], coffee["memory_id"]);
    assert_eq!(search("Tea").await["memories"], json!([]));
    let path = format!("/memory_stores/facts/items/{}", coffee["memory_id"].as_str().unwrap());
    let changed = client.post(&path, json!({ "content": "Drinks tea." })).await.success();
    assert_eq!((&changed["content"], &changed["kind"]), (&json!("Drinks tea."), &json!("user_profile")));
    let list = async |scope: &str| {
        let page = client.post("/memory_stores/facts/items:list", json!({ "scope": scope })).await.success();
        page["data"].as_array().unwrap().len()
    };
    assert_eq!((list("ann").await, list("bob").await), (2, 1));
    let deleted = client.post("/memory_stores/facts:delete_scope", json!({ "scope": "ann" })).await.success();
    assert_eq!(
        (&deleted["name"], &deleted["scope"], &deleted["deleted"]),
        (&json!("facts"), &json!("ann"), &json!(true))
    );
    assert_eq!((list("ann").await, list("bob").await), (0, 1));
    client.get(&path).await.error(404);
    let deleted = client.call("DELETE", "/memory_stores/facts", None).await.success();
    assert_eq!(deleted, json!({ "object": "memory_store.deleted", "name": "facts", "deleted": true }));
}
