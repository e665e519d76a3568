//! What a stream has shown of its run so far: the run, and the message that is being written.

use super::RunEvent;
use crate::classic::types::{
    MessageContent, MessageDeltaChunk, MessageDeltaContent, MessageTextContent, MessageTextDetails, ThreadMessage,
    ThreadRun,
};

/// How much text of a message is kept, in bytes; a stream may be longer than memory.
const TEXT_LIMIT: usize = 1 << 20;

/// What a stream has shown so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partial {
    pub(crate) run: Option<ThreadRun>,
    /// The message that was begun and is not whole.
    pub(crate) message: Option<ThreadMessage>,
    /// How much text of it is kept.
    length: usize,
}

impl Partial {
    /// Takes an event in.
    pub(crate) fn take(&mut self, event: &RunEvent) {
        match event {
            RunEvent::MessageCreated(message) | RunEvent::MessageInProgress(message) => {
                if self.message.as_ref().is_none_or(|known| known.id != message.id) {
                    self.length = 0;
                    self.message = Some(message.clone());
                }
            }
            RunEvent::MessageDelta(chunk) => self.add(chunk),
            RunEvent::MessageCompleted(_) | RunEvent::MessageIncomplete(_) => self.message = None,
            event => {
                if let Some(run) = event.run() {
                    self.run = Some(run.clone());
                }
            }
        }
    }

    fn add(&mut self, chunk: &MessageDeltaChunk) {
        let Some(message) = self.message.as_mut().filter(|message| message.id == chunk.id) else { return };
        for part in &chunk.delta.content {
            let MessageDeltaContent::Text(part) = part else { continue };
            let Some(piece) = part.text.as_ref().and_then(|text| text.value.as_deref()) else { continue };
            if self.length + piece.len() > TEXT_LIMIT {
                continue;
            }
            let Ok(index) = usize::try_from(part.index) else { continue };
            if message.content.len() == index {
                message.content.push(
                    MessageTextContent::new(MessageTextDetails::new(
                        "",
                        [] as [crate::classic::types::MessageTextAnnotation; 0],
                    ))
                    .into(),
                );
            }
            if let Some(MessageContent::Text(text)) = message.content.get_mut(index) {
                text.text.value.push_str(piece);
                self.length += piece.len();
            }
        }
    }
}
