//! How far an upload or a download is, and who is told.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// How far an upload or a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many bytes of the file were handed over so far.
    pub bytes: u64,
    /// How many bytes the file has, if that is known.
    pub total: Option<u64>,
}

impl Progress {
    /// The part that is done, from 0 to 1; `None` if the total is unknown.
    ///
    /// An empty file is done from the start.
    pub fn fraction(&self) -> Option<f64> {
        match self.total? {
            0 => Some(1.0),
            total => Some((self.bytes as f64 / total as f64).min(1.0)),
        }
    }
}

/// What is called with progress.
pub(crate) struct Callback<P>(Arc<dyn Fn(P) + Send + Sync>);

impl<P> Callback<P> {
    pub(crate) fn new(callback: impl Fn(P) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    /// Tells it. If it panics, the work that it is told about goes on.
    pub(crate) fn tell(&self, progress: P) {
        // Nothing of ours is in there that could be left half done.
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| (self.0)(progress)));
        if told.is_err() {
            log_panic();
        }
    }
}

#[cfg(feature = "tracing")]
fn log_panic() {
    tracing::error!("a callback for progress panicked");
}

#[cfg(not(feature = "tracing"))]
fn log_panic() {}

impl<P> Clone for Callback<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> fmt::Debug for Callback<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// Counts bytes, and tells each time.
#[derive(Debug)]
pub(crate) struct Counter {
    progress: Progress,
    callback: Option<Callback<Progress>>,
}

impl Counter {
    /// Counts from 0, which is told.
    pub(crate) fn start(total: Option<u64>, callback: Option<Callback<Progress>>) -> Self {
        let counter = Self { progress: Progress { bytes: 0, total }, callback };
        counter.tell();
        counter
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.progress.bytes += bytes as u64;
        self.tell();
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.progress.bytes
    }

    fn tell(&self) {
        if let Some(callback) = &self.callback {
            callback.tell(self.progress);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn the_part_that_is_done_is_between_nothing_and_all() {
        let fraction = |bytes, total| Progress { bytes, total }.fraction();
        for (bytes, total, expected) in
            [(0, Some(4), Some(0.0)), (1, Some(4), Some(0.25)), (4, Some(4), Some(1.0)), (5, Some(4), Some(1.0))]
        {
            assert_eq!(fraction(bytes, total), expected);
        }
        assert_eq!((fraction(0, Some(0)), fraction(7, None)), (Some(1.0), None));
    }

    #[test]
    fn a_callback_that_panics_is_told_on() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let callback = Callback::new(move |progress: Progress| {
            heard.lock().unwrap().push(progress.bytes);
            assert_ne!(progress.bytes, 3, "planned");
        });
        let mut counter = Counter::start(Some(5), Some(callback));
        counter.add(3);
        counter.add(2);
        assert_eq!((*told.lock().unwrap()).clone(), [0, 3, 5]);
    }
}
