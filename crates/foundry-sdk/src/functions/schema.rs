//! The dialect of JSON Schema that the service takes: what is left of a type's schema, and how much
//! of it `strict` can express.

use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Formats of strings that the service knows.
const FORMATS: &[&str] = &["date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Keywords that combine schemas.
const COMBINING: &[&str] = &["allOf", "anyOf", "oneOf"];

/// Keywords that say something of a schema and nothing of its values.
const ANNOTATIONS: &[&str] =
    &["$comment", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"];

/// Keywords without which a schema means something else, and for which `strict` has no words.
const INEXPRESSIBLE: &[(&str, &str)] = &[
    ("prefixItems", "a tuple, whose places have types of their own"),
    ("patternProperties", "a map, whose keys are not known"),
    ("not", "a schema that must not fit (`not`)"),
    ("if", "a condition (`if`)"),
    ("dependentRequired", "a condition (`dependentRequired`)"),
    ("dependentSchemas", "a condition (`dependentSchemas`)"),
    ("$dynamicRef", "a reference that depends on where it is read (`$dynamicRef`)"),
];

/// As many alternatives as one schema may become when what it combines is multiplied out.
const MOST_ALTERNATIVES: usize = 64;

/// What stands for something left out, where strict has everything required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Null, in addition to what is taken anyway.
    Null,
    /// Nothing: there has to be a value, and null only where it is one.
    Never,
}

/// What of a schema cannot be sent, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// A JSON Pointer into the schema.
    at: String,
    why: String,
}

impl Problem {
    fn new(at: &str, why: impl Into<String>) -> Self {
        Self { at: at.to_owned(), why: why.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.as_str() {
            "" => f.write_str("at the root of the schema")?,
            at => write!(f, "at `{at}` of the schema")?,
        }
        write!(f, " is {}", self.why)
    }
}

/// The schema of what `T` is read from, in the service's dialect. References stay only where a type
/// holds itself.
fn of<T: JsonSchema + ?Sized>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// The same without the description of the whole, and that description: it stands beside the schema.
pub(crate) fn described<T: JsonSchema + ?Sized>() -> (Value, Option<String>) {
    let mut schema = of::<T>();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    (schema, description.and_then(|description| description.as_str().map(str::to_owned)))
}

/// Takes out what means nothing to a model: titles, which repeat the names of types, and formats
/// that are Rust's (`uint8`).
fn tidy(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    schema.remove("$schema");
    schema.remove("title");
    if schema.get("format").is_some_and(|format| !format.as_str().is_some_and(|format| FORMATS.contains(&format))) {
        schema.remove("format");
    }
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            // Values, which may look like schemas.
            ("const" | "default" | "enum" | "examples", _) => {}
            // Names of the caller's choice, with schemas.
            (
                "$defs" | "definitions" | "dependentSchemas" | "patternProperties" | "properties",
                Value::Object(schemas),
            ) => schemas.values_mut().for_each(tidy),
            (_, Value::Array(schemas)) => schemas.iter_mut().for_each(tidy),
            (_, value) => tidy(value),
        }
    }
}

/// A schema whose root is an object with properties and nothing else: the service takes no other,
/// strict or not.
pub(crate) fn rooted(schema: Value) -> Result<Value, Problem> {
    const WANTED: &str = "no object; put it in a field of a struct";
    let Value::Object(mut root) = schema else { return Err(Problem::new("", WANTED)) };
    if let Some(keyword) = combining(&root) {
        let definitions: Vec<_> = ["$defs", "definitions"].iter().filter_map(|name| root.remove_entry(*name)).collect();
        let mut alternatives = alternatives(root, "")?;
        let (Some(only), true) = (alternatives.pop(), alternatives.is_empty()) else {
            let why = "a choice between schemas where the service takes one object; put it in a field of a struct";
            return Err(Problem::new(&below("", keyword), why));
        };
        root = only;
        root.extend(definitions);
    }
    let is_object = match root.get("type") {
        None => root.contains_key("properties"),
        Some(kind) => kind == "object",
    };
    if !is_object || ["$ref", "const", "enum", "not"].iter().any(|keyword| root.contains_key(*keyword)) {
        return Err(Problem::new("", WANTED));
    }
    root.insert("type".to_owned(), "object".into());
    if !root.entry("properties").or_insert_with(|| json!({})).is_object() {
        return Err(Problem::new("/properties", "no object of schemas"));
    }
    Ok(Value::Object(root))
}

