//! Schemas by meaning: what a schema says at the place where it is used, and the core that it shares
//! with all other places that use the same.
//!
//! References, `allOf`, and unions of one branch and null are ways of writing. What is left when
//! they are taken away is a set of schemas that all must hold, its *leaves*; two uses with the same
//! leaves share one core, so that a difference in it is found once. What a use says for itself
//! (null allowed, read-only, a default) stands beside the core.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ptr;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::shape::{Shape, says_more_than_its_type};
use super::types::own_types;
use crate::compare::TooComplex;
use crate::document::Document;

/// The schemas that must hold together; none of them: anything holds.
pub(crate) type Parts<'d> = Vec<&'d Value>;

/// How many steps reading the schemas of any document may take, and how many more for each of its values:
/// a multiple of what the documents take that people write.
const STEPS: usize = 500_000;
const STEPS_PER_VALUE: usize = 50;

/// A set of leaves, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CoreId(usize);

/// A schema where it is used.
#[derive(Clone, Debug)]
pub(crate) struct Node<'d> {
    pub(crate) core: CoreId,
    /// What holds here.
    pub(crate) usage: Usage<'d>,
    /// What holds wherever the core is used with nothing said beside it.
    pub(crate) own: Usage<'d>,
}

/// What a schema says about its use.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Usage<'d> {
    pub(crate) nullable: bool,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) deprecated: bool,
    pub(crate) default: Option<&'d Value>,
}

/// One of the schemas that make a core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'d> {
    pub(crate) value: &'d Value,
    /// Taken in by a schema that derives from it: it is not the union of all that derive from it.
    pub(crate) as_base: bool,
}

impl Leaf<'_> {
    fn key(&self) -> (*const Value, bool) {
        (ptr::from_ref(self.value), self.as_base)
    }
}

/// The schemas of one document.
pub(crate) struct Schemas<'d> {
    document: &'d Document,
    /// Named schemas by address.
    names: HashMap<*const Value, &'d str>,
    /// Of schemas that others derive from by `allOf`: who does, with the value of its discriminator.
    derived: HashMap<*const Value, BTreeMap<&'d str, &'d Value>>,
    derivations: HashSet<(*const Value, *const Value)>,
    cores: Vec<Core<'d>>,
    numbers: HashMap<Vec<(*const Value, bool)>, CoreId>,
    nodes: HashMap<*const Value, Node<'d>>,
    facts: HashMap<*const Value, Rc<Facts<'d>>>,
    pub(super) hashes: HashMap<(CoreId, u8), u64>,
    /// How many values the document holds.
    values: usize,
    steps_left: usize,
}

struct Core<'d> {
    leaves: Vec<Leaf<'d>>,
    name: Option<&'d str>,
    shape: Option<Rc<Shape<'d>>>,
}

/// What one schema says by itself, read once however often it is used.
struct Facts<'d> {
    /// Whether null is allowed.
    null: Option<bool>,
    read_only: Option<bool>,
    write_only: Option<bool>,
    deprecated: Option<bool>,
    default: Option<&'d Value>,
    /// What it takes in whole, and whether as a base.
    inner: Vec<(&'d Value, bool)>,
    says_more_than_its_type: bool,
    has_type: bool,
}

/// What a walk through references and `allOf` finds.
#[derive(Default)]
struct Expansion<'d> {
    leaves: Vec<Leaf<'d>>,
    usage: Usage<'d>,
}

impl<'d> Schemas<'d> {
    pub(crate) fn new(document: &'d Document) -> Result<Self, TooComplex> {
        let values = values_of(document.root());
        let mut schemas = Self {
            document,
            values,
            names: document.schemas().map(|schema| (ptr::from_ref(schema.value), schema.name)).collect(),
            derived: HashMap::new(),
            derivations: HashSet::new(),
            cores: Vec::new(),
            numbers: HashMap::new(),
            nodes: HashMap::new(),
            facts: HashMap::new(),
            hashes: HashMap::new(),
            steps_left: STEPS.saturating_add(values.saturating_mul(STEPS_PER_VALUE)),
        };
        schemas.find_derived()?;
        // A name that stands for another name, as a wrapper does, is not the core's.
        for schema in document.schemas() {
            let core = schemas.node(&vec![schema.value])?.core;
            let is_own = schemas.leaves(core).iter().any(|leaf| ptr::eq(leaf.value, schema.value));
            if let Some(core) = schemas.cores.get_mut(core.0)
                && (core.name.is_none() || is_own)
            {
                core.name = Some(schema.name);
            }
        }
        Ok(schemas)
    }

