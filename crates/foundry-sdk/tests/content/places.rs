//! Places for models and evaluators: filled as those of datasets are.

use foundry_sdk::FileContent;

use crate::servers::{Project, Storage};

#[tokio::test]
async fn models_and_evaluators_take_files_and_folders() {
    let storage = Storage::start().await;
    let project = Project::start(storage.signed()).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("weights.bin"), "w").unwrap();
    let preview = project.client().preview();
    let report = preview.models().pending_upload("m", "1").with_folder(folder.path()).await.unwrap();
    assert_eq!(report.uri, format!("{}/container", storage.origin));
    assert_eq!(report.to_string(), format!("1 of 1 files are uploaded to {}/container", storage.origin));
    let evaluators = preview.evaluators("e", "2");
    let report = evaluators.pending_upload().with_file(FileContent::new("code.py", "pass")).await.unwrap();
    assert_eq!(report.uri, format!("{}/container/code.py", storage.origin));
    assert_eq!(report.failed().count(), 0);
    let blobs = storage.blobs();
    assert_eq!((&*blobs["/container/weights.bin"], &*blobs["/container/code.py"]), (&b"w"[..], &b"pass"[..]));

    let asked = project.ledger();
    assert_eq!(
        project.routes(),
        ["POST /models/m/versions/1/startPendingUpload", "POST /evaluators/e/versions/2/startPendingUpload"]
    );
    for (request, kind, feature) in [
        (&asked[0], "TemporaryBlobReference", "Models=V1Preview"),
        (&asked[1], "BlobReference", "Evaluations=V1Preview"),
    ] {
        assert_eq!(request.json()["pendingUploadType"], kind);
        assert_eq!(request.headers["foundry-features"], feature);
    }
    assert!(storage.ledger().iter().all(|put| !put.headers.contains_key("foundry-features")));
}
