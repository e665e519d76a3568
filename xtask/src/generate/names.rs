//! Names: from a document's to Rust's, fixed in `names.toml` so that no import renames the API.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde::Deserialize;

use crate::failure::Failure;

/// The content of a `names.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    #[serde(default)]
    schemas: BTreeMap<String, String>,
    #[serde(default)]
    operations: BTreeMap<String, String>,
    /// Of each operation the method of its group in the SDK.
    #[serde(default)]
    methods: BTreeMap<String, String>,
    /// Of each operation the type in the SDK that holds its arguments.
    #[serde(default)]
    builders: BTreeMap<String, String>,
    /// Of each place with an inline enum or union the schema that is made of it.
    #[serde(default)]
    hoisted: BTreeMap<String, String>,
    /// Names that people chose over those the rule makes: `schemas.X`, `operations.X`, `methods.X`,
    /// `builders.X`, `fields."Schema.property"`, `variants."Schema.value"`.
    #[serde(default)]
    chosen: Chosen,
    #[serde(skip)]
    file: String,
    /// The entries under `chosen.fields` and `chosen.variants` that were asked for.
    #[serde(skip)]
    used: RefCell<BTreeSet<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    #[serde(default)]
    schemas: BTreeMap<String, String>,
    #[serde(default)]
    operations: BTreeMap<String, String>,
    #[serde(default)]
    methods: BTreeMap<String, String>,
    #[serde(default)]
    builders: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    variants: BTreeMap<String, String>,
}

/// Words that cannot be names, with or without `r#`.
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen",
    "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct",
    "trait", "true", "type", "unsafe", "use", "where", "while", "abstract", "become", "box", "do", "final", "macro",
    "override", "priv", "try", "typeof", "unsized", "virtual", "yield",
];

/// Names that generated code uses for something else.
const TAKEN_TYPES: &[&str] = &[
    "Self",
    "Option",
    "Vec",
    "Box",
    "String",
    "BTreeMap",
    "Map",
    "Value",
    "List",
    "Extra",
    "Timestamp",
    "Secret",
    "Result",
    "AsRef",
    "Default",
    "From",
    "Into",
    "IntoIterator",
    "PartialEq",
];

impl Names {
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, Failure> {
        let names: Self = toml::from_str(text).map_err(|error| {
            Failure::new(error.message().to_owned(), place(file, text, error.span()), "correct the entry")
        })?;
        Ok(Self { file: file.to_owned(), ..names })
    }

