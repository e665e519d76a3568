//! Tables of what can be decoded by name, for tools that look at captured traffic.

use std::fmt::Write as _;

use super::api::{Api, Type};

/// The text of `inspect.rs` without its first line.
pub(crate) fn emit(api: &Api) -> String {
    let mut text = format!("//! What of api-version {} can be decoded by name.\n\n", api.name);
    text.push_str("use super::types;\nuse crate::inspect::{ApiEntry, OperationEntry, SchemaEntry, decode_as};\n\n");
    let _ = writeln!(text, "/// Everything.\npub(crate) static API: ApiEntry = ApiEntry {{");
    let _ = writeln!(text, "    name: {:?},\n    operations: OPERATIONS,\n    schemas: SCHEMAS,\n}};\n", api.name);
    text.push_str("static OPERATIONS: &[OperationEntry] = &[\n");
    for operation in &api.operations {
        let _ = writeln!(text, "    OperationEntry {{\n        id: {:?},", operation.id);
        let _ = writeln!(text, "        request: {},", optional(operation.request.as_ref()));
        let _ = writeln!(text, "        response: {},", optional(operation.answer.as_ref()));
        if operation.events.is_empty() {
            text.push_str("        events: &[],\n    },\n");
            continue;
        }
        text.push_str("        events: &[\n");
        for (event, ty) in &operation.events {
            let _ = writeln!(text, "            ({event:?}, {}),", function(ty));
        }
        text.push_str("        ],\n    },\n");
    }
    text.push_str("];\n\nstatic SCHEMAS: &[SchemaEntry] = &[\n");
    let mut types: Vec<(&str, &str)> =
        api.types.iter().map(|(name, definition)| (definition.document.as_str(), name.as_str())).collect();
    types.sort_unstable();
    for (document, name) in types {
        let ty = function(&Type::Named(name.to_owned()));
        let _ = writeln!(text, "    SchemaEntry {{ name: {document:?}, decode: {ty} }},");
    }
    text.push_str("];\n");
    text
}

fn optional(ty: Option<&Type>) -> String {
    ty.map_or_else(|| "None".to_owned(), |ty| format!("Some({})", function(ty)))
}

fn function(ty: &Type) -> String {
    format!("decode_as::<{}>", path(ty))
}

/// A type as it is written outside of the module of types.
fn path(ty: &Type) -> String {
    match ty {
        Type::Named(name) => format!("types::{name}"),
        Type::Vec(item) => format!("Vec<{}>", path(item)),
        Type::List(item) => format!("crate::List<{}>", path(item)),
        Type::Map(item) => format!("std::collections::BTreeMap<String, {}>", path(item)),
        Type::Timestamp | Type::TextTimestamp => "crate::Timestamp".to_owned(),
        Type::Any => "serde_json::Value".to_owned(),
        Type::Object => "serde_json::Map<String, serde_json::Value>".to_owned(),
        ty => ty.rust(),
    }
}
