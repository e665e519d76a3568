//! The data of datasets: uploaded to a blob, and merged into versions.

use foundry_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Client, start};

async fn pending(client: &Client, version: &str) -> Value {
    let body = json!({ "pendingUploadType": "BlobReference", "connectionName": "storage" });
    client.post(&format!("/datasets/colours/versions/{version}/startPendingUpload"), body).await.success()
}

/// The URL of a blob in the container that a signed URL opens.
fn blob(signed: &Value, name: &str) -> url::Url {
    let mut url = url::Url::parse(signed.as_str().unwrap()).unwrap();
    url.path_segments_mut().unwrap().extend(name.split('/'));
    url
}

fn put(url: url::Url, content: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    reqwest::Client::new().put(url).header("x-ms-blob-type", "BlockBlob").body(content)
}

async fn refused(request: reqwest::RequestBuilder, status: u16, code: &str) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["x-ms-error-code"], code);
    assert!(answer.text().await.unwrap().contains(&format!("<Code>{code}</Code>")));
}

#[tokio::test]
async fn a_dataset_is_uploaded_created_and_read_back() {
    let (emulator, client, _) = start().await;
    let pending = pending(&client, "1").await;
    assert_eq!(pending["pendingUploadType"], "BlobReference");
    assert_eq!((&pending["pendingUploadId"], &pending["version"]), (&Value::Null, &json!("1")));
    assert_eq!(pending["blobReferenceForConsumption"], pending["blobReference"]);
    let reference = &pending["blobReference"];
    let signed = &reference["credential"]["sasUri"];
    let origin = emulator.endpoint().strip_suffix("/api/projects/demo").unwrap();
    let container = reference["blobUri"].as_str().unwrap();
    assert!(container.starts_with(&format!("{origin}/blobs/")));
    assert!(signed.as_str().unwrap().starts_with(&format!("{container}?")));

    // No credential but the signature.
    for (name, content) in [("red.txt", "red"), ("deep/er/grün 文.txt", "grün"), ("red.txt", "redder")] {
        let answer = put(blob(signed, name), content).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert!(answer.headers().contains_key("etag"));
        let read = reqwest::get(blob(signed, name)).await.unwrap();
        assert_eq!(read.status(), 200);
        assert_eq!(read.headers()["x-ms-blob-type"], "BlockBlob");
        assert_eq!(read.headers()["etag"], answer.headers()["etag"]);
        assert_eq!(read.headers()["last-modified"], "Tue, 15 Jul 2025 13:54:19 GMT");
        assert_eq!(read.text().await.unwrap(), content);
    }

    let body = json!({ "type": "uri_folder", "dataUri": container });
    let path = "/datasets/colours/versions/1";
    client.call("PATCH", path, Some(body)).await.success();
    let credentials = client.call("POST", &format!("{path}/credentials"), None).await.success();
    assert_eq!(&credentials["blobReference"], reference);
    client.call("POST", "/datasets/colours/versions/2/credentials", None).await.error(404);

    // Data elsewhere has no signature of ours.
    let body = json!({ "type": "uri_file", "dataUri": "https://example.com/a" });
    client.call("PATCH", "/datasets/colours/versions/2", Some(body)).await.success();
    let other = client.call("POST", "/datasets/colours/versions/2/credentials", None).await.success();
    assert_eq!(other["blobReference"]["credential"]["sasUri"], "https://example.com/a");

    let log = emulator.requests();
    let upload = log.iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!((upload.query_value("sig"), upload.status), (Some("REDACTED"), Some(201)));
    let signature = url::Url::parse(signed.as_str().unwrap()).unwrap();
    let signature = signature.query_pairs().find(|(name, _)| name == "sig").unwrap().1;
    for text in [format!("{log:?}"), format!("{emulator:?}")] {
        assert!(!text.contains(signature.as_ref()), "{text}");
    }
}

#[tokio::test]
async fn a_container_opens_only_to_its_own_signature() {
    let (_emulator, client, _) = start().await;
    let first = pending(&client, "1").await["blobReference"].take();
    let second = pending(&client, "1").await["blobReference"].take();
    assert_ne!(first["blobUri"], second["blobUri"]);
    let signed = &first["credential"]["sasUri"];
    put(blob(signed, "a"), "first").send().await.unwrap().error_for_status().unwrap();
    refused(reqwest::Client::new().get(blob(&second["credential"]["sasUri"], "a")), 404, "BlobNotFound").await;

    let mut foreign = blob(signed, "a");
    foreign.set_query(blob(&second["credential"]["sasUri"], "a").query());
    let mut unsigned = blob(signed, "a");
    unsigned.set_query(None);
    let mut unknown = blob(signed, "a");
    unknown.set_path("/blobs/unknown/a");
    for url in [foreign, unsigned, unknown] {
        refused(reqwest::Client::new().get(url.clone()), 403, "AuthenticationFailed").await;
        refused(put(url, "x").bearer_auth("a token"), 403, "AuthenticationFailed").await;
    }
}

