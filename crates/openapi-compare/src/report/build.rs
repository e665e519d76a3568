//! From what comparing found to the report: places, occurrences, fingerprints, order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Change, Occurrence, Place, Report, Subject, SubjectKind, Version};
use crate::compare::{Finding, Graph, Origin, Pair, Spot, Step, Subject as Found, TooComplex};
use crate::document::Document;
use crate::model::{CoreId, Schemas};
use crate::operations::Method;
use crate::rules::Level;

/// How many steps of a way are told: more than people nest.
const LONGEST_PATH: usize = 64;
/// How many steps finding all occurrences may take.
const MOST_STEPS: usize = 30_000_000;
/// How many occurrences all changes may have together.
const MOST_OCCURRENCES: usize = 500_000;

/// Where subjects stand in the report: the document, then operations by path, then schemas by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Api,
    Operation(String, Option<Method>),
    Schema(String),
}

/// In which order changes come: by subject, the gravest first, by rule, place and arguments.
type Order = (usize, Reverse<Level>, &'static str, Place, Vec<(&'static str, String)>);

/// A change whose subject and operations have no place in the report yet.
struct Draft {
    finding: Finding,
    subject: Key,
    place: Place,
    /// The operation by its number.
    occurrences: Vec<(usize, Place)>,
}

