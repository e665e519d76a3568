//! Runs as streams by the SDK against the emulator: events, text, rounds, cuts, and what goes on after them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foundry_emulator::{Emulator, EmulatorBuilder, Fault, Framing, Rule};
use foundry_sdk::classic::types::{AgentThreadCreationOptions, RunStatus, ThreadMessageOptions, ThreadRun, ToolOutput};
use foundry_sdk::classic::{Classic, RunEvent, RunItem, RunStream};
use foundry_sdk::{ApprovalPolicy, Credential, ErrorKind, Function, FunctionSet, ProjectClient};
use futures_util::{StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What time it is.
#[derive(Deserialize, JsonSchema)]
struct GetTime {}

struct Setting {
    emulator: Emulator,
    classic: Classic,
    agent: String,
    thread: String,
    calls: Arc<AtomicUsize>,
    functions: FunctionSet,
}

impl Setting {
    async fn with(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self::over(rules.into_iter().fold(Emulator::builder(), EmulatorBuilder::rule)).await
    }

    async fn over(builder: EmulatorBuilder) -> Self {
        let emulator = builder.start().await.unwrap();
        let clock = foundry_tests::RecordingClock::new();
        let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("t")).clock(clock);
        let classic = client.build().unwrap().classic();
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let time = Function::new(move |_: GetTime| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, Infallible>("12:00") }
        });
        let functions = FunctionSet::new([time]).unwrap();
        let agent = classic.agents().create("gpt-4.1-mini").tools(&functions).await.unwrap().id;
        let thread = classic.threads().create().await.unwrap().id;
        classic.messages(&thread).create("Go.").await.unwrap();
        Self { emulator, classic, agent, thread, calls, functions }
    }

    fn stream(&self) -> RunStream {
        self.classic.runs(&self.thread).create(&self.agent).stream()
    }

    fn sent(&self, operation: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.operation.as_deref() == Some(operation)).count()
    }
}

fn names(events: &[RunEvent]) -> Vec<&str> {
    events.iter().map(RunEvent::name).collect()
}

const REPLY: &str = "The sky is blue because of the air, partner.";

#[tokio::test]
async fn a_run_is_a_stream_of_its_events_and_its_text_comes_in_pieces() {
    let setting = Setting::with([Rule::new().reply(REPLY)]).await;
    let events: Vec<RunEvent> = setting.stream().try_collect().await.unwrap();
    let names = names(&events);
    assert_eq!(names[..2], ["thread.run.created", "thread.run.queued"]);
    assert_eq!(names[names.len() - 2..], ["thread.run.completed", "done"]);
    assert!(names.contains(&"thread.message.completed") && names.contains(&"thread.run.step.completed"));
    let pieces: Vec<String> = events.iter().filter_map(RunEvent::text_delta).collect();
    assert!(pieces.len() > 3, "{pieces:?}");
    assert_eq!(pieces.concat(), REPLY);

    let mut text = setting.stream().into_text();
    let first = text.try_next().await.unwrap().unwrap();
    let rest: Vec<String> = text.try_collect().await.unwrap();
    assert_eq!(first + &rest.concat(), REPLY);

    let items: Vec<RunItem> = setting.stream().into_items().try_collect().await.unwrap();
    let [RunItem::Message(message), RunItem::Step(step), RunItem::Run(run)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(
        (message.text(), step.status.as_str(), &run.status),
        (REPLY.to_owned(), "completed", &RunStatus::Completed)
    );
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_stream() {
    let setting = Setting::with([]).await;
    assert_eq!(setting.emulator.connections(), 1);
    for _ in 0..3 {
        setting.stream().into_text().try_collect::<Vec<_>>().await.unwrap();
        setting.classic.threads().get(&setting.thread).await.unwrap();
    }
    assert_eq!(setting.emulator.connections(), 1);
}

#[tokio::test]
async fn functions_and_approvals_are_answered_within_one_stream() {
    let rule = Rule::new()
        .call_functions([("get_time", json!({})), ("get_time", json!({}))])
        .ask_approval("docs", "search", json!({}))
        .call_function("get_time", json!({}));
    let setting = Setting::with([rule.reply(REPLY)]).await;
    let policy = ApprovalPolicy::approve_all();
    let stream = setting.stream().with_functions(&setting.functions).with_approvals(&policy);
    let events: Vec<RunEvent> = stream.try_collect().await.unwrap();
    let names = names(&events);
    assert_eq!(names.iter().filter(|name| **name == "done").count(), 4);
    assert_eq!(names.iter().filter(|name| **name == "thread.run.requires_action").count(), 3);
    assert_eq!(names[names.len() - 2..], ["thread.run.completed", "done"]);
    assert_eq!((setting.calls.load(Ordering::SeqCst), setting.sent("Runs_submitToolOutputs")), (3, 3));
    assert_eq!((setting.sent("Runs_create"), setting.sent("Runs_get")), (1, 0));
}

#[tokio::test]
async fn what_nobody_answers_ends_the_stream_with_nothing_sent_and_can_be_handed_in_as_a_stream() {
    let setting = Setting::with([Rule::new().call_function("get_time", json!({})).reply(REPLY)]).await;
    let mut stream = setting.stream();
    let mut seen = Vec::new();
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(event) => seen.push(event),
            Err(error) => break error,
        }
    };
    assert_eq!(names(&seen)[seen.len() - 2..], ["thread.run.requires_action", "done"]);
    assert!(stream.next().await.is_none());
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    let action = error.into_needs_action::<ThreadRun>().unwrap();
    assert_eq!((action.unanswered.len(), setting.sent("Runs_submitToolOutputs")), (1, 0));

    let foundry_sdk::Unanswered::Function { call_id, .. } = &action.unanswered[0] else { panic!("{action:?}") };
    let outputs = [ToolOutput::new().tool_call_id(call_id.as_str()).output("\"noon\"")];
    let runs = setting.classic.runs(&setting.thread);
    let text: Vec<String> =
        runs.submit_tool_outputs(&action.run.id, outputs).stream().into_text().try_collect().await.unwrap();
    assert_eq!(text.concat(), REPLY);
}

