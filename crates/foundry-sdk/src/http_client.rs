//! The HTTP client: how it is set up, and what its failures mean.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The client with our rules, which come after whatever was set before.
pub(crate) fn make(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder
        .connect_timeout(CONNECT_TIMEOUT)
        // A redirect could carry the credential to another host.
        .redirect(reqwest::redirect::Policy::none())
        // Repeating is the pipeline's alone.
        .retry(reqwest::retry::never())
        // What is on the wire is not to depend on which features other crates switch on.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "the HTTP client cannot be made").with_source(error.without_url())
        })
}

/// What a failure of the HTTP client means; its URL may hold what is secret, so it is taken off.
pub(crate) fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, message) = if error.is_connect() {
        (ErrorKind::Connect, "no connection could be made")
    } else if error.is_timeout() {
        (ErrorKind::Timeout, "there was no answer in time")
    } else if error.is_builder() {
        (ErrorKind::InvalidInput, "the request cannot be built")
    } else if error.is_body() || error.is_decode() {
        (ErrorKind::Interrupted, "the answer broke off")
    } else {
        (ErrorKind::Interrupted, "the connection broke before the answer")
    };
    Error::new(kind, message).with_source(error)
}
