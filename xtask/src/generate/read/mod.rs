//! From a normalised document to types and operations.

mod operation;
mod reach;
mod shapes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use self::reach::Reach;
use super::api::{AgentScope, Api, Operation, Streaming, TypeDefinition};
use super::client::STREAM_SUFFIX;
use super::names::{self, Names};
use super::sources::Source as ApiSource;
use crate::failure::Failure;

/// Reads an API from its document, normalised by the passes over schemas; `published` is the
/// document before its overlay.
pub(crate) fn read(
    name: &str,
    source: &ApiSource,
    published: &Value,
    document: &Value,
    names: &mut Names,
) -> Result<Api, Failure> {
    let empty = Map::new();
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty);
    let operations = operations(document);
    check_groups(&operations)?;
    let mut reach = Reach::default();
    for operation in &operations {
        reach.add(schemas, operation);
    }
    let is_kept = |name: &str| source.unreferenced || reach.contains(name);
    let rust = names.fix_schemas(schemas.keys().map(String::as_str).filter(|name| is_kept(name)))?;
    let methods = names.fix_operations(operations.iter().map(|operation| operation.id))?;
    let reader = Reader {
        published,
        document,
        schemas,
        names,
        rust: &rust,
        lists: lists(schemas, &operations),
        tags: tags(schemas),
    };

    let mut types = BTreeMap::new();
    for (document_name, schema) in schemas.iter().filter(|(name, _)| is_kept(name)) {
        let in_requests = reach.requests.contains(document_name.as_str());
        let in_answers = reach.answers.contains(document_name.as_str());
        let definition = TypeDefinition {
            document: document_name.clone(),
            description: text(schema, "description"),
            group: reach.group(document_name),
            shape: reader.shape(document_name, schema, in_requests, in_answers)?,
        };
        types.insert(reader.rust_name(document_name)?.to_owned(), definition);
    }
    let operations = operations
        .iter()
        .map(|operation| reader.operation(operation, methods.get(operation.id).cloned().unwrap_or_default()))
        .collect::<Result<Vec<Operation>, _>>()?;
    check_twins(&operations)?;
    names.check_chosen()?;
    let mut api = Api {
        name: name.to_owned(),
        module: source.module.clone(),
        feature: source.feature.clone(),
        types,
        shared: BTreeMap::new(),
        operations,
        groups: described_groups(document),
        agent_scope: agent_scope(document)?,
    };
    api.box_cycles();
    Ok(api)
}

/// Where an agent has the OpenAI-shaped operations at a path of its own.
fn agent_scope(document: &Value) -> Result<Option<AgentScope>, Failure> {
    let Some(mark) = document.get("x-openai-agent-base") else { return Ok(None) };
    let path = text(mark, "path").filter(|path| path.contains("/{agent_name}/"));
    let Some(path) = path else {
        return Err(Failure::new(
            "no `path` with `{agent_name}` in it",
            "x-openai-agent-base",
            "correct the mark in the overlay",
        ));
    };
    let version = if mark["apiVersionQuery"] == true { text(&document["info"], "version") } else { None };
    Ok(Some(AgentScope { path, api_version: version, features: strings(&mark["foundryFeatures"]) }))
}

/// An operation of the document as it stands.
struct Source<'a> {
    id: &'a str,
    path: &'a str,
    method: &'a str,
    value: &'a Value,
    parameters: Vec<&'a Value>,
}

fn operations(document: &Value) -> Vec<Source<'_>> {
    let resolve = |parameter: &'_ Value| -> Option<String> {
        Some(parameter.get("$ref")?.as_str()?.trim_start_matches('#').to_owned())
    };
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let shared: Vec<&Value> = item["parameters"].as_array().into_iter().flatten().collect();
        for (method, value) in item.as_object().into_iter().flatten() {
            let Some(id) = value.get("operationId").and_then(Value::as_str) else { continue };
            let own = value["parameters"].as_array().into_iter().flatten();
            let parameters = shared
                .iter()
                .copied()
                .chain(own)
                .filter_map(|parameter| match resolve(parameter) {
                    Some(pointer) => document.pointer(&pointer),
                    None => Some(parameter),
                })
                .collect();
            found.push(Source { id, path, method, value, parameters });
        }
    }
    found
}

fn group<'a>(operation: &Source<'a>) -> &'a str {
    operation.value["tags"][0].as_str().unwrap_or("common")
}

