//! Responses as streams of events, over all their legs.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use foundry_raw::Event;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::job::check;
use super::rounds::Rounds;
use super::wait::{ResponsePoller, poller};
use super::{Partial, ResponseEvent};
use crate::answering::Answers;
use crate::approvals::ApprovalPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::FunctionSet;
use crate::legs::{Begun, LegStream, Legged, Read, begin};
use crate::pipeline::RetryPolicy;
use crate::poller::{Looks, RunGuard};
use crate::request::Request;
use crate::types::{OpenAiResponse, OpenAiResponseOutputItem};
use crate::v1::{CreateResponse, Responses, RetrieveResponse};

/// How often in a row a stream is asked for again without an event in between.
const MAX_RECONNECTS: u32 = 5;

/// How long is waited before that: up to 1 s, 2 s, 4 s, 8 s and 16 s.
const BETWEEN_RECONNECTS: RetryPolicy = RetryPolicy::new().base_delay(Duration::from_secs(1));

/// A response as a stream of its events.
///
/// As a `Stream` it gives each [`ResponseEvent`] as it comes; nothing is read ahead, and memory does
/// not grow with the stream's length. `.await` sends the request and gives the stream once the service
/// has begun to answer; without it that happens with the first event that is asked for. The last event
/// of a response ends it, whether or not `[DONE]` follows; keep-alives are passed over. Events that
/// this version does not know are kept as received.
///
/// With functions or an approval policy it goes on over all rounds as one stream: each response ends
/// with an event of its own ([`is_last`](ResponseEvent::is_last)).
///
/// ```
/// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
/// use futures_util::TryStreamExt as _;
///
/// let mut text = client.responses().create("Why is the sky blue?").agent("cowboy").stream().into_text();
/// while let Some(piece) = text.try_next().await? {
///     print!("{piece}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// A response that is got as a stream (`retrieve(id).stream()`) is asked for again by itself when the
/// connection breaks, up to five times in a row with growing waits, and what was seen before is not
/// given twice. One that is created is never asked for again: that would make another one.
/// [`resume`](Self::resume) goes on with it, if it is stored.
///
/// # Errors
/// Those of its requests. [`ErrorKind::Server`] for the event `error`. [`ErrorKind::Interrupted`] if
/// the body ends before the response has, [`ErrorKind::Timeout`] if nothing comes for 600 s: with the
/// response ([`Error::last_state`]), whose output has the items that are whole (the first 1024), and
/// the text that was written ([`Error::partial_text`], up to 1 MiB). [`ErrorKind::NeedsAction`] when the response waits for what
/// nobody answers. An event that cannot be decoded is one error of the kind [`ErrorKind::Decode`],
/// after which the stream goes on.
#[must_use = "a stream does nothing until it is read"]
pub struct ResponseStream {
    legs: LegStream<ResponseLegs>,
    /// What a stream after this one makes its requests of.
    rounds: Rounds,
}

/// How the first leg begins.
enum Start {
    Create(Box<Request<CreateResponse>>),
    Retrieve(Box<Request<RetrieveResponse>>),
    /// It has begun.
    Done,
}

/// How the legs of a response begin.
struct ResponseLegs {
    start: Start,
    rounds: Rounds,
    /// What got the leg at hand, if that can be asked for again.
    got: Option<Box<Request<RetrieveResponse>>>,
    /// The number of the last event of the leg.
    last_number: Option<i64>,
    /// How often it was asked for again since the last event.
    reconnects: u32,
}

impl ResponseLegs {
    fn new(start: Start, rounds: Rounds) -> Self {
        Self { start, rounds, got: None, last_number: None, reconnects: 0 }
    }
}

impl Legged for ResponseLegs {
    type Event = ResponseEvent;
    type State = OpenAiResponse;
    type Partial = Partial;

    const WHAT: &'static str = "response";
    const ANSWERS_BEGIN_ANEW: bool = true;

