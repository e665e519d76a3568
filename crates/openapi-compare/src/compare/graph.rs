//! The graph of schemas that are compared: pairs of an old and a new one, and how they lead to others.
//!
//! A pair is compared once, however many ways lead to it, and before it is known to be equal it is
//! taken to be: so cycles end, and a difference in a shared schema is found once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::TooComplex;
use crate::model::{CoreId, Node, Parts, Schemas, canonical};
use crate::rules::{self, Directed, Direction, Rule};

/// How many pairs any two documents may lead to, and how many more for each of their values: more than those
/// that people write.
const PAIRS: usize = 100_000;
const PAIRS_PER_VALUE: usize = 1;
/// More differences than anybody reads.
const MOST_FINDINGS: usize = 100_000;

/// An old and a new core that are used the same way.
#[derive(Debug)]
pub(crate) struct Vertex {
    pub(crate) old: CoreId,
    pub(crate) new: CoreId,
    pub(crate) direction: Direction,
    pub(crate) edges: Vec<(Step, usize)>,
    /// The first way that led here.
    pub(crate) origin: Origin,
    /// One is a union and the other is none: the name of either is not that of both.
    pub(crate) is_mixed: bool,
    /// What stands beside the union that this is a kind of, if a side has moved it into the kinds.
    pub(super) beside: Option<usize>,
    /// Properties that are compared in the kinds of the union.
    pub(super) moved: BTreeSet<String>,
}

/// Properties beside a union on one side, which the kinds of the union have on the other.
#[derive(Debug, Default)]
pub(super) struct Beside<'d> {
    pub(super) properties: BTreeMap<&'d str, Parts<'d>>,
    pub(super) required: BTreeSet<&'d str>,
}

/// Where something is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    Root(usize),
    Vertex(usize, Step),
}

/// One step down in a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    Property(String),
    Item,
    Element(usize),
    /// A property that is not listed.
    Additional,
    Patterned(String),
    /// A branch of a union.
    Kind(String),
}

/// A place of an operation where a schema is used.
#[derive(Debug)]
pub(crate) struct Root {
    /// The number of the operation.
    pub(crate) operation: usize,
    pub(crate) spot: Spot,
    pub(crate) vertex: Option<usize>,
    shared: Option<Shared>,
}

/// What several operations may share because it is written once: a difference in it is one difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shared {
    /// A parameter, body or answer, as it stands in the old and in the new document.
    Written(*const Value, *const Value),
    /// A parameter of all operations of a path that came or went.
    OfPath(String, *const Value),
    /// The security of the document as a whole.
    Security,
    /// A security scheme.
    Scheme(String),
    /// A property of a schema that others take in whole, as it stands in the old and in the new document.
    Property(PropertyPlace, PropertyPlace),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Spot {
    Parameter { location: String, name: String },
    RequestBody { media_type: String },
    Response { status: String, media_type: String },
    ResponseHeader { status: String, name: String },
    Event { status: String, event: String },
}

/// Where a property is written: its schemas, and the word that requires it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct PropertyPlace {
    schemas: Vec<*const Value>,
    required: Option<*const u8>,
}

impl PropertyPlace {
    pub(super) fn of(schemas: &Parts<'_>, required: Option<&&str>) -> Self {
        Self {
            schemas: schemas.iter().map(|schema| std::ptr::from_ref(*schema)).collect(),
            required: required.map(|name| name.as_ptr()),
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    pub(crate) subject: Subject,
    pub(crate) arguments: BTreeMap<&'static str, String>,
    /// The same in other operations that share what it is in.
    pub(crate) also_in: Vec<Subject>,
}

/// What a difference is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Api,
    Operation(usize),
    Root(usize),
    Vertex(usize, Option<Step>),
}

/// What tells a difference in what is shared from others in it.
type SharedKey = (Shared, Option<Spot>, &'static Rule, BTreeMap<&'static str, String>);

pub(crate) struct Graph<'o, 'n> {
    pub(crate) old: Schemas<'o>,
    pub(crate) new: Schemas<'n>,
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) roots: Vec<Root>,
    pub(crate) findings: Vec<Finding>,
    found: HashSet<Finding>,
    /// What is being compared, if operations may share it.
    pub(super) shared: Option<Shared>,
    /// The finding of each difference in what is shared.
    found_in_shared: HashMap<SharedKey, usize>,
    /// What vertices have beside them.
    pub(super) beside: Vec<(Beside<'o>, Beside<'n>)>,
    /// By the two cores, the direction, and what stands beside them.
    numbers: HashMap<(CoreId, CoreId, Direction, Option<usize>), usize>,
    most_pairs: usize,
    queue: VecDeque<usize>,
}

