//! Swagger 2.0 in the form of OpenAPI 3.0.

use serde_json::{Map, Value, json};

use super::log::Log;
use super::walk::{self, METHODS};

/// What of a parameter or a header is its schema, in 3.0.
const OF_SCHEMA: &[&str] = &[
    "type",
    "format",
    "items",
    "enum",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "x-ms-enum",
    "x-nullable",
];

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";
const MULTIPART: &str = "multipart/form-data";
const FORM: &str = "application/x-www-form-urlencoded";

/// Rewrites a document of Swagger 2.0. References to parameters and answers are resolved already.
pub(super) fn to_3_0(document: Value, log: &mut Log) -> Value {
    let Value::Object(mut old) = document else { return Value::Null };
    let mut new = Map::new();
    new.insert("openapi".to_owned(), "3.0.3".into());
    for key in ["info", "security", "tags", "externalDocs"] {
        new.extend(old.remove_entry(key));
    }
    new.insert("servers".to_owned(), servers(&mut old));
    let media = |old: &Map<String, Value>, key: &str| old.get(key).cloned();
    let (consumes, produces) = (media(&old, "consumes"), media(&old, "produces"));
    let mut paths = old.remove("paths").unwrap_or_else(|| json!({}));
    if old.get("x-ms-paths").and_then(Value::as_object).is_some_and(|paths| !paths.is_empty()) {
        log.problem(
            "paths with a query (`x-ms-paths`) are not supported; move them to `paths`, or out",
            "#/x-ms-paths",
        );
    }
    old.remove("x-ms-paths");
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(*method).and_then(Value::as_object_mut) {
                let place = format!("{} {path}", method.to_uppercase());
                one(operation, consumes.as_ref(), produces.as_ref(), &place, log);
            }
        }
    }
    new.insert("paths".to_owned(), paths);
    let mut components = Map::new();
    components.insert("schemas".to_owned(), old.remove("definitions").unwrap_or_else(|| json!({})));
    if let Some(Value::Object(schemes)) = old.remove("securityDefinitions") {
        let schemes = schemes.into_iter().map(|(name, scheme)| {
            let place = format!("#/securityDefinitions/{name}");
            (name, security_scheme(scheme, &place, log))
        });
        components.insert("securitySchemes".to_owned(), Value::Object(schemes.collect()));
    }
    new.insert("components".to_owned(), Value::Object(components));
    for key in ["swagger", "consumes", "produces", "parameters", "responses"] {
        old.remove(key);
    }
    new.extend(old);
    let mut document = Value::Object(new);
    walk::schemas(&mut document, &mut |_, schema| {
        if let Some(Value::String(reference)) = schema.get_mut("$ref")
            && let Some(name) = reference.strip_prefix("#/definitions/")
        {
            *reference = format!("#/components/schemas/{name}");
        }
        if is_file(schema) {
            schema["type"] = "string".into();
            schema["format"] = "binary".into();
        }
        // A name in 2.0, an object in 3.0.
        if let Some(Value::String(tag)) = schema.get("discriminator") {
            schema["discriminator"] = json!({ "propertyName": tag });
        }
    });
    document
}

/// One address, whose part before the paths may have parameters.
fn servers(old: &mut Map<String, Value>) -> Value {
    let base = old.remove("basePath").and_then(|base| base.as_str().map(str::to_owned)).unwrap_or_default();
    let base = base.trim_end_matches('/');
    let schemes = old.remove("schemes");
    let host = old.remove("host");
    if let Some(mark) = old.remove("x-ms-parameterized-host") {
        let template = mark["hostTemplate"].as_str().unwrap_or("{endpoint}");
        let with_scheme = mark["useSchemePrefix"] != false && !template.starts_with("{endpoint}");
        let scheme = if with_scheme && !template.contains("://") { "https://" } else { "" };
        return json!([{ "url": format!("{scheme}{template}{base}") }]);
    }
    let schemes = schemes.unwrap_or_default();
    let scheme = schemes.as_array().and_then(|all| all.first()).and_then(Value::as_str).unwrap_or("https");
    match host.as_ref().and_then(Value::as_str) {
        Some(host) => json!([{ "url": format!("{scheme}://{host}{base}") }]),
        None => json!([{ "url": format!("{{endpoint}}{base}") }]),
    }
}

