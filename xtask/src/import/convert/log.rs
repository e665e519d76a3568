//! What a conversion has to say: what it left out, and what it cannot convert.

use std::collections::BTreeMap;

/// How many places of one problem are told.
const TOLD: usize = 20;
/// How many values the references of a document may expand to.
const MOST_VALUES: usize = 1_000_000;

/// What is said, with the places it is said of.
#[derive(Debug)]
pub(crate) struct Log {
    notes: BTreeMap<String, (usize, String)>,
    problems: Vec<String>,
    /// How many values may still be copied.
    budget: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { notes: BTreeMap::new(), problems: Vec::new(), budget: MOST_VALUES }
    }
}

impl Log {
    /// Something that is left out, or not as it was; the place of the first is told, and how many there are.
    pub(crate) fn note(&mut self, what: impl Into<String>, place: &str) {
        self.notes.entry(what.into()).or_insert_with(|| (0, place.to_owned())).0 += 1;
    }

    /// Something that cannot be converted.
    pub(crate) fn problem(&mut self, what: impl std::fmt::Display, place: &str) {
        self.problems.push(format!("{place}: {what}"));
    }

    /// Whether a value may be copied once more. References that multiply would take all memory.
    pub(crate) fn afford(&mut self, value: &serde_json::Value, place: &str) -> bool {
        if self.budget == 0 {
            return false;
        }
        self.budget = self.budget.saturating_sub(count(value));
        if self.budget == 0 {
            self.problem(
                format!("what the references and bases of the document expand to is more than {MOST_VALUES} values"),
                place,
            );
        }
        self.budget > 0
    }

    /// Whether no value may be copied any more: a problem that was told, so nothing else need be done.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget == 0
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let told = self.notes.iter().map(|(what, (count, place))| match count {
            1 => format!("{what} (at {place})"),
            _ => format!("{what} (at {count} places, first {place})"),
        });
        told.collect()
    }

    /// All problems as one text; none if there are none.
    pub(crate) fn failed(&self) -> Option<String> {
        let mut text = String::new();
        for problem in self.problems.iter().take(TOLD) {
            text.push_str("\n  - ");
            text.push_str(problem);
        }
        if self.problems.len() > TOLD {
            text.push_str(&format!("\n  - and {} more", self.problems.len() - TOLD));
        }
        (!self.problems.is_empty()).then_some(text)
    }
}

/// How many values there are in a value, which is bounded in depth as documents are.
fn count(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}
