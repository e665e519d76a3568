//! What makes a command fail: what is wrong, where, and what to do.

use std::fmt;

/// A failure for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    place: String,
    advice: String,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, place: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), place: place.into(), advice: advice.into() }
    }

    /// With more to do behind what there is.
    pub(crate) fn with_advice(mut self, more: &str) -> Self {
        self.advice = format!("{}; {more}", self.advice);
        self
    }

    /// A file that cannot be read or written.
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(error.to_string(), path.display().to_string(), "check that the file exists and may be used")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  at: {}\n  do: {}", self.what, self.place, self.advice)
    }
}

impl std::error::Error for Failure {}
