//! Lists in pages: one pager for all list operations, whatever way their pages hang together.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll, ready};

use foundry_raw::{List, Undecoded};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use http::StatusCode;
use url::Url;

use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::CallOptions;
use crate::request::{Operation, Reply, Request};

/// A list operation whose answers come in pages.
///
/// Implemented for the operations of the API; there is nothing for others to implement.
pub trait Paged: Operation + Clone {
    /// What the list holds.
    type Item: Send + 'static;

    /// Takes a page apart.
    #[doc(hidden)]
    fn split(page: Self::Output) -> Split<Self::Item>;

    /// Asks for the page at another place.
    #[doc(hidden)]
    fn at(self, place: Place, client: &ProjectClient, options: CallOptions) -> RawReply<Self::Output>;
}

/// The answer of the generated client, on its way.
pub(crate) type RawReply<T> = BoxFuture<'static, Result<foundry_raw::Reply<T>, foundry_raw::Error>>;

/// A page taken apart.
#[doc(hidden)]
#[derive(Debug)]
pub struct Split<T> {
    /// In the service's order; those that could not be decoded are errors at their places.
    pub(crate) items: Vec<Result<T>>,
    pub(crate) next: Next,
}

/// What comes behind a page.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing.
    End,
    /// Another page.
    Place(Place),
    /// Another page, and the service does not say where.
    Nowhere,
}

/// Where a page begins.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Behind the item with this cursor.
    Cursor(String),
    /// At this URL.
    Link(String),
}

/// Something that may be there: a text that is not empty, a flag that is set.
pub(crate) trait Given {
    type Value;

    fn given(self) -> Option<Self::Value>;
}

impl Given for String {
    type Value = Self;

    fn given(self) -> Option<Self> {
        (!self.is_empty()).then_some(self)
    }
}

impl Given for bool {
    type Value = ();

    fn given(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T: Given> Given for Option<T> {
    type Value = T::Value;

    fn given(self) -> Option<T::Value> {
        self.and_then(Given::given)
    }
}

impl<T> Split<T> {
    /// A page with a cursor and a flag; where the cursor is missing, the last item's id will do.
    pub(crate) fn by_cursor(
        items: impl Into<Option<List<T>>>,
        cursor: impl Given<Value = String>,
        has_more: impl Given<Value = ()>,
        last_id: impl FnOnce(&T) -> Option<String>,
    ) -> Self {
        let (items, undecoded) = items.into().map(List::into_parts).unwrap_or_default();
        let next = match has_more.given() {
            None => Next::End,
            Some(()) => match cursor.given().or_else(|| items.last().and_then(last_id)) {
                Some(cursor) => Next::Place(Place::Cursor(cursor)),
                None => Next::Nowhere,
            },
        };
        Self { items: merged(items, undecoded), next }
    }

    /// A page with the URL of the next one.
    pub(crate) fn by_link(items: impl Into<Option<List<T>>>, link: impl Given<Value = String>) -> Self {
        let (items, undecoded) = items.into().map(List::into_parts).unwrap_or_default();
        let next = link.given().map_or(Next::End, |link| Next::Place(Place::Link(link)));
        Self { items: merged(items, undecoded), next }
    }
}

/// Makes a list operation [`Paged`] whose query takes the cursor of the page before.
macro_rules! paged_by_cursor {
    ($operation:ident: $item:ty, $items:ident, $cursor:ident, $has_more:ident, $argument:ident $(, $id:ident)?) => {
        impl crate::pager::Paged for $operation {
            type Item = $item;

            fn split(page: Self::Output) -> crate::pager::Split<$item> {
                crate::pager::Split::by_cursor(page.$items, page.$cursor, page.$has_more, |_item: &$item| {
                    None$(.or_else(|| crate::pager::Given::given(_item.$id.clone())))?
                })
            }

            fn at(
                mut self,
                place: crate::pager::Place,
                client: &crate::ProjectClient,
                options: crate::pipeline::CallOptions,
            ) -> crate::pager::RawReply<Self::Output> {
                match place {
                    crate::pager::Place::Cursor(cursor) => {
                        self.$argument = Some(cursor);
                        crate::request::Operation::call(self, client, options)
                    }
                    crate::pager::Place::Link(_) => crate::pager::not_of_this_list(),
                }
            }
        }
    };
}
pub(crate) use paged_by_cursor;

/// Makes a list operation [`Paged`] whose pages hold the URL of the next one.
macro_rules! paged_by_link {
    ($operation:ident: $item:ty, $items:ident, $link:ident) => {
        impl crate::pager::Paged for $operation {
            type Item = $item;

            fn split(page: Self::Output) -> crate::pager::Split<$item> {
                crate::pager::Split::by_link(page.$items, page.$link)
            }

            fn at(
                self,
                place: crate::pager::Place,
                client: &crate::ProjectClient,
                options: crate::pipeline::CallOptions,
            ) -> crate::pager::RawReply<Self::Output> {
                match place {
                    crate::pager::Place::Link(link) => {
                        client.follow(link, options, crate::request::Operation::table(&self))
                    }
                    crate::pager::Place::Cursor(_) => crate::pager::not_of_this_list(),
                }
            }
        }
    };
}
pub(crate) use paged_by_link;

/// A continuation of another kind of list.
pub(crate) fn not_of_this_list<T: Send + 'static>() -> RawReply<T> {
    let error = Error::new(ErrorKind::InvalidInput, "the continuation is not one of this list's");
    Box::pin(std::future::ready(Err(foundry_raw::Error::Request(error.into()))))
}

/// Where a listing goes on: a text that can be stored, and given to a request for the same list.
///
/// It names the page, not the item: what was read of the page before comes again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Continuation(Place);

impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Cursor(cursor) => write!(f, "cursor:{cursor}"),
            Place::Link(link) => write!(f, "link:{link}"),
        }
    }
}

