//! Types that several APIs have: found by comparing structures, emitted once, recorded in
//! `openapi/shared.toml`, so that a later divergence is an error and not a silent change of types.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{Api, Operation, Shape, SharedType, Type};
use crate::failure::Failure;

pub(crate) const FILE: &str = "openapi/shared.toml";

const HEADER: &str = "\
# The types that an API has in common with an earlier one, which are emitted once: [API.EARLIER] has the
# schemas of the API and what they are called in the earlier one. `generate` appends to it; that one of
# them is no longer equal is an error, since it changes types of the public API.
";

/// `shared.toml`: API -> earlier API -> schema -> schema of the earlier API.
pub(crate) type Record = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

pub(crate) fn parse(text: &str) -> Result<Record, Failure> {
    toml::from_str(text).map_err(|error| Failure::new(error.message().to_owned(), FILE, "correct the file"))
}

pub(crate) fn to_text(record: &Record) -> String {
    let mut document = toml_edit::DocumentMut::new();
    for (api, earlier) in record {
        let mut outer = toml_edit::Table::new();
        outer.set_implicit(true);
        for (other, types) in earlier {
            let mut table = toml_edit::Table::new();
            for (name, there) in types {
                table[name] = toml_edit::value(there);
            }
            outer[other] = toml_edit::Item::Table(table);
        }
        document[api] = toml_edit::Item::Table(outer);
    }
    format!("{HEADER}{document}")
}

/// Names of an API's types -> names of the equal types of an earlier API.
type Pairs = BTreeMap<String, String>;

/// Finds the types that several of the APIs have, tells each API where its own stand, and brings the
/// record up to date.
pub(crate) fn find(apis: &mut [Api], record: &Record) -> Result<Record, Failure> {
    let mut found = Record::new();
    // Of each type of each API the first API that has it, and its name there.
    let mut homes: Vec<BTreeMap<String, (usize, String)>> = Vec::new();
    for index in 0..apis.len() {
        let mut home = BTreeMap::new();
        for earlier in 0..index {
            let pairs = pairs(&apis[earlier], &apis[index]);
            let recorded = record.get(&apis[index].name).and_then(|record| record.get(&apis[earlier].name));
            check(recorded, &apis[earlier], &apis[index], &pairs)?;
            let named = |(name, there): (&String, &String)| {
                Some((apis[index].types.get(name)?.document.clone(), apis[earlier].types.get(there)?.document.clone()))
            };
            let entries: BTreeMap<String, String> = pairs.iter().filter_map(named).collect();
            if !entries.is_empty() {
                found.entry(apis[index].name.clone()).or_default().insert(apis[earlier].name.clone(), entries);
            }
            for (name, there) in pairs {
                let first = homes[earlier].get(&there).cloned().unwrap_or((earlier, there));
                home.entry(name).or_insert(first);
            }
        }
        homes.push(home);
    }
    // Which APIs have each of them.
    let mut members: BTreeMap<(usize, String), BTreeSet<usize>> = BTreeMap::new();
    for (index, home) in homes.iter().enumerate() {
        for first in home.values() {
            members.entry(first.clone()).or_default().extend([first.0, index]);
        }
    }
    let modules: Vec<String> = apis.iter().map(|api| api.module.clone()).collect();
    for (first, having) in &members {
        let module = having.iter().map(|index| modules[*index].as_str()).collect::<Vec<_>>().join("_and_");
        let shared = SharedType { module, name: first.1.clone() };
        apis[first.0].shared.insert(first.1.clone(), shared.clone());
        for (index, home) in homes.iter().enumerate() {
            for (name, _) in home.iter().filter(|(_, there)| *there == first) {
                apis[index].shared.insert(name.clone(), shared.clone());
            }
        }
    }
    Ok(found)
}

/// Fails if a type that is recorded as shared is so no more.
fn check(
    recorded: Option<&BTreeMap<String, String>>,
    earlier: &Api,
    later: &Api,
    pairs: &Pairs,
) -> Result<(), Failure> {
    let by_document = |api: &Api, document: &str| {
        api.types.iter().find(|(_, definition)| definition.document == document).map(|(name, _)| name.clone())
    };
    for (document, there) in recorded.into_iter().flatten() {
        let (name, other) = (by_document(later, document), by_document(earlier, there));
        if let (Some(name), Some(other)) = (&name, &other)
            && pairs.get(name) == Some(other)
        {
            continue;
        }
        let why = match (&name, &other) {
            (Some(name), Some(other)) => {
                let mut candidates = candidates(earlier, later);
                candidates.insert(name.clone(), other.clone());
                difference(&earlier.types[other].shape, &later.types[name].shape, &candidates)
                    .unwrap_or_else(|| "a type in it differs".to_owned())
            }
            _ => "one of them has gone".to_owned(),
        };
        return Err(Failure::new(
            format!(
                "`{document}` of {} is recorded as the same as `{there}` of {}, and is no longer: {why}",
                later.name, earlier.name
            ),
            format!("{FILE}, [{}.{:?}] {document}", later.name, earlier.name),
            "correct the overlay of one of them if they are meant to be equal; take the entry out if not, which changes a public type",
        ));
    }
    Ok(())
}

