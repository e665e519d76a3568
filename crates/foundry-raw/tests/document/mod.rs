//! The API document, for what is expected of requests.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../foundry-emulator/openapi/2025-05-01.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
});

/// The operations that have a request body: operationId to the body's schema.
pub(crate) fn request_bodies() -> BTreeMap<&'static str, &'static Value> {
    let items = DOCUMENT["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let bodies = operations.filter_map(|operation| {
        let content = operation.pointer("/requestBody/content")?.as_object().unwrap();
        assert_eq!(content.len(), 1, "{operation}");
        Some((operation["operationId"].as_str().unwrap(), &content.values().next().unwrap()["schema"]))
    });
    bodies.collect()
}

/// A schema of the document by its name.
pub(crate) fn schema(name: &str) -> &'static Value {
    let schema = &DOCUMENT["components"]["schemas"][name];
    assert!(schema.is_object(), "{name} is no schema");
    schema
}

fn target(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// The properties that a request may have: all of a schema but the read-only ones.
pub(crate) fn writable(schema: &'static Value) -> impl Iterator<Item = &'static str> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.filter(|(_, property)| property["readOnly"] != true).map(|(name, _)| name.as_str())
}

/// The properties that only answers have.
pub(crate) fn read_only(schema: &'static Value) -> impl Iterator<Item = &'static str> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.filter(|(_, property)| property["readOnly"] == true).map(|(name, _)| name.as_str())
}

/// The properties that a request must have.
pub(crate) fn required(schema: &'static Value) -> BTreeSet<&'static str> {
    let names = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let read_only: Vec<&str> = read_only(schema).collect();
    names.filter(|name| !read_only.contains(name)).collect()
}

/// Names of all schemas that a schema leads to, by properties that a request may have.
pub(crate) fn reachable(from: &'static Value, into: &mut BTreeSet<&'static str>) {
    if let Some(name) = target(from) {
        if into.insert(name) {
            reachable(schema(name), into);
        }
        return;
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        for branch in from[keyword].as_array().into_iter().flatten() {
            reachable(branch, into);
        }
    }
    for name in writable(from) {
        reachable(&from["properties"][name], into);
    }
    reachable_item(&from["items"], into);
    reachable_item(&from["additionalProperties"], into);
}

fn reachable_item(schema: &'static Value, into: &mut BTreeSet<&'static str>) {
    if schema.is_object() {
        reachable(schema, into);
    }
}

/// What of the document was met in bodies: `Schema.property`, and `Union > Branch`.
pub(crate) type Met = BTreeSet<String>;

/// Notes what of a schema a body has; panics where it has what the schema does not.
pub(crate) fn meet(schema_of: &'static Value, body: &Value, met: &mut Met) {
    let mut name = "";
    let mut of = schema_of;
    // A wrapper around one reference, for the sake of `nullable`.
    loop {
        if let Some(target) = target(of) {
            name = target;
            of = schema(target);
        } else if let [single] = of["allOf"].as_array().map_or(&[][..], Vec::as_slice) {
            of = single;
        } else {
            break;
        }
    }
    let branches = ["oneOf", "anyOf"].iter().find_map(|keyword| of[*keyword].as_array());
    if let Some(branches) = branches {
        let (label, branch) = choose(of, branches, body);
        met.insert(format!("{name} > {label}"));
        return meet(branch, body, met);
    }
    match body {
        Value::Object(members) if of["properties"].is_object() => meet_members(name, of, members, met),
        Value::Object(members) => {
            for member in members.values() {
                if of["additionalProperties"].is_object() {
                    meet(&of["additionalProperties"], member, met);
                }
            }
        }
        Value::Array(items) => {
            assert!(of["type"] == "array" || of["type"].is_null(), "{name} is no array: {body}");
            for item in items {
                if of["items"].is_object() {
                    meet(&of["items"], item, met);
                }
            }
        }
        _ => {
            if let (Some(values), Some(text)) = (of["enum"].as_array(), body.as_str()) {
                assert!(values.contains(body), "{text} is no value of {name}");
            }
        }
    }
}

fn meet_members(name: &str, of: &'static Value, members: &Map<String, Value>, met: &mut Met) {
    let writable: Vec<&str> = writable(of).collect();
    for (member, value) in members {
        assert!(writable.contains(&member.as_str()), "{name} of a request has no `{member}`");
        met.insert(format!("{name}.{member}"));
        meet(&of["properties"][member], value, met);
    }
    for required in required(of) {
        assert!(members.contains_key(required), "{name} has no `{required}`: {members:?}");
    }
}

/// The branch of a union that a body is of.
fn choose(union: &'static Value, branches: &'static [Value], body: &Value) -> (String, &'static Value) {
    if let Some(tag) = union.pointer("/discriminator/propertyName") {
        let value = body[tag.as_str().unwrap()].as_str().unwrap_or_else(|| panic!("no tag in {body}"));
        let reference = union["discriminator"]["mapping"][value].as_str();
        let reference = reference.unwrap_or_else(|| panic!("{value} is no kind of {union}"));
        let branch = branches.iter().find(|branch| branch["$ref"] == reference).unwrap();
        return (target(branch).unwrap().to_owned(), branch);
    }
    let fits = |branch: &&'static Value| {
        let of = target(branch).map_or(*branch, schema);
        let kind = match body {
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            other => panic!("{other} in a union"),
        };
        if of["type"] != kind {
            return false;
        }
        if let (Some(values), true) = (of["enum"].as_array(), body.is_string()) {
            return values.contains(body);
        }
        let Some(members) = body.as_object() else { return true };
        let fixed = of["properties"].as_object().unwrap().iter().all(|(name, property)| {
            let property = target(property).map_or(property, schema);
            property["enum"]
                .as_array()
                .is_none_or(|values| members.get(name).is_none_or(|value| values.contains(value)))
        });
        fixed
            && members.keys().all(|name| of["properties"].get(name).is_some())
            && required(of).iter().all(|name| members.contains_key(*name))
    };
    // The most specific one: a plain string stands last.
    let branch = branches.iter().filter(|branch| target(branch).is_some()).find(fits);
    let branch = branch.or_else(|| branches.iter().find(fits)).unwrap_or_else(|| panic!("no branch for {body}"));
    (label(branch), branch)
}

/// What a branch of a union is called.
pub(crate) fn label(branch: &Value) -> String {
    target(branch).or(branch["type"].as_str()).unwrap().to_owned()
}

/// All there is to meet in the schemas of these names.
pub(crate) fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Met {
    let mut all = Met::new();
    for name in names {
        let of = schema(name);
        all.extend(writable(of).map(|property| format!("{name}.{property}")));
        if let Some(branches) = ["oneOf", "anyOf"].iter().find_map(|keyword| of[*keyword].as_array()) {
            // The text that may be anything is there for values nobody knows yet.
            let open = branches.iter().any(|branch| target(branch).is_some_and(|name| schema(name)["enum"].is_array()));
            let branches = branches.iter().filter(|branch| !(open && target(branch).is_none()));
            all.extend(branches.map(|branch| format!("{name} > {}", label(branch))));
        }
    }
    all
}
