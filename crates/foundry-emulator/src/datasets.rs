//! The data of datasets: where it is to be uploaded, and what opens it.

use serde_json::{Value, json};

use crate::blobs;
use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::resources;
use crate::store::Place;
use crate::table::DATASETS;

/// The storage account that stands for the emulator's own.
const STORAGE_ACCOUNT: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulator\
                               /providers/Microsoft.Storage/storageAccounts/emulator";

/// `POST /datasets/{name}/versions/{version}/startPendingUpload`: a new container, which the
/// version refers to once it is created with a `dataUri` in there.
pub(crate) fn start_pending_upload(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    pending_upload(context).map(Answer::ok)
}

/// A new container, and what opens it.
pub(crate) fn pending_upload(context: &mut Context<'_>) -> Result<Value, ServiceError> {
    let container = context.store.identifiers.next("emulator-").to_lowercase();
    let signature = context.store.identifiers.next("");
    context.blobs.create(&container, signature);
    let reference =
        reference(context, &container).ok_or_else(|| ServiceError::internal("A new container is not there."))?;
    Ok(json!({
        "blobReference": reference,
        "blobReferenceForConsumption": reference,
        "pendingUploadId": context.body.get("pendingUploadId"),
        "pendingUploadType": "BlobReference",
        "version": context.parameter(1),
    }))
}

/// `POST /datasets/{name}/versions/{version}/credentials`.
pub(crate) fn credentials(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    let id = context.parameter(1);
    let place = Place { collection: DATASETS.name, parents: &parents, id: &id };
    let data = text(resources::get(context, &DATASETS, place)?, "dataUri");
    Ok(Answer::ok(opened(context, data)))
}

/// What opens a blob or a folder of blobs.
pub(crate) fn opened(context: &Context<'_>, data: &str) -> Value {
    let container = data
        .strip_prefix(context.origin)
        .and_then(|path| path.strip_prefix(blobs::PATH))
        .and_then(|path| path.split(['/', '?']).next());
    let reference = container.and_then(|container| reference(context, container)).unwrap_or_else(|| {
        // Data that is elsewhere: the emulator has nothing that opens it.
        blob_reference(data, data)
    });
    json!({ "blobReference": reference })
}

/// What opens a container of the emulator's own.
fn reference(context: &Context<'_>, container: &str) -> Option<Value> {
    let signed = context.blobs.signed_url(context.origin, container)?;
    Some(blob_reference(&format!("{}{}{container}", context.origin, blobs::PATH), &signed))
}

fn blob_reference(uri: &str, signed: &str) -> Value {
    json!({
        "blobUri": uri,
        "storageAccountArmId": STORAGE_ACCOUNT,
        // The service sends both names.
        "credential": { "type": "SAS", "credentialType": "SAS", "sasUri": signed },
    })
}
