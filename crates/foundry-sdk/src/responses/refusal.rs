//! What the service refuses beside an agent, refused before it is sent.

use std::any::Any;

use crate::pipeline::CallOptions;
use crate::v1::CreateResponse;

/// Why an operation must not be sent, if so: what an agent decides itself stands in it.
pub(crate) fn refused(operation: &dyn Any, options: &CallOptions) -> Option<String> {
    let body = &operation.downcast_ref::<CreateResponse>()?.body;
    let scope = options.agent_scope.as_ref();
    let (agent, is_own_endpoint) = match (scope, &body.agent_reference) {
        (Some(scope), _) => (&scope.agent_name, true),
        (None, Some(reference)) => (&reference.name, false),
        (None, None) => return None,
    };
    if is_own_endpoint && body.agent_reference.is_some() {
        return Some(format!(
            "the endpoint of the agent `{agent}` answers as that agent alone: leave `agent` out, or ask the project's \
             responses"
        ));
    }
    let given = [
        ("tools", body.tools.is_some(), "tools"),
        ("text", body.text.is_some(), "response format"),
        // A reference may stand beside it.
        ("tool_choice", is_own_endpoint && body.tool_choice.is_some(), "choice of tools"),
    ];
    let (name, _, what) = given.into_iter().find(|(_, is_given, _)| *is_given)?;
    Some(format!(
        "`{name}` is not allowed where an agent answers (`{agent}`): an agent has its own {what}; put it in the \
         definition of a new version"
    ))
}
