#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
// Without any API there is nothing that leans on the rest.
#![cfg_attr(
    not(any(feature = "v2025-05-01", feature = "v1")),
    allow(dead_code, unreachable_pub, unused_imports, unused_macros)
)]

mod client;
mod error;
mod helpers;
#[cfg(feature = "inspect")]
pub mod inspect;
mod operation;
mod sse;
mod transport;
pub mod versions;
mod wire;

#[rustfmt::skip]
#[allow(clippy::all, reason = "generated: its form is the generator's, its length the document's")]
mod generated;

pub use client::{Reply, follow, send_value};
pub use error::Error;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
pub use helpers::{Citation, CitationSource, RunFailed, RunOutcome, VectorStoreNotReady};
pub use helpers::{ParseTextError, parse_text};
#[cfg(feature = "v1")]
pub use helpers::{ResponseFailed, ResponseOutcome};
pub use operation::{AgentScope, Features, LongRunning, Operation, Paging, Streaming};
pub use sse::{Event, EventError, EventParser};
pub use transport::{Body, BoxError, ByteStream, Call, DirectTransport, Response, Transport, streamed, whole};
pub use wire::{
    Decode, DecodeError, Direction, Extra, List, MAX_DEPTH, Report, Secret, SecretValue, Timestamp, Undecoded,
    UnknownValue, from_slice, from_slice_with_report, from_str,
};

// A module per API; which there are is the generator's to say.
pub use generated::*;

// Threads, messages and runs, which both versions have alike.
#[cfg(all(feature = "v1", not(feature = "v2025-05-01")))]
use v1::types as classic_types;
#[cfg(feature = "v2025-05-01")]
use v2025_05_01::types as classic_types;
