//! Helpers on agents: what identifies one, and short ways to write definitions.

use crate::v1::types::{
    AgentDetails, AgentReference, AgentVersionDetails, ContainerConfiguration, CreateAgentVersionFromCodeMetadata,
    HostedAgentDefinition, WorkflowAgentDefinition,
};

/// The agent of this name, in the version that the service takes: the latest, unless its endpoint
/// says otherwise.
impl From<&str> for AgentReference {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// The agent of this name, in the version that the service takes.
impl From<String> for AgentReference {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// The agent of this name, in the version that the service takes.
impl From<&String> for AgentReference {
    fn from(name: &String) -> Self {
        Self::new(name)
    }
}

/// Name and version: the agent stays what it is.
impl<N: Into<String>, V: Into<String>> From<(N, V)> for AgentReference {
    fn from((name, version): (N, V)) -> Self {
        Self::new(name).version(version)
    }
}

/// This version, whatever comes after it.
impl From<&AgentVersionDetails> for AgentReference {
    fn from(agent: &AgentVersionDetails) -> Self {
        Self::new(&agent.name).version(&agent.version)
    }
}

/// The agent by its name, in the version that the service takes.
impl From<&AgentDetails> for AgentReference {
    fn from(agent: &AgentDetails) -> Self {
        Self::new(&agent.name)
    }
}

impl From<&Self> for AgentReference {
    fn from(reference: &Self) -> Self {
        reference.clone()
    }
}

impl HostedAgentDefinition {
    /// An agent that runs as a container of this image.
    ///
    /// - `cpu`, `memory`: as Kubernetes writes them, `"0.5"` and `"1Gi"`.
    pub fn of_image(image: impl Into<String>, cpu: impl Into<String>, memory: impl Into<String>) -> Self {
        Self::new(cpu, memory).container_configuration(ContainerConfiguration::new(image))
    }
}

/// An agent from code, without description and metadata.
impl From<HostedAgentDefinition> for CreateAgentVersionFromCodeMetadata {
    fn from(definition: HostedAgentDefinition) -> Self {
        Self::new(definition)
    }
}

impl WorkflowAgentDefinition {
    /// An agent that follows this workflow, as YAML.
    pub fn of_yaml(workflow: impl Into<String>) -> Self {
        Self::new().workflow(workflow)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sent(value: &impl serde::Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn whatever_identifies_an_agent_is_a_reference() {
        let version: AgentVersionDetails = crate::from_str(
            r#"{"id":"a:3","object":"agent.version","name":"a","version":"3","created_at":1,
                "metadata":null,"definition":{"kind":"prompt","model":"m"}}"#,
        )
        .unwrap();
        let agent: AgentDetails = crate::from_str(r#"{"id":"a","object":"agent","name":"a"}"#).unwrap();
        let by_name = json!({ "type": "agent_reference", "name": "a" });
        let pinned = json!({ "type": "agent_reference", "name": "a", "version": "3" });
        for (reference, expected) in [
            (AgentReference::from("a"), &by_name),
            ("a".to_owned().into(), &by_name),
            ((&"a".to_owned()).into(), &by_name),
            ((&agent).into(), &by_name),
            (("a", "3").into(), &pinned),
            ((&version).into(), &pinned),
            ((&AgentReference::new("a").version("3")).into(), &pinned),
        ] {
            assert_eq!(&sent(&reference), expected);
        }
    }

    #[test]
    fn definitions_are_short_to_write() {
        let hosted = HostedAgentDefinition::of_image("i", "0.5", "1Gi");
        assert_eq!(
            sent(&CreateAgentVersionFromCodeMetadata::from(hosted.clone())),
            json!({ "definition": sent(&hosted) })
        );
        assert_eq!(
            sent(&HostedAgentDefinition::of_image("r.azurecr.io/a:1", "0.5", "1Gi")),
            json!({ "kind": "hosted", "cpu": "0.5", "memory": "1Gi",
                    "container_configuration": { "image": "r.azurecr.io/a:1" } })
        );
        assert_eq!(
            sent(&WorkflowAgentDefinition::of_yaml("kind: workflow")),
            json!({ "kind": "workflow", "workflow": "kind: workflow" })
        );
    }
}
