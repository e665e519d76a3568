//! Structs on the wire: one driver that decodes them all, and the macro that makes one a wire type.

use std::cell::Cell;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::decode::{Decode, from_str};
use super::error::DecodeError;
use super::extra::Extra;
use super::reader::{Kind, Reader};
use super::report::Direction;

/// What the document says of a property's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Required, and without it the value is of no use: an `id`.
    Key,
    Required,
    /// Not required, but written by the type: where it was not received it is left out again.
    Written,
    Optional,
}

/// The directions a property is valid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Both,
    Read,
    Write,
}

/// One property: its name on the wire and what the document says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    pub(crate) access: Access,
}

/// The struct as the driver sees it: without its type, so that the driver is compiled once.
pub(crate) trait Fields {
    /// Reads the value of a field; `false` if it was null where null is not allowed.
    fn set(&mut self, index: usize, reader: &mut Reader<'_>) -> Result<bool, DecodeError>;
    fn extra_mut(&mut self) -> &mut Extra;
}

/// How many properties a struct may have; `model!` checks it when it is compiled.
pub(crate) const MAX_FIELDS: usize = 256;

/// Decodes an object as a struct.
#[inline]
pub(crate) fn decode_model<M: Decode + Fields>(
    fields: &'static [Field],
    index_of: fn(&str) -> Option<usize>,
    is_open: bool,
    reader: &mut Reader<'_>,
) -> Result<M, DecodeError> {
    let mut model = M::empty();
    fill(&mut model, fields, index_of, is_open, reader)?;
    Ok(model)
}

/// Decodes an object into a struct that is still empty.
fn fill(
    target: &mut dyn Fields,
    fields: &'static [Field],
    index_of: fn(&str) -> Option<usize>,
    is_open: bool,
    reader: &mut Reader<'_>,
) -> Result<(), DecodeError> {
    // Of each field whether it came, and whether it came with a value: null may stand for none.
    let mut came = [0_u64; MAX_FIELDS / 64];
    let mut seen = [0_u64; MAX_FIELDS / 64];
    reader.fields(fields, index_of, |reader, key| match key {
        Ok(index) => {
            let name = fields[index].name;
            let mark = reader.enter_field(name);
            let start = reader.position();
            let present = target.set(index, reader).map_err(|error| error.at_field(name))?;
            let (word, bit) = (index / 64, 1 << (index % 64));
            if reader.take_inexact() {
                target.extra_mut().set_received(index as u16, reader.value_since(start)?);
            } else if came[word] & bit != 0 {
                // The last of several values counts.
                target.extra_mut().clear_received(index as u16);
            }
            reader.leave(mark);
            came[word] |= bit;
            if present {
                seen[word] |= bit;
            } else {
                seen[word] &= !bit;
            }
            Ok(())
        }
        Err(name) => {
            let value = reader.value().map_err(|error| error.at_field(&name))?;
            if !is_open {
                reader.note(Some(&name), |report, _, place| report.unknown.push(place));
            }
            target.extra_mut().insert(name, value);
            Ok(())
        }
    })?;
    for (index, field) in fields.iter().enumerate() {
        if field.presence == Presence::Optional || seen[index / 64] & (1 << (index % 64)) != 0 {
            continue;
        }
        if field.presence == Presence::Key {
            return Err(reader.fail(format!("`{}` is missing", field.name)));
        }
        target.extra_mut().set_absent(index as u16);
        if field.presence == Presence::Written {
            continue;
        }
        reader.note(Some(field.name), |report, direction, place| {
            let expected = match field.access {
                Access::Both => true,
                Access::Read => direction != Direction::Request,
                Access::Write => direction != Direction::Response,
            };
            if expected {
                report.missing.push(place);
            }
        });
    }
    Ok(())
}

/// Passes over a property whose value the type writes itself; another value is kept as received.
pub(crate) fn set_fixed(value: &str, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    if reader.take_null()? {
        return Ok(false);
    }
    let expected = match reader.kind()? {
        Kind::String => reader.str_with(|received| received == value)?,
        _ => {
            reader.skip()?;
            false
        }
    };
    if !expected {
        reader.set_inexact();
    }
    Ok(true)
}

thread_local! {
    /// Whether what is being encoded is a request body, which leaves read-only properties out.
    static REQUEST: Cell<bool> = const { Cell::new(false) };
}

/// A request body: encodes the value without its read-only properties.
#[derive(Debug)]
pub(crate) struct RequestBody<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Serialize + ?Sized> Serialize for RequestBody<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Restore(bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                REQUEST.set(self.0);
            }
        }
        let _restore = Restore(REQUEST.replace(true));
        self.0.serialize(serializer)
    }
}

/// Writes the properties of a struct. What fails is kept until the end: with a `?` for each of them, there
/// would be four times as much to compile for each struct.
#[derive(Debug)]
pub(crate) struct Entries<'a, M: SerializeMap> {
    /// Or the first failure, after which nothing is written.
    map: Result<M, M::Error>,
    extra: &'a Extra,
    plain: bool,
    request: bool,
}

