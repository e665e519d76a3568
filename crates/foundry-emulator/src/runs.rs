//! How runs behave: made from an agent, moved on by being looked at, ended by an answer or a
//! cancellation.

use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::script::{Move, Spoken, Turn};
use crate::store::{Place, Store};
use crate::table::{AGENTS, MESSAGES, RUN_STEPS, RUNS};
use crate::{messages, model, resources, threads};

/// How many seconds after its creation a run that is not finished expires.
const LIFETIME: i64 = 1800;

/// The states in which a run blocks its thread.
const ACTIVE: &[&str] = &["queued", "in_progress", "requires_action", "cancelling"];

/// The states in which a run can be cancelled.
const CANCELLABLE: &[&str] = &["queued", "in_progress", "requires_action"];

/// The properties that a run takes from its agent unless the request overrides them.
const INHERITED: &[&str] =
    &["model", "instructions", "tools", "tool_resources", "temperature", "top_p", "response_format"];

/// `POST /threads/{threadId}/runs`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    resources::check_parents(context, &RUNS, &parents)?;
    let [thread] = &parents;
    let mut given = std::mem::take(&mut context.body);
    refuse_stream(&given)?;
    let agent = agent(context, &given)?;
    if let Some(run) = active(context.store, thread) {
        return Err(ServiceError::invalid_state(format_args!("Thread {thread} already has an active run {run}.")));
    }
    messages::add_all(context, thread, given.remove("additional_messages"))?;
    add(context, thread, &agent, given).map(Answer::ok)
}

/// `POST /threads/runs`.
pub(crate) fn create_with_thread(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut given = std::mem::take(&mut context.body);
    refuse_stream(&given)?;
    let agent = agent(context, &given)?;
    let thread = match given.remove("thread") {
        Some(Value::Object(thread)) => thread,
        _ => Map::new(),
    };
    let mut thread = threads::add(context, thread)?;
    let thread = match thread.get_mut("id").map(Value::take) {
        Some(Value::String(id)) => id,
        _ => return Err(ServiceError::internal("A new thread has no id.")),
    };
    add(context, &thread, &agent, given).map(Answer::ok)
}

/// `GET /threads/{threadId}/runs/{runId}`: moves the run one state on and answers it.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, id) = address(context)?;
    let place = place(&parents, &id);
    let mut run = resources::object_of(resources::get(context, &RUNS, place)?)?;
    let status = status(&run).to_owned();
    if status == "cancelling" {
        finish(&mut run, "cancelled", "cancelled_at", context.now);
    } else if CANCELLABLE.contains(&status.as_str()) {
        let turn = turn(context.store, &parents, &run, status);
        match context.script.next(&turn) {
            None => {}
            Some(Move::Begin) => {
                run.insert("status".to_owned(), "in_progress".into());
                run.insert("started_at".to_owned(), context.now.into());
            }
            Some(Move::Answer(answer)) => complete(context, &mut run, &turn, &answer)?,
        }
    }
    let run = Value::Object(run);
    context.store.put(place, run.clone());
    Ok(Answer::ok(run))
}

/// `POST /threads/{threadId}/runs/{runId}/cancel`.
pub(crate) fn cancel(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, id) = address(context)?;
    let place = place(&parents, &id);
    let mut run = resources::object_of(resources::get(context, &RUNS, place)?)?;
    if !CANCELLABLE.contains(&status(&run)) {
        return Err(ServiceError::invalid_state(format_args!("Cannot cancel run with status '{}'.", status(&run))));
    }
    run.insert("status".to_owned(), "cancelling".into());
    let run = Value::Object(run);
    context.store.put(place, run.clone());
    Ok(Answer::ok(run))
}

/// The id of the run that blocks a thread.
pub(crate) fn active(store: &Store, thread: &str) -> Option<String> {
    store
        .list(RUNS.name, &[thread.to_owned()])
        .iter()
        .rev()
        .find(|run| ACTIVE.contains(&text(run.value, "status")))
        .map(|run| run.id.to_owned())
}

/// The thread and the run that the path names; the thread is there.
fn address(context: &Context<'_>) -> Result<(Vec<String>, String), ServiceError> {
    let parents = vec![context.parameter(0)];
    resources::check_parents(context, &RUNS, &parents)?;
    Ok((parents, context.parameter(1)))
}

