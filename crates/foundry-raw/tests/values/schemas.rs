//! The schemas of a document as the types are made of them: those without a name by the name they
//! are given, and unions of objects told apart by the property that all of them fix.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

/// The schemas of one document.
pub(crate) struct Schemas {
    named: BTreeMap<String, Value>,
    /// Schemas with an `id` that a value is of no use without: those that buffered answers reach.
    pub(crate) keyed: BTreeSet<String>,
    /// Schemas that are a kind of a union, and so have a type even without properties.
    kinds: BTreeSet<String>,
}

impl Schemas {
    /// Those of an API; `None` if its document is not there: a packaged crate has none beside it.
    pub(crate) fn of(api: &str) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let path = root.join("crates/foundry-emulator/openapi").join(api).with_extension("json");
        let mut document: Value = serde_json::from_slice(&std::fs::read(path).ok()?).unwrap();
        let names = std::fs::read_to_string(root.join("openapi").join(api).join("names.toml")).unwrap();
        let keyed = keyed(&document);

        let published = document["components"]["schemas"].as_object().unwrap().clone();
        let schemas = document["components"]["schemas"].as_object_mut().unwrap();
        schemas.values_mut().for_each(|schema| tell_apart(schema, &published));
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut places = BTreeMap::new();
        for (name, schema) in schemas {
            inside(schema, name, &mut places);
        }
        let mut named: BTreeMap<String, Value> =
            schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
        arguments(&document, &mut places);
        for (place, name) in hoisted(&names) {
            let schema = places.get(place).unwrap_or_else(|| panic!("nothing is at {place} of {api}"));
            named.entry(name.to_owned()).or_insert_with(|| (*schema).clone());
        }
        let kinds = named
            .values()
            .flat_map(|schema| schema["discriminator"]["mapping"].as_object().into_iter().flat_map(Map::values))
            .filter_map(|branch| Some(name_of(branch.as_str()?).to_owned()))
            .collect();
        Some(Self { named, keyed, kinds })
    }

    /// The schema of a name.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.named.get(name).unwrap_or_else(|| panic!("there is no schema {name}"))
    }

    /// The schema itself, where one refers to it.
    pub(crate) fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        while let Some(name) = reference(schema) {
            schema = self.get(name);
        }
        schema
    }

    /// The values that a property can have, if none are to come.
    pub(crate) fn closed_values<'s>(&'s self, schema: &'s Value, property: &str) -> Option<BTreeSet<&'s str>> {
        let property = self.resolve(self.resolve(schema)["properties"].get(property)?);
        let values = property["enum"].as_array()?.iter().filter_map(Value::as_str).collect();
        (property["x-extensible-enum"] != true).then_some(values)
    }

    /// Whether objects of it have fields, and are no maps.
    pub(crate) fn has_fields(&self, schema: &Value, name: Option<&str>) -> bool {
        schema["properties"].is_object() || name.is_some_and(|name| self.kinds.contains(name))
    }

    /// The schema of the kind that a tag's value stands for.
    pub(crate) fn kind<'s>(&'s self, union: &'s Value, value: &str) -> Option<(&'s Value, Option<&'s str>)> {
        let branch = union["discriminator"]["mapping"].get(value)?;
        Some(match branch.as_str().map(name_of) {
            Some(name) => (self.get(name), Some(name)),
            None => (branch, None),
        })
    }
}

/// The name of the schema that this refers to.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    // A reference with siblings stands alone in an `allOf`.
    let alone = match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([one]) => one,
        _ => schema,
    };
    alone["$ref"].as_str().map(name_of)
}

fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

/// The parts of a union.
pub(crate) fn parts(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())
}

/// The values of an enum; `None` of a constant, and of numbers, which take those to come.
pub(crate) fn enum_values(schema: &Value) -> Option<Vec<&str>> {
    let values: Vec<&str> = schema["enum"].as_array()?.iter().filter_map(Value::as_str).collect();
    let is_enum = values.len() > 1 || schema["x-extensible-enum"] == true && values.len() == 1;
    is_enum.then_some(values)
}

