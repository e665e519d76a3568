//! Routines and schedules: switched on and off, and what they have done.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::fill;
use crate::pages;
use crate::resources;
use crate::store::Place;
use crate::v1::Entry;
use crate::v1::table::{ROUTINES, SCHEDULE_RUNS, SCHEDULES};

/// The runs of routines.
const RUNS: &str = "routines/runs";

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::PUT, "/routines/{}", put),
    (Method::POST, "/routines/{}:enable", |context| switch(context, true)),
    (Method::POST, "/routines/{}:disable", |context| switch(context, false)),
    (Method::POST, "/routines/{}:dispatch_async", dispatch),
    (Method::GET, "/routines/{}/runs", list_runs),
    (Method::PUT, "/schedules/{}", put_schedule),
];

fn put(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    resources::serve(context, &ROUTINES, resources::Verb::Put)?;
    let record = resources::change(context, &ROUTINES, |routine, now| {
        routine.entry("created_at").or_insert_with(|| now.into());
        routine.insert("updated_at".to_owned(), now.into());
        Ok(())
    })?;
    Ok(Answer::ok(record))
}

fn switch(context: &mut Context<'_>, enabled: bool) -> Result<Answer, ServiceError> {
    let routine = resources::change(context, &ROUTINES, |routine, _| {
        routine.insert("enabled".to_owned(), enabled.into());
        Ok(())
    })?;
    Ok(Answer::ok(routine))
}

/// Runs a routine, which is done at once.
fn dispatch(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    let place = Place { collection: ROUTINES.name, parents: &[], id: &parents[0] };
    let routine = resources::get(context, &ROUTINES, place)?;
    let action = routine.get("action").map(|action| text(action, "type").to_owned()).unwrap_or_default();
    let id = context.store.identifiers.next("run_");
    let dispatch = context.store.identifiers.next("dispatch_");
    let correlation = context.store.identifiers.next("action_");
    let mut run = json!({
        "id": id,
        "status": "completed",
        "attempt_source": "queued_dispatch",
        "triggered_at": context.now,
        "started_at": context.now,
        "ended_at": context.now,
        "dispatch_id": dispatch,
        "action_correlation_id": correlation,
    });
    if !action.is_empty() {
        run["action_type"] = action.into();
    }
    context.store.put(Place { collection: RUNS, parents: &parents, id: &id }, run);
    Ok(Answer::ok(json!({ "dispatch_id": dispatch, "action_correlation_id": correlation })))
}

fn list_runs(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = [context.parameter(0)];
    resources::get(context, &ROUTINES, Place { collection: ROUTINES.name, parents: &[], id: &parents[0] })?;
    let runs = context.store.list(RUNS, &parents);
    pages::declared(context, RUNS, &parents, runs).map(Answer::ok)
}

/// A new schedule has run once already, so that there is something to see.
fn put_schedule(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    let is_new = context.store.get(Place { collection: SCHEDULES.name, parents: &[], id: &id }).is_none();
    let answer = resources::serve(context, &SCHEDULES, resources::Verb::Put)?;
    if is_new {
        let mut run = Map::new();
        run.insert("success".to_owned(), true.into());
        run.insert("triggerTime".to_owned(), Value::String(fill::moment(context.now)));
        run.insert("properties".to_owned(), json!({}));
        resources::insert(context, &SCHEDULE_RUNS, &[id], run)?;
    }
    Ok(answer)
}
