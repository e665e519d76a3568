//! Marks of ours that a newly published document lacks are carried over from the document before it, as
//! actions of the overlay.

use std::collections::BTreeMap;

use openapi_compare::{Pointer, escape_token};
use serde_json::{Map, Value, json};

use super::convert::marks::OURS;
use super::correspond::{Correspondence, parameters};

/// What people found out and the service does not publish.
const CARRIED: &[&str] = &[
    "x-conditional-request",
    "x-extensible-discriminator",
    "x-extensible-enum",
    "x-foundry-features",
    "x-inferred-content",
    "x-lro",
    "x-merged-operations",
    "x-multipart",
    "x-no-api-version",
    "x-observed",
    "x-openai-agent-base",
    "x-paging",
    "x-repeatable-request",
    "x-required-for-content-type",
    "x-sse",
    "x-sse-events",
];

/// What holds data or names, and no marks.
const DATA: &[&str] = &["default", "enum", "example", "examples"];

/// Whose members have names, and no keywords, for keys.
const OF_NAMES: &[&str] =
    &["paths", "responses", "content", "headers", "schemas", "parameters", "properties", "mapping"];

const EVENT_STREAM: &str = "text/event-stream";

/// An action of the overlay: what it adds, and where; without anything to add it removes.
#[derive(Debug, PartialEq)]
pub(super) struct Action {
    pub(super) target: String,
    pub(super) update: Option<Value>,
}

/// What became of the marks.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub(super) actions: Vec<Action>,
    /// What has no place in the new document.
    pub(super) lost: Vec<String>,
    /// What both documents say, and not the same.
    pub(super) different: Vec<String>,
}

/// How often each other mark of ours stands in the old document and no more in the new one, in words.
pub(super) fn not_carried(old: &Value, new: &Value) -> Vec<String> {
    let (before, after) = (count(old), count(new));
    let gone = before.into_iter().filter_map(|(mark, count)| {
        let rest = after.get(mark).copied().unwrap_or_default();
        (rest < count).then(|| format!("{mark}: {count} before, {rest} now"))
    });
    gone.collect()
}

fn count(document: &Value) -> BTreeMap<&str, usize> {
    let mut marks = Vec::new();
    let is_other = |key: &str| OURS.contains(&key) && !CARRIED.contains(&key);
    collect(document, false, &mut Vec::new(), &is_other, &mut marks);
    marks.into_iter().fold(BTreeMap::new(), |mut counts, (_, mark, _)| {
        *counts.entry(mark).or_default() += 1;
        counts
    })
}

/// Finds the marks of `old` that `new` lacks, and a place for each.
pub(super) fn carry(old: &Value, new: &Value) -> Carried {
    let mut marks = Vec::new();
    collect(old, false, &mut Vec::new(), &|key| CARRIED.contains(&key), &mut marks);
    let same = Correspondence::of(old, new);
    let mut carried = Carried::default();
    // Marks of one place are one action, in the document's order.
    let mut updates: BTreeMap<Vec<Step>, Map<String, Value>> = BTreeMap::new();
    let mut streams: BTreeMap<Vec<Step>, Value> = BTreeMap::new();
    for (place, mark, value) in marks {
        let shown = || format!("{mark} of {}", told(&place, old));
        let value = &of_new(mark, value, &place, old, new, &same);
        let gone = references(value).into_iter().find(|reference| target(new, reference).is_none());
        let found = match find(&place, mark, old, new, &same) {
            Ok(found) => found,
            Err(Missing::Stream { answer, media })
                if references(&media).into_iter().all(|reference| target(new, reference).is_some()) =>
            {
                streams.insert(answer, media);
                continue;
            }
            Err(missing) => {
                carried.lost.push(format!("{}: {}", shown(), missing.why()));
                continue;
            }
        };
        let there = at(new, &found);
        match there.and_then(|there| there.get(mark)) {
            Some(known) if known == value => continue,
            Some(known) => {
                carried.different.push(format!("{}: it was {value} and is {known}", shown()));
                continue;
            }
            None => {}
        }
        let gone = gone.or_else(|| value["statusPath"].as_str().filter(|path| new["paths"].get(path).is_none()));
        if let Some(reference) = gone {
            carried.lost.push(format!("{}: it leads to {reference}, which is no longer there", shown()));
            continue;
        }
        updates.entry(found).or_default().insert(mark.to_owned(), value.clone());
    }
    for (answer, media) in streams {
        let update = json!({ "content": { EVENT_STREAM: media } });
        carried.actions.push(Action { target: path(&answer), update: Some(update) });
    }
    for (place, mut update) in updates {
        // What stands beside a reference is not read: the reference becomes a part of what has the mark.
        if let (Some(reference), Some((Step::Name(last), parent))) =
            (at(new, &place).and_then(|there| there.get("$ref")), place.split_last())
        {
            update.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            carried.actions.push(Action { target: path(&place), update: None });
            carried.actions.push(Action { target: path(parent), update: Some(json!({ last: update })) });
        } else {
            carried.actions.push(Action { target: path(&place), update: Some(Value::Object(update)) });
        }
    }
    carried
}

