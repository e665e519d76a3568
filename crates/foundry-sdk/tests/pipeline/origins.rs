//! Credentials stay with the endpoint's origin.

use foundry_sdk::classic::types::Connection;
use foundry_sdk::{Continuation, Credential, ErrorKind, ProjectClient};
use futures_util::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::common::{Call, ENDPOINT, PLANTED, RecordingClock, Scripted, answer, builder};
use crate::server::{Reply, Server};

fn client(server: &Server, credential: Credential) -> ProjectClient {
    builder(server.endpoint(), &RecordingClock::new()).credential(credential).build().unwrap()
}

/// Not to another host, and not on the same one either: a redirect is the answer.
#[tokio::test]
async fn redirects_are_errors_and_are_not_followed() {
    let other = Server::start([Reply::status(200, "")]);
    for credential in [Credential::api_key(PLANTED), Credential::token(PLANTED)] {
        for status in [300, 301, 302, 303, 307, 308] {
            for to in [format!("{}/threads/thread_1", other.endpoint()), "/elsewhere".to_owned()] {
                let reply = Reply::status(status, &format!("location: {to}\r\nretry-after: 1\r\n"));
                for call in Call::ALL {
                    let server = Server::start([reply.clone()]);
                    let error = call.send(&client(&server, credential.clone())).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::UnexpectedStatus, "{call:?} {status} to {to}");
                    assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
                    assert_eq!(error.headers().unwrap()["location"], to);
                    assert_eq!((server.requests().len(), error.attempts()), (1, 1), "{call:?} {status} to {to}");
                }
            }
        }
    }
    assert_eq!(other.connections(), 0);
}

/// What the caller gives as an id cannot lead elsewhere.
#[tokio::test]
async fn ids_lead_nowhere_else() {
    let other = Server::start([Reply::status(200, "")]);
    let server = Server::start([Reply::status(404, "")]);
    let client = client(&server, Credential::api_key(PLANTED));
    let host = other.endpoint().replace("http://", "").replace("/api/projects/p", "");
    for id in [format!("//{host}/"), format!("@{host}"), format!("http://{host}/"), "/../../../..".to_owned()] {
        let error = client.classic().threads().get(&id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{id}");
        let error = client.raw_2025_05_01().threads_get(&id).await.unwrap_err();
        assert!(matches!(error, foundry_raw::Error::Transport(_)), "{error:?}");
    }
    for request in server.requests() {
        assert!(request.starts_with("GET /api/projects/p/threads/"), "{request}");
        assert!(!request.split(' ').nth(1).unwrap().contains("/.."), "{request}");
    }
    assert_eq!((server.requests().len(), other.connections()), (8, 0));
}

/// Links that look like the service's own, or lead elsewhere by what they leave out.
const ELSEWHERE: &[&str] = &[
    "https://elsewhere.example/api/projects/p/connections?skip=1",
    "http://res.services.ai.azure.com/api/projects/p/connections?skip=1",
    "https://res.services.ai.azure.com:8443/api/projects/p/connections?skip=1",
    "https://res.services.ai.azure.com.elsewhere.example/api/projects/p/connections",
    "https://res.services.ai.azure.com@elsewhere.example/api/projects/p/connections",
    "//elsewhere.example/api/projects/p/connections",
    "\\\\elsewhere.example\\api",
    "https:\\\\elsewhere.example",
    "ftp://res.services.ai.azure.com/",
    "data:,x",
    "file:///etc/passwd",
];

/// The next page is where the service says, and a service may be made to say anything.
#[tokio::test]
async fn a_link_to_another_origin_is_not_followed() {
    for link in ELSEWHERE {
        let page = json!({ "value": [], "nextLink": link }).to_string();
        let scripted = Scripted::always(answer(200).body(page));
        let client = scripted.client(&RecordingClock::new(), 3);
        let mut described = client.classic().connections().list().pages();
        let mut by_path = client.request(Method::GET, "/connections").pages::<Value>();
        let mut continued = match format!("link:{link}").parse::<Continuation>() {
            Ok(place) => Some(client.classic().connections().list().resume(place).pages()),
            // It leads nowhere without a page to start from.
            Err(_) => None,
        };
        let mut errors = Vec::new();
        assert!(described.next().await.unwrap().is_ok(), "the first page is the endpoint's own");
        errors.push(described.next().await.unwrap().map(drop).unwrap_err());
        assert!(by_path.next().await.unwrap().is_ok());
        errors.push(by_path.next().await.unwrap().map(drop).unwrap_err());
        if let Some(pages) = &mut continued {
            errors.push(pages.next().await.unwrap().map(drop).unwrap_err());
        }
        for error in errors {
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0), "{link}: {error}");
            assert!(!error.is_retryable());
        }
        // The two first pages, and nothing else.
        assert_eq!(scripted.count(), 2, "{link}: {:?}", scripted.sent());
    }
}

