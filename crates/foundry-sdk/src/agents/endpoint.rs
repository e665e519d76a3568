//! The OpenAI-shaped endpoint of one agent.

use crate::client::ProjectClient;
use crate::pipeline::AgentScope;
use crate::v1::{Conversations, Responses};

/// The endpoint of one agent: responses and conversations at a path of its own
/// (`/agents/{agent_name}/endpoint/protocols/openai`), where that agent alone answers; cheap to clone.
///
/// Made by [`ProjectClient::agent`]. The features that the service wants there are sent by
/// themselves.
#[derive(Clone, Debug)]
pub struct AgentEndpoint {
    client: ProjectClient,
}

impl ProjectClient {
    /// The endpoint of one agent, by its name. Which version answers is a matter of the endpoint's own
    /// settings; to pin one, name it in a response of the project
    /// ([`Request::agent`](crate::Request::agent)).
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// let answer = client.agent("cowboy").responses().create("Why is the sky blue?").await?;
    /// println!("{}", answer.output_text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn agent(&self, name: impl Into<String>) -> AgentEndpoint {
        let scope = AgentScope { agent_name: name.into(), table: &foundry_raw::v1::operations::AGENT_SCOPE };
        AgentEndpoint { client: self.of_agent(scope) }
    }
}

impl AgentEndpoint {
    /// Responses of the agent.
    ///
    /// It has its own model, tools and format: `tools`, `tool_choice` and `text` are refused before
    /// anything is sent ([`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput)), as the service
    /// refuses them.
    pub fn responses(&self) -> Responses {
        Responses { client: self.client.clone() }
    }

    /// Conversations with the agent.
    pub fn conversations(&self) -> Conversations {
        Conversations { client: self.client.clone() }
    }
}
