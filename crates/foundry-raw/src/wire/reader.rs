//! Reading JSON text, one value at a time: the one way from bytes to wire types.
//!
//! A pull reader instead of serde's visitors, for three reasons: what was read can be looked at
//! again without a buffer (a union finds its tag and then reads the object once more), the place of
//! a failure is known everywhere, inside unions too, and the code of each type is compiled once in
//! this crate instead of once per user.

use serde_json::{Map, Number, Value};

use super::error::{DecodeError, push_segment};
use super::lexer::Lexer;
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
    json: Lexer<'j>,
    /// Where strings with escapes are put together.
    scratch: String,
    /// In which order the fields of each struct came last time: most objects of a type look alike.
    orders: Vec<Order>,
    /// Where in `orders` to look first for a struct, by the address of its fields.
    recent: [u8; RECENT],
    depth: usize,
    /// Set when a value was taken that does not encode as it was received (an integer that came as
    /// a float, say); the struct around it then keeps the received form.
    inexact: bool,
    report: Option<Box<Recording>>,
}

/// Stands in front of an object's first field.
const START: usize = 63;

/// How many structs are found at once.
const RECENT: usize = 64;

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
        Self {
            json: Lexer::new(data),
            scratch: String::new(),
            orders: Vec::new(),
            recent: [0; RECENT],
            depth: 0,
            inexact: false,
            report: None,
        }
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
        self.json.finish()
    }

    pub(crate) fn fail(&self, message: impl Into<String>) -> DecodeError {
        self.json.fail(message)
    }

    #[cold]
    fn unexpected(&mut self, expected: &str) -> DecodeError {
        match self.kind() {
            Ok(found) => self.fail(format!("expected {expected}, found {}", found.with_article())),
            Err(error) => error,
        }
    }

    #[inline]
    pub(crate) fn kind(&mut self) -> Result<Kind, DecodeError> {
        Ok(match self.json.peek_value()? {
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Bool,
            b'"' => Kind::String,
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            _ => Kind::Number,
        })
    }

    /// Takes `null` if that is what comes next.
    #[inline]
    pub(crate) fn take_null(&mut self) -> Result<bool, DecodeError> {
        if self.json.peek_value()? != b'n' {
            return Ok(false);
        }
        self.json.literal("null")?;
        Ok(true)
    }

    pub(crate) fn string(&mut self) -> Result<String, DecodeError> {
        self.str_with(str::to_owned)
    }

    /// Lends the string to `f` without making it one of our own.
    #[inline]
    pub(crate) fn str_with<T>(&mut self, f: impl FnOnce(&str) -> T) -> Result<T, DecodeError> {
        match self.json.peek_value()? {
            b'"' => self.json.string(&mut self.scratch).map(f),
            _ => Err(self.unexpected("a string")),
        }
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, DecodeError> {
        match self.json.peek_value()? {
            b't' => self.json.literal("true").map(|()| true),
            b'f' => self.json.literal("false").map(|()| false),
            _ => Err(self.unexpected("a boolean")),
        }
    }

    #[inline]
    fn number_text(&mut self, expected: &str) -> Result<(&'j str, bool), DecodeError> {
        match self.json.peek_value()? {
            b'-' | b'0'..=b'9' => self.json.number(),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// An integer; one that came as a float or is too large is rounded towards zero and clamped,
    /// and the struct around it keeps it as received.
    pub(crate) fn integer(&mut self) -> Result<i64, DecodeError> {
        let (text, _) = self.number_text("an integer")?;
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
        let (text, is_integer) = self.number_text("a number")?;
        // `1` would be encoded as `1.0`, which is another number to serde_json.
        self.inexact |= is_integer;
        self.parse_float(text)
    }

    fn parse_float(&self, text: &str) -> Result<f64, DecodeError> {
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(float),
            _ => Err(self.fail("number out of range")),
        }
    }

    /// A number that is encoded as it was received: an integer if it can be one.
    pub(crate) fn integer_or_number(&mut self) -> Result<Result<i64, Number>, DecodeError> {
        let (text, is_integer) = self.number_text("a number")?;
        match text.parse() {
            Ok(integer) if is_integer && text != "-0" => Ok(Ok(integer)),
            _ => serde_json::from_str(text).map(Err).map_err(|_| self.fail("number out of range")),
        }
    }

    /// Passes over one value of any kind.
    pub(crate) fn skip(&mut self) -> Result<(), DecodeError> {
        self.value().map(|_| ())
    }

    /// One value of any kind, as it is.
    pub(crate) fn value(&mut self) -> Result<Value, DecodeError> {
        Ok(match self.json.peek_value()? {
            b'"' => Value::String(self.string()?),
            b'{' => Value::Object(self.map()?),
            b'[' => {
                let mut values = Vec::new();
                self.array(|reader, _| {
                    values.push(reader.value()?);
                    Ok(())
                })?;
                Value::Array(values)
            }
            b'n' => self.json.literal("null").map(|()| Value::Null)?,
            b't' | b'f' => Value::Bool(self.boolean()?),
            _ => match self.integer_or_number()? {
                Ok(integer) => Value::from(integer),
                Err(number) => Value::Number(number),
            },
        })
    }

    /// An object of any kind, as it is.
    pub(crate) fn map(&mut self) -> Result<Map<String, Value>, DecodeError> {
        let mut map = Map::new();
        self.object(str::to_owned, |reader, name| {
            let value = reader.value().map_err(|error| error.at_field(&name))?;
            map.insert(name, value);
            Ok(())
        })?;
        Ok(map)
    }

    /// Reads an array; `each` is called with the index before each element and must take it.
    pub(crate) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self, usize) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if self.json.peek_value()? != b'[' {
            return Err(self.unexpected("an array"));
        }
        self.descend()?;
        self.json.open();
        let mut index = 0;
        while self.json.next_element(index == 0)? {
            let mark = self.enter_index(index);
            each(self, index).map_err(|error| error.at_index(index))?;
            self.leave(mark);
            index += 1;
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
        self.expect_object()?;
        self.json.open();
        let mut is_first = true;
        while self.json.next_name(is_first)? {
            is_first = false;
            let name = key(self.json.string(&mut self.scratch)?);
            self.json.colon()?;
            each(self, name)?;
        }
        self.depth -= 1;
        Ok(())
    }

    #[inline]
    fn expect_object(&mut self) -> Result<(), DecodeError> {
        if self.json.peek_value()? != b'{' {
            return Err(self.unexpected("an object"));
        }
        self.descend()
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
        self.expect_object()?;
        let order = self.order_of(fields);
        let mut before = b'{';
        let mut previous = START;
        loop {
            let guess = self.orders[order].next[previous] as usize;
            let expected = fields.get(guess).filter(|field| self.json.take_name(before, field.name));
            let key = if expected.is_some() {
                Ok(guess)
            } else {
                if before == b'{' {
                    self.json.open();
                }
                if !self.json.next_name(before == b'{')? {
                    break;
                }
                let name = self.json.string(&mut self.scratch)?;
                let key = index_of(name).ok_or_else(|| name.to_owned());
                self.json.colon()?;
                key
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

    #[inline]
    fn order_of(&mut self, fields: &'static [Field]) -> usize {
        let slot = fields.as_ptr().addr() / size_of::<Field>() % RECENT;
        let recent = usize::from(self.recent[slot]);
        match self.orders.get(recent) {
            Some(order) if std::ptr::eq(order.fields, fields) => recent,
            _ => self.look_up_order(fields, slot),
        }
    }

    fn look_up_order(&mut self, fields: &'static [Field], slot: usize) -> usize {
        let known = self.orders.iter().position(|order| std::ptr::eq(order.fields, fields));
        let order = known.unwrap_or_else(|| {
            self.orders.push(Order::new(fields));
            self.orders.len() - 1
        });
        // Those beyond are found by looking through all.
        self.recent[slot] = u8::try_from(order).unwrap_or_default();
        order
    }

    #[inline]
    fn descend(&mut self) -> Result<(), DecodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.json.too_deep());
        }
        self.depth += 1;
        Ok(())
    }

    /// Looks at the object that comes next without taking it: `key` is shown each name and picks
    /// those of interest, `look` may read the value of such a one. `true` ends the look.
    pub(crate) fn look_ahead<K>(
        &mut self,
        key: impl FnMut(&str) -> Option<K>,
        look: impl FnMut(K, &mut Look<'_, 'j>) -> bool,
    ) -> Result<(), DecodeError> {
        self.json.peek_value()?;
        let start = self.json.index();
        let looked = self.look(key, look);
        self.json.seek(start);
        if looked.is_err() {
            // What is wrong is wrong for `value` too, which knows the place.
            self.value()?;
            self.json.seek(start);
        }
        Ok(())
    }

    fn look<K>(
        &mut self,
        mut key: impl FnMut(&str) -> Option<K>,
        mut look: impl FnMut(K, &mut Look<'_, 'j>) -> bool,
    ) -> Result<(), DecodeError> {
        let levels = MAX_DEPTH.saturating_sub(self.depth + 1);
        self.json.open();
        let mut is_first = true;
        while self.json.next_name(is_first)? {
            is_first = false;
            let found = key(self.json.string(&mut self.scratch)?);
            self.json.colon()?;
            let first_byte = self.json.peek_value()?;
            let start = self.json.index();
            if let Some(found) = found {
                let mut value = Look { json: &mut self.json, scratch: &mut self.scratch, first_byte };
                if look(found, &mut value) {
                    return Ok(());
                }
                self.json.seek(start);
            }
            self.json.skip(levels)?;
        }
        Ok(())
    }

    /// Runs `f`; if it fails, the reader stands where it stood before.
    pub(crate) fn try_or_rewind<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let (start, depth) = (self.json.index(), self.depth);
        let recorded = self.report.as_ref().map(|recording| (recording.path.len(), recording.report.mark()));
        f(self).inspect_err(|_| {
            self.json.seek(start);
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
        self.json.index()
    }

    /// The value that was read from `start` to here, once more.
    pub(crate) fn value_since(&self, start: usize) -> Result<Value, DecodeError> {
        let text = self.json.text_from(start);
        serde_json::from_str(text).map_err(|error| DecodeError::new(error.to_string(), Some(start)))
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

/// The value of one field during a look ahead.
pub(crate) struct Look<'a, 'j> {
    json: &'a mut Lexer<'j>,
    scratch: &'a mut String,
    first_byte: u8,
}

impl Look<'_, '_> {
    /// Lends the value to `f` if it is a string.
    pub(crate) fn str_with<T>(&mut self, f: impl FnOnce(&str) -> T) -> Option<T> {
        if self.first_byte != b'"' {
            return None;
        }
        // A string that is none fails again, with its place, when it is really read.
        self.json.string(self.scratch).ok().map(f)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.first_byte == b'n'
    }
}
