//! A response as one stream shows it: what it has told from one event on, and then what it tells.

use std::sync::Arc;

use crate::context::Context;
use crate::events::Event;
use crate::framing::Framing;
use crate::leg::Tick;
use crate::store::Place;
use crate::v1::responses::{UNSTORED, has_ended, work};

/// What one stream of a response shows.
#[derive(Debug)]
pub(crate) struct ResponseLeg {
    collection: &'static str,
    id: String,
    /// The number of the next event.
    next: u64,
    pub(crate) framing: Option<Framing>,
    /// How many pieces of a message are written at a time.
    pub(crate) pieces: usize,
    /// Whether an event says at the end that it is the end.
    pub(crate) ends_with_done: bool,
    /// Whether the response stays as it is, unless somebody else does something.
    waits: bool,
    /// Whether everything was shown.
    pub(crate) is_over: bool,
    /// There as long as the stream is.
    _reader: Option<Arc<()>>,
}

impl ResponseLeg {
    /// Begins to show a response from the event of this number on.
    pub(crate) fn begin(context: &mut Context<'_>, place: Place<'_>, next: u64) -> Self {
        let framing = context.store.plan(place).and_then(|plan| plan.framing());
        let reader = context.store.tape(place).map(|tape| tape.attend());
        Self {
            collection: place.collection,
            id: place.id.to_owned(),
            next,
            framing,
            pieces: 1,
            ends_with_done: false,
            waits: false,
            is_over: false,
            _reader: reader,
        }
    }

    /// The response.
    pub(crate) fn place(&self) -> Place<'_> {
        Place { collection: self.collection, parents: &[], id: &self.id }
    }

    /// Takes the response as far as it takes to show one more event.
    pub(crate) fn tick(&mut self, context: &mut Context<'_>) -> Tick {
        loop {
            if self.is_over {
                return Tick::Over;
            }
            let place = Place { collection: self.collection, parents: &[], id: &self.id };
            let tape = context.store.tape(place);
            if let Some(event) = tape.and_then(|tape| {
                // A faster reader may have made it forget some.
                self.next = self.next.max(tape.oldest());
                tape.read(self.next)
            }) {
                self.next += 1;
                // Who sends one knows at once that it is the last one.
                if !self.has_next(context) && context.store.get(place).is_some_and(has_ended) && !self.ends_with_done {
                    self.end(context);
                }
                return Tick::Happened(event);
            }
            if context.store.get(place).is_none_or(has_ended) {
                self.end(context);
                return if self.ends_with_done { Tick::Happened(Event::done()) } else { Tick::Over };
            }
            self.advance(context);
            if !self.has_next(context) && !context.store.get(self.place()).is_none_or(has_ended) && self.waits {
                return Tick::Waits;
            }
        }
    }

    fn has_next(&self, context: &mut Context<'_>) -> bool {
        context.store.tape(self.place()).is_some_and(|tape| tape.next_number() > self.next)
    }

    /// Moves the response on, by more than a piece of a message if nobody minds.
    fn advance(&mut self, context: &mut Context<'_>) {
        let place = Place { collection: self.collection, parents: &[], id: &self.id };
        for _ in 0..self.pieces {
            match work::advance(context, place, true) {
                Ok(moved) => self.waits = !moved,
                Err(error) => work::break_off(context, place, &error),
            }
            if self.waits || context.store.get(place).is_none_or(has_ended) {
                return;
            }
        }
    }

    fn end(&mut self, context: &mut Context<'_>) {
        self.is_over = true;
        if self.collection == UNSTORED {
            context.store.remove(self.place());
        }
    }
}
