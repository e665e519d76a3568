//! Files: uploading them and reading what they hold.

use serde_json::Map;

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::resources;
use crate::store::Place;
use crate::table::FILES;

/// `POST /files`.
pub(crate) fn upload(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    // Validation has seen to it that the form has a file and a purpose.
    let upload = context.uploads.pop().ok_or_else(|| ServiceError::missing_property("file"))?;
    let named = context.body.get("filename").and_then(|name| name.as_str()).filter(|name| !name.is_empty());
    // A part without a file name is a text to those that read forms, and no file.
    let filename =
        named.map(str::to_owned).or(upload.filename).ok_or_else(|| ServiceError::missing_property("filename"))?;
    let mut given = Map::new();
    given.insert("filename".to_owned(), filename.into());
    given.insert("bytes".to_owned(), upload.content.len().into());
    given.extend(context.body.remove_entry("purpose"));
    let file = resources::insert(context, &FILES, &[], given)?;
    let id = text(&file, "id");
    context.store.put_content(Place { collection: FILES.name, parents: &[], id }, upload.content);
    Ok(Answer::ok(file))
}

/// `GET /files/{fileId}/content`.
pub(crate) fn content(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    let place = Place { collection: FILES.name, parents: &[], id: &id };
    resources::get(context, &FILES, place)?;
    Ok(Answer::bytes(context.store.content(place).unwrap_or_default()))
}
