//! The shape of a schema: what its leaves say together, ready to be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::canonical;
use super::hashes::HASH_DEPTH;
use super::schemas::{Leaf, Parts, Schemas, several_branches};
use super::types::{Types, own_types};
use super::unions::{Union, union_of, union_of_derived};
use crate::compare::TooComplex;

/// What a schema allows, all of its leaves put together.
#[derive(Debug, Default)]
pub(crate) struct Shape<'d> {
    pub(crate) types: Types,
    pub(crate) format: Option<String>,
    pub(crate) enumeration: Option<Enumeration>,
    pub(crate) properties: BTreeMap<&'d str, Parts<'d>>,
    /// All of them are among the properties.
    pub(crate) required: BTreeSet<&'d str>,
    pub(crate) additional: Additional<'d>,
    pub(crate) patterned: BTreeMap<&'d str, Parts<'d>>,
    pub(crate) items: Parts<'d>,
    pub(crate) tuple: Vec<Parts<'d>>,
    pub(crate) union: Option<Union<'d>>,
    /// A branch of a union allows null, so that the whole does.
    pub(crate) nullable: bool,
    pub(crate) limits: BTreeMap<&'static str, Limit>,
    pub(crate) patterns: BTreeSet<&'d str>,
    /// What is compared as a whole: by keyword, a hash.
    pub(crate) constraints: BTreeMap<&'static str, u64>,
}

/// Properties that an object may have beside those that are listed.
#[derive(Debug, Default)]
pub(crate) enum Additional<'d> {
    #[default]
    Any,
    Refused,
    Schema(Parts<'d>),
}

/// The values that are listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enumeration {
    pub(crate) values: BTreeSet<String>,
    /// Others may come.
    pub(crate) open: bool,
}

/// A limit of numbers, lengths or counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
    /// As it is written.
    pub(crate) text: String,
}

