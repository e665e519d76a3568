//! Functions as tools of agents and models of api-version v1.

use serde_json::{Map, Value};

use super::Function;
use crate::types::{FunctionTool, OpenAiFunctionToolParam, OpenAiToolParam, Tool};

/// The parameters, which are those of an object: that was looked at when the set was made.
fn parameters(function: &Function) -> Map<String, Value> {
    function.parameters().as_object().cloned().unwrap_or_default()
}

/// For `tools` of an agent's definition, which takes a `&FunctionSet` as the list of its functions.
impl From<&Function> for Tool {
    fn from(function: &Function) -> Self {
        let mut tool = FunctionTool::new(&function.name).parameters(parameters(function)).strict(function.is_strict());
        tool.description.clone_from(&function.description);
        tool.into()
    }
}

/// For `tools` of a response, which takes a `&FunctionSet` as the list of its functions.
impl From<&Function> for OpenAiToolParam {
    fn from(function: &Function) -> Self {
        let mut tool =
            OpenAiFunctionToolParam::new(&function.name, Some(parameters(function)), Some(function.is_strict()));
        tool.description.clone_from(&function.description);
        tool.into()
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// Halves a number.
    #[derive(Deserialize, JsonSchema)]
    struct Halve {
        #[expect(dead_code, reason = "never called")]
        number: i64,
    }

    #[test]
    fn a_function_is_a_tool_of_agents_and_of_models() {
        let function = Function::infallible(|_: Halve| async {}).strict(true);
        let expected = json!({
            "type": "function",
            "name": "halve",
            "description": "Halves a number.",
            "strict": true,
            "parameters": {
                "type": "object",
                "properties": { "number": { "type": "integer" } },
                "required": ["number"],
                "additionalProperties": false,
            },
        });
        assert_eq!(serde_json::to_value(Tool::from(&function)).unwrap(), expected);
        assert_eq!(serde_json::to_value(OpenAiToolParam::from(&function)).unwrap(), expected);
    }
}
