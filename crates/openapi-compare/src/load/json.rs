//! Reads JSON into a value: duplicate keys, nesting and number of values are checked on the way.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Failure;
use crate::error::{ErrorKind, Fault};
use crate::limits::Limits;
use crate::pointer::Pointer;

pub(super) fn parse(text: &str, limits: &Limits) -> Result<Value, Failure> {
    let state = State { limits, values: Cell::new(0), fault: RefCell::default(), way_up: RefCell::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // The limit of our own replaces the parser's, which has another count and no place.
    deserializer.disable_recursion_limit();
    let seed = Node { state: &state, depth: 0 };
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| state.failure(&error))
}

/// What all nodes of one document share. The parser's errors carry only a text, so what was wrong
/// and where travels here.
struct State<'l> {
    limits: &'l Limits,
    values: Cell<usize>,
    fault: RefCell<Option<(ErrorKind, String)>>,
    /// The steps from the fault up to the root.
    way_up: RefCell<Vec<String>>,
}

impl State<'_> {
    fn fail<E: serde::de::Error>(&self, kind: ErrorKind, message: String) -> E {
        self.fault.replace(Some((kind, message)));
        E::custom("refused")
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        let values = self.values.get() + 1;
        self.values.set(values);
        if values > self.limits.values {
            let message = super::too_many_values(self.limits.values);
            return Err(self.fail(ErrorKind::TooManyValues, message));
        }
        Ok(())
    }

    fn failure(&self, error: &serde_json::Error) -> Failure {
        let (kind, message) = self.fault.take().unwrap_or_else(|| {
            let text = error.to_string();
            // The place is told once, in front.
            let reason = text.split(" at line ").next().unwrap_or(&text);
            (ErrorKind::Syntax, format!("not well-formed JSON: {reason}; correct it there"))
        });
        let mut pointer = Pointer::root();
        for token in self.way_up.take().iter().rev() {
            pointer.push(token);
        }
        let fault = Fault {
            line_column: (error.line() > 0).then(|| (error.line(), error.column())),
            pointer: Some(pointer),
            message,
        };
        (kind, fault)
    }
}

#[derive(Clone, Copy)]
struct Node<'s> {
    state: &'s State<'s>,
    /// How many objects and lists stand around this value.
    depth: usize,
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.state.limits.depth {
            let message = super::too_deep(self.state.limits.depth);
            return Err(self.state.fail(ErrorKind::TooDeep, message));
        }
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.state.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        loop {
            match elements.next_element_seed(inner) {
                Ok(Some(element)) => list.push(element),
                Ok(None) => return Ok(Value::Array(list)),
                Err(error) => {
                    let index = list.len().to_string();
                    self.state.way_up.borrow_mut().push(index);
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                let message = super::duplicate_key(&key);
                return Err(self.state.fail(ErrorKind::DuplicateKey, message));
            }
            match members.next_value_seed(inner) {
                Ok(value) => object.insert(key, value),
                Err(error) => {
                    self.state.way_up.borrow_mut().push(key);
                    return Err(error);
                }
            };
        }
        Ok(Value::Object(object))
    }
}
