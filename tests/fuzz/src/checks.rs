//! What holds of any input: the checks of the fuzz targets, which the tests run over the corpus too.

#[path = "answers.rs"]
mod answers;

pub use answers::answers;

use std::fmt::Debug;
use std::sync::OnceLock;

use foundry_raw::inspect::{DecodeFn, Decoded, apis};
use foundry_raw::{
    Decode, DecodeError, Direction, EventError, EventParser, Report, from_slice, from_slice_with_report, v1,
    v2025_05_01,
};
use serde_json::Value;

/// Decodes what stands behind the first line into what the first line names, and panics if
/// anything does not hold that must. Whether it could be decoded.
pub fn decode(input: &[u8]) -> bool {
    let (name, json) = first_line(input);
    target(name).check(json)
}

impl Target {
    fn check(&self, json: &[u8]) -> bool {
        let name = &self.name;
        let result = (self.decode)(json, self.direction);
        self.check_ways(json, &result);
        let received = serde_json::from_slice::<Value>(json).ok();
        match (result, received) {
            (Ok(decoded), Some(received)) => {
                self.check_decoded(json, &decoded, &received);
                true
            }
            (Ok(decoded), None) => panic!("{name}: what is no JSON was decoded: {decoded:?}"),
            (Err(error), received) => {
                self.check_error(json, &error, received.as_ref());
                false
            }
        }
    }

    /// Whatever is to be reported, and whether anything is, it is the same value or failure.
    fn check_ways(&self, json: &[u8], result: &Result<Decoded, DecodeError>) {
        for direction in [Direction::Request, Direction::Response, Direction::Any] {
            let same = match (result, (self.decode)(json, direction)) {
                (Ok(decoded), Ok(other)) => decoded.value == other.value,
                (Err(error), Err(other)) => *error == other && error.offset() == other.offset(),
                _ => false,
            };
            assert!(same, "{}: for {direction:?} it is another result than {result:?}", self.name);
        }
        let of_api = TYPED.iter().filter(|(api, _)| *api == self.api).flat_map(|(_, types)| *types);
        for (_, compare) in of_api.filter(|(schema, _)| *schema == self.schema) {
            compare(json, self.direction);
        }
    }

    fn check_error(&self, json: &[u8], error: &DecodeError, received: Option<&Value>) {
        let name = &self.name;
        let path = error.path();
        assert!(is_pointer(&path), "{name}: {path:?} is no JSON Pointer: {error}");
        assert!(error.offset().is_none_or(|offset| offset <= json.len()), "{name}: the offset is outside: {error}");
        if let Some(received) = received.filter(|received| has_no_duplicates(json, received)) {
            assert!(received.pointer(&path).is_some(), "{name}: nothing is at the path: {error} in {received}");
            let other = self.decode_again(received);
            assert!(other.is_err(), "{name}: {error}, but in another form it decodes: {received}");
        }
    }

    fn check_decoded(&self, json: &[u8], decoded: &Decoded, received: &Value) {
        let name = &self.name;
        let Report { unknown, missing, unrecognized, undecoded, .. } = &decoded.report;
        let present: Vec<&String> =
            unknown.iter().chain(unrecognized).chain(undecoded.iter().map(|(place, _)| place)).collect();
        for place in present.iter().copied().chain(missing) {
            assert!(is_pointer(place), "{name}: {place:?} is no JSON Pointer");
        }

        if !has_no_duplicates(json, received) {
            // One member of each name is kept. Another one may have been the tag by which a union was
            // read, or the reason why an element of a list was not; so what was encoded is to be
            // looked at as something else.
            self.check(decoded.value.to_string().as_bytes());
            return;
        }
        assert_eq!(without_nulls(&decoded.value), without_nulls(received), "{name}: it is not as it was received");
        for place in present {
            assert!(received.pointer(place).is_some(), "{name}: nothing is at {place} of {received}");
        }
        for place in missing {
            let found = received.pointer(place).is_some_and(|found| !found.is_null());
            assert!(!found, "{name}: {place} is not missing in {received}");
        }
        // As it was encoded; and with members in another order, other white space and other escapes.
        for form in [&decoded.value, received] {
            match self.decode_again(form) {
                Ok(value) => assert_eq!(value, decoded.value, "{name}: {form} is another value than {received}"),
                Err(error) => panic!("{name}: {error} in {form}, but not in {received}"),
            }
        }
    }

