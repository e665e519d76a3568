//! Agents and their versions: an agent is what its latest version says.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::features;
use crate::merge::merge_patch;
use crate::pages;
use crate::resources::{self, object_of};
use crate::store::{Listed, Place};
use crate::v1::table::{AGENT_VERSIONS, AGENTS, SESSIONS};
use crate::v1::{Entry, voice};

/// How many versions an agent, or something else with versions, has had.
const COUNTS: &str = "agents/counts";

/// What a new agent says of itself, and not of its version.
const NOT_OF_VERSIONS: &[&str] = &["state", "digital_worker_type", "agent_endpoint", "agent_card"];

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::GET, "/agents", list),
    (Method::POST, "/agents", create),
    (Method::POST, "/agents:import", create),
    (Method::POST, "/agents:generate", create),
    (Method::GET, "/agents/{}", get),
    (Method::POST, "/agents/{}", update),
    (Method::POST, "/agents/{}/import", update),
    (Method::PATCH, "/agents/{}", update_details),
    (Method::DELETE, "/agents/{}", delete),
    (Method::POST, "/agents/{}:enable", |context| set_state(context, "enabled")),
    (Method::POST, "/agents/{}:disable", |context| set_state(context, "disabled")),
    (Method::GET, "/agents/{}/versions", list_versions),
    (Method::POST, "/agents/{}/versions", create_version),
    (Method::POST, "/agents/{}/versions:import", create_version),
    (Method::DELETE, "/agents/{}/versions/{}", delete_version),
    (Method::GET, "/agents/{}/code:download", download_code),
    (Method::POST, "/agents/{}/microsoft365/publish", published),
    (Method::POST, "/agents/{}/microsoft365/zip", package),
    (Method::GET, "/agents/{}/microsoft365/publishdefaults", publish_defaults),
];

fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let given = versioned(context)?;
    let name = text_of(&given, "name").to_owned();
    if name.is_empty() {
        return Err(ServiceError::missing_property("name"));
    }
    if context.store.get(agent_place(&name)).is_some() {
        return Err(ServiceError::conflict(format_args!("An agent named '{name}' exists already.")));
    }
    add(context, &name, given)?;
    show(context, &name).map(Answer::ok)
}

/// Adds a version if the request says anything that the latest one does not.
fn update(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    find(context, &name)?;
    let given = versioned(context)?;
    let latest = latest(context, &name)?;
    let differs = |property: &str| given.get(property).is_some_and(|value| latest.get(property) != Some(value));
    if ["definition", "description", "metadata"].into_iter().any(differs) {
        add_version(context, &name, given)?;
    }
    show(context, &name).map(Answer::ok)
}

fn create_version(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let code = context.uploads.pop();
    let given = versioned(context)?;
    // The first version makes the agent.
    let version = match context.store.get(agent_place(&name)) {
        Some(_) => add_version(context, &name, given)?,
        None => add(context, &name, given)?,
    };
    if let Some(code) = code {
        let parents = [name];
        let place = Place { collection: AGENT_VERSIONS.name, parents: &parents, id: text(&version, "version") };
        context.store.put_content(place, code.content);
    }
    Ok(Answer::ok(version))
}

/// What the request says of a version, in whichever of its forms; previews must be opted into.
fn versioned(context: &mut Context<'_>) -> Result<Map<String, Value>, ServiceError> {
    let mut given = std::mem::take(&mut context.body);
    given.retain(|_, value| !value.is_null());
    // A form has all but the code in one part.
    if !given.contains_key("definition")
        && let Some(Value::Object(metadata)) = given.get("metadata")
        && metadata.contains_key("definition")
    {
        given = metadata.clone();
    }
    if let Some(manifest) = given.remove("manifest_id") {
        let instructions = format!("From the manifest {}.", manifest.as_str().unwrap_or_default());
        let definition = json!({ "kind": "prompt", "model": "gpt-4.1-mini", "instructions": instructions });
        given.insert("definition".to_owned(), definition);
    }
    if context.operation.shape == "/agents:generate" {
        let goal = text_of(&given, "goal").to_owned();
        let definition = json!({
            "kind": "voice",
            "model_type": given.remove("model_type").unwrap_or_else(|| "managed".into()),
            "model": given.remove("model").unwrap_or_else(|| "gpt-realtime".into()),
            "instructions": goal,
            "tools": given.remove("tools").unwrap_or_else(|| json!([])),
        });
        given.insert("definition".to_owned(), definition);
    } else {
        require_features(context, &given)?;
    }
    Ok(given)
}

