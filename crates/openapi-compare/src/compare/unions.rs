//! Comparing two unions: which kind of the one is which of the other.
//!
//! By the discriminator's value where there is one, or by a property that has one value in each kind. Without,
//! kinds that mean the same are the same; of the rest those of one name, then those that alone have their
//! properties, what they require or their type on both sides.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::TooComplex;
use super::graph::{Beside, Graph, Step};
use crate::model::{CoreId, Node, Parts, Schemas, Shape, Usage, fixed_texts};
use crate::rules::{self, Direction};

/// A kind of a union, read.
struct Kind<'d> {
    tag: Option<String>,
    /// What a report calls it.
    label: String,
    name: Option<&'d str>,
    types: String,
    /// Its properties, and which of them it requires, with those beside the union.
    properties: BTreeSet<&'d str>,
    required: BTreeSet<&'d str>,
    /// Properties that may be but one text each.
    fixed: BTreeMap<&'d str, String>,
    hash: u64,
    node: Node<'d>,
}

impl<'o, 'n> Graph<'o, 'n> {
    /// Compares where at least one side is a union; says whether it makes sense to compare further.
    pub(super) fn unions(
        &mut self,
        number: usize,
        direction: Direction,
        cores: (CoreId, CoreId),
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<bool, TooComplex> {
        let derived = |shape: &Shape<'_>| shape.union.as_ref().is_some_and(|union| union.derived);
        // Beside kinds that derive from a schema, the schema alone has none.
        let single = (old.union.is_none() && !derived(new), new.union.is_none() && !derived(old));
        let mut before = kinds(&mut self.old, cores.0, old, single.0)?;
        let mut after = kinds(&mut self.new, cores.1, new, single.1)?;
        let (was_open, is_open) =
            (old.union.as_ref().is_some_and(|union| union.open), new.union.as_ref().is_some_and(|union| union.open));
        let tagged_by =
            |shape: &Shape<'_>| shape.union.as_ref().and_then(|union| union.discriminator).map(str::to_owned);
        let (tag_before, tag_after) = (tagged_by(old), tagged_by(new));
        let is_single = single.0 || single.1;
        let by_tag = match (&tag_before, &tag_after) {
            (Some(_), Some(_)) => true,
            _ if is_single => false,
            (Some(tag), None) => tag_by(&mut after, tag),
            (None, Some(tag)) => tag_by(&mut before, tag),
            (None, None) => match common_tag(&before, &after) {
                Some(tag) => tag_by(&mut before, &tag) && tag_by(&mut after, &tag),
                None => false,
            },
        };
        let pairs = pair(&before, &after, by_tag);

        if let Some(vertex) = self.vertices.get_mut(number) {
            vertex.is_mixed = is_single;
        }
        if is_single && pairs.is_empty() {
            let text = |shape: &Shape<'_>, kinds: &[Kind<'_>]| match &shape.union {
                None => shape.types.to_string(),
                Some(_) => {
                    let labels: Vec<_> = kinds.iter().map(|kind| kind.label.as_str()).collect();
                    format!("a union of {}", labels.join(", "))
                }
            };
            let arguments = [("from", text(old, &before)), ("to", text(new, &after))];
            self.find_in(number, &rules::TYPE_CHANGED, direction, arguments)?;
            return Ok(false);
        }
        match (tag_before, tag_after) {
            (Some(from), Some(to)) if from != to => {
                self.find_in(number, &rules::DISCRIMINATOR_CHANGED, direction, [("from", from), ("to", to)])?;
            }
            // Where each kind fixes its own value, that tells them apart as well.
            (Some(property), None) if !by_tag && !is_single => {
                self.find_in(number, &rules::DISCRIMINATOR_REMOVED, direction, [("property", property)])?;
            }
            (None, Some(property)) if !by_tag && !is_single => {
                self.find_in(number, &rules::DISCRIMINATOR_ADDED, direction, [("property", property)])?;
            }
            _ => {}
        }
        if was_open != is_open {
            let rule = if is_open { &rules::UNION_OPENED } else { &rules::UNION_CLOSED };
            self.find_in(number, rule, direction, [])?;
        }
        let either_open = was_open || is_open;
        let (mut paired_before, mut paired_after) = (vec![false; before.len()], vec![false; after.len()]);
        for (one, other) in &pairs {
            for (paired, index) in [(&mut paired_before, one), (&mut paired_after, other)] {
                if let Some(paired) = paired.get_mut(*index) {
                    *paired = true;
                }
            }
        }
        for (kind, _) in before.iter().zip(&paired_before).filter(|(_, paired)| !**paired) {
            let rule = if either_open { &rules::OPEN_UNION_BRANCH_REMOVED } else { &rules::UNION_BRANCH_REMOVED };
            self.find_in(number, rule, direction, [("kind", kind.label.clone())])?;
        }
        for (kind, _) in after.iter().zip(&paired_after).filter(|(_, paired)| !**paired) {
            let rule = if either_open { &rules::OPEN_UNION_BRANCH_ADDED } else { &rules::UNION_BRANCH_ADDED };
            self.find_in(number, rule, direction, [("kind", kind.label.clone())])?;
        }
        let pairs: Vec<_> =
            pairs.into_iter().filter_map(|(one, other)| Some((before.get(one)?, after.get(other)?))).collect();
        let beside = if is_single { None } else { self.moved(number, (old, &before), (new, &after)) };
        for (one, other) in pairs {
            {
                let nodes = (one.node.clone(), other.node.clone());
                // What is no union stands for itself: that is no step down.
                let step = Step::Kind(if old.union.is_some() { one.label.clone() } else { other.label.clone() });
                self.down_beside(number, step, &nodes, direction, beside)?;
            }
        }
        // What is no union has been compared as the kind that it is.
        Ok(!is_single)
    }

