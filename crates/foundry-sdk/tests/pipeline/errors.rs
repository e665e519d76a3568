//! What an error tells: its kind, what the service said, what helps to mend it, and in what words.

use std::error::Error as _;
use std::io;

use foundry_raw::DecodeError;
use foundry_sdk::{Credential, Error, ErrorKind, FoundryFeature, RetryPolicy};
use serde_json::json;

use crate::common::{
    Answer, Call, ENDPOINT, Outcome, RecordingClock, Scripted, answer, builder, closed_port, of_raw, seconds, shown,
};

fn envelope(code: &str, message: &str) -> String {
    json!({ "error": { "code": code, "message": message } }).to_string()
}

/// The error of getting a thread, answered like this, sent once.
async fn error_of(answer: impl Into<Outcome>) -> Error {
    Call::Get.send(&Scripted::always(answer).client_once()).await.unwrap_err()
}

// ---- kinds

#[tokio::test]
async fn each_status_has_its_kind() {
    use ErrorKind as K;
    for (statuses, kind) in [
        (&[400, 422][..], K::BadRequest),
        (&[401], K::Authentication),
        (&[403], K::Permission),
        (&[404], K::NotFound),
        (&[408], K::Timeout),
        (&[409, 412], K::Conflict),
        (&[429], K::RateLimited),
        (&[500, 501, 502, 503, 504, 505, 507, 511, 599], K::Server),
        (&[100, 199, 300, 302, 304, 399, 402, 405, 410, 413, 415, 418, 451, 499, 600, 999], K::UnexpectedStatus),
    ] {
        for status in statuses {
            let error = error_of(answer(*status).body(envelope("some_code", "Some words."))).await;
            assert_eq!(error.kind(), kind, "{status}");
            assert_eq!(error.status().unwrap().as_u16(), *status);
            assert_eq!((error.code(), error.message()), (Some("some_code"), "Some words."), "{status}");
            assert_eq!(error.is_not_found(), *status == 404);
            assert_eq!(error.is_rate_limited(), *status == 429);
        }
    }
}

/// The code says that a feature is missing only where the status does not say otherwise.
#[tokio::test]
async fn only_a_403_is_about_features() {
    let body = envelope("preview_feature_required", "Skills=V1Preview");
    for (status, kind) in [
        (403, ErrorKind::PreviewFeatureRequired),
        (400, ErrorKind::BadRequest),
        (404, ErrorKind::NotFound),
        (500, ErrorKind::Server),
    ] {
        let error = error_of(answer(status).body(body.clone())).await;
        assert_eq!(error.kind(), kind);
        assert_eq!(error.missing_features().len(), usize::from(status == 403));
    }
}

#[tokio::test]
async fn what_never_came_has_a_kind_too() {
    for (outcome, kind) in [
        (Outcome::Refused, ErrorKind::Connect),
        (Outcome::Broken, ErrorKind::Interrupted),
        (answer(200).cut().into(), ErrorKind::Interrupted),
    ] {
        let error = error_of(outcome).await;
        assert_eq!((error.kind(), error.status(), error.attempts()), (kind, None, 1), "{error:?}");
        assert_eq!((error.code(), error.body(), error.headers(), error.request_id()), (None, None, None, None));
        assert_eq!(error.operation(), Some("Threads_get"));
        assert_eq!(error.url().unwrap().path(), "/api/projects/p/threads/thread_1");
    }
}

// ---- what helps

#[tokio::test]
async fn a_refusal_names_the_kind_of_credential() {
    for status in [401, 403] {
        for (credential, kind) in
            [(Credential::api_key("secret"), "an API key"), (Credential::token("secret"), "a fixed bearer token")]
        {
            let scripted = Scripted::always(answer(status).body(envelope("No", "No.")));
            let client = scripted.builder(&RecordingClock::new()).credential(credential).build().unwrap();
            let error = Call::Create.send(&client).await.unwrap_err();
            assert!(error.hint().unwrap().contains(kind), "{error}");
            assert!(error.to_string().contains(kind), "{error}");
            assert!(!shown(&error).contains("secret"), "{error:?}");
            // A credential that is fixed is not asked for again.
            assert_eq!(error.attempts(), 1);
        }
    }
}

