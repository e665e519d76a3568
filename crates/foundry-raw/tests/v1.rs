//! Bodies of v1 as the service sends them: what they hold is where it belongs, what nobody knows is
//! kept, and they go back as they came.
#![cfg(feature = "v1")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod wire;

use foundry_raw::v1::types::{
    AgentDefinition, AgentDetails, AgentReference, AgentState, AgentVersionDetails, AgentVersionStatus,
    AgentsCreateVersionRequest, BaseCredentials, ConnectionType, DatasetVersion, ErrorResponse, EvaluationRule,
    EvaluationRuleAction, EvaluatorDefinition, EvaluatorVersion, FunctionTool, ListOfAgentVersionDetails, McpTool,
    MemoryItem, MemoryStoreSearchResult, OpenAiConversationItem, OpenAiConversationItemList, OpenAiCreateResponse,
    OpenAiCreateResponseInput, OpenAiEasyInputMessageParam, OpenAiMessageContent, OpenAiMessageRole, OpenAiResponse,
    OpenAiResponseInputItemParam, OpenAiResponseInputItemParamKind, OpenAiResponseInputPart, OpenAiResponseItem,
    OpenAiResponseItemKind, OpenAiResponseItemList, OpenAiResponseOutputItem, OpenAiResponseOutputMessageContent,
    OpenAiResponseStatus, PagedConnection, PromptAgentDefinition, Tool, VoiceAgentMaxOutputTokens,
    WorkflowAgentDefinition,
};
use foundry_raw::{Decode, Direction, Report, from_slice_with_report, from_str};
use serde_json::{Value, json};
use wire::round_trip;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/v1/", $name, ".json"))
    };
}

/// What of an answer the types do not know.
fn report<T: Decode>(text: &str) -> Report {
    let (_, mut report) = from_slice_with_report::<T>(text.as_bytes(), Direction::Response).unwrap();
    report.unknown.sort();
    report.missing.sort();
    report.unrecognized.sort();
    report
}

// ---- agents

#[test]
fn an_agent_holds_its_latest_version() {
    let agent: AgentDetails = round_trip(fixture!("agent"));
    assert_eq!((agent.name.as_str(), agent.object.as_str(), &agent.state), ("cowboy", "agent", &AgentState::Enabled));
    assert_eq!(agent.configuration_state.as_str(), "paused");
    assert!(matches!(agent.configuration_state, AgentState::Unknown(_)));
    assert_eq!((agent.agent_endpoint, agent.extra.get("region")), (None, Some(&json!("moon"))));
    let latest = agent.versions.latest;
    assert_eq!((latest.version.as_str(), latest.created_at.as_unix()), ("3", Some(1_762_214_400)));
    assert!(matches!(latest.definition, AgentDefinition::Prompt(_)));
    let report = report::<AgentDetails>(fixture!("agent"));
    assert_eq!(report.unknown, ["/region"]);
    assert_eq!(report.unrecognized, ["/configuration_state", "/versions/latest/definition/tools/1"]);
}

#[test]
fn a_version_of_a_prompt_agent_has_its_tools() {
    let version: AgentVersionDetails = round_trip(fixture!("agent_version_prompt"));
    assert_eq!(version.status, Some(AgentVersionStatus::Active));
    assert_eq!((version.description.as_deref(), version.draft), (Some(""), Some(false)));
    let AgentDefinition::Prompt(definition) = version.definition else { panic!("{version:?}") };
    assert_eq!(definition.instructions.as_deref(), Some("Talk like a cowboy."));
    assert_eq!((definition.temperature, definition.reasoning), (Some(1.0), None));
    let tools = definition.tools.unwrap();
    let [Tool::Function(function), Tool::Unknown(memory), Tool::Mcp(mcp), Tool::FileSearch(search)] = &tools[..] else {
        panic!("{tools:?}")
    };
    assert_eq!((function.name.as_str(), function.strict), ("sky", Some(false)));
    // An older name of a tool that has another one now.
    assert_eq!(memory, &json!({ "type": "memory_search", "memory_store_name": "prefs", "scope": "user_7" }));
    assert_eq!((mcp.server_label.as_str(), mcp.server_url.as_deref()), ("docs", Some("https://mcp.example")));
    assert!(mcp.require_approval.is_some() && mcp.allowed_tools.is_none());
    assert_eq!(search.vector_store_ids, ["vs_1"]);
    assert_eq!(report::<AgentVersionDetails>(fixture!("agent_version_prompt")).unrecognized, ["/definition/tools/1"]);
}

