//! Dropping a call ends all that it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use foundry_raw::v2025_05_01::types::CreateRunOptions;
use foundry_sdk::{Body, BoxError, Clock, Credential, ProjectClient, RequestBody, Transport};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use http::{Request, Response};

use crate::common::{ENDPOINT, RecordingClock, Scripted, answer};

/// How many guards there are.
#[derive(Clone, Debug, Default)]
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn guard(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(self.clone())
    }
}

struct Guard(Alive);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Holds a guard while it sends, and then while its body is read; neither ever ends.
struct Hanging {
    alive: Alive,
    answers: bool,
}

impl Transport for Hanging {
    fn send(&self, _: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let guard = self.alive.guard();
        Box::pin(async move {
            if !self.answers {
                std::future::pending::<()>().await;
            }
            let first = futures_util::stream::iter([Ok(Bytes::from_static(b"data: 1\n\n"))]);
            let rest = futures_util::stream::pending().map(move |chunk: Result<Bytes, BoxError>| {
                let _held = &guard;
                chunk
            });
            Ok(Response::new(Body::Stream(Box::pin(first.chain(rest)))))
        })
    }
}

fn client(alive: &Alive, answers: bool) -> ProjectClient {
    let transport = Hanging { alive: alive.clone(), answers };
    ProjectClient::builder(ENDPOINT).credential(Credential::api_key("key")).transport(transport).build().unwrap()
}

/// Polls a future once; it is not ready.
async fn begin<F: Future + Unpin>(future: &mut F) {
    std::future::poll_fn(|context| {
        assert!(std::pin::Pin::new(&mut *future).poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_drops_what_was_sent() {
    for answers in [false, true] {
        let alive = Alive::default();
        let threads = client(&alive, answers).classic().threads();
        for timeout in [None, Some(Duration::from_secs(60))] {
            let mut call = threads.get("thread_1");
            if let Some(timeout) = timeout {
                call = call.timeout(timeout);
            }
            let mut call = Box::pin(call.send());
            assert_eq!(alive.count(), 0, "nothing is sent before it is polled");
            begin(&mut call).await;
            assert_eq!(alive.count(), 1);
            drop(call);
            assert_eq!(alive.count(), 0, "answers: {answers}, timeout: {timeout:?}");
        }
    }
}

#[tokio::test]
async fn a_poller_that_is_dropped_drops_what_was_sent() {
    let alive = Alive::default();
    let client = client(&alive, false);
    let mut poller = client.classic().runs("thread_1").create("asst_1").poll();
    {
        let mut next = poller.next();
        begin(&mut next).await;
    }
    // The next state is still on its way: only who reads it is gone.
    assert_eq!(alive.count(), 1);
    drop(poller);
    assert_eq!(alive.count(), 0);
}

#[tokio::test]
async fn a_stream_that_is_dropped_drops_its_body() {
    let alive = Alive::default();
    let raw = client(&alive, true).raw_2025_05_01();
    let body = CreateRunOptions::new("asst_1").stream(true);
    let mut stream = raw.runs_create_stream("thread_1", None, &body).await.unwrap().into_value();
    stream.next().await.unwrap().unwrap();
    assert_eq!(alive.count(), 1);
    drop(stream);
    assert_eq!(alive.count(), 0);
}

/// A stream that stopped is over: it holds no connection while nobody drops it.
#[tokio::test(start_paused = true)]
async fn a_stream_that_stopped_holds_nothing() {
    let alive = Alive::default();
    let raw = client(&alive, true).raw_2025_05_01();
    let body = CreateRunOptions::new("asst_1").stream(true);
    let mut stream = raw.runs_create_stream("thread_1", None, &body).await.unwrap().into_value();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap_err();
    assert_eq!(alive.count(), 0);
}

/// A clock whose sleeps never end.
#[derive(Debug)]
struct Sleeping(Alive);

impl Clock for Sleeping {
    fn now(&self) -> Instant {
        RecordingClock::new().now()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        let guard = self.0.guard();
        Box::pin(async move {
            let _guard = guard;
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_is_not_sent_again() {
    let alive = Alive::default();
    let scripted = Scripted::always(answer(429));
    let client = scripted.builder(&RecordingClock::new()).clock(Sleeping(alive.clone())).build().unwrap();
    let mut call = Box::pin(client.classic().threads().create().send());
    begin(&mut call).await;
    assert_eq!((alive.count(), scripted.count()), (1, 1));
    drop(call);
    tokio::task::yield_now().await;
    assert_eq!((alive.count(), scripted.count()), (0, 1));
}

/// The calls of a task that is aborted are dropped with it.
#[tokio::test]
async fn a_task_that_is_aborted_drops_what_was_sent() {
    let alive = Alive::default();
    let call = client(&alive, false).classic().threads().get("thread_1").into_future();
    let task = tokio::spawn(call);
    while alive.count() == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(alive.count(), 0);
}
