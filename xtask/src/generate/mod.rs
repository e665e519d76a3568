//! `cargo xtask generate`: from the documents in `openapi/` to the generated files.

mod api;
mod builders;
mod calls;
mod client;
mod docs;
mod files;
mod inspect;
mod loosened;
mod names;
mod operations;
mod read;
mod sources;
mod surface;
mod types;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use openapi_compare::Document;
use sha2::{Digest as _, Sha256};

pub(crate) use self::files::read_text;
use self::files::{Files, State};
use self::names::Names;
use self::sources::Sources;
use crate::failure::Failure;
use crate::normalize;
use crate::overlay::Overlay;

/// What to generate, and how.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Write nothing; say what is stale.
    pub(crate) check: bool,
    /// With `check`: show the differences.
    pub(crate) verbose: bool,
    /// The APIs; all of them if empty.
    pub(crate) apis: Vec<String>,
}

/// Where the generated code of foundry-raw stands.
const GENERATED: &str = "crates/foundry-raw/src/generated";
/// Where the SDK's side of it stands.
const GENERATED_SDK: &str = "crates/foundry-sdk/src/generated";
/// Where its tests list all requests.
const CALLS: &str = "crates/foundry-sdk/tests/operations/generated";

/// Runs the generator; `false` if something is stale.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool, Failure> {
    let start = Instant::now();
    let mut sources = Sources::read(root)?;
    if let Some(unknown) = options.apis.iter().find(|api| !sources.apis().any(|known| known == *api)) {
        let known: Vec<&str> = sources.apis().collect();
        return Err(Failure::new(
            format!("there is no API `{unknown}`"),
            "openapi/sources.toml",
            format!("name one of: {}", known.join(", ")),
        ));
    }
    let all: Vec<String> = sources.apis().map(str::to_owned).collect();
    let mut files = Files::default();
    let mut summary = Vec::new();
    for name in &all {
        if options.apis.is_empty() || options.apis.contains(name) {
            summary.push(generate_api(root, name, &mut sources, &mut files)?);
        }
    }
    if options.apis.is_empty() {
        files.own_folder(GENERATED);
        files.own_folder(GENERATED_SDK);
        files.own_folder(CALLS);
    }
    files.add(format!("{GENERATED}/mod.rs"), root_module(&sources));
    files.add(format!("{GENERATED_SDK}/mod.rs"), root_module_of_sdk(&sources));
    files.add("openapi/sources.toml", sources.to_text());

    if options.check {
        let states = files.compare(root)?;
        let fresh = states.iter().all(|(_, state)| matches!(state, State::Fresh));
        for (path, state) in &states {
            match state {
                State::Fresh => println!("Fresh {path}"),
                State::Stale { difference } => {
                    println!("Stale {path}");
                    if options.verbose {
                        print!("{difference}");
                    }
                }
            }
        }
        return Ok(fresh);
    }
    for path in files.write(root)? {
        println!("Wrote {path}");
    }
    for line in summary {
        println!("{line}");
    }
    println!("Generated in {:.1} s", start.elapsed().as_secs_f64());
    Ok(true)
}

/// Generates one API and returns a line about it.
fn generate_api(root: &Path, name: &str, sources: &mut Sources, files: &mut Files) -> Result<String, Failure> {
    let folder = root.join("openapi").join(name);
    let path = folder.join("openapi.json");
    let shown = format!("openapi/{name}/openapi.json");
    let bytes = std::fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
    let document = checked(&bytes, &shown)?;
    let overlay_text = files::read_text(&folder.join("overlay.yaml"))?;
    let names_text = files::read_text(&folder.join("names.toml"))?;

    let published = document.into_value();
    let mut described = published.clone();
    let overlay_name = format!("openapi/{name}/overlay.yaml");
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            error.to_string(),
            &overlay_name,
            "correct the action, or take it out if the document no longer needs it",
        )
    };
    let overlay = Overlay::parse(&overlay_text, &overlay_name).map_err(|error| failed(&error))?;
    let applied = overlay.apply(&mut described).map_err(|error| failed(&error))?;
    // An overlay may break a document too.
    let after = format!("{shown} after {overlay_name}");
    let described = Document::from_value(described, &after)
        .map_err(|error| Failure::new(error.to_string(), &after, "correct the overlay"))?;
    holds_together(&described)?;
    let mut described = described.into_value();
    let corrected = described.clone();

    let mut matched = normalize::run(normalize::SCHEMAS, &mut described)?;
    let mut names = Names::parse(&names_text, &format!("openapi/{name}/names.toml"))?;
    let source = sources.get(name)?;
    let (module, feature) = (source.module.clone(), source.feature.clone());
    let api = read::read(name, &module, &published, &described, &mut names)?;
    let mut for_progenitor = described.clone();
    matched.extend(normalize::run(normalize::OPERATIONS, &mut for_progenitor)?);
    normalize::check_recorded(name, &sources.get(name)?.passes, &matched)?;
    let rust_names: BTreeMap<String, String> =
        api.types.iter().map(|(rust, definition)| (definition.document.clone(), rust.clone())).collect();
    rename_operations(&api, &mut for_progenitor);
    let (client_files, methods) = client::emit(&api, for_progenitor, &rust_names)?;

    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    let header = format!(
        "// @generated by `cargo xtask generate` from {shown} (sha256 {sha256}) and {overlay_name}. DO NOT EDIT.\n"
    );
    let target = format!("{GENERATED}/{module}");
    files.own_folder(&target);
    let api_files = types::emit(&api).into_iter().chain(client_files).chain([
        ("inspect.rs".to_owned(), inspect::emit(&api)),
        ("operations.rs".to_owned(), operations::emit(&api)),
        ("mod.rs".to_owned(), module_text(&api)),
    ]);
    let mut lines = 0;
    for (path, text) in api_files {
        let text = format!("{header}{text}");
        lines += text.lines().count();
        files.add(format!("{target}/{path}"), text);
    }
    files.add(format!("{target}/surface.txt"), surface::emit(&api, &methods));
    let requests = builders::emit(&api, &methods)?;
    let target_of_sdk = format!("{GENERATED_SDK}/{module}");
    files.own_folder(&target_of_sdk);
    for (path, text) in requests.files {
        let text = format!("{header}{text}");
        lines += text.lines().count();
        files.add(format!("{target_of_sdk}/{path}"), text);
    }
    files.add(format!("{target_of_sdk}/surface.txt"), surface::of_builders(&api, &requests.surface));
    files.add(format!("{CALLS}/{module}.rs"), format!("{header}{}", requests.calls));
    files.add(format!("{target}/loosened.tsv"), loosened::emit(&api));
    files.add(format!("openapi/{name}/names.toml"), names.to_text(&names_text));
    // A crate that embeds a document has a copy of its own, or it could not be packaged. What is
    // corrected holds for the emulator too.
    let document_text = format!("{corrected:#}\n");
    files.add(format!("crates/foundry-emulator/openapi/{name}.json"), document_text);
    sources.update(name, &sha256, matched.iter().map(|(pass, _)| (*pass).to_owned()).collect())?;
    let passes: Vec<String> = matched.iter().map(|(pass, count)| format!("{pass} {count}")).collect();
    Ok(format!(
        "{name} (feature {feature}): {} operations, {} methods, {} types, {lines} lines; overlay: {} actions on {} places; passes: {}",
        api.operations.len(),
        methods.len(),
        api.types.len(),
        applied.actions,
        applied.nodes,
        passes.join(", ")
    ))
}

