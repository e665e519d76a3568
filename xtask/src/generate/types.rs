//! Types as Rust text: structs, enums, unions and aliases, a file per group.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use heck::ToSnakeCase as _;

use super::api::{Access, Api, Field, Kind, Presence, Shape, Struct, Type, TypeDefinition};
use super::docs;

/// The files of an API's types: path under the API's folder -> text without its first line.
pub(crate) fn emit(api: &Api) -> BTreeMap<String, String> {
    let mut modules = format!("//! Wire types of api-version {}.\n\n", api.name);
    let own = api.types.iter().filter(|(name, _)| !api.shared.contains_key(*name));
    let files = grouped(api, own, &mut modules);
    let mut from: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, shared) in &api.shared {
        let shown = if *name == shared.name { name.clone() } else { format!("{} as {name}", shared.name) };
        from.entry(&shared.module).or_default().push(shown);
    }
    for (module, names) in from {
        let _ = writeln!(modules, "pub use crate::generated::shared::{module}::types::{{{}}};", names.join(", "));
    }
    let mut files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (format!("types/{path}"), text)).collect();
    files.insert("types/mod.rs".to_owned(), modules);
    files
}

/// The types that just some APIs share, which `api` has and is the first to have: path under the
/// module's folder -> text without its first line.
pub(crate) fn emit_shared(api: &Api, module: &str, wider: &[String]) -> BTreeMap<String, String> {
    let mut modules = String::from("//! Wire types that several api-versions have.\n\n");
    let own = api.types.iter().filter(|(name, _)| api.shared.get(*name).is_some_and(|shared| shared.module == module));
    let files = grouped(api, own, &mut modules);
    for module in wider {
        let _ = write!(
            modules,
            "#[allow(unused_imports, reason = \"types may hold those that more api-versions have\")]\nuse crate::generated::shared::{module}::types::*;\n"
        );
    }
    let mut files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (format!("types/{path}"), text)).collect();
    files.insert("types/mod.rs".to_owned(), modules);
    files
}

/// Types in files by their groups, and the modules of these.
fn grouped<'a>(
    api: &Api,
    types: impl Iterator<Item = (&'a String, &'a TypeDefinition)>,
    modules: &mut String,
) -> BTreeMap<String, String> {
    let mut groups: BTreeMap<&str, Vec<(&str, &TypeDefinition)>> = BTreeMap::new();
    for (name, definition) in types {
        groups.entry(&definition.group).or_default().push((name, definition));
    }
    let mut files = BTreeMap::new();
    for group in groups.keys() {
        let module = group.to_snake_case();
        let _ = writeln!(modules, "mod {module};");
    }
    modules.push('\n');
    for (group, types) in &groups {
        let module = group.to_snake_case();
        let _ = writeln!(modules, "pub use {module}::*;");
        let mut text = match *group {
            "unreferenced" => "//! Types that no operation reaches.\n".to_owned(),
            group => format!("//! Types of the group {group}.\n"),
        };
        text.push_str(&uses(types));
        for (name, definition) in types {
            text.push('\n');
            text.push_str(&definition_text(api, name, definition));
        }
        files.insert(format!("{module}.rs"), text);
    }
    files
}

/// What a file needs from elsewhere.
fn uses(types: &[(&str, &TypeDefinition)]) -> String {
    let mut found = std::collections::BTreeSet::new();
    let mut extra = false;
    let mut macros = std::collections::BTreeSet::new();
    for (_, definition) in types {
        let mut all: Vec<&Type> = Vec::new();
        match &definition.shape {
            Shape::Struct(model) => {
                extra = true;
                macros.insert("model");
                all.extend(model.fields.iter().map(|field| &field.ty));
            }
            Shape::Enum(_) => {
                macros.insert("open_enum");
            }
            Shape::Tagged { .. } => {
                macros.insert("tagged_union");
            }
            Shape::Untagged { variants, .. } => {
                macros.insert("untagged_union");
                all.extend(variants.iter().map(|variant| &variant.ty));
            }
            Shape::Alias(ty) => all.push(ty),
        }
        for ty in all {
            ty.walk(&mut |ty| match ty {
                Type::Timestamp | Type::TextTimestamp => {
                    found.insert("use crate::Timestamp;");
                }
                Type::Secret => {
                    found.insert("use crate::Secret;");
                }
                Type::List(_) => {
                    found.insert("use crate::List;");
                }
                Type::Map(_) => {
                    found.insert("use std::collections::BTreeMap;");
                }
                Type::Any => {
                    found.insert("use serde_json::Value;");
                }
                Type::Object => {
                    found.insert("use serde_json::Map;");
                    found.insert("use serde_json::Value;");
                }
                _ => {}
            });
        }
    }
    if extra {
        found.insert("use crate::Extra;");
    }
    let mut text = String::from("\n");
    for line in found {
        let _ = writeln!(text, "{line}");
    }
    for name in macros {
        let _ = writeln!(text, "use crate::wire::{name};");
    }
    text.push_str("#[allow(unused_imports, reason = \"not every file refers to types of others\")]\nuse super::*;\n");
    text
}

