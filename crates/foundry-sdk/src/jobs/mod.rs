//! Jobs: what runs on the service for long, polled from its start to its result.

mod say;
mod started;

use std::fmt;
use std::time::Duration;

#[allow(unused_imports, reason = "not every API has jobs")]
pub(crate) use self::say::{job, job_status, json, read, text};
use serde_json::Value;

use self::started::Started;
use crate::error::{Error, ErrorDetail, ErrorKind, Result};
use crate::poller::{self, Polled, Poller, Standing};
use crate::request::{Operation, Request};

/// Polls a job; made by [`Request::poll`] of an operation that starts one.
///
/// Awaited it gives the last status, however the job ended; [`completed`](Poller::completed) gives its
/// result, [`outcome`](Poller::outcome) says as well whether another job took its place.
///
/// What it waits between two questions begins at 1 s and grows to 30 s, for a job takes its time; where
/// the service says when to come back, it is that. It may take an hour in all. Both can be
/// [set](Poller::max_wait).
pub type JobPoller<S> = Poller<S>;

/// What the interval grows to.
const MAX_INTERVAL: Duration = Duration::from_secs(30);
/// How long a job may take.
const MAX_WAIT: Duration = Duration::from_secs(3600);

pub(crate) mod sealed {
    /// Only this crate names what is a job.
    pub trait Sealed {}
}

/// The status of a job, as the service answers it.
///
/// Implemented for the jobs of the API; there is nothing for others to implement.
pub trait JobStatus: sealed::Sealed + foundry_raw::Decode + Clone + Send + Sync + 'static {
    /// What a job has when it is completed.
    type Result: Send + 'static;

    /// What the job is, in words.
    #[doc(hidden)]
    const NAME: &'static str;

    #[doc(hidden)]
    fn job_id(&self) -> &str;

    #[doc(hidden)]
    fn job_state(&self) -> &str;

    /// What the service says of the reason, in whatever form it does.
    #[doc(hidden)]
    fn job_error(&self) -> Option<Value>;

    #[doc(hidden)]
    fn into_job_result(self) -> Option<Self::Result>;

    /// The job that took its place, if the service names it.
    #[doc(hidden)]
    fn superseded_by(&self) -> Option<&str> {
        None
    }
}

/// An operation that starts a job, or gets the status of one.
///
/// Implemented for the operations of the API; there is nothing for others to implement.
pub trait LongRunning: Operation<Output: JobStatus> {
    /// Gets its status.
    #[doc(hidden)]
    type Look: JobLook<Output = Self::Output>;

    /// The operation that gets the status, without the job's id if that is not known yet.
    #[doc(hidden)]
    fn look(&self) -> Self::Look;
}

/// Gets the status of a job by its id.
#[doc(hidden)]
pub trait JobLook: Operation<Output: JobStatus> + Clone + Sync {
    /// Cancels the job.
    type Cancel: Operation;

    /// The same for the job with this id.
    fn at(self, id: &str) -> Self;

    /// Cancels that job, if there is an operation for it.
    fn cancel(&self) -> Option<Self::Cancel> {
        None
    }
}

impl<S: JobStatus> poller::sealed::Sealed for S {}

impl<S: JobStatus> Polled for S {
    fn id(&self) -> &str {
        self.job_id()
    }

    fn state(&self) -> &str {
        self.job_state()
    }

    fn name(&self) -> String {
        format!("{} {}", S::NAME, self.job_id())
    }

    fn standing(&self) -> Standing {
        standing(self.job_state())
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Completed,
    Superseded,
    Failed,
}

/// How a job in this state has ended, if it has. Jobs spell it in several ways.
fn end(state: &str) -> Option<End> {
    Some(match state.to_ascii_lowercase().as_str() {
        "completed" | "succeeded" => End::Completed,
        "superseded" => End::Superseded,
        "failed" | "cancelled" | "canceled" => End::Failed,
        _ => return None,
    })
}

fn standing(state: &str) -> Standing {
    match (end(state), state.to_ascii_lowercase().as_str()) {
        (Some(_), _) => Standing::Ended,
        (None, "queued" | "in_progress" | "cancelling" | "canceling") => Standing::Running,
        (None, _) => Standing::Unknown,
    }
}

/// How a job ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobOutcome<R> {
    /// It is completed, with this result; the service may give none.
    Completed(Option<R>),
    /// A later job does its work, the one with this id if the service names it.
    Superseded {
        /// The id of the later job.
        by: Option<String>,
    },
}

impl<R> JobOutcome<R> {
    /// The result, if there is one.
    pub fn into_result(self) -> Option<R> {
        match self {
            Self::Completed(result) => result,
            Self::Superseded { .. } => None,
        }
    }
}

