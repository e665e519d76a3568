//! The events of an answer that is a stream: read as they come, to the end that the stream names.

use std::time::Duration;

use foundry_raw::{ByteStream, Event, EventParser};
use futures_util::StreamExt as _;
use url::Url;

use crate::error::{Error, ErrorKind, RequestIds, Result};
use crate::pipeline::log;
use crate::request::Reply;

/// How long the rest of a body is read after its last event, so that its connection can be used again.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// What a stream's errors are about.
#[derive(Clone, Debug)]
pub(crate) struct StreamOf {
    pub(crate) operation: &'static foundry_raw::Operation,
    pub(crate) url: Option<Url>,
    pub(crate) ids: RequestIds,
}

impl StreamOf {
    /// Says what an error is about, and tells it to `tracing`.
    fn tell(&self, error: Error) -> Error {
        let error = error.of_call(self.operation.id, self.url.as_ref(), &self.ids.client).of_ids(&self.ids);
        let error = error.of_method(&self.operation.method);
        log::failure(&log::Span::none(), &error);
        error
    }
}

/// A body on its way, and the parser that takes its events out.
pub(crate) struct EventStream {
    body: Option<ByteStream>,
    parser: EventParser,
    of: StreamOf,
}

impl EventStream {
    pub(crate) fn new(reply: Reply<ByteStream>, operation: &'static foundry_raw::Operation, url: Option<Url>) -> Self {
        let ids = reply.ids();
        Self { body: Some(reply.value), parser: EventParser::new(), of: StreamOf { operation, url, ids } }
    }

    /// Waits for the next event, and reads it; `None` once the body has ended.
    ///
    /// # Errors
    /// The connection broke, nothing came for too long, or an event is larger than 1 MiB; then
    /// there is no further one.
    pub(crate) async fn next<T>(&mut self, read: impl FnOnce(&Event<'_>) -> T) -> Result<Option<T>> {
        loop {
            match self.parser.next_event() {
                Ok(Some(event)) => return Ok(Some(read(&event))),
                Ok(None) => {}
                Err(error) => {
                    self.body = None;
                    return Err(self.error(Error::new(ErrorKind::TooLarge, error.to_string()).with_source(error)));
                }
            }
            let Some(body) = &mut self.body else { return Ok(None) };
            match body.next().await {
                Some(Ok(bytes)) => self.parser.push(&bytes),
                Some(Err(error)) => {
                    self.body = None;
                    let error = match error.downcast::<Error>() {
                        Ok(error) => *error,
                        Err(error) => Error::new(ErrorKind::Interrupted, "the stream broke").with_source(error),
                    };
                    return Err(self.error(error));
                }
                None => {
                    self.body = None;
                    return Ok(None);
                }
            }
        }
    }

    /// Reads what comes after the last event, which is nothing.
    pub(crate) async fn drain(&mut self) {
        if let Some(mut body) = self.body.take() {
            // Whether it ended makes no difference any more.
            let rest = async { while let Some(Ok(_)) = body.next().await {} };
            let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
        }
    }

    /// An error with what it is about.
    pub(crate) fn error(&self, error: Error) -> Error {
        self.of.tell(error)
    }
}
