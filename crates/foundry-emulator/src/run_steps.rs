//! Reading run steps: what a search found is shown only to those who ask for it.

use serde_json::Value;

use crate::context::{Answer, Context};
use crate::error::ServiceError;
use crate::query::Query;
use crate::store::Place;
use crate::table::RUN_STEPS;
use crate::{pages, resources};

/// What asks for the text of passages.
const CONTENT: &str = "step_details.tool_calls[*].file_search.results[*].content";

/// `GET /threads/{threadId}/runs/{runId}/steps`.
pub(crate) fn list(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0), context.parameter(1)];
    resources::check_parents(context, &RUN_STEPS, &parents)?;
    let steps = context.store.list(RUN_STEPS.name, &parents);
    let page = pages::by_cursor(context, RUN_STEPS.name, &parents, steps)?;
    Ok(shown(context, page))
}

/// `GET /threads/{threadId}/runs/{runId}/steps/{stepId}`.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0), context.parameter(1)];
    resources::check_parents(context, &RUN_STEPS, &parents)?;
    let place = Place { collection: RUN_STEPS.name, parents: &parents, id: &context.parameter(2) };
    let step = resources::get(context, &RUN_STEPS, place)?.clone();
    Ok(shown(context, step))
}

fn shown(context: &Context<'_>, mut answer: Value) -> Answer {
    if !includes_content(context.query) {
        match answer.get_mut("data").and_then(Value::as_array_mut) {
            Some(steps) => steps.iter_mut().for_each(hide_content),
            None => hide_content(&mut answer),
        }
    }
    Answer::ok(answer)
}

/// Whether a query asks for the text that was found, in one value or among several.
pub(crate) fn includes_content(query: &Query) -> bool {
    let values = query.pairs().iter().filter(|(name, _)| name == "include[]");
    values.flat_map(|(_, value)| value.split(',')).any(|value| value.trim() == CONTENT)
}

/// Takes the text out of what a search found.
pub(crate) fn hide_content(step: &mut Value) {
    let calls = step.pointer_mut("/step_details/tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        hide_content_of(call);
    }
}

/// The same of one call.
pub(crate) fn hide_content_of(call: &mut Value) {
    let results = call.pointer_mut("/file_search/results").and_then(Value::as_array_mut);
    for result in results.into_iter().flatten().filter_map(Value::as_object_mut) {
        result.remove("content");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_asked_for_by_its_path() {
        let encoded = "step_details.tool_calls%5B*%5D.file_search.results%5B*%5D.content";
        for (query, asks) in [
            (format!("include%5B%5D={encoded}"), true),
            (format!("include[]=other,{encoded}"), true),
            (format!("include[]=other&include[]={encoded}"), true),
            (format!("include={encoded}"), false),
            ("include[]=other".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(includes_content(&Query::parse(&query)), asks, "{query}");
        }
    }
}
