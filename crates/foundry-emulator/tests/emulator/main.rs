//! Tests of the emulator over HTTP. Every answer is validated against the API document.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod client;
mod conversation;
mod datasets;
mod errors;
mod files;
mod lists;
mod operations;
mod resources;
mod runs;
mod schema;
mod server;
mod streams;
mod vector_stores;
