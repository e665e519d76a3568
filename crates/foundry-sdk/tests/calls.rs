//! Calls on the wire: what is sent, and what becomes of every kind of answer.
#![cfg(feature = "v2025-05-01")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use foundry_sdk::{Credential, Error, ErrorKind, ProjectClient, RetryPolicy};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde_json::{Value, json};

const PLANTED: &str = "planted-secret";
const THREAD: &str = r#"{"id":"thread_1","object":"thread","created_at":1,"metadata":{},"tool_resources":{}}"#;

/// A server that answers everything the same, and what it was asked.
struct Server {
    mock: MockServer,
    asked: Arc<Mutex<Vec<HttpMockRequest>>>,
}

impl Server {
    async fn answering(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let mock = MockServer::start_async().await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = body.as_ref().to_vec();
        mock.mock_async(|when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                log.lock().unwrap().push(request.clone());
                HttpMockResponse::builder().status(status).headers(headers.clone()).body(body.clone()).build()
            });
        })
        .await;
        Self { mock, asked }
    }

    async fn with_a_thread() -> Self {
        Self::answering(200, &[("content-type", "application/json"), ("x-request-id", "req-1")], THREAD).await
    }

    fn endpoint(&self) -> String {
        self.mock.url("/api/projects/p")
    }

    /// A client that sends everything once: these tests are about single exchanges.
    fn client(&self, credential: Credential) -> ProjectClient {
        ProjectClient::builder(self.endpoint()).credential(credential).retry(RetryPolicy::none()).build().unwrap()
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<HttpMockRequest> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn key() -> Credential {
    Credential::api_key(PLANTED)
}

/// The headers of a request, sorted by name.
fn headers(request: &HttpMockRequest) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> =
        request.headers_vec().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    headers.sort();
    headers
}

