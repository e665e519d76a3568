//! Runs that are streamed: they go on as their events are read.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::broken_body::{broken, stopped};
use crate::context::Context;
use crate::error::ServiceError;
use crate::events::{Audience, Event, Events};
use crate::framing::{Framer, Framing};
use crate::progress::{self, ENDED, Mover};
use crate::query::Query;
use crate::resources;
use crate::runs::{self, property};
use crate::script::Plan;
use crate::service::{Routed, Shared};
use crate::store::{Place, Store};
use crate::table::RUNS;

/// How many pieces of a message are written at a time if nothing pauses: long streams are faster
/// so, and nobody can tell.
const PIECES: usize = 32;

/// A run from where it is to where it waits for its caller or ends: what one stream shows.
#[derive(Debug)]
pub(crate) struct Leg {
    thread: [String; 1],
    run: String,
    /// What has happened and is not shown yet. It is there as long as the stream is.
    audience: Arc<Audience>,
    framing: Option<Framing>,
    /// How many pieces of a message are written at a time.
    pieces: usize,
    /// Whether nothing is to be shown after what has happened.
    is_over: bool,
}

/// What a stream shows next.
#[derive(Debug)]
pub(crate) enum Tick {
    Happened(Event),
    /// Nothing, unless somebody else makes something happen.
    Waits,
    /// Nothing any more.
    Over,
}

impl Leg {
    /// Begins to stream a run that will do this, and to which these have happened.
    pub(crate) fn begin(context: &mut Context<'_>, run: &Map<String, Value>, mut plan: Plan, events: Events) -> Self {
        let audience = Arc::new(Audience::default());
        audience.tell(events);
        plan.audience = Arc::downgrade(&audience);
        let framing = plan.framing();
        progress::put_plan(context.store, run, plan);
        Self {
            thread: [property(run, "thread_id").to_owned()],
            run: property(run, "id").to_owned(),
            audience,
            framing,
            pieces: 1,
            is_over: false,
        }
    }

    fn place(&self) -> Place<'_> {
        Place { collection: RUNS.name, parents: &self.thread, id: &self.run }
    }

    /// Whether everything has happened and was shown.
    fn has_shown_all(&self) -> bool {
        self.is_over && self.audience.is_empty()
    }

    /// Takes the run as far as it takes to show one more event.
    pub(crate) fn tick(&mut self, context: &mut Context<'_>) -> Tick {
        loop {
            if let Some(event) = self.audience.next() {
                return Tick::Happened(event);
            }
            if self.is_over {
                return Tick::Over;
            }
            let mut events = Events::default();
            match self.advance(context, &mut events) {
                Ok(true) => {}
                Ok(false) if self.is_over => self.audience.tell_done(),
                Ok(false) => return Tick::Waits,
                Err(error) => events.break_off(error.body()),
            }
            self.is_over |= events.is_broken_off();
            self.audience.tell(events);
        }
    }

    /// Moves the run on; false if it stays as it is, be it that the stream is over.
    fn advance(&mut self, context: &mut Context<'_>, events: &mut Events) -> Result<bool, ServiceError> {
        let run = context.store.get(self.place()).ok_or_else(|| ServiceError::not_found(RUNS.noun, &self.run))?;
        let status = run.get("status").and_then(Value::as_str).unwrap_or_default();
        let is_working = status == "in_progress";
        let is_at_rest = status == "requires_action" || ENDED.contains(&status);
        let place = Place { collection: RUNS.name, parents: &self.thread, id: &self.run };
        // Whoever handed something in goes on with the run, and not this stream.
        let plan = context.store.plan_mut(place).filter(|plan| plan.audience.as_ptr() == Arc::as_ptr(&self.audience));
        let Some(plan) = plan.filter(|_| !is_at_rest) else {
            self.is_over = true;
            return Ok(false);
        };
        // Long answers are made of this alone.
        if let Some(writing) = plan.writing.as_mut().filter(|_| is_working)
            && writing.write(events)
        {
            for _ in 1..self.pieces {
                writing.write(events);
            }
            return Ok(true);
        }
        let run = context.store.get(place).ok_or_else(|| ServiceError::not_found(RUNS.noun, &self.run))?;
        let mut run = resources::object_of(run)?;
        let moved = progress::advance(context, &mut run, Mover::Stream, events)?;
        runs::put(context, run);
        Ok(moved)
    }
}