/// The types of a later API that are equal to those of an earlier one, references included.
fn pairs(earlier: &Api, later: &Api) -> Pairs {
    let mut pairs = candidates(earlier, later);
    // What refers to something unequal is not equal, until nothing changes.
    loop {
        let unequal: Vec<String> = pairs
            .iter()
            .filter(|(name, there)| {
                let (Some(here), Some(there)) = (later.types.get(*name), earlier.types.get(*there)) else {
                    return true;
                };
                difference(&there.shape, &here.shape, &pairs).is_some()
            })
            .map(|(name, _)| name.clone())
            .collect();
        if unequal.is_empty() {
            return pairs;
        }
        for name in unequal {
            pairs.remove(&name);
        }
    }
}

/// Which types might be equal: those in the same places of the same operations, and those of one name.
fn candidates(earlier: &Api, later: &Api) -> Pairs {
    let mut pairs = Pairs::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<(Type, Type)> = Vec::new();
    let identity = |operation: &Operation| (operation.path.clone(), operation.method.clone(), operation.is_split);
    let known: BTreeMap<_, &Operation> =
        earlier.operations.iter().rev().map(|operation| (identity(operation), operation)).collect();
    for operation in &later.operations {
        if let Some(other) = known.get(&identity(operation)) {
            let tops = |operation: &Operation| [operation.request.clone(), operation.answer.clone()];
            let tops = tops(other).into_iter().zip(tops(operation));
            open.extend(tops.filter_map(|(there, here)| Some((there?, here?))));
            open.extend(
                other.events.iter().zip(&operation.events).map(|(there, here)| (there.1.clone(), here.1.clone())),
            );
        }
    }
    while let Some((there, here)) = open.pop() {
        match (there, here) {
            (
                Type::Vec(there) | Type::List(there) | Type::Map(there),
                Type::Vec(here) | Type::List(here) | Type::Map(here),
            ) => {
                open.push((*there, *here));
            }
            (Type::Named(there), Type::Named(here)) => {
                let (Some(a), Some(b)) = (earlier.types.get(&there), later.types.get(&here)) else { continue };
                // One type cannot stand for two, which a union may have beside each other.
                if pairs.contains_key(&here) || !taken.insert(there.clone()) {
                    continue;
                }
                pairs.insert(here, there);
                open.extend(inner(&a.shape, &b.shape));
            }
            _ => {}
        }
    }
    for name in later.types.keys() {
        if !pairs.contains_key(name) && earlier.types.contains_key(name) && taken.insert(name.clone()) {
            pairs.insert(name.clone(), name.clone());
        }
    }
    pairs
}

/// Whether two operations are one, in two APIs.
pub(crate) fn is_same(a: &Operation, b: &Operation) -> bool {
    a.method == b.method && a.path == b.path && a.is_split == b.is_split
}

/// The types that stand in the same places of two shapes.
fn inner(a: &Shape, b: &Shape) -> Vec<(Type, Type)> {
    match (a, b) {
        (Shape::Struct(a), Shape::Struct(b)) => {
            let same = |property: &str| b.fields.iter().find(|field| field.property == property);
            a.fields.iter().filter_map(|field| Some((field.ty.clone(), same(&field.property)?.ty.clone()))).collect()
        }
        (Shape::Tagged { branches: a, .. }, Shape::Tagged { branches: b, .. }) => {
            let same = |values: &[String]| b.iter().find(|branch| branch.values == values);
            let named = |name: &str| Type::Named(name.to_owned());
            a.iter().filter_map(|branch| Some((named(&branch.ty), named(&same(&branch.values)?.ty)))).collect()
        }
        (Shape::Untagged { variants: a, objects: x, .. }, Shape::Untagged { variants: b, objects: y, .. }) => {
            let kinds = a.iter().filter_map(|variant| {
                Some((variant.ty.clone(), b.iter().find(|other| other.kind == variant.kind)?.ty.clone()))
            });
            let objects = x.iter().filter_map(|object| {
                let other = y.iter().find(|other| other.needs == object.needs)?;
                Some((Type::Named(object.ty.clone()), Type::Named(other.ty.clone())))
            });
            kinds.chain(objects).collect()
        }
        (Shape::Alias(a), Shape::Alias(b)) => vec![(a.clone(), b.clone())],
        _ => Vec::new(),
    }
}

