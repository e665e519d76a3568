//! A container of blobs that a shared access signature opens: where blobs are put.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::blocks::{Blocks, block_id, block_list};
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::multipart::FileContent;
use crate::pipeline::{CallOptions, Put};
use crate::types::BlobReference;

/// What in a part of a blob's name stands in a URL as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const BLOB_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-type");
const BLOB_CONTENT_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-content-type");

/// A container, or a folder of one.
pub(super) struct Container {
    /// Holds the signature.
    url: Url,
}

impl Container {
    /// The container that the service has made ready.
    pub(super) fn of(reference: &BlobReference) -> Result<Self> {
        let signed = reference.credential.sas_uri.expose();
        let url = Url::parse(signed).ok().filter(|url| !url.cannot_be_a_base());
        match url {
            Some(url) => Ok(Self { url }),
            // The text may be a signature all the same.
            None => Err(Error::new(ErrorKind::Decode, "the service names the place for the content by what is no URL")),
        }
    }

    /// The URL without its signature.
    pub(super) fn shown(&self) -> String {
        unsigned(&self.url)
    }

    /// The URL of a blob, with the signature.
    fn blob(&self, name: &str) -> Url {
        let mut path = self.url.path().trim_end_matches('/').to_owned();
        for part in name.split('/') {
            path.push('/');
            path.extend(utf8_percent_encode(part, PLAIN));
        }
        let mut url = self.url.clone();
        url.set_path(&path);
        url
    }

    /// Uploads content as a blob, and gives its URL without the signature.
    ///
    /// What is more than one block is put block by block, each of which is put again if that fails for a
    /// reason that passes.
    pub(super) async fn upload(
        &self,
        client: &ProjectClient,
        options: &CallOptions,
        name: &str,
        file: &FileContent,
    ) -> Result<String> {
        check_name(name)?;
        let url = self.blob(name);
        let content_type = HeaderValue::from_str(file.media_type()).map_err(|_| {
            let message = format!("{:?} is no content type", file.media_type());
            Error::new(ErrorKind::InvalidInput, message)
        })?;
        let put = |operation: &'static str, query: &str, headers: HeaderMap, body: Bytes| {
            let mut url = url.clone();
            with_query(&mut url, query);
            async move { client.put(&Put { operation, url, headers, body }, options).await }
        };
        let mut blocks = Blocks::open(file).await?;
        let first = blocks.next().await?.unwrap_or_default();
        let Some(second) = blocks.next().await? else {
            let mut headers = HeaderMap::new();
            headers.insert(BLOB_TYPE, HeaderValue::from_static("BlockBlob"));
            headers.insert(header::CONTENT_TYPE, content_type);
            put("PutBlob", "", headers, first).await?;
            return Ok(unsigned(&url));
        };
        let mut count = 0;
        let mut block = Some(first);
        let mut ahead = Some(second);
        while let Some(bytes) = block.take() {
            put("PutBlock", &format!("comp=block&blockid={}", block_id(count)), HeaderMap::new(), bytes).await?;
            count += 1;
            block = match ahead.take() {
                Some(second) => Some(second),
                None => blocks.next().await?,
            };
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        headers.insert(BLOB_CONTENT_TYPE, content_type);
        put("PutBlockList", "comp=blocklist", headers, block_list(count)).await?;
        Ok(unsigned(&url))
    }
}

/// Adds to a query as it stands: what is signed must not be written in another way.
fn with_query(url: &mut Url, more: &str) {
    if more.is_empty() {
        return;
    }
    let query = match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{query}&{more}"),
        None => more.to_owned(),
    };
    url.set_query(Some(&query));
}

fn unsigned(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // These only fail for URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// Fails for a name that would be another one in a URL.
fn check_name(name: &str) -> Result<()> {
    let is_good = |part: &str| !part.is_empty() && part != "." && part != "..";
    if name.split('/').all(is_good) && !name.contains(|c: char| c.is_control() || c == '\\') {
        return Ok(());
    }
    let message = format!(
        "{name:?} cannot be the name of a blob: it has an empty part, `.`, `..`, `\\` or control characters in it"
    );
    Err(Error::new(ErrorKind::InvalidInput, message))
}

/// Without the signature.
impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Container({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(url: &str) -> Container {
        Container { url: Url::parse(url).unwrap() }
    }

    #[test]
    fn names_are_encoded_and_signatures_stay_as_they_are() {
        let signed = container("https://store.example/c?sv=1&sig=a%2Bb%2f%3D");
        for (name, path) in [
            ("a.jsonl", "/c/a.jsonl"),
            ("sub/a b.txt", "/c/sub/a%20b.txt"),
            ("100%/#1?.txt", "/c/100%25/%231%3F.txt"),
            ("Ü/日.txt", "/c/%C3%9C/%E6%97%A5.txt"),
            ("...", "/c/..."),
        ] {
            let url = signed.blob(name);
            assert_eq!((url.path(), url.query()), (path, Some("sv=1&sig=a%2Bb%2f%3D")), "{name}");
            assert_eq!(unsigned(&url), format!("https://store.example{path}"));
            assert!(check_name(name).is_ok());
        }
        let mut url = signed.blob("a");
        with_query(&mut url, "comp=block&blockid=00000000");
        assert_eq!(url.query(), Some("sv=1&sig=a%2Bb%2f%3D&comp=block&blockid=00000000"));
        assert_eq!(container("https://store.example/c/sub/?sig=x").blob("a").path(), "/c/sub/a");
        assert_eq!(format!("{signed:?}"), "Container(https://store.example/c)");
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        for name in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "a\nb"] {
            assert_eq!(check_name(name).unwrap_err().kind(), ErrorKind::InvalidInput, "{name:?}");
        }
    }
}
