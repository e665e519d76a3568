//! A server on this machine that throws away what it is sent, and sends zeros or events.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is read or written at once.
const PIECE: usize = 64 << 10;

const FILE: &str = r#"{"id":"assistant-1","object":"file","bytes":1,"filename":"f","created_at":1,"purpose":"assistants","status":"processed"}"#;

pub(crate) struct Server {
    pub(crate) endpoint: String,
    received: Arc<AtomicU64>,
}

impl Server {
    /// Starts it; it answers a `GET` with so many zeros.
    pub(crate) fn start(size: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}/api/projects/p", listener.local_addr()?);
        let received = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // What goes wrong here the client tells.
                let _ = stream.and_then(|stream| serve(stream, size, &counter));
            }
        });
        Ok(Self { endpoint, received })
    }

    /// How many bytes of bodies have arrived since it was asked last.
    pub(crate) fn received(&self) -> u64 {
        self.received.swap(0, Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, size: u64, received: &AtomicU64) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let mut buffer = vec![0; PIECE];
    if head.starts_with("post ") {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut left: u64 = length.ok_or(io::ErrorKind::InvalidData)?;
        while left > 0 {
            let wanted = left.min(PIECE as u64) as usize;
            let read = stream.read(&mut buffer[..wanted])? as u64;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= read;
            received.fetch_add(read, Ordering::SeqCst);
        }
        if head.contains("/runs?") {
            received.store(0, Ordering::SeqCst);
            return events(&mut stream, size);
        }
        return answer(&mut stream, FILE.len() as u64).and_then(|()| stream.write_all(FILE.as_bytes()));
    }
    answer(&mut stream, size)?;
    let mut left = size;
    while left > 0 {
        let length = left.min(PIECE as u64) as usize;
        stream.write_all(&buffer[..length])?;
        left -= length as u64;
    }
    Ok(())
}

/// A stream of events with so many bytes of text.
fn events(stream: &mut TcpStream, size: u64) -> io::Result<()> {
    const WORDS: usize = 4 << 10;
    stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n")?;
    let message = r#"{"id":"msg_1","object":"thread.message","thread_id":"thread_1","role":"assistant","content":[]}"#;
    stream.write_all(format!("event: thread.message.created\ndata: {message}\n\n").as_bytes())?;
    let text = "word ".repeat(WORDS / 5 + 1);
    let event = format!(
        "event: thread.message.delta\ndata: {{\"id\":\"msg_1\",\"object\":\"thread.message.delta\",\
         \"delta\":{{\"content\":[{{\"index\":0,\"type\":\"text\",\"text\":{{\"value\":\"{}\"}}}}]}}}}\n\n",
        &text[..WORDS]
    );
    let block = event.repeat(16);
    let mut left = size / (16 * WORDS as u64);
    while left > 0 {
        stream.write_all(block.as_bytes())?;
        left -= 1;
    }
    stream.write_all(b"event: done\ndata: [DONE]\n\n")
}

fn answer(stream: &mut TcpStream, length: u64) -> io::Result<()> {
    stream.write_all(format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n").as_bytes())
}
