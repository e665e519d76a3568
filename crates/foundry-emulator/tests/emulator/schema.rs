//! The API document as JSON Schema, so that an independent validator can judge answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The documents, each with what judges by it.
static JUDGES: [LazyLock<Judge>; 2] = [
    LazyLock::new(|| Judge::new("2025-05-01", include_str!("../../openapi/2025-05-01.json"))),
    LazyLock::new(|| Judge::new("v1", include_str!("../../openapi/v1.json"))),
];

/// One document, and the validators of its schemas, compiled once.
pub(crate) struct Judge {
    api_version: &'static str,
    document: Value,
    schemas: Map<String, Value>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// The api-version of the first document.
const FIRST: &str = "2025-05-01";

/// The judge by the document of an api-version.
pub(crate) fn judge(api_version: &str) -> &'static Judge {
    JUDGES.iter().find(|judge| judge.api_version == api_version).unwrap()
}

/// The operation that a method and a path (no query) belong to, of the first document that has it.
pub(crate) fn operation(method: &str, path: &str) -> Option<&'static Value> {
    JUDGES.iter().find_map(|judge| judge.operation(method, path))
}

/// Panics unless a success answer is what the operation declares.
pub(crate) fn assert_declared(operation: &'static Value, status: u16, body: &Value) {
    let judge = JUDGES.iter().find(|judge| judge.holds(operation)).unwrap();
    judge.assert_declared(operation, status, body);
}

/// The operations of the first document as method and path template.
pub(crate) fn operations() -> Vec<(String, String)> {
    judge(FIRST).operations()
}

/// The events that the first document lists for a run's stream, with the schemas of their data.
pub(crate) fn stream_events() -> Vec<(String, Value)> {
    let judge = judge(FIRST);
    judge.stream_events(judge.operation("POST", "/threads/thread_1/runs").unwrap())
}

/// Panics unless the data of every event of a run is what events of its name hold.
pub(crate) fn assert_events(events: &[(String, Value)]) {
    let judge = judge(FIRST);
    judge.assert_events(judge.operation("POST", "/threads/thread_1/runs").unwrap(), events);
}

/// The schemas of answers, where recorded ones contradict the document.
fn corrected(api_version: &str, document: &Value) -> Map<String, Value> {
    let mut schemas: Map<String, Value> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, schema)| (name.clone(), convert(schema)))
        .collect();
    // The document does not say so, but the ids of an empty page are null.
    for (name, schema) in &mut schemas {
        if api_version == "2025-05-01" && name.starts_with("ListOf") {
            assert_eq!(schema["properties"]["last_id"], json!({"type": "string"}), "{name}");
            for id in ["first_id", "last_id"] {
                schema["properties"][id] = json!({"type": ["string", "null"]});
            }
            schema["required"] = json!(["object", "data", "first_id", "last_id", "has_more"]);
        }
    }
    // Nor does the other one.
    if api_version == "v1" {
        let classic = operations_with_lists(document);
        for (name, schema) in &mut schemas {
            let is_classic = classic.contains(name);
            for id in ["first_id", "last_id"] {
                if (is_classic || name.starts_with("OpenAI.")) && schema["properties"][id].is_object() {
                    schema["properties"][id] = json!({"type": ["string", "null"]});
                }
            }
        }
    }
    // These three are contradicted by recorded answers.
    let batch = &mut schemas["VectorStoreFileBatch"]["properties"]["object"];
    assert_eq!(*batch, json!({ "type": "string", "enum": ["vector_store.files_batch"] }));
    *batch = json!({ "type": "string", "enum": ["vector_store.file_batch"] });
    // Of this one the other document says so itself.
    if api_version == "2025-05-01" {
        let pending = &mut schemas["PendingUploadResponse"]["properties"]["pendingUploadId"];
        assert_eq!(*pending, json!({ "type": "string" }));
        *pending = json!({ "type": ["string", "null"] });
    }
    assert_eq!(schemas["MessageDelta"]["required"], json!(["role", "content"]));
    schemas["MessageDelta"]["required"] = json!(["content"]);
    schemas
}

/// The schemas of the lists of threads, runs and the like.
fn operations_with_lists(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
    let classic =
        operations.filter(|operation| operation["tags"][0].as_str().is_some_and(|tag| tag.starts_with("Classic")));
    let lists = classic.filter_map(|operation| {
        operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str()
    });
    lists
        .filter_map(|target| target.strip_prefix("#/components/schemas/"))
        .filter(|name| name.contains("ListOf"))
        .map(str::to_owned)
        .collect()
}

