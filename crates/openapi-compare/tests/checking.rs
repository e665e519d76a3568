//! Checking: every problem is found, at its place, and nothing else is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

use openapi_compare::{Check, Document, Problem};
use proptest::prelude::*;
use serde_json::{Value, json};

fn load(text: &str) -> Document {
    Document::from_slice(text.as_bytes(), "api.yaml").unwrap()
}

fn problems(text: &str) -> Vec<String> {
    match load(text).check() {
        Ok(()) => Vec::new(),
        Err(problems) => problems.iter().map(Problem::to_string).collect(),
    }
}

/// Each document with what its problems begin with, in order.
#[track_caller]
fn table(rows: &[(&str, &[&str])]) {
    for (text, expected) in rows {
        let found = problems(text);
        let matches = found.len() == expected.len()
            && found.iter().zip(*expected).all(|(found, expected)| found.starts_with(expected));
        assert!(matches, "{text}\nfound {found:#?}\nexpected {expected:#?}");
    }
}

#[test]
fn references() {
    table(&[
        (
            "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: '#/components/schemas/B'}}}",
            &[
                "#/components/schemas/A/$ref: \"#/components/schemas/B\" does not resolve: nothing stands there; correct the reference or add its target",
            ],
        ),
        (
            "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: 'b.yaml#/B'}}}",
            &[
                "#/components/schemas/A/$ref: \"b.yaml#/B\" leads out of the document: only references inside the document",
            ],
        ),
        (
            "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: '#B'}, B: {$ref: 1}}}",
            &[
                "#/components/schemas/A/$ref: \"#B\" is not a reference inside the document",
                "#/components/schemas/B/$ref: expected a text, found the number 1",
            ],
        ),
        (
            "swagger: 2.0\npaths:\n  /a: {get: {parameters: [{$ref: '#/parameters/No'}, {in: body, name: b, schema: {$ref: '#/definitions/No'}}], responses: {200: {schema: {items: {$ref: '#/definitions/No'}}}, 404: {$ref: '#/responses/No'}}}}\ndefinitions: {A: {discriminator: kind, properties: {kind: {}}}}",
            &[
                "#/paths/~1a/get/parameters/0/$ref: ",
                "#/paths/~1a/get/parameters/1/schema/$ref: ",
                "#/paths/~1a/get/responses/200/schema/items/$ref: ",
                "#/paths/~1a/get/responses/404/$ref: ",
            ],
        ),
    ]);
}

/// Wherever the specification has a reference, one that leads nowhere is found there.
#[test]
fn references_are_found_wherever_they_may_stand() {
    let dangling = json!({"$ref": "#/nowhere"});
    let places = [
        "/paths/~1a",
        "/paths/~1a/parameters/0",
        "/paths/~1a/get/parameters/0/schema",
        "/paths/~1a/get/parameters/0/content/a/schema",
        "/paths/~1a/get/requestBody",
        "/paths/~1a/get/requestBody/content/application~1json/schema",
        "/paths/~1a/get/requestBody/content/a/encoding/b/headers/x-c",
        "/paths/~1a/get/responses/default",
        "/paths/~1a/get/responses/200/headers/x-a",
        "/paths/~1a/get/responses/200/headers/x-a/schema",
        "/paths/~1a/get/responses/200/links/a",
        "/paths/~1a/get/responses/200/content/a/schema",
        "/paths/~1a/get/callbacks/a",
        "/paths/~1a/get/callbacks/a/{$request.body}",
        "/paths/~1a/get/callbacks/a/{$request.body}/post/requestBody",
        "/webhooks/x-a/post/requestBody",
        "/components/schemas/x-a",
        "/components/schemas/A/properties/x-a",
        "/components/schemas/A/properties/$ref",
        "/components/schemas/A/properties/properties/properties/enum",
        "/components/schemas/A/properties/example",
        "/components/schemas/A/allOf/0",
        "/components/schemas/A/anyOf/0",
        "/components/schemas/A/oneOf/0",
        "/components/schemas/A/items",
        "/components/schemas/A/items/0",
        "/components/schemas/A/not",
        "/components/schemas/A/additionalProperties",
        "/components/schemas/A/patternProperties/^x-",
        "/components/schemas/A/$defs/default",
        "/components/schemas/A/definitions/const",
        "/components/schemas/A/dependentSchemas/a",
        "/components/schemas/A/prefixItems/0",
        "/components/schemas/A/if",
        "/components/schemas/A/then",
        "/components/schemas/A/else",
        "/components/schemas/A/contains",
        "/components/schemas/A/propertyNames",
        "/components/schemas/A/unevaluatedItems",
        "/components/schemas/A/unevaluatedProperties",
        "/components/schemas/A/contentSchema",
        "/components/responses/A",
        "/components/parameters/A",
        "/components/requestBodies/A",
        "/components/headers/A",
        "/components/securitySchemes/A",
        "/components/links/A",
        "/components/callbacks/A",
        "/components/pathItems/A",
    ];
    for place in places {
        let value = planted(place, &dangling);
        let found = Document::from_value(value, "a").unwrap().check().unwrap_err();
        let found: Vec<_> = found.iter().map(Problem::to_string).collect();
        assert_eq!(found.len(), 1, "{place}: {found:#?}");
        let expected = format!("#{place}/$ref: \"#/nowhere\" does not resolve");
        assert!(found[0].starts_with(&expected), "{place}: {found:#?}");
    }
    let named_example = json!({"$ref": "#/components/examples/No"});
    let value = planted("/paths/~1a/get/responses/200/content/a/examples/b", &named_example);
    assert!(Document::from_value(value, "a").unwrap().check().is_err());
}

