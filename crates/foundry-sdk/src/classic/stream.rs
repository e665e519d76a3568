//! Runs as streams of events, over all their legs.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;

use super::events::Read;
use super::partial::Partial;
use super::runs::{RunJob, RunPoller, Start};
use super::{CreateRun, CreateThreadAndRun, RunEvent, Runs, SubmitRunToolOutputs};
use crate::answering::{Answered, Answering, Step};
use crate::approvals::ApprovalPolicy;
use crate::classic::types::{RunStep, ThreadMessage, ThreadRun};
use crate::error::{Error, ErrorKind, Result};
use crate::event_stream::EventStream;
use crate::functions::FunctionSet;
use crate::poller::{Job as _, Looks, Polled as _, RunGuard, Standing};
use crate::request::{Request, Streamed};

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
pub struct RunStream {
    legs: Option<Box<Legs>>,
    events: Option<BoxStream<'static, Result<RunEvent>>>,
    shared: Arc<Mutex<Shared>>,
    functions: Option<FunctionSet>,
    approvals: Option<ApprovalPolicy>,
    looks: Looks,
}

/// What a stream has shown, for who goes on after it.
#[derive(Default)]
struct Shared {
    partial: Partial,
    /// What was answered and perhaps not handed in.
    answering: Option<Answering>,
}

