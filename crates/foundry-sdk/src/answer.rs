//! The headers of an answer that help to find out what happened.

use http::{HeaderMap, HeaderName};

/// The service's id of a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What the service says of where its time went.
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A header as text.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The headers that tell of limits, by their usual names.
pub(crate) fn rate_limits(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &str)> {
    headers.iter().filter_map(|(name, value)| {
        let is_limit =
            ["x-ratelimit-", "ratelimit", "x-ms-ratelimit-"].iter().any(|start| name.as_str().starts_with(start));
        is_limit.then(|| value.to_str().ok().map(|value| (name, value))).flatten()
    })
}
