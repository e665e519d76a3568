//! What is sent: every request body is built from outside of the crate and compared with its JSON.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use document::{Met, meet, request_bodies};
use foundry_raw::v2025_05_01::types::{
    AgentThreadCreationOptions, AgentsNamedToolChoice, AgentsNamedToolChoiceType, AgentsResponseFormat,
    AgentsResponseFormatMode, AgentsResponseFormatOption, AgentsToolChoiceOption, AgentsToolChoiceOptionMode,
    AiSearchIndexResource, AzureAiSearchIndex, AzureAiSearchQueryType, AzureAiSearchToolDefinition,
    AzureAiSearchToolResource, AzureFunctionBinding, AzureFunctionDefinition, AzureFunctionStorageQueue,
    AzureFunctionToolDefinition, BingGroundingSearchConfiguration, BingGroundingSearchToolParameters,
    BingGroundingToolDefinition, CodeInterpreterToolDefinition, CodeInterpreterToolResource, ConnectedAgentDetails,
    ConnectedAgentToolDefinition, CosmosDbIndex, CreateAgentOptions, CreateAndRunThreadOptions, CreateRunOptions,
    DatasetVersion, EmbeddingConfiguration, FieldMapping, FileDatasetVersion, FilePurpose, FileSearchRankingOptions,
    FileSearchToolDefinition, FileSearchToolDefinitionDetails, FileSearchToolResource, FolderDatasetVersion,
    FunctionDefinition, FunctionName, FunctionToolDefinition, ImageDetailLevel, Index, ManagedAzureAiSearchIndex,
    McpRequireApproval, McpRequireApprovalMode, McpToolDefinition, McpToolNames, McpToolResource, MessageAttachment,
    MessageAttachmentToolDefinition, MessageImageFileParam, MessageImageUrlParam, MessageInputContentBlock,
    MessageInputImageFileBlock, MessageInputImageUrlBlock, MessageInputTextBlock, MessageRole, MessagesUpdateRequest,
    OpenApiAnonymousAuthDetails, OpenApiAuthDetails, OpenApiConnectionAuthDetails, OpenApiConnectionSecurityScheme,
    OpenApiFunctionDefinition, OpenApiManagedAuthDetails, OpenApiManagedSecurityScheme, OpenApiToolDefinition,
    PendingUploadRequest, ResponseFormat, ResponseFormatJsonSchema, ResponseFormatJsonSchemaType,
    RunsSubmitToolOutputsRequest, RunsUpdateRequest, ThreadMessageOptions, ToolApproval, ToolDefinition, ToolOutput,
    ToolResources, TruncationObject, TruncationStrategy, UpdateAgentOptions, UpdateAgentThreadOptions,
    UploadFileRequest, VectorStoreAutoChunkingStrategyRequest, VectorStoreConfiguration, VectorStoreConfigurations,
    VectorStoreDataSource, VectorStoreDataSourceAssetType, VectorStoreExpirationPolicy,
    VectorStoreExpirationPolicyAnchor, VectorStoreFileBatchesCreateRequest, VectorStoreFilesCreateRequest,
    VectorStoreOptions, VectorStoreStaticChunkingStrategyOptions, VectorStoreStaticChunkingStrategyRequest,
    VectorStoreUpdateOptions,
};
use foundry_raw::v2025_05_01::{Client, OPERATIONS};
use foundry_raw::{BoxError, Call, Error, Response, Transport};
use serde_json::{Value, json};

const ENDPOINT: &str = "https://res.example/api/projects/p";

// ---- the transport that keeps what it is given

/// What would have been sent.
#[derive(Debug)]
struct Sent {
    operation: &'static str,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    content_type: Option<String>,
    body: Option<Vec<u8>>,
}

/// A transport that sends nothing.
#[derive(Clone, Debug, Default)]
struct Recorder(Arc<Mutex<Vec<Sent>>>);

impl Transport for Recorder {
    fn send(&self, mut call: Call) -> std::pin::Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send + '_>> {
        call.stamp(None);
        let url = call.request.url();
        let content_type = call.request.headers().get("content-type");
        self.0.lock().unwrap().push(Sent {
            operation: call.operation.id,
            method: call.request.method().to_string(),
            path: url.path().strip_prefix("/api/projects/p").unwrap().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            content_type: content_type.map(|value| value.to_str().unwrap().to_owned()),
            body: call.request.body().and_then(|body| body.as_bytes()).map(<[u8]>::to_vec),
        });
        Box::pin(async { Err("nothing is sent".into()) })
    }
}

