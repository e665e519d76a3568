//! What a newly published document changes, shown before anything is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The comparison of the document that was there with the one that comes, as text for a terminal.
pub(super) fn show_comparison(old: Option<&Value>, new: &Value) -> String {
    let nothing = Value::Null;
    let old = old.unwrap_or(&nothing);
    let mut text = String::new();
    for (what, before, after) in
        [("operations", operations(old), operations(new)), ("schemas", schemas(old), schemas(new))]
    {
        let added = after.keys().filter(|name| !before.contains_key(*name)).count();
        let removed = before.keys().filter(|name| !after.contains_key(*name)).count();
        let changed = after.iter().filter(|(name, value)| before.get(*name).is_some_and(|old| old != *value)).count();
        let _ = writeln!(
            text,
            "{what}: {} before, {} now; {added} added, {removed} removed, {changed} changed",
            before.len(),
            after.len()
        );
    }
    text
}

fn operations(document: &Value) -> BTreeMap<String, &Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    all.collect()
}

fn schemas(document: &Value) -> BTreeMap<String, &Value> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    schemas.into_iter().flat_map(Map::iter).map(|(name, schema)| (name.clone(), schema)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_went_and_changed_is_counted() {
        let old = json!({
            "paths": { "/a": { "get": {}, "put": {} }, "/b": { "get": { "x": 1 } } },
            "components": { "schemas": { "A": {} } },
        });
        let new = json!({ "paths": { "/a": { "get": {} }, "/b": { "get": {} }, "/c": { "get": {} } } });
        assert_eq!(
            show_comparison(Some(&old), &new),
            "operations: 3 before, 3 now; 1 added, 1 removed, 1 changed\n\
             schemas: 1 before, 0 now; 0 added, 1 removed, 0 changed\n"
        );
        assert!(show_comparison(None, &new).starts_with("operations: 0 before, 3 now; 3 added, 0 removed, 0 changed"));
    }
}
