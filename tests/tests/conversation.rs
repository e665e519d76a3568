//! The conversation of the published walk-through, by the SDK against the emulator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::BTreeSet;
use std::time::Duration;

use foundry_emulator::LoggedRequest;
use foundry_sdk::classic::types::{
    CodeInterpreterToolDefinition, FunctionDefinition, FunctionToolDefinition, ListSortOrder, MessageAttachment,
    MessageAttachmentToolDefinition, MessageImageUrlParam, MessageInputContentBlock, MessageInputImageUrlBlock,
    MessageInputTextBlock, MessageRole, RunStatus, ThreadMessageOptions, ThreadRun, ToolDefinition, TruncationObject,
};
use foundry_sdk::{Credential, Error, ErrorKind, ProjectClient};
use foundry_tests::{Session, assert_id};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

const MODEL: &str = "20250715-gpt-4.1-mini";
const INSTRUCTIONS: &str = "Talk like you are a cowboy.";
const FIRST: &str = "Why is the sky blue?";
const SECOND: &str = "And why is it red at dusk?";

/// The states of a run, from its start.
async fn states(client: &ProjectClient, thread_id: &str, agent_id: &str) -> Vec<ThreadRun> {
    client.classic().runs(thread_id).create(agent_id).poll().try_collect().await.unwrap()
}

fn statuses(states: &[ThreadRun]) -> Vec<&str> {
    states.iter().map(|run| run.status.as_str()).collect()
}

/// What was asked: method, path under the endpoint, body.
fn asked(session: &Session) -> Vec<(String, String, Option<Value>)> {
    let requests = session.requests();
    let asked = requests.iter().map(|request| {
        assert_eq!(request.json().is_none(), request.body.is_empty(), "{request:?}");
        (request.method.clone(), session.path_of(request).to_owned(), request.json())
    });
    asked.collect()
}

