//! What a container holds, page by page, in the storage's XML.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Bound;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::blobs::Refusal;
use crate::blobs::container::Blob;
use crate::query::Query;

/// How many blobs a page has unless the request says otherwise, and at most.
const LARGEST_PAGE: usize = 5_000;

/// A page of a container's blobs in the order of their names. The marker is the name that the next
/// page begins with.
pub(super) fn page(container: &str, blobs: &BTreeMap<String, Blob>, query: &Query) -> Result<Response, Refusal> {
    if query.first("delimiter").is_some() {
        return Err((StatusCode::NOT_IMPLEMENTED, "NotImplemented", "Blobs are listed here without delimiters."));
    }
    let size = match query.first("maxresults").map(str::parse::<usize>) {
        None => LARGEST_PAGE,
        Some(Ok(size)) if size > 0 => size.min(LARGEST_PAGE),
        Some(_) => {
            return Err((StatusCode::BAD_REQUEST, "OutOfRangeQueryParameterValue", "maxresults must be from 1 on."));
        }
    };
    let (prefix, marker) = (query.first("prefix").unwrap_or_default(), query.first("marker").unwrap_or_default());
    let mut blobs = blobs
        .range::<str, _>((Bound::Included(marker.max(prefix)), Bound::Unbounded))
        .take_while(|(name, _)| name.starts_with(prefix));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ContainerName=\"{}\"><Prefix>{}</Prefix><Blobs>",
        escaped(container),
        escaped(prefix),
    );
    for (name, blob) in blobs.by_ref().take(size) {
        let content_type = String::from_utf8_lossy(blob.content_type.as_bytes());
        // Writing to a String never fails.
        let _ = write!(
            xml,
            "<Blob><Name>{}</Name><Properties><Creation-Time>{modified}</Creation-Time>\
             <Last-Modified>{modified}</Last-Modified><Etag>{}</Etag><Content-Length>{}</Content-Length>\
             <Content-Type>{}</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>",
            escaped(name),
            blob.etag().trim_matches('"'),
            blob.content.0.len(),
            escaped(&content_type),
            modified = blob.last_modified(),
        );
    }
    let next = blobs.next().map(|(name, _)| escaped(name)).unwrap_or_default();
    let _ = write!(xml, "</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>");
    let mut response = Response::new(Body::from(xml));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    Ok(response)
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
