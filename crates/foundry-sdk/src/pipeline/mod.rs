//! The one way every call takes: stamped, given a credential, sent, read, tried again where that is
//! safe, and turned into an answer or an error.

mod attempt;
#[cfg(feature = "v1")]
mod elsewhere;
pub(crate) mod log;
mod options;
mod pulse;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use foundry_raw::{BoxError, Call, Operation, Response, Streaming};
use futures_core::future::BoxFuture;
use http::{HeaderName, HeaderValue, header};
use url::Url;

use self::attempt::Reading;
pub(crate) use self::attempt::Sender;
#[cfg(feature = "v1")]
pub(crate) use self::elsewhere::Put;
use self::options::Sent;
#[allow(unused_imports, reason = "not every API has agents with paths of their own")]
pub(crate) use self::options::{AgentScope, CallOptions, new_request_id};
pub use self::retry::RetryPolicy;
use self::retry::Tries;
pub(crate) use self::retry::{Budget, retry_after};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::feature::{self, FOUNDRY_FEATURES, FoundryFeature};
use crate::multipart::{BodySource, Trouble};

/// The header with our id of a request.
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// The headers that make a repetition safe by a standard of OASIS: an id, and when it was first sent.
const REPEATABILITY_REQUEST_ID: HeaderName = HeaderName::from_static("repeatability-request-id");
const REPEATABILITY_FIRST_SENT: HeaderName = HeaderName::from_static("repeatability-first-sent");

/// How long nothing may come before an answer counts as cut off.
pub(crate) const IDLE: Duration = Duration::from_secs(300);
/// The same where a model runs before the answer, or between its parts.
pub(crate) const IDLE_OF_MODEL: Duration = Duration::from_secs(600);
/// How much of an answer is read at most.
pub(crate) const ANSWER_LIMIT: usize = 64 << 20;

/// What all calls of a client share.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) sender: Sender,
    pub(crate) endpoint: Endpoint,
    pub(crate) credential: Credential,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) features: Vec<FoundryFeature>,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) timeout: Option<Duration>,
    pub(crate) answer_limit: usize,
    pub(crate) log_bodies: bool,
}

impl Pipeline {
    /// The pipeline with the options of one call.
    pub(crate) fn for_call(self: &Arc<Self>, options: CallOptions) -> Arc<dyn foundry_raw::Transport> {
        Arc::new(OneCall { pipeline: Arc::clone(self), options })
    }

