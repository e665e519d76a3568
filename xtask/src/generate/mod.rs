//! `cargo xtask generate`: from the documents in `openapi/` to the generated files.

mod api;
mod builders;
mod calls;
mod client;
mod cycles;
mod docs;
mod files;
mod guide;
mod index;
mod inspect;
mod jobs;
mod loosened;
mod names;
mod operations;
mod read;
mod sdk;
mod shared;
mod sources;
mod surface;
mod types;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use openapi_compare::Document;
use sha2::{Digest as _, Sha256};

use self::files::State;
pub(crate) use self::files::{Files, Inputs, read_text};
pub(crate) use self::names::{Names, is_module};
pub(crate) use self::sources::{FILE as SOURCES, Sources};
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
    let Made { files, summary } = make(&Inputs::new(root), options)?;
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

/// What the generator makes: files that are not written yet, and a line about each API.
pub(crate) struct Made {
    pub(crate) files: Files,
    pub(crate) summary: Vec<String>,
}

/// Makes everything, and writes nothing.
pub(crate) fn make(inputs: &Inputs<'_>, options: &Options) -> Result<Made, Failure> {
    let mut sources = Sources::read(inputs)?;
    if let Some(unknown) = options.apis.iter().find(|api| !sources.apis().any(|known| known == *api)) {
        let known: Vec<&str> = sources.apis().collect();
        return Err(Failure::new(
            format!("there is no API `{unknown}`"),
            "openapi/sources.toml",
            format!("name one of: {}", known.join(", ")),
        ));
    }
    // Which types several APIs share is seen only with all of them at hand.
    let names: Vec<String> = sources.apis().map(str::to_owned).collect();
    let (mut apis, mut prepared) = (Vec::new(), Vec::new());
    for name in &names {
        let (api, rest) = prepare(inputs, name, &sources)?;
        apis.push(api);
        prepared.push(rest);
    }
    let recorded = shared::parse(&inputs.read_or_empty(shared::FILE)?)?;
    let record = shared::find(&mut apis, &recorded)?;
    let sdk = sdk::Sdk::new(&mut apis, &mut prepared, &sources)?;

    let mut files = Files::default();
    let mut summary = Vec::new();
    for (index, (api, prepared)) in apis.iter().zip(&prepared).enumerate() {
        if options.apis.is_empty() || options.apis.contains(&api.name) {
            let index_file = index::emit(api, &apis);
            summary.push(emit(api, prepared, &sdk, index, index_file, &mut sources, &mut files)?);
        }
    }
    emit_shared(&apis, &mut files);
    for (path, text) in sdk.shared_files(&apis)? {
        files.add(format!("{GENERATED_SDK}/shared/{path}"), text);
    }
    if options.apis.is_empty() {
        files.own_folder(GENERATED);
        files.own_folder(GENERATED_SDK);
        files.own_folder(CALLS);
    }
    files.add(format!("{GENERATED}/mod.rs"), root_module(&apis));
    files.add(format!("{GENERATED_SDK}/mod.rs"), sdk.root_module(&apis));
    files.add("openapi/sources.toml", sources.to_text());
    files.add(shared::FILE, shared::to_text(&record));
    for (index, old) in apis.iter().enumerate() {
        for (later, new) in apis.iter().enumerate().skip(index + 1) {
            let path = guide::path(&old.name, &new.name);
            let text = inputs.read_or_empty(&path)?;
            if !text.is_empty() {
                let (before, after) = (&prepared[index].corrected, &prepared[later].corrected);
                files.add(path, guide::updated(&text, (old, before), (new, after))?);
            }
        }
    }

    Ok(Made { files, summary })
}

