//! What runs long and is looked at: jobs that move on with each look, as rules say or by themselves.

use axum::http::{HeaderName, Method, header};
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::handlers::Behaviour;
use crate::resources::{self, Resource};
use crate::script::{Move, Plan};
use crate::store::Place;
use crate::turn::{Turn, TurnMessage};
use crate::v1::table::{
    CALL_JOBS, DATA_GENERATION_JOBS, EVALUATOR_GENERATION_JOBS, INSIGHTS, MONITOR_RUNS, OPTIMIZATION_JOBS, RED_TEAMS,
};
use crate::v1::{Entry, assets, insights, memories, telephony};

/// The header that says where a job's state is to be found.
const OPERATION_LOCATION: HeaderName = HeaderName::from_static("operation-location");

/// How many seconds a caller is asked to leave between two looks.
const PAUSE: &str = "1";

/// The headers by which a request that is sent twice is known: the second one starts nothing.
const REPLAY_KEYS: [&str; 3] = ["operation-id", "repeatability-request-id", "idempotency-key"];

/// Where is kept what requests with such a header have started.
const REPLAYS: &str = "replays";

/// Changes a job, and whatever else, once it has succeeded; the texts are what it stands below.
type Success = fn(&mut Context<'_>, &mut Map<String, Value>, &[String]) -> Result<(), ServiceError>;

/// A kind of job.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) resource: &'static Resource,
    /// The property with the state, and its values.
    pub(crate) property: &'static str,
    pub(crate) states: States,
    /// What comes of a job that succeeds.
    pub(crate) succeed: Success,
}

/// What the states of a job are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct States {
    pub(crate) queued: &'static str,
    pub(crate) running: &'static str,
    pub(crate) succeeded: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) cancelled: &'static str,
}

pub(crate) const USUAL: States = States {
    queued: "queued",
    running: "in_progress",
    succeeded: "succeeded",
    failed: "failed",
    cancelled: "cancelled",
};

const CAPITAL: States = States {
    queued: "NotStarted",
    running: "Running",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Canceled",
};

/// Every kind.
static KINDS: [&Kind; 8] = [
    &Kind { resource: &OPTIMIZATION_JOBS, property: "status", states: USUAL, succeed: assets::optimized },
    &Kind { resource: &DATA_GENERATION_JOBS, property: "status", states: USUAL, succeed: assets::data_generated },
    &Kind { resource: &EVALUATOR_GENERATION_JOBS, property: "status", states: USUAL, succeed: assets::evaluator_made },
    &Kind { resource: &MONITOR_RUNS, property: "status", states: USUAL, succeed: insights::found },
    &Kind { resource: &INSIGHTS, property: "state", states: CAPITAL, succeed: insights::generated },
    &Kind {
        resource: &RED_TEAMS,
        property: "status",
        states: States { succeeded: "Completed", ..CAPITAL },
        succeed: |_, _, _| Ok(()),
    },
    &Kind {
        resource: &CALL_JOBS,
        property: "status",
        states: States { queued: "accepted", succeeded: "completed", ..USUAL },
        succeed: telephony::called,
    },
    &memories::UPDATES,
];

const CREATE: Behaviour = create;
const GET: Behaviour = get;
const CANCEL: Behaviour = cancel;

/// Jobs that are made by what the request holds.
pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::POST, "/agent_optimization_jobs", CREATE),
    (Method::GET, "/agent_optimization_jobs/{}", GET),
    (Method::POST, "/agent_optimization_jobs/{}:cancel", CANCEL),
    (Method::POST, "/data_generation_jobs", CREATE),
    (Method::GET, "/data_generation_jobs/{}", GET),
    (Method::POST, "/data_generation_jobs/{}:cancel", CANCEL),
    (Method::POST, "/evaluator_generation_jobs", CREATE),
    (Method::GET, "/evaluator_generation_jobs/{}", GET),
    (Method::POST, "/evaluator_generation_jobs/{}:cancel", CANCEL),
    (Method::GET, "/agent_insight_monitors/{}/runs/{}", GET),
    (Method::POST, "/agent_insight_monitors/{}/runs/{}:cancel", CANCEL),
    (Method::POST, "/insights", CREATE),
    (Method::GET, "/insights/{}", GET),
    (Method::POST, "/redTeams/runs:run", CREATE),
    (Method::GET, "/redTeams/runs/{}", GET),
    (Method::POST, "/agents/{}/telephony/call_jobs", CREATE),
    (Method::GET, "/agents/{}/telephony/call_jobs/{}", GET),
];