    /// The Rust names of the document's schemas; appends those that are new.
    pub(crate) fn fix_schemas<'a>(
        &mut self,
        documents: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let file = self.file.clone();
        fix(&file, "schemas", &mut self.schemas, &self.chosen.schemas, documents, |name| name.to_upper_camel_case())
    }

    /// The file, for messages.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The schema that is recorded for what stands inline at a place.
    pub(crate) fn hoisted(&self, place: &str) -> Option<&str> {
        self.hoisted.get(place).map(String::as_str)
    }

    /// Records the schemas of all places; fails if one that is recorded has gone.
    pub(crate) fn fix_hoisted(&mut self, places: BTreeMap<String, String>) -> Result<(), Failure> {
        if let Some(gone) = self.hoisted.keys().find(|place| !places.contains_key(*place)) {
            return Err(Failure::new(
                format!("the document has no `{gone}` any more"),
                format!("{}, [hoisted] {gone}", self.file),
                "this breaks those who use it: if it is meant, take the entry out",
            ));
        }
        self.hoisted = places;
        Ok(())
    }

    /// The Rust names of the document's operations; appends those that are new.
    pub(crate) fn fix_operations<'a>(
        &mut self,
        documents: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let file = self.file.clone();
        fix(&file, "operations", &mut self.operations, &self.chosen.operations, documents, |name| name.to_snake_case())
    }

    /// The methods of the SDK's groups, by operation; appends those that are new. Two groups may have
    /// methods of one name.
    pub(crate) fn fix_methods<'a>(
        &mut self,
        operations: impl Iterator<Item = (&'a str, &'a str, bool)> + Clone,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let groups: BTreeMap<&str, (&str, bool)> =
            operations.clone().map(|(id, group, preview)| (id, (group, preview))).collect();
        let group_of = |id: &str| groups.get(id).copied().unwrap_or_default();
        let file = self.file.clone();
        let scope = |id: &str| format!("{:?}", group_of(id));
        fix_in(&file, "methods", &mut self.methods, &self.chosen.methods, operations.map(|(id, ..)| id), scope, |id| {
            builder_words(id, group_of(id).0).join("_")
        })
    }

    /// The types of the SDK that hold an operation's arguments; appends those that are new.
    pub(crate) fn fix_builders<'a>(
        &mut self,
        operations: impl Iterator<Item = (&'a str, &'a str, bool)> + Clone,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let groups: BTreeMap<&str, &str> = operations.clone().map(|(id, group, _)| (id, group)).collect();
        let group_of = |id: &str| groups.get(id).copied().unwrap_or_default();
        let file = self.file.clone();
        fix(&file, "builders", &mut self.builders, &self.chosen.builders, operations.map(|(id, ..)| id), |id| {
            builder_type(id, group_of(id))
        })
    }

    /// The name of a property's field.
    pub(crate) fn field(&self, schema: &str, property: &str) -> Result<String, Failure> {
        let key = format!("{schema}.{property}");
        let name = match self.chosen.fields.get(&key) {
            Some(name) => {
                self.used.borrow_mut().insert(format!("fields {key}"));
                name.clone()
            }
            None => property.trim_start_matches(['$', '@']).to_snake_case(),
        };
        let place = format!("property `{property}` of {schema}");
        // `new` is the constructor, and a field's setter has the field's name.
        if matches!(name.as_str(), "self" | "crate" | "super" | "extra" | "new") || !is_identifier(&name) {
            return Err(self.unusable(&name, &place, &format!("fields.\"{key}\"")));
        }
        Ok(raw(name))
    }

    /// The name of an enum value's variant.
    pub(crate) fn variant(&self, schema: &str, value: &str) -> Result<String, Failure> {
        let key = format!("{schema}.{value}");
        let name = match self.chosen.variants.get(&key) {
            Some(name) => {
                self.used.borrow_mut().insert(format!("variants {key}"));
                name.clone()
            }
            None => {
                let name = value.to_upper_camel_case();
                if name.starts_with(|c: char| c.is_ascii_digit()) { format!("V{name}") } else { name }
            }
        };
        if name == "Unknown" || name == "Self" || !is_identifier(&name) {
            return Err(self.unusable(&name, &format!("value `{value}` of {schema}"), &format!("variants.\"{key}\"")));
        }
        Ok(name)
    }

    /// Fails if a chosen name of a field or variant was not asked for: all must have been by now.
    pub(crate) fn check_chosen(&self) -> Result<(), Failure> {
        for (section, chosen) in [("fields", &self.chosen.fields), ("variants", &self.chosen.variants)] {
            for key in chosen.keys() {
                if !self.used.borrow().contains(&format!("{section} {key}")) {
                    return Err(Failure::new(
                        format!("the document has no `{key}` any more"),
                        format!("{}, [chosen.{section}] {key}", self.file),
                        "correct the entry, or take it out",
                    ));
                }
            }
        }
        Ok(())
    }

    fn unusable(&self, name: &str, place: &str, key: &str) -> Failure {
        Failure::new(
            format!("`{name}` cannot be a name in Rust here"),
            place,
            format!("choose one in {}: [chosen] {key} = \"…\"", self.file),
        )
    }

    /// The text of the file with the names appended that are new.
    pub(crate) fn to_text(&self, before: &str) -> String {
        let mut document: toml_edit::DocumentMut = before.parse().unwrap_or_default();
        let sections = [
            ("schemas", &self.schemas),
            ("operations", &self.operations),
            ("methods", &self.methods),
            ("builders", &self.builders),
            ("hoisted", &self.hoisted),
        ];
        for (section, names) in sections {
            if names.is_empty() {
                continue;
            }
            let table = document.entry(section).or_insert(toml_edit::table());
            for (name, rust) in names {
                if table.get(name).is_none() {
                    table[name] = toml_edit::value(rust);
                }
            }
        }
        document.to_string()
    }
}

fn place(file: &str, text: &str, span: Option<std::ops::Range<usize>>) -> String {
    match span {
        Some(span) => {
            let line = text.get(..span.start).unwrap_or_default().matches('\n').count() + 1;
            format!("{file}, line {line}")
        }
        None => file.to_owned(),
    }
}

/// Whether a module may be called so.
pub(crate) fn is_module(name: &str) -> bool {
    is_identifier(name) && !KEYWORDS.contains(&name)
}

