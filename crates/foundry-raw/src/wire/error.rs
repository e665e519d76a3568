//! What went wrong in a decode, and where.

use std::fmt;

/// A decode that failed: the reason and the place as a JSON Pointer into the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    message: String,
    /// Segments from the innermost to the outermost: pushed while the error travels outwards, so
    /// that a decode that succeeds pays nothing for knowing its place.
    path: Vec<Segment>,
    offset: Option<usize>,
}

/// Two failures are the same if what and where are; the byte depends on white space.
impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message && self.path == other.path
    }
}

impl Eq for Inner {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Field(String),
    Index(usize),
}

impl DecodeError {
    /// An error with a reason, at the place where the reader stands.
    pub(crate) fn new(message: impl Into<String>, offset: Option<usize>) -> Self {
        Self(Box::new(Inner { message: message.into(), path: Vec::new(), offset }))
    }

    pub(crate) fn at_field(mut self, name: &str) -> Self {
        self.0.path.push(Segment::Field(name.to_owned()));
        self
    }

    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// Names the kind of a union that was being decoded; the innermost name stays.
    pub(crate) fn in_kind(mut self, union: &str, kind: &str) -> Self {
        if !self.0.message.contains(" (in ") {
            self.0.message.push_str(&format!(" (in `{kind}` of {union})"));
        }
        self
    }

    /// The place of the failure: a JSON Pointer (RFC 6901) into the input, empty for the whole.
    pub fn path(&self) -> String {
        let mut pointer = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Field(name) => push_segment(&mut pointer, name),
                Segment::Index(index) => pointer.push_str(&format!("/{index}")),
            }
        }
        pointer
    }

    /// What was wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How many bytes of the input had been read, where known.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        let place = if path.is_empty() { "the top" } else { &path };
        write!(f, "{} at {place}", self.0.message)?;
        match self.0.offset {
            Some(offset) => write!(f, " (byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Appends one segment to a JSON Pointer, escaped.
pub(crate) fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_runs_from_the_outside_in_and_is_escaped() {
        let error = DecodeError::new("expected a string", Some(7)).at_field("a/b~c").at_index(3).at_field("data");
        assert_eq!(error.path(), "/data/3/a~1b~0c");
        assert_eq!(error.to_string(), "expected a string at /data/3/a~1b~0c (byte 7)");
    }
}
