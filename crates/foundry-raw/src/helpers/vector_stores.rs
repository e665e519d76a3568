//! Helpers on vector stores, their files and batches: whether they are ready, and what is missing.

use std::fmt;

use crate::classic_types::{
    VectorStore, VectorStoreFile, VectorStoreFileBatch, VectorStoreFileBatchStatus, VectorStoreFileCount,
    VectorStoreFileStatus, VectorStoreStatus,
};

/// A vector store, a batch or a file of one that is not ready; made by [`VectorStore::into_result`],
/// [`VectorStoreFileBatch::into_result`] and [`VectorStoreFile::into_result`].
///
/// The service calls a store `completed` when nothing is left to be done, also if files failed: then
/// `status` is `completed` here too, and `failed` says how many.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorStoreNotReady {
    /// Id of the store, the batch or the file.
    pub id: String,
    /// Its status.
    pub status: String,
    /// How many files could not be indexed.
    pub failed: i64,
    /// How many files were canceled before they were indexed.
    pub cancelled: i64,
    /// How many files are still being indexed.
    pub in_progress: i64,
    /// How many files there are.
    pub total: i64,
    /// Of a file: why it could not be indexed, if the service says so.
    pub reason: Option<String>,
    what: &'static str,
}

/// One line: `vector store vs_1 is completed, but 2 of its 10 files failed`.
impl fmt::Display for VectorStoreNotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} is {}", self.what, self.id, self.status)?;
        if let Some(reason) = &self.reason {
            return write!(f, ": {reason}");
        }
        if self.what == FILE {
            return Ok(());
        }
        let counts = [("failed", self.failed), ("were canceled", self.cancelled), ("are not done", self.in_progress)];
        let mut before = if self.status == "completed" { ", but" } else { ":" };
        for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{before} {count} of its {} files {what}", self.total)?;
            before = ",";
        }
        Ok(())
    }
}

impl std::error::Error for VectorStoreNotReady {}

const FILE: &str = "vector store file";

fn not_ready(what: &'static str, id: &str, status: &str, counts: &VectorStoreFileCount) -> VectorStoreNotReady {
    VectorStoreNotReady {
        id: id.to_owned(),
        status: status.to_owned(),
        failed: counts.failed,
        cancelled: counts.cancelled,
        in_progress: counts.in_progress,
        total: counts.total,
        reason: None,
        what,
    }
}

fn is_end(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled" | "expired")
}

fn lacks_none(counts: &VectorStoreFileCount) -> bool {
    counts.failed <= 0 && counts.cancelled <= 0
}

impl VectorStore {
    /// Whether it has ended being made: completed, expired, or, which the document does not have of a
    /// store, failed or cancelled.
    pub fn has_ended(&self) -> bool {
        is_end(self.status.as_str())
    }

    /// The store if it is completed with all of its files.
    ///
    /// ```
    /// use foundry_raw::v2025_05_01::types::VectorStore;
    ///
    /// let store: VectorStore = foundry_raw::from_str(
    ///     r#"{"id":"vs_1","status":"completed","file_counts":
    ///         {"in_progress":0,"completed":8,"failed":2,"cancelled":0,"total":10}}"#,
    /// )?;
    /// let not_ready = store.into_result().unwrap_err();
    /// assert_eq!(not_ready.failed, 2);
    /// assert_eq!(not_ready.to_string(), "vector store vs_1 is completed, but 2 of its 10 files failed");
    /// # Ok::<(), foundry_raw::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`VectorStoreNotReady`] in every other status, and if files failed or were canceled.
    pub fn into_result(self) -> Result<Self, VectorStoreNotReady> {
        if self.status == VectorStoreStatus::Completed && lacks_none(&self.file_counts) {
            return Ok(self);
        }
        Err(not_ready("vector store", &self.id, self.status.as_str(), &self.file_counts))
    }
}

impl VectorStoreFileBatch {
    /// Whether it has ended: completed, failed, cancelled or expired.
    pub fn has_ended(&self) -> bool {
        is_end(self.status.as_str())
    }

