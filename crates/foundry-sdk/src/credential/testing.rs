//! What the tests of credentials share: a clock, sources, and a look at all that an error shows.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_core::future::BoxFuture;

use super::access_token::AccessToken;
use super::{Credential, Kind};
use crate::clock::Clock;
use crate::error::{Error, Result};

/// What no error and no `Debug` may show.
pub(super) const PLANTED: &str = "planted-secret";

/// The seconds since 1970 at which a [`TestClock`] starts.
pub(super) const START: u64 = 1_752_587_137;

pub(super) const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn second(number: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(number)
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub(super) struct TestClock {
    time: Mutex<SystemTime>,
    /// Whether what is waited for is over at once; else it never is.
    impatient: bool,
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(super) fn patient() -> Arc<Self> {
        Arc::new(Self { time: Mutex::new(second(START)), impatient: false, slept: Mutex::default() })
    }

    pub(super) fn impatient() -> Arc<Self> {
        Arc::new(Self { time: Mutex::new(second(START)), impatient: true, slept: Mutex::default() })
    }

    pub(super) fn set(&self, since_start: Duration) {
        *self.time.lock().unwrap() = second(START) + since_start;
    }

    pub(super) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn system_time(&self) -> SystemTime {
        *self.time.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.slept.lock().unwrap().push(duration);
        if self.impatient { Box::pin(async {}) } else { Box::pin(std::future::pending()) }
    }
}

/// A credential whose tokens are what `answer` makes of the number of the question, from 1 on; and
/// how often it was asked.
pub(super) fn answering<Fut, E>(
    answer: impl Fn(usize) -> Fut + Send + Sync + 'static,
) -> (Credential, impl Fn() -> usize)
where
    Fut: Future<Output = Result<AccessToken, E>> + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let credential = Credential::from_fn(move |_| answer(count.fetch_add(1, Ordering::SeqCst) + 1));
    (credential, move || asked.load(Ordering::SeqCst))
}

/// The value of the header, checked to be marked as sensitive.
pub(super) async fn sent(credential: &Credential, clock: &Arc<TestClock>) -> Result<String> {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    let (_, value) = credential.header(&clock).await?;
    assert!(value.is_sensitive());
    Ok(value.to_str().unwrap().to_owned())
}

/// All that an error shows: `Display` and `Debug`, its own and those of its sources.
pub(super) fn all_of(error: &Error) -> String {
    let mut all = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        write!(all, " {error} {error:?}").unwrap();
        source = error.source();
    }
    all
}

/// Whether two credentials share what they keep.
pub(super) fn share(one: &Credential, other: &Credential) -> bool {
    match (&one.0, &other.0) {
        (Kind::Fixed(one), Kind::Fixed(other)) => Arc::ptr_eq(one, other),
        (Kind::Asked(one), Kind::Asked(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

/// A credential of the Azure SDK that gives what it is made of, and keeps what it was asked for.
#[cfg(feature = "azure-identity")]
#[derive(Debug)]
pub(super) struct AzureCredential {
    pub(super) answer: Answer,
    pub(super) scopes: Mutex<Vec<String>>,
}

#[cfg(feature = "azure-identity")]
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// A token that ends an hour after the clock's start.
    Token(&'static str),
    Failure(&'static str),
    /// None, ever.
    Nothing,
}

#[cfg(feature = "azure-identity")]
impl AzureCredential {
    pub(super) fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self { answer, scopes: Mutex::default() })
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

#[cfg(feature = "azure-identity")]
impl ::azure_core::credentials::TokenCredential for AzureCredential {
    fn get_token<'s, 'scopes, 'scope, 'options, 'future>(
        &'s self,
        scopes: &'scopes [&'scope str],
        options: Option<::azure_core::credentials::TokenRequestOptions<'options>>,
    ) -> BoxFuture<'future, ::azure_core::Result<::azure_core::credentials::AccessToken>>
    where
        's: 'future,
        'scopes: 'future,
        'scope: 'future,
        'options: 'future,
        Self: 'future,
    {
        assert!(options.is_none());
        self.scopes.lock().unwrap().push(scopes.join(" "));
        Box::pin(async {
            match self.answer {
                Answer::Token(token) => {
                    let ends = (second(START) + HOUR).into();
                    Ok(::azure_core::credentials::AccessToken::new(token, ends))
                }
                Answer::Failure(message) => {
                    Err(::azure_core::Error::with_message(::azure_core::error::ErrorKind::Credential, message))
                }
                Answer::Nothing => std::future::pending().await,
            }
        })
    }
}
