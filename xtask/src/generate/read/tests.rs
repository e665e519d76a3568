//! What the reader makes of small documents.

use super::*;
use crate::generate::api::{Access, Features, Field, Fixed, Kind, Paging, Presence, Shape, Struct, Type};
use crate::normalize;
use serde_json::json;

/// Reads a document as generate does: after the passes over schemas, with no names chosen.
fn api(mut document: Value) -> Result<Api, String> {
    normalize::run(normalize::SCHEMAS, &mut document).map_err(|error| error.to_string())?;
    let mut names = Names::parse("", "names.toml").map_err(|error| error.to_string())?;
    let published = document.clone();
    read("v0", &ApiSource::test(), &published, &document, &mut names).map_err(|error| error.to_string())
}

fn reference_to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(schema: Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

/// A document with these schemas, of which operations send `In` and answer with `Out`, if there
/// are such.
fn document(schemas: Value) -> Value {
    let mut operation = json!({ "operationId": "Things_act", "tags": ["Things"], "responses": { "200": {} } });
    if schemas.get("In").is_some() {
        operation["requestBody"] = content(reference_to("In"));
    }
    if schemas.get("Out").is_some() {
        operation["responses"]["200"] = content(reference_to("Out"));
    }
    json!({
        "info": { "version": "v0" },
        "paths": { "/do": { "post": operation } },
        "components": { "schemas": schemas },
    })
}

fn types(schemas: Value) -> BTreeMap<String, TypeDefinition> {
    api(document(schemas)).unwrap().types
}

fn structure<'t>(types: &'t BTreeMap<String, TypeDefinition>, name: &str) -> &'t Struct {
    match &types[name].shape {
        Shape::Struct(model) => model,
        shape => panic!("{name} is {shape:?}"),
    }
}

fn field<'t>(types: &'t BTreeMap<String, TypeDefinition>, name: &str, property: &str) -> &'t Field {
    let model = structure(types, name);
    model.fields.iter().find(|field| field.property == property).unwrap_or_else(|| panic!("no {property} in {model:?}"))
}

#[test]
fn presence_follows_required_nullable_and_what_was_observed() {
    use Presence::{Any, Key, Nullable, Optional, Required};
    // Property, its schema, whether it is required, its presence in answers.
    let cases = [
        ("a", json!({ "type": "string" }), true, Required),
        ("b", json!({ "type": "string" }), false, Optional),
        ("c", json!({ "type": "string", "nullable": true }), true, Nullable),
        ("d", json!({ "type": "string", "nullable": true }), false, Optional),
        ("e", json!({ "type": "integer", "x-observed": ["absent"] }), true, Nullable),
        ("f", json!({ "type": "integer", "x-observed": ["null"] }), true, Nullable),
        ("g", json!({ "type": "integer", "x-observed": ["float"] }), true, Required),
        ("h", json!({}), true, Any),
        ("i", json!({}), false, Optional),
        ("j", json!({ "allOf": [reference_to("Part")], "nullable": true }), true, Nullable),
        ("k", json!({ "type": "array", "items": { "type": "string" } }), true, Required),
        ("id", json!({ "type": "string" }), true, Key),
    ];
    let properties: Map<String, Value> =
        cases.iter().map(|(name, schema, ..)| ((*name).to_owned(), schema.clone())).collect();
    let required: Vec<&str> = cases.iter().filter(|case| case.2).map(|case| case.0).collect();
    let types = types(json!({
        "Out": { "type": "object", "required": required, "properties": properties },
        "Part": { "type": "object", "properties": {} },
    }));
    for (name, _, _, expected) in &cases {
        assert_eq!(field(&types, "Out", name).presence, *expected, "{name}");
    }
}

