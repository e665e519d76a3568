//! What a request for a response asks for, checked, and the response that it begins.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::request_log::REDACTED;
use crate::resources::object_of;
use crate::script::Plan;
use crate::store::Place;
use crate::v1::responses::{INPUTS, STORED, UNSTORED, has_ended, place, work};
use crate::v1::{agents, conversations, items};

/// How many responses in a row are followed back.
const CHAIN_LIMIT: usize = 1_000;

/// What the output of responses has called, and the plans that go on when that is answered.
pub(super) const CALLS: &str = "response_calls";

/// The newest response of each conversation.
const NEWEST: &str = "conversations/newest";

/// A response that has begun.
pub(super) struct Started {
    pub(super) collection: &'static str,
    pub(super) id: String,
    pub(super) is_streamed: bool,
    pub(super) is_background: bool,
}

/// Begins a response.
pub(super) fn start(context: &mut Context<'_>) -> Result<Started, ServiceError> {
    let mut given = std::mem::take(&mut context.body);
    given.retain(|_, value| !value.is_null());
    let is = |name: &str| given.get(name) == Some(&Value::Bool(true));
    let (is_streamed, is_background) = (is("stream"), is("background"));
    let is_stored = given.get("store") != Some(&Value::Bool(false));
    if is_background && !is_stored {
        return Err(ServiceError::invalid_payload("background", "A response in the background must be stored."));
    }
    let agent = agent(context, &given)?;
    if agent.is_some() {
        refuse_what_the_agent_decides(&given)?;
    }
    let history = history(context, &given)?;
    check_free(context, &given)?;
    let input = items::given(context, given.get("input"));
    check_calls(&history, &input)?;
    let collection = if is_stored { STORED } else { UNSTORED };
    if !is_stored {
        forget_abandoned(context);
    }
    let response = response(context, &given, agent.as_ref())?;
    let id = text(&response, "id").to_owned();
    context.store.put(place(collection, &id), response);
    if let Err(error) = work::begin(context, place(collection, &id), agent.as_ref(), &given, &history, &input) {
        context.store.remove(place(collection, &id));
        return Err(error);
    }
    let parents = [id.clone()];
    if is_stored {
        for item in &input {
            let input = Place { collection: INPUTS, parents: &parents, id: text(item, "id") };
            context.store.put(input, item.clone());
        }
    }
    if let Some(conversation) = conversation(&given) {
        items::keep(context, conversation, &input);
        let newest = Place { collection: NEWEST, parents: &[], id: conversation };
        context.store.put(newest, json!({ "is_stored": is_stored, "id": id }));
    }
    Ok(Started { collection, id, is_streamed, is_background })
}

/// Forgets responses that are not stored and whose readers have left.
fn forget_abandoned(context: &mut Context<'_>) {
    let all: Vec<String> = context.store.list(UNSTORED, &[]).iter().map(|response| response.id.to_owned()).collect();
    for id in all {
        if !context.store.tape(place(UNSTORED, &id)).is_some_and(|tape| tape.is_read()) {
            context.store.remove(place(UNSTORED, &id));
        }
    }
}

/// The version of the agent that the path or the request names.
fn agent(context: &Context<'_>, given: &Map<String, Value>) -> Result<Option<Value>, ServiceError> {
    // Clients older than this document call it so.
    let reference = ["agent_reference", "agent"].iter().find_map(|name| given.get(*name));
    let version = match (context.agent, reference) {
        (Some(name), _) => agents::version(context, name, None)?,
        (None, Some(reference)) => {
            let version = Some(text(reference, "version"));
            agents::version(context, text(reference, "name"), version)?
        }
        (None, None) => return Ok(None),
    };
    if text(agents::find(context, text(&version, "name"))?, "state") == "disabled" {
        return Err(ServiceError::invalid_state(format_args!("Agent '{}' is disabled.", text(&version, "name"))));
    }
    Ok(Some(version))
}

