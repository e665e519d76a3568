//! The SDK's side of an API: groups, and for each operation a type that holds its arguments, with a
//! setter for each that is optional.

mod pages;
mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use heck::ToSnakeCase as _;

use self::pages::{Page, PageStyle, page};
use self::parts::{form, part_taken, part_type, part_value};
use super::api::{Access, Api, Field, Operation, Part, Presence, Shape, Streaming, Struct, Type};
use super::client::{Argument, ArgumentType, Method};
use super::docs;
use super::jobs::{self, Job};
use super::operations::constant;
use super::sdk::Group;
use crate::failure::Failure;

/// What every request can be told; a setter of an operation's own cannot have these names.
const TAKEN: &[&str] = &[
    "api_version",
    "body",
    "client_request_id",
    "features",
    "header",
    "into_future",
    "into_stream",
    "new",
    "page_size",
    "pages",
    "poll",
    "query",
    "resume",
    "retry",
    "send",
    "stream",
    "timeout",
];

/// Query parameters that say how many items a page holds.
const PAGE_SIZES: &[&str] = &["limit", "top", "maxpagesize", "max_page_size", "page_size"];

/// What is made of an API's groups.
pub(crate) struct Emitted {
    /// Path under the API's folder -> text without its first line.
    pub(crate) files: BTreeMap<String, String>,
    /// What they make public, one a line.
    pub(crate) surface: String,
    /// The test's list of all requests, without its first line.
    pub(crate) calls: String,
}

