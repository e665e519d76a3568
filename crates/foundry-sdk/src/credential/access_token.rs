//! A token, and what it is asked for with.

use std::fmt;
use std::time::SystemTime;

use secrecy::SecretString;

/// A bearer token and when it ends; what the function of
/// [`Credential::from_fn`](crate::Credential::from_fn) gives.
#[derive(Clone)]
pub struct AccessToken {
    pub(super) token: SecretString,
    pub(super) expires_at: SystemTime,
}

impl AccessToken {
    /// A token, without the word `Bearer`, that ends at `expires_at`.
    pub fn new(token: impl Into<SecretString>, expires_at: SystemTime) -> Self {
        Self { token: token.into(), expires_at }
    }

    /// When it ends.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

/// Without the token.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a token is wanted for; what the function of
/// [`Credential::from_fn`](crate::Credential::from_fn) is called with.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub(super) scope: String,
}

impl TokenRequest {
    /// The scope the token has to be for, such as `https://ai.azure.com/.default`.
    pub fn scope(&self) -> &str {
        &self.scope
    }
}
