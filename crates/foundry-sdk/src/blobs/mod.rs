//! Content for datasets, models and evaluators: the service makes a place for it ready, and files are
//! uploaded there as blobs.

mod blocks;
mod container;
mod folder;

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;

use self::container::Container;
use self::folder::{Filter, Listed};
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::multipart::{Callback, FileContent, FilesProgress, Meter, concerns_all};
use crate::pipeline::CallOptions;
use crate::poller::Looks;
use crate::request::{Operation, Request};
use crate::types::{BlobReference, ModelPendingUploadResponse, PendingUploadResponse};
use crate::v1::{PendingDatasetUpload, PendingEvaluatorUpload, PendingModelUpload};

/// An operation that makes a place for content ready.
///
/// Implemented for the operations of the API; there is nothing for others to implement.
pub trait PendingUpload: Operation {
    /// The place.
    #[doc(hidden)]
    fn place(answer: Self::Output) -> BlobReference;
}

macro_rules! pending_upload {
    ($($operation:ident: $answer:ident),*) => {
        $(impl PendingUpload for $operation {
            fn place(answer: $answer) -> BlobReference {
                answer.blob_reference
            }
        })*
    };
}

pending_upload!(
    PendingDatasetUpload: PendingUploadResponse,
    PendingEvaluatorUpload: PendingUploadResponse,
    PendingModelUpload: ModelPendingUploadResponse
);

/// How many files are uploaded at a time, unless set.
const CONCURRENCY: usize = 4;

impl<O: PendingUpload> Request<O> {
    /// Uploads one file to the place that the service makes ready.
    ///
    /// Sends the request, then puts the file at the URL that the answer has, over https and without this
    /// client's credential: in one request up to 8 MiB, block by block above. Time limits and retries are
    /// those of this request, for each put on its own.
    pub fn with_file(self, file: impl Into<FileContent>) -> BlobUpload<O> {
        BlobUpload::new(self, Source::File(file.into()))
    }

    /// Uploads all files in a folder and in the folders in it, as [`with_file`](Self::with_file) does,
    /// several at a time. Each is named by its path in the folder, with `/` between the parts. Links are
    /// not followed.
    pub fn with_folder(self, folder: impl Into<PathBuf>) -> BlobUpload<O> {
        BlobUpload::new(self, Source::Folder(folder.into()))
    }
}

#[derive(Clone, Debug)]
enum Source {
    File(FileContent),
    Folder(PathBuf),
}

/// An upload of one file or a folder; made by [`Request::with_file`] and [`Request::with_folder`].
///
/// Awaited it gives a [`BlobReport`], if all files are uploaded. No more than a few blocks of 8 MiB are in
/// memory for each file that is being uploaded. Dropped before its end it stops at once; what was
/// uploaded by then stays.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there is no file, a name cannot be a blob's, or the place is named by
/// `http`; [`ErrorKind::LocalFile`] if something cannot be read; those of every request, also of the
/// storage's: an expired signature is [`ErrorKind::Permission`]. If some of the files cannot be uploaded,
/// the kind is that of the first that failed. Each error after the start has the report as far as it is
/// known: [`error.last_state::<BlobReport>()`](Error::last_state).
#[must_use = "nothing is uploaded until it is awaited"]
pub struct BlobUpload<O> {
    request: Request<O>,
    source: Source,
    filter: Option<Filter>,
    concurrency: usize,
    on_progress: Option<Callback<FilesProgress>>,
}

/// What became of the files of an upload.
#[derive(Debug)]
#[non_exhaustive]
pub struct BlobReport {
    /// Where they are: of one file its own URL, of a folder that of the folder. Without signature.
    pub uri: String,
    /// The files, in the order of their names.
    pub files: Vec<ReportedBlob>,
    /// Links and what else is no file, which was left out.
    pub skipped: Vec<PathBuf>,
}

/// A file of a [`BlobReport`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ReportedBlob {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub outcome: BlobOutcome,
}

/// What became of a file that was to be uploaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum BlobOutcome {
    /// It was not uploaded, because all came to an end before.
    NotUploaded,
    /// It could not be uploaded.
    Failed(Error),
    /// It is uploaded.
    Uploaded,
}

impl BlobReport {
    /// The files that are not uploaded.
    pub fn failed(&self) -> impl Iterator<Item = &ReportedBlob> {
        self.files.iter().filter(|file| !matches!(file.outcome, BlobOutcome::Uploaded))
    }
}

/// One line: how many are uploaded, and which are not with the reason.
impl fmt::Display for BlobReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed().count();
        write!(f, "{} of {} files are uploaded to {}", self.files.len() - failed, self.files.len(), self.uri)?;
        let mut before = "; not ";
        for file in self.failed() {
            match &file.outcome {
                BlobOutcome::Failed(error) => write!(f, "{before}{}: {error}", file.name)?,
                _ => write!(f, "{before}{}", file.name)?,
            }
            before = ", ";
        }
        Ok(())
    }
}

impl<O: PendingUpload> BlobUpload<O> {
    fn new(request: Request<O>, source: Source) -> Self {
        Self { request, source, filter: None, concurrency: CONCURRENCY, on_progress: None }
    }

