//! The operation table as Rust text.

use std::fmt::Write as _;

use heck::ToShoutySnakeCase as _;

use super::api::{AgentScope, Api, Features, LongRunning, Operation, Paging, Streaming};

/// The text of `operations.rs` without its first line.
pub(crate) fn emit(api: &Api) -> String {
    let mut text = format!("//! The operations of api-version {}.\n\n", api.name);
    text.push_str("#[allow(unused_imports, reason = \"not every API has all of them\")]\n");
    text.push_str("use crate::{Features, LongRunning, Operation, Paging, Streaming};\nuse http::Method;\n\n");
    let list = |text: &mut String, name: &str, splits: bool| {
        let _ = writeln!(text, "pub static {name}: &[&Operation] = &[");
        for operation in api.operations.iter().filter(|operation| operation.is_split == splits) {
            let _ = writeln!(text, "    &{},", constant(operation));
        }
        text.push_str("];\n");
    };
    text.push_str("/// All operations, in the document's order.\n");
    list(&mut text, "OPERATIONS", false);
    if api.operations.iter().any(|operation| operation.is_split) {
        text.push_str("\n/// Operations of the list above with their other kind of body.\n");
        list(&mut text, "SPLITS", true);
    }
    if let Some(scope) = &api.agent_scope {
        agent_scope(&mut text, scope);
    }
    for operation in &api.operations {
        text.push('\n');
        entry(&mut text, operation);
    }
    text
}

fn agent_scope(text: &mut String, scope: &AgentScope) {
    let features: Vec<String> = scope.features.iter().map(|name| format!("{name:?}")).collect();
    text.push_str("\n/// An agent's own path for the operations that stand under `/openai/v1` otherwise.\n");
    let _ = writeln!(text, "pub static AGENT_SCOPE: crate::AgentScope = crate::AgentScope {{");
    let _ = writeln!(text, "    path: {:?},", scope.path);
    let _ = writeln!(text, "    api_version: {},", option(scope.api_version.as_ref()));
    let _ = writeln!(text, "    features: &[{}],\n}};", features.join(", "));
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
    let job = |job: &LongRunning| {
        let result = option(job.result.as_ref().map(|(property, _)| property));
        format!("Some(LongRunning {{ header: {:?}, path: {:?}, result: {result} }})", job.header, job.path)
    };
    let long_running = operation.long_running.as_ref().map_or_else(|| "None".to_owned(), job);
    let _ = writeln!(text, "    long_running: {long_running},");
    let _ = writeln!(text, "    streaming: Streaming::{streaming},");
    let _ = writeln!(text, "    secret: {},\n}};", operation.secret);
}
