//! Which bytes of a blob a request asks for.

use axum::http::header::RANGE;
use axum::http::{HeaderMap, HeaderName};

/// What the storage's own clients send, and what goes before the usual header.
const STORAGE_RANGE: HeaderName = HeaderName::from_static("x-ms-range");

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    /// From the first byte up to the one that is not part of it any more.
    Part {
        start: usize,
        end: usize,
    },
    /// Bytes that are not there.
    Nothing,
}

/// The part that a request asks for of so many bytes. What is no range is none, as HTTP has it.
pub(super) fn asked(headers: &HeaderMap, length: usize) -> Asked {
    let given = headers.get(STORAGE_RANGE).or_else(|| headers.get(RANGE));
    let ends = given
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = ends else {
        return Asked::Whole;
    };
    let (Ok(start), Ok(last)) = (first.parse::<usize>(), if last.is_empty() { Ok(usize::MAX) } else { last.parse() })
    else {
        return Asked::Whole;
    };
    match (start < length, start <= last) {
        (_, false) => Asked::Whole,
        (false, true) => Asked::Nothing,
        (true, true) => Asked::Part { start, end: last.saturating_add(1).min(length) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        for (given, expected) in [
            ("bytes=0-3", Asked::Part { start: 0, end: 4 }),
            ("bytes=9-9", Asked::Part { start: 9, end: 10 }),
            ("bytes=4-", Asked::Part { start: 4, end: 10 }),
            ("bytes=4-1000", Asked::Part { start: 4, end: 10 }),
            ("bytes=0-18446744073709551615", Asked::Part { start: 0, end: 10 }),
            ("bytes=10-", Asked::Nothing),
            ("bytes=5-4", Asked::Whole),
            ("bytes=-3", Asked::Whole),
            ("lines=1-2", Asked::Whole),
        ] {
            for name in [RANGE, STORAGE_RANGE] {
                let headers = HeaderMap::from_iter([(name, given.parse().unwrap())]);
                assert_eq!(asked(&headers, 10), expected, "{given}");
            }
        }
        assert_eq!(asked(&HeaderMap::new(), 10), Asked::Whole);
        let headers = HeaderMap::from_iter([(RANGE, "bytes=0-".parse().unwrap())]);
        assert_eq!(asked(&headers, 0), Asked::Nothing);
    }

    #[test]
    fn the_storages_own_header_goes_first() {
        let both = [(RANGE, "bytes=1-1".parse().unwrap()), (STORAGE_RANGE, "bytes=2-2".parse().unwrap())];
        assert_eq!(asked(&HeaderMap::from_iter(both), 10), Asked::Part { start: 2, end: 3 });
    }
}
