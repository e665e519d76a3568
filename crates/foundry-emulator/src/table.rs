//! The resource table: what the groups of the service have in common and where they differ.

use serde_json::{Map, Value, json};

use crate::resources::Verb::{Create, CreateOrUpdate, Delete, Get, List, Update};
use crate::resources::{Deletion, Identity, ListStyle, Resource, nothing_to_add};

/// Every row.
pub(crate) static RESOURCES: &[&Resource] =
    &[&AGENTS, &THREADS, &MESSAGES, &RUNS, &RUN_STEPS, &CONNECTIONS, &DEPLOYMENTS, &DATASETS, &INDEXES];

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
    complete: nothing_to_add,
    deletion: Deletion::Status("thread.deleted"),
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
};

/// Run steps. The service sends `expires_at` where the document says `expired_at`, and no
/// `metadata`.
pub(crate) static RUN_STEPS: Resource = Resource {
    name: "threads/runs/steps",
    path: "/threads/{}/runs/{}/steps",
    noun: "run step",
    identity: Identity::Generated { prefix: "step_", object: "thread.run.step" },
    parent: Some(&RUNS),
    parent_properties: &["thread_id", "run_id"],
    verbs: &[Get, List],
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
};

/// The service says of every function whether it is strict, also if the caller did not.
fn complete_tools(record: &mut Map<String, Value>, _: &str) {
    let tools = record.get_mut("tools").and_then(Value::as_array_mut);
    for tool in tools.into_iter().flatten() {
        if let Some(function) = tool.get_mut("function").and_then(Value::as_object_mut) {
            function.entry("strict").or_insert_with(|| Value::Bool(false));
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

/// The long id of a versioned asset.
fn asset_id(record: &mut Map<String, Value>, project: &str, kind: &str) {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let id =
        format!("azureai://accounts/emulator/projects/{project}/{kind}/{}/versions/{}", text("name"), text("version"));
    record.insert("id".to_owned(), id.into());
}
