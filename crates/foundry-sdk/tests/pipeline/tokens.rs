//! Tokens that are asked for: how often, and what a refusal by the service makes of them.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use foundry_sdk::{
    AccessToken, Body, BoxError, Clock, Credential, ErrorKind, ProjectClient, RequestBody, RetryPolicy, Transport,
};
use futures_core::future::BoxFuture;
use futures_util::future::{join, join_all};
use http::{Request, Response};
use tokio::sync::watch;

use crate::common::{Call, Outcome, RecordingClock, Scripted, THREAD, TokioClock, answer, builder, seconds};

const HOUR: Duration = Duration::from_secs(3600);

/// The end of a token that was asked for `asked` hours after the clock's start, or before.
fn end_of(hours: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + seconds(RecordingClock::START) + HOUR * hours
}

/// A credential whose tokens are called `token-1`, `token-2`, … and are good for so many hours of
/// the clock each; and how often it was asked.
fn numbered(hours: u32) -> (Credential, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let credential = Credential::from_fn(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let end = end_of(hours * u32::try_from(number).unwrap());
        async move { Ok::<_, io::Error>(AccessToken::new(format!("token-{number}"), end)) }
    });
    (credential, asked)
}

fn client(scripted: &Scripted, credential: &Credential, clock: &RecordingClock) -> ProjectClient {
    scripted.builder(clock).credential(credential.clone()).build().unwrap()
}

