//! `cargo xtask generate` from outside: exit codes, what it prints and what it leaves on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod changes;
mod faults;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::*;

/// The place of a schema in the document, to be changed.
fn schema<'d>(document: &'d mut Value, name: &str) -> &'d mut Value {
    let schema = &mut document["components"]["schemas"][name];
    assert!(schema.is_object(), "the document has no schema {name}");
    schema
}

/// An operation that answers with this schema.
fn operation(id: &str, tag: &str, answer: Value) -> Value {
    json!({
        "operationId": id,
        "tags": [tag],
        "parameters": [{ "$ref": "#/components/parameters/ApiVersion" }],
        "responses": { "200": { "description": "", "content": { "application/json": { "schema": answer } } } },
    })
}

fn a_thread() -> Value {
    json!({ "$ref": "#/components/schemas/AgentThread" })
}

/// Makes a schema that nothing refers to; what is wrong with it must be noticed all the same.
fn add_schema(workspace: &Workspace, name: &str, schema: Value) {
    workspace.edit(|document| document["components"]["schemas"][name] = schema);
}

/// Gives the operation that lists threads one more parameter in the query.
fn add_parameter(workspace: &Workspace, name: &str, schema: Value) {
    workspace.edit(|document| {
        let parameters = document["paths"]["/threads"]["get"]["parameters"].as_array_mut().unwrap();
        parameters.push(json!({ "name": name, "in": "query", "schema": schema }));
    });
}

// ---- fresh and stale

#[test]
fn a_clean_checkout_is_fresh_and_every_generated_file_is_named() {
    let workspace = Workspace::whole();
    let before = workspace.snapshot();
    let run = workspace.check();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stderr, "");
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());

    let mut made = workspace.files(GENERATED);
    made.extend(workspace.files(GENERATED_SDK));
    made.extend(workspace.files(CALLS));
    made.extend([SURFACE, SOURCES, SHARED, GUIDE].map(str::to_owned));
    let documents = workspace.files("crates/foundry-emulator/openapi");
    made.extend(
        documents.iter().map(|document| {
            format!("openapi/{}/names.toml", Path::new(document).file_stem().unwrap().to_str().unwrap())
        }),
    );
    made.extend(documents);
    let told: BTreeSet<String> =
        run.stdout.lines().map(|line| line.strip_prefix("Fresh ").unwrap_or(line).to_owned()).collect();
    assert_eq!(told, made);
}

#[test]
fn generating_again_writes_nothing_and_from_nothing_gives_the_same_bytes() {
    let workspace = Workspace::whole();
    let before = workspace.snapshot();
    let run = workspace.generate();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stdout.contains("Wrote"), "{}", run.stdout);
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());

    std::fs::remove_dir_all(workspace.path(GENERATED)).unwrap();
    std::fs::remove_dir_all(workspace.path(GENERATED_SDK)).unwrap();
    std::fs::remove_dir_all(workspace.path(CALLS)).unwrap();
    std::fs::remove_file(workspace.path(EMBEDDED)).unwrap();
    let run = workspace.generate();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let bytes = |snapshot: Snapshot| snapshot.into_iter().map(|(path, (bytes, _))| (path, bytes)).collect::<Vec<_>>();
    assert!(bytes(before) == bytes(workspace.snapshot()), "generated from nothing, the bytes are others");
}

#[test]
fn it_says_what_it_wrote_how_much_there_is_and_how_long_it_took() {
    let workspace = Workspace::new();
    let (threads, stray) = (format!("{MODULE}/client/threads.rs"), format!("{MODULE}/stray.rs"));
    workspace.write(&threads, "touched");
    workspace.write(&stray, "left over");
    let run = workspace.generate();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[..2], [format!("Wrote {threads}"), format!("Wrote {stray} (removed)")]);
    assert!(lines[2].contains("58 operations") && lines[2].contains("257 types"), "{}", run.stdout);
    assert!(lines[3].starts_with("Generated in ") && lines.len() == 4, "{}", run.stdout);
    assert!(!workspace.path(&stray).exists());
    assert_eq!(workspace.check().code, Some(0));
}

