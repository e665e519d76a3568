//! Every request of the SDK as it is on the wire, compared with what the document says of its
//! operation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use foundry_sdk::{Body, BoxError, Credential, ProjectClient, Reply, RequestBody, Result, RetryPolicy, Transport};
use futures_core::future::BoxFuture;
use http::{Request, Response, header};
use serde_json::Value;

#[cfg(feature = "v1")]
#[rustfmt::skip]
#[path = "generated/v1.rs"]
mod v1;
#[cfg(feature = "v2025-05-01")]
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

fn document(api: &str) -> Value {
    let path = format!("{}/../foundry-emulator/openapi/{api}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// An operation of the document: its path, method, parameters and itself.
struct Described<'a> {
    path: &'a str,
    method: &'a str,
    parameters: Vec<&'a Value>,
    value: &'a Value,
    /// The media type of its body, where there are several.
    media: Option<&'a str>,
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
            let merged = value["x-merged-operations"].as_array().into_iter().flatten();
            let media = merged.clone().find(|merged| merged["operationId"] == id);
            let media = media.and_then(|merged| merged["contentType"].as_str());
            if value["operationId"] == id || media.is_some() {
                let shared = item["parameters"].as_array().into_iter().flatten();
                let own = value["parameters"].as_array().into_iter().flatten();
                let parameters = shared.chain(own).map(|parameter| resolve(document, parameter)).collect();
                return Described { path, method, parameters, value, media };
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

fn client(recorder: &Recorder) -> ProjectClient {
    ProjectClient::builder(format!("https://r.example{BASE}"))
        .credential(Credential::api_key("key"))
        .retry(RetryPolicy::none())
        .transport(recorder.clone())
        .build()
        .unwrap()
}

/// Sends each call, compares what is sent with the document, and gives the operations that were called.
async fn each_is_as_described(api: &str, recorder: &Recorder, calls: Vec<Call>) -> BTreeSet<&'static str> {
    let document = document(api);
    let mut called = BTreeSet::new();
    for (id, sending) in calls {
        assert!(called.insert(id), "{id} is called twice");
        sending.await;
        let sent = std::mem::take(&mut *recorder.0.lock().unwrap());
        let [(request, body)] = &sent[..] else { panic!("{id} sent {} requests", sent.len()) };
        check(&document, id, request, body.as_deref());
    }
    called
}

#[cfg(feature = "v2025-05-01")]
#[tokio::test]
async fn each_request_of_2025_05_01_is_what_the_document_says() {
    let recorder = Recorder::default();
    let called = each_is_as_described("2025-05-01", &recorder, v2025_05_01::all(&client(&recorder))).await;
    let all: BTreeSet<&str> = foundry_raw::v2025_05_01::OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(called, all);
}

#[cfg(feature = "v1")]
#[tokio::test]
async fn each_request_of_v1_is_what_the_document_says() {
    let recorder = Recorder::default();
    let called = each_is_as_described("v1", &recorder, v1::all(&client(&recorder))).await;
    // The classic ones are those of 2025-05-01.
    let own = foundry_raw::v1::OPERATIONS.iter().filter(|operation| !operation.group.starts_with("Classic"));
    let all: BTreeSet<&str> = own.chain(foundry_raw::v1::operations::SPLITS).map(|operation| operation.id).collect();
    assert_eq!(called, all);
    assert_eq!(called.len(), 202);
}

#[cfg(all(feature = "v1", feature = "v2025-05-01"))]
#[tokio::test]
async fn the_classic_surface_is_the_same_on_v1() {
    let recorder = Recorder::default();
    let client = ProjectClient::builder(format!("https://r.example{BASE}"))
        .credential(Credential::api_key("key"))
        .classic_api_version("v1")
        .transport(recorder.clone())
        .build()
        .unwrap();
    let classic: BTreeSet<&str> = foundry_raw::v1::OPERATIONS
        .iter()
        .filter(|operation| operation.group.starts_with("Classic"))
        .map(|operation| operation.id)
        .collect();
    assert_eq!(classic.len(), 41);
    let calls = v2025_05_01::all(&client).into_iter().filter(|(id, _)| classic.contains(id)).collect();
    assert_eq!(each_is_as_described("v1", &recorder, calls).await, classic);
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
    // How a stream is asked for is not a setter's.
    expected.retain(|name| *name != "stream");
    names.sort_unstable();
    names.dedup();
    expected.sort_unstable();
    assert_eq!(names, expected, "{id}");
    let version = query.iter().find(|(name, _)| name == "api-version").map(|(_, value)| value.as_str());
    let expected = document["info"]["version"].as_str().filter(|_| of("query").contains(&"api-version"));
    assert_eq!(version, expected, "{id}");
    for parameter in described.parameters.iter().filter(|parameter| parameter["in"] == "header") {
        let name = parameter["name"].as_str().unwrap();
        let of_other_body =
            parameter["x-required-for-content-type"].as_str().is_some_and(|media| described.media != Some(media));
        // A preview that is optional is opted into; those that are required go by themselves.
        let is_sent = !of_other_body && (name != "Foundry-Features" || parameter["required"] == true);
        assert_eq!(request.headers().contains_key(name), is_sent, "{id}, the header {name}");
        if name == "Foundry-Features" && is_sent {
            let values: Vec<&str> = described.value["x-foundry-features"]
                .as_array()
                .unwrap()
                .iter()
                .map(|value| value.as_str().unwrap())
                .collect();
            assert_eq!(header(request, name), Some(values.join(",").as_str()), "{id}");
        }
    }
    assert_eq!(header(request, "api-key"), Some("key"), "{id}");
    assert!(header(request, "x-ms-client-request-id").is_some_and(|id| id.len() == 36), "{id}");

    let success = described.value["responses"].as_object().unwrap().iter().find(|(status, _)| status.starts_with('2'));
    let answer = success.unwrap().1["content"].as_object();
    let accept = answer.and_then(|content| {
        // Of a stream and something else the other is what is asked for.
        content.keys().find(|media| *media != "text/event-stream").or_else(|| content.keys().next())
    });
    assert_eq!(header(request, "accept"), Some(accept.map_or("application/json", String::as_str)), "{id}");

    let content = described.value["requestBody"]["content"]
        .as_object()
        .and_then(|content| content.iter().find(|(media, _)| described.media.is_none_or(|wanted| wanted == *media)));
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
    if media == "application/octet-stream" {
        return;
    }
    let body: Value = serde_json::from_slice(body.unwrap()).unwrap();
    if let Some(mut expected) = writable(document, &schema["schema"]) {
        // Set by how the answer is asked for.
        expected.remove("stream");
        // Refused beside what an agent decides itself, which is set here.
        if id == "Responses_create" {
            expected.remove("agent_reference");
        }
        let sent: BTreeSet<String> = body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(sent, expected, "{id}");
    }
}

fn snake_case(name: &str) -> String {
    name.chars()
        .flat_map(|c| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
        .collect()
}
