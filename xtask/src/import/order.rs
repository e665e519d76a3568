//! Writes a document in the order of the one before it, so that a new edition's difference shows what changed.

use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The order of the keys of a value.
#[derive(Debug, Default)]
enum Order {
    #[default]
    Leaf,
    List(Vec<Order>),
    Object(Vec<(String, Order)>),
}

/// The order that documents begin with; what is not here follows by name.
const USUAL: &[&str] = &[
    "openapi",
    "info",
    "servers",
    "security",
    "tags",
    "paths",
    "components",
    "title",
    "version",
    "operationId",
    "name",
    "in",
    "parameters",
    "requestBody",
    "responses",
    "description",
    "content",
    "schema",
    "$ref",
    "type",
    "format",
    "enum",
    "properties",
    "required",
    "items",
    "oneOf",
    "discriminator",
];

/// The text of a document: indented by one, its keys ordered as in the text before, if there is one.
pub(super) fn write(document: &Value, before: Option<&str>) -> String {
    // What cannot be read has no order; it is about to be replaced.
    let order = before.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut text = String::new();
    value(&mut text, document, &order, 0);
    if before.is_none_or(|before| before.ends_with('\n')) {
        text.push('\n');
    }
    text
}

/// A document is bounded in depth, so this is.
fn value(text: &mut String, value: &Value, order: &Order, depth: usize) {
    let indent = |text: &mut String, depth| {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', depth));
    };
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            let orders = if let Order::List(orders) = order { orders.as_slice() } else { &[] };
            for (index, element) in elements.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                indent(text, depth + 1);
                self::value(text, element, orders.get(index).unwrap_or(&Order::Leaf), depth + 1);
            }
            indent(text, depth);
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            let known = if let Order::Object(known) = order { known.as_slice() } else { &[] };
            let places: std::collections::BTreeMap<&str, (usize, &Order)> =
                known.iter().enumerate().map(|(place, (key, order))| (key.as_str(), (place, order))).collect();
            let mut sorted: Vec<(usize, usize, &str)> = members
                .keys()
                .map(|key| {
                    let place = places.get(key.as_str()).map_or(usize::MAX, |(place, _)| *place);
                    let usual = USUAL.iter().position(|usual| usual == key).unwrap_or(USUAL.len());
                    (place, usual, key.as_str())
                })
                .collect();
            sorted.sort_unstable();
            for (index, (_, _, key)) in sorted.into_iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                indent(text, depth + 1);
                let _ = write!(text, "{}: ", Value::from(key));
                let order = places.get(key).map_or(&Order::Leaf, |(_, order)| order);
                self::value(text, &members[key], order, depth + 1);
            }
            indent(text, depth);
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderVisitor)
    }
}

struct OrderVisitor;

impl<'de> Visitor<'de> for OrderVisitor {
    type Value = Order;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Order, A::Error> {
        let mut order = Vec::new();
        while let Some(member) = members.next_entry()? {
            order.push(member);
        }
        Ok(Order::Object(order))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Order, A::Error> {
        let mut order = Vec::new();
        while let Some(element) = elements.next_element()? {
            order.push(element);
        }
        Ok(Order::List(order))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Order, E> {
        Ok(Order::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Order, E> {
        Ok(Order::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Order, E> {
        Ok(Order::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Order, E> {
        Ok(Order::Leaf)
    }

    fn visit_str<E>(self, _: &str) -> Result<Order, E> {
        Ok(Order::Leaf)
    }

    fn visit_unit<E>(self) -> Result<Order, E> {
        Ok(Order::Leaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_stand_as_they_stood_and_new_ones_follow() {
        let before = "{\n \"z\": 1,\n \"a\": [\n  {\n   \"y\": 1,\n   \"b\": []\n  }\n ]\n}";
        let document: Value = serde_json::from_str(before).unwrap();
        assert_eq!(write(&document, Some(before)), before);
        let changed = json!({ "a": [{ "b": {}, "c": "é\"", "y": 2 }, { "d": null }], "k": 1.5, "z": true });
        let expected = "{\n \"z\": true,\n \"a\": [\n  {\n   \"y\": 2,\n   \"b\": {},\n   \"c\": \"é\\\"\"\n  },\n  {\n   \"d\": null\n  }\n ],\n \"k\": 1.5\n}";
        assert_eq!(write(&changed, Some(before)), expected);
    }

    #[test]
    fn a_new_document_has_the_usual_order_and_ends_in_a_new_line() {
        let document = json!({ "components": {}, "paths": {}, "openapi": "3.0.3", "x-a": 1 });
        let text = write(&document, None);
        assert_eq!(text, "{\n \"openapi\": \"3.0.3\",\n \"paths\": {},\n \"components\": {},\n \"x-a\": 1\n}\n");
    }
}
