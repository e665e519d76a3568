//! Responses, agents and conversations of api-version v1, over a service that answers by a script.

mod agents;
mod background;
mod buffered;
mod common;
mod rounds;
mod streams;
