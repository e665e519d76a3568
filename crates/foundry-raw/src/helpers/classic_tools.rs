//! Short ways to write tools of agents of threads and runs, and what the tools work with.

use crate::classic_types::{
    AzureAiSearchToolDefinition, CodeInterpreterToolDefinition, CodeInterpreterToolResource, ConnectedAgentDetails,
    ConnectedAgentToolDefinition, FileSearchToolDefinition, FileSearchToolResource, McpToolDefinition, ToolDefinition,
    ToolResources,
};

/// Short ways to write tools; every kind has a type of its own for all else there is to say, which becomes
/// a tool by `into()`.
impl ToolDefinition {
    /// Searches an index of Azure AI Search, which the agent's tool resources name.
    pub fn azure_ai_search() -> Self {
        AzureAiSearchToolDefinition::new().into()
    }

    /// Runs code in a sandbox, with the files that the agent's tool resources name.
    pub fn code_interpreter() -> Self {
        CodeInterpreterToolDefinition::new().into()
    }

    /// Asks another agent, by its id.
    pub fn connected_agent(id: impl Into<String>, name: impl Into<String>, description: impl Into<String>) -> Self {
        ConnectedAgentToolDefinition::new(ConnectedAgentDetails::new(id, name, description)).into()
    }

    /// Searches the vector stores that the agent's tool resources name.
    pub fn file_search() -> Self {
        FileSearchToolDefinition::new().into()
    }

    /// The tools of an MCP server. Each call asks for approval unless the tool's resources say otherwise.
    pub fn mcp(server_label: impl Into<String>, server_url: impl Into<String>) -> Self {
        McpToolDefinition::new(server_label, server_url).into()
    }
}

impl ToolResources {
    /// These vector stores, for file search.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::ToolResources;
    ///
    /// assert_eq!(
    ///     serde_json::to_value(ToolResources::of_file_search(["vs_1"])).unwrap(),
    ///     serde_json::json!({ "file_search": { "vector_store_ids": ["vs_1"] } })
    /// );
    /// ```
    pub fn of_file_search(vector_store_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new().file_search(FileSearchToolResource::new().vector_store_ids(vector_store_ids))
    }

    /// These uploaded files, for code to work with.
    pub fn of_code_interpreter(file_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new().code_interpreter(CodeInterpreterToolResource::new().file_ids(file_ids))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tools_and_their_resources_are_short_to_write() {
        for (tool, expected) in [
            (ToolDefinition::azure_ai_search(), json!({ "type": "azure_ai_search" })),
            (ToolDefinition::code_interpreter(), json!({ "type": "code_interpreter" })),
            (
                ToolDefinition::connected_agent("asst_1", "n", "d"),
                json!({ "type": "connected_agent",
                        "connected_agent": { "id": "asst_1", "name": "n", "description": "d" } }),
            ),
            (ToolDefinition::file_search(), json!({ "type": "file_search" })),
            (
                ToolDefinition::mcp("docs", "https://docs.example/mcp"),
                json!({ "type": "mcp", "server_label": "docs", "server_url": "https://docs.example/mcp" }),
            ),
        ] {
            assert_eq!(serde_json::to_value(tool).unwrap(), expected);
        }
        let files = ToolResources::of_code_interpreter(["assistant-1"]);
        assert_eq!(
            serde_json::to_value(files).unwrap(),
            json!({ "code_interpreter": { "file_ids": ["assistant-1"] } })
        );
    }
}
