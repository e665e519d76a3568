//! The embedded OpenAPI documents: the api-versions served, their operations and their schemas.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::router::Router;

/// The api-version that emulators begin with: its document is read when one starts.
pub(crate) const FIRST: &str = "2025-05-01";

/// The api-version whose document has the operations that take none.
pub(crate) const V1: &str = "v1";

/// The documents in the order in which answers list their api-versions.
static EMBEDDED: [Embedded; 2] = [
    Embedded::new(FIRST, include_str!("../openapi/2025-05-01.json")),
    Embedded::new(V1, include_str!("../openapi/v1.json")),
];

/// The media type of forms that hold files.
pub(crate) const FORM: &str = "multipart/form-data";

/// The media type of streams.
const EVENT_STREAM: &str = "text/event-stream";

/// The header that opts into previews.
pub(crate) const FEATURES: &str = "Foundry-Features";

/// How many references are followed in a row before a schema counts as open: only a document that
/// refers to itself gets there.
const REFERENCE_LIMIT: usize = 32;

/// A document that is part of the program, read when first asked for: it may be large.
struct Embedded {
    api_version: &'static str,
    text: &'static str,
    document: OnceLock<Document>,
}

impl Embedded {
    const fn new(api_version: &'static str, text: &'static str) -> Self {
        Self { api_version, text, document: OnceLock::new() }
    }

    fn document(&self) -> &Document {
        self.document.get_or_init(|| {
            #[expect(clippy::expect_used, reason = "the text is part of the build, and a unit test parses it")]
            let value = serde_json::from_str(self.text).expect("an embedded document is JSON");
            Document::new(self.api_version, value)
        })
    }
}

/// One api-version of the service.
#[derive(Debug)]
pub(crate) struct Document {
    /// The value of the `api-version` query parameter.
    pub(crate) api_version: &'static str,
    /// Finds an operation for a method and a path.
    pub(crate) router: Router,
    operations: Vec<Operation>,
    value: Value,
}

/// One operation of a document.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The `operationId`.
    pub(crate) id: String,
    /// The method, in capitals.
    pub(crate) method: Method,
    /// The path with its parameters unnamed, such as `/threads/{}/runs/{}`: equal in all
    /// api-versions, whatever they call the parameters.
    pub(crate) shape: String,
    /// The request body, if the operation takes one.
    pub(crate) request: Option<RequestBody>,
    /// The schema of the JSON that a successful answer holds.
    pub(crate) answer: Option<Value>,
    /// The query parameters, resolved.
    pub(crate) query: Vec<QueryParameter>,
    /// False for the few operations that take no `api-version`.
    pub(crate) needs_api_version: bool,
    /// The status of success, the first one if there are several.
    pub(crate) success: StatusCode,
    /// Whether something new is answered with 201.
    pub(crate) announces_new: bool,
    /// The media type of an answer that is neither JSON nor a stream.
    pub(crate) binary: Option<String>,
    /// How a list is cut into pages.
    pub(crate) paging: Option<Paging>,
    /// The values of the header that opts into previews, and whether one is needed.
    pub(crate) features: Vec<String>,
    pub(crate) needs_features: bool,
    /// The path of what tells how far a job has come that this operation starts.
    pub(crate) status_path: Option<String>,
    /// Whether the answer also says by `Location` where that is.
    pub(crate) has_location: bool,
    /// The headers that must be there, but for that one.
    pub(crate) needed_headers: Vec<String>,
    /// The path as the document writes it.
    pub(crate) template: String,
}

/// What an operation takes as its body.
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// Media types and their schemas.
    pub(crate) content: Vec<(String, Value)>,
}

impl RequestBody {
    /// The schema of the JSON form; none for operations that take only other forms.
    pub(crate) fn json_schema(&self) -> Option<&Value> {
        self.content.iter().find(|(media_type, _)| is_json(media_type)).map(|(_, schema)| schema)
    }

    /// Whether the body is neither JSON nor a form, but bytes as they are.
    pub(crate) fn is_binary(&self) -> bool {
        self.content.iter().all(|(media_type, _)| !is_json(media_type) && media_type != FORM)
    }

    /// The schema of the form, for operations that take a file.
    pub(crate) fn form_schema(&self) -> Option<&Value> {
        self.content.iter().find(|(media_type, _)| media_type == FORM).map(|(_, schema)| schema)
    }

    /// Whether the JSON changes what is there, so that only the two together fit the schema.
    pub(crate) fn is_merge_patch(&self) -> bool {
        self.content.iter().any(|(media_type, _)| media_type == "application/merge-patch+json")
    }
}

/// How a list is cut into pages, as `x-paging` says.
#[derive(Debug)]
pub(crate) struct Paging {
    /// The property with the elements.
    pub(crate) items: String,
    /// The property with the link to the next page; lists with cursors have none.
    pub(crate) next_link: Option<String>,
    /// Whether the ends of a page must be told also if there are none.
    pub(crate) needs_ends: bool,
}