impl Recorder {
    fn client(&self) -> Client {
        Client::with_transport(ENDPOINT, reqwest::Client::new(), Arc::new(self.clone()))
    }

    fn last(&self) -> Sent {
        self.0.lock().unwrap().pop().unwrap()
    }
}

// ---- the cases

/// A body that was built, what it is expected to be, and what the client made of it.
struct Case {
    operation: &'static str,
    built: Value,
    expected: Value,
    sent: Option<Sent>,
    path: &'static str,
}

macro_rules! case {
    ($cases:ident, $operation:literal $path:literal, $body:expr, |$client:ident, $sent:ident| $call:expr, $expected:expr) => {{
        let recorder = Recorder::default();
        let ($client, body) = (recorder.client(), $body);
        let $sent = &body;
        assert!(matches!($call.await.unwrap_err(), Error::Transport(_)), $operation);
        $cases.push(Case {
            operation: $operation,
            built: serde_json::to_value(&body).unwrap(),
            expected: $expected,
            sent: Some(recorder.last()),
            path: $path,
        });
    }};
}

fn source() -> VectorStoreDataSource {
    VectorStoreDataSource::new("azureml://data/1", VectorStoreDataSourceAssetType::UriAsset)
}

fn source_json() -> Value {
    json!({ "uri": "azureml://data/1", "type": "uri_asset" })
}

fn function() -> FunctionDefinition {
    FunctionDefinition::new("sky", json!({ "type": "object", "properties": { "hour": { "type": "integer" } } }))
        .description("The colour of the sky.")
}

fn function_json() -> Value {
    json!({
        "name": "sky",
        "description": "The colour of the sky.",
        "parameters": { "type": "object", "properties": { "hour": { "type": "integer" } } },
    })
}

/// A tool of every kind.
fn tools() -> Vec<ToolDefinition> {
    let queue = |name: &str| AzureFunctionBinding::new(AzureFunctionStorageQueue::new("https://q.example", name));
    let openapi = |auth: OpenApiAuthDetails| {
        OpenApiFunctionDefinition::new("weather", json!({ "openapi": "3.0.0", "paths": {} }), auth)
            .description("The weather.")
            .default_params(["units"])
    };
    let search = BingGroundingSearchConfiguration::new("conn").count(5).freshness("Day").market("en-US").set_lang("en");
    vec![
        AzureAiSearchToolDefinition::new().into(),
        AzureFunctionToolDefinition::new(AzureFunctionDefinition::new(function(), queue("in"), queue("out"))).into(),
        BingGroundingToolDefinition::new(BingGroundingSearchToolParameters::new([search])).into(),
        CodeInterpreterToolDefinition::new().into(),
        ConnectedAgentToolDefinition::new(ConnectedAgentDetails::new("asst_2", "stock_bot", "Knows prices.")).into(),
        FileSearchToolDefinition::new()
            .file_search(
                FileSearchToolDefinitionDetails::new()
                    .max_num_results(7)
                    .ranking_options(FileSearchRankingOptions::new("auto", 0.5)),
            )
            .into(),
        FunctionToolDefinition::new(function()).into(),
        OpenApiToolDefinition::new(openapi(OpenApiAnonymousAuthDetails::new().into())).into(),
        OpenApiToolDefinition::new(openapi(
            OpenApiConnectionAuthDetails::new(OpenApiConnectionSecurityScheme::new("conn")).into(),
        ))
        .into(),
        OpenApiToolDefinition::new(openapi(
            OpenApiManagedAuthDetails::new(OpenApiManagedSecurityScheme::new("https://audience.example")).into(),
        ))
        .into(),
        McpToolDefinition::new("github", "https://mcp.example").allowed_tools(["search"]).into(),
    ]
}

fn tools_json() -> Value {
    let queue = |name: &str| {
        json!({
            "type": "storage_queue",
            "storage_queue": { "queue_service_endpoint": "https://q.example", "queue_name": name },
        })
    };
    let openapi = |auth: Value| {
        json!({
            "type": "openapi",
            "openapi": {
                "name": "weather",
                "description": "The weather.",
                "spec": { "openapi": "3.0.0", "paths": {} },
                "auth": auth,
                "default_params": ["units"],
            },
        })
    };
    json!([
        { "type": "azure_ai_search" },
        {
            "type": "azure_function",
            "azure_function": {
                "function": function_json(), "input_binding": queue("in"), "output_binding": queue("out"),
            },
        },
        {
            "type": "bing_grounding",
            "bing_grounding": {
                "search_configurations": [
                    { "connection_id": "conn", "count": 5, "freshness": "Day", "market": "en-US", "set_lang": "en" },
                ],
            },
        },
        { "type": "code_interpreter" },
        {
            "type": "connected_agent",
            "connected_agent": { "id": "asst_2", "name": "stock_bot", "description": "Knows prices." },
        },
        {
            "type": "file_search",
            "file_search": {
                "max_num_results": 7, "ranking_options": { "ranker": "auto", "score_threshold": 0.5 },
            },
        },
        { "type": "function", "function": function_json() },
        openapi(json!({ "type": "anonymous" })),
        openapi(json!({ "type": "connection", "security_scheme": { "connection_id": "conn" } })),
        openapi(json!({ "type": "managed_identity", "security_scheme": { "audience": "https://audience.example" } })),
        {
            "type": "mcp", "server_label": "github", "server_url": "https://mcp.example", "allowed_tools": ["search"],
        },
    ])
}

