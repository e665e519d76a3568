//! What runs on the service as a stream of events, over all its legs: read, answered, gone on with.
//!
//! It knows no API: runs and responses say what their events mean, and how a leg is begun.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use foundry_raw::Event;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;

use crate::answering::{Answered, Answering, Answers, Step};
use crate::approvals::ApprovalPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::event_stream::EventStream;
use crate::functions::FunctionSet;
use crate::poller::{Looks, Polled, RunGuard, Standing};
use crate::request::{Request, Streamed};

/// What an event comes to.
#[allow(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub(crate) enum Read<E> {
    Event(E),
    /// An event that cannot be decoded; the next one may be.
    Undecoded(Error),
    /// The stream says that it failed.
    Failed(Error),
    /// Nothing for the caller.
    Nothing,
}

/// A stream on its way.
pub(crate) type Begun = BoxFuture<'static, Result<EventStream>>;

/// Sends a request for its stream.
pub(crate) fn begin<O: Streamed>(request: Request<O>) -> Begun {
    Box::pin(async move {
        let operation = request.operation.table();
        let sent = Arc::clone(&request.options.sent);
        let reply = request.finish(|operation, client, options| operation.stream(client, options)).await?;
        Ok(EventStream::new(reply, operation, sent.get().map(|sent| sent.url.clone())))
    })
}

/// What the legs of an API are like.
pub(crate) trait Legged: Send + 'static {
    type Event: Send + 'static;
    /// What runs.
    type State: Polled;
    /// What a stream has shown so far.
    type Partial: Clone + Default + Send + Sync + 'static;

    /// What runs, in words.
    const WHAT: &'static str;

    /// Whether answers begin something with an id of its own, rather than go on with what asked. Then
    /// nobody can see by what asked whether they have arrived.
    const ANSWERS_BEGIN_ANEW: bool;

    /// Checks the functions against what may be called, and begins the first leg.
    fn start<'a>(&'a mut self, functions: Option<&'a FunctionSet>) -> BoxFuture<'a, Result<Begun>>;

    fn read(&mut self, event: &Event<'_>) -> Read<Self::Event>;

    fn ends_leg(event: &Self::Event) -> bool;

    /// The state that an event shows.
    fn shown(event: &Self::Event) -> Option<&Self::State>;

    fn take(partial: &mut Self::Partial, event: &Self::Event);

    fn state(partial: &Self::Partial) -> Option<&Self::State>;

    /// Whether nothing of it runs any more.
    fn is_over(state: &Self::State) -> bool;

    /// Begins the leg after this state, with the answers to what it asks for.
    fn go_on(&mut self, looks: &Looks, state: &Self::State, answers: &Answers) -> Result<Begun>;

    /// What cancels it when nobody reads any more, if it can be canceled.
    fn guard(looks: &Looks, state: &Self::State) -> Option<RunGuard>;

    /// Begins the leg that broke where it was cut, if that can be done.
    fn reconnect(&mut self, _looks: &Looks, _error: &Error) -> Option<Begun> {
        None
    }
}

/// What a stream has shown, for who goes on after it.
#[derive(Default)]
pub(crate) struct Shared<P> {
    pub(crate) partial: P,
    /// What was answered and perhaps not handed in.
    pub(crate) answering: Option<Answering>,
}

fn locked<P>(shared: &Mutex<Shared<P>>) -> MutexGuard<'_, Shared<P>> {
    // Nothing panics while it is held; if something did, what is there is still right.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the stream stands.
enum Stage {
    /// The functions are to be checked against what may be called, before it starts.
    Start,
    Begun(Begun),
    Reading(Box<EventStream>),
    /// A leg has ended.
    Between,
    End,
}

struct Legs<K: Legged> {
    stage: Stage,
    kind: K,
    looks: Looks,
    answering: Answering,
    shared: Arc<Mutex<Shared<K::Partial>>>,
    cancel_on_drop: bool,
    /// With the id of what it cancels.
    guard: Option<(String, RunGuard)>,
}

