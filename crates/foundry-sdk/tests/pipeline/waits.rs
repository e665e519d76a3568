//! How long is waited before the next attempt.

use std::time::Duration;

use foundry_sdk::{ErrorKind, RetryPolicy};

use crate::common::{Answer, Call, Outcome, RecordingClock, SECOND, Scripted, THREAD, TokioClock, answer, seconds};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An answer that asks to come back.
fn later(name: &'static str, value: &str) -> Answer {
    answer(429).header(name, value)
}

#[tokio::test]
async fn the_time_that_the_service_names_is_waited_exactly() {
    // The clock starts at 12:00:00, and goes on by what is slept.
    for (first, wait) in [
        (later("retry-after", "12"), seconds(12)),
        (later("Retry-After", " 12 "), seconds(12)),
        (later("retry-after", "0"), Duration::ZERO),
        (later("retry-after", "1.5"), millis(1500)),
        (later("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"), seconds(30)),
        (later("retry-after", "Sun, 22 Nov 2026 11:59:30 GMT"), Duration::ZERO),
        // The two older forms of a date in HTTP.
        (later("retry-after", "Sunday, 22-Nov-26 12:01:00 GMT"), seconds(60)),
        (later("retry-after", "Sun Nov 22 12:02:00 2026"), seconds(120)),
        (later("retry-after-ms", "250"), millis(250)),
        (later("x-ms-retry-after-ms", "1250"), millis(1250)),
        // The standard's header is the one that counts; where it says nothing, the others do.
        (later("retry-after", "3").header("retry-after-ms", "250"), seconds(3)),
        (later("retry-after", "soon").header("retry-after-ms", "250"), millis(250)),
        // More than the longest wait of one's own, which is 30 s.
        (later("retry-after", "299"), seconds(299)),
        (answer(503).header("retry-after", "4"), seconds(4)),
        (answer(500).header("retry-after", "4"), seconds(4)),
        (answer(408).header("retry-after", "4"), seconds(4)),
    ] {
        let clock = RecordingClock::new();
        let scripted = Scripted::new([first.clone(), answer(200).body(THREAD)]);
        // Of the client's own policy, so that these are its limits.
        let client = scripted.builder(&clock).build().unwrap();
        Call::Get.send(&client).await.unwrap();
        assert_eq!(clock.slept(), [wait], "{first:?}");
    }
}

#[tokio::test]
async fn each_answer_names_its_own_time() {
    let clock = RecordingClock::new();
    let scripted = Scripted::new([
        later("retry-after", "1"),
        // Counted from now, which is a second later.
        later("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"),
        later("x-ms-retry-after-ms", "7"),
        answer(200).body(THREAD),
    ]);
    Call::Create.send(&scripted.builder(&clock).build().unwrap()).await.unwrap();
    assert_eq!(clock.slept(), [seconds(1), seconds(29), millis(7)]);
}

#[tokio::test]
async fn an_error_says_when_to_come_back() {
    for (last, expected) in [
        (later("retry-after", "12"), Some(seconds(12))),
        (later("retry-after", "Sun, 22 Nov 2026 13:00:00 GMT"), Some(seconds(3600))),
        (later("x-ms-retry-after-ms", "250"), Some(millis(250))),
        (answer(404).header("retry-after", "5"), Some(seconds(5))),
        (later("retry-after", "soon"), None),
        (later("retry-after", ""), None),
        (answer(429), None),
    ] {
        let clock = RecordingClock::new();
        let error = Call::Create.send(&Scripted::always(last).client(&clock, 1)).await.unwrap_err();
        assert_eq!((error.retry_after(), clock.slept()), (expected, vec![]), "{error:?}");
    }
}

/// Without a time of the service: up to `base_delay`, doubled each time, and at most `max_delay`.
#[tokio::test]
async fn else_the_wait_is_random_and_grows_up_to_a_limit() {
    const CALLS: usize = 15;
    let longest = [1, 2, 4, 5, 5].map(seconds);
    let policy = RetryPolicy::new().max_attempts(6).base_delay(SECOND).max_delay(seconds(5)).max_elapsed(Duration::MAX);
    for outcome in
        [answer(503).into(), answer(429).into(), answer(429).header("retry-after", "soon").into(), Outcome::Broken]
    {
        let mut waits: [Vec<Duration>; 5] = Default::default();
        for _ in 0..CALLS {
            let clock = RecordingClock::new();
            let client = Scripted::always(outcome.clone()).builder(&clock).retry(policy.clone()).build().unwrap();
            Call::Get.send(&client).await.unwrap_err();
            let slept = clock.slept();
            assert_eq!(slept.len(), 5, "{outcome:?}");
            for (waits, wait) in waits.iter_mut().zip(slept) {
                waits.push(wait);
            }
        }
        for (waits, longest) in waits.iter().zip(longest) {
            assert!(waits.iter().all(|wait| *wait <= longest), "{waits:?} of {longest:?}");
            // They use the whole range: that all of 15 stay in one quarter happens once in 10^9 times.
            assert!(waits.iter().any(|wait| *wait > longest / 4), "{waits:?} of {longest:?}");
            assert!(waits.iter().any(|wait| *wait < longest / 4 * 3), "{waits:?} of {longest:?}");
        }
    }
}

