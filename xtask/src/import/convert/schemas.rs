//! Schemas of any origin to the form that our documents have: facts only, each said in one way.

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value, json};

use super::log::Log;
use super::marks;
use super::names::Taken;
use super::walk::{self, Place};

/// What a schema may say.
const FACTS: &[&str] = &[
    "$ref",
    "type",
    "format",
    "enum",
    "nullable",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "discriminator",
    "readOnly",
    "writeOnly",
    "deprecated",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// What is prose, wherever it stands.
pub(super) const PROSE: &[&str] = &[
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "$comment",
    "x-ms-examples",
    "x-ms-summary",
    "x-internal-summary",
];

/// Tidies every schema of the document.
pub(super) fn tidy(document: &mut Value, log: &mut Log) {
    let mut open = std::collections::BTreeSet::new();
    let whole = document.clone();
    walk::schemas(document, &mut |place, schema| {
        let Some(members) = schema.as_object_mut() else { return };
        azure(members, &place.text(), log);
        marks::keep(members, &[FACTS, KEPT_FOR_LATER].concat(), "of a schema", &place.text(), log);
        drop_empty_parts(members);
        open_enum(members, &whole, &mut open);
        complete(members);
        wrap_reference(members);
    });
    for name in open {
        if let Some(schema) = document.pointer_mut("/components/schemas").and_then(|schemas| schemas.get_mut(&name)) {
            schema["x-extensible-enum"] = true.into();
        }
    }
}

/// What later steps take away.
const KEPT_FOR_LATER: &[&str] = &["x-ms-discriminator-value", "x-ms-enum"];

/// What Azure's extensions say that we say in another way.
fn azure(schema: &mut Map<String, Value>, place: &str, log: &mut Log) {
    if schema.remove("x-nullable") == Some(Value::Bool(true)) {
        schema.insert("nullable".to_owned(), true.into());
    }
    if schema.remove("x-ms-secret") == Some(Value::Bool(true)) {
        schema.insert("x-secret".to_owned(), true.into());
    }
    if schema.get("x-ms-enum").is_some_and(|mark| mark["modelAsString"] == true || mark["modelAsExtensible"] == true) {
        schema.insert("x-extensible-enum".to_owned(), true.into());
    }
    let values = schema.get("x-ms-enum").and_then(|mark| mark["values"].as_array());
    if values.into_iter().flatten().any(|value| value.get("name").is_some()) {
        log.note("left out: the names of an enum's values; names.toml has those of ours", place);
    }
    if let Some(Value::Array(directions)) = schema.remove("x-ms-mutability") {
        let reads = directions.iter().any(|direction| direction == "read");
        match (reads, directions.len()) {
            // In all directions, as without the mark.
            (true, 3..) | (_, 0) => return,
            (true, 1) => _ = schema.insert("readOnly".to_owned(), true.into()),
            (true, _) => {}
            (false, _) => _ = schema.insert("writeOnly".to_owned(), true.into()),
        }
        schema.insert("x-visibility".to_owned(), directions.into());
    }
}

/// Parts of `allOf` that were prose alone say nothing.
fn drop_empty_parts(schema: &mut Map<String, Value>) {
    let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) else { return };
    parts.retain(|part| part.as_object().is_none_or(|part| !part.is_empty()));
    if parts.is_empty() {
        schema.remove("allOf");
    }
}

/// A union of any string and enums is how an open enum is described, so we mark it; one of enums alone is an
/// enum of all their values.
fn open_enum(schema: &mut Map<String, Value>, document: &Value, open: &mut std::collections::BTreeSet<String>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(parts)) = schema.get(key) else { continue };
        let is_enum = |part: &Value| part["type"] == "string" && part.get("enum").is_some_and(Value::is_array);
        let (plain, listed): (Vec<&Value>, Vec<&Value>) = parts.iter().partition(|part| is_any_string(part));
        let is_open = !plain.is_empty();
        if listed.is_empty() || parts.len() < 2 || schema.contains_key("discriminator") {
            continue;
        }
        if let ([one], true) = (listed.as_slice(), is_open)
            && let Some(name) = walk::schema_name(one)
        {
            if !walk::resolve(document, one).is_some_and(is_enum) {
                continue;
            }
            open.insert(name.to_owned());
            let reference = one["$ref"].clone();
            schema.remove(key);
            schema.insert("$ref".to_owned(), reference);
            continue;
        }
        if !listed.iter().all(|part| is_enum(part)) {
            continue;
        }
        let is_open = is_open || listed.iter().any(|part| part["x-extensible-enum"] == true);
        let is_null = plain.iter().chain(&listed).any(|part| part["nullable"] == true);
        let mut values: Vec<Value> = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for value in listed.iter().filter_map(|part| part["enum"].as_array()).flatten() {
            if known.insert(value.to_string()) {
                values.push(value.clone());
            }
        }
        // The name that one of them has is that of all.
        let mark = listed.iter().find_map(|part| part.get("x-ms-enum")).cloned();
        schema.remove(key);
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), values.into());
        schema.extend(mark.map(|mark| ("x-ms-enum".to_owned(), mark)));
        if is_open {
            schema.insert("x-extensible-enum".to_owned(), true.into());
        }
        if is_null {
            schema.insert("nullable".to_owned(), true.into());
        }
    }
}

