//! Loading: what is refused and how it is said, what is accepted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

use openapi_compare::{Document, Error, ErrorKind, Limits, Method, Pointer, SpecVersion};
use proptest::prelude::*;
use serde_json::{Value, json};

fn load(text: &str) -> Result<Document, Error> {
    Document::from_slice(text.as_bytes(), "api.yaml")
}

#[test]
fn versions() {
    for (text, version, shown) in [
        (r#"{"swagger": "2.0"}"#, SpecVersion::Swagger2, "Swagger 2.0"),
        ("swagger: 2.0", SpecVersion::Swagger2, "Swagger 2.0"),
        ("openapi: 3.0.3", SpecVersion::OpenApi3_0("3".to_owned()), "OpenAPI 3.0.3"),
        ("openapi: 3.0", SpecVersion::OpenApi3_0(String::new()), "OpenAPI 3.0"),
        ("openapi: 3.1", SpecVersion::OpenApi3_1(String::new()), "OpenAPI 3.1"),
        ("openapi: '3.1.1'", SpecVersion::OpenApi3_1("1".to_owned()), "OpenAPI 3.1.1"),
        (" \n {\"openapi\": \"3.0.0\"}", SpecVersion::OpenApi3_0("0".to_owned()), "OpenAPI 3.0.0"),
        ("\u{feff}{\"openapi\": \"3.0.0\"}", SpecVersion::OpenApi3_0("0".to_owned()), "OpenAPI 3.0.0"),
    ] {
        let document = load(text).unwrap();
        assert_eq!(*document.version(), version, "{text}");
        assert_eq!(document.version().to_string(), shown, "{text}");
        assert_eq!(document.name(), "api.yaml");
    }
}

#[test]
fn refusals_say_what_and_where() {
    use ErrorKind::*;
    for (text, kind, said) in [
        (
            "",
            NotOpenApi,
            "api.yaml: not an OpenAPI document: found nothing (null) at the top; expected an object with `openapi` or `swagger`",
        ),
        ("[1, 2]", NotOpenApi, "found a list of 2 at the top"),
        ("<!DOCTYPE html>", NotOpenApi, "found the text \"<!DOCTYPE html>\" at the top"),
        ("{}", NotOpenApi, "found an empty object at the top"),
        (
            "g: 1\nf: 1\ne: 1\nd: 1\nc: 1\nb: 1\na: 1",
            NotOpenApi,
            "found an object with `a`, `b`, `c`, `d`, `e`, … at the top",
        ),
        (r#"{"openapi": "3.0.0", "swagger": "2.0"}"#, NotOpenApi, "found both `openapi` and `swagger`"),
        (r#"{"openapi": null}"#, NotOpenApi, "`openapi` is nothing (null)"),
        (
            r#"{"openapi": "2.0"}"#,
            UnsupportedVersion,
            "api.yaml: `openapi: 2.0` is not supported; supported are OpenAPI 3.0 and 3.1",
        ),
        ("openapi: 3.00.1", UnsupportedVersion, "`openapi: 3.00.1` is not supported"),
        ("openapi: 3.0.", UnsupportedVersion, "`openapi: 3.0.` is not supported"),
        ("openapi: 3.10.0", UnsupportedVersion, "`openapi: 3.10.0` is not supported"),
        ("swagger: '1.2'", UnsupportedVersion, "`swagger: 1.2` is not supported"),
        (
            "{\"a\": 1,\n \"b\": }",
            Syntax,
            "api.yaml:2:7: not well-formed JSON: expected value; correct it there (at #/b)",
        ),
        (
            "{\"a\": [1, tru",
            Syntax,
            "api.yaml:1:13: not well-formed JSON: EOF while parsing a value; correct it there (at #/a/1)",
        ),
        ("{} x", Syntax, "not well-formed JSON: trailing characters"),
        ("{\"a\": 1e999}", Syntax, "not well-formed JSON: number out of range"),
        ("a: b: c", Syntax, "api.yaml:1:5: not well-formed YAML: "),
        (
            "{\"a\": {\n\"b\": 1, \"c\": 2,\n\"b\": 3}}",
            DuplicateKey,
            "api.yaml:3:3: the key \"b\" stands twice in one object; remove or rename one of them (at #/a)",
        ),
        ("{\"a\": 1, \"\\u0061\": 2}", DuplicateKey, "the key \"a\" stands twice"),
        (
            "a:\n  b: 1\n  'b': 2",
            DuplicateKey,
            "api.yaml:3:3: the key \"b\" stands twice in one object; remove or rename one of them (at #/a)",
        ),
        ("a: .inf", NotJson, "api.yaml:1:4: JSON has no number `.inf`"),
    ] {
        let error = load(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.to_string().contains(said), "{text}: {error}");
        assert_eq!(error.name(), "api.yaml");
    }
}

#[test]
fn other_encodings_are_refused() {
    let error = Document::from_slice(b"a: 1\nb: \xe4\xff", "api.yaml").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encoding);
    assert_eq!((error.line(), error.column()), (Some(2), Some(4)));
}

#[test]
fn files() {
    let missing = Document::from_path("no/such/file.json").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Read);
    assert!(missing.to_string().starts_with("no/such/file.json: the file could not be read"));
    assert!(std::error::Error::source(&missing).is_some());

    let directory = Document::from_path(env!("CARGO_MANIFEST_DIR")).unwrap_err();
    assert_eq!(directory.kind(), ErrorKind::Read);

    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let small = Limits::default().max_bytes(10);
    let large = Document::from_path_within(manifest, &small).unwrap_err();
    assert_eq!(large.kind(), ErrorKind::TooLarge);
    assert!(large.to_string().contains("larger than 10 bytes"), "{large}");
}

#[test]
fn sizes() {
    let text = r#"{"openapi": "3.0.0"}"#;
    let length = u64::try_from(text.len()).unwrap();
    for (limit, fits) in [(length, true), (length - 1, false)] {
        let limits = Limits::default().max_bytes(limit);
        let loaded = Document::from_slice_within(text.as_bytes(), "a", &limits);
        assert_eq!(loaded.is_ok(), fits);
    }
}

/// A document whose deepest list stands at that level.
fn nested(levels: usize) -> [String; 3] {
    let around = levels - 1;
    let list = format!("{}{}", "[".repeat(around), "]".repeat(around));
    let lines = "- ".repeat(around);
    [
        format!("{{\"openapi\": \"3.0.0\", \"x\": {list}}}"),
        format!("openapi: 3.0.0\nx: {list}"),
        // The innermost element is a scalar, not a level.
        format!("openapi: 3.0.0\nx:\n  {lines}1"),
    ]
}

#[test]
fn nesting() {
    for text in nested(128) {
        let document = load(&text).unwrap();
        assert!(Document::from_value(document.into_value(), "again").is_ok());
    }
    for text in nested(129) {
        let error = load(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}");
        assert!(error.to_string().contains("deeper than 128 levels"), "{error}");
        assert!(error.pointer().is_some());
    }
    let limits = Limits::default().max_depth(3);
    for (levels, fits) in [(3, true), (4, false)] {
        for text in nested(levels) {
            let loaded = Document::from_slice_within(text.as_bytes(), "a", &limits);
            assert_eq!(loaded.is_ok(), fits, "{text}");
        }
    }
    let mut value = json!(1);
    for _ in 0..128 {
        value = json!([value]);
    }
    let error = Document::from_value(json!({"openapi": "3.0.0", "x": value}), "a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep);
}

#[test]
fn nesting_without_end_is_refused_at_once() {
    for open in ["[", "{\"a\":", "{a: ", "- ", "? ", "[? ", "{? ", "a: [", "[[", "!!seq [", "&a ["] {
        let error = load(&open.repeat(1_000_000)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooDeep | ErrorKind::Syntax | ErrorKind::NotJson), "{open}: {error}");
    }
}

#[test]
fn aliases_count_with_what_they_expand_to() {
    let mut doubling = "openapi: 3.0.0\na0: &a0 [1, 2]\n".to_owned();
    for level in 1..60 {
        let below = level - 1;
        doubling.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}]\n"));
    }
    let long_text = format!("openapi: 3.0.0\ntext: &t {}\nlist: [{}]", "x".repeat(1_000_000), "*t, ".repeat(1_000_000));
    let large_list =
        format!("openapi: 3.0.0\nlist: &l [{}]\nlists: [{}]", "1, ".repeat(100_000), "*l, ".repeat(100_000));
    for text in [doubling, long_text, large_list] {
        let error = load(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyValues, "{error}");
        assert!(error.to_string().contains("YAML aliases expanded"), "{error}");
    }
    let mut deepening = "openapi: 3.0.0\na0: &a0 []\n".to_owned();
    for level in 1..200 {
        deepening.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    let error = load(&deepening).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}");
}

