//! Enums and unions that stand inline get a schema of their own: what is a type in Rust needs a name.
//!
//! Those of one content become one schema. The name of each place is fixed in `names.toml`, so that a
//! new edition of the document renames nothing by accident.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value};

use super::operations::is_argument;
use super::schemas::CONSTANT;
use crate::failure::Failure;
use crate::generate::Names;

/// What of a schema is its content; the rest belongs to the place where it stands.
const CONTENT: &[&str] =
    &["type", "enum", "x-extensible-enum", "anyOf", "oneOf", "discriminator", "x-extensible-discriminator"];

/// What a reference to a schema that has no name yet begins with.
const UNNAMED: &str = "#/unnamed/";

/// The parts of compositions have no names of their own; they are told apart by what they are.
const COMPOSITIONS: &[&str] = &["anyOf", "oneOf"];

/// Where an inline schema stands.
#[derive(Clone)]
struct Place {
    /// As `names.toml` writes it: `OpenAI.Tool.filters/1[]`.
    path: String,
    /// The schema or operation it is in.
    owner: String,
    /// What its name is made of, without the owner: `FiltersItem`.
    words: String,
}

impl Place {
    fn of(owner: &str) -> Self {
        Self { path: owner.to_owned(), owner: owner.to_owned(), words: String::new() }
    }

    fn inner(&self, path: &str, words: &str) -> Self {
        Self {
            path: format!("{}{path}", self.path),
            owner: self.owner.clone(),
            words: format!("{}{}", self.words, words.to_upper_camel_case()),
        }
    }
}

/// What was found of one content.
struct Found {
    schema: Value,
    recorded: Option<String>,
    places: Vec<Place>,
}

#[derive(Default)]
struct Hoisted {
    found: Vec<Found>,
    /// By content, and by the name that is recorded for the place.
    known: BTreeMap<(String, Option<String>), usize>,
    enums: usize,
    unions: usize,
}

/// Gives each inline enum and union a schema of its own, and says how many of each there were.
pub(crate) fn run(document: &mut Value, names: &mut Names) -> Result<[(&'static str, usize); 2], Failure> {
    let mut hoisted = Hoisted::default();
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in schemas {
            hoisted.inside(schema, &Place::of(name), names);
        }
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for operation in
        paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut).flat_map(Map::values_mut)
    {
        let Some(id) = operation.get("operationId").and_then(Value::as_str).map(str::to_owned) else { continue };
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten().filter(|parameter| is_argument(parameter)) {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let place = Place::of(&id).inner(&format!(".{name}"), &name);
            if let Some(schema) = parameter.get_mut("schema") {
                hoisted.at(schema, &place, names);
            }
        }
        let content = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
        for media in content.into_iter().flat_map(Map::values_mut) {
            if let Some(schema) = media.get_mut("schema") {
                hoisted.at(schema, &Place::of(&id).inner(".body", "body"), names);
            }
        }
    }
    let counts = [("hoist-inline-enums", hoisted.enums), ("hoist-inline-unions", hoisted.unions)];
    hoisted.name(document, names)?;
    Ok(counts)
}