/// A string that says nothing more, but may be null.
fn is_any_string(part: &Value) -> bool {
    part["type"] == "string"
        && part.as_object().is_some_and(|members| members.keys().all(|key| key == "type" || key == "nullable"))
}

/// Says the type where it is only meant.
fn complete(schema: &mut Map<String, Value>) {
    let composed = ["$ref", "allOf", "anyOf", "oneOf", "type"].iter().any(|key| schema.contains_key(*key));
    if !composed {
        let texts = schema.get("enum").and_then(Value::as_array).is_some_and(|values| {
            let known = values.iter().filter(|value| !value.is_null());
            !values.is_empty() && known.clone().count() > 0 && known.clone().all(Value::is_string)
        });
        let is_object = ["properties", "discriminator"].iter().any(|key| schema.contains_key(*key))
            || schema.get("required").and_then(Value::as_array).is_some_and(|names| !names.is_empty())
            || schema.get("additionalProperties").is_some_and(Value::is_object);
        if is_object {
            schema.insert("type".to_owned(), "object".into());
        } else if schema.contains_key("items") {
            schema.insert("type".to_owned(), "array".into());
        } else if texts {
            schema.insert("type".to_owned(), "string".into());
        }
    }
    // Of null alone, an enum says that; without values it is none.
    let values = schema.get("enum").and_then(Value::as_array);
    if values.is_some_and(|values| values.iter().all(Value::is_null)) && schema.remove("enum") != Some(json!([])) {
        schema.insert("nullable".to_owned(), true.into());
    }
    if schema.get("type").is_some_and(|kind| kind == "array") && !schema.contains_key("items") {
        schema.insert("items".to_owned(), json!({}));
    }
    // Says nothing, and is an error in a schema of OpenAPI 3.0.
    if schema.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        schema.remove("required");
    }
    // A parameter of Swagger's that was moved here.
    if schema.get("required").is_some_and(Value::is_boolean) {
        schema.remove("required");
    }
}

/// A reference with siblings: OpenAPI 3.0 ignores them unless the reference is the one part of an `allOf`.
pub(super) fn wrap_reference(schema: &mut Map<String, Value>) {
    if schema.len() > 1
        && let Some(reference) = schema.remove("$ref")
    {
        let mut parts = vec![json!({ "$ref": reference })];
        match schema.remove("allOf") {
            Some(Value::Array(others)) => parts.extend(others),
            Some(other) => parts.push(other),
            None => {}
        }
        schema.insert("allOf".to_owned(), parts.into());
    }
}

/// An inline enum that has a name of its own becomes a schema of that name.
pub(super) fn name_enums(document: &mut Value, log: &mut Log) {
    let mut named: std::collections::BTreeMap<String, Value> = std::collections::BTreeMap::new();
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let mut taken: std::collections::BTreeSet<String> = schemas.into_iter().flat_map(Map::keys).cloned().collect();
    // Those that have a schema already, and which of them are open where they stand inline.
    let there: std::collections::BTreeMap<String, Value> = schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema["type"] == "string")
        .filter_map(|(name, schema)| Some((name.clone(), schema.get("enum")?.clone())))
        .collect();
    let mut open = std::collections::BTreeSet::new();
    walk::schemas(document, &mut |place, schema| {
        let Some(members) = schema.as_object_mut() else { return };
        let Some(mark) = members.remove("x-ms-enum") else { return };
        let place = place.text();
        let is_schema = place.strip_prefix("#/components/schemas/").is_some_and(|rest| !rest.contains('/'));
        let Some(name) = mark["name"].as_str().filter(|name| !is_schema && is_name(name)) else { return };
        // One value alone is a constant, and numbers are none.
        let values = members.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
        let is_open = members.get("x-extensible-enum") == Some(&Value::Bool(true));
        if (values < 2 && !is_open) || members.get("type").is_none_or(|kind| kind != "string") {
            return;
        }
        let (content, beside): (Map<String, Value>, Map<String, Value>) = std::mem::take(members)
            .into_iter()
            .partition(|(key, _)| ["type", "enum", "x-extensible-enum"].contains(&key.as_str()));
        let content = Value::Object(content);
        let is_there = there.get(name) == content.get("enum");
        let is_free = match named.get(name) {
            Some(known) => *known == content,
            None => !is_there && taken.insert(name.to_owned()),
        };
        if is_there && is_open {
            open.insert(name.to_owned());
        }
        if is_there || is_free {
            if is_free {
                named.insert(name.to_owned(), content);
            }
            members.insert("$ref".to_owned(), walk::reference(name)["$ref"].clone());
            members.extend(beside);
            wrap_reference(members);
        } else {
            log.note(format!("the enum {name} has other values than another of that name, and stays inline"), &place);
            members.extend(content.as_object().cloned().unwrap_or_default());
            members.extend(beside);
        }
    });
    for name in open {
        if let Some(schema) = document.pointer_mut("/components/schemas").and_then(|schemas| schemas.get_mut(&name)) {
            schema["x-extensible-enum"] = true.into();
        }
    }
    if named.is_empty() {
        return;
    }
    let Some(root) = document.as_object_mut() else { return };
    if let Some(schemas) =
        walk::object_in(root, "components").and_then(|components| walk::object_in(components, "schemas"))
    {
        schemas.extend(named);
    }
}

