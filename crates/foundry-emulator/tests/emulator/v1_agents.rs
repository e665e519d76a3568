//! Agents of api-version v1: versions, kinds that are previews, and answering by them.

use foundry_emulator::{Emulator, Rule};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Client, data, id, response_events, start, start_with};

async fn v1() -> (Emulator, Client) {
    let (emulator, client, _) = start().await;
    let client = client.v1();
    (emulator, client)
}

fn prompt(instructions: &str) -> Value {
    json!({ "definition": { "kind": "prompt", "model": "gpt-4.1-mini", "instructions": instructions } })
}

async fn create_version(client: &Client, name: &str, instructions: &str) -> Value {
    client.post(&format!("/agents/{name}/versions"), prompt(instructions)).await.success()
}

#[tokio::test]
async fn versions_are_made_listed_and_deleted() {
    let (_emulator, client) = v1().await;
    client.get("/agents/cowboy").await.error(404);
    client.get("/agents/cowboy/versions").await.error(404);
    let first = create_version(&client, "cowboy", "One").await;
    assert_eq!((&first["id"], &first["object"]), (&json!("cowboy:1"), &json!("agent.version")));
    assert_eq!(
        (&first["metadata"], &first["description"], &first["status"]),
        (&json!({}), &json!(""), &json!("active"))
    );
    let second = create_version(&client, "cowboy", "Two").await;
    assert_eq!(second["version"], "2");

    let agent = client.get("/agents/cowboy").await.success();
    assert_eq!((&agent["versions"]["latest"], &agent["state"]), (&second, &json!("enabled")));
    assert_eq!(client.get("/agents/cowboy/versions/1").await.success(), first);
    client.get("/agents/cowboy/versions/3").await.error(404);
    let page = client.get("/agents/cowboy/versions?limit=1").await.success();
    assert_eq!((&page["data"][0], &page["has_more"], &page["last_id"]), (&second, &json!(true), &json!("cowboy:2")));
    let page = client.get("/agents/cowboy/versions?limit=1&after=cowboy:2").await.success();
    assert_eq!((&page["data"][0], &page["has_more"]), (&first, &json!(false)));

    let deleted = client.call("DELETE", "/agents/cowboy/versions/2", None).await.success();
    let told = json!({ "object": "agent.version.deleted", "name": "cowboy", "version": "2", "deleted": true });
    assert_eq!(deleted, told);
    client.call("DELETE", "/agents/cowboy/versions/2", None).await.error(404);
    assert_eq!(client.get("/agents/cowboy").await.success()["versions"]["latest"], first);
    // A number is never given twice.
    assert_eq!(create_version(&client, "cowboy", "Three").await["version"], "3");
    let deleted = client.call("DELETE", "/agents/cowboy", None).await.success();
    assert_eq!(deleted, json!({ "object": "agent.deleted", "name": "cowboy", "deleted": true }));
    client.get("/agents/cowboy/versions/3").await.error(404);
    client.call("DELETE", "/agents/cowboy", None).await.error(404);
    let empty = client.get("/agents").await.success();
    assert_eq!(empty, json!({ "object": "list", "data": [], "has_more": false }));
}

#[tokio::test]
async fn an_agent_is_made_once_and_updated_by_versions() {
    let (_emulator, client) = v1().await;
    let mut body = prompt("One");
    body["name"] = "cowboy".into();
    let agent = client.post("/agents", body.clone()).await.success();
    assert_eq!(agent["versions"]["latest"]["version"], "1");
    let error = client.post("/agents", body).await.error(409);
    assert!(error["message"].as_str().unwrap().contains("cowboy"));
    // Only what is new makes a version.
    let same = client.post("/agents/cowboy", prompt("One")).await.success();
    assert_eq!(same["versions"]["latest"]["version"], "1");
    let changed = client.post("/agents/cowboy", prompt("Two")).await.success();
    assert_eq!(changed["versions"]["latest"]["version"], "2");
    client.post("/agents/nobody", prompt("One")).await.error(404);
    let error = client.post("/agents/cowboy/versions", json!({ "definition": { "kind": "prompt" } })).await.error(400);
    assert_eq!(error["param"], "/definition/model");
    let unknown = json!({ "definition": { "kind": "something_new", "x": 1 } });
    let version = client.post("/agents/cowboy/versions", unknown).await.success();
    assert_eq!(version["definition"], json!({ "kind": "something_new", "x": 1 }));
}

