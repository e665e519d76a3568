//! What holds of the wire types by themselves: how they are made, what they keep, how they fail.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod document;
mod wire;

use std::collections::BTreeSet;
use std::str::FromStr as _;

use foundry_raw::v2025_05_01::types::*;
use foundry_raw::{Decode, MAX_DEPTH, from_slice, from_str};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wire::{Wire, round_trip};

// ---- structs

/// The struct of every schema that a request can hold, made with `new`, by the schema's name.
fn made() -> Vec<(&'static str, Value)> {
    fn json_of<T: Wire>(value: T) -> Value {
        let encoded = serde_json::to_value(&value).unwrap();
        let decoded: T = serde_json::from_value(encoded.clone()).unwrap();
        assert_eq!(serde_json::to_value(&decoded).unwrap(), encoded);
        encoded
    }
    macro_rules! all {
        ($($schema:literal => $value:expr,)*) => { vec![$(($schema, json_of($value)),)*] };
    }
    let function = || FunctionDefinition::new("f", json!({}));
    let queue = || AzureFunctionStorageQueue::new("https://q.example", "q");
    let binding = || AzureFunctionBinding::new(queue());
    let source = || VectorStoreDataSource::new("a", "uri_asset");
    let chunks = || VectorStoreStaticChunkingStrategyOptions::new(800, 400);
    let auth = OpenApiAnonymousAuthDetails::new;
    let embedding = || EmbeddingConfiguration::new("m", "f");
    let mapping = || FieldMapping::new(["content"]);
    let no_tools = || Vec::<MessageAttachmentToolDefinition>::new();
    all! {
        "AISearchIndexResource" => AiSearchIndexResource::new(),
        "AgentThreadCreationOptions" => AgentThreadCreationOptions::new(),
        "AgentsNamedToolChoice" => AgentsNamedToolChoice::new("function"),
        "AgentsResponseFormat" => AgentsResponseFormat::new(),
        "AzureAISearchIndex" => AzureAiSearchIndex::new("c", "i"),
        "AzureAISearchToolDefinition" => AzureAiSearchToolDefinition::new(),
        "AzureAISearchToolResource" => AzureAiSearchToolResource::new(),
        "AzureFunctionBinding" => binding(),
        "AzureFunctionDefinition" => AzureFunctionDefinition::new(function(), binding(), binding()),
        "AzureFunctionStorageQueue" => queue(),
        "AzureFunctionToolDefinition" =>
            AzureFunctionToolDefinition::new(AzureFunctionDefinition::new(function(), binding(), binding())),
        "BingGroundingSearchConfiguration" => BingGroundingSearchConfiguration::new("c"),
        "BingGroundingSearchToolParameters" =>
            BingGroundingSearchToolParameters::new([BingGroundingSearchConfiguration::new("c")]),
        "BingGroundingToolDefinition" => BingGroundingToolDefinition::new(
            BingGroundingSearchToolParameters::new([BingGroundingSearchConfiguration::new("c")])),
        "CodeInterpreterToolDefinition" => CodeInterpreterToolDefinition::new(),
        "CodeInterpreterToolResource" => CodeInterpreterToolResource::new(),
        "ConnectedAgentDetails" => ConnectedAgentDetails::new("a", "b", "c"),
        "ConnectedAgentToolDefinition" => ConnectedAgentToolDefinition::new(ConnectedAgentDetails::new("a", "b", "c")),
        "CosmosDBIndex" => CosmosDbIndex::new("c", "d", "e", embedding(), mapping()),
        "CreateAgentOptions" => CreateAgentOptions::new("m"),
        "CreateAndRunThreadOptions" => CreateAndRunThreadOptions::new("asst_1"),
        "CreateRunOptions" => CreateRunOptions::new("asst_1"),
        "EmbeddingConfiguration" => embedding(),
        "FieldMapping" => mapping(),
        "FileDatasetVersion" => FileDatasetVersion::new("https://blob.example/a"),
        "FileSearchRankingOptions" => FileSearchRankingOptions::new("auto", 0.5),
        "FileSearchToolDefinition" => FileSearchToolDefinition::new(),
        "FileSearchToolDefinitionDetails" => FileSearchToolDefinitionDetails::new(),
        "FileSearchToolResource" => FileSearchToolResource::new(),
        "FolderDatasetVersion" => FolderDatasetVersion::new("https://blob.example/a"),
        "FunctionDefinition" => function(),
        "FunctionName" => FunctionName::new("f"),
        "FunctionToolDefinition" => FunctionToolDefinition::new(function()),
        "ManagedAzureAISearchIndex" => ManagedAzureAiSearchIndex::new("vs_1"),
        "McpRequireApproval" => McpRequireApproval::new(),
        "McpToolDefinition" => McpToolDefinition::new("github", "https://mcp.example"),
        "McpToolNames" => McpToolNames::new(["search"]),
        "McpToolResource" => McpToolResource::new("github"),
        "MessageAttachment" => MessageAttachment::new(no_tools()),
        "MessageImageFileParam" => MessageImageFileParam::new("f"),
        "MessageImageUrlParam" => MessageImageUrlParam::new("https://e.example/a.png"),
        "MessageInputImageFileBlock" => MessageInputImageFileBlock::new(MessageImageFileParam::new("f")),
        "MessageInputImageUrlBlock" => MessageInputImageUrlBlock::new(MessageImageUrlParam::new("https://e.example")),
        "MessageInputTextBlock" => MessageInputTextBlock::new("Hello."),
        "MessagesUpdateRequest" => MessagesUpdateRequest::new(),
        "OpenApiAnonymousAuthDetails" => auth(),
        "OpenApiConnectionAuthDetails" => OpenApiConnectionAuthDetails::new(OpenApiConnectionSecurityScheme::new("c")),
        "OpenApiConnectionSecurityScheme" => OpenApiConnectionSecurityScheme::new("c"),
        "OpenApiFunctionDefinition" => OpenApiFunctionDefinition::new("f", json!({}), auth()),
        "OpenApiManagedAuthDetails" => OpenApiManagedAuthDetails::new(OpenApiManagedSecurityScheme::new("a")),
        "OpenApiManagedSecurityScheme" => OpenApiManagedSecurityScheme::new("a"),
        "OpenApiToolDefinition" => OpenApiToolDefinition::new(OpenApiFunctionDefinition::new("f", json!({}), auth())),
        "PendingUploadRequest" => PendingUploadRequest::new(),
        "ResponseFormatJsonSchema" => ResponseFormatJsonSchema::new("s", json!({})),
        "ResponseFormatJsonSchemaType" => ResponseFormatJsonSchemaType::new(ResponseFormatJsonSchema::new("s", json!({}))),
        "RunsSubmitToolOutputsRequest" => RunsSubmitToolOutputsRequest::new(),
        "RunsUpdateRequest" => RunsUpdateRequest::new(),
        "ThreadMessageOptions" => ThreadMessageOptions::new("user", "Hello."),
        "ToolApproval" => ToolApproval::new("call_1", true),
        "ToolOutput" => ToolOutput::new(),
        "ToolResources" => ToolResources::new(),
        "TruncationObject" => TruncationObject::new("auto"),
        "UpdateAgentOptions" => UpdateAgentOptions::new(),
        "UpdateAgentThreadOptions" => UpdateAgentThreadOptions::new(),
        "UploadFileRequest" => UploadFileRequest::new("a,b", "assistants"),
        "VectorStoreAutoChunkingStrategyRequest" => VectorStoreAutoChunkingStrategyRequest::new(),
        "VectorStoreConfiguration" => VectorStoreConfiguration::new([source()]),
        "VectorStoreConfigurations" => VectorStoreConfigurations::new("n", VectorStoreConfiguration::new([source()])),
        "VectorStoreDataSource" => source(),
        "VectorStoreExpirationPolicy" => VectorStoreExpirationPolicy::new("last_active_at", 7),
        "VectorStoreFileBatchesCreateRequest" => VectorStoreFileBatchesCreateRequest::new(),
        "VectorStoreFilesCreateRequest" => VectorStoreFilesCreateRequest::new(),
        "VectorStoreOptions" => VectorStoreOptions::new(),
        "VectorStoreStaticChunkingStrategyOptions" => chunks(),
        "VectorStoreStaticChunkingStrategyRequest" => VectorStoreStaticChunkingStrategyRequest::new(chunks()),
        "VectorStoreUpdateOptions" => VectorStoreUpdateOptions::new(),
    }
}

