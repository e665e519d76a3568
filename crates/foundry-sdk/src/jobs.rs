//! Jobs: what runs on the service for long, polled from its start to its result.

use std::fmt;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use http::HeaderMap;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::poller::{self, Cancel, Job, Looks, Polled, Poller, Seen, Standing, as_cancelled};
use crate::request::{Operation, Reply, Request};
use crate::types::ApiError;

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

/// The header with the status' URL, where the document names none.
const OPERATION_LOCATION: &str = "operation-location";

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

    #[doc(hidden)]
    fn job_error(&self) -> Option<ApiError>;

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

/// Says how the status of a job is got, and how it is canceled if it can be.
macro_rules! job {
    ($start:ident by $look:ident[$id:ident]($($scope:ident),*)) => {
        crate::jobs::job!(@start $start $look $id ($($scope),*));

        impl crate::jobs::JobLook for $look {
            type Cancel = Self;

            fn at(mut self, id: &str) -> Self {
                self.$id = id.to_owned();
                self
            }
        }
    };
    ($start:ident by $look:ident[$id:ident]($($scope:ident),*), $cancel:ident) => {
        crate::jobs::job!(@start $start $look $id ($($scope),*));

        impl crate::jobs::JobLook for $look {
            type Cancel = $cancel;

            fn at(mut self, id: &str) -> Self {
                self.$id = id.to_owned();
                self
            }

            fn cancel(&self) -> Option<$cancel> {
                Some($cancel { $($scope: self.$scope.clone(),)* $id: self.$id.clone() })
            }
        }

        impl crate::poller::Cancelable for <$look as crate::request::Operation>::Output {}
    };
    (@start $start:ident $look:ident $id:ident ($($scope:ident),*)) => {
        impl crate::jobs::LongRunning for $start {
            type Look = $look;

            fn look(&self) -> $look {
                $look { $($scope: self.$scope.clone(),)* $id: String::new() }
            }
        }

        impl crate::jobs::LongRunning for $look {
            type Look = Self;

            fn look(&self) -> Self {
                self.clone()
            }
        }
    };
}
pub(crate) use job;

