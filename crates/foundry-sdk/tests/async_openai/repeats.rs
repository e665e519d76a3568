//! What is sent again: by the client's policy, and by nothing else.

use std::time::Duration;

use foundry_sdk::{ErrorKind, RetryPolicy};

use crate::calls::{CHAT, Call, EMPTY, FILE, chat_request, ours, status};
use crate::server::{Answer, RecordingClock, Server, builder};

const FAILURE: &str = r#"{"error":{"code":"server_error","message":"Something broke."}}"#;

#[tokio::test]
async fn no_post_is_sent_again_after_a_failure_and_the_rest_as_often_as_the_policy_says() {
    for failure in [500, 502, 503, 504] {
        for call in Call::ALL {
            for attempts in [1, 3] {
                let server = Server::answering(failure, FAILURE).await;
                let builder = server.builder().clock(RecordingClock::new());
                let client = builder.retry(RetryPolicy::new().max_attempts(attempts)).build().unwrap();
                let error = call.send(&client.openai()).await.unwrap_err();
                assert_eq!(status(&error), failure, "{call:?}");
                assert!(error.to_string().contains("Something broke."), "{error}");
                let expected = if call.is_post() { 1 } else { attempts };
                assert_eq!(server.count(), expected as usize, "{call:?} {failure}");
            }
        }
    }
}

#[tokio::test]
async fn too_much_is_sent_again_after_exactly_the_time_asked_for() {
    for call in Call::ALL {
        let busy = Answer::new(429, FAILURE).header("retry-after", "7");
        let server = Server::start([busy.clone(), busy, Answer::new(200, EMPTY)]).await;
        let clock = RecordingClock::new();
        let client = server.builder().clock(clock.clone()).build().unwrap();
        call.send(&client.openai()).await.unwrap();
        assert_eq!(clock.passed(), [Duration::from_secs(7); 2], "{call:?}");
        let asked = server.asked();
        assert_eq!(asked.len(), 3, "{call:?}");
        // It is one call, and the same each time.
        let id = asked[0].header("x-ms-client-request-id").unwrap();
        for again in &asked[1..] {
            assert_eq!(again.header("x-ms-client-request-id").unwrap(), id);
            assert_eq!((&again.method, &again.uri), (&asked[0].method, &asked[0].uri));
            if call == Call::Upload {
                assert_eq!(again.form(), asked[0].form());
            } else {
                assert_eq!(again.body, asked[0].body);
            }
        }
    }
}

#[tokio::test]
async fn what_is_too_much_for_too_long_is_the_answer() {
    for call in Call::ALL {
        let server = Server::start([Answer::new(429, FAILURE).header("retry-after", "1")]).await;
        let clock = RecordingClock::new();
        let client = server.builder().clock(clock).retry(RetryPolicy::new().max_attempts(2)).build().unwrap();
        assert_eq!(status(&call.send(&client.openai()).await.unwrap_err()), 429);
        assert_eq!(server.count(), 2, "{call:?}");
        // Nobody waits longer than the policy allows.
        let server = Server::start([Answer::new(429, FAILURE).header("retry-after", "3600")]).await;
        let clock = RecordingClock::new();
        let client = server.builder().clock(clock.clone()).build().unwrap();
        assert_eq!(status(&call.send(&client.openai()).await.unwrap_err()), 429);
        assert_eq!((server.count(), clock.passed().len()), (1, 0), "{call:?}");
    }
}

#[tokio::test]
async fn a_used_up_quota_is_final() {
    const QUOTA: &str = r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota","message":"Pay."}}"#;
    let server = Server::answering(429, QUOTA).await;
    let error = server.client().openai().chat().create(chat_request()).await.unwrap_err();
    assert_eq!((status(&error), server.count()), (429, 1));
}

#[tokio::test]
async fn without_a_connection_the_error_says_so() {
    // Nobody listens at a port that was given back.
    let listener = tokio::net::TcpSocket::new_v4().unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
    for call in Call::ALL {
        let clock = RecordingClock::new();
        let client = builder(&endpoint).clock(clock.clone()).retry(RetryPolicy::new().max_attempts(3)).build().unwrap();
        let error = call.send(&client.openai()).await.unwrap_err();
        assert_eq!(ours(&error).kind(), ErrorKind::Connect, "{call:?}");
        assert_eq!((ours(&error).attempts(), clock.passed().len()), (3, 2), "{call:?}");
        assert!(error.to_string().contains("no connection could be made"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_after_a_failure_is_read() {
    let server = Server::start([Answer::new(429, "").header("retry-after", "0"), Answer::new(200, CHAT)]).await;
    let client = server.builder().clock(RecordingClock::new()).build().unwrap();
    let answer = client.openai().chat().create(chat_request()).await.unwrap();
    assert_eq!(answer.choices[0].message.content.as_deref(), Some("Because."));
    let server = Server::start([Answer::new(500, ""), Answer::new(200, FILE)]).await;
    let client = server.builder().clock(RecordingClock::new()).build().unwrap();
    assert_eq!(client.openai().files().retrieve("file_1").await.unwrap().id, "file_1");
}
