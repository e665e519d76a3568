//! What comparing two documents found.

mod allow;
mod build;
mod html;
mod json;
mod markdown;
mod text;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use allow::{Allowances, AllowancesError};
pub(crate) use build::build;

use crate::rules::{Level, Rule};

/// What comparing two documents found, in an order that does not depend on that of the documents.
///
/// Displayed for a terminal without colours; see [`Report::text`], [`Report::markdown`],
/// [`Report::json`] and [`Report::html`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The old document.
    pub old: Version,
    /// The new document.
    pub new: Version,
    /// The differences, each once.
    pub changes: Vec<Change>,
    /// What they are in: operations and schemas, by [`Change::subject`].
    pub subjects: Vec<Subject>,
}

/// One of the two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Version {
    /// The document's name, as it was loaded by.
    pub name: String,
    /// The version of the specification that it follows.
    pub specification: String,
    /// How many operations it has.
    pub operations: usize,
    /// How many named schemas it has.
    pub schemas: usize,
}

/// A difference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What it is in: an index into [`Report::subjects`].
    pub subject: usize,
    /// Where in the subject: a place of the operation such as `response 200 application/json`, and the
    /// way down from there; empty for the subject as a whole.
    pub place: Place,
    /// What its message is about, by name, in order.
    pub arguments: Vec<(&'static str, String)>,
    /// Every place of an operation that shows it.
    pub occurrences: Vec<Occurrence>,
    /// Stays the same as long as the rule, the place and the arguments do: 16 hexadecimal digits.
    pub fingerprint: String,
    /// Why it is allowed, if it is.
    pub allowed: Option<String>,
}

/// Where in an operation or a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The place of an operation that holds the schema; empty in a named schema.
    pub spot: String,
    /// The way down in the schema: `.usage.tokens`, `[]` for elements, `{}` for properties that are
    /// not listed, `<kind>` for a kind of a union.
    pub path: String,
}

/// A place of an operation that shows a difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Occurrence {
    /// The operation: an index into [`Report::subjects`].
    pub operation: usize,
    /// Where in it.
    pub place: Place,
}

/// What differences are in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// What groups it belongs to: the first tag of each operation that it is or that shows it, or else the
    /// first step of its path.
    pub groups: Vec<String>,
    /// As it stands in the old document, if it does.
    pub before: Option<Value>,
    /// As it stands in the new document, if it does.
    pub after: Option<Value>,
}

/// What a subject is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SubjectKind {
    /// The document as a whole.
    Api,
    /// An operation.
    Operation {
        /// The method, such as `GET`.
        method: &'static str,
        /// The path; that of the old document, if it is there.
        path: String,
        /// Its `operationId`; that of the old document, if it is there.
        id: Option<String>,
    },
    /// A named schema; by the name in the old document, if it has one there.
    Schema {
        /// The name.
        name: String,
    },
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api => f.write_str("the API"),
            Self::Operation { method, path, .. } => write!(f, "{method} {path}"),
            Self::Schema { name } => write!(f, "schema {name}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blank = if self.spot.is_empty() || self.path.is_empty() { "" } else { " " };
        write!(f, "{}{blank}{}", self.spot, self.path)
    }
}

/// How many differences there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Breaking ones that are not allowed.
    pub breaking: usize,
    /// Warnings that are not allowed.
    pub warning: usize,
    /// All others that are not allowed.
    pub compatible: usize,
    /// Those that are allowed, of any level.
    pub allowed: usize,
}

impl Counts {
    /// How many there are of a level.
    pub fn of(&self, level: Level) -> usize {
        match level {
            Level::Breaking => self.breaking,
            Level::Warning => self.warning,
            Level::Compatible => self.compatible,
        }
    }

    fn add(&mut self, change: &Change) {
        let count = match (&change.allowed, change.rule.level) {
            (Some(_), _) => &mut self.allowed,
            (None, Level::Breaking) => &mut self.breaking,
            (None, Level::Warning) => &mut self.warning,
            (None, Level::Compatible) => &mut self.compatible,
        };
        *count += 1;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = |count: usize| if count == 1 { "" } else { "s" };
        write!(f, "{} breaking, {} warning{}, ", self.breaking, self.warning, s(self.warning))?;
        write!(f, "{} compatible change{}", self.compatible, s(self.compatible))?;
        if self.allowed > 0 {
            write!(f, ", {} allowed", self.allowed)?;
        }
        Ok(())
    }
}

/// A piece of a message: words, or a name or value of the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'c> {
    Words(&'c str),
    Value(&'c str),
}

impl Change {
    /// How grave it is.
    pub fn level(&self) -> Level {
        self.rule.level
    }

    /// What happened, in words.
    pub fn message(&self) -> String {
        self.pieces()
            .into_iter()
            .map(|piece| match piece {
                Piece::Words(words) => words.to_owned(),
                Piece::Value(value) => format!("`{value}`"),
            })
            .collect()
    }

    /// The message in pieces, so that each output can mark values its own way.
    pub(crate) fn pieces(&self) -> Vec<Piece<'_>> {
        // Plain words, though the documents give them.
        const WORDS: &[&str] = &["in", "security", "scheme", "constraint", "limit"];
        let mut pieces = Vec::new();
        let mut rest = self.rule.message;
        while let Some((words, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            if !words.is_empty() {
                pieces.push(Piece::Words(words));
            }
            if let Some((_, value)) = self.arguments.iter().find(|(known, _)| *known == name) {
                pieces.push(if WORDS.contains(&name) { Piece::Words(value) } else { Piece::Value(value) });
            }
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Words(rest));
        }
        pieces
    }
}

impl Report {
    /// How many differences there are of each level.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.changes.iter().for_each(|change| counts.add(change));
        counts
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The groups that a change belongs to: the first tags of the operations that show it, in order.
    pub fn groups(&self, change: &Change) -> Vec<&str> {
        let operations = change.occurrences.iter().filter_map(|it| self.subjects.get(it.operation));
        let groups: BTreeSet<&str> = operations.flat_map(|it| &it.groups).map(String::as_str).collect();
        groups.into_iter().collect()
    }

    /// How many operations show a change beside the one that it is in, if it is in one: they share a
    /// parameter, an answer or the like.
    fn elsewhere(&self, change: &Change) -> usize {
        if !self.subject(change).is_some_and(|subject| matches!(subject.kind, SubjectKind::Operation { .. })) {
            return 0;
        }
        let operations: BTreeSet<usize> = change.occurrences.iter().map(|occurrence| occurrence.operation).collect();
        operations.len().saturating_sub(1)
    }

    /// Where else a change shows, in words that follow its message.
    pub(crate) fn and_elsewhere(&self, change: &Change) -> String {
        match self.elsewhere(change) {
            0 => String::new(),
            1 => ", and in 1 other operation".to_owned(),
            more => format!(", and in {more} other operations"),
        }
    }

    /// What a change is in.
    pub fn subject(&self, change: &Change) -> Option<&Subject> {
        self.subjects.get(change.subject)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(false))
    }
}