impl Judge {
    fn new(api_version: &'static str, text: &str) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        let schemas = corrected(api_version, &document);
        Self { api_version, document, schemas, validators: Mutex::default() }
    }

    /// The operation that a method and a path (no query) belong to.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let own = Self::without_agent(path);
        let given: Vec<&str> = own.split('/').collect();
        let fits = |wanted: &str, given: &str| match wanted.split_once('{') {
            None => wanted == given,
            Some((before, rest)) => {
                let after = rest.split_once('}').unwrap().1;
                given.len() > before.len() + after.len() && given.starts_with(before) && given.ends_with(after)
            }
        };
        self.document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(template, _)| {
                let wanted: Vec<&str> = template.split('/').collect();
                wanted.len() == given.len() && wanted.iter().zip(&given).all(|(wanted, given)| fits(wanted, given))
            })
            .filter_map(|(template, item)| Some((template, item.get(method.to_ascii_lowercase())?)))
            .min_by_key(|(template, _)| (template.matches('{').count(), !template.contains(':')))
            .map(|(_, operation)| operation)
    }

    /// Whether an operation is one of this document.
    fn holds(&self, operation: &Value) -> bool {
        let paths = self.document["paths"].as_object().unwrap().values();
        paths.flat_map(|item| item.as_object().unwrap().values()).any(|own| std::ptr::eq(own, operation))
    }

    /// The path that an agent's own path stands for.
    fn without_agent(path: &str) -> String {
        match path.split_once("/endpoint/protocols/openai/") {
            Some((before, rest)) if before.starts_with("/agents/") => format!("/openai/v1/{rest}"),
            _ => path.to_owned(),
        }
    }

    /// The operations of the document as method and path template.
    pub(crate) fn operations(&self) -> Vec<(String, String)> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                operations.push((method.to_ascii_uppercase(), path.clone()));
            }
        }
        operations
    }

    /// The ids of all operations.
    pub(crate) fn operation_ids(&self) -> BTreeSet<String> {
        let operations = self.operations();
        let id = |(method, path): &(String, String)| {
            self.document["paths"][path][method.to_ascii_lowercase()]["operationId"].as_str().unwrap().to_owned()
        };
        let ids: BTreeSet<String> = operations.iter().map(id).collect();
        assert_eq!(ids.len(), operations.len());
        ids
    }

    /// Panics unless a success answer is what the operation declares.
    pub(crate) fn assert_declared(&self, operation: &Value, status: u16, body: &Value) {
        let declared = &operation["responses"][status.to_string()];
        assert!(declared.is_object(), "{} does not declare {status}", operation["operationId"]);
        match declared.pointer("/content/application~1json/schema") {
            Some(schema) => self.assert_valid(schema, body),
            None => assert!(body.is_null(), "a body where none is declared: {body}"),
        }
    }

    /// The media types other than JSON with which an operation may answer.
    pub(crate) fn media_types(&self, operation: &Value) -> Vec<String> {
        let content = operation["responses"]["200"]["content"].as_object();
        content
            .into_iter()
            .flat_map(Map::keys)
            .filter(|media_type| *media_type != "application/json")
            .cloned()
            .collect()
    }

    /// The events that the document lists for a stream, with the schemas of their data.
    pub(crate) fn stream_events(&self, operation: &Value) -> Vec<(String, Value)> {
        let answer = &operation["responses"]["200"];
        let of_content = &answer["content"]["text/event-stream"]["x-sse-events"];
        let listed = answer["x-sse-events"].as_array().or(of_content.as_array());
        let name = |event: &Value| event["event"].as_str().unwrap_or_default().to_owned();
        listed.into_iter().flatten().map(|event| (name(event), event["data"].clone())).collect()
    }

    /// Panics unless the data of every event is what events of its name hold.
    pub(crate) fn assert_events(&self, operation: &Value, events: &[(String, Value)]) {
        let known = self.stream_events(operation);
        for (name, data) in events {
            match known.iter().find(|(known, _)| known == name) {
                Some((_, schema)) => self.assert_valid(schema, data),
                // A status that no document knows is still that of a run.
                None if name.starts_with("thread.run.") && !name.starts_with("thread.run.step.") => {
                    self.assert_valid(&json!({ "$ref": "#/components/schemas/ThreadRun" }), data);
                }
                None => panic!("{name} is no event of {}", operation["operationId"]),
            }
        }
    }

    /// The document's value at a pointer.
    pub(crate) fn features(&self, operation: &Value) -> Option<String> {
        let parameters = operation["parameters"].as_array()?;
        let is_needed = |parameter: &&Value| parameter["name"] == "Foundry-Features" && parameter["required"] == true;
        parameters.iter().find(is_needed)?;
        let values: Vec<&str> = operation["x-foundry-features"].as_array()?.iter().filter_map(Value::as_str).collect();
        Some(values.join(","))
    }

    /// What the document requires of a request, with this laid over it.
    pub(crate) fn plain_body(&self, operation: &Value, laid_over: Value) -> Value {
        let content = operation["requestBody"]["content"].as_object().unwrap();
        let (_, json) = content.iter().find(|(media_type, _)| media_type.ends_with("json")).unwrap();
        self.plain(&json["schema"], laid_over)
    }

    /// The plainest value that fits a schema and has what is given.
    fn plain(&self, schema: &Value, given: Value) -> Value {
        let schema = match schema["$ref"].as_str() {
            Some(target) => return self.plain(self.document.pointer(&target[1..]).unwrap(), given),
            None => schema,
        };
        if let (Some(mapping), Some(tag)) =
            (schema["discriminator"]["mapping"].as_object(), schema["discriminator"]["propertyName"].as_str())
        {
            let chosen = given[tag].as_str().and_then(|tag| mapping.get(tag)).or(mapping.values().next()).unwrap();
            return self.plain(&json!({ "$ref": chosen }), given);
        }
        if given.is_null() {
            if schema["nullable"] == json!(true) {
                return Value::Null;
            }
            if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
                return first.clone();
            }
            for keyword in ["oneOf", "anyOf", "allOf"] {
                if let Some(branch) = schema[keyword].as_array().and_then(|branches| branches.first()) {
                    return self.plain(branch, given);
                }
            }
            match schema["type"].as_str() {
                Some("array") => return json!([]),
                Some("boolean") => return json!(true),
                Some("integer" | "number") => return json!(1),
                Some("string") => return json!("plain"),
                _ => {}
            }
        }
        let given = if given.is_null() { json!({}) } else { given };
        let Value::Object(mut object) = given else { return given };
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let property = &schema["properties"][name];
            if property["readOnly"] != json!(true) {
                let value = object.remove(name).unwrap_or_default();
                object.insert(name.to_owned(), self.plain(property, value));
            }
        }
        Value::Object(object)
    }

    fn assert_valid(&self, schema: &Value, body: &Value) {
        let validator = self.validator(schema);
        let errors: Vec<String> =
            validator.iter_errors(body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}\nin {body:#}");
    }

    /// The validator of a schema, compiled once, with the schemas that it refers to and no others.
    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = known.entry(schema.to_string()).or_insert_with(|| {
            let mut root = convert(schema);
            let mut reached = BTreeMap::new();
            self.reach(&root, &mut reached);
            root["components"] = json!({ "schemas": reached });
            Arc::new(jsonschema::validator_for(&root).unwrap())
        });
        Arc::clone(validator)
    }

    fn reach(&self, schema: &Value, reached: &mut BTreeMap<String, Value>) {
        match schema {
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                if let Some(name) = reference.and_then(|target| target.strip_prefix("#/components/schemas/"))
                    && !reached.contains_key(name)
                {
                    let target = &self.schemas[name];
                    reached.insert(name.to_owned(), target.clone());
                    self.reach(target, reached);
                }
                members.values().for_each(|member| self.reach(member, reached));
            }
            Value::Array(values) => values.iter().for_each(|value| self.reach(value, reached)),
            _ => {}
        }
    }
}

