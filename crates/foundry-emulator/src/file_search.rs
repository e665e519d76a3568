//! The file search tool: where it looks, what it finds, and the run step that tells of it.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::events::Events;
use crate::model::FILE_SEARCH;
use crate::progress::{cost, told_step};
use crate::runs::property;
use crate::script::Plan;
use crate::search::{self, Question};
use crate::store::{Place, Store};
use crate::table::{FILES, RUN_STEPS, THREADS, VECTOR_STORE_FILES, VECTOR_STORES};
use crate::turn::{Turn, TurnPassage};
use crate::vector_store_files::{self, CHUNK_TOKENS, OVERLAP_TOKENS, Source};
use crate::{resources, run_steps, vector_stores};

/// How many passages a search finds unless the tool says otherwise.
const RESULTS: usize = 20;

/// How the service ranks unless the tool says otherwise.
const RANKER: &str = "default_2024_08_21";

/// After how many days without use the store of a thread's attachments expires.
const ATTACHMENTS_DAYS: i64 = 7;

/// The vector stores that a run can search in: its own, which are its agent's unless the request
/// said otherwise, and its thread's.
pub(crate) fn stores(store: &Store, run: &Map<String, Value>) -> Vec<String> {
    let thread = store.get(Place { collection: THREADS.name, parents: &[], id: property(run, "thread_id") });
    let resources = [run.get("tool_resources"), thread.and_then(|thread| thread.get("tool_resources"))];
    let mut ids: Vec<String> = Vec::new();
    for id in resources.into_iter().flat_map(stores_of) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn stores_of(resources: Option<&Value>) -> Vec<String> {
    let named = resources.and_then(|resources| resources.get(FILE_SEARCH)?.get("vector_store_ids"));
    elements(named).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds the files that come with a message for file search to the thread's store, which is made if
/// there is none. Files that do not exist are passed over.
pub(crate) fn take_attachments(context: &mut Context<'_>, thread: &str, message: &Value) -> Result<(), ServiceError> {
    let is_for_search =
        |attachment: &&Value| elements(attachment.get("tools")).any(|tool| text(tool, "type") == FILE_SEARCH);
    let files: Vec<Source> = elements(message.get("attachments"))
        .filter(is_for_search)
        .filter_map(|attachment| vector_store_files::source(context, text(attachment, "file_id")).ok())
        .collect();
    if files.is_empty() {
        return Ok(());
    }
    let store = [thread_store(context, thread)?];
    for file in files {
        vector_store_files::attach(context, &store, file, None)?;
    }
    vector_stores::recount(context, &store).map(drop)
}

/// The vector store of a thread, made if there is none.
fn thread_store(context: &mut Context<'_>, thread: &str) -> Result<String, ServiceError> {
    let place = Place { collection: THREADS.name, parents: &[], id: thread };
    let record = resources::get(context, &THREADS, place)?;
    let known = stores_of(record.get("tool_resources"))
        .into_iter()
        .find(|id| context.store.get(Place { collection: VECTOR_STORES.name, parents: &[], id }).is_some());
    if let Some(known) = known {
        return Ok(known);
    }
    let mut record = resources::object_of(record)?;
    let mut given = Map::new();
    given.insert("expires_after".to_owned(), json!({ "anchor": "last_active_at", "days": ATTACHMENTS_DAYS }));
    let store = resources::insert(context, &VECTOR_STORES, &[], given)?;
    let id = text(&store, "id").to_owned();
    let resources = record.entry("tool_resources").or_insert_with(|| json!({}));
    if !resources.is_object() {
        *resources = json!({});
    }
    resources[FILE_SEARCH] = json!({ "vector_store_ids": [id] });
    context.store.put(place, Value::Object(record));
    Ok(id)
}

/// What the tool says of how to search.
fn option<'a>(turn: &'a Turn, name: &str) -> Option<&'a Value> {
    turn.tools.iter().find(|tool| text(tool, "type") == FILE_SEARCH)?.get(FILE_SEARCH)?.get(name)
}

fn threshold(ranking: Option<&Value>) -> f64 {
    ranking.and_then(|ranking| ranking.get("score_threshold")?.as_f64()).unwrap_or(0.0)
}

/// What a search finds, as the tool wants it.
pub(crate) fn passages(context: &mut Context<'_>, turn: &Turn, query: &str) -> Result<Vec<TurnPassage>, ServiceError> {
    let limit = option(turn, "max_num_results").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let threshold = threshold(option(turn, "ranking_options"));
    let mut passages = find(context, &turn.vector_stores, query)?;
    passages.retain(|passage| passage.score >= threshold);
    passages.truncate(limit.unwrap_or(RESULTS));
    Ok(passages)
}