/// An inline object becomes a schema, named by its place: what is a type in Rust needs a name.
pub(super) fn name_objects(document: &mut Value, log: &mut Log) {
    let mut schemas = match document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        Some(schemas) => std::mem::take(schemas),
        None => Map::new(),
    };
    let mut named: Map<String, Value> = Map::new();
    let mut taken = Taken::of(schemas.keys());
    let mut name = |words: &[&str], schema: &mut Value, place: &str, is_whole: bool| {
        // A map is a type of its own only where it is a whole body or answer.
        let is_named = schema.get("properties").is_some()
            || (is_whole && schema.get("additionalProperties").is_some_and(Value::is_object));
        if schema["type"] != "object" || !is_named {
            return;
        }
        let name = taken.take(&words.join("_").to_upper_camel_case());
        let Some(mut members) = schema.as_object_mut().map(std::mem::take) else { return };
        let mut beside = Map::new();
        for key in OF_PLACES {
            beside.extend(members.remove_entry(*key));
        }
        named.insert(name.clone(), Value::Object(members));
        beside.insert("$ref".to_owned(), walk::reference(&name)["$ref"].clone());
        wrap_reference(&mut beside);
        *schema = Value::Object(beside);
        log.note("inline objects got a schema and a name of their own", place);
    };
    for (owner, schema) in &mut schemas {
        let place = &mut Place::default();
        walk::schema_at(place, schema, &mut |place, inner| {
            let place = place.text();
            let words: Vec<&str> = place
                .split('/')
                .skip(1)
                .filter(|word| !["properties", "additionalProperties"].contains(word))
                .collect();
            if place != "#" {
                name(
                    &[&[owner.as_str()], &words[..]].concat(),
                    inner,
                    &format!("#/components/schemas/{owner}{}", &place[1..]),
                    false,
                );
            }
        });
    }
    walk::operations(document, &mut |place, operation| {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let verb = id.split_once('_').map_or(id.as_str(), |(_, verb)| verb);
        let mut whole = json!({ "paths": { "p": { "get": operation.take() } } });
        walk::schemas(&mut whole, &mut |within, inner| {
            let within = within.text();
            let steps: Vec<&str> = within.split('/').skip(4).collect();
            let what = match steps.first() {
                Some(&"requestBody") => "request",
                Some(&"responses") => "response",
                _ => "parameter",
            };
            // Behind the schema's own place stand the properties that lead to the inner one.
            let inner_steps = steps.iter().skip_while(|step| **step != "schema").skip(1);
            let words = inner_steps.copied().filter(|step| !["properties", "additionalProperties"].contains(step));
            let is_whole = what != "parameter" && steps.last() == Some(&"schema");
            name(&[vec![verb], words.collect(), vec![what]].concat(), inner, &place.text(), is_whole);
        });
        *operation = whole["paths"]["p"]["get"].take();
    });
    schemas.extend(named);
    if let Some(known) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        *known = schemas;
    } else if let (false, Some(root)) = (schemas.is_empty(), document.as_object_mut())
        && let Some(components) = walk::object_in(root, "components")
    {
        components.insert("schemas".to_owned(), Value::Object(schemas));
    }
}

/// What is said of the place where a schema stands, and not of the schema.
const OF_PLACES: &[&str] =
    &["nullable", "readOnly", "writeOnly", "x-visibility", "x-observed", "x-secret", "deprecated", "default"];

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}
