//! What a run does each time it is looked at.

use std::fmt::Debug;

use crate::model;

/// Decides how runs go. The default is [`Conversation`].
pub(crate) trait Script: Debug + Send + Sync {
    /// What a run that waits or works does now; `None` leaves it as it is.
    fn next(&self, turn: &Turn) -> Option<Move>;
}

/// A run as the script sees it.
#[derive(Debug)]
pub(crate) struct Turn {
    /// `queued` or `in_progress`.
    pub(crate) status: String,
    /// The instructions of the run.
    pub(crate) instructions: String,
    /// Everything said in the thread, oldest first.
    pub(crate) history: Vec<Spoken>,
}

/// One message of the history.
#[derive(Debug)]
pub(crate) struct Spoken {
    /// `user` or `assistant`.
    pub(crate) role: String,
    pub(crate) text: String,
}

/// A change of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// The run begins to work.
    Begin,
    /// The run answers with a message and is completed.
    Answer(String),
}

/// A run waits once, works once and answers what [`model::answer`] says.
#[derive(Debug)]
pub(crate) struct Conversation;

impl Script for Conversation {
    fn next(&self, turn: &Turn) -> Option<Move> {
        match turn.status.as_str() {
            "queued" => Some(Move::Begin),
            "in_progress" => Some(Move::Answer(model::answer(turn))),
            _ => None,
        }
    }
}
