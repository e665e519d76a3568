//! Recorded streams: in whatever pieces and with whatever line ends they come, they hold the same
//! events, and each event decodes into its type and goes back as it came.
#![cfg(feature = "v1")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

mod wire;

use foundry_raw::v1::types::{OpenAiResponseOutputItem, OpenAiResponseStreamEvent};
use foundry_raw::{EventParser, from_str};
use proptest::prelude::*;
use serde_json::{Value, json};
use wire::round_trip;

const RESPONSE: &str = include_str!("fixtures/v1/response.sse");
const RUN: &str = include_str!("fixtures/conversation/run.sse");

/// Name, data and id of an event.
type Event = (Option<String>, String, Option<String>);

fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = EventParser::new();
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Some(event) = parser.next_event().unwrap() {
            let [name, id] = [event.event, event.id].map(|text| text.map(|text| text.into_owned()));
            events.push((name, event.data.into_owned(), id));
        }
    }
    assert!(!parser.is_within_event());
    events
}

/// The streams with each of the line ends that there are, and what they hold.
fn streams() -> Vec<(String, Vec<Event>)> {
    let mut streams = Vec::new();
    for stream in [RESPONSE, RUN] {
        let expected = events([stream.as_bytes()]);
        for end in ["\n", "\r\n", "\r"] {
            // Behind the last CR an LF could come.
            let tail = if end == "\r" { ":" } else { "" };
            streams.push((stream.replace('\n', end) + tail, expected.clone()));
        }
        streams.push((format!("\u{feff}{stream}"), expected));
    }
    streams
}

#[test]
fn a_recorded_stream_holds_its_events() {
    let names = |stream: &str| -> Vec<String> {
        events([stream.as_bytes()]).into_iter().map(|(name, _, _)| name.unwrap_or_default()).collect()
    };
    let run = ["thread.run.created", "thread.message.delta", "thread.run.dreaming", "done"];
    assert_eq!(names(RUN), run);
    let response = names(RESPONSE);
    assert_eq!((response.len(), response[5].as_str(), response[7].as_str()), (12, "keepalive", "response.smell.delta"));
    assert_eq!(response[11], "response.completed");
    let run = events([RUN.as_bytes()]);
    assert_eq!(run[2].1, "{\"id\":\"run_1\",\n\"deep\":true}");
    assert_eq!((run[2].2.as_deref(), run[3].1.as_str()), (Some("7"), "[DONE]"));
}

#[test]
fn cut_anywhere_or_byte_by_byte_a_stream_holds_the_same_events() {
    for (stream, expected) in streams() {
        let stream = stream.as_bytes();
        for cut in 0..=stream.len() {
            let (first, second) = stream.split_at(cut);
            assert_eq!(events([first, second]), expected, "cut at byte {cut}");
        }
        for size in 1..=64 {
            assert_eq!(events(stream.chunks(size)), expected, "in pieces of {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_any_pieces_a_stream_holds_the_same_events(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..60)) {
        for (stream, expected) in streams() {
            let stream = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut start = 0;
            for cut in cuts {
                pieces.push(&stream[start..cut]);
                start = cut;
            }
            pieces.push(&stream[start..]);
            prop_assert_eq!(events(pieces), expected);
        }
    }
}

#[test]
fn each_event_of_a_response_is_typed_or_kept() {
    let mut text = String::new();
    let mut unknown = Vec::new();
    let mut last = None;
    for (number, (name, data, _)) in events([RESPONSE.as_bytes()]).into_iter().enumerate() {
        let event: OpenAiResponseStreamEvent = round_trip(&data);
        let sent: Value = from_str(&data).unwrap();
        assert_eq!((sent["type"].as_str(), &sent["sequence_number"]), (name.as_deref(), &json!(number)));
        match event {
            OpenAiResponseStreamEvent::ResponseOutputTextDelta(delta) => {
                assert!(delta.extra.get("obfuscation").is_some());
                text.push_str(&delta.delta);
            }
            OpenAiResponseStreamEvent::ResponseCompleted(completed) => last = Some(completed.response),
            OpenAiResponseStreamEvent::Unknown(event) => unknown.push(event),
            _ => {}
        }
    }
    assert_eq!(text, "Howdy, \u{e9}\u{1F920}!");
    assert_eq!(
        unknown.iter().map(|event| event["type"].as_str().unwrap()).collect::<Vec<_>>(),
        ["keepalive", "response.smell.delta"]
    );
    let response = last.unwrap();
    assert!(response.extra.get("content_filters").is_some());
    let [OpenAiResponseOutputItem::Message(message)] = &response.output[..] else { panic!("{response:?}") };
    assert_eq!(message.id, "msg_1");
}
