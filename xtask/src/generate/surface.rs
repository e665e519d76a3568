//! `surface.txt`: the public items of an API's module, one a line, so that a regeneration shows in
//! the diff what it breaks.

use std::fmt::Write as _;

use super::api::{Access, Api, Presence, Shape};
use super::client::Method;

pub(crate) fn emit(api: &Api, methods: &[Method]) -> String {
    let mut text =
        format!("# The public surface of foundry_raw::{}; a line that goes is a breaking change.\n", api.module);
    for method in methods {
        let _ = writeln!(text, "fn Client::{} -> {}", method.name, method.operation);
    }
    for (name, definition) in &api.types {
        match &definition.shape {
            Shape::Struct(model) => {
                let new: Vec<&str> = model
                    .fields
                    .iter()
                    .filter(|field| field.presence != Presence::Optional && field.access != Access::Read)
                    .map(|field| field.name.as_str())
                    .collect();
                let _ = writeln!(text, "struct {name} new({})", new.join(", "));
                for (property, value) in &model.fixed {
                    let _ = writeln!(text, "struct {name} writes {property}={value:?}");
                }
                for field in &model.fields {
                    let optional = matches!(field.presence, Presence::Optional | Presence::Nullable);
                    let _ = writeln!(
                        text,
                        "field {name}.{}: {}{}",
                        field.name,
                        field.ty.rust(),
                        if optional { "?" } else { "" }
                    );
                }
            }
            Shape::Enum(values) => {
                let _ = writeln!(text, "enum {name}");
                for value in values {
                    let _ = writeln!(text, "variant {name}::{} = {:?}", value.variant, value.value);
                }
            }
            Shape::Tagged { tag, branches } => {
                let _ = writeln!(text, "union {name} by {tag}");
                for branch in branches {
                    let _ = writeln!(text, "variant {name}::{}({}) = {:?}", branch.variant, branch.ty, branch.values);
                }
            }
            Shape::Untagged { variants, objects } => {
                let _ = writeln!(text, "union {name}");
                for variant in variants {
                    let _ = writeln!(text, "variant {name}::{}({})", variant.variant, variant.ty.rust());
                }
                for object in objects {
                    let _ = writeln!(text, "variant {name}::{}({})", object.variant, object.ty);
                }
            }
            Shape::Alias(ty) => {
                let _ = writeln!(text, "type {name} = {}", ty.rust());
            }
        }
    }
    text
}
