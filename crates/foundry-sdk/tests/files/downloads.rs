//! Downloads: a file is there whole or not at all.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use foundry_sdk::{Body, BoxError, Error, ErrorKind, ProjectClient, RequestBody, RetryPolicy, Transport};
use futures_core::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{Request, Response};
use tempfile::TempDir;

use crate::common::{Told, builder, client, locked, noise};

const LENGTH: usize = 3_000_001;

/// Announces so many bytes, and sends these.
fn serve(announced: usize, content: Vec<u8>) -> String {
    serve_by(move |stream| {
        let head = format!("HTTP/1.1 200 OK\r\nx-request-id: req-1\r\ncontent-length: {announced}\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&content));
    })
}

fn serve_by(answer: impl Fn(&mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if std::io::Read::read_exact(&mut stream, &mut byte).is_err() {
                    return;
                }
                request.push(byte[0]);
            }
            answer(&mut stream);
        }
    });
    endpoint
}

async fn download(client: &ProjectClient, path: &Path) -> Result<u64, Error> {
    client.classic().files().get_content("assistant-1").download_to(path).await
}

/// What is in a folder.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_file_is_written_whole_and_takes_the_place_of_what_was_there() {
    let content = noise(LENGTH);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart 日本.png");
    std::fs::write(&path, "before").unwrap();
    let told = Told::default();
    let (other, seen) = (path.clone(), told.callback());
    let meanwhile = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let looked = std::sync::Arc::clone(&meanwhile);
    let bytes = client(serve(LENGTH, content.clone()))
        .classic()
        .files()
        .get_content("assistant-1")
        .download_to(&path)
        .on_progress(move |progress| {
            locked(&looked).insert(std::fs::read(&other).unwrap());
            seen(progress);
        })
        .await
        .unwrap();
    assert_eq!(bytes, LENGTH as u64);
    // Until it is complete nobody sees any of it.
    assert!(*locked(&meanwhile) == std::collections::BTreeSet::from([b"before".to_vec()]));
    assert!(std::fs::read(&path).unwrap() == content);
    assert_eq!(names(&folder), ["chart 日本.png"]);
    let told_bytes = told.bytes();
    assert_eq!((told_bytes[0], *told_bytes.last().unwrap()), (0, LENGTH as u64));
    assert!(told_bytes.is_sorted() && told_bytes.len() > 5);
    assert_eq!(told.totals(), [Some(LENGTH as u64)]);
}

#[tokio::test]
async fn a_cut_download_is_an_error_and_leaves_nothing_behind() {
    for sent in [0, 1, LENGTH - 1] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let client = client(serve(LENGTH, noise(sent)));
        let error = download(&client, &path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{sent}");
        assert_eq!(error.request_id(), Some("req-1"));
        assert!(names(&folder).is_empty(), "{sent}: {:?}", names(&folder));
        std::fs::write(&path, "before").unwrap();
        download(&client, &path).await.unwrap_err();
        assert_eq!((names(&folder), std::fs::read(&path).unwrap()), (vec!["a.bin".to_owned()], b"before".to_vec()));
    }
}

#[tokio::test]
async fn downloads_to_one_path_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    // The first one waits in its middle until the second one is done.
    let (go_on, wait) = std::sync::mpsc::channel();
    let slow = serve_by(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc").unwrap();
        wait.recv().unwrap();
        stream.write_all(b"def").unwrap();
    });
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let first = client(slow).classic().files().get_content("assistant-1").download_to(&path);
    let first = first.on_progress(move |progress| {
        let _ = began.send(progress.bytes);
    });
    let quick = client(serve(LENGTH, noise(LENGTH)));
    let second = async {
        while begun.recv().await != Some(3) {}
        let bytes = download(&quick, &path).await;
        assert!(std::fs::read(&path).unwrap() == noise(LENGTH));
        go_on.send(()).unwrap();
        bytes
    };
    let (first, second) = tokio::join!(first.into_future(), second);
    assert_eq!((first.unwrap(), second.unwrap()), (6, LENGTH as u64));
    assert_eq!(std::fs::read(&path).unwrap(), b"abcdef");
    assert_eq!(names(&folder), ["a.bin"]);
}

/// Answers with a body of its own, whatever the headers say.
struct Odd {
    announced: &'static str,
    pieces: Vec<&'static str>,
}

