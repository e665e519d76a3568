//! Decoding and encoding a body in every way there is, and comparing what comes out.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::fmt::Debug;

use foundry_raw::{Decode, from_slice, from_str};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What all wire types can do.
pub(crate) trait Wire:
    Decode + Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static
{
}

impl<T: Decode + Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static> Wire for T {}

/// Decodes a body, panics unless every way to decode it gives the same and it encodes as it came,
/// but for nulls that may be gone.
#[track_caller]
pub(crate) fn round_trip<T: Wire>(text: &str) -> T {
    let received: Value = serde_json::from_str(text).unwrap();
    let decoded: T = from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let others: [T; 3] = [
        from_slice(text.as_bytes()).unwrap(),
        serde_json::from_str(text).unwrap(),
        serde_json::from_value(received.clone()).unwrap(),
    ];
    for other in &others {
        assert_eq!(*other, decoded);
    }
    let encoded = serde_json::to_value(&decoded).unwrap();
    assert_same_but_nulls(&received, &encoded);
    assert_eq!(serde_json::from_str::<Value>(&serde_json::to_string(&decoded).unwrap()).unwrap(), encoded);
    decoded
}

/// Panics unless the values are equal after members that are null were left out, and the second
/// has no null that the first has not.
#[track_caller]
pub(crate) fn assert_same_but_nulls(received: &Value, encoded: &Value) {
    assert_eq!(without_nulls(encoded), without_nulls(received));
    let invented = invented_nulls(received, encoded, String::new());
    assert!(invented.is_empty(), "nulls that were not received: {invented:?}");
}

/// The value without members that are null; nulls in arrays stay.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, member)| !member.is_null());
            Value::Object(kept.map(|(name, member)| (name.clone(), without_nulls(member))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        value => value.clone(),
    }
}

fn invented_nulls(received: &Value, encoded: &Value, place: String) -> Vec<String> {
    match encoded {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match received.get(name) {
                Some(counterpart) => invented_nulls(counterpart, member, format!("{place}/{name}")),
                None => vec![format!("{place}/{name}")],
            })
            .collect(),
        Value::Array(items) => {
            let pairs = items.iter().enumerate();
            pairs.flat_map(|(index, item)| invented_nulls(&received[index], item, format!("{place}/{index}"))).collect()
        }
        _ => Vec::new(),
    }
}
