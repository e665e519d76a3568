//! A response with its rounds, to its poller; and what its functions are checked against.

use std::time::Instant;

use futures_core::future::BoxFuture;

use super::rounds::{Rounds, function_name, tell_of};
use crate::answering::Answers;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::FunctionSet;
use crate::poller::{Cancel, Job, Looks, Seen};
use crate::request::{Operation, Reply, Request};
use crate::types::{AgentDefinition, AgentReference, OpenAiResponse, Tool};
use crate::v1::{Agents, CreateResponse, Responses};

type Started = BoxFuture<'static, Result<Reply<OpenAiResponse>>>;

/// How a response is begun, or got for the first time.
pub(super) enum Start {
    Create(Box<Request<CreateResponse>>),
    Once(Started),
    /// It was, and will not be again.
    Done,
}

/// A response, to its poller.
pub(super) struct ResponseJob {
    looks: Looks,
    start: Start,
    rounds: Rounds,
}

impl ResponseJob {
    /// Of one that is to be created.
    pub(super) fn create(request: Request<CreateResponse>) -> Self {
        let rounds = Rounds::of(&request);
        Self { looks: Looks::of(&request), start: Start::Create(Box::new(request)), rounds }
    }

    /// Of one that exists, and is first seen by this request.
    pub(super) fn once<O: Operation<Output = OpenAiResponse>>(request: Request<O>, rounds: Rounds) -> Self {
        let looks = Looks::of(&request);
        Self { looks, start: Start::Once(Box::pin(request.send())), rounds }
    }

    fn responses(&self) -> Responses {
        Responses { client: self.looks.client.clone() }
    }
}

impl Job<OpenAiResponse> for ResponseJob {
    fn check<'a>(&'a mut self, functions: &'a FunctionSet) -> BoxFuture<'a, Result<()>> {
        let Start::Create(request) = &mut self.start else {
            self.rounds.tell_of(functions);
            return Box::pin(std::future::ready(Ok(())));
        };
        let looks = &self.looks;
        let rounds = &mut self.rounds;
        Box::pin(async move {
            check(looks, request, functions).await?;
            *rounds = Rounds::of(request);
            Ok(())
        })
    }

    fn start(&mut self, for_good: bool, _deadline: Option<Instant>) -> BoxFuture<'_, Result<Seen<OpenAiResponse>>> {
        let looks = &self.looks;
        let started: Started = match std::mem::replace(&mut self.start, Start::Done) {
            Start::Create(request) if for_good => Box::pin(request.send()),
            Start::Create(request) => {
                self.rounds = Rounds::of(&request);
                let again = request.again();
                self.start = Start::Create(request);
                Box::pin(again.send())
            }
            Start::Once(started) => started,
            Start::Done => Box::pin(std::future::ready(Err(Error::new(
                ErrorKind::InvalidInput,
                "the response was begun before, and cannot be begun again",
            )))),
        };
        Box::pin(async move { Ok(looks.seen(started.await?)) })
    }

    fn can_start_again(&self) -> bool {
        matches!(self.start, Start::Create(_))
    }

    fn look<'a>(&'a mut self, last: &'a OpenAiResponse) -> BoxFuture<'a, Result<Seen<OpenAiResponse>>> {
        let asked = self.looks.like(self.responses().retrieve(&last.id)).send();
        let looks = &self.looks;
        Box::pin(async move { Ok(looks.seen(asked.await?)) })
    }

    fn hand_in<'a>(
        &'a mut self,
        last: &'a OpenAiResponse,
        answers: &'a Answers,
    ) -> BoxFuture<'a, Result<Seen<OpenAiResponse>>> {
        let next = self.rounds.next(&self.looks, last, answers);
        let looks = &self.looks;
        Box::pin(async move { Ok(looks.seen(next?.send().await?)) })
    }

    fn looks_show_answers(&self) -> bool {
        false
    }

    fn cancel(&self, last: &OpenAiResponse) -> Cancel {
        self.responses().cancel_of(&self.looks, last.id.clone())
    }
}

/// Checks that the functions are those that may be called: of an agent by its definition; a model is
/// told of them by the request.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there is one that is not in the set; those of the look at the agent.
pub(super) async fn check(looks: &Looks, request: &mut Request<CreateResponse>, functions: &FunctionSet) -> Result<()> {
    let scope = request.options.agent_scope.as_ref();
    let agent = match (scope, &request.operation.body.agent_reference) {
        (Some(scope), _) => Some(AgentReference::from(&scope.agent_name)),
        (None, reference) => reference.clone(),
    };
    if let Some(agent) = agent {
        let Some(AgentDefinition::Prompt(definition)) = definition(looks, &agent).await? else { return Ok(()) };
        return functions.check_covers(definition.tools.iter().flatten().filter_map(|tool| match tool {
            Tool::Function(tool) => Some(tool.name.as_str()),
            _ => None,
        }));
    }
    let body = &mut request.operation.body;
    functions.check_covers(body.tools.iter().flatten().filter_map(function_name))?;
    tell_of(body, functions);
    Ok(())
}

/// The definition of an agent; `None` if the caller may use the agent and not look at it.
async fn definition(looks: &Looks, agent: &AgentReference) -> Result<Option<AgentDefinition>> {
    let agents = Agents { client: looks.client.clone() };
    let found = match &agent.version {
        Some(version) => {
            let version = looks.like_of_project(agents.get_version(&agent.name, version)).await;
            version.map(|version| version.definition)
        }
        None => {
            let found = looks.like_of_project(agents.get(&agent.name)).await;
            found.map(|found| found.versions.latest.definition)
        }
    };
    match found {
        Ok(definition) => Ok(Some(definition)),
        Err(error) if error.kind() == ErrorKind::Permission => Ok(None),
        Err(error) => Err(error),
    }
}
