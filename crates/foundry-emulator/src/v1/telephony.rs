//! Telephony of voice agents: numbers, calls, targets to transfer to, and jobs that call.

use axum::http::{Method, header};
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::identifiers::fingerprint;
use crate::pages;
use crate::progress::with;
use crate::resources::{self, object_of};
use crate::store::{Listed, Place};
use crate::v1::table::{BINDINGS, CALL_JOBS, CALLS};
use crate::v1::{Entry, agents, jobs};

/// Where the transfer targets of an agent are kept.
const TARGETS: &str = "agents/transfer_targets";

/// The one record there.
const ALL: &str = "all";

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/agents/{}/telephony/bindings", create_binding),
    (Method::GET, "/agents/{}/telephony/bindings", list_bindings),
    (Method::GET, "/agents/{}/telephony/bindings/{}", get_binding),
    (Method::PATCH, "/agents/{}/telephony/bindings/{}", update_binding),
    (Method::DELETE, "/agents/{}/telephony/bindings/{}", delete_binding),
    (Method::GET, "/agents/{}/telephony/calls", |context| {
        let parents = [context.parameter(0)];
        resources::list_without(context, &CALLS, &parents, &["events", "events_truncated", "timing", "trace"])
    }),
    (Method::POST, "/agents/{}/telephony/calls/{}:transfer", transfer),
    (Method::POST, "/agents/{}/telephony/calls/{}:end", end),
    (Method::GET, "/agents/{}/telephony/transfer_targets", get_targets),
    (Method::PUT, "/agents/{}/telephony/transfer_targets", replace_targets),
    (Method::POST, "/agents/{}/telephony/call_jobs/{}:cancel", cancel_job),
];

/// What a record is known by as it is now.
pub(crate) fn etag(record: &Value) -> String {
    format!("\"{:016x}\"", fingerprint(&record.to_string()))
}

/// Refuses a change of a record that is not what the caller has seen.
fn check_etag(context: &Context<'_>, record: &Value, noun: &str) -> Result<(), ServiceError> {
    let given = context.header(header::IF_MATCH.as_str()).unwrap_or_default();
    if given == "*" || given == etag(record) {
        return Ok(());
    }
    Err(ServiceError::changed_meanwhile(noun))
}

fn told(context: &Context<'_>, record: Value) -> Answer {
    let etag = etag(&record);
    context.succeed(record).header(header::ETAG, etag)
}

fn create_binding(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    agents::find(context, &parents[0])?;
    let known = jobs::replayed(context, |context, id| {
        context.store.get(Place { collection: BINDINGS.name, parents: &parents, id }).cloned()
    });
    if let Some(binding) = known {
        return Ok(told(context, binding));
    }
    let mut given = resources::take_accepted(context);
    given.insert("incoming_call_url".to_owned(), context.project_url("/telephony/incoming").into());
    given.insert("status".to_owned(), "active".into());
    let binding = resources::insert(context, &BINDINGS, &parents, given)?;
    jobs::remember(context, text(&binding, "id"));
    Ok(told(context, binding))
}

/// Only in lists bindings say themselves what they are known by.
fn list_bindings(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    resources::check_parents(context, &BINDINGS, &parents)?;
    let mut bindings = context.store.list(BINDINGS.name, &parents);
    bindings.retain(|binding| resources::passes(context, &BINDINGS, binding));
    let told: Vec<(u64, Value)> = bindings
        .iter()
        .map(|binding| (binding.position, with(binding.value, json!({ "etag": etag(binding.value) }))))
        .collect();
    let listed = told.iter().map(|(position, value)| Listed { position: *position, id: text(value, "id"), value });
    pages::declared(context, BINDINGS.name, &parents, listed.collect()).map(Answer::ok)
}

fn binding(context: &Context<'_>) -> Result<([String; 1], Value), ServiceError> {
    let (parents, id) = ([context.parameter(0)], context.parameter(1));
    resources::check_parents(context, &BINDINGS, &parents)?;
    let place = Place { collection: BINDINGS.name, parents: &parents, id: &id };
    let binding = resources::get(context, &BINDINGS, place)?.clone();
    Ok((parents, binding))
}

