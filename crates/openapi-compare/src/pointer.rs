//! JSON pointers (RFC 6901): the place of a value inside a document.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// The place of a value inside a JSON document.
///
/// Displayed the way a `$ref` spells it (`#/components/schemas/Thread`), which [`Pointer::parse`]
/// reads back.
///
/// ```
/// use openapi_compare::Pointer;
///
/// let place = Pointer::root().join("paths").join("/threads/{id}");
/// assert_eq!(place.as_str(), "/paths/~1threads~1{id}");
/// assert_eq!(place.to_string(), "#/paths/~1threads~1{id}");
/// assert_eq!(Pointer::parse("#/paths/~1threads~1%7Bid%7D")?, place);
/// # Ok::<(), openapi_compare::PointerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

/// Why a text is not a JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointerError {
    /// The text is neither empty nor begins with `/` or `#`.
    #[error("{text:?} is not a JSON pointer: it must begin with `/` or `#/`")]
    NoSlash {
        /// The text that was read.
        text: String,
    },
    /// A `~` that is followed by neither `0` nor `1`.
    #[error("{text:?} is not a JSON pointer: `~` must be followed by `0` (for `~`) or `1` (for `/`)")]
    BadEscape {
        /// The text that was read.
        text: String,
    },
    /// A `%` in a fragment that does not begin a percent-encoded UTF-8 text.
    #[error("{text:?} is not a JSON pointer: `%` must begin a percent-encoded UTF-8 character")]
    BadPercent {
        /// The text that was read.
        text: String,
    },
}

impl Pointer {
    /// The pointer to the whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a pointer, either as it is (`/a/b`) or as a URI fragment (`#/a/b`, percent-encoded).
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let plain = match text.strip_prefix('#') {
            Some(fragment) => {
                percent_decode(fragment).ok_or_else(|| PointerError::BadPercent { text: text.to_owned() })?
            }
            None => Cow::Borrowed(text),
        };
        if !plain.is_empty() && !plain.starts_with('/') {
            return Err(PointerError::NoSlash { text: text.to_owned() });
        }
        if unescape_token(&plain).is_none() {
            return Err(PointerError::BadEscape { text: text.to_owned() });
        }
        Ok(Self(plain.into_owned()))
    }

    /// The pointer as RFC 6901 writes it: empty for the whole document, else `/a/b`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the pointer to the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes one step down, to the member or element of that name.
    pub fn push(&mut self, token: &str) {
        self.0.push('/');
        self.0.push_str(&escape_token(token));
    }

    /// The pointer one step down, at the member or element of that name.
    #[must_use]
    pub fn join(&self, token: &str) -> Self {
        let mut joined = self.clone();
        joined.push(token);
        joined
    }

    /// The pointer one step up; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.to_owned()))
    }

    /// The steps from the root, unescaped.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        self.0
            .strip_prefix('/')
            .into_iter()
            .flat_map(|steps| steps.split('/'))
            .map(|token| unescape_token(token).unwrap_or(Cow::Borrowed(token)))
    }

    /// The value at this place, if there is one.
    pub fn resolve<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.pointer(&self.0)
    }

    /// The value at this place, to be changed, if there is one.
    pub fn resolve_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.pointer_mut(&self.0)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only what reading back needs is percent-encoded, so that paths stay readable.
        write!(formatter, "#{}", self.0.replace('%', "%25"))
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Escapes one step of a pointer: `~` as `~0`, `/` as `~1`.
pub fn escape_token(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) {
        Cow::Owned(token.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Undoes [`escape_token`]; `None` when a `~` is followed by neither `0` nor `1`.
pub fn unescape_token(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut parts = token.split('~');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(rest) = part.strip_prefix('0') {
            plain.push('~');
            plain.push_str(rest);
        } else {
            plain.push('/');
            plain.push_str(part.strip_prefix('1')?);
        }
    }
    Some(Cow::Owned(plain))
}

fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn reads_and_writes() {
        for (text, as_str, displayed) in [
            ("", "", "#"),
            ("#", "", "#"),
            ("/", "/", "#/"),
            ("#/a/b", "/a/b", "#/a/b"),
            ("/a~1b/~0", "/a~1b/~0", "#/a~1b/~0"),
            ("#/%7Bid%7d", "/{id}", "#/{id}"),
            ("#/100%25", "/100%", "#/100%25"),
            ("/100%", "/100%", "#/100%25"),
            ("#/%C3%A4", "/ä", "#/ä"),
        ] {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.as_str(), as_str, "{text}");
            assert_eq!(pointer.to_string(), displayed, "{text}");
        }
    }

    #[test]
    fn refuses() {
        for (text, wrong) in [
            ("a", "must begin with"),
            ("#a", "must begin with"),
            ("other.json#/a", "must begin with"),
            ("/a~", "must be followed by"),
            ("/~2", "must be followed by"),
            ("/~/b", "must be followed by"),
            ("#/%", "percent-encoded"),
            ("#/%4", "percent-encoded"),
            ("#/%zz", "percent-encoded"),
            ("#/%ff", "percent-encoded"),
            ("#/%+1", "percent-encoded"),
        ] {
            let error = Pointer::parse(text).unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    #[test]
    fn resolves() {
        let value = json!({"a/b": [1, {"~": 2}], "": 3, "01": 4});
        for (text, found) in [
            ("", Some(value.clone())),
            ("/a~1b/1/~0", Some(json!(2))),
            ("/", Some(json!(3))),
            ("/01", Some(json!(4))),
            ("/a~1b/01", None),
            ("/a~1b/-", None),
            ("/missing", None),
        ] {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.resolve(&value), found.as_ref(), "{text}");
        }
    }

    #[test]
    fn parent_is_one_up() {
        let pointer = Pointer::parse("/a/b~1c").unwrap();
        assert_eq!(pointer.parent(), Some(Pointer::parse("/a").unwrap()));
        assert_eq!(Pointer::root().parent(), None);
    }

    proptest! {
        #[test]
        fn escape_round_trips(token in any::<String>()) {
            let escaped = escape_token(&token);
            prop_assert!(!escaped.contains('/'));
            prop_assert_eq!(unescape_token(&escaped).unwrap(), token.as_str());
        }

        #[test]
        fn pointer_round_trips(tokens in proptest::collection::vec(any::<String>(), 0..5)) {
            let mut pointer = Pointer::root();
            for token in &tokens {
                pointer.push(token);
            }
            prop_assert_eq!(pointer.tokens().collect::<Vec<_>>(), tokens);
            prop_assert_eq!(&Pointer::parse(pointer.as_str()).unwrap(), &pointer);
            prop_assert_eq!(&Pointer::parse(&pointer.to_string()).unwrap(), &pointer);
        }

        #[test]
        fn any_text_is_a_pointer_or_an_error(text in any::<String>()) {
            if let Ok(pointer) = Pointer::parse(&format!("#/{text}")) {
                prop_assert_eq!(Pointer::parse(pointer.as_str()).unwrap(), pointer);
            }
        }
    }
}