    fn decode_again(&self, value: &Value) -> Result<Value, DecodeError> {
        (self.decode)(value.to_string().as_bytes(), self.direction).map(|decoded| decoded.value)
    }
}

/// Takes the events out of what stands behind the first line, as a whole, in the pieces that the
/// first line says, and byte by byte, and panics if any are not as expected. How many there are.
///
/// The first byte of the first line says how large an event may be, the others how large the
/// pieces are; each by its low bits, so that `A` is 1.
pub fn events(input: &[u8]) -> usize {
    let (line, stream) = first_line(input);
    let number = |byte: &u8| usize::from(byte & 0x1f);
    let limit = match line.first().map_or(0, number) {
        0 => EventParser::LIMIT,
        limit => limit * 4,
    };
    let expected = expected(limit, stream);
    assert_eq!(read(limit, [stream]), expected, "it is not as expected");

    let sizes: Vec<usize> = line.iter().skip(1).map(number).collect();
    let mut rest = stream;
    let mut pieces = Vec::new();
    // Pieces that are all empty would not get on.
    if sizes.iter().any(|size| *size > 0) {
        for size in sizes.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
    }
    assert_eq!(read(limit, pieces.into_iter().chain([rest])), expected, "in pieces it is not as expected");
    assert_eq!(read(limit, stream.chunks(1)), expected, "byte by byte it is not as expected");
    expected.events.len()
}

/// What a parser makes of a stream.
#[derive(Debug, PartialEq)]
struct Stream {
    /// Name, data and id of each event.
    events: Vec<[Option<String>; 3]>,
    error: Option<EventError>,
    is_cut: bool,
}

fn read<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Stream {
    let mut parser = EventParser::with_limit(limit);
    let mut stream = Stream { events: Vec::new(), error: None, is_cut: false };
    for piece in pieces {
        parser.push(piece);
        loop {
            match parser.next_event() {
                Ok(next) if stream.error.is_some() => panic!("behind an error comes {next:?}"),
                Ok(None) => break,
                Ok(Some(event)) => {
                    let [name, id] = [event.event, event.id].map(|text| text.map(|text| text.into_owned()));
                    stream.events.push([name, Some(event.data.into_owned()), id]);
                }
                Err(error) => {
                    assert!(stream.error.is_none_or(|known| known == error), "an error turns into another");
                    stream.error = Some(error);
                    break;
                }
            }
        }
    }
    stream.is_cut = stream.error.is_none() && parser.is_within_event();
    stream
}

/// What is to be made of a stream, in the simplest way to say so.
fn expected(limit: usize, stream: &[u8]) -> Stream {
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    let mut expected = Stream { events: Vec::new(), error: None, is_cut: false };
    if stream.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(stream) {
        // It may become one.
        expected.is_cut = !stream.is_empty();
        return expected;
    }
    let mut rest = stream.strip_prefix(BYTE_ORDER_MARK).unwrap_or(stream);
    let mut block = rest;
    let mut lines = Vec::new();
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if block.len() - behind.len() > limit {
            expected.error = Some(EventError::TooLarge { limit });
            return expected;
        }
        if !line.is_empty() {
            lines.push(line);
        } else if end.is_some() {
            expected.events.extend(event(&lines));
            lines.clear();
        }
        // Behind a CR an LF may come, which is waited for before anything is said of the rest.
        if end.is_none() || behind == b"\r" {
            expected.is_cut = lines.iter().any(|line| !line.starts_with(b":"));
            return expected;
        }
        rest = behind.strip_prefix(b"\r\n").unwrap_or(&behind[1..]);
        if line.is_empty() {
            block = rest;
        }
    }
}

/// The event that these lines are, if they are one.
fn event(lines: &[&[u8]]) -> Option<[Option<String>; 3]> {
    let (mut name, mut data, mut id) = (None, None::<String>, None);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = colon.map_or((*line, &b""[..]), |colon| (&line[..colon], &line[colon + 1..]));
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value)).into_owned();
        match field {
            b"event" => name = Some(value),
            b"id" => id = Some(value),
            b"data" => data = Some(data.map_or(value.clone(), |before| format!("{before}\n{value}"))),
            _ => {}
        }
    }
    (name.is_some() || data.is_some()).then(|| [name, Some(data.unwrap_or_default()), id])
}

/// Something that can be decoded by name.
struct Target {
    /// The name with what tells it from others: `ThreadRun 2025-05-01`, `Runs_get.response 2025-05-01`.
    name: String,
    api: &'static str,
    /// The schema's name, if it is one.
    schema: &'static str,
    decode: DecodeFn,
    direction: Direction,
}

