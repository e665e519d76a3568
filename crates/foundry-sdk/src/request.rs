//! A request on its way to be sent: the core that all operations share.

use std::future::IntoFuture;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use foundry_raw::v2025_05_01;
use futures_core::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::{CLIENT_REQUEST_ID, CallOptions, from_raw, new_request_id};

/// An operation with its arguments: what a [`Request`] sends.
///
/// Implemented for the operations of the API; there is nothing for others to implement.
pub trait Operation: sealed::Sealed + Send + Sized + 'static {
    /// What the service answers.
    type Output: Send + 'static;

    /// The document's id of the operation.
    #[doc(hidden)]
    const ID: &'static str;

    /// Calls the generated client.
    #[doc(hidden)]
    fn call(
        self,
        client: v2025_05_01::Client,
    ) -> BoxFuture<'static, Result<foundry_raw::Reply<Self::Output>, foundry_raw::Error>>;
}

pub(crate) mod sealed {
    /// Only this crate names operations.
    pub trait Sealed {}
}

/// A request: an operation with its arguments, and the options of this one call.
///
/// `.await` sends it and gives the value; [`send`](Self::send) gives the whole [`Reply`].
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct Request<O> {
    pub(crate) client: ProjectClient,
    pub(crate) options: CallOptions,
    pub(crate) operation: O,
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
            refused: self.refused.clone(),
        }
    }
}

impl<O: Operation> Request<O> {
    pub(crate) fn new(client: &ProjectClient, operation: O) -> Self {
        let mut options = CallOptions::new(client.classic_api_version().map(str::to_owned));
        options.client_request_id = Some(new_request_id());
        Self { client: client.clone(), options, operation, refused: None }
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
        self
    }

    fn refuse(&mut self, reason: String) {
        self.refused.get_or_insert(reason);
    }

    /// Sends it, and answers with value, status, headers and ids.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send(self) -> Result<Reply<O::Output>> {
        let client_request_id = self.options.client_request_id.clone().unwrap_or_default();
        if let Some(reason) = self.refused {
            let error = Error::new(ErrorKind::InvalidInput, reason);
            return Err(error.of_call(O::ID, None, &client_request_id));
        }
        let url = Arc::clone(&self.options.url);
        let raw = self.client.raw_for_call(self.options);
        let reply = self
            .operation
            .call(raw)
            .await
            .map_err(|error| from_raw(error).of_call(O::ID, url.get(), &client_request_id))?;
        Ok(Reply {
            value: reply.value,
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            client_request_id,
        })
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
#[derive(Clone, Debug)]
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

    /// The service's id of the request (`x-request-id`).
    pub fn request_id(&self) -> Option<&str> {
        self.headers.get("x-request-id")?.to_str().ok()
    }

    /// Our id of the request (`x-ms-client-request-id`).
    pub fn client_request_id(&self) -> &str {
        &self.client_request_id
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
