//! The lines in front of a part's content: what it is called, and the file's name in every spelling that is read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 5987 leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file's name and what its content is.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) media_type: &'a str,
}

/// The head of a part, up to its content.
pub(super) fn head(boundary: &str, name: &str, media_type: Option<&str>, file: Option<File<'_>>) -> String {
    let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    if let Some(file) = file {
        head.push_str(&file_name(file.name));
    }
    if let Some(media_type) = file.map(|file| file.media_type).or(media_type) {
        head.push_str("\r\nContent-Type: ");
        head.push_str(media_type);
    }
    head.push_str("\r\n\r\n");
    head
}

/// The parameters for a file's name.
///
/// `filename` holds UTF-8 as it is, as browsers send it (RFC 7578). Where servers read it differently,
/// `filename*` follows with the name percent-encoded, which those that know it prefer. It follows, for
/// some that do not know it find no name at all if it comes first.
fn file_name(name: &str) -> String {
    let mut text = "; filename=\"".to_owned();
    for (index, character) in name.char_indices() {
        match character {
            '"' => text.push_str("\\\""),
            // It would be taken for the escape of the quote that ends the name.
            '\\' if index + 1 == name.len() => text.push_str("%5C"),
            other => text.push(other),
        }
    }
    text.push('"');
    if !name.is_ascii() || name.contains(['"', '\\', '%']) {
        text.push_str("; filename*=UTF-8''");
        text.extend(utf8_percent_encode(name, PLAIN));
    }
    text
}

/// Why a text cannot be a file's name.
pub(super) fn check_file_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the file has no name".to_owned());
    }
    if name.contains(char::is_control) {
        return Err(format!("the file's name {name:?} has control characters, such as a line break, in it"));
    }
    Ok(())
}

/// Why a text cannot say what a content is.
pub(super) fn check_media_type(media_type: &str) -> Result<(), String> {
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is_good = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if is_good && media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(());
    }
    Err(format!("{media_type:?} is no content type"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_written_so_that_servers_read_it() {
        for (name, written) in [
            ("a b.txt", r#"; filename="a b.txt""#),
            ("docs/a.txt", r#"; filename="docs/a.txt""#),
            ("a;b'c.txt", r#"; filename="a;b'c.txt""#),
            ("Ü.txt", r#"; filename="Ü.txt"; filename*=UTF-8''%C3%9C.txt"#),
            (r#"a"b.txt"#, r#"; filename="a\"b.txt"; filename*=UTF-8''a%22b.txt"#),
            (r"a\b.txt", r#"; filename="a\b.txt"; filename*=UTF-8''a%5Cb.txt"#),
            (r"a\", r#"; filename="a%5C"; filename*=UTF-8''a%5C"#),
            ("100%.txt", r#"; filename="100%.txt"; filename*=UTF-8''100%25.txt"#),
        ] {
            assert_eq!(file_name(name), written);
            assert_eq!(check_file_name(name), Ok(()));
        }
        for bad in ["", "a\nb", "a\r", "\0", "a\u{7f}", "a\u{85}b"] {
            assert!(check_file_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_content_types_are_content_types() {
        for good in ["text/plain", "text/plain; charset=utf-8", "application/vnd.ms-excel+x", "x/y"] {
            assert_eq!(check_media_type(good), Ok(()), "{good}");
        }
        for bad in ["", "text", "/", "text/", "a b/c", "text/plain\r\nx: y", "text/plain; a=ü"] {
            assert!(check_media_type(bad).is_err(), "{bad:?}");
        }
    }
}
