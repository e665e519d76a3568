//! How something that is polled goes on: one step at a time, within its deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Job, Options, Polled, RunGuard, Seen, Standing};
use crate::answering::{Answered, Step};
use crate::client::ProjectClient;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, RequestIds, Result};
use crate::pipeline::in_runtime;

/// How many questions in a row may fail for a reason that passes.
const MAX_FAILURES: u32 = 5;

/// What the service asks to wait is at least as long as this, or as the interval if that is shorter.
const SHORTEST_ASKED: Duration = Duration::from_millis(100);

/// How long before the deadline it is asked a last time, at most.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// How long cancelling may take when the deadline is over.
const CANCEL_TIME: Duration = Duration::from_secs(10);

pub(super) struct Progress<S> {
    job: Box<dyn Job<S>>,
    clock: Arc<dyn Clock>,
    options: Options,
    start: Instant,
    last: Option<S>,
    ids: RequestIds,
    /// The time to the next question, as it has grown.
    interval: Duration,
    /// The time that the last answer asked for instead.
    asked_wait: Option<Duration>,
    /// How many questions in a row have failed.
    failures: u32,
    /// How often it was run again.
    reruns: u32,
    knows_unknown: bool,
    had_last_look: bool,
    /// Something was handed in, and nobody knows whether it arrived: look before it is sent again.
    is_unsure: bool,
    is_done: bool,
    guard: Option<RunGuard>,
}

impl<S: Polled> Progress<S> {
    pub(super) fn new(job: Box<dyn Job<S>>, client: &ProjectClient, options: Options) -> Self {
        let clock = Arc::clone(client.clock());
        let mut options = options;
        options.max_interval = options.max_interval.max(options.interval);
        Self {
            job,
            start: clock.now(),
            clock,
            interval: options.interval,
            options,
            last: None,
            ids: RequestIds::default(),
            asked_wait: None,
            failures: 0,
            reruns: 0,
            knows_unknown: false,
            had_last_look: false,
            is_unsure: false,
            is_done: false,
            guard: None,
        }
    }

    pub(super) fn last(&self) -> Option<&S> {
        self.last.as_ref()
    }

    /// The last state, and the ids of the answer that showed it.
    pub(super) fn into_last(self) -> Option<(S, RequestIds)> {
        Some((self.last?, self.ids))
    }