/// Refuses kinds of agents and of versions that are previews, unless the request opts into them.
fn require_features(context: &Context<'_>, given: &Map<String, Value>) -> Result<(), ServiceError> {
    let definition = given.get("definition").unwrap_or(&Value::Null);
    let feature = match text(definition, "kind") {
        "workflow" => Some("WorkflowAgents=V1Preview"),
        "external" => Some("ExternalAgents=V1Preview"),
        "voice" => Some("VoiceAgents=V1Preview"),
        _ => None,
    };
    let draft = (given.get("draft") == Some(&Value::Bool(true))).then_some("DraftAgents=V1Preview");
    let worker = given.contains_key("digital_worker_type").then_some("DigitalWorker=V1Preview");
    let skills = definition.get("skills").is_some_and(|skills| !skills.is_null()).then_some("Skills=V1Preview");
    for feature in [feature, draft, worker, skills].into_iter().flatten() {
        features::require(context.headers, feature)?;
    }
    Ok(())
}

/// Makes an agent with its first version.
fn add(context: &mut Context<'_>, name: &str, given: Map<String, Value>) -> Result<Value, ServiceError> {
    let mut agent: Map<String, Value> = given
        .iter()
        .filter(|(name, _)| NOT_OF_VERSIONS.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    agent.entry("state").or_insert_with(|| "enabled".into());
    agent.insert("object".to_owned(), "agent".into());
    agent.insert("configuration_state".to_owned(), "enabled".into());
    agent.insert("id".to_owned(), name.into());
    agent.insert("name".to_owned(), name.into());
    let is_voice = given.get("definition").is_some_and(|definition| text(definition, "kind") == "voice");
    context.store.put(agent_place(name), Value::Object(agent));
    let version = add_version(context, name, given)?;
    if is_voice {
        voice::furnish(context, name)?;
    }
    Ok(version)
}

fn add_version(context: &mut Context<'_>, name: &str, mut given: Map<String, Value>) -> Result<Value, ServiceError> {
    let version = next_version(context, COUNTS, name);
    given.insert("version".to_owned(), version.into());
    resources::insert(context, &AGENT_VERSIONS, &[name.to_owned()], given)
}

/// The number of the next version of something, which is never given twice.
pub(crate) fn next_version(context: &mut Context<'_>, counts: &'static str, name: &str) -> String {
    let parents = [name.to_owned()];
    let place = Place { collection: counts, parents: &parents, id: "versions" };
    let next = context.store.get(place).and_then(Value::as_u64).unwrap_or_default() + 1;
    context.store.put(place, next.into());
    next.to_string()
}

fn agent_place(name: &str) -> Place<'_> {
    Place { collection: AGENTS.name, parents: &[], id: name }
}

/// An agent without its versions.
pub(crate) fn find<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Value, ServiceError> {
    resources::get(context, &AGENTS, agent_place(name))
}

/// The latest version of an agent.
pub(crate) fn latest(context: &Context<'_>, name: &str) -> Result<Value, ServiceError> {
    let versions = context.store.list(AGENT_VERSIONS.name, &[name.to_owned()]);
    // A draft is not what the agent is.
    let is_draft = |version: &&Listed<'_>| version.value.get("draft") == Some(&Value::Bool(true));
    let settled = versions.iter().rev().find(|version| !is_draft(version));
    let latest = settled.or(versions.last()).map(|version| version.value.clone());
    latest.ok_or_else(|| ServiceError::not_found(AGENT_VERSIONS.noun, name))
}

/// A version of an agent, the latest one unless one is named.
pub(crate) fn version(context: &Context<'_>, name: &str, version: Option<&str>) -> Result<Value, ServiceError> {
    find(context, name)?;
    let Some(version) = version.filter(|version| !version.is_empty()) else {
        return latest(context, name);
    };
    let parents = [name.to_owned()];
    let place = Place { collection: AGENT_VERSIONS.name, parents: &parents, id: version };
    resources::get(context, &AGENT_VERSIONS, place).cloned()
}

/// An agent as answers show it.
fn show(context: &Context<'_>, name: &str) -> Result<Value, ServiceError> {
    let mut agent = object_of(find(context, name)?)?;
    agent.insert("versions".to_owned(), json!({ "latest": latest(context, name)? }));
    Ok(context.filled(Value::Object(agent)))
}

fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    show(context, &context.parameter(0)).map(Answer::ok)
}

