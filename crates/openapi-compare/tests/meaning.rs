//! Ways of writing are no differences, and differences are found however they are written.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod support;

use openapi_compare::compare;
use serde_json::{Value, json};
use support::{api, api_3_1, difference, document};

fn same(old: Value, new: Value, about: &str) {
    for (old, new) in [(old.clone(), new.clone()), (new, old)] {
        let report = compare(&document("old", old), &document("new", new)).unwrap();
        assert!(report.is_empty(), "{about}:\n{report}");
    }
}

/// Schemas `Thing` and others that mean the same, in the same version of the specification.
#[test]
fn ways_of_writing_a_schema() {
    let inner =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}});
    let holder = |property: Value| json!({"type": "object", "properties": {"p": property}});
    let named = |property: Value| json!({"Thing": holder(property), "Inner": inner});
    let reference = json!({"$ref": "#/components/schemas/Inner"});
    for (about, old, new) in [
        ("inline or by reference", named(reference.clone()), json!({"Thing": holder(inner.clone())})),
        (
            "a renamed schema",
            named(reference.clone()),
            json!({
                "Thing": holder(json!({"$ref": "#/components/schemas/Renamed"})), "Renamed": inner,
            }),
        ),
        ("allOf of one reference", named(reference.clone()), named(json!({"allOf": [reference]}))),
        ("allOf of allOf", named(reference.clone()), named(json!({"allOf": [{"allOf": [reference]}]}))),
        (
            "a wrapper that repeats the type",
            named(reference.clone()),
            named(json!({"type": "object", "allOf": [reference]})),
        ),
        ("a union of one", named(reference.clone()), named(json!({"oneOf": [reference]}))),
        (
            "a name for a name",
            named(reference.clone()),
            json!({
                "Thing": holder(json!({"$ref": "#/components/schemas/Alias"})), "Alias": reference, "Inner": inner,
            }),
        ),
        (
            "split by allOf",
            named(reference.clone()),
            named(json!({"allOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
                {"properties": {"b": {"type": "integer"}}},
            ]})),
        ),
        (
            "allOf in another order",
            named(json!({"allOf": [{"properties": {"x": {"type": "string"}}}, reference]})),
            named(json!({"allOf": [reference, {"properties": {"x": {"type": "string"}}}]})),
        ),
        (
            "descriptions",
            named(reference.clone()),
            json!({
                "Thing": {"title": "T", "description": "a thing", "example": {"p": 1}, "type": "object", "x-mark": 1,
                          "properties": {"p": {"description": "its p", "allOf": [reference]}}}, "Inner": inner,
            }),
        ),
        (
            "null allowed beside allOf or in a union",
            named(json!({"allOf": [reference], "nullable": true})),
            named(json!({"oneOf": [reference, {"type": "null"}]})),
        ),
        (
            "null allowed by the schema or by its only use",
            named(json!({"allOf": [reference], "nullable": true})),
            json!({
                "Thing": holder(reference.clone()),
                "Inner": {"type": "object", "nullable": true, "required": ["a"],
                          "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
            }),
        ),
        (
            "null in the enum",
            holder_named(json!({"type": "string", "nullable": true, "enum": ["x", "y"]})),
            holder_named(json!({"type": "string", "nullable": true, "enum": ["y", "x", null]})),
        ),
        (
            "an object without its type",
            named(reference.clone()),
            json!({
                "Thing": {"properties": {"p": {"required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}}},
            }),
        ),
        (
            "an open enum as a union with any text",
            holder_named(json!({"type": "string", "enum": ["x", "y"], "x-extensible-enum": true})),
            holder_named(json!({"anyOf": [{"type": "string"}, {"type": "string", "enum": ["x", "y"]}]})),
        ),
        (
            "an open enum by either mark",
            holder_named(json!({"type": "string", "enum": ["x", "y"], "x-extensible-enum": true})),
            holder_named(
                json!({"type": "string", "enum": ["x", "y"], "x-ms-enum": {"name": "E", "modelAsString": true}}),
            ),
        ),
        (
            "an enum as a union of enums",
            holder_named(json!({"type": "string", "enum": ["x", "y"]})),
            holder_named(json!({"oneOf": [{"type": "string", "enum": ["x"]}, {"type": "string", "enum": ["y"]}]})),
        ),
        (
            "branches in another order, oneOf or anyOf",
            holder_named(json!({"oneOf": [{"type": "string"}, {"type": "integer"}]})),
            holder_named(json!({"anyOf": [{"type": "integer"}, {"type": "string"}]})),
        ),
        (
            "further properties, said or not",
            holder_named(json!({"type": "object"})),
            holder_named(json!({"type": "object", "additionalProperties": true})),
        ),
        ("any value", holder_named(json!({})), holder_named(json!({"nullable": true, "description": "anything"}))),
        (
            "limits that say nothing",
            holder_named(json!({"type": "string"})),
            holder_named(json!({"type": "string", "minLength": 0})),
        ),
        (
            "numbers by value",
            holder_named(json!({"type": "number", "maximum": 1, "default": 2})),
            holder_named(json!({"type": "number", "maximum": 1.0, "default": 2.0})),
        ),
    ] {
        same(api(&old), api(&new), about);
    }
}

fn holder_named(property: Value) -> Value {
    json!({"Thing": {"type": "object", "properties": {"p": property}}})
}

/// OpenAPI 3.0, 3.1 and Swagger 2.0 say the same in other words.
#[test]
fn versions_of_the_specification() {
    for (about, old, new) in [
        ("null", json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
        (
            "null as a kind",
            json!({"type": "string", "nullable": true}),
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ),
        (
            "null in the enum",
            json!({"type": "string", "nullable": true, "enum": ["a", null]}),
            json!({"enum": ["a", null]}),
        ),
        ("a constant", json!({"type": "string", "enum": ["a"]}), json!({"const": "a"})),
        (
            "an excluded limit",
            json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true}),
            json!({"type": "integer", "exclusiveMinimum": 1}),
        ),
        (
            "several types",
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"type": ["integer", "string"]}),
        ),
        ("a list of one type", json!({"type": "array", "items": {}}), json!({"type": ["array"]})),
        (
            "bytes as text",
            json!({"type": "string", "format": "byte"}),
            json!({"type": "string", "contentEncoding": "base64"}),
        ),
        (
            "bytes",
            json!({"type": "string", "format": "binary"}),
            json!({"type": "string", "contentMediaType": "application/octet-stream"}),
        ),
        (
            "whole numbers above nothing",
            json!({"type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 9}),
            json!({"type": "integer", "minimum": 1, "exclusiveMaximum": 10}),
        ),
    ] {
        same(api(&holder_named(old)), api_3_1(&holder_named(new)), about);
    }
    let wrapped = json!({"allOf": [{"$ref": "#/components/schemas/Inner"}], "nullable": true, "deprecated": true});
    let beside = json!({"$ref": "#/components/schemas/Inner", "deprecated": true});
    let inner = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let old = json!({"Thing": {"type": "object", "properties": {"p": wrapped}}, "Inner": inner});
    let new = json!({"Thing": {"type": "object", "properties": {"p": {"anyOf": [beside, {"type": "null"}]}}}, "Inner": inner});
    same(api(&old), api_3_1(&new), "a reference with siblings");
}

#[test]
fn swagger_2_says_the_same() {
    let swagger = json!({
        "swagger": "2.0", "info": {"title": "t", "version": "1"},
        "host": "example.com", "basePath": "/v1", "schemes": ["https"],
        "consumes": ["application/json"], "produces": ["application/json"],
        "securityDefinitions": {"basic": {"type": "basic"},
            "oauth": {"type": "oauth2", "flow": "application", "tokenUrl": "https://example.com/t", "scopes": {"r": ""}}},
        "security": [{"oauth": ["r"]}],
        "parameters": {"Limit": {"name": "limit", "in": "query", "type": "integer", "format": "int32", "maximum": 9}},
        "responses": {"Bad": {"description": "bad", "schema": {"$ref": "#/definitions/Problem"}}},
        "paths": {
            "/pets/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "type": "string"}],
                "get": {
                    "parameters": [{"$ref": "#/parameters/Limit"},
                        {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"}],
                    "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/Pet"},
                        "headers": {"X-A": {"type": "string"}}}, "default": {"$ref": "#/responses/Bad"}},
                },
                "put": {
                    "parameters": [{"name": "pet", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Pet"}}],
                    "responses": {"204": {"description": ""}},
                },
            },
            "/files": {"post": {
                "consumes": ["multipart/form-data"],
                "parameters": [{"name": "file", "in": "formData", "type": "file", "required": true},
                               {"name": "note", "in": "formData", "type": "string"}],
                "responses": {"201": {"description": ""}},
            }},
        },
        "definitions": {
            "Pet": {"type": "object", "discriminator": "kind", "required": ["kind"],
                    "properties": {"kind": {"type": "string"}, "name": {"type": "string", "x-nullable": true}}},
            "Cat": {"x-ms-discriminator-value": "cat", "allOf": [{"$ref": "#/definitions/Pet"}],
                    "properties": {"lives": {"type": "integer"}}},
            "Problem": {"type": "object", "properties": {"code": {"type": "string"}}},
        },
    });
    let pet = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}});
    let openapi = json!({
        "openapi": "3.0.3", "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://example.com/v1"}],
        "security": [{"o": ["r"]}],
        "paths": {
            "/pets/{petId}": {
                "get": {
                    "parameters": [
                        {"name": "petId", "in": "path", "required": true, "schema": {"type": "string"}},
                        {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "format": "int32", "maximum": 9}}],
                    "responses": {"200": {"description": "", "content": pet, "headers": {"x-a": {"schema": {"type": "string"}}}},
                        "default": {"description": "", "content": {"application/json": {"schema":
                            {"type": "object", "properties": {"code": {"type": "string"}}}}}}},
                },
                "put": {
                    "parameters": [{"name": "petId", "in": "path", "required": true, "schema": {"type": "string"}}],
                    "requestBody": {"required": true, "content": pet},
                    "responses": {"204": {"description": ""}},
                },
            },
            "/files": {"post": {
                "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": {"type": "object", "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "note": {"type": "string"}}}}}},
                "responses": {"201": {"description": ""}},
            }},
        },
        "components": {
            "securitySchemes": {"o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://example.com/t", "scopes": {}}}}},
            "schemas": {
                "Pet": {"type": "object", "discriminator": {"propertyName": "kind"}, "required": ["kind"],
                        "properties": {"kind": {"type": "string"}, "name": {"type": "string", "nullable": true}}},
                "Cat": {"x-ms-discriminator-value": "cat", "allOf": [{"$ref": "#/components/schemas/Pet"}],
                        "properties": {"lives": {"type": "integer"}}},
            },
        },
    });
    same(swagger.clone(), openapi, "Swagger 2.0 and OpenAPI 3.0");

    let mut without_cat = swagger.clone();
    without_cat["definitions"].as_object_mut().unwrap().remove("Cat");
    assert_eq!(
        difference(swagger.clone(), without_cat),
        ["breaking request-union-branch-removed schema Pet", "compatible response-union-branch-removed schema Pet",]
    );
    let mut other = swagger.clone();
    other["paths"]["/files"]["post"]["parameters"][1]["required"] = true.into();
    other["parameters"]["Limit"]["maximum"] = 8.into();
    other["definitions"]["Cat"]["properties"]["lives"]["type"] = "string".into();
    assert_eq!(
        difference(swagger, other),
        [
            "breaking request-property-became-required POST /files request multipart/form-data .note",
            "breaking request-limit-tightened GET /pets/{id} query parameter limit",
            "breaking request-type-changed schema Cat .lives",
            "breaking response-type-changed schema Cat .lives",
        ]
    );
}