/// The first difference between two shapes, the second one's types being called as `pairs` says.
fn difference(a: &Shape, b: &Shape, pairs: &Pairs) -> Option<String> {
    let same_type = |a: &Type, b: &Type| is_same_type(a, b, pairs);
    let same_name = |a: &str, b: &str| pairs.get(b).is_some_and(|there| there == a);
    match (a, b) {
        (Shape::Struct(a), Shape::Struct(b)) => {
            if a.fixed != b.fixed {
                return Some(format!("it writes {:?}, not {:?}", b.fixed, a.fixed));
            }
            if a.open != b.open {
                return Some("only one of them takes further properties".to_owned());
            }
            let names = |model: &super::api::Struct| {
                model.fields.iter().map(|field| field.property.clone()).collect::<Vec<_>>()
            };
            if names(a) != names(b) {
                return Some(format!("its properties are {}, not {}", names(b).join(", "), names(a).join(", ")));
            }
            a.fields.iter().zip(&b.fields).find_map(|(a, b)| {
                let same = a.name == b.name
                    && a.presence == b.presence
                    && a.access == b.access
                    && a.boxed == b.boxed
                    && same_type(&a.ty, &b.ty);
                (!same).then(|| {
                    format!(
                        "its property `{}` is {} ({:?}, {:?}), not {} ({:?}, {:?})",
                        b.property,
                        b.ty.rust(),
                        b.presence,
                        b.access,
                        a.ty.rust(),
                        a.presence,
                        a.access
                    )
                })
            })
        }
        (Shape::Enum(a), Shape::Enum(b)) => {
            let values = |values: &[super::api::EnumValue]| {
                values.iter().map(|value| (value.value.clone(), value.variant.clone())).collect::<Vec<_>>()
            };
            (values(a) != values(b)).then(|| "its values differ".to_owned())
        }
        (
            Shape::Tagged { tag: a, branches: x, untagged: u, secret: s },
            Shape::Tagged { tag: b, branches: y, untagged: v, secret: t },
        ) => {
            let same = a == b
                && s == t
                && u == v
                && x.len() == y.len()
                && x.iter()
                    .zip(y)
                    .all(|(a, b)| a.variant == b.variant && a.values == b.values && same_name(&a.ty, &b.ty));
            (!same).then(|| "its kinds differ".to_owned())
        }
        (
            Shape::Untagged { variants: a, objects: x, anything: s },
            Shape::Untagged { variants: b, objects: y, anything: t },
        ) => {
            let same = s == t
                && a.len() == b.len()
                && x.len() == y.len()
                && a.iter().zip(b).all(|(a, b)| a.kind == b.kind && a.variant == b.variant && same_type(&a.ty, &b.ty))
                && x.iter().zip(y).all(|(a, b)| {
                    a.needs == b.needs && a.only == b.only && a.variant == b.variant && same_name(&a.ty, &b.ty)
                });
            (!same).then(|| "its kinds differ".to_owned())
        }
        (Shape::Alias(a), Shape::Alias(b)) => {
            (!same_type(a, b)).then(|| format!("it is {}, not {}", b.rust(), a.rust()))
        }
        _ => Some("one is a struct, the other an enum or a union".to_owned()),
    }
}