#[test]
fn number_of_values() {
    // The object, the version, the list, its three elements.
    let texts = [r#"{"openapi": "3.0.0", "x": [1, 2, 3]}"#, "openapi: 3.0.0\nx: [1, 2, 3]"];
    for text in texts {
        let count = |limit| {
            let limits = Limits::default().max_values(limit);
            Document::from_slice_within(text.as_bytes(), "a", &limits).map_err(|error| error.kind())
        };
        assert!(count(20).is_ok());
        assert_eq!(count(4).unwrap_err(), ErrorKind::TooManyValues);
    }
}

#[test]
fn json_and_yaml_give_the_same() {
    let from_json = load(
        r#"{"openapi": "3.0.0", "info": {"version": "1.0"}, "paths": {"/a": {"get": {"responses":
           {"200": {"description": "a\nb"}, "default": {}}}}}, "x": [1, -1, 1.5, true, null]}"#,
    );
    let from_yaml = load(
        "openapi: 3.0.0\ninfo: {version: '1.0'}\npaths:\n  /a:\n    get:\n      responses:\n        \
         200:\n          description: |-\n            a\n            b\n        default: {}\n\
         x: [1, -1, 1.5, true, ~]\n",
    );
    assert_eq!(from_json.unwrap().into_value(), from_yaml.unwrap().into_value());
}

