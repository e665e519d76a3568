//! Malformed, huge, cyclic and deeply nested documents: an error or an answer, never a hang or a panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod support;

use openapi_compare::{CompareError, Document, compare};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{api, api_3_1, document, found};

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A chain of schemas, each made from the next.
#[test]
fn long_chains() {
    for wrap in [
        |next: Value| json!({"allOf": [next]}),
        |next: Value| json!({"allOf": [next, {"properties": {"a": {"type": "string"}}}]}),
        |next: Value| json!({"anyOf": [next, {"type": "null"}]}),
        |next: Value| json!({"type": "object", "properties": {"next": next}}),
        |next: Value| json!({"oneOf": [next, {"type": "string"}]}),
        |next: Value| json!({"not": next}),
    ] {
        let chain = |end: &str| {
            let mut schemas = Map::new();
            schemas.insert("Thing".to_owned(), reference("S0"));
            for index in 0..300 {
                schemas.insert(format!("S{index}"), wrap(reference(&format!("S{}", index + 1))));
            }
            schemas.insert("S300".to_owned(), json!({"type": "object", "properties": {"end": {"type": end}}}));
            document("chain", api(&schemas.into()))
        };
        let (one, other) = (chain("string"), chain("integer"));
        assert!(compare(&one, &one).unwrap().is_empty());
        compare(&one, &other).unwrap();
    }
    // Nothing but references, one after the other, is an error of its own.
    let mut schemas = Map::new();
    schemas.insert("Thing".to_owned(), reference("S0"));
    for index in 0..200 {
        schemas.insert(format!("S{index}"), reference(&format!("S{}", index + 1)));
    }
    schemas.insert("S200".to_owned(), json!({}));
    let chain = document("chain", api(&schemas.into()));
    let error = compare(&chain, &chain).unwrap_err();
    assert!(error.to_string().contains("more than 100 times"), "{error}");
}

/// Cycles of different lengths that must hold together: as many combinations as their lengths multiplied.
#[test]
fn combinations_without_measure() {
    let cycles = |lengths: &[usize], name: &str| {
        let mut schemas = Map::new();
        let mut all = Vec::new();
        for length in lengths {
            for index in 0..*length {
                let next = reference(&format!("C{length}_{}", (index + 1) % length));
                schemas.insert(
                    format!("C{length}_{index}"),
                    json!({"properties": {"next": next, name: {"type": "string"}}}),
                );
            }
            all.push(reference(&format!("C{length}_0")));
        }
        schemas.insert("Thing".to_owned(), json!({"allOf": all}));
        document("cycles", api(&schemas.into()))
    };
    let few = cycles(&[2, 3, 5], "x");
    assert!(compare(&few, &few).unwrap().is_empty());
    // In each of the 2 * 3 * 5 combinations `x` went, from what is sent and from what is received.
    assert_eq!(compare(&few, &cycles(&[2, 3, 5], "y")).unwrap().counts().breaking, 60);
    let many = cycles(&[2, 3, 5, 7, 11, 13, 17, 19, 23], "x");
    let error = compare(&many, &many).unwrap_err();
    assert!(matches!(error, CompareError::TooComplex(_)), "{error}");
    assert!(error.to_string().starts_with("cycles is too complex to compare"), "{error}");
}

#[test]
fn wide_documents() {
    let wide = |end: &str| {
        let branches: Vec<_> = (0..300)
            .map(|index| json!({"type": "object", "properties": {format!("p{index}"): {"type": end}}}))
            .collect();
        let values: Vec<_> = (0..2_000).map(|index| format!("{end}{index}")).collect();
        let all: Vec<_> = (0..300).map(|index| json!({"properties": {format!("a{index}"): {"type": end}}})).collect();
        document(
            "wide",
            api(&json!({
                "Thing": {"type": "object", "properties": {
                    "union": {"oneOf": branches}, "enum": {"type": "string", "enum": values}, "all": {"allOf": all},
                }},
            })),
        )
    };
    let (one, other) = (wide("string"), wide("integer"));
    assert!(compare(&one, &one).unwrap().is_empty());
    let report = compare(&one, &other).unwrap();
    assert!(report.counts().breaking > 2_000);
    // All outputs hold as much.
    for text in [report.text(true), report.markdown(), report.json(), report.html()] {
        assert!(text.contains(&report.changes.last().unwrap().fingerprint));
    }
}

