//! Random edits of random documents: each is found, once, at its level, and nothing else is, however the
//! new document is rewritten beside them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod support;

use openapi_compare::compare;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{document, found};

/// What a property can be.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Number,
    Enum,
    OpenEnum,
    List,
    Map,
    Object,
    Union,
    OpenUnion,
    Nullable,
}

const KINDS: [Kind; 10] = [
    Kind::Text,
    Kind::Number,
    Kind::Enum,
    Kind::OpenEnum,
    Kind::List,
    Kind::Map,
    Kind::Object,
    Kind::Union,
    Kind::OpenUnion,
    Kind::Nullable,
];

/// An operation with schemas of its own for what is sent and what is received.
#[derive(Clone, Debug)]
struct Slot {
    kinds: Vec<Kind>,
    required: Vec<bool>,
    /// In which of the two schemas, at which property, which edit; or which edit of the operation.
    edit: Option<(bool, usize, usize)>,
    rewriting: Vec<usize>,
}

fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let property = (proptest::sample::select(&KINDS[..]), any::<bool>());
    let edit = proptest::option::of((any::<bool>(), 0..5_usize, 0..40_usize));
    let slot = (proptest::collection::vec(property, 1..5), edit, proptest::collection::vec(0..REWRITINGS, 0..5));
    let slot = slot.prop_map(|(properties, edit, rewriting)| {
        let (kinds, required): (Vec<_>, Vec<_>) = properties.into_iter().unzip();
        Slot { kinds, required, edit, rewriting }
    });
    proptest::collection::vec(slot, 1..6)
}

fn property(kind: Kind) -> Value {
    let branch = |tag: &str| json!({"type": "object", "required": ["tag"], "properties": {"tag": {"type": "string", "enum": [tag]}, "x": {"type": "string"}}});
    let union = |open: bool| {
        let mut union = json!({"oneOf": [branch("one"), branch("two")], "discriminator": {"propertyName": "tag"}});
        if open {
            union["x-extensible-discriminator"] = true.into();
        }
        union
    };
    match kind {
        Kind::Text => json!({"type": "string", "maxLength": 10}),
        Kind::Number => json!({"type": "integer", "minimum": 1, "maximum": 10}),
        Kind::Enum => json!({"type": "string", "enum": ["a", "b"]}),
        Kind::OpenEnum => json!({"type": "string", "enum": ["a", "b"], "x-extensible-enum": true}),
        Kind::List => json!({"type": "array", "items": {"type": "string"}}),
        Kind::Map => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Kind::Object => {
            json!({"type": "object", "properties": {"inner": {"type": "string"}, "kept": {"type": "integer"}}})
        }
        Kind::Union => union(false),
        Kind::OpenUnion => union(true),
        Kind::Nullable => json!({"type": "string", "nullable": true}),
    }
}

fn base(slots: &[Slot]) -> Value {
    let mut api =
        json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {}}});
    for (number, slot) in slots.iter().enumerate() {
        for side in ["In", "Out"] {
            let name = |index: usize| format!("p{index}");
            let properties: serde_json::Map<_, _> =
                slot.kinds.iter().enumerate().map(|(index, kind)| (name(index), property(*kind))).collect();
            let required: Vec<_> = (0..slot.kinds.len()).filter(|index| slot.required[*index]).map(name).collect();
            api["components"]["schemas"][format!("{side}{number}")] =
                json!({"type": "object", "properties": properties, "required": required});
        }
        let content = |side: &str| json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{side}{number}")}}});
        api["paths"][format!("/slot{number}/{{id}}")] = json!({"put": {
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "q", "in": "query", "schema": {"type": "string"}},
                {"name": "X-H", "in": "header", "schema": {"type": "string"}},
            ],
            "requestBody": {"content": content("In")},
            "responses": {"200": {"description": "", "content": content("Out")}, "404": {"description": ""}},
        }});
    }
    api
}

