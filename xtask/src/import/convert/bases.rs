//! Schemas that extend others are written out whole, and those that others extend by a tag become unions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::log::Log;
use super::walk;

/// How many schemas may extend one another in a row.
const LONGEST: usize = 100;

type Schemas = BTreeMap<String, Value>;

/// What an object has, with all that it extends.
#[derive(Clone, Debug, Default)]
struct Flat {
    properties: Map<String, Value>,
    required: Vec<Value>,
    additional: Option<Value>,
}

struct Bases {
    schemas: Schemas,
    flat: BTreeMap<String, Option<Flat>>,
    /// Of each schema those it extends, in the document's order.
    parents: BTreeMap<String, Vec<String>>,
    /// Of each schema those that extend it.
    children: BTreeMap<String, BTreeSet<String>>,
    /// Of each base the property that is its tag.
    tags: BTreeMap<String, String>,
    /// What the mappings say: tag and kind -> value.
    mapped: BTreeMap<(String, String), String>,
}

/// Rewrites all schemas of the document.
pub(super) fn write_out(document: &mut Value, log: &mut Log) {
    let Some(schemas) = document.pointer("/components/schemas").and_then(Value::as_object) else { return };
    let schemas: Schemas = schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    let mut bases = Bases::of(schemas);
    let names: Vec<String> = bases.schemas.keys().cloned().collect();
    for name in &names {
        bases.flatten(name, &mut Vec::new(), log);
    }
    if log.is_spent() {
        return;
    }
    let mut written: BTreeMap<String, Value> = BTreeMap::new();
    for name in &names {
        if let Some(schema) = bases.rewritten(name, log) {
            written.insert(name.clone(), schema);
        }
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.extend(written);
    }
    walk::schemas(document, &mut |place, schema| {
        let Some(members) = schema.as_object_mut() else { return };
        members.remove("x-ms-discriminator-value");
        bases.inline(members, &place.text(), log);
        complete_union(members, &bases.schemas, &place.text(), log);
    });
}

/// The parts of `allOf`.
fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    schema.get("allOf").and_then(Value::as_array).into_iter().flatten()
}

impl Bases {
    fn of(schemas: Schemas) -> Self {
        let mut bases = Self {
            schemas,
            flat: BTreeMap::new(),
            parents: BTreeMap::new(),
            children: BTreeMap::new(),
            tags: BTreeMap::new(),
            mapped: BTreeMap::new(),
        };
        for (name, schema) in &bases.schemas {
            let is_union = schema.get("oneOf").is_some() || schema.get("anyOf").is_some();
            if let (false, Some(tag)) = (is_union, schema["discriminator"]["propertyName"].as_str()) {
                bases.tags.insert(name.clone(), tag.to_owned());
                let mapping = schema["discriminator"]["mapping"].as_object().into_iter().flatten();
                for (value, target) in mapping.filter_map(|(value, target)| Some((value, target.as_str()?))) {
                    let kind = target.strip_prefix("#/components/schemas/").unwrap_or(target);
                    bases.mapped.entry((tag.to_owned(), kind.to_owned())).or_insert_with(|| value.clone());
                }
            }
            let parents: Vec<String> = parts(schema)
                .filter_map(walk::schema_name)
                .filter(|parent| bases.schemas.get(*parent).is_some_and(is_object))
                .map(str::to_owned)
                .collect();
            for parent in &parents {
                bases.children.entry(parent.clone()).or_default().insert(name.clone());
            }
            if !parents.is_empty() {
                bases.parents.insert(name.clone(), parents);
            }
        }
        bases
    }

