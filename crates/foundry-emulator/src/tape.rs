//! The events of a response, kept so that they can be read again.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use serde_json::Value;

use crate::events::Event;

/// How many events a response keeps. Longer ones forget the oldest that were read, or that nobody
/// reads.
const KEPT_EVENTS: usize = 10_000;

/// What a response has told so far, numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// How many events are forgotten.
    forgotten: u64,
    events: VecDeque<Event>,
    /// There as long as somebody reads.
    reader: Weak<()>,
}

impl Tape {
    /// The number of the next event.
    pub(crate) fn next_number(&self) -> u64 {
        self.forgotten + self.events.len() as u64
    }

    /// Adds an event, which gets its name and its number into its data.
    pub(crate) fn push(&mut self, name: &str, mut data: Value) {
        let number = self.next_number();
        if let Some(data) = data.as_object_mut() {
            data.insert("type".to_owned(), name.into());
            data.insert("sequence_number".to_owned(), number.into());
        }
        if !self.is_read() {
            self.forget_to(number);
        }
        // What is kept is copied to where it just fits: text that was written piece by piece has as
        // much room again behind it.
        let data = data.to_string();
        let data = String::from(data.as_str());
        let mut event = Event::new(name.to_owned(), data);
        event.number = Some(number);
        self.events.push_back(event);
    }

    /// The event of a number; what is before it may be forgotten from now on.
    pub(crate) fn read(&mut self, number: u64) -> Option<Event> {
        self.forget_to(number);
        let index = usize::try_from(number.checked_sub(self.forgotten)?).ok()?;
        self.events.get(index).cloned()
    }

    /// Forgets the oldest events before a number, if there are too many.
    fn forget_to(&mut self, number: u64) {
        while self.events.len() >= KEPT_EVENTS && self.forgotten < number {
            self.events.pop_front();
            self.forgotten += 1;
        }
    }

    /// The number of the oldest event that is not forgotten.
    pub(crate) fn oldest(&self) -> u64 {
        self.forgotten
    }

    /// Somebody reads as long as what this gives is there.
    pub(crate) fn attend(&mut self) -> Arc<()> {
        let reader = self.reader.upgrade().unwrap_or_default();
        self.reader = Arc::downgrade(&reader);
        reader
    }

    /// Whether somebody reads.
    pub(crate) fn is_read(&self) -> bool {
        self.reader.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_numbered_and_can_be_read_again() {
        let mut tape = Tape::default();
        tape.push("a", json!({}));
        tape.push("b", json!({ "x": 1 }));
        let event = tape.read(1).unwrap();
        assert_eq!((event.name.as_ref(), event.number), ("b", Some(1)));
        assert_eq!(event.data, r#"{"sequence_number":1,"type":"b","x":1}"#);
        assert_eq!(tape.read(0).unwrap().number, Some(0));
        assert_eq!((tape.read(2), tape.oldest()), (None, 0));
    }

    #[test]
    fn a_long_tape_forgets_what_was_read_or_nobody_reads() {
        let count = KEPT_EVENTS as u64 * 3;
        for is_read in [true, false] {
            let mut tape = Tape::default();
            let _reader = is_read.then(|| tape.attend());
            for number in 0..count {
                tape.push("a", json!({}));
                if is_read {
                    assert_eq!(tape.read(number).unwrap().number, Some(number));
                }
            }
            assert!(tape.events.len() <= KEPT_EVENTS + 1, "{}", tape.events.len());
            assert_eq!((tape.next_number(), tape.read(0)), (count, None));
            assert_eq!(tape.read(tape.oldest()).unwrap().number, Some(tape.oldest()));
            assert_eq!(tape.read(count - 1).unwrap().number, Some(count - 1));
        }
    }

    #[test]
    fn what_a_reader_has_not_read_is_kept() {
        let mut tape = Tape::default();
        let _reader = tape.attend();
        for _ in 0..KEPT_EVENTS + 100 {
            tape.push("a", json!({}));
        }
        assert_eq!(tape.read(0).unwrap().number, Some(0));
    }

    #[test]
    fn it_is_read_as_long_as_a_reader_is_there() {
        let mut tape = Tape::default();
        assert!(!tape.is_read());
        let (first, second) = (tape.attend(), tape.attend());
        drop(first);
        assert!(tape.is_read());
        drop(second);
        assert!(!tape.is_read());
    }
}
