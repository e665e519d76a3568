//! Operations, servers and what is shared, as published and as our document says it.

use serde_json::{Value, json};

use super::*;

/// One operation after it was converted, and the notes.
fn operation(version: &str, operation: Value) -> (Value, Vec<String>) {
    let known = json!({ "A": { "type": "object", "properties": { "a": { "type": "string" } } } });
    let paths = json!({ "/a": { "post": operation } });
    let converted = convert_value(of_3(version, known, paths)).unwrap();
    (converted.document["paths"]["/a"]["post"].clone(), converted.notes)
}

fn swagger_operation(operation: Value) -> Value {
    let converted = convert_value(swagger(operation, json!({ "A": { "type": "object" } }))).unwrap();
    converted.document["paths"]["/a"]["post"].clone()
}

#[test]
fn operations_of_3_0() {
    let (converted, notes) = operation(
        "3.0.3",
        json!({
            "operationId": "Things_make",
            "summary": "s",
            "parameters": [
                { "name": "a", "in": "query", "schema": { "type": "array", "items": { "type": "string" } }, "description": "d" },
                { "name": "b", "in": "header", "required": true, "schema": { "type": "array", "items": { "type": "string" } } },
                { "name": "c", "in": "query", "style": "form", "explode": true, "schema": { "type": "string" } },
                { "name": "Foundry-Features", "in": "header", "schema": { "type": "string", "enum": ["F=V1Preview"] } },
                { "name": "api-version", "in": "query", "required": true, "schema": { "type": "string", "minLength": 1 } },
            ],
            "requestBody": { "description": "d", "required": true, "content": { "application/json; charset=utf-8": { "schema": reference("A"), "example": 1 } } },
            "responses": {
                "200": { "description": "d", "content": { "application/json": { "schema": reference("A") } }, "links": {} },
                "404": { "description": "d", "content": { "application/json": { "schema": reference("A") } } },
            },
            "x-ms-thing": 1,
        }),
    );
    let list = json!({ "type": "array", "items": { "type": "string" } });
    assert_eq!(
        converted,
        json!({
            "operationId": "Things_make",
            "tags": ["Things"],
            "parameters": [
                { "name": "a", "in": "query", "required": false, "schema": list, "style": "form", "explode": true },
                { "name": "b", "in": "header", "required": true, "schema": list, "style": "simple", "explode": false },
                { "name": "c", "in": "query", "required": false, "schema": { "type": "string" } },
                { "name": "Foundry-Features", "in": "header", "required": false, "schema": { "type": "string", "enum": ["F=V1Preview"] } },
                { "$ref": "#/components/parameters/ApiVersion" },
            ],
            "requestBody": { "required": true, "content": { "application/json": { "schema": reference("A") } } },
            "responses": {
                "200": { "description": "200", "content": { "application/json": { "schema": reference("A") } } },
                "default": { "description": "error", "content": { "application/json": { "schema": reference("A") } } },
            },
            "x-foundry-features": ["F=V1Preview"],
        })
    );
    assert!(notes.iter().any(|note| note.starts_with("left out: `links` of an answer")), "{notes:?}");
    assert!(
        notes.iter().any(|note| note == "left out: `x-ms-thing` of an operation (at #/paths/~1a/post)"),
        "{notes:?}"
    );
}

#[test]
fn bodies_and_lists_of_swagger() {
    let answers = || json!({ "204": { "description": "d" } });
    let of = |parameter: Value, consumes: &[&str]| {
        let operation =
            json!({ "operationId": "A_b", "consumes": consumes, "parameters": [parameter], "responses": answers() });
        swagger_operation(operation)
    };
    let body = || json!({ "name": "b", "in": "body", "required": true, "schema": { "$ref": "#/definitions/A" } });
    for (consumes, media) in [
        (&[][..], "application/json"),
        (&["text/json", "application/json", "application/*+json"], "application/json"),
        (&["application/merge-patch+json"], "application/merge-patch+json"),
    ] {
        let expected = json!({ "required": true, "content": { media: { "schema": reference("A") } } });
        assert_eq!(of(body(), consumes)["requestBody"], expected);
    }
    let bytes = of(json!({ "name": "b", "in": "body", "schema": { "type": "string", "format": "binary" } }), &[]);
    let schema = json!({ "type": "string", "format": "binary" });
    assert_eq!(
        bytes["requestBody"],
        json!({ "required": false, "content": { "application/octet-stream": { "schema": schema } } })
    );

    let form = of(json!({ "name": "f", "in": "formData", "type": "string", "required": true }), &[]);
    assert_eq!(form["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"], reference("BRequest"));

    for (location, format, style, explode) in [
        ("query", "csv", "form", false),
        ("query", "multi", "form", true),
        ("query", "ssv", "spaceDelimited", false),
        ("query", "pipes", "pipeDelimited", false),
        ("header", "csv", "simple", false),
    ] {
        let list = json!({ "name": "l", "in": location, "type": "array", "items": { "type": "string" }, "collectionFormat": format });
        let parameter = of(list, &[])["parameters"][0].clone();
        assert_eq!(
            (&parameter["style"], &parameter["explode"]),
            (&json!(style), &json!(explode)),
            "{location} {format}"
        );
        assert_eq!(parameter["schema"], json!({ "type": "array", "items": { "type": "string" } }));
    }
}

