//! The marks that our documents have beyond OpenAPI, and what becomes of those of others.

use serde_json::{Map, Value};

use super::log::Log;
use super::schemas::PROSE;

/// Our own, as openapi/README.md lists them.
pub(crate) const OURS: &[&str] = &[
    "x-api-version-uncertain",
    "x-base",
    "x-base-properties",
    "x-base-required",
    "x-conditional-request",
    "x-corrected",
    "x-counts",
    "x-discriminator-schema",
    "x-error-model",
    "x-extensible-discriminator",
    "x-extensible-enum",
    "x-foundry",
    "x-foundry-features",
    "x-inferred-content",
    "x-lro",
    "x-merged-operations",
    "x-multipart",
    "x-no-api-version",
    "x-observed",
    "x-openai-agent-base",
    "x-paging",
    "x-repeatable-request",
    "x-required-for-content-type",
    "x-secret",
    "x-source",
    "x-sse",
    "x-sse-events",
    "x-uncertain",
    "x-unreferenced",
    "x-visibility",
];

/// Takes away all that is neither a fact that is known here nor a mark of ours. Prose goes silently, of all
/// else it is said.
pub(super) fn keep(members: &mut Map<String, Value>, facts: &[&str], what: &str, place: &str, log: &mut Log) {
    members.retain(|key, _| {
        if facts.contains(&key.as_str()) || OURS.contains(&key.as_str()) {
            return true;
        }
        if !PROSE.contains(&key.as_str()) {
            log.note(format!("left out: `{key}` {what}"), place);
        }
        false
    });
}
