//! What is sent again, and what never is: by method and by what came of it.

use foundry_sdk::{ErrorKind, HttpTransport, ProjectClient, RetryPolicy};

use crate::common::{Answer, Call, Outcome, RecordingClock, Scripted, answer, builder, closed_port, of_raw};
use crate::server::{Reply, Server};

fn envelope(code: &str) -> String {
    format!(r#"{{"error":{{"code":"{code}","message":"Because."}}}}"#)
}

/// What may come of an attempt, and whether it is made again: by what only reads or may be done
/// twice (GET, PUT, DELETE), and by what may not (POST, PATCH).
fn table() -> Vec<(&'static str, Outcome, bool, bool)> {
    let asks = |answer: Answer| answer.header("retry-after", "2");
    let mut table: Vec<(&'static str, Outcome, bool, bool)> = Vec::new();
    let mut row = |name, outcome: Outcome, harmless, acting| table.push((name, outcome, harmless, acting));
    // The request is wrong, whoever sends it however often.
    for status in [300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 409, 410] {
        row("refused", answer(status).into(), false, false);
        row("refused, with a time", asks(answer(status)).into(), false, false);
    }
    for status in [411, 412, 413, 415, 418, 421, 422, 423, 424, 425, 428, 431, 451, 499, 501, 505, 507, 511, 599] {
        row("refused", answer(status).into(), false, false);
        row("refused, with a time", asks(answer(status)).into(), false, false);
    }
    // Informational ones are never the last word; a transport of the user's own may give them.
    row("no answer at all", answer(100).into(), false, false);
    // Too much: nothing was done, come back later.
    row("429", answer(429).into(), true, true);
    row("429 with a time", asks(answer(429)).into(), true, true);
    row("429 with a code", answer(429).body(envelope("rate_limit_exceeded")).into(), true, true);
    row("429 that breaks off", answer(429).body("{\"err").cut().into(), true, true);
    // Unless there will not be more later either.
    row("no quota", answer(429).body(envelope("insufficient_quota")).into(), false, false);
    row("no quota, with a time", asks(answer(429)).body(envelope("insufficient_quota")).into(), false, false);
    let by_type = r#"{"error":{"type":"insufficient_quota","code":"429","message":"Pay."}}"#;
    row("no quota by type", answer(429).body(by_type).into(), false, false);
    let inner = r#"{"error":{"code":"429","message":"Pay.","innererror":{"code":"insufficient_quota"}}}"#;
    row("no quota by the inner error", answer(429).body(inner).into(), false, false);
    // The service, or what stands in front of it, failed at some point of its work.
    for status in [408, 500, 502, 504] {
        row("failed", answer(status).into(), true, false);
        row("failed, with a time", asks(answer(status)).into(), true, false);
        row("failed, and broke off", answer(status).body("<html>").cut().into(), true, false);
    }
    // 503 turns the request away if it says when to come back; else nobody knows.
    row("503", answer(503).into(), true, false);
    row("503 with no time", answer(503).header("retry-after", "soon").into(), true, false);
    row("503 with a negative time", answer(503).header("retry-after", "-1").into(), true, false);
    row("503 with seconds", asks(answer(503)).into(), true, true);
    row("503 with no seconds to wait", answer(503).header("retry-after", "0").into(), true, true);
    row("503 with a date", answer(503).header("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT").into(), true, true);
    row("503 with milliseconds", answer(503).header("retry-after-ms", "250").into(), true, true);
    row("503 with Azure's milliseconds", answer(503).header("x-ms-retry-after-ms", "250").into(), true, true);
    // On the way.
    row("no connection", Outcome::Refused, true, true);
    row("no answer", Outcome::Broken, true, false);
    row("a success that breaks off", answer(200).body("{\"id\":").cut().into(), true, false);
    row("a success that breaks off at once", answer(200).cut().into(), true, false);
    row("a success that breaks off, with a time", asks(answer(200)).cut().into(), true, false);
    // It was done; only the answer is odd.
    row("a success of another shape", answer(200).body("[]").into(), false, false);
    row("a success that is empty", answer(204).body("").into(), false, false);
    table
}

#[tokio::test]
async fn only_what_cannot_be_done_twice_by_it_is_repeated() {
    const ATTEMPTS: u32 = 3;
    for (name, outcome, harmless, acting) in table() {
        for call in Call::ALL {
            // The generated client tells of a decode error itself, and a request by path takes any shape.
            let is_undecoded = name.starts_with("a success of") || name.starts_with("a success that is empty");
            if matches!(call, Call::Patch | Call::Put) && is_undecoded {
                continue;
            }
            let scripted = Scripted::always(outcome.clone());
            let clock = RecordingClock::new();
            let error = call.send(&scripted.client(&clock, ATTEMPTS)).await.unwrap_err();
            let is_repeated = if call.acts() { acting } else { harmless };
            let expected = if is_repeated { ATTEMPTS } else { 1 };
            assert_eq!(scripted.count(), expected as usize, "{call:?}, {name}: {outcome:?}: {error}");
            assert_eq!(clock.slept().len(), expected as usize - 1, "{call:?}, {name}: {outcome:?}");
            if !is_undecoded {
                assert_eq!(error.attempts(), expected, "{call:?}, {name}: {outcome:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_success_after_failures_is_a_success() {
    let failures = [Outcome::Refused, answer(429).into(), answer(503).header("retry-after", "1").into()];
    for call in Call::ALL {
        let clock = RecordingClock::new();
        let success = answer(200).body(call.success()).into();
        let scripted = Scripted::new(failures.iter().cloned().chain([success]));
        call.send(&scripted.client(&clock, 4)).await.unwrap();
        assert_eq!((scripted.count(), clock.slept().len()), (4, 3), "{call:?}");
    }
}

#[tokio::test]
async fn the_error_is_that_of_the_last_attempt() {
    let clock = RecordingClock::new();
    let scripted = Scripted::new([
        Outcome::Broken,
        answer(429).header("retry-after", "7").header("x-request-id", "first").into(),
        answer(404).header("x-request-id", "last").body(envelope("gone")).into(),
    ]);
    let error = Call::Get.send(&scripted.client(&clock, 5)).await.unwrap_err();
    assert_eq!((error.kind(), error.request_id(), error.attempts()), (ErrorKind::NotFound, Some("last"), 3));
    assert_eq!((error.code(), error.retry_after()), (Some("gone"), None));
}

#[tokio::test]
async fn all_attempts_send_the_same() {
    for call in Call::ALL {
        let scripted = Scripted::always(answer(429));
        let error = call.send(&scripted.client(&RecordingClock::new(), 4)).await.unwrap_err();
        let sent = scripted.sent();
        assert_eq!(sent.len(), 4, "{call:?}");
        for again in &sent[1..] {
            assert_eq!((&again.method, &again.uri), (&sent[0].method, &sent[0].uri));
            assert_eq!((&again.headers, &again.body), (&sent[0].headers, &sent[0].body));
        }
        assert_eq!(sent[0].header("x-ms-client-request-id"), error.client_request_id());
        assert_eq!(sent[0].body.is_empty(), matches!(call, Call::Get | Call::List | Call::Delete), "{call:?}");
    }
}

#[tokio::test]
async fn a_streamed_body_is_sent_once() {
    let form = reqwest::multipart::Form::new().text("purpose", "assistants").part(
        "file",
        reqwest::multipart::Part::stream(reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<
            _,
            std::io::Error,
        >("a")]))),
    );
    let scripted = Scripted::always(answer(429).header("retry-after", "1"));
    let clock = RecordingClock::new();
    let raw = scripted.client(&clock, 4).raw_2025_05_01();
    let error = of_raw(raw.files_upload_file(form).await).unwrap_err();
    assert_eq!((error.kind(), error.attempts(), scripted.count()), (ErrorKind::RateLimited, 1, 1));
    assert!(clock.slept().is_empty());
}

// ---- the same over sockets: what is really sent, and really cut

fn client(endpoint: String, clock: &RecordingClock) -> ProjectClient {
    builder(endpoint, clock).retry(RetryPolicy::new().max_attempts(3)).build().unwrap()
}

#[tokio::test]
async fn over_sockets_it_is_the_same() {
    let http = HttpTransport::new().unwrap();
    for (name, reply, kind, harmless, acting) in [
        ("nothing", Reply::text(""), ErrorKind::Interrupted, true, false),
        ("half a head", Reply::text("HTTP/1.1 200 OK\r\ncontent-le"), ErrorKind::Interrupted, true, false),
        ("no HTTP", Reply::text("SSH-2.0-OpenSSH_9.6\r\n"), ErrorKind::Interrupted, true, false),
        (
            "half a body",
            Reply::text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":\"thread_1\"}"),
            ErrorKind::Interrupted,
            true,
            false,
        ),
        (
            "half of the chunks",
            Reply::text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11\r\n{\"id\":\"thread_1\"}\r\n"),
            ErrorKind::Interrupted,
            true,
            false,
        ),
        (
            "half of a failure",
            Reply::text("HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{\"error\":"),
            ErrorKind::Server,
            true,
            false,
        ),
        ("500", Reply::status(500, ""), ErrorKind::Server, true, false),
        ("503", Reply::status(503, ""), ErrorKind::Server, true, false),
        ("503 with a time", Reply::status(503, "retry-after: 1\r\n"), ErrorKind::Server, true, true),
        ("429", Reply::status(429, ""), ErrorKind::RateLimited, true, true),
        ("501", Reply::status(501, ""), ErrorKind::Server, false, false),
        ("400", Reply::status(400, ""), ErrorKind::BadRequest, false, false),
    ] {
        for (call, by_transport) in Call::ALL.map(|call| (call, false)).into_iter().chain([
            // The same by the transport that people wrap.
            (Call::Get, true),
            (Call::Create, true),
        ]) {
            let server = Server::start([reply.clone()]);
            let clock = RecordingClock::new();
            let mut builder = builder(server.endpoint(), &clock).retry(RetryPolicy::new().max_attempts(3));
            if by_transport {
                builder = builder.transport(http.clone());
            }
            let error = call.send(&builder.build().unwrap()).await.unwrap_err();
            let expected = if if call.acts() { acting } else { harmless } { 3 } else { 1 };
            assert_eq!(server.requests().len(), expected, "{call:?}, {name}: {error}");
            assert_eq!((error.attempts() as usize, clock.slept().len()), (expected, expected - 1), "{call:?}, {name}");
            assert_eq!(error.kind(), kind, "{call:?}, {name}: {error}");
        }
    }
}

/// The transport that people wrap puts the same on the wire as a client does by itself.
#[tokio::test]
async fn the_transport_sends_what_a_client_sends() {
    let http = HttpTransport::new().unwrap();
    let server = Server::start([Reply::status(404, "")]);
    let clock = RecordingClock::new();
    for call in Call::ALL {
        let itself = builder(server.endpoint(), &clock).build().unwrap();
        let wrapped = builder(server.endpoint(), &clock).transport(http.clone()).build().unwrap();
        call.send(&itself).await.unwrap_err();
        call.send(&wrapped).await.unwrap_err();
        let requests = server.requests();
        let [expected, got] = &requests[requests.len() - 2..] else { panic!("{requests:?}") };
        let lines = |request: &str| {
            let mut lines: Vec<String> =
                request.lines().filter(|line| !line.starts_with("x-ms-client-request-id")).map(str::to_owned).collect();
            lines[1..].sort();
            lines
        };
        assert_eq!(lines(got), lines(expected), "{call:?}");
    }
}

#[tokio::test]
async fn a_transport_is_told_the_operation() {
    for (call, operation) in [
        (Call::Get, "Threads_get"),
        (Call::Delete, "Threads_deleteThread"),
        (Call::Run, "Runs_create"),
        (Call::Patch, "Indexes_createOrUpdate"),
    ] {
        let scripted = Scripted::always(answer(503));
        call.send(&scripted.client(&RecordingClock::new(), 2)).await.unwrap_err();
        assert!(scripted.sent().iter().all(|sent| sent.operation == operation), "{call:?}");
    }
}

#[tokio::test]
async fn what_was_never_connected_is_sent_again() {
    for call in Call::ALL {
        let clock = RecordingClock::new();
        let endpoint = format!("http://{}/api/projects/p", closed_port());
        let error = call.send(&client(endpoint, &clock)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 3), "{call:?}");
        assert_eq!(clock.slept().len(), 2, "{call:?}");
    }
}

/// A connection that was kept may be closed just when it is used again.
#[tokio::test]
async fn a_connection_that_was_kept_does_not_make_two_of_one_post() {
    let thread = Call::Create.success();
    let kept = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{thread}", thread.len());
    let server = Server::start_keeping([Reply::text(kept), Reply::text("")]);
    let clock = RecordingClock::new();
    let client = client(server.endpoint(), &clock);
    Call::Create.send(&client).await.unwrap();
    let error = Call::Create.send(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1));
    assert_eq!(server.connections(), 1, "it was not kept");
    assert_eq!(server.requests().len(), 2);
}
