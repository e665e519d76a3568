//! What api-version `v1` has beyond threads and runs.

use axum::http::Method;

use crate::handlers::Behaviour;
use crate::resources::Resource;

pub(crate) mod agents;
pub(crate) mod assets;
pub(crate) mod conversations;
pub(crate) mod insights;
pub(crate) mod items;
pub(crate) mod jobs;
pub(crate) mod memories;
pub(crate) mod responses;
pub(crate) mod routines;
pub(crate) mod sessions;
pub(crate) mod skills;
pub(crate) mod table;
pub(crate) mod telephony;
pub(crate) mod toolboxes;
pub(crate) mod voice;

/// An operation that is more than a row of the table, and what answers it.
pub(crate) type Entry = (Method, &'static str, Behaviour);

/// Them all, group by group.
pub(crate) const BEHAVIOURS: &[&[Entry]] = &[
    agents::BEHAVIOURS,
    assets::BEHAVIOURS,
    conversations::BEHAVIOURS,
    insights::BEHAVIOURS,
    jobs::BEHAVIOURS,
    memories::BEHAVIOURS,
    responses::BEHAVIOURS,
    routines::BEHAVIOURS,
    sessions::BEHAVIOURS,
    skills::BEHAVIOURS,
    telephony::BEHAVIOURS,
    toolboxes::BEHAVIOURS,
    voice::BEHAVIOURS,
];

/// The rows of the resource table.
pub(crate) static RESOURCES: &[&Resource] = table::RESOURCES;
