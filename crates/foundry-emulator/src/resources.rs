//! Plain create, get, list, update and delete, for every group of the resource table.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::context::{Answer, Context};
use crate::documents;
use crate::error::ServiceError;
use crate::fill;
use crate::merge::merge_patch;
use crate::pages;
use crate::store::{Listed, Place};
use crate::validate;

/// One row of the resource table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    /// The collection in the store; it begins with its parent's name and a slash.
    pub(crate) name: &'static str,
    /// The path of the collection with its parameters unnamed; one more segment is a record.
    pub(crate) path: &'static str,
    /// What the answer for an unknown id calls a record.
    pub(crate) noun: &'static str,
    /// Where ids come from.
    pub(crate) identity: Identity,
    /// What a record stands below; its parents must exist.
    pub(crate) parent: Option<&'static Resource>,
    /// The properties that hold the ids of what a record stands below, outermost first.
    pub(crate) parent_properties: &'static [&'static str],
    /// What the table itself serves.
    pub(crate) verbs: &'static [Verb],
    /// How a list is cut into pages.
    pub(crate) list: ListStyle,
    /// Query parameters of the list, and the properties that they must equal, or pointers to them.
    pub(crate) filters: &'static [(&'static str, &'static str)],
    /// The properties of a new record that the request leaves out or sets to null.
    pub(crate) defaults: fn() -> Value,
    /// Adds what the service adds to what was sent.
    pub(crate) complete: fn(&mut Map<String, Value>, project: &str),
    /// What deleting answers.
    pub(crate) deletion: Deletion,
    /// Whether records have everything that the document's schema requires, however plain.
    pub(crate) is_filled: bool,
}

/// How records of a resource get their ids.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Identity {
    /// The service makes one up: this prefix and characters. Such records have an `object` and a
    /// time of creation.
    Generated { prefix: &'static str, object: &'static str },
    /// The service makes one up that stands in this property; all else is as the schema says.
    Declared { prefix: &'static str, property: &'static str },
    /// The caller chooses it; it stands in this property.
    Named { property: &'static str },
}

/// What can be done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Get,
    List,
    Update,
    /// `PATCH` of a record that may not be there yet.
    CreateOrUpdate,
    /// `PATCH` of a record that is there.
    Patch,
    /// `PUT` of a record that may not be there yet.
    Put,
    Delete,
}

/// How a list answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListStyle {
    /// `data`, `first_id`, `last_id`, `has_more`.
    Cursor,
    /// `data` with everything, newest first.
    Whole,
    /// `value` and `nextLink`.
    NextLink,
    /// Whatever the document says of the operation.
    Declared,
}

/// What deleting answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deletion {
    /// 200 with `id`, `deleted` and this `object`; 404 for what is not there.
    Status(&'static str),
    /// 204, also for what is not there.
    NoContent,
    /// 204, but 404 for what is not there.
    Found,
    /// 200 with what the document says of the answer; 404 for what is not there.
    Declared,
}

impl Resource {
    /// What rows have that say nothing else: ids are the caller's, lists and answers are as the
    /// document says.
    pub(crate) const DECLARED: Self = Self {
        name: "",
        path: "",
        noun: "",
        identity: Identity::Named { property: "name" },
        parent: None,
        parent_properties: &[],
        verbs: &[],
        list: ListStyle::Declared,
        filters: &[],
        defaults: || json!({}),
        complete: nothing_to_add,
        deletion: Deletion::Found,
        is_filled: true,
    };

