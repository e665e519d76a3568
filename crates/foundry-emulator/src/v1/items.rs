//! Items: what conversations hold, and what responses are given and give.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::{elements, text};
use crate::store::Place;
use crate::v1::table::CONVERSATION_ITEMS;

/// What an item says: its texts, joined with spaces; what is no text is named in brackets.
pub(crate) fn spoken(item: &Value) -> String {
    match item.get("content") {
        Some(Value::String(text)) => text.clone(),
        content => elements(content).map(part).collect::<Vec<_>>().join(" "),
    }
}

fn part(part: &Value) -> String {
    match part.get("text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => format!("[{}]", text(part, "type")),
    }
}

/// What a request gives as input: a text of the user, or items, each with an id and in its long form.
pub(crate) fn given(context: &mut Context<'_>, input: Option<&Value>) -> Vec<Value> {
    match input {
        Some(Value::String(text)) => {
            let message = json!({ "type": "message", "role": "user", "content": text });
            vec![whole(context, message)]
        }
        items => elements(items).cloned().map(|item| whole(context, item)).collect(),
    }
}

/// An item as answers show it.
fn whole(context: &mut Context<'_>, item: Value) -> Value {
    let Value::Object(mut item) = item else {
        return item;
    };
    let kind = match item.get("type").and_then(Value::as_str) {
        Some(kind) => kind.to_owned(),
        None => "message".to_owned(),
    };
    // The sender keeps the id of what is an item already.
    if item.get("id").is_none_or(Value::is_null) {
        item.insert("id".to_owned(), context.store.identifiers.next(prefix(&kind)).into());
    }
    if kind == "message" {
        complete_message(&mut item);
    }
    if ["message", "function_call", "function_call_output"].contains(&kind.as_str()) {
        item.entry("status").or_insert_with(|| "completed".into());
    }
    item.insert("type".to_owned(), kind.into());
    Value::Object(item)
}

/// The content of messages is parts, each of which says whose it is.
fn complete_message(message: &mut Map<String, Value>) {
    let is_answer = message.get("role").is_some_and(|role| role == "assistant");
    let part = |text: &Value| match is_answer {
        true => json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }),
        false => json!({ "type": "input_text", "text": text }),
    };
    if let Some(text) = message.get("content").filter(|content| content.is_string()) {
        let content = json!([part(text)]);
        message.insert("content".to_owned(), content);
    }
    let parts = message.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        if part.get("type").is_some_and(|kind| kind == "output_text") {
            part.entry("annotations").or_insert_with(|| json!([]));
            part.entry("logprobs").or_insert_with(|| json!([]));
        }
    }
}

/// What ids of a kind of item begin with.
pub(crate) fn prefix(kind: &str) -> &'static str {
    match kind {
        "message" => "msg_",
        "function_call" => "fc_",
        "function_call_output" => "fco_",
        "mcp_approval_request" => "mcpr_",
        "mcp_approval_response" => "mcpa_",
        "mcp_call" => "mcp_",
        "reasoning" => "rs_",
        _ => "item_",
    }
}

/// Adds items to a conversation. One that is there already stays where it is.
pub(crate) fn keep(context: &mut Context<'_>, conversation: &str, items: &[Value]) {
    let parents = [conversation.to_owned()];
    for item in items.iter().filter(|item| text(item, "type") != "item_reference") {
        let place = Place { collection: CONVERSATION_ITEMS.name, parents: &parents, id: text(item, "id") };
        context.store.put(place, item.clone());
    }
}
