//! Reads YAML into a JSON value, event by event, so that limits hold before memory is spent.
//!
//! The parser is pulled rather than handed a visitor: it stops at the first level too deep and at
//! the first value too many, and every event has its line and column. Scalars follow the core
//! schema of YAML 1.2; `<<` merges, since published descriptions use it.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};

use super::Failure;
use crate::error::{ErrorKind, Fault};
use crate::limits::Limits;
use crate::pointer::Pointer;

pub(super) fn parse(text: &str, limits: &Limits) -> Result<Value, Failure> {
    Builder { limits, values: 0, frames: Vec::new(), anchors: HashMap::new(), document: None }
        .build(Parser::new_from_str(text))
}

/// A value together with what a copy of it costs, counted in values.
#[derive(Clone)]
struct Node {
    value: Value,
    cost: usize,
}

impl Node {
    fn scalar(value: Value) -> Self {
        // A copy of a long text counts by its length, or an alias could multiply it for nothing.
        let length = value.as_str().map_or(0, str::len);
        Self { value, cost: 1 + length / 64 }
    }
}

/// An object or a list that is not yet complete.
struct Frame {
    content: Content,
    anchor: usize,
    cost: usize,
}

enum Content {
    List(Vec<Value>),
    Object {
        members: Map<String, Value>,
        key: Option<Key>,
        /// What stood under `<<`.
        merged: Option<Value>,
    },
}

struct Key {
    text: String,
    is_merge: bool,
}

struct Builder<'l> {
    limits: &'l Limits,
    values: usize,
    frames: Vec<Frame>,
    /// Complete anchored nodes; an alias inside its own anchor finds nothing here.
    anchors: HashMap<usize, Node>,
    document: Option<Value>,
}

