//! What a struct received beyond its own fields, and what of them it did not receive.

use serde_json::{Map, Value};

/// Fields that this version of the crate does not know, kept as received and sent back.
///
/// One pointer wide, and empty for nearly all values. A field put here with [`insert`](Self::insert)
/// is sent too, which is the way to use a property that the service has and the description has not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra(Option<Box<Kept>>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Kept {
    fields: Map<String, Value>,
    /// Sorted, so that values are equal whatever order they were received in: indices of required fields that were not received (or must not be sent): they are left out
    /// again as long as they are empty.
    absent: Vec<u16>,
    /// Sorted: fields whose value encodes otherwise than it was received, as received.
    received: Vec<(u16, Value)>,
}

impl Extra {
    /// The unknown field of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.fields.get(name)
    }

    /// All unknown fields.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|kept| &kept.fields)
    }

    /// Whether there is no unknown field.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|kept| kept.fields.is_empty())
    }

    /// Adds a field to be sent. A field that the type has itself is sent from here only where the
    /// type leaves it out; that is how an explicit `null` is sent.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.get_or_insert_default().fields.insert(name.into(), value.into())
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.as_mut()?.fields.remove(name)
    }

    /// Fields of an object that are to be left out although the type requires them.
    #[doc(hidden)]
    pub fn with_absent(indices: &[u16]) -> Self {
        if indices.is_empty() {
            return Self(None);
        }
        Self(Some(Box::new(Kept { absent: indices.to_vec(), ..Kept::default() })))
    }

    pub(crate) fn set_absent(&mut self, index: u16) {
        let absent = &mut self.0.get_or_insert_default().absent;
        if let Err(place) = absent.binary_search(&index) {
            absent.insert(place, index);
        }
    }

    pub(crate) fn set_received(&mut self, index: u16, value: Value) {
        let received = &mut self.0.get_or_insert_default().received;
        match received.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(place) => received[place].1 = value,
            Err(place) => received.insert(place, (index, value)),
        }
    }

    /// Forgets how a field was received before, since it came again.
    pub(crate) fn clear_received(&mut self, index: u16) {
        if let Some(kept) = &mut self.0 {
            kept.received.retain(|(known, _)| *known != index);
        }
    }

    /// Whether there is nothing to heed when encoding.
    #[inline]
    pub(crate) fn is_unused(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn is_absent(&self, index: u16) -> bool {
        self.0.as_ref().is_some_and(|kept| kept.absent.contains(&index))
    }

    pub(crate) fn received(&self, index: u16) -> Option<&Value> {
        let kept = self.0.as_ref()?;
        kept.received.iter().find(|(known, _)| *known == index).map(|(_, value)| value)
    }
}