impl Transport for Odd {
    fn send(&self, _: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let pieces: Vec<Result<bytes::Bytes, BoxError>> = self.pieces.iter().map(|piece| Ok((*piece).into())).collect();
        let body = Body::Stream(futures_util::stream::iter(pieces).boxed());
        let response = Response::builder().header("content-length", self.announced).body(body).unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[tokio::test]
async fn a_content_that_is_not_as_long_as_announced_is_an_error() {
    for (announced, pieces, is_good) in
        [("6", vec!["abc", "def"], true), ("7", vec!["abc", "def"], false), ("5", vec!["abc", "def"], false)]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let client = builder("https://res.services.ai.azure.com/api/projects/p");
        let result = download(&client.transport(Odd { announced, pieces }).build().unwrap(), &path).await;
        assert_eq!(result.as_ref().is_ok(), is_good, "{announced}");
        assert_eq!(names(&folder).len(), usize::from(is_good));
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            assert!(error.message().contains(announced), "{error}");
        }
    }
}

#[tokio::test]
async fn a_dropped_download_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    // The rest never comes.
    let endpoint = serve_by(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").unwrap();
        std::mem::forget(stream.try_clone().unwrap());
    });
    let (came, mut comes) = tokio::sync::mpsc::unbounded_channel();
    let download = client(endpoint).classic().files().get_content("assistant-1").download_to(&path);
    let download = download.on_progress(move |progress| came.send(progress.bytes).unwrap());
    let some_came = async { while comes.recv().await != Some(3) {} };
    tokio::select! {
        result = download.into_future() => panic!("{result:?}"),
        () = some_came => {}
    }
    assert!(names(&folder).is_empty(), "{:?}", names(&folder));
}

#[tokio::test]
async fn a_refused_download_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve_by(|stream| {
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    });
    let client = builder(endpoint).retry(RetryPolicy::none()).build().unwrap();
    let error = download(&client, &folder.path().join("a.bin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(names(&folder).is_empty());
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(serve(3, b"abc".to_vec()));
    for path in [folder.path().to_owned(), folder.path().join("none/a.bin"), "/".into()] {
        let error = download(&client, &path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalFile, "{error}");
        assert!(error.message().contains(path.to_str().unwrap()) && std::error::Error::source(&error).is_some());
        assert!(!error.is_retryable() && !error.server_may_have_acted());
    }
    assert!(names(&folder).is_empty());
}

#[tokio::test]
async fn a_callback_that_panics_does_not_stop_the_download() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let request = client(serve(LENGTH, noise(LENGTH))).classic().files().get_content("assistant-1");
    let bytes = request.download_to(&path).on_progress(|_| panic!("planned")).await.unwrap();
    assert_eq!((bytes, std::fs::metadata(&path).unwrap().len()), (LENGTH as u64, LENGTH as u64));
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_is_written_to_as_it_is() {
    // By a link: what goes wrong here is not to replace the device of the whole machine.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("null");
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    assert_eq!(download(&client(serve(LENGTH, noise(LENGTH))), &path).await.unwrap(), LENGTH as u64);
    assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(names(&folder), ["null"]);
}

#[tokio::test]
async fn a_content_can_be_read_as_a_stream() {
    let content = noise(LENGTH);
    let files = client(serve(LENGTH, content.clone())).classic().files();
    let mut stream = files.get_content("assistant-1").await.unwrap();
    let mut all = Vec::new();
    while let Some(piece) = stream.try_next().await.unwrap() {
        all.extend_from_slice(&piece);
    }
    assert!(all == content);
}

#[tokio::test]
async fn a_content_is_read_whole_up_to_the_limit_of_answers() {
    let content = noise(LENGTH);
    let bytes = async |sent: usize, limit: usize| {
        let endpoint = serve(LENGTH, content[..sent].to_vec());
        let client = builder(endpoint).retry(RetryPolicy::none()).answer_limit(limit).build().unwrap();
        client.classic().files().get_content("assistant-1").bytes().await
    };
    assert!(bytes(LENGTH, LENGTH).await.unwrap() == content);
    for (sent, limit, kind) in [(LENGTH, LENGTH - 1, ErrorKind::TooLarge), (LENGTH - 1, LENGTH, ErrorKind::Interrupted)]
    {
        let error = bytes(sent, limit).await.unwrap_err();
        assert_eq!((error.kind(), error.request_id()), (kind, Some("req-1")));
    }
}

#[tokio::test]
async fn what_breaks_a_stream_of_content_is_an_error_as_all_others() {
    async fn read(files: foundry_sdk::classic::Files) -> foundry_sdk::Result<usize> {
        let mut stream = files.get_content("assistant-1").await?;
        let mut length = 0;
        while let Some(piece) = stream.try_next().await? {
            length += piece.len();
        }
        Ok(length)
    }
    assert_eq!(read(client(serve(LENGTH, noise(LENGTH))).classic().files()).await.unwrap(), LENGTH);
    let error = read(client(serve(LENGTH, noise(7))).classic().files()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