/// What is made of an API beside its types and operations, before anything is written.
pub(crate) struct Prepared {
    /// The document after its overlay.
    corrected: serde_json::Value,
    for_progenitor: serde_json::Value,
    names: Names,
    names_text: String,
    sha256: String,
    /// The passes that matched, and how often.
    matched: Vec<(&'static str, usize)>,
    applied: crate::overlay::Applied,
    /// The first line of its files.
    header: String,
}

/// Reads an API: its document, corrected, normalised and understood.
fn prepare(inputs: &Inputs<'_>, name: &str, sources: &Sources) -> Result<(api::Api, Prepared), Failure> {
    let shown = format!("openapi/{name}/openapi.json");
    let bytes = inputs.bytes(&shown)?;
    let document = checked(&bytes, &shown)?;
    let overlay_text = inputs.read(&format!("openapi/{name}/overlay.yaml"))?;
    let names_text = inputs.read(&format!("openapi/{name}/names.toml"))?;

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

    let mut names = Names::parse(&names_text, &format!("openapi/{name}/names.toml"))?;
    let mut matched = normalize::run(normalize::SCHEMAS, &mut described)?;
    let hoisted = normalize::hoist::run(&mut described, &mut names)?;
    matched.extend(hoisted.into_iter().filter(|(_, count)| *count > 0));
    let source = sources.get(name)?;
    let api = read::read(name, source, &published, &described, &mut names)?;
    let mut for_progenitor = described;
    matched.extend(normalize::run(normalize::OPERATIONS, &mut for_progenitor)?);
    normalize::check_recorded(name, &source.passes, &matched)?;
    rename_operations(&api, &mut for_progenitor);

    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    let header = format!(
        "// @generated by `cargo xtask generate` from {shown} (sha256 {sha256}) and {overlay_name}. DO NOT EDIT.\n"
    );
    let prepared = Prepared { corrected, for_progenitor, names, names_text, sha256, matched, applied, header };
    Ok((api, prepared))
}

/// Writes what is made of an API, and returns a line about it.
fn emit(
    api: &api::Api,
    prepared: &Prepared,
    sdk: &sdk::Sdk,
    index: usize,
    index_file: String,
    sources: &mut Sources,
    files: &mut Files,
) -> Result<String, Failure> {
    let Prepared { header, names, names_text, .. } = prepared;
    let (name, module) = (&api.name, &api.module);
    let methods = sdk.methods(index);
    let target = format!("{GENERATED}/{module}");
    files.own_folder(&target);
    let api_files = types::emit(api).into_iter().chain(sdk.client_files(index)).chain([
        ("index.rs".to_owned(), index_file),
        ("inspect.rs".to_owned(), inspect::emit(api)),
        ("operations.rs".to_owned(), operations::emit(api)),
        ("mod.rs".to_owned(), module_text(api)),
    ]);
    let mut lines = 0;
    for (path, text) in api_files {
        let text = format!("{header}{text}");
        lines += text.lines().count();
        files.add(format!("{target}/{path}"), text);
    }
    files.add(format!("{target}/surface.txt"), surface::emit(api, methods));
    let target_of_sdk = format!("{GENERATED_SDK}/{module}");
    files.own_folder(&target_of_sdk);
    let requests = sdk.requests(api, index)?;
    for (path, text) in requests.files {
        let text = format!("{header}{text}");
        lines += text.lines().count();
        files.add(format!("{target_of_sdk}/{path}"), text);
    }
    files.add(format!("{target_of_sdk}/surface.txt"), surface::of_builders(api, &requests.surface));
    files.add(format!("{CALLS}/{module}.rs"), format!("{header}{}", requests.calls));
    files.add(format!("{target}/loosened.tsv"), loosened::emit(api));
    files.add(format!("openapi/{name}/names.toml"), names.to_text(names_text));
    // A crate that embeds a document has a copy of its own, or it could not be packaged. What is
    // corrected holds for the emulator too.
    let document_text = format!("{:#}\n", prepared.corrected);
    files.add(format!("crates/foundry-emulator/openapi/{name}.json"), document_text);
    let matched = &prepared.matched;
    sources.update(name, &prepared.sha256, matched.iter().map(|(pass, _)| (*pass).to_owned()).collect())?;
    let passes: Vec<String> = matched.iter().map(|(pass, count)| format!("{pass} {count}")).collect();
    Ok(format!(
        "{name} (feature {}): {} operations, {} methods, {} types ({} of them shared), {lines} lines; overlay: {} actions on {} places; passes: {}",
        api.feature,
        api.operations.iter().filter(|operation| !operation.is_split).count(),
        methods.len(),
        api.types.len(),
        api.shared.len(),
        prepared.applied.actions,
        prepared.applied.nodes,
        passes.join(", ")
    ))
}

/// The first line of files that are made of several documents.
const SHARED_HEADER: &str = "// @generated by `cargo xtask generate` from openapi/. DO NOT EDIT.\n";

/// Writes the types that several APIs have.
fn emit_shared(apis: &[api::Api], files: &mut Files) {
    let mut modules: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, api) in apis.iter().enumerate() {
        for shared in api.shared.values() {
            let having = modules.entry(&shared.module).or_default();
            if having.last() != Some(&index) {
                having.push(index);
            }
        }
    }
    files.own_folder(format!("{GENERATED}/shared"));
    let mut root = format!("{SHARED_HEADER}//! Types that several APIs have, each once.\n");
    for (module, having) in &modules {
        let features: Vec<&str> = having.iter().map(|index| apis[*index].feature.as_str()).collect();
        let _ = write!(root, "\n#[cfg({})]\npub(crate) mod {module};\n", any(&features));
        let is_wider = |other: &[usize]| other.len() > having.len() && having.iter().all(|index| other.contains(index));
        let wider: Vec<String> =
            modules.iter().filter(|(_, other)| is_wider(other)).map(|(module, _)| (*module).to_owned()).collect();
        for (path, text) in types::emit_shared(&apis[having[0]], module, &wider) {
            files.add(format!("{GENERATED}/shared/{module}/{path}"), format!("{SHARED_HEADER}{text}"));
        }
        let text = format!(
            "{SHARED_HEADER}//! What the api-versions {} have in common.\n\npub(crate) mod types;\n",
            having.iter().map(|index| apis[*index].name.as_str()).collect::<Vec<_>>().join(" and ")
        );
        files.add(format!("{GENERATED}/shared/{module}/mod.rs"), text);
    }
    files.add(format!("{GENERATED}/shared/mod.rs"), root);
}

