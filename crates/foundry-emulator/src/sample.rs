//! Values that fit a JSON schema, made from what a message says: arguments and structured answers.

use serde_json::{Map, Number, Value};

use crate::documents::{elements, members, text};

/// How deep optional properties and elements are made; below this only what is required is.
const OPTIONAL_DEPTH: usize = 4;

/// How deep anything is made; only a schema that requires itself gets there.
const DEPTH_LIMIT: usize = 64;

/// How many values one sample has at most, so that a schema cannot ask for millions.
const VALUE_LIMIT: usize = 5_000;

/// How long the texts are that a schema can ask for.
const TEXT_LIMIT: usize = 10_000;

/// Which properties of an object are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Properties {
    Required,
    All,
}

/// A value that fits a schema, with texts and numbers from a message.
pub(crate) fn value(schema: &Value, message: &str, properties: Properties) -> Value {
    Maker { root: schema, message, properties, made: 0 }.value(schema, 0)
}

struct Maker<'a> {
    /// What references such as `#/$defs/City` lead into.
    root: &'a Value,
    message: &'a str,
    properties: Properties,
    made: usize,
}

impl<'a> Maker<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        self.made += 1;
        if depth > DEPTH_LIMIT || self.made > VALUE_LIMIT {
            return Value::Null;
        }
        if let Some(fixed) = schema.get("const").or_else(|| elements(schema.get("enum")).next()) {
            return fixed.clone();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or(Value::Null, |target| self.value(target, depth + 1));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(branch) = self.branch(schema.get(keyword), depth) {
                let made = self.value(branch, depth + 1);
                return self.with_own_properties(schema, made, depth);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all_of(schema, parts, depth);
        }
        match kind(schema, depth) {
            "object" => Value::Object(self.object(schema, depth)),
            "array" => self.array(schema, depth),
            "integer" => integer(schema, self.message),
            "number" => number(schema, self.message),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::String(self.text(schema)),
        }
    }

    /// The branch of a union to take: the first one, or deep down the simplest.
    fn branch(&self, branches: Option<&'a Value>, depth: usize) -> Option<&'a Value> {
        let first = elements(branches).next()?;
        if depth <= OPTIONAL_DEPTH {
            return Some(first);
        }
        let is_simple = |branch: &&Value| {
            let resolved = self.resolve(branch);
            resolved.get("const").is_some()
                || resolved.get("enum").is_some()
                || !["object", "array"].contains(&kind(resolved, depth))
        };
        Some(elements(branches).find(is_simple).unwrap_or(first))
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        reference
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| self.root.pointer(pointer))
            .unwrap_or(schema)
    }

    /// What a union's branch gave, with the properties that stand beside the union.
    fn with_own_properties(&mut self, schema: &'a Value, made: Value, depth: usize) -> Value {
        match made {
            Value::Object(mut object) if schema.get("properties").is_some() => {
                for (name, value) in self.object(schema, depth) {
                    object.entry(name).or_insert(value);
                }
                Value::Object(object)
            }
            made => made,
        }
    }

    fn all_of(&mut self, schema: &'a Value, parts: &'a [Value], depth: usize) -> Value {
        let mut merged = self.object(schema, depth);
        let mut other = None;
        for part in parts {
            match self.value(part, depth + 1) {
                Value::Object(properties) => merged.extend(properties),
                value => other = Some(value),
            }
        }
        match other {
            Some(value) if merged.is_empty() => value,
            _ => Value::Object(merged),
        }
    }

    fn object(&mut self, schema: &'a Value, depth: usize) -> Map<String, Value> {
        let required: Vec<&str> = elements(schema.get("required")).filter_map(Value::as_str).collect();
        let with_optional = self.properties == Properties::All && depth < OPTIONAL_DEPTH;
        let mut object = Map::new();
        for (name, property) in members(schema.get("properties")) {
            if required.contains(&name.as_str()) || (with_optional && property != &Value::Bool(false)) {
                object.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        // What is required need not be described.
        for name in required {
            if !object.contains_key(name) {
                let described = schema.get("additionalProperties").unwrap_or(&Value::Null);
                let value = self.value(described, depth + 1);
                object.insert(name.to_owned(), value);
            }
        }
        object
    }

    fn array(&mut self, schema: &'a Value, depth: usize) -> Value {
        let prefix: Vec<&Value> = elements(schema.get("prefixItems")).collect();
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let least = bound("minItems").unwrap_or_default();
        let usual = if depth > OPTIONAL_DEPTH { 0 } else { prefix.len().max(1) };
        let count = usual.max(least).min(bound("maxItems").unwrap_or(usize::MAX)).min(VALUE_LIMIT);
        let is_set = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let mut values = Vec::new();
        for index in 0..count {
            let described = prefix.get(index).copied().or_else(|| schema.get("items")).unwrap_or(&Value::Null);
            let mut value = match elements(self.resolve(described).get("enum")).nth(index) {
                Some(value) => value.clone(),
                None => self.value(described, depth + 1),
            };
            if is_set && values.contains(&value) {
                value = distinct(value, index);
            }
            values.push(value);
        }
        Value::Array(values)
    }

    fn text(&self, schema: &Value) -> String {
        let fixed = match text(schema, "format") {
            "date-time" => Some("2025-01-01T12:00:00Z"),
            "date" => Some("2025-01-01"),
            "time" => Some("12:00:00Z"),
            "duration" => Some("PT1H"),
            "email" => Some("someone@example.com"),
            "hostname" => Some("example.com"),
            "uri" | "url" | "iri" => Some("https://example.com/"),
            "uuid" => Some("00000000-0000-4000-8000-000000000000"),
            "ipv4" => Some("192.0.2.1"),
            "ipv6" => Some("2001:db8::1"),
            _ => None,
        };
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let least = bound("minLength").unwrap_or_default().min(TEXT_LIMIT);
        let most = bound("maxLength").unwrap_or(usize::MAX);
        let said = fixed.unwrap_or_else(|| subject(self.message));
        let missing = least.saturating_sub(said.chars().count());
        said.chars().chain(std::iter::repeat_n('.', missing)).take(most).collect()
    }
}

/// The type that a value is made of; deep down null if the schema allows it.
fn kind(schema: &Value, depth: usize) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            let first = kinds.next().unwrap_or("string");
            if depth > OPTIONAL_DEPTH && kinds.any(|kind| kind == "null") { "null" } else { first }
        }
        _ if schema.get("properties").is_some() || schema.get("required").is_some() => "object",
        _ if schema.get("items").is_some() || schema.get("prefixItems").is_some() => "array",
        _ if schema.get("minimum").is_some() || schema.get("maximum").is_some() => "number",
        _ => "string",
    }
}

