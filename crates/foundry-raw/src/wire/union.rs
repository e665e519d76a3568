//! Unions on the wire: by a tag, or by the kind of JSON value and the keys an object has.

use serde_json::Value;

use super::error::DecodeError;
use super::reader::{Kind, Reader};

/// Finds the branch of the object that comes next by its tag, without taking it; `None` if what
/// comes is no object, or its tag is unknown or missing. The first known value of the tag counts.
pub(crate) fn tag_of(
    reader: &mut Reader<'_>,
    tag: &'static str,
    branch_of: fn(&str) -> Option<usize>,
) -> Result<Option<usize>, DecodeError> {
    if reader.kind()? != Kind::Object {
        return Ok(None);
    }
    let mut branch = None;
    reader.look_ahead(
        |name| (name == tag).then_some(()),
        |(), value| {
            branch = value.str_with(branch_of).flatten();
            branch.is_some()
        },
    )?;
    Ok(branch)
}

/// Finds the branch of the object that comes next by the keys it has, without taking it: the first
/// one whose `needed` keys are all there.
pub(crate) fn branch_by_keys(reader: &mut Reader<'_>, branches: &[&[&str]]) -> Result<Option<usize>, DecodeError> {
    let mut present: Vec<&str> = Vec::new();
    reader.look_ahead(
        |name| branches.iter().flat_map(|needed| needed.iter()).find(|needed| **needed == name),
        |name, value| {
            if !value.is_null() && !present.contains(name) {
                present.push(name);
            }
            false
        },
    )?;
    Ok(branches.iter().position(|needed| needed.iter().all(|name| present.contains(name))))
}

/// A value of a union that none of its branches stands for, kept as received.
pub(crate) fn unknown(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    reader.note(None, |report, _, place| report.unrecognized.push(place));
    reader.value()
}

/// Makes a union by a tag: variants with their types and the values of the tag.
macro_rules! tagged_union {
    ($(#[$meta:meta])* $name:ident by $tag:literal $($secret:ident)? {
        $($(#[$variant_meta:meta])* $variant:ident($branch:ty) = $index:literal $($value:literal)|+,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant($branch),)*
            /// A kind this version of the crate does not know; it is sent back as received.
            Unknown($crate::wire::union_value!($($secret)?)),
        }

        $(impl From<$branch> for $name {
            fn from(branch: $branch) -> Self {
                Self::$variant(branch)
            }
        })*

        impl $crate::Decode for $name {
            fn decode(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::DecodeError> {
                fn branch_of(value: &str) -> Option<usize> {
                    match value {
                        $($($value)|+ => Some($index),)*
                        _ => None,
                    }
                }
                match $crate::wire::tag_of(reader, $tag, branch_of)? {
                    $(Some($index) => match <$branch as $crate::Decode>::decode(reader) {
                        Ok(branch) => Ok(Self::$variant(branch)),
                        Err(error) => Err(error.in_kind(stringify!($name), stringify!($variant))),
                    },)*
                    _ => $crate::wire::unknown(reader).map(|value| Self::Unknown(value.into())),
                }
            }

            fn empty() -> Self {
                Self::Unknown(serde_json::Value::Null.into())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(branch) => branch.serialize(serializer),)*
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use tagged_union;

/// What holds an unknown kind of a union; of one whose kinds hold secrets it is not shown.
macro_rules! union_value {
    () => {
        serde_json::Value
    };
    (secret) => {
        $crate::SecretValue
    };
}
pub(crate) use union_value;

/// Makes a union without a tag: variants by the kind of JSON value; objects by the keys they need,
/// in the order given.
macro_rules! untagged_union {
    ($(#[$meta:meta])* $name:ident {
        kinds [$($(#[$variant_meta:meta])* $kind:ident $variant:ident($branch:ty),)*]
        objects [$($(#[$object_meta:meta])* $object_variant:ident($object:ty) = $index:literal needs [$($key:literal),*],)*]
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant($branch),)*
            $($(#[$object_meta])* $object_variant($object),)*
            /// A value of another kind; it is sent back as received.
            Unknown(serde_json::Value),
        }

        $($crate::wire::union_from!($kind $name $variant($branch));)*
        $(impl From<$object> for $name {
            fn from(value: $object) -> Self {
                Self::$object_variant(value)
            }
        })*

        impl $crate::Decode for $name {
            fn decode(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::DecodeError> {
                #[allow(unused_variables, reason = "not every union has objects")]
                const OBJECTS: &[&[&str]] = &[$(&[$($key),*]),*];
                match reader.kind()? {
                    $($crate::wire::union_kind!($kind) => {
                        $crate::wire::union_decode!($kind $branch, reader).map(Self::$variant)
                    })*
                    $crate::wire::Kind::Object if !OBJECTS.is_empty() => {
                        match $crate::wire::branch_by_keys(reader, OBJECTS)? {
                            $(Some($index) => match <$object as $crate::Decode>::decode(reader) {
                                Ok(value) => Ok(Self::$object_variant(value)),
                                Err(error) => Err(error.in_kind(stringify!($name), stringify!($object_variant))),
                            },)*
                            _ => $crate::wire::unknown(reader).map(Self::Unknown),
                        }
                    }
                    _ => $crate::wire::unknown(reader).map(Self::Unknown),
                }
            }

            fn empty() -> Self {
                Self::Unknown(serde_json::Value::Null)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(value) => value.serialize(serializer),)*
                    $(Self::$object_variant(value) => value.serialize(serializer),)*
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use untagged_union;

macro_rules! union_kind {
    (any_string) => {
        $crate::wire::Kind::String
    };
    (known_string) => {
        $crate::wire::Kind::String
    };
    (string) => {
        $crate::wire::Kind::String
    };
    (array) => {
        $crate::wire::Kind::Array
    };
    (boolean) => {
        $crate::wire::Kind::Bool
    };
    (number) => {
        $crate::wire::Kind::Number
    };
    (object) => {
        $crate::wire::Kind::Object
    };
}
pub(crate) use union_kind;

/// Reads a variant. Where any string will do, one that its enum does not know is nothing to report.
macro_rules! union_decode {
    (any_string $branch:ty, $reader:ident) => {
        $reader.quietly(<$branch as $crate::Decode>::decode)
    };
    ($kind:ident $branch:ty, $reader:ident) => {
        <$branch as $crate::Decode>::decode($reader)
    };
}
pub(crate) use union_decode;

/// Conversions into a variant: texts from what holds text, lists from what becomes a list.
macro_rules! union_from {
    (known_string $name:ident $variant:ident($branch:ty)) => {
        $crate::wire::union_from!(any_string $name $variant($branch));
    };
    (any_string $name:ident $variant:ident($branch:ty)) => {
        $crate::wire::union_from!(string $name $variant($branch));
        impl From<$branch> for $name {
            fn from(value: $branch) -> Self {
                Self::$variant(value)
            }
        }
    };
    (string $name:ident $variant:ident($branch:ty)) => {
        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::$variant(value.into())
            }
        }
        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::$variant(value.into())
            }
        }
    };
    ($kind:ident $name:ident $variant:ident($branch:ty)) => {
        impl From<$branch> for $name {
            fn from(value: $branch) -> Self {
                Self::$variant(value)
            }
        }
    };
}
pub(crate) use union_from;