    /// Finds properties that stand beside the union on one side and in its kinds on the other: they are
    /// compared in the kinds.
    fn moved(
        &mut self,
        number: usize,
        (old, before): (&Shape<'o>, &[Kind<'o>]),
        (new, after): (&Shape<'n>, &[Kind<'n>]),
    ) -> Option<usize> {
        let beside = (only_beside(old, new, after), only_beside(new, old, before));
        let names: BTreeSet<String> =
            beside.0.properties.keys().chain(beside.1.properties.keys()).map(|name| (*name).to_owned()).collect();
        if names.is_empty() {
            return None;
        }
        self.vertices.get_mut(number)?.moved = names;
        self.beside.push(beside);
        Some(self.beside.len() - 1)
    }
}

/// The properties that one side alone has beside its union, and the other in a kind.
fn only_beside<'d>(shape: &Shape<'d>, other: &Shape<'_>, kinds: &[Kind<'_>]) -> Beside<'d> {
    let mut found = Beside::default();
    for (name, parts) in shape.properties.iter().filter(|(name, _)| !other.properties.contains_key(*name)) {
        if kinds.iter().any(|kind| kind.properties.contains(*name)) {
            found.properties.insert(name, Parts::clone(parts));
            found.required.extend(shape.required.get(name));
        }
    }
    found
}

/// A property that has one text in each kind of both unions, another in each of one.
fn common_tag(before: &[Kind<'_>], after: &[Kind<'_>]) -> Option<String> {
    let is_tag = |name: &str, kinds: &[Kind<'_>]| {
        let mut texts = HashSet::new();
        kinds.iter().all(|kind| kind.fixed.get(name).is_some_and(|text| texts.insert(text)))
    };
    let mut names = before.first()?.fixed.keys();
    names.find(|name| is_tag(name, before) && is_tag(name, after)).map(|name| (*name).to_owned())
}

/// Tells kinds by a property, if each has one text there.
fn tag_by(kinds: &mut [Kind<'_>], property: &str) -> bool {
    let is_told = kinds.iter().all(|kind| kind.fixed.contains_key(property));
    for kind in kinds.iter_mut().filter(|_| is_told) {
        kind.tag = kind.fixed.get(property).cloned();
        // A name says more, and stays when the value does not.
        if let (Some(tag), None) = (&kind.tag, kind.name) {
            kind.label.clone_from(tag);
        }
    }
    is_told
}

fn kinds<'d>(
    schemas: &mut Schemas<'d>,
    core: CoreId,
    shape: &Shape<'d>,
    is_single: bool,
) -> Result<Vec<Kind<'d>>, TooComplex> {
    let Some(union) = &shape.union else {
        if !is_single {
            return Ok(Vec::new());
        }
        let node = Node { core, usage: Usage::default(), own: Usage::default() };
        return Ok(vec![kind(schemas, None, node, None)?]);
    };
    let mut kinds = Vec::with_capacity(union.branches.len());
    for branch in &union.branches {
        schemas.step(1)?;
        let node = schemas.node(&branch.parts)?;
        kinds.push(kind(schemas, branch.tag.clone(), node, Some(shape))?);
    }
    Ok(kinds)
}