fn is_same_type(a: &Type, b: &Type, pairs: &Pairs) -> bool {
    match (a, b) {
        (Type::Named(a), Type::Named(b)) => pairs.get(b).is_some_and(|there| there == a),
        (Type::Vec(a), Type::Vec(b)) | (Type::List(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => {
            is_same_type(a, b, pairs)
        }
        (a, b) => a == b,
    }
}

/// Whether two operations are called and answer alike, in types that both APIs share under one name.
pub(crate) fn is_interchangeable(earlier: &Api, a: &Operation, later: &Api, b: &Operation) -> bool {
    let shared = |api: &Api, name: &str| api.shared.get(name).cloned();
    let same = |x: &Option<Type>, y: &Option<Type>| match (x, y) {
        (None, None) => true,
        (Some(x), Some(y)) => {
            let mut names = (Vec::new(), Vec::new());
            x.walk(&mut |ty| {
                if let Type::Named(name) = ty {
                    names.0.push(name.clone())
                }
            });
            y.walk(&mut |ty| {
                if let Type::Named(name) = ty {
                    names.1.push(name.clone())
                }
            });
            x == y
                && names
                    .0
                    .iter()
                    .zip(&names.1)
                    .all(|(x, y)| shared(earlier, x).is_some() && shared(earlier, x) == shared(later, y))
        }
        _ => false,
    };
    is_same(a, b)
        && a.id == b.id
        && a.name == b.name
        && a.request_content_type == b.request_content_type
        && a.response_content_type == b.response_content_type
        && a.paging == b.paging
        && a.streaming == b.streaming
        && a.features == b.features
        && a.parts == b.parts
        && same(&a.request, &b.request)
        && same(&a.answer, &b.answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::names::Names;
    use crate::generate::read::read;
    use crate::generate::sources::Source;
    use crate::normalize;
    use serde_json::{Value, json};

    /// An API whose only operation answers with `Thing`, or whatever it is called.
    fn api(name: &str, thing: &str, schemas: Value) -> Api {
        let answer = json!({ "schema": { "$ref": format!("#/components/schemas/{thing}") } });
        let mut document = json!({
            "info": { "version": name },
            "paths": { "/things": { "get": {
                "operationId": "Things_get", "tags": ["Things"],
                "responses": { "200": { "content": { "application/json": answer } } },
            } } },
            "components": { "schemas": schemas },
        });
        normalize::run(normalize::SCHEMAS, &mut document).unwrap();
        let source = Source { module: name.to_owned(), feature: name.to_owned(), ..Source::test() };
        read(name, &source, &document, &document, &mut Names::parse("", "names.toml").unwrap()).unwrap()
    }

    fn object(properties: Value) -> Value {
        json!({ "type": "object", "properties": properties })
    }

    fn reference(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn things(thing: &str, part: &str, of_part: Value) -> Value {
        json!({ thing: object(json!({ "part": reference(part) })), part: object(json!({ "a": of_part })) })
    }

    fn shared(apis: &[Api], index: usize) -> Vec<(String, String, String)> {
        let of = |(name, shared): (&String, &SharedType)| (name.clone(), shared.module.clone(), shared.name.clone());
        apis[index].shared.iter().map(of).collect()
    }

    #[test]
    fn what_is_equal_is_shared_also_under_another_name() {
        let text = json!({ "type": "string" });
        let mut apis = vec![
            api("a", "Thing", things("Thing", "Part", text.clone())),
            api("b", "Thing", things("Thing", "ClassicPart", text.clone())),
            api("c", "Thing", things("Thing", "Part", json!({ "type": "integer" }))),
        ];
        let record = find(&mut apis, &Record::new()).unwrap();
        let of = |name: &str, there: &str| (name.to_owned(), "a_and_b".to_owned(), there.to_owned());
        assert_eq!(shared(&apis, 0), [of("Part", "Part"), of("Thing", "Thing")]);
        assert_eq!(shared(&apis, 1), [of("ClassicPart", "Part"), of("Thing", "Thing")]);
        // Its part is another one, so that the whole is too.
        assert_eq!(shared(&apis, 2), []);
        assert_eq!(record["b"]["a"]["ClassicPart"], "Part");
        assert_eq!(parse(&to_text(&record)).unwrap(), record);
    }

    #[test]
    fn three_of_a_kind_are_in_one_place() {
        let text = json!({ "type": "string" });
        let of = |name: &str| api(name, "Thing", things("Thing", "Part", text.clone()));
        let mut apis = vec![of("a"), of("b"), of("c")];
        find(&mut apis, &Record::new()).unwrap();
        for index in 0..3 {
            assert!(shared(&apis, index).iter().all(|(_, module, _)| module == "a_and_b_and_c"), "{index}");
        }
    }

    #[test]
    fn circles_are_equal_unless_something_in_them_differs() {
        let circle = |ty: &str| {
            json!({
                "Thing": object(json!({ "next": reference("Other"), "a": { "type": ty } })),
                "Other": object(json!({ "back": reference("Thing") })),
            })
        };
        let mut apis = vec![api("a", "Thing", circle("string")), api("b", "Thing", circle("string"))];
        find(&mut apis, &Record::new()).unwrap();
        assert_eq!(shared(&apis, 1).len(), 2);
        let mut apis = vec![api("a", "Thing", circle("string")), api("b", "Thing", circle("number"))];
        find(&mut apis, &Record::new()).unwrap();
        assert_eq!(shared(&apis, 1), []);
    }

    #[test]
    fn what_is_recorded_and_equal_no_more_is_an_error_that_says_why() {
        let text = json!({ "type": "string" });
        let equal = || {
            vec![
                api("a", "Thing", things("Thing", "Part", text.clone())),
                api("b", "Thing", things("Thing", "Part", text.clone())),
            ]
        };
        let record = find(&mut equal(), &Record::new()).unwrap();
        assert!(find(&mut equal(), &record).is_ok());
        let mut apis = equal();
        apis[1] = api("b", "Thing", things("Thing", "Part", json!({ "type": "integer" })));
        let error = find(&mut apis, &record).unwrap_err().to_string();
        assert!(error.contains("`Part` of b") && error.contains("its property `a` is i64"), "{error}");
        assert!(error.contains("openapi/shared.toml"), "{error}");
    }
}
