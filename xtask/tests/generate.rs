//! `cargo xtask generate` from outside: exit codes, what it prints and what it leaves on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::*;

/// A fault that generate must refuse.
struct Fault {
    name: &'static str,
    plant: fn(&Workspace),
    /// What stderr must contain: what is wrong, and the exact place.
    says: &'static [&'static str],
}

/// Plants each fault in a copy of its own: generate fails and leaves every file as it is.
fn refused(faults: &[Fault]) {
    let mut wrong = Vec::new();
    for Fault { name, plant, says } in faults {
        let workspace = Workspace::new();
        plant(&workspace);
        let before = workspace.snapshot();
        for arguments in [&["generate"][..], &["generate", "--check"]] {
            let run = workspace.xtask(arguments);
            let mut problems: Vec<String> =
                differences(&before, &workspace.snapshot()).first().into_iter().cloned().collect();
            if run.code != Some(100) {
                problems.push(format!("exit code {:?}, not 100", run.code));
            }
            // What, where, what to do.
            for part in ["error: ", "\n  at: ", "\n  do: "].iter().chain(*says) {
                if !run.stderr.contains(part) {
                    problems.push(format!("stderr does not say {part:?}"));
                }
            }
            if !run.stdout.is_empty() {
                problems.push("stdout is not empty".to_owned());
            }
            if !problems.is_empty() {
                wrong.push(format!("{name}, {arguments:?}: {}\n{}", problems.join("; "), run.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n"));
}

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

// ---- changes of the API

/// What a change of the document changes in the surface, and that all is well after it.
fn accepted(workspace: &Workspace, gone: &[&str], new: &[&str]) -> Run {
    let before = workspace.read(SURFACE);
    assert_eq!(workspace.check().code, Some(4), "the change makes something stale");
    let run = workspace.generate();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains(&format!("Wrote {SURFACE}")), "{}", run.stdout);
    let after = workspace.read(SURFACE);
    assert_eq!(line_changes(&before, &after), (gone.to_vec(), new.to_vec()));
    assert_eq!(workspace.check().code, Some(0));
    let made = workspace.files(GENERATED).into_iter().chain(workspace.files(GENERATED_SDK));
    for path in made.filter(|path| path.ends_with(".rs")) {
        syn::parse_file(&workspace.read(&path)).unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
    }
    run
}

#[test]
fn a_new_optional_property_is_a_field() {
    let workspace = Workspace::new();
    workspace.edit(|document| schema(document, "AgentThread")["properties"]["title"] = json!({ "type": "string" }));
    accepted(&workspace, &[], &["field AgentThread.title: String?"]);
    let types = workspace.read(&format!("{MODULE}/types/threads.rs"));
    assert!(types.contains("pub title: Option<String>,"), "{types}");
    assert!(types.contains("optional both \"title\" title: plain(String),"), "{types}");
}

#[test]
fn a_property_that_becomes_required_breaks_the_constructor_and_the_surface_shows_it() {
    let workspace = Workspace::new();
    workspace.edit(|document| schema(document, "AgentThreadCreationOptions")["required"] = json!(["messages"]));
    accepted(
        &workspace,
        &[
            "struct AgentThreadCreationOptions new()",
            "field AgentThreadCreationOptions.messages: Vec<ThreadMessageOptions>?",
        ],
        &[
            "struct AgentThreadCreationOptions new(messages)",
            "field AgentThreadCreationOptions.messages: Vec<ThreadMessageOptions>",
        ],
    );
}

#[test]
fn a_new_schema_and_operation_are_in_client_table_names_and_surface() {
    let workspace = Workspace::new();
    let names = workspace.read(NAMES);
    workspace.edit(|document| {
        document["components"]["schemas"]["ArchivedThread"] = json!({
            "type": "object",
            "required": ["id", "size"],
            "properties": { "id": { "type": "string" }, "size": { "type": "integer" } },
        });
        let mut archive =
            operation("Threads_archiveThread", "Threads", json!({ "$ref": "#/components/schemas/ArchivedThread" }));
        archive["parameters"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "name": "threadId", "in": "path", "required": true, "schema": { "type": "string" } }));
        document["paths"]["/threads/{threadId}/archive"] = json!({ "post": archive });
    });
    let run = accepted(
        &workspace,
        &[],
        &[
            "fn Client::threads_archive_thread -> Threads_archiveThread",
            "struct ArchivedThread new(id, size)",
            "field ArchivedThread.id: String",
            "field ArchivedThread.size: i64",
        ],
    );
    assert!(run.stdout.contains("59 operations") && run.stdout.contains("258 types"), "{}", run.stdout);
    let after = workspace.read(NAMES);
    let appended = [
        "ArchivedThread = \"ArchivedThread\"",
        "Threads_archiveThread = \"threads_archive_thread\"",
        "Threads_archiveThread = \"archive\"",
        "Threads_archiveThread = \"ArchiveThread\"",
    ];
    assert_eq!(line_changes(&names, &after), (vec![], appended.to_vec()));
    let client = workspace.read(&format!("{MODULE}/client/threads.rs"));
    let method = client.split_once("pub async fn threads_archive_thread<'a>(").expect("no method").1;
    assert!(method.contains("/threads/{}/archive"), "{method}");
    assert!(method.contains("Result<Reply<types::ArchivedThread>, Error>"), "{method}");
    let table = workspace.read(&format!("{MODULE}/operations.rs"));
    assert!(table.contains("&THREADS_ARCHIVE_THREAD,"), "{table}");
    let entry = table.split_once("pub static THREADS_ARCHIVE_THREAD: Operation").expect("no entry").1;
    for line in [
        "id: \"Threads_archiveThread\"",
        "group: \"Threads\"",
        "method: Method::POST",
        "path: \"/threads/{threadId}/archive\"",
        "api_version: Some(\"2025-05-01\")",
        "request_content_type: None",
        "streaming: Streaming::Never",
    ] {
        assert!(entry.split("};").next().unwrap().contains(line), "{line}: {entry}");
    }
    let types = workspace.read(&format!("{MODULE}/types/threads.rs"));
    assert!(types.contains("pub struct ArchivedThread {"), "{types}");
    let requests = workspace.read(&format!("{MODULE_SDK}/threads.rs"));
    assert!(requests.contains("pub fn archive(&self, thread_id: impl Into<String>) -> Request<ArchiveThread>"));
    assert!(
        workspace
            .read(SURFACE_SDK)
            .contains("\nfn Threads::archive(thread_id) -> ArchiveThread = Threads_archiveThread\n")
    );
}

#[test]
fn a_new_enum_value_is_a_variant() {
    let workspace = Workspace::new();
    workspace.edit(|document| {
        schema(document, "RunStatus")["enum"].as_array_mut().unwrap().push("waiting_for_quota".into());
    });
    accepted(&workspace, &[], &["variant RunStatus::WaitingForQuota = \"waiting_for_quota\""]);
    let mut types = workspace.files(&format!("{MODULE}/types")).into_iter().map(|path| workspace.read(&path));
    assert!(types.any(|text| text.contains("WaitingForQuota = \"waiting_for_quota\",")));
}

#[test]
fn an_optional_property_that_goes_is_gone_from_the_surface() {
    let workspace = Workspace::new();
    workspace.edit(|document| {
        let properties = schema(document, "AgentThreadCreationOptions")["properties"].as_object_mut().unwrap();
        assert!(properties.remove("metadata").is_some());
    });
    // The overlay describes it, and says so.
    let run = workspace.generate();
    assert_eq!(run.code, Some(100));
    for part in ["AgentThreadCreationOptions", "metadata", OVERLAY] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    workspace.replace(
        OVERLAY,
        "        metadata: { description: \"The caller's own key-value pairs for the thread.\" }\n",
        "",
    );
    accepted(&workspace, &["field AgentThreadCreationOptions.metadata: BTreeMap<String, String>?"], &[]);
    let types = workspace.read(&format!("{MODULE}/types/threads.rs"));
    let model = types.split_once("pub struct AgentThreadCreationOptions {").unwrap().1.split_once("\n}").unwrap().0;
    assert!(!model.contains("metadata"), "{model}");
}

#[test]
fn a_new_branch_of_a_union_is_a_variant_whose_tag_the_struct_writes() {
    let workspace = Workspace::new();
    workspace.edit(|document| {
        document["components"]["schemas"]["BrowserToolDefinition"] = json!({
            "type": "object",
            "required": ["type"],
            "properties": { "type": { "type": "string", "enum": ["browser"] } },
        });
        let union = schema(document, "ToolDefinition");
        union["oneOf"].as_array_mut().unwrap().push(json!({ "$ref": "#/components/schemas/BrowserToolDefinition" }));
        union["discriminator"]["mapping"]["browser"] = "#/components/schemas/BrowserToolDefinition".into();
    });
    accepted(
        &workspace,
        &[],
        &[
            "struct BrowserToolDefinition new()",
            "struct BrowserToolDefinition writes type=\"browser\"",
            "variant ToolDefinition::Browser(BrowserToolDefinition) = [\"browser\"]",
        ],
    );
}

#[test]
fn an_operation_that_may_stream_gets_a_twin() {
    let workspace = Workspace::new();
    workspace.edit(|document| {
        let mut watch = operation("Threads_watch", "Threads", a_thread());
        watch["responses"]["200"]["content"]["text/event-stream"] = json!({ "schema": { "type": "string" } });
        document["paths"]["/threads/watch"] = json!({ "post": watch });
    });
    accepted(
        &workspace,
        &[],
        &["fn Client::threads_watch -> Threads_watch", "fn Client::threads_watch_stream -> Threads_watch"],
    );
    let client = workspace.read(&format!("{MODULE}/client/threads.rs"));
    let twin = client.split_once("pub async fn threads_watch_stream").expect("no twin").1;
    assert!(twin.contains("Result<Reply<ByteStream>, Error>"), "{twin}");
    let table = workspace.read(&format!("{MODULE}/operations.rs"));
    let entry = table.split_once("pub static THREADS_WATCH: Operation").expect("no entry").1;
    assert!(entry.split("};").next().unwrap().contains("streaming: Streaming::Optional"), "{entry}");
}

#[test]
fn a_chosen_name_is_taken_instead_of_the_rules() {
    let workspace = Workspace::new();
    workspace.edit(|document| {
        schema(document, "AgentThread")["properties"]["toolResources"] = json!({ "type": "string" });
        schema(document, "ListSortOrder")["enum"].as_array_mut().unwrap().push("ASC".into());
    });
    workspace.append(
        NAMES,
        "\n[chosen.fields]\n\"AgentThread.toolResources\" = \"tool_resources_again\"\n\
         [chosen.variants]\n\"ListSortOrder.ASC\" = \"AscAgain\"\n",
    );
    accepted(
        &workspace,
        &[],
        &["field AgentThread.tool_resources_again: String?", "variant ListSortOrder::AscAgain = \"ASC\""],
    );
}

#[test]
fn a_pass_that_begins_to_match_is_recorded() {
    let workspace = Workspace::new();
    workspace.replace(SOURCES, "    \"join-unexploded-arrays\",\n", "");
    assert_eq!(workspace.check().code, Some(4));
    assert_eq!(workspace.generate().code, Some(0));
    assert!(workspace.read(SOURCES).contains("\"join-unexploded-arrays\""));
    assert_eq!(workspace.check().code, Some(0));
}

#[test]
fn a_second_api_stands_beside_the_first_and_naming_one_leaves_the_other_alone() {
    let workspace = Workspace::new();
    for file in ["openapi.json", "overlay.yaml", "names.toml"] {
        workspace.write(&format!("openapi/next/{file}"), workspace.read(&format!("openapi/{API}/{file}")));
    }
    workspace.append(SOURCES, "\n[api.next]\nmodule = \"next\"\nfeature = \"next\"\nfacts = \"a copy\"\n");
    let before = workspace.files(MODULE);
    assert_eq!(workspace.generate().code, Some(0));
    let strip = |files: BTreeSet<String>, folder: &str| -> BTreeSet<String> {
        files.into_iter().map(|file| file.strip_prefix(folder).unwrap().to_owned()).collect()
    };
    // All its types are those of the first, which stand in one place now.
    let shared = format!("{GENERATED}/shared/v2025_05_01_and_next");
    let next = strip(workspace.files(&format!("{GENERATED}/next")), &format!("{GENERATED}/next"));
    let mut all = next.clone();
    all.extend(strip(workspace.files(&shared), &shared));
    assert_eq!(strip(before, MODULE), all);
    assert!(!next.iter().any(|file| file.starts_with("/types/") && file != "/types/mod.rs"), "{next:?}");
    let group = workspace.read(&format!("{GENERATED_SDK}/next/mod.rs"));
    assert!(group.contains("pub fn next(&self) -> Groups"), "{group}");
    assert!(workspace.read(&format!("{GENERATED}/mod.rs")).contains("#[cfg(feature = \"next\")]\npub mod next;"));
    assert_eq!(workspace.check().code, Some(0));

    let touched = format!("{GENERATED}/next/operations.rs");
    workspace.write(&touched, "touched");
    assert_eq!(workspace.xtask(&["generate", "--check", API]).code, Some(0));
    assert_eq!(workspace.xtask(&["generate", API]).code, Some(0));
    assert_eq!(workspace.read(&touched), "touched");
    assert_eq!(workspace.xtask(&["generate", "--check", "next"]).code, Some(4));
    assert_eq!(workspace.xtask(&["generate", "next"]).code, Some(0));
    assert_eq!(workspace.check().code, Some(0));

    // Taken off again, nothing of it stays in the generated folder.
    let sources = workspace.read(SOURCES);
    workspace.write(SOURCES, sources.split("\n[api.next]").next().unwrap());
    assert_eq!(workspace.check().code, Some(4));
    assert_eq!(workspace.generate().code, Some(0));
    assert_eq!(workspace.files(GENERATED).into_iter().filter(|file| file.contains("/next/")).count(), 0);
}

// ---- faults

#[test]
fn bad_documents_are_refused() {
    refused(&[
        Fault {
            name: "cut-off JSON",
            plant: |workspace| workspace.write(DOCUMENT, "{\n  \"openapi\": \"3.0.3\",\n  \"info\": {"),
            says: &["at: openapi/2025-05-01/openapi.json", "openapi/2025-05-01/openapi.json:3:"],
        },
        Fault {
            name: "neither JSON nor YAML",
            plant: |workspace| workspace.write(DOCUMENT, "openapi: 3.0.3\npaths: [\n"),
            says: &["openapi/2025-05-01/openapi.json:", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "no text",
            plant: |workspace| workspace.write(DOCUMENT, b"{\"openapi\": \"\xff\"}"),
            says: &["not UTF-8", "openapi/2025-05-01/openapi.json:1:14"],
        },
        Fault {
            name: "a key twice",
            plant: |workspace| {
                workspace.replace(
                    DOCUMENT,
                    "\"openapi\": \"3.0.3\",",
                    "\"openapi\": \"3.0.3\", \"openapi\": \"3.0.3\",",
                )
            },
            says: &["the key \"openapi\" stands twice", "openapi/2025-05-01/openapi.json:2:"],
        },
        Fault {
            name: "no document",
            plant: |workspace| std::fs::remove_file(workspace.path(DOCUMENT)).unwrap(),
            says: &["openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "not OpenAPI",
            plant: |workspace| workspace.edit(|document| _ = document.as_object_mut().unwrap().remove("openapi")),
            says: &["not an OpenAPI document", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "OpenAPI 3.1",
            plant: |workspace| workspace.edit(|document| document["openapi"] = "3.1.0".into()),
            says: &["OpenAPI 3.1.0", "OpenAPI 3.0", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "OpenAPI 4.0",
            plant: |workspace| workspace.edit(|document| document["openapi"] = "4.0.0".into()),
            says: &["4.0.0", "not supported", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "Swagger 2.0",
            plant: |workspace| {
                workspace.edit(|document| {
                    document.as_object_mut().unwrap().remove("openapi");
                    document["swagger"] = "2.0".into();
                });
            },
            says: &["Swagger 2.0", "OpenAPI 3.0", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "unresolved references of all kinds, told at once",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "AgentThread")["properties"]["owner"] =
                        json!({ "$ref": "#/components/schemas/Owner" });
                    schema(document, "ToolDefinition")["discriminator"]["mapping"]["x"] =
                        "#/components/schemas/X".into();
                    let get = &mut document["paths"]["/threads"]["get"];
                    get["parameters"][0]["$ref"] = "#/components/parameters/Gone".into();
                    get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"] =
                        "elsewhere.json#/A".into();
                });
            },
            says: &[
                "#/components/schemas/AgentThread/properties/owner/$ref: \"#/components/schemas/Owner\" does not resolve",
                "#/components/schemas/ToolDefinition/discriminator/mapping/x: \"#/components/schemas/X\" does not resolve",
                "#/paths/~1threads/get/parameters/0/$ref: \"#/components/parameters/Gone\" does not resolve",
                "#/paths/~1threads/get/responses/200/content/application~1json/schema/$ref: \"elsewhere.json#/A\" leads out",
                "at: openapi/2025-05-01/openapi.json",
            ],
        },
        Fault {
            name: "an operationId twice",
            plant: |workspace| {
                workspace.edit(|document| document["paths"]["/threads"]["post"]["operationId"] = "Threads_list".into());
            },
            says: &["\"Threads_list\"", "#/paths/~1threads/get", "#/paths/~1threads/post"],
        },
        Fault {
            name: "no operationId",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads"]["post"].as_object_mut().unwrap().remove("operationId");
                });
            },
            says: &["#/paths/~1threads/post: the operation has no operationId"],
        },
        Fault {
            name: "an undeclared path parameter",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads/{kind}/x"] =
                        json!({ "get": operation("Threads_x", "Threads", a_thread()) })
                });
            },
            says: &["#/paths/~1threads~1{kind}~1x/get", "{kind}"],
        },
        Fault {
            name: "success answers of two types",
            plant: |workspace| {
                workspace.edit(|document| {
                    let responses = &mut document["paths"]["/threads"]["post"]["responses"];
                    responses["201"] = responses["200"].clone();
                    responses["201"]["content"]["application/json"]["schema"]["$ref"] =
                        "#/components/schemas/ThreadRun".into();
                });
            },
            says: &["201", "at: POST /threads\n"],
        },
        Fault {
            name: "an operation that only a reference leads to",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["x-items"] = json!({ "Far": { "get": operation("Threads_far", "Threads", a_thread()) } });
                    document["paths"]["/far"] = json!({ "$ref": "#/x-items/Far" });
                });
            },
            says: &["/far"],
        },
        Fault {
            name: "paging that is not told in full",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads"]["get"]["x-paging"].as_object_mut().unwrap().remove("hasMore");
                });
            },
            says: &["hasMore", "at: GET /threads\n"],
        },
        Fault {
            name: "a paging style nobody knows",
            plant: |workspace| {
                workspace.edit(|document| document["paths"]["/threads"]["get"]["x-paging"]["style"] = "scroll".into());
            },
            says: &["scroll", "at: GET /threads\n"],
        },
    ]);
}

