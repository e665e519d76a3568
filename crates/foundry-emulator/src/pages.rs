//! Lists in pages: with cursors (`after`, `before`) and with `nextLink`.

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::ServiceError;
use crate::store::{Listed, Place};

/// How many elements a cursor page has unless the request says otherwise, and at most.
const DEFAULT_LIMIT: usize = 20;
const LARGEST_LIMIT: usize = 100;

/// How many elements a page with `nextLink` has.
const LINKED_PAGE: usize = 20;

/// The parameter of a `nextLink` that says where the next page begins.
const CONTINUATION: &str = "continuationToken";

/// A page of `data` with the cursors of its ends.
///
/// The records come oldest first; the query chooses order, ends and size.
pub(crate) fn by_cursor(
    context: &Context<'_>,
    collection: &'static str,
    parents: &[String],
    mut records: Vec<Listed<'_>>,
) -> Result<Value, ServiceError> {
    let limit = limit(context)?;
    let descending = match context.query.first("order") {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(other) => {
            return Err(ServiceError::invalid_parameter(
                "order",
                format_args!("'{other}' is neither 'asc' nor 'desc'."),
            ));
        }
    };
    let cursor = |name: &str| match context.query.first(name) {
        None => Ok(None),
        Some(id) => context
            .store
            .position(Place { collection, parents, id })
            .map(Some)
            .ok_or_else(|| ServiceError::invalid_parameter(name, format_args!("no element has the id '{id}'."))),
    };
    let after = cursor("after")?;
    let before = cursor("before")?;

    if descending {
        records.reverse();
    }
    // Whether the first position comes before the second one in the order asked for.
    let precedes = |first: u64, second: u64| {
        if descending { first > second } else { first < second }
    };
    records.retain(|record| {
        after.is_none_or(|after| precedes(after, record.position))
            && before.is_none_or(|before| precedes(record.position, before))
    });
    let has_more = records.len() > limit;
    if before.is_some() && after.is_none() {
        // Going backwards, the page is the one that ends at the cursor.
        records.drain(..records.len().saturating_sub(limit));
    } else {
        records.truncate(limit);
    }
    Ok(json!({
        "object": "list",
        "data": records.iter().map(|record| record.value).collect::<Vec<_>>(),
        "first_id": records.first().map(|record| record.id),
        "last_id": records.last().map(|record| record.id),
        "has_more": has_more,
    }))
}

fn limit(context: &Context<'_>) -> Result<usize, ServiceError> {
    let Some(given) = context.query.first("limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    given.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(|| {
        ServiceError::invalid_parameter("limit", format_args!("{given} is not between 1 and {LARGEST_LIMIT}."))
    })
}

/// A page of `value` with the link to the next one, if there is one.
pub(crate) fn by_next_link(context: &Context<'_>, mut records: Vec<Listed<'_>>) -> Result<Value, ServiceError> {
    if let Some(token) = context.query.first(CONTINUATION) {
        let last: u64 = token
            .parse()
            .map_err(|_| ServiceError::invalid_parameter(CONTINUATION, "this token was not given out here."))?;
        records.retain(|record| record.position > last);
    }
    let has_more = records.len() > LINKED_PAGE;
    records.truncate(LINKED_PAGE);
    let mut page = json!({
        "value": records.iter().map(|record| record.value).collect::<Vec<_>>(),
    });
    if has_more && let Some(last) = records.last() {
        let query = context.query.encode_with(CONTINUATION, &last.position.to_string());
        page["nextLink"] = format!("{}?{query}", context.url).into();
    }
    Ok(page)
}
