//! Secrets that are given once, and the header value that carries a secret.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind, Result};

/// What stands before a token.
const BEARER: &str = "Bearer ";

/// A key, or a token that is used as it is.
pub(super) struct Fixed {
    kind: &'static str,
    name: HeaderName,
    value: Result<HeaderValue, &'static str>,
}

impl Fixed {
    pub(super) fn api_key(key: &SecretString) -> Self {
        Self { kind: "an API key", name: HeaderName::from_static("api-key"), value: value("", key) }
    }

    pub(super) fn token(token: &SecretString) -> Self {
        Self { kind: "a fixed bearer token", name: header::AUTHORIZATION, value: bearer(token) }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn name(&self) -> HeaderName {
        self.name.clone()
    }

    pub(super) fn value(&self) -> Result<HeaderValue> {
        self.value.clone().map_err(|why| Error::new(ErrorKind::Credential, format!("{} {why}", self.kind)))
    }
}

/// The value of `Authorization`, or what is wrong with the token.
pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue, &'static str> {
    let start = token.expose_secret().as_bytes().get(..BEARER.len());
    if start.is_some_and(|start| start.eq_ignore_ascii_case(BEARER.as_bytes())) {
        return Err("begins with the word `Bearer`; give the token alone");
    }
    value(BEARER, token)
}

/// A header's value, or what is wrong with the secret; what it is held in is wiped with its last
/// clone.
fn value(before: &str, secret: &SecretString) -> Result<HeaderValue, &'static str> {
    const UNFIT: &str = "has characters that no header may hold; is there a line break in it?";
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err("is empty");
    }
    if secret.trim_matches(' ').len() != secret.len() {
        return Err("begins or ends with a space");
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(UNFIT);
    }
    // All its room at once: what a growing buffer leaves behind is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(before.len() + secret.len()));
    text.extend_from_slice(before.as_bytes());
    text.extend_from_slice(secret.as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).map_err(|_| UNFIT)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::clock::Clock;
    use crate::credential::Credential;
    use crate::credential::testing::{PLANTED, TestClock, all_of};
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn each_has_its_header() {
        let clock: Arc<dyn Clock> = TestClock::patient();
        for (credential, name, sent) in [
            (Credential::api_key(PLANTED), "api-key", PLANTED.to_owned()),
            (Credential::token(PLANTED), "authorization", format!("Bearer {PLANTED}")),
        ] {
            credential.check().unwrap();
            let (header, value) = credential.header(&clock).await.unwrap();
            assert_eq!(header, name);
            assert_eq!(value, sent);
            assert!(value.is_sensitive());
            assert!(!credential.forget(&value));
            let (_, again) = credential.header(&clock).await.unwrap();
            assert_eq!(again.as_bytes().as_ptr(), value.as_bytes().as_ptr(), "it is made once");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_told_without_showing_it() {
        for (secret, said) in [
            (String::new(), "is empty"),
            (format!("{PLANTED}\n"), "is there a line break"),
            (format!("{PLANTED} "), "ends with a space"),
            (format!("{PLANTED}é"), "has characters that no header may hold"),
            (format!("{PLANTED}\0"), "has characters that no header may hold"),
        ] {
            for credential in [Credential::api_key(secret.clone()), Credential::token(secret.clone())] {
                let error = credential.check().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Credential);
                assert!(error.to_string().starts_with(credential.kind()), "{error}");
                assert!(error.to_string().contains(said), "{error}");
                assert!(!all_of(&error).contains(PLANTED), "{error}");
            }
        }
        for pasted in ["Bearer planted-secret", "bearer planted-secret", "Bearer "] {
            let error = Credential::token(pasted).check().unwrap_err();
            assert!(error.to_string().contains("give the token alone"), "{error}");
            assert!(!all_of(&error).contains(PLANTED), "{error}");
        }
        Credential::token("Bearer").check().unwrap();
        Credential::token("made up").check().unwrap();
    }
}
