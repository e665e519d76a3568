//! How the bytes of a stream of events go over the wire: their chunks, pauses, keep-alives, line ends.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::events::Event;

/// How a stream of events is sent.
///
/// Without any of it a stream is sent as the service sends it: one HTTP chunk per event, lines that
/// end with a line feed, no pauses and no keep-alives. Whatever is chosen here, the events are the
/// same.
///
/// Give it to [`EmulatorBuilder::framing`](crate::EmulatorBuilder::framing) for all streams or to
/// [`Rule::framing`](crate::Rule::framing) for those of some runs.
///
/// ```
/// use foundry_emulator::{Emulator, Framing};
/// use serde_json::{Value, json};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     // A parser that survives this survives much.
///     let framing = Framing::new().chunks_of(1).keep_alive_comments().keep_alive_events().crlf();
///     let emulator = Emulator::builder().framing(framing).start().await?;
///     let post = async |path: &str, body: Value| {
///         let url = format!("{}{path}?api-version=2025-05-01", emulator.endpoint());
///         reqwest::Client::new().post(url).bearer_auth("any").json(&body).send().await
///     };
///     let agent: Value = post("/assistants", json!({ "model": "gpt-4.1-mini" })).await?.json().await?;
///     let body = json!({ "assistant_id": agent["id"], "stream": true });
///     let mut answer = post("/threads/runs", body).await?;
///     assert_eq!(answer.chunk().await?.as_deref(), Some(&b"e"[..]));
///     let rest = answer.text().await?;
///     assert!(rest.contains("\r\n\r\n: keep-alive\r\n\r\nevent: keepalive\r\ndata: {}\r\n\r\n"));
///     assert!(rest.ends_with("event: done\r\ndata: [DONE]\r\n\r\n"));
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it does nothing until an emulator or a rule has it"]
pub struct Framing {
    chunks: Chunks,
    pause: Duration,
    comments: bool,
    keepalives: bool,
    line_end: LineEnd,
    ends_with_done: bool,
}

/// Where a stream is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Chunks {
    /// After each event.
    #[default]
    Events,
    /// After so many bytes.
    Bytes(usize),
    /// Nowhere.
    Whole,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum LineEnd {
    #[default]
    LineFeed,
    Both,
    CarriageReturn,
}

impl Framing {
    /// As the service sends.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends HTTP chunks of so many bytes, at least one, wherever events, lines and characters end.
    /// The last chunk of a stream, and one after which the run waits, may be shorter.
    pub fn chunks_of(mut self, bytes: usize) -> Self {
        self.chunks = Chunks::Bytes(bytes.max(1));
        self
    }

    /// Sends one HTTP chunk per event, as is the rule.
    pub fn chunk_per_event(mut self) -> Self {
        self.chunks = Chunks::Events;
        self
    }

    /// Sends everything in one HTTP chunk, once the run has come as far as it goes; until then it
    /// is held in memory.
    pub fn one_chunk(mut self) -> Self {
        self.chunks = Chunks::Whole;
        self
    }

    /// Waits so long before each HTTP chunk but the first; nothing else waits with it. The run goes
    /// on only as far as its events are needed for the next chunk.
    ///
    /// A run that is cancelled meanwhile, or an emulator that stops, ends all waiting of a stream.
    pub fn pause(mut self, duration: Duration) -> Self {
        self.pause = duration;
        self
    }

    /// Puts a comment, `: keep-alive`, after each event but the last. While a run hangs, there is
    /// one in each [`pause`](Self::pause), if there are pauses.
    pub fn keep_alive_comments(mut self) -> Self {
        self.comments = true;
        self
    }

    /// The same with an event called `keepalive`, whose data is `{}`, or in streams of responses its
    /// `type` and the `sequence_number` of the event before it.
    pub fn keep_alive_events(mut self) -> Self {
        self.keepalives = true;
        self
    }

    /// Ends streams of responses with an event called `done`, whose data is `[DONE]`, as those of
    /// runs end anyway. The service leaves it out.
    pub fn done(mut self) -> Self {
        self.ends_with_done = true;
        self
    }

    /// Ends lines with carriage return and line feed, which the service does not, but the standard
    /// of such streams allows.
    pub fn crlf(mut self) -> Self {
        self.line_end = LineEnd::Both;
        self
    }

    /// Ends lines with a carriage return alone, which the standard allows as well.
    pub fn cr(mut self) -> Self {
        self.line_end = LineEnd::CarriageReturn;
        self
    }

    /// Whether streams of responses end with an event that says so.
    pub(crate) fn ends_with_done(&self) -> bool {
        self.ends_with_done
    }

    /// How long to wait before each chunk but the first.
    pub(crate) fn wait(&self) -> Duration {
        self.pause
    }

    /// How often a stream that hangs shows that it is alive, if it does.
    pub(crate) fn beat(&self) -> Option<Duration> {
        let beats = (self.comments || self.keepalives) && !self.pause.is_zero();
        beats.then_some(self.pause)
    }

    fn frame(&self, event: &Event) -> Bytes {
        self.lines(format!("event: {}\ndata: {}\n\n", event.name, event.data))
    }

