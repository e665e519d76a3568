//! Decoding: the trait that every wire type has, and the plain types of JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::DecodeError;
use super::reader::Reader;
use super::report::{Direction, Report};

/// A type that can be read from JSON.
///
/// Generated types implement it; it is what [`from_slice`] and [`from_str`] read. They implement
/// `serde::Deserialize` too, which collects the value first and is slower.
pub trait Decode: Sized {
    /// Reads one value.
    #[doc(hidden)]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// What stands for a required value that was absent or null.
    #[doc(hidden)]
    fn empty() -> Self;

    /// Reads the value of a map's entry: `None` leaves the entry out (null).
    #[doc(hidden)]
    fn decode_entry(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        if reader.take_null()? {
            reader.set_inexact();
            return Ok(None);
        }
        Self::decode(reader).map(Some)
    }
}

/// Decodes JSON text.
///
/// # Errors
/// The text is not UTF-8 or not JSON, nests deeper than [`MAX_DEPTH`](super::MAX_DEPTH), or is of
/// another shape than the type; the error says where.
pub fn from_slice<T: Decode>(json: &[u8]) -> Result<T, DecodeError> {
    let mut reader = Reader::new(json);
    let value = T::decode(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Decodes JSON text; see [`from_slice`].
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<T: Decode>(json: &str) -> Result<T, DecodeError> {
    from_slice(json.as_bytes())
}

/// Decodes JSON text and reports what in it the type does not know and what was missing.
///
/// # Errors
/// As [`from_slice`].
pub fn from_slice_with_report<T: Decode>(json: &[u8], direction: Direction) -> Result<(T, Report), DecodeError> {
    let mut reader = Reader::reporting(json, direction);
    let value = T::decode(&mut reader)?;
    reader.finish()?;
    Ok((value, reader.into_report()))
}

/// `serde::Deserialize` of all wire types: collects the value and decodes it as text.
pub(crate) fn deserialize<'de, T: Decode, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    use serde::de::Error as _;
    let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
    from_str(&value.to_string()).map_err(D::Error::custom)
}

impl Decode for String {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.string()
    }

    fn empty() -> Self {
        Self::new()
    }

    /// Maps of strings come with other values now and then (metadata): those are taken as their
    /// JSON text, and the struct around the map keeps it as received.
    fn decode_entry(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        use super::reader::Kind;
        match reader.kind()? {
            Kind::String => reader.string().map(Some),
            Kind::Null => {
                reader.skip()?;
                reader.set_inexact();
                Ok(None)
            }
            _ => {
                let value = reader.value()?;
                reader.set_inexact();
                Ok(Some(value.to_string()))
            }
        }
    }
}

impl Decode for bool {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.boolean()
    }

    fn empty() -> Self {
        false
    }
}

impl Decode for i64 {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.integer()
    }

    fn empty() -> Self {
        0
    }
}

impl Decode for f64 {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.float()
    }

    fn empty() -> Self {
        0.0
    }
}

impl Decode for Value {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.value()
    }

    fn empty() -> Self {
        Self::Null
    }
}

impl Decode for Map<String, Value> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.map()
    }

    fn empty() -> Self {
        Self::new()
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.take_null()? { Ok(None) } else { T::decode(reader).map(Some) }
    }

    fn empty() -> Self {
        None
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(reader).map(Box::new)
    }

    fn empty() -> Self {
        Box::new(T::empty())
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut items = Self::new();
        reader.array(|reader, _| {
            items.push(T::decode(reader)?);
            Ok(())
        })?;
        Ok(items)
    }

    fn empty() -> Self {
        Self::new()
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::new();
        reader.object(str::to_owned, |reader, name| {
            let mark = reader.enter_field(&name);
            let value = T::decode_entry(reader).map_err(|error| error.at_field(&name))?;
            reader.leave(mark);
            if let Some(value) = value {
                map.insert(name, value);
            }
            Ok(())
        })?;
        Ok(map)
    }

    fn empty() -> Self {
        Self::new()
    }
}