/// Keywords that allow less without being a type.
pub(super) const KEYWORDS: &[&str] = &[
    "format",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "items",
    "prefixItems",
    "discriminator",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

/// Keywords that are compared as a whole.
const WHOLE: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "unevaluatedItems",
    "additionalItems",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

/// Limits, and whether less than this is refused (as against more).
const LIMITS: &[(&str, bool)] = &[
    ("minLength", true),
    ("maxLength", false),
    ("minItems", true),
    ("maxItems", false),
    ("minProperties", true),
    ("maxProperties", false),
    ("minContains", true),
    ("maxContains", false),
];

/// Whether a schema allows less than its type does.
pub(super) fn says_more_than_its_type(members: &Map<String, Value>) -> bool {
    members.keys().any(|key| KEYWORDS.contains(&key.as_str()))
        || ["oneOf", "anyOf"].iter().any(|key| several_branches(members, key).len() > 1)
        || members.get("x-extensible-enum").is_some_and(Value::is_array)
}

impl<'d> Shape<'d> {
    pub(super) fn of(schemas: &mut Schemas<'d>, leaves: &[Leaf<'d>]) -> Result<Self, TooComplex> {
        let mut shape = Self::default();
        let mut formats = BTreeSet::new();
        for leaf in leaves {
            let Value::Object(members) = leaf.value else {
                // Only `false` is a leaf without being an object: nothing is allowed.
                shape.types = Types::NONE;
                continue;
            };
            schemas.step(1 + members.len())?;
            let types = shape.types.and(own_types(leaf.value));
            // Leaves that contradict each other allow nothing; the first says what was meant.
            shape.types = if types.is_none() && !shape.types.is_none() && shape.types != Types::ANY {
                shape.types
            } else {
                types
            };
            formats.extend(members.get("format").and_then(Value::as_str));
            let encoded = encoded_as(members);
            formats.extend(encoded.map(|(_, format)| format));
            shape.enumeration = both(shape.enumeration.take(), enumeration(members));
            shape.objects(members);
            shape.arrays(members);
            shape.limits(members);
            shape.patterns.extend(members.get("pattern").and_then(Value::as_str));
            for key in WHOLE.iter().filter(|key| encoded.is_none_or(|(told, _)| told != **key)) {
                if let Some(value) = members.get(*key) {
                    // One sentence in three words.
                    let key = if matches!(*key, "then" | "else") { "if" } else { key };
                    let hash = schemas.hash_of_value(value)?;
                    // All must hold, in whatever order they are written.
                    let all = shape.constraints.entry(key).or_insert(0);
                    *all = all.wrapping_add(hash);
                }
            }
            shape.unions(schemas, leaf, members)?;
        }
        for name in &shape.required {
            shape.properties.entry(name).or_default();
        }
        shape.whole_limits();
        shape.format = (!formats.is_empty()).then(|| formats.into_iter().collect::<Vec<_>>().join(" and "));
        Ok(shape)
    }

    fn objects(&mut self, members: &'d Map<String, Value>) {
        let object = |key: &str| members.get(key).and_then(Value::as_object).into_iter().flatten();
        for (name, value) in object("properties") {
            self.properties.entry(name).or_default().push(value);
        }
        for (pattern, value) in object("patternProperties") {
            self.patterned.entry(pattern).or_default().push(value);
        }
        let required = members.get("required").and_then(Value::as_array).into_iter().flatten();
        self.required.extend(required.filter_map(Value::as_str));
        for key in ["additionalProperties", "unevaluatedProperties"] {
            match members.get(key) {
                Some(Value::Bool(false)) => self.additional = Additional::Refused,
                Some(schema @ Value::Object(inner)) if !inner.is_empty() => match &mut self.additional {
                    Additional::Refused => {}
                    Additional::Schema(parts) => parts.push(schema),
                    any => *any = Additional::Schema(vec![schema]),
                },
                _ => {}
            }
        }
    }

    fn arrays(&mut self, members: &'d Map<String, Value>) {
        let tuple = match (members.get("prefixItems"), members.get("items")) {
            (Some(Value::Array(tuple)), _) | (None, Some(Value::Array(tuple))) => tuple.as_slice(),
            _ => &[],
        };
        for (index, value) in tuple.iter().enumerate() {
            match self.tuple.get_mut(index) {
                Some(parts) => parts.push(value),
                None => self.tuple.push(vec![value]),
            }
        }
        if let Some(items @ (Value::Object(_) | Value::Bool(_))) = members.get("items") {
            self.items.push(items);
        }
    }

    fn limits(&mut self, members: &Map<String, Value>) {
        for (key, lower) in LIMITS {
            if let Some(value) = members.get(*key).and_then(Value::as_f64)
                // Nothing is shorter than nothing.
                && !(*lower && value <= 0.0)
            {
                self.limit(key, Limit { value, exclusive: false, text: text_of(value) });
            }
        }
        if members.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.limit("uniqueItems", Limit { value: 1.0, exclusive: false, text: "true".to_owned() });
        }
        if let Some(value) = members.get("multipleOf").and_then(Value::as_f64).filter(|value| *value > 0.0) {
            self.limit("multipleOf", Limit { value, exclusive: false, text: text_of(value) });
        }
        for (key, exclusive_key) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            let number = |key: &str| members.get(key).and_then(Value::as_f64);
            // A flag beside the limit in OpenAPI 3.0, a limit of its own in 3.1.
            let flagged = members.get(exclusive_key) == Some(&Value::Bool(true));
            for (value, exclusive) in [(number(key), flagged), (number(exclusive_key), true)] {
                if let Some(value) = value {
                    let text = if exclusive { format!("{} (excluded)", text_of(value)) } else { text_of(value) };
                    self.limit(key, Limit { value, exclusive, text });
                }
            }
        }
    }

    /// Adds a limit; of two the tighter holds.
    fn limit(&mut self, key: &'static str, limit: Limit) {
        let tighter = self.limits.get(key).is_none_or(|known| is_tighter(key, &limit, known) == Some(true));
        if tighter {
            self.limits.insert(key, limit);
        }
    }

    /// Of whole numbers, more than 0 is at least 1.
    fn whole_limits(&mut self) {
        if self.types != Types::INTEGER {
            return;
        }
        for (key, step) in [("minimum", 1.0), ("maximum", -1.0)] {
            // Below 2^53 every integer has a float of its own.
            let excluded =
                |limit: &&mut Limit| limit.exclusive && limit.value.fract() == 0.0 && limit.value.abs() < 9.0e15;
            if let Some(limit) = self.limits.get_mut(key).filter(excluded) {
                (limit.value, limit.exclusive) = (limit.value + step, false);
            }
        }
    }

    fn unions(
        &mut self,
        schemas: &mut Schemas<'d>,
        leaf: &Leaf<'d>,
        members: &'d Map<String, Value>,
    ) -> Result<(), TooComplex> {
        let mut found = Vec::new();
        for key in ["oneOf", "anyOf"] {
            let branches = several_branches(members, key);
            if branches.is_empty() {
                continue;
            }
            let may_be_null = !members.contains_key("type");
            for branch in &branches {
                self.nullable |= may_be_null && schemas.node(&vec![*branch])?.usage.nullable;
            }
            if let Some((types, listed)) = listed_values(schemas, &branches)? {
                self.types = self.types.and(types);
                self.enumeration = both(self.enumeration.take(), Some(listed));
                continue;
            }
            if let Some(types) = mere_types(schemas, &branches)? {
                self.types = self.types.and(types);
                continue;
            }
            let (union, nullable) = union_of(schemas, members, branches)?;
            self.nullable |= may_be_null && nullable;
            found.push(union);
        }
        if found.is_empty() && !leaf.as_base {
            found.extend(union_of_derived(schemas, leaf.value, members));
        }
        for union in found {
            if self.union.is_none() {
                self.union = Some(union);
            } else {
                // Two unions that must both hold: rare enough to be compared as a whole.
                for branch in union.branches {
                    let hash = schemas.hash_of_parts(&branch.parts, HASH_DEPTH)?;
                    let all = self.constraints.entry("oneOf").or_insert(0);
                    *all = all.wrapping_add(hash);
                }
            }
        }
        Ok(())
    }
}