    /// Goes on until there is another state, which is then the last one; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<()>> {
        while !self.is_done {
            match self.step().await {
                Ok(true) => return Some(Ok(())),
                Ok(false) => {}
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// Does what the last state asks for; true if there is another one now.
    async fn step(&mut self) -> Result<bool> {
        let Some(last) = &self.last else { return self.begin().await };
        match last.standing() {
            Standing::Ended => match self.wait_for_another_run() {
                Some(wait) => {
                    self.clock.sleep(wait).await;
                    self.reruns += 1;
                    let seen = self.start().await?;
                    Ok(self.took(seen))
                }
                None => {
                    self.is_done = true;
                    self.disarm();
                    Ok(false)
                }
            },
            Standing::NeedsAction
                if !self.options.is_of_another
                    && !self.is_unsure
                    && !self.options.answering.is_handed_in(&last.asked()) =>
            {
                self.answer().await
            }
            standing => {
                if standing == Standing::Unknown && !std::mem::replace(&mut self.knows_unknown, true) {
                    told::unknown(&last.name(), last.state());
                }
                self.wait_and_look().await
            }
        }
    }

    async fn begin(&mut self) -> Result<bool> {
        in_runtime()?;
        if let Some(functions) = self.options.answering.functions.clone() {
            let left = self.left();
            match tokio::time::timeout(left, self.job.check(&functions)).await {
                Ok(checked) => checked?,
                Err(_) => return Err(self.not_started()),
            }
        }
        let seen = self.start().await?;
        Ok(self.took(seen))
    }

    async fn start(&mut self) -> Result<Seen<S>> {
        let for_good = self.options.run_again.is_none();
        let left = self.left();
        let deadline = self.clock.now().checked_add(left);
        match tokio::time::timeout(left, self.job.start(for_good, deadline)).await {
            Ok(started) => started.map_err(|error| self.with_last(error)),
            Err(_) => Err(self.not_started()),
        }
    }

    fn not_started(&self) -> Error {
        let message =
            format!("there was no answer to the start within {:?}; it may have started", self.options.max_wait);
        self.with_last(Error::new(ErrorKind::Deadline, message))
    }

    /// Answers what it waits for, and hands it in.
    async fn answer(&mut self) -> Result<bool> {
        let left = self.left();
        let Some(last) = &self.last else { return Ok(false) };
        let asked = last.asked();
        let answered = tokio::time::timeout(left, self.options.answering.answer(asked)).await;
        match answered {
            Ok(Ok(Answered::All)) => {}
            Ok(Ok(Answered::NotAll(reason))) => {
                let message = format!("{} waits for {reason}", last.name());
                let action = self.options.answering.needs_action(last.clone());
                // The caller is to go on with it.
                self.disarm();
                return Err(Error::from_needs_action(message, action));
            }
            Ok(Err(error)) => return Err(self.with_last(error)),
            Err(_) => return Err(self.deadline().await),
        }
        let left = self.left();
        let Some(answers) = self.options.answering.answers() else { return Ok(false) };
        match tokio::time::timeout(left, self.job.hand_in(last, answers)).await {
            Ok(Ok(seen)) => {
                self.options.answering.set(Step::HandedIn);
                self.failures = 0;
                Ok(self.took(seen))
            }
            // Sent once more it might be done twice: the caller gets the answers, and decides.
            Ok(Err(error)) if !self.job.looks_show_answers() => {
                let action = self.options.answering.needs_action(last.clone());
                Err(error.with_state(action))
            }
            Err(_) if !self.job.looks_show_answers() => {
                let action = self.options.answering.needs_action(last.clone());
                Err(self.deadline().await.with_state(action))
            }
            // It may have arrived: look whether it has. What was refused the second time had.
            Ok(Err(error)) if error.is_retryable() || self.is_refused_again(&error) => {
                self.options.answering.set(Step::Unsure);
                self.is_unsure = true;
                self.failed(error)?;
                Ok(false)
            }
            Ok(Err(error)) => Err(self.with_last(error)),
            Err(_) => Err(self.deadline().await),
        }
    }

    fn is_refused_again(&self, error: &Error) -> bool {
        self.options.answering.is_unsure() && matches!(error.kind(), ErrorKind::BadRequest | ErrorKind::Conflict)
    }

    async fn wait_and_look(&mut self) -> Result<bool> {
        let left = self.left();
        if left.is_zero() || self.had_last_look {
            self.clock.sleep(left).await;
            return Err(self.deadline().await);
        }
        let shortest = SHORTEST_ASKED.min(self.options.interval);
        let wait = self.asked_wait.take().map_or(self.interval, |wait| wait.max(shortest));
        if wait < left {
            self.clock.sleep(wait).await;
        } else {
            // A last question, early enough for an answer.
            self.had_last_look = true;
            let reserve = LAST_LOOK.min(left / 2);
            self.clock.sleep(left.saturating_sub(reserve)).await;
        }
        self.interval = (self.interval + self.interval / 4).min(self.options.max_interval);
        let left = self.left();
        let Some(last) = &self.last else { return Ok(false) };
        match tokio::time::timeout(left, self.job.look(last)).await {
            Ok(Ok(seen)) => {
                self.failures = 0;
                self.is_unsure = false;
                Ok(self.took(seen))
            }
            Ok(Err(error)) if error.is_retryable() => {
                self.failed(error)?;
                Ok(false)
            }
            Ok(Err(error)) => Err(self.with_last(error)),
            Err(_) => Err(self.deadline().await),
        }
    }

    /// Takes a question that failed for a reason that passes, unless there were too many.
    fn failed(&mut self, error: Error) -> Result<()> {
        self.failures += 1;
        if self.failures > MAX_FAILURES {
            return Err(self.with_last(error));
        }
        self.asked_wait = error.retry_after();
        Ok(())
    }

    /// Takes a state; true if it differs from the one before.
    fn took(&mut self, seen: Seen<S>) -> bool {
        let differs =
            self.last.as_ref().is_none_or(|last| last.state() != seen.state.state() || last.id() != seen.state.id());
        if differs {
            self.interval = self.options.interval;
        }
        self.asked_wait = seen.retry_after;
        let is_new = self.last.as_ref().is_none_or(|last| last.id() != seen.state.id());
        if is_new && self.options.cancel_on_drop {
            self.disarm();
            self.guard = Some(RunGuard::new(seen.state.name(), self.job.cancel(&seen.state)));
        }
        self.last = Some(seen.state);
        self.ids = seen.ids;
        differs
    }

    /// How long to wait until it is run again, if it is.
    fn wait_for_another_run(&self) -> Option<Duration> {
        let policy = self.options.run_again.as_ref()?;
        let wait = self.last.as_ref()?.passing_failure()?.unwrap_or(policy.wait);
        let goes_on = self.reruns < policy.max_times && self.job.can_start_again() && wait < self.left();
        goes_on.then_some(wait)
    }

    fn left(&self) -> Duration {
        let waited = self.clock.now().saturating_duration_since(self.start);
        self.options.max_wait.saturating_sub(waited)
    }

    fn with_last(&self, error: Error) -> Error {
        match &self.last {
            Some(last) => error.with_state(last.clone()),
            None => error,
        }
    }

    fn disarm(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.disarm();
        }
    }

    /// The error for the end of the time; cancels first if that is asked for.
    async fn deadline(&mut self) -> Error {
        let waited = self.clock.now().saturating_duration_since(self.start);
        let Some(last) = &self.last else { return self.not_started() };
        let what = if self.options.cancel_on_deadline {
            let guard = self.guard.take().unwrap_or_else(|| RunGuard::new(last.name(), self.job.cancel(last)));
            match tokio::time::timeout(CANCEL_TIME, guard.cancel()).await {
                Ok(Ok(())) => "it was canceled".to_owned(),
                Ok(Err(error)) => format!("canceling it failed: {error}"),
                Err(_) => format!("there was no answer within {CANCEL_TIME:?} to canceling it"),
            }
        } else if self.guard.is_some() {
            "it is being canceled".to_owned()
        } else {
            "it goes on by itself".to_owned()
        };
        let message =
            format!("{} was still `{}` after {:.1} s; {what}", last.name(), last.state(), waited.as_secs_f64());
        self.with_last(Error::new(ErrorKind::Deadline, message).of_ids(&self.ids))
    }
}

/// What is told to `tracing`.
mod told {
    /// Once per poller: a state that nobody knows may be one in which it stays.
    #[cfg(feature = "tracing")]
    pub(super) fn unknown(name: &str, state: &str) {
        tracing::warn!(state, "{name} is in a state that this version does not know; it is polled on");
    }

    #[cfg(not(feature = "tracing"))]
    pub(super) fn unknown(_name: &str, _state: &str) {}
}
