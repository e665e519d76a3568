//! Streams of server-sent events in the service's framing.

use bytes::Bytes;
use serde_json::{Value, json};

/// The events of one answer, oldest first, without the one that ends it.
#[derive(Debug, Default)]
pub(crate) struct Events {
    events: Vec<(&'static str, Value)>,
}

impl Events {
    /// Adds an event.
    pub(crate) fn push(&mut self, name: &'static str, data: Value) {
        self.events.push((name, data));
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

    /// What is sent, event by event, with the end of the stream.
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Bytes> {
        self.events
            .into_iter()
            .map(|(name, data)| frame(name, &data.to_string()))
            .chain(std::iter::once_with(|| frame("done", "[DONE]")))
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
    }
}
