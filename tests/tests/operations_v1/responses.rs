//! Responses, whole and as streams, and conversations.

use foundry_sdk::types::{AgentReference, OpenAiCreateResponse, OpenAiItemCreateParamsItemsItem, OpenAiResponseStatus};
use foundry_sdk::{ErrorKind, ProjectClient};
use serde_json::json;

use crate::read::{events, json as as_json, of, one_by_one};

const MODEL: &str = "gpt-4.1-mini";

pub(crate) async fn responses(client: &ProjectClient) {
    let responses = client.responses();
    let agent = AgentReference::new("cowboy").version("1");
    let response = responses.create_without_input().input("Why is the sky blue?").agent_reference(agent).await.unwrap();
    assert_eq!(response.status, Some(OpenAiResponseStatus::Completed));
    assert_eq!(as_json(&response.agent_reference)["version"], "1");
    let text = as_json(&response.output)[0]["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Why is the sky blue?"), "{text}");
    let again = responses.retrieve(&response.id).await.unwrap();
    assert_eq!(as_json(&again.output), as_json(&response.output));
    let inputs = responses.create_without_input().model(MODEL).input(
        of::<foundry_sdk::types::OpenAiCreateResponseInput>(json!([
            { "type": "message", "role": "user", "content": "One." },
            { "type": "message", "role": "user", "content": "Two." },
        ])),
    );
    let two = inputs.await.unwrap();
    let items = one_by_one(responses.list_input_items(&two.id).page_size(1), 2).await;
    assert_eq!(as_json(&items[0])["content"][0]["text"], "Two.");
    let deleted = responses.delete(&response.id).await.unwrap();
    assert_eq!((deleted.id.as_ref(), deleted.deleted), (Some(&response.id), Some(true)));
    assert_eq!(responses.retrieve(&response.id).await.unwrap_err().kind(), ErrorKind::NotFound);

    let background = responses.create_without_input().model(MODEL).input("Hello").background(true).await.unwrap();
    assert_eq!(background.status, Some(OpenAiResponseStatus::Queued));
    let cancelled = responses.cancel(&background.id).await.unwrap();
    assert_eq!(cancelled.status, Some(OpenAiResponseStatus::Cancelled));

    let compacted = responses.compact(Some(MODEL.into())).input("One two three").await.unwrap();
    assert_eq!(as_json(&compacted.output)[0]["type"], "compaction");
    let short = responses.count_input_tokens().model(MODEL).input("One").await.unwrap().input_tokens;
    let long = responses.count_input_tokens().model(MODEL).input("One two three four").await.unwrap().input_tokens;
    assert!(0 < short && short < long, "{short} {long}");
}

pub(crate) async fn streams(client: &ProjectClient) {
    let raw = client.raw_v1();
    let body = OpenAiCreateResponse::new().model(MODEL).input("Hello there").stream(true);
    let stream = raw.responses_create_stream(&body).await.unwrap();
    let told = events(stream.value).await;
    assert_eq!((told[0].0.as_str(), told[told.len() - 1].0.as_str()), ("response.created", "response.completed"));
    let numbers: Vec<usize> = told.iter().map(|(_, data)| data["sequence_number"].as_u64().unwrap() as usize).collect();
    assert_eq!(numbers, (0..told.len()).collect::<Vec<_>>());
    let response = &told[told.len() - 1].1["response"];
    let text: String = told
        .iter()
        .filter(|(name, _)| name == "response.output_text.delta")
        .map(|(_, data)| data["delta"].as_str().unwrap())
        .collect();
    assert_eq!(response["output"][0]["content"][0]["text"], text);

    // The same once more, and from the fourth event on.
    let id = response["id"].as_str().unwrap();
    for (after, from) in [(None, 0), (Some(2), 3)] {
        let stream = raw.responses_retrieve_stream(id, None, None, after, Some(true)).await.unwrap();
        assert_eq!(events(stream.value).await, told[from..]);
    }
}

fn message(text: &str) -> OpenAiItemCreateParamsItemsItem {
    of(json!({ "type": "message", "role": "user", "content": text }))
}

pub(crate) async fn conversations(client: &ProjectClient) {
    let conversations = client.conversations();
    let conversation = conversations.create().metadata([("tenant", "north")]).await.unwrap();
    assert_eq!(conversation.metadata["tenant"], "north");
    let id = &conversation.id;
    let changed = conversations.update(id, Some([("tenant".to_owned(), "south".to_owned())].into())).await.unwrap();
    assert_eq!(changed.metadata["tenant"], "south");
    assert_eq!(conversations.retrieve(id).await.unwrap().metadata["tenant"], "south");
    // The ends of an empty page are null, which the document does not say.
    assert_eq!(conversations.list_items(id).await.unwrap().data.len(), 0);

    let items = conversations.create_items(id, [message("One."), message("Two.")]).await.unwrap();
    assert_eq!(items.data.len(), 2);
    let all = one_by_one(conversations.list_items(id).order("asc").page_size(1), 2).await;
    let first = as_json(&all[0]);
    assert_eq!(first["content"][0]["text"], "One.");
    let item = first["id"].as_str().unwrap();
    assert_eq!(as_json(&conversations.retrieve_item(id, item).await.unwrap()), first);
    assert_eq!(conversations.delete_item(id, item).await.unwrap().id, *id);
    assert_eq!(conversations.retrieve_item(id, item).await.unwrap_err().kind(), ErrorKind::NotFound);
    let deleted = conversations.delete(id).await.unwrap();
    assert_eq!((&deleted.id, deleted.deleted), (id, true));
    assert_eq!(conversations.retrieve(id).await.unwrap_err().kind(), ErrorKind::NotFound);
}
