//! Documents for tests.
#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use openapi_compare::{Document, Report, compare};
use serde_json::{Value, json};

pub(crate) fn document(name: &str, value: Value) -> Document {
    Document::from_value(value, name).unwrap()
}

/// An API with one operation that takes and gives the schema `Thing`.
pub(crate) fn api(schemas: &Value) -> Value {
    let thing = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/thing": {"put": {
            "operationId": "Thing_put",
            "tags": ["Things"],
            "requestBody": {"required": true, "content": thing},
            "responses": {"200": {"description": "", "content": thing}},
        }}},
        "components": {"schemas": schemas},
    })
}

/// The same in OpenAPI 3.1.
pub(crate) fn api_3_1(schemas: &Value) -> Value {
    let mut api = api(schemas);
    api["openapi"] = "3.1.0".into();
    api
}

/// The ids of what differs, each with its place.
pub(crate) fn found(report: &Report) -> Vec<String> {
    let line = |change: &openapi_compare::Change| {
        let subject = &report.subject(change).unwrap().kind;
        format!("{} {} {subject} {}", change.level(), change.rule.id, change.place).trim_end().to_owned()
    };
    report.changes.iter().map(line).collect()
}

/// What differs between two documents.
pub(crate) fn difference(old: Value, new: Value) -> Vec<String> {
    found(&compare(&document("old", old), &document("new", new)).unwrap())
}
