//! The rows of the resource table that only api-version `v1` has.

use serde_json::{Map, Value, json};

use crate::resources::Verb::{Create, Delete, Get, List, Patch, Put, Update};
use crate::resources::{Deletion, Identity, Resource};

/// Every row.
pub(crate) static RESOURCES: &[&Resource] = &[
    &AGENTS,
    &AGENT_VERSIONS,
    &SESSIONS,
    &OPTIMIZATION_JOBS,
    &CANDIDATES,
    &EVALUATION_RULES,
    &DATA_GENERATION_JOBS,
    &EVALUATORS,
    &EVALUATOR_GENERATION_JOBS,
    &TOOLBOXES,
    &TOOLBOX_VERSIONS,
    &MONITORS,
    &MONITOR_RUNS,
    &MONITOR_INSIGHTS,
    &TAXONOMIES,
    &INSIGHTS,
    &MEMORY_STORES,
    &MEMORIES,
    &MODELS,
    &RED_TEAMS,
    &ROUTINES,
    &SCHEDULES,
    &SCHEDULE_RUNS,
    &SKILLS,
    &SKILL_VERSIONS,
    &VOICE_CONVERSATIONS,
    &VOICE_RESPONSES,
    &VOICE_ITEMS,
    &BINDINGS,
    &CALLS,
    &CALL_JOBS,
    &CONVERSATIONS,
    &CONVERSATION_ITEMS,
];

/// Agents. What they do stands in their versions, so making and changing them is not the table's.
pub(crate) static AGENTS: Resource = Resource {
    name: "agents",
    path: "/agents",
    noun: "agent",
    defaults: || json!({ "object": "agent", "state": "enabled", "configuration_state": "enabled" }),
    ..Resource::DECLARED
};

/// The versions of agents.
pub(crate) static AGENT_VERSIONS: Resource = Resource {
    name: "agents/versions",
    path: "/agents/{}/versions",
    noun: "agent version",
    identity: Identity::Named { property: "version" },
    parent: Some(&AGENTS),
    parent_properties: &["name"],
    verbs: &[Get],
    defaults: || json!({ "object": "agent.version", "metadata": {}, "description": "", "status": "active" }),
    complete: |record, _| versioned_id(record),
    deletion: Deletion::Declared,
    ..Resource::DECLARED
};

/// The sessions of agents. The caller may choose the id, so making one is not the table's.
pub(crate) static SESSIONS: Resource = Resource {
    name: "agents/sessions",
    path: "/agents/{}/endpoint/sessions",
    noun: "session",
    identity: Identity::Declared { prefix: "sess_", property: "agent_session_id" },
    parent: Some(&AGENTS),
    verbs: &[Get, List, Delete],
    defaults: || json!({ "status": "active" }),
    ..Resource::DECLARED
};

/// Jobs that try to better an agent.
pub(crate) static OPTIMIZATION_JOBS: Resource = Resource {
    name: "agent_optimization_jobs",
    path: "/agent_optimization_jobs",
    noun: "optimization job",
    identity: Identity::Declared { prefix: "optjob_", property: "id" },
    verbs: &[List, Delete],
    filters: &[("status", "status")],
    ..Resource::DECLARED
};

/// What such a job came up with.
pub(crate) static CANDIDATES: Resource = Resource {
    name: "agent_optimization_jobs/candidates",
    path: "/agent_optimization_jobs/{}/candidates",
    noun: "optimization candidate",
    identity: Identity::Declared { prefix: "cand_", property: "candidate_id" },
    parent: Some(&OPTIMIZATION_JOBS),
    parent_properties: &["job_id"],
    verbs: &[Get, List],
    ..Resource::DECLARED
};

/// Rules that evaluate agents.
pub(crate) static EVALUATION_RULES: Resource = Resource {
    name: "evaluationrules",
    path: "/evaluationrules",
    noun: "evaluation rule",
    identity: Identity::Named { property: "id" },
    verbs: &[Put, Get, List, Delete],
    filters: &[("enabled", "enabled"), ("actionType", "/action/type"), ("agentName", "/filter/agentName")],
    defaults: || json!({ "systemData": {} }),
    ..Resource::DECLARED
};