/// As deep as a document may be nested, in every place where schemas nest.
#[test]
fn deep_documents() {
    for wrap in [
        |inner: Value| json!({"properties": {"p": inner}}),
        |inner: Value| json!({"items": inner}),
        |inner: Value| json!({"allOf": [inner]}),
        |inner: Value| json!({"anyOf": [inner, {"type": "string"}]}),
        |inner: Value| json!({"not": inner}),
        |inner: Value| json!({"additionalProperties": inner}),
        |inner: Value| json!({"if": inner, "default": {"a": [[[1]]]}}),
    ] {
        let deep = |end: &str| {
            let mut schema = json!({"type": end});
            while openapi_compare::Document::from_value(api_3_1(&json!({"Thing": wrap(schema.clone())})), "a").is_ok() {
                schema = wrap(schema);
            }
            document("deep", api_3_1(&json!({"Thing": schema})))
        };
        let (one, other) = (deep("string"), deep("integer"));
        assert!(compare(&one, &one).unwrap().is_empty());
        compare(&one, &other).unwrap();
    }
}

#[test]
fn what_does_not_hold_together_is_named() {
    let good = document("good", api(&json!({"Thing": {"type": "object"}})));
    let bad = document("bad", api(&json!({"Thing": {"properties": {"a": reference("Nowhere"), "b": 1}}})));
    for (old, new) in [(&good, &bad), (&bad, &good)] {
        let error = compare(old, new).unwrap_err();
        let CompareError::Broken { name, problems } = &error else { panic!("{error}") };
        assert_eq!((name.as_str(), problems.len()), ("bad", 2));
        assert!(
            error.to_string().starts_with("bad does not hold together: #/components/schemas/Thing/properties/a/$ref: "),
            "{error}"
        );
    }
}

/// What only misuses names does not keep anybody from comparing.
#[test]
fn sloppy_documents_are_compared() {
    let mut sloppy = api(&json!({"Thing": {"type": "object", "properties": {"a": {"type": "string"}}}}));
    sloppy["paths"]["/thing/{id}"] = json!({"get": {"operationId": "Thing_put", "responses": {}}});
    let mut other = sloppy.clone();
    other["components"]["schemas"]["Thing"]["properties"] = json!({});
    let report = compare(&document("old", sloppy), &document("new", other)).unwrap();
    assert_eq!(
        found(&report),
        ["breaking request-property-removed schema Thing .a", "breaking response-property-removed schema Thing .a",]
    );
}

/// Keywords in whose place other things do harm.
const KEYS: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "items",
    "allOf",
    "oneOf",
    "enum",
    "required",
    "discriminator",
    "mapping",
    "schema",
    "in",
    "name",
    "nullable",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        proptest::sample::select(
            &["", "string", "object", "null", "#/components/schemas/Thing", "#", "#/paths", "{", "default"][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let key = proptest::sample::select(KEYS).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..4)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// All places of a value.
fn places(value: &Value, place: String, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                places(value, format!("{place}/{}", openapi_compare::escape_token(key)), all);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                places(value, format!("{place}/{index}"), all);
            }
        }
        _ => {}
    }
    all.push(place);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Anything anywhere: an error or an answer, and then the same from both sides.
    #[test]
    fn anything_anywhere(planted in proptest::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4), swagger in any::<bool>()) {
        let bytes = include_bytes!("rules/base.yaml");
        let base = Document::from_slice(bytes, "base").unwrap();
        let mut value = base.root().clone();
        if swagger {
            value.as_object_mut().unwrap().remove("openapi");
            value["swagger"] = "2.0".into();
            value["definitions"] = value["components"]["schemas"].clone();
        }
        for (index, planted) in planted {
            let mut all = Vec::new();
            places(&value, String::new(), &mut all);
            let place = index.get(&all);
            *value.pointer_mut(place).unwrap() = planted;
        }
        let Ok(other) = Document::from_value(value, "other") else { return Ok(()) };
        let forth = compare(&base, &other);
        let back = compare(&other, &base);
        prop_assert_eq!(forth.is_ok(), back.is_ok());
        if let (Ok(forth), Ok(back)) = (forth, back) {
            let mut mirrored: Vec<_> = forth.changes.iter().map(|change| change.rule.mirror_id()).collect();
            let mut ids: Vec<_> = back.changes.iter().map(|change| change.rule.id).collect();
            mirrored.sort_unstable();
            ids.sort_unstable();
            prop_assert_eq!(mirrored, ids, "{}\n{}", forth, back);
            prop_assert!(compare(&other, &other).unwrap().is_empty());
            prop_assert!(forth.html().len() > 100);
        }
    }
}
