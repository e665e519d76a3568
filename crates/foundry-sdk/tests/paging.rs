//! Lists in pages, against servers that make it hard: nothing is lost, nothing comes twice, and it
//! always ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::sync::{Arc, Mutex, OnceLock};

use foundry_sdk::classic::Classic;
use foundry_sdk::{
    Body, BoxError, Continuation, Credential, Error, ErrorKind, ProjectClient, RequestBody, RetryPolicy, Transport,
};
use futures_core::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use http::{Method, Request, Response};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ORIGIN: &str = "https://r.example";

/// What is answered to a URL, after so many others.
type Answer = dyn Fn(&url::Url, usize) -> (u16, Value) + Send + Sync;

/// Answers each request by a function of its URL, and notes what was asked.
#[derive(Clone)]
struct Server {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<Request<()>>>>,
}

impl Server {
    fn new(answer: impl Fn(&url::Url, usize) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), asked: Arc::default() }
    }

    fn client(&self) -> ProjectClient {
        ProjectClient::builder(format!("{ORIGIN}/api/projects/p"))
            .credential(Credential::api_key("key"))
            .retry(RetryPolicy::none())
            .transport(self.clone())
            .build()
            .unwrap()
    }

    fn classic(&self) -> Classic {
        self.client().classic()
    }

    fn urls(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|request| request.uri().to_string()).collect()
    }

    fn ids(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|request| request.headers()["x-ms-client-request-id"].to_str().unwrap().to_owned()).collect()
    }
}

