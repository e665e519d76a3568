//! Passes over the operations of a document: from what the service says to what progenitor takes.

use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// Headers that the pipeline sends by itself.
const PIPELINE_HEADERS: &[&str] = &[
    "x-ms-client-request-id",
    "foundry-features",
    "accept",
    "operation-id",
    "idempotency-key",
    "repeatability-request-id",
    "repeatability-first-sent",
];

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Calls `f` with the path, the method and the operation.
fn each_operation(
    document: &mut Value,
    mut f: impl FnMut(&str, &str, &mut Map<String, Value>) -> Result<usize, Failure>,
) -> Result<usize, Failure> {
    let mut count = 0;
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return Ok(0) };
    for (path, item) in paths {
        let Some(item) = item.as_object_mut() else { continue };
        for (method, operation) in item {
            if let (true, Some(operation)) = (METHODS.contains(&method.as_str()), operation.as_object_mut()) {
                count += f(path, method, operation)?;
            }
        }
    }
    Ok(count)
}

/// Takes parameters away, also those that are references or stand at the path.
fn drop_parameters(document: &mut Value, is_dropped: impl Fn(&Value) -> bool) -> Result<usize, Failure> {
    let shared = document.pointer("/components/parameters").cloned().unwrap_or_default();
    let dropped = |parameter: &Value| {
        let resolved = parameter
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| shared.get(reference.rsplit('/').next().unwrap_or_default()));
        is_dropped(resolved.unwrap_or(parameter))
    };
    let mut count = 0;
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return Ok(0) };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        let lists = item
            .iter_mut()
            .filter_map(|(name, value)| if name == "parameters" { Some(value) } else { value.get_mut("parameters") });
        for list in lists.filter_map(Value::as_array_mut) {
            let before = list.len();
            list.retain(|parameter| !dropped(parameter));
            count += before - list.len();
        }
    }
    Ok(count)
}

fn is_api_version(parameter: &Value) -> bool {
    parameter["in"] == "query" && parameter["name"] == "api-version"
}

fn is_pipeline_header(parameter: &Value) -> bool {
    let name = parameter["name"].as_str().unwrap_or_default();
    parameter["in"] == "header" && PIPELINE_HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header))
}

/// Whether a parameter is an argument of its method: what the pipeline adds is none.
pub(crate) fn is_argument(parameter: &Value) -> bool {
    !is_api_version(parameter) && !is_pipeline_header(parameter)
}

pub(super) fn drop_api_version(document: &mut Value) -> Result<usize, Failure> {
    drop_parameters(document, is_api_version)
}

pub(super) fn drop_pipeline_headers(document: &mut Value) -> Result<usize, Failure> {
    drop_parameters(document, is_pipeline_header)
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

pub(super) fn drop_error_answers(document: &mut Value) -> Result<usize, Failure> {
    each_operation(document, |path, method, operation| {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return Ok(0) };
        let before = responses.len();
        responses.retain(|status, _| is_success(status));
        if before > 0 && responses.is_empty() {
            return Err(Failure::new(
                "none of the answers is one of success, so that it is not known what the method gives",
                format!("{} {path}", method.to_uppercase()),
                "add the answer of success in the overlay, as `responses: { '200': … }`",
            ));
        }
        Ok(before - responses.len())
    })
}

pub(super) fn merge_success_answers(document: &mut Value) -> Result<usize, Failure> {
    each_operation(document, |path, method, operation| {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return Ok(0) };
        if responses.len() < 2 {
            return Ok(0);
        }
        let mut answers = std::mem::take(responses).into_iter();
        let Some((_, first)) = answers.next() else { return Ok(0) };
        for (status, answer) in answers {
            if answer.get("content") != first.get("content") {
                return Err(Failure::new(
                    format!("the answer {status} is of another type than the first one"),
                    format!("{} {path}", method.to_uppercase()),
                    "take the answers out in the overlay that the method is not to give, or add a pass that makes them one",
                ));
            }
        }
        responses.insert("2XX".to_owned(), first);
        Ok(1)
    })
}

/// The media type of event streams.
const EVENT_STREAM: &str = "text/event-stream";

fn bytes() -> Value {
    json!({ "schema": { "type": "string", "format": "binary" } })
}