fn header(request: &HttpMockRequest, name: &str) -> Option<String> {
    headers(request).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[tokio::test]
async fn a_call_has_exactly_these_headers() {
    let server = Server::with_a_thread().await;
    for (credential, name, value) in [
        (key(), "api-key", PLANTED.to_owned()),
        (Credential::token(PLANTED), "authorization", format!("Bearer {PLANTED}")),
    ] {
        let threads = server.client(credential).classic().threads();
        threads.get("thread_1").client_request_id("id-1").await.unwrap();
        threads.create().client_request_id("id-2").await.unwrap();
        let asked = server.asked();
        let [get, post] = &asked[..] else { panic!("{asked:?}") };

        let user_agent = header(get, "user-agent").unwrap();
        let start = format!("foundry-sdk/{} ", env!("CARGO_PKG_VERSION"));
        assert!(user_agent.starts_with(&start), "{user_agent}");
        let host = server.mock.address().to_string();
        let expected = |id: &str, more: &[(&str, &str)]| {
            let mut expected: Vec<(String, String)> = [
                ("accept", "application/json"),
                (name, &value),
                ("host", &host),
                ("user-agent", &user_agent),
                ("x-ms-client-request-id", id),
            ]
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
            expected.sort();
            expected
        };
        assert_eq!(headers(get), expected("id-1", &[]));
        assert_eq!(headers(post), expected("id-2", &[("content-type", "application/json"), ("content-length", "2")]));
        assert_eq!((get.method_str(), get.body_ref()), ("GET", &b""[..]));
        assert_eq!((post.method_str(), post.body_ref()), ("POST", &b"{}"[..]));
        for (request, path) in [(get, "/api/projects/p/threads/thread_1"), (post, "/api/projects/p/threads")] {
            assert_eq!(request.uri().path(), path);
            assert_eq!(request.query_params(), [("api-version".to_owned(), "2025-05-01".to_owned())]);
        }
    }
}

#[tokio::test]
async fn an_application_stands_first_in_the_user_agent() {
    let server = Server::with_a_thread().await;
    let builder = || ProjectClient::builder(server.endpoint()).credential(key());
    let client = builder().application_id("weather/1.0").build().unwrap();
    client.classic().threads().get("thread_1").await.unwrap();
    let user_agent = header(&server.asked()[0], "user-agent").unwrap();
    assert!(user_agent.starts_with("weather/1.0 foundry-sdk/"), "{user_agent}");
    assert_eq!(builder().application_id("a\nb").build().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn each_call_has_an_id_of_its_own() {
    let server = Server::with_a_thread().await;
    let threads = server.client(key()).classic().threads();
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(threads.get("thread_1").send().await.unwrap().client_request_id().to_owned());
    }
    let sent: Vec<String> =
        server.asked().iter().map(|request| header(request, "x-ms-client-request-id").unwrap()).collect();
    assert_eq!(sent, told);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn a_reply_has_all_that_came() {
    let headers = [("content-type", "application/json"), ("x-request-id", "req-1"), ("x-more", "more")];
    let server = Server::answering(200, &headers, THREAD).await;
    let reply =
        server.client(key()).classic().threads().get("thread_1").client_request_id("mine").send().await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.request_id(), reply.client_request_id()), (200, Some("req-1"), "mine"));
    assert_eq!(reply.headers["x-more"], "more");
    assert_eq!(reply.body, THREAD);
    assert_eq!(reply.id, "thread_1");
    assert_eq!(reply.into_value().object, "thread");
}

// ---- answers that are no success

#[tokio::test]
async fn every_failure_says_what_the_service_said() {
    let envelope = |code: &str, message: &str| json!({ "error": { "code": code, "message": message } }).to_string();
    let details = json!({
        "error": {
            "code": "invalid_payload", "message": "Bad role.", "param": "role", "type": "invalid_request_error",
            "details": [{ "code": "x", "message": "y" }], "additionalInfo": { "request_id": "z" },
        },
    });
    let management = json!({
        "error": { "code": "UserError", "message": "No.", "innerError": {} }, "correlation": { "operation": "1" },
    });
    let html = "<!DOCTYPE html>\n<html><h1>Bad Gateway</h1></html>".to_owned();
    for (status, body, kind, code, message) in [
        (400, details.to_string(), ErrorKind::BadRequest, Some("invalid_payload"), Some("Bad role.")),
        (
            401,
            envelope("Unauthorized", "No token."),
            ErrorKind::Authentication,
            Some("Unauthorized"),
            Some("No token."),
        ),
        (403, envelope("Forbidden", "Not you."), ErrorKind::Permission, Some("Forbidden"), Some("Not you.")),
        (404, envelope("not_found", "No thread."), ErrorKind::NotFound, Some("not_found"), Some("No thread.")),
        (404, management.to_string(), ErrorKind::NotFound, Some("UserError"), Some("No.")),
        (
            409,
            envelope("conflict", "A run is active."),
            ErrorKind::Conflict,
            Some("conflict"),
            Some("A run is active."),
        ),
        (429, envelope("429", "Slower."), ErrorKind::RateLimited, Some("429"), Some("Slower.")),
        (500, envelope("server_error", "Sorry."), ErrorKind::Server, Some("server_error"), Some("Sorry.")),
        (503, envelope("unavailable", "Later."), ErrorKind::Server, Some("unavailable"), Some("Later.")),
        (502, html, ErrorKind::Server, None, None),
        (502, String::new(), ErrorKind::Server, None, None),
        (500, r#"{"error":{"code":"server_error","mess"#.to_owned(), ErrorKind::Server, None, None),
        (404, "null".to_owned(), ErrorKind::NotFound, None, None),
        (404, "[[[]]]".to_owned(), ErrorKind::NotFound, None, None),
        (418, envelope("teapot", "No."), ErrorKind::UnexpectedStatus, Some("teapot"), Some("No.")),
    ] {
        let server = Server::answering(status, &[("x-request-id", "req-7")], &body).await;
        let call = server.client(key()).classic().threads().get("thread_1").client_request_id("mine");
        let error = call.await.unwrap_err();
        assert_eq!((server.asked().len(), error.attempts()), (1, 1), "{status} {body}");
        assert_eq!(error.kind(), kind, "{status} {body}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{body}");
        assert_eq!(error.code(), code, "{status} {body}");
        match message {
            Some(message) => assert_eq!(error.message(), message, "{status} {body}"),
            None => assert!(!error.message().is_empty() && !error.message().contains('<'), "{error}"),
        }
        assert_eq!((error.request_id(), error.client_request_id()), (Some("req-7"), Some("mine")));
        assert_eq!(error.operation(), Some("Threads_get"));
        assert_eq!(error.url().unwrap().path(), "/api/projects/p/threads/thread_1");
        assert_eq!(error.body().unwrap(), &body);
        let line = error.to_string();
        assert!(!line.contains('\n'), "{line}");
        for part in ["Threads_get", &status.to_string(), code.unwrap_or(""), error.message(), "req-7"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert_eq!(error.target(), (status == 400).then_some("role"));
    }
}

#[tokio::test]
async fn only_the_start_of_a_large_failure_is_read() {
    let server = Server::answering(500, &[], "x".repeat(1 << 20)).await;
    let error = server.client(key()).classic().threads().create().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.body().unwrap().len(), 64 << 10);
    assert!(error.to_string().len() < 1000);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::with_a_thread().await;
    for status in [301, 302, 303, 307, 308] {
        for to in [other.mock.url("/api/projects/p/threads/thread_1"), "/elsewhere".to_owned()] {
            let server = Server::answering(status, &[("location", &to)], "").await;
            let threads = server.client(key()).classic().threads();
            for error in [threads.get("thread_1").await.unwrap_err(), threads.create().await.unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::UnexpectedStatus);
                assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            }
            assert_eq!(server.asked().len(), 2, "{status} to {to}");
        }
    }
    assert_eq!(other.asked().len(), 0);
}

// ---- answers that are a success, and not what was described

#[tokio::test]
async fn a_body_of_another_shape_is_an_error_with_the_place() {
    for (body, place) in [
        (r#"{"id":5}"#, "/id"),
        (
            r#"{"id":"t","tool_resources":{"file_search":{"vector_store_ids":["a",{}]}}}"#,
            "/tool_resources/file_search/vector_store_ids/1",
        ),
        (r#"{"id":"t","object":"thread""#, "byte"),
        (r#"{"object":"thread"}"#, "`id` is missing"),
        ("<html></html>", "at the top"),
        ("", "at the top"),
        ("[]", "at the top"),
        ("null", "at the top"),
    ] {
        let server = Server::answering(200, &[("x-request-id", "req-7")], body).await;
        let error = server.client(key()).classic().threads().get("thread_1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert!(error.message().contains(place), "{place} is not in {error}");
        assert_eq!(error.body().unwrap(), body);
        assert_eq!((error.status().map(|status| status.as_u16()), error.request_id()), (Some(200), Some("req-7")));
        assert!(error.source().is_some());
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_an_error_that_says_what_was_called() {
    let server = Server::answering(200, &[], "[]").await;
    let error = server.client(key()).classic().threads().get("thread_1").client_request_id("mine").await.unwrap_err();
    assert_eq!((error.operation(), error.client_request_id()), (Some("Threads_get"), Some("mine")));
    assert_eq!(error.url().map(|url| url.path().to_owned()).as_deref(), Some("/api/projects/p/threads/thread_1"));
    assert!(error.to_string().starts_with("Threads_get: 200 "), "{error}");
}

#[tokio::test]
async fn an_element_of_another_shape_does_not_cost_the_page() {
    let body = json!({
        "object": "list", "data": [{ "id": "thread_1" }, { "id": 5 }, { "id": "thread_3" }], "first_id": "thread_1",
        "last_id": "thread_3", "has_more": false,
    });
    let server = Server::answering(200, &[], body.to_string()).await;
    let page = server.client(key()).classic().threads().list().await.unwrap();
    assert_eq!(page.data.iter().map(|thread| thread.id.as_str()).collect::<Vec<_>>(), ["thread_1", "thread_3"]);
    assert_eq!(page.data.undecoded()[0].value, json!({ "id": 5 }));
}

// ---- no answer

#[tokio::test]
async fn nobody_there_is_a_connect_error() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}/api/projects/p");
    let client = ProjectClient::builder(endpoint).credential(key()).retry(RetryPolicy::none()).build().unwrap();
    let error = client.classic().threads().create().await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.operation()), (ErrorKind::Connect, None, Some("Threads_create")));
    assert!(error.source().is_some() && error.client_request_id().is_some());
    assert!(!shown(&error).contains(PLANTED));
}

/// A server that reads a request, writes this, and hangs up.
fn hanging_up(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
                    _ => break,
                }
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    endpoint
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_from_one_that_never_came() {
    for (answer, kind) in [
        ("", ErrorKind::Interrupted),
        ("HTTP/1.1 200 OK\r\n", ErrorKind::Interrupted),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":\"thread_1\"}", ErrorKind::Interrupted),
        ("HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{\"error\":", ErrorKind::Server),
    ] {
        let client =
            ProjectClient::builder(hanging_up(answer)).credential(key()).retry(RetryPolicy::none()).build().unwrap();
        let error = client.classic().threads().get("thread_1").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer:?}: {error}");
        assert_eq!(error.operation(), Some("Threads_get"));
    }
}

// ---- what cannot be sent

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_nothing_is_sent() {
    let server = Server::with_a_thread().await;
    let classic = server.client(key()).classic();
    let mut errors: Vec<Error> = Vec::new();
    for id in ["", ".", ".."] {
        errors.push(classic.threads().get(id).await.unwrap_err());
        errors.push(classic.threads().delete(id).await.unwrap_err());
        errors.push(classic.agents().get(id).await.unwrap_err());
        errors.push(classic.messages(id).create("Hello.").await.unwrap_err());
        errors.push(classic.messages("thread_1").get(id).await.unwrap_err());
        errors.push(classic.messages(id).list().await.unwrap_err());
        errors.push(classic.runs(id).create("asst_1").poll().await.unwrap_err());
        errors.push(classic.runs("thread_1").get(id).await.unwrap_err());
    }
    let get = || classic.threads().get("thread_1");
    errors.push(get().header("bad name", PLANTED).await.unwrap_err());
    errors.push(get().header("", PLANTED).await.unwrap_err());
    errors.push(get().header("x-more", format!("{PLANTED}\nx: y")).await.unwrap_err());
    errors.push(get().client_request_id("a\r\nb").send().await.unwrap_err());
    // The first of several is told, whatever follows.
    let error = get().header("bad name", "a").header("x-more", "fine").await.unwrap_err();
    assert!(error.message().contains("bad name"), "{error}");
    errors.push(error);
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert_eq!(error.status(), None);
        assert!(!shown(error).contains(PLANTED), "{error:?}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn an_id_stays_in_its_place() {
    let server = Server::with_a_thread().await;
    let threads = server.client(key()).classic().threads();
    for (id, path) in [
        ("a/../b", "/api/projects/p/threads/a%2F..%2Fb"),
        ("a?api-version=x#y", "/api/projects/p/threads/a%3Fapi-version%3Dx%23y"),
        ("ä %2e", "/api/projects/p/threads/%C3%A4%20%252e"),
    ] {
        threads.get(id).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked[0].uri().path(), path);
        assert_eq!(asked[0].query_params().len(), 1);
    }
}

#[tokio::test]
async fn the_options_of_a_call_reach_the_wire() {
    let server = Server::with_a_thread().await;
    let threads = server.client(key()).classic().threads();
    let call = || threads.get("thread_1");
    call()
        .header("x-more", "more")
        .header("Accept", "text/plain")
        .header("x-more", "most")
        .query("a b", "c&d=e")
        .query("a b", "f")
        .api_version("v1")
        .client_request_id("mine")
        .await
        .unwrap();
    call().await.unwrap();
    let asked = server.asked();
    let request = &asked[0];
    assert_eq!(header(request, "x-more").as_deref(), Some("most"));
    assert_eq!(header(request, "accept").as_deref(), Some("text/plain"));
    assert_eq!(header(request, "x-ms-client-request-id").as_deref(), Some("mine"));
    let mut query = request.query_params();
    query.sort();
    let expected = [("a b", "c&d=e"), ("a b", "f"), ("api-version", "v1")];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // They are of this call only.
    assert_eq!(header(&asked[1], "x-more"), None);
    assert_eq!(asked[1].query_params(), [("api-version".to_owned(), "2025-05-01".to_owned())]);
}

#[tokio::test]
async fn the_id_that_is_told_is_the_one_that_was_sent() {
    let server = Server::with_a_thread().await;
    let call = server.client(key()).classic().threads().get("thread_1").header("x-ms-client-request-id", "mine");
    let told = call.send().await.unwrap().client_request_id().to_owned();
    assert_eq!(header(&server.asked()[0], "x-ms-client-request-id"), Some(told));
}

#[tokio::test]
async fn the_api_version_is_sent_once() {
    let server = Server::with_a_thread().await;
    server.client(key()).classic().threads().get("thread_1").query("api-version", "v1").await.unwrap();
    assert_eq!(server.asked()[0].query_params(), [("api-version".to_owned(), "v1".to_owned())]);
}

// ---- secrets

/// Everything of an error that people print.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?} {}", error.message());
    let mut source = error.source();
    while let Some(error) = source {
        shown.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    shown
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    for credential in [key(), Credential::token(PLANTED)] {
        let failing =
            Server::answering(401, &[], json!({ "error": { "code": "a", "message": "b" } }).to_string()).await;
        let odd = Server::answering(200, &[], "[]").await;
        for server in [&failing, &odd] {
            let builder = ProjectClient::builder(server.endpoint()).credential(credential.clone());
            assert!(!format!("{builder:?} {credential:?}").contains(PLANTED));
            let client = builder.build().unwrap();
            let call = client.classic().threads().get("thread_1").query("sig", PLANTED);
            let shown_before = format!("{client:?} {client:#?} {:?} {:?}", client.classic(), client.raw_2025_05_01());
            assert!(!shown_before.contains(PLANTED), "{shown_before}");
            let error = call.await.unwrap_err();
            assert!(!shown(&error).contains(PLANTED), "{error:?}");
            assert!(error.url().is_none_or(|url| !url.as_str().contains(PLANTED)));
            // The secret was there.
            assert!(headers(&server.asked()[0]).iter().any(|(_, value)| value.contains(PLANTED)));
        }
    }
    let error = ProjectClient::builder("https://r.services.ai.azure.com/api/projects/p")
        .credential(Credential::token(format!("{PLANTED}\n")))
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(!shown(&error).contains(PLANTED));
}

#[tokio::test]
async fn a_request_does_not_show_the_credentials_it_was_given() {
    let server = Server::with_a_thread().await;
    let threads = server.client(key()).classic().threads();
    for name in ["authorization", "api-key", "x-ms-authorization-auxiliary"] {
        let request = threads.get("thread_1").header(name, format!("Bearer {PLANTED}"));
        assert!(!format!("{request:?}").contains(PLANTED), "{name}");
    }
}

// ---- bodies

#[tokio::test]
async fn a_message_is_sent_as_the_service_wants_it() {
    let answer = json!({ "id": "msg_1", "content": [] }).to_string();
    let server = Server::answering(200, &[], answer).await;
    let messages = server.client(key()).classic().messages("thread_1");
    messages.create("Why is the sky blue?").await.unwrap();
    messages.create("Howdy \"partner\" \u{1F920}\n").role("assistant").metadata([("a", "b")]).await.unwrap();
    let bodies: Vec<Value> =
        server.asked().iter().map(|request| serde_json::from_slice(request.body_ref()).unwrap()).collect();
    assert_eq!(
        bodies,
        [
            json!({ "role": "user", "content": "Why is the sky blue?" }),
            json!({ "role": "assistant", "content": "Howdy \"partner\" \u{1F920}\n", "metadata": { "a": "b" } }),
        ]
    );
}
