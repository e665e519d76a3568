//! A request on its way to be sent: the core that all operations share.

use std::fmt;
use std::future::IntoFuture;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::answer;
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, RequestIds, Result};
use crate::feature::FoundryFeature;
use crate::pager::{Paged, Place, RawReply};
use crate::pipeline::{CLIENT_REQUEST_ID, CallOptions, RetryPolicy, from_raw, log, new_request_id};

/// An operation with its arguments: what a [`Request`] sends.
///
/// Implemented for the operations of the API; there is nothing for others to implement.
pub trait Operation: sealed::Sealed + Send + Sized + 'static {
    /// What the service answers.
    type Output: Send + 'static;

    /// What the document says of the operation.
    #[doc(hidden)]
    fn table(&self) -> &'static foundry_raw::Operation;

    /// Calls the generated client.
    #[doc(hidden)]
    fn call(self, client: &ProjectClient, options: CallOptions) -> RawReply<Self::Output>;
}

/// Says how an operation calls the generated client. Where it stands, `api` is the module of its API
/// and `raw` makes the client.
macro_rules! operation {
    ($operation:ident = $table:ident -> $output:ty, |$this:ident, $raw:ident| $call:expr) => {
        impl crate::request::sealed::Sealed for $operation {}

        impl crate::request::Operation for $operation {
            type Output = $output;

            fn table(&self) -> &'static foundry_raw::Operation {
                &api::operations::$table
            }

            fn call(
                self,
                client: &crate::ProjectClient,
                options: crate::pipeline::CallOptions,
            ) -> crate::pager::RawReply<$output> {
                let $raw = raw(client, options);
                let $this = self;
                // Some have no argument.
                let _ = &$this;
                Box::pin(async move {
                    let $raw = $raw?;
                    $call.await
                })
            }
        }
    };
}
pub(crate) use operation;

/// Says how an operation asks for a stream: by its body, by its query, or by its method alone.
macro_rules! streamed {
    ($operation:ident $(, $asked:ident)?, |$this:ident, $raw:ident| $call:expr) => {
        impl crate::request::Streamed for $operation {
            #[allow(unused_mut, reason = "not every operation is asked by what it sends")]
            fn stream(
                mut self,
                client: &crate::ProjectClient,
                options: crate::pipeline::CallOptions,
            ) -> crate::pager::RawReply<foundry_raw::ByteStream> {
                $(crate::request::ask_for_stream!(self, $asked);)?
                let $raw = raw(client, options);
                let $this = self;
                Box::pin(async move {
                    let $raw = $raw?;
                    $call.await
                })
            }
        }
    };
}
pub(crate) use streamed;

macro_rules! ask_for_stream {
    ($this:ident, body) => {
        $this.body.stream = Some(true)
    };
    ($this:ident, query) => {
        $this.stream = Some(true)
    };
}
pub(crate) use ask_for_stream;

/// Says how an operation whose body is a form, or the content of a file, calls the generated client.
macro_rules! upload {
    ($operation:ident = $($rest:tt)+) => {
        crate::request::upload!($operation by stand_in = $($rest)+);
    };
    ($operation:ident by $stand_in:ident = $table:ident -> $output:ty, |$this:ident, $body:ident, $raw:ident| $call:expr) => {
        impl crate::request::sealed::Sealed for $operation {}

        impl crate::request::Operation for $operation {
            type Output = $output;

            fn table(&self) -> &'static foundry_raw::Operation {
                &api::operations::$table
            }

            fn call(
                self,
                client: &crate::ProjectClient,
                mut options: crate::pipeline::CallOptions,
            ) -> crate::pager::RawReply<$output> {
                let client = client.clone();
                let $this = self;
                Box::pin(async move {
                    options.body = Some(std::sync::Arc::new($this.form()?));
                    let $raw = raw(&client, options)?;
                    let $body = crate::multipart::Form::$stand_in();
                    $call.await
                })
            }
        }
    };
}
pub(crate) use upload;

