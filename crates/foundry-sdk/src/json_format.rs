//! Answers in the form of a Rust type.

use schemars::JsonSchema;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::functions::{Absent, described, rooted, strict};

/// The form of a type, for a model to answer in: given as `response_format`, the answer's text is
/// JSON of that type.
///
/// ```
/// use foundry_sdk::JsonFormat;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// /// A city with its weather.
/// #[derive(Deserialize, JsonSchema)]
/// struct CityWeather {
///     city: String,
///     /// Null if nobody knows.
///     celsius: Option<f64>,
/// }
///
/// let format = JsonFormat::of::<CityWeather>()?;
/// assert_eq!(format.name, "CityWeather");
/// assert_eq!(format.schema()["required"].as_array().unwrap().len(), 2);
/// # Ok::<_, foundry_sdk::Error>(())
/// ```
///
/// Strict unless made by [`lenient`](Self::lenient) or [`from_schema`](Self::from_schema): the
/// service holds the model to the schema exactly. For that every property is required: an `Option` may
/// be null, and what has a default gets a value all the same, so that what fits decodes. Bounds,
/// lengths, patterns and formats are left out. The service takes at most 100 properties in one
/// schema, five levels deep.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a format does nothing until it is given to an agent or a run"]
pub struct JsonFormat {
    /// Name of the form, for the model: the type's.
    pub name: String,
    /// What it is, for the model: the type's doc comment.
    pub description: Option<String>,
    /// The schema as derived or given; `schema` is made of it.
    source: Value,
    absent: Absent,
    schema: Value,
    strict: bool,
}

impl JsonFormat {
    /// The form of `T`, strict.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if `T` is no object (a list, an enum; put it in a field of a
    /// struct), or strict schemas have no words for it (a map, a tuple, any JSON); the message has
    /// the place, as a JSON Pointer into the schema. [`lenient`](Self::lenient) takes the latter.
    pub fn of<T: JsonSchema>() -> Result<Self> {
        Self::lenient::<T>()?.strict(true)
    }

    /// The form of `T`, not strict: the model is told the schema, and may fail to follow it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if `T` is no object.
    pub fn lenient<T: JsonSchema>() -> Result<Self> {
        let (schema, description) = described::<T>();
        let mut format = Self::from_schema(T::schema_name(), schema)?;
        format.description = description;
        // What serde reads from null says so in its schema; null for anything else would not decode.
        format.absent = Absent::Never;
        Ok(format)
    }

    /// A form by its JSON Schema, not strict and as it is. If it is made [`strict`](Self::strict),
    /// what may be left out may be null instead.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the schema is not one of an object.
    pub fn from_schema(name: impl AsRef<str>, schema: Value) -> Result<Self> {
        let name = label(name.as_ref());
        let schema = rooted(schema).map_err(|problem| {
            Error::new(ErrorKind::InvalidInput, format!("the format `{name}` is no object: {problem}"))
        })?;
        Ok(Self { name, description: None, source: schema.clone(), absent: Absent::Null, schema, strict: false })
    }

    /// Another name. It has to be of `a-z`, `A-Z`, `0-9`, `_` and `-`, at most 64 of them: others
    /// become `_`, and what is more is cut off.
    pub fn name(mut self, name: impl AsRef<str>) -> Self {
        self.name = label(name.as_ref());
        self
    }

    /// Another description.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Whether the service is to hold the model to the schema exactly.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if strict schemas have no words for it; the message has the
    /// place.
    pub fn strict(mut self, strict_asked: bool) -> Result<Self> {
        self.schema = if strict_asked {
            strict(&self.source, self.absent).map_err(|problem| {
                let message = format!("the format `{}`: strict schemas have no words for it: {problem}", self.name);
                Error::new(ErrorKind::InvalidInput, message)
            })?
        } else {
            self.source.clone()
        };
        self.strict = strict_asked;
        Ok(self)
    }

    /// The schema, as it is sent.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Whether the service is asked to hold the model to the schema exactly.
    pub fn is_strict(&self) -> bool {
        self.strict
    }
}

/// What the service takes as a name.
fn label(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let label: String = name.chars().take(64).map(|letter| if fits(letter) { letter } else { '_' }).collect();
    if label.is_empty() { "answer".to_owned() } else { label }
}

#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
impl From<JsonFormat> for crate::classic::types::AgentsResponseFormatOption {
    fn from(format: JsonFormat) -> Self {
        use crate::classic::types::{ResponseFormatJsonSchema, ResponseFormatJsonSchemaType};

        let mut schema = ResponseFormatJsonSchema::new(format.name, format.schema);
        schema.description = format.description;
        if format.strict {
            // The service knows it, the document of this api-version does not.
            schema.extra.insert("strict", true);
        }
        ResponseFormatJsonSchemaType::new(schema).into()
    }
}

