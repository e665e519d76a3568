//! What another program said, made fit to be shown.

/// How many characters of it are shown.
const SHOWN: usize = 500;
/// From which length on a run of characters is taken for a token; a GUID has 36.
const TOKEN: usize = 40;

/// One line of it, cut, without what looks like a token.
pub(super) fn shown(text: &str) -> String {
    let mut line = String::new();
    let mut rest = text.trim();
    let mut secret = false;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(rest.find(|c| !in_token(c)).unwrap_or(rest.len()));
        let (gap, next) = after.split_at(after.find(in_token).unwrap_or(after.len()));
        if secret && !run.is_empty() {
            line.push_str(REDACTED);
        } else if run.starts_with('/') {
            // A path, or what follows `https:`: each part for itself.
            let parts: Vec<&str> = run.split('/').map(without_token).collect();
            line.push_str(&parts.join("/"));
        } else {
            line.push_str(without_token(run));
        }
        secret = announces_secret(run, gap);
        for c in gap.chars() {
            match c {
                _ if c.is_whitespace() && line.ends_with(' ') => {}
                _ if c.is_whitespace() => line.push(' '),
                _ if c.is_control() => {}
                _ => line.push(c),
            }
        }
        rest = next;
    }
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    line
}

const REDACTED: &str = "REDACTED";

/// Whether tokens have this character. Names and values are told apart by `=`, so it is none.
fn in_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~+/".contains(c)
}

fn without_token(run: &str) -> &str {
    // Each JSON object in base64 begins with `eyJ`, and so does each JWT.
    if run.len() >= TOKEN || (run.starts_with("eyJ") && run.len() > 3) { REDACTED } else { run }
}

/// Whether what follows is a secret by its name: `"accessToken": "…"`, `client_secret=…`, `Bearer …`.
fn announces_secret(name: &str, gap: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if gap.contains([':', '=']) {
        ["token", "secret", "password", "assertion"].iter().any(|word| name.ends_with(word))
    } else {
        name == "bearer"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_is_shown() {
        for text in [
            "ERROR: Please run 'az login' to setup account.",
            "AADSTS70043: The refresh token has expired. Trace ID: 1b0ba6ac-4bf0-4ba0-9a4b-8a3f5e0a1c00",
            "Please run: az login --tenant \"contoso.onmicrosoft.com\" --scope \"https://ai.azure.com/.default\"",
            "Get \"https://login.microsoftonline.com/1b0ba6ac-4bf0-4ba0-9a4b-8a3f5e0a1c00/oauth2/v2.0/authorize\"",
            "/opt/az/lib/python3.12/site-packages/azure/cli/core/auth/identity.py:12: Não há conta.",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("\n one\r\n\t two \u{1b}[0m\n"), "one two [0m");
    }

    #[test]
    fn what_looks_like_a_token_is_not() {
        let long = "0.AXoAplanted-_~".repeat(3);
        for text in [
            format!("got {long} back"),
            format!("'{long}'"),
            format!("https://host.example/{long}?code={long}"),
            format!("base64/{long}+/=="),
            "eyJplanted".to_owned(),
            "eyJplanted.eyJplanted.planted".to_owned(),
            r#"{"accessToken": "planted", "refresh_token":"planted"}"#.to_owned(),
            "client_secret=planted&x=1".to_owned(),
            "Authorization: Bearer planted".to_owned(),
        ] {
            let shown = shown(&text);
            assert!(!shown.contains("planted"), "{text}: {shown}");
            assert!(shown.contains(REDACTED), "{text}: {shown}");
        }
    }

    #[test]
    fn it_is_cut_after_it_was_redacted() {
        let text = format!("{} {}", "a ".repeat(247), "eyJplanted".repeat(9));
        assert!(shown(&text).ends_with("a REDACT…"), "{}", shown(&text));
        assert_eq!(shown(&"é ".repeat(9999)).chars().count(), SHOWN + 1);
    }
}
