//! Helpers on messages.

use serde::de::DeserializeOwned;

use super::citations::BETWEEN;
use super::{ParseTextError, parse_text};
use crate::classic_types::{MessageContent, ThreadMessage};

impl ThreadMessage {
    /// The text of the message: its text parts, one after the other, with an empty line between.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::ThreadMessage;
    ///
    /// let message: ThreadMessage = foundry_raw::from_str(
    ///     r#"{"id":"msg_1","content":[{"type":"text","text":{"value":"Howdy."}},{"type":"image_file","image_file":{"file_id":"f"}}]}"#,
    /// )?;
    /// assert_eq!(message.text(), "Howdy.");
    /// # Ok::<(), foundry_raw::DecodeError>(())
    /// ```
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|part| match part {
            MessageContent::Text(part) => Some(part.text.value.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join(BETWEEN)
    }

    /// The text of the message as a value of a type, for answers in a requested format.
    ///
    /// # Errors
    /// [`ParseTextError`], which shows the text, if it is no JSON or not of this type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseTextError> {
        parse_text(&self.text())
    }
}
