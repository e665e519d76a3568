//! Helpers on the events of a response's stream.

use serde_json::Value;

use crate::v1::types::{
    OpenAiResponse, OpenAiResponseOutputItem, OpenAiResponseOutputItemItem, OpenAiResponseStreamEvent,
};

/// Makes what all kinds of events have.
macro_rules! events {
    ($($variant:ident = $name:literal,)*) => {
        /// The events that have a variant.
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),*];

        impl OpenAiResponseStreamEvent {
            /// The name of the event, as the service calls it; empty if it has none.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    Self::Unknown(value) => value.get("type").and_then(Value::as_str).unwrap_or_default(),
                }
            }

            /// The number of the event in its stream; the service sends those after it if it is asked for
            /// them (`starting_after`).
            pub fn sequence_number(&self) -> Option<i64> {
                match self {
                    $(Self::$variant(event) => Some(event.sequence_number),)*
                    Self::Unknown(value) => value.get("sequence_number").and_then(Value::as_i64),
                }
            }
        }
    };
}

events! {
    Error = "error",
    ResponseAudioDelta = "response.audio.delta",
    ResponseAudioDone = "response.audio.done",
    ResponseAudioTranscriptDelta = "response.audio.transcript.delta",
    ResponseAudioTranscriptDone = "response.audio.transcript.done",
    ResponseCodeInterpreterCallCompleted = "response.code_interpreter_call.completed",
    ResponseCodeInterpreterCallInProgress = "response.code_interpreter_call.in_progress",
    ResponseCodeInterpreterCallInterpreting = "response.code_interpreter_call.interpreting",
    ResponseCodeInterpreterCallCodeDelta = "response.code_interpreter_call_code.delta",
    ResponseCodeInterpreterCallCodeDone = "response.code_interpreter_call_code.done",
    ResponseCompactionCompacting = "response.compaction.compacting",
    ResponseCompleted = "response.completed",
    ResponseContentPartAdded = "response.content_part.added",
    ResponseContentPartDone = "response.content_part.done",
    ResponseCreated = "response.created",
    ResponseCustomToolCallInputDelta = "response.custom_tool_call_input.delta",
    ResponseCustomToolCallInputDone = "response.custom_tool_call_input.done",
    ResponseFailed = "response.failed",
    ResponseFileSearchCallCompleted = "response.file_search_call.completed",
    ResponseFileSearchCallInProgress = "response.file_search_call.in_progress",
    ResponseFileSearchCallSearching = "response.file_search_call.searching",
    ResponseFunctionCallArgumentsDelta = "response.function_call_arguments.delta",
    ResponseFunctionCallArgumentsDone = "response.function_call_arguments.done",
    ResponseImageGenerationCallCompleted = "response.image_generation_call.completed",
    ResponseImageGenerationCallGenerating = "response.image_generation_call.generating",
    ResponseImageGenerationCallInProgress = "response.image_generation_call.in_progress",
    ResponseImageGenerationCallPartialImage = "response.image_generation_call.partial_image",
    ResponseInProgress = "response.in_progress",
    ResponseIncomplete = "response.incomplete",
    ResponseMcpCallCompleted = "response.mcp_call.completed",
    ResponseMcpCallFailed = "response.mcp_call.failed",
    ResponseMcpCallInProgress = "response.mcp_call.in_progress",
    ResponseMcpCallArgumentsDelta = "response.mcp_call_arguments.delta",
    ResponseMcpCallArgumentsDone = "response.mcp_call_arguments.done",
    ResponseMcpListToolsCompleted = "response.mcp_list_tools.completed",
    ResponseMcpListToolsFailed = "response.mcp_list_tools.failed",
    ResponseMcpListToolsInProgress = "response.mcp_list_tools.in_progress",
    ResponseOutputItemAdded = "response.output_item.added",
    ResponseOutputItemDone = "response.output_item.done",
    ResponseOutputTextAnnotationAdded = "response.output_text.annotation.added",
    ResponseOutputTextDelta = "response.output_text.delta",
    ResponseOutputTextDone = "response.output_text.done",
    ResponseQueued = "response.queued",
    ResponseReasoningSummaryPartAdded = "response.reasoning_summary_part.added",
    ResponseReasoningSummaryPartDone = "response.reasoning_summary_part.done",
    ResponseReasoningSummaryTextDelta = "response.reasoning_summary_text.delta",
    ResponseReasoningSummaryTextDone = "response.reasoning_summary_text.done",
    ResponseReasoningTextDelta = "response.reasoning_text.delta",
    ResponseReasoningTextDone = "response.reasoning_text.done",
    ResponseRefusalDelta = "response.refusal.delta",
    ResponseRefusalDone = "response.refusal.done",
    ResponseShellCallCommandAdded = "response.shell_call_command.added",
    ResponseShellCallCommandDelta = "response.shell_call_command.delta",
    ResponseShellCallCommandDone = "response.shell_call_command.done",
    ResponseShellCallOutputContentDelta = "response.shell_call_output_content.delta",
    ResponseShellCallOutputContentDone = "response.shell_call_output_content.done",
    ResponseWebSearchCallCompleted = "response.web_search_call.completed",
    ResponseWebSearchCallInProgress = "response.web_search_call.in_progress",
    ResponseWebSearchCallSearching = "response.web_search_call.searching",
}

