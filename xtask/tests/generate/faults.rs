//! Faults in what `generate` reads, and in where it writes: each is refused, with what, where and what to do.

use super::*;

/// A fault that generate must refuse.
struct Fault {
    name: &'static str,
    plant: fn(&Workspace),
    /// What stderr must contain: what is wrong, and the exact place.
    says: &'static [&'static str],
}

/// Plants each fault in a copy of its own: generate fails and leaves every file as it is.
fn refused(faults: &[Fault]) {
    let mut wrong = Vec::new();
    for Fault { name, plant, says } in faults {
        let workspace = Workspace::new();
        plant(&workspace);
        let before = workspace.snapshot();
        for arguments in [&["generate"][..], &["generate", "--check"]] {
            let run = workspace.xtask(arguments);
            let mut problems: Vec<String> =
                differences(&before, &workspace.snapshot()).first().into_iter().cloned().collect();
            if run.code != Some(100) {
                problems.push(format!("exit code {:?}, not 100", run.code));
            }
            // What, where, what to do.
            for part in ["error: ", "\n  at: ", "\n  do: "].iter().chain(*says) {
                if !run.stderr.contains(part) {
                    problems.push(format!("stderr does not say {part:?}"));
                }
            }
            if !run.stdout.is_empty() {
                problems.push("stdout is not empty".to_owned());
            }
            if !problems.is_empty() {
                wrong.push(format!("{name}, {arguments:?}: {}\n{}", problems.join("; "), run.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn bad_documents_are_refused() {
    refused(&[
        Fault {
            name: "cut-off JSON",
            plant: |workspace| workspace.write(DOCUMENT, "{\n  \"openapi\": \"3.0.3\",\n  \"info\": {"),
            says: &["at: openapi/2025-05-01/openapi.json", "openapi/2025-05-01/openapi.json:3:"],
        },
        Fault {
            name: "neither JSON nor YAML",
            plant: |workspace| workspace.write(DOCUMENT, "openapi: 3.0.3\npaths: [\n"),
            says: &["openapi/2025-05-01/openapi.json:", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "no text",
            plant: |workspace| workspace.write(DOCUMENT, b"{\"openapi\": \"\xff\"}"),
            says: &["not UTF-8", "openapi/2025-05-01/openapi.json:1:14"],
        },
        Fault {
            name: "a key twice",
            plant: |workspace| {
                workspace.replace(
                    DOCUMENT,
                    "\"openapi\": \"3.0.3\",",
                    "\"openapi\": \"3.0.3\", \"openapi\": \"3.0.3\",",
                )
            },
            says: &["the key \"openapi\" stands twice", "openapi/2025-05-01/openapi.json:2:"],
        },
        Fault {
            name: "no document",
            plant: |workspace| std::fs::remove_file(workspace.path(DOCUMENT)).unwrap(),
            says: &["openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "not OpenAPI",
            plant: |workspace| workspace.edit(|document| _ = document.as_object_mut().unwrap().remove("openapi")),
            says: &["not an OpenAPI document", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "OpenAPI 3.1",
            plant: |workspace| workspace.edit(|document| document["openapi"] = "3.1.0".into()),
            says: &["OpenAPI 3.1.0", "OpenAPI 3.0", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "OpenAPI 4.0",
            plant: |workspace| workspace.edit(|document| document["openapi"] = "4.0.0".into()),
            says: &["4.0.0", "not supported", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "Swagger 2.0",
            plant: |workspace| {
                workspace.edit(|document| {
                    document.as_object_mut().unwrap().remove("openapi");
                    document["swagger"] = "2.0".into();
                });
            },
            says: &["Swagger 2.0", "OpenAPI 3.0", "at: openapi/2025-05-01/openapi.json"],
        },
        Fault {
            name: "unresolved references of all kinds, told at once",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "AgentThread")["properties"]["owner"] =
                        json!({ "$ref": "#/components/schemas/Owner" });
                    schema(document, "ToolDefinition")["discriminator"]["mapping"]["x"] =
                        "#/components/schemas/X".into();
                    let get = &mut document["paths"]["/threads"]["get"];
                    get["parameters"][0]["$ref"] = "#/components/parameters/Gone".into();
                    get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"] =
                        "elsewhere.json#/A".into();
                });
            },
            says: &[
                "#/components/schemas/AgentThread/properties/owner/$ref: \"#/components/schemas/Owner\" does not resolve",
                "#/components/schemas/ToolDefinition/discriminator/mapping/x: \"#/components/schemas/X\" does not resolve",
                "#/paths/~1threads/get/parameters/0/$ref: \"#/components/parameters/Gone\" does not resolve",
                "#/paths/~1threads/get/responses/200/content/application~1json/schema/$ref: \"elsewhere.json#/A\" leads out",
                "at: openapi/2025-05-01/openapi.json",
            ],
        },
        Fault {
            name: "an operationId twice",
            plant: |workspace| {
                workspace.edit(|document| document["paths"]["/threads"]["post"]["operationId"] = "Threads_list".into());
            },
            says: &["\"Threads_list\"", "#/paths/~1threads/get", "#/paths/~1threads/post"],
        },
        Fault {
            name: "no operationId",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads"]["post"].as_object_mut().unwrap().remove("operationId");
                });
            },
            says: &["#/paths/~1threads/post: the operation has no operationId"],
        },
        Fault {
            name: "an undeclared path parameter",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads/{kind}/x"] =
                        json!({ "get": operation("Threads_x", "Threads", a_thread()) })
                });
            },
            says: &["#/paths/~1threads~1{kind}~1x/get", "{kind}"],
        },
        Fault {
            name: "success answers of two types",
            plant: |workspace| {
                workspace.edit(|document| {
                    let responses = &mut document["paths"]["/threads"]["post"]["responses"];
                    responses["201"] = responses["200"].clone();
                    responses["201"]["content"]["application/json"]["schema"]["$ref"] =
                        "#/components/schemas/ThreadRun".into();
                });
            },
            says: &["201", "at: POST /threads\n"],
        },
        Fault {
            name: "an operation that only a reference leads to",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["x-items"] = json!({ "Far": { "get": operation("Threads_far", "Threads", a_thread()) } });
                    document["paths"]["/far"] = json!({ "$ref": "#/x-items/Far" });
                });
            },
            says: &["/far"],
        },
        Fault {
            name: "paging that is not told in full",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads"]["get"]["x-paging"].as_object_mut().unwrap().remove("hasMore");
                });
            },
            says: &["hasMore", "at: GET /threads\n"],
        },
        Fault {
            name: "a paging style nobody knows",
            plant: |workspace| {
                workspace.edit(|document| document["paths"]["/threads"]["get"]["x-paging"]["style"] = "scroll".into());
            },
            says: &["scroll", "at: GET /threads\n"],
        },
    ]);
}

