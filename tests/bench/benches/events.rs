//! Taking events out of a stream's bytes: this parser beside `eventsource-stream`, same bytes, same
//! pieces, same process.
//!
//! `cargo bench --bench events`.

use std::convert::Infallible;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eventsource_stream::Eventsource as _;
use foundry_raw::EventParser;
use futures_util::{StreamExt as _, stream};

/// A stream as the service frames it: many small deltas, and a large object now and then.
fn recorded() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..8_000 {
        text.push_str("event: thread.message.delta\ndata: ");
        text.push_str(&format!(
            r#"{{"id":"msg_{number:024}","object":"thread.message.delta","delta":{{"content":[{{"index":0,"type":"text","text":{{"value":" word"}}}}]}}}}"#
        ));
        text.push_str("\n\n");
        if number % 100 == 0 {
            text.push_str("event: thread.run.in_progress\ndata: ");
            text.push_str(&format!(r#"{{"id":"run_{number}","instructions":"{}"}}"#, "Be brief. ".repeat(400)));
            text.push_str("\n\n");
        }
    }
    text.push_str("event: done\ndata: [DONE]\n\n");
    text.into_bytes()
}

fn ours(bytes: &[u8], piece: usize) -> usize {
    let mut parser = EventParser::new();
    let mut count = 0;
    for piece in bytes.chunks(piece) {
        parser.push(piece);
        while let Some(event) = parser.next_event().expect("no event is too large") {
            count += usize::from(!black_box(&event).data.is_empty());
        }
    }
    count
}

fn theirs(runtime: &tokio::runtime::Runtime, bytes: &[u8], piece: usize) -> usize {
    runtime.block_on(async {
        let pieces = stream::iter(bytes.chunks(piece).map(Ok::<_, Infallible>));
        let mut events = pieces.eventsource();
        let mut count = 0;
        while let Some(event) = events.next().await {
            count += usize::from(!black_box(event.expect("the stream is well formed")).data.is_empty());
        }
        count
    })
}

fn events(criterion: &mut Criterion) {
    let bytes = recorded();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for piece in [200, 16 << 10] {
        assert_eq!(ours(&bytes, piece), theirs(&runtime, &bytes, piece));
        let mut group = criterion.benchmark_group(format!("events in pieces of {piece} bytes"));
        group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
        group.bench_function("this", |bencher| bencher.iter(|| ours(&bytes, piece)));
        group.bench_function("eventsource-stream", |bencher| bencher.iter(|| theirs(&runtime, &bytes, piece)));
        group.finish();
    }
}

criterion_group!(benches, events);
criterion_main!(benches);
