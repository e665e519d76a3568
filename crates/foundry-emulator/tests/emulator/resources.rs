//! The groups that the resource table serves.

use serde_json::{Value, json};

use crate::client::{START, id, start};

#[tokio::test]
async fn an_agent_is_created_read_changed_and_deleted() {
    let (_emulator, client, clock) = start().await;
    let body = json!({
        "model": "gpt-4o",
        "name": "my-agent",
        "instructions": "You are helpful agent",
        "tools": [{
            "type": "function",
            "function": { "name": "now", "parameters": { "type": "object", "properties": {} } },
        }],
        "metadata": null,
    });
    let agent = client.post("/assistants", body).await.success();
    assert_eq!(agent["name"], "my-agent");
    assert_eq!(agent["metadata"], json!({}));
    assert_eq!(agent["tools"][0]["function"]["strict"], false);
    let path = format!("/assistants/{}", id(&agent));
    assert_eq!(client.get(&path).await.success(), agent);

    clock.advance(100);
    let change = json!({
        "name": "renamed",
        "instructions": null,
        "temperature": 0.5,
        "id": "asst_x",
        "created_at": 0,
        "object": "x",
    });
    let changed = client.post(&path, change).await.success();
    let mut expected = agent.clone();
    expected["name"] = json!("renamed");
    expected["instructions"] = Value::Null;
    expected["temperature"] = json!(0.5);
    assert_eq!(changed, expected);
    assert_eq!(changed["created_at"], START);
    assert_eq!(client.get(&path).await.success(), expected);

    let deleted = client.call("DELETE", &path, None).await.success();
    let status = json!({ "id": id(&agent), "object": "assistant.deleted", "deleted": true });
    assert_eq!(deleted, status);
    client.get(&path).await.error(404);
    client.call("DELETE", &path, None).await.error(404);
}

#[tokio::test]
async fn a_thread_takes_what_stands_below_it_along() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let body = json!({
        "messages": [{ "role": "user", "content": "Hello" }],
        "tool_resources": { "file_search": { "vector_store_ids": ["vs_1"] } },
        "metadata": { "a": "b" },
    });
    let thread = client.post("/threads", body.clone()).await.success();
    assert_eq!(thread["tool_resources"], body["tool_resources"]);
    assert!(thread.get("messages").is_none());
    let thread_id = id(&thread);
    let path = format!("/threads/{thread_id}");
    assert_eq!(client.texts(&thread_id).await, ["Hello"]);

    let change = json!({ "metadata": { "c": "d" } });
    let changed = client.post(&path, change).await.success();
    assert_eq!(changed["metadata"], json!({ "c": "d" }));
    assert_eq!(changed["tool_resources"], body["tool_resources"]);

    let run = client.run(&thread_id, &agent).await;
    client.complete(&run).await;
    let deleted = client.call("DELETE", &path, None).await.success();
    assert_eq!(deleted, json!({ "id": thread_id, "object": "thread.deleted", "deleted": true }));
    for below in ["", "/messages", "/runs"] {
        client.get(&format!("{path}{below}")).await.error(404);
    }
    client.get(&run).await.error(404);
    assert_eq!(client.get("/threads").await.success()["data"], json!([]));
}

