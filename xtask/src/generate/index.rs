//! The table of what an API has and which other APIs have it too: `index.rs`.

use std::fmt::Write as _;

use super::api::Api;
use super::shared::is_interchangeable;

/// The text of the file without its first line.
pub(crate) fn emit(api: &Api, apis: &[Api]) -> String {
    let list = |names: &[&str]| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let mut text = format!("//! What api-version {} has, and which others have it too.\n\n", api.name);
    text.push_str("use super::OPERATIONS;\nuse crate::versions::{Api, TypeEntry};\n\n");
    let _ = writeln!(text, "/// The api-version.\npub(crate) static API: Api = Api {{\n    name: {:?},", api.name);
    text.push_str("    operations: OPERATIONS,\n    alike: &[\n");
    for operation in api.operations.iter().filter(|operation| !operation.is_split) {
        let having: Vec<&str> = apis
            .iter()
            .filter(|other| other.name != api.name)
            .filter(|other| other.operations.iter().any(|there| is_interchangeable(other, there, api, operation)))
            .map(|other| other.name.as_str())
            .collect();
        if !having.is_empty() {
            let _ = writeln!(text, "        ({:?}, &[{}]),", operation.id, list(&having));
        }
    }
    text.push_str("    ],\n    types: &[\n");
    let mut types: Vec<(&str, &str)> =
        api.types.iter().map(|(rust, definition)| (definition.document.as_str(), rust.as_str())).collect();
    types.sort_unstable();
    for (document, rust) in types {
        let mut having: Vec<&str> = Vec::new();
        if let Some(shared) = api.shared.get(rust) {
            let others = apis.iter().filter(|other| other.name != api.name);
            having = others
                .filter(|other| other.shared.values().any(|there| there == shared))
                .map(|other| other.name.as_str())
                .collect();
        }
        let _ = writeln!(
            text,
            "        TypeEntry {{ name: {document:?}, rust_name: {rust:?}, also_in: &[{}] }},",
            list(&having)
        );
    }
    text.push_str("    ],\n};\n");
    text
}