/// Where operations and what they take are written says nothing.
#[test]
fn ways_of_writing_an_operation() {
    let base = api(&json!({"Thing": {"type": "object"}}));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut changed = base.clone();
        changed["servers"] = json!([{"url": "https://{area}.example.com",
            "variables": {"area": {"default": "eu", "enum": ["eu", "us"], "description": "where"}}}]);
        changed["paths"]["/thing/{id}/part/{part}"] = json!({"get": {
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "part", "in": "path", "required": true, "schema": {"type": "integer"}},
                {"name": "q", "in": "query", "schema": {"type": "string"}},
                {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}},
        }});
        change(&mut changed);
        changed
    };
    let old = changed(&|_| {});
    let item = "/thing/{id}/part/{part}";
    for (about, new) in [
        (
            "other names in the path",
            changed(&|api| {
                let mut item = api["paths"].as_object_mut().unwrap().remove(item).unwrap();
                item["get"]["parameters"][0]["name"] = "part".into();
                item["get"]["parameters"][1]["name"] = "number".into();
                api["paths"]["/thing/{part}/part/{number}"] = item;
            }),
        ),
        (
            "parameters in another order, of the path, by reference",
            changed(&|api| {
                let parameters = api["paths"][item]["get"]["parameters"].as_array_mut().unwrap();
                let mut moved: Vec<Value> = parameters.drain(..3).rev().collect();
                api["components"]["parameters"] = json!({"Q": moved.remove(0)});
                moved.push(json!({"$ref": "#/components/parameters/Q"}));
                api["paths"][item]["parameters"] = moved.into();
            }),
        ),
        (
            "one of the path that the operation has its own of",
            changed(&|api| {
                api["paths"][item]["parameters"] =
                    json!([{"name": "q", "in": "query", "required": true, "schema": {"type": "integer"}}]);
            }),
        ),
        (
            "headers in small letters",
            changed(&|api| {
                api["paths"][item]["get"]["parameters"][3]["name"] = "x-trace".into();
            }),
        ),
        (
            "JSON with its character set",
            changed(&|api| {
                api["paths"][item]["get"]["responses"]["200"]["content"] =
                    json!({"application/json; charset=utf-8": {"schema": {"type": "string"}}});
            }),
        ),
        (
            "answers and bodies by reference",
            changed(&|api| {
                api["components"]["responses"] = json!({"R": api["paths"][item]["get"]["responses"]["200"]});
                api["paths"][item]["get"]["responses"]["200"] = json!({"$ref": "#/components/responses/R"});
                api["components"]["requestBodies"] = json!({"B": api["paths"]["/thing"]["put"]["requestBody"]});
                api["paths"]["/thing"]["put"]["requestBody"] = json!({"$ref": "#/components/requestBodies/B"});
            }),
        ),
        (
            "styles that are the default",
            changed(&|api| {
                api["paths"][item]["get"]["parameters"][2]["style"] = "form".into();
                api["paths"][item]["get"]["parameters"][2]["explode"] = false.into();
            }),
        ),
        (
            "a range of statuses",
            changed(&|api| {
                let answer = api["paths"][item]["get"]["responses"]["200"].clone();
                api["paths"][item]["get"]["responses"] = json!({"2XX": answer});
            }),
        ),
        (
            "names, tags and words",
            changed(&|api| {
                api["paths"][item]["get"]["operationId"] = "get".into();
                api["paths"][item]["get"]["tags"] = json!(["A"]);
                api["paths"][item]["get"]["summary"] = "words".into();
                api["info"]["version"] = "2".into();
            }),
        ),
        (
            "servers of the document, of the path or of the operation, with other names for variables",
            changed(&|api| {
                api["paths"][item]["servers"] = api["servers"].clone();
                api["paths"][item]["servers"][0]["url"] = "https://{place}.example.com/".into();
                api["paths"][item]["servers"][0]["variables"] =
                    json!({"place": {"default": "eu", "enum": ["us", "eu"]}});
            }),
        ),
        (
            "success by default",
            changed(&|api| {
                let answer = api["paths"][item]["get"]["responses"]["200"].clone();
                api["paths"][item]["get"]["responses"] = json!({"default": answer});
            }),
        ),
        (
            "headers that are told elsewhere",
            changed(&|api| {
                let parameters = api["paths"][item]["get"]["parameters"].as_array_mut().unwrap();
                parameters
                    .push(json!({"name": "Accept", "in": "header", "required": true, "schema": {"type": "string"}}));
            }),
        ),
    ] {
        same(old.clone(), new, about);
    }
}

