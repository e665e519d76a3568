//! Responses, agents and conversations of api-version v1, over a service that answers by a script.
#![cfg(feature = "v1")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod agents;
mod background;
mod buffered;
mod common;
mod rounds;
mod streams;