/// An operation whose answer may be a stream of events.
pub(crate) trait Streamed: Operation {
    /// Calls the generated client for the stream.
    fn stream(self, client: &ProjectClient, options: CallOptions) -> RawReply<foundry_raw::ByteStream>;
}

/// A list as one text, as query parameters without `explode` are sent.
pub(crate) fn joined(values: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(value.as_ref());
    }
    text
}

pub(crate) mod sealed {
    /// Only this crate names operations.
    pub trait Sealed {}
}

/// A request: an operation with its arguments, and the options of this one call.
///
/// `.await` sends it and gives the value; [`send`](Self::send) gives the whole [`Reply`]. What takes
/// futures only, such as `tokio::join!` or `tokio::spawn`, takes its `into_future()`:
///
/// ```
/// # #[cfg(feature = "v1")]
/// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
/// use std::future::IntoFuture as _;
///
/// let responses = client.responses();
/// let ask = |question: &str| responses.create(question).agent("cowboy").into_future();
/// let answers = futures_util::future::try_join_all(["Why?", "When?"].map(ask)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct Request<O> {
    pub(crate) client: ProjectClient,
    pub(crate) options: CallOptions,
    pub(crate) operation: O,
    /// Where a list begins, if not at its beginning.
    pub(crate) start: Option<Place>,
    /// Whether the id of the call is the caller's.
    pub(crate) has_own_id: bool,
    /// The first of what the caller gave that cannot be sent.
    refused: Option<String>,
}

/// A clone is another request: it has its own answer, under the same id.
impl<O: Clone> Clone for Request<O> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            options: self.options.unsent(),
            operation: self.operation.clone(),
            start: self.start.clone(),
            has_own_id: self.has_own_id,
            refused: self.refused.clone(),
        }
    }
}

impl<O: Operation> Request<O> {
    pub(crate) fn new(client: &ProjectClient, operation: O) -> Self {
        let options = CallOptions {
            client_request_id: Some(new_request_id()),
            agent_scope: client.agent_scope().cloned(),
            ..CallOptions::default()
        };
        Self { client: client.clone(), options, operation, start: None, has_own_id: false, refused: None }
    }

    /// Adds a header; it wins over one that the operation sets by itself.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            // One id: the one that is sent is the one that is told.
            (Ok(name), Ok(_)) if name == CLIENT_REQUEST_ID => return self.client_request_id(value),
            (Ok(name), Ok(value)) => self.options.header(name, value),
            (Err(_), _) => self.refuse(format!("{name:?} is no name of a header")),
            (_, Err(_)) => {
                self.refuse(format!("the value of the header `{name}` has characters that no header may hold"))
            }
        }
        self
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.query.push((name.into(), value.into()));
        self
    }

    /// How long the call may take with all its attempts and waits, instead of the client's limit;
    /// of a stream, until it begins.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options.timeout = Some(time);
        self
    }

    /// How often it is tried, instead of the client's policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(policy);
        self
    }

    /// Opts into previews, beside those the operation requires. A header `Foundry-Features` of the
    /// caller's own is sent as it is, instead of all others.
    pub fn features(mut self, features: impl IntoIterator<Item = impl Into<FoundryFeature>>) -> Self {
        for feature in features.into_iter().map(Into::into) {
            if let Err(error) = feature.check() {
                self.refuse(error.message().to_owned());
            }
            self.options.features.push(feature);
        }
        self
    }

    /// Asks with another api-version than the client's.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.options.api_version = Some(version.into());
        self
    }

    /// Sets our id of the request (`x-ms-client-request-id`); one is made otherwise.
    pub fn client_request_id(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        if HeaderValue::from_str(&id).is_err() {
            self.refuse(format!("the client request id {id:?} has characters that no header may hold"));
        }
        self.options.client_request_id = Some(id);
        self.has_own_id = true;
        self
    }

    pub(crate) fn refuse(&mut self, reason: String) {
        self.refused.get_or_insert(reason);
    }

    /// Sends it, and answers with value, status, headers and ids.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send(self) -> Result<Reply<O::Output>> {
        self.finish(|operation, client, options| operation.call(client, options)).await
    }

    pub(crate) async fn finish<T>(
        self,
        call: impl FnOnce(O, &ProjectClient, CallOptions) -> RawReply<T>,
    ) -> Result<Reply<T>> {
        let table = self.operation.table();
        let client_request_id = self.options.client_request_id.clone().unwrap_or_default();
        let refused = self.refused;
        #[cfg(feature = "v1")]
        let refused = refused.or_else(|| crate::responses::refused(&self.operation, &self.options));
        if let Some(reason) = refused {
            let error = Error::new(ErrorKind::InvalidInput, reason);
            return Err(error.of_call(table.id, None, &client_request_id));
        }
        let sent = Arc::clone(&self.options.sent);
        let answered = call(self.operation, &self.client, self.options).await;
        let reply = answered.map_err(|error| {
            // What the transport makes an error of, it has told of.
            let is_told = matches!(error, foundry_raw::Error::Transport(_));
            let mut error = from_raw(error);
            let url = sent.get().map(|sent| &sent.url);
            if let Some(sent) = sent.get().filter(|_| !is_told) {
                error = error.with_attempts(sent.attempts);
            }
            let error = error.of_call(table.id, url, &client_request_id).of_method(&table.method);
            if !is_told {
                log::failure(&log::Span::none(), &error);
            }
            error
        })?;
        Ok(Reply {
            value: reply.value,
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            client_request_id,
        })
    }
}

