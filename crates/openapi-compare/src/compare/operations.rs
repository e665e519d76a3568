//! Comparing operations: which is which, and what a client sends and receives.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::TooComplex;
use super::graph::{Graph, Shared, Spot, Subject};
use crate::model::{Api, Media, Operation, Parameter, Parts, Response, Schemas, Servers};
use crate::operations::Method;
use crate::rules::{self, Direction};

/// An operation in the old document, the new one, or both.
#[derive(Debug)]
pub(crate) struct Pair<'a, 'o, 'n> {
    pub(crate) old: Option<&'a Operation<'o>>,
    pub(crate) new: Option<&'a Operation<'n>>,
}

/// Compares the operations of two documents, and enters their schemas into the graph.
pub(super) fn compare<'a, 'o, 'n>(
    graph: &mut Graph<'o, 'n>,
    old: &'a Api<'o>,
    new: &'a Api<'n>,
) -> Result<Vec<Pair<'a, 'o, 'n>>, TooComplex> {
    let pairs = pairs(&old.operations, &new.operations);
    for (number, pair) in pairs.iter().enumerate() {
        let subject = Subject::Operation(number);
        match (pair.old, pair.new) {
            (Some(old), Some(new)) => graph.operation(number, old, new)?,
            (Some(_), None) => graph.find(&rules::OPERATION_REMOVED, subject, [])?,
            (None, _) => graph.find(&rules::OPERATION_ADDED, subject, [])?,
        }
    }
    graph.servers(Subject::Api, &old.servers, &new.servers)?;
    for name in graph.changed(&old.webhooks, &new.webhooks)? {
        graph.find(&rules::WEBHOOKS_CHANGED, Subject::Api, [("name", name)])?;
    }
    Ok(pairs)
}

