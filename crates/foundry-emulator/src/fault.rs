//! Faults: how an emulator misbehaves, for which requests, and how often.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use serde_json::Value;

use crate::numbers::Numbers;

/// The status of an answer that is replaced and has no other one.
const USUAL_STATUS: u16 = 500;

/// One way to misbehave: for which requests, how often, and what happens.
///
/// Without conditions a fault is for every request, those for blobs included. What happens is one
/// of: another answer ([`status`](Self::status), [`header`](Self::header), [`body`](Self::body),
/// [`body_text`](Self::body_text)), [`close`](Self::close), [`cut_after`](Self::cut_after) or
/// [`drip`](Self::drip), the last one named; with any of them goes a [`delay`](Self::delay). The
/// first fault that hits a request is the only one that does, and faults after it do not count the
/// request. The request log tells which fault hit, and whether the operation was done all the same.
///
/// Give faults to [`EmulatorBuilder::fault`](crate::EmulatorBuilder::fault) or, at any time, to
/// [`Emulator::add_fault`](crate::Emulator::add_fault).
///
/// ```
/// use foundry_emulator::{Emulator, Fault};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let busy = Fault::new().operation("Threads_create").status(503).header("retry-after", "1").times(1);
///     let emulator = Emulator::builder().fault(busy).start().await?;
///     let url = format!("{}/threads?api-version=2025-05-01", emulator.endpoint());
///     let create = async || reqwest::Client::new().post(&url).bearer_auth("any").send().await;
///
///     let refused = create().await?;
///     assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"1".parse()?));
///     assert_eq!(create().await?.status(), 200);
///     // An answer that breaks off, after the thread was made.
///     emulator.add_fault(Fault::new().cut_after(10));
///     assert!(create().await?.bytes().await.is_err());
///
///     let requests = emulator.requests();
///     let ledger: Vec<_> = requests.iter().map(|request| (request.fault(), request.acted)).collect();
///     assert_eq!(ledger, [(Some("status 503"), false), (None, true), (Some("cut after 10 bytes"), true)]);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until an emulator has it"]
pub struct Fault {
    operations: Vec<String>,
    methods: Vec<String>,
    paths: Vec<String>,
    effect: Effect,
    delay: Duration,
    acts_first: bool,
    every: u64,
    skip: u64,
    times: u64,
    probability: f64,
    seed: Option<u64>,
    label: Option<String>,
}

/// What a fault does to the answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    Nothing,
    /// Another answer takes its place.
    Replace(Replacement),
    /// There is none, and the connection is closed.
    Close,
    /// So many bytes of its body are sent, then the connection is closed.
    Cut(usize),
    /// Its body is sent so many bytes at a time, with a pause between.
    Drip(usize, Duration),
}

/// An answer that takes the place of another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// The body and its content type; the service's error envelope if there is none.
    pub(crate) body: Option<(String, String)>,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            operations: Vec::new(),
            methods: Vec::new(),
            paths: Vec::new(),
            effect: Effect::Nothing,
            delay: Duration::ZERO,
            acts_first: false,
            every: 1,
            skip: 0,
            times: u64::MAX,
            probability: 1.0,
            seed: None,
            label: None,
        }
    }
}

impl Fault {
    /// A fault that hits every request and does nothing but show in the request log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only requests of the operation with this id, such as `Runs_create`. Given several times, of
    /// any of them.
    pub fn operation(mut self, id: impl Into<String>) -> Self {
        self.operations.push(id.into());
        self
    }