    /// What this method means for a path, if that is one of this resource and served by the table.
    pub(crate) fn verb(&self, method: &Method, shape: &str) -> Option<Verb> {
        let rest = shape.strip_prefix(self.path)?;
        let verb = match (method.as_str(), rest) {
            ("POST", "") => Verb::Create,
            ("GET", "") => Verb::List,
            ("GET", "/{}") => Verb::Get,
            ("POST", "/{}") => Verb::Update,
            ("PATCH", "/{}") if self.verbs.contains(&Verb::Patch) => Verb::Patch,
            ("PATCH", "/{}") => Verb::CreateOrUpdate,
            ("PUT", "/{}") => Verb::Put,
            ("DELETE", "/{}") => Verb::Delete,
            _ => return None,
        };
        self.verbs.contains(&verb).then_some(verb)
    }

    /// How many path parameters come before a record's own id.
    fn depth(&self) -> usize {
        self.path.matches("{}").count()
    }

    /// The properties that an answer may hold, as the document says.
    fn properties(&self, context: &Context<'_>) -> BTreeSet<String> {
        self.schema(context).map(|schema| context.document.properties(schema)).unwrap_or_default()
    }

    /// The schema of a record.
    pub(crate) fn schema(&self, context: &Context<'_>) -> Option<&'static Value> {
        context.document.answer_schema(&format!("{}/{{}}", self.path))
    }

    /// The properties that no request changes.
    fn is_reserved(&self, name: &str) -> bool {
        let is_identity = match self.identity {
            Identity::Generated { .. } => ["id", "object", "created_at"].contains(&name),
            Identity::Declared { property, .. } | Identity::Named { property } => name == property || name == "id",
        };
        is_identity || self.parent_properties.contains(&name)
    }

    /// The defaults as an object.
    fn default_properties(&self) -> Map<String, Value> {
        match (self.defaults)() {
            Value::Object(defaults) => defaults,
            _ => Map::new(),
        }
    }
}

/// A `complete` that adds nothing.
pub(crate) fn nothing_to_add(_: &mut Map<String, Value>, _: &str) {}

/// Serves a verb of the table.
pub(crate) fn serve(
    context: &mut Context<'_>,
    resource: &'static Resource,
    verb: Verb,
) -> Result<Answer, ServiceError> {
    let split = resource.depth().min(context.parameters.len());
    let mut parents = context.parameters.clone();
    let id = parents.split_off(split).into_iter().next().unwrap_or_default();
    check_parents(context, resource, &parents)?;
    let place = Place { collection: resource.name, parents: &parents, id: &id };
    match verb {
        Verb::Create => {
            let given = take_accepted(context);
            let record = insert(context, resource, &parents, given)?;
            Ok(context.succeed(record))
        }
        Verb::Get => get(context, resource, place).cloned().map(Answer::ok),
        Verb::List => list(context, resource, &parents).map(Answer::ok),
        Verb::Update => {
            let mut record = object_of(get(context, resource, place)?)?;
            overlay(context, resource, &mut record);
            let record = filled(context, resource, record);
            context.store.put(place, record.clone());
            Ok(Answer::ok(record))
        }
        Verb::CreateOrUpdate => create_or_update(context, resource, place),
        Verb::Put => put(context, resource, place),
        Verb::Patch => {
            let mut record = object_of(get(context, resource, place)?)?;
            if context.operation.request.as_ref().is_some_and(|request| request.is_merge_patch()) {
                merge(context, resource, &mut record)?;
            } else {
                overlay(context, resource, &mut record);
            }
            let record = filled(context, resource, record);
            context.store.put(place, record.clone());
            Ok(Answer::ok(record))
        }
        Verb::Delete => delete(context, resource, place),
    }
}

/// What the body holds of the properties that the operation takes.
pub(crate) fn take_accepted(context: &mut Context<'_>) -> Map<String, Value> {
    let mut given = std::mem::take(&mut context.body);
    let accepted = context.document.request_properties(context.operation);
    given.retain(|name, _| accepted.contains(name));
    given
}

/// That everything a record of this resource stands below is there, outermost first.
pub(crate) fn check_parents(
    context: &Context<'_>,
    resource: &Resource,
    parents: &[String],
) -> Result<(), ServiceError> {
    let (Some(parent), Some((id, above))) = (resource.parent, parents.split_last()) else {
        return Ok(());
    };
    check_parents(context, parent, above)?;
    let place = Place { collection: parent.name, parents: above, id };
    get(context, parent, place).map(drop)
}

/// A record, or the answer that there is none.
pub(crate) fn get<'a>(
    context: &'a Context<'_>,
    resource: &Resource,
    place: Place<'_>,
) -> Result<&'a Value, ServiceError> {
    context.store.get(place).ok_or_else(|| ServiceError::not_found(resource.noun, place.id))
}