/// A mark with its place and its value.
type Mark<'v> = (Vec<String>, &'v str, &'v Value);

/// The marks of a value with their places. A document is bounded in depth, so this is.
fn collect<'v>(
    value: &'v Value,
    are_names: bool,
    place: &mut Vec<String>,
    is_mark: &dyn Fn(&str) -> bool,
    marks: &mut Vec<Mark<'v>>,
) {
    match value {
        Value::Object(members) => {
            for (key, inner) in members {
                if !are_names && is_mark(key) {
                    marks.push((place.clone(), key, inner));
                } else if are_names || !(DATA.contains(&key.as_str()) || key.starts_with("x-base")) {
                    place.push(key.clone());
                    // A property may be called `default`, and an answer is.
                    collect(inner, !are_names && OF_NAMES.contains(&key.as_str()), place, is_mark, marks);
                    place.pop();
                }
            }
        }
        Value::Array(elements) => {
            for (index, inner) in elements.iter().enumerate() {
                place.push(index.to_string());
                collect(inner, false, place, is_mark, marks);
                place.pop();
            }
        }
        _ => {}
    }
}

/// One step down a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name(String),
    Index(usize),
    /// The parameter of this name, in this place.
    Parameter(String, String),
}

/// Why a mark has no place.
enum Missing {
    Operation,
    Schema,
    Parameter,
    Place(String),
    /// An answer that may be a stream of events, published without it.
    Stream {
        answer: Vec<Step>,
        media: Value,
    },
}

impl Missing {
    fn why(&self) -> String {
        match self {
            Self::Operation => "the operation is no longer there".to_owned(),
            Self::Schema => "the schema is no longer there".to_owned(),
            Self::Parameter => "the parameter is no longer there".to_owned(),
            Self::Place(name) => format!("there is no `{name}` any more"),
            Self::Stream { .. } => "its events lead to schemas that are no longer there".to_owned(),
        }
    }
}

/// What a mark says, with the names that the new document has for paths and operations.
fn of_new(mark: &str, value: &Value, place: &[String], old: &Value, new: &Value, same: &Correspondence<'_>) -> Value {
    let mut value = value.clone();
    if let Some(path) = value["statusPath"].as_str().and_then(|path| same.path(path)) {
        value["statusPath"] = path.into();
    }
    if let ("x-merged-operations", [_, path, method, ..]) = (mark, place)
        && let Some((new_path, new_method)) = same.operation(path, method)
    {
        let (was, is) =
            (&old["paths"][path][method]["operationId"], &new["paths"][new_path][new_method]["operationId"]);
        for operation in value.as_array_mut().into_iter().flatten() {
            if operation.get("operationId") == Some(was) {
                operation["operationId"] = is.clone();
            }
        }
    }
    value
}