/// Parameters differ by their whole names, by how they are written, and by what their schemas announce.
#[test]
fn parameters() {
    let with = |parameter: Value| {
        let mut api = api(&json!({"Thing": {}}));
        api["paths"] =
            json!({"/thing": {"get": {"parameters": [parameter], "responses": {"200": {"description": ""}}}}});
        api
    };
    let query = |name: &str, schema: Value| with(json!({"name": name, "in": "query", "schema": schema}));
    let text = json!({"type": "string"});
    let old = || query("limit", text.clone());
    assert_eq!(
        difference(old(), query("Limit", text.clone())),
        ["breaking request-parameter-removed GET /thing", "compatible request-parameter-added GET /thing"]
    );
    assert_eq!(
        difference(
            old(),
            with(json!({"name": "limit", "in": "query", "content": {"application/json": {"schema": text}}}))
        ),
        ["breaking request-parameter-style-changed GET /thing query parameter limit"]
    );
    assert_eq!(
        difference(old(), query("limit", json!({"type": "string", "deprecated": true}))),
        ["compatible request-parameter-deprecated GET /thing query parameter limit"]
    );
    assert_eq!(
        difference(old(), with(json!({"name": "Limit", "in": "header", "schema": text}))),
        ["breaking request-parameter-moved GET /thing query parameter limit"]
    );
}

