//! Recorded payloads through the `decode` example, where a collection of them lies beside the project.
//!
//! A collection is a folder with an `INDEX.tsv` (file, api, operation, part, expectation). Whatever is
//! expected to decode does, by the types of its API, and encoded again it has lost nothing but nulls;
//! error bodies do by the types of every API, and streams have the same events in whatever pieces.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Line, say};
use crate::failure::Failure;
use crate::generate::read_text;

/// Where a collection may lie, from the workspace; `FOUNDRY_PAYLOADS` names another folder.
const COLLECTION: &str = "../shared/reference/payloads";

/// The schema of error bodies.
const ERROR: &str = "ErrorResponse";

/// A line of the index.
#[derive(Clone)]
struct Row {
    file: String,
    api: String,
    operation: String,
    part: String,
    expectation: String,
}

/// What is to be done with a payload.
enum Check {
    /// A body of an operation.
    Body,
    /// An error body, of any API.
    Error,
    /// An event stream of an operation.
    Stream,
    /// Nothing: the documents have no operation for it.
    None,
}

pub(super) fn run(root: &Path) -> Result<(), Failure> {
    let folder = std::env::var_os("FOUNDRY_PAYLOADS").map_or_else(|| root.join(COLLECTION), Into::into);
    let index = folder.join("INDEX.tsv");
    if !index.exists() {
        say("no collection of payloads lies beside the project; there is nothing to decode");
        return Ok(());
    }
    let apis = apis(root)?;
    let mut faults = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |what: String| *counts.entry(what).or_default() += 1;
    let mut bodies = Vec::new();
    let mut streams = Vec::new();
    for (number, line) in read_text(&index)?.lines().enumerate().skip(1) {
        let checked = row(line).and_then(|row| Some((row.check(&apis)?, row)));
        let Some((check, row)) = checked else {
            faults.push(format!("line {} of the index is not understood: {line:?}", number + 1));
            continue;
        };
        match check {
            Check::Body => {
                let value = body(&folder.join(&row.file), &row.part)?;
                let line = json!({ "api": row.api, "operation": row.operation, "part": row.part, "value": value });
                count(format!("{} {}", row.api, if row.part == "request" { "requests" } else { "answers" }));
                bodies.push((row, value, line.to_string()));
            }
            Check::Error => {
                let value = body(&folder.join(&row.file), "response")?;
                for api in &apis {
                    let line = json!({ "api": api, "schema": ERROR, "value": value });
                    let row = Row { api: api.clone(), operation: ERROR.to_owned(), ..row.clone() };
                    count(format!("{api} error bodies"));
                    bodies.push((row, value.clone(), line.to_string()));
                }
            }
            Check::Stream => streams.push(row),
            Check::None => count("of no operation".to_owned()),
        }
    }
    let lines: Vec<&str> = bodies.iter().map(|(_, _, line)| line.as_str()).collect();
    let answers = decode(root, &["--batch"], lines.join("\n").as_bytes())?;
    for ((row, value, _), answer) in bodies.iter().zip(&answers) {
        let name = format!("{} ({} {} {})", row.file, row.api, row.operation, row.part);
        check(&name, value, answer, row.part == "request", &mut faults);
    }
    if answers.len() != bodies.len() {
        faults.push(format!("{} answers came for {} payloads", answers.len(), bodies.len()));
    }
    for row in &streams {
        let events = stream(root, &folder, row, &mut faults)?;
        *counts.entry(format!("{} events of streams", row.api)).or_default() += events;
    }
    if faults.is_empty() {
        let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        say(&format!("all decode and lose nothing but nulls ({})", counts.join("; ")));
        return Ok(());
    }
    Err(Failure::new(
        format!("{} payloads do not come through:\n  - {}", faults.len(), faults.join("\n  - ")),
        index.display().to_string(),
        "decode one by hand with the `decode` example of foundry-raw",
    ))
}

impl Row {
    /// What is to be done with it; `None` if the index does not say it in a way that is known here.
    fn check(&self, apis: &[String]) -> Option<Check> {
        let is_ours = apis.contains(&self.api);
        match (self.part.as_str(), self.expectation.as_str()) {
            ("request" | "response", "decodes") if is_ours => Some(Check::Body),
            ("error", _) if self.api == "any" => Some(Check::Error),
            ("stream", "event stream") if is_ours => Some(Check::Stream),
            (_, expectation) if self.operation == "-" && expectation.starts_with("no such operation") => {
                Some(Check::None)
            }
            _ => None,
        }
    }
}

/// Checks a stream, and says how many events it has.
fn stream(root: &Path, folder: &Path, row: &Row, faults: &mut Vec<String>) -> Result<usize, Failure> {
    let path = folder.join(&row.file);
    let text = std::fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
    let answers = decode(root, &["--sse", "--pieces", "--api", &row.api, "--operation", &row.operation], &text)?;
    let data = String::from_utf8_lossy(&text);
    let sent = data.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    let sent: Vec<Value> = sent.map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into())).collect();
    if sent.len() != answers.len() {
        faults.push(format!("{}: {} events of {} came out", row.file, answers.len(), sent.len()));
    }
    for (number, (sent, answer)) in sent.iter().zip(&answers).enumerate() {
        check(&format!("{}, event {}", row.file, number + 1), sent, answer, false, faults);
    }
    Ok(answers.len())
}

