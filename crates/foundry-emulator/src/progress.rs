//! How runs move on: begun, asking, answered, ended. What happens is told as events.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::text;
use crate::error::ServiceError;
use crate::events::Events;
use crate::rounds;
use crate::runs::{self, property};
use crate::script::{Move, Pause, Plan, Usage};
use crate::store::{Place, Store};
use crate::table::{AGENTS, MESSAGES, RUN_STEPS, RUNS};
use crate::turn::{Turn, TurnMessage};
use crate::{messages, model, resources};

/// The states in which a run has ended.
pub(crate) const ENDED: &[&str] = &["completed", "failed", "cancelled", "expired", "incomplete"];

/// Who moves a run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mover {
    /// Somebody who looks at the run.
    Look,
    /// A stream, which shows all that happens.
    Stream,
}

/// Moves a run one state on; false if it stays as it is.
pub(crate) fn advance(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    mover: Mover,
    events: &mut Events,
) -> Result<bool, ServiceError> {
    let status = property(run, "status");
    if status == "requires_action" || ENDED.contains(&status) {
        return Ok(false);
    }
    if status == "cancelling" {
        end(context, run, End::Cancelled, events);
        return Ok(true);
    }
    if status == "queued" {
        begin(context, run, events);
        return Ok(true);
    }
    let mut plan = take_plan(context.store, run);
    let moved = match plan.pause(mover == Mover::Stream) {
        Some(pause) => wait(run, pause, events),
        None => {
            let turn = turn(context.store, run, &plan);
            let next = plan.next(&turn);
            perform(context, run, &mut plan, &turn, next, events)?;
            true
        }
    };
    put_plan(context.store, run, plan);
    Ok(moved)
}

/// Moves a run on until it stays as it is, and stores it: what a stream shows.
pub(crate) fn to_the_end(
    context: &mut Context<'_>,
    mut run: Map<String, Value>,
    events: &mut Events,
) -> Result<(), ServiceError> {
    while advance(context, &mut run, Mover::Stream, events)? {}
    let status = property(&run, "status");
    if status != "requires_action" && !ENDED.contains(&status) {
        events.leave_open();
    }
    runs::put(context, run);
    Ok(())
}

/// What a run will do, taken out of the store; the built-in model's if nothing decides it yet.
pub(crate) fn take_plan(store: &mut Store, run: &Map<String, Value>) -> Plan {
    let parents = [property(run, "thread_id").to_owned()];
    store.take_plan(Place { collection: RUNS.name, parents: &parents, id: property(run, "id") }).unwrap_or_default()
}

/// Keeps what a run will do, unless it has ended.
pub(crate) fn put_plan(store: &mut Store, run: &Map<String, Value>, plan: Plan) {
    if !ENDED.contains(&property(run, "status")) {
        let parents = [property(run, "thread_id").to_owned()];
        store.put_plan(Place { collection: RUNS.name, parents: &parents, id: property(run, "id") }, plan);
    }
}

/// The run as its model sees it.
fn turn(store: &Store, run: &Map<String, Value>, plan: &Plan) -> Turn {
    let agent_id = property(run, "assistant_id");
    let agent = store.get(Place { collection: AGENTS.name, parents: &[], id: agent_id });
    let history = store
        .list(MESSAGES.name, &[property(run, "thread_id").to_owned()])
        .iter()
        .map(|message| TurnMessage {
            role: text(message.value, "role").to_owned(),
            text: messages::spoken(message.value),
        })
        .collect();
    let given = |name: &str| run.get(name).cloned().unwrap_or_default();
    Turn {
        agent_id: agent_id.to_owned(),
        agent_name: agent.map_or("", |agent| text(agent, "name")).to_owned(),
        model: property(run, "model").to_owned(),
        instructions: property(run, "instructions").to_owned(),
        history,
        outputs: plan.outputs.clone(),
        approvals: plan.approvals.clone(),
        tools: run.get("tools").and_then(Value::as_array).cloned().unwrap_or_default(),
        tool_choice: given("tool_choice"),
        tool_resources: given("tool_resources"),
        response_format: given("response_format"),
    }
}

