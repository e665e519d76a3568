//! What a model wrote as arguments, decoded.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// As many references as are followed without a step into the value.
const MOST_REFERENCES: usize = 16;

/// Decodes arguments, of which `schema` is the plain schema; an error is in words for the model.
pub(super) fn read<A: DeserializeOwned>(text: &str, schema: &Value) -> Result<A, String> {
    // Some models write nothing where there is nothing to give.
    let text = if text.trim().is_empty() { "{}" } else { text };
    forgiving(text, schema).map_err(|error| format!("the arguments do not fit the function's parameters: {error}"))
}

/// Decodes what a model wrote.
///
/// A strict schema has everything required, so a model that has nothing to give writes null, which
/// Rust's types take for an `Option` alone; models do so without being strict, too. What does not
/// decode is therefore tried again without the nulls that the plain schema does not take. A type
/// without fields is written as `{}`, and read from null if it is a unit.
pub(super) fn forgiving<T: DeserializeOwned>(text: &str, schema: &Value) -> Result<T, serde_json::Error> {
    let first = match serde_json::from_str(text) {
        Ok(decoded) => return Ok(decoded),
        Err(error) => error,
    };
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Err(first) };
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return serde_json::from_value(Value::Null).map_err(|_| first);
    }
    drop_nulls(&mut value, &[schema], schema);
    // The first error has a line and a column, and is about what was written.
    serde_json::from_value(value).map_err(|_| first)
}

/// Takes the properties out that are null where none of the schemas takes it.
fn drop_nulls(value: &mut Value, schemas: &[&Value], root: &Value) {
    let mut parts = Vec::new();
    schemas.iter().for_each(|schema| parts_of(schema, root, 0, &mut parts));
    match value {
        Value::Object(properties) => properties.retain(|name, value| {
            let known = parts.iter().filter_map(|part| part.get("properties")?.get(name));
            let known: Vec<&Value> = known.collect();
            if value.is_null() {
                return known.is_empty() || known.iter().any(|schema| takes_null(schema, root));
            }
            drop_nulls(value, &known, root);
            true
        }),
        Value::Array(items) => {
            let known: Vec<&Value> = parts.iter().filter_map(|part| part.get("items")).collect();
            items.iter_mut().for_each(|item| drop_nulls(item, &known, root));
        }
        _ => {}
    }
}

/// A schema, and those it refers to or is combined of.
fn parts_of<'a>(schema: &'a Value, root: &'a Value, references: usize, parts: &mut Vec<&'a Value>) {
    parts.push(schema);
    if references > MOST_REFERENCES {
        return;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'))
        && let Some(schema) = root.pointer(target)
    {
        parts_of(schema, root, references + 1, parts);
    }
    let combined = ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| schema.get(keyword)?.as_array());
    combined.flatten().for_each(|schema| parts_of(schema, root, references + 1, parts));
}

/// Whether null may be what is meant: so it is where nothing is said of types.
fn takes_null(schema: &Value, root: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    let mut parts = Vec::new();
    parts_of(schema, root, 0, &mut parts);
    let mut types = parts.iter().filter_map(|part| part.get("type")).peekable();
    types.peek().is_none()
        || types.any(|kinds| is_null(kinds) || kinds.as_array().is_some_and(|kinds| kinds.iter().any(is_null)))
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::functions::described;

    fn read<T: DeserializeOwned + JsonSchema>(text: &str) -> Result<T, String> {
        super::read(text, &described::<T>().0)
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Page {
        query: String,
        #[serde(default = "ten")]
        limit: u8,
        after: Option<String>,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
    #[serde(default)]
    struct Inner {
        deep: bool,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Mixed {
        /// Null is the only value.
        unit: (),
        #[serde(default)]
        number: u8,
        picked: Picked,
        any: Value,
        #[serde(default)]
        next: Vec<Mixed>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    enum Picked {
        Maybe(Option<u8>),
        Page(Page),
    }

    fn ten() -> u8 {
        10
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Unit;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Empty {}

    #[test]
    fn null_stands_for_what_is_left_out() {
        let page = |limit, inner| Page { query: "a".to_owned(), limit, after: None, inner };
        for (text, expected) in [
            (r#"{"query":"a","limit":3}"#, page(3, vec![])),
            (r#"{"query":"a","limit":null,"after":null,"inner":null}"#, page(10, vec![])),
            (r#"{"query":"a","inner":[{"deep":null}]}"#, page(10, vec![Inner::default()])),
        ] {
            assert_eq!(read::<Page>(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn null_stays_where_it_is_a_value() {
        let mixed = |picked, next| Mixed { unit: (), number: 0, picked, any: Value::Null, next };
        let page = Page { query: "a".to_owned(), limit: 10, after: None, inner: vec![] };
        for (text, expected) in [
            (r#"{"unit":null,"number":null,"picked":{"Maybe":null},"any":null}"#, mixed(Picked::Maybe(None), vec![])),
            (
                r#"{"unit":null,"picked":{"Page":{"query":"a","limit":null,"after":null}},"any":null,"next":null}"#,
                mixed(Picked::Page(page), vec![]),
            ),
            // By reference.
            (
                r#"{"unit":null,"picked":{"Maybe":null},"any":null,
                    "next":[{"unit":null,"number":null,"picked":{"Maybe":null},"any":null}]}"#,
                mixed(Picked::Maybe(None), vec![mixed(Picked::Maybe(None), vec![])]),
            ),
        ] {
            assert_eq!(read::<Mixed>(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn null_stays_where_nothing_is_said_of_it() {
        #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
        struct Open {
            #[serde(default)]
            number: u8,
            #[serde(flatten)]
            rest: std::collections::BTreeMap<String, Value>,
        }

        let open = read::<Open>(r#"{"number":null,"x":null}"#).unwrap();
        assert_eq!(open, Open { number: 0, rest: [("x".to_owned(), Value::Null)].into() });
    }

    #[test]
    fn references_in_circles_end() {
        let schema = serde_json::json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#/nowhere" }] });
        assert!(super::read::<u8>(r#"{"a":null}"#, &schema).is_err());
    }

    #[test]
    fn nothing_is_an_empty_object() {
        for text in ["", " ", "{}", "{ }"] {
            assert_eq!(read::<Unit>(text), Ok(Unit), "{text:?}");
            assert_eq!(read::<Empty>(text), Ok(Empty {}), "{text:?}");
            assert_eq!(read::<Value>(text), Ok(serde_json::json!({})), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_as_it_was_written() {
        for (text, told) in [
            (r#"{"query":null}"#, "invalid type: null, expected a string at line 1 column 13"),
            (r#"{"query":"a","limit":300}"#, "invalid value: integer `300`, expected u8 at line 1 column 24"),
            (r#"{"query":"a","limit":300,"after":null}"#, "integer `300`, expected u8 at line 1 column 24"),
            ("{}", "missing field `query` at line 1 column 2"),
            (r#"{"query":"#, "EOF while parsing"),
            ("nonsense", "expected ident at line 1"),
        ] {
            let error = read::<Page>(text).unwrap_err();
            assert!(error.starts_with("the arguments do not fit the function's parameters: "), "{error}");
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
