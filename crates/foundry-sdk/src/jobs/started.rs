//! A job of the poller: started by one request, asked about at the URL that the service names, or where
//! the API's description has it.

use std::time::Instant;

use futures_core::future::BoxFuture;
use http::HeaderMap;
use url::Url;

use super::{JobLook, JobStatus as _, LongRunning};
use crate::error::{Error, ErrorKind, Result};
use crate::poller::{Cancel, Job, Looks, Polled as _, Seen, Standing, as_cancelled};
use crate::request::{Reply, Request};

/// The header with the status' URL, where the document names none.
const OPERATION_LOCATION: &str = "operation-location";

type Answered<S> = BoxFuture<'static, Result<Reply<S>>>;

/// A job that one request starts.
pub(super) struct Started<L: JobLook> {
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
    /// The job that a request starts.
    pub(super) fn of<O>(request: Request<O>) -> Self
    where
        O: LongRunning<Look = L, Output = L::Output>,
    {
        Self {
            looks: Looks::of(&request),
            look: request.operation.look(),
            header: request.operation.table().long_running.map_or(OPERATION_LOCATION, |job| job.header),
            location: None,
            start: Some(Box::pin(request.send())),
        }
    }

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
