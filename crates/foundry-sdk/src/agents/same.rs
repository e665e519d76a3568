//! Whether a definition that the service has is the one that is wanted.

use serde_json::{Value, json};

/// What the service fills in by itself where a definition says nothing: the same as if it was not
/// there. Names are unique enough to need no path.
fn is_default(name: &str, value: &Value) -> bool {
    let defaults: &[Value] = match name {
        "temperature" | "top_p" => &[json!(1.0)],
        "tool_choice" => &[json!("auto")],
        "strict" | "store" | "defer_loading" | "async" => &[json!(false)],
        "parallel_tool_calls" => &[json!(true)],
        "allowed_tools" | "allowed_callers" => &[json!([])],
        "require_approval" => &[json!("always")],
        "max_num_results" => &[json!(20)],
        "verbosity" | "search_context_size" => &[json!("medium")],
        "format" => &[json!({ "type": "text" })],
        "text" => {
            &[json!({ "format": { "type": "text" } }), json!({ "format": { "type": "text" }, "verbosity": "medium" })]
        }
        "container" => &[json!({ "type": "auto" })],
        _ => &[],
    };
    is_empty(value) || defaults.iter().any(|default| is_same(default, value))
}

/// Null, and what has nothing in it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether what the service has is what is wanted: but for nulls, and what it fills in by itself.
///
/// Depth is bounded by what is read of an answer.
pub(super) fn is_same(wanted: &Value, has: &Value) -> bool {
    match (wanted, has) {
        (Value::Object(wanted), Value::Object(has)) => {
            let missing = Value::Null;
            let all_wanted = wanted.iter().all(|(name, value)| match has.get(name).unwrap_or(&missing) {
                // What it does not send back it has taken as its default.
                Value::Null => is_default(name, value),
                // What is secret it does not send back.
                Value::String(text) if text == "REDACTED" => true,
                has => is_same(value, has) || (is_empty(value) && is_default(name, has)),
            });
            all_wanted && has.iter().all(|(name, value)| wanted.contains_key(name) || is_default(name, value))
        }
        (Value::Array(wanted), Value::Array(has)) => {
            wanted.len() == has.len() && wanted.iter().zip(has).all(|(wanted, has)| is_same(wanted, has))
        }
        // 1 is 1.0.
        (Value::Number(wanted), Value::Number(has)) => wanted == has || wanted.as_f64() == has.as_f64(),
        (wanted, has) => wanted == has,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_service_adds_makes_no_difference() {
        let wanted = json!({
            "kind": "prompt",
            "model": "m",
            "temperature": 1,
            "tools": [{ "type": "function", "name": "f", "parameters": { "type": "object", "properties": {} } },
                      { "type": "mcp", "server_label": "s", "headers": { "Authorization": "secret" } }],
        });
        let with = |change: &dyn Fn(&mut Value)| {
            let mut has = wanted.clone();
            change(&mut has);
            has
        };
        for same in [
            with(&|_| {}),
            with(&|has| has["instructions"] = Value::Null),
            with(&|has| has["temperature"] = json!(1.0)),
            with(&|has| has["temperature"] = Value::Null),
            with(&|has| has["top_p"] = json!(1)),
            with(&|has| has["tool_choice"] = json!("auto")),
            with(&|has| has["structured_inputs"] = json!({})),
            with(&|has| has["text"] = json!({ "format": { "type": "text" } })),
            with(&|has| has["tools"][0]["strict"] = json!(false)),
            with(&|has| has["tools"][1]["allowed_tools"] = Value::Null),
            with(&|has| has["tools"][1]["headers"]["Authorization"] = json!("REDACTED")),
        ] {
            assert!(is_same(&wanted, &same), "{same}");
        }
        for other in [
            with(&|has| has["kind"] = json!("hosted")),
            with(&|has| has["model"] = json!("n")),
            with(&|has| has["temperature"] = json!(0.5)),
            with(&|has| has["instructions"] = json!("Be brief.")),
            with(&|has| has["top_p"] = json!(0.5)),
            with(&|has| has["tools"][0]["strict"] = json!(true)),
            with(&|has| has["tools"][0]["name"] = json!("g")),
            with(&|has| has["tools"] = json!([])),
            with(&|has| has["tools"].as_array_mut().unwrap().reverse()),
        ] {
            assert!(!is_same(&wanted, &other), "{other}");
        }
        // What is taken out of a definition makes another one.
        assert!(!is_same(&json!({ "model": "m" }), &json!({ "model": "m", "instructions": "x" })));
        assert!(!is_same(&json!({ "model": "m", "instructions": "x" }), &json!({ "model": "m" })));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_i64..9).prop_map(Value::from),
            "[a-c]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-e]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn everything_is_the_same_as_itself(value in any_value()) {
            prop_assert!(is_same(&value, &value));
        }

        #[test]
        fn another_leaf_is_another_value(value in any_value(), name in "[a-e]") {
            let (wanted, has) = (json!({ "v": value, &name: 1 }), json!({ "v": value, &name: 2 }));
            prop_assert!(!is_same(&wanted, &has));
        }
    }
}
