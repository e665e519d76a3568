//! `cargo xtask diff`: compares two versions of the API, or any two documents.

mod source;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use openapi_compare::{Allowances, Level, Report, compare};

use crate::failure::Failure;

/// Something at the level of `--fail-on` was found.
const FOUND: u8 = 100;
/// The documents could not be compared.
const CANNOT_COMPARE: u8 = 102;

/// What to compare, and how to say what differs.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The old document: an API's name (such as 2025-05-01), a file, or REV:PATH of git.
    old: String,
    /// The new document, named the same way.
    new: String,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// From which level on the exit code is 100.
    #[arg(long, value_enum, default_value_t = FailOn::Breaking, value_name = "LEVEL")]
    fail_on: FailOn,
    /// A file of changes that are allowed: lines of a fingerprint and the reason.
    #[arg(long, value_name = "FILE")]
    allow: Option<PathBuf>,
    /// Take the document of an API as it was published, without its overlay.
    #[arg(long)]
    as_published: bool,
    /// Write the report to a file and not to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal.
    Text,
    /// For programs; crates/openapi-compare/report.schema.json describes it.
    Json,
    /// For a pull request.
    Markdown,
    /// One page, to look at and search.
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Breaking,
    Warning,
    None,
}

/// Compares, and says by the exit code what was found.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> ExitCode {
    match report(root, arguments) {
        Ok(report) => ExitCode::from(code(&report, arguments.fail_on)),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(CANNOT_COMPARE)
        }
    }
}

fn code(report: &Report, fail_on: FailOn) -> u8 {
    let counts = report.counts();
    let found = match fail_on {
        FailOn::Breaking => counts.of(Level::Breaking),
        FailOn::Warning => counts.of(Level::Breaking) + counts.of(Level::Warning),
        FailOn::None => 0,
    };
    if found > 0 { FOUND } else { 0 }
}

fn report(root: &Path, arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let allowances = arguments.allow.as_deref().map(allowances).transpose()?;
    let old = source::load(root, &arguments.old, arguments.as_published)?;
    let new = source::load(root, &arguments.new, arguments.as_published)?;
    eprintln!("Comparing {} with {}", old.name(), new.name());
    let mut report = compare(&old, &new).map_err(|error| {
        Failure::new(
            error.to_string(),
            format!("{} and {}", arguments.old, arguments.new),
            "correct the document, or name another one",
        )
    })?;
    if let (Some(allowances), Some(path)) = (allowances, &arguments.allow) {
        for fingerprint in report.allow(&allowances) {
            eprintln!("warning: {}: {fingerprint} no longer occurs; take it out", path.display());
        }
    }
    write(&report, arguments)?;
    eprintln!("Compared in {:.2} s: {}", start.elapsed().as_secs_f64(), report.counts());
    Ok(report)
}

fn allowances(path: &Path) -> Result<Allowances, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
    Allowances::parse(&text).map_err(|error| {
        Failure::new(error.to_string(), path.display().to_string(), "write a fingerprint and a reason on each line")
    })
}

fn write(report: &Report, arguments: &Arguments) -> Result<(), Failure> {
    let to_terminal = arguments.output.is_none() && std::io::stdout().is_terminal();
    // https://no-color.org: set to anything but nothing.
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let text = match arguments.format {
        Format::Text => report.text(to_terminal && wanted),
        Format::Json => report.json(),
        Format::Markdown => report.markdown(),
        Format::Html => report.html(),
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, text).map_err(|error| Failure::io(path, &error)),
        None => {
            let mut out = std::io::stdout().lock();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                // Who reads only the beginning, as `head` does, has what it wants.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    Err(Failure::new(error.to_string(), "standard output", "see that it can be written to"))
                }
                _ => Ok(()),
            }
        }
    }
}
