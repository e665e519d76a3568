//! A test's list of all requests of the SDK, each with everything set that can be set.

use std::fmt::Write as _;

use heck::ToSnakeCase as _;

use super::api::{Access, Api, Presence, Shape, Streaming, Type};
use super::builders::{Body, Builder};
use super::client::ArgumentType;
use super::sdk::Group;
use super::sources::Root;

/// Properties that the SDK refuses beside others: they have tests of their own.
const APART: &[(&str, &str)] = &[("Responses_create", "agent_reference")];

/// The text of the file without its first line.
pub(super) fn emit(api: &Api, root: Root, groups: &[(&Group, &[Builder<'_>])]) -> String {
    let mut text = format!(
        "//! Every request of api-version {0}, with everything set that can be set.\n\nuse foundry_raw::{1}::types;\n#[allow(unused_imports, reason = \"not every API takes files\")]\nuse foundry_sdk::FileContent;\nuse foundry_sdk::ProjectClient;\n\nuse crate::{{Call, call, sample}};\n\n/// One call of each operation, by its id.\npub(crate) fn all(client: &ProjectClient) -> Vec<Call> {{\n    vec![\n",
        api.name, api.module
    );
    for (group, builders) in groups {
        let root = match (root, group.is_preview) {
            (Root::Classic, _) => "client.classic()".to_owned(),
            (Root::Project, false) => "client".to_owned(),
            (Root::Project, true) => "client.preview()".to_owned(),
            (Root::Own, _) => format!("client.{}()", api.module),
        };
        let scope = super::builders::scope(builders);
        for builder in *builders {
            let request = request(api, &format!("{root}.{}", group.name.to_snake_case()), &scope, builder);
            let _ = writeln!(text, "        call({:?}, {request}.send()),", builder.operation.id);
        }
    }
    text.push_str("    ]\n}\n");
    text
}

fn request(api: &Api, group: &str, scope: &[String], builder: &Builder<'_>) -> String {
    let texts: Vec<String> = scope.iter().map(|name| format!("{name:?}")).collect();
    let mut arguments: Vec<String> = Vec::new();
    for argument in builder.needed.iter().filter(|argument| !scope.contains(&argument.name)) {
        arguments.push(value(api, &argument.ty, &argument.name));
    }
    let mut setters = String::new();
    for argument in &builder.optional {
        if argument.name == "stream" && builder.operation.streaming != Streaming::Never {
            continue;
        }
        let value = match builder.operation.joined.contains(&argument.name) {
            true => format!("[{0:?}, \"another\"]", argument.name),
            false => value(api, &argument.ty, &argument.name),
        };
        let _ = write!(setters, ".{}({value})", argument.name);
    }
    for field in builder.body_arguments() {
        let is_option = matches!(field.presence, Presence::Nullable | Presence::Optional);
        let value = typed(api, &field.ty);
        let value = if is_option && field.boxed { format!("Box::new({value})") } else { value };
        arguments.push(if is_option { format!("Some({value})") } else { value });
    }
    let is_apart = |property: &str| APART.contains(&(builder.operation.id.as_str(), property));
    for field in builder.body_fields().into_iter().filter(|field| !is_apart(&field.property)) {
        let _ = write!(setters, ".{}({})", field.name, typed(api, &field.ty));
    }
    match &builder.body {
        Body::Whole(ty) => arguments.push(typed(api, ty)),
        Body::Bytes => arguments.push("FileContent::new(\"name.bin\", \"content\")".to_owned()),
        Body::Parts(parts) => {
            for part in *parts {
                let value = match &part.content {
                    super::api::PartContent::File => "FileContent::new(\"name.txt\", \"content\")".to_owned(),
                    super::api::PartContent::Files => "[FileContent::new(\"name.txt\", \"content\")]".to_owned(),
                    super::api::PartContent::Text(ty) | super::api::PartContent::Json(ty) => typed(api, ty),
                };
                if part.required {
                    arguments.push(value);
                } else {
                    let _ = write!(setters, ".{}({value})", part.name);
                }
            }
        }
        Body::Struct { .. } | Body::None => {}
    }
    format!("{group}({}).{}({}){setters}", texts.join(", "), builder.operation.sdk_method, arguments.join(", "))
}

fn value(api: &Api, ty: &ArgumentType, name: &str) -> String {
    match ty {
        ArgumentType::Text | ArgumentType::Form | ArgumentType::Bytes => format!("{name:?}"),
        ArgumentType::Json(_) => "serde_json::json!({})".to_owned(),
        ArgumentType::List(item) => match item.strip_prefix("types::") {
            Some(name) => format!("[{}]", typed(api, &Type::Named(name.to_owned()))),
            None if item == "String" => format!("[{name:?}]"),
            None => format!("[{}]", plain(item)),
        },
        ArgumentType::Plain(ty) => plain(ty),
        ArgumentType::Named(name) => typed(api, &Type::Named(name.clone())),
    }
}

fn plain(ty: &str) -> String {
    match ty {
        "bool" => "true".to_owned(),
        "f64" => "0.5".to_owned(),
        ty => format!("7_{ty}"),
    }
}

/// A value of a type, decoded from JSON.
fn typed(api: &Api, ty: &Type) -> String {
    let json = json(api, ty, 0);
    format!("sample::<{}>(r##\"{json}\"##)", super::builders::qualified(ty))
}

/// A value of a type as JSON: what is required, and of everything else the first.
fn json(api: &Api, ty: &Type, depth: usize) -> String {
    match ty {
        Type::String | Type::Secret => "\"text\"".to_owned(),
        Type::Boolean => "true".to_owned(),
        Type::Integer | Type::Timestamp => "7".to_owned(),
        Type::TextTimestamp => "\"2026-01-01T00:00:00Z\"".to_owned(),
        Type::Number => "0.5".to_owned(),
        Type::Any => "null".to_owned(),
        Type::Object => "{}".to_owned(),
        // What may contain itself ends somewhere.
        Type::Vec(_) | Type::List(_) if depth > 6 => "[]".to_owned(),
        Type::Vec(item) | Type::List(item) => format!("[{}]", json(api, item, depth + 1)),
        Type::Map(item) => format!("{{\"key\":{}}}", json(api, item, depth + 1)),
        Type::Named(name) => match api.types.get(name).map(|definition| &definition.shape) {
            Some(Shape::Struct(model)) => {
                let fixed = model.fixed.iter().map(|fixed| format!("{:?}:{:?}", fixed.property, fixed.value));
                let needed =
                    |field: &&super::api::Field| field.presence != Presence::Optional && field.access != Access::Read;
                let fields = model.fields.iter().filter(needed);
                let fields = fields.map(|field| format!("{:?}:{}", field.property, json(api, &field.ty, depth + 1)));
                format!("{{{}}}", fixed.chain(fields).collect::<Vec<_>>().join(","))
            }
            Some(Shape::Enum(values)) => {
                format!("{:?}", values.first().map_or("text", |value| value.value.as_str()))
            }
            Some(Shape::Tagged { branches, .. }) => branches
                .first()
                .map_or_else(|| "null".to_owned(), |branch| json(api, &Type::Named(branch.ty.clone()), depth + 1)),
            Some(Shape::Untagged { variants, objects, .. }) => match (variants.first(), objects.first()) {
                (Some(variant), _) => json(api, &variant.ty, depth + 1),
                (None, Some(object)) => json(api, &Type::Named(object.ty.clone()), depth + 1),
                (None, None) => "null".to_owned(),
            },
            Some(Shape::Alias(ty)) => json(api, ty, depth + 1),
            None => "null".to_owned(),
        },
    }
}
