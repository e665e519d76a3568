//! Short ways to write tools: of agents, of requests for a response, of toolboxes.

use serde_json::{Map, Value};

// Three unions with all their kinds.
use crate::v1::types::*;

fn connections(ids: impl IntoIterator<Item = impl Into<String>>) -> Vec<ToolProjectConnection> {
    ids.into_iter().map(ToolProjectConnection::new).collect()
}

fn search_index(connection: impl Into<String>, index: impl Into<String>) -> AzureAiSearchToolResource {
    let index = AiSearchIndexResource::new().project_connection_id(connection).index_name(index);
    AzureAiSearchToolResource::new([index])
}

fn browser(connection: impl Into<String>) -> BrowserAutomationToolParameters {
    BrowserAutomationToolParameters::new(BrowserAutomationToolConnectionParameters::new(connection))
}

/// Makes constructors, each of what it is made of.
macro_rules! tools {
    ($union:ident { $($(#[$doc:meta])* $name:ident($($argument:ident: $ty:ty),*) = $made:expr;)* }) => {
        /// Short ways to write tools, one for each kind; every kind has a type of its own for all else
        /// there is to say, which becomes a tool by `into()`.
        impl $union {
            $($(#[$doc])*
            pub fn $name($($argument: $ty),*) -> Self {
                $made.into()
            })*
        }
    };
}

tools!(Tool {
    /// Another agent by the A2A protocol, at this URL.
    a2a(base_url: impl Into<String>) = A2aTool::new(A2aProtocolVersion::V10).base_url(base_url);
    /// Another agent by the preview of the A2A protocol, at this URL.
    a2a_preview(base_url: impl Into<String>) = A2aPreviewTool::new().base_url(base_url);
    /// Changes files by patches, which the caller applies.
    apply_patch() = ApplyPatchToolParam::new();
    /// Searches an index of Azure AI Search, by the id of the project's connection to it.
    azure_ai_search(project_connection_id: impl Into<String>, index_name: impl Into<String>) =
        AzureAiSearchTool::new(search_index(project_connection_id, index_name));
    /// Calls an Azure Function, which takes its calls from one queue and puts what it gives into another.
    azure_function(
        function: impl Into<AzureFunctionDefinitionFunction>,
        input_queue: impl Into<AzureFunctionStorageQueue>,
        output_queue: impl Into<AzureFunctionStorageQueue>
    ) = AzureFunctionTool::new(AzureFunctionDefinition::new(
        function,
        AzureFunctionBinding::new(input_queue),
        AzureFunctionBinding::new(output_queue),
    ));
    /// Searches with an instance of Bing Custom Search, by the id of the project's connection to it.
    bing_custom_search_preview(project_connection_id: impl Into<String>, instance_name: impl Into<String>) =
        BingCustomSearchPreviewTool::new(BingCustomSearchToolParameters::new([BingCustomSearchConfiguration::new(
            project_connection_id,
            instance_name,
        )]));
    /// Searches with Bing, by the id of the project's connection to it.
    bing_grounding(project_connection_id: impl Into<String>) = BingGroundingTool::new(
        BingGroundingSearchToolParameters::new([BingGroundingSearchConfiguration::new(project_connection_id)])
    );
    /// Works in a browser, by the id of the project's connection to it.
    browser_automation(project_connection_id: impl Into<String>) =
        BrowserAutomationTool::new(browser(project_connection_id));
    /// The preview of [`browser_automation`](Self::browser_automation).
    browser_automation_preview(project_connection_id: impl Into<String>) =
        BrowserAutomationPreviewTool::new(browser(project_connection_id));
    /// Has the model hand over values of a JSON schema.
    capture_structured_outputs(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: impl Into<Map<String, Value>>
    ) = CaptureStructuredOutputsTool::new(StructuredOutputDefinition::new(name, description, schema));
    /// Runs code in a sandbox.
    code_interpreter() = CodeInterpreterTool::new();
    /// Works at a computer, which the caller has.
    computer() = ComputerTool::new();
    /// The preview of [`computer`](Self::computer): a screen of this size, in pixels.
    computer_use_preview(environment: impl Into<ComputerEnvironment>, display_width: i64, display_height: i64) =
        ComputerUsePreviewTool::new(environment, display_width, display_height);
    /// Calls the caller with a text of any form.
    custom(name: impl Into<String>) = CustomToolParam::new(name);
    /// Asks data agents of Microsoft Fabric, by the ids of the project's connections to them.
    fabric_dataagent_preview(project_connection_ids: impl IntoIterator<Item = impl Into<String>>) =
        MicrosoftFabricPreviewTool::new(
            FabricDataAgentToolParameters::new().project_connections(connections(project_connection_ids))
        );
    /// Asks Fabric IQ, by the id of the project's connection to it.
    fabric_iq_preview(project_connection_id: impl Into<String>) = FabricIqPreviewTool::new(project_connection_id);
    /// Searches these vector stores.
    file_search(vector_store_ids: impl IntoIterator<Item = impl Into<String>>) = FileSearchTool::new(vector_store_ids);
    /// Calls a function of the caller's, with arguments of this JSON schema.
    function(name: impl Into<String>, parameters: impl Into<Map<String, Value>>) =
        FunctionTool::new(name).parameters(parameters);
    /// The tools of GitHub Copilot.
    github_copilot_toolset_preview() = GitHubCopilotToolsetPreview::new();
    /// Makes images.
    image_generation() = ImageGenTool::new();
    /// Runs commands in a shell that the caller has.
    local_shell() = LocalShellToolParam::new();
    /// The tools of an MCP server. Each call asks for approval unless the tool says otherwise.
    mcp(server_label: impl Into<String>, server_url: impl Into<String>) =
        McpTool::new(server_label).server_url(server_url);
    /// Remembers what was said, in a memory store, by scope: `{{$userId}}` stands for who asks.
    memory_search_preview(memory_store_name: impl Into<String>, scope: impl Into<String>) =
        MemorySearchPreviewTool::new(memory_store_name, scope);
    /// The tools of Microsoft Copilot.
    microsoft_copilot_toolset_preview() = MicrosoftCopilotToolsetPreview::new();
    /// Several functions under one name, which the model looks up when it needs them.
    namespace(
        name: impl Into<String>,
        description: impl Into<String>,
        tools: impl IntoIterator<Item = impl Into<NamespaceToolParamToolsItem>>
    ) = NamespaceToolParam::new(name, description, tools);
    /// Calls the operations of an OpenAPI document.
    openapi(
        name: impl Into<String>,
        document: impl Into<Map<String, Value>>,
        authentication: impl Into<OpenApiAuthDetails>
    ) = OpenApiTool::new(OpenApiFunctionDefinition::new(name, document, authentication));
    /// Writes programs that call the other tools.
    programmatic_tool_calling() = ProgrammaticToolCallingParam::new();
    /// Searches SharePoint, by the ids of the project's connections to it.
    sharepoint_grounding_preview(project_connection_ids: impl IntoIterator<Item = impl Into<String>>) =
        SharepointPreviewTool::new(
            SharepointGroundingToolParameters::new().project_connections(connections(project_connection_ids))
        );
    /// Runs commands in a shell.
    shell() = FunctionShellToolParam::new();
    /// Looks up tools that the model is not shown from the start.
    tool_search() = ToolSearchToolParam::new();
    /// Asks Web IQ, by the id of the project's connection to it.
    web_iq_preview(project_connection_id: impl Into<String>) = WebIqPreviewTool::new(project_connection_id);
    /// Searches the web.
    web_search() = WebSearchTool::new();
    /// The preview of [`web_search`](Self::web_search).
    web_search_preview() = WebSearchPreviewTool::new();
    /// Asks Work IQ, by the id of the project's connection to it.
    work_iq_preview(project_connection_id: impl Into<String>) = WorkIqPreviewTool::new(project_connection_id);
});

tools!(OpenAiToolParam {
    /// Changes files by patches, which the caller applies.
    apply_patch() = OpenAiApplyPatchToolParam::new();
    /// Runs code in a sandbox of its own.
    code_interpreter() =
        OpenAiToolParamCodeInterpreter::new(OpenAiToolParamCodeInterpreterContainerCodeInterpreterToolAuto::new());
    /// Works at a computer, which the caller has.
    computer() = OpenAiComputerToolParam::new();
    /// The preview of [`computer`](Self::computer): a screen of this size, in pixels.
    computer_use_preview(
        environment: impl Into<OpenAiComputerUsePreviewToolEnvironment>,
        display_width: i64,
        display_height: i64
    ) = OpenAiComputerUsePreviewToolParam::new(display_height, display_width, environment);
    /// Calls the caller with a text of any form.
    custom(name: impl Into<String>) = OpenAiCustomToolParam::new(name);
    /// Searches these vector stores.
    file_search(vector_store_ids: impl IntoIterator<Item = impl Into<String>>) =
        OpenAiFileSearchToolParam::new(vector_store_ids);
    /// Calls a function of the caller's, with arguments of this JSON schema; `strict` says that the schema is one
    /// that the model can be held to.
    function(name: impl Into<String>, parameters: impl Into<Map<String, Value>>, strict: bool) =
        OpenAiFunctionToolParam::new(name, Some(parameters.into()), Some(strict));
    /// Makes images.
    image_generation() = OpenAiToolParamImageGeneration::new();
    /// Runs commands in a shell that the caller has.
    local_shell() = OpenAiToolParamLocalShell::new();
    /// The tools of an MCP server. Each call asks for approval unless the tool says otherwise.
    mcp(server_label: impl Into<String>, server_url: impl Into<String>) =
        OpenAiToolParamMcp::new(server_label).server_url(server_url);
    /// Several functions under one name, which the model looks up when it needs them.
    namespace(
        name: impl Into<String>,
        description: impl Into<String>,
        tools: impl IntoIterator<Item = impl Into<OpenAiNamespaceToolParamToolsItem>>
    ) = OpenAiNamespaceToolParam::new(description, name, tools);
    /// Writes programs that call the other tools.
    programmatic_tool_calling() = OpenAiToolParamProgrammaticToolCalling::new();
    /// Runs commands in a shell.
    shell() = OpenAiFunctionShellToolParam::new();
    /// Looks up tools that the model is not shown from the start.
    tool_search() = OpenAiToolSearchToolParam::new();
    /// Searches the web.
    web_search() = OpenAiWebSearchToolParam::new(OpenAiWebSearchToolType::WebSearch);
    /// The preview of [`web_search`](Self::web_search).
    web_search_preview() = OpenAiWebSearchPreviewToolParam::new(OpenAiWebSearchPreviewToolType::WebSearchPreview);
});

tools!(ToolboxTool {
    /// Another agent by the A2A protocol, at this URL.
    a2a(base_url: impl Into<String>) = A2aToolboxTool::new(A2aProtocolVersion::V10).base_url(base_url);
    /// Another agent by the preview of the A2A protocol, at this URL.
    a2a_preview(base_url: impl Into<String>) = A2aPreviewToolboxTool::new().base_url(base_url);
    /// Searches an index of Azure AI Search, by the id of the project's connection to it.
    azure_ai_search(project_connection_id: impl Into<String>, index_name: impl Into<String>) =
        AzureAiSearchToolboxTool::new(search_index(project_connection_id, index_name));
    /// Works in a browser, by the id of the project's connection to it.
    browser_automation(project_connection_id: impl Into<String>) =
        BrowserAutomationToolboxTool::new(browser(project_connection_id));
    /// The preview of [`browser_automation`](Self::browser_automation).
    browser_automation_preview(project_connection_id: impl Into<String>) =
        BrowserAutomationPreviewToolboxTool::new(browser(project_connection_id));
    /// Runs code in a sandbox.
    code_interpreter() = CodeInterpreterToolboxTool::new();
    /// Asks Fabric IQ, by the id of the project's connection to it.
    fabric_iq_preview(project_connection_id: impl Into<String>) =
        FabricIqPreviewToolboxTool::new(project_connection_id);
    /// Searches these vector stores.
    file_search(vector_store_ids: impl IntoIterator<Item = impl Into<String>>) =
        FileSearchToolboxTool::new().vector_store_ids(vector_store_ids);
    /// The tools of an MCP server. Each call asks for approval unless the tool says otherwise.
    mcp(server_label: impl Into<String>, server_url: impl Into<String>) =
        McpToolboxTool::new(server_label).server_url(server_url);
    /// Calls the operations of an OpenAPI document.
    openapi(
        name: impl Into<String>,
        document: impl Into<Map<String, Value>>,
        authentication: impl Into<OpenApiAuthDetails>
    ) = OpenApiToolboxTool::new(OpenApiFunctionDefinition::new(name, document, authentication));
    /// Reminds the agent of something at a later time.
    reminder_preview() = ReminderPreviewToolboxTool::new();
    /// Runs commands in a shell: a container that is made for it, or one that is there.
    shell(environment: impl Into<ToolboxShellEnvironment>) = ShellToolboxTool::new(environment);
    /// Looks up the toolbox's tools when they are needed.
    toolbox_search() = ToolSearchToolboxTool::new();
    /// The preview of [`toolbox_search`](Self::toolbox_search).
    toolbox_search_preview() = ToolboxSearchPreviewToolboxTool::new();
    /// Asks Web IQ, by the id of the project's connection to it.
    web_iq_preview(project_connection_id: impl Into<String>) = WebIqPreviewToolboxTool::new(project_connection_id);
    /// Searches the web.
    web_search() = WebSearchToolboxTool::new();
    /// Asks Work IQ, by the id of the project's connection to it.
    work_iq_preview(project_connection_id: impl Into<String>) = WorkIqPreviewToolboxTool::new(project_connection_id);
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    /// The kinds of a union, as the document has them.
    fn kinds(union: &str) -> Vec<String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/v1/openapi.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mapping = &document["components"]["schemas"][union]["discriminator"]["mapping"];
        mapping.as_object().unwrap().keys().cloned().collect()
    }

    fn by_kind(tools: impl IntoIterator<Item = impl serde::Serialize>) -> BTreeMap<String, Value> {
        let tools = tools.into_iter().map(|tool| serde_json::to_value(tool).unwrap());
        tools.map(|tool| (tool["type"].as_str().unwrap().to_owned(), tool)).collect()
    }

    fn schema() -> Map<String, Value> {
        Map::from_iter([("type".to_owned(), "object".into())])
    }

    /// That there is one tool of each kind, with these properties beside its kind.
    fn check(union: &str, made: &BTreeMap<String, Value>, versions_of_others: &[&str], expected: &[(&str, Value)]) {
        let mut known: Vec<String> = kinds(union);
        known.retain(|kind| !versions_of_others.contains(&kind.as_str()));
        assert_eq!(made.keys().cloned().collect::<Vec<_>>(), known);
        for (kind, tool) in made {
            let properties = expected.iter().find(|(name, _)| name == kind).map_or(json!({}), |(_, more)| more.clone());
            let mut whole = Map::from_iter([("type".to_owned(), json!(kind))]);
            whole.extend(properties.as_object().unwrap().clone());
            assert_eq!(tool, &Value::Object(whole), "{union}");
        }
        assert!(expected.iter().all(|(kind, _)| made.contains_key(*kind)), "{union}");
    }

    #[test]
    fn every_kind_of_tool_of_an_agent_is_short_to_write() {
        let queue = |name: &str| AzureFunctionStorageQueue::new("https://q.example", name);
        let binding = |name: &str| {
            json!({ "type": "storage_queue",
                    "storage_queue": { "queue_service_endpoint": "https://q.example", "queue_name": name } })
        };
        let made = by_kind([
            Tool::a2a("https://a.example"),
            Tool::a2a_preview("https://a.example"),
            Tool::apply_patch(),
            Tool::azure_ai_search("c", "i"),
            Tool::azure_function(AzureFunctionDefinitionFunction::new("f", schema()), queue("in"), queue("out")),
            Tool::bing_custom_search_preview("c", "i"),
            Tool::bing_grounding("c"),
            Tool::browser_automation("c"),
            Tool::browser_automation_preview("c"),
            Tool::capture_structured_outputs("n", "d", schema()),
            Tool::code_interpreter(),
            Tool::computer(),
            Tool::computer_use_preview(ComputerEnvironment::Browser, 800, 600),
            Tool::custom("n"),
            Tool::fabric_dataagent_preview(["c"]),
            Tool::fabric_iq_preview("c"),
            Tool::file_search(["vs_1"]),
            Tool::function("f", schema()),
            Tool::github_copilot_toolset_preview(),
            Tool::image_generation(),
            Tool::local_shell(),
            Tool::mcp("docs", "https://docs.example/mcp"),
            Tool::memory_search_preview("m", "user_1"),
            Tool::microsoft_copilot_toolset_preview(),
            Tool::namespace("n", "d", [CustomToolParam::new("f")]),
            Tool::openapi("n", schema(), OpenApiAnonymousAuthDetails::new()),
            Tool::programmatic_tool_calling(),
            Tool::sharepoint_grounding_preview(["c"]),
            Tool::shell(),
            Tool::tool_search(),
            Tool::web_iq_preview("c"),
            Tool::web_search(),
            Tool::web_search_preview(),
            Tool::work_iq_preview("c"),
        ]);
        let connection = json!({ "project_connection_id": "c" });
        let connections = json!({ "project_connections": [connection] });
        check(
            "Tool",
            &made,
            &[],
            &[
                ("a2a", json!({ "a2a_version": "1.0", "base_url": "https://a.example" })),
                ("a2a_preview", json!({ "base_url": "https://a.example" })),
                (
                    "azure_ai_search",
                    json!({ "azure_ai_search": { "indexes": [{ "project_connection_id": "c", "index_name": "i" }] } }),
                ),
                (
                    "azure_function",
                    json!({ "azure_function": {
                        "function": { "name": "f", "parameters": { "type": "object" } },
                        "input_binding": binding("in"),
                        "output_binding": binding("out"),
                    } }),
                ),
                (
                    "bing_custom_search_preview",
                    json!({ "bing_custom_search_preview": {
                        "search_configurations": [{ "project_connection_id": "c", "instance_name": "i" }] } }),
                ),
                ("bing_grounding", json!({ "bing_grounding": { "search_configurations": [connection] } })),
                ("browser_automation", json!({ "browser_automation": { "connection": connection } })),
                ("browser_automation_preview", json!({ "browser_automation_preview": { "connection": connection } })),
                (
                    "capture_structured_outputs",
                    json!({ "outputs": { "name": "n", "description": "d", "schema": { "type": "object" } } }),
                ),
                (
                    "computer_use_preview",
                    json!({ "environment": "browser", "display_width": 800, "display_height": 600 }),
                ),
                ("custom", json!({ "name": "n" })),
                ("fabric_dataagent_preview", json!({ "fabric_dataagent_preview": connections })),
                ("fabric_iq_preview", connection.clone()),
                ("file_search", json!({ "vector_store_ids": ["vs_1"] })),
                ("function", json!({ "name": "f", "parameters": { "type": "object" } })),
                ("mcp", json!({ "server_label": "docs", "server_url": "https://docs.example/mcp" })),
                ("memory_search_preview", json!({ "memory_store_name": "m", "scope": "user_1" })),
                ("namespace", json!({ "name": "n", "description": "d", "tools": [{ "type": "custom", "name": "f" }] })),
                (
                    "openapi",
                    json!({ "openapi": { "name": "n", "spec": { "type": "object" }, "auth": { "type": "anonymous" } } }),
                ),
                ("sharepoint_grounding_preview", json!({ "sharepoint_grounding_preview": connections })),
                ("web_iq_preview", connection.clone()),
                ("work_iq_preview", connection.clone()),
            ],
        );
    }

    #[test]
    fn lists_in_unions_take_arrays_of_what_becomes_their_elements() {
        let tool = McpTool::new("docs").allowed_tools(["search", "read"]);
        assert_eq!(
            serde_json::to_value(tool).unwrap(),
            json!({ "type": "mcp", "server_label": "docs", "allowed_tools": ["search", "read"] })
        );
    }

    #[test]
    fn every_kind_of_tool_of_a_request_is_short_to_write() {
        let made = by_kind([
            OpenAiToolParam::apply_patch(),
            OpenAiToolParam::code_interpreter(),
            OpenAiToolParam::computer(),
            OpenAiToolParam::computer_use_preview(OpenAiComputerUsePreviewToolEnvironment::Linux, 800, 600),
            OpenAiToolParam::custom("n"),
            OpenAiToolParam::file_search(["vs_1"]),
            OpenAiToolParam::function("f", schema(), true),
            OpenAiToolParam::image_generation(),
            OpenAiToolParam::local_shell(),
            OpenAiToolParam::mcp("docs", "https://docs.example/mcp"),
            OpenAiToolParam::namespace("n", "d", [OpenAiCustomToolParam::new("f")]),
            OpenAiToolParam::programmatic_tool_calling(),
            OpenAiToolParam::shell(),
            OpenAiToolParam::tool_search(),
            OpenAiToolParam::web_search(),
            OpenAiToolParam::web_search_preview(),
        ]);
        check(
            "OpenAI.ToolParam",
            &made,
            &["web_search_2025_08_26", "web_search_preview_2025_03_11"],
            &[
                ("code_interpreter", json!({ "container": { "type": "auto" } })),
                (
                    "computer_use_preview",
                    json!({ "environment": "linux", "display_width": 800, "display_height": 600 }),
                ),
                ("custom", json!({ "name": "n" })),
                ("file_search", json!({ "vector_store_ids": ["vs_1"] })),
                ("function", json!({ "name": "f", "parameters": { "type": "object" }, "strict": true })),
                ("mcp", json!({ "server_label": "docs", "server_url": "https://docs.example/mcp" })),
                ("namespace", json!({ "name": "n", "description": "d", "tools": [{ "type": "custom", "name": "f" }] })),
            ],
        );
    }

    #[test]
    fn every_kind_of_tool_of_a_toolbox_is_short_to_write() {
        let made = by_kind([
            ToolboxTool::a2a("https://a.example"),
            ToolboxTool::a2a_preview("https://a.example"),
            ToolboxTool::azure_ai_search("c", "i"),
            ToolboxTool::browser_automation("c"),
            ToolboxTool::browser_automation_preview("c"),
            ToolboxTool::code_interpreter(),
            ToolboxTool::fabric_iq_preview("c"),
            ToolboxTool::file_search(["vs_1"]),
            ToolboxTool::mcp("docs", "https://docs.example/mcp"),
            ToolboxTool::openapi("n", schema(), OpenApiAnonymousAuthDetails::new()),
            ToolboxTool::reminder_preview(),
            ToolboxTool::shell(ToolboxShellContainerAutoEnvironment::new()),
            ToolboxTool::toolbox_search(),
            ToolboxTool::toolbox_search_preview(),
            ToolboxTool::web_iq_preview("c"),
            ToolboxTool::web_search(),
            ToolboxTool::work_iq_preview("c"),
        ]);
        let connection = json!({ "project_connection_id": "c" });
        check(
            "ToolboxTool",
            &made,
            &[],
            &[
                ("a2a", json!({ "a2a_version": "1.0", "base_url": "https://a.example" })),
                ("a2a_preview", json!({ "base_url": "https://a.example" })),
                (
                    "azure_ai_search",
                    json!({ "azure_ai_search": { "indexes": [{ "project_connection_id": "c", "index_name": "i" }] } }),
                ),
                ("browser_automation", json!({ "browser_automation": { "connection": connection } })),
                ("browser_automation_preview", json!({ "browser_automation_preview": { "connection": connection } })),
                ("fabric_iq_preview", connection.clone()),
                ("file_search", json!({ "vector_store_ids": ["vs_1"] })),
                ("mcp", json!({ "server_label": "docs", "server_url": "https://docs.example/mcp" })),
                (
                    "openapi",
                    json!({ "openapi": { "name": "n", "spec": { "type": "object" }, "auth": { "type": "anonymous" } } }),
                ),
                ("shell", json!({ "environment": { "type": "container_auto" } })),
                ("web_iq_preview", connection.clone()),
                ("work_iq_preview", connection.clone()),
            ],
        );
    }
}
