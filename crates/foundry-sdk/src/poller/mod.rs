//! Waiting for what runs on the service until it ends.

mod guard;
mod looks;
mod progress;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;

pub use self::guard::RunGuard;
pub(crate) use self::guard::{Cancel, as_cancelled};
pub(crate) use self::looks::{Looks, OnceStarted};
use self::progress::Progress;
use crate::answering::{Answering, Answers, Asked};
use crate::approvals::ApprovalPolicy;
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, RequestIds, Result};
use crate::functions::FunctionSet;

/// Something that runs on the service and has a state.
///
/// Implemented for what the service runs; there is nothing for others to implement.
pub trait Polled: sealed::Sealed + Clone + Send + Sync + 'static {
    /// Its id.
    fn id(&self) -> &str;

    /// The state, as the service calls it.
    fn state(&self) -> &str;

    /// What it is, for error messages: `run run_… of thread thread_…`.
    fn name(&self) -> String;

    /// What the state means to who waits.
    #[doc(hidden)]
    fn standing(&self) -> Standing;

    /// What it waits for, if it waits for its caller.
    #[doc(hidden)]
    fn asked(&self) -> Asked {
        Asked::default()
    }

    /// The time to wait until another try, if it failed for a reason that passes.
    #[doc(hidden)]
    fn passing_failure(&self) -> Option<Option<Duration>> {
        None
    }
}

/// What a state means to who waits.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    /// It waits for the caller; asking again shows nothing new.
    NeedsAction,
    Ended,
    /// No state that this version knows: it may go on.
    Unknown,
}

pub(crate) mod sealed {
    /// Only this crate names what is polled.
    pub trait Sealed {}
}

/// A state, and what the answer said about when to ask again.
#[derive(Debug)]
pub(crate) struct Seen<S> {
    pub(crate) state: S,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) ids: RequestIds,
}

/// What a poller has to do with the service: how something is started, looked at, answered.
pub(crate) trait Job<S>: Send {
    /// Fails if it may ask for a function that is not in the set.
    fn check<'a>(&'a mut self, _functions: &'a FunctionSet) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Starts it; `for_good` if it will not be started again. What it waits for before it can start
    /// may take until `deadline`, if it ends at all.
    fn start(&mut self, for_good: bool, deadline: Option<Instant>) -> BoxFuture<'_, Result<Seen<S>>>;

    /// Whether it can be started again.
    fn can_start_again(&self) -> bool {
        false
    }

    /// Gets it again.
    fn look<'a>(&'a mut self, last: &'a S) -> BoxFuture<'a, Result<Seen<S>>>;

    /// Hands in what it waits for.
    fn hand_in<'a>(&'a mut self, _last: &'a S, _answers: &'a Answers) -> BoxFuture<'a, Result<Seen<S>>> {
        Box::pin(async { Err(Error::new(ErrorKind::InvalidInput, "it takes no answers")) })
    }

    /// Whether looking again shows if answers have arrived that were sent: so it is where they are for
    /// what asked, and not where they begin something else.
    fn looks_show_answers(&self) -> bool {
        true
    }

    /// How it is canceled on the service.
    fn cancel(&self, _last: &S) -> Cancel {
        no_cancel()
    }

    /// What it does about another one that is in its way; nothing unless it can.
    fn set_when_busy(&mut self, _when_busy: WhenBusy) {}
}

/// For what cannot be canceled; its poller has no way to ask for it.
fn no_cancel() -> Cancel {
    Arc::new(|| Box::pin(std::future::ready(Ok(()))))
}

/// What a new run does about another one that is active in its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenBusy {
    /// It is refused: an error of the kind [`ErrorKind::BadRequest`], whose
    /// [`active_run_id`](Error::active_run_id) names the other.
    Fail,
    /// It waits until the other has ended, and then starts. One that waits for its own caller may
    /// never end: the poller's `max_wait` bounds it.
    Wait,
    /// It cancels the other, waits until it has ended, and then starts.
    Cancel,
}

/// Whether, and how often, something that failed for a rate limit is run again; see
/// [`Poller::run_again`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RunAgain {
    pub(crate) max_times: u32,
    pub(crate) wait: Duration,
}

impl RunAgain {
    /// Runs again after a failure with `rate_limit_exceeded`: up to three times, each after the time
    /// that the failure's message asks for, or a minute if it names none.
    pub fn after_rate_limit() -> Self {
        Self { max_times: 3, wait: Duration::from_secs(60) }
    }

    /// How often it is run again at most; three times unless set.
    pub fn max_times(mut self, times: u32) -> Self {
        self.max_times = times;
        self
    }

    /// How long to wait where the failure names no time; a minute unless set.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// Polls something until it ends.
///
/// `.await` gives the last state. As a `Stream` it gives each state that differs from the one
/// before, the last one included, and then ends.
///
/// A question that fails for a reason that passes is asked again, up to five times in a row, each with
/// the client's own repetitions. After a first state every error has the last one
/// ([`Error::last_state`]).
///
/// # Errors
/// Those of its requests; [`ErrorKind::Deadline`] when `max_wait` is over; [`ErrorKind::NeedsAction`]
/// when it waits for something that the poller cannot answer; [`ErrorKind::InvalidInput`] if an agent
/// names a function that the given set does not have.
#[must_use = "a poller does nothing until it is awaited or read as a stream"]
pub struct Poller<S> {
    /// Until it begins.
    pub(crate) job: Option<Box<dyn Job<S>>>,
    pub(crate) client: ProjectClient,
    pub(crate) options: Options,
    states: Option<BoxStream<'static, Result<S>>>,
}

/// How it is polled.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) interval: Duration,
    pub(crate) max_interval: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) answering: Answering,
    pub(crate) run_again: Option<RunAgain>,
    pub(crate) cancel_on_drop: bool,
    pub(crate) cancel_on_deadline: bool,
    /// Whether somebody else is to answer what it waits for.
    pub(crate) is_of_another: bool,
}

