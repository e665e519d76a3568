//! One function that an agent may call: its name, what it does, its parameters, and how to call it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::arguments;
use super::schema::{self, Absent, Problem};
use crate::error::{Error, ErrorKind, Result};

/// Calls a function with arguments as JSON text, of which this is the plain schema; answers with JSON
/// text, or with what went wrong, in words for the model.
pub(super) type Call = dyn Fn(String, Arc<Value>) -> BoxFuture<'static, Result<String, String>> + Send + Sync;

/// An async Rust function that an agent may call.
///
/// Its parameters are the fields of a type that is `Deserialize` and [`JsonSchema`]. From that type
/// come the schema the model sees, the function's name (the type's, in snake case) and its
/// description (the type's doc comment). Doc comments of fields describe the parameters.
///
/// ```
/// use foundry_sdk::Function;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// The weather in a city, now.
/// #[derive(Deserialize, JsonSchema)]
/// struct GetWeather {
///     /// The city, such as `Paris`.
///     city: String,
/// }
///
/// #[derive(Serialize)]
/// struct Weather {
///     celsius: f64,
/// }
///
/// let function = Function::new(|arguments: GetWeather| async move {
///     match arguments.city.as_str() {
///         "Paris" => Ok(Weather { celsius: 21.5 }),
///         city => Err(format!("no weather station in {city}")),
///     }
/// });
/// assert_eq!(function.name, "get_weather");
/// assert_eq!(function.description.as_deref(), Some("The weather in a city, now."));
/// assert_eq!(function.parameters()["required"][0], "city");
/// ```
///
/// The result goes to the model as JSON, whatever it is: a number, null, a text, a struct. An error
/// goes to the model as `{"error": "…"}` with the error's own text, so that it can try otherwise;
/// nothing else of the error does.
#[derive(Clone)]
#[must_use = "a function does nothing until it is in a FunctionSet"]
pub struct Function {
    /// What the model calls it by.
    pub name: String,
    /// What it does, so that the model knows when to call it.
    pub description: Option<String>,
    /// The schema as derived or given; `parameters` is made of it.
    schema: Result<Arc<Value>, Problem>,
    parameters: Value,
    strict: bool,
    problem: Option<Problem>,
    pub(super) timeout: Option<Duration>,
    call: Arc<Call>,
}

