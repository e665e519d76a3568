//! Where tokens come from, and how that fails.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::access_token::{AccessToken, TokenRequest};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};

/// Something that gives a token when it is asked.
pub(super) trait Source: Send + Sync + 'static {
    /// What it is, in words that follow "no token from".
    fn kind(&self) -> &'static str;

    /// What can be told without asking.
    fn check(&self, _request: &TokenRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// A new token.
    fn token(
        self: Arc<Self>,
        request: TokenRequest,
        clock: Arc<dyn Clock>,
    ) -> BoxFuture<'static, Result<AccessToken, Failure>>;
}

/// Why there is no token; told to all who waited for it, hence a clone for each.
#[derive(Clone, Debug)]
pub(super) struct Failure(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { message: message.into(), source: None }))
    }

    pub(super) fn caused_by(message: impl Into<String>, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self(Arc::new(Inner { message: message.into(), source: Some(source.into()) }))
    }

    pub(super) fn message(&self) -> &str {
        &self.0.message
    }

    pub(super) fn to_error(&self) -> Error {
        let error = Error::new(ErrorKind::Credential, self.message());
        match &self.0.source {
            Some(source) => error.with_source(Shared(Arc::clone(source))),
            None => error,
        }
    }
}

/// An error of the caller's function, which several errors have as their source. The error itself is
/// one step further, so that it can be downcast.
struct Shared(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function failed")
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Shared {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
