//! A server on a socket that answers with these very bytes and hangs up.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::common::locked;

/// The bytes of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply(Vec<u8>);

impl Reply {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self(text.into().into_bytes())
    }

    /// An answer without a body; each header ends with a line break.
    pub(crate) fn status(status: u16, headers: &str) -> Self {
        Self::text(format!("HTTP/1.1 {status} Because\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n"))
    }
}

/// The server; its thread waits for connections until the tests end.
pub(crate) struct Server {
    endpoint: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

impl Server {
    /// Answers each request on a connection of its own, the last reply for ever.
    pub(crate) fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::serving(replies.into_iter().collect(), false)
    }

    /// Answers the requests of one connection, and closes it when an empty reply is due.
    pub(crate) fn start_keeping(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::serving(replies.into_iter().collect(), true)
    }

    fn serving(replies: Vec<Reply>, keeps: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/api/projects/p", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut replies = VecDeque::from(replies);
            while let Ok((mut stream, _)) = listener.accept() {
                *locked(&log.connections) += 1;
                while let Some(request) = read(&mut stream) {
                    locked(&log.requests).push(request);
                    let reply = if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() };
                    let _ = stream.write_all(&reply.0);
                    if !keeps || reply.0.is_empty() {
                        break;
                    }
                }
            }
        });
        Self { endpoint, seen }
    }

    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// The requests so far, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        locked(&self.seen.requests).clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *locked(&self.seen.connections)
    }
}

/// A request with its body; `None` where the connection ends.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    }
}
