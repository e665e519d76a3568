//! Times to wait that stand in a message for people.

use std::time::Duration;

/// What stands before such a time.
const BEFORE: &[&str] = &["try again in ", "retry after ", "retry in ", "try again after "];

/// Longer times are no answer to "when may I try again".
const LONGEST: f64 = 7.0 * 24.0 * 3600.0;

/// The time that a message asks to wait: `Try again in 21 seconds.`, `in 1m30s`, `after 350ms`.
pub(crate) fn retry_after(message: &str) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    BEFORE.iter().find_map(|before| {
        let (_, rest) = message.split_once(before)?;
        duration(rest)
    })
}

/// Numbers with units, as far as they go.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = None;
    loop {
        let trimmed = rest.trim_start();
        let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        // A full stop at the end of the sentence is no part of the number.
        let number = trimmed[..end].trim_end_matches('.');
        let Ok(number) = number.parse::<f64>() else { break };
        let after = trimmed[end..].trim_start();
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let factor = match &after[..unit_end] {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => break,
        };
        *seconds.get_or_insert(0.0) += number * factor;
        rest = &after[unit_end..];
    }
    seconds.filter(|seconds| (0.0..=LONGEST).contains(seconds)).map(Duration::from_secs_f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_that_services_use_are_understood() {
        for (message, millis) in [
            ("Rate limit is exceeded. Try again in 21 seconds.", Some(21_000)),
            ("Please try again in 1 second.", Some(1_000)),
            ("Please try again in 6m0s. Visit", Some(360_000)),
            ("Please try again in 1m30.5s.", Some(90_500)),
            ("try again in 342ms", Some(342)),
            ("Please retry after 60 seconds.", Some(60_000)),
            ("Please retry after 2 minutes.", Some(120_000)),
            ("Try again in 1 hour.", Some(3_600_000)),
            ("Try again in 0 seconds", Some(0)),
            ("Try again in a few seconds.", None),
            ("Try again in 21", None),
            ("Try again in 9999999999999999999999 days", None),
            ("Try again later.", None),
            ("It took 21 seconds.", None),
            ("", None),
        ] {
            assert_eq!(retry_after(message), millis.map(Duration::from_millis), "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let _ = retry_after(&format!("Try again in {text}"));
        }

        #[test]
        fn whole_seconds_are_read_as_they_are_written(seconds in 0_u64..604_800, before in "[a-z .]{0,20}") {
            let message = format!("{before} Try again in {seconds} seconds.");
            prop_assert_eq!(retry_after(&message), Some(Duration::from_secs(seconds)));
        }
    }
}
