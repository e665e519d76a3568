//! Descriptions as doc comments.

/// A description as lines of a doc comment, with what Markdown or rustdoc would misread escaped.
pub(crate) fn lines(indent: &str, description: &str) -> String {
    let mut text = String::new();
    for line in description.trim().lines() {
        let line = escape(line.trim_end());
        text.push_str(indent);
        text.push_str("///");
        if !line.is_empty() {
            text.push(' ');
            text.push_str(&line);
        }
        text.push('\n');
    }
    text
}

/// Brackets would be links and angle brackets HTML; between backticks both stand for themselves.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    let mut in_code = false;
    for c in line.chars() {
        match c {
            '`' => in_code = !in_code,
            '[' | ']' | '<' | '>' if !in_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_escaped_outside_of_code() {
        assert_eq!(
            lines("  ", "A [b] `Vec<[c]>` <d>.\n\nE."),
            "  /// A \\[b\\] `Vec<[c]>` \\<d\\>.\n  ///\n  /// E.\n"
        );
    }
}
