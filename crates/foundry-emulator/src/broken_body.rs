//! Bodies that do not arrive as they should: cut off, dripping, without an end.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

/// How long what was sent of a body that is cut has to get on its way: closing the connection
/// throws away what waits to be sent.
const FLUSH: Duration = Duration::from_millis(5);

/// Tells when the emulator stops.
pub(crate) type Stopping = watch::Receiver<bool>;

/// Waits until the emulator stops.
pub(crate) async fn stopped(mut stopping: Stopping) {
    // An error means that the emulator is gone.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
}

/// Waits so long; false if the emulator stopped meanwhile.
pub(crate) async fn pause(duration: Duration, stopping: Stopping) -> bool {
    tokio::select! {
        () = tokio::time::sleep(duration) => true,
        () = stopped(stopping) => false,
    }
}

/// The answer with its body cut after so many bytes; it announces what it announced.
pub(crate) fn cut(response: Response, bytes: usize) -> Response {
    with_pieces(response, |pieces| {
        stream::unfold((pieces, bytes, false), |(mut pieces, left, is_over)| async move {
            if is_over {
                tokio::time::sleep(FLUSH).await;
                return Some((Err(broken()), (pieces, 0, true)));
            }
            let piece = pieces.next().await?;
            let next = match piece {
                Ok(mut piece) => {
                    let is_over = piece.len() > left;
                    piece.truncate(left);
                    let left = left - piece.len();
                    (Ok(piece), (pieces, left, is_over))
                }
                Err(error) => (Err(io::Error::other(error)), (pieces, 0, true)),
            };
            Some(next)
        })
    })
}

/// The answer with its body sent so many bytes at a time.
pub(crate) fn drip(response: Response, bytes: usize, duration: Duration, stopping: Stopping) -> Response {
    with_pieces(response, move |pieces| {
        stream::unfold((pieces, Bytes::new(), true), move |(mut pieces, mut rest, is_first)| {
            let stopping = stopping.clone();
            async move {
                while rest.is_empty() {
                    rest = match pieces.next().await? {
                        Ok(piece) => piece,
                        Err(error) => return Some((Err(io::Error::other(error)), (pieces, rest, false))),
                    };
                }
                if !is_first && !pause(duration, stopping).await {
                    return Some((Err(broken()), (pieces, rest, false)));
                }
                let piece = rest.split_to(bytes.min(rest.len()));
                Some((Ok(piece), (pieces, rest, false)))
            }
        })
    })
}

/// The answer with a body made of the pieces of the one that it has, and the length of that one.
fn with_pieces<S>(response: Response, change: impl FnOnce(BodyDataStream) -> S) -> Response
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Body::from_stream(change(body.into_data_stream())))
}

/// What ends a connection in the middle of a body.
pub(crate) fn broken() -> io::Error {
    io::Error::other("the body is broken off on purpose")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pieces(response: Response) -> (Vec<Bytes>, bool) {
        let mut stream = response.into_body().into_data_stream();
        let mut pieces = Vec::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => pieces.push(piece),
                Err(_) => return (pieces, false),
            }
        }
        (pieces, true)
    }

    fn in_two() -> Response {
        let pieces = ["Hello ", "world"].map(|piece| Ok::<_, io::Error>(Bytes::from(piece)));
        Response::new(Body::from_stream(stream::iter(pieces)))
    }

    #[tokio::test]
    async fn a_body_is_cut_within_and_between_its_pieces() {
        for (bytes, expected, is_whole) in [
            (0, "", false),
            (3, "Hel", false),
            (6, "Hello ", false),
            (10, "Hello worl", false),
            (11, "Hello world", true),
        ] {
            let (pieces, ended) = pieces(cut(in_two(), bytes)).await;
            assert_eq!((pieces.concat().as_slice(), ended), (expected.as_bytes(), is_whole), "{bytes}");
        }
        let whole = cut(Response::new(Body::from("Hello")), 2);
        assert_eq!(whole.headers()[CONTENT_LENGTH], "5");
    }

    #[tokio::test]
    async fn a_body_drips_in_small_pieces() {
        let (_stop, stopping) = watch::channel(false);
        let (pieces, ended) = pieces(drip(in_two(), 4, Duration::ZERO, stopping)).await;
        assert_eq!(pieces, ["Hell", "o ", "worl", "d"]);
        assert!(ended);
    }

    #[tokio::test]
    async fn whoever_waits_is_released_when_the_emulator_stops() {
        let (stop, stopping) = watch::channel(false);
        let hour = Duration::from_secs(3600);
        let dripping = pieces(drip(in_two(), 4, hour, stopping.clone()));
        let (dripped, paused, ()) = tokio::join!(dripping, pause(hour, stopping), async {
            tokio::task::yield_now().await;
            stop.send_replace(true);
        });
        assert_eq!(dripped, (vec![Bytes::from("Hell")], false));
        assert!(!paused);
    }
}