fn locked(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    // Nothing panics while it is held; if something did, what is there is still right.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

type Begun = BoxFuture<'static, Result<EventStream>>;

/// Sends a request for its stream.
fn begin<O: Streamed>(request: Request<O>) -> Begun {
    Box::pin(async move {
        let operation = request.operation.table();
        let sent = Arc::clone(&request.options.sent);
        let reply = request.finish(|operation, client, options| operation.stream(client, options)).await?;
        Ok(EventStream::new(reply, operation, sent.get().map(|sent| sent.url.clone())))
    })
}

/// Where the stream stands.
enum Stage {
    /// The functions are to be checked against what the run may call, before it starts.
    Start(RunJob),
    Begun(Begun),
    Reading(EventStream),
    /// A leg has ended.
    Between,
    End,
}

struct Legs {
    stage: Stage,
    looks: Looks,
    answering: Answering,
    shared: Arc<Mutex<Shared>>,
    cancel_on_drop: bool,
    guard: Option<RunGuard>,
}

impl RunStream {
    fn new(looks: Looks, stage: Stage) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let legs = Legs {
            stage,
            looks: looks.clone(),
            answering: Answering::default(),
            shared: Arc::clone(&shared),
            cancel_on_drop: false,
            guard: None,
        };
        Self { legs: Some(Box::new(legs)), events: None, shared, functions: None, approvals: None, looks }
    }

    /// Calls these functions when the run asks for them, and goes on with what it does then; see
    /// [`RunPoller::with_functions`](crate::Poller::with_functions). Once the stream has begun it has
    /// no effect.
    pub fn with_functions(mut self, functions: &FunctionSet) -> Self {
        self.functions = Some(functions.clone());
        if let Some(legs) = &mut self.legs {
            legs.answering.functions = Some(functions.clone());
        }
        self
    }

    /// Decides by this policy when the run asks whether tools of MCP servers may be called, and goes
    /// on with what it does then. Once the stream has begun it has no effect.
    pub fn with_approvals(mut self, policy: &ApprovalPolicy) -> Self {
        self.approvals = Some(policy.clone());
        if let Some(legs) = &mut self.legs {
            legs.answering.approvals = Some(policy.clone());
        }
        self
    }

    /// Cancels the run on the service when the stream is dropped or fails before the run has ended,
    /// as [`RunGuard`] says; off unless set. Once the stream has begun it has no effect.
    pub fn cancel_on_drop(mut self, cancel: bool) -> Self {
        if let Some(legs) = &mut self.legs {
            legs.cancel_on_drop = cancel;
        }
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
        let mut shared = locked(&self.shared);
        let Some(run) = &shared.partial.run else {
            let message = "the stream has not shown its run yet: list the thread's runs to see whether it was started";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        let runs = Runs { client: self.looks.client.clone(), thread_id: run.thread_id.clone() };
        let mut poller = self.looks.like(runs.get(&run.id)).poll();
        let mut answering = shared.answering.take().unwrap_or_default();
        answering.functions.clone_from(&self.functions);
        answering.approvals.clone_from(&self.approvals);
        poller.options.answering = answering;
        Ok(poller)
    }

    fn begin(&mut self) {
        let Some(legs) = self.legs.take() else { return };
        let events = futures_util::stream::unfold(legs, |mut legs| async move {
            let event = legs.next().await?;
            Some((event, legs))
        });
        self.events = Some(events.fuse().boxed());
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

impl Legs {
    /// The next event, over all legs.
    async fn next(&mut self) -> Option<Result<RunEvent>> {
        loop {
            // Whatever becomes of the work, dropped in its middle it is not begun again.
            let next = match std::mem::replace(&mut self.stage, Stage::End) {
                Stage::Start(job) => self.check(job).await,
                Stage::Begun(begun) => begun.await.map(Stage::Reading).map_err(|error| self.with_partial(error)),
                Stage::Reading(events) => match self.read(events).await {
                    Some(event) => return Some(event),
                    None => continue,
                },
                Stage::Between => self.between().await,
                Stage::End => return None,
            };
            match next {
                Ok(stage) => self.stage = stage,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    async fn check(&mut self, mut job: RunJob) -> Result<Stage> {
        if let Some(functions) = &self.answering.functions {
            job.check(functions).await?;
        }
        Ok(match job.start {
            Start::Run(request) => Stage::Begun(begin(*request)),
            Start::ThreadAndRun(request) => Stage::Begun(begin(*request)),
            _ => Stage::End,
        })
    }

    /// Reads one event; `None` if it was nothing for the caller.
    async fn read(&mut self, mut events: EventStream) -> Option<Result<RunEvent>> {
        match events.next(RunEvent::read).await {
            Ok(Some(Read::Nothing)) => {
                self.stage = Stage::Reading(events);
                None
            }
            Ok(Some(Read::Event(event))) => {
                self.took(&event);
                if event == RunEvent::Done {
                    events.drain().await;
                    self.stage = Stage::Between;
                } else {
                    self.stage = Stage::Reading(events);
                }
                Some(Ok(event))
            }
            Ok(Some(Read::Undecoded(error))) => {
                let error = events.error(error);
                self.stage = Stage::Reading(events);
                Some(Err(error))
            }
            Ok(Some(Read::Failed(error))) => {
                events.drain().await;
                Some(Err(self.with_partial(events.error(error))))
            }
            Ok(None) => {
                let message = "the stream ended before its run did";
                Some(Err(self.with_partial(events.error(Error::new(ErrorKind::Interrupted, message)))))
            }
            Err(error) => Some(Err(self.with_partial(error))),
        }
    }

    fn took(&mut self, event: &RunEvent) {
        locked(&self.shared).partial.take(event);
        let Some(run) = event.run() else { return };
        if run.has_ended() {
            self.disarm();
        } else if self.cancel_on_drop && self.guard.is_none() {
            let runs = Runs { client: self.looks.client.clone(), thread_id: run.thread_id.clone() };
            self.guard = Some(runs.guard(&run.id));
        }
    }

    fn disarm(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.disarm();
        }
    }

    /// What comes after a leg: another one, if the run waits for its caller, or the end.
    async fn between(&mut self) -> Result<Stage> {
        let run = locked(&self.shared).partial.run.clone();
        let Some(run) = run.filter(|run| run.standing() == Standing::NeedsAction) else { return Ok(Stage::End) };
        match self.answering.answer(run.asked()).await {
            Ok(Answered::All) => {}
            Ok(Answered::NotAll(reason)) => {
                self.disarm();
                let message = format!("{} waits for {reason}", run.name());
                let action = self.answering.needs_action(run);
                return Err(Error::from_needs_action(message, action));
            }
            Err(error) => return Err(error.with_state(run)),
        }
        // Once it is sent nobody knows whether it has arrived until the next event shows it.
        self.answering.set(Step::Unsure);
        locked(&self.shared).answering = Some(self.answering.clone());
        let runs = Runs { client: self.looks.client.clone(), thread_id: run.thread_id.clone() };
        let mut request = self.looks.like(runs.submit(&run.id));
        if let Some(answers) = self.answering.answers() {
            request = request.answers(answers);
        }
        Ok(Stage::Begun(begin(request)))
    }

    /// An error with what the stream has shown.
    fn with_partial(&self, error: Error) -> Error {
        error.with_state(locked(&self.shared).partial.clone())
    }
}

impl Stream for RunStream {
    type Item = Result<RunEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.begin();
        match &mut this.events {
            Some(events) => events.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl IntoFuture for RunStream {
    type Output = Result<Self>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            if let Some(legs) = &mut self.legs {
                loop {
                    legs.stage = match std::mem::replace(&mut legs.stage, Stage::End) {
                        Stage::Start(job) => legs.check(job).await?,
                        Stage::Begun(begun) => Stage::Reading(begun.await?),
                        stage => {
                            legs.stage = stage;
                            break;
                        }
                    };
                }
            }
            Ok(self)
        })
    }
}

impl fmt::Debug for RunStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = locked(&self.shared).partial.run.as_ref().map(|run| run.id.clone());
        f.debug_struct("RunStream").field("run", &run).field("functions", &self.functions).finish_non_exhaustive()
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
        RunStream::new(looks, Stage::Start(job))
    }
}

impl Request<CreateThreadAndRun> {
    /// Creates the thread, starts the run, and gives its events as they come.
    ///
    /// Sends `POST /threads/runs` with `stream`.
    pub fn stream(self) -> RunStream {
        let looks = Looks::of(&self);
        let job = RunJob::new(looks.clone(), Start::ThreadAndRun(Box::new(self)));
        RunStream::new(looks, Stage::Start(job))
    }
}

impl Request<SubmitRunToolOutputs> {
    /// Hands in what the run waits for, and gives its further events as they come.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs` with `stream`.
    pub fn stream(self) -> RunStream {
        RunStream::new(Looks::of(&self), Stage::Begun(begin(self)))
    }
}
