//! What vector stores have beside their generated requests: waiting until they, their files and batches are ready.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{
    CancelVectorStoreFileBatch, CreateVectorStore, CreateVectorStoreFile, CreateVectorStoreFileBatch, GetVectorStore,
    GetVectorStoreFile, GetVectorStoreFileBatch, VectorStoreFileBatches, VectorStoreFiles, VectorStores,
};
use crate::classic::types::{
    VectorStore, VectorStoreFile, VectorStoreFileBatch, VectorStoreFileBatchStatus, VectorStoreFileStatus,
    VectorStoreStatus,
};
use crate::error::{Error, Result};
use crate::poller::{Cancel, Cancelable, Looks, OnceStarted, Polled, Poller, Standing, as_cancelled, sealed};
use crate::request::{Operation, Request};

impl Request<CreateVectorStore> {
    /// Creates the store, and polls it until none of its files is left to be indexed.
    ///
    /// A store is `completed` also if files failed: [`completed`](Poller::completed) and
    /// [`VectorStore::into_result`] tell.
    ///
    /// Sends `POST /vector_stores`, then `GET /vector_stores/{vectorStoreId}` with the same headers,
    /// features, time limits and api-version.
    pub fn poll(self) -> Poller<VectorStore> {
        OnceStarted::new(self, look_at_store).poller()
    }
}

impl Request<GetVectorStore> {
    /// Polls a store that was created before until none of its files is left to be indexed.
    ///
    /// Sends `GET /vector_stores/{vectorStoreId}`.
    pub fn poll(self) -> Poller<VectorStore> {
        OnceStarted::new(self, look_at_store).poller()
    }
}

fn look_at_store(looks: &Looks, last: &VectorStore) -> Request<GetVectorStore> {
    VectorStores { client: looks.client.clone() }.get(&last.id)
}

impl Request<CreateVectorStoreFile> {
    /// Adds the file, and polls it until it is indexed.
    ///
    /// Sends `POST /vector_stores/{vectorStoreId}/files`, then
    /// `GET /vector_stores/{vectorStoreId}/files/{fileId}` with the same headers, features, time limits
    /// and api-version.
    pub fn poll(self) -> Poller<VectorStoreFile> {
        let vector_store_id = self.operation.vector_store_id.clone();
        of_file(self, vector_store_id)
    }
}

impl Request<GetVectorStoreFile> {
    /// Polls a file that was added before until it is indexed.
    ///
    /// Sends `GET /vector_stores/{vectorStoreId}/files/{fileId}`.
    pub fn poll(self) -> Poller<VectorStoreFile> {
        let vector_store_id = self.operation.vector_store_id.clone();
        of_file(self, vector_store_id)
    }
}

fn of_file<O: Operation<Output = VectorStoreFile>>(
    request: Request<O>,
    vector_store_id: String,
) -> Poller<VectorStoreFile> {
    let look = move |looks: &Looks, last: &VectorStoreFile| {
        let files = VectorStoreFiles { client: looks.client.clone(), vector_store_id: vector_store_id.clone() };
        files.get(&last.id)
    };
    OnceStarted::new(request, look).poller()
}

impl Request<CreateVectorStoreFileBatch> {
    /// Adds the files, and polls the batch until none of them is left to be indexed.
    ///
    /// Sends `POST /vector_stores/{vectorStoreId}/file_batches`, then
    /// `GET /vector_stores/{vectorStoreId}/file_batches/{batchId}` with the same headers, features, time
    /// limits and api-version.
    pub fn poll(self) -> Poller<VectorStoreFileBatch> {
        let vector_store_id = self.operation.vector_store_id.clone();
        of_batch(self, vector_store_id)
    }
}

impl Request<GetVectorStoreFileBatch> {
    /// Polls a batch that was created before until none of its files is left to be indexed.
    ///
    /// Sends `GET /vector_stores/{vectorStoreId}/file_batches/{batchId}`.
    pub fn poll(self) -> Poller<VectorStoreFileBatch> {
        let vector_store_id = self.operation.vector_store_id.clone();
        of_batch(self, vector_store_id)
    }
}

