//! Lists in pages: with cursors (`after`, `before`) and with `nextLink`.

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::ServiceError;
use crate::identifiers::fingerprint;
use crate::store::{Listed, Place};

/// How many elements a cursor page has unless the request says otherwise, and at most.
const DEFAULT_LIMIT: usize = 20;
const LARGEST_LIMIT: usize = 100;

/// The parameter of a `nextLink` that says where the next page begins.
const CONTINUATION: &str = "continuationToken";

/// Which elements of a list make up a page. Cursors are places in the order of creation.
#[derive(Debug, Clone, Copy)]
struct Window {
    descending: bool,
    after: Option<u64>,
    before: Option<u64>,
    limit: usize,
}

impl Window {
    /// The elements of the page in the order asked for, and whether there are more of them.
    ///
    /// The records come oldest first.
    fn cut<'a>(self, mut records: Vec<Listed<'a>>) -> (Vec<Listed<'a>>, bool) {
        if self.descending {
            records.reverse();
        }
        // Whether the first position comes before the second one in the order asked for.
        let precedes = |first: u64, second: u64| {
            if self.descending { first > second } else { first < second }
        };
        records.retain(|record| {
            self.after.is_none_or(|after| precedes(after, record.position))
                && self.before.is_none_or(|before| precedes(record.position, before))
        });
        let has_more = records.len() > self.limit;
        if self.before.is_some() && self.after.is_none() {
            // Going backwards, the page is the one that ends at the cursor.
            records.drain(..records.len().saturating_sub(self.limit));
        } else {
            records.truncate(self.limit);
        }
        (records, has_more)
    }
}

/// A page of `data` with the cursors of its ends.
///
/// The records come oldest first; the query chooses order, ends and size.
pub(crate) fn by_cursor(
    context: &Context<'_>,
    collection: &'static str,
    parents: &[String],
    records: Vec<Listed<'_>>,
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
        Some(id) => position_of_id(context, collection, parents, &records, id)
            .map(Some)
            .ok_or_else(|| ServiceError::invalid_parameter(name, format_args!("no element has the id '{id}'."))),
    };
    let window = Window { descending, after: cursor("after")?, before: cursor("before")?, limit };
    let (records, has_more) = window.cut(records);
    Ok(json!({
        "object": "list",
        "data": values(&records),
        "first_id": records.first().map(told_id),
        "last_id": records.last().map(told_id),
        "has_more": has_more,
    }))
}

/// The id that a record tells, which need not be what the path calls it.
fn told_id<'a>(record: &Listed<'a>) -> &'a str {
    record.value.get("id").and_then(Value::as_str).unwrap_or(record.id)
}

fn position_of_id(
    context: &Context<'_>,
    collection: &'static str,
    parents: &[String],
    records: &[Listed<'_>],
    id: &str,
) -> Option<u64> {
    let position = |id: &str| context.store.position(Place { collection, parents, id });
    let told = || records.iter().find(|record| told_id(record) == id).map(|record| record.position);
    // Versions are told as `name:version`, also those that are gone.
    position(id).or_else(told).or_else(|| position(id.rsplit_once(':')?.1))
}

/// A page as the document says of the operation.
pub(crate) fn declared(
    context: &Context<'_>,
    collection: &'static str,
    parents: &[String],
    records: Vec<Listed<'_>>,
) -> Result<Value, ServiceError> {
    let Some(paging) = &context.operation.paging else {
        return Ok(whole(records));
    };
    let is_linked = paging.next_link.is_some();
    let mut page =
        if is_linked { by_next_link(context, records)? } else { by_cursor(context, collection, parents, records)? };
    let Some(members) = page.as_object_mut() else {
        return Ok(page);
    };
    let (items, next_link) = if is_linked { ("value", "nextLink") } else { ("data", "") };
    for (usual, wanted) in [(items, Some(&paging.items)), (next_link, paging.next_link.as_ref())] {
        if let (Some(value), Some(wanted)) = (members.remove(usual), wanted) {
            members.insert(wanted.clone(), value);
        }
    }
    // An empty page does not tell its ends, except to where they are required.
    if !paging.needs_ends {
        members.retain(|name, value| !(value.is_null() && ["first_id", "last_id"].contains(&name.as_str())));
    }
    Ok(page)
}

fn limit(context: &Context<'_>) -> Result<usize, ServiceError> {
    let Some(given) = context.query.first("limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    given.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(|| {
        ServiceError::invalid_parameter("limit", format_args!("{given} is not between 1 and {LARGEST_LIMIT}."))
    })
}

/// How many elements the request wants on a page with a link, in the few operations where it can.
fn limit_of_links(context: &Context<'_>) -> Result<Option<usize>, ServiceError> {
    let is_declared = context.operation.query.iter().any(|parameter| parameter.name == "limit");
    if is_declared && context.query.first("limit").is_some() { limit(context).map(Some) } else { Ok(None) }
}