/// Jobs that make data.
pub(crate) static DATA_GENERATION_JOBS: Resource = Resource {
    name: "data_generation_jobs",
    path: "/data_generation_jobs",
    noun: "data generation job",
    identity: Identity::Declared { prefix: "datagen_", property: "id" },
    verbs: &[List, Delete],
    ..Resource::DECLARED
};

/// The versions of evaluators, which the service numbers.
pub(crate) static EVALUATORS: Resource = Resource {
    name: "evaluators",
    path: "/evaluators/{}/versions",
    noun: "evaluator version",
    identity: Identity::Named { property: "version" },
    parent_properties: &["name"],
    verbs: &[Get, List, Patch, Delete],
    filters: &[("type", "evaluator_type")],
    defaults: || json!({ "created_by": "emulator" }),
    complete: |record, project| asset_id(record, project, "evaluators"),
    deletion: Deletion::NoContent,
    ..Resource::DECLARED
};

/// Jobs that make evaluators.
pub(crate) static EVALUATOR_GENERATION_JOBS: Resource = Resource {
    name: "evaluator_generation_jobs",
    path: "/evaluator_generation_jobs",
    noun: "evaluator generation job",
    identity: Identity::Declared { prefix: "evalgen_", property: "id" },
    verbs: &[List, Delete],
    ..Resource::DECLARED
};

/// Toolboxes, of which one version is the one in use.
pub(crate) static TOOLBOXES: Resource =
    Resource { name: "toolboxes", path: "/toolboxes", noun: "toolbox", verbs: &[List, Delete], ..Resource::DECLARED };

/// The versions of toolboxes.
pub(crate) static TOOLBOX_VERSIONS: Resource = Resource {
    name: "toolboxes/versions",
    path: "/toolboxes/{}/versions",
    noun: "toolbox version",
    identity: Identity::Named { property: "version" },
    parent: Some(&TOOLBOXES),
    parent_properties: &["name"],
    verbs: &[Get, List],
    defaults: || json!({ "metadata": {} }),
    complete: |record, _| versioned_id(record),
    ..Resource::DECLARED
};

/// Monitors that look for what is to be learned from an agent's traces.
pub(crate) static MONITORS: Resource = Resource {
    name: "agent_insight_monitors",
    path: "/agent_insight_monitors",
    noun: "agent insight monitor",
    identity: Identity::Declared { prefix: "monitor_", property: "id" },
    verbs: &[Create, Get, Patch, Delete],
    filters: &[("agent_name", "agent_name")],
    defaults: || json!({ "enabled": true, "run_interval_hours": 24 }),
    ..Resource::DECLARED
};

/// Their runs, which are jobs.
pub(crate) static MONITOR_RUNS: Resource = Resource {
    name: "agent_insight_monitors/runs",
    path: "/agent_insight_monitors/{}/runs",
    noun: "agent insight run",
    identity: Identity::Declared { prefix: "run_", property: "id" },
    parent: Some(&MONITORS),
    parent_properties: &["monitor_id"],
    verbs: &[List],
    filters: &[("status", "status"), ("trigger", "trigger")],
    defaults: || json!({ "trigger": "on_demand" }),
    ..Resource::DECLARED
};

/// What they found.
pub(crate) static MONITOR_INSIGHTS: Resource = Resource {
    name: "agent_insight_monitors/insights",
    path: "/agent_insight_monitors/{}/insights",
    noun: "agent insight",
    identity: Identity::Declared { prefix: "insight_", property: "id" },
    parent: Some(&MONITORS),
    parent_properties: &["monitor_id"],
    verbs: &[Get, List, Patch],
    filters: &[("category", "category"), ("severity", "severity"), ("status", "status")],
    ..Resource::DECLARED
};

/// Taxonomies of what to evaluate.
pub(crate) static TAXONOMIES: Resource = Resource {
    name: "evaluationtaxonomies",
    path: "/evaluationtaxonomies",
    noun: "evaluation taxonomy",
    verbs: &[Put, Patch, Get, List, Delete],
    filters: &[("inputType", "/taxonomyInput/type"), ("inputName", "/taxonomyInput/target/name")],
    defaults: || json!({ "version": "1" }),
    complete: |record, project| asset_id(record, project, "evaluationtaxonomies"),
    ..Resource::DECLARED
};

