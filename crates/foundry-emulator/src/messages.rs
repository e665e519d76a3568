//! Creating messages: the forms that their content may be sent in, and the one it is kept in.

use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::table::MESSAGES;
use crate::{file_search, resources, runs};

/// What a caller says about a message.
const CHOSEN: &[&str] = &["role", "content", "attachments", "metadata"];

/// `POST /threads/{threadId}/messages`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    resources::check_parents(context, &MESSAGES, &parents)?;
    let [thread] = &parents;
    if let Some(run) = runs::active(context.store, thread) {
        return Err(ServiceError::invalid_state(format_args!(
            "Can't add messages to {thread} while a run {run} is active."
        )));
    }
    let given = std::mem::take(&mut context.body);
    add(context, thread, given).map(Answer::ok)
}

/// Adds the messages of an array, nothing if there is none.
pub(crate) fn add_all(context: &mut Context<'_>, thread: &str, given: Option<Value>) -> Result<(), ServiceError> {
    let Some(Value::Array(messages)) = given else {
        return Ok(());
    };
    for message in messages {
        let message = resources::object_of(&message)?;
        add(context, thread, message)?;
    }
    Ok(())
}

/// Adds a message to a thread.
pub(crate) fn add(
    context: &mut Context<'_>,
    thread: &str,
    mut given: Map<String, Value>,
) -> Result<Value, ServiceError> {
    // The rest, such as the run that wrote it or its status, a caller cannot choose.
    given.retain(|name, _| CHOSEN.contains(&name.as_str()));
    let message = add_written(context, thread, given)?;
    file_search::take_attachments(context, thread, &message)?;
    Ok(message)
}

/// Adds a message that an agent writes in a run; nothing of it is written yet.
pub(crate) fn begin_answer(
    context: &mut Context<'_>,
    thread: &str,
    run: &str,
    agent: &str,
) -> Result<Value, ServiceError> {
    let mut given = Map::new();
    given.insert("role".to_owned(), "assistant".into());
    given.insert("run_id".to_owned(), run.into());
    given.insert("assistant_id".to_owned(), agent.into());
    add_written(context, thread, given)
}

fn add_written(context: &mut Context<'_>, thread: &str, mut given: Map<String, Value>) -> Result<Value, ServiceError> {
    if let Some(content) = given.get_mut("content") {
        *content = kept_content(content.take());
    }
    resources::insert(context, &MESSAGES, &[thread.to_owned()], given)
}

/// Content as answers hold it: an array of parts, texts with their annotations.
fn kept_content(given: Value) -> Value {
    match given {
        Value::String(text) => json!([text_part(&text)]),
        Value::Array(blocks) => blocks.into_iter().map(kept_part).collect(),
        // Validation has let nothing else pass.
        other => other,
    }
}

fn kept_part(block: Value) -> Value {
    match block.get("text").and_then(Value::as_str) {
        Some(value) if text(&block, "type") == "text" => text_part(value),
        _ => block,
    }
}

fn text_part(value: &str) -> Value {
    json!({ "type": "text", "text": { "value": value, "annotations": [] } })
}

/// What a message says, its parts joined.
pub(crate) fn spoken(message: &Value) -> String {
    let parts: Vec<&str> = elements(message.get("content"))
        .map(|part| match text(part, "type") {
            "text" => part.get("text").map_or("", |part| text(part, "value")),
            "image_file" | "image_url" => "(an image)",
            _ => "(something else)",
        })
        .collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_and_a_text_block_are_kept_alike() {
        let part = json!([{"type": "text", "text": {"value": "hi", "annotations": []}}]);
        assert_eq!(kept_content(json!("hi")), part);
        assert_eq!(kept_content(json!([{"type": "text", "text": "hi"}])), part);
    }

    #[test]
    fn images_and_unknown_blocks_stay_as_they_are() {
        let blocks = json!([
            {"type": "image_file", "image_file": {"file_id": "assistant-1", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "video", "text": "not a text block"},
        ]);
        assert_eq!(kept_content(blocks.clone()), blocks);
    }

    #[test]
    fn what_is_spoken_joins_the_parts() {
        let content = kept_content(json!([
            {"type": "text", "text": "Look:"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ]));
        assert_eq!(spoken(&json!({ "content": content })), "Look: (an image)");
    }
}