/// Bytes have no schema in OpenAPI 3.1, and a hint is no definition.
#[test]
fn ways_of_writing_bodies_and_hints() {
    let with = |media: Value| {
        let mut api = api(&json!({"Thing": {}}));
        api["paths"]["/thing"]["put"]["requestBody"]["content"] = json!({"application/octet-stream": media});
        api
    };
    same(with(json!({"schema": {"type": "string", "format": "binary"}})), with(json!({})), "bytes");
    let hinted = |scheme: Value| {
        let mut api = api(&json!({"Thing": {}}));
        api["components"]["securitySchemes"] = json!({"token": scheme});
        api["security"] = json!([{"token": []}]);
        api
    };
    same(
        hinted(json!({"type": "http", "scheme": "bearer"})),
        hinted(json!({"type": "http", "scheme": "Bearer", "bearerFormat": "JWT"})),
        "the format of a token",
    );
}

/// Security by what it asks for, not by what it is called.
#[test]
fn ways_of_writing_security() {
    let secured = |schemes: Value, security: Value| {
        let mut api = api(&json!({"Thing": {"type": "object"}}));
        api["components"]["securitySchemes"] = schemes;
        api["security"] = security;
        api
    };
    let key = json!({"type": "apiKey", "in": "header", "name": "api-key"});
    let bearer = json!({"type": "http", "scheme": "bearer"});
    same(
        secured(json!({"a": key, "b": bearer}), json!([{"a": []}, {"b": []}])),
        secured(json!({"x": bearer, "y": key}), json!([{"x": []}, {"y": []}])),
        "renamed and in another order",
    );
    let old = secured(json!({"a": key, "b": bearer}), json!([{"a": []}, {"b": []}]));
    let (token, login) = (
        json!({"tokenUrl": "https://example.com/t", "scopes": {}}),
        json!({"authorizationUrl": "https://example.com/a", "scopes": {}}),
    );
    let flows = |flows: Value| secured(json!({"o": {"type": "oauth2", "flows": flows}}), json!([{"o": []}]));
    let (one, two) =
        (flows(json!({"clientCredentials": token})), flows(json!({"clientCredentials": token, "implicit": login})));
    assert_eq!(difference(one.clone(), two.clone()), ["compatible security-alternative-added PUT /thing"]);
    assert_eq!(difference(two, one), ["breaking security-alternative-removed PUT /thing"]);
    let mut own = secured(json!({"a": key, "b": bearer}), json!([{"a": []}]));
    own["paths"]["/thing"]["put"]["security"] = json!([{"a": []}, {"b": []}]);
    same(old.clone(), own, "of the operation or of the document");
    let both = secured(json!({"a": key, "b": bearer}), json!([{"a": [], "b": []}]));
    assert_eq!(
        difference(old, both),
        ["breaking security-alternative-removed PUT /thing", "breaking security-scheme-added PUT /thing"]
    );
}