/// The same schema as far as `strict` goes, which is the subset that Azure OpenAI documents under
/// "Structured outputs": `type`, `properties`, `items`, `enum`, `anyOf`, `$ref` and `$defs`, with
/// all properties required and no others allowed.
///
/// Azure's list of refused keywords is the one followed, for the models run there; OpenAI's own has
/// since become shorter (it takes `pattern`, `format`, bounds of numbers and lengths of arrays). So
/// these are left out: for strings `minLength`, `maxLength`, `pattern`, `format`; for numbers
/// `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`; for objects
/// `propertyNames`, `minProperties`, `maxProperties`; for arrays `contains`, `minContains`,
/// `maxContains`, `minItems`, `maxItems`, `uniqueItems`, `unevaluatedItems`. They narrow what fits,
/// and decoding looks after that. So are annotations but `description`. What cannot be left out
/// without changing what the schema means is a [`Problem`].
pub(crate) fn strict(schema: &Value, absent: Absent) -> Result<Value, Problem> {
    let mut strict = node(schema, "", absent)?;
    let mut definitions = Object::new();
    // Older documents keep them under `definitions`; `reference` points all of them here.
    for keyword in ["$defs", "definitions"] {
        let Some(Value::Object(schemas)) = schema.get(keyword) else { continue };
        for (name, schema) in schemas {
            definitions.insert(name.clone(), node(schema, &below(&below("", keyword), name), absent)?.into());
        }
    }
    if !definitions.is_empty() {
        strict.insert("$defs".to_owned(), definitions.into());
    }
    Ok(strict.into())
}

/// One schema in strict form.
fn node(schema: &Value, at: &str, absent: Absent) -> Result<Object, Problem> {
    let schema = match schema {
        Value::Object(schema) => schema,
        Value::Bool(false) => return Err(Problem::new(at, "a schema that no value fits")),
        _ => return Err(Problem::new(at, ANYTHING)),
    };
    if let Some(to) = schema.get("$ref") {
        return reference(schema, to, at);
    }
    if let Some((_, why)) = INEXPRESSIBLE.iter().find(|(keyword, _)| is_said(schema, keyword)) {
        return Err(Problem::new(at, *why));
    }
    match combining(schema) {
        Some(keyword) => choice(schema, keyword, at, absent),
        None => plain(schema, at, absent),
    }
}

const ANYTHING: &str = "a place for any value; name its type";

/// Whether a keyword is there and says something.
fn is_said(schema: &Object, keyword: &str) -> bool {
    schema.get(keyword).is_some_and(|value| !value.as_object().is_some_and(Map::is_empty))
}

fn combining(schema: &Object) -> Option<&'static str> {
    COMBINING.iter().copied().find(|keyword| schema.contains_key(*keyword))
}

fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// A reference; the service takes none with anything beside it.
fn reference(schema: &Object, to: &Value, at: &str) -> Result<Object, Problem> {
    let root = |keyword: &str| matches!(keyword, "$defs" | "definitions") && at.is_empty();
    if schema.keys().any(|keyword| keyword != "$ref" && !is_annotation(keyword) && !root(keyword)) {
        return Err(Problem::new(at, "a reference with further conditions beside it"));
    }
    let target = match to.as_str() {
        Some("#") => "#".to_owned(),
        Some(to) => match to.strip_prefix("#/$defs/").or_else(|| to.strip_prefix("#/definitions/")) {
            Some(name) => format!("#/$defs/{name}"),
            None => return Err(Problem::new(at, format!("a reference to `{to}`, which is not among `$defs`"))),
        },
        None => return Err(Problem::new(at, "a reference to nothing")),
    };
    Ok(Object::from_iter([("$ref".to_owned(), target.into())]))
}

/// A schema that combines others, as an `anyOf`.
fn choice(schema: &Object, keyword: &str, at: &str, absent: Absent) -> Result<Object, Problem> {
    let says_more = |schema: &Object| {
        let combined = schema.keys().filter(|keyword| COMBINING.contains(&keyword.as_str())).count();
        combined > 1 || schema.keys().any(|keyword| is_structural(keyword))
    };
    let mut strict = Object::new();
    let mut any_of = Vec::new();
    if keyword == "allOf" || says_more(schema) {
        for alternative in alternatives(schema.clone(), at)? {
            any_of.push(node(&alternative.into(), at, absent)?);
        }
    } else {
        let at = below(at, keyword);
        for (index, branch) in branches(schema, keyword, &at)?.iter().enumerate() {
            any_of.push(node(branch, &below(&at, &index.to_string()), absent)?);
        }
    }
    if let [_] = any_of.as_slice() {
        strict.extend(any_of.remove(0));
        if let (Some(description), false) = (schema.get("description"), strict.contains_key("$ref")) {
            strict.entry("description").or_insert_with(|| description.clone());
        }
        return Ok(strict);
    }
    if let Some(description) = schema.get("description") {
        strict.insert("description".to_owned(), description.clone());
    }
    // A choice within a choice is one choice, unless it has something to say of its own.
    let any_of: Vec<Value> = any_of
        .into_iter()
        .flat_map(|mut branch| match (branch.len(), branch.remove("anyOf")) {
            (1, Some(Value::Array(branches))) => branches,
            (_, Some(any_of)) => {
                branch.insert("anyOf".to_owned(), any_of);
                vec![branch.into()]
            }
            (_, None) => vec![branch.into()],
        })
        .collect();
    strict.insert("anyOf".to_owned(), any_of.into());
    Ok(strict)
}

