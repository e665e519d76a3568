//! What runs have beside their generated requests: polling, answering, cancelling, the final message.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::{CancelRun, CreateRun, CreateThreadAndRun, GetRun, Messages, Runs, SubmitRunToolOutputs};
use crate::answering::{Answers, ApprovalReady, Asked};
use crate::approvals::ApprovalRequest;
use crate::classic::types::{
    RequiredAction, RequiredToolCall, RunStatus, ThreadMessage, ThreadRun, ToolApproval, ToolDefinition, ToolOutput,
};
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::{FunctionCall, FunctionOutput, FunctionSet};
use crate::poller::{
    Asking, Cancel, Cancelable, Job, Looks, Polled, Poller, RunGuard, Seen, Standing, WhenBusy, as_cancelled, sealed,
};
use crate::request::{Operation, Reply, Request};

/// Polls a run until it ends.
///
/// Awaited it gives the run, however it ended; [`completed`](Poller::completed) gives it only if it has
/// completed, [`final_message`](Poller::final_message) what it wrote. A run that waits for functions
/// or approvals is answered if the poller was given them, and else an error of the kind
/// [`NeedsAction`](ErrorKind::NeedsAction).
pub type RunPoller = Poller<ThreadRun>;

impl Runs {
    /// Hands in the outputs of the function calls that a run waits for.
    ///
    /// Answer every call of its `required_action`. [`RunPoller::with_functions`] does it by itself.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs`.
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`].
    pub fn submit_tool_outputs(
        &self,
        run_id: impl Into<String>,
        outputs: impl IntoIterator<Item = impl Into<ToolOutput>>,
    ) -> Request<SubmitRunToolOutputs> {
        self.submit(run_id).tool_outputs(outputs)
    }

    /// Hands in the decisions on the MCP tool calls that a run waits for.
    ///
    /// Answer every call of its `required_action`. [`RunPoller::with_approvals`] does it by itself.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs`.
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`].
    pub fn submit_tool_approvals(
        &self,
        run_id: impl Into<String>,
        approvals: impl IntoIterator<Item = impl Into<ToolApproval>>,
    ) -> Request<SubmitRunToolOutputs> {
        self.submit(run_id).tool_approvals(approvals)
    }

    /// A guard that cancels a run when it is dropped.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/cancel` then, and nothing before.
    pub fn guard(&self, run_id: impl Into<String>) -> RunGuard {
        let id = run_id.into();
        RunGuard::new(format!("run {id} of thread {}", self.thread_id), self.cancel_of(id))
    }

    /// The last message that a run has written.
    ///
    /// Sends `GET /threads/{threadId}/messages`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it has written none; those of every request: see [`ErrorKind`].
    pub async fn final_message(&self, run_id: impl Into<String>) -> Result<ThreadMessage> {
        final_message(&self.client, &self.thread_id, &run_id.into()).await
    }

    /// How a run is canceled: refused, because it has ended, counts as done.
    fn cancel_of(&self, id: String) -> Cancel {
        let runs = self.clone();
        Arc::new(move || {
            let (runs, id) = (runs.clone(), id.clone());
            Box::pin(async move {
                let result = runs.cancel(&id).await.map(|_| ());
                let is_over = async {
                    let run = runs.get(&id).await?;
                    Ok(run.has_ended() || run.status == RunStatus::Cancelling)
                };
                as_cancelled(result, is_over).await
            })
        })
    }
}

async fn final_message(client: &ProjectClient, thread_id: &str, run_id: &str) -> Result<ThreadMessage> {
    let messages = Messages { client: client.clone(), thread_id: thread_id.to_owned() };
    let mut newest_first = messages.list().run_id(run_id).order("desc").page_size(10).into_stream();
    while let Some(message) = newest_first.try_next().await? {
        // What the service does not filter by the run is not taken for its answer.
        let is_its_own = message.run_id.as_deref().is_none_or(|id| id == run_id);
        if is_its_own && message.role.as_str() == "assistant" {
            return Ok(message);
        }
    }
    Err(Error::new(ErrorKind::NotFound, format!("run {run_id} of thread {thread_id} has written no message")))
}