#[tokio::test]
async fn not_found_names_what_was_asked() {
    let scripted = Scripted::always(answer(404));
    let client = |version: &str| {
        let builder = scripted.builder(&RecordingClock::new()).classic_api_version(version);
        builder.build().unwrap()
    };
    let threads = client("v1").classic().threads();
    let raw = client("2025-05-01").raw_2025_05_01();
    for (error, surface, version) in [
        (threads.get("thread_1").await.unwrap_err(), "classic", "v1"),
        (threads.get("thread_1").api_version("2025-05-15-preview").await.unwrap_err(), "classic", "2025-05-15-preview"),
        (threads.get("thread_1").query("api-version", "v9").await.unwrap_err(), "classic", "v9"),
        (client("v1").classic().agents().get("asst_1").await.unwrap_err(), "classic", "v1"),
        (of_raw(raw.files_get("file_1").await).unwrap_err(), "classic", "2025-05-01"),
        (of_raw(raw.vector_stores_get("vs_1").await).unwrap_err(), "classic", "2025-05-01"),
        (of_raw(raw.connections_get("c").await).unwrap_err(), "project", "2025-05-01"),
        (of_raw(raw.deployments_get("d").await).unwrap_err(), "project", "2025-05-01"),
    ] {
        let hint = error.hint().unwrap();
        assert!(hint.contains(&format!("the {surface} surface")), "{hint}");
        assert!(hint.ends_with(&format!("api-version {version}")), "{hint}");
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[tokio::test]
async fn a_missing_feature_is_named_with_the_way_to_it() {
    for (message, features, way) in [
        (
            "This operation requires the following opt-in preview feature(s): HostedAgents=V1Preview.",
            &["HostedAgents=V1Preview"][..],
            r#".features([FoundryFeature::new("HostedAgents=V1Preview")])"#,
        ),
        (
            "Add the header 'Foundry-Features: WorkflowAgents=V1Preview,Agents.CodeAgents=V1Preview'.",
            &["WorkflowAgents=V1Preview", "Agents.CodeAgents=V1Preview"],
            r#".features([FoundryFeature::new("WorkflowAgents=V1Preview"), FoundryFeature::new("Agents.CodeAgents=V1Preview")])"#,
        ),
        // Neither the service nor the document of this operation names one.
        ("This is in preview.", &[], ".features(..)"),
    ] {
        let error = error_of(answer(403).body(envelope("preview_feature_required", message))).await;
        assert_eq!(error.kind(), ErrorKind::PreviewFeatureRequired);
        let expected: Vec<FoundryFeature> = features.iter().copied().map(FoundryFeature::new).collect();
        assert_eq!(error.missing_features(), expected);
        assert!(error.hint().unwrap().contains(way), "{error}");
        assert!(error.to_string().contains(way), "{error}");
        assert!(!error.is_retryable() && !error.server_may_have_acted());
        // What it says to do can be done.
        let scripted = Scripted::always(answer(200).body(Call::Get.success()));
        let call = scripted.client_once().classic().threads().get("thread_1");
        call.features(error.missing_features().to_vec()).await.unwrap();
        let sent = scripted.sent()[0].header("foundry-features").map(str::to_owned);
        assert_eq!(sent, (!features.is_empty()).then(|| features.join(",")));
    }
}

#[tokio::test]
async fn nothing_else_has_a_hint() {
    for status in [400, 409, 422, 429, 500, 503] {
        assert_eq!(error_of(answer(status)).await.hint(), None, "{status}");
    }
}

// ---- what the service said

#[tokio::test]
async fn all_that_the_envelope_says_can_be_had() {
    let body = json!({ "error": {
        "code": "invalid_payload",
        "message": "Two things are wrong.",
        "target": "tools",
        "details": [
            { "code": "too_long", "message": "Too long.", "target": "tools[0].name" },
            { "message": "Unknown." },
            {},
            "what is this?",
        ],
        "innererror": { "code": "Deeper", "innererror": { "code": "Deepest" } },
        "additionalInfo": { "request_id": "req-of-the-body", "type": "x" },
    } });
    let error = error_of(answer(422).body(body.to_string())).await;
    assert_eq!((error.code(), error.target()), (Some("invalid_payload"), Some("tools")));
    assert_eq!(error.message(), "Two things are wrong.");
    let details: Vec<_> = error
        .details()
        .iter()
        .map(|detail| (detail.code.as_deref(), detail.message.as_deref(), detail.target.as_deref()))
        .collect();
    assert_eq!(details, [(Some("too_long"), Some("Too long."), Some("tools[0].name")), (None, Some("Unknown."), None)]);
    assert_eq!(error.inner_error(), Some(&body["error"]["innererror"]));
    assert_eq!(error.additional_info(), Some(&body["error"]["additionalInfo"]));
    assert_eq!(error.body().unwrap(), &body.to_string());
    // Where no header has it.
    assert_eq!(error.request_id(), Some("req-of-the-body"));
    let error = error_of(answer(422).header("x-request-id", "req-of-the-header").body(body.to_string())).await;
    assert_eq!(error.request_id(), Some("req-of-the-header"));
}

#[tokio::test]
async fn what_is_not_there_is_not_told() {
    for body in ["", "{}", "null", "[]", "7", "\"\"", r#"{"error":null}"#, r#"{"error":{}}"#, r#"{"error":[]}"#] {
        let error = error_of(answer(409).body(body)).await;
        assert_eq!((error.code(), error.target(), error.details().len()), (None, None, 0), "{body}");
        assert_eq!((error.inner_error(), error.additional_info()), (None, None), "{body}");
        // There are always words.
        assert!(!error.message().is_empty(), "{body}");
        assert_eq!(error.body().unwrap(), body);
    }
}

// ---- in words

fn told() -> Answer {
    answer(429).header("x-request-id", "req-1").header("retry-after", "7").body(envelope("429", "Slower."))
}

#[tokio::test]
async fn the_line_for_support_has_it_all() {
    let threads = Scripted::always(told()).client_once().classic().threads();
    let call = threads.get("thread_1").query("sig", "planted").client_request_id("mine");
    assert_eq!(
        call.await.unwrap_err().support_line(),
        format!(
            "operation=Threads_get url=GET {ENDPOINT}/threads/thread_1?sig=REDACTED&api-version=2025-05-01 \
             status=429 code=429 x-request-id=req-1 x-ms-client-request-id=mine"
        )
    );
    let error = threads.create().client_request_id("mine").header("x-more", "a\nb").await.unwrap_err();
    assert_eq!(
        error.support_line(),
        "operation=Threads_create url=- status=- code=- x-request-id=- x-ms-client-request-id=mine"
    );
}

/// A call of the generated client, in a function whose error is ours.
#[tokio::test]
async fn the_error_of_a_generated_client_is_ours() {
    async fn called(client: &foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
        client.raw_2025_05_01().threads_get("thread_1").await?;
        Ok(())
    }
    let error = called(&Scripted::always(told()).client_once()).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::RateLimited, Some("Threads_get")));
    assert_eq!((error.message(), error.retry_after()), ("Slower.", Some(std::time::Duration::from_secs(7))));
}

