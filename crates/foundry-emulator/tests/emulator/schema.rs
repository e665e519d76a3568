//! The API document as JSON Schema, so that an independent validator can judge answers.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi/2025-05-01.json")).unwrap());

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

static COMPONENTS: LazyLock<Value> = LazyLock::new(|| {
    let mut schemas: Map<String, Value> = DOCUMENT["components"]["schemas"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, schema)| (name.clone(), convert(schema)))
        .collect();
    // The document does not say so, but the ids of an empty page are null.
    for (name, schema) in &mut schemas {
        if name.starts_with("ListOf") {
            assert_eq!(schema["properties"]["last_id"], json!({"type": "string"}), "{name}");
            for id in ["first_id", "last_id"] {
                schema["properties"][id] = json!({"type": ["string", "null"]});
            }
            schema["required"] = json!(["object", "data", "first_id", "last_id", "has_more"]);
        }
    }
    // These three are contradicted by recorded answers.
    let batch = &mut schemas["VectorStoreFileBatch"]["properties"]["object"];
    assert_eq!(*batch, json!({ "type": "string", "enum": ["vector_store.files_batch"] }));
    *batch = json!({ "type": "string", "enum": ["vector_store.file_batch"] });
    let pending = &mut schemas["PendingUploadResponse"]["properties"]["pendingUploadId"];
    assert_eq!(*pending, json!({ "type": "string" }));
    *pending = json!({ "type": ["string", "null"] });
    assert_eq!(schemas["MessageDelta"]["required"], json!(["role", "content"]));
    schemas["MessageDelta"]["required"] = json!(["content"]);
    json!({ "schemas": schemas })
});

/// The operation that a method and a path (no query) belong to.
pub(crate) fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let given: Vec<&str> = path.split('/').collect();
    DOCUMENT["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(template, _)| {
            let wanted: Vec<&str> = template.split('/').collect();
            wanted.len() == given.len()
                && wanted.iter().zip(&given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
        })
        .filter_map(|(template, item)| Some((template, item.get(method.to_ascii_lowercase())?)))
        .min_by_key(|(template, _)| template.matches('{').count())
        .map(|(_, operation)| operation)
}

/// The operations of the document as method and path template.
pub(crate) fn operations() -> Vec<(String, String)> {
    let mut operations = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.push((method.to_ascii_uppercase(), path.clone()));
        }
    }
    operations
}

/// The ids of all operations.
pub(crate) fn operation_ids() -> BTreeSet<String> {
    let operations = operations();
    let ids: BTreeSet<String> = operations
        .iter()
        .map(|(method, path)| DOCUMENT["paths"][path][method.to_ascii_lowercase()]["operationId"].as_str().unwrap())
        .map(str::to_owned)
        .collect();
    assert_eq!(ids.len(), operations.len());
    ids
}

/// Panics unless a success answer is what the operation declares.
pub(crate) fn assert_declared(operation: &Value, status: u16, body: &Value) {
    let declared = &operation["responses"][status.to_string()];
    assert!(declared.is_object(), "{} does not declare {status}", operation["operationId"]);
    match declared.pointer("/content/application~1json/schema") {
        Some(schema) => assert_valid(schema, body),
        None => assert!(body.is_null(), "a body where none is declared: {body}"),
    }
}

/// Panics unless the operation declares that it answers 200 with this media type.
pub(crate) fn assert_media_type(operation: &Value, media_type: &str) {
    let content = &operation["responses"]["200"]["content"];
    assert!(content.get(media_type).is_some(), "{media_type} is not declared");
}

/// The events that the document lists for a stream, with the schemas of their data.
pub(crate) fn stream_events() -> Vec<(String, Value)> {
    let operation = operation("POST", "/threads/thread_1/runs").unwrap();
    let listed = operation["responses"]["200"]["x-sse-events"].as_array().unwrap();
    listed.iter().map(|event| (event["event"].as_str().unwrap().to_owned(), event["data"].clone())).collect()
}

/// Panics unless the data of every event is what events of its name hold.
pub(crate) fn assert_events(events: &[(String, Value)]) {
    let known = stream_events();
    for (name, data) in events {
        match known.iter().find(|(known, _)| known == name) {
            Some((_, schema)) => assert_valid(schema, data),
            // A status that no document knows is still that of a run.
            None if name.starts_with("thread.run.") && !name.starts_with("thread.run.step.") => {
                assert_valid(&json!({ "$ref": "#/components/schemas/ThreadRun" }), data);
            }
            None => panic!("{name} is no event of a run"),
        }
    }
}

/// Panics unless the body is the service's error envelope.
pub(crate) fn assert_error(body: &Value) {
    assert_valid(&json!({ "$ref": "#/components/schemas/ErrorResponse" }), body);
    for name in ["code", "message"] {
        assert!(body["error"][name].is_string(), "no {name} in {body}");
    }
}

fn assert_valid(schema: &Value, body: &Value) {
    let errors: Vec<String> =
        validator(schema).iter_errors(body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\nin {body:#}");
}

/// The validator of a schema, compiled once.
fn validator(schema: &Value) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = known.entry(schema.to_string()).or_insert_with(|| {
        let mut root = convert(schema);
        root["components"] = COMPONENTS.clone();
        Arc::new(jsonschema::validator_for(&root).unwrap())
    });
    Arc::clone(validator)
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
            "enum" if !flag("x-extensible-enum") => value.clone(),
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
            "required" => required(value, &given["properties"]),
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