impl Hoisted {
    /// What stands inside of a schema that has a name.
    fn inside(&mut self, schema: &mut Value, place: &Place, names: &Names) {
        let Some(schema) = schema.as_object_mut() else { return };
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for (name, property) in properties {
                self.at(property, &place.inner(&format!(".{name}"), name), names);
            }
        }
        for (key, path, word) in [("items", "[]", "item"), ("additionalProperties", "{}", "value")] {
            if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
                self.at(inner, &place.inner(path, word), names);
            }
        }
        let before = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
        for list in COMPOSITIONS {
            for (index, part) in schema.get_mut(*list).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
                let word = match (part.get("enum"), part["type"] == "array") {
                    (Some(_), _) => "mode",
                    (None, true) => "",
                    (None, false) => "kind",
                };
                self.at(part, &place.inner(&format!("/{index}"), word), names);
            }
        }
        self.mapped(schema, &before);
    }

    /// The branches of a discriminator that are unions of their own, and stand in its mapping too.
    fn mapped(&mut self, schema: &mut Map<String, Value>, before: &[Value]) {
        let after = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
        let mapping = schema.get_mut("discriminator").and_then(|mark| mark["mapping"].as_object_mut());
        for branch in mapping.into_iter().flat_map(Map::values_mut).filter(|branch| branch.is_object()) {
            if let Some(index) = before.iter().position(|part| part == branch) {
                *branch = after[index]["$ref"].clone();
            }
        }
    }

    /// A schema that has no name.
    fn at(&mut self, schema: &mut Value, place: &Place, names: &Names) {
        self.inside(schema, place, names);
        let Some(map) = schema.as_object_mut() else { return };
        let is_enum = map.contains_key("enum") && !map.contains_key(CONSTANT);
        let is_union = COMPOSITIONS.iter().any(|key| map.contains_key(*key));
        if !is_enum && !is_union {
            return;
        }
        if is_enum {
            self.enums += 1
        } else {
            self.unions += 1
        }
        let content: Map<String, Value> =
            CONTENT.iter().filter_map(|key| Some(((*key).to_owned(), map.remove(*key)?))).collect();
        let content = Value::Object(content);
        let recorded = names.hoisted(&place.path).map(str::to_owned);
        let key = (content_key(&content), recorded.clone());
        let index = *self.known.entry(key).or_insert_with(|| {
            self.found.push(Found { schema: content, recorded, places: Vec::new() });
            self.found.len() - 1
        });
        self.found[index].places.push(place.clone());
        map.insert("$ref".to_owned(), format!("{UNNAMED}{index}").into());
    }

    /// Chooses the names, and puts the schemas where they belong.
    fn name(self, document: &mut Value, names: &mut Names) -> Result<(), Failure> {
        let mut taken: BTreeSet<String> = document["components"]["schemas"]
            .as_object()
            .map(|schemas| schemas.keys().map(|name| name.to_upper_camel_case()).collect())
            .unwrap_or_default();
        // New places of a content that has a name already are of that name.
        let mut of_content: BTreeMap<String, String> = BTreeMap::new();
        for found in &self.found {
            if let Some(name) = &found.recorded {
                of_content.entry(content_key(&found.schema)).or_insert_with(|| name.clone());
            }
        }
        let mut chosen: Vec<Option<String>> = self
            .found
            .iter()
            .map(|found| found.recorded.clone().or_else(|| of_content.get(&content_key(&found.schema)).cloned()))
            .collect();
        let mut contents: BTreeMap<&str, (String, &Place)> = BTreeMap::new();
        for (found, name) in self.found.iter().zip(&chosen) {
            let (Some(name), Some(place)) = (name, found.places.first()) else { continue };
            let content = content_key(&found.schema);
            match contents.insert(name, (content.clone(), place)) {
                Some((other, first)) if other != content => {
                    return Err(Failure::new(
                        format!(
                            "`{}` and `{}` are no longer of one type, but both are recorded as `{name}`",
                            first.path, place.path
                        ),
                        format!("{}, [hoisted] {:?}", names.file(), place.path),
                        "this changes a public type: if it is meant, take the entries out whose type is to have a new name",
                    ));
                }
                _ => {}
            }
            taken.insert(name.to_upper_camel_case());
        }
        let wanted: Vec<Vec<String>> = self.found.iter().map(|found| candidates(&found.places)).collect();
        // Of each name who wants it and has none yet.
        let mut wanting: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (index, names) in wanted.iter().enumerate().filter(|(index, _)| chosen[*index].is_none()) {
            for name in names {
                wanting.entry(name.to_upper_camel_case()).or_default().insert(index);
            }
        }
        for (index, candidates) in wanted.iter().enumerate() {
            if chosen[index].is_some() {
                continue;
            }
            let is_free = |name: &String| {
                let name = name.to_upper_camel_case();
                // What two contents want none of them gets.
                let is_alone = |wanting: &BTreeSet<usize>| wanting.iter().all(|other| *other == index);
                !taken.contains(&name) && wanting.get(&name).is_none_or(is_alone)
            };
            let last = candidates.last().cloned().unwrap_or_default();
            let name = candidates.iter().find(|name| is_free(name)).cloned();
            let name = name.or_else(|| Some(format!("{last}Option")).filter(|name| is_free(name)));
            let Some(name) = name else {
                let place = self.found[index].places.first().map(|place| place.path.clone()).unwrap_or_default();
                return Err(Failure::new(
                    format!(
                        "no name is free for the inline schema at `{place}`: `{last}` and `{last}Option` are taken"
                    ),
                    place.clone(),
                    format!("choose one in {}: [hoisted] \"{place}\" = \"…\"", names.file()),
                ));
            };
            taken.insert(name.to_upper_camel_case());
            for name in candidates {
                wanting.entry(name.to_upper_camel_case()).and_modify(|wanting| _ = wanting.remove(&index));
            }
            chosen[index] = Some(name);
        }
        let mut references = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (index, found) in self.found.into_iter().enumerate() {
            let name = chosen[index].clone().unwrap_or_default();
            for place in found.places {
                places.insert(place.path, name.clone());
            }
            references.insert(format!("{UNNAMED}{index}"), name.clone());
            if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
                schemas.insert(name, found.schema);
            }
        }
        resolve(document, &references);
        names.fix_hoisted(places)
    }
}