fn values<'a>(request: &'a LoggedRequest, name: &str) -> Vec<&'a str> {
    let headers = request.headers.iter().filter(|(known, _)| known == name);
    headers.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn the_seven_steps_and_a_second_question() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();

    // 1. and 2. An agent, and a client with a token.
    let agent = classic.agents().create(MODEL).instructions(INSTRUCTIONS).await.unwrap();
    assert_id(&agent.id, "asst_");
    assert_eq!((agent.object.as_str(), agent.model.as_str()), ("assistant", MODEL));
    assert_eq!(agent.instructions.as_deref(), Some(INSTRUCTIONS));

    // 3. A thread.
    let thread = classic.threads().create().await.unwrap();
    assert_id(&thread.id, "thread_");
    assert_eq!(thread.object, "thread");
    assert!(thread.created_at.as_unix().unwrap() > 1_752_587_659);

    let mut asked_for = Vec::new();
    let mut runs = Vec::new();
    for question in [FIRST, SECOND] {
        // 4. A message.
        let message = classic.messages(&thread.id).create(question).await.unwrap();
        assert_id(&message.id, "msg_");
        assert_eq!((message.object.as_str(), &message.thread_id), ("thread.message", &thread.id));
        assert_eq!((&message.role, message.text().as_str()), (&MessageRole::User, question));
        assert_eq!((&message.assistant_id, &message.run_id), (&None, &None));
        asked_for.push(message.id);

        // 5. and 6. A run, until it is completed.
        let states = states(&client, &thread.id, &agent.id).await;
        assert_eq!(statuses(&states), ["queued", "in_progress", "completed"]);
        let run = states.last().unwrap();
        assert_id(&run.id, "run_");
        for state in &states {
            assert_eq!((&state.id, &state.thread_id, &state.assistant_id), (&run.id, &thread.id, &agent.id));
            assert_eq!((state.object.as_str(), state.model.as_str()), ("thread.run", MODEL));
            assert_eq!(state.instructions, INSTRUCTIONS);
            assert_eq!(state.usage.is_some(), state.status == RunStatus::Completed);
        }
        assert!(states[0].expires_at.is_some() && states[0].started_at.is_none() && run.completed_at.is_some());
        runs.push(run.id.clone());
    }
    assert_ne!(runs[0], runs[1]);
    assert_eq!(session.clock().slept(), [Duration::from_secs(1); 4]);

    // 7. The messages, the newest first.
    let page = classic.messages(&thread.id).list().await.unwrap();
    assert_eq!(
        page.data.iter().map(|message| message.role.as_str()).collect::<Vec<_>>(),
        ["assistant", "user", "assistant", "user"]
    );
    let [answer_2, question_2, answer_1, question_1] = &page.data[..] else { panic!("{page:?}") };
    assert_eq!([&question_1.id, &question_2.id], [&asked_for[0], &asked_for[1]]);
    assert_eq!([question_1.text(), question_2.text()], [FIRST, SECOND]);
    for (answer, run_id) in [(answer_1, &runs[0]), (answer_2, &runs[1])] {
        assert_id(&answer.id, "msg_");
        assert_eq!((answer.run_id.as_ref(), answer.assistant_id.as_ref()), (Some(run_id), Some(&agent.id)));
        assert!(answer.text().contains(INSTRUCTIONS), "{}", answer.text());
    }
    assert_eq!((page.last_id.as_ref(), page.has_more), (Some(&question_1.id), false));

    // The thread kept what was said before.
    assert!(answer_1.text().contains(FIRST) && !answer_1.text().contains(SECOND), "{}", answer_1.text());
    assert!(answer_2.text().contains(FIRST) && answer_2.text().contains(SECOND), "{}", answer_2.text());

    // What was on the wire.
    let messages = format!("/threads/{}/messages", thread.id);
    let start = format!("/threads/{}/runs", thread.id);
    let mut expected = vec![
        ("POST", "/assistants".to_owned(), Some(json!({ "model": MODEL, "instructions": INSTRUCTIONS }))),
        ("POST", "/threads".to_owned(), Some(json!({}))),
    ];
    for (question, run_id) in [(FIRST, &runs[0]), (SECOND, &runs[1])] {
        let get = format!("{start}/{run_id}");
        expected.extend([
            ("POST", messages.clone(), Some(json!({ "role": "user", "content": question }))),
            ("POST", start.clone(), Some(json!({ "assistant_id": agent.id }))),
            ("GET", get.clone(), None),
            ("GET", get, None),
        ]);
    }
    expected.push(("GET", messages, None));
    let expected: Vec<_> = expected.into_iter().map(|(method, path, body)| (method.to_owned(), path, body)).collect();
    assert_eq!(asked(&session), expected);
}

#[tokio::test]
async fn every_request_has_what_the_service_wants() {
    let session = Session::start().await;
    for (credential, name, other) in [
        (Credential::token("a token"), "authorization", "api-key"),
        (Credential::api_key("a key"), "api-key", "authorization"),
    ] {
        let before = session.requests().len();
        let client = session.builder().credential(credential).build().unwrap();
        let classic = client.classic();
        let agent = classic.agents().create("gpt-4.1-mini").await.unwrap();
        let thread = classic.threads().create().await.unwrap();
        classic.messages(&thread.id).create(FIRST).await.unwrap();
        states(&client, &thread.id, &agent.id).await;
        classic.runs(&thread.id).list().await.unwrap();
        classic.messages(&thread.id).list().page_size(1).await.unwrap();
        classic.threads().get("thread_missing").await.unwrap_err();
        classic.threads().delete(&thread.id).await.unwrap();
        classic.agents().delete(&agent.id).await.unwrap();

        let requests = &session.requests()[before..];
        assert_eq!(requests.len(), 11);
        let mut ids = BTreeSet::new();
        for request in requests {
            let versions: Vec<&str> = request
                .query
                .iter()
                .filter(|(name, _)| name == "api-version")
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(versions, ["2025-05-01"], "{request:?}");
            assert_eq!(values(request, name), ["REDACTED"], "{request:?}");
            assert!(values(request, other).is_empty(), "{request:?}");
            let [id] = values(request, "x-ms-client-request-id")[..] else { panic!("{request:?}") };
            assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
            ids.insert(id);
            let [user_agent] = values(request, "user-agent")[..] else { panic!("{request:?}") };
            assert!(user_agent.starts_with("foundry-sdk/"), "{user_agent}");
            let content_type: &[&str] = if request.method == "POST" { &["application/json"] } else { &[] };
            assert_eq!(values(request, "content-type"), content_type, "{request:?}");
            assert_eq!(request.body.is_empty(), request.method != "POST", "{request:?}");
            assert_eq!(values(request, "accept"), ["application/json"], "{request:?}");
        }
        assert_eq!(ids.len(), requests.len());
    }
}

