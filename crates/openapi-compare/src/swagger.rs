//! Reads a document of Swagger 2.0 as one of OpenAPI 3.0, so that either can be compared with any.
//!
//! What stands in parameters becomes bodies and schemas, what stands at the top becomes components; shared
//! parameters and responses are written out where they are used.

use serde_json::{Map, Value, json};

use crate::document::Document;
use crate::operations::{Operation, Parameter};
use crate::pointer::Pointer;

/// Converts a document that holds together; says what stands in the way if it cannot.
pub(crate) fn to_openapi_3(document: &Document) -> Result<Document, String> {
    let root = document.root();
    let mut paths = Map::new();
    for operation in document.operations() {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(item) = item {
            item.insert(operation.method.key().to_owned(), converted(document, &operation)?);
        }
    }
    let mut new = json!({
        "openapi": "3.0.3",
        "info": root.get("info").cloned().unwrap_or_else(|| json!({})),
        "paths": paths,
    });
    if let Value::Object(members) = &mut new {
        let servers = servers(root);
        if !servers.is_empty() {
            members.insert("servers".to_owned(), servers.into());
        }
        if let Some(security) = root.get("security") {
            members.insert("security".to_owned(), security.clone());
        }
        let schemas: Map<_, _> = document.schemas().map(|named| (named.name.to_owned(), schema(named.value))).collect();
        let schemes: Map<_, _> =
            object(root, "securityDefinitions").map(|(name, scheme)| (name.clone(), security_scheme(scheme))).collect();
        members.insert("components".to_owned(), json!({ "schemas": schemas, "securitySchemes": schemes }));
    }
    Document::from_value(new, document.name()).map_err(|error| error.to_string())
}

fn object<'d>(value: &'d Value, key: &str) -> impl Iterator<Item = (&'d String, &'d Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn text<'d>(value: &'d Value, key: &str) -> Option<&'d str> {
    value.get(key).and_then(Value::as_str)
}