#[test]
fn every_struct_of_a_request_is_made_from_what_the_document_requires() {
    let made = made();
    for (name, encoded) in &made {
        let written: BTreeSet<&str> = encoded.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(written, document::required(document::schema(name)), "{name}");
    }
    let mut reachable = BTreeSet::new();
    for body in document::request_bodies().into_values() {
        document::reachable(body, &mut reachable);
    }
    reachable.retain(|name| document::schema(name)["properties"].is_object());
    assert_eq!(made.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), reachable);
}

#[test]
fn fields_are_read_and_set_from_outside() {
    let mut options = CreateAgentOptions::new("gpt-4.1-mini").name("cowboy");
    options.model = "gpt-4.1".to_owned();
    options.name = None;
    options.temperature = Some(0.5);
    let CreateAgentOptions { model, temperature, .. } = &options;
    assert_eq!((model.as_str(), *temperature), ("gpt-4.1", Some(0.5)));
    assert_eq!(serde_json::to_value(&options).unwrap(), json!({ "model": "gpt-4.1", "temperature": 0.5 }));
}

#[test]
fn an_explicit_null_can_be_sent() {
    let mut options = UpdateAgentThreadOptions::new();
    options.extra.insert("metadata", Value::Null);
    assert_eq!(serde_json::to_value(&options).unwrap(), json!({ "metadata": null }));

    // A value wins over it, and what was put in can be taken out.
    let options = options.metadata([("a", "b")]);
    assert_eq!(serde_json::to_value(&options).unwrap(), json!({ "metadata": { "a": "b" } }));
    let mut options = UpdateAgentThreadOptions::new();
    options.extra.insert("tool_resources", Value::Null);
    assert_eq!(options.extra.remove("tool_resources"), Some(Value::Null));
    assert_eq!(serde_json::to_value(&options).unwrap(), json!({}));
}

