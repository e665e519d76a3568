//! Checks whether a document holds together, and lists everything that does not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;

use serde_json::{Map, Value};

use crate::document::{Document, LONGEST_CHAIN, ReferenceError, describe};
use crate::operations::{Operation, PathItem};
use crate::pointer::Pointer;
use crate::walk::{Kind, Place, Visitor, reference_of, walk};

/// What [`Document::check_with`] checks beyond what every document must satisfy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    operation_ids_required: bool,
}

impl Check {
    /// Whether an operation without `operationId` is a problem; it is none by default.
    #[must_use]
    pub fn operation_ids_required(mut self, required: bool) -> Self {
        self.operation_ids_required = required;
        self
    }
}

/// Something in a document that does not hold together: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A `$ref`, or the target of a discriminator mapping, leads nowhere.
    #[error("{place}: {reason}")]
    Reference {
        /// Where the reference stands.
        place: Pointer,
        /// The reference as it is written.
        target: String,
        /// Why it leads nowhere, and what to do.
        reason: String,
    },
    /// References that lead to each other, with nothing between.
    #[error("{place}: references lead in a circle ({}); let one of them lead to a value", circle(.places))]
    ReferenceCycle {
        /// Where the first of the references stands.
        place: Pointer,
        /// All of them, each leading to the next and the last to the first.
        places: Vec<Pointer>,
    },
    /// An `operationId` that an earlier operation has.
    #[error("{place}: the operationId {operation_id:?} is that of {first}, too; rename one of them")]
    DuplicateOperationId {
        /// Where the operation stands.
        place: Pointer,
        /// The id they share.
        operation_id: String,
        /// Where the first operation of that id stands.
        first: Pointer,
    },
    /// An operation without `operationId`; see [`Check::operation_ids_required`].
    #[error("{place}: the operation has no operationId; give it one")]
    MissingOperationId {
        /// Where the operation stands.
        place: Pointer,
    },
    /// A path template names a parameter that is not declared.
    #[error("{place}: {path} names the parameter {{{name}}}, which is not declared; declare it with `in: path`")]
    UndeclaredPathParameter {
        /// Where the operation stands.
        place: Pointer,
        /// The path template.
        path: String,
        /// The parameter's name.
        name: String,
    },
    /// A path parameter is declared that the path template does not name.
    #[error("{place}: the path parameter {name:?} does not occur in {path}; remove it or name it there")]
    UnusedPathParameter {
        /// Where the parameter stands.
        place: Pointer,
        /// The path template.
        path: String,
        /// The parameter's name.
        name: String,
    },
    /// A path template whose braces do not match, or that names a parameter twice.
    #[error("{place}: {path} is not a path template: {reason}")]
    PathTemplate {
        /// Where the path item stands.
        place: Pointer,
        /// The path template.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value that is not what the specification wants there.
    #[error("{place}: expected {expected}, found {found}")]
    Misshapen {
        /// Where the value stands.
        place: Pointer,
        /// What the specification wants.
        expected: &'static str,
        /// What was found.
        found: String,
    },
}

impl Problem {
    /// Where the problem is.
    pub fn place(&self) -> &Pointer {
        match self {
            Self::Reference { place, .. }
            | Self::ReferenceCycle { place, .. }
            | Self::DuplicateOperationId { place, .. }
            | Self::MissingOperationId { place }
            | Self::UndeclaredPathParameter { place, .. }
            | Self::UnusedPathParameter { place, .. }
            | Self::PathTemplate { place, .. }
            | Self::Misshapen { place, .. } => place,
        }
    }
}

fn circle(places: &[Pointer]) -> String {
    let mut shown: Vec<_> = places.iter().take(5).map(Pointer::to_string).collect();
    if places.len() > shown.len() {
        shown.push(format!("{} more", places.len() - shown.len()));
    }
    shown.extend(places.first().map(Pointer::to_string));
    shown.join(" -> ")
}

impl Document {
    /// Checks whether the document holds together, and lists all problems, ordered by place.
    ///
    /// Every `$ref` and every target of a discriminator mapping resolves inside the document and
    /// no references lead in a circle; no two operations share an `operationId`; path templates
    /// and path parameters agree. What stands in examples, defaults, enums and extensions is data
    /// and not looked at.
    pub fn check(&self) -> Result<(), Vec<Problem>> {
        self.check_with(Check::default())
    }

