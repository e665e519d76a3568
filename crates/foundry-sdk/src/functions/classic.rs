//! Functions as tools of classic agents.

use crate::classic::types::{FunctionDefinition, FunctionToolDefinition, ToolDefinition};

use super::Function;

/// For `tools` of an agent or a run, which takes a `&FunctionSet` as the list of its functions.
impl From<&Function> for ToolDefinition {
    fn from(function: &Function) -> Self {
        let mut definition = FunctionDefinition::new(&function.name, function.parameters().clone());
        definition.description.clone_from(&function.description);
        if function.is_strict() {
            // The service knows it, the document of this api-version does not.
            definition.extra.insert("strict", true);
        }
        FunctionToolDefinition::new(definition).into()
    }
}
