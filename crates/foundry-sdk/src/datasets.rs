//! Datasets from files on this machine: uploaded, and made a version.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};

use futures_core::future::BoxFuture;

use crate::blobs::{BlobReport, BlobUpload};
use crate::error::Result;
use crate::multipart::{FileContent, FilesProgress};
use crate::request::Request;
use crate::types::{DatasetVersion, FileDatasetVersion, FolderDatasetVersion};
use crate::v1::{Datasets, PendingDatasetUpload};

impl Datasets {
    /// Makes a version of a dataset of one file.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use std::path::Path;
    ///
    /// let dataset = client.datasets().upload_file("questions", "1", Path::new("questions.jsonl")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `POST /datasets/{name}/versions/{version}/startPendingUpload`, puts the file where the
    /// answer says ([`Request::with_file`]), then sends `PATCH /datasets/{name}/versions/{version}`.
    pub fn upload_file(
        &self,
        name: impl Into<String>,
        version: impl Into<String>,
        file: impl Into<FileContent>,
    ) -> DatasetUpload {
        DatasetUpload::new(self.pending_upload(name, version).with_file(file))
    }

    /// Makes a version of a dataset of all files in a folder and in the folders in it.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// let dataset = client
    ///     .datasets()
    ///     .upload_folder("questions", "2", "data")
    ///     .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
    ///     .on_progress(|progress| println!("{} of {} files", progress.uploaded, progress.files))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `POST /datasets/{name}/versions/{version}/startPendingUpload`, puts the files where the
    /// answer says ([`Request::with_folder`]), then sends `PATCH /datasets/{name}/versions/{version}`.
    pub fn upload_folder(
        &self,
        name: impl Into<String>,
        version: impl Into<String>,
        folder: impl Into<PathBuf>,
    ) -> DatasetUpload {
        DatasetUpload::new(self.pending_upload(name, version).with_folder(folder))
    }
}

/// An upload that becomes a version of a dataset; made by [`Datasets::upload_file`] and
/// [`Datasets::upload_folder`]. Awaited it gives the version.
///
/// # Errors
/// Those of the [upload](BlobUpload), after which there is no version; those of every request. Each error
/// after the start of the upload has the report of the files:
/// [`error.last_state::<BlobReport>()`](crate::Error::last_state).
#[must_use = "nothing is uploaded until it is awaited"]
pub struct DatasetUpload {
    upload: BlobUpload<PendingDatasetUpload>,
    description: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

impl DatasetUpload {
    fn new(upload: BlobUpload<PendingDatasetUpload>) -> Self {
        Self { upload, description: None, tags: None }
    }

    /// What the dataset is, in words.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The caller's own key-value pairs for the version.
    pub fn tags(mut self, entries: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.tags = Some(entries.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }

    /// Name of the storage connection to upload to; the project's default one unless set.
    pub fn connection_name(self, name: impl Into<String>) -> Self {
        self.request(|request| request.connection_name(name))
    }

    /// Changes the request that makes the place ready, and with it the options of all that follow.
    pub fn request(
        mut self,
        change: impl FnOnce(Request<PendingDatasetUpload>) -> Request<PendingDatasetUpload>,
    ) -> Self {
        self.upload = self.upload.request(change);
        self
    }

    /// Uploads of a folder only the files that this is true for; it is given their paths in the folder.
    pub fn filter(mut self, filter: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        self.upload = self.upload.filter(filter);
        self
    }

    /// How many files are uploaded at a time: 4 unless set, at least 1.
    pub fn concurrency(mut self, files: usize) -> Self {
        self.upload = self.upload.concurrency(files);
        self
    }

    /// Calls this with how far the uploads are. It is called in between of reading, so it should be
    /// quick. If it panics the upload goes on.
    pub fn on_progress(mut self, callback: impl Fn(FilesProgress) + Send + Sync + 'static) -> Self {
        self.upload = self.upload.on_progress(callback);
        self
    }

    async fn run(self) -> Result<DatasetVersion> {
        let looks = self.upload.looks();
        let is_folder = self.upload.is_folder();
        let pending = self.upload.operation();
        let (name, version) = (pending.name.clone(), pending.version.clone());
        let report: BlobReport = self.upload.await?;
        let body: DatasetVersion = if is_folder {
            let mut body = FolderDatasetVersion::new(report.uri.clone());
            (body.description, body.tags) = (self.description, self.tags);
            body.into()
        } else {
            let mut body = FileDatasetVersion::new(report.uri.clone());
            (body.description, body.tags) = (self.description, self.tags);
            body.into()
        };
        let datasets = Datasets { client: looks.client.clone() };
        let created = looks.like(datasets.create_or_update(name, version, body)).await;
        created.map_err(|error| error.with_state(report))
    }
}

impl IntoFuture for DatasetUpload {
    type Output = Result<DatasetVersion>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for DatasetUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetUpload").field("upload", &self.upload).finish_non_exhaustive()
    }
}