fn place<'a>(parents: &'a [String], id: &'a str) -> Place<'a> {
    Place { collection: RUNS.name, parents, id }
}

fn status(run: &Map<String, Value>) -> &str {
    property(run, "status")
}

fn property<'a>(run: &'a Map<String, Value>, name: &str) -> &'a str {
    run.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn refuse_stream(given: &Map<String, Value>) -> Result<(), ServiceError> {
    if given.get("stream") == Some(&Value::Bool(true)) {
        return Err(ServiceError::not_implemented("runs with 'stream: true'"));
    }
    Ok(())
}

/// The agent that a request names.
fn agent(context: &Context<'_>, given: &Map<String, Value>) -> Result<Map<String, Value>, ServiceError> {
    let place = Place { collection: AGENTS.name, parents: &[], id: property(given, "assistant_id") };
    resources::object_of(resources::get(context, &AGENTS, place)?)
}

/// Makes a run from what was asked for and, where nothing was, from the agent.
fn add(
    context: &mut Context<'_>,
    thread: &str,
    agent: &Map<String, Value>,
    mut given: Map<String, Value>,
) -> Result<Value, ServiceError> {
    // Only the agent, the options and the texts come from the caller, never the state.
    let accepted = context.document.request_properties(context.operation);
    given.retain(|name, value| accepted.contains(name) && !value.is_null());
    for name in INHERITED {
        if let Some(value) = agent.get(*name)
            && !given.contains_key(*name)
        {
            given.insert((*name).to_owned(), value.clone());
        }
    }
    if let Some(Value::String(additional)) = given.remove("additional_instructions") {
        let instructions = match property(&given, "instructions") {
            "" => additional,
            instructions => format!("{instructions}\n{additional}"),
        };
        given.insert("instructions".to_owned(), instructions.into());
    }
    given.insert("expires_at".to_owned(), (context.now + LIFETIME).into());
    resources::insert(context, &RUNS, &[thread.to_owned()], given)
}

fn turn(store: &Store, parents: &[String], run: &Map<String, Value>, status: String) -> Turn {
    let history = store
        .list(MESSAGES.name, parents)
        .iter()
        .map(|message| Spoken { role: text(message.value, "role").to_owned(), text: messages::spoken(message.value) })
        .collect();
    Turn { status, instructions: property(run, "instructions").to_owned(), history }
}

/// Stores the answer and its step, and ends the run.
fn complete(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    turn: &Turn,
    answer: &str,
) -> Result<(), ServiceError> {
    let thread = property(run, "thread_id").to_owned();
    let id = property(run, "id").to_owned();
    let agent = property(run, "assistant_id").to_owned();
    let prompt = turn
        .history
        .iter()
        .map(|spoken| spoken.text.as_str())
        .chain([turn.instructions.as_str()])
        .map(model::tokens)
        .sum::<usize>();
    let completion = model::tokens(answer);
    // "token" in the singular is what the service sends.
    let usage = json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_token_details": { "cached_tokens": 0 },
    });

    let message = messages::add_answer(context, &thread, &id, &agent, answer)?;
    let mut step = Map::new();
    step.insert("type".to_owned(), "message_creation".into());
    step.insert("status".to_owned(), "completed".into());
    step.insert("assistant_id".to_owned(), agent.into());
    step.insert("completed_at".to_owned(), context.now.into());
    step.insert("usage".to_owned(), usage.clone());
    step.insert(
        "step_details".to_owned(),
        json!({
            "type": "message_creation",
            "message_creation": { "message_id": text(&message, "id") },
        }),
    );
    resources::insert(context, &RUN_STEPS, &[thread, id], step)?;

    run.insert("usage".to_owned(), usage);
    finish(run, "completed", "completed_at", context.now);
    Ok(())
}

/// Ends a run: it does not expire any more.
fn finish(run: &mut Map<String, Value>, status: &str, time: &str, now: i64) {
    run.insert("status".to_owned(), status.into());
    run.insert(time.to_owned(), now.into());
    run.insert("expires_at".to_owned(), Value::Null);
}