    /// The batch if it is completed with all of its files.
    ///
    /// # Errors
    /// [`VectorStoreNotReady`] in every other status, and if files failed or were canceled.
    pub fn into_result(self) -> Result<Self, VectorStoreNotReady> {
        if self.status == VectorStoreFileBatchStatus::Completed && lacks_none(&self.file_counts) {
            return Ok(self);
        }
        Err(not_ready("file batch", &self.id, self.status.as_str(), &self.file_counts))
    }
}

impl VectorStoreFile {
    /// Whether it has ended: completed, failed, cancelled or expired.
    pub fn has_ended(&self) -> bool {
        is_end(self.status.as_str())
    }

    /// The file if it is completed.
    ///
    /// # Errors
    /// [`VectorStoreNotReady`] in every other status, with the service's reason.
    pub fn into_result(self) -> Result<Self, VectorStoreNotReady> {
        let is = |status| i64::from(self.status == status);
        let (failed, cancelled) = (is(VectorStoreFileStatus::Failed), is(VectorStoreFileStatus::Cancelled));
        if self.status == VectorStoreFileStatus::Completed {
            return Ok(self);
        }
        let reason = self.last_error.as_ref().map(|error| format!("{} ({})", error.message, error.code));
        Err(VectorStoreNotReady {
            id: self.id,
            status: self.status.as_str().to_owned(),
            failed,
            cancelled,
            in_progress: i64::from(failed + cancelled == 0),
            total: 1,
            reason,
            what: FILE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(in_progress: i64, failed: i64, cancelled: i64) -> String {
        format!(
            r#""file_counts":{{"in_progress":{in_progress},"completed":1,"failed":{failed},"cancelled":{cancelled},"total":9}}"#
        )
    }

    #[test]
    fn only_completed_with_all_files_is_ready() {
        for (status, counted, told) in [
            ("completed", counts(0, 0, 0), None),
            ("completed", counts(0, 2, 0), Some("X is completed, but 2 of its 9 files failed")),
            (
                "completed",
                counts(0, 2, 1),
                Some("X is completed, but 2 of its 9 files failed, 1 of its 9 files were canceled"),
            ),
            ("in_progress", counts(3, 0, 0), Some("X is in_progress: 3 of its 9 files are not done")),
            ("polishing", counts(0, 0, 0), Some("X is polishing")),
            ("failed", counts(0, 9, 0), Some("X is failed: 9 of its 9 files failed")),
            ("cancelled", counts(0, 0, 4), Some("X is cancelled: 4 of its 9 files were canceled")),
            ("expired", counts(0, 0, 0), Some("X is expired")),
        ] {
            let json = format!(r#"{{"id":"x","status":"{status}",{counted}}}"#);
            let store: VectorStore = crate::from_str(&json).unwrap();
            let batch: VectorStoreFileBatch = crate::from_str(&json).unwrap();
            let has_ended = !matches!(status, "in_progress" | "polishing");
            assert_eq!((store.has_ended(), batch.has_ended()), (has_ended, has_ended), "{status}");
            let shown = |what: &str| told.map(|told| told.replace('X', &format!("{what} x")));
            assert_eq!(store.into_result().err().map(|error| error.to_string()), shown("vector store"));
            assert_eq!(batch.into_result().err().map(|error| error.to_string()), shown("file batch"));
        }
    }

    #[test]
    fn a_file_says_why_it_is_not_ready() {
        let file = |rest: &str| -> VectorStoreFile { crate::from_str(&format!(r#"{{"id":"f",{rest}}}"#)).unwrap() };
        assert!(file(r#""status":"completed""#).into_result().is_ok());
        let failed = file(r#""status":"failed","last_error":{"code":"unsupported_file","message":"No."}"#);
        assert!(failed.has_ended());
        let failed = failed.into_result().unwrap_err();
        assert_eq!((failed.failed, failed.cancelled, failed.in_progress, failed.total), (1, 0, 0, 1));
        assert_eq!(failed.to_string(), "vector store file f is failed: No. (unsupported_file)");
        let cancelled = file(r#""status":"cancelled""#).into_result().unwrap_err();
        assert_eq!((cancelled.failed, cancelled.cancelled, cancelled.in_progress), (0, 1, 0));
        assert_eq!(cancelled.to_string(), "vector store file f is cancelled");
        let polishing = file(r#""status":"polishing""#);
        assert!(!polishing.has_ended());
        assert_eq!(polishing.into_result().unwrap_err().in_progress, 1);
    }
}
