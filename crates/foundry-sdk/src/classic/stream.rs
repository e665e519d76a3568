//! Runs as streams of events, over all their legs.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use foundry_raw::Event;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;

use super::partial::Partial;
use super::runs::{RunJob, RunPoller, Start};
use super::{CreateRun, CreateThreadAndRun, RunEvent, Runs, SubmitRunToolOutputs};
use crate::answering::Answers;
use crate::approvals::ApprovalPolicy;
use crate::classic::types::{RunStep, ThreadMessage, ThreadRun};
use crate::error::{Error, ErrorKind, Result};
use crate::functions::FunctionSet;
use crate::legs::{Begun, LegStream, Legged, Read, begin};
use crate::poller::{Job as _, Looks, RunGuard};
use crate::request::Request;

/// A run as a stream of its events.
///
/// As a `Stream` it gives each [`RunEvent`] as it comes; nothing is read ahead, and memory does not
/// grow with the stream's length. `.await` sends the request and gives the stream once the service
/// has begun to answer; without it that happens with the first event that is asked for.
///
/// With functions or an approval policy it goes on over all rounds as one stream: each leg ends with
/// [`RunEvent::Done`].
///
/// ```
/// # async fn example(classic: foundry_sdk::classic::Classic) -> foundry_sdk::Result<()> {
/// use futures_util::TryStreamExt as _;
///
/// let mut text = classic.runs("thread_1").create("asst_1").stream().into_text();
/// while let Some(piece) = text.try_next().await? {
///     print!("{piece}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of its requests. [`ErrorKind::Server`] for the event `error`. [`ErrorKind::Interrupted`] if
/// the body ends before `done`, [`ErrorKind::Timeout`] if nothing comes for 600 s: with the run
/// ([`Error::last_state`]) and what was written of its message
/// ([`Error::partial_message`]). Nothing is sent again by itself then;
/// [`resume_by_polling`](Self::resume_by_polling) goes on. [`ErrorKind::NeedsAction`] when the run
/// waits for what nobody answers. An event that cannot be decoded is one error of the kind
/// [`ErrorKind::Decode`], after which the stream goes on.
#[must_use = "a stream does nothing until it is read"]
pub struct RunStream(LegStream<RunLegs>);

/// How the legs of a run begin.
enum RunLegs {
    /// The functions are to be checked against what the run may call, before it starts.
    Start(Box<RunJob>),
    Begun(Begun),
    /// The first leg has begun.
    Later,
}

impl Legged for RunLegs {
    type Event = RunEvent;
    type State = ThreadRun;
    type Partial = Partial;

    const WHAT: &'static str = "run";
    const ANSWERS_BEGIN_ANEW: bool = false;

    fn start<'a>(&'a mut self, functions: Option<&'a FunctionSet>) -> BoxFuture<'a, Result<Begun>> {
        Box::pin(async move {
            let mut job = match std::mem::replace(self, Self::Later) {
                Self::Start(job) => job,
                Self::Begun(begun) => return Ok(begun),
                Self::Later => return Err(super::runs::started_before()),
            };
            if let Some(functions) = functions {
                job.check(functions).await?;
            }
            match job.start {
                Start::Run(request) => Ok(begin(*request)),
                Start::ThreadAndRun(request) => Ok(begin(*request)),
                _ => Err(super::runs::started_before()),
            }
        })
    }

    fn read(&mut self, event: &Event<'_>) -> Read<RunEvent> {
        RunEvent::read(event)
    }

    fn ends_leg(event: &RunEvent) -> bool {
        *event == RunEvent::Done
    }

    fn shown(event: &RunEvent) -> Option<&ThreadRun> {
        event.run()
    }

    fn take(partial: &mut Partial, event: &RunEvent) {
        partial.take(event);
    }

    fn state(partial: &Partial) -> Option<&ThreadRun> {
        partial.run.as_ref()
    }

    fn is_over(run: &ThreadRun) -> bool {
        run.has_ended()
    }

    fn go_on(&mut self, looks: &Looks, run: &ThreadRun, answers: &Answers) -> Result<Begun> {
        let runs = Runs { client: looks.client.clone(), thread_id: run.thread_id.clone() };
        Ok(begin(looks.like(runs.submit(&run.id)).answers(answers)))
    }

    fn guard(looks: &Looks, run: &ThreadRun) -> Option<RunGuard> {
        let runs = Runs { client: looks.client.clone(), thread_id: run.thread_id.clone() };
        Some(runs.guard(&run.id))
    }
}

impl RunStream {
    /// Calls these functions when the run asks for them, and goes on with what it does then; see
    /// [`RunPoller::with_functions`](crate::Poller::with_functions). Once the stream has begun it has
    /// no effect.
    pub fn with_functions(mut self, functions: &FunctionSet) -> Self {
        self.0.set_functions(functions);
        self
    }

