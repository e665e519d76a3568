//! Datasets of files and folders: put at the place that the service makes ready, without its credential.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foundry_sdk::types::DatasetVersion;
use foundry_sdk::{BlobOutcome, BlobReport, Error, ErrorKind, FileContent, FilesProgress, RetryPolicy};
use serde_json::json;

use crate::servers::{Fault, Project, RecordingClock, SIGNATURE, Storage, locked, noise};

const MIB: usize = 1 << 20;

/// Everything that an error shows.
fn shown(error: &Error) -> String {
    let body = error.body().map(|body| String::from_utf8_lossy(body).into_owned());
    let mut text = format!("{error} {error:?} {} {body:?} {:?}", error.support_line(), error.headers());
    if let Some(report) = error.last_state::<BlobReport>() {
        text.push_str(&format!("{report} {report:?}"));
    }
    text
}

fn assert_is_secret(text: &str) {
    for secret in [SIGNATURE, "planted+signature=", "planted", "sp=rcw"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_file_becomes_a_version() {
    let storage = Storage::start().await;
    let project = Project::start(storage.signed()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("questions 1%.jsonl");
    std::fs::write(&path, "{}\n").unwrap();
    let upload = project.client().datasets().upload_file("questions", "1", &*path);
    let upload = upload.connection_name("store").description("Questions").tags([("team", "north")]);
    let made = upload.request(|request| request.header("x-own", "1")).await.unwrap();
    let DatasetVersion::UriFile(made) = made else { panic!("{made:?}") };
    assert_eq!(made.data_uri, format!("{}/container/questions%201%25.jsonl", storage.origin));

    let asked = project.ledger();
    assert_eq!(
        project.routes(),
        ["POST /datasets/questions/versions/1/startPendingUpload", "PATCH /datasets/questions/versions/1"]
    );
    assert_eq!(asked[0].json(), json!({ "pendingUploadType": "BlobReference", "connectionName": "store" }));
    assert_eq!(
        asked[1].json(),
        json!({ "type": "uri_file", "dataUri": made.data_uri, "description": "Questions", "tags": { "team": "north" } })
    );
    for request in &asked {
        assert_eq!(
            (&request.headers["x-own"], &request.headers["api-key"]),
            (&"1".parse().unwrap(), &"a key".parse().unwrap())
        );
        assert_is_secret(&format!("{:?}", request.body));
    }

    let put = storage.ledger();
    assert_eq!(put.len(), 1);
    assert_eq!(put[0].route, "PUT /container/questions%201%25.jsonl");
    assert_eq!(put[0].query, format!("sv=2024-08-04&sp=rcw&sig={SIGNATURE}&se=2030-01-01"));
    assert_eq!(put[0].body, "{}\n");
    // What the storage needs, what HTTP needs, and nothing of ours.
    let mut names: Vec<&str> = put[0].headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "content-length", "content-type", "host", "x-ms-blob-type"]);
    assert_eq!(put[0].headers["x-ms-blob-type"], "BlockBlob");
    assert_eq!(put[0].headers["content-type"], "application/octet-stream");
    assert_eq!(put[0].headers["content-length"], "3");
}

#[tokio::test]
async fn large_files_go_block_by_block_whatever_they_come_from() {
    let content = noise(20 * MIB + 17);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.bin");
    std::fs::write(&path, &content).unwrap();
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        content.chunks(999_983).map(|piece| Ok(piece.to_vec())).collect();
    let files = [
        FileContent::from_path(&path),
        FileContent::new("large.bin", content.clone()),
        FileContent::from_stream("large.bin", None, futures_util::stream::iter(pieces)),
    ];
    for file in files {
        let storage = Storage::start().await;
        let project = Project::start(storage.signed()).await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let file = file.content_type("text/plain").on_progress(move |progress| locked(&heard).push(progress.bytes));
        project.client().datasets().upload_file("d", "1", file).await.unwrap();
        assert_eq!(storage.blobs()["/container/large.bin"], content);
        let put = storage.ledger();
        let sizes: Vec<usize> = put[..3].iter().map(|put| put.body.len()).collect();
        assert_eq!(sizes, [8 * MIB, 8 * MIB, 4 * MIB + 17]);
        assert_eq!(put.len(), 4);
        for (index, put) in put[..3].iter().enumerate() {
            // The signature stays as it was written.
            let begin = format!("sv=2024-08-04&sp=rcw&sig={SIGNATURE}&se=2030-01-01&comp=block&blockid=");
            assert_eq!(put.query, format!("{begin}{index:08}"));
            assert!(!put.headers.contains_key("x-ms-blob-type"));
        }
        assert_eq!(put[3].headers["x-ms-blob-content-type"], "text/plain");
        assert!(put.iter().all(|put| !put.headers.contains_key("api-key")));
        let told = locked(&told);
        assert_eq!((told.first(), told.last()), (Some(&0), Some(&(content.len() as u64))));
        assert!(told.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[tokio::test]
async fn what_fails_for_a_while_is_put_again_and_nothing_else() {
    let content = noise(17 * MIB);
    let faults = [
        Fault::None,
        Fault::Status(503, Some("7")),
        Fault::Status(500, None),
        Fault::Cut,
        Fault::None,
        Fault::Status(429, Some("3")),
    ];
    let storage = Storage::start().await.with_faults(faults);
    let project = Project::start(storage.signed()).await;
    let clock = RecordingClock::new();
    let file = FileContent::new("a", content.clone());
    project.client_with(&clock).datasets().upload_file("d", "1", file).await.unwrap();
    assert_eq!(storage.blobs()["/container/a"], content);
    let put: Vec<String> =
        storage.ledger().iter().map(|put| put.query.split("comp=").nth(1).unwrap().to_owned()).collect();
    let block = |index: usize| format!("block&blockid={index:08}");
    let list = "blocklist".to_owned();
    assert_eq!(
        put,
        [block(0), block(1), block(1), block(1), block(1), block(2), block(2), list].into_iter().collect::<Vec<_>>()
    );
    let slept = clock.slept();
    assert_eq!((slept[0], slept[3]), (Duration::from_secs(7), Duration::from_secs(3)));
}

#[tokio::test]
async fn what_the_storage_refuses_is_an_error_that_keeps_the_signature() {
    for (status, kind, times) in [
        (403, ErrorKind::Permission, 1),
        (404, ErrorKind::NotFound, 1),
        (500, ErrorKind::Server, 2),
        (503, ErrorKind::Server, 2),
    ] {
        let storage = Storage::start().await.refusing("/container/a", status);
        let project = Project::start(storage.signed()).await;
        let upload = project.client().datasets().upload_file("d", "1", FileContent::new("a", "x"));
        let upload = upload.request(|request| request.retry(RetryPolicy::new().max_attempts(2)));
        let error = upload.await.unwrap_err();
        assert_eq!((error.kind(), error.status().map(|status| status.as_u16())), (kind, Some(status)));
        assert_eq!(storage.ledger().len(), times, "{status}");
        assert_eq!(error.url().unwrap().as_str(), format!("{}/container/a", storage.origin));
        assert_eq!(error.operation(), Some("PutBlob"));
        assert!(error.hint().unwrap().contains("storage-1"), "{error:?}");
        assert!(String::from_utf8_lossy(error.body().unwrap()).contains("REDACTED"));
        assert_is_secret(&shown(&error));
        // There is no version of what is not whole.
        assert_eq!(project.routes().len(), 1);
        assert_eq!(error.last_state::<BlobReport>().unwrap().failed().count(), 1);
    }
}

#[tokio::test]
async fn a_place_that_is_not_reached_is_not_shown_either() {
    for (signed, kind) in [
        // Nobody listens there.
        (format!("http://127.0.0.1:9/container?sig={SIGNATURE}"), ErrorKind::Connect),
        (format!("http://store.example/container?sig={SIGNATURE}"), ErrorKind::InvalidInput),
        (format!("store.example/container?sig={SIGNATURE}"), ErrorKind::Decode),
    ] {
        let project = Project::start(signed).await;
        let file = FileContent::new("a", "x");
        let error = project.client().datasets().upload_file("d", "1", file).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_is_secret(&shown(&error));
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            assert_is_secret(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
        assert_eq!(project.routes().len(), 1);
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("sub/ü")).unwrap();
    for (name, content) in [("a.jsonl", "a"), ("sub/b c.jsonl", "b"), ("sub/ü/d.jsonl", ""), ("notes.txt", "n")] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn is_jsonl(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

#[tokio::test]
async fn a_folder_becomes_a_version_with_the_files_that_are_meant() {
    let storage = Storage::start().await;
    let project = Project::start(storage.signed()).await;
    let folder = folder();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let upload = project.client().datasets().upload_folder("questions", "1", folder.path()).filter(is_jsonl);
    let upload = upload.on_progress(move |progress: FilesProgress| locked(&heard).push(progress));
    let made = upload.concurrency(2).await.unwrap();
    let DatasetVersion::UriFolder(made) = made else { panic!("{made:?}") };
    assert_eq!(made.data_uri, format!("{}/container", storage.origin));
    let blobs = storage.blobs();
    let names: Vec<&str> = blobs.keys().map(String::as_str).collect();
    assert_eq!(names, ["/container/a.jsonl", "/container/sub/%C3%BC/d.jsonl", "/container/sub/b%20c.jsonl"]);
    assert_eq!(blobs["/container/sub/b%20c.jsonl"], "b");
    let told = locked(&told);
    let last = told.last().unwrap();
    assert_eq!((last.files, last.uploaded, last.failed, last.bytes), (3, 3, 0, 2));
}

#[tokio::test]
async fn what_of_a_folder_fails_is_reported_and_makes_no_version() {
    let storage = Storage::start().await.refusing("/container/sub/b%20c.jsonl", 400);
    let project = Project::start(storage.signed()).await;
    let folder = folder();
    let error = project.client().datasets().upload_folder("d", "1", folder.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.message().contains("sub/b c.jsonl"), "{error}");
    assert_is_secret(&shown(&error));
    let report = error.last_state::<BlobReport>().unwrap();
    let outcomes: Vec<(&str, bool)> =
        report.files.iter().map(|file| (file.name.as_str(), matches!(file.outcome, BlobOutcome::Uploaded))).collect();
    let expected = [("a.jsonl", true), ("notes.txt", true), ("sub/b c.jsonl", false), ("sub/ü/d.jsonl", true)];
    assert_eq!(outcomes, expected);
    assert_eq!(project.routes(), ["POST /datasets/d/versions/1/startPendingUpload"]);
}

#[tokio::test]
async fn a_signature_that_has_ended_ends_it_for_all() {
    let storage = Storage::start().await.with_faults(vec![Fault::Status(403, None); 9]);
    let project = Project::start(storage.signed()).await;
    let folder = folder();
    let upload = project.client().datasets().upload_folder("d", "1", folder.path()).concurrency(1);
    let error = upload.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(storage.ledger().len(), 1);
    let report = error.last_state::<BlobReport>().unwrap();
    let left = report.files.iter().filter(|file| matches!(file.outcome, BlobOutcome::NotUploaded)).count();
    assert_eq!(left, 3);
}

#[tokio::test]
async fn nothing_to_upload_is_an_error_before_anything_is_sent() {
    let project = Project::start("http://127.0.0.1:9/c?sig=x".to_owned()).await;
    let folder = folder();
    let datasets = project.client().datasets();
    for (upload, kind) in [
        (datasets.upload_folder("d", "1", folder.path()).filter(|_| false), ErrorKind::InvalidInput),
        (datasets.upload_folder("d", "1", folder.path().join("a.jsonl")), ErrorKind::LocalFile),
        (datasets.upload_folder("d", "1", folder.path().join("missing")), ErrorKind::LocalFile),
    ] {
        assert_eq!(upload.await.unwrap_err().kind(), kind);
    }
    assert!(project.routes().is_empty());
    // Of one file it is known only when it is opened.
    for (file, kind) in [
        (FileContent::from_path(folder.path().join("missing")), ErrorKind::LocalFile),
        (FileContent::new("../a", "x"), ErrorKind::InvalidInput),
    ] {
        assert_eq!(datasets.upload_file("d", "1", file).await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn a_version_that_is_refused_tells_what_was_uploaded() {
    let storage = Storage::start().await;
    let project = Project::with_status(storage.signed(), 409).await;
    let error = project.client().datasets().upload_file("d", "1", FileContent::new("a", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.last_state::<BlobReport>().unwrap().uri, format!("{}/container/a", storage.origin));
}
