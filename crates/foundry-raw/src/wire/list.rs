//! The elements of a list answer: one that cannot be decoded does not cost the others.

use std::ops::Deref;

use serde::Serialize;
use serde::ser::SerializeSeq;
use serde_json::Value;

use super::decode::Decode;
use super::error::DecodeError;
use super::reader::Reader;

/// The elements of a list answer.
///
/// Reads like a slice of the elements that could be decoded. One that could not is kept as raw JSON
/// with its error in [`undecoded`](Self::undecoded), and is encoded again at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct List<T> {
    items: Vec<T>,
    undecoded: Vec<Undecoded>,
}

/// An element of a list answer that could not be decoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Undecoded {
    /// Its place in the list as received.
    pub index: usize,
    /// The element as received.
    pub value: Value,
    /// Why it could not be decoded; the path counts from the list.
    pub error: DecodeError,
}

impl<T> List<T> {
    /// The elements that could not be decoded.
    pub fn undecoded(&self) -> &[Undecoded] {
        &self.undecoded
    }

    /// The elements that could be decoded, and those that could not.
    pub fn into_parts(self) -> (Vec<T>, Vec<Undecoded>) {
        (self.items, self.undecoded)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), undecoded: Vec::new() }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, undecoded: Vec::new() }
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::from(Vec::from_iter(items))
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Decode> Decode for List<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut list = Self::default();
        reader.array(|reader, index| {
            match reader.try_or_rewind(T::decode) {
                Ok(item) => list.items.push(item),
                Err(error) => {
                    // What is no JSON fails here for good.
                    let value = reader.value()?;
                    reader.note(None, |report, _, place| {
                        report.undecoded.push((format!("{place}{}", error.path()), error.message().to_owned()));
                    });
                    list.undecoded.push(Undecoded { index, value, error: error.at_index(index) });
                }
            }
            Ok(())
        })?;
        Ok(list)
    }

    fn empty() -> Self {
        Self::default()
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.items.len() + self.undecoded.len();
        let mut sequence = serializer.serialize_seq(Some(length))?;
        let mut undecoded = self.undecoded.iter().peekable();
        let mut items = self.items.iter();
        for index in 0..length {
            match undecoded.next_if(|element| element.index <= index) {
                Some(element) => sequence.serialize_element(&element.value)?,
                None => match items.next() {
                    Some(item) => sequence.serialize_element(item)?,
                    None => {
                        for element in undecoded.by_ref() {
                            sequence.serialize_element(&element.value)?;
                        }
                        break;
                    }
                },
            }
        }
        sequence.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::from_str;
    use super::*;

    #[test]
    fn an_element_that_cannot_be_decoded_keeps_its_place() {
        let text = r#"["a",{"x":[1]},"b",null]"#;
        let list: List<String> = from_str(text).unwrap();
        assert_eq!(&list[..], ["a", "b"]);
        assert_eq!(list.undecoded().iter().map(|element| element.index).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(list.undecoded()[0].error.path(), "/1");
        assert_eq!(serde_json::to_string(&list).unwrap(), text);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let error = from_str::<List<String>>(r#"["a",nul]"#).unwrap_err();
        assert_eq!(error.path(), "/1");
    }
}
