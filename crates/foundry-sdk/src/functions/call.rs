//! Calls of functions: many at once, each for a limited time, and none that takes the others down.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;

use super::caught::caught;
use super::{Function, FunctionSet};

/// A call that a model asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionCall {
    /// The call's own id, which its output has to name.
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON text, as the model wrote it.
    pub(crate) arguments: String,
}

/// What a call of a function came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionOutput {
    /// Id of the call.
    pub call_id: String,
    /// Name of the function.
    pub name: String,
    /// What the model gets, as JSON text: the function's result, or `{"error": "…"}`.
    pub output: String,
    /// Whether there is an error instead of a result: the function failed, panicked or did not
    /// answer in time, its arguments did not fit, or there is no such function.
    pub failed: bool,
}

impl FunctionOutput {
    fn new(call_id: String, name: String, result: Result<String, String>) -> Self {
        let failed = result.is_err();
        let output = result.unwrap_or_else(|error| json!({ "error": error }).to_string());
        Self { call_id, name, output, failed }
    }
}

impl FunctionSet {
    /// Calls a function as a model would, for tests: with arguments as JSON text. Nothing if there
    /// is no function of this name; the output's `call_id` is empty.
    ///
    /// ```
    /// use foundry_sdk::{Function, FunctionSet};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Halve {
    ///     number: i64,
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let functions = FunctionSet::new([Function::new(|halve: Halve| async move {
    ///     if halve.number % 2 == 0 { Ok(halve.number / 2) } else { Err("the number is odd") }
    /// })])?;
    /// let output = functions.call("halve", r#"{"number":42}"#).await.unwrap();
    /// assert_eq!(output.output, "21");
    /// let output = functions.call("halve", r#"{"number":43}"#).await.unwrap();
    /// assert_eq!(output.output, r#"{"error":"the number is odd"}"#);
    /// assert!(output.failed);
    /// # Ok::<_, foundry_sdk::Error>(())
    /// # })?;
    /// # Ok::<_, foundry_sdk::Error>(())
    /// ```
    pub async fn call(&self, name: &str, arguments: &str) -> Option<FunctionOutput> {
        let function = self.get(name)?;
        let result = self.run(function, arguments.to_owned()).await;
        Some(FunctionOutput::new(String::new(), name.to_owned(), result))
    }

    /// Carries out calls, as many at once as the set allows; the outputs are in the calls' order.
    /// Dropping the future drops the calls.
    pub(crate) async fn call_all(&self, calls: Vec<FunctionCall>) -> Vec<FunctionOutput> {
        let running = calls.into_iter().enumerate().map(|(place, call)| async move {
            let FunctionCall { id, name, arguments } = call;
            let result = match self.get(&name) {
                Some(function) => self.run(function, arguments).await,
                None => Err(self.unknown(&name)),
            };
            (place, FunctionOutput::new(id, name, result))
        });
        // Ordered at the end: one that takes its time must not hold back those after it.
        let mut outputs: Vec<_> =
            futures_util::stream::iter(running).buffer_unordered(self.concurrency).collect().await;
        outputs.sort_unstable_by_key(|(place, _)| *place);
        outputs.into_iter().map(|(_, output)| output).collect()
    }

    async fn run(&self, function: &Function, arguments: String) -> Result<String, String> {
        let limit = function.timeout.unwrap_or(self.timeout);
        // The function itself runs within the future too, so that its panics are caught there.
        let work = caught("a function", &function.name, async { function.start(arguments).await });
        // A test may call without a runtime; then there is nothing to keep time with.
        let called = match tokio::runtime::Handle::try_current() {
            Ok(_) => tokio::time::timeout(limit, work).await,
            Err(_) => Ok(work.await),
        };
        match called {
            Ok(Some(result)) => result,
            Ok(None) => Err("the function panicked".to_owned()),
            Err(_) => Err(format!("the function did not answer within {}", Seconds(limit))),
        }
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.names().collect();
        format!("there is no function `{name}`, only: {}", known.join(", "))
    }
}

/// A duration in seconds, with as many decimals as it has.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs_f64())
    }
}
