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
            parameters
                .iter_mut()
                .filter_map(|parameter| parameter.get_mut("schema"))
                .for_each(|schema| walk(schema, f));
        }
        if let Some(content) = operation.pointer_mut("/requestBody/content") {
            walk_content(content, f);
        }
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses
                .values_mut()
                .filter_map(|answer| answer.get_mut("content"))
                .for_each(|content| walk_content(content, f));
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

pub(super) fn null_out_of_enums(document: &mut Value) -> Result<usize, Failure> {
    let mut count = 0;
    each_schema(document, &mut |schema| {
        let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) else { return };
        let before = values.len();
        values.retain(|value| !value.is_null());
        if values.len() < before {
            schema.insert("nullable".to_owned(), true.into());
            count += 1;
        }
    });
    Ok(count)
}

pub(super) fn number_enums(document: &mut Value) -> Result<usize, Failure> {
    let mut count = 0;
    each_schema(document, &mut |schema| {
        let is_other = matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number" | "boolean"));
        if is_other && schema.remove("enum").is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A document with one schema, after a pass.
    fn after(pass: fn(&mut Value) -> Result<usize, Failure>, schema: Value) -> (Value, usize) {
        let mut document = json!({ "components": { "schemas": { "A": schema } } });
        let count = pass(&mut document).unwrap();
        (document["components"]["schemas"]["A"].take(), count)
    }

    #[test]
    fn null_among_the_values_becomes_nullable() {
        let schema = json!({ "type": "string", "enum": ["a", null, "b"] });
        let expected = json!({ "type": "string", "enum": ["a", "b"], "nullable": true });
        assert_eq!(after(null_out_of_enums, schema), (expected.clone(), 1));
        assert_eq!(after(null_out_of_enums, expected.clone()), (expected, 0));
    }

    #[test]
    fn numbers_are_no_enums() {
        let (schema, count) = after(number_enums, json!({ "type": "integer", "enum": [1, 2] }));
        assert_eq!((schema, count), (json!({ "type": "integer" }), 1));
        let strings = json!({ "type": "string", "enum": ["1"] });
        assert_eq!(after(number_enums, strings.clone()), (strings, 0));
    }

    #[test]
    fn all_of_one_reference_becomes_the_reference_beside_its_siblings() {
        let other = json!({ "$ref": "#/components/schemas/B" });
        let cases = [
            (
                json!({ "allOf": [other], "nullable": true, "description": "d" }),
                json!({ "$ref": "#/components/schemas/B", "nullable": true, "description": "d" }),
                1,
            ),
            // A composition is none of the pass's business.
            (json!({ "allOf": [other, other] }), json!({ "allOf": [other, other] }), 0),
            (json!({ "allOf": [{ "type": "object" }] }), json!({ "allOf": [{ "type": "object" }] }), 0),
            (
                json!({ "allOf": [other], "properties": { "a": {} } }),
                json!({ "allOf": [other], "properties": { "a": {} } }),
                0,
            ),
        ];
        for (before, expected, count) in cases {
            assert_eq!(after(collapse_all_of_of_one, before.clone()), (expected, count), "{before}");
        }
    }

    #[test]
    fn an_enum_of_one_text_becomes_a_constant_unless_it_is_open() {
        let cases = [
            (json!({ "type": "string", "enum": ["run"] }), json!({ "type": "string", "x-constant": "run" }), 1),
            (json!({ "type": "string", "enum": ["a", "b"] }), json!({ "type": "string", "enum": ["a", "b"] }), 0),
            (
                json!({ "type": "string", "enum": ["a"], "x-extensible-enum": true }),
                json!({ "type": "string", "enum": ["a"], "x-extensible-enum": true }),
                0,
            ),
            (json!({ "type": "integer", "enum": [1] }), json!({ "type": "integer", "enum": [1] }), 0),
        ];
        for (before, expected, count) in cases {
            assert_eq!(after(constants, before.clone()), (expected, count), "{before}");
        }
    }

    #[test]
    fn passes_go_wherever_a_schema_stands() {
        let one = || json!({ "schema": { "type": "string", "enum": ["x"] } });
        let constant = json!({ "type": "string", "x-constant": "x" });
        let mut document = json!({
            "components": {
                "schemas": { "A": {
                    "type": "object",
                    "properties": { "p": one()["schema"] },
                    "additionalProperties": { "type": "array", "items": one()["schema"] },
                    "not": one()["schema"],
                    "allOf": [{ "anyOf": [one()["schema"]] }, { "oneOf": [one()["schema"]] }],
                } },
                "parameters": { "P": one() },
            },
            "paths": { "/a": { "get": {
                "parameters": [one()],
                "requestBody": { "content": { "application/json": one() } },
                "responses": { "200": { "content": { "application/json": one() } } },
            } } },
        });
        assert_eq!(constants(&mut document).unwrap(), 9);
        for place in [
            "/components/schemas/A/properties/p",
            "/components/schemas/A/additionalProperties/items",
            "/components/schemas/A/not",
            "/components/schemas/A/allOf/0/anyOf/0",
            "/components/schemas/A/allOf/1/oneOf/0",
            "/components/parameters/P/schema",
            "/paths/~1a/get/parameters/0/schema",
            "/paths/~1a/get/requestBody/content/application~1json/schema",
            "/paths/~1a/get/responses/200/content/application~1json/schema",
        ] {
            assert_eq!(document.pointer(place), Some(&constant), "{place}");
        }
    }

    #[test]
    fn a_property_that_is_called_like_a_keyword_is_a_property() {
        let reference = json!({ "$ref": "#/components/schemas/B" });
        let schema = json!({
            "type": "object",
            "properties": {
                "enum": { "type": "string", "enum": ["x"] },
                "allOf": { "allOf": [reference] },
                "type": { "type": "string" },
                "$ref": { "type": "string" },
                "parameters": { "type": "array", "items": { "type": "string" } },
                "properties": { "type": "string", "enum": ["y"] },
            },
        });
        let (schema, count) = after(collapse_all_of_of_one, schema);
        assert_eq!(count, 1);
        let (schema, count) = after(constants, schema);
        assert_eq!(count, 2);
        let expected = json!({
            "type": "object",
            "properties": {
                "enum": { "type": "string", "x-constant": "x" },
                "allOf": { "$ref": "#/components/schemas/B" },
                "type": { "type": "string" },
                "$ref": { "type": "string" },
                "parameters": { "type": "array", "items": { "type": "string" } },
                "properties": { "type": "string", "x-constant": "y" },
            },
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn what_is_data_stays_as_it_is() {
        let data = json!({ "enum": ["x"], "type": "string", "allOf": [{ "$ref": "#/components/schemas/B" }] });
        let schema = json!({ "type": "object", "default": data, "example": data, "x-mark": data });
        assert_eq!(after(constants, schema.clone()), (schema.clone(), 0));
        assert_eq!(after(collapse_all_of_of_one, schema.clone()), (schema, 0));
    }
}
