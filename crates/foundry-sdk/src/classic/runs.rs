//! What runs have beside their generated requests: polling.

use super::{CreateRun, Runs};
use crate::poller::{Polled, Poller};
use crate::request::Request;
use crate::types::{RunStatus, ThreadRun};

/// Polls a run until it ends, or needs something from the caller.
pub type RunPoller = Poller<ThreadRun>;

impl Request<CreateRun> {
    /// Starts the run, and polls it until it has completed, failed, expired, been cancelled, ended
    /// incomplete, or needs an action of the caller.
    ///
    /// Sends `POST /threads/{threadId}/runs` once, then `GET /threads/{threadId}/runs/{runId}`.
    pub fn poll(self) -> RunPoller {
        let client = self.client.clone();
        let runs = Runs { client: client.clone(), thread_id: self.operation.thread_id.clone() };
        let mut start = Some(self);
        Poller::new(
            std::sync::Arc::clone(client.clock()),
            Box::new(move |last| {
                let start = start.take();
                let runs = runs.clone();
                Box::pin(async move {
                    match (start, last) {
                        (Some(start), _) => start.await,
                        (None, Some(last)) => runs.get(last.id).await,
                        (None, None) => Err(crate::Error::new(
                            crate::ErrorKind::InvalidInput,
                            "the run was not started, so there is nothing to poll",
                        )),
                    }
                })
            }),
        )
    }
}

impl Polled for ThreadRun {
    fn state(&self) -> &str {
        self.status.as_str()
    }

    fn has_ended(&self) -> bool {
        match &self.status {
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled | RunStatus::Expired => true,
            // It waits for the caller; asking again shows nothing new.
            RunStatus::RequiresAction => true,
            // The service has it, the document's list does not.
            other => other.as_str() == "incomplete",
        }
    }

    fn name(&self) -> String {
        format!("run {} of thread {}", self.id, self.thread_id)
    }
}