#[test]
fn bad_overlays_are_refused() {
    refused(&[
        Fault {
            name: "an action that matches nothing",
            plant: |workspace| {
                workspace.add_action("target: $.components.schemas.Gone\ndescription: x\nupdate: { description: x }");
            },
            says: &[
                "(target $.components.schemas.Gone)",
                "matches nothing",
                "#/components/schemas has no \"Gone\"",
                "at: openapi/2025-05-01/overlay.yaml",
            ],
        },
        Fault {
            name: "a query that matches nothing",
            plant: |workspace| {
                workspace.add_action("target: $.paths.*.get.parameters[?@.name=='gone']\ndescription: x\nremove: true");
            },
            says: &["$.paths.*.get.parameters[?@.name=='gone']", "matches nothing"],
        },
        Fault {
            name: "bad YAML",
            plant: |workspace| workspace.write(OVERLAY, "overlay: 1.0.0\ninfo: [\nactions:\n"),
            says: &["openapi/2025-05-01/overlay.yaml:", "at: openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "a bad JSONPath",
            plant: |workspace| workspace.add_action("target: $.paths[\ndescription: x\nremove: true"),
            says: &["(target $.paths[)", "not a JSONPath", "at: openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "no description",
            plant: |workspace| workspace.add_action("target: $.info\nupdate: { title: x }"),
            says: &["(target $.info)", "no `description`"],
        },
        Fault {
            name: "an action by its number",
            plant: |workspace| {
                workspace.write(OVERLAY, "overlay: 1.0.0\ninfo: { title: t, version: '1' }\nactions:\n  - { target: $.info, description: x, update: {} }\n  - { target: $.gone, description: x, remove: true }\n");
            },
            says: &["action 2 (target $.gone)"],
        },
        Fault {
            name: "an unknown key",
            plant: |workspace| workspace.add_action("target: $.info\ndescription: x\nupdates: { title: x }"),
            says: &["(target $.info)", "\"updates\""],
        },
        Fault {
            name: "no overlay",
            plant: |workspace| std::fs::remove_file(workspace.path(OVERLAY)).unwrap(),
            says: &["openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "one that takes away what is referred to",
            plant: |workspace| {
                workspace.add_action("target: $.components.schemas.ListSortOrder\ndescription: x\nremove: true");
            },
            says: &["\"#/components/schemas/ListSortOrder\" does not resolve", "after openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "one that makes another version of it",
            plant: |workspace| workspace.add_action("target: $\ndescription: x\nupdate: { openapi: 3.1.0 }"),
            says: &["OpenAPI 3.1.0", "after openapi/2025-05-01/overlay.yaml"],
        },
        Fault {
            name: "a description of a property that is not there",
            plant: |workspace| {
                workspace.add_action(
                    "target: $.components.schemas.AgentThread\ndescription: x\nupdate: { properties: { gone: { description: x } } }",
                );
            },
            says: &["(target $.components.schemas.AgentThread)", "`gone`", "at: openapi/2025-05-01/overlay.yaml"],
        },
    ]);
}

#[test]
fn names_that_collide_or_cannot_be_are_refused() {
    refused(&[
        Fault {
            name: "two schemas",
            plant: |workspace| add_schema(workspace, "agent_thread", json!({ "type": "string" })),
            says: &["`AgentThread` and `agent_thread` would both be `AgentThread`", "[schemas] agent_thread", NAMES],
        },
        Fault {
            name: "two operations",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("threads_list", "Threads", a_thread()) })
                });
            },
            says: &["`Threads_list`", "`threads_list`", "[operations] ", NAMES],
        },
        Fault {
            name: "an operation and the streaming twin of another",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Runs_createStream", "Runs", a_thread()) })
                });
            },
            says: &["`Runs_createStream` and the streaming twin of `Runs_create` would both be", "at: GET /x\n"],
        },
        Fault {
            name: "two properties",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "AgentThread")["properties"]["toolResources"] = json!({ "type": "string" });
                });
            },
            says: &[
                "`tool_resources` and `toolResources` would both be `tool_resources`",
                "at: #/components/schemas/AgentThread/properties/toolResources",
            ],
        },
        Fault {
            name: "two enum values",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ListSortOrder")["enum"].as_array_mut().unwrap().push("ASC".into())
                });
            },
            says: &["`asc` and `ASC` would both be `Asc`", "at: #/components/schemas/ListSortOrder"],
        },
        Fault {
            name: "two branches of a union",
            plant: |workspace| {
                workspace.edit(|document| {
                    let union = schema(document, "ToolDefinition");
                    union["oneOf"].as_array_mut().unwrap().push(a_thread());
                    union["discriminator"]["mapping"]["fileSearch"] = "#/components/schemas/AgentThread".into();
                });
            },
            says: &["`FileSearch`", "at: #/components/schemas/ToolDefinition"],
        },
        Fault {
            name: "two parameters of an operation",
            plant: |workspace| {
                add_parameter(workspace, "sortKey", json!({ "type": "string" }));
                add_parameter(workspace, "sort_key", json!({ "type": "string" }));
            },
            says: &["`sortKey` and `sort_key`", "at: GET /threads\n"],
        },
        Fault {
            name: "a parameter and the body",
            plant: |workspace| {
                workspace.edit(|document| {
                    let parameters = document["paths"]["/threads"]["post"]["parameters"].as_array_mut().unwrap();
                    parameters.push(json!({ "name": "Body", "in": "query", "schema": { "type": "string" } }));
                });
            },
            says: &["`Body`", "would both be `body`", "at: POST /threads\n"],
        },
        Fault {
            name: "a parameter that is called like a variable of the method",
            plant: |workspace| add_parameter(workspace, "url", json!({ "type": "string" })),
            says: &["`url`"],
        },
        Fault {
            name: "the group of what no operation reaches",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Other_get", "Unreferenced", a_thread()) })
                });
            },
            says: &["would both be `unreferenced`", "at: GET /x\n"],
        },
        Fault {
            name: "two groups",
            plant: |workspace| {
                workspace.edit(|document| {
                    let thread = schema(document, "AgentThread").clone();
                    document["components"]["schemas"]["Other"] = thread;
                    let other = json!({ "$ref": "#/components/schemas/Other" });
                    document["paths"]["/x"] = json!({ "get": operation("Other_get", "threads", other) });
                });
            },
            says: &["`Threads` and `threads` would both be `threads`", "at: GET /x\n"],
        },
        Fault {
            name: "a group that is a keyword",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Other_get", "Type", a_thread()) })
                });
            },
            says: &["`type`", "at: GET /x\n"],
        },
        Fault {
            name: "two modules",
            plant: |workspace| {
                for file in ["openapi.json", "overlay.yaml", "names.toml"] {
                    workspace.write(&format!("openapi/v9/{file}"), workspace.read(&format!("openapi/{API}/{file}")));
                }
                workspace.append(SOURCES, "\n[api.v9]\nmodule = \"v2025_05_01\"\nfeature = \"v9\"\nfacts = \"x\"\n");
            },
            says: &["`2025-05-01` and `v9` would both be the module `v2025_05_01`", "at: openapi/sources.toml, api.v9"],
        },
        Fault {
            name: "a schema with the name of something that generated code uses",
            plant: |workspace| add_schema(workspace, "Option", json!({ "type": "string" })),
            says: &["`Option` cannot be a name", "[schemas] Option"],
        },
        Fault {
            name: "a schema with the name of a trait that generated code uses",
            plant: |workspace| add_schema(workspace, "Into", json!({ "type": "string" })),
            says: &["`Into` cannot be a name", "[schemas] Into"],
        },
        Fault {
            name: "a property with the name of what keeps unknown ones",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "properties": { "extra": { "type": "string" } } }),
                );
            },
            says: &["`extra` cannot be a name", "property `extra` of Bag"],
        },
        Fault {
            name: "a property whose setter would be the constructor",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "properties": { "new": { "type": "string" } } }),
                );
            },
            says: &["`new` cannot be a name", "property `new` of Bag"],
        },
        Fault {
            name: "an enum value that would be the unknown one",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Mood",
                    json!({ "type": "string", "enum": ["glad", "unknown"], "x-extensible-enum": true }),
                )
            },
            says: &["`Unknown` cannot be a name", "value `unknown` of Mood"],
        },
        Fault {
            name: "an enum value without a letter",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Mood",
                    json!({ "type": "string", "enum": ["a", "-"], "x-extensible-enum": true }),
                )
            },
            says: &["cannot be a name", "value `-` of Mood"],
        },
    ]);
}

