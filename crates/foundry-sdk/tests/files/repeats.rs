//! Uploads that fail: what can be sent again is, whole; a stream is not, and says so.

use std::io;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::mpsc;

use foundry_sdk::classic::types::FilePurpose;
use foundry_sdk::{AccessToken, Credential, ErrorKind, FileContent};

use crate::common::{FormServer, RecordingClock, Told, builder, client, file, noise};

const LENGTH: usize = 700_001;

fn stream() -> FileContent {
    FileContent::from_stream("s", None, futures_util::stream::iter([Ok::<_, io::Error>(noise(LENGTH))]))
}

#[tokio::test]
async fn after_429_the_whole_body_is_sent_again() {
    let content = noise(LENGTH);
    let (_folder, path) = file("a.bin", &content);
    for source in [FileContent::from_path(&path), FileContent::new("a.bin", content.clone())] {
        let server = FormServer::start(&[429, 429, 200]).await;
        let clock = RecordingClock::new();
        let told = Told::default();
        let source = source.on_progress(told.callback());
        let client = builder(&server.endpoint).clock(clock.clone()).build().unwrap();
        client.classic().files().upload(source, FilePurpose::Assistants).await.unwrap();
        let received = server.received();
        assert_eq!((received.len(), clock.slept().len()), (3, 2));
        for again in &received {
            assert!(again.file().bytes == content && again.parts.as_ref().unwrap().len() == 2);
            assert_eq!(again.headers["x-ms-client-request-id"], received[0].headers["x-ms-client-request-id"]);
        }
        // Each attempt is told from its start.
        let bytes = told.bytes();
        let starts = bytes.iter().filter(|bytes| **bytes == 0).count();
        let ends = bytes.iter().filter(|bytes| **bytes == LENGTH as u64).count();
        assert_eq!((starts, ends), (3, 3), "{bytes:?}");
    }
}

#[tokio::test]
async fn with_another_token_the_whole_body_is_sent_again() {
    let (_folder, path) = file("a.bin", &noise(LENGTH));
    let server = FormServer::start(&[401, 200]).await;
    let count = std::sync::atomic::AtomicUsize::new(0);
    let credential = Credential::from_fn(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let end = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
        async move { Ok::<_, io::Error>(AccessToken::new(format!("token-{number}"), end)) }
    });
    let client = builder(&server.endpoint).credential(credential).build().unwrap();
    client.classic().files().upload(path, FilePurpose::Assistants).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_ne!(received[0].headers["authorization"], received[1].headers["authorization"]);
    assert!(received.iter().all(|received| received.file().bytes.len() == LENGTH));
}

#[tokio::test]
async fn a_stream_is_not_sent_again_and_says_so() {
    let server = FormServer::start(&[429, 200]).await;
    let files = client(&server.endpoint).classic().files();
    let request = files.upload(stream(), FilePurpose::Assistants);
    let again = request.clone();
    let error = request.await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 1));
    assert!(error.to_string().contains("stream, which can be sent only once"), "{error}");
    assert_eq!(server.received().len(), 1);
    // The clone of the request shares the stream, which is gone.
    let error = again.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("sent before"), "{error}");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn only_what_a_stream_prevents_is_said_to_be_prevented_by_it() {
    // What is never repeated of an upload is not for the stream's sake.
    let server = FormServer::start(&[400]).await;
    let files = client(&server.endpoint).classic().files();
    let error = files.upload(stream(), FilePurpose::Assistants).await.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::BadRequest, None));
    let server = FormServer::start(&[500]).await;
    let files = client(&server.endpoint).classic().files();
    let error = files.upload(stream(), FilePurpose::Assistants).await.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Server, None));
}

#[tokio::test]
async fn an_upload_that_may_have_arrived_is_not_sent_again() {
    for status in [500, 502, 504] {
        let server = FormServer::start(&[status, 200]).await;
        let files = client(&server.endpoint).classic().files();
        let error = files.upload(FileContent::new("a", "x"), FilePurpose::Assistants).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 1));
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_an_error_and_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
    let (count, counted) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.send(()).unwrap();
            // Reads a little of it, and hangs up.
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    let (_folder, path) = file("a.bin", &noise(16 << 20));
    let error = client(endpoint).classic().files().upload(path, FilePurpose::Assistants).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1), "{error:?}");
    assert!(error.server_may_have_acted());
    assert_eq!(counted.try_iter().count(), 1);
}

#[tokio::test]
async fn a_dropped_upload_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
    let (began, begun) = tokio::sync::oneshot::channel();
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut [0; 4096]).unwrap();
        began.send(()).unwrap();
        let mut rest = 0;
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            rest += length;
        }
        ended.send(rest).unwrap();
    });
    let (_folder, path) = file("a.bin", &noise(64 << 20));
    let request = client(endpoint).classic().files().upload(path, FilePurpose::Assistants);
    tokio::select! {
        result = request.into_future() => panic!("{result:?}"),
        begun = begun => begun.unwrap(),
    }
    let rest = tokio::task::spawn_blocking(move || end.recv().unwrap()).await.unwrap();
    assert!(rest < 64 << 20, "{rest}");
}
