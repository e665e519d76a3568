//! Vector stores, their files and batches of these.

use serde_json::{Value, json};

use crate::client::{Client, START, id, start};

fn counts(in_progress: u64, completed: u64, failed: u64, cancelled: u64) -> Value {
    json!({
        "in_progress": in_progress,
        "completed": completed,
        "failed": failed,
        "cancelled": cancelled,
        "total": in_progress + completed + failed + cancelled,
    })
}

async fn new_store(client: &Client, body: Value) -> (String, Value) {
    let store = client.post("/vector_stores", body).await.success();
    (format!("/vector_stores/{}", id(&store)), store)
}

#[tokio::test]
async fn an_empty_store_is_as_recorded() {
    let (_emulator, client, _) = start().await;
    let (path, store) = new_store(&client, json!({})).await;
    assert!(path.starts_with("/vector_stores/vs_"));
    assert_eq!(
        store,
        json!({
            "id": id(&store),
            "object": "vector_store",
            "name": null,
            "status": "completed",
            "usage_bytes": 0,
            "created_at": START,
            "file_counts": counts(0, 0, 0, 0),
            "metadata": {},
            "expires_after": null,
            "expires_at": null,
            "last_active_at": START,
        })
    );
    assert_eq!(client.get(&path).await.success(), store);
    let deleted = client.call("DELETE", &path, None).await.success();
    assert_eq!(deleted, json!({ "id": id(&store), "object": "vector_store.deleted", "deleted": true }));
    client.get(&path).await.error(404);
    client.post(&path, json!({})).await.error(404);
    client.call("DELETE", &path, None).await.error(404);
}