fn one(
    operation: &mut Map<String, Value>,
    consumes: Option<&Value>,
    produces: Option<&Value>,
    place: &str,
    log: &mut Log,
) {
    let own_consumes = operation.remove("consumes");
    let own_produces = operation.remove("produces");
    operation.remove("schemes");
    let consumes = media_types(own_consumes.as_ref().or(consumes));
    let produces = media_types(own_produces.as_ref().or(produces));
    let (mut kept, mut fields, mut body) = (Vec::new(), Vec::new(), None);
    for parameter in operation.remove("parameters").and_then(|list| list.as_array().cloned()).into_iter().flatten() {
        match parameter["in"].as_str() {
            Some("body") => body = Some(parameter),
            Some("formData") => fields.push(parameter),
            _ => kept.push(self::parameter(parameter, place, log)),
        }
    }
    operation.insert("parameters".to_owned(), kept.into());
    if let Some(body) = body {
        let schema = body.get("schema").cloned().unwrap_or_else(|| json!({}));
        let is_file = is_file(&schema);
        let media = if consumes.is_empty() {
            vec![if is_file { BYTES } else { JSON }.to_owned()]
        } else {
            json_once(consumes, place, log)
        };
        let content: Map<String, Value> = media.into_iter().map(|media| (media, json!({ "schema": schema }))).collect();
        let required = body["required"] == true;
        operation.insert("requestBody".to_owned(), json!({ "required": required, "content": content }));
    } else if !fields.is_empty() {
        operation.insert("requestBody".to_owned(), form(fields, &consumes, place, log));
    }
    for (status, answer) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(answer) = answer.as_object_mut().filter(|_| !status.starts_with("x-")) {
            self::answer(answer, &produces, place, log);
        }
    }
}

/// Bytes: Swagger's own type, or how Azure writes it in bodies.
fn is_file(schema: &Value) -> bool {
    schema["type"] == "file" || ["file", "binary"].iter().any(|format| schema["format"] == *format)
}

fn media_types(list: Option<&Value>) -> Vec<String> {
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut types: Vec<String> = Vec::new();
    for text in texts {
        // What follows is the encoding, which for JSON is known.
        let bare = text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase();
        if !bare.is_empty() && !types.contains(&bare) {
            types.push(bare);
        }
    }
    types
}

/// Of several names of JSON, the usual one.
fn json_once(types: Vec<String>, place: &str, log: &mut Log) -> Vec<String> {
    if !types.iter().any(|media| media == JSON) {
        return types;
    }
    let is_other = |media: &String| matches!(media.as_str(), "text/json" | "application/*+json" | "text/plain");
    let (others, kept): (Vec<String>, Vec<String>) = types.into_iter().partition(is_other);
    for media in others {
        log.note(format!("left out: `{media}` beside `{JSON}`"), place);
    }
    kept
}

fn parameter(parameter: Value, place: &str, log: &mut Log) -> Value {
    let Value::Object(mut parameter) = parameter else { return parameter };
    let schema = schema_of(&mut parameter);
    let location = parameter.get("in").and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_list = schema.get("type").is_some_and(|kind| kind == "array");
    let format = parameter.remove("collectionFormat");
    if is_list {
        let (style, explode) = match (location.as_str(), format.as_ref().and_then(Value::as_str).unwrap_or("csv")) {
            ("query", "multi") => ("form", true),
            ("query", "ssv") => ("spaceDelimited", false),
            ("query", "pipes") => ("pipeDelimited", false),
            ("query", "csv") => ("form", false),
            (_, "csv") => ("simple", false),
            (_, other) => {
                let what = format!("the collectionFormat `{other}` has no counterpart in OpenAPI 3.0; correct it");
                log.problem(what, place);
                ("simple", false)
            }
        };
        parameter.insert("style".to_owned(), style.into());
        parameter.insert("explode".to_owned(), explode.into());
    }
    parameter.insert("schema".to_owned(), Value::Object(schema));
    Value::Object(parameter)
}

