//! The tests of threads, runs and whatever both api-versions have, once more by api-version v1.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]
#![allow(dead_code, reason = "what these tests share has other users too")]

/// The api-version that requests name.
const API_VERSION: &str = "v1";

#[path = "emulator/approvals.rs"]
mod approvals;
#[path = "emulator/client.rs"]
mod client;
#[path = "emulator/conversation.rs"]
mod conversation;
#[path = "emulator/datasets.rs"]
mod datasets;
#[path = "emulator/every_event.rs"]
mod every_event;
#[path = "emulator/file_search.rs"]
mod file_search;
#[path = "emulator/files.rs"]
mod files;
#[path = "emulator/functions.rs"]
mod functions;
#[path = "emulator/lists.rs"]
mod lists;
#[path = "emulator/resources.rs"]
mod resources;
#[path = "emulator/rules.rs"]
mod rules;
#[path = "emulator/runs.rs"]
mod runs;
#[path = "emulator/schema.rs"]
mod schema;
#[path = "emulator/streams.rs"]
mod streams;
#[path = "emulator/structured.rs"]
mod structured;
#[path = "emulator/vector_stores.rs"]
mod vector_stores;
#[path = "emulator/wire.rs"]
mod wire;
