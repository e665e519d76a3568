//! A client that validates every answer it gets before a test sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use foundry_emulator::{Clock, Emulator, Fault, Rule};
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::schema;

/// The time at which the emulators of tests begin.
pub(crate) const START: i64 = 1_752_587_659;

const CLIENT_REQUEST_ID: &str = "7f0c1d6e-client";

/// A clock that stands until it is set.
#[derive(Debug, Clone)]
pub(crate) struct SetClock(Arc<AtomicI64>);

impl SetClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap()
    }
}

/// An answer that was found to be as declared.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) allow: Option<String>,
    pub(crate) headers: HeaderMap,
    /// The JSON, null if it is something else.
    pub(crate) body: Value,
    /// What was sent.
    pub(crate) bytes: Bytes,
}

impl Answer {
    /// The body of a success answer.
    pub(crate) fn success(self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.body
    }

    /// The events of a stream, with the one that ends it.
    pub(crate) fn events(self) -> Vec<(String, Value)> {
        assert_eq!(self.status, 200, "{self:?}");
        events(&self.bytes)
    }

    /// The `error` of an answer with this status.
    pub(crate) fn error(mut self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body["error"].take()
    }
}

/// A client of one project.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: String,
    api_version: &'static str,
}

/// An emulator whose clock stands, and a client of it.
pub(crate) async fn start() -> (Emulator, Client, SetClock) {
    start_with([], []).await
}

/// The same with rules and faults.
pub(crate) async fn start_with(
    rules: impl IntoIterator<Item = Rule>,
    faults: impl IntoIterator<Item = Fault>,
) -> (Emulator, Client, SetClock) {
    let clock = SetClock::new();
    let mut builder = Emulator::builder().clock(clock.clone());
    for rule in rules {
        builder = builder.rule(rule);
    }
    for fault in faults {
        builder = builder.fault(fault);
    }
    let emulator = builder.start().await.unwrap();
    let client = Client::new(emulator.endpoint());
    (emulator, client, clock)
}

