//! What is waited for: files, vector stores, their files and batches; until they end, with the first request's options.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foundry_sdk::classic::types::{FileInfo, FilePurpose, VectorStore};
use foundry_sdk::{
    Body, BoxError, Credential, ErrorKind, FileContent, FoundryFeature, ProjectClient, RequestBody, Transport,
};
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, Request, Response};
use serde_json::json;

use crate::common::{RecordingClock, locked};

/// Answers each route with these bodies, the last one for ever.
#[derive(Clone, Default)]
struct Routes {
    answers: Arc<Mutex<HashMap<&'static str, VecDeque<String>>>>,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Routes {
    fn on(self, route: &'static str, answers: impl IntoIterator<Item = serde_json::Value>) -> Self {
        locked(&self.answers).insert(route, answers.into_iter().map(|answer| answer.to_string()).collect());
        self
    }

    fn asked(&self) -> Vec<String> {
        locked(&self.asked).iter().map(|(route, _)| route.clone()).collect()
    }

    fn client(&self, clock: &RecordingClock) -> ProjectClient {
        ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
            .credential(Credential::api_key("a key"))
            .clock(clock.clone())
            .transport(self.clone())
            .build()
            .unwrap()
    }
}

impl Transport for Routes {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let path = request.uri().path().strip_prefix("/api/projects/p").unwrap();
        let route = format!("{} {path}", request.method());
        locked(&self.asked).push((route.clone(), request.headers().clone()));
        let mut answers = locked(&self.answers);
        let answers = answers.get_mut(&*route).unwrap_or_else(|| panic!("{route} was asked"));
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        Box::pin(std::future::ready(Ok(Response::new(Body::from(answer)))))
    }
}

fn file(status: &str) -> serde_json::Value {
    json!({ "id": "f", "object": "file", "bytes": 1, "filename": "a", "created_at": 1, "purpose": "assistants",
            "status": status, "status_details": if status == "error" { "It is a zip bomb." } else { "" } })
}

#[tokio::test]
async fn an_upload_is_polled_until_it_is_processed() {
    let states = ["pending", "running", "running", "polishing", "processed"].map(file);
    let routes = Routes::default().on("POST /files", [file("uploaded")]).on("GET /files/f", states);
    let clock = RecordingClock::new();
    let upload = routes.client(&clock).classic().files().upload(FileContent::new("a", "x"), FilePurpose::Assistants);
    let upload = upload.header("x-own", "1").features([FoundryFeature::new("Files=V1Preview")]);
    let seen: Vec<FileInfo> = upload.poll().try_collect().await.unwrap();
    let seen: Vec<&str> = seen.iter().map(|file| file.status.as_ref().unwrap().as_str()).collect();
    assert_eq!(seen, ["uploaded", "pending", "running", "polishing", "processed"]);
    assert_eq!(routes.asked(), [&["POST /files"][..], &["GET /files/f"; 5]].concat());
    assert_eq!(clock.slept().len(), 5);
    // The questions have what the upload had, but for its body and its id.
    let asked = locked(&routes.asked).clone();
    for (route, headers) in &asked[1..] {
        assert_eq!(
            (&headers["x-own"], &headers["foundry-features"]),
            (&asked[0].1["x-own"], &asked[0].1["foundry-features"])
        );
        assert_ne!(headers["x-ms-client-request-id"], asked[0].1["x-ms-client-request-id"]);
        assert!(!headers.contains_key("content-type"), "{route}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_an_error_if_it_is_asked_for() {
    for (status, is_good, is_error) in [
        (json!("processed"), true, false),
        (json!(null), true, false),
        (json!("error"), false, true),
        (json!("deleted"), false, false),
        (json!("deleting"), false, false),
    ] {
        let mut answer = file(status.as_str().unwrap_or_default());
        answer["status"] = status.clone();
        let routes = Routes::default().on("GET /files/f", [file("running"), answer]);
        let files = routes.client(&RecordingClock::new()).classic().files();
        let result = files.get("f").poll().processed().await;
        assert_eq!(result.is_ok(), is_good, "{status}");
        assert_eq!(routes.asked().len(), 2, "{status}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::NotReady);
            assert_eq!(error.last_state::<FileInfo>().unwrap().id, "f");
            assert_eq!(error.message().contains("zip bomb"), is_error, "{error}");
        }
    }
}

fn counts(in_progress: u32, failed: u32) -> serde_json::Value {
    json!({ "in_progress": in_progress, "completed": 2, "failed": failed, "cancelled": 0, "total": 9 })
}

fn store(status: &str, failed: u32) -> serde_json::Value {
    json!({ "id": "vs", "object": "vector_store", "status": status, "file_counts": counts(0, failed) })
}

#[tokio::test]
async fn a_store_is_polled_until_it_ends_and_tells_of_failed_files() {
    for (last, failed, is_good) in
        [("completed", 0, true), ("completed", 2, false), ("expired", 0, false), ("failed", 0, false)]
    {
        let states = [store("in_progress", 0), store("polishing", 0), store(last, failed)];
        let routes = Routes::default().on("POST /vector_stores", [store("in_progress", 0)]);
        let routes = routes.on("GET /vector_stores/vs", states.clone());
        let stores = routes.client(&RecordingClock::new()).classic().vector_stores();
        // Awaited it gives the store, however it ended.
        assert_eq!(stores.create().name("n").poll().await.unwrap().status.as_str(), last);
        assert_eq!(routes.asked().len(), 4);
        let routes = routes.on("GET /vector_stores/vs", states);
        let result = stores.get("vs").poll().completed().await;
        assert_eq!(result.is_ok(), is_good, "{last} {failed}");
        assert_eq!(routes.asked().len(), 7);
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::NotReady);
            let not_ready = error.not_ready().unwrap();
            assert_eq!((not_ready.status.as_str(), not_ready.failed), (last, i64::from(failed)));
            assert_eq!(error.last_state::<VectorStore>().unwrap().id, "vs");
        }
    }
}

