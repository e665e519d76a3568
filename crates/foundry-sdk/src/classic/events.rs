//! The events of a run's stream, by name.

use foundry_raw::{Decode, Event};
use serde_json::Value;

use crate::classic::types::{AgentThread, MessageDeltaChunk, RunStep, RunStepDeltaChunk, ThreadMessage, ThreadRun};
use crate::error::{Error, ErrorKind};
use crate::legs::Read;

/// Makes the enum of the events, and what reads one.
macro_rules! run_events {
    ($($(#[$meta:meta])* $variant:ident($data:ty) = $name:literal,)*) => {
        /// An event of a run's stream.
        ///
        /// The event `error` is an error of the stream, and keep-alives are passed over.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "one at a time is handed over; a box each would cost more")]
        pub enum RunEvent {
            $($(#[$meta])* $variant($data),)*
            /// The end of a leg (`done`): of the stream, unless it goes on with what was handed in.
            Done,
            /// An event that this version does not know.
            #[non_exhaustive]
            Unknown {
                /// Its name; empty if it has none.
                event: String,
                /// Its data, as received.
                data: String,
            },
        }

        /// The events that have a variant with data.
        #[cfg(test)]
        pub(crate) const NAMES: &[&str] = &[$($name),*];

        impl RunEvent {
            /// The name of the event, as the service calls it.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    Self::Done => "done",
                    Self::Unknown { event, .. } => event,
                }
            }

            fn known(name: &str, data: &str) -> Option<Result<Self, Error>> {
                match name {
                    $($name => Some(decoded::<$data>(name, data).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }
    };
}

run_events! {
    /// The thread was created.
    ThreadCreated(AgentThread) = "thread.created",
    /// The run was created.
    RunCreated(ThreadRun) = "thread.run.created",
    /// The run waits for its turn.
    RunQueued(ThreadRun) = "thread.run.queued",
    /// The run is at work.
    RunInProgress(ThreadRun) = "thread.run.in_progress",
    /// The run waits for its caller.
    RunRequiresAction(ThreadRun) = "thread.run.requires_action",
    /// The run has completed.
    RunCompleted(ThreadRun) = "thread.run.completed",
    /// The run ended before its work was done.
    RunIncomplete(ThreadRun) = "thread.run.incomplete",
    /// The run has failed.
    RunFailed(ThreadRun) = "thread.run.failed",
    /// The run is being canceled.
    RunCancelling(ThreadRun) = "thread.run.cancelling",
    /// The run was canceled.
    RunCancelled(ThreadRun) = "thread.run.cancelled",
    /// The run did not end in time.
    RunExpired(ThreadRun) = "thread.run.expired",
    /// A step has begun.
    StepCreated(RunStep) = "thread.run.step.created",
    /// A step is at work.
    StepInProgress(RunStep) = "thread.run.step.in_progress",
    /// A piece of what a step does.
    StepDelta(RunStepDeltaChunk) = "thread.run.step.delta",
    /// A step has completed.
    StepCompleted(RunStep) = "thread.run.step.completed",
    /// A step has failed.
    StepFailed(RunStep) = "thread.run.step.failed",
    /// A step was canceled.
    StepCancelled(RunStep) = "thread.run.step.cancelled",
    /// A step did not end in time.
    StepExpired(RunStep) = "thread.run.step.expired",
    /// A message was begun.
    MessageCreated(ThreadMessage) = "thread.message.created",
    /// A message is being written.
    MessageInProgress(ThreadMessage) = "thread.message.in_progress",
    /// A piece of a message.
    MessageDelta(MessageDeltaChunk) = "thread.message.delta",
    /// A message is whole.
    MessageCompleted(ThreadMessage) = "thread.message.completed",
    /// A message ended before it was whole.
    MessageIncomplete(ThreadMessage) = "thread.message.incomplete",
}

impl RunEvent {
    pub(crate) fn read(event: &Event<'_>) -> Read<Self> {
        let name = event.event.as_deref().unwrap_or_default();
        let data = &*event.data;
        match name {
            "done" => return Read::Event(Self::Done),
            // Some services end without a name.
            "" if data == "[DONE]" => return Read::Event(Self::Done),
            "error" => return Read::Failed(Error::from_event(data)),
            "keepalive" => return Read::Nothing,
            "" if data.is_empty() => return Read::Nothing,
            _ => {}
        }
        match Self::known(name, data) {
            Some(Ok(event)) => Read::Event(event),
            Some(Err(error)) => Read::Undecoded(error),
            None => Read::Event(Self::Unknown { event: name.to_owned(), data: data.to_owned() }),
        }
    }

    /// The run, if the event has it.
    pub fn run(&self) -> Option<&ThreadRun> {
        match self {
            Self::RunCreated(run)
            | Self::RunQueued(run)
            | Self::RunInProgress(run)
            | Self::RunRequiresAction(run)
            | Self::RunCompleted(run)
            | Self::RunIncomplete(run)
            | Self::RunFailed(run)
            | Self::RunCancelling(run)
            | Self::RunCancelled(run)
            | Self::RunExpired(run) => Some(run),
            _ => None,
        }
    }

    /// The piece of text that the event adds to a message, if it adds any.
    pub fn text_delta(&self) -> Option<String> {
        let Self::MessageDelta(chunk) = self else { return None };
        let pieces = chunk.delta.content.iter().filter_map(|part| match part {
            crate::classic::types::MessageDeltaContent::Text(part) => part.text.as_ref()?.value.as_deref(),
            _ => None,
        });
        let text: String = pieces.collect();
        (!text.is_empty()).then_some(text)
    }
}

fn decoded<T: Decode>(name: &str, data: &str) -> Result<T, Error> {
    foundry_raw::from_str(data).map_err(|error| {
        let message = format!("the event `{name}` cannot be decoded: {error}");
        Error::new(ErrorKind::Decode, message).with_source(error).with_element(data)
    })
}

impl Error {
    /// What the event `error` says.
    pub(crate) fn from_event(data: &str) -> Self {
        let value: Option<Value> = serde_json::from_str(data).ok();
        let text = |pointer: &str| value.as_ref()?.pointer(pointer)?.as_str().map(str::to_owned);
        let message = text("/error/message").or_else(|| text("/message")).unwrap_or_else(|| data.to_owned());
        let code = text("/error/code").or_else(|| text("/code"));
        let message = match code {
            Some(code) => format!("the stream ended with an error: {code} - {message}"),
            None => format!("the stream ended with an error: {message}"),
        };
        Self::new(ErrorKind::Server, message).with_element(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_document_has_a_variant() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../foundry-emulator/openapi/2025-05-01.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let events = &document["paths"]["/threads/{threadId}/runs"]["post"]["responses"]["200"]["x-sse-events"];
        let names: Vec<&str> =
            events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(NAMES.contains(&name) || name == "error" || name == "done", "{name}");
        }
    }

    fn read(event: Option<&str>, data: &str) -> Read<RunEvent> {
        let mut parser = foundry_raw::EventParser::new();
        let name = event.map(|event| format!("event: {event}\n")).unwrap_or_default();
        parser.push(format!("{name}data: {data}\n\n").as_bytes());
        RunEvent::read(&parser.next_event().unwrap().unwrap())
    }

    #[test]
    fn what_is_no_event_of_a_run_is_kept_passed_over_or_an_error() {
        for (event, data) in [(Some("keepalive"), "{}"), (None, ""), (Some("keepalive"), "")] {
            assert!(matches!(read(event, data), Read::Nothing), "{event:?} {data}");
        }
        for (event, data) in [(Some("done"), "[DONE]"), (Some("done"), ""), (None, "[DONE]")] {
            assert!(matches!(read(event, data), Read::Event(RunEvent::Done)), "{event:?} {data}");
        }
        for (event, data) in [(Some("thread.run.dancing"), "{"), (None, "{}"), (Some("x"), "")] {
            let Read::Event(RunEvent::Unknown { event: name, data: kept }) = read(event, data) else {
                panic!("{data}")
            };
            assert_eq!((name.as_str(), kept.as_str()), (event.unwrap_or_default(), data));
        }
        let Read::Failed(error) = read(Some("error"), r#"{"error":{"code":"server_error","message":"Sorry."}}"#) else {
            panic!("no error")
        };
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Server, "the stream ended with an error: server_error - Sorry.")
        );
        let Read::Undecoded(error) = read(Some("thread.run.queued"), r#"{"id":"#) else { panic!("no error") };
        assert!(error.message().starts_with("the event `thread.run.queued` cannot be decoded: "), "{error}");
        assert_eq!(error.body().unwrap(), r#"{"id":"#);
    }
}
