//! Every operation of the document, called once with success.

use std::collections::BTreeSet;

use foundry_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Client, id, outputs, start};
use crate::schema;

pub(crate) async fn agents_threads_and_runs(client: &Client) {
    let agent = client.agent("").await;
    client.get("/assistants").await.success();
    client.get(&format!("/assistants/{agent}")).await.success();
    client.post(&format!("/assistants/{agent}"), json!({ "name": "a" })).await.success();

    let thread = client.thread().await;
    client.get("/threads").await.success();
    client.get(&format!("/threads/{thread}")).await.success();
    client.post(&format!("/threads/{thread}"), json!({ "metadata": { "a": "b" } })).await.success();

    let message = id(&client.say(&thread, "Hello").await);
    let message = format!("/threads/{thread}/messages/{message}");
    client.texts(&thread).await;
    client.get(&message).await.success();
    client.post(&message, json!({ "metadata": { "a": "b" } })).await.success();

    let run = client.run(&thread, &agent).await;
    client.get(&format!("/threads/{thread}/runs")).await.success();
    client.post(&run, json!({ "metadata": { "a": "b" } })).await.success();
    client.complete(&run).await;
    let steps = client.get(&format!("{run}/steps")).await.success();
    client.get(&format!("{run}/steps/{}", id(&steps["data"][0]))).await.success();

    let function = json!({ "type": "function", "function": { "name": "f", "parameters": {} } });
    let body = json!({ "assistant_id": agent, "tools": [function], "tool_choice": "required" });
    let run = id(&client.post(&format!("/threads/{thread}/runs"), body).await.success());
    let run = format!("/threads/{thread}/runs/{run}");
    let waiting = client.wait(&run).await;
    client.submit(&run, outputs(&waiting, &["5"])).await.success();

    let run = client.post("/threads/runs", json!({ "assistant_id": agent })).await.success();
    let other = run["thread_id"].as_str().unwrap();
    client.call("POST", &format!("/threads/{other}/runs/{}/cancel", id(&run)), None).await.success();
    client.call("DELETE", &format!("/threads/{thread}"), None).await.success();
    client.call("DELETE", &format!("/assistants/{agent}"), None).await.success();
}

pub(crate) async fn files_and_vector_stores(client: &Client) {
    let files = client.files(2, 3).await;
    client.get("/files").await.success();
    client.get(&format!("/files/{}", files[0])).await.success();
    client.get(&format!("/files/{}/content", files[0])).await.success();

    let store = id(&client.post("/vector_stores", json!({ "name": "a" })).await.success());
    let store = format!("/vector_stores/{store}");
    client.get("/vector_stores").await.success();
    client.get(&store).await.success();
    client.post(&store, json!({ "name": "b" })).await.success();
    client.post(&format!("{store}/files"), json!({ "file_id": files[0] })).await.success();
    client.get(&format!("{store}/files")).await.success();
    let file = format!("{store}/files/{}", files[0]);
    client.get(&file).await.success();
    client.call("DELETE", &file, None).await.success();

    let batches = format!("{store}/file_batches");
    let batch = id(&client.post(&batches, json!({ "file_ids": files })).await.success());
    client.call("POST", &format!("{batches}/{batch}/cancel"), None).await.success();
    client.get(&format!("{batches}/{batch}")).await.success();
    client.get(&format!("{batches}/{batch}/files")).await.success();
    client.call("DELETE", &store, None).await.success();
    client.call("DELETE", &format!("/files/{}", files[0]), None).await.success();
}

async fn versions(client: &Client, group: &str, body: Value) -> String {
    let versions = format!("/{group}/a/versions");
    let version = format!("{versions}/1");
    client.call("PATCH", &version, Some(body)).await.success();
    client.get(&version).await.success();
    client.get(&versions).await.success();
    client.get(&format!("/{group}")).await.success();
    version
}

pub(crate) async fn the_project(client: &Client) {
    for group in ["connections", "deployments"] {
        let page = client.get(&format!("/{group}")).await.success();
        let name = page["value"][0]["name"].as_str().unwrap();
        client.get(&format!("/{group}/{name}")).await.success();
    }
    client.call("POST", "/connections/openai/getConnectionWithCredentials", None).await.success();

    let index = json!({ "type": "AzureSearch", "connectionName": "search", "indexName": "i" });
    let index = versions(client, "indexes", index).await;
    client.call("DELETE", &index, None).await.success();

    let dataset = versions(client, "datasets", json!({ "type": "uri_file", "dataUri": "https://example.com/a" })).await;
    let pending = json!({ "pendingUploadType": "BlobReference" });
    client.post(&format!("{dataset}/startPendingUpload"), pending).await.success();
    client.call("POST", &format!("{dataset}/credentials"), None).await.success();
    client.call("DELETE", &dataset, None).await.success();
}

fn answered(emulator: &Emulator, status: impl Fn(u16) -> bool) -> BTreeSet<String> {
    let requests = emulator.requests();
    requests
        .iter()
        .filter(|request| request.status.is_some_and(&status))
        .map(|request| request.operation.clone().unwrap())
        .collect()
}

#[tokio::test]
async fn every_operation_of_the_document_succeeds() {
    let (emulator, client, _) = start().await;
    agents_threads_and_runs(&client).await;
    files_and_vector_stores(&client).await;
    the_project(&client).await;

    let succeeded = answered(&emulator, |status| status < 300);
    assert_eq!(answered(&emulator, |status| status >= 300), BTreeSet::new());
    let missing: Vec<String> = schema::judge("2025-05-01").operation_ids().difference(&succeeded).cloned().collect();
    assert_eq!(missing, [""; 0], "not called by this test");
}