/// Whether one limit of that name allows less than another; of two multiples neither may.
pub(crate) fn is_tighter(name: &str, limit: &Limit, than: &Limit) -> Option<bool> {
    if name == "multipleOf" {
        let is_whole = |ratio: f64| (ratio - ratio.round()).abs() < 1e-9;
        let (times, part) = (limit.value / than.value, than.value / limit.value);
        return if is_whole(times) { Some(times > 1.5) } else { is_whole(part).then_some(false) };
    }
    if limit.value == than.value {
        return Some(limit.exclusive && !than.exclusive);
    }
    let refuses_less = name.starts_with("min") || name == "uniqueItems";
    Some((limit.value > than.value) == refuses_less)
}

/// The format that OpenAPI 3.1 says in other words, and the keyword that says it.
fn encoded_as(members: &Map<String, Value>) -> Option<(&'static str, &'static str)> {
    let is = |key: &str, text: &str| members.get(key).is_some_and(|value| value == text);
    if is("contentEncoding", "base64") {
        Some(("contentEncoding", "byte"))
    } else {
        is("contentMediaType", "application/octet-stream").then_some(("contentMediaType", "binary"))
    }
}

fn text_of(value: f64) -> String {
    serde_json::Number::from_f64(value).map_or_else(String::new, |number| canonical(&Value::Number(number)))
}

fn both(one: Option<Enumeration>, other: Option<Enumeration>) -> Option<Enumeration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Enumeration {
            values: one.values.intersection(&other.values).cloned().collect(),
            open: one.open && other.open,
        }),
        (one, other) => one.or(other),
    }
}

