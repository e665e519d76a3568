//! What `tracing` is told of a call: one span, an event for each repetition and for the failure.

use foundry_sdk::{AccessToken, Credential, ErrorKind, RetryPolicy};
use serde_json::json;
use tracing::{Level, Metadata};

use crate::common::{Answer, Call, ENDPOINT, Outcome, RecordingClock, Scripted, THREAD, answer, seconds};
use crate::subscriber::{Fields, Seen, level};

const RETRY: &str = "trying again";
const FAILURE: &str = "call failed";

fn fields<const N: usize>(fields: [(&'static str, &str); N]) -> Fields {
    fields.map(|(name, value)| (name, value.to_owned())).into()
}

// ---- the span

#[tokio::test]
async fn a_call_is_one_span() {
    let (seen, _guard) = Seen::all();
    let threads = Scripted::always(answer(200).header("x-request-id", "req-1").body(THREAD)).client_once();
    threads.classic().threads().get("thread_1").client_request_id("mine").await.unwrap();
    let [span] = &seen.spans()[..] else { panic!("{:?}", seen.spans()) };
    assert_eq!((span.metadata.name(), level(span.metadata), span.parent), ("foundry", Level::INFO, None));
    assert_eq!(
        span.fields,
        fields([
            ("otel.name", "GET /threads/{threadId}"),
            ("otel.kind", "client"),
            ("http.request.method", "GET"),
            ("url.template", "/threads/{threadId}"),
            ("server.address", "res.services.ai.azure.com"),
            ("http.response.status_code", "200"),
            ("foundry.operation", "Threads_get"),
            ("foundry.api_version", "2025-05-01"),
            ("az.client_request_id", "mine"),
            ("az.service_request_id", "req-1"),
        ])
    );
    assert!(seen.events().is_empty(), "{:?}", seen.events());
}

#[tokio::test]
async fn its_span_stands_in_the_callers_and_all_its_events_in_it() {
    use tracing::Instrument as _;
    let (seen, _guard) = Seen::all();
    let client = Scripted::always(answer(503)).client(&RecordingClock::new(), 3);
    let calls = async {
        Call::Get.send(&client).await.unwrap_err();
        Call::Create.send(&client).await.unwrap_err();
    };
    calls.instrument(tracing::info_span!("mine")).await;
    let spans = seen.spans();
    assert_eq!(spans.len(), 2 + usize::from(spans.iter().any(|span| span.metadata.name() == "mine")));
    let events = seen.events();
    assert_eq!(events.len(), 2 + 1 + 1, "{events:?}");
    for event in events {
        // The spans are numbered from 1: the caller's, then one for each call.
        let number = event.span.expect("outside of its span");
        assert!((2..=3).contains(&number), "{event:?}");
    }
}

#[tokio::test]
async fn the_span_says_how_it_ended() {
    let failure = |status: u16| answer(status).header("x-request-id", "req-1");
    for (outcomes, status, resent, error, id) in [
        (vec![failure(404).into()], Some("404"), None, Some("NotFound"), Some("req-1")),
        (vec![failure(503).into(), failure(500).into()], Some("500"), Some("1"), Some("Server"), Some("req-1")),
        (vec![Outcome::Broken, failure(200).body(THREAD).into()], Some("200"), Some("1"), None, Some("req-1")),
        (vec![Outcome::Broken], None, Some("1"), Some("Interrupted"), None),
    ] {
        let (seen, _guard) = Seen::all();
        let _ = Call::Get.send(&Scripted::new(outcomes).client(&RecordingClock::new(), 2)).await;
        let [span] = &seen.spans()[..] else { panic!("{:?}", seen.spans()) };
        let field = |name: &str| span.fields.get(name).map(String::as_str);
        assert_eq!(field("http.response.status_code"), status);
        assert_eq!(field("http.request.resend_count"), resent);
        assert_eq!(field("error.type"), error);
        assert_eq!(field("az.service_request_id"), id);
    }
}

/// The version that was asked, not the one that the document has.
#[tokio::test]
async fn the_span_has_the_api_version_that_was_sent() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::always(answer(200).body(THREAD));
    let client = scripted.builder(&RecordingClock::new()).classic_api_version("v1").build().unwrap();
    Call::Get.send(&client).await.unwrap();
    client.classic().threads().get("thread_1").api_version("2025-05-15-preview").await.unwrap();
    let versions: Vec<String> = seen.spans().iter().map(|span| span.fields["foundry.api_version"].clone()).collect();
    assert_eq!(versions, ["v1", "2025-05-15-preview"]);
}

/// Where the SDK's spans are not wanted, the caller's own is none of its business.
#[tokio::test]
async fn it_records_nothing_in_the_callers_span() {
    use tracing::Instrument as _;
    fn no_spans_of_ours(metadata: &Metadata<'_>) -> bool {
        !(metadata.is_span() && metadata.name() == "foundry")
    }
    for answer in [answer(200).header("x-request-id", "req-1").body(THREAD), answer(404).header("x-request-id", "r")] {
        let (seen, _guard) = Seen::where_(no_spans_of_ours);
        let client = Scripted::new([Outcome::Broken, answer.into()]).client(&RecordingClock::new(), 2);
        // As servers name the fields of theirs.
        let span = tracing::info_span!(
            "handler",
            http.response.status_code = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.r#type = tracing::field::Empty,
            az.service_request_id = tracing::field::Empty,
        );
        let _ = Call::Get.send(&client).instrument(span).await;
        assert_eq!(seen.fields_of("handler"), Fields::new());
    }
}

// ---- events

#[tokio::test]
async fn each_repetition_is_one_event_with_reason_and_wait() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::new([
        answer(429).header("retry-after", "2").body(r#"{"error":{"code":"slow","message":"Slower."}}"#).into(),
        answer(503).header("retry-after-ms", "250").into(),
        Outcome::Broken,
        Outcome::Refused,
        answer(200).body(THREAD).into(),
    ]);
    let clock = RecordingClock::new();
    Call::Get.send(&scripted.client(&clock, 9)).await.unwrap();
    let events = seen.events();
    assert_eq!(events.len(), 4, "{events:?}");
    let reasons =
        ["429 slow - Slower.", "503 - Service Unavailable", "the transport failed", "no connection could be made"];
    for (number, ((event, slept), reason)) in events.iter().zip(clock.slept()).zip(reasons).enumerate() {
        assert_eq!((event.message(), level(event.metadata)), (RETRY, Level::INFO));
        assert_eq!(event.fields["attempt"], (number + 1).to_string());
        assert_eq!(event.fields["wait_ms"], slept.as_millis().to_string());
        assert!(event.fields["reason"].contains(reason), "{event:?}");
    }
    assert_eq!((&events[0].fields["wait_ms"], &events[1].fields["wait_ms"]), (&"2000".to_owned(), &"250".to_owned()));
}

#[tokio::test]
async fn each_failure_is_one_event_with_what_support_asks_for() {
    let (seen, _guard) = Seen::all();
    let failure = answer(429)
        .header("x-request-id", "req-1")
        .header("x-ratelimit-limit-requests", "100")
        .header("x-ratelimit-remaining-requests", "0")
        .body(r#"{"error":{"code":"slow","message":"Slower."}}"#);
    let threads = Scripted::always(failure).client(&RecordingClock::new(), 3).classic().threads();
    let call = threads.create().client_request_id("mine").query("sig", "planted").query("x", "y");
    let error = call.await.unwrap_err();
    let [event] = &seen.events_called(FAILURE)[..] else { panic!("{:?}", seen.events()) };
    assert_eq!(level(event.metadata), Level::WARN);
    assert_eq!(
        event.fields,
        fields([
            ("message", FAILURE),
            ("operation", "Threads_create"),
            ("url", &format!("{ENDPOINT}/threads?sig=REDACTED&x=y&api-version=2025-05-01")),
            ("status", "429"),
            ("code", "slow"),
            ("request_id", "req-1"),
            ("client_request_id", "mine"),
            ("rate_limits", "x-ratelimit-limit-requests: 100, x-ratelimit-remaining-requests: 0"),
            ("attempts", "3"),
            ("error", &error.to_string()),
        ])
    );
    assert_eq!(seen.events_called(RETRY).len(), 2);
    assert!(!seen.text().contains("planted"), "{}", seen.text());
}

/// Whatever failed, and whoever called: one event.
#[tokio::test]
async fn every_failed_call_is_one_event() {
    for (name, outcome) in [
        ("a failure", Outcome::from(answer(404))),
        ("no connection", Outcome::Refused),
        ("no answer", Outcome::Broken),
        ("a redirect", answer(302).into()),
        ("half an answer", answer(200).body("{").cut().into()),
    ] {
        for call in Call::ALL {
            let (seen, _guard) = Seen::all();
            let error = call.send(&Scripted::always(outcome.clone()).client_once()).await.unwrap_err();
            let events = seen.events();
            assert_eq!(events.len(), 1, "{call:?}, {name}: {events:?}");
            assert_eq!(events[0].fields["operation"], error.operation().unwrap(), "{call:?}, {name}");
            assert_eq!(events[0].fields["client_request_id"], error.client_request_id().unwrap());
            assert_eq!(events[0].fields["url"], error.url().unwrap().as_str());
            let status = error.status().map(|status| status.as_u16().to_string());
            assert_eq!(events[0].fields.get("status"), status.as_ref(), "{call:?}, {name}");
        }
    }
}

/// Where only warnings are wanted, the warning is there.
#[tokio::test]
async fn a_failure_needs_no_span() {
    let (seen, _guard) = Seen::where_(|metadata| *metadata.level() <= Level::WARN);
    let scripted = Scripted::new([answer(503), answer(404)]);
    let error = Call::Get.send(&scripted.client(&RecordingClock::new(), 2)).await.unwrap_err();
    let [event] = &seen.events()[..] else { panic!("{:?}", seen.events()) };
    assert_eq!((event.message(), event.span), (FAILURE, None));
    assert_eq!(event.fields["error"], error.to_string());
    assert!(seen.spans().is_empty());
}

/// A token that was refused is replaced at once: that is one more attempt, and one event.
#[tokio::test]
async fn another_token_is_one_event() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::new([answer(401), answer(200).body(THREAD)]);
    let end = std::time::SystemTime::UNIX_EPOCH + seconds(RecordingClock::START + 24 * 3600);
    let given = Credential::from_fn(move |_| async move { Ok::<_, std::io::Error>(AccessToken::new("t", end)) });
    let client = scripted.builder(&RecordingClock::new()).credential(given).build().unwrap();
    Call::Create.send(&client).await.unwrap();
    let [event] = &seen.events()[..] else { panic!("{:?}", seen.events()) };
    assert_eq!((event.message(), event.fields["wait_ms"].as_str()), (RETRY, "0"));
    assert!(event.fields["reason"].contains("401"), "{event:?}");
    assert_eq!(seen.spans()[0].fields["http.request.resend_count"], "1");
}

#[tokio::test]
async fn an_answer_above_the_limit_is_one_event() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::always(answer(200).body(THREAD));
    let client = scripted.builder(&RecordingClock::new()).answer_limit(5).build().unwrap();
    assert_eq!(Call::Get.send(&client).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(seen.events_called(FAILURE).len(), 1);
}

/// The call has failed, although the service has not.
#[tokio::test]
async fn an_answer_that_cannot_be_decoded_is_one_event() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::always(answer(200).header("x-request-id", "req-1").body("[]"));
    let error = Call::Get.send(&scripted.client_once()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let [event] = &seen.events_called(FAILURE)[..] else { panic!("{:?}", seen.events()) };
    assert_eq!((event.fields["status"].as_str(), event.fields["request_id"].as_str()), ("200", "req-1"));
}

#[tokio::test]
async fn a_success_is_no_event() {
    let (seen, _guard) = Seen::all();
    for call in Call::ALL {
        call.send(&Scripted::always(answer(200).body(call.success())).client_once()).await.unwrap();
    }
    assert!(seen.events().is_empty(), "{:?}", seen.events());
    assert_eq!(seen.spans().len(), Call::ALL.len());
}

// ---- bodies

async fn bodies_of(call: Call, answer: Answer, log: bool) -> Seen {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::always(answer);
    let builder = scripted.builder(&RecordingClock::new()).retry(RetryPolicy::none()).log_bodies(log);
    let _ = call.send(&builder.build().unwrap()).await;
    seen
}

#[tokio::test]
async fn bodies_are_shown_to_who_asks_for_them() {
    // The words that are only in the bodies of request and answer.
    let answered = json!({ "id": "thread_1", "metadata": { "answer": "words-of-the-answer" } }).to_string();
    for log in [false, true] {
        let seen = bodies_of(Call::Create, answer(200).body(answered.clone()), log).await;
        let requests = seen.events_called("request body");
        let responses = seen.events_called("response body");
        assert_eq!((requests.len(), responses.len()), (usize::from(log), usize::from(log)));
        assert_eq!(seen.text().contains("words-of-the-answer"), log);
        assert_eq!(seen.text().contains("metadata"), log);
        if log {
            assert_eq!(requests[0].fields["body"], r#"{"metadata":{"a":"b"}}"#);
            assert_eq!(responses[0].fields["body"], answered);
            assert_eq!((level(requests[0].metadata), level(responses[0].metadata)), (Level::DEBUG, Level::DEBUG));
        }
    }
}

#[tokio::test]
async fn a_client_shows_no_bodies_by_itself() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::always(answer(200).body(THREAD));
    Call::Create.send(&scripted.builder(&RecordingClock::new()).build().unwrap()).await.unwrap();
    assert!(seen.events().is_empty(), "{:?}", seen.events());
}

/// Answers are shown, also those that are failures: those are the ones that are looked for.
#[tokio::test]
async fn the_body_of_a_failure_is_shown_too() {
    let body = r#"{"error":{"code":"a","message":"b","details":[{"message":"words-of-the-details"}]}}"#;
    for log in [false, true] {
        let seen = bodies_of(Call::Get, answer(400).body(body), log).await;
        assert_eq!(seen.text().contains("words-of-the-details"), log, "{}", seen.text());
    }
}

#[tokio::test]
async fn of_a_body_the_first_8_kib_are_shown() {
    const SHOWN: usize = 8 << 10;
    for length in [SHOWN, SHOWN + 1, 100_000] {
        // Two bytes each, so that the end falls into one of them.
        let long = "\u{e4}".repeat(length / 2);
        let body = json!({ "id": long }).to_string();
        let seen = bodies_of(Call::Get, answer(200).body(body.clone()), true).await;
        let [event] = &seen.events_called("response body")[..] else { panic!("{:?}", seen.events()) };
        let shown = &event.fields["body"];
        assert!(shown.len() <= SHOWN + 64, "{} of {}", shown.len(), body.len());
        let is_cut = |at: &usize| body.is_char_boundary(*at);
        let start = (SHOWN - 3..SHOWN).rev().find(is_cut).unwrap();
        assert!(shown.starts_with(&body[..start]));
        // It says how long it really was.
        assert!(shown.contains(&body.len().to_string()), "{}", shown.len());
    }
    let body = json!({ "id": "x".repeat(SHOWN - 9) }).to_string();
    assert_eq!(body.len(), SHOWN);
    let seen = bodies_of(Call::Get, answer(200).body(body.clone()), true).await;
    assert_eq!(seen.events_called("response body")[0].fields["body"], body);
}

#[tokio::test]
async fn bodies_that_may_hold_credentials_are_never_shown() {
    const PLANTED: &str = "planted-in-the-body";
    let operation = |id: &str| {
        foundry_raw::v2025_05_01::OPERATIONS.iter().find(|operation| operation.id == id).expect("it has another name")
    };
    let connection = json!({
        "name": "c", "id": "i", "type": "AzureOpenAI", "target": "t", "isDefault": true, "metadata": {},
        "credentials": { "type": "ApiKey", "key": PLANTED },
    });
    let sas = json!({
        "blobReference": { "blobUri": "u", "storageAccountArmId": "s",
            "credential": { "sasUri": format!("https://b.example/c?sig={PLANTED}"), "type": "SAS" } },
    });
    for (body, status) in [(&connection, 200), (&sas, 200), (&connection, 400), (&connection, 503)] {
        let (seen, _guard) = Seen::all();
        let scripted = Scripted::always(answer(status).body(body.to_string()));
        let builder = scripted.builder(&RecordingClock::new()).log_bodies(true);
        let raw = builder.build().unwrap().raw_2025_05_01();
        assert!(operation("Connections_getWithCredentials").secret);
        assert!(operation("Datasets_getCredentials").secret);
        let _ = raw.connections_get_with_credentials("c").await;
        let _ = raw.datasets_get_credentials("d", "1").await;
        assert!(!seen.text().contains(PLANTED), "{}", seen.text());
        assert!(seen.events_called("response body").is_empty());
        // Of other operations it would be there.
        let _ = raw.connections_get("c").await;
        assert!(seen.text().contains(PLANTED) || status != 200, "{}", seen.text());
    }
}

// ---- pollers

#[tokio::test]
async fn a_status_that_nobody_knows_is_told_once_for_each_poller() {
    let (seen, _guard) = Seen::all();
    let run = |status: &str| {
        answer(200)
            .body(format!(r#"{{"id":"run_1","object":"thread.run","thread_id":"thread_1","status":"{status}"}}"#))
    };
    let states = ["queued", "polishing", "polishing", "waxing", "completed"];
    for _ in 0..2 {
        let client = Scripted::new(states.map(run)).client(&RecordingClock::new(), 1);
        client.classic().runs("thread_1").create("asst_1").poll().await.unwrap();
    }
    let told: Vec<_> = seen.events().into_iter().filter(|event| event.message().contains("does not know")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|event| event.message().contains("run run_1 of thread thread_1")), "{told:?}");
    assert!(told.iter().all(|event| event.fields["state"] == "polishing" && level(event.metadata) == Level::WARN));
}

#[test]
fn a_guard_without_a_runtime_says_that_it_cannot_cancel() {
    let (seen, _guard) = Seen::all();
    let scripted = Scripted::always(answer(200));
    let client = scripted.client_once();
    drop(client.classic().runs("thread_1").guard("run_1"));
    let [event] = &seen.events()[..] else { panic!("{:?}", seen.events()) };
    assert!(event.message().contains("run run_1 of thread thread_1 was left"), "{event:?}");
    assert_eq!((level(event.metadata), scripted.count()), (Level::WARN, 0));
    client.classic().runs("thread_1").guard("run_1").disarm();
    assert_eq!(seen.events().len(), 1);
}