impl Request<CancelVectorStoreFileBatch> {
    /// Cancels the batch, and polls it until it has ended.
    ///
    /// Sends `POST /vector_stores/{vectorStoreId}/file_batches/{batchId}/cancel`, then
    /// `GET /vector_stores/{vectorStoreId}/file_batches/{batchId}`.
    pub fn poll(self) -> Poller<VectorStoreFileBatch> {
        let vector_store_id = self.operation.vector_store_id.clone();
        of_batch(self, vector_store_id)
    }
}

fn of_batch<O: Operation<Output = VectorStoreFileBatch>>(
    request: Request<O>,
    vector_store_id: String,
) -> Poller<VectorStoreFileBatch> {
    let batches = VectorStoreFileBatches { client: request.client.clone(), vector_store_id };
    let canceled = batches.clone();
    let look = move |_: &Looks, last: &VectorStoreFileBatch| batches.get(&last.id);
    OnceStarted::new(request, look).canceled_by(move |_, last| cancel_of(&canceled, &last.id)).poller()
}

fn cancel_of(batches: &VectorStoreFileBatches, id: &str) -> Cancel {
    let (batches, id) = (batches.clone(), id.to_owned());
    Arc::new(move || -> BoxFuture<'static, Result<()>> {
        let (batches, id) = (batches.clone(), id.clone());
        Box::pin(async move {
            let result = batches.cancel(&id).await.map(|_| ());
            as_cancelled(result, async { Ok(batches.get(&id).await?.has_ended()) }).await
        })
    })
}

/// How something becomes a result: itself, or why it is not ready.
macro_rules! completed {
    ($state:ident, $what:literal) => {
        impl Poller<$state> {
            #[doc = concat!("Polls the ", $what, " to its end, and gives it if it is completed and no file is missing.")]
            ///
            /// # Errors
            /// Those of the poller; [`NotReady`](crate::ErrorKind::NotReady) otherwise, with what is missing
            /// ([`Error::not_ready`]) and the last state ([`Error::last_state`]).
            pub async fn completed(self) -> Result<$state> {
                let (state, ids) = self.finish().await?;
                let kept = state.clone();
                state.into_result().map_err(|not_ready| Error::from(not_ready).of_ids(&ids).with_state(kept))
            }
        }

        impl sealed::Sealed for $state {}
    };
}

completed!(VectorStore, "store");
completed!(VectorStoreFile, "file");
completed!(VectorStoreFileBatch, "batch");

/// What a status means to who waits.
fn standing(has_ended: bool, is_in_progress: bool) -> Standing {
    match (has_ended, is_in_progress) {
        (true, _) => Standing::Ended,
        (false, true) => Standing::Running,
        (false, false) => Standing::Unknown,
    }
}

impl Polled for VectorStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> &str {
        self.status.as_str()
    }

    fn name(&self) -> String {
        format!("vector store {}", self.id)
    }

    fn standing(&self) -> Standing {
        standing(self.has_ended(), self.status == VectorStoreStatus::InProgress)
    }
}

impl Polled for VectorStoreFile {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> &str {
        self.status.as_str()
    }

    fn name(&self) -> String {
        format!("file {} of vector store {}", self.id, self.vector_store_id)
    }

    fn standing(&self) -> Standing {
        standing(self.has_ended(), self.status == VectorStoreFileStatus::InProgress)
    }
}

impl Cancelable for VectorStoreFileBatch {}

impl Polled for VectorStoreFileBatch {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> &str {
        self.status.as_str()
    }

    fn name(&self) -> String {
        format!("file batch {} of vector store {}", self.id, self.vector_store_id)
    }

    fn standing(&self) -> Standing {
        standing(self.has_ended(), self.status == VectorStoreFileBatchStatus::InProgress)
    }
}
