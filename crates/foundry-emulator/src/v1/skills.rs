//! Skills: versions made from a text or from files, and given back as a zip.

use axum::http::Method;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::archive;
use crate::context::{Answer, Context};
use crate::documents::{elements, members, text};
use crate::error::ServiceError;
use crate::multipart::Upload;
use crate::resources;
use crate::store::Place;
use crate::v1::Entry;
use crate::v1::agents::next_version;
use crate::v1::table::{SKILL_VERSIONS, SKILLS};

/// How many versions skills have had.
const COUNTS: &str = "skill_counts";

/// The file that says what a skill is.
const MANIFEST: &str = "SKILL.md";

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/skills/{}/versions", create),
    (Method::POST, "/skills/{}", update),
    (Method::DELETE, "/skills/{}/versions/{}", delete_version),
    (Method::GET, "/skills/{}/content", |context| download(context, None)),
    (Method::GET, "/skills/{}/versions/{}/content", |context| {
        let version = context.parameter(1);
        download(context, Some(version))
    }),
];

fn place(name: &str) -> Place<'_> {
    Place { collection: SKILLS.name, parents: &[], id: name }
}

/// Makes a version, and with the first one the skill.
fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let given = std::mem::take(&mut context.body);
    let uploads = std::mem::take(&mut context.uploads);
    let (description, content) = content(&name, &given, &uploads)?;
    let known = context.store.get(place(&name)).cloned();
    let skill_id = match &known {
        Some(skill) => text(skill, "id").to_owned(),
        None => context.store.identifiers.next("skill_"),
    };
    let version = next_version(context, COUNTS, &name);
    let is_default = known.is_none() || given.get("default") == Some(&Value::Bool(true));
    let skill = json!({
        "id": skill_id,
        "name": name,
        "description": description,
        "created_at": known.as_ref().and_then(|skill| skill.get("created_at")).cloned().unwrap_or(context.now.into()),
        "default_version": match &known {
            Some(skill) if !is_default => text(skill, "default_version"),
            _ => version.as_str(),
        },
        "latest_version": version,
    });
    context.store.put(place(&name), skill);
    let mut record = Map::new();
    record.insert("skill_id".to_owned(), skill_id.into());
    record.insert("version".to_owned(), version.as_str().into());
    record.insert("description".to_owned(), description.into());
    let parents = [name];
    let record = resources::insert(context, &SKILL_VERSIONS, &parents, record)?;
    context.store.put_content(Place { collection: SKILL_VERSIONS.name, parents: &parents, id: &version }, content);
    Ok(context.succeed(record))
}

/// What describes a skill, and its files as a zip: one zip is taken as it is.
fn content(name: &str, given: &Map<String, Value>, uploads: &[Upload]) -> Result<(String, Bytes), ServiceError> {
    if let Some(inline) = given.get("inline_content").filter(|inline| inline.is_object()) {
        let manifest = manifest(name, inline);
        return Ok((text(inline, "description").to_owned(), archive::of([(MANIFEST, manifest.as_bytes())])?));
    }
    if let [only] = uploads
        && only.filename.as_deref().unwrap_or_default().to_lowercase().ends_with(".zip")
    {
        return Ok((String::new(), only.content.clone()));
    }
    if uploads.is_empty() {
        return Err(ServiceError::missing_property("inline_content"));
    }
    let files: Vec<(&str, &[u8])> = uploads
        .iter()
        .map(|upload| (upload.filename.as_deref().unwrap_or(MANIFEST), upload.content.as_ref()))
        .collect();
    let manifest = files.iter().find(|(name, _)| name.rsplit('/').next() == Some(MANIFEST));
    let manifest = manifest.map(|(_, content)| String::from_utf8_lossy(content)).unwrap_or_default();
    let description = manifest.lines().find_map(|line| line.strip_prefix("description:")).unwrap_or_default();
    let description = description.trim().trim_matches('"').to_owned();
    Ok((description, archive::of(files)?))
}

/// What was sent in place of a file, as the file that it would be.
fn manifest(name: &str, inline: &Value) -> String {
    let mut lines = vec![format!("name: {name}")];
    for property in ["description", "license", "compatibility"] {
        lines
            .extend(inline.get(property).and_then(Value::as_str).map(|value| format!("{property}: {}", scalar(value))));
    }
    let metadata: Vec<String> = members(inline.get("metadata"))
        .filter_map(|(name, value)| Some(format!("  {name}: {}", scalar(value.as_str()?))))
        .collect();
    if !metadata.is_empty() {
        lines.push("metadata:".to_owned());
        lines.extend(metadata);
    }
    let tools: Vec<&str> = elements(inline.get("allowed_tools")).filter_map(Value::as_str).collect();
    if !tools.is_empty() {
        lines.push(format!("allowed-tools: {}", tools.join(" ")));
    }
    format!("---\n{}\n---\n\n{}\n", lines.join("\n"), text(inline, "instructions"))
}

/// A text as YAML has it, which reads JSON's strings too.
fn scalar(value: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || " .,-_()'/".contains(character);
    match value.starts_with(char::is_alphabetic) && value.chars().all(is_plain) && !value.ends_with(' ') {
        true => value.to_owned(),
        false => Value::from(value).to_string(),
    }
}

/// Puts another version in use.
fn update(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let wanted = context.body.get("default_version").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut skill = resources::get(context, &SKILLS, place(&name))?.clone();
    let parents = [name];
    let version = Place { collection: SKILL_VERSIONS.name, parents: &parents, id: &wanted };
    resources::get(context, &SKILL_VERSIONS, version)?;
    skill["default_version"] = wanted.into();
    context.store.put(place(&parents[0]), skill.clone());
    Ok(Answer::ok(skill))
}

fn delete_version(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, id) = ([context.parameter(0)], context.parameter(1));
    let mut skill = resources::get(context, &SKILLS, place(&parents[0]))?.clone();
    let version = Place { collection: SKILL_VERSIONS.name, parents: &parents, id: &id };
    resources::get(context, &SKILL_VERSIONS, version)?;
    let removed = context.store.remove(version).unwrap_or_default();
    let latest = context.store.newest(SKILL_VERSIONS.name, &parents).map(|version| version.id.to_owned());
    match latest {
        // Without versions there is no skill.
        None => drop(context.store.remove(place(&parents[0]))),
        Some(latest) => {
            if skill["default_version"] == id.as_str() {
                skill["default_version"] = latest.as_str().into();
            }
            skill["latest_version"] = latest.into();
            context.store.put(place(&parents[0]), skill);
        }
    }
    Ok(Answer::ok(resources::told_deleted(context, &removed)))
}

fn download(context: &mut Context<'_>, version: Option<String>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    let skill = resources::get(context, &SKILLS, place(&parents[0]))?;
    let version = version.unwrap_or_else(|| text(skill, "default_version").to_owned());
    let version = Place { collection: SKILL_VERSIONS.name, parents: &parents, id: &version };
    resources::get(context, &SKILL_VERSIONS, version)?;
    Ok(Answer::bytes(context.store.content(version).unwrap_or_default()))
}