/// Whether a keyword has a part in what strict schemas can say.
fn is_structural(keyword: &str) -> bool {
    matches!(
        keyword,
        "type"
            | "properties"
            | "required"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "items"
            | "enum"
            | "const"
    )
}

fn branches<'a>(schema: &'a Object, keyword: &str, at: &str) -> Result<&'a [Value], Problem> {
    match schema.get(keyword) {
        Some(Value::Array(branches)) if !branches.is_empty() => Ok(branches),
        _ => Err(Problem::new(at, "no list of schemas")),
    }
}

/// What a schema that combines others comes to: schemas that combine none, one of which fits.
fn alternatives(mut schema: Object, at: &str) -> Result<Vec<Object>, Problem> {
    let combined: Vec<_> = COMBINING.iter().filter_map(|keyword| schema.remove_entry(*keyword)).collect();
    let description = schema.remove("description");
    let mut alternatives_so_far = vec![schema];
    for (keyword, branches) in combined {
        let at = below(at, &keyword);
        let Value::Array(branches) = branches else { return Err(Problem::new(&at, "no list of schemas")) };
        let mut choices = Vec::new();
        for (index, branch) in branches.into_iter().enumerate() {
            let at = below(&at, &index.to_string());
            let branch = match branch {
                Value::Object(branch) => alternatives(branch, &at)?,
                Value::Bool(true) => vec![Object::new()],
                _ => Vec::new(),
            };
            choices.push(branch);
        }
        if keyword == "allOf" {
            for choice in choices {
                alternatives_so_far = multiplied(alternatives_so_far, &choice, &at)?;
            }
        } else {
            let choice = choices.concat();
            alternatives_so_far = multiplied(alternatives_so_far, &choice, &at)?;
        }
    }
    // The description of what is combined is one of the whole, where there is one whole.
    if let (Some(description), [only]) = (description, alternatives_so_far.as_mut_slice()) {
        only.insert("description".to_owned(), description);
    }
    Ok(alternatives_so_far)
}

fn multiplied(left: Vec<Object>, right: &[Object], at: &str) -> Result<Vec<Object>, Problem> {
    if left.len().saturating_mul(right.len()) > MOST_ALTERNATIVES {
        return Err(Problem::new(at, format!("a combination of more than {MOST_ALTERNATIVES} alternatives")));
    }
    let mut product = Vec::new();
    for left in left {
        for right in right {
            product.push(merged(left.clone(), right.clone(), at)?);
        }
    }
    Ok(product)
}