/// The condition that one of the features is on.
pub(crate) fn any(features: &[&str]) -> String {
    let features: Vec<String> = features.iter().map(|feature| format!("feature = {feature:?}")).collect();
    match &features[..] {
        [one] => one.clone(),
        several => format!("any({})", several.join(", ")),
    }
}

/// The document, which is OpenAPI 3.0 and holds together.
pub(crate) fn checked(bytes: &[u8], name: &str) -> Result<Document, Failure> {
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
    let names: BTreeMap<&str, &str> =
        api.operations.iter().map(|operation| (operation.id.as_str(), operation.name.as_str())).collect();
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in
        paths.values_mut().filter_map(serde_json::Value::as_object_mut).flat_map(serde_json::Map::values_mut)
    {
        let Some(id) = operation.get("operationId").and_then(serde_json::Value::as_str) else { continue };
        let (base, suffix) = match id.strip_suffix("_stream") {
            Some(base) if names.contains_key(base) => (base, "_stream"),
            _ => (id, ""),
        };
        if let Some(name) = names.get(base) {
            operation["operationId"] = format!("{name}{suffix}").into();
        }
    }
}

fn module_text(api: &api::Api) -> String {
    format!(
        "//! The API of api-version {}: client, wire types and operation table.\n\n\
         mod client;\npub(crate) mod index;\n#[cfg(feature = \"inspect\")]\npub(crate) mod inspect;\npub mod operations;\npub mod types;\n\n\
         pub use client::Client;\npub use operations::OPERATIONS;\n",
        api.name
    )
}

/// The module of all APIs, each behind its feature.
fn root_module(apis: &[api::Api]) -> String {
    let mut text = String::from(
        "// @generated by `cargo xtask generate` from openapi/sources.toml. DO NOT EDIT.\n//! One module per API, each behind a feature of its own.\n",
    );
    text.push_str("\npub(crate) mod shared;\n");
    for api in apis {
        let _ = write!(text, "\n#[cfg(feature = {:?})]\npub mod {};\n", api.feature, api.module);
    }
    text.push_str("\n/// What there is in each of them.\npub(crate) static APIS: &[&crate::versions::Api] = &[\n");
    for api in apis {
        let _ = writeln!(text, "    #[cfg(feature = {:?})]\n    &{}::index::API,", api.feature, api.module);
    }
    text.push_str("];\n");
    text.push_str("\n/// What can be decoded by name.\n#[cfg(feature = \"inspect\")]\npub(crate) static INSPECT: &[&crate::inspect::ApiEntry] = &[\n");
    for api in apis {
        let _ = writeln!(text, "    #[cfg(feature = {:?})]\n    &{}::inspect::API,", api.feature, api.module);
    }
    text.push_str("];\n");
    text
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
