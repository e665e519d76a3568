//! Passes over the schemas of a document.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Calls `f` with every schema of the document, the inner ones before those around them. Never
/// enters what is data or a name: a property called `enum` is a property.
pub(crate) fn each_schema(document: &mut Value, f: &mut impl FnMut(&mut Map<String, Value>)) {
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.values_mut().for_each(|schema| walk(schema, f));
    }
    if let Some(parameters) = document.pointer_mut("/components/parameters").and_then(Value::as_object_mut) {
        parameters.values_mut().filter_map(|parameter| parameter.get_mut("schema")).for_each(|schema| walk(schema, f));
    }
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
            parameters.iter_mut().filter_map(|parameter| parameter.get_mut("schema")).for_each(|schema| walk(schema, f));
        }
        if let Some(content) = operation.pointer_mut("/requestBody/content") {
            walk_content(content, f);
        }
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses.values_mut().filter_map(|answer| answer.get_mut("content")).for_each(|content| walk_content(content, f));
        }
    }
}

fn walk_content(content: &mut Value, f: &mut impl FnMut(&mut Map<String, Value>)) {
    let Some(content) = content.as_object_mut() else { return };
    content.values_mut().filter_map(|media| media.get_mut("schema")).for_each(|schema| walk(schema, f));
}

fn walk(schema: &mut Value, f: &mut impl FnMut(&mut Map<String, Value>)) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| walk(property, f));
    }
    for inner in ["items", "additionalProperties", "not"] {
        if let Some(inner) = schema.get_mut(inner) {
            walk(inner, f);
        }
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        if let Some(list) = schema.get_mut(list).and_then(Value::as_array_mut) {
            list.iter_mut().for_each(|inner| walk(inner, f));
        }
    }
    f(schema);
}

pub(super) fn collapse_all_of_of_one(document: &mut Value) -> Result<usize, Failure> {
    let mut count = 0;
    each_schema(document, &mut |schema| {
        let one = schema.get("allOf").and_then(Value::as_array).filter(|parts| parts.len() == 1);
        let reference = one.and_then(|parts| parts[0].get("$ref")).cloned();
        if let (Some(reference), false) = (reference, schema.contains_key("properties")) {
            schema.remove("allOf");
            schema.insert("$ref".to_owned(), reference);
            count += 1;
        }
    });
    Ok(count)
}

/// The mark of a constant: OpenAPI 3.0 has none of its own.
pub(crate) const CONSTANT: &str = "x-constant";

pub(super) fn constants(document: &mut Value) -> Result<usize, Failure> {
    let mut count = 0;
    each_schema(document, &mut |schema| {
        let is_open = schema.get("x-extensible-enum") == Some(&Value::Bool(true));
        let is_string = schema.get("type").is_some_and(|kind| kind == "string");
        let values = schema.get("enum").and_then(Value::as_array);
        if let (true, false, Some([Value::String(value)])) = (is_string, is_open, values.map(Vec::as_slice)) {
            let value = value.clone();
            schema.remove("enum");
            schema.insert(CONSTANT.to_owned(), value.into());
            count += 1;
        }
    });
    Ok(count)
}