pub(super) fn split_event_streams(document: &mut Value) -> Result<usize, Failure> {
    let mut twins: Vec<(String, String, Value)> = Vec::new();
    let count = each_operation(document, |path, method, operation| {
        let mut twin = operation.clone();
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return Ok(0) };
        let mut count = 0;
        for (status, answer) in responses {
            let Some(content) = answer.get_mut("content").and_then(Value::as_object_mut) else { continue };
            if !content.contains_key(EVENT_STREAM) {
                continue;
            }
            count += 1;
            if content.len() == 1 {
                content.insert(EVENT_STREAM.to_owned(), bytes());
                continue;
            }
            content.remove(EVENT_STREAM);
            let id = twin.get("operationId").and_then(Value::as_str).unwrap_or_default();
            twin.insert("operationId".to_owned(), format!("{id}_stream").into());
            twin.insert(
                "responses".to_owned(),
                json!({ status: { "description": "", "content": { EVENT_STREAM: bytes() } } }),
            );
            twins.push((format!("{path}#stream"), method.to_owned(), Value::Object(std::mem::take(&mut twin))));
        }
        Ok(count)
    })?;
    for (path, method, twin) in twins {
        document["paths"][path][method] = twin;
    }
    Ok(count)
}

/// What the path of an operation's twin with another kind of body ends in.
pub(crate) const BODY_FRAGMENT: &str = "#body-";

pub(super) fn split_request_bodies(document: &mut Value) -> Result<usize, Failure> {
    let mut twins: Vec<(String, String, Value)> = Vec::new();
    let count = each_operation(document, |path, method, operation| {
        refuse_forms(path, method, operation)?;
        let media: Vec<String> = operation
            .get("requestBody")
            .and_then(|body| body["content"].as_object())
            .map(|content| content.keys().cloned().collect())
            .unwrap_or_default();
        if media.len() < 2 {
            return Ok(0);
        }
        let id = operation.get("operationId").cloned().unwrap_or_default();
        let merged = operation.remove("x-merged-operations").unwrap_or_default();
        let whole = operation.clone();
        for (index, media) in media.iter().enumerate() {
            let known = merged.as_array().into_iter().flatten().find(|known| known["contentType"] == media.as_str());
            let Some(known) = known.filter(|known| known["operationId"].is_string()) else {
                return Err(Failure::new(
                    format!("a body of `{media}` beside another, with no operation named for it"),
                    format!("{} {path}", method.to_uppercase()),
                    "name the operation of each kind of body in `x-merged-operations`, in the overlay",
                ));
            };
            if known["operationId"] == id {
                keep_body(operation, media);
                continue;
            }
            let mut twin = whole.clone();
            keep_body(&mut twin, media);
            twin.insert("operationId".to_owned(), known["operationId"].clone());
            for text in ["summary", "description"] {
                match known.get(text) {
                    Some(own) => twin.insert(text.to_owned(), own.clone()),
                    None => twin.remove(text),
                };
            }
            twins.push((format!("{path}{BODY_FRAGMENT}{index}"), method.to_owned(), Value::Object(twin)));
        }
        Ok(1)
    })?;
    for (path, method, twin) in twins {
        document["paths"][path][method] = twin;
    }
    Ok(count)
}

/// Fails for a body that no method of the client can send.
fn refuse_forms(path: &str, method: &str, operation: &Map<String, Value>) -> Result<(), Failure> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let content = operation.get("requestBody").and_then(|body| body["content"].as_object());
    if content.is_some_and(|content| content.contains_key(FORM)) {
        return Err(Failure::new(
            format!("a body of `{FORM}`, which the client cannot send"),
            format!("{} {path}", method.to_uppercase()),
            "take the operation or this kind of body out in the overlay, or teach it to the generator",
        ));
    }
    Ok(())
}

/// Leaves an operation one kind of body, and the parameters that go with it.
fn keep_body(operation: &mut Map<String, Value>, media: &str) {
    if let Some(content) = operation.get_mut("requestBody").and_then(|body| body["content"].as_object_mut()) {
        content.retain(|known, _| known == media);
    }
    if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        const NEEDED: &str = "x-required-for-content-type";
        parameters.retain(|parameter| parameter.get(NEEDED).is_none_or(|needed| needed == media));
        for parameter in parameters.iter_mut().filter_map(Value::as_object_mut) {
            if parameter.remove(NEEDED).is_some() {
                parameter.insert("required".to_owned(), true.into());
            }
        }
    }
}

/// Gives a request body another media type; `true` if it had the one asked for.
fn rename_body(operation: &mut Map<String, Value>, from: &str, to: &str, schema: Option<Value>) -> bool {
    let content = operation.get_mut("requestBody").and_then(|body| body.get_mut("content"));
    let Some(content) = content.and_then(Value::as_object_mut) else { return false };
    let Some(body) = content.remove(from) else { return false };
    content.insert(to.to_owned(), schema.unwrap_or(body));
    true
}

