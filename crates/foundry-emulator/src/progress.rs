//! How runs move on: begun, asking, answered, ended. What happens is told as events.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::text;
use crate::error::ServiceError;
use crate::events::Events;
use crate::pen::{Ending, Script};
use crate::runs::property;
use crate::script::{Move, Pause, Plan, Usage};
use crate::store::{Place, Store};
use crate::table::{AGENTS, MESSAGES, RUNS};
use crate::turn::{Turn, TurnMessage};
use crate::writing::Writing;
use crate::{file_search, messages, model, rounds};

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

/// Moves a run one state on; false if it stays as it is. In a stream a state is less: a word of a
/// message is one.
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
    let status = status.to_owned();
    if status == "queued" {
        begin(context, run, events);
        return Ok(true);
    }
    let mut plan = take_plan(context.store, run);
    let moved = if status == "cancelling" {
        end(context, run, &mut plan, End::Cancelled, events);
        Ok(true)
    } else {
        work(context, run, &mut plan, mover, events)
    };
    put_plan(context.store, run, plan);
    moved
}

/// Who looks does not see how a message is written, only that it is.
fn work(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    plan: &mut Plan,
    mover: Mover,
    events: &mut Events,
) -> Result<bool, ServiceError> {
    loop {
        let moved = move_on(context, run, plan, mover, events)?;
        // Whoever reads the thread while the run waits sees how far it is.
        if let Some(writing) = plan.writing.as_ref().filter(|writing| !writing.is_busy()) {
            writing.keep(context, run);
        }
        if mover == Mover::Stream || !plan.is_busy() {
            return Ok(moved);
        }
    }
}

fn move_on(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    plan: &mut Plan,
    mover: Mover,
    events: &mut Events,
) -> Result<bool, ServiceError> {
    if let Some(writing) = &mut plan.writing
        && writing.write(events)
    {
        return Ok(true);
    }
    if let Some(ending) = plan.writing.as_ref().and_then(|writing| writing.ending().cloned()) {
        finish_message(context, run, plan, events);
        plan.ending = Some(ending);
        return Ok(true);
    }
    if let Some(ending) = plan.ending.take() {
        let usage = plan.usage;
        let ended = match ending {
            Ending::Completed => End::Completed(usage),
            Ending::Incomplete(reason) => End::Incomplete(reason, usage),
        };
        end(context, run, plan, ended, events);
        return Ok(true);
    }
    match plan.pause(mover == Mover::Stream) {
        Some(pause) => Ok(wait(run, pause, events)),
        None => {
            let turn = turn(context.store, run, plan);
            let next = plan.next(&turn);
            perform(context, run, plan, turn, next, events)?;
            Ok(true)
        }
    }
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
pub(crate) fn turn(store: &Store, run: &Map<String, Value>, plan: &Plan) -> Turn {
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
        passages: plan.passages.clone().unwrap_or_default(),
        memories: Vec::new(),
        tools: run.get("tools").and_then(Value::as_array).cloned().unwrap_or_default(),
        tool_choice: given("tool_choice"),
        tool_resources: given("tool_resources"),
        response_format: given("response_format"),
        vector_stores: file_search::stores(store, run),
        has_searched: plan.passages.is_some(),
    }
}

/// What a run will do that nothing has decided yet.
pub(crate) fn choose(context: &Context<'_>, run: &Map<String, Value>) -> Plan {
    if context.rules.is_empty() {
        return Plan::default();
    }
    context.rules.choose(&turn(context.store, run, &Plan::default()))
}

fn has_plan(store: &Store, run: &Map<String, Value>) -> bool {
    let parents = [property(run, "thread_id").to_owned()];
    store.plan(Place { collection: RUNS.name, parents: &parents, id: property(run, "id") }).is_some()
}