fn tool_resources() -> ToolResources {
    let index = AiSearchIndexResource::new()
        .index_connection_id("conn")
        .index_name("sky")
        .query_type(AzureAiSearchQueryType::VectorSimpleHybrid)
        .top_k(3)
        .filter("year gt 2000")
        .index_asset_id("asset");
    ToolResources::new()
        .code_interpreter(CodeInterpreterToolResource::new().file_ids(["assistant-1"]).data_sources([source()]))
        .file_search(
            FileSearchToolResource::new()
                .vector_store_ids(["vs_1"])
                .vector_stores([VectorStoreConfigurations::new("store", VectorStoreConfiguration::new([source()]))]),
        )
        .azure_ai_search(AzureAiSearchToolResource::new().indexes([index]))
        .mcp([
            McpToolResource::new("github")
                .headers([("X-Key", "planted")])
                .require_approval(McpRequireApprovalMode::Never),
            McpToolResource::new("docs").require_approval(
                McpRequireApproval::new().never(McpToolNames::new(["search"])).always(McpToolNames::new(["drop"])),
            ),
        ])
}

fn tool_resources_json() -> Value {
    json!({
        "code_interpreter": { "file_ids": ["assistant-1"], "data_sources": [source_json()] },
        "file_search": {
            "vector_store_ids": ["vs_1"],
            "vector_stores": [{ "name": "store", "configuration": { "data_sources": [source_json()] } }],
        },
        "azure_ai_search": {
            "indexes": [{
                "index_connection_id": "conn", "index_name": "sky", "query_type": "vector_simple_hybrid", "top_k": 3,
                "filter": "year gt 2000", "index_asset_id": "asset",
            }],
        },
        "mcp": [
            { "server_label": "github", "headers": { "X-Key": "planted" }, "require_approval": "never" },
            {
                "server_label": "docs",
                "require_approval": { "never": { "tool_names": ["search"] }, "always": { "tool_names": ["drop"] } },
            },
        ],
    })
}

fn attachment() -> MessageAttachment {
    let tools: [MessageAttachmentToolDefinition; 2] =
        [CodeInterpreterToolDefinition::new().into(), FileSearchToolDefinition::new().into()];
    MessageAttachment::new(tools).file_id("assistant-1").data_source(source())
}

/// A message of blocks of every kind.
fn message() -> ThreadMessageOptions {
    let blocks: Vec<MessageInputContentBlock> = vec![
        MessageInputTextBlock::new("What is this?").into(),
        MessageInputImageFileBlock::new(MessageImageFileParam::new("assistant-2").detail(ImageDetailLevel::Low)).into(),
        MessageInputImageUrlBlock::new(MessageImageUrlParam::new("https://e.example/a.png").detail("high")).into(),
    ];
    ThreadMessageOptions::new(MessageRole::User, blocks).attachments([attachment()]).metadata([("language", "en")])
}

fn message_json() -> Value {
    json!({
        "role": "user",
        "content": [
            { "type": "text", "text": "What is this?" },
            { "type": "image_file", "image_file": { "file_id": "assistant-2", "detail": "low" } },
            { "type": "image_url", "image_url": { "url": "https://e.example/a.png", "detail": "high" } },
        ],
        "attachments": [{
            "file_id": "assistant-1",
            "data_source": source_json(),
            "tools": [{ "type": "code_interpreter" }, { "type": "file_search" }],
        }],
        "metadata": { "language": "en" },
    })
}

