//! What a set of functions takes, and what it does with calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::*;

/// A number.
#[derive(Deserialize, JsonSchema)]
struct Number {
    value: u8,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn call(id: usize, name: &str, arguments: &str) -> FunctionCall {
    FunctionCall { id: format!("call_{id}"), name: name.to_owned(), arguments: arguments.to_owned() }
}

/// Calls of `name` with each of these numbers.
fn numbers(name: &str, numbers: &[u8]) -> Vec<FunctionCall> {
    let calls = numbers.iter().enumerate();
    calls.map(|(id, number)| call(id, name, &format!(r#"{{"value":{number}}}"#))).collect()
}

fn outputs(outputs: &[FunctionOutput]) -> Vec<&str> {
    outputs.iter().map(|output| output.output.as_str()).collect()
}

/// The output of one call of a function alone.
async fn output(function: Function, arguments: &str) -> FunctionOutput {
    let functions = FunctionSet::new([function.name("f")]).unwrap();
    functions.call("f", arguments).await.unwrap()
}

/// Waits as many seconds as it is told, and says so.
fn waiting() -> Function {
    Function::infallible(|number: Number| async move {
        sleep(seconds(number.value.into())).await;
        number.value
    })
    .name("wait")
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Never answers; sets the flag when it is dropped.
fn hanging(flag: &Arc<AtomicBool>) -> Function {
    let flag = Arc::clone(flag);
    Function::infallible(move |_: Nothing| {
        let dropped = SetOnDrop(Arc::clone(&flag));
        async move {
            std::future::pending::<()>().await;
            drop(dropped);
        }
    })
    .name("hang")
}

#[tokio::test]
async fn results_are_json_whatever_they_are() {
    #[derive(Serialize)]
    struct Weather {
        celsius: f64,
        wind: Option<u8>,
    }

    fn of<R: Serialize + Clone + Send + Sync + 'static>(result: R) -> Function {
        Function::new(move |_: Nothing| {
            let result = result.clone();
            async move { Ok::<_, String>(result) }
        })
    }

    let weather = Arc::new(Weather { celsius: 21.5, wind: None });
    for (function, text) in [
        (of(42), "42"),
        (of(1.5), "1.5"),
        (of(()), "null"),
        (of(None::<i64>), "null"),
        (of("a \"word\""), r#""a \"word\"""#),
        (of(["error"]), r#"["error"]"#),
        (of(json!({ "error": null })), r#"{"error":null}"#),
        (of(BTreeMap::from([(1, true)])), r#"{"1":true}"#),
        (Function::infallible(move |_: Nothing| std::future::ready(weather.celsius)), "21.5"),
        (
            Function::infallible(|_: Nothing| async { Weather { celsius: 1.0, wind: None } }),
            r#"{"celsius":1.0,"wind":null}"#,
        ),
    ] {
        let output = output(function, "{}").await;
        assert_eq!((output.output.as_str(), output.failed), (text, false));
        assert_eq!((output.name.as_str(), output.call_id.as_str()), ("f", ""));
    }
    let weather = Weather { celsius: 0.0, wind: Some(1) };
    assert_eq!(serde_json::to_string(&weather).unwrap(), r#"{"celsius":0.0,"wind":1}"#);
}

/// Panics when it is written.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("planted: while it was written")
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_to_the_model() {
    fn fails(told: &'static str) -> Function {
        Function::new(move |_: Number| async move { Err::<(), _>(told) })
    }

    let panics_at_once = Function::new(|number: Number| {
        assert_eq!(number.value, 0, "planted: before there is a future");
        async { Ok::<_, String>(()) }
    });
    let panics_later = Function::infallible(|_: Number| async {
        tokio::task::yield_now().await;
        panic!("planted: within");
        #[allow(unreachable_code, reason = "what it would answer with")]
        ()
    });
    for (function, arguments, told) in [
        (fails("no such \"city\""), r#"{"value":1}"#, "no such \"city\""),
        (fails(" "), r#"{"value":1}"#, "the function failed"),
        (
            fails("unreached"),
            r#"{"value":"#,
            "the arguments do not fit the function's parameters: EOF while parsing a value at line 1 column 9",
        ),
        (
            fails("unreached"),
            "",
            "the arguments do not fit the function's parameters: missing field `value` at line 1 column 2",
        ),
        (
            fails("unreached"),
            r#"{"value":256}"#,
            "the arguments do not fit the function's parameters: invalid value: integer `256`, expected u8 at line 1 column 12",
        ),
        (panics_at_once, r#"{"value":1}"#, "the function panicked"),
        (panics_later, r#"{"value":1}"#, "the function panicked"),
        (Function::infallible(|_: Number| async { Unwritable }), r#"{"value":1}"#, "the function panicked"),
        (
            Function::infallible(|_: Number| async { BTreeMap::from([((1, 2), 3)]) }),
            r#"{"value":1}"#,
            "the function's result is no JSON: key must be a string",
        ),
    ] {
        let output = output(function, arguments).await;
        assert_eq!(serde_json::from_str::<Value>(&output.output).unwrap(), json!({ "error": told }));
        assert!(output.failed);
    }
}

#[tokio::test]
async fn one_that_goes_wrong_takes_no_other_down() {
    let functions = FunctionSet::new([
        Function::new(|number: Number| async move {
            match number.value {
                1 => panic!("planted"),
                2 => Err("two"),
                value => Ok(value),
            }
        })
        .name("f"),
        waiting(),
    ])
    .unwrap();
    let mut calls = numbers("f", &[0, 1, 2, 3]);
    calls.push(call(4, "g", "{}"));
    calls.push(call(5, "f", "[]"));
    calls.push(call(6, "f", r#"{"value":6}"#));
    for _ in 0..2 {
        let answered = functions.call_all(calls.clone()).await;
        assert_eq!(
            outputs(&answered),
            [
                "0",
                r#"{"error":"the function panicked"}"#,
                r#"{"error":"two"}"#,
                "3",
                r#"{"error":"there is no function `g`, only: f, wait"}"#,
                r#"{"error":"the arguments do not fit the function's parameters: invalid length 0, expected struct Number with 1 element at line 1 column 2"}"#,
                "6",
            ]
        );
        let ids: Vec<_> = answered.iter().map(|output| (output.call_id.as_str(), output.name.as_str())).collect();
        assert_eq!(ids[..2], [("call_0", "f"), ("call_1", "f")]);
        assert_eq!(ids[4], ("call_4", "g"));
        assert!(answered[4].failed);
    }
    assert_eq!(functions.call_all(Vec::new()).await, []);
    assert!(functions.call("g", "{}").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn outputs_are_in_the_calls_order_and_none_waits_for_another() {
    let functions = FunctionSet::new([waiting()]).unwrap();
    let start = Instant::now();
    let answered = functions.call_all(numbers("wait", &[5, 4, 3, 2, 1])).await;
    assert_eq!(outputs(&answered), ["5", "4", "3", "2", "1"]);
    assert!(start.elapsed() < seconds(6), "{:?}", start.elapsed());
    // The first takes one of two places, all others pass through the other.
    let start = Instant::now();
    let answered = functions.concurrency(2).call_all(numbers("wait", &[10, 1, 2, 3, 4])).await;
    assert_eq!(outputs(&answered), ["10", "1", "2", "3", "4"]);
    assert!(start.elapsed() < seconds(11), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn as_many_run_at_once_as_are_allowed() {
    for (limit, most) in [(0, 1), (1, 1), (3, 3), (8, 8), (50, 20)] {
        let (running, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Function::infallible({
            let seen = Arc::clone(&seen);
            move |_: Nothing| {
                let (running, seen) = (Arc::clone(&running), Arc::clone(&seen));
                async move {
                    seen.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    sleep(seconds(1)).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                }
            }
        });
        let functions = FunctionSet::new([counted]).unwrap();
        let functions = if limit == 8 { functions } else { functions.concurrency(limit) };
        let answered = functions.call_all((0..20).map(|id| call(id, "nothing", "")).collect()).await;
        assert_eq!(outputs(&answered), ["null"; 20]);
        assert_eq!(seen.load(Ordering::SeqCst), most, "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_dropped() {
    let dropped = Arc::new(AtomicBool::new(false));
    for (function, set, told, waited) in [
        (Some(seconds(5)), None, "5 s", seconds(5)),
        (Some(seconds(90)), Some(seconds(1)), "90 s", seconds(90)),
        (Some(Duration::from_millis(1500)), None, "1.5 s", Duration::from_millis(1500)),
        (None, Some(seconds(2)), "2 s", seconds(2)),
        (None, None, "60 s", seconds(60)),
    ] {
        let hang = hanging(&dropped);
        let hang = match function {
            Some(timeout) => hang.timeout(timeout),
            None => hang,
        };
        let mut functions = FunctionSet::new([hang, waiting()]).unwrap();
        if let Some(timeout) = set {
            functions = functions.timeout(timeout);
        }
        dropped.store(false, Ordering::SeqCst);
        let start = Instant::now();
        let calls = vec![call(0, "hang", "{}"), call(1, "wait", r#"{"value":0}"#)];
        let answered = functions.call_all(calls).await;
        let told = format!(r#"{{"error":"the function did not answer within {told}"}}"#);
        assert_eq!(outputs(&answered), [told.as_str(), "0"]);
        assert!(answered[0].failed && !answered[1].failed);
        assert!(dropped.load(Ordering::SeqCst));
        let late = start.elapsed().saturating_sub(waited);
        assert!(start.elapsed() >= waited && late < Duration::from_millis(10), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_what_waits_for_calls_drops_the_calls() {
    let dropped = Arc::new(AtomicBool::new(false));
    let functions = FunctionSet::new([hanging(&dropped)]).unwrap();
    let calls = functions.call_all(vec![call(0, "hang", "{}")]);
    assert!(tokio::time::timeout(seconds(1), calls).await.is_err());
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn futures_of_calls_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}

    let functions = FunctionSet::new([waiting()]).unwrap();
    assert_send(&functions.call_all(Vec::new()));
    assert_send(&functions.call("wait", "{}"));
    fn assert_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    assert_shared(&functions);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "read by the derive alone")]
    struct Labels {
        labels: BTreeMap<String, String>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "read by the derive alone")]
    enum Either {
        Left(i64),
        Right(String),
    }

    fn of<A: serde::de::DeserializeOwned + JsonSchema + 'static>() -> Function {
        Function::infallible(|_: A| async {})
    }

    for (functions, told) in [
        (vec![of::<Number>(), of::<Number>()], "two functions have the name `number`"),
        (vec![of::<Number>().name("")], "\"\" is no name of a function"),
        (vec![of::<Number>().name("a b")], "\"a b\" is no name of a function"),
        (vec![of::<Number>().name("x".repeat(65))], "is no name of a function"),
        (
            vec![of::<i64>()],
            "the function `int64`: its parameters are no object: at the root of the schema is no object",
        ),
        (vec![of::<Vec<Number>>().name("f")], "the function `f`: its parameters are no object"),
        (vec![of::<Value>().name("f")], "the function `f`: its parameters are no object"),
        (
            vec![of::<Either>().strict(true)],
            "the function `either`: its parameters are no object: at `/oneOf` of the schema is a choice",
        ),
        (
            vec![of::<Number>(), of::<Labels>().strict(true)],
            "the function `labels`: strict schemas have no words for its parameters: at \
             `/properties/labels/additionalProperties` of the schema is a map",
        ),
        (
            vec![Function::from_json("f", "", json!({ "type": "string" }), |_| async { Ok::<_, String>(()) })],
            "the function `f`: its parameters are no object",
        ),
    ] {
        let error = FunctionSet::new(functions).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(told), "{error}");
    }
    assert!(FunctionSet::new([of::<Labels>()]).is_ok());
    assert!(FunctionSet::new([of::<Labels>().strict(true).strict(false)]).is_ok());
    assert!(FunctionSet::new([]).unwrap().is_empty());
}

#[test]
fn a_set_is_its_functions() {
    let functions = FunctionSet::new([
        waiting(),
        Function::infallible(|_: Number| async {}).strict(true),
        Function::infallible(|_: Nothing| async {}).description("Does nothing."),
    ])
    .unwrap();
    assert_eq!(functions.names().collect::<Vec<_>>(), ["wait", "number", "nothing"]);
    assert_eq!((functions.len(), functions.is_empty(), functions.rounds()), (3, false, 10));
    assert_eq!(functions.clone().max_rounds(3).rounds(), 3);
    let number = functions.get("number").unwrap();
    assert_eq!(number.description.as_deref(), Some("A number."));
    assert!(number.is_strict() && !functions.get("wait").unwrap().is_strict());
    assert_eq!(number.parameters()["additionalProperties"], false);
    assert_eq!(functions.get("nothing").unwrap().parameters(), &json!({ "type": "object", "properties": {} }));
    let described: Vec<_> = (&functions).into_iter().map(|function| function.description.as_deref()).collect();
    assert_eq!(described, [Some("A number."), Some("A number."), Some("Does nothing.")]);
    let shown = format!("{functions:?}");
    assert!(shown.contains("\"wait\"") && shown.contains("concurrency: 8"), "{shown}");
}

#[test]
fn what_an_agent_may_call_has_to_be_there() {
    let functions = FunctionSet::new([waiting()]).unwrap();
    functions.check_covers([]).unwrap();
    functions.check_covers(["wait", "wait"]).unwrap();
    let error = functions.check_covers(["find", "wait", "Wait"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let told = "the agent may call `find`, `Wait`, which is not among the functions given (there are: `wait`)";
    assert_eq!(error.to_string(), told);
    let error = FunctionSet::new([]).unwrap().check_covers(["find"]).unwrap_err();
    assert!(error.to_string().ends_with("(there are: none)"), "{error}");
}

#[tokio::test]
async fn schemas_of_run_time_go_as_they_are() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Search",
        "type": "object",
        "properties": { "query": { "type": "string", "minLength": 1 }, "limit": { "type": "integer" } },
        "required": ["query"],
    });
    let echo =
        || Function::from_json("echo", "Echoes.", schema.clone(), |arguments| async { Ok::<_, String>(arguments) });
    assert_eq!(echo().parameters(), &schema);
    assert_eq!(
        echo().strict(true).parameters(),
        &json!({
            "type": "object",
            "properties": { "query": { "type": "string" }, "limit": { "type": ["integer", "null"] } },
            "required": ["limit", "query"],
            "additionalProperties": false,
        })
    );
    assert_eq!(output(echo(), r#"{"query": null, "x": [1]}"#).await.output, r#"{"query":null,"x":[1]}"#);
    assert_eq!(output(echo(), " ").await.output, "{}");
}

#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
#[test]
fn functions_are_tools_of_classic_agents() {
    use crate::classic::types::CreateAgentOptions;

    let functions = FunctionSet::new([
        Function::infallible(|_: Number| async {}).strict(true),
        Function::infallible(|_: Nothing| async {}),
    ])
    .unwrap();
    let agent = CreateAgentOptions::new("gpt-4.1-mini").tools(&functions);
    assert_eq!(
        serde_json::to_value(&agent).unwrap()["tools"],
        json!([
            { "type": "function", "function": {
                "name": "number",
                "description": "A number.",
                "strict": true,
                "parameters": {
                    "type": "object",
                    "properties": { "value": { "type": "integer" } },
                    "required": ["value"],
                    "additionalProperties": false,
                },
            } },
            { "type": "function", "function": {
                "name": "nothing",
                "parameters": { "type": "object", "properties": {} },
            } },
        ])
    );
}

#[test]
fn without_a_runtime_a_function_can_be_called_too() {
    use futures_util::FutureExt as _;

    let functions = FunctionSet::new([Function::infallible(|_: Nothing| async { 1 }).name("one")]).unwrap();
    let output = functions.call("one", "{}").now_or_never().unwrap().unwrap();
    assert_eq!((output.output.as_str(), output.failed), ("1", false));
}