    /// Finds out all that an object has. `open` are those that led here.
    fn flatten(&mut self, name: &str, open: &mut Vec<String>, log: &mut Log) {
        if self.flat.contains_key(name) || log.is_spent() {
            return;
        }
        let place = format!("#/components/schemas/{name}");
        let circle = open.iter().any(|other| other == name);
        if circle || open.len() > LONGEST {
            let how = if circle {
                "extends itself".to_owned()
            } else {
                format!("is one of more than {LONGEST} that extend one another")
            };
            log.problem(
                format!("the schema {how}: {}; break the chain", open.first().map_or("", String::as_str)),
                &place,
            );
            self.flat.insert(name.to_owned(), None);
            return;
        }
        open.push(name.to_owned());
        for parent in self.parents.get(name).cloned().unwrap_or_default() {
            self.flatten(&parent, open, log);
        }
        open.pop();
        let Some(schema) = self.schemas.get(name).cloned() else { return };
        let flat = is_object(&schema).then(|| self.own(&schema, &place, log)).flatten();
        self.flat.entry(name.to_owned()).or_insert(flat);
    }

    /// What an object has, when what it extends is known.
    fn own(&self, schema: &Value, place: &str, log: &mut Log) -> Option<Flat> {
        let mut flat = Flat::default();
        for part in parts(schema) {
            let written;
            let inner = match walk::schema_name(part) {
                Some(name) => self.flat.get(name).and_then(Option::as_ref),
                None if is_object(part) => {
                    written = self.own(part, place, log);
                    written.as_ref()
                }
                None => None,
            };
            let Some(inner) = inner else {
                log.problem("`allOf` of what is no object cannot be written out; correct the document", place);
                return None;
            };
            // A part without properties costs too, or a net of them would be endless.
            let mut all = inner.properties.values().chain(&inner.required).chain([&Value::Null]);
            if !all.all(|property| log.afford(property, place)) {
                return None;
            }
            flat.add(inner.clone());
        }
        flat.add(Flat {
            properties: schema["properties"].as_object().cloned().unwrap_or_default(),
            required: schema["required"].as_array().cloned().unwrap_or_default(),
            additional: schema.get("additionalProperties").cloned(),
        });
        Some(flat)
    }

    /// The new form of a schema; none if it stays as it is.
    fn rewritten(&self, name: &str, log: &mut Log) -> Option<Value> {
        let schema = self.schemas.get(name)?;
        let place = format!("#/components/schemas/{name}");
        let parents = self.parents.get(name);
        if parents.is_none() && !self.tags.contains_key(name) {
            return None;
        }
        let mut flat = self.flat.get(name).cloned().flatten()?;
        let beside = |key: &str| {
            !["type", "properties", "required", "additionalProperties", "allOf", "discriminator"].contains(&key)
        };
        let mut new: Map<String, Value> =
            schema.as_object()?.clone().into_iter().filter(|(key, _)| beside(key)).collect();
        new.remove("x-ms-discriminator-value");
        if let Some(parent) = parents.and_then(|parents| parents.first()) {
            new.insert("x-base".to_owned(), parent.clone().into());
        }
        for (tag, value) in self.fixed(name) {
            flat.fix(&tag, value);
        }
        let branches = self.tags.get(name).map(|tag| (tag, self.branches(name)));
        match branches {
            Some((tag, branches)) if !branches.is_empty() => {
                self.union(name, tag, &branches, flat, &mut new, log);
            }
            other => {
                if let Some((tag, _)) = other {
                    log.note(format!("left out: the discriminator `{tag}` of a schema that no other extends"), &place);
                }
                new.insert("type".to_owned(), "object".into());
                new.insert("properties".to_owned(), Value::Object(flat.properties));
                if !flat.required.is_empty() {
                    new.insert("required".to_owned(), flat.required.into());
                }
                new.extend(flat.additional.map(|additional| ("additionalProperties".to_owned(), additional)));
            }
        }
        Some(Value::Object(new))
    }

