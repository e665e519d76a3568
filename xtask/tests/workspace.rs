//! What must hold of the workspace's manifests, as `cargo metadata` tells it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// The crates that people get from the registry.
const PUBLISHED: [&str; 4] = ["foundry-emulator", "foundry-raw", "foundry-sdk", "openapi-compare"];

/// The first Rust with edition 2024.
const EDITION_2024: (u64, u64, u64) = (1, 85, 0);

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    edition: String,
    manifest_path: PathBuf,
    rust_version: Option<String>,
    description: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    readme: Option<PathBuf>,
    keywords: Vec<String>,
    categories: Vec<String>,
    publish: Option<Vec<String>>,
    #[serde(default)]
    metadata: Value,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Package {
    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap()
    }

    fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }
}

impl Metadata {
    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    fn published(&self) -> impl Iterator<Item = &Package> {
        self.members().filter(|package| package.is_published())
    }

    fn member(&self, name: &str) -> &Package {
        self.members().find(|package| package.name == name).unwrap_or_else(|| panic!("there is no crate {name}"))
    }

    /// All that a user of the crate builds, on any platform and with all features; itself too.
    fn built_with(&self, package: &Package) -> Vec<&Package> {
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut seen = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                let shipped = |kind: &DependencyKind| kind.kind.as_deref() != Some("dev");
                let next = nodes[id].deps.iter().filter(|dependency| dependency.dep_kinds.iter().any(shipped));
                open.extend(next.map(|dependency| dependency.pkg.as_str()));
            }
        }
        self.packages.iter().filter(|package| seen.contains(package.id.as_str())).collect()
    }
}

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    // Asked at run time: a target folder that several checkouts share keeps what was compiled in.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest = Path::new(&folder).join("Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--all-features", "--locked", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
});

/// `1.85` is `1.85.0`.
fn version(text: &str) -> (u64, u64, u64) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[test]
fn the_published_crates_are_those_we_mean() {
    let mut names: Vec<&str> = METADATA.published().map(|package| package.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, PUBLISHED);
}

/// `rust-version` is a promise: lower than the dependencies need and it is broken, higher and it shuts
/// people out for nothing.
#[test]
fn rust_version_is_what_the_dependencies_need() {
    let members: BTreeSet<&str> = METADATA.workspace_members.iter().map(String::as_str).collect();
    let mut needed = (EDITION_2024, "edition 2024".to_owned());
    for dependency in METADATA.published().flat_map(|package| METADATA.built_with(package)) {
        if members.contains(dependency.id.as_str()) {
            continue;
        }
        if let Some(rust) = &dependency.rust_version {
            let candidate = (version(rust), format!("{} {}", dependency.name, dependency.version));
            if candidate.0 > needed.0 {
                needed = candidate;
            }
        }
    }
    let ((major, minor, patch), by) = needed;
    for package in METADATA.members() {
        let declared =
            package.rust_version.as_deref().unwrap_or_else(|| panic!("{} has no rust-version", package.name));
        // xtask and the tests are built by us alone, with the toolchain of rust-toolchain.toml.
        assert_eq!(
            version(declared),
            (major, minor, patch),
            "{} declares rust-version {declared}; {by} needs {major}.{minor}.{patch}, and nothing needs more: \
             write that into [workspace.package] of Cargo.toml",
            package.name,
        );
        assert_eq!(package.edition, "2024", "{}", package.name);
    }
}

#[test]
fn published_crates_say_what_a_registry_shows() {
    let mut missing = Vec::new();
    for package in METADATA.published() {
        let facts = [
            ("description", package.description.as_ref().is_some_and(|text| !text.trim().is_empty())),
            ("license = \"MIT OR Apache-2.0\"", package.license.as_deref() == Some("MIT OR Apache-2.0")),
            ("repository", package.repository.is_some()),
            ("readme", package.readme.is_some()),
            ("keywords, five at most", (1..=5).contains(&package.keywords.len())),
            ("categories, five at most", (1..=5).contains(&package.categories.len())),
            ("rust-version", package.rust_version.is_some()),
            ("[package.metadata.docs.rs]", package.metadata["docs"]["rs"].is_object()),
        ];
        missing.extend(facts.iter().filter(|(_, there)| !there).map(|(fact, _)| format!("{}: {fact}", package.name)));
    }
    assert!(missing.is_empty(), "missing in a manifest:\n{}", missing.join("\n"));
}

/// `cargo package` takes what lies in the crate's folder and follows links.
#[test]
fn published_crates_hold_their_readme_and_licence_texts() {
    let root = METADATA.member("xtask").folder().parent().unwrap();
    for package in METADATA.published() {
        let readme = package.folder().join(package.readme.as_deref().unwrap());
        let text = std::fs::read_to_string(&readme).unwrap_or_else(|error| panic!("{}: {error}", readme.display()));
        assert!(text.starts_with("# "), "{} must start with a heading", readme.display());
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = std::fs::read_to_string(root.join(name)).unwrap();
            let copy = package.folder().join(name);
            let copied = std::fs::read_to_string(&copy);
            assert!(
                copied.is_ok_and(|copied| copied == text),
                "{} must be a link to ../../{name}: `ln -s ../../{name} {}`",
                copy.display(),
                copy.display(),
            );
        }
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in METADATA.members() {
        let manifest: toml::Table = std::fs::read_to_string(&package.manifest_path).unwrap().parse().unwrap();
        let inherited = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(inherited, Some(true), "{} must have `[lints] workspace = true`", package.manifest_path.display());
    }
}

/// foundry-raw's types are part of foundry-sdk's, and any regeneration may change them.
#[test]
fn foundry_sdk_pins_foundry_raw() {
    let raw = METADATA.member("foundry-raw");
    let sdk = METADATA.member("foundry-sdk");
    let pins: Vec<&Dependency> = sdk
        .dependencies
        .iter()
        .filter(|dependency| dependency.name == "foundry-raw" && dependency.kind.is_none())
        .collect();
    assert_eq!(pins.len(), 1, "foundry-sdk must depend on foundry-raw once");
    assert_eq!(pins[0].req, format!("={}", raw.version), "foundry-sdk must name exactly this foundry-raw");
}

/// Client and server must not be able to share a bug.
#[test]
fn the_emulator_shares_no_code_with_the_client() {
    let emulator = METADATA.member("foundry-emulator");
    for package in METADATA.built_with(emulator) {
        assert!(
            !["foundry-raw", "foundry-sdk", "progenitor-client"].contains(&package.name.as_str()),
            "foundry-emulator must not depend on {}, directly or not",
            package.name
        );
    }
    let shared = emulator.dependencies.iter().find(|dependency| dependency.name.starts_with("foundry-"));
    assert!(shared.is_none(), "foundry-emulator must not depend on our crates, in its tests either");
}

/// It compares any two documents: nothing of Azure, and no HTTP.
#[test]
fn openapi_compare_knows_nothing_of_azure() {
    let compare = METADATA.member("openapi-compare");
    for package in METADATA.built_with(compare).into_iter().filter(|package| package.name != compare.name) {
        let words = ["azure", "foundry", "progenitor", "reqwest", "hyper"];
        assert!(
            !words.iter().any(|word| package.name.contains(word)),
            "openapi-compare must not depend on {}, directly or not",
            package.name
        );
    }
}
