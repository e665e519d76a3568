//! Requests for operations that no description of the API has yet: by method and path.

use bytes::Bytes;
use foundry_raw::Call;
use futures_core::future::BoxFuture;
use http::{HeaderValue, Method, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::pager::{Next, Pager, Pages, Place, RawReply, Split};
use crate::pipeline::CallOptions;
use crate::request::{Operation, Reply, Request, sealed::Sealed};

/// The api-version that operations outside of `/openai` take.
const API_VERSION: &str = "v1";

/// An operation by its method and path, with its answer as a JSON value: what
/// [`ProjectClient::request`] sends.
#[derive(Clone, Debug)]
pub struct Custom {
    method: Method,
    path: String,
    body: Option<(Bytes, HeaderValue)>,
}

impl Sealed for Custom {}

impl Operation for Custom {
    type Output = Value;

    fn table(&self) -> &'static foundry_raw::Operation {
        foundry_raw::Operation::custom(&self.method)
    }

    fn call(self, client: &ProjectClient, options: CallOptions) -> RawReply<Value> {
        let client = client.clone();
        Box::pin(async move {
            let refused = |error: Error| foundry_raw::Error::Request(error.into());
            let url = client.endpoint().under(&self.path).map_err(refused)?;
            self.at_url(&client, options, url, false).await
        })
    }
}

impl Custom {
    fn at_url(self, client: &ProjectClient, mut options: CallOptions, url: Url, is_exact: bool) -> RawReply<Value> {
        let takes_version = !self.path.trim_start_matches('/').starts_with("openai");
        let has_version = url.query_pairs().any(|(name, _)| name == "api-version");
        if !is_exact && !has_version && (takes_version || options.api_version.is_some()) {
            let version = options.api_version.take().unwrap_or_else(|| API_VERSION.to_owned());
            options.query.push(("api-version".to_owned(), version));
        }
        let table = self.table();
        let mut request = reqwest::Request::new(self.method, url);
        if let Some((body, content_type)) = self.body {
            request.headers_mut().insert(header::CONTENT_TYPE, content_type);
            *request.body_mut() = Some(body.into());
        }
        let mut call = Call::new(request, table, false);
        call.url_is_exact = is_exact;
        let transport = client.transport_for(options);
        Box::pin(async move { foundry_raw::send_value(transport, call).await })
    }
}

impl ProjectClient {
    /// A request for an operation that this version of the crate does not have: by its method and
    /// its path under the project's endpoint, through the same pipeline as all others.
    ///
    /// The api-version is `v1`, and none for paths under `/openai`, unless
    /// [`api_version`](Request::api_version) is set. The answer is a JSON value; an empty answer is
    /// `null`. [`read`](Request::read) makes it a type of yours.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = foundry_emulator::Emulator::start().await?;
    /// # let client = foundry_sdk::ProjectClient::builder(emulator.endpoint())
    /// #     .credential(foundry_sdk::Credential::token("any")).build()?;
    /// use http::Method;
    /// use serde_json::json;
    ///
    /// let thread = client
    ///     .request(Method::POST, "/threads")
    ///     .api_version("2025-05-01")
    ///     .json(&json!({ "metadata": { "tenant": "north" } }))
    ///     .await?;
    /// assert_eq!(thread["metadata"]["tenant"], "north");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`]. [`ErrorKind::InvalidInput`] if the path is none.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<Custom> {
        Request::new(self, Custom { method, path: path.into(), body: None })
    }
}

