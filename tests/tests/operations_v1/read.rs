//! How answers are read: lists page by page, bytes to their end, and unions by their JSON.

use foundry_raw::EventParser;
use foundry_sdk::{ByteStream, Paged, Request};
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The elements of a list that has so many, read from as many pages of one element.
#[track_caller]
pub(crate) fn one_by_one<O: Paged>(request: Request<O>, count: usize) -> impl Future<Output = Vec<O::Item>> {
    let caller = std::panic::Location::caller();
    async move {
        let pages = request.pages().into_vec().await.unwrap_or_else(|error| panic!("{caller}: {error}"));
        let sizes: Vec<usize> = pages.iter().map(|page| page.items.len()).collect();
        assert_eq!(sizes, vec![1; count], "{caller}");
        pages.into_iter().flat_map(|page| page.items).map(Result::unwrap).collect()
    }
}

/// All bytes of an answer.
pub(crate) async fn bytes(stream: ByteStream) -> Vec<u8> {
    let chunks: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
    chunks.concat()
}

/// The names and the data of a stream's events, to its end.
pub(crate) async fn events(stream: ByteStream) -> Vec<(String, Value)> {
    let mut parser = EventParser::new();
    parser.push(&bytes(stream).await);
    let mut events = Vec::new();
    while let Some(event) = parser.next_event().unwrap() {
        events.push((event.event.unwrap().into_owned(), serde_json::from_str(&event.data).unwrap()));
    }
    assert!(!parser.is_within_event());
    events
}

/// Panics unless these are the bytes of a zip that holds this file.
#[track_caller]
pub(crate) fn assert_zip(bytes: &[u8], name: &str) {
    assert!(bytes.starts_with(b"PK\x03\x04"), "{bytes:?}");
    assert!(bytes.windows(name.len()).any(|window| window == name.as_bytes()), "no {name} in it");
}

/// A value as JSON, to look into unions.
pub(crate) fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// A value that is written down as JSON.
pub(crate) fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}
