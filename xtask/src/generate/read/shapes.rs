//! The shape of a schema: struct, enum, union or another name of a type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Reader, reference, schema_name, strings, text};
use crate::failure::Failure;
use crate::generate::api::{
    Access, Branch, EnumValue, Field, Fixed, Kind, KindVariant, Loosened, ObjectVariant, Presence, Shape, Struct, Type,
    UntaggedBranch,
};
use crate::normalize::{CONSTANT, TAGS};

/// The mark of our overlays for a part of a union that is read as another part with the same keys.
const SENT_ONLY: &str = "x-sent-only";

impl Reader<'_> {
    pub(super) fn shape(
        &self,
        name: &str,
        schema: &Value,
        in_requests: bool,
        in_answers: bool,
    ) -> Result<Shape, Failure> {
        let place = format!("#/components/schemas/{name}");
        // One or the other would be lost.
        let composition = ["allOf", "anyOf", "oneOf", "not"].into_iter().find(|key| schema.get(*key).is_some());
        if let (Some(composition), Some(_)) = (composition, schema.get("properties")) {
            return Err(Failure::new(
                format!("properties beside `{composition}`"),
                place,
                "add a pass that makes one of them, or correct the document in the overlay",
            ));
        }
        if schema.get("oneOf").is_some() && schema.get("discriminator").is_some() {
            return self.tagged(schema, &place);
        }
        if let Some(parts) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            return self.untagged(parts, &place);
        }
        if let Some(values) = schema.get("enum") {
            return self.enumeration(name, schema, values, &place);
        }
        if schema["type"] == "object" && (schema.get("properties").is_some() || self.tags.contains_key(name)) {
            return self.structure(name, schema, in_requests, in_answers).map(Shape::Struct);
        }
        self.ty(schema, &place).map(Shape::Alias)
    }

    fn enumeration(&self, name: &str, schema: &Value, values: &Value, place: &str) -> Result<Shape, Failure> {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut variants = Vec::new();
        for value in values.as_array().into_iter().flatten() {
            let Some(value) = value.as_str() else {
                return Err(Failure::new(
                    format!("an enum value is no string: {value}"),
                    place,
                    "add a pass that says what it is to become",
                ));
            };
            let variant = self.names.variant(name, value)?;
            if let Some(other) = seen.insert(variant.clone(), value.to_owned()) {
                return Err(Failure::new(
                    format!("the values `{other}` and `{value}` would both be `{variant}` in Rust"),
                    place,
                    format!("choose a name in names.toml: [chosen] variants.\"{name}.{value}\" = \"…\""),
                ));
            }
            let description = text(&schema["x-enum-descriptions"], value);
            variants.push(EnumValue { value: value.to_owned(), variant, description });
        }
        let described = schema["x-enum-descriptions"].as_object();
        if let Some(gone) =
            described.and_then(|texts| texts.keys().find(|value| !variants.iter().any(|v| v.value == **value)))
        {
            return Err(Failure::new(
                format!("`x-enum-descriptions` describes `{gone}`, which is no value"),
                place,
                "take the description out, or correct it",
            ));
        }
        if variants.is_empty() {
            return Err(Failure::new("an enum without values", place, "correct the document in the overlay"));
        }
        Ok(Shape::Enum(variants))
    }

    fn structure(&self, name: &str, schema: &Value, in_requests: bool, in_answers: bool) -> Result<Struct, Failure> {
        let empty = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required = strings(&schema["required"]);
        let is_required: BTreeSet<&String> = required.iter().collect();
        // Required ones first, in the document's order, which is the order of `new`'s arguments.
        let order = required
            .iter()
            .filter(|property| properties.contains_key(*property))
            .chain(properties.keys().filter(|property| !is_required.contains(property)));
        let further = schema.get("additionalProperties").is_some_and(|further| *further != Value::Bool(false));
        let mut model = Struct { open: further, ..Struct::default() };
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for property in order {
            let value = &properties[property];
            let place = format!("#/components/schemas/{name}/properties/{property}");
            let is_required = is_required.contains(property);
            let read_only = value["readOnly"] == true;
            if let Some(constant) = value.get(CONSTANT).and_then(Value::as_str) {
                let tag_values = self.tags.get(name).and_then(|tags| tags.get(property));
                let is_tag = tag_values.is_some_and(|values| values.len() == 1 && values.contains(constant));
                if is_tag || (is_required && in_requests && !read_only) {
                    let (property, value) = (property.clone(), constant.to_owned());
                    model.fixed.push(Fixed { property, value, required: is_required });
                    continue;
                }
            }
            let field = self.names.field(name, property)?;
            if let Some(other) = taken.insert(field.clone(), property.clone()) {
                return Err(Failure::new(
                    format!("the properties `{other}` and `{property}` would both be `{field}` in Rust"),
                    place,
                    format!("choose a name in names.toml: [chosen] fields.\"{name}.{property}\" = \"…\""),
                ));
            }
            let mut ty = self.ty(value, &place)?;
            if let (true, Type::Vec(item)) = (self.lists.contains(&(name.to_owned(), property.clone())), &ty) {
                ty = Type::List(item.clone());
            }
            let observed = is_observed(value);
            let nullable = value["nullable"] == true;
            let presence = match (is_required, &ty) {
                (false, _) => Presence::Optional,
                (true, Type::Any) => Presence::Any,
                (true, _) if nullable || observed => Presence::Nullable,
                (true, Type::String) if property == "id" && in_answers => Presence::Key,
                (true, _) => Presence::Required,
            };
            let loosened = match presence {
                Presence::Optional | Presence::Key => None,
                _ if nullable => Some(Loosened::Nullable),
                _ if observed
                    && is_observed(&self.published["components"]["schemas"][name]["properties"][property]) =>
                {
                    Some(Loosened::Observed)
                }
                _ if observed => Some(Loosened::Overlay),
                _ if in_answers || !in_requests => Some(Loosened::Answer),
                _ => None,
            };
            let access = match (read_only, value["writeOnly"] == true) {
                (true, _) if in_requests => Access::Read,
                (_, true) => Access::Write,
                _ => Access::Both,
            };
            let description = text(value, "description");
            model.fields.push(Field {
                property: property.clone(),
                name: field,
                description,
                ty,
                presence,
                access,
                loosened,
                boxed: false,
            });
        }
        Ok(model)
    }

    fn tagged(&self, schema: &Value, place: &str) -> Result<Shape, Failure> {
        let tag = text(&schema["discriminator"], "propertyName").unwrap_or_default();
        let Some(mapping) = schema["discriminator"]["mapping"].as_object() else {
            return Err(Failure::new("a discriminator without a mapping", place, "add the mapping in the overlay"));
        };
        let pairs: Vec<(String, &str)> = mapping
            .iter()
            .filter_map(|(value, branch)| Some((value.clone(), branch.as_str().and_then(schema_name)?)))
            .collect();
        for part in schema["oneOf"].as_array().into_iter().flatten() {
            let name = reference(part);
            if !name.is_some_and(|name| pairs.iter().any(|(_, branch)| *branch == name)) {
                return Err(Failure::new(
                    format!("no value of the tag `{tag}` stands for the part {}", name.unwrap_or("without a name")),
                    place,
                    "add its value to the mapping in the overlay, as a reference",
                ));
            }
        }
        let secret = schema["x-secret"] == true;
        let branches = self.branches(pairs, place)?;
        let untagged = self.untagged_branches(schema, &tag, &branches)?;
        Ok(Shape::Tagged { tag, branches, untagged, secret })
    }

    /// The branches that need not have the tag, those that need the most keys first. Of several that
    /// need the same keys it is none: what has no tag may be of any of them.
    fn untagged_branches(
        &self,
        schema: &Value,
        tag: &str,
        branches: &[Branch],
    ) -> Result<Vec<UntaggedBranch>, Failure> {
        let mut found: Vec<UntaggedBranch> = Vec::new();
        for name in schema["oneOf"].as_array().into_iter().flatten().filter_map(reference) {
            let ty = self.rust_name(name)?;
            let Some(index) = branches.iter().position(|branch| branch.ty == ty) else { continue };
            let branch = self.schemas.get(name).unwrap_or(&Value::Null);
            // Those of one value of the tag are a union by themselves.
            let parts = branch["anyOf"].as_array().into_iter().flatten().filter_map(reference);
            let parts: Vec<&Value> = parts.filter_map(|part| self.schemas.get(part)).collect();
            for part in if parts.is_empty() { vec![branch] } else { parts } {
                let needs = strings(&part["required"]);
                let branch = UntaggedBranch { index, needs };
                let has_tag = part["properties"].get(tag).is_some();
                if has_tag && !branch.needs.iter().any(|key| key == tag) && !found.contains(&branch) {
                    found.push(branch);
                }
            }
        }
        let keys = |branch: &UntaggedBranch| branch.needs.iter().cloned().collect::<BTreeSet<_>>();
        let all: Vec<(usize, BTreeSet<String>)> = found.iter().map(|branch| (branch.index, keys(branch))).collect();
        found.retain(|branch| !all.iter().any(|(index, needs)| *index != branch.index && *needs == keys(branch)));
        found.sort_by_key(|branch| std::cmp::Reverse(branch.needs.len()));
        Ok(found)
    }

    fn branches(&self, pairs: Vec<(String, &str)>, place: &str) -> Result<Vec<Branch>, Failure> {
        let mut branches: Vec<(&str, Branch)> = Vec::new();
        for (value, name) in pairs {
            if let Some((_, branch)) = branches.iter_mut().find(|(known, _)| *known == name) {
                branch.values.push(value);
                continue;
            }
            let variant = self.names.variant(place.rsplit('/').next().unwrap_or_default(), &value)?;
            if branches.iter().any(|(_, branch)| branch.variant == variant) {
                return Err(Failure::new(
                    format!("two kinds would both be `{variant}` in Rust"),
                    place,
                    "choose a name for one in names.toml: [chosen] variants",
                ));
            }
            let ty = self.rust_name(name)?.to_owned();
            branches.push((name, Branch { variant, ty, values: vec![value] }));
        }
        Ok(branches.into_iter().map(|(_, branch)| branch).collect())
    }

    /// A union without a discriminator: by the kind of JSON value and the keys that objects need.
    fn untagged(&self, parts: &[Value], place: &str) -> Result<Shape, Failure> {
        // What may be anything is what a union keeps as received.
        let anything = parts.iter().any(is_anything);
        let parts = parts.iter().filter(|part| !is_anything(part));
        let mut variants: BTreeMap<Kind, KindVariant> = BTreeMap::new();
        let mut objects: Vec<ObjectVariant> = Vec::new();
        let tag = self.telling(parts.clone());
        for part in parts {
            let (kind, named) = self.kind(part, place)?;
            if let (Kind::Object, Some(name)) = (kind, named) {
                let needs = strings(&self.schemas.get(name).unwrap_or(&Value::Null)["required"]);
                let ty = self.rust_name(name)?.to_owned();
                let values = tag.and_then(|tag| Some((tag.to_owned(), self.closed_values(name, tag)?)));
                objects.push(ObjectVariant { variant: ty.clone(), ty, needs, only: values });
                continue;
            }
            let variant = match (named, kind) {
                (Some(name), _) => self.rust_name(name)?.to_owned(),
                (None, Kind::String | Kind::AnyString) => "String".to_owned(),
                (None, Kind::Array) => "Array".to_owned(),
                (None, Kind::Boolean) => "Boolean".to_owned(),
                (None, Kind::Number) => "Number".to_owned(),
                (None, Kind::Object) => "Object".to_owned(),
            };
            let ty = self.ty(part, place)?;
            match variants.get(&kind) {
                // Any string and a set of known ones: the open enum takes both.
                Some(known) if kind == Kind::String && (known.ty == Type::String) != (ty == Type::String) => {
                    let named = if known.ty == Type::String {
                        (variant, ty)
                    } else {
                        (known.variant.clone(), known.ty.clone())
                    };
                    variants.insert(kind, KindVariant { kind: Kind::AnyString, variant: named.0, ty: named.1 });
                }
                Some(_) => {
                    return Err(Failure::new(
                        format!("two parts of a union are of the same JSON kind ({kind:?})"),
                        place,
                        "tell them apart in the overlay or by a pass",
                    ));
                }
                None => {
                    variants.insert(kind, KindVariant { kind, variant, ty });
                }
            }
        }
        // What is only ever sent comes last: of those that need the same keys the first is what is read.
        let sent_only = |object: &ObjectVariant| {
            let definition = self.rust.iter().find(|(_, rust)| **rust == object.ty);
            definition.is_some_and(|(document, _)| self.schemas[document][SENT_ONLY] == true)
        };
        objects.sort_by_key(|object| (std::cmp::Reverse(object.needs.len()), sent_only(object)));
        for pair in objects.windows(2) {
            if pair[0].needs == pair[1].needs && !sent_only(&pair[1]) {
                return Err(Failure::new(
                    format!("{} and {} need the same keys, so that nothing tells them apart", pair[0].ty, pair[1].ty),
                    place,
                    format!(
                        "tell them apart in the overlay or by a pass, or mark the one that is never read as `{SENT_ONLY}` in the overlay"
                    ),
                ));
            }
        }
        Ok(Shape::Untagged { variants: variants.into_values().collect(), objects, anything })
    }

    /// A property whose values tell objects apart that may have the same keys.
    fn telling<'p>(&self, parts: impl Iterator<Item = &'p Value> + Clone) -> Option<&'static str> {
        let objects = parts
            .filter_map(reference)
            .filter(|name| self.schemas.get(*name).is_some_and(|schema| schema["type"] == "object"));
        TAGS.iter().copied().find(|tag| {
            let values: Option<Vec<_>> = objects.clone().map(|name| self.closed_values(name, tag)).collect();
            values.is_some_and(|values| values.windows(2).any(|pair| pair[0] != pair[1]))
        })
    }

    /// The values that a property of a schema can have, if none are to come.
    fn closed_values(&self, name: &str, property: &str) -> Option<Vec<String>> {
        let property = self.schemas.get(name)?.get("properties")?.get(property)?;
        let schema = match reference(property) {
            Some(name) => self.schemas.get(name)?,
            None => property,
        };
        if let Some(constant) = text(schema, CONSTANT) {
            return Some(vec![constant]);
        }
        let values = strings(&schema["enum"]);
        (!values.is_empty() && schema["x-extensible-enum"] != true).then_some(values)
    }

    /// The JSON kind of a part of a union, and its name if it has one.
    fn kind<'p>(&self, part: &'p Value, place: &str) -> Result<(Kind, Option<&'p str>), Failure> {
        let named = reference(part);
        let schema = match named {
            Some(name) => self.schemas.get(name).unwrap_or(&Value::Null),
            None => part,
        };
        let kind = match schema["type"].as_str() {
            Some("string") => Kind::String,
            Some("array") => Kind::Array,
            Some("boolean") => Kind::Boolean,
            Some("integer" | "number") => Kind::Number,
            Some("object") => Kind::Object,
            _ if schema.get("oneOf").is_some() => Kind::Object,
            _ => {
                return Err(Failure::new(
                    "a part of a union whose JSON kind is not known",
                    place,
                    "say in the overlay what it is, or add a pass",
                ));
            }
        };
        Ok((kind, named))
    }

    pub(super) fn ty(&self, schema: &Value, place: &str) -> Result<Type, Failure> {
        if let Some(name) = reference(schema) {
            return self.rust_name(name).map(|name| Type::Named(name.to_owned()));
        }
        let refuse = |what: &str| {
            Err(Failure::new(
                what,
                place,
                "add a pass that gives it a name of its own, or correct the document in the overlay",
            ))
        };
        for composition in ["allOf", "anyOf", "oneOf", "not"] {
            if schema.get(composition).is_some() {
                return refuse(&format!("an inline `{composition}`"));
            }
        }
        if schema.get("enum").is_some() {
            return refuse("an inline enum");
        }
        if schema["x-secret"] == true {
            return if schema["type"] == "string" { Ok(Type::Secret) } else { refuse("a secret that is no string") };
        }
        let format = schema["format"].as_str().unwrap_or_default();
        Ok(match schema["type"].as_str() {
            Some("string") if format == "date-time" => Type::TextTimestamp,
            Some("string" | "integer" | "number") if format == "unixtime" => Type::Timestamp,
            Some("string") => Type::String,
            Some("boolean") => Type::Boolean,
            Some("integer") => Type::Integer,
            Some("number") => Type::Number,
            Some("array") => Type::Vec(Box::new(self.ty(&schema["items"], place)?)),
            Some("object") if schema.get("properties").is_some() => return refuse("an inline object"),
            Some("object") => match schema.get("additionalProperties") {
                Some(Value::Object(values)) if !values.is_empty() => {
                    Type::Map(Box::new(self.ty(&schema["additionalProperties"], place)?))
                }
                _ => Type::Object,
            },
            None => Type::Any,
            Some(other) => return refuse(&format!("the unknown type `{other}`")),
        })
    }
}

/// Whether a schema says nothing.
fn is_anything(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| schema.keys().all(|key| matches!(key.as_str(), "description" | "nullable")))
}

/// Whether a property is marked as absent or null in recorded answers.
fn is_observed(property: &Value) -> bool {
    strings(&property["x-observed"]).iter().any(|seen| seen == "absent" || seen == "null")
}
