//! The token that is kept, and how the next one is asked for: once, ahead of time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use http::HeaderValue;

use super::access_token::{AccessToken, TokenRequest};
use super::fixed::bearer;
use super::source::{Failure, Source};
use crate::clock::Clock;
use crate::error::Result;

/// How long before its end a token is replaced.
const AHEAD: Duration = Duration::from_secs(5 * 60);
/// How long a token that can still be used is left alone after it was asked for.
const PAUSE: Duration = Duration::from_secs(30);

/// A source, and the token it gave.
pub(super) struct Cache {
    source: Arc<dyn Source>,
    request: TokenRequest,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the last answer came.
    answered: Option<SystemTime>,
    /// Weak, so that nothing runs on for calls that are gone, such as a child process.
    asking: Option<(u64, WeakShared<Asking>)>,
    /// How often it was asked; tells one asking from another.
    count: u64,
}

type Asking = BoxFuture<'static, Result<Held, Failure>>;

/// A token as it is sent.
#[derive(Clone)]
struct Held {
    value: HeaderValue,
    expires_at: SystemTime,
}

/// What there is for a call.
enum Found {
    Token(HeaderValue),
    Asking(Shared<Asking>),
}

impl Cache {
    pub(super) fn new(source: Arc<dyn Source>, scope: String) -> Self {
        Self { source, request: TokenRequest { scope }, state: Arc::default() }
    }

    /// The same source without a token.
    pub(super) fn with_scope(&self, scope: String) -> Self {
        Self::new(Arc::clone(&self.source), scope)
    }

