//! Code of the caller's that may panic, and must not take more down with it.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

/// Runs a future of the caller's; `None` if it panics, which only a log gets to know more of.
///
/// Nothing that the future shares with us can be left half done: it owns what it got.
pub(crate) async fn caught<T>(what: &str, name: &str, work: impl Future<Output = T>) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => Some(done),
        Err(panic) => {
            tell(what, name, panic.as_ref());
            None
        }
    }
}

#[cfg(feature = "tracing")]
fn tell(what: &str, name: &str, panic: &(dyn Any + Send)) {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(name, panic = text.unwrap_or("of no text"), "{what} panicked");
}

#[cfg(not(feature = "tracing"))]
fn tell(_what: &str, _name: &str, _panic: &(dyn Any + Send)) {}

#[cfg(test)]
#[cfg(feature = "tracing")]
mod tests {
    use std::fmt;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Writes down the fields of events.
    #[derive(Clone, Default)]
    struct Events(Arc<Mutex<String>>);

    impl Visit for Events {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            use fmt::Write as _;
            write!(self.0.lock().unwrap(), "{field}={value:?};").unwrap();
        }
    }

    impl Subscriber for Events {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn the_log_alone_learns_what_a_panic_said() {
        let events = Events::default();
        let text = String::from("of a String");
        tracing::subscriber::with_default(events.clone(), || {
            let run = |work: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
                caught("a function", "f", work).now_or_never().unwrap()
            };
            assert_eq!(run(Box::pin(async { panic!("of a literal") })), None);
            assert_eq!(run(Box::pin(async move { panic!("{text}") })), None);
            assert_eq!(run(Box::pin(async { std::panic::panic_any(1) })), None);
            assert_eq!(run(Box::pin(async {})), Some(()));
        });
        let written = events.0.lock().unwrap().clone();
        assert_eq!(written.matches("message=a function panicked;").count(), 3, "{written}");
        for panic in ["of a literal", "of a String", "of no text"] {
            assert!(written.contains(&format!("name=\"f\";panic=\"{panic}\";")), "{written}");
        }
    }
}
