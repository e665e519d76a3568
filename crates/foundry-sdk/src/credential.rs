//! Who is calling.

use std::fmt;

use http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind};

/// What a client proves itself with.
///
/// The secret is never shown: not in `Debug`, not in errors, not in logs. It is sent to the
/// configured endpoint's origin only.
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    ApiKey(SecretString),
    Token(SecretString),
}

impl Credential {
    /// A key of the resource, sent as `api-key`.
    pub fn api_key(key: impl Into<SecretString>) -> Self {
        Self(Kind::ApiKey(key.into()))
    }

    /// A bearer token for the scope `https://ai.azure.com/.default`, used as it is until the
    /// service refuses it.
    pub fn token(token: impl Into<SecretString>) -> Self {
        Self(Kind::Token(token.into()))
    }

    /// The kind of credential, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.0 {
            Kind::ApiKey(_) => "an API key",
            Kind::Token(_) => "a fixed bearer token",
        }
    }

    pub(crate) fn requested_scope(&self) -> Option<&str> {
        None
    }
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.header_now().map(|_| ())
    }
    pub(crate) fn forget(&self, _: &HeaderValue) -> bool {
        false
    }
    pub(crate) async fn header(
        &self,
        _: &std::sync::Arc<dyn crate::Clock>,
    ) -> Result<(HeaderName, HeaderValue), Error> {
        self.header_now()
    }

    /// The header that carries it, marked as sensitive.
    pub(crate) fn header_now(&self) -> Result<(HeaderName, HeaderValue), Error> {
        let (name, value) = match &self.0 {
            Kind::ApiKey(key) => (HeaderName::from_static("api-key"), HeaderValue::from_str(key.expose_secret())),
            Kind::Token(token) => {
                (header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())))
            }
        };
        // The reason says at which byte, never what stood there.
        let mut value = value.map_err(|_| {
            let message =
                format!("{} has characters that no header may hold; is there a line break in it?", self.kind());
            Error::new(ErrorKind::Credential, message)
        })?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_header_and_shows_no_secret() {
        for (credential, name, sent) in [
            (Credential::api_key("planted"), "api-key", "planted"),
            (Credential::token("planted"), "authorization", "Bearer planted"),
        ] {
            let (header, value) = credential.header_now().unwrap();
            assert_eq!(header, name);
            assert_eq!(value, sent);
            assert!(value.is_sensitive());
            assert!(!format!("{credential:?} {value:?}").contains("planted"));
        }
    }

    #[test]
    fn a_line_break_in_a_secret_is_an_error_that_does_not_show_it() {
        let error = Credential::token("planted\nagain").header_now().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
}
