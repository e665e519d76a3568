//! The shape of a schema: what its leaves say together, ready to be compared.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ptr;

use serde_json::{Map, Value};

use super::canonical;
use super::schemas::{CoreId, Leaf, Parts, Schemas, several_branches};
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

/// One of several kinds.
#[derive(Debug)]
pub(crate) struct Union<'d> {
    pub(crate) discriminator: Option<&'d str>,
    pub(crate) branches: Vec<Branch<'d>>,
    /// Others may come.
    pub(crate) open: bool,
    /// Its kinds derive from the schema, which says what all of them have; it is also one itself.
    pub(crate) derived: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Branch<'d> {
    /// The discriminator's value.
    pub(crate) tag: Option<String>,
    pub(crate) parts: Parts<'d>,
}

/// A limit of numbers, lengths or counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
    pub(crate) text: String,
}

/// A set of the types of JSON, null left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const ANY: Self = Self(0b11_1111);
    const NAMES: [(&'static str, u8); 6] = [
        ("string", 0b1),
        // Every integer is a number.
        ("number", 0b110),
        ("integer", 0b10),
        ("boolean", 0b1000),
        ("array", 0b1_0000),
        ("object", 0b10_0000),
    ];
    pub(crate) const STRING: Self = Self(0b1);
    const OBJECT: Self = Self(0b10_0000);
    const ARRAY: Self = Self(0b1_0000);

    fn named(name: &str) -> Self {
        if name == "null" {
            return Self(0);
        }
        // An unknown type restricts nothing that could be said here.
        Self::NAMES.iter().find(|(known, _)| *known == name).map_or(Self::ANY, |(_, bits)| Self(*bits))
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn is_within(self, other: Self) -> bool {
        self.0 & other.0 == self.0
    }

    fn names(self) -> Vec<&'static str> {
        let mut left = self.0;
        let mut names = Vec::new();
        for (name, bits) in Self::NAMES {
            if left & bits == bits {
                left &= !bits;
                names.push(name);
            }
        }
        names
    }

    /// Whether lists or objects are among them.
    pub(crate) fn is_compound(self) -> bool {
        self.and(Self::ARRAY.or(Self::OBJECT)).0 != 0
    }

    pub(crate) fn is_one(self) -> bool {
        self.names().len() == 1
    }
}

impl Default for Types {
    fn default() -> Self {
        Self::ANY
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANY {
            return f.write_str("any");
        }
        if self.0 == 0 {
            return f.write_str("null");
        }
        f.write_str(&self.names().join(" or "))
    }
}

/// Keywords that allow less without being a type.
const KEYWORDS: &[&str] = &[
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
    "multipleOf",
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

/// How far down a hash looks: far enough to tell kinds apart, never without end.
const HASH_DEPTH: u8 = 4;

/// Whether a schema allows less than its type does.
pub(super) fn says_more_than_its_type(members: &Map<String, Value>) -> bool {
    members.keys().any(|key| KEYWORDS.contains(&key.as_str()))
        || ["oneOf", "anyOf"].iter().any(|key| several_branches(members, key).len() > 1)
        || members.get("x-extensible-enum").is_some_and(Value::is_array)
}

/// The types that one schema allows by itself.
pub(super) fn own_types(value: &Value) -> Types {
    match value.get("type") {
        Some(Value::String(name)) => return Types::named(name),
        Some(Value::Array(names)) => {
            return names.iter().filter_map(Value::as_str).map(Types::named).fold(Types(0), Types::or);
        }
        _ => {}
    }
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(*key).is_some());
    if has(&["properties", "additionalProperties", "patternProperties"])
        || value.get("required").is_some_and(Value::is_array)
        || value.get("discriminator").is_some()
    {
        return Types::OBJECT;
    }
    if has(&["items", "prefixItems"]) {
        return Types::ARRAY;
    }
    let values = value.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    let values = values.or_else(|| value.get("const").map(std::slice::from_ref));
    values.map_or(Types::ANY, |values| {
        values.iter().filter(|value| !value.is_null()).map(type_of).fold(Types(0), Types::or)
    })
}

