//! Unions: the kinds that there are, and by which value of the discriminator each is told.

use std::ptr;

use serde_json::{Map, Value};

use super::schemas::{Parts, Schemas};
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

/// The union of these branches, beside null.
pub(super) fn union_of<'d>(
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
