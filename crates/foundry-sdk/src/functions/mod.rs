//! Functions in Rust that an agent may call.
