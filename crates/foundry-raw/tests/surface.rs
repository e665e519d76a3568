//! The types of every document against what they are made from: each property has its field, each
//! value of an enum its variant, and `new` takes what the document requires.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// What the generator says of the types of an API: of each its arguments of `new`, what it writes
/// by itself, its fields, and its values.
#[derive(Default)]
struct Type {
    new: Option<Vec<String>>,
    writes: BTreeSet<String>,
    fields: Vec<String>,
    values: Vec<String>,
}

fn types(surface: &str) -> BTreeMap<&str, Type> {
    let mut types: BTreeMap<&str, Type> = BTreeMap::new();
    for line in surface.lines() {
        let Some((kind, rest)) = line.split_once(' ') else { continue };
        match kind {
            "struct" => {
                let (name, rest) = rest.split_once(' ').unwrap();
                let found = types.entry(name).or_default();
                if let Some(arguments) = rest.strip_prefix("new(") {
                    let arguments = arguments.trim_end_matches(')').split(", ").filter(|name| !name.is_empty());
                    found.new = Some(arguments.map(plain).collect());
                } else if let Some((property, _)) = rest.strip_prefix("writes ").and_then(|rest| rest.split_once('=')) {
                    found.writes.insert(plain(property));
                }
            }
            "field" => {
                let (name, field) = rest.split_once(':').unwrap().0.split_once('.').unwrap();
                types.entry(name).or_default().fields.push(plain(field));
            }
            "variant" => {
                let Some((variant, value)) = rest.split_once(" = ") else { continue };
                if let Ok(value) = serde_json::from_str(value) {
                    types.entry(variant.split_once("::").unwrap().0).or_default().values.push(value);
                }
            }
            _ => {}
        }
    }
    types
}

/// A name without what Rust and the wire write differently.
fn plain(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// The names in Rust of the document's schemas.
fn rust_names(names: &str) -> BTreeMap<String, String> {
    let section = names.split_once("[schemas]\n").map_or("", |(_, section)| section);
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let pairs = lines.filter_map(|line| line.split_once(" = "));
    pairs.map(|(document, rust)| (document.trim_matches('"').to_owned(), rust.trim_matches('"').to_owned())).collect()
}

fn check(api: &str, surface: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = root.join("crates/foundry-emulator/openapi").join(api).with_extension("json");
    // A packaged crate has no documents beside it.
    let Ok(document) = std::fs::read(document) else { return };
    let document: Value = serde_json::from_slice(&document).unwrap();
    let names = rust_names(&std::fs::read_to_string(root.join("openapi").join(api).join("names.toml")).unwrap());
    let types = types(surface);
    let (mut structs, mut enums) = (0, 0);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        // Those that no operation reaches have no type, if the API has none for them.
        let Some(found) = names.get(name).and_then(|rust| types.get(rust.as_str())) else { continue };
        let values: Vec<&str> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !found.values.is_empty() {
            assert_eq!(found.values, values, "values of {name} of {api}");
            enums += 1;
            continue;
        }
        let (Some(new), Some(properties)) = (&found.new, schema["properties"].as_object()) else { continue };
        structs += 1;
        let mut has: Vec<&String> = found.fields.iter().chain(&found.writes).collect();
        let mut wanted: Vec<String> = properties.keys().map(|property| plain(property)).collect();
        has.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(has, wanted.iter().collect::<Vec<_>>(), "properties of {name} of {api}");

        let given: BTreeSet<&String> = new.iter().chain(&found.writes).collect();
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|property| plain(property.as_str().unwrap()))
            .collect();
        for property in properties.keys() {
            let is_required = required.contains(&plain(property));
            let is_given = given.contains(&plain(property));
            // A type that can be sent takes nothing that only the service sets; a tag is always written.
            let may_lack = properties[property]["readOnly"] == true;
            let may_have = found.writes.contains(&plain(property));
            assert!(
                is_required == is_given || is_required && may_lack || is_given && may_have,
                "{name} of {api}: `{property}` is required: {is_required}, and given: {is_given}"
            );
        }
        assert!(new.iter().all(|argument| required.contains(argument)), "{name} of {api}: {new:?}");
    }
    assert!(structs > 150 && enums > 10, "{structs} structs and {enums} enums of {api}");
}

#[test]
fn the_types_of_2025_05_01_are_as_its_document_says() {
    check("2025-05-01", include_str!("../src/generated/v2025_05_01/surface.txt"));
}

#[test]
fn the_types_of_v1_are_as_its_document_says() {
    check("v1", include_str!("../src/generated/v1/surface.txt"));
}
