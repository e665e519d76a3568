//! The tokens of JSON text: white space, literals, numbers and strings.
//!
//! The text is checked to be UTF-8 once, as a whole, which is what makes strings cheap: without an
//! escape they are a slice of the text.

use super::error::DecodeError;
use super::reader::MAX_DEPTH;

/// What stands behind a backslash for which character; 0 for what does not.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let pairs = [
        (b'n', b'\n'),
        (b'"', b'"'),
        (b'\\', b'\\'),
        (b'/', b'/'),
        (b't', b'\t'),
        (b'r', b'\r'),
        (b'b', 8),
        (b'f', 12),
    ];
    let mut index = 0;
    while index < pairs.len() {
        escapes[pairs[index].0 as usize] = pairs[index].1;
        index += 1;
    }
    escapes
};

/// JSON text and how far it has been read.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'j> {
    text: &'j str,
    index: usize,
    /// What follows `text` is no UTF-8; it is complained about where the reading gets there, so
    /// that the complaint has a place.
    is_cut: bool,
}

impl<'j> Lexer<'j> {
    pub(super) fn new(data: &'j [u8]) -> Self {
        match std::str::from_utf8(data) {
            Ok(text) => Self { text, index: 0, is_cut: false },
            Err(error) => {
                let text = std::str::from_utf8(&data[..error.valid_up_to()]).unwrap_or_default();
                Self { text, index: 0, is_cut: true }
            }
        }
    }

    #[inline]
    pub(super) fn index(&self) -> usize {
        self.index
    }

    #[inline]
    pub(super) fn seek(&mut self, index: usize) {
        self.index = index;
    }

