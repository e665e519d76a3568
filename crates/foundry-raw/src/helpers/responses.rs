//! Helpers on responses: what they say, what they ask for, how they ended.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::citations::{Citation, CitationSource};
use super::{ParseTextError, parse_text, retry_hint};
use crate::v1::types::{
    OpenAiResponse, OpenAiResponseFunctionToolCall, OpenAiResponseOutputItem,
    OpenAiResponseOutputItemMcpApprovalRequest, OpenAiResponseOutputMessageContent, OpenAiResponseOutputText,
    OpenAiResponseOutputTextAnnotation, OpenAiResponseStatus,
};

/// The code of a response that failed because too much was asked at once.
const RATE_LIMIT: &str = "rate_limit_exceeded";

/// How a response ended that did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseOutcome {
    /// It broke off with an error.
    Failed,
    /// It ended before it was whole, because its tokens were used up or its text was filtered.
    Incomplete,
    /// It was canceled.
    Cancelled,
    /// It has not ended yet: it is made in the background.
    Unfinished,
}

/// A response that did not complete; made by [`OpenAiResponse::into_result`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResponseFailed {
    /// How it ended.
    pub outcome: ResponseOutcome,
    /// The service's code: that of the error if it failed (`server_error`, `rate_limit_exceeded`), the
    /// reason if it ended incomplete (`max_output_tokens`), else its status.
    pub code: String,
    /// The service's message; a sentence of ours if it gave none.
    pub message: String,
    /// How long the message asks to wait before the next try (`Try again in 21 seconds.`).
    pub retry_after: Option<Duration>,
    /// The response, with what there is of its output.
    pub response: Box<OpenAiResponse>,
}

impl ResponseFailed {
    /// Whether it failed because too much was asked at once: the same request may succeed later.
    pub fn is_rate_limited(&self) -> bool {
        self.outcome == ResponseOutcome::Failed && self.code == RATE_LIMIT
    }
}

/// One line with what support asks for.
impl fmt::Display for ResponseFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, response, .. } = self;
        let status = response.status_text();
        write!(f, "response {} is {status}", response.id)?;
        if code != status {
            write!(f, " ({code})")?;
        }
        write!(f, ": {message}")
    }
}

impl std::error::Error for ResponseFailed {}

impl OpenAiResponse {
    /// The text that was written: all its texts, one right after the other, as a stream's pieces are.
    ///
    /// ```
    /// use foundry_raw::v1::types::OpenAiResponse;
    ///
    /// let response: OpenAiResponse = foundry_raw::from_str(
    ///     r#"{"id":"resp_1","status":"completed","output":[{"type":"message","id":"msg_1","role":"assistant",
    ///         "content":[{"type":"output_text","text":"Howdy.","annotations":[]}]}]}"#,
    /// )?;
    /// assert_eq!(response.output_text(), "Howdy.");
    /// # Ok::<(), foundry_raw::DecodeError>(())
    /// ```
    pub fn output_text(&self) -> String {
        self.texts().map(|part| part.text.as_str()).collect()
    }

    /// The text as a value of a type, for answers in a requested format.
    ///
    /// # Errors
    /// [`ParseTextError`], which shows the text, if it is no JSON or not of this type. A model that
    /// declines to answer writes no text but a [`refusal`](Self::refusal).
    pub fn output_as<T: DeserializeOwned>(&self) -> Result<T, ParseTextError> {
        parse_text(&self.output_text())
    }

    /// Why the model declined to answer, if it did.
    pub fn refusal(&self) -> Option<&str> {
        self.contents().find_map(|part| match part {
            OpenAiResponseOutputMessageContent::Refusal(part) => Some(part.refusal.as_str()),
            _ => None,
        })
    }

    /// The calls of functions that the model asks for, in order.
    pub fn function_calls(&self) -> impl Iterator<Item = &OpenAiResponseFunctionToolCall> {
        self.output.iter().filter_map(|item| match item {
            OpenAiResponseOutputItem::FunctionCall(call) => Some(call),
            _ => None,
        })
    }

    /// The calls of MCP servers' tools that wait for leave, in order.
    pub fn approval_requests(&self) -> impl Iterator<Item = &OpenAiResponseOutputItemMcpApprovalRequest> {
        self.output.iter().filter_map(|item| match item {
            OpenAiResponseOutputItem::McpApprovalRequest(request) => Some(request),
            _ => None,
        })
    }

