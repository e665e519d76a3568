//! Jobs: polled from their start to their result, and never asked about elsewhere.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod script;

use std::time::Duration;

use foundry_sdk::types::{
    AgentOptimizationModelConfiguration, DataGenerationJob, EvaluationDataGenerationJobInputs, MemoryStoreUpdateResult,
    PromptDataGenerationJobSource, PromptEvaluatorGenerationJobSource, PromptOptimizationConfiguration,
    SimpleQnADataGenerationJobConfiguration,
};
use foundry_sdk::{ErrorKind, FoundryFeature, JobOutcome, ProjectClient, Result};
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use self::script::{Answer, RecordingClock, Script};

const ORIGIN: &str = "https://res.services.ai.azure.com";

/// Something that starts a job: the document's id of the operation, where its status is, what of the
/// status names the job, and a call that says which states it saw.
struct Start {
    operation: &'static str,
    route: &'static str,
    status: &'static str,
    id: &'static str,
    ended: &'static str,
    run: fn(ProjectClient) -> BoxFuture<'static, Result<Vec<String>>>,
}

/// The states that a poller shows, with a header and a feature on the request.
macro_rules! states {
    (|$client:ident| $request:expr) => {
        |$client| {
            Box::pin(async move {
                let request = $request;
                let poller = request.header("x-own", "1").features([FoundryFeature::new("Own=V1Preview")]).poll();
                let seen: Vec<_> = poller.try_collect().await?;
                Ok(seen.iter().map(|state| foundry_sdk::Polled::state(state).to_owned()).collect())
            })
        }
    };
}

fn inputs() -> EvaluationDataGenerationJobInputs {
    EvaluationDataGenerationJobInputs::new(
        "questions",
        [PromptDataGenerationJobSource::new("About the sky")],
        SimpleQnADataGenerationJobConfiguration::new(3),
    )
}

fn starts() -> Vec<Start> {
    vec![
        Start {
            operation: "Agents_createOptimizationJob",
            route: "POST /agent_optimization_jobs",
            status: "/agent_optimization_jobs/job_1",
            id: "id",
            ended: "succeeded",
            run: states!(|client| client.agents().create_optimization_job(
                AgentOptimizationModelConfiguration::new("gpt-4.1-mini"),
                PromptOptimizationConfiguration::new(),
            )),
        },
        Start {
            operation: "Datasets_createGenerationJob",
            route: "POST /data_generation_jobs",
            status: "/data_generation_jobs/job_1",
            id: "id",
            ended: "succeeded",
            run: states!(|client| client.datasets().create_generation_job(inputs())),
        },
        Start {
            operation: "Evaluators_createGenerationJob",
            route: "POST /evaluator_generation_jobs",
            status: "/evaluator_generation_jobs/job_1",
            id: "id",
            ended: "succeeded",
            run: states!(|client| client.evaluators().create_generation_job(
                [PromptEvaluatorGenerationJobSource::new("Is it polite?")],
                "gpt-4.1-mini",
                "politeness",
            )),
        },
        Start {
            operation: "BetaAgentInsightMonitors_createRun",
            route: "POST /agent_insight_monitors/monitor_1/runs",
            status: "/agent_insight_monitors/monitor_1/runs/job_1",
            id: "id",
            ended: "succeeded",
            run: states!(|client| client.preview().agent_insight_monitors().create_run("monitor_1")),
        },
        Start {
            operation: "BetaMemoryStores_updateMemories",
            route: "POST /memory_stores/store_1:update_memories",
            status: "/memory_stores/store_1/updates/job_1",
            id: "update_id",
            ended: "completed",
            run: states!(|client| client.preview().memory_stores().update_memories("store_1", "user_1")),
        },
    ]
}

fn state_of(id: &str, state: &str) -> Value {
    json!({ id: "job_1", "status": state, "scenario": "evaluation" })
}

