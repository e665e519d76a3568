//! Runs: made from an agent, streamed or moved on by being looked at, cancelled.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::events::{Audience, Events};
use crate::progress::{self, ENDED, Mover};
use crate::run_leg::RunLeg;
use crate::store::{Place, Store};
use crate::table::{AGENTS, RUNS};
use crate::{messages, resources, run_steps, threads};

/// How many seconds after its creation a run that is not finished expires.
const LIFETIME: i64 = 1800;

/// The properties that a run takes from its agent unless the request overrides them.
const INHERITED: &[&str] =
    &["model", "instructions", "tools", "tool_resources", "temperature", "top_p", "response_format"];

/// `POST /threads/{threadId}/runs`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    resources::check_parents(context, &RUNS, &parents)?;
    let [thread] = &parents;
    let mut given = std::mem::take(&mut context.body);
    let streamed = is_streamed(&given);
    let agent = agent(context, &given)?;
    if let Some(run) = active(context.store, thread) {
        return Err(ServiceError::invalid_state(format_args!("Thread {thread} already has an active run {run}.")));
    }
    messages::add_all(context, thread, given.remove("additional_messages"))?;
    let run = add(context, thread, &agent, given)?;
    let shows_content = run_steps::includes_content(context.query);
    if !streamed {
        return Ok(Answer::ok(run));
    }
    stream(context, Events::default(), &run, shows_content)
}

/// `POST /threads/runs`.
pub(crate) fn create_with_thread(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut given = std::mem::take(&mut context.body);
    let streamed = is_streamed(&given);
    let agent = agent(context, &given)?;
    let thread = match given.remove("thread") {
        Some(Value::Object(thread)) => thread,
        _ => Map::new(),
    };
    let thread = threads::add(context, thread)?;
    let run = add(context, text(&thread, "id"), &agent, given)?;
    if !streamed {
        return Ok(Answer::ok(run));
    }
    let mut events = Events::default();
    events.push("thread.created", thread);
    stream(context, events, &run, false)
}

/// Answers a new run as the stream of what it does.
fn stream(
    context: &mut Context<'_>,
    mut events: Events,
    run: &Value,
    shows_content: bool,
) -> Result<Answer, ServiceError> {
    events.push("thread.run.created", run.clone());
    events.push("thread.run.queued", run.clone());
    let run = resources::object_of(run)?;
    let mut plan = progress::choose(context, &run);
    plan.shows_content = shows_content;
    Ok(Answer::stream(RunLeg::begin(context, &run, plan, events)))
}

/// `GET /threads/{threadId}/runs/{runId}`: moves the run one state on and answers it. A run that is
/// being streamed moves with its stream, unless it is to be cancelled.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut run = find(context)?;
    let audience = audience(context.store, &run);
    if audience.is_some() && property(&run, "status") != "cancelling" {
        return Ok(Answer::ok(Value::Object(run)));
    }
    let mut events = if audience.is_some() { Events::default() } else { Events::unheard() };
    progress::advance(context, &mut run, Mover::Look, &mut events)?;
    tell(context, audience, events);
    Ok(Answer::ok(put(context, run)))
}

/// Who follows a run by its stream.
fn audience(store: &Store, run: &Map<String, Value>) -> Option<Arc<Audience>> {
    let parents = [property(run, "thread_id").to_owned()];
    store.plan(Place { collection: RUNS.name, parents: &parents, id: property(run, "id") })?.audience.upgrade()
}

fn tell(context: &Context<'_>, audience: Option<Arc<Audience>>, events: Events) {
    if let Some(audience) = audience {
        audience.tell(events);
        context.store.wake();
    }
}

/// `POST /threads/{threadId}/runs/{runId}/cancel`.
pub(crate) fn cancel(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut run = find(context)?;
    let status = property(&run, "status");
    if status == "cancelling" || ENDED.contains(&status) {
        return Err(ServiceError::invalid_state(format_args!("Cannot cancel run with status '{status}'.")));
    }
    run.insert("status".to_owned(), "cancelling".into());
    let mut events = Events::default();
    events.push("thread.run.cancelling", Value::Object(run.clone()));
    tell(context, audience(context.store, &run), events);
    Ok(Answer::ok(put(context, run)))
}

/// The id of the run that blocks a thread: the newest one, for while it is not at its end there is
/// no other.
pub(crate) fn active(store: &Store, thread: &str) -> Option<String> {
    store
        .newest(RUNS.name, &[thread.to_owned()])
        .filter(|run| !ENDED.contains(&text(run.value, "status")))
        .map(|run| run.id.to_owned())
}

/// The run that the path names.
pub(crate) fn find(context: &Context<'_>) -> Result<Map<String, Value>, ServiceError> {
    let parents = [context.parameter(0)];
    resources::check_parents(context, &RUNS, &parents)?;
    let place = Place { collection: RUNS.name, parents: &parents, id: &context.parameter(1) };
    resources::object_of(resources::get(context, &RUNS, place)?)
}

/// Stores a run as it is now.
pub(crate) fn put(context: &mut Context<'_>, run: Map<String, Value>) -> Value {
    let parents = [property(&run, "thread_id").to_owned()];
    let id = property(&run, "id").to_owned();
    let run = Value::Object(run);
    context.store.put(Place { collection: RUNS.name, parents: &parents, id: &id }, run.clone());
    run
}

/// A text property, empty if it is missing.
pub(crate) fn property<'a>(run: &'a Map<String, Value>, name: &str) -> &'a str {
    run.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a request asks for a stream, which it does whatever it accepts.
pub(crate) fn is_streamed(given: &Map<String, Value>) -> bool {
    given.get("stream") == Some(&Value::Bool(true))
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
