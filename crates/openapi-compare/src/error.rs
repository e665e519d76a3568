//! Why a document could not be loaded.

use std::fmt;

use crate::pointer::Pointer;

/// Why a document could not be loaded: which file, where in it, what is wrong and what to do.
pub struct Error(Box<Inner>);

struct Inner {
    name: String,
    kind: ErrorKind,
    fault: Fault,
    source: Option<std::io::Error>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file could not be read; the source of the error says why.
    Read,
    /// The document is larger than [`Limits::max_bytes`](crate::Limits::max_bytes).
    TooLarge,
    /// Objects and lists are nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    TooDeep,
    /// The document holds, or its YAML aliases expand to, more values than
    /// [`Limits::max_values`](crate::Limits::max_values).
    TooManyValues,
    /// The document is not UTF-8 text.
    Encoding,
    /// The document is neither well-formed JSON nor well-formed YAML.
    Syntax,
    /// A key stands twice in one object.
    DuplicateKey,
    /// YAML that has no counterpart in JSON, such as `.nan`, a local tag or a list as a key.
    NotJson,
    /// The document is not an OpenAPI document.
    NotOpenApi,
    /// The document is of an OpenAPI version that is not supported.
    UnsupportedVersion,
}

/// What is wrong, without the file's name.
#[derive(Debug, Default)]
pub(crate) struct Fault {
    pub(crate) line_column: Option<(usize, usize)>,
    pub(crate) pointer: Option<Pointer>,
    /// What was wrong, then what to do.
    pub(crate) message: String,
}

impl Error {
    pub(crate) fn new(name: &str, kind: ErrorKind, fault: Fault) -> Self {
        Self(Box::new(Inner { name: name.to_owned(), kind, fault, source: None }))
    }

    pub(crate) fn with_message(name: &str, kind: ErrorKind, message: String) -> Self {
        Self::new(name, kind, Fault { message, ..Fault::default() })
    }

    pub(crate) fn read(name: &str, source: std::io::Error) -> Self {
        let mut error = Self::with_message(
            name,
            ErrorKind::Read,
            "the file could not be read; check that it exists and is readable".to_owned(),
        );
        error.0.source = Some(source);
        error
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name of the file, as it was given.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The line of the fault, counted from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.0.fault.line_column.map(|(line, _)| line)
    }

    /// The column of the fault, counted from 1, where it is known.
    pub fn column(&self) -> Option<usize> {
        self.0.fault.line_column.map(|(_, column)| column)
    }

    /// The object or value in which the fault lies, where it is known.
    pub fn pointer(&self) -> Option<&Pointer> {
        self.0.fault.pointer.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.name)?;
        if let Some((line, column)) = self.0.fault.line_column {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", self.0.fault.message)?;
        if let Some(pointer) = &self.0.fault.pointer {
            write!(formatter, " (at {pointer})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("name", &self.0.name)
            .field("fault", &self.0.fault)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(source)
    }
}