#[tokio::test]
async fn a_poller_that_is_awaited_gives_the_last_state() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let agent = classic.agents().create("gpt-4.1-mini").await.unwrap();
    let thread = classic.threads().create().await.unwrap();
    let poller = classic.runs(&thread.id).create(&agent.id).instructions("Be brief.").poll();
    let run = poller.interval(Duration::from_secs(5)).await.unwrap();
    assert_eq!((&run.status, run.instructions.as_str()), (&RunStatus::Completed, "Be brief."));
    assert_eq!(session.clock().slept(), [Duration::from_secs(5); 2]);
    // Looked at again it is the same.
    assert_eq!(classic.runs(&thread.id).get(&run.id).await.unwrap(), run);
}

#[tokio::test]
async fn a_poller_that_may_not_wait_says_how_far_the_run_was() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let agent = classic.agents().create("gpt-4.1-mini").await.unwrap();
    let thread = classic.threads().create().await.unwrap();
    let poller = classic.runs(&thread.id).create(&agent.id).poll().max_wait(Duration::from_millis(800));
    let error = poller.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let runs = classic.runs(&thread.id).list().await.unwrap();
    for part in [runs.data[0].id.as_str(), &thread.id, "in_progress"] {
        assert!(error.message().contains(part), "{part} is not in {error}");
    }
}

/// An error of the service, with all it should have.
#[track_caller]
fn refused(session: &Session, error: &Error, kind: ErrorKind, operation: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    let status = error.status().unwrap().as_u16();
    assert_eq!(status, if kind == ErrorKind::NotFound { 404 } else { 400 }, "{error}");
    assert_eq!(error.operation(), Some(operation));
    let body: Value = serde_json::from_slice(error.body().unwrap()).unwrap();
    assert_eq!(error.code(), body["error"]["code"].as_str());
    assert!(error.code().is_some_and(|code| !code.is_empty()), "{body}");
    assert_eq!(Some(error.message()), body["error"]["message"].as_str());
    assert!(uuid::Uuid::parse_str(error.request_id().unwrap()).is_ok(), "{error}");
    assert!(error.to_string().contains(error.request_id().unwrap()), "{error}");
    let requests = session.requests();
    let last = requests.last().unwrap();
    assert_eq!(values(last, "x-ms-client-request-id"), [error.client_request_id().unwrap()]);
    assert_eq!(last.status, Some(status));
    // The emulator repeats our id, as the service does.
    assert_eq!(error.headers().unwrap()["x-ms-client-request-id"], error.client_request_id().unwrap());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let thread = classic.threads().create().await.unwrap();
    let missing = "thread_000000000000000000000000";
    let check = |error: Error, operation| refused(&session, &error, ErrorKind::NotFound, operation);
    check(classic.threads().get(missing).await.unwrap_err(), "Threads_get");
    check(classic.threads().delete(missing).await.unwrap_err(), "Threads_deleteThread");
    check(classic.messages(missing).create(FIRST).await.unwrap_err(), "Messages_create");
    check(classic.messages(missing).list().await.unwrap_err(), "Messages_list");
    check(classic.messages(&thread.id).get("msg_0").await.unwrap_err(), "Messages_get");
    check(classic.runs(missing).create("asst_0").poll().await.unwrap_err(), "Runs_create");
    check(classic.runs(&thread.id).get("run_0").await.unwrap_err(), "Runs_get");
    check(classic.agents().get("asst_0").await.unwrap_err(), "Agents_getAgent");
    check(classic.agents().delete("asst_0").await.unwrap_err(), "Agents_deleteAgent");
}

