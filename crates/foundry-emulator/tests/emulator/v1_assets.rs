//! Evaluators, rules, routines, schedules, models and monitors of api-version v1.

use foundry_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Client, id, start};
use crate::schema;

async fn v1() -> (Emulator, Client) {
    let (emulator, client, _) = start().await;
    let client = client.v1();
    (emulator, client)
}

/// Sends what the document requires, with this laid over it.
async fn plain(client: &Client, method: &str, path: &str, laid_over: Value) -> crate::client::Answer {
    let judge = schema::judge("v1");
    let body = judge.plain_body(judge.operation(method, path).unwrap(), laid_over);
    client.call(method, path, Some(body)).await
}

#[tokio::test]
async fn what_is_put_is_made_or_replaced() {
    let (_emulator, client) = v1().await;
    let path = "/evaluationrules/quality";
    let first = plain(&client, "PUT", path, json!({ "displayName": "One", "description": "d", "enabled": true })).await;
    assert_eq!((first.status, &first.body["id"]), (201, &json!("quality")));
    let second = plain(&client, "PUT", path, json!({ "displayName": "Two", "enabled": false })).await;
    assert_eq!((second.status, &second.body["displayName"]), (200, &json!("Two")));
    // All of it is replaced.
    assert!(second.body.get("description").is_none());
    assert_eq!(client.get(path).await.success(), second.body);
    for (enabled, count) in [("true", 0), ("false", 1)] {
        let listed = client.get(&format!("/evaluationrules?enabled={enabled}")).await.success();
        assert_eq!(listed["value"].as_array().unwrap().len(), count);
    }
    client.get("/evaluationrules?enabled=perhaps").await.error(400);
    let kind = second.body["action"]["type"].as_str().unwrap();
    for (kind, count) in [(kind, 1), ("something", 0)] {
        let listed = client.get(&format!("/evaluationrules?actionType={kind}")).await.success();
        assert_eq!(listed["value"].as_array().unwrap().len(), count, "{kind}");
    }
    client.call("PUT", path, Some(json!({ "enabled": true }))).await.error(400);
    client.call("DELETE", path, None).await.success();
    client.get(path).await.error(404);
    client.call("DELETE", path, None).await.error(404);

    let routine = client.call("PUT", "/routines/r", Some(json!({ "description": "d" }))).await.success();
    assert_eq!((&routine["enabled"], &routine["name"]), (&json!(true), &json!("r")));
    let off = client.call("POST", "/routines/r:disable", None).await.success();
    assert_eq!((&off["enabled"], &off["description"]), (&json!(false), &json!("d")));
    let dispatched = client.post("/routines/r:dispatch_async", json!({})).await.success();
    let runs = client.get("/routines/r/runs").await.success();
    assert_eq!(runs["data"][0]["dispatch_id"], dispatched["dispatch_id"]);
    assert_eq!(runs["data"][0]["attempt_source"], "queued_dispatch");
    client.call("POST", "/routines/none:enable", None).await.error(404);
}