    /// Puts on the request what is the same for all its attempts.
    fn stamp(&self, call: &mut Call, options: &CallOptions, client_request_id: &str) -> Result<()> {
        let id = HeaderValue::from_str(client_request_id).map_err(|_| {
            let message = format!("the client request id {client_request_id:?} has characters no header may hold");
            Error::new(ErrorKind::InvalidInput, message)
        })?;
        // What the caller gave comes first: the operation adds only what is not there.
        options.apply(call, id);
        let scope = options.agent_scope.as_ref().map(|scope| scope.table);
        if let Some(version) = scope.and_then(|scope| scope.api_version)
            && call.operation.api_version.is_none()
            && !call.url_is_exact
            && !call.request.url().query_pairs().any(|(name, _)| name == "api-version")
        {
            // The path of an agent takes one where the operation elsewhere takes none.
            let version = options.api_version.as_deref().unwrap_or(version);
            call.request.url_mut().query_pairs_mut().append_pair("api-version", version);
        }
        call.stamp(options.api_version.as_deref());
        let operation = call.operation;
        let headers = call.request.headers_mut();
        headers.entry(header::USER_AGENT).or_insert_with(|| self.user_agent.clone());
        let features = scope.map_or(operation.features, |scope| foundry_raw::Features::Required(scope.features));
        if !headers.contains_key(FOUNDRY_FEATURES)
            && let Some(value) = feature::header(features, &self.features, &options.features)?
        {
            headers.insert(FOUNDRY_FEATURES, value);
        }
        if let Some(name) = operation.replay_key
            && !headers.contains_key(name)
            && let (Ok(name), Ok(key)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&new_request_id()))
        {
            headers.insert(name, key);
        }
        // The service tells repetitions by the id and by when it was first sent.
        if headers.contains_key(REPEATABILITY_REQUEST_ID) && !headers.contains_key(REPEATABILITY_FIRST_SENT) {
            let now = httpdate::fmt_http_date(self.clock.system_time());
            if let Ok(now) = HeaderValue::from_str(&now) {
                headers.insert(REPEATABILITY_FIRST_SENT, now);
            }
        }
        Ok(())
    }

    /// A credential goes only to the endpoint's own origin.
    fn check_origin(&self, url: &Url) -> Result<()> {
        if self.endpoint.is_origin_of(url) {
            return Ok(());
        }
        let message = format!(
            "a request to another origin than the endpoint's was held back, for it would carry the credential: {}",
            url.origin().ascii_serialization()
        );
        Err(Error::new(ErrorKind::InvalidInput, message))
    }

    /// Sends a call until it succeeds, or must not or need not be sent again.
    ///
    /// Beside the result it says where it went, once that is known, and how often.
    async fn run(
        &self,
        mut call: Call,
        options: &CallOptions,
        client_request_id: &str,
        span: &log::Span,
        went: &mut Option<Sent>,
    ) -> Result<Response> {
        in_runtime()?;
        self.stamp(&mut call, options, client_request_id)?;
        self.check_origin(call.request.url())?;
        let operation = call.operation;
        // The generated client tells two methods of one path apart by it; it is never sent.
        call.request.url_mut().set_fragment(None);
        let went = went.insert(Sent { url: call.request.url().clone(), attempts: 0 });
        log::sent(span, &went.url);
        let source = options.body.as_deref();
        if source.is_none() {
            log::request_body(self.log_bodies, operation, &call.request);
        }
        let reading = Reading {
            stream: call.stream,
            stream_events: options.hands_over_events,
            idle: if operation.streaming == Streaming::Never { IDLE } else { IDLE_OF_MODEL },
            limit: self.answer_limit,
        };
        let is_replayable = operation.is_idempotent() || operation.replay_key.is_some();
        // A stream cannot be sent twice.
        let is_once = match source {
            Some(source) => !source.is_repeatable(),
            None => call.request.body().is_some_and(|body| body.as_bytes().is_none()),
        };
        let mut tries = Tries::of(self, options);
        let mut request = Some(call.request);
        let mut is_reauthorized = false;
        while let Some(mut sent) = request.take() {
            let once = async {
                let (name, value) = self.credential.header(&self.clock).await?;
                request = if is_once { None } else { sent.try_clone() };
                let trouble = put_on(source, &mut sent).await?;
                sent.headers_mut().insert(name, value.clone());
                let answered = self.sender.send(sent, operation, reading).await;
                // The connection only knows that the body broke off.
                answered
                    .map_err(|error| (trouble.and_then(|trouble| trouble.take()).unwrap_or(error), Some(value)).into())
            };
            let result: Result<Response, Failed> = tries.once(once).await;
            went.attempts = tries.count;
            let Failed { error, credential } = match result {
                Ok(response) => {
                    log::response(span, self.log_bodies, operation, &response, tries.count);
                    return Ok(response);
                }
                Err(failed) => failed,
            };
            let asked = error.headers().and_then(|headers| retry::retry_after(headers, || self.clock.system_time()));
            let error = error.of_method(&operation.method).with_retry_after(asked).with_attempts(tries.count);
            // A token may have been revoked, or have ended early: once more with another one.
            let is_refused = error.kind() == ErrorKind::Authentication && !is_reauthorized;
            if is_refused && request.is_some() && credential.is_some_and(|value| self.credential.forget(&value)) {
                is_reauthorized = true;
                log::retry(&error, tries.count, Duration::ZERO);
                continue;
            }
            let may_repeat = retry::may_repeat(&error, is_replayable);
            let wait = if request.is_some() && may_repeat { tries.wait(asked) } else { None };
            let Some(wait) = wait else {
                log::failure_body(self.log_bodies, operation, &error);
                let error = if is_once && may_repeat && tries.are_left() {
                    error.with_hint(SENT_ONCE.to_owned())
                } else {
                    error
                };
                return Err(self.with_hint(error, operation, Some(&went.url)));
            };
            log::retry(&error, tries.count, wait);
            self.clock.sleep(wait).await;
        }
        // The loop goes on only while there is a request to send.
        Err(Error::new(ErrorKind::Interrupted, "the request was not sent"))
    }

    /// Says with the error what was used, so that it can be mended.
    fn with_hint(&self, error: Error, operation: &'static Operation, url: Option<&Url>) -> Error {
        match error.kind() {
            ErrorKind::Authentication | ErrorKind::Permission => {
                let kind = self.credential.kind();
                let hint = match self.credential.requested_scope() {
                    Some(scope) => format!("sent with {kind}, for the scope {scope}"),
                    None => format!("sent with {kind}"),
                };
                error.with_hint(hint)
            }
            ErrorKind::NotFound => {
                let version = url.and_then(|url| url.query_pairs().find(|(name, _)| name == "api-version"));
                let surface = surface(operation);
                error.with_hint(match version {
                    Some((_, version)) => format!("asked of the {surface} surface with api-version {version}"),
                    None => format!("asked of the {surface} surface without api-version"),
                })
            }
            ErrorKind::PreviewFeatureRequired => {
                let mut missing = feature::named_in(error.message());
                if missing.is_empty() {
                    let listed = match operation.features {
                        foundry_raw::Features::Required(listed) | foundry_raw::Features::Optional(listed) => listed,
                        _ => &[],
                    };
                    missing = listed.iter().map(|feature| FoundryFeature::new(*feature)).collect();
                }
                let values: Vec<String> =
                    missing.iter().map(|feature| format!("FoundryFeature::new({:?})", feature.as_str())).collect();
                let hint = if values.is_empty() {
                    "opt in with `.features(..)` on the request or the client".to_owned()
                } else {
                    format!("opt in with `.features([{}])` on the request or the client", values.join(", "))
                };
                error.with_hint(hint).with_missing_features(missing)
            }
            _ => error,
        }
    }
}

