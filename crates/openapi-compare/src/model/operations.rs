//! Operations by meaning: what a client sends and receives, however the document writes it.

use std::collections::{BTreeMap, HashSet};
use std::ptr;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::canonical;
use super::schemas::Parts;
use super::security::{Alternative, alternatives, schemes};
use crate::compare::TooComplex;
use crate::document::Document;
use crate::operations::Method;
use crate::pointer::Pointer;

/// The operations of a document, and what holds for all of them.
#[derive(Debug)]
pub(crate) struct Api<'d> {
    pub(crate) operations: Vec<Operation<'d>>,
    pub(crate) servers: Servers,
    pub(crate) webhooks: BTreeMap<&'d str, &'d Value>,
}

/// Where an API is: by the address without the names of its variables, the address and what the variables may be.
pub(crate) type Servers = BTreeMap<String, (String, String)>;

#[derive(Debug)]
pub(crate) struct Operation<'d> {
    pub(crate) method: Method,
    pub(crate) path: &'d str,
    /// The path without the names of its parameters.
    pub(crate) template: String,
    pub(crate) id: Option<&'d str>,
    pub(crate) group: String,
    pub(crate) value: &'d Value,
    pub(crate) deprecated: bool,
    pub(crate) parameters: Vec<Parameter<'d>>,
    pub(crate) body: Option<Body<'d>>,
    pub(crate) responses: BTreeMap<String, Response<'d>>,
    /// Ways to be let in, each with all that it needs; none: nothing is asked for.
    pub(crate) security: Vec<Alternative>,
    /// Whether that is the security of the document as a whole.
    pub(crate) security_is_of_all: bool,
    pub(crate) callbacks: BTreeMap<&'d str, &'d Value>,
    pub(crate) servers: Servers,
    /// Whether they are others than those of the document.
    pub(crate) has_own_servers: bool,
}

#[derive(Debug)]
pub(crate) struct Parameter<'d> {
    pub(crate) name: &'d str,
    pub(crate) location: &'d str,
    /// What tells it from others: the name, of headers in small letters, in paths the position.
    pub(crate) key: String,
    pub(crate) required: bool,
    pub(crate) deprecated: bool,
    pub(crate) style: String,
    pub(crate) schema: Parts<'d>,
    pub(crate) value: &'d Value,
    /// It is one of all operations of the path.
    pub(crate) is_of_path: bool,
}

#[derive(Debug)]
pub(crate) struct Body<'d> {
    pub(crate) value: &'d Value,
    pub(crate) required: bool,
    pub(crate) media: BTreeMap<String, Media<'d>>,
}

#[derive(Debug)]
pub(crate) struct Media<'d> {
    pub(crate) schema: Option<Parts<'d>>,
    pub(crate) encoding: Option<String>,
    /// Of a stream of events: the schema of the data of each.
    pub(crate) events: BTreeMap<&'d str, Parts<'d>>,
}

#[derive(Debug)]
pub(crate) struct Response<'d> {
    pub(crate) value: &'d Value,
    pub(crate) media: BTreeMap<String, Media<'d>>,
    pub(crate) headers: BTreeMap<String, Header<'d>>,
    pub(crate) links: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Header<'d> {
    pub(crate) name: &'d str,
    pub(crate) required: bool,
    pub(crate) schema: Parts<'d>,
}

impl<'d> Api<'d> {
    /// Reads a document of OpenAPI 3.0 or 3.1.
    pub(crate) fn read(document: &'d Document) -> Result<Self, TooComplex> {
        let schemes = schemes(document);
        let root = document.root();
        let all = root.get("security");
        let mut operations = Vec::new();
        for operation in document.operations() {
            let of_path = root
                .get("paths")
                .and_then(|paths| paths.get(operation.path))
                .map(|item| document.follow(Pointer::root(), item).map_or(item, |(_, item)| item));
            let own_servers = operation.value.get("servers").or_else(|| of_path.and_then(|item| item.get("servers")));
            let own = operation.value.get("security");
            let security = own.or(all);
            let template = template(operation.path);
            operations.push(Operation {
                method: operation.method,
                path: operation.path,
                group: group(operation.value, operation.path),
                id: operation.operation_id,
                value: operation.value,
                deprecated: is_true(operation.value, "deprecated"),
                parameters: parameters(document, &operation),
                body: body(document, operation.value),
                responses: responses(document, operation.value),
                security: security.map_or_else(Vec::new, |security| alternatives(security, &schemes)),
                security_is_of_all: own.is_none(),
                callbacks: by_name(operation.value, "callbacks"),
                servers: servers(own_servers.or_else(|| root.get("servers"))),
                has_own_servers: own_servers.is_some(),
                template,
            });
        }
        Ok(Self { operations, servers: servers(root.get("servers")), webhooks: by_name(root, "webhooks") })
    }
}