#[test]
fn a_version_of_a_hosted_agent_has_sizes_that_are_texts() {
    let version: AgentVersionDetails = round_trip(fixture!("agent_version_hosted"));
    assert!(version.metadata.is_empty(), "null stands for none");
    assert_eq!(version.status.as_ref().map(AgentVersionStatus::as_str), Some("warming_up"));
    let AgentDefinition::Hosted(definition) = version.definition else { panic!("{version:?}") };
    assert_eq!((definition.cpu.as_str(), definition.memory.as_str()), ("0.25", "0.5Gi"));
    assert_eq!(definition.container_configuration.unwrap().image, "registry.example/agent:1");
    let protocols = definition.protocol_versions.unwrap();
    assert_eq!(protocols.iter().map(|record| record.protocol.as_str()).collect::<Vec<_>>(), ["responses", "telepathy"]);
    let report = report::<AgentVersionDetails>(fixture!("agent_version_hosted"));
    assert_eq!(report.unrecognized, ["/definition/protocol_versions/1/protocol", "/status"]);
    // The document does not say that it may be null.
    assert_eq!(report.missing, ["/metadata"]);
}

#[test]
fn versions_of_workflow_external_and_voice_agents_are_of_their_kinds() {
    let version: AgentVersionDetails = round_trip(fixture!("agent_version_workflow"));
    let AgentDefinition::Workflow(definition) = version.definition else { panic!("{version:?}") };
    assert!(definition.workflow.unwrap().starts_with("kind: workflow\n"));

    let version: AgentVersionDetails = round_trip(fixture!("agent_version_external"));
    assert_eq!(version.status, Some(AgentVersionStatus::Creating));
    let AgentDefinition::External(definition) = version.definition else { panic!("{version:?}") };
    assert_eq!((definition.otel_agent_id.as_deref(), definition.rai_config), (Some("otel-1"), None));

    let version: AgentVersionDetails = round_trip(fixture!("agent_version_voice"));
    let AgentDefinition::Voice(definition) = version.definition else { panic!("{version:?}") };
    assert_eq!(definition.max_output_tokens, Some(VoiceAgentMaxOutputTokens::String("inf".to_owned())));
    let modalities = definition.output_modalities.unwrap();
    assert_eq!(modalities.iter().map(|modality| modality.as_str()).collect::<Vec<_>>(), ["audio", "smell"]);
}

#[test]
fn a_version_of_a_kind_nobody_knows_is_kept() {
    let version: AgentVersionDetails = round_trip(fixture!("agent_version_unknown"));
    let AgentDefinition::Unknown(definition) = &version.definition else { panic!("{version:?}") };
    assert_eq!(definition["qubits"], json!([1, null, { "spin": 0.5 }]));
    assert_eq!(report::<AgentVersionDetails>(fixture!("agent_version_unknown")).unrecognized, ["/definition"]);
}

#[test]
fn an_empty_page_of_versions_has_no_ids() {
    let page: ListOfAgentVersionDetails = round_trip(fixture!("agent_versions_empty"));
    assert!(page.data.is_empty() && !page.has_more);
}

#[test]
fn what_creates_a_version_is_what_the_service_takes() {
    let tools: [Tool; 2] = [
        FunctionTool::new("sky")
            .parameters(json!({ "type": "object" }).as_object().unwrap().clone())
            .strict(false)
            .into(),
        McpTool::new("docs").server_url("https://mcp.example").allowed_tools(vec!["search".to_owned()]).into(),
    ];
    let definition = PromptAgentDefinition::new("gpt-4.1-mini").instructions("Talk like a cowboy.").tools(tools);
    let request = AgentsCreateVersionRequest::new(definition).metadata([("team", "west")]);
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({
            "metadata": { "team": "west" },
            "definition": {
                "kind": "prompt", "model": "gpt-4.1-mini", "instructions": "Talk like a cowboy.",
                "tools": [
                    { "type": "function", "name": "sky", "parameters": { "type": "object" }, "strict": false },
                    {
                        "type": "mcp", "server_label": "docs", "server_url": "https://mcp.example",
                        "allowed_tools": ["search"],
                    },
                ],
            },
        })
    );
    let request = AgentsCreateVersionRequest::new(WorkflowAgentDefinition::new().workflow("kind: workflow"));
    let expected = json!({ "definition": { "kind": "workflow", "workflow": "kind: workflow" } });
    assert_eq!(serde_json::to_value(&request).unwrap(), expected);
}

