//! Files: uploading, listing, reading, deleting.

use foundry_emulator::Emulator;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Client, START, id, start};

fn part(content: &'static str) -> Part {
    Part::bytes(content.as_bytes()).file_name("a.txt")
}

#[tokio::test]
async fn a_file_is_uploaded_listed_read_and_deleted() {
    let (_emulator, client, clock) = start().await;
    let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let file = client.upload("Übung – 文.txt", content.clone()).await.success();
    let file_id = id(&file);
    assert!(file_id.starts_with("assistant-"), "{file_id}");
    assert_eq!(
        file,
        json!({
            "object": "file",
            "id": file_id,
            "purpose": "assistants",
            "filename": "Übung – 文.txt",
            "bytes": 100_000,
            "created_at": START,
            "expires_at": null,
            "status": "processed",
            "status_details": null,
        })
    );
    let path = format!("/files/{file_id}");
    assert_eq!(client.get(&path).await.success(), file);
    let read = client.get(&format!("{path}/content")).await;
    assert_eq!((read.status, read.bytes.as_ref()), (200, content.as_slice()));

    clock.advance(1);
    let form = Form::new().part("file", part("")).text("purpose", "vision").text("filename", "ß \"b\".png");
    let second = client.send(client.request("POST", "/files").multipart(form)).await.success();
    assert_eq!(second["filename"], "ß \"b\".png");
    assert_eq!((&second["bytes"], &second["purpose"]), (&json!(0), &json!("vision")));
    assert!(client.get(&format!("/files/{}/content", id(&second))).await.bytes.is_empty());

    // Newest first and not in pages.
    let all = json!({ "object": "list", "data": [second, file] });
    assert_eq!(client.get("/files").await.success(), all);
    assert_eq!(client.get("/files?limit=1").await.success(), all);
    let some = client.get("/files?purpose=assistants").await.success();
    assert_eq!(some["data"], json!([file]));
    let none = client.get("/files?purpose=assistants_output").await.success();
    assert_eq!(none, json!({ "object": "list", "data": [] }));

    let deleted = client.call("DELETE", &path, None).await.success();
    assert_eq!(deleted, json!({ "id": file_id, "object": "file", "deleted": true }));
    for (method, path) in [("GET", path.clone()), ("GET", format!("{path}/content")), ("DELETE", path)] {
        let error = client.call(method, &path, None).await.error(404);
        assert_eq!(error["message"], format!("No file found with id '{file_id}'."));
    }
}

#[tokio::test]
async fn names_with_quotes_and_backslashes_arrive_as_they_were() {
    let (_emulator, client, _) = start().await;
    for name in ["a\"b.txt", "a\\b.txt", "a;b=c.txt", " a .txt", "'.txt", "a\\\"b.txt", "..", "%41.txt"] {
        let file = client.upload(name, "x").await.success();
        assert_eq!(file["filename"], name);
    }
}

#[tokio::test]
async fn forms_that_lack_a_part_are_400_and_say_which() {
    let (_emulator, client, _) = start().await;
    for (form, place) in [
        (Form::new().text("purpose", "assistants"), "/file"),
        (Form::new().part("file", part("x")), "/purpose"),
        (Form::new().text("other", "x"), "/file"),
        // A part without a name of its own is no file.
        (Form::new().part("file", Part::text("x")).text("purpose", "assistants"), "/filename"),
    ] {
        let error = client.send(client.request("POST", "/files").multipart(form)).await.error(400);
        assert_eq!(error["code"], "invalid_payload");
        assert_eq!(error["param"], place);
    }
    assert_eq!(client.get("/files").await.success()["data"], json!([]));
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let (_emulator, client, _) = start().await;
    let send = async |content_type: &str, body: &'static str| {
        let request = client.request("POST", "/files").header("content-type", content_type).body(body);
        client.send(request).await
    };
    send("application/json", "{}").await.error(415);
    send("text/plain", "").await.error(415);
    for (content_type, body) in [
        ("multipart/form-data", "--b--\r\n"),
        ("multipart/form-data; boundary=b", ""),
        ("multipart/form-data; boundary=b", "nonsense"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx",
        ),
        ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n"),
    ] {
        let error = send(content_type, body).await.error(400);
        assert_eq!(error["code"], "invalid_payload", "{body}");
    }
    let request = client
        .request("POST", "/files")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(b"--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n\xff\r\n--b--\r\n".as_slice());
    client.send(request).await.error(400);
    client.send(client.request("POST", "/files")).await.error(415);
    assert_eq!(client.get("/files").await.success()["data"], json!([]));
}

#[tokio::test]
async fn uploads_have_a_limit_of_their_own() {
    let emulator = Emulator::builder().body_limit(100).upload_limit(10_000).start().await.unwrap();
    let client = Client::new(emulator.endpoint());
    let file = client.upload("a.txt", vec![b'x'; 9_000]).await.success();
    assert_eq!(file["bytes"], 9_000);
    client.upload("a.txt", vec![b'x'; 10_000]).await.error(413);
    let message: Value = json!({ "metadata": { "a": "x".repeat(100) } });
    client.post("/threads", message).await.error(413);
    assert_eq!(client.get("/files").await.success()["data"].as_array().unwrap().len(), 1);
}