#[tokio::test]
async fn a_store_made_with_files_is_finished_when_looked_at() {
    let (_emulator, client, _) = start().await;
    let files = client.files(2, 5).await;
    let table = id(&client.upload("table.csv", "1,2").await.success());
    let all = [files[0].clone(), table.clone(), files[1].clone()];
    let (path, store) = new_store(&client, json!({ "name": "library", "file_ids": all })).await;
    assert_eq!((&store["name"], &store["status"]), (&json!("library"), &json!("in_progress")));
    assert_eq!(store["file_counts"], counts(2, 0, 1, 0));
    assert_eq!(store["usage_bytes"], 0);

    let store = client.get(&path).await.success();
    assert_eq!(store["status"], "completed");
    assert_eq!(store["file_counts"], counts(0, 2, 1, 0));
    assert_eq!(store["usage_bytes"], 10);
    assert_eq!(client.get(&path).await.success(), store);
    assert_eq!(client.get("/vector_stores").await.success()["data"], json!([store]));

    // Of many files only the statuses tell which ones failed.
    let failed = client.get(&format!("{path}/files?filter=failed")).await.success();
    assert_eq!(failed["data"].as_array().unwrap().len(), 1);
    assert_eq!(failed["data"][0]["id"], json!(table));
    assert_eq!(failed["data"][0]["last_error"]["code"], "unsupported_file");
    let completed = client.get(&format!("{path}/files?filter=completed&order=asc")).await.success();
    assert_eq!(completed["first_id"], json!(files[0]));
    assert_eq!(completed["last_id"], json!(files[1]));
    let none = client.get(&format!("{path}/files?filter=cancelled")).await.success();
    assert_eq!(none, json!({ "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false }));
}

#[tokio::test]
async fn a_store_that_names_an_unknown_file_is_not_made() {
    let (_emulator, client, _) = start().await;
    let body = json!({ "file_ids": [client.files(1, 1).await[0], "assistant-x"] });
    let error = client.post("/vector_stores", body).await.error(404);
    assert_eq!(error["message"], "No file found with id 'assistant-x'.");
    assert_eq!(client.get("/vector_stores").await.success()["data"], json!([]));
    let wrong = json!({ "expires_after": { "anchor": "last_active_at" } });
    let error = client.post("/vector_stores", wrong).await.error(400);
    assert_eq!(error["param"], "/expires_after/days");
}

#[tokio::test]
async fn a_store_expires_days_after_its_last_use() {
    const DAY: i64 = 24 * 60 * 60;
    let (_emulator, client, clock) = start().await;
    let policy = |days: i64| json!({ "expires_after": { "anchor": "last_active_at", "days": days } });
    let (path, store) = new_store(&client, policy(2)).await;
    assert_eq!(store["expires_at"], START + 2 * DAY);

    clock.advance(DAY);
    let files = client.files(1, 1).await;
    client.post(&format!("{path}/files"), json!({ "file_id": files[0] })).await.success();
    let store = client.get(&path).await.success();
    assert_eq!((&store["last_active_at"], &store["expires_at"]), (&json!(START + DAY), &json!(START + 3 * DAY)));

    let changed = client.post(&path, policy(3)).await.success();
    assert_eq!(changed["expires_at"], START + 4 * DAY);
    clock.advance(3 * DAY - 1);
    assert_eq!(client.get(&path).await.success()["status"], "completed");
    clock.advance(1);
    assert_eq!(client.get(&path).await.success()["status"], "expired");

    let kept = client.post(&path, json!({ "expires_after": null, "name": "n", "status": "x" })).await.success();
    assert_eq!((&kept["expires_at"], &kept["expires_after"]), (&Value::Null, &Value::Null));
    assert_eq!(kept["name"], "n");
    assert_eq!(client.get(&path).await.success()["status"], "completed");
    // Days beyond all time are no reason to fall over.
    client.post(&path, policy(i64::MAX)).await.success();
    client.get(&path).await.success();
}

#[tokio::test]
async fn a_file_is_added_read_and_taken_out() {
    let (_emulator, client, clock) = start().await;
    let (path, store) = new_store(&client, json!({})).await;
    let file = client.files(1, 7).await.remove(0);
    clock.advance(1);
    let added = client.post(&format!("{path}/files"), json!({ "file_id": file })).await.success();
    let mut expected = json!({
        "id": file,
        "object": "vector_store.file",
        "usage_bytes": 0,
        "created_at": START + 1,
        "vector_store_id": id(&store),
        "status": "in_progress",
        "last_error": null,
        "chunking_strategy": {
            "type": "static",
            "static": { "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400 },
        },
    });
    assert_eq!(added, expected);
    // Listing does not move anything.
    let list = format!("{path}/files");
    assert_eq!(client.get(&list).await.success()["data"], json!([expected]));
    assert_eq!(client.get("/vector_stores").await.success()["data"][0]["status"], "in_progress");

    let one = format!("{list}/{file}");
    expected["status"] = json!("completed");
    expected["usage_bytes"] = json!(7);
    assert_eq!(client.get(&one).await.success(), expected);
    let listed = client.get("/vector_stores").await.success();
    assert_eq!(listed["data"][0]["file_counts"], counts(0, 1, 0, 0));
    assert_eq!(listed["data"][0]["usage_bytes"], 7);

    let deleted = client.call("DELETE", &one, None).await.success();
    assert_eq!(deleted, json!({ "id": file, "object": "vector_store.file.deleted", "deleted": true }));
    client.get(&one).await.error(404);
    client.call("DELETE", &one, None).await.error(404);
    assert_eq!(client.get(&path).await.success()["file_counts"], counts(0, 0, 0, 0));
    // The file itself stays, and may be added again.
    client.get(&format!("/files/{file}")).await.success();
    let chunks = json!({ "type": "static", "static": { "max_chunk_size_tokens": 100, "chunk_overlap_tokens": 10 } });
    let body = json!({ "file_id": file, "chunking_strategy": chunks });
    assert_eq!(client.post(&list, body).await.success()["chunking_strategy"], chunks);
}

#[tokio::test]
async fn what_cannot_be_added_is_refused() {
    let (_emulator, client, _) = start().await;
    let (path, _) = new_store(&client, json!({})).await;
    let files = format!("{path}/files");
    let error = client.post(&files, json!({ "file_id": "assistant-x" })).await.error(404);
    assert_eq!(error["message"], "No file found with id 'assistant-x'.");
    let error = client.post(&files, json!({})).await.error(400);
    assert_eq!(error["param"], "/file_id");
    let error = client.post(&files, json!({ "file_id": 5 })).await.error(400);
    assert_eq!(error["param"], "/file_id");
    let table = id(&client.upload("Table.CSV", "1,2").await.success());
    let error = client.post(&files, json!({ "file_id": table })).await.error(400);
    assert_eq!(error["code"], "unsupported_file");
    assert_eq!((&error["type"], &error["param"]), (&json!("invalid_request_error"), &json!("file_id")));
    assert!(error["message"].as_str().unwrap().starts_with("Files with extensions [.csv] are not supported"));
    let file = client.files(1, 1).await.remove(0);
    let unknown = client.post("/vector_stores/vs_x/files", json!({ "file_id": file })).await.error(404);
    assert_eq!(unknown["message"], "No vector store found with id 'vs_x'.");
    assert_eq!(client.get(&files).await.success()["data"], json!([]));

    let batches = format!("{path}/file_batches");
    client.post(&batches, json!({ "file_ids": [file, "assistant-x"] })).await.error(404);
    for nothing in [json!({}), json!({ "file_ids": [] })] {
        let error = client.post(&batches, nothing).await.error(400);
        assert_eq!(error["param"], "/file_ids");
    }
    client.get(&format!("{batches}/vsfb_x")).await.error(404);
    client.get(&format!("{batches}/vsfb_x/files")).await.error(404);
    client.call("POST", &format!("{batches}/vsfb_x/cancel"), None).await.error(404);
    assert_eq!(client.get(&files).await.success()["data"], json!([]));
}

#[tokio::test]
async fn a_batch_is_finished_when_looked_at() {
    let (_emulator, client, _) = start().await;
    let files = client.files(3, 4).await;
    let (path, store) = new_store(&client, json!({ "file_ids": [files[0]] })).await;
    let batches = format!("{path}/file_batches");
    let batch = client.post(&batches, json!({ "file_ids": files[1..] })).await.success();
    assert!(id(&batch).starts_with("vsfb_"));
    let mut expected = json!({
        "id": id(&batch),
        "object": "vector_store.file_batch",
        "created_at": START,
        "status": "in_progress",
        "vector_store_id": id(&store),
        "file_counts": counts(2, 0, 0, 0),
    });
    assert_eq!(batch, expected);

    let one = format!("{batches}/{}", id(&batch));
    let list = format!("{one}/files");
    let waiting = client.get(&format!("{list}?filter=in_progress&order=asc")).await.success();
    assert_eq!(waiting["first_id"], json!(files[1]));
    assert_eq!(waiting["last_id"], json!(files[2]));
    expected["status"] = json!("completed");
    expected["file_counts"] = counts(0, 2, 0, 0);
    assert_eq!(client.get(&one).await.success(), expected);
    assert_eq!(client.get(&one).await.success(), expected);
    let page = client.get(&format!("{list}?filter=completed&limit=1")).await.success();
    assert_eq!((&page["last_id"], &page["has_more"]), (&json!(files[2]), &json!(true)));
    let page = client.get(&format!("{list}?limit=1&after={}", files[2])).await.success();
    assert_eq!((&page["last_id"], &page["has_more"]), (&json!(files[1]), &json!(false)));

    // The file that came with the store is not of the batch and waits on.
    let waiting = client.get(&format!("{path}/files?filter=in_progress")).await.success();
    assert_eq!(waiting["data"].as_array().unwrap().len(), 1);
    assert_eq!(waiting["data"][0]["id"], json!(files[0]));
    let error = client.call("POST", &format!("{one}/cancel"), None).await.error(400);
    assert!(error["message"].as_str().unwrap().contains("completed"), "{error}");
}

#[tokio::test]
async fn a_cancelled_batch_leaves_its_files_cancelled() {
    let (_emulator, client, _) = start().await;
    let files = client.files(2, 4).await;
    let (path, _) = new_store(&client, json!({})).await;
    let batches = format!("{path}/file_batches");
    let batch = id(&client.post(&batches, json!({ "file_ids": files })).await.success());
    client.get(&format!("{path}/files/{}", files[0])).await.success();
    let cancelled = client.call("POST", &format!("{batches}/{batch}/cancel"), None).await.success();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["file_counts"], counts(0, 1, 0, 1));
    assert_eq!(client.get(&format!("{batches}/{batch}")).await.success(), cancelled);
    client.call("POST", &format!("{batches}/{batch}/cancel"), None).await.error(400);
    let store = client.get(&path).await.success();
    assert_eq!(store["file_counts"], counts(0, 1, 0, 1));
    assert_eq!((&store["usage_bytes"], &store["status"]), (&json!(4), &json!("completed")));
}

#[tokio::test]
async fn a_batch_whose_files_are_finished_cannot_be_cancelled() {
    let (_emulator, client, _) = start().await;
    let files = client.files(1, 4).await;
    let table = id(&client.upload("table.csv", "1,2").await.success());
    let (path, _) = new_store(&client, json!({})).await;
    let batches = format!("{path}/file_batches");
    let finished = id(&client.post(&batches, json!({ "file_ids": files })).await.success());
    client.get(&path).await.success();
    client.call("POST", &format!("{batches}/{finished}/cancel"), None).await.error(400);
    let failed = client.post(&batches, json!({ "file_ids": [table] })).await.success();
    assert_eq!((&failed["status"], &failed["file_counts"]), (&json!("completed"), &counts(0, 0, 1, 0)));
    client.call("POST", &format!("{batches}/{}/cancel", id(&failed)), None).await.error(400);
}

#[tokio::test]
async fn data_from_elsewhere_is_taken_without_its_content() {
    let (_emulator, client, _) = start().await;
    let data = json!({ "uri": "azureml://somewhere/data.txt", "type": "uri_asset" });
    let (path, store) = new_store(&client, json!({ "configuration": { "data_sources": [data] } })).await;
    assert_eq!(store["file_counts"], counts(1, 0, 0, 0));
    let file = client.post(&format!("{path}/files"), json!({ "data_source": data })).await.success();
    assert!(id(&file).starts_with("assistant-"));
    let batch = client.post(&format!("{path}/file_batches"), json!({ "data_sources": [data] })).await.success();
    assert_eq!(batch["file_counts"], counts(1, 0, 0, 0));
    let store = client.get(&path).await.success();
    assert_eq!((&store["file_counts"], &store["usage_bytes"]), (&counts(0, 3, 0, 0), &json!(0)));
}

#[tokio::test]
async fn what_stands_below_a_store_goes_with_it() {
    let (_emulator, client, _) = start().await;
    let files = client.files(1, 1).await;
    let (path, _) = new_store(&client, json!({ "file_ids": files })).await;
    let batch = client.post(&format!("{path}/file_batches"), json!({ "file_ids": files })).await.success();
    client.call("DELETE", &path, None).await.success();
    for below in [
        "/files".to_owned(),
        format!("/files/{}", files[0]),
        format!("/file_batches/{}", id(&batch)),
        format!("/file_batches/{}/files", id(&batch)),
    ] {
        let error = client.get(&format!("{path}{below}")).await.error(404);
        assert!(error["message"].as_str().unwrap().starts_with("No vector store found"), "{error}");
    }
    client.get(&format!("/files/{}", files[0])).await.success();
}
