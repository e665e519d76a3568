//! Functions and approvals over the rounds of responses.

use foundry_sdk::types::{OpenAiResponse, OpenAiToolParam, OpenAiWebSearchToolParam};
use foundry_sdk::{ApprovalPolicy, ErrorKind, FunctionSet, RunAgain, Unanswered};
use serde_json::{Value, json};

use crate::common::{
    Service, approval_request, broken, calls, function_call, halve, locked, message, ok, response, said, status,
};

fn output(call_id: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": call_id, "output": "21" })
}

#[tokio::test]
async fn a_model_is_told_of_the_functions_and_gets_their_outputs() {
    let service =
        Service::new([ok(calls("resp_1", &["a", "b"])), ok(calls("resp_2", &["c"])), ok(said("resp_3", "21."))]);
    let (functions, called) = halve();
    let request = service
        .client()
        .responses()
        .create("Half of 42?")
        .model("m")
        .tools([OpenAiWebSearchToolParam::new("web_search")]);
    let text = request.tool_choice("required").with_functions(&functions).output_text().await.unwrap();
    assert_eq!((text.as_str(), *locked(&called)), ("21.", 3));
    let bodies = service.bodies();
    let names: Vec<&Value> = bodies[0]["tools"].as_array().unwrap().iter().map(|tool| &tool["type"]).collect();
    assert_eq!(names, ["web_search", "function"]);
    assert_eq!(bodies[0]["tools"][1]["name"], "halve");
    assert_eq!(
        (&bodies[1]["input"], &bodies[1]["previous_response_id"]),
        (&json!([output("a"), output("b")]), &json!("resp_1"))
    );
    assert_eq!((&bodies[2]["input"], &bodies[2]["previous_response_id"]), (&json!([output("c")]), &json!("resp_2")));
    for body in &bodies {
        assert_eq!((&body["model"], &body["tools"]), (&json!("m"), &bodies[0]["tools"]));
    }
    // With the same choice it would call for ever.
    assert_eq!(
        bodies.iter().map(|body| &body["tool_choice"]).collect::<Vec<_>>(),
        [&json!("required"), &json!(null), &json!(null)]
    );
}

#[tokio::test]
async fn a_choice_that_leaves_the_model_free_stays() {
    for (choice, stays) in [
        (json!("auto"), true),
        (json!("none"), true),
        (json!({ "type": "allowed_tools", "mode": "auto", "tools": [] }), true),
        (json!({ "type": "allowed_tools", "mode": "required", "tools": [] }), false),
        (json!({ "type": "function", "name": "halve" }), false),
    ] {
        let service = Service::new([ok(calls("resp_1", &["a"])), ok(said("resp_2", "21."))]);
        let body = json!({ "input": "x", "model": "m", "tool_choice": choice });
        let request = service.client().responses().create("x").body(serde_json::from_value(body).unwrap());
        request.with_functions(&halve().0).await.unwrap();
        assert_eq!(service.bodies()[1]["tool_choice"] == choice, stays, "{choice}");
    }
}

#[tokio::test]
async fn a_conversation_keeps_what_was_said() {
    let service = Service::new([ok(calls("resp_1", &["a"])), ok(said("resp_2", "21."))]);
    let request = service.client().responses().create("Half of 42?").model("m").conversation("conv_1");
    request.with_functions(&halve().0).await.unwrap();
    let body = &service.bodies()[1];
    assert_eq!((&body["input"], &body["conversation"]), (&json!([output("a")]), &json!("conv_1")));
    assert!(body.get("previous_response_id").is_none());
}

