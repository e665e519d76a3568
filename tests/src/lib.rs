//! End-to-end tests over the crates.
