//! What the service adds to a record: whatever its schema requires and nobody gave.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use crate::documents::{Document, elements, text};

/// How deep required properties are made; only a schema that requires itself gets there.
const DEPTH_LIMIT: usize = 16;

/// A value that fits a schema as far as what is given does: required properties that are missing
/// are made, with the plainest value that there is.
pub(crate) fn complete(document: &Document, schema: &Value, given: Value, now: i64) -> Value {
    Filler { document, now }.complete(schema, given, 0)
}

struct Filler<'a> {
    document: &'a Document,
    now: i64,
}

impl Filler<'_> {
    fn complete(&self, schema: &Value, given: Value, depth: usize) -> Value {
        let schema = self.document.resolve(schema);
        if depth > DEPTH_LIMIT {
            return given;
        }
        match given {
            Value::Object(object) => Value::Object(self.complete_object(schema, object, depth)),
            Value::Array(values) => match schema.get("items") {
                Some(items) => values.into_iter().map(|value| self.complete(items, value, depth + 1)).collect(),
                None => Value::Array(values),
            },
            given => given,
        }
    }

    fn complete_object(&self, schema: &Value, mut object: Map<String, Value>, depth: usize) -> Map<String, Value> {
        if let Some(branch) = self.branch(schema, &object) {
            return self.complete_object(branch, object, depth + 1);
        }
        for part in elements(schema.get("allOf")) {
            object = self.complete_object(self.document.resolve(part), object, depth + 1);
        }
        let properties = schema.get("properties");
        for (name, value) in &mut object {
            if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                *value = self.complete(property, value.take(), depth + 1);
            }
        }
        for name in elements(schema.get("required")).filter_map(Value::as_str) {
            let property = properties.and_then(|properties| properties.get(name)).unwrap_or(&Value::Null);
            let is_missing = object.get(name).is_none_or(Value::is_null);
            if is_missing {
                object.insert(name.to_owned(), self.make(property, depth + 1));
            }
        }
        object
    }

    /// The branch that the tag of an object chooses.
    fn branch(&self, schema: &Value, object: &Map<String, Value>) -> Option<&Value> {
        let discriminator = schema.get("discriminator")?;
        let tag = object.get(text(discriminator, "propertyName"))?.as_str()?;
        let target = discriminator.get("mapping")?.get(tag)?.as_str()?;
        Some(self.document.look_up(target))
    }

    fn make(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.document.resolve(schema);
        if depth > DEPTH_LIMIT || schema.get("nullable") == Some(&Value::Bool(true)) {
            return Value::Null;
        }
        if let Some(first) = elements(schema.get("enum")).next() {
            return first.clone();
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            if let Some(branch) = elements(schema.get(keyword)).next() {
                return self.make(branch, depth + 1);
            }
        }
        match text(schema, "type") {
            "array" => json!([]),
            "boolean" => json!(false),
            "integer" | "number" if text(schema, "format") == "unixtime" => self.now.into(),
            "integer" | "number" => json!(0),
            "string" if text(schema, "format") == "date-time" => moment(self.now).into(),
            "string" => json!(""),
            _ => Value::Object(self.complete_object(schema, Map::new(), depth)),
        }
    }
}

/// A time as text, as the service writes it.
pub(crate) fn moment(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use crate::validate;

    #[test]
    fn every_answer_can_be_made_from_nothing() {
        let document = documents::for_api_version("v1").unwrap();
        let mut made = 0;
        for operation in document.operations() {
            let Some(schema) = operation.answer.as_ref() else { continue };
            if document.resolve(schema).get("type") != Some(&json!("object")) {
                continue;
            }
            let value = complete(document, schema, json!({}), 1_752_587_659);
            assert_eq!(validate::body(document, schema, &value), [], "{}: {value}", operation.id);
            for name in elements(document.resolve(schema).get("required")).filter_map(Value::as_str) {
                assert!(value.get(name).is_some(), "{}: {name}", operation.id);
            }
            made += 1;
        }
        assert!(made > 150, "{made}");
    }

    #[test]
    fn what_is_given_stays() {
        let document = documents::for_api_version("v1").unwrap();
        let schema = json!({ "$ref": "#/components/schemas/AgentVersionDetails" });
        let given = json!({ "id": "a:2", "definition": { "kind": "workflow", "more": [1] }, "extra": null });
        let value = complete(document, &schema, given, 7);
        assert_eq!((&value["id"], &value["created_at"], &value["extra"]), (&json!("a:2"), &json!(7), &Value::Null));
        assert_eq!(value["definition"], json!({ "kind": "workflow", "more": [1] }));
        assert_eq!(value["object"], "agent.version");
    }

    #[test]
    fn times_are_written_as_text() {
        assert_eq!(moment(1_752_587_659), "2025-07-15T13:54:19Z");
    }
}
