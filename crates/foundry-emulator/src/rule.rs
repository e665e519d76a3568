//! Rules: which runs they are for, and what such a run does step by step.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::framing::Framing;
use crate::pen::Script;
use crate::turn::Turn;

/// What some runs do instead of what the built-in model would do.
///
/// Responses and jobs of api-version `v1` follow rules as runs do: what is said here of threads
/// holds for conversations, and a job is one whose agent is called what it is, such as
/// `evaluator generation job`, and whose message is what it was given.
///
/// A rule has conditions, which say for which runs it is, and steps, which such a run performs in
/// order. The first rule whose conditions all hold decides a run, at the moment at which the run
/// begins to work. Texts are looked for as substrings, whatever their case; a rule without
/// conditions is for every run. When the steps are used up and the run has not ended, the built-in
/// model answers.
///
/// Give rules to [`EmulatorBuilder::rule`](crate::EmulatorBuilder::rule) or, at any time, to
/// [`Emulator::add_rule`](crate::Emulator::add_rule).
///
/// ```
/// use foundry_emulator::{Emulator, Rule};
/// use serde_json::{Value, json};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let emulator = Emulator::builder()
///         .rule(
///             Rule::new()
///                 .last_message("weather")
///                 .call_function("get_weather", json!({ "city": "Rome" }))
///                 .reply_with(|turn| format!("In Rome it is {}.", turn.outputs[0].output)),
///         )
///         .rule(Rule::new().times(1).fail("rate_limit_exceeded", "Rate limit is exceeded. Try again in 21 seconds."))
///         .start()
///         .await?;
///
///     let client = reqwest::Client::new();
///     let call = async |path: &str, body: Value| {
///         let url = format!("{}{path}?api-version=2025-05-01", emulator.endpoint());
///         client.post(url).bearer_auth("any").json(&body).send().await?.json::<Value>().await
///     };
///     let agent = call("/assistants", json!({ "model": "gpt-4.1-mini" })).await?;
///     let body = json!({
///         "assistant_id": agent["id"],
///         "thread": { "messages": [{ "role": "user", "content": "How is the weather?" }] },
///     });
///     let run = call("/threads/runs", body).await?;
///     let path = format!("/threads/{}/runs/{}", run["thread_id"].as_str().unwrap(), run["id"].as_str().unwrap());
///     // Each look moves the run on: it begins, then it asks for the function.
///     let look = async || {
///         let url = format!("{}{path}?api-version=2025-05-01", emulator.endpoint());
///         client.get(url).bearer_auth("any").send().await?.json::<Value>().await
///     };
///     assert_eq!(look().await?["status"], "in_progress");
///     let waiting = look().await?;
///     assert_eq!(waiting["status"], "requires_action");
///     let asked = &waiting["required_action"]["submit_tool_outputs"]["tool_calls"][0];
///     assert_eq!(asked["function"]["arguments"], r#"{"city":"Rome"}"#);
///     let outputs = json!({ "tool_outputs": [{ "tool_call_id": asked["id"], "output": "sunny" }] });
///     call(&format!("{path}/submit_tool_outputs"), outputs).await?;
///     look().await?;
///     assert_eq!(look().await?["status"], "completed");
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a rule does nothing until an emulator has it"]
pub struct Rule {
    agent: Vec<String>,
    instructions: Vec<String>,
    last_message: Vec<String>,
    times: Option<usize>,
    framing: Option<Framing>,
    steps: Vec<Step>,
}

/// One thing that a run does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Asks for outputs or approvals of calls, all at once.
    Ask(Asked),
    /// Asks for whatever this says.
    Require(Value),
    /// Shows a status for this many looks.
    Show(String, u32),
    /// Stays in progress for this many looks.
    Stay(u32),
    Reply(Reply),
    /// Writes this much of a message, which then is not complete.
    Write(String),
    Fail {
        code: String,
        message: String,
    },
    /// Fails, of which a stream tells with an event of its own.
    StreamError {
        code: String,
        message: String,
    },
    Incomplete {
        text: Option<String>,
        reason: String,
    },
    Expire,
    Cancel,
    Hang,
    /// Tells this in a stream.
    Event {
        name: String,
        data: Value,
    },
}

/// The calls of one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Functions(Vec<FunctionCall>),
    Approvals(Vec<McpCall>),
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionCall {
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// A call of a tool of an MCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct McpCall {
    pub(crate) server_label: String,
    pub(crate) tool: String,
    pub(crate) arguments: String,
}

/// Where the text of an answer comes from.
#[derive(Clone)]
pub(crate) enum Reply {
    Text(String),
    Words(u64),
    Computed(Arc<dyn Fn(&Turn) -> String + Send + Sync>),
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.debug_tuple("Text").field(text).finish(),
            Self::Words(count) => formatter.debug_tuple("Words").field(count).finish(),
            Self::Computed(_) => formatter.write_str("Computed"),
        }
    }
}