#[test]
fn fields_nobody_knows_are_kept_at_every_depth() {
    let text = json!({
        "id": "run_1", "new": { "a": [null, 1, 2.5, "x"] }, "truncation_strategy": { "type": "auto", "new": null },
        "tools": [
            { "type": "function", "new": 1, "function": { "name": "f", "parameters": {}, "new": [true] } },
            { "type": "file_search", "file_search": { "ranking_options": { "ranker": "a", "score_threshold": 0.5, "new": {} } } },
        ],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "new": { "deep": { "deeper": [] } } },
    });
    let run: ThreadRun = from_str(&text.to_string()).unwrap();
    assert_eq!(run.extra.get("new"), Some(&text["new"]));
    assert_eq!(run.extra.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["new"]);
    assert_eq!(run.truncation_strategy.as_ref().unwrap().extra.get("new"), Some(&Value::Null));
    let ToolDefinition::Function(tool) = &run.tools[0] else { panic!("{run:?}") };
    assert_eq!(tool.extra.get("new"), Some(&json!(1)));
    assert_eq!(tool.function.extra.get("new"), Some(&json!([true])));
    assert_eq!(serde_json::to_value(&run).unwrap(), text);
}

#[test]
fn a_missing_id_is_an_error_and_nothing_else_is() {
    let run: ThreadRun = round_trip(r#"{"id":"run_1"}"#);
    assert_eq!((run.id.as_str(), run.model.as_str(), run.tools.len(), run.status.as_str()), ("run_1", "", 0, ""));
    for text in [r#"{"object":"thread.run"}"#, r#"{"id":null}"#] {
        let error = from_str::<ThreadRun>(text).unwrap_err();
        assert!(error.message().contains("`id` is missing"), "{error}");
    }
}

#[test]
fn the_order_of_the_keys_makes_no_difference() {
    let pairs = [
        (r#"{"id":"r","temperature":1,"top_p":1}"#, r#"{"top_p":1,"temperature":1,"id":"r"}"#),
        (
            r#"{"id":"r","max_prompt_tokens":5.0,"max_completion_tokens":5.0}"#,
            r#"{"max_completion_tokens":5.0,"max_prompt_tokens":5.0,"id":"r"}"#,
        ),
        (
            r#"{"id":"r","tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}"#,
            r#"{"tools":[{"function":{"parameters":{},"name":"f"},"type":"function"}],"id":"r"}"#,
        ),
    ];
    for (first, second) in pairs {
        assert_eq!(from_str::<ThreadRun>(first).unwrap(), from_str::<ThreadRun>(second).unwrap(), "{first}");
    }
}

#[test]
fn white_space_makes_no_difference() {
    for (first, second) in [
        (r#"{"data":[{"id":"m"},5],"has_more":false}"#, r#"{ "data": [ { "id": "m" }, 5 ], "has_more": false }"#),
        (r#"{"data":[{"id":5}],"has_more":false}"#, r#"{"has_more":false,"data":[{"id":5}]}"#),
    ] {
        let [first, second] = [first, second].map(|text| from_str::<ListOfThreadMessage>(text).unwrap());
        assert_eq!(first, second);
    }
}

// ---- open enums

#[test]
fn an_open_enum_knows_its_values_and_keeps_others() {
    macro_rules! check {
        ($($schema:literal $name:ident,)*) => {$({
            let values = document::schema($schema)["enum"].as_array().unwrap();
            assert_eq!($name::KNOWN, values.iter().map(|value| value.as_str().unwrap()).collect::<Vec<_>>());
            for value in $name::KNOWN {
                let known = $name::from(*value);
                assert!(!matches!(known, $name::Unknown(_)), "{value}");
                assert_eq!($name::from((*value).to_owned()), known);
                assert_eq!($name::from_str(value).unwrap(), known);
                assert_eq!(from_str::<$name>(&json!(value).to_string()).unwrap(), known);
                assert_eq!(serde_json::from_value::<$name>(json!(value)).unwrap(), known);
                assert_eq!(serde_json::to_value(&known).unwrap(), json!(value));
                assert_eq!((known.as_str(), known.to_string().as_str(), known.as_ref()), (*value, *value, *value));
                assert!(known == *value && known == **value);
            }
            for value in ["", "newer", "Ein Wert", &$name::KNOWN[0].to_uppercase().replace('_', "-")] {
                let unknown = $name::from(value);
                let $name::Unknown(kept) = &unknown else { panic!("{value} is {unknown:?}") };
                assert_eq!((kept.as_str(), unknown.as_str(), unknown.to_string().as_str()), (value, value, value));
                assert!(unknown == value && !$name::KNOWN.iter().any(|known| unknown == *known));
                let decoded: $name = from_str(&json!(value).to_string()).unwrap();
                assert_eq!(decoded, unknown);
                assert_eq!(serde_json::to_value(&decoded).unwrap(), json!(value));
            }
            assert!(from_str::<$name>("1").is_err());
        })*};
    }
    check! {
        "AgentsNamedToolChoiceType" AgentsNamedToolChoiceType,
        "AgentsResponseFormatMode" AgentsResponseFormatMode,
        "AgentsToolChoiceOptionMode" AgentsToolChoiceOptionMode,
        "AzureAISearchQueryType" AzureAiSearchQueryType,
        "ConnectionType" ConnectionType,
        "FilePurpose" FilePurpose,
        "FileState" FileState,
        "ImageDetailLevel" ImageDetailLevel,
        "ListSortOrder" ListSortOrder,
        "MessageRole" MessageRole,
        "MessageStatus" MessageStatus,
        "ResponseFormat" ResponseFormat,
        "RunStatus" RunStatus,
        "RunStepStatus" RunStepStatus,
        "RunStepType" RunStepType,
        "TruncationStrategy" TruncationStrategy,
        "VectorStoreDataSourceAssetType" VectorStoreDataSourceAssetType,
        "VectorStoreExpirationPolicyAnchor" VectorStoreExpirationPolicyAnchor,
        "VectorStoreStatus" VectorStoreStatus,
    }
    assert_eq!(RunStatus::from("in_progress"), RunStatus::InProgress);
    assert_eq!(ConnectionType::from("AzureOpenAI"), ConnectionType::AzureOpenAi);
}

// ---- unions

#[test]
fn a_malformed_known_kind_is_an_error_that_names_the_kind_and_the_place() {
    for (tools, kind, path) in [
        (json!([{ "type": "function", "function": 5 }]), "Function", "/tools/0/function"),
        (
            json!([{ "type": "code_interpreter" }, { "function": { "name": 5 }, "type": "function" }]),
            "Function",
            "/tools/1/function/name",
        ),
        (
            json!([{ "type": "file_search", "file_search": { "ranking_options": { "score_threshold": "high" } } }]),
            "FileSearch",
            "/tools/0/file_search/ranking_options/score_threshold",
        ),
        (
            json!([{ "type": "bing_grounding", "bing_grounding": { "search_configurations": [{}, []] } }]),
            "BingGrounding",
            "/tools/0/bing_grounding/search_configurations/1",
        ),
    ] {
        let text = json!({ "id": "run_1", "tools": tools }).to_string();
        let error = from_str::<ThreadRun>(&text).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        assert!(error.message().contains(kind) && error.message().contains("ToolDefinition"), "{error}");
        assert!(error.to_string().contains(path), "{error}");
        // The same through serde.
        let error = serde_json::from_str::<ThreadRun>(&text).unwrap_err().to_string();
        assert!(error.contains(kind) && error.contains(path), "{error}");
    }
}

#[test]
fn a_place_is_escaped_as_a_json_pointer() {
    let error = from_str::<RunStepToolCall>(
        r#"{"id":"c","type":"code_interpreter","code_interpreter":{"outputs":[{"type":"logs","logs":[]}]}}"#,
    )
    .unwrap_err();
    assert_eq!(error.path(), "/code_interpreter/outputs/0/logs");
    // A member of a map may have any name. The place is where the first level too many begins.
    let text = format!(r#"{{"id":"c","metadata":{{"a/b~c":{}1{}}}}}"#, "[".repeat(200), "]".repeat(200));
    let path = format!("/metadata/a~1b~0c{}", "/0".repeat(foundry_raw::MAX_DEPTH - 2));
    assert_eq!(from_str::<ThreadRun>(&text).unwrap_err().path(), path);
}

#[test]
fn an_unknown_or_missing_tag_is_kept_as_it_came() {
    for kind in [
        json!({ "type": "newer", "a": { "b": [1, null] } }),
        json!({ "a": 1 }),
        json!({ "type": null, "function": {} }),
        json!({ "type": 5 }),
        json!("function"),
        json!(null),
        json!([{ "type": "function" }]),
    ] {
        let tool: ToolDefinition = round_trip(&kind.to_string());
        assert_eq!(tool, ToolDefinition::Unknown(kind));
    }
}

#[test]
fn the_tag_may_stand_anywhere() {
    let first = r#"{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}"#;
    let last = r#"{"function":{"parameters":{"type":"object"},"name":"f"},"type":"function"}"#;
    let [first, last] = [first, last].map(round_trip::<ToolDefinition>);
    assert_eq!(first, last);
    assert!(matches!(first, ToolDefinition::Function(_)));
}

#[test]
fn a_branch_outside_of_its_union_keeps_its_tag() {
    let tool = CodeInterpreterToolDefinition::new();
    assert_eq!(serde_json::to_value(&tool).unwrap(), json!({ "type": "code_interpreter" }));
    assert_eq!(serde_json::to_value(ToolDefinition::from(tool)).unwrap(), json!({ "type": "code_interpreter" }));
}

// ---- lists

#[test]
fn an_element_that_cannot_be_decoded_is_kept_at_its_place() {
    let good =
        |id: &str| json!({ "id": id, "content": [{ "type": "text", "text": { "value": id, "annotations": [] } }] });
    let (no_id, bad_text, no_object) =
        (json!({ "role": "user" }), json!({ "id": "m", "content": [{ "type": "text", "text": 5 }] }), json!(7));
    let data = json!([no_id, good("a"), bad_text, no_object, good("b"), null]);
    let body = json!({ "object": "list", "data": data, "has_more": false });
    let page: ListOfThreadMessage = round_trip(&body.to_string());
    assert_eq!(page.data.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let kept: Vec<(usize, &Value, String)> =
        page.data.undecoded().iter().map(|element| (element.index, &element.value, element.error.path())).collect();
    assert_eq!(
        kept,
        [
            (0, &no_id, "/0".to_owned()),
            (2, &bad_text, "/2/content/0/text".to_owned()),
            (3, &no_object, "/3".to_owned()),
            (5, &Value::Null, "/5".to_owned()),
        ]
    );
    let (messages, undecoded) = page.data.into_parts();
    assert_eq!((messages.len(), undecoded.len()), (2, 4));
}

// ---- limits

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn what_nests_too_deeply_is_an_error() {
    for depth in [MAX_DEPTH, MAX_DEPTH + 1, 1000, 100_000] {
        for text in [
            nested(depth),
            format!(r#"{{"id":"r","new":{}}}"#, nested(depth)),
            format!(r#"{{"id":"r","tools":{}}}"#, nested(depth)),
            format!(r#"{{"id":"r","tools":[{{"type":"newer","a":{}}}]}}"#, nested(depth)),
            format!(r#"{{"id":"r","tools":[{{"a":{},"type":"function"}}]}}"#, nested(depth)),
            format!(r#"{{"id":"r","metadata":{{"a":{}}}}}"#, nested(depth)),
            format!(r#"{{"id":"r","created_at":{}}}"#, nested(depth)),
        ] {
            assert!(from_str::<ThreadRun>(&text).is_err(), "{depth} {}", &text[..40]);
            assert!(serde_json::from_str::<ThreadRun>(&text).is_err(), "{depth} {}", &text[..40]);
        }
        let objects = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(from_str::<ThreadRun>(&format!(r#"{{"id":"r","a":{objects}}}"#)).is_err());
        // Nothing is around these: as many levels as are allowed still are.
        assert_eq!(from_str::<ToolDefinition>(&objects).is_err(), depth > MAX_DEPTH);
    }
}

#[test]
fn what_just_fits_is_kept() {
    // The object itself is one level.
    let text = format!(r#"{{"id":"r","new":{}}}"#, nested(MAX_DEPTH - 2));
    let run: ThreadRun = round_trip(&text);
    assert!(!run.extra.is_empty());
}

#[test]
fn the_limit_counts_from_the_top() {
    let inside = nested(MAX_DEPTH - 4);
    let text =
        format!(r#"{{"id":"r","tools":[{{"type":"function","function":{{"name":"f","parameters":{inside}}}}}]}}"#);
    // Object, array, object, object: four levels around it.
    assert!(from_str::<ThreadRun>(&text).is_ok());
    let text = text.replace(&inside, &nested(MAX_DEPTH - 3));
    assert!(from_str::<ThreadRun>(&text).is_err());
}

#[test]
fn the_limit_is_the_same_through_serde() {
    for depth in MAX_DEPTH - 8..MAX_DEPTH + 8 {
        for text in [
            format!(r#"{{"id":"r","new":{}}}"#, nested(depth)),
            format!(r#"{{"id":"r","tools":[{{"type":"newer","a":{}}}]}}"#, nested(depth)),
            format!(r#"{{"id":"r","tools":[{{"type":"function","function":{{"parameters":{}}}}}]}}"#, nested(depth)),
        ] {
            let (own, serde) = (from_str::<ThreadRun>(&text), serde_json::from_str::<ThreadRun>(&text));
            assert_eq!(own.is_ok(), serde.is_ok(), "{depth} in {}", text.replace(['[', ']'], ""));
        }
    }
}

#[test]
fn a_deep_value_that_is_no_text_is_an_error() {
    let mut deep = json!([]);
    for _ in 0..1000 {
        deep = Value::Array(vec![deep]);
    }
    let body = json!({ "id": "r", "new": deep });
    assert!(serde_json::from_value::<ThreadRun>(body).is_err());
}

#[test]
fn what_is_no_json_is_an_error() {
    for text in [
        "",
        " ",
        "{",
        r#"{"id":"r""#,
        r#"{"id":"r",}"#,
        r#"{"id":"r"} x"#,
        r#"{"id":"r"}{}"#,
        "nul",
        "NaN",
        r#"{"id":"r","temperature":NaN}"#,
        r#"{"id":"r","temperature":1e999}"#,
        r#"{"id":"r","temperature":01}"#,
        r#"{"id":"r","created_at":+1}"#,
        r#"{"id":"\ud800"}"#,
        r#"{'id':'r'}"#,
        "{\"id\":\"r\n\"}",
        r#"{"id":"r","new":tru}"#,
        r#"{"id":"r","new":"\x"}"#,
        r#"{"id":"r","new":Infinity}"#,
        r#"{"id":"r","new":[1,]}"#,
    ] {
        assert!(from_str::<ThreadRun>(text).is_err(), "{text}");
    }
    for bytes in [&b"{\"id\":\"\xff\"}"[..], b"{\"id\":\"r\",\"new\":\"\xc3\"}", b"\xef\xbb\xbf{\"id\":\"r\"}"] {
        assert!(from_slice::<ThreadRun>(bytes).is_err(), "{bytes:?}");
    }
}

// ---- whatever comes

/// Any JSON value: numbers that survive a round trip through text, keys that types know.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-5_i64..5).prop_map(Value::from),
        (-4_i32..4).prop_map(|halves| json!(f64::from(halves) / 2.0)),
        any::<f64>().prop_filter("JSON has no others", |float| float.is_finite()).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        tag().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..7)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The names that the types know, and some that they do not.
fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "id",
        "object",
        "type",
        "data",
        "content",
        "role",
        "text",
        "value",
        "annotations",
        "tools",
        "function",
        "name",
        "parameters",
        "file_search",
        "ranking_options",
        "score_threshold",
        "metadata",
        "usage",
        "prompt_tokens",
        "created_at",
        "started_at",
        "temperature",
        "top_p",
        "max_prompt_tokens",
        "status",
        "step_details",
        "tool_calls",
        "tool_resources",
        "code_interpreter",
        "outputs",
        "truncation_strategy",
        "last_messages",
        "response_format",
        "json_schema",
        "tool_choice",
        "has_more",
        "last_id",
        "attachments",
        "last_error",
        "code",
        "message",
        "message_creation",
        "bing_grounding",
        "openapi",
        "auth",
        "spec",
        "required_action",
        "submit_tool_outputs",
    ];
    prop_oneof![8 => prop::sample::select(KNOWN).prop_map(str::to_owned), 1 => ".{0,4}"]
}

fn tag() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "text",
            "image_file",
            "function",
            "file_search",
            "code_interpreter",
            "tool_calls",
            "message_creation",
            "logs",
            "auto",
            "json_schema",
            "json_object",
            "openapi",
            "anonymous",
            "submit_tool_outputs",
            "completed",
            "user",
        ][..],
    )
}

/// An object with an id and any members.
fn any_object() -> impl Strategy<Value = Value> {
    let members = prop::collection::vec((name(), any_json()), 0..12);
    (members, any::<bool>()).prop_map(|(members, with_id)| {
        let mut object: Map<String, Value> = members.into_iter().collect();
        if with_id {
            object.insert("id".to_owned(), json!("an id"));
        }
        Value::Object(object)
    })
}

/// A run as it might come: its members of the right kind, in any order and form, and others.
fn likely_run() -> impl Strategy<Value = String> {
    let number = || {
        prop_oneof![
            (-3_i64..100).prop_map(Value::from),
            (-3_i32..100).prop_map(|halves| json!(f64::from(halves) / 2.0)),
            Just(Value::Null),
        ]
    };
    const NUMBERS: &[&str] =
        &["temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "created_at", "started_at"];
    let usage = (number(), number(), number()).prop_map(|(prompt, completion, total)| {
        json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total })
    });
    let metadata = prop::collection::btree_map(".{0,4}", any_json(), 0..4).prop_map(|map| json!(map));
    let member = prop_oneof![
        6 => (prop::sample::select(NUMBERS).prop_map(str::to_owned), number()),
        1 => (Just("usage".to_owned()), usage),
        1 => (Just("metadata".to_owned()), metadata),
        1 => (Just("status".to_owned()), tag().prop_map(Value::from)),
        1 => (Just("created_at".to_owned()), any_json()),
        1 => (Just("parallel_tool_calls".to_owned()), any::<bool>().prop_map(Value::from)),
        1 => ("new.{0,2}", any_json()),
    ];
    let members = prop::collection::vec(member, 0..12);
    members
        .prop_map(|members| {
            let mut members: Map<String, Value> = members.into_iter().collect();
            members.insert("id".to_owned(), json!("run_1"));
            members.into_iter().collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            format!("{{{}}}", members.join(","))
        })
}

/// Decodes; what could be decoded encodes, and that decodes to the same.
fn settles<T: Wire>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(decoded) = from_slice::<T>(bytes) else { return Ok(()) };
    let text = serde_json::to_string(&decoded).unwrap();
    match from_str::<T>(&text) {
        Ok(again) => {
            prop_assert_eq!(&again, &decoded, "{}", text);
            prop_assert_eq!(serde_json::to_string(&again).unwrap(), text);
        }
        Err(error) => return Err(TestCaseError::fail(format!("{error} in {text}"))),
    }
    Ok(())
}

/// Settles as all of the types; as JSON, it comes back but for nulls.
fn settles_as_all(bytes: &[u8]) -> Result<(), TestCaseError> {
    settles::<ThreadRun>(bytes)?;
    settles::<ListOfThreadMessage>(bytes)?;
    settles::<RunStep>(bytes)?;
    settles::<ToolDefinition>(bytes)?;
    settles::<CreateAgentOptions>(bytes)
}

fn nothing_is_lost<T: Wire>(value: &Value) -> Result<(), TestCaseError> {
    let text = value.to_string();
    let Ok(decoded) = from_str::<T>(&text) else { return Ok(()) };
    let encoded = serde_json::to_value(&decoded).unwrap();
    prop_assert_eq!(wire::without_nulls(&encoded), wire::without_nulls(value));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_settle(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        settles_as_all(&bytes)?;
    }

    #[test]
    fn json_of_any_kind_settles(value in any_json()) {
        settles_as_all(value.to_string().as_bytes())?;
    }

    #[test]
    fn objects_with_known_names_settle_and_lose_nothing(value in any_object()) {
        settles_as_all(value.to_string().as_bytes())?;
        nothing_is_lost::<ThreadRun>(&value)?;
        nothing_is_lost::<ListOfThreadMessage>(&value)?;
        nothing_is_lost::<RunStep>(&value)?;
        nothing_is_lost::<ToolDefinition>(&value)?;
    }

    #[test]
    fn runs_with_any_tools_settle_and_lose_nothing(tools in prop::collection::vec(any_object(), 0..4), tags in prop::collection::vec(tag(), 4)) {
        let mut value = json!({ "id": "run_1", "tools": tools });
        for (tool, tag) in value["tools"].as_array_mut().unwrap().iter_mut().zip(tags) {
            tool["type"] = json!(tag);
        }
        settles_as_all(value.to_string().as_bytes())?;
        nothing_is_lost::<ThreadRun>(&value)?;
    }

    #[test]
    fn likely_runs_settle_and_lose_nothing(text in likely_run()) {
        let decoded = from_str::<ThreadRun>(&text);
        prop_assert!(decoded.is_ok(), "{:?} in {}", decoded, text);
        settles::<ThreadRun>(text.as_bytes())?;
        nothing_is_lost::<ThreadRun>(&serde_json::from_str(&text).unwrap())?;
    }

    #[test]
    fn broken_json_settles(value in any_object(), cut in any::<prop::sample::Index>(), byte in any::<u8>(), replace in any::<bool>()) {
        let mut bytes = value.to_string().into_bytes();
        let at = cut.index(bytes.len());
        if replace { bytes[at] = byte } else { bytes.truncate(at) }
        settles_as_all(&bytes)?;
    }
}

#[test]
fn every_type_of_an_answer_decodes_from_the_least_there_can_be() {
    fn least<T: Decode>(text: &str) {
        assert!(from_str::<T>(text).is_ok(), "{}", std::any::type_name::<T>());
    }
    for text in [r#"{"id":"x"}"#, r#"{"id":"x","object":null,"data":null,"content":null,"tools":null}"#] {
        least::<Agent>(text);
        least::<AgentThread>(text);
        least::<ThreadMessage>(text);
        least::<ThreadRun>(text);
        least::<RunStep>(text);
        least::<VectorStore>(text);
        least::<VectorStoreFile>(text);
        least::<VectorStoreFileBatch>(text);
        least::<FileInfo>(text);
        least::<ListOfThreadMessage>(text);
        least::<PagedConnection>(text);
    }
}

// ---- the order of fields

#[test]
fn objects_whose_fields_come_in_another_order_each_time_are_read_alike() {
    let runs = [
        r#"{"id":"r","object":"thread.run","status":"queued","thread_id":"t"}"#,
        r#"{"thread_id":"t","status":"queued","object":"thread.run","id":"r"}"#,
        r#"{ "id" : "r" , "status" : "queued" , "object" : "thread.run" , "thread_id" : "t" }"#,
        r#"{"id":"old","status":"failed","status":"queued","id":"r","object":"thread.run","thread_id":"t"}"#,
        r#"{"\u0069d":"r","object":"thread.run","\u0073tatus":"queued","thread_id":"t"}"#,
        r#"{"id":"r","object":"thread.run","status":"queued","thread_id":"t"}"#,
    ];
    let page: ListOfThreadRun = from_str(&format!(r#"{{"data":[{}],"has_more":false}}"#, runs.join(","))).unwrap();
    assert_eq!(page.data.undecoded(), []);
    assert_eq!(page.data.len(), runs.len());
    for run in &page.data {
        assert_eq!((run.id.as_str(), run.status.as_str(), run.thread_id.as_str()), ("r", "queued", "t"));
        assert_eq!(*run, page.data[0]);
    }
}
