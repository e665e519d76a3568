//! Values made from the schemas of a document, and the faults that are planted in them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

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
    /// Required properties left out, but for ids.
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

/// A value, and what decoding it has to report.
pub(crate) struct Made {
    pub(crate) node: Node,
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) missing: BTreeSet<String>,
    pub(crate) unrecognized: BTreeSet<String>,
}

pub(crate) struct Maker<'d> {
    pub(crate) document: &'d Value,
    /// Schemas with an `id` that a value is of no use without.
    pub(crate) keyed: &'d BTreeSet<String>,
    pub(crate) fault: Fault,
    pub(crate) choices: Choices,
    made: Made,
}

/// Deeper than this only what is required is made.
const DEEP: usize = 5;

impl<'d> Maker<'d> {
    pub(crate) fn make(
        document: &'d Value,
        keyed: &'d BTreeSet<String>,
        schema: &str,
        fault: Fault,
        seed: u64,
    ) -> Made {
        let made = Made {
            node: Node::Leaf(Value::Null),
            unknown: BTreeSet::new(),
            missing: BTreeSet::new(),
            unrecognized: BTreeSet::new(),
        };
        let mut maker = Self { document, keyed, fault, choices: Choices::new(seed), made };
        let node = maker.named(schema, "", 0);
        Made { node, ..maker.made }
    }

    fn schema(&self, name: &str) -> &'d Value {
        &self.document["components"]["schemas"][name]
    }

    fn named(&mut self, name: &str, place: &str, depth: usize) -> Node {
        self.value(self.schema(name), Some(name), place, depth)
    }

    fn value(&mut self, schema: &'d Value, name: Option<&str>, place: &str, depth: usize) -> Node {
        if let Some(name) = reference(schema) {
            return self.named(name, place, depth);
        }
        if let Some(values) = schema["enum"].as_array() {
            // A constant is no set that grows.
            if self.fault == Fault::EnumValue && schema["x-extensible-enum"] == true {
                self.made.unrecognized.insert(place.to_owned());
                return Node::Leaf("a value of tomorrow".into());
            }
            return Node::Leaf(values[self.choices.below(values.len())].clone());
        }
        if let Some(mapping) = schema["discriminator"]["mapping"].as_object() {
            if self.fault == Fault::Tag {
                return self.unknown_kind(schema["discriminator"]["propertyName"].as_str().unwrap(), place);
            }
            let branches: Vec<&str> =
                mapping.values().filter_map(|branch| branch.as_str()?.rsplit('/').next()).collect();
            let branch = branches[self.choices.below(branches.len())];
            return self.named(branch, place, depth);
        }
        if let Some(parts) = schema["anyOf"].as_array() {
            let part = &parts[self.choices.below(parts.len())];
            // An enum beside any string: a value outside of it is an ordinary string.
            let any_string = parts.iter().any(|part| part["type"] == "string");
            if any_string && reference(part).is_some_and(|name| self.schema(name)["type"] == "string") {
                return Node::Leaf("any word".into());
            }
            return self.value(part, None, place, depth);
        }
        match schema["type"].as_str() {
            Some("string") if matches!(schema["format"].as_str(), Some("date-time")) => {
                Node::Leaf("2025-03-21T18:23:41.1234567+00:00".into())
            }
            Some("string") => {
                Node::Leaf(["", "a", "Howdy, \"partner\"\n", "\u{e9}\u{1F600}"][self.choices.below(4)].into())
            }
            Some("integer") => Node::Leaf([0_i64, 1, -5, 1_752_587_659, 4_102_444_800][self.choices.below(5)].into()),
            Some("number") => Node::Leaf(
                [Value::from(0), Value::from(1.0), Value::from(0.25), Value::from(-7)][self.choices.below(4)].clone(),
            ),
            Some("boolean") => Node::Leaf(self.choices.one_in(2).into()),
            Some("array") => {
                let count = if depth > DEEP { 0 } else { self.choices.below(3) };
                Node::Array(
                    (0..count)
                        .map(|index| self.value(&schema["items"], None, &format!("{place}/{index}"), depth + 1))
                        .collect(),
                )
            }
            Some("object") if schema.get("properties").is_some() => self.object(schema, name, place, depth),
            Some("object") => {
                let values = &schema["additionalProperties"];
                let count = if depth > DEEP { 0 } else { self.choices.below(3) };
                let members = (0..count).map(|index| {
                    let key = format!("key/{index}~");
                    let node = match values {
                        Value::Object(_) => self.value(values, None, &format!("{place}/key~1{index}~0"), depth + 1),
                        _ => Node::Leaf(serde_json::json!({ "any": [1, null, "x"] })),
                    };
                    (key, node)
                });
                Node::Object(members.collect())
            }
            _ => Node::Leaf(serde_json::json!([{ "any": 1 }, 0.5, "text"])),
        }
    }

    fn unknown_kind(&mut self, tag: &str, place: &str) -> Node {
        self.made.unrecognized.insert(place.to_owned());
        let tag = (tag.to_owned(), Node::Leaf("a kind of tomorrow".into()));
        let other = ("with".to_owned(), Node::Leaf(serde_json::json!({ "more": [1, 2.5] })));
        Node::Object(if self.choices.one_in(2) { vec![tag, other] } else { vec![other, tag] })
    }

    fn object(&mut self, schema: &'d Value, name: Option<&str>, place: &str, depth: usize) -> Node {
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Vec::new();
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            let inner = format!("{place}/{}", property.replace('~', "~0").replace('/', "~1"));
            let is_required = required.contains(property.as_str());
            let nullable = value["nullable"] == true;
            if is_required && self.fault == Fault::Missing && self.may_miss(schema, name, property, value) {
                self.made.missing.insert(inner);
                continue;
            }
            if self.fault == Fault::Null && (nullable || !is_required) {
                members.push((property.clone(), Node::Leaf(Value::Null)));
                continue;
            }
            if !is_required && (depth > DEEP || self.choices.one_in(3)) {
                continue;
            }
            let inner_schema = match value["allOf"].as_array().map(Vec::as_slice) {
                Some([one]) => one,
                _ => value,
            };
            members.push((property.clone(), self.value(inner_schema, None, &inner, depth + 1)));
        }
        if self.fault == Fault::Field {
            members.push(("x~/new".to_owned(), Node::Leaf(serde_json::json!({ "deep": [null, 1] }))));
            if schema.get("additionalProperties").is_none_or(|further| *further == Value::Bool(false)) {
                self.made.unknown.insert(format!("{place}/x~0~1new"));
            }
        }
        // The tag may stand anywhere.
        if self.choices.one_in(2) {
            members.reverse();
        }
        Node::Object(members)
    }

    /// Whether a required property can be left out without its value becoming another thing: an id
    /// is an error, a tag decides what the rest is, and so do the keys that tell objects of an
    /// `anyOf` apart.
    fn may_miss(&self, schema: &Value, name: Option<&str>, property: &str, value: &Value) -> bool {
        let is_constant = value["enum"].as_array().is_some_and(|values| values.len() == 1);
        let is_key = property == "id" && name.is_some_and(|name| self.keyed.contains(name));
        let tells_apart =
            self.document["components"]["schemas"].as_object().into_iter().flat_map(Map::values).any(|union| {
                let parts: Vec<&str> = union["anyOf"].as_array().into_iter().flatten().filter_map(reference).collect();
                name.is_some_and(|name| parts.contains(&name)) && schema["required"].as_array().is_some()
            });
        !is_constant && !is_key && !tells_apart
    }
}

pub(crate) fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
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