pub(super) fn multipart_as_bytes(document: &mut Value) -> Result<usize, Failure> {
    each_operation(document, |_, _, operation| {
        Ok(usize::from(rename_body(operation, "multipart/form-data", "application/octet-stream", Some(bytes()))))
    })
}

pub(super) fn merge_patch_as_json(document: &mut Value) -> Result<usize, Failure> {
    each_operation(document, |_, _, operation| {
        Ok(usize::from(rename_body(operation, "application/merge-patch+json", "application/json", None)))
    })
}

pub(super) fn join_unexploded_arrays(document: &mut Value) -> Result<usize, Failure> {
    each_operation(document, |path, method, operation| {
        let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return Ok(0) };
        let mut count = 0;
        for parameter in parameters.iter_mut().filter_map(Value::as_object_mut) {
            let is_array = parameter.get("schema").is_some_and(|schema| schema["type"] == "array");
            if is_array && parameter.get("explode") == Some(&Value::Bool(false)) {
                let style = parameter.get("style").and_then(Value::as_str).unwrap_or("form");
                if !["form", "simple"].contains(&style) {
                    let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
                    return Err(Failure::new(
                        format!("the list `{name}` is sent as {style}, and not with commas between its elements"),
                        format!("{} {path}", method.to_uppercase()),
                        "take the parameter out in the overlay, or teach the style to the generator",
                    ));
                }
                parameter.insert("schema".to_owned(), json!({ "type": "string" }));
                parameter.remove("explode");
                parameter.remove("style");
                count += 1;
            }
        }
        Ok(count)
    })
}

/// What progenitor would make a type of its own from, in a parameter that is no type of ours.
const LIMITS: &[&str] = &[
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// How wide a number is: arguments are `i64` and `f64` all.
const WIDTHS: &[&str] = &["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double"];

pub(super) fn drop_parameter_limits(document: &mut Value) -> Result<usize, Failure> {
    each_operation(document, |_, _, operation| {
        let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return Ok(0) };
        let arguments = parameters.iter_mut().filter(|parameter| is_argument(parameter));
        let schemas = arguments.filter_map(|parameter| parameter.get_mut("schema")?.as_object_mut());
        Ok(schemas.map(drop_limits).sum())
    })
}

