//! Every operation of the table, called through the SDK against the emulator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::BTreeSet;

use foundry_raw::Operation;
use foundry_raw::v2025_05_01::OPERATIONS;
use foundry_sdk::classic::Classic;
use foundry_sdk::types::{
    AgentThreadCreationOptions, AzureAiSearchIndex, DatasetVersion, FileDatasetVersion, FilePurpose, Index,
    ListSortOrder, MessageRole, ThreadMessageOptions,
};
use foundry_sdk::{ErrorKind, FileContent};
use foundry_tests::Session;
use futures_util::TryStreamExt as _;

/// The operation of a request: of those whose template fits, the one with the fewest parameters.
fn operation_of(method: &str, path: &str) -> &'static str {
    let fits = |operation: &&&Operation| {
        let template: Vec<&str> = operation.path.split('/').collect();
        let segments: Vec<&str> = path.split('/').collect();
        operation.method == method
            && template.len() == segments.len()
            && template.iter().zip(&segments).all(|(known, found)| known.starts_with('{') || known == found)
    };
    let found = OPERATIONS.iter().filter(fits).min_by_key(|operation| operation.path.matches('{').count());
    found.unwrap_or_else(|| panic!("{method} {path} is no operation")).id
}

#[tokio::test]
async fn each_operation_is_called() {
    let session = Session::start().await;
    let classic = session.client().classic();
    let agent = agents(&classic).await;
    threads_and_runs(&classic, &agent).await;
    let files = files(&classic).await;
    vector_stores(&classic, &files).await;
    connections_and_deployments(&session).await;
    datasets_and_indexes(&classic).await;
    classic.agents().delete(&agent).await.unwrap();

    let called: BTreeSet<&str> =
        session.requests().iter().map(|request| operation_of(&request.method, session.path_of(request))).collect();
    let all: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(called, all);
}

async fn agents(classic: &Classic) -> String {
    let agents = classic.agents();
    let agent = agents.create("gpt-4.1-mini").name("cowboy").metadata([("a", "b")]).await.unwrap();
    let agent = agents.update(&agent.id).name("sheriff").await.unwrap();
    assert_eq!(agents.get(&agent.id).await.unwrap().name.as_deref(), Some("sheriff"));
    let all = agents.list().page_size(1).into_stream().into_vec().await.unwrap();
    assert!(all.iter().any(|found| found.id == agent.id));
    agent.id
}

async fn threads_and_runs(classic: &Classic, agent: &str) {
    let threads = classic.threads();
    let thread = threads.create().messages([ThreadMessageOptions::new(MessageRole::User, "Hello.")]).await.unwrap();
    threads.update(&thread.id).metadata([("tenant", "north")]).await.unwrap();
    assert_eq!(threads.get(&thread.id).await.unwrap().metadata.unwrap()["tenant"], "north");
    assert_eq!(threads.list().into_stream().into_vec().await.unwrap().len(), 1);

    let messages = classic.messages(&thread.id);
    let message = messages.create("Why is the sky blue?").await.unwrap();
    messages.update(&message.id).metadata([("turn", "2")]).await.unwrap();
    assert_eq!(messages.get(&message.id).await.unwrap().metadata.unwrap()["turn"], "2");

    let runs = classic.runs(&thread.id);
    let run = runs.create(agent).poll().await.unwrap();
    runs.update(&run.id).metadata([("cost", "low")]).await.unwrap();
    assert_eq!(runs.get(&run.id).await.unwrap().metadata.unwrap()["cost"], "low");
    assert_eq!(runs.list().order(ListSortOrder::Asc).into_stream().into_vec().await.unwrap().len(), 1);
    let said: Vec<_> = messages.list().order("asc").page_size(1).into_stream().try_collect().await.unwrap();
    assert_eq!(said.len(), 3);

    let steps = classic.run_steps(&thread.id, &run.id);
    let all = steps.list().into_stream().into_vec().await.unwrap();
    assert_eq!(steps.get(&all[0].id).await.unwrap().id, all[0].id);
    // It has ended, so there is nothing it waits for.
    let error = runs.submit_tool_outputs(&run.id, Vec::<foundry_sdk::types::ToolOutput>::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);

    let thread_of_run =
        AgentThreadCreationOptions::new().messages([ThreadMessageOptions::new(MessageRole::User, "Hi.")]);
    let other = classic.agents().create_thread_and_run(agent).thread(thread_of_run).await.unwrap();
    let cancelled = classic.runs(&other.thread_id).cancel(&other.id).await.unwrap();
    assert!(["cancelling", "cancelled"].contains(&cancelled.status.as_str()), "{}", cancelled.status);
    assert!(threads.delete(&thread.id).await.unwrap().deleted);
}

