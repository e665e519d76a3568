//! Every schema of the document: values made from it decode, lose nothing but nulls, and what is
//! planted in them is reported.
#![cfg(feature = "inspect")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod values;

use std::collections::BTreeSet;

use foundry_raw::Direction;
use foundry_raw::inspect::apis;
use serde_json::Value;
use values::{Fault, Maker, reference};

/// How many values of each kind are made of a schema; `SCHEMA_VALUES` asks for more.
fn rounds() -> u64 {
    std::env::var("SCHEMA_VALUES").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(24)
}

fn document(api: &str) -> Option<Value> {
    let path = format!("{}/../foundry-emulator/openapi/{api}.json", env!("CARGO_MANIFEST_DIR"));
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).unwrap())
}

/// The schemas that buffered answers reach: their `id` cannot be missing.
fn keyed(document: &Value) -> BTreeSet<String> {
    let mut open: Vec<String> = Vec::new();
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        for answer in operation["responses"].as_object().into_iter().flatten() {
            for media in answer.1["content"].as_object().into_iter().flat_map(|content| content.values()) {
                references(&media["schema"], &mut open);
            }
        }
    }
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            references(&document["components"]["schemas"][&name], &mut open);
        }
    }
    found
}

fn references(value: &Value, into: &mut Vec<String>) {
    if let Some(name) = reference(value) {
        into.push(name.to_owned());
    }
    match value {
        Value::Object(map) => {
            map.iter().filter(|(key, _)| !key.starts_with("x-")).for_each(|(_, inner)| references(inner, into))
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
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

fn check(fault: Fault) {
    let mut checked = 0;
    let mut planted = 0;
    for api in apis() {
        // A packaged crate has no documents beside it.
        let Some(document) = document(api.name) else { continue };
        let keyed = keyed(&document);
        for schema in api.schemas {
            for seed in 0..rounds() {
                let made = Maker::make(&document, &keyed, schema.name, fault, seed);
                let text = made.node.text();
                let context = format!("{} {} {fault:?} {seed}: {text}", api.name, schema.name);
                let decoded = (schema.decode)(text.as_bytes(), Direction::Any)
                    .unwrap_or_else(|error| panic!("{context}\n  {error}"));
                let sent: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(without_nulls(decoded.value), without_nulls(sent), "{context}");
                let set = |places: &[String]| places.iter().cloned().collect::<BTreeSet<_>>();
                let report = decoded.report;
                assert_eq!(set(&report.unknown), made.unknown, "unknown of {context}");
                assert_eq!(set(&report.missing), made.missing, "missing of {context}");
                assert_eq!(set(&report.unrecognized), made.unrecognized, "unrecognized of {context}");
                assert!(report.undecoded.is_empty(), "{context}: {report:?}");
                checked += 1;
                planted += made.unknown.len() + made.missing.len() + made.unrecognized.len();
            }
        }
    }
    if document("2025-05-01").is_some() {
        assert!(checked > 0, "no schema was checked");
        let plants = matches!(fault, Fault::EnumValue | Fault::Tag | Fault::Missing | Fault::Field);
        assert_eq!(planted > 0, plants, "{fault:?} planted {planted} faults");
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