#[test]
fn bad_names_files_are_refused() {
    refused(&[
        Fault {
            name: "a changed name",
            plant: |workspace| workspace.replace(NAMES, "AgentThread = \"AgentThread\"", "AgentThread = \"Thread\""),
            says: &["`Thread`", "`AgentThread`", "at: openapi/2025-05-01/names.toml, [schemas] AgentThread"],
        },
        Fault {
            name: "a changed operation",
            plant: |workspace| {
                workspace.replace(NAMES, "Threads_list = \"threads_list\"", "Threads_list = \"list_threads\"")
            },
            says: &["`list_threads`", "at: openapi/2025-05-01/names.toml, [operations] Threads_list"],
        },
        Fault {
            name: "a schema that is gone",
            plant: |workspace| workspace.replace(NAMES, "[schemas]\n", "[schemas]\nGone = \"Gone\"\n"),
            says: &["no `Gone` any more", "at: openapi/2025-05-01/names.toml, [schemas] Gone"],
        },
        Fault {
            name: "an operation that is gone from the document",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads/{threadId}"].as_object_mut().unwrap().remove("delete");
                });
                // Its documentation would be the first to miss it.
                workspace.replace(OVERLAY, "$.paths['/threads/{threadId}'].delete", "$.info");
            },
            says: &[
                "no `Threads_deleteThread` any more",
                "at: openapi/2025-05-01/names.toml, [operations] Threads_deleteThread",
            ],
        },
        Fault {
            name: "a chosen schema that is gone",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.schemas]\nGone = \"Gone\"\n"),
            says: &["no `Gone` any more", "Gone", NAMES],
        },
        Fault {
            name: "a chosen field that is gone",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.fields]\n\"AgentThread.gone\" = \"away\"\n"),
            says: &[
                "no `AgentThread.gone` any more",
                "at: openapi/2025-05-01/names.toml, [chosen.fields] AgentThread.gone",
            ],
        },
        Fault {
            name: "a chosen variant that is gone",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.variants]\n\"ListSortOrder.gone\" = \"Away\"\n"),
            says: &[
                "no `ListSortOrder.gone` any more",
                "at: openapi/2025-05-01/names.toml, [chosen.variants] ListSortOrder.gone",
            ],
        },
        Fault {
            name: "a schema's invalid name",
            plant: |workspace| {
                workspace.replace(NAMES, "AgentThread = \"AgentThread\"\n", "");
                workspace.append(NAMES, "\n[chosen.schemas]\nAgentThread = \"1st\"\n");
            },
            says: &["`1st` cannot be a name", "AgentThread"],
        },
        Fault {
            name: "a keyword for an operation",
            plant: |workspace| {
                workspace.replace(NAMES, "Threads_list = \"threads_list\"\n", "");
                workspace.append(NAMES, "\n[chosen.operations]\nThreads_list = \"loop\"\n");
            },
            says: &["`loop` cannot be a name", "Threads_list"],
        },
        Fault {
            name: "a field's invalid name",
            plant: |workspace| workspace.append(NAMES, "\n[chosen.fields]\n\"AgentThread.metadata\" = \"meta-data\"\n"),
            says: &["`meta-data` cannot be a name", "property `metadata` of AgentThread", NAMES],
        },
        Fault {
            name: "a name that is no text",
            plant: |workspace| workspace.replace(NAMES, "[schemas]\n", "[schemas]\nAgentThread = 5\n"),
            says: &["at: openapi/2025-05-01/names.toml, line "],
        },
        Fault {
            name: "bad TOML",
            plant: |workspace| workspace.replace(NAMES, "[schemas]\n", "[schemas\n"),
            says: &["at: openapi/2025-05-01/names.toml, line 1"],
        },
        Fault {
            name: "an unknown section",
            plant: |workspace| workspace.append(NAMES, "\n[shemas]\nA = \"A\"\n"),
            says: &["shemas", NAMES],
        },
    ]);
}

