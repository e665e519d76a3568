//! Waiting for responses, and cancelling them.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::job::ResponseJob;
use super::rounds::Rounds;
use crate::approvals::ApprovalPolicy;
use crate::error::{Error, Result};
use crate::functions::FunctionSet;
use crate::poller::{Cancel, Looks, Poller, RunGuard, as_cancelled};
use crate::request::{Operation, Request};
use crate::types::OpenAiResponse;
use crate::v1::{CancelResponse, CreateResponse, Responses, RetrieveResponse};

/// Polls a response until it ends, over all the rounds in which it asks for something.
///
/// Awaited it gives the response, however it ended; [`completed`](Poller::completed) gives it only if
/// it has completed, [`output_text`](Poller::output_text) what it says. A response that asks for
/// functions or approvals is answered if the poller was given them, and else an error of the kind
/// [`NeedsAction`](crate::ErrorKind::NeedsAction).
///
/// Answers begin another response: it names the one before, or stands in the same conversation. That
/// request is never sent twice: if it fails, the error has the answers
/// ([`Error::needs_action`](crate::Error::needs_action)), so that no function need be called again. A
/// `tool_choice` that makes the model call holds for the first response alone.
pub type ResponsePoller = Poller<OpenAiResponse>;

impl Responses {
    /// Waits for a response that is made in the background.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// let responses = client.responses();
    /// let begun = responses.create("Write a long poem.").model("gpt-4.1-mini").background(true).await?;
    /// // Later, and perhaps elsewhere:
    /// println!("{}", responses.wait(&begun.id).output_text().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `GET /openai/v1/responses/{response_id}`.
    pub fn wait(&self, response_id: impl Into<String>) -> ResponsePoller {
        self.retrieve(response_id).poll()
    }

    /// A guard that cancels a response, which is made in the background, when it is dropped.
    ///
    /// Sends `POST /openai/v1/responses/{response_id}/cancel` then, and nothing before.
    pub fn guard(&self, response_id: impl Into<String>) -> RunGuard {
        let request = self.cancel(response_id);
        let id = request.operation.response_id.clone();
        self.guard_of(&Looks::of(&request), id)
    }

    pub(super) fn guard_of(&self, looks: &Looks, id: String) -> RunGuard {
        RunGuard::new(format!("response {id}"), self.cancel_of(looks, id))
    }

    /// How a response is canceled: refused, because it has ended, counts as done.
    pub(super) fn cancel_of(&self, looks: &Looks, id: String) -> Cancel {
        let (responses, looks) = (self.clone(), looks.clone());
        Arc::new(move || {
            let (responses, looks, id) = (responses.clone(), looks.clone(), id.clone());
            Box::pin(async move {
                let result = looks.like(responses.cancel(&id)).await.map(|_| ());
                let is_over = async { Ok(looks.like(responses.retrieve(&id)).await?.has_ended()) };
                as_cancelled(result, is_over).await
            })
        })
    }
}

impl Poller<OpenAiResponse> {
    /// Polls the response to its end, and gives it if it has completed.
    ///
    /// # Errors
    /// Those of the poller; [`ErrorKind::RunFailed`](crate::ErrorKind::RunFailed) if it failed, was
    /// canceled or ended incomplete: with the service's code and message
    /// ([`Error::response_failed`]), the time to wait ([`Error::retry_after`]), and the response
    /// ([`Error::last_state`]).
    pub async fn completed(self) -> Result<OpenAiResponse> {
        let (response, ids) = self.finish().await?;
        response.into_result().map_err(|failed| Error::from(failed).of_ids(&ids))
    }

    /// Polls the response to its end, and gives what it says.
    ///
    /// # Errors
    /// Those of [`completed`](Self::completed).
    pub async fn output_text(self) -> Result<String> {
        Ok(self.completed().await?.output_text())
    }

    /// Polls the response to its end, and reads what it says as a value of a type.
    ///
    /// # Errors
    /// Those of [`completed`](Self::completed); [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the
    /// text is not of this type.
    pub async fn output_as<T: DeserializeOwned>(self) -> Result<T> {
        let response = self.completed().await?;
        response.output_as().map_err(|error| Error::from(error).with_state(response))
    }
}

impl Request<CreateResponse> {
    /// Begins the response, and polls it until it has ended.
    ///
    /// Sends `POST /openai/v1/responses` once, then `GET /openai/v1/responses/{response_id}` as long as
    /// it is made in the background, with the same headers, features and time limits.
    pub fn poll(self) -> ResponsePoller {
        let client = self.client.clone();
        Poller::new(&client, Box::new(ResponseJob::create(self)))
    }

    /// Calls these functions when the model asks for them, and goes on with what they give, until it
    /// answers; see [`Poller::with_functions`].
    ///
    /// A model is told of them: they are among the `tools`, beside those of the request. An agent has
    /// its own, which are looked up first: a function that it may call and the set has not is an
    /// error, and nothing starts.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::{Function, FunctionSet};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// What time it is in a city.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct GetTime {
    ///     city: String,
    /// }
    ///
    /// let functions = FunctionSet::new([Function::infallible(|asked: GetTime| async move {
    ///     format!("It is noon in {}.", asked.city)
    /// })])?;
    /// let request = client.responses().create("What time is it in Rome?").model("gpt-4.1-mini");
    /// println!("{}", request.with_functions(&functions).output_text().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends what [`poll`](Self::poll) sends, once more for each round; before it
    /// `GET /agents/{agent_name}`, or of its version, if an agent answers.
    pub fn with_functions(self, functions: &FunctionSet) -> ResponsePoller {
        self.poll().with_functions(functions)
    }

    /// Decides by this policy when it is asked whether tools of MCP servers may be called, and goes on,
    /// until there is an answer. Headers of the policy cannot be sent with a response, and are an
    /// error: they belong to the server's tool.
    ///
    /// Sends what [`poll`](Self::poll) sends, once more for each round.
    pub fn with_approvals(self, policy: &ApprovalPolicy) -> ResponsePoller {
        self.poll().with_approvals(policy)
    }
}

/// Polls what a request shows, and goes on by these rounds.
pub(super) fn poller<O: Operation<Output = OpenAiResponse>>(request: Request<O>, rounds: Rounds) -> ResponsePoller {
    let client = request.client.clone();
    Poller::new(&client, Box::new(ResponseJob::once(request, rounds)))
}

impl Request<RetrieveResponse> {
    /// Polls a response, which is made in the background, until it has ended.
    ///
    /// With functions or approvals, the request that goes on is made of what the response says of
    /// itself: its agent, or its model with tools and settings.
    ///
    /// Sends `GET /openai/v1/responses/{response_id}`.
    pub fn poll(self) -> ResponsePoller {
        poller(self, Rounds::unknown())
    }
}

impl Request<CancelResponse> {
    /// Cancels the response, and polls it until it has ended.
    ///
    /// Sends `POST /openai/v1/responses/{response_id}/cancel`, then
    /// `GET /openai/v1/responses/{response_id}`.
    pub fn poll(self) -> ResponsePoller {
        poller(self, Rounds::unknown())
    }
}
