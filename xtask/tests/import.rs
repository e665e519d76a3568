//! `cargo xtask import` from outside: what it brings in, what it refuses, and what it leaves on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

#[allow(dead_code, reason = "shared with the tests of generate, which use more of it")]
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::*;

/// A description that is published with these tests.
fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/import/{name}", env!("CARGO_MANIFEST_DIR"))
}

const NEW: &str = "2026-01-01";

/// Writes a document into the workspace and imports it.
fn imported(workspace: &Workspace, api: &str, document: &Value, more: &[&str]) -> Run {
    workspace.write("published.json", document.to_string());
    let file = workspace.path("published.json");
    let run = workspace.xtask(&[&["import", api, file.to_str().unwrap()], more].concat());
    std::fs::remove_file(file).unwrap();
    run
}

fn document(workspace: &Workspace, path: &str) -> Value {
    serde_json::from_str(&workspace.read(path)).unwrap()
}

#[test]
fn a_third_api_needs_no_hand_written_file_and_compiles() {
    let workspace = Workspace::with_crates("third-api");
    let before = workspace.snapshot();
    let file = fixture("notebooks.swagger.json");
    let run = workspace.xtask(&["import", NEW, &file, "--facts", "a fixture of the tests"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for line in [
        "POST /exports  (Exports_StartExport)",
        "0 breaking, 0 warnings, 9 compatible changes",
        "  - left out: `x-ms-client-flatten` of a schema (at #/components/schemas/Owner)",
        "Wrote openapi/2026-01-01/openapi.json",
    ] {
        assert!(run.stdout.lines().any(|known| known == line), "{line}: {}", run.stdout);
    }
    // What is not generated, and is no data, is as it was.
    let may_change = ["openapi/", "crates/foundry-emulator/openapi/", GENERATED, GENERATED_SDK, CALLS];
    let manifests = ["crates/foundry-raw/Cargo.toml is another", "crates/foundry-sdk/Cargo.toml is another"];
    let touched: Vec<String> = differences(&before, &workspace.snapshot())
        .into_iter()
        .filter(|change| !may_change.iter().any(|folder| change.starts_with(folder)))
        .collect();
    assert_eq!(touched, manifests);
    assert_eq!(workspace.check().code, Some(0));

    // As a user of the SDK has it.
    let mut manifest: toml_edit::DocumentMut = workspace.read("Cargo.toml").parse().unwrap();
    manifest["workspace"]["members"] = toml_edit::value(toml_edit::Array::from_iter(["crates/*"]));
    workspace.write("Cargo.toml", manifest.to_string());
    workspace.write(
        "crates/user/Cargo.toml",
        "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n\
         foundry-sdk = { workspace = true, features = [\"rustls\", \"v2026-01-01\"] }\n",
    );
    workspace.write(
        "crates/user/src/lib.rs",
        "use foundry_sdk::ProjectClient;\n\
         pub async fn name_of(client: &ProjectClient) -> foundry_sdk::Result<String> {\n\
             let notebooks = client.v2026_01_01().notebooks();\n\
             let _page = notebooks.list().labels([\"a\", \"b\"]).limit(5).await?;\n\
             let started = client.v2026_01_01().exports().start(\"n\").await?;\n\
             let _ = (started.id, client.raw_2026_01_01());\n\
             let exported = client.v2026_01_01().exports().start(\"n\").poll().completed().await?;\n\
             let url: Option<String> = exported.map(|result| result.url);\n\
             Ok(notebooks.get(\"n\").await?.name + url.as_deref().unwrap_or_default())\n\
         }\n",
    );
    let target = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap().parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--package", "user"])
        .current_dir(workspace.path(""))
        .env("CARGO_TARGET_DIR", target)
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("warning:"), "{said}");
}

#[test]
fn swagger_becomes_our_form() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.path("crates/foundry-sdk")).unwrap();
    for manifest in ["crates/foundry-raw/Cargo.toml", "crates/foundry-sdk/Cargo.toml"] {
        workspace.write(manifest, "[features]\ndefault = []\n");
    }
    let run = workspace.xtask(&["import", NEW, &fixture("notebooks.swagger.json"), "--facts", "f"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let made = document(&workspace, "openapi/2026-01-01/openapi.json");
    let operation = |path: &str, method: &str| made["paths"][path][method].clone();
    let schema = |name: &str| made["components"]["schemas"][name].clone();
    let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    assert_eq!(made["openapi"], "3.0.3");
    assert_eq!(made["info"], json!({ "title": "Notebooks", "version": "2026-01-01" }));
    assert_eq!(made["servers"][0]["url"], "{endpoint}");
    assert_eq!(made["tags"], json!([{ "name": "Exports" }, { "name": "Notebooks" }]));
    assert_eq!(
        made["components"]["securitySchemes"],
        json!({
            "EntraId": { "type": "oauth2", "flows": { "implicit": {
                "authorizationUrl": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
                "scopes": { "https://ai.azure.com/.default": "" },
            } } },
            "Key": { "type": "apiKey", "name": "api-key", "in": "header" },
        })
    );
    let list = operation("/notebooks", "get");
    let paging = json!({ "items": "value", "style": "nextLink", "nextLink": "nextLink", "item": "#/components/schemas/Notebook" });
    assert_eq!(list["x-paging"], paging);
    assert_eq!(list["parameters"][0], json!({ "$ref": "#/components/parameters/ApiVersion" }));
    assert_eq!(list["parameters"][1]["schema"], to("NotebookState"));
    assert_eq!(
        list["parameters"][4]["schema"],
        json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 100 })
    );
    assert_eq!(
        list["responses"]["default"],
        json!({ "description": "error", "content": { "application/json": { "schema": to("Azure.Core.ErrorResponse") } } })
    );
    let upload = operation("/notebooks/{notebookId}/content", "post")["requestBody"].clone();
    assert_eq!(upload["x-multipart"], json!({ "file_fields": ["file"], "data_fields": ["name", "purpose"] }));
    assert_eq!(upload["content"]["multipart/form-data"]["schema"], to("UploadContentRequest"));
    assert_eq!(
        operation("/exports", "post")["x-lro"],
        json!({
            "style": "operation-location",
            "statusHeader": "Operation-Location",
            "statusPath": "/exports/{jobId}",
            "status": to("ExportJob"),
            "finalResult": to("ExportResult"),
            "finalResultProperty": "result",
        })
    );
    assert_eq!(
        schema("NotebookState"),
        json!({ "type": "string", "enum": ["open", "closed"], "x-extensible-enum": true })
    );
    assert_eq!(schema("ExportStatus"), json!({ "type": "string", "enum": ["running", "succeeded"] }));
    let properties = schema("Notebook")["properties"].clone();
    assert_eq!(properties["id"], json!({ "type": "string", "readOnly": true }));
    assert_eq!(properties["owner"], json!({ "allOf": [to("Owner")], "nullable": true }));
    assert_eq!(
        properties["secret"],
        json!({ "type": "string", "x-visibility": ["create"], "writeOnly": true, "x-secret": true })
    );
    assert_eq!(schema("Cell")["discriminator"]["mapping"]["code"], "#/components/schemas/CodeCell");
    assert_eq!(schema("CodeCell")["properties"]["kind"], json!({ "type": "string", "enum": ["code"] }));
    // No prose is left: descriptions are statuses.
    let mut open = vec![&made];
    while let Some(value) = open.pop() {
        if let Some(description) = value.get("description").and_then(Value::as_str) {
            assert!(description == "error" || description.parse::<u16>().is_ok(), "{description}");
        }
        open.extend(value.as_object().into_iter().flat_map(|members| members.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    // An import of the same changes nothing.
    let before = workspace.snapshot();
    let run = workspace.xtask(&["import", NEW, &fixture("notebooks.swagger.json")]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("0 breaking, 0 warnings, 0 compatible changes"), "{}", run.stdout);
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}

#[test]
fn openapi_3_1_becomes_our_form() {
    let workspace = Workspace::new();
    for manifest in ["crates/foundry-raw/Cargo.toml", "crates/foundry-sdk/Cargo.toml"] {
        workspace.write(manifest, "[features]\n");
    }
    let run = workspace.xtask(&["import", "v9", &fixture("boards.v3_1.yaml"), "--facts", "f"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("left out: webhooks"), "{}", run.stdout);
    let made = document(&workspace, "openapi/v9/openapi.json");
    let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let properties = &made["components"]["schemas"]["Board"]["properties"];
    for (property, expected) in [
        ("object", json!({ "type": "string", "enum": ["board"] })),
        ("title", json!({ "type": "string", "nullable": true })),
        ("size", json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true })),
        ("thumbnail", json!({ "type": "string", "format": "byte" })),
        ("owner", json!({ "allOf": [to("Owner")], "deprecated": true })),
        ("parent", json!({ "allOf": [to("Owner")], "nullable": true })),
        ("colour", json!({ "type": "string", "enum": ["red", "green"], "x-extensible-enum": true })),
        ("shape", to("Shape")),
    ] {
        assert_eq!(properties[property], expected, "{property}");
    }
    assert_eq!(made["components"]["schemas"]["Shape"]["oneOf"], json!([to("Circle"), to("Line")]));
    assert_eq!(made["paths"].as_object().unwrap().len(), 2);
    let sources: toml::Table = workspace.read(SOURCES).parse().unwrap();
    assert_eq!(sources["api"]["v9"]["facts"].as_str(), Some("f"));
    assert_eq!(sources["api"]["v9"]["module"].as_str(), Some("v9"));
    assert!(workspace.read("crates/foundry-sdk/Cargo.toml").contains("v9 = [\"foundry-raw/v9\"]"));
}

#[test]
fn our_own_documents_are_imported_without_a_change() {
    let workspace = Workspace::whole();
    let before = workspace.snapshot();
    for api in ["2025-05-01", "v1"] {
        let path = workspace.path(&format!("openapi/{api}/openapi.json"));
        let run = workspace.xtask(&["import", api, path.to_str().unwrap()]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(!run.stdout.contains("Wrote"), "{}", run.stdout);
    }
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}

/// Takes away what the service does not publish.
fn as_published(value: &mut Value) {
    const OURS: &[&str] = &["x-paging", "x-sse", "x-sse-events", "x-observed", "x-extensible-enum", "x-multipart"];
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !OURS.contains(&key.as_str()) && key != "text/event-stream");
            members.values_mut().for_each(as_published);
        }
        Value::Array(elements) => elements.iter_mut().for_each(as_published),
        _ => {}
    }
}