/// The texts of all elements of a name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = |piece: &str| piece.split(&close).next().unwrap().to_owned();
    xml.split(&open).skip(1).map(inner).collect()
}

#[tokio::test]
async fn a_blob_is_put_in_blocks_and_read_in_parts() {
    let (_emulator, client, _) = start().await;
    let signed = pending(&client, "1").await["blobReference"]["credential"]["sasUri"].take();
    let http = reqwest::Client::new();
    let url = blob(&signed, "in blocks/ü.bin");
    let with = |pairs: &[(&str, &str)]| {
        let mut url = url.clone();
        url.query_pairs_mut().extend_pairs(pairs);
        url
    };
    for (id, content) in [("MDE=", "second"), ("MDA=", "old"), ("MDA=", "first "), ("MDI=", "unused")] {
        let answer = http.put(with(&[("comp", "block"), ("blockid", id)])).body(content).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    // Before the list there is no blob.
    refused(http.get(url.clone()), 404, "BlobNotFound").await;
    let list =
        "<?xml version='1.0' encoding='utf-8'?>\n<BlockList><Latest>MDA=</Latest><Latest>MDE=</Latest></BlockList>";
    let commit = || http.put(with(&[("comp", "blocklist")])).header("x-ms-blob-content-type", "text/x-test").body(list);
    let committed = commit().send().await.unwrap();
    assert_eq!(committed.status(), 201);
    let whole = http.get(url.clone()).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), &whole.headers()["content-type"]), (200, &"text/x-test".parse().unwrap()));
    assert_eq!(whole.headers()["etag"], committed.headers()["etag"]);
    assert_eq!(whole.text().await.unwrap(), "first second");
    // The blocks are used up.
    refused(commit(), 400, "InvalidBlockList").await;

    for (header, range, told, text) in [
        ("x-ms-range", "bytes=0-4", "bytes 0-4/12", "first"),
        ("range", "bytes=6-", "bytes 6-11/12", "second"),
        ("x-ms-range", "bytes=10-33554431", "bytes 10-11/12", "nd"),
    ] {
        let part = http.get(url.clone()).header(header, range).send().await.unwrap();
        assert_eq!(
            (part.status().as_u16(), &part.headers()["content-range"]),
            (206, &told.parse().unwrap()),
            "{range}"
        );
        assert_eq!(part.text().await.unwrap(), text);
    }
    refused(http.get(url.clone()).header("x-ms-range", "bytes=12-"), 416, "InvalidRange").await;
    let etag = committed.headers()["etag"].clone();
    let same = http.get(url.clone()).header("if-match", etag.clone()).send().await.unwrap();
    assert_eq!(same.status(), 200);
    put(url.clone(), "other").send().await.unwrap().error_for_status().unwrap();
    refused(http.get(url).header("if-match", etag), 412, "ConditionNotMet").await;
}

#[tokio::test]
async fn a_container_says_what_it_holds() {
    let (_emulator, client, _) = start().await;
    let signed = pending(&client, "1").await["blobReference"]["credential"]["sasUri"].take();
    let list = async |pairs: &[(&str, &str)]| {
        let mut url = url::Url::parse(signed.as_str().unwrap()).unwrap();
        url.query_pairs_mut().append_pair("restype", "container").append_pair("comp", "list").extend_pairs(pairs);
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"application/xml".parse().unwrap())
        );
        answer.text().await.unwrap()
    };
    assert_eq!(elements(&list(&[]).await, "Name"), [""; 0]);
    let names = ["a & <b>.txt", "folder/1.txt", "folder/2.txt", "folder/3.txt", "z.txt"];
    for name in names.iter().rev() {
        put(blob(&signed, name), *name).send().await.unwrap().error_for_status().unwrap();
    }
    let all = list(&[]).await;
    let told: Vec<String> =
        names.iter().map(|name| name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")).collect();
    assert_eq!(elements(&all, "Name"), told);
    let sizes: Vec<String> = names.iter().map(|name| name.len().to_string()).collect();
    assert_eq!((elements(&all, "Content-Length"), elements(&all, "NextMarker")), (sizes, vec![String::new()]));
    assert_eq!(elements(&all, "Last-Modified")[0], "Tue, 15 Jul 2025 13:54:19 GMT");

    // Page by page, and only what begins so.
    let (mut found, mut marker) = (Vec::new(), String::new());
    loop {
        let page = list(&[("prefix", "folder/"), ("maxresults", "2"), ("marker", &marker)]).await;
        found.push(elements(&page, "Name"));
        marker = elements(&page, "NextMarker").remove(0);
        if marker.is_empty() {
            break;
        }
    }
    assert_eq!(found, [vec!["folder/1.txt", "folder/2.txt"], vec!["folder/3.txt"]]);
    let mut url = url::Url::parse(signed.as_str().unwrap()).unwrap();
    url.query_pairs_mut().extend_pairs([("restype", "container"), ("comp", "list"), ("maxresults", "0")]);
    refused(reqwest::Client::new().get(url), 400, "OutOfRangeQueryParameterValue").await;
}

