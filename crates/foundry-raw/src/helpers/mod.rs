//! Helpers on wire types: pure functions of their values.

#[cfg(feature = "v2025-05-01")]
mod messages;