fn servers(root: &Value) -> Vec<Value> {
    let base = text(root, "basePath").unwrap_or_default();
    if let Some(template) = root.get("x-ms-parameterized-host").and_then(|host| text(host, "hostTemplate")) {
        return vec![json!({ "url": format!("{template}{base}") })];
    }
    let Some(host) = text(root, "host") else {
        return if base.is_empty() { Vec::new() } else { vec![json!({ "url": base })] };
    };
    let schemes: Vec<_> =
        root.get("schemes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let schemes = if schemes.is_empty() { vec!["https"] } else { schemes };
    schemes.into_iter().map(|scheme| json!({ "url": format!("{scheme}://{host}{base}") })).collect()
}

fn converted(document: &Document, operation: &Operation<'_>) -> Result<Value, String> {
    let mut new = Map::new();
    for key in ["operationId", "tags", "summary", "description", "deprecated", "security"] {
        if let Some(value) = operation.value.get(key) {
            new.insert(key.to_owned(), value.clone());
        }
    }
    let media_types = |key: &str| -> Vec<String> {
        let listed = operation.value.get(key).or_else(|| document.root().get(key)).and_then(Value::as_array);
        let listed: Vec<_> = listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        if listed.is_empty() { vec!["application/json".to_owned()] } else { listed }
    };
    let (mut parameters, mut form) = (Vec::new(), Vec::new());
    for written in &operation.parameters {
        match written.location {
            "body" => {
                let schema = written.value.get("schema").map_or_else(|| json!({}), schema);
                let required = is_true(written.value, "required");
                let body = json!({ "required": required, "content": content(&media_types("consumes"), &schema) });
                new.insert("requestBody".to_owned(), body);
            }
            "formData" => form.push(written),
            _ => parameters.push(parameter(written)),
        }
    }
    if !form.is_empty() {
        let listed = media_types("consumes");
        new.insert("requestBody".to_owned(), form_body(&form, listed));
    }
    new.insert("parameters".to_owned(), parameters.into());
    let mut responses = Map::new();
    for (status, written) in object(operation.value, "responses").filter(|(status, _)| !status.starts_with("x-")) {
        let (_, written) = document.follow(Pointer::root(), written).map_err(|error| error.to_string())?;
        responses.insert(status.clone(), response(written, &media_types("produces")));
    }
    new.insert("responses".to_owned(), responses.into());
    Ok(new.into())
}

fn is_true(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}

fn content(media_types: &[String], schema: &Value) -> Value {
    media_types.iter().map(|name| (name.clone(), json!({ "schema": schema }))).collect::<Map<_, _>>().into()
}

/// What a parameter or header says about itself and not about its values.
const ABOUT_PARAMETERS: &[&str] =
    &["name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "deprecated"];

fn parameter(written: &Parameter<'_>) -> Value {
    let mut new = Map::new();
    for key in ["name", "in", "required", "description", "deprecated", "allowEmptyValue"] {
        if let Some(value) = written.value.get(key) {
            new.insert(key.to_owned(), value.clone());
        }
    }
    new.insert("schema".to_owned(), value_schema(written.value));
    if text(written.value, "type") == Some("array") {
        let (style, explode) = match (text(written.value, "collectionFormat"), written.location) {
            (Some("multi"), _) => ("form", true),
            (Some("ssv"), _) => ("spaceDelimited", false),
            (Some("pipes"), _) => ("pipeDelimited", false),
            (Some("tsv"), _) => ("tabDelimited", false),
            (_, "query") => ("form", false),
            _ => ("simple", false),
        };
        new.insert("style".to_owned(), style.into());
        new.insert("explode".to_owned(), explode.into());
    }
    new.into()
}

/// The schema that a parameter or a header is in Swagger 2.0.
fn value_schema(written: &Value) -> Value {
    let members = written.as_object().into_iter().flatten();
    let members: Map<_, _> = members
        .filter(|(key, _)| !ABOUT_PARAMETERS.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    schema(&members.into())
}

fn form_body(form: &[&Parameter<'_>], listed: Vec<String>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in form {
        properties.insert(parameter.name.to_owned(), value_schema(parameter.value));
        if is_true(parameter.value, "required") {
            required.push(parameter.name);
        }
    }
    let has_file = form.iter().any(|parameter| text(parameter.value, "type") == Some("file"));
    let mut media_types: Vec<_> = listed
        .into_iter()
        .filter(|name| name.starts_with("multipart/") || name.ends_with("x-www-form-urlencoded"))
        .collect();
    if media_types.is_empty() {
        let name = if has_file { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
        media_types.push(name.to_owned());
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if let (Value::Object(members), false) = (&mut schema, required.is_empty()) {
        members.insert("required".to_owned(), json!(required));
    }
    json!({ "required": !required.is_empty(), "content": content(&media_types, &schema) })
}

fn response(written: &Value, media_types: &[String]) -> Value {
    let mut new = Map::new();
    new.insert("description".to_owned(), written.get("description").cloned().unwrap_or_else(|| "".into()));
    if let Some(body) = written.get("schema") {
        new.insert("content".to_owned(), content(media_types, &schema(body)));
    }
    let headers: Map<_, _> = object(written, "headers")
        .map(|(name, header)| (name.clone(), json!({ "schema": value_schema(header) })))
        .collect();
    if !headers.is_empty() {
        new.insert("headers".to_owned(), headers.into());
    }
    new.into()
}

fn security_scheme(written: &Value) -> Value {
    match text(written, "type") {
        Some("basic") => json!({ "type": "http", "scheme": "basic" }),
        Some("oauth2") => {
            let flow = match text(written, "flow") {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some(other) => other,
                None => "implicit",
            };
            let mut members = Map::new();
            for key in ["authorizationUrl", "tokenUrl", "scopes"] {
                if let Some(value) = written.get(key) {
                    members.insert(key.to_owned(), value.clone());
                }
            }
            json!({ "type": "oauth2", "flows": { flow: members } })
        }
        _ => written.clone(),
    }
}

/// A schema in the words of OpenAPI 3.0. As deep as the document, which is bounded.
fn schema(written: &Value) -> Value {
    let Value::Object(members) = written else { return written.clone() };
    let mut new = Map::new();
    for (key, value) in members {
        let value = match (key.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                let moved = reference.strip_prefix("#/definitions/");
                moved.map_or_else(|| value.clone(), |name| format!("#/components/schemas/{name}").into())
            }
            ("discriminator", Value::String(property)) => json!({ "propertyName": property }),
            ("type", Value::String(name)) if name == "file" => {
                new.insert("format".to_owned(), "binary".into());
                "string".into()
            }
            ("properties" | "patternProperties", Value::Object(schemas)) => {
                schemas.iter().map(|(name, value)| (name.clone(), schema(value))).collect::<Map<_, _>>().into()
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter().map(schema).collect(),
            ("items" | "additionalProperties" | "not", value) => schema(value),
            (_, value) => value.clone(),
        };
        new.insert(if key == "x-nullable" { "nullable" } else { key }.to_owned(), value);
    }
    new.into()
}
