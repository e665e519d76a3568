//! Bodies as the service sends them: what was recorded decodes, and goes back as it came.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod wire;

use foundry_raw::v2025_05_01::types::{
    Agent, AgentThread, AgentsResponseFormatMode, AgentsResponseFormatOption, AgentsToolChoiceOption,
    AgentsToolChoiceOptionMode, CreateRunOptions, ErrorResponse, FileDeletionStatus, FileInfo, FilePurpose,
    ListOfAgent, ListOfAgentThread, ListOfRunStep, ListOfThreadMessage, ListOfThreadRun, ListOfVectorStore,
    ListOfVectorStoreFile, MessageContent, MessageDeltaChunk, MessageInputContent, MessageRole, MessageStatus,
    RequiredAction, RequiredToolCall, RunStatus, RunStep, RunStepDeltaChunk, RunStepDeltaDetail, RunStepDeltaToolCall,
    RunStepDetails, RunStepToolCall, ThreadMessage, ThreadMessageOptions, ThreadRun, ToolDefinition,
    TruncationStrategy, VectorStoreFileBatch,
};
use foundry_raw::{Direction, from_slice_with_report, from_str};
use serde_json::{Value, json};
use wire::round_trip;

macro_rules! seed {
    ($name:literal) => {
        include_str!(concat!("fixtures/conversation/", $name, ".json"))
    };
}

