//! Unions: the kinds that there are, and by which value of the discriminator each is told.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ptr;

use serde_json::{Map, Value};

use super::schemas::{Parts, Schemas, is_null, several_branches};
use super::shape::{KEYWORDS, Shape};
use crate::compare::TooComplex;

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

/// The union of these branches, beside null; says whether one of them allows null.
pub(super) fn union_of<'d>(
    schemas: &mut Schemas<'d>,
    members: &'d Map<String, Value>,
    branches: Vec<&'d Value>,
) -> Result<(Union<'d>, bool), TooComplex> {
    let discriminator = members.get("discriminator");
    let property = discriminator.and_then(|it| it.get("propertyName").or(Some(it))).and_then(Value::as_str);
    let mapping = discriminator.and_then(|it| it.get("mapping")).and_then(Value::as_object);
    let mut open = members.get("x-extensible-discriminator") == Some(&Value::Bool(true));
    let mut nullable = false;
    let mut found = Vec::new();
    // Unions within, whose kinds are kinds of this one; each once, though they lead to each other.
    let mut seen = HashSet::new();
    let mut waiting: VecDeque<&'d Value> = branches.into();
    while let Some(branch) = waiting.pop_front() {
        schemas.step(1)?;
        let chain = schemas.unwrapped(branch)?;
        let target = chain.last().copied().unwrap_or(branch);
        // A branch that allows anything says that others may come.
        if target.as_object().is_some_and(Map::is_empty) || *target == Value::Bool(true) {
            open = true;
            continue;
        }
        let parts = vec![branch];
        nullable |= schemas.node(&parts)?.usage.nullable;
        let Some(property) = property else {
            if let Some(inner) = target.as_object().and_then(mere_union) {
                if seen.insert(ptr::from_ref(target)) {
                    nullable |= inner.null;
                    waiting.extend(inner.branches);
                }
                continue;
            }
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
    Ok((Union { discriminator: property, branches: found, open, derived: false }, nullable))
}

/// What a schema that is a union and nothing else is made of.
struct MereUnion<'d> {
    branches: Vec<&'d Value>,
    null: bool,
}

fn mere_union(members: &Map<String, Value>) -> Option<MereUnion<'_>> {
    let keys = ["oneOf", "anyOf"].map(|key| (key, several_branches(members, key)));
    let mut unions = keys.into_iter().filter(|(_, branches)| !branches.is_empty());
    let (key, branches) = unions.next()?;
    let says_more = ["type", "nullable", "allOf", "$ref", "x-nullable", "x-extensible-discriminator"];
    if unions.next().is_some() || KEYWORDS.iter().chain(&says_more).any(|key| members.contains_key(*key)) {
        return None;
    }
    let null = members.get(key).and_then(Value::as_array).is_some_and(|branches| branches.iter().any(is_null));
    Some(MereUnion { branches, null })
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

/// Properties of a kind that may be but one text each.
pub(crate) fn fixed_texts<'d>(
    schemas: &mut Schemas<'d>,
    shape: &Shape<'d>,
) -> Result<BTreeMap<&'d str, String>, TooComplex> {
    let mut fixed = BTreeMap::new();
    for (name, parts) in shape.properties.iter().filter(|(_, parts)| !parts.is_empty()) {
        if let Some(text) = fixed_text_of(schemas, parts)? {
            fixed.insert(*name, text);
        }
    }
    Ok(fixed)
}

/// The one text that a property of a branch may be.
fn fixed_text<'d>(schemas: &mut Schemas<'d>, branch: &'d Value, property: &str) -> Result<Option<String>, TooComplex> {
    let node = schemas.node(&vec![branch])?;
    let leaves = schemas.leaves(node.core).to_vec();
    let parts: Parts<'d> = leaves.iter().filter_map(|leaf| leaf.value.get("properties")?.get(property)).collect();
    if parts.is_empty() { Ok(None) } else { fixed_text_of(schemas, &parts) }
}

fn fixed_text_of<'d>(schemas: &mut Schemas<'d>, parts: &Parts<'d>) -> Result<Option<String>, TooComplex> {
    let node = schemas.node(parts)?;
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
pub(super) fn union_of_derived<'d>(
    schemas: &Schemas<'d>,
    value: &'d Value,
    members: &'d Map<String, Value>,
) -> Option<Union<'d>> {
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