/// Insights into evaluations, which are jobs.
pub(crate) static INSIGHTS: Resource = Resource {
    name: "insights",
    path: "/insights",
    noun: "insight",
    identity: Identity::Declared { prefix: "insight_", property: "id" },
    verbs: &[List],
    filters: &[("type", "/request/type"), ("evalId", "/request/evalId")],
    ..Resource::DECLARED
};

/// Memory stores.
pub(crate) static MEMORY_STORES: Resource = Resource {
    name: "memory_stores",
    path: "/memory_stores",
    noun: "memory store",
    verbs: &[Get, List, Update, Delete],
    defaults: || json!({ "object": "memory_store", "metadata": {} }),
    deletion: Deletion::Declared,
    ..Resource::DECLARED
};

/// The memories of a store.
pub(crate) static MEMORIES: Resource = Resource {
    name: "memory_stores/items",
    path: "/memory_stores/{}/items",
    noun: "memory",
    identity: Identity::Declared { prefix: "mem_", property: "memory_id" },
    parent: Some(&MEMORY_STORES),
    verbs: &[Create, Get, Update, Delete],
    filters: &[("kind", "kind")],
    deletion: Deletion::Declared,
    ..Resource::DECLARED
};

/// The versions of models of one's own.
pub(crate) static MODELS: Resource = Resource {
    name: "models",
    path: "/models/{}/versions",
    noun: "model version",
    identity: Identity::Named { property: "version" },
    parent_properties: &["name"],
    verbs: &[Get, List],
    complete: |record, project| asset_id(record, project, "models"),
    ..Resource::DECLARED
};

/// Runs of a red team, which are jobs.
pub(crate) static RED_TEAMS: Resource = Resource {
    name: "redTeams/runs",
    path: "/redTeams/runs",
    noun: "red team run",
    identity: Identity::Declared { prefix: "redteam_", property: "id" },
    verbs: &[List],
    defaults: || json!({ "numTurns": 1, "attackStrategies": [], "riskCategories": [], "simulationOnly": false }),
    ..Resource::DECLARED
};

/// Routines, which do something when something happens.
pub(crate) static ROUTINES: Resource = Resource {
    name: "routines",
    path: "/routines",
    noun: "routine",
    verbs: &[Put, Get, List, Delete],
    defaults: || json!({ "enabled": true }),
    ..Resource::DECLARED
};

/// Schedules of evaluations and insights.
pub(crate) static SCHEDULES: Resource = Resource {
    name: "schedules",
    path: "/schedules",
    noun: "schedule",
    identity: Identity::Named { property: "id" },
    verbs: &[Put, Get, List, Delete],
    filters: &[("enabled", "enabled"), ("type", "/task/type")],
    defaults: || json!({ "provisioningStatus": "Succeeded", "systemData": {} }),
    ..Resource::DECLARED
};

/// What schedules have done.
pub(crate) static SCHEDULE_RUNS: Resource = Resource {
    name: "schedules/runs",
    path: "/schedules/{}/runs",
    noun: "schedule run",
    identity: Identity::Declared { prefix: "run_", property: "id" },
    parent: Some(&SCHEDULES),
    parent_properties: &["scheduleId"],
    verbs: &[Get, List],
    ..Resource::DECLARED
};

/// Skills, of which one version is the one in use.
pub(crate) static SKILLS: Resource = Resource {
    name: "skills",
    path: "/skills",
    noun: "skill",
    verbs: &[Get, List, Delete],
    deletion: Deletion::Declared,
    ..Resource::DECLARED
};

/// The versions of skills.
pub(crate) static SKILL_VERSIONS: Resource = Resource {
    name: "skills/versions",
    path: "/skills/{}/versions",
    noun: "skill version",
    identity: Identity::Named { property: "version" },
    parent: Some(&SKILLS),
    parent_properties: &["name"],
    verbs: &[Get, List],
    complete: |record, _| versioned_id(record),
    deletion: Deletion::Declared,
    ..Resource::DECLARED
};

