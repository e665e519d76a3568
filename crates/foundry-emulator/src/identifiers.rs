//! Ids that look like the service's and are the same in every run.

use crate::numbers::Numbers;

/// The characters of an id after its prefix.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters follow the prefix.
const LENGTH: usize = 24;

/// The ids of one project, one after the other.
#[derive(Debug)]
pub(crate) struct Identifiers {
    numbers: Numbers,
}

impl Identifiers {
    /// Ids that depend on the seed and the project only, so that two projects do not share ids.
    pub(crate) fn new(seed: u64, project: &str) -> Self {
        Self { numbers: Numbers::new(seed ^ fingerprint(project).rotate_left(17)) }
    }

    /// The next id with this prefix.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        let mut id = String::with_capacity(prefix.len() + LENGTH);
        id.push_str(prefix);
        for _ in 0..LENGTH {
            let index = (self.numbers.next() % ALPHABET.len() as u64) as usize;
            id.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
        id
    }
}

/// A number that stands for a text: FNV-1a, for std's hashers promise no fixed result.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_look_like_the_services() {
        let id = Identifiers::new(1, "demo").next("thread_");
        let tail = id.strip_prefix("thread_").unwrap();
        assert_eq!(tail.len(), 24);
        assert!(tail.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn equal_seeds_give_equal_ids_and_projects_differ() {
        let first = Identifiers::new(7, "demo").next("run_");
        assert_eq!(first, Identifiers::new(7, "demo").next("run_"));
        assert_ne!(first, Identifiers::new(8, "demo").next("run_"));
        assert_ne!(first, Identifiers::new(7, "other").next("run_"));
    }

    #[test]
    fn ids_do_not_repeat() {
        let mut identifiers = Identifiers::new(0, "demo");
        let ids: BTreeSet<String> = (0..10_000).map(|_| identifiers.next("")).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
