//! `cargo xtask ci`: the checks a change must pass, one after the other.

mod features;
mod payloads;
mod readme;
mod steps;
mod workspace;

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::failure::Failure;

/// Which checks to run.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Run this step only; may be given several times. The order of the steps stays.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Say what the steps are and run none.
    #[arg(long)]
    list: bool,
}

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    Fmt,
    Generate,
    Clippy,
    Test,
    Payloads,
    Docs,
    Features,
    Deny,
    Package,
}

impl Step {
    /// All of them in the order they run: what fails fast and costs little comes first.
    const ALL: [Self; 9] = [
        Self::Fmt,
        Self::Generate,
        Self::Clippy,
        Self::Test,
        Self::Payloads,
        Self::Docs,
        Self::Features,
        Self::Deny,
        Self::Package,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Generate => "generate",
            Self::Clippy => "clippy",
            Self::Test => "test",
            Self::Payloads => "payloads",
            Self::Docs => "docs",
            Self::Features => "features",
            Self::Deny => "deny",
            Self::Package => "package",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Fmt => "every file is formatted",
            Self::Generate => "the generated files are those that the documents give",
            Self::Clippy => "no lint warns, in any target, with all features",
            Self::Test => "the README's test command passes",
            Self::Payloads => "recorded payloads decode and lose nothing, where there are any beside the project",
            Self::Docs => "the documentation builds without warnings",
            Self::Features => "each published crate builds with no feature, with each alone and with all",
            Self::Deny => "licences, banned and duplicate crates, sources of crates",
            Self::Package => "the published crates can be packaged, and build from their packages",
        }
    }

    fn run(self, root: &Path) -> Result<(), Failure> {
        match self {
            Self::Fmt => steps::fmt(root),
            Self::Generate => steps::generate(root),
            Self::Clippy => steps::clippy(root),
            Self::Test => steps::test(root),
            Self::Payloads => payloads::run(root),
            Self::Docs => steps::docs(root),
            Self::Features => steps::features(root),
            Self::Deny => steps::deny(root),
            Self::Package => steps::package(root),
        }
    }
}

/// Runs the steps that were asked for, up to the first that fails.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.list {
        for step in Step::ALL {
            println!("{:<9} {}", step.name(), step.about());
        }
        return Ok(());
    }
    let mut times = Vec::new();
    let mut result = Ok(());
    for step in Step::ALL {
        if !arguments.only.is_empty() && !arguments.only.contains(&step) {
            continue;
        }
        say(&format!("\n=== {}: {}", step.name(), step.about()));
        let start = Instant::now();
        result = step.run(root);
        let time = start.elapsed();
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        say(&format!("=== {}: {outcome} after {}", step.name(), Time(time)));
        times.push((step, outcome, time));
        if result.is_err() {
            break;
        }
    }
    say("\nstep      time           outcome");
    for (step, outcome, time) in &times {
        say(&format!("{:<9} {:<14} {outcome}", step.name(), Time(*time).to_string()));
    }
    say(&format!("{:<9} {}", "together", Time(times.iter().map(|(_, _, time)| *time).sum())));
    if let (Err(_), Some((step, ..))) = (&result, times.last()) {
        say(&format!("\nThe step `{0}` failed; repeat it with `cargo xtask ci --only {0}`.", step.name()));
    }
    result
}

/// Writes a line at once, before what a child process writes after it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody listens any more: the exit code still tells.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A command, as it is run and as it is shown.
#[derive(Debug, Clone)]
struct Line {
    program: OsString,
    arguments: Vec<String>,
    /// One environment variable.
    variable: Option<(&'static str, &'static str)>,
}

impl Line {
    fn new<A: Into<String>>(program: impl Into<OsString>, arguments: impl IntoIterator<Item = A>) -> Self {
        Self { program: program.into(), arguments: arguments.into_iter().map(Into::into).collect(), variable: None }
    }

    fn cargo<A: Into<String>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::new("cargo", arguments)
    }

    fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.variable = Some((variable, value));
        self
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(root).stdin(Stdio::null());
        if let Some((variable, value)) = self.variable {
            command.env(variable, value);
        }
        command
    }

    /// Runs it with our own standard output and error, so that what it says arrives as it is.
    fn run(&self, root: &Path) -> Result<(), Failure> {
        say(&format!("$ {self}"));
        let status = self.command(root).status().map_err(|error| self.cannot_start(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("the command ended with {status}"), self.to_string(), "correct what it says above"))
    }

    /// Runs it and returns what it wrote to standard output.
    fn output(&self, root: &Path) -> Result<Vec<u8>, Failure> {
        let output = self.command(root).output().map_err(|error| self.cannot_start(&error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(
            format!("the command ended with {}:\n{}", output.status, said.trim_end()),
            self.to_string(),
            "correct what it says",
        ))
    }

    fn cannot_start(&self, error: &std::io::Error) -> Failure {
        Failure::new(
            format!("the command cannot be started: {error}"),
            self.to_string(),
            format!("see that `{}` is installed and on PATH", self.program.display()),
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((variable, value)) = self.variable {
            write!(f, "{variable}={} ", quoted(value))?;
        }
        write!(f, "{}", quoted(&self.program.to_string_lossy()))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A duration for people: `4.2 s`, `3 min 05 s`.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_step_is_what_only_takes() {
        for step in Step::ALL {
            assert_eq!(Step::from_str(step.name(), false), Ok(step));
        }
        assert_eq!(Step::ALL.as_slice(), Step::value_variants());
    }

    #[test]
    fn a_command_is_shown_so_that_a_shell_runs_it_again() {
        let line = Line::cargo(["clippy", "--", "-D", "it's"]).with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), r"RUSTDOCFLAGS='-D warnings' cargo clippy -- -D 'it'\''s'");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(Time(Duration::from_millis(4_240)).to_string(), "4.2 s");
        assert_eq!(Time(Duration::from_secs(185)).to_string(), "3 min 05 s");
    }

    #[test]
    fn a_failing_command_is_named() {
        let line = Line::cargo(["no-such-command-of-cargo"]);
        let failure = line.output(Path::new(".")).expect_err("cargo has no such command").to_string();
        assert!(failure.contains("cargo no-such-command-of-cargo"), "{failure}");
        let line = Line::new("no-such-program", ["--version"]);
        let failure = line.run(Path::new(".")).expect_err("there is no such program").to_string();
        assert!(failure.contains("see that `no-such-program` is installed"), "{failure}");
    }
}