    /// Only requests with this method, such as `POST`. Given several times, with any of them.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.methods.push(method.into());
        self
    }

    /// Only requests whose path, as it was sent and without its query, contains this. Given
    /// several times, any of them.
    pub fn path(mut self, text: impl Into<String>) -> Self {
        self.paths.push(text.into());
        self
    }

    /// Answers with this status, 200 to 999, and the service's error envelope for it, unless a body
    /// is given; 500 stands in for any other number. A status below 400 has no body of its own.
    pub fn status(self, status: u16) -> Self {
        let status = if (200..1000).contains(&status) { status } else { USUAL_STATUS };
        self.replacing(|answer| answer.status = status)
    }

    /// Adds a header to the answer of [`status`](Self::status), which is 500 unless given. The
    /// first one of a name replaces what the emulator would send under it. What HTTP does not allow
    /// as name or value is left out, and so are the headers that say where the body ends.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.replacing(|answer| answer.headers.push((name.into(), value.into())))
    }

    /// Answers with this JSON, and status 500 unless another one is given.
    pub fn body(self, body: Value) -> Self {
        self.body_text(body.to_string(), "application/json; charset=utf-8")
    }

    /// Answers with this text of this media type, and status 500 unless another one is given.
    pub fn body_text(self, text: impl Into<String>, content_type: impl Into<String>) -> Self {
        self.replacing(|answer| answer.body = Some((text.into(), content_type.into())))
    }

    /// Closes the connection without an answer.
    pub fn close(mut self) -> Self {
        self.effect = Effect::Close;
        self
    }

    /// Sends so many bytes of the answer's body, then closes the connection. Length or framing are
    /// announced as if it were whole, so that a client can tell. A body that is not longer is sent
    /// whole. A run whose stream is cut is left where it was, and goes on when it is looked at.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.effect = Effect::Cut(bytes);
        self
    }

    /// Sends the answer's body so many bytes at a time, at least one, with a pause before each but
    /// the first.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.effect = Effect::Drip(bytes.max(1), pause);
        self
    }

    /// Waits so long before answering. Unless the fault acts first, a caller that gives up
    /// meanwhile leaves the operation undone.
    pub fn delay(mut self, duration: Duration) -> Self {
        self.delay = duration;
        self
    }

    /// Strikes before the operation is done, which is the rule: an answer that is replaced or not
    /// given then says nothing of an operation, for none was done. Answers that are cut or dripped
    /// are those of an operation, so these always act first.
    pub fn before_acting(mut self) -> Self {
        self.acts_first = false;
        self
    }

    /// Strikes after the operation is done, so that the caller does not learn of it.
    pub fn after_acting(mut self) -> Self {
        self.acts_first = true;
        self
    }

    /// Hits only the n-th, the 2n-th and so on of the requests that it is for; 1 without it.
    pub fn every(mut self, n: u64) -> Self {
        self.every = n.max(1);
        self
    }

    /// Lets the first requests that it is for pass, before anything is counted.
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Hits at most so many requests; without it there is no limit.
    pub fn times(mut self, hits: u64) -> Self {
        self.times = hits;
        self
    }

    /// Hits a request that it is for with this probability, 0 to 1; 1 without it. Equal seeds give
    /// equal decisions for equal sequences of requests.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Seeds [`probability`](Self::probability) with something else than the emulator's seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What the request log calls the fault, instead of what it does.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    fn replacing(mut self, change: impl FnOnce(&mut Replacement)) -> Self {
        let mut replacement = match self.effect {
            Effect::Replace(replacement) => replacement,
            _ => Replacement { status: USUAL_STATUS, headers: Vec::new(), body: None },
        };
        change(&mut replacement);
        self.effect = Effect::Replace(replacement);
        self
    }

    /// Whether a request is one that this fault is for.
    fn matches(&self, method: &Method, path: &str, operation: Option<&str>) -> bool {
        let any = |wanted: &[String], is_it: &dyn Fn(&str) -> bool| {
            wanted.is_empty() || wanted.iter().any(|wanted| is_it(wanted))
        };
        any(&self.operations, &|id| operation == Some(id))
            && any(&self.methods, &|name| method.as_str().eq_ignore_ascii_case(name))
            && any(&self.paths, &|text| path.contains(text))
    }

    /// What is done to the answer.
    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }

    /// How long the answer waits.
    pub(crate) fn wait(&self) -> Duration {
        self.delay
    }

    /// Whether the operation is done before the fault strikes.
    pub(crate) fn acts_first(&self) -> bool {
        self.acts_first || matches!(self.effect, Effect::Cut(_) | Effect::Drip(..))
    }

    /// What the request log calls it.
    pub(crate) fn name(&self) -> String {
        let usual = || match &self.effect {
            Effect::Nothing if self.delay.is_zero() => "nothing".to_owned(),
            Effect::Nothing => format!("delay of {:?}", self.delay),
            Effect::Replace(replacement) => format!("status {}", replacement.status),
            Effect::Close => "close".to_owned(),
            Effect::Cut(bytes) => format!("cut after {bytes} bytes"),
            Effect::Drip(bytes, pause) => format!("drip of {bytes} bytes every {pause:?}"),
        };
        self.label.clone().unwrap_or_else(usual)
    }
}

/// The faults of an emulator, with what they have counted.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Those to look at first in front.
    entries: VecDeque<Entry>,
    /// How many faults there ever were, so that each has numbers of its own.
    added: u64,
}

#[derive(Debug)]
struct Entry {
    fault: Arc<Fault>,
    numbers: Numbers,
    /// How many requests it was for, and how many it hit.
    seen: u64,
    hits: u64,
}

impl Entry {
    fn new(fault: Fault, seed: u64) -> Self {
        let numbers = Numbers::new(fault.seed.unwrap_or(seed));
        Self { fault: Arc::new(fault), numbers, seen: 0, hits: 0 }
    }

    /// Counts a request that the fault is for; true if it hits.
    fn hits(&mut self) -> bool {
        let fault = &self.fault;
        if self.hits >= fault.times {
            return false;
        }
        self.seen += 1;
        let counted = self.seen.saturating_sub(fault.skip);
        let is_turn = counted > 0 && counted.is_multiple_of(fault.every);
        let is_hit = is_turn && (fault.probability >= 1.0 || self.numbers.fraction() < fault.probability);
        self.hits += u64::from(is_hit);
        is_hit
    }
}

