//! URLs and texts as they may be shown: without credentials and signatures.

use url::Url;

/// What stands for a secret.
const REDACTED: &str = "REDACTED";

/// Parts of names of query parameters whose values are secret.
const SECRET: &[&str] = &["sig", "code", "key", "token", "secret", "password", "credential"];

/// A URL without credentials, and without the values of query parameters that may be secret: the
/// signature of a shared access signature, a key, a token.
pub(crate) fn url(url: &Url) -> Url {
    let mut shown = url.clone();
    // These only fail for URLs that cannot have them.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        SECRET.iter().any(|word| name.contains(word))
    };
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if is_secret(&name) { REDACTED.to_owned() } else { value.into_owned() };
                (name.into_owned(), value)
            })
            .collect();
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_gone_and_the_rest_stays() {
        for (text, shown) in [
            ("https://u:planted@r.example/a?api-version=v1", "https://r.example/a?api-version=v1"),
            (
                "https://b.example/c?sv=2024&sp=rw&sig=planted%2B&se=2026",
                "https://b.example/c?sv=2024&sp=rw&sig=REDACTED&se=2026",
            ),
            ("https://r.example/a?Subscription-KEY=planted", "https://r.example/a?Subscription-KEY=REDACTED"),
            ("https://r.example/a?access_token=planted&x=1", "https://r.example/a?access_token=REDACTED&x=1"),
            ("https://r.example/a?after=thread_1&limit=5", "https://r.example/a?after=thread_1&limit=5"),
        ] {
            assert_eq!(url(&Url::parse(text).unwrap()).as_str(), shown);
        }
    }
}