#[test]
fn the_list_has_all_jobs_of_the_document() {
    let marked: Vec<&str> =
        foundry_raw::v1::OPERATIONS.iter().filter(|known| known.long_running.is_some()).map(|known| known.id).collect();
    let mut listed: Vec<&str> = starts().iter().map(|start| start.operation).collect();
    listed.sort_unstable();
    let mut sorted = marked.clone();
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
}

#[tokio::test]
async fn every_job_is_asked_about_where_its_answer_says_or_else_where_the_document_has_it() {
    for start in starts() {
        let elsewhere = "/jobs/of/another/kind?token=1";
        for location in
            [None, Some(format!("{ORIGIN}/api/projects/p{elsewhere}")), Some(format!("/api/projects/p{elsewhere}"))]
        {
            let is_named = location.is_some();
            let route = match is_named {
                true => "GET /jobs/of/another/kind".to_owned(),
                false => format!("GET {}", start.status),
            };
            let mut first = Answer::new(state_of(start.id, "queued"));
            if let Some(location) = location {
                first = first.header("operation-location", &location);
            }
            let script = Script::default().on(start.route, [first]).on(
                &route,
                ["in_progress", "in_progress", start.ended].map(|state| Answer::new(state_of(start.id, state))),
            );
            let clock = RecordingClock::new();
            let states = (start.run)(script.client(&clock)).await.unwrap();
            assert_eq!(states, ["queued", "in_progress", start.ended], "{}", start.operation);

            let asked = script.asked();
            assert_eq!(asked.len(), 4, "{}", start.operation);
            let operation = foundry_raw::v1::OPERATIONS.iter().find(|known| known.id == start.operation).unwrap();
            for (index, request) in asked.iter().enumerate() {
                let place = format!("{} {index}", start.operation);
                assert_eq!(request.query("api-version").as_deref(), Some("v1"), "{place}");
                assert_eq!(request.query("token").is_some(), is_named && index > 0, "{place}");
                assert_eq!(request.headers["x-own"], "1", "{place}");
                assert_eq!(request.headers["api-key"], "a key", "{place}");
                // What the start needs goes with each question, and what the caller opted into.
                let features = request.headers["foundry-features"].to_str().unwrap();
                let mut expected: Vec<&str> = match operation.features {
                    foundry_raw::Features::Required(names) => names.to_vec(),
                    _ => Vec::new(),
                };
                expected.push("Own=V1Preview");
                assert_eq!(features.split(',').collect::<Vec<_>>(), expected, "{place}");
            }
            assert!(asked[1].headers.get("content-type").is_none());
            assert_ne!(asked[0].headers["x-ms-client-request-id"], asked[1].headers["x-ms-client-request-id"]);
        }
    }
}

#[tokio::test]
async fn a_status_elsewhere_is_not_asked_for() {
    for (location, named) in [
        ("https://res.services.ai.azure.com.evil.example/status", "https://res.services.ai.azure.com.evil.example"),
        ("https://res.services.ai.azure.com@evil.example/status", "https://evil.example"),
        ("//evil.example/status", "https://evil.example"),
        ("http://res.services.ai.azure.com/status", "http://res.services.ai.azure.com"),
        ("https://res.services.ai.azure.com:8443/status", "https://res.services.ai.azure.com:8443"),
    ] {
        let first = Answer::new(state_of("update_id", "queued")).header("operation-location", location);
        let script = Script::default().on("POST /memory_stores/s:update_memories", [first]);
        let stores = script.client(&RecordingClock::new()).preview().memory_stores();
        let error = stores.update_memories("s", "user_1").poll().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{location}");
        assert!(error.message().contains(named) && error.message().contains(ORIGIN), "{error}");
        assert_eq!(error.last_state::<MemoryStoreUpdateResult>().unwrap().update_id, "job_1");
        assert_eq!(script.asked().len(), 1, "{location}");
    }
}

