//! The client's methods: progenitor builds the requests, a rewriting of its syntax tree sends them
//! through the transport.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use heck::ToSnakeCase as _;
use proc_macro2::{TokenStream, TokenTree};
use progenitor::{GenerationSettings, Generator, TypeImpl};
use quote::quote;
use serde_json::{Value, json};
use syn::{Block, Expr, ImplItem, ImplItemFn, Item, Stmt, Type, parse_quote};

use super::api::{Api, Operation};
use super::docs;
use super::operations::constant;
use crate::failure::Failure;

/// What the twin of an operation that may stream is called.
pub(crate) const STREAM_SUFFIX: &str = "_stream";

/// The files of an API's client: path under the API's folder -> text without its first line; and
/// the names of all methods.
pub(crate) fn emit(
    api: &Api,
    mut document: Value,
    rust_names: &BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Vec<Method>), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            format!("progenitor refuses the document: {error}"),
            format!("openapi/{}/openapi.json, after all passes", api.name),
            "add a pass for what it names",
        )
    };
    stub_schemas(api, &mut document, rust_names);
    let specification: openapiv3::OpenAPI = serde_json::from_value(document).map_err(|error| failed(&error))?;
    let mut settings = GenerationSettings::new();
    for name in api.types.keys() {
        settings.with_replacement(name, format!("types::{name}"), [TypeImpl::Display, TypeImpl::FromStr].into_iter());
    }
    // progenitor panics on what it does not expect; its message is on stderr by then.
    let mut generator = Generator::new(&settings);
    let tokens = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| generator.generate_tokens(&specification)))
        .map_err(|_| failed(&"it panicked, see the message above"))?
        .map_err(|error| failed(&error))?;
    let file: syn::File = syn::parse2(tokens).map_err(|error| failed(&error))?;

    let mut groups: BTreeMap<String, Vec<ImplItemFn>> = BTreeMap::new();
    let mut methods = Vec::new();
    let by_name = api.operations.iter().map(|operation| (operation.name.as_str(), operation)).collect();
    for item in file.items {
        let Item::Impl(block) = item else { continue };
        if block.trait_.is_some() {
            continue;
        }
        for item in block.items {
            let ImplItem::Fn(mut function) = item else { continue };
            if function.sig.asyncness.is_none() {
                continue;
            }
            let name = function.sig.ident.to_string();
            let (operation, streams) = operation(api, &by_name, &name)?;
            rewrite(&mut function, operation, streams)?;
            let arguments = arguments(&function, &operation.id)?;
            methods.push(Method { name, operation: operation.id.clone(), is_twin: streams, arguments });
            groups.entry(operation.group.clone()).or_default().push(function);
        }
    }
    check_count(api, &methods)?;
    let mut files = BTreeMap::new();
    let mut modules = format!("//! The client of api-version {}.\n\n", api.name);
    let with_openai = api.operations.iter().any(|operation| operation.path.starts_with(OPENAI));
    modules.push_str(&client_text(api, with_openai));
    for (group, functions) in groups {
        let module = group.to_snake_case();
        let _ = writeln!(modules, "mod {module};");
        let text = prettyplease::unparse(&parse_quote! {
            use super::{Client, operations, types};
            #[allow(unused_imports, reason = "not every group has all kinds of operations")]
            use crate::client::{built, path_segment, send, send_empty, send_stream, set_header};
            #[allow(unused_imports, reason = "not every group has all kinds of operations")]
            use crate::{ByteStream, Error, Reply};

            impl Client {
                #(#functions)*
            }
        });
        let text = text.replace("\n    ///", "\n\n    ///").replace("{\n\n    ///", "{\n    ///");
        let text = join_doc_lines(&text).replace("\nimpl ", "\n\nimpl ").replace(") ?,", ")?,");
        files.insert(format!("client/{module}.rs"), format!("//! Operations of the group {group}.\n\n{text}"));
    }
    files.insert("client/mod.rs".to_owned(), modules);
    methods.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((files, methods))
}

/// A method of the client.
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) is_twin: bool,
    pub(crate) arguments: Vec<Argument>,
}

/// An argument of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) ty: ArgumentType,
    pub(crate) optional: bool,
}

/// What a method takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentType {
    /// Text, borrowed.
    Text,
    /// A plain value: `i64`, `bool`.
    Plain(String),
    /// A type of the API, borrowed.
    Named(String),
    /// Several values, borrowed: texts, plain ones, or of a type of the API (`types::X`).
    List(String),
    /// Any JSON: an object, or any value.
    Json(&'static str),
    /// The parts of a multipart body.
    Form,
    /// The bytes of a body.
    Bytes,
}