/// What the service calls is compared as a whole, by meaning, however deep it differs.
#[test]
fn callbacks_by_meaning() {
    let calling = |callback: Value, schemas: Value| {
        let mut api = api(&schemas);
        api["paths"]["/thing"]["put"]["callbacks"] = json!({"done": callback});
        api
    };
    let schemas = |name: &str, leaf: &str| {
        let inner = format!("{name}Inner");
        json!({
            "Thing": {},
            name: {"type": "object", "properties": {"a": {"$ref": format!("#/components/schemas/{inner}")}}},
            inner.clone(): {"type": "object", "properties": {"b": {"type": "array", "items": {"type": leaf}}, "up": {"$ref": format!("#/components/schemas/{name}")}}},
        })
    };
    let callback = |schema: Value, required: bool| {
        json!({"{$request.body#/url}": {"post": {
            "requestBody": {"required": required, "content": {"application/json": {"schema": schema}}},
            "responses": {"200": {"description": ""}},
        }}})
    };
    let event = || json!({"$ref": "#/components/schemas/Event"});
    let old = calling(callback(event(), true), schemas("Event", "string"));
    let renamed =
        calling(callback(json!({"allOf": [{"$ref": "#/components/schemas/Other"}]}), true), schemas("Other", "string"));
    same(old.clone(), renamed, "a renamed schema");
    let mut shared = calling(json!({"$ref": "#/components/callbacks/Done"}), schemas("Event", "string"));
    shared["components"]["callbacks"] = json!({"Done": callback(event(), true)});
    shared["components"]["callbacks"]["Done"]["{$request.body#/url}"]["post"]["operationId"] = "done".into();
    same(old.clone(), shared, "a callback by reference, with a name");
    for new in [
        calling(callback(event(), false), schemas("Event", "string")),
        calling(callback(event(), true), schemas("Event", "integer")),
    ] {
        assert_eq!(difference(old.clone(), new), ["warning callbacks-changed PUT /thing"]);
    }
}

/// Cycles in any form end, and what differs in them is found once.
#[test]
fn cycles() {
    let tree = |leaf: &str| {
        json!({
            "Thing": {"type": "object", "properties": {
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                "map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Other"}},
            }},
            "Other": {"allOf": [{"$ref": "#/components/schemas/Thing"}], "properties": {
                "either": {"oneOf": [{"$ref": "#/components/schemas/Other"}, {"$ref": "#/components/schemas/Thing"}, {"type": leaf}]},
            }},
        })
    };
    same(api(&tree("string")), api(&tree("string")), "a tree");
    let found = difference(api(&tree("string")), api(&tree("integer")));
    assert_eq!(
        found,
        [
            "breaking request-union-branch-removed schema Other .either",
            "breaking response-union-branch-added schema Other .either",
            "compatible request-union-branch-added schema Other .either",
            "compatible response-union-branch-removed schema Other .either",
        ]
    );
    // Unrolled once, it is the same tree.
    let mut unrolled = tree("string");
    unrolled["Thing"]["properties"]["children"]["items"] = json!({"type": "object", "properties": {
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        "map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Other"}},
    }});
    same(api(&tree("string")), api(&unrolled), "a tree with one level unrolled");
    // What leads to itself alone says nothing.
    let itself = json!({"Thing": {"allOf": [{"$ref": "#/components/schemas/Thing"}]}});
    same(api(&itself), api(&json!({"Thing": {}})), "a schema that is made of itself");
}

