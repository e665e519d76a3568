//! An OpenAPI document: its version, its references, its schemas.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Fault};
use crate::limits::Limits;
use crate::load;
use crate::pointer::{Pointer, PointerError};

/// How many references may follow on one another before a value comes.
pub(crate) const LONGEST_CHAIN: usize = 100;

/// An OpenAPI document, as it was loaded.
///
/// Loading makes sure that it is OpenAPI 3.0, 3.1 or Swagger 2.0; [`Document::check`] says whether
/// it holds together.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    name: String,
    version: SpecVersion,
    root: Value,
}

/// The version of the specification that a document follows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpecVersion {
    /// Swagger 2.0.
    Swagger2,
    /// OpenAPI 3.0, with what follows `3.0.` (empty when nothing does).
    OpenApi3_0(String),
    /// OpenAPI 3.1, with what follows `3.1.` (empty when nothing does).
    OpenApi3_1(String),
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minor, patch) = match self {
            Self::Swagger2 => return formatter.write_str("Swagger 2.0"),
            Self::OpenApi3_0(patch) => ("3.0", patch),
            Self::OpenApi3_1(patch) => ("3.1", patch),
        };
        write!(formatter, "OpenAPI {minor}")?;
        if !patch.is_empty() {
            write!(formatter, ".{patch}")?;
        }
        Ok(())
    }
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The reference leads out of the document.
    #[error(
        "{target:?} leads out of the document: only references inside the document (`#/…`) are supported; copy the target in"
    )]
    External {
        /// The reference as it is written.
        target: String,
    },
    /// The reference is not a JSON pointer.
    #[error("{target:?} is not a reference inside the document: {source}")]
    NotAPointer {
        /// The reference as it is written.
        target: String,
        /// What is wrong with it.
        source: PointerError,
    },
    /// There is nothing at that place.
    #[error("{target:?} does not resolve: nothing stands there; correct the reference or add its target")]
    Unresolved {
        /// The reference as it is written.
        target: String,
    },
    /// References follow on references without end, or nearly so.
    #[error("{target:?} leads to a reference, and that to another, more than 100 times; let it lead to a value")]
    Endless {
        /// The last reference that was followed, as it is written.
        target: String,
    },
}

/// A named schema: an entry of `components.schemas`, or of `definitions` in Swagger 2.0.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NamedSchema<'d> {
    /// The schema's name.
    pub name: &'d str,
    /// Its place.
    pub pointer: Pointer,
    /// The schema as it is written.
    pub value: &'d Value,
}

impl Document {
    /// Loads a document from a file, within the default [`Limits`].
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::from_path_within(path, &Limits::default())
    }

    /// Loads a document from a file, within limits of the caller's.
    pub fn from_path_within(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, Error> {
        let name = path.as_ref().display().to_string();
        let bytes = load::read(path.as_ref(), &name, limits)?;
        Self::from_slice_within(&bytes, &name, limits)
    }

    /// Loads a document from JSON or YAML, within the default [`Limits`].
    ///
    /// It is read as JSON when its first character is `{`, else as YAML. `name` stands in errors.
    pub fn from_slice(bytes: &[u8], name: &str) -> Result<Self, Error> {
        Self::from_slice_within(bytes, name, &Limits::default())
    }

    /// Loads a document from JSON or YAML, within limits of the caller's.
    pub fn from_slice_within(bytes: &[u8], name: &str, limits: &Limits) -> Result<Self, Error> {
        Self::new(load::parse_value(bytes, name, limits)?, name)
    }

    /// Takes a value as a document, for example after it was changed.
    pub fn from_value(root: Value, name: &str) -> Result<Self, Error> {
        if deeper_than(&root, Limits::DEEPEST) {
            let message = load::too_deep(Limits::DEEPEST);
            return Err(Error::with_message(name, ErrorKind::TooDeep, message));
        }
        Self::new(root, name)
    }

    fn new(root: Value, name: &str) -> Result<Self, Error> {
        let version = version_of(&root)
            .map_err(|(kind, message)| Error::new(name, kind, Fault { message, ..Fault::default() }))?;
        Ok(Self { name: name.to_owned(), version, root })
    }

    /// The document's name: the path it was read from, or what the caller called it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the specification that the document follows.
    pub fn version(&self) -> &SpecVersion {
        &self.version
    }

    /// The whole document.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The whole document, owned.
    pub fn into_value(self) -> Value {
        self.root
    }

    /// The value that a reference such as `#/components/schemas/Thread` leads to, one step far.
    pub fn resolve(&self, reference: &str) -> Result<&Value, ReferenceError> {
        self.resolve_place(reference).map(|(_, value)| value)
    }

    pub(crate) fn resolve_place(&self, reference: &str) -> Result<(Pointer, &Value), ReferenceError> {
        let target = || reference.to_owned();
        if !reference.starts_with('#') {
            return Err(ReferenceError::External { target: target() });
        }
        let pointer =
            Pointer::parse(reference).map_err(|source| ReferenceError::NotAPointer { target: target(), source })?;
        match pointer.resolve(&self.root) {
            Some(value) => Ok((pointer, value)),
            None => Err(ReferenceError::Unresolved { target: target() }),
        }
    }

    /// Follows references from a value until one comes that is not a reference, and says where
    /// that stands. `pointer` is the place of `value`.
    ///
    /// Only for objects in which `$ref` is a reference: not for examples, defaults and the like.
    pub fn follow<'d>(&'d self, pointer: Pointer, value: &'d Value) -> Result<(Pointer, &'d Value), ReferenceError> {
        let (mut pointer, mut value) = (pointer, value);
        let mut steps = 0;
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            steps += 1;
            if steps > LONGEST_CHAIN {
                return Err(ReferenceError::Endless { target: reference.to_owned() });
            }
            (pointer, value) = self.resolve_place(reference)?;
        }
        Ok((pointer, value))
    }

    /// The named schemas, in the order of their names.
    pub fn schemas(&self) -> impl Iterator<Item = NamedSchema<'_>> {
        let place = self.schemas_place();
        let mut schemas: Vec<_> = place
            .resolve(&self.root)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| NamedSchema { name, pointer: place.join(name), value })
            .collect();
        // Sorted here, since the order of a map depends on how serde_json was built.
        schemas.sort_by(|one, other| one.name.cmp(other.name));
        schemas.into_iter()
    }

    pub(crate) fn schemas_place(&self) -> Pointer {
        match self.version {
            SpecVersion::Swagger2 => Pointer::root().join("definitions"),
            _ => Pointer::root().join("components").join("schemas"),
        }
    }
}

