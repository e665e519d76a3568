//! Comparing two schemas: their types, properties, enums and limits.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::TooComplex;
use super::graph::{Beside, Graph, PropertyPlace, Shared, Step, Subject};
use crate::model::{Additional, Enumeration, Limit, Parts, Shape, Types};
use crate::rules::{self, Directed, Direction};

impl<'d> Shape<'d> {
    /// Whether anything at all is allowed.
    pub(crate) fn is_any(&self) -> bool {
        self.types == Types::ANY && self.union.is_none() && self.enumeration.is_none()
    }
}

/// A property of an object.
struct Property<'s, 'd> {
    parts: Cow<'s, Parts<'d>>,
    required: bool,
    place: PropertyPlace,
}

/// The properties of a shape, with what stands beside the union that it is a kind of.
fn with_beside<'s, 'd>(shape: &'s Shape<'d>, beside: Option<&Beside<'d>>) -> BTreeMap<&'d str, Property<'s, 'd>> {
    let own = shape.properties.iter().map(|(name, parts)| {
        let required = shape.required.get(name);
        let place = PropertyPlace::of(parts, required);
        (*name, Property { parts: Cow::Borrowed(parts), required: required.is_some(), place })
    });
    let mut all: BTreeMap<_, _> = own.collect();
    // What is no object has no properties.
    for beside in beside.into_iter().filter(|_| shape.types.is_within(Types::OBJECT)) {
        for (name, parts) in &beside.properties {
            let property = all.entry(name).or_insert_with(|| Property {
                parts: Cow::Owned(Parts::new()),
                required: false,
                place: PropertyPlace::default(),
            });
            property.parts.to_mut().extend(parts);
            property.required |= beside.required.contains(name);
            property.place = PropertyPlace::of(&property.parts, beside.required.get(name));
        }
    }
    all
}

impl<'o, 'n> Graph<'o, 'n> {
    /// Compares a pair, and goes on to what it leads to.
    pub(super) fn compare(&mut self, number: usize) -> Result<(), TooComplex> {
        let Some(vertex) = self.vertices.get(number) else { return Ok(()) };
        let (cores, direction) = ((vertex.old, vertex.new), vertex.direction);
        let (old, new) = (self.old.shape(cores.0)?, self.new.shape(cores.1)?);
        if old.union.is_some() || new.union.is_some() {
            if old.is_any() || new.is_any() {
                return self.types(number, direction, &old, &new).map(|_| ());
            }
            if !self.unions(number, direction, cores, &old, &new)? {
                return Ok(());
            }
        } else if !self.types(number, direction, &old, &new)? {
            return Ok(());
        }
        self.format(number, direction, &old, &new)?;
        self.enums(number, direction, old.enumeration.as_ref(), new.enumeration.as_ref())?;
        self.properties(number, direction, &old, &new)?;
        self.arrays(number, direction, &old, &new)?;
        self.limits(number, direction, &old, &new)
    }

    /// Compares types; says whether it makes sense to compare further.
    fn types(
        &mut self,
        number: usize,
        direction: Direction,
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<bool, TooComplex> {
        let text = |types: Types, is_union: bool| if is_union { "a union".to_owned() } else { types.to_string() };
        let arguments =
            || [("from", text(old.types, old.union.is_some())), ("to", text(new.types, new.union.is_some()))];
        let (is_any_old, is_any_new) = (old.is_any(), new.is_any());
        if old.types == new.types && is_any_old == is_any_new {
            return Ok(true);
        }
        let rule = match (is_any_old, is_any_new) {
            (true, false) => &rules::TYPE_NARROWED,
            (false, true) => &rules::TYPE_WIDENED,
            // One type for another is another type, even where every integer is a number.
            _ if old.types.is_one() && new.types.is_one() => &rules::TYPE_CHANGED,
            _ if old.types.is_within(new.types) => &rules::TYPE_WIDENED,
            _ if new.types.is_within(old.types) => &rules::TYPE_NARROWED,
            _ => &rules::TYPE_CHANGED,
        };
        self.find_in(number, rule, direction, arguments())?;
        Ok(!is_any_old && !is_any_new && !std::ptr::eq(rule, &rules::TYPE_CHANGED))
    }

    fn format(
        &mut self,
        number: usize,
        direction: Direction,
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<(), TooComplex> {
        if old.format == new.format {
            return Ok(());
        }
        const WIDER: &[(&str, &str)] = &[("int32", "int64"), ("float", "double")];
        let is_wider = |narrow: Option<&str>, wide: Option<&str>| match (narrow, wide) {
            (Some(_), None) => true,
            (Some(narrow), Some(wide)) => WIDER.contains(&(narrow, wide)),
            _ => false,
        };
        let (from, to) = (old.format.as_deref(), new.format.as_deref());
        let rule = if is_wider(from, to) {
            &rules::FORMAT_WIDENED
        } else if is_wider(to, from) {
            &rules::FORMAT_NARROWED
        } else {
            &rules::FORMAT_CHANGED
        };
        let text = |format: Option<&str>| format.unwrap_or("none").to_owned();
        self.find_in(number, rule, direction, [("from", text(from)), ("to", text(to))])
    }

    fn enums(
        &mut self,
        number: usize,
        direction: Direction,
        old: Option<&Enumeration>,
        new: Option<&Enumeration>,
    ) -> Result<(), TooComplex> {
        let values = |listed: &Enumeration| {
            let values: Vec<_> = listed.values.iter().map(String::as_str).collect();
            [("values", values.join(", "))]
        };
        let (old, new) = match (old, new) {
            (Some(old), Some(new)) => (old, new),
            (Some(old), None) => {
                let rule = if old.open { &rules::OPEN_ENUM_REMOVED } else { &rules::ENUM_REMOVED };
                return self.find_in(number, rule, direction, values(old));
            }
            (None, Some(new)) => {
                let rule = if new.open { &rules::OPEN_ENUM_ADDED } else { &rules::ENUM_ADDED };
                return self.find_in(number, rule, direction, values(new));
            }
            (None, None) => return Ok(()),
        };
        if old.open != new.open {
            let rule = if new.open { &rules::ENUM_OPENED } else { &rules::ENUM_CLOSED };
            self.find_in(number, rule, direction, [])?;
        }
        // That it was opened or closed has been said; with that known, the value is no surprise.
        let is_open = old.open || new.open;
        for value in old.values.difference(&new.values) {
            let rule = if is_open { &rules::OPEN_ENUM_VALUE_REMOVED } else { &rules::ENUM_VALUE_REMOVED };
            self.find_in(number, rule, direction, [("value", value.clone())])?;
        }
        for value in new.values.difference(&old.values) {
            let rule = if is_open { &rules::OPEN_ENUM_VALUE_ADDED } else { &rules::ENUM_VALUE_ADDED };
            self.find_in(number, rule, direction, [("value", value.clone())])?;
        }
        Ok(())
    }

    fn properties(
        &mut self,
        number: usize,
        direction: Direction,
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<(), TooComplex> {
        let beside = self.vertices.get(number).and_then(|vertex| vertex.beside);
        let beside = beside.and_then(|index| self.beside.get(index));
        let old_properties = with_beside(old, beside.map(|(old, _)| old));
        let new_properties = with_beside(new, beside.map(|(_, new)| new));
        let moved = self.vertices.get(number).map(|vertex| vertex.moved.clone()).unwrap_or_default();
        let names: BTreeSet<&str> = old_properties.keys().chain(new_properties.keys()).copied().collect();
        for name in names.into_iter().filter(|name| !moved.contains(*name)) {
            let (before, after) = (old_properties.get(name), new_properties.get(name));
            let nodes = (
                before.map(|property| self.old.node(&property.parts)).transpose()?,
                after.map(|property| self.new.node(&property.parts)).transpose()?,
            );
            let was_required = before.is_some_and(|property| property.required);
            let is_required = after.is_some_and(|property| property.required);
            let is_there = |read_only: bool, write_only: bool| match direction {
                Direction::Request => !read_only,
                Direction::Response => !write_only,
            };
            let was = nodes.0.as_ref().map(|node| is_there(node.usage.read_only, node.usage.write_only));
            let is = nodes.1.as_ref().map(|node| is_there(node.usage.read_only, node.usage.write_only));
            let rule = match (was, is) {
                (Some(true), Some(true)) => match (was_required, is_required) {
                    (false, true) => Some(rules::PROPERTY_BECAME_REQUIRED.of(direction)),
                    (true, false) => Some(rules::PROPERTY_BECAME_OPTIONAL.of(direction)),
                    _ => None,
                },
                (Some(true), Some(false)) => Some(match (direction, was_required) {
                    (Direction::Request, true) => &rules::REQUIRED_BECAME_READ_ONLY,
                    (Direction::Request, false) => &rules::BECAME_READ_ONLY,
                    (Direction::Response, _) => &rules::BECAME_WRITE_ONLY,
                }),
                (Some(false), Some(true)) => Some(match (direction, is_required) {
                    (Direction::Request, true) => &rules::REQUIRED_NO_LONGER_READ_ONLY,
                    (Direction::Request, false) => &rules::NO_LONGER_READ_ONLY,
                    (Direction::Response, _) => &rules::NO_LONGER_WRITE_ONLY,
                }),
                (Some(true), None) if was_required => Some(rules::REQUIRED_PROPERTY_REMOVED.of(direction)),
                (Some(true), None) => Some(rules::PROPERTY_REMOVED.of(direction)),
                (None, Some(true)) if is_required => Some(rules::REQUIRED_PROPERTY_ADDED.of(direction)),
                (None, Some(true)) => Some(rules::PROPERTY_ADDED.of(direction)),
                _ => None,
            };
            let step = Step::Property(name.to_owned());
            let place =
                |property: Option<&Property<'_, '_>>| property.map_or_else(Default::default, |it| it.place.clone());
            self.shared = Some(Shared::Property(place(before), place(after)));
            if let Some(rule) = rule {
                let subject = Subject::Vertex(number, Some(step.clone()));
                self.find(rule, subject, [("property", name.to_owned())])?;
            }
            if let ((Some(old), Some(new)), (Some(true), Some(true))) = (nodes, (was, is)) {
                self.down(number, step, &(old, new), direction)?;
            }
            self.shared = None;
        }
        self.additional(number, direction, old, new)
    }

    fn additional(
        &mut self,
        number: usize,
        direction: Direction,
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<(), TooComplex> {
        let (none, no) = (Parts::new(), Parts::new());
        let schemas = match (&old.additional, &new.additional) {
            (Additional::Refused, Additional::Refused) | (Additional::Any, Additional::Any) => None,
            (Additional::Refused, _) => {
                return self.find_in(number, &rules::ADDITIONAL_WIDENED, direction, []);
            }
            (_, Additional::Refused) => {
                return self.find_in(number, &rules::ADDITIONAL_NARROWED, direction, []);
            }
            (Additional::Schema(old), Additional::Schema(new)) => Some((old, new)),
            (Additional::Schema(old), Additional::Any) => Some((old, &no)),
            (Additional::Any, Additional::Schema(new)) => Some((&none, new)),
        };
        if let Some((old, new)) = schemas {
            let nodes = (self.old.node(old)?, self.new.node(new)?);
            self.down(number, Step::Additional, &nodes, direction)?;
        }
        let patterns: BTreeSet<&str> = old.patterned.keys().chain(new.patterned.keys()).copied().collect();
        for pattern in patterns {
            match (old.patterned.get(pattern), new.patterned.get(pattern)) {
                (Some(old), Some(new)) => {
                    let nodes = (self.old.node(old)?, self.new.node(new)?);
                    self.down(number, Step::Patterned(pattern.to_owned()), &nodes, direction)?;
                }
                _ => self.constraint(number, direction, &rules::CONSTRAINT_CHANGED, "patternProperties")?,
            }
        }
        Ok(())
    }

    fn arrays(
        &mut self,
        number: usize,
        direction: Direction,
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<(), TooComplex> {
        if !old.items.is_empty() || !new.items.is_empty() {
            let nodes = (self.old.node(&old.items)?, self.new.node(&new.items)?);
            self.down(number, Step::Item, &nodes, direction)?;
        }
        for (index, (old, new)) in old.tuple.iter().zip(&new.tuple).enumerate() {
            let nodes = (self.old.node(old)?, self.new.node(new)?);
            self.down(number, Step::Element(index), &nodes, direction)?;
        }
        if old.tuple.len() != new.tuple.len() {
            self.constraint(number, direction, &rules::CONSTRAINT_CHANGED, "prefixItems")?;
        }
        Ok(())
    }

    fn limits(
        &mut self,
        number: usize,
        direction: Direction,
        old: &Shape<'o>,
        new: &Shape<'n>,
    ) -> Result<(), TooComplex> {
        let names: BTreeSet<_> = old.limits.keys().chain(new.limits.keys()).copied().collect();
        for name in names {
            let (before, after) = (old.limits.get(name), new.limits.get(name));
            let is_tighter = match (before, after) {
                (Some(before), Some(after)) if before.value == after.value && before.exclusive == after.exclusive => {
                    continue;
                }
                (Some(before), Some(after)) => {
                    let Some(is_tighter) = crate::model::is_tighter(name, after, before) else {
                        self.constraint(number, direction, &rules::CONSTRAINT_CHANGED, name)?;
                        continue;
                    };
                    is_tighter
                }
                (before, _) => before.is_none(),
            };
            let rule = if is_tighter { &rules::LIMIT_TIGHTENED } else { &rules::LIMIT_LOOSENED };
            let text = |limit: Option<&Limit>| limit.map_or("none".to_owned(), |limit| limit.text.clone());
            let arguments = [("limit", name.to_owned()), ("from", text(before)), ("to", text(after))];
            self.find_in(number, rule, direction, arguments)?;
        }
        if old.patterns != new.patterns {
            let text = |patterns: &BTreeSet<&str>| patterns.iter().copied().collect::<Vec<_>>().join(" and ");
            let (from, to) = (text(&old.patterns), text(&new.patterns));
            if old.patterns.is_subset(&new.patterns) {
                let added: BTreeSet<_> = new.patterns.difference(&old.patterns).copied().collect();
                self.find_in(number, &rules::PATTERN_ADDED, direction, [("pattern", text(&added))])?;
            } else if new.patterns.is_subset(&old.patterns) {
                let removed: BTreeSet<_> = old.patterns.difference(&new.patterns).copied().collect();
                self.find_in(number, &rules::PATTERN_REMOVED, direction, [("pattern", text(&removed))])?;
            } else {
                self.find_in(number, &rules::PATTERN_CHANGED, direction, [("from", from), ("to", to)])?;
            }
        }
        let names: BTreeSet<_> = old.constraints.keys().chain(new.constraints.keys()).copied().collect();
        for name in names {
            // These refuse something wherever they stand; of others that depends on what they say.
            const REFUSING: &[&str] =
                &["not", "contains", "propertyNames", "dependentSchemas", "dependentRequired", "dependencies", "oneOf"];
            let rule = match (old.constraints.get(name), new.constraints.get(name)) {
                (before, after) if before == after => continue,
                (None, Some(_)) if REFUSING.contains(&name) => &rules::CONSTRAINT_ADDED,
                (Some(_), None) if REFUSING.contains(&name) => &rules::CONSTRAINT_REMOVED,
                _ => &rules::CONSTRAINT_CHANGED,
            };
            self.constraint(number, direction, rule, name)?;
        }
        Ok(())
    }

    fn constraint(
        &mut self,
        number: usize,
        direction: Direction,
        rule: &'static Directed,
        name: &str,
    ) -> Result<(), TooComplex> {
        self.find_in(number, rule, direction, [("constraint", name.to_owned())])
    }
}
