//! Walks a document by its structure, so that data is never taken for description.
//!
//! Which members of an object are keywords, names or data depends on what the object is: `enum` is
//! a keyword in a schema and a name under `properties`; what stands under `example` is data. So the
//! walk knows what it stands on, and goes only where the specification says something is.

use std::collections::HashSet;
use std::ptr;

use serde_json::{Map, Value};

use crate::document::{Document, SpecVersion};
use crate::operations::Method;
use crate::pointer::Pointer;

/// What an object of the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    Response,
    Header,
    MediaType,
    Schema,
    Example,
    Link,
    Callback,
    SecurityScheme,
}

/// What a walk reports.
pub(crate) trait Visitor<'d> {
    /// An object, reported once for each kind it is used as.
    fn visit(&mut self, kind: Kind, place: &Place<'_>, object: &'d Map<String, Value>);

    /// A value that is not what the specification wants there.
    fn misshapen(&mut self, place: &Place<'_>, expected: &'static str, found: &'d Value);
}

/// The place the walk stands on; a pointer is made of it only when one is needed.
#[derive(Clone, Copy)]
pub(crate) enum Place<'p> {
    Base(&'p Pointer),
    Member(&'p Place<'p>, &'p str),
    Element(&'p Place<'p>, usize),
}

impl Place<'_> {
    pub(crate) fn pointer(&self) -> Pointer {
        match self {
            Self::Base(pointer) => (*pointer).clone(),
            Self::Member(parent, key) => {
                let mut pointer = parent.pointer();
                pointer.push(key);
                pointer
            }
            Self::Element(parent, index) => {
                let mut pointer = parent.pointer();
                pointer.push(&index.to_string());
                pointer
            }
        }
    }

    pub(crate) fn member<'q>(&'q self, key: &'q str) -> Place<'q> {
        Place::Member(self, key)
    }
}

/// Walks everything that the document describes, and every target of a reference.
pub(crate) fn walk<'d, V: Visitor<'d>>(document: &'d Document, visitor: &mut V) {
    let mut walker = Walker { document, visitor, seen: HashSet::new(), targets: Vec::new() };
    let pointer = Pointer::root();
    let root = Place::Base(&pointer);
    if let Value::Object(members) = document.root() {
        walker.document_root(&root, members);
    }
    // Targets that stand outside of what the specification names are walked as what they are
    // used as.
    while let Some((kind, pointer, value)) = walker.targets.pop() {
        walker.node(kind, &Place::Base(&pointer), value);
    }
}

/// The reference that an object is, where one of that kind can be a reference.
pub(crate) fn reference_of(kind: Kind, object: &Map<String, Value>) -> Option<&Value> {
    let reference = object.get("$ref")?;
    match kind {
        // An example is data, unless it plainly is one of the named examples.
        Kind::Example => {
            reference.as_str().is_some_and(|text| text.starts_with("#/components/examples/")).then_some(reference)
        }
        _ => Some(reference),
    }
}

struct Walker<'d, 'v, V> {
    document: &'d Document,
    visitor: &'v mut V,
    /// By address: the document does not move while it is walked.
    seen: HashSet<(Kind, *const Value)>,
    targets: Vec<(Kind, Pointer, &'d Value)>,
}

type Members<'d> = &'d Map<String, Value>;

impl<'d, V: Visitor<'d>> Walker<'d, '_, V> {
    fn document_root(&mut self, root: &Place<'_>, members: Members<'d>) {
        self.map(root, members, "paths", Kind::PathItem, Names::Paths);
        if *self.document.version() == SpecVersion::Swagger2 {
            for (key, kind) in [
                ("definitions", Kind::Schema),
                ("parameters", Kind::Parameter),
                ("responses", Kind::Response),
                ("securityDefinitions", Kind::SecurityScheme),
            ] {
                self.map(root, members, key, kind, Names::Any);
            }
            return;
        }
        self.map(root, members, "webhooks", Kind::PathItem, Names::Any);
        let Some(components) = self.object(root, members, "components") else {
            return;
        };
        let place = root.member("components");
        for (key, kind) in [
            ("schemas", Kind::Schema),
            ("responses", Kind::Response),
            ("parameters", Kind::Parameter),
            ("examples", Kind::Example),
            ("requestBodies", Kind::RequestBody),
            ("headers", Kind::Header),
            ("securitySchemes", Kind::SecurityScheme),
            ("links", Kind::Link),
            ("callbacks", Kind::Callback),
            ("pathItems", Kind::PathItem),
        ] {
            self.map(&place, components, key, kind, Names::Any);
        }
    }

    fn node(&mut self, kind: Kind, place: &Place<'_>, value: &'d Value) {
        let Value::Object(members) = value else {
            match kind {
                Kind::Schema if value.is_boolean() => {}
                Kind::Schema => self.visitor.misshapen(place, "a schema (an object)", value),
                // Data may be anything.
                Kind::Example => {}
                _ => self.visitor.misshapen(place, "an object", value),
            }
            return;
        };
        if !self.seen.insert((kind, ptr::from_ref(value))) {
            return;
        }
        self.visitor.visit(kind, place, members);
        if let Some(reference) = reference_of(kind, members)
            && let Some(text) = reference.as_str()
            && let Ok((pointer, target)) = self.document.resolve_place(text)
        {
            self.targets.push((kind, pointer, target));
        }
        match kind {
            Kind::PathItem => self.path_item(place, members),
            Kind::Operation => self.operation(place, members),
            Kind::Parameter | Kind::Header => {
                self.member(place, members, "schema", Kind::Schema);
                self.map(place, members, "content", Kind::MediaType, Names::Any);
                self.map(place, members, "examples", Kind::Example, Names::Any);
            }
            Kind::RequestBody => self.map(place, members, "content", Kind::MediaType, Names::Any),
            Kind::Response => self.response(place, members),
            Kind::MediaType => self.media_type(place, members),
            Kind::Schema => self.schema(place, members),
            // Its members have any names, so a reference must not be taken for one of them.
            Kind::Callback if members.contains_key("$ref") => {}
            Kind::Callback => self.entries(place, members, Kind::PathItem, Names::NotExtensions),
            Kind::Example | Kind::Link | Kind::SecurityScheme => {}
        }
    }

