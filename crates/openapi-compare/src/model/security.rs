//! Security by meaning: ways to be let in, told by what each needs and not by the names of schemes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::operations::{members, without_writing};
use crate::document::Document;
use crate::pointer::Pointer;

/// What must be shown together, by what a report calls it.
pub(crate) type Alternative = BTreeMap<String, Scheme>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// What it is, apart from its flows.
    pub(crate) kind: String,
    pub(crate) scopes: BTreeSet<String>,
    /// The ways to a token, of OAuth 2.0 alone; the scopes that they offer are not what an operation needs.
    pub(crate) flows: BTreeMap<String, String>,
    /// The rest of the scheme's definition, without what is mere writing.
    pub(crate) definition: String,
}

/// The security schemes by the name that the document gives them.
pub(super) fn schemes(document: &Document) -> BTreeMap<&str, (String, Scheme)> {
    let Some(components) = document.root().get("components") else { return BTreeMap::new() };
    let named = members(components, "securitySchemes").map(|(name, written)| {
        let scheme = document.follow(Pointer::root(), written).map_or(written, |(_, scheme)| scheme);
        (name.as_str(), read(name, scheme))
    });
    named.collect()
}

/// What a scheme is called in a report, and what it is.
fn read(name: &str, scheme: &Value) -> (String, Scheme) {
    let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut flows = BTreeMap::new();
    let kind = match text("type") {
        "apiKey" => format!("an API key ({} {})", text("in"), text("name")),
        "http" => format!("HTTP {}", text("scheme").to_ascii_lowercase()),
        "oauth2" => {
            flows.extend(members(scheme, "flows").map(|(flow, value)| (flow.clone(), without_key(value, "scopes"))));
            "OAuth 2.0".to_owned()
        }
        "openIdConnect" => "OpenID Connect".to_owned(),
        "mutualTLS" => "mutual TLS".to_owned(),
        _ => name.to_owned(),
    };
    let label = if text("type") == "oauth2" {
        let flows: Vec<_> = flows.keys().map(String::as_str).collect();
        format!("{kind} ({})", flows.join(", "))
    } else {
        kind.clone()
    };
    (label, Scheme { kind, scopes: BTreeSet::new(), flows, definition: without_key(scheme, "flows") })
}

/// An object as text without one member and what is mere writing.
fn without_key(value: &Value, key: &str) -> String {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove(key);
        // A hint for people, as the specification says; and whose letters are large says nothing.
        members.remove("bearerFormat");
        if let Some(Value::String(name)) = members.get_mut("scheme") {
            name.make_ascii_lowercase();
        }
    }
    without_writing(&value)
}

pub(super) fn alternatives(security: &Value, schemes: &BTreeMap<&str, (String, Scheme)>) -> Vec<Alternative> {
    let all = security.as_array().into_iter().flatten().filter_map(Value::as_object);
    all.map(|needs| {
        let needs = needs.iter().map(|(name, scopes)| {
            let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
            let (label, scheme) = schemes.get(name.as_str()).cloned().unwrap_or_else(|| read(name, &Value::Null));
            (label, Scheme { scopes: scopes.map(str::to_owned).collect(), ..scheme })
        });
        needs.collect()
    })
    .collect()
}