fn enumeration(members: &Map<String, Value>) -> Option<Enumeration> {
    let mark = members.get("x-extensible-enum");
    let as_string = members.get("x-ms-enum").and_then(|mark| mark.get("modelAsString"));
    // The mark is a flag beside the enum, or the list itself.
    let open =
        mark.is_some_and(|mark| *mark == Value::Bool(true) || mark.is_array()) || as_string == Some(&Value::Bool(true));
    let listed = members.get("enum").or(mark).and_then(Value::as_array);
    let values: BTreeSet<_> = match (listed, members.get("const")) {
        (Some(values), _) => values.iter().filter(|value| !value.is_null()).map(canonical).collect(),
        (None, Some(value)) => [canonical(value)].into(),
        (None, None) => return None,
    };
    // Null alone is a type.
    (!values.is_empty()).then_some(Enumeration { values, open })
}

/// A union of types, with nothing said of any, is a list of types.
fn mere_types<'d>(schemas: &mut Schemas<'d>, branches: &[&'d Value]) -> Result<Option<Types>, TooComplex> {
    let mut types = Types::NONE;
    for branch in branches {
        let node = schemas.node(&vec![*branch])?;
        match schemas.leaves(node.core) {
            [leaf] => {
                if leaf.value.as_object().is_none_or(says_more_than_its_type) {
                    return Ok(None);
                }
                types = types.or(own_types(leaf.value));
            }
            _ => return Ok(None),
        }
    }
    Ok((!types.is_none()).then_some(types))
}

/// A union of values of one type, listed and maybe not, is an enum: open if any of the type may come.
fn listed_values<'d>(
    schemas: &mut Schemas<'d>,
    branches: &[&'d Value],
) -> Result<Option<(Types, Enumeration)>, TooComplex> {
    let mut all = Enumeration { values: BTreeSet::new(), open: false };
    let mut types = None;
    for branch in branches {
        // Looked at without its shape, which could lead back to here.
        let node = schemas.node(&vec![*branch])?;
        let [leaf] = schemas.leaves(node.core) else { return Ok(None) };
        let Value::Object(members) = leaf.value else { return Ok(None) };
        let own = own_types(leaf.value);
        if *types.get_or_insert(own) != own || own.is_compound() {
            return Ok(None);
        }
        let only = |keys: &[&str]| KEYWORDS.iter().all(|key| keys.contains(key) || !members.contains_key(*key));
        match enumeration(members) {
            Some(listed) if only(&["enum", "const"]) => {
                all.values.extend(listed.values);
                all.open |= listed.open;
            }
            None if only(&[]) => all.open = true,
            _ => return Ok(None),
        }
    }
    Ok(types.filter(|_| !all.values.is_empty()).map(|types| (types, all)))
}

#[cfg(test)]
mod tests {
    use super::super::schemas::is_null;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tighter_of_two_limits_is_known() {
        let limit = |value, exclusive| Limit { value, exclusive, text: String::new() };
        for (name, one, other, tighter) in [
            ("minimum", limit(2.0, false), limit(1.0, false), Some(true)),
            ("minLength", limit(1.0, false), limit(2.0, false), Some(false)),
            ("maximum", limit(1.0, false), limit(2.0, false), Some(true)),
            ("maxItems", limit(2.0, false), limit(1.0, false), Some(false)),
            ("minimum", limit(1.0, true), limit(1.0, false), Some(true)),
            ("minimum", limit(1.0, false), limit(1.0, true), Some(false)),
            ("minimum", limit(1.0, false), limit(1.0, false), Some(false)),
            ("multipleOf", limit(10.0, false), limit(5.0, false), Some(true)),
            ("multipleOf", limit(0.1, false), limit(0.3, false), Some(false)),
            ("multipleOf", limit(5.0, false), limit(5.0, false), Some(false)),
            ("multipleOf", limit(5.0, false), limit(3.0, false), None),
        ] {
            assert_eq!(is_tighter(name, &one, &other), tighter, "{name} {one:?} {other:?}");
        }
    }

    #[test]
    fn null_is_seen_in_every_spelling() {
        for (schema, found) in [
            (json!({"type": "null"}), true),
            (json!({"type": ["null"]}), true),
            (json!({"enum": [null]}), true),
            (json!({"const": null}), true),
            (json!({"type": ["null", "string"]}), false),
            (json!({"nullable": true}), false),
        ] {
            assert_eq!(is_null(&schema), found, "{schema}");
        }
    }
}
