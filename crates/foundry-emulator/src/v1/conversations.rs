//! Conversations: made, with items added and taken away.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::resources;
use crate::store::Place;
use crate::v1::table::{CONVERSATION_ITEMS, CONVERSATIONS};
use crate::v1::{Entry, items};

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/openai/v1/conversations", create),
    (Method::POST, "/openai/v1/conversations/{}/items", create_items),
    (Method::DELETE, "/openai/v1/conversations/{}/items/{}", delete_item),
];

fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut given = std::mem::take(&mut context.body);
    let items = items::given(context, given.get("items"));
    let mut conversation = Map::new();
    conversation.extend(given.remove_entry("metadata"));
    let conversation = resources::insert(context, &CONVERSATIONS, &[], conversation)?;
    items::keep(context, text(&conversation, "id"), &items);
    Ok(Answer::ok(conversation))
}

/// A conversation, or the answer that there is none.
pub(crate) fn find(context: &Context<'_>, id: &str) -> Result<Value, ServiceError> {
    resources::get(context, &CONVERSATIONS, Place { collection: CONVERSATIONS.name, parents: &[], id }).cloned()
}

fn create_items(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    find(context, &id)?;
    let given = std::mem::take(&mut context.body);
    let items = items::given(context, given.get("items"));
    items::keep(context, &id, &items);
    Ok(Answer::ok(json!({
        "object": "list",
        "data": items,
        "first_id": items.first().map(|item| text(item, "id")),
        "last_id": items.last().map(|item| text(item, "id")),
        "has_more": false,
    })))
}

/// Answers the conversation, without the item.
fn delete_item(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, id) = ([context.parameter(0)], context.parameter(1));
    let conversation = find(context, &parents[0])?;
    let place = Place { collection: CONVERSATION_ITEMS.name, parents: &parents, id: &id };
    resources::get(context, &CONVERSATION_ITEMS, place)?;
    context.store.remove(place);
    Ok(Answer::ok(conversation))
}

/// The items of a conversation, oldest first.
pub(crate) fn items_of(context: &Context<'_>, id: &str) -> Vec<Value> {
    let items = context.store.list(CONVERSATION_ITEMS.name, &[id.to_owned()]);
    items.into_iter().map(|item| item.value.clone()).collect()
}