    fn start<'a>(&'a mut self, functions: Option<&'a FunctionSet>) -> BoxFuture<'a, Result<Begun>> {
        Box::pin(async move {
            match std::mem::replace(&mut self.start, Start::Done) {
                Start::Create(mut request) => {
                    if let Some(functions) = functions {
                        check(&Looks::of(&request), &mut request, functions).await?;
                        self.rounds = Rounds::of(&request);
                    }
                    Ok(begin(*request))
                }
                Start::Retrieve(request) => {
                    if let Some(functions) = functions {
                        self.rounds.tell_of(functions);
                    }
                    self.last_number = request.operation.starting_after;
                    self.got = Some(request.clone());
                    Ok(begin(*request))
                }
                Start::Done => Err(Error::new(ErrorKind::InvalidInput, "the stream has begun before")),
            }
        })
    }

    fn read(&mut self, event: &Event<'_>) -> Read<ResponseEvent> {
        let read = read(event);
        if let Read::Event(event) = &read
            && let Some(number) = event.sequence_number()
        {
            if self.got.is_some() && self.last_number.is_some_and(|last| number <= last) {
                // It was seen before the stream was asked for again.
                return Read::Nothing;
            }
            self.last_number = Some(number);
            self.reconnects = 0;
        }
        read
    }

    fn ends_leg(event: &ResponseEvent) -> bool {
        event.is_last()
    }

    fn shown(event: &ResponseEvent) -> Option<&OpenAiResponse> {
        event.response()
    }

    fn take(partial: &mut Partial, event: &ResponseEvent) {
        partial.take(event);
    }

    fn state(partial: &Partial) -> Option<&OpenAiResponse> {
        partial.response.as_ref()
    }

    fn is_over(response: &OpenAiResponse) -> bool {
        response.has_ended()
    }

    fn go_on(&mut self, looks: &Looks, response: &OpenAiResponse, answers: &Answers) -> Result<Begun> {
        let request = self.rounds.next(looks, response, answers)?;
        self.got = None;
        self.last_number = None;
        Ok(begin(request))
    }

    fn guard(looks: &Looks, response: &OpenAiResponse) -> Option<RunGuard> {
        // What is not made in the background ends with its connection, and cannot be canceled.
        let is_cancelable = response.background == Some(true);
        let responses = Responses { client: looks.client.clone() };
        is_cancelable.then(|| responses.guard_of(looks, response.id.clone()))
    }

    fn reconnect(&mut self, looks: &Looks, error: &Error) -> Option<Begun> {
        if !error.is_retryable() || self.reconnects >= MAX_RECONNECTS {
            return None;
        }
        let mut request = self.got.as_ref()?.again();
        self.reconnects += 1;
        request.operation.starting_after = self.last_number;
        let wait = error.retry_after().unwrap_or_else(|| BETWEEN_RECONNECTS.delay(self.reconnects));
        let clock = Arc::clone(looks.client.clock());
        Some(Box::pin(async move {
            clock.sleep(wait).await;
            begin(request).await
        }))
    }
}

/// Reads an event of a response's stream.
fn read(event: &Event<'_>) -> Read<ResponseEvent> {
    let name = event.event.as_deref().unwrap_or_default();
    let data = &*event.data;
    if data.is_empty() || data == "[DONE]" || matches!(name, "keepalive" | "done") {
        return Read::Nothing;
    }
    let read = match foundry_raw::from_str(data) {
        // The name stands in the data, too; where it does not, it is put there.
        Ok(ResponseEvent::Unknown(Value::Object(mut value))) if !name.is_empty() && !value.contains_key("type") => {
            value.insert("type".to_owned(), name.into());
            foundry_raw::from_str(&Value::Object(value).to_string())
        }
        // Nothing that an event of a response looks like: kept, under its name.
        Ok(ResponseEvent::Unknown(value)) if !value.is_object() => {
            return Read::Event(ResponseEvent::Unknown(json!({ "type": name, "data": value })));
        }
        read => read,
    };
    match read {
        Ok(ResponseEvent::Error(_)) => Read::Failed(Error::from_event(data)),
        Ok(event) if event.name() == "keepalive" => Read::Nothing,
        Ok(event) => Read::Event(event),
        Err(_) if name == "error" => Read::Failed(Error::from_event(data)),
        Err(_) if !name.starts_with("response.") && serde_json::from_str::<Value>(data).is_err() => {
            Read::Event(ResponseEvent::Unknown(json!({ "type": name, "data": data })))
        }
        Err(error) => {
            let message = format!("the event `{name}` cannot be decoded: {error}");
            Read::Undecoded(Error::new(ErrorKind::Decode, message).with_source(error).with_element(data))
        }
    }
}

