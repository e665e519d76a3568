//! A schema or an operation before and after, side by side.

use maud::{Markup, html};
use serde_json::Value;
use similar::{ChangeTag, DiffOp, TextDiff};

use super::super::{Subject, SubjectKind};

/// How many lines of one side are compared: more than a schema has that people read.
const MOST_LINES: usize = 3_000;
/// How many equal lines stand around those that differ.
const CONTEXT: usize = 3;

/// A row of the two sides: what each has there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    before: Option<String>,
    after: Option<String>,
    is_equal: bool,
}

pub(super) fn table(subject: &Subject) -> Markup {
    let text = |value: &Option<Value>| {
        let value = value.as_ref().map(|value| without_words(value, false));
        let text = value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_default();
        let is_cut = text.lines().count() > MOST_LINES;
        let mut lines: Vec<&str> = text.lines().take(MOST_LINES).collect();
        if is_cut {
            lines.push("…");
        }
        lines.join("\n")
    };
    let (before, after) = (text(&subject.before), text(&subject.after));
    let hunks = hunks(&before, &after);
    let name = match &subject.kind {
        SubjectKind::Schema { name } => format!("schema {name}"),
        other => other.to_string(),
    };
    if hunks.is_empty() {
        return html! {};
    }
    html! {
        details {
            summary { "Before and after: " (name) }
            table class="sides" {
                thead { tr { th scope="col" { "Before" } th scope="col" { "After" } } }
                tbody {
                    @for (index, hunk) in hunks.iter().enumerate() {
                        @if index > 0 { tr { td class="cut" colspan="2" { "⋯" } } }
                        @for row in hunk {
                            tr {
                                td class=[class(row, &row.before, "gone")] { (row.before.as_deref().unwrap_or_default()) }
                                td class=[class(row, &row.after, "came")] { (row.after.as_deref().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A schema or an operation without descriptions, which are no part of what changes. In a map of properties the
/// same words are names.
fn without_words(value: &Value, is_map: bool) -> Value {
    const WORDS: &[&str] = &["description", "title", "summary", "example", "examples", "externalDocs"];
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| is_map || !WORDS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), without_words(value, key == "properties" && !is_map)))
            .collect(),
        Value::Array(elements) => elements.iter().map(|element| without_words(element, false)).collect(),
        other => other.clone(),
    }
}

fn class(row: &Row, side: &Option<String>, name: &'static str) -> Option<&'static str> {
    (!row.is_equal && side.is_some()).then_some(name)
}

fn hunks(before: &str, after: &str) -> Vec<Vec<Row>> {
    let diff = TextDiff::from_lines(before, after);
    let groups = diff.grouped_ops(CONTEXT);
    groups.iter().map(|group| group.iter().flat_map(|op| rows(&diff, op)).collect()).collect()
}

fn rows(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<Row> {
    let line = |text: &str| text.trim_end_matches(['\n', '\r']).to_owned();
    let (mut gone, mut came, mut equal) = (Vec::new(), Vec::new(), Vec::new());
    for change in diff.iter_changes(op) {
        match change.tag() {
            ChangeTag::Delete => gone.push(line(change.value())),
            ChangeTag::Insert => came.push(line(change.value())),
            ChangeTag::Equal => equal.push(line(change.value())),
        }
    }
    let both = equal.into_iter().map(|line| Row { before: Some(line.clone()), after: Some(line), is_equal: true });
    let mut rows: Vec<Row> = both.collect();
    let length = gone.len().max(came.len());
    let (mut gone, mut came) = (gone.into_iter(), came.into_iter());
    rows.extend((0..length).map(|_| Row { before: gone.next(), after: came.next(), is_equal: false }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_out_and_names_are_kept() {
        let schema =
            serde_json::json!({"description": "a", "properties": {"description": {"title": "b", "type": "string"}}});
        let left = serde_json::json!({"properties": {"description": {"type": "string"}}});
        assert_eq!(without_words(&schema, false), left);
    }

    #[test]
    fn lines_that_differ_stand_beside_each_other() {
        let row = |before: Option<&str>, after: Option<&str>, is_equal| Row {
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            is_equal,
        };
        assert_eq!(
            hunks("a\nb\nc", "a\nB\nb2\nc"),
            [[
                row(Some("a"), Some("a"), true),
                row(Some("b"), Some("B"), false),
                row(None, Some("b2"), false),
                row(Some("c"), Some("c"), true),
            ]]
        );
        assert!(hunks("a", "a").is_empty());
    }
}