/// One schema that is fit by what fits both; neither combines others.
fn merged(mut left: Object, mut right: Object, at: &str) -> Result<Object, Problem> {
    let says_something = |schema: &Object| schema.keys().any(|keyword| !is_annotation(keyword));
    let has_reference = |schema: &Object| schema.contains_key("$ref");
    if (has_reference(&left) && says_something(&right)) || (has_reference(&right) && says_something(&left)) {
        return Err(Problem::new(at, "a reference with further conditions beside it"));
    }
    for schema in [&mut left, &mut right] {
        if let Some(only) = schema.remove("const") {
            schema.insert("enum".to_owned(), json!([only]));
        }
    }
    for (keyword, right) in right {
        let Some(place) = left.get_mut(&keyword) else {
            left.insert(keyword, right);
            continue;
        };
        match (keyword.as_str(), &mut *place, right) {
            ("properties", Value::Object(properties), Value::Object(more)) => {
                for (name, schema) in more {
                    match properties.get_mut(&name) {
                        Some(known) if *known == schema => {}
                        Some(known) => *known = json!({ "allOf": [known.take(), schema] }),
                        None => {
                            properties.insert(name, schema);
                        }
                    }
                }
            }
            ("required", Value::Array(names), Value::Array(more)) => {
                for name in more {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            ("enum", Value::Array(values), Value::Array(others)) => values.retain(|value| others.contains(value)),
            ("type", known, other) => *known = types_of_both(known, &other),
            ("items", known, other) => *known = json!({ "allOf": [known.take(), other] }),
            // A schema here is a map, and has to stay for that to be noticed.
            ("additionalProperties" | "unevaluatedProperties", known, other) if *known == Value::Bool(false) => {
                *known = other;
            }
            _ => {}
        }
    }
    let is_empty = |keyword: &str| left.get(keyword).and_then(Value::as_array).is_some_and(Vec::is_empty);
    if is_empty("enum") || is_empty("type") {
        return Err(Problem::new(at, "a combination that no value fits"));
    }
    Ok(left)
}

fn types_of_both(left: &Value, right: &Value) -> Value {
    let mut both = type_list(left);
    both.retain(|kind| type_list(right).contains(kind));
    match both.as_slice() {
        [only] => only.clone(),
        _ => both.into(),
    }
}

fn type_list(types: &Value) -> Vec<Value> {
    match types {
        Value::Array(types) => types.clone(),
        only => vec![only.clone()],
    }
}

/// A schema that combines none.
fn plain(schema: &Object, at: &str, absent: Absent) -> Result<Object, Problem> {
    let mut strict = Object::new();
    let values = match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.clone()),
        (_, Some(only)) => Some(vec![only.clone()]),
        _ => None,
    };
    let types = match schema.get("type") {
        Some(types) => types.clone(),
        None if schema.contains_key("properties") => "object".into(),
        None if schema.contains_key("items") => "array".into(),
        None => match &values {
            Some(values) => types_of(values),
            None => return Err(Problem::new(at, ANYTHING)),
        },
    };
    let allows = |kind: &str| type_list(&types).iter().any(|known| known == kind);
    if allows("object") {
        object(schema, &mut strict, at, absent)?;
    }
    if allows("array") {
        let at = below(at, "items");
        let items = schema.get("items").ok_or_else(|| Problem::new(&at, ANYTHING))?;
        strict.insert("items".to_owned(), node(items, &at, absent)?.into());
    }
    if let Some(description) = schema.get("description") {
        strict.insert("description".to_owned(), description.clone());
    }
    if let Some(values) = values {
        strict.insert("enum".to_owned(), values.into());
    }
    strict.insert("type".to_owned(), types);
    Ok(strict)
}

fn types_of(values: &[Value]) -> Value {
    let mut types: Vec<Value> = Vec::new();
    for value in values {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !types.iter().any(|known| known == kind) {
            types.push(kind.into());
        }
    }
    types_of_both(&types.clone().into(), &types.into())
}

/// The part of a schema that is about objects.
fn object(schema: &Object, strict: &mut Object, at: &str, absent: Absent) -> Result<(), Problem> {
    for keyword in ["additionalProperties", "unevaluatedProperties"] {
        if schema.get(keyword).is_some_and(|others| *others != Value::Bool(false)) {
            let why = "a map, whose keys are not known; make it a list of entries, or do without `strict`";
            return Err(Problem::new(&below(at, keyword), why));
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    let mut properties = Object::new();
    if let Some(Value::Object(schemas)) = schema.get("properties") {
        let at = below(at, "properties");
        for (name, schema) in schemas {
            let mut property = node(schema, &below(&at, name), absent)?;
            if absent == Absent::Null
                && !required.is_some_and(|required| required.iter().any(|required| required == name))
            {
                property = nullable(property, schema.get("description"));
            }
            properties.insert(name.clone(), property.into());
        }
    }
    let names: Vec<Value> = properties.keys().map(|name| name.as_str().into()).collect();
    strict.insert("required".to_owned(), names.into());
    strict.insert("properties".to_owned(), properties.into());
    strict.insert("additionalProperties".to_owned(), false.into());
    Ok(())
}

/// What may be left out, where nothing may be: it may be null instead.
fn nullable(mut schema: Object, description: Option<&Value>) -> Object {
    if takes_null(&schema) {
        return schema;
    }
    if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.push(json!({ "type": "null" }));
        return schema;
    }
    if let Some(types) = schema.get_mut("type") {
        let mut all = type_list(types);
        if !all.iter().any(|kind| kind == "null") {
            all.push("null".into());
        }
        *types = all.into();
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.push(Value::Null);
        }
        return schema;
    }
    // A reference, which cannot have a description beside it; around it there is room for one.
    let mut around = Object::from_iter([("anyOf".to_owned(), json!([schema, { "type": "null" }]))]);
    around.extend(description.map(|description| ("description".to_owned(), description.clone())));
    around
}

fn takes_null(schema: &Object) -> bool {
    if let Some(Value::Array(branches)) = schema.get("anyOf") {
        return branches.iter().filter_map(Value::as_object).any(takes_null);
    }
    let has_type = schema.get("type").is_some_and(|types| type_list(types).iter().any(|kind| kind == "null"));
    let has_value = schema.get("enum").and_then(Value::as_array).is_none_or(|values| values.contains(&Value::Null));
    has_type && has_value
}

/// A JSON Pointer one step further down.
fn below(at: &str, step: &str) -> String {
    format!("{at}/{}", step.replace('~', "~0").replace('/', "~1"))
}
