//! What a stream has shown of its response so far: the response, its whole items, its text.

use super::ResponseEvent;
use crate::types::{OpenAiResponse, OpenAiResponseOutputItem};

/// How much text is kept, in bytes; a stream may be longer than memory.
const TEXT_LIMIT: usize = 1 << 20;

/// How many items are kept.
const ITEM_LIMIT: usize = 1 << 10;

/// What a stream has shown so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partial {
    /// As an event had it; until it ends with the items that are whole.
    pub(crate) response: Option<OpenAiResponse>,
    /// What was written of it.
    pub(crate) text: String,
    /// The number of the last event, by which the service sends those after it.
    pub(crate) last_number: Option<i64>,
}

impl Partial {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: &ResponseEvent) {
        if let Some(number) = event.sequence_number() {
            self.last_number = Some(number);
        }
        if let Some(piece) = event.text_delta() {
            if self.text.len() + piece.len() <= TEXT_LIMIT {
                self.text.push_str(piece);
            }
        } else if let Some(response) = event.response() {
            self.show(response);
        } else if let Some(item) = event.whole_item()
            && let Some(response) = &mut self.response
            && response.output.len() < ITEM_LIMIT
        {
            response.output.push(item);
        }
    }

    fn show(&mut self, response: &OpenAiResponse) {
        let known = self.response.take().filter(|known| known.id == response.id);
        if known.is_none() {
            self.text.clear();
        }
        let mut response = response.clone();
        // While it is being made it comes without output.
        if response.output.is_empty() {
            let items: Vec<OpenAiResponseOutputItem> = known.map(|known| known.output).unwrap_or_default();
            response.output = items;
        }
        self.response = Some(response);
    }
}
