//! What a struct received beyond its own fields, and what of them it did not receive.

use std::fmt;

use serde_json::{Map, Value};

/// Fields that this version of the crate does not know, kept as received and sent back.
///
/// Two words wide, and empty for nearly all values. A field put here with [`insert`](Self::insert)
/// is sent too, which is the way to use a property that the service has and the description has not.
/// `Debug` shows the names alone: what nobody knows may be secret.
#[derive(Clone, Default, PartialEq)]
pub struct Extra {
    /// A bit for each of the first 64 fields; those beyond are in `kept`. Required fields that were
    /// not received, or must not be sent: they are left out again as long as they are empty. Here,
    /// because answers lack required fields all the time, and it should not cost an allocation.
    absent: u64,
    kept: Option<Box<Kept>>,
}

/// The lists are sorted, so that values are equal whatever order they were received in.
#[derive(Clone, Default, PartialEq)]
struct Kept {
    fields: Map<String, Value>,
    /// Indices of absent fields that have no bit.
    absent: Vec<u16>,
    /// Fields whose value encodes otherwise than it was received, as received.
    received: Vec<(u16, Value)>,
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extra")?;
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl Extra {
    /// The unknown field of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.kept.as_ref()?.fields.get(name)
    }

    /// All unknown fields.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.kept.iter().flat_map(|kept| &kept.fields)
    }

    /// Whether there is no unknown field.
    pub fn is_empty(&self) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.fields.is_empty())
    }

    /// Adds a field to be sent. A field that the type has itself is sent from here only where the
    /// type leaves it out; that is how an explicit `null` is sent.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.kept.get_or_insert_default().fields.insert(name.into(), value.into())
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.kept.as_mut()?.fields.remove(name)
    }

    /// Fields of an object that are to be left out although the type requires them.
    #[doc(hidden)]
    pub fn with_absent(indices: &[u16]) -> Self {
        let mut extra = Self::default();
        indices.iter().for_each(|index| extra.set_absent(*index));
        extra
    }

    pub(crate) fn set_absent(&mut self, index: u16) {
        if index < 64 {
            self.absent |= 1 << index;
            return;
        }
        let absent = &mut self.kept.get_or_insert_default().absent;
        if let Err(place) = absent.binary_search(&index) {
            absent.insert(place, index);
        }
    }

    pub(crate) fn set_received(&mut self, index: u16, value: Value) {
        let received = &mut self.kept.get_or_insert_default().received;
        match received.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(place) => received[place].1 = value,
            Err(place) => received.insert(place, (index, value)),
        }
    }

    /// Forgets how a field was received before, since it came again.
    pub(crate) fn clear_received(&mut self, index: u16) {
        if let Some(kept) = &mut self.kept {
            kept.received.retain(|(known, _)| *known != index);
        }
    }

    /// Whether there is nothing to heed when encoding.
    #[inline]
    pub(crate) fn is_unused(&self) -> bool {
        self.absent == 0 && self.kept.is_none()
    }

    pub(crate) fn is_absent(&self, index: u16) -> bool {
        match index {
            0..64 => self.absent & 1 << index != 0,
            _ => self.kept.as_ref().is_some_and(|kept| kept.absent.contains(&index)),
        }
    }

    pub(crate) fn received(&self, index: u16) -> Option<&Value> {
        let kept = self.kept.as_ref()?;
        kept.received.iter().find(|(known, _)| *known == index).map(|(_, value)| value)
    }
}