impl FromStr for Continuation {
    type Err = Error;

    /// Reads what `Display` wrote.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for any other text.
    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':') {
            Some(("cursor", cursor)) if !cursor.is_empty() => Ok(Self(Place::Cursor(cursor.to_owned()))),
            Some(("link", link)) if Url::parse(link).is_ok() => Ok(Self(Place::Link(link.to_owned()))),
            _ => Err(Error::new(ErrorKind::InvalidInput, "this is no continuation of a list")),
        }
    }
}

/// A page of a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the service's order. One that could not be decoded is an error at its place,
    /// whose [`body`](Error::body) is the item as received.
    pub items: Vec<Result<T>>,
    /// Where the list goes on; `None` behind the last page.
    pub continuation: Option<Continuation>,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: http::HeaderMap,
    client_request_id: String,
}

impl<T> Page<T> {
    /// The service's id of the request (`x-request-id`).
    pub fn request_id(&self) -> Option<&str> {
        crate::answer::text(&self.headers, &crate::answer::REQUEST_ID)
    }

    /// Our id of the request (`x-ms-client-request-id`).
    pub fn client_request_id(&self) -> &str {
        &self.client_request_id
    }
}

/// Gets a page: the first one, or the one at a place.
type Fetch<T> = Box<dyn FnMut(Option<Place>) -> BoxFuture<'static, Result<Reply<Split<T>>>> + Send>;

/// A list as a `Stream` of its pages, made by [`Request::pages`].
///
/// The next page is asked for when it is polled for, and not before. It ends behind the last page,
/// and behind the first error. A page that is empty does not end it; a service that names the same
/// page twice does, with an error. Dropping a `next()` loses nothing: the page that was asked for
/// comes with the next poll.
#[must_use = "pages are asked for when they are polled"]
pub struct Pages<T> {
    fetch: Fetch<T>,
    /// The page on its way.
    coming: Option<BoxFuture<'static, Result<Reply<Split<T>>>>>,
    /// Where to go on; `None` when all is done.
    next: Option<Option<Place>>,
    /// Hashes of the places that were asked for.
    seen: HashSet<u64>,
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("next", &self.next)
            .field("is_coming", &self.coming.is_some())
            .finish_non_exhaustive()
    }
}

fn hash(place: &Place) -> u64 {
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    hasher.finish()
}

impl<T: Send + 'static> Pages<T> {
    pub(crate) fn new(fetch: Fetch<T>, start: Option<Place>) -> Self {
        let seen = start.iter().map(hash).collect();
        Self { fetch, coming: None, next: Some(start), seen }
    }

    /// Where the listing goes on: the page that comes next. `None` when all is done; at the very
    /// beginning there is none yet either.
    pub fn continuation(&self) -> Option<Continuation> {
        self.next.clone().flatten().map(Continuation)
    }

    /// All further pages, up to the first error.
    ///
    /// # Errors
    /// Those of the requests.
    pub async fn into_vec(mut self) -> Result<Vec<Page<T>>> {
        let mut pages = Vec::new();
        while let Some(page) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_next(cx)).await {
            pages.push(page?);
        }
        Ok(pages)
    }

    /// The place of the page that comes behind this one.
    fn advance(&mut self, next: Next) -> Result<()> {
        let place = match next {
            Next::End => {
                self.next = None;
                return Ok(());
            }
            Next::Nowhere => {
                return Err(Error::new(ErrorKind::Decode, "the service says that the list goes on, and not where"));
            }
            Next::Place(place) => place,
        };
        if !self.seen.insert(hash(&place)) {
            let shown = match &place {
                Place::Cursor(cursor) => cursor.clone(),
                Place::Link(link) => {
                    Url::parse(link).map_or_else(|_| "a link".to_owned(), |url| crate::redact::url(&url).into())
                }
            };
            let message = format!("the service names the page behind `{shown}` twice, so the list would never end");
            return Err(Error::new(ErrorKind::Decode, message));
        }
        self.next = Some(Some(place));
        Ok(())
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let coming = match (&mut this.coming, &this.next) {
            (Some(coming), _) => coming,
            (None, None) => return Poll::Ready(None),
            (coming @ None, Some(place)) => coming.insert((this.fetch)(place.clone())),
        };
        let reply = ready!(coming.as_mut().poll(cx));
        this.coming = None;
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                this.next = None;
                return Poll::Ready(Some(Err(error)));
            }
        };
        let (split, status, headers, client_request_id) = reply.into_parts();
        let described = |error: Error| error.of_call_id(&client_request_id);
        // What came before the fault is handed over first; the error comes with the next poll.
        if let Err(error) = this.advance(split.next) {
            this.next = None;
            this.coming = Some(Box::pin(std::future::ready(Err(described(error)))));
        }
        let items = split.items.into_iter().map(|item| item.map_err(described)).collect();
        let continuation = this.continuation();
        Poll::Ready(Some(Ok(Page { items, continuation, status, headers, client_request_id })))
    }
}

