//! The resource table: what the groups of the service have in common and where they differ.

use serde_json::{Map, Value, json};

use crate::request_log::REDACTED;
use crate::resources::Verb::{Create, CreateOrUpdate, Delete, Get, List, Update};
use crate::resources::{Deletion, Identity, ListStyle, Resource, nothing_to_add};

/// Every row.
pub(crate) static RESOURCES: &[&Resource] = &[
    &AGENTS,
    &THREADS,
    &MESSAGES,
    &RUNS,
    &RUN_STEPS,
    &FILES,
    &VECTOR_STORES,
    &VECTOR_STORE_FILES,
    &FILE_BATCHES,
    &CONNECTIONS,
    &DEPLOYMENTS,
    &DATASETS,
    &INDEXES,
];

/// Agents, which the path and the ids call assistants.
pub(crate) static AGENTS: Resource = Resource {
    name: "assistants",
    path: "/assistants",
    noun: "assistant",
    identity: Identity::Generated { prefix: "asst_", object: "assistant" },
    parent: None,
    parent_properties: &[],
    verbs: &[Create, Get, List, Update, Delete],
    list: ListStyle::Cursor,
    filters: &[],
    defaults: || {
        json!({
            "name": null,
            "description": null,
            "instructions": null,
            "tools": [],
            "tool_resources": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "response_format": "auto",
            "metadata": {},
        })
    },
    complete: complete_tools,
    deletion: Deletion::Status("assistant.deleted"),
    is_filled: false,
};

/// Threads. Creating one may add messages, so it is not the table's.
pub(crate) static THREADS: Resource = Resource {
    name: "threads",
    path: "/threads",
    noun: "thread",
    identity: Identity::Generated { prefix: "thread_", object: "thread" },
    parent: None,
    parent_properties: &[],
    verbs: &[Get, List, Update, Delete],
    list: ListStyle::Cursor,
    filters: &[],
    defaults: || json!({ "tool_resources": {}, "metadata": {} }),
    complete: redact_mcp_headers,
    deletion: Deletion::Status("thread.deleted"),
    is_filled: false,
};

