//! Messages of the classic surface.

use foundry_raw::v2025_05_01::types::{
    ListOfThreadMessage, MessageAttachment, MessageInputContent, MessageRole, ThreadMessage, ThreadMessageOptions,
};

use super::{Cursor, cursor_setters, operation};
use crate::client::ProjectClient;
use crate::request::Request;

/// The messages of a thread.
#[derive(Clone, Debug)]
pub struct Messages {
    pub(super) client: ProjectClient,
    pub(super) thread_id: String,
}

impl Messages {
    /// Adds a message of the user: a text, or a list of blocks.
    ///
    /// Sends `POST /threads/{threadId}/messages`.
    pub fn create(&self, content: impl Into<MessageInputContent>) -> Request<CreateMessage> {
        let body = ThreadMessageOptions::new(MessageRole::User, content);
        Request::new(&self.client, CreateMessage { thread_id: self.thread_id.clone(), body })
    }

    /// Gets a message.
    ///
    /// Sends `GET /threads/{threadId}/messages/{messageId}`.
    pub fn get(&self, message_id: impl Into<String>) -> Request<GetMessage> {
        let operation = GetMessage { thread_id: self.thread_id.clone(), message_id: message_id.into() };
        Request::new(&self.client, operation)
    }

    /// Lists the messages, one page, the newest first unless [`order`](Request::order) is set.
    ///
    /// Sends `GET /threads/{threadId}/messages`.
    pub fn list(&self) -> Request<ListMessages> {
        let operation = ListMessages { thread_id: self.thread_id.clone(), run_id: None, cursor: Cursor::default() };
        Request::new(&self.client, operation)
    }
}

/// `POST /threads/{threadId}/messages`
#[derive(Clone, Debug)]
pub struct CreateMessage {
    thread_id: String,
    body: ThreadMessageOptions,
}

operation!(CreateMessage = "Messages_create" -> ThreadMessage, |this, raw| raw.messages_create(&this.thread_id, &this.body));

impl Request<CreateMessage> {
    /// Who says it; the user unless set.
    pub fn role(mut self, role: impl Into<MessageRole>) -> Self {
        self.operation.body = self.operation.body.role(role);
        self
    }

    /// Files that come with it.
    pub fn attachments(mut self, attachments: impl IntoIterator<Item = impl Into<MessageAttachment>>) -> Self {
        self.operation.body = self.operation.body.attachments(attachments);
        self
    }

    /// The caller's own key-value pairs.
    pub fn metadata(mut self, entries: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.operation.body = self.operation.body.metadata(entries);
        self
    }
}

/// `GET /threads/{threadId}/messages/{messageId}`
#[derive(Clone, Debug)]
pub struct GetMessage {
    thread_id: String,
    message_id: String,
}

operation!(GetMessage = "Messages_get" -> ThreadMessage, |this, raw| raw.messages_get(&this.thread_id, &this.message_id));

/// `GET /threads/{threadId}/messages`
#[derive(Clone, Debug)]
pub struct ListMessages {
    thread_id: String,
    run_id: Option<String>,
    cursor: Cursor,
}

operation!(ListMessages = "Messages_list" -> ListOfThreadMessage, |this, raw| raw.messages_list(
    &this.thread_id,
    this.cursor.after.as_deref(),
    this.cursor.before.as_deref(),
    this.cursor.limit,
    this.cursor.order.as_ref(),
    this.run_id.as_deref(),
));
cursor_setters!(ListMessages);

impl Request<ListMessages> {
    /// Only the messages that this run made.
    pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
        self.operation.run_id = Some(run_id.into());
        self
    }
}