#[test]
fn bad_overlays_are_refused() {
    refused(&[
        Fault {
            name: "an action that matches nothing",
            plant: |workspace| {
                workspace.add_action("target: $.components.schemas.Gone\ndescription: x\nupdate: { description: x }");
            },
            says: &[
                "(target $.components.schemas.Gone)",
                "matches nothing",
                "#/components/schemas has no \"Gone\"",
                "at: openapi/2025-05-01/overlay.yaml",
            ],
        },
        Fault {
            name: "a query that matches nothing",
            plant: |workspace| {
                workspace.add_action("target: $.paths.*.get.parameters[?@.name=='gone']\ndescription: x\nremove: true");
            },
            says: &["$.paths.*.get.parameters[?@.name=='gone']", "matches nothing"],
        },
        Fault {
            name: "bad YAML",
            plant: |workspace| workspace.write(OVERLAY, "overlay: 1.0.0\ninfo: [\nactions:\n"),
            says: &["openapi/2025-05-01/overlay.yaml:", "at: openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "a bad JSONPath",
            plant: |workspace| workspace.add_action("target: $.paths[\ndescription: x\nremove: true"),
            says: &["(target $.paths[)", "not a JSONPath", "at: openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "no description",
            plant: |workspace| workspace.add_action("target: $.info\nupdate: { title: x }"),
            says: &["(target $.info)", "no `description`"],
        },
        Fault {
            name: "an action by its number",
            plant: |workspace| {
                workspace.write(OVERLAY, "overlay: 1.0.0\ninfo: { title: t, version: '1' }\nactions:\n  - { target: $.info, description: x, update: {} }\n  - { target: $.gone, description: x, remove: true }\n");
            },
            says: &["action 2 (target $.gone)"],
        },
        Fault {
            name: "an unknown key",
            plant: |workspace| workspace.add_action("target: $.info\ndescription: x\nupdates: { title: x }"),
            says: &["(target $.info)", "\"updates\""],
        },
        Fault {
            name: "no overlay",
            plant: |workspace| std::fs::remove_file(workspace.path(OVERLAY)).unwrap(),
            says: &["openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "one that takes away what is referred to",
            plant: |workspace| {
                workspace.add_action("target: $.components.schemas.ListSortOrder\ndescription: x\nremove: true");
            },
            says: &["\"#/components/schemas/ListSortOrder\" does not resolve", "after openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "one that makes another version of it",
            plant: |workspace| workspace.add_action("target: $\ndescription: x\nupdate: { openapi: 3.1.0 }"),
            says: &["OpenAPI 3.1.0", "after openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "a description of a property that is not there",
            plant: |workspace| {
                workspace.add_action(
                    "target: $.components.schemas.AgentThread\ndescription: x\nupdate: { properties: { gone: { description: x } } }",
                );
            },
            says: &["(target $.components.schemas.AgentThread)", "`gone`", "at: openapi/2025-05-01/overlay.yaml"],
        },
    ]);
}

#[test]
fn names_that_collide_or_cannot_be_are_refused() {
    refused(&[
        Fault {
            name: "two schemas",
            plant: |workspace| add_schema(workspace, "agent_thread", json!({ "type": "string" })),
            says: &["`AgentThread` and `agent_thread` would both be `AgentThread`", "[schemas] agent_thread", NAMES],
        },
        Fault {
            name: "two operations",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("threads_list", "Threads", a_thread()) })
                });
            },
            says: &["`Threads_list`", "`threads_list`", "[operations] ", NAMES],
        },
        Fault {
            name: "an operation and the streaming twin of another",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Runs_createStream", "Runs", a_thread()) })
                });
            },
            says: &["`Runs_createStream` and the streaming twin of `Runs_create` would both be", "at: GET /x\n"],
        },
        Fault {
            name: "two properties",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "AgentThread")["properties"]["toolResources"] = json!({ "type": "string" });
                });
            },
            says: &[
                "`tool_resources` and `toolResources` would both be `tool_resources`",
                "at: #/components/schemas/AgentThread/properties/toolResources",
            ],
        },
        Fault {
            name: "two enum values",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ListSortOrder")["enum"].as_array_mut().unwrap().push("ASC".into())
                });
            },
            says: &["`asc` and `ASC` would both be `Asc`", "at: #/components/schemas/ListSortOrder"],
        },
        Fault {
            name: "two branches of a union",
            plant: |workspace| {
                workspace.edit(|document| {
                    let union = schema(document, "ToolDefinition");
                    union["oneOf"].as_array_mut().unwrap().push(a_thread());
                    union["discriminator"]["mapping"]["fileSearch"] = "#/components/schemas/AgentThread".into();
                });
            },
            says: &["`FileSearch`", "at: #/components/schemas/ToolDefinition"],
        },
        Fault {
            name: "two parameters of an operation",
            plant: |workspace| {
                add_parameter(workspace, "sortKey", json!({ "type": "string" }));
                add_parameter(workspace, "sort_key", json!({ "type": "string" }));
            },
            says: &["`sortKey` and `sort_key`", "at: GET /threads\n"],
        },
        Fault {
            name: "a parameter and the body",
            plant: |workspace| {
                workspace.edit(|document| {
                    let parameters = document["paths"]["/threads"]["post"]["parameters"].as_array_mut().unwrap();
                    parameters.push(json!({ "name": "Body", "in": "query", "schema": { "type": "string" } }));
                });
            },
            says: &["`Body`", "would both be `body`", "at: POST /threads\n"],
        },
        Fault {
            name: "a parameter that is called like a variable of the method",
            plant: |workspace| add_parameter(workspace, "url", json!({ "type": "string" })),
            says: &["`url`"],
        },
        Fault {
            name: "the group of what no operation reaches",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Other_get", "Unreferenced", a_thread()) })
                });
            },
            says: &["would both be `unreferenced`", "at: GET /x\n"],
        },
        Fault {
            name: "two groups",
            plant: |workspace| {
                workspace.edit(|document| {
                    let thread = schema(document, "AgentThread").clone();
                    document["components"]["schemas"]["Other"] = thread;
                    let other = json!({ "$ref": "#/components/schemas/Other" });
                    document["paths"]["/x"] = json!({ "get": operation("Other_get", "threads", other) });
                });
            },
            says: &["`Threads` and `threads` would both be `threads`", "at: GET /x\n"],
        },
        Fault {
            name: "a group that is a keyword",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Other_get", "Type", a_thread()) })
                });
            },
            says: &["`type`", "at: GET /x\n"],
        },
        Fault {
            name: "two modules",
            plant: |workspace| {
                for file in ["openapi.json", "overlay.yaml", "names.toml"] {
                    workspace.write(&format!("openapi/v9/{file}"), workspace.read(&format!("openapi/{API}/{file}")));
                }
                workspace.append(SOURCES, "\n[api.v9]\nmodule = \"v2025_05_01\"\nfeature = \"v9\"\nfacts = \"x\"\n");
            },
            says: &["`2025-05-01` and `v9` would both be the module `v2025_05_01`", "at: openapi/sources.toml, api.v9"],
        },
        Fault {
            name: "a schema with the name of something that generated code uses",
            plant: |workspace| add_schema(workspace, "Option", json!({ "type": "string" })),
            says: &["`Option` cannot be a name", "[schemas] Option"],
        },
        Fault {
            name: "a schema with the name of a trait that generated code uses",
            plant: |workspace| add_schema(workspace, "Into", json!({ "type": "string" })),
            says: &["`Into` cannot be a name", "[schemas] Into"],
        },
        Fault {
            name: "a property with the name of what keeps unknown ones",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "properties": { "extra": { "type": "string" } } }),
                );
            },
            says: &["`extra` cannot be a name", "property `extra` of Bag"],
        },
        Fault {
            name: "a property whose setter would be the constructor",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "properties": { "new": { "type": "string" } } }),
                );
            },
            says: &["`new` cannot be a name", "property `new` of Bag"],
        },
        Fault {
            name: "an enum value that would be the unknown one",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Mood",
                    json!({ "type": "string", "enum": ["glad", "unknown"], "x-extensible-enum": true }),
                )
            },
            says: &["`Unknown` cannot be a name", "value `unknown` of Mood"],
        },
        Fault {
            name: "an enum value without a letter",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Mood",
                    json!({ "type": "string", "enum": ["a", "-"], "x-extensible-enum": true }),
                )
            },
            says: &["cannot be a name", "value `-` of Mood"],
        },
    ]);
}

