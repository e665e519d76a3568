//! Trying again: when, how often, and after how long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use tokio::time::timeout;

use super::{CallOptions, Pipeline};
use crate::error::{Error, ErrorKind};

/// How often a call is tried, and how long it waits in between.
///
/// What is tried again is not up to the policy: only what cannot be done twice by it. Operations
/// that may be repeated (GET, PUT, DELETE, and those with a replay key) are tried again when there
/// was no connection, no answer in time, a broken or cut answer, and on 408, 429, 500, 502, 503 and
/// 504. All others only when the service has not acted: no connection, 429, or a 503 that names a
/// time to come back. A quota that is used up (`insufficient_quota`) is final, and a body that was
/// streamed cannot be sent again.
///
/// Where the service says how long to wait (`Retry-After`, `retry-after-ms`, `x-ms-retry-after-ms`),
/// it is exactly that long; else a random time up to `base_delay`, doubled with each attempt, and at
/// most `max_delay`. If that would be longer than what is left of `max_elapsed` or of the call's
/// timeout, the error is returned at once. All calls of a client share a budget of attempts beyond
/// the first, so that an outage is not made worse: it is used up by repetitions and filled by
/// successes.
///
/// ```
/// use std::time::Duration;
/// use foundry_sdk::RetryPolicy;
///
/// let patient = RetryPolicy::new().max_attempts(8).max_elapsed(Duration::from_secs(600));
/// let none = RetryPolicy::none();
/// # assert_ne!(patient, none);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a policy does nothing until a client or a request is given it"]
pub struct RetryPolicy {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    max_elapsed: Duration,
}

/// No wait is longer; it keeps the arithmetic in range.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// Four attempts within five minutes, waits of up to 0.5 s, 1 s and 2 s where the service names
    /// none.
    pub const fn new() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_elapsed: Duration::from_secs(300),
        }
    }

    /// One attempt.
    pub const fn none() -> Self {
        Self::new().max_attempts(1)
    }

    /// How often a call is sent at most, the first time included; 0 counts as 1.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// The longest first wait where the service names none; doubled with each attempt.
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// The longest wait where the service names none.
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// How long a call may take with all its attempts before no further one is begun.
    pub const fn max_elapsed(mut self, time: Duration) -> Self {
        self.max_elapsed = time;
        self
    }

    fn allows(&self, attempts: u32) -> bool {
        attempts < self.max_attempts
    }

    /// How long to wait after so many attempts: full jitter.
    pub(crate) fn delay(&self, attempts: u32) -> Duration {
        let doubled = 2_u32.checked_pow(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let longest = self.base_delay.saturating_mul(doubled).min(self.max_delay).min(YEAR);
        longest.mul_f64(random_fraction()).min(longest)
    }
}

/// A number from 0 to 1; without a source of randomness the middle.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

/// Whether a call that failed is sent again: if that may help, and cannot make it happen twice.
pub(super) fn may_repeat(error: &Error, is_replayable: bool) -> bool {
    error.is_retryable() && (is_replayable || !error.server_may_have_acted())
}

/// The attempts of one call.
pub(super) struct Tries<'a> {
    pipeline: &'a Pipeline,
    policy: &'a RetryPolicy,
    /// What the whole call may take.
    time: Option<Duration>,
    started: Instant,
    is_out_of_time: bool,
    /// How many there were, the one at hand included.
    pub(super) count: u32,
}

impl<'a> Tries<'a> {
    pub(super) fn of(pipeline: &'a Pipeline, options: &'a CallOptions) -> Self {
        Self {
            pipeline,
            policy: options.retry.as_ref().unwrap_or(&pipeline.retry),
            time: options.timeout.or(pipeline.timeout),
            started: pipeline.clock.now(),
            is_out_of_time: false,
            count: 0,
        }
    }

    fn elapsed(&self) -> Duration {
        self.pipeline.clock.now().saturating_duration_since(self.started)
    }

    /// One attempt, within what is left of the call's time.
    pub(super) async fn once<T, E: From<Error>>(
        &mut self,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.count += 1;
        let result = match self.time {
            None => attempt.await,
            Some(time) => timeout(time.saturating_sub(self.elapsed()), attempt).await.unwrap_or_else(|_| {
                self.is_out_of_time = true;
                Err(Error::new(ErrorKind::Timeout, format!("the call took longer than its {time:?}")).into())
            }),
        };
        if result.is_ok() {
            self.pipeline.budget.give(self.count);
        }
        result
    }

    /// Whether the policy has another attempt.
    pub(super) fn are_left(&self) -> bool {
        self.policy.allows(self.count)
    }

