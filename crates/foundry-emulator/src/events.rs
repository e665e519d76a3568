//! The events of a stream: a name, and data that is JSON.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: Cow<'static, str>,
    /// One line of text.
    pub(crate) data: String,
    /// Its number, in streams that number their events.
    pub(crate) number: Option<u64>,
}

impl Event {
    /// An event without a number.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, data: String) -> Self {
        Self { name: name.into(), data, number: None }
    }

    /// The event that ends a stream.
    pub(crate) fn done() -> Self {
        Self::new("done", "[DONE]".to_owned())
    }
}

/// What happens, oldest first.
#[derive(Debug)]
pub(crate) struct Events {
    events: Vec<Event>,
    /// Whether somebody reads them.
    is_heard: bool,
    /// Whether the stream ends here, without the event that ends streams.
    is_broken_off: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self { events: Vec::new(), is_heard: true, is_broken_off: false }
    }
}

impl Events {
    /// Events that nobody reads, so that none are kept however many happen.
    pub(crate) fn unheard() -> Self {
        Self { is_heard: false, ..Self::default() }
    }

    /// Whether the stream ends after these, without the event that ends streams.
    pub(crate) fn is_broken_off(&self) -> bool {
        self.is_broken_off
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, data: Value) {
        self.push_text(name, || data.to_string());
    }

    /// Adds an event whose data is written already, on one line.
    pub(crate) fn push_text(&mut self, name: impl Into<Cow<'static, str>>, data: impl FnOnce() -> String) {
        if self.is_heard {
            self.events.push(Event::new(name, data()));
        }
    }

    /// Adds the event that tells of an error: the stream ends with it.
    pub(crate) fn break_off(&mut self, envelope: Value) {
        self.push("error", envelope);
        self.is_broken_off = true;
    }

    /// Adds the events of functions' calls that are written: the names, then the arguments.
    pub(crate) fn push_call_deltas(&mut self, step: &str, calls: &[Value]) {
        for (index, call) in calls.iter().enumerate() {
            let part = |name: &str| call.get("function").and_then(|function| function.get(name));
            // Only the first delta of a call names the function.
            for piece in [json!({ "name": part("name"), "arguments": "" }), json!({ "arguments": part("arguments") })] {
                let call = json!({ "index": index, "id": call.get("id"), "type": "function", "function": piece });
                self.push_call_delta(step, call);
            }
        }
    }

    /// Adds the event of a piece of a call.
    pub(crate) fn push_call_delta(&mut self, step: &str, call: Value) {
        let data = json!({
            "id": step,
            "object": "thread.run.step.delta",
            "delta": { "step_details": { "type": "tool_calls", "tool_calls": [call] } },
        });
        self.push("thread.run.step.delta", data);
    }

    /// The events.
    pub(crate) fn into_iter(self) -> impl Iterator<Item = Event> {
        self.events.into_iter()
    }
}

/// The queue of a stream that is being read: what happens to its run is told here, whoever makes
/// it happen. While the stream is there, looking at the run does not move it.
#[derive(Debug, Default)]
pub(crate) struct Audience(Mutex<VecDeque<Event>>);

impl Audience {
    /// Tells what has happened.
    pub(crate) fn tell(&self, events: Events) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(events.into_iter());
    }

    /// Ends the stream.
    pub(crate) fn tell_done(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(Event::done());
    }

    /// Whether all that has happened was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The next thing that has happened.
    pub(crate) fn next(&self) -> Option<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_hears_is_not_kept() {
        let mut events = Events::unheard();
        events.push("a", json!({}));
        events.push_text("b", || panic!("nobody reads it"));
        assert_eq!(events.into_iter().count(), 0);
        let mut events = Events::default();
        events.push("thread.created", json!({ "text": "a\nb" }));
        let events: Vec<Event> = events.into_iter().collect();
        assert_eq!((events[0].name.as_ref(), events[0].data.as_str()), ("thread.created", r#"{"text":"a\nb"}"#));
    }
}
