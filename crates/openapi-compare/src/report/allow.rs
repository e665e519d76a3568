//! Changes that are known and taken as they are: fingerprints, each with a reason.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;

/// The fingerprints of changes that are allowed, each with the reason.
///
/// Written as a line for each, `#` beginning a comment:
///
/// ```text
/// # agreed with the team of the portal
/// 3f5a9c0d12e4b678 nobody ever sent this property
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowances {
    reasons: BTreeMap<String, String>,
}

/// Why a list of allowances cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct AllowancesError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what to do.
    pub reason: String,
}

impl Allowances {
    /// Reads a list of allowances.
    ///
    /// # Errors
    ///
    /// When a line does not begin with a fingerprint, has no reason, or names a fingerprint a second time.
    pub fn parse(text: &str) -> Result<Self, AllowancesError> {
        let mut reasons = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |reason: String| AllowancesError { line: index + 1, reason };
            let (fingerprint, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let fingerprint = fingerprint.trim_end_matches(':').to_ascii_lowercase();
            if fingerprint.len() != 16 || !fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let shown: String = fingerprint.chars().take(40).collect();
                return Err(wrong(format!(
                    "{shown:?} is no fingerprint: write the 16 hexadecimal digits that the report shows"
                )));
            }
            if reason.trim().is_empty() {
                return Err(wrong(format!("{fingerprint} has no reason; say after it why the change is allowed")));
            }
            if reasons.insert(fingerprint.clone(), reason.trim().to_owned()).is_some() {
                return Err(wrong(format!("{fingerprint} stands in the list twice; remove one of the lines")));
            }
        }
        Ok(Self { reasons })
    }
}

impl Report {
    /// Marks the changes that are allowed, and returns the fingerprints that no longer occur, in order.
    pub fn allow(&mut self, allowances: &Allowances) -> Vec<String> {
        let mut left: BTreeSet<&String> = allowances.reasons.keys().collect();
        for change in &mut self.changes {
            if let Some((fingerprint, reason)) = allowances.reasons.get_key_value(&change.fingerprint) {
                change.allowed = Some(reason.clone());
                left.remove(fingerprint);
            }
        }
        left.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fingerprints_with_their_reasons() {
        let text = "# known\n\n3f5a9c0d12e4b678 nobody sent it\n00000000000000AB:\tagreed  \n";
        let reasons = Allowances::parse(text).unwrap().reasons;
        let expected = [("00000000000000ab", "agreed"), ("3f5a9c0d12e4b678", "nobody sent it")];
        assert_eq!(reasons, expected.map(|(one, other)| (one.to_owned(), other.to_owned())).into());
    }

    #[test]
    fn refuses_what_says_too_little() {
        for (text, line, said) in [
            ("3f5a9c0d12e4b678", 1, "has no reason"),
            ("\n3f5a9c0d12e4b678   ", 2, "has no reason"),
            ("xyz because", 1, "is no fingerprint"),
            ("3f5a9c0d12e4b67 short", 1, "is no fingerprint"),
            ("3f5a9c0d12e4b678 a\n3F5A9C0D12E4B678 b", 2, "twice"),
        ] {
            let error = Allowances::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
            assert!(error.to_string().contains(said), "{text}: {error}");
        }
    }
}
