//! What runs do: the rules of an emulator, and how far each run has come.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;

use crate::events::Audience;
use crate::framing::Framing;
use crate::model;
use crate::pen::{Ending, Script};
use crate::rule::{Asked, McpCall, Rule, Step};
use crate::turn::{Turn, TurnApproval, TurnOutput, TurnPassage};
use crate::v1::responses::{Knowledge, OpenItem};
use crate::writing::Writing;

/// The rules of an emulator, those to look at first in front.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    entries: Mutex<VecDeque<Entry>>,
}

#[derive(Debug)]
struct Entry {
    rule: Arc<Rule>,
    /// How many more runs it may decide.
    left: Option<usize>,
}

impl Entry {
    fn new(rule: Rule) -> Self {
        Self { left: rule.limit(), rule: Arc::new(rule) }
    }
}

impl Rules {
    /// Rules in the order in which they are looked at.
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self { entries: Mutex::new(rules.into_iter().map(Entry::new).collect()) }
    }

    /// Adds a rule before all others.
    pub(crate) fn add(&self, rule: Rule) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push_front(Entry::new(rule));
    }

    /// Whether there is no rule at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What a run that begins will do: what the first rule says that is for it, if there is one.
    pub(crate) fn choose(&self, turn: &Turn) -> Plan {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let chosen = entries.iter_mut().find(|entry| entry.left != Some(0) && entry.rule.matches(turn));
        let rule = chosen.map(|entry| {
            entry.left = entry.left.map(|left| left - 1);
            Arc::clone(&entry.rule)
        });
        Plan { rule, ..Plan::default() }
    }
}

/// How far a run has come, and what it has learned on its way.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What decides the run; the built-in model if there is none.
    rule: Option<Arc<Rule>>,
    /// How many steps of the rule are done.
    performed: usize,
    /// For how many more looks the run stays as it is.
    looks: u32,
    pub(crate) outputs: Vec<TurnOutput>,
    pub(crate) approvals: Vec<TurnApproval>,
    /// What file search found, once it has searched.
    pub(crate) passages: Option<Vec<TurnPassage>>,
    /// The message that is being written, of a run.
    pub(crate) writing: Option<Writing>,
    /// The same of a response.
    pub(crate) item: Option<OpenItem>,
    /// What a response knows besides.
    pub(crate) knowledge: Option<Knowledge>,
    /// How the run ends now that its message is written.
    pub(crate) ending: Option<Ending>,
    /// The stream that shows the run, as long as it is there.
    pub(crate) audience: Weak<Audience>,
    /// Whether streams show the text that file search found.
    pub(crate) shows_content: bool,
    /// What the rounds so far have cost.
    pub(crate) usage: Usage,
    /// What the round costs that the run waits in.
    pub(crate) pending: Option<Usage>,
}

/// Tokens, which are words here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt: usize,
    pub(crate) completion: usize,
}

/// What a run does without its model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// It stays as it is, for this look.
    Look,
    /// It stays in progress, for this look.
    Stay,
    /// It shows a status.
    Show(String),
    /// It stays in progress for ever.
    Hang,
}

/// What the model of a run does.
#[derive(Debug, PartialEq)]
pub(crate) enum Move {
    /// It asks for outputs or approvals of calls.
    Ask(Asked),
    /// It asks for this.
    Require(Value),
    /// It calls a tool of an MCP server without asking.
    Use(McpCall),
    /// It searches in files for this.
    Search { query: String, is_forced: bool },
    /// It writes a message, and the run is completed.
    Answer(Script),
    /// It writes a part of a message.
    Write(String),
    /// The run fails, and an error ends its stream or not.
    Fail { code: String, message: String, breaks_off: bool },
    /// It writes a part of a message or none, and the run ends.
    Incomplete { text: Option<String>, reason: String },
    /// The run expires.
    Expire,
    /// The run is cancelled.
    Cancel,
    /// It tells this.
    Tell { name: String, data: Value },
}