/// Conversations that somebody had with a voice agent.
pub(crate) static VOICE_CONVERSATIONS: Resource = Resource {
    name: "agents/voice",
    path: "/agents/{}/endpoint/protocols/voice/conversations",
    noun: "voice conversation",
    identity: Identity::Declared { prefix: "conv_", property: "id" },
    parent: Some(&AGENTS),
    verbs: &[Get, List, Delete],
    defaults: || json!({ "status": "completed", "metadata": {} }),
    ..Resource::DECLARED
};

/// The responses of such a conversation.
pub(crate) static VOICE_RESPONSES: Resource = Resource {
    name: "agents/voice/responses",
    path: "/agents/{}/endpoint/protocols/voice/conversations/{}/responses",
    noun: "voice response",
    identity: Identity::Declared { prefix: "resp_", property: "id" },
    parent: Some(&VOICE_CONVERSATIONS),
    verbs: &[Get, List],
    ..Resource::DECLARED
};

/// The items of such a conversation.
pub(crate) static VOICE_ITEMS: Resource = Resource {
    name: "agents/voice/items",
    path: "/agents/{}/endpoint/protocols/voice/conversations/{}/items",
    noun: "voice conversation item",
    identity: Identity::Declared { prefix: "item_", property: "id" },
    parent: Some(&VOICE_CONVERSATIONS),
    verbs: &[Get, List],
    ..Resource::DECLARED
};

/// Phone numbers by which an agent is called.
pub(crate) static BINDINGS: Resource = Resource {
    name: "agents/bindings",
    path: "/agents/{}/telephony/bindings",
    noun: "telephony binding",
    identity: Identity::Declared { prefix: "binding_", property: "id" },
    parent: Some(&AGENTS),
    filters: &[("provider", "provider"), ("status", "status")],
    ..Resource::DECLARED
};

/// Calls of an agent.
pub(crate) static CALLS: Resource = Resource {
    name: "agents/calls",
    path: "/agents/{}/telephony/calls",
    noun: "call",
    identity: Identity::Declared { prefix: "call_", property: "id" },
    parent: Some(&AGENTS),
    verbs: &[Get],
    filters: &[
        ("provider", "provider"),
        ("status", "status"),
        ("started_after", "started_at"),
        ("started_before", "started_at"),
    ],
    ..Resource::DECLARED
};

/// Jobs that make an agent call somebody.
pub(crate) static CALL_JOBS: Resource = Resource {
    name: "agents/call_jobs",
    path: "/agents/{}/telephony/call_jobs",
    noun: "call job",
    identity: Identity::Declared { prefix: "calljob_", property: "id" },
    parent: Some(&AGENTS),
    parent_properties: &["agent_name"],
    verbs: &[],
    defaults: || json!({ "revision": 1 }),
    ..Resource::DECLARED
};

/// Conversations. Making one may add items, so it is not the table's.
pub(crate) static CONVERSATIONS: Resource = Resource {
    name: "conversations",
    path: "/openai/v1/conversations",
    noun: "conversation",
    identity: Identity::Generated { prefix: "conv_", object: "conversation" },
    verbs: &[Get, Update, Delete],
    defaults: || json!({ "metadata": {} }),
    deletion: Deletion::Status("conversation.deleted"),
    ..Resource::DECLARED
};

/// The items of conversations.
pub(crate) static CONVERSATION_ITEMS: Resource = Resource {
    name: "conversations/items",
    path: "/openai/v1/conversations/{}/items",
    noun: "conversation item",
    identity: Identity::Declared { prefix: "item_", property: "id" },
    parent: Some(&CONVERSATIONS),
    verbs: &[Get, List],
    ..Resource::DECLARED
};

/// The id of a version, as the service writes it: name and version.
fn versioned_id(record: &mut Map<String, Value>) {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = format!("{}:{}", text("name"), text("version"));
    record.insert("id".to_owned(), id.into());
}

fn asset_id(record: &mut Map<String, Value>, project: &str, kind: &str) {
    crate::table::asset_id(record, project, kind);
}