/// The first target whose name is not before this one in the alphabet: any text stands for one, and
/// a target more in the API changes the meaning of hardly any.
fn target(name: &[u8]) -> &'static Target {
    static TARGETS: OnceLock<Vec<Target>> = OnceLock::new();
    let targets = TARGETS.get_or_init(|| {
        let mut targets = Vec::new();
        for api in apis() {
            let mut add = |name: String, schema, decode, direction| {
                targets.push(Target { name: format!("{name} {}", api.name), api: api.name, schema, decode, direction });
            };
            for schema in api.schemas {
                add(schema.name.to_owned(), schema.name, schema.decode, Direction::Any);
            }
            for operation in api.operations {
                if let Some(request) = operation.request {
                    add(format!("{}.request", operation.id), "", request, Direction::Request);
                }
                if let Some(response) = operation.response {
                    add(format!("{}.response", operation.id), "", response, Direction::Response);
                }
                for (event, decode) in operation.events {
                    add(format!("{}.{event}", operation.id), "", *decode, Direction::Response);
                }
            }
        }
        targets.sort_by(|a, b| a.name.cmp(&b.name));
        targets
    });
    let place = targets.partition_point(|target| target.name.as_bytes() < name);
    &targets[place % targets.len()]
}

/// The first line, and what is behind it.
fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, b""),
    }
}

/// A check of a type by itself, which is more than can be decoded by name.
type Compare = fn(&[u8], Direction);

macro_rules! typed {
    ($api:ident: $($schema:ident)* $($name:literal $type:ident)*) => {
        &[
            $((stringify!($schema), compare::<$api::types::$schema>),)*
            $(($name, compare::<$api::types::$type>),)*
        ]
    };
}

/// Types in which all others that matter are, by their API.
const TYPED: &[(&str, &[(&str, Compare)])] = &[
    (
        "2025-05-01",
        typed![
            v2025_05_01:
            Agent AgentStreamEvent AgentThread CreateAgentOptions CreateAndRunThreadOptions CreateRunOptions
            ErrorResponse FileListResponse ListOfAgent ListOfRunStep ListOfThreadMessage ListOfThreadRun
            ListOfVectorStore ListOfVectorStoreFile MessageDeltaChunk PagedConnection PagedDatasetVersion
            PagedDeployment PagedIndex RunStep RunStepDeltaChunk ThreadMessage ThreadMessageOptions ThreadRun
            ToolDefinition ToolResources UpdateAgentOptions VectorStoreFileBatch VectorStoreOptions
        ],
    ),
    (
        "v1",
        typed![
            v1:
            AgentDetails AgentVersionDetails DatasetVersion ErrorResponse EvaluationRule EvaluatorVersion
            MemoryStoreSearchResult PagedConnection ThreadRun Tool
            "OpenAI.ConversationItemList" OpenAiConversationItemList
            "OpenAI.CreateResponse" OpenAiCreateResponse
            "OpenAI.Response" OpenAiResponse
            "OpenAI.ResponseItemList" OpenAiResponseItemList
            "OpenAI.ResponseStreamEvent" OpenAiResponseStreamEvent
        ],
    ),
];

/// Panics unless the report changes nothing.
fn compare<T: Decode + PartialEq + Debug>(json: &[u8], direction: Direction) {
    let plain = from_slice::<T>(json);
    let reported = from_slice_with_report::<T>(json, direction).map(|(value, _)| value);
    let offset = |result: &Result<T, DecodeError>| result.as_ref().err().and_then(DecodeError::offset);
    assert_eq!(plain, reported, "without a report it is another value");
    assert_eq!(offset(&plain), offset(&reported), "without a report it fails elsewhere");
}

/// Whether this is a JSON Pointer as RFC 6901 has it.
fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1).all(|behind| behind.starts_with(['0', '1']));
    escapes && (text.is_empty() || text.starts_with('/'))
}

/// Whether no object of the text has two members of the same name: a value has only one of them.
fn has_no_duplicates(json: &[u8], value: &Value) -> bool {
    fn members(value: &Value) -> usize {
        match value {
            Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
            Value::Array(items) => items.iter().map(members).sum(),
            _ => 0,
        }
    }
    let (mut colons, mut in_string, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons == members(value)
}

/// The value without members that are null, which are not sent back.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        value => value.clone(),
    }
}