fn get_binding(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (_, binding) = binding(context)?;
    Ok(told(context, binding))
}

fn update_binding(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (_, binding) = binding(context)?;
    check_etag(context, &binding, BINDINGS.noun)?;
    let patch = resources::take_accepted(context);
    let binding = resources::change(context, &BINDINGS, |binding, _| {
        for (name, value) in patch {
            if value.is_null() {
                binding.remove(&name);
            } else {
                binding.insert(name, value);
            }
        }
        Ok(())
    })?;
    Ok(told(context, binding))
}

fn delete_binding(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, binding) = binding(context)?;
    check_etag(context, &binding, BINDINGS.noun)?;
    context.store.remove(Place { collection: BINDINGS.name, parents: &parents, id: text(&binding, "id") });
    Ok(Answer::no_content())
}

/// A call job has called: the call is under way until it is ended.
pub(crate) fn called(
    context: &mut Context<'_>,
    job: &mut Map<String, Value>,
    parents: &[String],
) -> Result<(), ServiceError> {
    let destination = job.get("destination").map(|destination| text(destination, "value").to_owned());
    let call = json!({
        "provider": "twilio",
        "caller_number": job.get("source"),
        "provider_number": destination,
        "status": "in_progress",
        "phase": "managing",
        "answered_at": context.now,
    });
    resources::insert(context, &CALLS, parents, object_of(&call)?)?;
    job.insert("attempt_count".to_owned(), 1.into());
    job.insert("revision".to_owned(), 2.into());
    Ok(())
}

fn transfer(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let target = context.body.get("target").and_then(Value::as_str).unwrap_or_default().to_owned();
    let parents = [context.parameter(0)];
    let place = Place { collection: TARGETS, parents: &parents, id: ALL };
    let known = context.store.get(place).and_then(|targets| targets.get("transfer_targets")).cloned();
    let is_known =
        |known: &Value| known.as_array().is_some_and(|all| all.iter().any(|one| text(one, "name") == target));
    if !known.is_some_and(|known| is_known(&known)) {
        return Err(ServiceError::not_found("transfer target", &target));
    }
    finish(context)
}

fn end(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    finish(context)
}

fn finish(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let call = resources::change(context, &CALLS, |call, now| {
        if call.get("status").is_none_or(|status| status != "in_progress") {
            return Err(ServiceError::conflict("The call has ended already."));
        }
        call.insert("status".to_owned(), "success".into());
        call.insert("phase".to_owned(), "completed".into());
        call.insert("ended_at".to_owned(), now.into());
        Ok(())
    })?;
    Ok(Answer::ok(call))
}

fn targets(context: &Context<'_>) -> Result<([String; 1], Value), ServiceError> {
    let parents = [context.parameter(0)];
    agents::find(context, &parents[0])?;
    let targets = context.store.get(Place { collection: TARGETS, parents: &parents, id: ALL }).cloned();
    Ok((parents, targets.unwrap_or_else(|| json!({ "transfer_targets": [] }))))
}

fn get_targets(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (_, targets) = targets(context)?;
    Ok(told(context, targets))
}

fn replace_targets(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, targets) = targets(context)?;
    check_etag(context, &targets, "list of transfer targets")?;
    let targets = Value::Object(resources::take_accepted(context));
    context.store.put(Place { collection: TARGETS, parents: &parents, id: ALL }, targets.clone());
    Ok(told(context, targets))
}

fn cancel_job(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let (parents, id) = ([context.parameter(0)], context.parameter(1));
    let place = Place { collection: CALL_JOBS.name, parents: &parents, id: &id };
    let job = resources::get(context, &CALL_JOBS, place)?;
    check_etag(context, job, CALL_JOBS.noun)?;
    let answer = jobs::cancel(context)?;
    let job = context.store.get(place).cloned().unwrap_or_default();
    Ok(answer.header(header::ETAG, etag(&job)))
}
