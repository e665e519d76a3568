//! Helpers on the items of an input: messages by a text, outputs of functions, decisions.

use serde_json::{Map, Value};

use crate::v1::types::{
    OpenAiConversation, OpenAiCreateResponseConversation, OpenAiCreateResponseInput, OpenAiEasyInputMessageParam,
    OpenAiEasyInputMessageParamContent, OpenAiEasyInputMessageRole, OpenAiItemCreateParamsItemsItem,
    OpenAiItemCreateParamsItemsItemKind, OpenAiResponseInputItemParam, OpenAiResponseInputItemParamFunctionCallOutput,
    OpenAiResponseInputItemParamKind, OpenAiResponseInputItemParamMcpApprovalResponse,
    OpenAiResponseInputParamFunctionCallOutput, OpenAiResponseInputParamMcpApprovalResponse,
};

/// The kind that a message names itself; without it the service still takes one, a union does not.
const MESSAGE: &str = "message";

impl OpenAiEasyInputMessageParam {
    /// What the user says: a text, or parts of a text, images and files.
    pub fn user(content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
        Self::said_by(OpenAiEasyInputMessageRole::User, content)
    }

    /// What the model has said before.
    pub fn assistant(content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
        Self::said_by(OpenAiEasyInputMessageRole::Assistant, content)
    }

    /// What the developer tells the model to do; it goes before what the user says.
    pub fn developer(content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
        Self::said_by(OpenAiEasyInputMessageRole::Developer, content)
    }

    fn said_by(role: OpenAiEasyInputMessageRole, content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
        Self::new(content, role).r#type(MESSAGE)
    }
}

/// Where the document has items of any form, as what memories are made of.
///
/// ```
/// use foundry_raw::v1::types::{BetaMemoryStoresUpdateMemoriesRequest, OpenAiEasyInputMessageParam};
///
/// let said = OpenAiEasyInputMessageParam::user("I take my coffee black.");
/// let request = BetaMemoryStoresUpdateMemoriesRequest::new("user_1").items([said]);
/// assert_eq!(request.items.unwrap()[0]["content"], "I take my coffee black.");
/// ```
impl From<OpenAiEasyInputMessageParam> for Map<String, Value> {
    fn from(message: OpenAiEasyInputMessageParam) -> Self {
        match serde_json::to_value(message) {
            Ok(Value::Object(message)) => message,
            // A message is an object, and nothing in it fails to be JSON.
            _ => Self::new(),
        }
    }
}

/// Makes the items of one place from what is short to write.
macro_rules! items {
    ($item:ident, $message:ident, $output:ident, $approval:ident) => {
        impl $item {
            /// What the user says: a text, or parts of a text, images and files.
            pub fn user(content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
                OpenAiEasyInputMessageParam::user(content).into()
            }

            /// What the model has said before.
            pub fn assistant(content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
                OpenAiEasyInputMessageParam::assistant(content).into()
            }

            /// What the developer tells the model to do; it goes before what the user says.
            pub fn developer(content: impl Into<OpenAiEasyInputMessageParamContent>) -> Self {
                OpenAiEasyInputMessageParam::developer(content).into()
            }

            /// What a function gave, for the call that asked for it: text, JSON as a rule.
            pub fn function_output(call_id: impl Into<String>, output: impl Into<String>) -> Self {
                $output::new(output.into()).call_id(call_id).into()
            }

            /// Whether the tool of an MCP server may be called, by the id of the request for approval.
            pub fn approval(approval_request_id: impl Into<String>, approve: bool) -> Self {
                $approval::new(approval_request_id, approve).into()
            }
        }

        impl From<OpenAiEasyInputMessageParam> for $item {
            fn from(message: OpenAiEasyInputMessageParam) -> Self {
                Self::Message($message::from(message))
            }
        }

        /// What the user says.
        impl From<&str> for $item {
            fn from(text: &str) -> Self {
                Self::user(text)
            }
        }

        /// What the user says.
        impl From<String> for $item {
            fn from(text: String) -> Self {
                Self::user(text)
            }
        }

        /// What the user says.
        impl From<&String> for $item {
            fn from(text: &String) -> Self {
                Self::user(text)
            }
        }
    };
}

items!(
    OpenAiResponseInputItemParam,
    OpenAiResponseInputItemParamKind,
    OpenAiResponseInputParamFunctionCallOutput,
    OpenAiResponseInputParamMcpApprovalResponse
);
items!(
    OpenAiItemCreateParamsItemsItem,
    OpenAiItemCreateParamsItemsItemKind,
    OpenAiResponseInputItemParamFunctionCallOutput,
    OpenAiResponseInputItemParamMcpApprovalResponse
);

