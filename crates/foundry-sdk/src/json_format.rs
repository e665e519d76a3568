//! Answers in the form of a Rust type.
