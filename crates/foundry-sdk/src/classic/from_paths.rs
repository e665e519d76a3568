//! A vector store of files on this machine: uploaded, indexed, and one report of what became of each.

use std::collections::HashMap;
use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use foundry_raw::VectorStoreNotReady;
use futures_core::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{CreateVectorStore, Files, VectorStoreFileBatches, VectorStoreFiles, VectorStores};
use crate::classic::types::{FileInfo, FilePurpose, VectorStore, VectorStoreFileStatusFilter};
use crate::error::{Error, ErrorKind, Result};
use crate::multipart::{Callback, FilesProgress, Meter, concerns_all};
use crate::poller::Looks;
use crate::request::Request;

/// How many files the service takes in one request.
const FILES_AT_ONCE: usize = 500;

impl VectorStores {
    /// Makes a vector store of files on this machine; the same as `create().with_paths(paths)`.
    ///
    /// ```
    /// # async fn example(classic: foundry_sdk::classic::Classic) -> foundry_sdk::Result<()> {
    /// let report = classic.vector_stores().create_from_paths(["manual.pdf", "faq.md"]).name("docs").await?;
    /// for file in report.failed() {
    ///     println!("{}: {}", file.path.display(), file.outcome);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_from_paths(&self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> FromPaths {
        self.create().with_paths(paths)
    }
}

impl Request<CreateVectorStore> {
    /// Uploads files on this machine first, and creates the store with them.
    ///
    /// Sends `POST /files` for each file, several at a time; `POST /vector_stores` with up to 500 of
    /// them and `POST /vector_stores/{vectorStoreId}/file_batches` for each further 500;
    /// `GET /vector_stores/{vectorStoreId}` and
    /// `GET /vector_stores/{vectorStoreId}/file_batches/{batchId}` until none is left to be indexed; and
    /// `GET /vector_stores/{vectorStoreId}/files` to learn which failed. All of them with the headers,
    /// features, time limits and api-version of this request.
    pub fn with_paths(self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> FromPaths {
        FromPaths {
            request: self,
            paths: paths.into_iter().map(Into::into).collect(),
            concurrency: 4,
            interval: Duration::from_secs(1),
            max_wait: Duration::from_secs(600),
            on_progress: None,
        }
    }
}

/// A vector store that is made of files on this machine; made by
/// [`create_from_paths`](VectorStores::create_from_paths).
///
/// Awaited it gives a [`VectorStoreReport`], also if some of the files could not be uploaded or indexed;
/// [`completed`](Self::completed) gives the store only if it has all files. Dropped before that it stops
/// at once; what was uploaded or created by then stays.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there are no paths, [`ErrorKind::NotReady`] if no file could be
/// uploaded, [`ErrorKind::Deadline`] if indexing takes too long; those of every request. A failure that
/// would be the same for all files, such as a refused credential, ends it; that of one file does not.
/// Each error has the report as far as it is known:
/// [`error.last_state::<VectorStoreReport>()`](Error::last_state).
#[must_use = "nothing is uploaded until it is awaited"]
pub struct FromPaths {
    request: Request<CreateVectorStore>,
    paths: Vec<PathBuf>,
    concurrency: usize,
    interval: Duration,
    max_wait: Duration,
    on_progress: Option<Callback<FilesProgress>>,
}

/// What became of a set of files that were to make a vector store.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "a vector store can be there without some of its files"]
pub struct VectorStoreReport {
    /// The store, as it was last seen. In the report of an error it may be missing, because it was not
    /// created; else it is there.
    pub vector_store: Option<VectorStore>,
    /// The files, in the order in which they were given.
    pub files: Vec<ReportedFile>,
}

/// A file of a [`VectorStoreReport`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ReportedFile {
    /// Its path.
    pub path: PathBuf,
    /// Its id, if it was uploaded: it is there until it is deleted, whatever became of it then.
    pub file_id: Option<String>,
    /// What became of it.
    pub outcome: FileOutcome,
}

/// What became of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileOutcome {
    /// It was not uploaded, because all came to an end before.
    NotUploaded,
    /// It could not be uploaded.
    UploadFailed(Error),
    /// It is uploaded; whether it is indexed was not learned.
    Uploaded,
    /// It is indexed: it can be searched.
    Indexed,
    /// It is uploaded, but could not be indexed, was canceled, or is still being indexed.
    NotIndexed(VectorStoreNotReady),
}

