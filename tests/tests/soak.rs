//! A night of faults: 500 conversations at once against an emulator that refuses, fails, forgets to
//! answer and cuts; then the books of both sides are compared.
//!
//! They are held once, in CI for 60 s; `SOAK_SECONDS` says for how long instead.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use foundry_emulator::{Emulator, Fault, Rule};
use foundry_sdk::classic::types::{ThreadMessage, ThreadRun};
use foundry_sdk::classic::{Classic, RunEvent};
use foundry_sdk::{Credential, Error, ErrorKind, Function, FunctionSet, ProjectClient, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

const CONVERSATIONS: usize = 500;

/// What the callers know: what was acknowledged, and where an error said that it may have been done.
#[derive(Default)]
struct Books {
    acknowledged: Mutex<BTreeSet<(&'static str, String)>>,
    announced: Mutex<BTreeSet<(&'static str, String)>>,
}

impl Books {
    /// Sends until it is acknowledged, and looks before it sends again what may have been done.
    async fn sure<T, S, L>(
        &self,
        operation: &'static str,
        mark: &str,
        send: impl Fn() -> S,
        look: impl Fn() -> L,
    ) -> Result<T>
    where
        S: Future<Output = Result<T>>,
        L: Future<Output = Result<Option<T>>>,
    {
        let key = || (operation, mark.to_owned());
        let mut last = None;
        for _ in 0..50 {
            match send().await {
                Ok(value) => {
                    self.acknowledged.lock().unwrap().insert(key());
                    return Ok(value);
                }
                Err(error) if error.server_may_have_acted() => {
                    self.announced.lock().unwrap().insert(key());
                    if let Some(value) = persist(&look).await? {
                        self.acknowledged.lock().unwrap().insert(key());
                        return Ok(value);
                    }
                    last = Some(error);
                }
                Err(error) if error.is_retryable() => last = Some(error),
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(last.unwrap())
    }
}

/// Asks until there is an answer; asking changes nothing.
async fn persist<T, L: Future<Output = Result<T>>>(look: impl Fn() -> L) -> Result<T> {
    let mut tries = 0;
    loop {
        match look().await {
            Err(error) if error.is_retryable() && tries < 50 => tries += 1,
            other => return other,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn has_mark(metadata: Option<&BTreeMap<String, String>>, mark: &str) -> bool {
    metadata.is_some_and(|metadata| metadata.get("mark").is_some_and(|known| known == mark))
}

/// One conversation; gives the text of the answer and how often its function was called.
async fn converse(classic: &Classic, agent: &str, books: &Books, number: usize) -> Result<(String, usize)> {
    let mark = &format!("conversation {number}");
    let metadata = [("mark", mark.as_str())];
    let thread = books
        .sure(
            "Threads_create",
            mark,
            || async { Ok(classic.threads().create().metadata(metadata).await?.id) },
            || async {
                let mut threads = classic.threads().list().page_size(100).into_stream();
                while let Some(thread) = threads.try_next().await? {
                    if has_mark(thread.metadata.as_ref(), mark) {
                        return Ok(Some(thread.id));
                    }
                }
                Ok(None)
            },
        )
        .await?;
    let messages = classic.messages(&thread);
    books
        .sure(
            "Messages_create",
            mark,
            || async { messages.create(mark.as_str()).metadata(metadata).await.map(|_| ()) },
            || async {
                let all: Vec<ThreadMessage> = messages.list().into_stream().try_collect().await?;
                Ok(all.iter().any(|message| has_mark(message.metadata.as_ref(), mark)).then_some(()))
            },
        )
        .await?;

    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let function = Function::from_json("get_time", "", json!({ "type": "object" }), move |_: Value| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, String>("12:00") }
    });
    let functions = &FunctionSet::new([function])?;
    let runs = &classic.runs(&thread);
    let look = || async {
        let all: Vec<ThreadRun> = runs.list().into_stream().try_collect().await?;
        Ok(all.into_iter().find(|run| has_mark(run.metadata.as_ref(), mark)).map(|run| run.id))
    };
    let run_id = if number.is_multiple_of(2) {
        // Streamed; a stream that breaks is polled on, or looked for if it has not shown its run.
        let send = || async {
            let mut events = runs.create(agent).metadata(metadata).stream().with_functions(functions);
            let mut id = None;
            while let Some(event) = events.next().await {
                match event {
                    Ok(RunEvent::RunCompleted(run)) => id = Some(run.id),
                    Ok(_) => {}
                    Err(error) if events.resume_by_polling().is_err() => return Err(error),
                    // The run is there, and what it asked for may be answered: whoever began again because
                    // nobody says how it stands would make another run, and call functions again.
                    Err(_) => {
                        let resumed = || async {
                            let poller = events.resume_by_polling()?;
                            poller.interval(Duration::from_millis(10)).completed().await
                        };
                        return Ok(persist(resumed).await?.id);
                    }
                }
            }
            id.ok_or_else(|| panic!("a stream ended without its run"))
        };
        books.sure("Runs_create", mark, send, look).await?
    } else {
        let send = || async { Ok(runs.create(agent).metadata(metadata).await?.id) };
        books.sure("Runs_create", mark, send, look).await?
    };
    let poll = || runs.get(&run_id).poll().interval(Duration::from_millis(10)).with_functions(functions).completed();
    persist(poll).await?;
    let answer = persist(|| runs.final_message(&run_id)).await?;
    Ok((answer.text(), calls.load(Ordering::SeqCst)))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_done_twice_in_a_night_of_faults() {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let seconds = seconds.unwrap_or(if std::env::var_os("CI").is_some() { 60 } else { 0 });
    let start = Instant::now();
    let busy = |status: u16| Fault::new().status(status).header("retry-after-ms", "10");
    let streams = || Fault::new().operation("Runs_create").operation("Runs_submitToolOutputs");
    let emulator = Emulator::builder()
        .log_capacity(1_000_000)
        .rule(
            Rule::new()
                .agent("functions")
                .call_function("get_time", json!({}))
                .reply_with(|turn| turn.last_message().to_owned()),
        )
        .rule(Rule::new().reply_with(|turn| turn.last_message().to_owned()))
        .start()
        .await
        .unwrap();
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("t")).build().unwrap();
    let classic = &client.classic();
    let tool = json!({ "type": "object" });
    let time = Function::from_json("get_time", "", tool, |_: Value| async { Ok::<_, String>(()) });
    let tools = FunctionSet::new([time]).unwrap();
    let plain = classic.agents().create("gpt-4.1-mini").name("plain").await.unwrap().id;
    let calling = classic.agents().create("gpt-4.1-mini").name("functions").tools(&tools).await.unwrap().id;
    // The night begins once there are agents.
    for fault in [
        busy(429).probability(0.10).label("429"),
        busy(503).probability(0.025).label("503"),
        Fault::new().status(500).probability(0.025).label("500 before"),
        Fault::new().status(500).after_acting().probability(0.02).label("500 after"),
        Fault::new().close().after_acting().probability(0.01).label("closed"),
        Fault::new().cut_after(30).probability(0.01).label("cut answer"),
        streams().cut_after(1_500).probability(0.02).label("cut stream"),
    ] {
        emulator.add_fault(fault);
    }

    let books = &Books::default();
    let (plain, calling) = (plain.as_str(), calling.as_str());
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut round = 0;
    while round == 0 || start.elapsed() < Duration::from_secs(seconds) {
        let first = round * CONVERSATIONS;
        let conversations = stream::iter(first..first + CONVERSATIONS).map(|number| async move {
            let agent = if number.is_multiple_of(3) { calling } else { plain };
            (number, agent == calling, converse(classic, agent, books, number).await)
        });
        let mut conversations = conversations.buffer_unordered(CONVERSATIONS);
        while let Some((number, calls_functions, end)) = conversations.next().await {
            let end = match end {
                Ok((text, calls)) => {
                    assert_eq!(text, format!("conversation {number}"));
                    assert_eq!(calls, usize::from(calls_functions), "{text}");
                    "completed".to_owned()
                }
                Err(error) => {
                    assert_typed(&error);
                    format!("{:?}", error.kind())
                }
            };
            *ends.entry(end).or_default() += 1;
        }
        drop(conversations);
        round += 1;
    }

    let mut done: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut faults: BTreeMap<String, usize> = BTreeMap::new();
    let requests = emulator.requests();
    for request in &requests {
        if let Some(fault) = request.fault() {
            *faults.entry(fault.to_owned()).or_default() += 1;
        }
        let mark = request.json().and_then(|body| Some(body["metadata"]["mark"].as_str()?.to_owned()));
        if let (Some(mark), Some(operation), true) = (mark, &request.operation, request.acted) {
            *done.entry((operation.clone(), mark)).or_default() += 1;
        }
    }
    let books_of =
        |key: &(&'static str, String)| done.get(&(key.0.to_owned(), key.1.clone())).copied().unwrap_or_default();
    let acknowledged = books.acknowledged.lock().unwrap();
    let announced = books.announced.lock().unwrap();
    let lost: Vec<_> = acknowledged.iter().filter(|key| books_of(key) == 0).collect();
    let doubled: Vec<_> = done
        .iter()
        .filter(|(key, times)| **times > 1 && !announced.iter().any(|known| known.0 == key.0 && known.1 == key.1))
        .collect();
    println!("{} conversations, {} requests, ends {ends:?}", round * CONVERSATIONS, requests.len());
    println!("faults {faults:?}; acknowledged {}, announced {}", acknowledged.len(), announced.len());
    println!("lost {}, doubled beyond the announced {}", lost.len(), doubled.len());
    assert_eq!((lost, doubled), (vec![], vec![]));
    // Faults of every kind were met, and nearly all got their answer all the same.
    assert_eq!(faults.len(), 7, "{faults:?}");
    assert!(ends["completed"] >= round * CONVERSATIONS * 95 / 100, "{ends:?}");
}

/// An error that says what to do, of a call that is known.
fn assert_typed(error: &Error) {
    let kinds = [ErrorKind::Server, ErrorKind::RateLimited, ErrorKind::Interrupted, ErrorKind::Timeout];
    assert!(kinds.contains(&error.kind()) && error.operation().is_some(), "{error:?}");
}
