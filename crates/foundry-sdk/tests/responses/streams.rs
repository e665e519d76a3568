//! Responses as streams: events, ends, cuts, rounds, and streams that are asked for again.

use foundry_sdk::responses::{ResponseEvent, ResponseItem, ResponseStream};
use foundry_sdk::types::{OpenAiResponse, OpenAiResponseOutputItem};
use foundry_sdk::{Error, ErrorKind};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::common::{
    Answer, Service, broken, calls, events, function_call, halve, locked, message, ok, response, said, status, text,
};

fn event(kind: &str, number: i64, rest: Value) -> Value {
    let mut event = json!({ "type": kind, "sequence_number": number });
    event.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    event
}

fn begins(number: i64, id: &str) -> Value {
    event("response.created", number, json!({ "response": response(id, "in_progress", json!([])) }))
}

fn piece(number: i64, text: &str) -> Value {
    let rest = json!({ "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text, "obfuscation": "xx" });
    event("response.output_text.delta", number, rest)
}

fn item(number: i64, item: &Value) -> Value {
    event("response.output_item.done", number, json!({ "output_index": 0, "item": item }))
}

fn ends(number: i64, response: &Value) -> Value {
    let kind = format!("response.{}", response["status"].as_str().unwrap());
    event(&kind, number, json!({ "response": response }))
}

/// A whole stream, of seven events.
fn whole() -> Vec<Value> {
    vec![
        begins(0, "resp_1"),
        event("response.output_item.added", 1, json!({ "output_index": 0, "item": message("") })),
        piece(2, "Ho"),
        piece(3, "wdy"),
        piece(4, "."),
        item(5, &message("Howdy.")),
        ends(6, &said("resp_1", "Howdy.")),
    ]
}

fn stream(service: &Service) -> ResponseStream {
    service.client().responses().create("Hi.").model("m").stream()
}

async fn names(stream: ResponseStream) -> Vec<String> {
    stream.map_ok(|event| event.name().to_owned()).try_collect().await.unwrap()
}

#[tokio::test]
async fn events_come_as_they_are_and_the_last_one_ends_it() {
    let expected: Vec<String> = whole().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    for answer in [
        events(whole()),
        events(whole()).then("data: [DONE]\n\n"),
        events(whole()).then("event: done\ndata: [DONE]\n\n"),
        // What comes after the end makes no difference any more.
        events(whole()).then("event: response.failed\ndata: {}\n\n").cut(),
    ] {
        let service = Service::new([answer]);
        assert_eq!(names(stream(&service)).await, expected);
        assert_eq!(service.bodies(), [json!({ "input": "Hi.", "model": "m", "stream": true })]);
    }
}

#[tokio::test]
async fn it_is_begun_by_awaiting_it() {
    let service = Service::new([events(whole())]);
    let begun = stream(&service).await.unwrap();
    assert_eq!(service.asked().len(), 1);
    assert_eq!(begun.into_text().try_collect::<String>().await.unwrap(), "Howdy.");
    let service = Service::new([status(404, json!({ "error": { "code": "DeploymentNotFound", "message": "No." } }))]);
    assert_eq!(stream(&service).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn text_items_and_the_response_are_put_together() {
    let service = Service::new([events(whole()), events(whole()), events(whole())]);
    assert_eq!(stream(&service).into_text().try_collect::<Vec<_>>().await.unwrap(), ["Ho", "wdy", "."]);
    assert_eq!(stream(&service).response().await.unwrap().output_text(), "Howdy.");
    let items: Vec<ResponseItem> = stream(&service).into_items().try_collect().await.unwrap();
    let [ResponseItem::Output(OpenAiResponseOutputItem::Message(_)), ResponseItem::Response(last)] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(last.id, "resp_1");
}

#[tokio::test]
async fn unknown_events_are_kept_and_keepalives_passed_over() {
    let between = "event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":1}\n\n\
                   data: {\"type\":\"keepalive\",\"sequence_number\":2}\n\n\
                   : comment\n\nevent: keepalive\n\n\
                   event: response.humming\ndata: {\"type\":\"response.humming\",\"sequence_number\":3,\"tune\":\"x\"}\n\n\
                   event: response.whistling\ndata: {\"tune\":\"y\"}\n\n\
                   event: note\ndata: not json\n\n\
                   event: response.output_text.delta\ndata: {\"delta\":\"nameless\",\"sequence_number\":4}\n\n";
    let end = ends(5, &said("resp_1", "x"));
    let answer = events([begins(0, "resp_1")]).then(between).then(&format!("data: {end}\n\n"));
    let service = Service::new([answer]);
    let seen: Vec<ResponseEvent> = stream(&service).try_collect().await.unwrap();
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert_eq!(
        seen[1],
        ResponseEvent::Unknown(json!({ "type": "response.humming", "sequence_number": 3, "tune": "x" }))
    );
    assert_eq!(seen[2], ResponseEvent::Unknown(json!({ "type": "response.whistling", "tune": "y" })));
    assert_eq!(seen[3], ResponseEvent::Unknown(json!({ "type": "note", "data": "not json" })));
    assert_eq!(seen[4].text_delta(), Some("nameless"));
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_is_one_error() {
    let answer = events([begins(0, "resp_1")]).then("event: response.output_text.delta\ndata: {\"type\":\n\n");
    let end = ends(2, &said("resp_1", "x"));
    let service = Service::new([answer.then(&format!("data: {end}\n\n"))]);
    let seen: Vec<Result<ResponseEvent, Error>> = stream(&service).collect().await;
    assert_eq!(seen.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(seen[1].as_ref().unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn every_end_is_an_end_and_into_text_says_which() {
    for (state, is_good) in [("completed", true), ("failed", false), ("incomplete", false), ("cancelled", false)] {
        let end = response("resp_1", state, json!([]));
        let parts = || events([begins(0, "resp_1"), piece(1, "Ho"), ends(2, &end)]);
        let service = Service::new([parts(), parts()]);
        assert_eq!(names(stream(&service)).await.len(), 3, "{state}");
        let text: Vec<Result<String, Error>> = stream(&service).into_text().collect().await;
        assert_eq!(text[0].as_deref().ok(), Some("Ho"));
        // The event of a canceled response is none of the document's, and is kept as it is.
        if state == "cancelled" {
            continue;
        }
        assert_eq!(text.len() == 1, is_good, "{state}");
        if let Some(Err(error)) = text.get(1) {
            assert_eq!(error.kind(), ErrorKind::RunFailed);
            assert_eq!(error.response_failed().unwrap().response.id, "resp_1");
        }
    }
}

#[tokio::test]
async fn an_error_event_is_an_error_with_what_was_there() {
    for data in [
        json!({ "type": "error", "code": "server_error", "message": "Sorry.", "param": null, "sequence_number": 2 }),
        json!({ "type": "error", "error": { "code": "server_error", "message": "Sorry." } }),
    ] {
        let service = Service::new([events([begins(0, "resp_1"), piece(1, "Ho"), data])]);
        let seen: Vec<Result<ResponseEvent, Error>> = stream(&service).collect().await;
        let error = seen[2].as_ref().unwrap_err();
        assert_eq!((seen.len(), error.kind()), (3, ErrorKind::Server));
        assert!(error.message().ends_with("server_error - Sorry."), "{error}");
        assert_eq!(error.partial_text(), Some("Ho"));
    }
}

/// The answer to a question for events after this one.
fn after(number: i64) -> Answer {
    events(whole().into_iter().filter(|event| event["sequence_number"].as_i64().unwrap() > number))
}

#[tokio::test]
async fn a_created_stream_that_is_cut_is_an_error_and_can_be_resumed() {
    let begun = || events(whole().into_iter().take(3));
    for cut in [begun(), begun().cut()] {
        let service = Service::new([cut, after(2), ok(said("resp_1", "Howdy."))]);
        let mut cut = stream(&service);
        let mut seen = Vec::new();
        let error = loop {
            match cut.next().await.unwrap() {
                Ok(event) => seen.push(event),
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), seen.len(), service.asked().len()), (ErrorKind::Interrupted, 3, 1));
        assert_eq!(error.last_state::<OpenAiResponse>().unwrap().id, "resp_1");
        assert_eq!(error.partial_text(), Some("Ho"));
        assert!(cut.next().await.is_none());

        let resumed = cut.resume().unwrap();
        let text: Vec<String> = resumed.into_text().try_collect().await.unwrap();
        assert_eq!(text, ["wdy", "."]);
        assert_eq!(service.routes()[1], "GET /openai/v1/responses/resp_1?starting_after=2&stream=true");
        assert_eq!(cut.resume_by_polling().unwrap().output_text().await.unwrap(), "Howdy.");
    }
}

#[tokio::test]
async fn what_cannot_be_resumed_says_so() {
    let service = Service::new([broken(), events([begins(0, "resp_1")])]);
    let mut unseen = stream(&service);
    assert!(unseen.next().await.unwrap().is_err());
    assert!(unseen.resume().unwrap_err().message().contains("has not shown its response"));
    let mut unstored = service.client().responses().create("Hi.").model("m").store(false).stream();
    assert!(unstored.next().await.unwrap().is_ok());
    assert!(unstored.resume_by_polling().unwrap_err().message().contains("is not stored"));
}

#[tokio::test]
async fn a_stream_that_was_got_is_asked_for_again_and_gives_nothing_twice() {
    let all = whole();
    let service = Service::new([
        events(all[..2].to_vec()).cut(),
        // Not even at once, and then from its beginning.
        status(503, json!({})),
        events(all[..4].to_vec()),
        broken(),
        after(3),
    ]);
    let got = service.client().responses().retrieve("resp_1").stream();
    let seen: Vec<ResponseEvent> = got.try_collect().await.unwrap();
    let numbers: Vec<i64> = seen.iter().filter_map(ResponseEvent::sequence_number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
    let route = |after: &str| format!("GET /openai/v1/responses/resp_1?{after}stream=true");
    let (first, second) = (route("starting_after=1&"), route("starting_after=3&"));
    assert_eq!(service.routes(), [route(""), first.clone(), first, second.clone(), second]);
    // With a wait each time, of the client's own clock.
    assert_eq!(service.clock.slept().len(), 4);
}

#[tokio::test]
async fn it_is_asked_for_again_only_so_often_and_only_if_that_helps() {
    let service = Service::new([events([begins(0, "resp_1")]).cut()].into_iter().chain((0..9).map(|_| broken())));
    let mut got = service.client().responses().retrieve("resp_1").stream();
    assert!(got.next().await.unwrap().is_ok());
    let error = got.next().await.unwrap().unwrap_err();
    assert_eq!(error.last_state::<OpenAiResponse>().unwrap().id, "resp_1");
    assert_eq!(service.asked().len(), 6);
    let service = Service::new([events([begins(0, "resp_1")]).cut(), status(404, json!({}))]);
    let got = service.client().responses().retrieve("resp_1").starting_after(7).stream();
    let seen: Vec<Result<ResponseEvent, Error>> = got.collect().await;
    // What was seen before it was asked for is not given either.
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(service.asked().len(), 2);
}

/// The stream of a response that asks for a function.
fn asks(id: &str, call_id: &str) -> Answer {
    let call = function_call(call_id, "halve", r#"{"number":42}"#);
    events([begins(0, id), item(1, &call), ends(2, &calls(id, &[call_id]))])
}

#[tokio::test]
async fn rounds_are_one_stream() {
    let service = Service::new([asks("resp_0", "a"), asks("resp_9", "a"), events(whole())]);
    let (functions, called) = halve();
    let text: String = stream(&service).with_functions(&functions).into_text().try_collect().await.unwrap();
    assert_eq!((text.as_str(), *locked(&called)), ("Howdy.", 2));
    let bodies = service.bodies();
    assert!(bodies.iter().all(|body| body["stream"] == true && body["tools"][0]["name"] == "halve"));
    let output = json!([{ "type": "function_call_output", "call_id": "a", "output": "21" }]);
    assert_eq!((&bodies[1]["input"], &bodies[1]["previous_response_id"]), (&output, &json!("resp_0")));
    assert_eq!(bodies[2]["previous_response_id"], "resp_9");
}

#[tokio::test]
async fn what_nobody_answers_ends_the_stream() {
    let service = Service::new([asks("resp_1", "a")]);
    let seen: Vec<Result<ResponseEvent, Error>> = stream(&service).collect().await;
    let error = seen.last().unwrap().as_ref().unwrap_err();
    assert_eq!((seen.len(), error.kind()), (4, ErrorKind::NeedsAction));
    assert_eq!(error.needs_action::<OpenAiResponse>().unwrap().run.id, "resp_1");
}

#[tokio::test]
async fn answers_that_may_have_arrived_are_handed_back() {
    for answer in [broken(), text(""), text("").cut()] {
        let service = Service::new([asks("resp_1", "a"), answer]);
        let (functions, called) = halve();
        let mut stream = stream(&service).with_functions(&functions);
        let error = loop {
            if let Err(error) = stream.next().await.unwrap() {
                break error;
            }
        };
        assert_eq!(error.needs_action::<OpenAiResponse>().unwrap().outputs_ready[0].output, "21");
        assert!(stream.resume().unwrap_err().message().contains("nobody knows whether they have arrived"));
        assert_eq!((*locked(&called), service.asked().len()), (1, 2));
    }
}

#[tokio::test]
async fn a_resumed_stream_goes_on_with_its_functions() {
    let cut = events([begins(0, "resp_0")]).cut();
    let service = Service::new([cut, asks("resp_0", "a"), events(whole())]);
    let (functions, called) = halve();
    let mut first = stream(&service).with_functions(&functions);
    while first.next().await.unwrap().is_ok() {}
    let text: String = first.resume().unwrap().into_text().try_collect().await.unwrap();
    assert_eq!((text.as_str(), *locked(&called)), ("Howdy.", 1));
    assert_eq!(service.routes()[1], "GET /openai/v1/responses/resp_0?starting_after=0&stream=true");
    let last = &service.bodies()[2];
    assert_eq!(
        (&last["model"], &last["tools"][0]["name"], &last["stream"]),
        (&json!("m"), &json!("halve"), &json!(true))
    );
}

#[tokio::test]
async fn a_stream_that_is_left_cancels_what_is_made_in_the_background() {
    for (background, cancel, routes) in [(true, true, 2), (false, true, 1), (true, false, 1)] {
        let mut begun = begins(0, "resp_1");
        begun["response"]["background"] = background.into();
        let service = Service::new([events([begun, piece(1, "Ho")]), ok(response("resp_1", "cancelled", json!([])))]);
        let mut left = stream(&service).cancel_on_drop(cancel);
        assert!(left.next().await.unwrap().is_ok());
        drop(left);
        // The task that cancels is another one: each turn of the runtime it may go on.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(service.routes().len(), routes, "{background} {cancel}");
    }
}

#[test]
fn it_can_be_sent_to_other_tasks() {
    fn sent<T: Send + Unpin + 'static>() {}
    sent::<ResponseStream>();
}