#[tokio::test]
async fn a_name_in_the_url_of_the_status_is_not_sent() {
    let first = Answer::new(state_of("update_id", "queued"))
        .header("operation-location", "https://user:word@res.services.ai.azure.com/api/projects/p/status");
    let script = Script::default()
        .on("POST /memory_stores/s:update_memories", [first])
        .on("GET /status", [Answer::new(state_of("update_id", "completed"))]);
    let stores = script.client(&RecordingClock::new()).preview().memory_stores();
    stores.update_memories("s", "user_1").poll().await.unwrap();
    let asked = script.asked();
    assert!(!asked[1].uri.contains("word"), "{}", asked[1].uri);
    assert!(!asked[1].headers.contains_key("authorization"));
}

fn update(status: &str, more: Value) -> Answer {
    let mut state = json!({ "update_id": "job_1", "status": status });
    state.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    Answer::new(state)
}

fn updates(last: Answer) -> (Script, RecordingClock) {
    let script = Script::default()
        .on("POST /memory_stores/s:update_memories", [update("queued", json!({}))])
        .on("GET /memory_stores/s/updates/job_1", [last]);
    (script, RecordingClock::new())
}

#[tokio::test]
async fn every_end_of_a_job_is_told_apart() {
    let failure = json!({ "error": { "code": "model_missing", "message": "There is no such model." } });
    let result = json!({ "result": { "memory_operations": [], "usage": {} } });
    for (status, more, ends_as) in [
        ("completed", result.clone(), "completed with a result"),
        ("succeeded", result, "completed with a result"),
        ("completed", json!({ "result": null }), "completed without"),
        ("completed", json!({}), "completed without"),
        ("superseded", json!({ "superseded_by": "job_2" }), "superseded by Some(\"job_2\")"),
        ("superseded", json!({}), "superseded by None"),
        ("failed", failure.clone(), "failed for Some(\"model_missing\")"),
        ("failed", json!({ "error": null }), "failed for None"),
        ("cancelled", json!({}), "cancelled for None"),
        ("canceled", json!({}), "canceled for None"),
    ] {
        let (script, clock) = updates(update(status, more));
        let start = || script.client(&clock).preview().memory_stores().update_memories("s", "user_1");
        let told = match start().poll().outcome().await {
            Ok(JobOutcome::Completed(Some(_))) => "completed with a result".to_owned(),
            Ok(JobOutcome::Completed(None)) => "completed without".to_owned(),
            Ok(JobOutcome::Superseded { by }) => format!("superseded by {by:?}"),
            Ok(other) => format!("{other:?}"),
            Err(error) => {
                let failed = error.job_failed().unwrap();
                assert_eq!(error.kind(), ErrorKind::JobFailed);
                assert_eq!(error.last_state::<MemoryStoreUpdateResult>().unwrap().status.as_str(), status);
                assert!(error.to_string().contains("memory store update job_1"), "{error}");
                assert_eq!(error.client_request_id().map(str::len), Some(36));
                format!("{} for {:?}", failed.status, failed.reason.as_ref().and_then(|reason| reason.code.clone()))
            }
        };
        assert_eq!(told, ends_as, "{status}");
        // The state itself is there whatever it is.
        assert_eq!(start().poll().await.unwrap().status.as_str(), status);
        let completed = start().poll().completed().await;
        assert_eq!(completed.is_ok(), !ends_as.contains(" for "), "{status}");
        assert_eq!(completed.ok().flatten().is_some(), ends_as == "completed with a result", "{status}");
    }
}

#[tokio::test]
async fn a_job_that_was_started_before_is_polled_by_its_id() {
    let script = Script::default().on(
        "GET /data_generation_jobs/job_1",
        ["in_progress", "succeeded"].map(|state| Answer::new(state_of("id", state))),
    );
    let datasets = script.client(&RecordingClock::new()).datasets();
    let job = datasets.get_generation_job("job_1").poll().await.unwrap();
    assert_eq!(foundry_sdk::Polled::state(&job), "succeeded");
    assert_eq!(script.routes(), ["GET /data_generation_jobs/job_1"; 2]);
}

