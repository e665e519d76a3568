//! Each rule of the conversion: what is published, and what our document says.

mod operations;

use serde_json::{Map, Value, json};

use super::*;

fn convert_value(document: Value) -> Result<Converted, String> {
    let document = Document::from_value(document, "a.json").map_err(|error| error.to_string())?;
    convert(document).map_err(|failure| failure.to_string())
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn of_3(version: &str, schemas: Value, paths: Value) -> Value {
    json!({
        "openapi": version,
        "info": { "title": "t", "version": "v" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// Schemas after they were converted from this version.
fn schemas(version: &str, schemas: Value) -> Value {
    let converted = convert_value(of_3(version, schemas, json!({}))).unwrap();
    converted.document["components"]["schemas"].clone()
}

fn swagger(operation: Value, definitions: Value) -> Value {
    json!({
        "swagger": "2.0",
        "info": { "title": "t", "version": "v" },
        "paths": { "/a": { "post": operation } },
        "definitions": definitions,
    })
}

#[test]
fn schemas_of_all_versions() {
    let a = reference("A");
    let cases = [
        // Prose, and what is not known.
        (
            "3.0.3",
            json!({ "type": "string", "description": "d", "title": "t", "example": 1 }),
            json!({ "type": "string" }),
        ),
        ("3.0.3", json!({ "type": "string", "format": "of-ours" }), json!({ "type": "string", "format": "of-ours" })),
        ("3.0.3", json!({ "type": "string", "x-ms-client-name": "n" }), json!({ "type": "string" })),
        // A property may be called as prose is.
        (
            "3.0.3",
            json!({ "type": "object", "properties": { "description": { "type": "string", "description": "d" } } }),
            json!({ "type": "object", "properties": { "description": { "type": "string" } } }),
        ),
        // Data stays.
        (
            "3.0.3",
            json!({ "type": "object", "default": { "description": "d", "x-ms-a": 1 } }),
            json!({ "type": "object", "default": { "description": "d", "x-ms-a": 1 } }),
        ),
        // The type where it is only meant.
        ("3.0.3", json!({ "enum": ["a", "b"] }), json!({ "type": "string", "enum": ["a", "b"] })),
        ("3.0.3", json!({ "items": { "type": "string" } }), json!({ "type": "array", "items": { "type": "string" } })),
        ("3.0.3", json!({ "type": "array" }), json!({ "type": "array", "items": {} })),
        ("3.0.3", json!({ "properties": {}, "required": [] }), json!({ "type": "object", "properties": {} })),
        ("3.0.3", json!({}), json!({})),
        // References with siblings.
        (
            "3.0.3",
            json!({ "$ref": "#/components/schemas/A", "readOnly": true, "description": "d" }),
            json!({ "allOf": [a], "readOnly": true }),
        ),
        ("3.0.3", json!({ "$ref": "#/components/schemas/A", "description": "d" }), a.clone()),
        ("3.0.3", json!({ "allOf": [a], "description": "d" }), a.clone()),
        (
            "3.0.3",
            json!({ "type": "object", "allOf": [a], "nullable": true }),
            json!({ "allOf": [a], "nullable": true }),
        ),
        (
            "3.0.3",
            json!({ "allOf": [{ "type": "string" }], "nullable": true }),
            json!({ "type": "string", "nullable": true }),
        ),
        // Open enums.
        (
            "3.0.3",
            json!({ "anyOf": [{ "type": "string" }, { "type": "string", "enum": ["a", "b"] }], "nullable": true }),
            json!({ "type": "string", "enum": ["a", "b"], "x-extensible-enum": true, "nullable": true }),
        ),
        (
            "3.0.3",
            json!({ "oneOf": [{ "type": "string", "enum": ["a"] }, { "type": "string", "description": "d" }] }),
            json!({ "type": "string", "enum": ["a"], "x-extensible-enum": true }),
        ),
        ("3.0.3", json!({ "anyOf": [{ "type": "string" }, a] }), json!({ "anyOf": [{ "type": "string" }, a] })),
        (
            "3.0.3",
            json!({ "anyOf": [{ "type": "string", "enum": ["a"] }, { "type": "string", "enum": ["a", "b"] }, { "type": "string" }] }),
            json!({ "type": "string", "enum": ["a", "b"], "x-extensible-enum": true }),
        ),
        (
            "3.0.3",
            json!({ "anyOf": [{ "type": "string", "nullable": true }, { "type": "string", "enum": ["a", "b"] }] }),
            json!({ "type": "string", "enum": ["a", "b"], "x-extensible-enum": true, "nullable": true }),
        ),
        (
            "3.0.3",
            json!({ "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "string", "enum": ["a", "b"] }] }),
            json!({ "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "string", "enum": ["a", "b"] }] }),
        ),
        (
            "3.1.0",
            json!({ "oneOf": [{ "const": "a", "title": "A" }, { "const": "b", "description": "d" }] }),
            json!({ "type": "string", "enum": ["a", "b"] }),
        ),
        ("3.0.3", json!({ "enum": [null] }), json!({ "nullable": true })),
        ("3.0.3", json!({ "type": "string", "enum": [] }), json!({ "type": "string" })),
        ("3.0.3", json!({ "allOf": [a, { "description": "d" }] }), a.clone()),
        ("3.0.3", json!({ "required": ["k"] }), json!({ "type": "object", "required": ["k"] })),
        (
            "3.0.3",
            json!({ "type": "string", "enum": ["a", "b"], "x-ms-enum": { "name": "A", "modelAsString": true } }),
            json!({ "type": "string", "enum": ["a", "b"], "x-extensible-enum": true }),
        ),
        (
            "3.0.3",
            json!({ "type": "string", "enum": ["a", "b"], "x-ms-enum": { "name": "1", "modelAsString": false } }),
            json!({ "type": "string", "enum": ["a", "b"] }),
        ),
        // Directions.
        (
            "3.0.3",
            json!({ "type": "string", "x-ms-mutability": ["read"] }),
            json!({ "type": "string", "x-visibility": ["read"], "readOnly": true }),
        ),
        (
            "3.0.3",
            json!({ "type": "string", "x-ms-mutability": ["create", "update"] }),
            json!({ "type": "string", "x-visibility": ["create", "update"], "writeOnly": true }),
        ),
        (
            "3.0.3",
            json!({ "type": "string", "x-ms-mutability": ["read", "create"] }),
            json!({ "type": "string", "x-visibility": ["read", "create"] }),
        ),
        (
            "3.0.3",
            json!({ "type": "string", "x-ms-mutability": ["read", "create", "update"] }),
            json!({ "type": "string" }),
        ),
        ("3.0.3", json!({ "type": "string", "x-ms-secret": true }), json!({ "type": "string", "x-secret": true })),
        // What 3.1 says with JSON Schema.
        (
            "3.1.0",
            json!({ "type": ["string", "null"], "format": "f" }),
            json!({ "type": "string", "format": "f", "nullable": true }),
        ),
        (
            "3.1.0",
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
            json!({ "type": "string", "enum": ["a"], "nullable": true }),
        ),
        (
            "3.1.0",
            json!({ "type": ["string", "array"], "items": { "type": "string" }, "maxLength": 3, "default": "a" }),
            json!({
                "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "array", "items": { "type": "string" } }],
                "default": "a",
            }),
        ),
        (
            "3.1.0",
            json!({ "type": ["string", "integer", "null"], "enum": ["a", 1, null] }),
            json!({ "anyOf": [{ "type": "string", "enum": ["a"] }, { "type": "integer", "enum": [1] }], "nullable": true }),
        ),
        ("3.1.0", json!({ "const": "a" }), json!({ "type": "string", "enum": ["a"] })),
        ("3.1.0", json!({ "const": 1 }), json!({ "type": "integer", "enum": [1] })),
        ("3.1.0", json!({ "type": "number", "const": 1 }), json!({ "type": "number", "enum": [1] })),
        ("3.1.0", json!({ "const": null }), json!({ "nullable": true })),
        ("3.1.0", json!({ "type": "string", "examples": ["a"] }), json!({ "type": "string" })),
        (
            "3.1.0",
            json!({ "type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 5, "maximum": 4 }),
            json!({ "type": "number", "minimum": 1, "exclusiveMinimum": true, "maximum": 4 }),
        ),
        (
            "3.1.0",
            json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
            json!({ "type": "string", "format": "binary" }),
        ),
        (
            "3.1.0",
            json!({ "type": "string", "contentEncoding": "base64" }),
            json!({ "type": "string", "format": "byte" }),
        ),
        (
            "3.1.0",
            json!({ "$ref": "#/components/schemas/A", "deprecated": true }),
            json!({ "allOf": [a], "deprecated": true }),
        ),
        ("3.1.0", json!({ "anyOf": [a, { "type": "null" }] }), json!({ "allOf": [a], "nullable": true })),
        (
            "3.1.0",
            json!({ "anyOf": [a, { "type": "null", "description": "d" }] }),
            json!({ "allOf": [a], "nullable": true }),
        ),
        (
            "3.1.0",
            json!({ "contentMediaType": "application/octet-stream" }),
            json!({ "type": "string", "format": "binary" }),
        ),
        ("3.1.0", json!({ "type": "string", "contentMediaType": "application/json" }), json!({ "type": "string" })),
        (
            "3.1.0",
            json!({ "type": "string", "contentEncoding": "base64url" }),
            json!({ "type": "string", "format": "base64url" }),
        ),
        (
            "3.1.0",
            json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }),
            json!({ "type": "string", "nullable": true }),
        ),
        (
            "3.1.0",
            json!({ "anyOf": [a, { "type": "string" }, { "type": "null" }] }),
            json!({ "anyOf": [a, { "type": "string" }], "nullable": true }),
        ),
        ("3.1.0", json!({ "type": "array", "items": true }), json!({ "type": "array", "items": {} })),
        (
            "3.1.0",
            json!({ "type": "object", "patternProperties": { "^x": { "type": "string" } } }),
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        ),
        (
            "3.1.0",
            json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }] }),
            json!({ "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } }),
        ),
        (
            "3.1.0",
            json!({ "type": "array", "prefixItems": [{ "type": ["string", "null"] }, { "const": 3 }] }),
            json!({ "type": "array", "items": { "anyOf": [{ "type": "string", "nullable": true }, { "type": "integer", "enum": [3] }] } }),
        ),
    ];
    for (version, published, expected) in cases {
        // In a place and not by itself: there a reference is one.
        let property = json!({ "type": "object", "properties": { "p": published } });
        let known = json!({ "type": "object", "properties": {} });
        let converted = schemas(version, json!({ "Z": property, "A": known }));
        let at_place = &converted["Z"]["properties"]["p"];
        // An object has got a name.
        let found = if *at_place == reference("ZP") { &converted["ZP"] } else { at_place };
        assert_eq!(*found, expected, "{version}: {published}");
    }
}

#[test]
fn an_enum_with_a_name_becomes_a_schema_unless_another_has_it() {
    let inline = |values: &[&str]| json!({ "type": "string", "enum": values, "x-ms-enum": { "name": "Mode", "modelAsString": true }, "x-nullable": true });
    let object = |values: &[&str]| json!({ "type": "object", "properties": { "m": inline(values) } });
    let converted =
        schemas("3.0.3", json!({ "A": object(&["a", "b"]), "B": object(&["a", "b"]), "C": object(&["c", "d"]) }));
    assert_eq!(converted["Mode"], json!({ "type": "string", "enum": ["a", "b"], "x-extensible-enum": true }));
    let named = json!({ "allOf": [reference("Mode")], "nullable": true });
    assert_eq!(converted["A"]["properties"]["m"], named);
    assert_eq!(converted["B"]["properties"]["m"], named);
    assert_eq!(converted["C"]["properties"]["m"]["enum"], json!(["c", "d"]));
}

#[test]
fn an_enum_that_has_a_schema_of_its_name_and_values_is_that() {
    let inline = |values: &[&str]| json!({ "type": "string", "enum": values, "x-ms-enum": { "name": "Mode", "modelAsString": true } });
    let object = |values: &[&str]| json!({ "type": "object", "properties": { "m": { "type": "array", "items": inline(values) } } });
    let mode = json!({ "type": "string", "enum": ["a"] });
    let converted = schemas("3.0.3", json!({ "A": object(&["a"]), "B": object(&["b"]), "Mode": mode }));
    assert_eq!(converted["A"]["properties"]["m"]["items"], reference("Mode"));
    assert_eq!(converted["Mode"], json!({ "type": "string", "enum": ["a"], "x-extensible-enum": true }));
    assert_eq!(converted["B"]["properties"]["m"]["items"]["enum"], json!(["b"]));
    // One value that others may join is no constant.
    let converted = schemas("3.0.3", json!({ "A": object(&["a"]) }));
    assert_eq!(converted["Mode"], json!({ "type": "string", "enum": ["a"], "x-extensible-enum": true }));
}

#[test]
fn an_enum_that_is_only_once_beside_any_string_is_open_everywhere() {
    let mode = json!({ "type": "string", "enum": ["a", "b"] });
    let user =
        json!({ "type": "object", "properties": { "m": { "anyOf": [{ "type": "string" }, reference("Mode")] } } });
    let converted = schemas("3.0.3", json!({ "Mode": mode, "A": user }));
    assert_eq!(converted["Mode"]["x-extensible-enum"], true);
    assert_eq!(converted["A"]["properties"]["m"], reference("Mode"));
}

#[test]
fn references_into_schemas_get_schemas_of_their_own() {
    let text = json!({ "type": "string" });
    let object = |properties: Value| json!({ "type": "object", "properties": properties });
    let part = object(json!({ "deep": object(json!({ "x": text })) }));
    let whole = object(json!({
        "part": part,
        "same": reference("A/properties/part"),
        "deep": reference("A/properties/part/properties/deep"),
    }));
    let converted = schemas("3.0.3", json!({ "A": whole }));
    for property in ["part", "same"] {
        assert_eq!(converted["A"]["properties"][property], reference("APart"));
    }
    assert_eq!(converted["A"]["properties"]["deep"], reference("APartDeep"));
    assert_eq!(converted["APart"], object(json!({ "deep": reference("APartDeep") })));
    assert_eq!(converted["APartDeep"], object(json!({ "x": text })));

    let definitions = json!({ "In": object(json!({ "two": reference("B/$defs/Two"), "x": { "type": ["string", "null"] } })), "Two": object(json!({})) });
    let holder = json!({ "type": "object", "$defs": definitions, "properties": { "list": { "type": "array", "items": reference("B/$defs/In") } } });
    let converted = schemas("3.1.0", json!({ "B": holder, "Two": text }));
    assert_eq!(converted["B"]["properties"]["list"]["items"], reference("In"));
    let inner = json!({ "two": reference("BTwo"), "x": { "type": "string", "nullable": true } });
    assert_eq!(converted["In"]["properties"], inner);
    assert_eq!(converted["BTwo"], object(json!({})));

    let failed = convert_value(of_3("3.0.3", json!({ "A": object(json!({ "n": reference("A/type") })) }), json!({})));
    let failed = failed.unwrap_err();
    assert!(failed.contains("#/components/schemas/A/type: expected a schema"), "{failed}");
}

#[test]
fn names_that_are_not_allowed_are_replaced_everywhere() {
    let page = |more: &str| json!({ "type": "object", "properties": { more: { "type": "string" } } });
    let mapping = json!({ "a": "#/components/schemas/Page%5BThing%5D", "b": "#/components/schemas/Page<Thing>" });
    let union = json!({
        "oneOf": [reference("Page%5BThing%5D"), reference("Page<Thing>")],
        "discriminator": { "propertyName": "k", "mapping": mapping },
    });
    let converted = schemas(
        "3.0.3",
        json!({ "Page[Thing]": page("one"), "Page<Thing>": page("two"), "Page_Thing": page("three"), "U": union, "V.1-a": reference("V%2E2"), "V.2": page("v") }),
    );
    let names: Vec<&String> = converted.as_object().unwrap().keys().collect();
    assert_eq!(names, ["Page_Thing", "Page_Thing2", "Page_Thing3", "U", "V.1-a", "V.2"]);
    // In the order of the names that they had.
    assert_eq!(converted["Page_Thing2"], page("two"));
    assert_eq!(converted["Page_Thing3"], page("one"));
    assert_eq!(converted["U"]["oneOf"], json!([reference("Page_Thing3"), reference("Page_Thing2")]));
    let to = |name: &str| format!("#/components/schemas/{name}");
    let mapping = json!({ "a": to("Page_Thing3"), "b": to("Page_Thing2") });
    assert_eq!(converted["U"]["discriminator"]["mapping"], mapping);
    assert_eq!(converted["V.1-a"], reference("V.2"));
}

#[test]
fn inline_objects_get_names_by_their_places() {
    let inner = json!({ "type": "object", "properties": { "x": { "type": "string" } }, "nullable": true });
    let outer = json!({ "type": "object", "properties": { "list": { "type": "array", "items": { "type": "object", "properties": { "in": inner } } } } });
    let converted = schemas("3.0.3", json!({ "A": outer, "AListItems": { "type": "string" } }));
    assert_eq!(converted["A"]["properties"]["list"]["items"], reference("AListItems2"));
    let at_place = json!({ "allOf": [reference("AListItemsIn")], "nullable": true });
    assert_eq!(converted["AListItems2"]["properties"]["in"], at_place);
    assert_eq!(converted["AListItemsIn"], json!({ "type": "object", "properties": { "x": { "type": "string" } } }));
}

/// A base, a kind below it, one below that, and a base of its own by another tag.
fn zoo(discriminator: Value) -> Value {
    let below = |base: &str, property: &str| json!({ "type": "object", "allOf": [reference(base)], "properties": { property: { "type": "string" } }, "required": [property] });
    let mut cat = below("Animal", "claws");
    cat["x-ms-discriminator-value"] = "cat".into();
    let mut bird = below("Animal", "wings");
    bird["discriminator"] = json!({ "propertyName": "song" });
    bird["properties"]["song"] = json!({ "type": "string" });
    bird["x-ms-discriminator-value"] = "bird".into();
    json!({
        "Animal": {
            "type": "object",
            "properties": { "kind": { "type": "string", "readOnly": true }, "id": { "type": "string" } },
            "required": ["kind", "id"],
            "discriminator": discriminator,
        },
        "Cat": cat,
        "Lion": below("Cat", "mane"),
        "Bird": bird,
        "Lark": below("Bird", "nest"),
    })
}

#[test]
fn a_base_becomes_a_union_and_its_kinds_are_written_out() {
    let mapping = json!({ "lion": "#/components/schemas/Lion", "lark": "Lark" });
    let converted = schemas("3.0.3", zoo(json!({ "propertyName": "kind", "mapping": mapping })));
    let branches = [reference("Bird"), reference("Cat"), reference("Lion")];
    assert_eq!(
        converted["Animal"],
        json!({
            "oneOf": branches,
            "discriminator": { "propertyName": "kind", "mapping": {
                "bird": "#/components/schemas/Bird",
                "cat": "#/components/schemas/Cat",
                "lion": "#/components/schemas/Lion",
            } },
            "x-extensible-discriminator": true,
            "x-discriminator-schema": { "type": "string" },
            "x-base-properties": { "id": { "type": "string" } },
            "x-base-required": ["id"],
        })
    );
    let kind = |value: &str| json!({ "type": "string", "enum": [value], "readOnly": true });
    let text = json!({ "type": "string" });
    assert_eq!(
        converted["Lion"],
        json!({
            "type": "object",
            "properties": { "kind": kind("lion"), "id": text, "claws": text, "mane": text },
            "required": ["kind", "id", "claws", "mane"],
            "x-base": "Cat",
        })
    );
    assert_eq!(converted["Cat"]["properties"], json!({ "kind": kind("cat"), "id": text, "claws": text }));
    assert_eq!(
        converted["Bird"],
        json!({
            "oneOf": [reference("Lark")],
            "discriminator": { "propertyName": "song", "mapping": { "Lark": "#/components/schemas/Lark" } },
            "x-extensible-discriminator": true,
            "x-discriminator-schema": { "type": "string" },
            "x-base-properties": { "kind": kind("bird"), "id": text, "wings": text },
            "x-base-required": ["kind", "id", "wings"],
            "x-base": "Animal",
        })
    );
    let song = json!({ "type": "string", "enum": ["Lark"] });
    let lark = json!({ "kind": kind("bird"), "song": song, "id": text, "wings": text, "nest": text });
    assert_eq!(converted["Lark"]["properties"], lark);
    let required: Vec<&str> =
        converted["Lark"]["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(required, ["song", "kind", "id", "wings", "nest"]);
}

#[test]
fn the_value_of_a_kind_is_what_the_document_says_first() {
    let base = json!({ "type": "object", "properties": { "k": { "type": "string" } }, "discriminator": { "propertyName": "k", "mapping": { "mapped": "#/components/schemas/B" } } });
    let with = |more: Value| {
        let mut kind = json!({ "allOf": [reference("A")] });
        kind.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        kind
    };
    let own = json!({ "properties": { "k": { "type": "string", "enum": ["own"] } } });
    let converted = schemas(
        "3.0.3",
        json!({
            "A": base, "B": with(own.clone()), "C": with(own), "D": with(json!({})),
        }),
    );
    let mapping = converted["A"]["discriminator"]["mapping"].as_object().unwrap();
    let values: Vec<(&str, &str)> =
        mapping.iter().map(|(value, target)| (value.as_str(), target.as_str().unwrap())).collect();
    let to = |name: &str| format!("#/components/schemas/{name}");
    assert_eq!(values, [("D", &*to("D")), ("mapped", &*to("B")), ("own", &*to("C"))]);
}

#[test]
fn unions_that_list_their_kinds_get_all_values() {
    let kind = |value: &str| json!({ "type": "object", "properties": { "k": { "type": "string", "enum": [value] } } });
    let union = json!({ "anyOf": [reference("A"), reference("B")], "discriminator": { "propertyName": "k", "mapping": { "a": "A" } } });
    let converted = schemas("3.0.3", json!({ "A": kind("a"), "B": kind("b"), "U": union }));
    let mapping = json!({ "a": "#/components/schemas/A", "b": "#/components/schemas/B" });
    let expected = json!({ "oneOf": [reference("A"), reference("B")], "discriminator": { "propertyName": "k", "mapping": mapping } });
    assert_eq!(converted["U"], expected);
}

#[test]
fn objects_of_several_parts_are_one() {
    let part =
        |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] });
    let whole = json!({ "allOf": [reference("A"), part("b")], "properties": { "c": { "type": "string" } } });
    let user = json!({ "type": "object", "properties": { "p": { "allOf": [reference("A"), part("d")] } } });
    let converted = schemas("3.0.3", json!({ "A": part("a"), "W": whole, "U": user }));
    let keys = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&converted["W"]), ["a", "b", "c"]);
    assert_eq!(converted["W"]["required"], json!(["a", "b"]));
    assert_eq!(converted["W"]["x-base"], "A");
    assert_eq!(keys(&converted["UP"]), ["a", "d"]);
}

#[test]
fn what_cannot_be_converted_is_told_with_its_place() {
    let object = || json!({ "type": "object", "properties": {} });
    let chain: Map<String, Value> = (0..150)
        .map(|number| {
            (format!("S{number:03}"), json!({ "allOf": [reference(&format!("S{:03}", number + 1))], "properties": {} }))
        })
        .chain([("S150".to_owned(), object())])
        .collect();
    let twice = json!({ "allOf": [reference("A")], "properties": {}, "x-ms-discriminator-value": "v" });
    let base = json!({ "type": "object", "properties": {}, "discriminator": { "propertyName": "k" } });
    for (schemas, said) in [
        (
            json!({ "A": { "allOf": [reference("B")], "properties": {} }, "B": { "allOf": [reference("A")], "properties": {} } }),
            "extends itself",
        ),
        (Value::Object(chain), "more than 100 that extend one another"),
        (
            json!({ "A": { "type": "string" }, "B": { "allOf": [reference("A")], "properties": {} } }),
            "#/components/schemas/B: `allOf` of what is no object",
        ),
        (json!({ "A": base, "B": twice, "C": twice }), "both have the value \"v\" of `k`"),
        (json!({ "A": reference("B") }), "does not resolve"),
    ] {
        let failed = convert_value(of_3("3.0.3", schemas, json!({}))).unwrap_err();
        assert!(failed.contains(said) && failed.contains("\n  do: "), "{said}: {failed}");
    }
    for (document, said) in [
        (json!({ "openapi": "3.0.3", "info": { "title": "t" }, "paths": {} }), "#/info/version: no version"),
        (of_3("3.0.3", json!({}), json!({ "/a": { "get": { "responses": {} } } })), "no operationId"),
        (
            swagger(
                json!({ "operationId": "a", "responses": {}, "parameters": [{ "name": "a", "in": "query", "type": "array", "items": {}, "collectionFormat": "tsv" }] }),
                json!({}),
            ),
            "the collectionFormat `tsv`",
        ),
    ] {
        let failed = convert_value(document).unwrap_err();
        assert!(failed.contains(said), "{said}: {failed}");
    }
}

/// References that double at each step would take all memory.
#[test]
fn what_multiplies_ends_in_an_error() {
    let mut all = Map::new();
    let wide: Map<String, Value> =
        (0..1000).map(|number| (format!("p{number}"), json!({ "type": "string" }))).collect();
    all.insert("S".to_owned(), json!({ "type": "object", "properties": wide }));
    for number in 0..1000 {
        all.insert(format!("T{number}"), json!({ "allOf": [reference("S")], "properties": {} }));
    }
    let failed = convert_value(of_3("3.0.3", Value::Object(all), json!({}))).unwrap_err();
    assert!(failed.contains("expand to is more than"), "{failed}");
}

/// What is required costs too.
#[test]
fn wide_objects_that_many_extend_end_in_an_error() {
    let names: Vec<String> = (0..2000).map(|number| format!("p{number}")).collect();
    let mut all = Map::new();
    all.insert("S".to_owned(), json!({ "type": "object", "required": names }));
    for number in 0..1000 {
        all.insert(format!("T{number}"), json!({ "allOf": [reference("S")], "properties": {} }));
    }
    let failed = convert_value(of_3("3.0.3", Value::Object(all), json!({}))).unwrap_err();
    assert!(failed.contains("expand to is more than"), "{failed}");
}

/// Our own documents are in the form already: nothing changes, and nothing is said.
#[test]
fn our_own_documents_stay_as_they_are() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    for api in ["2025-05-01", "v1"] {
        let path = folder.join(api).join("openapi.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let before: Value = serde_json::from_str(&text).unwrap();
        let Converted { document, notes } = convert(Document::from_path(&path).unwrap()).unwrap();
        assert!(document == before, "{api} is another document");
        assert_eq!(notes, Vec::<String>::new());
        assert!(crate::import::order::write(&document, Some(&text)) == text, "{api} has other bytes");
    }
}

/// All places of a value.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    found.push(place.to_owned());
    match value {
        Value::Object(members) => {
            for (key, inner) in members {
                places(inner, &format!("{place}/{}", openapi_compare::escape_token(key)), found);
            }
        }
        Value::Array(elements) => {
            for (index, inner) in elements.iter().enumerate() {
                places(inner, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Whatever stands at any one place, there is an answer or an error; a panic fails the test.
#[test]
fn anything_anywhere_ends_in_an_answer_or_an_error() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    let odd = [json!(null), json!([{}]), json!({ "": [] }), json!("#/"), json!(true)];
    let (mut answers, mut errors) = (0, 0);
    for name in ["notebooks.swagger.json", "boards.v3_1.yaml"] {
        let whole = Document::from_path(folder.join(name)).unwrap().into_value();
        let mut found = Vec::new();
        places(&whole, "", &mut found);
        for (index, place) in found.iter().enumerate() {
            let mut document = whole.clone();
            // The next one each time: all of them at all depths, in a fifth of the time.
            *document.pointer_mut(place).unwrap() = odd[index % odd.len()].clone();
            match convert_value(document) {
                Ok(_) => answers += 1,
                Err(_) => errors += 1,
            }
        }
    }
    assert!(answers > 100 && errors > 100, "{answers} answers, {errors} errors");
}
