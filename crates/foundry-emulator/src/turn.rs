//! A run as rules and the built-in model see it.

use serde_json::Value;

/// A run at the moment at which it goes on: what its model would be shown.
///
/// [`Rule::reply_with`](crate::Rule::reply_with) computes an answer from it.
///
/// ```
/// use foundry_emulator::{Rule, Turn};
///
/// fn sum_up(turn: &Turn) -> String {
///     let outputs: Vec<&str> = turn.outputs.iter().map(|output| output.output.as_str()).collect();
///     format!("{} said {:?}; I know {}.", turn.agent_name, turn.last_message(), outputs.join(", "))
/// }
/// let rule = Rule::new().call_function("get_time", serde_json::json!({})).reply_with(sum_up);
/// # drop(rule);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// The id of the run's agent.
    pub agent_id: String,
    /// The name of the agent; empty if it has none, or is no longer there.
    pub agent_name: String,
    /// The model of the run: a deployment's name.
    pub model: String,
    /// The instructions of the run, which are the agent's unless the request said otherwise.
    pub instructions: String,
    /// Everything said in the thread, oldest first.
    pub history: Vec<TurnMessage>,
    /// The functions called in this run so far, with what came of them, oldest first.
    pub outputs: Vec<TurnOutput>,
    /// The calls of MCP tools in this run that the caller has decided on, oldest first.
    pub approvals: Vec<TurnApproval>,
    /// What file search has found for the last message, best first; empty also if nothing was
    /// searched.
    pub passages: Vec<TurnPassage>,
    /// What memory stores hold that fits the last message, of a response whose tools name some.
    pub memories: Vec<String>,
    /// The definitions of the run's tools.
    pub tools: Vec<Value>,
    /// Which tools the run may or must call: `"auto"`, `"none"`, `"required"` or a tool.
    pub tool_choice: Value,
    /// What the tools work with.
    pub tool_resources: Value,
    /// The form that the answer is to have: `"auto"`, or an object with a `type`.
    pub response_format: Value,
    /// The vector stores that file search can search in.
    pub(crate) vector_stores: Vec<String>,
    /// Whether file search has searched.
    pub(crate) has_searched: bool,
}

/// One message of a [`Turn`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnMessage {
    /// `user` or `assistant`.
    pub role: String,
    /// The texts of the message, joined with spaces; what is not text is named in brackets.
    pub text: String,
}

/// One function called in a run, and what the caller gave as its output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnOutput {
    /// The name of the function; empty for a call of another kind that has none.
    pub function: String,
    /// The arguments as they were sent, usually JSON.
    pub arguments: String,
    /// The output as it was submitted.
    pub output: String,
}

/// One call of an MCP tool that the caller has decided on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnApproval {
    /// The label of the MCP server.
    pub server_label: String,
    /// The name of the tool.
    pub tool: String,
    /// The arguments as they were sent, usually JSON.
    pub arguments: String,
    /// Whether the call was approved; also true if no approval was needed.
    pub approved: bool,
}

/// A passage of a file that file search found.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TurnPassage {
    /// The id of the file.
    pub file_id: String,
    /// The name of the file.
    pub file_name: String,
    /// How well the passage fits: more than 0, and 1 if it holds every word that was looked for.
    pub score: f64,
    /// The passage: the chunk of the file as it was indexed.
    pub text: String,
    /// The sentence of it that fits best, or its beginning if it is long.
    pub quote: String,
}

impl Turn {
    /// What the user said last; empty if the thread holds nothing of a user.
    pub fn last_message(&self) -> &str {
        self.history.iter().rev().find(|message| message.role == "user").map_or("", |message| message.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_is_the_users() {
        let said = |role: &str, text: &str| TurnMessage { role: role.to_owned(), text: text.to_owned() };
        let mut turn = Turn::default();
        assert_eq!(turn.last_message(), "");
        turn.history = vec![said("user", "One"), said("user", "Two"), said("assistant", "Three")];
        assert_eq!(turn.last_message(), "Two");
    }
}