#[tokio::test]
async fn an_api_version_nobody_knows_is_a_bad_request() {
    let session = Session::start().await;
    let client = session.client();
    let error = client.classic().threads().create().api_version("2020-01-01").await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Threads_create");
    // Only that call was asked with it.
    client.classic().threads().create().await.unwrap();
    let versions: Vec<_> =
        session.requests().iter().map(|request| request.query_value("api-version").unwrap().to_owned()).collect();
    assert_eq!(versions, ["2020-01-01", "2025-05-01"]);
}

#[tokio::test]
async fn the_client_may_have_an_api_version_of_its_own() {
    let session = Session::start().await;
    let builder = || session.builder().credential(Credential::token("a token"));
    let odd = builder().classic_api_version("2020-01-01").build().unwrap();
    let same = builder().classic_api_version("2025-05-01").build().unwrap();
    let error = odd.classic().threads().create().await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Threads_create");
    let error = odd.classic().runs("thread_1").create("asst_1").poll().await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Runs_create");
    odd.raw_2025_05_01().threads_list(None, None, None, None).await.unwrap_err();
    // What a call says wins.
    odd.classic().threads().create().api_version("2025-05-01").await.unwrap();
    same.classic().threads().create().await.unwrap();
    let sent: Vec<Vec<(String, String)>> = session.requests().iter().map(|request| request.query.clone()).collect();
    let expected = ["2020-01-01", "2020-01-01", "2020-01-01", "2025-05-01", "2025-05-01"];
    assert_eq!(sent, expected.map(|version| vec![("api-version".to_owned(), version.to_owned())]));
}

#[tokio::test]
async fn a_thread_with_an_active_run_takes_neither_messages_nor_runs() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let agent = classic.agents().create("gpt-4.1-mini").await.unwrap();
    let thread = classic.threads().create().await.unwrap();
    let run = classic.runs(&thread.id).create(&agent.id).await.unwrap();
    assert_eq!(run.status, RunStatus::Queued);

    let error = classic.messages(&thread.id).create("Wait!").await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Messages_create");
    assert!(error.message().contains(&run.id), "{error}");
    let error = classic.runs(&thread.id).create(&agent.id).await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Runs_create");

    // When it has ended, it takes them again.
    while classic.runs(&thread.id).get(&run.id).await.unwrap().status != RunStatus::Completed {}
    classic.messages(&thread.id).create("Now.").await.unwrap();
}

#[tokio::test]
async fn what_does_not_fit_the_document_is_a_bad_request() {
    let session = Session::start().await;
    let client = session.client();
    let thread = client.classic().threads().create().await.unwrap();
    let error = client.classic().threads().list().page_size(0).await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Threads_list");
    let error = client.classic().threads().list().page_size(101).await.unwrap_err();
    refused(&session, &error, ErrorKind::BadRequest, "Threads_list");
    let mut body = ThreadMessageOptions::new("user", "Hello.");
    body.extra.insert("metadata", json!({ "number": 5 }));
    let error = client.raw_2025_05_01().messages_create(&thread.id, &body).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<Error>().unwrap();
    refused(&session, source, ErrorKind::BadRequest, "Messages_create");
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let session = Session::start().await;
    let client = session.client();
    let messages = client.classic().messages(client.classic().threads().create().await.unwrap().id);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(messages.create(format!("Question {number}")).await.unwrap().id);
    }
    for order in [ListSortOrder::Asc, ListSortOrder::Desc] {
        let mut expected = ids.clone();
        if order == ListSortOrder::Desc {
            expected.reverse();
        }
        let (mut seen, mut sizes, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let mut request = messages.list().page_size(2).order(order.clone());
            if let Some(after) = after.take() {
                request = request.after(after);
            }
            let page = request.await.unwrap();
            sizes.push(page.data.len());
            seen.extend(page.data.iter().map(|message| message.id.clone()));
            assert_eq!(page.last_id.as_ref(), seen.last());
            if !page.has_more {
                break;
            }
            after = page.last_id;
        }
        assert_eq!(seen, expected);
        assert_eq!(sizes, [2, 2, 1]);
    }
    let requests = session.requests();
    let query = |request: &LoggedRequest| request.query.iter().cloned().collect::<BTreeSet<_>>();
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeSet<_>>()
    };
    let version = ("api-version", "2025-05-01");
    assert_eq!(query(&requests[6]), pairs(&[version, ("limit", "2"), ("order", "asc")]));
    assert_eq!(query(&requests[7]), pairs(&[version, ("limit", "2"), ("order", "asc"), ("after", &ids[1])]));
    assert_eq!(query(&requests[9]), pairs(&[version, ("limit", "2"), ("order", "desc")]));

    // The page in front of an item, and an empty one.
    let page = messages.list().order("asc").before(&ids[2]).await.unwrap();
    assert_eq!(page.data.iter().map(|message| &message.id).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    let page = messages.list().order("asc").after(&ids[4]).await.unwrap();
    assert!(page.data.is_empty() && !page.has_more && page.last_id.is_none(), "{page:?}");
}

