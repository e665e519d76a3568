//! Responses that are made in the background: waited for, canceled, answered, bounded.

use std::time::Duration;

use foundry_sdk::ErrorKind;
use foundry_sdk::types::OpenAiResponse;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use crate::common::{Answer, Service, calls, halve, ok, response, said, status};

fn going(status: &str) -> Answer {
    ok(response("resp_1", status, json!([])))
}

#[tokio::test]
async fn it_is_waited_for_until_it_ends() {
    for last in ["completed", "failed", "incomplete", "cancelled"] {
        let service = Service::new(["queued", "queued", "in_progress", "polishing", last].map(going));
        let poller = service.client().responses().create("x").model("m").background(true).poll();
        let seen: Vec<OpenAiResponse> = poller.try_collect().await.unwrap();
        let seen: Vec<&str> = seen.iter().map(|state| state.status.as_ref().unwrap().as_str()).collect();
        assert_eq!(seen, ["queued", "in_progress", "polishing", last]);
        let mut routes = vec!["POST /openai/v1/responses"];
        routes.resize(5, "GET /openai/v1/responses/resp_1");
        assert_eq!(service.routes(), routes);
        assert_eq!(service.clock.slept().len(), 4);
    }
}

#[tokio::test]
async fn it_is_waited_for_by_its_id() {
    let service = Service::new([going("in_progress"), status(503, json!({})), ok(said("resp_1", "Howdy."))]);
    let text = service.client().responses().wait("resp_1").output_text().await.unwrap();
    assert_eq!((text.as_str(), service.left()), ("Howdy.", 0));
}

#[tokio::test]
async fn the_deadline_ends_it_and_it_can_be_canceled_then() {
    for cancel in [false, true] {
        let service = Service::new((0..40).map(|_| going("in_progress")));
        let poller = service.client().responses().create("x").model("m").background(true).poll();
        let error = poller.max_wait(Duration::from_secs(30)).cancel_on_deadline(cancel).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Deadline);
        assert_eq!(error.last_state::<OpenAiResponse>().unwrap().id, "resp_1");
        assert_eq!(error.message().contains("it was canceled"), cancel, "{error}");
        assert_eq!(service.clock.slept().iter().sum::<Duration>(), Duration::from_secs(30));
        let canceled =
            service.routes().iter().filter(|route| *route == "POST /openai/v1/responses/resp_1/cancel").count();
        assert_eq!(canceled, usize::from(cancel));
        // Support is told of the answer that showed it last.
        let looked = service.asked().into_iter().rfind(|asked| asked.route.starts_with("GET ")).unwrap();
        assert_eq!(error.client_request_id(), Some(looked.headers["x-ms-client-request-id"].to_str().unwrap()));
    }
}

#[tokio::test]
async fn what_is_left_can_be_canceled() {
    let service = Service::new([going("cancelled")]);
    service.client().responses().guard("resp_1").cancel().await.unwrap();
    // Refused because it has ended is as good.
    let refusal = status(400, json!({ "error": { "code": "invalid_request", "message": "Cannot cancel." } }));
    let service = Service::new([refusal, ok(said("resp_1", "Howdy."))]);
    service.client().responses().guard("resp_1").cancel().await.unwrap();
    let routes = ["POST /openai/v1/responses/resp_1/cancel", "GET /openai/v1/responses/resp_1"];
    assert_eq!(service.routes(), routes);
    let service = Service::new([going("in_progress"), going("cancelled")]);
    let canceled = service.client().responses().cancel("resp_1").poll().await.unwrap();
    assert_eq!(canceled.status.unwrap().as_str(), "cancelled");
}

/// What goes on after a response that nobody has asked for here.
async fn went_on(first: Value) -> Value {
    let service =
        Service::new([ok(first), ok(response("resp_2", "in_progress", json!([]))), ok(said("resp_2", "21."))]);
    let text = service.client().responses().wait("resp_1").with_functions(&halve().0).output_text().await.unwrap();
    assert_eq!(text, "21.");
    assert_eq!(service.routes()[2], "GET /openai/v1/responses/resp_2");
    service.bodies()[1].clone()
}

#[tokio::test]
async fn functions_are_answered_by_what_the_response_says_of_itself() {
    let tool = json!({ "type": "function", "name": "halve", "parameters": { "type": "object" }, "strict": true });
    let mut of_model = calls("resp_1", &["a"]);
    of_model["background"] = true.into();
    of_model["instructions"] = "Be brief.".into();
    of_model["tools"] = json!([tool]);
    of_model["temperature"] = json!(0.5);
    let output = json!([{ "type": "function_call_output", "call_id": "a", "output": "21" }]);
    assert_eq!(
        went_on(of_model.clone()).await,
        json!({ "model": "gpt-4.1-mini", "instructions": "Be brief.", "tools": [tool], "temperature": 0.5,
                "background": true, "metadata": {}, "parallel_tool_calls": true, "input": output,
                "previous_response_id": "resp_1" })
    );
    let mut of_agent = of_model;
    of_agent["agent_reference"] = json!({ "type": "agent_reference", "name": "cowboy", "version": "4" });
    let expected = json!({ "agent_reference": { "type": "agent_reference", "name": "cowboy", "version": "4" },
                           "background": true, "metadata": {}, "input": output, "previous_response_id": "resp_1" });
    assert_eq!(went_on(of_agent.clone()).await, expected);
    // An older way to tell it.
    of_agent["agent_reference"] = Value::Null;
    of_agent["agent"] = json!({ "type": "agent_id", "name": "cowboy", "version": "4" });
    assert_eq!(went_on(of_agent.clone()).await, expected);
    of_agent["conversation"] = json!({ "id": "conv_1" });
    let sent = went_on(of_agent).await;
    assert_eq!(sent["conversation"], json!({ "id": "conv_1" }));
    assert!(sent.get("previous_response_id").is_none());
}
