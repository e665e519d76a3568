//! The classic surface: agents, threads, messages and runs.
//!
//! The same on api-version 2025-05-01 and on `v1`.

mod agents;
mod messages;
mod runs;
mod threads;

pub use agents::{Agents, CreateAgent, DeleteAgent, GetAgent, ListAgents};
pub use messages::{CreateMessage, GetMessage, ListMessages, Messages};
pub use runs::{CreateRun, GetRun, ListRuns, RunPoller, Runs};
pub use threads::{CreateThread, DeleteThread, GetThread, ListThreads, Threads};

use crate::client::ProjectClient;

/// The groups of the classic surface; cheap to clone.
#[derive(Clone, Debug)]
pub struct Classic {
    client: ProjectClient,
}

impl Classic {
    pub(crate) fn new(client: &ProjectClient) -> Self {
        Self { client: client.clone() }
    }

    /// Agents: a model with instructions and tools.
    pub fn agents(&self) -> Agents {
        Agents { client: self.client.clone() }
    }

    /// Threads: conversations.
    pub fn threads(&self) -> Threads {
        Threads { client: self.client.clone() }
    }

    /// The messages of a thread.
    pub fn messages(&self, thread_id: impl Into<String>) -> Messages {
        Messages { client: self.client.clone(), thread_id: thread_id.into() }
    }

    /// The runs of a thread.
    pub fn runs(&self, thread_id: impl Into<String>) -> Runs {
        Runs { client: self.client.clone(), thread_id: thread_id.into() }
    }
}

/// Says how an operation calls the generated client.
macro_rules! operation {
    ($operation:ident = $id:literal -> $output:ty, |$this:ident, $raw:ident| $call:expr) => {
        impl crate::request::sealed::Sealed for $operation {}

        impl crate::request::Operation for $operation {
            type Output = $output;

            const ID: &'static str = $id;

            fn call(
                self,
                $raw: foundry_raw::v2025_05_01::Client,
            ) -> futures_core::future::BoxFuture<'static, Result<foundry_raw::Reply<$output>, foundry_raw::Error>> {
                let $this = self;
                Box::pin(async move { $call.await })
            }
        }
    };
}
use operation;

/// The query of a listing by cursor, and its setters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    limit: Option<i64>,
    order: Option<foundry_raw::v2025_05_01::types::ListSortOrder>,
    after: Option<String>,
    before: Option<String>,
}

macro_rules! cursor_setters {
    ($operation:ident) => {
        impl crate::request::Request<$operation> {
            /// How many items a page holds at most (1 to 100).
            pub fn page_size(mut self, size: u32) -> Self {
                self.operation.cursor.limit = Some(size.into());
                self
            }

            /// Which items come first: `ListSortOrder::Asc` the oldest, `Desc` the newest.
            pub fn order(mut self, order: impl Into<foundry_raw::v2025_05_01::types::ListSortOrder>) -> Self {
                self.operation.cursor.order = Some(order.into());
                self
            }

            /// The id of the item that the page follows: the `last_id` of the page before.
            pub fn after(mut self, id: impl Into<String>) -> Self {
                self.operation.cursor.after = Some(id.into());
                self
            }

            /// The id of the item that the page ends in front of.
            pub fn before(mut self, id: impl Into<String>) -> Self {
                self.operation.cursor.before = Some(id.into());
                self
            }
        }
    };
}
use cursor_setters;
