//! What decoding a value of a schema has to report, in the simplest way to say so.

use std::collections::BTreeSet;

use serde_json::Value;

use super::schemas::{Schemas, enum_values, parts, reference};

/// Where a value has what the document does not know, and where it lacks what it requires.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) missing: BTreeSet<String>,
    pub(crate) unrecognized: BTreeSet<String>,
}

impl Expected {
    /// What there is to report of a value.
    pub(crate) fn of(schemas: &Schemas, schema: &str, value: &Value) -> Self {
        let mut expected = Self::default();
        expected.read(schemas, schemas.get(schema), Some(schema), value, "");
        expected
    }

    pub(crate) fn len(&self) -> usize {
        self.unknown.len() + self.missing.len() + self.unrecognized.len()
    }

    fn read(&mut self, schemas: &Schemas, schema: &Value, name: Option<&str>, value: &Value, place: &str) {
        if let Some(name) = reference(schema) {
            return self.read(schemas, schemas.get(name), Some(name), value, place);
        }
        if let Some(values) = enum_values(schema) {
            if !value.as_str().is_some_and(|value| values.contains(&value)) {
                self.unrecognized.insert(place.to_owned());
            }
            return;
        }
        if let Some(tag) = schema["discriminator"]["propertyName"].as_str() {
            let known = value[tag].as_str().and_then(|tag| schemas.kind(schema, tag));
            let untagged = || Some(untagged(schemas, schema, tag, value)?).map(|kind| (kind, None));
            match known.or_else(untagged) {
                Some((kind, name)) => self.read(schemas, kind, name, value, place),
                None => _ = self.unrecognized.insert(place.to_owned()),
            }
            return;
        }
        if let Some(parts) = parts(schema) {
            match part_of(schemas, parts, value) {
                Some(Some(part)) => self.read(schemas, part, None, value, place),
                Some(None) => {}
                // What may be anything is nothing unknown.
                None if parts.iter().any(is_anything) => {}
                None => _ = self.unrecognized.insert(place.to_owned()),
            }
            return;
        }
        match value {
            Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
                self.read(schemas, &schema["items"], None, item, &format!("{place}/{index}"));
            }),
            Value::Object(_) if schemas.has_fields(schema, name) => self.fields(schemas, schema, value, place),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                self.read(schemas, &schema["additionalProperties"], None, member, &inner(place, key));
            }),
            _ => {}
        }
    }

    fn fields(&mut self, schemas: &Schemas, schema: &Value, value: &Value, place: &str) {
        for (name, member) in value.as_object().into_iter().flatten() {
            match schema["properties"].get(name) {
                Some(property) if !member.is_null() => {
                    self.read(schemas, property, None, member, &inner(place, name));
                }
                Some(_) => {}
                None if schema.get("additionalProperties").is_none_or(|further| *further == false) => {
                    self.unknown.insert(inner(place, name));
                }
                None => {}
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let nullable = schema["properties"][name]["nullable"] == true;
            if value.get(name).is_none_or(|member| member.is_null() && !nullable) {
                self.missing.insert(inner(place, name));
            }
        }
    }
}

/// What an object without a tag is of: of the kinds that do not require one that with the most keys
/// which are all there, unless another kind needs the same.
fn untagged<'s>(schemas: &'s Schemas, union: &'s Value, tag: &str, value: &Value) -> Option<&'s Value> {
    if !value.is_object() || !value[tag].is_null() {
        return None;
    }
    let mut kinds: Vec<(&Value, BTreeSet<&str>)> = Vec::new();
    for kind in parts(union)? {
        let resolved = schemas.resolve(kind);
        let several = parts(resolved).map(|parts| parts.iter().map(|part| schemas.resolve(part)).collect());
        for object in several.unwrap_or_else(|| vec![resolved]) {
            let needs: BTreeSet<&str> =
                object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if object["properties"].get(tag).is_some()
                && !needs.contains(tag)
                && !kinds.contains(&(kind, needs.clone()))
            {
                kinds.push((kind, needs));
            }
        }
    }
    let is_alone = |needs: &BTreeSet<&str>| kinds.iter().filter(|(_, other)| other == needs).count() == 1;
    let fits = kinds.iter().filter(|(_, needs)| is_alone(needs) && needs.iter().all(|key| !value[*key].is_null()));
    fits.max_by_key(|(_, needs)| needs.len()).map(|(kind, _)| *kind)
}

/// The part of a union that a value is of: of those of its JSON kind, and of objects the one that
/// needs the most keys that are there. A text that may be any is nothing to look into.
fn part_of<'s>(schemas: &'s Schemas, parts: &'s [Value], value: &Value) -> Option<Option<&'s Value>> {
    let of_kind = |kind: &'static str| {
        parts.iter().filter(move |part| {
            let part = schemas.resolve(part);
            part["type"] == kind || kind == "object" && part["discriminator"].is_object()
        })
    };
    match value {
        Value::String(_) => {
            let is_any = |part: &&Value| enum_values(schemas.resolve(part)).is_none();
            match of_kind("string").find(is_any) {
                Some(_) => Some(None),
                None => of_kind("string").next().map(Some),
            }
        }
        Value::Object(members) => {
            let needs = |part: &Value| {
                let required = schemas.resolve(part)["required"].as_array().into_iter().flatten();
                required.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
            };
            let has = |name: &String| members.get(name).is_some_and(|member| !member.is_null());
            let fits = of_kind("object").filter(|part| needs(part).iter().all(has));
            // Those that can have the value of what tells them apart, if any can.
            let telling = ["type", "kind", "role", "object"].into_iter().find(|tag| {
                let values: Option<Vec<_>> = of_kind("object").map(|part| schemas.closed_values(part, tag)).collect();
                values.is_some_and(|values| values.iter().any(|other| *other != values[0]))
            });
            let can_be = |part: &&Value| {
                let found = telling.and_then(|tag| Some((tag, members.get(tag)?.as_str()?)));
                found.is_none_or(|(tag, text)| {
                    schemas.closed_values(part, tag).is_some_and(|known| known.contains(text))
                })
            };
            // Of equal ones the first.
            let best = fits.clone().filter(can_be).rev().max_by_key(|part| needs(part).len());
            best.or_else(|| fits.rev().max_by_key(|part| needs(part).len())).map(Some)
        }
        Value::Array(_) => of_kind("array").next().map(Some),
        Value::Bool(_) => of_kind("boolean").next().map(Some),
        Value::Number(_) => of_kind("number").chain(of_kind("integer")).next().map(Some),
        Value::Null => None,
    }
}

/// Whether a schema says nothing.
fn is_anything(schema: &Value) -> bool {
    schema.as_object().is_some_and(|members| members.keys().all(|key| key == "description" || key == "nullable"))
}

/// The place of a member, as a JSON Pointer.
fn inner(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}