fn definition_text(api: &Api, name: &str, definition: &TypeDefinition) -> String {
    let document = &definition.document;
    let description = definition.description.clone().unwrap_or_else(|| format!("`{document}` of the document."));
    let mut text = docs::lines("", &description);
    match &definition.shape {
        Shape::Struct(model) => structure(&mut text, name, model),
        Shape::Enum(values) => {
            text = docs::lines("    ", &description);
            let mut body = String::new();
            let _ = writeln!(body, "open_enum! {{\n{text}    {name} {{");
            for value in values {
                let description = value.description.clone().unwrap_or_else(|| format!("`{}`.", value.value));
                body.push_str(&docs::lines("        ", &description));
                let _ = writeln!(body, "        {} = {:?},", value.variant, value.value);
            }
            body.push_str("    }\n}\n");
            text = body;
        }
        Shape::Tagged { tag, branches, untagged, secret } => {
            let secret = if *secret { " secret" } else { "" };
            text = docs::lines("    ", &description);
            let mut body = String::new();
            let _ = writeln!(body, "tagged_union! {{\n{text}    {name} by {tag:?}{secret} {{");
            for (index, branch) in branches.iter().enumerate() {
                let values: Vec<String> = branch.values.iter().map(|value| format!("{value:?}")).collect();
                let shown: Vec<String> = branch.values.iter().map(|value| format!("`{value}`")).collect();
                let description = branch_description(api, &branch.ty, &shown.join(", "));
                body.push_str(&docs::lines("        ", &description));
                let _ = writeln!(body, "        {}({}) = {index} {},", branch.variant, branch.ty, values.join(" | "));
            }
            body.push_str("    }");
            if !untagged.is_empty() {
                let branches = untagged.iter().map(|branch| format!("{} needs {:?}", branch.index, branch.needs));
                let _ = write!(body, " untagged [{}]", branches.collect::<Vec<_>>().join(", "));
            }
            body.push_str("\n}\n");
            text = body;
        }
        Shape::Untagged { variants, objects, anything } => {
            text = docs::lines("    ", &description);
            let anything = if *anything { " anything" } else { "" };
            let mut body = String::new();
            let _ = writeln!(body, "untagged_union! {{\n{text}    {name}{anything} {{");
            body.push_str("        kinds [\n");
            for variant in variants {
                let (kind, shown) = match variant.kind {
                    Kind::String if variant.ty != Type::String => ("known_string", "A string: one of those known."),
                    Kind::String => ("string", "A string."),
                    Kind::AnyString => ("any_string", "A string: one of those known, or any other."),
                    Kind::Array => ("array", "An array."),
                    Kind::Boolean => ("boolean", "A boolean."),
                    Kind::Number => ("number", "A number."),
                    Kind::Object => ("object", "An object."),
                };
                let _ = writeln!(
                    body,
                    "            /// {shown}\n            {kind} {}({}),",
                    variant.variant,
                    variant.ty.rust()
                );
            }
            body.push_str("        ]\n        objects [\n");
            for (index, object) in objects.iter().enumerate() {
                let needs: Vec<String> = object.needs.iter().map(|key| format!("{key:?}")).collect();
                let only = object.only.as_ref().map(|(tag, values)| format!(" only {tag:?} {values:?}"));
                let only = only.unwrap_or_default();
                let description = branch_description(api, &object.ty, "an object");
                body.push_str(&docs::lines("            ", &description));
                let _ = writeln!(
                    body,
                    "            {}({}) = {index} needs [{}]{only},",
                    object.variant,
                    object.ty,
                    needs.join(", ")
                );
            }
            body.push_str("        ]\n    }\n}\n");
            text = body;
        }
        Shape::Alias(ty) => {
            let _ = writeln!(text, "pub type {name} = {};", ty.rust());
        }
    }
    text
}

fn branch_description(api: &Api, ty: &str, fallback: &str) -> String {
    let description = api.types.get(ty).and_then(|definition| definition.description.clone());
    description.unwrap_or_else(|| format!("The kind {fallback}."))
}

