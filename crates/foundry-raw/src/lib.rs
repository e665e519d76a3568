//! foundry-raw