/// What a borrowed list holds, as the SDK writes it.
fn list_item(ty: &str) -> Option<String> {
    match ty.strip_prefix("&::std::vec::Vec<")?.strip_suffix('>')? {
        "::std::string::String" => Some("String".to_owned()),
        plain @ ("bool" | "i64" | "i32" | "u64" | "u32" | "f64") => Some(plain.to_owned()),
        item => item.strip_prefix("types::").is_some_and(super::names::is_type).then(|| item.to_owned()),
    }
}

/// What a rewritten method takes beside `self`.
fn arguments(function: &ImplItemFn, operation: &str) -> Result<Vec<Argument>, Failure> {
    let mut found = Vec::new();
    for input in &function.sig.inputs {
        let syn::FnArg::Typed(argument) = input else { continue };
        let syn::Pat::Ident(name) = &*argument.pat else { continue };
        let ty = &argument.ty;
        let shown: String = quote!(#ty).to_string().replace("'a ", "").split_whitespace().collect();
        let (inner, optional) = match shown.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
            Some(inner) => (inner, true),
            None => (shown.as_str(), false),
        };
        let ty = match inner {
            "&str" => ArgumentType::Text,
            "reqwest::multipart::Form" => ArgumentType::Form,
            "reqwest::Body" => ArgumentType::Bytes,
            "&::serde_json::Value" => ArgumentType::Json("serde_json::Value"),
            "&::serde_json::Map<::std::string::String,::serde_json::Value>" => {
                ArgumentType::Json("serde_json::Map<String, serde_json::Value>")
            }
            "bool" | "i64" | "i32" | "u64" | "u32" | "f64" => ArgumentType::Plain(inner.to_owned()),
            inner => match (inner.strip_prefix("&types::"), list_item(inner)) {
                (_, Some(item)) => ArgumentType::List(item),
                (Some(name), _) if super::names::is_type(name) => ArgumentType::Named(name.to_owned()),
                _ => {
                    return Err(Failure::new(
                        format!("the client's method takes `{shown}`, which no builder can hold yet"),
                        format!("operation `{operation}`, argument `{}`", name.ident),
                        "teach it to xtask/src/generate/builders.rs",
                    ));
                }
            },
        };
        found.push(Argument { name: name.ident.to_string(), ty, optional });
    }
    Ok(found)
}

const CLIENT: &str = r#"use std::sync::Arc;

use crate::transport::SharedTransport;
use crate::{DirectTransport, Transport};

#[allow(unused_imports, reason = "the methods of each group use them")]
use super::{operations, types};

/// The client: one method per operation.
///
/// Cheap to clone. It builds requests and hands them to its [`Transport`].
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) baseurl: Arc<str>,
//OPENAI    /// What the OpenAI-shaped operations stand under.
//OPENAI    pub(super) openai: Arc<str>,
    pub(super) client: reqwest::Client,
    pub(super) transport: SharedTransport,
}

impl Client {
    /// A client of the project at `endpoint` that sends by [`DirectTransport`]: once, with the
    /// credentials that `client` adds by itself.
    pub fn new(endpoint: &str, client: reqwest::Client) -> Self {
        let transport = Arc::new(DirectTransport::new(client.clone()));
        Self::with_transport(endpoint, client, transport)
    }

    /// A client that builds requests with `client` and sends them by `transport`.
    pub fn with_transport(endpoint: &str, client: reqwest::Client, transport: Arc<dyn Transport>) -> Self {
        let endpoint = endpoint.trim_end_matches('/');
        Self {
            baseurl: endpoint.into(),
//OPENAI            openai: format!("{endpoint}/openai/v1").into(),
            client,
            transport: SharedTransport(transport),
        }
    }

    /// The same client with another transport: that is how the options of one call travel.
    #[must_use]
    pub fn over(&self, transport: Arc<dyn Transport>) -> Self {
        Self { transport: SharedTransport(transport), ..self.clone() }
    }
//AGENT
//AGENT    /// The same client with the OpenAI-shaped operations of one agent: their paths begin with
//AGENT    /// `AGENT_PATH` instead of `/openai/v1`. [`operations::AGENT_SCOPE`] says what has to be sent
//AGENT    /// with them.
//AGENT    ///
//AGENT    /// # Errors
//AGENT    /// The name cannot stand in a path.
//AGENT    pub fn for_agent(&self, agent_name: &str) -> Result<Self, crate::Error> {
//AGENT        let name = crate::client::path_segment("agent_name", agent_name)?;
//AGENT        let path = operations::AGENT_SCOPE.path.replace("{agent_name}", &name);
//AGENT        Ok(Self { openai: format!("{}{path}", self.baseurl).into(), ..self.clone() })
//AGENT    }
}

