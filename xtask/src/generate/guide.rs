//! The guides from one api-version to another, `openapi/migration-A-to-B.md`: what is written by hand stays,
//! what the documents say is made anew between two marks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use openapi_compare::{Document, compare};

use super::api::Api;
use super::shared::{is_interchangeable, is_same};
use crate::failure::Failure;

const BEGIN: &str = "<!-- made by `cargo xtask generate`: do not edit from here -->\n";
const END: &str = "<!-- to here -->\n";

/// The file of a guide.
pub(crate) fn path(old: &str, new: &str) -> String {
    format!("openapi/migration-{old}-to-{new}.md")
}

/// The guide with what the documents say brought up to date. `old` and `new` are the APIs with their
/// documents after the overlays.
pub(crate) fn updated(
    text: &str,
    (old, old_document): (&Api, &serde_json::Value),
    (new, new_document): (&Api, &serde_json::Value),
) -> Result<String, Failure> {
    let place = path(&old.name, &new.name);
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let Some((head, tail)) = parts else {
        return Err(Failure::new(
            "the two marks between which the generated part stands are not there",
            place,
            format!("put these lines back where it is to stand:\n{BEGIN}{END}"),
        ));
    };
    let document = |api: &Api, value: &serde_json::Value| {
        Document::from_value(value.clone(), &api.name)
            .map_err(|error| Failure::new(error.to_string(), &place, "correct the document"))
    };
    let report = compare(&document(old, old_document)?, &document(new, new_document)?)
        .map_err(|error| Failure::new(error.to_string(), &place, "correct the documents"))?;
    let mut made = String::new();
    let _ =
        writeln!(made, "\n## What breaks\n\n`cargo xtask diff {} {}` finds {}.", old.name, new.name, report.counts());
    // What is compatible is listed by the command.
    let markdown = report.markdown();
    let levels = markdown.split_once("\n### ").map_or("", |(_, levels)| levels);
    let levels = levels.split("\n<details>").next().unwrap_or_default().trim_end();
    if !levels.is_empty() {
        let _ = writeln!(made, "\n### {levels}");
    }
    operations(&mut made, old, new);
    types(&mut made, old, new);
    Ok(format!("{head}{BEGIN}{made}\n{END}{tail}"))
}

/// Which operations both have, and what is new.
fn operations(text: &mut String, old: &Api, new: &Api) {
    let _ = write!(
        text,
        "\n## Operations\n\n| group in {0} | group in {1} | the same | other types | only in {0} |\n| --- | --- | --- | --- | --- |\n",
        old.name, new.name
    );
    let mut groups: BTreeMap<&str, (Vec<&str>, [Vec<&str>; 3])> = BTreeMap::new();
    for operation in old.operations.iter().filter(|operation| !operation.is_split) {
        let (there, standings) = groups.entry(&operation.group).or_default();
        let twin = new.operations.iter().find(|other| is_same(other, operation));
        let standing = match twin {
            None => 2,
            Some(twin) if is_interchangeable(old, operation, new, twin) => 0,
            Some(_) => 1,
        };
        standings[standing].push(&operation.sdk_method);
        if let Some(twin) = twin.filter(|twin| !there.contains(&twin.group.as_str())) {
            there.push(&twin.group);
        }
    }
    for (group, (there, standings)) in groups {
        let shown =
            standings.map(|methods| methods.iter().map(|method| format!("`{method}`")).collect::<Vec<_>>().join(", "));
        let _ = writeln!(text, "| {group} | {} | {} |", there.join(", "), shown.join(" | "));
    }
    let mut added: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in new.operations.iter().filter(|operation| !operation.is_split) {
        if !old.operations.iter().any(|other| is_same(other, operation)) {
            *added.entry(&operation.group).or_default() += 1;
        }
    }
    let count: usize = added.values().sum();
    let listed: Vec<String> = added.iter().map(|(group, count)| format!("{group} ({count})")).collect();
    let _ = writeln!(text, "\nNew in {}: {count} operations: {}.", new.name, listed.join(", "));
}

/// Which types of the old one the new one has otherwise, or not at all.
fn types(text: &mut String, old: &Api, new: &Api) {
    let is_shared = |name: &str| {
        let shared = old.shared.get(name);
        shared.is_some() && new.shared.values().any(|there| Some(there) == shared)
    };
    let there = |document: &str| new.types.values().any(|definition| definition.document == document);
    let (mut same, mut other, mut gone) = (0, Vec::new(), Vec::new());
    for (name, definition) in &old.types {
        match (is_shared(name), there(&definition.document)) {
            (true, _) => same += 1,
            (false, true) => other.push(format!("`{name}`")),
            (false, false) => gone.push(format!("`{name}`")),
        }
    }
    let _ = writeln!(
        text,
        "\n## Types\n\n{same} of the {} types of {} are one type in both. Of the same name and otherwise in {}: {}.",
        old.types.len(),
        old.name,
        new.name,
        if other.is_empty() { "none".to_owned() } else { other.join(", ") }
    );
    if !gone.is_empty() {
        let _ = writeln!(text, "\nWithout one in {}, or reached by no operation there: {}.", new.name, gone.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::names::Names;
    use crate::generate::read::read;
    use crate::generate::sources::Source;
    use serde_json::{Value, json};

    fn document(version: &str, paths: &[&str]) -> Value {
        let operation = |path: &str| {
            let id = format!("Things_{}", path.trim_matches('/'));
            (
                path.to_owned(),
                json!({ "get": { "operationId": id, "tags": ["Things"], "responses": { "204": { "description": "" } } } }),
            )
        };
        let paths: serde_json::Map<String, Value> = paths.iter().map(|path| operation(path)).collect();
        json!({ "openapi": "3.0.3", "info": { "title": "t", "version": version }, "paths": paths })
    }

    fn api(name: &str, document: &Value) -> Api {
        let source = Source { module: name.to_owned(), ..Source::test() };
        read(name, &source, document, document, &mut Names::parse("", "names.toml").unwrap()).unwrap()
    }

    #[test]
    fn what_stands_between_the_marks_is_made_and_the_rest_stays() {
        let (old, new) = (document("a", &["/x", "/gone"]), document("b", &["/x", "/new"]));
        let (a, b) = (api("a", &old), api("b", &new));
        let text = format!("# By hand\n{BEGIN}old\n{END}after\n");
        let made = updated(&text, (&a, &old), (&b, &new)).unwrap();
        assert!(made.starts_with(&format!("# By hand\n{BEGIN}")) && made.ends_with(&format!("{END}after\n")), "{made}");
        assert!(made.contains("finds 1 breaking") && made.contains("`GET /gone`"), "{made}");
        assert!(made.contains("New in b: 1 operations: Things (1)."), "{made}");
        assert!(!made.contains("\nold\n"), "{made}");
        // Made again it is the same.
        assert_eq!(updated(&made, (&a, &old), (&b, &new)).unwrap(), made);
        let error = updated("# By hand\n", (&a, &old), (&b, &new)).unwrap_err().to_string();
        assert!(error.contains("two marks") && error.contains("openapi/migration-a-to-b.md"), "{error}");
    }
}
