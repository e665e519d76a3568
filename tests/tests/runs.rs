//! Runs by the SDK against the emulator: polled, answered, approved, left and run again. What other
//! clients of the service suffer from has a test each, named after what it prevents.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foundry_emulator::{Emulator, EmulatorBuilder, Fault, Rule};
use foundry_sdk::classic::Classic;
use foundry_sdk::classic::types::{
    McpToolDefinition, RunStatus, RunStepDetails, ThreadMessageOptions, ThreadRun, ToolDefinition, ToolOutput,
};
use foundry_sdk::{
    ApprovalPolicy, Decision, ErrorKind, Function, FunctionSet, JsonFormat, NeedsAction, RunAgain, RunOutcome,
    Unanswered, WhenBusy,
};
use foundry_tests::Session;
use futures_util::{StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the weather is in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    city: String,
}

/// What time it is.
#[derive(Deserialize, JsonSchema)]
struct GetTime {}

fn functions() -> FunctionSet {
    FunctionSet::new([
        Function::new(|asked: GetWeather| async move {
            if asked.city == "Atlantis" {
                Err("it is under water")
            } else {
                Ok(json!({ "city": asked.city, "celsius": 24 }))
            }
        }),
        Function::infallible(|_: GetTime| async { "12:00" }),
    ])
    .unwrap()
}

/// An emulator with these rules, a client of it, an agent with the functions and a thread with a question.
struct Setting {
    session: Session,
    classic: Classic,
    agent: String,
    thread: String,
}

impl Setting {
    async fn with(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self::over(rules.into_iter().fold(Emulator::builder(), EmulatorBuilder::rule)).await
    }

    async fn over(builder: EmulatorBuilder) -> Self {
        let session = Session::over(builder).await;
        let classic = session.client().classic();
        let mcp = McpToolDefinition::new("github", "https://mcp.example");
        let tools = functions().iter().map(ToolDefinition::from).chain([mcp.into()]).collect::<Vec<_>>();
        let agent = classic.agents().create("gpt-4.1-mini").name("helper").tools(tools).await.unwrap().id;
        let thread = classic.threads().create().await.unwrap().id;
        classic.messages(&thread).create("Go.").await.unwrap();
        Self { session, classic, agent, thread }
    }

    fn create(&self) -> foundry_sdk::Request<foundry_sdk::classic::CreateRun> {
        self.classic.runs(&self.thread).create(&self.agent)
    }

    /// The bodies of what was sent to an operation, in order.
    fn sent(&self, operation: &str) -> Vec<Value> {
        let requests = self.session.requests();
        let of_it = requests.iter().filter(|request| request.operation.as_deref() == Some(operation));
        of_it.map(|request| request.json().unwrap_or(Value::Null)).collect()
    }

    /// The outputs that were handed in, by name of the function.
    fn outputs(&self) -> Vec<Value> {
        let submitted = self.sent("Runs_submitToolOutputs");
        let outputs = submitted.iter().flat_map(|body| body["tool_outputs"].as_array().cloned().unwrap_or_default());
        outputs.map(|output| serde_json::from_str(output["output"].as_str().unwrap()).unwrap()).collect()
    }
}

fn weather(city: &str) -> (&'static str, Value) {
    ("get_weather", json!({ "city": city }))
}

// ---- functions