#[test]
fn bad_names_files_are_refused() {
    refused(&[
        Fault {
            name: "a changed name",
            plant: |workspace| workspace.replace(NAMES, "AgentThread = \"AgentThread\"", "AgentThread = \"Thread\""),
            says: &["`Thread`", "`AgentThread`", "at: openapi/2025-05-01/names.toml, [schemas] AgentThread"],
        },
        Fault {
            name: "a changed operation",
            plant: |workspace| {
                workspace.replace(NAMES, "Threads_list = \"threads_list\"", "Threads_list = \"list_threads\"")
            },
            says: &["`list_threads`", "at: openapi/2025-05-01/names.toml, [operations] Threads_list"],
        },
        Fault {
            name: "a schema that is gone",
            plant: |workspace| workspace.replace(NAMES, "[schemas]\n", "[schemas]\nGone = \"Gone\"\n"),
            says: &["no `Gone` any more", "at: openapi/2025-05-01/names.toml, [schemas] Gone"],
        },
        Fault {
            name: "an operation that is gone from the document",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads/{threadId}"].as_object_mut().unwrap().remove("delete");
                });
                // Its documentation would be the first to miss it.
                workspace.replace(OVERLAY, "$.paths['/threads/{threadId}'].delete", "$.info");
            },
            says: &[
                "no `Threads_deleteThread` any more",
                "at: openapi/2025-05-01/names.toml, [operations] Threads_deleteThread",
            ],
        },
        Fault {
            name: "a chosen schema that is gone",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.schemas]\nGone = \"Gone\"\n"),
            says: &["no `Gone` any more", "Gone", NAMES],
        },
        Fault {
            name: "a chosen field that is gone",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.fields]\n\"AgentThread.gone\" = \"away\"\n"),
            says: &[
                "no `AgentThread.gone` any more",
                "at: openapi/2025-05-01/names.toml, [chosen.fields] AgentThread.gone",
            ],
        },
        Fault {
            name: "a chosen variant that is gone",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.variants]\n\"ListSortOrder.gone\" = \"Away\"\n"),
            says: &[
                "no `ListSortOrder.gone` any more",
                "at: openapi/2025-05-01/names.toml, [chosen.variants] ListSortOrder.gone",
            ],
        },
        Fault {
            name: "a schema's invalid name",
            plant: |workspace| {
                workspace.replace(NAMES, "AgentThread = \"AgentThread\"\n", "");
                workspace.append(NAMES, "\n[chosen.schemas]\nAgentThread = \"1st\"\n");
            },
            says: &["`1st` cannot be a name", "AgentThread"],
        },
        Fault {
            name: "a keyword for an operation",
            plant: |workspace| {
                workspace.replace(NAMES, "Threads_list = \"threads_list\"\n", "");
                workspace.append(NAMES, "\n[chosen.operations]\nThreads_list = \"loop\"\n");
            },
            says: &["`loop` cannot be a name", "Threads_list"],
        },
        Fault {
            name: "a field's invalid name",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.fields]\n\"AgentThread.metadata\" = \"meta-data\"\n"),
            says: &["`meta-data` cannot be a name", "property `metadata` of AgentThread", NAMES],
        },
        Fault {
            name: "a name that is no text",
            plant: |workspace| workspace.replace(NAMES, "[schemas]\n", "[schemas]\nAgentThread = 5\n"),
            says: &["at: openapi/2025-05-01/names.toml, line "],
        },
        Fault {
            name: "bad TOML",
            plant: |workspace| workspace.replace(NAMES, "[schemas]\n", "[schemas\n"),
            says: &["at: openapi/2025-05-01/names.toml, line 1"],
        },
        Fault {
            name: "an unknown section",
            plant: |workspace| workspace.append(NAMES, "\n[shemas]\nA = \"A\"\n"),
            says: &["shemas", NAMES],
        },
    ]);
}