/// In a list, the limits of its items too.
fn drop_limits(schema: &mut Map<String, Value>) -> usize {
    let before = schema.len();
    let is_text = schema.get("type").is_some_and(|kind| kind == "string");
    schema.retain(|key, value| match key.as_str() {
        "format" if !is_text => !value.as_str().is_some_and(|format| WIDTHS.contains(&format)),
        "format" if is_text => value.as_str().is_some_and(|format| format == "binary"),
        key => !LIMITS.contains(&key),
    });
    let own = before - schema.len();
    own + schema.get_mut("items").and_then(Value::as_object_mut).map_or(0, drop_limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document with one operation, `post /a`, after a pass.
    fn after(pass: fn(&mut Value) -> Result<usize, Failure>, operation: Value) -> (Value, usize) {
        let mut document = json!({ "paths": { "/a": { "post": operation } } });
        let count = pass(&mut document).unwrap();
        (document["paths"]["/a"]["post"].take(), count)
    }

    fn of_type(name: &str) -> Value {
        json!({ "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } } })
    }

    #[test]
    fn lists_with_other_signs_than_commas_are_an_error_that_says_where() {
        let list = json!({ "name": "l", "in": "query", "style": "pipeDelimited", "explode": false, "schema": { "type": "array" } });
        let mut document = json!({ "paths": { "/a": { "post": { "parameters": [list] } } } });
        let error = join_unexploded_arrays(&mut document).unwrap_err().to_string();
        assert!(error.contains("the list `l` is sent as pipeDelimited") && error.contains("at: POST /a"), "{error}");
    }

    #[test]
    fn an_operation_without_success_is_an_error_that_says_where() {
        let mut document = json!({ "paths": { "/a": { "post": { "responses": { "default": of_type("A") } } } } });
        let error = drop_error_answers(&mut document).unwrap_err().to_string();
        assert!(error.contains("none of the answers") && error.contains("at: POST /a"), "{error}");
    }

    #[test]
    fn a_form_is_an_error_that_says_where() {
        let body = json!({ "content": { "application/x-www-form-urlencoded": { "schema": {} } } });
        let mut document = json!({ "paths": { "/a": { "post": { "requestBody": body } } } });
        let error = split_request_bodies(&mut document).unwrap_err().to_string();
        assert!(error.contains("cannot send") && error.contains("at: POST /a"), "{error}");
    }

    #[test]
    fn each_kind_of_body_has_an_operation_of_its_own() {
        let operation = json!({
            "operationId": "A_make",
            "parameters": [{ "name": "sum", "in": "header", "required": false, "x-required-for-content-type": "multipart/form-data" }],
            "requestBody": { "content": { "application/json": { "schema": {} }, "multipart/form-data": { "schema": {} } } },
            "x-merged-operations": [
                { "operationId": "A_make", "contentType": "application/json" },
                { "operationId": "A_makeFromFiles", "contentType": "multipart/form-data" },
            ],
        });
        let mut document = json!({ "paths": { "/a": { "post": operation } } });
        assert_eq!(split_request_bodies(&mut document).unwrap(), 1);
        let json = &document["paths"]["/a"]["post"];
        assert_eq!(json["requestBody"]["content"], json!({ "application/json": { "schema": {} } }));
        assert_eq!((&json["operationId"], &json["parameters"]), (&json!("A_make"), &json!([])));
        let files = &document["paths"]["/a#body-1"]["post"];
        assert_eq!(files["requestBody"]["content"], json!({ "multipart/form-data": { "schema": {} } }));
        assert_eq!(files["operationId"], "A_makeFromFiles");
        assert_eq!(files["parameters"], json!([{ "name": "sum", "in": "header", "required": true }]));

        document["paths"]["/a"]["post"]["requestBody"]["content"]["text/plain"] = json!({});
        let error = split_request_bodies(&mut document).unwrap_err().to_string();
        assert!(error.contains("POST /a") && error.contains("x-merged-operations"), "{error}");
    }

    #[test]
    fn the_api_version_goes_wherever_it_is_declared() {
        let version = json!({ "name": "api-version", "in": "query" });
        let kept = json!([{ "name": "api-version", "in": "header" }, { "name": "limit", "in": "query" }]);
        let mut document = json!({
            "components": { "parameters": { "Version": version } },
            "paths": { "/a": {
                "parameters": [version, kept[0]],
                "get": { "parameters": [{ "$ref": "#/components/parameters/Version" }, kept[0], kept[1]] },
                "post": { "parameters": [version, kept[1]] },
            } },
        });
        assert_eq!(drop_api_version(&mut document).unwrap(), 3);
        let item = &document["paths"]["/a"];
        assert_eq!(item["parameters"], json!([kept[0]]));
        assert_eq!(item["get"]["parameters"], kept);
        assert_eq!(item["post"]["parameters"], json!([kept[1]]));
    }

    #[test]
    fn headers_of_the_pipeline_go_however_they_are_written() {
        let parameters = json!([
            { "name": "X-Ms-Client-Request-Id", "in": "header" },
            { "name": "Foundry-Features", "in": "header" },
            { "name": "Operation-Id", "in": "header" },
            { "name": "Accept", "in": "header" },
            { "name": "accept", "in": "query" },
            { "name": "If-Match", "in": "header" },
        ]);
        let (operation, count) = after(drop_pipeline_headers, json!({ "parameters": parameters }));
        assert_eq!(count, 4);
        assert_eq!(operation["parameters"], json!([parameters[4], parameters[5]]));
    }

    #[test]
    fn parameters_of_a_schema_are_left_alone() {
        let document = json!({ "components": { "schemas": { "Tool": { "properties": {
            "parameters": { "type": "array" },
        } } } }, "paths": {} });
        for pass in crate::normalize::OPERATIONS {
            let mut after = document.clone();
            assert_eq!((pass.run)(&mut after).unwrap(), 0, "{}", pass.name);
            assert_eq!(after, document, "{}", pass.name);
        }
    }

    #[test]
    fn only_answers_of_success_stay() {
        let responses = json!({ "200": {}, "2XX": {}, "204": {}, "302": {}, "4XX": {}, "404": {}, "default": {} });
        let (operation, count) = after(drop_error_answers, json!({ "responses": responses }));
        assert_eq!((operation, count), (json!({ "responses": { "200": {}, "2XX": {}, "204": {} } }), 4));
    }

    #[test]
    fn success_answers_of_one_type_become_one() {
        let (operation, count) =
            after(merge_success_answers, json!({ "responses": { "200": of_type("A"), "201": of_type("A") } }));
        assert_eq!((operation, count), (json!({ "responses": { "2XX": of_type("A") } }), 1));
        let one = json!({ "responses": { "201": of_type("A") } });
        assert_eq!(after(merge_success_answers, one.clone()), (one, 0));
    }

    #[test]
    fn success_answers_of_different_types_are_an_error_that_says_where() {
        for other in [of_type("B"), json!({ "description": "no content" })] {
            let mut document =
                json!({ "paths": { "/a/{id}": { "patch": { "responses": { "200": of_type("A"), "202": other } } } } });
            let error = merge_success_answers(&mut document).unwrap_err().to_string();
            assert!(error.contains("202") && error.contains("at: PATCH /a/{id}"), "{error}");
        }
    }

    #[test]
    fn an_event_stream_beside_json_gets_a_twin_and_one_alone_is_bytes() {
        let mut document = json!({ "paths": {
            "/both": { "post": {
                "operationId": "run", "tags": ["Runs"], "parameters": [{ "name": "id", "in": "query" }],
                "responses": { "200": { "description": "", "content": {
                    "application/json": { "schema": {} }, "text/event-stream": { "schema": { "type": "string" } },
                } } },
            } },
            "/alone": { "get": {
                "operationId": "watch",
                "responses": { "200": { "content": { "text/event-stream": { "schema": { "type": "string" } } } } },
            } },
        } });
        assert_eq!(split_event_streams(&mut document).unwrap(), 2);
        let stream = json!({ "text/event-stream": { "schema": { "type": "string", "format": "binary" } } });
        let paths = &document["paths"];
        assert_eq!(paths["/both"]["post"]["operationId"], "run");
        assert_eq!(
            paths["/both"]["post"]["responses"]["200"]["content"],
            json!({ "application/json": { "schema": {} } })
        );
        let twin = &paths["/both#stream"]["post"];
        assert_eq!(twin["operationId"], "run_stream");
        assert_eq!(twin["tags"], json!(["Runs"]));
        assert_eq!(twin["parameters"], paths["/both"]["post"]["parameters"]);
        assert_eq!(twin["responses"]["200"]["content"], stream);
        assert_eq!(paths["/alone"]["get"]["operationId"], "watch");
        assert_eq!(paths["/alone"]["get"]["responses"]["200"]["content"], stream);
        assert_eq!(paths.as_object().unwrap().len(), 3);
    }

    #[test]
    fn bodies_get_the_media_type_that_the_client_can_take() {
        let a = json!({ "schema": { "$ref": "#/components/schemas/A" } });
        let body = |media: &str, value: &Value| json!({ "requestBody": { "content": { media: value } } });
        let (operation, count) = after(multipart_as_bytes, body("multipart/form-data", &a));
        assert_eq!((operation, count), (body("application/octet-stream", &bytes()), 1));
        let (operation, count) = after(merge_patch_as_json, body("application/merge-patch+json", &a));
        assert_eq!((operation, count), (body("application/json", &a), 1));
        let json = body("application/json", &a);
        assert_eq!(after(multipart_as_bytes, json.clone()), (json.clone(), 0));
        assert_eq!(after(merge_patch_as_json, json.clone()), (json, 0));
    }

    #[test]
    fn only_arrays_that_are_to_be_joined_become_text() {
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let parameters = json!([
            { "name": "a", "in": "query", "style": "form", "explode": false, "schema": list },
            { "name": "b", "in": "query", "style": "form", "explode": true, "schema": list },
            { "name": "c", "in": "query", "schema": list },
            { "name": "d", "in": "query", "explode": false, "schema": { "type": "string" } },
        ]);
        let (operation, count) = after(join_unexploded_arrays, json!({ "parameters": parameters }));
        assert_eq!(count, 1);
        let joined = json!({ "name": "a", "in": "query", "schema": { "type": "string" } });
        assert_eq!(operation["parameters"], json!([joined, parameters[1], parameters[2], parameters[3]]));
    }

    #[test]
    fn limits_and_formats_of_parameters_go() {
        let number = json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "default": 2 });
        let list = json!({ "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "a", "format": "uuid", "enum": ["a"] } });
        let parameters = json!([{ "name": "a", "schema": number }, { "name": "b", "schema": list }, { "$ref": "#/c" }]);
        let (operation, count) = after(drop_parameter_limits, json!({ "parameters": parameters }));
        assert_eq!(count, 7);
        let list = json!({ "type": "array", "items": { "type": "string", "enum": ["a"] } });
        let expected = json!([
            { "name": "a", "schema": { "type": "integer" } }, { "name": "b", "schema": list }, { "$ref": "#/c" },
        ]);
        assert_eq!(operation["parameters"], expected);
    }
}
