//! What a change of the document changes in what is generated.

use super::*;

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
