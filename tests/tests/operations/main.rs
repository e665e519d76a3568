//! Every operation of the table, called through the SDK against the emulator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod classic;

use std::collections::BTreeSet;

use foundry_raw::v2025_05_01::OPERATIONS;
use foundry_sdk::classic::Classic;
use foundry_sdk::classic::types::{AzureAiSearchIndex, DatasetVersion, FileDatasetVersion, Index};
use foundry_tests::Session;
use foundry_tests::called::operation_of;

#[tokio::test]
async fn each_operation_is_called() {
    let session = Session::start().await;
    let classic = session.client().classic();
    let agent = classic::agents(&classic).await;
    classic::threads_and_runs(&classic, &agent).await;
    let files = classic::files(&classic).await;
    classic::vector_stores(&classic, &files).await;
    connections_and_deployments(&classic).await;
    datasets_and_indexes(&classic).await;
    classic.agents().delete(&agent).await.unwrap();

    let called: BTreeSet<&str> = session
        .requests()
        .iter()
        .filter(|request| request.status.is_some_and(|status| status < 300))
        .map(|request| operation_of(OPERATIONS, request, session.path_of(request)).id)
        .collect();
    let all: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(called, all);
}

async fn connections_and_deployments(classic: &Classic) {
    let connections = classic.connections();
    let all = connections.list().into_stream().into_vec().await.unwrap();
    let name = &all[0].name;
    assert_eq!(connections.get(name).await.unwrap().name, *name);
    let reply = connections.get_with_credentials(name).send().await.unwrap();
    // What it holds is there, and is not shown.
    let body = String::from_utf8(reply.body.to_vec()).unwrap();
    let key = body.split_once("\"key\":\"").unwrap().1.split('"').next().unwrap();
    assert!(!key.is_empty() && !format!("{reply:?}").contains(key), "{key}");

    let deployments = classic.deployments();
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