fn authorizations(scripted: &Scripted) -> Vec<String> {
    scripted.sent().iter().map(|sent| sent.header("authorization").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_thousand_calls_with_an_expired_token_ask_once() {
    const CALLS: usize = 1000;
    let (release, released) = watch::channel(1_usize);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let credential = Credential::from_fn(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut released = released.clone();
        async move {
            released.wait_for(|until| *until >= number).await?;
            let end = end_of(u32::try_from(number).unwrap());
            Ok::<_, watch::error::RecvError>(AccessToken::new(format!("token-{number}"), end))
        }
    });
    let clock = RecordingClock::new();
    let scripted = Scripted::always(answer(200).body(THREAD));
    let client = client(&scripted, &credential, &clock);
    assert_eq!(asked.load(Ordering::SeqCst), 0, "nobody has called yet");
    Call::Get.send(&client).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    // It has expired.
    clock.sleep(HOUR).await;
    let calls = join_all((0..CALLS).map(|number| {
        let client = client.clone();
        async move { if number % 2 == 0 { Call::Get } else { Call::Create }.send(&client).await }
    }));
    // This comes last: by then all of them wait.
    let letting_go = async {
        assert_eq!((asked.load(Ordering::SeqCst), scripted.count()), (2, 1));
        release.send(2).unwrap();
    };
    let (results, ()) = join(calls, letting_go).await;
    assert!(results.into_iter().all(|result| result.is_ok()));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let sent = authorizations(&scripted);
    assert_eq!((sent.len(), sent[0].as_str()), (1 + CALLS, "Bearer token-1"));
    assert!(sent[1..].iter().all(|sent| sent == "Bearer token-2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn also_from_many_tasks() {
    let (credential, asked) = numbered(1);
    let scripted = Scripted::always(answer(200).body(THREAD));
    let client = client(&scripted, &credential, &RecordingClock::new());
    let calls: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { Call::Get.send(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((asked.load(Ordering::SeqCst), scripted.count()), (1, 1000));
}

/// A clock that lets another call overtake when it is asked for the time of day the nth time.
#[derive(Debug)]
struct Overtaking {
    clock: RecordingClock,
    nth: usize,
    count: AtomicUsize,
    client: OnceLock<ProjectClient>,
}

impl Clock for Overtaking {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn system_time(&self) -> SystemTime {
        if self.count.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            let client = self.client.get().unwrap().clone();
            let call = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(Call::Get.send(&client))
            });
            call.join().unwrap().unwrap();
        }
        self.clock.system_time()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(duration)
    }
}

/// A handle to a clock is a clock.
#[derive(Debug)]
struct Handle(Arc<Overtaking>);

impl Clock for Handle {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn system_time(&self) -> SystemTime {
        self.0.system_time()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

/// Whenever the other one comes: before a call looks for a token, and between the answer of the source
/// and its being kept. (While the source answers it would wait for this call, and this one for it.)
#[tokio::test]
async fn a_call_that_overtakes_another_does_not_ask_again() {
    for (nth, moment) in [(1, "before it looks"), (3, "before it keeps what came")] {
        let (credential, asked) = numbered(24);
        let scripted = Scripted::always(answer(200).body(THREAD));
        let clock = Arc::new(Overtaking {
            clock: RecordingClock::new(),
            nth,
            count: AtomicUsize::new(0),
            client: OnceLock::new(),
        });
        let builder = scripted.builder(&clock.clock).credential(credential).clock(Handle(Arc::clone(&clock)));
        let client = builder.build().unwrap();
        clock.client.set(client.clone()).unwrap();
        Call::Get.send(&client).await.unwrap();
        assert_eq!(scripted.count(), 2, "{moment}: nobody overtook");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{moment}: {:?}", authorizations(&scripted));
    }
}

// ---- refused by the service

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_and_the_call_sent_once_more() {
    for call in Call::ALL {
        for policy in [RetryPolicy::new(), RetryPolicy::none(), RetryPolicy::new().max_elapsed(Duration::ZERO)] {
            let (credential, asked) = numbered(24);
            let clock = RecordingClock::new();
            let scripted = Scripted::new([answer(401), answer(200).body(call.success())]);
            let builder = scripted.builder(&clock).credential(credential.clone()).retry(policy);
            call.send(&builder.build().unwrap()).await.unwrap();
            assert_eq!(authorizations(&scripted), ["Bearer token-1", "Bearer token-2"], "{call:?}");
            assert_eq!((asked.load(Ordering::SeqCst), clock.slept()), (2, vec![]), "{call:?}");
            // It is the same call: nothing else of it is another.
            let sent = scripted.sent();
            assert_eq!((&sent[0].uri, &sent[0].body), (&sent[1].uri, &sent[1].body));
            assert_eq!(sent[0].header("x-ms-client-request-id"), sent[1].header("x-ms-client-request-id"));
        }
    }
}

#[tokio::test]
async fn a_second_refusal_is_the_error() {
    for call in Call::ALL {
        let (credential, asked) = numbered(24);
        let clock = RecordingClock::new();
        let scripted = Scripted::new([
            answer(401).header("x-request-id", "first"),
            answer(401).header("x-request-id", "second"),
            answer(200).body(call.success()),
        ]);
        let error = call.send(&client(&scripted, &credential, &clock)).await.unwrap_err();
        assert_eq!((error.kind(), error.request_id()), (ErrorKind::Authentication, Some("second")), "{call:?}");
        assert_eq!((error.attempts(), scripted.count(), clock.slept()), (2, 2, vec![]), "{call:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}

/// Once for each call, whatever comes in between.
#[tokio::test]
async fn a_call_replaces_its_token_once() {
    let (credential, asked) = numbered(24);
    let clock = RecordingClock::new();
    let scripted = Scripted::new([answer(401), answer(429).header("retry-after", "3"), answer(401), answer(200)]);
    let error = Call::Create.send(&client(&scripted, &credential, &clock)).await.unwrap_err();
    assert_eq!((error.kind(), scripted.count()), (ErrorKind::Authentication, 3));
    assert_eq!(clock.slept(), [seconds(3)]);
    assert_eq!(authorizations(&scripted), ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);
    // The next call may do so again.
    scripted.go_on([answer(401), answer(200).body(THREAD)]);
    Call::Create.send(&client(&scripted, &credential, &clock)).await.unwrap();
    assert!(asked.load(Ordering::SeqCst) >= 3);
}

/// 403 is about what the caller may do, not about the token.
#[tokio::test]
async fn no_other_refusal_replaces_a_token() {
    for status in [400, 403, 404, 407, 409, 500] {
        let (credential, asked) = numbered(24);
        let scripted = Scripted::always(answer(status));
        let builder = scripted.builder(&RecordingClock::new()).credential(credential).retry(RetryPolicy::none());
        Call::Get.send(&builder.build().unwrap()).await.unwrap_err();
        assert_eq!((scripted.count(), asked.load(Ordering::SeqCst)), (1, 1), "{status}");
    }
}

#[tokio::test]
async fn a_refused_call_whose_body_was_streamed_is_not_sent_again() {
    let (credential, _) = numbered(24);
    let scripted = Scripted::always(answer(401));
    let raw = client(&scripted, &credential, &RecordingClock::new()).raw_2025_05_01();
    let stream = futures_util::stream::iter([Ok::<_, io::Error>("a")]);
    let part = reqwest::multipart::Part::stream(reqwest::Body::wrap_stream(stream));
    let form = reqwest::multipart::Form::new().part("file", part);
    let error = crate::common::of_raw(raw.files_upload_file(form).await).unwrap_err();
    assert_eq!((error.kind(), scripted.count()), (ErrorKind::Authentication, 1));
}

#[tokio::test]
async fn without_another_token_the_call_is_not_sent_again() {
    let asked = AtomicUsize::new(0);
    let credential = Credential::from_fn(move |_| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first { Ok(AccessToken::new("token-1", end_of(24))) } else { Err(io::Error::other("the vault is shut")) }
        }
    });
    let clock = RecordingClock::new();
    let scripted = Scripted::always(answer(401));
    let error = Call::Create.send(&client(&scripted, &credential, &clock)).await.unwrap_err();
    assert_eq!((error.kind(), scripted.count(), clock.slept()), (ErrorKind::Credential, 1, vec![]));
    assert!(!error.is_retryable() && !error.server_may_have_acted());
    assert!(crate::common::shown(&error).contains("the vault is shut"), "{error:?}");
}

/// Takes all tokens but the first; the answers come when all calls have been sent.
struct Refusing {
    calls: usize,
    refused: watch::Sender<usize>,
}

impl Transport for Refusing {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        Box::pin(async move {
            if request.headers()["authorization"] != "Bearer token-1" {
                return Ok(Response::new(Body::from(THREAD)));
            }
            self.refused.send_modify(|refused| *refused += 1);
            self.refused.subscribe().wait_for(|refused| *refused == self.calls).await?;
            let mut response = Response::new(Body::from(""));
            *response.status_mut() = http::StatusCode::UNAUTHORIZED;
            Ok(response)
        })
    }
}

/// The one that asked first has replaced it for all.
#[tokio::test]
async fn a_hundred_refusals_of_one_token_ask_for_one_more() {
    const CALLS: usize = 100;
    let (credential, asked) = numbered(24);
    let refusing = Refusing { calls: CALLS, refused: watch::Sender::new(0) };
    let client = builder(crate::common::ENDPOINT, &RecordingClock::new())
        .credential(credential)
        .transport(refusing)
        .build()
        .unwrap();
    let calls = (0..CALLS).map(|_| Call::Create.send(&client));
    assert!(join_all(calls).await.into_iter().all(|result| result.is_ok()));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

// ---- over time

/// A wait may be longer than a token lives.
#[tokio::test]
async fn each_attempt_has_a_token_that_is_good_then() {
    let (credential, asked) = numbered(1);
    let clock = RecordingClock::new();
    let scripted = Scripted::new([answer(429).header("retry-after", "3601"), answer(200).body(THREAD)]);
    let policy = RetryPolicy::new().max_elapsed(seconds(7200));
    let builder = scripted.builder(&clock).credential(credential).retry(policy);
    Call::Create.send(&builder.build().unwrap()).await.unwrap();
    assert_eq!(authorizations(&scripted), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_call_ends_the_asking_too() {
    let credential = Credential::from_fn(|_| std::future::pending::<Result<AccessToken, io::Error>>());
    let scripted = Scripted::always(Outcome::Never);
    let builder = scripted.builder(&RecordingClock::new()).clock(TokioClock).credential(credential);
    let client = builder.timeout(seconds(10)).build().unwrap();
    let start = tokio::time::Instant::now();
    let error = Call::Create.send(&client).await.unwrap_err();
    assert_eq!((start.elapsed(), scripted.count()), (seconds(10), 0));
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

// ---- what it was asked for

#[tokio::test]
async fn a_refusal_names_the_kind_and_the_scope() {
    let given = || Credential::from_fn(|_| async { Ok::<_, io::Error>(AccessToken::new("t", end_of(24))) });
    for status in [401, 403] {
        for (credential, scope) in
            [(given(), "https://ai.azure.com/.default"), (given().scope("api://mine/.default"), "api://mine/.default")]
        {
            let scripted = Scripted::always(answer(status));
            let error = Call::Get.send(&client(&scripted, &credential, &RecordingClock::new())).await.unwrap_err();
            let hint = error.hint().unwrap();
            assert!(hint.contains("from_fn") && hint.contains(scope), "{hint}");
            assert!(error.to_string().contains(hint), "{error}");
        }
    }
}

#[tokio::test]
async fn a_scope_has_tokens_of_its_own() {
    let credential = Credential::from_fn(|request| async move {
        let token = if request.scope().starts_with("api:") { "of-mine" } else { "of-the-service" };
        Ok::<_, io::Error>(AccessToken::new(token, end_of(24)))
    });
    let scripted = Scripted::always(answer(200).body(THREAD));
    let clock = RecordingClock::new();
    Call::Get.send(&client(&scripted, &credential, &clock)).await.unwrap();
    Call::Get.send(&client(&scripted, &credential.clone().scope("api://mine/.default"), &clock)).await.unwrap();
    Call::Get.send(&client(&scripted, &credential, &clock)).await.unwrap();
    assert_eq!(authorizations(&scripted), ["Bearer of-the-service", "Bearer of-mine", "Bearer of-the-service"]);
}

/// A failure of the source is told once, and is not repeated behind the caller's back.
#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let credential = Credential::from_fn(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Err::<AccessToken, _>(io::Error::other("no vault")) }
    });
    let scripted = Scripted::always(answer(200));
    let clock = RecordingClock::new();
    let error = Call::Get.send(&client(&scripted, &credential, &clock)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Credential, None));
    assert_eq!((asked.load(Ordering::SeqCst), scripted.count(), clock.slept()), (1, 0, vec![]));
    assert_eq!(error.operation(), Some("Threads_get"));
}
