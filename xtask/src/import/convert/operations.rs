//! Operations to the form that our documents have.

use std::collections::BTreeMap;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::{Map, Value, json};

use super::log::Log;
use super::marks::keep;
use super::walk::{self, Place};

const OF_OPERATIONS: &[&str] = &[
    "operationId",
    "tags",
    "parameters",
    "requestBody",
    "responses",
    "deprecated",
    "security",
    "x-ms-pageable",
    "x-ms-long-running-operation",
    "x-ms-long-running-operation-options",
];
const OF_PATHS: &[&str] = walk::METHODS;
const OF_PARAMETERS: &[&str] =
    &["name", "in", "required", "schema", "content", "style", "explode", "deprecated", "allowReserved"];
const OF_BODIES: &[&str] = &["required", "content"];
const OF_ANSWERS: &[&str] = &["content", "headers"];
const OF_MEDIA: &[&str] = &["schema", "encoding"];
const OF_HEADERS: &[&str] = &["required", "schema", "style", "explode", "deprecated"];

/// Tidies every operation of the document.
pub(super) fn tidy(document: &mut Value, log: &mut Log) {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|path, _| {
            let is_path = path.starts_with('/');
            if !is_path {
                log.note(format!("left out: `{path}` of the paths"), "#/paths");
            }
            is_path
        });
    }
    walk::members(document, "paths", &mut Place::default(), &mut |place, item| {
        if let Some(item) = item.as_object_mut() {
            keep(item, OF_PATHS, "of a path", &place.text(), log);
        }
    });
    walk::operations(document, &mut |place, operation| {
        kept(operation, OF_OPERATIONS, "of an operation", place, log);
        walk::elements(operation, "parameters", place, &mut |place, parameter| {
            kept(parameter, OF_PARAMETERS, "of a parameter", place, log);
            complete(parameter);
        });
        drop_parameters(operation, place, log);
        if let Some(body) = operation.get_mut("requestBody") {
            place.at("requestBody", |place| {
                kept(body, OF_BODIES, "of a body", place, log);
                media(body, place, log);
                multipart(body);
            });
        }
        errors_as_default(operation, place, log);
        walk::members(operation, "responses", place, &mut |place, answer| {
            kept(answer, OF_ANSWERS, "of an answer", place, log);
            media(answer, place, log);
            walk::members(answer, "headers", place, &mut |place, header| {
                kept(header, OF_HEADERS, "of a header", place, log);
            });
        });
        let answers = operation.get_mut("responses").and_then(Value::as_object_mut);
        for (status, answer) in answers.into_iter().flatten() {
            // OpenAPI wants one; ours are no prose.
            let description = if status == "default" { "error" } else { status };
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("description".to_owned(), description.into());
            }
        }
        group(operation);
        features(operation);
    });
}

/// A body or an answer needs no schema: of JSON it is any value, else bytes.
pub(super) fn complete_media(document: &mut Value, _: &mut Log) {
    let complete = |parent: &mut Value| {
        let content = parent.get_mut("content").and_then(Value::as_object_mut);
        for (name, media) in content.into_iter().flatten() {
            let schema =
                if bare(name).ends_with("json") { json!({}) } else { json!({ "type": "string", "format": "binary" }) };
            if let Some(media) = media.as_object_mut() {
                media.entry("schema").or_insert(schema);
            }
        }
    };
    walk::operations(document, &mut |place, operation| {
        if let Some(body) = operation.get_mut("requestBody") {
            complete(body);
        }
        walk::members(operation, "responses", place, &mut |_, answer| complete(answer));
    });
}

/// A media type without what follows, the encoding, which is known.
fn bare(media: &str) -> &str {
    media.split(';').next().unwrap_or(media).trim()
}

fn kept(value: &mut Value, facts: &[&str], what: &str, place: &Place, log: &mut Log) {
    if let Some(members) = value.as_object_mut() {
        keep(members, facts, what, &place.text(), log);
    }
}

fn media(parent: &mut Value, place: &mut Place, log: &mut Log) {
    walk::members(parent, "content", place, &mut |place, media| kept(media, OF_MEDIA, "of a media type", place, log));
    let Some(content) = parent.get_mut("content").and_then(Value::as_object_mut) else { return };
    for (name, media) in std::mem::take(content) {
        content.entry(bare(&name)).or_insert(media);
    }
}

