//! A form as the body of one attempt: opened, and read piece by piece as the connection takes it.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use foundry_raw::{BoxError, ByteStream};
use futures_util::StreamExt as _;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::content::{FileContent, Source};
use super::progress::Counter;
use crate::error::{Error, ErrorKind, Result};

/// How much of a file is read, or handed over, at once.
const PIECE: usize = 128 << 10;

/// Why a body broke off, for who sends it: the connection only knows that it did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(crate) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A part of a body.
pub(super) enum Segment {
    Bytes(Bytes),
    File(Reading),
}

/// A file that is being sent.
pub(crate) struct Reading {
    origin: Origin,
    length: Option<u64>,
    counter: Counter,
}

/// Where its bytes come from.
enum Origin {
    Bytes(Bytes),
    File(PathBuf, File),
    Stream(String, ByteStream),
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::LocalFile, message)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    broken(format!("the file {} cannot be read: {error}", path.display())).with_source(error)
}

impl Reading {
    /// Opens a file to send it.
    pub(crate) async fn open(file: &FileContent) -> Result<Self> {
        let (origin, length) = match &file.source {
            Source::Bytes(bytes) => (Origin::Bytes(bytes.clone()), Some(bytes.len() as u64)),
            Source::Path(path) => {
                let opened = File::open(path).await.map_err(|error| unreadable(path, error))?;
                let metadata = opened.metadata().await.map_err(|error| unreadable(path, error))?;
                if !metadata.is_file() {
                    // Of a pipe nobody knows the length, and it cannot be read twice.
                    return Err(broken(format!(
                        "{} is no regular file; something else can be given as a stream",
                        path.display()
                    )));
                }
                (Origin::File(path.clone(), opened), Some(metadata.len()))
            }
            Source::Stream { length, once } => {
                let Some(stream) = once.take() else {
                    let message = format!("{:?} is a stream that was sent before; a stream is sent once", file.name());
                    return Err(Error::new(ErrorKind::InvalidInput, message));
                };
                (Origin::Stream(file.name().to_owned(), stream), *length)
            }
        };
        Ok(Self { origin, length, counter: Counter::start(length, file.on_progress.clone()) })
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        let sent = self.counter.bytes();
        let left = self.length.map(|length| length.saturating_sub(sent));
        let piece = match &mut self.origin {
            Origin::Bytes(bytes) => bytes.split_to(bytes.len().min(PIECE)),
            Origin::File(path, file) => {
                // What is added to the file from now on is not of this upload.
                let wanted = left.map_or(PIECE, |left| PIECE.min(usize::try_from(left).unwrap_or(PIECE)));
                let mut buffer = BytesMut::with_capacity(wanted);
                if wanted > 0 {
                    let read = file.take(wanted as u64).read_buf(&mut buffer).await;
                    if read.map_err(|error| unreadable(path, error))? == 0 {
                        let message = format!(
                            "the file {} became shorter while it was uploaded: {sent} bytes instead of {}",
                            path.display(),
                            self.length.unwrap_or_default()
                        );
                        return Err(broken(message));
                    }
                }
                buffer.freeze()
            }
            Origin::Stream(name, stream) => loop {
                let next = stream.next().await.transpose();
                let piece = next.map_err(|error| {
                    broken(format!("the stream of {name:?} failed after {sent} bytes: {error}")).with_source(error)
                })?;
                match (piece, left) {
                    (Some(piece), _) if piece.is_empty() => {}
                    (Some(piece), Some(left)) if piece.len() as u64 > left => {
                        let length = self.length.unwrap_or_default();
                        return Err(broken(format!("the stream of {name:?} is longer than its {length} bytes")));
                    }
                    (Some(piece), _) => break piece,
                    (None, Some(left)) if left > 0 => {
                        let length = self.length.unwrap_or_default();
                        return Err(broken(format!("the stream of {name:?} ended after {sent} of its {length} bytes")));
                    }
                    (None, _) => break Bytes::new(),
                }
            },
        };
        if piece.is_empty() {
            return Ok(None);
        }
        self.counter.add(piece.len());
        Ok(Some(piece))
    }
}

/// The body of these segments.
pub(super) fn body_of(segments: VecDeque<Segment>, trouble: Trouble) -> reqwest::Body {
    let pieces = futures_util::stream::unfold((segments, trouble), |(mut segments, trouble)| async move {
        let piece = loop {
            match segments.front_mut()? {
                Segment::Bytes(bytes) => {
                    let bytes = std::mem::take(bytes);
                    segments.pop_front();
                    break Ok(bytes);
                }
                Segment::File(reading) => match reading.next().await {
                    Ok(Some(piece)) => break Ok(piece),
                    Ok(None) => {
                        segments.pop_front();
                    }
                    Err(error) => {
                        segments.clear();
                        let message = BoxError::from(error.message());
                        trouble.set(error);
                        break Err(message);
                    }
                },
            }
        };
        Some((piece, (segments, trouble)))
    });
    reqwest::Body::wrap_stream(pieces)
}
