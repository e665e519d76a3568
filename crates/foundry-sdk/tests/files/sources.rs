//! Where contents come from: bytes, paths and streams arrive whole; what cannot be read says so.

use std::error::Error as _;
use std::io;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use foundry_sdk::classic::types::FilePurpose;
use foundry_sdk::{Error, ErrorKind, FileContent};
use futures_util::StreamExt as _;

use crate::common::{FormServer, Told, client, file, noise};

const LENGTH: usize = 1_000_003;

fn pieces(content: &[u8]) -> Vec<Result<Bytes, io::Error>> {
    content.chunks(77_777).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
}

async fn failed(server: &FormServer, content: FileContent) -> Error {
    client(&server.endpoint).classic().files().upload(content, FilePurpose::Assistants).await.unwrap_err()
}

/// That no form has arrived whole: either none at all, or one that breaks off.
fn assert_nothing_whole(server: &FormServer) {
    assert!(server.received().iter().all(|received| received.parts.is_err()), "{:?}", server.received().len());
}

#[tokio::test]
async fn contents_arrive_whole_from_every_source() {
    let server = FormServer::start(&[200]).await;
    let files = client(&server.endpoint).classic().files();
    let content = noise(LENGTH);
    let (_folder, path) = file("a.bin", &content);
    let stream = |length| FileContent::from_stream("a.bin", length, futures_util::stream::iter(pieces(&noise(LENGTH))));
    let total = Some(LENGTH as u64);
    for (source, total) in [
        (FileContent::new("a.bin", content.clone()), total),
        (FileContent::from_path(&path), total),
        (stream(total), total),
        (stream(None), None),
        (FileContent::new("a.bin", Bytes::new()), Some(0)),
    ] {
        let told = Told::default();
        let shown = format!("{source:?}");
        files.upload(source.on_progress(told.callback()), FilePurpose::Assistants).await.unwrap();
        let received = server.received().pop().unwrap();
        let length = if total == Some(0) { 0 } else { LENGTH };
        assert!(received.file().bytes == content[..length], "{shown}");
        // The length is announced where it is known.
        let announced = received.headers.get("content-length").map(|length| length.to_str().unwrap().parse::<u64>());
        assert_eq!(announced.is_some(), total.is_some(), "{shown}");
        assert!(announced.is_none_or(|announced| announced.unwrap() > length as u64));
        // Progress begins with nothing, grows, and ends with all.
        let bytes = told.bytes();
        assert_eq!((bytes[0], *bytes.last().unwrap()), (0, length as u64), "{shown}");
        assert!(bytes.is_sorted() && (length == 0 || bytes.len() > 5), "{shown}: {bytes:?}");
        assert_eq!(told.totals(), [total]);
    }
}

#[tokio::test]
async fn a_callback_that_panics_does_not_stop_the_upload() {
    let server = FormServer::start(&[200]).await;
    let content = FileContent::new("a", noise(LENGTH)).on_progress(|_| panic!("planned"));
    client(&server.endpoint).classic().files().upload(content, FilePurpose::Assistants).await.unwrap();
    assert_eq!(server.received()[0].file().bytes.len(), LENGTH);
}

#[tokio::test]
async fn a_path_that_cannot_be_read_is_an_error_before_anything_is_sent() {
    let server = FormServer::start(&[200]).await;
    let (folder, path) = file("a", b"");
    for (path, said) in [(path.with_file_name("none.txt"), "none.txt"), (folder.path().to_owned(), "no regular file")] {
        let error = failed(&server, FileContent::from_path(&path).named("n")).await;
        assert_eq!(error.kind(), ErrorKind::LocalFile);
        assert!(error.message().contains(said), "{error}");
        assert!(!error.is_retryable() && !error.server_may_have_acted());
    }
    let error = failed(&server, FileContent::from_path(path.with_file_name("none.txt"))).await;
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::NotFound);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_file_that_becomes_shorter_meanwhile_is_not_taken_for_whole() {
    let server = FormServer::start(&[200]).await;
    let (_folder, path) = file("a", &noise(8 << 20));
    let (other, is_cut) = (path.clone(), AtomicBool::new(false));
    let content = FileContent::from_path(&path).on_progress(move |progress| {
        if progress.bytes > 0 && !is_cut.swap(true, Ordering::SeqCst) {
            std::fs::OpenOptions::new().write(true).open(&other).unwrap().set_len(1000).unwrap();
        }
    });
    let error = failed(&server, content).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::LocalFile, 1));
    assert!(error.message().contains("shorter"), "{error}");
    assert_nothing_whole(&server);
}

#[tokio::test]
async fn what_is_added_to_a_file_meanwhile_is_not_sent() {
    let server = FormServer::start(&[200]).await;
    let content = noise(LENGTH);
    let (_folder, path) = file("a", &content);
    let other = path.clone();
    let source = FileContent::from_path(&path).on_progress(move |_| {
        std::fs::OpenOptions::new().append(true).open(&other).unwrap().write_all(b"more").unwrap();
    });
    client(&server.endpoint).classic().files().upload(source, FilePurpose::Assistants).await.unwrap();
    assert!(server.received()[0].file().bytes == content);
}

#[tokio::test]
async fn a_stream_that_fails_or_is_not_as_long_as_said_fails_the_upload() {
    let server = FormServer::start(&[200]).await;
    let good = || futures_util::stream::iter(pieces(&noise(LENGTH)));
    let failing = || good().chain(futures_util::stream::iter([Err(io::Error::other("the tape broke"))]));
    for (content, said) in [
        (FileContent::from_stream("s", Some(LENGTH as u64 + 1), good()), "ended after 1000003 of its 1000004 bytes"),
        (FileContent::from_stream("s", Some(LENGTH as u64 - 1), good()), "longer than its 1000002 bytes"),
        (FileContent::from_stream("s", Some(2 * LENGTH as u64), failing()), "the tape broke"),
        (FileContent::from_stream("s", None, failing()), "the tape broke"),
    ] {
        let error = failed(&server, content).await;
        assert_eq!(error.kind(), ErrorKind::LocalFile, "{error}");
        assert!(error.message().contains(said), "{error}");
        assert!(!error.is_retryable() && !error.server_may_have_acted());
    }
    assert_nothing_whole(&server);
}