    fn path_item(&mut self, place: &Place<'_>, members: Members<'d>) {
        self.list(place, members, "parameters", Kind::Parameter);
        for method in Method::ALL {
            self.member(place, members, method.key(), Kind::Operation);
        }
    }

    fn operation(&mut self, place: &Place<'_>, members: Members<'d>) {
        self.list(place, members, "parameters", Kind::Parameter);
        self.member(place, members, "requestBody", Kind::RequestBody);
        self.map(place, members, "responses", Kind::Response, Names::NotExtensions);
        self.map(place, members, "callbacks", Kind::Callback, Names::Any);
    }

    fn response(&mut self, place: &Place<'_>, members: Members<'d>) {
        self.map(place, members, "headers", Kind::Header, Names::Any);
        if *self.document.version() == SpecVersion::Swagger2 {
            self.member(place, members, "schema", Kind::Schema);
        } else {
            self.map(place, members, "content", Kind::MediaType, Names::Any);
            self.map(place, members, "links", Kind::Link, Names::Any);
        }
    }

    fn media_type(&mut self, place: &Place<'_>, members: Members<'d>) {
        self.member(place, members, "schema", Kind::Schema);
        self.map(place, members, "examples", Kind::Example, Names::Any);
        if let Some(encodings) = self.object(place, members, "encoding") {
            let place = place.member("encoding");
            for (name, encoding) in encodings {
                let place = place.member(name);
                match encoding {
                    Value::Object(encoding) => {
                        self.map(&place, encoding, "headers", Kind::Header, Names::Any);
                    }
                    _ => self.visitor.misshapen(&place, "an object", encoding),
                }
            }
        }
    }

    fn schema(&mut self, place: &Place<'_>, members: Members<'d>) {
        self.map(place, members, "properties", Kind::Schema, Names::Any);
        for key in ["allOf", "anyOf", "oneOf"] {
            self.list(place, members, key, Kind::Schema);
        }
        for key in ["additionalProperties", "not"] {
            self.member(place, members, key, Kind::Schema);
        }
        match members.get("items") {
            // A list of schemas, in JSON Schema before 2020-12.
            Some(Value::Array(_)) => self.list(place, members, "items", Kind::Schema),
            _ => self.member(place, members, "items", Kind::Schema),
        }
        // The rest is not known to all versions of the specification, so what does not look like
        // schemas is passed over.
        for key in ["patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies"] {
            if let Some(Value::Object(schemas)) = members.get(key) {
                let place = place.member(key);
                for (name, schema) in schemas.iter().filter(|(_, schema)| schema.is_object()) {
                    self.node(Kind::Schema, &place.member(name), schema);
                }
            }
        }
        if members.get("prefixItems").is_some_and(Value::is_array) {
            self.list(place, members, "prefixItems", Kind::Schema);
        }
        for key in [
            "if",
            "then",
            "else",
            "contains",
            "propertyNames",
            "additionalItems",
            "unevaluatedItems",
            "unevaluatedProperties",
            "contentSchema",
        ] {
            if members.get(key).is_some_and(Value::is_object) {
                self.member(place, members, key, Kind::Schema);
            }
        }
    }

    fn member(&mut self, place: &Place<'_>, members: Members<'d>, key: &str, kind: Kind) {
        if let Some(value) = members.get(key) {
            self.node(kind, &place.member(key), value);
        }
    }

    fn list(&mut self, place: &Place<'_>, members: Members<'d>, key: &str, kind: Kind) {
        let place = place.member(key);
        match members.get(key) {
            None => {}
            Some(Value::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    self.node(kind, &Place::Element(&place, index), element);
                }
            }
            Some(other) => self.visitor.misshapen(&place, "a list", other),
        }
    }

    fn map(&mut self, place: &Place<'_>, members: Members<'d>, key: &str, kind: Kind, names: Names) {
        // Before examples had names they were a list or a bare value: data in either form.
        if kind == Kind::Example && !members.get(key).is_some_and(Value::is_object) {
            return;
        }
        if let Some(entries) = self.object(place, members, key) {
            self.entries(&place.member(key), entries, kind, names);
        }
    }

    fn entries(&mut self, place: &Place<'_>, entries: Members<'d>, kind: Kind, names: Names) {
        for (name, value) in entries {
            let is_extension = name.starts_with("x-");
            match names {
                Names::Paths | Names::NotExtensions if is_extension => {}
                Names::Paths if !name.starts_with('/') => {
                    let place = place.member(name);
                    self.visitor.misshapen(&place, "a path that begins with `/`", value);
                }
                _ => self.node(kind, &place.member(name), value),
            }
        }
    }

    fn object(&mut self, place: &Place<'_>, members: Members<'d>, key: &str) -> Option<Members<'d>> {
        match members.get(key)? {
            Value::Object(object) => Some(object),
            other => {
                self.visitor.misshapen(&place.member(key), "an object", other);
                None
            }
        }
    }
}

/// Which names a map has; `x-` begins an extension in some maps and is a plain name in others.
#[derive(Clone, Copy)]
enum Names {
    Any,
    NotExtensions,
    Paths,
}