// ---- responses and conversations

#[test]
fn a_response_may_call_a_function() {
    let response: OpenAiResponse = round_trip(fixture!("response_function_call"));
    assert_eq!(response.status, Some(OpenAiResponseStatus::Completed));
    assert_eq!(response.agent_reference, Some(AgentReference::new("cowboy").version("3")));
    assert_eq!(response.extra.get("agent").unwrap()["type"], "agent_id");
    let [OpenAiResponseOutputItem::FunctionCall(call)] = &response.output[..] else { panic!("{response:?}") };
    assert_eq!((call.call_id.as_str(), call.name.as_str(), call.arguments.as_str()), ("call_1", "sky", "{\"hour\":7}"));
    let extra: Vec<&str> = call.extra.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(extra, ["agent_reference", "created_by", "response_id"]);
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (47, 30, 77));
    assert_eq!(report::<OpenAiResponse>(fixture!("response_function_call")).unrecognized, [] as [&str; 0]);
}

#[test]
fn a_response_may_ask_for_approval_and_hold_what_nobody_knows() {
    let response: OpenAiResponse = round_trip(fixture!("response_mcp_approval"));
    assert_eq!(response.status.as_ref().map(OpenAiResponseStatus::as_str), Some("dreaming"));
    use OpenAiResponseOutputItem::{McpApprovalRequest, McpListTools, Message, Unknown};
    let [McpListTools(list), McpApprovalRequest(request), Unknown(memory), Message(message)] = &response.output[..]
    else {
        panic!("{response:?}")
    };
    assert_eq!((list.server_label.as_str(), list.tools[0].name.as_str()), ("docs", "search"));
    assert_eq!((request.id.as_str(), request.name.as_str(), request.arguments.as_str()), ("mcpr_1", "drop", "{}"));
    assert_eq!(memory["type"], "memory_search_call");
    let [OpenAiResponseOutputMessageContent::OutputText(text), OpenAiResponseOutputMessageContent::Unknown(_)] =
        &message.content[..]
    else {
        panic!("{message:?}")
    };
    assert_eq!((text.text.as_str(), text.annotations.len()), ("Howdy.", 2));
    let report = report::<OpenAiResponse>(fixture!("response_mcp_approval"));
    let places = ["/output/2", "/output/3/content/0/annotations/1", "/output/3/content/1", "/status"];
    assert_eq!(report.unrecognized, places);
}

#[test]
fn messages_that_went_in_and_came_out_are_told_apart_by_their_role() {
    let items: OpenAiResponseItemList = round_trip(fixture!("input_items"));
    let [OpenAiResponseItem::Message(asked), OpenAiResponseItem::Message(said)] = &items.data[..] else {
        panic!("{items:?}")
    };
    // Both have an id and a status.
    let OpenAiResponseItemKind::OpenAiResponseInputMessageItem(asked) = asked else { panic!("{asked:?}") };
    let [OpenAiResponseInputPart::InputText(text)] = &asked.content[..] else { panic!("{asked:?}") };
    assert_eq!((asked.role.as_str(), text.text.as_str()), ("user", "Why is the sky blue?"));
    let OpenAiResponseItemKind::OpenAiResponseOutputMessage(said) = said else { panic!("{said:?}") };
    assert!(
        matches!(&said.content[..], [OpenAiResponseOutputMessageContent::OutputText(text)] if text.text == "Howdy.")
    );
    assert_eq!(report::<OpenAiResponseItemList>(fixture!("input_items")), Report::default());

    // A role to come is read as the keys say.
    let critic = fixture!("input_items").replace("\"user\"", "\"critic\"");
    let items: OpenAiResponseItemList = round_trip(&critic);
    assert!(matches!(
        &items.data[0],
        OpenAiResponseItem::Message(OpenAiResponseItemKind::OpenAiResponseOutputMessage(_))
    ));
}

