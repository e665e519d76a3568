//! How runs move on: begun, answered, ended. What happens is told as events.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::text;
use crate::error::ServiceError;
use crate::events::Events;
use crate::runs::{self, property};
use crate::script::{Move, Spoken, Turn};
use crate::store::Store;
use crate::table::{MESSAGES, RUN_STEPS};
use crate::{messages, model, resources};

/// The states in which a run can be cancelled.
pub(crate) const CANCELLABLE: &[&str] = &["queued", "in_progress", "requires_action"];

/// Moves a run one state on; false if it stays as it is.
pub(crate) fn advance(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    events: &mut Events,
) -> Result<bool, ServiceError> {
    let status = property(run, "status").to_owned();
    if status == "cancelling" {
        finish(run, "cancelled", "cancelled_at", context.now);
        events.push("thread.run.cancelled", Value::Object(run.clone()));
        return Ok(true);
    }
    if !CANCELLABLE.contains(&status.as_str()) {
        return Ok(false);
    }
    let turn = turn(context.store, run, status);
    match context.script.next(&turn) {
        None => return Ok(false),
        Some(Move::Begin) => {
            run.insert("status".to_owned(), "in_progress".into());
            // A run that waited for outputs has begun before.
            if run.get("started_at").is_none_or(Value::is_null) {
                run.insert("started_at".to_owned(), context.now.into());
            }
            events.push("thread.run.in_progress", Value::Object(run.clone()));
        }
        Some(Move::Answer(answer)) => complete(context, run, &turn, &answer, events)?,
    }
    Ok(true)
}

/// Moves a run on until it stays as it is, and stores it: what a stream shows.
pub(crate) fn to_the_end(
    context: &mut Context<'_>,
    mut run: Map<String, Value>,
    events: &mut Events,
) -> Result<(), ServiceError> {
    while advance(context, &mut run, events)? {}
    runs::put(context, run);
    Ok(())
}

fn turn(store: &Store, run: &Map<String, Value>, status: String) -> Turn {
    let history = store
        .list(MESSAGES.name, &[property(run, "thread_id").to_owned()])
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
    events: &mut Events,
) -> Result<(), ServiceError> {
    let thread = property(run, "thread_id").to_owned();
    let id = property(run, "id").to_owned();
    let agent = property(run, "assistant_id").to_owned();
    let usage = usage(turn, answer);

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
    let step = resources::insert(context, &RUN_STEPS, &[thread, id], step)?;
    tell(&step, &message, answer, run, context.now, events);

    run.insert("usage".to_owned(), usage);
    finish(run, "completed", "completed_at", context.now);
    events.push("thread.run.completed", Value::Object(run.clone()));
    Ok(())
}

fn usage(turn: &Turn, answer: &str) -> Value {
    let prompt = turn
        .history
        .iter()
        .map(|spoken| spoken.text.as_str())
        .chain([turn.instructions.as_str()])
        .map(model::tokens)
        .sum::<usize>();
    let completion = model::tokens(answer);
    // "token" in the singular is what the service sends.
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_token_details": { "cached_tokens": 0 },
    })
}

/// The events of a step that writes a message. In them, unlike elsewhere, a message has a status
/// and a step the time at which its run would expire.
fn tell(step: &Value, message: &Value, answer: &str, run: &Map<String, Value>, now: i64, events: &mut Events) {
    let with = |record: &Value, changes: Value| {
        let mut record = record.clone();
        if let (Some(record), Value::Object(changes)) = (record.as_object_mut(), changes) {
            record.extend(changes);
        }
        record
    };
    let step = with(step, json!({ "expires_at": run.get("expires_at") }));
    let message = with(
        message,
        json!({ "status": "completed", "completed_at": now, "incomplete_at": null, "incomplete_details": null }),
    );
    let begun = json!({ "status": "in_progress", "completed_at": null });
    let begun_step = with(&with(&step, begun.clone()), json!({ "usage": null }));
    let begun_message = with(&with(&message, begun), json!({ "content": [] }));
    events.push("thread.run.step.created", begun_step.clone());
    events.push("thread.run.step.in_progress", begun_step);
    events.push("thread.message.created", begun_message.clone());
    events.push("thread.message.in_progress", begun_message);
    events.push_deltas(text(&message, "id"), answer);
    events.push("thread.message.completed", message);
    events.push("thread.run.step.completed", step);
}

/// Ends a run: it does not expire any more.
fn finish(run: &mut Map<String, Value>, status: &str, time: &str, now: i64) {
    run.insert("status".to_owned(), status.into());
    run.insert(time.to_owned(), now.into());
    run.insert("expires_at".to_owned(), Value::Null);
}
