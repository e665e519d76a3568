//! The classic surface: agents, threads, messages, runs, files and vector stores.
//!
//! The same on api-version 2025-05-01 and on `v1`; what else 2025-05-01 has (connections, datasets,
//! indexes, deployments) hangs from it too. Groups and requests are generated; what is added
//! by hand stands here.

mod events;
mod files;
mod from_paths;
mod messages;
mod partial;
mod runs;
mod stream;
mod vector_stores;

pub use events::RunEvent;
pub use from_paths::{FileOutcome, FromPaths, ReportedFile, VectorStoreReport};
pub(crate) use partial::Partial;
pub use runs::RunPoller;
pub use stream::{RunItem, RunStream};

pub use crate::generated::classic::*;

use crate::client::ProjectClient;
pub use crate::multipart::FilesProgress;

/// The groups of the classic surface; cheap to clone.
#[derive(Clone, Debug)]
pub struct Classic {
    pub(crate) client: ProjectClient,
}

impl Classic {
    pub(crate) fn new(client: &ProjectClient) -> Self {
        Self { client: client.clone() }
    }

    pub(crate) fn project_client(&self) -> &ProjectClient {
        &self.client
    }
}