#[tokio::test]
async fn a_cut_stream_is_an_error_with_what_there_was_and_polling_goes_on() {
    let setting = Setting::with([Rule::new().reply(REPLY)]).await;
    // How long the whole is, in events.
    let whole = setting.stream().try_collect::<Vec<_>>().await.unwrap().len();
    for bytes in [0, 1, 700, 1_500, 2_500, 3_500, 4_500] {
        setting.emulator.add_fault(Fault::new().operation("Runs_create").cut_after(bytes).times(1));
        let created = setting.sent("Runs_create");
        let mut stream = setting.stream();
        let mut events = Vec::new();
        let error = loop {
            match stream.next().await.unwrap_or_else(|| panic!("ended after {events:?}")) {
                Ok(event) => events.push(event),
                Err(error) => break error,
            }
        };
        assert!(events.len() < whole);
        assert!(stream.next().await.is_none());
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert_eq!(error.operation(), Some("Runs_create"));
        assert!(error.server_may_have_acted());
        // Nothing is sent again by itself.
        assert_eq!(setting.sent("Runs_create"), created + 1);
        let text: String = events.iter().filter_map(RunEvent::text_delta).collect();
        if let Some(message) = error.partial_message() {
            assert_eq!(message.text(), text);
            assert!(REPLY.starts_with(&text));
        } else {
            let is_whole = events.iter().any(|event| matches!(event, RunEvent::MessageCompleted(_)));
            assert!(text.is_empty() || is_whole, "{text}");
        }
        match error.last_state::<ThreadRun>() {
            Some(run) => {
                let polled = stream.resume_by_polling().unwrap().await.unwrap();
                assert_eq!((&polled.id, &polled.status), (&run.id, &RunStatus::Completed));
            }
            None => {
                assert!(events.iter().all(|event| event.run().is_none()));
                assert_eq!(stream.resume_by_polling().unwrap_err().kind(), ErrorKind::InvalidInput);
                // Whatever was started ends.
                let runs = setting.classic.runs(&setting.thread).list().into_stream().try_collect::<Vec<_>>().await;
                for run in runs.unwrap() {
                    setting.classic.runs(&setting.thread).get(&run.id).poll().await.unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn outputs_of_a_cut_round_are_not_made_again() {
    for fault in [Fault::new().status(500).after_acting(), Fault::new().status(503), Fault::new().cut_after(0)] {
        let rule = Rule::new().call_function("get_time", json!({})).reply(REPLY);
        let fault = fault.operation("Runs_submitToolOutputs").times(1);
        let setting = Setting::over(Emulator::builder().rule(rule).fault(fault)).await;
        let mut stream = setting.stream().with_functions(&setting.functions);
        let error = loop {
            match stream.next().await.unwrap() {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert!(error.is_retryable(), "{error}");
        assert_eq!(error.last_state::<ThreadRun>().unwrap().status, RunStatus::RequiresAction);
        let answer = stream.resume_by_polling().unwrap().final_message().await.unwrap();
        assert_eq!(answer.text(), REPLY);
        assert_eq!(setting.calls.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_run_that_fails_is_an_error_of_its_text() {
    let setting = Setting::with([Rule::new().fail("server_error", "Sorry.")]).await;
    let error = setting.stream().into_text().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!((error.kind(), error.run_failed().unwrap().code.as_str()), (ErrorKind::RunFailed, "server_error"));
    // As events it is one of them.
    let events: Vec<RunEvent> = setting.stream().try_collect().await.unwrap();
    assert!(names(&events).contains(&"thread.run.failed"));
}

#[tokio::test]
async fn awaited_it_has_begun_or_says_why_not() {
    let setting = Setting::with([Rule::new().reply(REPLY)]).await;
    let mut stream = setting.stream().await.unwrap();
    assert_eq!(setting.sent("Runs_create"), 1);
    assert_eq!(stream.next().await.unwrap().unwrap().name(), "thread.run.created");
    drop(stream);

    let thread = setting.classic.threads().create().await.unwrap().id;
    let error = setting.classic.runs(&thread).create("asst_nobody").stream().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFound, Some("Runs_create")));

    let empty = FunctionSet::new([]).unwrap();
    let error = setting.classic.runs(&thread).create(&setting.agent).stream().with_functions(&empty).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(setting.sent("Runs_create"), 2);
}

#[tokio::test]
async fn a_thread_and_its_run_are_streamed_and_a_stream_that_is_left_cancels_its_run_if_asked_to() {
    let setting = Setting::with([Rule::new().agent("hanging").hang(), Rule::new().reply(REPLY)]).await;
    let agents = setting.classic.agents();
    let events: Vec<RunEvent> = agents.create_thread_and_run(&setting.agent).stream().try_collect().await.unwrap();
    assert_eq!(names(&events)[..2], ["thread.created", "thread.run.created"]);

    let hanging = agents.create("gpt-4.1-mini").name("hanging").await.unwrap().id;
    let mut stream = agents.create_thread_and_run(&hanging).stream().cancel_on_drop(true);
    let run = loop {
        if let RunEvent::RunInProgress(run) = stream.next().await.unwrap().unwrap() {
            break run;
        }
    };
    drop(stream);
    let run = setting.classic.runs(&run.thread_id).get(&run.id).poll().await.unwrap();
    assert_eq!(run.status, RunStatus::Cancelled);
}

#[tokio::test]
async fn however_a_stream_is_cut_and_padded_its_events_are_the_same() {
    let rule = || Rule::new().call_function("get_time", json!({})).reply(REPLY);
    let shown = async |framing: Framing| {
        let setting = Setting::over(Emulator::builder().rule(rule()).framing(framing)).await;
        let events: Vec<RunEvent> = setting.stream().with_functions(&setting.functions).try_collect().await.unwrap();
        let text: String = events.iter().filter_map(RunEvent::text_delta).collect();
        (events.iter().map(|event| event.name().to_owned()).collect::<Vec<_>>(), text)
    };
    let plain = shown(Framing::new()).await;
    assert_eq!((plain.0.last().map(String::as_str), plain.1.as_str()), (Some("done"), REPLY));
    for framing in [
        Framing::new().chunks_of(1),
        Framing::new().chunks_of(7).crlf(),
        Framing::new().one_chunk().cr(),
        Framing::new().chunks_of(100).keep_alive_comments().keep_alive_events(),
    ] {
        let told = format!("{framing:?}");
        assert_eq!(shown(framing).await, plain, "{told}");
    }
}

#[tokio::test]
async fn every_event_of_the_document_is_seen_as_what_it_is() {
    let rules = [
        Rule::new().last_message("words").call_function("get_time", json!({})).write("Once").reply(" more."),
        Rule::new().last_message("fail").write("Once").fail("server_error", "Sorry."),
        Rule::new().last_message("expire").write("Once").expire(),
        Rule::new().last_message("incomplete").incomplete_after("Once", "max_completion_tokens"),
        Rule::new().last_message("error").stream_error("server_error", "Sorry."),
        Rule::new().last_message("hang").write("Once").hang(),
    ];
    let setting = Setting::with(rules).await;
    let agents = setting.classic.agents();
    let mut seen = std::collections::BTreeSet::new();
    for question in ["words", "fail", "expire", "incomplete", "error", "hang"] {
        let thread = AgentThreadCreationOptions::new().messages([ThreadMessageOptions::new("user", question)]);
        let mut stream =
            agents.create_thread_and_run(&setting.agent).thread(thread).stream().with_functions(&setting.functions);
        while let Some(event) = stream.next().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    assert_eq!((question, error.kind()), ("error", ErrorKind::Server), "{error}");
                    assert!(error.to_string().contains("server_error - Sorry."), "{error}");
                    seen.insert("error".to_owned());
                    continue;
                }
            };
            assert!(!matches!(event, RunEvent::Unknown { .. }), "{event:?}");
            if let (RunEvent::RunInProgress(run), "hang") = (&event, question) {
                setting.classic.runs(&run.thread_id).cancel(&run.id).await.unwrap();
            }
            seen.insert(event.name().to_owned());
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/2025-05-01/openapi.json");
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let declared = &document["paths"]["/threads/{threadId}/runs"]["post"]["responses"]["200"]["x-sse-events"];
    let declared: std::collections::BTreeSet<String> =
        declared.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, declared);
}