impl Builder<'_> {
    fn build(mut self, mut parser: Parser<'_, StrInput<'_>>) -> Result<Value, Failure> {
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| self.scan_failure(&error))?;
            if matches!(event, Event::DocumentStart(_)) {
                documents += 1;
            }
            if documents > 1 {
                return Err(self.failure(
                    ErrorKind::Syntax,
                    span.start,
                    "the file holds more than one YAML document; keep one".to_owned(),
                ));
            }
            self.event(event, span)?;
        }
        Ok(self.document.unwrap_or_default())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Failure> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_merge = style == ScalarStyle::Plain && text == "<<";
                let node = if self.expects_key() {
                    // A key stays as it is written: `200` and `1.0` are names here.
                    Node::scalar(Value::String(text.into_owned()))
                } else {
                    let value = scalar(text.into_owned(), style, tag.as_deref())
                        .map_err(|message| self.failure(ErrorKind::NotJson, span.start, message))?;
                    Node::scalar(value)
                };
                self.complete(node, anchor, is_merge, span)
            }
            Event::SequenceStart(anchor, tag) => self.open(Content::List(Vec::new()), anchor, tag.as_deref(), span),
            Event::MappingStart(anchor, tag) => {
                let content = Content::Object { members: Map::new(), key: None, merged: None };
                self.open(content, anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => {
                let Some(cost) = self.anchors.get(&anchor).map(|node| node.cost) else {
                    let message = "the YAML alias stands inside what it refers to; write the \
                                   cycle with $ref"
                        .to_owned();
                    return Err(self.failure(ErrorKind::NotJson, span.start, message));
                };
                // Counted before it is copied.
                self.count(cost, span)?;
                let node = self.anchors.get(&anchor).cloned();
                let node = node.unwrap_or_else(|| Node::scalar(Value::Null));
                let depth = self.frames.len() + depth_of(&node.value);
                if depth > self.limits.depth {
                    return Err(self.too_deep(span.start));
                }
                self.attach(node, false, span)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Object { key: None, .. }, .. }))
    }

    fn open(&mut self, content: Content, anchor: usize, tag: Option<&Tag>, span: Span) -> Result<(), Failure> {
        if self.expects_key() {
            let message = "a list or an object cannot be a key in JSON; use a text".to_owned();
            return Err(self.failure(ErrorKind::NotJson, span.start, message));
        }
        let expected = match content {
            Content::List(_) => "seq",
            Content::Object { .. } => "map",
        };
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == expected)
        {
            let message = unknown_tag(tag);
            return Err(self.failure(ErrorKind::NotJson, span.start, message));
        }
        if self.frames.len() >= self.limits.depth {
            return Err(self.too_deep(span.start));
        }
        self.frames.push(Frame { content, anchor, cost: 1 });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Failure> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let value = match frame.content {
            Content::List(elements) => Value::Array(elements),
            Content::Object { mut members, merged, .. } => {
                if let Some(merged) = merged {
                    merge(&mut members, merged);
                }
                Value::Object(members)
            }
        };
        let node = Node { value, cost: frame.cost };
        self.complete(node, frame.anchor, false, span)
    }

    /// Takes a value that was written here, as against one that an alias brings.
    fn complete(&mut self, node: Node, anchor: usize, is_merge: bool, span: Span) -> Result<(), Failure> {
        self.count(1, span)?;
        // Anchors are numbered from 1; 0 says that there is none.
        if anchor > 0 {
            self.count(node.cost, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node, is_merge, span)
    }

    fn attach(&mut self, node: Node, is_merge: bool, span: Span) -> Result<(), Failure> {
        let Some(frame) = self.frames.last_mut() else {
            self.document = Some(node.value);
            return Ok(());
        };
        frame.cost = frame.cost.saturating_add(node.cost);
        match &mut frame.content {
            Content::List(elements) => elements.push(node.value),
            Content::Object { members, key, merged } => match key.take() {
                Some(key) if key.is_merge => {
                    if !can_be_merged(&node.value) {
                        let message = "`<<` merges an object or a list of objects, nothing else";
                        return Err(self.failure(ErrorKind::NotJson, span.start, message.to_owned()));
                    }
                    *merged = Some(node.value);
                }
                Some(key) => {
                    members.insert(key.text, node.value);
                }
                None => {
                    let text = match node.value {
                        Value::String(text) => text,
                        Value::Null | Value::Bool(_) | Value::Number(_) => node.value.to_string(),
                        Value::Array(_) | Value::Object(_) => {
                            let message = "a list or an object cannot be a key in JSON; use a text";
                            return Err(self.failure(ErrorKind::NotJson, span.start, message.to_owned()));
                        }
                    };
                    if members.contains_key(&text) || (is_merge && merged.is_some()) {
                        let message = super::duplicate_key(&text);
                        return Err(self.failure(ErrorKind::DuplicateKey, span.start, message));
                    }
                    *key = Some(Key { text, is_merge });
                }
            },
        }
        Ok(())
    }

    fn count(&mut self, values: usize, span: Span) -> Result<(), Failure> {
        self.values = self.values.saturating_add(values);
        if self.values > self.limits.values {
            let message = super::too_many_values(self.limits.values);
            return Err(self.failure(ErrorKind::TooManyValues, span.start, message));
        }
        Ok(())
    }

    fn too_deep(&self, mark: Marker) -> Failure {
        let message = super::too_deep(self.limits.depth);
        self.failure(ErrorKind::TooDeep, mark, message)
    }

    fn scan_failure(&self, error: &ScanError) -> Failure {
        // The scanner reads ahead and meets a limit of its own before ours.
        if error.info() == "recursion limit exceeded" {
            return self.too_deep(*error.marker());
        }
        let message = format!("not well-formed YAML: {}; correct it there", error.info());
        self.failure(ErrorKind::Syntax, *error.marker(), message)
    }

    fn failure(&self, kind: ErrorKind, mark: Marker, message: String) -> Failure {
        let mut pointer = Pointer::root();
        for frame in &self.frames {
            match &frame.content {
                Content::List(elements) => pointer.push(&elements.len().to_string()),
                Content::Object { key: Some(key), .. } => pointer.push(&key.text),
                Content::Object { key: None, .. } => {}
            }
        }
        let fault = Fault { line_column: Some((mark.line(), mark.col() + 1)), pointer: Some(pointer), message };
        (kind, fault)
    }
}

/// How many levels of objects and lists a value has; it was itself bounded when it was read.
fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

/// Puts in what is merged: what is written in the object itself, and what comes first, wins.
fn merge(members: &mut Map<String, Value>, merged: Value) {
    let sources = match merged {
        Value::Array(sources) => sources,
        source => vec![source],
    };
    for source in sources {
        if let Value::Object(source) = source {
            for (key, value) in source {
                members.entry(key).or_insert(value);
            }
        }
    }
}

fn can_be_merged(value: &Value) -> bool {
    match value {
        Value::Array(sources) => sources.iter().all(Value::is_object),
        value => value.is_object(),
    }
}

fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { plain(text) } else { Ok(Value::String(text)) };
    };
    if !tag.is_yaml_core_schema() {
        // A lone `!` says: a text, whatever it looks like.
        return if format!("{}{}", tag.handle, tag.suffix) == "!" {
            Ok(Value::String(text))
        } else {
            Err(unknown_tag(tag))
        };
    }
    let wrong = format!("{text:?} is not of the type that its tag !!{} says", tag.suffix);
    match tag.suffix.as_str() {
        "str" => Ok(Value::String(text)),
        "null" => plain(text).and_then(|value| value.is_null().then_some(value).ok_or(wrong)),
        "bool" => plain(text).and_then(|value| value.is_boolean().then_some(value).ok_or(wrong)),
        "int" | "float" => plain(text).and_then(|value| value.is_number().then_some(value).ok_or(wrong)),
        _ => Err(unknown_tag(tag)),
    }
}

fn unknown_tag(tag: &Tag) -> String {
    format!("the YAML tag `{tag}` has no meaning in an OpenAPI document; remove it")
}

