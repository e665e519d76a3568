//! What a decode met that the types do not know.

/// Which way a value travels: decides which properties it may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What we send: read-only properties are not expected.
    Request,
    /// What the service answers: write-only properties are not expected.
    Response,
    /// Either.
    Any,
}

/// What a decode met that the document does not say; every place is a JSON Pointer into the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Fields that the type does not know; they are kept in `extra`.
    pub unknown: Vec<String>,
    /// Required properties that were absent, or null where the document does not allow null.
    pub missing: Vec<String>,
    /// Values that the type does not know and keeps as received: enum values, union tags, times.
    pub unrecognized: Vec<String>,
    /// Elements of a list answer that could not be decoded, with the reason.
    pub undecoded: Vec<(String, String)>,
}

impl Report {
    pub(crate) fn mark(&self) -> [usize; 4] {
        [self.unknown.len(), self.missing.len(), self.unrecognized.len(), self.undecoded.len()]
    }

    pub(crate) fn rewind(&mut self, mark: [usize; 4]) {
        self.unknown.truncate(mark[0]);
        self.missing.truncate(mark[1]);
        self.unrecognized.truncate(mark[2]);
        self.undecoded.truncate(mark[3]);
    }
}
