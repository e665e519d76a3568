//! Which code answers which operation: behaviour written by hand first, then the resource table.

use axum::http::Method;

use crate::context::{Answer, Context};
use crate::error::ServiceError;
use crate::resources::{self, Resource, Verb};
use crate::table::RESOURCES;
use crate::{
    assets, connections, datasets, file_batches, files, messages, run_steps, runs, threads, tool_outputs, v1,
    vector_store_files, vector_stores,
};

/// Code that answers one operation.
pub(crate) type Behaviour = fn(&mut Context<'_>) -> Result<Answer, ServiceError>;

/// What answers an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handler {
    Behaviour(Behaviour),
    Table(&'static Resource, Verb),
}

/// The operations that are more than a row of the table. Paths have no parameter names, so that
/// an entry serves every api-version.
const BEHAVIOURS: &[(Method, &str, Behaviour)] = &[
    (Method::POST, "/threads", threads::create),
    (Method::POST, "/threads/{}/messages", messages::create),
    (Method::POST, "/threads/{}/runs", runs::create),
    (Method::POST, "/threads/runs", runs::create_with_thread),
    (Method::GET, "/threads/{}/runs/{}", runs::get),
    (Method::POST, "/threads/{}/runs/{}/cancel", runs::cancel),
    (Method::GET, "/threads/{}/runs/{}/steps", run_steps::list),
    (Method::GET, "/threads/{}/runs/{}/steps/{}", run_steps::get),
    (Method::POST, "/threads/{}/runs/{}/submit_tool_outputs", tool_outputs::submit),
    (Method::POST, "/files", files::upload),
    (Method::GET, "/files/{}/content", files::content),
    (Method::POST, "/vector_stores", vector_stores::create),
    (Method::GET, "/vector_stores/{}", vector_stores::get),
    (Method::POST, "/vector_stores/{}/files", vector_store_files::create),
    (Method::GET, "/vector_stores/{}/files/{}", vector_store_files::get),
    (Method::DELETE, "/vector_stores/{}/files/{}", vector_store_files::delete),
    (Method::POST, "/vector_stores/{}/file_batches", file_batches::create),
    (Method::GET, "/vector_stores/{}/file_batches/{}", file_batches::get),
    (Method::POST, "/vector_stores/{}/file_batches/{}/cancel", file_batches::cancel),
    (Method::GET, "/vector_stores/{}/file_batches/{}/files", file_batches::list_files),
    (Method::POST, "/connections/{}/getConnectionWithCredentials", connections::get_with_credentials),
    (Method::POST, "/datasets/{}/versions/{}/startPendingUpload", datasets::start_pending_upload),
    (Method::POST, "/datasets/{}/versions/{}/credentials", datasets::credentials),
    (Method::GET, "/datasets", assets::list_datasets),
    (Method::GET, "/indexes", assets::list_indexes),
];

impl Handler {
    /// What answers an operation, if the emulator serves it.
    pub(crate) fn find(method: &Method, shape: &str) -> Option<Self> {
        let behaviour = BEHAVIOURS
            .iter()
            .chain(v1::BEHAVIOURS.iter().copied().flatten())
            .find(|(its_method, its_shape, _)| its_method == method && *its_shape == shape)
            .map(|(_, _, behaviour)| Self::Behaviour(*behaviour));
        behaviour.or_else(|| {
            RESOURCES.iter().chain(v1::RESOURCES).find_map(|resource| {
                let verb = resource.verb(method, shape)?;
                Some(Self::Table(resource, verb))
            })
        })
    }

    /// Answers.
    pub(crate) fn answer(self, context: &mut Context<'_>) -> Result<Answer, ServiceError> {
        match self {
            Self::Behaviour(behaviour) => behaviour(context),
            Self::Table(resource, verb) => resources::serve(context, resource, verb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;

    fn exists(method: &Method, shape: &str) -> bool {
        documents::api_versions()
            .filter_map(documents::for_api_version)
            .flat_map(|document| document.operations())
            .any(|operation| operation.method == *method && operation.shape == shape)
    }

    #[test]
    fn every_behaviour_answers_an_operation_that_exists() {
        for (method, shape, _) in BEHAVIOURS.iter().chain(v1::BEHAVIOURS.iter().copied().flatten()) {
            assert!(exists(method, shape), "{method} {shape}");
        }
    }

    #[test]
    fn every_verb_of_the_table_answers_an_operation_that_exists() {
        for resource in RESOURCES.iter().chain(v1::RESOURCES) {
            for verb in resource.verbs {
                let (method, rest) = match verb {
                    Verb::Create => (Method::POST, ""),
                    Verb::List => (Method::GET, ""),
                    Verb::Get => (Method::GET, "/{}"),
                    Verb::Update => (Method::POST, "/{}"),
                    Verb::CreateOrUpdate | Verb::Patch => (Method::PATCH, "/{}"),
                    Verb::Put => (Method::PUT, "/{}"),
                    Verb::Delete => (Method::DELETE, "/{}"),
                };
                let shape = format!("{}{rest}", resource.path);
                assert!(exists(&method, &shape), "{method} {shape}");
            }
        }
    }

    #[test]
    fn every_operation_is_served() {
        let unserved: Vec<&str> = documents::api_versions()
            .filter_map(documents::for_api_version)
            .flat_map(|document| document.operations())
            .filter(|operation| Handler::find(&operation.method, &operation.shape).is_none())
            .map(|operation| operation.id.as_str())
            .collect();
        assert_eq!(unserved, [""; 0]);
    }
}