/// One item.
impl From<OpenAiResponseInputItemParam> for OpenAiCreateResponseInput {
    fn from(item: OpenAiResponseInputItemParam) -> Self {
        Self::Array(vec![item])
    }
}

/// One message.
impl From<OpenAiEasyInputMessageParam> for OpenAiCreateResponseInput {
    fn from(message: OpenAiEasyInputMessageParam) -> Self {
        OpenAiResponseInputItemParam::from(message).into()
    }
}

impl FromIterator<OpenAiResponseInputItemParam> for OpenAiCreateResponseInput {
    fn from_iter<I: IntoIterator<Item = OpenAiResponseInputItemParam>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

impl OpenAiCreateResponseInput {
    /// The input as a list of items: a text is what the user says. `None` if it is of a kind that this
    /// version does not know.
    pub fn into_items(self) -> Option<Vec<OpenAiResponseInputItemParam>> {
        match self {
            Self::String(text) => Some(vec![text.into()]),
            Self::Array(items) => Some(items),
            _ => None,
        }
    }
}

/// This conversation, by its id.
impl From<&OpenAiConversation> for OpenAiCreateResponseConversation {
    fn from(conversation: &OpenAiConversation) -> Self {
        Self::from(conversation.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::v1::types::OpenAiAllModels;

    fn sent(value: &impl serde::Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn inputs_are_short_to_write() {
        let user = json!({ "type": "message", "role": "user", "content": "Hi." });
        let item = OpenAiResponseInputItemParam::user("Hi.");
        for (input, expected) in [
            (OpenAiCreateResponseInput::from("Hi."), json!("Hi.")),
            (item.clone().into(), json!([user])),
            (OpenAiEasyInputMessageParam::user("Hi.").into(), json!([user])),
            ([item.clone(), "Hi.".into()].into(), json!([user, user])),
            (vec![item.clone()].into(), json!([user])),
            (std::iter::repeat_n(item, 2).collect(), json!([user, user])),
        ] {
            assert_eq!(sent(&input), expected);
            // It is read as what it was written as.
            let read: OpenAiCreateResponseInput = crate::from_str(&expected.to_string()).unwrap();
            assert_eq!(read, input);
        }
    }

    #[test]
    fn items_are_the_same_in_responses_and_conversations() {
        for (input, conversation, expected) in [
            (
                OpenAiResponseInputItemParam::developer("Be brief."),
                OpenAiItemCreateParamsItemsItem::developer("Be brief."),
                json!({ "type": "message", "role": "developer", "content": "Be brief." }),
            ),
            (
                OpenAiResponseInputItemParam::assistant("Hm."),
                OpenAiItemCreateParamsItemsItem::assistant("Hm."),
                json!({ "type": "message", "role": "assistant", "content": "Hm." }),
            ),
            (
                OpenAiResponseInputItemParam::function_output("call_1", "{}"),
                OpenAiItemCreateParamsItemsItem::function_output("call_1", "{}"),
                json!({ "type": "function_call_output", "call_id": "call_1", "output": "{}" }),
            ),
            (
                OpenAiResponseInputItemParam::approval("mcpr_1", false),
                OpenAiItemCreateParamsItemsItem::approval("mcpr_1", false),
                json!({ "type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": false }),
            ),
        ] {
            assert_eq!(sent(&input), expected);
            assert_eq!(sent(&conversation), expected);
        }
    }

    /// `&String` is what a field of a struct, or an id of an answer, is lent as.
    #[test]
    fn a_text_that_is_lent_is_a_text() {
        let text = "Hi.".to_owned();
        assert_eq!(OpenAiCreateResponseInput::from(&text), OpenAiCreateResponseInput::from("Hi."));
        assert_eq!(OpenAiResponseInputItemParam::from(&text), OpenAiResponseInputItemParam::user("Hi."));
        assert_eq!(OpenAiItemCreateParamsItemsItem::from(&text), OpenAiItemCreateParamsItemsItem::user("Hi."));
        let conversation = "conv_1".to_owned();
        assert_eq!(sent(&OpenAiCreateResponseConversation::from(&conversation)), json!("conv_1"));
        // An enum, of which it is a value that is known or not, and a union with one.
        let (known, unknown) = ("developer".to_owned(), "gpt-of-ours".to_owned());
        assert_eq!(OpenAiEasyInputMessageRole::from(&known), OpenAiEasyInputMessageRole::Developer);
        assert_eq!(sent(&OpenAiAllModels::from(&unknown)), json!("gpt-of-ours"));
    }

    #[test]
    fn a_text_is_an_item_too() {
        let items = OpenAiCreateResponseInput::from("Hi.").into_items().unwrap();
        assert_eq!(items, [OpenAiResponseInputItemParam::user("Hi.")]);
        assert_eq!(OpenAiCreateResponseInput::Unknown(json!(1)).into_items(), None);
    }
}