fn is_true(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}

pub(super) fn members<'d>(value: &'d Value, key: &str) -> impl Iterator<Item = (&'d String, &'d Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn by_name<'d>(value: &'d Value, key: &str) -> BTreeMap<&'d str, &'d Value> {
    members(value, key).map(|(name, value)| (name.as_str(), value)).collect()
}

/// A value as text without descriptions and examples.
pub(super) fn without_writing(value: &Value) -> String {
    fn strip(value: &Value) -> Value {
        match value {
            Value::Object(members) => members
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "description" | "summary" | "example" | "examples"))
                .map(|(key, value)| (key.clone(), strip(value)))
                .collect(),
            Value::Array(elements) => elements.iter().map(strip).collect(),
            other => other.clone(),
        }
    }
    canonical(&strip(value))
}

/// A path with the names of its parameters taken out: `/threads/{}/runs`.
fn template(path: &str) -> String {
    let mut parts = path.split('{');
    let mut template = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        template.push_str("{}");
        template.push_str(part.split_once('}').map_or("", |(_, after)| after));
    }
    template
}

/// The names of the parameters of a path, in order.
fn names_in(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

fn group(operation: &Value, path: &str) -> String {
    let tag = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str);
    tag.map_or_else(
        || path.split('/').find(|step| !step.is_empty() && !step.starts_with('{')).unwrap_or("/").to_owned(),
        str::to_owned,
    )
}

fn servers(value: Option<&Value>) -> Servers {
    let servers = value.and_then(Value::as_array).into_iter().flatten().filter_map(|server| {
        let url = server.get("url")?.as_str()?.trim_end_matches('/');
        let variables = names_in(url).into_iter().map(|name| {
            let mut variable = server.get("variables").and_then(|all| all.get(name)).cloned().unwrap_or_default();
            if let Some(values) = variable.get_mut("enum").and_then(Value::as_array_mut) {
                values.sort_by_key(canonical);
            }
            without_writing(&variable)
        });
        Some((template(url), (url.to_owned(), variables.collect::<Vec<_>>().join(", "))))
    });
    servers.collect()
}

fn parameters<'d>(document: &'d Document, operation: &crate::operations::Operation<'d>) -> Vec<Parameter<'d>> {
    let names = names_in(operation.path);
    let written = operation.value.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let own: HashSet<*const Value> = written
        .filter_map(|value| document.follow(Pointer::root(), value).ok())
        .map(|(_, value)| ptr::from_ref(value))
        .collect();
    let mut parameters: Vec<Parameter<'d>> = Vec::new();
    for written in &operation.parameters {
        let (name, location) = (written.name, written.location);
        // What the specification says is ignored: it is told by media types and security.
        let ignored = ["accept", "content-type", "authorization"];
        if location == "header" && ignored.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        let key = match location {
            "path" => {
                names.iter().position(|known| *known == name).map_or(name.to_owned(), |index| format!("{{{index}}}"))
            }
            "header" => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        let (schema, media_type) = schema_of(document, written.value);
        let parameter = Parameter {
            name,
            location,
            required: location == "path" || is_true(written.value, "required"),
            deprecated: is_true(written.value, "deprecated"),
            style: style(written.value, location, media_type),
            schema,
            value: written.value,
            is_of_path: !own.contains(&ptr::from_ref(written.value)),
            key,
        };
        // The operation's own comes after that of its path and stands in for it.
        let known = parameters.iter_mut().find(|known| known.location == location && known.key == parameter.key);
        match known {
            Some(known) => *known = parameter,
            None => parameters.push(parameter),
        }
    }
    parameters
}

/// The schema of a parameter or header, and the media type if its value has one.
fn schema_of<'d>(document: &'d Document, value: &'d Value) -> (Parts<'d>, Option<&'d str>) {
    if let Some(schema) = value.get("schema") {
        return (vec![schema], None);
    }
    let Some((name, media)) = members(value, "content").next() else { return (Vec::new(), None) };
    let media = document.follow(Pointer::root(), media).map_or(media, |(_, media)| media);
    (media.get("schema").into_iter().collect(), Some(name.as_str()))
}

