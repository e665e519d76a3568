//! Bodies of requests and answers: streams as they come, forms with files, limits.

use std::sync::Arc;
use std::time::Duration;

use foundry_sdk::ErrorKind;
use foundry_sdk::async_openai::error::OpenAIError;
use foundry_sdk::async_openai::types::InputSource;
use futures_util::StreamExt as _;
use tokio::sync::Notify;

use crate::calls::{FILE, bytes, chat_request, file_request, ours};
use crate::server::{Answer, Piece, RecordingClock, Server};

const FIRST: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Be\"}}]}\n\n";
/// Cut in the middle of an event.
const SECOND: [&str; 2] = [
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"del",
    "ta\":{\"content\":\"cause.\"}}]}\n\ndata: [DONE]\n\n",
];

#[tokio::test]
async fn a_stream_is_read_while_it_comes() {
    let told = Arc::new(Notify::new());
    let [start, end] = SECOND;
    let pieces = [Piece::Text(FIRST), Piece::When(Arc::clone(&told)), Piece::Text(start), Piece::Text(end)];
    let server = Server::start([Answer::events(pieces)]).await;
    for openai in [server.client().openai(), server.client().openai_for_agent("cowboy").unwrap()] {
        let mut stream = openai.chat().create_stream(chat_request()).await.unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!(first.choices[0].delta.content.as_deref(), Some("Be"));
        // Only now the rest is sent.
        told.notify_one();
        let second = stream.next().await.unwrap().unwrap();
        assert_eq!(second.choices[0].delta.content.as_deref(), Some("cause."));
        assert!(stream.next().await.is_none());
    }
    let body: serde_json::Value = serde_json::from_slice(&server.asked()[0].body).unwrap();
    assert_eq!(body["stream"], true);
}

#[tokio::test]
async fn a_stream_is_limited_by_no_size_and_other_answers_are() {
    let [start, end] = SECOND;
    let answers = [Answer::events([Piece::Text(FIRST), Piece::Text(start), Piece::Text(end)]), Answer::new(200, FILE)];
    let server = Server::start(answers).await;
    let openai = server.builder().answer_limit(64).clock(RecordingClock::new()).build().unwrap().openai();
    let stream = openai.chat().create_stream(chat_request()).await.unwrap();
    assert_eq!(stream.filter(|event| std::future::ready(event.is_ok())).count().await, 2);
    let error = openai.files().content("file_1").await.unwrap_err();
    assert_eq!(ours(&error).kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("larger than 64 bytes"), "{error}");
}

#[tokio::test]
async fn a_stream_that_breaks_is_an_error_behind_what_came() {
    let told = Arc::new(Notify::new());
    let pieces = [Piece::Text(FIRST), Piece::When(Arc::clone(&told)), Piece::Break];
    let server = Server::start([Answer::events(pieces)]).await;
    let mut stream = server.client().openai().chat().create_stream(chat_request()).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    told.notify_one();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(matches!(error, OpenAIError::StreamError(_)), "{error:?}");
    assert!(stream.next().await.is_none());
    // What has begun is not sent again.
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn the_content_of_a_file_is_read_as_it_is() {
    let server = Server::start([Answer::new(200, "\u{feff}no json")]).await;
    let content = server.client().openai().files().content("file_1").await.unwrap();
    assert_eq!(content, "\u{feff}no json");
}

#[tokio::test]
async fn a_file_is_sent_in_a_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, "{}\n\n").unwrap();
    for source in [bytes(), InputSource::Path { path }] {
        let server = Server::answering(200, FILE).await;
        let file = server.client().openai().files().create(file_request(source)).await.unwrap();
        assert_eq!((&*file.id, file.bytes), ("file_1", Some(4)));
        let asked = server.asked_once();
        assert_eq!(
            asked.form(),
            "--BOUNDARY\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\n\n{}\n\n\n\
             --BOUNDARY\nContent-Disposition: form-data; name=\"purpose\"\n\nfine-tune\n--BOUNDARY--\n"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_an_error_before_and_between_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let server = Server::start([Answer::new(429, "").header("retry-after", "1")]).await;
    let request = || file_request(InputSource::Path { path: path.clone() });
    let openai = server.client().openai();
    let error = openai.files().create(request()).await.unwrap_err();
    assert!(matches!(error, OpenAIError::FileReadError(_)), "{error:?}");
    assert_eq!(server.count(), 0);

    // It goes while the client waits to send it again.
    std::fs::write(&path, "{}").unwrap();
    let client = server.builder().clock(Removing(RecordingClock::new(), path.clone())).build().unwrap();
    let error = client.openai().files().create(request()).await.unwrap_err();
    assert_eq!(ours(&error).kind(), ErrorKind::LocalFile);
    assert_eq!((ours(&error).attempts(), server.count()), (2, 1));
}

/// A clock that removes a file when it is slept with.
#[derive(Debug)]
struct Removing(RecordingClock, std::path::PathBuf);

impl foundry_sdk::Clock for Removing {
    fn now(&self) -> std::time::Instant {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> futures_core::future::BoxFuture<'static, ()> {
        std::fs::remove_file(&self.1).unwrap();
        self.0.sleep(duration)
    }
}