#[tokio::test]
async fn a_client_unless_told_otherwise_tries_four_times() {
    let clock = RecordingClock::new();
    let scripted = Scripted::always(answer(503));
    Call::Get.send(&scripted.builder(&clock).build().unwrap()).await.unwrap_err();
    let slept = clock.slept();
    assert_eq!((scripted.count(), slept.len()), (4, 3));
    for (wait, longest) in slept.into_iter().zip([500, 1000, 2000].map(millis)) {
        assert!(wait <= longest, "{wait:?} of {longest:?}");
    }
}

/// A wait that does not fit into what is left is not begun.
#[tokio::test]
async fn a_time_past_the_end_is_an_error_at_once() {
    let ten = RetryPolicy::new().max_elapsed(seconds(10)).max_attempts(9);
    for (name, outcomes, slept, retry_after) in [
        ("too long", vec!["11"], vec![], 11),
        ("far too long", vec!["18446744073709551615"], vec![], u64::MAX),
        ("just right", vec!["10", "1"], vec![10], 1),
        ("the second too long", vec!["6", "5"], vec![6], 5),
        ("both just right", vec!["6", "4", "3"], vec![6, 4], 3),
    ] {
        let answers = outcomes.iter().map(|wait| later("retry-after", wait));
        for (limit, policy, timeout) in [
            ("max_elapsed", ten.clone(), None),
            ("timeout", RetryPolicy::new().max_attempts(9).max_elapsed(Duration::MAX), Some(seconds(10))),
            ("the shorter of both", ten.clone(), Some(seconds(60))),
        ] {
            for call in [Call::Get, Call::Create] {
                let clock = RecordingClock::new();
                let scripted = Scripted::new(answers.clone());
                let mut builder = scripted.builder(&clock).retry(policy.clone());
                if let Some(timeout) = timeout {
                    builder = builder.timeout(timeout);
                }
                let error = call.send(&builder.build().unwrap()).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::RateLimited, "{name}, {limit}");
                assert_eq!(error.retry_after(), Some(seconds(retry_after)), "{name}, {limit}");
                let expected: Vec<Duration> = slept.iter().copied().map(seconds).collect();
                assert_eq!(clock.slept(), expected, "{name}, {limit}");
                assert_eq!(scripted.count(), expected.len() + 1, "{name}, {limit}");
            }
        }
    }
}

/// Also where the next attempt would not have to wait.
#[tokio::test(start_paused = true)]
async fn no_attempt_is_begun_after_the_end() {
    let policy = RetryPolicy::new().max_elapsed(seconds(10)).base_delay(Duration::ZERO);
    for (name, failure) in [
        ("the service names no time to wait", answer(503).header("retry-after", "0")),
        ("the service names a time that has passed", later("retry-after-ms", "0")),
        ("the policy waits for nothing", answer(503)),
    ] {
        for call in [Call::Get, Call::Delete] {
            let scripted = Scripted::always(Outcome::Late(seconds(11), failure.clone()));
            let builder = scripted.builder(&RecordingClock::new()).clock(TokioClock).retry(policy.clone());
            call.send(&builder.build().unwrap()).await.unwrap_err();
            assert_eq!(scripted.count(), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn a_call_has_its_own_policy_and_timeout() {
    let clock = RecordingClock::new();
    let scripted = Scripted::always(later("retry-after", "2"));
    let client = scripted.builder(&clock).build().unwrap();
    let call = || client.classic().threads().get("thread_1");

    call().retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (1, 0));
    call().retry(RetryPolicy::new().max_attempts(2)).await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (3, 1));
    // Shorter than the wait that is asked for.
    call().timeout(SECOND).await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (4, 1));
    // They are of those calls only: four attempts.
    call().await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (8, 4));
    // 0 attempts would be no call at all.
    call().retry(RetryPolicy::new().max_attempts(0)).await.unwrap_err();
    assert_eq!(scripted.count(), 9);

    // What a client has is not what its calls have to have.
    let clock = RecordingClock::new();
    let scripted = Scripted::always(later("retry-after", "2"));
    let client = scripted.builder(&clock).retry(RetryPolicy::none()).timeout(SECOND).build().unwrap();
    let call = || client.classic().threads().get("thread_1");
    call().await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (1, 0));
    call().retry(RetryPolicy::new()).await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (2, 0));
    call().retry(RetryPolicy::new().max_attempts(3)).timeout(seconds(60)).await.unwrap_err();
    assert_eq!((scripted.count(), clock.slept().len()), (5, 2));
}

/// Policies at the ends of what can be said.
#[tokio::test]
async fn no_policy_makes_it_panic() {
    let ends = [Duration::ZERO, Duration::from_nanos(1), Duration::MAX];
    for base in ends {
        for longest in ends {
            for elapsed in ends {
                let policy =
                    RetryPolicy::new().base_delay(base).max_delay(longest).max_elapsed(elapsed).max_attempts(3);
                for timeout in ends {
                    let scripted = Scripted::always(answer(503));
                    let builder = scripted.builder(&RecordingClock::new()).clock(StandingClock);
                    let client = builder.retry(policy.clone()).timeout(timeout).build().unwrap();
                    Call::Get.send(&client).await.unwrap_err();
                    // Without any time it need not even be sent.
                    assert!((1..=3).contains(&scripted.count()) || timeout.is_zero());
                }
            }
        }
    }
}

/// A clock that stands still: no sum of waits is too large for it.
#[derive(Debug)]
struct StandingClock;

impl foundry_sdk::Clock for StandingClock {
    fn now(&self) -> std::time::Instant {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        *START.get_or_init(std::time::Instant::now)
    }

    fn sleep(&self, _: Duration) -> futures_core::future::BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
