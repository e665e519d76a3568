//! Every operation of api-version v1, called with success through the SDK against the emulator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod agents;
mod assets;
#[path = "../operations/classic.rs"]
mod classic;
mod evaluation;
mod jobs;
mod memory_stores;
mod project;
mod read;
mod responses;
mod sessions;
mod skills;
mod voice;

use std::collections::BTreeSet;

use foundry_emulator::{Emulator, LoggedRequest};
use foundry_raw::v1::operations::{OPERATIONS, SPLITS};
use foundry_raw::{Features, Operation};
use foundry_sdk::Credential;
use foundry_tests::Session;
use foundry_tests::called::operation_of;

#[tokio::test]
async fn each_operation_is_called() {
    let session = Session::over(Emulator::builder().page_size(1)).await;
    let builder = session.builder().credential(Credential::token("a token")).classic_api_version("v1");
    let client = builder.build().unwrap();

    let classic = client.classic();
    let assistant = classic::agents(&classic).await;
    classic::threads_and_runs(&classic, &assistant).await;
    let files = classic::files(&classic).await;
    classic::vector_stores(&classic, &files).await;
    classic.agents().delete(&assistant).await.unwrap();

    agents::agents(&client).await;
    agents::manifests(&client).await;
    agents::microsoft365(&client).await;
    sessions::code(&client, &session).await;
    sessions::sessions(&client).await;
    jobs::optimization(&client).await;
    jobs::data_generation(&client).await;
    jobs::evaluator_generation(&client).await;
    jobs::insight_monitors(&client).await;
    jobs::insights(&client).await;
    jobs::red_teams(&client).await;
    evaluation::rules(&client).await;
    evaluation::evaluators(&client).await;
    evaluation::taxonomies(&client).await;
    evaluation::routines(&client).await;
    evaluation::schedules(&client).await;
    assets::datasets(&client).await;
    assets::indexes(&client).await;
    assets::models(&client).await;
    project::connections(&client).await;
    project::deployments(&client).await;
    project::toolboxes(&client).await;
    skills::skills(&client).await;
    memory_stores::stores(&client).await;
    memory_stores::memories(&client).await;
    responses::responses(&client).await;
    responses::streams(&client).await;
    responses::conversations(&client).await;
    voice::telephony(&client).await;
    voice::conversations(&client).await;
    agents::deletions(&client).await;

    let table: Vec<&'static Operation> = OPERATIONS.iter().chain(SPLITS).copied().collect();
    let mut called = BTreeSet::new();
    for request in session.requests() {
        let operation = operation_of(&table, &request, session.path_of(&request));
        assert_is_sent_as_described(operation, &request);
        if request.status.is_some_and(|status| status < 300) {
            called.insert(operation.id);
        }
    }
    let all: BTreeSet<&str> = table.iter().map(|operation| operation.id).collect();
    assert_eq!(all.len(), 241 + 2);
    assert_eq!(all.difference(&called).collect::<Vec<_>>(), [&""; 0], "not called");
}

/// Panics unless the request has all that the table says of its operation, and is for the same operation as
/// the emulator holds it to be.
#[track_caller]
fn assert_is_sent_as_described(operation: &Operation, request: &LoggedRequest) {
    let id = operation.id;
    assert_eq!(request.query_value("api-version"), operation.api_version, "{id}");
    let features = request.headers.iter().filter(|(name, _)| name == "foundry-features");
    let features: Vec<&str> = features.map(|(_, value)| value.as_str()).collect();
    match operation.features {
        Features::Required(required) => assert_eq!(features, [required.join(",")], "{id}"),
        _ => assert_eq!(features, [""; 0], "{id}"),
    }
    if let Some(replay_key) = operation.replay_key {
        assert!(request.header(replay_key).is_some_and(|key| !key.is_empty()), "{id} without {replay_key}");
    }
    let sent = request.header("content-type").map(|value| value.split(';').next().unwrap_or_default());
    assert!(sent == operation.request_content_type || request.body.is_empty(), "{id} sends {sent:?}");
    // The document has one operation where the table has two, by what they send.
    let is_split = SPLITS.iter().any(|split| split.id == id);
    assert!(is_split || request.operation.as_deref() == Some(id), "{id} was taken for {:?}", request.operation);
}
