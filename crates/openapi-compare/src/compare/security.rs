//! Comparing who is let in: ways to authenticate, each with all that it needs.

use std::collections::BTreeSet;

use super::TooComplex;
use super::graph::{Graph, Shared, Subject};
use crate::model::{Alternative, Scheme};
use crate::rules;

impl Graph<'_, '_> {
    pub(super) fn security(
        &mut self,
        subject: &Subject,
        old: &[Alternative],
        new: &[Alternative],
    ) -> Result<(), TooComplex> {
        // Nothing asked for, or nothing among what may be shown: anybody is let in.
        let is_free = |ways: &[Alternative]| ways.is_empty() || ways.iter().any(Alternative::is_empty);
        let all = |ways: &[Alternative]| {
            ways.iter().filter(|way| !way.is_empty()).map(label).collect::<Vec<_>>().join(" or ")
        };
        match (is_free(old), is_free(new)) {
            (true, false) => return self.find(&rules::SECURITY_ADDED, subject.clone(), [("security", all(new))]),
            (false, true) => return self.find(&rules::SECURITY_REMOVED, subject.clone(), [("security", all(old))]),
            _ => {}
        }
        let left = |ways: &'_ [Alternative], others: &[Alternative]| -> Vec<Alternative> {
            ways.iter().filter(|way| !way.is_empty() && !others.contains(way)).cloned().collect()
        };
        let (mut before, mut after) = (left(old, new), left(new, old));
        for is_same_way in [same_schemes, same_kinds, needs_more_or_less] {
            let mut unpaired = Vec::new();
            for one in before {
                match after.iter().position(|other| is_same_way(&one, other)) {
                    Some(index) => self.way(subject, &one, &after.remove(index))?,
                    None => unpaired.push(one),
                }
            }
            before = unpaired;
        }
        for way in before {
            self.find(&rules::SECURITY_ALTERNATIVE_REMOVED, subject.clone(), [("security", label(&way))])?;
        }
        for way in after {
            self.find(&rules::SECURITY_ALTERNATIVE_ADDED, subject.clone(), [("security", label(&way))])?;
        }
        Ok(())
    }

    /// Compares two forms of one way.
    fn way(&mut self, subject: &Subject, old: &Alternative, new: &Alternative) -> Result<(), TooComplex> {
        let (mut came, mut gone, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (name, scheme) in old {
            match partner(name, scheme, new) {
                Some(other) => {
                    kept.push(name.as_str());
                    self.scheme(subject, name, scheme, other)?;
                }
                None => gone.push(name),
            }
        }
        came.extend(new.iter().filter(|(name, scheme)| partner(name, scheme, old).is_none()).map(|(name, _)| name));
        for (rule, schemes) in [(&rules::SECURITY_SCHEME_ADDED, came), (&rules::SECURITY_SCHEME_REMOVED, gone)] {
            for scheme in schemes {
                let arguments = [("security", kept.join(" and ")), ("scheme", scheme.clone())];
                self.find(rule, subject.clone(), arguments)?;
            }
        }
        Ok(())
    }

    fn scheme(&mut self, subject: &Subject, security: &str, old: &Scheme, new: &Scheme) -> Result<(), TooComplex> {
        for (rule, one, other) in [(&rules::SECURITY_SCOPE_ADDED, new, old), (&rules::SECURITY_SCOPE_REMOVED, old, new)]
        {
            for scope in one.scopes.difference(&other.scopes) {
                let arguments = [("security", security.to_owned()), ("scope", scope.clone())];
                self.find(rule, subject.clone(), arguments)?;
            }
        }
        let around = self.shared.replace(Shared::Scheme(security.to_owned()));
        // Each flow is a way of its own to the same tokens.
        for (rule, one, other) in
            [(&rules::SECURITY_ALTERNATIVE_ADDED, new, old), (&rules::SECURITY_ALTERNATIVE_REMOVED, old, new)]
        {
            for flow in one.flows.keys().filter(|flow| !other.flows.contains_key(*flow)) {
                self.find(rule, subject.clone(), [("security", format!("{} ({flow})", one.kind))])?;
            }
        }
        let is_another_flow = |(flow, text): (&String, &String)| new.flows.get(flow).is_some_and(|other| other != text);
        if old.definition != new.definition || old.flows.iter().any(is_another_flow) {
            self.find(&rules::SECURITY_SCHEME_CHANGED, subject.clone(), [("security", security.to_owned())])?;
        }
        self.shared = around;
        Ok(())
    }
}

/// What a report calls a way.
fn label(way: &Alternative) -> String {
    way.keys().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

/// The scheme of another way that is the same one, or one of its kind with other flows.
fn partner<'w>(name: &str, scheme: &Scheme, way: &'w Alternative) -> Option<&'w Scheme> {
    way.get(name).or_else(|| way.values().find(|other| other.kind == scheme.kind))
}

fn same_schemes(one: &Alternative, other: &Alternative) -> bool {
    one.keys().eq(other.keys())
}

fn same_kinds(one: &Alternative, other: &Alternative) -> bool {
    one.values().map(|scheme| &scheme.kind).eq(other.values().map(|scheme| &scheme.kind))
}

/// Whether one of two ways needs all that the other does, and more.
fn needs_more_or_less(one: &Alternative, other: &Alternative) -> bool {
    let kinds = |way: &Alternative| way.values().map(|scheme| scheme.kind.clone()).collect::<BTreeSet<_>>();
    let (one, other) = (kinds(one), kinds(other));
    one.is_subset(&other) || one.is_superset(&other)
}