#[test]
fn bad_sources_are_refused() {
    refused(&[
        Fault {
            name: "a recorded pass that matches nothing any more",
            plant: |workspace| {
                let document = workspace.read(DOCUMENT);
                workspace.write(DOCUMENT, document.replace("application/merge-patch+json", "application/json"));
            },
            says: &["`merge-patch-as-json` matched nothing", "at: openapi/sources.toml, passes of 2025-05-01"],
        },
        Fault {
            name: "a pass that there is not",
            plant: |workspace| workspace.replace(SOURCES, "passes = [", "passes = [\n    \"tidy-up\","),
            says: &["no pass `tidy-up`", "at: openapi/sources.toml, passes of 2025-05-01"],
        },
        Fault {
            name: "a key that there is not",
            plant: |workspace| workspace.replace(SOURCES, "feature =", "featur ="),
            says: &["featur", "at: openapi/sources.toml"],
        },
        Fault {
            name: "bad TOML",
            plant: |workspace| workspace.append(SOURCES, "\n[api"),
            says: &["at: openapi/sources.toml"],
        },
        Fault {
            name: "an API without a folder",
            plant: |workspace| {
                workspace.append(SOURCES, "\n[api.v9]\nmodule = \"v9\"\nfeature = \"v9\"\nfacts = \"x\"\n")
            },
            says: &["openapi/v9/openapi.json"],
        },
    ]);
}

