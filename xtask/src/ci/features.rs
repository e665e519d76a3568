//! Which features to build, and which cannot be built on this machine.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use super::workspace::{Package, Workspace};
use super::{Line, say};
use crate::failure::Failure;

/// The crate that binds the system's OpenSSL.
const OPENSSL: &str = "openssl-sys";

/// The features that cannot be built here, as `crate/feature`.
///
/// On Linux TLS "of the platform" is OpenSSL, whose headers are not everywhere. A machine with Rust
/// and nothing else must be able to run the checks, so there the features that bind it are left out,
/// and the log says so. Which these are is asked of cargo, not listed here.
pub(super) fn unusable(root: &Path, workspace: &Workspace) -> Result<BTreeSet<String>, Failure> {
    let mut unusable = BTreeSet::new();
    if has_openssl() {
        return Ok(unusable);
    }
    for package in &workspace.packages {
        for feature in package.features.keys() {
            if binds_openssl(root, &package.name, feature)? {
                let name = format!("{}/{feature}", package.name);
                say(&format!(
                    "left out: {name}, which needs OpenSSL's headers and pkg-config (Debian: libssl-dev, pkg-config)"
                ));
                unusable.insert(name);
            }
        }
    }
    Ok(unusable)
}

/// Whether OpenSSL's build script would find the library.
fn has_openssl() -> bool {
    std::env::var_os("OPENSSL_DIR").is_some()
        || Command::new("pkg-config")
            .args(["--exists", "openssl"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

/// Whether the feature brings in OpenSSL on this platform.
fn binds_openssl(root: &Path, package: &str, feature: &str) -> Result<bool, Failure> {
    let arguments = ["tree", "--package", package, "--no-default-features", "--features", feature];
    let rest = ["--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let output = Line::cargo(arguments.into_iter().chain(rest)).output(root)?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.lines().any(|line| line.split_whitespace().next() == Some(OPENSSL)))
}

/// The arguments that turn on all features of the workspace but those.
pub(super) fn all_but(workspace: &Workspace, unusable: &BTreeSet<String>) -> Vec<String> {
    if unusable.is_empty() {
        return vec!["--all-features".to_owned()];
    }
    let all = workspace.packages.iter();
    let all = all.flat_map(|package| package.features.keys().map(|feature| format!("{}/{feature}", package.name)));
    let usable: Vec<String> = all.filter(|feature| !unusable.contains(feature)).collect();
    vec!["--features".to_owned(), usable.join(",")]
}

/// The sets of features to build a crate with: none, each alone, all; no set twice.
pub(super) fn sets(package: &Package, unusable: &BTreeSet<String>) -> Vec<Vec<String>> {
    let usable = |feature: &&String| !unusable.contains(&format!("{}/{feature}", package.name));
    let usable: Vec<String> = package.features.keys().filter(usable).cloned().collect();
    let alone = usable.iter().map(|feature| vec![feature.clone()]);
    let candidates = [Vec::new()].into_iter().chain(alone).chain([usable.clone()]);
    let mut seen = BTreeSet::new();
    candidates.filter(|set| seen.insert(turned_on(package, set))).collect()
}

/// All that a set of features turns on. `default` is only a name for others.
fn turned_on(package: &Package, set: &[String]) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut open: Vec<&String> = set.iter().collect();
    while let Some(feature) = open.pop() {
        if on.insert(feature.clone()) {
            open.extend(package.features.get(feature).into_iter().flatten());
        }
    }
    on.remove("default");
    on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        serde_json::from_value(serde_json::json!({
            "target_directory": "target",
            "packages": [
                {"name": "client", "version": "0.1.0", "publish": null, "features": {
                    "default": ["old", "pure"], "new": [], "old": [], "pure": ["dep:a"], "native": ["dep:b"],
                }},
                {"name": "plain", "version": "0.1.0", "publish": null, "features": {}},
                {"name": "one", "version": "0.1.0", "publish": [], "features": {"default": ["x"], "x": []}},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn no_set_of_features_is_built_twice() {
        let workspace = workspace();
        let sets = |index: usize| sets(&workspace.packages[index], &BTreeSet::new());
        assert_eq!(
            sets(0),
            [
                vec![],
                vec!["default"],
                vec!["native"],
                vec!["new"],
                vec!["old"],
                vec!["pure"],
                vec!["default", "native", "new", "old", "pure"],
            ]
        );
        assert_eq!(sets(1), [Vec::<String>::new()]);
        // `default` is `x`, and so is all.
        assert_eq!(sets(2), [vec![], vec!["default"]]);
    }

    #[test]
    fn what_cannot_be_built_is_in_no_set() {
        let workspace = workspace();
        let unusable = BTreeSet::from(["client/native".to_owned()]);
        assert!(sets(&workspace.packages[0], &unusable).iter().flatten().all(|feature| feature != "native"));
        let features = "client/default,client/new,client/old,client/pure,one/default,one/x";
        assert_eq!(all_but(&workspace, &unusable), ["--features", features]);
        assert_eq!(all_but(&workspace, &BTreeSet::new()), ["--all-features"]);
    }

    #[test]
    fn a_crate_without_registries_is_not_published() {
        let names: Vec<String> = workspace().published().map(|package| package.name.clone()).collect();
        assert_eq!(names, ["client", "plain"]);
    }
}