#[tokio::test]
async fn kinds_that_are_previews_want_their_header() {
    let (_emulator, client) = v1().await;
    let create = async |body: Value, features: &[&str]| {
        let mut request = client.request("POST", "/agents/new/versions").json(&body);
        for feature in features {
            request = request.header("foundry-features", *feature);
        }
        client.send(request).await
    };
    let workflow = json!({ "definition": { "kind": "workflow", "workflow": "kind: Workflow" } });
    let error = create(workflow.clone(), &[]).await.error(403);
    assert_eq!(error["code"], "preview_feature_required");
    assert!(error["message"].as_str().unwrap().contains("WorkflowAgents=V1Preview"), "{error}");
    create(workflow.clone(), &["VoiceAgents=V1Preview"]).await.error(403);
    create(workflow.clone(), &["VoiceAgents=V1Preview,WorkflowAgents=V9Preview"]).await.success();
    create(workflow, &["DraftAgents=V1Preview", "WorkflowAgents=V1Preview"]).await.success();
    create(json!({ "definition": { "kind": "external" } }), &[]).await.error(403);
    create(json!({ "definition": { "kind": "external" } }), &["ExternalAgents=V1Preview"]).await.success();
    let mut draft = prompt("One");
    draft["draft"] = true.into();
    create(draft.clone(), &[]).await.error(403);
    let draft = create(draft, &["DraftAgents=V1Preview"]).await.success();
    // A draft is not what the agent is.
    let agent = client.get("/agents/new").await.success();
    assert_ne!(agent["versions"]["latest"]["version"], draft["version"]);
    let listed = client.get("/agents/new/versions").await.success();
    let all = client.get("/agents/new/versions?include_drafts=true").await.success();
    assert_eq!(listed["data"].as_array().unwrap().len() + 1, all["data"].as_array().unwrap().len());
    let external = client.get("/agents?kind=external").await.success();
    let workflows = client.get("/agents?kind=workflow").await.success();
    assert_eq!((external["data"].as_array().unwrap().len(), workflows["data"].as_array().unwrap().len()), (1, 0));
}

#[tokio::test]
async fn previews_are_refused_without_their_header_and_nothing_else_is() {
    let (_emulator, client) = v1().await;
    let judge = crate::schema::judge("v1");
    let mut gated = 0;
    for (method, template) in judge.operations() {
        let path = template.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
        let path = path.collect::<Vec<_>>().join("x");
        let operation = judge.operation(&method, &path).unwrap();
        let features = judge.features(operation);
        let url = if path.starts_with("/openai/") { path.clone() } else { format!("{path}?api-version=v1") };
        let answer = client.send(client.bare(&method, &url).bearer_auth("any")).await;
        let is_refused = answer.body["error"]["code"] == "preview_feature_required";
        assert_eq!(is_refused, features.is_some(), "{method} {template}: {answer:?}");
        assert!(answer.status < 500, "{method} {template}: {answer:?}");
        let Some(features) = features else { continue };
        assert_eq!(answer.status, 403);
        gated += 1;
        // One of the features is enough, in whatever edition.
        let name = features.split('=').next().unwrap();
        let request = client.bare(&method, &url).bearer_auth("any").header("foundry-features", format!("{name}=V99"));
        let answer = client.send(request).await;
        assert!(answer.status != 403 && answer.status < 500, "{method} {template}: {answer:?}");
    }
    assert_eq!(gated, 106);
}

#[tokio::test]
async fn an_agent_answers_by_name_by_version_and_by_its_own_path() {
    let rule = Rule::new().agent("cowboy").reply_with(|turn| format!("{}: {}", turn.agent_name, turn.instructions));
    let (_emulator, client, _) = start_with([rule], []).await;
    let client = client.v1();
    create_version(&client, "cowboy", "One").await;
    create_version(&client, "cowboy", "Two").await;
    let reference = |version: Option<&str>| {
        let mut reference = json!({ "type": "agent_reference", "name": "cowboy" });
        if let Some(version) = version {
            reference["version"] = version.into();
        }
        json!({ "input": "Hello", "agent_reference": reference })
    };
    let path = "/agents/cowboy/endpoint/protocols/openai/responses";
    for (path, body, version, said) in [
        ("/openai/v1/responses", reference(None), "2", "cowboy: Two"),
        ("/openai/v1/responses", reference(Some("1")), "1", "cowboy: One"),
        (path, json!({ "input": "Hello" }), "2", "cowboy: Two"),
    ] {
        let response = client.post(path, body).await.success();
        let named = json!({ "type": "agent_reference", "name": "cowboy", "version": version });
        assert_eq!(response["agent_reference"], named);
        assert_eq!((&response["model"], &response["instructions"]), (&json!("gpt-4.1-mini"), &json!(&said[8..])));
        let item = &response["output"][0];
        assert_eq!(item["content"][0]["text"], said);
        assert_eq!((&item["agent_reference"], &item["response_id"]), (&named, &response["id"]));
    }
    let error = client.post("/openai/v1/responses", reference(Some("9"))).await.error(404);
    assert!(error["message"].as_str().unwrap().contains('9'));

    // The agent's own path is one for everything of this kind.
    let response = client.post(path, json!({ "input": "Hello", "stream": true })).await;
    let events = response_events(&response.bytes);
    let response = &data(&events, "response.completed")["response"];
    client.get(&format!("{path}/{}", id(response))).await.success();
    let conversations = "/agents/cowboy/endpoint/protocols/openai/conversations";
    let conversation = client.post(conversations, json!({})).await.success();
    client.get(&format!("{conversations}/{}/items", id(&conversation))).await.success();
    client.post("/agents/nobody/endpoint/protocols/openai/responses", json!({ "input": "x" })).await.error(404);
    client.send(client.bare("POST", path).bearer_auth("any").json(&json!({ "input": "x" }))).await.error(400);

    // What the agent decides, nobody else does.
    let tools = json!({ "input": "x", "tools": [{ "type": "web_search" }] });
    let format = json!({ "input": "x", "text": { "format": { "type": "json_object" } } });
    for (mut body, param) in [(tools, "tools"), (format, "text")] {
        for path in ["/openai/v1/responses", path] {
            body["agent_reference"] = json!({ "type": "agent_reference", "name": "cowboy" });
            let error = client.post(path, body.clone()).await.error(400);
            assert_eq!((&error["code"], &error["param"]), (&json!("invalid_payload"), &json!(param)));
            assert_eq!(error["message"], "Not allowed when agent is specified.");
        }
    }
    client.call("POST", "/agents/cowboy:disable", None).await.success();
    client.post(path, json!({ "input": "x" })).await.error(400);
    client.call("POST", "/agents/cowboy:enable", None).await.success();
    client.post(path, json!({ "input": "x" })).await.success();
}