/// Makes the forms of v1, which have the schema without a name in between.
#[cfg(feature = "v1")]
macro_rules! text_formats {
    ($($format:ident in $text:ident by $schema:ident,)*) => {$(
        impl From<JsonFormat> for crate::types::$format {
            fn from(format: JsonFormat) -> Self {
                let schema = match format.schema {
                    Value::Object(schema) => schema,
                    // It is one of an object, which was looked at when it was made.
                    _ => serde_json::Map::new(),
                };
                let mut made = crate::types::$schema::new(format.name, schema).strict(format.strict);
                made.description = format.description;
                made.into()
            }
        }

        impl From<JsonFormat> for crate::types::$text {
            fn from(format: JsonFormat) -> Self {
                Self::new().format(format)
            }
        }
    )*};
}

#[cfg(feature = "v1")]
text_formats! {
    OpenAiResponseFormatTextConfigParam in OpenAiResponseTextConfigParam by OpenAiResponseFormatTextJsonSchemaConfigParam,
    TextResponseFormat in PromptAgentDefinitionTextOptions by TextResponseFormatJsonSchema,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// A city.
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct City {
        name: String,
        #[serde(default)]
        people: u32,
    }

    #[test]
    fn a_type_is_a_strict_format_unless_asked_otherwise() {
        let strict_schema = json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "people": { "type": "integer" } },
            "required": ["name", "people"],
            "additionalProperties": false,
        });
        let plain_schema = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "people": { "type": "integer", "minimum": 0, "default": 0 },
            },
            "required": ["name"],
        });
        let format = JsonFormat::of::<City>().unwrap();
        assert_eq!((format.name.as_str(), format.description.as_deref()), ("City", Some("A city.")));
        assert_eq!((format.schema(), format.is_strict()), (&strict_schema, true));
        let format = format.strict(false).unwrap().description("Where.");
        assert_eq!((format.schema(), format.is_strict()), (&plain_schema, false));
        assert_eq!(format.description.as_deref(), Some("Where."));
        let format = JsonFormat::lenient::<City>().unwrap();
        assert_eq!((format.schema(), format.is_strict()), (&plain_schema, false));
        let format = JsonFormat::from_schema("city", plain_schema.clone()).unwrap();
        assert_eq!((format.schema(), format.is_strict()), (&plain_schema, false));
        let format = format.strict(true).unwrap();
        assert_eq!(format.schema()["properties"]["people"], json!({ "type": ["integer", "null"] }));
    }

    #[test]
    fn names_are_made_to_fit() {
        let format = JsonFormat::of::<City>().unwrap();
        for (given, name) in
            [("a b.c", "a_b_c"), ("Ort-1_ä", "Ort-1__"), ("", "answer"), (&"x".repeat(70), &"x".repeat(64))]
        {
            assert_eq!(format.clone().name(given).name, name);
        }
    }

    #[test]
    fn what_is_no_format_is_told_with_its_place() {
        #[derive(JsonSchema)]
        #[allow(dead_code, reason = "read by the derive alone")]
        struct Counts {
            counts: BTreeMap<String, u32>,
        }

        for (error, told) in [
            (
                JsonFormat::of::<Counts>().unwrap_err(),
                "the format `Counts`: strict schemas have no words for it: at \
                 `/properties/counts/additionalProperties` of the schema is a map",
            ),
            (JsonFormat::of::<Vec<City>>().unwrap_err(), "is no object: at the root of the schema is no object"),
            (JsonFormat::lenient::<u8>().unwrap_err(), "the format `uint8` is no object"),
            (JsonFormat::from_schema("x y", json!(true)).unwrap_err(), "the format `x_y` is no object"),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(told), "{error}");
        }
        assert!(JsonFormat::lenient::<Counts>().is_ok());
    }

    #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
    #[test]
    fn it_is_a_response_format_of_classic_runs() {
        use crate::classic::types::{AgentsResponseFormatOption, CreateAgentOptions};

        let format = JsonFormat::from_schema("f", json!({ "type": "object" })).unwrap();
        let sent = |format: JsonFormat| {
            let agent = CreateAgentOptions::new("m").response_format(AgentsResponseFormatOption::from(format));
            serde_json::to_value(&agent).unwrap()["response_format"].take()
        };
        assert_eq!(
            sent(format.clone()),
            json!({ "type": "json_schema", "json_schema": { "name": "f", "schema": { "type": "object", "properties": {} } } })
        );
        assert_eq!(
            sent(format.strict(true).unwrap().description("d")),
            json!({ "type": "json_schema", "json_schema": {
                "name": "f",
                "description": "d",
                "strict": true,
                "schema": { "type": "object", "properties": {}, "required": [], "additionalProperties": false },
            } })
        );
    }
}
