//! The pipeline as the service that async-openai sends its requests with.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use ::async_openai::error::{ApiError, ApiErrorResponse, OpenAIError, WrappedError};
use ::async_openai::middleware::HttpRequestFactory;
use foundry_raw::{Body, BoxError, ByteStream, Call, Operation};
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use http::{HeaderValue, Method, StatusCode, header};
use url::Url;

use super::is_under;
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::multipart::{BodySource, Trouble};
use crate::pipeline::{AgentScope, CLIENT_REQUEST_ID, CallOptions, log, new_request_id};

/// Sends what async-openai builds through the pipeline of a client.
#[derive(Clone, Debug)]
pub(super) struct PipelineService {
    client: ProjectClient,
    base: Arc<str>,
    agent_scope: Option<AgentScope>,
}

impl PipelineService {
    pub(super) fn new(client: ProjectClient, base: Arc<str>, agent_scope: Option<AgentScope>) -> Self {
        Self { client, base, agent_scope }
    }

    async fn send(&self, factory: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
        let mut request = factory.build().await?;
        let operation = Operation::custom(request.method());
        let id = match request.headers().get(CLIENT_REQUEST_ID).and_then(|value| value.to_str().ok()) {
            Some(id) => id.to_owned(),
            None => new_request_id(),
        };
        let of = Of { operation, method: request.method().clone(), url: request.url().clone(), id };
        if !is_under(&self.base, &of.url) {
            let message = format!(
                "the request was held back: an id in its path is empty, `.` or `..`, or has one of them in it, \
                 and would make it another path under {}",
                self.base
            );
            return Err(failed(of.tell(Error::new(ErrorKind::InvalidInput, message))));
        }
        let options = self.options(&mut request, factory, &of);
        let transport = self.client.transport_for(options);
        match transport.send(Call::new(request, operation, false)).await {
            Ok(response) => Ok(answer(response, of)),
            Err(error) => Err(failed(sdk_error(error))),
        }
    }

    /// The options of a call; what they bring to the request goes off it.
    fn options(&self, request: &mut reqwest::Request, factory: HttpRequestFactory, of: &Of) -> CallOptions {
        let mut options = CallOptions {
            client_request_id: Some(of.id.clone()),
            hands_over_events: true,
            agent_scope: self.agent_scope.clone(),
            ..CallOptions::default()
        };
        if let Some(version) = options.agent_scope.as_ref().and_then(|scope| scope.table.api_version)
            && !of.url.query_pairs().any(|(name, _)| name == "api-version")
        {
            options.query.push(("api-version".to_owned(), version.to_owned()));
        }
        // Nobody knows here which type the answer has.
        request.headers_mut().entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        if let Some(body) = request.body_mut().take_if(|body| body.as_bytes().is_none()) {
            options.body = Some(Arc::new(Rebuilt { factory, first: Mutex::new(Some(body)) }));
        }
        options
    }
}

impl tower_service::Service<HttpRequestFactory> for PipelineService {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<reqwest::Response, OpenAIError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { service.send(factory).await })
    }
}

/// A body that is streamed, which async-openai makes anew for each attempt.
struct Rebuilt {
    factory: HttpRequestFactory,
    /// That of the first attempt, which was made with the request.
    first: Mutex<Option<reqwest::Body>>,
}

impl Rebuilt {
    async fn rebuild_on(&self, request: &mut reqwest::Request) -> Result<Trouble> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(body) = first {
            *request.body_mut() = Some(body);
            return Ok(Trouble::default());
        }
        let mut built = self.factory.build().await.map_err(unbuilt)?;
        *request.body_mut() = built.body_mut().take();
        // The boundary of a form is another one each time.
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            match built.headers_mut().remove(&name) {
                Some(value) => request.headers_mut().insert(name, value),
                None => request.headers_mut().remove(name),
            };
        }
        Ok(Trouble::default())
    }
}

impl BodySource for Rebuilt {
    fn is_repeatable(&self) -> bool {
        true
    }

    fn put_on<'a>(&'a self, request: &'a mut reqwest::Request) -> BoxFuture<'a, Result<Trouble>> {
        Box::pin(self.rebuild_on(request))
    }
}

impl fmt::Debug for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rebuilt")
    }
}