impl<'o, 'n> Graph<'o, 'n> {
    pub(super) fn new(old: Schemas<'o>, new: Schemas<'n>) -> Self {
        let values = old.values().saturating_add(new.values());
        Self {
            most_pairs: PAIRS.saturating_add(values.saturating_mul(PAIRS_PER_VALUE)),
            old,
            new,
            vertices: Vec::new(),
            roots: Vec::new(),
            findings: Vec::new(),
            found: HashSet::new(),
            shared: None,
            found_in_shared: HashMap::new(),
            beside: Vec::new(),
            numbers: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// Compares all pairs that can be reached from the roots.
    pub(super) fn run(&mut self) -> Result<(), TooComplex> {
        while let Some(vertex) = self.queue.pop_front() {
            self.compare(vertex)?;
        }
        Ok(())
    }

    pub(super) fn find<const N: usize>(
        &mut self,
        rule: &'static Rule,
        subject: Subject,
        arguments: [(&'static str, String); N],
    ) -> Result<(), TooComplex> {
        let finding = Finding { rule, subject, arguments: arguments.into(), also_in: Vec::new() };
        if !self.found.insert(finding.clone()) {
            return Ok(());
        }
        if self.found.len() > MOST_FINDINGS {
            return Err(TooComplex::differing(self.new.document().name()));
        }
        let next = self.findings.len();
        if let Some((shared, spot)) = self.shared_at(&finding.subject) {
            let first = *self.found_in_shared.entry((shared, spot, rule, finding.arguments.clone())).or_insert(next);
            let is_closer = self.findings.get(first).is_some_and(|first| self.is_closer(&finding, first));
            if let Some(first) = self.findings.get_mut(first) {
                let mut subject = finding.subject;
                if is_closer {
                    std::mem::swap(&mut first.subject, &mut subject);
                }
                first.also_in.push(subject);
                return Ok(());
            }
        }
        self.findings.push(finding);
        Ok(())
    }

    /// Whether a schema that one difference was found in is less mixed with others than that of another.
    fn is_closer(&self, one: &Finding, other: &Finding) -> bool {
        let leaves = |finding: &Finding| match finding.subject {
            Subject::Vertex(number, _) => self.vertices.get(number).map(|vertex| self.old.leaves(vertex.old).len()),
            _ => None,
        };
        leaves(one) < leaves(other)
    }

    /// What a place may share with others, and where in the operation it is.
    fn shared_at(&self, subject: &Subject) -> Option<(Shared, Option<Spot>)> {
        match subject {
            Subject::Operation(_) | Subject::Vertex(_, Some(Step::Property(_))) => Some((self.shared.clone()?, None)),
            Subject::Root(root) => {
                let root = self.roots.get(*root)?;
                Some((root.shared.clone()?, Some(root.spot.clone())))
            }
            Subject::Api | Subject::Vertex(..) => None,
        }
    }

    fn too_complex(&self) -> TooComplex {
        TooComplex::new(self.new.document().name())
    }

    /// Uses two schemas at a place of an operation.
    pub(super) fn root(
        &mut self,
        operation: usize,
        spot: Spot,
        parts: (&Parts<'o>, &Parts<'n>),
        direction: Direction,
    ) -> Result<usize, TooComplex> {
        let number = self.roots.len();
        self.roots.push(Root { operation, spot, vertex: None, shared: self.shared.clone() });
        let nodes = (self.old.node(parts.0)?, self.new.node(parts.1)?);
        let vertex = self.link(Origin::Root(number), &nodes, direction, None)?;
        if let Some(root) = self.roots.get_mut(number) {
            root.vertex = Some(vertex);
        }
        Ok(number)
    }

    /// Uses two schemas one step down from a pair.
    pub(super) fn down(
        &mut self,
        from: usize,
        step: Step,
        nodes: &(Node<'o>, Node<'n>),
        direction: Direction,
    ) -> Result<(), TooComplex> {
        self.down_beside(from, step, nodes, direction, None)
    }

    /// The same for a kind of a union that has something beside it.
    pub(super) fn down_beside(
        &mut self,
        from: usize,
        step: Step,
        nodes: &(Node<'o>, Node<'n>),
        direction: Direction,
        beside: Option<usize>,
    ) -> Result<(), TooComplex> {
        let to = self.link(Origin::Vertex(from, step.clone()), nodes, direction, beside)?;
        if let Some(vertex) = self.vertices.get_mut(from) {
            vertex.edges.push((step, to));
        }
        Ok(())
    }

    fn link(
        &mut self,
        origin: Origin,
        nodes: &(Node<'o>, Node<'n>),
        direction: Direction,
        beside: Option<usize>,
    ) -> Result<usize, TooComplex> {
        let (old, new) = (nodes.0.core, nodes.1.core);
        let next = self.vertices.len();
        let number = *self.numbers.entry((old, new, direction, beside)).or_insert(next);
        if number == next {
            self.vertices.push(Vertex {
                old,
                new,
                direction,
                edges: Vec::new(),
                origin: origin.clone(),
                is_mixed: false,
                beside,
                moved: BTreeSet::new(),
            });
            self.queue.push_back(number);
        }
        if next > self.most_pairs {
            return Err(self.too_complex());
        }
        self.usage(&origin, number, nodes, direction)?;
        Ok(number)
    }

    /// Compares what two schemas say about their use.
    fn usage(
        &mut self,
        origin: &Origin,
        vertex: usize,
        (old, new): &(Node<'o>, Node<'n>),
        direction: Direction,
    ) -> Result<(), TooComplex> {
        let here = match origin {
            Origin::Root(root) => Subject::Root(*root),
            Origin::Vertex(from, step) => Subject::Vertex(*from, Some(step.clone())),
        };
        let is_named = self.old.name(old.core).or(self.new.name(new.core)).is_some();
        // What the named schema itself says is found there and not at each of its uses.
        let place =
            |of_the_core: bool| if is_named && of_the_core { Subject::Vertex(vertex, None) } else { here.clone() };

        let shapes = (self.old.shape(old.core)?, self.new.shape(new.core)?);
        let is_any = shapes.0.is_any() || shapes.1.is_any();
        let (was_nullable, is_nullable) =
            (old.usage.nullable || shapes.0.nullable, new.usage.nullable || shapes.1.nullable);
        // That a kind allows null is said by its union.
        let is_kind = matches!(origin, Origin::Vertex(_, Step::Kind(_)));
        if was_nullable != is_nullable && !is_any && !is_kind {
            let of_the_core = (old.own.nullable || shapes.0.nullable) == was_nullable
                && (new.own.nullable || shapes.1.nullable) == is_nullable;
            let rule = if is_nullable { &rules::BECAME_NULLABLE } else { &rules::BECAME_NOT_NULLABLE };
            self.find(rule.of(direction), place(of_the_core), [])?;
        }
        let of_the_core = old.own.deprecated == old.usage.deprecated && new.own.deprecated == new.usage.deprecated;
        // Of a parameter it is told beside the parameter's own word.
        let is_parameter = matches!(origin, Origin::Root(root)
            if self.roots.get(*root).is_some_and(|root| matches!(root.spot, Spot::Parameter { .. })));
        let is_told_elsewhere = is_parameter && !(is_named && of_the_core);
        if old.usage.deprecated != new.usage.deprecated && !is_told_elsewhere {
            let rule = if new.usage.deprecated { &rules::DEPRECATED } else { &rules::UNDEPRECATED };
            self.find(rule.of(direction), place(of_the_core), [])?;
        }
        let text = |value: Option<&Value>| value.map(canonical);
        let (before, after) = (text(old.usage.default), text(new.usage.default));
        let of_the_core = text(old.own.default) == before && text(new.own.default) == after;
        match (before, after) {
            (Some(from), Some(to)) if from != to => {
                self.find(rules::DEFAULT_CHANGED.of(direction), place(of_the_core), [("from", from), ("to", to)])
            }
            (None, Some(value)) => {
                self.find(rules::DEFAULT_ADDED.of(direction), place(of_the_core), [("value", value)])
            }
            (Some(value), None) => {
                self.find(rules::DEFAULT_REMOVED.of(direction), place(of_the_core), [("value", value)])
            }
            _ => Ok(()),
        }
    }

    /// Finds a difference in a pair itself.
    pub(super) fn find_in<const N: usize>(
        &mut self,
        vertex: usize,
        rule: &'static Directed,
        direction: Direction,
        arguments: [(&'static str, String); N],
    ) -> Result<(), TooComplex> {
        self.find(rule.of(direction), Subject::Vertex(vertex, None), arguments)
    }
}
