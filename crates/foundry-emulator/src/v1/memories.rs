//! Memory stores: what is remembered of whom, made from what was said, searched and forgotten.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context, Payload};
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::pages;
use crate::resources::{self, Identity, Resource, object_of};
use crate::store::{Listed, Place};
use crate::v1::jobs::{self, Kind, States, USUAL};
use crate::v1::table::{MEMORIES, MEMORY_STORES};
use crate::v1::{Entry, items};

/// What updates were given, which their answers do not tell.
const GIVEN: &str = "memory_stores/given";

/// The tools that remember, by their names of today and of before.
const TOOLS: [&str; 2] = ["memory_search_preview", "memory_search"];

/// How many memories a search gives unless it says otherwise.
const FOUND_AT_MOST: usize = 5;

/// Updates of a store: jobs that make memories of what was said.
static UPDATE_JOBS: Resource = Resource {
    name: "memory_stores/updates",
    path: "/memory_stores/{}/updates",
    noun: "memory update",
    identity: Identity::Declared { prefix: "memupdate_", property: "update_id" },
    parent: Some(&MEMORY_STORES),
    ..Resource::DECLARED
};

/// The same as a kind of job.
pub(crate) static UPDATES: Kind = Kind {
    resource: &UPDATE_JOBS,
    property: "status",
    states: States { succeeded: "completed", ..USUAL },
    succeed: remember,
};

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/memory_stores", create),
    (Method::POST, "/memory_stores/{}:update_memories", update),
    (Method::GET, "/memory_stores/{}/updates/{}", jobs::get),
    (Method::POST, "/memory_stores/{}:search_memories", search),
    (Method::POST, "/memory_stores/{}:delete_scope", delete_scope),
    (Method::POST, "/memory_stores/{}/items:list", list),
];

fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut given = resources::take_accepted(context);
    // The name is what the path calls a store by; it has an id beside that.
    let id = context.store.identifiers.next("memstore_");
    let name = given.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let place = Place { collection: MEMORY_STORES.name, parents: &[], id: &name };
    given.retain(|_, value| !value.is_null());
    let mut store = object_of(&resources::insert(context, &MEMORY_STORES, &[], given)?)?;
    store.insert("id".to_owned(), id.into());
    let store = Value::Object(store);
    context.store.put(place, store.clone());
    Ok(context.succeed(store))
}

fn store_name(context: &Context<'_>) -> Result<[String; 1], ServiceError> {
    let name = context.parameter(0);
    resources::get(context, &MEMORY_STORES, Place { collection: MEMORY_STORES.name, parents: &[], id: &name })?;
    Ok([name])
}

