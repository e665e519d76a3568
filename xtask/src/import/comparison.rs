//! What a newly published document changes, shown before anything is written.

use openapi_compare::{Document, compare};
use serde_json::{Value, json};

/// The comparison of the document that was there with the one that comes, as text for a terminal.
pub(super) fn show_comparison(old: Option<&Value>, new: &Value) -> String {
    // A new API is compared with one that has nothing.
    let nothing = json!({ "openapi": "3.0.3", "info": { "title": "", "version": "" }, "paths": {} });
    let document = |value: &Value, name: &str| Document::from_value(value.clone(), name);
    let compared = document(old.unwrap_or(&nothing), "the document before")
        .and_then(|old| Ok((old, document(new, "the document as published")?)))
        .map_err(|error| error.to_string())
        .and_then(|(old, new)| compare(&old, &new).map_err(|error| error.to_string()));
    match compared {
        Ok(report) => report.text(false),
        // Both hold together by now, so only their size can be in the way; the import itself can go on.
        Err(error) => format!("the documents could not be compared: {error}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_told() {
        let operation = json!({ "operationId": "a", "responses": { "200": { "description": "" } } });
        let of = |paths: Value| json!({ "openapi": "3.0.3", "info": { "title": "t", "version": "v" }, "paths": paths });
        let (old, new) = (of(json!({ "/a": { "get": operation } })), of(json!({ "/b": { "get": operation } })));
        let text = show_comparison(Some(&old), &new);
        assert!(text.contains("/a") && text.contains("/b") && text.contains("breaking"), "{text}");
        let text = show_comparison(None, &new);
        assert!(!text.contains("/a") && text.contains("/b"), "{text}");
    }
}
