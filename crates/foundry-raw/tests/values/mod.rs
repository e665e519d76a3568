//! Values made from the schemas of a document, and the faults that are planted in them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

pub(crate) mod reports;
pub(crate) mod schemas;

use std::collections::BTreeSet;

use schemas::{Schemas, enum_values, parts, reference};
use serde_json::Value;

/// A source of choices that gives the same ones for the same seed.
pub(crate) struct Choices(u64);

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift64*: enough to vary values, and the same everywhere.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// What is planted in a value that is otherwise as the document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// A value that no enum has, in every enum.
    EnumValue,
    /// A tag that no union has, in every union.
    Tag,
    /// A null in every optional place.
    Null,
    /// Required properties left out now and then, but for ids.
    Missing,
    /// A field that no schema has, at every object.
    Field,
}

/// A value in the making: objects keep the order of their members.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Leaf(Value),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Makes values of the schemas of a document.
pub(crate) struct Maker<'s> {
    schemas: &'s Schemas,
    fault: Fault,
    choices: Choices,
    /// How many values inside of this one are still to come before only what is required is made.
    left: usize,
    /// Whether there is an object around, which keeps how a number was written.
    is_inside: bool,
}

/// Deeper than this only what is required is made.
const DEEP: usize = 5;

impl<'s> Maker<'s> {
    pub(crate) fn make(schemas: &'s Schemas, schema: &str, fault: Fault, seed: u64) -> Node {
        let mut maker = Self { schemas, fault, choices: Choices::new(seed), left: 150, is_inside: false };
        maker.value(schemas.get(schema), Some(schema), 0)
    }

    /// A value of the kind of a union that a value of its tag stands for.
    pub(crate) fn make_kind(schemas: &'s Schemas, union: &'s Value, tag: &str, seed: u64) -> Option<Node> {
        let mut maker = Self { schemas, fault: Fault::None, choices: Choices::new(seed), left: 150, is_inside: false };
        let (kind, name) = schemas.kind(union, tag)?;
        let Node::Object(mut members) = maker.value(kind, name, 0) else { return None };
        let property = union["discriminator"]["propertyName"].as_str()?;
        members.retain(|(name, _)| name != property);
        members.push((property.to_owned(), Node::Leaf(tag.into())));
        Some(Node::Object(members))
    }

    fn is_deep(&self, depth: usize) -> bool {
        depth > DEEP || self.left == 0
    }

    fn count(&mut self, depth: usize) -> usize {
        if self.is_deep(depth) { 0 } else { self.choices.below(3) }
    }

