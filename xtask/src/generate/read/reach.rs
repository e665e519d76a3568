//! Which types operations reach, in which direction and from which groups.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Source, group, schema_name};

/// The schemas that operations reach.
#[derive(Default)]
pub(super) struct Reach {
    pub(super) requests: BTreeSet<String>,
    /// In buffered answers; what only events hold are pieces of resources, which may lack their id.
    pub(super) answers: BTreeSet<String>,
    /// Of each type, the group with the operation that reaches it in the fewest steps.
    groups: BTreeMap<String, (usize, String)>,
}

impl Reach {
    pub(super) fn add(&mut self, schemas: &Map<String, Value>, operation: &Source<'_>) {
        let mut requests = BTreeSet::new();
        let mut answers = BTreeSet::new();
        operation.parameters.iter().for_each(|parameter| references(&parameter["schema"], &mut requests));
        references(&operation.value["requestBody"], &mut requests);
        references(&operation.value["responses"], &mut answers);
        let mut later = BTreeSet::new();
        references(&operation.value["x-lro"], &mut later);
        for answer in operation.value["responses"].as_object().into_iter().flat_map(Map::values) {
            answer["content"].as_object().into_iter().flat_map(Map::values).for_each(|media| {
                references(&media["x-sse-events"], &mut later);
            });
        }
        let group = group(operation);
        // What only events or a job's end hold counts as farther away than any answer's parts.
        const LATER: usize = 100;
        let mut in_events = BTreeSet::new();
        for (found, first, kept) in
            [(requests, 0, &mut self.requests), (answers, 0, &mut self.answers), (later, LATER, &mut in_events)]
        {
            let mut level: Vec<String> = found.into_iter().collect();
            let mut seen = BTreeSet::new();
            let mut steps = first;
            while !level.is_empty() {
                let mut next = BTreeSet::new();
                for name in level {
                    if !seen.insert(name.clone()) {
                        continue;
                    }
                    match self.groups.get_mut(&name) {
                        Some((fewest, _)) if *fewest <= steps => {}
                        _ => {
                            self.groups.insert(name.clone(), (steps, group.to_owned()));
                        }
                    }
                    references(schemas.get(&name).unwrap_or(&Value::Null), &mut next);
                    kept.insert(name);
                }
                level = next.into_iter().collect();
                steps += 1;
            }
        }
    }

    /// Whether an operation reaches it.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// The file a type stands in.
    pub(super) fn group(&self, name: &str) -> String {
        self.groups.get(name).map_or_else(|| "unreferenced".to_owned(), |(_, group)| group.clone())
    }
}

/// Collects the schemas that a piece of a document refers to. Marks of ours (`x-`) are passed over.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("$ref", Value::String(reference)) => {
                        if let Some(name) = schema_name(reference) {
                            into.insert(name.to_owned());
                        }
                    }
                    (key, _) if key.starts_with("x-") => {}
                    _ => references(inner, into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
}
