//! Runs of the classic surface.

use foundry_raw::v2025_05_01::types::{
    AgentsResponseFormatOption, AgentsToolChoiceOption, CreateRunOptions, ListOfThreadRun, RunStatus,
    ThreadMessageOptions, ThreadRun, ToolDefinition, TruncationObject,
};

use super::{Cursor, cursor_setters, operation};
use crate::client::ProjectClient;
use crate::poller::{Polled, Poller};
use crate::request::Request;

/// The runs of a thread.
#[derive(Clone, Debug)]
pub struct Runs {
    pub(super) client: ProjectClient,
    pub(super) thread_id: String,
}

/// Polls a run until it ends, or needs something from the caller.
pub type RunPoller = Poller<ThreadRun>;

impl Runs {
    /// Starts a run of an agent on the thread; [`poll`](Request::poll) starts it and waits.
    ///
    /// Sends `POST /threads/{threadId}/runs`.
    pub fn create(&self, agent_id: impl Into<String>) -> Request<CreateRun> {
        let operation = CreateRun { thread_id: self.thread_id.clone(), body: CreateRunOptions::new(agent_id) };
        Request::new(&self.client, operation)
    }

    /// Gets a run.
    ///
    /// Sends `GET /threads/{threadId}/runs/{runId}`.
    pub fn get(&self, run_id: impl Into<String>) -> Request<GetRun> {
        let operation = GetRun { thread_id: self.thread_id.clone(), run_id: run_id.into() };
        Request::new(&self.client, operation)
    }

    /// Lists the runs, one page, the newest first unless [`order`](Request::order) is set.
    ///
    /// Sends `GET /threads/{threadId}/runs`.
    pub fn list(&self) -> Request<ListRuns> {
        let operation = ListRuns { thread_id: self.thread_id.clone(), cursor: Cursor::default() };
        Request::new(&self.client, operation)
    }
}

/// `POST /threads/{threadId}/runs`
#[derive(Clone, Debug)]
pub struct CreateRun {
    thread_id: String,
    body: CreateRunOptions,
}

operation!(CreateRun = "Runs_create" -> ThreadRun, |this, raw| raw.runs_create(&this.thread_id, None, &this.body));

impl Request<CreateRun> {
    /// Another deployment of a model than the agent's.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.operation.body = self.operation.body.model(model);
        self
    }

    /// Instructions instead of the agent's.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.operation.body = self.operation.body.instructions(instructions);
        self
    }

    /// Instructions after the agent's.
    pub fn additional_instructions(mut self, instructions: impl Into<String>) -> Self {
        self.operation.body = self.operation.body.additional_instructions(instructions);
        self
    }

    /// Messages to add to the thread before the run.
    pub fn additional_messages(mut self, messages: impl IntoIterator<Item = impl Into<ThreadMessageOptions>>) -> Self {
        self.operation.body = self.operation.body.additional_messages(messages);
        self
    }

    /// Tools instead of the agent's.
    pub fn tools(mut self, tools: impl IntoIterator<Item = impl Into<ToolDefinition>>) -> Self {
        self.operation.body = self.operation.body.tools(tools);
        self
    }

    /// How free the model is to use tools.
    pub fn tool_choice(mut self, choice: impl Into<AgentsToolChoiceOption>) -> Self {
        self.operation.body = self.operation.body.tool_choice(choice);
        self
    }

    /// Whether several tools may be called at once.
    pub fn parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.operation.body = self.operation.body.parallel_tool_calls(parallel);
        self
    }

    /// How freely the model chooses its words, 0 to 2.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.operation.body = self.operation.body.temperature(temperature);
        self
    }

    /// From which share of the most likely words the model chooses, 0 to 1.
    pub fn top_p(mut self, top_p: f64) -> Self {
        self.operation.body = self.operation.body.top_p(top_p);
        self
    }

    /// The form of the answer.
    pub fn response_format(mut self, format: impl Into<AgentsResponseFormatOption>) -> Self {
        self.operation.body = self.operation.body.response_format(format);
        self
    }

    /// How many tokens the model may read over the whole run.
    pub fn max_prompt_tokens(mut self, tokens: u32) -> Self {
        self.operation.body = self.operation.body.max_prompt_tokens(tokens);
        self
    }

    /// How many tokens the model may write over the whole run.
    pub fn max_completion_tokens(mut self, tokens: u32) -> Self {
        self.operation.body = self.operation.body.max_completion_tokens(tokens);
        self
    }

    /// What of a long thread the model gets to read.
    pub fn truncation_strategy(mut self, strategy: impl Into<TruncationObject>) -> Self {
        self.operation.body = self.operation.body.truncation_strategy(strategy);
        self
    }

    /// The caller's own key-value pairs.
    pub fn metadata(mut self, entries: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.operation.body = self.operation.body.metadata(entries);
        self
    }

    /// Starts the run, and polls it until it has completed, failed, expired, been cancelled, ended
    /// incomplete, or needs an action of the caller.
    ///
    /// Sends `POST /threads/{threadId}/runs` once, then `GET /threads/{threadId}/runs/{runId}`.
    pub fn poll(self) -> RunPoller {
        let client = self.client.clone();
        let runs = Runs { client: client.clone(), thread_id: self.operation.thread_id.clone() };
        let mut start = Some(self);
        Poller::new(
            std::sync::Arc::clone(client.clock()),
            Box::new(move |last| {
                let start = start.take();
                let runs = runs.clone();
                Box::pin(async move {
                    match (start, last) {
                        (Some(start), _) => start.await,
                        (None, Some(last)) => runs.get(last.id).await,
                        (None, None) => Err(crate::Error::new(
                            crate::ErrorKind::InvalidInput,
                            "the run was not started, so there is nothing to poll",
                        )),
                    }
                })
            }),
        )
    }
}

impl Polled for ThreadRun {
    fn state(&self) -> &str {
        self.status.as_str()
    }

    fn has_ended(&self) -> bool {
        match &self.status {
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled | RunStatus::Expired => true,
            // It waits for the caller; asking again shows nothing new.
            RunStatus::RequiresAction => true,
            // The service has it, the document's list does not.
            other => other.as_str() == "incomplete",
        }
    }

    fn name(&self) -> String {
        format!("run {} of thread {}", self.id, self.thread_id)
    }
}

/// `GET /threads/{threadId}/runs/{runId}`
#[derive(Clone, Debug)]
pub struct GetRun {
    thread_id: String,
    run_id: String,
}

operation!(GetRun = "Runs_get" -> ThreadRun, |this, raw| raw.runs_get(&this.thread_id, &this.run_id));

/// `GET /threads/{threadId}/runs`
#[derive(Clone, Debug)]
pub struct ListRuns {
    thread_id: String,
    cursor: Cursor,
}

operation!(ListRuns = "Runs_list" -> ListOfThreadRun, |this, raw| raw.runs_list(
    &this.thread_id,
    this.cursor.after.as_deref(),
    this.cursor.before.as_deref(),
    this.cursor.limit,
    this.cursor.order.as_ref(),
));
cursor_setters!(ListRuns);
