//! What fuzzing started from and came across passes the checks of the fuzz targets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

// Built here too, where neither a nightly compiler nor libFuzzer is needed.
#[path = "../fuzz/src/checks.rs"]
pub mod checks;

/// What a check says of every file of a target's corpus.
fn over_corpus<T>(target: &str, check: fn(&[u8]) -> T) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap();
    let checked = files.map(|file| {
        let path = file.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        catch_unwind(AssertUnwindSafe(|| check(&input))).unwrap_or_else(|panic| {
            eprintln!("that was {}", path.display());
            resume_unwind(panic)
        })
    });
    checked.collect()
}

#[test]
fn decoding_holds_what_it_must() {
    let decoded = over_corpus("decode", checks::decode);
    let count = |wanted: bool| decoded.iter().filter(|decoded| **decoded == wanted).count();
    // There are files of both sorts, and they are read as what they are.
    assert!(count(true) > 50 && count(false) > 20, "{} decoded, {} did not", count(true), count(false));
}

#[test]
fn events_hold_what_they_must() {
    let events: usize = over_corpus("events", checks::events).into_iter().sum();
    assert!(events > 50, "{events} events");
}

#[test]
fn answers_become_values_or_errors() {
    let succeeded = over_corpus("answers", checks::answers);
    let count = |wanted: bool| succeeded.iter().filter(|succeeded| **succeeded == wanted).count();
    assert!(count(true) > 4 && count(false) > 10, "{} succeeded, {} did not", count(true), count(false));
}