fn kind<'d>(
    schemas: &mut Schemas<'d>,
    tag: Option<String>,
    node: Node<'d>,
    around: Option<&Shape<'d>>,
) -> Result<Kind<'d>, TooComplex> {
    let shape = schemas.shape(node.core)?;
    let name = schemas.name(node.core);
    let types = if shape.union.is_some() { "union".to_owned() } else { shape.types.to_string() };
    let listed = shape.enumeration.as_ref().map(|listed| listed.values.iter().cloned().collect::<Vec<_>>().join(", "));
    let described = match (&listed, shape.properties.is_empty()) {
        (Some(values), _) => format!("{types} ({values})"),
        (None, false) => {
            let names: Vec<_> = shape.properties.keys().copied().collect();
            format!("{types} ({})", names.join(", "))
        }
        (None, true) => types.clone(),
    };
    let label = tag.clone().or_else(|| name.map(str::to_owned)).unwrap_or(described);
    let hash = schemas.hash(node.core)?;
    let (mut properties, mut required) =
        (shape.properties.keys().copied().collect::<BTreeSet<_>>(), shape.required.clone());
    if let Some(around) = around {
        properties.extend(around.properties.keys());
        required.extend(&around.required);
    }
    let fixed = fixed_texts(schemas, &shape)?;
    Ok(Kind { tag, label, name, types, properties, required, fixed, hash, node })
}

/// Pairs kinds of two unions, by number.
fn pair(before: &[Kind<'_>], after: &[Kind<'_>], by_tag: bool) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut left: (Vec<usize>, Vec<usize>) = ((0..before.len()).collect(), (0..after.len()).collect());
    if by_tag {
        match_by(&mut left, &mut pairs, Several::InOrder, |index| tag(before, index), |index| tag(after, index));
        let without_tag = |kinds: &[Kind<'_>], left: &mut Vec<usize>| {
            left.retain(|index| kinds.get(*index).is_some_and(|kind| kind.tag.is_none()));
        };
        // What has a tag is told by nothing else.
        without_tag(before, &mut left.0);
        without_tag(after, &mut left.1);
    }
    match_by(&mut left, &mut pairs, Several::InOrder, |index| hash(before, index), |index| hash(after, index));
    match_by(&mut left, &mut pairs, Several::InOrder, |index| name(before, index), |index| name(after, index));
    match_by(&mut left, &mut pairs, Several::None, |index| properties(before, index), |index| properties(after, index));
    match_by(&mut left, &mut pairs, Several::None, |index| required(before, index), |index| required(after, index));
    match_by(&mut left, &mut pairs, Several::None, |index| types(before, index), |index| types(after, index));
    pairs
}

fn tag<'k>(kinds: &'k [Kind<'_>], index: usize) -> Option<&'k str> {
    kinds.get(index)?.tag.as_deref()
}

fn hash(kinds: &[Kind<'_>], index: usize) -> Option<u64> {
    kinds.get(index).map(|kind| kind.hash)
}

fn name<'k>(kinds: &'k [Kind<'_>], index: usize) -> Option<&'k str> {
    kinds.get(index)?.name
}

fn types<'k>(kinds: &'k [Kind<'_>], index: usize) -> Option<&'k str> {
    kinds.get(index).map(|kind| kind.types.as_str())
}

fn properties<'k, 'd>(kinds: &'k [Kind<'d>], index: usize) -> Option<&'k BTreeSet<&'d str>> {
    Some(&kinds.get(index)?.properties).filter(|properties| !properties.is_empty())
}

fn required<'k, 'd>(kinds: &'k [Kind<'d>], index: usize) -> Option<&'k BTreeSet<&'d str>> {
    Some(&kinds.get(index)?.required).filter(|required| !required.is_empty())
}

/// What to do with several of one key on a side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Several {
    /// They are the same: any will do.
    InOrder,
    /// The key says too little.
    None,
}

/// Pairs what has the same key.
fn match_by<K: Eq + std::hash::Hash>(
    left: &mut (Vec<usize>, Vec<usize>),
    pairs: &mut Vec<(usize, usize)>,
    several: Several,
    key_before: impl Fn(usize) -> Option<K>,
    key_after: impl Fn(usize) -> Option<K>,
) {
    let by_key = |left: &[usize], key: &dyn Fn(usize) -> Option<K>| {
        let mut found: HashMap<K, Vec<usize>> = HashMap::new();
        for index in left {
            if let Some(key) = key(*index) {
                found.entry(key).or_default().push(*index);
            }
        }
        found
    };
    let after = by_key(&left.1, &key_after);
    let mut new_pairs = Vec::new();
    for (key, ones) in by_key(&left.0, &key_before) {
        let others = after.get(&key).map_or(&[][..], Vec::as_slice);
        if several == Several::InOrder || (ones.len(), others.len()) == (1, 1) {
            new_pairs.extend(ones.into_iter().zip(others.iter().copied()));
        }
    }
    new_pairs.sort_unstable();
    let (ones, others): (HashSet<usize>, HashSet<usize>) = new_pairs.iter().copied().unzip();
    left.0.retain(|index| !ones.contains(index));
    left.1.retain(|index| !others.contains(index));
    pairs.extend(new_pairs);
}
