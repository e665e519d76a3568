//! From a normalised document to types and operations.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use super::api::{
    Access, Api, Branch, EnumValue, Features, Field, Kind, KindVariant, ObjectVariant, Operation, Paging, Presence,
    Shape, Streaming, Struct, Type, TypeDefinition,
};
use super::client::STREAM_SUFFIX;
use super::names::{self, Names};
use crate::failure::Failure;
use crate::normalize::{CONSTANT, is_argument};

/// Headers that make the repetition of a request safe.
const REPLAY_KEYS: &[&str] = &["Operation-Id", "Idempotency-Key", "Repeatability-Request-ID"];

/// Reads an API from its document, normalised by the passes over schemas.
pub(crate) fn read(name: &str, module: &str, document: &Value, names: &mut Names) -> Result<Api, Failure> {
    let empty = Map::new();
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty);
    let operations = operations(document);
    check_groups(&operations)?;
    let rust = names.fix_schemas(schemas.keys().map(String::as_str))?;
    let methods = names.fix_operations(operations.iter().map(|operation| operation.id))?;
    let reader =
        Reader { document, schemas, names, rust: &rust, lists: lists(schemas, &operations), tags: tags(schemas) };

    let mut reach = Reach::default();
    for operation in &operations {
        reach.add(schemas, operation);
    }
    let mut types = BTreeMap::new();
    for (document_name, schema) in schemas {
        let in_requests = reach.requests.contains(document_name.as_str());
        let in_answers = reach.answers.contains(document_name.as_str());
        let definition = TypeDefinition {
            document: document_name.clone(),
            description: text(schema, "description"),
            group: reach.group(document_name),
            shape: reader.shape(document_name, schema, in_requests, in_answers)?,
        };
        types.insert(reader.rust_name(document_name)?.to_owned(), definition);
    }
    let operations = operations
        .iter()
        .map(|operation| reader.operation(operation, methods.get(operation.id).cloned().unwrap_or_default()))
        .collect::<Result<Vec<Operation>, _>>()?;
    check_twins(&operations)?;
    names.check_chosen()?;
    let mut api = Api { name: name.to_owned(), module: module.to_owned(), types, operations };
    api.box_cycles();
    Ok(api)
}

/// An operation of the document as it stands.
struct Source<'a> {
    id: &'a str,
    path: &'a str,
    method: &'a str,
    value: &'a Value,
    parameters: Vec<&'a Value>,
}

fn operations(document: &Value) -> Vec<Source<'_>> {
    let resolve = |parameter: &'_ Value| -> Option<String> {
        Some(parameter.get("$ref")?.as_str()?.trim_start_matches('#').to_owned())
    };
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let shared: Vec<&Value> = item["parameters"].as_array().into_iter().flatten().collect();
        for (method, value) in item.as_object().into_iter().flatten() {
            let Some(id) = value.get("operationId").and_then(Value::as_str) else { continue };
            let own = value["parameters"].as_array().into_iter().flatten();
            let parameters = shared
                .iter()
                .copied()
                .chain(own)
                .filter_map(|parameter| match resolve(parameter) {
                    Some(pointer) => document.pointer(&pointer),
                    None => Some(parameter),
                })
                .collect();
            found.push(Source { id, path, method, value, parameters });
        }
    }
    found
}

/// Which types operations reach, in which direction and from which groups.
#[derive(Default)]
struct Reach {
    requests: BTreeSet<String>,
    /// In buffered answers; what only events hold are pieces of resources, which may lack their id.
    answers: BTreeSet<String>,
    /// Of each type, the group with the operation that reaches it in the fewest steps.
    groups: BTreeMap<String, (usize, String)>,
}

impl Reach {
    fn add(&mut self, schemas: &Map<String, Value>, operation: &Source<'_>) {
        let mut requests = BTreeSet::new();
        let mut answers = BTreeSet::new();
        operation.parameters.iter().for_each(|parameter| references(&parameter["schema"], &mut requests));
        references(&operation.value["requestBody"], &mut requests);
        references(&operation.value["responses"], &mut answers);
        let mut later = BTreeSet::new();
        references(&operation.value["x-lro"], &mut later);
        for answer in operation.value["responses"].as_object().into_iter().flat_map(Map::values) {
            answer["content"].as_object().into_iter().flat_map(Map::values).for_each(|media| {
                references(&media["x-sse-events"], &mut later);
            });
        }
        let group = group(operation);
        // What only events or a job's end hold counts as farther away than any answer's parts.
        const LATER: usize = 100;
        let mut in_events = BTreeSet::new();
        for (found, first, kept) in
            [(requests, 0, &mut self.requests), (answers, 0, &mut self.answers), (later, LATER, &mut in_events)]
        {
            let mut level: Vec<String> = found.into_iter().collect();
            let mut seen = BTreeSet::new();
            let mut steps = first;
            while !level.is_empty() {
                let mut next = BTreeSet::new();
                for name in level {
                    if !seen.insert(name.clone()) {
                        continue;
                    }
                    match self.groups.get_mut(&name) {
                        Some((fewest, _)) if *fewest <= steps => {}
                        _ => {
                            self.groups.insert(name.clone(), (steps, group.to_owned()));
                        }
                    }
                    references(schemas.get(&name).unwrap_or(&Value::Null), &mut next);
                    kept.insert(name);
                }
                level = next.into_iter().collect();
                steps += 1;
            }
        }
    }