/// A query parameter of an operation.
#[derive(Debug)]
pub(crate) struct QueryParameter {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// Whether a media type carries JSON: `application/json` and the `+json` types, with or without
/// parameters.
pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

/// The api-versions, in the order in which answers list them.
pub(crate) fn api_versions() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|embedded| embedded.api_version)
}

/// The document of an api-version, parsed when first asked for.
pub(crate) fn for_api_version(api_version: &str) -> Option<&'static Document> {
    EMBEDDED.iter().find(|embedded| embedded.api_version == api_version).map(Embedded::document)
}

impl Document {
    /// Reads a document.
    pub(crate) fn new(api_version: &'static str, value: Value) -> Self {
        let mut operations = Vec::new();
        for (template, item) in members(value.get("paths")) {
            for (method, operation) in members(Some(item)) {
                // A path item also holds `parameters`, `servers` and the like.
                let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) else {
                    continue;
                };
                if operation.get("operationId").is_some() {
                    operations.push(Operation::new(&value, template, method, item, operation));
                }
            }
        }
        let router =
            Router::new(operations.iter().map(|operation| (operation.template.as_str(), operation.method.clone())));
        Self { api_version, router, operations, value }
    }

    /// The names of the properties that an operation takes in its body.
    pub(crate) fn request_properties(&self, operation: &Operation) -> BTreeSet<String> {
        operation
            .request
            .as_ref()
            .and_then(RequestBody::json_schema)
            .map(|schema| self.sent_properties(schema))
            .unwrap_or_default()
    }

    /// The operation that the router numbered so.
    pub(crate) fn operation(&self, index: usize) -> Option<&Operation> {
        self.operations.get(index)
    }

    /// All operations in the document's order.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The schema of what `GET shape` answers.
    pub(crate) fn answer_schema(&self, shape: &str) -> Option<&Value> {
        self.operations
            .iter()
            .find(|operation| operation.method == Method::GET && operation.shape == shape)
            .and_then(|operation| operation.answer.as_ref())
    }

    /// Follows `$ref` to the schema meant.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        resolve(&self.value, schema)
    }

    /// The base path below which an agent has the operations of `/openai/v1` for itself, around the
    /// agent's name.
    pub(crate) fn agent_base(&self) -> Option<(&str, &str)> {
        let base = self.value.pointer("/x-openai-agent-base/path")?.as_str()?;
        let (before, rest) = base.split_once('{')?;
        Some((before, rest.split_once('}')?.1))
    }

    /// The schema that a reference such as `#/components/schemas/Agent` means.
    pub(crate) fn look_up(&self, reference: &str) -> &Value {
        let target = reference.strip_prefix('#').and_then(|pointer| self.value.pointer(pointer));
        resolve(&self.value, target.unwrap_or(&Value::Null))
    }

    /// The names of all properties that a schema knows, those of its unions' branches included.
    pub(crate) fn properties(&self, schema: &Value) -> BTreeSet<String> {
        self.collect(schema, |_| true)
    }

    /// The same without what only the service sets.
    fn sent_properties(&self, schema: &Value) -> BTreeSet<String> {
        self.collect(schema, |property| property.get("readOnly") != Some(&Value::Bool(true)))
    }

    fn collect(&self, schema: &Value, is_wanted: fn(&Value) -> bool) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.collect_properties(schema, 0, is_wanted, &mut names);
        names
    }

    fn collect_properties(
        &self,
        schema: &Value,
        depth: usize,
        is_wanted: fn(&Value) -> bool,
        names: &mut BTreeSet<String>,
    ) {
        if depth > REFERENCE_LIMIT {
            return;
        }
        let schema = self.resolve(schema);
        let properties = members(schema.get("properties")).filter(|(_, property)| is_wanted(property));
        names.extend(properties.map(|(name, _)| name.clone()));
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for branch in elements(schema.get(keyword)) {
                self.collect_properties(branch, depth + 1, is_wanted, names);
            }
        }
    }
}

impl Operation {
    /// Whether the body is the record that is answered, as far as it is to be different.
    pub(crate) fn changes_what_it_answers(&self) -> bool {
        let given = self.request.as_ref().and_then(RequestBody::json_schema);
        self.method == Method::PATCH && given.is_some() && given == self.answer.as_ref()
    }