impl OpenAiResponseStreamEvent {
    /// The response, if the event has it: as it begins, waits and ends.
    pub fn response(&self) -> Option<&OpenAiResponse> {
        match self {
            Self::ResponseCreated(event) => Some(&event.response),
            Self::ResponseQueued(event) => Some(&event.response),
            Self::ResponseInProgress(event) => Some(&event.response),
            Self::ResponseCompleted(event) => Some(&event.response),
            Self::ResponseFailed(event) => Some(&event.response),
            Self::ResponseIncomplete(event) => Some(&event.response),
            _ => None,
        }
    }

    /// Whether it is the last event of a response: it has completed, failed, ended incomplete or was
    /// canceled.
    pub fn is_last(&self) -> bool {
        match self {
            Self::ResponseCompleted(_) | Self::ResponseFailed(_) | Self::ResponseIncomplete(_) => true,
            // The document has no such event; the service may still send one.
            Self::Unknown(_) => self.name() == "response.cancelled",
            _ => false,
        }
    }

    /// The piece of text that the event adds, if it adds any.
    pub fn text_delta(&self) -> Option<&str> {
        match self {
            Self::ResponseOutputTextDelta(event) => Some(event.delta.as_str()).filter(|piece| !piece.is_empty()),
            _ => None,
        }
    }

    /// The item of the output that is whole with the event, if one is.
    pub fn whole_item(&self) -> Option<OpenAiResponseOutputItem> {
        match self {
            Self::ResponseOutputItemDone(event) => Some(event.item.clone().into()),
            _ => None,
        }
    }
}

/// Makes an item of an event what it is in a response.
macro_rules! item {
    ($($variant:ident),*) => {
        impl From<OpenAiResponseOutputItemItem> for OpenAiResponseOutputItem {
            fn from(item: OpenAiResponseOutputItemItem) -> Self {
                match item {
                    $(OpenAiResponseOutputItemItem::$variant(item) => Self::$variant(item),)*
                    OpenAiResponseOutputItemItem::Unknown(value) => Self::Unknown(value),
                }
            }
        }
    };
}

item!(
    AdditionalTools,
    ApplyPatchCall,
    ApplyPatchCallOutput,
    CodeInterpreterCall,
    Compaction,
    ComputerCall,
    ComputerCallOutput,
    CustomToolCall,
    CustomToolCallOutput,
    FileSearchCall,
    FunctionCall,
    FunctionCallOutput,
    ImageGenerationCall,
    LocalShellCall,
    LocalShellCallOutput,
    McpApprovalRequest,
    McpApprovalResponse,
    McpCall,
    McpListTools,
    Message,
    Program,
    ProgramOutput,
    Reasoning,
    ShellCall,
    ShellCallOutput,
    ToolSearchCall,
    ToolSearchOutput,
    WebSearchCall
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(value: &Value) -> OpenAiResponseStreamEvent {
        crate::from_str(&value.to_string()).unwrap()
    }

    #[test]
    fn every_event_of_the_document_has_its_name_and_number() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/v1/openapi.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let events = &document["paths"]["/openai/v1/responses"]["post"]["responses"]["200"]["x-sse-events"];
        let names: Vec<&str> =
            events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert!(names.len() > 40, "{names:?}");
        for name in names {
            assert!(NAMES.contains(&name) || name == "done", "{name}");
        }
        for name in NAMES {
            let response = json!({ "id": "resp_1" });
            let part = json!({ "type": name, "sequence_number": 7, "response": response, "item_id": "i", "item": {} });
            let event = event(&part);
            assert!(!matches!(event, OpenAiResponseStreamEvent::Unknown(_)), "{name}");
            assert_eq!((event.name(), event.sequence_number()), (*name, Some(7)));
        }
        let unknown = event(&json!({ "type": "response.humming", "sequence_number": 3 }));
        assert_eq!((unknown.name(), unknown.sequence_number()), ("response.humming", Some(3)));
    }

    #[test]
    fn these_events_show_the_response_or_end_it() {
        for (name, shows, ends) in [
            ("response.created", true, false),
            ("response.queued", true, false),
            ("response.in_progress", true, false),
            ("response.completed", true, true),
            ("response.failed", true, true),
            ("response.incomplete", true, true),
            ("response.cancelled", false, true),
            ("response.humming", false, false),
            ("error", false, false),
        ] {
            let event = event(&json!({ "type": name, "sequence_number": 1, "response": { "id": "resp_1" } }));
            assert_eq!((event.response().is_some(), event.is_last()), (shows, ends), "{name}");
        }
    }

    #[test]
    fn items_and_pieces_of_text_are_taken_out() {
        let done = json!({ "type": "response.output_item.done", "sequence_number": 1, "output_index": 0,
            "item": { "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" } });
        assert!(
            matches!(event(&done).whole_item(), Some(OpenAiResponseOutputItem::FunctionCall(call)) if call.name == "f")
        );
        let odd = json!({ "type": "response.output_item.done", "sequence_number": 1, "item": { "type": "hum" } });
        assert_eq!(event(&odd).whole_item(), Some(OpenAiResponseOutputItem::Unknown(json!({ "type": "hum" }))));
        for (piece, delta) in [("Ho", Some("Ho")), ("", None)] {
            let delta_event = json!({ "type": "response.output_text.delta", "delta": piece, "sequence_number": 1,
                "item_id": "m", "output_index": 0, "content_index": 0 });
            assert_eq!(event(&delta_event).text_delta(), delta);
        }
        assert_eq!(event(&done).text_delta(), None);
    }
}