    /// How long to wait for another attempt after one that failed, if there is to be one: it takes its price
    /// from the budget.
    pub(super) fn wait(&self, asked: Option<Duration>) -> Option<Duration> {
        let elapsed = self.elapsed();
        let left = self.policy.max_elapsed.checked_sub(elapsed)?;
        let left = left.min(self.time.map_or(Duration::MAX, |time| time.saturating_sub(elapsed)));
        let wait = asked.unwrap_or_else(|| self.policy.delay(self.count));
        let goes_on = !self.is_out_of_time && self.are_left() && wait <= left && self.pipeline.budget.take();
        goes_on.then_some(wait)
    }
}

/// What all calls of a client may spend on attempts beyond their first.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    const CAPACITY: u32 = 500;
    const COST: u32 = 5;

    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(Self::CAPACITY))
    }

    /// Takes the price of one more attempt, if it is there.
    fn take(&self) -> bool {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(Self::COST));
        taken.is_ok()
    }

    /// A success after so many attempts gives back the price of the last one, or a little.
    fn give(&self, attempts: u32) {
        let given = if attempts > 1 { Self::COST } else { 1 };
        // Nothing is written while it is full, which is nearly always.
        if self.0.load(Ordering::Relaxed) < Self::CAPACITY {
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(left.saturating_add(given).min(Self::CAPACITY))
            });
        }
    }
}

/// How long the service asks to wait: `Retry-After` in seconds or as a date, else one of the
/// headers in milliseconds.
pub(crate) fn retry_after(headers: &HeaderMap, now: impl FnOnce() -> SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let in_seconds = |text: &str| -> Option<Duration> {
        match text.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => Duration::try_from_secs_f64(text.parse().ok()?).ok(),
        }
    };
    if let Some(value) = text("retry-after") {
        if let Some(wait) = in_seconds(value) {
            return Some(wait);
        }
        if let Ok(date) = httpdate::parse_http_date(value) {
            return Some(date.duration_since(now()).unwrap_or_default());
        }
    }
    ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|name| {
        let milliseconds = text(name)?;
        match milliseconds.parse::<u64>() {
            Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
            Err(_) => Duration::try_from_secs_f64(milliseconds.parse::<f64>().ok()? / 1000.0).ok(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        // 2026-11-22 12:00:00 UTC
        retry_after(&headers, || SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800))
    }

    #[test]
    fn every_spelling_of_a_wait_is_read() {
        let milliseconds = |wait| Some(Duration::from_millis(wait));
        for (headers, expected) in [
            (vec![], None),
            (vec![("retry-after", "12")], milliseconds(12_000)),
            (vec![("retry-after", "0")], milliseconds(0)),
            (vec![("retry-after", " 1.5 ")], milliseconds(1_500)),
            (vec![("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT")], milliseconds(30_000)),
            (vec![("retry-after", "Sun, 22 Nov 2026 11:59:30 GMT")], milliseconds(0)),
            (vec![("retry-after-ms", "250")], milliseconds(250)),
            (vec![("x-ms-retry-after-ms", "250.5")], Some(Duration::from_micros(250_500))),
            (vec![("retry-after", "2"), ("retry-after-ms", "250")], milliseconds(2_000)),
            (vec![("retry-after", "soon"), ("x-ms-retry-after-ms", "250")], milliseconds(250)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "1e400")], None),
            (vec![("retry-after", "18446744073709551615")], Some(Duration::from_secs(u64::MAX))),
        ] {
            assert_eq!(asked(&headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        let policy = RetryPolicy::new().base_delay(Duration::from_secs(1)).max_delay(Duration::from_secs(5));
        for (attempts, longest) in [(1, 1), (2, 2), (3, 4), (4, 5), (40, 5), (u32::MAX, 5)] {
            let waits: Vec<Duration> = (0..200).map(|_| policy.delay(attempts)).collect();
            assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(longest)), "{attempts}");
            // Full jitter: spread over the whole range, not around the end of it.
            assert!(waits.iter().any(|wait| *wait < Duration::from_secs(longest) / 3), "{attempts}");
            assert!(waits.iter().any(|wait| *wait > Duration::from_secs(longest) / 2), "{attempts}");
        }
    }

    #[test]
    fn a_budget_runs_dry_and_fills_again() {
        let budget = Budget::new();
        let taken = (0..1000).filter(|_| budget.take()).count();
        assert_eq!(taken, (Budget::CAPACITY / Budget::COST) as usize);
        (0..4).for_each(|_| budget.give(1));
        assert!(!budget.take());
        budget.give(1);
        assert!(budget.take());
        budget.give(2);
        assert!(budget.take() && !budget.take());
        (0..10_000).for_each(|_| budget.give(3));
        assert_eq!((0..1000).filter(|_| budget.take()).count(), taken);
    }
}
