//! What a call of the generated client can fail with.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::transport::BoxError;
use crate::wire::DecodeError;

/// Why a call of the generated client failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request could not be built; nothing was sent.
    #[error("the request cannot be built: {0}")]
    Request(#[source] BoxError),
    /// The transport failed: no answer, or one that it turned into an error of its own.
    #[error("the request failed")]
    Transport(#[source] BoxError),
    /// The service answered with a status that is no success.
    #[error("the service answered with status {status}")]
    Status {
        /// The status.
        status: StatusCode,
        /// The headers.
        headers: Box<HeaderMap>,
        /// The body.
        body: Bytes,
    },
    /// The service answered with success, but the body is not what the document says.
    #[error("the answer cannot be decoded: {error}")]
    Decode {
        /// The status.
        status: StatusCode,
        /// The headers.
        headers: Box<HeaderMap>,
        /// The body.
        body: Bytes,
        /// What was wrong with it, and where.
        error: DecodeError,
    },
}

/// Bodies and headers may hold what is not to be shown.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |body: &Bytes| format!("{} bytes", body.len());
        match self {
            Self::Request(source) => f.debug_tuple("Request").field(source).finish(),
            Self::Transport(source) => f.debug_tuple("Transport").field(source).finish(),
            Self::Status { status, body, .. } => {
                f.debug_struct("Status").field("status", status).field("body", &bytes(body)).finish_non_exhaustive()
            }
            Self::Decode { status, body, error, .. } => f
                .debug_struct("Decode")
                .field("status", status)
                .field("body", &bytes(body))
                .field("error", error)
                .finish_non_exhaustive(),
        }
    }
}
