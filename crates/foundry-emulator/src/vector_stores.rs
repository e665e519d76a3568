//! Vector stores: made with their files, finished by being looked at.

use serde_json::Value;

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::store::Place;
use crate::table::{VECTOR_STORE_FILES, VECTOR_STORES};
use crate::{file_batches, resources, vector_store_files};

/// `POST /vector_stores`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let given = resources::take_accepted(context);
    let configured = given.get("configuration").and_then(|configuration| configuration.get("data_sources"));
    let sources = file_batches::sources(context, given.get("file_ids"), configured)?;
    let chunking = given.get("chunking_strategy").cloned();
    let store = resources::insert(context, &VECTOR_STORES, &[], given)?;
    let store = [text(&store, "id").to_owned()];
    for source in sources {
        vector_store_files::attach(context, &store, source, chunking.as_ref())?;
    }
    recount(context, &store).map(Answer::ok)
}

/// `GET /vector_stores/{vectorStoreId}`: finishes its files and answers it.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let store = [context.parameter(0)];
    resources::check_parents(context, &VECTOR_STORE_FILES, &store)?;
    vector_store_files::settle(context, &store, |_| true)?;
    recount(context, &store).map(Answer::ok)
}

/// Notes that a store is used.
pub(crate) fn touch(context: &mut Context<'_>, store: &[String; 1]) -> Result<(), ServiceError> {
    let place = Place { collection: VECTOR_STORES.name, parents: &[], id: &store[0] };
    let mut record = resources::object_of(resources::get(context, &VECTOR_STORES, place)?)?;
    record.insert("last_active_at".to_owned(), context.now.into());
    (VECTOR_STORES.complete)(&mut record, context.project);
    context.store.put(place, Value::Object(record));
    Ok(())
}

/// How many files are in which state.
pub(crate) fn file_counts<'a>(files: impl Iterator<Item = &'a Value>) -> Value {
    let mut counts = [("in_progress", 0), ("completed", 0), ("failed", 0), ("cancelled", 0), ("total", 0)];
    for file in files {
        for (status, count) in &mut counts {
            if *status == text(file, "status") || *status == "total" {
                *count += 1;
            }
        }
    }
    counts.into_iter().map(|(status, count)| (status.to_owned(), Value::from(count))).collect()
}

/// Whether there are files left to be finished.
pub(crate) fn status(counts: &Value) -> &'static str {
    match counts.get("in_progress").and_then(Value::as_u64) {
        None | Some(0) => "completed",
        Some(_) => "in_progress",
    }
}

/// Sums a store's files up in its record, and answers that.
pub(crate) fn recount(context: &mut Context<'_>, store: &[String; 1]) -> Result<Value, ServiceError> {
    let place = Place { collection: VECTOR_STORES.name, parents: &[], id: &store[0] };
    let mut record = resources::get(context, &VECTOR_STORES, place)?.clone();
    let files = context.store.list(VECTOR_STORE_FILES.name, store);
    let counts = file_counts(files.iter().map(|file| file.value));
    let bytes: u64 = files.iter().filter_map(|file| file.value.get("usage_bytes")?.as_u64()).sum();
    let expired = record.get("expires_at").and_then(Value::as_i64).is_some_and(|expires| expires <= context.now);
    record["status"] = if expired { "expired" } else { status(&counts) }.into();
    record["usage_bytes"] = bytes.into();
    record["file_counts"] = counts;
    context.store.put(place, record.clone());
    Ok(record)
}
