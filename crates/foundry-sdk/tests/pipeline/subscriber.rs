//! A subscriber of `tracing` that keeps all it is told.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

use crate::common::locked;

pub(crate) type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
pub(crate) struct SpanSeen {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) fields: Fields,
    pub(crate) parent: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct EventSeen {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) fields: Fields,
    /// The number of the span it stands in.
    pub(crate) span: Option<u64>,
}

impl EventSeen {
    pub(crate) fn message(&self) -> &str {
        &self.fields["message"]
    }
}

/// What was told, and who listens to what.
#[derive(Clone)]
pub(crate) struct Seen(Arc<Inner>);

struct Inner {
    wanted: fn(&Metadata<'_>) -> bool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    spans: Vec<SpanSeen>,
    events: Vec<EventSeen>,
    /// The spans that this thread is in.
    entered: Vec<u64>,
}

impl Seen {
    /// Listens to everything on this thread until the guard is dropped.
    pub(crate) fn all() -> (Self, DefaultGuard) {
        Self::where_(|_| true)
    }

    /// Listens to what is wanted.
    pub(crate) fn where_(wanted: fn(&Metadata<'_>) -> bool) -> (Self, DefaultGuard) {
        // While there is only one subscriber, `tracing` asks that of whichever thread comes first
        // whether a span is wanted, and other tests have none.
        static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
        ANOTHER.get_or_init(|| Dispatch::new(Self::wanting(|_| false)));
        let seen = Self::wanting(wanted);
        let guard = tracing::subscriber::set_default(seen.clone());
        (seen, guard)
    }

    fn wanting(wanted: fn(&Metadata<'_>) -> bool) -> Self {
        Self(Arc::new(Inner { wanted, told: Mutex::default() }))
    }

    /// The spans of the SDK, in the order in which they began.
    pub(crate) fn spans(&self) -> Vec<SpanSeen> {
        let told = locked(&self.0.told);
        told.spans.iter().filter(|span| is_ours(span.metadata)).cloned().collect()
    }

    /// The events of the SDK.
    pub(crate) fn events(&self) -> Vec<EventSeen> {
        let told = locked(&self.0.told);
        told.events.iter().filter(|event| is_ours(event.metadata)).cloned().collect()
    }

    /// The events of the SDK with this message.
    pub(crate) fn events_called(&self, message: &str) -> Vec<EventSeen> {
        self.events().into_iter().filter(|event| event.message() == message).collect()
    }

    /// The fields of a span of whomever.
    pub(crate) fn fields_of(&self, name: &str) -> Fields {
        let told = locked(&self.0.told);
        told.spans.iter().find(|span| span.metadata.name() == name).unwrap().fields.clone()
    }

    /// All of it as text, of whomever.
    pub(crate) fn text(&self) -> String {
        let told = locked(&self.0.told);
        let mut text = String::new();
        for span in &told.spans {
            let _ = writeln!(text, "{} {:?}", span.metadata.name(), span.fields);
        }
        for event in &told.events {
            let _ = writeln!(text, "{} {:?}", event.metadata.target(), event.fields);
        }
        text
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("foundry_sdk")
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        (self.0.wanted)(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut told = locked(&self.0.told);
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => told.entered.last().copied(),
            None => None,
        };
        let mut span = SpanSeen { metadata: attributes.metadata(), fields: Fields::new(), parent };
        attributes.record(&mut Reading(&mut span.fields));
        told.spans.push(span);
        Id::from_u64(told.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut told = locked(&self.0.told);
        let index = span.into_u64() as usize - 1;
        values.record(&mut Reading(&mut told.spans[index].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Reading(&mut fields));
        let mut told = locked(&self.0.told);
        let span = told.entered.last().copied();
        told.events.push(EventSeen { metadata: event.metadata(), fields, span });
    }

    fn enter(&self, span: &Id) {
        locked(&self.0.told).entered.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let mut told = locked(&self.0.told);
        let last = told.entered.iter().rposition(|entered| *entered == span.into_u64());
        told.entered.remove(last.unwrap());
    }

    fn current_span(&self) -> Current {
        let told = locked(&self.0.told);
        match told.entered.last() {
            Some(span) => Current::new(Id::from_u64(*span), told.spans[*span as usize - 1].metadata),
            None => Current::none(),
        }
    }
}

struct Reading<'f>(&'f mut Fields);

impl Visit for Reading<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// The level of an event or span, to compare.
pub(crate) fn level(metadata: &Metadata<'_>) -> Level {
    *metadata.level()
}
