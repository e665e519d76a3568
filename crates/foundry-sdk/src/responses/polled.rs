//! A response as something that is polled: its states, and what it asks its caller for.

use std::time::Duration;

use serde_json::Value;

use crate::answering::Asked;
use crate::approvals::ApprovalRequest;
use crate::functions::FunctionCall;
use crate::poller::{Asking, Cancelable, Polled, Standing, sealed};
use crate::types::{OpenAiResponse, OpenAiResponseOutputItem as Item, OpenAiResponseStatus as Status};

impl sealed::Sealed for OpenAiResponse {}

impl Asking for OpenAiResponse {}

impl Cancelable for OpenAiResponse {}

impl Polled for OpenAiResponse {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> &str {
        self.status.as_ref().map_or("completed", |status| status.as_str())
    }

    fn name(&self) -> String {
        format!("response {}", self.id)
    }

    fn standing(&self) -> Standing {
        match &self.status {
            Some(Status::Queued | Status::InProgress) => Standing::Running,
            None | Some(Status::Completed) if open_calls(self).next().is_some() => Standing::NeedsAction,
            _ if self.has_ended() => Standing::Ended,
            _ => Standing::Unknown,
        }
    }

    fn asked(&self) -> Asked {
        let mut asked = Asked { of: self.id.clone(), ..Asked::default() };
        for item in open_calls(self) {
            match item {
                Item::FunctionCall(call) => asked.functions.push(FunctionCall {
                    id: call.call_id.clone(),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                }),
                Item::McpApprovalRequest(request) => asked.approvals.push(ApprovalRequest {
                    call_id: request.id.clone(),
                    server_label: request.server_label.clone(),
                    tool: request.name.clone(),
                    arguments: request.arguments.clone(),
                }),
                other => asked.others.push(serde_json::to_value(other).unwrap_or(Value::Null)),
            }
        }
        asked
    }

    fn passing_failure(&self) -> Option<Option<Duration>> {
        if self.status != Some(Status::Failed) {
            return None;
        }
        let failed = self.clone().into_result().err()?;
        failed.is_rate_limited().then_some(failed.retry_after)
    }
}

/// The calls that the caller has to carry out or to decide on: those without an output among the items.
fn open_calls(response: &OpenAiResponse) -> impl Iterator<Item = &Item> {
    response.output.iter().filter(|item| {
        let Some(id) = call_id(item) else { return false };
        !response.output.iter().any(|other| output_of(other) == Some(id))
    })
}

/// The id that the answer to a call has to name, if the call is the caller's to carry out.
fn call_id(item: &Item) -> Option<&str> {
    match item {
        Item::FunctionCall(call) => Some(&call.call_id),
        Item::CustomToolCall(call) => Some(&call.call_id),
        Item::ComputerCall(call) => Some(&call.call_id),
        Item::ApplyPatchCall(call) => Some(&call.call_id),
        Item::ShellCall(call) => Some(&call.call_id),
        Item::LocalShellCall(call) => Some(&call.call_id),
        Item::McpApprovalRequest(request) => Some(&request.id),
        _ => None,
    }
}

/// The id of the call that an item is the answer to.
fn output_of(item: &Item) -> Option<&str> {
    match item {
        Item::FunctionCallOutput(output) => output.call_id.as_deref(),
        Item::CustomToolCallOutput(output) => Some(&output.call_id),
        Item::ComputerCallOutput(output) => Some(&output.call_id),
        Item::ApplyPatchCallOutput(output) => Some(&output.call_id),
        Item::ShellCallOutput(output) => Some(&output.call_id),
        Item::McpApprovalResponse(response) => Some(&response.approval_request_id),
        _ => None,
    }
}
