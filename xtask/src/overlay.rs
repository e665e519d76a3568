//! Overlays: corrections of an API's description that stand apart from it (OpenAPI Overlay 1.0).
//!
//! Stricter than the specification where that keeps corrections alive: every action says why it is
//! there, and one that matches nothing is an error, so that none outlives what it corrects.

use std::collections::BTreeSet;

use openapi_compare::{Limits, Pointer, parse_value};
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

/// An overlay, read and found well-formed.
#[derive(Debug)]
pub(crate) struct Overlay {
    name: String,
    actions: Vec<Action>,
}

/// How much an overlay changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// The actions that were applied: all of them.
    pub(crate) actions: usize,
    /// The places that they changed.
    pub(crate) nodes: usize,
}

/// Why an overlay could not be read or applied: where, what, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OverlayError {
    /// The file is neither JSON nor YAML.
    #[error(transparent)]
    Syntax(#[from] openapi_compare::Error),
    /// Something outside the actions.
    #[error("{name}: {reason}")]
    Overlay { name: String, reason: String },
    /// Something in one action.
    #[error("{name}: action {number} (target {target}): {reason}")]
    Action {
        name: String,
        /// Counted from 1.
        number: usize,
        target: String,
        reason: String,
    },
}

#[derive(Debug)]
struct Action {
    target: String,
    path: Target,
    change: Change,
}

#[derive(Debug)]
enum Target {
    /// Made only of names: found by going down, since a query costs more than all else together.
    Names(Vec<String>),
    Query(JsonPath),
}

#[derive(Debug)]
enum Change {
    Update(Value),
    Remove,
}

impl Overlay {
    /// Reads an overlay from YAML or JSON; `name` stands in errors.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, OverlayError> {
        let root = parse_value(text.as_bytes(), name, &Limits::default())?;
        let wrong = |reason: String| OverlayError::Overlay { name: name.to_owned(), reason };
        let Value::Object(mut members) = root else {
            return Err(wrong("not an overlay; expected an object with `overlay`, `info` and `actions`".to_owned()));
        };
        known_keys(&members, &["overlay", "info", "extends", "actions"]).map_err(&wrong)?;
        match members.get("overlay").and_then(Value::as_str) {
            Some(version) if version.starts_with("1.0.") => {}
            _ => {
                let found = members.get("overlay").map_or("nothing".to_owned(), Value::to_string);
                return Err(wrong(format!(
                    "`overlay` is {found}; write `overlay: 1.0.0`, the version of Overlay supported"
                )));
            }
        }
        let info = members.get("info").and_then(Value::as_object);
        let is_told = |key| info.and_then(|info| info.get(key)).is_some_and(is_text);
        if !is_told("title") || !is_told("version") {
            return Err(wrong("`info` must have a `title` and a `version`, both texts; add them".to_owned()));
        }
        let Some(Value::Array(actions)) = members.remove("actions") else {
            return Err(wrong("`actions` must be a list; add it".to_owned()));
        };
        let actions = actions
            .into_iter()
            .enumerate()
            .map(|(index, action)| {
                let target = action.get("target").and_then(Value::as_str).unwrap_or("missing").to_owned();
                Action::read(action).map_err(|reason| OverlayError::Action {
                    name: name.to_owned(),
                    number: index + 1,
                    target,
                    reason,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), actions })
    }

    /// How many actions there are.
    pub(crate) fn len(&self) -> usize {
        self.actions.len()
    }

    /// Applies the actions in order, each to what those before it left.
    ///
    /// After an error the document is changed in part, and of no use.
    pub(crate) fn apply(&self, document: &mut Value) -> Result<Applied, OverlayError> {
        let mut applied = Applied::default();
        for nodes in self.each(document) {
            applied.actions += 1;
            applied.nodes += nodes?;
        }
        Ok(applied)
    }

    /// Applies the actions that can be, and returns the errors of all others.
    pub(crate) fn failing(&self, document: &mut Value) -> Vec<OverlayError> {
        self.each(document).filter_map(Result::err).collect()
    }

