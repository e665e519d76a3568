//! What messages have beside their generated requests: the short way to say something.

use super::{CreateMessage, Messages};
use crate::classic::types::{MessageInputContent, MessageRole};
use crate::request::Request;

impl Messages {
    /// Adds a message of the user: a text, or a list of blocks.
    ///
    /// [`create_as`](Self::create_as) adds one of another role.
    ///
    /// Sends `POST /threads/{threadId}/messages`.
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`](crate::ErrorKind).
    pub fn create(&self, content: impl Into<MessageInputContent>) -> Request<CreateMessage> {
        self.create_as(MessageRole::User, content)
    }
}

impl Request<CreateMessage> {
    /// Who says it; the user unless set.
    pub fn role(mut self, role: impl Into<MessageRole>) -> Self {
        self.operation.body = self.operation.body.role(role);
        self
    }
}