fn scope(context: &Context<'_>) -> String {
    context.body.get("scope").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Starts an update. One that waits still, and that the new one goes on from, is superseded.
fn update(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = store_name(context)?;
    let given = Value::Object(std::mem::take(&mut context.body));
    let previous = text(&given, "previous_update_id").to_owned();
    let before = Place { collection: UPDATE_JOBS.name, parents: &parents, id: &previous };
    if !previous.is_empty() {
        resources::get(context, &UPDATE_JOBS, before)?;
    }
    let answer = jobs::start(context, &UPDATES, &parents, Map::new())?;
    let newest = match &answer.body {
        Payload::Json(job) => text(job, "update_id").to_owned(),
        _ => return Ok(answer),
    };
    context.store.put(Place { collection: GIVEN, parents: &parents, id: &newest }, given);
    if let Some(mut job) = context.store.get(before).filter(|job| text(job, "status") == "queued").cloned() {
        job["status"] = "superseded".into();
        job["superseded_by"] = newest.into();
        context.store.put(before, job);
    }
    Ok(answer)
}

/// Each thing that the user said becomes a memory, unless it is one already.
fn remember(context: &mut Context<'_>, job: &mut Map<String, Value>, parents: &[String]) -> Result<(), ServiceError> {
    let id = job.get("update_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let given = context.store.get(Place { collection: GIVEN, parents, id: &id }).cloned().unwrap_or_default();
    let mut operations = Vec::new();
    for item in elements(given.get("items")).filter(|item| ["user", ""].contains(&text(item, "role"))) {
        if let Some(memory) = keep(context, parents, text(&given, "scope"), &items::spoken(item))? {
            operations.push(json!({ "kind": "create", "memory_item": memory }));
        }
    }
    job.insert("result".to_owned(), json!({ "memory_operations": operations }));
    Ok(())
}

/// Keeps what somebody said, unless it is known already.
fn keep(context: &mut Context<'_>, parents: &[String], scope: &str, said: &str) -> Result<Option<Value>, ServiceError> {
    let is_known = |memory: &Listed<'_>| text(memory.value, "scope") == scope && text(memory.value, "content") == said;
    if said.is_empty() || context.store.list(MEMORIES.name, parents).iter().any(is_known) {
        return Ok(None);
    }
    let memory = json!({ "kind": "user_profile", "scope": scope, "content": said });
    resources::insert(context, &MEMORIES, parents, object_of(&memory)?).map(Some)
}

fn search(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = store_name(context)?;
    let scope = scope(context);
    let asked = elements(context.body.get("items")).map(items::spoken).collect::<Vec<_>>().join(" ");
    let most = context.body.get("options").and_then(|options| options.get("max_memories")).and_then(Value::as_u64);
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(FOUND_AT_MOST);
    let found = find(context, &parents, &scope, &asked, most);
    let memories: Vec<Value> = found.into_iter().map(|memory| json!({ "memory_item": memory })).collect();
    let id = context.store.identifiers.next("memsearch_");
    Ok(Answer::ok(context.filled(json!({ "search_id": id, "memories": memories }))))
}

/// The memories of a scope that share words with what is asked, those that share most first; all
/// of them if nothing is asked.
fn find(context: &Context<'_>, parents: &[String], scope: &str, asked: &str, most: usize) -> Vec<Value> {
    let asked = asked.to_lowercase();
    let is_asked = !asked.is_empty();
    let asked = words(&asked);
    let mut found: Vec<(usize, Value)> = Vec::new();
    for memory in context.store.list(MEMORIES.name, parents) {
        let content = text(memory.value, "content").to_lowercase();
        let shared = words(&content).iter().filter(|word| asked.contains(word)).count();
        if text(memory.value, "scope") == scope && (shared > 0 || !is_asked) {
            found.push((shared, memory.value.clone()));
        }
    }
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    found.truncate(most);
    found.into_iter().map(|(_, memory)| memory).collect()
}

/// What a response does with a memory store that one of its tools names.
#[derive(Debug)]
pub(crate) struct Recall {
    store: [String; 1],
    scope: String,
    said: String,
    pub(crate) found: Vec<Value>,
}

impl Recall {
    /// Looks into the stores that tools name for what was said.
    pub(crate) fn look(context: &Context<'_>, tools: &[Value], said: &str) -> Result<Vec<Self>, ServiceError> {
        let tools = tools.iter().filter(|tool| TOOLS.contains(&text(tool, "type")));
        tools
            .map(|tool| {
                let store = [text(tool, "memory_store_name").to_owned()];
                let place = Place { collection: MEMORY_STORES.name, parents: &[], id: &store[0] };
                resources::get(context, &MEMORY_STORES, place)?;
                let scope = text(tool, "scope").to_owned();
                let found = find(context, &store, &scope, said, FOUND_AT_MOST);
                Ok(Self { store, scope, said: said.to_owned(), found })
            })
            .collect()
    }

    /// Keeps what was said, and gives the item that tells of the search. It is under way still, as
    /// with the service, though its response has ended.
    pub(crate) fn tell(self, context: &mut Context<'_>) -> Result<Value, ServiceError> {
        keep(context, &self.store, &self.scope, &self.said)?;
        let details = json!({ "cached_tokens": null, "reasoning_tokens": null });
        Ok(json!({
            "type": "memory_search_call",
            "id": context.store.identifiers.next("memupdateo_"),
            "error": null,
            "memories": self.found,
            "search_id": context.store.identifiers.next("memsearch_"),
            "superseded_by": null,
            "update_id": context.store.identifiers.next("memupdate_"),
            "usage": {
                "embedding_tokens": 0,
                "input_tokens": 0,
                "input_tokens_details": details,
                "output_tokens": 0,
                "output_tokens_details": details,
                "total_tokens": 0,
            },
            "status": "in_progress",
        }))
    }
}

/// The words of a text that say something: those of three letters or more.
fn words(text: &str) -> Vec<&str> {
    text.split(|at: char| !at.is_alphanumeric()).filter(|word| word.chars().count() >= 3).collect()
}

/// Forgets all of a scope.
fn delete_scope(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = store_name(context)?;
    let scope = scope(context);
    let memories = context.store.list(MEMORIES.name, &parents);
    let doomed: Vec<String> = memories
        .iter()
        .filter(|memory| text(memory.value, "scope") == scope)
        .map(|memory| memory.id.to_owned())
        .collect();
    for id in doomed {
        context.store.remove(Place { collection: MEMORIES.name, parents: &parents, id: &id });
    }
    let [name] = parents;
    Ok(Answer::ok(context.filled(json!({ "name": name, "scope": scope, "deleted": true }))))
}

fn list(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = store_name(context)?;
    let scope = scope(context);
    let mut memories = context.store.list(MEMORIES.name, &parents);
    memories.retain(|memory| text(memory.value, "scope") == scope && resources::passes(context, &MEMORIES, memory));
    pages::declared(context, MEMORIES.name, &parents, memories).map(Answer::ok)
}