impl Poller<ThreadRun> {
    /// Polls the run to its end, and gives it if it has completed.
    ///
    /// # Errors
    /// Those of the poller; [`ErrorKind::RunFailed`] if it failed, expired, was canceled or ended
    /// incomplete: with the service's code and message ([`Error::run_failed`]), the time to wait
    /// ([`Error::retry_after`]), and the run ([`Error::last_state`]).
    pub async fn completed(self) -> Result<ThreadRun> {
        let (run, ids) = self.finish().await?;
        run.into_result().map_err(|failed| Error::from(failed).of_ids(&ids))
    }

    /// Polls the run to its end, and gives the last message that it wrote.
    ///
    /// ```
    /// # async fn example(classic: foundry_sdk::classic::Classic) -> foundry_sdk::Result<()> {
    /// let answer = classic.runs("thread_1").create("asst_1").poll().final_message().await?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`completed`](Self::completed); [`ErrorKind::NotFound`] if it has written no message.
    pub async fn final_message(self) -> Result<ThreadMessage> {
        let client = self.client.clone();
        let run = self.completed().await?;
        let found = final_message(&client, &run.thread_id, &run.id).await;
        found.map_err(|error| error.with_state(run))
    }

    /// What to do if the thread has an active run already, which a new one is refused for: it is an
    /// error unless set.
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Self {
        if let Some(job) = &mut self.job {
            job.set_when_busy(when_busy);
        }
        self
    }
}

impl Request<CreateRun> {
    /// Starts the run, and polls it until it has ended.
    ///
    /// Sends `POST /threads/{threadId}/runs` once, then `GET /threads/{threadId}/runs/{runId}`, with
    /// the same headers, features, time limits and api-version. `GET /assistants/{assistantId}`
    /// before it if functions are given and the run has no tools of its own.
    pub fn poll(self) -> RunPoller {
        let runs = Runs { client: self.client.clone(), thread_id: self.operation.thread_id.clone() };
        RunJob::poller(Looks::of(&self), Some(runs), Start::Run(Box::new(self)))
    }
}

impl Request<CreateThreadAndRun> {
    /// Creates the thread, starts the run, and polls it until it has ended.
    ///
    /// Sends `POST /threads/runs` once, then `GET /threads/{threadId}/runs/{runId}`. A run again
    /// ([`RunPoller::run_again`]) is not made of it: the thread would be created twice.
    pub fn poll(self) -> RunPoller {
        RunJob::poller(Looks::of(&self), None, Start::ThreadAndRun(Box::new(self)))
    }
}

impl Request<GetRun> {
    /// Polls a run that was started before until it has ended.
    ///
    /// Sends `GET /threads/{threadId}/runs/{runId}`.
    pub fn poll(self) -> RunPoller {
        let runs = Runs { client: self.client.clone(), thread_id: self.operation.thread_id.clone() };
        RunJob::once(runs, self)
    }
}

impl Request<CancelRun> {
    /// Cancels the run, and polls it until it has ended.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/cancel`, then
    /// `GET /threads/{threadId}/runs/{runId}`.
    pub fn poll(self) -> RunPoller {
        let runs = Runs { client: self.client.clone(), thread_id: self.operation.thread_id.clone() };
        RunJob::once(runs, self)
    }
}

impl Request<SubmitRunToolOutputs> {
    /// Hands in what the run waits for, and polls it until it has ended.
    ///
    /// Sends `POST /threads/{threadId}/runs/{runId}/submit_tool_outputs`, then
    /// `GET /threads/{threadId}/runs/{runId}`.
    pub fn poll(self) -> RunPoller {
        let runs = Runs { client: self.client.clone(), thread_id: self.operation.thread_id.clone() };
        RunJob::once(runs, self)
    }
}

impl Request<SubmitRunToolOutputs> {
    /// With what was found as an answer.
    pub(super) fn answers(mut self, answers: &Answers) -> Self {
        if !answers.outputs.is_empty() {
            self = self.tool_outputs(&answers.outputs);
        }
        if !answers.approvals.is_empty() {
            self = self.tool_approvals(&answers.approvals);
        }
        self
    }
}

type Started = BoxFuture<'static, Result<Reply<ThreadRun>>>;

