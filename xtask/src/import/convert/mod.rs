//! From a description as a service publishes it to the form of `openapi/<api>/openapi.json`: OpenAPI 3.0.3,
//! facts without prose, with the marks that openapi/README.md lists.

mod bases;
mod document;
mod log;
pub(super) mod marks;
mod names;
mod operations;
mod references;
mod schemas;
mod swagger;
#[cfg(test)]
mod tests;
mod v3_1;
mod walk;

use std::fmt::Write as _;

use openapi_compare::{Check, Document, Problem, SpecVersion};
use serde_json::Value;

use self::log::Log;
use crate::failure::Failure;

/// A converted document, and what there is to say about it.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) document: Value,
    /// What was left out, and what is not as it was.
    pub(super) notes: Vec<String>,
}

/// Converts a document of any version that the loader takes.
pub(super) fn convert(document: Document) -> Result<Converted, Failure> {
    let name = document.name().to_owned();
    // What leads nowhere or in a circle is told of the document as it was published.
    document.check().map_err(|problems| {
        holds_together(&problems, &name, "correct the document at these places, or bundle it into one file")
    })?;
    let version = document.version().clone();
    let mut root = document.into_value();
    let mut log = Log::default();
    references::write_out(&mut root, &mut log);
    match version {
        SpecVersion::Swagger2 => {
            root = swagger::to_3_0(root, &mut log);
            names::fix(&mut root, &mut log);
        }
        SpecVersion::OpenApi3_1(_) => {
            // Before anything is at another place than references say.
            names::fix(&mut root, &mut log);
            v3_1::to_3_0(&mut root, &mut log);
        }
        _ => names::fix(&mut root, &mut log),
    }
    let steps: [fn(&mut Value, &mut Log); 8] = [
        document::tidy,
        operations::complete_media,
        schemas::tidy,
        schemas::name_enums,
        bases::write_out,
        operations::tidy,
        schemas::name_objects,
        operations::azure,
    ];
    for step in steps {
        if !log.is_spent() {
            step(&mut root, &mut log);
        }
    }
    document::finish(&mut root);
    if let Some(problems) = log.failed() {
        let what = format!("the document cannot be converted:{problems}");
        return Err(Failure::new(what, name, "correct the document at these places"));
    }
    let shown = format!("{name}, converted");
    let converted = Document::from_value(root, &shown)
        .map_err(|error| Failure::new(error.to_string(), &shown, "correct the document"))?;
    converted
        .check_with(Check::default().operation_ids_required(true))
        .map_err(|problems| holds_together(&problems, &shown, "correct the document at these places"))?;
    Ok(Converted { document: converted.into_value(), notes: log.lines() })
}

fn holds_together(problems: &[Problem], place: &str, advice: &str) -> Failure {
    const TOLD: usize = 50;
    let mut text = String::from("the document does not hold together:");
    for problem in problems.iter().take(TOLD) {
        let _ = write!(text, "\n  - {problem}");
    }
    if problems.len() > TOLD {
        let _ = write!(text, "\n  - and {} more", problems.len() - TOLD);
    }
    Failure::new(text, place, advice)
}
