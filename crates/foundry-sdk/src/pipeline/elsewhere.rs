//! Requests to a URL that the service handed out and that opens itself by its signature: sent without
//! our credential and headers, and never shown.

use bytes::Bytes;
use foundry_raw::Operation;
use http::{HeaderMap, Method, header};
use url::Url;

use super::attempt::Reading;
use super::retry::{self, Tries};
use super::{CallOptions, IDLE, Pipeline, in_runtime, log};
use crate::endpoint::is_loopback;
use crate::error::{Error, ErrorKind, Result};

/// How much of such an answer is read.
const LIMIT: usize = 64 << 10;

/// What stands for a signature.
const REDACTED: &str = "REDACTED";

/// Bytes to be put at a URL.
pub(crate) struct Put {
    /// What the other service calls it, for errors.
    pub(crate) operation: &'static str,
    /// Holds the signature.
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Put {
    fn request(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(Method::PUT, self.url.clone());
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(header::CONTENT_LENGTH, self.body.len().into());
        *request.body_mut() = Some(self.body.clone().into());
        request
    }

    /// The answer's error, with nothing in it that the URL keeps secret.
    fn failed(&self, error: Error) -> Error {
        let Some(status) = error.status() else { return error };
        let headers = error.headers().cloned().unwrap_or_default();
        let mut body = String::from_utf8_lossy(error.body().map_or(&[], |body| body)).into_owned();
        for secret in secrets(&self.url) {
            body = body.replace(&secret, REDACTED);
        }
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (code, id) = (said("x-ms-error-code"), said("x-ms-request-id"));
        let error = Error::from_answer(status, headers, body.into());
        match (code, id) {
            (None, None) => error,
            (code, id) => error.with_hint(format!(
                "the blob storage's code is {}, its id of the request {}",
                code.as_deref().unwrap_or("-"),
                id.as_deref().unwrap_or("-")
            )),
        }
    }
}

/// The texts that must not be shown: the signature, as it stands in the URL and as it is meant, and the
/// whole query.
fn secrets(url: &Url) -> Vec<String> {
    let Some(query) = url.query().filter(|query| !query.is_empty()) else { return Vec::new() };
    let raw = query.split('&').filter_map(|pair| pair.strip_prefix("sig=")).map(str::to_owned);
    let meant = url.query_pairs().filter(|(name, _)| name == "sig").map(|(_, value)| value.into_owned());
    let found = std::iter::once(query.to_owned()).chain(raw).chain(meant);
    found.filter(|secret| !secret.is_empty()).collect()
}

/// Fails unless what is sent to a URL is seen by nobody else.
fn check(url: &Url) -> Result<()> {
    let is_loopback = url.host().is_some_and(|host| is_loopback(&host));
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback => Ok(()),
        scheme => {
            let message = format!(
                "the service names a place for the content by `{scheme}`, where it would go over the network in the \
                 clear; it takes https (or http on this machine)"
            );
            Err(Error::new(ErrorKind::InvalidInput, message))
        }
    }
}

impl Pipeline {
    /// Puts something until it is there, or must not or need not be sent again. To put the same twice
    /// changes nothing.
    pub(crate) async fn put(&self, put: &Put, options: &CallOptions) -> Result<()> {
        self.put_until(put, options).await.inspect_err(|error| log::failure(&log::Span::none(), error))
    }

    async fn put_until(&self, put: &Put, options: &CallOptions) -> Result<()> {
        let told = |error: Error| error.of_elsewhere(put.operation, &put.url).of_method(&Method::PUT);
        in_runtime()?;
        check(&put.url).map_err(told)?;
        let operation = Operation::custom(&Method::PUT);
        let reading = Reading { stream: false, stream_events: false, idle: IDLE, limit: LIMIT };
        let mut tries = Tries::of(self, options);
        loop {
            let error = match tries.once(self.sender.send(put.request(), operation, reading)).await {
                Ok(_) => return Ok(()),
                Err(error) => put.failed(error),
            };
            let asked = error.headers().and_then(|headers| retry::retry_after(headers, || self.clock.system_time()));
            let error = told(error).with_retry_after(asked).with_attempts(tries.count);
            let wait = if retry::may_repeat(&error, true) { tries.wait(asked) } else { None };
            let Some(wait) = wait else { return Err(error) };
            log::retry(&error, tries.count, wait);
            self.clock.sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_goes_where_nobody_else_sees_it() {
        for (url, is_good) in [
            ("https://store.blob.core.windows.net/c?sig=planted", true),
            ("http://127.0.0.1:10000/c?sig=planted", true),
            ("http://[::1]:10000/c?sig=planted", true),
            ("http://store.blob.core.windows.net/c?sig=planted", false),
            ("http://127.0.0.1.example.com/c?sig=planted", false),
            ("ftp://127.0.0.1/c?sig=planted", false),
        ] {
            let checked = check(&Url::parse(url).unwrap());
            assert_eq!(checked.is_ok(), is_good, "{url}");
            assert!(!format!("{checked:?}").contains("planted"), "{url}");
        }
    }

    #[test]
    fn a_signature_is_known_in_both_spellings() {
        let url = Url::parse("https://store.example/c?sv=1&sig=a%2Bb%3D&se=2").unwrap();
        assert_eq!(secrets(&url), ["sv=1&sig=a%2Bb%3D&se=2", "a%2Bb%3D", "a+b="]);
    }
}
