//! What the SDK needs to know of jobs: how the status of one is got, how it is canceled, and where the
//! status has what.

use std::fmt::Write as _;

use heck::ToSnakeCase as _;

use super::api::{Api, Field, LongRunning, Operation, Presence, Shape, Type};
use super::builders::{path_parameters, qualified, unexpected};
use crate::failure::Failure;

/// The job that an operation starts.
pub(super) struct Job {
    /// The type with the arguments of the operation that gets the status.
    look: String,
    /// Its parameter for the job's id, and those before it, which the start has too.
    id: String,
    scope: Vec<String>,
    /// The type with the arguments of the operation that cancels it.
    cancel: Option<String>,
    status: Status,
}

/// Where a status has what.
struct Status {
    name: String,
    id: String,
    /// The property with the result, and its type; without one the result is the status.
    result: Option<(String, Type)>,
    superseded_by: Option<String>,
    /// The kinds, if it is a union.
    kinds: Vec<String>,
}

/// Reads what the mark of an operation says.
pub(super) fn job(api: &Api, operation: &Operation, mark: &LongRunning) -> Result<Job, Failure> {
    let find =
        |method: &str, path: &str| api.operations.iter().find(|other| other.method == method && other.path == path);
    let look = find("GET", &mark.path)
        .filter(|look| look.group == operation.group)
        .ok_or_else(|| unexpected(operation, &format!("no operation of its group gets {}", mark.path)))?;
    if look.answer.as_ref() != Some(&mark.status) || operation.answer != look.answer {
        return Err(unexpected(operation, "its answer is not the status of the job"));
    }
    let mut scope = path_parameters(&mark.path);
    let Some(id) = scope.pop() else { return Err(unexpected(operation, "the path of its status has no id")) };
    if scope != path_parameters(&operation.path) {
        return Err(unexpected(operation, "the path of its status has other parameters than its own"));
    }
    let cancel = find("POST", &format!("{}:cancel", mark.path));
    let status = status(api, operation, mark, &id)?;
    Ok(Job { look: look.builder.clone(), id, scope, cancel: cancel.map(|cancel| cancel.builder.clone()), status })
}

fn status(api: &Api, operation: &Operation, mark: &LongRunning, id: &str) -> Result<Status, Failure> {
    let refused = |what: &str| unexpected(operation, what);
    let Type::Named(name) = &mark.status else { return Err(refused("its status is of no type with a name")) };
    let fields = |name: &str| match api.types.get(name).map(|definition| &definition.shape) {
        Some(Shape::Struct(model)) => Ok(&model.fields),
        _ => Err(refused("its status is no object")),
    };
    let (kinds, of_kinds) = match api.types.get(name).map(|definition| &definition.shape) {
        Some(Shape::Tagged { branches, secret: false, .. }) => {
            let kinds = branches.iter().map(|branch| branch.variant.clone()).collect();
            (kinds, branches.iter().map(|branch| fields(&branch.ty)).collect::<Result<Vec<_>, _>>()?)
        }
        _ => (Vec::new(), vec![fields(name)?]),
    };
    // All kinds have to have the same.
    let field = |property: &str| -> Option<&Field> {
        let in_each: Option<Vec<&Field>> =
            of_kinds.iter().map(|fields| fields.iter().find(|field| field.property == property)).collect();
        in_each?.into_iter().next()
    };
    let id = field(id).or_else(|| field("id")).ok_or_else(|| refused("its status has no id"))?;
    let property = mark.result.as_ref().map(|(property, _)| property.as_str());
    for needed in ["status", "error"].into_iter().chain(property) {
        match field(needed) {
            Some(field) if field.name == *needed && !field.boxed => {}
            _ => return Err(refused(&format!("its status has no `{needed}` that can be read"))),
        }
    }
    for needed in [id.property.as_str(), "status"] {
        if !field(needed).is_some_and(|field| {
            matches!(field.presence, Presence::Key | Presence::Required) && is_text(api, &field.ty)
        }) {
            let what = format!("`{needed}` of its status is no text that is always there: correct it in the overlay");
            return Err(refused(&what));
        }
    }
    Ok(Status {
        name: name.clone(),
        id: id.name.clone(),
        result: mark.result.clone(),
        superseded_by: field("superseded_by").filter(|by| is_optional_text(by)).map(|by| by.name.clone()),
        kinds,
    })
}

fn is_optional_text(field: &Field) -> bool {
    field.ty == Type::String && matches!(field.presence, Presence::Optional | Presence::Nullable)
}

/// Whether a type of the SDK has `as_str`.
fn is_text(api: &Api, ty: &Type) -> bool {
    match ty {
        Type::String => true,
        Type::Named(name) => {
            matches!(api.types.get(name).map(|definition| &definition.shape), Some(Shape::Enum(_)))
        }
        _ => false,
    }
}

impl Job {
    /// The lines that say it.
    pub(super) fn emit(&self, text: &mut String, operation: &Operation) {
        let cancel = self.cancel.as_ref().map_or_else(String::new, |cancel| format!(", {cancel}"));
        let _ = writeln!(
            text,
            "job!({} by {}[{}]({}){cancel});\n",
            operation.builder,
            self.look,
            self.id,
            self.scope.join(", ")
        );
        let status = &self.status;
        let more = match (&status.superseded_by, &status.kinds[..]) {
            (Some(by), []) => format!(", {by}"),
            (None, []) => String::new(),
            (_, kinds) => format!(" of {}", kinds.join(" | ")),
        };
        let words = status.name.to_snake_case().replace('_', " ");
        let words = words.strip_suffix(" result").unwrap_or(&words);
        let result = match &status.result {
            Some((property, result)) => format!("{}, {property}", qualified(result)),
            None => "self".to_owned(),
        };
        let _ = writeln!(text, "job_status!(types::{} as {words:?}: {} -> {result}{more});\n", status.name, status.id,);
    }

    /// What it makes public.
    pub(super) fn surface(&self, text: &mut String, operation: &Operation) {
        let _ = writeln!(text, "poll {} -> {}", operation.builder, self.status.name);
    }
}
