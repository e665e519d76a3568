//! Files to be uploaded: bytes, a path or a stream.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use foundry_raw::{BoxError, ByteStream};
use futures_core::Stream;
use futures_util::TryStreamExt as _;

use super::progress::{Callback, Progress};

/// A file to be uploaded: its name and content.
///
/// The content is bytes, a file on this machine, or a stream; of the last two, no more than a few
/// hundred kilobytes are in memory at any time. An upload of bytes or of a path is sent again where
/// other requests are ([`RetryPolicy`](crate::RetryPolicy)); a stream can be sent only once.
///
/// The name may be any text without control characters. It is sent as UTF-8, and again percent-encoded
/// (`filename*`) if it is not plain ASCII.
///
/// ```
/// use foundry_sdk::FileContent;
///
/// let file = FileContent::new("notes.md", "# Notes").content_type("text/markdown");
/// assert_eq!(file.name(), "notes.md");
///
/// // Opened when it is sent; the name is the last part of the path.
/// let file = FileContent::from_path("/home/me/Übersicht.pdf")
///     .on_progress(|progress| println!("{} of {:?} bytes", progress.bytes, progress.total));
/// assert_eq!(file.name(), "Übersicht.pdf");
/// ```
#[derive(Clone)]
pub struct FileContent {
    name: String,
    /// Why the name cannot be sent, if it was made of something that is no text.
    bad_name: Option<String>,
    content_type: Option<String>,
    pub(super) source: Source,
    pub(super) on_progress: Option<Callback<Progress>>,
}

/// Where the bytes come from.
#[derive(Clone)]
pub(super) enum Source {
    Bytes(Bytes),
    Path(PathBuf),
    Stream { length: Option<u64>, once: Once },
}

/// A stream, until it is sent; clones share it.
#[derive(Clone)]
pub(super) struct Once(Arc<Mutex<Option<ByteStream>>>);

impl Once {
    pub(super) fn take(&self) -> Option<ByteStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl FileContent {
    fn of(name: String, source: Source) -> Self {
        Self { name, bad_name: None, content_type: None, source, on_progress: None }
    }

    /// A file of this name with this content.
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::of(name.into(), Source::Bytes(bytes.into()))
    }

    /// A file on this machine, named by the last part of its path.
    ///
    /// It is opened for each attempt to send it, and as long as it is then. What is wrong with it is
    /// the error of the upload: [`InvalidInput`](crate::ErrorKind::InvalidInput) if its name is no
    /// Unicode, [`LocalFile`](crate::ErrorKind::LocalFile) if it cannot be read or is no regular file.
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let (name, bad_name) = match path.file_name().map(|name| (name.to_str(), name.to_string_lossy())) {
            Some((Some(name), _)) => (name.to_owned(), None),
            Some((None, shown)) => {
                let reason = format!("the file's name {shown:?} is no Unicode; give it another one with `named`");
                (shown.into_owned(), Some(reason))
            }
            None => (String::new(), Some(format!("the path {path:?} has no file name"))),
        };
        Self { bad_name, ..Self::of(name, Source::Path(path)) }
    }

    /// A file of this name whose content is a stream, of this length in bytes if it is known.
    ///
    /// It is sent once: if the request fails it is not repeated, and clones share the stream. A stream
    /// that is not as long as said fails the upload ([`LocalFile`](crate::ErrorKind::LocalFile)).
    pub fn from_stream<B, E>(
        name: impl Into<String>,
        length: Option<u64>,
        stream: impl Stream<Item = Result<B, E>> + Send + 'static,
    ) -> Self
    where
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        let stream: ByteStream = Box::pin(stream.map_ok(Into::into).map_err(Into::into));
        Self::of(name.into(), Source::Stream { length, once: Once(Arc::new(Mutex::new(Some(stream)))) })
    }

    /// Gives it another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self.bad_name = None;
        self
    }

    /// What the content is, such as `text/markdown`; `application/octet-stream` unless set.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Calls this with how far the upload is: with 0 at its start, then whenever the connection has
    /// taken some more. It begins again at 0 if the upload is repeated.
    ///
    /// It is called in between of sending, so it should be quick. If it panics the upload goes on.
    #[must_use]
    pub fn on_progress(mut self, callback: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Callback::new(callback));
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, if it can be sent.
    pub(crate) fn checked_name(&self) -> Result<&str, String> {
        match &self.bad_name {
            Some(reason) => Err(reason.clone()),
            None => Ok(&self.name),
        }
    }

    pub(crate) fn media_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or("application/octet-stream")
    }

    /// Whether it can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self.source, Source::Stream { .. })
    }
}

/// The same as [`FileContent::from_path`].
impl From<PathBuf> for FileContent {
    fn from(path: PathBuf) -> Self {
        Self::from_path(path)
    }
}

/// The same as [`FileContent::from_path`].
impl From<&Path> for FileContent {
    fn from(path: &Path) -> Self {
        Self::from_path(path)
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Bytes(bytes) => write!(f, "FileContent({:?}, {} bytes)", self.name, bytes.len()),
            Source::Path(path) => write!(f, "FileContent({:?}, of {path:?})", self.name),
            Source::Stream { length: Some(length), .. } => {
                write!(f, "FileContent({:?}, a stream of {length} bytes)", self.name)
            }
            Source::Stream { length: None, .. } => write!(f, "FileContent({:?}, a stream)", self.name),
        }
    }
}