#[test]
fn only_an_id_that_an_answer_must_have_is_a_key() {
    let thing =
        |id: Value, required: Value| json!({ "type": "object", "required": required, "properties": { "id": id } });
    let presence = |name: &str, schema: Value| field(&types(json!({ name: schema })), name, "id").presence;
    let text = json!({ "type": "string" });
    assert_eq!(presence("Out", thing(text.clone(), json!(["id"]))), Presence::Key);
    assert_eq!(presence("In", thing(text.clone(), json!(["id"]))), Presence::Required);
    assert_eq!(presence("Out", thing(text, json!([]))), Presence::Optional);
    assert_eq!(
        presence("Out", thing(json!({ "type": "string", "nullable": true }), json!(["id"]))),
        Presence::Nullable
    );
    assert_eq!(presence("Out", thing(json!({ "type": "integer" }), json!(["id"]))), Presence::Required);
}

#[test]
fn required_properties_come_first_in_the_order_of_the_document() {
    let text = json!({ "type": "string" });
    let types = types(json!({ "In": {
        "type": "object",
        "required": ["z", "m"],
        "properties": { "a": text, "m": text, "z": text },
    } }));
    let names: Vec<&str> = structure(&types, "In").fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["z", "m", "a"]);
}

#[test]
fn access_says_who_may_set_a_property() {
    let thing = json!({ "type": "object", "properties": {
        "both": { "type": "string" },
        "read": { "type": "string", "readOnly": true },
        "write": { "type": "string", "writeOnly": true },
    } });
    let types = types(json!({ "In": thing, "Out": thing }));
    // What only the service sets matters where something is sent.
    for (name, property, expected) in [
        ("In", "both", Access::Both),
        ("In", "read", Access::Read),
        ("In", "write", Access::Write),
        ("Out", "both", Access::Both),
        ("Out", "read", Access::Both),
        ("Out", "write", Access::Write),
    ] {
        assert_eq!(field(&types, name, property).access, expected, "{name}.{property}");
    }
}

#[test]
fn a_constant_is_written_by_the_type_where_it_is_a_tag_or_required_in_requests() {
    let constant = |read_only: bool| json!({ "type": "string", "enum": ["x"], "readOnly": read_only });
    let thing = |required: Value, read_only: bool| json!({ "type": "object", "required": required, "properties": { "object": constant(read_only) } });
    let fixed = |name: &str, schema: Value| structure(&types(json!({ name: schema })), name).fixed.clone();
    let written = vec![Fixed { property: "object".to_owned(), value: "x".to_owned(), required: true }];
    assert_eq!(fixed("In", thing(json!(["object"]), false)), written);
    assert_eq!(fixed("In", thing(json!([]), false)), []);
    assert_eq!(fixed("In", thing(json!(["object"]), true)), []);
    assert_eq!(fixed("Out", thing(json!(["object"]), false)), []);
}

/// A union of two structs by their `type`, which is not required and reached by answers only.
fn union(extra: (&str, Value)) -> Value {
    let branch = |tag: &str| json!({ "type": "object", "properties": { "type": { "type": "string", "enum": [tag] } } });
    let mut schemas = json!({
        "Out": {
            "oneOf": [reference_to("Cat"), reference_to("Dog")],
            "discriminator": { "propertyName": "type", "mapping": {
                "cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog",
            } },
        },
        "Cat": branch("cat"),
        "Dog": branch("dog"),
    });
    schemas[extra.0] = extra.1;
    schemas
}

#[test]
fn the_tag_of_a_branch_is_written_by_the_branch() {
    let types = types(union(("Other", json!({ "type": "string" }))));
    let tag = Fixed { property: "type".to_owned(), value: "cat".to_owned(), required: false };
    assert_eq!(structure(&types, "Cat").fixed, [tag]);
    assert!(structure(&types, "Cat").fields.is_empty());
    let Shape::Tagged { tag, branches, .. } = &types["Out"].shape else { panic!("{:?}", types["Out"]) };
    assert_eq!(tag, "type");
    let shown: Vec<_> = branches.iter().map(|b| (b.variant.as_str(), b.ty.as_str(), b.values.clone())).collect();
    assert_eq!(shown, [("Cat", "Cat", vec!["cat".to_owned()]), ("Dog", "Dog", vec!["dog".to_owned()])]);
}