/// What an agent says itself, a request must not.
fn refuse_what_the_agent_decides(given: &Map<String, Value>) -> Result<(), ServiceError> {
    let format = given.get("text").and_then(|text| text.get("format")).filter(|format| !format.is_null());
    let refused = match (given.get("tools"), format) {
        (Some(_), _) => "tools",
        (None, Some(_)) => "text",
        (None, None) => return Ok(()),
    };
    Err(ServiceError::invalid_payload(refused, "Not allowed when agent is specified."))
}

/// The id of the conversation that a request names.
fn conversation(given: &Map<String, Value>) -> Option<&str> {
    match given.get("conversation")? {
        Value::String(id) => Some(id),
        conversation => conversation.get("id")?.as_str(),
    }
}

/// That the conversation has no response that is still being made: in the background, or read as a
/// stream. One whose reader has left holds up nobody.
fn check_free(context: &mut Context<'_>, given: &Map<String, Value>) -> Result<(), ServiceError> {
    let Some(conversation) = conversation(given) else {
        return Ok(());
    };
    let newest = context.store.get(Place { collection: NEWEST, parents: &[], id: conversation });
    let Some(newest) = newest.cloned() else {
        return Ok(());
    };
    let collection = if newest.get("is_stored") == Some(&Value::Bool(true)) { STORED } else { UNSTORED };
    let place = place(collection, text(&newest, "id"));
    let Some(response) = context.store.get(place).filter(|response| !has_ended(response)) else {
        return Ok(());
    };
    let is_background = response.get("background") == Some(&Value::Bool(true));
    if is_background || context.store.tape(place).is_some_and(|tape| tape.is_read()) {
        return Err(ServiceError::conversation_locked(conversation));
    }
    Ok(())
}

/// Everything said before, oldest first.
fn history(context: &Context<'_>, given: &Map<String, Value>) -> Result<Vec<Value>, ServiceError> {
    let previous = given.get("previous_response_id").and_then(Value::as_str);
    let conversation = conversation(given);
    if previous.is_some() && conversation.is_some() {
        return Err(ServiceError::invalid_payload(
            "conversation",
            "'previous_response_id' and 'conversation' do not go together.",
        ));
    }
    if let Some(conversation) = conversation {
        conversations::find(context, conversation)?;
        return Ok(conversations::items_of(context, conversation));
    }
    let mut chain = Vec::new();
    let mut next = previous.map(str::to_owned);
    while let Some(id) = next.filter(|_| chain.len() < CHAIN_LIMIT) {
        let response = context.store.get(place(STORED, &id));
        let Some(response) = response else {
            // Only the one that the request names must be there.
            if chain.is_empty() {
                return Err(ServiceError::no_previous_response(&id));
            }
            break;
        };
        let mut said: Vec<Value> =
            context.store.list(INPUTS, std::slice::from_ref(&id)).iter().map(|item| item.value.clone()).collect();
        said.extend(elements(response.get("output")).cloned());
        if let Some(conversation) = response.pointer("/conversation/id").and_then(Value::as_str)
            && chain.is_empty()
        {
            return Ok(conversations::items_of(context, conversation));
        }
        next = response.get("previous_response_id").and_then(Value::as_str).map(str::to_owned);
        chain.push(said);
    }
    Ok(chain.into_iter().rev().flatten().collect())
}

/// That every output is of a call that was made, and that every call has its output.
fn check_calls(history: &[Value], input: &[Value]) -> Result<(), ServiceError> {
    let ids = |items: &[Value], kind: &str, name: &str| -> Vec<String> {
        items.iter().filter(|item| text(item, "type") == kind).map(|item| text(item, name).to_owned()).collect()
    };
    for (call, id, output, of) in [
        ("function_call", "call_id", "function_call_output", "call_id"),
        ("mcp_approval_request", "id", "mcp_approval_response", "approval_request_id"),
    ] {
        let called: Vec<String> = [history, input].into_iter().flat_map(|items| ids(items, call, id)).collect();
        let answered: Vec<String> = [history, input].into_iter().flat_map(|items| ids(items, output, of)).collect();
        if let Some(unknown) = ids(input, output, of).iter().find(|id| !called.contains(id)) {
            return Err(ServiceError::invalid_payload(
                "input",
                format_args!("No {call} found for {output} with {of} {unknown}."),
            ));
        }
        if let Some(open) = called.iter().find(|id| !answered.contains(id)) {
            return Err(ServiceError::invalid_payload("input", format_args!("No {output} found for {call} {open}.")));
        }
    }
    Ok(())
}

