//! The report for a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Change, Report, Subject, SubjectKind, Version};
use crate::rules::Level;

/// How wide lists of operations are written.
const WIDTH: usize = 110;

impl Report {
    /// The report for people at a terminal: by operation, then what several operations share; all changes
    /// of all levels; the counts in the last line.
    pub fn text(&self, colours: bool) -> String {
        let paint = Paint(colours);
        let mut out = String::new();
        for (label, version) in [("old", &self.old), ("new", &self.new)] {
            let _ = writeln!(out, "{label}: {}", described(version));
        }
        for group in self.for_people() {
            out.push('\n');
            let (title, shown_by) = self.title(&group);
            let _ = writeln!(out, "{}", paint.bold(&plain(&title)));
            for line in wrapped(&shown_by) {
                let _ = writeln!(out, "  {}", paint.faint(&plain(&line)));
            }
            for change in group.changes {
                self.change(&mut out, paint, change, group.subject);
            }
        }
        let _ = write!(out, "\n{}\n", self.counts());
        out
    }

    fn change(&self, out: &mut String, paint: Paint, change: &Change, under: &Subject) {
        let level = paint.level(change.level(), &format!("{:<10}", change.level()));
        let mut place = change.place.to_string();
        // A schema that one operation alone shows stands under that operation.
        if let Some(subject) = self.subject(change).filter(|subject| subject.kind != under.kind) {
            place = format!("{} {place}", subject.kind).trim_end().to_owned();
        }
        let place = match (place.as_str(), self.direction(change)) {
            ("", None) => String::new(),
            (place, None) => format!("{place}: "),
            ("", Some(direction)) => format!("{direction}: "),
            (place, Some(direction)) => format!("{direction} {place}: "),
        };
        let allowed = change.allowed.as_ref().map_or(String::new(), |reason| format!(" allowed: {reason}"));
        let rule = plain(&format!("[{} {}]{allowed}", change.rule.id, change.fingerprint));
        let message = plain(&change.message()) + &self.and_elsewhere(change);
        let _ = writeln!(out, "  {level} {}{message}  {}", plain(&place), paint.faint(&rule));
    }

    /// The direction of a change in a named schema; elsewhere the place tells it.
    pub(super) fn direction(&self, change: &Change) -> Option<crate::Direction> {
        let subject = self.subject(change)?;
        if matches!(subject.kind, SubjectKind::Schema { .. }) { change.rule.direction } else { None }
    }

    /// The changes as people read them: under the operation that alone shows them, or under what they are
    /// in.
    pub(super) fn for_people(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> =
            self.subjects.iter().map(|subject| Group { subject, changes: Vec::new() }).collect();
        for change in &self.changes {
            let is_schema = |subject: &Subject| matches!(subject.kind, SubjectKind::Schema { .. });
            let mut operations: Vec<_> = change.occurrences.iter().map(|occurrence| occurrence.operation).collect();
            operations.dedup();
            let index = match (operations.as_slice(), self.subject(change).is_some_and(is_schema)) {
                ([only], true) => *only,
                _ => change.subject,
            };
            if let Some(group) = groups.get_mut(index) {
                group.changes.push(change);
            }
        }
        groups.retain(|group| !group.changes.is_empty());
        for group in &mut groups {
            group.changes.sort_by_key(|change| std::cmp::Reverse(change.level()));
        }
        // What breaks comes first; apart from that the order stays.
        groups.sort_by_key(|group| std::cmp::Reverse(group.changes.first().map(|change| change.level())));
        groups
    }

    /// What a group is called, and the operations that show it if it is a schema.
    pub(super) fn title(&self, group: &Group<'_>) -> (String, Vec<String>) {
        let kind = &group.subject.kind;
        let SubjectKind::Schema { .. } = kind else {
            let id = match kind {
                SubjectKind::Operation { id: Some(id), .. } => format!("  ({id})"),
                _ => String::new(),
            };
            return (format!("{kind}{id}"), Vec::new());
        };
        let occurrences = group.changes.iter().flat_map(|change| &change.occurrences);
        let shown_by: BTreeSet<usize> = occurrences.map(|occurrence| occurrence.operation).collect();
        let shown_by = shown_by.into_iter().filter_map(|index| self.subjects.get(index));
        let shown_by: Vec<_> = shown_by.map(|subject| subject.kind.to_string()).collect();
        (format!("{kind}, in {} operations:", shown_by.len()), shown_by)
    }
}

/// Changes that are read together.
pub(super) struct Group<'r> {
    pub(super) subject: &'r Subject,
    pub(super) changes: Vec<&'r Change>,
}

pub(super) fn described(version: &Version) -> String {
    let Version { name, specification, operations, schemas } = version;
    format!("{} ({specification}, {operations} operations, {schemas} schemas)", plain(name))
}

/// A text that leaves a terminal as it is, whatever a document has put in.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn wrapped(items: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (index, item) in items.iter().enumerate() {
        let comma = if index + 1 < items.len() { "," } else { "" };
        if !line.is_empty() && line.chars().count() + item.chars().count() + 2 > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(item);
        line.push_str(comma);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Colours, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn level(self, level: Level, text: &str) -> String {
        self.with(
            match level {
                Level::Breaking => "1;31",
                Level::Warning => "33",
                Level::Compatible => "32",
            },
            text,
        )
    }
}