#[tokio::test]
async fn what_the_storage_does_not_take_is_told_in_its_own_way() {
    let emulator = Emulator::builder().upload_limit(1000).start().await.unwrap();
    let client = Client::new(emulator.endpoint());
    let pending = pending(&client, "1").await;
    let signed = &pending["blobReference"]["credential"]["sasUri"];
    let url = blob(signed, "a");
    let http = reqwest::Client::new();
    refused(http.put(url.clone()).body("x"), 400, "MissingRequiredHeader").await;
    refused(http.put(url.clone()).header("x-ms-blob-type", "AppendBlob"), 400, "MissingRequiredHeader").await;
    refused(http.delete(url.clone()), 405, "UnsupportedHttpVerb").await;
    refused(http.get(signed.as_str().unwrap()), 400, "InvalidUri").await;
    refused(put(url.clone(), vec![0; 1001]), 413, "RequestBodyTooLarge").await;
    let with = |pairs: &[(&str, &str)]| {
        let mut url = url.clone();
        url.query_pairs_mut().extend_pairs(pairs);
        url
    };
    refused(put(with(&[("comp", "tags")]), "x"), 501, "NotImplemented").await;
    refused(put(with(&[("comp", "block")]), "x"), 400, "MissingRequiredQueryParameter").await;
    let list = "<BlockList><Latest>AA==</Latest><Latest>AA==</Latest></BlockList>";
    refused(http.put(with(&[("comp", "blocklist")])).body(list), 400, "InvalidBlockList").await;
    // Neither blocks nor what a list makes of them are larger than a blob may be.
    let block = |id| with(&[("comp", "block"), ("blockid", id)]);
    http.put(block("AA==")).body(vec![0; 600]).send().await.unwrap().error_for_status().unwrap();
    refused(http.put(block("BB==")).body(vec![0; 401]), 413, "RequestBodyTooLarge").await;
    refused(http.put(with(&[("comp", "blocklist")])).body(list), 413, "RequestBodyTooLarge").await;
    refused(http.get(url.clone()), 404, "BlobNotFound").await;
    put(url.clone(), vec![0; 1000]).send().await.unwrap().error_for_status().unwrap();
    refused(put(url.clone(), "x").header("if-none-match", "*"), 409, "BlobAlreadyExists").await;
    let head = http.head(url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &"1000".parse().unwrap()));
}

#[tokio::test]
async fn a_version_is_changed_by_merging() {
    let (_emulator, client, _) = start().await;
    let path = "/datasets/colours/versions/1";
    let patch = async |body: Value| {
        let request =
            client.request("PATCH", path).header("content-type", "application/merge-patch+json").body(body.to_string());
        client.send(request).await
    };
    // A new version must be whole.
    for (body, place) in [
        (json!({ "type": "uri_file" }), "/dataUri"),
        (json!({ "dataUri": "https://example.com/1" }), "/type"),
        (json!({ "type": "uri_file", "dataUri": null }), "/dataUri"),
        (json!({ "type": "uri_file", "dataUri": "u", "tags": { "a": 1 } }), "/tags/a"),
        (json!([]), "/"),
    ] {
        let error = patch(body).await.error(400);
        assert_eq!(error["param"], place);
    }
    client.get(path).await.error(404);

    let body = json!({
        "type": "uri_file",
        "dataUri": "https://example.com/1",
        "description": "Colours",
        "tags": { "a": "1", "b": "2" },
    });
    assert_eq!(patch(body).await.status, 201);
    // An old one is changed where the request says so.
    let changed = patch(json!({ "description": null, "tags": { "a": null, "c": "3" } })).await.success();
    assert_eq!(changed["tags"], json!({ "b": "2", "c": "3" }));
    assert!(changed.get("description").is_none());
    assert_eq!(changed["dataUri"], "https://example.com/1");
    let emptied = patch(json!({ "tags": null })).await.success();
    assert_eq!(emptied["tags"], json!({}));
    let error = patch(json!({ "dataUri": null })).await.error(400);
    assert_eq!(error["param"], "/dataUri");
    assert_eq!(patch(json!({})).await.success(), emptied);
    assert_eq!(client.get(path).await.success(), emptied);
}

#[tokio::test]
async fn a_pending_upload_says_what_it_is() {
    let (_emulator, client, _) = start().await;
    let path = "/datasets/colours/versions/1/startPendingUpload";
    let error = client.post(path, json!({})).await.error(400);
    assert_eq!(error["param"], "/pendingUploadType");
    let error = client.post(path, json!({ "pendingUploadType": "Other" })).await.error(400);
    assert_eq!(error["param"], "/pendingUploadType");
    let body = json!({ "pendingUploadType": "BlobReference", "pendingUploadId": "mine" });
    assert_eq!(client.post(path, body).await.success()["pendingUploadId"], "mine");
}
