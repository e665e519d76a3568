//! What the benchmarks share: pages in the service's shapes, and structs written by hand for them.

pub mod by_hand;
pub mod pages;
pub mod union;

// What the macros of foundry-raw look for at the top of their crate.
pub use union::{Decode, Extra, UnknownValue, wire};