fn type_of(value: &Value) -> Types {
    Types::named(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}

impl<'d> Shape<'d> {
    pub(super) fn of(schemas: &mut Schemas<'d>, leaves: &[Leaf<'d>]) -> Result<Self, TooComplex> {
        let mut shape = Self::default();
        let mut formats = BTreeSet::new();
        for leaf in leaves {
            let Value::Object(members) = leaf.value else {
                // Only `false` is a leaf without being an object: nothing is allowed.
                shape.types = Types(0);
                continue;
            };
            schemas.step(1 + members.len())?;
            let types = shape.types.and(own_types(leaf.value));
            // Leaves that contradict each other allow nothing; the first says what was meant.
            shape.types =
                if types.0 == 0 && shape.types.0 != 0 && shape.types != Types::ANY { shape.types } else { types };
            formats.extend(members.get("format").and_then(Value::as_str));
            shape.enumeration = both(shape.enumeration.take(), enumeration(members));
            shape.objects(members);
            shape.arrays(members);
            shape.limits(members);
            shape.patterns.extend(members.get("pattern").and_then(Value::as_str));
            for key in WHOLE {
                if let Some(value) = members.get(*key) {
                    let hash = schemas.hash_of_value(value, HASH_DEPTH)?;
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
                self.limit(key, *lower, Limit { value, exclusive: false, text: text_of(value) });
            }
        }
        if members.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.limit("uniqueItems", true, Limit { value: 1.0, exclusive: false, text: "true".to_owned() });
        }
        for (key, exclusive_key, lower) in
            [("minimum", "exclusiveMinimum", true), ("maximum", "exclusiveMaximum", false)]
        {
            let number = |key: &str| members.get(key).and_then(Value::as_f64);
            // A flag beside the limit in OpenAPI 3.0, a limit of its own in 3.1.
            let flagged = members.get(exclusive_key) == Some(&Value::Bool(true));
            for (value, exclusive) in [(number(key), flagged), (number(exclusive_key), true)] {
                if let Some(value) = value {
                    let text = if exclusive { format!("{} (excluded)", text_of(value)) } else { text_of(value) };
                    self.limit(key, lower, Limit { value, exclusive, text });
                }
            }
        }
    }

    /// Adds a limit; of two the tighter holds.
    fn limit(&mut self, key: &'static str, lower: bool, limit: Limit) {
        let tighter = self.limits.get(key).is_none_or(|known| is_tighter(lower, &limit, known));
        if tighter {
            self.limits.insert(key, limit);
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
            if let Some(listed) = listed_texts(schemas, &branches)? {
                self.types = self.types.and(Types::STRING);
                self.enumeration = both(self.enumeration.take(), Some(listed));
                continue;
            }
            found.push(union_of(schemas, members, branches)?);
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

/// Whether one limit allows less than another.
pub(crate) fn is_tighter(lower: bool, limit: &Limit, than: &Limit) -> bool {
    if limit.value == than.value {
        return limit.exclusive && !than.exclusive;
    }
    (limit.value > than.value) == lower
}

impl Limit {
    /// Whether a limit of that name refuses what is less, as against what is more.
    pub(crate) fn is_lower(name: &str) -> bool {
        name.starts_with("min") || name == "uniqueItems"
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

/// A union of texts, listed and maybe not, is an enum: open if any text may come.
fn listed_texts<'d>(schemas: &mut Schemas<'d>, branches: &[&'d Value]) -> Result<Option<Enumeration>, TooComplex> {
    let mut all = Enumeration { values: BTreeSet::new(), open: false };
    for branch in branches {
        // Looked at without its shape, which could lead back to here.
        let node = schemas.node(&vec![*branch])?;
        let [leaf] = schemas.leaves(node.core) else { return Ok(None) };
        let Value::Object(members) = leaf.value else { return Ok(None) };
        if own_types(leaf.value) != Types::STRING {
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
    Ok((!all.values.is_empty()).then_some(all))
}

fn union_of<'d>(
    schemas: &mut Schemas<'d>,
    members: &'d Map<String, Value>,
    branches: Vec<&'d Value>,
) -> Result<Union<'d>, TooComplex> {
    let discriminator = members.get("discriminator");
    let property = discriminator.and_then(|it| it.get("propertyName").or(Some(it))).and_then(Value::as_str);
    let mapping = discriminator.and_then(|it| it.get("mapping")).and_then(Value::as_object);
    let mut open = members.get("x-extensible-discriminator") == Some(&Value::Bool(true));
    let mut found = Vec::new();
    for branch in branches {
        schemas.step(1)?;
        let chain = schemas.unwrapped(branch)?;
        let target = chain.last().copied().unwrap_or(branch);
        // A branch that allows anything says that others may come.
        if target.as_object().is_some_and(Map::is_empty) || *target == Value::Bool(true) {
            open = true;
            continue;
        }
        let parts = vec![branch];
        let Some(property) = property else {
            found.push(Branch { tag: None, parts });
            continue;
        };
        let name = chain.iter().find_map(|value| schemas.name_of(value));
        let mapped: Vec<_> = mapping
            .into_iter()
            .flatten()
            .filter(|(_, place)| place.as_str().is_some_and(|place| leads_to(schemas, place, &chain, name)))
            .map(|(tag, _)| tag.clone())
            .collect();
        if !mapped.is_empty() {
            found.extend(mapped.into_iter().map(|tag| Branch { tag: Some(tag), parts: parts.clone() }));
            continue;
        }
        let fixed = fixed_text(schemas, branch, property)?;
        let leads_nowhere = fixed
            .as_ref()
            .is_some_and(|fixed| mapping.is_some_and(|mapping| !mapping.is_empty() && !mapping.contains_key(fixed)));
        // What a mapping leaves out, though it lists others, is found by nobody who goes by it.
        if !leads_nowhere {
            found.push(Branch { tag: fixed.or_else(|| name.map(str::to_owned)), parts });
        }
    }
    Ok(Union { discriminator: property, branches: found, open, derived: false })
}

fn leads_to<'d>(schemas: &Schemas<'d>, place: &str, chain: &[&'d Value], name: Option<&str>) -> bool {
    if name.is_some_and(|name| name == place) {
        return true;
    }
    let found = schemas.document().resolve_place(place);
    found.is_ok_and(|(_, value)| {
        let target = schemas.target(value);
        chain.iter().any(|link| ptr::eq(*link, value) || ptr::eq(*link, target))
    })
}

/// The one text that a property of a branch may be.
fn fixed_text<'d>(schemas: &mut Schemas<'d>, branch: &'d Value, property: &str) -> Result<Option<String>, TooComplex> {
    let node = schemas.node(&vec![branch])?;
    let leaves = schemas.leaves(node.core).to_vec();
    let parts: Parts<'d> = leaves.iter().filter_map(|leaf| leaf.value.get("properties")?.get(property)).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let node = schemas.node(&parts)?;
    let leaves = schemas.leaves(node.core).to_vec();
    for leaf in leaves {
        let fixed = leaf.value.get("const").or_else(|| match leaf.value.get("enum")?.as_array()?.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        if let Some(Value::String(text)) = fixed {
            return Ok(Some(text.clone()));
        }
    }
    Ok(None)
}

/// A schema with a discriminator and no union is the union of those that derive from it.
fn union_of_derived<'d>(schemas: &Schemas<'d>, value: &'d Value, members: &'d Map<String, Value>) -> Option<Union<'d>> {
    let discriminator = members.get("discriminator")?;
    let derived = schemas.derived_from(value).into_iter().flatten();
    let branches = derived.map(|(tag, value)| Branch { tag: Some((*tag).to_owned()), parts: vec![value] }).collect();
    Some(Union {
        discriminator: discriminator.get("propertyName").or(Some(discriminator)).and_then(Value::as_str),
        branches,
        open: members.get("x-extensible-discriminator") == Some(&Value::Bool(true)),
        derived: true,
    })
}

/// Hashes by meaning, for telling branches apart and for what is compared as a whole.
impl<'d> Schemas<'d> {
    pub(crate) fn hash(&mut self, core: CoreId) -> Result<u64, TooComplex> {
        self.hash_to(core, HASH_DEPTH)
    }

    pub(crate) fn hash_of_parts(&mut self, parts: &Parts<'d>, depth: u8) -> Result<u64, TooComplex> {
        let node = self.node(parts)?;
        let mut hasher = DefaultHasher::new();
        node.usage.nullable.hash(&mut hasher);
        self.hash_to(node.core, depth)?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn hash_to(&mut self, core: CoreId, depth: u8) -> Result<u64, TooComplex> {
        if let Some(hash) = self.hashes.get(&(core, depth)) {
            return Ok(*hash);
        }
        let shape = self.shape(core)?;
        let mut hasher = DefaultHasher::new();
        (shape.types, &shape.format, &shape.patterns, &shape.constraints, &shape.required).hash(&mut hasher);
        shape.enumeration.as_ref().map(|listed| (&listed.values, listed.open)).hash(&mut hasher);
        for (name, limit) in &shape.limits {
            (name, &limit.text).hash(&mut hasher);
        }
        let mut parts: Vec<(String, &Parts<'d>)> = Vec::new();
        parts.extend(shape.properties.iter().map(|(name, parts)| (format!(".{name}"), parts)));
        parts.extend(shape.patterned.iter().map(|(name, parts)| (format!("~{name}"), parts)));
        parts.extend(shape.tuple.iter().map(|parts| ("[]".to_owned(), parts)));
        parts.push(("*".to_owned(), &shape.items));
        match &shape.additional {
            Additional::Any => {}
            Additional::Refused => "refused".hash(&mut hasher),
            Additional::Schema(schema) => parts.push(("{}".to_owned(), schema)),
        }
        for (name, parts) in parts {
            self.step(1)?;
            name.hash(&mut hasher);
            if depth > 0 && !parts.is_empty() {
                self.hash_of_parts(parts, depth - 1)?.hash(&mut hasher);
            }
        }
        if let Some(union) = &shape.union {
            (union.discriminator, union.open).hash(&mut hasher);
            // The order of branches says nothing.
            let mut branches = Vec::new();
            for branch in &union.branches {
                self.step(1)?;
                let hash = if depth > 0 { self.hash_of_parts(&branch.parts, depth - 1)? } else { 0 };
                branches.push((&branch.tag, hash));
            }
            branches.sort_unstable();
            branches.hash(&mut hasher);
        }
        let hash = hasher.finish();
        self.hashes.insert((core, depth), hash);
        Ok(hash)
    }

    /// The hash of what stands under a keyword, be it a schema, several, or data: of its text without
    /// what is mere writing, references followed some steps far. By its text, since looking into it as
    /// a schema may lead back to the schema that it stands in.
    fn hash_of_value(&mut self, value: &'d Value, depth: u8) -> Result<u64, TooComplex> {
        const WRITING: &[&str] = &["description", "title", "example", "examples", "$comment", "externalDocs"];
        self.step(1)?;
        let mut hasher = DefaultHasher::new();
        if value.get("$ref").is_some() {
            if depth > 0 {
                return self.hash_of_value(self.target(value), depth - 1);
            }
            return Ok(hasher.finish());
        }
        match value {
            Value::Object(members) => {
                let mut all = 0_u64;
                for (key, value) in members.iter().filter(|(key, _)| !WRITING.contains(&key.as_str())) {
                    let mut member = DefaultHasher::new();
                    (key, self.hash_of_value(value, depth)?).hash(&mut member);
                    // The order of members says nothing.
                    all = all.wrapping_add(member.finish());
                }
                ("object", all).hash(&mut hasher);
            }
            Value::Array(elements) => {
                for element in elements {
                    self.hash_of_value(element, depth)?.hash(&mut hasher);
                }
            }
            other => canonical(other).hash(&mut hasher),
        }
        Ok(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::super::schemas::is_null;
    use super::*;
    use serde_json::json;

    #[test]
    fn types_say_what_they_hold() {
        for (schema, types) in [
            (json!({}), "any"),
            (json!({"type": "string"}), "string"),
            (json!({"type": ["string", "null"]}), "string"),
            (json!({"type": ["integer", "number"]}), "number"),
            (json!({"type": ["integer", "string"]}), "string or integer"),
            (json!({"type": "null"}), "null"),
            (json!({"properties": {}}), "object"),
            (json!({"items": {}}), "array"),
            (json!({"enum": ["a", 1, null]}), "string or integer"),
            (json!({"const": true}), "boolean"),
        ] {
            assert_eq!(own_types(&schema).to_string(), types, "{schema}");
        }
        assert!(Types::named("integer").is_within(Types::named("number")));
        assert!(!Types::named("number").is_within(Types::named("integer")));
        assert!(Types::named("number").is_one());
    }

    #[test]
    fn the_tighter_of_two_limits_is_known() {
        let limit = |value, exclusive| Limit { value, exclusive, text: String::new() };
        for (lower, one, other, tighter) in [
            (true, limit(2.0, false), limit(1.0, false), true),
            (true, limit(1.0, false), limit(2.0, false), false),
            (false, limit(1.0, false), limit(2.0, false), true),
            (false, limit(2.0, false), limit(1.0, false), false),
            (true, limit(1.0, true), limit(1.0, false), true),
            (true, limit(1.0, false), limit(1.0, true), false),
            (true, limit(1.0, false), limit(1.0, false), false),
        ] {
            assert_eq!(is_tighter(lower, &one, &other), tighter, "{lower} {one:?} {other:?}");
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
