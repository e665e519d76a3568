//! Values that are never shown.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::decode::Decode;
use super::error::DecodeError;
use super::reader::Reader;

/// A secret on the wire, such as a key or a signed URL.
///
/// `Debug` does not show it, and its memory is wiped when it is dropped. Encoding writes it, for
/// that is how it is sent.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// A secret.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self(secret.into())
    }

    /// The secret itself: do not log it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<T: Into<SecretString>> From<T> for Secret {
    fn from(secret: T) -> Self {
        Self::new(secret)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(REDACTED)")
    }
}

impl Decode for Secret {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.string().map(Self::new)
    }

    fn empty() -> Self {
        Self::new(String::new())
    }

    fn decode_entry(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(String::decode_entry(reader)?.map(Self::new))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::decode::deserialize(deserializer)
    }
}

/// A JSON value that may hold secrets; `Debug` does not show it.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SecretValue(Value);

impl SecretValue {
    /// The value itself: do not log it.
    pub fn expose(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for SecretValue {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(REDACTED)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::from_str;
    use super::*;

    #[test]
    fn it_is_sent_and_not_shown() {
        let secret: Secret = from_str("\"planted\"").unwrap();
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"planted\"");
        assert_eq!((secret.expose(), &secret), ("planted", &Secret::from("planted")));
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("planted"));
    }
}
