//! Reading and writing wire types: what the generated code leans on.

mod decode;
mod error;
mod extra;
mod lexer;
mod list;
mod model;
mod open_enum;
mod reader;
mod report;
mod secret;
mod timestamp;
mod union;
mod words;

pub use decode::{Decode, from_slice, from_slice_with_report, from_str};
pub use error::DecodeError;
pub use extra::Extra;
pub use list::{List, Undecoded};
pub use open_enum::UnknownValue;
pub use reader::MAX_DEPTH;
pub use report::{Direction, Report};
pub use secret::{Secret, SecretValue};
pub use timestamp::Timestamp;

#[allow(unused_imports, reason = "not every API sends both kinds of times")]
pub(crate) use timestamp::{text_time, unix_time};

pub(crate) use decode::deserialize;
pub(crate) use model::{Access, Entries, Field, Fields, MAX_FIELDS, Presence, RequestBody, decode_model, set_fixed};
pub(crate) use open_enum::decode_enum;
pub(crate) use reader::{Kind, Reader};
pub(crate) use union::{Needs, branch_by_keys, decode_kind, tag_of, unknown};

pub(crate) use model::{model, model_empty, model_fixed, model_open, model_setter, model_some};
pub(crate) use open_enum::open_enum;
pub(crate) use union::{
    tagged_union, union_decode, union_from, union_kind, union_only, union_other, union_value, untagged_union,
};
pub(crate) use words::{access, listed, mapped, presence, set};
