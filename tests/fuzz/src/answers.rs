//! Any answer of a server: status, headers and body become a value or an error, never a panic.

use std::cell::RefCell;

use foundry_sdk::{Body, BoxError, Credential, Error, ErrorKind, ProjectClient, RequestBody, RetryPolicy, Transport};
use futures_core::future::BoxFuture;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tokio::runtime::Runtime;

/// What the client would otherwise show of itself.
const PLANTED: &str = "planted-secret";

/// Answers with what was set last on this thread.
struct Answering;

type Answer = (StatusCode, Vec<(HeaderName, HeaderValue)>, Vec<u8>);

thread_local! {
    static ANSWER: RefCell<Answer> = const { RefCell::new((StatusCode::OK, Vec::new(), Vec::new())) };
    static CLIENT: (Runtime, ProjectClient) = client();
}

#[allow(clippy::unwrap_used, reason = "a test fails by panicking, also in what its tests share")]
fn client() -> (Runtime, ProjectClient) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = ProjectClient::builder("https://r.example/api/projects/p")
        .credential(Credential::api_key(PLANTED))
        .retry(RetryPolicy::none())
        .transport(Answering)
        .build()
        .unwrap();
    (runtime, client)
}

impl Transport for Answering {
    fn send(&self, _request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let answer = ANSWER.with_borrow(|(status, headers, body)| {
            let mut answer = Response::new(Body::from(body.clone()));
            *answer.status_mut() = *status;
            for (name, value) in headers {
                answer.headers_mut().append(name.clone(), value.clone());
            }
            answer
        });
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// Takes the input as an answer: a line with the status, lines with headers, an empty line, the body.
/// Whether the call succeeded.
pub fn answers(input: &[u8]) -> bool {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, &b""[..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = lines.next().and_then(|line| StatusCode::from_bytes(line.trim_ascii()).ok()).unwrap_or_default();
    let headers = lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(line[..colon].trim_ascii()).ok()?;
            Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
        })
        .collect();
    let said_by_us = !input.windows(PLANTED.len()).any(|window| window == PLANTED.as_bytes());
    ANSWER.set((status, headers, body.to_vec()));
    CLIENT.with(|(runtime, client)| {
        let threads = client.classic().threads();
        let get = runtime.block_on(threads.get("thread_1").send()).map(|reply| format!("{reply:?}"));
        let list =
            runtime.block_on(threads.list().page_size(1).into_stream().into_vec()).map(|list| format!("{list:?}"));
        let delete = runtime.block_on(threads.delete("thread_1").into_future()).map(|deleted| format!("{deleted:?}"));
        let custom =
            runtime.block_on(client.request(http::Method::POST, "/things").send()).map(|reply| format!("{reply:?}"));
        let mut succeeded = false;
        for result in [get, list, delete, custom] {
            match result {
                Ok(shown) => {
                    succeeded = true;
                    assert!(!said_by_us || !shown.contains(PLANTED), "{shown}");
                }
                Err(error) => check(&error, status, said_by_us),
            }
        }
        succeeded
    })
}

fn check(error: &Error, status: StatusCode, said_by_us: bool) {
    let shown = format!("{error} {error:?} {}", error.support_line());
    assert!(!said_by_us || !shown.contains(PLANTED), "{shown}");
    assert!(!error.support_line().contains('\n') || error.code().is_some_and(|code| code.contains('\n')), "{shown}");
    assert!(error.body().is_none_or(|body| body.len() <= 64 << 10 || error.kind() == ErrorKind::Decode));
    let is_success = status.is_success();
    if let Some(found) = error.status() {
        assert_eq!(found.is_success(), is_success, "{shown}");
        assert_eq!(is_success, error.kind() == ErrorKind::Decode, "{shown}");
    }
    // All of them can be asked.
    let _ = (error.details(), error.inner_error(), error.additional_info(), error.hint(), error.missing_features());
    let _ = (error.request_id(), error.server_timing(), error.rate_limits().count(), error.retry_after());
    let _ = (error.is_retryable(), error.server_may_have_acted(), error.is_not_found(), error.is_rate_limited());
}
