//! Contents of files, written to a path: beside it first, then renamed.

use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use foundry_raw::ByteStream;
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use http::header;
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt as _, BufWriter};

use crate::error::{Error, ErrorKind, Result};
use crate::multipart::{Callback, Counter, Progress};
use crate::request::{Operation, Request};

/// How much is collected before it is written.
const PIECE: usize = 256 << 10;

impl<O: Operation<Output = ByteStream>> Request<O> {
    /// Downloads the content to a file of this path. Awaited instead, the request gives it as a
    /// [`ByteStream`], whose errors are this crate's by `?`; [`bytes`](Self::bytes) reads it whole.
    ///
    /// ```
    /// # async fn example(classic: foundry_sdk::classic::Classic) -> foundry_sdk::Result<()> {
    /// let bytes = classic.files().get_content("assistant-1").download_to("chart.png").await?;
    /// println!("{bytes} bytes");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends what the request sends.
    pub fn download_to(self, path: impl Into<PathBuf>) -> Download<O> {
        Download { request: self, path: path.into(), on_progress: None }
    }

    /// Downloads the content into memory, as much as an answer may have:
    /// [`answer_limit`](crate::ProjectClientBuilder::answer_limit), 64 MiB unless set.
    ///
    /// Sends what the request sends.
    ///
    /// # Errors
    /// Those of every request; [`ErrorKind::TooLarge`] if there is more, [`ErrorKind::Interrupted`] if the
    /// content broke off.
    pub async fn bytes(self) -> Result<Bytes> {
        let limit = self.client.answer_limit();
        let reply = self.send().await?;
        let ids = reply.ids();
        let mut content = reply.into_value();
        let mut all = BytesMut::new();
        while let Some(piece) = content.try_next().await.map_err(|error| Error::from(error).of_ids(&ids))? {
            if all.len() + piece.len() > limit {
                let message = format!("the content is larger than {limit} bytes; `download_to` takes any size");
                return Err(Error::new(ErrorKind::TooLarge, message).of_ids(&ids));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

/// A download to a path; made by [`Request::download_to`]. Awaited it gives the number of bytes.
///
/// The content is written to a new file in the same folder, which takes the place of what is at the
/// path when it is complete: nobody sees half a file, and of a download that fails or is dropped
/// nothing is left. What is at the path and no regular file, such as a device, is written to as it is.
/// No more than a few hundred kilobytes are in memory at any time.
///
/// # Errors
/// Those of every request (see [`ErrorKind`]); [`ErrorKind::Interrupted`] if the content broke off or is
/// not as long as announced; [`ErrorKind::LocalFile`] if it cannot be written.
#[must_use = "a download begins when it is awaited"]
pub struct Download<O> {
    request: Request<O>,
    path: PathBuf,
    on_progress: Option<Callback<Progress>>,
}

impl<O: Operation<Output = ByteStream>> Download<O> {
    /// Calls this with how far the download is: with 0 at its start, then whenever some more has come.
    ///
    /// It is called in between of receiving, so it should be quick. If it panics the download goes on.
    pub fn on_progress(mut self, callback: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Callback::new(callback));
        self
    }

    async fn run(self) -> Result<u64> {
        let Self { request, path, on_progress } = self;
        let reply = request.send().await?;
        let ids = reply.ids();
        let announced = reply.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut counter = Counter::start(announced, on_progress);
        let mut content = reply.into_value();
        let mut target = Target::create(&path).await?;
        while let Some(piece) = content.try_next().await.map_err(|error| Error::from(error).of_ids(&ids))? {
            target.file.write_all(&piece).await.map_err(|error| unwritable(&path, error))?;
            counter.add(piece.len());
        }
        let bytes = counter.bytes();
        if let Some(announced) = announced.filter(|announced| *announced != bytes) {
            let message = format!("the content has {bytes} bytes instead of the {announced} that were announced");
            return Err(Error::new(ErrorKind::Interrupted, message).of_ids(&ids));
        }
        target.put_in_place(&path).await.map_err(|error| unwritable(&path, error))?;
        Ok(bytes)
    }
}

impl<O: Operation<Output = ByteStream>> IntoFuture for Download<O> {
    type Output = Result<u64>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<O: fmt::Debug> fmt::Debug for Download<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("request", &self.request).field("path", &self.path).finish_non_exhaustive()
    }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let message = format!("the file {} cannot be written: {error}", path.display());
    Error::new(ErrorKind::LocalFile, message).with_source(error)
}

/// What is written to.
struct Target {
    file: BufWriter<File>,
    /// The file beside the target, if there is one.
    beside: Option<Beside>,
}

/// A file that is removed unless it is renamed.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // There is nobody to be told, and nothing else to be done.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Target {
    async fn create(path: &Path) -> Result<Self> {
        let failed = |error| unwritable(path, error);
        // What is not there yet has none.
        let metadata = fs::metadata(path).await.ok();
        let is_folder = metadata.as_ref().is_some_and(|metadata| metadata.is_dir());
        let is_special = metadata.is_some_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        let (file, beside) = if is_special {
            (fs::OpenOptions::new().write(true).open(path).await.map_err(failed)?, None)
        } else {
            let Some(name) = path.file_name().filter(|_| !is_folder) else {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            };
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
            let beside = path.with_file_name(hidden);
            let file = fs::OpenOptions::new().write(true).create_new(true).open(&beside).await.map_err(failed)?;
            (file, Some(Beside(beside)))
        };
        Ok(Self { file: BufWriter::with_capacity(PIECE, file), beside })
    }

    async fn put_in_place(&mut self, path: &Path) -> io::Result<()> {
        self.file.flush().await?;
        let Some(beside) = &self.beside else { return Ok(()) };
        fs::rename(&beside.0, path).await?;
        if let Some(beside) = self.beside.take() {
            // It has another name now.
            std::mem::forget(beside);
        }
        Ok(())
    }
}