    fn value(&mut self, schema: &'s Value, name: Option<&str>, depth: usize) -> Node {
        self.left = self.left.saturating_sub(1);
        if let Some(name) = reference(schema) {
            return self.value(self.schemas.get(name), Some(name), depth);
        }
        if let Some(values) = enum_values(schema) {
            if self.fault == Fault::EnumValue {
                return Node::Leaf("a value of tomorrow".into());
            }
            return Node::Leaf(values[self.choices.below(values.len())].into());
        }
        // A constant is no set that grows.
        if let Some([constant]) = schema["enum"].as_array().map(Vec::as_slice) {
            return Node::Leaf(constant.clone());
        }
        if let Some(mapping) = schema["discriminator"]["mapping"].as_object() {
            if self.fault == Fault::Tag {
                return self.unknown_kind(schema["discriminator"]["propertyName"].as_str().unwrap());
            }
            let tags: Vec<&String> = mapping.keys().collect();
            let (kind, name) = self.schemas.kind(schema, tags[self.choices.below(tags.len())]).unwrap();
            return self.value(kind, name, depth);
        }
        if let Some(parts) = parts(schema) {
            let part = &parts[self.choices.below(parts.len())];
            return self.value(part, None, depth);
        }
        match schema["type"].as_str() {
            Some("string") if matches!(schema["format"].as_str(), Some("date-time" | "unixtime")) => {
                Node::Leaf("2025-03-21T18:23:41.1234567+00:00".into())
            }
            Some("string") => {
                Node::Leaf(["", "a", "Howdy, \"partner\"\n", "\u{e9}\u{1F600}"][self.choices.below(4)].into())
            }
            Some("integer") => Node::Leaf([0_i64, 1, -5, 1_752_587_659, 4_102_444_800][self.choices.below(5)].into()),
            Some("number") if !self.is_inside => Node::Leaf([1.0, 0.25][self.choices.below(2)].into()),
            Some("number") => Node::Leaf(
                [Value::from(0), Value::from(1.0), Value::from(0.25), Value::from(-7)][self.choices.below(4)].clone(),
            ),
            Some("boolean") => Node::Leaf(self.choices.one_in(2).into()),
            Some("array") => {
                let count = self.count(depth);
                Node::Array((0..count).map(|_| self.value(&schema["items"], None, depth + 1)).collect())
            }
            Some("object") if self.schemas.has_fields(schema, name) => self.object(schema, name, depth),
            Some("object") => {
                let values = &schema["additionalProperties"];
                let count = self.count(depth);
                let members = (0..count).map(|index| {
                    let node = match values {
                        Value::Object(_) => self.value(values, None, depth + 1),
                        _ => Node::Leaf(serde_json::json!({ "any": [1, null, "x"] })),
                    };
                    (format!("key/{index}~"), node)
                });
                Node::Object(members.collect())
            }
            Some(other) => panic!("no value of type {other} can be made"),
            None => Node::Leaf(serde_json::json!([{ "any": 1 }, 0.5, "text"])),
        }
    }

    fn unknown_kind(&mut self, tag: &str) -> Node {
        let tag = (tag.to_owned(), Node::Leaf("a kind of tomorrow".into()));
        let other = ("with".to_owned(), Node::Leaf(serde_json::json!({ "more": [1, 2.5] })));
        Node::Object(if self.choices.one_in(2) { vec![tag, other] } else { vec![other, tag] })
    }

    fn object(&mut self, schema: &'s Value, name: Option<&str>, depth: usize) -> Node {
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Vec::new();
        self.is_inside = true;
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.contains(property.as_str());
            if is_required && self.fault == Fault::Missing && self.is_left_out(name, property, value) {
                continue;
            }
            if self.fault == Fault::Null && (value["nullable"] == true || !is_required) {
                members.push((property.clone(), Node::Leaf(Value::Null)));
                continue;
            }
            if !is_required && (self.is_deep(depth) || self.choices.one_in(3)) {
                continue;
            }
            members.push((property.clone(), self.value(value, None, depth + 1)));
        }
        if self.fault == Fault::Field {
            members.push(("x~/new".to_owned(), Node::Leaf(serde_json::json!({ "deep": [null, 1] }))));
        }
        // The tag may stand anywhere.
        if self.choices.one_in(2) {
            members.reverse();
        }
        Node::Object(members)
    }

    /// Whether a required property is left out: never an id, without which there is no value, and
    /// seldom what tells kinds apart, since nothing of a kind nobody knows is looked into.
    fn is_left_out(&mut self, name: Option<&str>, property: &str, value: &Value) -> bool {
        let is_constant = value["enum"].as_array().is_some_and(|values| values.len() == 1);
        let is_key = property == "id" && name.is_some_and(|name| self.schemas.keyed.contains(name));
        !is_key && (!is_constant || self.choices.one_in(8)) && !self.choices.one_in(4)
    }
}

impl Node {
    /// As JSON text, members in their order.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Leaf(value) => value.to_string(),
            Self::Array(items) => format!("[{}]", items.iter().map(Self::text).collect::<Vec<_>>().join(",")),
            Self::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, node)| format!("{}:{}", Value::from(name.as_str()), node.text()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}