/// How a job ended that failed or was canceled: the account of an error of the kind
/// [`ErrorKind::JobFailed`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobFailed {
    /// The job: what it is, and its id.
    pub job: String,
    /// The state that it ended in.
    pub status: String,
    /// The reason that the service gives, if it does: code, message, and what it is about.
    pub reason: Option<ErrorDetail>,
    /// The same as the service says it, with all else that stands there; as a type of its own it is in
    /// the status ([`Error::last_state`]).
    pub error: Option<Value>,
}

impl JobFailed {
    fn of<S: JobStatus>(status: &S) -> Self {
        let error = status.job_error();
        let reason = error.as_ref().map(ErrorDetail::read).filter(|reason| *reason != ErrorDetail::default());
        Self { job: status.name(), status: status.job_state().to_owned(), reason, error }
    }
}

impl fmt::Display for JobFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ended as `{}`", self.job, self.status)?;
        let Some(reason) = &self.reason else { return Ok(()) };
        match (&reason.message, &reason.code) {
            (Some(message), Some(code)) => write!(f, ": {message} ({code})"),
            (Some(text), None) | (None, Some(text)) => write!(f, ": {text}"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for JobFailed {}

impl<S: JobStatus> Poller<S> {
    /// Polls the job to its end, and says how it ended if it did not fail.
    ///
    /// # Errors
    /// Those of the poller; [`ErrorKind::JobFailed`] if it failed or was canceled: with the service's
    /// reason ([`Error::job_failed`]) and the status ([`Error::last_state`]).
    pub async fn outcome(self) -> Result<JobOutcome<S::Result>> {
        let (status, ids) = self.finish().await?;
        match end(status.job_state()) {
            Some(End::Completed) => Ok(JobOutcome::Completed(status.into_job_result())),
            Some(End::Superseded) => Ok(JobOutcome::Superseded { by: status.superseded_by().map(str::to_owned) }),
            Some(End::Failed) | None => {
                let failed = JobFailed::of(&status);
                let error = Error::new(ErrorKind::JobFailed, failed.to_string());
                Err(error.with_source(failed).of_ids(&ids).with_state(status))
            }
        }
    }

    /// Polls the job to its end, and gives its result; `None` if the service gives none, or a later
    /// job does its work.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// let job = client.preview().memory_stores().update_memories("support", "user_1").poll();
    /// if let Some(update) = job.completed().await? {
    ///     println!("{} memories changed", update.memory_operations.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`outcome`](Self::outcome).
    pub async fn completed(self) -> Result<Option<S::Result>> {
        Ok(self.outcome().await?.into_result())
    }
}

impl<O: LongRunning> Request<O> {
    /// Starts the job, or gets one that was started before, and polls it until it has ended.
    ///
    /// Sends the request once, then asks for the status: at the URL that the answer names in
    /// `Operation-Location`, or where the API's description has it. Headers, features, time limits and
    /// api-version are those of this request.
    ///
    /// An `Operation-Location` on another origin than the endpoint's is an error
    /// ([`ErrorKind::InvalidInput`]) that names both; nothing is sent there.
    pub fn poll(self) -> JobPoller<O::Output> {
        let client = self.client.clone();
        let job = Started::of(self);
        let mut poller = Poller::new(&client, Box::new(job));
        poller.options.max_interval = MAX_INTERVAL;
        poller.options.max_wait = MAX_WAIT;
        poller
    }
}

#[cfg(test)]
mod tests {
    use foundry_raw::Features;

    use super::*;

    #[test]
    fn every_state_that_is_known_is_placed() {
        for (state, ends) in [
            ("queued", Some(Standing::Running)),
            ("in_progress", Some(Standing::Running)),
            ("cancelling", Some(Standing::Running)),
            ("completed", None),
            ("succeeded", None),
            ("Succeeded", None),
            ("failed", None),
            ("cancelled", None),
            ("canceled", None),
            ("superseded", None),
            ("polishing", Some(Standing::Unknown)),
            ("", Some(Standing::Unknown)),
        ] {
            assert_eq!(standing(state), ends.unwrap_or(Standing::Ended), "{state}");
        }
    }

    /// A poll is sent with the features of the operation that gets the status: they have to be those
    /// that the start needs.
    #[test]
    fn the_status_of_each_job_is_an_operation_with_the_features_of_its_start() {
        let operations = foundry_raw::v1::OPERATIONS;
        let jobs: Vec<_> =
            operations.iter().filter_map(|operation| Some((operation, operation.long_running?))).collect();
        assert_eq!(jobs.len(), 5);
        for (start, job) in jobs {
            let look = operations
                .iter()
                .find(|operation| operation.method == http::Method::GET && operation.path == job.path)
                .unwrap_or_else(|| panic!("{}: nothing gets {}", start.id, job.path));
            let needed = |features: Features| match features {
                Features::Required(names) => names.to_vec(),
                _ => Vec::new(),
            };
            assert_eq!(needed(look.features), needed(start.features), "{}", start.id);
            assert_eq!(look.api_version, start.api_version, "{}", start.id);
            assert_eq!(job.result, Some("result"), "{}", start.id);
        }
    }
}