#[test]
fn input_needs_no_tag() {
    let sent = json!({
        "input": [
            { "role": "user", "content": "Why is the sky blue?" },
            { "type": "message", "role": "assistant", "content": "It is not." },
            { "id": "msg_1" },
            { "type": "item_reference", "id": "msg_2" },
            { "type": null, "content": "Hm.", "role": "developer" },
            { "neither": true },
            { "type": "teleport", "role": "user", "content": "" },
        ],
        "agent_reference": { "type": "agent_reference", "name": "cowboy" },
    });
    let request: OpenAiCreateResponse = round_trip(&sent.to_string());
    let Some(OpenAiCreateResponseInput::Array(items)) = &request.input else { panic!("{request:?}") };
    let shown: Vec<String> = items
        .iter()
        .map(|item| match item {
            OpenAiResponseInputItemParam::Message(OpenAiResponseInputItemParamKind::OpenAiEasyInputMessageParam(
                message,
            )) => format!("message of {}", message.role),
            OpenAiResponseInputItemParam::ItemReference(reference) => format!("reference to {}", reference.id),
            OpenAiResponseInputItemParam::Unknown(_) => "unknown".to_owned(),
            item => panic!("{item:?}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "message of user",
            "message of assistant",
            "reference to msg_1",
            "reference to msg_2",
            "message of developer",
            "unknown",
            "unknown"
        ]
    );
    let (_, report) =
        from_slice_with_report::<OpenAiCreateResponse>(sent.to_string().as_bytes(), Direction::Request).unwrap();
    assert_eq!((report.unrecognized, report.missing), (vec!["/input/5".to_owned(), "/input/6".to_owned()], vec![]));

    let made = OpenAiResponseInputItemParam::Message(OpenAiEasyInputMessageParam::new("Howdy.", "user").into());
    assert_eq!(serde_json::to_value(made).unwrap(), json!({ "role": "user", "content": "Howdy." }));
}

#[test]
fn a_malformed_item_does_not_cost_the_page() {
    let items: OpenAiConversationItemList = round_trip(fixture!("conversation_items"));
    assert!(items.has_more);
    assert_eq!((items.first_id.as_str(), items.last_id.as_str()), ("msg_2", "tp_1"));
    use OpenAiConversationItem::{FunctionCallOutput, Message, Unknown};
    let [Message(message), FunctionCallOutput(output), Unknown(teleport)] = &items.data[..] else {
        panic!("{items:?}")
    };
    assert_eq!(message.role, OpenAiMessageRole::User);
    assert!(matches!(&message.content[..], [OpenAiMessageContent::InputText(text)] if text.text.ends_with("blue?")));
    assert_eq!(message.extra.get("created_by"), Some(&json!({ "user": "u" })));
    assert_eq!(output.id, "fco_1");
    assert_eq!(teleport["to"], "Mars");
    let [broken] = items.data.undecoded() else { panic!("{items:?}") };
    assert_eq!((broken.index, &broken.value), (3, &json!({ "type": "message", "id": 5 })));
    assert_eq!(broken.error.path(), "/3/id");
}

// ---- the rest

#[test]
fn memories_are_of_kinds_that_may_be_new() {
    let found: MemoryStoreSearchResult = round_trip(fixture!("memory_search"));
    assert_eq!((found.search_id.as_str(), found.usage.embedding_tokens), ("s1", 5));
    let [MemoryItem::UserProfile(profile), MemoryItem::Unknown(dream)] =
        &found.memories.iter().map(|found| found.memory_item.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!((profile.content.as_str(), profile.updated_at.as_unix()), ("Prefers dark roast.", Some(1_762_214_400)));
    assert_eq!(dream["vividness"], 0.75);
}

#[test]
fn connections_are_of_kinds_that_may_be_new() {
    let page: PagedConnection = round_trip(fixture!("connections"));
    assert!(page.next_link.unwrap().ends_with("&skip=2"));
    let [search, moon] = &page.value[..] else { panic!("{:?}", page.value) };
    assert!(search.is_default && matches!(search.credentials, BaseCredentials::Aad(_)));
    assert_eq!(moon.r#type.as_str(), "LunarStore");
    assert!(matches!(moon.r#type, ConnectionType::Unknown(_)));
    assert!(matches!(moon.credentials, BaseCredentials::Unknown(_)));
    // What nobody knows of credentials may be secret.
    assert!(!format!("{moon:?}").contains("full"));
    assert_eq!(
        report::<PagedConnection>(fixture!("connections")).unrecognized,
        ["/value/1/credentials", "/value/1/type"]
    );
}

#[test]
fn times_come_in_every_form() {
    let version: DatasetVersion = round_trip(fixture!("dataset_version"));
    let DatasetVersion::UriFile(file) = version else { panic!("{version:?}") };
    assert_eq!((file.data_uri.as_str(), file.connection_name), ("https://blob.example/sky.txt", None));
    assert_eq!(file.extra.get("systemData").unwrap()["createdAt"], "2025-03-21T18:23:41.1234567+00:00");

    let evaluator: EvaluatorVersion = round_trip(fixture!("evaluator_version"));
    let time = "2025-11-04T00:00:00+00:00";
    assert_eq!(evaluator.created_at.as_unix(), Some(1_762_214_400));
    assert_eq!(evaluator.modified_at.as_str(), Some("2025-11-04T00:00:00Z"));
    for form in [&evaluator.created_at, &evaluator.modified_at] {
        assert_eq!(form.to_datetime().unwrap().to_rfc3339(), time);
    }
    assert!(matches!(evaluator.definition, EvaluatorDefinition::Prompt(_)));
    assert_eq!(report::<EvaluatorVersion>(fixture!("evaluator_version")).unrecognized, ["/categories/1"]);

    let rule: EvaluationRule = round_trip(fixture!("evaluation_rule"));
    assert!(rule.enabled && matches!(rule.action, EvaluationRuleAction::ContinuousEvaluation(_)));
    assert_eq!(rule.system_data["createdAt"], "10/11/2025 05:02:21");

    // A time that is none fails nothing.
    let odd = fixture!("evaluator_version").replace("\"2025-11-04T00:00:00Z\"", "\"yesterday\"");
    let evaluator: EvaluatorVersion = round_trip(&odd);
    assert_eq!((evaluator.modified_at.as_str(), evaluator.modified_at.to_datetime()), (Some("yesterday"), None));
}

#[test]
fn error_bodies_say_more_or_less_than_the_document() {
    for error in [
        json!({ "code": "Unauthorized", "message": "No." }),
        json!({ "code": "429", "message": "Slower.", "param": null, "innerError": { "code": "x" } }),
        json!({
            "code": "invalid_payload", "message": "No.", "type": "invalid_request_error", "param": "/",
            "details": [{ "message": "array", "param": "/input" }, { "code": "ValidationError", "type": "error" }],
            "additionalInfo": { "request_id": "1" },
        }),
        json!({
            "code": "UserError", "severity": null, "message": "None there.", "details": [],
            "innerError": { "code": "NotFoundError", "innerError": null },
        }),
        json!({ "code": "preview_feature_required", "message": "Opt in." }),
    ] {
        let body = json!({ "error": error, "correlation": { "operation": "1", "request": "2" }, "time": null });
        let decoded: ErrorResponse = round_trip(&body.to_string());
        assert_eq!(decoded.error.code.as_deref(), error["code"].as_str());
        assert_eq!(decoded.error.message.as_deref(), error["message"].as_str());
        let details = error["details"].as_array().map(Vec::len);
        assert_eq!(decoded.error.details.map(|details| details.len()), details);
    }
    // An error that is no object is an error to decode, at its place.
    let error = from_str::<ErrorResponse>(r#"{"error":"No."}"#).unwrap_err();
    assert_eq!(error.path(), "/error");
    let empty: ErrorResponse = round_trip(&Value::Object(serde_json::Map::new()).to_string());
    assert_eq!(empty.error.code, None);
}
