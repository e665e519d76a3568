//! Which operation of a new document is which of the one before it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A path and a method.
pub(super) type Operation<'v> = (&'v str, &'v str);

/// Of each operation of an old document the one of the new document that it is: of the same method and path,
/// whatever it is called; or, where there is none, what is called so and is no other's.
#[derive(Debug)]
pub(super) struct Correspondence<'v> {
    operations: BTreeMap<Operation<'v>, Operation<'v>>,
    /// Of each path of the old document the one of the new document.
    paths: BTreeMap<String, &'v str>,
}

impl<'v> Correspondence<'v> {
    pub(super) fn of(old: &'v Value, new: &'v Value) -> Self {
        let mut by_template: BTreeMap<(String, &str), Operation<'v>> = BTreeMap::new();
        let mut by_id: BTreeMap<&str, Operation<'v>> = BTreeMap::new();
        for ((path, method), operation) in operations(new) {
            by_template.insert((template(path), method), (path, method));
            if let Some(id) = operation["operationId"].as_str() {
                by_id.insert(id, (path, method));
            }
        }
        let mut found = BTreeMap::new();
        let mut moved = Vec::new();
        for ((path, method), operation) in operations(old) {
            match by_template.get(&(template(path), method)) {
                Some(same) => _ = found.insert((path, method), *same),
                None => moved.push(((path, method), operation)),
            }
        }
        let taken: BTreeSet<Operation<'_>> = found.values().copied().collect();
        for (place, operation) in moved {
            let same = operation["operationId"].as_str().and_then(|id| by_id.get(id));
            if let Some(same) = same.filter(|same| !taken.contains(*same)) {
                found.insert(place, *same);
            }
        }
        let paths = new["paths"].as_object().into_iter().flatten().map(|(path, _)| (template(path), path.as_str()));
        Self { operations: found, paths: paths.collect() }
    }

    pub(super) fn operation(&self, path: &str, method: &str) -> Option<Operation<'v>> {
        self.operations.get(&(path, method)).copied()
    }

    /// The path in the new document, whose parameters may have other names.
    pub(super) fn path(&self, path: &str) -> Option<&'v str> {
        self.paths.get(&template(path)).copied()
    }
}

/// The operations of a document with their places.
fn operations(document: &Value) -> impl Iterator<Item = (Operation<'_>, &Value)> {
    document["paths"].as_object().into_iter().flatten().flat_map(|(path, item)| {
        let members = item.as_object().into_iter().flatten();
        members.map(move |(method, operation)| ((path.as_str(), method.as_str()), operation))
    })
}

/// A path with its parameters by position: their names are no part of the wire.
fn template(path: &str) -> String {
    let mut text = String::new();
    let mut rest = path;
    while let Some((before, _, after)) = parameter(rest) {
        text.push_str(before);
        text.push_str("{}");
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The names of a path's parameters, in its order.
pub(super) fn parameters(path: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((_, name, after)) = parameter(rest) {
        names.push(name);
        rest = after;
    }
    names
}

/// The first parameter of a path: what stands before it, its name, what follows.
fn parameter(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(operations: &[(&str, &str, &str)]) -> Value {
        let mut paths = json!({});
        for (path, method, id) in operations {
            paths[path][method] = json!({ "operationId": id });
        }
        json!({ "paths": paths })
    }

    #[test]
    fn method_and_path_come_before_the_name() {
        let old = document(&[("/a/{x}/b", "get", "A"), ("/c", "get", "C"), ("/d", "get", "D"), ("/e", "put", "E")]);
        let new =
            document(&[("/a/{y}/b", "get", "C"), ("/c", "get", "Other"), ("/f", "post", "D"), ("/e", "put", "A")]);
        let found = Correspondence::of(&old, &new);
        assert_eq!(found.operation("/a/{x}/b", "get"), Some(("/a/{y}/b", "get")));
        assert_eq!(found.operation("/c", "get"), Some(("/c", "get")));
        assert_eq!(found.operation("/d", "get"), Some(("/f", "post")));
        assert_eq!(found.operation("/e", "put"), Some(("/e", "put")));
        assert_eq!(found.operation("/c", "put"), None);
        assert_eq!(found.path("/a/{z}/b"), Some("/a/{y}/b"));
        assert_eq!(found.path("/d"), None);
    }

    #[test]
    fn what_is_called_so_and_is_another_is_none() {
        let old = document(&[("/gone", "get", "A"), ("/b", "get", "B")]);
        let new = document(&[("/b", "get", "A")]);
        let found = Correspondence::of(&old, &new);
        assert_eq!(found.operation("/gone", "get"), None);
        assert_eq!(found.operation("/b", "get"), Some(("/b", "get")));
    }

    #[test]
    fn a_part_of_a_path_may_have_several_parameters() {
        let path = "/a/{x}-{y}/b:{z}";
        assert_eq!(parameters(path), ["x", "y", "z"]);
        assert_eq!(template(path), "/a/{}-{}/b:{}");
        assert_eq!(template("/a"), "/a");
    }
}