/// The APIs of this project.
fn apis(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join("openapi");
    let entries = std::fs::read_dir(&folder).map_err(|error| Failure::io(&folder, &error))?;
    Ok(entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

fn row(line: &str) -> Option<Row> {
    let mut columns = line.split('\t').map(str::to_owned);
    Some(Row {
        file: columns.next()?,
        api: columns.next()?,
        operation: columns.next()?,
        part: columns.next()?,
        expectation: columns.next()?,
    })
}

/// The body in a file: an example as the service publishes them (parameters and responses), or a
/// recording (request and response).
fn body(path: &Path, part: &str) -> Result<Value, Failure> {
    let text = read_text(path)?;
    let file: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(error.to_string(), path.display().to_string(), "this is no payload"))?;
    let inner = |value: &Value| value.get("body").cloned().unwrap_or_else(|| value.clone());
    if let (Some(parameters), Some(responses)) = (file["parameters"].as_object(), file["responses"].as_object()) {
        return Ok(match part {
            "response" => responses.values().next().map(inner).unwrap_or_default(),
            _ => ["body", "resource"]
                .iter()
                .find_map(|name| parameters.get(*name))
                .or_else(|| parameters.values().find(|value| value.is_object()))
                .cloned()
                .unwrap_or_default(),
        });
    }
    Ok(file.get(part).map(inner).unwrap_or(file))
}

/// Runs the example and returns its lines.
fn decode(root: &Path, arguments: &[&str], input: &[u8]) -> Result<Vec<Value>, Failure> {
    let cargo = ["run", "--quiet", "--package", "foundry-raw", "--all-features", "--example", "decode", "--"];
    let line = Line::cargo(cargo.into_iter().chain(arguments.iter().copied()));
    let file = root.join("target/payloads.in");
    let opened = std::fs::write(&file, input).and_then(|()| std::fs::File::open(&file));
    let opened = opened.map_err(|error| Failure::io(&file, &error))?;
    let mut command = line.command(root);
    command.stdin(Stdio::from(opened)).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| line.cannot_start(&error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answers: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    let answers = answers.map_err(|error| {
        Failure::new(format!("a line of the example is no JSON: {error}"), line.to_string(), "look at it")
    })?;
    // What is wrong with a payload is in its answer; what fails otherwise was said on standard error.
    if !output.status.success() && answers.iter().all(|answer| answer["ok"] == true) {
        return Err(Failure::new("the `decode` example failed", line.to_string(), "see above what it says"));
    }
    Ok(answers)
}

fn check(name: &str, sent: &Value, answer: &Value, is_request: bool, faults: &mut Vec<String>) {
    if answer["ok"] != true {
        faults.push(format!("{name}: {} at {}", answer["error"], answer["path"]));
        return;
    }
    let mut sent = sent.clone();
    if is_request {
        // Where a request type keeps no unknown fields, those listed may be gone.
        for place in answer["unknown"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if answer["value"].pointer(place).is_none() {
                remove(&mut sent, place);
            }
        }
    }
    if without_nulls(&sent) != without_nulls(&answer["value"]) {
        faults.push(format!("{name}: something was lost"));
    }
}

fn remove(value: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    if let Some(parent) = value.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_index_says_is_known_or_a_fault() {
        let apis = ["v1".to_owned()];
        for (line, known) in [
            ("f\tv1\tRuns_get\tresponse\tdecodes", true),
            ("f\tv1\tRuns_get\tstream\tevent stream", true),
            ("f\tany\t-\terror\terror body, status 400", true),
            ("f\t-\t-\tresponse\tno such operation in the documents", true),
            ("f\tv2\tRuns_get\tresponse\tdecodes", false),
            ("f\tv1\tRuns_get\tresponse\tfails", false),
            ("f\tv1\tRuns_get\tresponse", false),
        ] {
            assert_eq!(row(line).and_then(|row| row.check(&apis)).is_some(), known, "{line}");
        }
    }

    #[test]
    fn what_is_lost_is_a_fault_and_what_is_null_is_none() {
        let sent = json!({ "a": 1, "b": null, "c": { "d": [null, { "e": null, "f": 2 }] } });
        for (answer, is_request, faulty) in [
            (json!({ "ok": true, "value": { "a": 1, "c": { "d": [null, { "f": 2 }] } } }), false, false),
            (json!({ "ok": true, "value": { "a": 1, "c": { "d": [{ "f": 2 }] } } }), false, true),
            (json!({ "ok": true, "value": { "c": { "d": [null, { "f": 2 }] } }, "unknown": ["/a"] }), false, true),
            (json!({ "ok": true, "value": { "c": { "d": [null, { "f": 2 }] } }, "unknown": ["/a"] }), true, false),
            (json!({ "ok": true, "value": { "c": { "d": [null, { "f": 2 }] } }, "unknown": [] }), true, true),
            (json!({ "ok": false, "path": "/a", "error": "no" }), false, true),
        ] {
            let mut faults = Vec::new();
            check("x", &sent, &answer, is_request, &mut faults);
            assert_eq!(!faults.is_empty(), faulty, "{answer}: {faults:?}");
        }
    }
}
