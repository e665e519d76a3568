//! Limits of time and size: the timeout of a call, silence, and how much of an answer is read.

use std::time::Duration;

use bytes::Bytes;
use foundry_raw::ByteStream;
use foundry_raw::v2025_05_01::types::{
    CreateAndRunThreadOptions, CreateRunOptions, RunsSubmitToolOutputsRequest, ToolOutput,
};
use foundry_sdk::{Error, ErrorKind, ProjectClient, RetryPolicy};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;

use crate::common::{
    Answer, Call, Outcome, Piece, RecordingClock, SECOND, Scripted, THREAD, TokioClock, answer, of_raw, seconds,
};

/// A client whose clock is tokio's, which the tests pause, and that sends once.
fn client(scripted: &Scripted) -> ProjectClient {
    builder(scripted).retry(RetryPolicy::none()).build().unwrap()
}

fn builder(scripted: &Scripted) -> foundry_sdk::ProjectClientBuilder {
    scripted.builder(&RecordingClock::new()).clock(TokioClock)
}

// ---- the timeout of a call

#[tokio::test(start_paused = true)]
async fn the_timeout_ends_a_call_that_hangs() {
    for (name, outcome) in [
        ("no answer", Outcome::Never),
        ("no body", answer(200).piece(Piece::Stall).into()),
        ("half a body", answer(200).body("{").piece(Piece::Wait(seconds(9))).body("\"").piece(Piece::Stall).into()),
        ("a failure without its body", answer(500).piece(Piece::Stall).into()),
    ] {
        for call in Call::ALL {
            let scripted = Scripted::always(outcome.clone());
            let client = builder(&scripted).timeout(seconds(10)).build().unwrap();
            let start = Instant::now();
            let error = call.send(&client).await.unwrap_err();
            // It is over for good: there is no time for another attempt.
            assert_eq!((error.kind(), start.elapsed()), (ErrorKind::Timeout, seconds(10)), "{call:?}, {name}");
            assert_eq!((scripted.count(), error.attempts()), (1, 1), "{call:?}, {name}");
            assert_eq!(error.server_may_have_acted(), !matches!(call, Call::Get | Call::List), "{call:?}, {name}");
            assert!(error.operation().is_some() && error.client_request_id().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_is_the_calls_else_the_clients() {
    for (of_client, of_call, expected) in [
        (Some(10), None, 10),
        (None, Some(20), 20),
        (Some(10), Some(20), 20),
        (Some(20), Some(10), 10),
        // Longer than silence may be.
        (None, Some(1000), 300),
    ] {
        let scripted = Scripted::always(Outcome::Never);
        let mut builder = builder(&scripted).retry(RetryPolicy::none());
        if let Some(timeout) = of_client {
            builder = builder.timeout(seconds(timeout));
        }
        let client = builder.build().unwrap();
        let mut call = client.classic().threads().get("thread_1");
        if let Some(timeout) = of_call {
            call = call.timeout(seconds(timeout));
        }
        let start = Instant::now();
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(start.elapsed(), seconds(expected), "{of_client:?} {of_call:?}");
    }
}

/// It is the time of all attempts and of the waits in between.
#[tokio::test(start_paused = true)]
async fn the_timeout_is_of_all_attempts_together() {
    let scripted = Scripted::new([
        Outcome::Late(seconds(4), answer(503).header("retry-after", "2")),
        Outcome::Late(seconds(3), answer(429)),
        Outcome::Never,
    ]);
    let policy = RetryPolicy::new().base_delay(Duration::ZERO);
    let client = builder(&scripted).retry(policy).timeout(seconds(10)).build().unwrap();
    let start = Instant::now();
    let error = Call::Create.send(&client).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed()), (ErrorKind::Timeout, seconds(10)));
    assert_eq!((scripted.count(), error.attempts()), (3, 3));
}

// ---- silence

#[tokio::test(start_paused = true)]
async fn silence_ends_a_call() {
    for (name, outcome, after) in [
        ("no answer", Outcome::Never, 0),
        ("no body", answer(200).piece(Piece::Stall).into(), 0),
        ("a late answer", Outcome::Late(seconds(200), answer(200).piece(Piece::Stall)), 200),
        (
            "half a body, slowly",
            answer(200).body("{").piece(Piece::Wait(seconds(299))).body("\"").piece(Piece::Stall).into(),
            299,
        ),
    ] {
        // Runs may take long, for a model runs before they answer.
        for (call, idle) in
            [(Call::Get, 300), (Call::List, 300), (Call::Delete, 300), (Call::Create, 300), (Call::Run, 600)]
        {
            let scripted = Scripted::always(outcome.clone());
            let start = Instant::now();
            let error = call.send(&client(&scripted)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{call:?}, {name}");
            assert_eq!(start.elapsed(), seconds(after + idle), "{call:?}, {name}");
            assert_eq!(scripted.count(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_that_may_stream_may_be_silent_longer() {
    let scripted = Scripted::always(Outcome::Never);
    let raw = client(&scripted).raw_2025_05_01();
    let thread_and_run = CreateAndRunThreadOptions::new("asst_1");
    let outputs = RunsSubmitToolOutputsRequest::new().tool_outputs([ToolOutput::new()]);
    let start = Instant::now();
    for number in 1..=3 {
        let error = match number {
            1 => of_raw(raw.agents_create_thread_and_run(&thread_and_run).await),
            2 => of_raw(raw.agents_create_thread_and_run_stream(&thread_and_run).await),
            _ => of_raw(raw.runs_submit_tool_outputs("thread_1", "run_1", &outputs).await),
        };
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(start.elapsed(), seconds(600 * number));
    }
    // Getting what a model has made is not running it.
    of_raw(raw.runs_get("thread_1", "run_1").await).unwrap_err();
    assert_eq!(start.elapsed(), seconds(600 * 3 + 300));
}

/// A failure is told with what there is of its body.
#[tokio::test(start_paused = true)]
async fn silence_in_the_body_of_a_failure_ends_the_body() {
    let body = r#"{"error":{"code":"a","message":"b"}}"#;
    let scripted = Scripted::always(answer(404).body(body).piece(Piece::Stall));
    let start = Instant::now();
    let error = Call::Get.send(&client(&scripted)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("a")));
    assert_eq!(start.elapsed(), seconds(300));
}

// ---- streams

async fn stream_of(client: &ProjectClient) -> ByteStream {
    let body = CreateRunOptions::new("asst_1").stream(true);
    client.raw_2025_05_01().runs_create_stream("thread_1", None, &body).await.unwrap().into_value()
}

/// What comes after so many seconds each.
fn slow(pieces: impl IntoIterator<Item = u64>) -> Answer {
    pieces.into_iter().fold(answer(200), |answer, wait| answer.piece(Piece::Wait(seconds(wait))).body("data: 1\n\n"))
}

fn as_error(error: foundry_sdk::BoxError) -> Error {
    *error.downcast::<Error>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stops_ends_in_an_error() {
    for (stops, after) in [(slow([1, 599]).piece(Piece::Stall), 600), (answer(200).piece(Piece::Stall), 0)] {
        let expected = stops.body.iter().filter(|piece| matches!(piece, Piece::Bytes(_))).count();
        let mut stream = stream_of(&client(&Scripted::always(stops))).await;
        let start = Instant::now();
        let mut chunks: Vec<Bytes> = Vec::new();
        let error = loop {
            match stream.next().await.expect("it ended as if all was there") {
                Ok(chunk) => chunks.push(chunk),
                Err(error) => break as_error(error),
            }
        };
        assert_eq!((error.kind(), chunks.len()), (ErrorKind::Timeout, expected), "{error}");
        assert_eq!(start.elapsed(), seconds(after + 600));
        assert!(stream.next().await.is_none(), "an error is its end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_ends_in_an_error() {
    let mut stream = stream_of(&client(&Scripted::always(slow([1]).cut()))).await;
    stream.next().await.unwrap().unwrap();
    assert_eq!(as_error(stream.next().await.unwrap().unwrap_err()).kind(), ErrorKind::Interrupted);
    assert!(stream.next().await.is_none());
}

/// Neither the client's timeout nor any size ends a stream that goes on.
#[tokio::test(start_paused = true)]
async fn a_stream_that_goes_on_is_not_ended() {
    let scripted = Scripted::always(slow([500; 20]));
    let client = builder(&scripted).timeout(seconds(10)).answer_limit(8).build().unwrap();
    let start = Instant::now();
    let chunks: Vec<Bytes> = stream_of(&client).await.try_collect().await.unwrap();
    assert_eq!((chunks.len(), start.elapsed()), (20, seconds(500 * 20)));
}

/// Only the service's silence counts: while nobody reads, nothing can come.
#[tokio::test(start_paused = true)]
async fn a_stream_may_be_read_slowly() {
    let mut stream = stream_of(&client(&Scripted::always(slow([1, 1, 1])))).await;
    for number in 0..3 {
        tokio::time::sleep(seconds(601)).await;
        let chunk = stream.next().await.unwrap();
        assert!(chunk.is_ok(), "chunk {number}: {chunk:?}");
    }
    assert!(stream.next().await.is_none());
}

/// A stream begins as any other answer does: what is no success is an error, and may be repeated.
#[tokio::test]
async fn a_stream_is_begun_again_before_it_has_begun() {
    let clock = RecordingClock::new();
    let scripted = Scripted::new([answer(429), answer(200).body("data: 1\n\n").body("data: 2\n\n")]);
    let chunks: Vec<Bytes> = stream_of(&scripted.client(&clock, 2)).await.try_collect().await.unwrap();
    assert_eq!((chunks.concat(), scripted.count()), (b"data: 1\n\ndata: 2\n\n".to_vec(), 2));

    // But not once it has: that would be another one.
    let scripted = Scripted::new([slow([0]).cut(), answer(200)]);
    let mut stream = stream_of(&scripted.client(&RecordingClock::new(), 2)).await;
    while stream.next().await.is_some() {}
    assert_eq!(scripted.count(), 1);
}

// ---- sizes

fn in_pieces(length: usize, piece: usize) -> Answer {
    let mut answer = answer(200);
    let text: Vec<u8> = format!("{{\"id\":\"{}\"}}", "x".repeat(length.saturating_sub(9))).into_bytes();
    assert_eq!(text.len(), length);
    for piece in text.chunks(piece) {
        answer = answer.body(Bytes::copy_from_slice(piece));
    }
    answer
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_read_and_not_asked_for_again() {
    const LIMIT: usize = 1000;
    for (length, piece, fits) in [
        (LIMIT, LIMIT, true),
        (LIMIT, 1, true),
        (LIMIT, 999, true),
        (LIMIT + 1, LIMIT + 1, false),
        (LIMIT + 1, LIMIT, false),
        (LIMIT + 1, 1, false),
        (10 * LIMIT, 300, false),
    ] {
        for call in [Call::Get, Call::Create, Call::Delete] {
            let scripted = Scripted::always(in_pieces(length, piece));
            let clock = RecordingClock::new();
            let client = scripted.builder(&clock).answer_limit(LIMIT).build().unwrap();
            let result = call.send(&client).await;
            assert_eq!(scripted.count(), 1, "{call:?} {length} {piece}");
            match result {
                Ok(()) => assert!(fits, "{length} {piece}"),
                Err(error) => {
                    assert!(!fits, "{length} {piece}: {error}");
                    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooLarge, 1), "{error}");
                    assert!(error.message().contains("1000 bytes"), "{error}");
                }
            }
        }
    }
}

/// Reading ends where the limit is passed: what would come behind it is not waited for.
#[tokio::test(start_paused = true)]
async fn nothing_is_read_behind_the_limit() {
    let endless = (0..20).fold(answer(200), |answer, _| answer.body(vec![b' '; 100]).piece(Piece::Wait(SECOND)));
    let scripted = Scripted::always(endless.piece(Piece::Stall));
    let client = builder(&scripted).answer_limit(1000).build().unwrap();
    let start = Instant::now();
    assert_eq!(Call::Get.send(&client).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(start.elapsed(), seconds(10));
}

#[tokio::test(start_paused = true)]
async fn of_a_failure_the_first_64_kib_are_read() {
    const KEPT: usize = 64 << 10;
    for piece in [1 << 20, KEPT, KEPT - 1, 1000] {
        let mut endless = answer(500);
        for _ in 0..(200 << 10) / piece + 2 {
            endless = endless.body(vec![b'x'; piece]);
        }
        // A small limit of answers is no limit of failures, and none of it is waited for in vain.
        let scripted = Scripted::always(endless.piece(Piece::Stall));
        let client = builder(&scripted).answer_limit(10).retry(RetryPolicy::none()).build().unwrap();
        let start = Instant::now();
        let error = Call::Get.send(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.body().unwrap().len()), (ErrorKind::Server, KEPT), "{piece}");
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(error.to_string().len() < 1000, "{}", error.to_string().len());
    }
}

#[tokio::test]
async fn pieces_are_put_together() {
    for piece in 1..THREAD.len() {
        let answer = THREAD.as_bytes().chunks(piece).fold(answer(200), |answer, piece| {
            // An empty piece is no end.
            answer.body(Bytes::copy_from_slice(piece)).body("")
        });
        let reply = Scripted::always(answer).client_once().classic().threads().get("thread_1").send().await.unwrap();
        assert_eq!((reply.body.as_ref(), reply.id.as_str()), (THREAD.as_bytes(), "thread_1"));
    }
}
