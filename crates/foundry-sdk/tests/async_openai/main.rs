//! The client of async-openai: what it sends goes through the pipeline, and nothing goes beside it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod bodies;
mod calls;
mod repeats;
mod secrets;
mod server;
mod tokens;
mod wire;