    fn union(
        &self,
        name: &str,
        tag: &str,
        branches: &BTreeSet<String>,
        mut flat: Flat,
        new: &mut Map<String, Value>,
        log: &mut Log,
    ) {
        let place = format!("#/components/schemas/{name}");
        let mut mapping = Map::new();
        for branch in branches {
            let value = self.value(branch, tag);
            if let Some(other) = mapping.insert(value.clone(), walk::reference(branch)["$ref"].clone()) {
                log.problem(
                    format!("{other} and {branch} both have the value {value:?} of `{tag}`; correct one of them"),
                    &place,
                );
            }
        }
        let mut tag_schema = flat.properties.remove(tag).unwrap_or_else(|| json!({ "type": "string" }));
        if let Some(members) = tag_schema.as_object_mut() {
            for key in ["readOnly", "writeOnly", "x-visibility", "default"] {
                members.remove(key);
            }
        }
        flat.required.retain(|property| property != tag);
        let parts: Vec<Value> = branches.iter().map(|branch| walk::reference(branch)).collect();
        new.insert("oneOf".to_owned(), parts.into());
        new.insert("discriminator".to_owned(), json!({ "propertyName": tag, "mapping": mapping }));
        new.insert("x-extensible-discriminator".to_owned(), true.into());
        new.insert("x-discriminator-schema".to_owned(), tag_schema);
        if !flat.properties.is_empty() {
            new.insert("x-base-properties".to_owned(), Value::Object(flat.properties));
        }
        if !flat.required.is_empty() {
            new.insert("x-base-required".to_owned(), flat.required.into());
        }
    }

    /// The kinds of a base: all that extend it, but what extends a base with another tag is a kind of that.
    fn branches(&self, base: &str) -> BTreeSet<String> {
        let tag = self.tags.get(base);
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![base.to_owned()];
        while let Some(parent) = open.pop() {
            for child in self.children.get(&parent).into_iter().flatten() {
                if !seen.insert(child.clone()) {
                    continue;
                }
                match self.tags.get(child) {
                    // A base that has kinds of its own by the same tag is none itself.
                    Some(own) if Some(own) == tag && self.is_extended(child) => open.push(child.clone()),
                    Some(_) => _ = found.insert(child.clone()),
                    None => {
                        found.insert(child.clone());
                        open.push(child.clone());
                    }
                }
            }
        }
        found.remove(base);
        found
    }

    fn is_extended(&self, name: &str) -> bool {
        self.children.contains_key(name)
    }

    /// The tags that a schema fixes by what it extends.
    fn fixed(&self, name: &str) -> BTreeMap<String, String> {
        let mut fixed = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<(&str, &str)> = vec![(name, name)];
        while let Some((schema, kind)) = open.pop() {
            for parent in self.parents.get(schema).into_iter().flatten().filter(|parent| seen.insert(*parent)) {
                let kind = match self.tags.get(parent) {
                    Some(tag) => {
                        // A base whose kinds have the same tag leaves it open.
                        if self.tags.get(name) != Some(tag) || !self.is_extended(name) {
                            fixed.entry(tag.clone()).or_insert_with(|| self.value(kind, tag));
                        }
                        parent
                    }
                    None => kind,
                };
                open.push((parent, kind));
            }
        }
        fixed
    }

    /// The value of the tag that says this kind.
    fn value(&self, kind: &str, tag: &str) -> String {
        let Some(schema) = self.schemas.get(kind) else { return kind.to_owned() };
        if let Some(value) = schema["x-ms-discriminator-value"].as_str() {
            return value.to_owned();
        }
        if let Some(value) = self.mapped.get(&(tag.to_owned(), kind.to_owned())) {
            return value.clone();
        }
        let own = std::iter::once(schema).chain(parts(schema)).find_map(|part| {
            match part["properties"][tag]["enum"].as_array()?.as_slice() {
                [Value::String(value)] => Some(value.clone()),
                _ => None,
            }
        });
        own.unwrap_or_else(|| kind.to_owned())
    }

    /// `allOf` inside of schemas: of one reference it is that reference, of several parts it is written out.
    fn inline(&self, schema: &mut Map<String, Value>, place: &str, log: &mut Log) {
        let Some(all) = schema.get("allOf").and_then(Value::as_array) else { return };
        let is_composed = schema.contains_key("properties") || all.len() != 1 || walk::schema_name(&all[0]).is_none();
        if !is_composed {
            schema.remove("type");
            if let (1, Some(one)) = (schema.len(), schema["allOf"][0].get("$ref").cloned()) {
                schema.remove("allOf");
                schema.insert("$ref".to_owned(), one);
            }
            return;
        }
        if let [one] = all.as_slice()
            && !is_object(one)
            && let (Some(one), false) = (one.as_object().cloned(), schema.contains_key("properties"))
        {
            schema.remove("allOf");
            for (key, value) in one {
                schema.entry(key).or_insert(value);
            }
            return;
        }
        let Some(flat) = self.own(&Value::Object(schema.clone()), place, log) else { return };
        schema.remove("allOf");
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), Value::Object(flat.properties));
        if !flat.required.is_empty() {
            schema.insert("required".to_owned(), flat.required.into());
        }
        schema.extend(flat.additional.map(|additional| ("additionalProperties".to_owned(), additional)));
    }
}