/// The place of a mark in the new document.
fn find(
    place: &[String],
    mark: &str,
    old: &Value,
    new: &Value,
    same: &Correspondence<'_>,
) -> Result<Vec<Step>, Missing> {
    let name = |text: &str| Step::Name(text.to_owned());
    let (mut found, rest): (Vec<Step>, &[String]) = match place {
        [] => return Ok(Vec::new()),
        [area, path, method, rest @ ..] if area == "paths" => {
            let (path, method) = same.operation(path, method).ok_or(Missing::Operation)?;
            (vec![name("paths"), name(path), name(method)], rest)
        }
        [area, kind, schema, rest @ ..] if area == "components" => {
            new["components"][kind].get(schema).ok_or(Missing::Schema)?;
            (vec![name("components"), name(kind), name(schema)], rest)
        }
        _ => (Vec::new(), place),
    };
    let is_operation = place.first().is_some_and(|area| area == "paths");
    let key = |index: usize| place.get(index).map(String::as_str);
    for (index, step) in place.iter().enumerate().skip(place.len() - rest.len()) {
        let next = if is_operation && index == 4 && key(3) == Some("parameters") {
            let was = value_at(old, &place[..=index]).ok_or(Missing::Parameter)?;
            let (Some(parameter), Some(location)) = (was["name"].as_str(), was["in"].as_str()) else {
                return Err(Missing::Parameter);
            };
            let renamed = match (location, found.get(1)) {
                ("path", Some(Step::Name(path))) => {
                    let position = parameters(&place[1]).iter().position(|name| *name == parameter);
                    position.and_then(|position| parameters(path).get(position).copied())
                }
                _ => None,
            };
            Step::Parameter(renamed.unwrap_or(parameter).to_owned(), location.to_owned())
        } else if at(new, &found).is_some_and(Value::is_array) {
            step.parse().map(Step::Index).map_err(|_| Missing::Place(step.clone()))?
        } else {
            name(step)
        };
        found.push(next);
        if at(new, &found).is_some() {
            continue;
        }
        // The answer is there, and is not said to be a stream: so it is said.
        let is_stream = key(3) == Some("responses") && key(6) == Some(EVENT_STREAM);
        if is_operation && is_stream && (index == 5 || index == 6) {
            let answer = found.into_iter().take(5).collect();
            let media = value_at(old, &place[..=6]).cloned().unwrap_or_default();
            return Err(Missing::Stream { answer, media });
        }
        return Err(match found.last() {
            Some(Step::Parameter(..)) => Missing::Parameter,
            _ => Missing::Place(step.clone()),
        });
    }
    // An enum that has got a name is open there.
    if mark == "x-extensible-enum" {
        let there = at(new, &found).unwrap_or(&Value::Null);
        let reference = there.get("$ref").or_else(|| there["allOf"][0].get("$ref")).and_then(Value::as_str);
        if let Some(schema) = reference.and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
            return Ok(vec![name("components"), name("schemas"), name(schema)]);
        }
        if there.get("enum").is_none() {
            return Err(Missing::Place("enum".to_owned()));
        }
    }
    Ok(found)
}

fn at<'v>(document: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(document, |value, step| match step {
        Step::Name(name) => value.as_object()?.get(name),
        Step::Index(index) => value.as_array()?.get(*index),
        Step::Parameter(name, location) => value
            .as_array()?
            .iter()
            .find(|parameter| parameter["name"] == name.as_str() && parameter["in"] == location.as_str()),
    })
}

fn value_at<'v>(document: &'v Value, tokens: &[String]) -> Option<&'v Value> {
    tokens.iter().try_fold(document, |value, token| match value {
        Value::Array(elements) => elements.get(token.parse::<usize>().ok()?),
        other => other.get(token),
    })
}

/// All references in a value; `item` of x-paging is one too.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if text.starts_with("#/") => vec![text],
        Value::Array(elements) => elements.iter().flat_map(references).collect(),
        Value::Object(members) => members.values().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn target<'v>(document: &'v Value, reference: &str) -> Option<&'v Value> {
    Pointer::parse(reference).ok()?.resolve(document)
}

/// A place as people read it.
fn told(place: &[String], old: &Value) -> String {
    match place {
        [] => "the document".to_owned(),
        [area, path, method, rest @ ..] if area == "paths" => {
            let rest: Vec<String> = match rest {
                [parameters, _, rest @ ..] if parameters == "parameters" => {
                    let parameter = value_at(old, &place[..5]).and_then(|parameter| parameter["name"].as_str());
                    let name = parameter.unwrap_or_default().to_owned();
                    [vec!["parameters".to_owned(), name], rest.to_vec()].concat()
                }
                rest => rest.to_vec(),
            };
            let within = if rest.is_empty() { String::new() } else { format!(", {}", rest.join("/")) };
            format!("{} {path}{within}", method.to_uppercase())
        }
        _ => format!("#/{}", place.iter().map(|token| escape_token(token)).collect::<Vec<_>>().join("/")),
    }
}