/// A URL that can be compared with those in other logs.
#[tokio::test]
async fn the_url_of_a_stream_is_the_one_that_was_asked() {
    let scripted = Scripted::always(answer(404));
    let raw = scripted.client_once().raw_2025_05_01();
    let body = foundry_sdk::classic::types::CreateRunOptions::new("asst_1").stream(true);
    let error = of_raw(raw.runs_create_stream("thread_1", None, &body).await).unwrap_err();
    assert_eq!(error.url().unwrap().as_str(), scripted.sent()[0].uri.to_string());
}

#[tokio::test]
async fn one_line_says_what_happened() {
    let threads = Scripted::always(told()).client_once().classic().threads();
    let error = threads.get("thread_1").await.unwrap_err();
    assert_eq!(error.to_string(), "Threads_get: 429 429 - Slower. (x-request-id req-1)");

    let threads = Scripted::always(answer(400)).client_once().classic().threads();
    let error = threads.create().client_request_id("mine").await.unwrap_err();
    assert_eq!(error.to_string(), "Threads_create: 400 - Bad Request (x-ms-client-request-id mine)");

    // What has no name is called by its method and path.
    let error =
        Scripted::always(told()).client_once().request(http::Method::GET, "/things?sig=planted").await.unwrap_err();
    assert_eq!(error.to_string(), "GET /api/projects/p/things: 429 429 - Slower. (x-request-id req-1)");

    let threads = Scripted::always(answer(200).body("[]")).client_once().classic().threads();
    let line = threads.get("thread_1").client_request_id("mine").await.unwrap_err().to_string();
    assert!(line.starts_with("Threads_get: 200 - the answer cannot be decoded: "), "{line}");
    assert!(line.ends_with(" (x-ms-client-request-id mine)"), "{line}");
}

