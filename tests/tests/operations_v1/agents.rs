//! Agents: versions, manifests, and publishing them.

use foundry_sdk::ProjectClient;
use foundry_sdk::types::{AgentCard, AgentCardSkill, AgentState, Microsoft365PublishScope, PromptAgentDefinition};
use serde_json::Map;

use crate::read::{assert_zip, bytes, json, one_by_one};

pub(crate) async fn agents(client: &ProjectClient) {
    let agents = client.agents();
    let definition = PromptAgentDefinition::new("gpt-4.1-mini").instructions("Talk like a cowboy.");
    let agent = agents.create("cowboy", definition.clone()).description("One.").metadata([("a", "b")]).await.unwrap();
    assert_eq!((agent.name.as_str(), agent.versions.latest.version.as_str()), ("cowboy", "1"));
    assert_eq!(agent.versions.latest.metadata["a"], "b");
    let agent = agents.update("cowboy", definition.instructions("Talk like a sheriff.")).await.unwrap();
    let latest = &agent.versions.latest;
    assert_eq!(latest.version, "2");
    assert_eq!(json(&latest.definition)["instructions"], "Talk like a sheriff.");
    let version = agents.create_version("cowboy", PromptAgentDefinition::new("gpt-4.1")).await.unwrap();
    assert_eq!((version.id.as_str(), version.version.as_str()), ("cowboy:3", "3"));

    let card = AgentCard::new("1.0", [AgentCardSkill::new("ride", "Riding")]);
    let agent = agents.update_details("cowboy").agent_card(card).await.unwrap();
    assert_eq!(agent.agent_card.unwrap().skills[0].name, "Riding");
    agents.disable("cowboy").await.unwrap();
    assert_eq!(agents.get("cowboy").await.unwrap().state, AgentState::Disabled);
    agents.enable("cowboy").await.unwrap();
    assert_eq!(agents.get("cowboy").await.unwrap().state, AgentState::Enabled);

    let versions = one_by_one(agents.list_versions("cowboy").page_size(1), 3).await;
    let numbers: Vec<&str> = versions.iter().map(|version| version.version.as_str()).collect();
    assert_eq!(numbers, ["3", "2", "1"]);
    assert_eq!(agents.get_version("cowboy", "1").await.unwrap().description.as_deref(), Some("One."));
}

pub(crate) async fn manifests(client: &ProjectClient) {
    let agents = client.agents();
    let agent = agents.create_from_manifest("imported", "manifest-1", Map::new()).await.unwrap();
    assert_eq!((agent.name.as_str(), agent.versions.latest.version.as_str()), ("imported", "1"));
    let agent = agents.update_from_manifest("imported", "manifest-2", Map::new()).await.unwrap();
    assert_eq!(agent.name, "imported");
    let version = agents.create_version_from_manifest("imported", "manifest-3", Map::new()).await.unwrap();
    assert_eq!(version.name, "imported");
    assert_eq!(agents.get("imported").await.unwrap().versions.latest.version, version.version);

    let all = one_by_one(agents.list().page_size(1), 2).await;
    let names: Vec<&str> = all.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["imported", "cowboy"]);
}

pub(crate) async fn microsoft365(client: &ProjectClient) {
    let agents = client.agents();
    let scope = Microsoft365PublishScope::Tenant;
    let published = agents.publish_to_microsoft365("cowboy", scope.clone()).await.unwrap();
    assert_eq!(published.title_id.as_deref(), Some("T_cowboy"));
    let defaults = agents.get_microsoft365_publish_defaults("cowboy").await.unwrap();
    assert_eq!(defaults.app_publish_scope, Some(scope.clone()));
    assert_eq!(defaults.agent_name.as_deref(), Some("cowboy"));
    let package = agents.get_microsoft365_package("cowboy", scope).app_version("1.2.3").await.unwrap();
    assert_zip(&bytes(package).await, "manifest.json");
}

/// What is left of agents goes in the end.
pub(crate) async fn deletions(client: &ProjectClient) {
    let agents = client.agents();
    let deleted = agents.delete_version("cowboy", "3").await.unwrap();
    assert_eq!((deleted.version.as_str(), deleted.deleted), ("3", true));
    assert_eq!(agents.get("cowboy").await.unwrap().versions.latest.version, "2");
    for agent in agents.list().into_stream().into_vec().await.unwrap() {
        let deleted = agents.delete(&agent.name).await.unwrap();
        assert_eq!((&deleted.name, deleted.deleted), (&agent.name, true));
    }
    assert_eq!(agents.list().await.unwrap().data.len(), 0);
}