/// A queued run begins to work, or goes on working. What it will do is decided the first time.
fn begin(context: &mut Context<'_>, run: &mut Map<String, Value>, events: &mut Events) {
    run.insert("status".to_owned(), "in_progress".into());
    // A run that waited for its caller has begun before.
    if run.get("started_at").is_none_or(Value::is_null) {
        run.insert("started_at".to_owned(), context.now.into());
        // Of a streamed run it is decided already.
        if !has_plan(context.store, run) {
            let plan = choose(context, run);
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
    turn: Turn,
    next: Move,
    events: &mut Events,
) -> Result<(), ServiceError> {
    // Before tools are called, a message that was begun is ended.
    if matches!(next, Move::Ask(_) | Move::Require(_) | Move::Use(_) | Move::Search { .. }) {
        finish_message(context, run, plan, events);
    }
    match next {
        Move::Ask(asked) => rounds::ask(context, run, plan, &turn, &asked, events),
        Move::Require(action) => rounds::require(context, run, plan, &turn, action, events),
        Move::Use(call) => rounds::call_unasked(context, run, plan, &turn, &call, events),
        Move::Search { query, is_forced } => {
            if file_search::search(context, run, plan, &turn, &query, is_forced, events)? {
                return Ok(());
            }
            // A search that finds nothing does not show.
            let answer = model::answer(&turn);
            write(context, run, plan, &turn, answer, Some(Ending::Completed), events)
        }
        Move::Answer(script) => write(context, run, plan, &turn, script, Some(Ending::Completed), events),
        Move::Write(text) => write(context, run, plan, &turn, Script::text(text), None, events),
        Move::Incomplete { text: Some(text), reason } => {
            write(context, run, plan, &turn, Script::text(text), Some(Ending::Incomplete(reason)), events)
        }
        Move::Incomplete { text: None, reason } => {
            let usage = spent(plan, &turn);
            end(context, run, plan, End::Incomplete(reason, usage), events);
            Ok(())
        }
        Move::Fail { code, message, breaks_off } => {
            let error = json!({ "code": code, "message": message });
            let failed = End::Failed(error.clone(), spent(plan, &turn));
            if breaks_off {
                end(context, run, plan, failed, &mut Events::unheard());
                events.break_off(json!({ "error": error }));
            } else {
                end(context, run, plan, failed, events);
            }
            Ok(())
        }
        Move::Expire => {
            let usage = spent(plan, &turn);
            end(context, run, plan, End::Expired(usage), events);
            Ok(())
        }
        Move::Cancel => {
            end(context, run, plan, End::Cancelled, events);
            Ok(())
        }
        Move::Tell { name, data } => {
            events.push(name, data);
            Ok(())
        }
    }
}

/// What the run has cost if it ends before it has written a message to its end.
fn spent(plan: &Plan, turn: &Turn) -> Usage {
    let last = plan.writing.as_ref().map_or_else(|| cost(turn, ""), Writing::usage);
    plan.usage.plus(last)
}

/// Writes, in a message of its own or in the one that is begun.
fn write(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    plan: &mut Plan,
    turn: &Turn,
    script: Script,
    then: Option<Ending>,
    events: &mut Events,
) -> Result<(), ServiceError> {
    let mut writing = match plan.writing.take() {
        Some(writing) => writing,
        None => Writing::begin(context, run, cost(turn, "").prompt, events)?,
    };
    writing.go_on(script, then);
    plan.writing = Some(writing);
    Ok(())
}

/// Ends the message that is being written, if there is one.
fn finish_message(context: &mut Context<'_>, run: &Map<String, Value>, plan: &mut Plan, events: &mut Events) {
    if let Some(writing) = plan.writing.take() {
        plan.usage = plan.usage.plus(writing.usage());
        writing.finish(context, run, events);
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

/// A step as events hold it, with the time at which its run would expire.
pub(crate) fn told_step(step: &Value, run: &Map<String, Value>) -> Value {
    with(step, json!({ "expires_at": run.get("expires_at") }))
}

/// A record with some properties changed.
pub(crate) fn with(record: &Value, changes: Value) -> Value {
    let mut record = record.clone();
    if let (Some(record), Value::Object(changes)) = (record.as_object_mut(), changes) {
        record.extend(changes);
    }
    record
}

/// How a run ends, with what it has cost.
#[derive(Debug)]
pub(crate) enum End {
    Completed(Usage),
    Failed(Value, Usage),
    Incomplete(String, Usage),
    Expired(Usage),
    Cancelled,
}

impl End {
    /// How steps end that are open then; they know no status for what is incomplete.
    pub(crate) fn step_status(&self) -> &'static str {
        match self {
            Self::Completed(_) | Self::Incomplete(..) => "completed",
            Self::Failed(..) => "failed",
            Self::Expired(_) => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Why a message is incomplete that is being written then.
    fn message_reason(&self) -> &str {
        match self {
            Self::Failed(..) => "run_failed",
            Self::Expired(_) => "run_expired",
            Self::Cancelled => "run_cancelled",
            Self::Incomplete(reason, _) => reason,
            Self::Completed(_) => "max_tokens",
        }
    }
}

/// Ends a run, with the message and the steps that are still under way: it does not expire any
/// more, and nothing is left to be done.
fn end(context: &mut Context<'_>, run: &mut Map<String, Value>, plan: &mut Plan, end: End, events: &mut Events) {
    let now = context.now;
    if let Some(writing) = plan.writing.take() {
        match end {
            End::Incomplete(..) => writing.finish_incomplete(context, run, end.message_reason(), events),
            _ => writing.close(context, run, Some(end.message_reason()), events),
        }
    }
    plan.ending = None;
    rounds::abandon(context, run, &end, events);
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
            ("cancelled", None)
        }
    };
    run.insert("status".to_owned(), status.into());
    run.insert("usage".to_owned(), usage.map_or(Value::Null, Usage::told));
    run.insert("expires_at".to_owned(), Value::Null);
    run.insert("required_action".to_owned(), Value::Null);
    events.push(format!("thread.run.{status}"), Value::Object(run.clone()));
}