/// What tells contents apart: the order of an enum's values does not.
fn content_key(content: &Value) -> String {
    let mut content = content.clone();
    if let Some(values) = content.get_mut("enum").and_then(Value::as_array_mut) {
        values.sort_by_key(Value::to_string);
    }
    content.to_string()
}

/// Names for what stands at these places, the best first; the last one is made of one place alone.
fn candidates(places: &[Place]) -> Vec<String> {
    let mut names = Vec::new();
    let shortest = places.iter().min_by_key(|place| (place.owner.len() + place.words.len(), &place.path));
    if let [first, rest @ ..] = places
        && rest.iter().any(|place| place.owner != first.owner)
    {
        let same_words = rest.iter().all(|place| place.words == first.words);
        let owner = common_words(places.iter().map(|place| place.owner.as_str()));
        if same_words && !owner.is_empty() && !owner.ends_with('.') {
            names.push(format!("{owner}{}", first.words));
        }
        // One word alone, such as `Status`, says nothing.
        if same_words && first.words.chars().filter(|c| c.is_ascii_uppercase()).count() > 1 {
            let namespace = owner.split_once('.').map_or(String::new(), |(namespace, _)| format!("{namespace}."));
            names.push(format!("{namespace}{}", first.words));
        }
    }
    if let Some(place) = shortest {
        names.push(format!("{}{}", place.owner.replace('_', ""), place.words));
    }
    names
}

/// The words that all names begin with: of `OpenAI.ResponseItem` and `OpenAI.ResponseInput` it is
/// `OpenAI.Response`.
fn common_words<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let Some(first) = names.next() else { return String::new() };
    let mut length = first.len();
    for name in names {
        let same = first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        length = length.min(same);
        // Back to where a word ends in both.
        let ends = |text: &str, at: usize| text[at..].chars().next().is_none_or(|c| c.is_uppercase() || c == '.');
        while length > 0
            && !(first.is_char_boundary(length) && ends(first, length) && ends(name, length.min(name.len())))
        {
            length -= 1;
        }
    }
    first.get(..length).unwrap_or_default().to_owned()
}

