//! The workspace's own commands.

mod ci;
mod diff;
mod failure;
mod generate;
mod import;
mod normalize;
mod overlay;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// The workspace's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the generated files from the documents in openapi/.
    ///
    /// Exit code 0: written, or fresh; 4: with --check, something is stale; 100: failed.
    Generate {
        /// Write nothing; say for each file whether it is Fresh or Stale.
        #[arg(long)]
        check: bool,
        /// With --check: show the differences.
        #[arg(short, long)]
        verbose: bool,
        /// The APIs to generate, as in openapi/; all of them if none is named.
        apis: Vec<String>,
    },
    /// Compares two versions of the API, or any two documents, and says what breaks.
    ///
    /// Exit code 0: nothing at the level of --fail-on; 100: something; 102: could not compare.
    Diff(diff::Arguments),
    /// Brings in a newly published description: OpenAPI 3.0, 3.1 or Swagger 2.0, JSON or YAML.
    ///
    /// Converts it to the form of openapi/API/openapi.json, carries over the marks that it lacks, shows what
    /// changed, and generates. Exit code 0: done; 100: failed, and the files are as they were; 2: wrong usage.
    Import(import::Arguments),
    /// Runs the checks that a change must pass; stops at the first that fails.
    Ci(ci::Arguments),
}

/// With `--check`, something is not as generate would write it.
const STALE: u8 = 4;
/// The command could not do its work.
const FAILED: u8 = 100;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Generate { check, verbose, apis } => {
            generate::run(&root(), &generate::Options { check, verbose, apis })
                .map(|fresh| if fresh { ExitCode::SUCCESS } else { ExitCode::from(STALE) })
        }
        Command::Diff(arguments) => return diff::run(&root(), &arguments),
        Command::Import(arguments) => import::run(&root(), &arguments),
        Command::Ci(arguments) => ci::run(&root(), &arguments).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|failure: Failure| {
        eprintln!("error: {failure}");
        ExitCode::from(FAILED)
    })
}

/// The workspace: the folder above this crate's, as cargo says when it runs it.
fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
