//! The operation table as Rust text.

use std::fmt::Write as _;

use heck::ToShoutySnakeCase as _;

use super::api::{Api, Features, Operation, Paging, Streaming};

/// The text of `operations.rs` without its first line.
pub(crate) fn emit(api: &Api) -> String {
    let mut text = format!("//! The operations of api-version {}.\n\n", api.name);
    text.push_str("#[allow(unused_imports, reason = \"not every API has all of them\")]\n");
    text.push_str("use crate::{Features, Operation, Paging, Streaming};\nuse http::Method;\n\n");
    text.push_str("/// All operations, in the document's order.\n");
    let _ = writeln!(text, "pub static OPERATIONS: &[&Operation] = &[");
    for operation in &api.operations {
        let _ = writeln!(text, "    &{},", constant(operation));
    }
    text.push_str("];\n");
    for operation in &api.operations {
        text.push('\n');
        entry(&mut text, operation);
    }
    text
}

/// The name of an operation's entry.
pub(crate) fn constant(operation: &Operation) -> String {
    operation.name.to_shouty_snake_case()
}

fn option(value: Option<&String>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({value:?})"))
}

fn entry(text: &mut String, operation: &Operation) {
    let list = |names: &[String]| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let features = match &operation.features {
        Features::None => "Features::None".to_owned(),
        Features::Optional(names) => format!("Features::Optional(&[{}])", list(names)),
        Features::Required(names) => format!("Features::Required(&[{}])", list(names)),
    };
    let paging = match &operation.paging {
        None => "None".to_owned(),
        Some(Paging::Cursor { items, parameter, property, has_more }) => format!(
            "Some(Paging::Cursor {{ items: {items:?}, parameter: {parameter:?}, property: {property:?}, has_more: {has_more:?} }})"
        ),
        Some(Paging::NextLink { items, next_link }) => {
            format!("Some(Paging::NextLink {{ items: {items:?}, next_link: {next_link:?} }})")
        }
    };
    let streaming = match operation.streaming {
        Streaming::Never => "Never",
        Streaming::Optional => "Optional",
        Streaming::Always => "Always",
    };
    let _ = writeln!(text, "/// `{} {}`", operation.method, operation.path);
    let _ = writeln!(text, "pub static {}: Operation = Operation {{", constant(operation));
    let _ = writeln!(text, "    id: {:?},", operation.id);
    let _ = writeln!(text, "    group: {:?},", operation.group);
    let _ = writeln!(text, "    method: Method::{},", operation.method);
    let _ = writeln!(text, "    path: {:?},", operation.path);
    let _ = writeln!(text, "    api_version: {},", option(operation.api_version.as_ref()));
    let _ = writeln!(text, "    request_content_type: {},", option(operation.request_content_type.as_ref()));
    let _ = writeln!(text, "    response_content_type: {},", option(operation.response_content_type.as_ref()));
    let _ = writeln!(text, "    features: {features},");
    let _ = writeln!(text, "    replay_key: {},", option(operation.replay_key.as_ref()));
    let _ = writeln!(text, "    paging: {paging},");
    let _ = writeln!(text, "    long_running: {},", operation.long_running);
    let _ = writeln!(text, "    streaming: Streaming::{streaming},");
    let _ = writeln!(text, "    secret: {},\n}};", operation.secret);
}
