//! What the tests talk to: a transport that answers each route by a script, and a clock that does not wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foundry_sdk::{Body, BoxError, Clock, Credential, ProjectClient, RequestBody, Transport};
use futures_core::future::BoxFuture;
use http::{HeaderMap, HeaderName, Request, Response};
use serde_json::Value;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that goes on only when it is slept with, and does not wait.
#[derive(Clone, Debug)]
pub(crate) struct RecordingClock {
    start: Instant,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl RecordingClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), slept: Arc::default() }
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        locked(&self.slept).clone()
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Instant {
        self.start + self.slept().iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        locked(&self.slept).push(duration);
        Box::pin(std::future::ready(()))
    }
}

/// What is answered to one request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
    is_broken: bool,
}

impl Answer {
    pub(crate) fn new(body: Value) -> Self {
        Self { status: 200, headers: HeaderMap::new(), body: body.to_string(), is_broken: false }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: "{}".to_owned(), is_broken: false }
    }

    /// No answer: the connection breaks.
    pub(crate) fn broken() -> Self {
        Self { is_broken: true, ..Self::status(200) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        self
    }
}

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) route: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
}

impl Asked {
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&self.uri).unwrap();
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

/// Answers each route with these, the last one for ever.
#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<HashMap<String, VecDeque<Answer>>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    pub(crate) fn on(self, route: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        locked(&self.answers).insert(route.to_owned(), answers.into_iter().collect());
        self
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        locked(&self.asked).clone()
    }

    pub(crate) fn routes(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.route).collect()
    }

    pub(crate) fn client(&self, clock: &RecordingClock) -> ProjectClient {
        ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
            .credential(Credential::api_key("a key"))
            .clock(clock.clone())
            .transport(self.clone())
            .build()
            .unwrap()
    }
}

impl Transport for Script {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let path = request.uri().path();
        let route = format!("{} {}", request.method(), path.strip_prefix("/api/projects/p").unwrap_or(path));
        let asked = Asked { route: route.clone(), uri: request.uri().to_string(), headers: request.headers().clone() };
        locked(&self.asked).push(asked);
        let mut answers = locked(&self.answers);
        let answers = answers.get_mut(&route).unwrap_or_else(|| panic!("{route} was asked"));
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        let result = if answer.is_broken {
            Err(BoxError::from("the connection broke"))
        } else {
            let mut response = Response::new(Body::from(answer.body));
            *response.status_mut() = answer.status.try_into().unwrap();
            *response.headers_mut() = answer.headers;
            Ok(response)
        };
        Box::pin(std::future::ready(result))
    }
}