/// A new response, of which nothing is answered yet.
fn response(
    context: &mut Context<'_>,
    given: &Map<String, Value>,
    agent: Option<&Value>,
) -> Result<Value, ServiceError> {
    let definition = agent.and_then(|agent| agent.get("definition"));
    let decided = |name: &str| given.get(name).or_else(|| definition?.get(name)).cloned();
    let model = decided("model").or_else(|| agent.map(|_| "gpt-4.1-mini".into()));
    let model = model.ok_or_else(|| ServiceError::missing_property("model"))?;
    let mut response = object_of(&json!({
        "id": context.store.identifiers.next("resp_"),
        "object": "response",
        "status": "queued",
        "created_at": context.now,
        "completed_at": null,
        "error": null,
        "incomplete_details": null,
        "background": false,
        "instructions": null,
        "max_output_tokens": null,
        "max_tool_calls": null,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null },
        "service_tier": "default",
        "store": true,
        "temperature": 1.0,
        "text": { "format": { "type": "text" }, "verbosity": "medium" },
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": null,
        "user": null,
    }))?;
    for name in [
        "background",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt_cache_key",
        "reasoning",
        "safety_identifier",
        "store",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ] {
        if let Some(value) = decided(name) {
            response.insert(name.to_owned(), value);
        }
    }
    if let Some(Value::Object(text)) = decided("text")
        && let Some(known) = response.get_mut("text").and_then(Value::as_object_mut)
    {
        known.extend(text.into_iter().filter(|(_, value)| !value.is_null()));
    }
    if let Some(conversation) = conversation(given) {
        response.insert("conversation".to_owned(), json!({ "id": conversation }));
    }
    if let Some(agent) = agent {
        response.insert("agent_reference".to_owned(), reference(agent));
    }
    let tools = response.get_mut("tools").and_then(Value::as_array_mut);
    tools.into_iter().flatten().filter_map(Value::as_object_mut).for_each(show_tool);
    Ok(Value::Object(response))
}

/// Makes a tool what responses show of it.
fn show_tool(tool: &mut Map<String, Value>) {
    match tool.get("type").and_then(Value::as_str) {
        // The service says of every function whether it is strict, also if the caller did not.
        Some("function") => {
            tool.entry("strict").or_insert(Value::Bool(false));
            tool.entry("parameters").or_insert(Value::Null);
        }
        // What opens a server is not shown to who reads the response later.
        Some("mcp") => {
            tool.remove("authorization");
            let headers = tool.get_mut("headers").and_then(Value::as_object_mut);
            headers.into_iter().flatten().for_each(|(_, value)| *value = REDACTED.into());
        }
        _ => {}
    }
}

/// How responses and their items name the version of an agent.
pub(super) fn reference(agent: &Value) -> Value {
    json!({ "type": "agent_reference", "name": text(agent, "name"), "version": text(agent, "version") })
}

/// The plan that goes on with this input, if it answers calls, with the calls in their order.
pub(super) fn taken_up(context: &mut Context<'_>, input: &[Value]) -> Option<Plan> {
    let answered = input.iter().filter_map(|item| match text(item, "type") {
        "function_call_output" => Some(text(item, "call_id")),
        "mcp_approval_response" => Some(text(item, "approval_request_id")),
        _ => None,
    });
    let mut plan = None;
    for id in answered {
        let place = Place { collection: CALLS, parents: &[], id };
        plan = plan.or(context.store.take_plan(place));
    }
    plan
}

/// Keeps the plan of a response that has ended with calls, for whoever answers the first of them.
pub(super) fn leave(context: &mut Context<'_>, call: &str, plan: Plan) {
    let place = Place { collection: CALLS, parents: &[], id: call };
    context.store.put(place, Value::Null);
    context.store.put_plan(place, plan);
}