    /// Checks as [`Document::check`] does, and what `check` asks for beyond that.
    pub fn check_with(&self, check: Check) -> Result<(), Vec<Problem>> {
        let mut checker = Checker {
            document: self,
            check,
            problems: Vec::new(),
            operation_ids: BTreeMap::new(),
            chains: HashMap::new(),
        };
        walk(self, &mut checker);
        checker.report_operation_ids();
        for item in self.path_items() {
            checker.path(&item);
        }
        let mut problems = checker.problems;
        problems.sort_by(|one, other| one.place().cmp(other.place()).then_with(|| one.cmp(other)));
        problems.dedup();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

struct Checker<'d> {
    document: &'d Document,
    check: Check,
    problems: Vec<Problem>,
    operation_ids: BTreeMap<&'d str, BTreeSet<Pointer>>,
    /// For objects that are references, how many references follow from there on; 0 in a circle.
    chains: HashMap<*const Map<String, Value>, usize>,
}

impl<'d> Visitor<'d> for Checker<'d> {
    fn visit(&mut self, kind: Kind, place: &Place<'_>, object: &'d Map<String, Value>) {
        if let Some(reference) = reference_of(kind, object) {
            match (kind, reference) {
                (Kind::Operation | Kind::MediaType, _) => {
                    let expected = "no reference here: write the object itself";
                    self.misshapen(&place.member("$ref"), expected, reference);
                }
                (_, Value::String(target)) => self.reference(place, target, object),
                _ => self.misshapen(&place.member("$ref"), "a text", reference),
            }
        }
        match kind {
            Kind::Operation => self.operation(place, object),
            Kind::Schema => self.discriminator(place, object),
            _ => {}
        }
    }

    fn misshapen(&mut self, place: &Place<'_>, expected: &'static str, found: &'d Value) {
        self.problems.push(Problem::Misshapen { place: place.pointer(), expected, found: describe(found) });
    }
}

impl<'d> Checker<'d> {
    fn reference(&mut self, place: &Place<'_>, target: &str, object: &'d Map<String, Value>) {
        match self.document.resolve_place(target) {
            Ok(_) => self.chain(place.pointer(), object),
            Err(error) => self.dangling(place.member("$ref").pointer(), target, &error),
        }
    }

    fn dangling(&mut self, place: Pointer, target: &str, reason: &ReferenceError) {
        self.problems.push(Problem::Reference { place, target: target.to_owned(), reason: reason.to_string() });
    }

