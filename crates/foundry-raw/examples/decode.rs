//! Tells what in captured traffic the bindings do not know.
//!
//! Reads JSON on standard input, decodes it into the generated type and prints it encoded again;
//! on standard error, what the type does not know and what was missing.
//!
//! ```sh
//! cargo run -q -p foundry-raw --all-features --example decode -- --operation Runs_get < run.json
//! cargo run -q -p foundry-raw --all-features --example decode -- --schema ThreadRun < run.json
//! cargo run -q -p foundry-raw --all-features --example decode -- --sse --operation Runs_create < events
//! cargo run -q -p foundry-raw --all-features --example decode -- --api v1 --operation Responses_create < response.json
//! cargo run -q -p foundry-raw --all-features --example decode -- --api v1 --sse --operation Responses_create < events
//! cargo run -q -p foundry-raw --all-features --example decode -- --batch < lines
//! cargo run -q -p foundry-raw --all-features --example decode -- --list
//! ```
//!
//! Without `--api` it is the first one of `--list`. `--part request` takes the operation's request
//! instead of its answer. `--sse --pieces` also takes the stream apart in many other pieces, and
//! fails if its events are not the same in all of them.
//!
//! `--batch` takes a JSON object per line, `{"api":..,"operation":..,"part":..,"value":..}` or with
//! `"schema"` instead of operation and part, and answers each with one line.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use foundry_raw::inspect::{ApiEntry, DecodeFn, Decoded, OperationEntry, apis};
use foundry_raw::{DecodeError, Direction, EventParser};
use serde_json::{Value, json};

/// Decodes JSON into the generated types, and says what they do not know.
#[derive(Debug, Parser)]
#[command(name = "decode")]
struct Arguments {
    /// The api-version; the first one unless given.
    #[arg(long)]
    api: Option<String>,
    /// The operation whose body is read: the document's operationId.
    #[arg(long, conflicts_with = "schema")]
    operation: Option<String>,
    /// Which body of the operation.
    #[arg(long, default_value = "response")]
    part: Part,
    /// The schema of the value: the document's name.
    #[arg(long)]
    schema: Option<String>,
    /// Read a JSON object per line, and answer each with a line.
    #[arg(long, conflicts_with_all = ["operation", "schema", "sse"])]
    batch: bool,
    /// Read an event stream of the operation, and print a line per event.
    #[arg(long, requires = "operation")]
    sse: bool,
    /// Read the stream in many other pieces too: whatever they are, its events are the same.
    #[arg(long, requires = "sse")]
    pieces: bool,
    /// Print all operations and schemas.
    #[arg(long, conflicts_with_all = ["operation", "schema", "batch"])]
    list: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Request,
    Response,
}