#[tokio::test]
async fn two_calls_at_once_one_failing_one_slow_and_then_the_final_message() {
    let rule = Rule::new().call_functions([weather("Rome"), weather("Atlantis"), ("get_time", json!({}))]);
    let setting = Setting::with([rule.reply_with(|turn| {
        let told: Vec<&str> = turn.outputs.iter().map(|output| output.output.as_str()).collect();
        format!("I heard {}", told.join(" and "))
    })])
    .await;
    let quick = Arc::new(tokio::sync::Notify::new());
    let (waits, wakes) = (Arc::clone(&quick), quick);
    let functions = FunctionSet::new([
        // Slow: it is ready only once the failing one has failed.
        Function::new(move |asked: GetWeather| {
            let (waits, wakes) = (Arc::clone(&waits), Arc::clone(&wakes));
            async move {
                if asked.city == "Atlantis" {
                    wakes.notify_one();
                    return Err("it is under water");
                }
                waits.notified().await;
                Ok(24)
            }
        }),
        Function::infallible(|_: GetTime| async { "12:00" }),
    ])
    .unwrap();
    let answer = setting.create().poll().with_functions(&functions).final_message().await.unwrap();
    assert_eq!(answer.text(), r#"I heard 24 and {"error":"it is under water"} and "12:00""#);

    let submitted = setting.sent("Runs_submitToolOutputs");
    assert_eq!(submitted.len(), 1, "a second call by the user is not needed, and not made");
    // In the order of the calls, whichever is ready first.
    assert_eq!(setting.outputs(), [json!(24), json!({ "error": "it is under water" }), json!("12:00")]);

    let run_id = answer.run_id.unwrap();
    let steps = setting.classic.run_steps(&setting.thread, run_id.as_str()).list().order("asc").into_stream();
    let steps: Vec<_> = steps.try_collect().await.unwrap();
    let kinds: Vec<bool> = steps.iter().map(|step| matches!(step.step_details, RunStepDetails::ToolCalls(_))).collect();
    assert_eq!(kinds, [true, false]);
    assert!(steps.iter().all(|step| step.status.as_str() == "completed"));
    let run = setting.classic.runs(&setting.thread).get(&run_id).await.unwrap();
    let usage = run.usage.unwrap();
    assert_eq!(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
    assert!(usage.completion_tokens > 0);
}

#[tokio::test]
async fn several_rounds_are_answered_by_the_same_functions() {
    let rule = Rule::new().call_function("get_time", json!({})).call_functions([weather("Rome"), weather("Oslo")]);
    let setting = Setting::with([rule.reply("Done.")]).await;
    let states: Vec<ThreadRun> = setting.create().poll().with_functions(&functions()).try_collect().await.unwrap();
    let states: Vec<&str> = states.iter().map(|run| run.status.as_str()).collect();
    assert_eq!(states.iter().filter(|state| **state == "requires_action").count(), 2);
    assert_eq!(*states.last().unwrap(), "completed");
    assert_eq!(setting.outputs().len(), 3);
}

#[tokio::test]
async fn numbers_null_and_what_looks_like_an_error_are_outputs_like_others() {
    #[derive(Deserialize, JsonSchema)]
    struct Pick {
        what: usize,
    }
    let values = || [json!(42), Value::Null, json!(["error"]), json!({ "error": "none" }), json!("it's \"quoted\"")];
    let calls = (0..values().len()).map(|what| ("pick", json!({ "what": what })));
    let setting = Setting::with([Rule::new().call_functions(calls).reply("Done.")]).await;
    let pick = Function::infallible(move |pick: Pick| async move { values()[pick.what].clone() });
    let functions = FunctionSet::new([pick]).unwrap();
    let poller = setting.create().tools(&functions).poll().with_functions(&functions);
    assert_eq!(poller.await.unwrap().status, RunStatus::Completed);
    // JSON, not some language's way to print a value.
    assert_eq!(setting.outputs(), values());
}

#[tokio::test]
async fn arguments_that_are_no_json_go_back_to_the_model() {
    let setting = Setting::with([Rule::new().call_arguments("get_weather", "{\"city\": ").reply("Sorry.")]).await;
    let answer = setting.create().poll().with_functions(&functions()).final_message().await.unwrap();
    assert_eq!(answer.text(), "Sorry.");
    let told = setting.outputs()[0]["error"].as_str().unwrap().to_owned();
    assert!(told.contains("EOF while parsing"), "{told}");
}

#[tokio::test]
async fn a_function_that_panics_or_hangs_costs_neither_the_run_nor_the_program() {
    let rule = Rule::new().call_functions([("panics", json!({})), ("hangs", json!({})), ("get_time", json!({}))]);
    let setting = Setting::with([rule.reply("Done.")]).await;
    async fn panics(_: Value) -> Result<(), Infallible> {
        panic!("planted")
    }
    let any = || json!({ "type": "object" });
    let functions = FunctionSet::new([
        Function::from_json("panics", "", any(), panics),
        Function::from_json("hangs", "", any(), |_: Value| std::future::pending::<Result<(), String>>())
            .timeout(Duration::from_millis(20)),
        Function::infallible(|_: GetTime| async { "12:00" }),
    ])
    .unwrap();
    let run = setting.create().tools(&functions).poll().with_functions(&functions).await.unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(
        setting.outputs(),
        [
            json!({ "error": "the function panicked" }),
            json!({ "error": "the function did not answer within 0.02 s" }),
            json!("12:00")
        ]
    );
}

#[tokio::test]
async fn a_function_nobody_registered_fails_before_the_run_starts() {
    let setting = Setting::with([]).await;
    let only_time = FunctionSet::new([Function::infallible(|_: GetTime| async { "12:00" })]).unwrap();
    let error = setting.create().poll().with_functions(&only_time).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`get_weather`") && error.to_string().contains("`get_time`"), "{error}");
    assert!(setting.sent("Runs_create").is_empty());

    // A run with tools of its own is judged by these, and nobody asks for the agent.
    let run = setting.create().tools(&only_time).poll().with_functions(&only_time).await.unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(setting.sent("Agents_getAgent").len(), 1);
}

#[tokio::test]
async fn parallel_calls_run_at_once() {
    let setting =
        Setting::with([Rule::new().call_functions([weather("Rome"), weather("Oslo"), weather("Bonn")]).reply("Done.")])
            .await;
    let barrier = Arc::new(tokio::sync::Barrier::new(3));
    let meets = Function::new(move |_: GetWeather| {
        let barrier = Arc::clone(&barrier);
        async move {
            // One after the other they would wait for ever.
            barrier.wait().await;
            Ok::<_, Infallible>(1)
        }
    });
    let functions = FunctionSet::new([meets]).unwrap().timeout(Duration::from_secs(20));
    setting.create().tools(&functions).poll().with_functions(&functions).completed().await.unwrap();
    assert_eq!(setting.outputs(), [json!(1), json!(1), json!(1)]);
}

#[tokio::test]
async fn rounds_without_end_are_ended() {
    let rule = (0..5).fold(Rule::new(), |rule, _| rule.call_function("get_time", json!({})));
    let setting = Setting::with([rule]).await;
    let error = setting.create().poll().with_functions(&functions().max_rounds(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    assert!(error.to_string().contains("2 rounds are allowed"), "{error}");
    assert_eq!(setting.outputs().len(), 2);
    assert!(setting.sent("Runs_cancel").is_empty());
}

// ---- what nobody can answer

#[tokio::test]
async fn unregistered_functions_are_neither_answered_nor_is_the_run_cancelled() {
    let setting =
        Setting::with([Rule::new().call_functions([weather("Rome"), ("get_time", json!({}))]).reply("Ok.")]).await;
    let error = setting.create().poll().await.unwrap_err();
    let NeedsAction { run, outputs_ready, unanswered, .. } = error.into_needs_action::<ThreadRun>().unwrap();
    assert_eq!((run.status.as_str(), outputs_ready.len(), unanswered.len()), ("requires_action", 0, 2));
    assert!(setting.sent("Runs_submitToolOutputs").is_empty() && setting.sent("Runs_cancel").is_empty());

    // The caller goes on by hand, from the fresh run.
    let outputs = unanswered.iter().map(|needed| {
        let Unanswered::Function { call_id, name, .. } = needed else { panic!("{needed:?}") };
        ToolOutput::new().tool_call_id(call_id.as_str()).output(format!("\"by hand: {name}\""))
    });
    let run = setting.classic.runs(&setting.thread).submit_tool_outputs(&run.id, outputs).poll().await.unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(setting.outputs(), [json!("by hand: get_weather"), json!("by hand: get_time")]);
}

#[tokio::test]
async fn a_mixed_batch_is_not_handed_in_incomplete() {
    let call = |id: &str, kind: Value| {
        let mut call = json!({ "id": id });
        call.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        call
    };
    let function = json!({ "type": "function", "function": { "name": "get_time", "arguments": "{}" } });
    let calls = json!([call("call_1", function), call("call_2", json!({ "type": "azure_function", "azure": {} }))]);
    let action = json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls } });
    let setting = Setting::with([Rule::new().require(action).reply("Ok.")]).await;
    let error = setting.create().poll().with_functions(&functions()).await.unwrap_err();
    let action = error.needs_action::<ThreadRun>().unwrap();
    // What is ready is not lost.
    assert_eq!(action.outputs_ready.len(), 1);
    assert_eq!(
        (action.outputs_ready[0].call_id.as_str(), action.outputs_ready[0].output.as_str()),
        ("call_1", "\"12:00\"")
    );
    let [Unanswered::Other(other)] = &action.unanswered[..] else { panic!("{action:?}") };
    assert_eq!(other["id"], "call_2");
    assert!(setting.sent("Runs_submitToolOutputs").is_empty() && setting.sent("Runs_cancel").is_empty());
}

#[tokio::test]
async fn a_run_that_asks_for_nothing_known_is_handed_back_and_not_cancelled() {
    for action in [
        json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": [] } }),
        json!({ "type": "dance", "dance": {} }),
    ] {
        let setting = Setting::with([Rule::new().require(action)]).await;
        let error = setting.create().poll().with_functions(&functions()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsAction, "{error}");
        assert_eq!(error.last_state::<ThreadRun>().unwrap().status, RunStatus::RequiresAction);
        assert!(setting.sent("Runs_cancel").is_empty() && setting.sent("Runs_submitToolOutputs").is_empty());
    }
}

// ---- approvals

#[tokio::test]
async fn approvals_of_several_rounds_are_each_decided_and_handed_in_once() {
    let rule = Rule::new()
        .ask_approval("github", "search", json!({ "q": "a" }))
        .ask_approvals([("github", "search", json!({ "q": "b" })), ("github", "drop", json!({}))])
        .ask_approval("github", "search", json!({ "q": "c" }));
    let setting = Setting::with([rule.reply("Done.")]).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let policy = ApprovalPolicy::ask(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move { if request.arguments.contains('q') { Decision::Approve } else { Decision::Leave } }
    })
    .deny_tool("github", "drop")
    .header("github", "X-Key", "planted");
    let answer = setting.create().poll().with_approvals(&policy).final_message().await.unwrap();
    assert_eq!(answer.text(), "Done.");
    let submitted = setting.sent("Runs_submitToolOutputs");
    let decisions: Vec<Vec<bool>> = submitted
        .iter()
        .map(|body| body["tool_approvals"].as_array().unwrap().iter().map(|one| one["approve"] == true).collect())
        .collect();
    assert_eq!(decisions, [vec![true], vec![true, false], vec![true]]);
    assert!(submitted.iter().all(|body| body.get("tool_outputs").is_none()), "{submitted:?}");
    assert_eq!(submitted[0]["tool_approvals"][0]["headers"], json!({ "X-Key": "planted" }));
    assert!(submitted[1]["tool_approvals"][1].get("headers").is_none(), "a denied call needs none");
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_approval_that_no_policy_decides_is_handed_back_at_once() {
    let setting =
        Setting::with([Rule::new().ask_approval("github", "search", json!({ "q": "a" })).reply("Done.")]).await;
    for policy in [None, Some(ApprovalPolicy::leave_all()), Some(ApprovalPolicy::leave_all().approve_server("other"))] {
        let mut poller = setting.create().poll().when_busy(WhenBusy::Cancel);
        if let Some(policy) = &policy {
            poller = poller.with_approvals(policy);
        }
        let error = poller.await.unwrap_err();
        let action = error.needs_action::<ThreadRun>().unwrap();
        let [Unanswered::Approval(request)] = &action.unanswered[..] else { panic!("{action:?}") };
        assert_eq!((request.server_label.as_str(), request.tool.as_str()), ("github", "search"));
        assert!(setting.sent("Runs_submitToolOutputs").is_empty());
    }
}

// ---- ends

#[tokio::test]
async fn every_end_is_a_typed_outcome() {
    for (rule, outcome, code, message) in [
        (Rule::new().fail("server_error", "Sorry."), RunOutcome::Failed, "server_error", "Sorry."),
        (Rule::new().incomplete("max_completion_tokens"), RunOutcome::Incomplete, "max_completion_tokens", "it ended"),
        (Rule::new().expire(), RunOutcome::Expired, "expired", "it did not end in time"),
        (Rule::new().cancelled(), RunOutcome::Cancelled, "cancelled", "it was canceled"),
    ] {
        let setting = Setting::with([rule]).await;
        let run = setting.create().poll().await.unwrap();
        let failed = run.into_result().unwrap_err();
        assert_eq!((failed.outcome, failed.code.as_str()), (outcome, code));
        assert!(failed.message.starts_with(message), "{failed}");
        assert_eq!(failed.retry_after, None);
    }
}

#[tokio::test]
async fn a_failed_run_names_its_run_thread_code_and_request_in_one_line() {
    let message = "Sorry, something went wrong.";
    let setting = Setting::with([Rule::new().fail("server_error", message)]).await;
    let error = setting.create().poll().completed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RunFailed);
    let run = error.last_state::<ThreadRun>().unwrap();
    assert_eq!(error.run_failed().unwrap().code, "server_error");
    assert!(error.to_string().contains(&format!("run {} of thread {}", run.id, setting.thread)), "{error}");
    assert!(error.to_string().contains(message), "{error}");
    let line = error.support_line();
    assert!(!line.contains('\n'), "{line}");
    let request_id = error.request_id().unwrap();
    for part in [
        format!("run={}", run.id),
        format!("thread={}", setting.thread),
        "run-status=failed".to_owned(),
        "code=server_error".to_owned(),
        format!("x-request-id={request_id}"),
        format!("x-ms-client-request-id={}", error.client_request_id().unwrap()),
    ] {
        assert!(line.contains(&part), "{part} is not in {line}");
    }
}