/// Makes a record with a new id: the defaults, what was given of the properties that an answer may
/// hold, and what identifies it.
pub(crate) fn insert(
    context: &mut Context<'_>,
    resource: &'static Resource,
    parents: &[String],
    given: Map<String, Value>,
) -> Result<Value, ServiceError> {
    let id = match resource.identity {
        Identity::Generated { prefix, .. } | Identity::Declared { prefix, .. } => {
            context.store.identifiers.next(prefix)
        }
        Identity::Named { property } => {
            let id = given.get(property).and_then(Value::as_str).unwrap_or_default().to_owned();
            if context.store.get(Place { collection: resource.name, parents, id: &id }).is_some() {
                return Err(ServiceError::conflict(format_args!("A {} named '{id}' exists already.", resource.noun)));
            }
            id
        }
    };
    insert_as(context, resource, parents, id, given)
}

/// Makes a record with an id that something else has already.
pub(crate) fn insert_as(
    context: &mut Context<'_>,
    resource: &'static Resource,
    parents: &[String],
    id: String,
    given: Map<String, Value>,
) -> Result<Value, ServiceError> {
    let allowed = resource.properties(context);
    let mut record = resource.default_properties();
    record.extend(
        given
            .into_iter()
            .filter(|(name, value)| !value.is_null() && allowed.contains(name) && !resource.is_reserved(name)),
    );
    match resource.identity {
        Identity::Generated { object, .. } => {
            record.insert("id".to_owned(), id.as_str().into());
            record.insert("object".to_owned(), object.into());
            record.insert("created_at".to_owned(), context.now.into());
        }
        Identity::Declared { property, .. } | Identity::Named { property } => {
            record.insert(property.to_owned(), id.as_str().into());
        }
    }
    identify(&mut record, resource, parents);
    (resource.complete)(&mut record, context.project);
    let record = filled(context, resource, record);
    let place = Place { collection: resource.name, parents, id: &id };
    context.store.put(place, record.clone());
    Ok(record)
}

/// A record with whatever its schema requires, if records of its kind have that.
pub(crate) fn filled(context: &Context<'_>, resource: &Resource, record: Map<String, Value>) -> Value {
    let record = Value::Object(record);
    match resource.schema(context).filter(|_| resource.is_filled) {
        Some(schema) => context.filled_as(schema, record),
        None => record,
    }
}

/// Changes the record that the path names, whatever the path says besides, and gives it.
pub(crate) fn change(
    context: &mut Context<'_>,
    resource: &'static Resource,
    change: impl FnOnce(&mut Map<String, Value>, i64) -> Result<(), ServiceError>,
) -> Result<Value, ServiceError> {
    let mut parents = context.parameters.clone();
    let id = parents.split_off(resource.depth().min(parents.len())).into_iter().next().unwrap_or_default();
    check_parents(context, resource, &parents)?;
    let place = Place { collection: resource.name, parents: &parents, id: &id };
    let mut record = object_of(get(context, resource, place)?)?;
    change(&mut record, context.now)?;
    touch(&mut record, context.now);
    let record = filled(context, resource, record);
    context.store.put(place, record.clone());
    Ok(record)
}

fn identify(record: &mut Map<String, Value>, resource: &Resource, parents: &[String]) {
    for (property, id) in resource.parent_properties.iter().zip(parents) {
        record.insert((*property).to_owned(), id.as_str().into());
    }
}