impl fmt::Display for FileOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUploaded => f.write_str("not uploaded"),
            Self::UploadFailed(error) => write!(f, "not uploaded: {error}"),
            Self::Uploaded => f.write_str("uploaded"),
            Self::Indexed => f.write_str("indexed"),
            Self::NotIndexed(why) => write!(f, "not indexed: {why}"),
        }
    }
}

impl VectorStoreReport {
    fn new(paths: &[PathBuf]) -> Self {
        let file =
            |path: &PathBuf| ReportedFile { path: path.clone(), file_id: None, outcome: FileOutcome::NotUploaded };
        Self { vector_store: None, files: paths.iter().map(file).collect() }
    }

    /// The files that cannot be searched.
    pub fn failed(&self) -> impl Iterator<Item = &ReportedFile> {
        self.files.iter().filter(|file| !matches!(file.outcome, FileOutcome::Indexed))
    }

    /// The ids of the files that were uploaded.
    pub fn file_ids(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(|file| file.file_id.as_deref())
    }

    /// The store if it is completed with all files.
    ///
    /// # Errors
    /// [`ErrorKind::NotReady`], with the report as its [`last_state`](Error::last_state).
    pub fn into_result(mut self) -> Result<VectorStore> {
        let is_whole = self.failed().next().is_none();
        match self.vector_store.take().map(|store| (store.clone(), store.into_result())) {
            Some((_, Ok(store))) if is_whole => Ok(store),
            store => {
                self.vector_store = store.map(|(store, _)| store);
                Err(Error::new(ErrorKind::NotReady, self.to_string()).with_state(self))
            }
        }
    }

    fn uploaded(&self) -> Vec<String> {
        self.file_ids().map(str::to_owned).collect()
    }
}

/// One line: the store, and the files that it lacks with the reason.
impl fmt::Display for VectorStoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.vector_store {
            Some(store) => write!(f, "vector store {} is {}", store.id, store.status)?,
            None => f.write_str("no vector store was created")?,
        }
        let failed = self.failed().count();
        match (failed, self.files.len()) {
            (0, 1) => f.write_str(" with its file"),
            (0, files) => write!(f, " with all {files} files"),
            (failed, files) => {
                write!(f, ", without {failed} of {files} files")?;
                let mut before = ": ";
                for file in self.failed() {
                    write!(f, "{before}{}: {}", file.path.display(), file.outcome)?;
                    before = "; ";
                }
                Ok(())
            }
        }
    }
}