#[tokio::test]
async fn code_goes_up_and_down_and_sessions_hold_up_a_deletion() {
    let (_emulator, client) = v1().await;
    let metadata = json!({ "definition": { "kind": "hosted", "cpu": "0.25", "memory": "1Gi" }, "description": "code" });
    let form = |metadata: String| {
        let code = Part::bytes(b"PK code".to_vec()).file_name("agent.zip").mime_str("application/zip").unwrap();
        Form::new().text("metadata", metadata).part("code", code)
    };
    let request = client.request("POST", "/agents/hosted/versions").multipart(form(metadata.to_string()));
    let version = client.send(request).await.success();
    assert_eq!((&version["description"], &version["definition"]["cpu"]), (&json!("code"), &json!("0.25")));
    let code = client.get("/agents/hosted/code:download").await;
    assert_eq!((code.status, &code.bytes[..]), (200, &b"PK code"[..]));
    assert_eq!(code.headers["content-type"], "application/zip");
    create_version(&client, "prompt", "One").await;
    client.get("/agents/prompt/code:download").await.error(404);
    let request = client.request("POST", "/agents/hosted/versions").multipart(form("{".to_owned()));
    client.send(request).await.error(400);

    let body =
        json!({ "version_indicator": { "type": "version_ref", "agent_version": "1" }, "agent_session_id": "mine" });
    let session = client.post("/agents/hosted/endpoint/sessions", body.clone()).await.success();
    assert_eq!((&session["agent_session_id"], &session["status"]), (&json!("mine"), &json!("active")));
    client.post("/agents/hosted/endpoint/sessions", body).await.error(409);
    client.call("DELETE", "/agents/hosted/versions/1", None).await.error(409);
    client.call("DELETE", "/agents/hosted", None).await.error(409);
    let log = client.get("/agents/hosted/versions/1/sessions/mine:logstream").await;
    let log = String::from_utf8(log.bytes.to_vec()).unwrap();
    assert!(log.starts_with("event: log\ndata: {") && log.ends_with("\n\n"), "{log}");

    let files = "/agents/hosted/endpoint/sessions/mine/files";
    for path in ["a.txt", "/dir/b.txt", "dir/deep/c.txt"] {
        let request = client.request("PUT", &format!("{files}/content?path={path}"));
        let request = request.header("content-type", "application/octet-stream").body(path);
        assert_eq!(client.send(request).await.success()["bytes_written"], path.len());
    }
    let read = client.get(&format!("{files}/content?path=dir/b.txt")).await;
    assert_eq!(&read.bytes[..], b"/dir/b.txt");
    let listed = client.get(&format!("{files}?path=dir&order=asc")).await.success();
    let names: Vec<(&str, bool)> = listed["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["name"].as_str().unwrap(), entry["is_directory"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("b.txt", false), ("deep", true)]);
    client.call("DELETE", &format!("{files}?path=dir"), None).await.error(409);
    client.call("DELETE", &format!("{files}?path=dir&recursive=true"), None).await.success();
    client.get(&format!("{files}/content?path=dir/b.txt")).await.error(404);
    client.get(&format!("{files}/content")).await.error(400);

    client.call("POST", "/agents/hosted/endpoint/sessions/mine:stop", None).await.success();
    client.call("DELETE", "/agents/hosted/versions/1", None).await.success();
    client.get("/agents/hosted").await.error(404);
}

#[tokio::test]
async fn the_introductions_first_request_is_answered() {
    let (_emulator, client) = v1().await;
    let version = create_version(&client, "cowboy", "One").await;
    // As it stands in the service's introduction to its API, with an api-version that has no agents.
    let request = client
        .bare("GET", "/agents?api-version=2025-05-01")
        .header("authorization", "Bearer YOUR_ACCESS_TOKEN")
        .header("content-type", "application/json")
        .header("accept", "application/json");
    let agents = client.send(request).await.success();
    assert_eq!(agents["data"][0]["versions"]["latest"], version);
    let other = client.bare("GET", "/agents/cowboy?api-version=2025-05-01").bearer_auth("any");
    client.send(other).await.error(404);
}