/// Pairs operations by method and path; paths that differ only in the names of their parameters are
/// one path.
fn pairs<'a, 'o, 'n>(old: &'a [Operation<'o>], new: &'a [Operation<'n>]) -> Vec<Pair<'a, 'o, 'n>> {
    let mut exact: HashMap<(Method, &str), usize> = HashMap::new();
    let mut by_template: HashMap<(Method, &str), Vec<usize>> = HashMap::new();
    for (index, operation) in new.iter().enumerate() {
        exact.insert((operation.method, operation.path), index);
        by_template.entry((operation.method, &operation.template)).or_default().push(index);
    }
    let mut taken = vec![false; new.len()];
    let mut partner: Vec<Option<usize>> = vec![None; old.len()];
    for by_name in [true, false] {
        for (one, operation) in old.iter().enumerate() {
            if partner.get(one).is_some_and(Option::is_some) {
                continue;
            }
            let method = operation.method;
            let found = if by_name {
                exact.get(&(method, operation.path)).copied()
            } else {
                let candidates = by_template.get(&(method, operation.template.as_str())).map_or(&[][..], Vec::as_slice);
                candidates.iter().copied().find(|index| taken.get(*index) == Some(&false))
            };
            if let (Some(index), Some(partner)) = (found, partner.get_mut(one))
                && let Some(taken) = taken.get_mut(index)
            {
                (*taken, *partner) = (true, Some(index));
            }
        }
    }
    let both = old
        .iter()
        .zip(partner)
        .map(|(old, partner)| Pair { old: Some(old), new: partner.and_then(|index| new.get(index)) });
    let added = new.iter().zip(taken).filter(|(_, taken)| !taken).map(|(new, _)| Pair { old: None, new: Some(new) });
    both.chain(added).collect()
}

impl<'o, 'n> Graph<'o, 'n> {
    fn operation(&mut self, number: usize, old: &Operation<'o>, new: &Operation<'n>) -> Result<(), TooComplex> {
        let subject = Subject::Operation(number);
        match (old.deprecated, new.deprecated) {
            (false, true) => self.find(&rules::OPERATION_DEPRECATED, subject.clone(), [])?,
            (true, false) => self.find(&rules::OPERATION_UNDEPRECATED, subject.clone(), [])?,
            _ => {}
        }
        for name in self.changed(&old.callbacks, &new.callbacks)? {
            self.find(&rules::CALLBACKS_CHANGED, subject.clone(), [("name", name)])?;
        }
        if old.has_own_servers || new.has_own_servers {
            self.servers(subject.clone(), &old.servers, &new.servers)?;
        }
        self.shared = (old.security_is_of_all && new.security_is_of_all).then_some(Shared::Security);
        self.security(&subject, &old.security, &new.security)?;
        self.shared = None;
        self.parameters(number, old, new)?;
        self.body(number, old, new)?;
        self.responses(number, old, new)
    }

    /// The names of what the service calls that one side lacks, or that differ in meaning.
    fn changed(
        &mut self,
        old: &BTreeMap<&'o str, &'o Value>,
        new: &BTreeMap<&'n str, &'n Value>,
    ) -> Result<Vec<String>, TooComplex> {
        let names: BTreeSet<&str> = old.keys().copied().chain(new.keys().copied()).collect();
        let mut changed = Vec::new();
        for name in names {
            let before = old.get(name).map(|value| self.old.hash_of_calls(value)).transpose()?;
            let after = new.get(name).map(|value| self.new.hash_of_calls(value)).transpose()?;
            if before != after {
                changed.push(name.to_owned());
            }
        }
        Ok(changed)
    }

    fn servers(&mut self, subject: Subject, old: &Servers, new: &Servers) -> Result<(), TooComplex> {
        for (rule, one, other) in [(&rules::SERVER_REMOVED, old, new), (&rules::SERVER_ADDED, new, old)] {
            for (_, (url, _)) in one.iter().filter(|(key, _)| !other.contains_key(*key)) {
                self.find(rule, subject.clone(), [("url", url.clone())])?;
            }
        }
        for (_, (url, before), (_, after)) in in_both(old, new) {
            if before != after {
                self.find(&rules::SERVER_VARIABLES_CHANGED, subject.clone(), [("url", url.clone())])?;
            }
        }
        Ok(())
    }

    fn parameters(&mut self, number: usize, old: &Operation<'o>, new: &Operation<'n>) -> Result<(), TooComplex> {
        let find = |key: &str, location: &str, all: &[Parameter<'n>]| {
            all.iter().position(|other| other.key == key && other.location == location)
        };
        let mut partners: Vec<Option<usize>> =
            old.parameters.iter().map(|one| find(&one.key, one.location, &new.parameters)).collect();
        let mut taken: BTreeSet<usize> = partners.iter().flatten().copied().collect();
        // One that has gone, and of which one of the same name has come elsewhere, has moved.
        for (one, partner) in old.parameters.iter().zip(&mut partners) {
            if partner.is_none() && one.location != "path" {
                let moved = new.parameters.iter().enumerate().position(|(index, other)| {
                    let is_same = if [one.location, other.location].contains(&"header") {
                        other.name.eq_ignore_ascii_case(one.name)
                    } else {
                        other.name == one.name
                    };
                    !taken.contains(&index) && other.location != "path" && is_same
                });
                *partner = moved;
                taken.extend(moved);
            }
        }
        for (one, partner) in old.parameters.iter().zip(&partners) {
            match partner.and_then(|index| new.parameters.get(index)) {
                Some(other) => self.parameter(number, one, other)?,
                None => {
                    let rule = match (one.location, one.required) {
                        ("header", true) => &rules::REQUIRED_HEADER_REMOVED,
                        ("header", false) => &rules::HEADER_REMOVED,
                        (_, true) => &rules::REQUIRED_PARAMETER_REMOVED,
                        (_, false) => &rules::PARAMETER_REMOVED,
                    };
                    self.shared = one.is_of_path.then(|| Shared::OfPath(old.template.clone(), one.value));
                    self.find(rule, Subject::Operation(number), named(one))?;
                    self.shared = None;
                }
            }
        }
        for (_, other) in new.parameters.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
            let rule = match (other.location, other.required) {
                ("header", true) => &rules::REQUIRED_HEADER_ADDED,
                ("header", false) => &rules::HEADER_ADDED,
                (_, true) => &rules::REQUIRED_PARAMETER_ADDED,
                (_, false) => &rules::PARAMETER_ADDED,
            };
            self.shared = other.is_of_path.then(|| Shared::OfPath(new.template.clone(), other.value));
            self.find(rule, Subject::Operation(number), named(other))?;
            self.shared = None;
        }
        Ok(())
    }

    fn parameter(&mut self, number: usize, old: &Parameter<'o>, new: &Parameter<'n>) -> Result<(), TooComplex> {
        let spot = Spot::Parameter { location: old.location.to_owned(), name: old.name.to_owned() };
        self.shared = Some(Shared::Written(old.value, new.value));
        let root = self.root(number, spot, (&old.schema, &new.schema), Direction::Request)?;
        self.shared = None;
        let subject = || Subject::Root(root);
        if old.location != new.location {
            let arguments =
                [("name", old.name.to_owned()), ("from", old.location.to_owned()), ("to", new.location.to_owned())];
            self.find(&rules::PARAMETER_MOVED, subject(), arguments)?;
        }
        let is_header = old.location == "header" && new.location == "header";
        match (old.required, new.required) {
            (false, true) if is_header => self.find(&rules::HEADER_BECAME_REQUIRED, subject(), named(old))?,
            (true, false) if is_header => self.find(&rules::HEADER_BECAME_OPTIONAL, subject(), named(old))?,
            (false, true) => self.find(&rules::PARAMETER_BECAME_REQUIRED, subject(), named(old))?,
            (true, false) => self.find(&rules::PARAMETER_BECAME_OPTIONAL, subject(), named(old))?,
            _ => {}
        }
        let was_deprecated = old.deprecated || deprecates(&mut self.old, &old.schema)?;
        let is_deprecated = new.deprecated || deprecates(&mut self.new, &new.schema)?;
        match (was_deprecated, is_deprecated) {
            (false, true) => self.find(&rules::PARAMETER_DEPRECATED, subject(), named(old))?,
            (true, false) => self.find(&rules::PARAMETER_UNDEPRECATED, subject(), named(old))?,
            _ => {}
        }
        // Elsewhere it has to be written another way; and how lists are written says nothing of what is none.
        let is_written = self.is_compound(&old.schema, &new.schema)?
            || [&old.style, &new.style].iter().any(|style| style.starts_with("content "));
        if old.location == new.location && old.style != new.style && is_written {
            let [location, name] = named(old);
            let arguments = [location, name, ("from", old.style.clone()), ("to", new.style.clone())];
            self.find(&rules::PARAMETER_STYLE_CHANGED, subject(), arguments)?;
        }
        Ok(())
    }

    /// Whether one of two schemas may be a list or an object.
    fn is_compound(&mut self, old: &Parts<'o>, new: &Parts<'n>) -> Result<bool, TooComplex> {
        let (old, new) = (self.old.node(old)?.core, self.new.node(new)?.core);
        let (old, new) = (self.old.shape(old)?, self.new.shape(new)?);
        Ok(old.types.is_compound() || new.types.is_compound() || old.union.is_some() || new.union.is_some())
    }

    fn body(&mut self, number: usize, old: &Operation<'o>, new: &Operation<'n>) -> Result<(), TooComplex> {
        let subject = || Subject::Operation(number);
        let (old, new) = match (&old.body, &new.body) {
            (Some(old), Some(new)) => (old, new),
            (Some(old), None) => {
                let rule = if old.required { &rules::REQUIRED_BODY_REMOVED } else { &rules::BODY_REMOVED };
                return self.find(rule, subject(), []);
            }
            (None, Some(new)) => {
                let rule = if new.required { &rules::REQUIRED_BODY_ADDED } else { &rules::BODY_ADDED };
                return self.find(rule, subject(), []);
            }
            (None, None) => return Ok(()),
        };
        self.shared = Some(Shared::Written(old.value, new.value));
        match (old.required, new.required) {
            (false, true) => self.find(&rules::BODY_BECAME_REQUIRED, subject(), [])?,
            (true, false) => self.find(&rules::BODY_BECAME_OPTIONAL, subject(), [])?,
            _ => {}
        }
        for name in old.media.keys().filter(|name| !new.media.contains_key(*name)) {
            self.find(&rules::REQUEST_MEDIA_TYPE_REMOVED, subject(), [("media-type", name.clone())])?;
        }
        for name in new.media.keys().filter(|name| !old.media.contains_key(*name)) {
            self.find(&rules::REQUEST_MEDIA_TYPE_ADDED, subject(), [("media-type", name.clone())])?;
        }
        for (name, old, new) in in_both(&old.media, &new.media) {
            let spot = Spot::RequestBody { media_type: name.clone() };
            self.root(number, spot, (schema(old), schema(new)), Direction::Request)?;
            if old.encoding != new.encoding {
                self.find(&rules::ENCODING_CHANGED, subject(), [("media-type", name.clone())])?;
            }
        }
        self.shared = None;
        Ok(())
    }

    fn responses(&mut self, number: usize, old: &Operation<'o>, new: &Operation<'n>) -> Result<(), TooComplex> {
        let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
        pairs.extend(old.responses.keys().filter_map(|key| Some((key.as_str(), covering(key, &new.responses)?))));
        pairs.extend(new.responses.keys().filter_map(|key| Some((covering(key, &old.responses)?, key.as_str()))));
        let subject = || Subject::Operation(number);
        for status in old.responses.keys().filter(|status| !pairs.iter().any(|(one, _)| one == status)) {
            let rule = if is_success(status) { &rules::SUCCESS_STATUS_REMOVED } else { &rules::ERROR_STATUS_REMOVED };
            self.find(rule, subject(), [("status", status.clone())])?;
        }
        for status in new.responses.keys().filter(|status| !pairs.iter().any(|(_, other)| other == status)) {
            let rule = if is_success(status) { &rules::SUCCESS_STATUS_ADDED } else { &rules::ERROR_STATUS_ADDED };
            self.find(rule, subject(), [("status", status.clone())])?;
        }
        for (one, other) in pairs {
            if let (Some(before), Some(after)) = (old.responses.get(one), new.responses.get(other)) {
                self.shared = Some(Shared::Written(before.value, after.value));
                self.response(number, one, before, after)?;
                self.shared = None;
            }
        }
        Ok(())
    }

    fn response(
        &mut self,
        number: usize,
        status: &str,
        old: &Response<'o>,
        new: &Response<'n>,
    ) -> Result<(), TooComplex> {
        let subject = || Subject::Operation(number);
        let status = || status.to_owned();
        for name in old.media.keys().filter(|name| !new.media.contains_key(*name)) {
            let arguments = [("status", status()), ("media-type", name.clone())];
            self.find(&rules::RESPONSE_MEDIA_TYPE_REMOVED, subject(), arguments)?;
        }
        for name in new.media.keys().filter(|name| !old.media.contains_key(*name)) {
            let arguments = [("status", status()), ("media-type", name.clone())];
            self.find(&rules::RESPONSE_MEDIA_TYPE_ADDED, subject(), arguments)?;
        }
        for (name, old, new) in in_both(&old.media, &new.media) {
            let spot = Spot::Response { status: status(), media_type: name.clone() };
            self.root(number, spot, (schema(old), schema(new)), Direction::Response)?;
            for event in old.events.keys().filter(|event| !new.events.contains_key(*event)) {
                self.find(&rules::EVENT_REMOVED, subject(), [("event", (*event).to_owned())])?;
            }
            for event in new.events.keys().filter(|event| !old.events.contains_key(*event)) {
                self.find(&rules::EVENT_ADDED, subject(), [("event", (*event).to_owned())])?;
            }
            for (event, old, new) in in_both(&old.events, &new.events) {
                let spot = Spot::Event { status: status(), event: (*event).to_owned() };
                self.root(number, spot, (old, new), Direction::Response)?;
            }
        }
        for header in old.headers.iter().filter(|(key, _)| !new.headers.contains_key(*key)).map(|(_, header)| header) {
            let rule = if header.required {
                &rules::RESPONSE_REQUIRED_HEADER_REMOVED
            } else {
                &rules::RESPONSE_HEADER_REMOVED
            };
            self.find(rule, subject(), [("status", status()), ("name", header.name.to_owned())])?;
        }
        for header in new.headers.iter().filter(|(key, _)| !old.headers.contains_key(*key)).map(|(_, header)| header) {
            let rule =
                if header.required { &rules::RESPONSE_REQUIRED_HEADER_ADDED } else { &rules::RESPONSE_HEADER_ADDED };
            self.find(rule, subject(), [("status", status()), ("name", header.name.to_owned())])?;
        }
        for (_, old, new) in in_both(&old.headers, &new.headers) {
            let spot = Spot::ResponseHeader { status: status(), name: old.name.to_owned() };
            let root = self.root(number, spot, (&old.schema, &new.schema), Direction::Response)?;
            let subject = || Subject::Root(root);
            let arguments = || [("status", status()), ("name", old.name.to_owned())];
            match (old.required, new.required) {
                (true, false) => self.find(&rules::RESPONSE_HEADER_BECAME_OPTIONAL, subject(), arguments())?,
                (false, true) => self.find(&rules::RESPONSE_HEADER_BECAME_REQUIRED, subject(), arguments())?,
                _ => {}
            }
        }
        if old.links != new.links {
            self.find(&rules::LINKS_CHANGED, subject(), [("status", status())])?;
        }
        Ok(())
    }
}

/// Whether a schema is deprecated where it is used, and not wherever it is.
fn deprecates<'d>(schemas: &mut Schemas<'d>, parts: &Parts<'d>) -> Result<bool, TooComplex> {
    let node = schemas.node(parts)?;
    let is_of_the_core = node.own.deprecated == node.usage.deprecated && schemas.name(node.core).is_some();
    Ok(node.usage.deprecated && !is_of_the_core)
}

