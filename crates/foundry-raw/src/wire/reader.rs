//! Reading JSON text, one value at a time: the one way from bytes to wire types.
//!
//! A pull reader instead of serde's visitors, for three reasons: what was read can be looked at
//! again without a buffer (a union finds its tag and then reads the object once more), the place of
//! a failure is known everywhere, inside unions too, and the code of each type is compiled once in
//! this crate instead of once per user. `jiter` does the lexing.

use jiter::{Jiter, Peek};
use serde_json::Value;

use super::error::{DecodeError, push_segment};
use super::model::Field;
use super::report::{Direction, Report};

/// How many levels of arrays and objects a document may have: as many as `serde_json` takes.
pub const MAX_DEPTH: usize = 127;

/// The kind of JSON value that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    fn with_article(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// A JSON text and how far it has been read.
#[derive(Debug)]
#[doc(hidden)]
pub struct Reader<'j> {
    data: &'j [u8],
    /// Reads from `base` on.
    json: Jiter<'j>,
    base: usize,
    /// In which order the fields of each struct came last time: most objects of a type look alike.
    orders: Vec<Order>,
    depth: usize,
    /// Set when a value was taken that does not encode as it was received (an integer that came as
    /// a float, say); the struct around it then keeps the received form.
    inexact: bool,
    report: Option<Box<Recording>>,
}

/// Stands in front of an object's first field.
const START: usize = 63;

/// In which order the fields of a struct came last time.
#[derive(Debug)]
struct Order {
    fields: &'static [Field],
    /// Of each field, the one behind it; fields beyond the table are looked up each time.
    next: [u8; START + 1],
}

impl Order {
    /// The order of the document, before any object has been seen.
    fn new(fields: &'static [Field]) -> Self {
        let mut next = [0; START + 1];
        for (index, next) in next.iter_mut().enumerate().take(START) {
            *next = index as u8 + 1;
        }
        Self { fields, next }
    }
}

/// The report being written and the place where the reader stands.
#[derive(Debug)]
struct Recording {
    path: String,
    direction: Direction,
    report: Report,
}

impl<'j> Reader<'j> {
    pub(crate) fn new(data: &'j [u8]) -> Self {
        Self { data, json: Jiter::new(data), base: 0, orders: Vec::new(), depth: 0, inexact: false, report: None }
    }

    pub(crate) fn reporting(data: &'j [u8], direction: Direction) -> Self {
        let recording = Recording { path: String::new(), direction, report: Report::default() };
        Self { report: Some(Box::new(recording)), ..Self::new(data) }
    }

    pub(crate) fn into_report(self) -> Report {
        self.report.map(|recording| recording.report).unwrap_or_default()
    }

    /// Nothing but white space may follow.
    pub(crate) fn finish(&mut self) -> Result<(), DecodeError> {
        self.json.finish().map_err(|error| self.syntax(error))
    }

    pub(crate) fn fail(&self, message: impl Into<String>) -> DecodeError {
        DecodeError::new(message, Some(self.index()))
    }

    fn syntax(&self, error: jiter::JiterError) -> DecodeError {
        DecodeError::new(error.error_type.to_string(), Some(self.base + error.index))
    }

    /// How far the text has been read.
    #[inline]
    fn index(&self) -> usize {
        self.base + self.json.current_index()
    }

