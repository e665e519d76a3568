//! Rounds of calls: what a run asks its caller for, and the steps that hold it.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::events::Events;
use crate::progress::{End, cost, told_step};
use crate::resources;
use crate::rule::{Asked, McpCall};
use crate::runs::property;
use crate::script::{Plan, Usage};
use crate::store::Place;
use crate::table::RUN_STEPS;
use crate::turn::{Turn, TurnApproval};

/// What a run waits for that wants outputs.
pub(crate) const OUTPUTS: &str = "submit_tool_outputs";

/// What a run waits for that wants approvals.
pub(crate) const APPROVALS: &str = "submit_tool_approval";

/// How many seconds after its creation a run expires that waits for its caller.
const WAITING_LIFETIME: i64 = 36_000;

/// Begins a round: the run waits for its caller.
pub(crate) fn ask(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    plan: &mut Plan,
    turn: &Turn,
    asked: &Asked,
    events: &mut Events,
) -> Result<(), ServiceError> {
    let mut next_id = || context.store.identifiers.next("call_");
    let (kind, calls): (&str, Vec<Value>) = match asked {
        Asked::Functions(calls) => {
            let told = calls.iter().map(|call| {
                let function = json!({ "name": call.name, "arguments": call.arguments });
                json!({ "id": next_id(), "type": "function", "function": function })
            });
            (OUTPUTS, told.collect())
        }
        Asked::Approvals(calls) => (APPROVALS, calls.iter().map(|call| told_mcp_call(next_id(), call)).collect()),
    };
    let action = json!({ "type": kind, (kind): { "tool_calls": calls } });
    require(context, run, plan, turn, action, events)
}

/// Begins a round that asks for just this.
pub(crate) fn require(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    plan: &mut Plan,
    turn: &Turn,
    action: Value,
    events: &mut Events,
) -> Result<(), ServiceError> {
    run.insert("status".to_owned(), "requires_action".into());
    let created = run.get("created_at").and_then(Value::as_i64).unwrap_or(context.now);
    run.insert("expires_at".to_owned(), (created + WAITING_LIFETIME).into());
    let calls: Vec<Value> = asked_for(&action).cloned().collect();
    let usage = calls_cost(turn, &calls);
    plan.pending = Some(usage);
    if !calls.is_empty() {
        let step = begin_step(context, run, &calls)?;
        tell_begun(&step, &calls, run, events);
    }
    run.insert("required_action".to_owned(), action);
    events.push("thread.run.requires_action", Value::Object(run.clone()));
    Ok(())
}

/// Calls a tool that needs no approval; the run goes on.
pub(crate) fn call_unasked(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    plan: &mut Plan,
    turn: &Turn,
    call: &McpCall,
    events: &mut Events,
) -> Result<(), ServiceError> {
    let calls = vec![told_mcp_call(context.store.identifiers.next("call_"), call)];
    let step = begin_step(context, run, &calls)?;
    tell_begun(&step, &calls, run, events);
    plan.pending = Some(calls_cost(turn, &calls));
    plan.approvals.push(TurnApproval {
        server_label: call.server_label.clone(),
        tool: call.tool.clone(),
        arguments: call.arguments.clone(),
        approved: true,
    });
    finish(context, run, plan, |call| Some(called(call)), events);
    Ok(())
}

/// The calls of a required action, whatever it is.
pub(crate) fn asked_for(action: &Value) -> impl Iterator<Item = &Value> {
    elements(action.get(text(action, "type")).and_then(|round| round.get("tool_calls")))
}