/// Says where the status of a job has what: a struct, or a union whose kinds have the same fields.
macro_rules! job_status {
    (types::$status:ident as $name:literal: $id:ident -> $result:ty, $property:ident $(, $by:ident)?) => {
        impl crate::jobs::sealed::Sealed for types::$status {}

        impl crate::jobs::JobStatus for types::$status {
            type Result = $result;

            const NAME: &'static str = $name;

            fn job_id(&self) -> &str {
                &self.$id
            }

            fn job_state(&self) -> &str {
                self.status.as_str()
            }

            fn job_error(&self) -> Option<crate::types::ApiError> {
                self.error.clone()
            }

            fn into_job_result(self) -> Option<$result> {
                self.$property
            }

            $(fn superseded_by(&self) -> Option<&str> {
                self.$by.as_deref()
            })?
        }
    };
    (types::$status:ident as $name:literal: $id:ident -> $result:ty, $property:ident of $($kind:ident)|+) => {
        impl crate::jobs::sealed::Sealed for types::$status {}

        impl crate::jobs::JobStatus for types::$status {
            type Result = $result;

            const NAME: &'static str = $name;

            fn job_id(&self) -> &str {
                match self {
                    $(Self::$kind(job) => &job.$id,)+
                    Self::Unknown(job) => crate::jobs::text(job, stringify!($id)),
                    _ => "",
                }
            }

            fn job_state(&self) -> &str {
                match self {
                    $(Self::$kind(job) => job.status.as_str(),)+
                    Self::Unknown(job) => crate::jobs::text(job, "status"),
                    _ => "",
                }
            }

            fn job_error(&self) -> Option<crate::types::ApiError> {
                match self {
                    $(Self::$kind(job) => job.error.clone(),)+
                    Self::Unknown(job) => crate::jobs::read(job, "error"),
                    _ => None,
                }
            }

            fn into_job_result(self) -> Option<$result> {
                match self {
                    $(Self::$kind(job) => job.$property,)+
                    Self::Unknown(job) => crate::jobs::read(&job, stringify!($property)),
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use job_status;

/// A text of a job of a kind that this version does not know.
pub(crate) fn text<'a>(job: &'a serde_json::Value, property: &str) -> &'a str {
    job.get(property).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// A property of a job of a kind that this version does not know.
pub(crate) fn read<T: serde::de::DeserializeOwned>(job: &serde_json::Value, property: &str) -> Option<T> {
    let value = job.get(property).filter(|value| !value.is_null())?;
    T::deserialize(value).ok()
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
    /// What the service says of the reason, if it does.
    pub error: Option<ApiError>,
}

impl fmt::Display for JobFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ended as `{}`", self.job, self.status)?;
        match &self.error {
            Some(error) => write!(f, ": {} ({})", error.message, error.code),
            None => Ok(()),
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
                let failed =
                    JobFailed { job: status.name(), status: status.job_state().to_owned(), error: status.job_error() };
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
        let looks = Looks::of(&self);
        let client = self.client.clone();
        let table = self.operation.table();
        let job = Started::<O::Look> {
            look: self.operation.look(),
            header: table.long_running.map_or(OPERATION_LOCATION, |job| job.header),
            location: None,
            start: Some(Box::pin(self.send())),
            looks,
        };
        let mut poller = Poller::new(&client, Box::new(job));
        poller.options.max_interval = MAX_INTERVAL;
        poller.options.max_wait = MAX_WAIT;
        poller
    }
}

type Answered<S> = BoxFuture<'static, Result<Reply<S>>>;

/// A job that one request starts.
struct Started<L: JobLook> {
    looks: Looks,
    start: Option<Answered<L::Output>>,
    look: L,
    /// The header that names the URL of the status.
    header: &'static str,
    location: Option<String>,
}

/// Where an answer says that the status is.
fn location(headers: &HeaderMap, header: &str) -> Option<String> {
    headers.get(header)?.to_str().ok().map(str::trim).filter(|link| !link.is_empty()).map(str::to_owned)
}

/// The request for the status, at its own path or at the URL that the service named.
fn ask<L: JobLook>(looks: &Looks, look: L, id: &str, location: Option<&str>) -> Result<Answered<L::Output>> {
    if location.is_none() && id.is_empty() {
        let message = "the answer to the start names neither the job's id nor where its status is";
        return Err(Error::new(ErrorKind::Decode, message));
    }
    let mut request = looks.like(Request::new(&looks.client, look.at(id)));
    let Some(location) = location else { return Ok(Box::pin(request.send())) };
    let table = request.operation.table();
    let version = request.options.api_version.take().or_else(|| table.api_version.map(str::to_owned));
    let url = status_url(&looks.client, location, version.as_deref())?;
    Ok(Box::pin(
        async move { request.finish(move |_, client, options| client.follow(url.into(), options, table)).await },
    ))
}

/// The URL of the status, if a credential may go there.
fn status_url(client: &crate::ProjectClient, location: &str, api_version: Option<&str>) -> Result<Url> {
    let endpoint = client.endpoint();
    let mut url = endpoint
        .join(location)
        .map_err(|_| Error::new(ErrorKind::Decode, "the service names the status of the job by what is no URL"))?;
    if !endpoint.is_origin_of(&url) {
        let message = format!(
            "the status of the job is said to be at {}, which is another origin than the endpoint's, {}: \
             it was not asked there, for that would hand the credential over",
            url.origin().ascii_serialization(),
            endpoint.origin()
        );
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    // A name in the URL would be sent as a credential.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some(version) = api_version
        && !url.query_pairs().any(|(name, _)| name == "api-version")
    {
        url.query_pairs_mut().append_pair("api-version", version);
    }
    Ok(url)
}

impl<L: JobLook> Started<L> {
    fn seen(&mut self, reply: Reply<L::Output>) -> Seen<L::Output> {
        if let Some(location) = location(&reply.headers, self.header) {
            self.location = Some(location);
        }
        self.looks.seen(reply)
    }
}

impl<L: JobLook> Job<L::Output> for Started<L> {
    fn start(&mut self, _for_good: bool, _deadline: Option<Instant>) -> BoxFuture<'_, Result<Seen<L::Output>>> {
        let start = self.start.take();
        Box::pin(async move {
            let Some(start) = start else {
                return Err(Error::new(ErrorKind::InvalidInput, "it was started before, and is started once"));
            };
            let reply = start.await?;
            Ok(self.seen(reply))
        })
    }

    fn look<'a>(&'a mut self, last: &'a L::Output) -> BoxFuture<'a, Result<Seen<L::Output>>> {
        let asked = ask(&self.looks, self.look.clone(), last.job_id(), self.location.as_deref());
        Box::pin(async move {
            let reply = asked?.await?;
            Ok(self.seen(reply))
        })
    }

    fn cancel(&self, last: &L::Output) -> Cancel {
        let (looks, look) = (self.looks.clone(), self.look.clone().at(last.job_id()));
        std::sync::Arc::new(move || {
            let (looks, look) = (looks.clone(), look.clone());
            Box::pin(async move {
                let Some(cancel) = look.cancel() else { return Ok(()) };
                let result = looks.like(Request::new(&looks.client, cancel)).await.map(|_| ());
                let is_over = async {
                    let status = looks.like(Request::new(&looks.client, look)).await?;
                    let is_being_canceled = status.job_state().to_ascii_lowercase().starts_with("cancel");
                    Ok(is_being_canceled || status.standing() == Standing::Ended)
                };
                as_cancelled(result, is_over).await
            })
        })
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
