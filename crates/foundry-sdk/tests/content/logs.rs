//! What `tracing` is told of uploads: that they are repeated and fail, and no signature.

use foundry_sdk::{Credential, FileContent, ProjectClient};

use crate::servers::{Fault, Project, RecordingClock, SIGNATURE, Storage};
use crate::subscriber::Seen;

#[tokio::test]
async fn no_log_shows_a_signature() {
    let (seen, _guard) = Seen::all();
    let faults = [Fault::Status(500, None), Fault::Cut, Fault::None, Fault::Status(403, None)];
    let storage = Storage::start().await.with_faults(faults);
    let project = Project::start(storage.signed()).await;
    let builder = ProjectClient::builder(project.endpoint()).credential(Credential::api_key("a key"));
    let client = builder.clock(RecordingClock::new()).log_bodies(true).build().unwrap();
    let upload = |name: &str| client.datasets().upload_file("d", "1", FileContent::new(name, "x"));
    upload("a").await.unwrap();
    upload("b").await.unwrap_err();
    assert_eq!(seen.events_called("trying again").len(), 2);
    let [failure] = &seen.events_called("call failed")[..] else { panic!("{:?}", seen.events()) };
    assert_eq!(failure.fields["operation"], "PutBlob");
    assert_eq!(failure.fields["url"], format!("{}/container/b", storage.origin));
    let text = seen.text();
    for secret in [SIGNATURE, "planted", "sp=rcw", "a key"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // Bodies are shown where they hold no signature.
    assert!(text.contains("uri_file"), "{text}");
}
