//! Every request of the SDK as it is on the wire, compared with what the document says of its
//! operation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use foundry_sdk::{Body, BoxError, Credential, ProjectClient, Reply, RequestBody, Result, RetryPolicy, Transport};
use futures_core::future::BoxFuture;
use http::{Request, Response, header};
use serde_json::Value;

#[rustfmt::skip]
#[path = "generated/v2025_05_01.rs"]
mod v2025_05_01;

const BASE: &str = "/api/projects/p";

/// A call, and which operation it is said to be.
pub(crate) type Call = (&'static str, BoxFuture<'static, ()>);

/// A call whose answer does not matter: what is sent does.
pub(crate) fn call<T: 'static>(
    id: &'static str,
    sent: impl Future<Output = Result<Reply<T>>> + Send + 'static,
) -> Call {
    (id, Box::pin(async move { drop(sent.await) }))
}

/// A value by its JSON.
pub(crate) fn sample<T: foundry_raw::Decode>(json: &str) -> T {
    foundry_raw::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// What was sent: the body is there unless it was streamed.
type Sent = (Request<()>, Option<Vec<u8>>);

/// Notes what is sent and answers with an empty object.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Sent>>>);

impl Transport for Recorder {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let (parts, body) = request.into_parts();
        let bytes = body.as_bytes().map(<[u8]>::to_vec);
        self.0.lock().unwrap().push((Request::from_parts(parts, ()), bytes));
        Box::pin(std::future::ready(Ok(Response::new(Body::from("{}")))))
    }
}

fn document() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../foundry-emulator/openapi/2025-05-01.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// An operation of the document: its path, method, parameters and itself.
struct Described<'a> {
    path: &'a str,
    method: &'a str,
    parameters: Vec<&'a Value>,
    value: &'a Value,
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => resolve(document, document.pointer(reference.trim_start_matches('#')).unwrap()),
        None => value,
    }
}

fn described<'a>(document: &'a Value, id: &str) -> Described<'a> {
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, value) in item.as_object().unwrap() {
            if value["operationId"] == id {
                let shared = item["parameters"].as_array().into_iter().flatten();
                let own = value["parameters"].as_array().into_iter().flatten();
                let parameters = shared.chain(own).map(|parameter| resolve(document, parameter)).collect();
                return Described { path, method, parameters, value };
            }
        }
    }
    panic!("the document has no operation {id}")
}

/// The properties of a schema that a request may have; `None` for unions.
fn writable(document: &Value, schema: &Value) -> Option<BTreeSet<String>> {
    let schema = resolve(document, schema);
    if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() || schema.get("discriminator").is_some() {
        return None;
    }
    let mut names = BTreeSet::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        names.extend(writable(document, part)?);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if property["readOnly"] != true {
            names.insert(name.clone());
        }
    }
    Some(names)
}

fn header<'a>(request: &'a Request<()>, name: &str) -> Option<&'a str> {
    request.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn each_request_is_what_the_document_says() {
    let document = document();
    let recorder = Recorder::default();
    let client = ProjectClient::builder(format!("https://r.example{BASE}"))
        .credential(Credential::api_key("key"))
        .retry(RetryPolicy::none())
        .transport(recorder.clone())
        .build()
        .unwrap();
    let mut called = BTreeSet::new();
    for (id, sending) in v2025_05_01::all(&client.classic()) {
        assert!(called.insert(id), "{id} is called twice");
        sending.await;
        let sent = std::mem::take(&mut *recorder.0.lock().unwrap());
        let [(request, body)] = &sent[..] else { panic!("{id} sent {} requests", sent.len()) };
        check(&document, id, request, body.as_deref());
    }
    let all: BTreeSet<&str> = foundry_raw::v2025_05_01::OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(called, all);
}

fn check(document: &Value, id: &str, request: &Request<()>, body: Option<&[u8]>) {
    let described = described(document, id);
    let of = |location: &str| -> Vec<&str> {
        let parameters = described.parameters.iter().filter(|parameter| parameter["in"] == location);
        parameters.map(|parameter| parameter["name"].as_str().unwrap()).collect()
    };
    assert_eq!(request.method().as_str(), described.method.to_uppercase(), "{id}");
    // Path parameters were given their own names in snake case.
    let mut path = format!("{BASE}{}", described.path);
    for name in of("path") {
        path = path.replace(&format!("{{{name}}}"), &snake_case(name));
    }
    assert_eq!(request.uri().path(), path, "{id}");
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let mut names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
    let mut expected = of("query");
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected, "{id}");
    let version = query.iter().find(|(name, _)| name == "api-version").map(|(_, value)| value.as_str());
    assert_eq!(version, Some("2025-05-01"), "{id}");
    for name in of("header") {
        assert!(request.headers().contains_key(name), "{id} lacks the header {name}");
    }
    assert_eq!(header(request, "api-key"), Some("key"), "{id}");
    assert!(header(request, "x-ms-client-request-id").is_some_and(|id| id.len() == 36), "{id}");

    let success = described.value["responses"].as_object().unwrap().iter().find(|(status, _)| status.starts_with('2'));
    let answer = success.unwrap().1["content"].as_object();
    let accept = answer.and_then(|content| content.keys().find(|media| *media != "text/event-stream"));
    assert_eq!(header(request, "accept"), Some(accept.map_or("application/json", String::as_str)), "{id}");

    let content = described.value["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let content_type = header(request, header::CONTENT_TYPE.as_str());
    let Some((media, schema)) = content else {
        assert_eq!((content_type, body), (None, Some(&b""[..])), "{id}");
        return;
    };
    if media == "multipart/form-data" {
        assert!(content_type.unwrap().starts_with("multipart/form-data; boundary="), "{id}: {content_type:?}");
        return;
    }
    assert_eq!(content_type, Some(media.as_str()), "{id}");
    let body: Value = serde_json::from_slice(body.unwrap()).unwrap();
    if let Some(mut expected) = writable(document, &schema["schema"]) {
        // Set by how the answer is asked for.
        expected.remove("stream");
        let sent: BTreeSet<String> = body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(sent, expected, "{id}");
    }
}

fn snake_case(name: &str) -> String {
    name.chars()
        .flat_map(|c| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
        .collect()
}