/// What is said of a parameter only where it is not the default, said always.
fn complete(parameter: &mut Value) {
    let Some(members) = parameter.as_object_mut() else { return };
    members.entry("required").or_insert(false.into());
    let is_list = members.get("schema").is_some_and(|schema| schema["type"] == "array");
    let is_deep = members.get("style").is_some_and(|style| style == "deepObject");
    if !is_list && !is_deep {
        // One value is written the same in all of them.
        members.remove("explode");
        members.remove("style");
        return;
    }
    let in_query = members.get("in").is_some_and(|location| location == "query" || location == "cookie");
    let style = members.entry("style").or_insert_with(|| if in_query { "form" } else { "simple" }.into()).clone();
    members.entry("explode").or_insert_with(|| (style == "form").into());
}

/// Takes away the parameters that no client of ours can send; one that is required cannot be left out.
fn drop_parameters(operation: &mut Value, place: &Place, log: &mut Log) {
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    parameters.retain(|parameter| {
        let what = if parameter["in"] == "cookie" {
            "a cookie"
        } else if parameter["style"] == "deepObject" {
            "a deep object"
        } else if parameter.get("content").is_some() {
            "of a media type"
        } else {
            return true;
        };
        let name = parameter["name"].as_str().unwrap_or_default();
        if parameter["required"] == true {
            log.problem(
                format!("the parameter `{name}` is {what}, which cannot be sent, and it is required; take it out, or say it in another way"),
                &place.text(),
            );
        } else {
            log.note(format!("left out: the parameter `{name}`, which is {what}"), &place.text());
        }
        false
    });
}

/// Which fields of a multipart body are files, and which are data.
fn multipart(body: &mut Value) {
    let Some(properties) = body
        .pointer("/content/multipart~1form-data/schema/properties")
        .and_then(Value::as_object)
        .filter(|_| body.get("x-multipart").is_none())
    else {
        return;
    };
    let is_file = |value: &Value| value["format"] == "binary" || value["items"]["format"] == "binary";
    let (files, data): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, value)| is_file(value));
    let names = |fields: Vec<(&String, &Value)>| fields.into_iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    body["x-multipart"] = json!({ "file_fields": names(files), "data_fields": names(data) });
}

/// All failures are one answer: the service has one form of them, and it is decoded in one place.
fn errors_as_default(operation: &mut Value, place: &Place, log: &mut Log) {
    let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    answers.retain(|status, _| !status.starts_with("x-"));
    let is_error = |status: &String| status.starts_with(['4', '5']);
    let errors: Vec<String> = answers.keys().filter(|status| is_error(status)).cloned().collect();
    for status in errors {
        let Some(answer) = answers.remove(&status) else { continue };
        if answers.get("default").is_none_or(|default| default.get("content").is_none()) {
            answers.insert("default".to_owned(), answer);
        } else if answers["default"]["content"] != answer["content"] {
            log.note(format!("left out: the answer {status} beside `default`"), &place.text());
        }
    }
}

/// The first tag is the group, which is a module and a type in Rust.
fn group(operation: &mut Value) {
    let tagged = operation["tags"][0].as_str().map(str::to_owned);
    let from_id = || {
        let (group, _) = operation["operationId"].as_str()?.split_once('_')?;
        Some(group.to_owned())
    };
    let Some(name) = tagged.clone().or_else(from_id) else { return };
    let is_identifier =
        name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_uppercase());
    let name = if is_identifier { name } else { name.to_snake_case().to_upper_camel_case() };
    if tagged.as_ref() != Some(&name) {
        operation["tags"] = json!([name]);
    }
}

