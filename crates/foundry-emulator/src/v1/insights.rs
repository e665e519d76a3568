//! Insights: monitors of agents with their runs and findings, and insights into evaluations.

use axum::http::{Method, header};
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::error::ServiceError;
use crate::fill;
use crate::resources::{self, Resource};
use crate::store::Place;
use crate::v1::table::{MONITOR_INSIGHTS, MONITOR_RUNS, MONITORS};
use crate::v1::{Entry, jobs};

/// How many seconds an hour has.
const HOUR: f64 = 3600.0;

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::GET, "/agent_insight_monitors", |context| resources::list_without(context, &MONITORS, &[], &["overview"])),
    (Method::POST, "/agent_insight_monitors", create),
    (Method::POST, "/agent_insight_monitors/{}:reset", reset),
    (Method::POST, "/agent_insight_monitors/{}/runs", create_run),
];

fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let given = resources::take_accepted(context);
    let monitor = resources::insert(context, &MONITORS, &[], given)?;
    let id = monitor.get("id").and_then(Value::as_str).unwrap_or_default();
    let url = context.project_url(&format!("/agent_insight_monitors/{id}"));
    Ok(context.succeed(monitor).header(header::LOCATION, url))
}

fn monitor(context: &Context<'_>, id: &str) -> Result<Map<String, Value>, ServiceError> {
    let place = Place { collection: MONITORS.name, parents: &[], id };
    resources::object_of(resources::get(context, &MONITORS, place)?)
}

/// Forgets what was found.
fn reset(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    monitor(context, &id)?;
    let parents = [id];
    for resource in [&MONITOR_INSIGHTS, &MONITOR_RUNS] {
        clear(context, resource, &parents);
    }
    Ok(Answer::no_content())
}

fn clear(context: &mut Context<'_>, resource: &Resource, parents: &[String]) {
    let ids: Vec<String> =
        context.store.list(resource.name, parents).iter().map(|record| record.id.to_owned()).collect();
    for id in ids {
        context.store.remove(Place { collection: resource.name, parents, id: &id });
    }
}

fn create_run(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let id = context.parameter(0);
    let monitor = monitor(context, &id)?;
    let inputs = std::mem::take(&mut context.body);
    let hours = |value: Option<&Value>| value.and_then(Value::as_f64);
    let window = hours(inputs.get("lookback_hours")).or(hours(monitor.get("run_interval_hours"))).unwrap_or(24.0);
    let mut run = Map::new();
    for name in ["agent_name", "model_deployment_name"] {
        run.insert(name.to_owned(), monitor.get(name).cloned().unwrap_or_default());
    }
    // A float that is no integer's becomes the nearest one that is.
    let seconds = (window * HOUR) as i64;
    run.insert("window_start".to_owned(), context.now.saturating_sub(seconds).into());
    run.insert("inputs".to_owned(), Value::Object(inputs));
    let kind = jobs::kind(context)?;
    jobs::start(context, kind, &[id], run)
}

/// A run has looked at one trace and found one thing.
pub(crate) fn found(
    context: &mut Context<'_>,
    run: &mut Map<String, Value>,
    parents: &[String],
) -> Result<(), ServiceError> {
    let insight = json!({
        "agent_name": run.get("agent_name"),
        "agent_version": "1",
        "title": "Answers repeat the question",
        "severity": "low",
        "category": "quality",
        "status": "active",
        "trace_count": 1,
        "description": "The agent quotes what it was asked.",
    });
    resources::insert(context, &MONITOR_INSIGHTS, parents, resources::object_of(&insight)?)?;
    run.insert("result".to_owned(), json!({ "traces_in_window": 1, "traces_analyzed": 1, "insights_created": 1 }));
    Ok(())
}

/// An insight into evaluations has come to its end.
pub(crate) fn generated(
    context: &mut Context<'_>,
    insight: &mut Map<String, Value>,
    _: &[String],
) -> Result<(), ServiceError> {
    let now = fill::moment(context.now);
    if let Some(metadata) = insight.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("completedAt".to_owned(), now.into());
    }
    let kind = insight.get("request").and_then(|request| request.get("type")).cloned().unwrap_or_default();
    insight.insert("result".to_owned(), json!({ "type": kind }));
    Ok(())
}