fn named(parameter: &Parameter<'_>) -> [(&'static str, String); 2] {
    [("in", parameter.location.to_owned()), ("name", parameter.name.to_owned())]
}

/// What both maps have.
fn in_both<'a, K: Ord, O, N>(
    old: &'a BTreeMap<K, O>,
    new: &'a BTreeMap<K, N>,
) -> impl Iterator<Item = (&'a K, &'a O, &'a N)> {
    old.iter().filter_map(|(key, old)| Some((key, old, new.get(key)?)))
}

/// The schema of a body; anything, if none is written.
fn schema<'a, 'd>(media: &'a Media<'d>) -> &'a Parts<'d> {
    static NONE: Parts<'static> = Vec::new();
    media.schema.as_ref().unwrap_or(&NONE)
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// The answer for a status: its own, that of its range, or for a range the only one within.
fn covering<'a>(status: &str, responses: &'a BTreeMap<String, Response<'_>>) -> Option<&'a str> {
    let key = |status: &str| responses.get_key_value(status).map(|(key, _)| key.as_str());
    if let Some(key) = key(status) {
        return Some(key);
    }
    let first = status.get(..1).filter(|first| first.chars().all(|first| first.is_ascii_digit()))?;
    if let Some(key) = key(&format!("{first}XX")) {
        return Some(key);
    }
    // Where no success is listed, it is what comes by default.
    if is_success(status) && !responses.keys().any(|other| is_success(other)) {
        return key("default");
    }
    let mut within = responses.keys().filter(|other| status.ends_with("XX") && other.starts_with(first));
    let only = within.next()?;
    within.next().is_none().then_some(only)
}