#[tokio::test]
async fn a_rate_limited_run_is_an_error_with_its_wait_and_is_run_again_if_asked_for() {
    let limited = || Rule::new().fail("rate_limit_exceeded", "Rate limit is exceeded. Try again in 21 seconds.");
    let setting = Setting::with([limited()]).await;
    let error = setting.create().poll().completed().await.unwrap_err();
    assert!(error.is_rate_limited(), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(21)));
    assert_eq!(setting.sent("Runs_create").len(), 1);

    let setting = Setting::with([limited().times(2), Rule::new().reply("At last.")]).await;
    let poller = setting.create().instructions("Be brief.").poll().run_again(RunAgain::after_rate_limit());
    assert_eq!(poller.final_message().await.unwrap().text(), "At last.");
    let created = setting.sent("Runs_create");
    assert_eq!(created.len(), 3);
    assert!(created.iter().all(|body| *body == created[0]));
    let waited = setting.session.clock().slept().iter().filter(|slept| **slept == Duration::from_secs(21)).count();
    assert_eq!(waited, 2);
}

#[tokio::test]
async fn a_cancelling_run_is_polled_until_it_is_cancelled() {
    let setting = Setting::with([Rule::new().hang()]).await;
    let run = setting.create().await.unwrap();
    let states: Vec<ThreadRun> =
        setting.classic.runs(&setting.thread).cancel(&run.id).poll().try_collect().await.unwrap();
    let states: Vec<&str> = states.iter().map(|run| run.status.as_str()).collect();
    assert_eq!(states, ["cancelling", "cancelled"]);
}

