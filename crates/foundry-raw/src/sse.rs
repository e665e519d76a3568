//! Server-sent events from bytes, without any I/O: bytes are pushed in as they arrive, events are
//! taken out.

use std::borrow::Cow;

use memchr::memchr2;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// Its name (`event:`), if it has one.
    pub event: Option<Cow<'a, str>>,
    /// Its data: the `data:` lines, joined by line feeds; empty if there is none.
    pub data: Cow<'a, str>,
    /// Its id (`id:`), if it has one.
    pub id: Option<Cow<'a, str>>,
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// An event is larger than the parser's limit.
    #[error("an event of the stream is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Takes events out of a stream of bytes.
///
/// Lines end with LF, CRLF or CR; comments, unknown fields and a byte order mark are passed over.
/// Unlike in a browser, an event with a name and no data is an event too. Bytes that are no UTF-8
/// become replacement characters.
///
/// ```
/// use foundry_raw::EventParser;
///
/// let mut parser = EventParser::new();
/// parser.push(b"event: done\ndata: [DO");
/// assert_eq!(parser.next_event()?, None);
/// parser.push(b"NE]\n\n");
/// assert_eq!(parser.next_event()?.unwrap().data, "[DONE]");
/// # Ok::<(), foundry_raw::EventError>(())
/// ```
#[derive(Debug)]
pub struct EventParser {
    buffer: Vec<u8>,
    /// Where the event in progress begins.
    start: usize,
    /// Where its current line begins.
    line: usize,
    /// Up to where the current line has been searched for its end.
    searched: usize,
    /// The last line ended with CR, so that an LF right behind it belongs to it.
    after_carriage_return: bool,
    /// Nothing has been read yet, so that a byte order mark may come.
    at_start: bool,
    limit: usize,
    /// Where several data lines are joined.
    joined: String,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl EventParser {
    /// How large an event may be unless another limit is given: 1 MiB.
    pub const LIMIT: usize = 1 << 20;

    /// A parser at the start of a stream.
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// A parser that takes events up to `limit` bytes, line ends included.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            line: 0,
            searched: 0,
            after_carriage_return: false,
            at_start: true,
            limit,
            joined: String::new(),
        }
    }

    /// Adds bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        // What has been taken out goes, so that memory stays that of one event and one push.
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.line -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next event out; `None` until more bytes are pushed.
    ///
    /// # Errors
    /// [`EventError::TooLarge`] for an event beyond the limit; then every further call says so.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, EventError> {
        if self.at_start {
            let known = self.buffer.len().min(BYTE_ORDER_MARK.len());
            if self.buffer[..known] == BYTE_ORDER_MARK[..known] {
                if known < BYTE_ORDER_MARK.len() {
                    return Ok(None);
                }
                self.begin_at(BYTE_ORDER_MARK.len());
            }
            self.at_start = false;
        }
        loop {
            if self.after_carriage_return {
                match self.buffer.get(self.line) {
                    None => return Ok(None),
                    Some(b'\n') => {
                        let is_empty = self.start == self.line;
                        self.line += 1;
                        self.searched = self.line;
                        if is_empty {
                            self.start = self.line;
                        }
                    }
                    Some(_) => {}
                }
                self.after_carriage_return = false;
            }
            let Some(end) = memchr2(b'\n', b'\r', &self.buffer[self.searched..]).map(|end| self.searched + end) else {
                self.searched = self.buffer.len();
                return self.within(self.buffer.len()).map(|()| None);
            };
            self.within(end)?;
            self.after_carriage_return = self.buffer[end] == b'\r';
            let (start, line) = (self.start, self.line);
            self.line = end + 1;
            self.searched = self.line;
            if end > line {
                continue;
            }
            // An empty line ends the event, if there was anything.
            self.start = self.line;
            if is_event(&self.buffer[start..line]) {
                return Ok(Some(event(&self.buffer[start..line], &mut self.joined)));
            }
        }
    }

    /// Whether an event has begun that has not ended: at the end of a stream, one was cut off.
    pub fn is_within_event(&self) -> bool {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        lines(rest).any(|line| !line.is_empty() && !line.starts_with(b":"))
    }

    fn begin_at(&mut self, place: usize) {
        self.start = place;
        self.line = place;
        self.searched = place;
    }

    fn within(&self, end: usize) -> Result<(), EventError> {
        if end - self.start > self.limit {
            return Err(EventError::TooLarge { limit: self.limit });
        }
        Ok(())
    }
}

impl Default for EventParser {
    fn default() -> Self {
        Self::new()
    }
}

/// The lines of a block; every line of it has its end, but for one that is still arriving.
fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = memchr2(b'\n', b'\r', rest) else { return Some(std::mem::take(&mut rest)) };
        let line = &rest[..end];
        let ended = if rest[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
        rest = &rest[ended..];
        Some(line)
    })
}

/// The name and the value of a line.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b':', line) {
        None => (line, b""),
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
    }
}

fn is_event(block: &[u8]) -> bool {
    lines(block).any(|line| matches!(field(line).0, b"data" | b"event"))
}