impl ResponseStream {
    /// Calls these functions when the response asks for them, and goes on with what the model makes of
    /// it; see [`Request::with_functions`]. Once the stream has begun it has no effect.
    pub fn with_functions(mut self, functions: &FunctionSet) -> Self {
        self.legs.set_functions(functions);
        self
    }

    /// Decides by this policy when the response asks whether tools of MCP servers may be called, and
    /// goes on; see [`Request::with_approvals`]. Once the stream has begun it has no effect.
    pub fn with_approvals(mut self, policy: &ApprovalPolicy) -> Self {
        self.legs.set_approvals(policy);
        self
    }

    /// Cancels the response on the service, if it is made in the background, when the stream is
    /// dropped or fails before it has ended, as [`RunGuard`] says; off unless set. Once the stream has
    /// begun it has no effect.
    pub fn cancel_on_drop(mut self, cancel: bool) -> Self {
        self.legs.set_cancel_on_drop(cancel);
        self
    }

    /// The pieces of the text that is written, as they come.
    ///
    /// # Errors
    /// Those of the stream; [`ErrorKind::RunFailed`] if the response ends otherwise than completed.
    pub fn into_text(self) -> impl Stream<Item = Result<String>> + Send + Unpin + 'static {
        let pieces = self.filter_map(|event| {
            std::future::ready(match event {
                Ok(event) => event.text_delta().map(|piece| Ok(piece.to_owned())).or_else(|| failed(&event).map(Err)),
                Err(error) => Some(Err(error)),
            })
        });
        pieces.boxed()
    }

    /// What is made, each once it is whole: the items of the output, and each response at its end.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn into_items(self) -> impl Stream<Item = Result<ResponseItem>> + Send + Unpin + 'static {
        self.filter_map(|event| std::future::ready(event.map(|event| ResponseItem::of(&event)).transpose())).boxed()
    }

    /// Reads the stream to its end, and gives the last response, however it ended.
    ///
    /// # Errors
    /// Those of the stream; the first one ends it.
    pub async fn response(mut self) -> Result<OpenAiResponse> {
        while let Some(event) = self.next().await {
            event?;
        }
        self.legs.with_partial(|partial| partial.response.clone()).ok_or_else(not_shown)
    }

    /// Goes on with the stream after it was cut, or was left, from the last event that was read: with
    /// the same functions and approvals, and without asking them again what they have answered. The
    /// response must be made in the background, or at least be stored.
    ///
    /// Sends `GET /openai/v1/responses/{response_id}` with `stream` and `starting_after`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the stream has not shown its response yet, the response is not
    /// stored, or answers were sent of which nobody knows whether they have arrived (the stream's error
    /// has them: [`Error::needs_action`]).
    pub fn resume(&self) -> Result<Self> {
        let id = self.to_resume()?;
        let shown = self.legs.shown();
        let mut request = self.legs.looks.like(self.responses().retrieve(id));
        request.operation.starting_after = shown.partial.last_number;
        let legs = ResponseLegs::new(Start::Retrieve(Box::new(request)), self.rounds.clone());
        Ok(Self { legs: LegStream::after(self.legs.looks.clone(), legs, shown), rounds: self.rounds.clone() })
    }

    /// Goes on by polling after the stream was cut, or was left; otherwise as [`resume`](Self::resume).
    ///
    /// Sends `GET /openai/v1/responses/{response_id}`.
    ///
    /// # Errors
    /// Those of [`resume`](Self::resume).
    pub fn resume_by_polling(&self) -> Result<ResponsePoller> {
        let id = self.to_resume()?;
        let mut poller = poller(self.legs.looks.like(self.responses().retrieve(id)), self.rounds.clone());
        poller.options.answering = self.legs.shown().answering.unwrap_or_default();
        Ok(poller)
    }

    fn responses(&self) -> Responses {
        Responses { client: self.legs.looks.client.clone() }
    }

    /// The id of the response to go on with.
    fn to_resume(&self) -> Result<String> {
        let shown = self.legs.shown();
        let response = shown.partial.response.ok_or_else(not_shown)?;
        if shown.answering.is_some_and(|answering| answering.is_unsure()) {
            let message = format!(
                "answers to response {} were sent, and nobody knows whether they have arrived; the stream's error has them",
                response.id
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        if !self.rounds.is_stored() {
            let message =
                format!("response {} is not stored: what is lost of its stream cannot be got again", response.id);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(response.id)
    }
}

fn not_shown() -> Error {
    Error::new(ErrorKind::InvalidInput, "the stream has not shown its response yet")
}

/// The error of a response that has ended otherwise than completed.
fn failed(event: &ResponseEvent) -> Option<Error> {
    let response = event.response().filter(|response| response.has_ended())?;
    response.clone().into_result().err().map(Error::from)
}

/// Something that is whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "one at a time is handed over; a box each would cost more")]
pub enum ResponseItem {
    /// An item of the output: a message, a call of a tool, what a model thought.
    Output(OpenAiResponseOutputItem),
    /// The response, which has ended.
    Response(OpenAiResponse),
}

impl ResponseItem {
    fn of(event: &ResponseEvent) -> Option<Self> {
        let ended = || event.response().filter(|_| event.is_last()).cloned().map(Self::Response);
        event.whole_item().map(Self::Output).or_else(ended)
    }
}

impl Stream for ResponseStream {
    type Item = Result<ResponseEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().legs.poll_next_unpin(context)
    }
}

impl IntoFuture for ResponseStream {
    type Output = Result<Self>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(Self { legs: self.legs.begun().await?, rounds: self.rounds }) })
    }
}