    /// The file a type stands in.
    fn group(&self, name: &str) -> String {
        self.groups.get(name).map_or_else(|| "unreferenced".to_owned(), |(_, group)| group.clone())
    }
}

fn group<'a>(operation: &Source<'a>) -> &'a str {
    operation.value["tags"][0].as_str().unwrap_or("common")
}

/// Fails if an operation has the name that the streaming twin of another is to have.
fn check_twins(operations: &[Operation]) -> Result<(), Failure> {
    for streamed in operations.iter().filter(|operation| operation.streaming == Streaming::Optional) {
        let twin = format!("{}{STREAM_SUFFIX}", streamed.name);
        if let Some(other) = operations.iter().find(|operation| operation.name == twin) {
            return Err(Failure::new(
                format!("`{}` and the streaming twin of `{}` would both be `{twin}` in Rust", other.id, streamed.id),
                format!("{} {}", other.method, other.path),
                format!("choose another name in names.toml: [chosen.operations] \"{}\" = \"…\"", other.id),
            ));
        }
    }
    Ok(())
}

/// Fails if two groups would be one file, or one cannot be a module.
fn check_groups(operations: &[Source<'_>]) -> Result<(), Failure> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::from([("unreferenced".to_owned(), "unreferenced")]);
    for operation in operations {
        let group = group(operation);
        let module = group.to_snake_case();
        let place = format!("{} {}", operation.method.to_uppercase(), operation.path);
        if !names::is_module(&module) {
            return Err(Failure::new(
                format!("the tag `{group}` gives `{module}`, which cannot be a module in Rust"),
                place,
                "give the operation another tag in the overlay",
            ));
        }
        match taken.insert(module.clone(), group) {
            Some(other) if other != group || group == "unreferenced" => {
                return Err(Failure::new(
                    format!("the tags `{other}` and `{group}` would both be `{module}` in Rust"),
                    place,
                    "give the operation another tag in the overlay",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Collects the schemas that a piece of a document refers to. Marks of ours (`x-`) are passed over.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("$ref", Value::String(reference)) => {
                        if let Some(name) = schema_name(reference) {
                            into.insert(name.to_owned());
                        }
                    }
                    (key, _) if key.starts_with("x-") => {}
                    _ => references(inner, into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
}

/// `application/json` and what ends in `+json`.
fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

fn schema_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(schema_name)
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The answer of an operation: media types and their schemas, of the first success status.
fn answer<'a>(operation: &Source<'a>) -> Option<&'a Map<String, Value>> {
    let responses = operation.value["responses"].as_object()?;
    responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))
        .and_then(|(_, answer)| answer.get("content")?.as_object())
}

/// The properties that hold the elements of list answers: those that the paging marks name, and
/// `data` or `value` of an answer that is a list without pages.
fn lists(schemas: &Map<String, Value>, operations: &[Source<'_>]) -> BTreeSet<(String, String)> {
    let mut lists = BTreeSet::new();
    for operation in operations {
        let schema =
            answer(operation).and_then(|content| content.get("application/json")).map(|media| &media["schema"]);
        let Some(name) = schema.and_then(reference) else { continue };
        let marked = operation.value["x-paging"]["items"].as_str();
        let property = marked.or_else(|| {
            let properties = schemas.get(name)?.get("properties")?;
            ["data", "value"].into_iter().find(|property| {
                properties
                    .get(*property)
                    .is_some_and(|list| list["type"] == "array" && reference(&list["items"]).is_some())
            })
        });
        if let Some(property) = property {
            lists.insert((name.to_owned(), property.to_owned()));
        }
    }
    lists
}

/// The tags of the branches of unions: schema -> property -> values.
type Tags = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn tags(schemas: &Map<String, Value>) -> Tags {
    let mut tags = Tags::new();
    for schema in schemas.values() {
        if let (Some(tag), Some(mapping)) =
            (schema["discriminator"]["propertyName"].as_str(), schema["discriminator"]["mapping"].as_object())
        {
            for (value, branch) in mapping {
                if let Some(branch) = branch.as_str().and_then(schema_name) {
                    tags.entry(branch.to_owned()).or_default().entry(tag.to_owned()).or_default().insert(value.clone());
                }
            }
        }
    }
    tags
}

struct Reader<'a> {
    document: &'a Value,
    schemas: &'a Map<String, Value>,
    names: &'a Names,
    rust: &'a BTreeMap<String, String>,
    lists: BTreeSet<(String, String)>,
    tags: Tags,
}

impl Reader<'_> {
    fn rust_name(&self, document: &str) -> Result<&str, Failure> {
        self.rust.get(document).map(String::as_str).ok_or_else(|| {
            Failure::new(
                "a reference does not resolve",
                format!("#/components/schemas/{document}"),
                "correct the document",
            )
        })
    }

    fn shape(&self, name: &str, schema: &Value, in_requests: bool, in_answers: bool) -> Result<Shape, Failure> {
        let place = format!("#/components/schemas/{name}");
        // One or the other would be lost.
        let composition = ["allOf", "anyOf", "oneOf", "not"].into_iter().find(|key| schema.get(*key).is_some());
        if let (Some(composition), Some(_)) = (composition, schema.get("properties")) {
            return Err(Failure::new(
                format!("properties beside `{composition}`"),
                place,
                "add a pass that makes one of them, or correct the document in the overlay",
            ));
        }
        if schema.get("oneOf").is_some() && schema.get("discriminator").is_some() {
            return self.tagged(schema, &place);
        }
        if let Some(parts) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            return self.untagged(parts, &place);
        }
        if let Some(values) = schema.get("enum") {
            return self.enumeration(name, schema, values, &place);
        }
        if schema["type"] == "object" && (schema.get("properties").is_some() || self.tags.contains_key(name)) {
            return self.structure(name, schema, in_requests, in_answers).map(Shape::Struct);
        }
        self.ty(schema, &place).map(Shape::Alias)
    }

    fn enumeration(&self, name: &str, schema: &Value, values: &Value, place: &str) -> Result<Shape, Failure> {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut variants = Vec::new();
        for value in values.as_array().into_iter().flatten() {
            let Some(value) = value.as_str() else {
                return Err(Failure::new(
                    format!("an enum value is no string: {value}"),
                    place,
                    "add a pass that says what it is to become",
                ));
            };
            let variant = self.names.variant(name, value)?;
            if let Some(other) = seen.insert(variant.clone(), value.to_owned()) {
                return Err(Failure::new(
                    format!("the values `{other}` and `{value}` would both be `{variant}` in Rust"),
                    place,
                    format!("choose a name in names.toml: [chosen] variants.\"{name}.{value}\" = \"…\""),
                ));
            }
            let description = text(&schema["x-enum-descriptions"], value);
            variants.push(EnumValue { value: value.to_owned(), variant, description });
        }
        let described = schema["x-enum-descriptions"].as_object();
        if let Some(gone) =
            described.and_then(|texts| texts.keys().find(|value| !variants.iter().any(|v| v.value == **value)))
        {
            return Err(Failure::new(
                format!("`x-enum-descriptions` describes `{gone}`, which is no value"),
                place,
                "take the description out, or correct it",
            ));
        }
        if variants.is_empty() {
            return Err(Failure::new("an enum without values", place, "correct the document in the overlay"));
        }
        Ok(Shape::Enum(variants))
    }

    fn structure(&self, name: &str, schema: &Value, in_requests: bool, in_answers: bool) -> Result<Struct, Failure> {
        let empty = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required = strings(&schema["required"]);
        // Required ones first, in the document's order, which is the order of `new`'s arguments.
        let order = required
            .iter()
            .filter(|property| properties.contains_key(*property))
            .chain(properties.keys().filter(|property| !required.contains(property)));
        let further = schema.get("additionalProperties").is_some_and(|further| *further != Value::Bool(false));
        let mut model = Struct { open: further, ..Struct::default() };
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for property in order {
            let value = &properties[property];
            let place = format!("#/components/schemas/{name}/properties/{property}");
            let is_required = required.contains(property);
            let read_only = value["readOnly"] == true;
            if let Some(constant) = value.get(CONSTANT).and_then(Value::as_str) {
                let tag_values = self.tags.get(name).and_then(|tags| tags.get(property));
                let is_tag = tag_values.is_some_and(|values| values.len() == 1 && values.contains(constant));
                if is_tag || (is_required && in_requests && !read_only) {
                    model.fixed.push((property.clone(), constant.to_owned()));
                    continue;
                }
            }
            let field = self.names.field(name, property)?;
            if let Some(other) = taken.insert(field.clone(), property.clone()) {
                return Err(Failure::new(
                    format!("the properties `{other}` and `{property}` would both be `{field}` in Rust"),
                    place,
                    format!("choose a name in names.toml: [chosen] fields.\"{name}.{property}\" = \"…\""),
                ));
            }
            let mut ty = self.ty(value, &place)?;
            if let (true, Type::Vec(item)) = (self.lists.contains(&(name.to_owned(), property.clone())), &ty) {
                ty = Type::List(item.clone());
            }
            let observed = strings(&value["x-observed"]);
            let loosened = observed.iter().any(|seen| seen == "absent" || seen == "null");
            let presence = match (is_required, &ty) {
                (false, _) => Presence::Optional,
                (true, Type::Any) => Presence::Any,
                (true, _) if value["nullable"] == true || loosened => Presence::Nullable,
                (true, Type::String) if property == "id" && in_answers => Presence::Key,
                (true, _) => Presence::Required,
            };
            let access = match (read_only, value["writeOnly"] == true) {
                (true, _) if in_requests => Access::Read,
                (_, true) => Access::Write,
                _ => Access::Both,
            };
            let description = text(value, "description");
            model.fields.push(Field {
                property: property.clone(),
                name: field,
                description,
                ty,
                presence,
                access,
                boxed: false,
            });
        }
        Ok(model)
    }

    fn tagged(&self, schema: &Value, place: &str) -> Result<Shape, Failure> {
        let tag = text(&schema["discriminator"], "propertyName").unwrap_or_default();
        let Some(mapping) = schema["discriminator"]["mapping"].as_object() else {
            return Err(Failure::new("a discriminator without a mapping", place, "add the mapping in the overlay"));
        };
        let pairs: Vec<(String, &str)> = mapping
            .iter()
            .filter_map(|(value, branch)| Some((value.clone(), branch.as_str().and_then(schema_name)?)))
            .collect();
        for part in schema["oneOf"].as_array().into_iter().flatten() {
            let name = reference(part);
            if !name.is_some_and(|name| pairs.iter().any(|(_, branch)| *branch == name)) {
                return Err(Failure::new(
                    format!("no value of the tag `{tag}` stands for the part {}", name.unwrap_or("without a name")),
                    place,
                    "add its value to the mapping in the overlay, as a reference",
                ));
            }
        }
        self.branches(tag, pairs, place)
    }

    fn branches(&self, tag: String, pairs: Vec<(String, &str)>, place: &str) -> Result<Shape, Failure> {
        let mut branches: Vec<(&str, Branch)> = Vec::new();
        for (value, name) in pairs {
            if let Some((_, branch)) = branches.iter_mut().find(|(known, _)| *known == name) {
                branch.values.push(value);
                continue;
            }
            let variant = self.names.variant(place.rsplit('/').next().unwrap_or_default(), &value)?;
            if branches.iter().any(|(_, branch)| branch.variant == variant) {
                return Err(Failure::new(
                    format!("two kinds would both be `{variant}` in Rust"),
                    place,
                    "choose a name for one in names.toml: [chosen] variants",
                ));
            }
            let ty = self.rust_name(name)?.to_owned();
            branches.push((name, Branch { variant, ty, values: vec![value] }));
        }
        Ok(Shape::Tagged { tag, branches: branches.into_iter().map(|(_, branch)| branch).collect() })
    }

    /// A union without a discriminator: by a constant that all parts fix, or by the kind of JSON
    /// value and the keys that objects need.
    fn untagged(&self, parts: &[Value], place: &str) -> Result<Shape, Failure> {
        let names: Option<Vec<&str>> = parts.iter().map(reference).collect();
        if let Some(names) = &names
            && let Some((tag, pairs)) = self.inferred_tag(names)
        {
            return self.branches(tag, pairs, place);
        }
        let mut variants: BTreeMap<Kind, KindVariant> = BTreeMap::new();
        let mut objects: Vec<ObjectVariant> = Vec::new();
        for part in parts {
            let (kind, named) = self.kind(part, place)?;
            if let (Kind::Object, Some(name)) = (kind, named) {
                let needs = strings(&self.schemas.get(name).unwrap_or(&Value::Null)["required"]);
                let ty = self.rust_name(name)?.to_owned();
                objects.push(ObjectVariant { variant: ty.clone(), ty, needs });
                continue;
            }
            let variant = match (named, kind) {
                (Some(name), _) => self.rust_name(name)?.to_owned(),
                (None, Kind::String | Kind::AnyString) => "String".to_owned(),
                (None, Kind::Array) => "Array".to_owned(),
                (None, Kind::Boolean) => "Boolean".to_owned(),
                (None, Kind::Number) => "Number".to_owned(),
                (None, Kind::Object) => "Object".to_owned(),
            };
            let ty = self.ty(part, place)?;
            match variants.get(&kind) {
                // Any string and a set of known ones: the open enum takes both.
                Some(known) if kind == Kind::String && (known.ty == Type::String) != (ty == Type::String) => {
                    let named = if known.ty == Type::String {
                        (variant, ty)
                    } else {
                        (known.variant.clone(), known.ty.clone())
                    };
                    variants.insert(kind, KindVariant { kind: Kind::AnyString, variant: named.0, ty: named.1 });
                }
                Some(_) => {
                    return Err(Failure::new(
                        format!("two parts of a union are of the same JSON kind ({kind:?})"),
                        place,
                        "tell them apart in the overlay or by a pass",
                    ));
                }
                None => {
                    variants.insert(kind, KindVariant { kind, variant, ty });
                }
            }
        }
        objects.sort_by_key(|object| std::cmp::Reverse(object.needs.len()));
        for pair in objects.windows(2) {
            if pair[0].needs == pair[1].needs {
                return Err(Failure::new(
                    format!("{} and {} need the same keys, so that nothing tells them apart", pair[0].ty, pair[1].ty),
                    place,
                    "tell them apart in the overlay or by a pass",
                ));
            }
        }
        Ok(Shape::Untagged { variants: variants.into_values().collect(), objects })
    }

    fn inferred_tag<'n>(&self, names: &[&'n str]) -> Option<(String, Vec<(String, &'n str)>)> {
        ["type", "kind", "role", "object"].into_iter().find_map(|tag| {
            let pairs: Option<Vec<(String, &str)>> = names
                .iter()
                .map(|name| {
                    let constant = self.schemas.get(*name)?.get("properties")?.get(tag)?.get(CONSTANT)?.as_str()?;
                    Some((constant.to_owned(), *name))
                })
                .collect();
            let pairs = pairs?;
            let distinct: BTreeSet<&str> = pairs.iter().map(|(value, _)| value.as_str()).collect();
            (distinct.len() == pairs.len()).then(|| (tag.to_owned(), pairs))
        })
    }

    /// The JSON kind of a part of a union, and its name if it has one.
    fn kind<'p>(&self, part: &'p Value, place: &str) -> Result<(Kind, Option<&'p str>), Failure> {
        let named = reference(part);
        let schema = match named {
            Some(name) => self.schemas.get(name).unwrap_or(&Value::Null),
            None => part,
        };
        let kind = match schema["type"].as_str() {
            Some("string") => Kind::String,
            Some("array") => Kind::Array,
            Some("boolean") => Kind::Boolean,
            Some("integer" | "number") => Kind::Number,
            Some("object") => Kind::Object,
            _ if schema.get("oneOf").is_some() => Kind::Object,
            _ => {
                return Err(Failure::new(
                    "a part of a union whose JSON kind is not known",
                    place,
                    "say in the overlay what it is, or add a pass",
                ));
            }
        };
        Ok((kind, named))
    }

    fn ty(&self, schema: &Value, place: &str) -> Result<Type, Failure> {
        if let Some(name) = reference(schema) {
            return self.rust_name(name).map(|name| Type::Named(name.to_owned()));
        }
        let refuse = |what: &str| {
            Err(Failure::new(
                what,
                place,
                "add a pass that gives it a name of its own, or correct the document in the overlay",
            ))
        };
        for composition in ["allOf", "anyOf", "oneOf", "not"] {
            if schema.get(composition).is_some() {
                return refuse(&format!("an inline `{composition}`"));
            }
        }
        if schema.get("enum").is_some() {
            return refuse("an inline enum");
        }
        let format = schema["format"].as_str().unwrap_or_default();
        Ok(match schema["type"].as_str() {
            Some("string") if format == "date-time" || format == "unixtime" => Type::Timestamp,
            Some("integer" | "number") if format == "unixtime" => Type::Timestamp,
            Some("string") => Type::String,
            Some("boolean") => Type::Boolean,
            Some("integer") => Type::Integer,
            Some("number") => Type::Number,
            Some("array") => Type::Vec(Box::new(self.ty(&schema["items"], place)?)),
            Some("object") if schema.get("properties").is_some() => return refuse("an inline object"),
            Some("object") => match schema.get("additionalProperties") {
                Some(Value::Object(values)) if !values.is_empty() => {
                    Type::Map(Box::new(self.ty(&schema["additionalProperties"], place)?))
                }
                _ => Type::Object,
            },
            None => Type::Any,
            Some(other) => return refuse(&format!("the unknown type `{other}`")),
        })
    }

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

    fn operation(&self, source: &Source<'_>, name: String) -> Result<Operation, Failure> {
        let place = format!("{} {}", source.method.to_uppercase(), source.path);
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
            answer: json(content)?,
            events,
            id: source.id.to_owned(),
            name,
            group: group(source).to_owned(),
            method: source.method.to_uppercase(),
            path: source.path.to_owned(),
            api_version,
            request_content_type: bodies.and_then(|content| content.keys().next().cloned()),
            response_content_type: buffered.cloned(),
            features,
            replay_key: REPLAY_KEYS.iter().find(|key| header(key).is_some()).map(|key| (*key).to_owned()),
            paging,
            long_running: value.get("x-lro").is_some(),
            streaming: match (streams, buffered) {
                (false, _) => Streaming::Never,
                (true, Some(_)) => Streaming::Optional,
                (true, None) => Streaming::Always,
            },
            secret: value["x-secret"] == true,
            summary: text(value, "summary"),
            description: text(value, "description"),
            parameters: source
                .parameters
                .iter()
                .filter_map(|parameter| Some((text(parameter, "name")?, text(parameter, "description")?)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize;
    use serde_json::json;

    /// Reads a document as generate does: after the passes over schemas, with no names chosen.
    fn api(mut document: Value) -> Result<Api, String> {
        normalize::run(normalize::SCHEMAS, &mut document).map_err(|error| error.to_string())?;
        let mut names = Names::parse("", "names.toml").map_err(|error| error.to_string())?;
        read("v0", "v0", &document, &mut names).map_err(|error| error.to_string())
    }

    fn reference_to(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn content(schema: Value) -> Value {
        json!({ "content": { "application/json": { "schema": schema } } })
    }

    /// A document with these schemas, of which operations send `In` and answer with `Out`, if there
    /// are such.
    fn document(schemas: Value) -> Value {
        let mut operation = json!({ "operationId": "Things_act", "tags": ["Things"], "responses": { "200": {} } });
        if schemas.get("In").is_some() {
            operation["requestBody"] = content(reference_to("In"));
        }
        if schemas.get("Out").is_some() {
            operation["responses"]["200"] = content(reference_to("Out"));
        }
        json!({
            "info": { "version": "v0" },
            "paths": { "/do": { "post": operation } },
            "components": { "schemas": schemas },
        })
    }

    fn types(schemas: Value) -> BTreeMap<String, TypeDefinition> {
        api(document(schemas)).unwrap().types
    }

    fn structure<'t>(types: &'t BTreeMap<String, TypeDefinition>, name: &str) -> &'t Struct {
        match &types[name].shape {
            Shape::Struct(model) => model,
            shape => panic!("{name} is {shape:?}"),
        }
    }

    fn field<'t>(types: &'t BTreeMap<String, TypeDefinition>, name: &str, property: &str) -> &'t Field {
        let model = structure(types, name);
        model
            .fields
            .iter()
            .find(|field| field.property == property)
            .unwrap_or_else(|| panic!("no {property} in {model:?}"))
    }

    #[test]
    fn presence_follows_required_nullable_and_what_was_observed() {
        use Presence::{Any, Key, Nullable, Optional, Required};
        // Property, its schema, whether it is required, its presence in answers.
        let cases = [
            ("a", json!({ "type": "string" }), true, Required),
            ("b", json!({ "type": "string" }), false, Optional),
            ("c", json!({ "type": "string", "nullable": true }), true, Nullable),
            ("d", json!({ "type": "string", "nullable": true }), false, Optional),
            ("e", json!({ "type": "integer", "x-observed": ["absent"] }), true, Nullable),
            ("f", json!({ "type": "integer", "x-observed": ["null"] }), true, Nullable),
            ("g", json!({ "type": "integer", "x-observed": ["float"] }), true, Required),
            ("h", json!({}), true, Any),
            ("i", json!({}), false, Optional),
            ("j", json!({ "allOf": [reference_to("Part")], "nullable": true }), true, Nullable),
            ("k", json!({ "type": "array", "items": { "type": "string" } }), true, Required),
            ("id", json!({ "type": "string" }), true, Key),
        ];
        let properties: Map<String, Value> =
            cases.iter().map(|(name, schema, ..)| ((*name).to_owned(), schema.clone())).collect();
        let required: Vec<&str> = cases.iter().filter(|case| case.2).map(|case| case.0).collect();
        let types = types(json!({
            "Out": { "type": "object", "required": required, "properties": properties },
            "Part": { "type": "object", "properties": {} },
        }));
        for (name, _, _, expected) in &cases {
            assert_eq!(field(&types, "Out", name).presence, *expected, "{name}");
        }
    }

    #[test]
    fn only_an_id_that_an_answer_must_have_is_a_key() {
        let thing =
            |id: Value, required: Value| json!({ "type": "object", "required": required, "properties": { "id": id } });
        let presence = |name: &str, schema: Value| field(&types(json!({ name: schema })), name, "id").presence;
        let text = json!({ "type": "string" });
        assert_eq!(presence("Out", thing(text.clone(), json!(["id"]))), Presence::Key);
        assert_eq!(presence("In", thing(text.clone(), json!(["id"]))), Presence::Required);
        assert_eq!(presence("Out", thing(text, json!([]))), Presence::Optional);
        assert_eq!(
            presence("Out", thing(json!({ "type": "string", "nullable": true }), json!(["id"]))),
            Presence::Nullable
        );
        assert_eq!(presence("Out", thing(json!({ "type": "integer" }), json!(["id"]))), Presence::Required);
    }

    #[test]
    fn required_properties_come_first_in_the_order_of_the_document() {
        let text = json!({ "type": "string" });
        let types = types(json!({ "In": {
            "type": "object",
            "required": ["z", "m"],
            "properties": { "a": text, "m": text, "z": text },
        } }));
        let names: Vec<&str> = structure(&types, "In").fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["z", "m", "a"]);
    }

    #[test]
    fn access_says_who_may_set_a_property() {
        let thing = json!({ "type": "object", "properties": {
            "both": { "type": "string" },
            "read": { "type": "string", "readOnly": true },
            "write": { "type": "string", "writeOnly": true },
        } });
        let types = types(json!({ "In": thing, "Out": thing }));
        // What only the service sets matters where something is sent.
        for (name, property, expected) in [
            ("In", "both", Access::Both),
            ("In", "read", Access::Read),
            ("In", "write", Access::Write),
            ("Out", "both", Access::Both),
            ("Out", "read", Access::Both),
            ("Out", "write", Access::Write),
        ] {
            assert_eq!(field(&types, name, property).access, expected, "{name}.{property}");
        }
    }

    #[test]
    fn a_constant_is_written_by_the_type_where_it_is_a_tag_or_required_in_requests() {
        let constant = |read_only: bool| json!({ "type": "string", "enum": ["x"], "readOnly": read_only });
        let thing = |required: Value, read_only: bool| json!({ "type": "object", "required": required, "properties": { "object": constant(read_only) } });
        let fixed = |name: &str, schema: Value| structure(&types(json!({ name: schema })), name).fixed.clone();
        let written = vec![("object".to_owned(), "x".to_owned())];
        assert_eq!(fixed("In", thing(json!(["object"]), false)), written);
        assert_eq!(fixed("In", thing(json!([]), false)), []);
        assert_eq!(fixed("In", thing(json!(["object"]), true)), []);
        assert_eq!(fixed("Out", thing(json!(["object"]), false)), []);
    }

    /// A union of two structs by their `type`, which is not required and reached by answers only.
    fn union(extra: (&str, Value)) -> Value {
        let branch =
            |tag: &str| json!({ "type": "object", "properties": { "type": { "type": "string", "enum": [tag] } } });
        let mut schemas = json!({
            "Out": {
                "oneOf": [reference_to("Cat"), reference_to("Dog")],
                "discriminator": { "propertyName": "type", "mapping": {
                    "cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog",
                } },
            },
            "Cat": branch("cat"),
            "Dog": branch("dog"),
        });
        schemas[extra.0] = extra.1;
        schemas
    }

    #[test]
    fn the_tag_of_a_branch_is_written_by_the_branch() {
        let types = types(union(("Other", json!({ "type": "string" }))));
        assert_eq!(structure(&types, "Cat").fixed, [("type".to_owned(), "cat".to_owned())]);
        assert!(structure(&types, "Cat").fields.is_empty());
        let Shape::Tagged { tag, branches } = &types["Out"].shape else { panic!("{:?}", types["Out"]) };
        assert_eq!(tag, "type");
        let shown: Vec<_> = branches.iter().map(|b| (b.variant.as_str(), b.ty.as_str(), b.values.clone())).collect();
        assert_eq!(shown, [("Cat", "Cat", vec!["cat".to_owned()]), ("Dog", "Dog", vec!["dog".to_owned()])]);
    }

    #[test]
    fn a_branch_of_two_tags_keeps_the_tag_as_a_field() {
        let mut schemas = union(("Other", json!({ "type": "string" })));
        schemas["Out"]["discriminator"]["mapping"]["lion"] = "#/components/schemas/Cat".into();
        let types = types(schemas);
        assert!(structure(&types, "Cat").fixed.is_empty());
        assert_eq!(field(&types, "Cat", "type").name, "r#type");
        let Shape::Tagged { branches, .. } = &types["Out"].shape else { panic!("{:?}", types["Out"]) };
        assert_eq!(branches[0].values, ["cat", "lion"]);
    }

    #[test]
    fn a_union_without_a_tag_goes_by_kind_and_then_by_the_most_keys() {
        let object =
            |required: Value| json!({ "type": "object", "required": required, "properties": { "a": {}, "b": {} } });
        let types = types(json!({
            "In": { "anyOf": [
                { "type": "string" }, reference_to("Mode"), { "type": "array", "items": { "type": "integer" } },
                reference_to("Few"), reference_to("Many"),
            ] },
            "Mode": { "type": "string", "enum": ["auto", "none"] },
            "Few": object(json!(["a"])),
            "Many": object(json!(["a", "b"])),
        }));
        let Shape::Untagged { variants, objects } = &types["In"].shape else { panic!("{:?}", types["In"]) };
        let variants: Vec<_> = variants.iter().map(|v| (v.kind, v.ty.rust())).collect();
        assert_eq!(variants, [(Kind::AnyString, "Mode".to_owned()), (Kind::Array, "Vec<i64>".to_owned())]);
        let objects: Vec<_> = objects.iter().map(|o| (o.ty.as_str(), o.needs.len())).collect();
        assert_eq!(objects, [("Many", 2), ("Few", 1)]);
    }

    #[test]
    fn a_set_of_known_strings_alone_is_told_from_any_string() {
        let kinds = |parts: Value| match &types(json!({
            "In": { "anyOf": parts },
            "Mode": { "type": "string", "enum": ["auto", "none"] },
        }))["In"]
            .shape
        {
            Shape::Untagged { variants, .. } => variants.iter().map(|v| (v.kind, v.ty.rust())).collect::<Vec<_>>(),
            shape => panic!("{shape:?}"),
        };
        let number = json!({ "type": "number" });
        let rest = (Kind::Number, "f64".to_owned());
        let known = kinds(json!([number, reference_to("Mode")]));
        assert_eq!(known, [(Kind::String, "Mode".to_owned()), rest.clone()]);
        let any = kinds(json!([reference_to("Mode"), number, { "type": "string" }]));
        assert_eq!(any, [(Kind::AnyString, "Mode".to_owned()), rest.clone()]);
        let text = kinds(json!([{ "type": "string" }, number]));
        assert_eq!(text, [(Kind::String, "String".to_owned()), rest]);
    }

    #[test]
    fn only_the_elements_of_list_answers_are_read_one_by_one() {
        let list = |property: &str| {
            json!({
                "type": "object", "required": [property],
                "properties": { property: { "type": "array", "items": reference_to("Item") }, "others": { "type": "array", "items": reference_to("Item") } },
            })
        };
        let item =
            json!({ "type": "object", "properties": { "data": { "type": "array", "items": reference_to("Item") } } });
        let ty = |schemas: Value, name: &str, property: &str| field(&types(schemas), name, property).ty.rust();
        for property in ["data", "value"] {
            let schemas = json!({ "Out": list(property), "Item": item });
            assert_eq!(ty(schemas.clone(), "Out", property), "List<Item>");
            assert_eq!(ty(schemas.clone(), "Out", "others"), "Vec<Item>");
            assert_eq!(ty(schemas, "Item", "data"), "Vec<Item>");
        }
        assert_eq!(ty(json!({ "In": list("data"), "Item": item }), "In", "data"), "Vec<Item>");

        // The paging mark says which property it is.
        let mut marked = document(json!({ "Out": list("entries"), "Item": item }));
        marked["paths"]["/do"]["post"]["x-paging"] =
            json!({ "style": "nextLink", "items": "entries", "nextLink": "next" });
        let api = api(marked).unwrap();
        assert_eq!(field(&api.types, "Out", "entries").ty.rust(), "List<Item>");
        let paging = Paging::NextLink { items: "entries".to_owned(), next_link: "next".to_owned() };
        assert_eq!(api.operations[0].paging, Some(paging));
    }

    #[test]
    fn types_are_those_of_the_format() {
        let cases = [
            (json!({ "type": "string" }), "String"),
            (json!({ "type": "string", "format": "date-time" }), "Timestamp"),
            (json!({ "type": "integer", "format": "unixtime" }), "Timestamp"),
            (json!({ "type": "integer", "format": "int32" }), "i64"),
            (json!({ "type": "number" }), "f64"),
            (json!({ "type": "boolean" }), "bool"),
            (json!({}), "Value"),
            (json!({ "type": "object" }), "Map<String, Value>"),
            (json!({ "type": "object", "additionalProperties": true }), "Map<String, Value>"),
            (json!({ "type": "object", "additionalProperties": {} }), "Map<String, Value>"),
            (json!({ "type": "object", "additionalProperties": { "type": "string" } }), "BTreeMap<String, String>"),
            (json!({ "type": "array", "items": { "type": "array", "items": reference_to("Out") } }), "Vec<Vec<Out>>"),
        ];
        for (schema, expected) in cases {
            let out = json!({ "type": "object", "properties": { "p": schema } });
            assert_eq!(field(&types(json!({ "Out": out })), "Out", "p").ty.rust(), expected, "{schema}");
        }
    }

    #[test]
    fn a_property_that_is_called_like_a_keyword_is_a_field() {
        let text = json!({ "type": "string" });
        let types = types(json!({ "Out": { "type": "object", "properties": {
            "enum": text, "allOf": text, "$ref": text, "properties": text, "required": text,
        } } }));
        let names: Vec<&str> = structure(&types, "Out").fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["r#ref", "all_of", "r#enum", "properties", "required"]);
    }

    #[test]
    fn what_no_operation_reaches_stands_apart() {
        let types = types(
            json!({ "Out": { "type": "object", "properties": { "a": reference_to("Part") } }, "Part": {}, "Far": {} }),
        );
        let groups: Vec<&str> = types.values().map(|definition| definition.group.as_str()).collect();
        assert_eq!(groups, ["unreferenced", "Things", "Things"]);
    }

    #[test]
    fn the_operation_table_has_what_the_document_says() {
        let mut source = document(json!({ "In": {}, "Out": {} }));
        source["components"]["parameters"] = json!({ "V": { "name": "api-version", "in": "query" } });
        let operation = &mut source["paths"]["/do"]["post"];
        operation["parameters"] = json!([
            { "$ref": "#/components/parameters/V" },
            { "name": "foundry-features", "in": "header", "required": true },
            { "name": "operation-id", "in": "header" },
        ]);
        operation["x-foundry-features"] = json!(["A=V1"]);
        operation["x-lro"] = json!({});
        operation["x-secret"] = json!(true);
        operation["responses"]["200"]["content"]["text/event-stream"] = json!({});
        let read = |source: &Value| api(source.clone()).unwrap().operations.remove(0);
        let found = read(&source);
        assert_eq!(
            (found.id.as_str(), found.name.as_str(), found.method.as_str()),
            ("Things_act", "things_act", "POST")
        );
        assert_eq!(found.api_version.as_deref(), Some("v0"));
        assert_eq!(found.features, Features::Required(vec!["A=V1".to_owned()]));
        assert_eq!(found.replay_key.as_deref(), Some("Operation-Id"));
        assert_eq!(found.request_content_type.as_deref(), Some("application/json"));
        assert_eq!(found.response_content_type.as_deref(), Some("application/json"));
        assert_eq!(found.streaming, Streaming::Optional);
        assert!(found.long_running && found.secret);

        source["paths"]["/do"]["post"]["parameters"] = json!([{ "name": "Foundry-Features", "in": "header" }]);
        source["paths"]["/do"]["post"]["responses"]["200"]["content"] = json!({ "text/event-stream": {} });
        let found = read(&source);
        assert_eq!((found.api_version, found.replay_key, found.response_content_type), (None, None, None));
        assert_eq!(found.features, Features::Optional(vec!["A=V1".to_owned()]));
        assert_eq!(found.streaming, Streaming::Always);
    }

    #[test]
    fn a_parameter_of_the_operation_takes_the_place_of_its_paths() {
        let mut source = document(json!({ "Out": {} }));
        let limit = json!({ "name": "limit", "in": "query", "schema": { "type": "integer" } });
        source["paths"]["/do"]["parameters"] = json!([limit]);
        source["paths"]["/do"]["post"]["parameters"] = json!([limit]);
        assert!(api(source.clone()).is_ok());
        source["paths"]["/do"]["post"]["parameters"][0]["in"] = "header".into();
        let error = api(source).unwrap_err();
        assert!(error.contains("would both be `limit`") && error.contains("at: POST /do"), "{error}");
    }
}
