//! Whether a request fits its operation: bodies and query parameters against OpenAPI 3.0 schemas.
//!
//! Receiving is lenient where the service is: unknown properties, unknown values of extensible
//! enums and unknown tags of extensible unions are accepted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use axum::http::HeaderMap;
use serde_json::Value;

use crate::documents::{Document, Operation, elements, members};
use crate::error::ServiceError;
use crate::query::Query;

/// How deep schemas are followed into a body; JSON itself is read to 128 levels.
const DEPTH_LIMIT: usize = 512;

/// How many violations one answer lists.
const VIOLATION_LIMIT: usize = 20;

/// What holding a value against a branch of a union gave, by the addresses of schema and value.
///
/// Without it, nested unions whose branches resemble each other would take a time that doubles
/// with each level.
type Trials = RefCell<HashMap<(usize, usize), Rc<Vec<Violation>>>>;

/// One thing wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// A JSON pointer to the place, empty for the whole body.
    pointer: String,
    /// What is wrong there.
    pub(crate) message: String,
}

impl Violation {
    pub(crate) fn new(pointer: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), message: message.into() }
    }

    /// The place as the service writes it: a pointer, with `/` for the whole body.
    pub(crate) fn place(&self) -> &str {
        if self.pointer.is_empty() { "/" } else { &self.pointer }
    }
}

/// Checks the query parameters that an operation declares.
pub(crate) fn query(operation: &Operation, query: &Query) -> Result<(), ServiceError> {
    for parameter in &operation.query {
        let name = parameter.name.as_str();
        // The api-version has chosen the document already.
        if name == "api-version" {
            continue;
        }
        let Some(given) = query.first(name) else {
            if parameter.required {
                return Err(ServiceError::missing_parameter(name));
            }
            continue;
        };
        let fits = match parameter.schema.get("type").and_then(Value::as_str) {
            Some("integer") => given.parse::<i64>().is_ok(),
            Some("number") => given.parse::<f64>().is_ok(),
            Some("boolean") => given.parse::<bool>().is_ok(),
            _ => true,
        };
        if !fits {
            let wanted = kind_wanted(&parameter.schema);
            return Err(ServiceError::invalid_parameter(name, format_args!("'{given}' where {wanted} is wanted.")));
        }
    }
    Ok(())
}

/// Checks that the headers are there that an operation needs.
pub(crate) fn headers(operation: &Operation, headers: &HeaderMap) -> Result<(), ServiceError> {
    match operation.needed_headers.iter().find(|name| !headers.contains_key(name.as_str())) {
        Some(name) => Err(ServiceError::missing_header(name)),
        None => Ok(()),
    }
}

/// What is wrong with a request body, nothing if it fits.
pub(crate) fn body(document: &Document, schema: &Value, body: &Value) -> Vec<Violation> {
    let mut check = Check { document, trials: &Trials::default(), violations: Vec::new() };
    check.value(schema, body, "", 0);
    check.violations
}

/// What is wrong with a body that says only what is to be different.
pub(crate) fn part(document: &Document, schema: &Value, changes: &Value) -> Vec<Violation> {
    let properties = document.resolve(schema).get("properties");
    let mut check = Check { document, trials: &Trials::default(), violations: Vec::new() };
    for (name, value) in members(Some(changes)) {
        let property = properties.and_then(|properties| properties.get(name));
        if let Some(property) = property.filter(|property| !flag(property, "readOnly")) {
            check.value(property, value, &format!("/{}", escape(name)), 0);
        }
    }
    check.violations
}

struct Check<'a> {
    document: &'a Document,
    trials: &'a Trials,
    violations: Vec<Violation>,
}

