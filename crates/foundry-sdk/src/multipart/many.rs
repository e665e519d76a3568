//! Several files that are uploaded as one thing: how far they are in all, and what ends it for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::content::FileContent;
use super::progress::Callback;
use crate::error::{Error, ErrorKind};

/// How far the uploads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilesProgress {
    /// How many files there are.
    pub files: usize,
    /// How many of them are uploaded.
    pub uploaded: usize,
    /// How many of them could not be.
    pub failed: usize,
    /// How many bytes were sent so far.
    pub bytes: u64,
}

/// Whether a failure to upload would be the same for every file.
pub(crate) fn concerns_all(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Credential
            | ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::PreviewFeatureRequired
            | ErrorKind::NotFound
    )
}

/// Adds the progress of all uploads up.
pub(crate) struct Meter {
    files: usize,
    uploaded: AtomicUsize,
    failed: AtomicUsize,
    bytes: AtomicU64,
    callback: Option<Callback<FilesProgress>>,
}

impl Meter {
    pub(crate) fn new(files: usize, callback: Option<Callback<FilesProgress>>) -> Self {
        let (uploaded, failed, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
        Self { files, uploaded, failed, bytes, callback }
    }

    /// Measures a file, if anybody wants to know.
    pub(crate) fn on(meter: &Arc<Self>, file: FileContent) -> FileContent {
        if meter.callback.is_none() {
            return file;
        }
        let (meter, before) = (Arc::clone(meter), AtomicU64::new(0));
        // The file may have somebody of its own who wants to know.
        let own = file.on_progress.clone();
        file.on_progress(move |progress| {
            if let Some(own) = &own {
                own.tell(progress);
            }
            // An upload that is repeated begins at 0 again.
            let before = before.swap(progress.bytes, Ordering::Relaxed);
            meter.bytes.fetch_add(progress.bytes.wrapping_sub(before), Ordering::Relaxed);
            meter.tell();
        })
    }

    pub(crate) fn done(&self, is_uploaded: bool) {
        let count = if is_uploaded { &self.uploaded } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn tell(&self) {
        if let Some(callback) = &self.callback {
            callback.tell(FilesProgress {
                files: self.files,
                uploaded: self.uploaded.load(Ordering::Relaxed),
                failed: self.failed.load(Ordering::Relaxed),
                bytes: self.bytes.load(Ordering::Relaxed),
            });
        }
    }
}
