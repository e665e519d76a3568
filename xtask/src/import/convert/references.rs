//! Parameters, bodies, answers and headers that are references are written where they are used: only schemas
//! are shared by name.

use serde_json::{Map, Value};

use super::log::Log;
use super::walk::{self, METHODS, Place, resolve};

/// Writes out references, in a document of any version; what cannot be afforded is a problem.
pub(super) fn write_out(document: &mut Value, log: &mut Log) {
    let whole = document.clone();
    walk::members(document, "paths", &mut Place::default(), &mut |place, item| {
        write(item, &whole, place, log);
        let shared = item.as_object_mut().and_then(|item| item.remove("parameters"));
        let shared = shared.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        for method in METHODS {
            let Some(operation) = item.get_mut(*method).filter(|operation| operation.is_object()) else { continue };
            place.at(method, |place| {
                add_parameters(operation, &shared, &whole, place, log);
                one(operation, &whole, place, log);
            });
        }
    });
}

/// Puts what a reference leads to in its place. What stands beside a reference, a description, is prose.
fn write(value: &mut Value, document: &Value, place: &Place, log: &mut Log) {
    if value.get("$ref").is_none() {
        return;
    }
    if let Some(target) = resolve(document, value)
        && log.afford(target, &place.text())
    {
        *value = target.clone();
    }
}

/// Adds the parameters of the path that the operation has none of its own for.
fn add_parameters(operation: &mut Value, shared: &[Value], document: &Value, place: &Place, log: &mut Log) {
    let Some(members) = operation.as_object_mut() else { return };
    let own = members.entry("parameters").or_insert_with(|| Value::Array(Vec::new()));
    let Some(own) = own.as_array_mut() else { return };
    let key = |parameter: &Value| {
        let target = resolve(document, parameter).unwrap_or(parameter);
        (target["in"].to_string(), target["name"].to_string())
    };
    let known: std::collections::BTreeSet<_> = own.iter().map(key).collect();
    let missing = shared.iter().filter(|parameter| !known.contains(&key(parameter)));
    let missing: Vec<Value> = missing.filter(|parameter| log.afford(parameter, &place.text())).cloned().collect();
    // As the path is read: before the others.
    own.splice(0..0, missing);
}

fn one(operation: &mut Value, document: &Value, place: &mut Place, log: &mut Log) {
    walk::elements(operation, "parameters", place, &mut |place, parameter| write(parameter, document, place, log));
    if let Some(body) = operation.get_mut("requestBody") {
        write(body, document, place, log);
    }
    walk::members(operation, "responses", place, &mut |place, answer| {
        write(answer, document, place, log);
        walk::members(answer, "headers", place, &mut |place, header| write(header, document, place, log));
    });
}

/// Takes away the components that nothing refers to any more.
pub(super) fn drop_components(document: &mut Value, log: &mut Log) {
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else { return };
    const WRITTEN_OUT: &[&str] = &["parameters", "responses", "requestBodies", "headers", "examples", "pathItems"];
    components.retain(|key, _: &mut Value| !WRITTEN_OUT.contains(&key.as_str()));
    let rest: Map<String, Value> = std::mem::take(components);
    for (key, value) in rest {
        if key == "schemas" || key == "securitySchemes" {
            components.insert(key, value);
        } else {
            log.note(format!("left out: `{key}` of components"), "#/components");
        }
    }
}