impl Plan {
    /// How a stream of the run is sent, if its rule says so.
    pub(crate) fn framing(&self) -> Option<Framing> {
        self.rule.as_ref()?.its_framing().cloned()
    }

    /// Whether something is begun that has to be ended before the run does something else.
    pub(crate) fn is_busy(&self) -> bool {
        self.ending.is_some()
            || self.writing.as_ref().is_some_and(Writing::is_busy)
            || self.item.as_ref().is_some_and(|item| item.pen.is_busy())
    }

    /// Whether the run waits instead of going on. A stream waits for no looks, for nobody looks.
    pub(crate) fn pause(&mut self, streamed: bool) -> Option<Pause> {
        if self.looks > 0 {
            self.looks = if streamed { 0 } else { self.looks - 1 };
            return Some(Pause::Look);
        }
        loop {
            let (pause, looks) = match self.rule.as_ref()?.step_after(self.performed)? {
                Step::Hang => return Some(Pause::Hang),
                Step::Stay(looks) => (Pause::Stay, *looks),
                Step::Show(status, looks) => (Pause::Show(status.clone()), *looks),
                _ => return None,
            };
            self.performed += 1;
            if let Some(rest) = looks.checked_sub(1) {
                self.looks = if streamed { 0 } else { rest };
                return Some(pause);
            }
        }
    }

    /// What the run does next if it does not pause.
    pub(crate) fn next(&mut self, turn: &Turn) -> Move {
        let step = self.rule.as_ref().and_then(|rule| rule.step_after(self.performed)).cloned();
        self.performed += 1;
        match step {
            Some(Step::Ask(asked)) => Move::Ask(asked),
            Some(Step::Require(action)) => Move::Require(action),
            Some(Step::Reply(reply)) => Move::Answer(reply.script(turn)),
            Some(Step::Write(text)) => Move::Write(text),
            Some(Step::Fail { code, message }) => Move::Fail { code, message, breaks_off: false },
            Some(Step::StreamError { code, message }) => Move::Fail { code, message, breaks_off: true },
            Some(Step::Incomplete { text, reason }) => Move::Incomplete { text, reason },
            Some(Step::Expire) => Move::Expire,
            Some(Step::Cancel) => Move::Cancel,
            Some(Step::Event { name, data }) => Move::Tell { name, data },
            // Those that wait are not for here.
            None | Some(Step::Show(..) | Step::Stay(_) | Step::Hang) => model::next(turn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_shown_for_so_many_looks() {
        let mut plan =
            Rules::new(vec![Rule::new().status("polishing", 2).stay(0).stay(1).reply("x")]).choose(&Turn::default());
        assert_eq!(plan.pause(false), Some(Pause::Show("polishing".to_owned())));
        assert_eq!(plan.pause(false), Some(Pause::Look));
        assert_eq!(plan.pause(false), Some(Pause::Stay));
        assert_eq!(plan.pause(false), None);
        assert_eq!(plan.next(&Turn::default()), Move::Answer(Script::text("x")));
    }

    #[test]
    fn a_stream_passes_through_what_others_look_at() {
        let mut plan =
            Rules::new(vec![Rule::new().status("polishing", u32::MAX).stay(u32::MAX).hang()]).choose(&Turn::default());
        assert_eq!(plan.pause(true), Some(Pause::Show("polishing".to_owned())));
        assert_eq!(plan.pause(true), Some(Pause::Stay));
        assert_eq!(plan.pause(true), Some(Pause::Hang));
        assert_eq!(plan.pause(true), Some(Pause::Hang));
    }

    #[test]
    fn later_rules_come_first_and_no_rule_serves_more_than_it_may() {
        let rules = Rules::new(vec![Rule::new().reply("one"), Rule::new().reply("two")]);
        rules.add(Rule::new().times(2).reply("three"));
        let answers: Vec<Move> = (0..3).map(|_| rules.choose(&Turn::default()).next(&Turn::default())).collect();
        let answers: Vec<&str> = answers
            .iter()
            .map(|answer| match answer {
                Move::Answer(Script::Text { text, .. }) => text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(answers, ["three", "three", "one"]);
    }
}