/// How a run is started, or got for the first time.
pub(super) enum Start {
    Run(Box<Request<CreateRun>>),
    ThreadAndRun(Box<Request<CreateThreadAndRun>>),
    Once(Started),
    /// It was, and will not be again.
    Done,
}

/// A run, to its poller.
pub(super) struct RunJob {
    asker: Asker,
    pub(super) start: Start,
}

/// How the service is asked about a run.
struct Asker {
    looks: Looks,
    /// The runs of its thread; nobody knows before there is one.
    runs: Option<Runs>,
    when_busy: WhenBusy,
}

impl RunJob {
    /// Of a run that is not to be polled.
    pub(super) fn new(looks: Looks, start: Start) -> Self {
        let asker = Asker { looks, runs: None, when_busy: WhenBusy::Fail };
        Self { asker, start }
    }

    fn poller(looks: Looks, runs: Option<Runs>, start: Start) -> RunPoller {
        let client = looks.client.clone();
        let asker = Asker { looks, runs, when_busy: WhenBusy::Fail };
        Poller::new(&client, Box::new(Self { asker, start }))
    }

    /// Of a run that exists, and is first seen by this request.
    fn once<O: Operation<Output = ThreadRun>>(runs: Runs, request: Request<O>) -> RunPoller {
        let looks = Looks::of(&request);
        Self::poller(looks, Some(runs), Start::Once(Box::pin(request.send())))
    }
}

impl Asker {
    fn runs_of(&self, run: &ThreadRun) -> Runs {
        Runs { client: self.looks.client.clone(), thread_id: run.thread_id.clone() }
    }

    /// Starts a run, and does about another one what was asked for.
    async fn start_run(&self, request: &Request<CreateRun>, deadline: Option<Instant>) -> Result<Reply<ThreadRun>> {
        loop {
            let error = match request.again().send().await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let (Some(id), Some(runs)) = (error.active_run_id(), &self.runs) else { return Err(error) };
            match self.when_busy {
                WhenBusy::Fail => return Err(error),
                WhenBusy::Wait => {}
                WhenBusy::Cancel => runs.cancel_of(id.to_owned())().await?,
            }
            self.wait_until_ended(runs, id, deadline).await?;
        }
    }

    /// Waits for a run of somebody else's, also for what it waits for.
    async fn wait_until_ended(&self, runs: &Runs, id: &str, deadline: Option<Instant>) -> Result<()> {
        let now = self.looks.client.clock().now();
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(now));
        let mut poller = self.looks.like(runs.get(id)).poll().max_wait(left);
        poller.options.is_of_another = true;
        poller.await.map(|_| ())
    }
}

impl Job<ThreadRun> for RunJob {
    fn check<'a>(&'a mut self, functions: &'a FunctionSet) -> BoxFuture<'a, Result<()>> {
        let (agent_id, own_tools) = match &self.start {
            Start::Run(request) => {
                let body = &request.operation.body;
                (body.assistant_id.clone(), body.tools.clone())
            }
            Start::ThreadAndRun(request) => {
                let body = &request.operation.body;
                (body.assistant_id.clone(), body.tools.clone())
            }
            // It runs already.
            _ => return Box::pin(std::future::ready(Ok(()))),
        };
        let asker = &self.asker;
        Box::pin(async move {
            let tools = match own_tools {
                Some(tools) => tools,
                None => {
                    let agents = asker.looks.client.classic().agents();
                    asker.looks.like(agents.get(agent_id)).await?.tools.into_iter().collect()
                }
            };
            functions.check_covers(tools.iter().filter_map(|tool| match tool {
                ToolDefinition::Function(tool) => Some(tool.function.name.as_str()),
                _ => None,
            }))
        })
    }

