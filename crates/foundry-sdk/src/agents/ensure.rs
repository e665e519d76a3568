//! A version of an agent that is made only if the latest one is another.

use std::future::IntoFuture;
use std::ops::Deref;

use futures_core::future::BoxFuture;
use serde_json::Value;

use super::same::is_same;
use crate::error::{Error, ErrorKind, Result};
use crate::feature::FoundryFeature;
use crate::poller::Looks;
use crate::request::Request;
use crate::types::{AgentDefinition, AgentReference, AgentVersionDetails};
use crate::v1::{Agents, CreateAgentVersion};

impl Agents {
    /// Gives the latest version of an agent if its definition is this one, and makes a new version if
    /// not, or if there is no such agent.
    ///
    /// Definitions are compared as they are sent. What the service adds makes no difference: nulls,
    /// empty lists, its defaults (a temperature of 1, `tool_choice` of `auto`), secrets that it hides. A
    /// default that this version does not know costs another version and nothing else. Description and
    /// metadata are not compared, and are those of a version that is made.
    ///
    /// Two that do so at the same time may make two versions, which are the same.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::types::{PromptAgentDefinition, Tool};
    ///
    /// let definition = PromptAgentDefinition::new("gpt-4.1-mini")
    ///     .instructions("Talk like a cowboy.")
    ///     .tools([Tool::web_search()]);
    /// let agent = client.agents().ensure_version("cowboy", definition).await?;
    /// println!("{} {}: {}", agent.name, agent.version, if agent.is_new { "made" } else { "as it was" });
    /// // Pinned: it is this version that answers, whatever comes after it.
    /// let answer = client.responses().create("Howdy?").agent(&agent).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `GET /agents/{agent_name}`, and `POST /agents/{agent_name}/versions` if needed.
    pub fn ensure_version(
        &self,
        agent_name: impl Into<String>,
        definition: impl Into<AgentDefinition>,
    ) -> EnsureVersion {
        EnsureVersion { request: self.create_version(agent_name, definition) }
    }
}

/// Makes sure that an agent has a definition; made by [`Agents::ensure_version`].
///
/// # Errors
/// Those of every request: see [`ErrorKind`]. [`ErrorKind::PreviewFeatureRequired`] for kinds of agents
/// that are previews, without their [`features`](Self::features).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct EnsureVersion {
    request: Request<CreateAgentVersion>,
}

impl EnsureVersion {
    /// What the agent is for; of a version that is made.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.request = self.request.description(description);
        self
    }

    /// The caller's own key-value pairs; of a version that is made.
    pub fn metadata(mut self, entries: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.request = self.request.metadata(entries);
        self
    }

    /// Opts into previews: workflow agents ([`FoundryFeature::WORKFLOW_AGENTS`]), external and voice
    /// agents and others need theirs.
    pub fn features(mut self, features: impl IntoIterator<Item = impl Into<FoundryFeature>>) -> Self {
        self.request = self.request.features(features);
        self
    }

    async fn ensure(self) -> Result<EnsuredVersion> {
        let looks = Looks::of(&self.request);
        let agents = Agents { client: looks.client.clone() };
        let operation = &self.request.operation;
        let found = looks.like(agents.get(operation.agent_name.as_str())).await;
        match found {
            Ok(found) => {
                let latest = found.versions.latest;
                if is_same(&json(&operation.body.definition)?, &json(&latest.definition)?) {
                    return Ok(EnsuredVersion { agent: latest, is_new: false });
                }
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        Ok(EnsuredVersion { agent: self.request.await?, is_new: true })
    }
}

fn json(definition: &AgentDefinition) -> Result<Value> {
    serde_json::to_value(definition).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "the definition of the agent is no JSON").with_source(error)
    })
}

impl IntoFuture for EnsureVersion {
    type Output = Result<EnsuredVersion>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ensure())
    }
}

/// The version of an agent that has the definition asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EnsuredVersion {
    /// The version.
    pub agent: AgentVersionDetails,
    /// Whether it was made; else the agent had it before.
    pub is_new: bool,
}

impl Deref for EnsuredVersion {
    type Target = AgentVersionDetails;

    fn deref(&self) -> &AgentVersionDetails {
        &self.agent
    }
}

/// This version, whatever comes after it.
impl From<&EnsuredVersion> for AgentReference {
    fn from(ensured: &EnsuredVersion) -> Self {
        (&ensured.agent).into()
    }
}