#[test]
fn schemas_that_cannot_be_typed_are_refused() {
    refused(&[
        Fault {
            name: "an inline object",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "AgentThread")["properties"]["owner"] =
                        json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                });
            },
            says: &["an inline object", "at: #/components/schemas/AgentThread/properties/owner"],
        },
        Fault {
            name: "an inline object in a list in a map",
            plant: |workspace| {
                let object = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "properties": { "deep": {
                        "type": "object", "additionalProperties": { "type": "array", "items": object },
                    } } }),
                );
            },
            says: &["an inline object", "at: #/components/schemas/Bag/properties/deep"],
        },
        Fault {
            name: "allOf of two",
            plant: |workspace| add_schema(workspace, "Bag", json!({ "allOf": [a_thread(), { "type": "object" }] })),
            says: &["`allOf`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "properties beside allOf",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "allOf": [a_thread()], "properties": { "name": { "type": "string" } } }),
                );
            },
            says: &["`allOf`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "properties beside anyOf",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({
                        "type": "object", "properties": { "name": { "type": "string" } },
                        "anyOf": [a_thread(), { "type": "string" }],
                    }),
                );
            },
            says: &["`anyOf`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "a number among strings",
            plant: |workspace| add_schema(workspace, "Size", json!({ "type": "string", "enum": [1, "2"] })),
            says: &["no string: 1", "at: #/components/schemas/Size"],
        },
        Fault {
            name: "an enum without values",
            plant: |workspace| add_schema(workspace, "Size", json!({ "type": "string", "enum": [] })),
            says: &["an enum without values", "at: #/components/schemas/Size"],
        },
        Fault {
            name: "a description of an enum value that is gone",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ListSortOrder")["x-enum-descriptions"] = json!({ "random": "x" });
                });
            },
            says: &["describes `random`", "at: #/components/schemas/ListSortOrder"],
        },
        Fault {
            name: "a type that there is not",
            plant: |workspace| add_schema(workspace, "Bag", json!({ "type": "file" })),
            says: &["`file`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "a union of two numbers",
            plant: |workspace| {
                add_schema(workspace, "Size", json!({ "anyOf": [{ "type": "integer" }, { "type": "number" }] }))
            },
            says: &["the same JSON kind", "at: #/components/schemas/Size"],
        },
        Fault {
            name: "a union of objects that nothing tells apart",
            plant: |workspace| {
                workspace.edit(|document| {
                    let bag =
                        json!({ "type": "object", "required": ["x"], "properties": { "x": { "type": "string" } } });
                    let schemas = &mut document["components"]["schemas"];
                    schemas["OneBag"] = bag.clone();
                    schemas["OtherBag"] = bag;
                    schemas["Bags"] = json!({ "anyOf": [
                        { "$ref": "#/components/schemas/OneBag" }, { "$ref": "#/components/schemas/OtherBag" },
                    ] });
                });
            },
            says: &["OneBag", "OtherBag", "at: #/components/schemas/Bags"],
        },
        Fault {
            name: "a discriminator without a mapping",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "OpenApiAuthDetails")["discriminator"].as_object_mut().unwrap().remove("mapping");
                });
            },
            says: &["a discriminator without a mapping", "at: #/components/schemas/OpenApiAuthDetails"],
        },
        Fault {
            name: "a branch that has no tag",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ToolDefinition")["oneOf"].as_array_mut().unwrap().push(a_thread())
                });
            },
            says: &["AgentThread", "at: #/components/schemas/ToolDefinition"],
        },
        Fault {
            name: "a branch whose tag leads to a bare name",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ToolDefinition")["discriminator"]["mapping"]["openapi"] =
                        "OpenApiToolDefinition".into();
                });
            },
            says: &["OpenApiToolDefinition", "at: #/components/schemas/ToolDefinition"],
        },
        Fault {
            name: "an inline object as a body",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads"]["post"]["requestBody"]["content"]["application/json"]["schema"] =
                        json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                });
            },
            says: &["an inline object", "POST /threads"],
        },
        Fault {
            name: "an inline object in an answer",
            plant: |workspace| {
                let object = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Threads_x", "Threads", object) })
                });
            },
            says: &["an inline object", "GET /x"],
        },
    ]);
}

#[test]
fn what_cannot_be_written_leaves_the_old_files() {
    refused_to_write("a file where a folder is needed", "crates/foundry-emulator/openapi", |workspace| {
        std::fs::remove_dir_all(workspace.path("crates/foundry-emulator/openapi")).unwrap();
        workspace.write("crates/foundry-emulator/openapi", "in the way");
    });
    refused_to_write("a folder where a file is needed", SURFACE, |workspace| {
        std::fs::remove_file(workspace.path(SURFACE)).unwrap();
        workspace.write(&format!("{SURFACE}/file"), "in the way");
    });
}

fn refused_to_write(name: &str, place: &str, plant: fn(&Workspace)) {
    let workspace = Workspace::new();
    plant(&workspace);
    // Files before and after the blocked one differ from what would be written.
    workspace.edit(|document| schema(document, "AgentThread")["properties"]["title"] = json!({ "type": "string" }));
    let before = workspace.snapshot();
    let run = workspace.generate();
    assert_eq!(run.code, Some(100), "{name}: {}", run.stdout);
    assert!(run.stderr.contains(place), "{name}: {}", run.stderr);
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new(), "{name}");
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
