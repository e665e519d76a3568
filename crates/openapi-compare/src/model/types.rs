//! The types of JSON that a schema allows.

use std::fmt;

use serde_json::Value;

/// A set of the types of JSON, null left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const ANY: Self = Self(0b11_1111);
    const NAMES: [(&'static str, u8); 6] = [
        ("string", 0b1),
        // Every integer is a number.
        ("number", 0b110),
        ("integer", 0b10),
        ("boolean", 0b1000),
        ("array", 0b1_0000),
        ("object", 0b10_0000),
    ];
    pub(super) const INTEGER: Self = Self(0b10);
    pub(crate) const OBJECT: Self = Self(0b10_0000);
    const ARRAY: Self = Self(0b1_0000);

    /// No type at all: null, or nothing.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    fn named(name: &str) -> Self {
        if name == "null" {
            return Self(0);
        }
        // An unknown type restricts nothing that could be said here.
        Self::NAMES.iter().find(|(known, _)| *known == name).map_or(Self::ANY, |(_, bits)| Self(*bits))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn is_within(self, other: Self) -> bool {
        self.0 & other.0 == self.0
    }

    fn names(self) -> Vec<&'static str> {
        let mut left = self.0;
        let mut names = Vec::new();
        for (name, bits) in Self::NAMES {
            if left & bits == bits {
                left &= !bits;
                names.push(name);
            }
        }
        names
    }

    /// Whether lists or objects are among them.
    pub(crate) fn is_compound(self) -> bool {
        self.and(Self::ARRAY.or(Self::OBJECT)).0 != 0
    }

    pub(crate) fn is_one(self) -> bool {
        self.names().len() == 1
    }
}

impl Default for Types {
    fn default() -> Self {
        Self::ANY
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANY {
            return f.write_str("any");
        }
        if self.0 == 0 {
            return f.write_str("null");
        }
        f.write_str(&self.names().join(" or "))
    }
}

/// The types that one schema allows by itself.
pub(super) fn own_types(value: &Value) -> Types {
    match value.get("type") {
        Some(Value::String(name)) => return Types::named(name),
        Some(Value::Array(names)) => {
            return names.iter().filter_map(Value::as_str).map(Types::named).fold(Types(0), Types::or);
        }
        _ => {}
    }
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(*key).is_some());
    if has(&["properties", "additionalProperties", "patternProperties"])
        || value.get("required").is_some_and(Value::is_array)
        || value.get("discriminator").is_some()
    {
        return Types::OBJECT;
    }
    if has(&["items", "prefixItems"]) {
        return Types::ARRAY;
    }
    let values = value.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    let values = values.or_else(|| value.get("const").map(std::slice::from_ref));
    values.map_or(Types::ANY, |values| {
        values.iter().filter(|value| !value.is_null()).map(type_of).fold(Types(0), Types::or)
    })
}

fn type_of(value: &Value) -> Types {
    Types::named(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_say_what_they_hold() {
        for (schema, types) in [
            (json!({}), "any"),
            (json!({"type": "string"}), "string"),
            (json!({"type": ["string", "null"]}), "string"),
            (json!({"type": ["integer", "number"]}), "number"),
            (json!({"type": ["integer", "string"]}), "string or integer"),
            (json!({"type": "null"}), "null"),
            (json!({"properties": {}}), "object"),
            (json!({"items": {}}), "array"),
            (json!({"enum": ["a", 1, null]}), "string or integer"),
            (json!({"const": true}), "boolean"),
        ] {
            assert_eq!(own_types(&schema).to_string(), types, "{schema}");
        }
        assert!(Types::named("integer").is_within(Types::named("number")));
        assert!(!Types::named("number").is_within(Types::named("integer")));
        assert!(Types::named("number").is_one());
    }
}