#[tokio::test]
async fn what_is_not_stored_is_said_again() {
    let reasoning = json!({ "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x" });
    let first = response("resp_1", "completed", json!([reasoning, function_call("a", "halve", r#"{"number":42}"#)]));
    let service = Service::new([ok(first.clone()), ok(calls("resp_2", &["b"])), ok(said("resp_3", "21."))]);
    let request = service.client().responses().create("Half of 42?").model("m").store(false);
    request.with_functions(&halve().0).await.unwrap();
    let user = json!({ "type": "message", "role": "user", "content": "Half of 42?" });
    let call = |id: &str| function_call(id, "halve", r#"{"number":42}"#);
    let bodies = service.bodies();
    assert_eq!(bodies[1]["input"], json!([user, reasoning, call("a"), output("a")]));
    assert_eq!(bodies[2]["input"], json!([user, reasoning, call("a"), output("a"), call("b"), output("b")]));
    assert!(bodies.iter().all(|body| body.get("previous_response_id").is_none() && body["store"] == false));
}

fn agent(tools: &Value) -> Value {
    json!({ "id": "cowboy", "object": "agent", "name": "cowboy", "versions": { "latest": {
        "id": "cowboy:3", "object": "agent.version", "name": "cowboy", "version": "3", "created_at": 1, "metadata": {},
        "definition": { "kind": "prompt", "model": "m", "tools": tools } } } })
}

#[tokio::test]
async fn an_agent_has_tools_of_its_own_which_are_looked_up() {
    let tools = json!([{ "type": "function", "name": "halve", "parameters": {} }, { "type": "web_search" }]);
    let service = Service::new([ok(agent(&tools)), ok(calls("resp_1", &["a"])), ok(said("resp_2", "21."))]);
    let request = service.client().responses().create("Half of 42?").agent("cowboy");
    request.header("x-own", "1").with_functions(&halve().0).await.unwrap();
    assert_eq!(
        service.routes(),
        ["GET /agents/cowboy?api-version=v1", "POST /openai/v1/responses", "POST /openai/v1/responses"]
    );
    for body in &service.bodies()[1..] {
        assert!(body.get("tools").is_none());
        assert_eq!(body["agent_reference"]["name"], "cowboy");
    }
    assert!(service.asked().iter().all(|asked| asked.headers["x-own"] == "1"));

    // At its own endpoint the same, but the look is the project's.
    let service = Service::new([ok(agent(&tools)), ok(calls("resp_1", &["a"])), ok(said("resp_2", "21."))]);
    service.client().agent("cowboy").responses().create("x").with_functions(&halve().0).await.unwrap();
    let responses = "POST /agents/cowboy/endpoint/protocols/openai/responses?api-version=v1";
    assert_eq!(service.routes(), ["GET /agents/cowboy?api-version=v1", responses, responses]);
    assert_eq!(service.bodies()[2], json!({ "input": [output("a")], "previous_response_id": "resp_1" }));
}

#[tokio::test]
async fn a_function_that_is_missing_stops_it_before_it_starts() {
    let tools = json!([{ "type": "function", "name": "double", "parameters": {} }]);
    let service = Service::new([ok(agent(&tools)["versions"]["latest"].clone())]);
    let request = service.client().responses().create("x").agent(("cowboy", "3"));
    let error = request.with_functions(&halve().0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("`double`"), "{error}");
    assert_eq!(service.routes(), ["GET /agents/cowboy/versions/3?api-version=v1"]);
    // Who may not look at the agent may still use it.
    let forbidden = status(403, json!({ "error": { "code": "forbidden", "message": "No." } }));
    let service = Service::new([forbidden, ok(said("resp_1", "Howdy."))]);
    service.client().responses().create("x").agent("cowboy").with_functions(&halve().0).await.unwrap();
}

#[tokio::test]
async fn what_nobody_answers_is_handed_back_with_what_is_ready() {
    let output = json!([
        function_call("a", "halve", r#"{"number":42}"#),
        function_call("b", "dance", "{}"),
        approval_request("mcpr_1"),
        { "type": "custom_tool_call", "id": "ct_1", "call_id": "c", "name": "x", "input": "y" },
    ]);
    let service = Service::new([ok(response("resp_1", "completed", output))]);
    let (functions, called) = halve();
    let error = service.client().responses().create("x").model("m").with_functions(&functions).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    let action = error.into_needs_action::<OpenAiResponse>().unwrap();
    assert_eq!((action.run.id.as_str(), *locked(&called)), ("resp_1", 1));
    assert_eq!(action.outputs_ready[0].output, "21");
    let left: Vec<&str> = action
        .unanswered
        .iter()
        .map(|unanswered| match unanswered {
            Unanswered::Function { name, .. } => name,
            Unanswered::Approval(request) => &request.call_id,
            Unanswered::Other(value) => value["type"].as_str().unwrap(),
            _ => "",
        })
        .collect();
    assert_eq!(left, ["custom_tool_call", "dance", "mcpr_1"]);
}

#[tokio::test]
async fn calls_with_an_output_ask_for_nothing() {
    let output = json!([
        function_call("a", "halve", "{}"),
        { "type": "function_call_output", "id": "fco_1", "call_id": "a", "output": "1", "status": "completed" },
        { "type": "mcp_call", "id": "mcp_1", "server_label": "s", "name": "t", "arguments": "{}" },
        message("Done."),
    ]);
    let service = Service::new([ok(response("resp_1", "completed", output))]);
    let (functions, called) = halve();
    let text = service.client().responses().create("x").model("m").with_functions(&functions).output_text().await;
    assert_eq!((text.unwrap().as_str(), *locked(&called)), ("Done.", 0));
}

#[tokio::test]
async fn rounds_are_limited_even_if_the_ids_of_calls_are_the_same() {
    let service = Service::new((1..=4).map(|round| ok(calls(&format!("resp_{round}"), &["a"]))));
    let (functions, called) = halve();
    let functions = functions.max_rounds(3);
    let error = service.client().responses().create("x").model("m").with_functions(&functions).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    assert!(error.message().contains("for the 4th time, and 3 rounds are allowed"), "{error}");
    assert_eq!((*locked(&called), service.left()), (3, 0));
}

#[tokio::test]
async fn answers_are_never_sent_twice() {
    for answer in [broken(), status(500, json!({})), status(400, json!({}))] {
        let service = Service::new([ok(calls("resp_1", &["a"])), answer]);
        let (functions, called) = halve();
        let error = service.client().responses().create("x").model("m").with_functions(&functions).await.unwrap_err();
        assert_eq!((service.asked().len(), *locked(&called)), (2, 1), "{error}");
        // What the functions gave is not lost.
        assert_eq!(error.last_state::<OpenAiResponse>().unwrap().id, "resp_1");
        assert_eq!(error.needs_action::<OpenAiResponse>().unwrap().outputs_ready[0].call_id, "a");
    }
}

#[tokio::test]
async fn approvals_are_decided_by_the_policy() {
    let asks = |id: &str, requests: &[&str]| {
        let requests: Vec<Value> = requests.iter().map(|id| approval_request(id)).collect();
        ok(response(id, "completed", requests.into()))
    };
    let service = Service::new([
        asks("resp_1", &["mcpr_1", "mcpr_2"]),
        asks("resp_2", &["mcpr_3"]),
        ok(said("resp_3", "Found.")),
    ]);
    let policy = ApprovalPolicy::ask(|request| async move {
        if request.call_id == "mcpr_2" { foundry_sdk::Decision::Deny } else { foundry_sdk::Decision::Approve }
    });
    let request = service.client().responses().create("x").model("m");
    assert_eq!(request.with_approvals(&policy).output_text().await.unwrap(), "Found.");
    let decided = |id: &str, approve: bool| json!({ "type": "mcp_approval_response", "approval_request_id": id, "approve": approve });
    let inputs: Vec<Value> = service.bodies()[1..].iter().map(|body| body["input"].clone()).collect();
    assert_eq!(inputs, [json!([decided("mcpr_1", true), decided("mcpr_2", false)]), json!([decided("mcpr_3", true)])]);

    // There is no place for headers, so they are not dropped in silence.
    let service = Service::new([asks("resp_1", &["mcpr_1"])]);
    let policy = ApprovalPolicy::approve_all().header("docs", "Authorization", "Bearer planted");
    let error = service.client().responses().create("x").model("m").with_approvals(&policy).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("headers") && !format!("{error:?}").contains("planted"), "{error}");
}

#[tokio::test]
async fn a_rate_limited_response_is_run_again_if_asked() {
    let mut limited = response("resp_1", "failed", json!([]));
    limited["error"] = json!({ "code": "rate_limit_exceeded", "message": "Try again in 7 seconds." });
    let service = Service::new([ok(limited), ok(said("resp_2", "Howdy."))]);
    let poller = service.client().responses().create("x").model("m").poll().run_again(RunAgain::after_rate_limit());
    assert_eq!(poller.output_text().await.unwrap(), "Howdy.");
    assert_eq!(service.clock.slept().iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(), [7]);
    assert_eq!(service.bodies()[0], service.bodies()[1]);
}

#[test]
fn a_set_is_a_list_of_tools() {
    let (functions, _): (FunctionSet, _) = halve();
    let tools: Vec<OpenAiToolParam> = functions.iter().map(Into::into).collect();
    assert_eq!(tools.len(), 1);
}