/// The items in the service's order, those that could not be decoded as errors at their places.
fn merged<T>(items: Vec<T>, undecoded: Vec<Undecoded>) -> Vec<Result<T>> {
    if undecoded.is_empty() {
        return items.into_iter().map(Ok).collect();
    }
    let mut items = items.into_iter();
    let mut undecoded = undecoded.into_iter().peekable();
    let mut index = 0;
    std::iter::from_fn(move || {
        let next = match undecoded.next_if(|element| element.index <= index) {
            Some(element) => Some(Err(Error::from_element(element))),
            None => items.next().map(Ok).or_else(|| undecoded.next().map(|element| Err(Error::from_element(element)))),
        };
        index += 1;
        next
    })
    .collect()
}

/// A list as a `Stream` of its items, made by [`Request::into_stream`].
///
/// Pages are asked for as the items are polled for. An item that cannot be decoded is one `Err`,
/// whose [`body`](Error::body) is the item as received, and does not end the stream. Any other error
/// does.
#[must_use = "a pager asks for pages when it is polled"]
pub struct Pager<T> {
    pages: Pages<T>,
    items: std::vec::IntoIter<Result<T>>,
    /// Where the page begins whose items are being handed over.
    here: Option<Continuation>,
}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager").field("items_left", &self.items.len()).field("pages", &self.pages).finish()
    }
}

impl<T: Send + 'static> Pager<T> {
    pub(crate) fn new(pages: Pages<T>) -> Self {
        let here = pages.continuation();
        Self { pages, items: Vec::new().into_iter(), here }
    }

    /// Where to go on later without losing an item: the page whose items are being handed over, so
    /// that what was read of it comes again; behind its last item the page after it. `None` on the
    /// first page, and when all is done.
    pub fn continuation(&self) -> Option<Continuation> {
        if self.items.len() == 0 { self.pages.continuation() } else { self.here.clone() }
    }

    /// The pages behind the one whose items are being handed over.
    pub fn into_pages(self) -> Pages<T> {
        self.pages
    }

    /// All further items, up to the first error.
    ///
    /// # Errors
    /// Those of the requests, and of items that cannot be decoded.
    pub async fn into_vec(mut self) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while let Some(item) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_next(cx)).await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl<T> Unpin for Pager<T> {}
impl<T> Unpin for Pages<T> {}

impl<T: Send + 'static> Stream for Pager<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.items.next() {
                return Poll::Ready(Some(item));
            }
            let here = this.pages.continuation();
            match ready!(Pin::new(&mut this.pages).poll_next(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    this.items = page.items.into_iter();
                    this.here = here;
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.items.len(), None)
    }
}

impl<O: Paged> Request<O> {
    /// The list as a stream of its items: one page after the other, each asked for when it is needed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = foundry_emulator::Emulator::start().await?;
    /// # let client = foundry_sdk::ProjectClient::builder(emulator.endpoint())
    /// #     .credential(foundry_sdk::Credential::token("any")).build()?;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let threads = client.classic().threads();
    /// threads.create().await?;
    /// let mut all = threads.list().page_size(50).into_stream();
    /// while let Some(thread) = all.try_next().await? {
    ///     println!("{}", thread.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(self) -> Pager<O::Item> {
        Pager::new(self.pages())
    }

    /// The list as a stream of its pages.
    pub fn pages(mut self) -> Pages<O::Item> {
        let start = self.start.take();
        let fetch = move |place: Option<Place>| -> BoxFuture<'static, Result<Reply<Split<O::Item>>>> {
            let request = self.again();
            Box::pin(async move { Ok(request.send_at(place).await?.map(O::split)) })
        };
        Pages::new(Box::new(fetch), start)
    }
}

impl<O: Operation> Request<O> {
    /// Of a list: begins where an earlier listing of it was left, see [`Pager::continuation`].
    pub fn resume(mut self, continuation: Continuation) -> Self {
        self.start = Some(continuation.0);
        self
    }
}
