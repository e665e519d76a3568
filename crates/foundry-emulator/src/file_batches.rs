//! Files added to a vector store in one go: made, finished by being looked at, cancelled, listed.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::context::{Answer, Context};
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::store::Place;
use crate::table::{FILE_BATCHES, VECTOR_STORE_FILES};
use crate::vector_store_files::{self, Source};
use crate::{pages, resources, vector_stores};

/// The ids of the files of each batch.
const MEMBERS: &str = "vector_stores/file_batches/files";

/// `POST /vector_stores/{vectorStoreId}/file_batches`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let store = [context.parameter(0)];
    resources::check_parents(context, &FILE_BATCHES, &store)?;
    let given = std::mem::take(&mut context.body);
    let sources = sources(context, given.get("file_ids"), given.get("data_sources"))?;
    if sources.is_empty() {
        return Err(ServiceError::missing_property("file_ids"));
    }
    let batch = resources::insert(context, &FILE_BATCHES, &store, Map::new())?;
    let id = text(&batch, "id").to_owned();
    let members = [store[0].clone(), id.clone()];
    for source in sources {
        let file = vector_store_files::attach(context, &store, source, given.get("chunking_strategy"))?;
        context.store.put(Place { collection: MEMBERS, parents: &members, id: text(&file, "id") }, Value::Null);
    }
    vector_stores::recount(context, &store)?;
    sum_up(context, &store, &id).map(Answer::ok)
}

/// `GET /vector_stores/{vectorStoreId}/file_batches/{batchId}`: finishes its files and answers it.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (store, id, batch) = find(context)?;
    if text(&batch, "status") != "in_progress" {
        return Ok(Answer::ok(batch));
    }
    let members = members(context, &store, &id);
    vector_store_files::settle(context, &store, |file| members.contains(file))?;
    sum_up(context, &store, &id).map(Answer::ok)
}

/// `POST /vector_stores/{vectorStoreId}/file_batches/{batchId}/cancel`.
pub(crate) fn cancel(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (store, id, batch) = find(context)?;
    // Its files may have been finished one by one since it was looked at.
    let batch = if text(&batch, "status") == "in_progress" { sum_up(context, &store, &id)? } else { batch };
    let status = text(&batch, "status");
    if status != "in_progress" {
        return Err(ServiceError::invalid_state(format_args!("Cannot cancel file batch with status '{status}'.")));
    }
    let members = members(context, &store, &id);
    let cancel = |_: &Context<'_>, file: &mut Value| file["status"] = "cancelled".into();
    vector_store_files::change_unfinished(context, &store, |file| members.contains(file), cancel)?;
    let mut batch = sum_up(context, &store, &id)?;
    batch["status"] = "cancelled".into();
    let place = Place { collection: FILE_BATCHES.name, parents: &store, id: &id };
    context.store.put(place, batch.clone());
    Ok(Answer::ok(batch))
}

/// `GET /vector_stores/{vectorStoreId}/file_batches/{batchId}/files`.
pub(crate) fn list_files(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (store, id, _) = find(context)?;
    let members = members(context, &store, &id);
    let mut files = context.store.list(VECTOR_STORE_FILES.name, &store);
    files.retain(|file| members.contains(file.id) && resources::passes(context, &VECTOR_STORE_FILES, file));
    pages::by_cursor(context, VECTOR_STORE_FILES.name, &store, files).map(Answer::ok)
}

/// What a request names to be added; every file is there.
pub(crate) fn sources(
    context: &Context<'_>,
    file_ids: Option<&Value>,
    data_sources: Option<&Value>,
) -> Result<Vec<Source>, ServiceError> {
    elements(file_ids)
        .filter_map(Value::as_str)
        .map(|id| vector_store_files::source(context, id))
        .chain(elements(data_sources).map(|_| Ok(Source::Data)))
        .collect()
}

/// The store, the batch's id and the batch that the path names.
fn find(context: &Context<'_>) -> Result<([String; 1], String, Value), ServiceError> {
    let store = [context.parameter(0)];
    resources::check_parents(context, &FILE_BATCHES, &store)?;
    let id = context.parameter(1);
    let place = Place { collection: FILE_BATCHES.name, parents: &store, id: &id };
    let batch = resources::get(context, &FILE_BATCHES, place)?.clone();
    Ok((store, id, batch))
}

fn members(context: &Context<'_>, store: &[String; 1], batch: &str) -> HashSet<String> {
    let parents = [store[0].clone(), batch.to_owned()];
    context.store.list(MEMBERS, &parents).iter().map(|member| member.id.to_owned()).collect()
}

/// Counts a batch's files, which are all that decides whether it is completed, and answers it.
fn sum_up(context: &mut Context<'_>, store: &[String; 1], id: &str) -> Result<Value, ServiceError> {
    let members = members(context, store, id);
    let files = context.store.list(VECTOR_STORE_FILES.name, store);
    let counts =
        vector_stores::file_counts(files.iter().filter(|file| members.contains(file.id)).map(|file| file.value));
    let place = Place { collection: FILE_BATCHES.name, parents: store, id };
    let mut batch = resources::get(context, &FILE_BATCHES, place)?.clone();
    batch["status"] = vector_stores::status(&counts).into();
    batch["file_counts"] = counts;
    context.store.put(place, batch.clone());
    Ok(batch)
}
