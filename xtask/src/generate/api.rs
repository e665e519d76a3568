//! An API as the generator sees it: types and operations, read from a normalised document.

use std::collections::{BTreeMap, BTreeSet};

/// An API: its types and operations, by their names in Rust.
#[derive(Debug)]
pub(crate) struct Api {
    /// As it is called in `openapi/`: `2025-05-01`.
    pub(crate) name: String,
    /// Its module: `v2025_05_01`.
    pub(crate) module: String,
    pub(crate) types: BTreeMap<String, TypeDefinition>,
    pub(crate) operations: Vec<Operation>,
}

#[derive(Debug)]
pub(crate) struct TypeDefinition {
    /// The document's name.
    pub(crate) document: String,
    pub(crate) description: Option<String>,
    /// The file it stands in.
    pub(crate) group: String,
    pub(crate) shape: Shape,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Struct(Struct),
    Enum(Vec<EnumValue>),
    Tagged { tag: String, branches: Vec<Branch> },
    Untagged { variants: Vec<KindVariant>, objects: Vec<ObjectVariant> },
    Alias(Type),
}

#[derive(Debug, Default)]
pub(crate) struct Struct {
    /// Properties with one value, which the type writes itself.
    pub(crate) fixed: Vec<(String, String)>,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) property: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
    pub(crate) access: Access,
    /// Whether the value stands in a box, because the type would contain itself.
    pub(crate) boxed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Key,
    Required,
    /// Required, of any type: null is a value.
    Any,
    /// Required but may be null, or seen absent.
    Nullable,
    Optional,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Both,
    Read,
    Write,
}

#[derive(Debug)]
pub(crate) struct EnumValue {
    pub(crate) value: String,
    pub(crate) variant: String,
    pub(crate) description: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) variant: String,
    pub(crate) ty: String,
    pub(crate) values: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct KindVariant {
    pub(crate) kind: Kind,
    pub(crate) variant: String,
    pub(crate) ty: Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    String,
    Array,
    Boolean,
    Number,
    Object,
}

#[derive(Debug)]
pub(crate) struct ObjectVariant {
    pub(crate) variant: String,
    pub(crate) ty: String,
    pub(crate) needs: Vec<String>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Boolean,
    Integer,
    Number,
    Timestamp,
    /// Any JSON value.
    Any,
    /// Any JSON object.
    Object,
    Vec(Box<Type>),
    /// The elements of a list answer.
    List(Box<Type>),
    Map(Box<Type>),
    /// A type of the API, by its name in Rust.
    Named(String),
}

impl Type {
    /// As it is written in Rust.
    pub(crate) fn rust(&self) -> String {
        match self {
            Self::String => "String".to_owned(),
            Self::Boolean => "bool".to_owned(),
            Self::Integer => "i64".to_owned(),
            Self::Number => "f64".to_owned(),
            Self::Timestamp => "Timestamp".to_owned(),
            Self::Any => "Value".to_owned(),
            Self::Object => "Map<String, Value>".to_owned(),
            Self::Vec(item) => format!("Vec<{}>", item.rust()),
            Self::List(item) => format!("List<{}>", item.rust()),
            Self::Map(item) => format!("BTreeMap<String, {}>", item.rust()),
            Self::Named(name) => name.clone(),
        }
    }

    /// The names in it that stand by value, so that a struct would contain them.
    fn contained(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }

    /// Shows `f` this type and those in it.
    pub(crate) fn walk(&self, f: &mut impl FnMut(&Type)) {
        f(self);
        if let Self::Vec(item) | Self::List(item) | Self::Map(item) = self {
            item.walk(f);
        }
    }
}

#[derive(Debug)]
pub(crate) struct Operation {
    /// The document's operationId.
    pub(crate) id: String,
    /// The method of the client.
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) api_version: Option<String>,
    pub(crate) request_content_type: Option<String>,
    pub(crate) response_content_type: Option<String>,
    pub(crate) features: Features,
    pub(crate) replay_key: Option<String>,
    pub(crate) paging: Option<Paging>,
    pub(crate) long_running: bool,
    pub(crate) streaming: Streaming,
    pub(crate) secret: bool,
    /// The JSON body of the request.
    pub(crate) request: Option<Type>,
    /// The JSON body of the buffered answer.
    pub(crate) answer: Option<Type>,
    /// The events of its stream with JSON data, by name.
    pub(crate) events: Vec<(String, Type)>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    /// Names on the wire and descriptions.
    pub(crate) parameters: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Features {
    None,
    Optional(Vec<String>),
    Required(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    Cursor { items: String, parameter: String, property: String, has_more: String },
    NextLink { items: String, next_link: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streaming {
    Never,
    Optional,
    Always,
}

impl Api {
    /// Puts fields into boxes where a struct would contain itself.
    pub(crate) fn box_cycles(&mut self) {
        // What a type contains by value: fields of structs and branches of unions, not what stands
        // in a list or a map.
        let contained = |name: &str| -> Vec<String> {
            match self.types.get(name).map(|definition| &definition.shape) {
                Some(Shape::Struct(model)) => {
                    model.fields.iter().filter_map(|field| field.ty.contained()).map(str::to_owned).collect()
                }
                Some(Shape::Tagged { branches, .. }) => branches.iter().map(|branch| branch.ty.clone()).collect(),
                Some(Shape::Untagged { variants, objects }) => variants
                    .iter()
                    .filter_map(|variant| variant.ty.contained().map(str::to_owned))
                    .chain(objects.iter().map(|variant| variant.ty.clone()))
                    .collect(),
                Some(Shape::Alias(ty)) => ty.contained().map(str::to_owned).into_iter().collect(),
                Some(Shape::Enum(_)) | None => Vec::new(),
            }
        };
        let reaches = |from: &str, to: &str| -> bool {
            let mut seen = BTreeSet::new();
            let mut open = vec![from.to_owned()];
            while let Some(name) = open.pop() {
                if name == to {
                    return true;
                }
                if seen.insert(name.clone()) {
                    open.extend(contained(&name));
                }
            }
            false
        };
        let mut boxes = Vec::new();
        for (name, definition) in &self.types {
            let Shape::Struct(model) = &definition.shape else { continue };
            for (index, field) in model.fields.iter().enumerate() {
                if field.ty.contained().is_some_and(|inner| reaches(inner, name)) {
                    boxes.push((name.clone(), index));
                }
            }
        }
        for (name, index) in boxes {
            if let Some(Shape::Struct(model)) = self.types.get_mut(&name).map(|definition| &mut definition.shape) {
                model.fields[index].boxed = true;
            }
        }
    }
}
