//! Agents: versions that are made only if they differ, tools by functions, features of previews.

use foundry_sdk::types::{PromptAgentDefinition, Tool, WorkflowAgentDefinition};
use foundry_sdk::{ErrorKind, FoundryFeature, JsonFormat};
use serde_json::{Value, json};

use crate::common::{Service, halve, ok, said, status};

fn version(number: &str, definition: &Value) -> Value {
    json!({ "id": format!("cowboy:{number}"), "object": "agent.version", "name": "cowboy", "version": number,
            "created_at": 1, "metadata": {}, "description": "", "definition": definition })
}

fn agent(definition: &Value) -> Value {
    json!({ "id": "cowboy", "object": "agent", "name": "cowboy", "versions": { "latest": version("3", definition) } })
}

fn definition() -> PromptAgentDefinition {
    PromptAgentDefinition::new("m").instructions("Talk like a cowboy.").tools([Tool::web_search()])
}

#[tokio::test]
async fn a_version_is_made_only_if_it_differs() {
    let has = json!({ "kind": "prompt", "model": "m", "instructions": "Talk like a cowboy.", "temperature": 1,
                      "tools": [{ "type": "web_search", "user_location": null }], "reasoning": null });
    let service = Service::new([ok(agent(&has)), ok(said("resp_1", "Howdy."))]);
    let client = service.client();
    let ensured = client.agents().ensure_version("cowboy", definition()).await.unwrap();
    assert_eq!((ensured.is_new, ensured.version.as_str()), (false, "3"));
    client.responses().create("Hi.").agent(&ensured).await.unwrap();
    assert_eq!(service.bodies()[1]["agent_reference"]["version"], "3");
    assert_eq!(service.routes(), ["GET /agents/cowboy?api-version=v1", "POST /openai/v1/responses"]);

    let missing = status(404, json!({ "error": { "code": "not_found", "message": "No such agent." } }));
    let mut other = has.clone();
    other["model"] = "n".into();
    for found in [missing, ok(agent(&other))] {
        let service = Service::new([found, ok(version("4", &has))]);
        let ensure = service.client().agents().ensure_version("cowboy", definition());
        let ensured = ensure.description("A cowboy.").metadata([("a", "b")]).await.unwrap();
        assert_eq!((ensured.is_new, ensured.agent.version.as_str()), (true, "4"));
        assert_eq!(service.routes()[1], "POST /agents/cowboy/versions?api-version=v1");
        assert_eq!(
            service.bodies()[1],
            json!({ "definition": { "kind": "prompt", "model": "m", "instructions": "Talk like a cowboy.",
                                    "tools": [{ "type": "web_search" }] },
                    "description": "A cowboy.", "metadata": { "a": "b" } })
        );
    }
    // What cannot be looked at is not made anew.
    let service = Service::new([status(500, json!({}))]);
    let error = service.client().agents().ensure_version("cowboy", definition()).await.unwrap_err();
    assert_eq!((error.kind(), service.asked().len()), (ErrorKind::Server, 1));
}

#[tokio::test]
async fn features_of_previews_go_with_the_request() {
    let workflow = json!({ "kind": "workflow", "workflow": "kind: workflow" });
    let missing = || status(404, json!({}));
    let service = Service::new([
        ok(version("1", &workflow)),
        missing(),
        ok(version("1", &workflow)),
        missing(),
        ok(version("1", &workflow)),
    ]);
    let agents = service.client().agents();
    let workflow = || WorkflowAgentDefinition::of_yaml("kind: workflow");
    agents.create_version("cowboy", workflow()).features([FoundryFeature::WORKFLOW_AGENTS]).await.unwrap();
    agents.ensure_version("cowboy", workflow()).features([FoundryFeature::WORKFLOW_AGENTS]).await.unwrap();
    agents.ensure_version("cowboy", workflow()).await.unwrap();
    let features: Vec<bool> = service
        .asked()
        .iter()
        .filter(|asked| asked.route.starts_with("POST"))
        .map(|asked| asked.headers.get("foundry-features").is_some_and(|value| value == "WorkflowAgents=V1Preview"))
        .collect();
    assert_eq!(features, [true, true, false]);
}

#[test]
fn functions_and_formats_are_parts_of_a_definition() {
    let format = JsonFormat::from_schema("f", json!({ "type": "object" })).unwrap();
    let definition = PromptAgentDefinition::new("m").tools(&halve().0).text(format);
    let sent = serde_json::to_value(&definition).unwrap();
    assert_eq!((&sent["tools"][0]["type"], &sent["tools"][0]["name"]), (&json!("function"), &json!("halve")));
    assert_eq!(sent["tools"][0]["parameters"]["required"], json!(["number"]));
    assert_eq!(
        sent["text"],
        json!({ "format": { "type": "json_schema", "name": "f", "strict": false,
                            "schema": { "type": "object", "properties": {} } } })
    );
}