impl<O: Clone> Request<O> {
    /// The same for another page, or another try: a call of its own with an id of its own; a caller's id
    /// is for all.
    pub(crate) fn again(&self) -> Self {
        let mut request = self.clone();
        if !request.has_own_id {
            request.options.client_request_id = Some(new_request_id());
        }
        request
    }
}

impl<O: Paged> Request<O> {
    /// Sends it for the page at a place; the first one without.
    pub(crate) async fn send_at(self, place: Option<Place>) -> Result<Reply<O::Output>> {
        match place {
            None => self.send().await,
            Some(place) => self.finish(|operation, client, options| operation.at(place, client, options)).await,
        }
    }
}

impl<O: Operation> IntoFuture for Request<O> {
    type Output = Result<O::Output>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.send().await?.value) })
    }
}

/// An answer: the value, and what came with it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The value.
    pub value: T,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as received.
    pub body: Bytes,
    client_request_id: String,
}

impl<T> Reply<T> {
    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The same answer with another value.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            value: f(self.value),
            status: self.status,
            headers: self.headers,
            body: self.body,
            client_request_id: self.client_request_id,
        }
    }

    /// The ids of the request.
    pub(crate) fn ids(&self) -> RequestIds {
        RequestIds { service: self.request_id().map(str::to_owned), client: self.client_request_id.clone() }
    }

    pub(crate) fn into_parts(self) -> (T, StatusCode, HeaderMap, String) {
        (self.value, self.status, self.headers, self.client_request_id)
    }

    /// The service's id of the request (`x-request-id`).
    pub fn request_id(&self) -> Option<&str> {
        answer::text(&self.headers, &answer::REQUEST_ID)
    }

    /// What the service says of where its time went (`Server-Timing`).
    pub fn server_timing(&self) -> Option<&str> {
        answer::text(&self.headers, &answer::SERVER_TIMING)
    }

    /// What the service says of its limits: the headers whose names begin with `x-ratelimit-` or
    /// `ratelimit`.
    pub fn rate_limits(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        answer::rate_limits(&self.headers)
    }

    /// Our id of the request (`x-ms-client-request-id`).
    pub fn client_request_id(&self) -> &str {
        &self.client_request_id
    }
}

/// The body may hold what the value's type hides.
impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("client_request_id", &self.client_request_id)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
