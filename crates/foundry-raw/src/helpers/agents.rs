//! Helpers on agents: what identifies one, and short ways to write definitions and tools.

use crate::v1::types::{
    AgentDetails, AgentReference, AgentVersionDetails, AiSearchIndexResource, AzureAiSearchTool,
    AzureAiSearchToolResource, BingGroundingSearchConfiguration, BingGroundingSearchToolParameters, BingGroundingTool,
    CodeInterpreterTool, ContainerConfiguration, FileSearchTool, HostedAgentDefinition, ImageGenTool, McpTool, Tool,
    WebSearchTool, WorkflowAgentDefinition,
};

/// The agent of this name, in the version that the service takes: the latest, unless its endpoint
/// says otherwise.
impl From<&str> for AgentReference {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// The agent of this name, in the version that the service takes.
impl From<String> for AgentReference {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// The agent of this name, in the version that the service takes.
impl From<&String> for AgentReference {
    fn from(name: &String) -> Self {
        Self::new(name)
    }
}

/// Name and version: the agent stays what it is.
impl<N: Into<String>, V: Into<String>> From<(N, V)> for AgentReference {
    fn from((name, version): (N, V)) -> Self {
        Self::new(name).version(version)
    }
}

/// This version, whatever comes after it.
impl From<&AgentVersionDetails> for AgentReference {
    fn from(agent: &AgentVersionDetails) -> Self {
        Self::new(&agent.name).version(&agent.version)
    }
}

/// The agent by its name, in the version that the service takes.
impl From<&AgentDetails> for AgentReference {
    fn from(agent: &AgentDetails) -> Self {
        Self::new(&agent.name)
    }
}

impl From<&Self> for AgentReference {
    fn from(reference: &Self) -> Self {
        reference.clone()
    }
}

impl HostedAgentDefinition {
    /// An agent that runs as a container of this image.
    ///
    /// - `cpu`, `memory`: as Kubernetes writes them, `"0.5"` and `"1Gi"`.
    pub fn of_image(image: impl Into<String>, cpu: impl Into<String>, memory: impl Into<String>) -> Self {
        Self::new(cpu, memory).container_configuration(ContainerConfiguration::new(image))
    }
}

impl WorkflowAgentDefinition {
    /// An agent that follows this workflow, as YAML.
    pub fn of_yaml(workflow: impl Into<String>) -> Self {
        Self::new().workflow(workflow)
    }
}

/// Short ways to write tools; every kind has a type of its own for all else there is to say, which
/// becomes a tool by `into()`.
impl Tool {
    /// Runs code in a sandbox.
    pub fn code_interpreter() -> Self {
        CodeInterpreterTool::new().into()
    }

    /// Searches these vector stores.
    pub fn file_search(vector_store_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        FileSearchTool::new(vector_store_ids).into()
    }

    /// Searches the web.
    pub fn web_search() -> Self {
        WebSearchTool::new().into()
    }

    /// Makes images.
    pub fn image_generation() -> Self {
        ImageGenTool::new().into()
    }

    /// The tools of an MCP server. Each call asks for approval unless the tool says otherwise.
    pub fn mcp(server_label: impl Into<String>, server_url: impl Into<String>) -> Self {
        McpTool::new(server_label).server_url(server_url).into()
    }

    /// Searches an index of Azure AI Search, by the id of the project's connection to it.
    pub fn azure_ai_search(project_connection_id: impl Into<String>, index_name: impl Into<String>) -> Self {
        let index = AiSearchIndexResource::new().project_connection_id(project_connection_id).index_name(index_name);
        AzureAiSearchTool::new(AzureAiSearchToolResource::new([index])).into()
    }

    /// Searches with Bing, by the id of the project's connection to it.
    pub fn bing_grounding(project_connection_id: impl Into<String>) -> Self {
        let configuration = BingGroundingSearchConfiguration::new(project_connection_id);
        BingGroundingTool::new(BingGroundingSearchToolParameters::new([configuration])).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sent(value: &impl serde::Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn whatever_identifies_an_agent_is_a_reference() {
        let version: AgentVersionDetails = crate::from_str(
            r#"{"id":"a:3","object":"agent.version","name":"a","version":"3","created_at":1,
                "metadata":null,"definition":{"kind":"prompt","model":"m"}}"#,
        )
        .unwrap();
        let agent: AgentDetails = crate::from_str(r#"{"id":"a","object":"agent","name":"a"}"#).unwrap();
        let by_name = json!({ "type": "agent_reference", "name": "a" });
        let pinned = json!({ "type": "agent_reference", "name": "a", "version": "3" });
        for (reference, expected) in [
            (AgentReference::from("a"), &by_name),
            ("a".to_owned().into(), &by_name),
            ((&"a".to_owned()).into(), &by_name),
            ((&agent).into(), &by_name),
            (("a", "3").into(), &pinned),
            ((&version).into(), &pinned),
            ((&AgentReference::new("a").version("3")).into(), &pinned),
        ] {
            assert_eq!(&sent(&reference), expected);
        }
    }

    #[test]
    fn tools_and_definitions_are_short_to_write() {
        for (tool, expected) in [
            (Tool::code_interpreter(), json!({ "type": "code_interpreter" })),
            (Tool::file_search(["vs_1"]), json!({ "type": "file_search", "vector_store_ids": ["vs_1"] })),
            (Tool::web_search(), json!({ "type": "web_search" })),
            (Tool::image_generation(), json!({ "type": "image_generation" })),
            (
                Tool::mcp("docs", "https://docs.example/mcp"),
                json!({ "type": "mcp", "server_label": "docs", "server_url": "https://docs.example/mcp" }),
            ),
            (
                Tool::azure_ai_search("c", "i"),
                json!({ "type": "azure_ai_search",
                        "azure_ai_search": { "indexes": [{ "project_connection_id": "c", "index_name": "i" }] } }),
            ),
            (
                Tool::bing_grounding("c"),
                json!({ "type": "bing_grounding",
                        "bing_grounding": { "search_configurations": [{ "project_connection_id": "c" }] } }),
            ),
        ] {
            assert_eq!(sent(&tool), expected);
        }
        assert_eq!(
            sent(&HostedAgentDefinition::of_image("r.azurecr.io/a:1", "0.5", "1Gi")),
            json!({ "kind": "hosted", "cpu": "0.5", "memory": "1Gi",
                    "container_configuration": { "image": "r.azurecr.io/a:1" } })
        );
        assert_eq!(
            sent(&WorkflowAgentDefinition::of_yaml("kind: workflow")),
            json!({ "kind": "workflow", "workflow": "kind: workflow" })
        );
    }
}