fn resolve(value: &mut Value, references: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for inner in map.values_mut() {
                // A mapping's values are references too.
                match inner.as_str().and_then(|text| references.get(text)) {
                    Some(name) => *inner = format!("#/components/schemas/{name}").into(),
                    _ => resolve(inner, references),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| resolve(inner, references)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hoist(schemas: Value, names: &str) -> Result<(Value, String, [usize; 2]), String> {
        let mut document = json!({ "components": { "schemas": schemas } });
        let mut names_ = Names::parse(names, "names.toml").map_err(|error| error.to_string())?;
        let counts = run(&mut document, &mut names_).map_err(|error| error.to_string())?;
        Ok((document["components"]["schemas"].take(), names_.to_text(names), counts.map(|(_, count)| count)))
    }

    fn state(values: &[&str]) -> Value {
        json!({ "type": "string", "enum": values, "nullable": true, "description": "d" })
    }

    #[test]
    fn an_inline_enum_gets_a_name_and_leaves_what_is_of_its_place() {
        let (schemas, names, counts) =
            hoist(json!({ "A": { "type": "object", "properties": { "state": state(&["x", "y"]) } } }), "").unwrap();
        assert_eq!(schemas["AState"], json!({ "type": "string", "enum": ["x", "y"] }));
        let expected = json!({ "$ref": "#/components/schemas/AState", "nullable": true, "description": "d" });
        assert_eq!(schemas["A"]["properties"]["state"], expected);
        assert_eq!(counts, [1, 0]);
        assert!(names.contains("\"A.state\" = \"AState\""), "{names}");
    }

    #[test]
    fn what_is_equal_is_one_schema_named_by_what_its_places_share() {
        let of = |values: &[&str]| json!({ "type": "object", "properties": { "state": state(values) } });
        let schemas = json!({
            "Api.ItemOne": of(&["x", "y"]), "Api.ItemTwo": of(&["y", "x"]),
            "Api.Other": of(&["z", "w"]),
        });
        let (schemas, _, _) = hoist(schemas, "").unwrap();
        let reference = |owner: &str| schemas[owner]["properties"]["state"]["$ref"].clone();
        assert_eq!(reference("Api.ItemOne"), "#/components/schemas/Api.ItemState");
        assert_eq!(reference("Api.ItemTwo"), reference("Api.ItemOne"));
        assert_eq!(reference("Api.Other"), "#/components/schemas/Api.OtherState");
    }

    #[test]
    fn unions_are_hoisted_after_what_is_in_them() {
        let union = json!({ "anyOf": [{ "type": "string", "enum": ["never", "always"] }, { "$ref": "#/components/schemas/B" }] });
        let schemas = json!({
            "A": { "type": "object", "properties": { "approval": union.clone(), "list": { "type": "array", "items": union } } },
            "B": { "type": "object", "properties": {} },
            "AApproval": { "type": "string" },
        });
        let (schemas, _, counts) = hoist(schemas, "").unwrap();
        assert_eq!(counts, [2, 2]);
        let approval = schemas["A"]["properties"]["approval"]["$ref"].as_str().unwrap();
        // `AApproval` is the name of another schema.
        assert_eq!(approval, "#/components/schemas/AApprovalOption");
        assert_eq!(schemas["A"]["properties"]["list"]["items"]["$ref"], approval);
        assert_eq!(schemas["AApprovalOption"]["anyOf"][0]["$ref"], "#/components/schemas/AApprovalMode");
    }

    #[test]
    fn recorded_names_stay_and_new_places_join_them() {
        let of = |values: &[&str]| json!({ "type": "object", "properties": { "state": state(values) } });
        let recorded = "[hoisted]\n\"A.state\" = \"Condition\"\n";
        let (schemas, names, _) = hoist(json!({ "A": of(&["x", "y"]), "B": of(&["x", "y"]) }), recorded).unwrap();
        assert_eq!(schemas["A"]["properties"]["state"]["$ref"], "#/components/schemas/Condition");
        assert_eq!(schemas["B"]["properties"]["state"], schemas["A"]["properties"]["state"]);
        assert!(names.contains("\"B.state\" = \"Condition\""), "{names}");
        let recorded = "[hoisted]\n\"A.state\" = \"Condition\"\n\"B.state\" = \"Condition\"\n";
        let error = hoist(json!({ "A": of(&["x", "y"]), "B": of(&["x", "z"]) }), recorded).unwrap_err();
        assert!(error.contains("no longer of one type") && error.contains("B.state"), "{error}");
        let error = hoist(json!({ "A": of(&["x", "y"]) }), recorded).unwrap_err();
        assert!(error.contains("no `B.state` any more"), "{error}");
    }

    #[test]
    fn constants_and_references_are_left_alone() {
        let schemas = json!({ "A": { "type": "object", "properties": {
            "type": { "type": "string", "x-constant": "a" }, "b": { "$ref": "#/components/schemas/B" },
        } }, "B": { "type": "string", "enum": ["x", "y"] } });
        let (after, _, counts) = hoist(schemas.clone(), "").unwrap();
        assert_eq!((after, counts), (schemas, [0, 0]));
    }
}