/// The file of a group without its first line, and the function that gives it.
pub(super) fn group(group: &Group, description: &str, builders: &[Builder<'_>]) -> Result<(String, String), Failure> {
    let scope = scope(builders);
    let type_name = type_name(group);
    let mut accessor_text = String::new();
    accessor(&mut accessor_text, group, description, &scope);
    let mut text = uses(builders);
    group_type(&mut text, &type_name, description, &scope, builders);
    for builder in builders {
        builder.emit(&mut text);
    }
    let text = pretty(&text).map_err(|error| unexpected(builders[0].operation, &error))?;
    Ok((format!("//! Requests of the group {}.\n\n{text}", group.name), accessor_text))
}

/// The type of a group: that of a preview may have the name of one that is none.
fn type_name(group: &Group) -> String {
    if group.is_preview { format!("Preview{}", group.name) } else { group.name.clone() }
}

/// What a group and its requests make public, one a line.
pub(super) fn surface(text: &mut String, group: &Group, builders: &[Builder<'_>]) {
    let scope = scope(builders);
    let name = type_name(group);
    let _ = writeln!(text, "group {name}({})", scope.join(", "));
    for builder in builders {
        builder.surface(text, &name, &scope);
    }
}

/// The text as prettyplease forms it, with an empty line between items, which it takes out.
fn pretty(text: &str) -> Result<String, String> {
    let file: syn::File = syn::parse_str(text).map_err(|error| format!("what was written does not parse: {error}"))?;
    let formed = prettyplease::unparse(&file);
    let mut spaced = String::with_capacity(formed.len());
    let mut previous = "";
    let indent = |line: &str| line.len() - line.trim_start().len();
    for line in formed.lines() {
        let ends_item = indent(line) == indent(previous) && (previous.ends_with('}') || previous.ends_with(");"));
        let begins_item =
            ["///", "#[", "impl", "pub", "fn", "job!", "job_status!", "operation!", "streamed!", "upload!", "paged_by"]
                .iter()
                .any(|start| line.trim_start().starts_with(start));
        let uses_end = previous.starts_with("use ") && !line.starts_with("use ") && !line.is_empty();
        if (ends_item && begins_item) || uses_end {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    Ok(spaced)
}

pub(super) fn unexpected(operation: &Operation, what: &str) -> Failure {
    Failure::new(
        format!("no builder can be made for the operation `{}`: {what}", operation.id),
        format!("{} {}", operation.method, operation.path),
        "correct the document in the overlay, or teach it to xtask/src/generate/builders.rs",
    )
}

/// An operation as its builder sees it.
pub(crate) struct Builder<'a> {
    pub(super) operation: &'a Operation,
    method: &'a Method,
    /// The method that asks for a stream, if its answer may be one.
    twin: Option<&'a Method>,
    /// Arguments that have to be given, without the body: those of the path in its order, then others.
    pub(super) needed: Vec<&'a Argument>,
    pub(super) optional: Vec<&'a Argument>,
    pub(super) body: Body<'a>,
    output: Type,
    /// The item, for lists that are paged.
    page: Option<Page>,
    /// The job that it starts.
    job: Option<Job>,
}

pub(crate) enum Body<'a> {
    None,
    /// A struct, whose properties are set one by one.
    Struct {
        name: &'a str,
        model: &'a Struct,
    },
    /// A type that is given whole.
    Whole(Type),
    Parts(&'a [Part]),
    /// The content of a file.
    Bytes,
}

/// Methods by their operations, and whether they are the streaming twins.
pub(super) type Methods<'a> = BTreeMap<(&'a str, bool), &'a Method>;

impl<'a> Builder<'a> {
    pub(super) fn of(api: &'a Api, operation: &'a Operation, methods: &Methods<'a>) -> Result<Self, Failure> {
        let method = methods.get(&(operation.id.as_str(), false)).copied();
        let method = method.ok_or_else(|| unexpected(operation, "there is no method for it"))?;
        let twin = methods.get(&(operation.id.as_str(), true)).copied();
        Self::new(api, operation, method, twin)
    }

    fn new(
        api: &'a Api,
        operation: &'a Operation,
        method: &'a Method,
        twin: Option<&'a Method>,
    ) -> Result<Self, Failure> {
        let path: Vec<String> = path_parameters(&operation.path);
        let (mut needed, mut optional, mut body) = (Vec::new(), Vec::new(), Body::None);
        for argument in &method.arguments {
            match &argument.ty {
                ArgumentType::Form => body = Body::Parts(&operation.parts),
                ArgumentType::Bytes => body = Body::Bytes,
                ArgumentType::Json(_) if argument.name == "body" => {
                    body = Body::Whole(operation.request.clone().unwrap_or(Type::Any));
                }
                ArgumentType::Named(name) if argument.name == "body" => {
                    body = match api.types.get_key_value(name).map(|(name, definition)| (name, &definition.shape)) {
                        Some((name, Shape::Struct(model))) => Body::Struct { name, model },
                        Some((name, _)) => Body::Whole(Type::Named(name.clone())),
                        None => return Err(unexpected(operation, "its body is of an unknown type")),
                    };
                }
                _ if argument.optional => optional.push(argument),
                _ => needed.push(argument),
            }
        }
        needed.sort_by_key(|argument| path.iter().position(|name| *name == argument.name).unwrap_or(usize::MAX));
        let output = match (&operation.answer, &operation.response_content_type) {
            (Some(answer), _) => answer.clone(),
            (None, Some(_)) => Type::Named("ByteStream".to_owned()),
            (None, None) if operation.streaming == Streaming::Always => Type::Named("ByteStream".to_owned()),
            (None, None) => Type::Named("()".to_owned()),
        };
        let page = match &operation.paging {
            Some(paging) => Some(page(api, operation, paging, &output)?),
            None => None,
        };
        let job = match &operation.long_running {
            Some(mark) => Some(jobs::job(api, operation, mark)?),
            None => None,
        };
        let builder = Self { operation, method, twin, needed, optional, body, output, page, job };
        builder.check_names()?;
        Ok(builder)
    }

    /// Fails if two setters would have one name, or one that all requests have.
    fn check_names(&self) -> Result<(), Failure> {
        let mut taken: BTreeSet<&str> = TAKEN.iter().copied().collect();
        let is_set = |name: &&str| *name != "stream" || self.operation.streaming == Streaming::Never;
        let setters = self.optional.iter().map(|argument| argument.name.as_str()).filter(is_set);
        for name in setters.chain(self.body_fields().iter().map(|field| field.name.as_str())) {
            if !taken.insert(name) {
                return Err(unexpected(
                    self.operation,
                    &format!(
                        "two setters would be `{name}`, or all requests have one; choose another field name in names.toml"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Whether its body may be large, and is streamed.
    fn is_upload(&self) -> bool {
        matches!(self.body, Body::Parts(_) | Body::Bytes)
    }

    /// The properties of the body with setters of their own.
    pub(super) fn body_fields(&self) -> Vec<&'a Field> {
        let Body::Struct { model, .. } = &self.body else { return Vec::new() };
        let is_set = |field: &&Field| {
            field.presence == Presence::Optional
                && field.access != Access::Read
                // Whether an answer is streamed says how it is asked for.
                && !(field.property == "stream" && self.operation.streaming != Streaming::Never)
        };
        model.fields.iter().filter(is_set).collect()
    }

    /// What the body's `new` takes.
    pub(super) fn body_arguments(&self) -> Vec<&'a Field> {
        let Body::Struct { model, .. } = &self.body else { return Vec::new() };
        let is_needed = |field: &&Field| field.presence != Presence::Optional && field.access != Access::Read;
        model.fields.iter().filter(is_needed).collect()
    }

    fn summary(&self) -> String {
        let operation = self.operation;
        let mut text = operation.summary.clone().unwrap_or_else(|| format!("The operation `{}`.", operation.id));
        if let Some(description) = &operation.description {
            let _ = write!(text, "\n\n{description}");
        }
        text
    }

    fn parameter(&self, argument: &str) -> Option<&'a str> {
        let known = self.operation.parameters.iter().find(|(wire, _)| wire.to_snake_case() == argument);
        known.map(|(_, description)| description.as_str())
    }

    /// The function of the group that makes the request.
    fn constructor(&self, text: &mut String, scope: &[String]) {
        let operation = self.operation;
        let own: Vec<&&Argument> = self.needed.iter().filter(|argument| !scope.contains(&argument.name)).collect();
        let mut described = Vec::new();
        let mut parameters = Vec::new();
        let mut values = Vec::new();
        for argument in &self.needed {
            let value = if scope.contains(&argument.name) {
                format!("self.{}.clone()", argument.name)
            } else {
                format!("{}.into()", argument.name)
            };
            values.push(format!("{}: {value}", argument.name));
        }
        for argument in own {
            if let Some(description) = self.parameter(&argument.name) {
                described.push(format!("- `{}`: {description}", argument.name));
            }
            parameters.push(format!("{}: impl Into<{}>", argument.name, owned(&argument.ty)));
        }
        values.extend(self.optional.iter().map(|argument| format!("{}: None", argument.name)));
        match &self.body {
            Body::None => {}
            Body::Whole(ty) => {
                let argument = match ty {
                    Type::Named(name) => name.to_snake_case(),
                    _ => "body".to_owned(),
                };
                parameters.push(format!("{argument}: impl Into<{}>", qualified(ty)));
                values.push(format!("body: {argument}.into()"));
            }
            Body::Bytes => {
                parameters.push("content: impl Into<FileContent>".to_owned());
                values.push("content: content.into()".to_owned());
            }
            Body::Struct { name, .. } => {
                let fields = self.body_arguments();
                for field in &fields {
                    if let Some(description) = &field.description {
                        described.push(format!("- `{}`: {description}", field.name));
                    }
                    parameters.push(format!("{}: {}", field.name, taken(field)));
                }
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                values.push(format!("body: types::{name}::new({})", names.join(", ")));
            }
            Body::Parts(parts) => {
                for part in *parts {
                    if part.required {
                        if let Some(description) = &part.description {
                            described.push(format!("- `{}`: {description}", part.name));
                        }
                        parameters.push(format!("{}: {}", part.name, part_taken(part)));
                        values.push(format!("{}: {}", part.name, part_value(part)));
                    } else {
                        values.push(format!("{}: None", part.name));
                    }
                }
            }
        }
        let mut description = self.summary();
        if !described.is_empty() {
            let _ = write!(description, "\n\n{}", described.join("\n"));
        }
        let _ = write!(description, "\n\nSends `{} {}`.", operation.method, operation.path);
        let _ = write!(description, "\n\n# Errors\nThose of every request: see [`ErrorKind`](crate::ErrorKind).");
        text.push_str(&docs::lines("    ", &description).replace("\\[`ErrorKind`\\](", "[`ErrorKind`]("));
        let parameters = parameters.join(", ");
        let separator = if parameters.is_empty() { "" } else { ", " };
        let builder = &operation.builder;
        let _ = writeln!(
            text,
            "    pub fn {}(&self{separator}{parameters}) -> Request<{builder}> {{",
            operation.sdk_method
        );
        let values = if values.is_empty() { String::new() } else { format!(" {} ", values.join(", ")) };
        let _ = writeln!(text, "        Request::new(&self.client, {builder} {{{values}}})\n    }}\n");
    }

    /// The type that holds the arguments, what it is to the pipeline, and its setters.
    fn emit(&self, text: &mut String) {
        let operation = self.operation;
        let builder = &operation.builder;
        let _ = writeln!(text, "/// `{} {}`: what [`Request`] of it sends.", operation.method, operation.path);
        let _ = writeln!(text, "#[derive(Clone, Debug)]\n#[non_exhaustive]\npub struct {builder} {{");
        for argument in &self.needed {
            let _ = writeln!(text, "    pub(crate) {}: {},", argument.name, owned(&argument.ty));
        }
        for argument in &self.optional {
            let _ = writeln!(text, "    pub(crate) {}: Option<{}>,", argument.name, owned(&argument.ty));
        }
        match &self.body {
            Body::None => {}
            Body::Whole(ty) => {
                let _ = writeln!(text, "    pub(crate) body: {},", qualified(ty));
            }
            Body::Bytes => text.push_str("    pub(crate) content: FileContent,\n"),
            Body::Struct { name, .. } => {
                let _ = writeln!(text, "    pub(crate) body: types::{name},");
            }
            Body::Parts(parts) => {
                for part in *parts {
                    let ty = part_type(part);
                    let ty = if part.required { ty } else { format!("Option<{ty}>") };
                    let _ = writeln!(text, "    pub(crate) {}: {ty},", part.name);
                }
            }
        }
        text.push_str("}\n\n");
        let arguments: Vec<String> = self.method.arguments.iter().map(passed).collect();
        let (sending, taken) = match &self.body {
            Body::Parts(_) => ("upload", "this, form, raw"),
            Body::Bytes => ("upload", "this, body, raw"),
            _ => ("operation", "this, raw"),
        };
        let stand_in = if matches!(self.body, Body::Bytes) { " by stand_in_bytes" } else { "" };
        let _ = writeln!(
            text,
            "{sending}!({builder}{stand_in} = {} -> {}, |{taken}| raw.{}({}));\n",
            constant(operation),
            output(&self.output),
            self.method.name,
            arguments.join(", ")
        );
        if let Some(twin) = self.twin {
            let arguments: Vec<String> = twin.arguments.iter().map(passed).collect();
            let asked = match &self.body {
                Body::Struct { model, .. } if model.fields.iter().any(|field| field.property == "stream") => ", body",
                _ if self.optional.iter().any(|argument| argument.name == "stream") => ", query",
                _ => "",
            };
            let _ = writeln!(
                text,
                "streamed!({builder}{asked}, |this, raw| raw.{}({}));\n",
                twin.name,
                arguments.join(", ")
            );
        }
        match &self.body {
            Body::Parts(parts) => form(text, builder, parts),
            Body::Bytes => {
                let _ = writeln!(
                    text,
                    "impl {builder} {{\n    fn form(&self) -> Result<Form, foundry_raw::Error> {{\n        \
                     Ok(Form::of_content(self.content.clone()))\n    }}\n}}\n"
                );
            }
            _ => {}
        }
        self.setters(text);
        if let Some(page) = &self.page {
            page.emit(text, operation);
        }
        if let Some(job) = &self.job {
            job.emit(text, operation);
        }
    }

    fn setters(&self, text: &mut String) {
        let mut setters = String::new();
        let builder = &self.operation.builder;
        for argument in &self.optional {
            // Whether an answer is streamed says how it is asked for.
            if argument.name == "stream" && self.operation.streaming != Streaming::Never {
                continue;
            }
            let description =
                self.parameter(&argument.name).map_or_else(|| format!("Sets `{}`.", argument.name), str::to_owned);
            let name = &argument.name;
            setters.push_str(&docs::lines("    ", &description));
            if self.operation.joined.contains(name) {
                let _ = writeln!(
                    setters,
                    "    pub fn {name}(mut self, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {{\n        \
                     self.operation.{name} = Some(crate::request::joined(values));\n        self\n    }}\n"
                );
                continue;
            }
            if let ArgumentType::List(item) = &argument.ty {
                let _ = writeln!(
                    setters,
                    "    pub fn {name}(mut self, values: impl IntoIterator<Item = impl Into<{item}>>) -> Self {{\n        \
                     self.operation.{name} = Some(values.into_iter().map(Into::into).collect());\n        self\n    }}\n"
                );
                continue;
            }
            let ty = owned(&argument.ty);
            let _ = writeln!(setters, "    pub fn {name}(mut self, value: impl Into<{ty}>) -> Self {{");
            let _ = writeln!(setters, "        self.operation.{name} = Some(value.into());\n        self\n    }}\n");
        }
        if self.page.is_some()
            && let Some(size) = self.optional.iter().find(|argument| PAGE_SIZES.contains(&argument.name.as_str()))
        {
            let _ = writeln!(
                setters,
                "    /// How many items a page holds at most; the same as `{0}`.\n    \
                 pub fn page_size(self, items: u32) -> Self {{\n        self.{0}(items)\n    }}\n",
                size.name
            );
        }
        for field in self.body_fields() {
            let description = field.description.clone().unwrap_or_else(|| format!("Sets `{}`.", field.property));
            setters.push_str(&docs::lines("    ", &description));
            let (argument, ty) = match &field.ty {
                ty if field.boxed => ("value", format!("impl Into<{}>", qualified(ty))),
                Type::Vec(item) | Type::List(item) => {
                    ("values", format!("impl IntoIterator<Item = impl Into<{}>>", qualified(item)))
                }
                Type::Map(item) => (
                    "entries",
                    format!("impl IntoIterator<Item = (impl Into<String>, impl Into<{}>)>", qualified(item)),
                ),
                ty => ("value", format!("impl Into<{}>", qualified(ty))),
            };
            let name = &field.name;
            let _ = writeln!(setters, "    pub fn {name}(mut self, {argument}: {ty}) -> Self {{");
            let _ = writeln!(
                setters,
                "        self.operation.body = self.operation.body.{name}({argument});\n        self\n    }}\n"
            );
        }
        match &self.body {
            Body::Struct { name, .. } => {
                let _ = writeln!(
                    setters,
                    "    /// Sends this body instead of what was set before.\n    \
                     pub fn body(mut self, body: types::{name}) -> Self {{\n        \
                     self.operation.body = body;\n        self\n    }}\n"
                );
            }
            Body::Parts(parts) => {
                for part in parts.iter().filter(|part| !part.required) {
                    let description =
                        part.description.clone().unwrap_or_else(|| format!("Sets the part `{}`.", part.property));
                    setters.push_str(&docs::lines("    ", &description));
                    let _ = writeln!(
                        setters,
                        "    pub fn {0}(mut self, {0}: {1}) -> Self {{\n        \
                         self.operation.{0} = Some({2});\n        self\n    }}\n",
                        part.name,
                        part_taken(part),
                        part_value(part).replace(&format!("{0}: ", part.name), "")
                    );
                }
            }
            Body::Whole(_) | Body::Bytes | Body::None => {}
        }
        if !setters.is_empty() {
            let _ = writeln!(text, "impl Request<{builder}> {{\n{}\n}}\n", setters.trim_end());
        }
    }

    fn surface(&self, text: &mut String, group: &str, scope: &[String]) {
        let operation = self.operation;
        let mut needed: Vec<&str> = self.needed.iter().map(|argument| argument.name.as_str()).collect();
        needed.retain(|name| !scope.iter().any(|known| known == name));
        needed.extend(self.body_arguments().iter().map(|field| field.name.as_str()));
        match &self.body {
            Body::Whole(_) => needed.push("body"),
            Body::Bytes => needed.push("content"),
            Body::Parts(parts) => {
                needed.extend(parts.iter().filter(|part| part.required).map(|part| part.name.as_str()));
            }
            _ => {}
        }
        let _ = writeln!(
            text,
            "fn {group}::{}({}) -> {} = {}",
            operation.sdk_method,
            needed.join(", "),
            operation.builder,
            operation.id
        );
        let is_set = |name: &&str| *name != "stream" || operation.streaming == Streaming::Never;
        let optional = self.optional.iter().map(|argument| argument.name.as_str()).filter(is_set);
        for name in optional.chain(self.body_fields().iter().map(|field| field.name.as_str())) {
            let _ = writeln!(text, "set {}.{name}", operation.builder);
        }
        if let Some(job) = &self.job {
            job.surface(text, operation);
        }
    }
}

/// The names of a path's parameters, in its order.
pub(super) fn path_parameters(path: &str) -> Vec<String> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_snake_case()).collect()
}

/// The parameters of the path that all operations of a group begin with: the group is made with
/// them. A group of one operation is made without.
pub(super) fn scope(builders: &[Builder<'_>]) -> Vec<String> {
    let paths: Vec<Vec<String>> = builders.iter().map(|builder| path_parameters(&builder.operation.path)).collect();
    let [first, rest @ ..] = &paths[..] else { return Vec::new() };
    if rest.is_empty() {
        return Vec::new();
    }
    let common = |depth: usize| rest.iter().all(|path| path.get(depth) == first.get(depth));
    first.iter().enumerate().take_while(|(depth, _)| common(*depth)).map(|(_, name)| name.clone()).collect()
}

fn accessor(text: &mut String, group: &Group, description: &str, scope: &[String]) {
    text.push_str(&docs::lines("    ", description));
    let parameters: String = scope.iter().map(|name| format!(", {name}: impl Into<String>")).collect();
    let values: String = scope.iter().map(|name| format!(", {name}: {name}.into()")).collect();
    let _ = writeln!(
        text,
        "    pub fn {}(&self{parameters}) -> {1} {{\n        {1} {{ client: self.project_client().clone(){values} }}\n    }}\n",
        group.name.to_snake_case(),
        type_name(group)
    );
}

fn group_type(text: &mut String, group: &str, description: &str, scope: &[String], builders: &[Builder<'_>]) {
    text.push_str(&docs::lines("", description));
    let _ = writeln!(text, "#[derive(Clone, Debug)]\npub struct {group} {{\n    pub(crate) client: ProjectClient,");
    for name in scope {
        let _ = writeln!(text, "    pub(crate) {name}: String,");
    }
    let _ = writeln!(text, "}}\n\nimpl {group} {{");
    let mut functions = String::new();
    for builder in builders {
        builder.constructor(&mut functions, scope);
    }
    text.push_str(functions.trim_end());
    text.push_str("\n}\n\n");
}

/// What a file needs from elsewhere.
fn uses(builders: &[Builder<'_>]) -> String {
    let mut text = String::new();
    let is_paged = |style: fn(&PageStyle) -> bool| {
        builders.iter().any(|builder| builder.page.as_ref().is_some_and(|page| style(&page.how)))
    };
    let parts = || {
        builders.iter().flat_map(|builder| match &builder.body {
            Body::Parts(parts) => parts.iter(),
            _ => [].iter(),
        })
    };
    text.push_str("use super::{api, raw};\n");
    text.push_str(
        "#[allow(unused_imports, reason = \"not every group takes or gives types of the API\")]\nuse api::types;\n\n",
    );
    text.push_str("use crate::client::ProjectClient;\n");
    if builders.iter().any(|builder| builder.job.is_some()) {
        text.push_str("use crate::jobs::{job, job_status};\n");
    }
    let has_bytes = builders.iter().any(|builder| matches!(builder.body, Body::Bytes));
    if parts().next().is_some() || has_bytes {
        text.push_str("use crate::multipart::{FileContent, Form};\n");
    }
    if is_paged(|style| matches!(style, PageStyle::Cursor { .. })) {
        text.push_str("use crate::pager::paged_by_cursor;\n");
    }
    if is_paged(|style| matches!(style, PageStyle::Link { .. })) {
        text.push_str("use crate::pager::paged_by_link;\n");
    }
    text.push_str("use crate::request::Request;\n");
    let has = |uses: fn(&Builder<'_>) -> bool| builders.iter().any(uses);
    let macros = [
        ("operation", has(|builder| !builder.is_upload())),
        ("streamed", has(|builder| builder.twin.is_some())),
        ("upload", has(|builder| builder.is_upload())),
    ];
    let used: Vec<&str> = macros.iter().filter(|(_, is_used)| *is_used).map(|(name, _)| *name).collect();
    let _ = match &used[..] {
        [one] => writeln!(text, "use crate::request::{one};\n"),
        used => writeln!(text, "use crate::request::{{{}}};\n", used.join(", ")),
    };
    text
}

/// A type as the SDK writes it.
pub(super) fn qualified(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Integer => "i64".to_owned(),
        Type::Number => "f64".to_owned(),
        Type::Timestamp | Type::TextTimestamp => "foundry_raw::Timestamp".to_owned(),
        Type::Secret => "foundry_raw::Secret".to_owned(),
        Type::Any => "serde_json::Value".to_owned(),
        Type::Object => "serde_json::Map<String, serde_json::Value>".to_owned(),
        Type::Vec(item) => format!("Vec<{}>", qualified(item)),
        Type::List(item) => format!("foundry_raw::List<{}>", qualified(item)),
        Type::Map(item) => format!("std::collections::BTreeMap<String, {}>", qualified(item)),
        Type::Named(name) => format!("types::{name}"),
    }
}

fn output(ty: &Type) -> String {
    match ty {
        Type::Named(name) if name == "()" => "()".to_owned(),
        Type::Named(name) if name == "ByteStream" => "foundry_raw::ByteStream".to_owned(),
        ty => qualified(ty),
    }
}

/// The type of an argument as a builder holds it.
fn owned(ty: &ArgumentType) -> String {
    match ty {
        ArgumentType::Text => "String".to_owned(),
        ArgumentType::Plain(name) => name.clone(),
        ArgumentType::Named(name) => format!("types::{name}"),
        ArgumentType::List(item) => format!("Vec<{item}>"),
        ArgumentType::Json(name) => (*name).to_owned(),
        ArgumentType::Form | ArgumentType::Bytes => "Form".to_owned(),
    }
}

/// An argument as it is handed to the client's method.
fn passed(argument: &Argument) -> String {
    let name = &argument.name;
    match (&argument.ty, argument.optional) {
        (ArgumentType::Form, _) => "form".to_owned(),
        (ArgumentType::Bytes, _) => "body".to_owned(),
        (ArgumentType::Text, true) => format!("this.{name}.as_deref()"),
        (ArgumentType::Plain(_), _) => format!("this.{name}"),
        // An optional body is sent all the same: without any of its properties it is empty.
        (ArgumentType::Named(_), true) if name == "body" => "Some(&this.body)".to_owned(),
        (ArgumentType::Named(_) | ArgumentType::List(_) | ArgumentType::Json(_), true) => {
            format!("this.{name}.as_ref()")
        }
        (ArgumentType::Text | ArgumentType::Named(_) | ArgumentType::List(_) | ArgumentType::Json(_), false) => {
            format!("&this.{name}")
        }
    }
}

/// The type of a parameter that becomes an argument of a body's `new`.
fn taken(field: &Field) -> String {
    let is_option = matches!(field.presence, Presence::Nullable | Presence::Optional);
    match &field.ty {
        ty if is_option && field.boxed => format!("Option<Box<{}>>", qualified(ty)),
        ty if is_option => format!("Option<{}>", qualified(ty)),
        Type::Vec(item) | Type::List(item) => format!("impl IntoIterator<Item = impl Into<{}>>", qualified(item)),
        Type::Map(item) => {
            format!("impl IntoIterator<Item = (impl Into<String>, impl Into<{}>)>", qualified(item))
        }
        ty => format!("impl Into<{}>", qualified(ty)),
    }
}