#[test]
fn answers_of_swagger_have_the_media_types_that_are_produced() {
    let answer = |produces: Value, schema: Value| {
        let operation = json!({ "operationId": "A_b", "produces": produces, "responses": { "200": { "description": "d", "schema": schema } } });
        swagger_operation(operation)["responses"]["200"]["content"].clone()
    };
    let a = json!({ "$ref": "#/definitions/A" });
    assert_eq!(answer(json!([]), a.clone()), json!({ "application/json": { "schema": reference("A") } }));
    let both = answer(json!(["application/json", "text/event-stream"]), a);
    assert_eq!(both.as_object().unwrap().keys().collect::<Vec<_>>(), ["application/json", "text/event-stream"]);
    let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
    assert_eq!(
        answer(json!(["application/json"]), json!({ "type": "file" })),
        json!({ "application/octet-stream": bytes })
    );
    assert_eq!(answer(json!(["image/png"]), json!({ "type": "file" })), json!({ "image/png": bytes }));
}

#[test]
fn servers_are_the_projects_endpoint() {
    let server = |more: Value| {
        let mut document = swagger(json!({ "operationId": "A_b", "responses": {} }), json!({}));
        document.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        let converted = convert_value(document).unwrap().document;
        assert_eq!(converted["servers"][0]["url"], "{endpoint}");
        converted["paths"].as_object().unwrap().keys().next().cloned().unwrap()
    };
    for (more, path) in [
        (json!({}), "/a"),
        (json!({ "x-ms-parameterized-host": { "hostTemplate": "{endpoint}", "useSchemePrefix": false } }), "/a"),
        (json!({ "x-ms-parameterized-host": { "hostTemplate": "{endpoint}/api/projects/{projectName}" } }), "/a"),
        (
            json!({ "x-ms-parameterized-host": { "hostTemplate": "{account}.services.ai.azure.com" }, "basePath": "/openai" }),
            "/openai/a",
        ),
        (json!({ "host": "h.example.com", "basePath": "/api/projects/{project}/v2/", "schemes": ["https"] }), "/v2/a"),
        (json!({ "host": "h.example.com", "basePath": "/" }), "/a"),
    ] {
        assert_eq!(server(more.clone()), path, "{more}");
    }
    let mut document = of_3("3.0.3", json!({}), json!({}));
    document["servers"] = json!([{ "url": "{endpoint}/x/{y}" }]);
    assert!(convert_value(document).unwrap_err().contains("has a parameter behind the project's endpoint"));
}

#[test]
fn shared_parameters_and_answers_are_written_where_they_are_used() {
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "v" },
        "webhooks": { "w": { "post": { "responses": {} } } },
        "paths": { "/a/{id}": {
            "summary": "s",
            "parameters": [{ "$ref": "#/components/parameters/Id" }, { "name": "q", "in": "query", "schema": { "type": "string" } }],
            "get": {
                "operationId": "A_get",
                "tags": ["red things"],
                "parameters": [{ "name": "q", "in": "query", "schema": { "type": "integer" } }],
                "responses": { "200": { "$ref": "#/components/responses/Good" } },
            },
            "put": {
                "operationId": "A_put",
                "requestBody": { "$ref": "#/components/requestBodies/B" },
                "responses": { "200": { "description": "d" } },
            },
        } },
        "components": {
            "parameters": { "Id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } } },
            "responses": { "Good": { "description": "d", "content": { "application/octet-stream": {} } } },
            "requestBodies": { "B": { "content": { "text/plain": { "schema": { "type": "string" } } } } },
        },
    });
    let Converted { document, notes } = convert_value(document).unwrap();
    let item = &document["paths"]["/a/{id}"];
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } });
    let q = |kind: &str| json!({ "name": "q", "in": "query", "required": false, "schema": { "type": kind } });
    assert_eq!(item["get"]["parameters"], json!([id, q("integer")]));
    assert_eq!(item["put"]["parameters"], json!([id, q("string")]));
    let bytes = json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } });
    assert_eq!(item["get"]["responses"]["200"]["content"], bytes);
    assert_eq!(item["put"]["requestBody"]["content"]["text/plain"]["schema"], json!({ "type": "string" }));
    assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ["get", "put"]);
    assert_eq!(document["tags"], json!([{ "name": "RedThings" }, { "name": "A" }]));
    assert_eq!(document["components"], json!({}));
    assert!(notes.iter().any(|note| note.starts_with("left out: webhooks")), "{notes:?}");
}

