//! Headers and query as they are on the wire, and the ids that tell one call from another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use foundry_raw::v2025_05_01::types::{AzureAiSearchIndex, CreateRunOptions, Index};
use foundry_sdk::{Credential, Error, ErrorKind, FoundryFeature, ProjectClient, ProjectClientBuilder, RetryPolicy};
use futures_util::TryStreamExt as _;
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};

use crate::common::{Call, PLANTED, RecordingClock, Scripted, THREAD, answer, builder, locked, of_raw};

/// An HTTP server that answers every request with the next of these, the last for ever, and keeps
/// what it was asked.
struct Wire {
    mock: MockServer,
    asked: Arc<Mutex<Vec<HttpMockRequest>>>,
}

impl Wire {
    async fn answering(status_and_body: impl IntoIterator<Item = (u16, &'static str)>) -> Self {
        let answers: Vec<(u16, &str)> = status_and_body.into_iter().collect();
        let mock = MockServer::start_async().await;
        let asked: Arc<Mutex<Vec<HttpMockRequest>>> = Arc::default();
        let (log, count) = (Arc::clone(&asked), AtomicUsize::new(0));
        mock.mock_async(|when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let (status, body) = answers[count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
                locked(&log).push(request.clone());
                HttpMockResponse::builder().status(status).body(body).build()
            });
        })
        .await;
        Self { mock, asked }
    }

    async fn with_a_thread() -> Self {
        Self::answering([(200, THREAD)]).await
    }

    fn builder(&self) -> ProjectClientBuilder {
        builder(self.mock.url("/api/projects/p"), &RecordingClock::new())
    }

    fn client(&self) -> ProjectClient {
        self.builder().build().unwrap()
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<HttpMockRequest> {
        std::mem::take(&mut *locked(&self.asked))
    }

    /// The one request since the last time.
    #[track_caller]
    fn asked_once(&self) -> HttpMockRequest {
        let asked = self.asked();
        let [request] = <[_; 1]>::try_from(asked).unwrap_or_else(|asked| panic!("{} requests", asked.len()));
        request
    }
}

/// All values of a header, in their order.
fn all(request: &HttpMockRequest, name: &str) -> Vec<String> {
    let headers = request.headers_vec();
    headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()).collect()
}

fn query(request: &HttpMockRequest) -> Vec<(String, String)> {
    request.query_params()
}

fn versions(request: &HttpMockRequest) -> Vec<String> {
    query(request).into_iter().filter(|(name, _)| name == "api-version").map(|(_, value)| value).collect()
}

#[tokio::test]
async fn the_api_version_is_the_calls_else_the_clients_else_the_operations() {
    for (of_client, of_call, expected) in [
        (None, None, "2025-05-01"),
        (Some("v1"), None, "v1"),
        (None, Some("2025-05-15-preview"), "2025-05-15-preview"),
        (Some("v1"), Some("2025-05-15-preview"), "2025-05-15-preview"),
    ] {
        let wire = Wire::with_a_thread().await;
        let mut builder = wire.builder();
        if let Some(version) = of_client {
            builder = builder.classic_api_version(version);
        }
        let client = builder.build().unwrap();
        let mut call = client.classic().threads().get("thread_1");
        if let Some(version) = of_call {
            call = call.api_version(version);
        }
        call.await.unwrap();
        assert_eq!(versions(&wire.asked_once()), [expected], "{of_client:?} {of_call:?}");
        // One call's is no other's.
        client.classic().threads().create().await.unwrap();
        assert_eq!(versions(&wire.asked_once()), [of_client.unwrap_or("2025-05-01")]);
        // The generated client has the client's.
        client.raw_2025_05_01().threads_get("thread_1").await.unwrap();
        assert_eq!(versions(&wire.asked_once()), [of_client.unwrap_or("2025-05-01")]);
    }
}