pub(crate) fn build<'o, 'n>(
    graph: &mut Graph<'o, 'n>,
    pairs: &[Pair<'_, 'o, 'n>],
    documents: [&Document; 2],
) -> Result<Report, TooComplex> {
    let keys = keys(pairs);
    let occurrences = occurrences(graph)?;
    let (mut drafts, mut count) = (Vec::new(), 0_usize);
    let mut schemas: BTreeMap<String, (CoreId, CoreId)> = BTreeMap::new();
    for finding in std::mem::take(&mut graph.findings) {
        let (subject, place, shown) = match &finding.subject {
            Found::Api => (Key::Api, Place::default(), Vec::new()),
            Found::Operation(_) | Found::Root(_) => {
                let Some((number, place)) = in_operation(graph, &finding.subject) else { continue };
                let also_in = finding.also_in.iter().filter_map(|subject| in_operation(graph, subject));
                let shown = std::iter::once((number, place.clone())).chain(also_in).collect();
                (key(&keys, number), place, shown)
            }
            Found::Vertex(number, step) => {
                let (subject, place) = place(graph, &keys, *number, step.as_ref(), &mut schemas);
                let mut shown = Vec::new();
                for found in std::iter::once(&finding.subject).chain(&finding.also_in) {
                    let Found::Vertex(number, step) = found else { continue };
                    let mut here = occurrences.get(number).cloned().unwrap_or_default();
                    for (_, place) in &mut here {
                        place.path.extend(step.iter().map(Step::to_string));
                    }
                    shown.extend(here);
                }
                (subject, place, shown)
            }
        };
        // A schema with many differences in many places: each is told in each.
        count += shown.len();
        if count > MOST_OCCURRENCES {
            return Err(TooComplex::new(graph.new.document().name()));
        }
        drafts.push(Draft { finding, subject, place, occurrences: shown });
    }
    Ok(assemble(graph, (pairs, &keys), documents, drafts, &schemas))
}

/// Which place of which operation that is.
fn in_operation(graph: &Graph<'_, '_>, subject: &Found) -> Option<(usize, Place)> {
    match subject {
        Found::Operation(number) => Some((*number, Place::default())),
        Found::Root(number) => {
            let root = graph.roots.get(*number)?;
            Some((root.operation, Place { spot: root.spot.to_string(), path: String::new() }))
        }
        Found::Api | Found::Vertex(..) => None,
    }
}

fn assemble<'o, 'n>(
    graph: &Graph<'o, 'n>,
    (pairs, keys): (&[Pair<'_, 'o, 'n>], &[Key]),
    documents: [&Document; 2],
    drafts: Vec<Draft>,
    schemas: &BTreeMap<String, (CoreId, CoreId)>,
) -> Report {
    // Which subjects there are, and which operations show each.
    let mut shown_by: BTreeMap<Key, BTreeSet<usize>> = BTreeMap::new();
    for draft in &drafts {
        let operations = draft.occurrences.iter().map(|(operation, _)| *operation);
        for operation in operations.clone() {
            shown_by.entry(key(keys, operation)).or_default().insert(operation);
        }
        shown_by.entry(draft.subject.clone()).or_default().extend(operations);
    }
    let by_key: BTreeMap<&Key, usize> = keys.iter().enumerate().map(|(number, key)| (key, number)).collect();
    let mut subjects = Vec::with_capacity(shown_by.len());
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for (key, operations) in shown_by {
        places.insert(key.clone(), subjects.len());
        let groups: BTreeSet<String> = operations.iter().filter_map(|number| pairs.get(*number)).map(group).collect();
        let (kind, before, after) = match &key {
            Key::Api => (SubjectKind::Api, None, None),
            Key::Operation(..) => match by_key.get(&key).and_then(|number| pairs.get(*number)) {
                Some(pair) => operation(pair),
                None => continue,
            },
            Key::Schema(name) => {
                let cores = schemas.get(name);
                let before = cores.and_then(|(old, _)| written(&graph.old, *old));
                let after = cores.and_then(|(_, new)| written(&graph.new, *new));
                (SubjectKind::Schema { name: name.clone() }, before, after)
            }
        };
        subjects.push(Subject { kind, groups: groups.into_iter().collect(), before, after });
    }

    let mut changes: BTreeMap<Order, Change> = BTreeMap::new();
    for draft in drafts {
        let Some(subject) = places.get(&draft.subject).copied() else { continue };
        let rule = draft.finding.rule;
        let arguments: Vec<_> = draft.finding.arguments.into_iter().collect();
        let fingerprint = fingerprint(rule.id, &draft.subject, &draft.place, &arguments);
        let occurrences = draft.occurrences.into_iter().filter_map(|(operation, place)| {
            Some(Occurrence { operation: *places.get(&key(keys, operation))?, place })
        });
        let sort = (subject, Reverse(rule.level), rule.id, draft.place.clone(), arguments.clone());
        // Two ways of using a schema may show the same.
        let change = changes.entry(sort).or_insert_with(|| Change {
            rule,
            subject,
            place: draft.place,
            arguments,
            occurrences: Vec::new(),
            fingerprint,
            allowed: None,
        });
        change.occurrences.extend(occurrences);
    }
    let mut changes: Vec<_> = changes.into_values().collect();
    for change in &mut changes {
        change.occurrences.sort_unstable();
        change.occurrences.dedup();
    }
    let [old, new] = documents;
    let operations = [
        pairs.iter().filter(|pair| pair.old.is_some()).count(),
        pairs.iter().filter(|pair| pair.new.is_some()).count(),
    ];
    Report { old: version(old, operations[0]), new: version(new, operations[1]), changes, subjects }
}

fn version(document: &Document, operations: usize) -> Version {
    Version {
        name: document.name().to_owned(),
        specification: document.version().to_string(),
        operations,
        schemas: document.schemas().count(),
    }
}

/// The first 64 bits of a hash over what tells a change from others. Each text ends in a zero byte, which
/// no text of a document needs, so that no two lists of texts are one.
fn fingerprint(rule: &str, subject: &Key, place: &Place, arguments: &[(&'static str, String)]) -> String {
    let subject = match subject {
        Key::Api => "api".to_owned(),
        Key::Operation(template, method) => {
            format!("{} {template}", method.map_or("", Method::as_str))
        }
        Key::Schema(name) => format!("schema {name}"),
    };
    let mut hash = Sha256::new();
    let texts = [rule, &subject, &place.spot, &place.path].into_iter();
    let arguments = arguments.iter().flat_map(|(name, value)| [*name, value.as_str()]);
    for text in texts.chain(arguments) {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn key(keys: &[Key], number: usize) -> Key {
    keys.get(number).cloned().unwrap_or(Key::Api)
}

/// The key of each operation. Names of parameters are no part of it, unless nothing else tells two paths
/// apart.
fn keys(pairs: &[Pair<'_, '_, '_>]) -> Vec<Key> {
    let of = |pair: &Pair<'_, '_, '_>| {
        let of = pair.old.map(|old| (old.path.to_owned(), old.template.clone(), old.method));
        of.or_else(|| pair.new.map(|new| (new.path.to_owned(), new.template.clone(), new.method)))
    };
    let mut counts: HashMap<(String, Method), usize> = HashMap::new();
    for (_, template, method) in pairs.iter().filter_map(of) {
        *counts.entry((template, method)).or_default() += 1;
    }
    let key = |pair| {
        let Some((path, template, method)) = of(pair) else { return Key::Api };
        let is_alone = counts.get(&(template.clone(), method)).is_none_or(|count| *count < 2);
        Key::Operation(if is_alone { template } else { path }, Some(method))
    };
    pairs.iter().map(key).collect()
}

fn group(pair: &Pair<'_, '_, '_>) -> String {
    let group = pair.old.map(|old| &old.group).or_else(|| pair.new.map(|new| &new.group));
    group.cloned().unwrap_or_default()
}

fn operation(pair: &Pair<'_, '_, '_>) -> (SubjectKind, Option<Value>, Option<Value>) {
    let of = pair.old.map(|old| (old.method, old.path, old.id));
    let of = of.or_else(|| pair.new.map(|new| (new.method, new.path, new.id)));
    let kind = match of {
        Some((method, path, id)) => {
            SubjectKind::Operation { method: method.as_str(), path: path.to_owned(), id: id.map(str::to_owned) }
        }
        None => SubjectKind::Api,
    };
    (kind, pair.old.map(|old| old.value.clone()), pair.new.map(|new| new.value.clone()))
}

/// A core as it is written: its only leaf, or all of them.
fn written(schemas: &Schemas<'_>, core: CoreId) -> Option<Value> {
    match schemas.leaves(core) {
        [] => None,
        [leaf] => Some(leaf.value.clone()),
        leaves => {
            let mut texts: Vec<_> =
                leaves.iter().map(|leaf| (crate::model::canonical(leaf.value), leaf.value)).collect();
            texts.sort_by(|one, other| one.0.cmp(&other.0));
            let all: Vec<Value> = texts.into_iter().map(|(_, value)| value.clone()).collect();
            Some(serde_json::json!({ "allOf": all }))
        }
    }
}

/// Where a pair stands: in the nearest named schema, or in the operation that uses it.
fn place(
    graph: &Graph<'_, '_>,
    keys: &[Key],
    number: usize,
    step: Option<&Step>,
    schemas: &mut BTreeMap<String, (CoreId, CoreId)>,
) -> (Key, Place) {
    let mut steps: Vec<String> = step.iter().map(|step| step.to_string()).collect();
    let mut number = number;
    loop {
        let Some(vertex) = graph.vertices.get(number) else { return (Key::Api, Place::default()) };
        let (old, new) = (graph.old.name(vertex.old), graph.new.name(vertex.new));
        let name = if vertex.is_mixed { old.and(new).and(old) } else { old.or(new) };
        if let Some(name) = name {
            schemas.entry(name.to_owned()).or_insert((vertex.old, vertex.new));
            return (Key::Schema(name.to_owned()), Place { spot: String::new(), path: path(steps) });
        }
        match &vertex.origin {
            Origin::Vertex(from, step) => {
                steps.push(step.to_string());
                number = *from;
            }
            Origin::Root(root) => {
                let Some(root) = graph.roots.get(*root) else { return (Key::Api, Place::default()) };
                let place = Place { spot: root.spot.to_string(), path: path(steps) };
                return (key(keys, root.operation), place);
            }
        }
    }
}

/// A way from its steps, last first.
fn path(steps: Vec<String>) -> String {
    let cut = if steps.len() > LONGEST_PATH { "…" } else { "" };
    let shown: Vec<_> = steps.into_iter().take(LONGEST_PATH).collect();
    shown.into_iter().rev().fold(cut.to_owned(), |path, step| path + &step)
}

/// For each pair in which something was found, the operations that show it.
fn occurrences(graph: &Graph<'_, '_>) -> Result<HashMap<usize, Vec<(usize, Place)>>, TooComplex> {
    let found: BTreeSet<usize> = graph
        .findings
        .iter()
        .flat_map(|finding| std::iter::once(&finding.subject).chain(&finding.also_in))
        .filter_map(|subject| match subject {
            Found::Vertex(number, _) => Some(*number),
            _ => None,
        })
        .collect();
    // Only ways that lead to something that was found are followed.
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); graph.vertices.len()];
    for (from, vertex) in graph.vertices.iter().enumerate() {
        for (_, to) in &vertex.edges {
            if let Some(back) = back.get_mut(*to) {
                back.push(from);
            }
        }
    }
    let mut leads = vec![false; graph.vertices.len()];
    let mut queue: VecDeque<usize> = found.iter().copied().collect();
    while let Some(number) = queue.pop_front() {
        match leads.get_mut(number) {
            Some(leads) if !*leads => *leads = true,
            _ => continue,
        }
        queue.extend(back.get(number).into_iter().flatten().copied());
    }
    let too_complex = || TooComplex::new(graph.new.document().name());
    let mut all: HashMap<usize, Vec<(usize, Place)>> = HashMap::new();
    let (mut steps, mut count) = (0_usize, 0_usize);
    for root in &graph.roots {
        let Some(start) = root.vertex.filter(|start| leads.get(*start) == Some(&true)) else { continue };
        let mut from: HashMap<usize, Option<(usize, &Step)>> = HashMap::from([(start, None)]);
        let mut queue = VecDeque::from([start]);
        while let Some(number) = queue.pop_front() {
            if found.contains(&number) {
                count += 1;
                let place = Place { spot: root.spot.to_string(), path: way(&from, number) };
                all.entry(number).or_default().push((root.operation, place));
            }
            let edges = graph.vertices.get(number).map_or(&[][..], |vertex| &vertex.edges);
            for (step, to) in edges.iter().filter(|(_, to)| leads.get(*to) == Some(&true)) {
                steps += 1;
                from.entry(*to).or_insert_with(|| {
                    queue.push_back(*to);
                    Some((number, step))
                });
            }
            if steps > MOST_STEPS || count > MOST_OCCURRENCES {
                return Err(too_complex());
            }
        }
    }
    Ok(all)
}

fn way(from: &HashMap<usize, Option<(usize, &Step)>>, to: usize) -> String {
    let mut steps = Vec::new();
    let mut number = to;
    while let Some(Some((before, step))) = from.get(&number) {
        steps.push(step.to_string());
        number = *before;
        if steps.len() > LONGEST_PATH {
            break;
        }
    }
    path(steps)
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Parameter { location, name } => write!(f, "{location} parameter {name}"),
            Self::RequestBody { media_type } => write!(f, "request {media_type}"),
            Self::Response { status, media_type } => write!(f, "response {status} {media_type}"),
            Self::ResponseHeader { status, name } => write!(f, "response {status} header {name}"),
            Self::Event { status, event } => write!(f, "response {status} event {event}"),
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Property(name)
                if name.chars().all(|c| c.is_alphanumeric() || "_-$@".contains(c)) && !name.is_empty() =>
            {
                write!(f, ".{name}")
            }
            Self::Property(name) => write!(f, ".{name:?}"),
            Self::Item => f.write_str("[]"),
            Self::Element(index) => write!(f, "[{index}]"),
            Self::Additional => f.write_str("{}"),
            Self::Patterned(pattern) => write!(f, "{{{pattern}}}"),
            Self::Kind(kind) => write!(f, "<{kind}>"),
        }
    }
}
