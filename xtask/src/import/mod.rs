//! `cargo xtask import`: a newly published description becomes the document of an API.
//!
//! Everything is made and checked before the first file is written; a failure leaves all as it was.

mod actions;
mod carry;
mod comparison;
mod convert;
mod correspond;
mod manifests;
mod order;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use openapi_compare::Document;
use serde_json::Value;

use self::carry::{Carried, carry, not_carried};
use self::comparison::show_comparison;
use crate::failure::Failure;
use crate::generate::{self, Inputs, Made, SOURCES, Sources};
use crate::overlay::Overlay;

/// The arguments do not go together.
const USAGE: u8 = 2;

/// What to bring in, and as what.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The API, as in openapi/; one that is not there yet is added.
    #[arg(value_parser = name)]
    api: String,
    /// The description as it was published.
    file: PathBuf,
    /// Where its facts come from, for sources.toml; a new API needs it.
    #[arg(long)]
    facts: Option<String>,
    /// Go on where marks of the document before have no place in this one.
    #[arg(long)]
    allow_lost: bool,
}

/// An API's name is that of a folder.
fn name(text: &str) -> Result<String, String> {
    let is_name = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if is_name {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits, `-`, `_` and `.`, as in 2025-05-01".to_owned())
    }
}

/// Imports; prints what changed on stdout.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { api, file, facts, allow_lost } = arguments;
    let mut inputs = Inputs::new(root);
    let is_new = !Sources::read(&inputs)?.apis().any(|known| known == api);
    if is_new && facts.as_deref().is_none_or(|facts| facts.trim().is_empty()) {
        eprintln!("error: {api} is not in {SOURCES}: say where its facts come from, with --facts TEXT");
        return Ok(ExitCode::from(USAGE));
    }
    eprintln!("Reading {}", file.display());
    let document = Document::from_path(file).map_err(|error| {
        let advice = "name a description in OpenAPI 3.0, 3.1 or Swagger 2.0 that is whole";
        Failure::new(error.to_string(), file.display().to_string(), advice)
    })?;
    eprintln!("Converting from {}", document.version());
    let convert::Converted { document: new, notes } = convert::convert(document)?;

    let folder = format!("openapi/{api}");
    let document_name = format!("{folder}/openapi.json");
    let before = inputs.read_or_empty(&document_name)?;
    let old = match before.is_empty() {
        true => None,
        false => Some(generate::checked(before.as_bytes(), &document_name)?.into_value()),
    };
    let carried = old.as_ref().map(|old| carry(old, &new)).unwrap_or_default();
    tell(&report(old.as_ref(), &new, &notes, &carried));

    let overlay_name = format!("{folder}/overlay.yaml");
    let overlay = match inputs.read_or_empty(&overlay_name)? {
        text if text.is_empty() => actions::empty(api),
        text => text,
    };
    holds(&new, &overlay, &overlay_name, api, &carried, *allow_lost)?;

    let text = match (&old, before.is_empty()) {
        (Some(old), _) if *old == new => before,
        (_, true) => order::write(&new, None),
        (_, false) => order::write(&new, Some(&before)),
    };
    inputs.give(&document_name, text);
    inputs.give(&overlay_name, actions::add(&overlay, &overlay_name, &carried.actions)?);
    let names_name = format!("{folder}/names.toml");
    inputs.give(&names_name, inputs.read_or_empty(&names_name)?);
    inputs.give(SOURCES, manifests::sources(&inputs.read(SOURCES)?, api, facts.as_deref())?);
    if is_new {
        if manifests::module(api).is_none() {
            return Err(Failure::new(
                format!("`{api}` gives no name for a module in Rust"),
                SOURCES,
                "name the API in another way, as in v2 or 2026-01-01",
            ));
        }
        for (file, of) in manifests::MANIFESTS {
            let text = inputs.read(file)?;
            if let Some(text) = manifests::with_feature(&text, file, api, &manifests::feature(api), of)? {
                inputs.give(file, text);
            }
        }
    }
    eprintln!("Generating");
    let Made { mut files, summary } = generate::make(&inputs, &generate::Options::default())
        .map_err(|failure| failure.with_advice(&format!(
            "in {folder}/, which may be made beforehand with overlay.yaml and names.toml; then import again: nothing was written"
        )))?;
    for (path, text) in inputs.given() {
        files.add_missing(path, text);
    }
    let written = files.write(root)?.into_iter().map(|path| format!("Wrote {path}"));
    let lines: Vec<String> = written.chain(summary).collect();
    tell(&format!("{}\n", lines.join("\n")));
    Ok(ExitCode::SUCCESS)
}

/// Writes to stdout. Who reads only the beginning, as `head` does, has what it wants; the work goes on.
fn tell(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// What changed, what was left out and what was carried over.
fn report(old: Option<&Value>, new: &Value, notes: &[String], carried: &Carried) -> String {
    let mut text = show_comparison(old, new);
    let mut list = |heading: &str, lines: &[String]| {
        if !lines.is_empty() {
            let _ = writeln!(text, "{heading}:");
            for line in lines {
                let _ = writeln!(text, "  - {line}");
            }
        }
    };
    list("not as it was published", notes);
    let told = |action: &carry::Action| {
        let marks = action.update.as_ref()?.as_object()?.keys().cloned().collect::<Vec<_>>();
        Some(format!("{} of {}", marks.join(", "), action.target))
    };
    let actions: Vec<String> = carried.actions.iter().filter_map(told).collect();
    list("carried over into the overlay", &actions);
    list("published otherwise than the document before had it, and taken as published", &carried.different);
    list("without a place in this document", &carried.lost);
    list("marks that are not carried over", &old.map(|old| not_carried(old, new)).unwrap_or_default());
    text
}

/// Fails with all marks that have no place and all actions of the overlay that no longer match.
fn holds(
    new: &Value,
    overlay: &str,
    overlay_name: &str,
    api: &str,
    carried: &Carried,
    allow_lost: bool,
) -> Result<(), Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(error.to_string(), overlay_name, "correct the overlay");
    let mut document = new.clone();
    // Apart from the others, so that those are told by the numbers that they have now.
    let carried_over = actions::add(&actions::empty(api), "what is carried over", &carried.actions)?;
    let carried_over = Overlay::parse(&carried_over, "what is carried over").map_err(|error| wrong(&error))?;
    carried_over.apply(&mut document).map_err(|error| wrong(&error))?;
    let overlay = Overlay::parse(overlay, overlay_name).map_err(|error| wrong(&error))?;
    let failing = overlay.failing(&mut document);

    let mut text = String::new();
    if !carried.lost.is_empty() && !allow_lost {
        text.push_str("marks of the document before have no place in this one:");
        for lost in &carried.lost {
            let _ = write!(text, "\n  - {lost}");
        }
    }
    if !failing.is_empty() {
        let _ = write!(text, "{}actions of the overlay no longer match:", if text.is_empty() { "" } else { "\n" });
        for error in &failing {
            let _ = write!(text, "\n  - {error}");
        }
    }
    match (text.is_empty(), failing.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::new(
            text,
            format!("openapi/{api}/openapi.json"),
            "add the facts to the overlay in another way, or go on without them: --allow-lost; nothing was written",
        )),
        (false, false) => Err(Failure::new(
            text,
            overlay_name,
            "correct these actions, or take them out; then import again: nothing was written",
        )),
    }
}
