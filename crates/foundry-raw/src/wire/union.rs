//! Unions on the wire: by a tag, or by the kind of JSON value and the keys an object has.

use serde_json::Value;

use super::decode::Decode;
use super::error::DecodeError;
use super::reader::{Kind, Reader};

/// Finds the branch of the object that comes next by its tag, without taking it; `None` if what
/// comes is no object, or its tag is unknown. The first known value of the tag counts. An object
/// without the tag is of the first of the `untagged` branches whose keys it has.
pub(crate) fn tag_of(
    reader: &mut Reader<'_>,
    tag: &'static str,
    branch_of: fn(&str) -> Option<usize>,
    untagged: &[(usize, &'static [&'static str])],
) -> Result<Option<usize>, DecodeError> {
    if reader.kind()? != Kind::Object {
        return Ok(None);
    }
    let mut branch = None;
    let mut is_tagged = false;
    reader.look_ahead(
        |name| (name == tag).then_some(()),
        |(), value| {
            is_tagged |= !value.is_null();
            branch = value.str_with(branch_of).flatten();
            branch.is_some()
        },
    )?;
    if is_tagged || untagged.is_empty() {
        return Ok(branch);
    }
    let needs: Vec<Needs> = untagged.iter().map(|(_, keys)| Needs { keys, only: None }).collect();
    Ok(branch_by_keys(reader, &needs)?.and_then(|place| untagged.get(place)).map(|(index, _)| *index))
}

/// What tells an object of a union without a tag: the keys it has, and the values that one of its
/// properties can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) keys: &'static [&'static str],
    pub(crate) only: Option<(&'static str, &'static [&'static str])>,
}

/// Finds the branch of the object that comes next by the keys it has, without taking it: the first
/// one whose keys are all there and that can have the value there is, or else whose keys are.
pub(crate) fn branch_by_keys(reader: &mut Reader<'_>, branches: &[Needs]) -> Result<Option<usize>, DecodeError> {
    let mut present: Vec<&str> = Vec::new();
    // Of the branches, a bit for each that cannot have a value that was found.
    let mut excluded = 0_u64;
    reader.look_ahead(
        |name| {
            let named = |branch: &Needs| {
                let only = branch.only.map(|(tag, _)| tag);
                branch.keys.iter().copied().chain(only).find(|key| *key == name)
            };
            branches.iter().find_map(named)
        },
        |name, value| {
            if value.is_null() {
                return false;
            }
            if !present.contains(&name) {
                present.push(name);
            }
            let cannot_be = |text: &str| {
                let mut found = 0_u64;
                for (index, branch) in branches.iter().enumerate().take(64) {
                    if branch.only.is_some_and(|(tag, values)| tag == name && !values.contains(&text)) {
                        found |= 1 << index;
                    }
                }
                found
            };
            if branches.iter().any(|branch| branch.only.is_some_and(|(tag, _)| tag == name)) {
                excluded |= value.str_with(cannot_be).unwrap_or(0);
            }
            false
        },
    )?;
    let has_keys = |branch: &Needs| branch.keys.iter().all(|name| present.contains(name));
    let fits = |(index, branch): (usize, &Needs)| has_keys(branch) && (index >= 64 || excluded & 1 << index == 0);
    let best = branches.iter().enumerate().position(fits);
    Ok(best.or_else(|| branches.iter().position(has_keys)))
}

/// A value of a union that none of its branches stands for, kept as received.
pub(crate) fn unknown(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    reader.note(None, |report, _, place| report.unrecognized.push(place));
    reader.value()
}

/// Decodes a kind of a union, whose names an error tells.
#[inline]
pub(crate) fn decode_kind<B: Decode, U>(
    reader: &mut Reader<'_>,
    into: impl FnOnce(B) -> U,
    [union, kind]: [&'static str; 2],
) -> Result<U, DecodeError> {
    match B::decode(reader) {
        Ok(branch) => Ok(into(branch)),
        Err(error) => Err(error.in_kind(union, kind)),
    }
}

/// Makes a union by a tag: variants with their types and the values of the tag; `untagged` those
/// that need not have the tag, with the keys that tell them then.
macro_rules! tagged_union {
    ($(#[$meta:meta])* $name:ident by $tag:literal $($secret:ident)? {
        $($(#[$variant_meta:meta])* $variant:ident($branch:ty) = $index:literal $($value:literal)|+,)*
    } $(untagged [$($untagged:literal needs [$($key:literal),*]),*])?) => {
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
                const UNTAGGED: &[(usize, &'static [&'static str])] = &[$($(($untagged, &[$($key),*])),*)?];
                match $crate::wire::tag_of(reader, $tag, branch_of, UNTAGGED)? {
                    $(Some($index) => {
                        $crate::wire::decode_kind(reader, Self::$variant, [stringify!($name), stringify!($variant)])
                    })*
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

/// Makes a union without a tag: variants by the kind of JSON value; objects by the keys they need
/// and the values that one property can `only` have, in the order given. Of a union of `anything` a value of none of them is nothing to report.
macro_rules! untagged_union {
    ($(#[$meta:meta])* $name:ident $($anything:ident)? {
        kinds [$($(#[$variant_meta:meta])* $kind:ident $variant:ident($branch:ty),)*]
        objects [$($(#[$object_meta:meta])* $object_variant:ident($object:ty) = $index:literal needs [$($key:literal),*] $(only $only:literal [$($value:literal),*])?,)*]
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
                const OBJECTS: &[$crate::wire::Needs] = &[$($crate::wire::Needs {
                    keys: &[$($key),*],
                    only: $crate::wire::union_only!($($only [$($value),*])?),
                }),*];
                match reader.kind()? {
                    $($crate::wire::union_kind!($kind) => {
                        $crate::wire::union_decode!($kind $branch, reader).map(Self::$variant)
                    })*
                    $crate::wire::Kind::Object if !OBJECTS.is_empty() => {
                        match $crate::wire::branch_by_keys(reader, OBJECTS)? {
                            $(Some($index) => $crate::wire::decode_kind(
                                reader,
                                Self::$object_variant,
                                [stringify!($name), stringify!($object_variant)],
                            ),)*
                            _ => $crate::wire::union_other!(reader $($anything)?).map(Self::Unknown),
                        }
                    }
                    _ => $crate::wire::union_other!(reader $($anything)?).map(Self::Unknown),
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

macro_rules! union_only {
    () => {
        None
    };
    ($tag:literal $values:tt) => {
        Some(($tag, &$values))
    };
}
pub(crate) use union_only;

macro_rules! union_other {
    ($reader:ident) => {
        $crate::wire::unknown($reader)
    };
    ($reader:ident anything) => {
        $reader.value()
    };
}
pub(crate) use union_other;

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
        impl From<&String> for $name {
            fn from(value: &String) -> Self {
                Self::from(value.as_str())
            }
        }
    };
    (array $name:ident $variant:ident($branch:ty)) => {
        impl From<$branch> for $name {
            fn from(value: $branch) -> Self {
                Self::$variant(value)
            }
        }
        /// A list of what becomes its elements.
        impl<U: Into<<$branch as IntoIterator>::Item>, const N: usize> From<[U; N]> for $name {
            fn from(values: [U; N]) -> Self {
                Self::$variant($crate::wire::listed(values))
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