/// What looks like a reference in data is data.
#[test]
fn data_is_not_description() {
    let looks_like = json!({"$ref": "#/nowhere", "discriminator": {"mapping": {"a": "#/nowhere"}}});
    for place in [
        "/x-a",
        "/info/x-a",
        "/paths/x-a",
        "/paths/~1a/x-a",
        "/paths/~1a/get/x-a",
        "/paths/~1a/get/responses/x-a",
        "/paths/~1a/get/parameters/0/example",
        "/paths/~1a/get/parameters/0/examples/a",
        "/paths/~1a/get/parameters/0/examples/a/value",
        "/paths/~1a/get/responses/200/content/a/example",
        "/paths/~1a/get/responses/200/content/a/examples",
        "/paths/~1a/get/responses/200/content/a/examples/a",
        "/paths/~1a/get/responses/200/content/a/examples/a/value",
        "/components/examples/A",
        "/components/examples/A/value",
        "/components/x-a/A",
        "/components/schemas/A/x-a",
        "/components/schemas/A/example",
        "/components/schemas/A/examples/0",
        "/components/schemas/A/default",
        "/components/schemas/A/default/properties/a",
        "/components/schemas/A/enum/0",
        "/components/schemas/A/const",
        "/components/schemas/A/properties/b/enum/0",
    ] {
        let document = Document::from_value(planted(place, &looks_like), "a").unwrap();
        assert_eq!(document.check(), Ok(()), "{place}");
    }
    let swagger = json!({"swagger": "2.0", "paths": {"/a": {"get": {"responses": {"200": {
        "description": "", "examples": {"application/json": looks_like}
    }}}}}});
    assert_eq!(Document::from_value(swagger, "a").unwrap().check(), Ok(()));
}

/// Properties may be named like keywords.
#[test]
fn names_are_not_keywords() {
    table(&[(
        "openapi: 3.1.0
components:
  schemas:
    A:
      required: [$ref, enum]
      properties:
        $ref: {type: string}
        enum: {type: array, items: {$ref: '#/components/schemas/default'}}
        example: {type: string}
        default: {$ref: '#/components/schemas/default'}
        discriminator: {type: object, properties: {mapping: {type: string}}}
        properties: {type: object}
        items: true
        allOf: {type: string}
    default: {type: string}
    $ref: {type: string}
  responses:
    $ref: {description: a response of that name}
",
        &[],
    )]);
}

/// An empty document with a value planted at that place, and objects and lists on the way.
fn planted(place: &str, value: &Value) -> Value {
    let mut root = json!({"openapi": "3.1.0"});
    let mut here = &mut root;
    let tokens: Vec<_> = place.split('/').skip(1).map(|token| token.replace("~1", "/")).collect();
    for (position, token) in tokens.iter().enumerate() {
        let next = tokens.get(position + 1).map(String::as_str);
        let fresh = if next == Some("0") { json!([]) } else { json!({}) };
        here = match here {
            Value::Array(list) => {
                list.push(fresh);
                &mut list[0]
            }
            other => {
                other[token.as_str()] = fresh;
                &mut other[token.as_str()]
            }
        };
    }
    *here = value.clone();
    root
}

#[test]
fn targets_outside_the_structure_are_walked_as_what_they_are_used_as() {
    table(&[(
        "openapi: 3.0.0
x-shared: {A: {properties: {b: {$ref: '#/x-shared/B'}, c: {$ref: '#/x-shared/No'}}}, B: {items: {$ref: '#/x-shared/A'}}}
components: {schemas: {A: {$ref: '#/x-shared/A'}}}",
        &["#/x-shared/A/properties/c/$ref: "],
    )]);
}

