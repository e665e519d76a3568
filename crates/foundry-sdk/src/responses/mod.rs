//! Responses of api-version v1: created, waited for, streamed, and gone on with over all rounds.
//!
//! Requests are generated ([`Responses`](crate::v1::Responses)); what is added by hand stands here.

mod create;
mod error;
mod job;
mod partial;
mod polled;
mod refusal;
mod rounds;
mod stream;
mod wait;

pub use self::stream::{ResponseItem, ResponseStream};
pub use self::wait::ResponsePoller;
pub use foundry_raw::v1::types::OpenAiResponseStreamEvent as ResponseEvent;

pub(crate) use self::partial::Partial;
pub(crate) use self::refusal::refused;
