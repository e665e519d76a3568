//! What one stream shows, whatever it is that is streamed.

use std::collections::VecDeque;

use serde_json::Value;

use crate::context::Context;
use crate::events::Event;
use crate::framing::Framing;
use crate::run_leg::RunLeg;
use crate::store::Store;
use crate::v1::responses::ResponseLeg;

/// What a stream shows next.
#[derive(Debug)]
pub(crate) enum Tick {
    Happened(Event),
    /// Nothing, unless somebody else makes something happen.
    Waits,
    /// Nothing any more.
    Over,
}

/// What one stream shows.
#[derive(Debug)]
pub(crate) enum Leg {
    /// A run, which goes on as it is shown.
    Run(RunLeg),
    /// A response, which goes on as it is shown.
    Response(ResponseLeg),
    /// What is known already.
    Told(VecDeque<Event>),
}

impl From<RunLeg> for Leg {
    fn from(leg: RunLeg) -> Self {
        Self::Run(leg)
    }
}

impl From<ResponseLeg> for Leg {
    fn from(leg: ResponseLeg) -> Self {
        Self::Response(leg)
    }
}

impl Leg {
    /// These events and nothing else.
    pub(crate) fn told(events: impl IntoIterator<Item = Event>) -> Self {
        Self::Told(events.into_iter().collect())
    }

    /// How it is sent, if that is said of it.
    pub(crate) fn framing(&self) -> Option<&Framing> {
        match self {
            Self::Run(leg) => leg.framing.as_ref(),
            Self::Response(leg) => leg.framing.as_ref(),
            Self::Told(_) => None,
        }
    }

    /// Learns how it is sent, whoever said that.
    pub(crate) fn learn(&mut self, framing: &Framing) {
        if let Self::Response(leg) = self {
            leg.ends_with_done = framing.ends_with_done();
        }
    }

    /// Writes so many pieces of a message at a time.
    pub(crate) fn write_at_once(&mut self, pieces: usize) {
        match self {
            Self::Run(leg) => leg.pieces = pieces,
            Self::Response(leg) => leg.pieces = pieces,
            Self::Told(_) => {}
        }
    }

    /// Whether everything has happened and was shown.
    pub(crate) fn has_shown_all(&self) -> bool {
        match self {
            Self::Run(leg) => leg.has_shown_all(),
            Self::Response(leg) => leg.is_over,
            Self::Told(events) => events.is_empty(),
        }
    }

    /// Goes as far as it takes to show one more event.
    pub(crate) fn tick(&mut self, context: &mut Context<'_>) -> Tick {
        match self {
            Self::Run(leg) => leg.tick(context),
            Self::Response(leg) => leg.tick(context),
            Self::Told(events) => events.pop_front().map_or(Tick::Over, Tick::Happened),
        }
    }

    /// Whether what is shown was cancelled, or is gone.
    pub(crate) fn is_cancelled(&self, store: &Store) -> bool {
        let place = match self {
            Self::Run(leg) => leg.place(),
            Self::Response(leg) => leg.place(),
            Self::Told(_) => return false,
        };
        let status = store.get(place).and_then(|record| record.get("status")).and_then(Value::as_str);
        status.is_none_or(|status| status == "cancelling" || status == "cancelled")
    }
}