/// Another value of the same kind, for elements that must differ.
fn distinct(value: Value, index: usize) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{text} {}", index + 1)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole.saturating_add(i64::try_from(index).unwrap_or(i64::MAX))),
            None => Value::Number(number),
        },
        other => other,
    }
}

fn integer(schema: &Value, message: &str) -> Value {
    // Floats beyond the integers' range are no exact ones; the cast saturates.
    Value::from(Bounds::of(schema, true).nearest(first_number(message).map(f64::trunc)) as i64)
}

fn number(schema: &Value, message: &str) -> Value {
    let number = Bounds::of(schema, false).nearest(first_number(message));
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// Which numbers a schema allows.
struct Bounds {
    minimum: Option<f64>,
    maximum: Option<f64>,
    /// These two are not allowed themselves.
    above: Option<f64>,
    below: Option<f64>,
    step: Option<f64>,
}

impl Bounds {
    fn of(schema: &Value, whole: bool) -> Self {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let step = bound("multipleOf").filter(|step| *step > 0.0);
        let (mut minimum, mut maximum) = (bound("minimum"), bound("maximum"));
        let (mut above, mut below) = (bound("exclusiveMinimum"), bound("exclusiveMaximum"));
        if whole {
            // Of integers the first and the last one can be told.
            minimum = larger(minimum.map(f64::ceil), above.take().map(|bound| bound.floor() + 1.0));
            maximum = smaller(maximum.map(f64::floor), below.take().map(|bound| bound.ceil() - 1.0));
        }
        Self { minimum, maximum, above, below, step }
    }

    fn allow(&self, number: f64) -> bool {
        self.minimum.is_none_or(|bound| number >= bound)
            && self.maximum.is_none_or(|bound| number <= bound)
            && self.above.is_none_or(|bound| number > bound)
            && self.below.is_none_or(|bound| number < bound)
    }

    /// The number nearest to the one wanted of those that come to mind and are allowed.
    fn nearest(&self, wanted: Option<f64>) -> f64 {
        let lowest = larger(self.minimum, self.above);
        let highest = smaller(self.maximum, self.below);
        let wanted = wanted.or(self.minimum).unwrap_or(1.0);
        let candidates = [
            Some(wanted),
            self.minimum,
            self.maximum,
            self.above.map(|bound| bound + 1.0),
            self.below.map(|bound| bound - 1.0),
            // However close the bounds are.
            lowest.zip(highest).map(|(lowest, highest)| lowest.midpoint(highest)),
        ];
        let stepped = |number: f64| match self.step {
            Some(step) => [(number / step).floor() * step, (number / step).ceil() * step],
            None => [number, number],
        };
        candidates
            .into_iter()
            .flatten()
            .flat_map(stepped)
            .filter(|number| self.allow(*number))
            .min_by(|first, second| (first - wanted).abs().total_cmp(&(second - wanted).abs()))
            .unwrap_or(wanted)
    }
}

fn larger(first: Option<f64>, second: Option<f64>) -> Option<f64> {
    first.zip(second).map(|(first, second)| first.max(second)).or(first).or(second)
}

fn smaller(first: Option<f64>, second: Option<f64>) -> Option<f64> {
    first.zip(second).map(|(first, second)| first.min(second)).or(first).or(second)
}

/// What a message is about: what it quotes, else its last capitalised word but the first one, else
/// all of it.
pub(crate) fn subject(message: &str) -> &str {
    let quoted = message.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map(|(quoted, _)| quoted);
    if let Some(quoted) = quoted.filter(|quoted| !quoted.trim().is_empty()) {
        return quoted;
    }
    let words = message.split_whitespace().skip(1).map(|word| word.trim_matches(|at: char| !at.is_alphanumeric()));
    let is_name = |word: &&str| word.chars().next().is_some_and(char::is_uppercase) && *word != "I";
    words.filter(is_name).last().unwrap_or(message)
}

/// The first number that a message holds.
fn first_number(message: &str) -> Option<f64> {
    let start = message.find(|at: char| at.is_ascii_digit())?;
    let (before, rest) = message.split_at(start);
    let whole = rest.find(|at: char| !at.is_ascii_digit()).unwrap_or(rest.len());
    let fraction = rest.get(whole..).and_then(|rest| rest.strip_prefix('.')).map_or(0, |digits| {
        let length = digits.find(|at: char| !at.is_ascii_digit()).unwrap_or(digits.len());
        if length == 0 { 0 } else { length + 1 }
    });
    let number: f64 = rest.get(..whole + fraction)?.parse().ok().filter(|number: &f64| number.is_finite())?;
    // "5-6" holds no minus.
    let is_negative = before.strip_suffix('-').is_some_and(|before| !before.ends_with(|at: char| at.is_alphanumeric()));
    Some(if is_negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Schemas that something fits.
    fn schemas() -> impl Strategy<Value = Value> {
        let text = (0..20_u64, 0..20_u64)
            .prop_map(|(least, more)| json!({ "type": "string", "minLength": least, "maxLength": least + more }));
        let integer = (-1000..1000_i64, 0..1000_i64)
            .prop_map(|(least, more)| json!({ "type": "integer", "minimum": least, "maximum": least + more }));
        let number = (-1000.0..1000.0, 0.001..1000.0)
            .prop_map(|(least, more)| json!({ "type": "number", "exclusiveMinimum": least, "maximum": least + more }));
        let fixed = proptest::sample::select(vec![
            json!({ "type": "boolean" }),
            json!({ "type": "null" }),
            json!({ "type": ["null", "integer"] }),
            json!({ "enum": ["a", 5, null] }),
            json!({}),
        ]);
        let leaf = prop_oneof![text, integer, number, fixed];
        leaf.prop_recursive(5, 40, 4, |inner| {
            let properties = proptest::collection::btree_map("[a-e]", (inner.clone(), any::<bool>()), 0..4);
            let object = properties.prop_map(|properties| {
                let required: Vec<&String> =
                    properties.iter().filter(|(_, (_, required))| *required).map(|(name, _)| name).collect();
                let described: Map<String, Value> =
                    properties.iter().map(|(name, (schema, _))| (name.clone(), schema.clone())).collect();
                json!({
                    "type": "object",
                    "properties": described,
                    "required": required,
                    "additionalProperties": false,
                })
            });
            let array = (inner.clone(), 0..4_u64, 0..4_u64).prop_map(|(items, least, more)| {
                json!({ "type": "array", "items": items, "minItems": least, "maxItems": least + more })
            });
            let union = (inner.clone(), inner).prop_map(|(first, second)| json!({ "anyOf": [first, second] }));
            prop_oneof![object, array, union]
        })
    }

    proptest! {
        #[test]
        fn a_sample_fits_its_schema(
            schema in schemas(),
            message in "([A-Za-z]{1,6}|-?[0-9]{1,4}(\\.[0-9])?| |\"){0,12}",
        ) {
            for properties in [Properties::Required, Properties::All] {
                let made = value(&schema, &message, properties);
                prop_assert!(fits(&schema, &made), "{} does not fit {}", made, schema);
            }
        }
    }

    fn fits(schema: &Value, value: &Value) -> bool {
        jsonschema::validator_for(schema).unwrap().is_valid(value)
    }

    #[test]
    fn a_subject_is_quoted_or_capitalised_or_everything() {
        for (message, expected) in [
            ("What is the weather in Rome?", "Rome"),
            ("How is the weather in Rome and in Paris today?", "Paris"),
            ("Say \"hello World\" to Anna", "hello World"),
            ("Say \"\" to Anna", "Anna"),
            ("Weather, please", "Weather, please"),
            ("can I have it", "can I have it"),
            ("", ""),
            ("Ärger in Übersee!", "Übersee"),
        ] {
            assert_eq!(subject(message), expected, "{message:?}");
        }
    }

    #[test]
    fn numbers_are_found_with_sign_and_fraction() {
        for (message, expected) in [
            ("Set it to 21.5 degrees", Some(21.5)),
            ("minus: -3.", Some(-3.0)),
            ("5-6 people", Some(5.0)),
            ("A4-7", Some(4.0)),
            ("none", None),
            ("x-7", Some(7.0)),
            (&"9".repeat(400), None),
        ] {
            assert_eq!(first_number(message), expected, "{message:?}");
        }
    }

    #[test]
    fn arguments_have_what_is_required_and_nothing_else() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": { "type": "string" },
                "unit": { "type": "string", "enum": ["celsius", "kelvin"] },
                "days": { "type": "integer" },
                "detailed": { "type": "boolean" },
                "hours": { "type": "array", "items": { "type": "integer", "minimum": 3 } },
                "nothing": { "type": "null" },
                "place": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
                "optional": { "type": "string" },
            },
            "required": ["city", "unit", "days", "detailed", "hours", "nothing", "place"],
        });
        let made = value(&schema, "The weather in Rome for 2 days", Properties::Required);
        let expected = json!({
            "city": "Rome", "unit": "celsius", "days": 2, "detailed": true, "hours": [3], "nothing": null,
            "place": { "name": "Rome" },
        });
        assert_eq!(made, expected);
        let all = value(&schema, "Hello", Properties::All);
        assert_eq!((&all["optional"], &all["days"]), (&json!("Hello"), &json!(1)));
        assert_eq!(all["hours"], json!([3]));
    }

    #[test]
    fn samples_fit_schemas_of_many_forms() {
        let cases = [
            json!({}),
            json!({ "type": "string", "minLength": 300 }),
            json!({ "type": "string", "maxLength": 2 }),
            json!({ "type": "integer", "minimum": 50, "maximum": 60 }),
            json!({ "type": "integer", "exclusiveMinimum": 7, "exclusiveMaximum": 9 }),
            json!({ "type": "integer", "minimum": 50, "multipleOf": 7 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
            json!({ "type": "number", "maximum": -0.5 }),
            json!({ "type": ["string", "null"] }),
            json!({ "const": { "a": 1 } }),
            json!({ "type": "array", "minItems": 3, "items": { "type": "string" }, "uniqueItems": true }),
            json!({ "type": "array", "minItems": 2, "items": { "enum": ["a", "b"] }, "uniqueItems": true }),
            json!({ "type": "array", "maxItems": 0, "items": { "type": "string" } }),
            json!({ "prefixItems": [{ "type": "integer" }, { "type": "boolean" }], "minItems": 2, "items": false }),
            json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }] }),
            json!({ "oneOf": [
                { "type": "object", "properties": { "kind": { "const": "a" } }, "required": ["kind"] },
                { "type": "object", "properties": { "kind": { "const": "b" } }, "required": ["kind"] },
            ], "properties": { "beside": { "type": "integer" } }, "required": ["beside"] }),
            json!({ "allOf": [
                { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] },
                { "type": "object", "properties": { "b": { "type": "boolean" } }, "required": ["b"] },
            ] }),
            json!({ "allOf": [{ "type": "integer" }] }),
            json!({ "type": "object", "required": ["undescribed"] }),
            json!({ "type": "object", "additionalProperties": { "type": "integer" }, "required": ["a"] }),
            json!({ "type": "object", "properties": { "never": false, "always": true } }),
            json!({
                "$ref": "#/$defs/Node",
                "$defs": { "Node": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "next": { "anyOf": [{ "$ref": "#/$defs/Node" }, { "type": "null" }] },
                        "children": { "type": "array", "items": { "$ref": "#/$defs/Node" } },
                    },
                    "required": ["name", "next", "children"],
                    "additionalProperties": false,
                } },
            }),
        ];
        for schema in cases {
            for message in ["", "Set 9 in Rome to -4.25", "only small words"] {
                for properties in [Properties::Required, Properties::All] {
                    let made = value(&schema, message, properties);
                    assert!(fits(&schema, &made), "{made} does not fit {schema}");
                }
            }
        }
    }

    #[test]
    fn a_schema_that_requires_itself_ends() {
        let node = json!({
            "$ref": "#/$defs/Node",
            "$defs": { "Node": {
                "type": "object",
                "properties": { "left": { "$ref": "#/$defs/Node" }, "right": { "$ref": "#/$defs/Node" } },
                "required": ["left", "right"],
            } },
        });
        assert!(value(&node, "", Properties::Required).is_object());
        assert_eq!(value(&json!({ "$ref": "#" }), "", Properties::All), Value::Null);
        let many = json!({ "type": "array", "minItems": 1_000_000_000 });
        assert!(value(&many, "", Properties::All).as_array().unwrap().len() <= VALUE_LIMIT);
    }
}