#[test]
fn long_running_operations_are_marked_as_far_as_they_are_known() {
    let job = json!({ "type": "object", "properties": { "status": { "type": "string" }, "result": reference("R") } });
    let known = json!({ "Job": job, "R": { "type": "object", "properties": {} } });
    let answer =
        json!({ "200": { "description": "", "content": { "application/json": { "schema": reference("Job") } } } });
    let marked = |via: &str, status_path: &str| {
        let paths = json!({
            "/jobs": { "post": {
                "operationId": "J_start", "responses": answer, "x-ms-long-running-operation": true,
                "x-ms-long-running-operation-options": { "final-state-via": via },
            } },
            status_path: { "get": {
                "operationId": "J_get", "responses": answer,
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
            } },
        });
        let converted = convert_value(of_3("3.0.3", known.clone(), paths)).unwrap();
        (converted.document["paths"]["/jobs"]["post"]["x-lro"].clone(), converted.notes.join("\n"))
    };
    let (mark, _) = marked("azure-async-operation", "/jobs/{id}");
    assert_eq!(
        mark,
        json!({
            "style": "azure-asyncoperation",
            "statusHeader": "Azure-AsyncOperation",
            "statusPath": "/jobs/{id}",
            "status": reference("Job"),
            "finalResultProperty": "result",
            "finalResult": reference("R"),
        })
    );
    for (via, path, said) in [
        ("original-uri", "/jobs/{id}", "via original-uri"),
        ("location", "/others/{id}", "its header is Location, and no one GET below /jobs"),
    ] {
        let (mark, notes) = marked(via, path);
        assert!(mark.is_null() && notes.contains(said), "{mark} {notes}");
    }
}

#[test]
fn the_status_of_a_job_is_where_an_answer_says_so() {
    let job = json!({ "type": "object", "properties": { "status": { "type": "string" } } });
    let answer = |headers: Value| json!({ "200": { "description": "", "headers": headers, "content": { "application/json": { "schema": reference("Job") } } } });
    let id = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    for (header, expected) in
        [("azure-asyncoperation", "Azure-AsyncOperation"), ("Location", "Location"), ("x-other", "Operation-Location")]
    {
        let start = json!({
            "operationId": "J_start", "responses": answer(json!({ header: { "schema": { "type": "string" } } })),
            "x-ms-long-running-operation": true,
        });
        let get = json!({ "operationId": "J_get", "responses": answer(json!({})), "parameters": id });
        let paths = json!({ "/jobs": { "post": start }, "/jobs/{id}": { "get": get } });
        let converted = convert_value(of_3("3.0.3", json!({ "Job": job }), paths)).unwrap();
        assert_eq!(converted.document["paths"]["/jobs"]["post"]["x-lro"]["statusHeader"], expected);
    }
}

#[test]
fn pages_need_their_properties() {
    let list = json!({ "type": "object", "properties": { "value": { "type": "array", "items": reference("A") }, "next": { "type": "string" } } });
    let a = json!({ "type": "object", "properties": {} });
    let marked = |mark: Value| {
        let answers =
            json!({ "200": { "description": "", "content": { "application/json": { "schema": reference("L") } } } });
        let operation = json!({ "operationId": "A_list", "responses": answers, "x-ms-pageable": mark });
        let paths = json!({ "/a": { "get": operation } });
        let converted = convert_value(of_3("3.0.3", json!({ "L": list, "A": a }), paths)).unwrap();
        (converted.document["paths"]["/a"]["get"]["x-paging"].clone(), converted.notes.join("\n"))
    };
    let (mark, _) = marked(json!({ "nextLinkName": "next" }));
    let expected =
        json!({ "items": "value", "style": "nextLink", "nextLink": "next", "item": "#/components/schemas/A" });
    assert_eq!(mark, expected);
    for (published, said) in [
        (json!({ "nextLinkName": null }), "without a link to the next page"),
        (json!({ "nextLinkName": "paging.next" }), "with `paging.next`, which the answer does not have"),
        (json!({ "nextLinkName": "next", "itemName": "items" }), "with `items`, which the answer does not have"),
    ] {
        let (mark, notes) = marked(published);
        assert!(mark.is_null() && notes.contains(said), "{said}: {notes}");
    }
}