impl Flat {
    /// Adds what another has; what comes later is the narrower.
    fn add(&mut self, other: Self) {
        self.properties.extend(other.properties);
        let mut known: BTreeSet<String> = self.required.iter().map(Value::to_string).collect();
        self.required.extend(other.required.into_iter().filter(|property| known.insert(property.to_string())));
        self.additional = other.additional.or(self.additional.take());
    }

    /// Fixes a tag to one value.
    fn fix(&mut self, tag: &str, value: String) {
        let mut fixed = json!({ "type": "string", "enum": [value] });
        let before = self.properties.get(tag).and_then(Value::as_object);
        for key in ["readOnly", "writeOnly", "x-visibility"] {
            if let Some(mark) = before.and_then(|before| before.get(key)) {
                fixed[key] = mark.clone();
            }
        }
        self.properties.insert(tag.to_owned(), fixed);
        self.required.retain(|property| property != tag);
        self.required.insert(0, tag.into());
    }
}

/// Whether a schema is an object, or extends something.
fn is_object(schema: &Value) -> bool {
    let is_other = ["oneOf", "anyOf", "enum", "$ref"].iter().any(|key| schema.get(*key).is_some());
    let kind = schema.get("type").and_then(Value::as_str);
    !is_other
        && (kind == Some("object")
            || (kind.is_none() && (schema.get("allOf").is_some() || schema.get("properties").is_some())))
}

/// A union that has its branches: the values of its tag are all said, as references.
fn complete_union(schema: &mut Map<String, Value>, schemas: &Schemas, place: &str, log: &mut Log) {
    let Some(Value::Object(mut discriminator)) = schema.remove("discriminator") else { return };
    let key = if schema.contains_key("oneOf") { "oneOf" } else { "anyOf" };
    let branches = schema.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let names: Option<Vec<&str>> = branches.iter().map(walk::schema_name).collect();
    let (Some(names), Some(tag)) =
        (names.filter(|names| !names.is_empty()), discriminator.get("propertyName").and_then(Value::as_str))
    else {
        log.note("left out: a discriminator whose kinds have no names", place);
        return;
    };
    let mut mapping = Map::new();
    for (value, target) in discriminator.get("mapping").and_then(Value::as_object).into_iter().flatten() {
        let target = match target.as_str() {
            Some(name) if schemas.contains_key(name) => walk::reference(name)["$ref"].clone(),
            _ => target.clone(),
        };
        mapping.insert(value.clone(), target);
    }
    let mapped: BTreeSet<String> = mapping.values().filter_map(Value::as_str).map(str::to_owned).collect();
    for name in names {
        let reference = walk::reference(name)["$ref"].clone();
        if !reference.as_str().is_some_and(|reference| mapped.contains(reference)) {
            let values = schemas.get(name).and_then(|branch| branch["properties"][tag]["enum"].as_array());
            let known: Vec<&str> = values.into_iter().flatten().filter_map(Value::as_str).collect();
            let known = if known.is_empty() { vec![name] } else { known };
            mapping.extend(known.into_iter().map(|value| (value.to_owned(), reference.clone())));
        }
    }
    discriminator.insert("mapping".to_owned(), Value::Object(mapping));
    schema.insert("discriminator".to_owned(), Value::Object(discriminator));
    if key == "anyOf"
        && let Some(branches) = schema.remove("anyOf")
    {
        schema.insert("oneOf".to_owned(), branches);
    }
}