    /// Applies one action after the other; how many places each changed.
    fn each<'a>(&'a self, document: &'a mut Value) -> impl Iterator<Item = Result<usize, OverlayError>> + 'a {
        self.actions.iter().enumerate().map(|(index, action)| {
            action.apply(document).map_err(|reason| OverlayError::Action {
                name: self.name.clone(),
                number: index + 1,
                target: action.target.clone(),
                reason,
            })
        })
    }
}

impl Action {
    fn read(action: Value) -> Result<Self, String> {
        let Value::Object(mut members) = action else {
            return Err("an action must be an object; correct it".to_owned());
        };
        known_keys(&members, &["target", "description", "update", "remove"])?;
        let Some(Value::String(target)) = members.remove("target") else {
            return Err("`target` must be a JSONPath; add it".to_owned());
        };
        if !members.get("description").is_some_and(is_text) {
            return Err("no `description`; say why the action is there".to_owned());
        }
        let remove = match members.get("remove") {
            None => false,
            Some(Value::Bool(remove)) => *remove,
            Some(other) => return Err(format!("`remove` is {other}; write `remove: true`")),
        };
        let change = match (members.remove("update"), remove) {
            (Some(update), false) => Change::Update(update),
            (None, true) => Change::Remove,
            (Some(_), true) => {
                return Err("both `update` and `remove`; make two actions of it".to_owned());
            }
            (None, false) => {
                return Err("neither `update` nor `remove: true`; add one".to_owned());
            }
        };
        let path = Target::read(&target)?;
        Ok(Self { target, path, change })
    }

    fn apply(&self, document: &mut Value) -> Result<usize, String> {
        let places = self.path.places(document);
        if places.is_empty() {
            let how_far = self.path.how_far(document);
            return Err(format!(
                "matches nothing{how_far}; correct the target, or take the action out if the \
                 document no longer needs it"
            ));
        }
        match &self.change {
            Change::Update(update) => {
                for place in &places {
                    let is_properties = place.tokens().next_back().is_some_and(|last| last == "properties");
                    describes_something(place.resolve(document), update, is_properties)?;
                    let node = place
                        .resolve_mut(document)
                        .ok_or_else(|| format!("{place} was replaced by this very action; narrow the target"))?;
                    apply_update(node, update).map_err(|reason| format!("{place} {reason}"))?;
                }
            }
            Change::Remove => {
                // Last first, so that the places still to come stay where they are.
                for place in places.iter().rev() {
                    remove(document, place)?;
                }
            }
        }
        Ok(places.len())
    }
}

impl Target {
    fn read(target: &str) -> Result<Self, String> {
        if let Some(names) = plain_names(target) {
            return Ok(Self::Names(names));
        }
        JsonPath::parse(target).map(Self::Query).map_err(|error| {
            format!("not a JSONPath (RFC 9535): {error}; names with other characters than letters, digits and `_` are written ['so']")
        })
    }

    /// The places that match, each once, in the document's order.
    fn places(&self, document: &Value) -> Vec<Pointer> {
        match self {
            Self::Names(names) => {
                let mut place = Pointer::root();
                let mut value = document;
                for name in names {
                    // A name finds nothing in a list, whatever it looks like.
                    match value.as_object().and_then(|members| members.get(name)) {
                        Some(member) => value = member,
                        None => return Vec::new(),
                    }
                    place.push(name);
                }
                vec![place]
            }
            Self::Query(path) => {
                // The steps and not the text are ordered: element 10 comes after element 9, and
                // what contains comes before what it contains.
                let found: BTreeSet<Vec<Step>> = path
                    .query_located(document)
                    .locations()
                    .map(|location| {
                        location
                            .iter()
                            .map(|element| match element.as_index() {
                                Some(index) => Step::Index(index),
                                None => Step::Name(element.as_name().unwrap_or_default().to_owned()),
                            })
                            .collect()
                    })
                    .collect();
                found.iter().map(|steps| pointer_of(steps)).collect()
            }
        }
    }