impl Client {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self { http: reqwest::Client::new(), endpoint: endpoint.to_owned(), api_version: crate::API_VERSION }
    }

    /// The same with the other api-version.
    pub(crate) fn v1(&self) -> Self {
        Self { api_version: "v1", ..self.clone() }
    }

    /// A request with nothing but its URL.
    pub(crate) fn bare(&self, method: &str, path_and_query: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        let url = format!("{}{path_and_query}", self.endpoint);
        self.http.request(method, url)
    }

    /// A request with a credential, an api-version and the previews that it needs.
    pub(crate) fn request(&self, method: &str, path_and_query: &str) -> RequestBuilder {
        let separator = if path_and_query.contains('?') { '&' } else { '?' };
        let path = path_and_query.split('?').next().unwrap();
        let request = match path.starts_with("/openai/") {
            true => self.bare(method, path_and_query),
            false => self.bare(method, &format!("{path_and_query}{separator}api-version={}", self.api_version)),
        };
        let judge = schema::judge(self.api_version);
        let features = judge.operation(method, path).and_then(|operation| judge.features(operation));
        let request = request.header("api-key", "a key");
        match features {
            Some(features) => request.header("foundry-features", features),
            None => request,
        }
    }

    /// Sends a request and validates the answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.header("x-ms-client-request-id", CLIENT_REQUEST_ID).build().unwrap();
        let method = request.method().to_string();
        let base = url::Url::parse(&self.endpoint).unwrap();
        let path = request.url().path().strip_prefix(base.path()).unwrap_or("").to_owned();
        let response = self.http.execute(request).await.unwrap();

        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let request_id = header("x-request-id").unwrap();
        assert!(uuid::Uuid::parse_str(&request_id).is_ok(), "{request_id}");
        assert_eq!(header("x-ms-client-request-id").unwrap(), CLIENT_REQUEST_ID);
        let content_type = header("content-type");
        let allow = header("allow");
        let headers = response.headers().clone();
        let bytes = response.bytes().await.unwrap();
        let is_json = content_type.as_deref() == Some("application/json; charset=utf-8");
        let body = if is_json { serde_json::from_slice(&bytes).unwrap() } else { Value::Null };
        if status < 300 {
            let judge = schema::judge(self.api_version);
            let operation =
                judge.operation(&method, &path).unwrap_or_else(|| panic!("{method} {path} is no operation"));
            match content_type.as_deref() {
                Some("text/event-stream; charset=utf-8") => {
                    assert!(judge.media_types(operation).contains(&"text/event-stream".to_owned()), "{operation}");
                    // What the document does not list by name, its test looks at.
                    if judge.stream_events(operation).iter().any(|(name, _)| !name.is_empty()) {
                        let events = if path.contains("/responses") { response_events(&bytes) } else { events(&bytes) };
                        judge.assert_events(operation, &events);
                    }
                }
                None => assert!(bytes.is_empty()),
                Some(media_type) if !is_json => {
                    assert!(judge.media_types(operation).contains(&media_type.to_owned()), "{media_type} {operation}");
                }
                Some(_) => {}
            }
            if is_json || content_type.is_none() {
                judge.assert_declared(operation, status, &body);
            }
        } else {
            assert!(is_json, "{content_type:?}");
            schema::assert_error(&body);
        }
        Answer { status, allow, headers, body, bytes }
    }

    /// Calls an operation; the path may have a query.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, name: &str, content: impl Into<Vec<u8>>) -> Answer {
        let part = Part::bytes(content.into()).file_name(name.to_owned());
        let form = Form::new().text("purpose", "assistants").part("file", part);
        self.send(self.request("POST", "/files").multipart(form)).await
    }

    /// The ids of new files that can be searched, each with this many bytes.
    pub(crate) async fn files(&self, count: usize, bytes: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(id(&self.upload(&format!("{number}.txt"), vec![b'a'; bytes]).await.success()));
        }
        ids
    }

    /// The id of a new agent with these instructions.
    pub(crate) async fn agent(&self, instructions: &str) -> String {
        let body = json!({ "model": "gpt-4.1-mini", "instructions": instructions });
        id(&self.post("/assistants", body).await.success())
    }

    /// The id of a new thread.
    pub(crate) async fn thread(&self) -> String {
        id(&self.post("/threads", json!({})).await.success())
    }

    /// Adds what the user says.
    pub(crate) async fn say(&self, thread: &str, text: &str) -> Value {
        let body = json!({ "role": "user", "content": text });
        self.post(&format!("/threads/{thread}/messages"), body).await.success()
    }

    /// The path of a new run.
    pub(crate) async fn run(&self, thread: &str, agent: &str) -> String {
        let runs = format!("/threads/{thread}/runs");
        let run = self.post(&runs, json!({ "assistant_id": agent })).await.success();
        format!("{runs}/{}", id(&run))
    }

    /// The path of a new run of a new agent, on a new thread in which the user says this.
    pub(crate) async fn ask(&self, text: &str) -> String {
        let agent = self.agent("").await;
        let thread = self.thread().await;
        self.say(&thread, text).await;
        self.run(&thread, &agent).await
    }

    /// The events of a new run, as far as its first stream goes.
    pub(crate) async fn ask_streamed(&self, text: &str) -> Vec<(String, Value)> {
        let agent = self.agent("").await;
        let body = json!({
            "assistant_id": agent,
            "stream": true,
            "thread": { "messages": [{ "role": "user", "content": text }] },
        });
        self.post("/threads/runs", body).await.events()
    }

    /// Looks at a run so many times.
    pub(crate) async fn statuses(&self, run: &str, looks: usize) -> Vec<String> {
        let mut statuses = Vec::new();
        for _ in 0..looks {
            let run = self.get(run).await.success();
            statuses.push(run["status"].as_str().unwrap().to_owned());
        }
        statuses
    }

    /// Looks at a run until it waits for its caller.
    pub(crate) async fn wait(&self, run: &str) -> Value {
        for _ in 0..5 {
            let run = self.get(run).await.success();
            if run["status"] == "requires_action" {
                return run;
            }
        }
        panic!("{run} does not wait");
    }

    /// Hands in what a run waits for.
    pub(crate) async fn submit(&self, run: &str, body: Value) -> Answer {
        self.post(&format!("{run}/submit_tool_outputs"), body).await
    }

    /// The steps of a run, oldest first.
    pub(crate) async fn steps(&self, run: &str) -> Vec<Value> {
        let page = self.get(&format!("{run}/steps?order=asc")).await.success();
        page["data"].as_array().unwrap().clone()
    }

    /// What the agent of a run said last.
    pub(crate) async fn reply(&self, run: &str) -> String {
        let thread = run.split('/').nth(2).unwrap();
        self.texts(thread).await.remove(0)
    }

    /// Looks at a run until it is completed.
    pub(crate) async fn complete(&self, run: &str) -> Value {
        for _ in 0..5 {
            let run = self.get(run).await.success();
            if run["status"] == "completed" {
                return run;
            }
        }
        panic!("{run} is not completed");
    }

    /// The texts of a thread's messages, newest first.
    pub(crate) async fn texts(&self, thread: &str) -> Vec<String> {
        let page = self.get(&format!("/threads/{thread}/messages")).await.success();
        let messages = page["data"].as_array().unwrap();
        messages.iter().map(text).collect()
    }
}

