//! What a document means, apart from how it is written: the form that is compared.

mod hashes;
mod operations;
mod schemas;
mod security;
mod shape;
mod types;
mod unions;

pub(crate) use operations::{Api, Media, Operation, Parameter, Response, Servers};
pub(crate) use schemas::{CoreId, Node, Parts, Schemas, Usage};
pub(crate) use security::{Alternative, Scheme};
pub(crate) use shape::{Additional, Enumeration, Limit, Shape, is_tighter};
pub(crate) use types::Types;
pub(crate) use unions::fixed_texts;

use serde_json::Value;

/// A value as a key: objects by sorted keys, numbers by value (`1.0` is `1`).
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            // Below 2^53 every integer has a float of its own.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9.0e15 => {
                format!("{float:.0}")
            }
            _ => number.to_string(),
        },
        Value::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}
