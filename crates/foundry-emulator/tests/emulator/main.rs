//! Tests of the emulator over HTTP. Every answer is validated against the API document.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

/// The api-version that requests name unless told otherwise.
const API_VERSION: &str = "2025-05-01";

mod approvals;
mod client;
mod conversation;
mod datasets;
mod errors;
mod every_event;
mod faults;
mod file_search;
mod files;
mod framing;
mod functions;
mod lists;
mod live;
mod locked;
mod operations;
mod resources;
mod response_tools;
mod responses;
mod rules;
mod runs;
mod schema;
mod server;
mod streams;
mod structured;
mod v1_agents;
mod v1_assets;
mod v1_jobs;
mod v1_operations;
mod v1_tools;
mod v1_voice;
mod vector_stores;
mod wire;