/// Values that tests give or put into scripts and that no document lists. Of its own accord the
/// emulator answers none but those listed, also where the service may know more.
const UNKNOWN_ON_PURPOSE: &[&str] = &["m", "content_filter", "narrator", "polishing"];

/// Panics unless the body is the service's error envelope.
pub(crate) fn assert_error(body: &Value) {
    judge(FIRST).assert_valid(&json!({ "$ref": "#/components/schemas/ErrorResponse" }), body);
    for name in ["code", "message"] {
        assert!(body["error"][name].is_string(), "no {name} in {body}");
    }
}

/// A schema of OpenAPI 3.0 as the JSON Schema of what the service may answer.
fn convert(schema: &Value) -> Value {
    let Some(given) = schema.as_object() else {
        return schema.clone();
    };
    let flag = |name: &str| given.get(name) == Some(&Value::Bool(true));
    let mut converted = Map::new();
    for (keyword, value) in given {
        let value = match keyword.as_str() {
            "$ref" | "type" => value.clone(),
            "enum" if flag("x-extensible-enum") => {
                let known = value.as_array().unwrap().iter().cloned();
                known.chain(UNKNOWN_ON_PURPOSE.iter().map(|value| json!(value))).collect()
            }
            "enum" => value.clone(),
            "items" | "additionalProperties" => convert(value),
            "allOf" | "anyOf" => value.as_array().unwrap().iter().map(convert).collect(),
            "oneOf" if !given.contains_key("discriminator") => value.as_array().unwrap().iter().map(convert).collect(),
            "properties" => {
                let properties: Map<String, Value> = value
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, property)| (name.clone(), convert(property)))
                    .collect();
                Value::Object(properties)
            }
            "required" => required(value, given.get("properties").unwrap_or(&Value::Null)),
            _ => continue,
        };
        converted.insert(keyword.clone(), value);
    }
    if let Some(discriminator) = given.get("discriminator") {
        tagged(&mut converted, discriminator);
    }
    let converted = Value::Object(converted);
    if flag("nullable") || observed(schema, "null") {
        json!({ "anyOf": [converted, { "type": "null" }] })
    } else {
        converted
    }
}