/// Whatever the service sends: a line break in it would make two lines of a log of one.
#[tokio::test]
async fn it_is_one_line_whatever_the_service_says() {
    let odd = "one\ntwo\r\nthree\u{1b}[31m\u{7f}";
    for (name, answer) in [
        ("the message", answer(400).body(envelope("code", odd))),
        ("the code", answer(400).body(envelope(odd, "Words."))),
        ("a bare text", answer(400).body(odd)),
        ("a text in JSON", answer(400).body(json!({ "error": odd }).to_string())),
        ("the title of a page", answer(502).body(format!("<html><title>{odd}</title></html>"))),
        ("problem details", answer(400).body(json!({ "title": odd, "status": 400 }).to_string())),
        ("an envelope in the message", answer(400).body(envelope("code", &envelope(odd, odd)))),
        (
            "the id in the body",
            answer(400).body(json!({ "error": { "additionalInfo": { "request_id": odd } } }).to_string()),
        ),
        ("the message about a feature", answer(403).body(envelope("preview_feature_required", odd))),
        ("what cannot be decoded", answer(200).body(json!({ "id": { odd: odd }, odd: odd }).to_string())),
    ] {
        let error = error_of(answer).await;
        for line in [error.to_string(), error.support_line()] {
            assert!(!line.chars().any(char::is_control), "{name}: {line:?}");
        }
    }
}

/// Nor what the caller gave.
#[tokio::test]
async fn it_is_one_line_whatever_the_caller_gives() {
    let odd = "one\ntwo\r\nthree\u{1b}[31m";
    let threads = Scripted::always(answer(404)).client_once().classic().threads();
    for (name, call) in [
        ("the api-version", threads.get("thread_1").api_version(odd)),
        ("the query", threads.get("thread_1").query("api-version", odd).query(odd, odd)),
        ("the id of the thread", threads.get(odd)),
        ("the id of the call", threads.get("thread_1").client_request_id(odd)),
        ("a header", threads.get("thread_1").header("x-more", odd)),
        ("the name of a header", threads.get("thread_1").header(odd, "more")),
        ("a feature", threads.get("thread_1").features([odd])),
    ] {
        let error = call.await.unwrap_err();
        for line in [error.to_string(), error.support_line()] {
            assert!(!line.chars().any(char::is_control), "{name}: {line:?}");
        }
    }
}

