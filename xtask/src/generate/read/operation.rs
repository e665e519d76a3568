//! The entry of an operation in the operation table, and what its method takes.

use std::collections::BTreeMap;

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use super::{Reader, Source, answer, group, is_json, reference, strings, text};
use crate::failure::Failure;
use crate::generate::api::{Features, LongRunning, Operation, Paging, Part, PartContent, Streaming, Type};
use crate::normalize::{BODY_FRAGMENT, is_argument};

/// Headers that make the repetition of a request safe.
const REPLAY_KEYS: &[&str] = &["Operation-Id", "Idempotency-Key", "Repeatability-Request-ID"];

impl Reader<'_> {
    /// Fails if two arguments of a method would have one name, or one has no type that is ours.
    fn check_parameters(&self, source: &Source<'_>, place: &str) -> Result<(), Failure> {
        let mut taken: BTreeMap<String, (&str, &Value)> = BTreeMap::new();
        if source.value.get("requestBody").is_some() {
            taken.insert("body".to_owned(), ("the request's body", &Value::Null));
        }
        for parameter in source.parameters.iter().filter(|parameter| is_argument(parameter)) {
            let name = parameter["name"].as_str().unwrap_or_default();
            self.ty(&parameter["schema"], &format!("{place}, parameter `{name}`"))?;
            let argument = name.to_snake_case();
            match taken.insert(argument.clone(), (name, &parameter["in"])) {
                // The operation's own parameter takes the place of its path's.
                Some((other, location)) if other != name || *location != parameter["in"] => {
                    return Err(Failure::new(
                        format!("the parameters `{other}` and `{name}` would both be `{argument}` in Rust"),
                        place,
                        "add a pass that gives one of them another name",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The parts of a multipart body, in the document's order.
    fn parts(&self, body: &Value, place: &str) -> Result<Vec<Part>, Failure> {
        let name = reference(&body["schema"]);
        let schema = name.and_then(|name| self.schemas.get(name)).unwrap_or(&body["schema"]);
        let required = strings(&schema["required"]);
        let mut parts = Vec::new();
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            let is_binary = |value: &Value| value["format"] == "binary";
            let content = if is_binary(value) {
                PartContent::File
            } else if is_binary(&value["items"]) {
                PartContent::Files
            } else {
                let ty = self.ty(value, place)?;
                let is_text = match &ty {
                    Type::String => true,
                    Type::Named(_) => {
                        let target = reference(value).and_then(|name| self.schemas.get(name));
                        target.is_some_and(|target| target["type"] == "string")
                    }
                    _ => false,
                };
                if is_text { PartContent::Text(ty) } else { PartContent::Json(ty) }
            };
            parts.push(Part {
                name: self.names.field(name.unwrap_or("body"), property)?,
                property: property.clone(),
                description: text(value, "description"),
                content,
                required: required.contains(property),
            });
        }
        Ok(parts)
    }

    fn long_running(&self, mark: &Value, place: &str) -> Result<LongRunning, Failure> {
        let of = |key: &str| {
            text(mark, key)
                .ok_or_else(|| Failure::new(format!("`x-lro` without `{key}`"), place, "add it in the overlay"))
        };
        let result = match text(mark, "finalResultProperty") {
            Some(property) => Some((property, self.ty(&mark["finalResult"], place)?)),
            None => None,
        };
        Ok(LongRunning {
            header: of("statusHeader")?,
            path: of("statusPath")?,
            status: self.ty(&mark["status"], place)?,
            result,
        })
    }

    pub(super) fn operation(&self, source: &Source<'_>, name: String) -> Result<Operation, Failure> {
        let (path, is_split) = match source.path.split_once(BODY_FRAGMENT) {
            Some((path, _)) => (path, true),
            None => (source.path, false),
        };
        let place = format!("{} {path}", source.method.to_uppercase());
        let value = source.value;
        self.check_parameters(source, &place)?;
        let version =
            source.parameters.iter().any(|parameter| parameter["in"] == "query" && parameter["name"] == "api-version");
        let api_version = if version { text(&self.document["info"], "version") } else { None };
        let content = answer(source);
        let streams = content.is_some_and(|content| content.contains_key("text/event-stream"));
        let buffered = content.and_then(|content| content.keys().find(|media| *media != "text/event-stream"));
        let header = |name: &str| {
            source.parameters.iter().find(|parameter| {
                parameter["in"] == "header"
                    && parameter["name"].as_str().is_some_and(|header| header.eq_ignore_ascii_case(name))
            })
        };
        let features = strings(&value["x-foundry-features"]);
        let features = match (features.is_empty(), header("Foundry-Features")) {
            (true, _) => Features::None,
            (false, Some(parameter)) if parameter["required"] == true => Features::Required(features),
            (false, _) => Features::Optional(features),
        };
        let paging = match value.get("x-paging") {
            None => None,
            Some(mark) => {
                let of = |key: &str| {
                    text(mark, key).ok_or_else(|| {
                        Failure::new(format!("`x-paging` without `{key}`"), &place, "add it in the overlay")
                    })
                };
                Some(match mark["style"].as_str() {
                    Some("cursor") => Paging::Cursor {
                        items: of("items")?,
                        parameter: of("cursorParam")?,
                        property: of("cursorProperty")?,
                        has_more: of("hasMore")?,
                    },
                    Some("nextLink") => Paging::NextLink { items: of("items")?, next_link: of("nextLink")? },
                    style => {
                        return Err(Failure::new(
                            format!("the unknown paging style {style:?}"),
                            place,
                            "teach it to the generator and the pager",
                        ));
                    }
                })
            }
        };
        let bodies = value["requestBody"]["content"].as_object();
        let json = |content: Option<&Map<String, Value>>| -> Result<Option<Type>, Failure> {
            let media = content.and_then(|content| content.iter().find(|(media, _)| is_json(media)));
            media.map(|(_, media)| self.ty(&media["schema"], &place)).transpose()
        };
        let mut events = Vec::new();
        let marked = content.and_then(|content| content.get("text/event-stream")).map(|media| &media["x-sse-events"]);
        for event in marked.and_then(Value::as_array).into_iter().flatten() {
            // `done` carries a word that is no JSON.
            if let (Some(name), true) = (event["event"].as_str(), reference(&event["data"]).is_some()) {
                events.push((name.to_owned(), self.ty(&event["data"], &place)?));
            }
        }
        Ok(Operation {
            request: json(bodies)?,
            parts: match bodies.and_then(|content| content.get("multipart/form-data")) {
                Some(body) => self.parts(body, &place)?,
                None => Vec::new(),
            },
            answer: json(content)?,
            events,
            id: source.id.to_owned(),
            name,
            sdk_method: String::new(),
            builder: String::new(),
            group: group(source).to_owned(),
            method: source.method.to_uppercase(),
            path: path.to_owned(),
            is_split,
            api_version,
            request_content_type: bodies.and_then(|content| content.keys().next().cloned()),
            response_content_type: buffered.cloned(),
            features,
            replay_key: REPLAY_KEYS.iter().find(|key| header(key).is_some()).map(|key| (*key).to_owned()),
            paging,
            long_running: value.get("x-lro").map(|mark| self.long_running(mark, &place)).transpose()?,
            streaming: match (streams, buffered) {
                (false, _) => Streaming::Never,
                (true, Some(_)) => Streaming::Optional,
                (true, None) => Streaming::Always,
            },
            secret: value["x-secret"] == true,
            summary: text(value, "summary"),
            description: text(value, "description"),
            joined: source
                .parameters
                .iter()
                .filter(|parameter| parameter["schema"]["type"] == "array" && parameter["explode"] == false)
                .filter_map(|parameter| Some(text(parameter, "name")?.to_snake_case()))
                .collect(),
            headers: source
                .parameters
                .iter()
                .filter(|parameter| parameter["in"] == "header" && is_argument(parameter))
                .filter_map(|parameter| text(parameter, "name"))
                .map(|name| (name.clone(), name.to_snake_case()))
                .collect(),
            parameters: source
                .parameters
                .iter()
                .filter_map(|parameter| Some((text(parameter, "name")?, text(parameter, "description")?)))
                .collect(),
        })
    }
}
