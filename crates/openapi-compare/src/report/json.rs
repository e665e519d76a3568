//! The report as JSON, in the form that `report.schema.json` describes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Change, Counts, Place, Report, SubjectKind, Version};
use crate::rules::{Action, Area, Direction, Level};

/// The version of the form; another one when what reads it would have to change.
const FORMAT: u32 = 1;

impl Report {
    /// The JSON Schema (2020-12) that [`Report::json`] follows.
    pub const JSON_SCHEMA: &'static str = include_str!("../../report.schema.json");

    /// The report as JSON, indented, with a newline at its end.
    pub fn json(&self) -> String {
        let mut areas: BTreeMap<Area, Counts> = BTreeMap::new();
        for change in &self.changes {
            areas.entry(change.rule.area).or_default().add(change);
        }
        let written = Written {
            format: FORMAT,
            old: &self.old,
            new: &self.new,
            summary: Summary { counts: self.counts(), areas },
            changes: self.changes.iter().map(|change| self.written(change)).collect(),
        };
        // Texts, numbers and maps with texts for keys: nothing that JSON lacks.
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }

    fn written<'r>(&'r self, change: &'r Change) -> WrittenChange<'r> {
        let subject = self.subject(change);
        let kind = |index: usize| self.subjects.get(index).map(|subject| of(&subject.kind));
        WrittenChange {
            fingerprint: &change.fingerprint,
            rule: change.rule.id,
            level: change.rule.level,
            direction: change.rule.direction,
            area: change.rule.area,
            action: change.rule.action,
            message: change.message(),
            why: change.rule.why,
            subject: subject.map(|subject| of(&subject.kind)),
            place: &change.place,
            arguments: change.arguments.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            groups: self.groups(change),
            occurrences: change
                .occurrences
                .iter()
                .map(|occurrence| WrittenOccurrence { operation: kind(occurrence.operation), place: &occurrence.place })
                .collect(),
            allowed: change.allowed.as_deref(),
        }
    }
}

fn of(kind: &SubjectKind) -> WrittenSubject<'_> {
    match kind {
        SubjectKind::Api => WrittenSubject::Api,
        SubjectKind::Operation { method, path, id } => {
            WrittenSubject::Operation { method, path, operation_id: id.as_deref() }
        }
        SubjectKind::Schema { name } => WrittenSubject::Schema { name },
    }
}

#[derive(Serialize)]
struct Written<'r> {
    format: u32,
    old: &'r Version,
    new: &'r Version,
    summary: Summary,
    changes: Vec<WrittenChange<'r>>,
}

#[derive(Serialize)]
struct Summary {
    #[serde(flatten)]
    counts: Counts,
    areas: BTreeMap<Area, Counts>,
}

#[derive(Serialize)]
struct WrittenChange<'r> {
    fingerprint: &'r str,
    rule: &'static str,
    level: Level,
    direction: Option<Direction>,
    area: Area,
    action: Action,
    message: String,
    why: &'static str,
    subject: Option<WrittenSubject<'r>>,
    place: &'r Place,
    arguments: BTreeMap<&'r str, &'r str>,
    groups: Vec<&'r str>,
    occurrences: Vec<WrittenOccurrence<'r>>,
    allowed: Option<&'r str>,
}

#[derive(Serialize)]
struct WrittenOccurrence<'r> {
    operation: Option<WrittenSubject<'r>>,
    place: &'r Place,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum WrittenSubject<'r> {
    Api,
    Operation {
        method: &'r str,
        path: &'r str,
        #[serde(rename = "operationId")]
        operation_id: Option<&'r str>,
    },
    Schema {
        name: &'r str,
    },
}
