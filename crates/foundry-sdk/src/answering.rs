//! Answering what a run asks its caller for: functions are called, approvals decided.
//!
//! It knows no API: pollers and streams of both surfaces put what they are asked for into [`Asked`],
//! and hand in what [`Answers`] holds.

use secrecy::SecretString;
use serde_json::Value;

use crate::approvals::{ApprovalPolicy, ApprovalRequest, Decision};
use crate::error::Result;
use crate::functions::{FunctionCall, FunctionOutput, FunctionSet};

/// What a run waits for that nobody has answered, with what is there of the answer. Nothing of it was
/// handed in.
///
/// Taken from an [`Error`](crate::Error) by [`needs_action`](crate::Error::needs_action).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NeedsAction<S> {
    /// What waits, as it was last seen.
    pub run: S,
    /// What the registered functions gave; they have been called and need not be called again.
    pub outputs_ready: Vec<FunctionOutput>,
    /// What the policy decided.
    pub approvals_ready: Vec<ApprovalReady>,
    /// What is left to the caller.
    pub unanswered: Vec<Unanswered>,
}

/// A decision on the call of a tool of an MCP server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApprovalReady {
    /// What was asked.
    pub request: ApprovalRequest,
    /// Whether the tool may be called.
    pub approve: bool,
    /// What the server gets with the call.
    pub(crate) headers: Vec<(String, SecretString)>,
}

/// Something that a run waits for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Unanswered {
    /// A function that is not registered, or may not be called again.
    #[non_exhaustive]
    Function {
        /// The id of the call.
        call_id: String,
        /// The name of the function.
        name: String,
        /// The arguments, as the model wrote them.
        arguments: String,
    },
    /// The approval of a tool call that no policy decides on.
    Approval(ApprovalRequest),
    /// Something that this version does not know, as received.
    Other(Value),
}

/// What something waits for.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What asks, where each asks once; empty where the ids of the calls tell rounds apart.
    pub(crate) of: String,
    pub(crate) functions: Vec<FunctionCall>,
    pub(crate) approvals: Vec<ApprovalRequest>,
    pub(crate) others: Vec<Value>,
}

impl Asked {
    fn ids(&self) -> impl Iterator<Item = &str> {
        let functions = self.functions.iter().map(|call| call.id.as_str());
        functions.chain(self.approvals.iter().map(|request| request.call_id.as_str()))
    }
}

/// What is handed in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) outputs: Vec<FunctionOutput>,
    pub(crate) approvals: Vec<ApprovalReady>,
}

/// Whether there is an answer to everything.
#[derive(Debug)]
pub(crate) enum Answered {
    All,
    /// What is missing, in words.
    NotAll(String),
}

/// How far the answers of a round have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Ready,
    /// Sent, and nobody knows whether they arrived.
    Unsure,
    HandedIn,
}

/// What answers, and the round that it is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answering {
    pub(crate) functions: Option<FunctionSet>,
    pub(crate) approvals: Option<ApprovalPolicy>,
    /// How many rounds have asked for functions.
    rounds: u32,
    round: Option<Round>,
}

/// The answers to what was asked last. They are kept, so that nothing is called twice.
#[derive(Clone, Debug)]
struct Round {
    of: String,
    ids: Vec<String>,
    answers: Answers,
    unanswered: Vec<Unanswered>,
    step: Step,
}

impl Round {
    fn is_of(&self, asked: &Asked) -> bool {
        !self.ids.is_empty() && self.of == asked.of && self.ids.iter().map(String::as_str).eq(asked.ids())
    }
}

