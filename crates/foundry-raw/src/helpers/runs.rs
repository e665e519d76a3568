//! Helpers on runs: how they stand, and how they ended.

use std::fmt;
use std::time::Duration;

use super::retry_hint;
use crate::classic_types::{RunStatus, ThreadRun};

/// The code of a run that failed because too much was asked at once.
const RATE_LIMIT: &str = "rate_limit_exceeded";

/// How a run ended that did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunOutcome {
    /// It broke off with an error.
    Failed,
    /// It did not end in time, by the service's clock.
    Expired,
    /// It was canceled.
    Cancelled,
    /// It ended before its work was done, because its tokens were used up or its answer was filtered.
    Incomplete,
    /// It has not ended yet.
    Unfinished,
}

/// A run that did not complete; made by [`ThreadRun::into_result`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunFailed {
    /// How it ended.
    pub outcome: RunOutcome,
    /// The service's code: that of the error if it failed (`rate_limit_exceeded`, `server_error`), the
    /// reason if it ended incomplete (`max_completion_tokens`), else its status.
    pub code: String,
    /// The service's message; a sentence of ours if it gave none.
    pub message: String,
    /// How long the message asks to wait before the next try (`Try again in 21 seconds.`).
    pub retry_after: Option<Duration>,
    /// The run.
    pub run: Box<ThreadRun>,
}

impl RunFailed {
    /// Whether it failed because too much was asked at once: the same run may succeed later.
    pub fn is_rate_limited(&self) -> bool {
        self.outcome == RunOutcome::Failed && self.code == RATE_LIMIT
    }
}

/// One line with what support asks for.
impl fmt::Display for RunFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, run, .. } = self;
        write!(f, "run {} of thread {} is {}", run.id, run.thread_id, run.status)?;
        if code != run.status.as_str() {
            write!(f, " ({code})")?;
        }
        write!(f, ": {message}")
    }
}

impl std::error::Error for RunFailed {}

impl ThreadRun {
    /// Whether it has ended: completed, failed, cancelled, expired or incomplete. A run that waits for
    /// its caller has not.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.status,
            RunStatus::Completed
                | RunStatus::Failed
                | RunStatus::Cancelled
                | RunStatus::Expired
                | RunStatus::Incomplete
        )
    }

    /// The run if it has completed.
    ///
    /// ```
    /// use foundry_raw::RunOutcome;
    /// use foundry_raw::v2025_05_01::types::ThreadRun;
    ///
    /// let run: ThreadRun = foundry_raw::from_str(
    ///     r#"{"id":"run_1","thread_id":"thread_1","status":"failed","last_error":
    ///         {"code":"rate_limit_exceeded","message":"Rate limit is exceeded. Try again in 21 seconds."}}"#,
    /// )?;
    /// let failed = run.into_result().unwrap_err();
    /// assert_eq!(failed.outcome, RunOutcome::Failed);
    /// assert!(failed.is_rate_limited());
    /// assert_eq!(failed.retry_after.unwrap().as_secs(), 21);
    /// # Ok::<(), foundry_raw::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`RunFailed`], with the run in it, in every other status.
    pub fn into_result(self) -> Result<Self, RunFailed> {
        let outcome = match &self.status {
            RunStatus::Completed => return Ok(self),
            RunStatus::Failed => RunOutcome::Failed,
            RunStatus::Expired => RunOutcome::Expired,
            RunStatus::Cancelled => RunOutcome::Cancelled,
            RunStatus::Incomplete => RunOutcome::Incomplete,
            _ => RunOutcome::Unfinished,
        };
        let status = self.status.as_str();
        let reason = self.incomplete_details.as_ref().map(|details| details.reason.as_str());
        let (code, message) = match (&self.last_error, reason) {
            (Some(error), _) => (error.code.clone(), error.message.clone()),
            (None, Some(reason)) => (reason.to_owned(), "it ended before its work was done".to_owned()),
            (None, None) => (status.to_owned(), outcome.sentence().to_owned()),
        };
        let retry_after = retry_hint::retry_after(&message);
        Err(RunFailed { outcome, code, message, retry_after, run: Box::new(self) })
    }
}

impl RunOutcome {
    fn sentence(self) -> &'static str {
        match self {
            Self::Failed => "the service gave no reason",
            Self::Expired => "it did not end in time",
            Self::Cancelled => "it was canceled",
            Self::Incomplete => "it ended before its work was done",
            Self::Unfinished => "it has not ended yet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rest: &str) -> ThreadRun {
        crate::from_str(&format!(r#"{{"id":"run_1","thread_id":"thread_1",{rest}}}"#)).unwrap()
    }

    #[test]
    fn every_end_has_its_outcome_code_and_message() {
        for (json, outcome, code, message) in [
            (
                r#""status":"failed","last_error":{"code":"server_error","message":"Sorry."}"#,
                RunOutcome::Failed,
                "server_error",
                "Sorry.",
            ),
            (r#""status":"failed","last_error":null"#, RunOutcome::Failed, "failed", "the service gave no reason"),
            (
                r#""status":"incomplete","incomplete_details":{"reason":"max_completion_tokens"}"#,
                RunOutcome::Incomplete,
                "max_completion_tokens",
                "it ended before its work was done",
            ),
            (r#""status":"expired""#, RunOutcome::Expired, "expired", "it did not end in time"),
            (r#""status":"cancelled""#, RunOutcome::Cancelled, "cancelled", "it was canceled"),
            (r#""status":"cancelling""#, RunOutcome::Unfinished, "cancelling", "it has not ended yet"),
            (r#""status":"polishing""#, RunOutcome::Unfinished, "polishing", "it has not ended yet"),
        ] {
            let failed = run(json).into_result().unwrap_err();
            assert_eq!((failed.outcome, &*failed.code, &*failed.message), (outcome, code, message), "{json}");
            assert!(!failed.is_rate_limited());
            assert_eq!(failed.run.id, "run_1");
        }
        assert_eq!(run(r#""status":"completed""#).into_result().unwrap().id, "run_1");
    }

    #[test]
    fn one_line_names_the_run_its_thread_and_why() {
        let failed = run(r#""status":"failed","last_error":{"code":"server_error","message":"Sorry."}"#);
        assert_eq!(
            failed.into_result().unwrap_err().to_string(),
            "run run_1 of thread thread_1 is failed (server_error): Sorry."
        );
        let expired = run(r#""status":"expired""#).into_result().unwrap_err();
        assert_eq!(expired.to_string(), "run run_1 of thread thread_1 is expired: it did not end in time");
    }

    #[test]
    fn only_these_states_are_ends() {
        for (status, has_ended) in [
            ("queued", false),
            ("in_progress", false),
            ("requires_action", false),
            ("cancelling", false),
            ("polishing", false),
            ("completed", true),
            ("failed", true),
            ("cancelled", true),
            ("expired", true),
            ("incomplete", true),
        ] {
            assert_eq!(run(&format!(r#""status":"{status}""#)).has_ended(), has_ended, "{status}");
        }
    }
}
