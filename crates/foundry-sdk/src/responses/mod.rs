//! Responses of api-version v1: created, waited for, streamed, and gone on with over all rounds.
//!
//! Requests are generated ([`Responses`](crate::v1::Responses)); what is added by hand stands here.
//!
//! ```
//! use foundry_sdk::types::PromptAgentDefinition;
//! use futures_util::TryStreamExt as _;
//!
//! # use foundry_sdk::{Body, BoxError, Credential, ProjectClient, RequestBody, Transport};
//! # struct Recorded;
//! # impl Transport for Recorded {
//! #     fn send(
//! #         &self,
//! #         request: http::Request<RequestBody>,
//! #     ) -> futures_core::future::BoxFuture<'_, Result<http::Response<Body>, BoxError>> {
//! #         let is_stream = request.headers().get("accept").is_some_and(|accept| accept == "text/event-stream");
//! #         let response = r#"{"id":"resp_1","object":"response","status":"completed","output":[{"type":"message",
//! #             "id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"Howdy.","annotations":[]}]}]}"#;
//! #         let body = if request.uri().path().ends_with("/versions") {
//! #             r#"{"id":"cowboy:1","name":"cowboy","version":"1","definition":{"kind":"prompt","model":"m"}}"#.to_owned()
//! #         } else if is_stream {
//! #             let response = response.replace('\n', "");
//! #             let delta = r#"{"type":"response.output_text.delta","sequence_number":0,"delta":"Howdy."}"#;
//! #             format!("data: {delta}\n\ndata: {{\"type\":\"response.completed\",\"sequence_number\":1,\"response\":{response}}}\n\n")
//! #         } else {
//! #             response.to_owned()
//! #         };
//! #         Box::pin(async move { Ok(http::Response::new(Body::from(body))) })
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), foundry_sdk::Error> {
//! # let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
//! #     .credential(Credential::api_key("none"))
//! #     .transport(Recorded)
//! #     .build()?;
//! let definition = PromptAgentDefinition::new("gpt-4.1-mini").instructions("Talk like a cowboy.");
//! let agent = client.agents().create_version("cowboy", definition).await?;
//! let reply = client.responses().create("Why is the sky blue?").agent(&agent).await?;
//! assert_eq!(reply.output_text(), "Howdy.");
//!
//! let next = client.responses().create("And at dusk?").agent(&agent).previous_response_id(&reply.id);
//! let mut events = next.stream().await?;
//! while let Some(event) = events.try_next().await? {
//!     print!("{}", event.text_delta().unwrap_or_default());
//! }
//! # Ok(())
//! # }
//! ```

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
/// A part of what is said: a text, an image, a file.
pub use foundry_raw::v1::types::OpenAiResponseInputPartParam as InputPart;
pub use foundry_raw::v1::types::OpenAiResponseStreamEvent as ResponseEvent;

pub(crate) use self::partial::Partial;
pub(crate) use self::refusal::refused;