fn event<'a>(block: &'a [u8], joined: &'a mut String) -> Event<'a> {
    let mut name = None;
    let mut id = None;
    let mut data: Option<&[u8]> = None;
    let mut is_joined = false;
    for line in lines(block) {
        match field(line) {
            (b"data", value) => match data {
                None => data = Some(value),
                Some(first) => {
                    if !is_joined {
                        is_joined = true;
                        joined.clear();
                        joined.push_str(&String::from_utf8_lossy(first));
                    }
                    joined.push('\n');
                    joined.push_str(&String::from_utf8_lossy(value));
                }
            },
            (b"event", value) => name = Some(String::from_utf8_lossy(value)),
            (b"id", value) => id = Some(String::from_utf8_lossy(value)),
            _ => {}
        }
    }
    let data =
        if is_joined { Cow::Borrowed(joined.as_str()) } else { String::from_utf8_lossy(data.unwrap_or_default()) };
    Event { event: name, data, id }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Owned = (Option<String>, String, Option<String>);

    /// The events of a stream that arrives in these pieces.
    fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
        let mut parser = EventParser::new();
        let mut found = Vec::new();
        for piece in pieces {
            parser.push(piece);
            while let Some(event) = parser.next_event().unwrap() {
                found.push((event.event.map(Cow::into_owned), event.data.into_owned(), event.id.map(Cow::into_owned)));
            }
        }
        found
    }

    fn named(name: &str, data: &str) -> Owned {
        (Some(name.to_owned()), data.to_owned(), None)
    }

    #[test]
    fn streams_are_read_as_they_are_framed() {
        let unnamed = |data: &str| (None, data.to_owned(), None);
        for (stream, expected) in [
            ("event: a\ndata: 1\n\nevent: done\ndata: [DONE]\n\n", vec![named("a", "1"), named("done", "[DONE]")]),
            ("event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n", vec![named("a", "1"), named("b", "2")]),
            ("event: a\rdata: 1\r\revent: b\rdata: 2\r\r", vec![named("a", "1"), named("b", "2")]),
            ("\u{feff}data: x\n\n", vec![unnamed("x")]),
            ("data: x\n\n\n\n\ndata: y\n\n", vec![unnamed("x"), unnamed("y")]),
            (": ping\n\ndata: x\n: pong\n\n", vec![unnamed("x")]),
            ("data: x\ndata: y\ndata\ndata:  z\n\n", vec![unnamed("x\ny\n\n z")]),
            ("data:x\nid: 7\nretry: 10\nother: 1\n\n", vec![(None, "x".to_owned(), Some("7".to_owned()))]),
            ("event: keepalive\n\n", vec![named("keepalive", "")]),
            ("retry: 10\n\ndata: x\n\n", vec![unnamed("x")]),
            ("data: x\n", vec![]),
            ("data: h\u{e9}\n\n", vec![unnamed("h\u{e9}")]),
        ] {
            assert_eq!(events([stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        assert_eq!(events([&b"data: \xff\n\n"[..]]), [(None, "\u{fffd}".to_owned(), None)]);
    }

    #[test]
    fn a_cut_event_is_noticed() {
        for (stream, cut) in
            [("data: x", true), ("data: x\n", true), ("data: x\n\n", false), (": x", false), ("", false)]
        {
            let mut parser = EventParser::new();
            parser.push(stream.as_bytes());
            while parser.next_event().unwrap().is_some() {}
            assert_eq!(parser.is_within_event(), cut, "{stream:?}");
        }
    }

    #[test]
    fn an_event_beyond_the_limit_is_an_error_and_stays_one() {
        for stream in ["data: 0123456789", "data: 01\ndata: 2345", "data: 0123456789\n\n"] {
            let mut parser = EventParser::with_limit(13);
            parser.push(b"data: 012345\n\n");
            assert_eq!(parser.next_event().unwrap().unwrap().data, "012345");
            parser.push(stream.as_bytes());
            for _ in 0..2 {
                assert_eq!(parser.next_event(), Err(EventError::TooLarge { limit: 13 }), "{stream:?}");
            }
        }
    }

    #[test]
    fn memory_is_that_of_one_event() {
        let mut parser = EventParser::new();
        let event = format!("data: {}\n\n", "x".repeat(1000));
        for _ in 0..10_000 {
            parser.push(event.as_bytes());
            assert!(parser.next_event().unwrap().is_some());
        }
        assert!(parser.buffer.capacity() < 8 * event.len(), "{}", parser.buffer.capacity());
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("\n"), Just("\r\n"), Just("\r"), Just("data: "), Just("data:"), Just("event: a"),
                    Just("id: 1"), Just(": c"), Just("x"), Just("\u{e9}"), Just("\u{feff}"),
                ],
                0..40,
            ),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..10),
        ) {
            let stream = parts.concat().into_bytes();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            places.extend([0, stream.len()]);
            places.sort_unstable();
            let pieces = places.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
            prop_assert_eq!(events(pieces), events([&stream[..]]));
        }
    }
}
