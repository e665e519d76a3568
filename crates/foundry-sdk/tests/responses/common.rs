//! What the tests share: a service that answers by a script, a clock that does not wait, answers in the service's shapes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foundry_sdk::{
    Body, BoxError, Clock, Credential, Function, FunctionSet, ProjectClient, RequestBody, RetryPolicy, Transport,
};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use http::{HeaderMap, Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that goes on only when it is slept with, and does not wait.
#[derive(Clone, Debug)]
pub(crate) struct RecordingClock {
    start: Instant,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl RecordingClock {
    fn new() -> Self {
        Self { start: Instant::now(), slept: Arc::default() }
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        locked(&self.slept).clone()
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Instant {
        self.start + self.slept().iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        locked(&self.slept).push(duration);
        Box::pin(std::future::ready(()))
    }
}

/// An answer of the service.
pub(crate) struct Answer {
    status: u16,
    body: Result<String, ()>,
    /// Whether the body breaks off at its end.
    is_cut: bool,
    is_stream: bool,
}

/// A JSON answer.
pub(crate) fn ok(body: Value) -> Answer {
    Answer { status: 200, body: Ok(body.to_string()), is_cut: false, is_stream: false }
}

pub(crate) fn status(status: u16, body: Value) -> Answer {
    Answer { status, ..ok(body) }
}

/// No answer: the connection breaks.
pub(crate) fn broken() -> Answer {
    Answer { status: 0, body: Err(()), is_cut: true, is_stream: false }
}

/// The events of a stream, each under the name that its data has.
pub(crate) fn events(events: impl IntoIterator<Item = Value>) -> Answer {
    let event = |data: Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap());
    text(events.into_iter().map(event).collect::<String>())
}

/// A stream as it is on the wire.
pub(crate) fn text(body: impl Into<String>) -> Answer {
    Answer { status: 200, body: Ok(body.into()), is_cut: false, is_stream: true }
}

impl Answer {
    /// The same, with the connection broken at its end.
    pub(crate) fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }

    /// The same with more behind it.
    pub(crate) fn then(mut self, more: &str) -> Self {
        self.body = self.body.map(|body| body + more);
        self
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method, and path below the project with its query.
    pub(crate) route: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// Answers by a script, one answer after the other; a request beyond it fails the test.
#[derive(Clone)]
pub(crate) struct Service {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub(crate) clock: RecordingClock,
}

impl Service {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
            clock: RecordingClock::new(),
        }
    }

    pub(crate) fn client(&self) -> ProjectClient {
        let builder = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
            .credential(Credential::api_key("a key"))
            .clock(self.clock.clone())
            .retry(RetryPolicy::none())
            .transport(self.clone());
        // No test speaks TLS, and to read the system's certificates for each client takes its time.
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let builder = builder.configure_http(|http| http.tls_certs_only([]));
        builder.build().unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        locked(&self.asked).clone()
    }

    pub(crate) fn routes(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.route).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.asked().into_iter().map(|asked| asked.body).collect()
    }

    /// How many answers nobody has asked for.
    pub(crate) fn left(&self) -> usize {
        locked(&self.answers).len()
    }
}

impl Transport for Service {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let path = request.uri().path_and_query().unwrap().as_str().strip_prefix("/api/projects/p").unwrap();
        let route = format!("{} {path}", request.method());
        let body = request.body().as_bytes().filter(|bytes| !bytes.is_empty());
        let body = body.map_or(Value::Null, |bytes| serde_json::from_slice(bytes).unwrap());
        locked(&self.asked).push(Asked { route: route.clone(), headers: request.headers().clone(), body });
        let answer = locked(&self.answers).pop_front();
        Box::pin(async move {
            let answer = answer.ok_or_else(|| format!("nobody expected {route}"))?;
            let text = answer.body.map_err(|()| "the connection broke")?;
            let mut pieces: Vec<Result<bytes::Bytes, BoxError>> = vec![Ok(text.into())];
            if answer.is_cut {
                pieces.push(Err("the connection broke".into()));
            }
            let body = Body::Stream(futures_util::stream::iter(pieces).boxed());
            let content_type = if answer.is_stream { "text/event-stream" } else { "application/json" };
            let response = Response::builder().status(answer.status).header("content-type", content_type);
            Ok(response.body(body)?)
        })
    }
}

/// A response in the service's shape.
pub(crate) fn response(id: &str, status: &str, output: Value) -> Value {
    json!({
        "id": id,
        "object": "response",
        "created_at": 1_772_609_441,
        "status": status,
        "model": "gpt-4.1-mini",
        "output": output,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": true,
        "error": null,
        "incomplete_details": null,
        "metadata": {},
    })
}

pub(crate) fn message(text: &str) -> Value {
    json!({ "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
            "content": [{ "type": "output_text", "text": text, "annotations": [] }] })
}

/// A response that says something.
pub(crate) fn said(id: &str, text: &str) -> Value {
    response(id, "completed", json!([message(text)]))
}

pub(crate) fn function_call(call_id: &str, name: &str, arguments: &str) -> Value {
    json!({ "type": "function_call", "id": format!("fc_{call_id}"), "call_id": call_id, "name": name,
            "arguments": arguments, "status": "completed" })
}

/// A response that asks for a function.
pub(crate) fn calls(id: &str, call_ids: &[&str]) -> Value {
    let calls: Vec<Value> = call_ids.iter().map(|id| function_call(id, "halve", r#"{"number":42}"#)).collect();
    response(id, "completed", calls.into())
}

pub(crate) fn approval_request(id: &str) -> Value {
    json!({ "type": "mcp_approval_request", "id": id, "server_label": "docs", "name": "search", "arguments": "{}" })
}

#[derive(Deserialize, JsonSchema)]
struct Halve {
    number: i64,
}

/// The function `halve`, and how often it was called.
pub(crate) fn halve() -> (FunctionSet, Arc<Mutex<u32>>) {
    let called = Arc::<Mutex<u32>>::default();
    let count = Arc::clone(&called);
    let function = Function::infallible(move |halve: Halve| {
        *locked(&count) += 1;
        async move { halve.number / 2 }
    });
    (FunctionSet::new([function]).unwrap(), called)
}
