//! The way of a call through the pipeline: what is sent, what is repeated and after which wait, what is told.
#![cfg(feature = "v2025-05-01")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod common;

mod budget;
mod drops;
mod errors;
mod headers;
mod limits;
#[cfg(feature = "tracing")]
mod logs;
mod origins;
mod properties;
mod repeats;
mod secrets;
mod server;
#[cfg(feature = "tracing")]
mod subscriber;
mod tokens;
mod traits;
mod waits;
