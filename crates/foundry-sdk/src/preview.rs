//! Previews: groups of operations that the service may still change or take away.

use crate::client::ProjectClient;

/// The groups that are previews, each behind a feature that is sent by itself; cheap to clone.
#[derive(Clone, Debug)]
pub struct Preview {
    client: ProjectClient,
}

impl Preview {
    pub(crate) fn new(client: &ProjectClient) -> Self {
        Self { client: client.clone() }
    }

    pub(crate) fn project_client(&self) -> &ProjectClient {
        &self.client
    }
}
