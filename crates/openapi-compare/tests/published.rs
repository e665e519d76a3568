//! Published documents of real size, where the repository around this crate has them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod support;

use std::path::Path;

use openapi_compare::{Check, Document, SpecVersion, compare};
use serde_json::{Value, json};
use support::{document, found};

fn published(name: &str) -> Option<Document> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(name).join("openapi.json");
    path.exists().then(|| Document::from_path(&path).unwrap())
}

#[test]
fn a_real_document_holds_together() {
    let Some(document) = published("2025-05-01") else { return };
    assert_eq!(*document.version(), SpecVersion::OpenApi3_0("3".to_owned()));
    assert_eq!(document.operations().count(), 58);
    assert_eq!(document.schemas().count(), 247);
    let check = Check::default().operation_ids_required(true);
    assert_eq!(document.check_with(check), Ok(()));
}

/// Changes every object of a document, inner ones first.
fn each_object(value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| each_object(value, change)),
        Value::Array(elements) => elements.iter_mut().for_each(|value| each_object(value, change)),
        _ => {}
    }
    if value.is_object() {
        change(value);
    }
}

#[test]
fn rewriting_a_real_document_changes_nothing() {
    for name in ["2025-05-01", "v1"] {
        let Some(old) = published(name) else { return };
        let rewritten = |about: &str, change: &dyn Fn(&mut Value)| {
            let mut value = old.root().clone();
            change(&mut value);
            assert_ne!(&value, old.root(), "{about}");
            let new = document("new", value);
            let report = compare(&old, &new).unwrap();
            assert!(report.is_empty(), "{name}, {about}:\n{report}");
        };
        rewritten("every schema renamed", &|value| {
            let schemas = value["components"]["schemas"].as_object_mut().unwrap();
            *schemas =
                std::mem::take(schemas).into_iter().map(|(name, schema)| (format!("New{name}"), schema)).collect();
            let renamed = |text: &mut Value| {
                if let Some(name) = text.as_str().and_then(|text| text.strip_prefix("#/components/schemas/")) {
                    *text = format!("#/components/schemas/New{name}").into();
                }
            };
            each_object(value, &mut |object| {
                if let Some(reference) = object.get_mut("$ref") {
                    renamed(reference);
                }
                if let Some(mapping) = object.get_mut("mapping").and_then(Value::as_object_mut) {
                    mapping.values_mut().for_each(renamed);
                }
            });
        });
        rewritten("every reference in allOf", &|value| {
            each_object(value, &mut |object| {
                let is_schema = object
                    .get("$ref")
                    .and_then(Value::as_str)
                    .is_some_and(|text| text.starts_with("#/components/schemas/"));
                if is_schema {
                    *object = json!({"allOf": [object.take()]});
                }
            });
        });
        rewritten("null in the words of OpenAPI 3.1", &|value| {
            value["openapi"] = "3.1.0".into();
            each_object(value, &mut |object| {
                if object.get("nullable") == Some(&Value::Bool(true)) {
                    object.as_object_mut().unwrap().remove("nullable");
                    *object = json!({"anyOf": [object.take(), {"type": "null"}]});
                }
            });
        });
        rewritten("one level of references written out", &|value| {
            let schemas = value["components"]["schemas"].clone();
            let paths = &mut value["paths"];
            each_object(paths, &mut |object| {
                let name = object
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|text| text.strip_prefix("#/components/schemas/"));
                if let Some(schema) = name.map(|name| schemas[name].clone()) {
                    *object = schema;
                }
            });
        });
        rewritten("parameters of the operations to their paths", &|value| {
            for item in value["paths"].as_object_mut().unwrap().values_mut() {
                let methods: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
                if let [method] = methods.as_slice()
                    && let Some(parameters) = item[method].as_object_mut().unwrap().remove("parameters")
                {
                    item["parameters"] = parameters;
                }
            }
        });
        rewritten("lists in another order, and words", &|value| {
            each_object(value, &mut |object| {
                for key in ["enum", "required", "oneOf", "anyOf", "parameters"] {
                    if let Some(list) = object.get_mut(key).and_then(Value::as_array_mut) {
                        list.reverse();
                    }
                }
                let types = ["string", "object", "array", "integer", "number", "boolean"];
                if object.get("type").and_then(Value::as_str).is_some_and(|name| types.contains(&name)) {
                    object["description"] = "words".into();
                }
            });
        });
    }
}

#[test]
fn changes_planted_in_a_real_document_are_found() {
    let Some(old) = published("v1") else { return };
    let planted = |change: &dyn Fn(&mut Value)| {
        let mut value = old.root().clone();
        change(&mut value);
        let new = document("new", value);
        // The same from the other side.
        let report = compare(&old, &new).unwrap();
        assert_eq!(compare(&new, &old).unwrap().changes.len(), report.changes.len());
        found(&report)
    };
    let parameter = |value: &mut Value, path: &str, method: &str, name: &str, change: &dyn Fn(&mut Value)| {
        let parameters = value["paths"][path][method]["parameters"].as_array_mut().unwrap();
        change(parameters.iter_mut().find(|parameter| parameter["name"] == name).unwrap());
    };
    let header =
        planted(&|value| parameter(value, "/agents", "post", "Foundry-Features", &|it| it["required"] = true.into()));
    assert_eq!(header, ["breaking request-header-became-required POST /agents header parameter Foundry-Features"]);
    let moved = planted(&|value| parameter(value, "/threads", "get", "limit", &|it| it["in"] = "header".into()));
    assert_eq!(moved, ["breaking request-parameter-moved GET /threads query parameter limit"]);
    let kind = planted(&|value| {
        let union = &mut value["components"]["schemas"]["ToolDefinition"];
        let target = union["discriminator"]["mapping"].as_object_mut().unwrap().remove("code_interpreter").unwrap();
        union["oneOf"].as_array_mut().unwrap().retain(|branch| branch["$ref"] != target);
    });
    assert_eq!(
        kind,
        [
            "warning request-open-union-branch-removed schema ToolDefinition",
            "compatible response-open-union-branch-removed schema ToolDefinition",
        ]
    );
    let closed = planted(&|value| {
        value["components"]["schemas"]["ToolDefinition"].as_object_mut().unwrap().remove("x-extensible-discriminator");
    });
    assert_eq!(
        closed,
        [
            "breaking request-union-closed schema ToolDefinition",
            "compatible response-union-closed schema ToolDefinition",
        ]
    );
    let status = planted(&|value| {
        value["components"]["schemas"]["RunStatus"]["enum"].as_array_mut().unwrap().push("paused".into());
    });
    assert_eq!(status, ["compatible response-open-enum-value-added schema RunStatus"]);
    let removed = planted(&|value| {
        value["components"]["schemas"]["ThreadRun"]["properties"].as_object_mut().unwrap().remove("usage");
        let required = value["components"]["schemas"]["ThreadRun"]["required"].as_array_mut().unwrap();
        required.retain(|name| name != "usage");
    });
    assert_eq!(removed.len(), 1, "{removed:?}");
    assert!(
        removed[0].starts_with("breaking response-")
            && removed[0].ends_with("property-removed schema ThreadRun .usage"),
        "{removed:?}"
    );
}