/// The values of `Foundry-Features` that an operation knows.
fn features(operation: &mut Value) {
    if operation.get("x-foundry-features").is_some() {
        return;
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let header = parameters.into_iter().find(|parameter| {
        parameter["in"] == "header"
            && parameter["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("Foundry-Features"))
    });
    let Some(schema) = header.map(|parameter| &parameter["schema"]) else { return };
    let values = schema.get("enum").or_else(|| schema["items"].get("enum")).cloned();
    if let Some(values) = values {
        operation["x-foundry-features"] = values;
    }
}

/// Pages and long-running operations, as Azure marks them.
pub(super) fn azure(document: &mut Value, log: &mut Log) {
    let whole = document.clone();
    // The paths by what stands before their last part.
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in whole["paths"].as_object().into_iter().flat_map(Map::keys) {
        if let Some((parent, last)) = path.rsplit_once('/')
            && last.starts_with('{')
            && last.ends_with('}')
        {
            below.entry(parent).or_default().push(path);
        }
    }
    walk::operations(document, &mut |place, operation| {
        let Some(members) = operation.as_object_mut() else { return };
        let pageable = members.remove("x-ms-pageable");
        let is_long = members.remove("x-ms-long-running-operation") == Some(Value::Bool(true));
        let options = members.remove("x-ms-long-running-operation-options").unwrap_or_default();
        let answer = json_answer(members).cloned();
        if let Some(mark) = pageable.filter(|_| !members.contains_key("x-paging")) {
            match paging(&mark, answer.as_ref(), &whole) {
                Ok(mark) => _ = members.insert("x-paging".to_owned(), mark),
                Err(why) => log.note(format!("`x-ms-pageable` {why}: one page, and no x-paging"), &place.text()),
            }
        }
        if is_long && !members.contains_key("x-lro") {
            let header = status_header(&options, members);
            match header.and_then(|header| long_running(header, &place.text(), &below, &whole)) {
                Ok(mark) => _ = members.insert("x-lro".to_owned(), mark),
                Err(known) => log.note(
                    format!("long-running, and how it goes on is not known: {known}; write its x-lro in the overlay"),
                    &place.text(),
                ),
            }
        }
    });
}

/// The schema of an operation's success answer in JSON.
fn json_answer(operation: &Map<String, Value>) -> Option<&Value> {
    let answers = operation.get("responses")?.as_object()?;
    let (_, answer) = answers.iter().find(|(status, _)| status.starts_with('2'))?;
    answer["content"]["application/json"].get("schema")
}

/// The mark of a list in pages; or why there is none, in words.
fn paging(mark: &Value, answer: Option<&Value>, document: &Value) -> Result<Value, String> {
    let next = mark["nextLinkName"].as_str().ok_or("without a link to the next page")?;
    let items = mark["itemName"].as_str().unwrap_or("value");
    let mut paging = json!({ "items": items, "style": "nextLink", "nextLink": next });
    let list = answer.and_then(|schema| walk::resolve(document, schema)).unwrap_or(&Value::Null);
    for property in [items, next] {
        if list["properties"].get(property).is_none() {
            return Err(format!("with `{property}`, which the answer does not have"));
        }
    }
    if let Some(item) = list["properties"][items]["items"]["$ref"].as_str() {
        paging["item"] = item.into();
    }
    Ok(paging)
}

/// The header with the address of the status: as the options say, else one that an answer has.
fn status_header(options: &Value, operation: &Map<String, Value>) -> Result<&'static str, String> {
    const KNOWN: [&str; 3] = ["Operation-Location", "Azure-AsyncOperation", "Location"];
    match options["final-state-via"].as_str() {
        Some("operation-location") => Ok(KNOWN[0]),
        Some("azure-async-operation") => Ok(KNOWN[1]),
        Some("location") => Ok(KNOWN[2]),
        Some(other) => Err(format!("its final state is via {other}")),
        None => {
            let answers = operation.get("responses").and_then(Value::as_object).into_iter().flat_map(Map::values);
            let headers: Vec<&String> =
                answers.filter_map(|answer| answer["headers"].as_object()).flat_map(Map::keys).collect();
            let has = |known: &&&str| headers.iter().any(|header| header.eq_ignore_ascii_case(known));
            Ok(KNOWN.iter().find(has).copied().unwrap_or(KNOWN[0]))
        }
    }
}

/// The mark of a long-running operation; or, in words, what is known of it.
fn long_running(
    header: &str,
    place: &str,
    below: &BTreeMap<&str, Vec<&str>>,
    document: &Value,
) -> Result<Value, String> {
    let path = openapi_compare::Pointer::parse(place).ok();
    let path = path.and_then(|place| place.tokens().nth(1).map(std::borrow::Cow::into_owned)).unwrap_or_default();
    let mut found = Vec::new();
    for status_path in below.get(path.as_str()).into_iter().flatten() {
        let Some(get) = document["paths"][*status_path]["get"].as_object() else { continue };
        let Some(status) = json_answer(get).filter(|schema| walk::schema_name(schema).is_some()) else { continue };
        let properties = walk::resolve(document, status).map(|schema| &schema["properties"]).cloned();
        if let Some(properties) = properties.filter(|properties| properties.get("status").is_some()) {
            found.push((status_path, status.clone(), properties));
        }
    }
    let [(status_path, status, properties)] = found.as_slice() else {
        return Err(format!("its header is {header}, and no one GET below {path} answers with a status"));
    };
    let mut mark = json!({
        "style": header.to_ascii_lowercase(),
        "statusHeader": header,
        "statusPath": status_path,
        "status": status,
    });
    if let Some(result) = properties.get("result") {
        let result = result["allOf"].get(0).unwrap_or(result);
        if walk::schema_name(result).is_some() {
            mark["finalResultProperty"] = "result".into();
            mark["finalResult"] = result.clone();
        }
    }
    Ok(mark)
}