/// The keywords of a parameter that in 3.0 stand in its schema.
fn schema_of(parameter: &mut Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(schema)) = parameter.remove("schema") {
        return schema;
    }
    let mut schema: Map<String, Value> = OF_SCHEMA.iter().filter_map(|key| parameter.remove_entry(*key)).collect();
    // An inner list says how it is written, which only `form` and `simple` of one level can.
    if let Some(Value::Object(items)) = schema.get_mut("items") {
        items.remove("collectionFormat");
    }
    schema.entry("type").or_insert_with(|| "string".into());
    schema
}

/// The fields of a form as one body.
fn form(fields: Vec<Value>, consumes: &[String], place: &str, log: &mut Log) -> Value {
    let is_multipart = consumes.iter().any(|media| media == MULTIPART)
        || fields.iter().any(|field| is_file(field) || is_file(&field["items"]));
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let Value::Object(mut field) = field else { continue };
        let Some(Value::String(name)) = field.remove("name") else { continue };
        if field.get("required") == Some(&Value::Bool(true)) {
            required.push(Value::String(name.clone()));
        }
        if let Some(format) = field.remove("collectionFormat").filter(|format| format != "multi") {
            log.note(format!("left out: the collectionFormat {format} of a field of a form"), place);
        }
        properties.insert(name, Value::Object(schema_of(&mut field)));
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    let media = if is_multipart { MULTIPART } else { FORM };
    json!({ "required": schema.get("required").is_some(), "content": { media: { "schema": schema } } })
}

fn answer(answer: &mut Map<String, Value>, produces: &[String], place: &str, log: &mut Log) {
    answer.remove("examples");
    for (name, header) in answer.get_mut("headers").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(header) = header.as_object_mut() {
            let schema = schema_of(header);
            if header.remove("collectionFormat").is_some_and(|format| format != "csv") {
                log.note(format!("left out: the collectionFormat of the header {name}"), place);
            }
            header.insert("schema".to_owned(), Value::Object(schema));
        }
    }
    let Some(schema) = answer.remove("schema") else { return };
    let is_file = is_file(&schema);
    let is_other = |media: &&String| !is_file || media.as_str() != JSON;
    let mut media: Vec<String> = produces.iter().filter(is_other).cloned().collect();
    if media.is_empty() {
        media.push(if is_file { BYTES } else { JSON }.to_owned());
    }
    let content: Map<String, Value> =
        json_once(media, place, log).into_iter().map(|media| (media, json!({ "schema": schema }))).collect();
    answer.insert("content".to_owned(), Value::Object(content));
}

fn security_scheme(scheme: Value, place: &str, log: &mut Log) -> Value {
    let Value::Object(mut scheme) = scheme else { return scheme };
    match scheme.get("type").and_then(Value::as_str) {
        Some("basic") => json!({ "type": "http", "scheme": "basic" }),
        Some("oauth2") => {
            let flow = match scheme.remove("flow").as_ref().and_then(Value::as_str) {
                Some("accessCode") => "authorizationCode",
                Some("application") => "clientCredentials",
                Some("password") => "password",
                Some("implicit") => "implicit",
                other => {
                    let shown = other.unwrap_or("nothing");
                    log.problem(format!("the flow of oauth2 is {shown}; OpenAPI knows none such: correct it"), place);
                    "implicit"
                }
            };
            let scopes = scheme.remove("scopes").unwrap_or_else(|| json!({}));
            let mut content = Map::from_iter([("scopes".to_owned(), scopes)]);
            for key in ["authorizationUrl", "tokenUrl"] {
                content.extend(scheme.remove_entry(key));
            }
            json!({ "type": "oauth2", "flows": { flow: content } })
        }
        _ => Value::Object(scheme),
    }
}