fn version_of(root: &Value) -> Result<SpecVersion, (ErrorKind, String)> {
    let not_openapi = |found: String| {
        let message = format!("not an OpenAPI document: {found}; expected an object with `openapi` or `swagger`");
        Err((ErrorKind::NotOpenApi, message))
    };
    let Value::Object(members) = root else {
        return not_openapi(format!("found {} at the top", describe(root)));
    };
    let (key, version) = match (members.get("openapi"), members.get("swagger")) {
        (Some(version), None) => ("openapi", version),
        (None, Some(version)) => ("swagger", version),
        (Some(_), Some(_)) => {
            return not_openapi("found both `openapi` and `swagger` at the top".to_owned());
        }
        (None, None) => {
            return not_openapi(format!("found {} at the top", describe(root)));
        }
    };
    let text = match version {
        Value::String(text) => text.clone(),
        // Unquoted in YAML, `2.0` is a number.
        Value::Number(number) => number.to_string(),
        other => return not_openapi(format!("`{key}` is {}", describe(other))),
    };
    let patch_of = |minor: &str| {
        let rest = text.strip_prefix(minor)?;
        match rest.strip_prefix('.') {
            Some(patch) if !patch.is_empty() => Some(patch.to_owned()),
            None if rest.is_empty() => Some(String::new()),
            _ => None,
        }
    };
    if key == "swagger" && text == "2.0" {
        return Ok(SpecVersion::Swagger2);
    }
    if key == "openapi" {
        if let Some(patch) = patch_of("3.0") {
            return Ok(SpecVersion::OpenApi3_0(patch));
        }
        if let Some(patch) = patch_of("3.1") {
            return Ok(SpecVersion::OpenApi3_1(patch));
        }
    }
    let shown: String = text.chars().take(40).collect();
    Err((
        ErrorKind::UnsupportedVersion,
        format!(
            "`{key}: {shown}` is not supported; supported are OpenAPI 3.0 and 3.1 (`openapi`) \
             and 2.0 (`swagger`): convert the document"
        ),
    ))
}

/// What a value is, in words for an error.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing (null)".to_owned(),
        Value::Bool(truth) => format!("`{truth}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => {
            let shown: String = text.chars().take(40).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            format!("the text {:?}", format!("{shown}{more}"))
        }
        Value::Array(elements) => format!("a list of {}", elements.len()),
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(members) => {
            let mut keys: Vec<_> = members.keys().map(String::as_str).collect();
            keys.sort_unstable();
            let shown: Vec<_> =
                keys.iter().take(5).map(|key| format!("`{}`", key.chars().take(40).collect::<String>())).collect();
            let more = if keys.len() > 5 { ", …" } else { "" };
            format!("an object with {}{more}", shown.join(", "))
        }
    }
}

/// Whether objects and lists are nested deeper than that; without recursion, since they may be.
fn deeper_than(root: &Value, limit: usize) -> bool {
    let mut waiting = vec![(root, 0)];
    while let Some((value, around)) = waiting.pop() {
        if !value.is_array() && !value.is_object() {
            continue;
        }
        let depth = around + 1;
        if depth > limit {
            return true;
        }
        match value {
            Value::Array(elements) => waiting.extend(elements.iter().map(|inner| (inner, depth))),
            Value::Object(members) => waiting.extend(members.values().map(|inner| (inner, depth))),
            _ => {}
        }
    }
    false
}
