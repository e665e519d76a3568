//! The files of vector stores: added from files, finished by being looked at.

use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::resources::{self, Verb};
use crate::store::Place;
use crate::table::{FILES, VECTOR_STORE_FILES};
use crate::vector_stores;

/// The endings of file names that the service can search.
const SEARCHABLE: &[&str] = &[
    ".c", ".cpp", ".cs", ".css", ".doc", ".docx", ".go", ".html", ".java", ".js", ".json", ".md", ".pdf", ".php",
    ".pptx", ".py", ".rb", ".sh", ".tex", ".ts", ".txt",
];

/// How the service cuts texts when it may choose.
pub(crate) const CHUNK_TOKENS: u32 = 800;
pub(crate) const OVERLAP_TOKENS: u32 = 400;

/// What a file of a vector store is made from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file of this project, which is there.
    File(Value),
    /// Data outside of the project, of which the emulator knows nothing.
    Data,
}

/// `POST /vector_stores/{vectorStoreId}/files`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let store = [context.parameter(0)];
    resources::check_parents(context, &VECTOR_STORE_FILES, &store)?;
    let given = std::mem::take(&mut context.body);
    let source = match given.get("file_id") {
        Some(Value::String(id)) => source(context, id)?,
        _ if given.contains_key("data_source") => Source::Data,
        _ => return Err(ServiceError::missing_property("file_id")),
    };
    if let Source::File(file) = &source
        && let Some(message) = unsupported(text(file, "filename"))
    {
        return Err(ServiceError::unsupported_file(message));
    }
    let file = attach(context, &store, source, given.get("chunking_strategy"))?;
    vector_stores::recount(context, &store)?;
    Ok(Answer::ok(file))
}

/// `GET /vector_stores/{vectorStoreId}/files/{fileId}`: finishes the file and answers it.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let store = [context.parameter(0)];
    resources::check_parents(context, &VECTOR_STORE_FILES, &store)?;
    let id = context.parameter(1);
    settle(context, &store, |file| file == id)?;
    let place = Place { collection: VECTOR_STORE_FILES.name, parents: &store, id: &id };
    resources::get(context, &VECTOR_STORE_FILES, place).cloned().map(Answer::ok)
}

/// `DELETE /vector_stores/{vectorStoreId}/files/{fileId}`: the file itself stays.
pub(crate) fn delete(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let answer = resources::serve(context, &VECTOR_STORE_FILES, Verb::Delete)?;
    let store = [context.parameter(0)];
    vector_stores::recount(context, &store)?;
    Ok(answer)
}

/// The file with this id as a source.
pub(crate) fn source(context: &Context<'_>, id: &str) -> Result<Source, ServiceError> {
    let place = Place { collection: FILES.name, parents: &[], id };
    resources::get(context, &FILES, place).cloned().map(Source::File)
}

/// Adds a file to a store, which counts as using the store. Who adds many learns of those that
/// cannot be searched by their status.
pub(crate) fn attach(
    context: &mut Context<'_>,
    store: &[String; 1],
    source: Source,
    chunking: Option<&Value>,
) -> Result<Value, ServiceError> {
    let mut given = Map::new();
    // What the service chooses it says.
    let chunking = chunking.filter(|chunking| text(chunking, "type") == "static").cloned().unwrap_or_else(|| {
        json!({
            "type": "static",
            "static": { "max_chunk_size_tokens": CHUNK_TOKENS, "chunk_overlap_tokens": OVERLAP_TOKENS },
        })
    });
    given.insert("chunking_strategy".to_owned(), chunking);
    vector_stores::touch(context, store)?;
    match source {
        Source::Data => resources::insert(context, &VECTOR_STORE_FILES, store, given),
        Source::File(file) => {
            if let Some(message) = unsupported(text(&file, "filename")) {
                given.insert("status".to_owned(), "failed".into());
                given.insert("last_error".to_owned(), json!({ "code": "unsupported_file", "message": message }));
            }
            let id = text(&file, "id").to_owned();
            resources::insert_as(context, &VECTOR_STORE_FILES, store, id, given)
        }
    }
}

/// Finishes the files that are in progress, and sums their store up.
pub(crate) fn settle(
    context: &mut Context<'_>,
    store: &[String; 1],
    chosen: impl Fn(&str) -> bool,
) -> Result<(), ServiceError> {
    let finish = |context: &Context<'_>, file: &mut Value| {
        let place = Place { collection: FILES.name, parents: &[], id: text(file, "id") };
        let bytes = context.store.get(place).and_then(|known| known.get("bytes")).cloned();
        file["status"] = "completed".into();
        file["usage_bytes"] = bytes.unwrap_or_else(|| 0.into());
    };
    change_unfinished(context, store, chosen, finish)
}

/// Changes the files that are in progress, and sums their store up.
pub(crate) fn change_unfinished(
    context: &mut Context<'_>,
    store: &[String; 1],
    chosen: impl Fn(&str) -> bool,
    change: impl Fn(&Context<'_>, &mut Value),
) -> Result<(), ServiceError> {
    let mut unfinished: Vec<(String, Value)> = context
        .store
        .list(VECTOR_STORE_FILES.name, store)
        .iter()
        .filter(|file| text(file.value, "status") == "in_progress" && chosen(file.id))
        .map(|file| (file.id.to_owned(), file.value.clone()))
        .collect();
    for (id, file) in &mut unfinished {
        change(context, file);
        let place = Place { collection: VECTOR_STORE_FILES.name, parents: store, id };
        context.store.put(place, file.take());
    }
    vector_stores::recount(context, store).map(drop)
}

/// Why a file of this name cannot be searched.
fn unsupported(name: &str) -> Option<String> {
    let ending = name.rsplit_once('.').map(|(_, ending)| format!(".{}", ending.to_lowercase()));
    if ending.as_deref().is_some_and(|ending| SEARCHABLE.contains(&ending)) {
        return None;
    }
    Some(format!(
        "Files with extensions [{}] are not supported for retrieval. Supported file types include: [{}].",
        ending.as_deref().unwrap_or("none"),
        SEARCHABLE.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_the_name_decides_whether_a_file_can_be_searched() {
        for name in ["a.txt", "a.b.MD", ".py", "Übung.docx"] {
            assert_eq!(unsupported(name), None, "{name}");
        }
        for (name, ending) in [("a.csv", "[.csv]"), ("a", "[none]"), ("a.", "[.]"), ("txt", "[none]")] {
            assert!(unsupported(name).is_some_and(|message| message.contains(ending)), "{name}");
        }
    }
}
