//! Requests that are answered with an error, and what the error says.

use serde_json::{Value, json};

use crate::client::{Client, start};
use crate::schema;

#[tokio::test]
async fn without_a_credential_it_is_401_with_code_and_message_only() {
    let (_emulator, client, _) = start().await;
    let path = "/threads?api-version=2025-05-01";
    for request in [
        client.bare("GET", path),
        client.bare("GET", path).header("api-key", ""),
        client.bare("GET", path).header("authorization", "Basic abc"),
        client.bare("GET", path).header("authorization", "Bearer "),
        client.bare("POST", "/no/such/path"),
    ] {
        let error = client.send(request).await.error(401);
        let names: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "message"]);
    }
    for request in [client.bare("GET", path).header("api-key", "a"), client.bare("GET", path).bearer_auth("a")] {
        client.send(request).await.success();
    }
}

#[tokio::test]
async fn the_api_version_must_be_there_and_known() {
    let (_emulator, client, _) = start().await;
    let send = async |path: &str| {
        let request = client.bare("GET", path).header("api-key", "a");
        client.send(request).await.error(400)
    };
    let missing = send("/threads").await;
    assert_eq!(missing["code"], "MissingApiVersionParameter");
    let empty = send("/threads?api-version=").await;
    assert_eq!(empty["code"], "MissingApiVersionParameter");
    let unknown = send("/threads?api-version=2020-01-01").await;
    assert_eq!(unknown["code"], "UnsupportedApiVersionValue");
    for error in [missing, empty, unknown] {
        assert_eq!(error["target"], "api-version");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("2025-05-01"), "{message}");
    }
}

