//! What the benchmarks share: pages in the service's shapes, and structs written by hand for them.

pub mod by_hand;
pub mod pages;
