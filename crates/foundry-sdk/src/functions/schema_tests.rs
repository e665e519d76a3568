//! Schemas of many types, held against values of these types.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::arguments::forgiving;
use super::schema::{self, Absent, described, rooted};

fn strict(schema: &Value) -> Result<Value, schema::Problem> {
    schema::strict(schema, Absent::Null)
}

/// The schemas of a type as a function's parameters: plain and strict.
fn schemas<T: JsonSchema>() -> (Value, Value) {
    let plain = rooted(described::<T>().0).unwrap_or_else(|problem| panic!("{problem}"));
    let strict = strict(&plain).unwrap_or_else(|problem| panic!("{problem}\n{plain:#}"));
    (plain, strict)
}

/// Fails if a schema is not one that strict takes; knows nothing of how it was made.
fn assert_is_strict(schema: &Value, at: &str) {
    let schema = schema.as_object().unwrap_or_else(|| panic!("{at}: {schema}"));
    let below = |steps: &str, name: &str| format!("{at}/{steps}/{name}");
    for (keyword, value) in schema {
        match keyword.as_str() {
            "description" => assert!(value.is_string(), "{at}"),
            "enum" => assert!(value.as_array().is_some_and(|values| !values.is_empty()), "{at}"),
            "$ref" => assert_eq!(schema.len(), 1, "{at}"),
            "items" => assert_is_strict(value, &below("items", "")),
            "anyOf" => {
                assert!(!at.is_empty(), "no choice at the root");
                for (index, branch) in value.as_array().unwrap().iter().enumerate() {
                    assert_is_strict(branch, &below("anyOf", &index.to_string()));
                }
            }
            "properties" | "$defs" => {
                for (name, schema) in value.as_object().unwrap() {
                    assert_is_strict(schema, &below(keyword, name));
                }
            }
            "type" | "required" | "additionalProperties" => {}
            other => panic!("{at}: {other}"),
        }
    }
    let says = ["type", "anyOf", "$ref"].iter().filter(|keyword| schema.contains_key(**keyword)).count();
    assert_eq!(says, 1, "{at}: {schema:?}");
    let is = |kind: &str| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|known| known == kind),
        Some(known) => known == kind,
        None => false,
    };
    if is("object") {
        assert_eq!(schema["additionalProperties"], false, "{at}");
        let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(schema["required"], json!(names), "{at}");
    }
    if is("array") {
        assert!(schema.contains_key("items"), "{at}");
    }
}

/// A value that fits a strict schema, picked by a number.
fn fitting(schema: &Value, root: &Value, seed: &mut u64, depth: usize) -> Value {
    let mut pick = |of: usize| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize % of
    };
    if let Some(to) = schema.get("$ref") {
        let target = root.pointer(to.as_str().unwrap().trim_start_matches('#')).unwrap();
        return fitting(target, root, seed, depth + 1);
    }
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        // Deep down the last, which is null where there is one: what holds itself has to end.
        let branch = if depth > 6 { branches.len() - 1 } else { pick(branches.len()) };
        return fitting(&branches[branch], root, seed, depth);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values[pick(values.len())].clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) if depth > 6 && kinds.iter().any(|kind| kind == "null") => "null",
        Value::Array(kinds) => kinds[pick(kinds.len())].as_str().unwrap(),
        kind => kind.as_str().unwrap(),
    };
    match kind {
        "null" => Value::Null,
        "boolean" => (pick(2) == 0).into(),
        "integer" => pick(100).into(),
        "number" => [json!(0.5), json!(3.0), json!(7)][pick(3)].clone(),
        "string" => ["", "a", "ü\n"][pick(3)].into(),
        "array" => {
            let items = if depth > 6 { 0 } else { pick(3) };
            (0..items).map(|_| fitting(&schema["items"], root, seed, depth + 1)).collect()
        }
        "object" => {
            let properties = schema["properties"].as_object().unwrap();
            properties.iter().map(|(name, schema)| (name.clone(), fitting(schema, root, seed, depth + 1))).collect()
        }
        other => panic!("{other}"),
    }
}

