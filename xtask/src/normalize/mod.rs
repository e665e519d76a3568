//! Rewriting a document for the generator: one named pass per reason.
//!
//! `openapi/sources.toml` records which passes an API needs. One that is recorded there and matches
//! nothing any more is an error, so that no pass outlives its reason; one that begins to match is
//! recorded by itself, so that the change shows in the diff.

pub(crate) mod hoist;
mod operations;
mod schemas;
mod unions;

pub(crate) use operations::{BODY_FRAGMENT, is_argument};
pub(crate) use schemas::CONSTANT;
pub(crate) use unions::TAGS;

use serde_json::Value;

use crate::failure::Failure;

/// A rewriting of a document with one reason.
pub(crate) struct Pass {
    pub(crate) name: &'static str,
    /// Why the generator cannot take the document as it is.
    pub(crate) why: &'static str,
    /// Rewrites, and says how often.
    pub(crate) run: fn(&mut Value) -> Result<usize, Failure>,
}

/// Passes over the schemas: what the types are made from, and the client too.
pub(crate) const SCHEMAS: &[Pass] = &[
    Pass {
        name: "collapse-all-of-of-one",
        why: "`allOf` of one reference is how OpenAPI 3.0 writes a reference with siblings; it is no composition",
        run: schemas::collapse_all_of_of_one,
    },
    Pass {
        name: "null-out-of-enums",
        why: "null among the values of an enum says that it may be null, which `nullable` beside it says already",
        run: schemas::null_out_of_enums,
    },
    Pass {
        name: "number-enums-as-numbers",
        why: "the numbers that a document knows are no names; a number takes those to come",
        run: schemas::number_enums,
    },
    Pass {
        name: "one-value-enums-as-constants",
        why: "an enum of one value is a constant, not a set that grows",
        run: schemas::constants,
    },
    Pass {
        name: "infer-discriminators",
        why: "objects that all fix one property are told apart by it, and not by trying",
        run: unions::infer_discriminators,
    },
    Pass {
        name: "split-request-bodies",
        why: "a method takes one kind of body; the twin for the other kind has a path with a fragment, which never reaches the wire",
        run: operations::split_request_bodies,
    },
];

/// Passes that need the recorded names; they run after those over the schemas.
pub(crate) const NAMED: &[(&str, &str)] = &[
    ("hoist-inline-enums", "an enum is a type in Rust, which needs a name"),
    ("hoist-inline-unions", "a union is a type in Rust, which needs a name"),
];

/// Passes over the operations: only progenitor, which makes the client's methods, sees their result.
pub(crate) const OPERATIONS: &[Pass] = &[
    Pass {
        name: "drop-api-version",
        why: "the transport adds it; a method argument would ask every caller for it",
        run: operations::drop_api_version,
    },
    Pass {
        name: "drop-pipeline-headers",
        why: "the pipeline sends request ids and preview features; they are no method arguments",
        run: operations::drop_pipeline_headers,
    },
    Pass {
        name: "drop-error-answers",
        why: "progenitor takes one answer type per operation and counts `default` as success; failures are decoded in one place",
        run: operations::drop_error_answers,
    },
    Pass {
        name: "merge-success-answers",
        why: "progenitor refuses two success statuses, also where both carry the same type",
        run: operations::merge_success_answers,
    },
    Pass {
        name: "split-event-streams",
        why: "progenitor silently ignores the event stream beside a JSON answer; the twin has a path with a fragment, which never reaches the wire",
        run: operations::split_event_streams,
    },
    Pass {
        name: "multipart-as-bytes",
        why: "progenitor refuses multipart bodies; the method takes a form instead of the bytes",
        run: operations::multipart_as_bytes,
    },
    Pass {
        name: "merge-patch-as-json",
        why: "progenitor refuses merge-patch bodies; the operation table has the Content-Type that is sent",
        run: operations::merge_patch_as_json,
    },
    Pass {
        name: "drop-parameter-limits",
        why: "progenitor makes types of a parameter's limits and formats; the service checks them",
        run: operations::drop_parameter_limits,
    },
    Pass {
        name: "join-unexploded-arrays",
        why: "progenitor repeats an array parameter that is to be joined with commas; it becomes a string",
        run: operations::join_unexploded_arrays,
    },
];

/// Runs passes in order and returns the names of those that matched.
pub(crate) fn run(passes: &'static [Pass], document: &mut Value) -> Result<Vec<(&'static str, usize)>, Failure> {
    let mut matched = Vec::new();
    for pass in passes {
        let count = (pass.run)(document)?;
        if count > 0 {
            matched.push((pass.name, count));
        }
    }
    Ok(matched)
}

/// Fails if a recorded pass did not match, or is none.
pub(crate) fn check_recorded(api: &str, recorded: &[String], matched: &[(&'static str, usize)]) -> Result<(), Failure> {
    for name in recorded {
        if matched.iter().any(|(pass, _)| pass == name) {
            continue;
        }
        let known = SCHEMAS.iter().chain(OPERATIONS).map(|pass| (pass.name, pass.why)).chain(NAMED.iter().copied());
        return Err(match known.into_iter().find(|(known, _)| known == name) {
            Some((_, why)) => Failure::new(
                format!("the pass `{name}` matched nothing (it is there because {why})"),
                format!("openapi/sources.toml, passes of {api}"),
                "check that the document is meant to have changed so, then take the pass off the list",
            ),
            None => Failure::new(
                format!("there is no pass `{name}`"),
                format!("openapi/sources.toml, passes of {api}"),
                "take it off the list",
            ),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn only_passes_that_matched_are_told_with_their_counts() {
        let mut document = serde_json::json!({ "components": { "schemas": {
            "A": { "type": "string", "enum": ["x"] },
            "B": { "type": "string", "enum": ["y"] },
        } } });
        assert_eq!(run(SCHEMAS, &mut document).unwrap(), [("one-value-enums-as-constants", 2)]);
    }

    #[test]
    fn a_recorded_pass_must_have_matched_and_must_be_one() {
        let matched = [("drop-api-version", 3), ("drop-error-answers", 1)];
        let check = |recorded: &[&str]| {
            let recorded: Vec<String> = recorded.iter().map(|name| (*name).to_owned()).collect();
            check_recorded("v0", &recorded, &matched).map_err(|error| error.to_string())
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&["drop-api-version"]), Ok(()));
        let error = check(&["drop-api-version", "multipart-as-bytes"]).unwrap_err();
        assert!(error.contains("`multipart-as-bytes` matched nothing") && error.contains("passes of v0"), "{error}");
        let error = check(&["tidy-up"]).unwrap_err();
        assert!(error.contains("no pass `tidy-up`") && error.contains("passes of v0"), "{error}");
    }

    #[test]
    fn no_two_passes_share_a_name() {
        let passes = SCHEMAS.iter().chain(OPERATIONS).map(|pass| pass.name);
        let names: BTreeSet<&str> = passes.chain(NAMED.iter().map(|(name, _)| *name)).collect();
        assert_eq!(names.len(), SCHEMAS.len() + OPERATIONS.len() + NAMED.len());
    }
}