/// Content-Type where there is a body, and what the operation declares; Accept always.
#[tokio::test]
async fn content_type_goes_with_a_body_and_accept_with_all() {
    let wire = Wire::answering([(200, "{}")]).await;
    let client = wire.client();
    let (threads, raw) = (client.classic().threads(), client.raw_2025_05_01());
    let check = |what: &str, content_type: Option<&str>, accept: &str| {
        let request = wire.asked_once();
        assert_eq!(all(&request, "content-type"), Vec::from_iter(content_type), "{what}");
        assert_eq!(all(&request, "accept"), [accept], "{what}");
        assert_eq!(request.body_ref().is_empty(), content_type.is_none(), "{what}");
    };
    const JSON: &str = "application/json";
    // What becomes of the answers is of no interest here.
    let _ = threads.get("thread_1").retry(RetryPolicy::none()).await;
    check("a GET", None, JSON);
    let _ = threads.list().await;
    check("a list", None, JSON);
    let _ = threads.delete("thread_1").await;
    check("a DELETE", None, JSON);
    let _ = threads.create().await;
    check("a POST", Some(JSON), JSON);
    let _ = raw.connections_get_with_credentials("c").await;
    check("a POST without a body", None, JSON);
    let index = Index::from(AzureAiSearchIndex::new("c", "i"));
    let _ = raw.indexes_create_or_update("i", "1", &index).await;
    check("a merge patch", Some("application/merge-patch+json"), JSON);
    let _ = raw.files_get_file_content("file_1").await;
    check("a download", None, "application/octet-stream");
    let run = CreateRunOptions::new("asst_1").stream(true);
    let _ = raw.runs_create_stream("thread_1", None, &run).await;
    check("a stream", Some(JSON), "text/event-stream");
    let _ = raw.runs_create("thread_1", None, &run).await;
    check("the same without a stream", Some(JSON), JSON);
}

#[tokio::test]
async fn a_download_is_handed_over_as_it_is() {
    let wire = Wire::answering([(200, "these bytes")]).await;
    let reply = wire.client().raw_2025_05_01().files_get_file_content("file_1").await.unwrap();
    let pieces: Vec<bytes::Bytes> = reply.into_value().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"these bytes");
}

