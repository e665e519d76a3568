//! What a project has: connections, deployments and toolboxes.

use foundry_sdk::types::{McpToolboxTool, ToolboxTool};
use foundry_sdk::{ErrorKind, ProjectClient};
use serde_json::{Map, Value, json};

use crate::read::{events, json as as_json, of, one_by_one};

pub(crate) async fn connections(client: &ProjectClient) {
    let connections = client.connections();
    let all = connections.list().into_stream().into_vec().await.unwrap();
    assert!(all.len() > 1, "no second page");
    let name = &all[0].name;
    assert_eq!(connections.get(name).await.unwrap().name, *name);
    let reply = connections.get_with_credentials(name).send().await.unwrap();
    // What it holds is there, and is not shown.
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let key = body["credentials"]["key"].as_str().unwrap();
    assert!(!key.is_empty() && !format!("{reply:?}").contains(key), "{key}");
}

pub(crate) async fn deployments(client: &ProjectClient) {
    let deployments = client.deployments();
    let all = deployments.list().into_stream().into_vec().await.unwrap();
    assert!(all.len() > 1, "no second page");
    let listed = as_json(&all[0]);
    let got = deployments.get(listed["name"].as_str().unwrap()).await.unwrap();
    assert_eq!(as_json(&got), listed);
}

fn message(method: &str) -> Map<String, Value> {
    of(json!({ "jsonrpc": "2.0", "id": 7, "method": method }))
}

pub(crate) async fn toolboxes(client: &ProjectClient) {
    let toolboxes = client.toolboxes();
    let create = |name: &str, label: &str| {
        let tool = McpToolboxTool::new(label).server_url("https://mcp.example");
        toolboxes.create_version(name, [ToolboxTool::from(tool)])
    };
    let first = create("box", "github").description("One.").await.unwrap();
    assert_eq!((first.name.as_str(), first.version.as_str()), ("box", "1"));
    let second = create("box", "gitlab").await.unwrap();
    create("other", "github").await.unwrap();
    let names: Vec<String> =
        one_by_one(toolboxes.list().page_size(1), 2).await.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["other", "box"]);
    let versions = one_by_one(toolboxes.list_versions("box").page_size(1), 2).await;
    assert_eq!(versions.iter().map(|one| one.version.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(as_json(&toolboxes.get_version("box", "2").await.unwrap().tools)[0]["server_label"], "gitlab");
    assert_eq!(toolboxes.get("box").await.unwrap().default_version, "1");
    assert_eq!(toolboxes.update("box", &second.version).await.unwrap().default_version, "2");

    let answer = toolboxes.invoke_latest_toolbox_mcp("box", message("tools/list")).await.unwrap();
    assert_eq!((&answer["id"], &answer["result"]["tools"][0]["name"]), (&json!(7), &json!("gitlab")));
    let raw = client.raw_v1();
    let stream = raw.toolboxes_invoke_latest_toolbox_mcp_stream("box", &message("tools/list")).await.unwrap();
    assert_eq!(events(stream.value).await, [("message".to_owned(), answer)]);

    toolboxes.delete_version("box", "2").await.unwrap();
    assert_eq!(toolboxes.get("box").await.unwrap().default_version, "1");
    toolboxes.delete("other").await.unwrap();
    assert_eq!(toolboxes.get("other").await.unwrap_err().kind(), ErrorKind::NotFound);
}
