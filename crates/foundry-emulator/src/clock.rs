//! What time it is, as the emulator is told.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

/// Where the times in answers come from.
///
/// The emulator reads the clock once for each request.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock, which an emulator uses unless told otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