/// A run as it is answered, with some members replaced or added.
fn run(changes: Value) -> Value {
    let mut body: Value = serde_json::from_str(seed!("run_queued")).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A run step as it is answered, with these details.
fn step(details: Value) -> Value {
    json!({
        "id": "step_1",
        "object": "thread.run.step",
        "created_at": 1_752_587_901,
        "run_id": "run_1",
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "type": details["type"],
        "status": "completed",
        "cancelled_at": null,
        "completed_at": 1_752_587_903,
        "expires_at": null,
        "failed_at": null,
        "last_error": null,
        "step_details": details,
        "usage": {
            "prompt_tokens": 32,
            "completion_tokens": 94,
            "total_tokens": 126,
            "prompt_token_details": { "cached_tokens": 0 },
        },
    })
}

/// A message as it is answered by create and list: no status, no end.
fn message(changes: Value) -> Value {
    let mut body: Value = serde_json::from_str(seed!("message")).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

// ---- the conversation

#[test]
fn the_thread_of_the_conversation_comes_back_as_it_came() {
    let thread: AgentThread = round_trip(seed!("thread"));
    assert_eq!(thread.id, "thread_L9HRkMrJcHy7ZOiR9I4J6ckY");
    assert_eq!(thread.object, "thread");
    assert_eq!(thread.created_at.as_unix(), Some(1_752_587_659));
    assert_eq!(thread.created_at.to_datetime().unwrap().to_rfc3339(), "2025-07-15T13:54:19+00:00");
    assert!(thread.metadata.unwrap().is_empty());
    assert!(thread.tool_resources.unwrap().file_search.is_none());
}

#[test]
fn the_requests_of_the_conversation_come_back_as_they_came() {
    let request: ThreadMessageOptions = round_trip(seed!("message_request"));
    assert_eq!(request.role, MessageRole::User);
    assert_eq!(request.content, MessageInputContent::String("Why is the sky blue?".to_owned()));
    assert_eq!(request, ThreadMessageOptions::new(MessageRole::User, "Why is the sky blue?"));

    let request: CreateRunOptions = round_trip(seed!("run_request"));
    assert_eq!(request, CreateRunOptions::new("asst_SUiBkwY2MsknWcBfWo5tfEtc"));
}

#[test]
fn the_message_of_the_conversation_comes_back_as_it_came() {
    let message: ThreadMessage = round_trip(seed!("message"));
    assert_eq!(message.id, "msg_zE1gyAZnopYj2SQ5zn8vTyWr");
    assert_eq!(message.thread_id, "thread_L9HRkMrJcHy7ZOiR9I4J6ckY");
    assert_eq!(message.role, MessageRole::User);
    assert_eq!(message.text(), "Why is the sky blue?");
    assert_eq!((message.assistant_id, message.run_id), (None, None));
    assert_eq!((message.status, message.completed_at, message.incomplete_details), (None, None, None));
    assert!(message.attachments.unwrap().is_empty());
}

#[test]
fn the_queued_run_of_the_conversation_comes_back_as_it_came() {
    let run: ThreadRun = round_trip(seed!("run_queued"));
    assert_eq!(run.id, "run_khg7A3BJcuw58Igahi9Y3qL8");
    assert_eq!(run.status, RunStatus::Queued);
    assert_eq!(run.model, "20250715-gpt-4.1-mini");
    assert_eq!(run.instructions, "Talk like you are a cowboy.");
    assert_eq!(run.expires_at.unwrap().as_unix(), Some(1_752_593_235));
    assert_eq!((run.started_at, run.completed_at, run.failed_at, run.cancelled_at), (None, None, None, None));
    assert_eq!((run.required_action, run.last_error, run.usage, run.incomplete_details), (None, None, None, None));
    assert_eq!((run.temperature, run.top_p), (Some(1.0), Some(1.0)));
    let truncation = run.truncation_strategy.unwrap();
    assert_eq!((truncation.r#type, truncation.last_messages), (TruncationStrategy::Auto, None));
    assert_eq!(
        run.response_format.unwrap(),
        AgentsResponseFormatOption::AgentsResponseFormatMode(AgentsResponseFormatMode::Auto)
    );
    assert_eq!(
        run.tool_choice.unwrap(),
        AgentsToolChoiceOption::AgentsToolChoiceOptionMode(AgentsToolChoiceOptionMode::Auto)
    );
    assert!(run.parallel_tool_calls);
}

#[test]
fn the_completed_run_of_the_conversation_comes_back_as_it_came() {
    let run: ThreadRun = round_trip(seed!("run_completed"));
    assert_eq!(run.id, "run_iYBOF6sioEhChPhnWtA4nuOJ");
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(run.started_at.unwrap().as_unix(), Some(1_752_587_902));
    assert_eq!(run.completed_at.unwrap().as_unix(), Some(1_752_587_903));
    assert_eq!(run.expires_at, None);
    let usage = run.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (32, 94, 126));
    assert_eq!(usage.extra.get("prompt_token_details"), Some(&json!({ "cached_tokens": 0 })));
}

#[test]
fn the_messages_of_the_conversation_come_back_as_they_came() {
    let page: ListOfThreadMessage = round_trip(seed!("message_list"));
    assert_eq!(page.data.iter().map(|message| message.role.as_str()).collect::<Vec<_>>(), ["assistant", "user"]);
    assert_eq!(page.data[0].text(), "Well, partner, the air spreads the blue of the sunlight wider than its red.");
    assert_eq!(page.data[0].run_id.as_deref(), Some("run_iYBOF6sioEhChPhnWtA4nuOJ"));
    assert_eq!(page.data[1].text(), "Why is the sky blue?");
    assert!(page.data.undecoded().is_empty());
    assert_eq!(page.last_id.as_deref(), Some("msg_zE1gyAZnopYj2SQ5zn8vTyWr"));
    assert!(!page.has_more);
}

#[test]
fn what_the_document_does_not_say_of_the_conversation_is_listed() {
    fn report<T: foundry_raw::Decode>(text: &str) -> foundry_raw::Report {
        from_slice_with_report::<T>(text.as_bytes(), Direction::Response).unwrap().1
    }
    assert_eq!(report::<AgentThread>(seed!("thread")), foundry_raw::Report::default());
    let run = report::<ThreadRun>(seed!("run_completed"));
    assert_eq!(run.unknown, ["/usage/prompt_token_details"]);
    assert_eq!((run.missing.len(), run.unrecognized.len(), run.undecoded.len()), (0, 0, 0));
    let mut missing = report::<ThreadMessage>(seed!("message")).missing;
    missing.sort();
    assert_eq!(missing, ["/completed_at", "/incomplete_at", "/incomplete_details", "/status"]);
}

// ---- other shapes that were recorded

#[test]
fn a_message_of_a_stream_has_its_status() {
    let body = message(json!({
        "status": "completed", "completed_at": 1_752_587_903, "incomplete_at": null, "incomplete_details": null,
    }));
    let message: ThreadMessage = round_trip(&body.to_string());
    assert_eq!(message.status, Some(MessageStatus::Completed));
    assert_eq!(message.completed_at.unwrap().as_unix(), Some(1_752_587_903));
}

#[test]
fn a_run_step_has_expires_at_and_no_metadata() {
    let mut body = step(json!({ "type": "message_creation", "message_creation": { "message_id": "msg_1" } }));
    body["expires_at"] = json!(1_754_521_539);
    let step: RunStep = round_trip(&body.to_string());
    assert_eq!(step.extra.get("expires_at"), Some(&json!(1_754_521_539)));
    assert_eq!((&step.expired_at, &step.metadata), (&None, &None));
    let RunStepDetails::MessageCreation(details) = &step.step_details else { panic!("{step:?}") };
    assert_eq!(details.message_creation.message_id, "msg_1");
    assert_eq!(step.usage.unwrap().extra.get("prompt_token_details"), Some(&json!({ "cached_tokens": 0 })));
}

#[test]
fn an_empty_page_has_null_ids() {
    let text =
        json!({ "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false }).to_string();
    macro_rules! empty {
        ($($page:ident),*) => {$({
            let page: $page = round_trip(&text);
            assert!(page.data.is_empty());
            assert_eq!((page.last_id, page.has_more), (None, false));
        })*};
    }
    empty!(
        ListOfAgent,
        ListOfAgentThread,
        ListOfRunStep,
        ListOfThreadMessage,
        ListOfThreadRun,
        ListOfVectorStore,
        ListOfVectorStoreFile
    );
}

#[test]
fn a_page_may_lack_object_and_first_id() {
    let body = json!({ "data": [message(json!({}))], "last_id": "msg_1", "has_more": true });
    let page: ListOfThreadMessage = round_trip(&body.to_string());
    assert_eq!((page.data.len(), page.last_id.as_deref(), page.has_more), (1, Some("msg_1"), true));
}

#[test]
fn file_batches_and_deleted_files_have_names_of_their_own() {
    let batch: VectorStoreFileBatch = round_trip(
        r#"{"id":"vsfb_1","object":"vector_store.file_batch","created_at":1746168396,"status":"in_progress",
            "vector_store_id":"vs_1","file_counts":{"in_progress":2,"completed":0,"failed":0,"cancelled":0,"total":2}}"#,
    );
    assert_eq!(batch.object, "vector_store.file_batch");
    assert_eq!(batch.file_counts.in_progress, 2);

    let deleted: FileDeletionStatus = round_trip(r#"{"id":"assistant-1","object":"file","deleted":true}"#);
    assert_eq!((deleted.object.as_str(), deleted.deleted), ("file", true));

    let file: FileInfo = round_trip(
        r#"{"object":"file","id":"assistant-MCa93","purpose":"assistants","filename":"sky.txt","bytes":12,
            "created_at":1746168396,"expires_at":null,"status":"processed","status_details":null}"#,
    );
    assert_eq!(file.purpose, FilePurpose::Assistants);
}

#[test]
fn a_failed_run_may_have_a_code_that_is_not_documented() {
    for code in ["invalid_engine_error", "rate_limit_exceeded"] {
        let error = json!({ "code": code, "message": "The model is not there." });
        let body = run(json!({ "status": "failed", "failed_at": 1_752_587_903, "last_error": error }));
        let run: ThreadRun = round_trip(&body.to_string());
        assert_eq!(run.status, RunStatus::Failed);
        assert_eq!(run.last_error.unwrap().code, code);
    }
}

#[test]
fn a_tool_of_a_kind_nobody_knows_is_kept_with_all_it_has() {
    let tool = json!({
        "type": "sharepoint_grounding", "sharepoint_grounding": { "connections": [{ "connection_id": "c", "x": null }] },
        "strict": false,
    });
    let resource = json!({ "label": "docs", "list": [1, null] });
    let body = run(json!({ "tools": [tool], "tool_resources": { "sharepoint_grounding": [resource] } }));
    let run: ThreadRun = round_trip(&body.to_string());
    let [ToolDefinition::Unknown(kept)] = &run.tools[..] else { panic!("{:?}", run.tools) };
    assert_eq!(*kept, tool);
    assert_eq!(run.tool_resources.unwrap().extra.get("sharepoint_grounding"), Some(&json!([resource])));
}

#[test]
fn a_run_may_wait_for_something_nobody_knows() {
    let action =
        json!({ "type": "submit_consent", "submit_consent": { "calls": [{ "id": "call_1", "type": "oauth" }] } });
    let body = run(json!({ "status": "requires_action", "required_action": action }));
    let run: ThreadRun = round_trip(&body.to_string());
    assert_eq!(run.required_action, Some(RequiredAction::Unknown(action)));
}

#[test]
fn a_tool_of_an_mcp_server_has_its_approval_as_one_rule_or_by_tool() {
    let rules = [
        json!("always"),
        json!("sometimes"),
        json!({ "never": { "tool_names": ["fetch"] } }),
        json!({ "always": { "tool_names": [] }, "never": { "tool_names": ["fetch"], "read_only": true } }),
    ];
    for approval in rules {
        let tool = json!({
            "type": "mcp", "server_label": "docs", "server_url": "https://mcp.example", "allowed_tools": null,
            "require_approval": approval,
        });
        let resource = json!({ "server_label": "docs", "headers": { "Key": "planted" }, "require_approval": approval });
        let body = run(json!({ "tools": [tool], "tool_resources": { "mcp": [resource] } }));
        let run: ThreadRun = round_trip(&body.to_string());
        let [ToolDefinition::Mcp(kept)] = &run.tools[..] else { panic!("{:?}", run.tools) };
        assert_eq!((kept.server_label.as_str(), kept.extra.get("require_approval")), ("docs", Some(&approval)));
        assert!(!format!("{run:?}").contains("planted"));
        let [resource] = &run.tool_resources.unwrap().mcp.unwrap()[..] else { panic!("{body}") };
        assert_eq!(serde_json::to_value(&resource.require_approval).unwrap(), approval);
    }
}

#[test]
fn a_run_may_wait_for_the_approval_of_tool_calls() {
    let call = json!({ "id": "call_1", "type": "mcp", "arguments": "{}", "name": "fetch", "server_label": "docs" });
    let action = json!({ "type": "submit_tool_approval", "submit_tool_approval": { "tool_calls": [call] } });
    let body = run(json!({ "status": "requires_action", "required_action": action }));
    let run: ThreadRun = round_trip(&body.to_string());
    let Some(RequiredAction::SubmitToolApproval(action)) = &run.required_action else { panic!("{run:?}") };
    let [RequiredToolCall::Mcp(call)] = &action.submit_tool_approval.tool_calls[..] else { panic!("{action:?}") };
    assert_eq!((call.id.as_str(), call.server_label.as_str(), call.name.as_str()), ("call_1", "docs", "fetch"));
}

#[test]
fn the_metadata_of_a_bing_search_is_a_string() {
    let call = json!({
        "id": "call_1",
        "type": "bing_grounding",
        "bing_grounding": {
            "requesturl": "https://search.example/?q=sky",
            "response_metadata": "{'market': 'en-US', 'num_docs_retrieved': 5}",
        },
    });
    let body = step(json!({ "type": "tool_calls", "tool_calls": [call] }));
    let step: RunStep = round_trip(&body.to_string());
    let RunStepDetails::ToolCalls(details) = &step.step_details else { panic!("{step:?}") };
    let [RunStepToolCall::BingGrounding(call)] = &details.tool_calls[..] else { panic!("{details:?}") };
    assert_eq!(call.bing_grounding["response_metadata"], "{'market': 'en-US', 'num_docs_retrieved': 5}");
}

/// A piece of a run step whose one tool call is this.
fn step_delta(call: Value) -> Value {
    let details = json!({ "type": "tool_calls", "tool_calls": [call] });
    json!({ "id": "step_1", "object": "thread.run.step.delta", "delta": { "step_details": details } })
}

/// The tool calls of a piece of a run step.
fn calls_of(text: &str) -> Vec<RunStepDeltaToolCall> {
    let chunk: RunStepDeltaChunk = round_trip(text);
    let Some(RunStepDeltaDetail::ToolCalls(details)) = chunk.delta.step_details else { panic!("{text}") };
    details.tool_calls.unwrap()
}

#[test]
fn pieces_of_a_message_have_annotations_only_in_the_first() {
    for (text, annotations) in
        [(json!({ "value": "To", "annotations": [] }), Some(0)), (json!({ "value": " find out" }), None)]
    {
        let content = json!([{ "index": 0, "type": "text", "text": text }]);
        let body = json!({ "id": "msg_1", "object": "thread.message.delta", "delta": { "content": content } });
        let chunk: MessageDeltaChunk = round_trip(&body.to_string());
        let foundry_raw::v2025_05_01::types::MessageDeltaContent::Text(part) = &chunk.delta.content[0] else {
            panic!("{chunk:?}")
        };
        assert_eq!(part.text.as_ref().unwrap().annotations.as_ref().map(Vec::len), annotations);
    }
}

#[test]
fn the_first_piece_of_a_tool_call_has_its_id() {
    let call = json!({
        "index": 0, "id": "call_1", "type": "code_interpreter", "code_interpreter": { "input": "", "outputs": [] },
    });
    let [RunStepDeltaToolCall::CodeInterpreter(call)] = &calls_of(&step_delta(call).to_string())[..] else {
        panic!("another kind")
    };
    assert_eq!((call.index, call.id.as_deref()), (0, Some("call_1")));
}

#[test]
fn later_pieces_of_a_tool_call_have_no_id() {
    for (kind, member) in [
        ("code_interpreter", json!({ "input": "# Let's" })),
        ("file_search", json!({ "results": [] })),
        ("function", json!({ "arguments": "{\"" })),
    ] {
        let mut call = json!({ "index": 0, "type": kind });
        call[kind] = member;
        let calls = calls_of(&step_delta(call).to_string());
        assert_eq!(calls.len(), 1, "{kind}");
        assert!(!matches!(calls[0], RunStepDeltaToolCall::Unknown(_)), "{kind}");
    }
}

#[test]
fn pieces_of_a_connected_agents_call_begin_with_null_ids() {
    for details in [
        json!({ "name": "stock_bot", "arguments": "", "output": "", "run_id": null, "thread_id": null, "assistant_id": null }),
        json!({ "arguments": "query" }),
    ] {
        let call = json!({ "index": 0, "id": "call_1", "type": "connected_agent", "connected_agent": details });
        assert_eq!(calls_of(&step_delta(call.clone()).to_string()), [RunStepDeltaToolCall::Unknown(call)]);
    }
}

#[test]
fn the_base_types_name_as_a_tag_is_a_kind_nobody_knows() {
    let tool = json!({ "type": "ToolDefinition" });
    let action = json!({ "type": "RequiredAction" });
    let body = run(json!({ "tools": [tool, { "type": "code_interpreter" }], "required_action": action }));
    let run: ThreadRun = round_trip(&body.to_string());
    assert_eq!(run.tools[0], ToolDefinition::Unknown(tool));
    assert!(matches!(run.tools[1], ToolDefinition::CodeInterpreter(_)));
    assert_eq!(run.required_action, Some(RequiredAction::Unknown(action)));

    let part = json!({ "type": "MessageContent" });
    let message: ThreadMessage = round_trip(&message(json!({ "content": [part] })).to_string());
    assert_eq!(message.content, [MessageContent::Unknown(part)]);
    assert_eq!(message.text(), "");

    let step: RunStep = round_trip(&step(json!({ "type": "RunStepDetails" })).to_string());
    assert_eq!(step.step_details, RunStepDetails::Unknown(json!({ "type": "RunStepDetails" })));
    assert_eq!(step.r#type, "RunStepDetails");
}

#[test]
fn an_attachment_may_have_a_tool_that_is_null() {
    let attachment = json!({
        "file_id": "assistant-1", "data_source": { "uri": "a", "type": "uri_asset" }, "tools": [null],
    });
    let message: ThreadMessage = round_trip(&message(json!({ "attachments": [attachment] })).to_string());
    assert_eq!(message.attachments.unwrap()[0].tools.len(), 1);
}

#[test]
fn the_content_of_a_message_may_be_sent_as_an_object() {
    let content = json!({ "blocks": [{ "type": "text", "text": "Look at this." }] });
    let request: ThreadMessageOptions = round_trip(&json!({ "role": "user", "content": content }).to_string());
    assert_eq!(request.content, MessageInputContent::Unknown(content));
}

#[test]
fn a_message_whose_content_is_an_object_does_not_cost_the_page() {
    let odd = message(json!({ "id": "msg_odd", "content": { "blocks": [] } }));
    let body = json!({
        "object": "list", "data": [message(json!({})), odd, message(json!({}))], "first_id": "msg_1",
        "last_id": "msg_3", "has_more": false,
    });
    let page: ListOfThreadMessage = round_trip(&body.to_string());
    assert_eq!(page.data.len(), 2);
    let [element] = page.data.undecoded() else { panic!("{page:?}") };
    assert_eq!((element.index, &element.value), (1, &odd));
    assert_eq!(element.error.path(), "/1/content");
}

#[test]
fn numbers_may_come_in_the_other_form() {
    for (text, tokens, temperature) in [
        (r#"{"max_prompt_tokens":5,"temperature":1}"#, Some(5), Some(1.0)),
        (r#"{"max_prompt_tokens":5.0,"temperature":1.0}"#, Some(5), Some(1.0)),
        (r#"{"max_prompt_tokens":5e0,"temperature":0}"#, Some(5), Some(0.0)),
        (r#"{"max_prompt_tokens":null,"temperature":0.25}"#, None, Some(0.25)),
    ] {
        let mut body = run(serde_json::from_str(text).unwrap());
        body["usage"] = json!({ "prompt_tokens": 32.0, "completion_tokens": 94, "total_tokens": 126.0 });
        let run: ThreadRun = round_trip(&body.to_string());
        assert_eq!((run.max_prompt_tokens, run.temperature), (tokens, temperature), "{text}");
        let usage = run.usage.unwrap();
        assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (32, 94, 126));
    }
}

#[test]
fn a_number_that_was_changed_is_sent_as_it_is_now() {
    let mut run: ThreadRun = from_str(&run(json!({ "max_prompt_tokens": 5.0, "temperature": 1 })).to_string()).unwrap();
    run.max_prompt_tokens = Some(6);
    run.temperature = Some(0.5);
    let sent = serde_json::to_value(&run).unwrap();
    assert_eq!((&sent["max_prompt_tokens"], &sent["temperature"]), (&json!(6), &json!(0.5)));
    assert_eq!(sent["top_p"], json!(1));
}

#[test]
fn times_may_come_in_every_form() {
    for (form, read) in [
        (json!(1_752_587_659), Some("2025-07-15T13:54:19+00:00")),
        (json!(1_752_587_659.5), Some("2025-07-15T13:54:19.500+00:00")),
        (json!("2025-07-15T13:54:19Z"), Some("2025-07-15T13:54:19+00:00")),
        (json!("2025-07-15T13:54:19.1234567+00:00"), Some("2025-07-15T13:54:19.123456700+00:00")),
        (json!("10/11/2025 05:02:21"), Some("2025-10-11T05:02:21+00:00")),
        (json!("not yet"), None),
    ] {
        let body = run(json!({ "created_at": form, "started_at": form }));
        let run: ThreadRun = round_trip(&body.to_string());
        for time in [&run.created_at, run.started_at.as_ref().unwrap()] {
            assert_eq!(time.to_datetime().map(|time| time.to_rfc3339()).as_deref(), read, "{form}");
        }
    }
}

#[test]
fn metadata_may_hold_what_is_no_string() {
    let body = run(json!({
        "metadata": { "text": "a", "number": 7, "float": 1.5, "flag": true, "list": [1, null], "map": { "a": null } },
    }));
    let run: ThreadRun = from_str(&body.to_string()).unwrap();
    let metadata = run.metadata.as_ref().unwrap();
    for (name, value) in [("text", "a"), ("number", "7"), ("float", "1.5"), ("flag", "true"), ("list", "[1,null]")] {
        assert_eq!(metadata[name], value);
    }
    let sent = serde_json::to_value(&run).unwrap();
    assert_eq!(sent["metadata"], body["metadata"]);
}

#[test]
fn the_service_adds_fields_to_what_was_sent() {
    let function = json!({ "name": "sky", "parameters": { "type": "object" }, "strict": false });
    let body = json!({
        "id": "asst_1", "object": "assistant", "created_at": 1_752_587_659, "name": null, "description": null,
        "model": "gpt-4.1-mini", "instructions": null, "tools": [{ "type": "function", "function": function }],
        "tool_resources": null, "temperature": 1.0, "top_p": 1.0, "response_format": "auto", "metadata": {},
    });
    let agent: Agent = round_trip(&body.to_string());
    let [ToolDefinition::Function(tool)] = &agent.tools[..] else { panic!("{agent:?}") };
    assert_eq!(tool.function.extra.get("strict"), Some(&json!(false)));
    assert_eq!((agent.name, agent.tool_resources), (None, None));
}

#[test]
fn errors_may_say_more_or_less_than_the_document() {
    for error in [
        json!({ "code": "Unauthorized", "message": "No." }),
        json!({
            "code": "invalid_payload", "message": "No.", "type": "invalid_request_error", "param": "/", "details": [
                { "code": "ValidationError", "message": "Required.", "target": "name" },
            ],
            "additionalInfo": { "request_id": "1" },
        }),
        json!({ "code": "429", "message": "Slower.", "param": null, "innerError": { "code": "x" } }),
    ] {
        let body = json!({ "error": error });
        let decoded: ErrorResponse = round_trip(&body.to_string());
        assert_eq!(decoded.error.code.as_deref(), error["code"].as_str());
    }
}
