//! One attempt: sent, and its answer read, within limits of time and size.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use foundry_raw::{Body, BoxError, ByteStream, Operation, Response};
use futures_core::Stream;
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::pulse::{Pulse, timed};
use crate::error::{Error, ErrorKind, Result};
use crate::http_client;
use crate::transport::{self, Transport};

/// How much of a failure's body is read at most.
const FAILURE_LIMIT: usize = 64 << 10;

/// What carries the requests of a client.
#[derive(Clone)]
pub(crate) enum Sender {
    Http(reqwest::Client),
    Custom(Arc<dyn Transport>),
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Http",
            Self::Custom(_) => "Custom",
        })
    }
}

/// How an answer is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Hand the body over as it arrives.
    pub(super) stream: bool,
    /// The same if it is a stream of events.
    pub(super) stream_events: bool,
    /// How long nothing may come.
    pub(super) idle: Duration,
    /// How many bytes are read at most, unless they are handed over.
    pub(super) limit: usize,
}

/// The start of an answer; its body is still on its way.
enum Incoming {
    Http(reqwest::Response),
    Whole(Option<Bytes>),
    Stream(ByteStream),
}

impl Incoming {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::Http(answer) => answer.chunk().await.map_err(http_client::failed),
            Self::Whole(bytes) => Ok(bytes.take()),
            Self::Stream(stream) => stream.next().await.transpose().map_err(broken),
        }
    }

    fn into_stream(self) -> ByteStream {
        match self {
            Self::Http(answer) => {
                Box::pin(answer.bytes_stream().map(|chunk| chunk.map_err(|error| http_client::failed(error).into())))
            }
            Self::Whole(bytes) => Box::pin(futures_util::stream::iter(bytes.map(Ok))),
            Self::Stream(stream) => stream,
        }
    }
}

impl Sender {
    /// Sends a request once. An answer that is no success is an error.
    pub(super) async fn send(
        &self,
        mut request: reqwest::Request,
        operation: &'static Operation,
        reading: Reading,
    ) -> Result<Response> {
        // As long as more of a body is taken nothing is idle.
        let pulse = Pulse::of_body(&mut request);
        let started = timed(reading.idle, pulse.as_ref(), self.start(request, operation)).await;
        let (status, headers, mut incoming) = started.map_err(|_| {
            idled(
                if pulse.as_ref().is_some_and(Pulse::is_sending) {
                    "no more of the body was sent"
                } else {
                    "no answer began"
                },
                reading.idle,
            )
        })??;
        if !status.is_success() {
            let body = start_of(&mut incoming, reading.idle).await;
            return Err(Error::from_answer(status, headers, body));
        }
        let body = if reading.stream || (reading.stream_events && is_event_stream(&headers)) {
            Body::Stream(Box::pin(IdleLimited::new(incoming.into_stream(), reading.idle)))
        } else {
            Body::Whole(whole(&mut incoming, reading).await?)
        };
        Ok(Response::new(status, headers, body))
    }

    async fn start(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<(StatusCode, HeaderMap, Incoming)> {
        match self {
            Self::Http(client) => {
                let mut answer = client.execute(request).await.map_err(http_client::failed)?;
                let headers = std::mem::take(answer.headers_mut());
                Ok((answer.status(), headers, Incoming::Http(answer)))
            }
            Self::Custom(transport) => {
                let request = transport::request_of(request, operation)?;
                let (parts, body) = transport.send(request).await.map_err(broken)?.into_parts();
                let incoming = match body {
                    Body::Whole(bytes) => Incoming::Whole(Some(bytes)),
                    Body::Stream(stream) => Incoming::Stream(stream),
                    _ => Incoming::Whole(None),
                };
                Ok((parts.status, parts.headers, incoming))
            }
        }
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    const EVENTS: &str = "text/event-stream";
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENTS)))
}

fn idled(what: &str, idle: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("{what} within {idle:?}"))
}

/// What a failure of a transport means.
fn broken(error: BoxError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => match error.downcast::<reqwest::Error>() {
            Ok(error) => http_client::failed(*error),
            Err(error) => Error::new(ErrorKind::Interrupted, "the transport failed").with_source(error),
        },
    }
}

/// The whole body of an answer.
async fn whole(incoming: &mut Incoming, reading: Reading) -> Result<Bytes> {
    let mut first = Bytes::new();
    let mut all = Vec::new();
    loop {
        let next = timeout(reading.idle, incoming.next()).await;
        let Some(chunk) = next.map_err(|_| idled("the answer stopped: nothing more came", reading.idle))?? else {
            break;
        };
        if first.len().max(all.len()) + chunk.len() > reading.limit {
            let message = format!("the answer is larger than {} bytes", reading.limit);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        // Most answers arrive in one piece, which then need not be copied.
        if first.is_empty() && all.is_empty() {
            first = chunk;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

/// The start of a failure's body; where it breaks off, what arrived of it.
async fn start_of(incoming: &mut Incoming, idle: Duration) -> Bytes {
    let mut body = Vec::new();
    while body.len() < FAILURE_LIMIT {
        match timeout(idle, incoming.next()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk[..chunk.len().min(FAILURE_LIMIT - body.len())]),
            _ => break,
        }
    }
    body.into()
}

/// A stream that fails when nothing comes for a while.
struct IdleLimited {
    stream: Option<ByteStream>,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer runs: only while somebody waits, so that reading may be slow.
    is_waiting: bool,
    idle: Duration,
}

impl IdleLimited {
    fn new(stream: ByteStream, idle: Duration) -> Self {
        Self { stream: Some(stream), timer: Box::pin(sleep(idle)), is_waiting: false, idle }
    }
}

impl Stream for IdleLimited {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        match stream.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                self.is_waiting = false;
                Poll::Ready(Some(Ok(chunk)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.stream = None;
                Poll::Ready(Some(Err(broken(error).into())))
            }
            Poll::Ready(None) => {
                self.stream = None;
                Poll::Ready(None)
            }
            Poll::Pending => {
                if !self.is_waiting {
                    self.is_waiting = true;
                    let end = Instant::now() + self.idle;
                    self.timer.as_mut().reset(end);
                }
                ready!(self.timer.as_mut().poll(cx));
                // What goes on to wait must not hold the connection.
                self.stream = None;
                let error = idled("the stream stopped: nothing more came", self.idle);
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }
}