#[tokio::test]
async fn the_user_agent_names_the_application_first() {
    let own = format!(
        "foundry-sdk/{} (rust; {}; {})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let wire = Wire::with_a_thread().await;
    for (application, expected) in [(None, own.clone()), (Some("weather/1.0"), format!("weather/1.0 {own}"))] {
        let mut builder = wire.builder();
        if let Some(application) = application {
            builder = builder.application_id(application);
        }
        let client = builder.build().unwrap();
        client.classic().threads().get("thread_1").await.unwrap();
        assert_eq!(all(&wire.asked_once(), "user-agent"), [expected.as_str()]);
        client.raw_2025_05_01().threads_get("thread_1").await.unwrap();
        assert_eq!(all(&wire.asked_once(), "user-agent"), [expected]);
    }
    for bad in ["a\nb", "a\r\nx-more: b", "a\u{7f}", "a\u{0}"] {
        let error = wire.builder().application_id(bad).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

// ---- ids

fn id(request: &HttpMockRequest) -> String {
    let [id] = <[String; 1]>::try_from(all(request, "x-ms-client-request-id")).unwrap();
    id
}

#[tokio::test]
async fn a_call_has_one_id_over_all_its_attempts() {
    let wire = Wire::answering([(429, ""), (503, ""), (200, THREAD)]).await;
    let threads = wire.client().classic().threads();
    let reply = threads.get("thread_1").send().await.unwrap();
    let ids: Vec<String> = wire.asked().iter().map(id).collect();
    assert_eq!(ids, [reply.client_request_id(); 3]);
    assert!(uuid::Uuid::parse_str(&ids[0]).is_ok(), "{}", ids[0]);
    // The next call has another one.
    let next = threads.get("thread_1").send().await.unwrap();
    assert_eq!(id(wire.asked().last().unwrap()), next.client_request_id());
    assert_ne!(next.client_request_id(), ids[0]);
}

#[tokio::test]
async fn the_callers_own_id_is_sent_with_all_attempts() {
    let wire = Wire::answering([(429, ""), (400, "")]).await;
    let threads = wire.client().classic().threads();
    let error = threads.create().client_request_id("mine").await.unwrap_err();
    assert_eq!(wire.asked().iter().map(id).collect::<Vec<_>>(), ["mine"; 2]);
    assert_eq!(error.client_request_id(), Some("mine"));
    // However it is given, the last of them.
    let error = threads
        .create()
        .client_request_id("first")
        .header("X-Ms-Client-Request-Id", "second")
        .client_request_id("third")
        .await
        .unwrap_err();
    assert_eq!((id(&wire.asked_once()).as_str(), error.client_request_id()), ("third", Some("third")));
}

#[tokio::test]
async fn calls_of_the_generated_client_have_ids_too() {
    let wire = Wire::answering([(404, "")]).await;
    let raw = wire.client().raw_2025_05_01();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let error = of_raw(raw.threads_get("thread_1").await).unwrap_err();
        let sent = id(&wire.asked_once());
        assert_eq!(error.client_request_id(), Some(sent.as_str()));
        ids.push(sent);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// Each error is about its own call, also if another one was made before by the same client.
#[tokio::test]
async fn errors_of_the_generated_client_have_the_url_of_their_own_call() {
    let wire = Wire::answering([(404, "")]).await;
    let raw = wire.client().raw_2025_05_01();
    for thread in ["thread_1", "thread_2"] {
        let error = of_raw(raw.threads_get(thread).await).unwrap_err();
        assert_eq!(error.url().unwrap().path(), format!("/api/projects/p/threads/{thread}"));
        assert_eq!(wire.asked_once().uri().path(), format!("/api/projects/p/threads/{thread}"));
    }
}

#[tokio::test]
async fn a_clone_of_a_request_is_the_same_request() {
    let wire = Wire::with_a_thread().await;
    let call = wire.client().classic().threads().get("thread_1").header("x-more", "more").query("a", "b");
    call.clone().await.unwrap();
    call.await.unwrap();
    let asked = wire.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(id(&asked[0]), id(&asked[1]));
    for request in &asked {
        assert_eq!(all(request, "x-more"), ["more"]);
        assert!(query(request).contains(&("a".to_owned(), "b".to_owned())));
    }
}

/// What the service tells of a call is on its reply and on its error.
#[tokio::test]
async fn replies_and_errors_have_what_tells_of_the_call() {
    let told = |status| {
        answer(status)
            .header("x-request-id", "req-1")
            .header("Server-Timing", "total;dur=12.5")
            .header("x-ratelimit-limit-requests", "100")
            .header("x-ratelimit-remaining-tokens", "7")
            .header("ratelimit", "\"default\";r=50;t=30")
            .header("x-ms-ratelimit-remaining-subscription-reads", "11999")
            .header("x-more", "x-ratelimit-")
    };
    let expected = [
        ("ratelimit", "\"default\";r=50;t=30"),
        ("x-ms-ratelimit-remaining-subscription-reads", "11999"),
        ("x-ratelimit-limit-requests", "100"),
        ("x-ratelimit-remaining-tokens", "7"),
    ];
    fn sorted<'a>(limits: impl Iterator<Item = (&'a http::HeaderName, &'a str)>) -> Vec<(&'a str, &'a str)> {
        let mut limits: Vec<_> = limits.map(|(name, value)| (name.as_str(), value)).collect();
        limits.sort_unstable();
        limits
    }
    let threads = Scripted::always(told(200).body(THREAD)).client_once().classic().threads();
    let reply = threads.get("thread_1").client_request_id("mine").send().await.unwrap();
    assert_eq!((reply.request_id(), reply.client_request_id()), (Some("req-1"), "mine"));
    assert_eq!(reply.server_timing(), Some("total;dur=12.5"));
    assert_eq!(sorted(reply.rate_limits()), expected);

    // A failure, and a success that cannot be decoded.
    for told in [told(429), told(500), told(404), told(200).body("[]")] {
        let threads = Scripted::always(told).client_once().classic().threads();
        let error = threads.get("thread_1").client_request_id("mine").await.unwrap_err();
        assert_eq!((error.request_id(), error.client_request_id()), (Some("req-1"), Some("mine")), "{error:?}");
        assert_eq!(error.server_timing(), Some("total;dur=12.5"));
        assert_eq!(sorted(error.rate_limits()), expected);
    }

    // And none of it where there is none.
    let threads = Scripted::always(answer(404).body("")).client_once().classic().threads();
    let error: Error = threads.get("thread_1").await.unwrap_err();
    assert_eq!((error.request_id(), error.server_timing(), error.rate_limits().count()), (None, None, 0));
}

// ---- preview features

#[tokio::test]
async fn preview_features_are_sent_where_they_belong() {
    const NEW: &str = "Agents.CodeAgents=V1Preview";
    let none: &[&'static str] = &[];
    // The operations of the classic surface list no features: what the documents know of belongs to
    // others, so a client's is not sent; what a call asks for is.
    for (of_client, of_call, expected) in [
        (none, none, None),
        (&["Skills=V1Preview"], none, None),
        (&[NEW], none, Some(NEW)),
        (&["Skills=V1Preview", NEW, NEW], none, Some(NEW)),
        (none, &["Skills=V1Preview"], Some("Skills=V1Preview")),
        (none, &["Skills=V1Preview", "HostedAgents=V1Preview"], Some("Skills=V1Preview,HostedAgents=V1Preview")),
        (&[NEW], &["Skills=V1Preview"], Some("Skills=V1Preview,Agents.CodeAgents=V1Preview")),
        (&[NEW], &[NEW], Some(NEW)),
    ] {
        let wire = Wire::with_a_thread().await;
        let client = wire.builder().features(of_client.iter().copied()).build().unwrap();
        client.classic().threads().get("thread_1").features(of_call.iter().copied()).await.unwrap();
        let sent = all(&wire.asked_once(), "foundry-features");
        assert_eq!(sent, Vec::from_iter(expected), "{of_client:?} {of_call:?}");
        // The generated client has the client's, and none of a call's.
        client.raw_2025_05_01().threads_get("thread_1").await.unwrap();
        let of_raw = of_client.contains(&NEW).then_some(NEW);
        assert_eq!(all(&wire.asked_once(), "foundry-features"), Vec::from_iter(of_raw));
    }
}

#[tokio::test]
async fn the_callers_own_features_are_sent_as_they_are() {
    let wire = Wire::with_a_thread().await;
    let client = wire.builder().features(["Agents.CodeAgents=V1Preview"]).build().unwrap();
    let call = client.classic().threads().get("thread_1");
    call.features([FoundryFeature::SKILLS]).header("Foundry-Features", "A=V9, B=V9").await.unwrap();
    assert_eq!(all(&wire.asked_once(), "foundry-features"), ["A=V9, B=V9"]);
}

#[tokio::test]
async fn what_is_no_feature_is_refused_before_anything_is_sent() {
    let wire = Wire::with_a_thread().await;
    for bad in ["", " ", "A=V1Preview,B=V1Preview", "A=V1Preview\r\nx-more: b", " A=V1Preview", "\u{e9}\u{0}"] {
        let error = wire.builder().features([bad]).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad:?}");
        let error = wire.client().classic().threads().get("thread_1").features([bad]).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0), "{bad:?}");
    }
    assert_eq!(wire.asked().len(), 0);
}

// ---- the caller's own

#[tokio::test]
async fn the_callers_own_headers_and_query_are_sent_with_all_attempts() {
    let wire = Wire::answering([(503, ""), (200, THREAD)]).await;
    let threads = wire.client().classic().threads();
    let call = threads.get("thread_1").header("X-More", "more").header("accept", "text/plain");
    call.query("a b", "c&d=e").query("a b", "\u{e4}").await.unwrap();
    let asked = wire.asked();
    assert_eq!(asked.len(), 2);
    for request in &asked {
        assert_eq!((all(request, "x-more"), all(request, "accept")), (vec!["more".into()], vec!["text/plain".into()]));
        let expected = [("a b", "c&d=e"), ("a b", "\u{e4}"), ("api-version", "2025-05-01")];
        assert_eq!(query(request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// `header` promises that the caller's wins over what is set by itself.
#[tokio::test]
async fn the_callers_own_user_agent_wins() {
    let wire = Wire::with_a_thread().await;
    wire.client().classic().threads().get("thread_1").header("User-Agent", "mine/1.0").await.unwrap();
    assert_eq!(all(&wire.asked_once(), "user-agent"), ["mine/1.0"]);
}

#[tokio::test]
async fn the_callers_own_content_type_wins() {
    let wire = Wire::with_a_thread().await;
    wire.client().classic().threads().create().header("Content-Type", "application/json; charset=utf-8").await.unwrap();
    assert_eq!(all(&wire.asked_once(), "content-type"), ["application/json; charset=utf-8"]);
}

/// There is one credential: a header of the caller does not come in its place.
#[tokio::test]
async fn each_credential_is_sent_once_in_its_own_header() {
    let wire = Wire::with_a_thread().await;
    for (credential, name, value) in [
        (Credential::api_key(PLANTED), "api-key", PLANTED.to_owned()),
        (Credential::token(PLANTED), "authorization", format!("Bearer {PLANTED}")),
    ] {
        let client = wire.builder().credential(credential).build().unwrap();
        for call in [Call::Get, Call::Create] {
            call.send(&client).await.unwrap();
            let request = wire.asked_once();
            assert_eq!(all(&request, name), [value.as_str()]);
            let other = if name == "api-key" { "authorization" } else { "api-key" };
            assert_eq!(all(&request, other), [""; 0]);
        }
    }
}
