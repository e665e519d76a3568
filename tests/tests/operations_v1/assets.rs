//! Datasets, indexes and models: versions under a name.

use foundry_sdk::types::{AzureAiSearchIndex, DatasetVersion, FileDatasetVersion, Index};
use foundry_sdk::{ErrorKind, ProjectClient};

use crate::read::{json, one_by_one};

pub(crate) async fn datasets(client: &ProjectClient) {
    let datasets = client.datasets();
    let pending = datasets.pending_upload("reviews", "1").await.unwrap();
    let uri = pending.blob_reference.blob_uri;
    let put = |version: &str, description: &str| {
        let dataset = FileDatasetVersion::new(&uri).description(description);
        datasets.create_or_update("reviews", version, DatasetVersion::from(dataset))
    };
    assert_eq!(put("1", "One.").send().await.unwrap().status, 201);
    assert_eq!(put("1", "First.").send().await.unwrap().status, 200);
    put("2", "Second.").await.unwrap();
    let got = json(&datasets.get("reviews", "1").await.unwrap());
    assert_eq!((got["dataUri"].as_str(), got["description"].as_str()), (Some(uri.as_str()), Some("First.")));
    let credentials = datasets.get_credentials("reviews", "1").await.unwrap();
    assert!(credentials.blob_reference.blob_uri.starts_with("http"));
    assert_eq!(one_by_one(datasets.list(), 1).await.len(), 1);
    let versions = one_by_one(datasets.list_versions("reviews"), 2).await;
    let mut versions: Vec<String> = versions.iter().map(|one| json(one)["version"].to_string()).collect();
    versions.sort_unstable();
    assert_eq!(versions, ["\"1\"", "\"2\""]);
    datasets.delete("reviews", "1").await.unwrap();
    assert_eq!(datasets.get("reviews", "1").await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn indexes(client: &ProjectClient) {
    let indexes = client.indexes();
    for (name, version) in [("reviews", "1"), ("reviews", "2"), ("letters", "1")] {
        let index = Index::from(AzureAiSearchIndex::new("search", name));
        assert_eq!(indexes.create_or_update(name, version, index).send().await.unwrap().status, 201);
    }
    assert_eq!(json(&indexes.get("reviews", "2").await.unwrap())["indexName"], "reviews");
    one_by_one(indexes.list(), 2).await;
    one_by_one(indexes.list_versions("reviews"), 2).await;
    indexes.delete("reviews", "1").await.unwrap();
    assert_eq!(indexes.get("reviews", "1").await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn models(client: &ProjectClient) {
    let models = client.preview().models();
    let pending = models.pending_upload("mine", "1").await.unwrap();
    assert!(!pending.pending_upload_id.is_empty());
    let uri = pending.blob_reference.blob_uri;
    let started = models.pending_create_version("mine", "1", &uri).description("One.").send().await.unwrap();
    assert_eq!(started.status, 202);
    assert!(started.location.as_ref().unwrap().contains("/models/mine/versions/1"));
    models.pending_create_version("mine", "2", &uri).await.unwrap();
    models.pending_create_version("other", "1", &uri).await.unwrap();
    let model = models.update("mine", "1").tags([("stage", "test")]).await.unwrap();
    assert_eq!(model.tags.unwrap()["stage"], "test");
    let model = models.get("mine", "1").await.unwrap();
    assert_eq!((model.blob_uri.as_str(), model.description.as_deref()), (uri.as_str(), Some("One.")));
    let credentials = models.get_credentials("mine", "1", &uri).await.unwrap();
    assert_eq!(credentials.blob_reference.blob_uri, uri);
    let mut names: Vec<String> = one_by_one(models.list(), 2).await.into_iter().map(|model| model.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["mine", "other"]);
    one_by_one(models.list_versions("mine"), 2).await;
    models.delete("mine", "1").await.unwrap();
    assert_eq!(models.get("mine", "1").await.unwrap_err().kind(), ErrorKind::NotFound);
}