/// What is a union on one side only is told where it stands, not by the name of one of its kinds.
#[test]
fn unions_that_come_and_go() {
    let kind = |name: &str| json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": [name]}}});
    let schemas = |items: Value| json!({"Thing": {"type": "array", "items": items}, "A": kind("a"), "B": kind("b")});
    let (a, b) = (json!({"$ref": "#/components/schemas/A"}), json!({"$ref": "#/components/schemas/B"}));
    let both = json!({"oneOf": [a, b]});
    assert_eq!(
        difference(api(&schemas(both.clone())), api(&schemas(a.clone()))),
        [
            "breaking request-union-branch-removed schema Thing []",
            "compatible response-union-branch-removed schema Thing []",
        ]
    );
    assert_eq!(
        difference(api(&schemas(a)), api(&schemas(both))),
        [
            "breaking response-union-branch-added schema Thing []",
            "compatible request-union-branch-added schema Thing []",
        ]
    );
}

fn kind(tag: &str, more: Value) -> Value {
    let mut properties = json!({"kind": {"type": "string", "enum": [tag]}});
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"type": "object", "required": ["kind"], "properties": properties})
}

/// Unions that mean the same.
#[test]
fn ways_of_writing_a_union() {
    let with = |property: Value| {
        api(&json!({"Thing": {"type": "object", "properties": {"p": property}},
            "A": kind("a", json!({})), "B": kind("b", json!({}))}))
    };
    let (a, b) = (json!({"$ref": "#/components/schemas/A"}), json!({"$ref": "#/components/schemas/B"}));
    let object = |name: &str| json!({"type": "object", "required": [name], "properties": {name: {"type": "string"}}});
    let text = json!({"type": "string"});
    for (about, old, new) in [
        (
            "properties beside it or in each kind",
            json!({"type": "object", "required": ["x"], "properties": {"x": text, "y": text}, "oneOf": [a, b]}),
            json!({"oneOf": [
                {"type": "object", "required": ["kind", "x"], "properties": {"kind": {"type": "string", "enum": ["a"]}, "x": text, "y": text}},
                {"type": "object", "required": ["kind", "x"], "properties": {"kind": {"type": "string", "enum": ["b"]}, "x": text, "y": text}},
            ]}),
        ),
        (
            "one of the properties beside it, kinds that say nothing of what they are",
            json!({"properties": {"x": text, "y": text}, "anyOf": [object("one"), object("two")]}),
            json!({"properties": {"y": text}, "anyOf": [
                {"type": "object", "required": ["one"], "properties": {"one": text, "x": text}},
                {"type": "object", "required": ["two"], "properties": {"two": text, "x": text}},
            ]}),
        ),
        (
            "a union in a union",
            json!({"oneOf": [object("one"), {"anyOf": [object("two"), object("three")]}]}),
            json!({"oneOf": [object("three"), object("one"), object("two")]}),
        ),
        (
            "null beside a union, or in a union within it",
            json!({"nullable": true, "oneOf": [object("one"), object("two"), object("three")]}),
            json!({"oneOf": [object("two"), {"oneOf": [object("one"), {"enum": [null]}, object("three")]}]}),
        ),
        (
            "null in a kind",
            json!({"nullable": true, "oneOf": [object("one"), object("two")]}),
            json!({"oneOf": [{"type": "object", "nullable": true, "required": ["one"], "properties": {"one": text}}, object("two")]}),
        ),
        (
            "numbers, each by itself",
            json!({"type": "integer", "enum": [1, 2]}),
            json!({"oneOf": [{"type": "integer", "enum": [2]}, {"type": "integer", "enum": [1]}]}),
        ),
        (
            "a discriminator that kinds say themselves",
            json!({"oneOf": [a, b], "discriminator": {"propertyName": "kind"}}),
            json!({"oneOf": [a, b]}),
        ),
    ] {
        same(with(old), with(new), about);
    }
}