#[tokio::test]
async fn unknown_routes_are_404() {
    let (emulator, client, _) = start().await;
    for path in ["/", "/nothing", "/threads/", "/threads/a/b/c", "/Threads", "/threads//messages"] {
        client.get(path).await.error(404);
    }
    let outside = Client::new(emulator.endpoint().strip_suffix("/api/projects/demo").unwrap());
    for path in ["/", "/threads", "/api/projects/demo", "/api/projects//threads"] {
        outside.get(path).await.error(404);
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_is_405() {
    let (_emulator, client, _) = start().await;
    let answer = client.call("PUT", "/threads/thread_1", None).await;
    assert_eq!(answer.allow.as_deref(), Some("DELETE, GET, POST"));
    answer.error(405);
    for method in ["PATCH", "OPTIONS", "DELETE"] {
        client.call(method, "/threads", None).await.error(405);
    }
}

#[tokio::test]
async fn unknown_ids_are_404_and_named() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    let thread = client.thread().await;
    let run = client.run(&thread, &agent).await;
    let cases = [
        ("GET", "/assistants/x".to_owned(), "No assistant found with id 'x'."),
        ("POST", "/assistants/x".to_owned(), "No assistant found with id 'x'."),
        ("DELETE", "/assistants/x".to_owned(), "No assistant found with id 'x'."),
        ("GET", "/threads/x".to_owned(), "No thread found with id 'x'."),
        ("GET", "/threads/x/messages".to_owned(), "No thread found with id 'x'."),
        ("GET", "/threads/x/messages/y".to_owned(), "No thread found with id 'x'."),
        ("GET", "/threads/x/runs/y/steps/z".to_owned(), "No thread found with id 'x'."),
        ("GET", "/threads/x/runs/y".to_owned(), "No thread found with id 'x'."),
        ("POST", "/threads/x/runs/y/cancel".to_owned(), "No thread found with id 'x'."),
        ("GET", format!("/threads/{thread}/messages/x"), "No message found with id 'x'."),
        ("GET", format!("/threads/{thread}/runs/x"), "No run found with id 'x'."),
        ("POST", format!("/threads/{thread}/runs/x/cancel"), "No run found with id 'x'."),
        ("GET", format!("/threads/{thread}/runs/x/steps"), "No run found with id 'x'."),
        ("GET", format!("{run}/steps/x"), "No run step found with id 'x'."),
        ("GET", "/connections/x".to_owned(), "No connection found with id 'x'."),
        ("GET", "/threads/runs".to_owned(), "No thread found with id 'runs'."),
    ];
    for (method, path, message) in cases {
        let error = client.call(method, &path, None).await.error(404);
        assert_eq!(error["message"], message, "{method} {path}");
    }
    let message = json!({ "role": "user", "content": "x" });
    client.post("/threads/x/messages", message).await.error(404);
    let run = json!({ "assistant_id": agent });
    client.post("/threads/x/runs", run).await.error(404);
}

#[tokio::test]
async fn a_record_is_found_only_below_its_own_parent() {
    let (_emulator, client, _) = start().await;
    let first = client.thread().await;
    let second = client.thread().await;
    let message = client.say(&first, "Hello").await;
    let message = message["id"].as_str().unwrap();
    client.get(&format!("/threads/{first}/messages/{message}")).await.success();
    client.get(&format!("/threads/{second}/messages/{message}")).await.error(404);
}

#[tokio::test]
async fn malformed_json_is_400() {
    let (_emulator, client, _) = start().await;
    let deep = "[".repeat(100_000);
    for body in ["{", "nonsense", "{\"model\": }", "{} {}", "\u{feff}{}", &deep, "{\"a\": 1e999}"] {
        let request =
            client.request("POST", "/assistants").header("content-type", "application/json").body(body.to_owned());
        let error = client.send(request).await.error(400);
        assert_eq!(error["code"], "invalid_payload");
        assert_eq!(error["param"], "/");
    }
    let request =
        client.request("POST", "/assistants").header("content-type", "application/json").body(vec![b'"', 0xff, b'"']);
    client.send(request).await.error(400);
}

#[tokio::test]
async fn a_body_that_does_not_fit_names_the_places() {
    let (_emulator, client, _) = start().await;
    let thread = client.thread().await;
    let messages = format!("/threads/{thread}/messages");
    let runs = format!("/threads/{thread}/runs");
    let cases: &[(&str, Value, &[&str])] = &[
        ("/assistants", json!({}), &["/model"]),
        ("/assistants", json!([]), &["/"]),
        ("/assistants", json!(null), &["/"]),
        ("/assistants", json!({ "model": 1, "name": [] }), &["/model", "/name"]),
        ("/assistants", json!({ "model": "m", "metadata": { "a": 1 } }), &["/metadata/a"]),
        (
            "/assistants",
            json!({ "model": "m", "tools": [{ "type": "function", "function": {} }] }),
            &["/tools/0/function/name", "/tools/0/function/parameters"],
        ),
        (&messages, json!({ "role": "user" }), &["/content"]),
        (&messages, json!({ "role": "user", "content": {} }), &["/content"]),
        (
            &messages,
            json!({ "role": "user", "content": [{ "type": "text", "text": { "value": "x" } }] }),
            &["/content/0/text"],
        ),
        (&runs, json!({}), &["/assistant_id"]),
        (&runs, json!({ "assistant_id": "a", "stream": "yes" }), &["/stream"]),
        ("/threads", json!({ "messages": [{ "content": "x" }] }), &["/messages/0/role"]),
        (
            "/threads/runs",
            json!({ "assistant_id": "a", "thread": { "messages": [{ "role": "user" }] } }),
            &["/thread/messages/0/content"],
        ),
    ];
    for (path, body, places) in cases {
        let error = client.post(path, body.clone()).await.error(400);
        assert_eq!(error["code"], "invalid_payload", "{path} {body}");
        assert_eq!(error["type"], "invalid_request_error", "{path} {body}");
        assert_eq!(error["param"], places[0], "{path} {body}");
        let mut found: Vec<&str> =
            error["details"].as_array().unwrap().iter().map(|detail| detail["param"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(&found, places, "{path} {body}");
    }
    // An absent body is an empty one.
    let error = client.call("POST", "/assistants", None).await.error(400);
    assert_eq!(error["param"], "/model");
    // Nothing was kept.
    assert_eq!(client.get("/assistants").await.success()["data"], json!([]));
    assert_eq!(client.get(&messages).await.success()["data"], json!([]));
}

#[tokio::test]
async fn unknown_properties_and_enum_values_are_accepted() {
    let (_emulator, client, _) = start().await;
    let body = json!({ "model": "m", "colour": "blue", "tools": [{ "type": "telepathy" }] });
    let agent = client.post("/assistants", body).await.success();
    assert_eq!(agent["tools"], json!([{ "type": "telepathy" }]));
    assert!(agent.get("colour").is_none());

    let thread = client.thread().await;
    let body = json!({ "role": "narrator", "content": "x", "run_id": "run_x", "id": "msg_x" });
    let message = client.post(&format!("/threads/{thread}/messages"), body).await.success();
    assert_eq!(message["role"], "narrator");
    assert_eq!(message["run_id"], Value::Null);
    assert_ne!(message["id"], "msg_x");
}

#[tokio::test]
async fn another_content_type_is_415() {
    let (_emulator, client, _) = start().await;
    let request = client
        .request("POST", "/assistants")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("{\"model\": \"m\"}");
    client.send(request).await.error(415);
    let request = client
        .request("POST", "/assistants")
        .header("content-type", "application/json; charset=utf-8")
        .body("{\"model\": \"m\"}");
    client.send(request).await.success();
}

#[tokio::test]
async fn every_operation_answers_also_a_request_that_means_nothing() {
    let (_emulator, client, _) = start().await;
    for (method, template) in schema::operations() {
        let path = template.replace('{', "x").replace('}', "");
        let answer = client.call(&method, &path, None).await;
        // Found, or something in it not: never unknown, never broken, never missing here.
        assert!([200, 204, 400, 404, 415].contains(&answer.status), "{method} {path} {answer:?}");
        assert_ne!(answer.body["error"]["message"], "Resource not found", "{method} {path}");
    }
}