/// The legs as one stream, and what is set before they begin.
pub(crate) struct LegStream<K: Legged> {
    legs: Option<Box<Legs<K>>>,
    events: Option<BoxStream<'static, Result<K::Event>>>,
    shared: Arc<Mutex<Shared<K::Partial>>>,
    functions: Option<FunctionSet>,
    approvals: Option<ApprovalPolicy>,
    pub(crate) looks: Looks,
}

impl<K: Legged> LegStream<K> {
    pub(crate) fn new(looks: Looks, kind: K) -> Self {
        Self::after(looks, kind, Shared::default())
    }

    /// A stream that goes on after another one.
    pub(crate) fn after(looks: Looks, kind: K, shown: Shared<K::Partial>) -> Self {
        let answering = shown.answering.clone().unwrap_or_default();
        let (functions, approvals) = (answering.functions.clone(), answering.approvals.clone());
        let shared = Arc::new(Mutex::new(shown));
        let legs = Legs {
            stage: Stage::Start,
            kind,
            looks: looks.clone(),
            answering,
            shared: Arc::clone(&shared),
            cancel_on_drop: false,
            guard: None,
        };
        Self { legs: Some(Box::new(legs)), events: None, shared, functions, approvals, looks }
    }

    pub(crate) fn set_functions(&mut self, functions: &FunctionSet) {
        self.functions = Some(functions.clone());
        if let Some(legs) = &mut self.legs {
            legs.answering.functions = Some(functions.clone());
        }
    }

    pub(crate) fn set_approvals(&mut self, policy: &ApprovalPolicy) {
        self.approvals = Some(policy.clone());
        if let Some(legs) = &mut self.legs {
            legs.answering.approvals = Some(policy.clone());
        }
    }

    pub(crate) fn set_cancel_on_drop(&mut self, cancel: bool) {
        if let Some(legs) = &mut self.legs {
            legs.cancel_on_drop = cancel;
        }
    }

    pub(crate) fn functions(&self) -> Option<&FunctionSet> {
        self.functions.as_ref()
    }

    /// What was shown so far, to go on with; what answers is as it was set for this stream.
    pub(crate) fn shown(&self) -> Shared<K::Partial> {
        let shared = locked(&self.shared);
        let mut answering = shared.answering.clone().unwrap_or_default();
        answering.functions.clone_from(&self.functions);
        answering.approvals.clone_from(&self.approvals);
        Shared { partial: shared.partial.clone(), answering: Some(answering) }
    }

    /// Looks at what was shown so far.
    pub(crate) fn with_partial<T>(&self, look: impl FnOnce(&K::Partial) -> T) -> T {
        look(&locked(&self.shared).partial)
    }

