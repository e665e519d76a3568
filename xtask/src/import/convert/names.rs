//! Every schema that is referred to stands among the components, under a name that OpenAPI 3.0 allows.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase as _;
use openapi_compare::Pointer;
use serde_json::{Map, Value};

use super::log::Log;
use super::walk;

/// The names of schemas that have got one, by the places where they were.
type Names = BTreeMap<Pointer, String>;

/// The names that schemas have.
#[derive(Debug, Default)]
pub(super) struct Taken {
    names: BTreeSet<String>,
    /// How far each name was counted; counting from the beginning each time would take for ever.
    numbers: BTreeMap<String, usize>,
}

impl Taken {
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n String>) -> Self {
        Self { names: names.cloned().collect(), numbers: BTreeMap::new() }
    }

    /// Takes this name, with a number behind it if it is taken already.
    pub(super) fn take(&mut self, name: &str) -> String {
        let name = if name.is_empty() { "Schema" } else { name };
        let mut free = name.to_owned();
        while !self.names.insert(free.clone()) {
            let number = self.numbers.entry(name.to_owned()).or_insert(1);
            *number += 1;
            free = format!("{name}{number}");
        }
        free
    }
}

/// Gives a name to schemas that references find inside of others, and another to those that may not be called
/// as they are; and has all references say so.
pub(super) fn fix(document: &mut Value, log: &mut Log) {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let mut taken = Taken::of(schemas.into_iter().flat_map(Map::keys));
    let mut names = Names::new();
    let moved = move_out(document, &mut names, &mut taken, log);
    rename(document, &mut names, &mut taken, log);
    if let (false, Some(root)) = (moved.is_empty(), document.as_object_mut())
        && let Some(components) = walk::object_in(root, "components")
        && let Some(schemas) = walk::object_in(components, "schemas")
    {
        schemas.extend(moved);
    }
    walk::schemas(document, &mut |_, schema| {
        each_reference(schema, &mut |reference| {
            let Ok(place) = Pointer::parse(reference) else { return };
            let name = names.get(&place).cloned().or_else(|| component(&place));
            if let Some(name) = name {
                *reference = format!("{}{name}", walk::SCHEMAS);
            }
        });
    });
}

/// Takes out the schemas that references find anywhere but among the components.
fn move_out(document: &mut Value, names: &mut Names, taken: &mut Taken, log: &mut Log) -> Vec<(String, Value)> {
    let mut places = BTreeSet::new();
    walk::schemas(document, &mut |_, schema| {
        each_reference(schema, &mut |reference| {
            let place = Pointer::parse(reference).ok();
            places.extend(place.filter(|place| !place.is_root() && component(place).is_none()));
        });
    });
    // What is inside of another goes first, so that the other has a reference in its place.
    let mut places: Vec<Pointer> = places.into_iter().collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.tokens().count()));
    let mut moved = Vec::new();
    for place in places {
        // What leads nowhere, or to what is no schema, is told by the check of the document.
        let Some(found) = place.resolve_mut(document).filter(|found| found.is_object() || found.is_boolean()) else {
            continue;
        };
        let name = taken.take(&name_of(&place, taken));
        log.note("schemas that references found elsewhere than among the schemas have a name now", &place.to_string());
        moved.push((name.clone(), std::mem::replace(found, walk::reference(&name))));
        names.insert(place, name);
    }
    moved
}

/// Gives another name to the schemas whose names are not allowed.
fn rename(document: &mut Value, names: &mut Names, taken: &mut Taken, log: &mut Log) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let odd: Vec<String> = schemas.keys().filter(|name| !name.chars().all(is_allowed)).cloned().collect();
    for old in odd {
        let Some(schema) = schemas.remove(&old) else { continue };
        let words: Vec<&str> = old.split(|c| !is_allowed(c)).filter(|word| !word.is_empty()).collect();
        let new = taken.take(&words.join("_"));
        let place = Pointer::root().join("components").join("schemas").join(&old);
        log.note("schemas whose names OpenAPI 3.0 does not allow have others now", &place.to_string());
        schemas.insert(new.clone(), schema);
        names.insert(place, new);
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// The name of the component that a place is.
fn component(place: &Pointer) -> Option<String> {
    let tokens: Vec<_> = place.tokens().collect();
    match tokens.as_slice() {
        [components, schemas, name] if components == "components" && schemas == "schemas" => Some(name.to_string()),
        _ => None,
    }
}

/// A name for what stands at a place: its own if it has one, else made of the way to it.
fn name_of(place: &Pointer, taken: &Taken) -> String {
    let tokens: Vec<String> = place.tokens().map(|token| token.into_owned()).collect();
    let (way, own) = match tokens.as_slice() {
        [way @ .., holder, own] if holder == walk::DEFINITIONS => (way, Some(own)),
        way => (way, None),
    };
    if let Some(own) = own.filter(|own| own.chars().all(is_allowed) && !taken.names.contains(*own)) {
        return own.clone();
    }
    let way = if way.starts_with(&["components".to_owned(), "schemas".to_owned()]) { &way[2..] } else { way };
    let is_word = |word: &&String| !["properties", "additionalProperties", walk::DEFINITIONS].contains(&word.as_str());
    let words: Vec<&str> = way.iter().chain(own).filter(is_word).map(String::as_str).collect();
    words.join("_").to_upper_camel_case()
}

/// Calls `f` with the references of a schema itself, not of those in it.
fn each_reference(schema: &mut Value, f: &mut dyn FnMut(&mut String)) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref") {
        f(reference);
    }
    let mapping = schema.get_mut("discriminator").and_then(|discriminator| discriminator.get_mut("mapping"));
    for target in mapping.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Value::String(reference) = target
            && reference.starts_with('#')
        {
            f(reference);
        }
    }
}