    /// The calls of tools among the output, those that the service has made itself too: everything
    /// whose kind ends with `_call`, and requests for approval.
    pub fn tool_calls(&self) -> impl Iterator<Item = &OpenAiResponseOutputItem> {
        use OpenAiResponseOutputItem as Item;
        self.output.iter().filter(|item| match item {
            Item::ApplyPatchCall(_)
            | Item::CodeInterpreterCall(_)
            | Item::ComputerCall(_)
            | Item::CustomToolCall(_)
            | Item::FileSearchCall(_)
            | Item::FunctionCall(_)
            | Item::ImageGenerationCall(_)
            | Item::LocalShellCall(_)
            | Item::McpApprovalRequest(_)
            | Item::McpCall(_)
            | Item::ShellCall(_)
            | Item::ToolSearchCall(_)
            | Item::WebSearchCall(_) => true,
            Item::Unknown(value) => {
                value.get("type").and_then(serde_json::Value::as_str).is_some_and(|kind| kind.ends_with("_call"))
            }
            _ => false,
        })
    }

    /// What the texts refer to, as the service sends it; in order.
    pub fn annotations(&self) -> impl Iterator<Item = &OpenAiResponseOutputTextAnnotation> {
        self.texts().flat_map(|part| &part.annotations)
    }

    /// What the text refers to, in the order of its annotations, each with its place in
    /// [`output_text`](Self::output_text).
    ///
    /// A file that was cited has no stretch of text: its `text` is empty, its `span` `None`.
    /// Annotations of kinds that this version does not know are left out; they are among the
    /// [`annotations`](Self::annotations).
    pub fn citations(&self) -> impl Iterator<Item = Citation<'_>> {
        let mut start = 0;
        self.texts().flat_map(move |part| {
            let offset = start;
            start += part.text.len();
            part.annotations.iter().filter_map(move |annotation| citation(annotation, &part.text, offset))
        })
    }

    /// Whether it has ended: completed, failed, incomplete or cancelled. Without a status it has: only
    /// what is made in the background has not.
    pub fn has_ended(&self) -> bool {
        match &self.status {
            Some(status) => matches!(
                status,
                OpenAiResponseStatus::Completed
                    | OpenAiResponseStatus::Failed
                    | OpenAiResponseStatus::Incomplete
                    | OpenAiResponseStatus::Cancelled
            ),
            None => true,
        }
    }

    /// The response if it has completed.
    ///
    /// ```
    /// use foundry_raw::ResponseOutcome;
    /// use foundry_raw::v1::types::OpenAiResponse;
    ///
    /// let response: OpenAiResponse = foundry_raw::from_str(
    ///     r#"{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}"#,
    /// )?;
    /// let failed = response.into_result().unwrap_err();
    /// assert_eq!(failed.outcome, ResponseOutcome::Incomplete);
    /// assert_eq!(failed.code, "max_output_tokens");
    /// # Ok::<(), foundry_raw::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ResponseFailed`], with the response in it, in every other status.
    pub fn into_result(self) -> Result<Self, ResponseFailed> {
        let outcome = match &self.status {
            None | Some(OpenAiResponseStatus::Completed) => return Ok(self),
            Some(OpenAiResponseStatus::Failed) => ResponseOutcome::Failed,
            Some(OpenAiResponseStatus::Incomplete) => ResponseOutcome::Incomplete,
            Some(OpenAiResponseStatus::Cancelled) => ResponseOutcome::Cancelled,
            Some(_) => ResponseOutcome::Unfinished,
        };
        let reason = self.incomplete_details.as_ref().and_then(|details| details.reason.as_ref());
        let (code, message) = match (&self.error, reason) {
            (Some(error), _) => (error.code.as_str().to_owned(), error.message.clone()),
            (None, Some(reason)) => (reason.as_str().to_owned(), "it ended before it was whole".to_owned()),
            (None, None) => (self.status_text().to_owned(), outcome.sentence().to_owned()),
        };
        let retry_after = retry_hint::retry_after(&message);
        Err(ResponseFailed { outcome, code, message, retry_after, response: Box::new(self) })
    }

    /// The status, as the service calls it; `completed` if it sent none.
    fn status_text(&self) -> &str {
        self.status.as_ref().map_or("completed", |status| status.as_str())
    }

    fn contents(&self) -> impl Iterator<Item = &OpenAiResponseOutputMessageContent> {
        let messages = self.output.iter().filter_map(|item| match item {
            OpenAiResponseOutputItem::Message(message) => Some(message),
            _ => None,
        });
        messages.flat_map(|message| &message.content)
    }

    fn texts(&self) -> impl Iterator<Item = &OpenAiResponseOutputText> {
        self.contents().filter_map(|part| match part {
            OpenAiResponseOutputMessageContent::OutputText(part) => Some(part),
            _ => None,
        })
    }
}

