//! The hash of a file's content, where it has to be sent beside it.

use sha2::{Digest as _, Sha256};

use super::body::Reading;
use super::content::FileContent;
use crate::error::{Error, ErrorKind, Result};

impl FileContent {
    /// The SHA-256 of the content, in lower-case hexadecimal digits; a file on this machine is read for it
    /// piece by piece.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> foundry_sdk::Result<()> {
    /// let hash = foundry_sdk::FileContent::new("empty.zip", "").sha256().await?;
    /// assert!(hash.starts_with("e3b0c44298fc1c14"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] of a stream, which can be read only once: it has to be sent yet.
    /// [`ErrorKind::LocalFile`] if the file cannot be read.
    pub async fn sha256(&self) -> Result<String> {
        if !self.is_repeatable() {
            let message = format!("{:?} is a stream, which is read once: its hash has to be given", self.name());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        // Nothing is uploaded yet.
        let mut file = self.clone();
        file.on_progress = None;
        let mut reading = Reading::open(&file).await?;
        let mut hash = Sha256::new();
        while let Some(piece) = reading.next().await? {
            hash.update(&piece);
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