/// A queued run begins to work, or goes on working. What it will do is decided the first time.
fn begin(context: &mut Context<'_>, run: &mut Map<String, Value>, events: &mut Events) {
    run.insert("status".to_owned(), "in_progress".into());
    // A run that waited for its caller has begun before.
    if run.get("started_at").is_none_or(Value::is_null) {
        run.insert("started_at".to_owned(), context.now.into());
        if !context.rules.is_empty() {
            let plan = context.rules.choose(&turn(context.store, run, &Plan::default()));
            put_plan(context.store, run, plan);
        }
    }
    events.push("thread.run.in_progress", Value::Object(run.clone()));
}

/// Stays as the script says; false if that is for ever.
fn wait(run: &mut Map<String, Value>, pause: Pause, events: &mut Events) -> bool {
    match pause {
        Pause::Look => {}
        Pause::Stay => {
            run.insert("status".to_owned(), "in_progress".into());
        }
        Pause::Show(status) => {
            run.insert("status".to_owned(), status.as_str().into());
            events.push(format!("thread.run.{status}"), Value::Object(run.clone()));
        }
        Pause::Hang => {
            run.insert("status".to_owned(), "in_progress".into());
            return false;
        }
    }
    true
}

fn perform(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    plan: &mut Plan,
    turn: &Turn,
    next: Move,
    events: &mut Events,
) -> Result<(), ServiceError> {
    match next {
        Move::Ask(asked) => rounds::ask(context, run, plan, turn, &asked, events),
        Move::Require(action) => rounds::require(context, run, plan, turn, action, events),
        Move::Use(call) => rounds::call_unasked(context, run, plan, turn, &call, events),
        Move::Answer(answer) => {
            let usage = write(context, run, turn, &answer, None, events)?;
            end(context, run, End::Completed(plan.usage.plus(usage)), events);
            Ok(())
        }
        Move::Incomplete { text, reason } => {
            let usage = match text {
                Some(text) => write(context, run, turn, &text, Some(&reason), events)?,
                None => cost(turn, ""),
            };
            end(context, run, End::Incomplete(reason, plan.usage.plus(usage)), events);
            Ok(())
        }
        Move::Fail { code, message } => {
            let error = json!({ "code": code, "message": message });
            end(context, run, End::Failed(error, plan.usage.plus(cost(turn, ""))), events);
            Ok(())
        }
        Move::Expire => {
            end(context, run, End::Expired(plan.usage.plus(cost(turn, ""))), events);
            Ok(())
        }
        Move::Cancel => {
            end(context, run, End::Cancelled, events);
            Ok(())
        }
    }
}

/// What a round costs that was shown everything so far and wrote this.
pub(crate) fn cost(turn: &Turn, written: &str) -> Usage {
    let shown = turn.history.iter().map(|message| message.text.as_str());
    let given = turn.outputs.iter().map(|output| output.output.as_str());
    let prompt = shown.chain(given).chain([turn.instructions.as_str()]).map(model::tokens).sum();
    Usage { prompt, completion: model::tokens(written) }
}

impl Usage {
    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { prompt: self.prompt + other.prompt, completion: self.completion + other.completion }
    }

    /// As runs and steps say it. "token" in the singular is what the service sends.
    pub(crate) fn told(self) -> Value {
        json!({
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_token_details": { "cached_tokens": 0 },
        })
    }
}

/// Writes a message and the step that did it; with a reason, the message is not complete.
fn write(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    turn: &Turn,
    answer: &str,
    incomplete: Option<&str>,
    events: &mut Events,
) -> Result<Usage, ServiceError> {
    let thread = property(run, "thread_id").to_owned();
    let id = property(run, "id").to_owned();
    let agent = property(run, "assistant_id").to_owned();
    let usage = cost(turn, answer);

    let message = messages::add_answer(context, &thread, &id, &agent, answer)?;
    let mut step = Map::new();
    step.insert("type".to_owned(), "message_creation".into());
    // There is no status for steps whose message is not complete.
    step.insert("status".to_owned(), "completed".into());
    step.insert("assistant_id".to_owned(), agent.into());
    step.insert("completed_at".to_owned(), context.now.into());
    step.insert("usage".to_owned(), usage.told());
    step.insert(
        "step_details".to_owned(),
        json!({
            "type": "message_creation",
            "message_creation": { "message_id": text(&message, "id") },
        }),
    );
    let step = resources::insert(context, &RUN_STEPS, &[thread, id], step)?;
    tell(&step, &message, answer, incomplete, run, context.now, events);
    Ok(usage)
}

