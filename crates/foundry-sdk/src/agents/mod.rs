//! Agents of api-version v1: their own endpoints, and versions that are made only when they differ.
//!
//! Requests are generated ([`Agents`](crate::v1::Agents)); what is added by hand stands here.
//!
//! Each kind of agent has a definition of its own. Those that are previews need a feature with the
//! request that makes a version (`.features([FoundryFeature::WORKFLOW_AGENTS])`); without it the service
//! answers [`PreviewFeatureRequired`](crate::ErrorKind::PreviewFeatureRequired), and the error names it.
//!
//! | kind | definition | feature |
//! | --- | --- | --- |
//! | prompt | [`PromptAgentDefinition`](crate::types::PromptAgentDefinition) | |
//! | hosted | [`HostedAgentDefinition`](crate::types::HostedAgentDefinition) | |
//! | workflow | [`WorkflowAgentDefinition`](crate::types::WorkflowAgentDefinition) | `WorkflowAgents=V1Preview` |
//! | external | [`ExternalAgentDefinition`](crate::types::ExternalAgentDefinition) | `ExternalAgents=V1Preview` |
//! | voice | [`VoiceAgentDefinition`](crate::types::VoiceAgentDefinition) | `VoiceAgents=V1Preview` |
//!
//! ```
//! use foundry_sdk::types::{
//!     AgentDefinition, ExternalAgentDefinition, HostedAgentDefinition, PromptAgentDefinition, Tool,
//!     VoiceAgentDefinition, WorkflowAgentDefinition,
//! };
//! use foundry_sdk::{Function, FunctionSet};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! /// What time it is in a city.
//! #[derive(Deserialize, JsonSchema)]
//! struct GetTime {
//!     city: String,
//! }
//!
//! let functions = FunctionSet::new([Function::infallible(|_: GetTime| async { "12:00" })])?;
//! let tools = [Tool::web_search(), Tool::file_search(["vs_1"]), Tool::mcp("docs", "https://docs.example/mcp")];
//! let definitions: [AgentDefinition; 5] = [
//!     // Functions are tools too; with others, `functions.iter().map(Tool::from).chain(tools)`.
//!     PromptAgentDefinition::new("gpt-4.1-mini").tools(functions.iter().map(Tool::from).chain(tools)).into(),
//!     HostedAgentDefinition::of_image("registry.azurecr.io/agent:1", "0.5", "1Gi").into(),
//!     WorkflowAgentDefinition::of_yaml("kind: workflow").into(),
//!     ExternalAgentDefinition::new().otel_agent_id("agent-1").into(),
//!     VoiceAgentDefinition::new().model("gpt-realtime").instructions("Be brief.").into(),
//! ];
//! # assert_eq!(definitions.len(), 5);
//! # Ok::<_, foundry_sdk::Error>(())
//! ```

mod endpoint;
mod ensure;
mod same;

pub use self::endpoint::AgentEndpoint;
pub use self::ensure::{EnsureVersion, EnsuredVersion};