fn list(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let wanted = context.query.first("kind");
    let mut agents = Vec::new();
    for agent in context.store.list(AGENTS.name, &[]) {
        let mut shown = object_of(agent.value)?;
        let latest = latest(context, agent.id)?;
        if wanted.is_none_or(|wanted| latest.pointer("/definition/kind").is_some_and(|kind| kind == wanted)) {
            shown.insert("versions".to_owned(), json!({ "latest": latest }));
            agents.push((agent.position, agent.id, Value::Object(shown)));
        }
    }
    let listed = agents.iter().map(|(position, id, value)| Listed { position: *position, id, value }).collect();
    let page = pages::declared(context, AGENTS.name, &[], listed)?;
    Ok(Answer::ok(context.filled(page)))
}

fn list_versions(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    find(context, &name)?;
    let parents = [name];
    let with_drafts = context.query.first("include_drafts") == Some("true");
    let mut versions = context.store.list(AGENT_VERSIONS.name, &parents);
    versions.retain(|version| with_drafts || version.value.get("draft") != Some(&Value::Bool(true)));
    pages::declared(context, AGENT_VERSIONS.name, &parents, versions).map(Answer::ok)
}

fn update_details(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let patch = resources::take_accepted(context);
    let mut agent = find(context, &name)?.clone();
    merge_patch(&mut agent, Value::Object(patch));
    context.store.put(agent_place(&name), agent);
    show(context, &name).map(Answer::ok)
}

fn set_state(context: &mut Context<'_>, state: &str) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let mut agent = find(context, &name)?.clone();
    agent["state"] = state.into();
    agent["configuration_state"] = state.into();
    context.store.put(agent_place(&name), agent);
    Ok(Answer::no_content())
}

/// Sessions that are under way hold up a deletion that is not forced.
fn check_sessions(context: &Context<'_>, name: &str, version: Option<&str>) -> Result<(), ServiceError> {
    let sessions = context.store.list(SESSIONS.name, &[name.to_owned()]);
    let is_in_the_way = |session: &&Listed<'_>| {
        let of_version = session.value.pointer("/version_indicator/agent_version").and_then(Value::as_str);
        text(session.value, "status") == "active" && version.is_none_or(|version| of_version == Some(version))
    };
    if context.query.first("force") != Some("true") && sessions.iter().any(|session| is_in_the_way(&session)) {
        return Err(ServiceError::conflict(format_args!("Agent '{name}' has active sessions.")));
    }
    Ok(())
}

fn delete(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    find(context, &name)?;
    check_sessions(context, &name, None)?;
    let agent = context.store.remove(agent_place(&name)).unwrap_or_default();
    Ok(Answer::ok(resources::told_deleted(context, &agent)))
}

fn delete_version(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (name, id) = (context.parameter(0), context.parameter(1));
    version(context, &name, Some(&id))?;
    check_sessions(context, &name, Some(&id))?;
    let parents = [name];
    let place = Place { collection: AGENT_VERSIONS.name, parents: &parents, id: &id };
    let removed = context.store.remove(place).unwrap_or_default();
    // Without versions there is no agent.
    if context.store.list(AGENT_VERSIONS.name, &parents).is_empty() {
        let [name] = &parents;
        context.store.remove(agent_place(name));
    }
    Ok(Answer::ok(resources::told_deleted(context, &removed)))
}

/// The code that a version was made from.
fn download_code(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let version = version(context, &name, context.query.first("agent_version"))?;
    let parents = [name];
    let place = Place { collection: AGENT_VERSIONS.name, parents: &parents, id: text(&version, "version") };
    let code = context.store.content(place).ok_or_else(|| ServiceError::not_found("code", text(&version, "id")))?;
    Ok(Answer::bytes(code))
}

fn published(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    find(context, &name)?;
    Ok(Answer::ok(json!({ "titleId": format!("T_{name}"), "teamsAppId": "00000000-0000-4000-8000-000000000000" })))
}

fn package(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    find(context, &name)?;
    let manifest = json!({ "name": { "short": name }, "settings": context.body });
    crate::archive::of([("manifest.json", manifest.to_string().as_bytes())]).map(Answer::bytes)
}

fn publish_defaults(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let latest = version(context, &name, None)?;
    let defaults = json!({
        "appPublishScope": "Tenant",
        "agentName": name,
        "agentDisplayName": name,
        "appVersion": "1.0.0",
        "recommendedNextAppVersion": "1.0.1",
        "shortDescription": text(&latest, "description"),
    });
    Ok(Answer::ok(context.filled(defaults)))
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
