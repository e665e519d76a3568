//! Turns bytes into a JSON value: picks JSON or YAML, keeps the limits.

mod json;
mod yaml;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Fault};
use crate::limits::Limits;

/// A fault with its kind, while the file's name is still unknown.
pub(crate) type Failure = (ErrorKind, Fault);

pub(crate) fn read(path: &Path, name: &str, limits: &Limits) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|source| Error::read(name, source))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells "too large", also where the size is not known beforehand.
    file.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|source| Error::read(name, source))?;
    Ok(bytes)
}

/// Reads JSON or YAML as [`Document::from_slice`](crate::Document::from_slice) does, whatever it
/// describes: for files that stand beside a document, such as overlays.
pub fn parse_value(bytes: &[u8], name: &str, limits: &Limits) -> Result<Value, Error> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits.bytes {
        return Err(Error::with_message(
            name,
            ErrorKind::TooLarge,
            format!(
                "the document is larger than {} bytes; raise `Limits::max_bytes` if it is meant \
                 to be",
                limits.bytes
            ),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        Error::new(
            name,
            ErrorKind::Encoding,
            Fault {
                line_column: Some(line_column(before)),
                pointer: None,
                message: "the document is not UTF-8 text; save it as UTF-8".to_owned(),
            },
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_ascii_start().starts_with('{') { json::parse(text, limits) } else { yaml::parse(text, limits) }
        .map_err(|(kind, fault)| Error::new(name, kind, fault))
}

fn line_column(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let last = String::from_utf8_lossy(before.get(start..).unwrap_or_default());
    (line, last.chars().count() + 1)
}

pub(crate) fn too_deep(depth: usize) -> String {
    format!("objects and lists are nested deeper than {depth} levels; flatten the document")
}

fn too_many_values(values: usize) -> String {
    format!(
        "the document holds more than {values} values, YAML aliases expanded; raise \
         `Limits::max_values` if it is meant to"
    )
}

fn duplicate_key(key: &str) -> String {
    format!("the key {key:?} stands twice in one object; remove or rename one of them")
}