#[tokio::test]
async fn the_files_and_batches_of_a_store_are_polled_in_it() {
    let of = |status: &str| {
        json!({ "id": "x", "status": status, "file_counts": counts(0, 0),
                "last_error": if status == "failed" { json!({ "code": "invalid_file", "message": "No." }) } else { json!(null) } })
    };
    let going = || [of("in_progress"), of("in_progress"), of("completed")];
    let routes = Routes::default()
        .on("POST /vector_stores/vs/files", [of("in_progress")])
        .on("GET /vector_stores/vs/files/x", going())
        .on("POST /vector_stores/vs/file_batches", [of("in_progress")])
        .on("GET /vector_stores/vs/file_batches/x", going());
    let classic = routes.client(&RecordingClock::new()).classic();
    let file = classic.vector_store_files("vs").create().file_id("x").poll().completed().await.unwrap();
    assert_eq!(file.status.as_str(), "completed");
    let batch = classic.vector_store_file_batches("vs").create().file_ids(["x"]).poll().completed().await.unwrap();
    assert_eq!(batch.status.as_str(), "completed");
    assert_eq!(routes.asked().len(), 8);

    let routes = routes.on("GET /vector_stores/vs/files/x", [of("in_progress"), of("failed")]);
    let error = classic.vector_store_files("vs").get("x").poll().completed().await.unwrap_err();
    assert_eq!(error.not_ready().unwrap().reason.as_deref(), Some("No. (invalid_file)"));
    let routes = routes
        .on("POST /vector_stores/vs/file_batches/x/cancel", [of("in_progress")])
        .on("GET /vector_stores/vs/file_batches/x", [of("in_progress"), of("cancelled")]);
    let batches = classic.vector_store_file_batches("vs");
    assert_eq!(batches.cancel("x").poll().await.unwrap().status.as_str(), "cancelled");
    let asked = routes.asked();
    assert!(asked.iter().any(|route| route == "POST /vector_stores/vs/file_batches/x/cancel"));
}

#[tokio::test]
async fn the_deadline_ends_it_and_a_batch_can_be_canceled_then() {
    let going = || [json!({ "id": "x", "status": "in_progress", "file_counts": counts(1, 0) })];
    let routes = Routes::default()
        .on("POST /vector_stores/vs/file_batches", going())
        .on("GET /vector_stores/vs/file_batches/x", going())
        .on("POST /vector_stores/vs/file_batches/x/cancel", going());
    let clock = RecordingClock::new();
    let batches = routes.client(&clock).classic().vector_store_file_batches("vs");
    let poller = batches.create().file_ids(["x"]).poll().max_wait(Duration::from_secs(60)).cancel_on_deadline(true);
    let error = poller.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(error.message().contains("it was canceled"), "{error}");
    assert_eq!(clock.slept().iter().sum::<Duration>(), Duration::from_secs(60));
    assert_eq!(routes.asked().iter().filter(|route| route.ends_with("/cancel")).count(), 1);
}