/// A request that could be made once and cannot be made again.
fn unbuilt(error: OpenAIError) -> Error {
    let kind = match error {
        OpenAIError::FileReadError(_) => ErrorKind::LocalFile,
        _ => ErrorKind::InvalidInput,
    };
    Error::new(kind, format!("the request cannot be made again: {error}")).with_source(error)
}

/// What the errors of a call are about.
struct Of {
    operation: &'static Operation,
    method: Method,
    url: Url,
    id: String,
}

impl Of {
    /// Says what an error is about, and tells it to `tracing`.
    fn tell(&self, error: Error) -> Error {
        let error = error.of_call(self.operation.id, Some(&self.url), &self.id).of_method(&self.method);
        log::failure(&log::Span::none(), &error);
        error
    }
}

/// The answer in async-openai's form.
fn answer(response: foundry_raw::Response, of: Of) -> reqwest::Response {
    let body = match response.body {
        Body::Whole(bytes) => reqwest::Body::from(bytes),
        Body::Stream(stream) => reqwest::Body::wrap_stream(told(stream, of)),
        _ => reqwest::Body::default(),
    };
    let mut answer = http::Response::new(body);
    *answer.status_mut() = response.status;
    *answer.headers_mut() = response.headers;
    answer.into()
}

/// A stream whose failure is told here: async-openai only says that there was one.
fn told(stream: ByteStream, of: Of) -> ByteStream {
    Box::pin(stream.map_err(move |error| of.tell(sdk_error(error)).into()))
}

fn sdk_error(error: BoxError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::new(ErrorKind::Interrupted, "the transport failed").with_source(error),
    }
}

/// The error as async-openai's: what the service answered as its own, all else as it is.
fn failed(error: Error) -> OpenAIError {
    match error.status() {
        Some(status) if !status.is_success() => OpenAIError::ApiError(said(&error, status)),
        _ => OpenAIError::Boxed(error.into()),
    }
}

/// What the service said: by its words if they have OpenAI's form, else as far as it can be read.
fn said(error: &Error, status_code: StatusCode) -> ApiErrorResponse {
    let wrapped = error.body().and_then(|body| serde_json::from_slice::<WrappedError>(body).ok());
    let api_error = match wrapped {
        Some(wrapped) => wrapped.error,
        None => ApiError {
            message: error.message().to_owned(),
            code: error.code().map(str::to_owned),
            param: error.target().map(str::to_owned),
            ..ApiError::default()
        },
    };
    ApiErrorResponse { status_code, api_error }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn answered(status: u16, body: &'static str) -> OpenAIError {
        let status = StatusCode::from_u16(status).unwrap();
        failed(Error::from_answer(status, HeaderMap::new(), body.into()))
    }

    #[test]
    fn what_the_service_said_is_an_api_error() {
        for (status, body, message, code, param) in [
            (
                404,
                r#"{"error":{"message":"No such file.","type":"invalid","param":"id","code":"none"}}"#,
                "No such file.",
                Some("none"),
                Some("id"),
            ),
            (400, r#"{"error":{"code":"UserError","message":"Bad."}}"#, "Bad.", Some("UserError"), None),
            (500, r#"{"error":{"code":"server_error","message":"Oh."}}"#, "Oh.", Some("server_error"), None),
            // Not in OpenAI's form.
            (429, r#"{"error":{"code":429,"message":"Slower.","target":"tpm"}}"#, "Slower.", Some("429"), Some("tpm")),
            (401, r#"{"statusCode":401,"message":"No."}"#, "No.", None, None),
            (403, r#"{"error":"denied"}"#, "denied", None, None),
            (502, "<html><h1>Bad Gateway</h1></html>", "Bad Gateway", None, None),
            (302, "", "Found", None, None),
        ] {
            let OpenAIError::ApiError(error) = answered(status, body) else { panic!("{status} {body}") };
            assert_eq!(error.status_code, status);
            let said = error.api_error;
            assert_eq!((&*said.message, said.code.as_deref(), said.param.as_deref()), (message, code, param), "{body}");
        }
    }

    #[test]
    fn all_else_is_the_error_itself() {
        for kind in [ErrorKind::Connect, ErrorKind::Credential, ErrorKind::Timeout, ErrorKind::TooLarge] {
            let error = failed(Error::new(kind, "The reason."));
            assert_eq!(error.to_string(), "The reason.");
            let OpenAIError::Boxed(error) = error else { panic!("{error:?}") };
            assert_eq!(error.downcast_ref::<Error>().unwrap().kind(), kind);
        }
    }
}