/// The document, which is OpenAPI 3.0 and holds together.
fn checked(bytes: &[u8], name: &str) -> Result<Document, Failure> {
    let document = Document::from_slice(bytes, name)
        .map_err(|error| Failure::new(error.to_string(), name, "correct the document, or restore it"))?;
    holds_together(&document)?;
    Ok(document)
}

fn holds_together(document: &Document) -> Result<(), Failure> {
    if !matches!(document.version(), openapi_compare::SpecVersion::OpenApi3_0(_)) {
        return Err(Failure::new(
            format!("the document is {}, the generator takes OpenAPI 3.0", document.version()),
            document.name(),
            "convert it to OpenAPI 3.0 first",
        ));
    }
    if let Err(problems) = document.check_with(openapi_compare::Check::default().operation_ids_required(true)) {
        let mut text = String::from("the document does not hold together:");
        for problem in &problems {
            let _ = write!(text, "\n  - {problem}");
        }
        return Err(Failure::new(text, document.name(), "correct the document at these places"));
    }
    Ok(())
}

/// Gives the operations the names that the client's methods are to have.
fn rename_operations(api: &api::Api, document: &mut serde_json::Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in
        paths.values_mut().filter_map(serde_json::Value::as_object_mut).flat_map(serde_json::Map::values_mut)
    {
        let Some(id) = operation.get("operationId").and_then(serde_json::Value::as_str) else { continue };
        let (base, suffix) = match id.strip_suffix("_stream") {
            Some(base) if api.operations.iter().any(|operation| operation.id == base) => (base, "_stream"),
            _ => (id, ""),
        };
        if let Some(known) = api.operations.iter().find(|operation| operation.id == base) {
            operation["operationId"] = format!("{}{suffix}", known.name).into();
        }
    }
}

fn module_text(api: &api::Api) -> String {
    format!(
        "//! The API of api-version {}: client, wire types and operation table.\n\n\
         mod client;\n#[cfg(feature = \"inspect\")]\npub(crate) mod inspect;\npub mod operations;\npub mod types;\n\n\
         pub use client::Client;\npub use operations::OPERATIONS;\n",
        api.name
    )
}

/// The module of all APIs, each behind its feature.
fn root_module(sources: &Sources) -> String {
    let mut text = String::from(
        "// @generated by `cargo xtask generate` from openapi/sources.toml. DO NOT EDIT.\n//! One module per API, each behind a feature of its own.\n",
    );
    for name in sources.apis() {
        if let Ok(source) = sources.get(name) {
            let _ = write!(text, "\n#[cfg(feature = {:?})]\npub mod {};\n", source.feature, source.module);
        }
    }
    text.push_str("\n/// What can be decoded by name.\n#[cfg(feature = \"inspect\")]\npub(crate) static INSPECT: &[&crate::inspect::ApiEntry] = &[\n");
    for name in sources.apis() {
        if let Ok(source) = sources.get(name) {
            let _ = writeln!(text, "    #[cfg(feature = {:?})]\n    &{}::inspect::API,", source.feature, source.module);
        }
    }
    text.push_str("];\n");
    text
}

/// The SDK's modules of all APIs.
fn root_module_of_sdk(sources: &Sources) -> String {
    let mut text = String::from(
        "// @generated by `cargo xtask generate` from openapi/sources.toml. DO NOT EDIT.\n//! Groups and requests of each API.\n",
    );
    for name in sources.apis() {
        if let Ok(source) = sources.get(name) {
            let _ = write!(text, "\n#[cfg(feature = {:?})]\npub(crate) mod {};\n", source.feature, source.module);
        }
    }
    text
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
