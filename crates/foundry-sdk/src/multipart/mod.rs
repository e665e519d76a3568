//! The parts of an upload.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

/// A file to be uploaded: its name and content.
///
/// ```
/// use foundry_sdk::FileContent;
///
/// let file = FileContent::new("notes.md", "# Notes").content_type("text/markdown");
/// assert_eq!(file.name(), "notes.md");
/// ```
#[derive(Clone)]
pub struct FileContent {
    name: String,
    content_type: Option<String>,
    bytes: Bytes,
}

impl FileContent {
    /// A file of this name with this content.
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), content_type: None, bytes: bytes.into() }
    }

    /// What the content is, such as `text/markdown`; `application/octet-stream` unless set.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileContent({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A multipart body being put together.
#[derive(Debug, Default)]
pub(crate) struct Form(reqwest::multipart::Form);

fn refused(error: impl Into<foundry_raw::BoxError>) -> foundry_raw::Error {
    foundry_raw::Error::Request(error.into())
}

impl Form {
    fn add(&mut self, name: &'static str, part: reqwest::multipart::Part) {
        self.0 = std::mem::take(&mut self.0).part(name, part);
    }

    pub(crate) fn text(&mut self, name: &'static str, value: impl AsRef<str>) -> Result<(), foundry_raw::Error> {
        self.add(name, reqwest::multipart::Part::text(value.as_ref().to_owned()));
        Ok(())
    }

    #[allow(dead_code, reason = "not every API has such parts")]
    pub(crate) fn json(&mut self, name: &'static str, value: impl Serialize) -> Result<(), foundry_raw::Error> {
        let text = serde_json::to_string(&value).map_err(refused)?;
        self.add(name, reqwest::multipart::Part::text(text).mime_str("application/json").map_err(refused)?);
        Ok(())
    }

    pub(crate) fn file(&mut self, name: &'static str, file: FileContent) -> Result<(), foundry_raw::Error> {
        let length = file.bytes.len() as u64;
        let content_type = file.content_type.as_deref().unwrap_or("application/octet-stream");
        let part = reqwest::multipart::Part::stream_with_length(file.bytes, length)
            .file_name(file.name)
            .mime_str(content_type)
            .map_err(|error| refused(format!("{content_type:?} is no content type: {error}")))?;
        self.add(name, part);
        Ok(())
    }

    #[allow(dead_code, reason = "not every API has such parts")]
    pub(crate) fn files(&mut self, name: &'static str, files: Vec<FileContent>) -> Result<(), foundry_raw::Error> {
        files.into_iter().try_for_each(|file| self.file(name, file))
    }

    pub(crate) fn into_inner(self) -> reqwest::multipart::Form {
        self.0
    }
}