    /// How far down the document a target made of names goes, told to whom it matches nothing.
    fn how_far(&self, document: &Value) -> String {
        let Self::Names(names) = self else {
            return String::new();
        };
        let mut place = Pointer::root();
        let mut value = document;
        for name in names {
            match value.as_object().and_then(|members| members.get(name)) {
                Some(member) => value = member,
                None => return format!(": {place} has no {name:?}"),
            }
            place.push(name);
        }
        String::new()
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Name(String),
}

fn pointer_of(steps: &[Step]) -> Pointer {
    let mut pointer = Pointer::root();
    for step in steps {
        match step {
            Step::Index(index) => pointer.push(&index.to_string()),
            Step::Name(name) => pointer.push(name),
        }
    }
    pointer
}

/// The names of a JSONPath that is made only of names, such as `$.paths['/threads'].get`; `None`
/// for all others and for all that need more care than this, such as escapes.
fn plain_names(target: &str) -> Option<Vec<String>> {
    let mut rest = target.strip_prefix('$')?;
    let mut names = Vec::new();
    while !rest.is_empty() {
        let name;
        (name, rest) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, rest) = after.split_at(end);
            let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            let goes_on_well = name.chars().all(|next| next.is_ascii_alphanumeric() || next == '_');
            (begins_well && goes_on_well).then_some((name, rest))?
        } else {
            let quoted = rest.strip_prefix('[')?;
            let quote = quoted.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
            let (name, after) = quoted.get(1..)?.split_once(quote)?;
            if name.contains(|next: char| next == '\\' || next < ' ') {
                return None;
            }
            (name, after.strip_prefix(']')?)
        };
        names.push(name.to_owned());
    }
    Some(names)
}

fn known_keys(members: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    let unknown = members.keys().find(|key| !known.contains(&key.as_str()) && !key.starts_with("x-"));
    match unknown {
        None => Ok(()),
        Some(key) => Err(format!("the key {key:?} is not known; known are {}; correct or remove it", known.join(", "))),
    }
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

fn apply_update(node: &mut Value, update: &Value) -> Result<(), String> {
    match (node, update) {
        (Value::Object(members), Value::Object(changes)) => {
            merge(members, changes);
            Ok(())
        }
        (Value::Object(_), _) => Err("is an object and `update` is none; write the members to change".to_owned()),
        (Value::Array(elements), Value::Array(further)) => {
            elements.extend_from_slice(further);
            Ok(())
        }
        (Value::Array(elements), element) => {
            elements.push(element.clone());
            Ok(())
        }
        _ => Err("is neither an object nor a list; target what contains it and update it from there".to_owned()),
    }
}

/// Objects merge, lists are appended to, all else is replaced.
fn merge(members: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, change) in changes {
        match (members.get_mut(key), change) {
            (Some(Value::Object(inner)), Value::Object(changes)) => merge(inner, changes),
            (Some(Value::Array(elements)), Value::Array(further)) => {
                elements.extend_from_slice(further);
            }
            (Some(value), change) => *value = change.clone(),
            (None, change) => {
                members.insert(key.clone(), change.clone());
            }
        }
    }
}

/// A description of a property that the document does not have would make one, of any type.
fn describes_something(node: Option<&Value>, update: &Value, is_properties: bool) -> Result<(), String> {
    let Value::Object(changes) = update else {
        return Ok(());
    };
    for (name, change) in changes {
        let member = node.and_then(|node| node.get(name));
        let only_describes = change.as_object().is_some_and(|change| change.keys().eq(["description"]));
        if is_properties && member.is_none() && only_describes {
            return Err(format!(
                "there is no property `{name}` to describe; correct the name, or take the description out"
            ));
        }
        // A property called `properties` holds no properties.
        describes_something(member, change, !is_properties && name == "properties")?;
    }
    Ok(())
}

