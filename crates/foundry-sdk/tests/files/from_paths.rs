//! Vector stores of paths: several uploads at a time, one report of what failed, and nothing lost on an error.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foundry_emulator::Emulator;
use foundry_sdk::classic::{FileOutcome, FilesProgress, VectorStoreReport};
use foundry_sdk::{
    Body, BoxError, Credential, Error, ErrorKind, HttpTransport, ProjectClient, RequestBody, RetryPolicy, Transport,
};
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use http::{Request, Response};
use tempfile::TempDir;

use crate::common::{RecordingClock, locked};

type Interfere = dyn Fn(usize, &str) -> Option<(u16, &'static str)> + Send + Sync;

/// Passes requests on, but for those that it answers itself: by their number and route.
#[derive(Clone)]
struct Between {
    http: HttpTransport,
    interfere: Arc<Interfere>,
    routes: Arc<Mutex<Vec<String>>>,
    uploads: Arc<AtomicUsize>,
    most_uploads: Arc<AtomicUsize>,
}

impl Transport for Between {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let path = request.uri().path().split_once("/projects/").unwrap().1.split_once('/').unwrap().1;
        let route = format!("{} {path}", request.method());
        let number = {
            let mut routes = locked(&self.routes);
            routes.push(route.clone());
            routes.iter().filter(|before| **before == route).count()
        };
        Box::pin(async move {
            let is_upload = route == "POST files";
            if is_upload {
                let now = self.uploads.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_uploads.fetch_max(now, Ordering::SeqCst);
                // The others get the time to begin as well.
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            }
            let answer = match (self.interfere)(number, &route) {
                Some((status, body)) => {
                    // As a server does it that answers when it has read all.
                    let mut sent = request.into_body().into_stream();
                    while sent.try_next().await?.is_some() {}
                    let answer = Response::builder().status(status).body(Body::from(body)).unwrap();
                    Ok(answer)
                }
                None => self.http.send(request).await,
            };
            if is_upload {
                self.uploads.fetch_sub(1, Ordering::SeqCst);
            }
            answer
        })
    }
}

struct Scene {
    emulator: Emulator,
    between: Between,
    client: ProjectClient,
    clock: RecordingClock,
    folder: TempDir,
}

impl Scene {
    async fn new(interfere: impl Fn(usize, &str) -> Option<(u16, &'static str)> + Send + Sync + 'static) -> Self {
        Self::with(RetryPolicy::none(), interfere).await
    }

    async fn with(
        retry: RetryPolicy,
        interfere: impl Fn(usize, &str) -> Option<(u16, &'static str)> + Send + Sync + 'static,
    ) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let between = Between {
            http: HttpTransport::new().unwrap(),
            interfere: Arc::new(interfere),
            routes: Arc::default(),
            uploads: Arc::default(),
            most_uploads: Arc::default(),
        };
        let clock = RecordingClock::new();
        let client = ProjectClient::builder(emulator.endpoint())
            .credential(Credential::api_key("a key"))
            .clock(clock.clone())
            .retry(retry)
            .transport(between.clone())
            .build()
            .unwrap();
        Self { emulator, between, client, clock, folder: tempfile::tempdir().unwrap() }
    }

    /// Files of these names.
    fn paths(&self, names: &[&str]) -> Vec<PathBuf> {
        let write = |name: &&str| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, format!("This is {name}.")).unwrap();
            path
        };
        names.iter().map(write).collect()
    }

    fn routes(&self, route: &str) -> usize {
        locked(&self.between.routes).iter().filter(|sent| *sent == route).count()
    }
}

fn nothing(_: usize, _: &str) -> Option<(u16, &'static str)> {
    None
}

fn report(error: &Error) -> &VectorStoreReport {
    error.last_state().unwrap()
}

fn shown(report: &VectorStoreReport) -> Vec<String> {
    let outcome = |outcome: &FileOutcome| outcome.to_string().split([':', ' ']).take(2).collect::<Vec<_>>().join(" ");
    report.files.iter().map(|file| outcome(&file.outcome)).collect()
}

