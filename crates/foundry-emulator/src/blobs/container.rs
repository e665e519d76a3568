//! One container of the blob storage: blobs put whole or in blocks, and read whole or in part.

use std::collections::BTreeMap;
use std::fmt;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};

use crate::blobs::range::{self, Asked};
use crate::blobs::{Refusal, TOO_LARGE};
use crate::query::Query;
use crate::store::Content;

const BLOB_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-type");
const BLOB_CONTENT_TYPE: HeaderName = HeaderName::from_static("x-ms-blob-content-type");

const INVALID_BLOCK_LIST: Refusal =
    (StatusCode::BAD_REQUEST, "InvalidBlockList", "The list names no block put before.");

/// What one signature opens.
#[derive(Default)]
pub(super) struct Container {
    /// What a URL must hold to read and write here.
    pub(super) signature: String,
    pub(super) blobs: BTreeMap<String, Blob>,
    /// Blocks of blobs that no list has put together yet.
    blocks: BTreeMap<String, BTreeMap<String, Content>>,
}

/// The signature is a credential, though one that opens nothing else.
impl fmt::Debug for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Container").field("blobs", &self.blobs).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) content: Content,
    pub(super) content_type: HeaderValue,
    /// How often the blob was overwritten.
    version: u64,
    modified: DateTime<Utc>,
}

impl Container {
    pub(super) fn new(signature: String) -> Self {
        Self { signature, ..Self::default() }
    }

    /// Puts a whole blob.
    pub(super) fn put(
        &mut self,
        headers: &HeaderMap,
        name: String,
        body: Bytes,
        now: DateTime<Utc>,
    ) -> Result<Response, Refusal> {
        if headers.get(BLOB_TYPE).is_none_or(|kind| kind != "BlockBlob") {
            return Err((StatusCode::BAD_REQUEST, "MissingRequiredHeader", "x-ms-blob-type must be BlockBlob."));
        }
        let content_type = headers.get(BLOB_CONTENT_TYPE).or_else(|| headers.get(CONTENT_TYPE)).cloned();
        self.keep(headers, name, body, content_type, now)
    }

    /// Puts a block, which is no part of the blob before a list names it.
    pub(super) fn put_block(
        &mut self,
        query: &Query,
        name: String,
        body: Bytes,
        limit: usize,
    ) -> Result<Response, Refusal> {
        let id = query.first("blockid").ok_or((
            StatusCode::BAD_REQUEST,
            "MissingRequiredQueryParameter",
            "A block needs its blockid.",
        ))?;
        let others = self.blocks.get(&name).into_iter().flatten().filter(|(known, _)| *known != id);
        let length: usize = others.map(|(_, block)| block.0.len()).sum();
        if length.saturating_add(body.len()) > limit {
            return Err(TOO_LARGE);
        }
        self.blocks.entry(name).or_default().insert(id.to_owned(), Content(body));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::CREATED;
        Ok(response)
    }

    /// Puts together a blob of blocks. What the list does not name is forgotten.
    pub(super) fn put_block_list(
        &mut self,
        headers: &HeaderMap,
        name: String,
        list: &[u8],
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Response, Refusal> {
        let list = String::from_utf8_lossy(list);
        let mut whole = BytesMut::new();
        for id in block_ids(&list) {
            let block = self.blocks.get(&name).and_then(|blocks| blocks.get(id)).ok_or(INVALID_BLOCK_LIST)?;
            // A list may name a block more than once.
            if whole.len().saturating_add(block.0.len()) > limit {
                return Err(TOO_LARGE);
            }
            whole.extend_from_slice(&block.0);
        }
        let response =
            self.keep(headers, name.clone(), whole.freeze(), headers.get(BLOB_CONTENT_TYPE).cloned(), now)?;
        self.blocks.remove(&name);
        Ok(response)
    }

    fn keep(
        &mut self,
        headers: &HeaderMap,
        name: String,
        body: Bytes,
        content_type: Option<HeaderValue>,
        now: DateTime<Utc>,
    ) -> Result<Response, Refusal> {
        if headers.get(IF_NONE_MATCH).is_some_and(|tag| tag == "*") && self.blobs.contains_key(&name) {
            return Err((StatusCode::CONFLICT, "BlobAlreadyExists", "The blob is there already."));
        }
        let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let version = self.blobs.get(&name).map_or(0, |known| known.version + 1);
        let blob = Blob { content: Content(body), content_type, version, modified: now };
        let response = blob.response(StatusCode::CREATED, Body::empty());
        self.blobs.insert(name, blob);
        Ok(response)
    }

    /// Reads a blob, or the part that is asked for.
    pub(super) fn get(&self, headers: &HeaderMap, name: &str) -> Result<Response, Refusal> {
        let blob =
            self.blobs.get(name).ok_or((StatusCode::NOT_FOUND, "BlobNotFound", "There is no blob of this name."))?;
        // Who reads part after part wants them to be of one blob.
        if headers.get(IF_MATCH).is_some_and(|tag| tag != "*" && tag != blob.etag().as_str()) {
            return Err((StatusCode::PRECONDITION_FAILED, "ConditionNotMet", "The blob is not what it was."));
        }
        let content = &blob.content.0;
        let mut response = match range::asked(headers, content.len()) {
            Asked::Whole => blob.response(StatusCode::OK, Body::from(content.clone())),
            Asked::Nothing => {
                return Err((StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", "The blob ends before this range."));
            }
            Asked::Part { start, end } => {
                let told = format!("bytes {start}-{}/{}", end - 1, content.len());
                let mut response = blob.response(StatusCode::PARTIAL_CONTENT, Body::from(content.slice(start..end)));
                response.headers_mut().extend(HeaderValue::from_str(&told).ok().map(|told| (CONTENT_RANGE, told)));
                response
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, blob.content_type.clone());
        headers.insert(BLOB_TYPE, HeaderValue::from_static("BlockBlob"));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        Ok(response)
    }
}

impl Blob {
    pub(super) fn etag(&self) -> String {
        format!("\"0x{:016X}\"", self.version)
    }

    pub(super) fn last_modified(&self) -> String {
        self.modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn response(&self, status: StatusCode, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        for (name, value) in [(ETAG, self.etag()), (LAST_MODIFIED, self.last_modified())] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The ids in a list of blocks, in its order: whatever stands in an element without further ones.
fn block_ids(list: &str) -> impl Iterator<Item = &str> {
    list.split("</").filter_map(|element| {
        let (tag, id) = element.rsplit_once('>')?;
        let tag = tag.rsplit_once('<')?.1;
        ["Latest", "Uncommitted", "Committed"].contains(&tag).then(|| id.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_blocks_is_read_in_its_order() {
        let list = "<?xml version=\"1.0\"?>\n<BlockList>\n  <Latest>BB==</Latest><Uncommitted>AA==</Uncommitted>\n\
                    <Other>CC==</Other><Latest> DD== </Latest></BlockList>";
        assert_eq!(block_ids(list).collect::<Vec<_>>(), ["BB==", "AA==", "DD=="]);
        assert_eq!(block_ids("<BlockList/>").count(), 0);
        assert_eq!(block_ids("no list < at > all").count(), 0);
    }
}
