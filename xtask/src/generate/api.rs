//! An API as the generator sees it: types and operations, read from a normalised document.

use std::collections::BTreeMap;

/// An API: its types and operations, by their names in Rust.
#[derive(Debug)]
pub(crate) struct Api {
    /// As it is called in `openapi/`: `2025-05-01`.
    pub(crate) name: String,
    /// Its module: `v2025_05_01`.
    pub(crate) module: String,
    /// The feature that it is behind.
    pub(crate) feature: String,
    pub(crate) types: BTreeMap<String, TypeDefinition>,
    /// The types that another API has too: where they stand, and what they are called there.
    pub(crate) shared: BTreeMap<String, SharedType>,
    pub(crate) operations: Vec<Operation>,
    /// What the document says of its groups.
    pub(crate) groups: BTreeMap<String, String>,
    /// The OpenAI-shaped operations of one agent.
    pub(crate) agent_scope: Option<AgentScope>,
}

/// A type that several APIs have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedType {
    /// The module of the types that just these APIs share.
    pub(crate) module: String,
    pub(crate) name: String,
}

/// An agent's own path for operations that stand under `/openai/v1` otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentScope {
    /// With `{agent_name}` in it.
    pub(crate) path: String,
    pub(crate) api_version: Option<String>,
    pub(crate) features: Vec<String>,
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
    Tagged {
        tag: String,
        branches: Vec<Branch>,
        untagged: Vec<UntaggedBranch>,
        secret: bool,
    },
    /// `anything` says that a value of none of these is as good.
    Untagged {
        variants: Vec<KindVariant>,
        objects: Vec<ObjectVariant>,
        anything: bool,
    },
    Alias(Type),
}

#[derive(Debug, Default)]
pub(crate) struct Struct {
    /// Properties with one value, which the type writes itself.
    pub(crate) fixed: Vec<Fixed>,
    pub(crate) fields: Vec<Field>,
    /// Whether the document allows further properties.
    pub(crate) open: bool,
}

/// A property with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) property: String,
    pub(crate) value: String,
    pub(crate) required: bool,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) property: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
    pub(crate) access: Access,
    /// In what the type takes more than the document says, and why.
    pub(crate) loosened: Option<Loosened>,
    /// Whether the value stands in a box, because the type would contain itself.
    pub(crate) boxed: bool,
}

/// Why a required property need not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loosened {
    /// Answers are read without insisting on what the document requires.
    Answer,
    /// The document lets it be null.
    Nullable,
    /// The document's mark says that recorded answers lack it.
    Observed,
    /// The overlay's mark says so.
    Overlay,
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