impl fmt::Debug for ResponseStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let response = self.legs.with_partial(|partial| partial.response.as_ref().map(|response| response.id.clone()));
        f.debug_struct("ResponseStream")
            .field("response", &response)
            .field("functions", &self.legs.functions())
            .finish_non_exhaustive()
    }
}

impl Request<CreateResponse> {
    /// Gives the events of the response as they come.
    ///
    /// Sends `POST /openai/v1/responses` with `stream`; before it what
    /// [`with_functions`](Self::with_functions) says, if functions are given.
    pub fn stream(self) -> ResponseStream {
        let looks = Looks::of(&self);
        let rounds = Rounds::of(&self);
        let legs = ResponseLegs::new(Start::Create(Box::new(self)), rounds.clone());
        ResponseStream { legs: LegStream::new(looks, legs), rounds }
    }
}

impl Request<RetrieveResponse> {
    /// Gives the events of the response, from its beginning or
    /// [`starting_after`](Request::starting_after) one of them, as they come. It was created in the
    /// background with a stream of its own.
    ///
    /// Sends `GET /openai/v1/responses/{response_id}` with `stream`; again, after the last event that
    /// was read, when the connection breaks.
    pub fn stream(self) -> ResponseStream {
        let looks = Looks::of(&self);
        let legs = ResponseLegs::new(Start::Retrieve(Box::new(self)), Rounds::unknown());
        ResponseStream { legs: LegStream::new(looks, legs), rounds: Rounds::unknown() }
    }
}
