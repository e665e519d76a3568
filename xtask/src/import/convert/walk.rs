//! Goes through a document in the form of OpenAPI 3.0 by its structure, so that data is never taken for
//! description.

use openapi_compare::{Pointer, escape_token};
use serde_json::{Map, Value};

/// Where a schema of 3.1 holds those that are only for itself.
pub(super) const DEFINITIONS: &str = "$defs";

/// The keys of a path item that are operations.
pub(super) const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A place in a document, made longer and shorter on the way.
#[derive(Debug, Default)]
pub(super) struct Place(String);

impl Place {
    pub(super) fn at<T>(&mut self, key: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        self.0.push('/');
        self.0.push_str(&escape_token(key));
        let result = f(self);
        self.0.truncate(length);
        result
    }

    pub(super) fn text(&self) -> String {
        format!("#{}", self.0)
    }
}

/// What is called for a schema: its place, and the schema, whose inner ones were visited before it.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&Place, &mut Value);

/// Calls `f` with every schema of the document, the inner ones before those around them.
pub(super) fn schemas(document: &mut Value, f: Visit<'_>) {
    if let Some(components) = document.get_mut("components") {
        Place::default().at("components", |place| {
            members(components, "schemas", place, &mut |place, schema| schema_at(place, schema, f));
            for key in ["parameters", "headers"] {
                members(components, key, place, &mut |place, parameter| of_parameter(parameter, place, f));
            }
            members(components, "requestBodies", place, &mut |place, body| content(body, place, f));
            members(components, "responses", place, &mut |place, answer| of_response(answer, place, f));
        });
    }
    operations(document, &mut |place, operation| {
        elements(operation, "parameters", place, &mut |place, parameter| of_parameter(parameter, place, f));
        if let Some(body) = operation.get_mut("requestBody") {
            place.at("requestBody", |place| content(body, place, f));
        }
        members(operation, "responses", place, &mut |place, answer| of_response(answer, place, f));
    });
}

/// Calls `f` with every operation of the document.
pub(super) fn operations(document: &mut Value, f: &mut dyn FnMut(&mut Place, &mut Value)) {
    members(document, "paths", &mut Place::default(), &mut |place, item| {
        for method in METHODS {
            if let Some(operation) = item.get_mut(*method).filter(|operation| operation.is_object()) {
                place.at(method, |place| f(place, operation));
            }
        }
    });
}

/// Calls `f` with each member of the object under a key.
pub(super) fn members(parent: &mut Value, key: &str, place: &mut Place, f: &mut dyn FnMut(&mut Place, &mut Value)) {
    let Some(found) = parent.get_mut(key).and_then(Value::as_object_mut) else { return };
    place.at(key, |place| {
        for (name, value) in found {
            place.at(name, |place| f(place, value));
        }
    });
}

/// Calls `f` with each element of the list under a key.
pub(super) fn elements(parent: &mut Value, key: &str, place: &mut Place, f: &mut dyn FnMut(&mut Place, &mut Value)) {
    let Some(found) = parent.get_mut(key).and_then(Value::as_array_mut) else { return };
    place.at(key, |place| {
        for (index, value) in found.iter_mut().enumerate() {
            place.at(&index.to_string(), |place| f(place, value));
        }
    });
}

fn of_parameter(parameter: &mut Value, place: &mut Place, f: Visit<'_>) {
    if let Some(schema) = parameter.get_mut("schema") {
        place.at("schema", |place| schema_at(place, schema, f));
    }
    content(parameter, place, f);
}

fn of_response(response: &mut Value, place: &mut Place, f: Visit<'_>) {
    content(response, place, f);
    members(response, "headers", place, &mut |place, header| of_parameter(header, place, f));
}

fn content(parent: &mut Value, place: &mut Place, f: Visit<'_>) {
    members(parent, "content", place, &mut |place, media| {
        if let Some(schema) = media.get_mut("schema") {
            place.at("schema", |place| schema_at(place, schema, f));
        }
    });
}

/// A schema and all in it. A document is bounded in depth, so this is.
pub(super) fn schema_at(place: &mut Place, schema: &mut Value, f: Visit<'_>) {
    for key in ["properties", "patternProperties", DEFINITIONS] {
        members(schema, key, place, &mut |place, property| schema_at(place, property, f));
    }
    for key in ["items", "additionalProperties", "not"] {
        if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object() || key == "items") {
            place.at(key, |place| schema_at(place, inner, f));
        }
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        elements(schema, key, place, &mut |place, part| schema_at(place, part, f));
    }
    f(place, schema);
}

/// What a reference inside of the document leads to, through others if need be.
pub(super) fn resolve<'v>(document: &'v Value, value: &'v Value) -> Option<&'v Value> {
    let mut value = value;
    for _ in 0..LONGEST_CHAIN {
        match value.get("$ref").and_then(Value::as_str) {
            None => return Some(value),
            Some(reference) => value = Pointer::parse(reference).ok()?.resolve(document)?,
        }
    }
    None
}

/// How many references may follow on one another.
const LONGEST_CHAIN: usize = 100;

/// What a reference to a schema begins with.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// The name of the schema that a value is a reference to.
pub(super) fn schema_name(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// A reference to a schema, whose name has nothing to be escaped.
pub(super) fn reference(name: &str) -> Value {
    serde_json::json!({ "$ref": format!("{SCHEMAS}{name}") })
}

/// The object under a key, made if it is not there.
pub(super) fn object_in<'v>(parent: &'v mut Map<String, Value>, key: &str) -> Option<&'v mut Map<String, Value>> {
    parent.entry(key).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}
