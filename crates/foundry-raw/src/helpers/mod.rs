//! Helpers on wire types: pure functions of their values.

#[cfg(feature = "v2025-05-01")]
mod attachments;
#[cfg(feature = "v2025-05-01")]
mod citations;
#[cfg(feature = "v2025-05-01")]
mod content;
#[cfg(feature = "v2025-05-01")]
mod messages;
mod parse_text;
#[cfg(feature = "v2025-05-01")]
mod retry_hint;
#[cfg(feature = "v2025-05-01")]
mod runs;
#[cfg(feature = "v2025-05-01")]
mod vector_stores;

#[cfg(feature = "v2025-05-01")]
pub use citations::{Citation, CitationSource};
pub use parse_text::{ParseTextError, parse_text};
#[cfg(feature = "v2025-05-01")]
pub use runs::{RunFailed, RunOutcome};
#[cfg(feature = "v2025-05-01")]
pub use vector_stores::VectorStoreNotReady;