"#;

/// The client's type, with what this API has of the OpenAI-shaped operations.
fn client_text(api: &Api, with_openai: bool) -> String {
    let mut text = String::new();
    for line in CLIENT.lines() {
        let line = match (line.strip_prefix("//OPENAI"), line.strip_prefix("//AGENT"), &api.agent_scope) {
            (Some(line), _, _) if with_openai => line,
            (_, Some(line), Some(_)) if with_openai => line,
            (None, None, _) => line,
            _ => continue,
        };
        let path = api.agent_scope.as_ref().map_or("", |scope| &scope.path);
        let _ = writeln!(text, "{}", line.replace("AGENT_PATH", path));
    }
    text
}

/// Replaces every schema by one that says nothing: progenitor uses our types by their names and
/// must not look into them.
fn stub_schemas(api: &Api, document: &mut Value, rust_names: &BTreeMap<String, String>) {
    let stub = json!({ "type": "object", "properties": { "stub": { "type": "string" } } });
    let stubs: serde_json::Map<String, Value> = api.types.keys().map(|name| (name.clone(), stub.clone())).collect();
    document["components"] = json!({ "schemas": stubs });
    rename(document, rust_names);
    if let Some(root) = document.as_object_mut() {
        root.retain(|key, _| matches!(key.as_str(), "openapi" | "info" | "paths" | "components"));
    }
}

fn rename(value: &mut Value, rust_names: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if key == "$ref"
                    && let Some(name) =
                        inner.as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/"))
                    && let Some(rust) = rust_names.get(name)
                {
                    *inner = format!("#/components/schemas/{rust}").into();
                    continue;
                }
                rename(inner, rust_names);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| rename(inner, rust_names)),
        _ => {}
    }
}

/// The operation that a method of progenitor's is for, and whether it is the streaming twin.
fn operation<'a>(
    api: &Api,
    by_name: &BTreeMap<&str, &'a Operation>,
    method: &str,
) -> Result<(&'a Operation, bool), Failure> {
    let find = |name: &str| by_name.get(name).copied();
    if let Some(operation) = find(method) {
        return Ok((operation, false));
    }
    match method.strip_suffix(STREAM_SUFFIX).and_then(find) {
        Some(operation) => Ok((operation, true)),
        None => Err(Failure::new(
            format!("progenitor made a method `{method}` that belongs to no operation"),
            format!("openapi/{}/openapi.json", api.name),
            "check the passes over operations",
        )),
    }
}

/// Operations out must be operations in and the listed twins.
fn check_count(api: &Api, methods: &[Method]) -> Result<(), Failure> {
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for method in methods {
        *counts.entry((&method.operation, method.is_twin)).or_default() += 1;
    }
    for operation in &api.operations {
        let of = |is_twin| counts.get(&(operation.id.as_str(), is_twin)).copied().unwrap_or_default();
        let (made, twins) = (of(false), of(true));
        let expected = usize::from(operation.streaming == super::api::Streaming::Optional);
        if made != 1 || twins != expected {
            return Err(Failure::new(
                format!("{made} methods and {twins} streaming twins came out for the operation `{}`", operation.id),
                format!("{} {}", operation.method, operation.path),
                format!("one method and {expected} twins were expected: check the passes over operations"),
            ));
        }
    }
    Ok(())
}