    #[inline]
    pub(super) fn text_from(&self, start: usize) -> &'j str {
        self.text.get(start..self.index).unwrap_or_default()
    }

    #[cold]
    pub(super) fn fail(&self, message: impl Into<String>) -> DecodeError {
        DecodeError::new(message, Some(self.index))
    }

    /// What is wrong where the text ends, or another byte than `expected` stands.
    #[cold]
    fn unexpected(&self, expected: &str) -> DecodeError {
        match self.text.as_bytes().get(self.index) {
            None if self.is_cut => self.fail("the text is not UTF-8 from here on"),
            None => self.fail(format!("the text ends, expected {expected}")),
            Some(_) => self.fail(format!("expected {expected}")),
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.index).copied()
    }

    /// The first byte of the next token.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.index += 1,
                byte => return byte,
            }
        }
    }

    /// The first byte of the value that comes next.
    #[inline]
    pub(super) fn peek_value(&mut self) -> Result<u8, DecodeError> {
        match self.peek() {
            Some(byte @ (b'"' | b'{' | b'[' | b'n' | b't' | b'f' | b'-' | b'0'..=b'9')) => Ok(byte),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Takes the byte with which an array or object begins.
    #[inline]
    pub(super) fn open(&mut self) {
        self.index += 1;
    }

    /// Behind `[` or an element: `false` at the end of the array, which is taken.
    #[inline]
    pub(super) fn next_element(&mut self, is_first: bool) -> Result<bool, DecodeError> {
        match self.peek() {
            Some(b']') => {
                self.index += 1;
                Ok(false)
            }
            Some(b',') if !is_first => {
                self.index += 1;
                Ok(true)
            }
            Some(_) if is_first => Ok(true),
            _ => Err(self.unexpected(if is_first { "a value or `]`" } else { "`,` or `]`" })),
        }
    }

    /// Behind `{` or a value: `false` at the end of the object, which is taken; else a name comes.
    #[inline]
    pub(super) fn next_name(&mut self, is_first: bool) -> Result<bool, DecodeError> {
        match self.peek() {
            Some(b'}') => {
                self.index += 1;
                return Ok(false);
            }
            Some(b',') if !is_first => self.index += 1,
            Some(_) if is_first => {}
            _ => return Err(self.unexpected(if is_first { "a name or `}`" } else { "`,` or `}`" })),
        }
        match self.peek() {
            Some(b'"') => Ok(true),
            _ => Err(self.unexpected("a name")),
        }
    }

    /// The colon behind a name.
    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), DecodeError> {
        match self.peek() {
            Some(b':') => {
                self.index += 1;
                Ok(())
            }
            _ => Err(self.unexpected("`:`")),
        }
    }

    /// Takes a name with what stands around it, if that is exactly what comes.
    #[inline]
    pub(super) fn take_name(&mut self, before: u8, name: &str) -> bool {
        let rest = self.text.as_bytes().get(self.index..).unwrap_or_default();
        let length = name.len() + 4;
        let is_next = rest.len() > length
            && rest[0] == before
            && rest[1] == b'"'
            && &rest[2..2 + name.len()] == name.as_bytes()
            && rest[2 + name.len()] == b'"'
            && rest[3 + name.len()] == b':';
        if is_next {
            self.index += length;
        }
        is_next
    }

    /// Takes `null`, `true` or `false`, of which the first byte has been seen.
    #[inline]
    pub(super) fn literal(&mut self, literal: &str) -> Result<(), DecodeError> {
        match self.text.as_bytes().get(self.index..self.index + literal.len()) {
            Some(found) if found == literal.as_bytes() => {
                self.index += literal.len();
                Ok(())
            }
            _ => Err(self.fail(format!("expected `{literal}`"))),
        }
    }

    /// Takes a number, of which the first byte has been seen; the second value is whether it has
    /// neither fraction nor exponent.
    #[inline]
    pub(super) fn number(&mut self) -> Result<(&'j str, bool), DecodeError> {
        let start = self.index;
        if self.byte() == Some(b'-') {
            self.index += 1;
        }
        match self.byte() {
            Some(b'0') => self.index += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("a digit")),
        }
        let mut is_integer = true;
        if self.byte() == Some(b'.') {
            is_integer = false;
            self.index += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            is_integer = false;
            self.index += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.index += 1;
            }
            self.some_digits()?;
        }
        if let Some(b'0'..=b'9') = self.byte() {
            return Err(self.fail("a number does not begin with 0"));
        }
        Ok((self.text_from(start), is_integer))
    }

    #[inline]
    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.byte() {
            self.index += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), DecodeError> {
        match self.byte() {
            Some(b'0'..=b'9') => {
                self.digits();
                Ok(())
            }
            _ => Err(self.unexpected("a digit")),
        }
    }

    /// Takes a string, of which the quote has been seen. One with escapes is written to `scratch`.
    #[inline]
    pub(super) fn string<'s>(&mut self, scratch: &'s mut String) -> Result<&'s str, DecodeError>
    where
        'j: 's,
    {
        let start = self.index + 1;
        let end = plain(self.text.as_bytes(), start);
        self.index = end;
        if self.byte() == Some(b'"') {
            self.index += 1;
            return Ok(self.text.get(start..end).unwrap_or_default());
        }
        self.escaped(start, scratch)?;
        Ok(scratch)
    }

    /// The rest of a string, which is plain from `start` to here.
    fn escaped(&mut self, mut start: usize, scratch: &mut String) -> Result<(), DecodeError> {
        scratch.clear();
        loop {
            scratch.push_str(self.text_from(start));
            match self.byte() {
                Some(b'"') => {
                    self.index += 1;
                    return Ok(());
                }
                Some(b'\\') => scratch.push(self.escape()?),
                _ => return Err(self.no_end_of_string()),
            }
            start = self.index;
            self.index = plain(self.text.as_bytes(), start);
        }
    }

    #[cold]
    fn no_end_of_string(&self) -> DecodeError {
        match self.byte() {
            Some(_) => self.fail("a control character in a string"),
            None => self.unexpected("`\"`"),
        }
    }

    /// Takes an escape.
    #[inline]
    fn escape(&mut self) -> Result<char, DecodeError> {
        self.index += 1;
        let byte = self.byte().unwrap_or_default();
        let escaped = ESCAPES[usize::from(byte)];
        if escaped != 0 {
            self.index += 1;
            return Ok(char::from(escaped));
        }
        if byte == b'u' { self.unicode_escape() } else { Err(self.unexpected("an escape")) }
    }

    /// Takes an escape by number, or two that make one character.
    fn unicode_escape(&mut self) -> Result<char, DecodeError> {
        let first = self.code_unit()?;
        if let Some(found) = char::from_u32(first) {
            return Ok(found);
        }
        let after = self.index;
        if self.byte() == Some(b'\\') {
            self.index += 1;
            if self.byte() == Some(b'u') {
                let second = self.code_unit()?;
                if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) {
                    let both = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    return char::from_u32(both).ok_or_else(|| self.fail("an escape that is no character"));
                }
            }
            self.index = after;
        }
        Err(self.fail("half of a surrogate pair"))
    }

    /// `u` and four hexadecimal digits.
    fn code_unit(&mut self) -> Result<u32, DecodeError> {
        self.index += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.unexpected("a hexadecimal digit")) };
            unit = unit * 16 + digit;
            self.index += 1;
        }
        Ok(unit)
    }

    /// Passes over a string without looking at its escapes.
    #[inline]
    fn skip_string(&mut self) -> Result<(), DecodeError> {
        self.index += 1;
        loop {
            self.index = plain(self.text.as_bytes(), self.index);
            match self.byte() {
                Some(b'"') => {
                    self.index += 1;
                    return Ok(());
                }
                Some(b'\\') => self.index += 2,
                _ => return Err(self.no_end_of_string()),
            }
        }
    }

    /// Passes over a value of any kind, to look at what comes behind it; it may nest `levels` deep.
    ///
    /// Escapes are not looked at: what is passed over is read afterwards.
    pub(super) fn skip(&mut self, levels: usize) -> Result<(), DecodeError> {
        // One bit for each open array (0) or object (1), the innermost the lowest.
        const _: () = assert!(MAX_DEPTH < u128::BITS as usize);
        let (mut open, mut depth) = (0_u128, 0_usize);
        loop {
            let mut is_first = false;
            match self.peek_value()? {
                b'"' => self.skip_string()?,
                byte @ (b'{' | b'[') => {
                    if depth >= levels {
                        return Err(self.too_deep());
                    }
                    self.open();
                    depth += 1;
                    open = open << 1 | u128::from(byte == b'{');
                    is_first = true;
                }
                b'n' => self.literal("null")?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                _ => {
                    self.number()?;
                }
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let goes_on = if open & 1 == 0 {
                    self.next_element(is_first)?
                } else if self.next_name(is_first)? {
                    self.skip_string()?;
                    self.colon()?;
                    true
                } else {
                    false
                };
                if goes_on {
                    break;
                }
                open >>= 1;
                depth -= 1;
                is_first = false;
            }
        }
    }

    #[cold]
    pub(super) fn too_deep(&self) -> DecodeError {
        self.fail(format!("nested deeper than {MAX_DEPTH} levels"))
    }

    /// Nothing but white space may follow.
    pub(super) fn finish(&mut self) -> Result<(), DecodeError> {
        match self.peek() {
            None if !self.is_cut => Ok(()),
            None => Err(self.unexpected("the end")),
            Some(_) => Err(self.fail("more text behind the value")),
        }
    }
}