async fn files(classic: &Classic) -> Vec<String> {
    let files = classic.files();
    let mut ids = Vec::new();
    for name in ["notes.md", "caf\u{e9}.txt", "more.txt"] {
        let file =
            files.upload(FileContent::new(name, format!("This is {name}.")), FilePurpose::Assistants).await.unwrap();
        assert_eq!(file.filename, name);
        ids.push(file.id);
    }
    assert_eq!(files.list().purpose("assistants").await.unwrap().data.len(), 3);
    assert_eq!(files.get(&ids[0]).await.unwrap().filename, "notes.md");
    let content: Vec<bytes::Bytes> = files.get_content(&ids[0]).await.unwrap().try_collect().await.unwrap();
    assert_eq!(content.concat(), b"This is notes.md.");
    assert!(files.delete(ids.pop().unwrap()).await.unwrap().deleted);
    ids
}

async fn vector_stores(classic: &Classic, ids: &[String]) {
    let stores = classic.vector_stores();
    let store = stores.create().name("a").await.unwrap();
    stores.modify(&store.id).name("b").await.unwrap();
    assert_eq!(stores.get(&store.id).await.unwrap().name.as_deref(), Some("b"));
    assert_eq!(stores.list().into_stream().into_vec().await.unwrap().len(), 1);

    let files = classic.vector_store_files(&store.id);
    files.create().file_id(&ids[0]).await.unwrap();
    assert_eq!(files.get(&ids[0]).await.unwrap().id, ids[0]);
    assert_eq!(files.list().into_stream().into_vec().await.unwrap().len(), 1);
    assert!(files.delete(&ids[0]).await.unwrap().deleted);

    let batches = classic.vector_store_file_batches(&store.id);
    let batch = batches.create().file_ids(ids.to_vec()).await.unwrap();
    assert_eq!(batches.list_files(&batch.id).page_size(1).into_stream().into_vec().await.unwrap().len(), 2);
    batches.cancel(&batch.id).await.unwrap();
    assert_eq!(batches.get(&batch.id).await.unwrap().id, batch.id);
    assert!(stores.delete(&store.id).await.unwrap().deleted);
}

async fn connections_and_deployments(session: &Session) {
    let client = session.client();
    let connections = client.connections();
    let all = connections.list().into_stream().into_vec().await.unwrap();
    let name = &all[0].name;
    assert_eq!(connections.get(name).await.unwrap().name, *name);
    let reply = connections.get_with_credentials(name).send().await.unwrap();
    // What it holds is there, and is not shown.
    let body = String::from_utf8(reply.body.to_vec()).unwrap();
    let key = body.split_once("\"key\":\"").unwrap().1.split('"').next().unwrap();
    assert!(!key.is_empty() && !format!("{reply:?}").contains(key), "{key}");

    let deployments = client.deployments();
    let all = deployments.list().into_stream().into_vec().await.unwrap();
    assert!(!all.is_empty());
    let listed = serde_json::to_value(&all[0]).unwrap();
    let got = deployments.get(listed["name"].as_str().unwrap()).await.unwrap();
    assert_eq!(serde_json::to_value(got).unwrap(), listed);
}

async fn datasets_and_indexes(classic: &Classic) {
    let datasets = classic.datasets();
    let upload = datasets.start_pending_upload("reviews", "1").await.unwrap();
    let dataset = FileDatasetVersion::new(&upload.blob_reference.blob_uri);
    datasets.create_or_update("reviews", "1", DatasetVersion::from(dataset)).await.unwrap();
    datasets.get("reviews", "1").await.unwrap();
    datasets.get_credentials("reviews", "1").await.unwrap();
    assert_eq!(datasets.list().into_stream().into_vec().await.unwrap().len(), 1);
    assert_eq!(datasets.list_versions("reviews").into_stream().into_vec().await.unwrap().len(), 1);
    datasets.delete("reviews", "1").await.unwrap();

    let indexes = classic.indexes();
    let index = AzureAiSearchIndex::new("search", "reviews");
    indexes.create_or_update("reviews", "1", Index::from(index)).await.unwrap();
    indexes.get("reviews", "1").await.unwrap();
    assert_eq!(indexes.list().into_stream().into_vec().await.unwrap().len(), 1);
    assert_eq!(indexes.list_versions("reviews").into_stream().into_vec().await.unwrap().len(), 1);
    indexes.delete("reviews", "1").await.unwrap();
}
