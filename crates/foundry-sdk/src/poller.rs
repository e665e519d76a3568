//! Waiting for what runs on the service until it ends.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};

/// Something that runs on the service and has a state.
pub trait Polled: Clone + Send + 'static {
    /// The state, as the service calls it.
    fn state(&self) -> &str;

    /// Whether asking again cannot show another state by itself.
    fn has_ended(&self) -> bool;

    /// What it is, for error messages: `run run_…`.
    fn name(&self) -> String;
}

/// Starts what is polled, or gets it again.
type Fetch<S> = Box<dyn FnMut(Option<S>) -> BoxFuture<'static, Result<S>> + Send>;

/// Polls something until it ends.
///
/// `.await` gives the last state. As a `Stream` it gives each state that differs from the one
/// before, the last one included, and then ends.
#[must_use = "a poller does nothing until it is awaited or read as a stream"]
pub struct Poller<S> {
    fetch: Option<Fetch<S>>,
    clock: Arc<dyn Clock>,
    interval: Duration,
    max_wait: Duration,
    states: Option<BoxStream<'static, Result<S>>>,
}

/// Shorter intervals are taken as this one.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
/// Longer intervals are taken as this one.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

impl<S: Polled> Poller<S> {
    pub(crate) fn new(clock: Arc<dyn Clock>, fetch: Fetch<S>) -> Self {
        Self {
            fetch: Some(fetch),
            clock,
            interval: Duration::from_secs(1),
            max_wait: Duration::from_secs(600),
            states: None,
        }
    }

    /// How long to wait between two questions: 1 s unless set, at least 10 ms, at most 60 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        self
    }

    /// How long to go on: 10 minutes unless set. What is waited for goes on by itself after it.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    fn into_states(mut self) -> BoxStream<'static, Result<S>> {
        if let Some(states) = self.states.take() {
            return states;
        }
        let Some(fetch) = self.fetch.take() else { return futures_util::stream::empty().boxed() };
        let Self { clock, interval, max_wait, .. } = self;
        let start = clock.now();
        let progress = Progress { fetch, clock, interval, max_wait, start, last: None, done: false };
        futures_util::stream::unfold(progress, |mut progress| async move {
            let next = progress.next().await?;
            Some((next, progress))
        })
        .fuse()
        .boxed()
    }
}

struct Progress<S> {
    fetch: Fetch<S>,
    clock: Arc<dyn Clock>,
    interval: Duration,
    max_wait: Duration,
    start: std::time::Instant,
    last: Option<S>,
    done: bool,
}

impl<S: Polled> Progress<S> {
    /// The next state that differs from the one before.
    async fn next(&mut self) -> Option<Result<S>> {
        if self.done {
            return None;
        }
        loop {
            if let Some(last) = &self.last {
                let waited = self.clock.now().saturating_duration_since(self.start);
                if waited.saturating_add(self.interval) > self.max_wait {
                    self.done = true;
                    return Some(Err(Error::new(
                        ErrorKind::Deadline,
                        format!(
                            "{} was still `{}` after {:.1} s; it goes on by itself",
                            last.name(),
                            last.state(),
                            waited.as_secs_f64()
                        ),
                    )));
                }
                self.clock.sleep(self.interval).await;
            }
            let state = match (self.fetch)(self.last.clone()).await {
                Ok(state) => state,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            };
            self.done = state.has_ended();
            let differs = self.last.as_ref().is_none_or(|last| last.state() != state.state());
            self.last = Some(state.clone());
            if differs || self.done {
                return Some(Ok(state));
            }
        }
    }
}

impl<S: Polled> Stream for Poller<S> {
    type Item = Result<S>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.states.is_none() {
            let taken = Self {
                fetch: this.fetch.take(),
                clock: Arc::clone(&this.clock),
                interval: this.interval,
                max_wait: this.max_wait,
                states: None,
            };
            this.states = Some(taken.into_states());
        }
        match &mut this.states {
            Some(states) => states.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl<S: Polled> IntoFuture for Poller<S> {
    type Output = Result<S>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let mut states = self.into_states();
        Box::pin(async move {
            let mut last = None;
            while let Some(state) = states.next().await {
                last = Some(state?);
            }
            last.ok_or_else(|| {
                Error::new(ErrorKind::InvalidInput, "the poller was read to its end before it was awaited")
            })
        })
    }
}

impl<S> fmt::Debug for Poller<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("interval", &self.interval)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    /// A clock that stands still until it is slept with.
    #[derive(Clone, Debug)]
    struct RecordingClock {
        start: Instant,
        slept: Arc<Mutex<Vec<Duration>>>,
    }

    impl RecordingClock {
        fn new() -> Self {
            Self { start: Instant::now(), slept: Arc::default() }
        }

        fn slept(&self) -> Vec<Duration> {
            self.slept.lock().unwrap().clone()
        }
    }

    impl Clock for RecordingClock {
        fn now(&self) -> Instant {
            self.start + self.slept().iter().sum::<Duration>()
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            self.slept.lock().unwrap().push(duration);
            Box::pin(std::future::ready(()))
        }
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Job(&'static str);

    impl Polled for Job {
        fn state(&self) -> &str {
            self.0
        }

        fn has_ended(&self) -> bool {
            matches!(self.0, "completed" | "failed")
        }

        fn name(&self) -> String {
            "job 1".to_owned()
        }
    }

    fn poller(clock: &RecordingClock, states: &[&'static str]) -> Poller<Job> {
        let mut states: Vec<&'static str> = states.iter().rev().copied().collect();
        Poller::new(
            Arc::new(clock.clone()),
            Box::new(move |_| {
                let state = states.pop().ok_or_else(|| Error::new(ErrorKind::Connect, "gone"));
                Box::pin(async move { state.map(Job) })
            }),
        )
    }

    #[tokio::test]
    async fn the_stream_gives_each_state_once_and_ends() {
        let clock = RecordingClock::new();
        let mut poller = poller(&clock, &["queued", "queued", "in_progress", "in_progress", "completed", "queued"]);
        let mut seen = Vec::new();
        while let Some(state) = poller.next().await {
            seen.push(state.unwrap().0);
        }
        assert_eq!(seen, ["queued", "in_progress", "completed"]);
        assert!(poller.next().await.is_none());
        assert_eq!(clock.slept(), [Duration::from_secs(1); 4]);
    }

    #[tokio::test]
    async fn awaited_it_gives_the_last_state() {
        let clock = RecordingClock::new();
        let last = poller(&clock, &["queued", "failed"]).interval(Duration::ZERO).await.unwrap();
        assert_eq!(last, Job("failed"));
        assert_eq!(clock.slept(), [SHORTEST_INTERVAL]);
    }

    #[tokio::test]
    async fn what_does_not_end_is_left_with_its_name_and_state() {
        let clock = RecordingClock::new();
        let error = poller(&clock, &["queued"; 100]).max_wait(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Deadline);
        assert!(error.to_string().contains("job 1 was still `queued` after 5.0 s"), "{error}");
        assert_eq!(clock.slept().len(), 5);
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let clock = RecordingClock::new();
        let mut poller = poller(&clock, &["queued"]);
        assert_eq!(poller.next().await.unwrap().unwrap(), Job("queued"));
        assert_eq!(poller.next().await.unwrap().unwrap_err().kind(), ErrorKind::Connect);
        assert!(poller.next().await.is_none());
    }
}