fn values<'a>(records: &[Listed<'a>]) -> Vec<&'a Value> {
    records.iter().map(|record| record.value).collect()
}

/// All of a list, newest first.
pub(crate) fn whole(mut records: Vec<Listed<'_>>) -> Value {
    records.reverse();
    json!({ "object": "list", "data": values(&records) })
}

/// A page of `value` with the link to the next one, if there is one.
pub(crate) fn by_next_link(context: &Context<'_>, mut records: Vec<Listed<'_>>) -> Result<Value, ServiceError> {
    if let Some(given) = context.query.first(CONTINUATION) {
        let last = position_of(given, &context.url)
            .ok_or_else(|| ServiceError::invalid_parameter(CONTINUATION, "this token was not given out here."))?;
        records.retain(|record| record.position > last);
    }
    let size = limit_of_links(context)?.unwrap_or(records.len());
    let rest = records.split_off(size.min(context.page_size.unwrap_or(size)).min(records.len()));
    let mut page = json!({ "value": values(&records) });
    if !rest.is_empty()
        && let Some(last) = records.last()
    {
        let query = context.query.encode_with(CONTINUATION, &token(last.position, &context.url));
        page["nextLink"] = format!("{}?{query}", context.url).into();
    }
    Ok(page)
}

/// The token of the page of a list that begins behind a position. It says of which list it is, so
/// that neither an invented one nor that of another list passes.
fn token(position: u64, list: &str) -> String {
    format!("{position:x}.{:016x}", fingerprint(&format!("{position:x} {list}")))
}

fn position_of(given: &str, list: &str) -> Option<u64> {
    let (position, _) = given.split_once('.')?;
    let position = u64::from_str_radix(position, 16).ok()?;
    (token(position, list) == given).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    fn listed(positions: &[u64]) -> Vec<Listed<'_>> {
        positions.iter().map(|position| Listed { position: *position, id: "", value: &Value::Null }).collect()
    }

    /// All pages from one end to the other, each with what it says about there being more.
    fn pages(positions: &[u64], first: Window, forwards: bool) -> Vec<(Vec<u64>, bool)> {
        let mut pages = Vec::new();
        let mut window = first;
        loop {
            let (records, has_more) = window.cut(listed(positions));
            let page: Vec<u64> = records.iter().map(|record| record.position).collect();
            if forwards {
                window.after = page.last().copied();
            } else {
                window.before = page.first().copied();
            }
            pages.push((page, has_more));
            if !has_more {
                return pages;
            }
        }
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_list(
            positions in btree_set(1..10_000_u64, 0..250),
            limit in 1..=LARGEST_LIMIT,
            descending: bool,
            forwards: bool,
        ) {
            let oldest_first: Vec<u64> = positions.into_iter().collect();
            let mut expected = oldest_first.clone();
            if descending {
                expected.reverse();
            }
            // Backwards begins behind the last element.
            let behind = if descending { 0 } else { u64::MAX };
            let window = Window { descending, after: None, before: (!forwards).then_some(behind), limit };
            let mut pages = pages(&oldest_first, window, forwards);
            prop_assert_eq!(pages.len(), expected.len().div_ceil(limit).max(1));
            for (number, (page, has_more)) in pages.iter().enumerate() {
                prop_assert_eq!(*has_more, number + 1 < pages.len());
                prop_assert!(page.len() == limit || !has_more);
            }
            if !forwards {
                pages.reverse();
            }
            let joined: Vec<u64> = pages.into_iter().flat_map(|(page, _)| page).collect();
            prop_assert_eq!(joined, expected);
        }

        #[test]
        fn what_is_made_between_pages_is_not_repeated(
            steps in proptest::collection::vec(0..5_usize, 1..60),
            limit in 1..10_usize,
            descending: bool,
        ) {
            let mut count = 30_u64;
            let mut seen: Vec<u64> = Vec::new();
            let mut after = None;
            for made in steps {
                let positions: Vec<u64> = (0..count).collect();
                let (records, has_more) = Window { descending, after, before: None, limit }.cut(listed(&positions));
                seen.extend(records.iter().map(|record| record.position));
                after = seen.last().copied();
                if !has_more {
                    break;
                }
                count += made as u64;
            }
            let expected: Vec<u64> = if descending {
                (0..30).rev().take(seen.len()).collect()
            } else {
                (0..).take(seen.len()).collect()
            };
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn only_tokens_of_the_same_list_are_taken(position: u64, other in ".{0,40}") {
            let given = token(position, "http://127.0.0.1/a");
            prop_assert_eq!(position_of(&given, "http://127.0.0.1/a"), Some(position));
            prop_assert_eq!(position_of(&given, "http://127.0.0.1/b"), None);
            prop_assert_eq!(position_of(&other, "http://127.0.0.1/a"), None);
        }
    }
}