/// Why a request is not repeated that others would be.
const SENT_ONCE: &str = "not sent again, for its body is a stream, which can be sent only once";

/// Puts on an attempt the body that is made for it.
async fn put_on(source: Option<&dyn BodySource>, request: &mut reqwest::Request) -> Result<Option<Trouble>> {
    match source {
        Some(source) => source.put_on(request).await.map(Some),
        None => Ok(None),
    }
}

/// Whether there is a runtime, without which nothing can be sent or waited for.
pub(crate) fn in_runtime() -> Result<()> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => {
            let message = "there is no tokio runtime here: await this inside of one, such as `#[tokio::main]` starts";
            Err(Error::new(ErrorKind::InvalidInput, message))
        }
    }
}

/// What people call the part of the API that an operation belongs to.
fn surface(operation: &Operation) -> &'static str {
    let first = operation.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "assistants" | "threads" | "files" | "vector_stores" => "classic",
        "openai" => "OpenAI-style",
        _ => "project",
    }
}

/// A failed attempt, and what it was sent with, if it was.
struct Failed {
    error: Error,
    credential: Option<HeaderValue>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, credential: None }
    }
}

impl From<(Error, Option<HeaderValue>)> for Failed {
    fn from((error, credential): (Error, Option<HeaderValue>)) -> Self {
        Self { error, credential }
    }
}

/// The pipeline as the transport of one call.
#[derive(Debug)]
struct OneCall {
    pipeline: Arc<Pipeline>,
    options: CallOptions,
}

impl foundry_raw::Transport for OneCall {
    fn send(&self, call: Call) -> BoxFuture<'_, Result<Response, BoxError>> {
        Box::pin(async move {
            // A request makes its id itself; calls of the generated client get one each here.
            let made;
            let id = match &self.options.client_request_id {
                Some(id) => id,
                None => {
                    made = new_request_id();
                    &made
                }
            };
            let operation = call.operation;
            let built = call.request.url().clone();
            let span = log::span(operation, &self.pipeline.endpoint, id);
            let mut went = None;
            let run = self.pipeline.run(call, &self.options, id, &span, &mut went);
            let result = log::in_span(&span, run).await;
            let result = result.map_err(|error| {
                let url = went.as_ref().map_or(&built, |sent| &sent.url);
                let error = error.of_call(operation.id, Some(url), id).of_method(&operation.method);
                log::failure(&span, &error);
                error.into()
            });
            // A request has one call; of a client's other calls nobody asks it.
            if let Some(went) = went {
                let _ = self.options.sent.set(went);
            }
            result
        })
    }
}

/// The SDK's error from the generated client's.
pub(crate) fn from_raw(error: foundry_raw::Error) -> Error {
    match error {
        foundry_raw::Error::Transport(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::new(ErrorKind::Interrupted, "the transport failed").with_source(error),
        },
        foundry_raw::Error::Request(error) => Error::new(ErrorKind::InvalidInput, error.to_string()).with_source(error),
        foundry_raw::Error::Status { status, headers, body } => Error::from_answer(status, *headers, body),
        foundry_raw::Error::Decode { status, headers, body, error } => {
            Error::from_undecoded(status, *headers, body, error)
        }
        // Non-exhaustive over there; ours is made with it.
        other => Error::new(ErrorKind::Interrupted, other.to_string()),
    }
}
