//! Paths, query and headers, of the project and of an agent.

use std::time::Duration;

use foundry_raw::v1::operations::AGENT_SCOPE;
use foundry_sdk::async_openai::config::Config as _;
use foundry_sdk::async_openai::traits::RequestOptionsBuilder as _;
use foundry_sdk::{ErrorKind, FoundryFeature};

use crate::calls::{CHAT, Call, EMPTY, chat_request, ours};
use crate::server::{Answer, PLANTED, Server};

const AGENT_PATH: &str = "/api/projects/p/agents/cowboy/endpoint/protocols/openai";

#[tokio::test]
async fn the_calls_of_a_project_have_no_api_version_and_those_of_an_agent_have_what_it_needs() {
    for call in Call::ALL {
        let server = Server::answering(200, EMPTY).await;
        call.send(&server.client().openai()).await.unwrap();
        let asked = server.asked_once();
        let line = format!("{} {}", asked.method, asked.uri);
        assert_eq!(line.replacen("/api/projects/p/openai/v1", "", 1), call.line());
        assert_eq!(asked.header("foundry-features"), None);
        assert_eq!(asked.header("api-key"), Some(PLANTED));
        assert_eq!(asked.header("authorization"), None);
        assert_eq!(asked.header("accept"), Some("*/*"));
        assert!(asked.header("user-agent").unwrap().starts_with("foundry-sdk/"), "{asked:?}");
        assert_eq!(asked.header("x-ms-client-request-id").unwrap().len(), 36);

        let server = Server::answering(200, EMPTY).await;
        call.send(&server.client().openai_for_agent("cowboy").unwrap()).await.unwrap();
        let asked = server.asked_once();
        let (method, path) = call.line().split_once(' ').unwrap();
        assert_eq!(asked.method, method);
        assert_eq!(asked.uri.to_string(), format!("{AGENT_PATH}{path}?api-version=v1"));
        assert_eq!(asked.header("foundry-features").unwrap(), AGENT_SCOPE.features.join(","));
        assert_eq!(asked.header("api-key"), Some(PLANTED));
    }
}

#[tokio::test]
async fn what_the_caller_asks_for_wins() {
    let server = Server::answering(200, CHAT).await;
    let openai = server.client().openai_for_agent("cowboy").unwrap();
    let chat = openai.chat();
    let chat = chat.query(&[("api-version", "v2"), ("a", "b c")]).unwrap();
    let chat =
        chat.header("x-ms-client-request-id", "mine").unwrap().header("foundry-features", "X=V1Preview").unwrap();
    let chat = chat.header("user-agent", "app/1").unwrap();
    chat.create(chat_request()).await.unwrap();
    let asked = server.asked_once();
    assert_eq!(asked.uri.query(), Some("api-version=v2&a=b+c"));
    assert_eq!(asked.header("x-ms-client-request-id"), Some("mine"));
    assert_eq!(asked.header("foundry-features"), Some("X=V1Preview"));
    assert_eq!(asked.header("user-agent"), Some("app/1"));
}

#[tokio::test]
async fn the_settings_of_the_client_hold() {
    let server = Server::answering(200, CHAT).await;
    let builder = server.builder().application_id("app/1").features([FoundryFeature::new("Newer=V1Preview")]);
    let openai = builder.build().unwrap().openai();
    openai.chat().create(chat_request()).await.unwrap();
    let asked = server.asked_once();
    assert!(asked.header("user-agent").unwrap().starts_with("app/1 foundry-sdk/"), "{asked:?}");
    assert_eq!(asked.header("foundry-features"), Some("Newer=V1Preview"));
    // A deadline too, for an answer that never ends.
    let server = Server::start([Answer::stalling()]).await;
    let client = server.builder().timeout(Duration::from_millis(20)).build().unwrap();
    let error = client.openai().chat().create(chat_request()).await.unwrap_err();
    assert_eq!(ours(&error).kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn an_agents_name_stays_one_segment_of_the_path() {
    let server = Server::answering(200, CHAT).await;
    let client = server.client();
    let openai = client.openai_for_agent("a b/../c?d").unwrap();
    openai.chat().create(chat_request()).await.unwrap();
    let path = "/api/projects/p/agents/a%20b%2F..%2Fc%3Fd/endpoint/protocols/openai/chat/completions";
    assert_eq!(server.asked_once().uri.path(), path);
    for bad in ["", ".", ".."] {
        let error = client.openai_for_agent(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("agent_name"), "{error}");
    }
}

#[tokio::test]
async fn a_path_that_leads_out_is_held_back() {
    let server = Server::answering(200, EMPTY).await;
    let client = server.client();
    for openai in [client.openai(), client.openai_for_agent("cowboy").unwrap()] {
        for bad in ["", "..", "../responses/resp_1", "../../../../../other", "%2e%2e/%2e%2e/x", "a//b"] {
            let error = openai.files().delete(bad).await.unwrap_err();
            assert_eq!(ours(&error).kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(error.to_string().contains(openai.config().api_base()), "{error}");
        }
        let files = openai.files();
        files.path("@b.example").unwrap().list().await.unwrap();
    }
    let hosts = server.asked().iter().all(|asked| asked.uri.path().ends_with("/@b.example"));
    assert_eq!((server.count(), hosts), (2, true));
}
