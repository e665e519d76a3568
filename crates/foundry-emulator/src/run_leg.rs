//! A run as one stream shows it: from where it is to where it waits for its caller or ends.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::ServiceError;
use crate::events::{Audience, Events};
use crate::framing::Framing;
use crate::leg::Tick;
use crate::progress::{self, ENDED, Mover};
use crate::resources;
use crate::runs::{self, property};
use crate::script::Plan;
use crate::store::Place;
use crate::table::RUNS;

/// A run from where it is to where it waits for its caller or ends: what one stream shows.
#[derive(Debug)]
pub(crate) struct RunLeg {
    thread: [String; 1],
    run: String,
    /// What has happened and is not shown yet. It is there as long as the stream is.
    audience: Arc<Audience>,
    pub(crate) framing: Option<Framing>,
    /// How many pieces of a message are written at a time.
    pub(crate) pieces: usize,
    /// Whether nothing is to be shown after what has happened.
    is_over: bool,
}

impl RunLeg {
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

    pub(crate) fn place(&self) -> Place<'_> {
        Place { collection: RUNS.name, parents: &self.thread, id: &self.run }
    }

    /// Whether everything has happened and was shown.
    pub(crate) fn has_shown_all(&self) -> bool {
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
