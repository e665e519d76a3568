//! Evaluators, models and datasets: versions, where their data is, and the jobs that make them.

use axum::http::{Method, header};
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::merge::merge_patch;
use crate::resources::{self, object_of};
use crate::store::Place;
use crate::v1::Entry;
use crate::v1::agents::next_version;
use crate::v1::table::{CANDIDATES, EVALUATORS, MODELS};
use crate::{assets, datasets};

/// How many versions evaluators have had.
const COUNTS: &str = "evaluator_counts";

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::GET, "/evaluators", |context| assets::list_latest(context, &EVALUATORS)),
    (Method::POST, "/evaluators/{}/versions", create_evaluator),
    (Method::POST, "/evaluators/{}/versions/{}/startPendingUpload", datasets::start_pending_upload),
    (Method::POST, "/evaluators/{}/versions/{}/credentials", |context| credentials(context, "blob_uri")),
    (Method::GET, "/models", |context| assets::list_latest(context, &MODELS)),
    (Method::PATCH, "/models/{}/versions/{}", update_model),
    (Method::DELETE, "/models/{}/versions/{}", delete_model),
    (Method::POST, "/models/{}/versions/{}/createAsync", create_model),
    (Method::POST, "/models/{}/versions/{}/startPendingUpload", start_model_upload),
    (Method::POST, "/models/{}/versions/{}/credentials", |context| credentials(context, "blobUri")),
    (Method::POST, "/agent_optimization_jobs:estimate", estimate),
    (Method::POST, "/agent_optimization_jobs/{}/candidates/{}:promote", promote),
];

fn create_evaluator(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let given = resources::take_accepted(context);
    let evaluator = add_evaluator(context, &name, given)?;
    Ok(context.succeed(evaluator))
}

fn add_evaluator(context: &mut Context<'_>, name: &str, mut given: Map<String, Value>) -> Result<Value, ServiceError> {
    let version = next_version(context, COUNTS, name);
    given.insert("version".to_owned(), version.into());
    resources::insert(context, &EVALUATORS, &[name.to_owned()], given)
}

fn credentials(context: &mut Context<'_>, property: &str) -> Result<Answer, ServiceError> {
    let uri = context.body.get(property).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Answer::ok(datasets::opened(context, &uri)))
}

/// Models are made in the background, of which nothing is to be seen here: they are there at once.
fn create_model(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (name, version) = (context.parameter(0), context.parameter(1));
    let url = context.project_url(&format!(
        "/models/{}/versions/{}",
        crate::server::encode(&name),
        crate::server::encode(&version)
    ));
    let mut given = resources::take_accepted(context);
    given.insert("version".to_owned(), version.into());
    resources::insert(context, &MODELS, &[name], given)?;
    let body = json!({ "location": url, "operationResult": url });
    Ok(context.succeed(body).header(header::LOCATION, url).header(header::RETRY_AFTER, "1".to_owned()))
}

fn model<'a>(parents: &'a [String], version: &'a str) -> Place<'a> {
    Place { collection: MODELS.name, parents, id: version }
}

fn update_model(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, version) = ([context.parameter(0)], context.parameter(1));
    let patch = resources::take_accepted(context);
    let mut record = resources::get(context, &MODELS, model(&parents, &version))?.clone();
    merge_patch(&mut record, Value::Object(patch));
    context.store.put(model(&parents, &version), record.clone());
    Ok(Answer::ok(record))
}

/// Answers 200 and nothing, unlike other deletions.
fn delete_model(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, version) = ([context.parameter(0)], context.parameter(1));
    resources::get(context, &MODELS, model(&parents, &version))?;
    context.store.remove(model(&parents, &version));
    Ok(Answer::nothing())
}

fn start_model_upload(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut pending = datasets::pending_upload(context)?;
    pending["pendingUploadType"] = "TemporaryBlobReference".into();
    let id = context.body.get("pendingUploadId").and_then(Value::as_str).map(str::to_owned);
    pending["pendingUploadId"] = id.unwrap_or_else(|| context.store.identifiers.next("upload_")).into();
    Ok(Answer::ok(pending))
}

fn estimate(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let mut estimate = Map::new();
    estimate.insert("prices_as_of".to_owned(), context.now.into());
    Ok(Answer::ok(context.filled(Value::Object(estimate))))
}

/// An optimization has come up with one candidate.
pub(crate) fn optimized(
    context: &mut Context<'_>,
    job: &mut Map<String, Value>,
    _: &[String],
) -> Result<(), ServiceError> {
    let id = job.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut candidate = Map::new();
    candidate.insert("name".to_owned(), "candidate-1".into());
    candidate.insert("status".to_owned(), "completed".into());
    candidate.insert("started_at".to_owned(), context.now.into());
    candidate.insert("rationale".to_owned(), "The emulator changes nothing.".into());
    let candidate = resources::insert(context, &CANDIDATES, &[id], candidate)?;
    let summary = json!({
        "completed_candidate_count": 1,
        "best_id": text(&candidate, "candidate_id"),
    });
    job.insert("result".to_owned(), json!({ "candidate_summary": summary, "token_usage": [], "latency_metrics": [] }));
    Ok(())
}

fn promote(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let candidate = resources::change(context, &CANDIDATES, |candidate, now| {
        candidate.insert("promotion".to_owned(), json!({ "promoted_at": now }));
        Ok(())
    })?;
    Ok(Answer::ok(candidate))
}

/// Generated data has as many samples as were asked for.
pub(crate) fn data_generated(
    _: &mut Context<'_>,
    job: &mut Map<String, Value>,
    _: &[String],
) -> Result<(), ServiceError> {
    let configured = job.get("generation_configuration").and_then(|wanted| wanted.get("max_samples"));
    let samples = configured.and_then(Value::as_u64).unwrap_or(10);
    job.insert("result".to_owned(), json!({ "outputs": [], "generated_samples": samples }));
    Ok(())
}

/// A generated evaluator is there as a version.
pub(crate) fn evaluator_made(
    context: &mut Context<'_>,
    job: &mut Map<String, Value>,
    _: &[String],
) -> Result<(), ServiceError> {
    let text = |name: &str| job.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("evaluator_name");
    let prompt = format!("Judge the answer as {name} would.");
    let given = json!({
        "display_name": text("evaluator_display_name"),
        "evaluator_type": "custom",
        "categories": ["quality"],
        "definition": { "type": "prompt", "prompt_text": prompt },
        "generation_job_id": text("id"),
    });
    let evaluator = add_evaluator(context, &name, object_of(&given)?)?;
    job.insert("result".to_owned(), evaluator);
    Ok(())
}
