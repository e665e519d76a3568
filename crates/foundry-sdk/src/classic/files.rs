//! What files have beside their generated requests: waiting until they are processed.

use super::{Files, GetFile, UploadFile};
use crate::classic::types::{FileInfo, FileState};
use crate::error::{Error, ErrorKind, Result};
use crate::poller::{Looks, OnceStarted, Polled, Poller, Standing, sealed};
use crate::request::Request;

impl Request<UploadFile> {
    /// Uploads the file, and polls it until the service has processed it.
    ///
    /// ```
    /// # async fn example(classic: foundry_sdk::classic::Classic) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::types::FilePurpose;
    /// use std::path::Path;
    ///
    /// let file = classic.files().upload(Path::new("manual.pdf"), FilePurpose::Assistants).poll().processed().await?;
    /// println!("{} has {} bytes", file.id, file.bytes);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `POST /files`, then `GET /files/{fileId}` with the same headers, features, time limits and
    /// api-version.
    pub fn poll(self) -> Poller<FileInfo> {
        OnceStarted::new(self, look).poller()
    }
}

impl Request<GetFile> {
    /// Polls a file that was uploaded before until the service has processed it.
    ///
    /// Sends `GET /files/{fileId}`.
    pub fn poll(self) -> Poller<FileInfo> {
        OnceStarted::new(self, look).poller()
    }
}

fn look(looks: &Looks, last: &FileInfo) -> Request<GetFile> {
    Files { client: looks.client.clone() }.get(&last.id)
}

impl Poller<FileInfo> {
    /// Polls the file to its end, and gives it if it can be used: the service has processed it, or says
    /// nothing of how far it is.
    ///
    /// # Errors
    /// Those of the poller; [`ErrorKind::NotReady`] if it failed or was deleted, with the service's
    /// reason and the file ([`Error::last_state`]).
    pub async fn processed(self) -> Result<FileInfo> {
        let (file, ids) = self.finish().await?;
        let Some(state) = file.status.as_ref().filter(|state| **state != FileState::Processed) else {
            return Ok(file);
        };
        let mut message = format!("{} is in the state `{state}`", file.name());
        if let Some(details) = &file.status_details {
            message.push_str(": ");
            message.push_str(details);
        }
        Err(Error::new(ErrorKind::NotReady, message).of_ids(&ids).with_state(file))
    }
}

impl sealed::Sealed for FileInfo {}

impl Polled for FileInfo {
    fn id(&self) -> &str {
        &self.id
    }

    /// Empty where the service does not say.
    fn state(&self) -> &str {
        self.status.as_ref().map_or("", FileState::as_str)
    }

    fn name(&self) -> String {
        format!("file {}", self.id)
    }

    fn standing(&self) -> Standing {
        match &self.status {
            Some(FileState::Uploaded | FileState::Pending | FileState::Running) => Standing::Running,
            Some(FileState::Processed | FileState::Error | FileState::Deleting | FileState::Deleted) | None => {
                Standing::Ended
            }
            Some(_) => Standing::Unknown,
        }
    }
}