/// The events of a step that writes a message. In them, unlike elsewhere, a message has a status.
fn tell(
    step: &Value,
    message: &Value,
    answer: &str,
    incomplete: Option<&str>,
    run: &Map<String, Value>,
    now: i64,
    events: &mut Events,
) {
    let step = told_step(step, run);
    let begun = json!({
        "status": "in_progress",
        "completed_at": null,
        "incomplete_at": null,
        "incomplete_details": null,
    });
    let begun_step = with(&step, json!({ "status": "in_progress", "completed_at": null, "usage": null }));
    let begun_message = with(&with(message, begun), json!({ "content": [] }));
    events.push("thread.run.step.created", begun_step.clone());
    events.push("thread.run.step.in_progress", begun_step);
    events.push("thread.message.created", begun_message.clone());
    events.push("thread.message.in_progress", begun_message.clone());
    events.push_deltas(text(message, "id"), answer);
    let written = with(&begun_message, json!({ "content": message.get("content") }));
    match incomplete {
        None => {
            let ended = json!({ "status": "completed", "completed_at": now });
            events.push("thread.message.completed", with(&written, ended));
        }
        Some(reason) => {
            let details = json!({ "reason": message_reason(reason) });
            let ended = json!({ "status": "incomplete", "incomplete_at": now, "incomplete_details": details });
            events.push("thread.message.incomplete", with(&written, ended));
        }
    }
    events.push("thread.run.step.completed", step);
}

/// Why a message is incomplete if its run is for this reason: messages have other words for it.
fn message_reason(reason: &str) -> &str {
    match reason {
        "max_completion_tokens" | "max_prompt_tokens" => "max_tokens",
        other => other,
    }
}

/// A step as events hold it, with the time at which its run would expire.
pub(crate) fn told_step(step: &Value, run: &Map<String, Value>) -> Value {
    with(step, json!({ "expires_at": run.get("expires_at") }))
}

fn with(record: &Value, changes: Value) -> Value {
    let mut record = record.clone();
    if let (Some(record), Value::Object(changes)) = (record.as_object_mut(), changes) {
        record.extend(changes);
    }
    record
}

/// How a run ends, with what it has cost.
enum End {
    Completed(Usage),
    Failed(Value, Usage),
    Incomplete(String, Usage),
    Expired(Usage),
    Cancelled,
}

/// Ends a run, with the steps that were still under way: it does not expire any more.
fn end(context: &mut Context<'_>, run: &mut Map<String, Value>, end: End, events: &mut Events) {
    let now = context.now;
    let (status, usage) = match end {
        End::Completed(usage) => {
            run.insert("completed_at".to_owned(), now.into());
            ("completed", Some(usage))
        }
        End::Failed(error, usage) => {
            run.insert("failed_at".to_owned(), now.into());
            run.insert("last_error".to_owned(), error);
            ("failed", Some(usage))
        }
        End::Incomplete(reason, usage) => {
            run.insert("incomplete_details".to_owned(), json!({ "reason": reason }));
            ("incomplete", Some(usage))
        }
        End::Expired(usage) => ("expired", Some(usage)),
        End::Cancelled => {
            run.insert("cancelled_at".to_owned(), now.into());
            rounds::abandon(context, run, events);
            ("cancelled", None)
        }
    };
    run.insert("status".to_owned(), status.into());
    run.insert("usage".to_owned(), usage.map_or(Value::Null, Usage::told));
    run.insert("expires_at".to_owned(), Value::Null);
    run.insert("required_action".to_owned(), Value::Null);
    // Nothing more is to be done.
    drop(take_plan(context.store, run));
    events.push(format!("thread.run.{status}"), Value::Object(run.clone()));
}