/// Makes an edit, and says what has to be found: the level, the rule and the place.
fn edit(api: &mut Value, number: usize, slot: &Slot, moved: &dyn Fn(&str, &str) -> String) -> Vec<String> {
    let Some((request, index, choice)) = slot.edit else { return Vec::new() };
    let path = format!("/slot{number}/{{id}}");
    let operation = format!("PUT {path}");
    // Some edits are of the operation.
    let put = &mut api["paths"][&path]["put"];
    let of_operation = match choice {
        0 => {
            put["parameters"]
                .as_array_mut()
                .unwrap()
                .push(json!({"name": "n", "in": "query", "required": true, "schema": {}}));
            Some(format!("breaking request-required-parameter-added {operation}"))
        }
        1 => {
            put["parameters"][2]["required"] = true.into();
            Some(format!("breaking request-header-became-required {operation} header parameter X-H"))
        }
        2 => {
            put["parameters"][1]["in"] = "header".into();
            Some(format!("breaking request-parameter-moved {operation} query parameter q"))
        }
        3 => {
            put["responses"].as_object_mut().unwrap().remove("404");
            Some(format!("compatible response-status-removed {operation}"))
        }
        4 => {
            put["deprecated"] = true.into();
            Some(format!("compatible operation-deprecated {operation}"))
        }
        5 => {
            api["paths"].as_object_mut().unwrap().remove(&path);
            Some(format!("breaking operation-removed {operation}"))
        }
        6 => {
            api["paths"]["/added"] = json!({"get": {"responses": {}}});
            return vec!["compatible operation-added GET /added".to_owned()];
        }
        7 => {
            put["requestBody"]["required"] = true.into();
            Some(format!("breaking request-body-became-required {operation}"))
        }
        _ => None,
    };
    if let Some(line) = of_operation {
        return vec![line];
    }
    let index = index % slot.kinds.len();
    let (kind, was_required) = (slot.kinds[index], slot.required[index]);
    let (side, direction) = if request { ("In", "request") } else { ("Out", "response") };
    let schema = format!("{side}{number}");
    let name = format!("p{index}");
    let holder = &mut api["components"]["schemas"][&schema];
    let level =
        |of_request: &str, of_response: &str| if request { of_request.to_owned() } else { of_response.to_owned() };
    // Where the property stands, as against what it is, which may have been given a name.
    let at = format!("schema {schema} .{name}");
    let of = |rest: &str| moved(&format!("{schema}.{name}"), rest);
    let required = if was_required { "required-" } else { "" };
    let line = |level: String, rule: &str, place: String| {
        vec![format!("{level} {direction}-{rule} {place}").trim_end().to_owned()]
    };
    match choice % 8 {
        0 => {
            holder["properties"].as_object_mut().unwrap().remove(&name);
            holder["required"].as_array_mut().unwrap().retain(|it| *it != name);
            line("breaking".to_owned(), &format!("{required}property-removed"), at)
        }
        1 => {
            holder["properties"]["new"] = json!({"type": "string"});
            line("compatible".to_owned(), "property-added", format!("schema {schema} .new"))
        }
        2 => {
            holder["properties"]["new"] = json!({"type": "string"});
            holder["required"].as_array_mut().unwrap().push("new".into());
            line(level("breaking", "compatible"), "required-property-added", format!("schema {schema} .new"))
        }
        3 if was_required => {
            holder["required"].as_array_mut().unwrap().retain(|it| *it != name);
            line(level("compatible", "breaking"), "property-became-optional", at)
        }
        3 => {
            holder["required"].as_array_mut().unwrap().push(name.into());
            line(level("breaking", "compatible"), "property-became-required", at)
        }
        4 if matches!(kind, Kind::Nullable) => {
            holder["properties"][&name].as_object_mut().unwrap().remove("nullable");
            line(level("breaking", "compatible"), "became-not-nullable", of(""))
        }
        4 => {
            holder["properties"][&name]["nullable"] = true.into();
            line(level("compatible", "breaking"), "became-nullable", of(""))
        }
        _ => {
            let property = &mut holder["properties"][&name];
            match (kind, choice % 8) {
                (Kind::Text, _) => {
                    property["maxLength"] = 9.into();
                    line(level("breaking", "compatible"), "limit-tightened", of(""))
                }
                (Kind::Number, 5) => {
                    property["maximum"] = 11.into();
                    line(level("compatible", "warning"), "limit-loosened", of(""))
                }
                (Kind::Number, _) => {
                    property["type"] = "number".into();
                    line("breaking".to_owned(), "type-changed", of(""))
                }
                (Kind::Enum, 5) => {
                    property["enum"].as_array_mut().unwrap().push("c".into());
                    line(level("compatible", "breaking"), "enum-value-added", of(""))
                }
                (Kind::Enum, _) => {
                    property["enum"].as_array_mut().unwrap().pop();
                    line(level("breaking", "compatible"), "enum-value-removed", of(""))
                }
                (Kind::OpenEnum, 5) => {
                    property["enum"].as_array_mut().unwrap().push("c".into());
                    line("compatible".to_owned(), "open-enum-value-added", of(""))
                }
                (Kind::OpenEnum, _) => {
                    property["enum"].as_array_mut().unwrap().pop();
                    line(level("warning", "compatible"), "open-enum-value-removed", of(""))
                }
                (Kind::List, _) => {
                    property["items"]["type"] = "integer".into();
                    line("breaking".to_owned(), "type-changed", of("[]"))
                }
                (Kind::Map, _) => {
                    property["additionalProperties"]["format"] = "uri".into();
                    line(level("breaking", "compatible"), "format-narrowed", of("{}"))
                }
                (Kind::Object, _) => {
                    property["properties"].as_object_mut().unwrap().remove("inner");
                    line("breaking".to_owned(), "property-removed", of(".inner"))
                }
                (Kind::Union, 5) => {
                    property["oneOf"][1]["properties"]["x"]["type"] = "integer".into();
                    line("breaking".to_owned(), "type-changed", of("<two>.x"))
                }
                (Kind::Union, _) => {
                    property["oneOf"].as_array_mut().unwrap().pop();
                    line(level("breaking", "compatible"), "union-branch-removed", of(""))
                }
                (Kind::OpenUnion, _) => {
                    let three = json!({"type": "object", "properties": {"tag": {"type": "string", "enum": ["three"]}}});
                    property["oneOf"].as_array_mut().unwrap().push(three);
                    line("compatible".to_owned(), "open-union-branch-added", of(""))
                }
                (Kind::Nullable, _) => {
                    property["type"] = "boolean".into();
                    line("breaking".to_owned(), "type-changed", of(""))
                }
            }
        }
    }
}