/// Where the first quote, backslash or control character stands from `from` on, or the end.
#[inline]
fn plain(bytes: &[u8], mut from: usize) -> usize {
    while let Some(chunk) = bytes.get(from..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = special(u64::from_le_bytes(*chunk));
        if found != 0 {
            return from + found.trailing_zeros() as usize / 8;
        }
        from += 8;
    }
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

/// The high bit of each of eight bytes that is a quote, a backslash or a control character.
///
/// A borrow may set it for bytes behind the first such one, so only the first counts.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let below_one = (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash);
    (below_one | (word.wrapping_sub(ONES * 0x20) & !word)) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::decode::{from_slice, from_str};
    use super::*;

    /// JSON text and text that nearly is.
    fn texts() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\\n",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\\ud83d",
            "\\udc00",
            "\\x",
            "null",
            "true",
            "false",
            "nul",
            "0",
            "-0",
            "-",
            "1.5",
            "1.",
            "1e5",
            "1e",
            "01",
            "1e999",
            "NaN",
            " ",
            "\n",
            "\t",
            "\u{1}",
            "a",
            "caf\u{e9}",
            "18446744073709551616",
            "9223372036854775807",
            "\"a\"",
            "\"a\":1",
            "[1,2]",
        ]);
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn takes_what_serde_json_takes(text in texts()) {
            let expected = serde_json::from_str::<Value>(&text);
            match (from_str::<Value>(&text), expected) {
                (Ok(value), Ok(expected)) => prop_assert_eq!(value, expected),
                (Err(error), Err(_)) => prop_assert!(error.offset().is_some_and(|offset| offset <= text.len())),
                (ours, theirs) => prop_assert!(false, "{text:?}: ours {ours:?}, serde_json {theirs:?}"),
            }
        }

        #[test]
        fn takes_any_string(text in any::<String>()) {
            let json = Value::from(text.as_str()).to_string();
            prop_assert_eq!(from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn finds_the_first_special_byte(bytes in prop::collection::vec(prop::sample::select(b"a\x00\x1f \"\\\x7f\x80\xa2\xdc\xff!#[".to_vec()), 0..40)) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len());
            prop_assert_eq!(plain(&bytes, 0), expected);
        }
    }

    #[test]
    fn says_where_the_text_stops_being_utf_8() {
        let error = from_slice::<Vec<String>>(b"[\"a\",\"b\xff\"]").unwrap_err();
        assert_eq!((error.path().as_str(), error.offset()), ("/1", Some(7)));
        assert!(error.message().contains("not UTF-8"), "{error}");
        let error = from_slice::<Vec<String>>(b"[]\xff").unwrap_err();
        assert!(error.message().contains("not UTF-8"), "{error}");
    }

    #[test]
    fn a_skip_stops_where_the_levels_end() {
        let deep = |levels: usize| format!("{}1{}", "[{\"a\":".repeat(levels), "}]".repeat(levels));
        assert!(Lexer::new(deep(5).as_bytes()).skip(10).is_ok());
        assert!(Lexer::new(deep(5).as_bytes()).skip(9).is_err());
    }
}
