//! Content that goes with v1's resources: uploads to a storage beside the service, zip files, downloads.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod datasets;
#[cfg(feature = "tracing")]
mod logs;
mod places;
mod servers;
#[cfg(feature = "tracing")]
#[path = "../pipeline/subscriber.rs"]
#[allow(dead_code, reason = "the tests of the pipeline ask it for more")]
mod subscriber;
mod zips;

/// Where the subscriber looks for it.
#[cfg(feature = "tracing")]
mod common {
    pub(crate) use crate::servers::locked;
}
