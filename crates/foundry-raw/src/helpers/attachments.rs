//! Helpers on attachments: a file and the tool it is for.

use crate::classic_types::{CodeInterpreterToolDefinition, FileSearchToolDefinition, MessageAttachment};

impl MessageAttachment {
    /// An uploaded file to search in.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::MessageAttachment;
    ///
    /// assert_eq!(
    ///     serde_json::to_value(MessageAttachment::file_search("assistant-1")).unwrap(),
    ///     serde_json::json!({ "tools": [{ "type": "file_search" }], "file_id": "assistant-1" })
    /// );
    /// ```
    pub fn file_search(file_id: impl Into<String>) -> Self {
        Self::new([FileSearchToolDefinition::new()]).file_id(file_id)
    }

    /// An uploaded file for code to work with.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::MessageAttachment;
    ///
    /// assert_eq!(
    ///     serde_json::to_value(MessageAttachment::code_interpreter("assistant-1")).unwrap(),
    ///     serde_json::json!({ "tools": [{ "type": "code_interpreter" }], "file_id": "assistant-1" })
    /// );
    /// ```
    pub fn code_interpreter(file_id: impl Into<String>) -> Self {
        Self::new([CodeInterpreterToolDefinition::new()]).file_id(file_id)
    }
}