/// A response format of every form, and what it is as JSON.
fn response_formats() -> Vec<(AgentsResponseFormatOption, Value)> {
    let schema = ResponseFormatJsonSchema::new("sky", json!({ "type": "object" })).description("A sky.");
    vec![
        ("auto".into(), json!("auto")),
        (AgentsResponseFormatOption::AgentsResponseFormatMode(AgentsResponseFormatMode::None), json!("none")),
        (AgentsResponseFormat::new().r#type(ResponseFormat::JsonObject).into(), json!({ "type": "json_object" })),
        (
            ResponseFormatJsonSchemaType::new(schema).into(),
            json!({
                "type": "json_schema",
                "json_schema": { "name": "sky", "description": "A sky.", "schema": { "type": "object" } },
            }),
        ),
    ]
}

/// A tool choice of every form, and what it is as JSON.
fn tool_choices() -> Vec<(AgentsToolChoiceOption, Value)> {
    vec![
        ("auto".into(), json!("auto")),
        (AgentsToolChoiceOption::AgentsToolChoiceOptionMode(AgentsToolChoiceOptionMode::None), json!("none")),
        (
            AgentsNamedToolChoice::new(AgentsNamedToolChoiceType::Function).function(FunctionName::new("sky")).into(),
            json!({ "type": "function", "function": { "name": "sky" } }),
        ),
        (AgentsNamedToolChoice::new("file_search").into(), json!({ "type": "file_search" })),
    ]
}

fn truncation() -> TruncationObject {
    TruncationObject::new(TruncationStrategy::LastMessages).last_messages(12)
}

fn static_chunks() -> VectorStoreStaticChunkingStrategyRequest {
    VectorStoreStaticChunkingStrategyRequest::new(VectorStoreStaticChunkingStrategyOptions::new(800, 400))
}

fn static_chunks_json() -> Value {
    json!({ "type": "static", "static": { "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400 } })
}

fn expiry() -> VectorStoreExpirationPolicy {
    VectorStoreExpirationPolicy::new(VectorStoreExpirationPolicyAnchor::LastActiveAt, 7)
}

fn mapping() -> FieldMapping {
    FieldMapping::new(["content"])
        .filepath_field("path")
        .title_field("title")
        .url_field("url")
        .vector_fields(["vector"])
        .metadata_fields(["meta"])
}

fn mapping_json() -> Value {
    json!({
        "contentFields": ["content"], "filepathField": "path", "titleField": "title", "urlField": "url",
        "vectorFields": ["vector"], "metadataFields": ["meta"],
    })
}

async fn agents(cases: &mut Vec<Case>) {
    for (format, format_json) in response_formats() {
        case!(
            cases,
            "Agents_createAgent" "/assistants",
            CreateAgentOptions::new("gpt-4.1-mini")
                .name("cowboy")
                .description("A cowboy.")
                .instructions("Talk like you are a cowboy.")
                .tools(tools())
                .tool_resources(tool_resources())
                .temperature(0.5)
                .top_p(0.25)
                .response_format(format.clone())
                .metadata([("purpose", "test")]),
            |client, body| client.agents_create_agent(body),
            json!({
                "model": "gpt-4.1-mini", "name": "cowboy", "description": "A cowboy.",
                "instructions": "Talk like you are a cowboy.", "tools": tools_json(),
                "tool_resources": tool_resources_json(), "temperature": 0.5, "top_p": 0.25,
                "response_format": format_json, "metadata": { "purpose": "test" },
            })
        );
        case!(
            cases,
            "Agents_updateAgent" "/assistants/asst_1",
            UpdateAgentOptions::new()
                .model("gpt-4.1")
                .name("cowgirl")
                .description("A cowgirl.")
                .instructions("Talk like you are a cowgirl.")
                .tools(tools())
                .tool_resources(tool_resources())
                .temperature(2.0)
                .top_p(1.0)
                .response_format(format)
                .metadata(BTreeMap::from([("purpose", "test")])),
            |client, body| client.agents_update_agent("asst_1", body),
            json!({
                "model": "gpt-4.1", "name": "cowgirl", "description": "A cowgirl.",
                "instructions": "Talk like you are a cowgirl.", "tools": tools_json(),
                "tool_resources": tool_resources_json(), "temperature": 2.0, "top_p": 1.0,
                "response_format": format_json, "metadata": { "purpose": "test" },
            })
        );
    }
}

async fn runs(cases: &mut Vec<Case>) {
    for ((choice, choice_json), (format, format_json)) in tool_choices().into_iter().zip(response_formats()) {
        case!(
            cases,
            "Runs_create" "/threads/thread_1/runs",
            CreateRunOptions::new("asst_1")
                .model("gpt-4.1")
                .instructions("Be brief.")
                .additional_instructions("Very brief.")
                .additional_messages([message()])
                .tools(tools())
                .tool_resources(tool_resources())
                .stream(false)
                .temperature(0.5)
                .top_p(0.25)
                .max_prompt_tokens(1000)
                .max_completion_tokens(2000)
                .truncation_strategy(truncation())
                .tool_choice(choice.clone())
                .parallel_tool_calls(true)
                .response_format(format.clone())
                .metadata([("purpose", "test")]),
            |client, body| client.runs_create("thread_1", None, body),
            json!({
                "assistant_id": "asst_1", "model": "gpt-4.1", "instructions": "Be brief.",
                "additional_instructions": "Very brief.", "additional_messages": [message_json()],
                "tools": tools_json(), "tool_resources": tool_resources_json(), "stream": false, "temperature": 0.5,
                "top_p": 0.25, "max_prompt_tokens": 1000, "max_completion_tokens": 2000,
                "truncation_strategy": { "type": "last_messages", "last_messages": 12 }, "tool_choice": choice_json,
                "parallel_tool_calls": true, "response_format": format_json, "metadata": { "purpose": "test" },
            })
        );
        case!(
            cases,
            "Agents_createThreadAndRun" "/threads/runs",
            CreateAndRunThreadOptions::new("asst_1")
                .thread(AgentThreadCreationOptions::new().messages([message()]))
                .model("gpt-4.1")
                .instructions("Be brief.")
                .tools(tools())
                .tool_resources(tool_resources())
                .stream(false)
                .temperature(0.5)
                .top_p(0.25)
                .max_prompt_tokens(1000)
                .max_completion_tokens(2000)
                .truncation_strategy(TruncationObject::new("auto"))
                .tool_choice(choice)
                .parallel_tool_calls(false)
                .response_format(format)
                .metadata([("purpose", "test")]),
            |client, body| client.agents_create_thread_and_run(body),
            json!({
                "assistant_id": "asst_1", "thread": { "messages": [message_json()] }, "model": "gpt-4.1",
                "instructions": "Be brief.", "tools": tools_json(), "tool_resources": tool_resources_json(),
                "stream": false, "temperature": 0.5, "top_p": 0.25, "max_prompt_tokens": 1000,
                "max_completion_tokens": 2000, "truncation_strategy": { "type": "auto" }, "tool_choice": choice_json,
                "parallel_tool_calls": false, "response_format": format_json, "metadata": { "purpose": "test" },
            })
        );
    }
    case!(
        cases,
        "Runs_update" "/threads/thread_1/runs/run_1",
        RunsUpdateRequest::new().metadata([("a", "b")]),
        |client, body| client.runs_update("thread_1", "run_1", body),
        json!({ "metadata": { "a": "b" } })
    );
    case!(
        cases,
        "Runs_submitToolOutputs" "/threads/thread_1/runs/run_1/submit_tool_outputs",
        RunsSubmitToolOutputsRequest::new().tool_outputs([
            ToolOutput::new().tool_call_id("call_1").output("blue"),
            ToolOutput::new().tool_call_id("call_2").output("red"),
        ])
        .tool_approvals([ToolApproval::new("call_3", true).headers([("X-Key", "planted")])])
        .stream(false),
        |client, body| client.runs_submit_tool_outputs("thread_1", "run_1", body),
        json!({
            "tool_outputs": [
                { "tool_call_id": "call_1", "output": "blue" }, { "tool_call_id": "call_2", "output": "red" },
            ],
            "tool_approvals": [{ "tool_call_id": "call_3", "approve": true, "headers": { "X-Key": "planted" } }],
            "stream": false,
        })
    );
}

async fn threads(cases: &mut Vec<Case>) {
    case!(
        cases,
        "Threads_create" "/threads",
        AgentThreadCreationOptions::new()
            .messages([message()])
            .tool_resources(tool_resources())
            .metadata([("purpose", "test")]),
        |client, body| client.threads_create(body),
        json!({
            "messages": [message_json()], "tool_resources": tool_resources_json(), "metadata": { "purpose": "test" },
        })
    );
    case!(
        cases,
        "Threads_create" "/threads",
        AgentThreadCreationOptions::new(),
        |client, body| client.threads_create(body),
        json!({})
    );
    case!(
        cases,
        "Threads_update" "/threads/thread_1",
        UpdateAgentThreadOptions::new().tool_resources(tool_resources()).metadata([("a", "b")]),
        |client, body| client.threads_update("thread_1", body),
        json!({ "tool_resources": tool_resources_json(), "metadata": { "a": "b" } })
    );
    case!(
        cases,
        "Messages_create" "/threads/thread_1/messages",
        message(),
        |client, body| client.messages_create("thread_1", body),
        message_json()
    );
    case!(
        cases,
        "Messages_create" "/threads/thread_1/messages",
        ThreadMessageOptions::new(MessageRole::Assistant, "Howdy."),
        |client, body| client.messages_create("thread_1", body),
        json!({ "role": "assistant", "content": "Howdy." })
    );
    case!(
        cases,
        "Messages_update" "/threads/thread_1/messages/msg_1",
        MessagesUpdateRequest::new().metadata([("a", "b")]),
        |client, body| client.messages_update("thread_1", "msg_1", body),
        json!({ "metadata": { "a": "b" } })
    );
}

async fn vector_stores(cases: &mut Vec<Case>) {
    case!(
        cases,
        "VectorStores_create" "/vector_stores",
        VectorStoreOptions::new()
            .name("store")
            .file_ids(["assistant-1", "assistant-2"])
            .configuration(VectorStoreConfiguration::new([source()]))
            .chunking_strategy(static_chunks())
            .expires_after(expiry())
            .metadata([("a", "b")]),
        |client, body| client.vector_stores_create(body),
        json!({
            "name": "store", "file_ids": ["assistant-1", "assistant-2"],
            "configuration": { "data_sources": [source_json()] }, "chunking_strategy": static_chunks_json(),
            "expires_after": { "anchor": "last_active_at", "days": 7 }, "metadata": { "a": "b" },
        })
    );
    case!(
        cases,
        "VectorStores_modify" "/vector_stores/vs_1",
        VectorStoreUpdateOptions::new().name("store").expires_after(expiry()).metadata([("a", "b")]),
        |client, body| client.vector_stores_modify("vs_1", body),
        json!({
            "name": "store", "expires_after": { "anchor": "last_active_at", "days": 7 }, "metadata": { "a": "b" },
        })
    );
    case!(
        cases,
        "VectorStoreFiles_create" "/vector_stores/vs_1/files",
        VectorStoreFilesCreateRequest::new()
            .file_id("assistant-1")
            .data_source(source())
            .chunking_strategy(VectorStoreAutoChunkingStrategyRequest::new()),
        |client, body| client.vector_store_files_create("vs_1", body),
        json!({ "file_id": "assistant-1", "data_source": source_json(), "chunking_strategy": { "type": "auto" } })
    );
    case!(
        cases,
        "VectorStoreFileBatches_create" "/vector_stores/vs_1/file_batches",
        VectorStoreFileBatchesCreateRequest::new()
            .file_ids(["assistant-1"])
            .data_sources([source()])
            .chunking_strategy(static_chunks()),
        |client, body| client.vector_store_file_batches_create("vs_1", body),
        json!({
            "file_ids": ["assistant-1"], "data_sources": [source_json()], "chunking_strategy": static_chunks_json(),
        })
    );
}

async fn datasets_and_indexes(cases: &mut Vec<Case>) {
    let file = FileDatasetVersion::new("https://blob.example/a.txt")
        .connection_name("conn")
        .description("A file.")
        .tags([("a", "b")]);
    let folder = FolderDatasetVersion::new("https://blob.example/a")
        .connection_name("conn")
        .description("A folder.")
        .tags([("a", "b")]);
    for (version, expected) in [
        (
            DatasetVersion::from(file),
            json!({
                "type": "uri_file", "dataUri": "https://blob.example/a.txt", "connectionName": "conn",
                "description": "A file.", "tags": { "a": "b" },
            }),
        ),
        (
            DatasetVersion::from(folder),
            json!({
                "type": "uri_folder", "dataUri": "https://blob.example/a", "connectionName": "conn",
                "description": "A folder.", "tags": { "a": "b" },
            }),
        ),
    ] {
        case!(
            cases,
            "Datasets_createOrUpdate" "/datasets/sky/versions/1",
            version,
            |client, body| client.datasets_create_or_update("sky", "1", body),
            expected
        );
    }
    case!(
        cases,
        "Datasets_pendingUpload" "/datasets/sky/versions/1/startPendingUpload",
        PendingUploadRequest::new().pending_upload_id("upload").connection_name("conn"),
        |client, body| client.datasets_pending_upload("sky", "1", body),
        json!({ "pendingUploadId": "upload", "connectionName": "conn", "pendingUploadType": "BlobReference" })
    );

    let search =
        AzureAiSearchIndex::new("conn", "sky").field_mapping(mapping()).description("An index.").tags([("a", "b")]);
    let embedding = EmbeddingConfiguration::new("text-embedding", "vector");
    let cosmos =
        CosmosDbIndex::new("conn", "db", "box", embedding, mapping()).description("An index.").tags([("a", "b")]);
    let managed = ManagedAzureAiSearchIndex::new("vs_1").description("An index.").tags([("a", "b")]);
    for (index, expected) in [
        (
            Index::from(search),
            json!({
                "type": "AzureSearch", "connectionName": "conn", "indexName": "sky", "fieldMapping": mapping_json(),
                "description": "An index.", "tags": { "a": "b" },
            }),
        ),
        (
            Index::from(cosmos),
            json!({
                "type": "CosmosDBNoSqlVectorStore", "connectionName": "conn", "databaseName": "db",
                "containerName": "box",
                "embeddingConfiguration": { "modelDeploymentName": "text-embedding", "embeddingField": "vector" },
                "fieldMapping": mapping_json(), "description": "An index.", "tags": { "a": "b" },
            }),
        ),
        (
            Index::from(managed),
            json!({
                "type": "ManagedAzureSearch", "vectorStoreId": "vs_1", "description": "An index.", "tags": { "a": "b" },
            }),
        ),
    ] {
        case!(
            cases,
            "Indexes_createOrUpdate" "/indexes/sky/versions/1",
            index,
            |client, body| client.indexes_create_or_update("sky", "1", body),
            expected
        );
    }
}

async fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    agents(&mut cases).await;
    threads(&mut cases).await;
    runs(&mut cases).await;
    vector_stores(&mut cases).await;
    datasets_and_indexes(&mut cases).await;
    // The body of an upload is a form, which the transport cannot show; see below.
    cases.push(Case {
        operation: "Files_uploadFile",
        built: serde_json::to_value(UploadFileRequest::new("a,b", FilePurpose::Assistants).filename("a.csv")).unwrap(),
        expected: json!({ "file": "a,b", "purpose": "assistants", "filename": "a.csv" }),
        sent: None,
        path: "/files",
    });
    cases
}

// ---- the tests

#[tokio::test]
async fn every_body_is_built_as_the_document_says() {
    for case in cases().await {
        assert_eq!(case.built, case.expected, "{}", case.operation);
    }
}

#[tokio::test]
async fn every_body_is_sent_where_and_as_the_document_says() {
    for case in cases().await {
        let Some(sent) = case.sent else { continue };
        let operation = OPERATIONS.iter().find(|operation| operation.id == case.operation).unwrap();
        assert_eq!(sent.operation, case.operation);
        assert_eq!(sent.method, operation.method.as_str(), "{}", case.operation);
        assert_eq!(sent.path, case.path, "{}", case.operation);
        assert_eq!(sent.query, [("api-version".to_owned(), "2025-05-01".to_owned())], "{}", case.operation);
        let content_type = if sent.method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        assert_eq!(sent.content_type.as_deref(), Some(content_type), "{}", case.operation);
        let body: Value = serde_json::from_slice(&sent.body.unwrap()).unwrap();
        assert_eq!(body, case.expected, "{}", case.operation);
    }
}

#[tokio::test]
async fn every_operation_with_a_body_has_a_case() {
    let with_a_body: BTreeSet<&str> = OPERATIONS
        .iter()
        .filter(|operation| operation.request_content_type.is_some())
        .map(|operation| operation.id)
        .collect();
    assert_eq!(with_a_body, request_bodies().into_keys().collect::<BTreeSet<_>>());
    let with_a_case: BTreeSet<&str> = cases().await.iter().map(|case| case.operation).collect();
    assert_eq!(with_a_case, with_a_body);
}

#[tokio::test]
async fn every_property_that_can_be_sent_is_sent_in_a_case() {
    let bodies = request_bodies();
    let (mut met, mut schemas) = (Met::new(), BTreeSet::new());
    let mut tops: BTreeMap<&str, Met> = BTreeMap::new();
    for case in cases().await {
        let schema = bodies[case.operation];
        document::reachable(schema, &mut schemas);
        meet(schema, &case.built, &mut met);
        meet(schema, &case.built, tops.entry(case.operation).or_default());
    }
    assert!(schemas.len() > 80, "{schemas:?}");
    let missing: Vec<_> = document::all_of(schemas.iter().copied()).difference(&met).cloned().collect();
    assert!(missing.is_empty(), "no case sends {missing:#?}");

    // And the operation's own body has all of it, not only another operation's.
    for (operation, met) in tops {
        let name = document::label(bodies[operation]);
        let own = document::all_of([name.as_str()]);
        let missing: Vec<_> = own.difference(&met).collect();
        assert!(missing.is_empty(), "{operation} does not send {missing:#?}");
    }
}

#[tokio::test]
async fn what_only_the_service_sets_is_not_sent_back() {
    let received = json!({
        "type": "uri_file", "dataUri": "https://blob.example/a.txt", "id": "azureai://1", "name": "sky", "version": "1",
        "isReference": false, "connectionName": "conn", "description": "A file.", "tags": { "a": "b" },
    });
    let version: DatasetVersion = serde_json::from_value(received.clone()).unwrap();
    assert_eq!(serde_json::to_value(&version).unwrap(), received);
    let recorder = Recorder::default();
    recorder.client().datasets_create_or_update("sky", "1", &version).await.unwrap_err();
    assert_eq!(
        serde_json::from_slice::<Value>(&recorder.last().body.unwrap()).unwrap(),
        json!({
            "type": "uri_file", "dataUri": "https://blob.example/a.txt", "connectionName": "conn",
            "description": "A file.", "tags": { "a": "b" },
        })
    );

    let definition: OpenApiFunctionDefinition = serde_json::from_value(json!({
        "name": "weather", "spec": {}, "auth": { "type": "anonymous" }, "functions": [function_json()],
    }))
    .unwrap();
    assert_eq!(definition.functions.as_ref().map(Vec::len), Some(1));
    let body = CreateAgentOptions::new("m").tools([OpenApiToolDefinition::new(definition)]);
    let recorder = Recorder::default();
    recorder.client().agents_create_agent(&body).await.unwrap_err();
    assert_eq!(
        serde_json::from_slice::<Value>(&recorder.last().body.unwrap()).unwrap(),
        json!({
            "model": "m",
            "tools": [{
                "type": "openapi", "openapi": { "name": "weather", "spec": {}, "auth": { "type": "anonymous" } },
            }],
        })
    );
}

#[tokio::test]
async fn a_property_that_the_document_does_not_have_can_be_sent() {
    let mut body = CreateRunOptions::new("asst_1");
    body.extra.insert("top_k", 3);
    body.extra.insert("tool_choice", Value::Null);
    let recorder = Recorder::default();
    recorder.client().runs_create("thread_1", None, &body).await.unwrap_err();
    assert_eq!(
        serde_json::from_slice::<Value>(&recorder.last().body.unwrap()).unwrap(),
        json!({ "assistant_id": "asst_1", "top_k": 3, "tool_choice": null })
    );
}

#[tokio::test]
async fn an_upload_is_a_form() {
    let recorder = Recorder::default();
    let form = reqwest::multipart::Form::new()
        .part("file", reqwest::multipart::Part::text("a,b").file_name("a.csv"))
        .text("purpose", "assistants");
    recorder.client().files_upload_file(form).await.unwrap_err();
    let sent = recorder.last();
    assert_eq!((sent.operation, sent.method.as_str(), sent.path.as_str()), ("Files_uploadFile", "POST", "/files"));
    let content_type = sent.content_type.unwrap();
    assert!(content_type.starts_with("multipart/form-data; boundary="), "{content_type}");
}

#[tokio::test]
async fn what_a_path_is_made_of_stays_in_its_place() {
    let recorder = Recorder::default();
    recorder.client().threads_get("a/../b?c#d e%2f").await.unwrap_err();
    assert_eq!(recorder.last().path, "/threads/a%2F..%2Fb%3Fc%23d%20e%252f");
    for bad in ["", ".", ".."] {
        let error = recorder.client().threads_get(bad).await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error}");
    }
    assert!(recorder.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_list_is_asked_for_with_the_given_query_only() {
    let recorder = Recorder::default();
    let client = recorder.client();
    client.messages_list("thread_1", None, None, None, None, None).await.unwrap_err();
    assert_eq!(recorder.last().query, [("api-version".to_owned(), "2025-05-01".to_owned())]);

    let order = foundry_raw::v2025_05_01::types::ListSortOrder::Asc;
    client
        .messages_list("thread_1", Some("msg_1"), Some("msg_9"), Some(5), Some(&order), Some("run_1"))
        .await
        .unwrap_err();
    let sent = recorder.last();
    assert_eq!((&sent.content_type, &sent.body), (&None, &None));
    let query: BTreeSet<(&str, &str)> =
        sent.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent.query.len(), query.len());
    assert_eq!(
        query,
        BTreeSet::from([
            ("after", "msg_1"),
            ("api-version", "2025-05-01"),
            ("before", "msg_9"),
            ("limit", "5"),
            ("order", "asc"),
            ("run_id", "run_1"),
        ])
    );
}
