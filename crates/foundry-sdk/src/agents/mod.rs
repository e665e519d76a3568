//! Agents of api-version v1: their own endpoints, and versions that are made only when they differ.
//!
//! Requests are generated ([`Agents`](crate::v1::Agents)); what is added by hand stands here.

mod endpoint;
mod ensure;
mod same;

pub use self::endpoint::AgentEndpoint;
pub use self::ensure::{EnsureVersion, EnsuredVersion};
