//! Forms that hold a file, as `multipart/form-data`.

use std::fmt;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::documents::{Document, FORM, text};
use crate::error::ServiceError;

/// A form that was read, or another body.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// The texts, and what its schema says of JSON in them; of JSON, its properties.
    pub(crate) texts: Map<String, Value>,
    /// The files, in the order sent.
    pub(crate) uploads: Vec<Upload>,
}

/// A file that was sent.
#[derive(Clone)]
pub(crate) struct Upload {
    /// The name that its part gives it, if any.
    pub(crate) filename: Option<String>,
    pub(crate) content: Bytes,
}

/// Files show only their length.
impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Upload({:?}, {} bytes)", self.filename, self.content.len())
    }
}

impl Upload {
    /// Bytes without a name.
    pub(crate) fn bare(content: Bytes) -> Self {
        Self { filename: None, content }
    }
}

/// What a part of a form holds.
enum Part {
    File,
    Files,
    Json,
    Text,
}

/// Whether a request says that its body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(FORM)
}

/// Reads a form: its texts, with an empty one for a file so that a schema may ask for it, and the
/// files.
pub(crate) async fn read(
    document: &Document,
    schema: &Value,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Form, ServiceError> {
    let content_type = headers.get(CONTENT_TYPE).cloned().unwrap_or(HeaderValue::from_static(""));
    if !is_form(headers) {
        let given = String::from_utf8_lossy(content_type.as_bytes());
        return Err(ServiceError::unsupported_media_type(&given, FORM));
    }
    let mut request = Request::new(Body::from(body.clone()));
    request.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    // The body has been read and measured already.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.map_err(ServiceError::malformed_form)?;
    let mut form = Form::default();
    while let Some(field) = parts.next_field().await.map_err(ServiceError::malformed_form)? {
        let Some(name) = field.name().map(str::to_owned) else {
            continue;
        };
        let disposition = field.headers().get(CONTENT_DISPOSITION);
        let filename = disposition.and_then(|value| file_name(&String::from_utf8_lossy(value.as_bytes())));
        let content = field.bytes().await.map_err(ServiceError::malformed_form)?;
        let part = part(document, schema, &name);
        let text = match part {
            Part::File => "".into(),
            Part::Files => json!([]),
            Part::Json | Part::Text => {
                let text = String::from_utf8(content.to_vec())
                    .map_err(|_| ServiceError::malformed_form(format_args!("the part '{name}' is not UTF-8")))?;
                match part {
                    // Clients write flags as their language does.
                    Part::Json if text.eq_ignore_ascii_case("true") => true.into(),
                    Part::Json if text.eq_ignore_ascii_case("false") => false.into(),
                    Part::Json => serde_json::from_str(&text)
                        .map_err(|error| ServiceError::malformed_form(format_args!("the part '{name}': {error}")))?,
                    _ => text.into(),
                }
            }
        };
        if matches!(part, Part::File | Part::Files) {
            form.uploads.push(Upload { filename, content });
        }
        form.texts.insert(name, text);
    }
    Ok(form)
}

/// What the schema of a form says of a part.
fn part(document: &Document, schema: &Value, name: &str) -> Part {
    let property = document.resolve(schema).get("properties").and_then(|properties| properties.get(name));
    let property = document.resolve(property.unwrap_or(&Value::Null));
    let is_binary = |schema: &Value| text(schema, "format") == "binary";
    match text(property, "type") {
        "string" if is_binary(property) => Part::File,
        "array" if property.get("items").is_some_and(is_binary) => Part::Files,
        "string" | "" => Part::Text,
        _ => Part::Json,
    }
}

/// The file name of a `Content-Disposition`: `filename*`, which says its encoding, before
/// `filename`, which holds UTF-8 as browsers write it.
fn file_name(disposition: &str) -> Option<String> {
    let mut plain = None;
    let mut extended = None;
    for parameter in parameters(disposition) {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "filename" => plain = Some(unquote(value.trim())),
            "filename*" => extended = decode_extended(value.trim()),
            _ => {}
        }
    }
    extended.or(plain).filter(|name| !name.is_empty())
}

/// The pieces between semicolons that stand outside of quotes.
fn parameters(disposition: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut quoted = false;
    let mut escaped = false;
    for (index, byte) in disposition.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                pieces.push(&disposition[begin..index]);
                begin = index + 1;
            }
            _ => {}
        }
    }
    pieces.push(&disposition[begin..]);
    pieces
}

/// The text in quotes. A quote inside comes as `\"` from some clients and as `%22` from browsers.
fn unquote(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    inner.replace("\\\"", "\"").replace("\\\\", "\\").replace("%22", "\"")
}

/// `UTF-8''` and percent-encoded text.
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_come_in_every_form_that_clients_use() {
        for (given, name) in [
            ("form-data; name=\"file\"; filename=\"a.txt\"", Some("a.txt")),
            ("form-data; name=\"file\"; filename=a.txt", Some("a.txt")),
            ("form-data; filename=\"Übung; 文.txt\"; name=\"file\"", Some("Übung; 文.txt")),
            ("form-data; name=\"file\"; filename=\"a\\\"b\\\\c\"", Some("a\"b\\c")),
            ("form-data; name=\"file\"; filename=\"a%22b\"", Some("a\"b")),
            ("form-data; name=\"file\"; filename*=utf-8''%C3%9C%20b.txt", Some("Ü b.txt")),
            ("form-data; filename=\"U.txt\"; filename*=UTF-8''%C3%9C.txt", Some("Ü.txt")),
            ("form-data; filename=\"U.txt\"; filename*=latin1''%DC.txt", Some("U.txt")),
            ("form-data; name=\"file\"; filename=\"\"", None),
            ("form-data; name=\"file\"", None),
            ("form-data; filename", None),
            ("", None),
        ] {
            assert_eq!(file_name(given).as_deref(), name, "{given}");
        }
    }
}
