//! Unions without a discriminator whose objects are told apart by a property all the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::{CONSTANT, each_schema};
use crate::failure::Failure;

/// Properties that tell kinds apart.
pub(crate) const TAGS: &[&str] = &["type", "kind", "role", "object"];

/// Gives unions of objects that all fix one property a discriminator. Objects of one value stay a union
/// among themselves, by the keys they need; parts that are no objects stay beside them.
pub(super) fn infer_discriminators(document: &mut Value) -> Result<usize, Failure> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut count = 0;
    each_schema(document, &mut |schema| {
        let key = if schema.contains_key("anyOf") { "anyOf" } else { "oneOf" };
        if schema.contains_key("discriminator") {
            return;
        }
        let Some(parts) = schema.get(key).and_then(Value::as_array) else { return };
        let (objects, others): (Vec<&Value>, Vec<&Value>) = parts.iter().partition(|part| is_object(part, &schemas));
        if objects.len() < 2 {
            return;
        }
        let Some((tag, values)) = TAGS.iter().find_map(|tag| Some((*tag, values_of(&objects, tag, &schemas)?))) else {
            return;
        };
        let tagged = tagged(tag, &values);
        count += 1;
        if others.is_empty() {
            schema.remove(key);
            schema.extend(tagged);
        } else {
            let mut parts: Vec<Value> = others.into_iter().cloned().collect();
            parts.push(Value::Object(tagged));
            schema.insert(key.to_owned(), parts.into());
        }
    });
    Ok(count)
}

fn target<'a>(part: &Value, schemas: &'a Map<String, Value>) -> Option<&'a Value> {
    schemas.get(part.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")?)
}

fn is_object(part: &Value, schemas: &Map<String, Value>) -> bool {
    target(part, schemas).is_some_and(|schema| schema["type"] == "object")
}

/// Of each part the values that its tag can have; `None` if one does not fix it, or all have the same.
fn values_of<'p>(
    parts: &[&'p Value],
    tag: &str,
    schemas: &Map<String, Value>,
) -> Option<Vec<(Vec<String>, &'p Value)>> {
    let values: Option<Vec<(Vec<String>, &Value)>> = parts
        .iter()
        .map(|part| {
            let property = target(part, schemas)?.get("properties")?.get(tag)?;
            let constant = property.get(CONSTANT).and_then(Value::as_str).map(|value| vec![value.to_owned()]);
            let closed = property.get("x-extensible-enum") != Some(&Value::Bool(true));
            let listed = || {
                let values = property.get("enum").filter(|_| closed)?.as_array()?;
                values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
            };
            Some((constant.or_else(listed)?, *part))
        })
        .collect();
    let values = values?;
    let first = &values.first()?.0;
    (!values.iter().all(|(other, _)| other == first)).then_some(values)
}

/// A union by a tag. Parts with a value in common are a union of their own under all their values.
fn tagged(tag: &str, parts: &[(Vec<String>, &Value)]) -> Map<String, Value> {
    let mut sets: Vec<(Vec<String>, Vec<Value>)> = Vec::new();
    for (values, part) in parts {
        match sets.iter_mut().find(|(known, _)| known.iter().any(|value| values.contains(value))) {
            Some((known, together)) => {
                known.extend(values.iter().filter(|value| !known.contains(value)).cloned().collect::<Vec<_>>());
                together.push((*part).clone());
            }
            None => sets.push((values.clone(), vec![(*part).clone()])),
        }
    }
    let mut mapping: BTreeMap<String, Value> = BTreeMap::new();
    let mut branches = Vec::new();
    for (values, together) in sets {
        let branch = match &together[..] {
            [one] => one.clone(),
            _ => json!({ "anyOf": together }),
        };
        for value in values {
            mapping.insert(value, branch.get("$ref").cloned().unwrap_or(branch.clone()));
        }
        branches.push(branch);
    }
    let discriminator = json!({ "propertyName": tag, "mapping": mapping });
    Map::from_iter([("oneOf".to_owned(), branches.into()), ("discriminator".to_owned(), discriminator)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn object(tag: Value) -> Value {
        json!({ "type": "object", "properties": { "type": tag } })
    }

    /// The union `U` of these parts, after the pass.
    fn after(parts: &[&str], others: &[Value]) -> (Value, usize) {
        let all: Vec<Value> = parts.iter().map(|name| reference(name)).chain(others.iter().cloned()).collect();
        let mut document = json!({ "components": { "schemas": {
            "A": object(json!({ "type": "string", "x-constant": "a" })),
            "B": object(json!({ "type": "string", "enum": ["b", "c"] })),
            "AToo": object(json!({ "type": "string", "x-constant": "a" })),
            "Open": object(json!({ "type": "string", "enum": ["d"], "x-extensible-enum": true })),
            "U": { "anyOf": all },
        } } });
        let count = infer_discriminators(&mut document).unwrap();
        (document["components"]["schemas"]["U"].take(), count)
    }

    #[test]
    fn what_all_parts_fix_is_the_tag() {
        let (union, count) = after(&["A", "B"], &[]);
        assert_eq!(count, 1);
        assert_eq!(union["oneOf"], json!([reference("A"), reference("B")]));
        let branch = |name: &str| format!("#/components/schemas/{name}");
        let mapping = json!({ "a": branch("A"), "b": branch("B"), "c": branch("B") });
        assert_eq!(union["discriminator"], json!({ "propertyName": "type", "mapping": mapping }));
    }

    #[test]
    fn parts_of_one_value_are_a_union_of_their_own() {
        let (union, _) = after(&["A", "AToo", "B"], &[]);
        let together = json!({ "anyOf": [reference("A"), reference("AToo")] });
        assert_eq!(union["oneOf"], json!([together, reference("B")]));
        assert_eq!(union["discriminator"]["mapping"]["a"], together);
    }

    #[test]
    fn parts_that_are_no_objects_stay_beside_them() {
        let string = json!({ "type": "string" });
        let (union, _) = after(&["A", "B"], std::slice::from_ref(&string));
        assert_eq!(union["anyOf"][0], string);
        assert_eq!(union["anyOf"][1]["discriminator"]["propertyName"], "type");
    }

    #[test]
    fn nothing_is_made_of_what_does_not_tell_them_apart() {
        for (parts, others) in [(vec!["A", "Open"], vec![]), (vec!["A", "AToo"], vec![]), (vec!["A"], vec![json!({})])]
        {
            let (union, count) = after(&parts, &others);
            assert!(count == 0 && union.get("anyOf").is_some(), "{parts:?}: {union}");
        }
    }
}
