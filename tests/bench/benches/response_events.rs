//! Events of a response as typed values, from a stream's bytes: this parser and these types beside the
//! stream path of async-openai with its types. Same bytes, same pieces, same process.
//!
//! `cargo bench --bench response_events`. The stream path of async-openai is its client's, over a service
//! that answers from memory; what of it is parsing and decoding alone is measured too.

use std::convert::Infallible;
use std::hint::black_box;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use async_openai::types::responses::{CreateResponseArgs, ResponseStreamEvent};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eventsource_stream::Eventsource as _;
use foundry_raw::EventParser;
use foundry_raw::v1::types::OpenAiResponseStreamEvent;
use futures_util::{StreamExt as _, stream};

/// How many deltas the stream has.
const DELTAS: usize = 2_000;

/// A response that is written word by word, as the service frames it.
fn recorded() -> Vec<u8> {
    let text = "word ".repeat(DELTAS);
    let item = |status: &str, content: &str| {
        format!(r#"{{"id":"msg_1","type":"message","role":"assistant","status":"{status}","content":[{content}]}}"#)
    };
    let part = |text: &str| format!(r#"{{"type":"output_text","text":"{text}","annotations":[],"logprobs":[]}}"#);
    let response = |status: &str, output: &str| {
        format!(
            r#"{{"id":"resp_1","object":"response","created_at":1700000000,"status":"{status}","background":false,
            "error":null,"incomplete_details":null,"instructions":"Be brief.","max_output_tokens":null,
            "model":"gpt-4.1-mini","output":[{output}],"parallel_tool_calls":true,"previous_response_id":null,
            "reasoning":{{"effort":null,"summary":null}},"store":true,"temperature":1.0,
            "text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled",
            "usage":null,"user":null,"metadata":{{}}}}"#
        )
        .replace('\n', "")
    };
    let place = r#""item_id":"msg_1","output_index":0,"content_index":0"#;
    let mut events = vec![
        ("response.created", format!(r#""response":{}"#, response("in_progress", ""))),
        ("response.in_progress", format!(r#""response":{}"#, response("in_progress", ""))),
        ("response.output_item.added", format!(r#""output_index":0,"item":{}"#, item("in_progress", ""))),
        ("response.content_part.added", format!(r#"{place},"part":{}"#, part(""))),
    ];
    events.extend(
        (0..DELTAS).map(|_| ("response.output_text.delta", format!(r#"{place},"delta":"word ","logprobs":[]"#))),
    );
    let done = item("completed", &part(&text));
    events.extend([
        ("response.output_text.done", format!(r#"{place},"text":"{text}","logprobs":[]"#)),
        ("response.content_part.done", format!(r#"{place},"part":{}"#, part(&text))),
        ("response.output_item.done", format!(r#""output_index":0,"item":{done}"#)),
        ("response.completed", format!(r#""response":{}"#, response("completed", &done))),
    ]);
    let mut text = String::new();
    for (number, (name, rest)) in events.iter().enumerate() {
        text.push_str(&format!("event: {name}\ndata: {{\"type\":\"{name}\",\"sequence_number\":{number},{rest}}}\n\n"));
    }
    text.into_bytes()
}

/// How many bytes of text came in deltas.
fn ours(bytes: &[u8], piece: usize) -> usize {
    let mut parser = EventParser::new();
    let mut length = 0;
    for piece in bytes.chunks(piece) {
        parser.push(piece);
        while let Some(event) = parser.next_event().expect("no event is too large") {
            match black_box(foundry_raw::from_str(&event.data).expect("the event is one of the document")) {
                OpenAiResponseStreamEvent::ResponseOutputTextDelta(delta) => length += delta.delta.len(),
                OpenAiResponseStreamEvent::Unknown(unknown) => panic!("{unknown:?}"),
                _ => {}
            }
        }
    }
    length
}

fn length(event: ResponseStreamEvent) -> usize {
    match black_box(event) {
        ResponseStreamEvent::ResponseOutputTextDelta(delta) => delta.delta.len(),
        _ => 0,
    }
}

/// Their parser and types, without the task and the channel of the stream path.
fn their_parts(runtime: &tokio::runtime::Runtime, bytes: &[u8], piece: usize) -> usize {
    runtime.block_on(async {
        let pieces = stream::iter(bytes.chunks(piece).map(Ok::<_, Infallible>));
        let mut events = pieces.eventsource();
        let mut sum = 0;
        while let Some(event) = events.next().await {
            let data = event.expect("the stream is well formed").data;
            sum += length(serde_json::from_str(&data).expect("the event is one of theirs"));
        }
        sum
    })
}

/// Their client, whose service answers with the stream.
fn their_client(pieces: Vec<bytes::Bytes>) -> Client<OpenAIConfig> {
    let service = tower::service_fn(move |_: HttpRequestFactory| {
        let body = reqwest::Body::wrap_stream(stream::iter(pieces.clone().into_iter().map(Ok::<_, Infallible>)));
        std::future::ready(Ok::<reqwest::Response, OpenAIError>(http::Response::new(body).into()))
    });
    Client::with_config(OpenAIConfig::new().with_api_key("none")).with_http_service(service)
}

fn theirs(runtime: &tokio::runtime::Runtime, client: &Client<OpenAIConfig>) -> usize {
    runtime.block_on(async {
        let request = CreateResponseArgs::default().input("Why?").stream(true).build().expect("a request");
        let mut events = client.responses().create_stream(request).await.expect("a stream");
        let mut sum = 0;
        while let Some(event) = events.next().await {
            sum += length(event.expect("the event is one of theirs"));
        }
        sum
    })
}

fn response_events(criterion: &mut Criterion) {
    let bytes = recorded();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for piece in [200, 16 << 10] {
        let client = their_client(bytes.chunks(piece).map(bytes::Bytes::copy_from_slice).collect());
        let expected = DELTAS * "word ".len();
        assert_eq!(ours(&bytes, piece), expected);
        assert_eq!(their_parts(&runtime, &bytes, piece), expected);
        assert_eq!(theirs(&runtime, &client), expected);
        let mut group = criterion.benchmark_group(format!("typed events in pieces of {piece} bytes"));
        group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
        group.bench_function("this", |bencher| bencher.iter(|| ours(&bytes, piece)));
        group.bench_function("async-openai", |bencher| bencher.iter(|| theirs(&runtime, &client)));
        group.bench_function("async-openai, parser and types alone", |bencher| {
            bencher.iter(|| their_parts(&runtime, &bytes, piece));
        });
        group.finish();
    }
}

criterion_group!(benches, response_events);
criterion_main!(benches);