    /// Decides by this policy when the run asks whether tools of MCP servers may be called, and goes
    /// on with what it does then. Once the stream has begun it has no effect.
    pub fn with_approvals(mut self, policy: &ApprovalPolicy) -> Self {
        self.0.set_approvals(policy);
        self
    }

    /// Cancels the run on the service when the stream is dropped or fails before the run has ended,
    /// as [`RunGuard`] says; off unless set. Once the stream has begun it has no effect.
    pub fn cancel_on_drop(mut self, cancel: bool) -> Self {
        self.0.set_cancel_on_drop(cancel);
        self
    }

    /// The pieces of the text that is written, as they come.
    ///
    /// # Errors
    /// Those of the stream; [`ErrorKind::RunFailed`] if the run ends otherwise than completed.
    pub fn into_text(self) -> impl Stream<Item = Result<String>> + Send + Unpin + 'static {
        let pieces = self.filter_map(|event| {
            std::future::ready(match event {
                Ok(event) => event.text_delta().map(Ok).or_else(|| failed(&event).map(Err)),
                Err(error) => Some(Err(error)),
            })
        });
        pieces.boxed()
    }

    /// What the run makes, each once it is whole: messages, steps, and the run itself at its end.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn into_items(self) -> impl Stream<Item = Result<RunItem>> + Send + Unpin + 'static {
        self.filter_map(|event| std::future::ready(event.map(RunItem::of).transpose())).boxed()
    }

    /// Goes on by polling after the stream was cut, or was left: with the same functions and
    /// approvals, and without asking them again what they have answered.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the stream has not shown its run yet.
    pub fn resume_by_polling(&self) -> Result<RunPoller> {
        let shown = self.0.shown();
        let Some(run) = shown.partial.run else {
            let message = "the stream has not shown its run yet: list the thread's runs to see whether it was started";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        let looks = &self.0.looks;
        let runs = Runs { client: looks.client.clone(), thread_id: run.thread_id };
        let mut poller = looks.like(runs.get(&run.id)).poll();
        poller.options.answering = shown.answering.unwrap_or_default();
        Ok(poller)
    }
}

/// Something that a run has made, whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "one at a time is handed over; a box each would cost more")]
pub enum RunItem {
    /// A message, completed or incomplete.
    Message(ThreadMessage),
    /// A step that has ended.
    Step(RunStep),
    /// The run, which has ended.
    Run(ThreadRun),
}

impl RunItem {
    fn of(event: RunEvent) -> Option<Self> {
        match event {
            RunEvent::MessageCompleted(message) | RunEvent::MessageIncomplete(message) => Some(Self::Message(message)),
            RunEvent::StepCompleted(step)
            | RunEvent::StepFailed(step)
            | RunEvent::StepCancelled(step)
            | RunEvent::StepExpired(step) => Some(Self::Step(step)),
            event => event.run().filter(|run| run.has_ended()).cloned().map(Self::Run),
        }
    }
}

/// The error of a run that has ended otherwise than completed.
fn failed(event: &RunEvent) -> Option<Error> {
    let run = event.run().filter(|run| run.has_ended())?;
    run.clone().into_result().err().map(Error::from)
}

impl Stream for RunStream {
    type Item = Result<RunEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_next_unpin(context)
    }
}

impl IntoFuture for RunStream {
    type Output = Result<Self>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(Self(self.0.begun().await?)) })
    }
}

impl fmt::Debug for RunStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = self.0.with_partial(|partial| partial.run.as_ref().map(|run| run.id.clone()));
        f.debug_struct("RunStream").field("run", &run).field("functions", &self.0.functions()).finish_non_exhaustive()
    }
}

impl Request<CreateRun> {
    /// Starts the run, and gives its events as they come.
    ///
    /// Sends `POST /threads/{threadId}/runs` with `stream`; `GET /assistants/{assistantId}` before it
    /// if functions are given and the run has no tools of its own.
    pub fn stream(self) -> RunStream {
        let looks = Looks::of(&self);
        let job = RunJob::new(looks.clone(), Start::Run(Box::new(self)));
        RunStream(LegStream::new(looks, RunLegs::Start(Box::new(job))))
    }
}

impl Request<CreateThreadAndRun> {
    /// Creates the thread, starts the run, and gives its events as they come.
    ///
    /// Sends `POST /threads/runs` with `stream`.
    pub fn stream(self) -> RunStream {
        let looks = Looks::of(&self);
        let job = RunJob::new(looks.clone(), Start::ThreadAndRun(Box::new(self)));
        RunStream(LegStream::new(looks, RunLegs::Start(Box::new(job))))
    }
}

impl Request<SubmitRunToolOutputs> {
    /// Hands in what the run waits for, and gives its further events as they come.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs` with `stream`.
    pub fn stream(self) -> RunStream {
        let looks = Looks::of(&self);
        RunStream(LegStream::new(looks, RunLegs::Begun(begin(self))))
    }
}