#[tokio::test]
async fn all_files_are_uploaded_and_indexed() {
    let scene = Scene::new(nothing).await;
    let names: Vec<String> = (0..10).map(|number| format!("Übung {number}.md")).collect();
    let paths = scene.paths(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let told = Arc::new(Mutex::new(Vec::<FilesProgress>::new()));
    let telling = Arc::clone(&told);
    let making = scene.client.classic().vector_stores().create_from_paths(&paths).name("docs").concurrency(3);
    let report = making.on_progress(move |progress| locked(&telling).push(progress)).await.unwrap();

    let store = report.vector_store.as_ref().unwrap();
    assert_eq!((store.name.as_deref(), store.status.as_str()), (Some("docs"), "completed"));
    assert_eq!((store.file_counts.completed, store.file_counts.total), (10, 10));
    assert_eq!(report.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), paths);
    assert!(report.failed().next().is_none());
    let files = scene.client.classic().files();
    for (file, name) in report.files.iter().zip(&names) {
        assert_eq!(files.get(file.file_id.as_deref().unwrap()).await.unwrap().filename, *name);
    }
    // As many at a time as allowed, and no more; looked at until it was done, and nothing listed.
    assert_eq!(scene.between.most_uploads.load(Ordering::SeqCst), 3);
    assert_eq!((scene.routes("POST files"), scene.routes("POST vector_stores")), (10, 1));
    assert!(!scene.clock.slept().is_empty());
    assert_eq!(scene.routes(&format!("GET vector_stores/{}/files", store.id)), 0);
    assert_eq!(report.to_string(), format!("vector store {} is completed with all 10 files", store.id));
    let size: u64 = paths.iter().map(|path| std::fs::metadata(path).unwrap().len()).sum();
    let last = locked(&told).last().copied().unwrap();
    assert_eq!((last.files, last.uploaded, last.failed, last.bytes), (10, 10, 0, size));
    assert_eq!(report.into_result().unwrap().file_counts.completed, 10);
    drop(scene.emulator);
}

