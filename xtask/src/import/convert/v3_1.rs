//! What OpenAPI 3.1 says with JSON Schema, as OpenAPI 3.0 says it.

use serde_json::{Map, Value, json};

use super::log::Log;
use super::schemas::{PROSE, wrap_reference};
use super::walk;

/// What each type's keywords are, where a schema has several types.
const OF_TYPES: &[(&str, &[&str])] = &[
    ("string", &["minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"]),
    ("array", &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
    (
        "object",
        &["properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties"],
    ),
    ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
];

/// Rewrites a document of OpenAPI 3.1 in place.
pub(super) fn to_3_0(document: &mut Value, log: &mut Log) {
    if let Some(root) = document.as_object_mut() {
        if root.remove("webhooks").is_some() {
            log.note("left out: webhooks, which the service calls and not we", "#/webhooks");
        }
        root.remove("jsonSchemaDialect");
        if !root.get("paths").is_some_and(Value::is_object) {
            root.insert("paths".to_owned(), json!({}));
        }
    }
    walk::schemas(document, &mut |place, schema| match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({ "not": {} }),
        Value::Object(members) => one(members, &place.text(), log),
        _ => {}
    });
}

fn one(schema: &mut Map<String, Value>, place: &str, log: &mut Log) {
    if let Some(value) = schema.remove("const") {
        let kind = match &value {
            Value::String(_) => Some("string"),
            Value::Bool(_) => Some("boolean"),
            Value::Number(number) if number.is_f64() => Some("number"),
            Value::Number(_) => Some("integer"),
            _ => None,
        };
        match (kind, &value) {
            (Some(kind), _) => {
                schema.entry("type").or_insert_with(|| kind.into());
                schema.insert("enum".to_owned(), json!([value]));
            }
            (None, Value::Null) => _ = schema.insert("nullable".to_owned(), true.into()),
            (None, _) => log.note("left out: `const` of an object or a list", place),
        }
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        let Some(limit) = schema.get(exclusive).and_then(Value::as_f64) else { continue };
        let Some(own) = schema.remove(exclusive) else { continue };
        // Both may stand in 3.1; the narrower one counts.
        let is_wider = schema.get(bound).and_then(Value::as_f64).is_some_and(|inclusive| match bound {
            "minimum" => inclusive > limit,
            _ => inclusive < limit,
        });
        if !is_wider {
            schema.insert(bound.to_owned(), own);
            schema.insert(exclusive.to_owned(), true.into());
        }
    }
    content(schema, place, log);
    if let Some(Value::Array(items)) = schema.remove("prefixItems") {
        log.note("left out: `prefixItems`, the elements one by one", place);
        schema.insert("items".to_owned(), if items.is_empty() { json!({}) } else { json!({ "anyOf": items }) });
    }
    if let Some(Value::Object(patterns)) = schema.remove("patternProperties") {
        log.note("left out: the patterns of `patternProperties`", place);
        let mut values: Vec<Value> = patterns.into_iter().map(|(_, value)| value).collect();
        if !schema.get("additionalProperties").is_some_and(|further| *further != Value::Bool(false)) {
            let value = if values.len() == 1 { values.remove(0) } else { json!({ "anyOf": values }) };
            schema.insert("additionalProperties".to_owned(), value);
        }
    }
    types(schema);
    for key in ["anyOf", "oneOf"] {
        null_part(schema, key);
    }
    wrap_reference(schema);
}

/// What a string holds: a text in an encoding, bytes, or a text of its own.
fn content(schema: &mut Map<String, Value>, place: &str, log: &mut Log) {
    let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let (encoding, media_type) = (text(schema.remove("contentEncoding")), text(schema.remove("contentMediaType")));
    let format = match (encoding.as_deref(), media_type.as_deref()) {
        (None, None) => return,
        (Some("base64"), _) => "byte",
        (Some("base64url"), _) => "base64url",
        (Some(other), _) => {
            log.note(format!("left out: the contentEncoding {other}"), place);
            return;
        }
        (None, Some(media)) if media.starts_with("text/") || is_json(media) => {
            log.note(format!("left out: the contentMediaType {media} of a string"), place);
            return;
        }
        (None, Some(_)) => "binary",
    };
    schema.entry("type").or_insert_with(|| "string".into());
    schema.insert("format".to_owned(), format.into());
}

fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

/// A list of types: null goes to `nullable`, several others are a union.
fn types(schema: &mut Map<String, Value>) {
    let mut types = match schema.get("type") {
        Some(Value::Array(types)) => types.clone(),
        Some(Value::String(kind)) if kind == "null" => vec!["null".into()],
        _ => return,
    };
    schema.remove("type");
    let before = types.len();
    types.retain(|kind| kind != "null");
    if types.len() < before {
        schema.insert("nullable".to_owned(), true.into());
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.retain(|value| !value.is_null());
        }
    }
    if types.len() < 2 {
        if let Some(kind) = types.pop() {
            schema.insert("type".to_owned(), kind);
        }
        return;
    }
    let mut parts = Vec::new();
    for kind in types {
        let mut part = Map::new();
        let of_numbers = if kind == "integer" { "number" } else { kind.as_str().unwrap_or_default() };
        if let Some((_, keys)) = OF_TYPES.iter().find(|(of, _)| *of == of_numbers) {
            part.extend(keys.iter().filter_map(|key| Some(((*key).to_owned(), schema.get(*key)?.clone()))));
        }
        let is_of = |value: &&Value| match kind.as_str() {
            Some("string") => value.is_string(),
            Some("integer" | "number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => false,
        };
        let values: Vec<Value> =
            schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter(is_of).cloned().collect();
        if !values.is_empty() {
            part.insert("enum".to_owned(), values.into());
        }
        part.insert("type".to_owned(), kind);
        parts.push(Value::Object(part));
    }
    schema.retain(|key, _| key != "enum" && !OF_TYPES.iter().any(|(_, keys)| keys.contains(&key.as_str())));
    schema.insert("anyOf".to_owned(), parts.into());
}

/// Null as a part of a union goes to `nullable` beside it; a union of one is no union.
fn null_part(schema: &mut Map<String, Value>, key: &str) {
    let Some(Value::Array(parts)) = schema.get_mut(key) else { return };
    let before = parts.len();
    let is_null = |part: &Value| {
        let facts = |members: &Map<String, Value>| members.keys().filter(|key| !PROSE.contains(&key.as_str())).count();
        part["nullable"] == true && part.as_object().is_some_and(|members| facts(members) == 1)
    };
    parts.retain(|part| !is_null(part));
    if parts.len() == before {
        return;
    }
    let one = if parts.len() == 1 { parts.pop() } else { None };
    let is_empty = parts.is_empty();
    schema.insert("nullable".to_owned(), true.into());
    if !is_empty {
        return;
    }
    schema.remove(key);
    if let Some(Value::Object(one)) = one {
        for (name, value) in one {
            // What stands beside the union is said of this place.
            schema.entry(name).or_insert(value);
        }
    }
}
