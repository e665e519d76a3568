//! Answers in the form that a run asks for.

use serde_json::{Value, json};

use crate::client::{Client, id, start};

/// The answer of a run with this response format, which must be JSON.
async fn answer(client: &Client, text: &str, format: Value) -> Value {
    let agent = client.post("/assistants", json!({ "model": "m", "response_format": format })).await.success();
    let thread = client.thread().await;
    client.say(&thread, text).await;
    let run = client.run(&thread, &id(&agent)).await;
    assert_eq!(client.complete(&run).await["response_format"], format);
    serde_json::from_str(&client.reply(&run).await).unwrap()
}

#[tokio::test]
async fn a_schema_that_is_asked_for_is_kept_to() {
    let (_emulator, client, _) = start().await;
    // As schemars writes it.
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report",
        "type": "object",
        "properties": {
            "city": { "type": "string" },
            "temperature": { "type": "number", "minimum": -50, "maximum": 60 },
            "days": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
            "sky": { "$ref": "#/$defs/Sky" },
            "wind": { "anyOf": [{ "$ref": "#/$defs/Wind" }, { "type": "null" }] },
            "note": { "type": ["string", "null"] },
            "hours": { "type": "array", "items": { "$ref": "#/$defs/Wind" } },
        },
        "required": ["city", "temperature", "days", "sky", "hours"],
        "additionalProperties": false,
        "$defs": {
            "Sky": { "type": "string", "enum": ["clear", "cloudy"] },
            "Wind": {
                "type": "object",
                "properties": { "speed": { "type": "integer" }, "gusty": { "type": "boolean" } },
                "required": ["speed", "gusty"],
                "additionalProperties": false,
            },
        },
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    for text in ["How is the weather in Rome for 7 days?", "", "\"New York\" please"] {
        let format = json!({ "type": "json_schema", "json_schema": { "name": "report", "schema": schema } });
        let given = answer(&client, if text.is_empty() { "?" } else { text }, format).await;
        assert!(validator.is_valid(&given), "{given}");
        if text.contains("Rome") {
            let expected = json!({
                "city": "Rome", "temperature": 7.0, "days": 7, "sky": "clear", "note": "Rome",
                "wind": { "speed": 7, "gusty": true }, "hours": [{ "speed": 7, "gusty": true }],
            });
            assert_eq!(given, expected);
        }
    }
}

#[tokio::test]
async fn an_object_is_given_where_any_will_do() {
    let (_emulator, client, _) = start().await;
    let given = answer(&client, "Hello there", json!({ "type": "json_object" })).await;
    assert!(given["reply"].as_str().unwrap().contains("Hello there"), "{given}");
    assert_eq!(given.as_object().unwrap().len(), 1);
}