#[test]
fn bad_sources_are_refused() {
    refused(&[
        Fault {
            name: "a recorded pass that matches nothing any more",
            plant: |workspace| {
                let document = workspace.read(DOCUMENT);
                workspace.write(DOCUMENT, document.replace("application/merge-patch+json", "application/json"));
            },
            says: &["`merge-patch-as-json` matched nothing", "at: openapi/sources.toml, passes of 2025-05-01"],
        },
        Fault {
            name: "a pass that there is not",
            plant: |workspace| workspace.replace(SOURCES, "passes = [", "passes = [\n    \"tidy-up\","),
            says: &["no pass `tidy-up`", "at: openapi/sources.toml, passes of 2025-05-01"],
        },
        Fault {
            name: "a key that there is not",
            plant: |workspace| workspace.replace(SOURCES, "feature =", "featur ="),
            says: &["featur", "at: openapi/sources.toml"],
        },
        Fault {
            name: "bad TOML",
            plant: |workspace| workspace.append(SOURCES, "\n[api"),
            says: &["at: openapi/sources.toml"],
        },
        Fault {
            name: "an API without a folder",
            plant: |workspace| {
                workspace.append(SOURCES, "\n[api.v9]\nmodule = \"v9\"\nfeature = \"v9\"\nfacts = \"x\"\n")
            },
            says: &["openapi/v9/openapi.json"],
        },
    ]);
}

