//! How large a document may be.

/// How large a document may be, so that a hostile one ends in an error and not in exhaustion.
///
/// ```
/// use openapi_compare::Limits;
///
/// let limits = Limits::default().max_bytes(1024 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    pub(crate) bytes: u64,
    pub(crate) depth: usize,
    pub(crate) values: usize,
}

impl Limits {
    /// The deepest nesting that can be allowed, and the default of [`Limits::max_depth`].
    pub const DEEPEST: usize = 128;

    /// How many bytes a document may have; 64 MiB by default.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// How deep objects and lists may be nested; 128 by default, which is also the most.
    #[must_use]
    pub fn max_depth(mut self, depth: usize) -> Self {
        // What walks a document recurses as deep as it is nested; more would endanger the stack.
        self.depth = depth.min(Self::DEEPEST);
        self
    }

    /// How many values a document may have, each expansion of a YAML alias counted anew;
    /// 4 million by default.
    #[must_use]
    pub fn max_values(mut self, values: usize) -> Self {
        self.values = values;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, depth: Self::DEEPEST, values: 4_000_000 }
    }
}