/// Starts a job of what the request holds.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let kind = kind(context)?;
    let given = resources::take_accepted(context);
    let parents = context.parameters.clone();
    start(context, kind, &parents, given)
}

/// Starts a job of this.
pub(crate) fn start(
    context: &mut Context<'_>,
    kind: &Kind,
    parents: &[String],
    mut given: Map<String, Value>,
) -> Result<Answer, ServiceError> {
    resources::check_parents(context, kind.resource, parents)?;
    let known = replayed(context, |context, id| {
        context.store.get(Place { collection: kind.resource.name, parents, id }).cloned()
    });
    if let Some(job) = known {
        return Ok(answer(context, kind, parents, job));
    }
    given.insert(kind.property.to_owned(), kind.states.queued.into());
    let job = resources::insert(context, kind.resource, parents, given)?;
    let id = id_of(kind, &job).to_owned();
    remember(context, &id);
    Ok(answer(context, kind, parents, job))
}

/// What the same request has started before.
pub(crate) fn replayed(context: &Context<'_>, find: impl FnOnce(&Context<'_>, &str) -> Option<Value>) -> Option<Value> {
    let parents = [context.operation.shape.clone()];
    let key = REPLAY_KEYS.iter().find_map(|name| context.header(name))?;
    let id = context.store.get(Place { collection: REPLAYS, parents: &parents, id: key })?.as_str()?;
    find(context, id)
}

/// Keeps what this request has started.
pub(crate) fn remember(context: &mut Context<'_>, id: &str) {
    let parents = [context.operation.shape.clone()];
    let Some(key) = REPLAY_KEYS.iter().find_map(|name| context.header(name)).map(str::to_owned) else {
        return;
    };
    context.store.put(Place { collection: REPLAYS, parents: &parents, id: &key }, id.into());
}

/// Moves a job on, and shows it.
pub(crate) fn get(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let kind = kind(context)?;
    let (parents, mut job) = find(context, kind)?;
    advance(context, kind, &parents, &mut job)?;
    let job = put(context, kind, &parents, job);
    Ok(answer(context, kind, &parents, job))
}

/// Cancels a job that has not ended.
pub(crate) fn cancel(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let kind = kind(context)?;
    let (parents, mut job) = find(context, kind)?;
    let state = job.get(kind.property).and_then(Value::as_str).unwrap_or_default();
    if !is_open(kind, state) {
        return Err(ServiceError::conflict(format_args!("The {} is {state} already.", kind.resource.noun)));
    }
    end(context, &mut job, kind, kind.states.cancelled);
    let job = put(context, kind, &parents, job);
    Ok(Answer::ok(job))
}

/// Moves a job one state on.
pub(crate) fn advance(
    context: &mut Context<'_>,
    kind: &Kind,
    parents: &[String],
    job: &mut Map<String, Value>,
) -> Result<(), ServiceError> {
    let state = job.get(kind.property).and_then(Value::as_str).unwrap_or_default();
    let id = job_id(kind, job);
    let place = Place { collection: kind.resource.name, parents, id: &id };
    if state == kind.states.queued {
        let plan = if context.rules.is_empty() { Plan::default() } else { context.rules.choose(&turn(kind, job)) };
        context.store.put_plan(place, plan);
        job.insert(kind.property.to_owned(), kind.states.running.into());
        touch(context, kind, job, &["updated_at", "started_at"]);
        return Ok(());
    }
    if !is_open(kind, state) {
        return Ok(());
    }
    let mut plan = context.store.take_plan(place).unwrap_or_default();
    if plan.pause(false).is_some() {
        context.store.put_plan(place, plan);
        return Ok(());
    }
    match plan.next(&turn(kind, job)) {
        Move::Fail { code, message, .. } => {
            end(context, job, kind, kind.states.failed);
            job.insert("error".to_owned(), json!({ "code": code, "message": message }));
        }
        Move::Cancel | Move::Expire => end(context, job, kind, kind.states.cancelled),
        // Whatever else a rule says, a job has no words for it.
        _ => {
            end(context, job, kind, kind.states.succeeded);
            (kind.succeed)(context, job, parents)?;
        }
    }
    Ok(())
}