/// Messages. Creating one depends on the thread's runs, so it is not the table's.
///
/// The service leaves `status`, `completed_at` and the like out, except in streams.
pub(crate) static MESSAGES: Resource = Resource {
    name: "threads/messages",
    path: "/threads/{}/messages",
    noun: "message",
    identity: Identity::Generated { prefix: "msg_", object: "thread.message" },
    parent: Some(&THREADS),
    parent_properties: &["thread_id"],
    verbs: &[Get, List, Update],
    list: ListStyle::Cursor,
    filters: &[("run_id", "run_id")],
    defaults: || {
        json!({
            "assistant_id": null,
            "run_id": null,
            "content": [],
            "attachments": [],
            "metadata": {},
        })
    },
    complete: nothing_to_add,
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// Runs. Creating one and looking at one moves things, so these are not the table's.
pub(crate) static RUNS: Resource = Resource {
    name: "threads/runs",
    path: "/threads/{}/runs",
    noun: "run",
    identity: Identity::Generated { prefix: "run_", object: "thread.run" },
    parent: Some(&THREADS),
    parent_properties: &["thread_id"],
    verbs: &[List, Update],
    list: ListStyle::Cursor,
    filters: &[],
    defaults: || {
        json!({
            "status": "queued",
            "started_at": null,
            "expires_at": null,
            "cancelled_at": null,
            "failed_at": null,
            "completed_at": null,
            "required_action": null,
            "last_error": null,
            "instructions": "",
            "tools": [],
            "tool_resources": {},
            "metadata": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "max_completion_tokens": null,
            "max_prompt_tokens": null,
            "truncation_strategy": { "type": "auto", "last_messages": null },
            "incomplete_details": null,
            "usage": null,
            "response_format": "auto",
            "tool_choice": "auto",
            "parallel_tool_calls": true,
        })
    },
    complete: complete_run,
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// Run steps. What a search found is shown only when asked for, so reading them is not the table's.
/// The service sends `expires_at` where the document says `expired_at`, and no
/// `metadata`.
pub(crate) static RUN_STEPS: Resource = Resource {
    name: "threads/runs/steps",
    path: "/threads/{}/runs/{}/steps",
    noun: "run step",
    identity: Identity::Generated { prefix: "step_", object: "thread.run.step" },
    parent: Some(&RUNS),
    parent_properties: &["thread_id", "run_id"],
    verbs: &[],
    list: ListStyle::Cursor,
    filters: &[],
    defaults: || {
        json!({
            "status": "in_progress",
            "cancelled_at": null,
            "completed_at": null,
            "expires_at": null,
            "failed_at": null,
            "last_error": null,
            "usage": null,
        })
    },
    complete: nothing_to_add,
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// Files. Creating one takes a form, so it is not the table's.
pub(crate) static FILES: Resource = Resource {
    name: "files",
    path: "/files",
    noun: "file",
    identity: Identity::Generated { prefix: "assistant-", object: "file" },
    parent: None,
    parent_properties: &[],
    verbs: &[Get, List, Delete],
    list: ListStyle::Whole,
    filters: &[("purpose", "purpose")],
    defaults: || json!({ "status": "processed", "status_details": null, "expires_at": null }),
    complete: nothing_to_add,
    // Not "file.deleted", as one would think.
    deletion: Deletion::Status("file"),
    is_filled: false,
};

/// Vector stores. Creating one may add files, and looking at one moves things.
pub(crate) static VECTOR_STORES: Resource = Resource {
    name: "vector_stores",
    path: "/vector_stores",
    noun: "vector store",
    identity: Identity::Generated { prefix: "vs_", object: "vector_store" },
    parent: None,
    parent_properties: &[],
    verbs: &[List, Update, Delete],
    list: ListStyle::Cursor,
    filters: &[],
    defaults: || {
        json!({
            "name": null,
            "status": "completed",
            "usage_bytes": 0,
            "file_counts": { "in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0 },
            "metadata": {},
            "expires_after": null,
            "expires_at": null,
            "last_active_at": null,
        })
    },
    complete: complete_vector_store,
    deletion: Deletion::Status("vector_store.deleted"),
    is_filled: false,
};

/// The files of vector stores, which have the ids of the files themselves.
pub(crate) static VECTOR_STORE_FILES: Resource = Resource {
    name: "vector_stores/files",
    path: "/vector_stores/{}/files",
    noun: "vector store file",
    identity: Identity::Generated { prefix: "assistant-", object: "vector_store.file" },
    parent: Some(&VECTOR_STORES),
    parent_properties: &["vector_store_id"],
    verbs: &[List],
    list: ListStyle::Cursor,
    filters: &[("filter", "status")],
    defaults: || json!({ "status": "in_progress", "usage_bytes": 0, "last_error": null }),
    complete: nothing_to_add,
    deletion: Deletion::Status("vector_store.file.deleted"),
    is_filled: false,
};

/// Files added to a vector store in one go. The document calls the object `files_batch`.
pub(crate) static FILE_BATCHES: Resource = Resource {
    name: "vector_stores/file_batches",
    path: "/vector_stores/{}/file_batches",
    noun: "file batch",
    identity: Identity::Generated { prefix: "vsfb_", object: "vector_store.file_batch" },
    parent: Some(&VECTOR_STORES),
    parent_properties: &["vector_store_id"],
    verbs: &[],
    list: ListStyle::Cursor,
    filters: &[],
    defaults: || json!({ "status": "in_progress" }),
    complete: nothing_to_add,
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// Connections, which a project has and nobody makes through this API.
pub(crate) static CONNECTIONS: Resource = Resource {
    name: "connections",
    path: "/connections",
    noun: "connection",
    identity: Identity::Named { property: "name" },
    parent: None,
    parent_properties: &[],
    verbs: &[Get, List],
    list: ListStyle::NextLink,
    filters: &[("connectionType", "type"), ("defaultConnection", "isDefault")],
    defaults: || json!({}),
    complete: nothing_to_add,
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// Deployments, which a project has and nobody makes through this API.
pub(crate) static DEPLOYMENTS: Resource = Resource {
    name: "deployments",
    path: "/deployments",
    noun: "deployment",
    identity: Identity::Named { property: "name" },
    parent: None,
    parent_properties: &[],
    verbs: &[Get, List],
    list: ListStyle::NextLink,
    filters: &[("modelPublisher", "modelPublisher"), ("modelName", "modelName"), ("deploymentType", "type")],
    defaults: || json!({}),
    complete: nothing_to_add,
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// The versions of datasets.
pub(crate) static DATASETS: Resource = Resource {
    name: "datasets",
    path: "/datasets/{}/versions",
    noun: "dataset version",
    identity: Identity::Named { property: "version" },
    parent: None,
    parent_properties: &["name"],
    verbs: &[Get, List, CreateOrUpdate, Delete],
    list: ListStyle::NextLink,
    filters: &[],
    defaults: || json!({ "isReference": false, "tags": {} }),
    complete: |record, project| asset_id(record, project, "data"),
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// The versions of indexes.
pub(crate) static INDEXES: Resource = Resource {
    name: "indexes",
    path: "/indexes/{}/versions",
    noun: "index version",
    identity: Identity::Named { property: "version" },
    parent: None,
    parent_properties: &["name"],
    verbs: &[Get, List, CreateOrUpdate, Delete],
    list: ListStyle::NextLink,
    filters: &[],
    defaults: || json!({ "tags": {} }),
    complete: |record, project| asset_id(record, project, "indexes"),
    deletion: Deletion::NoContent,
    is_filled: false,
};

/// The service says of every function whether it is strict, and of every MCP server which tools
/// are allowed, also if the caller did not.
fn complete_tools(record: &mut Map<String, Value>, project: &str) {
    let tools = record.get_mut("tools").and_then(Value::as_array_mut);
    for tool in tools.into_iter().flatten() {
        if let Some(function) = tool.get_mut("function").and_then(Value::as_object_mut) {
            function.entry("strict").or_insert_with(|| Value::Bool(false));
        }
        if let Some(tool) = tool.as_object_mut()
            && tool.get("type").is_some_and(|kind| kind == "mcp")
        {
            tool.entry("allowed_tools").or_insert(Value::Null);
        }
    }
    redact_mcp_headers(record, project);
}

/// The service takes headers for MCP servers, which may be credentials, and never gives them back.
fn redact_mcp_headers(record: &mut Map<String, Value>, _: &str) {
    let resources = record.get_mut("tool_resources").and_then(|resources| resources.get_mut("mcp"));
    for resource in resources.and_then(Value::as_array_mut).into_iter().flatten() {
        let headers = resource.get_mut("headers").and_then(Value::as_object_mut);
        for (_, value) in headers.into_iter().flatten() {
            *value = REDACTED.into();
        }
    }
}

/// The service writes unset fields as null, also in nested objects.
fn complete_run(record: &mut Map<String, Value>, project: &str) {
    complete_tools(record, project);
    let truncation = record.get_mut("truncation_strategy").and_then(Value::as_object_mut);
    if let Some(truncation) = truncation {
        truncation.entry("last_messages").or_insert(Value::Null);
    }
}

/// A vector store expires some days after it was last used; being made counts as use.
fn complete_vector_store(record: &mut Map<String, Value>, _: &str) {
    const DAY: i64 = 24 * 60 * 60;
    let number = |name: &str| record.get(name).and_then(Value::as_i64);
    let active = number("last_active_at").or(number("created_at"));
    let days = record.get("expires_after").and_then(|policy| policy.get("days")).and_then(Value::as_i64);
    let expires = active.zip(days).map(|(active, days)| active.saturating_add(days.saturating_mul(DAY)));
    record.insert("last_active_at".to_owned(), active.into());
    record.insert("expires_at".to_owned(), expires.into());
}

/// The long id of a versioned asset.
pub(crate) fn asset_id(record: &mut Map<String, Value>, project: &str, kind: &str) {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let id =
        format!("azureai://accounts/emulator/projects/{project}/{kind}/{}/versions/{}", text("name"), text("version"));
    record.insert("id".to_owned(), id.into());
}
