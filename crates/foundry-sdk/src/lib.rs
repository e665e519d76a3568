//! foundry-sdk
