//! What cargo says of the workspace: its crates, their features, where it builds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Line;
use crate::failure::Failure;

/// The workspace, without its dependencies.
#[derive(Debug, Deserialize)]
pub(super) struct Workspace {
    pub(super) packages: Vec<Package>,
    pub(super) target_directory: PathBuf,
}

/// A crate of the workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Each feature and what it turns on.
    pub(super) features: BTreeMap<String, Vec<String>>,
    /// The registries it may go to; any, if there is no list.
    publish: Option<Vec<String>>,
}

impl Workspace {
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let line = Line::cargo(["metadata", "--format-version", "1", "--no-deps"]);
        let output = line.output(root)?;
        serde_json::from_slice(&output).map_err(|error| {
            Failure::new(
                format!("the answer of cargo cannot be read: {error}"),
                line.to_string(),
                "use the cargo of rust-toolchain.toml",
            )
        })
    }

    pub(super) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published())
    }
}

impl Package {
    pub(super) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }
}
