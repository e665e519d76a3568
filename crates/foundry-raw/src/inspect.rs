//! Decoding by name: for tools that look at captured traffic.

use serde::Serialize;
use serde_json::Value;

use crate::wire::{Decode, DecodeError, Direction, Report, from_slice_with_report};

/// A value that was decoded into its type and encoded again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The value as the type encodes it.
    pub value: Value,
    /// What in it the type does not know.
    pub report: Report,
}

/// Decodes JSON text into a type and encodes it again.
pub type DecodeFn = fn(&[u8], Direction) -> Result<Decoded, DecodeError>;

/// A schema of a document.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SchemaEntry {
    /// The document's name of it.
    pub name: &'static str,
    /// Decodes a value of it.
    pub decode: DecodeFn,
}

/// The bodies of an operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OperationEntry {
    /// The document's operationId.
    pub id: &'static str,
    /// Decodes a request body, where there is one of JSON.
    pub request: Option<DecodeFn>,
    /// Decodes a buffered answer, where there is one of JSON.
    pub response: Option<DecodeFn>,
    /// The events of its stream, by name, and what decodes their data.
    pub events: &'static [(&'static str, DecodeFn)],
}

/// What can be decoded of an API.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ApiEntry {
    /// The api-version.
    pub name: &'static str,
    /// Its operations, in the document's order.
    pub operations: &'static [OperationEntry],
    /// Its schemas, by name.
    pub schemas: &'static [SchemaEntry],
}

/// The APIs that this build knows.
pub fn apis() -> &'static [&'static ApiEntry] {
    crate::generated::INSPECT
}

impl ApiEntry {
    /// The operation of this id.
    pub fn operation(&self, id: &str) -> Option<&'static OperationEntry> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The schema of this name.
    pub fn schema(&self, name: &str) -> Option<&'static SchemaEntry> {
        self.schemas.iter().find(|schema| schema.name == name)
    }
}

/// Decodes into `T` and encodes again.
pub(crate) fn decode_as<T: Decode + Serialize>(json: &[u8], direction: Direction) -> Result<Decoded, DecodeError> {
    let (value, report) = from_slice_with_report::<T>(json, direction)?;
    match serde_json::to_value(&value) {
        Ok(value) => Ok(Decoded { value, report }),
        Err(error) => Err(DecodeError::new(error.to_string(), None)),
    }
}
