//! Helpers on wire types: pure functions of their values.

#[cfg(feature = "v1")]
mod agents;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod attachments;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod citations;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod classic_tools;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod content;
#[cfg(feature = "v1")]
mod input_parts;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod messages;
mod parse_text;
#[cfg(feature = "v1")]
mod response_events;
#[cfg(feature = "v1")]
mod response_items;
#[cfg(feature = "v1")]
mod responses;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod retry_hint;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod runs;
#[cfg(feature = "v1")]
mod tools;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod vector_stores;

#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
pub use citations::{Citation, CitationSource};
pub use parse_text::{ParseTextError, parse_text};
#[cfg(feature = "v1")]
pub use responses::{ResponseFailed, ResponseOutcome};
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
pub use runs::{RunFailed, RunOutcome};
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
pub use vector_stores::VectorStoreNotReady;
