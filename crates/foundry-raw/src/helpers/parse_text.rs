//! The answer of a model as a value of a type.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// How much of a text an error shows.
const SHOWN: usize = 2 << 10;

/// A text that is not JSON of the type that it was to be read as.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParseTextError {
    /// The whole text, as the model wrote it.
    pub text: String,
    source: serde_json::Error,
}

/// Says what is wrong and where, and shows the text: its first 2 KiB.
impl fmt::Display for ParseTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not what it was read as: {}; it is ", self.source)?;
        let end = char_boundary(&self.text, SHOWN);
        let more = if end < self.text.len() { "…" } else { "" };
        write!(f, "\"{}{more}\"", &self.text[..end])
    }
}

impl std::error::Error for ParseTextError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Reads the text that a model wrote as JSON, whatever white space, byte order mark or Markdown fence
/// stands around it.
///
/// A strict format has every property required, so what a type may leave out comes as null, which
/// Rust's types take for an `Option` alone: what does not decode is tried again without its nulls.
///
/// ```
/// let numbers: Vec<u8> = foundry_raw::parse_text("```json\n[1, 2]\n```")?;
/// assert_eq!(numbers, [1, 2]);
/// # Ok::<(), foundry_raw::ParseTextError>(())
/// ```
///
/// # Errors
/// [`ParseTextError`], which shows the text, if it is no JSON or not of this type.
pub fn parse_text<T: DeserializeOwned>(text: &str) -> Result<T, ParseTextError> {
    let json = unfenced(text);
    serde_json::from_str(json).or_else(|source| {
        let without_nulls = serde_json::from_str::<Value>(json).ok().map(|mut value| {
            drop_nulls(&mut value);
            serde_json::from_value(value)
        });
        match without_nulls {
            Some(Ok(value)) => Ok(value),
            // The first error has a line and a column, and is about what was written.
            _ => Err(ParseTextError { text: text.to_owned(), source }),
        }
    })
}

/// Takes out the properties that are null.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(properties) => properties.retain(|_, value| {
            drop_nulls(value);
            !value.is_null()
        }),
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// The text without the fence around it, if there is one.
fn unfenced(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let inner = || {
        let inner = text.strip_prefix("```")?.strip_suffix("```")?;
        // The rest of the first line is the name of a language.
        let (language, inner) = inner.split_once('\n')?;
        language.trim().chars().all(|c| c.is_ascii_alphanumeric()).then_some(inner.trim())
    };
    inner().unwrap_or(text)
}

/// The last end of a character that is not behind `index`.
fn char_boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_json_does_not_matter() {
        for text in [
            "{\"a\":1}",
            "  {\"a\":1}\n",
            "\u{feff}{\"a\":1}",
            "```json\n{\"a\":1}\n```",
            "```\n{\"a\":1}\n```\n",
            "\n```JSON  \r\n{\"a\":1}\r\n```",
        ] {
            let value: serde_json::Value = parse_text(text).unwrap();
            assert_eq!(value, serde_json::json!({ "a": 1 }), "{text}");
        }
    }

    #[test]
    fn null_counts_as_left_out() {
        #[derive(Debug, serde::Deserialize, PartialEq)]
        struct Answer {
            city: String,
            #[serde(default)]
            days: Vec<Day>,
            note: Option<String>,
        }
        #[derive(Debug, serde::Deserialize, PartialEq)]
        struct Day {
            #[serde(default)]
            rain: u8,
        }
        let answer: Answer = parse_text(r#"{"city":"Rome","days":[{"rain":null}],"note":null}"#).unwrap();
        assert_eq!(answer, Answer { city: "Rome".to_owned(), days: vec![Day { rain: 0 }], note: None });
        let error = parse_text::<Answer>(r#"{"city":null}"#).unwrap_err();
        assert!(error.to_string().contains("invalid type: null, expected a string"), "{error}");
    }

    #[test]
    fn an_error_says_where_and_shows_the_text() {
        for (text, expected) in [
            ("Howdy.", "the text is not what it was read as: expected value at line 1 column 1; it is \"Howdy.\""),
            ("", "the text is not what it was read as: EOF while parsing a value at line 1 column 0; it is \"\""),
            ("```", "the text is not what it was read as: expected value at line 1 column 1; it is \"```\""),
            (
                "[1, \"x\"]",
                "the text is not what it was read as: invalid type: string \"x\", expected u8 at line 1 column 7; it is \"[1, \"x\"]\"",
            ),
        ] {
            let error = parse_text::<Vec<u8>>(text).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.text, text);
        }
    }

    #[test]
    fn long_texts_are_shown_in_part_and_kept_whole() {
        let text = "é".repeat(2_000);
        let error = parse_text::<u8>(&text).unwrap_err();
        let shown = error.to_string();
        assert_eq!(shown.matches('é').count(), 1_024);
        assert!(shown.ends_with("…\""));
        assert_eq!(error.text, text);
    }
}