/// Kinds are found again though several differ.
#[test]
fn changed_kinds() {
    let with = |kinds: Value| api(&json!({"Thing": {"type": "object", "properties": {"p": {"oneOf": kinds}}}}));
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    // By the one value that a property has in each.
    assert_eq!(
        difference(
            with(json!([kind("a", json!({"x": text})), kind("b", json!({"y": text}))])),
            with(json!([kind("b", json!({"y": text, "z": text})), kind("a", json!({"x": number}))])),
        ),
        [
            "breaking request-type-changed schema Thing .p<a>.x",
            "breaking response-type-changed schema Thing .p<a>.x",
            "compatible request-property-added schema Thing .p<b>.z",
            "compatible response-property-added schema Thing .p<b>.z",
        ]
    );
    // By their properties, or by those that they require.
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    assert_eq!(
        difference(
            with(json!([object(&["x"], json!({"x": text})), object(&["y"], json!({"y": text}))])),
            with(json!([object(&["x"], json!({"x": text, "z": text})), object(&["y"], json!({"y": number}))])),
        ),
        [
            "breaking request-type-changed schema Thing .p<object (y)>.y",
            "breaking response-type-changed schema Thing .p<object (y)>.y",
            "compatible request-property-added schema Thing .p<object (x)>.z",
            "compatible response-property-added schema Thing .p<object (x)>.z",
        ]
    );
    // What has moved into the kinds is compared there.
    let beside = json!({"type": "object", "properties": {"p": {"type": "object", "properties": {"x": text},
        "oneOf": [kind("a", json!({})), kind("b", json!({}))]}}});
    assert_eq!(
        difference(
            api(&json!({"Thing": beside})),
            with(json!([kind("a", json!({"x": text})), kind("b", json!({"x": number}))])),
        ),
        ["breaking request-type-changed schema Thing .p<b>.x", "breaking response-type-changed schema Thing .p<b>.x",]
    );
}