#[test]
fn cycles() {
    table(&[
        // Through a property, an element or a part a schema may contain itself.
        (
            "openapi: 3.0.0\ncomponents: {schemas: {A: {properties: {a: {$ref: '#/components/schemas/A'}}, items: {$ref: '#/components/schemas/B'}}, B: {oneOf: [{$ref: '#/components/schemas/A'}]}, C: {$ref: '#/components/schemas/A'}}}",
            &[],
        ),
        (
            "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: '#/components/schemas/A'}}}",
            &[
                "#/components/schemas/A: references lead in a circle (#/components/schemas/A -> #/components/schemas/A); let one of them lead to a value",
            ],
        ),
        // One circle is one problem, whatever leads into it.
        (
            "openapi: 3.0.0\ncomponents: {schemas: {0: {$ref: '#/components/schemas/C'}, A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/C'}, C: {$ref: '#/components/schemas/A'}, D: {items: {$ref: '#/components/schemas/B'}}}}",
            &[
                "#/components/schemas/A: references lead in a circle (#/components/schemas/A -> #/components/schemas/B -> #/components/schemas/C -> #/components/schemas/A)",
            ],
        ),
        (
            "openapi: 3.0.0\npaths: {/a: {$ref: '#/paths/~1b'}, /b: {$ref: '#/paths/~1a'}}\ncomponents: {parameters: {A: {$ref: '#/components/parameters/A'}}}",
            &[
                "#/components/parameters/A: references lead in a circle",
                "#/paths/~1a: references lead in a circle (#/paths/~1a -> #/paths/~1b -> #/paths/~1a)",
            ],
        ),
    ]);
}

#[test]
fn long_chains_are_found_without_delay() {
    let chain = |length: usize| {
        let schemas: serde_json::Map<_, _> = (0..length)
            .map(|link| {
                let target = format!("#/components/schemas/S{}", link + 1);
                (format!("S{link}"), json!({"$ref": target}))
            })
            .chain([(format!("S{length}"), json!({}))])
            .collect();
        let root = json!({"openapi": "3.0.0", "components": {"schemas": schemas}});
        Document::from_value(root, "a").unwrap().check()
    };
    assert_eq!(chain(100), Ok(()));
    for length in [101, 50_000] {
        let found = chain(length).unwrap_err();
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].to_string().contains("more than 100 times"), "{found:#?}");
    }
}

#[test]
fn operation_ids() {
    table(&[
        (
            "openapi: 3.1.0
paths:
  /a: {get: {operationId: x}, post: {operationId: y, callbacks: {c: {'{$url}': {post: {operationId: x}}}}}}
  /b: {$ref: '#/paths/~1a'}
  /c: {get: {operationId: X}, put: {}}
webhooks: {w: {post: {operationId: x}}}
",
            &[
                "#/paths/~1a/post/callbacks/c/{$url}/post: the operationId \"x\" is that of #/paths/~1a/get, too; rename one of them",
                "#/webhooks/w/post: the operationId \"x\" is that of #/paths/~1a/get, too",
            ],
        ),
        (
            "openapi: 3.0.0\npaths: {/a: {get: {operationId: 1}}}",
            &["#/paths/~1a/get/operationId: expected a text, found the number 1"],
        ),
    ]);
    let document = load("openapi: 3.0.0\npaths: {/a: {get: {}, post: {operationId: x}}}");
    assert_eq!(document.check(), Ok(()));
    let strict = Check::default().operation_ids_required(true);
    let found = document.check_with(strict).unwrap_err();
    assert_eq!(found[0].to_string(), "#/paths/~1a/get: the operation has no operationId; give it one");
    assert_eq!(found.len(), 1);
}