#[test]
fn schemas_that_cannot_be_typed_are_refused() {
    refused(&[
        Fault {
            name: "an inline object",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "AgentThread")["properties"]["owner"] =
                        json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                });
            },
            says: &["an inline object", "at: #/components/schemas/AgentThread/properties/owner"],
        },
        Fault {
            name: "an inline object in a list in a map",
            plant: |workspace| {
                let object = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "properties": { "deep": {
                        "type": "object", "additionalProperties": { "type": "array", "items": object },
                    } } }),
                );
            },
            says: &["an inline object", "at: #/components/schemas/Bag/properties/deep"],
        },
        Fault {
            name: "allOf of two",
            plant: |workspace| add_schema(workspace, "Bag", json!({ "allOf": [a_thread(), { "type": "object" }] })),
            says: &["`allOf`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "properties beside allOf",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({ "type": "object", "allOf": [a_thread()], "properties": { "name": { "type": "string" } } }),
                );
            },
            says: &["`allOf`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "properties beside anyOf",
            plant: |workspace| {
                add_schema(
                    workspace,
                    "Bag",
                    json!({
                        "type": "object", "properties": { "name": { "type": "string" } },
                        "anyOf": [a_thread(), { "type": "string" }],
                    }),
                );
            },
            says: &["`anyOf`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "a number among strings",
            plant: |workspace| add_schema(workspace, "Size", json!({ "type": "string", "enum": [1, "2"] })),
            says: &["no string: 1", "at: #/components/schemas/Size"],
        },
        Fault {
            name: "an enum without values",
            plant: |workspace| add_schema(workspace, "Size", json!({ "type": "string", "enum": [] })),
            says: &["an enum without values", "at: #/components/schemas/Size"],
        },
        Fault {
            name: "a description of an enum value that is gone",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ListSortOrder")["x-enum-descriptions"] = json!({ "random": "x" });
                });
            },
            says: &["describes `random`", "at: #/components/schemas/ListSortOrder"],
        },
        Fault {
            name: "a type that there is not",
            plant: |workspace| add_schema(workspace, "Bag", json!({ "type": "file" })),
            says: &["`file`", "at: #/components/schemas/Bag"],
        },
        Fault {
            name: "a union of two numbers",
            plant: |workspace| {
                add_schema(workspace, "Size", json!({ "anyOf": [{ "type": "integer" }, { "type": "number" }] }))
            },
            says: &["the same JSON kind", "at: #/components/schemas/Size"],
        },
        Fault {
            name: "a union of objects that nothing tells apart",
            plant: |workspace| {
                workspace.edit(|document| {
                    let bag =
                        json!({ "type": "object", "required": ["x"], "properties": { "x": { "type": "string" } } });
                    let schemas = &mut document["components"]["schemas"];
                    schemas["OneBag"] = bag.clone();
                    schemas["OtherBag"] = bag;
                    schemas["Bags"] = json!({ "anyOf": [
                        { "$ref": "#/components/schemas/OneBag" }, { "$ref": "#/components/schemas/OtherBag" },
                    ] });
                });
            },
            says: &["OneBag", "OtherBag", "at: #/components/schemas/Bags"],
        },
        Fault {
            name: "a discriminator without a mapping",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "OpenApiAuthDetails")["discriminator"].as_object_mut().unwrap().remove("mapping");
                });
            },
            says: &["a discriminator without a mapping", "at: #/components/schemas/OpenApiAuthDetails"],
        },
        Fault {
            name: "a branch that has no tag",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ToolDefinition")["oneOf"].as_array_mut().unwrap().push(a_thread())
                });
            },
            says: &["AgentThread", "at: #/components/schemas/ToolDefinition"],
        },
        Fault {
            name: "a branch whose tag leads to a bare name",
            plant: |workspace| {
                workspace.edit(|document| {
                    schema(document, "ToolDefinition")["discriminator"]["mapping"]["openapi"] =
                        "OpenApiToolDefinition".into();
                });
            },
            says: &["OpenApiToolDefinition", "at: #/components/schemas/ToolDefinition"],
        },
        Fault {
            name: "an inline object as a body",
            plant: |workspace| {
                workspace.edit(|document| {
                    document["paths"]["/threads"]["post"]["requestBody"]["content"]["application/json"]["schema"] =
                        json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                });
            },
            says: &["an inline object", "POST /threads"],
        },
        Fault {
            name: "an inline object in an answer",
            plant: |workspace| {
                let object = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                workspace.edit(|document| {
                    document["paths"]["/x"] = json!({ "get": operation("Threads_x", "Threads", object) })
                });
            },
            says: &["an inline object", "GET /x"],
        },
    ]);
}

#[test]
fn what_cannot_be_written_leaves_the_old_files() {
    refused_to_write("a file where a folder is needed", "crates/foundry-emulator/openapi", |workspace| {
        std::fs::remove_dir_all(workspace.path("crates/foundry-emulator/openapi")).unwrap();
        workspace.write("crates/foundry-emulator/openapi", "in the way");
    });
    refused_to_write("a folder where a file is needed", SURFACE, |workspace| {
        std::fs::remove_file(workspace.path(SURFACE)).unwrap();
        workspace.write(&format!("{SURFACE}/file"), "in the way");
    });
}

fn refused_to_write(name: &str, place: &str, plant: fn(&Workspace)) {
    let workspace = Workspace::new();
    plant(&workspace);
    // Files before and after the blocked one differ from what would be written.
    workspace.edit(|document| schema(document, "AgentThread")["properties"]["title"] = json!({ "type": "string" }));
    let before = workspace.snapshot();
    let run = workspace.generate();
    assert_eq!(run.code, Some(100), "{name}: {}", run.stdout);
    assert!(run.stderr.contains(place), "{name}: {}", run.stderr);
    assert_eq!(differences(&before, &workspace.snapshot()), Vec::<String>::new(), "{name}");
}