fn end(context: &Context<'_>, job: &mut Map<String, Value>, kind: &Kind, state: &str) {
    job.insert(kind.property.to_owned(), state.into());
    touch(context, kind, job, &["updated_at", "finished_at", "completed_at"]);
}

/// Sets the times that jobs of this kind may have.
fn touch(context: &Context<'_>, kind: &Kind, job: &mut Map<String, Value>, names: &[&str]) {
    let known = kind.resource.schema(context).map(|schema| context.document.properties(schema)).unwrap_or_default();
    for name in names.iter().filter(|name| known.contains(**name)) {
        job.insert((*name).to_owned(), context.now.into());
    }
}

fn is_open(kind: &Kind, state: &str) -> bool {
    state == kind.states.queued || state == kind.states.running
}

/// A job as rules see it: the agent's name is what the job is, and the message what it was given.
fn turn(kind: &Kind, job: &Map<String, Value>) -> Turn {
    let said = TurnMessage { role: "user".to_owned(), text: Value::Object(job.clone()).to_string() };
    Turn { agent_name: kind.resource.noun.to_owned(), history: vec![said], ..Turn::default() }
}

/// The kind of job that an operation is about.
pub(crate) fn kind(context: &Context<'_>) -> Result<&'static Kind, ServiceError> {
    let is_it = |kind: &&&'static Kind| context.operation.shape.starts_with(kind.resource.path);
    // `/insights` is not the beginning of anything else, but the longer path is the better one.
    let kind = KINDS.iter().filter(is_it).max_by_key(|kind| kind.resource.path.len());
    kind.copied().ok_or_else(|| ServiceError::not_implemented(&context.operation.id))
}

fn find(context: &Context<'_>, kind: &Kind) -> Result<(Vec<String>, Map<String, Value>), ServiceError> {
    let mut parents = context.parameters.clone();
    let id = parents.pop().unwrap_or_default();
    resources::check_parents(context, kind.resource, &parents)?;
    let place = Place { collection: kind.resource.name, parents: &parents, id: &id };
    let job = resources::object_of(resources::get(context, kind.resource, place)?)?;
    Ok((parents, job))
}

fn put(context: &mut Context<'_>, kind: &Kind, parents: &[String], job: Map<String, Value>) -> Value {
    let id = job_id(kind, &job);
    let job = resources::filled(context, kind.resource, job);
    context.store.put(Place { collection: kind.resource.name, parents, id: &id }, job.clone());
    job
}

fn job_id(kind: &Kind, job: &Map<String, Value>) -> String {
    let property = property(kind);
    job.get(property).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn id_of<'a>(kind: &Kind, job: &'a Value) -> &'a str {
    text(job, property(kind))
}

fn property(kind: &Kind) -> &'static str {
    match kind.resource.identity {
        resources::Identity::Declared { property, .. } | resources::Identity::Named { property } => property,
        resources::Identity::Generated { .. } => "id",
    }
}

/// A job, with where it is to be looked for and when.
fn answer(context: &Context<'_>, kind: &Kind, parents: &[String], job: Value) -> Answer {
    let is_over = !is_open(kind, text(&job, kind.property));
    let id = id_of(kind, &job).to_owned();
    let etag = telephony::etag(&job);
    let url = |template: &str| {
        let mut values = parents.iter().map(String::as_str).chain([id.as_str()]);
        context.project_url(&expand(template, &mut values))
    };
    let mut answer = context.succeed(job);
    if let Some(template) = &context.operation.status_path {
        answer = answer.header(OPERATION_LOCATION, url(template));
        if context.operation.has_location {
            answer = answer.header(header::LOCATION, url(template));
        }
    }
    if kind.resource.name == CALL_JOBS.name {
        answer = answer.header(header::ETAG, etag);
    }
    if is_over { answer } else { answer.header(header::RETRY_AFTER, PAUSE.to_owned()) }
}

/// A path with its parameters in their places.
fn expand<'a>(template: &str, values: &mut impl Iterator<Item = &'a str>) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str(&crate::server::encode(values.next().unwrap_or_default()));
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    path.push_str(rest);
    path
}