impl Request<Custom> {
    /// Sends this as JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => {
                self.operation.body = Some((bytes.into(), HeaderValue::from_static("application/json")));
            }
            Err(error) => self.refuse(format!("the body cannot be written as JSON: {error}")),
        }
        self
    }

    /// Sends these bytes, which are of this content type.
    pub fn body(mut self, content_type: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        match HeaderValue::from_str(content_type.as_ref()) {
            Ok(content_type) => self.operation.body = Some((bytes.into(), content_type)),
            Err(_) => self.refuse(format!("{:?} is no content type", content_type.as_ref())),
        }
        self
    }

    /// Sends it and reads the answer as a type of yours.
    ///
    /// # Errors
    /// Those of every request, and [`ErrorKind::Decode`] if the answer is not of the type.
    pub async fn read<T: DeserializeOwned>(self) -> Result<T> {
        let reply = self.send().await?;
        serde_json::from_slice(&reply.body).map_err(|error| {
            let message = format!("the answer is not of the type it was to be read as: {error}");
            Error::new(ErrorKind::Decode, message).with_source(error).of_call_id(reply.client_request_id())
        })
    }

    /// The answer as pages of a list: see [`list`](Self::list).
    pub fn pages<T: DeserializeOwned + Send + 'static>(self) -> Pages<T> {
        let start = self.start.clone();
        let fetch = move |place: Option<Place>| -> BoxFuture<'static, Result<Reply<Split<T>>>> {
            let request = self.again();
            Box::pin(async move {
                let asked = request.options.query.clone();
                let reply = request.send_page(place.as_ref()).await?;
                Ok(reply.map(|page| split(page, place.as_ref(), &asked)))
            })
        };
        Pages::new(Box::new(fetch), start)
    }

    /// The items of a list, page by page, whichever of the service's ways its pages hang together:
    /// a `nextLink` or `next_link`, `last_id` with `has_more`, a continuation token
    /// (`continuationToken`, `continuation_token`), or `skip` and `top` in the query.
    ///
    /// The items are those of the property `data`, `value` or `items`, or the answer itself where it
    /// is an array.
    pub fn list<T: DeserializeOwned + Send + 'static>(self) -> Pager<T> {
        Pager::new(self.pages())
    }

    /// Gets the first page, or the one at a place.
    pub(crate) async fn send_page(mut self, place: Option<&Place>) -> Result<Reply<Value>> {
        match place {
            None => self.send().await,
            Some(Place::Cursor(pair)) => {
                // What says where the page begins comes instead of what said it before.
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                self.options.query.retain(|(known, _)| known != name);
                self.query(name, value).send().await
            }
            Some(Place::Link(link)) => {
                let url = self.client.endpoint().join(link)?;
                self.finish(move |operation, client, options| operation.at_url(client, options, url, true)).await
            }
        }
    }
}

/// Properties that hold the items of a list.
const ITEMS: &[&str] = &["data", "value", "items"];
/// Properties that hold the URL of the next page.
const LINKS: &[&str] = &["nextLink", "next_link", "@odata.nextLink"];
/// Properties that hold a token for the query parameter of the same name.
const TOKENS: &[&str] = &["continuationToken", "continuation_token"];

/// Takes a page apart, whatever way its list is paged.
fn split<T: DeserializeOwned>(mut page: Value, place: Option<&Place>, asked: &[(String, String)]) -> Split<T> {
    let items = match &mut page {
        Value::Array(items) => std::mem::take(items),
        page => {
            let found = ITEMS.iter().find_map(|name| page.get_mut(*name)?.as_array_mut().map(std::mem::take));
            found.unwrap_or_default()
        }
    };
    let next = next(&page, &items, place, asked);
    let items = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            T::deserialize(&item).map_err(|error| Error::of_element(format!("/{index}: {error}"), &item))
        })
        .collect();
    Split { items, next }
}