#[test]
fn path_parameters() {
    table(&[
        (
            "openapi: 3.0.0
paths:
  /a/{b}/{c}:
    parameters: [{name: b, in: path}, {name: d, in: path}, {name: q, in: query}]
    get: {parameters: [{name: c, in: path}]}
    put: {parameters: [{name: c, in: query}, {name: e, in: path}]}
",
            &[
                "#/paths/~1a~1{b}~1{c}/parameters/1: the path parameter \"d\" does not occur in /a/{b}/{c}; remove it or name it there",
                "#/paths/~1a~1{b}~1{c}/put: /a/{b}/{c} names the parameter {c}, which is not declared; declare it with `in: path`",
                "#/paths/~1a~1{b}~1{c}/put/parameters/1: the path parameter \"e\" does not occur",
            ],
        ),
        // What cannot be read is one problem, not two.
        (
            "openapi: 3.0.0\npaths: {'/a/{b}': {get: {parameters: [{$ref: '#/components/parameters/B'}]}}}",
            &["#/paths/~1a~1{b}/get/parameters/0/$ref: "],
        ),
        (
            "openapi: 3.0.0\npaths: {'/a/{b': {}, '/a/b}': {}, '/a/{}': {}, '/{a}/{a}': {}, '/{a}}': {}, b: {}, x-b: {}}",
            &[
                "#/paths/b: expected a path that begins with `/`, found an empty object",
                "#/paths/~1a~1b}: /a/b} is not a path template: `}` without `{` before it",
                "#/paths/~1a~1{b: /a/{b is not a path template: `{` without `}` after it",
                "#/paths/~1a~1{}: /a/{} is not a path template: `{}` names no parameter",
                "#/paths/~1{a}}: /{a}} is not a path template: `}` without",
                "#/paths/~1{a}~1{a}: /{a}/{a} is not a path template: {a} stands in it twice",
            ],
        ),
    ]);
}

#[test]
fn discriminator_mappings() {
    table(&[(
        "openapi: 3.0.0
components:
  schemas:
    A:
      discriminator:
        propertyName: kind
        mapping: {a: A, b: '#/components/schemas/A', c: C, d: '#/components/schemas/D', e: other.yaml, f: 1}
    B: {discriminator: {propertyName: kind, mapping: []}}
    C.D: {discriminator: {propertyName: kind, mapping: {x: C.D}}}
    E: {discriminator: {propertyName: kind}}
",
        &[
            "#/components/schemas/A/discriminator/mapping/c: no schema is named \"C\"; correct the name or add it",
            "#/components/schemas/A/discriminator/mapping/d: \"#/components/schemas/D\" does not resolve",
            "#/components/schemas/A/discriminator/mapping/e: \"other.yaml\" leads out of the document",
            "#/components/schemas/A/discriminator/mapping/f: expected a text, found the number 1",
            "#/components/schemas/B/discriminator/mapping: expected an object, found a list of 0",
        ],
    )]);
}

#[test]
fn shapes() {
    table(&[
        (
            "openapi: 3.0.0\npaths: []\ncomponents: 1\nwebhooks: ~",
            &[
                "#/components: expected an object, found the number 1",
                "#/paths: expected an object, found a list of 0",
                "#/webhooks: expected an object, found nothing (null)",
            ],
        ),
        (
            "openapi: 3.0.0\npaths: {/a: {get: 1, put: {parameters: {}, responses: {$ref: '#/components'}}, post: {$ref: '#/paths/~1a/put'}}}\ncomponents: {schemas: {A: text, B: {properties: {$ref: '#/components/schemas/A'}, allOf: {}}}}",
            &[
                "#/components/schemas/A: expected a schema (an object), found the text \"text\"",
                "#/components/schemas/B/allOf: expected a list, found an empty object",
                "#/components/schemas/B/properties/$ref: expected a schema (an object), found the text",
                "#/paths/~1a/get: expected an object, found the number 1",
                "#/paths/~1a/post/$ref: expected no reference here: write the object itself, found the text",
                "#/paths/~1a/put/parameters: expected a list, found an empty object",
                "#/paths/~1a/put/responses/$ref: expected an object, found the text",
            ],
        ),
    ]);
}

/// Objects of keywords and references in any arrangement, sensible or not.
fn any_description() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(1)),
        "[a-b{}/]{0,4}".prop_map(Value::from),
        "#(/(paths|components|schemas|a|~1a|0|get|\\$ref|%|~)){0,3}".prop_map(Value::from),
    ];
    let keys = "paths|/a|/[{]a[}]|get|put|parameters|name|in|components|schemas|a|properties|items|\\$ref|allOf|discriminator|mapping|operationId|responses|200|content|callbacks";
    leaf.prop_recursive(7, 60, 5, move |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => proptest::collection::btree_map(keys, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_description_is_checked(paths in any_description(), schemas in any_description()) {
        let root = json!({
            "openapi": "3.1.0",
            "paths": {"/a": paths, "/{a}": {"$ref": "#/paths/~1a"}},
            "components": {"schemas": {"a": schemas}},
        });
        let document = Document::from_value(root, "any").unwrap();
        for operation in document.operations() {
            prop_assert_eq!(operation.pointer.resolve(document.root()), Some(operation.value));
        }
        let checked = document.check();
        prop_assert_eq!(&checked, &document.check());
        for problem in checked.err().into_iter().flatten() {
            let place = problem.place();
            prop_assert!(place.resolve(document.root()).is_some(), "{}", problem);
        }
    }
}
