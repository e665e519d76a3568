//! Helpers on wire types: pure functions of their values.

#[cfg(feature = "v2025-05-01")]
mod content;
#[cfg(feature = "v2025-05-01")]
mod messages;
mod parse_text;
#[cfg(feature = "v2025-05-01")]
mod retry_hint;
#[cfg(feature = "v2025-05-01")]
mod runs;

pub use parse_text::{ParseTextError, parse_text};
#[cfg(feature = "v2025-05-01")]
pub use runs::{RunFailed, RunOutcome};
