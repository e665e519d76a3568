//! Lists of versioned assets: the latest version of each dataset and of each index.

use std::collections::BTreeMap;

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::pages;
use crate::resources::{self, Resource};
use crate::store::Listed;
use crate::table::{DATASETS, INDEXES};

/// `GET /datasets`.
pub(crate) fn list_datasets(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    list_latest(context, &DATASETS)
}

/// `GET /indexes`.
pub(crate) fn list_indexes(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    list_latest(context, &INDEXES)
}

/// The latest version of each asset of a kind.
pub(crate) fn list_latest(context: &Context<'_>, resource: &Resource) -> Result<Answer, ServiceError> {
    let mut latest: BTreeMap<&str, Listed<'_>> = BTreeMap::new();
    for record in context.store.list_all(resource.name) {
        latest.insert(text(record.value, "name"), record);
    }
    let mut records: Vec<Listed<'_>> = latest.into_values().collect();
    records.retain(|record| resources::passes(context, resource, record));
    records.sort_by_key(|record| record.position);
    pages::by_next_link(context, records).map(Answer::ok)
}