// ---- sources

#[tokio::test]
async fn the_cause_is_behind_the_error_and_not_in_its_words() {
    // A transport's own error can be had back.
    let error = error_of(Outcome::Broken).await;
    assert_eq!(error.source().unwrap().to_string(), "the connection was reset");
    assert!(!error.to_string().contains("reset"), "{error}");

    // Down to the operating system's.
    let error = error_of(Outcome::Refused).await;
    let mut cause: &(dyn std::error::Error + 'static) = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    assert_eq!(cause.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::ConnectionRefused);

    let error = error_of(answer(200).body(r#"{"id":5}"#)).await;
    let decode = error.source().unwrap().downcast_ref::<DecodeError>().unwrap();
    assert_eq!(decode.path(), "/id");

    // What the service said has no cause here.
    assert!(error_of(answer(500)).await.source().is_none());
}

// ---- a success that cannot be decoded

/// It was sent, by a method that is known: that is told as for any other failure.
#[tokio::test]
async fn a_decode_error_tells_what_was_sent() {
    let scripted = Scripted::new([answer(429), answer(200).header("x-request-id", "req-1").body("[]")]);
    let threads = scripted.client(&RecordingClock::new(), 2).classic().threads();
    let error = threads.get("thread_1").client_request_id("mine").await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Decode, 200));
    assert_eq!((error.request_id(), error.client_request_id()), (Some("req-1"), Some("mine")));
    assert_eq!(error.body().unwrap(), "[]");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_decode_error_tells_how_often_it_was_sent() {
    let scripted = Scripted::new([answer(429), answer(200).body("[]")]);
    let error = Call::Get.send(&scripted.client(&RecordingClock::new(), 2)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 2));
}

#[tokio::test]
async fn a_decode_error_tells_the_method() {
    for (call, method, acted) in [(Call::Get, "GET", false), (Call::List, "GET", false), (Call::Create, "POST", true)] {
        let error = call.send(&Scripted::always(answer(200).body("[]")).client_once()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.support_line().contains(&format!(" url={method} https://")), "{}", error.support_line());
        assert_eq!(error.server_may_have_acted(), acted, "{call:?}");
    }
}

// ---- what is not sent

#[tokio::test]
async fn what_cannot_be_sent_was_not_tried() {
    let scripted = Scripted::always(answer(200));
    let threads = scripted.client_once().classic().threads();
    for error in [
        threads.get("").await.unwrap_err(),
        threads.get("thread_1").header("x y", "z").await.unwrap_err(),
        threads.get("thread_1").client_request_id("a\nb").await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0), "{error}");
        assert!(!error.is_retryable() && !error.server_may_have_acted());
        assert_eq!(error.operation(), Some("Threads_get"));
    }
    assert_eq!(scripted.count(), 0);
}

/// A timer without a runtime would panic.
#[test]
fn outside_of_a_runtime_it_is_an_error() {
    use futures_util::FutureExt as _;
    let scripted = Scripted::always(answer(200).body(Call::Get.success()));
    let call = scripted.client_once().classic().threads().get("thread_1").send();
    let error = call.now_or_never().expect("it waits for nobody").unwrap_err();
    assert_eq!((error.kind(), error.attempts(), scripted.count()), (ErrorKind::InvalidInput, 0, 0));
    assert!(error.message().contains("tokio"), "{error}");
}

#[tokio::test]
async fn a_connection_that_could_not_be_made_is_told_from_all_else() {
    let client = builder(format!("http://{}/api/projects/p", closed_port()), &RecordingClock::new())
        .retry(RetryPolicy::none())
        .timeout(seconds(60))
        .build()
        .unwrap();
    let error = Call::Create.send(&client).await.unwrap_err();
    assert!(error.is_retryable() && !error.server_may_have_acted());
    assert!(error.to_string().starts_with("Threads_create: no connection could be made"), "{error}");
}