    pub(crate) fn values(&self) -> usize {
        self.values
    }

    pub(crate) fn document(&self) -> &'d Document {
        self.document
    }

    /// Counts a step, and fails when there were too many.
    pub(crate) fn step(&mut self, steps: usize) -> Result<(), TooComplex> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(TooComplex::new(self.document.name())),
        }
    }

    /// The name of a core, if it is that of a named schema.
    pub(crate) fn name(&self, core: CoreId) -> Option<&'d str> {
        self.cores.get(core.0)?.name
    }

    /// The name of a named schema, by the schema.
    pub(crate) fn name_of(&self, value: &Value) -> Option<&'d str> {
        self.names.get(&ptr::from_ref(value)).copied()
    }

    pub(crate) fn leaves(&self, core: CoreId) -> &[Leaf<'d>] {
        self.cores.get(core.0).map_or(&[], |core| &core.leaves)
    }

    /// What references lead to; the value itself if they lead nowhere.
    pub(crate) fn target(&self, value: &'d Value) -> &'d Value {
        self.document.follow(crate::Pointer::root(), value).map_or(value, |(_, value)| value)
    }

    /// Those that derive from a schema by `allOf`, by discriminator value.
    pub(super) fn derived_from(&self, value: &'d Value) -> Option<&BTreeMap<&'d str, &'d Value>> {
        self.derived.get(&ptr::from_ref(value))
    }

    /// Reads a schema at the place where it is used.
    pub(crate) fn node(&mut self, parts: &Parts<'d>) -> Result<Node<'d>, TooComplex> {
        if let [part] = parts.as_slice()
            && let Some(node) = self.nodes.get(&ptr::from_ref(*part))
        {
            return Ok(node.clone());
        }
        let expansion = self.expand(parts)?;
        let own = match parts.as_slice() {
            [part] => {
                let root = self.core_root(part)?;
                if ptr::eq(root, *part) { expansion.usage.clone() } else { self.expand(&vec![root])?.usage }
            }
            _ => expansion.usage.clone(),
        };
        let node = Node { core: self.intern(expansion.leaves), usage: expansion.usage, own };
        if let [part] = parts.as_slice() {
            self.nodes.insert(ptr::from_ref(*part), node.clone());
        }
        Ok(node)
    }

    /// The core's shape: its leaves put together.
    pub(crate) fn shape(&mut self, core: CoreId) -> Result<Rc<Shape<'d>>, TooComplex> {
        if let Some(shape) = self.cores.get(core.0).and_then(|core| core.shape.clone()) {
            return Ok(shape);
        }
        let leaves = self.leaves(core).to_vec();
        let shape = Rc::new(Shape::of(self, &leaves)?);
        if let Some(core) = self.cores.get_mut(core.0) {
            core.shape = Some(Rc::clone(&shape));
        }
        Ok(shape)
    }

    fn intern(&mut self, leaves: Vec<Leaf<'d>>) -> CoreId {
        let key: Vec<_> = leaves.iter().map(Leaf::key).collect();
        let next = CoreId(self.cores.len());
        let core = *self.numbers.entry(key).or_insert(next);
        if core == next {
            self.cores.push(Core { leaves, name: None, shape: None });
        }
        core
    }

    fn expand(&mut self, parts: &Parts<'d>) -> Result<Expansion<'d>, TooComplex> {
        let mut queue: VecDeque<(Leaf<'d>, bool)> =
            parts.iter().map(|value| (Leaf { value, as_base: false }, true)).collect();
        let mut seen = HashSet::new();
        let mut found = Expansion::default();
        let mut read_only = None;
        let mut write_only = None;
        let mut deprecated = None;
        let (mut null_allowed, mut null_refused) = (false, false);
        while let Some((leaf, decides)) = queue.pop_front() {
            self.step(1)?;
            if !seen.insert(leaf.key()) {
                continue;
            }
            let Some(facts) = self.facts(leaf.value) else {
                if leaf.value == &Value::Bool(false) {
                    null_refused = true;
                    found.leaves.push(leaf);
                }
                continue;
            };
            read_only = read_only.or(facts.read_only);
            write_only = write_only.or(facts.write_only);
            deprecated = deprecated.or(facts.deprecated);
            found.usage.default = found.usage.default.or(facts.default);
            let says = if decides { facts.null } else { None };
            match says {
                Some(true) => null_allowed = true,
                Some(false) => null_refused = true,
                None => {}
            }
            let inner = facts.inner.iter().map(|(value, as_base)| Leaf { value, as_base: *as_base });
            queue.extend(inner.map(|inner| (inner, decides && says.is_none())));
            if facts.says_more_than_its_type || facts.has_type {
                found.leaves.push(leaf);
            }
        }
        found.usage.read_only = read_only.unwrap_or(false);
        found.usage.write_only = write_only.unwrap_or(false);
        found.usage.deprecated = deprecated.unwrap_or(false);
        found.usage.nullable = null_allowed && !null_refused;
        drop_mere_types(&mut found.leaves);
        found.leaves.sort_by_key(Leaf::key);
        Ok(found)
    }

    /// What a schema says by itself, if it is an object.
    fn facts(&mut self, value: &'d Value) -> Option<Rc<Facts<'d>>> {
        let key = ptr::from_ref(value);
        if let Some(facts) = self.facts.get(&key) {
            return Some(Rc::clone(facts));
        }
        let members = value.as_object()?;
        let flag = |key: &str| members.get(key).and_then(Value::as_bool);
        let facts = Rc::new(Facts {
            null: null_of(members),
            read_only: flag("readOnly"),
            write_only: flag("writeOnly"),
            deprecated: flag("deprecated"),
            default: members.get("default"),
            inner: self.inner(value, members),
            says_more_than_its_type: says_more_than_its_type(members),
            has_type: members.contains_key("type"),
        });
        self.facts.insert(key, Rc::clone(&facts));
        Some(facts)
    }

    /// What a schema takes in whole: the target of its reference, its `allOf`, the branch of a union
    /// that has but one beside null. Says of each whether it is a base that the schema derives from.
    fn inner(&self, value: &'d Value, members: &'d Map<String, Value>) -> Vec<(&'d Value, bool)> {
        let mut inner = Vec::new();
        if let Some(Value::String(reference)) = members.get("$ref")
            && let Ok((_, target)) = self.document.resolve_place(reference)
        {
            inner.push((target, false));
        }
        for part in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let target = self.target(part);
            let as_base = self.derivations.contains(&(ptr::from_ref(value), ptr::from_ref(target)));
            // What a reference to a base leads to is taken in as one.
            inner.push((if as_base { target } else { part }, as_base));
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(branch) = only_branch(members, key) {
                inner.push((branch, false));
            }
        }
        inner
    }

    /// The schema that a wrapper, or a wrapper of a wrapper, stands for.
    fn core_root(&mut self, value: &'d Value) -> Result<&'d Value, TooComplex> {
        Ok(self.unwrapped(value)?.last().copied().unwrap_or(value))
    }

    /// A schema, and what it stands for if it is but a wrapper or a reference, and so on.
    pub(super) fn unwrapped(&mut self, value: &'d Value) -> Result<Vec<&'d Value>, TooComplex> {
        let mut all = vec![value];
        let mut value = value;
        for _ in 0..crate::document::LONGEST_CHAIN {
            self.step(1)?;
            let Some(facts) = self.facts(value) else { break };
            match facts.inner.as_slice() {
                [(inner, _)] if !facts.says_more_than_its_type => value = inner,
                _ => break,
            }
            all.push(value);
        }
        Ok(all)
    }

    /// Finds who derives from whom: by an `allOf` that takes in a schema with a discriminator but no
    /// union of its own.
    fn find_derived(&mut self) -> Result<(), TooComplex> {
        let has_discriminator = |value: &Value| {
            value.get("discriminator").is_some() && value.get("oneOf").is_none() && value.get("anyOf").is_none()
        };
        let bases: HashSet<_> = self
            .document
            .schemas()
            .filter(|schema| has_discriminator(schema.value))
            .map(|schema| ptr::from_ref(schema.value))
            .collect();
        if bases.is_empty() {
            return Ok(());
        }
        for schema in self.document.schemas() {
            let Value::Object(members) = schema.value else { continue };
            let Some(Value::Array(all)) = members.get("allOf") else { continue };
            let adds = all.len() > 1 || members.contains_key("x-ms-discriminator-value");
            // A wrapper that adds nothing is another name, no kind of its own.
            if !adds && !says_more_than_its_type(members) {
                continue;
            }
            let tag = members.get("x-ms-discriminator-value").and_then(Value::as_str).unwrap_or(schema.name);
            let mut seen = HashSet::new();
            let mut above = vec![schema.value];
            while let Some(value) = above.pop() {
                let Some(Value::Array(all)) = value.get("allOf") else { continue };
                for part in all {
                    self.step(1)?;
                    let base = self.target(part);
                    if !seen.insert(ptr::from_ref(base)) {
                        continue;
                    }
                    self.derivations.insert((ptr::from_ref(value), ptr::from_ref(base)));
                    if bases.contains(&ptr::from_ref(base)) && !ptr::eq(base, schema.value) {
                        let tag = mapped_tag(base, schema.name).unwrap_or(tag);
                        self.derived.entry(ptr::from_ref(base)).or_default().insert(tag, schema.value);
                    }
                    above.push(base);
                }
            }
        }
        Ok(())
    }
}

/// How many values a document holds. As deep as the document, which is bounded.
fn values_of(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(values_of).sum::<usize>(),
        Value::Array(elements) => 1 + elements.iter().map(values_of).sum::<usize>(),
        _ => 1,
    }
}

/// The value that a discriminator's mapping gives to a schema.
fn mapped_tag<'d>(base: &'d Value, name: &str) -> Option<&'d str> {
    let mapping = base.get("discriminator")?.get("mapping")?.as_object()?;
    let leads_here = |target: &Value| {
        target.as_str().is_some_and(|target| target == name || target.rsplit('/').next() == Some(name))
    };
    mapping.iter().find(|(_, target)| leads_here(target)).map(|(tag, _)| tag.as_str())
}

/// Whether a schema by itself allows null; `None` where it leaves that to what it takes in.
fn null_of(members: &Map<String, Value>) -> Option<bool> {
    let flag = |key: &str| members.get(key).and_then(Value::as_bool);
    if flag("nullable") == Some(true) || flag("x-nullable") == Some(true) {
        return Some(true);
    }
    if ["oneOf", "anyOf"].iter().any(|key| branches(members, key).iter().any(is_null)) {
        return Some(true);
    }
    match members.get("type") {
        Some(Value::String(name)) => return Some(name == "null"),
        Some(Value::Array(names)) => return Some(names.iter().any(|name| name == "null")),
        _ => {}
    }
    if let Some(Value::Array(values)) = members.get("enum") {
        return Some(values.contains(&Value::Null));
    }
    if let Some(value) = members.get("const") {
        return Some(value.is_null());
    }
    // No type is written, but one is meant.
    ["properties", "items"].iter().any(|key| members.contains_key(*key)).then_some(false)
}

fn branches<'d>(members: &'d Map<String, Value>, key: &str) -> &'d [Value] {
    members.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A branch that allows null and nothing else.