/// Found once, with every place that shows it.
#[test]
fn a_shared_schema_is_told_once() {
    let shared = |kind: &str| {
        let mut api = api(&json!({
            "Thing": {"type": "object", "properties": {
                "a": {"$ref": "#/components/schemas/Shared"}, "b": {"type": "array", "items": {"$ref": "#/components/schemas/Shared"}},
            }},
            "Shared": {"type": "object", "properties": {"x": {"type": kind}}},
        }));
        for path in ["/one", "/two"] {
            api["paths"][path] = json!({"get": {"responses": {"200": {"description": "", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}});
        }
        api
    };
    let report = compare(&document("old", shared("string")), &document("new", shared("integer"))).unwrap();
    assert_eq!(
        support::found(&report),
        ["breaking request-type-changed schema Shared .x", "breaking response-type-changed schema Shared .x",]
    );
    let shown = |index: usize| -> Vec<String> {
        let occurrences = &report.changes[index].occurrences;
        occurrences.iter().map(|it| format!("{} {}", report.subjects[it.operation].kind, it.place)).collect()
    };
    assert_eq!(shown(0), ["PUT /thing request application/json .a.x"]);
    assert_eq!(
        shown(1),
        [
            "GET /one response 200 application/json .a.x",
            "PUT /thing response 200 application/json .a.x",
            "GET /two response 200 application/json .a.x",
        ]
    );
}

/// A property of a schema that others take in whole is one property, and belongs to that schema.
#[test]
fn what_schemas_share_is_told_once() {
    let base = json!({"$ref": "#/components/schemas/Base"});
    let schemas = |properties: Value, required: Value, discriminator: bool| {
        let mut base_schema = json!({"type": "object", "properties": properties, "required": required});
        if discriminator {
            base_schema["discriminator"] = json!({"propertyName": "kind"});
        }
        json!({
            "Thing": {"type": "object", "properties": {
                "a": {"$ref": "#/components/schemas/A"}, "b": {"$ref": "#/components/schemas/B"}, "z": base}},
            "A": {"allOf": [base], "type": "object", "properties": {"own": {"type": "string"}}},
            "B": {"allOf": [base, {"type": "object", "properties": {"other": {"type": "string"}}}]},
            "Base": base_schema,
        })
    };
    let text = json!({"type": "string"});
    for discriminator in [false, true] {
        let old = api(&schemas(json!({"kind": text, "x": text}), json!(["kind"]), discriminator));
        for (new, request, response) in [
            (
                schemas(json!({"kind": text}), json!(["kind"]), discriminator),
                "breaking request-property-removed schema Base .x",
                "breaking response-property-removed schema Base .x",
            ),
            (
                schemas(json!({"kind": text, "x": text, "y": text}), json!(["kind"]), discriminator),
                "compatible request-property-added schema Base .y",
                "compatible response-property-added schema Base .y",
            ),
            (
                schemas(json!({"kind": text, "x": text}), json!(["kind", "x"]), discriminator),
                "breaking request-property-became-required schema Base .x",
                "compatible response-property-became-required schema Base .x",
            ),
            (
                schemas(
                    json!({"kind": text, "x": {"type": "string", "nullable": true}}),
                    json!(["kind"]),
                    discriminator,
                ),
                "compatible request-became-nullable schema Base .x",
                "breaking response-became-nullable schema Base .x",
            ),
        ] {
            let report = compare(&document("old", old.clone()), &document("new", api(&new))).unwrap();
            let mut found = support::found(&report);
            found.sort_by_key(|line| line.contains(" response-"));
            assert_eq!(found, [request, response]);
            for change in &report.changes {
                let places: Vec<_> = change.occurrences.iter().map(|it| it.place.path.clone()).collect();
                for name in [".a.", ".b.", ".z."] {
                    assert!(places.iter().any(|place| place.starts_with(name)), "{places:?}");
                }
            }
        }
    }
    // What each says for itself is said twice.
    let old = api(&schemas(json!({"kind": text, "x": text}), json!([]), false));
    let mut new = schemas(json!({"kind": text, "x": text}), json!([]), false);
    for name in ["A", "B"] {
        new[name]["required"] = json!(["x"]);
    }
    let found = difference(old, api(&new));
    assert_eq!(found.iter().filter(|line| line.starts_with("breaking request-property-became-required")).count(), 2);
}

/// What several operations share is written once, and what differs in it is told once, with all operations.
#[test]
fn what_operations_share_is_told_once() {
    let base = || {
        let operation = || {
            json!({
                "parameters": [{"$ref": "#/components/parameters/Version"}],
                "responses": {"200": {"description": ""}, "default": {"$ref": "#/components/responses/Bad"}},
            })
        };
        let mut api = api(&json!({"Thing": {}}));
        api["security"] = json!([{"key": []}]);
        api["paths"] = json!({
            "/a": {"parameters": [{"name": "X-A", "in": "header", "schema": {"type": "string"}}],
                   "get": operation(), "put": operation()},
            "/b": {"get": operation()},
        });
        api["components"]["securitySchemes"] = json!({"key": {"type": "apiKey", "in": "header", "name": "api-key"}});
        api["components"]["parameters"] =
            json!({"Version": {"name": "v", "in": "query", "schema": {"type": "string", "default": "1"}}});
        api["components"]["responses"] = json!({"Bad": {"description": "", "content": {"text/plain": {}}}});
        api
    };
    let edit = |change: &dyn Fn(&mut Value)| {
        let mut api = base();
        change(&mut api);
        api
    };
    for (about, new, line, places) in [
        (
            "a parameter",
            edit(&|api| api["components"]["parameters"]["Version"]["required"] = true.into()),
            "breaking request-parameter-became-required GET /a query parameter v",
            3,
        ),
        (
            "its default",
            edit(&|api| api["components"]["parameters"]["Version"]["schema"]["default"] = "2".into()),
            "warning request-default-changed GET /a query parameter v",
            3,
        ),
        (
            "a header of a path",
            edit(&|api| api["paths"]["/a"]["parameters"][0]["required"] = true.into()),
            "breaking request-header-became-required GET /a header parameter X-A",
            2,
        ),
        (
            "one that goes",
            edit(&|api| api["paths"]["/a"]["parameters"] = json!([])),
            "breaking request-header-removed GET /a",
            2,
        ),
        (
            "an answer",
            edit(&|api| api["components"]["responses"]["Bad"]["content"] = json!({})),
            "breaking response-media-type-removed GET /a",
            3,
        ),
        ("security", edit(&|api| api["security"] = json!([])), "compatible security-not-required GET /a", 3),
        (
            "one operation alone",
            edit(&|api| api["paths"]["/b"]["get"]["parameters"] = json!([])),
            "breaking request-parameter-removed GET /b",
            1,
        ),
    ] {
        let report = compare(&document("old", base()), &document("new", new)).unwrap();
        assert_eq!(support::found(&report), [line], "{about}");
        assert_eq!(report.changes[0].occurrences.len(), places, "{about}");
        let told = format!("and in {} other operation", places - 1);
        assert_eq!(report.text(false).contains(&told), places > 1, "{about}:\n{report}");
        assert_eq!(report.markdown().contains(&told), places > 1, "{about}");
    }
    // Each on its own, they are several.
    let apart = edit(&|api| {
        for (path, method) in [("/a", "get"), ("/b", "get")] {
            api["paths"][path][method]["parameters"] =
                json!([{"name": "v", "in": "query", "required": true, "schema": {"type": "string", "default": "1"}}]);
        }
    });
    assert_eq!(
        difference(base(), apart),
        [
            "breaking request-parameter-became-required GET /a query parameter v",
            "breaking request-parameter-became-required GET /b query parameter v",
        ]
    );
}
