//! Credentials as a client uses them: what is sent, and when it is asked for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]
#![cfg(feature = "v2025-05-01")]

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use foundry_sdk::{AccessToken, Credential, ErrorKind, ProjectClient};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};

const PLANTED: &str = "planted-secret";
const THREAD: &str = r#"{"id":"thread_1","object":"thread","created_at":1,"metadata":{},"tool_resources":{}}"#;
const ENDPOINT: &str = "https://res.services.ai.azure.com/api/projects/p";

/// A server that takes all tokens but one, and the `authorization` of each request it got.
async fn server_without(refused: &'static str) -> (MockServer, Arc<Mutex<Vec<String>>>) {
    let server = MockServer::start_async().await;
    let authorized = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&authorized);
    server
        .mock_async(|when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let headers = request.headers_vec();
                let sent = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
                let sent = sent.map(|(_, value)| value.clone()).unwrap_or_default();
                let status = if sent == format!("Bearer {refused}") { 401 } else { 200 };
                log.lock().unwrap().push(sent);
                HttpMockResponse::builder()
                    .status(status)
                    .header("content-type", "application/json")
                    .body(THREAD)
                    .build()
            });
        })
        .await;
    (server, authorized)
}

async fn server() -> (MockServer, Arc<Mutex<Vec<String>>>) {
    server_without("nothing").await
}

fn client(endpoint: impl Into<String>, credential: Credential) -> ProjectClient {
    ProjectClient::builder(endpoint).credential(credential).build().unwrap()
}

#[tokio::test]
async fn clients_with_clones_of_a_credential_ask_for_one_token() {
    let (server, authorized) = server().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let credential = Credential::from_fn(move |request| {
        count.fetch_add(1, Ordering::SeqCst);
        assert_eq!(request.scope(), "https://ai.azure.com/.default");
        async { Ok::<_, io::Error>(AccessToken::new(PLANTED, SystemTime::now() + Duration::from_secs(3600))) }
    });
    let clients = [credential.clone(), credential].map(|credential| client(server.url("/api/projects/p"), credential));
    assert_eq!(asked.load(Ordering::SeqCst), 0, "building a client asks for nothing");
    for client in &clients {
        for _ in 0..2 {
            client.classic().threads().create().await.unwrap();
        }
    }
    assert_eq!(*authorized.lock().unwrap(), vec![format!("Bearer {PLANTED}"); 4]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    for (tokens, sent, kind) in [
        (["old", "new"], ["Bearer old", "Bearer new"], None),
        (["old", "old"], ["Bearer old", "Bearer old"], Some(ErrorKind::Authentication)),
    ] {
        let (server, authorized) = server_without("old").await;
        let asked = AtomicUsize::new(0);
        let credential = Credential::from_fn(move |_| {
            let token = tokens[asked.fetch_add(1, Ordering::SeqCst)];
            async move { Ok::<_, io::Error>(AccessToken::new(token, SystemTime::now() + Duration::from_secs(3600))) }
        });
        let created = client(server.url("/api/projects/p"), credential).classic().threads().create().await;
        assert_eq!(created.err().map(|error| error.kind()), kind);
        assert_eq!(*authorized.lock().unwrap(), sent);
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_error_says_why() {
    let (server, authorized) = server().await;
    let credential = Credential::from_fn(|_| async { Err::<AccessToken, _>(io::Error::other("no vault")) });
    let error = client(server.url("/api/projects/p"), credential).classic().threads().create().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert_eq!(error.status(), None);
    assert!(error.to_string().contains("no token from the function given to Credential::from_fn"), "{error}");
    let mut source = error.source();
    while let Some(next) = source.filter(|error| !error.is::<io::Error>()) {
        source = next.source();
    }
    assert_eq!(source.unwrap().to_string(), "no vault");
    assert!(authorized.lock().unwrap().is_empty());
}

#[test]
fn a_client_shows_the_kind_of_its_credential_and_no_secret() {
    let function = Credential::from_fn(|_| async {
        Ok::<_, io::Error>(AccessToken::new(PLANTED, SystemTime::now() + Duration::from_secs(3600)))
    });
    for (credential, kind) in [
        (Credential::api_key(PLANTED), "an API key"),
        (Credential::token(PLANTED), "a fixed bearer token"),
        (function, "the function given to Credential::from_fn"),
        (Credential::azure_cli(), "the Azure CLI"),
        (Credential::azure_cli_in_tenant("contoso.onmicrosoft.com"), "the Azure CLI"),
    ] {
        let builder = ProjectClient::builder(ENDPOINT).credential(credential.clone());
        let shown = format!(
            "{builder:?} {builder:#?} {credential:?} {:?}",
            ProjectClient::builder(ENDPOINT).credential(credential.clone()).build().unwrap()
        );
        assert!(shown.contains(kind), "{shown}");
        assert!(!shown.contains(PLANTED), "{shown}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_when_the_client_is_built() {
    for (credential, said) in [
        (Credential::api_key(""), "an API key is empty"),
        (Credential::api_key(format!("{PLANTED}\n")), "an API key has characters that no header may hold"),
        (Credential::token(format!("Bearer {PLANTED}")), "give the token alone"),
        (Credential::azure_cli_in_tenant("a & b"), "`a & b` is no tenant"),
        (Credential::azure_cli().scope("--help"), "`--help` is no scope"),
    ] {
        let error = ProjectClient::builder(ENDPOINT).credential(credential).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert!(error.to_string().contains(said), "{error}");
        assert!(!format!("{error} {error:?}").contains(PLANTED), "{error:?}");
    }
}