    /// Changes the request that makes the place ready, and with it the options of all that follow.
    pub fn request(mut self, change: impl FnOnce(Request<O>) -> Request<O>) -> Self {
        self.request = change(self.request);
        self
    }

    /// Uploads of a folder only the files that this is true for; it is given their paths in the folder.
    pub fn filter(mut self, filter: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }

    /// How many files are uploaded at a time: 4 unless set, at least 1.
    pub fn concurrency(mut self, files: usize) -> Self {
        self.concurrency = files.max(1);
        self
    }

    /// Calls this with how far the uploads are. It is called in between of reading, so it should be
    /// quick. If it panics the upload goes on.
    pub fn on_progress(mut self, callback: impl Fn(FilesProgress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Callback::new(callback));
        self
    }

    pub(crate) fn looks(&self) -> Looks {
        Looks::of(&self.request)
    }

    pub(crate) fn operation(&self) -> &O {
        &self.request.operation
    }

    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.source, Source::Folder(_))
    }

    async fn run(self) -> Result<BlobReport> {
        let (files, skipped) = match &self.source {
            Source::File(file) => {
                let name = file.checked_name().map_err(|reason| Error::new(ErrorKind::InvalidInput, reason))?;
                (vec![(name.to_owned(), file.clone())], Vec::new())
            }
            Source::Folder(folder) => {
                let listing = folder::list(folder.clone(), self.filter.clone()).await?;
                if listing.files.is_empty() {
                    let message = format!("there is no file to upload in {}", folder.display());
                    return Err(Error::new(ErrorKind::InvalidInput, message));
                }
                let files = listing.files.into_iter().map(|Listed { path, name }| (name, FileContent::from(path)));
                (files.collect(), listing.skipped)
            }
        };
        let (client, options) = (self.request.client.clone(), self.request.options.for_looks());
        let container = Container::of(&O::place(self.request.await?))?;
        let of_file =
            |name: &(String, FileContent)| ReportedBlob { name: name.0.clone(), outcome: BlobOutcome::NotUploaded };
        let mut report = BlobReport { uri: container.shown(), files: files.iter().map(of_file).collect(), skipped };
        let meter = Arc::new(Meter::new(files.len(), self.on_progress));
        let is_one = matches!(self.source, Source::File(_));
        let uploads = Uploads { client, options, container, meter };
        match uploads.run(files, self.concurrency, &mut report).await {
            Ok(last) => {
                if is_one && let Some(uri) = last {
                    report.uri = uri;
                }
                Ok(report)
            }
            Err(error) => Err(error.with_state(report)),
        }
    }
}

/// What all uploads of a place share.
struct Uploads {
    client: ProjectClient,
    options: CallOptions,
    container: Container,
    meter: Arc<Meter>,
}

impl Uploads {
    /// Uploads all, several at a time; gives the URL of the last one.
    async fn run(
        self,
        files: Vec<(String, FileContent)>,
        concurrency: usize,
        report: &mut BlobReport,
    ) -> Result<Option<String>> {
        let shared = Arc::new(self);
        let stops = Arc::new(AtomicBool::new(false));
        let is_one = files.len() == 1;
        let uploads = files.into_iter().enumerate().map(|(index, (name, file))| -> BoxFuture<'static, _> {
            let (shared, stops) = (Arc::clone(&shared), Arc::clone(&stops));
            Box::pin(async move {
                if stops.load(Ordering::Relaxed) {
                    return (index, None);
                }
                let file = Meter::on(&shared.meter, file);
                let result = shared.container.upload(&shared.client, &shared.options, &name, &file).await;
                stops.fetch_or(result.as_ref().is_err_and(concerns_all), Ordering::Relaxed);
                shared.meter.done(result.is_ok());
                (index, Some(result))
            })
        });
        let mut uploads = futures_util::stream::iter(uploads).buffer_unordered(concurrency);
        let mut last = None;
        while let Some((index, result)) = uploads.next().await {
            let (Some(result), Some(file)) = (result, report.files.get_mut(index)) else { continue };
            match result {
                Ok(uri) => {
                    file.outcome = BlobOutcome::Uploaded;
                    last = Some(uri);
                }
                Err(error) => file.outcome = BlobOutcome::Failed(error),
            }
        }
        let first = report.files.iter_mut().find_map(|file| match &mut file.outcome {
            BlobOutcome::Failed(error) => Some(error),
            _ => None,
        });
        match first {
            None => Ok(last),
            // The only one is the error itself.
            Some(error) if is_one => {
                let kind = error.kind();
                Err(std::mem::replace(error, Error::new(kind, "see the error of the upload")))
            }
            Some(error) => {
                let kind = error.kind();
                Err(Error::new(kind, report.to_string()))
            }
        }
    }
}

impl<O: PendingUpload> IntoFuture for BlobUpload<O> {
    type Output = Result<BlobReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<O: fmt::Debug> fmt::Debug for BlobUpload<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobUpload")
            .field("request", &self.request)
            .field("source", &self.source)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
