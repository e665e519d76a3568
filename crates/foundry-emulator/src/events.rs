//! Streams of server-sent events in the service's framing.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Value, json};

/// The events of one answer, oldest first, without the one that ends it.
#[derive(Debug, Default)]
pub(crate) struct Events {
    events: Vec<(Cow<'static, str>, Value)>,
    /// Whether there is more to come that never comes.
    is_open: bool,
}

impl Events {
    /// Adds an event.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, data: Value) {
        self.events.push((name.into(), data));
    }

    /// Leaves the stream without an end.
    pub(crate) fn leave_open(&mut self) {
        self.is_open = true;
    }

    /// Whether the stream has no end.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Adds the events of functions' calls that are written: the names, then the arguments.
    pub(crate) fn push_call_deltas(&mut self, step: &str, calls: &[Value]) {
        for (index, call) in calls.iter().enumerate() {
            let part = |name: &str| call.get("function").and_then(|function| function.get(name));
            // Only the first delta of a call names the function.
            for piece in [json!({ "name": part("name"), "arguments": "" }), json!({ "arguments": part("arguments") })] {
                let call = json!({ "index": index, "id": call.get("id"), "type": "function", "function": piece });
                let data = json!({
                    "id": step,
                    "object": "thread.run.step.delta",
                    "delta": { "step_details": { "type": "tool_calls", "tool_calls": [call] } },
                });
                self.push("thread.run.step.delta", data);
            }
        }
    }

    /// Adds the events of an answer that is written word by word.
    pub(crate) fn push_deltas(&mut self, message: &str, answer: &str) {
        for (number, piece) in pieces(answer).enumerate() {
            // Only the first delta says that there are no annotations.
            let text =
                if number == 0 { json!({ "value": piece, "annotations": [] }) } else { json!({ "value": piece }) };
            let data = json!({
                "id": message,
                "object": "thread.message.delta",
                "delta": { "content": [{ "index": 0, "type": "text", "text": text }] },
            });
            self.push("thread.message.delta", data);
        }
    }

    /// What is sent, event by event, with the end of the stream if it has one.
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Bytes> {
        let end = (!self.is_open).then(|| frame("done", "[DONE]"));
        self.events.into_iter().map(|(name, data)| frame(&name, &data.to_string())).chain(end)
    }
}

fn frame(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// The words of a text, each with the space before it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut later = rest.char_indices().skip(1);
        let end = later.find(|(_, character)| *character == ' ').map_or(rest.len(), |(index, _)| index);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_goes_with_the_space_before_it() {
        let words: Vec<&str> = pieces("To determine  it – é.").collect();
        assert_eq!(words, ["To", " determine", " ", " it", " –", " é."]);
        assert_eq!(pieces("").count(), 0);
        assert_eq!(pieces(" ").collect::<Vec<_>>(), [" "]);
    }

    #[test]
    fn events_are_framed_with_line_feeds_and_an_end() {
        let mut events = Events::default();
        events.push("thread.created", json!({ "id": "thread_1", "text": "a\nb" }));
        let frames: Vec<Bytes> = events.into_frames().collect();
        assert_eq!(
            frames,
            [
                "event: thread.created\ndata: {\"id\":\"thread_1\",\"text\":\"a\\nb\"}\n\n",
                "event: done\ndata: [DONE]\n\n"
            ]
        );
        let mut events = Events::default();
        events.leave_open();
        assert_eq!(events.into_frames().count(), 0);
    }
}
