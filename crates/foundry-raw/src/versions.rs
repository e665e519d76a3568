//! Which operations and types exist in which api-version, and which of them differ.

use http::Method;

use crate::operation::Operation;

/// An api-version that this build knows.
///
/// ```
/// # #[cfg(all(feature = "v2025-05-01", feature = "v1"))] {
/// use foundry_raw::versions::{Standing, api};
///
/// let (old, new) = (api("2025-05-01").unwrap(), api("v1").unwrap());
/// assert_eq!(old.operation("Runs_create").unwrap().path, "/threads/{threadId}/runs");
/// // Threads and runs are the same in both, connections are not.
/// assert_eq!(old.standing_of_operation("Runs_create", new), Some(Standing::Same));
/// assert_eq!(old.standing_of_type("Connection", new), Some(Standing::Different));
/// assert_eq!(new.standing_of_operation("Responses_create", old), Some(Standing::OnlyHere));
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Api {
    /// Its name: `2025-05-01`.
    pub name: &'static str,
    /// Its operations, in the document's order.
    pub operations: &'static [&'static Operation],
    /// Its types, by the document's names.
    pub types: &'static [TypeEntry],
    /// Of each operation that other api-versions have just so, those.
    pub(crate) alike: &'static [(&'static str, &'static [&'static str])],
}

/// A type of an api-version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeEntry {
    /// The document's name.
    pub name: &'static str,
    /// The name in Rust, in the module `types` of the api-version.
    pub rust_name: &'static str,
    /// The other api-versions with just this type, all it holds included; its name there may be another.
    pub also_in: &'static [&'static str],
}

/// How an operation or a type of one api-version stands to another api-version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// The other one has it just so.
    Same,
    /// The other one has it, and something in it differs.
    Different,
    /// The other one does not have it.
    OnlyHere,
}

/// The api-versions that this build knows: those whose features are on.
pub fn apis() -> &'static [&'static Api] {
    crate::generated::APIS
}

/// The api-version of this name.
pub fn api(name: &str) -> Option<&'static Api> {
    apis().iter().copied().find(|api| api.name == name)
}

impl Api {
    /// The operation of this id.
    pub fn operation(&self, id: &str) -> Option<&'static Operation> {
        self.operations.iter().copied().find(|operation| operation.id == id)
    }

    /// The operation of this method and path, such as `/threads/{threadId}`; what parameters are called
    /// does not matter.
    pub fn operation_at(&self, method: &Method, path: &str) -> Option<&'static Operation> {
        let is_same = |operation: &&Operation| operation.method == *method && is_same_path(operation.path, path);
        self.operations.iter().copied().find(|operation| is_same(operation))
    }

    /// The type of this name, the document's or Rust's.
    pub fn type_named(&self, name: &str) -> Option<&'static TypeEntry> {
        self.types.iter().find(|entry| entry.name == name || entry.rust_name == name)
    }

    /// How an operation of this api-version stands to another one; `None` if there is none of this id.
    pub fn standing_of_operation(&self, id: &str, other: &Api) -> Option<Standing> {
        let operation = self.operation(id)?;
        let alike = self.alike.iter().find(|(known, _)| *known == id).map_or(&[][..], |(_, alike)| alike);
        if self.name == other.name || alike.contains(&other.name) {
            return Some(Standing::Same);
        }
        let there = other.operation_at(&operation.method, operation.path);
        Some(if there.is_some() { Standing::Different } else { Standing::OnlyHere })
    }

    /// How a type of this api-version stands to another one; `None` if there is none of this name.
    pub fn standing_of_type(&self, name: &str, other: &Api) -> Option<Standing> {
        let entry = self.type_named(name)?;
        if self.name == other.name || entry.also_in.contains(&other.name) {
            return Some(Standing::Same);
        }
        let there = other.types.iter().any(|known| known.name == entry.name);
        Some(if there { Standing::Different } else { Standing::OnlyHere })
    }
}

/// Whether two paths are one but for what their parameters are called.
fn is_same_path(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.split_once('{'), b.split_once('{')) {
            (None, None) => return a == b,
            (Some((before, rest)), Some((other, other_rest))) if before == other => {
                let (Some((_, rest)), Some((_, other_rest))) = (rest.split_once('}'), other_rest.split_once('}'))
                else {
                    return false;
                };
                (a, b) = (rest, other_rest);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_the_names_of_parameters() {
        assert!(is_same_path("/a/{b}/c", "/a/{x}/c") && is_same_path("/a", "/a"));
        assert!(!is_same_path("/a/{b}", "/a/b") && !is_same_path("/a/{b}:do", "/a/{b}"));
        assert!(!is_same_path("/a/{b}/c/{d}", "/a/{b}/c"));
    }

    #[cfg(all(feature = "v2025-05-01", feature = "v1"))]
    #[test]
    fn both_versions_are_looked_up_from_both_sides() {
        let (old, new) = (api("2025-05-01").unwrap(), api("v1").unwrap());
        assert_eq!((old.operations.len(), new.operations.len()), (58, 241));
        let count = |from: &Api, to: &Api, wanted: Standing| {
            let ids = from.operations.iter().map(|operation| operation.id);
            ids.filter(|id| from.standing_of_operation(id, to) == Some(wanted)).count()
        };
        // All 58 are in v1; what is the same is so from both sides.
        assert_eq!(count(old, new, Standing::OnlyHere), 0);
        assert_eq!(count(new, old, Standing::OnlyHere), 241 - 58);
        assert_eq!(count(old, new, Standing::Same), count(new, old, Standing::Same));
        let classic = new.operations.iter().filter(|operation| operation.group.starts_with("Classic"));
        for operation in classic {
            assert_eq!(new.standing_of_operation(operation.id, old), Some(Standing::Same), "{}", operation.id);
        }
        assert_eq!(new.type_named("OpenAI.Response"), new.type_named("OpenAiResponse"));
        assert_eq!(new.standing_of_type("OpenAI.Response", old), Some(Standing::OnlyHere));
        assert_eq!(old.standing_of_type("ThreadRun", new), Some(Standing::Same));
        assert_eq!(old.standing_of_operation("Nothing_at_all", new), None);
        let found = old.operation_at(&Method::POST, "/threads/{id}/runs").unwrap();
        assert_eq!(found.id, "Runs_create");
    }
}