    fn new(root: &Value, template: &str, method: Method, item: &Value, operation: &Value) -> Self {
        let content = elements_of_content(root, operation.get("requestBody"));
        let answers: Vec<(&String, &Value)> =
            members(operation.get("responses")).filter(|(status, _)| status.starts_with('2')).collect();
        let contents: Vec<(String, Value)> =
            answers.iter().flat_map(|(_, answer)| elements_of_content(root, Some(answer))).collect();
        let success = answers.first().and_then(|(status, _)| status.parse::<StatusCode>().ok());
        let binary = contents.iter().map(|(media_type, _)| media_type);
        let binary = binary.into_iter().find(|media_type| !is_json(media_type) && *media_type != EVENT_STREAM).cloned();
        let answer = contents.into_iter().find(|(media_type, _)| is_json(media_type)).map(|(_, schema)| schema);
        let parameters: Vec<&Value> = elements(item.get("parameters"))
            .chain(elements(operation.get("parameters")))
            .map(|parameter| resolve(root, parameter))
            .collect();
        let is_required = |parameter: &Value| parameter.get("required") == Some(&Value::Bool(true));
        let needed: Vec<&str> = parameters
            .iter()
            .filter(|parameter| text(parameter, "in") == "header" && is_required(parameter))
            .map(|parameter| text(parameter, "name"))
            .collect();
        let query = parameters
            .iter()
            .filter(|parameter| text(parameter, "in") == "query")
            .map(|parameter| QueryParameter {
                name: text(parameter, "name").to_owned(),
                required: is_required(parameter),
                schema: resolve(root, parameter.get("schema").unwrap_or(&Value::Null)).clone(),
            })
            .collect();
        Self {
            id: text(operation, "operationId").to_owned(),
            method,
            shape: shape(template),
            request: (!content.is_empty()).then_some(RequestBody { content }),
            query,
            needs_api_version: operation.get("x-no-api-version") != Some(&Value::Bool(true)),
            success: success.unwrap_or(StatusCode::OK),
            announces_new: answers.iter().any(|(status, _)| *status == "201"),
            binary,
            paging: operation.get("x-paging").map(|paging| Paging::new(root, paging, answer.as_ref())),
            features: elements(operation.get("x-foundry-features"))
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            needs_features: needed.contains(&FEATURES),
            status_path: operation.pointer("/x-lro/statusPath").and_then(Value::as_str).map(str::to_owned),
            has_location: answers.iter().any(|(_, answer)| answer.pointer("/headers/Location").is_some()),
            needed_headers: needed.iter().filter(|name| **name != FEATURES).map(|name| (*name).to_owned()).collect(),
            answer,
            template: template.to_owned(),
        }
    }
}

impl Paging {
    fn new(root: &Value, paging: &Value, answer: Option<&Value>) -> Self {
        let answer = resolve(root, answer.unwrap_or(&Value::Null));
        let needs_ends = elements(answer.get("required")).any(|name| name == "first_id");
        let next_link = paging.get("nextLink").and_then(Value::as_str).map(str::to_owned);
        Self { items: text(paging, "items").to_owned(), next_link, needs_ends }
    }
}

/// A path template with its parameters unnamed.
fn shape(template: &str) -> String {
    let mut shape = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        shape.push_str(before);
        shape.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    shape.push_str(rest);
    shape
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..REFERENCE_LIMIT {
        let Some(pointer) = schema.get("$ref").and_then(Value::as_str) else {
            return schema;
        };
        let target = pointer.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        match target {
            Some(target) => schema = target,
            None => return &Value::Null,
        }
    }
    &Value::Null
}

fn elements_of_content(root: &Value, holder: Option<&Value>) -> Vec<(String, Value)> {
    let holder = holder.map(|holder| resolve(root, holder));
    members(holder.and_then(|holder| holder.get("content")))
        .map(|(media_type, media)| {
            let schema = media.get("schema").cloned().unwrap_or_default();
            (media_type.clone(), schema)
        })
        .collect()
}

/// The members of an object, none of anything else.
pub(crate) fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The elements of an array, none of anything else.
pub(crate) fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flat_map(|elements| elements.iter())
}

/// A text member, empty if it is missing.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_document_is_listed() {
        for (api_version, operations) in [("2025-05-01", 58), ("v1", 241)] {
            let document = for_api_version(api_version).unwrap();
            assert_eq!(document.operations().len(), operations, "{api_version}");
        }
    }

    #[test]
    fn shapes_have_no_parameter_names() {
        assert_eq!(shape("/threads/{threadId}/runs/{runId}"), "/threads/{}/runs/{}");
        assert_eq!(shape("/agents/{agent_name}:enable"), "/agents/{}:enable");
        assert_eq!(shape("/threads"), "/threads");
    }

    #[test]
    fn properties_of_a_union_are_those_of_all_its_branches() {
        let document = for_api_version("2025-05-01").unwrap();
        let schema = document.answer_schema("/indexes/{}/versions/{}").unwrap();
        let names = document.properties(schema);
        for name in ["id", "type", "indexName", "embeddingConfiguration"] {
            assert!(names.contains(name), "{name} is not among {names:?}");
        }
    }

    #[test]
    fn a_reference_to_itself_ends() {
        let root: Value = serde_json::json!({"a": {"$ref": "#/a"}});
        assert_eq!(resolve(&root, &root["a"]), &Value::Null);
    }

    #[test]
    fn json_media_types_are_recognised() {
        assert!(is_json("application/json; charset=utf-8"));
        assert!(is_json("application/merge-patch+json"));
        assert!(!is_json("multipart/form-data"));
    }
}