#[tokio::test]
async fn a_job_of_a_kind_that_nobody_knows_is_polled_too() {
    let job = |status: &str| {
        Answer::new(json!({ "id": "job_1", "scenario": "dreams", "status": status,
                            "result": { "generated_samples": 7 } }))
    };
    let script = Script::default()
        .on("POST /data_generation_jobs", [job("queued")])
        .on("GET /data_generation_jobs/job_1", [job("succeeded")]);
    let datasets = script.client(&RecordingClock::new()).datasets();
    let result = datasets.create_generation_job(inputs()).poll().completed().await.unwrap().unwrap();
    assert_eq!(result.generated_samples, 7);
}

#[tokio::test]
async fn an_answer_that_names_neither_id_nor_url_is_an_error() {
    let script = Script::default()
        .on("POST /data_generation_jobs", [Answer::new(json!({ "scenario": "x", "status": "queued" }))]);
    let datasets = script.client(&RecordingClock::new()).datasets();
    let error = datasets.create_generation_job(inputs()).poll().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.last_state::<DataGenerationJob>().is_some());
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn waits_are_the_services_or_grow_to_half_a_minute() {
    let (script, clock) = updates(update("queued", json!({})).header("retry-after", "7"));
    let update_memories = || script.client(&clock).preview().memory_stores().update_memories("s", "user_1").poll();
    let error = update_memories().max_wait(Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(error.last_state::<MemoryStoreUpdateResult>().unwrap().update_id, "job_1");
    assert_eq!(clock.slept()[1..4], [Duration::from_secs(7); 3]);

    let (script, clock) = updates(update("queued", json!({})));
    let started = script.client(&clock).preview().memory_stores().update_memories("s", "user_1").poll();
    assert_eq!(started.await.unwrap_err().kind(), ErrorKind::Deadline);
    let slept = clock.slept();
    assert_eq!(slept[0], Duration::from_secs(1));
    let whole = slept.len() - 2;
    assert!(slept[..whole].windows(2).all(|pair| pair[0] <= pair[1]), "{slept:?}");
    assert_eq!(slept[whole - 1], Duration::from_secs(30));
    assert_eq!(slept.iter().sum::<Duration>(), Duration::from_secs(3600));
}

#[tokio::test]
async fn questions_that_fail_for_a_while_are_asked_again() {
    let (script, clock) = updates(update("completed", json!({})));
    let script = script.on(
        "GET /memory_stores/s/updates/job_1",
        [
            Answer::status(503).header("retry-after", "9"),
            Answer::status(500),
            Answer::broken(),
            update("completed", json!({})),
        ],
    );
    let stores = script.client(&clock).preview().memory_stores();
    stores.update_memories("s", "user_1").retry(foundry_sdk::RetryPolicy::none()).poll().completed().await.unwrap();
    assert_eq!(script.asked().len(), 5);
    assert_eq!(clock.slept()[1], Duration::from_secs(9));
}

#[tokio::test]
async fn a_job_is_canceled_when_its_time_is_over() {
    let script = Script::default()
        .on("POST /data_generation_jobs", [Answer::new(state_of("id", "queued"))])
        .on("GET /data_generation_jobs/job_1", [Answer::new(state_of("id", "in_progress"))])
        .on("POST /data_generation_jobs/job_1:cancel", [Answer::new(state_of("id", "cancelled"))]);
    let datasets = script.client(&RecordingClock::new()).datasets();
    let poller = datasets.create_generation_job(inputs()).header("x-own", "1").poll();
    let error = poller.max_wait(Duration::from_secs(5)).cancel_on_deadline(true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(error.message().contains("it was canceled"), "{error}");
    assert_eq!(script.routes().last().unwrap(), "POST /data_generation_jobs/job_1:cancel");
    assert_eq!(script.asked().last().unwrap().headers["x-own"], "1");
}