#[tokio::test]
async fn evaluators_are_numbered_and_the_latest_listed() {
    let (_emulator, client) = v1().await;
    for (name, version) in [("tone", "1"), ("tone", "2"), ("facts", "1")] {
        let path = format!("/evaluators/{name}/versions");
        let definition = json!({ "type": "prompt", "prompt_text": format!("{name} {version}") });
        let body = json!({ "definition": definition, "version": "99", "created_by": "me", "evaluator_type": "custom" });
        let made = plain(&client, "POST", &path, body).await;
        assert_eq!((made.status, &made.body["version"], &made.body["name"]), (201, &json!(version), &json!(name)));
        assert_eq!(
            (&made.body["created_by"], &made.body["created_at"]),
            (&json!("emulator"), &json!("2025-07-15T13:54:19Z"))
        );
    }
    let latest = client.get("/evaluators").await.success();
    let versions: Vec<(&str, &str)> = latest["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["version"].as_str().unwrap()))
        .collect();
    assert_eq!(versions, [("tone", "2"), ("facts", "1")]);
    let page = client.get("/evaluators/tone/versions?limit=1").await.success();
    assert_eq!(page["value"].as_array().unwrap().len(), 1);
    let next = page["nextLink"].as_str().unwrap();
    let path = &next[next.find("/evaluators").unwrap()..];
    let rest = client.send(client.bare("GET", path).bearer_auth("any")).await.success();
    assert_eq!((&rest["value"][0]["version"], rest.get("nextLink")), (&json!("2"), None));
    for (kind, count) in [("builtin", 0), ("custom", 2), ("all", 2)] {
        let listed = client.get(&format!("/evaluators?type={kind}")).await.success();
        assert_eq!(listed["value"].as_array().unwrap().len(), count, "{kind}");
    }
    // The document wants all of it, the service what is to be different.
    let path = "/evaluators/tone/versions/1";
    let before = client.get(path).await.success();
    let body = json!({ "display_name": "Tone", "categories": ["safety"], "created_by": 7 });
    let changed = client.call("PATCH", path, Some(body)).await.success();
    assert_eq!((&changed["display_name"], &changed["categories"]), (&json!("Tone"), &json!(["safety"])));
    for kept in ["definition", "evaluator_type", "created_by", "created_at", "version"] {
        assert_eq!(changed[kept], before[kept], "{kept}");
    }
    assert_eq!(client.get(path).await.success(), changed);
    let error = client.call("PATCH", path, Some(json!({ "categories": ["safety", 1] }))).await.error(400);
    assert_eq!(error["param"], "/categories/1");
    let changed = plain(&client, "PATCH", path, json!({ "display_name": "Tones" })).await;
    assert_eq!((changed.status, &changed.body["display_name"]), (200, &json!("Tones")));

    plain(&client, "PUT", "/evaluationtaxonomies/t", json!({ "description": "d" })).await.success();
    let changed = client.call("PATCH", "/evaluationtaxonomies/t", Some(json!({ "description": "e" }))).await.success();
    assert_eq!((&changed["description"], changed.get("taxonomyInput").is_some()), (&json!("e"), true));
}

#[tokio::test]
async fn a_model_goes_up_is_made_and_gone() {
    let (_emulator, client) = v1().await;
    let pending = plain(&client, "POST", "/models/m/versions/1/startPendingUpload", json!({})).await.success();
    assert_eq!(pending["pendingUploadType"], "TemporaryBlobReference");
    let container = pending["blobReference"]["blobUri"].as_str().unwrap();
    let made = plain(&client, "POST", "/models/m/versions/1/createAsync", json!({ "blobUri": container })).await;
    assert_eq!(
        (made.status, &made.headers["location"]),
        (202, &made.body["location"].as_str().unwrap().parse().unwrap())
    );
    let model = client.get("/models/m/versions/1").await.success();
    assert_eq!(model["blobUri"], container);
    let opened = client.post("/models/m/versions/1/credentials", json!({ "blobUri": container })).await.success();
    assert_eq!(opened["blobReference"]["credential"], pending["blobReference"]["credential"]);
    let again = plain(&client, "POST", "/models/m/versions/1/createAsync", json!({ "blobUri": container })).await;
    again.error(409);
    let changed = client.call("PATCH", "/models/m/versions/1", Some(json!({ "tags": { "a": "b" } }))).await.success();
    assert_eq!((&changed["tags"], &changed["blobUri"]), (&json!({ "a": "b" }), &json!(container)));
    client.call("DELETE", "/models/m/versions/1", None).await.success();
    client.call("DELETE", "/models/m/versions/1", None).await.error(404);
    client.get("/models/m/versions/1").await.error(404);
}

#[tokio::test]
async fn a_monitor_finds_something_and_forgets_it() {
    let (emulator, client) = v1().await;
    let created = plain(&client, "POST", "/agent_insight_monitors", json!({ "agent_name": "a" })).await;
    let location = format!("{}/agent_insight_monitors/{}?api-version=v1", emulator.endpoint(), id(&created.body));
    assert_eq!(created.headers["location"], *location);
    let path = format!("/agent_insight_monitors/{}", id(&created.success()));
    let other = client.get("/agent_insight_monitors?agent_name=b").await.success();
    assert_eq!(other["data"], json!([]));
    let listed = client.get("/agent_insight_monitors?agent_name=a").await.success();
    assert_eq!((listed["data"].as_array().unwrap().len(), listed["data"][0].get("overview")), (1, None));
    assert_eq!(client.get(&path).await.success().get("overview"), Some(&Value::Null));
    let run = client.post(&format!("{path}/runs"), json!({ "lookback_hours": 2 })).await.success();
    let window = run["window_end"].as_i64().unwrap() - run["window_start"].as_i64().unwrap();
    assert_eq!((window, &run["agent_name"]), (7200, &json!("a")));
    let run = format!("{path}/runs/{}", id(&run));
    assert_eq!(client.statuses(&run, 2).await, ["in_progress", "succeeded"]);
    let done = client.get(&run).await.success();
    assert_eq!((&done["result"]["insights_created"], &done["inputs"]["lookback_hours"]), (&json!(1), &json!(2)));
    let insights = client.get(&format!("{path}/insights")).await.success();
    let insight = format!("{path}/insights/{}", id(&insights["data"][0]));
    let resolved = client.call("PATCH", &insight, Some(json!({ "status": "resolved", "title": "x" }))).await.success();
    assert_eq!((&resolved["status"], &resolved["title"]), (&json!("resolved"), &insights["data"][0]["title"]));
    client.call("POST", &format!("{path}:reset"), None).await.success();
    client.get(&insight).await.error(404);
    client.call("DELETE", &path, None).await.success();
    client.get(&run).await.error(404);
}