/// Lays the request's properties over a record; null brings the default back.
fn overlay(context: &Context<'_>, resource: &Resource, record: &mut Map<String, Value>) {
    let allowed = resource.properties(context);
    let accepted = context.document.request_properties(context.operation);
    let mut defaults = resource.default_properties();
    for (name, value) in &context.body {
        if !allowed.contains(name) || !accepted.contains(name) || resource.is_reserved(name) {
            continue;
        }
        let value = if value.is_null() { defaults.remove(name).unwrap_or_default() } else { value.clone() };
        record.insert(name.clone(), value);
    }
    (resource.complete)(record, context.project);
    touch(record, context.now);
}

/// Tells when a record was changed, if records of its kind tell that.
fn touch(record: &mut Map<String, Value>, now: i64) {
    for name in ["updated_at", "modified_at"] {
        match record.get_mut(name) {
            Some(Value::String(text)) => *text = fill::moment(now),
            Some(time) if time.is_number() => *time = now.into(),
            _ => {}
        }
    }
}

/// Merges the request into a record as RFC 7386 says, and sees that the outcome fits the schema.
fn merge(context: &Context<'_>, resource: &Resource, record: &mut Map<String, Value>) -> Result<(), ServiceError> {
    let allowed = resource.properties(context);
    let accepted = context.document.request_properties(context.operation);
    let patch = context
        .body
        .iter()
        .filter(|(name, _)| allowed.contains(*name) && accepted.contains(*name) && !resource.is_reserved(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut merged = Value::Object(std::mem::take(record));
    merge_patch(&mut merged, Value::Object(patch));
    let schema = context.operation.request.as_ref().and_then(|request| request.json_schema());
    let violations = schema.map(|schema| validate::body(context.document, schema, &merged)).unwrap_or_default();
    if !violations.is_empty() {
        return Err(ServiceError::invalid_body(&violations));
    }
    *record = object_of(&merged)?;
    for (name, value) in resource.default_properties() {
        record.entry(name).or_insert(value);
    }
    (resource.complete)(record, context.project);
    touch(record, context.now);
    Ok(())
}

fn create_or_update(
    context: &mut Context<'_>,
    resource: &'static Resource,
    place: Place<'_>,
) -> Result<Answer, ServiceError> {
    let known = context.store.get(place).map(object_of).transpose()?;
    let is_new = known.is_none();
    let mut record = known.unwrap_or_else(|| resource.default_properties());
    if let Identity::Named { property } = resource.identity {
        record.insert(property.to_owned(), place.id.into());
    }
    identify(&mut record, resource, place.parents);
    merge(context, resource, &mut record)?;
    let record = filled(context, resource, record);
    context.store.put(place, record.clone());
    Ok(if is_new && context.operation.announces_new { Answer::created(record) } else { Answer::ok(record) })
}

/// Makes a record, or replaces all of it but what only the service sets.
fn put(context: &mut Context<'_>, resource: &'static Resource, place: Place<'_>) -> Result<Answer, ServiceError> {
    let given = take_accepted(context);
    let known = context.store.get(place).map(object_of).transpose()?;
    let is_new = known.is_none();
    let allowed = resource.properties(context);
    let accepted = context.document.request_properties(context.operation);
    let mut record = resource.default_properties();
    record.extend(known.into_iter().flatten().filter(|(name, _)| !accepted.contains(name)));
    let given = given.into_iter().filter(|(name, _)| allowed.contains(name) && !resource.is_reserved(name));
    record.extend(given.filter(|(_, value)| !value.is_null()));
    if let Identity::Named { property } = resource.identity {
        record.insert(property.to_owned(), place.id.into());
    }
    identify(&mut record, resource, place.parents);
    (resource.complete)(&mut record, context.project);
    touch(&mut record, context.now);
    let record = filled(context, resource, record);
    context.store.put(place, record.clone());
    Ok(if is_new && context.operation.announces_new { Answer::created(record) } else { Answer::ok(record) })
}

fn delete(context: &mut Context<'_>, resource: &Resource, place: Place<'_>) -> Result<Answer, ServiceError> {
    let removed = context.store.remove(place);
    match resource.deletion {
        Deletion::NoContent => Ok(Answer::no_content()),
        _ if removed.is_none() => Err(ServiceError::not_found(resource.noun, place.id)),
        Deletion::Found => Ok(Answer::no_content()),
        Deletion::Declared => Ok(Answer::ok(told_deleted(context, &removed.unwrap_or_default()))),
        Deletion::Status(object) => Ok(Answer::ok(json!({
            "id": place.id,
            "object": object,
            "deleted": true,
        }))),
    }
}

/// What the document says of the answer to a deletion, with the names of what was deleted.
pub(crate) fn told_deleted(context: &Context<'_>, removed: &Value) -> Value {
    let schema = context.operation.answer.as_ref();
    let names = schema.map(|schema| context.document.properties(schema)).unwrap_or_default();
    let mut told: Map<String, Value> = documents::members(Some(removed))
        .filter(|(name, _)| *name != "object" && names.contains(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    told.insert("deleted".to_owned(), true.into());
    context.filled(Value::Object(told))
}

fn list(context: &Context<'_>, resource: &Resource, parents: &[String]) -> Result<Value, ServiceError> {
    let mut records = context.store.list(resource.name, parents);
    records.retain(|record| passes(context, resource, record));
    match resource.list {
        ListStyle::Cursor => pages::by_cursor(context, resource.name, parents, records),
        ListStyle::Whole => Ok(pages::whole(records)),
        ListStyle::NextLink => pages::by_next_link(context, records),
        ListStyle::Declared => pages::declared(context, resource.name, parents, records),
    }
}

/// A list of summaries: records without these properties.
pub(crate) fn list_without(
    context: &Context<'_>,
    resource: &'static Resource,
    parents: &[String],
    omitted: &[&str],
) -> Result<Answer, ServiceError> {
    check_parents(context, resource, parents)?;
    let mut shown = Vec::new();
    for record in context.store.list(resource.name, parents) {
        if passes(context, resource, &record) {
            let mut summary = object_of(record.value)?;
            summary.retain(|name, _| !omitted.contains(&name.as_str()));
            shown.push((record.position, record.id, Value::Object(summary)));
        }
    }
    let listed = shown.iter().map(|(position, id, value)| Listed { position: *position, id, value }).collect();
    pages::declared(context, resource.name, parents, listed).map(Answer::ok)
}

/// Whether a record is what the query asks for.
pub(crate) fn passes(context: &Context<'_>, resource: &Resource, record: &Listed<'_>) -> bool {
    resource.filters.iter().all(|(parameter, property)| {
        let Some(wanted) = context.query.first(parameter) else {
            return true;
        };
        let property = match property.starts_with('/') {
            true => record.value.pointer(property),
            false => record.value.get(property),
        };
        match property {
            // One parameter has a value for all of its values.
            Some(Value::String(text)) => text == wanted || (wanted == "all" && *parameter == "type"),
            Some(Value::Bool(flag)) => wanted.parse() == Ok(*flag),
            Some(Value::Number(time)) => match (time.as_i64(), wanted.parse::<i64>()) {
                (Some(time), Ok(wanted)) if parameter.ends_with("_after") => time > wanted,
                (Some(time), Ok(wanted)) if parameter.ends_with("_before") => time < wanted,
                _ => false,
            },
            _ => false,
        }
    })
}

/// A stored record as the object that it is.
pub(crate) fn object_of(record: &Value) -> Result<Map<String, Value>, ServiceError> {
    record.as_object().cloned().ok_or_else(|| ServiceError::internal("A stored record is not an object."))
}