/// Whether a type may be called so.
pub(crate) fn is_type(name: &str) -> bool {
    is_identifier(name) && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// The one of several: `agents` -> `agent`, `batches` -> `batch`.
fn singular(plural: &str) -> String {
    let endings =
        [("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("zes", "ze"), ("s", "")];
    for (many, one) in endings {
        if let Some(stem) = plural.strip_suffix(many)
            && !plural.ends_with("ss")
        {
            return format!("{stem}{one}");
        }
    }
    plural.to_owned()
}

/// What an operation does, in words, without its group's noun: `Agents_createAgent` -> `create`,
/// `Files_getFileContent` -> `get content`.
fn builder_words(id: &str, group: &str) -> Vec<String> {
    let snake = id.split_once('_').map_or(id, |(_, name)| name).to_snake_case();
    let words: Vec<&str> = snake.split('_').collect();
    let plural = group.to_snake_case();
    for noun in [singular(&plural), plural] {
        let noun: Vec<&str> = noun.split('_').collect();
        // Behind the verb, and not part of a longer noun of another kind.
        if words.len() > noun.len() && words[1..].starts_with(&noun) {
            let kept = words[..1].iter().chain(&words[1 + noun.len()..]);
            return kept.map(|word| (*word).to_owned()).collect();
        }
    }
    words.into_iter().map(str::to_owned).collect()
}

/// The type of an operation's arguments: verb, noun of the group, and what else there is.
fn builder_type(id: &str, group: &str) -> String {
    let words = builder_words(id, group);
    // `create or update` is one verb.
    let verbs = if words.get(1).is_some_and(|word| word == "or") { 3 } else { 1 };
    let (verb, rest) = words.split_at(verbs.min(words.len()));
    let plural = group.to_snake_case();
    let noun = if rest.is_empty() && verb == ["list"] { plural } else { singular(&plural) };
    format!("{}_{noun}_{}", verb.join("_"), rest.join("_")).to_upper_camel_case()
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name != "_"
}

/// A field's name; keywords get `r#`.
fn raw(name: String) -> String {
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

fn fix<'a>(
    file: &str,
    section: &str,
    fixed: &mut BTreeMap<String, String>,
    chosen: &BTreeMap<String, String>,
    documents: impl Iterator<Item = &'a str>,
    rule: impl Fn(&str) -> String,
) -> Result<BTreeMap<String, String>, Failure> {
    fix_in(file, section, fixed, chosen, documents, |_| String::new(), rule)
}

/// Names that have to differ from those of the same scope only.
fn fix_in<'a>(
    file: &str,
    section: &str,
    fixed: &mut BTreeMap<String, String>,
    chosen: &BTreeMap<String, String>,
    documents: impl Iterator<Item = &'a str>,
    scope: impl Fn(&str) -> String,
    rule: impl Fn(&str) -> String,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut taken: BTreeMap<(String, String), String> = BTreeMap::new();
    for document in documents {
        let name = chosen.get(document).cloned().unwrap_or_else(|| rule(document));
        let place = format!("{file}, [{section}] {document}");
        let choose = format!("choose another name in {file}: [chosen.{section}] \"{document}\" = \"…\"");
        if let Some(recorded) = fixed.get(document)
            && *recorded != name
        {
            return Err(Failure::new(
                format!("the name `{recorded}` is recorded for `{document}`, but it would now be `{name}`"),
                place,
                format!(
                    "a recorded name is part of the public API: restore `{name}`, or put \"{document}\" = \"{recorded}\" under [chosen.{section}]"
                ),
            ));
        }
        if !is_identifier(&name) || TAKEN_TYPES.contains(&name.as_str()) || KEYWORDS.contains(&name.as_str()) {
            return Err(Failure::new(format!("`{name}` cannot be a name in Rust here"), place, choose));
        }
        if let Some(other) = taken.insert((scope(document), name.clone()), document.to_owned()) {
            return Err(Failure::new(
                format!("`{other}` and `{document}` would both be `{name}` in Rust"),
                place,
                choose,
            ));
        }
        names.insert(document.to_owned(), name);
    }
    for table in [&*fixed, chosen] {
        if let Some(gone) = table.keys().find(|name| !names.contains_key(*name)) {
            return Err(Failure::new(
                format!("the document has no `{gone}` any more"),
                format!("{file}, [{section}] {gone}"),
                "this breaks those who use it: if it is meant, take the entry out",
            ));
        }
    }
    fixed.clone_from(&names);
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str, documents: &[&str]) -> Result<BTreeMap<String, String>, String> {
        let mut names = Names::parse(text, "names.toml").map_err(|error| error.to_string())?;
        names.fix_schemas(documents.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn new_names_follow_the_rule_and_are_appended() {
        let mut names = Names::parse("# ours\n[schemas]\nA = \"A\"\n", "names.toml").unwrap();
        let made = names.fix_schemas(["A", "AISearchIndex", "OpenAI.Foo"].into_iter()).unwrap();
        assert_eq!(made["AISearchIndex"], "AiSearchIndex");
        assert_eq!(made["OpenAI.Foo"], "OpenAiFoo");
        let text = names.to_text("# ours\n[schemas]\nA = \"A\"\n");
        assert!(text.starts_with("# ours\n[schemas]\nA = \"A\"\n"), "{text}");
        assert!(text.contains("\"OpenAI.Foo\" = \"OpenAiFoo\""), "{text}");
    }

    #[test]
    fn what_would_change_the_public_names_is_an_error_that_says_where() {
        let cases = [
            ("[schemas]\nRun = \"Lauf\"", vec!["Run"], "names.toml, [schemas] Run"),
            ("[schemas]\nRun = \"Run\"", vec![], "no `Run` any more"),
            ("", vec!["fooBar", "FooBar"], "both be `FooBar`"),
            ("", vec!["String"], "cannot be a name"),
            ("[chosen.schemas]\nRun = \"1st\"", vec!["Run"], "`1st` cannot be a name"),
            ("[schemas]\nRun = 5", vec!["Run"], "names.toml, line 2"),
            ("[shemas]\n", vec![], "unknown field"),
        ];
        for (text, documents, expected) in cases {
            let error = fixed(text, &documents).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_chosen_name_wins() {
        let made = fixed("[chosen.schemas]\nString = \"Text\"\n[schemas]\nString = \"Text\"", &["String"]).unwrap();
        assert_eq!(made["String"], "Text");
    }

    #[test]
    fn methods_and_builders_lose_the_noun_of_their_group() {
        for (id, group, method, builder) in [
            ("Agents_listAgents", "Agents", "list", "ListAgents"),
            ("Agents_createAgent", "Agents", "create", "CreateAgent"),
            ("Agents_createThreadAndRun", "Agents", "create_thread_and_run", "CreateAgentThreadAndRun"),
            ("Files_getFileContent", "Files", "get_content", "GetFileContent"),
            ("Indexes_createOrUpdate", "Indexes", "create_or_update", "CreateOrUpdateIndex"),
            ("Datasets_listVersions", "Datasets", "list_versions", "ListDatasetVersions"),
            ("Runs_submitToolOutputs", "Runs", "submit_tool_outputs", "SubmitRunToolOutputs"),
            ("VectorStores_deleteVectorStore", "VectorStores", "delete", "DeleteVectorStore"),
            (
                "VectorStoreFileBatches_listFiles",
                "VectorStoreFileBatches",
                "list_files",
                "ListVectorStoreFileBatchFiles",
            ),
            ("VectorStoreFiles_deleteVectorStoreFile", "VectorStoreFiles", "delete", "DeleteVectorStoreFile"),
            ("Memories_list", "Memories", "list", "ListMemories"),
            ("Memories_get", "Memories", "get", "GetMemory"),
        ] {
            let mut names = Names::default();
            let operations = [(id, group, false)];
            assert_eq!(names.fix_methods(operations.into_iter()).unwrap()[id], method);
            assert_eq!(names.fix_builders(operations.into_iter()).unwrap()[id], builder);
        }
        // One method may stand in two groups, not twice in one.
        let two = [("A_list", "As", false), ("B_list", "Bs", false)];
        assert_eq!(Names::default().fix_methods(two.into_iter()).unwrap().len(), 2);
        let same = [("A_list", "As", false), ("A_listAs", "As", false)];
        assert!(Names::default().fix_methods(same.into_iter()).unwrap_err().to_string().contains("both be `list`"));
    }

    #[test]
    fn fields_and_variants_are_usable_in_rust() {
        let names = Names::parse("[chosen.variants]\n\"Mode.-\" = \"Dash\"", "names.toml").unwrap();
        assert_eq!(names.field("Run", "type").unwrap(), "r#type");
        assert_eq!(names.field("Run", "nextLink").unwrap(), "next_link");
        assert_eq!(names.field("Run", "$schema").unwrap(), "schema");
        assert!(names.field("Run", "extra").is_err());
        assert!(names.field("Run", "new").is_err());
        assert_eq!(names.variant("Mode", "2025-01").unwrap(), "V202501");
        assert_eq!(names.variant("Mode", "-").unwrap(), "Dash");
        assert!(names.variant("Mode", "unknown").is_err());
    }
}
