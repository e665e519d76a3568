//! Skills, toolboxes and datasets of api-version v1.

use std::io::{Cursor, Read};

use foundry_emulator::Emulator;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Answer, Client, frames, start};

async fn v1() -> (Emulator, Client) {
    let (emulator, client, _) = start().await;
    let client = client.v1();
    (emulator, client)
}

fn unpack(answer: &Answer, name: &str) -> String {
    assert_eq!((answer.status, &answer.headers["content-type"]), (200, &"application/zip".parse().unwrap()));
    let mut archive = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn a_skill_is_a_text_or_files_and_comes_back_as_a_zip() {
    let (_emulator, client) = v1().await;
    let inline = json!({ "inline_content": {
        "description": "Greets people.",
        "instructions": "Say hello.",
        "license": "MIT",
        "metadata": { "author": "Ann: \"A\"\nB" },
        "allowed_tools": ["Read", "Write"],
    } });
    let first = client.post("/skills/greeting/versions", inline).await.success();
    assert_eq!((&first["id"], &first["description"]), (&json!("greeting:1"), &json!("Greets people.")));
    let text = unpack(&client.get("/skills/greeting/content").await, "SKILL.md");
    let expected = "---\nname: greeting\ndescription: Greets people.\nlicense: MIT\nmetadata:\n  author: \"Ann: \\\"A\\\"\\nB\"\n\
                    allowed-tools: Read Write\n---\n\nSay hello.\n";
    assert_eq!(text, expected);

    let manifest = "---\nname: greeting\ndescription: \"Greets better.\"\n---\nBow.";
    let form = Form::new()
        // As Python writes it.
        .text("default", "True")
        .part("files", Part::text(manifest).file_name("SKILL.md"))
        .part("files", Part::text("Hej").file_name("words/swedish.txt"));
    let request = client.request("POST", "/skills/greeting/versions").multipart(form);
    let second = client.send(request).await.success();
    assert_eq!((&second["version"], &second["description"]), (&json!("2"), &json!("Greets better.")));
    let skill = client.get("/skills/greeting").await.success();
    assert_eq!((&skill["default_version"], &skill["latest_version"]), (&json!("2"), &json!("2")));
    assert_eq!(unpack(&client.get("/skills/greeting/content").await, "words/swedish.txt"), "Hej");

    // One zip is kept as it is.
    let archive = client.get("/skills/greeting/versions/1/content").await.bytes;
    let form = Form::new().part("files", Part::bytes(archive.to_vec()).file_name("Skill.ZIP"));
    let request = client.request("POST", "/skills/greeting/versions").multipart(form);
    assert_eq!(client.send(request).await.success()["version"], "3");
    assert_eq!(client.get("/skills/greeting/versions/3/content").await.bytes, archive);
    let skill = client.get("/skills/greeting").await.success();
    assert_eq!((&skill["default_version"], &skill["latest_version"]), (&json!("2"), &json!("3")));

    client.post("/skills/greeting", json!({ "default_version": "9" })).await.error(404);
    let skill = client.post("/skills/greeting", json!({ "default_version": "1" })).await.success();
    assert_eq!(skill["default_version"], "1");
    let deleted = client.call("DELETE", "/skills/greeting/versions/1", None).await.success();
    assert_eq!((&deleted["version"], &deleted["deleted"]), (&json!("1"), &json!(true)));
    assert_eq!(client.get("/skills/greeting").await.success()["default_version"], "3");
    client.post("/skills/greeting/versions", json!({})).await.error(400);
    client.call("DELETE", "/skills/greeting", None).await.success();
    client.get("/skills/greeting/versions/2/content").await.error(404);
}

#[tokio::test]
async fn a_toolbox_is_an_mcp_server_of_its_version_in_use() {
    let (_emulator, client) = v1().await;
    let tools = |label: &str| json!({ "tools": [{ "type": "mcp", "server_label": label }, { "type": "web_search" }] });
    client.post("/toolboxes/box/versions", tools("github")).await.success();
    let second = client.post("/toolboxes/box/versions", tools("gitlab")).await.success();
    let toolbox = client.get("/toolboxes/box").await.success();
    assert_eq!((&toolbox["default_version"], &toolbox["versions"]["latest"]), (&json!("1"), &second));

    let rpc = async |method: &str, params: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        client.post("/toolboxes/box:invoke_mcp", body).await.success()
    };
    let hello = rpc("initialize", json!({ "protocolVersion": "2025-03-26" })).await;
    assert_eq!((&hello["id"], &hello["result"]["protocolVersion"]), (&json!(7), &json!("2025-03-26")));
    let names = async || {
        let listed = rpc("tools/list", json!({})).await;
        let tools = listed["result"]["tools"].as_array().unwrap().clone();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["github", "web_search"]);
    client.call("PATCH", "/toolboxes/box", Some(json!({ "default_version": "2" }))).await.success();
    assert_eq!(names().await, ["gitlab", "web_search"]);
    let called = rpc("tools/call", json!({ "name": "gitlab", "arguments": { "q": "x" } })).await;
    assert_eq!(called["result"]["content"][0]["text"], r#"gitlab was called with {"q":"x"}."#);
    assert_eq!(rpc("tools/call", json!({ "name": "github" })).await["error"]["code"], -32602);
    assert_eq!(rpc("prompts/list", json!({})).await["error"]["code"], -32601);

    let body = json!({ "jsonrpc": "2.0", "id": "a", "method": "ping" });
    let request = client.request("POST", "/toolboxes/box:invoke_mcp").json(&body);
    let answer = client.send(request.header("accept", "application/json, text/event-stream")).await;
    let told = json!({ "jsonrpc": "2.0", "id": "a", "result": {} });
    assert_eq!(frames(&answer.bytes), [("message".to_owned(), told)]);
    // The protocol wants this of notifications, though the document does not say so.
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let answer = client.request("POST", "/toolboxes/box:invoke_mcp").json(&notification).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.bytes().await.unwrap().len()), (202, 0));
    client.post("/toolboxes/none:invoke_mcp", body).await.error(404);

    client.call("DELETE", "/toolboxes/box/versions/2", None).await.success();
    assert_eq!(client.get("/toolboxes/box").await.success()["default_version"], "1");
    client.call("DELETE", "/toolboxes/box/versions/1", None).await.success();
    client.get("/toolboxes/box").await.error(404);
}

#[tokio::test]
async fn a_dataset_goes_up_to_a_blob_under_v1_too() {
    let (_emulator, client) = v1().await;
    let body = json!({ "pendingUploadType": "BlobReference" });
    let pending = client.post("/datasets/colours/versions/1/startPendingUpload", body).await.success();
    let signed = pending["blobReference"]["credential"]["sasUri"].as_str().unwrap();
    let mut url = url::Url::parse(signed).unwrap();
    url.path_segments_mut().unwrap().push("red.txt");
    let put = reqwest::Client::new().put(url.clone()).header("x-ms-blob-type", "BlockBlob").body("red");
    assert_eq!(put.send().await.unwrap().status(), 201);
    url.set_query(None);
    let version = json!({ "type": "uri_file", "dataUri": url.as_str() });
    let request = client.request("PATCH", "/datasets/colours/versions/1");
    let request = request.header("content-type", "application/merge-patch+json").body(version.to_string());
    assert_eq!(client.send(request).await.status, 201);
    let credentials = client.call("POST", "/datasets/colours/versions/1/credentials", None).await.success();
    assert_eq!(credentials["blobReference"]["credential"]["sasUri"], signed);
    let latest = client.get("/datasets").await.success();
    assert_eq!(latest["value"][0]["dataUri"], url.as_str());
}
