//! `openapi/sources.toml`: the APIs, where their documents come from, and the passes they need.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::files::Inputs;
use crate::failure::Failure;

pub(crate) const FILE: &str = "openapi/sources.toml";

/// The content of `sources.toml`.
#[derive(Debug)]
pub(crate) struct Sources {
    text: String,
    apis: BTreeMap<String, Source>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    api: BTreeMap<String, Source>,
}

/// An API: `[api.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// The module of foundry-raw.
    pub(crate) module: String,
    /// The feature it is behind.
    pub(crate) feature: String,
    /// Where the document's facts come from.
    #[allow(dead_code, reason = "for those who read the file")]
    pub(crate) facts: String,
    /// Of the document; generate keeps it.
    #[allow(dead_code, reason = "generate writes it")]
    #[serde(default)]
    pub(crate) sha256: String,
    /// Whether types are made of schemas that no operation reaches.
    #[serde(default = "yes")]
    pub(crate) unreferenced: bool,
    /// What the SDK's groups hang from: `classic`, `project`, or the API's own type without.
    #[serde(default)]
    pub(crate) root: Root,
    /// What the names of groups begin with that are previews.
    #[serde(default)]
    pub(crate) preview: Option<String>,
    /// What the names of groups begin with that hang from `classic()`, as an earlier API has them.
    #[serde(default)]
    pub(crate) classic: Option<String>,
    /// The passes that the document needs; generate appends to them.
    #[serde(default)]
    pub(crate) passes: Vec<String>,
}

fn yes() -> bool {
    true
}

/// What the SDK's groups of an API hang from.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Root {
    /// `client.classic()`.
    Classic,
    /// The client.
    Project,
    /// A type of the API's own, by its module's name: `client.v2()`.
    #[default]
    Own,
}

#[cfg(test)]
impl Source {
    /// The entry of an API called `v0`, with nothing chosen.
    pub(crate) fn test() -> Self {
        let text = "module = \"v0\"\nfeature = \"v0\"\nfacts = \"ours\"\n";
        toml::from_str(text).unwrap()
    }
}

impl Sources {
    pub(crate) fn read(inputs: &Inputs<'_>) -> Result<Self, Failure> {
        let text = inputs.read(FILE)?;
        let content: Content = toml::from_str(&text).map_err(|error| {
            Failure::new(error.to_string().trim().to_owned(), FILE, "correct the entry; openapi/README.md shows one")
        })?;
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        for (api, Source { module, .. }) in &content.api {
            let place = format!("{FILE}, api.{api}");
            if !super::names::is_module(module) {
                return Err(Failure::new(
                    format!("`{module}` cannot be a module in Rust"),
                    place,
                    "give it another name",
                ));
            }
            if let Some(other) = taken.insert(module, api) {
                let what = format!("`{other}` and `{api}` would both be the module `{module}`");
                return Err(Failure::new(what, place, "give one of them another module"));
            }
        }
        Ok(Self { text, apis: content.api })
    }

    pub(crate) fn apis(&self) -> impl Iterator<Item = &str> {
        self.apis.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, api: &str) -> Result<&Source, Failure> {
        self.apis.get(api).ok_or_else(|| Failure::new(format!("no entry for `{api}`"), FILE, "add one"))
    }

    /// Records the document's sum and the passes that matched, keeping the order of those known.
    pub(crate) fn update(&mut self, api: &str, sha256: &str, matched: Vec<String>) -> Result<(), Failure> {
        let mut document: toml_edit::DocumentMut = self
            .text
            .parse()
            .map_err(|error: toml_edit::TomlError| Failure::new(error.to_string(), FILE, "correct the file"))?;
        let entry = &mut document["api"][api];
        entry["sha256"] = toml_edit::value(sha256);
        let mut passes = toml_edit::Array::new();
        for pass in matched {
            passes.push(pass);
        }
        for pass in passes.iter_mut() {
            pass.decor_mut().set_prefix("\n    ");
        }
        passes.set_trailing("\n");
        passes.set_trailing_comma(true);
        entry["passes"] = toml_edit::value(passes);
        self.text = document.to_string();
        Ok(())
    }

    pub(crate) fn to_text(&self) -> String {
        self.text.clone()
    }
}