/// A place as JSONPath.
fn path(steps: &[Step]) -> String {
    let mut text = String::from("$");
    for step in steps {
        match step {
            Step::Name(name) if is_plain(name) => {
                text.push('.');
                text.push_str(name);
            }
            Step::Name(name) => text.push_str(&format!("[{}]", quoted(name))),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Parameter(name, location) => {
                text.push_str(&format!("[?@.name=={} && @.in=={}]", quoted(name), quoted(location)));
            }
        }
    }
    text
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(paths: Value, schemas: Value) -> Value {
        json!({ "paths": paths, "components": { "schemas": schemas } })
    }

    fn with(mark: &str, value: Value) -> Value {
        json!({ "operationId": "A_get", mark: value, "parameters": [] })
    }

    #[test]
    fn operations_are_found_by_template_and_by_id() {
        let old = document(json!({ "/a/{x}/b": { "get": with("x-no-api-version", true.into()) } }), json!({}));
        for (path, method, target) in [
            ("/a/{x}/b", "get", Some("$.paths['/a/{x}/b'].get")),
            ("/a/{other_name}/b", "get", Some("$.paths['/a/{other_name}/b'].get")),
            ("/c", "post", Some("$.paths['/c'].post")),
        ] {
            let new = document(json!({ path: { method: { "operationId": "A_get" } } }), json!({}));
            let carried = carry(&old, &new);
            assert_eq!(carried.actions.first().map(|action| action.target.as_str()), target);
            assert_eq!(carried.actions[0].update, Some(json!({ "x-no-api-version": true })));
            assert!(carried.lost.is_empty() && carried.different.is_empty());
        }
        let carried = carry(&old, &document(json!({ "/c": { "get": { "operationId": "C" } } }), json!({})));
        assert_eq!(carried.lost, ["x-no-api-version of GET /a/{x}/b: the operation is no longer there"]);
    }

    #[test]
    fn parameters_are_found_by_name_wherever_they_stand() {
        let parameter = |name: &str, more: Value| json!({ "name": name, "in": "query", "schema": more });
        let open = json!({ "type": "string", "enum": ["a"], "x-extensible-enum": true });
        let closed = json!({ "type": "string", "enum": ["a"] });
        let of = |parameters: Value| document(json!({ "/a": { "get": { "parameters": parameters } } }), json!({}));
        let old = of(json!([parameter("p", open.clone())]));
        let carried = carry(&old, &of(json!([parameter("q", closed.clone()), parameter("p", closed.clone())])));
        let target = "$.paths['/a'].get.parameters[?@.name=='p' && @.in=='query'].schema";
        assert_eq!(carried.actions[0].target, target);
        assert!(carry(&old, &of(json!([parameter("p", open)]))).actions.is_empty());
        let lost = carry(&old, &of(json!([parameter("q", closed)]))).lost;
        assert_eq!(lost, ["x-extensible-enum of GET /a, parameters/p/schema: the parameter is no longer there"]);
        let lost = carry(&old, &of(json!([parameter("p", json!({ "type": "string" }))]))).lost;
        assert_eq!(lost, ["x-extensible-enum of GET /a, parameters/p/schema: there is no `enum` any more"]);
    }

    #[test]
    fn schemas_keep_their_marks_by_name() {
        let observed = |more: Value| {
            let mut property = more;
            property["x-observed"] = json!(["null"]);
            json!({ "A": { "properties": { "p": property } } })
        };
        let old = document(json!({}), observed(json!({ "type": "string" })));
        let reference = json!({ "$ref": "#/components/schemas/A" });
        let new = document(json!({}), json!({ "A": { "properties": { "p": reference } } }));
        let carried = carry(&old, &new);
        assert_eq!(
            carried.actions[0],
            Action { target: "$.components.schemas.A.properties.p".to_owned(), update: None }
        );
        let wrapped = json!({ "p": { "allOf": [reference], "x-observed": ["null"] } });
        assert_eq!(carried.actions[1].update, Some(wrapped));
        for (schemas, why) in [
            (json!({}), "the schema is no longer there"),
            (json!({ "A": { "properties": {} } }), "there is no `p` any more"),
        ] {
            let lost = carry(&old, &document(json!({}), schemas)).lost;
            assert_eq!(lost, [format!("x-observed of #/components/schemas/A/properties/p: {why}")]);
        }
        // An enum that has got a name.
        let inline = json!({ "A": { "properties": { "p": { "enum": ["a"], "x-extensible-enum": true } } } });
        let named =
            json!({ "A": { "properties": { "p": { "$ref": "#/components/schemas/P" } } }, "P": { "enum": ["a"] } });
        let carried = carry(&document(json!({}), inline), &document(json!({}), named));
        assert_eq!(carried.actions[0].target, "$.components.schemas.P");
    }

    #[test]
    fn what_leads_nowhere_is_lost_and_what_differs_is_told() {
        let mark = json!({ "style": "nextLink", "item": "#/components/schemas/A" });
        let old = document(json!({ "/a": { "get": with("x-paging", mark) } }), json!({ "A": {} }));
        let lost = carry(&old, &document(json!({ "/a": { "get": {} } }), json!({}))).lost;
        assert_eq!(lost, ["x-paging of GET /a: it leads to #/components/schemas/A, which is no longer there"]);
        let other = document(json!({ "/a": { "get": with("x-paging", json!({})) } }), json!({}));
        let carried = carry(&old, &other);
        assert!(carried.actions.is_empty() && carried.lost.is_empty());
        assert_eq!(carried.different.len(), 1);
    }

    #[test]
    fn an_answer_becomes_a_stream_again() {
        let media = json!({ "schema": { "type": "string" }, "x-sse-events": [{ "event": "a", "data": { "$ref": "#/components/schemas/A" } }] });
        let answer = |content: Value| json!({ "/a": { "get": { "responses": { "200": { "content": content } } } } });
        let old = document(answer(json!({ "text/event-stream": media })), json!({ "A": {} }));
        let new = document(answer(json!({ "application/json": {} })), json!({ "A": {} }));
        let carried = carry(&old, &new);
        let update = json!({ "content": { "text/event-stream": media } });
        let target = "$.paths['/a'].get.responses['200']".to_owned();
        assert_eq!(carried.actions, [Action { target, update: Some(update) }]);
        let lost = carry(&old, &document(answer(json!({})), json!({}))).lost;
        assert!(lost[0].ends_with("its events lead to schemas that are no longer there"), "{lost:?}");
    }

    #[test]
    fn marks_stand_also_below_what_is_called_like_data() {
        let observed = || json!({ "type": "string", "x-observed": ["null"] });
        let object = |property: Value| json!({ "properties": { "default": property, "x-base-note": property } });
        let answer = |property: Value| json!({ "/a": { "get": { "responses": { "default": { "content": { "application/json": { "schema": object(property) } } } } } } });
        let old = document(answer(observed()), json!({ "example": object(observed()) }));
        let plain = || json!({ "type": "string" });
        let new = document(answer(plain()), json!({ "example": object(plain()) }));
        let targets: Vec<String> = carry(&old, &new).actions.into_iter().map(|action| action.target).collect();
        let schema = "$.components.schemas.example.properties";
        let answer = "$.paths['/a'].get.responses.default.content['application/json'].schema.properties";
        let expected = [schema, answer].map(|place| [format!("{place}.default"), format!("{place}['x-base-note']")]);
        assert_eq!(targets, expected.concat());
        // Data has none.
        let data = json!({ "A": { "default": { "x-observed": ["null"] }, "enum": [{ "x-observed": 1 }] } });
        assert!(carry(&document(json!({}), data), &document(json!({}), json!({}))).lost.is_empty());
    }

    #[test]
    fn marks_of_an_operation_name_what_the_new_document_has() {
        let merged = |id: &str| json!([{ "operationId": id, "contentType": "application/json" }, { "operationId": "A_twin", "contentType": "multipart/form-data" }]);
        let lro = |path: &str| json!({ "statusPath": path, "statusHeader": "Location" });
        let operation = |id: &str| json!({ "operationId": id });
        let mut start = operation("A_start");
        start["x-merged-operations"] = merged("A_start");
        start["x-lro"] = lro("/a/{id}");
        let old = document(json!({ "/a": { "post": start }, "/a/{id}": { "get": operation("A_get") } }), json!({}));
        let new = document(
            json!({ "/a": { "post": operation("Begin") }, "/a/{job}": { "get": operation("Read") } }),
            json!({}),
        );
        let carried = carry(&old, &new);
        assert!(carried.lost.is_empty(), "{:?}", carried.lost);
        assert_eq!(carried.actions[0].target, "$.paths['/a'].post");
        let expected = json!({ "x-lro": lro("/a/{job}"), "x-merged-operations": merged("Begin") });
        assert_eq!(carried.actions[0].update, Some(expected));
        let lost = carry(&old, &document(json!({ "/a": { "post": operation("Begin") } }), json!({}))).lost;
        assert_eq!(lost, ["x-lro of POST /a: it leads to /a/{id}, which is no longer there"]);
    }

    #[test]
    fn parameters_of_a_path_are_found_by_position() {
        let of = |first: &str, second: &str, open: bool| {
            let parameter = |name: &str| {
                let mut parameter =
                    json!({ "name": name, "in": "path", "schema": { "type": "string", "enum": ["a"] } });
                if open {
                    parameter["schema"]["x-extensible-enum"] = true.into();
                }
                parameter
            };
            let parameters = [parameter(second), parameter(first)];
            document(
                json!({ format!("/a/{{{first}}}/b:{{{second}}}"): { "get": { "parameters": parameters } } }),
                json!({}),
            )
        };
        let carried = carry(&of("x", "y", true), &of("y", "z", false));
        assert!(carried.lost.is_empty(), "{:?}", carried.lost);
        let targets: Vec<&str> = carried.actions.iter().map(|action| action.target.as_str()).collect();
        let parameter = |name: &str| {
            format!("$.paths['/a/{{y}}/b:{{z}}'].get.parameters[?@.name=='{name}' && @.in=='path'].schema")
        };
        assert_eq!(targets, [parameter("y"), parameter("z")]);
    }
}