fn remove(document: &mut Value, place: &Pointer) -> Result<(), String> {
    let whole = || "the whole document cannot be removed; narrow the target".to_owned();
    let parent = place.parent().ok_or_else(whole)?;
    let last = place.tokens().next_back().ok_or_else(whole)?;
    match parent.resolve_mut(document) {
        Some(Value::Object(members)) => {
            members.remove(&*last);
        }
        Some(Value::Array(elements)) => {
            // The place was found a moment ago, so it is there.
            if let Some(index) = last.parse().ok().filter(|index| *index < elements.len()) {
                elements.remove(index);
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn overlay(actions: &str) -> String {
        format!("overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions:\n{actions}\n")
    }

    fn applied(actions: &str, mut document: Value) -> Result<(Value, Applied), String> {
        let overlay = Overlay::parse(&overlay(actions), "a.yaml").map_err(|e| e.to_string())?;
        let applied = overlay.apply(&mut document).map_err(|e| e.to_string())?;
        Ok((document, applied))
    }

    #[test]
    fn changes() {
        for (actions, before, after, nodes) in [
            (
                "- {target: $, description: d, update: {a: {b: 2}}}",
                json!({"a": {"b": 1, "c": 3}}),
                json!({"a": {"b": 2, "c": 3}}),
                1,
            ),
            (
                "- {target: $.a, description: d, update: {b: [2], c: 5, d: {e: 1}}}",
                json!({"a": {"b": [1], "c": {"x": 1}, "d": 4}}),
                json!({"a": {"b": [1, 2], "c": 5, "d": {"e": 1}}}),
                1,
            ),
            (
                "- {target: $.a, description: d, update: {b: null}}",
                json!({"a": {"b": 1}}),
                json!({"a": {"b": null}}),
                1,
            ),
            ("- {target: $.a, description: d, update: 2}", json!({"a": [1]}), json!({"a": [1, 2]}), 1),
            ("- {target: $.a, description: d, update: {b: 2}}", json!({"a": []}), json!({"a": [{"b": 2}]}), 1),
            ("- {target: $.a, description: d, update: [2, 3]}", json!({"a": [1]}), json!({"a": [1, 2, 3]}), 1),
            (
                "- {target: \"$['a/~b'][\\\"c d\\\"]\", description: d, update: {e: 1}}",
                json!({"a/~b": {"c d": {}}}),
                json!({"a/~b": {"c d": {"e": 1}}}),
                1,
            ),
            (
                "- {target: '$.*', description: d, update: {e: 1}}",
                json!({"a": {}, "b": {"e": 0}}),
                json!({"a": {"e": 1}, "b": {"e": 1}}),
                2,
            ),
            (
                "- {target: '$..a', description: d, update: {e: 1}}",
                json!({"a": {"a": {}}}),
                json!({"a": {"e": 1, "a": {"e": 1}}}),
                2,
            ),
            (
                "- {target: \"$[?@.k == 'x']\", description: d, update: {e: 1}}",
                json!([{"k": "x"}, {"k": "y"}]),
                json!([{"k": "x", "e": 1}, {"k": "y"}]),
                1,
            ),
            ("- {target: $.a, description: d, remove: true}", json!({"a": 1, "b": 2}), json!({"b": 2}), 1),
            ("- {target: '$.a[0,0,1]', description: d, remove: true}", json!({"a": [1, 2, 3]}), json!({"a": [3]}), 2),
            (
                "- {target: '$.a[?@ > 2]', description: d, remove: true}",
                json!({"a": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]}),
                json!({"a": [1, 1, 2]}),
                9,
            ),
            (
                "- {target: '$..a', description: d, remove: true}",
                json!({"a": {"a": 1}, "b": [{"a": 2}]}),
                json!({"b": [{}]}),
                3,
            ),
            // Each sees what those before it left.
            (
                "- {target: $, description: d, update: {a: {}}}\n- {target: $.a, description: d, update: {b: []}}\n- {target: $.a.b, description: d, update: 1}\n- {target: '$.a.b[0]', description: d, remove: true, x-note: n}",
                json!({}),
                json!({"a": {"b": []}}),
                4,
            ),
        ] {
            let (document, applied) = applied(actions, before).unwrap();
            assert_eq!(document, after, "{actions}");
            assert_eq!(applied, Applied { actions: actions.lines().count(), nodes }, "{actions}");
        }
    }

    #[test]
    fn refusals() {
        let good = "- {target: $.a, description: d, update: {b: 1}}\n";
        for (action, said) in [
            (
                "- {target: $.b, description: d, update: {}, note: n}",
                "a.yaml: action 2 (target $.b): the key \"note\" is not known; known are target, description, update, remove",
            ),
            ("- {target: $.b, description: d}", "a.yaml: action 2 (target $.b): neither `update` nor `remove: true`"),
            ("- {target: $.b, description: d, remove: false}", "neither `update` nor"),
            ("- {target: $.b, description: d, remove: yes}", "`remove` is \"yes\"; write `remove: true`"),
            ("- {target: $.b, description: d, remove: true, update: {}}", "both `update` and `remove`"),
            ("- {target: $.b, remove: true}", "no `description`; say why the action is there"),
            ("- {target: $.b, description: ' ', remove: true}", "no `description`"),
            ("- {description: d, remove: true}", "a.yaml: action 2 (target missing): `target` must be a JSONPath"),
            ("- text", "an action must be an object"),
            ("- {target: 'a.b', description: d, remove: true}", "a.yaml: action 2 (target a.b): not a JSONPath"),
            ("- {target: $.x-b, description: d, remove: true}", "not a JSONPath"),
            ("- {target: \"$['a'\", description: d, remove: true}", "not a JSONPath"),
            (
                "- {target: $.a.c.d, description: d, remove: true}",
                "a.yaml: action 2 (target $.a.c.d): matches nothing: #/a has no \"c\"; correct the target, or take the action out",
            ),
            ("- {target: '$.a[*].c', description: d, remove: true}", "matches nothing; correct"),
            ("- {target: $.list.0, description: d, remove: true}", "not a JSONPath"),
            ("- {target: \"$.list['0']\", description: d, remove: true}", "matches nothing: #/list has no \"0\""),
            (
                "- {target: $.a.b, description: d, update: {}}",
                "#/a/b is neither an object nor a list; target what contains it",
            ),
            ("- {target: $.a, description: d, update: 1}", "#/a is an object and `update` is none"),
            ("- {target: $, description: d, remove: true}", "the whole document cannot be removed"),
            ("- {target: $.a, description: d, update: {x: 1, x: 2}}", "the key \"x\" stands twice in one object"),
        ] {
            let document = json!({"a": {}, "list": [1]});
            let error = applied(&format!("{good}{action}"), document).unwrap_err();
            assert!(error.contains(said), "{action}: {error}");
        }
    }

    #[test]
    fn all_actions_that_fail_are_told_and_the_others_applied() {
        let actions = "- {target: $.a, description: d, update: {b: 1}}\n- {target: $.x, description: d, remove: true}\n- {target: $.a.b, description: d, update: {}}\n- {target: $.c, description: d, remove: true}";
        let overlay = Overlay::parse(&overlay(actions), "a.yaml").unwrap();
        let mut document = json!({"a": {}, "c": 1});
        let failing: Vec<String> = overlay.failing(&mut document).iter().map(ToString::to_string).collect();
        assert_eq!(failing.len(), 2, "{failing:?}");
        assert!(failing[0].starts_with("a.yaml: action 2 (target $.x): matches nothing"), "{failing:?}");
        assert!(failing[1].starts_with("a.yaml: action 3 (target $.a.b): #/a/b is neither"), "{failing:?}");
        assert_eq!(document, json!({"a": {"b": 1}}));
    }

    #[test]
    fn what_only_describes_needs_something_to_describe() {
        let document = || json!({ "A": { "properties": { "b": { "properties": { "c": {} } }, "properties": {} } } });
        let refused = |target: &str, update: &str| {
            applied(&format!("- {{target: {target}, description: why, update: {update}}}"), document()).err()
        };
        for (target, update, name) in [
            ("$.A", "{properties: {x: {description: d}}}", "`x`"),
            ("$.A.properties", "{x: {description: d}}", "`x`"),
            ("$.A.properties.b", "{properties: {c: {description: d}, x: {description: d}}}", "`x`"),
            ("$", "{A: {properties: {b: {properties: {y: {description: d}}}}}}", "`y`"),
        ] {
            let error = refused(target, update).unwrap_or_default();
            assert!(error.contains(name) && error.contains("to describe"), "{target} {update}: {error:?}");
        }
        for (target, update) in [
            ("$.A", "{properties: {b: {description: d}}}"),
            ("$.A", "{properties: {x: {type: string, description: d}}}"),
            ("$.A", "{x: {description: d}}"),
            // A property called `properties` has no properties of its own here.
            ("$.A.properties", "{properties: {x: {description: d}}}"),
        ] {
            assert_eq!(refused(target, update), None, "{target} {update}");
        }
    }

    #[test]
    fn overlays_refused() {
        for (text, said) in [
            ("[]", "a.yaml: not an overlay; expected an object"),
            ("a: [", "a.yaml:2:1: not well-formed YAML"),
            ("overlay: 1.1.0", "a.yaml: `overlay` is \"1.1.0\"; write `overlay: 1.0.0`"),
            ("overlay: 1.0", "`overlay` is 1.0; write"),
            ("actions: []", "`overlay` is nothing; write"),
            ("overlay: 1.0.0\naction: []", "the key \"action\" is not known"),
            ("overlay: 1.0.0\nactions: []", "`info` must have a `title` and a `version`"),
            ("overlay: 1.0.0\ninfo: {title: t, version: 1}", "both texts"),
            ("overlay: 1.0.0\ninfo: {title: t, version: '1'}", "`actions` must be a list"),
        ] {
            let error = Overlay::parse(text, "a.yaml").unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        let empty = overlay("  []");
        assert!(Overlay::parse(&empty, "a.yaml").is_ok());
    }

    /// Going down by names finds what the query finds, and takes no text for a path that is none.
    #[test]
    fn names_and_queries_agree() {
        let document = json!({"a": {"b": {"c": 1}, "b c": 2, "": 3, "ä": 4, "0": 5}, "_a1": [1], "a.b": 6});
        for target in [
            "$",
            "$.a",
            "$.a.b.c",
            "$['a']",
            "$[\"a\"]['b c']",
            "$.a['']",
            "$.a['ä']",
            "$.a.ä",
            "$.a['0']",
            "$.a.0",
            "$._a1",
            "$._a1['0']",
            "$._a1[0]",
            "$['a.b']",
            "$['a\\u0062']",
            "$['a'] ['b']",
            "$ .a",
            "$.",
            "$.a.",
            "$..a",
            "$.a[",
            "$.a[]",
            "$.a['b'",
            "$.a['b]",
            "$.a['b''c']",
            "$.a['b', 'b c']",
            "$['a\nb']",
            "a",
            "",
            "$a",
            "$.a b",
            "$.a-b",
            "$.*",
            "$['*']",
            "$[\"a'\"]",
        ] {
            let Some(names) = plain_names(target) else {
                continue;
            };
            let query = Target::Query(JsonPath::parse(target).unwrap());
            let names = Target::Names(names);
            assert_eq!(names.places(&document), query.places(&document), "{target}");
        }
        for (target, plain) in
            [("$", true), ("$.paths['/a/{b}'].get", true), ("$.a[\"b\"]", true), ("$..a", false), ("$.a[0]", false)]
        {
            assert_eq!(plain_names(target).is_some(), plain, "{target}");
        }
    }

    /// 4000 corrections of a document of 4000 schemas take no notable time.
    #[test]
    fn many_actions_are_fast() {
        let schemas: Map<_, _> = (0..4000)
            .map(|number| (format!("S{number}"), json!({"type": "object", "properties": {"id": {"type": "string"}}})))
            .collect();
        let mut document = json!({"components": {"schemas": schemas}});
        let actions: String = (0..4000)
            .map(|number| {
                format!(
                    "- {{target: '$.components.schemas.S{number}', description: d, update: {{description: text}}}}\n"
                )
            })
            .collect();
        let begun = std::time::Instant::now();
        let overlay = Overlay::parse(&overlay(&actions), "a.yaml").unwrap();
        let applied = overlay.apply(&mut document).unwrap();
        assert_eq!(applied, Applied { actions: 4000, nodes: 4000 });
        assert_eq!(document["components"]["schemas"]["S3999"]["description"], "text");
        // A query over the document for each would take minutes; the bound leaves room for a busy
        // machine.
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}
