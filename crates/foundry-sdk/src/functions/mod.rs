//! Functions in Rust that an agent may call.

mod arguments;
mod call;
mod caught;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod classic;
mod function;
mod schema;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;
#[cfg(feature = "v1")]
mod v1;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::call::FunctionCall;
pub use self::call::FunctionOutput;
pub(crate) use self::caught::caught;
pub use self::function::Function;
pub(crate) use self::schema::{Absent, described, rooted, strict};
use crate::error::{Error, ErrorKind, Result};

/// The functions that an agent may call, and how they are called.
///
/// Given to an agent as its tools (`.tools(&functions)`), the model knows them; given to a run
/// (`.with_functions(&functions)`), calls are answered. A clone is cheap, and the same functions.
///
/// ```
/// use foundry_sdk::{Function, FunctionSet};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use std::time::Duration;
///
/// /// What time it is in a city.
/// #[derive(Deserialize, JsonSchema)]
/// struct GetTime {
///     city: String,
/// }
///
/// /// Flights between two cities.
/// #[derive(Deserialize, JsonSchema)]
/// struct FindFlights {
///     from: String,
///     to: String,
///     /// Any day if left out.
///     day: Option<String>,
/// }
///
/// async fn find_flights(search: FindFlights) -> Result<Vec<String>, std::io::Error> {
///     Ok(vec![format!("{}-{}", search.from, search.to)])
/// }
///
/// let functions = FunctionSet::new([
///     Function::infallible(|_: GetTime| async { "12:00" }),
///     Function::new(find_flights).strict(true).timeout(Duration::from_secs(5)),
/// ])?
/// .concurrency(4);
/// assert_eq!(functions.names().collect::<Vec<_>>(), ["get_time", "find_flights"]);
/// # Ok::<_, foundry_sdk::Error>(())
/// ```
///
/// What goes wrong in a call goes to the model as `{"error": "…"}`, and the run goes on: arguments
/// that do not decode, an error, a panic (of which the model learns only that it was one; `tracing`
/// learns its text), a call that takes too long. Calls run at the same time but not in parallel: what
/// blocks or computes for long belongs in `tokio::task::spawn_blocking`.
#[derive(Clone, Debug)]
#[must_use = "functions are called only by runs that get them"]
pub struct FunctionSet {
    functions: Arc<[Function]>,
    concurrency: usize,
    timeout: Duration,
    max_rounds: u32,
}

impl FunctionSet {
    /// The set of these functions.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the function, if
    /// - two have the same name,
    /// - a name is not 1 to 64 of `a-z`, `A-Z`, `0-9`, `_` and `-`,
    /// - the parameters are no object (a number, a list, an enum): put them in a field of a struct,
    /// - [`strict`](Function::strict) is asked for, and there are no words for the parameters there.
    ///   The message has the place, as a JSON Pointer into the schema.
    pub fn new(functions: impl IntoIterator<Item = Function>) -> Result<Self> {
        let functions: Arc<[Function]> = functions.into_iter().collect();
        let mut names = BTreeSet::new();
        for function in functions.iter() {
            function.check()?;
            if !names.insert(function.name.as_str()) {
                let message = format!("two functions have the name `{}`; rename one with `.name(..)`", function.name);
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
        }
        Ok(Self { functions, concurrency: 8, timeout: Duration::from_secs(60), max_rounds: 10 })
    }

    /// How many calls may run at once: 8 unless set, at least 1.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// How long one call may take, unless the function has [a time of its
    /// own](Function::timeout): 60 s unless set. A call that takes longer is dropped.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often one run may ask for calls: 10 unless set.
    pub fn max_rounds(mut self, rounds: u32) -> Self {
        self.max_rounds = rounds;
        self
    }

    /// The functions, in the order given.
    pub fn iter(&self) -> std::slice::Iter<'_, Function> {
        self.functions.iter()
    }

    /// The function of this name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.iter().find(|function| function.name == name)
    }

    /// The functions' names, in the order given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|function| function.name.as_str())
    }

    /// How many functions there are.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// How often one run may ask.
    pub(crate) fn rounds(&self) -> u32 {
        self.max_rounds
    }

    /// Fails if one of these names, those of the functions an agent may call, is not in the set.
    pub(crate) fn check_covers<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let missing: Vec<String> =
            names.into_iter().filter(|name| self.get(name).is_none()).map(|name| format!("`{name}`")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let known: Vec<String> = self.names().map(|name| format!("`{name}`")).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message = format!(
            "the agent may call {}, which is not among the functions given (there are: {known})",
            missing.join(", ")
        );
        Err(Error::new(ErrorKind::InvalidInput, message))
    }
}

impl<'a> IntoIterator for &'a FunctionSet {
    type Item = &'a Function;
    type IntoIter = std::slice::Iter<'a, Function>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
