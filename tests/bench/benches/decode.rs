//! Decoding pages beside structs written by hand, `serde_json::Value` and the crate
//! `azure_ai_foundry_agents`.
//!
//! `cargo bench --bench decode` in this folder measures each by itself with criterion. With
//! `-- --table` the contenders of a page take turns, round by round, so that a machine that changes
//! its speed changes it for all; what is printed are medians.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use foundry_bench::by_hand::{Message, Page, Run, Tool};
use foundry_bench::pages;
use foundry_bench::union::{self, AnyItem, Item, ItemByHand, TAGS};
use foundry_raw::from_slice;
use foundry_raw::v2025_05_01::types::{ListOfThreadMessage, ListOfThreadRun, ToolDefinition};
use serde_json::Value;

type Decode = fn(&[u8]) -> bool;

struct Contest {
    name: String,
    text: String,
    contenders: Vec<(&'static str, Decode)>,
}

fn all() -> Vec<Contest> {
    let value: Decode = |text| serde_json::from_slice::<Value>(text).is_ok();
    let mut all = Vec::new();
    for bytes in [346, 1000, 2500] {
        all.push(Contest {
            name: format!("messages of {bytes} bytes"),
            text: pages::messages(bytes),
            contenders: vec![
                ("foundry-raw", |text| from_slice::<ListOfThreadMessage>(text).is_ok()),
                ("by hand", |text| serde_json::from_slice::<Page<Message>>(text).is_ok()),
                ("azure_ai_foundry_agents", |text| {
                    serde_json::from_slice::<azure_ai_foundry_agents::message::MessageList>(text).is_ok()
                }),
                ("Value", value),
            ],
        });
    }
    all.push(Contest {
        name: "runs with tools".to_owned(),
        text: pages::runs(),
        contenders: vec![
            ("foundry-raw", |text| from_slice::<ListOfThreadRun>(text).is_ok()),
            ("by hand", |text| serde_json::from_slice::<Page<Run>>(text).is_ok()),
            ("Value", value),
        ],
    });
    for tag in ["first", "middle", "last"] {
        all.push(Contest {
            name: format!("tools, tag {tag}"),
            text: pages::tools(tag),
            contenders: vec![
                ("foundry-raw", |text| from_slice::<Vec<ToolDefinition>>(text).is_ok()),
                ("by hand", |text| serde_json::from_slice::<Vec<Tool>>(text).is_ok()),
                ("Value", value),
            ],
        });
    }
    // The same with one kind alone shows what the union costs without the processor having to guess
    // which kind comes next.
    for (kinds, tag, place) in [
        (TAGS.len(), "first", 0),
        (TAGS.len(), "second", 1),
        (TAGS.len(), "middle", 4),
        (TAGS.len(), "last", 7),
        (1, "first", 0),
        (1, "last", 7),
    ] {
        all.push(Contest {
            name: format!("{kinds} of 20 kinds, tag {tag}"),
            text: union::page(place, kinds),
            contenders: vec![
                ("foundry-raw", |text| union::from_slice::<Vec<Item>>(text).is_ok()),
                ("one concrete struct", |text| union::from_slice::<Vec<AnyItem>>(text).is_ok()),
                ("by hand", |text| serde_json::from_slice::<Vec<ItemByHand>>(text).is_ok()),
                ("Value", value),
            ],
        });
    }
    all
}

fn main() {
    let all = all();
    for page in &all {
        for (name, decode) in &page.contenders {
            assert!(decode(page.text.as_bytes()), "{name} cannot decode {}", page.name);
        }
    }
    if std::env::args().any(|argument| argument == "--table") {
        all.iter().for_each(table);
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    for page in &all {
        let mut group = criterion.benchmark_group(&page.name);
        group.throughput(Throughput::Bytes(page.text.len() as u64));
        for (name, decode) in &page.contenders {
            group.bench_function(*name, |bencher| bencher.iter(|| decode(black_box(page.text.as_bytes()))));
        }
        group.finish();
    }
    criterion.final_summary();
}

/// How often each contender has its turn.
const ROUNDS: usize = 101;

fn table(page: &Contest) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); page.contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, decode), times) in page.contenders.iter().zip(&mut times) {
            let start = Instant::now();
            black_box(decode(black_box(page.text.as_bytes())));
            times.push(start.elapsed());
        }
    }
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2].as_secs_f64()
        })
        .collect();
    for ((name, _), median) in page.contenders.iter().zip(&medians) {
        let speed = page.text.len() as f64 / 1e6 / median;
        println!("{:<25} {name:<24} {speed:>6.0} MB/s  {:.2} x foundry-raw's time", page.name, median / medians[0]);
    }
}
