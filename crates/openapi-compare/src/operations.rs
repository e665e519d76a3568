//! The operations of a document: method, path and parameters, references resolved.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use crate::document::{Document, ReferenceError};
use crate::pointer::Pointer;

/// The methods an operation can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `PUT`
    Put,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// `HEAD`
    Head,
    /// `PATCH`
    Patch,
    /// `TRACE`
    Trace,
}

impl Method {
    /// All methods, in the order in which operations of one path come.
    pub const ALL: [Self; 8] =
        [Self::Get, Self::Put, Self::Post, Self::Delete, Self::Options, Self::Head, Self::Patch, Self::Trace];

    /// The method as HTTP writes it, such as `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
        }
    }

    /// The method as documents write it, such as `get`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Post => "post",
            Self::Delete => "delete",
            Self::Options => "options",
            Self::Head => "head",
            Self::Patch => "patch",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An operation of the API.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Operation<'d> {
    /// Its method.
    pub method: Method,
    /// Its path template, such as `/threads/{threadId}`.
    pub path: &'d str,
    /// Its `operationId`, where it has one.
    pub operation_id: Option<&'d str>,
    /// Its place; with a path item that is a reference, the place that leads to.
    pub pointer: Pointer,
    /// The operation as it is written.
    pub value: &'d Value,
    /// Its parameters: those of the path, each replaced where the operation has its own of that
    /// name and location, then the further ones of the operation. References are resolved; what
    /// cannot be, or is no parameter, is left out here and reported by [`Document::check`].
    pub parameters: Vec<Parameter<'d>>,
}

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter<'d> {
    /// Its name. The body parameter of Swagger 2.0 has one, too.
    pub name: &'d str,
    /// Its `in`: `path`, `query`, `header`, `cookie`, in Swagger 2.0 also `body` and `formData`.
    pub location: &'d str,
    /// Its place, references followed.
    pub pointer: Pointer,
    /// The parameter as it is written there.
    pub value: &'d Value,
}

/// A path with its path item, references followed.
pub(crate) struct PathItem<'d> {
    pub(crate) path: &'d str,
    pub(crate) pointer: Pointer,
    pub(crate) value: &'d Value,
}

impl Document {
    /// The operations under `paths`, ordered by path, then by method as in [`Method::ALL`].
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.path_items().into_iter().flat_map(|item| self.operations_of(&item))
    }

    /// The paths that resolve to an object, in order.
    pub(crate) fn path_items(&self) -> Vec<PathItem<'_>> {
        let place = Pointer::root().join("paths");
        let mut items: Vec<_> = self
            .root()
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(path, _)| path.starts_with('/'))
            .filter_map(|(path, value)| {
                let (pointer, value) = self.follow(place.join(path), value).ok()?;
                value.is_object().then_some(PathItem { path, pointer, value })
            })
            .collect();
        items.sort_by(|one, other| one.path.cmp(other.path));
        items
    }

    pub(crate) fn operations_of<'d>(&'d self, item: &PathItem<'d>) -> Vec<Operation<'d>> {
        Method::ALL
            .into_iter()
            .filter_map(|method| {
                let value = item.value.get(method.key()).filter(|value| value.is_object())?;
                let pointer = item.pointer.join(method.key());
                let mut parameters = Merged::default();
                for (pointer, value) in [(&item.pointer, item.value), (&pointer, value)] {
                    for entry in self.parameters_at(pointer, value) {
                        parameters.add(entry);
                    }
                }
                Some(Operation {
                    method,
                    path: item.path,
                    operation_id: value.get("operationId").and_then(Value::as_str),
                    pointer,
                    value,
                    parameters: parameters.list,
                })
            })
            .collect()
    }

    /// Whether every parameter of a path item or an operation can be read.
    pub(crate) fn parameters_resolve(&self, pointer: &Pointer, holder: &Value) -> bool {
        let written = holder.get("parameters").and_then(Value::as_array);
        written.map_or(0, Vec::len) == self.parameters_at(pointer, holder).count()
    }

    fn parameters_at<'d>(&'d self, pointer: &Pointer, holder: &'d Value) -> impl Iterator<Item = Parameter<'d>> {
        let list = pointer.join("parameters");
        holder.get("parameters").and_then(Value::as_array).into_iter().flatten().enumerate().filter_map(
            move |(index, value)| {
                let resolved: Result<_, ReferenceError> = self.follow(list.join(&index.to_string()), value);
                let (pointer, value) = resolved.ok()?;
                Some(Parameter {
                    name: value.get("name")?.as_str()?,
                    location: value.get("in")?.as_str()?,
                    pointer,
                    value,
                })
            },
        )
    }
}

#[derive(Default)]
struct Merged<'d> {
    list: Vec<Parameter<'d>>,
    positions: HashMap<(&'d str, &'d str), usize>,
}

impl<'d> Merged<'d> {
    fn add(&mut self, parameter: Parameter<'d>) {
        let next = self.list.len();
        let position = *self.positions.entry((parameter.name, parameter.location)).or_insert(next);
        match self.list.get_mut(position) {
            Some(earlier) => *earlier = parameter,
            None => self.list.push(parameter),
        }
    }
}
