//! What callers hand in for a run that waits: outputs of functions, and approvals of tools.

use std::collections::HashMap;
use std::sync::Weak;

use serde_json::{Map, Value};

use crate::context::{Answer, Context};
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::events::Events;
use crate::progress;
use crate::rounds::{self, APPROVALS, OUTPUTS};
use crate::run_leg::RunLeg;
use crate::runs::{self, property};
use crate::script::Plan;
use crate::turn::{TurnApproval, TurnOutput};
use crate::validate::Violation;

/// The operation's path, in which parameters have no names.
const SHAPE: &str = "/threads/{}/runs/{}/submit_tool_outputs";

/// Makes a body with approvals only fit a schema that requires outputs: the service takes it.
pub(crate) fn allow_approvals_alone(shape: &str, body: &mut Value) {
    if shape == SHAPE
        && let Some(body) = body.as_object_mut()
        && body.get("tool_approvals").is_some_and(|approvals| !approvals.is_null())
    {
        body.entry("tool_outputs").or_insert_with(|| Value::Array(Vec::new()));
    }
}

/// `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs`.
pub(crate) fn submit(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut run = runs::find(context)?;
    let given = std::mem::take(&mut context.body);
    check(&given)?;
    let outputs: Vec<&Value> = elements(given.get("tool_outputs")).collect();
    let approvals: Vec<&Value> = elements(given.get("tool_approvals")).collect();
    check_state(&run, &given, &outputs, &approvals)?;

    let action = run.insert("required_action".to_owned(), Value::Null).unwrap_or_default();
    let mut plan = progress::take_plan(context.store, &run);
    let mut events = Events::default();
    if text(&action, "type") == APPROVALS {
        approve(context, &run, &mut plan, &action, &approvals, &mut events);
    } else {
        record(context, &run, &mut plan, &action, &outputs, &mut events);
    }
    run.insert("status".to_owned(), "queued".into());
    if !runs::is_streamed(&given) {
        // Whatever stream told that the run waits, it is over.
        plan.audience = Weak::new();
        progress::put_plan(context.store, &run, plan);
        return Ok(Answer::ok(runs::put(context, run)));
    }
    events.push("thread.run.queued", Value::Object(run.clone()));
    runs::put(context, run.clone());
    Ok(Answer::stream(RunLeg::begin(context, &run, plan, events)))
}

/// What no document says of the body, or not every one.
fn check(given: &Map<String, Value>) -> Result<(), ServiceError> {
    let (outputs, approvals) = (given.get("tool_outputs"), given.get("tool_approvals"));
    if [outputs, approvals].into_iter().flatten().all(Value::is_null) {
        return Err(ServiceError::missing_property("tool_outputs"));
    }
    let mut violations = Vec::new();
    let mut require = |place: String, value: Option<&Value>, name: &str, is_it: fn(&Value) -> bool, kind: &str| {
        let message = match value.and_then(|value| value.get(name)) {
            None => format!("the property '{name}' is required"),
            Some(value) if !is_it(value) => format!("something else where {kind} is wanted"),
            Some(_) => return,
        };
        violations.push(Violation::new(&format!("{place}/{name}"), message));
    };
    if approvals.is_some_and(|approvals| !approvals.is_array() && !approvals.is_null()) {
        return Err(ServiceError::invalid_body(&[Violation::new("/tool_approvals", "no array where one is wanted")]));
    }
    for (index, output) in elements(outputs).enumerate() {
        let place = || format!("/tool_outputs/{index}");
        require(place(), Some(output), "tool_call_id", Value::is_string, "a string");
        require(place(), Some(output), "output", Value::is_string, "a string");
    }
    for (index, approval) in elements(approvals).enumerate() {
        let place = || format!("/tool_approvals/{index}");
        require(place(), Some(approval), "tool_call_id", Value::is_string, "a string");
        require(place(), Some(approval), "approve", Value::is_boolean, "a boolean");
    }
    if violations.is_empty() { Ok(()) } else { Err(ServiceError::invalid_body(&violations)) }
}

