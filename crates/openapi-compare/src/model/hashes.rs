//! Hashes by meaning, for telling kinds of a union apart and for what is compared as a whole.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::canonical;
use super::schemas::{CoreId, Parts, Schemas};
use super::shape::Additional;
use crate::compare::TooComplex;

/// How far down a hash looks: far enough to tell kinds apart, never without end.
pub(super) const HASH_DEPTH: u8 = 4;
/// How far down it looks where nothing else does: further than people nest.
const DEEP: u8 = 16;

impl<'d> Schemas<'d> {
    pub(crate) fn hash(&mut self, core: CoreId) -> Result<u64, TooComplex> {
        self.hash_to(core, HASH_DEPTH)
    }

    pub(crate) fn hash_of_parts(&mut self, parts: &Parts<'d>, depth: u8) -> Result<u64, TooComplex> {
        let node = self.node(parts)?;
        let mut hasher = DefaultHasher::new();
        node.usage.nullable.hash(&mut hasher);
        self.hash_to(node.core, depth)?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn hash_to(&mut self, core: CoreId, depth: u8) -> Result<u64, TooComplex> {
        if let Some(hash) = self.hashes.get(&(core, depth)) {
            return Ok(*hash);
        }
        let shape = self.shape(core)?;
        let mut hasher = DefaultHasher::new();
        (shape.types, &shape.format, &shape.patterns, &shape.constraints, &shape.required).hash(&mut hasher);
        shape.enumeration.as_ref().map(|listed| (&listed.values, listed.open)).hash(&mut hasher);
        for (name, limit) in &shape.limits {
            (name, limit.value.to_bits(), limit.exclusive).hash(&mut hasher);
        }
        let mut parts: Vec<(String, &Parts<'d>)> = Vec::new();
        parts.extend(shape.properties.iter().map(|(name, parts)| (format!(".{name}"), parts)));
        parts.extend(shape.patterned.iter().map(|(name, parts)| (format!("~{name}"), parts)));
        parts.extend(shape.tuple.iter().map(|parts| ("[]".to_owned(), parts)));
        parts.push(("*".to_owned(), &shape.items));
        match &shape.additional {
            Additional::Any => {}
            Additional::Refused => "refused".hash(&mut hasher),
            Additional::Schema(schema) => parts.push(("{}".to_owned(), schema)),
        }
        for (name, parts) in parts {
            self.step(1)?;
            name.hash(&mut hasher);
            if depth > 0 && !parts.is_empty() {
                self.hash_of_parts(parts, depth - 1)?.hash(&mut hasher);
            }
        }
        if let Some(union) = &shape.union {
            (union.discriminator, union.open).hash(&mut hasher);
            // The order of branches says nothing.
            let mut branches = Vec::new();
            for branch in &union.branches {
                self.step(1)?;
                let hash = if depth > 0 { self.hash_of_parts(&branch.parts, depth - 1)? } else { 0 };
                branches.push((&branch.tag, hash));
            }
            branches.sort_unstable();
            branches.hash(&mut hasher);
        }
        let hash = hasher.finish();
        self.hashes.insert((core, depth), hash);
        Ok(hash)
    }

    /// The hash of operations that the service calls: a callback or a webhook, with their schemas by meaning.
    pub(crate) fn hash_of_calls(&mut self, value: &'d Value) -> Result<u64, TooComplex> {
        const WRITING: &[&str] =
            &["description", "summary", "example", "examples", "externalDocs", "operationId", "tags"];
        self.hash_of_text(value, &|key| !WRITING.contains(&key) && !key.starts_with("x-"), true, HASH_DEPTH)
    }

    /// The hash of what stands under a keyword, be it a schema, several, or data. By its text, since looking
    /// into it as a schema may lead back to the schema that it stands in.
    pub(super) fn hash_of_value(&mut self, value: &'d Value) -> Result<u64, TooComplex> {
        const WRITING: &[&str] = &["description", "title", "example", "examples", "$comment", "externalDocs"];
        self.hash_of_text(value, &|key| !WRITING.contains(&key), false, HASH_DEPTH)
    }

    /// The hash of a text without what is mere writing, references followed some steps far.
    fn hash_of_text(
        &mut self,
        value: &'d Value,
        means: &dyn Fn(&str) -> bool,
        has_schemas: bool,
        references: u8,
    ) -> Result<u64, TooComplex> {
        self.step(1)?;
        let mut hasher = DefaultHasher::new();
        if value.get("$ref").is_some() {
            if references > 0 {
                return self.hash_of_text(self.target(value), means, has_schemas, references - 1);
            }
            return Ok(hasher.finish());
        }
        // The order of members says nothing, nor that of parameters, alternatives and listed values.
        let mut all = 0_u64;
        match value {
            Value::Object(members) => {
                for (key, value) in members.iter().filter(|(key, _)| means(key)) {
                    let hash = if has_schemas && key == "schema" {
                        self.hash_of_parts(&vec![value], DEEP)?
                    } else {
                        self.hash_of_text(value, means, has_schemas, references)?
                    };
                    let mut member = DefaultHasher::new();
                    (key, hash).hash(&mut member);
                    all = all.wrapping_add(member.finish());
                }
                ("object", all).hash(&mut hasher);
            }
            Value::Array(elements) => {
                for element in elements {
                    all = all.wrapping_add(self.hash_of_text(element, means, has_schemas, references)?);
                }
                ("array", all).hash(&mut hasher);
            }
            other => canonical(other).hash(&mut hasher),
        }
        Ok(hasher.finish())
    }
}
