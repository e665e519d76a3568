//! Loading and checking OpenAPI documents.
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod check;
mod document;
mod error;
mod limits;
mod load;
mod operations;
mod pointer;
mod walk;

pub use check::{Check, Problem};
pub use document::{Document, NamedSchema, ReferenceError, SpecVersion};
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use load::parse_value;
pub use operations::{Method, Operation, Parameter};
pub use pointer::{Pointer, PointerError, escape_token, unescape_token};