impl Check<'_> {
    fn report(&mut self, pointer: &str, message: impl Into<String>) {
        if self.violations.len() < VIOLATION_LIMIT {
            self.violations.push(Violation::new(pointer, message));
        }
    }

    /// The violations of one branch of a union, without reporting them.
    fn trial(&self, schema: &Value, value: &Value, pointer: &str, depth: usize) -> Rc<Vec<Violation>> {
        // Neither the document nor the body moves while a body is checked.
        let key = (address(self.document.resolve(schema)), address(value));
        if let Some(known) = self.trials.borrow().get(&key) {
            return Rc::clone(known);
        }
        let mut check = Check { document: self.document, trials: self.trials, violations: Vec::new() };
        check.value(schema, value, pointer, depth);
        let violations = Rc::new(check.violations);
        self.trials.borrow_mut().insert(key, Rc::clone(&violations));
        violations
    }

    fn value(&mut self, schema: &Value, value: &Value, pointer: &str, depth: usize) {
        if depth > DEPTH_LIMIT || self.violations.len() >= VIOLATION_LIMIT {
            return;
        }
        let schema = self.document.resolve(schema);
        if value.is_null() && flag(schema, "nullable") {
            return;
        }
        if let Some(kind) = schema.get("type").and_then(Value::as_str)
            && !is_of(kind, value)
        {
            let given = kind_of(value);
            let wanted = kind_wanted(schema);
            self.report(pointer, format!("{given} where {wanted} is wanted"));
            return;
        }
        self.enumeration(schema, value, pointer);
        self.object(schema, value, pointer, depth);
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            for (index, value) in values.iter().enumerate() {
                self.value(items, value, &format!("{pointer}/{index}"), depth + 1);
            }
        }
        for part in elements(schema.get("allOf")) {
            self.value(part, value, pointer, depth + 1);
        }
        if schema.get("anyOf").is_some() {
            self.any_of(schema, "anyOf", value, pointer, depth);
        }
        if schema.get("oneOf").is_some() {
            if schema.get("discriminator").is_some() {
                self.tagged(schema, value, pointer, depth);
            } else {
                // With overlapping branches the service takes what fits any of them.
                self.any_of(schema, "oneOf", value, pointer, depth);
            }
        }
    }

    fn enumeration(&mut self, schema: &Value, value: &Value, pointer: &str) {
        let Some(values) = schema.get("enum").and_then(Value::as_array) else {
            return;
        };
        if !flag(schema, "x-extensible-enum") && !values.contains(value) {
            let allowed: Vec<String> = values.iter().map(Value::to_string).collect();
            self.report(pointer, format!("not one of {}", allowed.join(", ")));
        }
    }

    fn object(&mut self, schema: &Value, value: &Value, pointer: &str, depth: usize) {
        let Some(object) = value.as_object() else {
            return;
        };
        let properties = schema.get("properties");
        for name in elements(schema.get("required")).filter_map(Value::as_str) {
            // What may be null may also be left out, whatever the document says.
            let is_wanted = properties
                .and_then(|properties| properties.get(name))
                .is_none_or(|property| !flag(property, "readOnly") && !flag(property, "nullable"));
            if is_wanted && !object.contains_key(name) {
                let place = format!("{pointer}/{}", escape(name));
                self.report(&place, format!("the property '{name}' is required"));
            }
        }
        let additional = schema.get("additionalProperties").filter(|schema| schema.is_object());
        for (name, value) in object {
            let property = properties.and_then(|properties| properties.get(name));
            // What only the service sets is accepted and not looked at.
            if property.is_some_and(|property| flag(property, "readOnly")) {
                continue;
            }
            if let Some(schema) = property.or(additional) {
                let place = format!("{pointer}/{}", escape(name));
                self.value(schema, value, &place, depth + 1);
            }
        }
    }

    fn any_of(&mut self, schema: &Value, keyword: &str, value: &Value, pointer: &str, depth: usize) {
        let mut closest: Option<Rc<Vec<Violation>>> = None;
        for branch in elements(schema.get(keyword)) {
            let violations = self.trial(branch, value, pointer, depth + 1);
            if violations.is_empty() {
                return;
            }
            // A branch of the right kind fails deeper inside, which says more than that a
            // string is no array.
            let is_closer = match &closest {
                None => true,
                Some(known) => deepest(&violations) > deepest(known),
            };
            if is_closer {
                closest = Some(violations);
            }
        }
        match closest {
            Some(violations) if deepest(&violations) > pointer.len() => {
                for violation in violations.iter() {
                    self.report(&violation.pointer, violation.message.as_str());
                }
            }
            Some(_) => {
                let given = kind_of(value);
                self.report(pointer, format!("{given} fits none of the forms allowed here"));
            }
            None => {}
        }
    }

    fn tagged(&mut self, schema: &Value, value: &Value, pointer: &str, depth: usize) {
        let discriminator = schema.get("discriminator");
        let name = discriminator
            .and_then(|discriminator| discriminator.get("propertyName"))
            .and_then(Value::as_str)
            .unwrap_or("type");
        let Some(object) = value.as_object() else {
            let given = kind_of(value);
            self.report(pointer, format!("{given} where an object is wanted"));
            return;
        };
        let place = format!("{pointer}/{}", escape(name));
        let Some(tag) = object.get(name) else {
            self.report(&place, format!("the property '{name}' is required"));
            return;
        };
        let Some(tag) = tag.as_str() else {
            let given = kind_of(tag);
            self.report(&place, format!("{given} where a string is wanted"));
            return;
        };
        let mapping = discriminator.and_then(|discriminator| discriminator.get("mapping"));
        match mapping.and_then(|mapping| mapping.get(tag)).and_then(Value::as_str) {
            Some(target) => {
                let branch = self.document.look_up(target);
                self.value(branch, value, pointer, depth + 1);
            }
            None if flag(schema, "x-extensible-discriminator") => {}
            None => {
                let known: Vec<&str> = members(mapping).map(|(tag, _)| tag.as_str()).collect();
                self.report(&place, format!("not one of {}", known.join(", ")));
            }
        }
    }
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

fn deepest(violations: &[Violation]) -> usize {
    violations.iter().map(|violation| violation.pointer.len()).max().unwrap_or_default()
}

fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        // A type that OpenAPI 3.0 does not know forbids nothing.
        _ => true,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn kind_wanted(schema: &Value) -> &'static str {
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => "an object",
        Some("array") => "an array",
        Some("string") => "a string",
        Some("boolean") => "a boolean",
        Some("number") => "a number",
        Some("integer") => "an integer",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use serde_json::json;

    fn violations(schema: &str, value: Value) -> Vec<(String, String)> {
        let document = documents::for_api_version("2025-05-01").unwrap();
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        body(document, &schema, &value)
            .into_iter()
            .map(|violation| (violation.place().to_owned(), violation.message))
            .collect()
    }

    fn places(schema: &str, value: Value) -> Vec<String> {
        violations(schema, value).into_iter().map(|(place, _)| place).collect()
    }

    #[test]
    fn what_fits_has_no_violations() {
        assert!(places("CreateRunOptions", json!({"assistant_id": "a"})).is_empty());
        let nulls = json!({"assistant_id": "a", "instructions": null, "truncation_strategy": null});
        assert!(places("CreateRunOptions", nulls).is_empty());
        let blocks = json!({"role": "user", "content": [{"type": "text", "text": "hi"}]});
        assert!(places("ThreadMessageOptions", blocks).is_empty());
    }

    #[test]
    fn missing_properties_and_wrong_types_are_placed() {
        assert_eq!(places("CreateRunOptions", json!({})), ["/assistant_id"]);
        assert_eq!(places("CreateRunOptions", json!([])), ["/"]);
        let wrong = json!({"assistant_id": 1, "tools": [{"type": "function"}]});
        assert_eq!(places("CreateRunOptions", wrong), ["/assistant_id", "/tools/0/function"]);
        let metadata = json!({"metadata": {"a~/b": 1}});
        assert_eq!(places("UpdateAgentThreadOptions", metadata), ["/metadata/a~0~1b"]);
    }

    #[test]
    fn null_is_refused_where_the_schema_does_not_allow_it() {
        let found = violations("CreateRunOptions", json!({"assistant_id": null}));
        assert_eq!(found[0].1, "null where a string is wanted");
    }

    #[test]
    fn integers_may_be_written_as_floats_but_have_no_fraction() {
        let run = |limit: Value| json!({"assistant_id": "a", "max_prompt_tokens": limit});
        assert!(places("CreateRunOptions", run(json!(5.0))).is_empty());
        assert_eq!(places("CreateRunOptions", run(json!(5.5))), ["/max_prompt_tokens"]);
    }

    #[test]
    fn unknown_properties_enum_values_and_tags_are_accepted() {
        let message = json!({"role": "narrator", "content": "x", "colour": "blue"});
        assert!(places("ThreadMessageOptions", message).is_empty());
        let agent = json!({"model": "m", "tools": [{"type": "telepathy", "telepathy": {}}]});
        assert!(places("CreateAgentOptions", agent).is_empty());
    }

    #[test]
    fn fixed_literals_are_not_extensible() {
        let upload = json!({"pendingUploadType": "Other"});
        assert_eq!(places("PendingUploadRequest", upload), ["/pendingUploadType"]);
    }

    #[test]
    fn a_union_reports_the_branch_that_came_closest() {
        let number = json!({"role": "user", "content": 5});
        assert_eq!(places("ThreadMessageOptions", number), ["/content"]);
        let block = json!({"role": "user", "content": [{"type": "text"}]});
        assert_eq!(places("ThreadMessageOptions", block), ["/content/0/text"]);
        let untagged = json!({"role": "user", "content": [{"text": "hi"}]});
        assert_eq!(places("ThreadMessageOptions", untagged), ["/content/0/type"]);
    }

    #[test]
    fn read_only_properties_are_not_required_in_requests() {
        let index = json!({"type": "AzureSearch", "connectionName": "c", "indexName": "i"});
        assert!(places("Index", index).is_empty());
        let incomplete = json!({"type": "AzureSearch", "connectionName": "c"});
        assert_eq!(places("Index", incomplete), ["/indexName"]);
    }

    #[test]
    fn the_number_of_violations_is_bounded() {
        let many: Vec<Value> = (0..1000).map(Value::from).collect();
        let found = places("CreateAgentOptions", json!({"model": "m", "tools": many}));
        assert_eq!(found.len(), VIOLATION_LIMIT);
    }

    #[test]
    fn unions_nested_in_unions_end() {
        let branch = |required: &str| {
            json!({
                "type": "object",
                "properties": { "inner": { "$ref": "#/components/schemas/Node" } },
                "required": [required],
            })
        };
        let document = Document::new(
            "test",
            json!({ "components": { "schemas": {
                "Node": { "anyOf": [branch("this"), branch("that")] },
            } } }),
        );
        let schema = json!({ "$ref": "#/components/schemas/Node" });
        let nested = |leaf: Value| (0..60).fold(leaf, |inner, _| json!({ "this": 1, "inner": inner }));
        assert!(body(&document, &schema, &nested(json!({ "that": 1 }))).is_empty());
        // 2^60 trials if none were remembered.
        assert!(!body(&document, &schema, &nested(json!(5))).is_empty());
    }
}
