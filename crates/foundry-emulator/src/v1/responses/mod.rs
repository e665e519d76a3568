//! Responses: what a model or an agent answers to items, at once, in a stream or in the background.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::model;
use crate::pages;
use crate::store::{Place, Store};
use crate::v1::{Entry, items};

mod leg;
mod output;
mod request;
mod work;

pub(crate) use leg::ResponseLeg;
pub(crate) use output::OpenItem;
pub(crate) use work::Knowledge;

/// Responses that can be asked for later.
const STORED: &str = "responses";

/// Responses that cannot: they are there only until they are answered.
const UNSTORED: &str = "unstored_responses";

/// What responses were given.
const INPUTS: &str = "responses/inputs";

/// The states in which a response has ended.
const ENDED: &[&str] = &["completed", "failed", "cancelled", "incomplete"];

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/openai/v1/responses", create),
    (Method::GET, "/openai/v1/responses/{}", get),
    (Method::DELETE, "/openai/v1/responses/{}", delete),
    (Method::POST, "/openai/v1/responses/{}/cancel", cancel),
    (Method::GET, "/openai/v1/responses/{}/input_items", list_inputs),
    (Method::POST, "/openai/v1/responses/compact", compact),
    (Method::POST, "/openai/v1/responses/input_tokens", count),
];

/// A response by its id.
fn place<'a>(collection: &'static str, id: &'a str) -> Place<'a> {
    Place { collection, parents: &[], id }
}

/// Whether a response has ended.
fn has_ended(response: &Value) -> bool {
    ENDED.contains(&text(response, "status"))
}

fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let started = request::start(context)?;
    let place = place(started.collection, &started.id);
    if started.is_streamed {
        return Ok(Answer::stream(ResponseLeg::begin(context, place, 0)));
    }
    if started.is_background {
        return find(context, place).map(Answer::ok);
    }
    // Whoever waits for the whole answer waits for no looks.
    while !has_ended(&find(context, place)?) {
        if !work::advance(context, place, true)? {
            return Ok(Answer::never());
        }
    }
    let response = find(context, place)?;
    if started.collection == UNSTORED {
        context.store.remove(place);
    }
    Ok(Answer::ok(response))
}

fn find(context: &Context<'_>, place: Place<'_>) -> Result<Value, ServiceError> {
    context.store.get(place).cloned().ok_or_else(|| ServiceError::not_found("response", place.id))
}

/// Moves a response one state on and answers it, or tells what it has told from one event on. A
/// response that somebody reads moves as it is read.
fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    let place = place(STORED, &id);
    let response = find(context, place)?;
    if context.query.first("stream") == Some("true") {
        let after = context.query.first("starting_after").and_then(|number| number.parse::<u64>().ok());
        let from = after.map_or(0, |after| after.saturating_add(1));
        let oldest = context.store.tape(place).map(|tape| tape.oldest()).unwrap_or_default();
        if from < oldest {
            return Err(ServiceError::invalid_parameter(
                "starting_after",
                format_args!("the events before {oldest} are not kept any more."),
            ));
        }
        return Ok(Answer::stream(ResponseLeg::begin(context, place, from)));
    }
    let is_read = context.store.tape(place).is_some_and(|tape| tape.is_read());
    if !is_read && !has_ended(&response) {
        work::advance(context, place, false)?;
    }
    find(context, place).map(Answer::ok)
}

fn delete(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    find(context, place(STORED, &id))?;
    context.store.remove(place(STORED, &id));
    Ok(Answer::ok(json!({ "id": id, "object": "response", "deleted": true })))
}

/// Cancels a response in the background. Cancelling it again changes nothing.
fn cancel(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    let place = place(STORED, &id);
    let response = find(context, place)?;
    if response.get("background") != Some(&Value::Bool(true)) {
        return Err(ServiceError::invalid_state("Only responses in the background can be cancelled."));
    }
    match text(&response, "status") {
        "cancelled" => {}
        status if ENDED.contains(&status) => {
            return Err(ServiceError::invalid_state(format_args!("Cannot cancel a response with status '{status}'.")));
        }
        _ => work::cancel(context, place)?,
    }
    context.store.wake();
    find(context, place).map(Answer::ok)
}

fn list_inputs(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    find(context, place(STORED, &id))?;
    let parents = [id];
    let inputs = context.store.list(INPUTS, &parents);
    pages::declared(context, INPUTS, &parents, inputs).map(Answer::ok)
}

/// What items cost that a request gives, which are not kept.
fn tokens(context: &mut Context<'_>, given: &Map<String, Value>) -> usize {
    let items = items::given(context, given.get("input"));
    let instructions = given.get("instructions").and_then(Value::as_str).unwrap_or_default();
    items.iter().map(|item| model::tokens(&items::spoken(item))).sum::<usize>() + model::tokens(instructions)
}

/// Puts one item in the place of many. What it holds is a secret of the service's.
fn compact(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let given = std::mem::take(&mut context.body);
    let read = tokens(context, &given);
    let item = json!({
        "type": "compaction",
        "id": context.store.identifiers.next("cmp_"),
        "encrypted_content": context.store.identifiers.next(""),
    });
    let compacted = json!({
        "id": context.store.identifiers.next("resp_"),
        "object": "response.compaction",
        "created_at": context.now,
        "output": [item],
        "usage": work::told_usage(read, 0),
    });
    Ok(Answer::ok(context.filled(compacted)))
}

fn count(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let given = std::mem::take(&mut context.body);
    let count = tokens(context, &given);
    Ok(Answer::ok(json!({ "object": "response.input_tokens", "input_tokens": count })))
}

/// Changes a response that is there. It may hold a long text, so it is not copied.
fn change(store: &mut Store, place: Place<'_>, change: impl FnOnce(&mut Map<String, Value>)) {
    if let Some(response) = store.get_mut(place).and_then(Value::as_object_mut) {
        change(response);
    }
}