#[test]
fn marks_that_are_not_published_are_carried_over_and_nothing_else_changes() {
    let workspace = Workspace::new();
    let (corrected, surface) = (document(&workspace, EMBEDDED), workspace.read(SURFACE));
    let mut published = document(&workspace, DOCUMENT);
    as_published(&mut published);
    let run = imported(&workspace, API, &published, &[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("carried over into the overlay:"), "{}", run.stdout);
    assert!(!run.stdout.contains("without a place"), "{}", run.stdout);
    assert!(document(&workspace, DOCUMENT)["paths"]["/threads"]["get"].get("x-paging").is_none());
    let after = document(&workspace, EMBEDDED);
    for area in ["paths", "components"] {
        assert!(after[area] == corrected[area], "{area} is another after the overlay");
    }
    assert_eq!(workspace.read(SURFACE), surface);
    // Once in the overlay, they stay there.
    let before = workspace.snapshot();
    let run = imported(&workspace, API, &published, &[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}

/// The same as OpenAPI 3.1 says it, as far as the service publishes it.
fn as_3_1(value: &mut Value) {
    if let Value::Array(elements) = value {
        return elements.iter_mut().for_each(as_3_1);
    }
    let Value::Object(members) = value else { return };
    members.values_mut().for_each(as_3_1);
    if members.remove("nullable").is_some() {
        let nothing = json!({ "type": "null", "description": "None." });
        if let Some(kind) = members.get("type").cloned() {
            members.insert("type".to_owned(), json!([kind, "null"]));
            members.entry("enum").and_modify(|values| values.as_array_mut().unwrap().push(Value::Null));
        } else if let Some(Value::Array(one)) = members.remove("allOf") {
            members.insert("anyOf".to_owned(), json!([one[0], nothing]));
        } else {
            let union = ["anyOf", "oneOf"].into_iter().find(|key| members.contains_key(*key)).unwrap();
            members[union].as_array_mut().unwrap().push(nothing);
        }
    }
    if let Some([Value::String(constant)]) = members.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
        let constant = constant.clone();
        members.remove("enum");
        members.insert("const".to_owned(), constant.into());
    }
    if let Some([one]) = members.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        let reference = one["$ref"].clone();
        members.remove("allOf");
        members.insert("$ref".to_owned(), reference);
        members.insert("description".to_owned(), "Beside a reference.".into());
    }
    if members.get("format").is_some_and(|format| format == "binary") {
        members.remove("format");
        members.insert("contentMediaType".to_owned(), "application/octet-stream".into());
    }
}

#[test]
fn published_as_3_1_it_gives_the_same_code() {
    let workspace = Workspace::new();
    let code = |workspace: &Workspace| -> Vec<(String, String)> {
        let files = [GENERATED, GENERATED_SDK, CALLS].into_iter().flat_map(|folder| workspace.files(folder));
        // Where a type is wider than the document the table says why, and that the overlay says so now.
        let files = files.filter(|file| !file.ends_with("loosened.tsv"));
        // The first line has the document's sum.
        files.map(|file| (workspace.read(&file).split_once('\n').unwrap().1.to_owned(), file)).collect()
    };
    let before = code(&workspace);
    let mut published = document(&workspace, DOCUMENT);
    as_published(&mut published);
    as_3_1(&mut published);
    published["openapi"] = "3.1.0".into();
    let run = imported(&workspace, API, &published, &[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("Converting from OpenAPI 3.1"), "{}", run.stderr);
    assert!(code(&workspace) == before, "other code came out");
}

#[test]
fn what_has_no_place_is_listed_with_all_actions_that_no_longer_match() {
    let workspace = Workspace::new();
    let mut published = document(&workspace, DOCUMENT);
    let paths = published["paths"].as_object_mut().unwrap();
    for path in ["/threads", "/files"] {
        assert!(paths[path].as_object_mut().unwrap().remove("get").is_some());
    }
    let before = workspace.snapshot();
    let run = imported(&workspace, API, &published, &[]);
    assert_eq!(run.code, Some(100), "{}", run.stdout);
    for part in [
        "x-paging of GET /threads: the operation is no longer there",
        "marks of the document before have no place in this one:",
        "actions of the overlay no longer match:",
        "  at: openapi/2025-05-01/overlay.yaml",
        "(target $.paths['/files'].get): matches nothing",
        "(target $.paths['/threads'].get): matches nothing",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());

    // Taken out by people: only the marks are in the way, and then the names.
    let overlay = workspace.read(OVERLAY);
    let numbers: BTreeSet<usize> =
        run.stderr.lines().filter_map(|line| line.split_once(": action ")?.1.split_once(' ')?.0.parse().ok()).collect();
    let (head, rest) = overlay.split_once("  - target:").unwrap();
    let kept = rest.split("\n  - target:").enumerate().filter(|(index, _)| !numbers.contains(&(index + 1)));
    let actions: Vec<String> = kept.map(|(_, action)| format!("  - target:{action}")).collect();
    workspace.write(OVERLAY, format!("{head}{}", actions.join("\n")));
    let run = imported(&workspace, API, &published, &[]);
    assert_eq!(run.code, Some(100));
    assert!(!run.stderr.contains("no longer match") && run.stderr.contains("--allow-lost"), "{}", run.stderr);
    let run = imported(&workspace, API, &published, &["--allow-lost"]);
    assert_eq!(run.code, Some(100));
    assert!(run.stderr.contains("the document has no `Files_list` any more"), "{}", run.stderr);
}

#[test]
fn a_failure_leaves_every_file_as_it_is() {
    let workspace = Workspace::new();
    for manifest in ["crates/foundry-raw/Cargo.toml", "crates/foundry-sdk/Cargo.toml"] {
        workspace.write(manifest, "[features]\n");
    }
    let mut cycle = document(&workspace, DOCUMENT);
    cycle["components"]["schemas"]["Agent"] = json!({ "$ref": "#/components/schemas/AgentThread" });
    cycle["components"]["schemas"]["AgentThread"] = json!({ "$ref": "#/components/schemas/Agent" });
    let two = json!({ "openapi": "3.0.3", "info": { "title": "t", "version": "v" }, "paths": {}, "components": { "schemas": {
        "Foo": { "type": "object", "properties": {} }, "foo": { "type": "object", "properties": {} },
    } } });
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (name, text, said) in [
        ("not a document", "{}".to_owned(), "not an OpenAPI document"),
        ("cut off", "{ \"openapi\":".to_owned(), "published"),
        ("not UTF-8 in YAML", "a: [".to_owned(), "not well-formed YAML"),
        ("deep", deep, "128"),
        ("a cycle", cycle.to_string(), "references lead in a circle"),
        ("out of the document", json!({ "swagger": "2.0", "info": { "version": "1" }, "paths": {}, "definitions": { "A": { "$ref": "./b.json" } } }).to_string(), "leads out of the document"),
        ("names that clash", two.to_string(), "would both be `Foo`"),
    ] {
        workspace.write("published", text);
        let before = workspace.snapshot();
        let file = workspace.path("published");
        let run = workspace.xtask(&["import", "v7", file.to_str().unwrap(), "--facts", "f"]);
        assert_eq!(run.code, Some(100), "{name}: {}", run.stderr);
        for part in ["error: ", "\n  at: ", "\n  do: ", said] {
            assert!(run.stderr.contains(part), "{name}, {part}: {}", run.stderr);
        }
        assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new(), "{name}");
    }
    let before = workspace.snapshot();
    for arguments in [
        &["import", "v7", "published"][..],
        &["import", "v7", "published", "--facts", " "],
        &["import", "../v7", "published", "--facts", "f"],
        &["import", "v7"],
    ] {
        assert_eq!(workspace.xtask(arguments).code, Some(2), "{arguments:?}");
    }
    assert_eq!(workspace.xtask(&["import", "v7", "nothing", "--facts", "f"]).code, Some(100));
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}

#[test]
fn a_disk_that_cannot_be_written_leaves_every_file_as_it_is() {
    let workspace = Workspace::new();
    for manifest in ["crates/foundry-raw/Cargo.toml", "crates/foundry-sdk/Cargo.toml"] {
        workspace.write(manifest, "[features]\n");
    }
    // Late: the emulator's copy and the manifests are prepared before.
    workspace.write("crates/foundry-raw/src/generated/v2026_01_01", "a file where a folder is to be");
    let before = workspace.snapshot();
    let run = workspace.xtask(&["import", NEW, &fixture("notebooks.swagger.json"), "--facts", "f"]);
    assert_eq!(run.code, Some(100), "{}", run.stdout);
    assert!(run.stderr.contains("v2026_01_01") && run.stderr.contains("\n  do: "), "{}", run.stderr);
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}

/// What is many in a document, all at once: schemas in circles, inline enums, properties, operations, kinds.
fn large(count: usize) -> Value {
    let to = |name: String| json!({ "$ref": format!("#/components/schemas/{name}") });
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    let (mut schemas, mut paths) = (serde_json::Map::new(), serde_json::Map::new());
    for number in 0..count {
        let next = |steps: usize| to(format!("Node{}", (number * steps + 1) % count));
        let node = json!({ "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string" }, "next": next(1), "other": next(7), "list": { "type": "array", "items": next(3) },
            "mode": { "type": "string", "enum": [format!("a{number}"), format!("b{number}")] },
        } });
        schemas.insert(format!("Node{number}"), node);
        let kind = json!({ "allOf": [to("Base".to_owned())], "x-ms-discriminator-value": format!("k{number}") });
        schemas.insert(format!("Kind{number}"), kind);
    }
    let names: Vec<String> = (0..2 * count).map(|number| format!("property{number}")).collect();
    let properties: serde_json::Map<String, Value> =
        names.iter().map(|name| (name.clone(), json!({ "type": "string" }))).collect();
    schemas.insert("Wide".to_owned(), json!({ "type": "object", "required": names, "properties": properties }));
    let base = json!({ "type": "object", "discriminator": { "propertyName": "kind" }, "properties": {
        "kind": { "type": "string" }, "node": to("Node0".to_owned()), "wide": to("Wide".to_owned()),
    } });
    schemas.insert("Base".to_owned(), base);
    for number in 0..count / 10 {
        let operation = json!({
            "operationId": format!("Things_get{number}"),
            "responses": { "200": { "description": "", "content": content(to("Base".to_owned())) } },
        });
        paths.insert(format!("/things{number}"), json!({ "get": operation }));
    }
    json!({
        "openapi": "3.0.3", "info": { "title": "t", "version": "v" }, "paths": paths, "components": { "schemas": schemas },
    })
}

/// Each of these took minutes where every one of them was looked for among all.
#[test]
fn many_of_everything_are_imported() {
    let workspace = Workspace::new();
    for manifest in ["crates/foundry-raw/Cargo.toml", "crates/foundry-sdk/Cargo.toml"] {
        workspace.write(manifest, "[features]\n");
    }
    let run = imported(&workspace, "v8", &large(1000), &["--facts", "f"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("\nv8 (feature v8): 100 operations"), "{}", run.stdout);
}