/// Searches, and tells of it with a run step if something is found or the search was asked for;
/// false if not.
pub(crate) fn search(
    context: &mut Context<'_>,
    run: &Map<String, Value>,
    plan: &mut Plan,
    turn: &Turn,
    query: &str,
    is_forced: bool,
    events: &mut Events,
) -> Result<bool, ServiceError> {
    let ranking = option(turn, "ranking_options");
    let threshold = threshold(ranking);
    let ranker = ranking.map(|ranking| text(ranking, "ranker")).filter(|ranker| !ranker.is_empty()).unwrap_or(RANKER);

    let passages = passages(context, turn, query)?;
    let is_told = is_forced || !passages.is_empty();
    if is_told {
        let results: Vec<Value> = passages.iter().map(told_passage).collect();
        let ranking = json!({ "ranker": ranker, "score_threshold": threshold });
        let call = json!({
            "id": context.store.identifiers.next("call_"),
            "type": FILE_SEARCH,
            (FILE_SEARCH): { "ranking_options": ranking, "results": results },
        });
        let usage = cost(turn, query);
        plan.usage = plan.usage.plus(usage);
        let parents = [property(run, "thread_id").to_owned(), property(run, "id").to_owned()];
        let mut step = Map::new();
        step.insert("type".to_owned(), "tool_calls".into());
        step.insert("assistant_id".to_owned(), property(run, "assistant_id").into());
        step.insert("step_details".to_owned(), json!({ "type": "tool_calls", "tool_calls": [] }));
        let mut step = resources::insert(context, &RUN_STEPS, &parents, step)?;
        let begun = told_step(&step, run);
        step["step_details"]["tool_calls"] = json!([call]);
        step["status"] = "completed".into();
        step["completed_at"] = context.now.into();
        step["usage"] = usage.told();
        let place = Place { collection: RUN_STEPS.name, parents: &parents, id: text(&step, "id") };
        context.store.put(place, step.clone());
        tell(begun, call, step, run, plan.shows_content, events);
    }
    plan.passages = Some(passages);
    Ok(is_told)
}

/// The events of a search.
fn tell(
    begun: Value,
    mut call: Value,
    mut step: Value,
    run: &Map<String, Value>,
    shows_content: bool,
    events: &mut Events,
) {
    if !shows_content {
        run_steps::hide_content_of(&mut call);
        run_steps::hide_content(&mut step);
    }
    call["index"] = 0.into();
    events.push("thread.run.step.created", begun.clone());
    events.push("thread.run.step.in_progress", begun);
    events.push_call_delta(text(&step, "id"), call);
    events.push("thread.run.step.completed", told_step(&step, run));
}

fn told_passage(passage: &TurnPassage) -> Value {
    json!({
        "file_id": passage.file_id,
        "file_name": passage.file_name,
        "score": passage.score,
        "content": [{ "type": "text", "text": passage.text }],
    })
}

/// The passages of some stores that share words with a query, best first. Searching a store counts
/// as using it and finishes its files; stores that are expired or gone hold nothing.
fn find(context: &mut Context<'_>, stores: &[String], query: &str) -> Result<Vec<TurnPassage>, ServiceError> {
    let mut chunks: Vec<TurnPassage> = Vec::new();
    for id in stores {
        let place = Place { collection: VECTOR_STORES.name, parents: &[], id };
        if context.store.get(place).is_none() {
            continue;
        }
        let store = [id.clone()];
        vector_store_files::settle(context, &store, |_| true)?;
        if text(&vector_stores::recount(context, &store)?, "status") == "expired" {
            continue;
        }
        vector_stores::touch(context, &store)?;
        for file in context.store.list(VECTOR_STORE_FILES.name, &store) {
            chunks.extend(chunks_of(context.store, file.id, file.value));
        }
    }
    let question = Question::new(query, chunks.iter().map(|chunk| chunk.text.as_str()));
    for chunk in &mut chunks {
        chunk.score = question.score(&chunk.text);
    }
    chunks.retain(|chunk| chunk.score > 0.0);
    // Of equals, the older file and the earlier chunk come first.
    chunks.sort_by(|one, other| other.score.total_cmp(&one.score));
    for chunk in &mut chunks {
        chunk.quote = question.quote(&chunk.text).to_owned();
    }
    Ok(chunks)
}

/// The chunks of a file of a vector store; none if it is not finished, or no text.
fn chunks_of(store: &Store, id: &str, file: &Value) -> Vec<TurnPassage> {
    let place = Place { collection: FILES.name, parents: &[], id };
    let (Some(record), Some(content)) = (store.get(place), store.content(place)) else {
        return Vec::new();
    };
    let Some(content) = std::str::from_utf8(&content).ok().filter(|_| text(file, "status") == "completed") else {
        return Vec::new();
    };
    let size = |name: &str, usual: u32| {
        let given = file.pointer(&format!("/chunking_strategy/static/{name}")).and_then(Value::as_u64);
        given.and_then(|given| usize::try_from(given).ok()).unwrap_or(usual as usize)
    };
    let words = size("max_chunk_size_tokens", CHUNK_TOKENS);
    let overlap = size("chunk_overlap_tokens", OVERLAP_TOKENS);
    let passage = |chunk: &str| TurnPassage {
        file_id: id.to_owned(),
        file_name: text(record, "filename").to_owned(),
        text: chunk.to_owned(),
        ..TurnPassage::default()
    };
    search::chunks(content.trim_start_matches('\u{feff}'), words, overlap).into_iter().map(passage).collect()
}