/// A leg as it is sent.
struct Live {
    shared: Arc<Shared>,
    store: Arc<Mutex<Store>>,
    /// Tells that something may have happened to the run.
    changes: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    routed: Routed,
    leg: Leg,
    framer: Framer,
    is_first: bool,
    /// Whether nothing is waited for any more.
    is_hurried: bool,
    /// Whether the connection is broken off.
    is_broken: bool,
}

/// The body of an answer that streams a run.
pub(crate) fn body(
    shared: Arc<Shared>,
    store: Arc<Mutex<Store>>,
    changes: watch::Receiver<()>,
    routed: &Routed,
    mut leg: Leg,
) -> Body {
    let framing = leg.framing.clone().unwrap_or_else(|| shared.framing.clone());
    if framing.wait().is_zero() {
        leg.pieces = PIECES;
    }
    let live = Live {
        stopping: shared.stopping.subscribe(),
        shared,
        store,
        changes,
        routed: routed.clone(),
        leg,
        framer: Framer::new(framing),
        is_first: true,
        is_hurried: false,
        is_broken: false,
    };
    Body::from_stream(stream::unfold(live, |mut live| async move {
        let chunk = live.chunk().await?;
        Some((chunk, live))
    }))
}

impl Live {
    /// The next chunk, none at the end.
    async fn chunk(&mut self) -> Option<io::Result<Bytes>> {
        if self.is_broken || (self.leg.has_shown_all() && self.framer.is_empty()) {
            return None;
        }
        let mut has_paused = false;
        if !self.is_first {
            let pause = self.framer.framing().wait();
            has_paused = !pause.is_zero() && !self.is_hurried;
            if has_paused && !self.wait(Some(pause)).await {
                return Some(self.break_off());
            }
        }
        self.is_first = false;
        loop {
            if let Some(chunk) = self.framer.chunk(self.leg.has_shown_all()) {
                return Some(Ok(chunk));
            }
            match self.tick() {
                Tick::Happened(event) => self.framer.push(&event),
                Tick::Over => return None,
                Tick::Waits => {
                    // What is there goes out before a silence.
                    if let Some(chunk) = self.framer.chunk(true) {
                        return Some(Ok(chunk));
                    }
                    let beat = self.framer.framing().beat();
                    if !has_paused && !self.wait(beat).await {
                        return Some(self.break_off());
                    }
                    has_paused = false;
                    if beat.is_some() {
                        self.framer.keep_alive();
                    }
                }
            }
        }
    }

    /// Waits so long, or for ever, but no longer than until the run is cancelled or gone; false if
    /// the emulator stopped meanwhile.
    async fn wait(&mut self, time: Option<Duration>) -> bool {
        let over = async {
            match time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        let mut over = std::pin::pin!(over);
        loop {
            if self.is_cancelled() {
                self.is_hurried = true;
                return true;
            }
            tokio::select! {
                () = &mut over => return true,
                () = stopped(self.stopping.clone()) => return false,
                changed = self.changes.changed() => if changed.is_err() {
                    return false;
                },
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let run = store.get(self.leg.place());
        run.is_none_or(|run| run.get("status").is_some_and(|status| status == "cancelling" || status == "cancelled"))
    }

    fn break_off(&mut self) -> io::Result<Bytes> {
        self.is_broken = true;
        Err(broken())
    }

    fn tick(&mut self) -> Tick {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let query = Query::default();
        self.leg.tick(&mut Context {
            document: self.routed.document,
            operation: self.routed.operation,
            parameters: Vec::new(),
            query: &query,
            body: Map::new(),
            upload: None,
            project: &self.routed.project,
            store: &mut store,
            blobs: &self.shared.blobs,
            rules: &self.shared.rules,
            now: self.shared.clock.now().timestamp(),
            origin: &self.shared.origin,
            url: String::new(),
            page_size: None,
        })
    }
}