#[tokio::test]
async fn all_groups_list_what_they_hold() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let (mut agents, mut threads, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        agents.push(classic.agents().create("gpt-4.1-mini").await.unwrap().id);
        threads.push(classic.threads().create().await.unwrap().id);
        runs.push(states(&client, &threads[0], &agents[0]).await[0].id.clone());
    }
    macro_rules! check {
        ($list:expr, $expected:expr) => {{
            let page = $list.order(ListSortOrder::Asc).await.unwrap();
            assert_eq!(page.data.iter().map(|item| &item.id).collect::<Vec<_>>(), $expected.iter().collect::<Vec<_>>());
            let page = $list.page_size(1).await.unwrap();
            assert_eq!((page.data.len(), page.has_more), (1, true));
            assert_eq!(page.data[0].id, $expected[2], "the newest first");
            let page = $list.order("asc").after(&$expected[0]).page_size(1).await.unwrap();
            assert_eq!(page.data[0].id, $expected[1]);
        }};
    }
    check!(classic.agents().list(), agents);
    check!(classic.threads().list(), threads);
    check!(classic.runs(&threads[0]).list(), runs);
    assert!(classic.runs(&threads[1]).list().await.unwrap().data.is_empty());

    // The messages of one run.
    let page = classic.messages(&threads[0]).list().run_id(&runs[1]).await.unwrap();
    assert_eq!(page.data.iter().map(|message| message.run_id.as_deref()).collect::<Vec<_>>(), [Some(runs[1].as_str())]);
}

#[tokio::test]
async fn what_is_deleted_is_gone() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let agent = classic.agents().create("gpt-4.1-mini").await.unwrap();
    let [thread, other] = [classic.threads().create().await.unwrap(), classic.threads().create().await.unwrap()];
    classic.messages(&thread.id).create(FIRST).await.unwrap();

    let status = classic.threads().delete(&thread.id).await.unwrap();
    assert_eq!((status.id, status.deleted, status.object.as_str()), (thread.id.clone(), true, "thread.deleted"));
    let status = classic.agents().delete(&agent.id).await.unwrap();
    assert_eq!((status.id, status.deleted, status.object.as_str()), (agent.id.clone(), true, "assistant.deleted"));

    for error in [
        classic.threads().get(&thread.id).await.unwrap_err(),
        classic.threads().delete(&thread.id).await.unwrap_err(),
        classic.messages(&thread.id).list().await.unwrap_err(),
        classic.agents().get(&agent.id).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    let threads = classic.threads().list().await.unwrap();
    assert_eq!(threads.data.iter().map(|thread| &thread.id).collect::<Vec<_>>(), [&other.id]);
    assert!(classic.agents().list().await.unwrap().data.is_empty());
}