impl Function {
    /// A function of a type's fields, whose result is a `Result`.
    ///
    /// A type without fields is a function without parameters. The arguments of each call are
    /// decoded into `A`; where the model wrote `null` for something that cannot be null, it counts
    /// as left out. What does not decode does not reach the function: the model is told what is
    /// wrong with it.
    pub fn new<A, R, E, F, Fut>(function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: Serialize,
        E: fmt::Display,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        let function = Arc::new(function);
        Self::of_type::<A>(Arc::new(move |text: String, schema: Arc<Value>| {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let arguments = arguments::read::<A>(&text, &schema)?;
                written(&function(arguments).await.map_err(told)?)
            })
        }))
    }

    /// The same for a function that cannot fail.
    ///
    /// ```
    /// use foundry_sdk::Function;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// Adds two numbers.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Add {
    ///     left: i64,
    ///     right: i64,
    /// }
    ///
    /// let function = Function::infallible(|add: Add| async move { add.left + add.right });
    /// assert_eq!(function.name, "add");
    /// ```
    pub fn infallible<A, R, F, Fut>(function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: Serialize,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let function = Arc::new(function);
        Self::of_type::<A>(Arc::new(move |text: String, schema: Arc<Value>| {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let arguments = arguments::read::<A>(&text, &schema)?;
                written(&function(arguments).await)
            })
        }))
    }

    /// A function whose parameters are known only at run time: `parameters` is their JSON Schema,
    /// sent as it is unless [`strict`](Self::strict) is asked for. Arguments are not checked against
    /// it.
    ///
    /// ```
    /// use foundry_sdk::Function;
    /// use serde_json::{Value, json};
    ///
    /// let parameters = json!({ "type": "object", "properties": { "query": { "type": "string" } } });
    /// let function = Function::from_json("search", "Searches the catalogue.", parameters, |arguments: Value| async move {
    ///     Ok::<_, String>(json!([arguments["query"]]))
    /// });
    /// assert_eq!(function.parameters()["properties"]["query"]["type"], "string");
    /// ```
    pub fn from_json<R, E, F, Fut>(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
        function: F,
    ) -> Self
    where
        R: Serialize,
        E: fmt::Display,
        F: Fn(Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        let function = Arc::new(function);
        let call = move |text: String, schema: Arc<Value>| -> BoxFuture<'static, Result<String, String>> {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let arguments = arguments::read::<Value>(&text, &schema)?;
                written(&function(arguments).await.map_err(told)?)
            })
        };
        Self::of(name.into(), Some(description.into()), parameters, Arc::new(call))
    }

    fn of_type<A: JsonSchema>(call: Arc<Call>) -> Self {
        let (mut schema, description) = schema::described::<A>();
        // A unit struct: no parameters.
        if schema["type"] == "null" {
            schema = serde_json::json!({ "type": "object", "properties": {} });
        }
        Self::of(snake_case(&A::schema_name()), description, schema, call)
    }

    fn of(name: String, description: Option<String>, schema: Value, call: Arc<Call>) -> Self {
        let schema = schema::rooted(schema).map(Arc::new);
        let mut function = Self {
            name,
            description: description.filter(|description| !description.is_empty()),
            schema,
            parameters: Value::Null,
            strict: false,
            problem: None,
            timeout: None,
            call,
        };
        function.settle();
        function
    }

    /// Makes the parameters, as strict as asked for.
    fn settle(&mut self) {
        let made = match &self.schema {
            Ok(schema) if self.strict => schema::strict(schema, Absent::Null),
            Ok(schema) => Ok(schema.as_ref().clone()),
            Err(problem) => Err(problem.clone()),
        };
        (self.parameters, self.problem) = match made {
            Ok(parameters) => (parameters, None),
            Err(problem) => (Value::Null, Some(problem)),
        };
    }

    /// Another name, which is what the model calls it by: 1 to 64 of `a-z`, `A-Z`, `0-9`, `_` and
    /// `-`. [`FunctionSet::new`](crate::FunctionSet::new) refuses others.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Another description, which is what the model decides by when to call it.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Whether the service is to hold the model to the schema exactly; `false` unless set.
    ///
    /// The schema then lists every property as required, and what may be left out may be null
    /// instead. Bounds, lengths, patterns and formats are left out, for they are refused there:
    /// decoding still checks what the type itself demands. A type that strict schemas have no words
    /// for, such as a map, is refused by [`FunctionSet::new`](crate::FunctionSet::new), which says
    /// where it is. The service takes at most 100 properties in one schema, five levels deep.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self.settle();
        self
    }

    /// How long one call may take, instead of [the set's](crate::FunctionSet::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The JSON Schema of its parameters, as it is sent; null if there is none that could be, which
    /// [`FunctionSet::new`](crate::FunctionSet::new) refuses.
    pub fn parameters(&self) -> &Value {
        &self.parameters
    }

    /// Whether the service is asked to hold the model to the schema exactly.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Starts a call.
    pub(super) fn start(&self, arguments: String) -> BoxFuture<'static, Result<String, String>> {
        let schema = self.schema.as_ref().map(Arc::clone).unwrap_or_default();
        (self.call)(arguments, schema)
    }

    /// Fails for what cannot be sent.
    pub(super) fn check(&self) -> Result<()> {
        let name = &self.name;
        let why = if !is_name(name) {
            format!("{name:?} is no name of a function: one has 1 to 64 of a-z, A-Z, 0-9, `_` and `-`")
        } else if let Some(problem) = &self.problem {
            let what = if self.schema.is_ok() {
                "strict schemas have no words for its parameters"
            } else {
                "its parameters are no object"
            };
            format!("the function `{name}`: {what}: {problem}")
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::InvalidInput, why))
    }
}

/// What an error has to say, and something if it says nothing.
fn told(error: impl fmt::Display) -> String {
    match error.to_string() {
        silent if silent.trim().is_empty() => "the function failed".to_owned(),
        text => text,
    }
}

/// A result as JSON text.
fn written<R: Serialize>(result: &R) -> Result<String, String> {
    serde_json::to_string(result).map_err(|error| format!("the function's result is no JSON: {error}"))
}

/// Whether the service takes it for the name of a function.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// `GetWeather` as `get_weather`, `HTTPGet` as `http_get`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut letters = name.chars().peekable();
    let mut before = '_';
    while let Some(letter) = letters.next() {
        let ends_acronym = before.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && before != '_' && (!before.is_uppercase() || ends_acronym) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = letter;
    }
    snake
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .field("description", &self.description)
            .field("parameters", &self.parameters)
            .field("strict", &self.strict)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_become_names() {
        for (of, name) in [
            ("GetWeather", "get_weather"),
            ("Add", "add"),
            ("HTTPGet", "http_get"),
            ("GetURL", "get_url"),
            ("Page2Get", "page2_get"),
            ("already_snake", "already_snake"),
            ("Page_for_Item", "page_for_item"),
        ] {
            assert_eq!(snake_case(of), name);
        }
    }

    #[test]
    fn names_are_what_the_service_takes() {
        for name in ["a", "A-b_9", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a b", "a.b", "größe", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
