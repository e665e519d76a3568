//! Agents of the classic surface.

use foundry_raw::v2025_05_01::types::{
    Agent, AgentDeletionStatus, AgentsResponseFormatOption, CreateAgentOptions, ListOfAgent, ToolDefinition,
    ToolResources,
};

use super::{Cursor, cursor_setters, operation};
use crate::client::ProjectClient;
use crate::request::Request;

/// Agents: a model with instructions and tools.
#[derive(Clone, Debug)]
pub struct Agents {
    pub(super) client: ProjectClient,
}

impl Agents {
    /// Creates an agent on a deployment of a model.
    ///
    /// Sends `POST /assistants`.
    pub fn create(&self, model: impl Into<String>) -> Request<CreateAgent> {
        Request::new(&self.client, CreateAgent { body: CreateAgentOptions::new(model) })
    }

    /// Gets an agent.
    ///
    /// Sends `GET /assistants/{assistantId}`.
    pub fn get(&self, agent_id: impl Into<String>) -> Request<GetAgent> {
        Request::new(&self.client, GetAgent { agent_id: agent_id.into() })
    }

    /// Lists the agents of the project, one page.
    ///
    /// Sends `GET /assistants`.
    pub fn list(&self) -> Request<ListAgents> {
        Request::new(&self.client, ListAgents::default())
    }

    /// Deletes an agent.
    ///
    /// Sends `DELETE /assistants/{assistantId}`.
    pub fn delete(&self, agent_id: impl Into<String>) -> Request<DeleteAgent> {
        Request::new(&self.client, DeleteAgent { agent_id: agent_id.into() })
    }
}

/// `POST /assistants`
#[derive(Clone, Debug)]
pub struct CreateAgent {
    body: CreateAgentOptions,
}

operation!(CreateAgent = "Agents_createAgent" -> Agent, |this, raw| raw.agents_create_agent(&this.body));

impl Request<CreateAgent> {
    /// The agent's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.operation.body = self.operation.body.name(name);
        self
    }

    /// What the agent is, for people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.operation.body = self.operation.body.description(description);
        self
    }

    /// What the model is told before every conversation.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.operation.body = self.operation.body.instructions(instructions);
        self
    }

    /// The tools that the model may use.
    pub fn tools(mut self, tools: impl IntoIterator<Item = impl Into<ToolDefinition>>) -> Self {
        self.operation.body = self.operation.body.tools(tools);
        self
    }

    /// What the tools work on.
    pub fn tool_resources(mut self, resources: impl Into<ToolResources>) -> Self {
        self.operation.body = self.operation.body.tool_resources(resources);
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

    /// The form of the answers.
    pub fn response_format(mut self, format: impl Into<AgentsResponseFormatOption>) -> Self {
        self.operation.body = self.operation.body.response_format(format);
        self
    }

    /// The caller's own key-value pairs.
    pub fn metadata(mut self, entries: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.operation.body = self.operation.body.metadata(entries);
        self
    }
}

/// `GET /assistants/{assistantId}`
#[derive(Clone, Debug)]
pub struct GetAgent {
    agent_id: String,
}

operation!(GetAgent = "Agents_getAgent" -> Agent, |this, raw| raw.agents_get_agent(&this.agent_id));

/// `GET /assistants`
#[derive(Clone, Debug, Default)]
pub struct ListAgents {
    cursor: Cursor,
}

operation!(ListAgents = "Agents_listAgents" -> ListOfAgent, |this, raw| raw.agents_list_agents(
    this.cursor.after.as_deref(),
    this.cursor.before.as_deref(),
    this.cursor.limit,
    this.cursor.order.as_ref(),
));
cursor_setters!(ListAgents);

/// `DELETE /assistants/{assistantId}`
#[derive(Clone, Debug)]
pub struct DeleteAgent {
    agent_id: String,
}

operation!(DeleteAgent = "Agents_deleteAgent" -> AgentDeletionStatus, |this, raw| raw.agents_delete_agent(&this.agent_id));
