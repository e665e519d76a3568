//! Responses as one answer: what is sent, what is refused before, what formats and agents look like.

use foundry_sdk::types::{AgentVersionDetails, OpenAiCreateResponse, OpenAiResponseInputItemParam as Item};
use foundry_sdk::{Error, ErrorKind, JsonFormat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::common::{Service, ok, response, said};

/// A version of an agent in the service's shape.
fn version(definition: &Value) -> Value {
    json!({ "id": "cowboy:3", "object": "agent.version", "name": "cowboy", "version": "3", "created_at": 1,
            "metadata": {}, "description": "", "definition": definition })
}

#[tokio::test]
async fn texts_items_and_lists_are_inputs() {
    let user = json!({ "type": "message", "role": "user", "content": "Hi." });
    let service = Service::new((0..4).map(|_| ok(said("resp_1", "Howdy."))));
    let responses = service.client().responses();
    let answer = responses.create("Hi.").model("gpt-4.1-mini").await.unwrap();
    assert_eq!(answer.output_text(), "Howdy.");
    responses.create(Item::user("Hi.")).model("m").await.unwrap();
    responses.create(vec![Item::user("Hi."), "Hi.".into()]).model("m").await.unwrap();
    let kept = responses.create("Hi.").model("m").previous_response_id(&answer.id).store(true);
    kept.instructions("Be brief.").background(false).await.unwrap();
    assert_eq!(
        service.bodies(),
        [
            json!({ "input": "Hi.", "model": "gpt-4.1-mini" }),
            json!({ "input": [user], "model": "m" }),
            json!({ "input": [user, user], "model": "m" }),
            json!({ "input": "Hi.", "model": "m", "previous_response_id": "resp_1", "store": true,
                    "instructions": "Be brief.", "background": false }),
        ]
    );
    assert_eq!(service.routes(), vec!["POST /openai/v1/responses"; 4]);
}

#[tokio::test]
async fn whatever_identifies_an_agent_answers() {
    let service = Service::new((0..4).map(|_| ok(said("resp_1", "Howdy."))));
    let responses = service.client().responses();
    let found: AgentVersionDetails =
        serde_json::from_value(version(&json!({ "kind": "prompt", "model": "m" }))).unwrap();
    responses.create("Hi.").agent("cowboy").await.unwrap();
    responses.create("Hi.").agent(("cowboy", "3")).await.unwrap();
    responses.create("Hi.").agent(&found).await.unwrap();
    responses.create("Hi.").agent(&found).conversation("conv_1").await.unwrap();
    let named = json!({ "type": "agent_reference", "name": "cowboy" });
    let pinned = json!({ "type": "agent_reference", "name": "cowboy", "version": "3" });
    let sent: Vec<Value> = service.bodies().iter().map(|body| body["agent_reference"].clone()).collect();
    assert_eq!(sent, [named, pinned.clone(), pinned.clone(), pinned]);
    assert_eq!(service.bodies()[3]["conversation"], "conv_1");
}

#[tokio::test]
async fn the_endpoint_of_an_agent_has_a_path_a_version_and_features_of_its_own() {
    let service = Service::new([
        ok(said("resp_1", "Howdy.")),
        ok(said("resp_1", "Howdy.")),
        ok(json!({ "id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {} })),
        ok(said("resp_1", "Howdy.")),
        ok(said("resp_1", "Howdy.")),
        ok(said("resp_1", "Howdy.")),
    ]);
    let client = service.client();
    let agent = client.agent("cow boy");
    agent.responses().create("Hi.").await.unwrap();
    agent.responses().wait("resp_1").await.unwrap();
    agent.conversations().create().await.unwrap();
    // Another one, if it is asked for; elsewhere there is none.
    agent.responses().create("Hi.").api_version("v2").await.unwrap();
    client.responses().create("Hi.").model("m").api_version("v2").await.unwrap();
    // The client itself stays that of the project.
    client.responses().create("Hi.").model("m").await.unwrap();
    let base = "/agents/cow%20boy/endpoint/protocols/openai";
    assert_eq!(
        service.routes(),
        [
            format!("POST {base}/responses?api-version=v1"),
            format!("GET {base}/responses/resp_1?api-version=v1"),
            format!("POST {base}/conversations?api-version=v1"),
            format!("POST {base}/responses?api-version=v2"),
            "POST /openai/v1/responses".to_owned(),
            "POST /openai/v1/responses".to_owned(),
        ]
    );
    for (index, asked) in service.asked().iter().enumerate() {
        let features = asked.headers.get("foundry-features").map(|value| value.to_str().unwrap());
        assert_eq!(features.is_some_and(|value| value.contains("WorkflowAgents=V1Preview")), index < 4, "{features:?}");
    }
    assert_eq!(service.bodies()[0], json!({ "input": "Hi." }));
}

/// What was refused, and that nothing was sent.
async fn refused(of_agent: bool, body: Value) -> Option<Error> {
    let service = Service::new([ok(said("resp_1", "Howdy."))]);
    let client = service.client();
    let responses = if of_agent { client.agent("cowboy").responses() } else { client.responses() };
    let body: OpenAiCreateResponse = serde_json::from_value(body).unwrap();
    let result = responses.create_without_input().body(body).await;
    assert_eq!(service.asked().len(), usize::from(result.is_ok()));
    result.err()
}

#[tokio::test]
async fn what_an_agent_decides_is_refused_before_it_is_sent() {
    let reference = json!({ "type": "agent_reference", "name": "cowboy" });
    let tools = json!([{ "type": "web_search" }]);
    let text = json!({ "format": { "type": "text" } });
    for (of_agent, body, named) in [
        (true, json!({ "tools": tools }), "`tools`"),
        (true, json!({ "tool_choice": "auto" }), "`tool_choice`"),
        (true, json!({ "text": text }), "`text`"),
        (true, json!({ "agent_reference": reference }), "answers as that agent alone"),
        (false, json!({ "agent_reference": reference, "tools": tools }), "`tools`"),
        (false, json!({ "agent_reference": reference, "text": text }), "`text`"),
    ] {
        let error = refused(of_agent, body.clone()).await.unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{body}");
        assert!(error.message().contains(named) && error.message().contains("cowboy"), "{error}");
        assert_eq!(error.operation(), Some("Responses_create"));
    }
    for (of_agent, body) in [
        (true, json!({ "input": "Hi.", "instructions": "x" })),
        (false, json!({ "agent_reference": reference, "tool_choice": "required" })),
        (false, json!({ "model": "m", "tools": tools, "tool_choice": "auto", "text": text })),
    ] {
        assert!(refused(of_agent, body.clone()).await.is_none(), "{body}");
    }
}

#[tokio::test]
async fn a_format_is_asked_for_and_read() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct City {
        name: String,
    }

    let service = Service::new([ok(said("resp_1", r#"{"name":"Rome"}"#))]);
    let request = service.client().responses().create("Which city?").model("m");
    let request = request.json_format(JsonFormat::of::<City>().unwrap());
    let city: City = request.await.unwrap().output_as().unwrap();
    assert_eq!(city, City { name: "Rome".to_owned() });
    assert_eq!(
        service.bodies()[0]["text"],
        json!({ "format": { "type": "json_schema", "name": "City", "strict": true, "schema": {
            "type": "object",
            "properties": { "name": { "type": "string" } },
            "required": ["name"],
            "additionalProperties": false,
        } } })
    );
}

#[tokio::test]
async fn a_format_leaves_the_rest_of_the_text_settings() {
    let service = Service::new([ok(said("resp_1", "{}"))]);
    let mut text = foundry_sdk::types::OpenAiResponseTextConfigParam::new();
    text.verbosity = Some("low".into());
    let format = JsonFormat::from_schema("f", json!({ "type": "object" })).unwrap();
    service.client().responses().create("x").model("m").text(text).json_format(format).await.unwrap();
    let sent = &service.bodies()[0]["text"];
    assert_eq!((&sent["verbosity"], &sent["format"]["name"]), (&json!("low"), &json!("f")));
}

#[tokio::test]
async fn a_failed_response_is_an_answer_and_a_typed_error_if_asked() {
    let mut failed = response("resp_1", "failed", json!([]));
    failed["error"] = json!({ "code": "rate_limit_exceeded", "message": "Too fast. Try again in 7 seconds." });
    let service = Service::new([ok(failed.clone()), ok(failed)]);
    let responses = service.client().responses();
    let answer = responses.create("x").model("m").await.unwrap();
    let failed = answer.into_result().unwrap_err();
    assert_eq!((failed.code.as_str(), failed.is_rate_limited()), ("rate_limit_exceeded", true));
    let error = responses.create("x").model("m").poll().completed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RunFailed);
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(7));
    assert_eq!(error.response_failed().unwrap().response.id, "resp_1");
    assert!(error.support_line().ends_with("response=resp_1 response-status=failed"), "{}", error.support_line());
    assert!(error.support_line().contains("code=rate_limit_exceeded"));
}

#[tokio::test]
async fn conversations_take_texts() {
    let list = json!({ "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false });
    let conversation = json!({ "id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {} });
    let service = Service::new([ok(conversation), ok(list), ok(said("resp_1", "Howdy."))]);
    let client = service.client();
    let conversation = client.conversations().create().items(["Hi."]).metadata([("a", "b")]).await.unwrap();
    client.conversations().say(&conversation.id, "And then?").await.unwrap();
    client.responses().create_without_input().conversation(&conversation).agent("cowboy").await.unwrap();
    let user = |text: &str| json!({ "type": "message", "role": "user", "content": text });
    assert_eq!(
        service.bodies(),
        [
            json!({ "items": [user("Hi.")], "metadata": { "a": "b" } }),
            json!({ "items": [user("And then?")] }),
            json!({ "conversation": "conv_1", "agent_reference": { "type": "agent_reference", "name": "cowboy" } }),
        ]
    );
    assert_eq!(service.routes()[1], "POST /openai/v1/conversations/conv_1/items");
}
