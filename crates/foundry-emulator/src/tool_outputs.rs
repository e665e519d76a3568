//! The outputs of functions that a run has asked its caller to call.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::context::{Answer, Context};
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::events::Events;
use crate::runs::{self, property};
use crate::store::Place;
use crate::table::RUN_STEPS;
use crate::{progress, resources};

/// `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs`.
pub(crate) fn submit(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut run = runs::find(context)?;
    let given = std::mem::take(&mut context.body);
    let status = property(&run, "status");
    if status != "requires_action" {
        return Err(ServiceError::invalid_state(format_args!("Runs in status '{status}' do not accept tool outputs.")));
    }
    let outputs: BTreeMap<&str, &Value> = elements(given.get("tool_outputs"))
        .map(|one| (text(one, "tool_call_id"), one.get("output").unwrap_or(&Value::Null)))
        .collect();
    let mut wanted = asked_for(&run);
    wanted.sort_unstable();
    if !wanted.iter().copied().eq(outputs.keys().copied()) {
        let given: Vec<&str> = outputs.keys().copied().collect();
        return Err(ServiceError::invalid_state(format_args!(
            "Expected tool outputs for call_ids {wanted:?}, got {given:?}."
        )));
    }
    let mut events = Events::default();
    record(context, &run, &outputs, &mut events);
    run.insert("required_action".to_owned(), Value::Null);
    run.insert("status".to_owned(), "queued".into());
    let run = runs::put(context, run);
    if !runs::is_streamed(&given) {
        return Ok(Answer::ok(run));
    }
    events.push("thread.run.queued", run.clone());
    progress::to_the_end(context, resources::object_of(&run)?, &mut events)?;
    Ok(Answer::events(events))
}

/// The ids of the calls that a run waits for.
fn asked_for(run: &Map<String, Value>) -> Vec<&str> {
    let calls = run.get("required_action").and_then(|action| action.pointer("/submit_tool_outputs/tool_calls"));
    elements(calls).map(|call| text(call, "id")).collect()
}

/// Keeps the outputs with the calls of the run's unfinished steps, and finishes these.
fn record(context: &mut Context<'_>, run: &Map<String, Value>, outputs: &BTreeMap<&str, &Value>, events: &mut Events) {
    let parents = [property(run, "thread_id").to_owned(), property(run, "id").to_owned()];
    let mut steps: Vec<(String, Value)> = context
        .store
        .list(RUN_STEPS.name, &parents)
        .iter()
        .filter(|step| text(step.value, "status") == "in_progress")
        .map(|step| (step.id.to_owned(), step.value.clone()))
        .collect();
    for (id, step) in &mut steps {
        let calls = step.pointer_mut("/step_details/tool_calls").and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten() {
            let output = outputs.get(text(call, "id")).copied().cloned();
            if let (Some(output), Some(function)) = (output, call.get_mut("function")) {
                function["output"] = output;
            }
        }
        step["status"] = "completed".into();
        step["completed_at"] = context.now.into();
        events.push("thread.run.step.completed", step.clone());
        context.store.put(Place { collection: RUN_STEPS.name, parents: &parents, id }, step.take());
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use super::*;
    use crate::blobs::Blobs;
    use crate::context::Payload;
    use crate::documents;
    use crate::identifiers::Identifiers;
    use crate::query::Query;
    use crate::script::Conversation;
    use crate::store::Store;
    use crate::table::{RUNS, THREADS};

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
        behaviour(&mut Context {
            document,
            operation: document.operations().iter().find(is_called).unwrap(),
            parameters: below().to_vec(),
            query: &Query::default(),
            body: body.as_object().cloned().unwrap_or_default(),
            upload: None,
            project: "demo",
            store,
            blobs: &Blobs::default(),
            script: &Conversation,
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
        let Payload::Events(events) = answer.body else { panic!("no events") };
        let names: Vec<String> = events
            .into_frames()
            .map(|frame| String::from_utf8(frame.to_vec()).unwrap())
            .map(|frame| frame.lines().next().unwrap().replace("event: ", ""))
            .collect();
        assert_eq!(names[..3], ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]);
        assert_eq!(names[names.len() - 2..], ["thread.run.completed", "done"]);
    }
}