#[tokio::test]
async fn a_project_has_deployments() {
    let (_emulator, client, _) = start().await;
    let page = client.get("/deployments").await.success();
    let names: Vec<&str> = page["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"gpt-4.1-mini"), "{names:?}");
    assert!(page.get("nextLink").is_none());
    for name in names {
        let deployment = client.get(&format!("/deployments/{name}")).await.success();
        assert_eq!(deployment["name"], name);
    }
    let some = client.get("/deployments?modelName=gpt-4o").await.success();
    assert_eq!(some["value"].as_array().unwrap().len(), 1);
    let none = client.get("/deployments?modelPublisher=Nobody").await.success();
    assert_eq!(none["value"], json!([]));
}

#[tokio::test]
async fn connections_show_their_secret_only_when_asked() {
    let (_emulator, client, _) = start().await;
    let page = client.get("/connections?connectionType=AzureOpenAI").await.success();
    let connection = &page["value"][0];
    let path = format!("/connections/{}", connection["name"].as_str().unwrap());
    assert_eq!(&client.get(&path).await.success(), connection);
    assert_eq!(connection["credentials"], json!({ "type": "ApiKey" }));

    let with = format!("{path}/getConnectionWithCredentials");
    let with = client.call("POST", &with, None).await.success();
    assert_eq!(with["credentials"]["type"], "ApiKey");
    assert!(with["credentials"]["key"].is_string());

    let defaults = client.get("/connections?defaultConnection=true").await.success();
    let others = client.get("/connections?defaultConnection=false").await.success();
    let all = client.get("/connections").await.success();
    let count = |page: &Value| page["value"].as_array().unwrap().len();
    assert!(count(&defaults) > 0 && count(&others) > 0);
    assert_eq!(count(&defaults) + count(&others), count(&all));
    client.get("/connections?defaultConnection=perhaps").await.error(400);
}

#[tokio::test]
async fn versions_of_datasets_are_created_changed_and_deleted() {
    let (_emulator, client, _) = start().await;
    let path = "/datasets/colours/versions/1";
    let body = json!({ "type": "uri_file", "dataUri": "https://example.com/1" });
    let first = client.call("PATCH", path, Some(body)).await;
    assert_eq!(first.status, 201);
    let first = first.success();
    assert_eq!(first["name"], "colours");
    assert_eq!(first["version"], "1");
    assert_eq!(first["dataUri"], "https://example.com/1");
    let asset = "azureai://accounts/emulator/projects/demo/data/colours/versions/1";
    assert_eq!(first["id"], asset);

    let body = json!({
        "type": "uri_file",
        "dataUri": "https://example.com/1",
        "tags": { "a": "b" },
        "name": "another",
        "version": "9",
    });
    let changed = client.call("PATCH", path, Some(body)).await;
    assert_eq!(changed.status, 200);
    let changed = changed.success();
    assert_eq!(changed["name"], "colours");
    assert_eq!(changed["version"], "1");
    assert_eq!(changed["tags"], json!({ "a": "b" }));
    assert_eq!(client.get(path).await.success(), changed);

    let folder = json!({ "type": "uri_folder", "dataUri": "https://example.com/2" });
    client.call("PATCH", "/datasets/colours/versions/2", Some(folder.clone())).await.success();
    client.call("PATCH", "/datasets/shapes/versions/1", Some(folder)).await.success();
    let latest = client.get("/datasets").await.success();
    let latest: Vec<(&str, &str)> = latest["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["version"].as_str().unwrap()))
        .collect();
    assert_eq!(latest, [("colours", "2"), ("shapes", "1")]);
    let versions = client.get("/datasets/colours/versions").await.success();
    assert_eq!(versions["value"].as_array().unwrap().len(), 2);

    for _ in 0..2 {
        let deleted = client.call("DELETE", path, None).await;
        assert_eq!(deleted.status, 204);
    }
    client.get(path).await.error(404);
}

#[tokio::test]
async fn versions_of_indexes_are_created_and_listed() {
    let (_emulator, client, _) = start().await;
    let body = json!({ "type": "AzureSearch", "connectionName": "search", "indexName": "i" });
    let path = "/indexes/library/versions/1";
    let index = client.call("PATCH", path, Some(body)).await.success();
    assert_eq!(index["indexName"], "i");
    assert_eq!(client.get(path).await.success(), index);
    assert_eq!(client.get("/indexes").await.success()["value"], json!([index]));
    let incomplete = json!({ "type": "AzureSearch" });
    let error = client.call("PATCH", "/indexes/library/versions/2", Some(incomplete)).await.error(400);
    assert_eq!(error["param"], "/connectionName");
}
