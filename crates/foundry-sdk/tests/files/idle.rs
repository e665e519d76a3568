//! The idle limit of an upload: a connection that takes more, however slowly, is not idle.

use std::time::Duration;

use foundry_sdk::classic::types::FilePurpose;
use foundry_sdk::{Body, BoxError, Clock, Credential, ErrorKind, FileContent, ProjectClient, RequestBody, Transport};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use http::{Request, Response};
use tokio::time::sleep;

use crate::common::{FILE, noise};

#[derive(Debug)]
struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> std::time::Instant {
        tokio::time::Instant::now().into_std()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(sleep(duration))
    }
}

/// Takes a piece of a body every so often, stops after so many, and answers after a while.
#[derive(Clone, Copy)]
struct Slow {
    between: Duration,
    pieces: usize,
    before_answer: Duration,
}

impl Transport for Slow {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let slow = *self;
        Box::pin(async move {
            let mut body = request.into_body().into_stream();
            let mut taken = 0;
            while let Some(piece) = body.next().await {
                piece?;
                taken += 1;
                if taken == slow.pieces {
                    std::future::pending::<()>().await;
                }
                sleep(slow.between).await;
            }
            sleep(slow.before_answer).await;
            Ok(Response::new(Body::from(FILE)))
        })
    }
}

async fn upload(slow: Slow) -> (Result<(), foundry_sdk::Error>, Duration) {
    let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
        .credential(Credential::api_key("a key"))
        .clock(TokioClock)
        .transport(slow)
        .build()
        .unwrap();
    let start = tokio::time::Instant::now();
    let content = FileContent::new("a", noise(4 << 20));
    let result = client.classic().files().upload(content, FilePurpose::Assistants).await;
    (result.map(drop), start.elapsed())
}

const LIMIT: Duration = Duration::from_secs(300);
const SLOWLY: Duration = Duration::from_secs(200);

#[tokio::test(start_paused = true)]
async fn a_long_upload_that_goes_on_is_not_cut_off() {
    let (result, took) = upload(Slow { between: SLOWLY, pieces: usize::MAX, before_answer: SLOWLY }).await;
    result.unwrap();
    assert!(took > 10 * LIMIT, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stops_is_cut_off_after_the_limit() {
    let (result, took) = upload(Slow { between: SLOWLY, pieces: 7, before_answer: SLOWLY }).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("no more of the body was sent within 300s"), "{error}");
    assert_eq!(took.as_secs(), (6 * SLOWLY + LIMIT).as_secs());
}

#[tokio::test(start_paused = true)]
async fn after_the_upload_the_answer_has_as_long_as_any_other() {
    let between = Duration::from_secs(100);
    let (result, took) = upload(Slow { between, pieces: usize::MAX, before_answer: 2 * LIMIT }).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("no answer began within 300s"), "{error}");
    assert!(took > 10 * LIMIT, "{took:?}");
}