#[test]
fn what_no_client_can_send_is_left_out_unless_it_is_required() {
    let text = json!({ "type": "string" });
    for (more, what) in [
        (json!({ "in": "cookie", "schema": text }), "a cookie"),
        (json!({ "in": "query", "style": "deepObject", "explode": true, "schema": reference("A") }), "a deep object"),
        (json!({ "in": "query", "content": { "application/json": { "schema": reference("A") } } }), "of a media type"),
    ] {
        let of = |required: bool| {
            let mut parameter = more.clone();
            parameter["name"] = "p".into();
            parameter["required"] = required.into();
            json!({ "operationId": "A_get", "parameters": [parameter], "responses": { "204": { "description": "" } } })
        };
        let (converted, notes) = operation("3.0.3", of(false));
        assert_eq!(converted["parameters"], json!([]));
        let note = format!("left out: the parameter `p`, which is {what} (at #/paths/~1a/post)");
        assert!(notes.contains(&note), "{notes:?}");
        let paths = json!({ "/a": { "post": of(true) } });
        let failed = convert_value(of_3("3.0.3", json!({ "A": { "type": "object" } }), paths)).unwrap_err();
        assert!(failed.contains(&format!("#/paths/~1a/post: the parameter `p` is {what}")), "{failed}");
    }
}

#[test]
fn media_types_without_a_schema_are_json_or_bytes() {
    let media = json!({ "application/json; charset=utf-8": {}, "application/octet-stream": {} });
    for version in ["3.0.3", "3.1.0"] {
        let answers = json!({ "200": { "description": "", "content": media } });
        let (converted, _) = operation(version, json!({ "operationId": "A_get", "responses": answers }));
        let bytes = json!({ "type": "string", "format": "binary" });
        assert_eq!(
            converted["responses"]["200"]["content"],
            json!({ "application/json": { "schema": {} }, "application/octet-stream": { "schema": bytes } }),
            "{version}"
        );
    }
}

#[test]
fn files_of_azures_kind_are_bytes() {
    let file = json!({ "type": "object", "format": "file" });
    let converted = swagger_operation(json!({
        "operationId": "A_put",
        "parameters": [{ "name": "b", "in": "body", "required": true, "schema": file }],
        "responses": { "200": { "description": "", "schema": file } },
    }));
    let bytes = json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } });
    assert_eq!(converted["requestBody"]["content"], bytes);
    assert_eq!(converted["responses"]["200"]["content"], bytes);
}

#[test]
fn paths_have_no_extensions() {
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "t", "version": "v" },
        "paths": { "x-note": { "get": { "operationId": "X", "responses": {} } }, "/a": { "get": { "operationId": "A_get", "responses": {} } } },
    });
    let Converted { document, notes } = convert_value(document).unwrap();
    assert_eq!(document["paths"].as_object().unwrap().keys().collect::<Vec<_>>(), ["/a"]);
    assert!(notes.contains(&"left out: `x-note` of the paths (at #/paths)".to_owned()), "{notes:?}");
}

#[test]
fn maps_that_are_a_whole_answer_get_a_name() {
    let map = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let outer = json!({ "type": "object", "properties": { "map": map } });
    let content =
        |schema: &Value| json!({ "description": "", "content": { "application/json": { "schema": schema } } });
    let paths = json!({ "/a": {
        "get": { "operationId": "A_labels", "responses": { "200": content(&map) } },
        "put": { "operationId": "A_set", "requestBody": content(&outer), "responses": {} },
    } });
    let converted = convert_value(of_3("3.0.3", json!({}), paths)).unwrap().document;
    let answer = &converted["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(*answer, reference("LabelsResponse"));
    let schemas = &converted["components"]["schemas"];
    assert_eq!(schemas["LabelsResponse"], map);
    assert_eq!(schemas["SetRequest"], outer);
}