impl Faults {
    /// Faults in the order in which they are looked at.
    pub(crate) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let this = Self { seed, entries: Mutex::default() };
        for fault in faults {
            this.insert(fault, VecDeque::push_back);
        }
        this
    }

    /// Adds a fault before all others.
    pub(crate) fn add(&self, fault: Fault) {
        self.insert(fault, VecDeque::push_front);
    }

    fn insert(&self, fault: Fault, insert: fn(&mut VecDeque<Entry>, Entry)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.added += 1;
        let entry = Entry::new(fault, self.seed.wrapping_add(entries.added));
        insert(&mut entries.entries, entry);
    }

    /// The fault that hits a request, if one does.
    pub(crate) fn strike(&self, method: &Method, path: &str, operation: Option<&str>) -> Option<Arc<Fault>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let hits = |entry: &mut Entry| entry.fault.matches(method, path, operation) && entry.hits();
        let entry = entries.entries.iter_mut().find_map(|entry| hits(entry).then_some(entry))?;
        Some(Arc::clone(&entry.fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of so many equal requests a fault hits, counted from 1.
    fn hit(fault: Fault, seed: u64, requests: u64) -> Vec<u64> {
        let faults = Faults::new(seed, vec![fault]);
        (1..=requests).filter(|_| faults.strike(&Method::GET, "/threads", Some("Threads_list")).is_some()).collect()
    }

    #[test]
    fn requests_are_counted() {
        assert_eq!(hit(Fault::new(), 0, 3), [1, 2, 3]);
        assert_eq!(hit(Fault::new().every(3), 0, 9), [3, 6, 9]);
        assert_eq!(hit(Fault::new().skip(2).every(2), 0, 8), [4, 6, 8]);
        assert_eq!(hit(Fault::new().skip(1).times(2), 0, 8), [2, 3]);
        assert_eq!(hit(Fault::new().every(0), 0, 2), [1, 2]);
        assert_eq!(hit(Fault::new().times(0), 0, 2), [0; 0]);
    }

    #[test]
    fn only_requests_that_a_fault_is_for_are_counted() {
        let fault = Fault::new().operation("A").operation("B").method("get").path("runs/").every(2);
        let faults = Faults::new(0, vec![fault]);
        let strikes =
            |method: Method, path: &str, operation: Option<&str>| faults.strike(&method, path, operation).is_some();
        assert!(!strikes(Method::GET, "/runs/1", Some("A")));
        assert!(!strikes(Method::POST, "/runs/1", Some("A")));
        assert!(!strikes(Method::GET, "/runs", Some("A")));
        assert!(!strikes(Method::GET, "/runs/1", Some("C")));
        assert!(!strikes(Method::GET, "/runs/1", None));
        assert!(strikes(Method::GET, "/runs/2", Some("B")));
    }

    #[test]
    fn chance_depends_on_the_seed_only() {
        let sometimes = || Fault::new().probability(0.3);
        let hits = hit(sometimes(), 7, 1000);
        assert!((250..350).contains(&hits.len()), "{}", hits.len());
        assert_eq!(hit(sometimes(), 7, 1000), hits);
        assert_ne!(hit(sometimes(), 8, 1000), hits);
        assert_eq!(hit(sometimes().seed(1), 7, 1000), hit(sometimes().seed(1), 8, 1000));
        assert_eq!(hit(Fault::new().probability(0.0), 0, 100), [0; 0]);
        assert_eq!(hit(Fault::new().probability(f64::NAN), 0, 100), [0; 0]);
    }

    #[test]
    fn the_first_fault_that_hits_wins_and_later_ones_do_not_count() {
        let faults = Faults::new(0, vec![Fault::new().every(2).close(), Fault::new().every(2).status(418)]);
        let strike = || faults.strike(&Method::GET, "/", None).map(|fault| fault.name());
        let named = |name: &str| Some(name.to_owned());
        // The second one sees the first, third and fifth request only.
        assert_eq!(
            [strike(), strike(), strike(), strike()],
            [None, named("close"), named("status 418"), named("close")]
        );
        faults.add(Fault::new().label("newest").times(1));
        assert_eq!([strike(), strike()], [named("newest"), None]);
    }

    #[test]
    fn the_last_effect_named_is_what_happens() {
        let fault = Fault::new().close().status(99).header("a", "b").body(Value::Null);
        let Effect::Replace(replacement) = fault.effect() else { panic!("{fault:?}") };
        assert_eq!((replacement.status, replacement.headers.len()), (500, 1));
        assert_eq!(fault.cut_after(3).effect(), &Effect::Cut(3));
    }
}