fn structure(text: &mut String, name: &str, model: &Struct) {
    let arguments = arguments(model);
    let _ = writeln!(text, "#[derive(Clone, Debug, PartialEq)]\n#[non_exhaustive]\npub struct {name} {{");
    for field in &model.fields {
        let description = field.description.clone().unwrap_or_else(|| format!("`{}`.", field.property));
        text.push_str(&docs::lines("    ", &description));
        let _ = writeln!(text, "    pub {}: {},", field.name, field_type(field));
    }
    text.push_str("    /// Fields that this version does not know, as received; what is put here is sent.\n");
    text.push_str("    pub extra: Extra,\n}\n\n");
    constructor(text, name, model, &arguments);
    if arguments.is_empty() {
        let _ = writeln!(
            text,
            "impl Default for {name} {{\n    fn default() -> Self {{\n        Self::new()\n    }}\n}}\n"
        );
    }
    let open = if model.open { ", open" } else { "" };
    let _ = writeln!(text, "model! {{\n    {name}{open};");
    let fixed = model.fixed.iter().enumerate().map(|(index, fixed)| {
        let optional = if fixed.required { "" } else { " optional" };
        format!("{index} {:?} = {:?}{optional}", fixed.property, fixed.value)
    });
    let fixed: Vec<String> = fixed.collect();
    let _ = writeln!(text, "    fixed [{}]", fixed.join(", "));
    if model.fields.is_empty() {
        text.push_str("    fields []\n}\n");
        return;
    }
    text.push_str("    fields [\n");
    for (index, field) in model.fields.iter().enumerate() {
        let index = index + model.fixed.len();
        let presence = match field.presence {
            Presence::Key => "key",
            Presence::Required => "required",
            Presence::Any => "any",
            Presence::Nullable => "nullable",
            Presence::Optional => "optional",
        };
        let access = match field.access {
            Access::Both => "both",
            Access::Read => "read",
            Access::Write => "write",
        };
        let _ = writeln!(
            text,
            "        {index} {presence} {access} {:?} {}: {},",
            field.property,
            field.name,
            setter_shape(field)
        );
    }
    text.push_str("    ]\n}\n");
}

fn is_option(field: &Field) -> bool {
    matches!(field.presence, Presence::Nullable | Presence::Optional)
}

fn field_type(field: &Field) -> String {
    let ty = if field.boxed { format!("Box<{}>", field.ty.rust()) } else { field.ty.rust() };
    if is_option(field) { format!("Option<{ty}>") } else { ty }
}

fn setter_shape(field: &Field) -> String {
    match &field.ty {
        ty if field.boxed => format!("boxed({})", ty.rust()),
        Type::Vec(item) | Type::List(item) => format!("list({})", item.rust()),
        Type::Map(item) => format!("map({})", item.rust()),
        Type::Timestamp => "unix_time(Timestamp)".to_owned(),
        Type::TextTimestamp => "text_time(Timestamp)".to_owned(),
        ty => format!("plain({})", ty.rust()),
    }
}

/// The fields that `new` takes: required ones that a caller may set.
fn arguments(model: &Struct) -> Vec<&Field> {
    model.fields.iter().filter(|field| field.presence != Presence::Optional && field.access != Access::Read).collect()
}

fn constructor(text: &mut String, name: &str, model: &Struct, arguments: &[&Field]) {
    let shown: Vec<String> = arguments.iter().map(|field| format!("`{}`", field.property)).collect();
    let _ = writeln!(text, "impl {name} {{");
    if shown.is_empty() {
        text.push_str("    /// Without any of its optional properties.\n    pub fn new() -> Self {\n");
    } else {
        let _ = writeln!(text, "    /// With what the service requires: {}.", shown.join(", "));
        text.push_str("    pub fn new(\n");
        for field in arguments {
            let ty = match &field.ty {
                _ if is_option(field) => field_type(field),
                Type::Vec(item) | Type::List(item) => format!("impl IntoIterator<Item = impl Into<{}>>", item.rust()),
                Type::Map(item) => format!("impl IntoIterator<Item = (impl Into<String>, impl Into<{}>)>", item.rust()),
                ty => format!("impl Into<{}>", ty.rust()),
            };
            let _ = writeln!(text, "        {}: {ty},", field.name);
        }
        text.push_str("    ) -> Self {\n");
    }
    // What only the service sets is left out of what is sent.
    let absent: Vec<String> = model
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.access == Access::Read && field.presence != Presence::Optional)
        .map(|(index, _)| (index + model.fixed.len()).to_string())
        .collect();
    text.push_str("        Self {\n");
    let given: std::collections::BTreeSet<&str> = arguments.iter().map(|field| field.property.as_str()).collect();
    for field in &model.fields {
        let value = match &field.ty {
            _ if !given.contains(field.property.as_str()) => {
                if is_option(field) {
                    "None".to_owned()
                } else {
                    format!("<{} as crate::Decode>::empty()", field_type(field))
                }
            }
            _ if is_option(field) => field.name.clone(),
            _ if field.boxed => format!("Box::new({}.into())", field.name),
            Type::Vec(_) | Type::List(_) => format!("{}.into_iter().map(Into::into).collect()", field.name),
            Type::Map(_) => {
                format!("{}.into_iter().map(|(name, value)| (name.into(), value.into())).collect()", field.name)
            }
            Type::Timestamp => format!("crate::wire::unix_time({})", field.name),
            Type::TextTimestamp => format!("crate::wire::text_time({})", field.name),
            _ => format!("{}.into()", field.name),
        };
        if value == field.name {
            let _ = writeln!(text, "            {value},");
        } else {
            let _ = writeln!(text, "            {}: {value},", field.name);
        }
    }
    let extra = if absent.is_empty() {
        "Extra::default()".to_owned()
    } else {
        format!("Extra::with_absent(&[{}])", absent.join(", "))
    };
    let _ = writeln!(text, "            extra: {extra},\n        }}\n    }}\n}}\n");
}