    fn start(&mut self, for_good: bool, deadline: Option<Instant>) -> BoxFuture<'_, Result<Seen<ThreadRun>>> {
        let Self { asker, start } = self;
        let asker = &*asker;
        let started: BoxFuture<'_, Result<Reply<ThreadRun>>> = match std::mem::replace(start, Start::Done) {
            Start::Run(request) if for_good => Box::pin(async move { asker.start_run(&request, deadline).await }),
            Start::Run(request) => {
                let again = request.clone();
                *start = Start::Run(request);
                Box::pin(async move { asker.start_run(&again, deadline).await })
            }
            Start::ThreadAndRun(request) => Box::pin(request.send()),
            Start::Once(started) => started,
            _ => Box::pin(std::future::ready(Err(started_before()))),
        };
        Box::pin(async move { Ok(asker.looks.seen(started.await?)) })
    }

    fn can_start_again(&self) -> bool {
        matches!(self.start, Start::Run(_))
    }

    fn look<'a>(&'a mut self, last: &'a ThreadRun) -> BoxFuture<'a, Result<Seen<ThreadRun>>> {
        let asker = &self.asker;
        Box::pin(async move { Ok(asker.looks.seen(asker.looks.like(asker.runs_of(last).get(&last.id)).send().await?)) })
    }

    fn hand_in<'a>(&'a mut self, last: &'a ThreadRun, answers: &'a Answers) -> BoxFuture<'a, Result<Seen<ThreadRun>>> {
        let asker = &self.asker;
        let request = asker.looks.like(asker.runs_of(last).submit(&last.id)).answers(answers);
        Box::pin(async move { Ok(asker.looks.seen(request.send().await?)) })
    }

    fn cancel(&self, last: &ThreadRun) -> Cancel {
        self.asker.runs_of(last).cancel_of(last.id.clone())
    }

    fn set_when_busy(&mut self, when_busy: WhenBusy) {
        self.asker.when_busy = when_busy;
    }
}

pub(super) fn started_before() -> Error {
    Error::new(ErrorKind::InvalidInput, "the run was started before, and cannot be started again")
}

impl From<&FunctionOutput> for ToolOutput {
    fn from(output: &FunctionOutput) -> Self {
        Self::new().tool_call_id(output.call_id.as_str()).output(output.output.as_str())
    }
}

impl From<&ApprovalReady> for ToolApproval {
    fn from(ready: &ApprovalReady) -> Self {
        let approval = Self::new(ready.request.call_id.as_str(), ready.approve);
        if ready.headers.is_empty() {
            return approval;
        }
        approval.headers(ready.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())))
    }
}

impl sealed::Sealed for ThreadRun {}

impl Asking for ThreadRun {}

impl Cancelable for ThreadRun {}

impl Polled for ThreadRun {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> &str {
        self.status.as_str()
    }

    fn name(&self) -> String {
        format!("run {} of thread {}", self.id, self.thread_id)
    }

    fn standing(&self) -> Standing {
        match &self.status {
            RunStatus::Queued | RunStatus::InProgress | RunStatus::Cancelling => Standing::Running,
            RunStatus::RequiresAction => Standing::NeedsAction,
            _ if self.has_ended() => Standing::Ended,
            _ => Standing::Unknown,
        }
    }

    fn asked(&self) -> Asked {
        let calls = match &self.required_action {
            Some(RequiredAction::SubmitToolOutputs(action)) => &action.submit_tool_outputs.tool_calls,
            Some(RequiredAction::SubmitToolApproval(action)) => &action.submit_tool_approval.tool_calls,
            Some(RequiredAction::Unknown(action)) => {
                return Asked { others: vec![action.clone()], ..Asked::default() };
            }
            Some(_) | None => return Asked::default(),
        };
        let is_approval = matches!(self.required_action, Some(RequiredAction::SubmitToolApproval(_)));
        let mut asked = Asked::default();
        for call in calls {
            match call {
                RequiredToolCall::Function(call) if !is_approval => asked.functions.push(FunctionCall {
                    id: call.id.clone(),
                    name: call.function.name.clone(),
                    arguments: call.function.arguments.clone(),
                }),
                RequiredToolCall::Mcp(call) if is_approval => asked.approvals.push(ApprovalRequest {
                    call_id: call.id.clone(),
                    server_label: call.server_label.clone(),
                    tool: call.name.clone(),
                    arguments: call.arguments.clone(),
                }),
                other => asked.others.push(serde_json::to_value(other).unwrap_or(Value::Null)),
            }
        }
        asked
    }

    fn passing_failure(&self) -> Option<Option<Duration>> {
        if self.status != RunStatus::Failed {
            return None;
        }
        let failed = self.clone().into_result().err()?;
        failed.is_rate_limited().then_some(failed.retry_after)
    }
}
