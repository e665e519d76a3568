//! Time and waiting, as something that can be replaced.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use futures_core::future::BoxFuture;

/// What the client asks for the time and waits with.
///
/// The default is the system's clock with tokio's timer. A test that is not to wait gives its own
/// to [`ProjectClientBuilder::clock`](crate::ProjectClientBuilder::clock).
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Instant;

    /// The time of day now, for what is dated: the end of a token, a time to come back. The system's
    /// unless implemented.
    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    /// A future that is ready when `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The system's clock; waits with tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