/// And one to the same origin is, also where it leaves out what is the endpoint's.
#[tokio::test]
async fn a_link_to_the_same_origin_is_followed_as_it_stands() {
    for (link, url) in [
        (format!("{ENDPOINT}/connections?skip=1&api-version=2025-05-01"), None),
        (format!("{ENDPOINT}/connections?skip=1"), None),
        (
            "https://RES.services.ai.azure.com:443/elsewhere?b=%20&a=%2B".to_owned(),
            Some("https://res.services.ai.azure.com/elsewhere?b=%20&a=%2B".to_owned()),
        ),
        ("/elsewhere?a=b".to_owned(), Some("https://res.services.ai.azure.com/elsewhere?a=b".to_owned())),
    ] {
        let scripted = Scripted::new([
            answer(200).body(json!({ "value": [], "nextLink": link }).to_string()),
            answer(200).body(r#"{"value":[]}"#),
        ]);
        let client = scripted.client(&RecordingClock::new(), 3);
        let items: Vec<Result<Connection, _>> = client.classic().connections().list().into_stream().collect().await;
        assert!(items.is_empty(), "{items:?}");
        let sent = scripted.sent();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[1].uri.to_string(), url.unwrap_or(link));
        assert_eq!(sent[1].header("api-key"), Some(PLANTED));
        // Another call, with an id of its own.
        assert_ne!(sent[1].header("x-ms-client-request-id"), sent[0].header("x-ms-client-request-id"));
    }
}

/// A path is one under the project, whatever stands in it.
#[tokio::test]
async fn a_path_leads_nowhere_else() {
    for path in [
        "/../../..",
        "..",
        "/../other/things",
        "a/../../other",
        "/%2e%2e/other",
        "/.%2E/other",
        "..\\other",
        "../p2/things",
    ] {
        let scripted = Scripted::always(answer(200).body("{}"));
        let client = scripted.client(&RecordingClock::new(), 1);
        let error = client.request(Method::GET, path).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts(), scripted.count()), (ErrorKind::InvalidInput, 0, 0), "{path}");
    }
    for path in [
        "//elsewhere.example/",
        "https://elsewhere.example/",
        "@elsewhere.example",
        "\\\\elsewhere.example",
        "a/../b",
        ".",
    ] {
        let scripted = Scripted::always(answer(200).body("{}"));
        let client = scripted.client(&RecordingClock::new(), 1);
        client.request(Method::GET, path).await.unwrap();
        let uri = scripted.sent()[0].uri.to_string();
        assert!(uri.starts_with(&format!("{ENDPOINT}/")), "{path}: {uri}");
    }
}

/// The header that carries it is marked, so that a transport of the user's own does not show it.
#[tokio::test]
async fn a_transport_gets_the_credential_marked() {
    for credential in [Credential::api_key(PLANTED), Credential::token(PLANTED)] {
        let scripted = Scripted::always(answer(404));
        let builder = scripted.builder(&RecordingClock::new()).credential(credential);
        Call::Get.send(&builder.build().unwrap()).await.unwrap_err();
        let sent = &scripted.sent()[0];
        assert!(!sent.shown.contains(PLANTED), "{}", sent.shown);
        let carrying: Vec<_> =
            sent.headers.values().filter(|value| value.to_str().is_ok_and(|text| text.contains(PLANTED))).collect();
        assert_eq!(carrying.len(), 1);
        assert!(carrying[0].is_sensitive());
    }
}