    /// What shows that a stream is alive, piece by piece.
    fn keep_alive(&self, number: Option<u64>) -> impl Iterator<Item = Bytes> {
        let data = match number {
            Some(number) => format!(r#"{{"sequence_number":{number},"type":"keepalive"}}"#),
            None => "{}".to_owned(),
        };
        let comment = self.comments.then(|| self.lines(": keep-alive\n\n".to_owned()));
        let event = self.keepalives.then(|| self.lines(format!("event: keepalive\ndata: {data}\n\n")));
        comment.into_iter().chain(event)
    }

    fn lines(&self, text: String) -> Bytes {
        // Data is JSON on one line, so that all line feeds are ends of lines.
        match self.line_end {
            LineEnd::LineFeed => text.into(),
            LineEnd::Both => text.replace('\n', "\r\n").into(),
            LineEnd::CarriageReturn => text.replace('\n', "\r").into(),
        }
    }
}

/// Cuts events into chunks.
#[derive(Debug)]
pub(crate) struct Framer {
    framing: Framing,
    /// Frames, of which none is in a chunk yet.
    frames: VecDeque<Bytes>,
    /// What is left of frames that were put together.
    rest: BytesMut,
    is_first: bool,
    /// The number of the last event.
    number: Option<u64>,
}

impl Framer {
    pub(crate) fn new(framing: Framing) -> Self {
        Self { framing, frames: VecDeque::new(), rest: BytesMut::new(), is_first: true, number: None }
    }

    pub(crate) fn framing(&self) -> &Framing {
        &self.framing
    }

    /// Whether everything is in a chunk.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.rest.is_empty()
    }

    /// Adds an event, with what keeps the stream alive before it.
    pub(crate) fn push(&mut self, event: &Event) {
        if !self.is_first {
            self.keep_alive();
        }
        self.is_first = false;
        self.number = event.number;
        self.frames.push_back(self.framing.frame(event));
    }

    /// Adds what shows that the stream is alive.
    pub(crate) fn keep_alive(&mut self) {
        self.frames.extend(self.framing.keep_alive(self.number));
    }

    /// The next chunk, if there is enough for one; if nothing comes soon, of whatever there is.
    pub(crate) fn chunk(&mut self, nothing_comes: bool) -> Option<Bytes> {
        let size = match self.framing.chunks {
            Chunks::Events => return self.frames.pop_front(),
            Chunks::Bytes(size) => size,
            Chunks::Whole => usize::MAX,
        };
        while self.rest.len() < size
            && let Some(frame) = self.frames.pop_front()
        {
            self.rest.extend_from_slice(&frame);
        }
        let is_enough = self.rest.len() >= size || (nothing_comes && !self.rest.is_empty());
        is_enough.then(|| self.rest.split_to(size.min(self.rest.len())).freeze())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::events::Events;

    fn framer(framing: Framing) -> Framer {
        let mut framer = Framer::new(framing);
        let mut events = Events::default();
        events.push("thread.created", json!({ "id": "thread_1", "text": "a\nb" }));
        for event in events.into_iter() {
            framer.push(&event);
        }
        framer.push(&Event::done());
        framer
    }

    fn chunks(framing: Framing) -> Vec<Bytes> {
        let mut framer = framer(framing);
        std::iter::from_fn(|| framer.chunk(true)).collect()
    }

    const FIRST: &str = "event: thread.created\ndata: {\"id\":\"thread_1\",\"text\":\"a\\nb\"}\n\n";
    const LAST: &str = "event: done\ndata: [DONE]\n\n";

    #[test]
    fn events_are_framed_as_the_service_does() {
        assert_eq!(chunks(Framing::new()), [FIRST, LAST]);
        assert_eq!(chunks(Framing::new().one_chunk().chunk_per_event()), [FIRST, LAST]);
    }

    #[test]
    fn streams_are_cut_where_one_wants() {
        let whole = format!("{FIRST}{LAST}");
        assert_eq!(chunks(Framing::new().one_chunk()), [whole.as_str()]);
        for size in [0, 1, 2, 7, FIRST.len(), whole.len() - 1, whole.len(), 1000] {
            let chunks = chunks(Framing::new().chunks_of(size));
            assert_eq!(chunks.concat(), whole.as_bytes(), "{size}");
            let (last, others) = chunks.split_last().unwrap();
            assert!(others.iter().all(|chunk| chunk.len() == size.max(1)) && last.len() <= size.max(1), "{size}");
        }
        // As long as something may come, a chunk waits until it is full.
        let mut framer = framer(Framing::new().chunks_of(whole.len() - 1));
        assert!(framer.chunk(false).is_some());
        assert_eq!(framer.chunk(false), None);
        assert_eq!(framer.chunk(true).as_deref(), Some(&b"\n"[..]));
    }

    #[test]
    fn keep_alives_stand_between_events() {
        let both = Framing::new().keep_alive_comments().keep_alive_events();
        assert_eq!(chunks(both), [FIRST, ": keep-alive\n\n", "event: keepalive\ndata: {}\n\n", LAST]);
        assert_eq!(chunks(Framing::new().keep_alive_comments()), [FIRST, ": keep-alive\n\n", LAST]);
        // Only those that pause have a rhythm.
        let second = Duration::from_secs(1);
        assert_eq!(Framing::new().keep_alive_events().beat(), None);
        assert_eq!(Framing::new().pause(second).beat(), None);
        assert_eq!(Framing::new().pause(second).keep_alive_events().beat(), Some(second));
    }

    #[test]
    fn lines_end_as_one_wants() {
        assert_eq!(chunks(Framing::new().crlf())[1], "event: done\r\ndata: [DONE]\r\n\r\n");
        assert_eq!(chunks(Framing::new().cr())[1], "event: done\rdata: [DONE]\r\r");
        assert_eq!(chunks(Framing::new().crlf())[0], FIRST.replace('\n', "\r\n"));
    }
}