    pub(super) fn kind(&self) -> &'static str {
        self.source.kind()
    }

    pub(super) fn scope(&self) -> &str {
        &self.request.scope
    }

    pub(super) fn check(&self) -> Result<()> {
        self.source.check(&self.request).map_err(|failure| failure.to_error())
    }

    pub(super) async fn header(&self, clock: &Arc<dyn Clock>) -> Result<HeaderValue> {
        match self.find(clock) {
            Found::Token(value) => Ok(value),
            Found::Asking(asking) => self.settle(asking.await, clock),
        }
    }

    pub(super) fn forget(&self, refused: &HeaderValue) {
        let mut state = self.state();
        if state.held.as_ref().is_some_and(|held| held.value == *refused) {
            state.held = None;
        }
    }

    /// The token if it will do, else the asking for the next one, which others may have begun.
    fn find(&self, clock: &Arc<dyn Clock>) -> Found {
        let now = clock.system_time();
        // Declared before the lock, so dropped after it: the last one drops what is foreign.
        let begun;
        let mut state = self.state();
        begun = state.asking.as_ref().and_then(|(_, asking)| asking.upgrade());
        if let Some(held) = &state.held
            && let Ok(left) = held.expires_at.duration_since(now)
            && !left.is_zero()
            && (left > AHEAD || begun.is_some() || state.answered_lately(now))
        {
            return Found::Token(held.value.clone());
        }
        if let Some(asking) = begun {
            return Found::Asking(asking);
        }
        state.count += 1;
        let asking = self.ask(Arc::clone(clock), state.count).shared();
        state.asking = asking.downgrade().map(|weak| (state.count, weak));
        Found::Asking(asking)
    }

    /// Asks the source; does nothing until it is polled, so that nothing foreign runs under the lock.
    ///
    /// What came is kept before anyone is told, so that nobody asks again in between.
    fn ask(&self, clock: Arc<dyn Clock>, number: u64) -> Asking {
        let (source, request, state) = (Arc::clone(&self.source), self.request.clone(), Arc::clone(&self.state));
        Box::pin(async move {
            let kind = source.kind();
            let token = source.token(request, Arc::clone(&clock)).await;
            let now = clock.system_time();
            let answer = token.and_then(|token| Held::new(&token, kind, now));
            let mut state = lock(&state);
            if state.asking.as_ref().is_some_and(|(current, _)| *current == number) {
                state.asking = None;
                state.answered = Some(now);
                if let Ok(held) = &answer {
                    state.held = Some(held.clone());
                }
            }
            answer
        })
    }

    /// The token that came, or where none did the one there is.
    fn settle(&self, answer: Result<Held, Failure>, clock: &Arc<dyn Clock>) -> Result<HeaderValue> {
        let now = clock.system_time();
        let state = self.state();
        let failure = match answer {
            Ok(held) => return Ok(held.value),
            Err(failure) => failure,
        };
        match &state.held {
            Some(held) if now < held.expires_at => {
                let value = held.value.clone();
                drop(state);
                note(&failure);
                Ok(value)
            }
            _ => Err(failure.to_error()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing under the lock leaves it half done.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody is told of a failure that an older token makes up for, so it is logged.
fn note(failure: &Failure) {
    #[cfg(feature = "tracing")]
    tracing::warn!(error = failure.message(), "no new token; the one there is has not ended yet");
    #[cfg(not(feature = "tracing"))]
    let _ = failure;
}

impl State {
    /// Whether the source has just been asked. A clock that was set back does not count.
    fn answered_lately(&self, now: SystemTime) -> bool {
        let since = self.answered.and_then(|answered| now.duration_since(answered).ok());
        since.is_some_and(|since| since < PAUSE)
    }
}

impl Held {
    fn new(token: &AccessToken, kind: &str, now: SystemTime) -> Result<Self, Failure> {
        if let Ok(ago) = now.duration_since(token.expires_at) {
            let seconds = ago.as_secs();
            return Err(Failure::new(format!(
                "the token from {kind} had ended {seconds} s before it came; is this machine's clock right?"
            )));
        }
        let value = bearer(&token.token).map_err(|why| Failure::new(format!("the token from {kind} {why}")))?;
        Ok(Self { value, expires_at: token.expires_at })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::future::{join, join_all};
    use tokio::sync::{oneshot, watch};

    use super::*;
    use crate::credential::Credential;
    use crate::credential::testing::{HOUR, PLANTED, START, TestClock, all_of, answering, second, sent};
    use crate::error::ErrorKind;

    const MINUTE: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);

    /// The token of a question, which lasts an hour from when the clock was started, and one more for
    /// each question.
    fn token(number: usize) -> AccessToken {
        AccessToken::new(format!("{PLANTED}-{number}"), second(START) + HOUR * u32::try_from(number).unwrap())
    }

    fn bearer_of(number: usize) -> String {
        format!("Bearer {PLANTED}-{number}")
    }

    /// What is sent without waiting for anything.
    fn sent_at_once(credential: &Credential, clock: &Arc<TestClock>) -> String {
        sent(credential, clock).now_or_never().expect("it has to wait").unwrap()
    }

    /// A credential whose answers come when they are let go, by their number.
    fn held_back() -> (Credential, impl Fn() -> usize, watch::Sender<usize>) {
        let (release, released) = watch::channel(0);
        let (credential, asked) = answering(move |number| {
            let mut released = released.clone();
            async move {
                released.wait_for(|until| *until >= number).await?;
                Ok::<_, watch::error::RecvError>(token(number))
            }
        });
        (credential, asked, release)
    }

    #[tokio::test]
    async fn a_token_is_kept_until_five_minutes_before_its_end() {
        let (credential, asked) = answering(|number| async move { Ok::<_, String>(token(number)) });
        let clock = TestClock::patient();
        for (since_start, number) in [
            (Duration::ZERO, 1),
            (SECOND, 1),
            (55 * MINUTE - SECOND, 1),
            (55 * MINUTE, 2),
            (60 * MINUTE, 2),
            (115 * MINUTE - SECOND, 2),
            (115 * MINUTE, 3),
        ] {
            clock.set(since_start);
            assert_eq!(sent(&credential, &clock).await.unwrap(), bearer_of(number), "{since_start:?}");
            assert_eq!(asked(), number, "{since_start:?}");
        }
    }

    #[tokio::test]
    async fn its_header_is_made_once() {
        let (credential, _) = answering(|number| async move { Ok::<_, String>(token(number)) });
        let clock: Arc<dyn Clock> = TestClock::patient();
        let (_, first) = credential.header(&clock).await.unwrap();
        let (name, second) = credential.clone().header(&clock).await.unwrap();
        assert_eq!(name, http::header::AUTHORIZATION);
        assert_eq!(first.as_bytes().as_ptr(), second.as_bytes().as_ptr());
    }

    #[tokio::test]
    async fn a_thousand_calls_that_wait_ask_once() {
        let (credential, asked, release) = held_back();
        release.send(1).unwrap();
        let clock = TestClock::patient();
        sent(&credential, &clock).await.unwrap();
        clock.set(HOUR);
        let calls = (0..1000).map(|_| sent(&credential, &clock));
        // This comes last: by then all of them wait.
        let letting_go = async {
            assert_eq!(asked(), 2);
            release.send(usize::MAX).unwrap();
        };
        let (sent, ()) = join(join_all(calls), letting_go).await;
        assert_eq!(sent.len(), 1000);
        assert!(sent.iter().all(|sent| *sent.as_ref().unwrap() == bearer_of(2)));
        assert_eq!(asked(), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_thousand_calls_on_many_threads_ask_once() {
        let (begun, mut beginning) = watch::channel(0);
        let (credential, asked, release) = held_back();
        let clock = TestClock::patient();
        let calls: Vec<_> = (0..1000)
            .map(|_| {
                let (credential, clock, begun) = (credential.clone(), Arc::clone(&clock), begun.clone());
                tokio::spawn(async move {
                    begun.send_modify(|count| *count += 1);
                    sent(&credential, &clock).await
                })
            })
            .collect();
        beginning.wait_for(|count| *count == 1000).await.unwrap();
        release.send(usize::MAX).unwrap();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), bearer_of(1));
        }
        assert_eq!(asked(), 1);
    }

    #[tokio::test]
    async fn the_call_that_asks_may_be_dropped() {
        let (credential, asked, release) = held_back();
        let clock = TestClock::patient();
        let waiting = |credential: &Credential| {
            let (credential, clock) = (credential.clone(), Arc::clone(&clock));
            tokio::spawn(async move { sent(&credential, &clock).await })
        };
        let first = waiting(&credential);
        tokio::task::yield_now().await;
        assert_eq!(asked(), 1);
        let others = [waiting(&credential), waiting(&credential)];
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        release.send(usize::MAX).unwrap();
        for other in others {
            assert_eq!(other.await.unwrap().unwrap(), bearer_of(1));
        }
        assert_eq!(asked(), 1);
        // And it is kept, though the call that asked is gone.
        assert_eq!(sent_at_once(&credential, &clock), bearer_of(1));
        assert_eq!(asked(), 1);
    }

    #[tokio::test]
    async fn nothing_runs_on_when_all_calls_are_gone() {
        struct Gone(Arc<AtomicBool>);
        impl Drop for Gone {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let gone = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&gone);
        let (credential, asked) = answering(move |number| {
            let gone = Gone(Arc::clone(&seen));
            async move {
                if number == 1 {
                    std::future::pending::<()>().await;
                }
                drop(gone);
                Ok::<_, String>(token(number))
            }
        });
        let clock = TestClock::patient();
        let mut calls = [Box::pin(sent(&credential, &clock)), Box::pin(sent(&credential, &clock))];
        for call in &mut calls {
            assert!(call.as_mut().now_or_never().is_none());
        }
        assert_eq!(asked(), 1);
        assert!(!gone.load(Ordering::SeqCst));
        drop(calls);
        assert!(gone.load(Ordering::SeqCst), "what the first call asked is still there");
        assert_eq!(sent(&credential, &clock).await.unwrap(), bearer_of(2));
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_and_not_kept() {
        let (release, released) = oneshot::channel::<()>();
        let released = released.shared();
        let (credential, asked) = answering(move |number| {
            let released = released.clone();
            async move {
                let _ = released.await;
                if number == 1 { Err(format!("failure {number}")) } else { Ok(token(number)) }
            }
        });
        let clock = TestClock::patient();
        let calls = (0..100).map(|_| sent(&credential, &clock));
        let (sent_by_all, ()) = join(join_all(calls), async { release.send(()).unwrap() }).await;
        for sent in sent_by_all {
            let error = sent.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            assert!(all_of(&error).contains("failure 1"), "{error:?}");
        }
        assert_eq!(asked(), 1);
        assert_eq!(sent(&credential, &clock).await.unwrap(), bearer_of(2));
        assert_eq!(asked(), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_told_to_a_call_that_comes_after_it() {
        let (release, released) = watch::channel(false);
        let (credential, asked) = answering(move |number| {
            let mut released = released.clone();
            async move {
                let _ = released.wait_for(|released| *released).await;
                if number == 1 { Err(format!("failure {number}")) } else { Ok(token(number)) }
            }
        });
        let clock = TestClock::patient();
        let mut calls = [Box::pin(sent(&credential, &clock)), Box::pin(sent(&credential, &clock))];
        for call in &mut calls {
            assert!(call.as_mut().now_or_never().is_none());
        }
        let [first, slow] = calls;
        release.send(true).unwrap();
        assert!(all_of(&first.await.unwrap_err()).contains("failure 1"));
        // The other one has not got to hear of it yet.
        assert_eq!(sent_at_once(&credential, &clock), bearer_of(2));
        assert_eq!(asked(), 2);
        // When it does, there is a token that will do.
        assert_eq!(slow.await.unwrap(), bearer_of(2));
    }

    #[tokio::test]
    async fn a_call_that_hears_late_of_a_token_puts_none_back() {
        let (credential, asked, release) = held_back();
        let clock = TestClock::patient();
        let mut calls = [Box::pin(sent(&credential, &clock)), Box::pin(sent(&credential, &clock))];
        for call in &mut calls {
            assert!(call.as_mut().now_or_never().is_none());
        }
        let [first, slow] = calls;
        release.send(1).unwrap();
        assert_eq!(first.await.unwrap(), bearer_of(1));
        assert!(credential.forget(&bearer_of(1).parse().unwrap()));
        let mut next = Box::pin(sent(&credential, &clock));
        assert!(next.as_mut().now_or_never().is_none());
        assert_eq!(slow.await.unwrap(), bearer_of(1));
        release.send(2).unwrap();
        assert_eq!(sent_at_once(&credential, &clock), bearer_of(2));
        assert_eq!(next.await.unwrap(), bearer_of(2));
        assert_eq!(asked(), 2);
    }

    #[tokio::test]
    async fn while_one_call_asks_ahead_the_others_go_on() {
        let (credential, asked, release) = held_back();
        release.send(1).unwrap();
        let clock = TestClock::patient();
        sent(&credential, &clock).await.unwrap();
        clock.set(55 * MINUTE);
        let mut asking = Box::pin(sent(&credential, &clock));
        assert!(asking.as_mut().now_or_never().is_none());
        assert_eq!(asked(), 2);
        assert_eq!(sent_at_once(&credential, &clock), bearer_of(1));
        // Once the old one has ended they wait.
        clock.set(60 * MINUTE);
        let mut waiting = Box::pin(sent(&credential, &clock));
        assert!(waiting.as_mut().now_or_never().is_none());
        release.send(2).unwrap();
        assert_eq!(asking.await.unwrap(), bearer_of(2));
        assert_eq!(waiting.await.unwrap(), bearer_of(2));
        assert_eq!(asked(), 2);
    }

    #[tokio::test]
    async fn a_token_is_used_to_its_end_if_no_other_can_be_had() {
        let (credential, asked) =
            answering(
                |number| async move { if number == 1 { Ok(token(1)) } else { Err(format!("failure {number}")) } },
            );
        let clock = TestClock::patient();
        for (since_start, asked_then) in [
            (Duration::ZERO, 1),
            (55 * MINUTE, 2),
            (55 * MINUTE + 29 * SECOND, 2),
            (55 * MINUTE + 30 * SECOND, 3),
            // Set back: it is not left alone until the clock is where it was.
            (55 * MINUTE + 10 * SECOND, 4),
            (60 * MINUTE - SECOND, 5),
        ] {
            clock.set(since_start);
            assert_eq!(sent(&credential, &clock).await.unwrap(), bearer_of(1), "{since_start:?}");
            assert_eq!(asked(), asked_then, "{since_start:?}");
        }
        // No token, no pause.
        clock.set(60 * MINUTE);
        assert!(all_of(&sent(&credential, &clock).await.unwrap_err()).contains("failure 6"));
        assert!(all_of(&sent(&credential, &clock).await.unwrap_err()).contains("failure 7"));
    }

    #[tokio::test]
    async fn a_token_that_lasts_for_minutes_is_not_asked_for_with_each_call() {
        let (credential, asked) =
            answering(|_| async { Ok::<_, String>(AccessToken::new("short", second(START) + 4 * MINUTE)) });
        let clock = TestClock::patient();
        for _ in 0..10 {
            sent(&credential, &clock).await.unwrap();
        }
        assert_eq!(asked(), 1);
        clock.set(30 * SECOND);
        sent(&credential, &clock).await.unwrap();
        assert_eq!(asked(), 2);
    }

    #[tokio::test]
    async fn a_token_that_has_ended_when_it_comes_is_an_error() {
        for ended in [Duration::ZERO, 90 * SECOND] {
            let (credential, asked) =
                answering(move |_| async move { Ok::<_, String>(AccessToken::new(PLANTED, second(START) - ended)) });
            let error = sent(&credential, &TestClock::patient()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            let said = format!("had ended {} s before it came", ended.as_secs());
            assert!(error.to_string().contains(&said), "{error}");
            assert!(!all_of(&error).contains(PLANTED), "{error:?}");
            assert_eq!(asked(), 1);
        }
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_sent_is_an_error_that_does_not_show_it() {
        for (token, said) in [
            (String::new(), "is empty"),
            (format!("{PLANTED}\n"), "line break"),
            (format!("Bearer {PLANTED}"), "give the token alone"),
        ] {
            let (credential, _) = answering(move |_| {
                let token = token.clone();
                async move { Ok::<_, String>(AccessToken::new(token, second(START) + HOUR)) }
            });
            let error = sent(&credential, &TestClock::patient()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            assert!(error.to_string().contains(said), "{error}");
            assert!(!all_of(&error).contains(PLANTED), "{error:?}");
        }
    }

    #[tokio::test]
    async fn only_the_token_that_was_refused_is_dropped() {
        let (credential, asked) = answering(|number| async move { Ok::<_, String>(token(number)) });
        let clock: Arc<dyn Clock> = TestClock::patient();
        let (_, first) = credential.header(&clock).await.unwrap();
        assert!(credential.forget(&first));
        let (_, second) = credential.header(&clock).await.unwrap();
        assert_eq!(second, bearer_of(2));
        assert_eq!(asked(), 2);
        // A call that was sent with the first is refused late.
        assert!(credential.forget(&first));
        assert_eq!(credential.header(&clock).await.unwrap().1, bearer_of(2));
        assert_eq!(asked(), 2);
    }
}