/// That the run waits for just what is given.
fn check_state(
    run: &Map<String, Value>,
    given: &Map<String, Value>,
    outputs: &[&Value],
    approvals: &[&Value],
) -> Result<(), ServiceError> {
    let status = property(run, "status");
    if status != "requires_action" {
        let what = if outputs.is_empty() && !approvals.is_empty() { "approvals" } else { "outputs" };
        return Err(ServiceError::invalid_state(format_args!("Runs in status '{status}' do not accept tool {what}.")));
    }
    let action = run.get("required_action").unwrap_or(&Value::Null);
    let (what, fitting, other) = match text(action, "type") {
        OUTPUTS => ("outputs", outputs, approvals),
        APPROVALS => ("approvals", approvals, outputs),
        kind => {
            return Err(ServiceError::invalid_state(format_args!(
                "Runs that require '{kind}' accept no tool outputs."
            )));
        }
    };
    if !other.is_empty() || !given.contains_key(if what == "outputs" { "tool_outputs" } else { "tool_approvals" }) {
        return Err(ServiceError::invalid_state(format_args!("The run waits for tool {what}, and for nothing else.")));
    }
    let sorted = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids
    };
    let wanted = sorted(rounds::asked_for(action).map(|call| text(call, "id").to_owned()).collect());
    let submitted = sorted(fitting.iter().map(|one| text(one, "tool_call_id").to_owned()).collect());
    if wanted != submitted {
        return Err(ServiceError::invalid_state(format_args!(
            "Expected tool {what} for call_ids {wanted:?}, got {submitted:?}."
        )));
    }
    Ok(())
}

/// Keeps the outputs with their calls.
fn record(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    plan: &mut Plan,
    action: &Value,
    outputs: &[&Value],
    events: &mut Events,
) {
    let outputs: HashMap<&str, &str> =
        outputs.iter().map(|one| (text(one, "tool_call_id"), text(one, "output"))).collect();
    let output = |call: &Value| outputs.get(text(call, "id")).map(|output| (*output).to_owned());
    for call in rounds::asked_for(action) {
        let part = |name: &str| text(call.get("function").unwrap_or(call), name).to_owned();
        plan.outputs.push(TurnOutput {
            function: part("name"),
            arguments: part("arguments"),
            output: output(call).unwrap_or_default(),
        });
    }
    rounds::finish(context, run, plan, output, events);
}