/// Ends a round: keeps the outputs with the calls of the run's unfinished steps, and finishes these.
pub(crate) fn finish(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    plan: &mut Plan,
    output: impl Fn(&Value) -> Option<String>,
    events: &mut Events,
) {
    let usage = plan.pending.take().unwrap_or_default();
    plan.usage = plan.usage.plus(usage);
    change_open_steps(context, run, |step, now| {
        let calls = step.pointer_mut("/step_details/tool_calls").and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten() {
            let Some(output) = output(call) else {
                continue;
            };
            // Functions have their output inside, all other kinds beside.
            match call.get_mut("function").and_then(Value::as_object_mut) {
                Some(function) => function.insert("output".to_owned(), output.into()),
                None => call.as_object_mut().and_then(|call| call.insert("output".to_owned(), output.into())),
            };
        }
        step["status"] = "completed".into();
        step["completed_at"] = now.into();
        step["usage"] = usage.told();
        events.push("thread.run.step.completed", told_step(step, run));
    });
}

/// Ends the steps that are open when their run ends so.
pub(crate) fn abandon(context: &mut Context<'_>, run: &Map<String, Value>, end: &End, events: &mut Events) {
    change_open_steps(context, run, |step, now| {
        let status = end.step_status();
        step["status"] = status.into();
        match end {
            End::Cancelled => step["cancelled_at"] = now.into(),
            End::Failed(error, _) => {
                step["failed_at"] = now.into();
                step["last_error"] = error.clone();
            }
            End::Completed(_) | End::Incomplete(..) => step["completed_at"] = now.into(),
            End::Expired(_) => {}
        }
        events.push(format!("thread.run.step.{status}"), told_step(step, run));
    });
}

/// What a tool of an MCP server gave that was called.
pub(crate) fn called(call: &Value) -> String {
    format!("{} was called with {}.", text(call, "name"), text(call, "arguments"))
}

/// What stands in place of what a tool gave that was not called.
pub(crate) fn denied(call: &Value) -> String {
    format!("The call of {} was denied.", text(call, "name"))
}

fn told_mcp_call(id: String, call: &McpCall) -> Value {
    json!({
        "id": id,
        "type": "mcp",
        "arguments": call.arguments,
        "name": call.tool,
        "server_label": call.server_label,
    })
}

/// What writing the arguments costs.
fn calls_cost(turn: &Turn, calls: &[Value]) -> Usage {
    let arguments = |call: &Value| text(call.get("function").unwrap_or(call), "arguments").to_owned();
    cost(turn, &calls.iter().map(arguments).collect::<Vec<_>>().join(" "))
}

fn begin_step(context: &mut Context<'_>, run: &Map<String, Value>, calls: &[Value]) -> Result<Value, ServiceError> {
    let parents = [property(run, "thread_id").to_owned(), property(run, "id").to_owned()];
    let mut step = Map::new();
    step.insert("type".to_owned(), "tool_calls".into());
    step.insert("assistant_id".to_owned(), property(run, "assistant_id").into());
    step.insert("step_details".to_owned(), json!({ "type": "tool_calls", "tool_calls": calls }));
    resources::insert(context, &RUN_STEPS, &parents, step)
}

/// The events of a step that calls tools. Functions are written piece by piece; of other kinds it
/// is not known how they are, so they stand in the step from the beginning.
fn tell_begun(step: &Value, calls: &[Value], run: &Map<String, Value>, events: &mut Events) {
    let mut begun = told_step(step, run);
    let is_written = calls.iter().all(|call| text(call, "type") == "function");
    if is_written {
        begun["step_details"]["tool_calls"] = json!([]);
    }
    events.push("thread.run.step.created", begun.clone());
    events.push("thread.run.step.in_progress", begun);
    if is_written {
        events.push_call_deltas(text(step, "id"), calls);
    }
}

fn change_open_steps(context: &mut Context<'_>, run: &Map<String, Value>, mut change: impl FnMut(&mut Value, i64)) {
    let parents = [property(run, "thread_id").to_owned(), property(run, "id").to_owned()];
    let open: Vec<(String, Value)> = context
        .store
        .list(RUN_STEPS.name, &parents)
        .iter()
        .filter(|step| text(step.value, "status") == "in_progress")
        .map(|step| (step.id.to_owned(), step.value.clone()))
        .collect();
    for (id, mut step) in open {
        change(&mut step, context.now);
        context.store.put(Place { collection: RUN_STEPS.name, parents: &parents, id: &id }, step);
    }
}
