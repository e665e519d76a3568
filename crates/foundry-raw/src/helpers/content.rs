//! Helpers on what messages are made of when they are sent: texts and images.

use crate::classic_types::{
    MessageImageFileParam, MessageImageUrlParam, MessageInputContent, MessageInputContentBlock,
    MessageInputImageFileBlock, MessageInputImageUrlBlock, MessageInputTextBlock,
};

impl MessageInputContentBlock {
    /// A text.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::{MessageInputContent, MessageInputContentBlock};
    ///
    /// let content = MessageInputContent::from([
    ///     MessageInputContentBlock::text("What is in these pictures?"),
    ///     MessageInputContentBlock::image_url("https://images.example/1.png"),
    ///     MessageInputContentBlock::image_file("assistant-1"),
    /// ]);
    /// assert_eq!(
    ///     serde_json::to_value(content).unwrap(),
    ///     serde_json::json!([
    ///         { "type": "text", "text": "What is in these pictures?" },
    ///         { "type": "image_url", "image_url": { "url": "https://images.example/1.png" } },
    ///         { "type": "image_file", "image_file": { "file_id": "assistant-1" } },
    ///     ])
    /// );
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        MessageInputTextBlock::new(text).into()
    }

    /// An image at a URL that the service can read, or in a `data:` URL.
    pub fn image_url(url: impl Into<String>) -> Self {
        MessageInputImageUrlBlock::new(MessageImageUrlParam::new(url)).into()
    }

    /// An image that was uploaded as a file.
    pub fn image_file(file_id: impl Into<String>) -> Self {
        MessageInputImageFileBlock::new(MessageImageFileParam::new(file_id)).into()
    }
}

impl From<&str> for MessageInputContentBlock {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for MessageInputContentBlock {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for MessageInputContentBlock {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<MessageInputContentBlock> for MessageInputContent {
    fn from(block: MessageInputContentBlock) -> Self {
        Self::Array(vec![block])
    }
}