/// A plain scalar by the core schema of YAML 1.2.
fn plain(text: String) -> Result<Value, String> {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(&*text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("JSON has no number `{text}`; put it in quotes or remove it"));
    }
    Ok(number(&text, unsigned).map_or(Value::String(text), Value::Number))
}

fn number(text: &str, unsigned: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return based(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return based(digits, 8);
    }
    let begins_a_number = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let is_decimal = begins_a_number(unsigned) || unsigned.strip_prefix('.').is_some_and(begins_a_number);
    let only_number_characters =
        unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_decimal || !only_number_characters {
        return None;
    }
    let positive = text.strip_prefix('+').unwrap_or(text);
    if let Ok(integer) = positive.parse::<u64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = positive.parse::<i64>() {
        return Some(integer.into());
    }
    // A text such as `1-2` or a number beyond all bounds stays a text.
    positive.parse::<f64>().ok().and_then(Number::from_f64)
}

fn based(digits: &str, radix: u32) -> Option<Number> {
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(Number::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, Failure> {
        parse(text, &Limits::default())
    }

    #[test]
    fn scalars() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("True", json!(true)),
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0x+1", json!("0x+1")),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("99999999999999999999", json!(1e20)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("1e999", json!("1e999")),
            ("3.0.3", json!("3.0.3")),
            ("1-2", json!("1-2")),
            ("2025-05-01", json!("2025-05-01")),
            ("e", json!("e")),
            (".", json!(".")),
            ("-", json!([null])),
            ("inf", json!("inf")),
            ("NaN", json!("NaN")),
            ("'12'", json!("12")),
            ("\"a\\tb\"", json!("a\tb")),
            ("|\n  a\n  b\n", json!("a\nb\n")),
            ("!!str 12", json!("12")),
            ("! 12", json!("12")),
            ("!!int '12'", json!(12)),
        ] {
            assert_eq!(read(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn collections() {
        for (text, value) in [
            ("200: a\n1.0: b\ntrue: c\n~: d", json!({"200": "a", "1.0": "b", "true": "c", "~": "d"})),
            ("? a\n: b", json!({"a": "b"})),
            ("a: &x [1, {b: 2}]\nc: *x", json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}]})),
            ("a: &x k\n*x : 1", json!({"a": "k", "k": 1})),
            ("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}", json!({"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}})),
            ("<<: [{a: 1}, {a: 2, b: 3}]", json!({"a": 1, "b": 3})),
            ("'<<': 1", json!({"<<": 1})),
            ("!!map {a: !!seq [1]}", json!({"a": [1]})),
            ("--- # comment\na: 1\n...\n", json!({"a": 1})),
            ("a: &x 1\nb: &x 2\nc: *x", json!({"a": 1, "b": 2, "c": 2})),
        ] {
            assert_eq!(read(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn refusals() {
        use ErrorKind::{DuplicateKey, NotJson, Syntax};
        for (text, kind, line, column, pointer, said) in [
            ("a: 1\nb:\n  c: 1\n  c: 2", DuplicateKey, 4, 3, "#/b", "\"c\" stands twice"),
            ("200: 1\n'200': 2", DuplicateKey, 2, 1, "#", "\"200\" stands twice"),
            ("<<: {}\n<<: {}", DuplicateKey, 2, 1, "#", "\"<<\" stands twice"),
            ("a: .nan", NotJson, 1, 4, "#/a", "`.nan`"),
            ("a: !local 1", NotJson, 1, 4, "#/a", "!local"),
            ("a: !!int x", NotJson, 1, 4, "#/a", "!!int"),
            ("a: !!binary x", NotJson, 1, 4, "#/a", "binary"),
            ("a: !local {}", NotJson, 1, 4, "#/a", "!local"),
            ("[1]: 2", NotJson, 1, 1, "#", "cannot be a key"),
            ("a: &x [1]\n*x : 2", NotJson, 2, 1, "#", "cannot be a key"),
            ("a: &x [*x]", NotJson, 1, 8, "#/a/0", "inside what it refers to"),
            ("<<: 1", NotJson, 1, 5, "#", "merges an object"),
            ("a: [1, 2", Syntax, 2, 1, "#/a/2", "not well-formed YAML"),
            ("a: *b", Syntax, 1, 4, "#/a", "not well-formed YAML"),
            ("a: 1\n---\nb: 2", Syntax, 2, 1, "#", "more than one"),
        ] {
            let (found_kind, fault) = read(text).unwrap_err();
            assert_eq!(found_kind, kind, "{text}: {fault:?}");
            assert_eq!(fault.pointer.clone().unwrap().to_string(), pointer, "{text}: {fault:?}");
            assert_eq!(fault.line_column, Some((line, column)), "{text}: {fault:?}");
            assert!(fault.message.contains(said), "{text}: {fault:?}");
        }
    }
}