fn next(page: &Value, items: &[Value], place: Option<&Place>, asked: &[(String, String)]) -> Next {
    let text = |names: &[&'static str]| {
        names.iter().find_map(|name| Some((*name, page.get(*name)?.as_str().filter(|text| !text.is_empty())?)))
    };
    if let Some((_, link)) = text(LINKS) {
        return Next::Place(Place::Link(link.to_owned()));
    }
    let has_more = page.get("has_more").or_else(|| page.get("hasMore")).and_then(Value::as_bool);
    if has_more == Some(false) {
        return Next::End;
    }
    if let Some((name, token)) = text(TOKENS) {
        return Next::Place(Place::Cursor(format!("{name}={token}")));
    }
    if has_more == Some(true) {
        let last_id = text(&["last_id", "lastId"]).map(|(_, id)| id);
        let last_id = last_id.or_else(|| items.last()?.get("id")?.as_str());
        return match last_id {
            Some(id) => Next::Place(Place::Cursor(format!("after={id}"))),
            None => Next::Nowhere,
        };
    }
    by_offset(items.len(), place, asked).map_or(Next::End, Next::Place)
}

/// The place behind a page that was asked for with `top` and is full.
fn by_offset(length: usize, place: Option<&Place>, asked: &[(String, String)]) -> Option<Place> {
    let number = |name: &str| -> Option<usize> {
        asked.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.parse().ok())
    };
    let (top, skip) =
        [("top", "skip"), ("$top", "$skip")].into_iter().find_map(|(top, skip)| Some((number(top)?, skip)))?;
    if length == 0 || length < top {
        return None;
    }
    let before = match place {
        Some(Place::Cursor(cursor)) => cursor.split_once('=').and_then(|(_, skipped)| skipped.parse().ok()),
        _ => number(skip),
    };
    Some(Place::Cursor(format!("{skip}={}", before.unwrap_or(0) + length)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place_of(page: Value, place: Option<&str>, asked: &[(&str, &str)]) -> Option<String> {
        let asked: Vec<(String, String)> =
            asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let place = place.map(|place| Place::Cursor(place.to_owned()));
        match split::<Value>(page, place.as_ref(), &asked).next {
            Next::End => None,
            Next::Nowhere => Some("nowhere".to_owned()),
            Next::Place(Place::Cursor(cursor)) => Some(cursor),
            Next::Place(Place::Link(link)) => Some(link),
        }
    }

    #[test]
    fn every_way_of_paging_is_recognised() {
        for (page, place, asked, expected) in [
            (json!({ "value": [1], "nextLink": "https://r.example/2" }), None, vec![], Some("https://r.example/2")),
            (json!({ "items": [], "next_link": "/2" }), None, vec![], Some("/2")),
            (json!({ "value": [1], "nextLink": null }), None, vec![], None),
            (json!({ "data": [{}], "last_id": "b", "has_more": true }), None, vec![], Some("after=b")),
            (json!({ "data": [{ "id": "c" }], "has_more": true }), None, vec![], Some("after=c")),
            (json!({ "data": [], "has_more": true }), None, vec![], Some("nowhere")),
            (json!({ "data": [{}], "last_id": "b", "has_more": false }), None, vec![], None),
            (json!({ "value": [1], "continuationToken": "t=1" }), None, vec![], Some("continuationToken=t=1")),
            (json!({ "value": [1, 2] }), None, vec![("top", "2")], Some("skip=2")),
            (json!([1, 2]), Some("skip=4"), vec![("top", "2"), ("skip", "2")], Some("skip=6")),
            (json!([1, 2]), None, vec![("$top", "2"), ("$skip", "2")], Some("$skip=4")),
            (json!([1]), Some("skip=4"), vec![("top", "2")], None),
            (json!([]), None, vec![("top", "0")], None),
            (json!([1, 2]), None, vec![], None),
            (json!("none"), None, vec![], None),
        ] {
            assert_eq!(place_of(page.clone(), place, &asked).as_deref(), expected, "{page} {asked:?}");
        }
    }

    #[test]
    fn an_item_of_another_type_is_an_error_at_its_place() {
        let split = split::<u8>(json!({ "data": [1, "two", 3] }), None, &[]);
        let [Ok(1), Err(error), Ok(3)] = &split.items[..] else { panic!("{:?}", split.items) };
        assert_eq!(error.body().unwrap(), "\"two\"");
        assert!(error.message().contains("/1"), "{error}");
    }
}