impl Reply {
    /// What is to be written.
    pub(crate) fn script(&self, turn: &Turn) -> Script {
        match self {
            Self::Text(text) => Script::text(text),
            Self::Words(count) => Script::Words(*count),
            Self::Computed(compute) => Script::text(compute(turn)),
        }
    }
}

impl Rule {
    /// A rule for every run, which does nothing yet: the built-in model answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only runs of agents whose name contains this.
    pub fn agent(mut self, name: impl Into<String>) -> Self {
        self.agent.push(name.into());
        self
    }

    /// Only runs whose instructions, as the run has them, contain this.
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions.push(text.into());
        self
    }

    /// Only runs on threads whose last message of a user contains this.
    pub fn last_message(mut self, text: impl Into<String>) -> Self {
        self.last_message.push(text.into());
        self
    }

    /// The rule decides at most this many runs; the next one is left to the rules after it. Without
    /// it there is no limit.
    pub fn times(mut self, runs: usize) -> Self {
        self.times = Some(runs);
        self
    }

    /// How streams of such runs are sent, instead of how all streams of the emulator are.
    ///
    /// It holds from the first event on if the rule is chosen for a streamed run, and for the
    /// streams in which outputs and approvals are handed in.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = Some(framing);
        self
    }

    /// Calls functions, all in one round, with JSON as their arguments: the run waits for the
    /// outputs of all of them. They need not be among the run's tools.
    ///
    /// With no calls at all the run waits for an empty list of outputs.
    pub fn call_functions<N: Into<String>>(self, calls: impl IntoIterator<Item = (N, Value)>) -> Self {
        let calls = calls
            .into_iter()
            .map(|(name, arguments)| FunctionCall { name: name.into(), arguments: arguments.to_string() })
            .collect();
        self.step(Step::Ask(Asked::Functions(calls)))
    }

    /// Calls one function, in a round of its own, with JSON as its arguments.
    pub fn call_function(self, name: impl Into<String>, arguments: Value) -> Self {
        self.call_functions([(name.into(), arguments)])
    }

    /// Calls one function, in a round of its own, with this text as its arguments, which need not
    /// be JSON.
    pub fn call_arguments(self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        let call = FunctionCall { name: name.into(), arguments: arguments.into() };
        self.step(Step::Ask(Asked::Functions(vec![call])))
    }

    /// Asks whether tools of MCP servers may be called, all in one round: label of the server,
    /// name of the tool, JSON as its arguments. They need not be among the run's tools.
    ///
    /// The emulator calls no server: the output of a call that was approved says so, that of one
    /// that was not says that it was denied, and the run goes on.
    pub fn ask_approvals<S: Into<String>, T: Into<String>>(
        self,
        calls: impl IntoIterator<Item = (S, T, Value)>,
    ) -> Self {
        let calls = calls
            .into_iter()
            .map(|(server_label, tool, arguments)| McpCall {
                server_label: server_label.into(),
                tool: tool.into(),
                arguments: arguments.to_string(),
            })
            .collect();
        self.step(Step::Ask(Asked::Approvals(calls)))
    }

    /// Asks whether one tool of an MCP server may be called, in a round of its own.
    pub fn ask_approval(self, server_label: impl Into<String>, tool: impl Into<String>, arguments: Value) -> Self {
        self.ask_approvals([(server_label.into(), tool.into(), arguments)])
    }

    /// Waits for what this says: the `required_action` of the run exactly as given.
    ///
    /// The ids of its `tool_calls` are those to submit outputs for, or approvals if its `type` is
    /// `submit_tool_approval`. A `type` that is neither this nor `submit_tool_outputs` cannot be
    /// answered: such a run waits until it is cancelled.
    pub fn require(self, required_action: Value) -> Self {
        self.step(Step::Require(required_action))
    }

    /// Shows this status for so many looks, then goes on. In a stream it is shown once, as an
    /// event.
    ///
    /// It is meant for a status that the API does not document. One that ends a run ends this one,
    /// with nothing else of an end.
    pub fn status(self, status: impl Into<String>, looks: u32) -> Self {
        self.step(Step::Show(status.into(), looks))
    }

    /// Stays in progress for so many more looks, then goes on. A stream does not wait.
    pub fn stay(self, looks: u32) -> Self {
        self.step(Step::Stay(looks))
    }

    /// Answers with this text and completes the run.
    pub fn reply(self, text: impl Into<String>) -> Self {
        self.step(Step::Reply(Reply::Text(text.into())))
    }

    /// Answers with a text made from what the run has seen, and completes the run.
    ///
    /// The project is locked meanwhile: what is called must not wait for the emulator. If it
    /// panics, the request ends without an answer.
    pub fn reply_with<T: Into<String>>(self, compute: impl Fn(&Turn) -> T + Send + Sync + 'static) -> Self {
        self.step(Step::Reply(Reply::Computed(Arc::new(move |turn| compute(turn).into()))))
    }

    /// Answers with so many words, the numbers from 1 on, and completes the run.
    ///
    /// They are made as they are sent, so that neither their number nor the length of a stream
    /// costs memory. The message keeps the first MiB of them.
    pub fn reply_words(self, words: u64) -> Self {
        self.step(Step::Reply(Reply::Words(words)))
    }

    /// Begins a message, or goes on with the one begun, writes this much of it and leaves it open.
    ///
    /// What comes next decides what becomes of it: a reply goes on with it and completes it; if
    /// the run fails, expires, is incomplete or is cancelled, so is it incomplete, and the step
    /// that wrote it failed, expired or cancelled; calls complete it. Who reads the
    /// thread while the run waits sees what is written.
    ///
    /// ```
    /// # use foundry_emulator::Rule;
    /// let breaks_down = Rule::new().write("Once upon").fail("server_error", "Sorry, something went wrong.");
    /// let waits_in_the_middle = Rule::new().write("Once upon").hang();
    /// # drop((breaks_down, waits_in_the_middle));
    /// ```
    pub fn write(self, text: impl Into<String>) -> Self {
        self.step(Step::Write(text.into()))
    }

    /// Ends the run as `failed`, with this code and message as its `last_error`. A step that is
    /// open fails with it.
    pub fn fail(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.step(Step::Fail { code: code.into(), message: message.into() })
    }

    /// Ends the run as [`fail`](Self::fail) does, but a stream says nothing of that: it ends with
    /// an `error` event, whose data is the service's error envelope, and without `done`.
    pub fn stream_error(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.step(Step::StreamError { code: code.into(), message: message.into() })
    }

    /// Ends the run as `incomplete` for this reason, usually `max_completion_tokens` or
    /// `max_prompt_tokens`, without a message.
    pub fn incomplete(self, reason: impl Into<String>) -> Self {
        self.step(Step::Incomplete { text: None, reason: reason.into() })
    }

    /// Ends the run as `incomplete` for this reason, after it has written so much of a message.
    pub fn incomplete_after(self, text: impl Into<String>, reason: impl Into<String>) -> Self {
        self.step(Step::Incomplete { text: Some(text.into()), reason: reason.into() })
    }

    /// Ends the run as `expired`, and a step that is open.
    pub fn expire(self) -> Self {
        self.step(Step::Expire)
    }

    /// Ends the run as `cancelled`, though nobody asked for it.
    pub fn cancelled(self) -> Self {
        self.step(Step::Cancel)
    }

    /// Leaves the run in progress until it is cancelled. A stream of it stays open, silent unless
    /// its [`framing`](Self::framing) keeps it alive, until the run is cancelled, or the caller or
    /// the emulator goes.
    pub fn hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// Tells an event in a stream that the API need not know, and goes on. In the stream of a
    /// response the data also gets a `type` and a `sequence_number`. Who looks instead sees nothing.
    ///
    /// ```
    /// # use foundry_emulator::Rule;
    /// let new_things = Rule::new().event("response.novelty", serde_json::json!({ "a": 1 })).reply("Hello.");
    /// # drop(new_things);
    /// ```
    pub fn event(self, name: impl Into<String>, data: Value) -> Self {
        self.step(Step::Event { name: name.into(), data })
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Whether a run is one that this rule is for.
    pub(crate) fn matches(&self, turn: &Turn) -> bool {
        let all = |wanted: &[String], text: &str| {
            let text = text.to_lowercase();
            wanted.iter().all(|wanted| text.contains(&wanted.to_lowercase()))
        };
        all(&self.agent, &turn.agent_name)
            && all(&self.instructions, &turn.instructions)
            && all(&self.last_message, turn.last_message())
    }

    /// How streams of such runs are sent, if the rule says so.
    pub(crate) fn its_framing(&self) -> Option<&Framing> {
        self.framing.as_ref()
    }

    /// How many runs the rule may decide.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.times
    }

    /// What a run does after so many steps.
    pub(crate) fn step_after(&self, performed: usize) -> Option<&Step> {
        self.steps.get(performed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::TurnMessage;

    fn turn() -> Turn {
        Turn {
            agent_name: "Weather Agent".to_owned(),
            instructions: "Be BRIEF.".to_owned(),
            history: vec![
                TurnMessage { role: "user".to_owned(), text: "And in Rome?".to_owned() },
                TurnMessage { role: "assistant".to_owned(), text: "Paris".to_owned() },
            ],
            ..Turn::default()
        }
    }

    #[test]
    fn all_conditions_must_hold_whatever_the_case() {
        for (rule, matches) in [
            (Rule::new(), true),
            (Rule::new().agent("weather").instructions("brief").last_message("ROME"), true),
            (Rule::new().last_message("rome").last_message("and"), true),
            (Rule::new().agent("time").instructions("brief").last_message("rome"), false),
            (Rule::new().agent("weather").instructions("long").last_message("rome"), false),
            (Rule::new().agent("weather").instructions("brief").last_message("paris"), false),
            (Rule::new().last_message("rome").last_message("paris"), false),
        ] {
            assert_eq!(rule.matches(&turn()), matches, "{rule:?}");
        }
    }
}
