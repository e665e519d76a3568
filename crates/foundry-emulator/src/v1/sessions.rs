//! The sessions of hosted agents: their files and what they log.

use axum::http::Method;
use serde_json::{Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::events::Event;
use crate::leg::Leg;
use crate::pages;
use crate::resources;
use crate::store::{Listed, Place};
use crate::v1::table::SESSIONS;
use crate::v1::{Entry, agents};

/// The files of a session, by their paths.
const FILES: &str = "agents/sessions/files";

/// How many seconds a session lasts.
const LIFETIME: i64 = 30 * 60;

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/agents/{}/endpoint/sessions", create),
    (Method::POST, "/agents/{}/endpoint/sessions/{}:stop", stop),
    (Method::GET, "/agents/{}/versions/{}/sessions/{}:logstream", log),
    (Method::PUT, "/agents/{}/endpoint/sessions/{}/files/content", upload),
    (Method::GET, "/agents/{}/endpoint/sessions/{}/files/content", download),
    (Method::GET, "/agents/{}/endpoint/sessions/{}/files", list),
    (Method::DELETE, "/agents/{}/endpoint/sessions/{}/files", delete),
];

fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    let mut given = resources::take_accepted(context);
    let wanted = given.get("version_indicator").map(|indicator| text(indicator, "agent_version").to_owned());
    agents::version(context, &parents[0], wanted.as_deref())?;
    given.insert("expires_at".to_owned(), (context.now + LIFETIME).into());
    let id = given.get("agent_session_id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    let id = id.unwrap_or_else(|| context.store.identifiers.next("sess_"));
    let place = Place { collection: SESSIONS.name, parents: &parents, id: &id };
    if context.store.get(place).is_some() {
        return Err(ServiceError::conflict(format_args!("A session with id '{id}' exists already.")));
    }
    let session = resources::insert_as(context, &SESSIONS, &parents, id, given)?;
    Ok(context.succeed(session))
}

fn stop(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    resources::change(context, &SESSIONS, |session, now| {
        session.insert("status".to_owned(), "idle".into());
        session.insert("stopped_at".to_owned(), now.into());
        Ok(())
    })?;
    Ok(Answer::no_content())
}

/// What the session's container has written, as events that end with it.
fn log(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (name, version, id) = (context.parameter(0), context.parameter(1), context.parameter(2));
    agents::version(context, &name, Some(&version))?;
    let parents = [name];
    resources::get(context, &SESSIONS, Place { collection: SESSIONS.name, parents: &parents, id: &id })?;
    let lines = ["Starting the container.", "Listening on port 8088."];
    let time = crate::fill::moment(context.now);
    let events = lines.iter().map(|line| {
        let data = json!({ "timestamp": time, "stream": "stdout", "message": line });
        Event::new("log", data.to_string())
    });
    Ok(Answer::stream(Leg::told(events)))
}

/// The session that the path names, as what its files stand below.
fn session(context: &Context<'_>) -> Result<[String; 2], ServiceError> {
    let parents = [context.parameter(0), context.parameter(1)];
    resources::check_parents(context, &SESSIONS, &parents[..1])?;
    let place = Place { collection: SESSIONS.name, parents: &parents[..1], id: &parents[1] };
    resources::get(context, &SESSIONS, place)?;
    Ok(parents)
}

/// A path without the slashes at its ends.
fn path(context: &Context<'_>) -> String {
    let path = context.query.first("path").unwrap_or_default();
    path.trim_matches('/').trim_start_matches("./").to_owned()
}

fn upload(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = session(context)?;
    let path = path(context);
    if path.is_empty() {
        return Err(ServiceError::invalid_parameter("path", "it names no file."));
    }
    let content = context.uploads.pop().map(|upload| upload.content).unwrap_or_default();
    let written = content.len();
    let place = Place { collection: FILES, parents: &parents, id: &path };
    context.store.put(place, json!({ "size": written, "modified_time": context.now }));
    context.store.put_content(place, content);
    Ok(context.succeed(json!({ "path": path, "bytes_written": written })))
}

fn download(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = session(context)?;
    let path = path(context);
    let place = Place { collection: FILES, parents: &parents, id: &path };
    let content = context.store.content(place).ok_or_else(|| ServiceError::not_found("file", &path))?;
    Ok(Answer::bytes(content))
}

/// What a directory holds: files, and directories that hold files.
fn list(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = session(context)?;
    let directory = path(context);
    let mut entries: Vec<(u64, Value)> = Vec::new();
    for file in context.store.list(FILES, &parents) {
        let below = match directory.as_str() {
            "" => Some(file.id),
            directory => file.id.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')),
        };
        let Some(below) = below else { continue };
        let entry = match below.split_once('/') {
            None => json!({
                "name": below,
                "size": file.value.get("size"),
                "is_directory": false,
                "modified_time": file.value.get("modified_time"),
            }),
            Some((name, _)) => json!({
                "name": name,
                "size": 0,
                "is_directory": true,
                "modified_time": file.value.get("modified_time"),
            }),
        };
        if !entries.iter().any(|(_, known)| known["name"] == entry["name"]) {
            entries.push((file.position, entry));
        }
    }
    let listed = entries.iter().map(|(position, value)| Listed { position: *position, id: text(value, "name"), value });
    let mut page = pages::declared(context, FILES, &parents, listed.collect())?;
    page["path"] = directory.into();
    Ok(Answer::ok(page))
}

fn delete(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = session(context)?;
    let path = path(context);
    let below = format!("{path}/");
    let files: Vec<String> = context.store.list(FILES, &parents).iter().map(|file| file.id.to_owned()).collect();
    let doomed: Vec<&String> = files.iter().filter(|file| **file == path || file.starts_with(&below)).collect();
    let is_directory = doomed.iter().any(|file| **file != path);
    if doomed.is_empty() {
        return Err(ServiceError::not_found("file", &path));
    }
    if is_directory && context.query.first("recursive") != Some("true") {
        return Err(ServiceError::conflict(format_args!("'{path}' is a directory that is not empty.")));
    }
    for file in doomed {
        context.store.remove(Place { collection: FILES, parents: &parents, id: file });
    }
    Ok(Answer::no_content())
}