/// Reads the stream of a response, in which each event says its name and its number itself.
pub(crate) fn response_events(bytes: &[u8]) -> Vec<(String, Value)> {
    let events = frames(bytes);
    for (name, data) in &events {
        assert_eq!((&data["type"], data["sequence_number"].is_u64()), (&json!(name), true), "{data}");
    }
    events
}

/// Reads the events of a stream in the order sent.
pub(crate) fn frames(bytes: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.contains('\r'));
    let mut events: Vec<(String, Value)> = Vec::new();
    if text.is_empty() {
        return events;
    }
    for event in text.strip_suffix("\n\n").unwrap().split("\n\n") {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once('\n').unwrap();
        let data = data.strip_prefix("data: ").unwrap();
        let data = if data == "[DONE]" { json!(data) } else { serde_json::from_str(data).unwrap() };
        events.push((name.to_owned(), data));
    }
    events
}

/// Reads a stream as the service frames it, and no other way.
pub(crate) fn events(bytes: &[u8]) -> Vec<(String, Value)> {
    let events = frames(bytes);
    // Either of two ends a stream, and nothing comes after it.
    let (end, before) = events.split_last().unwrap();
    assert!(end.0 == "error" || *end == ("done".to_owned(), json!("[DONE]")), "{end:?}");
    assert!(before.iter().all(|(name, _)| name != "done" && name != "error"));
    events
}

/// The calls that a run waits for.
pub(crate) fn calls(run: &Value) -> Vec<Value> {
    let action = &run["required_action"];
    action[action["type"].as_str().unwrap()]["tool_calls"].as_array().unwrap().clone()
}

/// Outputs for the calls that a run waits for: these, in their order.
pub(crate) fn outputs(run: &Value, texts: &[&str]) -> Value {
    let outputs: Vec<Value> = calls(run)
        .iter()
        .zip(texts)
        .map(|(call, text)| json!({ "tool_call_id": call["id"], "output": text }))
        .collect();
    json!({ "tool_outputs": outputs })
}

/// Approvals for the calls that a run waits for: these, in their order.
pub(crate) fn approvals(run: &Value, approved: &[bool]) -> Value {
    let approvals: Vec<Value> = calls(run)
        .iter()
        .zip(approved)
        .map(|(call, approved)| json!({ "tool_call_id": call["id"], "approve": approved }))
        .collect();
    json!({ "tool_approvals": approvals })
}

/// The names of events, however many words an answer has.
pub(crate) fn names(events: &[(String, Value)]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup_by(|second, first| second == first && first.ends_with(".delta"));
    names
}

/// The data of the first event of a name.
pub(crate) fn data<'a>(events: &'a [(String, Value)], name: &str) -> &'a Value {
    &events.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// The id of a record.
pub(crate) fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

/// The first text of a message.
pub(crate) fn text(message: &Value) -> String {
    message["content"][0]["text"]["value"].as_str().unwrap().to_owned()
}