    fn slice_from(&self, start: usize) -> &'j [u8] {
        self.data.get(start..self.index()).unwrap_or_default()
    }

    /// Goes on at another place, further on.
    fn seek(&mut self, to: usize) {
        let tape = std::mem::replace(&mut self.json, Jiter::new(&[])).into_tape();
        self.json = Jiter::with_tape(self.data.get(to..).unwrap_or_default(), tape);
        self.base = to;
    }

    fn unexpected(&self, expected: &str, found: Kind) -> DecodeError {
        self.fail(format!("expected {expected}, found {}", found.with_article()))
    }

    pub(crate) fn kind(&mut self) -> Result<Kind, DecodeError> {
        Ok(match self.peek()? {
            Peek::Null => Kind::Null,
            Peek::True | Peek::False => Kind::Bool,
            Peek::String => Kind::String,
            Peek::Array => Kind::Array,
            Peek::Object => Kind::Object,
            _ => Kind::Number,
        })
    }

    fn peek(&mut self) -> Result<Peek, DecodeError> {
        let peek = self.json.peek().map_err(|error| self.syntax(error))?;
        match peek {
            Peek::Null | Peek::True | Peek::False | Peek::String | Peek::Array | Peek::Object => Ok(peek),
            // NaN and Infinity count as numbers for jiter; they are no JSON.
            Peek::NaN | Peek::Infinity => Err(self.fail("expected a value")),
            peek if peek.is_num() => Ok(peek),
            _ => Err(self.fail("expected a value")),
        }
    }

    /// Fails unless this kind of value comes next.
    #[inline]
    fn expect(&mut self, peek: Peek, expected: &str) -> Result<(), DecodeError> {
        if self.peek()? == peek {
            return Ok(());
        }
        let found = self.kind()?;
        Err(self.unexpected(expected, found))
    }

    /// Takes `null` if that is what comes next.
    #[inline]
    pub(crate) fn take_null(&mut self) -> Result<bool, DecodeError> {
        if self.peek()? != Peek::Null {
            return Ok(false);
        }
        self.json.known_null().map_err(|error| self.syntax(error))?;
        Ok(true)
    }

    pub(crate) fn string(&mut self) -> Result<String, DecodeError> {
        self.str_with(str::to_owned)
    }

    /// Lends the string to `f` without making it one of our own.
    #[inline]
    pub(crate) fn str_with<T>(&mut self, f: impl FnOnce(&str) -> T) -> Result<T, DecodeError> {
        match self.peek()? {
            Peek::String => match self.json.known_str() {
                Ok(text) => Ok(f(text)),
                Err(error) => Err(self.syntax(error)),
            },
            _ => {
                let found = self.kind()?;
                Err(self.unexpected("a string", found))
            }
        }
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, DecodeError> {
        match self.peek()? {
            peek @ (Peek::True | Peek::False) => self.json.known_bool(peek).map_err(|error| self.syntax(error)),
            _ => {
                let found = self.kind()?;
                Err(self.unexpected("a boolean", found))
            }
        }
    }

    fn number_text(&mut self, expected: &str) -> Result<&'j str, DecodeError> {
        let peek = self.peek()?;
        if !peek.is_num() {
            let found = self.kind()?;
            return Err(self.unexpected(expected, found));
        }
        let start = self.index();
        self.json.known_skip(peek).map_err(|error| self.syntax(error))?;
        std::str::from_utf8(self.slice_from(start)).map_err(|_| self.fail("expected a number"))
    }

    /// An integer; one that came as a float or is too large is rounded towards zero and clamped,
    /// and the struct around it keeps it as received.
    pub(crate) fn integer(&mut self) -> Result<i64, DecodeError> {
        let text = self.number_text("an integer")?;
        if let Ok(integer) = text.parse::<i64>() {
            // `-0` is a float for serde_json, and would come back as `0`.
            self.inexact |= text == "-0";
            return Ok(integer);
        }
        self.inexact = true;
        let float = self.parse_float(text)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` rounds towards zero and clamps, which is what is wanted"
        )]
        let integer = float as i64;
        Ok(integer)
    }

    pub(crate) fn float(&mut self) -> Result<f64, DecodeError> {
        let text = self.number_text("a number")?;
        // `1` would be encoded as `1.0`, which is another number to serde_json.
        self.inexact |= !text.contains(['.', 'e', 'E']);
        self.parse_float(text)
    }

    fn parse_float(&self, text: &str) -> Result<f64, DecodeError> {
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(float),
            _ => Err(self.fail("number out of range")),
        }
    }

    /// A number that is encoded as it was received: an integer if it can be one.
    pub(crate) fn integer_or_number(&mut self) -> Result<Result<i64, serde_json::Number>, DecodeError> {
        let text = self.number_text("a number")?;
        match text.parse() {
            Ok(integer) if text != "-0" => Ok(Ok(integer)),
            _ => serde_json::from_str(text).map(Err).map_err(|error| self.fail(strip_position(&error))),
        }
    }

    /// Passes over one value of any kind.
    pub(crate) fn skip(&mut self) -> Result<(), DecodeError> {
        self.raw().map(|_| ())
    }

    /// The text of one value of any kind.
    pub(crate) fn raw(&mut self) -> Result<&'j [u8], DecodeError> {
        let peek = self.peek()?;
        let start = self.index();
        self.json.known_skip(peek).map_err(|error| self.syntax(error))?;
        Ok(self.slice_from(start))
    }

    /// One value of any kind, as it is.
    pub(crate) fn value(&mut self) -> Result<Value, DecodeError> {
        let start = self.index();
        let raw = self.raw()?;
        // The limit counts from the top of the document, not from this value.
        if self.depth + levels(raw) > MAX_DEPTH {
            return Err(too_deep(start));
        }
        match serde_json::from_slice(raw) {
            Ok(value) => Ok(value),
            Err(error) => Err(DecodeError::new(strip_position(&error), Some(start))),
        }
    }

    /// Reads an array; `each` is called with the index before each element and must take it.
    pub(crate) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self, usize) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.expect(Peek::Array, "an array")?;
        self.descend()?;
        let mut more = self.json.known_array().map_err(|error| self.syntax(error))?;
        let mut index = 0;
        while more.is_some() {
            let mark = self.enter_index(index);
            each(self, index).map_err(|error| error.at_index(index))?;
            self.leave(mark);
            index += 1;
            more = self.json.array_step().map_err(|error| self.syntax(error))?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an object: `key` is shown each name and says what it stands for, `each` must take the
    /// value.
    #[inline]
    pub(crate) fn object<K>(
        &mut self,
        mut key: impl FnMut(&str) -> K,
        mut each: impl FnMut(&mut Self, K) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.expect(Peek::Object, "an object")?;
        self.descend()?;
        let mut next = match self.json.known_object() {
            Ok(name) => name.map(&mut key),
            Err(error) => return Err(self.syntax(error)),
        };
        while let Some(name) = next {
            each(self, name)?;
            next = match self.json.next_key() {
                Ok(name) => name.map(&mut key),
                Err(error) => return Err(self.syntax(error)),
            };
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an object of a struct: `each` is told the index of each field, or its name if the
    /// struct does not have it, and must take the value.
    ///
    /// Lists hold objects that look alike, so the name that came next last time is compared with the
    /// text as it stands before the name is really read.
    pub(crate) fn fields(
        &mut self,
        fields: &'static [Field],
        index_of: fn(&str) -> Option<usize>,
        mut each: impl FnMut(&mut Self, Result<usize, String>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.expect(Peek::Object, "an object")?;
        self.descend()?;
        let order = self.order_of(fields);
        let mut before: u8 = b'{';
        let mut previous = START;
        loop {
            let guess = self.orders[order].next[previous] as usize;
            let expected = fields.get(guess).filter(|field| self.take_name(before, field.name));
            let key = if expected.is_some() {
                Ok(guess)
            } else {
                let name = if before == b'{' { self.json.known_object() } else { self.json.next_key() };
                match name {
                    Ok(None) => break,
                    Ok(Some(name)) => index_of(name).ok_or_else(|| name.to_owned()),
                    Err(error) => return Err(self.syntax(error)),
                }
            };
            if let Ok(index) = key
                && index < START
            {
                self.orders[order].next[previous] = index as u8;
                previous = index;
            }
            before = b',';
            each(self, key)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Takes a name with what stands around it, if that is exactly what comes.
    #[inline]
    fn take_name(&mut self, before: u8, name: &str) -> bool {
        let start = self.index();
        let Some(rest) = self.data.get(start..) else { return false };
        let length = name.len() + 4;
        let is_next = rest.len() > length
            && rest[0] == before
            && rest[1] == b'"'
            && &rest[2..2 + name.len()] == name.as_bytes()
            && rest[2 + name.len()] == b'"'
            && rest[3 + name.len()] == b':';
        if is_next {
            self.seek(start + length);
        }
        is_next
    }

    fn order_of(&mut self, fields: &'static [Field]) -> usize {
        let known = self.orders.iter().position(|order| std::ptr::eq(order.fields, fields));
        known.unwrap_or_else(|| {
            self.orders.push(Order::new(fields));
            self.orders.len() - 1
        })
    }

    fn descend(&mut self) -> Result<(), DecodeError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(self.index()));
        }
        Ok(())
    }

    /// Looks at the object that comes next without taking it: `key` is shown each name and picks
    /// those of interest, `look` may read the value of such a one. `true` ends the look.
    pub(crate) fn look_ahead<K>(
        &mut self,
        mut key: impl FnMut(&str) -> Option<K>,
        mut look: impl FnMut(K, &mut Look<'_, 'j>) -> bool,
    ) -> Result<(), DecodeError> {
        let base = self.base;
        let failed =
            |error: jiter::JiterError| DecodeError::new(error.error_type.to_string(), Some(base + error.index));
        let mut ahead = self.json.clone();
        ahead.peek().map_err(failed)?;
        let mut next = ahead.known_object().map_err(failed)?.map(&mut key);
        while let Some(found) = next {
            let peek = ahead.peek().map_err(failed)?;
            let mut value = Look { json: &mut ahead, peek, taken: false };
            if let Some(found) = found
                && look(found, &mut value)
            {
                return Ok(());
            }
            if !value.taken {
                ahead.known_skip(peek).map_err(failed)?;
            }
            next = ahead.next_key().map_err(failed)?.map(&mut key);
        }
        Ok(())
    }

    /// Runs `f`; if it fails, the reader stands where it stood before.
    pub(crate) fn try_or_rewind<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let (json, base, depth) = (self.json.clone(), self.base, self.depth);
        let recorded = self.report.as_ref().map(|recording| (recording.path.len(), recording.report.mark()));
        f(self).inspect_err(|_| {
            self.json = json;
            self.base = base;
            self.depth = depth;
            if let (Some(recording), Some((length, mark))) = (&mut self.report, recorded) {
                recording.path.truncate(length);
                recording.report.rewind(mark);
            }
        })
    }

    /// Runs `f` without anything being reported.
    pub(crate) fn quietly<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let report = self.report.take();
        let result = f(self);
        self.report = report;
        result
    }

    /// Whether the value taken since the last call encodes otherwise than it was received.
    #[inline]
    pub(crate) fn take_inexact(&mut self) -> bool {
        std::mem::take(&mut self.inexact)
    }

    pub(crate) fn set_inexact(&mut self) {
        self.inexact = true;
    }

    pub(crate) fn position(&self) -> usize {
        self.index()
    }

    /// The value that was read from `start` to here, once more.
    pub(crate) fn value_since(&self, start: usize) -> Result<Value, DecodeError> {
        let text = self.data.get(start..self.index()).unwrap_or_default();
        serde_json::from_slice(text).map_err(|error| DecodeError::new(strip_position(&error), Some(start)))
    }

    // ---- the report: nothing is done and nothing is allocated unless one was asked for

    #[inline]
    pub(crate) fn enter_field(&mut self, name: &str) -> usize {
        match &mut self.report {
            None => 0,
            Some(recording) => {
                let mark = recording.path.len();
                push_segment(&mut recording.path, name);
                mark
            }
        }
    }

    #[inline]
    fn enter_index(&mut self, index: usize) -> usize {
        match &mut self.report {
            None => 0,
            Some(recording) => {
                let mark = recording.path.len();
                push_segment(&mut recording.path, &index.to_string());
                mark
            }
        }
    }

    #[inline]
    pub(crate) fn leave(&mut self, mark: usize) {
        if let Some(recording) = &mut self.report {
            recording.path.truncate(mark);
        }
    }

    /// Notes something at the place where the reader stands, or at the field `name` of it.
    #[inline]
    pub(crate) fn note(&mut self, name: Option<&str>, f: impl FnOnce(&mut Report, Direction, String)) {
        if let Some(recording) = &mut self.report {
            let mut place = recording.path.clone();
            if let Some(name) = name {
                push_segment(&mut place, name);
            }
            f(&mut recording.report, recording.direction, place);
        }
    }
}

fn too_deep(offset: usize) -> DecodeError {
    DecodeError::new(format!("nested deeper than {MAX_DEPTH} levels"), Some(offset))
}

/// How many levels of arrays and objects a JSON text has.
fn levels(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => {
                            bytes.next();
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

/// The value of one field during a look ahead.
pub(crate) struct Look<'a, 'j> {
    json: &'a mut Jiter<'j>,
    peek: Peek,
    taken: bool,
}

impl Look<'_, '_> {
    /// Lends the value to `f` if it is a string.
    pub(crate) fn str_with<T>(&mut self, f: impl FnOnce(&str) -> T) -> Option<T> {
        if self.peek != Peek::String || self.taken {
            return None;
        }
        self.taken = true;
        // A string that is none fails again, with its place, when it is really read.
        self.json.known_str().ok().map(f)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.peek == Peek::Null
    }
}

/// The message of a serde_json error without its line and column, which count from the value.
fn strip_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