impl<'a, M: SerializeMap> Entries<'a, M> {
    pub(crate) fn new<S: Serializer<SerializeMap = M, Error = M::Error>>(serializer: S, extra: &'a Extra) -> Self {
        Self { map: serializer.serialize_map(None), extra, plain: extra.is_unused(), request: REQUEST.get() }
    }

    fn left_out(&self, access: Access) -> bool {
        self.request && access == Access::Read
    }

    fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if let Ok(map) = &mut self.map
            && let Err(error) = map.serialize_entry(name, value)
        {
            self.map = Err(error);
        }
    }

    fn write<T: Serialize + Decode + PartialEq>(&mut self, index: u16, name: &'static str, value: &T) {
        if !self.plain
            && let Some(received) = self.extra.received(index)
            && from_str::<T>(&received.to_string()).is_ok_and(|decoded| decoded == *value)
        {
            self.put(name, received);
        } else {
            self.put(name, value);
        }
    }

    pub(crate) fn required<T: Serialize + Decode + PartialEq>(
        &mut self,
        index: u16,
        name: &'static str,
        access: Access,
        value: &T,
    ) {
        if self.left_out(access) {
            return;
        }
        if !self.plain && self.extra.is_absent(index) && *value == T::empty() {
            self.explicit(name);
        } else {
            self.write(index, name, value);
        }
    }

    pub(crate) fn key<T: Serialize + Decode + PartialEq>(
        &mut self,
        index: u16,
        name: &'static str,
        access: Access,
        value: &T,
    ) {
        self.required(index, name, access, value);
    }

    pub(crate) fn any<T: Serialize + Decode + PartialEq>(
        &mut self,
        index: u16,
        name: &'static str,
        access: Access,
        value: &T,
    ) {
        self.required(index, name, access, value);
    }

    pub(crate) fn optional<T: Serialize + Decode + PartialEq>(
        &mut self,
        index: u16,
        name: &'static str,
        access: Access,
        value: &Option<T>,
    ) {
        match value {
            _ if self.left_out(access) => {}
            Some(value) => self.write(index, name, value),
            None => self.explicit(name),
        }
    }

    pub(crate) fn nullable<T: Serialize + Decode + PartialEq>(
        &mut self,
        index: u16,
        name: &'static str,
        access: Access,
        value: &Option<T>,
    ) {
        match value {
            _ if self.left_out(access) => {}
            Some(value) => self.write(index, name, value),
            None if !self.plain && self.extra.is_absent(index) => self.explicit(name),
            None => self.put(name, &()),
        }
    }

    pub(crate) fn fixed(&mut self, index: u16, name: &'static str, value: &'static str) {
        match self.extra.received(index).filter(|_| !self.plain) {
            _ if !self.plain && self.extra.is_absent(index) => {}
            Some(received) => self.put(name, received),
            None => self.put(name, value),
        }
    }

    /// A field of the type's own that was put into `extra` is written where the type has no value.
    fn explicit(&mut self, name: &'static str) {
        if !self.plain
            && let Some(value) = self.extra.get(name)
        {
            self.put(name, value);
        }
    }

    pub(crate) fn finish(mut self, index_of: fn(&str) -> Option<usize>) -> Result<M::Ok, M::Error> {
        if !self.plain {
            for (name, value) in self.extra.iter() {
                if index_of(name).is_none() {
                    self.put(name, value);
                }
            }
        }
        self.map?.end()
    }
}