#[test]
fn each_file_that_is_not_as_generate_would_write_it_is_stale() {
    let types = format!("{MODULE}/types/threads.rs");
    let stray = format!("{MODULE}/types/stray.rs");
    let beside = format!("{GENERATED}/stray.rs");
    let module = format!("{GENERATED}/mod.rs");
    type Touch = fn(&Workspace, &str);
    let change: Touch = |workspace, path| workspace.append(path, "touched\n");
    let remove: Touch = |workspace, path| std::fs::remove_file(workspace.path(path)).unwrap();
    let add: Touch = |workspace, path| workspace.write(path, "touched\n");
    // Path, what happens to it, a line that the difference has.
    let requests = format!("{MODULE_SDK}/threads.rs");
    let beside_requests = format!("{MODULE_SDK}/stray.rs");
    let cases: [(&str, Touch, &str); 12] = [
        (&requests, change, "-touched"),
        (&beside_requests, add, "-touched"),
        (SURFACE_SDK, remove, "+group Threads()"),
        (&types, change, "-touched"),
        (&types, remove, "+pub struct AgentThread {"),
        (&stray, add, "-touched"),
        (&beside, add, "-touched"),
        (&module, change, "-touched"),
        (SURFACE, change, "-touched"),
        (SURFACE, remove, "+enum ListSortOrder"),
        (EMBEDDED, change, "-touched"),
        (SOURCES, |workspace, path| workspace.replace(path, "sha256 = \"c", "sha256 = \"d"), "+sha256 = \"c"),
    ];
    for (path, touch, line) in cases {
        let workspace = Workspace::new();
        touch(&workspace, path);
        let before = workspace.snapshot();

        let run = workspace.check();
        assert_eq!(run.code, Some(4), "{path}: {}{}", run.stdout, run.stderr);
        let stale: Vec<&str> = run.stdout.lines().filter(|line| !line.starts_with("Fresh ")).collect();
        assert_eq!(stale, [format!("Stale {path}")]);

        let run = workspace.xtask(&["generate", "--check", "-v"]);
        assert_eq!(run.code, Some(4));
        let difference = run.stdout.split_once(&format!("Stale {path}\n")).unwrap().1;
        assert!(difference.starts_with(&format!("--- a/{path}\n+++ b/{path}\n@@ -")), "{difference}");
        assert!(difference.lines().any(|found| found.starts_with(line)), "{path}: {difference}");

        assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
        assert_eq!(workspace.generate().code, Some(0));
        assert_eq!(workspace.check().code, Some(0), "{path} is stale after generating");
    }
}

#[test]
fn generated_files_say_what_made_them_from_which_bytes() {
    let workspace = Workspace::new();
    let sum: String =
        Sha256::digest(std::fs::read(workspace.path(DOCUMENT)).unwrap()).iter().map(|b| format!("{b:02x}")).collect();
    for path in workspace.files(MODULE).into_iter().chain(workspace.files(MODULE_SDK)) {
        let text = workspace.read(&path);
        let first = text.lines().next().unwrap();
        // The sum would be a change in every diff of the lists, which are there to show changes.
        let of_the_document = [DOCUMENT, &sum].into_iter().filter(|_| path.ends_with(".rs"));
        for part in ["cargo xtask generate", "DO NOT EDIT"].into_iter().chain(of_the_document) {
            assert!(first.contains(part), "{path}: {first}");
        }
        assert!(text.lines().count() < 10_000, "{path} is too long");
    }
    assert!(workspace.read(SOURCES).contains(&sum));
    // The document with its corrections: all of it, and what the overlay adds.
    let json = |path: &str| serde_json::from_str::<serde_json::Value>(&workspace.read(path)).unwrap();
    let (published, embedded) = (json(DOCUMENT), json(EMBEDDED));
    let names = |document: &serde_json::Value, pointer: &str| -> BTreeSet<String> {
        document.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&published, "/paths"), names(&embedded, "/paths"));
    let (schemas, corrected) = (names(&published, "/components/schemas"), names(&embedded, "/components/schemas"));
    assert!(schemas.is_subset(&corrected) && corrected.contains("ToolApproval"), "{corrected:?}");
    assert!(embedded.pointer("/components/schemas/Agent/description").is_some());
}

// ---- what APIs share

#[test]
fn a_shared_type_that_changes_in_one_api_is_an_error_until_the_record_says_so() {
    let workspace = Workspace::whole();
    workspace.edit(|document| schema(document, "AgentThread")["properties"]["title"] = json!({ "type": "string" }));
    let before = workspace.snapshot();
    let run = workspace.generate();
    assert_eq!(run.code, Some(100), "{}", run.stdout);
    for part in ["`AgentThread` of v1 is recorded as the same", "title", "at: openapi/shared.toml"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}

#[test]
fn a_classic_group_that_is_no_longer_alike_is_an_error() {
    let workspace = Workspace::whole();
    let v1 = "openapi/v1/openapi.json";
    let mut document: Value = serde_json::from_str(&workspace.read(v1)).unwrap();
    document["paths"]["/threads"]["get"]["x-paging"]["cursorParam"] = "before".into();
    workspace.write(v1, document.to_string());
    let run = workspace.generate();
    assert_eq!(run.code, Some(100), "{}", run.stdout);
    for part in ["the group ClassicThreads of v1", "`Threads_list` differs", "at: openapi/v1/openapi.json"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

// ---- the command line

#[test]
fn an_unknown_api_and_wrong_usage_are_told_apart() {
    let workspace = Workspace::new();
    let before = workspace.snapshot();
    for arguments in [&["generate", "v7"][..], &["generate", "--check", "v7"], &["generate", API, "v7"]] {
        let run = workspace.xtask(arguments);
        assert_eq!(run.code, Some(100), "{arguments:?}");
        for part in ["no API `v7`", "at: openapi/sources.toml", "do: name one of: 2025-05-01"] {
            assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
        }
    }
    for arguments in [&[][..], &["generat"], &["generate", "--chek"], &["generate", "--check=yes"]] {
        assert_eq!(workspace.xtask(arguments).code, Some(2), "{arguments:?}");
    }
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new());
}
