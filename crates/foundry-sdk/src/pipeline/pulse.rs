//! Whether the body of a request is still being taken: what an idle limit has to know of an upload.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

/// When the connection last took some of a body.
#[derive(Clone, Debug)]
pub(super) struct Pulse(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    last: Instant,
    is_sending: bool,
}

impl Pulse {
    /// The pulse of a request whose body is streamed. What is at hand is taken at once, and has none.
    pub(super) fn of_body(request: &mut reqwest::Request) -> Option<Self> {
        let slot = request.body_mut();
        let body = slot.take_if(|body| body.as_bytes().is_none())?;
        let state = State { last: Instant::now(), is_sending: true };
        let pulse = Self(Arc::new(Mutex::new(state)));
        *slot = Some(reqwest::Body::wrap(Felt { body, pulse: pulse.clone() }));
        Some(pulse)
    }

    /// Whether the body has not been taken to its end.
    pub(super) fn is_sending(&self) -> bool {
        self.state().is_sending
    }

    fn last(&self) -> Instant {
        self.state().last
    }

    fn beat(&self, is_sending: bool) {
        *self.state() = State { last: Instant::now(), is_sending };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs something until nothing was felt for a while.
pub(super) async fn timed<T>(
    idle: Duration,
    pulse: Option<&Pulse>,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    let Some(pulse) = pulse else { return timeout(idle, work).await };
    let mut work = pin!(work);
    loop {
        let last = pulse.last();
        match timeout_at(last + idle, work.as_mut()).await {
            Err(_) if pulse.last() > last => {}
            done => return done,
        }
    }
}

/// A body that is felt when some of it is taken.
struct Felt {
    body: reqwest::Body,
    pulse: Pulse,
}

impl Body for Felt {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.pulse.beat(frame.is_some());
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