#[tokio::test]
async fn a_status_that_nobody_knows_is_polled_on() {
    let setting = Setting::with([Rule::new().status("polishing", 3).reply("Shiny.")]).await;
    let states: Vec<ThreadRun> = setting.create().poll().try_collect().await.unwrap();
    let states: Vec<&str> = states.iter().map(|run| run.status.as_str()).collect();
    assert!(states.contains(&"polishing"), "{states:?}");
    assert_eq!(*states.last().unwrap(), "completed");
}

#[tokio::test]
async fn a_run_that_hangs_ends_in_a_deadline_that_holds_it() {
    let setting = Setting::with([Rule::new().hang()]).await;
    let limit = Duration::from_secs(60);
    let error = setting.create().poll().max_wait(limit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let run = error.last_state::<ThreadRun>().unwrap();
    assert_eq!(run.status, RunStatus::InProgress);
    assert!(error.to_string().contains(&run.id), "{error}");
    // Not late by an interval, as a check before each sleep would be.
    let slept: Duration = setting.session.clock().slept().iter().sum();
    assert_eq!(slept, limit);
    assert!(setting.sent("Runs_cancel").is_empty());

    let error = setting.create().poll().when_busy(WhenBusy::Cancel).max_wait(limit).cancel_on_deadline(true).await;
    assert!(error.unwrap_err().to_string().contains("it was canceled"));
    assert_eq!(setting.sent("Runs_cancel").len(), 2);
}

#[tokio::test]
async fn questions_have_the_headers_of_the_start() {
    let setting = Setting::with([Rule::new().call_function("get_time", json!({})).reply("Done.")]).await;
    let poller = setting.create().header("x-tenant", "acme").query("trace", "1").api_version("2025-05-01").poll();
    poller.with_functions(&functions()).completed().await.unwrap();
    let requests = setting.session.requests();
    let of_the_run = requests.iter().filter(|request| {
        ["Agents_getAgent", "Runs_create", "Runs_get", "Runs_submitToolOutputs"]
            .contains(&request.operation.as_deref().unwrap_or_default())
    });
    let mut ids = Vec::new();
    for request in of_the_run {
        assert_eq!(request.header("x-tenant"), Some("acme"), "{request:?}");
        ids.push(request.header("x-ms-client-request-id").unwrap().to_owned());
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert!(count >= 5 && ids.len() == count, "one id for each call");
}

#[tokio::test]
async fn outputs_whose_receipt_was_lost_are_not_made_again() {
    for fault in
        [Fault::new().status(500).after_acting(), Fault::new().status(503), Fault::new().close().after_acting()]
    {
        let fault = fault.operation("Runs_submitToolOutputs").times(1);
        let rule = Rule::new().call_function("get_time", json!({})).reply("Done.");
        let setting = Setting::over(Emulator::builder().rule(rule).fault(fault)).await;
        // The proxy would make a 502 of a closed connection; the client talks to the emulator itself.
        let client = foundry_sdk::ProjectClient::builder(setting.session.emulator().endpoint())
            .credential(foundry_sdk::Credential::token("t"))
            .clock(setting.session.clock().clone())
            .build()
            .unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let counted = Function::infallible(move |_: GetTime| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { "12:00" }
        });
        let functions = FunctionSet::new([counted]).unwrap();
        let runs = client.classic().runs(&setting.thread);
        let run = runs.create(&setting.agent).tools(&functions).poll().with_functions(&functions).await.unwrap();
        assert_eq!(run.status, RunStatus::Completed);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        std::mem::forget(setting.session);
    }
}

// ---- threads that are busy, runs that are left

#[tokio::test]
async fn an_active_run_is_waited_for_or_cancelled_if_asked_to() {
    let setting = Setting::with([Rule::new().stay(2).reply("First."), Rule::new().reply("Second.")]).await;
    let first = setting.create().await.unwrap();
    let error = setting.create().poll().await.unwrap_err();
    assert_eq!(error.active_run_id(), Some(first.id.as_str()), "{error}");
    let error = setting.classic.messages(&setting.thread).create("Now.").await.unwrap_err();
    assert_eq!(error.active_run_id(), Some(first.id.as_str()), "{error}");

    let second = setting.create().poll().when_busy(WhenBusy::Wait).completed().await.unwrap();
    assert_ne!(second.id, first.id);
    let first = setting.classic.runs(&setting.thread).get(&first.id).await.unwrap();
    assert_eq!(first.status, RunStatus::Completed);

    let setting = Setting::with([Rule::new().hang().times(1), Rule::new().reply("Second.")]).await;
    let first = setting.create().await.unwrap();
    // It begins, and hangs, when it is looked at.
    setting.classic.runs(&setting.thread).get(&first.id).await.unwrap();
    setting.create().poll().when_busy(WhenBusy::Cancel).completed().await.unwrap();
    let first = setting.classic.runs(&setting.thread).get(&first.id).await.unwrap();
    assert_eq!(first.status, RunStatus::Cancelled);

    // What hangs is not waited for without end.
    let setting = Setting::with([Rule::new().hang()]).await;
    setting.create().await.unwrap();
    let error = setting.create().poll().when_busy(WhenBusy::Wait).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
}

#[tokio::test]
async fn a_poller_that_is_dropped_cancels_its_run_if_asked_to() {
    let setting = Setting::with([Rule::new().hang()]).await;
    let mut poller = setting.create().poll().cancel_on_drop(true);
    let run = poller.next().await.unwrap().unwrap();
    drop(poller);
    // The guard's request is a task of its own; waiting for the run to end waits for it.
    let run = setting.classic.runs(&setting.thread).get(&run.id).poll().await.unwrap();
    assert_eq!(run.status, RunStatus::Cancelled);
    assert_eq!(setting.sent("Runs_cancel").len(), 1);
}

#[tokio::test]
async fn a_guard_cancels_on_drop_or_at_once_or_not_at_all() {
    let setting = Setting::with([Rule::new().hang()]).await;
    let runs = setting.classic.runs(&setting.thread);
    let run = setting.create().await.unwrap();
    runs.guard(&run.id).disarm();
    assert_eq!(runs.get(&run.id).await.unwrap().status, RunStatus::InProgress);
    runs.guard(&run.id).cancel().await.unwrap();
    assert_eq!(setting.sent("Runs_cancel").len(), 1);
    // What has ended, or is ending, is no error.
    runs.guard(&run.id).cancel().await.unwrap();
    assert_eq!(runs.get(&run.id).poll().await.unwrap().status, RunStatus::Cancelled);
    runs.guard(&run.id).cancel().await.unwrap();

    let run = setting.create().await.unwrap();
    drop(runs.guard(&run.id));
    assert_eq!(runs.get(&run.id).poll().await.unwrap().status, RunStatus::Cancelled);
}

// ---- structured output, thread and run in one

#[tokio::test]
async fn an_answer_in_a_format_is_parsed_and_one_that_is_not_is_shown() {
    /// A city.
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct City {
        name: String,
        people: u32,
        #[serde(default)]
        rivers: Vec<String>,
        mayor: Option<String>,
    }
    let told = r#"{"name":"Rome","people":2800000,"rivers":null,"mayor":null}"#;
    let setting = Setting::with([Rule::new().reply(told).times(1), Rule::new().reply("Rome is big.")]).await;
    let format = JsonFormat::of::<City>().unwrap();
    let ask = || setting.create().response_format(format.clone()).poll().final_message();
    let city: City = ask().await.unwrap().parse().unwrap();
    assert_eq!(city, City { name: "Rome".to_owned(), people: 2_800_000, rivers: vec![], mayor: None });
    let sent = &setting.sent("Runs_create")[0]["response_format"];
    assert_eq!((&sent["type"], &sent["json_schema"]["name"]), (&json!("json_schema"), &json!("City")));
    assert_eq!(
        (&sent["json_schema"]["strict"], &sent["json_schema"]["schema"]["additionalProperties"]),
        (&json!(true), &json!(false))
    );

    let error = foundry_sdk::Error::from(ask().await.unwrap().parse::<City>().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("\"Rome is big.\""), "{error}");
    assert_eq!(error.body().unwrap(), "Rome is big.");
}

#[tokio::test]
async fn a_thread_and_its_run_are_created_polled_and_answered_at_once() {
    let rule = Rule::new().call_function("get_time", json!({})).reply_with(|turn| turn.last_message().to_owned());
    let setting = Setting::with([rule]).await;
    let thread = foundry_sdk::classic::types::AgentThreadCreationOptions::new()
        .messages([ThreadMessageOptions::new("user", "What time is it?")]);
    let agents = setting.classic.agents();
    let poller = agents.create_thread_and_run(&setting.agent).thread(thread).metadata([("a", "b")]).poll();
    let message = poller.with_functions(&functions()).final_message().await.unwrap();
    assert_eq!(message.text(), "What time is it?");
    assert_ne!(message.thread_id, setting.thread);
    assert_eq!(setting.sent("Agents_createThreadAndRun").len(), 1);
}