/// Makes a struct a wire type: decoding, encoding and setters.
///
/// `fixed` lists properties with one value, which the type writes itself, also where they are
/// `optional`; `fields` the others: index, presence, access, name on the wire, field, and the shape its setter takes. A struct whose
/// document allows further properties is `open`: those are no unknown ones.
macro_rules! model {
    (
        $model:ident $(, $open:ident)?;
        fixed [$($fixed_index:literal $fixed_name:literal = $fixed_value:literal $($optional:ident)? $(,)?)*]
        fields [$($index:literal $presence:ident $access:ident $name:literal $field:ident: $shape:ident($($item:tt)+) $(,)?)*]
    ) => {
        const _: () = {
            const FIELDS: &[$crate::wire::Field] = &[
                $($crate::wire::Field {
                    name: $fixed_name,
                    presence: $crate::wire::model_fixed!($($optional)?),
                    access: $crate::wire::Access::Both,
                },)*
                $($crate::wire::Field {
                    name: $name,
                    presence: $crate::wire::presence::$presence,
                    access: $crate::wire::access::$access,
                },)*
            ];
            const _: () = assert!(FIELDS.len() <= $crate::wire::MAX_FIELDS);

            fn index_of(name: &str) -> Option<usize> {
                match name {
                    $($fixed_name => Some($fixed_index),)*
                    $($name => Some($index),)*
                    _ => None,
                }
            }

            impl $crate::wire::Fields for $model {
                #[allow(unused_variables, reason = "a struct may have no property")]
                fn set(
                    &mut self,
                    index: usize,
                    reader: &mut $crate::wire::Reader<'_>,
                ) -> Result<bool, $crate::wire::DecodeError> {
                    match index {
                        $($fixed_index => $crate::wire::set_fixed($fixed_value, reader),)*
                        $($index => $crate::wire::set::$presence(&mut self.$field, reader),)*
                        _ => Ok(false),
                    }
                }

                fn extra_mut(&mut self) -> &mut $crate::Extra {
                    &mut self.extra
                }
            }

            impl $crate::Decode for $model {
                fn decode(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::DecodeError> {
                    $crate::wire::decode_model(FIELDS, index_of, $crate::wire::model_open!($($open)?), reader)
                }

                fn empty() -> Self {
                    Self { $($field: $crate::wire::model_empty!($presence),)* extra: $crate::Extra::default() }
                }
            }

            impl serde::Serialize for $model {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    #[allow(unused_mut, reason = "a struct may have no property")]
                    let mut entries = $crate::wire::Entries::new(serializer, &self.extra);
                    $(entries.fixed($fixed_index, $fixed_name, $fixed_value);)*
                    $(entries.$presence($index, $name, $crate::wire::access::$access, &self.$field);)*
                    entries.finish(index_of)
                }
            }

            impl<'de> serde::Deserialize<'de> for $model {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $crate::wire::deserialize(deserializer)
                }
            }
        };

        impl $model {
            $($crate::wire::model_setter!($presence $access $name $field: $shape($($item)+));)*
        }
    };
}
pub(crate) use model;

macro_rules! model_open {
    () => {
        false
    };
    (open) => {
        true
    };
}
pub(crate) use model_open;

macro_rules! model_fixed {
    () => {
        $crate::wire::Presence::Required
    };
    (optional) => {
        $crate::wire::Presence::Written
    };
}
pub(crate) use model_fixed;

/// What a field is before anything was read. Where nothing has to be called, there is nothing to undo.
macro_rules! model_empty {
    (nullable) => {
        None
    };
    (optional) => {
        None
    };
    ($presence:ident) => {
        $crate::Decode::empty()
    };
}
pub(crate) use model_empty;

/// A setter: takes whatever becomes the field's type; lists and maps take any iterator.
macro_rules! model_setter {
    // What only the service sets has no setter.
    ($presence:ident read $name:literal $field:ident: $shape:ident($($item:tt)+)) => {};
    ($presence:ident $access:ident $name:literal $field:ident: plain($item:ty)) => {
        #[doc = concat!("Sets `", $name, "`.")]
        #[must_use]
        pub fn $field(mut self, value: impl Into<$item>) -> Self {
            self.$field = $crate::wire::model_some!($presence value.into());
            self
        }
    };
    ($presence:ident $access:ident $name:literal $field:ident: unix_time($item:ty)) => {
        #[doc = concat!("Sets `", $name, "`: a time, which is sent in seconds.")]
        #[must_use]
        pub fn $field(mut self, value: impl Into<$item>) -> Self {
            self.$field = $crate::wire::model_some!($presence $crate::wire::unix_time(value));
            self
        }
    };
    ($presence:ident $access:ident $name:literal $field:ident: text_time($item:ty)) => {
        #[doc = concat!("Sets `", $name, "`: a time, which is sent as text.")]
        #[must_use]
        pub fn $field(mut self, value: impl Into<$item>) -> Self {
            self.$field = $crate::wire::model_some!($presence $crate::wire::text_time(value));
            self
        }
    };
    ($presence:ident $access:ident $name:literal $field:ident: boxed($item:ty)) => {
        #[doc = concat!("Sets `", $name, "`.")]
        #[must_use]
        pub fn $field(mut self, value: impl Into<$item>) -> Self {
            self.$field = $crate::wire::model_some!($presence Box::new(value.into()));
            self
        }
    };
    ($presence:ident $access:ident $name:literal $field:ident: list($item:ty)) => {
        #[doc = concat!("Sets `", $name, "`.")]
        #[must_use]
        pub fn $field(mut self, values: impl IntoIterator<Item = impl Into<$item>>) -> Self {
            self.$field = $crate::wire::model_some!($presence $crate::wire::listed(values));
            self
        }
    };
    ($presence:ident $access:ident $name:literal $field:ident: map($item:ty)) => {
        #[doc = concat!("Sets `", $name, "`.")]
        #[must_use]
        pub fn $field(
            mut self,
            entries: impl IntoIterator<Item = (impl Into<String>, impl Into<$item>)>,
        ) -> Self {
            self.$field = $crate::wire::model_some!($presence $crate::wire::mapped(entries));
            self
        }
    };
}
pub(crate) use model_setter;

macro_rules! model_some {
    (nullable $($value:tt)+) => { Some($($value)+) };
    (optional $($value:tt)+) => { Some($($value)+) };
    ($presence:ident $($value:tt)+) => { $($value)+ };
}
pub(crate) use model_some;