/// The schemas that buffered answers reach.
fn keyed(document: &Value) -> BTreeSet<String> {
    let mut open: Vec<String> = Vec::new();
    let items = document["paths"].as_object().unwrap().values();
    for operation in items.flat_map(|item| item.as_object().unwrap().values()) {
        for answer in operation["responses"].as_object().into_iter().flat_map(Map::values) {
            answer["content"].as_object().into_iter().flat_map(Map::values).for_each(|media| {
                references(&media["schema"], &mut open);
            });
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
    match value {
        Value::Object(map) => {
            into.extend(map.get("$ref").and_then(Value::as_str).map(|reference| name_of(reference).to_owned()));
            map.iter().filter(|(key, _)| !key.starts_with("x-")).for_each(|(_, inner)| references(inner, into));
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
}

/// Calls `f` with each schema directly inside of another, and with what its place is called.
fn each_inner<'s>(schema: &'s Value, mut f: impl FnMut(&'s Value, String)) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        f(property, format!(".{name}"));
    }
    for (key, place) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[key].is_object() {
            f(&schema[key], place.to_owned());
        }
    }
    for (index, part) in parts(schema).into_iter().flatten().enumerate() {
        f(part, format!("/{index}"));
    }
}

/// Notes the places of all schemas inside of one.
fn inside<'s>(schema: &'s Value, place: &str, places: &mut BTreeMap<String, &'s Value>) {
    each_inner(schema, |inner, step| {
        let place = format!("{place}{step}");
        inside(inner, &place, places);
        places.insert(place, inner);
    });
}

/// Notes the places of what stands in the arguments of operations.
fn arguments<'d>(document: &'d Value, places: &mut BTreeMap<String, &'d Value>) {
    let items = document["paths"].as_object().unwrap().values();
    for operation in items.flat_map(|item| item.as_object().unwrap().values()) {
        let Some(id) = operation["operationId"].as_str() else { continue };
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let pointer = parameter["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
            let parameter = pointer.map_or(parameter, |pointer| document.pointer(pointer).unwrap());
            let place = format!("{id}.{}", parameter["name"].as_str().unwrap());
            inside(&parameter["schema"], &place, places);
            places.insert(place, &parameter["schema"]);
        }
        for media in operation["requestBody"]["content"].as_object().into_iter().flat_map(Map::values) {
            let place = format!("{id}.body");
            inside(&media["schema"], &place, places);
            places.insert(place, &media["schema"]);
        }
    }
}

/// Places of schemas that have no name of their own, and the names that they are given.
fn hoisted(names: &str) -> impl Iterator<Item = (&str, &str)> {
    let section = names.split_once("[hoisted]").map_or("", |(_, section)| section);
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.strip_prefix('"')?.strip_suffix('"')?.split_once("\" = \""))
}

/// Makes unions by a tag of those whose objects all fix one property, here and inside.
fn tell_apart(schema: &mut Value, published: &Map<String, Value>) {
    let Some(members) = schema.as_object_mut() else { return };
    for key in ["items", "additionalProperties"] {
        members.get_mut(key).into_iter().for_each(|inner| tell_apart(inner, published));
    }
    members
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
        .for_each(|property| tell_apart(property, published));
    for key in ["anyOf", "oneOf"] {
        let Some(parts) = members.get_mut(key).and_then(Value::as_array_mut) else { continue };
        parts.iter_mut().for_each(|part| tell_apart(part, published));
        if members.contains_key("discriminator") {
            continue;
        }
        let parts = members[key].as_array().unwrap();
        let (objects, mut others): (Vec<Value>, Vec<Value>) = parts
            .iter()
            .cloned()
            .partition(|part| reference(part).is_some_and(|name| published[name]["type"] == "object"));
        let tags = ["type", "kind", "role", "object"];
        let Some(union) = tags.iter().find_map(|tag| by_tag(tag, &objects, published)) else { continue };
        members.remove(key);
        if others.is_empty() {
            members.extend(union.as_object().unwrap().clone());
        } else {
            others.push(union);
            members.insert(key.to_owned(), others.into());
        }
        // What was made of it is not looked into again.
        break;
    }
}

/// The union of these objects by a property, if each of them fixes it, and not all to the same.
fn by_tag(tag: &str, objects: &[Value], published: &Map<String, Value>) -> Option<Value> {
    let mut fixed: Vec<(BTreeSet<&str>, &Value)> = Vec::new();
    for object in objects {
        let property = &published[reference(object)?]["properties"][tag];
        let values: BTreeSet<&str> = property["enum"].as_array()?.iter().filter_map(Value::as_str).collect();
        if property["x-extensible-enum"] == true || values.is_empty() {
            return None;
        }
        fixed.push((values, object));
    }
    if fixed.len() < 2 || fixed.iter().all(|(values, _)| *values == fixed[0].0) {
        return None;
    }
    // Those with a value in common are one kind.
    let mut kinds: Vec<(BTreeSet<&str>, Vec<&Value>)> = Vec::new();
    for (values, object) in fixed {
        match kinds.iter_mut().find(|(known, _)| !known.is_disjoint(&values)) {
            Some((known, together)) => {
                known.extend(values);
                together.push(object);
            }
            None => kinds.push((values, vec![object])),
        }
    }
    let mut mapping = Map::new();
    let mut branches = Vec::new();
    for (values, together) in kinds {
        let branch = match &together[..] {
            [one] => (*one).clone(),
            several => json!({ "anyOf": several }),
        };
        let target = reference(&branch).map_or(branch.clone(), |name| name.into());
        mapping.extend(values.into_iter().map(|value| (value.to_owned(), target.clone())));
        branches.push(branch);
    }
    Some(json!({ "oneOf": branches, "discriminator": { "propertyName": tag, "mapping": mapping } }))
}