fn citation<'a>(
    annotation: &'a OpenAiResponseOutputTextAnnotation,
    text: &'a str,
    offset: usize,
) -> Option<Citation<'a>> {
    let (source, range) = match annotation {
        OpenAiResponseOutputTextAnnotation::FileCitation(cited) => {
            (CitationSource::File { file_id: &cited.file_id, quote: "" }, None)
        }
        OpenAiResponseOutputTextAnnotation::FilePath(made) => {
            (CitationSource::MadeFile { file_id: &made.file_id }, None)
        }
        OpenAiResponseOutputTextAnnotation::ContainerFileCitation(made) => {
            let source = CitationSource::ContainerFile {
                container_id: &made.container_id,
                file_id: &made.file_id,
                filename: &made.filename,
            };
            (source, Some((made.start_index, made.end_index)))
        }
        OpenAiResponseOutputTextAnnotation::UrlCitation(cited) => {
            let title = Some(cited.title.as_str()).filter(|title| !title.is_empty());
            (CitationSource::Url { url: &cited.url, title }, Some((cited.start_index, cited.end_index)))
        }
        _ => return None,
    };
    let stretch = range.and_then(|(start, end)| {
        let (start, end) = (place(text, start)?, place(text, end)?);
        text.get(start..end).filter(|stretch| !stretch.is_empty()).map(|stretch| (start, stretch))
    });
    let (text, span) = match stretch {
        Some((start, stretch)) => (stretch, Some(offset + start..offset + start + stretch.len())),
        None => ("", None),
    };
    Some(Citation { source, text, span })
}

/// The place of a character in a text, in bytes.
fn place(text: &str, index: i64) -> Option<usize> {
    let index = usize::try_from(index).ok()?;
    text.char_indices().map(|(place, _)| place).chain([text.len()]).nth(index)
}