    /// Follows references from an object on. Each object is followed once, however many lead to
    /// it, so that long chains cost no more than they have links.
    fn chain(&mut self, place: Pointer, object: &'d Map<String, Value>) {
        let mut links: Vec<(Pointer, &'d Map<String, Value>)> = Vec::new();
        let mut positions = HashMap::new();
        let (mut place, mut object) = (place, object);
        let mut length = loop {
            if let Some(known) = self.chains.get(&ptr::from_ref(object)) {
                break *known;
            }
            let Some(target) = object.get("$ref").and_then(Value::as_str) else {
                break 0;
            };
            if let Some(first) = positions.insert(ptr::from_ref(object), links.len()) {
                self.cycle(links.get(first..).unwrap_or_default());
                for (_, link) in &links {
                    self.chains.insert(ptr::from_ref(*link), 0);
                }
                return;
            }
            links.push((place, object));
            match self.document.resolve_place(target) {
                Ok((pointer, Value::Object(next))) => (place, object) = (pointer, next),
                _ => break 0,
            }
        };
        for (place, link) in links.into_iter().rev() {
            length += 1;
            self.chains.insert(ptr::from_ref(link), length);
            if length == LONGEST_CHAIN + 1 {
                let target = link.get("$ref").and_then(Value::as_str).unwrap_or_default();
                let error = ReferenceError::Endless { target: target.to_owned() };
                self.dangling(place.join("$ref"), target, &error);
            }
        }
    }

    fn cycle(&mut self, links: &[(Pointer, &'d Map<String, Value>)]) {
        let mut places: Vec<_> = links.iter().map(|(place, _)| place.clone()).collect();
        // Told from the same place, wherever the circle was entered.
        if let Some((smallest, first)) = places.iter().enumerate().min_by_key(|(_, place)| *place) {
            let place = first.clone();
            places.rotate_left(smallest);
            self.problems.push(Problem::ReferenceCycle { place, places });
        }
    }

    fn operation(&mut self, place: &Place<'_>, object: &'d Map<String, Value>) {
        match object.get("operationId") {
            Some(Value::String(id)) => {
                self.operation_ids.entry(id).or_default().insert(place.pointer());
            }
            Some(other) => self.misshapen(&place.member("operationId"), "a text", other),
            None if self.check.operation_ids_required => {
                let place = place.pointer();
                self.problems.push(Problem::MissingOperationId { place });
            }
            None => {}
        }
    }

    fn report_operation_ids(&mut self) {
        for (id, places) in &self.operation_ids {
            let mut places = places.iter();
            let Some(first) = places.next() else { continue };
            for place in places {
                self.problems.push(Problem::DuplicateOperationId {
                    place: place.clone(),
                    operation_id: (*id).to_owned(),
                    first: first.clone(),
                });
            }
        }
    }

    fn discriminator(&mut self, place: &Place<'_>, schema: &'d Map<String, Value>) {
        // In Swagger 2.0 the discriminator is the property's name and has no mapping.
        let Some(Value::Object(discriminator)) = schema.get("discriminator") else {
            return;
        };
        let place = place.member("discriminator");
        let place = place.member("mapping");
        let mapping = match discriminator.get("mapping") {
            None => return,
            Some(Value::Object(mapping)) => mapping,
            Some(other) => return self.misshapen(&place, "an object", other),
        };
        for (value, target) in mapping {
            let place = place.member(value);
            let Value::String(target) = target else {
                self.misshapen(&place, "a text", target);
                continue;
            };
            if !target.starts_with('#') && self.is_schema_name(target) {
                continue;
            }
            if looks_like_name(target) {
                self.problems.push(Problem::Reference {
                    place: place.pointer(),
                    target: target.clone(),
                    reason: format!("no schema is named {target:?}; correct the name or add it"),
                });
            } else if let Err(error) = self.document.resolve_place(target) {
                self.dangling(place.pointer(), target, &error);
            }
        }
    }

    fn is_schema_name(&self, name: &str) -> bool {
        let schemas = self.document.schemas_place();
        let schemas = schemas.resolve(self.document.root());
        schemas.is_some_and(|schemas| schemas.get(name).is_some())
    }

    fn path(&mut self, item: &PathItem<'d>) {
        let template = match names_in(item.path) {
            Ok(names) => names,
            Err(reason) => {
                self.problems.push(Problem::PathTemplate {
                    place: Pointer::root().join("paths").join(item.path),
                    path: item.path.to_owned(),
                    reason,
                });
                return;
            }
        };
        let readable = self.document.parameters_resolve(&item.pointer, item.value);
        for operation in self.document.operations_of(item) {
            let readable = readable && self.document.parameters_resolve(&operation.pointer, operation.value);
            self.path_parameters(&template, readable, &operation);
        }
    }

    fn path_parameters(&mut self, template: &[&str], readable: bool, operation: &Operation<'d>) {
        let declared: BTreeMap<_, _> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.location == "path")
            .map(|parameter| (parameter.name, &parameter.pointer))
            .collect();
        for name in template {
            // A parameter that could not be read is a problem already, and may be this one.
            if readable && !declared.contains_key(name) {
                self.problems.push(Problem::UndeclaredPathParameter {
                    place: operation.pointer.clone(),
                    path: operation.path.to_owned(),
                    name: (*name).to_owned(),
                });
            }
        }
        for (name, place) in declared {
            if !template.contains(&name) {
                self.problems.push(Problem::UnusedPathParameter {
                    place: place.clone(),
                    path: operation.path.to_owned(),
                    name: name.to_owned(),
                });
            }
        }
    }
}

/// Whether the target of a discriminator mapping is rather a schema's name than a place.
fn looks_like_name(target: &str) -> bool {
    let is_file = [".json", ".yaml", ".yml"].iter().any(|ending| target.ends_with(ending));
    !target.contains(['#', '/']) && !is_file
}

/// The parameters that a path template names.
fn names_in(path: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    let mut parts = path.split('{');
    if parts.next().is_some_and(|before| before.contains('}')) {
        return Err("`}` without `{` before it".to_owned());
    }
    for part in parts {
        let Some((name, after)) = part.split_once('}') else {
            return Err("`{` without `}` after it".to_owned());
        };
        if after.contains('}') {
            return Err("`}` without `{` before it".to_owned());
        }
        if name.is_empty() {
            return Err("`{}` names no parameter".to_owned());
        }
        if !seen.insert(name) {
            return Err(format!("{{{name}}} stands in it twice"));
        }
        names.push(name);
    }
    Ok(names)
}
