//! Every schema of every document: values made from it decode, lose nothing but nulls, and what is
//! planted in them is reported.
#![cfg(feature = "inspect")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use foundry_raw::Direction;
use foundry_raw::inspect::{ApiEntry, Decoded, SchemaEntry, apis};
use serde_json::{Value, json};
use values::reports::Expected;
use values::schemas::{Schemas, enum_values};
use values::{Fault, Maker, Node};

/// The APIs whose documents are there.
static APIS: LazyLock<Vec<(&ApiEntry, Schemas)>> =
    LazyLock::new(|| apis().iter().filter_map(|api| Some((*api, Schemas::of(api.name)?))).collect());

/// How many values of each kind are made of a schema; `SCHEMA_VALUES` asks for more. A document of
/// many schemas has most of what they are made of in many of them.
fn rounds(api: &ApiEntry) -> u64 {
    let asked = std::env::var("SCHEMA_VALUES").ok().and_then(|rounds| rounds.parse().ok());
    asked.unwrap_or(if api.schemas.len() > 500 { 6 } else { 24 })
}

/// All schemas of all APIs.
fn all() -> impl Iterator<Item = (&'static ApiEntry, &'static Schemas, &'static SchemaEntry)> {
    APIS.iter().flat_map(|(api, schemas)| api.schemas.iter().map(move |schema| (*api, schemas, schema)))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

/// Decodes a value that must decode, and lose nothing but nulls.
fn decoded(schema: &SchemaEntry, text: &str, context: &str) -> Decoded {
    let decoded =
        (schema.decode)(text.as_bytes(), Direction::Any).unwrap_or_else(|error| panic!("{context}\n  {error}"));
    let sent: Value = serde_json::from_str(text).unwrap();
    assert_eq!(without_nulls(decoded.value.clone()), without_nulls(sent), "{context}");
    decoded
}

fn check(fault: Fault) {
    let mut planted: BTreeMap<&str, usize> = BTreeMap::new();
    for (api, schemas, schema) in all() {
        for seed in 0..rounds(api) {
            let text = Maker::make(schemas, schema.name, fault, seed).text();
            let context = format!("{} {} {fault:?} {seed}: {text}", api.name, schema.name);
            let report = decoded(schema, &text, &context).report;
            let set = |places: &[String]| places.iter().cloned().collect::<BTreeSet<_>>();
            let found = Expected {
                unknown: set(&report.unknown),
                missing: set(&report.missing),
                unrecognized: set(&report.unrecognized),
            };
            let expected = Expected::of(schemas, schema.name, &serde_json::from_str(&text).unwrap());
            assert_eq!(found, expected, "{context}");
            if matches!(fault, Fault::None | Fault::Null) {
                assert_eq!(expected, Expected::default(), "{context}");
            }
            assert!(report.undecoded.is_empty(), "{context}: {report:?}");
            *planted.entry(api.name).or_default() += expected.len();
        }
    }
    for (api, planted) in planted {
        let plants = matches!(fault, Fault::EnumValue | Fault::Tag | Fault::Missing | Fault::Field);
        assert!(!plants || planted > 100, "{fault:?} planted {planted} faults in {api}");
    }
}

#[test]
fn valid_values_round_trip_and_nothing_is_reported() {
    check(Fault::None);
}

#[test]
fn unknown_enum_values_are_kept_and_reported() {
    check(Fault::EnumValue);
}

#[test]
fn unknown_kinds_are_kept_and_reported() {
    check(Fault::Tag);
}

#[test]
fn nulls_in_optional_places_are_taken() {
    check(Fault::Null);
}

#[test]
fn missing_required_properties_are_taken_and_reported() {
    check(Fault::Missing);
}

#[test]
fn unknown_fields_are_kept_and_reported() {
    check(Fault::Field);
}

#[test]
fn every_value_of_every_enum_is_known_and_others_are_kept() {
    let mut checked = 0;
    for (api, schemas, schema) in all() {
        let Some(values) = enum_values(schemas.get(schema.name)) else { continue };
        let upper = values[0].to_uppercase() + "-";
        for value in values.iter().copied().chain(["", "newer", "Ein Wert", &upper]) {
            let context = format!("{} {} {value:?}", api.name, schema.name);
            let report = decoded(schema, &json!(value).to_string(), &context).report;
            let unknown: &[&str] = if values.contains(&value) { &[] } else { &[""] };
            assert_eq!(report.unrecognized, unknown, "{context}");
        }
        for other in ["1", "{}", "[]", "true"] {
            let outcome = (schema.decode)(other.as_bytes(), Direction::Any);
            assert!(outcome.is_err(), "{} {}: {other} is {outcome:?}", api.name, schema.name);
        }
        checked += 1;
    }
    assert!(APIS.is_empty() || checked > 20, "{checked} enums");
}

#[test]
fn every_kind_of_every_union_is_known_and_a_malformed_one_is_an_error() {
    let (mut known, mut malformed) = (0, 0);
    for (api, schemas, schema) in all() {
        let union = schemas.get(schema.name);
        for tag in union["discriminator"]["mapping"].as_object().into_iter().flatten().map(|(tag, _)| tag) {
            let Some(Node::Object(mut members)) = Maker::make_kind(schemas, union, tag, 1) else { continue };
            let text = Node::Object(members.clone()).text();
            let context = format!("{} {} {tag}: {text}", api.name, schema.name);
            let report = decoded(schema, &text, &context).report;
            assert!(!report.unrecognized.contains(&String::new()), "{context}");
            known += 1;

            // A text that is none costs the value, and the error says of which kind.
            let Some((kind, Some(_))) = schemas.kind(union, tag) else { continue };
            let property = union["discriminator"]["propertyName"].as_str().unwrap();
            let texts = kind["properties"].as_object().into_iter().flatten().filter(|(name, value)| {
                *name != property
                    && value["type"] == "string"
                    && value.get("enum").is_none()
                    && value.get("format").is_none()
            });
            let Some((name, _)) = texts.into_iter().next() else { continue };
            members.retain(|(member, _)| member != name);
            members.push((name.clone(), Node::Leaf(json!({}))));
            let text = Node::Object(members).text();
            let Err(error) = (schema.decode)(text.as_bytes(), Direction::Any) else {
                panic!("{context}: `{name}` may be an object in {text}");
            };
            assert_eq!(error.path(), format!("/{name}"), "{context}");
            malformed += 1;
        }
    }
    assert!(APIS.is_empty() || known > 50 && malformed > 25, "{known} kinds, {malformed} malformed ones");
}