#[tokio::test]
async fn what_is_set_is_kept() {
    let session = Session::start().await;
    let client = session.client();
    let classic = client.classic();
    let function = FunctionDefinition::new("sky", json!({ "type": "object" })).description("A sky.");
    let tools: [ToolDefinition; 2] =
        [FunctionToolDefinition::new(function).into(), CodeInterpreterToolDefinition::new().into()];
    let agent = classic
        .agents()
        .create(MODEL)
        .name("cowboy")
        .description("A cowboy.")
        .instructions(INSTRUCTIONS)
        .tools(tools.clone())
        .temperature(0.5)
        .top_p(0.25)
        .metadata([("purpose", "test")])
        .await
        .unwrap();
    assert_eq!((agent.name.as_deref(), agent.description.as_deref()), (Some("cowboy"), Some("A cowboy.")));
    assert_eq!((agent.temperature, agent.top_p), (Some(0.5), Some(0.25)));
    // The service adds `strict` to functions.
    let mut expected = serde_json::to_value(&tools).unwrap();
    expected[0]["function"]["strict"] = json!(false);
    assert_eq!(serde_json::to_value(&agent.tools).unwrap(), expected);
    assert_eq!(agent.metadata.as_ref().unwrap()["purpose"], "test");
    assert_eq!(classic.agents().get(&agent.id).await.unwrap(), agent);

    let blocks: Vec<MessageInputContentBlock> = vec![
        MessageInputTextBlock::new("What is this?").into(),
        MessageInputImageUrlBlock::new(MessageImageUrlParam::new("https://e.example/a.png")).into(),
    ];
    let thread = classic
        .threads()
        .create()
        .messages([
            ThreadMessageOptions::new(MessageRole::User, FIRST),
            ThreadMessageOptions::new("assistant", "Howdy."),
        ])
        .metadata([("a", "b")])
        .await
        .unwrap();
    assert_eq!(thread.metadata.as_ref().unwrap()["a"], "b");
    let attached: [MessageAttachmentToolDefinition; 1] = [CodeInterpreterToolDefinition::new().into()];
    let attachment = MessageAttachment::new(attached).file_id("assistant-1");
    let message = classic.messages(&thread.id).create(blocks).attachments([attachment.clone()]).await.unwrap();
    assert_eq!(message.text(), "What is this?");
    assert_eq!(message.attachments.as_deref(), Some(&[attachment][..]));
    assert_eq!(classic.messages(&thread.id).get(&message.id).await.unwrap(), message);

    let run = classic
        .runs(&thread.id)
        .create(&agent.id)
        .model("gpt-4.1")
        .additional_messages([ThreadMessageOptions::new("user", SECOND)])
        .max_prompt_tokens(1000)
        .max_completion_tokens(2000)
        .truncation_strategy(TruncationObject::new("last_messages").last_messages(7))
        .tool_choice("none")
        .parallel_tool_calls(false)
        .response_format("auto")
        .metadata([("c", "d")])
        .poll()
        .await
        .unwrap();
    assert_eq!(
        (run.model.as_str(), run.max_prompt_tokens, run.max_completion_tokens),
        ("gpt-4.1", Some(1000), Some(2000))
    );
    assert_eq!(run.truncation_strategy.unwrap().last_messages, Some(7));
    assert_eq!((run.parallel_tool_calls, run.metadata.unwrap()["c"].as_str()), (false, "d"));
    let messages = classic.messages(&thread.id).list().order("asc").await.unwrap();
    let texts: Vec<String> = messages.data.iter().map(|message| message.text()).collect();
    assert_eq!(texts[..4], [FIRST, "Howdy.", "What is this?", SECOND]);
    assert_eq!(texts.len(), 5);
}

#[tokio::test]
async fn a_reply_has_the_body_and_the_ids_of_the_call() {
    let session = Session::start().await;
    let client = session.client();
    let reply = client.classic().threads().create().send().await.unwrap();
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["id"], reply.id.as_str());
    assert_eq!(body, session.exchanges()[0].body);
    assert!(uuid::Uuid::parse_str(reply.request_id().unwrap()).is_ok());
    assert_eq!(values(&session.requests()[0], "x-ms-client-request-id"), [reply.client_request_id()]);

    let raw = client.raw_2025_05_01().threads_get(&reply.id).await.unwrap();
    assert_eq!(raw.body, reply.body);
    assert_eq!(values(&session.requests()[1], "authorization"), ["REDACTED"]);
}
