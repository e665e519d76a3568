//! What ran on the service, or was waited for, when it failed.

use std::any::Any;

use super::{Error, Result};
use crate::answering::NeedsAction;

impl Error {
    /// What was waited for, as it was last seen: of an error of a [`Poller<S>`](crate::Poller) after
    /// its first state, and of a run that did not complete. `None` if there is none of this type.
    ///
    /// ```
    /// # fn told(error: &foundry_sdk::Error) {
    /// use foundry_sdk::types::ThreadRun;
    ///
    /// if let Some(run) = error.last_state::<ThreadRun>() {
    ///     println!("{} was last seen {}", run.id, run.status);
    /// }
    /// # }
    /// ```
    pub fn last_state<S: 'static>(&self) -> Option<&S> {
        let state = self.0.state.as_ref()?;
        if let Some(state) = state.downcast_ref::<S>() {
            return Some(state);
        }
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        if let Some(partial) = state.downcast_ref::<crate::classic::Partial>() {
            return (partial.run.as_ref()? as &dyn Any).downcast_ref::<S>();
        }
        #[cfg(feature = "v1")]
        if let Some(partial) = state.downcast_ref::<crate::responses::Partial>() {
            return (partial.response.as_ref()? as &dyn Any).downcast_ref::<S>();
        }
        Some(&state.downcast_ref::<NeedsAction<S>>()?.run)
    }

    /// What was put into it by [`with_state`](Self::with_state), as it is.
    #[cfg(feature = "v1")]
    pub(crate) fn state<S: 'static>(&self) -> Option<&S> {
        self.0.state.as_ref()?.downcast_ref()
    }

    /// The message that was being written when a run's stream broke: as much of its text as was read,
    /// up to 1 MiB.
    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    pub fn partial_message(&self) -> Option<&crate::classic::types::ThreadMessage> {
        self.0.state.as_ref()?.downcast_ref::<crate::classic::Partial>()?.message.as_ref()
    }

    /// What waits for an answer, and what of the answer is there
    /// ([`ErrorKind::NeedsAction`](crate::ErrorKind::NeedsAction)).
    pub fn needs_action<S: 'static>(&self) -> Option<&NeedsAction<S>> {
        self.0.state.as_ref()?.downcast_ref()
    }

    /// The same, taken out.
    ///
    /// # Errors
    /// The error itself, if it is another.
    pub fn into_needs_action<S: 'static>(mut self) -> Result<NeedsAction<S>, Self> {
        match self.0.state.take().map(<Box<dyn Any + Send + Sync>>::downcast::<NeedsAction<S>>) {
            Some(Ok(action)) => Ok(*action),
            Some(Err(other)) => {
                self.0.state = Some(other);
                Err(self)
            }
            None => Err(self),
        }
    }

    /// How a run ended that did not complete ([`ErrorKind::RunFailed`](crate::ErrorKind::RunFailed)).
    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    pub fn run_failed(&self) -> Option<&foundry_raw::RunFailed> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// What a vector store lacks that is not ready ([`ErrorKind::NotReady`](crate::ErrorKind::NotReady)).
    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    pub fn not_ready(&self) -> Option<&foundry_raw::VectorStoreNotReady> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// How a job ended that failed or was canceled ([`ErrorKind::JobFailed`](crate::ErrorKind::JobFailed)).
    pub fn job_failed(&self) -> Option<&crate::jobs::JobFailed> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// The code that a run, a response or a job ended with, if it is about one.
    pub(super) fn run_code(&self) -> Option<&str> {
        if let Some(failed) = self.job_failed() {
            return failed.reason.as_ref()?.code.as_deref();
        }
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        if let Some(failed) = self.run_failed() {
            return Some(&failed.code);
        }
        #[cfg(feature = "v1")]
        if let Some(failed) = self.response_failed() {
            return Some(&failed.code);
        }
        None
    }
}
