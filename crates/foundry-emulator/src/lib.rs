//! A local Foundry, started in-process or as a program.
//!
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod archive;
mod assets;
mod blobs;
mod broken_body;
mod clock;
mod connections;
mod context;
mod datasets;
mod documents;
mod error;
mod events;
mod fault;
mod features;
mod file_batches;
mod file_search;
mod files;
mod fill;
mod framing;
mod handlers;
mod identifiers;
mod leg;
mod messages;
mod misbehaviour;
mod model;
mod multipart;
mod numbers;
mod pages;
mod pen;
mod progress;
mod projects;
mod query;
mod request_log;
mod resources;
mod rounds;
mod router;
mod rule;
mod run_leg;
mod run_steps;
mod runs;
mod sample;
mod script;
mod search;
mod server;
mod service;
mod store;
mod stream;
mod table;
mod tape;
mod threads;
mod tool_outputs;
mod turn;
mod v1;
mod validate;
mod vector_store_files;
mod vector_stores;
mod writing;

pub use clock::{Clock, SystemClock};
pub use fault::Fault;
pub use framing::Framing;
pub use request_log::LoggedRequest;
pub use rule::Rule;
pub use server::{Emulator, EmulatorBuilder, StartError};
pub use turn::{Turn, TurnApproval, TurnMessage, TurnOutput, TurnPassage};