/// A number as an ordinal: `2nd`.
fn nth(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

impl Answering {
    /// Whether this was answered, and the answer has arrived: the state is an old one then.
    pub(crate) fn is_handed_in(&self, asked: &Asked) -> bool {
        self.round.as_ref().is_some_and(|round| round.step == Step::HandedIn && round.is_of(asked))
    }

    /// Whether answers were sent of which nobody knows whether they arrived.
    pub(crate) fn is_unsure(&self) -> bool {
        self.round.as_ref().is_some_and(|round| round.step == Step::Unsure)
    }

    pub(crate) fn set(&mut self, step: Step) {
        if let Some(round) = &mut self.round {
            round.step = step;
        }
    }

    /// The answers to what was asked last.
    pub(crate) fn answers(&self) -> Option<&Answers> {
        self.round.as_ref().map(|round| &round.answers)
    }

    /// Takes what there is of an answer.
    pub(crate) fn needs_action<S>(&mut self, run: S) -> NeedsAction<S> {
        let (answers, unanswered) =
            self.round.take().map(|round| (round.answers, round.unanswered)).unwrap_or_default();
        NeedsAction { run, outputs_ready: answers.outputs, approvals_ready: answers.approvals, unanswered }
    }

    /// Finds an answer to what is asked. What has been answered before is not asked of anybody again.
    ///
    /// # Errors
    /// The policy has headers that cannot be sent.
    pub(crate) async fn answer(&mut self, asked: Asked) -> Result<Answered> {
        if self.round.as_ref().is_some_and(|round| round.is_of(&asked)) {
            return Ok(self.whether_all());
        }
        let ids = asked.ids().map(str::to_owned).collect();
        let Asked { of, functions: calls, approvals: requests, others } = asked;
        let mut unanswered: Vec<Unanswered> = others.into_iter().map(Unanswered::Other).collect();
        let mut answers = Answers::default();
        let mut too_many = None;
        if !calls.is_empty() {
            self.rounds += 1;
            let limit = self.functions.as_ref().map_or(u32::MAX, FunctionSet::rounds);
            if self.rounds > limit {
                too_many = Some(format!("functions for the {} time, and {limit} rounds are allowed", nth(self.rounds)));
            }
            let registered = self.functions.as_ref().filter(|_| too_many.is_none());
            let (known, unknown): (Vec<_>, Vec<_>) = calls
                .into_iter()
                .partition(|call| registered.is_some_and(|functions| functions.get(&call.name).is_some()));
            unanswered.extend(unknown.into_iter().map(|FunctionCall { id: call_id, name, arguments }| {
                Unanswered::Function { call_id, name, arguments }
            }));
            if let Some(functions) = registered {
                answers.outputs = functions.call_all(known).await;
            }
        }
        match &self.approvals {
            Some(policy) => {
                for (request, decision) in policy.decide(requests).await {
                    match decision {
                        Decision::Approve => {
                            let headers = policy.headers(&request.server_label)?;
                            answers.approvals.push(ApprovalReady { request, approve: true, headers });
                        }
                        Decision::Deny => {
                            answers.approvals.push(ApprovalReady { request, approve: false, headers: Vec::new() });
                        }
                        _ => unanswered.push(Unanswered::Approval(request)),
                    }
                }
            }
            None => unanswered.extend(requests.into_iter().map(Unanswered::Approval)),
        }
        self.round = Some(Round { of, ids, answers, unanswered, step: Step::Ready });
        match too_many {
            Some(reason) => Ok(Answered::NotAll(reason)),
            None => Ok(self.whether_all()),
        }
    }

    fn whether_all(&self) -> Answered {
        let Some(round) = &self.round else { return Answered::NotAll("nothing that is known".to_owned()) };
        if round.unanswered.is_empty() {
            // An answer to nothing would be refused.
            let is_empty = round.answers.outputs.is_empty() && round.answers.approvals.is_empty();
            return if is_empty {
                Answered::NotAll("its caller, and names nothing to answer".to_owned())
            } else {
                Answered::All
            };
        }
        let named: Vec<String> = round.unanswered.iter().map(Unanswered::named).collect();
        Answered::NotAll(named.join(", "))
    }
}

impl Unanswered {
    /// What it is, in a few words.
    fn named(&self) -> String {
        match self {
            Self::Function { name, call_id, .. } => format!("the output of the function `{name}` ({call_id})"),
            Self::Approval(request) => format!(
                "the approval of the tool `{}` of the server `{}` ({})",
                request.tool, request.server_label, request.call_id
            ),
            Self::Other(value) => match value.get("type").and_then(Value::as_str) {
                Some(kind) => format!("something of the kind `{kind}`"),
                None => "something of no kind".to_owned(),
            },
        }
    }
}
