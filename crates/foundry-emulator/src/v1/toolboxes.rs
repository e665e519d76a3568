//! Toolboxes: versions of sets of tools, and calling these as an MCP server's.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::context::{Answer, Context};
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::events::Event;
use crate::leg::Leg;
use crate::resources;
use crate::store::Place;
use crate::v1::Entry;
use crate::v1::agents::next_version;
use crate::v1::table::{TOOLBOX_VERSIONS, TOOLBOXES};

/// How many versions toolboxes have had.
const COUNTS: &str = "toolbox_counts";

/// The edition of the protocol that is spoken unless the caller asks for another one.
const PROTOCOL: &str = "2025-06-18";

/// What JSON-RPC says of a method that is not there, and of parameters that do not fit.
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::GET, "/toolboxes/{}", get),
    (Method::POST, "/toolboxes/{}/versions", create_version),
    (Method::PATCH, "/toolboxes/{}", update),
    (Method::DELETE, "/toolboxes/{}/versions/{}", delete_version),
    (Method::POST, "/toolboxes/{}:invoke_mcp", invoke),
];

fn place(name: &str) -> Place<'_> {
    Place { collection: TOOLBOXES.name, parents: &[], id: name }
}

fn find<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Value, ServiceError> {
    resources::get(context, &TOOLBOXES, place(name))
}

fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    Ok(Answer::ok(find(context, &context.parameter(0))?.clone()))
}

/// Makes a version, and with the first one the toolbox.
fn create_version(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let mut given = resources::take_accepted(context);
    let known = context.store.get(place(&name)).cloned();
    let number = next_version(context, COUNTS, &name);
    given.insert("version".to_owned(), number.as_str().into());
    let parents = [name];
    let version = resources::insert(context, &TOOLBOX_VERSIONS, &parents, given)?;
    let [name] = &parents;
    let default = known.as_ref().map_or(number.as_str(), |known| text(known, "default_version")).to_owned();
    keep(context, name, known.as_ref(), &default);
    Ok(context.succeed(version))
}

/// Keeps a toolbox as its versions make it.
fn keep(context: &mut Context<'_>, name: &str, known: Option<&Value>, default: &str) -> Value {
    let id = match known {
        Some(known) => text(known, "id").to_owned(),
        None => context.store.identifiers.next("toolbox_"),
    };
    let latest = context.store.newest(TOOLBOX_VERSIONS.name, &[name.to_owned()]).map(|version| version.value.clone());
    let toolbox = json!({
        "id": id,
        "name": name,
        "updated_at": context.now,
        "default_version": default,
        "versions": { "latest": latest },
    });
    context.store.put(place(name), toolbox.clone());
    toolbox
}

/// Puts another version in use.
fn update(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let known = find(context, &name)?.clone();
    let wanted = context.body.get("default_version").and_then(Value::as_str).unwrap_or_default().to_owned();
    let parents = [name];
    let version = Place { collection: TOOLBOX_VERSIONS.name, parents: &parents, id: &wanted };
    resources::get(context, &TOOLBOX_VERSIONS, version)?;
    let [name] = &parents;
    Ok(Answer::ok(keep(context, name, Some(&known), &wanted)))
}

fn delete_version(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, id) = ([context.parameter(0)], context.parameter(1));
    let [name] = &parents;
    let known = find(context, name)?.clone();
    let version = Place { collection: TOOLBOX_VERSIONS.name, parents: &parents, id: &id };
    resources::get(context, &TOOLBOX_VERSIONS, version)?;
    context.store.remove(version);
    let latest = context.store.newest(TOOLBOX_VERSIONS.name, &parents).map(|version| version.id.to_owned());
    match latest {
        // Without versions there is no toolbox.
        None => drop(context.store.remove(place(name))),
        Some(latest) => {
            let default = text(&known, "default_version");
            let default = if default == id { latest } else { default.to_owned() };
            keep(context, name, Some(&known), &default);
        }
    }
    Ok(Answer::no_content())
}

/// Answers a message of the MCP protocol: the tools are those of the version in use.
fn invoke(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    let version = text(find(context, &parents[0])?, "default_version");
    let version = Place { collection: TOOLBOX_VERSIONS.name, parents: &parents, id: version };
    let version = resources::get(context, &TOOLBOX_VERSIONS, version)?;
    let message = &context.body;
    // Notifications want no answer.
    let Some(id) = message.get("id").filter(|id| !id.is_null()) else {
        return Ok(Answer::accepted());
    };
    let method = message.get("method").and_then(Value::as_str).unwrap_or_default();
    let params = message.get("params").unwrap_or(&Value::Null);
    let answer = match answer(version, method, params) {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err((code, message)) => json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": { "code": code, "message": message },
        }),
    };
    let wants_events = context.header("accept").is_some_and(|accepted| accepted.contains("text/event-stream"));
    if wants_events {
        let event = Event::new("message", answer.to_string());
        return Ok(Answer::stream(Leg::told([event])));
    }
    Ok(Answer::with_status(StatusCode::OK, answer))
}

fn answer(version: &Value, method: &str, params: &Value) -> Result<Value, (i64, String)> {
    match method {
        "initialize" => Ok(json!({
            "protocolVersion": params.get("protocolVersion").and_then(Value::as_str).unwrap_or(PROTOCOL),
            "capabilities": { "tools": { "listChanged": false } },
            "serverInfo": { "name": text(version, "name"), "version": text(version, "version") },
        })),
        "ping" => Ok(json!({})),
        "tools/list" => {
            let tools: Vec<Value> = elements(version.get("tools"))
                .map(|tool| {
                    json!({
                        "name": tool_name(tool),
                        "description": text(tool, "description"),
                        "inputSchema": { "type": "object", "properties": { "query": { "type": "string" } } },
                    })
                })
                .collect();
            Ok(json!({ "tools": tools }))
        }
        "tools/call" => {
            let name = text(params, "name");
            if !elements(version.get("tools")).any(|tool| tool_name(tool) == name) {
                return Err((INVALID_PARAMS, format!("The toolbox has no tool named '{name}'.")));
            }
            let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
            let said = format!("{name} was called with {arguments}.");
            Ok(json!({ "content": [{ "type": "text", "text": said }], "isError": false }))
        }
        other => Err((METHOD_NOT_FOUND, format!("There is no method '{other}'."))),
    }
}

/// What a tool is called by: its name, or what it is.
fn tool_name(tool: &Value) -> &str {
    ["name", "server_label", "type"].iter().map(|name| text(tool, name)).find(|name| !name.is_empty()).unwrap_or("")
}
