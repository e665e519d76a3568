//! Tokens: asked for at each attempt, renewed when they end or are refused.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foundry_sdk::{AccessToken, Credential, ErrorKind};

use crate::calls::{CHAT, Call, EMPTY, chat_request, ours, status};
use crate::server::{Answer, Asked, RecordingClock, Server};

const REFUSED: &str = r#"{"error":{"code":"Unauthorized","message":"The token is none."}}"#;
const HOUR: Duration = Duration::from_secs(3600);

/// Tokens `token-1`, `token-2` .. of an hour each, and how many there were.
fn tokens(clock: &RecordingClock) -> (Credential, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let (count, clock) = (Arc::clone(&given), clock.clone());
    let credential = Credential::from_fn(move |_| {
        let token = format!("token-{}", count.fetch_add(1, Ordering::SeqCst) + 1);
        let end = foundry_sdk::Clock::system_time(&clock) + HOUR;
        async move { Ok::<_, io::Error>(AccessToken::new(token, end)) }
    });
    (credential, given)
}

fn authorized(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.header("authorization").unwrap()).collect()
}

#[tokio::test]
async fn a_token_that_ends_between_two_calls_is_renewed() {
    let server = Server::answering(200, CHAT).await;
    let clock = RecordingClock::new();
    let (credential, _) = tokens(&clock);
    let openai = server.builder().credential(credential).clock(clock.clone()).build().unwrap().openai();
    for _ in 0..2 {
        openai.chat().create(chat_request()).await.unwrap();
    }
    clock.pass(HOUR);
    openai.chat().create(chat_request()).await.unwrap();
    assert_eq!(authorized(&server.asked()), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_token_that_ends_while_a_call_waits_is_renewed() {
    let busy = Answer::new(429, "").header("retry-after", "299");
    let server = Server::start([Answer::new(200, CHAT), busy, Answer::new(200, CHAT)]).await;
    let clock = RecordingClock::new();
    let (credential, _) = tokens(&clock);
    let openai = server.builder().credential(credential).clock(clock.clone()).build().unwrap().openai();
    openai.chat().create(chat_request()).await.unwrap();
    clock.pass(HOUR - Duration::from_secs(400));
    openai.chat().create(chat_request()).await.unwrap();
    assert_eq!(authorized(&server.asked())[2], "Bearer token-2");
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    for call in Call::ALL {
        let server = Server::start([Answer::new(401, REFUSED), Answer::new(200, EMPTY)]).await;
        let clock = RecordingClock::new();
        let openai = server.builder().credential(tokens(&clock).0).clock(clock).build().unwrap().openai();
        call.send(&openai).await.unwrap();
        assert_eq!(authorized(&server.asked()), ["Bearer token-1", "Bearer token-2"], "{call:?}");

        let server = Server::answering(401, REFUSED).await;
        let clock = RecordingClock::new();
        let openai = server.builder().credential(tokens(&clock).0).clock(clock).build().unwrap().openai();
        let error = call.send(&openai).await.unwrap_err();
        assert_eq!((status(&error), server.count()), (401, 2), "{call:?}");
        assert!(error.to_string().contains("The token is none."), "{error}");
    }
}

#[tokio::test]
async fn calls_at_once_ask_for_one_token() {
    let server = Server::answering(200, CHAT).await;
    let clock = RecordingClock::new();
    let (credential, given) = tokens(&clock);
    let client = server.builder().credential(credential).clock(clock).build().unwrap();
    let openai = client.openai();
    let calls = (0..8).map(|_| Call::Chat.send(&openai));
    // One token for those of another client of the same project, too.
    let agent = client.openai_for_agent("cowboy").unwrap();
    let more = (0..8).map(|_| Call::Chat.send(&agent));
    for answer in futures_util::future::join_all(calls.chain(more)).await {
        answer.unwrap();
    }
    assert_eq!((server.count(), given.load(Ordering::SeqCst)), (16, 1));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_error_says_why() {
    let server = Server::answering(200, CHAT).await;
    let credential = Credential::from_fn(|_| async { Err::<AccessToken, _>(io::Error::other("no vault")) });
    let client = server.builder().credential(credential).build().unwrap();
    for call in Call::ALL {
        let error = call.send(&client.openai()).await.unwrap_err();
        assert_eq!(ours(&error).kind(), ErrorKind::Credential);
        assert!(error.to_string().contains("no token from the function given to Credential::from_fn"), "{error}");
    }
    assert_eq!(server.count(), 0);
}
