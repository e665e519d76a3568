//! Loading, checking and comparing OpenAPI documents.
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod check;
mod compare;
mod document;
mod error;
mod limits;
mod load;
mod model;
mod operations;
mod pointer;
mod report;
mod rules;
mod swagger;
mod walk;

pub use check::{Check, Problem};
pub use compare::{CompareError, TooComplex, compare};
pub use document::{Document, NamedSchema, ReferenceError, SpecVersion};
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use load::parse_value;
pub use operations::{Method, Operation, Parameter};
pub use pointer::{Pointer, PointerError, escape_token, unescape_token};
pub use report::{
    Allowances, AllowancesError, Change, Counts, Occurrence, Place, Report, Subject, SubjectKind, Version,
};
pub use rules::{Action, Area, Direction, Level, Mirror, Rule};
