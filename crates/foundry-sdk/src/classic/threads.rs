//! Threads of the classic surface.

use foundry_raw::v2025_05_01::types::{
    AgentThread, AgentThreadCreationOptions, ListOfAgentThread, ThreadDeletionStatus, ThreadMessageOptions,
    ToolResources,
};

use super::{Cursor, cursor_setters, operation};
use crate::client::ProjectClient;
use crate::request::Request;

/// Threads: conversations.
#[derive(Clone, Debug)]
pub struct Threads {
    pub(super) client: ProjectClient,
}

impl Threads {
    /// Creates a thread, empty unless messages are given.
    ///
    /// Sends `POST /threads`.
    pub fn create(&self) -> Request<CreateThread> {
        Request::new(&self.client, CreateThread { body: AgentThreadCreationOptions::new() })
    }

    /// Gets a thread, without its messages.
    ///
    /// Sends `GET /threads/{threadId}`.
    pub fn get(&self, thread_id: impl Into<String>) -> Request<GetThread> {
        Request::new(&self.client, GetThread { thread_id: thread_id.into() })
    }

    /// Lists the threads of the project, one page.
    ///
    /// Sends `GET /threads`.
    pub fn list(&self) -> Request<ListThreads> {
        Request::new(&self.client, ListThreads::default())
    }

    /// Deletes a thread with its messages and runs.
    ///
    /// Sends `DELETE /threads/{threadId}`.
    pub fn delete(&self, thread_id: impl Into<String>) -> Request<DeleteThread> {
        Request::new(&self.client, DeleteThread { thread_id: thread_id.into() })
    }
}

/// `POST /threads`
#[derive(Clone, Debug)]
pub struct CreateThread {
    body: AgentThreadCreationOptions,
}

operation!(CreateThread = "Threads_create" -> AgentThread, |this, raw| raw.threads_create(&this.body));

impl Request<CreateThread> {
    /// The messages that the thread begins with.
    pub fn messages(mut self, messages: impl IntoIterator<Item = impl Into<ThreadMessageOptions>>) -> Self {
        self.operation.body = self.operation.body.messages(messages);
        self
    }

    /// What tools work on in this thread.
    pub fn tool_resources(mut self, resources: impl Into<ToolResources>) -> Self {
        self.operation.body = self.operation.body.tool_resources(resources);
        self
    }

    /// The caller's own key-value pairs.
    pub fn metadata(mut self, entries: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.operation.body = self.operation.body.metadata(entries);
        self
    }
}

/// `GET /threads/{threadId}`
#[derive(Clone, Debug)]
pub struct GetThread {
    thread_id: String,
}

operation!(GetThread = "Threads_get" -> AgentThread, |this, raw| raw.threads_get(&this.thread_id));

/// `GET /threads`
#[derive(Clone, Debug, Default)]
pub struct ListThreads {
    cursor: Cursor,
}

operation!(ListThreads = "Threads_list" -> ListOfAgentThread, |this, raw| raw.threads_list(
    this.cursor.after.as_deref(),
    this.cursor.before.as_deref(),
    this.cursor.limit,
    this.cursor.order.as_ref(),
));
cursor_setters!(ListThreads);

/// `DELETE /threads/{threadId}`
#[derive(Clone, Debug)]
pub struct DeleteThread {
    thread_id: String,
}

operation!(DeleteThread = "Threads_deleteThread" -> ThreadDeletionStatus, |this, raw| raw.threads_delete_thread(&this.thread_id));