/// Shorter intervals are taken as this one.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
/// Longer intervals are taken as this one.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

impl<S: Polled> Poller<S> {
    pub(crate) fn new(client: &ProjectClient, job: Box<dyn Job<S>>) -> Self {
        Self {
            job: Some(job),
            client: client.clone(),
            options: Options {
                interval: Duration::from_secs(1),
                max_interval: Duration::from_secs(5),
                max_wait: Duration::from_secs(600),
                answering: Answering::default(),
                run_again: None,
                cancel_on_drop: false,
                cancel_on_deadline: false,
                is_of_another: false,
            },
            states: None,
        }
    }

    /// How long to wait between two questions at first: 1 s unless set, at least 10 ms, at most 60 s.
    ///
    /// While the state stays the same the interval grows by a quarter each time, up to
    /// [`max_interval`](Self::max_interval); with a new state it begins anew. A `Retry-After` of an
    /// answer goes before it.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.options.interval = interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        self
    }

    /// What the interval grows to: 5 s unless set, 30 s of a job, at most 60 s; it is never less than the
    /// interval.
    pub fn max_interval(mut self, interval: Duration) -> Self {
        self.options.max_interval = interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        self
    }

    /// How long it all may take: 10 minutes unless set, an hour of a job. What is waited for goes on by itself after it,
    /// unless it can be canceled and `cancel_on_deadline` is set.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.options.max_wait = max_wait;
        self
    }

    fn into_progress(self) -> Option<Progress<S>> {
        Some(Progress::new(self.job?, &self.client, self.options))
    }
}

/// What can be canceled on the service.
#[doc(hidden)]
pub trait Cancelable: Polled {}

impl<S: Cancelable> Poller<S> {
    /// Cancels it on the service when `max_wait` is over; the error says whether that succeeded. Off
    /// unless set.
    pub fn cancel_on_deadline(mut self, cancel: bool) -> Self {
        self.options.cancel_on_deadline = cancel;
        self
    }

    /// Cancels it on the service when the poller, or its future, is dropped or fails before it has
    /// ended, except with [`ErrorKind::NeedsAction`]. Off unless set.
    ///
    /// It is as [`RunGuard`] says: one request, sent by a task of the runtime that polled.
    pub fn cancel_on_drop(mut self, cancel: bool) -> Self {
        self.options.cancel_on_drop = cancel;
        self
    }
}

/// What can ask its caller for something.
#[doc(hidden)]
pub trait Asking: Polled {}

impl<S: Asking> Poller<S> {
    /// Calls these functions when it asks for them, and hands in what they give.
    ///
    /// Before it starts, what the agent may call is looked up: a function that is not in the set is
    /// an error, and nothing starts. A model without an agent is told of the functions by the request. What the functions give or fail with goes back to the model.
    /// Calls are never made twice, whatever becomes of the request that hands them in.
    pub fn with_functions(mut self, functions: &FunctionSet) -> Self {
        self.options.answering.functions = Some(functions.clone());
        self
    }

    /// Decides by this policy when it asks whether tools of MCP servers may be called.
    pub fn with_approvals(mut self, policy: &ApprovalPolicy) -> Self {
        self.options.answering.approvals = Some(policy.clone());
        self
    }

    /// Runs it again when it failed for a rate limit; never unless set. What the failed run has
    /// written in its thread stays there.
    pub fn run_again(mut self, policy: RunAgain) -> Self {
        self.options.run_again = Some(policy);
        self
    }
}

impl<S: Polled> Stream for Poller<S> {
    type Item = Result<S>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(job) = this.job.take() {
            let progress = Progress::new(job, &this.client, this.options.clone());
            let states = futures_util::stream::unfold(progress, |mut progress| async move {
                let next = progress.next().await?;
                Some((next.map(|()| progress.last().cloned()).transpose()?, progress))
            });
            this.states = Some(states.fuse().boxed());
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
        Box::pin(async move { Ok(self.finish().await?.0) })
    }
}

impl<S: Polled> Poller<S> {
    /// Polls to the end; gives the last state with the ids of the answer that showed it.
    pub(crate) async fn finish(mut self) -> Result<(S, RequestIds)> {
        let mut last = None;
        if let Some(mut states) = self.states.take() {
            while let Some(state) = states.next().await {
                last = Some((state?, RequestIds::default()));
            }
        } else if let Some(mut progress) = self.into_progress() {
            while let Some(next) = progress.next().await {
                next?;
            }
            last = progress.into_last();
        }
        last.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "the poller was read to its end before it was awaited"))
    }
}

impl<S> fmt::Debug for Poller<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("options", &self.options).finish_non_exhaustive()
    }
}