impl Part {
    fn direction(self) -> Direction {
        match self {
            Self::Request => Direction::Request,
            Self::Response => Direction::Response,
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if arguments.list {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.batch {
        return batch();
    }
    let api = api(arguments.api.as_deref())?;
    if let (true, Some(id)) = (arguments.sse, &arguments.operation) {
        return events(operation(api, id)?, arguments.pieces);
    }
    let (decode, direction) = match (&arguments.operation, &arguments.schema) {
        (Some(id), _) => (body(operation(api, id)?, arguments.part)?, arguments.part.direction()),
        (None, Some(name)) => (schema(api, name)?, Direction::Any),
        (None, None) => return Err("name an --operation or a --schema, or use --batch or --list".to_owned()),
    };
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text).map_err(|error| format!("standard input: {error}"))?;
    match decode(&text, direction) {
        Ok(decoded) => {
            print_line(&decoded.value)?;
            let report = &decoded.report;
            report.unknown.iter().for_each(|place| eprintln!("unknown field  {place}"));
            report.missing.iter().for_each(|place| eprintln!("missing        {place}"));
            report.unrecognized.iter().for_each(|place| eprintln!("unknown value  {place}"));
            report.undecoded.iter().for_each(|(place, error)| eprintln!("not decoded    {place}: {error}"));
            Ok(if report.undecoded.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => Err(error.to_string()),
    }
}

fn api(name: Option<&str>) -> Result<&'static ApiEntry, String> {
    let known = || apis().iter().map(|api| api.name).collect::<Vec<_>>().join(", ");
    match name {
        None => apis().first().copied().ok_or_else(|| "this build knows no API; use --all-features".to_owned()),
        Some(name) => apis()
            .iter()
            .find(|api| api.name == name)
            .copied()
            .ok_or_else(|| format!("there is no API `{name}`; there are: {}", known())),
    }
}

fn operation(api: &ApiEntry, id: &str) -> Result<&'static OperationEntry, String> {
    api.operation(id).ok_or_else(|| format!("{} has no operation `{id}`; --list prints all", api.name))
}

fn schema(api: &ApiEntry, name: &str) -> Result<DecodeFn, String> {
    let entry = api.schema(name).ok_or_else(|| format!("{} has no schema `{name}`; --list prints all", api.name))?;
    Ok(entry.decode)
}

fn body(operation: &OperationEntry, part: Part) -> Result<DecodeFn, String> {
    let (decode, name) = match part {
        Part::Request => (operation.request, "request"),
        Part::Response => (operation.response, "answer"),
    };
    decode.ok_or_else(|| format!("the {name} of `{}` has no JSON body", operation.id))
}

fn list() {
    for api in apis() {
        for operation in api.operations {
            println!("{} operation {}", api.name, operation.id);
        }
        for schema in api.schemas {
            println!("{} schema {}", api.name, schema.name);
        }
    }
}

/// A line of the answer, with more members in front.
fn outcome(result: Result<Decoded, DecodeError>) -> Value {
    let decoded = match result {
        Ok(decoded) => decoded,
        Err(error) => return json!({ "ok": false, "path": error.path(), "error": error.message() }),
    };
    let report = decoded.report;
    let mut line = json!({ "ok": true, "value": decoded.value, "unknown": report.unknown, "missing": report.missing });
    if !report.unrecognized.is_empty() {
        line["unrecognized"] = report.unrecognized.into();
    }
    if let Some((path, error)) = report.undecoded.into_iter().next() {
        line["ok"] = false.into();
        line["path"] = path.into();
        line["error"] = error.into();
    }
    line
}

fn print_line(value: &Value) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").map_err(|error| format!("standard output: {error}"))
}

fn batch() -> Result<ExitCode, String> {
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.map_err(|error| format!("standard input: {error}"))?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        print_line(&one(&line).unwrap_or_else(|error| json!({ "ok": false, "path": "", "error": error })))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers one line of a batch; an error is the line's own fault.
fn one(line: &[u8]) -> Result<Value, String> {
    let line: Line<'_> =
        serde_json::from_slice(line).map_err(|error| format!("the line is not of the form: {error}"))?;
    let api = api(line.api.as_deref())?;
    let (decode, direction) = match (&line.operation, &line.schema) {
        (Some(id), None) => {
            let part = match line.part.as_deref() {
                None | Some("response") => Part::Response,
                Some("request") => Part::Request,
                Some(part) => return Err(format!("`part` is \"request\" or \"response\", not {part:?}")),
            };
            let operation = operation(api, id)?;
            // Recordings have an empty object where nothing is sent.
            let is_empty = || serde_json::from_str::<Value>(line.value.get()).is_ok_and(|value| value == json!({}));
            if matches!(part, Part::Request) && operation.request.is_none() && is_empty() {
                return Ok(json!({ "ok": true, "value": {}, "unknown": [], "missing": [] }));
            }
            (body(operation, part)?, part.direction())
        }
        (None, Some(name)) => (schema(api, name)?, Direction::Any),
        _ => return Err("a line has either `operation` or `schema`".to_owned()),
    };
    Ok(outcome(decode(line.value.get().as_bytes(), direction)))
}

/// A line of a batch; the value is kept as text, so that it is decoded as it was received.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    api: Option<String>,
    operation: Option<String>,
    part: Option<String>,
    schema: Option<String>,
    #[serde(borrow)]
    value: &'a serde_json::value::RawValue,
}

fn events(operation: &OperationEntry, pieces: bool) -> Result<ExitCode, String> {
    if operation.events.is_empty() {
        return Err(format!("`{}` has no event stream", operation.id));
    }
    // Only kept where it is read again.
    let mut stream = Vec::new();
    let mut parser = EventParser::new();
    let mut input = std::io::stdin().lock();
    let mut chunk = [0; 8192];
    let mut code = ExitCode::SUCCESS;
    loop {
        let length = input.read(&mut chunk).map_err(|error| format!("standard input: {error}"))?;
        if length == 0 {
            break;
        }
        parser.push(&chunk[..length]);
        if pieces {
            stream.extend_from_slice(&chunk[..length]);
        }
        while let Some(event) = parser.next_event().map_err(|error| error.to_string())? {
            let name = event.event.as_deref().unwrap_or_default();
            let known = operation.events.iter().find(|(known, _)| *known == name);
            let mut line = match known {
                Some((_, decode)) => outcome(decode(event.data.as_bytes(), Direction::Response)),
                // `done` and events nobody knows are kept as they are.
                None => json!({
                    "ok": true,
                    "value": serde_json::from_str(&event.data).unwrap_or_else(|_| Value::from(&*event.data)),
                    "unknown": if name == "done" { vec![] } else { vec![""] },
                    "missing": [],
                }),
            };
            line["event"] = name.into();
            if line["ok"] == false {
                code = ExitCode::FAILURE;
            }
            print_line(&line)?;
        }
    }
    if parser.is_within_event() {
        return Err("the stream was cut off within an event".to_owned());
    }
    if pieces {
        in_pieces(&stream)?;
    }
    Ok(code)
}

/// Reads a stream in many pieces: cut once at every place of its beginning, in pieces of each of many
/// sizes, and cut at random, which is the same at each run.
fn in_pieces(stream: &[u8]) -> Result<(), String> {
    const CUTS: usize = 4096;
    const SIZES: usize = 64;
    const RANDOM: usize = 256;
    let whole = texts([stream])?;
    let check = |events: Vec<[Option<String>; 3]>, pieces: String| match events == whole {
        true => Ok(()),
        false => Err(format!("{pieces} it has other events")),
    };
    for cut in 0..stream.len().min(CUTS) {
        let (first, second) = stream.split_at(cut);
        check(texts([first, second])?, format!("cut at byte {cut}"))?;
    }
    for size in 1..=SIZES {
        check(texts(stream.chunks(size))?, format!("in pieces of {size}"))?;
    }
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    for round in 0..RANDOM {
        let mut pieces = Vec::new();
        let mut rest = stream;
        while !rest.is_empty() {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            // Pieces up to another size in each round; some are empty.
            let size = seed as usize % (2 << (round % 12));
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        check(texts(pieces)?, format!("cut at random, round {round},"))?;
    }
    eprintln!("{} events, the same in {} kinds of pieces", whole.len(), stream.len().min(CUTS) + SIZES + RANDOM);
    Ok(())
}

/// Name, data and id of each event of a stream that comes in these pieces.
fn texts<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<[Option<String>; 3]>, String> {
    let mut parser = EventParser::new();
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Some(event) = parser.next_event().map_err(|error| error.to_string())? {
            let [name, id] = [event.event, event.id].map(|text| text.map(|text| text.into_owned()));
            events.push([name, Some(event.data.into_owned()), id]);
        }
    }
    match parser.is_within_event() {
        true => Err("the stream ends within an event".to_owned()),
        false => Ok(events),
    }
}