const REWRITINGS: usize = 10;
/// Gives each property's schema a name: the only rewriting that the places of a report show.
const NAMED: usize = 0;

/// Writes what belongs to a slot another way.
fn rewrite(api: &mut Value, number: usize, how: usize) {
    let path = format!("/slot{number}/{{id}}");
    let schemas = ["In", "Out"].map(|side| format!("{side}{number}"));
    match how {
        NAMED => {
            for schema in schemas {
                let properties = api["components"]["schemas"][&schema]["properties"].as_object().unwrap().clone();
                for (name, value) in
                    properties.into_iter().filter(|(name, value)| *name != "new" && value.get("$ref").is_none())
                {
                    let new = format!("{schema}.{name}");
                    api["components"]["schemas"][&schema]["properties"][&name] =
                        json!({"$ref": format!("#/components/schemas/{new}")});
                    api["components"]["schemas"][&new] = value;
                }
            }
        }
        1 => each_property(api, &schemas, &|value| json!({"allOf": [value]})),
        2 => each_property(api, &schemas, &|mut value| {
            value["description"] = "words".into();
            value
        }),
        3 => each_property(api, &schemas, &|mut value| {
            let is_nullable = value.as_object_mut().unwrap().remove("nullable").is_some();
            if is_nullable { json!({"anyOf": [value, {"type": "null"}]}) } else { value }
        }),
        4 => each_property(api, &schemas, &|value| json!({"oneOf": [value]})),
        5 => each_property(api, &schemas, &|mut value| {
            for key in ["enum", "oneOf"] {
                if let Some(list) = value.get_mut(key).and_then(Value::as_array_mut) {
                    list.reverse();
                }
            }
            value
        }),
        6 => {
            for schema in schemas {
                let value = &mut api["components"]["schemas"][&schema];
                *value = json!({"allOf": [{"type": "object"}, value.clone()]});
                // Back to where the other rewritings look for it.
                let parts = value["allOf"].as_array().unwrap().clone();
                value["properties"] = parts[1]["properties"].clone();
                value["required"] = parts[1]["required"].clone();
                value["allOf"] = json!([{"type": "object"}]);
            }
        }
        7 => {
            if let Some(mut item) = api["paths"].as_object_mut().unwrap().remove(&path) {
                let of_operation = item["put"].get("parameters").is_some();
                let holder = if of_operation { &mut item["put"] } else { &mut item };
                let parameters = holder["parameters"].as_array_mut().unwrap();
                parameters.reverse();
                for parameter in parameters.iter_mut().filter(|it| it["in"] == "path") {
                    parameter["name"] = "other".into();
                }
                api["paths"][format!("/slot{number}/{{other}}")] = item;
            }
        }
        8 => {
            for path in [path, format!("/slot{number}/{{other}}")] {
                if let Some(item) = api["paths"].get_mut(&path)
                    && let Some(parameters) = item["put"].as_object_mut().unwrap().remove("parameters")
                {
                    item["parameters"] = parameters;
                }
            }
        }
        _ => {
            for schema in schemas {
                let mut required = api["components"]["schemas"][&schema]["required"].clone();
                if let Some(list) = required.as_array_mut() {
                    list.reverse();
                }
                api["components"]["schemas"][&schema]["required"] = required;
            }
        }
    }
}

