//! The request that goes on after a response, with the answers to what it asked for.

use serde_json::{Map, Value};

use crate::answering::{Answers, ApprovalReady};
use crate::error::{Error, ErrorKind, Result};
use crate::functions::{FunctionOutput, FunctionSet};
use crate::poller::{Looks, Polled as _};
use crate::request::Request;
use crate::types::{
    AgentReference, OpenAiCreateResponse, OpenAiResponse, OpenAiResponseCreateParamsToolChoice as ToolChoice,
    OpenAiResponseInputItemParam as InputItem, OpenAiToolParam, VoiceAgentToolChoiceMode as ToolMode,
};
use crate::v1::{CreateResponse, Responses};

/// What the requests after the first one are made of.
#[derive(Clone)]
pub(super) struct Rounds {
    /// The first one, without its input; nothing if the response was not asked for here.
    body: Option<OpenAiCreateResponse>,
    /// Everything said so far, where the service keeps nothing.
    said: Option<Vec<InputItem>>,
    /// Whether an agent answers, which has tools of its own.
    is_of_agent: bool,
}

impl Rounds {
    /// After a request.
    pub(super) fn of(request: &Request<CreateResponse>) -> Self {
        let mut body = request.operation.body.clone();
        let is_of_agent = request.options.agent_scope.is_some() || body.agent_reference.is_some();
        let input = body.input.take();
        let is_kept = body.store != Some(false) || body.conversation.is_some();
        let said =
            (!is_kept).then(|| input.and_then(crate::types::OpenAiCreateResponseInput::into_items).unwrap_or_default());
        Self { body: Some(body), said, is_of_agent }
    }

    /// After a response that somebody has asked for.
    pub(super) fn unknown() -> Self {
        Self { body: None, said: None, is_of_agent: false }
    }

    /// Tells the model of functions, unless an agent answers.
    pub(super) fn tell_of(&mut self, functions: &FunctionSet) {
        if let Some(body) = self.body.as_mut().filter(|_| !self.is_of_agent) {
            tell_of(body, functions);
        }
    }

    /// Whether the service keeps the response, so that it can be got again.
    pub(super) fn is_stored(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.store != Some(false))
    }

    /// The request with the answers to what `last` asks for.
    pub(super) fn next(
        &mut self,
        looks: &Looks,
        last: &OpenAiResponse,
        answers: &Answers,
    ) -> Result<Request<CreateResponse>> {
        let mut items: Vec<InputItem> = answers.outputs.iter().map(InputItem::from).collect();
        for ready in &answers.approvals {
            items.push(InputItem::try_from(ready)?);
        }
        let mut body = match &self.body {
            Some(body) => body.clone(),
            None => body_of(last)?,
        };
        if has_to_call(body.tool_choice.as_ref()) {
            // Once it has, it may answer; with the same choice it would call for ever.
            body.tool_choice = None;
        }
        if let Some(said) = &mut self.said {
            for item in &last.output {
                said.push(converted(item, &last.name())?);
            }
            said.append(&mut items);
            items.clone_from(said);
        } else if body.conversation.is_none() {
            body.previous_response_id = Some(last.id.clone());
        }
        let responses = Responses { client: looks.client.clone() };
        Ok(looks.like(responses.create_without_input().body(body.input(items))))
    }
}

/// Tells the model of the functions that it does not know yet.
pub(super) fn tell_of(body: &mut OpenAiCreateResponse, functions: &FunctionSet) {
    let tools = body.tools.get_or_insert_default();
    for function in functions {
        let is_told = tools.iter().filter_map(function_name).any(|name| name == function.name);
        if !is_told {
            tools.push(function.into());
        }
    }
}

pub(super) fn function_name(tool: &OpenAiToolParam) -> Option<&str> {
    match tool {
        OpenAiToolParam::Function(tool) => Some(&tool.name),
        _ => None,
    }
}

/// Whether the model must call a tool, or this very one.
fn has_to_call(choice: Option<&ToolChoice>) -> bool {
    match choice {
        None => false,
        Some(ToolChoice::VoiceAgentToolChoiceMode(mode)) => *mode == ToolMode::Required,
        // A list of what it may call binds it only if its mode says so.
        Some(choice) => serde_json::to_value(choice)
            .is_ok_and(|choice| choice["type"] != "allowed_tools" || choice["mode"] == "required"),
    }
}

/// What a request takes over from a response, if an agent answered: the agent knows the rest.
const OF_AN_AGENT: &[&str] = &["conversation", "background", "metadata", "user"];

/// The same, if a model answered.
const OF_A_MODEL: &[&str] = &[
    "model",
    "instructions",
    "tools",
    "text",
    "reasoning",
    "temperature",
    "top_p",
    "max_output_tokens",
    "parallel_tool_calls",
    "truncation",
    "service_tier",
];

/// A request like the one that a response was asked for with.
fn body_of(response: &OpenAiResponse) -> Result<OpenAiCreateResponse> {
    let agent = agent_of(response);
    let known = serde_json::to_value(response).unwrap_or(Value::Null);
    let more = if agent.is_some() { &[] } else { OF_A_MODEL };
    let body: Map<String, Value> = OF_AN_AGENT
        .iter()
        .chain(more)
        .filter_map(|name| Some(((*name).to_owned(), known.get(name).filter(|value| !value.is_null())?.clone())))
        .collect();
    let mut body: OpenAiCreateResponse = converted(&Value::Object(body), &response.name())?;
    body.agent_reference = agent;
    Ok(body)
}

/// The agent that has answered; older answers tell it by another name.
fn agent_of(response: &OpenAiResponse) -> Option<AgentReference> {
    if let Some(agent) = &response.agent_reference {
        return Some(agent.clone());
    }
    let agent = response.extra.get("agent")?;
    let name = agent.get("name")?.as_str()?;
    let version = agent.get("version").and_then(Value::as_str).filter(|version| !version.is_empty());
    Some(match version {
        Some(version) => (name, version).into(),
        None => name.into(),
    })
}

/// What an answer held, as a request takes it.
fn converted<T: foundry_raw::Decode>(value: &impl serde::Serialize, of: &str) -> Result<T> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Decode, format!("what {of} holds cannot be sent again: {error}")).with_source(error)
    };
    let text = serde_json::to_string(value).map_err(|error| failed(error.into()))?;
    foundry_raw::from_str(&text).map_err(|error| failed(error.into()))
}

impl From<&FunctionOutput> for InputItem {
    fn from(output: &FunctionOutput) -> Self {
        Self::function_output(output.call_id.as_str(), output.output.as_str())
    }
}

impl TryFrom<&ApprovalReady> for InputItem {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the policy has headers for the server: a response has no place for
    /// them.
    fn try_from(ready: &ApprovalReady) -> Result<Self> {
        let request = &ready.request;
        if !ready.headers.is_empty() {
            let message = format!(
                "approvals for the MCP server `{}`: a response cannot take headers with an approval; give them to the \
                 server's tool (`headers`), or use a project connection",
                request.server_label
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(Self::approval(request.call_id.as_str(), ready.approve))
    }
}