/// A branch that need not have the tag: what has none is of it if it has these keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UntaggedBranch {
    /// Its place among the branches.
    pub(crate) index: usize,
    pub(crate) needs: Vec<String>,
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
    /// Any string, with an enum of those that are known.
    AnyString,
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
    /// The values of a property that tell it from others with these keys.
    pub(crate) only: Option<(String, Vec<String>)>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Boolean,
    Integer,
    Number,
    /// A time as the document says it in seconds.
    Timestamp,
    /// A time as the document says it in text.
    TextTimestamp,
    /// A string that is never shown.
    Secret,
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
            Self::Timestamp | Self::TextTimestamp => "Timestamp".to_owned(),
            Self::Secret => "Secret".to_owned(),
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

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    /// The document's operationId.
    pub(crate) id: String,
    /// The method of the client.
    pub(crate) name: String,
    /// The method of its group in the SDK.
    pub(crate) sdk_method: String,
    /// The type of the SDK that holds its arguments.
    pub(crate) builder: String,
    pub(crate) group: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Whether it is another operation with a second kind of body.
    pub(crate) is_split: bool,
    pub(crate) api_version: Option<String>,
    pub(crate) request_content_type: Option<String>,
    pub(crate) response_content_type: Option<String>,
    pub(crate) features: Features,
    pub(crate) replay_key: Option<String>,
    pub(crate) paging: Option<Paging>,
    pub(crate) long_running: Option<LongRunning>,
    pub(crate) streaming: Streaming,
    pub(crate) secret: bool,
    /// The JSON body of the request.
    pub(crate) request: Option<Type>,
    /// The parts of a multipart body.
    pub(crate) parts: Vec<Part>,
    /// The JSON body of the buffered answer.
    pub(crate) answer: Option<Type>,
    /// The events of its stream with JSON data, by name.
    pub(crate) events: Vec<(String, Type)>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    /// The arguments that are lists, sent as one text with commas between.
    pub(crate) joined: Vec<String>,
    /// The arguments that are headers: name on the wire, argument.
    pub(crate) headers: Vec<(String, String)>,
    /// Names on the wire and descriptions.
    pub(crate) parameters: Vec<(String, String)>,
}

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) property: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) content: PartContent,
    pub(crate) required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PartContent {
    /// Bytes with a file's name.
    File,
    /// Several of them.
    Files,
    /// A text, or a type that is one.
    Text(Type),
    /// Anything else, as JSON.
    Json(Type),
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

/// How a job goes on after the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LongRunning {
    /// The header of the answer with the URL of the status.
    pub(crate) header: String,
    /// Where the status is.
    pub(crate) path: String,
    pub(crate) status: Type,
    /// The property of the status with the result, and its type.
    pub(crate) result: Option<(String, Type)>,
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
                Some(Shape::Untagged { variants, objects, .. }) => variants
                    .iter()
                    .filter_map(|variant| variant.ty.contained().map(str::to_owned))
                    .chain(objects.iter().map(|variant| variant.ty.clone()))
                    .collect(),
                Some(Shape::Alias(ty)) => ty.contained().map(str::to_owned).into_iter().collect(),
                Some(Shape::Enum(_)) | None => Vec::new(),
            }
        };
        let places: BTreeMap<&str, usize> =
            self.types.keys().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let edges: Vec<Vec<usize>> = self
            .types
            .keys()
            .map(|name| contained(name).iter().filter_map(|inner| places.get(inner.as_str()).copied()).collect())
            .collect();
        let circles = super::cycles::components(&edges);
        let mut boxes = Vec::new();
        for ((name, definition), circle) in self.types.iter().zip(&circles) {
            let Shape::Struct(model) = &definition.shape else { continue };
            for (index, field) in model.fields.iter().enumerate() {
                let inner = field.ty.contained().and_then(|inner| places.get(inner));
                if inner.is_some_and(|inner| circles[*inner] == *circle) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, ty: Type) -> Field {
        Field {
            property: name.to_owned(),
            name: name.to_owned(),
            description: None,
            ty,
            presence: Presence::Optional,
            access: Access::Both,
            loosened: None,
            boxed: false,
        }
    }

    fn named(name: &str) -> Type {
        Type::Named(name.to_owned())
    }

    fn structure(fields: Vec<Field>) -> Shape {
        Shape::Struct(Struct { fields, ..Struct::default() })
    }

    /// The fields that are boxed among these types.
    fn boxed(shapes: Vec<(&str, Shape)>) -> Vec<String> {
        let types = shapes
            .into_iter()
            .map(|(name, shape)| {
                let definition =
                    TypeDefinition { document: name.to_owned(), description: None, group: "Things".to_owned(), shape };
                (name.to_owned(), definition)
            })
            .collect();
        let mut api = Api {
            name: "v0".to_owned(),
            module: "v0".to_owned(),
            feature: "v0".to_owned(),
            types,
            shared: BTreeMap::new(),
            operations: Vec::new(),
            groups: BTreeMap::new(),
            agent_scope: None,
        };
        api.box_cycles();
        let mut found = Vec::new();
        for (name, definition) in &api.types {
            if let Shape::Struct(model) = &definition.shape {
                found.extend(
                    model.fields.iter().filter(|field| field.boxed).map(|field| format!("{name}.{}", field.name)),
                );
            }
        }
        found
    }

    #[test]
    fn what_would_contain_itself_by_value_is_boxed() {
        let branch = |ty: &str| Branch { variant: ty.to_owned(), ty: ty.to_owned(), values: vec![ty.to_owned()] };
        let branches = vec![branch("Leaf"), branch("Tree")];
        let tagged = Shape::Tagged { tag: "type".to_owned(), branches, untagged: Vec::new(), secret: false };
        let untagged = Shape::Untagged {
            variants: vec![KindVariant { kind: Kind::String, variant: "String".to_owned(), ty: Type::String }],
            objects: vec![ObjectVariant {
                variant: "Tree".to_owned(),
                ty: "Tree".to_owned(),
                needs: Vec::new(),
                only: None,
            }],
            anything: false,
        };
        let tree = |ty: &str| structure(vec![field("left", named(ty)), field("leaf", named("Leaf"))]);
        let leaf = || structure(vec![field("text", Type::String)]);
        // Itself, through a union of either kind, through another name, through another struct.
        assert_eq!(boxed(vec![("Tree", tree("Tree")), ("Leaf", leaf())]), ["Tree.left"]);
        assert_eq!(boxed(vec![("Tree", tree("Node")), ("Leaf", leaf()), ("Node", tagged)]), ["Tree.left"]);
        assert_eq!(boxed(vec![("Tree", tree("Node")), ("Leaf", leaf()), ("Node", untagged)]), ["Tree.left"]);
        assert_eq!(
            boxed(vec![("Tree", tree("Node")), ("Leaf", leaf()), ("Node", Shape::Alias(named("Tree")))]),
            ["Tree.left"]
        );
        let other = structure(vec![field("back", named("Tree"))]);
        assert_eq!(
            boxed(vec![("Tree", tree("Other")), ("Leaf", leaf()), ("Other", other)]),
            ["Other.back", "Tree.left"]
        );
    }

    #[test]
    fn what_stands_in_a_list_or_a_map_or_in_no_circle_is_not_boxed() {
        let tree = || Box::new(named("Tree"));
        let fields = vec![
            field("list", Type::Vec(tree())),
            field("answers", Type::List(tree())),
            field("map", Type::Map(tree())),
            field("forest", named("Forest")),
            field("leaf", named("Leaf")),
        ];
        let shapes = vec![
            ("Tree", structure(fields)),
            ("Forest", Shape::Alias(Type::Vec(tree()))),
            ("Leaf", structure(vec![field("text", Type::String)])),
            // It leads to a circle and is in none.
            ("Root", structure(vec![field("tree", named("Loop"))])),
            ("Loop", structure(vec![field("again", named("Loop"))])),
        ];
        assert_eq!(boxed(shapes), ["Loop.again"]);
    }
}