impl ResponseOutcome {
    fn sentence(self) -> &'static str {
        match self {
            Self::Failed => "the service gave no reason",
            Self::Incomplete => "it ended before it was whole",
            Self::Cancelled => "it was canceled",
            Self::Unfinished => "it has not ended yet",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn response(rest: Value) -> OpenAiResponse {
        let mut response = json!({ "id": "resp_1", "object": "response", "created_at": 1, "output": [] });
        response.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        crate::from_str(&response.to_string()).unwrap()
    }

    fn message(parts: Value) -> Value {
        json!({ "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": parts })
    }

    fn text(text: &str, annotations: Value) -> Value {
        json!({ "type": "output_text", "text": text, "annotations": annotations })
    }

    #[test]
    fn every_end_has_its_outcome_code_and_message() {
        for (rest, outcome, code, message, retry_after) in [
            (
                json!({ "status": "failed", "error": { "code": "server_error", "message": "Sorry." } }),
                ResponseOutcome::Failed,
                "server_error",
                "Sorry.",
                None,
            ),
            (
                json!({ "status": "failed", "error": { "code": "rate_limit_exceeded", "message": "Try again in 9 seconds." } }),
                ResponseOutcome::Failed,
                "rate_limit_exceeded",
                "Try again in 9 seconds.",
                Some(9),
            ),
            (
                json!({ "status": "failed", "error": null }),
                ResponseOutcome::Failed,
                "failed",
                "the service gave no reason",
                None,
            ),
            (
                json!({ "status": "incomplete", "incomplete_details": { "reason": "content_filter" } }),
                ResponseOutcome::Incomplete,
                "content_filter",
                "it ended before it was whole",
                None,
            ),
            (json!({ "status": "cancelled" }), ResponseOutcome::Cancelled, "cancelled", "it was canceled", None),
            (json!({ "status": "queued" }), ResponseOutcome::Unfinished, "queued", "it has not ended yet", None),
            (json!({ "status": "polishing" }), ResponseOutcome::Unfinished, "polishing", "it has not ended yet", None),
        ] {
            let failed = response(rest.clone()).into_result().unwrap_err();
            assert_eq!((failed.outcome, &*failed.code, &*failed.message), (outcome, code, message), "{rest}");
            assert_eq!(failed.retry_after.map(|wait| wait.as_secs()), retry_after, "{rest}");
            assert_eq!(failed.is_rate_limited(), retry_after.is_some(), "{rest}");
            assert_eq!(failed.response.id, "resp_1");
        }
        assert!(response(json!({ "status": "completed" })).into_result().is_ok());
        assert!(response(json!({})).into_result().is_ok());
    }

    #[test]
    fn one_line_names_the_response_and_why() {
        let failed = response(json!({ "status": "failed", "error": { "code": "server_error", "message": "Sorry." } }));
        assert_eq!(failed.into_result().unwrap_err().to_string(), "response resp_1 is failed (server_error): Sorry.");
        let cancelled = response(json!({ "status": "cancelled" })).into_result().unwrap_err();
        assert_eq!(cancelled.to_string(), "response resp_1 is cancelled: it was canceled");
    }

    #[test]
    fn only_these_states_are_ends() {
        for (status, has_ended) in [
            (json!("queued"), false),
            (json!("in_progress"), false),
            (json!("polishing"), false),
            (json!("completed"), true),
            (json!("failed"), true),
            (json!("incomplete"), true),
            (json!("cancelled"), true),
            (json!(null), true),
        ] {
            assert_eq!(response(json!({ "status": status })).has_ended(), has_ended, "{status}");
        }
    }

    #[test]
    fn texts_calls_and_refusals_are_found_among_the_output() {
        let response = response(json!({ "output": [
            { "type": "reasoning", "id": "rs_1", "summary": [] },
            message(json!([text("{\"a\":", json!([])), text("1}", json!([]))])),
            { "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}", "status": "completed" },
            { "type": "mcp_approval_request", "id": "mcpr_1", "arguments": "{}", "name": "t", "server_label": "s" },
            { "type": "memory_search_call", "id": "ms_1" },
            { "type": "dancing", "id": "d_1" },
            message(json!([{ "type": "refusal", "refusal": "No." }, { "type": "hum" }])),
        ] }));
        assert_eq!(response.output_text(), r#"{"a":1}"#);
        assert_eq!(response.output_as::<Value>().unwrap(), json!({ "a": 1 }));
        assert!(response.output_as::<u8>().is_err());
        assert_eq!(response.refusal(), Some("No."));
        assert_eq!(response.function_calls().map(|call| &*call.call_id).collect::<Vec<_>>(), ["call_1"]);
        assert_eq!(response.approval_requests().map(|request| &*request.id).collect::<Vec<_>>(), ["mcpr_1"]);
        assert_eq!(response.tool_calls().count(), 3);
    }

    #[test]
    fn citations_have_their_place_in_the_whole_text() {
        let response = response(json!({ "output": [
            message(json!([text("Ähm. ", json!([]))])),
            message(json!([text("Öl, so [1].", json!([
                { "type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 7, "end_index": 10 },
                { "type": "url_citation", "url": "https://b.example", "title": "", "start_index": 7, "end_index": 99 },
                { "type": "file_citation", "file_id": "f1", "filename": "a.md", "index": 3 },
                { "type": "file_path", "file_id": "f2", "index": 3 },
                { "type": "container_file_citation", "container_id": "c", "file_id": "f3", "filename": "p.png",
                  "start_index": 0, "end_index": 2 },
                { "type": "hum" },
            ]))])),
        ] }));
        let whole = response.output_text();
        let cited: Vec<_> = response.citations().collect();
        let shown: Vec<_> = cited.iter().map(|one| (one.source, one.text)).collect();
        assert_eq!(
            shown,
            [
                (CitationSource::Url { url: "https://a.example", title: Some("A") }, "[1]"),
                (CitationSource::Url { url: "https://b.example", title: None }, ""),
                (CitationSource::File { file_id: "f1", quote: "" }, ""),
                (CitationSource::MadeFile { file_id: "f2" }, ""),
                (CitationSource::ContainerFile { container_id: "c", file_id: "f3", filename: "p.png" }, "Öl"),
            ]
        );
        for one in &cited {
            assert_eq!(one.span.clone().map_or("", |span| &whole[span]), one.text);
        }
        assert_eq!(response.annotations().count(), 6);
    }
}
