//! Every operation of api-version v1, called once with success, row by row.

use std::collections::{BTreeMap, BTreeSet};

use foundry_emulator::Emulator;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Answer, Client, start};
use crate::operations;
use crate::schema;

/// What a request sends.
enum Body {
    Nothing,
    /// What the document requires, with this laid over it.
    Plain(Value),
    /// These bytes.
    Bytes(&'static [u8]),
    /// A form of texts and a file.
    Form(&'static [(&'static str, &'static str)], &'static str, &'static str),
}

/// A call: method and path, in which `{name}` stands for what an answer before it has told, the body,
/// and what the answer tells: names and pointers into it.
struct Row(&'static str, &'static str, Body, &'static [(&'static str, &'static str)]);

/// An agent that is code of one's own.
const HOSTED: &str = r#"{"definition":{"kind":"hosted","cpu":"1","memory":"2Gi"}}"#;

use Body::{Bytes, Nothing, Plain};

fn plain() -> Body {
    Plain(json!({}))
}

fn agents() -> Vec<Row> {
    let version = || Plain(json!({ "definition": { "kind": "prompt", "model": "m" } }));
    vec![
        Row("POST", "/agents", Plain(json!({ "name": "a", "definition": { "kind": "prompt", "model": "m" } })), &[]),
        Row("POST", "/agents/a", Plain(json!({ "definition": { "kind": "prompt", "model": "n" } })), &[]),
        Row("POST", "/agents/a/versions", version(), &[]),
        Row("POST", "/agents/h/versions", Body::Form(&[("metadata", HOSTED)], "code", "code.zip"), &[]),
        Row("POST", "/agents/a/versions:import", plain(), &[("version", "/version")]),
        Row("POST", "/agents:import", Plain(json!({ "name": "i" })), &[]),
        Row("POST", "/agents/i/import", plain(), &[]),
        Row("POST", "/agents:generate", Plain(json!({ "name": "v" })), &[]),
        Row("GET", "/agents?limit=2", Nothing, &[]),
        Row("GET", "/agents/a", Nothing, &[]),
        Row("PATCH", "/agents/a", Plain(json!({ "agent_card": null })), &[]),
        Row("GET", "/agents/a/versions", Nothing, &[]),
        Row("GET", "/agents/a/versions/{version}", Nothing, &[]),
        Row("GET", "/agents/h/code:download?agent_version=1", Nothing, &[]),
        Row("POST", "/agents/a:disable", Nothing, &[]),
        Row("POST", "/agents/a:enable", Nothing, &[]),
        Row("POST", "/agents/a/microsoft365/publish", plain(), &[]),
        Row("POST", "/agents/a/microsoft365/zip", plain(), &[]),
        Row("GET", "/agents/a/microsoft365/publishdefaults", Nothing, &[]),
        Row(
            "POST",
            "/agents/h/endpoint/sessions",
            Plain(json!({ "version_indicator": { "type": "version_ref", "agent_version": "1" } })),
            &[("session", "/agent_session_id")],
        ),
        Row("GET", "/agents/h/endpoint/sessions", Nothing, &[]),
        Row("GET", "/agents/h/endpoint/sessions/{session}", Nothing, &[]),
        Row("GET", "/agents/h/versions/1/sessions/{session}:logstream", Nothing, &[]),
        Row("PUT", "/agents/h/endpoint/sessions/{session}/files/content?path=/d/x.txt", Bytes(b"hello"), &[]),
        Row("GET", "/agents/h/endpoint/sessions/{session}/files/content?path=d/x.txt", Nothing, &[]),
        Row("GET", "/agents/h/endpoint/sessions/{session}/files?path=d", Nothing, &[]),
        Row("DELETE", "/agents/h/endpoint/sessions/{session}/files?path=d&recursive=true", Nothing, &[]),
        Row("POST", "/agents/h/endpoint/sessions/{session}:stop", Nothing, &[]),
        Row("DELETE", "/agents/h/endpoint/sessions/{session}", Nothing, &[]),
        Row("DELETE", "/agents/a/versions/{version}", Nothing, &[]),
        Row("DELETE", "/agents/i?force=true", Nothing, &[]),
    ]
}

fn jobs() -> Vec<Row> {
    vec![
        Row("POST", "/agent_optimization_jobs", plain(), &[("job", "/id")]),
        Row("POST", "/agent_optimization_jobs:estimate", plain(), &[]),
        Row("GET", "/agent_optimization_jobs", Nothing, &[]),
        Row("GET", "/agent_optimization_jobs/{job}", Nothing, &[]),
        Row("GET", "/agent_optimization_jobs/{job}", Nothing, &[("best", "/result/candidate_summary/best_id")]),
        Row("GET", "/agent_optimization_jobs/{job}/candidates", Nothing, &[]),
        Row("GET", "/agent_optimization_jobs/{job}/candidates/{best}", Nothing, &[]),
        Row("POST", "/agent_optimization_jobs/{job}/candidates/{best}:promote", Nothing, &[]),
        Row("POST", "/agent_optimization_jobs", plain(), &[("other", "/id")]),
        Row("POST", "/agent_optimization_jobs/{other}:cancel", Nothing, &[]),
        Row("DELETE", "/agent_optimization_jobs/{other}", Nothing, &[]),
        Row("POST", "/data_generation_jobs", Plain(json!({ "scenario": "evaluation" })), &[("job", "/id")]),
        Row("GET", "/data_generation_jobs", Nothing, &[]),
        Row("GET", "/data_generation_jobs/{job}", Nothing, &[]),
        Row("POST", "/data_generation_jobs", Plain(json!({ "scenario": "evaluation" })), &[("job", "/id")]),
        Row("POST", "/data_generation_jobs/{job}:cancel", Nothing, &[]),
        Row("DELETE", "/data_generation_jobs/{job}", Nothing, &[]),
        Row("POST", "/evaluator_generation_jobs", Plain(json!({ "evaluator_name": "made" })), &[("job", "/id")]),
        Row("GET", "/evaluator_generation_jobs/{job}", Nothing, &[]),
        Row("GET", "/evaluator_generation_jobs/{job}", Nothing, &[("made", "/result/version")]),
        Row("GET", "/evaluators/made/versions/{made}", Nothing, &[]),
        Row("GET", "/evaluator_generation_jobs", Nothing, &[]),
        Row("POST", "/evaluator_generation_jobs", plain(), &[("other", "/id")]),
        Row("POST", "/evaluator_generation_jobs/{other}:cancel", Nothing, &[]),
        Row("DELETE", "/evaluator_generation_jobs/{other}", Nothing, &[]),
        Row("POST", "/agent_insight_monitors", Plain(json!({ "agent_name": "a" })), &[("monitor", "/id")]),
        Row("GET", "/agent_insight_monitors", Nothing, &[]),
        Row("GET", "/agent_insight_monitors/{monitor}", Nothing, &[]),
        Row("PATCH", "/agent_insight_monitors/{monitor}", Plain(json!({ "enabled": false })), &[]),
        Row("POST", "/agent_insight_monitors/{monitor}/runs", Plain(json!({ "lookback_hours": 2 })), &[("run", "/id")]),
        Row("GET", "/agent_insight_monitors/{monitor}/runs/{run}", Nothing, &[]),
        Row("GET", "/agent_insight_monitors/{monitor}/runs/{run}", Nothing, &[]),
        Row("GET", "/agent_insight_monitors/{monitor}/runs", Nothing, &[]),
        Row("GET", "/agent_insight_monitors/{monitor}/insights", Nothing, &[("insight", "/data/0/id")]),
        Row("GET", "/agent_insight_monitors/{monitor}/insights/{insight}", Nothing, &[]),
        Row(
            "PATCH",
            "/agent_insight_monitors/{monitor}/insights/{insight}",
            Plain(json!({ "status": "resolved" })),
            &[],
        ),
        Row("POST", "/agent_insight_monitors/{monitor}/runs", plain(), &[("run", "/id")]),
        Row("POST", "/agent_insight_monitors/{monitor}/runs/{run}:cancel", Nothing, &[]),
        Row("POST", "/agent_insight_monitors/{monitor}:reset", Nothing, &[]),
        Row("DELETE", "/agent_insight_monitors/{monitor}", Nothing, &[]),
        Row("POST", "/insights", plain(), &[("insight", "/id")]),
        Row("GET", "/insights", Nothing, &[]),
        Row("GET", "/insights/{insight}", Nothing, &[]),
        Row("GET", "/insights/{insight}", Nothing, &[]),
        Row("POST", "/redTeams/runs:run", plain(), &[("run", "/id")]),
        Row("GET", "/redTeams/runs", Nothing, &[]),
        Row("GET", "/redTeams/runs/{run}", Nothing, &[]),
    ]
}

fn assets() -> Vec<Row> {
    let upload = || Plain(json!({ "pendingUploadType": "BlobReference" }));
    let evaluator = json!({ "definition": { "type": "prompt", "prompt_text": "Judge." }, "categories": ["quality"] });
    vec![
        Row("PUT", "/evaluationrules/r", plain(), &[]),
        Row("GET", "/evaluationrules/r", Nothing, &[]),
        Row("GET", "/evaluationrules", Nothing, &[]),
        Row("DELETE", "/evaluationrules/r", Nothing, &[]),
        Row("POST", "/evaluators/e/versions", Plain(evaluator), &[("version", "/version")]),
        Row("GET", "/evaluators", Nothing, &[]),
        Row("GET", "/evaluators/e/versions", Nothing, &[]),
        Row("GET", "/evaluators/e/versions/{version}", Nothing, &[]),
        Row("PATCH", "/evaluators/e/versions/{version}", Plain(json!({ "display_name": "E" })), &[]),
        Row("POST", "/evaluators/e/versions/{version}/startPendingUpload", upload(), &[]),
        Row("POST", "/evaluators/e/versions/{version}/credentials", plain(), &[]),
        Row("DELETE", "/evaluators/e/versions/{version}", Nothing, &[]),
        Row("PUT", "/evaluationtaxonomies/t", plain(), &[]),
        Row("PATCH", "/evaluationtaxonomies/t", Plain(json!({ "description": "d" })), &[]),
        Row("GET", "/evaluationtaxonomies/t", Nothing, &[]),
        Row("GET", "/evaluationtaxonomies", Nothing, &[]),
        Row("DELETE", "/evaluationtaxonomies/t", Nothing, &[]),
        Row("POST", "/models/m/versions/1/startPendingUpload", plain(), &[]),
        Row("POST", "/models/m/versions/1/createAsync", Plain(json!({ "blobUri": "https://example.com/m" })), &[]),
        Row("GET", "/models/m/versions/1", Nothing, &[]),
        Row("PATCH", "/models/m/versions/1", Plain(json!({ "description": "d" })), &[]),
        Row("POST", "/models/m/versions/1/credentials", plain(), &[]),
        Row("GET", "/models", Nothing, &[]),
        Row("GET", "/models/m/versions", Nothing, &[]),
        Row("DELETE", "/models/m/versions/1", Nothing, &[]),
        Row("PUT", "/routines/r", Plain(json!({ "description": "d" })), &[]),
        Row("GET", "/routines/r", Nothing, &[]),
        Row("POST", "/routines/r:disable", Nothing, &[]),
        Row("POST", "/routines/r:enable", Nothing, &[]),
        Row("POST", "/routines/r:dispatch_async", Plain(json!({})), &[]),
        Row("GET", "/routines/r/runs", Nothing, &[]),
        Row("GET", "/routines", Nothing, &[]),
        Row("DELETE", "/routines/r", Nothing, &[]),
        Row("PUT", "/schedules/s", plain(), &[]),
        Row("GET", "/schedules/s", Nothing, &[]),
        Row("GET", "/schedules", Nothing, &[]),
        Row("GET", "/schedules/s/runs", Nothing, &[("run", "/value/0/id")]),
        Row("GET", "/schedules/s/runs/{run}", Nothing, &[]),
        Row("DELETE", "/schedules/s", Nothing, &[]),
    ]
}

fn toolboxes_skills_and_memory() -> Vec<Row> {
    let tools = json!({ "tools": [{ "type": "mcp", "server_label": "github", "server_url": "https://example.com" }] });
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let inline = json!({ "inline_content": { "description": "d", "instructions": "i" }, "default": true });
    let said = json!({ "scope": "s", "items": [{ "type": "message", "role": "user", "content": "I like tea." }] });
    vec![
        Row("POST", "/toolboxes/t/versions", Plain(tools.clone()), &[]),
        Row("POST", "/toolboxes/t/versions", Plain(tools), &[("version", "/version")]),
        Row("GET", "/toolboxes", Nothing, &[]),
        Row("GET", "/toolboxes/t", Nothing, &[]),
        Row("GET", "/toolboxes/t/versions", Nothing, &[]),
        Row("GET", "/toolboxes/t/versions/{version}", Nothing, &[]),
        Row("PATCH", "/toolboxes/t", Plain(json!({ "default_version": "2" })), &[]),
        Row("POST", "/toolboxes/t:invoke_mcp", Plain(list), &[]),
        Row("DELETE", "/toolboxes/t/versions/1", Nothing, &[]),
        Row("DELETE", "/toolboxes/t", Nothing, &[]),
        Row("POST", "/skills/s/versions", Plain(inline), &[]),
        Row("POST", "/skills/s/versions", Body::Form(&[("default", "false")], "files", "skill.zip"), &[]),
        Row("GET", "/skills", Nothing, &[]),
        Row("GET", "/skills/s", Nothing, &[]),
        Row("POST", "/skills/s", Plain(json!({ "default_version": "2" })), &[]),
        Row("GET", "/skills/s/versions", Nothing, &[]),
        Row("GET", "/skills/s/versions/1", Nothing, &[]),
        Row("GET", "/skills/s/content", Nothing, &[]),
        Row("GET", "/skills/s/versions/1/content", Nothing, &[]),
        Row("DELETE", "/skills/s/versions/1", Nothing, &[]),
        Row("DELETE", "/skills/s", Nothing, &[]),
        Row("POST", "/memory_stores", Plain(json!({ "name": "m" })), &[]),
        Row("GET", "/memory_stores", Nothing, &[]),
        Row("GET", "/memory_stores/m", Nothing, &[]),
        Row("POST", "/memory_stores/m", Plain(json!({ "description": "d" })), &[]),
        Row("POST", "/memory_stores/m:update_memories", Plain(said), &[("update", "/update_id")]),
        Row("GET", "/memory_stores/m/updates/{update}", Nothing, &[]),
        Row("GET", "/memory_stores/m/updates/{update}", Nothing, &[]),
        Row("POST", "/memory_stores/m:search_memories", Plain(json!({ "scope": "s" })), &[]),
        Row(
            "POST",
            "/memory_stores/m/items",
            Plain(json!({ "scope": "s", "kind": "user_profile" })),
            &[("memory", "/memory_id")],
        ),
        Row("GET", "/memory_stores/m/items/{memory}", Nothing, &[]),
        Row("POST", "/memory_stores/m/items/{memory}", plain(), &[]),
        Row("POST", "/memory_stores/m/items:list", Plain(json!({ "scope": "s" })), &[]),
        Row("DELETE", "/memory_stores/m/items/{memory}", Nothing, &[]),
        Row("POST", "/memory_stores/m:delete_scope", Plain(json!({ "scope": "s" })), &[]),
        Row("DELETE", "/memory_stores/m", Nothing, &[]),
    ]
}

fn voice() -> Vec<Row> {
    let target = json!({ "transfer_targets": [{
        "name": "desk",
        "description": "The desk",
        "destination": { "kind": "pstn", "value": "+15550100" },
    }] });
    let binding = json!({ "provider": "twilio", "phone_number": "+15550100", "connection_name": "twilio" });
    vec![
        Row("POST", "/agents/v/telephony/bindings", Plain(binding), &[("binding", "/id")]),
        Row("GET", "/agents/v/telephony/bindings", Nothing, &[]),
        Row("GET", "/agents/v/telephony/bindings/{binding}", Nothing, &[]),
        Row("PATCH", "/agents/v/telephony/bindings/{binding}", Plain(json!({ "label": "l" })), &[]),
        Row("DELETE", "/agents/v/telephony/bindings/{binding}", Nothing, &[]),
        Row("PUT", "/agents/v/telephony/transfer_targets", Plain(target), &[]),
        Row("GET", "/agents/v/telephony/transfer_targets", Nothing, &[]),
        Row("POST", "/agents/v/telephony/call_jobs", plain(), &[("job", "/id")]),
        Row("GET", "/agents/v/telephony/call_jobs/{job}", Nothing, &[]),
        Row("GET", "/agents/v/telephony/call_jobs/{job}", Nothing, &[]),
        Row("GET", "/agents/v/telephony/calls", Nothing, &[("call", "/data/0/id")]),
        Row("GET", "/agents/v/telephony/calls/{call}", Nothing, &[]),
        Row("POST", "/agents/v/telephony/calls/{call}:transfer", Plain(json!({ "target": "desk" })), &[]),
        Row("POST", "/agents/v/telephony/call_jobs", Plain(json!({ "source": "again" })), &[("job", "/id")]),
        Row("GET", "/agents/v/telephony/call_jobs/{job}", Nothing, &[]),
        Row("GET", "/agents/v/telephony/call_jobs/{job}", Nothing, &[]),
        Row("GET", "/agents/v/telephony/calls", Nothing, &[("call", "/data/0/id")]),
        Row("POST", "/agents/v/telephony/calls/{call}:end", Nothing, &[]),
        Row("POST", "/agents/v/telephony/call_jobs", Plain(json!({ "source": "third" })), &[("job", "/id")]),
        Row("POST", "/agents/v/telephony/call_jobs/{job}:cancel", Nothing, &[]),
        Row("GET", "{voice}", Nothing, &[("c", "/data/0/id")]),
        Row("GET", "{voice}/{c}", Nothing, &[]),
        Row("GET", "{voice}/{c}/responses", Nothing, &[("r", "/data/0/id")]),
        Row("GET", "{voice}/{c}/responses/{r}", Nothing, &[]),
        Row("GET", "{voice}/{c}/responses/{r}/items", Nothing, &[]),
        Row("GET", "{voice}/{c}/items", Nothing, &[("i", "/data/0/id")]),
        Row("GET", "{voice}/{c}/items/{i}", Nothing, &[]),
        Row("GET", "{voice}/{c}/items/{i}/audio", Nothing, &[]),
        Row("GET", "{voice}/{c}/items/{i}/audio/content", Nothing, &[]),
        Row("GET", "{voice}/{c}/items/{i}/audio/generated", Nothing, &[]),
        Row("GET", "{voice}/{c}/items/{i}/audio/generated/content", Nothing, &[]),
        Row("GET", "{voice}/{c}/audio", Nothing, &[]),
        Row("GET", "{voice}/{c}/audio/content", Nothing, &[]),
        Row("DELETE", "{voice}/{c}", Nothing, &[]),
        Row("DELETE", "/agents/v", Nothing, &[]),
    ]
}

fn responses() -> Vec<Row> {
    let background = json!({ "model": "m", "input": "Hello", "background": true });
    let message = json!({ "items": [{ "type": "message", "role": "user", "content": "Hello" }] });
    vec![
        Row("POST", "/openai/v1/responses", Plain(json!({ "model": "m", "input": "Hello" })), &[("response", "/id")]),
        Row("POST", "/openai/v1/responses", Plain(json!({ "model": "m", "input": "Hello", "stream": true })), &[]),
        Row("GET", "/openai/v1/responses/{response}", Nothing, &[]),
        Row("GET", "/openai/v1/responses/{response}?stream=true", Nothing, &[]),
        Row("GET", "/openai/v1/responses/{response}/input_items", Nothing, &[]),
        Row("DELETE", "/openai/v1/responses/{response}", Nothing, &[]),
        Row("POST", "/openai/v1/responses", Plain(background), &[("response", "/id")]),
        Row("POST", "/openai/v1/responses/{response}/cancel", Nothing, &[]),
        Row("POST", "/openai/v1/responses/compact", Plain(json!({ "model": "m", "input": "Hello" })), &[]),
        Row("POST", "/openai/v1/responses/input_tokens", Plain(json!({ "input": "Hello" })), &[]),
        Row("POST", "/openai/v1/conversations", Plain(json!({ "metadata": { "a": "b" } })), &[("conversation", "/id")]),
        Row("GET", "/openai/v1/conversations/{conversation}", Nothing, &[]),
        Row("GET", "/openai/v1/conversations/{conversation}/items", Nothing, &[]),
        Row("POST", "/openai/v1/conversations/{conversation}", Plain(json!({ "metadata": {} })), &[]),
        Row("POST", "/openai/v1/conversations/{conversation}/items", Plain(message), &[("item", "/data/0/id")]),
        Row("GET", "/openai/v1/conversations/{conversation}/items", Nothing, &[]),
        Row("GET", "/openai/v1/conversations/{conversation}/items/{item}", Nothing, &[]),
        Row("DELETE", "/openai/v1/conversations/{conversation}/items/{item}", Nothing, &[]),
        Row("DELETE", "/openai/v1/conversations/{conversation}", Nothing, &[]),
    ]
}

/// Calls row after row; what answers have told stands in the paths that come after.
async fn call(client: &Client, rows: Vec<Row>) {
    let mut told: BTreeMap<&str, String> =
        [("voice", "/agents/v/endpoint/protocols/voice/conversations".to_owned())].into();
    for Row(method, path, body, tells) in rows {
        let path = told.iter().fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let answer = send(client, method, &path, body).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        follow(client, method, &path, &answer).await;
        for (name, pointer) in tells {
            let value = answer.body.pointer(pointer).and_then(Value::as_str);
            told.insert(name, value.unwrap_or_else(|| panic!("{method} {path} tells no {pointer}")).to_owned());
        }
    }
}

/// What starts a job says where its state is to be found, and there it is.
async fn follow(client: &Client, method: &str, path: &str, answer: &Answer) {
    let operation = schema::judge("v1").operation(method, path.split('?').next().unwrap()).unwrap();
    if operation["x-lro"].is_null() {
        assert!(!answer.headers.contains_key("operation-location"), "{method} {path}");
        return;
    }
    let location = answer.headers["operation-location"].to_str().unwrap();
    let declared = operation["responses"][answer.status.to_string()]["headers"]["Location"].is_object();
    assert_eq!(answer.headers.get("location").is_some_and(|other| other == location), declared, "{path}");
    let endpoint = client.bare("GET", "").build().unwrap().url().to_string();
    let location = location.strip_prefix(&endpoint).unwrap().strip_suffix("?api-version=v1").unwrap();
    let state = client.get(location).await.success();
    assert_eq!(state["status"], "in_progress", "{location}");
}

async fn send(client: &Client, method: &str, path: &str, body: Body) -> Answer {
    // Each call is one of its own.
    let key = uuid::Uuid::new_v4().to_string();
    let request = client.request(method, path).header("if-match", "*");
    let request = request.header("operation-id", &key).header("idempotency-key", &key);
    let request = match body {
        Nothing => request,
        Plain(laid_over) => {
            let judge = schema::judge("v1");
            let operation = judge.operation(method, path.split('?').next().unwrap()).unwrap();
            let body = judge.plain_body(operation, laid_over);
            request.json(&body)
        }
        Bytes(bytes) => request.header("content-type", "application/octet-stream").body(bytes),
        Body::Form(texts, part, name) => {
            let form = texts.iter().fold(Form::new(), |form, (name, text)| form.text(*name, *text));
            request.multipart(form.part(part, Part::bytes(b"PK".to_vec()).file_name(name)))
        }
    };
    client.send(request).await
}

fn answered(emulator: &Emulator) -> BTreeSet<String> {
    emulator.requests().iter().map(|request| request.operation.clone().unwrap()).collect()
}

#[tokio::test]
async fn every_operation_of_v1_succeeds() {
    let (emulator, client, _) = start().await;
    let client = client.v1();
    operations::agents_threads_and_runs(&client).await;
    operations::files_and_vector_stores(&client).await;
    operations::the_project(&client).await;
    for rows in [agents(), jobs(), assets(), toolboxes_skills_and_memory(), voice(), responses()] {
        call(&client, rows).await;
    }
    let missing: Vec<String> = schema::judge("v1").operation_ids().difference(&answered(&emulator)).cloned().collect();
    assert_eq!(missing, [""; 0], "not called by this test");
}