    /// Sends the request, and waits until the service has begun to answer.
    pub(crate) async fn begun(mut self) -> Result<Self> {
        if let Some(legs) = &mut self.legs {
            loop {
                legs.stage = match std::mem::replace(&mut legs.stage, Stage::End) {
                    Stage::Start => legs.start().await?,
                    Stage::Begun(begun) => Stage::Reading(Box::new(begun.await?)),
                    stage => {
                        legs.stage = stage;
                        break;
                    }
                };
            }
        }
        Ok(self)
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

impl<K: Legged> Stream for LegStream<K>
where
    Self: Unpin,
{
    type Item = Result<K::Event>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.begin();
        match &mut this.events {
            Some(events) => events.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl<K: Legged> Legs<K> {
    /// The next event, over all legs.
    async fn next(&mut self) -> Option<Result<K::Event>> {
        loop {
            // Whatever becomes of the work, dropped in its middle it is not begun again.
            let next = match std::mem::replace(&mut self.stage, Stage::End) {
                Stage::Start => self.start().await,
                Stage::Begun(begun) => match begun.await {
                    Ok(events) => Ok(Stage::Reading(Box::new(events))),
                    Err(error) => self.broken(error),
                },
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

    async fn start(&mut self) -> Result<Stage> {
        Ok(Stage::Begun(self.kind.start(self.answering.functions.as_ref()).await?))
    }

    /// What comes after a leg that was cut: the same one again, if that can be done.
    fn broken(&mut self, error: Error) -> Result<Stage> {
        match self.kind.reconnect(&self.looks, &error) {
            Some(begun) => Ok(Stage::Begun(begun)),
            None => Err(self.with_partial(error)),
        }
    }

    /// Reads one event; `None` if it was nothing for the caller.
    async fn read(&mut self, mut events: Box<EventStream>) -> Option<Result<K::Event>> {
        let kind = &mut self.kind;
        let error = match events.next(|event| kind.read(event)).await {
            Ok(Some(Read::Nothing)) => {
                self.stage = Stage::Reading(events);
                return None;
            }
            Ok(Some(Read::Event(event))) => {
                self.took(&event);
                if K::ends_leg(&event) {
                    events.drain().await;
                    self.stage = Stage::Between;
                } else {
                    self.stage = Stage::Reading(events);
                }
                return Some(Ok(event));
            }
            Ok(Some(Read::Undecoded(error))) => {
                let error = events.error(error);
                self.stage = Stage::Reading(events);
                return Some(Err(error));
            }
            Ok(Some(Read::Failed(error))) => {
                events.drain().await;
                return Some(Err(self.with_partial(events.error(error))));
            }
            Ok(None) => {
                let message = format!("the stream ended before its {} did", K::WHAT);
                events.error(Error::new(ErrorKind::Interrupted, message))
            }
            Err(error) => error,
        };
        match self.broken(error) {
            Ok(stage) => {
                self.stage = stage;
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    fn took(&mut self, event: &K::Event) {
        let mut shared = locked(&self.shared);
        if K::ANSWERS_BEGIN_ANEW && self.answering.is_unsure() {
            // Whatever comes first is of what the answers have begun.
            self.answering.set(Step::HandedIn);
            shared.answering = Some(self.answering.clone());
        }
        K::take(&mut shared.partial, event);
        drop(shared);
        let Some(state) = K::shown(event) else { return };
        if K::is_over(state) {
            self.disarm();
        } else if self.cancel_on_drop && self.guard.as_ref().is_none_or(|(id, _)| id != state.id()) {
            self.disarm();
            self.guard = K::guard(&self.looks, state).map(|guard| (state.id().to_owned(), guard));
        }
    }

    fn disarm(&mut self) {
        if let Some((_, guard)) = self.guard.take() {
            guard.disarm();
        }
    }

    /// What comes after a leg: another one, if it waits for its caller, or the end.
    async fn between(&mut self) -> Result<Stage> {
        let state = K::state(&locked(&self.shared).partial).cloned();
        let Some(state) = state.filter(|state| state.standing() == Standing::NeedsAction) else {
            return Ok(Stage::End);
        };
        match self.answering.answer(state.asked()).await {
            Ok(Answered::All) => {}
            Ok(Answered::NotAll(reason)) => {
                self.disarm();
                let message = format!("{} waits for {reason}", state.name());
                let action = self.answering.needs_action(state);
                return Err(Error::from_needs_action(message, action));
            }
            Err(error) => return Err(error.with_state(state)),
        }
        let Some(answers) = self.answering.answers() else { return Ok(Stage::End) };
        let begun = match self.kind.go_on(&self.looks, &state, answers) {
            Ok(begun) => begun,
            Err(error) => return Err(error.with_state(self.answering.needs_action(state))),
        };
        // Once it is sent nobody knows whether it has arrived until the next event shows it.
        self.answering.set(Step::Unsure);
        locked(&self.shared).answering = Some(self.answering.clone());
        Ok(Stage::Begun(begun))
    }

    /// An error with what the stream has shown; with the answers, if those may not have arrived.
    fn with_partial(&mut self, error: Error) -> Error {
        let shared = locked(&self.shared);
        match K::state(&shared.partial) {
            Some(state) if K::ANSWERS_BEGIN_ANEW && self.answering.is_unsure() => {
                error.with_state(self.answering.needs_action(state.clone()))
            }
            _ => error.with_state(shared.partial.clone()),
        }
    }
}
