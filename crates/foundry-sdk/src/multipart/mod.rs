//! Forms that hold files (`multipart/form-data`): put together once, made a body for each attempt; and
//! what else makes its body anew.

mod body;
mod content;
#[cfg(feature = "v1")]
mod hash;
mod head;
mod many;
mod progress;

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{HeaderValue, header};
use serde::Serialize;

pub(crate) use self::body::Reading;
pub(crate) use self::body::Trouble;
use self::body::{Segment, body_of};
pub use self::content::FileContent;
use self::head::{File, check_file_name, check_media_type, head};
pub use self::many::FilesProgress;
pub(crate) use self::many::{Meter, concerns_all};
pub use self::progress::Progress;
pub(crate) use self::progress::{Callback, Counter};
use crate::error::{Error, ErrorKind, Result};

/// Makes the body of each attempt anew, for a body that is streamed cannot be sent twice.
pub(crate) trait BodySource: fmt::Debug + Send + Sync {
    /// Whether it can make more than one.
    fn is_repeatable(&self) -> bool;

    /// Puts the body on a request, with its type and, if it is known, its length.
    ///
    /// What breaks the body off later is in what this gives.
    fn put_on<'a>(&'a self, request: &'a mut reqwest::Request) -> BoxFuture<'a, Result<Trouble>>;
}

/// A multipart body being put together.
#[derive(Debug)]
pub(crate) struct Form {
    boundary: String,
    parts: Vec<Part>,
}

/// A part: what stands in front of its content, and that.
#[derive(Debug)]
struct Part {
    head: Bytes,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(Bytes),
    File(FileContent),
}

impl Default for Form {
    fn default() -> Self {
        Self { boundary: format!("foundry-{}", uuid::Uuid::new_v4().simple()), parts: Vec::new() }
    }
}

fn refused(error: impl Into<foundry_raw::BoxError>) -> foundry_raw::Error {
    foundry_raw::Error::Request(error.into())
}

impl Form {
    fn add(&mut self, name: &str, media_type: Option<&str>, text: Bytes) {
        let head = head(&self.boundary, name, media_type, None).into();
        self.parts.push(Part { head, content: Content::Text(text) });
    }

    pub(crate) fn text(&mut self, name: &'static str, value: impl AsRef<str>) -> Result<(), foundry_raw::Error> {
        self.add(name, None, Bytes::copy_from_slice(value.as_ref().as_bytes()));
        Ok(())
    }

    #[allow(dead_code, reason = "not every API has such parts")]
    pub(crate) fn json(&mut self, name: &'static str, value: impl Serialize) -> Result<(), foundry_raw::Error> {
        let text = serde_json::to_vec(&value).map_err(refused)?;
        self.add(name, Some("application/json"), text.into());
        Ok(())
    }

    pub(crate) fn file(&mut self, name: &'static str, file: FileContent) -> Result<(), foundry_raw::Error> {
        let file_name = file.checked_name().map_err(refused)?;
        check_file_name(file_name).map_err(refused)?;
        check_media_type(file.media_type()).map_err(refused)?;
        let described = File { name: file_name, media_type: file.media_type() };
        let head = head(&self.boundary, name, None, Some(described)).into();
        self.parts.push(Part { head, content: Content::File(file) });
        Ok(())
    }

    #[allow(dead_code, reason = "not every API has such parts")]
    pub(crate) fn files(&mut self, name: &'static str, files: Vec<FileContent>) -> Result<(), foundry_raw::Error> {
        files.into_iter().try_for_each(|file| self.file(name, file))
    }

    /// What the generated client is handed in its place: the pipeline puts the form itself on each
    /// attempt, for a body that is streamed cannot be sent twice.
    pub(crate) fn stand_in() -> reqwest::multipart::Form {
        reqwest::multipart::Form::new()
    }

    /// A body that is the content of one file, and no form around it.
    #[allow(dead_code, reason = "not every API has such bodies")]
    pub(crate) fn of_content(file: FileContent) -> Self {
        Self { boundary: String::new(), parts: vec![Part { head: Bytes::new(), content: Content::File(file) }] }
    }

    /// As [`stand_in`](Self::stand_in), for the content of one file.
    #[allow(dead_code, reason = "not every API has such bodies")]
    pub(crate) fn stand_in_bytes() -> reqwest::Body {
        reqwest::Body::from("")
    }

    /// Whether it is the content of one file.
    fn is_content(&self) -> bool {
        self.boundary.is_empty()
    }

    /// Opens its files, and puts it on a request.
    async fn open_on(&self, request: &mut reqwest::Request) -> Result<Trouble> {
        let mut segments = VecDeque::with_capacity(3 * self.parts.len() + 1);
        let mut length = Some(0_u64);
        let mut add = |segments: &mut VecDeque<Segment>, bytes: Bytes| {
            length = length.map(|length| length + bytes.len() as u64);
            segments.push_back(Segment::Bytes(bytes));
        };
        let mut of_files = Some(0_u64);
        for part in &self.parts {
            add(&mut segments, part.head.clone());
            match &part.content {
                Content::Text(bytes) => add(&mut segments, bytes.clone()),
                Content::File(file) => {
                    let reading = Reading::open(file).await?;
                    of_files = of_files.zip(reading.length()).and_then(|(all, one)| all.checked_add(one));
                    segments.push_back(Segment::File(reading));
                }
            }
            if !self.is_content() {
                add(&mut segments, Bytes::from_static(b"\r\n"));
            }
        }
        if !self.is_content() {
            add(&mut segments, format!("--{}--\r\n", self.boundary).into());
        }
        let length = length.zip(of_files).and_then(|(rest, files)| rest.checked_add(files));
        let content_type = match self.is_content() {
            true => "application/octet-stream".to_owned(),
            false => format!("multipart/form-data; boundary={}", self.boundary),
        };
        let content_type = HeaderValue::from_str(&content_type).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "the form has no boundary that can be sent").with_source(error)
        })?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type);
        match length {
            Some(length) => headers.insert(header::CONTENT_LENGTH, length.into()),
            None => headers.remove(header::CONTENT_LENGTH),
        };
        let trouble = Trouble::default();
        *request.body_mut() = Some(body_of(segments, trouble.clone()));
        Ok(trouble)
    }
}

impl BodySource for Form {
    fn is_repeatable(&self) -> bool {
        self.parts.iter().all(|part| match &part.content {
            Content::Text(_) => true,
            Content::File(file) => file.is_repeatable(),
        })
    }

    fn put_on<'a>(&'a self, request: &'a mut reqwest::Request) -> BoxFuture<'a, Result<Trouble>> {
        Box::pin(self.open_on(request))
    }
}