#[test]
fn operations_come_in_order_with_their_parameters() {
    let document = load(
        r##"
openapi: 3.0.0
paths:
  x-note: {get: {}}
  /b/{id}:
    parameters:
      - {name: id, in: path, description: of the path}
      - {$ref: '#/components/parameters/Limit'}
      - {$ref: '#/components/parameters/Missing'}
    post: {operationId: post}
    get:
      operationId: get
      parameters:
        - {name: id, in: query}
        - {name: id, in: path, description: of the operation}
  /a: {$ref: '#/paths/~1shared'}
  /shared: {trace: {}, summary: text, x-get: {}}
components:
  parameters:
    Limit: {$ref: '#/components/parameters/Real'}
    Real: {name: limit, in: query}
"##,
    )
    .unwrap();
    let operations: Vec<_> = document.operations().collect();
    let told: Vec<_> = operations
        .iter()
        .map(|operation| {
            let parameters: Vec<_> = operation
                .parameters
                .iter()
                .map(|parameter| format!("{} {} {}", parameter.location, parameter.name, parameter.pointer))
                .collect();
            format!(
                "{} {} {:?} {} [{}]",
                operation.method,
                operation.path,
                operation.operation_id,
                operation.pointer,
                parameters.join(", ")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "TRACE /a None #/paths/~1shared/trace []",
            "GET /b/{id} Some(\"get\") #/paths/~1b~1{id}/get [path id #/paths/~1b~1{id}/get/parameters/1, query limit #/components/parameters/Real, query id #/paths/~1b~1{id}/get/parameters/0]",
            "POST /b/{id} Some(\"post\") #/paths/~1b~1{id}/post [path id #/paths/~1b~1{id}/parameters/0, query limit #/components/parameters/Real]",
            "TRACE /shared None #/paths/~1shared/trace []",
        ]
    );
    for operation in operations {
        assert_eq!(operation.pointer.resolve(document.root()), Some(operation.value));
        for parameter in operation.parameters {
            assert_eq!(parameter.pointer.resolve(document.root()), Some(parameter.value));
        }
    }
    for method in Method::ALL {
        assert_eq!(method.key().to_uppercase(), method.as_str());
    }
}

#[test]
fn schemas_come_by_name() {
    for (text, place) in [
        ("openapi: 3.0.0\ncomponents: {schemas: {b: {}, a: true}}", "#/components/schemas"),
        ("swagger: 2.0\ndefinitions: {b: {}, a: true}", "#/definitions"),
    ] {
        let document = load(text).unwrap();
        let found: Vec<_> =
            document.schemas().map(|schema| (schema.name, schema.pointer.to_string(), schema.value.clone())).collect();
        assert_eq!(found, [("a", format!("{place}/a"), json!(true)), ("b", format!("{place}/b"), json!({}))]);
    }
    assert_eq!(load("openapi: 3.0.0\ncomponents: 1").unwrap().schemas().count(), 0);
}

#[test]
fn references_resolve() {
    let document = load(
        r##"{"openapi": "3.0.0", "x": {"a b": [{"$ref": "#/x/c"}], "c": {"$ref": "#/x/d"}, "d": {"v": 1}, "loop": {"$ref": "#/x/loop"}}}"##,
    )
    .unwrap();
    for (reference, found) in [
        ("#/x/d/v", Ok(json!(1))),
        ("#/x/a%20b/0", Ok(json!({"$ref": "#/x/c"}))),
        ("#/x/e", Err("\"#/x/e\" does not resolve")),
        ("#/x/a b/1", Err("does not resolve")),
        ("#x", Err("is not a reference inside the document")),
        ("other.json#/x", Err("leads out of the document")),
        ("", Err("leads out of the document")),
        ("d", Err("leads out of the document")),
    ] {
        match (document.resolve(reference), found) {
            (Ok(value), Ok(expected)) => assert_eq!(*value, expected, "{reference}"),
            (Err(error), Err(said)) => {
                assert!(error.to_string().contains(said), "{reference}: {error}");
            }
            (found, _) => panic!("{reference}: {found:?}"),
        }
    }
    let (start, _) = (Pointer::parse("#/x/a b/0").unwrap(), ());
    let value = start.resolve(document.root()).unwrap();
    let (place, value) = document.follow(start, value).unwrap();
    assert_eq!((place.to_string().as_str(), value), ("#/x/d", &json!({"v": 1})));

    let endless = document.resolve("#/x/loop").unwrap();
    let error = document.follow(Pointer::root(), endless).unwrap_err();
    assert!(error.to_string().contains("more than 100 times"), "{error}");
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+0-9.eExo~]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[$a-z{}/~\"' ]{0,8}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_a_document_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Document::from_slice(&bytes, "any");
    }

    #[test]
    fn any_yaml_looking_text_is_a_document_or_an_error(
        text in r#"(openapi: 3\.0\.0\n)?([-?:,&*!|>'"%@#{}\[\]~<a1. \t\n\r\u{85}\u{2028}\u{feff}\u{0}]|- |: |\n  |<<: |&a |\*a |!!|---|\.\.\.){0,60}"#
    ) {
        if let Ok(document) = Document::from_slice(text.as_bytes(), "any") {
            let _ = document.check();
        }
    }

    #[test]
    fn every_json_value_loads_as_it_is(value in any_value()) {
        let expected = json!({"openapi": "3.0.0", "x": value});
        let text = serde_json::to_string_pretty(&expected).unwrap();
        let document = Document::from_slice(text.as_bytes(), "any").unwrap();
        prop_assert_eq!(document.root(), &expected);

        // JSON is YAML, too; the comment makes it be read as such.
        let ascii = text.chars().all(|character| !character.is_control() || character == '\n');
        if ascii {
            let yaml = format!("# a comment\n{text}");
            let document = Document::from_slice(yaml.as_bytes(), "any").unwrap();
            prop_assert_eq!(document.root(), &expected);
        }
    }
}
