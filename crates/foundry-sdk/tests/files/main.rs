//! Files: what is uploaded and downloaded, byte by byte, what is repeated, and what is waited for.
#![cfg(feature = "v2025-05-01")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod common;

mod downloads;
mod from_paths;
mod idle;
mod names;
mod polling;
mod repeats;
mod sources;
