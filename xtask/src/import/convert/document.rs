//! What stands at the top of a document: server, api-version, groups.

use serde_json::{Map, Value, json};

use super::log::Log;
use super::marks::keep;
use super::references;
use super::walk;

const FACTS: &[&str] = &["openapi", "info", "servers", "security", "tags", "paths", "components"];
/// The part of an address that belongs to the project's endpoint.
const PROJECTS: &str = "/api/projects/";

/// Tidies what is not of one operation or schema.
pub(super) fn tidy(document: &mut Value, log: &mut Log) {
    references::drop_components(document, log);
    let Some(root) = document.as_object_mut() else { return };
    keep(root, FACTS, "of the document", "#", log);
    root.insert("openapi".to_owned(), "3.0.3".into());
    let info = root.remove("info").unwrap_or_default();
    let version = info["version"].as_str().unwrap_or_default().to_owned();
    if version.is_empty() {
        log.problem("no version, which is the api-version that is sent; add it", "#/info/version");
    }
    let title = info["title"].as_str().unwrap_or(&version);
    root.insert("info".to_owned(), json!({ "title": title, "version": version }));
    server(root, log);

    security_schemes(document);
}

/// What is made of the operations, once they are tidy.
pub(super) fn finish(document: &mut Value) {
    api_version(document);
    groups(document);
}

/// One server, the project's endpoint; what follows it in the address goes into the paths.
fn server(root: &mut Map<String, Value>, log: &mut Log) {
    let servers = root.remove("servers").unwrap_or_default();
    if servers.as_array().is_some_and(|all| all.len() > 1) {
        log.note("left out: all servers but the first", "#/servers");
    }
    let url = servers[0]["url"].as_str().unwrap_or("{endpoint}").trim_end_matches('/').to_owned();
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("", |index| &after_scheme[index..]);
    let path = match path.strip_prefix(PROJECTS) {
        Some(rest) => rest.find('/').map_or("", |index| &rest[index..]),
        None => path,
    };
    if path.contains(['{', '}']) {
        let what = format!("the address {url} has a parameter behind the project's endpoint; move it into the paths");
        log.problem(what, "#/servers/0/url");
    }
    if url != "{endpoint}" {
        log.note(
            format!("the address {url} is the project's endpoint here, with {path:?} before each path"),
            "#/servers",
        );
    }
    let path = path.to_owned();
    root.insert(
        "servers".to_owned(),
        json!([{
            "url": "{endpoint}",
            "variables": { "endpoint": { "default": "https://HOST/api/projects/PROJECT" } },
        }]),
    );
    if path.is_empty() {
        return;
    }
    if let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) {
        for (old, item) in std::mem::take(paths) {
            let new = if old.starts_with("x-") { old } else { format!("{path}{old}") };
            paths.insert(new, item);
        }
    }
}

/// The api-version is one parameter for all.
fn api_version(document: &mut Value) {
    let version = document["info"]["version"].as_str().unwrap_or_default().to_owned();
    let mut is_sent = false;
    walk::operations(document, &mut |_, operation| {
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            if parameter["in"] == "query" && parameter["name"] == "api-version" {
                *parameter = json!({ "$ref": "#/components/parameters/ApiVersion" });
                is_sent = true;
            }
        }
    });
    if let (true, Some(root)) = (is_sent, document.as_object_mut())
        && let Some(components) = walk::object_in(root, "components")
        && let Some(parameters) = walk::object_in(components, "parameters")
    {
        let schema = json!({ "type": "string", "enum": [version], "x-extensible-enum": true });
        let parameter = json!({ "name": "api-version", "in": "query", "required": true, "schema": schema });
        parameters.insert("ApiVersion".to_owned(), parameter);
    }
}

/// The groups as they were declared; where none are, those that operations are in, in their order.
fn groups(document: &mut Value) {
    let declared = document["tags"].as_array().into_iter().flatten();
    let mut names: Vec<String> = declared.filter_map(|tag| Some(tag["name"].as_str()?.to_owned())).collect();
    if names.is_empty() {
        let mut known = std::collections::BTreeSet::new();
        walk::operations(document, &mut |_, operation| {
            let name = operation["tags"][0].as_str().map(str::to_owned);
            names.extend(name.filter(|name| known.insert(name.clone())));
        });
    }
    let tags: Vec<Value> = names.into_iter().map(|name| json!({ "name": name })).collect();
    if let Some(root) = document.as_object_mut() {
        root.insert("tags".to_owned(), tags.into());
    }
}

/// What the scopes are for is prose.
fn security_schemes(document: &mut Value) {
    let schemes = document.pointer_mut("/components/securitySchemes").and_then(Value::as_object_mut);
    for scheme in schemes.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        scheme.remove("description");
        let flows = scheme.get_mut("flows").and_then(Value::as_object_mut);
        for flow in flows.into_iter().flat_map(Map::values_mut) {
            let scopes = flow.get_mut("scopes").and_then(Value::as_object_mut);
            for scope in scopes.into_iter().flat_map(Map::values_mut) {
                *scope = "".into();
            }
        }
    }
}
