//! What a call of the generated client can fail with.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::transport::BoxError;
use crate::wire::DecodeError;

/// Why a call of the generated client failed.
#[derive(Debug, thiserror::Error)]
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