#[test]
fn what_has_no_tag_goes_by_the_keys_of_branches_that_need_none() {
    let untagged = |cat: Value, dog: Value| {
        let mut schemas = union(("Other", json!({ "type": "string" })));
        (schemas["Cat"]["required"], schemas["Dog"]["required"]) = (cat, dog);
        let types = types(schemas);
        let Shape::Tagged { untagged, .. } = &types["Out"].shape else { panic!("{:?}", types["Out"]) };
        untagged.iter().map(|branch| (branch.index, branch.needs.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(untagged(json!(["type"]), json!(["type", "bark"])), []);
    assert_eq!(untagged(json!(["type"]), json!(["bark"])), [(1, "bark".to_owned())]);
    // The most keys first.
    assert_eq!(untagged(json!([]), json!(["bark"])), [(1, "bark".to_owned()), (0, String::new())]);
    // The same keys tell nothing.
    assert_eq!(untagged(json!(["a", "b"]), json!(["b", "a"])), []);
}

#[test]
fn a_union_with_a_part_that_may_be_anything_says_so() {
    let anything = |parts: Value| match &types(json!({ "In": { "anyOf": parts } }))["In"].shape {
        Shape::Untagged { variants, anything, .. } => (variants.len(), *anything),
        shape => panic!("{shape:?}"),
    };
    assert_eq!(anything(json!([{ "type": "string" }, { "description": "d" }])), (1, true));
    assert_eq!(anything(json!([{ "type": "string" }, { "type": "boolean" }])), (2, false));
}

#[test]
fn objects_with_the_same_keys_are_told_apart_by_values_that_are_all_there_are() {
    let only = |first: Value, second: Value| {
        let object = |role: &str, required: Value| {
            let properties = json!({ "role": reference_to(role), "text": { "type": "string" } });
            json!({ "type": "object", "required": required, "properties": properties })
        };
        let types = types(json!({
            "Out": { "anyOf": [reference_to("Asked"), reference_to("Said")] },
            "Asked": object("AskedRole", json!(["role", "text", "id"])),
            "Said": object("SaidRole", json!(["role", "text"])),
            "AskedRole": first,
            "SaidRole": second,
        }));
        let Shape::Untagged { objects, .. } = &types["Out"].shape else { panic!("{:?}", types["Out"]) };
        let shown = objects.iter().map(|object| {
            object.only.as_ref().map_or(String::new(), |(tag, values)| format!("{tag} {}", values.join(" ")))
        });
        shown.collect::<Vec<_>>()
    };
    let closed = |values: &[&str]| json!({ "type": "string", "enum": values });
    let open = json!({ "type": "string", "enum": ["user", "system"], "x-extensible-enum": true });
    let roles = closed(&["user", "system"]);
    assert_eq!(only(roles.clone(), closed(&["user", "robot"])), ["role user system", "role user robot"]);
    assert_eq!(only(roles.clone(), roles.clone()), ["", ""]);
    assert_eq!(only(roles, open), ["", ""]);
}

#[test]
fn a_branch_of_two_tags_keeps_the_tag_as_a_field() {
    let mut schemas = union(("Other", json!({ "type": "string" })));
    schemas["Out"]["discriminator"]["mapping"]["lion"] = "#/components/schemas/Cat".into();
    let types = types(schemas);
    assert!(structure(&types, "Cat").fixed.is_empty());
    assert_eq!(field(&types, "Cat", "type").name, "r#type");
    let Shape::Tagged { branches, .. } = &types["Out"].shape else { panic!("{:?}", types["Out"]) };
    assert_eq!(branches[0].values, ["cat", "lion"]);
}

#[test]
fn a_union_without_a_tag_goes_by_kind_and_then_by_the_most_keys() {
    let object =
        |required: Value| json!({ "type": "object", "required": required, "properties": { "a": {}, "b": {} } });
    let types = types(json!({
        "In": { "anyOf": [
            { "type": "string" }, reference_to("Mode"), { "type": "array", "items": { "type": "integer" } },
            reference_to("Few"), reference_to("Many"),
        ] },
        "Mode": { "type": "string", "enum": ["auto", "none"] },
        "Few": object(json!(["a"])),
        "Many": object(json!(["a", "b"])),
    }));
    let Shape::Untagged { variants, objects, .. } = &types["In"].shape else { panic!("{:?}", types["In"]) };
    let variants: Vec<_> = variants.iter().map(|v| (v.kind, v.ty.rust())).collect();
    assert_eq!(variants, [(Kind::AnyString, "Mode".to_owned()), (Kind::Array, "Vec<i64>".to_owned())]);
    let objects: Vec<_> = objects.iter().map(|o| (o.ty.as_str(), o.needs.len())).collect();
    assert_eq!(objects, [("Many", 2), ("Few", 1)]);
}

#[test]
fn a_set_of_known_strings_alone_is_told_from_any_string() {
    let kinds = |parts: Value| match &types(json!({
        "In": { "anyOf": parts },
        "Mode": { "type": "string", "enum": ["auto", "none"] },
    }))["In"]
        .shape
    {
        Shape::Untagged { variants, .. } => variants.iter().map(|v| (v.kind, v.ty.rust())).collect::<Vec<_>>(),
        shape => panic!("{shape:?}"),
    };
    let number = json!({ "type": "number" });
    let rest = (Kind::Number, "f64".to_owned());
    let known = kinds(json!([number, reference_to("Mode")]));
    assert_eq!(known, [(Kind::String, "Mode".to_owned()), rest.clone()]);
    let any = kinds(json!([reference_to("Mode"), number, { "type": "string" }]));
    assert_eq!(any, [(Kind::AnyString, "Mode".to_owned()), rest.clone()]);
    let text = kinds(json!([{ "type": "string" }, number]));
    assert_eq!(text, [(Kind::String, "String".to_owned()), rest]);
}

#[test]
fn only_the_elements_of_list_answers_are_read_one_by_one() {
    let list = |property: &str| {
        json!({
            "type": "object", "required": [property],
            "properties": { property: { "type": "array", "items": reference_to("Item") }, "others": { "type": "array", "items": reference_to("Item") } },
        })
    };
    let item =
        json!({ "type": "object", "properties": { "data": { "type": "array", "items": reference_to("Item") } } });
    let ty = |schemas: Value, name: &str, property: &str| field(&types(schemas), name, property).ty.rust();
    for property in ["data", "value"] {
        let schemas = json!({ "Out": list(property), "Item": item });
        assert_eq!(ty(schemas.clone(), "Out", property), "List<Item>");
        assert_eq!(ty(schemas.clone(), "Out", "others"), "Vec<Item>");
        assert_eq!(ty(schemas, "Item", "data"), "Vec<Item>");
    }
    assert_eq!(ty(json!({ "In": list("data"), "Item": item }), "In", "data"), "Vec<Item>");

    // The paging mark says which property it is.
    let mut marked = document(json!({ "Out": list("entries"), "Item": item }));
    marked["paths"]["/do"]["post"]["x-paging"] = json!({ "style": "nextLink", "items": "entries", "nextLink": "next" });
    let api = api(marked).unwrap();
    assert_eq!(field(&api.types, "Out", "entries").ty.rust(), "List<Item>");
    let paging = Paging::NextLink { items: "entries".to_owned(), next_link: "next".to_owned() };
    assert_eq!(api.operations[0].paging, Some(paging));
}

#[test]
fn types_are_those_of_the_format() {
    let cases = [
        (json!({ "type": "string" }), "String"),
        (json!({ "type": "string", "format": "date-time" }), "Timestamp"),
        (json!({ "type": "integer", "format": "unixtime" }), "Timestamp"),
        (json!({ "type": "integer", "format": "int32" }), "i64"),
        (json!({ "type": "number" }), "f64"),
        (json!({ "type": "boolean" }), "bool"),
        (json!({}), "Value"),
        (json!({ "type": "object" }), "Map<String, Value>"),
        (json!({ "type": "object", "additionalProperties": true }), "Map<String, Value>"),
        (json!({ "type": "object", "additionalProperties": {} }), "Map<String, Value>"),
        (json!({ "type": "object", "additionalProperties": { "type": "string" } }), "BTreeMap<String, String>"),
        (json!({ "type": "array", "items": { "type": "array", "items": reference_to("Out") } }), "Vec<Vec<Out>>"),
    ];
    for (schema, expected) in cases {
        let out = json!({ "type": "object", "properties": { "p": schema } });
        assert_eq!(field(&types(json!({ "Out": out })), "Out", "p").ty.rust(), expected, "{schema}");
    }
}

#[test]
fn a_property_that_is_called_like_a_keyword_is_a_field() {
    let text = json!({ "type": "string" });
    let types = types(json!({ "Out": { "type": "object", "properties": {
        "enum": text, "allOf": text, "$ref": text, "properties": text, "required": text,
    } } }));
    let names: Vec<&str> = structure(&types, "Out").fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["r#ref", "all_of", "r#enum", "properties", "required"]);
}

#[test]
fn what_no_operation_reaches_stands_apart() {
    let types = types(
        json!({ "Out": { "type": "object", "properties": { "a": reference_to("Part") } }, "Part": {}, "Far": {} }),
    );
    let groups: Vec<&str> = types.values().map(|definition| definition.group.as_str()).collect();
    assert_eq!(groups, ["unreferenced", "Things", "Things"]);
}

#[test]
fn what_no_operation_reaches_can_be_left_out() {
    let document = document(json!({ "Out": { "type": "object" }, "Far": {} }));
    let mut names = Names::parse("", "names.toml").unwrap();
    let source = ApiSource { unreferenced: false, ..ApiSource::test() };
    let api = read("v0", &source, &document, &document, &mut names).unwrap();
    assert_eq!(api.types.keys().collect::<Vec<_>>(), ["Out"]);
    assert!(!names.to_text("").contains("Far"));
}

#[test]
fn an_agent_may_have_operations_at_a_path_of_its_own() {
    let mut document = document(json!({}));
    assert_eq!(api(document.clone()).unwrap().agent_scope, None);
    document["x-openai-agent-base"] =
        json!({ "path": "/agents/{agent_name}/own", "apiVersionQuery": true, "foundryFeatures": ["A=V1"] });
    let scope = api(document.clone()).unwrap().agent_scope.unwrap();
    assert_eq!((scope.path.as_str(), scope.api_version.as_deref()), ("/agents/{agent_name}/own", Some("v0")));
    assert_eq!(scope.features, ["A=V1"]);
    document["x-openai-agent-base"] = json!({ "path": "/agents/own" });
    assert!(api(document).unwrap_err().contains("at: x-openai-agent-base"));
}

#[test]
fn the_operation_table_has_what_the_document_says() {
    let mut source = document(json!({ "In": {}, "Out": {} }));
    source["components"]["parameters"] = json!({ "V": { "name": "api-version", "in": "query" } });
    let operation = &mut source["paths"]["/do"]["post"];
    operation["parameters"] = json!([
        { "$ref": "#/components/parameters/V" },
        { "name": "foundry-features", "in": "header", "required": true },
        { "name": "operation-id", "in": "header" },
    ]);
    operation["x-foundry-features"] = json!(["A=V1"]);
    operation["x-lro"] = json!({
        "statusHeader": "Operation-Location", "statusPath": "/things/{id}", "status": reference_to("Out"),
        "finalResultProperty": "result", "finalResult": reference_to("In"),
    });
    operation["x-secret"] = json!(true);
    operation["responses"]["200"]["content"]["text/event-stream"] = json!({});
    let read = |source: &Value| api(source.clone()).unwrap().operations.remove(0);
    let found = read(&source);
    assert_eq!((found.id.as_str(), found.name.as_str(), found.method.as_str()), ("Things_act", "things_act", "POST"));
    assert_eq!(found.api_version.as_deref(), Some("v0"));
    assert_eq!(found.features, Features::Required(vec!["A=V1".to_owned()]));
    assert_eq!(found.replay_key.as_deref(), Some("Operation-Id"));
    assert_eq!(found.request_content_type.as_deref(), Some("application/json"));
    assert_eq!(found.response_content_type.as_deref(), Some("application/json"));
    assert_eq!(found.streaming, Streaming::Optional);
    let job = found.long_running.as_ref().unwrap();
    assert_eq!((job.header.as_str(), job.path.as_str()), ("Operation-Location", "/things/{id}"));
    assert_eq!(job.result, Some(("result".to_owned(), Type::Named("In".to_owned()))));
    assert!(found.secret);

    source["paths"]["/do"]["post"]["parameters"] = json!([{ "name": "Foundry-Features", "in": "header" }]);
    source["paths"]["/do"]["post"]["responses"]["200"]["content"] = json!({ "text/event-stream": {} });
    let found = read(&source);
    assert_eq!((found.api_version, found.replay_key, found.response_content_type), (None, None, None));
    assert_eq!(found.features, Features::Optional(vec!["A=V1".to_owned()]));
    assert_eq!(found.streaming, Streaming::Always);
}

#[test]
fn a_parameter_of_the_operation_takes_the_place_of_its_paths() {
    let mut source = document(json!({ "Out": {} }));
    let limit = json!({ "name": "limit", "in": "query", "schema": { "type": "integer" } });
    source["paths"]["/do"]["parameters"] = json!([limit]);
    source["paths"]["/do"]["post"]["parameters"] = json!([limit]);
    assert!(api(source.clone()).is_ok());
    source["paths"]["/do"]["post"]["parameters"][0]["in"] = "header".into();
    let error = api(source).unwrap_err();
    assert!(error.contains("would both be `limit`") && error.contains("at: POST /do"), "{error}");
}

#[test]
fn what_a_type_takes_beyond_the_document_has_its_reason() {
    use crate::generate::api::Loosened;

    let text = json!({ "type": "string" });
    let observed = json!({ "type": "string", "x-observed": ["absent"] });
    let nullable = json!({ "type": "string", "nullable": true });
    let mut document = document(json!({ "Out": {
        "type": "object",
        "required": ["id", "plain", "seen", "corrected", "nullable"],
        "properties": {
            "id": text, "plain": text, "seen": observed, "corrected": text, "nullable": nullable, "optional": text,
        },
    } }));
    document["paths"]["/out"] = json!({ "get": {
        "operationId": "Out_get",
        "tags": ["Out"],
        "responses": { "200": { "description": "", "content": content(reference_to("Out")) } },
    } });
    let published = document.clone();
    document["components"]["schemas"]["Out"]["properties"]["corrected"]["x-observed"] = json!(["null"]);
    let mut names = Names::parse("", "names.toml").unwrap();
    let api = read("v0", &ApiSource::test(), &published, &document, &mut names).unwrap();
    let reasons = ["id", "plain", "seen", "corrected", "nullable", "optional"]
        .map(|name| field(&api.types, "Out", name).loosened);
    assert_eq!(
        reasons,
        [
            None,
            Some(Loosened::Answer),
            Some(Loosened::Observed),
            Some(Loosened::Overlay),
            Some(Loosened::Nullable),
            None,
        ]
    );
}