/// What must be there in an answer: not what is only sent, nor what was seen to be missing.
fn required(names: &Value, properties: &Value) -> Value {
    names
        .as_array()
        .unwrap()
        .iter()
        .filter(|name| {
            let property = &properties[name.as_str().unwrap()];
            property["writeOnly"] != json!(true) && !observed(property, "absent")
        })
        .cloned()
        .collect()
}

/// A union with a tag: known tags choose their branch, unknown ones may come.
fn tagged(converted: &mut Map<String, Value>, discriminator: &Value) {
    let name = discriminator["propertyName"].as_str().unwrap();
    let branches: Vec<Value> = discriminator["mapping"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(tag, target)| {
            json!({
                "if": { "properties": { name: { "const": tag } } },
                "then": { "$ref": target },
            })
        })
        .collect();
    converted.insert("type".to_owned(), json!("object"));
    converted.insert("required".to_owned(), json!([name]));
    converted.insert("properties".to_owned(), json!({ name: { "type": "string" } }));
    converted.insert("allOf".to_owned(), branches.into());
}

fn observed(schema: &Value, what: &str) -> bool {
    schema["x-observed"].as_array().is_some_and(|observed| observed.contains(&json!(what)))
}

#[test]
fn the_judge_tells_good_answers_from_bad_ones() {
    let judge = |body: Value| {
        let operation = operation("GET", "/threads/thread_1").unwrap();
        std::panic::catch_unwind(|| assert_declared(operation, 200, &body)).is_ok()
    };
    let thread = json!({
        "id": "thread_1", "object": "thread", "created_at": 1, "tool_resources": {}, "metadata": {},
    });
    assert!(judge(thread.clone()));
    for (name, value) in [
        ("id", json!(1)),
        ("object", json!("assistant")),
        ("created_at", json!("yesterday")),
        ("metadata", json!({"a": 1})),
    ] {
        let mut wrong = thread.clone();
        wrong[name] = value;
        assert!(!judge(wrong), "{name}");
        let mut missing = thread.clone();
        missing.as_object_mut().unwrap().remove(name);
        assert!(!judge(missing), "{name}");
    }
}

#[test]
fn an_operation_is_judged_by_the_document_that_has_it() {
    let conversation = json!({ "id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {} });
    let operation = operation("GET", "/openai/v1/conversations/conv_1").unwrap();
    assert_declared(operation, 200, &conversation);
    let wrong = json!({ "id": "conv_1", "object": "thread", "created_at": 1, "metadata": {} });
    assert!(std::panic::catch_unwind(|| assert_declared(operation, 200, &wrong)).is_err());
    assert!(std::panic::catch_unwind(|| assert_declared(operation, 201, &conversation)).is_err());
}
