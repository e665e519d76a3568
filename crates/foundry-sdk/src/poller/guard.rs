//! Cancelling what runs on the service when nobody waits for it any more.

use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use tokio::runtime::Handle;

use crate::error::{Error, ErrorKind, Result};

/// Sends what cancels something, and says whether it is.
pub(crate) type Cancel = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// Cancels a run on the service when it is dropped.
///
/// A future that is dropped stops on this side only: the run goes on, is paid for, and blocks its
/// thread. A guard that is dropped sends one request to cancel it, by a task of the runtime that the
/// guard was made in; whether that succeeds nobody is told but `tracing`. Without a runtime, or when it
/// shuts down first, nothing is sent; [`cancel`](Self::cancel) is the sure way.
#[must_use = "a guard cancels its run when it is dropped"]
pub struct RunGuard {
    cancel: Option<Cancel>,
    runtime: Option<Handle>,
    name: String,
}

impl RunGuard {
    pub(crate) fn new(name: String, cancel: Cancel) -> Self {
        Self { cancel: Some(cancel), runtime: Handle::try_current().ok(), name }
    }

    /// Cancels it now. It may be `cancelling` for a while.
    ///
    /// If this future is dropped before it is ready, the guard cancels as if dropped itself.
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`]. What has ended already is no error.
    pub async fn cancel(mut self) -> Result<()> {
        if let Some(cancel) = self.cancel.clone() {
            cancel().await?;
        }
        self.cancel = None;
        Ok(())
    }

    /// Lets it run.
    pub fn disarm(mut self) {
        self.cancel = None;
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        let Some(cancel) = self.cancel.take() else { return };
        let name = std::mem::take(&mut self.name);
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(async move {
                if let Err(error) = cancel().await {
                    told::failed(&name, &error);
                }
            })),
            None => told::no_runtime(&name),
        }
    }
}

impl fmt::Debug for RunGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunGuard")
            .field("of", &self.name)
            .field("is_armed", &self.cancel.is_some())
            .finish_non_exhaustive()
    }
}

/// What a request to cancel something came to: a refusal counts as done if it has ended, and so does
/// a failure after which it is being canceled.
pub(crate) async fn as_cancelled(result: Result<()>, is_over: impl Future<Output = Result<bool>>) -> Result<()> {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::BadRequest | ErrorKind::Conflict) || error.is_retryable() => {
            match is_over.await {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(error),
            }
        }
        other => other,
    }
}

/// What is told to `tracing`.
#[cfg(feature = "tracing")]
mod told {
    use super::*;

    pub(super) fn failed(name: &str, error: &Error) {
        tracing::warn!(error = error.to_string(), "{name} was left and could not be canceled");
    }

    pub(super) fn no_runtime(name: &str) {
        tracing::warn!("{name} was left and is not canceled: there is no tokio runtime to do it");
    }
}

#[cfg(not(feature = "tracing"))]
mod told {
    use super::*;

    pub(super) fn failed(_name: &str, _error: &Error) {}

    pub(super) fn no_runtime(_name: &str) {}
}