pub(super) fn is_null(branch: &Value) -> bool {
    let Value::Object(members) = branch else { return false };
    let only_null = |value: &Value| value.as_array().is_some_and(|values| values == &[Value::Null]);
    members.get("type").is_some_and(|name| name == "null" || *name == serde_json::json!(["null"]))
        || members.get("enum").is_some_and(only_null)
        || members.get("const") == Some(&Value::Null)
}

/// The branch of a union that has one and, maybe, null.
fn only_branch<'d>(members: &'d Map<String, Value>, key: &str) -> Option<&'d Value> {
    if members.contains_key("discriminator") {
        return None;
    }
    let mut others = branches(members, key).iter().filter(|branch| !is_null(branch));
    let only = others.next()?;
    others.next().is_none().then_some(only)
}

/// The branches of a union that has several beside null.
pub(super) fn several_branches<'d>(members: &'d Map<String, Value>, key: &str) -> Vec<&'d Value> {
    let others: Vec<_> = branches(members, key).iter().filter(|branch| !is_null(branch)).collect();
    if others.len() > 1 || members.contains_key("discriminator") { others } else { Vec::new() }
}

/// Takes out leaves that say a type and nothing else, where another leaf says no wider one: a wrapper
/// that repeats its type is the same as one that does not.
fn drop_mere_types(leaves: &mut Vec<Leaf<'_>>) {
    if leaves.len() < 2 {
        return;
    }
    let types: Vec<_> = leaves
        .iter()
        .map(|leaf| {
            let mere = leaf.value.as_object().is_some_and(|members| !says_more_than_its_type(members));
            (leaf.key(), own_types(leaf.value), mere)
        })
        .collect();
    let mut kept: BTreeSet<usize> = (0..leaves.len()).collect();
    for (index, (_, own, mere)) in types.iter().enumerate() {
        let narrower =
            |other: &usize| *other != index && types.get(*other).is_some_and(|(_, other, _)| other.is_within(*own));
        if *mere && kept.iter().any(narrower) {
            kept.remove(&index);
        }
    }
    let mut index = 0;
    leaves.retain(|_| {
        index += 1;
        kept.contains(&(index - 1))
    });
}
