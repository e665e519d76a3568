//! A local Foundry, started in-process or as a program.
//!
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod assets;
mod clock;
mod connections;
mod context;
mod documents;
mod error;
mod handlers;
mod identifiers;
mod messages;
mod model;
mod pages;
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
mod validate;

pub use clock::{Clock, SystemClock};
pub use request_log::LoggedRequest;
pub use server::{Emulator, EmulatorBuilder, StartError};