impl Transport for Server {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let url = url::Url::parse(&request.uri().to_string()).unwrap();
        let mut asked = self.asked.lock().unwrap();
        let (status, body) = (self.answer)(&url, asked.len());
        asked.push(request.map(|_| ()));
        let answer = Response::builder().status(status).body(Body::from(body.to_string())).unwrap();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// The output of a future that waits for nothing; timers need a runtime all the same.
fn at_once<F: Future>(future: F) -> F::Output {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
    let _inside = runtime.enter();
    future.now_or_never().unwrap_or_else(|| panic!("it waits for something"))
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn thread(id: &str) -> Value {
    json!({ "id": id, "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {} })
}

/// What cannot be decoded as a thread.
fn odd(id: usize) -> Value {
    json!({ "no_id": id })
}

fn cursor_page(data: Vec<Value>, last_id: Option<&str>, has_more: bool) -> (u16, Value) {
    (200, json!({ "object": "list", "data": data, "first_id": null, "last_id": last_id, "has_more": has_more }))
}

/// Reads at most so many items: a list that does not end fails the test.
fn read_all<T>(stream: impl futures_core::Stream<Item = Result<T, Error>>) -> Vec<Result<T, Error>> {
    // Everything is at hand, so there is nothing to wait for.
    let read = at_once(stream.take(10_000).collect::<Vec<_>>());
    assert!(read.len() < 10_000, "the list does not end");
    read
}

#[test]
fn a_list_by_cursor_is_read_to_its_end() {
    let server = Server::new(|url, _| match parameter(url, "after").as_deref() {
        None => cursor_page(vec![thread("a"), thread("b")], Some("b"), true),
        // An empty page does not end it.
        Some("b") => cursor_page(vec![], Some("x"), true),
        // Without a cursor the last id will do.
        Some("x") => cursor_page(vec![thread("c")], None, true),
        Some("c") => cursor_page(vec![thread("d")], Some("d"), false),
        after => panic!("{after:?}"),
    });
    let list = server.classic().threads().list().page_size(2).order("asc").client_request_id("mine");
    let ids: Vec<String> = read_all(list.into_stream()).into_iter().map(|thread| thread.unwrap().id).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
    let base = format!("{ORIGIN}/api/projects/p/threads");
    let query = |after: &str| format!("{base}?{after}limit=2&order=asc&api-version=2025-05-01");
    assert_eq!(server.urls(), [query(""), query("after=b&"), query("after=x&"), query("after=c&")]);
    assert_eq!(server.ids(), ["mine"; 4]);
}

#[test]
fn each_page_is_a_call_with_an_id_of_its_own() {
    let server = Server::new(|_, count| cursor_page(vec![thread("a")], Some(&count.to_string()), count < 2));
    read_all(server.classic().threads().list().into_stream());
    let mut ids = server.ids();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_next_page_is_asked_for_when_it_is_needed_and_a_dropped_next_loses_nothing() {
    let server =
        Server::new(|_, count| cursor_page(vec![thread("a"), thread("b")], Some(&count.to_string()), count < 1));
    let mut list = server.classic().threads().list().into_stream();
    assert_eq!(server.urls().len(), 0);
    // A future that is made and dropped has asked for nothing.
    drop(list.next());
    assert_eq!(server.urls().len(), 0);
    at_once(list.next()).unwrap().unwrap();
    at_once(list.next()).unwrap().unwrap();
    assert_eq!(server.urls().len(), 1);
    at_once(list.next()).unwrap().unwrap();
    assert_eq!(server.urls().len(), 2);
    at_once(list.next()).unwrap().unwrap();
    // It is fused.
    for _ in 0..3 {
        assert!(at_once(list.next()).is_none());
    }
    assert_eq!(server.urls().len(), 2);
}

#[test]
fn a_cursor_that_comes_again_ends_the_list_with_an_error() {
    for circle in [vec!["a"], vec!["a", "b"], vec!["a", "b", "c", "b"]] {
        let cursors: Vec<String> = circle.iter().map(|cursor| (*cursor).to_owned()).collect();
        let server = Server::new(move |_, count| {
            let cursor = &cursors[count % cursors.len()];
            cursor_page(vec![thread(&count.to_string())], Some(cursor), true)
        });
        let read = read_all(server.classic().threads().list().into_stream());
        let (error, items) = read.split_last().unwrap();
        assert!(items.iter().all(Result::is_ok), "{circle:?}");
        let error = error.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.message().contains("twice"), "{error}");
    }
}

#[test]
fn a_list_that_goes_on_nowhere_is_an_error_after_its_items() {
    let server = Server::new(|_, _| cursor_page(vec![], Some(""), true));
    let read = read_all(server.classic().threads().list().into_stream());
    let [Err(error)] = &read[..] else { panic!("{read:?}") };
    assert!(error.message().contains("not where"), "{error}");
}

#[test]
fn an_element_that_cannot_be_decoded_is_one_error_at_its_place() {
    let server = Server::new(|_, count| match count {
        0 => cursor_page(vec![odd(0), thread("a"), odd(1), odd(2), thread("b"), odd(3)], Some("b"), true),
        _ => cursor_page(vec![thread("c")], Some("c"), false),
    });
    let read = read_all(server.classic().threads().list().into_stream());
    let shown: Vec<String> = read
        .iter()
        .map(|item| match item {
            Ok(thread) => thread.id.clone(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Decode);
                assert!(error.client_request_id().is_some());
                String::from_utf8(error.body().unwrap().to_vec()).unwrap()
            }
        })
        .collect();
    let odd = |number: usize| format!("{{\"no_id\":{number}}}");
    assert_eq!(shown, [odd(0), "a".to_owned(), odd(1), odd(2), "b".to_owned(), odd(3), "c".to_owned()]);
}

#[test]
fn a_next_link_is_followed_as_it_stands() {
    let link = format!("{ORIGIN}/api/projects/p/connections?api-version=2025-05-01&%24skiptoken=a%2Bb%3D&x=%20y+z");
    let first = link.clone();
    let server = Server::new(move |_, count| match count {
        0 => (200, json!({ "value": [{ "id": "1", "name": "a" }], "nextLink": first })),
        // Relative, and without an api-version: both as the service wants it.
        1 => (200, json!({ "value": [], "nextLink": "/elsewhere/3?token=t" })),
        _ => (200, json!({ "value": [{ "id": "2", "name": "b" }], "nextLink": "" })),
    });
    let list = server.classic().connections().list().query("mine", "1").default_connection(true);
    let names: Vec<String> = read_all(list.into_stream()).into_iter().map(|item| item.unwrap().name).collect();
    assert_eq!(names, ["a", "b"]);
    let urls = server.urls();
    assert_eq!(urls[1..], [link, format!("{ORIGIN}/elsewhere/3?token=t")]);
    for request in server.asked.lock().unwrap().iter() {
        assert_eq!(request.headers()["api-key"], "key");
        assert_eq!(request.method(), Method::GET);
    }
}

#[test]
fn a_next_link_to_another_origin_is_refused_before_anything_is_sent() {
    for foreign in [
        "https://evil.example/api/projects/p/connections",
        "http://r.example/api/projects/p/connections",
        "https://r.example:8443/api/projects/p/connections",
        "https://r.example.evil.example/",
        "//evil.example/x",
        "file:///etc/passwd",
        "data:text/plain,x",
        "https://",
    ] {
        let server =
            Server::new(move |_, _| (200, json!({ "value": [{ "id": "1", "name": "a" }], "nextLink": foreign })));
        let read = read_all(server.classic().connections().list().into_stream());
        let [Ok(_), Err(error)] = &read[..] else { panic!("{foreign}: {read:?}") };
        assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Decode), "{foreign}: {error:?}");
        assert_eq!(server.urls().len(), 1, "{foreign}");
    }
}

#[test]
fn a_failure_ends_the_list_and_its_continuation_goes_on() {
    let server = Server::new(|url, count| match (parameter(url, "after").as_deref(), count) {
        (None, _) => cursor_page(vec![thread("a")], Some("a"), true),
        (Some("a"), 1) => (404, json!({ "error": { "code": "gone", "message": "For a while." } })),
        _ => cursor_page(vec![thread("b")], Some("b"), false),
    });
    let threads = server.classic().threads();
    let mut list = threads.list().into_stream();
    assert_eq!(at_once(list.next()).unwrap().unwrap().id, "a");
    let continuation = list.continuation().unwrap();
    assert_eq!(at_once(list.next()).unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(at_once(list.next()).is_none());
    // It can be stored as text.
    let stored: Continuation = continuation.to_string().parse().unwrap();
    let rest = read_all(threads.list().resume(stored).into_stream());
    assert_eq!(rest.into_iter().map(|thread| thread.unwrap().id).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_continuation_is_one_page_behind() {
    let server = Server::new(|url, _| match parameter(url, "after").as_deref() {
        None => cursor_page(vec![thread("a"), thread("b")], Some("b"), true),
        Some("b") => cursor_page(vec![thread("c"), thread("d")], Some("d"), false),
        after => panic!("{after:?}"),
    });
    let threads = server.classic().threads();
    let mut list = threads.list().into_stream();
    let mut next = || at_once(list.next()).unwrap().unwrap().id;
    assert_eq!([next(), next(), next()], ["a", "b", "c"]);
    let rest = read_all(threads.list().resume(list.continuation().unwrap()).into_stream());
    assert_eq!(rest.into_iter().map(|thread| thread.unwrap().id).collect::<Vec<_>>(), ["c", "d"]);
}

#[test]
fn what_is_no_continuation_or_one_of_another_list_is_refused() {
    for text in ["", "cursor:", "link:", "link:x", "page 2"] {
        assert_eq!(text.parse::<Continuation>().unwrap_err().kind(), ErrorKind::InvalidInput, "{text}");
    }
    let server = Server::new(|_, _| panic!("nothing is to be sent"));
    let link: Continuation = "link:https://r.example/2".parse().unwrap();
    let read = read_all(server.classic().threads().list().resume(link).into_stream());
    assert_eq!(read[0].as_ref().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn pages_tell_where_they_come_from() {
    let server = Server::new(|_, count| cursor_page(vec![thread("a")], Some(&count.to_string()), count < 1));
    let pages = server.classic().threads().list().client_request_id("mine").pages();
    let pages: Vec<_> = at_once(pages.try_collect::<Vec<_>>()).unwrap();
    assert_eq!(pages.len(), 2);
    assert!(pages[0].continuation.is_some() && pages[1].continuation.is_none());
    assert!(pages.iter().all(|page| page.items.len() == 1 && page.client_request_id() == "mine"));
}

#[test]
fn a_list_that_no_description_has_is_read_too() {
    let server = Server::new(|url, _| {
        let skip: usize = parameter(url, "skip").map_or(0, |skip| skip.parse().unwrap());
        (200, json!((skip..5.min(skip + 2)).collect::<Vec<_>>()))
    });
    let list = server.client().request(Method::GET, "/things?kind=a").query("top", "2").list::<u32>();
    assert_eq!(read_all(list).into_iter().map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let base = format!("{ORIGIN}/api/projects/p/things?kind=a&top=2");
    let expected =
        ["&api-version=v1", "&skip=2&api-version=v1", "&skip=4&api-version=v1"].map(|rest| format!("{base}{rest}"));
    assert_eq!(server.urls(), expected);
}

#[test]
fn the_api_version_of_a_request_by_path_is_the_callers_or_that_of_the_path() {
    let server = Server::new(|_, _| (200, json!({})));
    let client = server.client();
    let request = |path: &str| client.request(Method::GET, path);
    for (request, expected) in [
        (request("/evaluators"), "/evaluators?api-version=v1"),
        (request("evaluators?api-version=v2"), "/evaluators?api-version=v2"),
        (request("/evaluators").api_version("2025-05-01"), "/evaluators?api-version=2025-05-01"),
        (request("/openai/v1/models"), "/openai/v1/models"),
        (request("/openai/v1/models").api_version("v9"), "/openai/v1/models?api-version=v9"),
    ] {
        at_once(request.into_future()).unwrap();
        assert_eq!(server.urls().pop().unwrap(), format!("{ORIGIN}/api/projects/p{expected}"));
    }
    let count = server.urls().len();
    for bad in ["../../other", "/../x", "/a/../../b"] {
        let error = at_once(request(bad).into_future()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
    }
    assert_eq!(server.urls().len(), count);
}

/// What happens between two pages.
#[derive(Clone, Debug)]
enum Between {
    Nothing,
    Add(u8),
    Remove(u8),
    EmptyPages(u8),
    Fail,
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![
        4 => Just(Between::Nothing),
        1 => (1_u8..4).prop_map(Between::Add),
        1 => any::<u8>().prop_map(Between::Remove),
        1 => (1_u8..3).prop_map(Between::EmptyPages),
        1 => Just(Between::Fail),
    ]
}

/// A list that changes while it is read; its ids only grow, so that a cursor always has a place.
struct Changing {
    items: Vec<u32>,
    next: u32,
    removed: Vec<u32>,
    empty: u8,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost_nothing_comes_twice_and_it_ends(
        count in 0_u32..40,
        size in 1_usize..7,
        undecodable in prop::collection::hash_set(0_u32..60, 0..6),
        script in prop::collection::vec(between(), 0..30),
    ) {
        let list = Mutex::new(Changing { items: (0..count).collect(), next: count, removed: Vec::new(), empty: 0 });
        let list = Arc::new(list);
        let (shared, odd_ones) = (Arc::clone(&list), undecodable.clone());
        let server = Server::new(move |url, asked| {
            let mut list = shared.lock().unwrap();
            let after: Option<u32> = parameter(url, "after").map(|after| after.split('.').next().unwrap().parse().unwrap());
            let step = script.get(asked).cloned().unwrap_or(Between::Nothing);
            match step {
                Between::Nothing => {}
                Between::Add(more) => {
                    for _ in 0..more {
                        let id = list.next;
                        list.items.push(id);
                        list.next += 1;
                    }
                }
                Between::Remove(which) if !list.items.is_empty() => {
                    let index = usize::from(which) % list.items.len();
                    let id = list.items.remove(index);
                    list.removed.push(id);
                }
                Between::Remove(_) => {}
                Between::EmptyPages(pages) => list.empty += pages,
                Between::Fail => return (404, json!({ "error": { "code": "now_and_then" } })),
            }
            let from = after.map_or(0, |after| list.items.partition_point(|id| *id <= after));
            if list.empty > 0 {
                list.empty -= 1;
                // An empty page needs a cursor that was not there before.
                let cursor = format!("{}.{asked}", after.map_or_else(|| "0".to_owned(), |after| after.to_string()));
                if after.is_some() {
                    return cursor_page(vec![], Some(&cursor), true);
                }
            }
            let page = &list.items[from..list.items.len().min(from + size)];
            let has_more = from + page.len() < list.items.len();
            let last = page.last().map(ToString::to_string);
            let data = page
                .iter()
                .map(|id| if odd_ones.contains(id) { odd(*id as usize) } else { thread(&id.to_string()) })
                .collect();
            cursor_page(data, last.as_deref(), has_more)
        });

        // Failures end a listing; its continuation goes on.
        let threads = server.classic().threads();
        let mut seen: Vec<u32> = Vec::new();
        let mut continuation: Option<Continuation> = None;
        for _ in 0..100 {
            let mut request = threads.list();
            if let Some(continuation) = continuation.take() {
                request = request.resume(continuation);
            }
            let mut stream = request.into_stream();
            let mut failed = false;
            loop {
                let place = stream.continuation();
                match at_once(stream.next()) {
                    None => break,
                    Some(Ok(thread)) => seen.push(thread.id.parse().unwrap()),
                    Some(Err(error)) if error.status().is_none() => {
                        let element: Value = serde_json::from_slice(error.body().unwrap()).unwrap();
                        seen.push(element["no_id"].as_u64().unwrap() as u32);
                    }
                    Some(Err(_)) => {
                        failed = true;
                        continuation = place;
                    }
                }
                prop_assert!(seen.len() < 1000);
            }
            if !failed {
                break;
            }
        }
        let mut unique = seen.clone();
        unique.dedup();
        prop_assert_eq!(&unique, &seen, "something came twice, or out of order");
        let list = list.lock().unwrap();
        // What was there all the time was seen; nothing was seen that never was there.
        for id in 0..count {
            prop_assert!(seen.contains(&id) || list.removed.contains(&id), "{} is lost", id);
        }
        prop_assert!(seen.iter().all(|id| *id < list.next));
    }
}
