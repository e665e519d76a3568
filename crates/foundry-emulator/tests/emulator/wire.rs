//! A stream as its bytes come over the wire, chunk by chunk.

use std::time::Duration;

use foundry_emulator::Emulator;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long anything may take that is not meant to take long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection with one request that is being answered.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// Posts this to a path of the emulator's project.
    pub(crate) async fn post(emulator: &Emulator, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        let url = url::Url::parse(emulator.endpoint()).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).await.unwrap();
        let head = format!(
            "POST {}{path}?api-version={} HTTP/1.1\r\nhost: x\r\nconnection: close\r\napi-key: a\r\n\
             content-length: {}\r\n\r\n",
            url.path(),
            crate::API_VERSION,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Reads until this has come, and gives all that has.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        while !self.text().contains(text) {
            assert!(self.read().await, "{text} does not come: {}", self.text());
        }
        self.text()
    }

    /// Reads what there is, and gives all that has come.
    pub(crate) async fn more(&mut self) -> String {
        self.read().await;
        self.text()
    }

    /// Reads to the end, and gives the chunks of the body; whether it came to its end.
    pub(crate) async fn chunks(mut self) -> (Vec<Vec<u8>>, bool) {
        while self.read().await {}
        let end = self.received.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(self.received[..end].to_vec()).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 200 ") && head.contains("transfer-encoding: chunked"), "{head}");
        let mut rest = &self.received[end + 4..];
        let mut chunks = Vec::new();
        while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
            rest = &rest[end + 2..];
            if size == 0 {
                return (chunks, true);
            }
            if rest.len() < size + 2 {
                break;
            }
            chunks.push(rest[..size].to_vec());
            rest = &rest[size + 2..];
        }
        (chunks, false)
    }

    /// Reads to the end, which must come, and gives the whole body.
    pub(crate) async fn body(self) -> String {
        let (chunks, is_whole) = self.chunks().await;
        assert!(is_whole);
        String::from_utf8(chunks.concat()).unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Reads what there is; false at the end, whatever kind of end it is.
    async fn read(&mut self) -> bool {
        let mut buffer = [0; 64 * 1024];
        let count = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer)).await.unwrap().unwrap_or(0);
        self.received.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

/// The names of the events in what came of a stream.
pub(crate) fn event_names(received: &str) -> Vec<&str> {
    let mut names: Vec<&str> = received.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    names.dedup_by(|second, first| second == first && first.ends_with(".delta"));
    names
}