/// Keeps how progenitor builds the request, and replaces what it does with it.
fn rewrite(function: &mut ImplItemFn, operation: &Operation, streams: bool) -> Result<(), Failure> {
    let unexpected = |what: &str| {
        Failure::new(
            format!("progenitor's method `{}` is not of the form the rewriting knows: {what}", function.sig.ident),
            "xtask/src/generate/client.rs",
            "look at what this version of progenitor emits",
        )
    };
    let entry: syn::Ident = syn::parse_str(&constant(operation)).map_err(|error| unexpected(&error.to_string()))?;
    let mut url = None;
    let mut builder = None;
    for statement in &function.block.stmts {
        let Stmt::Local(local) = statement else { continue };
        let syn::Pat::Ident(name) = &local.pat else { continue };
        let value = local.init.as_ref().map(|init| (*init.expr).clone());
        match name.ident.to_string().as_str() {
            "url" => url = value,
            "request" => builder = value,
            _ => {}
        }
    }
    let mut url = url.ok_or_else(|| unexpected("no `url`"))?;
    let mut builder = builder.ok_or_else(|| unexpected("no `request`"))?;
    let Expr::Macro(format) = &mut url else { return Err(unexpected("the URL's format")) };
    format.mac.tokens = checked_segments(std::mem::take(&mut format.mac.tokens));
    // `.build()?` comes off; the error becomes ours.
    if let Expr::Try(inner) = builder {
        builder = *inner.expr;
    }
    if operation.path.starts_with(OPENAI) {
        open_agent_scope(&mut format.mac.tokens);
    }
    let multipart = operation.request_content_type.as_deref() == Some("multipart/form-data");
    let is_bytes = operation.request_content_type.as_deref() == Some("application/octet-stream");
    builder = strip_builder(builder, multipart).ok_or_else(|| unexpected("the request's builder"))?;

    let (send, answer): (syn::Ident, Type) =
        answer(&function.sig.output, streams).ok_or_else(|| unexpected("the answer's type"))?;
    function.sig.output = parse_quote!(-> Result<Reply<#answer>, Error>);
    if multipart || is_bytes {
        let body: Type = if multipart { parse_quote!(reqwest::multipart::Form) } else { parse_quote!(reqwest::Body) };
        function.sig.generics.params = function
            .sig
            .generics
            .params
            .iter()
            .filter(|parameter| !matches!(parameter, syn::GenericParam::Type(_)))
            .cloned()
            .collect();
        for input in &mut function.sig.inputs {
            if let syn::FnArg::Typed(argument) = input
                && matches!(&*argument.pat, syn::Pat::Ident(name) if name.ident == "body")
            {
                *argument.ty = body.clone();
            }
        }
    }
    let mut headers: Vec<Stmt> = Vec::new();
    for (name, argument) in &operation.headers {
        let argument: syn::Ident = syn::parse_str(argument).map_err(|error| unexpected(&error.to_string()))?;
        let is_optional = function.sig.inputs.iter().any(|input| {
            let shown = quote!(#input).to_string();
            shown.starts_with(&format!("{argument} :")) && shown.contains("Option <")
        });
        let value: Expr = if is_optional { parse_quote!(#argument) } else { parse_quote!(Some(#argument)) };
        headers.push(parse_quote!(set_header(&mut request, #name, #value)?;));
    }
    let request: Stmt = match headers.is_empty() {
        true => parse_quote!(let request = built(#builder)?;),
        false => parse_quote!(let mut request = built(#builder)?;),
    };
    let block: Block = parse_quote!({
        let url = #url;
        #request
        #(#headers)*
        #send(&self.transport, request, &operations::#entry).await
    });
    function.block = block;
    document(function, operation, streams);
    Ok(())
}

/// What the OpenAI-shaped operations' paths begin with, unless they are an agent's own.
const OPENAI: &str = "/openai/v1/";

/// `"{}/openai/v1/x", self.baseurl` becomes `"{}/x", self.openai`, which may be an agent's own path.
fn open_agent_scope(tokens: &mut TokenStream) {
    let mut is_base = false;
    *tokens = std::mem::take(tokens)
        .into_iter()
        .map(|token| match &token {
            TokenTree::Literal(literal) => {
                let text = literal.to_string().replacen(&format!("{{}}{OPENAI}"), "{}/", 1);
                let mut text: proc_macro2::Literal = text.parse().unwrap_or_else(|_| literal.clone());
                text.set_span(literal.span());
                TokenTree::Literal(text)
            }
            TokenTree::Ident(ident) if *ident == "baseurl" && !is_base => {
                is_base = true;
                TokenTree::Ident(syn::Ident::new("openai", ident.span()))
            }
            _ => token,
        })
        .collect();
}

/// `encode_path(&name.to_string())` becomes `path_segment("name", name)?`, which refuses what would
/// be another path.
fn checked_segments(tokens: TokenStream) -> TokenStream {
    let mut checked = TokenStream::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "encode_path" => {
                let parameter = tokens.next().and_then(|group| match group {
                    TokenTree::Group(group) => group.stream().into_iter().find_map(|token| match token {
                        TokenTree::Ident(ident) => Some(ident),
                        _ => None,
                    }),
                    _ => None,
                });
                let name = parameter.as_ref().map(ToString::to_string).unwrap_or_default();
                checked.extend(quote!(path_segment(#name, #parameter)?));
            }
            token => checked.extend([token]),
        }
    }
    checked
}

/// Takes the headers off that the transport sets, and encodes bodies as requests.
fn strip_builder(builder: Expr, multipart: bool) -> Option<Expr> {
    let Expr::MethodCall(mut call) = builder else { return Some(builder) };
    let method = call.method.to_string();
    let receiver = strip_builder(*call.receiver, multipart)?;
    match method.as_str() {
        // api-version as a header, which no operation takes; Accept and Content-Type are the
        // operation table's.
        "headers" | "header" => {
            let shown = {
                let arguments = &call.args;
                quote!(#arguments).to_string()
            };
            if method == "headers" || shown.contains("ACCEPT") || shown.contains("CONTENT_TYPE") {
                return Some(receiver);
            }
        }
        "json" => {
            let body = call.args.first()?.clone();
            let body = match body {
                Expr::Reference(reference) => *reference.expr,
                body => body,
            };
            let body: Expr = parse_quote!(&crate::wire::RequestBody(#body));
            call.args = syn::punctuated::Punctuated::from_iter([body]);
        }
        "body" if multipart => call.method = parse_quote!(multipart),
        _ => {}
    }
    call.receiver = Box::new(receiver);
    Some(Expr::MethodCall(call))
}

/// How an answer is read, and its type, from `Result<ResponseValue<T>, Error<()>>`.
fn answer(output: &syn::ReturnType, streams: bool) -> Option<(syn::Ident, Type)> {
    let syn::ReturnType::Type(_, ty) = output else { return None };
    let inner = argument(&argument(ty)?)?;
    let shown = quote!(#inner).to_string();
    let send = match shown.as_str() {
        "ByteStream" => "send_stream",
        "()" => "send_empty",
        _ if streams => return None,
        _ => "send",
    };
    Some((syn::Ident::new(send, proc_macro2::Span::call_site()), inner))
}

/// The first type argument of a type.
fn argument(ty: &Type) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}

/// What a caller has to say to get a stream.
fn asked_for(operation: &Operation) -> &'static str {
    match &operation.request {
        _ if operation.parameters.iter().any(|(name, _)| name == "stream") => "; `stream` has to be `Some(true)`",
        Some(super::api::Type::Named(_)) => "; the body has to say `stream: true`",
        // The header `Accept` says it.
        _ => "",
    }
}

/// The documentation of a method; progenitor's has no place for the twin and drops full stops.
fn document(function: &mut ImplItemFn, operation: &Operation, streams: bool) {
    let mut text = operation.summary.clone().unwrap_or_else(|| format!("The operation `{}`.", operation.id));
    if let Some(description) = &operation.description {
        let _ = write!(text, "\n\n{description}");
    }
    if streams {
        let _ = write!(text, "\n\nAnswers with the event stream{}.", asked_for(operation));
    }
    let _ = write!(text, "\n\nSends a `{}` request to `{}`.", operation.method, operation.path);
    let arguments: Vec<String> = function
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            syn::FnArg::Typed(argument) => Some(argument),
            syn::FnArg::Receiver(_) => None,
        })
        .filter_map(|argument| {
            let syn::Pat::Ident(name) = &*argument.pat else { return None };
            let name = name.ident.to_string();
            let (_, description) = operation.parameters.iter().find(|(wire, _)| wire.to_snake_case() == name)?;
            Some(format!("- `{name}`: {description}"))
        })
        .collect();
    if !arguments.is_empty() {
        let _ = write!(text, "\n\n# Arguments\n{}", arguments.join("\n"));
    }
    text.push_str(
        "\n\n# Errors\nA path parameter is empty, the transport failed, the status is no success, or the answer\ncannot be decoded.",
    );
    let lines = docs::lines("", &text);
    function.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    for line in lines.lines() {
        let line = line.strip_prefix("///").unwrap_or(line);
        function.attrs.push(parse_quote!(#[doc = #line]));
    }
}

/// prettyplease separates nothing; methods are told apart by an empty line before their docs.
fn join_doc_lines(text: &str) -> String {
    let mut joined = String::new();
    let mut lines = text.lines().peekable();
    let mut previous_is_doc = false;
    while let Some(line) = lines.next() {
        let is_doc = line.trim_start().starts_with("///");
        let next_is_doc = lines.peek().is_some_and(|next| next.trim_start().starts_with("///"));
        if line.is_empty() && previous_is_doc && next_is_doc {
            continue;
        }
        if !line.is_empty() {
            previous_is_doc = is_doc;
        }
        joined.push_str(line);
        joined.push('\n');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_texts_plain_values_and_types_of_the_api() {
        for (ty, item) in [
            ("&::std::vec::Vec<::std::string::String>", Some("String")),
            ("&::std::vec::Vec<i64>", Some("i64")),
            ("&::std::vec::Vec<types::Mode>", Some("types::Mode")),
            ("&::std::vec::Vec<::std::vec::Vec<i64>>", None),
            ("&::std::vec::Vec<types::a::B>", None),
            ("&types::Mode", None),
        ] {
            assert_eq!(list_item(ty).as_deref(), item, "{ty}");
        }
    }
}