impl FromPaths {
    /// Names the store.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.request = self.request.name(name);
        self
    }

    /// How many files are uploaded at the same time: 4 unless set, at least 1.
    pub fn concurrency(mut self, uploads: usize) -> Self {
        self.concurrency = uploads.max(1);
        self
    }

    /// Calls this with how far the uploads are, whenever some more is sent or a file is done. If it
    /// panics the uploads go on.
    pub fn on_progress(mut self, callback: impl Fn(FilesProgress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Callback::new(callback));
        self
    }

    /// How long to wait at first between two questions whether all is indexed, as
    /// [`Poller::interval`](crate::Poller::interval) has it: 1 s unless set.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long indexing may take, after the uploads: 10 minutes unless set. It goes on by itself after
    /// that.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Makes the store, and gives it if it is completed with all files.
    ///
    /// # Errors
    /// Those of making it; [`ErrorKind::NotReady`] if a file could not be uploaded or indexed. Each has
    /// the report as its [`last_state`](Error::last_state).
    pub async fn completed(self) -> Result<VectorStore> {
        self.await?.into_result()
    }

    async fn run(self) -> Result<VectorStoreReport> {
        let mut report = VectorStoreReport::new(&self.paths);
        match self.fill(&mut report).await {
            Ok(()) => Ok(report),
            Err(error) => Err(error.with_state(report)),
        }
    }

    async fn fill(self, report: &mut VectorStoreReport) -> Result<()> {
        if self.paths.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "there are no files to make a vector store of"));
        }
        let looks = Looks::of(&self.request);
        self.upload(&looks, report).await?;
        let uploaded = report.uploaded();
        if uploaded.is_empty() {
            return Err(Error::new(ErrorKind::NotReady, report.to_string()));
        }
        self.index(&looks, uploaded, report).await?;
        learn(&looks, report).await
    }

    /// Uploads all, several at a time.
    async fn upload(&self, looks: &Looks, report: &mut VectorStoreReport) -> Result<()> {
        let files = Files { client: looks.client.clone() };
        let meter = Arc::new(Meter::new(self.paths.len(), self.on_progress.clone()));
        let stops = Arc::new(AtomicBool::new(false));
        let looks = looks.clone();
        let uploads = self.paths.clone().into_iter().enumerate().map(move |(index, path)| -> BoxFuture<'static, _> {
            let (meter, stops) = (Arc::clone(&meter), Arc::clone(&stops));
            let request = looks.like(files.upload(Meter::on(&meter, path.into()), FilePurpose::Assistants));
            Box::pin(async move {
                if stops.load(Ordering::Relaxed) {
                    return (index, None);
                }
                let result = request.await;
                stops.fetch_or(result.as_ref().is_err_and(concerns_all), Ordering::Relaxed);
                meter.done(result.is_ok());
                (index, Some(result))
            })
        });
        let mut uploads = futures_util::stream::iter(uploads).buffer_unordered(self.concurrency);
        let mut ended_by = None;
        while let Some((index, result)) = uploads.next().await {
            let (Some(result), Some(file)) = (result, report.files.get_mut(index)) else { continue };
            match result {
                Ok(FileInfo { id, .. }) => {
                    file.file_id = Some(id);
                    file.outcome = FileOutcome::Uploaded;
                }
                Err(error) if ended_by.is_none() && concerns_all(&error) => ended_by = Some(error),
                Err(error) => file.outcome = FileOutcome::UploadFailed(error),
            }
        }
        ended_by.map_or(Ok(()), Err)
    }

    /// Creates the store with the files, and waits until none is left to be indexed.
    async fn index(self, looks: &Looks, uploaded: Vec<String>, report: &mut VectorStoreReport) -> Result<()> {
        let clock = Arc::clone(looks.client.clock());
        let start = clock.now();
        let (interval, max_wait) = (self.interval, self.max_wait);
        let left = || max_wait.saturating_sub(clock.now().saturating_duration_since(start));
        let mut ids = self.request.operation.body.file_ids.clone().unwrap_or_default();
        ids.extend(uploaded);
        let mut at_once = ids.chunks(FILES_AT_ONCE);
        let request = self.request.file_ids(at_once.next().unwrap_or_default());
        let mut stores = if at_once.len() == 0 {
            request.poll()
        } else {
            let store = request.await?;
            let id = report.vector_store.insert(store).id.clone();
            let batches = VectorStoreFileBatches { client: looks.client.clone(), vector_store_id: id.clone() };
            for files in at_once {
                let batch = looks.like(batches.create().file_ids(files)).poll();
                batch.interval(interval).max_wait(left()).await?;
            }
            looks.like(VectorStores { client: looks.client.clone() }.get(id)).poll()
        };
        stores = stores.interval(interval).max_wait(left());
        while let Some(store) = stores.try_next().await? {
            report.vector_store = Some(store);
        }
        Ok(())
    }
}

/// Learns which of the files are not indexed.
async fn learn(looks: &Looks, report: &mut VectorStoreReport) -> Result<()> {
    use VectorStoreFileStatusFilter as Filter;
    let Some(store) = &report.vector_store else { return Ok(()) };
    let counts = &store.file_counts;
    let lacking = [
        (Filter::Failed, counts.failed),
        (Filter::Cancelled, counts.cancelled),
        (Filter::InProgress, counts.in_progress),
    ];
    let files = VectorStoreFiles { client: looks.client.clone(), vector_store_id: store.id.clone() };
    let mut reasons = HashMap::new();
    for (filter, count) in lacking {
        if count <= 0 {
            continue;
        }
        let mut listed = looks.like(files.list()).filter(filter).page_size(100).into_stream();
        while let Some(file) = listed.try_next().await? {
            let id = file.id.clone();
            if let Err(reason) = file.into_result() {
                reasons.insert(id, reason);
            }
        }
    }
    for file in &mut report.files {
        let Some(id) = &file.file_id else { continue };
        file.outcome = match reasons.remove(id) {
            Some(reason) => FileOutcome::NotIndexed(reason),
            None => FileOutcome::Indexed,
        };
    }
    Ok(())
}

impl IntoFuture for FromPaths {
    type Output = Result<VectorStoreReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for FromPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromPaths")
            .field("request", &self.request)
            .field("paths", &self.paths)
            .field("concurrency", &self.concurrency)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}