/// How a parameter's value is written, defaults filled in.
fn style(value: &Value, location: &str, media_type: Option<&str>) -> String {
    if let Some(media_type) = media_type {
        return format!("content {media_type}");
    }
    let default = if matches!(location, "query" | "cookie") { "form" } else { "simple" };
    let style = value.get("style").and_then(Value::as_str).unwrap_or(default);
    let explode = value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    let reserved = if is_true(value, "allowReserved") { ", reserved characters as they are" } else { "" };
    format!("{style}, {}{reserved}", if explode { "exploded" } else { "joined" })
}

fn body<'d>(document: &'d Document, operation: &'d Value) -> Option<Body<'d>> {
    let written = operation.get("requestBody")?;
    let (_, body) = document.follow(Pointer::root(), written).ok()?;
    Some(Body { value: body, required: is_true(body, "required"), media: media(body) })
}

fn media(holder: &Value) -> BTreeMap<String, Media<'_>> {
    let mut all = BTreeMap::new();
    for (name, value) in members(holder, "content") {
        let events = value.get("x-sse-events").or_else(|| holder.get("x-sse-events"));
        let events = events.filter(|_| name.starts_with("text/event-stream")).and_then(Value::as_array);
        let events = events.into_iter().flatten().filter_map(|event| {
            Some((event.get("event")?.as_str()?, event.get("data").into_iter().collect::<Parts<'_>>()))
        });
        all.insert(
            media_type(name),
            Media {
                schema: schema_of_media(name, value),
                encoding: value.get("encoding").map(without_writing),
                events: events.collect(),
            },
        );
    }
    all
}

/// The schema of a body. Bytes need none in OpenAPI 3.1; 3.0 calls them a text.
fn schema_of_media<'d>(media_type: &str, value: &'d Value) -> Option<Parts<'d>> {
    static BYTES: LazyLock<Value> = LazyLock::new(|| serde_json::json!({ "type": "string", "format": "binary" }));
    let says_nothing = value.get("schema").is_none_or(|schema| schema.as_object().is_some_and(Map::is_empty));
    if says_nothing && media_type.eq_ignore_ascii_case("application/octet-stream") {
        return Some(vec![&*BYTES]);
    }
    value.get("schema").map(|schema| vec![schema])
}

/// A media type in small letters, without blanks; JSON is UTF-8, whether it says so or not.
fn media_type(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let mut parts = lower.split(';').map(str::trim);
    let bare = parts.next().unwrap_or_default().to_owned();
    let is_json = bare.ends_with("/json") || bare.ends_with("+json");
    let mut parameters: Vec<_> = parts.filter(|part| !(is_json && part.starts_with("charset="))).collect();
    parameters.sort_unstable();
    parameters.iter().fold(bare, |name, parameter| name + "; " + parameter)
}

fn responses<'d>(document: &'d Document, operation: &'d Value) -> BTreeMap<String, Response<'d>> {
    let mut all = BTreeMap::new();
    for (status, written) in members(operation, "responses").filter(|(status, _)| !status.starts_with("x-")) {
        let response = document.follow(Pointer::root(), written).map_or(written, |(_, response)| response);
        let mut headers = BTreeMap::new();
        for (name, written) in members(response, "headers") {
            let header = document.follow(Pointer::root(), written).map_or(written, |(_, header)| header);
            let lower = name.to_ascii_lowercase();
            // Told by the media types.
            if lower == "content-type" {
                continue;
            }
            let schema = schema_of(document, header).0;
            headers.insert(lower, Header { name, required: is_true(header, "required"), schema });
        }
        let links = response.get("links").map(without_writing).filter(|links| links != "{}");
        let status = if status == "default" { status.clone() } else { status.to_ascii_uppercase() };
        all.insert(status, Response { value: response, media: media(response), headers, links });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_position() {
        assert_eq!(template("/threads/{threadId}/runs/{id}:cancel"), "/threads/{}/runs/{}:cancel");
        assert_eq!(template("/threads"), "/threads");
        assert_eq!(names_in("/a/{b}/c{d}"), ["b", "d"]);
    }

    #[test]
    fn media_types_are_told_apart_by_what_they_say() {
        for (written, meant) in [
            ("application/json; charset=utf-8", "application/json"),
            ("Application/JSON", "application/json"),
            ("text/plain;charset=utf-8", "text/plain; charset=utf-8"),
            ("application/merge-patch+json;charset=UTF-8", "application/merge-patch+json"),
        ] {
            assert_eq!(media_type(written), meant);
        }
    }
}
