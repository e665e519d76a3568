//! Which operation of a table a request was for.

use foundry_emulator::LoggedRequest;
use foundry_raw::Operation;
use http::header;

/// The operation of a request to a path under the endpoint.
///
/// # Panics
/// It is none of the table.
#[track_caller]
pub fn operation_of(table: &[&'static Operation], request: &LoggedRequest, path: &str) -> &'static Operation {
    let content_type = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    find(table, &request.method, path, content_type)
        .unwrap_or_else(|| panic!("{} {path} is no operation", request.method))
}

/// Of the operations whose template fits, the one with the fewest parameters, and of these the one that
/// names an action behind a colon. Where one path takes bodies of two kinds, the kind of the body decides.
fn find(table: &[&'static Operation], method: &str, path: &str, content_type: &str) -> Option<&'static Operation> {
    let given: Vec<&str> = path.split('/').collect();
    let fits = |operation: &&&'static Operation| {
        let template: Vec<&str> = operation.path.split('/').collect();
        operation.method == *method
            && template.len() == given.len()
            && template.iter().zip(&given).all(|(template, given)| stands_for(template, given))
    };
    let takes =
        |operation: &Operation| operation.request_content_type.is_some_and(|kind| content_type.starts_with(kind));
    let order = |operation: &&&'static Operation| {
        (operation.path.matches('{').count(), !operation.path.contains("}:"), !takes(operation))
    };
    table.iter().filter(fits).min_by_key(order).copied()
}

/// Whether a segment of a template stands for a segment of a path.
fn stands_for(template: &str, given: &str) -> bool {
    match template.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
        None => template == given,
        Some((before, after)) => {
            given.len() > before.len() + after.len() && given.starts_with(before) && given.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foundry_raw::{v1, v2025_05_01};

    /// A path of the operation, its parameters all alike.
    fn path(operation: &Operation) -> String {
        let parts = operation.path.split('{').enumerate();
        parts
            .map(
                |(number, part)| {
                    if number == 0 { part.to_owned() } else { format!("some.id_1{}", part.split_once('}').unwrap().1) }
                },
            )
            .collect()
    }

    #[test]
    fn each_operation_is_found_by_what_it_sends() {
        let v1: Vec<&'static Operation> = v1::OPERATIONS.iter().chain(v1::operations::SPLITS).copied().collect();
        for table in [v2025_05_01::OPERATIONS, &v1] {
            for operation in table {
                let content_type = format!("{}; charset=utf-8", operation.request_content_type.unwrap_or_default());
                let found = find(table, operation.method.as_str(), &path(operation), &content_type).unwrap();
                assert_eq!(found.id, operation.id);
            }
        }
    }

    #[test]
    fn what_is_no_operation_is_not_found() {
        for (method, path) in [("PUT", "/agents"), ("GET", "/agents/"), ("POST", "/agents/a:dance/b"), ("GET", "/none")]
        {
            assert!(find(v1::OPERATIONS, method, path, "application/json").is_none(), "{method} {path}");
        }
        // An action is not what is named like one.
        for (path, id) in [
            ("/agents/a:enable", "Agents_enable"),
            ("/agents/:enable", "Agents_update"),
            ("/agents/a:b", "Agents_update"),
        ] {
            assert_eq!(find(v1::OPERATIONS, "POST", path, "application/json").unwrap().id, id);
        }
    }
}
