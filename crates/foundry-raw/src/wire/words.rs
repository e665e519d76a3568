//! The words of `model!` as paths: what a property's presence and access are, and how its value is read. A
//! path costs the compiler nothing; a macro for each word of each property would be an expansion each.

use super::decode::Decode;
use super::error::DecodeError;
use super::reader::Reader;

#[allow(non_upper_case_globals, reason = "they are called as the macro writes them")]
pub(crate) mod presence {
    use crate::wire::Presence;

    pub(crate) const key: Presence = Presence::Key;
    pub(crate) const required: Presence = Presence::Required;
    pub(crate) const any: Presence = Presence::Required;
    pub(crate) const nullable: Presence = Presence::Required;
    pub(crate) const optional: Presence = Presence::Optional;
}

#[allow(non_upper_case_globals, reason = "they are called as the macro writes them")]
pub(crate) mod access {
    use crate::wire::Access;

    pub(crate) const both: Access = Access::Both;
    pub(crate) const read: Access = Access::Read;
    pub(crate) const write: Access = Access::Write;
}

/// Reads a property's value into its field; `false` if it was null where that stands for none.
pub(crate) mod set {
    use super::*;

    pub(crate) fn key<T: Decode>(field: &mut T, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        required(field, reader)
    }

    pub(crate) fn required<T: Decode>(field: &mut T, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        if reader.take_null()? {
            *field = T::empty();
            return Ok(false);
        }
        any(field, reader)
    }

    pub(crate) fn any<T: Decode>(field: &mut T, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        *field = T::decode(reader)?;
        Ok(true)
    }

    pub(crate) fn nullable<T: Decode>(field: &mut T, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        any(field, reader)
    }

    pub(crate) fn optional<T: Decode>(field: &mut T, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        any(field, reader)
    }
}

/// A list of what becomes its elements.
pub(crate) fn listed<T, L: FromIterator<T>>(values: impl IntoIterator<Item = impl Into<T>>) -> L {
    values.into_iter().map(Into::into).collect()
}

/// A map of what becomes its values.
pub(crate) fn mapped<T, M: FromIterator<(String, T)>>(
    entries: impl IntoIterator<Item = (impl Into<String>, impl Into<T>)>,
) -> M {
    entries.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