/// What the document says of its tags.
fn described_groups(document: &Value) -> BTreeMap<String, String> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.filter_map(|tag| Some((text(tag, "name")?, text(tag, "description")?))).collect()
}

/// Fails if an operation has the name that the streaming twin of another is to have.
fn check_twins(operations: &[Operation]) -> Result<(), Failure> {
    for streamed in operations.iter().filter(|operation| operation.streaming == Streaming::Optional) {
        let twin = format!("{}{STREAM_SUFFIX}", streamed.name);
        if let Some(other) = operations.iter().find(|operation| operation.name == twin) {
            return Err(Failure::new(
                format!("`{}` and the streaming twin of `{}` would both be `{twin}` in Rust", other.id, streamed.id),
                format!("{} {}", other.method, other.path),
                format!("choose another name in names.toml: [chosen.operations] \"{}\" = \"…\"", other.id),
            ));
        }
    }
    Ok(())
}

/// Fails if two groups would be one file, or one cannot be a module.
fn check_groups(operations: &[Source<'_>]) -> Result<(), Failure> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::from([("unreferenced".to_owned(), "unreferenced")]);
    for operation in operations {
        let group = group(operation);
        let module = group.to_snake_case();
        let place = format!("{} {}", operation.method.to_uppercase(), operation.path);
        if !names::is_module(&module) {
            return Err(Failure::new(
                format!("the tag `{group}` gives `{module}`, which cannot be a module in Rust"),
                place,
                "give the operation another tag in the overlay",
            ));
        }
        match taken.insert(module.clone(), group) {
            Some(other) if other != group || group == "unreferenced" => {
                return Err(Failure::new(
                    format!("the tags `{other}` and `{group}` would both be `{module}` in Rust"),
                    place,
                    "give the operation another tag in the overlay",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `application/json` and what ends in `+json`.
fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

fn schema_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(schema_name)
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The answer of an operation: media types and their schemas, of the first success status.
fn answer<'a>(operation: &Source<'a>) -> Option<&'a Map<String, Value>> {
    let responses = operation.value["responses"].as_object()?;
    responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))
        .and_then(|(_, answer)| answer.get("content")?.as_object())
}

/// The properties that hold the elements of list answers: those that the paging marks name, and
/// `data` or `value` of an answer that is a list without pages.
fn lists(schemas: &Map<String, Value>, operations: &[Source<'_>]) -> BTreeSet<(String, String)> {
    let mut lists = BTreeSet::new();
    for operation in operations {
        let schema =
            answer(operation).and_then(|content| content.get("application/json")).map(|media| &media["schema"]);
        let Some(name) = schema.and_then(reference) else { continue };
        let marked = operation.value["x-paging"]["items"].as_str();
        let property = marked.or_else(|| {
            let properties = schemas.get(name)?.get("properties")?;
            ["data", "value"].into_iter().find(|property| {
                properties
                    .get(*property)
                    .is_some_and(|list| list["type"] == "array" && reference(&list["items"]).is_some())
            })
        });
        if let Some(property) = property {
            lists.insert((name.to_owned(), property.to_owned()));
        }
    }
    lists
}

/// The tags of the branches of unions: schema -> property -> values.
type Tags = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn tags(schemas: &Map<String, Value>) -> Tags {
    let mut tags = Tags::new();
    for schema in schemas.values() {
        if let (Some(tag), Some(mapping)) =
            (schema["discriminator"]["propertyName"].as_str(), schema["discriminator"]["mapping"].as_object())
        {
            for (value, branch) in mapping {
                if let Some(branch) = branch.as_str().and_then(schema_name) {
                    tags.entry(branch.to_owned()).or_default().entry(tag.to_owned()).or_default().insert(value.clone());
                }
            }
        }
    }
    tags
}

struct Reader<'a> {
    published: &'a Value,
    document: &'a Value,
    schemas: &'a Map<String, Value>,
    names: &'a Names,
    rust: &'a BTreeMap<String, String>,
    lists: BTreeSet<(String, String)>,
    tags: Tags,
}

impl Reader<'_> {
    fn rust_name(&self, document: &str) -> Result<&str, Failure> {
        self.rust.get(document).map(String::as_str).ok_or_else(|| {
            Failure::new(
                "a reference does not resolve",
                format!("#/components/schemas/{document}"),
                "correct the document",
            )
        })
    }
}
