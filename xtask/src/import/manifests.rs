//! What a new API needs in files that are data: its entry in `sources.toml`, and its features.

use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::failure::Failure;
use crate::generate::{SOURCES, is_module};

/// The crates that have a feature per API, and what the feature switches on.
pub(super) const MANIFESTS: [(&str, Option<&str>); 2] =
    [("crates/foundry-raw/Cargo.toml", None), ("crates/foundry-sdk/Cargo.toml", Some("foundry-raw"))];

/// The module of an API: `v1` of `v1`, `v2026_01_01` of `2026-01-01`.
pub(super) fn module(api: &str) -> Option<String> {
    let name: String =
        feature(api).chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    is_module(&name).then_some(name)
}

/// The feature of an API: `v1` of `v1`, `v2026-01-01` of `2026-01-01`.
pub(super) fn feature(api: &str) -> String {
    if api.starts_with(|c: char| c.is_ascii_digit()) { format!("v{api}") } else { api.to_owned() }
}

fn parsed(text: &str, file: &str) -> Result<DocumentMut, Failure> {
    text.parse().map_err(|error: toml_edit::TomlError| Failure::new(error.to_string(), file, "correct the file"))
}

/// `sources.toml` with the entry of an API: a new one, or the facts of the one there.
pub(super) fn sources(text: &str, api: &str, facts: Option<&str>) -> Result<String, Failure> {
    let mut document = parsed(text, SOURCES)?;
    let entries = document.entry("api").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let misshapen = || Failure::new("`api` is no table of tables", SOURCES, "correct the file");
    let entries = entries.as_table_like_mut().ok_or_else(misshapen)?;
    if entries.get(api).is_none() {
        let mut entry = Table::new();
        entry["module"] = value(module(api).unwrap_or_default());
        entry["feature"] = value(feature(api));
        entry["facts"] = value("");
        entries.insert(api, Item::Table(entry));
    }
    if let Some(facts) = facts {
        let entry = entries.get_mut(api).and_then(Item::as_table_like_mut).ok_or_else(misshapen)?;
        entry.insert("facts", value(facts));
    }
    Ok(document.to_string())
}

/// A manifest with a feature for an API; none if it has it already.
pub(super) fn with_feature(
    text: &str,
    file: &str,
    api: &str,
    feature: &str,
    of: Option<&str>,
) -> Result<Option<String>, Failure> {
    let mut document = parsed(text, file)?;
    let misshapen = || Failure::new("`features` is no table", file, "correct the file");
    let features = document.entry("features").or_insert(Item::Table(Table::new()));
    let features = features.as_table_like_mut().ok_or_else(misshapen)?;
    if features.contains_key(feature) {
        return Ok(None);
    }
    let switched: Array = of.into_iter().map(|name| format!("{name}/{feature}")).collect();
    features.insert(feature, value(switched));
    if let Some(mut key) = features.key_mut(feature) {
        key.leaf_decor_mut().set_prefix(format!("# All of api-version {api}.\n"));
    }
    Ok(Some(document.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_features_follow_the_name() {
        for (api, expected_feature, expected_module) in [
            ("v1", "v1", Some("v1")),
            ("2026-01-01", "v2026-01-01", Some("v2026_01_01")),
            ("2026-01-01.Preview", "v2026-01-01.Preview", Some("v2026_01_01_preview")),
            ("mod", "mod", None),
        ] {
            assert_eq!(feature(api), expected_feature);
            assert_eq!(module(api).as_deref(), expected_module);
        }
    }

    #[test]
    fn an_entry_is_added_once_and_its_facts_replaced() {
        let before = "# ours\n\n[api.v1]\nmodule = \"v1\"\nfeature = \"v1\"\nfacts = \"a\"\n";
        let added = sources(before, "2026-01-01", Some("b")).unwrap();
        let entry = "\n[api.2026-01-01]\nmodule = \"v2026_01_01\"\nfeature = \"v2026-01-01\"\nfacts = \"b\"\n";
        assert_eq!(added, format!("{before}{entry}"));
        assert_eq!(sources(&added, "2026-01-01", None).unwrap(), added);
        let changed = sources(before, "v1", Some("c")).unwrap();
        assert_eq!(changed, before.replace("\"a\"", "\"c\""));
        assert!(sources("api = 1", "v1", None).is_err() && sources("[api", "v1", None).is_err());
    }

    #[test]
    fn a_feature_is_added_once_behind_the_others() {
        let before = "[features]\ndefault = [\"v1\"]\n# One.\nv1 = []\n\n[dependencies]\n";
        let raw = with_feature(before, "Cargo.toml", "2026", "v2026", None).unwrap().unwrap();
        assert_eq!(
            raw,
            "[features]\ndefault = [\"v1\"]\n# One.\nv1 = []\n# All of api-version 2026.\nv2026 = []\n\n[dependencies]\n"
        );
        let sdk = with_feature(before, "Cargo.toml", "2026", "v2026", Some("foundry-raw")).unwrap().unwrap();
        assert!(sdk.contains("v2026 = [\"foundry-raw/v2026\"]\n"), "{sdk}");
        assert_eq!(with_feature(&raw, "Cargo.toml", "2026", "v2026", None).unwrap(), None);
        assert!(with_feature("features = 1", "Cargo.toml", "2026", "v2026", None).is_err());
    }
}