/// Calls what was approved, or does as if, and says of the rest that it was denied.
fn approve(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    plan: &mut Plan,
    action: &Value,
    approvals: &[&Value],
    events: &mut Events,
) {
    let approvals: HashMap<&str, bool> = approvals
        .iter()
        .map(|one| (text(one, "tool_call_id"), one.get("approve") == Some(&Value::Bool(true))))
        .collect();
    let is_approved = |call: &Value| approvals.get(text(call, "id")) == Some(&true);
    for call in rounds::asked_for(action) {
        plan.approvals.push(TurnApproval {
            server_label: text(call, "server_label").to_owned(),
            tool: text(call, "name").to_owned(),
            arguments: text(call, "arguments").to_owned(),
            approved: is_approved(call),
        });
    }
    let output = |call: &Value| Some(if is_approved(call) { rounds::called(call) } else { rounds::denied(call) });
    rounds::finish(context, run, plan, output, events);
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;
    use crate::blobs::Blobs;
    use crate::context::Payload;
    use crate::documents;
    use crate::identifiers::Identifiers;
    use crate::leg::Tick;
    use crate::query::Query;
    use crate::script::Rules;
    use crate::store::{Place, Store};
    use crate::table::{RUN_STEPS, RUNS, THREADS};

    const THREAD: &str = "thread_1";

    /// A thread whose run waits for the outputs of two calls.
    fn store() -> Store {
        let mut store = Store::new(Identifiers::new(0, "demo"));
        let call = |id: &str| json!({ "id": id, "type": "function", "function": { "name": "f", "arguments": "{}" } });
        let calls = json!([call("call_1"), call("call_2")]);
        let run = json!({
            "id": "run_1",
            "thread_id": THREAD,
            "assistant_id": "asst_1",
            "status": "requires_action",
            "started_at": 5,
            "instructions": "Be brief.",
            "required_action": { "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls } },
        });
        let step = json!({
            "id": "step_1",
            "status": "in_progress",
            "step_details": { "type": "tool_calls", "tool_calls": calls },
        });
        let thread = [THREAD.to_owned()];
        store.put(Place { collection: THREADS.name, parents: &[], id: THREAD }, json!({ "id": THREAD }));
        store.put(Place { collection: RUNS.name, parents: &thread, id: "run_1" }, run);
        store.put(Place { collection: RUN_STEPS.name, parents: &below(), id: "step_1" }, step);
        store
    }

    fn below() -> [String; 2] {
        [THREAD.to_owned(), "run_1".to_owned()]
    }

    fn submit(store: &mut Store, body: Value) -> Result<Answer, ServiceError> {
        call(store, "/threads/{}/runs/{}/submit_tool_outputs", body, super::submit)
    }

    fn call(
        store: &mut Store,
        shape: &str,
        body: Value,
        behaviour: crate::handlers::Behaviour,
    ) -> Result<Answer, ServiceError> {
        let document = documents::for_api_version("2025-05-01").unwrap();
        let is_called = |operation: &&documents::Operation| {
            operation.shape == shape && (operation.method == Method::POST) == body.is_object()
        };
        let operation = document.operations().iter().find(is_called).unwrap();
        with_context(store, document, operation, body, behaviour)
    }

    fn with_context<T>(
        store: &mut Store,
        document: &'static documents::Document,
        operation: &'static documents::Operation,
        body: Value,
        act: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        act(&mut Context {
            document,
            operation,
            parameters: below().to_vec(),
            query: &Query::default(),
            body: body.as_object().cloned().unwrap_or_default(),
            uploads: Vec::new(),
            headers: &HeaderMap::new(),
            agent: None,
            project: "demo",
            store,
            blobs: &Blobs::default(),
            rules: &Rules::default(),
            now: 10,
            origin: "http://127.0.0.1",
            url: String::new(),
            page_size: None,
        })
    }

    fn outputs(ids: &[&str], stream: bool) -> Value {
        let outputs: Vec<Value> =
            ids.iter().map(|id| json!({ "tool_call_id": id, "output": format!("of {id}") })).collect();
        json!({ "tool_outputs": outputs, "stream": stream })
    }

    fn body(answer: Answer) -> Value {
        match answer.body {
            Payload::Json(body) => body,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn outputs_are_kept_and_the_run_goes_on_to_its_end() {
        let mut store = store();
        let run = body(submit(&mut store, outputs(&["call_2", "call_1"], false)).unwrap());
        assert_eq!((&run["status"], &run["required_action"]), (&json!("queued"), &Value::Null));
        let step = store.get(Place { collection: RUN_STEPS.name, parents: &below(), id: "step_1" }).unwrap();
        assert_eq!((&step["status"], &step["completed_at"]), (&json!("completed"), &json!(10)));
        assert_eq!(step["step_details"]["tool_calls"][0]["function"]["output"], "of call_1");
        assert_eq!(step["step_details"]["tool_calls"][1]["function"]["output"], "of call_2");

        let get = |store: &mut Store| body(call(store, "/threads/{}/runs/{}", Value::Null, runs::get).unwrap());
        let run = get(&mut store);
        // It began before it waited.
        assert_eq!((&run["status"], &run["started_at"]), (&json!("in_progress"), &json!(5)));
        assert_eq!(get(&mut store)["status"], "completed");
        assert!(submit(&mut store, outputs(&["call_1", "call_2"], false)).is_err());
    }

    #[test]
    fn outputs_of_other_calls_are_refused_and_change_nothing() {
        for ids in [&[][..], &["call_1"], &["call_1", "call_3"], &["call_1", "call_2", "call_3"]] {
            let mut store = store();
            let error = submit(&mut store, outputs(ids, false)).unwrap_err();
            assert_eq!(error.status, 400);
            let message = error.body()["error"]["message"].to_string();
            assert!(message.contains("call_1") && message.contains("call_2"), "{message}");
            assert!(submit(&mut store, outputs(&["call_1", "call_2"], false)).is_ok());
        }
    }

    #[test]
    fn the_rest_of_the_run_can_be_streamed() {
        let mut store = store();
        let answer = submit(&mut store, outputs(&["call_1", "call_2"], true)).unwrap();
        let Payload::Leg(mut leg) = answer.body else { panic!("no events") };
        let document = documents::for_api_version("2025-05-01").unwrap();
        let operation = &document.operations()[0];
        let mut names = Vec::new();
        with_context(&mut store, document, operation, Value::Null, |context| {
            while let Tick::Happened(event) = leg.tick(context) {
                names.push(event.name.into_owned());
            }
        });
        assert_eq!(names[..3], ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]);
        assert_eq!(names[names.len() - 2..], ["thread.run.completed", "done"]);
    }
}
