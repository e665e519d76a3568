//! A local Foundry, started in-process or as a program.
//!
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod assets;
mod blobs;
mod clock;
mod connections;
mod context;
mod datasets;
mod documents;
mod error;
mod events;
mod file_batches;
mod files;
mod handlers;
mod identifiers;
mod messages;
mod model;
mod multipart;
mod pages;
mod progress;
mod projects;
mod query;
mod request_log;
mod resources;
mod router;
mod runs;
mod script;
mod server;
mod service;
mod store;
mod table;
mod threads;
mod tool_outputs;
mod validate;
mod vector_store_files;
mod vector_stores;

pub use clock::{Clock, SystemClock};
pub use request_log::LoggedRequest;
pub use server::{Emulator, EmulatorBuilder, StartError};