fn each_property(api: &mut Value, schemas: &[String; 2], change: &dyn Fn(Value) -> Value) {
    for schema in schemas {
        let properties = api["components"]["schemas"][schema]["properties"].as_object_mut().unwrap();
        for value in properties.values_mut() {
            *value = change(value.take());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_are_found_and_rewritings_are_not(slots in slots()) {
        let old = base(&slots);
        let mut new = old.clone();
        let mut expected: Vec<String> = Vec::new();
        for (number, slot) in slots.iter().enumerate() {
            let is_named = slot.rewriting.contains(&NAMED);
            let moved = |named: &str, rest: &str| {
                let (schema, property) = named.split_once('.').unwrap();
                let place = if is_named { format!("schema {named} {rest}") } else { format!("schema {schema} .{property}{rest}") };
                place.trim_end().to_owned()
            };
            expected.extend(edit(&mut new, number, slot, &moved));
            // Named first: what the others write around a property is no part of what has the name.
            if is_named {
                rewrite(&mut new, number, NAMED);
            }
            for how in slot.rewriting.iter().filter(|how| **how != NAMED) {
                rewrite(&mut new, number, *how);
            }
        }
        expected.sort_unstable();
        expected.dedup();
        let (old, new) = (document("old", old), document("new", new));
        let report = compare(&old, &new).unwrap();
        let mut lines = found(&report);
        lines.sort_unstable();
        prop_assert_eq!(&lines, &expected, "{}", report);
        // Turned around, each rule gives way to its mirror.
        let back = compare(&new, &old).unwrap();
        let mut mirrored: Vec<_> = report.changes.iter().map(|change| change.rule.mirror_id()).collect();
        let mut ids: Vec<_> = back.changes.iter().map(|change| change.rule.id).collect();
        mirrored.sort_unstable();
        ids.sort_unstable();
        prop_assert_eq!(ids, mirrored, "{}", back);
        prop_assert!(compare(&new, &new).unwrap().is_empty());
    }
}