#[tokio::test]
async fn one_report_says_what_failed_and_why() {
    let refuses_the_second = |number, route: &str| {
        (route == "POST files" && number == 2)
            .then_some((413, r#"{"error":{"code":"too_large","message":"Too large."}}"#))
    };
    let scene = Scene::new(refuses_the_second).await;
    let mut paths = scene.paths(&["a.md", "b.md", "table.csv", "c.md"]);
    paths.insert(0, scene.folder.path().join("none.md"));
    let making = || scene.client.classic().vector_stores().create_from_paths(&paths).concurrency(1);
    let report = making().await.unwrap();
    assert_eq!(shown(&report), ["not uploaded", "indexed", "not uploaded", "not indexed", "indexed"]);
    let store = report.vector_store.clone().unwrap();
    // The service calls it completed.
    assert_eq!((store.status.as_str(), store.file_counts.failed), ("completed", 1));
    let outcomes: Vec<&FileOutcome> = report.files.iter().map(|file| &file.outcome).collect();
    assert!(matches!(outcomes[0], FileOutcome::UploadFailed(error) if error.kind() == ErrorKind::LocalFile));
    assert!(matches!(outcomes[2], FileOutcome::UploadFailed(error) if error.code() == Some("too_large")));
    let FileOutcome::NotIndexed(why) = outcomes[3] else { panic!("{}", outcomes[3]) };
    assert!(why.reason.as_ref().unwrap().contains("unsupported_file"), "{why}");
    let uploaded: Vec<bool> = report.files.iter().map(|file| file.file_id.is_some()).collect();
    assert_eq!(uploaded, [false, true, false, true, true]);
    assert_eq!(report.failed().count(), 3);
    // It is no success to who insists, and the report is in the error.
    let error = report.into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
    for part in [&*store.id, "without 3 of 5 files", "none.md", "Too large.", "unsupported_file"] {
        assert!(error.message().contains(part), "{part}: {error}");
    }
    assert_eq!(super::from_paths::report(&error).failed().count(), 3);
    let error = making().completed().await.unwrap_err();
    assert_eq!(super::from_paths::report(&error).vector_store.as_ref().unwrap().status.as_str(), "completed");
}

#[tokio::test]
async fn a_store_with_all_that_was_uploaded_is_not_whole_if_something_was_not() {
    let scene = Scene::new(nothing).await;
    let mut paths = scene.paths(&["a.md"]);
    paths.push(scene.folder.path().join("none.md"));
    let making = || scene.client.classic().vector_stores().create_from_paths(&paths);
    let report = making().await.unwrap();
    assert!(report.vector_store.clone().unwrap().into_result().is_ok());
    assert_eq!(report.into_result().unwrap_err().kind(), ErrorKind::NotReady);
    assert_eq!(making().completed().await.unwrap_err().kind(), ErrorKind::NotReady);
}

#[tokio::test]
async fn what_is_sent_again_counts_once() {
    let scene = Scene::with(RetryPolicy::new(), |number, route: &str| {
        (route == "POST files" && number <= 2).then_some((429, "{}"))
    });
    let scene = scene.await;
    let paths = scene.paths(&["a.md", "b.md", "c.md"]);
    let told = Arc::new(Mutex::new(Vec::<FilesProgress>::new()));
    let telling = Arc::clone(&told);
    let making = scene.client.classic().vector_stores().create_from_paths(&paths).concurrency(1);
    let making = making.on_progress(move |progress| locked(&telling).push(progress));
    assert_eq!(making.completed().await.unwrap().file_counts.completed, 3);
    assert_eq!(scene.routes("POST files"), 5);
    let size: u64 = paths.iter().map(|path| std::fs::metadata(path).unwrap().len()).sum();
    let told = locked(&told).clone();
    assert_eq!(told.last().unwrap().bytes, size);
    assert!(told.iter().all(|progress| progress.bytes <= size), "{told:?}");
}

#[tokio::test]
async fn what_was_done_before_an_error_is_in_it() {
    for (broken, expected) in [
        ("POST vector_stores", ["uploaded", "uploaded"]),
        // Each look at the store fails for good.
        ("GET vector_stores/", ["uploaded", "uploaded"]),
    ] {
        let fails = move |_, route: &str| {
            let is_it = if broken.ends_with('/') { route.starts_with(broken) } else { route == broken };
            is_it.then_some((400, r#"{"error":{"code":"no","message":"No."}}"#))
        };
        let scene = Scene::new(fails).await;
        let paths = scene.paths(&["a.md", "b.md"]);
        let error = scene.client.classic().vector_stores().create_from_paths(&paths).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::BadRequest, Some("no")), "{broken}");
        assert_eq!(shown(report(&error)), expected, "{broken}");
        assert_eq!(report(&error).vector_store.is_some(), broken.ends_with('/'));
        // The ids lead to what is there.
        for id in report(&error).file_ids() {
            scene.client.classic().files().get(id).await.unwrap();
        }
        assert_eq!(report(&error).file_ids().count(), 2);
    }
}

#[tokio::test]
async fn a_failure_that_is_the_same_for_all_ends_it() {
    let refuses = |number, route: &str| {
        (route == "POST files" && number >= 3)
            .then_some((403, r#"{"error":{"code":"Forbidden","message":"Not you."}}"#))
    };
    let scene = Scene::new(refuses).await;
    let names: Vec<String> = (0..30).map(|number| format!("{number}.md")).collect();
    let paths = scene.paths(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let error = scene.client.classic().vector_stores().create_from_paths(&paths).concurrency(2).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Permission, "Not you."));
    assert_eq!(report(&error).file_ids().count(), 2);
    assert!(scene.routes("POST files") <= 4, "{}", scene.routes("POST files"));
    assert_eq!(scene.routes("POST vector_stores"), 0);
}

#[tokio::test]
async fn without_any_file_there_is_no_store() {
    let scene = Scene::new(nothing).await;
    let stores = scene.client.classic().vector_stores();
    let error = stores.create_from_paths(Vec::<PathBuf>::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let paths = ["x/none.md", "x/nobody.md"];
    let error = stores.create_from_paths(paths).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
    assert!(error.message().contains("no vector store was created") && error.message().contains("nobody.md"));
    assert_eq!(shown(report(&error)), ["not uploaded", "not uploaded"]);
    assert!(locked(&scene.between.routes).is_empty());
}

#[tokio::test]
async fn many_files_go_in_batches_of_what_the_service_takes() {
    let scene = Scene::new(nothing).await;
    let names: Vec<String> = (0..1003).map(|number| format!("{number}.md")).collect();
    let paths = scene.paths(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let store = scene.client.classic().vector_stores().create_from_paths(&paths).concurrency(16).completed().await;
    let store = store.unwrap();
    assert_eq!((store.file_counts.completed, store.file_counts.total), (1003, 1003));
    assert_eq!(scene.routes("POST vector_stores"), 1);
    assert_eq!(scene.routes(&format!("POST vector_stores/{}/file_batches", store.id)), 2);
    let sizes: BTreeSet<usize> = scene
        .emulator
        .requests()
        .iter()
        .filter_map(|request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
            Some(body.get("file_ids")?.as_array()?.len())
        })
        .collect();
    assert_eq!(sizes, BTreeSet::from([3, 500]));
}

#[tokio::test]
async fn the_deadline_has_the_store_and_the_files() {
    const GOING: &str = r#"{"id":"vs_1","object":"vector_store","status":"in_progress","file_counts":{"in_progress":1,"completed":0,"failed":0,"cancelled":0,"total":1}}"#;
    let scene = Scene::new(|_, route: &str| route.contains("vector_stores").then_some((200, GOING))).await;
    let paths = scene.paths(&["a.md"]);
    let making = scene.client.classic().vector_stores().create_from_paths(&paths).max_wait(Duration::from_secs(30));
    let error = making.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(report(&error).vector_store.as_ref().unwrap().id, "vs_1");
    assert_eq!(shown(report(&error)), ["uploaded"]);
    assert_eq!(scene.clock.slept().iter().sum::<Duration>(), Duration::from_secs(30));
}

#[tokio::test]
async fn dropped_it_begins_nothing_more() {
    let scene = Scene::new(nothing).await;
    let names: Vec<String> = (0..50).map(|number| format!("{number}.md")).collect();
    let paths = scene.paths(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (sent, mut sending) = tokio::sync::mpsc::unbounded_channel();
    let making = scene.client.classic().vector_stores().create_from_paths(&paths).concurrency(2);
    let making = making.on_progress(move |progress| {
        let _ = sent.send(progress.uploaded);
    });
    let five = async { while sending.recv().await.is_some_and(|uploaded| uploaded < 5) {} };
    tokio::select! {
        report = making.into_future() => panic!("{report:?}"),
        () = five => {}
    }
    let before = scene.routes("POST files");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.routes("POST files"), before);
    assert!(before < 10 && scene.routes("POST vector_stores") == 0, "{before}");
}