/// What holds for every type that strict has words for.
fn assert_fits<T: JsonSchema + DeserializeOwned + Serialize + PartialEq + Debug>(values: &[T], seed: u64) {
    let (plain, strict) = schemas::<T>();
    assert_is_strict(&strict, "");
    let again = schema::strict(&strict, Absent::Null).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(again, strict, "what is strict already stays as it is");
    let (plain_takes, strict_takes) =
        (jsonschema::validator_for(&plain).unwrap(), jsonschema::validator_for(&strict).unwrap());
    for value in values {
        let json = serde_json::to_value(value).unwrap();
        plain_takes.validate(&json).unwrap_or_else(|error| panic!("{json}: {error}\n{plain:#}"));
        strict_takes.validate(&json).unwrap_or_else(|error| panic!("{json}: {error}\n{strict:#}"));
        assert_eq!(&forgiving::<T>(&json.to_string(), &plain).unwrap(), value, "{json}");
    }
    let mut seed = seed;
    for _ in 0..8 {
        let json = fitting(&strict, &strict, &mut seed, 0);
        strict_takes.validate(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
        forgiving::<T>(&json.to_string(), &plain).unwrap_or_else(|error| panic!("{json}: {error}\n{strict:#}"));
    }
    // Of an answer every value that fits is one of the type, and all that is left out is an `Option`.
    let answer = schema::strict(&plain, Absent::Never).unwrap_or_else(|problem| panic!("{problem}"));
    assert_is_strict(&answer, "");
    for _ in 0..8 {
        let json = fitting(&answer, &answer, &mut seed, 0);
        serde_json::from_value::<T>(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}\n{answer:#}"));
    }
    let takes = jsonschema::validator_for(&answer).unwrap();
    for value in values {
        let json = serde_json::to_value(value).unwrap();
        takes.validate(&json).unwrap_or_else(|error| panic!("{json}: {error}\n{answer:#}"));
    }
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Scalars {
    text: String,
    flag: bool,
    small: u8,
    signed: i64,
    wide: u64,
    float: f64,
    nothing: (),
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Optional {
    plain_text: Option<String>,
    /// A number, or none.
    some_number: Option<f64>,
    nested: Option<Box<Scalars>>,
    list: Option<Vec<Option<i64>>>,
    #[serde(default)]
    defaulted: u8,
    #[serde(default = "paris")]
    city: String,
    #[serde(default)]
    colour: Colour,
    #[serde(default)]
    shape: Shape,
    picked: Option<Colour>,
}

fn paris() -> String {
    "Paris".to_owned()
}

/// A colour.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Colour {
    #[default]
    Red,
    DarkBlue,
}

/// Units with docs become a `oneOf` of constants.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
enum Documented {
    /// Up.
    Up,
    /// Down.
    Down,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
enum Shape {
    #[default]
    Point,
    Circle(f64),
    Rectangle {
        width: f64,
        height: Option<f64>,
    },
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Internal {
    Empty,
    Text { text: String, lang: Option<String> },
    Wrapped(Scalars),
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    None,
    One(i64),
    Pair { a: i64, b: Option<i64> },
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    Object { only: bool },
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Enums {
    documented: Documented,
    shapes: Vec<Shape>,
    /// What is inside.
    internal: Internal,
    adjacent: Adjacent,
    untagged: Untagged,
    maybe: Option<Untagged>,
    maybe_shape: Option<Shape>,
    maybe_documented: Option<Documented>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Tree {
    name: String,
    /// Those below.
    children: Vec<Tree>,
    /// The next one.
    next: Option<Box<Tree>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Forest {
    trees: Vec<Tree>,
    #[serde(default)]
    best: Option<Box<Tree>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Flattened {
    id: i64,
    #[serde(flatten)]
    inner: Optional,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct FlattenedEnum {
    flattened: Vec<WithKind>,
    one: Option<WithOne>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct WithOne {
    id: i64,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct WithKind {
    /// The number of it.
    id: i64,
    #[serde(flatten)]
    kind: Internal,
    #[serde(flatten)]
    other: Adjacent,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    title: String,
    #[serde(rename = "type")]
    kind: String,
    format: i32,
    properties: Newtype,
    #[serde(default)]
    required: bool,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Newtype(Vec<Empty>);

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Empty {}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Nothing {
    unit: (),
    number: Option<i64>,
}

fn scalars() -> Scalars {
    Scalars {
        text: "ü".to_owned(), flag: true, small: 255, signed: i64::MIN, wide: u64::MAX, float: -0.5, nothing: ()
    }
}

fn tree(depth: usize) -> Tree {
    let below = || (depth > 0).then(|| tree(depth - 1));
    Tree { name: depth.to_string(), children: below().into_iter().collect(), next: below().map(Box::new) }
}

fn optional() -> Optional {
    Optional {
        plain_text: Some("a".to_owned()),
        some_number: Some(1.5),
        nested: Some(Box::new(scalars())),
        list: Some(vec![None, Some(1)]),
        defaulted: 7,
        city: String::new(),
        colour: Colour::DarkBlue,
        shape: Shape::Rectangle { width: 1.0, height: None },
        picked: Some(Colour::Red),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_and_schemas_agree(seed in any::<u64>()) {
        assert_fits(&[scalars(), Scalars::default()], seed);
        assert_fits(&[optional(), Optional::default()], seed);
        assert_fits(&[
            Enums {
                documented: Documented::Up,
                shapes: vec![Shape::Point, Shape::Circle(1.0), Shape::Rectangle { width: 1.0, height: Some(2.0) }],
                internal: Internal::Empty,
                adjacent: Adjacent::None,
                untagged: Untagged::Number(1),
                maybe: Some(Untagged::Text("a".to_owned())),
                maybe_shape: Some(Shape::Point),
                maybe_documented: Some(Documented::Down),
            },
            Enums {
                documented: Documented::Down,
                shapes: vec![],
                internal: Internal::Text { text: "a".to_owned(), lang: None },
                adjacent: Adjacent::One(1),
                untagged: Untagged::Object { only: true },
                maybe: None,
                maybe_shape: None,
                maybe_documented: None,
            },
            Enums {
                documented: Documented::Down,
                shapes: vec![],
                internal: Internal::Wrapped(scalars()),
                adjacent: Adjacent::Pair { a: 1, b: None },
                untagged: Untagged::Text("b".to_owned()),
                maybe: Some(Untagged::Object { only: false }),
                maybe_shape: Some(Shape::Circle(0.0)),
                maybe_documented: None,
            },
        ], seed);
        assert_fits(&[tree(0), tree(3)], seed);
        assert_fits(&[
            Forest { trees: vec![tree(1), tree(0)], best: Some(Box::new(tree(2))) },
            Forest { trees: vec![], best: None },
        ], seed);
        assert_fits(&[Flattened { id: 1, inner: optional() }], seed);
        assert_fits(&[FlattenedEnum {
            flattened: vec![
                WithKind { id: 1, kind: Internal::Empty, other: Adjacent::One(2) },
                WithKind { id: 2, kind: Internal::Wrapped(scalars()), other: Adjacent::None },
                WithKind {
                    id: 3,
                    kind: Internal::Text { text: String::new(), lang: Some("de".to_owned()) },
                    other: Adjacent::Pair { a: 1, b: Some(2) },
                },
            ],
            one: Some(WithOne { id: 1, shape: Shape::Rectangle { width: 1.0, height: None } }),
        }], seed);
        assert_fits(&[Closed {
            title: "a".to_owned(),
            kind: "b".to_owned(),
            format: -1,
            properties: Newtype(vec![Empty {}]),
            required: true,
        }], seed);
        assert_fits(&[Empty {}], seed);
        assert_fits(&[Nothing { unit: (), number: Some(1) }, Nothing { unit: (), number: None }], seed);
    }
}

#[test]
fn a_plain_schema_is_what_serde_takes_and_no_more() {
    /// A doc comment
    /// of two lines.
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "read by the derive alone")]
    struct Search {
        /// What to look for.
        query: String,
        limit: Option<u8>,
        #[serde(default)]
        #[schemars(extend("format" = "ipv4"))]
        address: Option<String>,
        colour: Colour,
        #[serde(default = "paris")]
        title: String,
    }

    let (schema, description) = described::<Search>();
    assert_eq!(description.as_deref(), Some("A doc comment\nof two lines."));
    assert_eq!(
        rooted(schema).unwrap(),
        json!({
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "What to look for." },
                "limit": { "type": ["integer", "null"], "minimum": 0, "maximum": 255 },
                "address": { "type": ["string", "null"], "format": "ipv4", "default": null },
                "colour": { "type": "string", "enum": ["red", "dark_blue"], "description": "A colour." },
                "title": { "type": "string", "default": "Paris" },
            },
            "required": ["query", "colour"],
        })
    );
}

#[test]
fn a_strict_schema_requires_everything_and_takes_null_instead() {
    let (_, strict) = schemas::<Optional>();
    let properties = strict["properties"].as_object().unwrap();
    for (name, schema) in [
        ("plainText", json!({ "type": ["string", "null"] })),
        ("someNumber", json!({ "type": ["number", "null"], "description": "A number, or none." })),
        ("list", json!({ "type": ["array", "null"], "items": { "type": ["integer", "null"] } })),
        ("defaulted", json!({ "type": ["integer", "null"] })),
        ("city", json!({ "type": ["string", "null"] })),
        (
            "colour",
            json!({ "type": ["string", "null"], "enum": ["red", "dark_blue", null], "description": "A colour." }),
        ),
    ] {
        assert_eq!(properties[name], schema, "{name}");
    }
    let kinds: Vec<&Value> =
        properties["shape"]["anyOf"].as_array().unwrap().iter().map(|branch| &branch["type"]).collect();
    assert_eq!(kinds, ["string", "object", "object", "null"]);
    assert_eq!(strict["required"].as_array().unwrap().len(), 9);
}

#[test]
fn what_holds_itself_stays_a_reference() {
    let (plain, strict) = schemas::<Tree>();
    assert_eq!(plain["properties"]["children"]["items"], json!({ "$ref": "#" }));
    let next = json!({ "anyOf": [{ "$ref": "#" }, { "type": "null" }], "description": "The next one." });
    assert_eq!(strict["properties"]["next"], next);
    let (plain, strict) = schemas::<Forest>();
    assert!(plain["$defs"]["Tree"].is_object(), "{plain:#}");
    assert_eq!(strict["$defs"]["Tree"]["additionalProperties"], false);
    let (plain, _) = schemas::<Enums>();
    assert!(!plain.to_string().contains("$ref"), "{plain:#}");
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "read by the derive alone")]
struct Of<T> {
    /// The place.
    odd: T,
}

#[test]
fn what_strict_has_no_words_for_is_told_with_its_place() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "read by the derive alone")]
    struct Rest {
        id: i64,
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    }

    fn told<T: JsonSchema>() -> String {
        let plain = rooted(described::<T>().0).unwrap_or_else(|problem| panic!("{problem}"));
        strict(&plain).unwrap_err().to_string()
    }

    let map = "of the schema is a map, whose keys are not known";
    let any = "of the schema is a place for any value; name its type";
    for (told, at, why) in [
        (told::<Of<BTreeMap<String, i64>>>(), "/properties/odd/additionalProperties", map),
        (told::<Of<BTreeMap<u32, i64>>>(), "/properties/odd", map),
        (told::<Of<serde_json::Map<String, Value>>>(), "/properties/odd/additionalProperties", map),
        (told::<Rest>(), "/additionalProperties", map),
        (told::<Of<Value>>(), "/properties/odd", any),
        (told::<Of<Vec<Value>>>(), "/properties/odd/items", any),
        (
            told::<Of<(i64, String)>>(),
            "/properties/odd",
            "of the schema is a tuple, whose places have types of their own",
        ),
        (told::<Of<Vec<Of<Option<Value>>>>>(), "/properties/odd/items/properties/odd", any),
    ] {
        assert!(told.starts_with(&format!("at `{at}` {why}")), "{at}: {told}");
    }
    let problem = strict(&json!({ "properties": { "a/b~c": true } })).unwrap_err();
    assert!(problem.to_string().starts_with("at `/properties/a~1b~0c` "), "{problem}");
}

#[test]
fn a_root_is_one_object() {
    for (schema, taken) in [
        (json!({ "type": "object" }), Some(json!({ "type": "object", "properties": {} }))),
        (json!({ "properties": {} }), Some(json!({ "type": "object", "properties": {} }))),
        (
            json!({ "allOf": [{ "type": "object", "properties": { "a": { "type": "null" } } }], "$defs": { "x": {} } }),
            Some(json!({ "type": "object", "properties": { "a": { "type": "null" } }, "$defs": { "x": {} } })),
        ),
        (
            json!({ "type": "object", "required": ["a"], "allOf": [{ "required": ["b", "a"] }, { "required": ["c"] }] }),
            Some(json!({ "type": "object", "required": ["a", "b", "c"], "properties": {} })),
        ),
        (json!({ "type": "object", "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }), None),
        (json!({ "type": "object", "oneOf": [{ "type": "object" }, { "type": "object" }] }), None),
        (json!({ "type": ["object", "null"], "properties": {} }), None),
        (json!({ "type": "object", "enum": [{}] }), None),
        (json!({ "type": "object", "not": {} }), None),
        (json!({ "type": "object", "properties": [] }), None),
        (json!({ "type": "array", "properties": {} }), None),
        (json!({ "$ref": "#/$defs/x" }), None),
        (json!({}), None),
        (json!(true), None),
        (json!("object"), None),
    ] {
        assert_eq!(rooted(schema.clone()).ok(), taken, "{schema}");
    }
    for schema in [described::<Internal>().0, described::<Vec<i64>>().0, described::<Option<Empty>>().0] {
        assert!(rooted(schema).is_err());
    }
}

/// Schemas from elsewhere may use what derived ones do not.
#[test]
fn schemas_written_by_hand_become_strict_or_are_refused() {
    let (string, none) = (json!({ "type": "string" }), json!({ "type": "null" }));
    for (given, made) in [
        (json!({ "const": 1 }), Some(json!({ "type": "integer", "enum": [1] }))),
        (json!({ "enum": ["a", null] }), Some(json!({ "type": ["string", "null"], "enum": ["a", null] }))),
        (
            json!({ "enum": [1, 1.5, true] }),
            Some(json!({ "type": ["integer", "number", "boolean"], "enum": [1, 1.5, true] })),
        ),
        (
            json!({ "items": string, "minItems": 1, "uniqueItems": true }),
            Some(json!({ "type": "array", "items": string })),
        ),
        (
            json!({ "type": "string", "pattern": "a", "minLength": 1, "maxLength": 2, "format": "date", "default": "a", "examples": ["a"], "title": "A", "deprecated": true, "x-y": 1 }),
            Some(string.clone()),
        ),
        (
            json!({ "type": "number", "minimum": 1, "exclusiveMaximum": 2, "multipleOf": 0.5 }),
            Some(json!({ "type": "number" })),
        ),
        (json!({ "oneOf": [string, none] }), Some(json!({ "anyOf": [string, none] }))),
        (json!({ "anyOf": [{ "oneOf": [string, none] }, none] }), Some(json!({ "anyOf": [string, none, none] }))),
        (json!({ "description": "d", "allOf": [string] }), Some(json!({ "type": "string", "description": "d" }))),
        (
            json!({ "anyOf": [{ "type": "string", "description": "inner" }], "description": "outer" }),
            Some(json!({ "type": "string", "description": "inner" })),
        ),
        (json!({ "allOf": [{ "type": ["string", "null"] }, { "type": ["null", "integer"] }] }), Some(none.clone())),
        (
            json!({ "allOf": [{ "enum": ["a", "b"] }, { "const": "b", "type": "string" }] }),
            Some(json!({ "type": "string", "enum": ["b"] })),
        ),
        (
            json!({ "allOf": [{ "properties": { "a": { "type": ["string", "null"] } } }, { "properties": { "a": string }, "required": ["a"] }] }),
            Some(
                json!({ "type": "object", "properties": { "a": string }, "required": ["a"], "additionalProperties": false }),
            ),
        ),
        (
            json!({ "allOf": [{ "items": { "type": ["string", "null"] } }, { "items": string }] }),
            Some(json!({ "type": "array", "items": string })),
        ),
        (
            json!({ "type": "object", "patternProperties": {} }),
            Some(json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false })),
        ),
        (json!({ "$ref": "#/definitions/a", "description": "d" }), Some(json!({ "$ref": "#/$defs/a" }))),
        (json!({ "allOf": [{ "$ref": "#" }], "description": "d" }), Some(json!({ "$ref": "#" }))),
        (
            json!({ "type": "object", "description": "d", "properties": { "a": string }, "required": ["a"], "oneOf": [
                { "properties": { "b": none }, "required": ["b"], "description": "inner" },
                {},
            ] }),
            Some(json!({ "description": "d", "anyOf": [
                {
                    "type": "object",
                    "description": "inner",
                    "properties": { "a": string, "b": none },
                    "required": ["a", "b"],
                    "additionalProperties": false,
                },
                { "type": "object", "properties": { "a": string }, "required": ["a"], "additionalProperties": false },
            ] })),
        ),
        (json!({ "$ref": "#", "properties": {} }), None),
        (json!({ "allOf": [{ "$ref": "#" }, { "properties": {} }] }), None),
        (json!({ "$ref": "https://other.example/schema" }), None),
        (json!({ "$ref": 1 }), None),
        (json!({ "type": "object", "additionalProperties": true }), None),
        (json!({ "type": "object", "unevaluatedProperties": { "type": "string" } }), None),
        (
            json!({ "allOf": [{ "type": "object", "additionalProperties": false }, { "additionalProperties": string }] }),
            None,
        ),
        (json!({ "type": "object", "patternProperties": { "a": {} } }), None),
        (json!({ "type": "string", "not": { "const": "a" } }), None),
        (json!({ "type": "object", "if": { "required": ["a"] }, "then": { "required": ["b"] } }), None),
        (json!({ "allOf": [{ "type": "string" }, { "type": "null" }] }), None),
        (json!({ "allOf": [{ "const": 1 }, { "const": 2 }] }), None),
        (json!({ "type": "array" }), None),
        (json!({ "anyOf": [] }), None),
        (json!({ "anyOf": [string, false] }), None),
        (json!({ "anyOf": "string" }), None),
        (json!({ "minimum": 1 }), None),
        (json!(false), None),
    ] {
        let made_here = strict(&json!({ "type": "object", "properties": { "p": given }, "required": ["p"] }));
        let made_here =
            made_here.map(|schema| schema["properties"]["p"].clone()).map_err(|problem| problem.to_string());
        assert_eq!(made_here.clone().ok(), made, "{given}: {made_here:?}");
        if let Err(told) = made_here {
            assert!(told.starts_with("at `/properties/p"), "{told}");
        }
    }
}

#[test]
fn what_may_be_left_out_is_null_or_never_missing() {
    let schema = json!({ "type": "object", "properties": {
        "reference": { "$ref": "#", "description": "d" },
        "choice": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
        "null": { "type": ["null", "string"] },
        "values": { "type": ["null", "string"], "enum": ["a"] },
    } });
    let made = |absent| schema::strict(&schema, absent).unwrap()["properties"].take();
    assert_eq!(
        made(Absent::Null),
        json!({
            "reference": { "anyOf": [{ "$ref": "#" }, { "type": "null" }], "description": "d" },
            "choice": { "anyOf": [{ "type": "string" }, { "type": "integer" }, { "type": "null" }] },
            "null": { "type": ["null", "string"] },
            "values": { "type": ["null", "string"], "enum": ["a", null] },
        })
    );
    assert_eq!(
        made(Absent::Never),
        json!({
            "reference": { "$ref": "#" },
            "choice": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            "null": { "type": ["null", "string"] },
            "values": { "type": ["null", "string"], "enum": ["a"] },
        })
    );
}

/// What looks like a schema and is a value stays as it is.
#[test]
fn values_in_schemas_are_left_alone() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "read by the derive alone")]
    struct Example {
        #[schemars(extend(
            "default" = { "title": "a", "format": "b" },
            "enum" = [{ "title": "a" }],
            "examples" = [{ "$schema": "a" }],
            "const" = { "format": "a" },
        ))]
        title: Empty,
    }

    let (schema, _) = described::<Example>();
    assert_eq!(
        schema["properties"]["title"],
        json!({
            "type": "object",
            "default": { "title": "a", "format": "b" },
            "enum": [{ "title": "a" }],
            "examples": [{ "$schema": "a" }],
            "const": { "format": "a" },
        })
    );
}

#[test]
fn combinations_are_bounded() {
    let choice: Value =
        (0..9).map(|index| json!({ "properties": { (index.to_string()): { "type": "null" } } })).collect();
    let schema = json!({ "type": "object", "anyOf": choice, "oneOf": choice });
    let problem = strict(&json!({ "type": "object", "properties": { "p": schema } })).unwrap_err();
    assert!(problem.to_string().contains("more than 64 alternatives"), "{problem}");
}
