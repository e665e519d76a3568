//! Asking again about what one request started, with that request's options; jobs that need no more.

use std::time::Instant;

use futures_core::future::BoxFuture;

use super::{Cancel, Job, Polled, Poller, Seen};
use crate::client::ProjectClient;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::CallOptions;
use crate::request::{Operation, Reply, Request};

/// What the questions after a request have of it: headers, features, time limits, api-version.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    pub(crate) client: ProjectClient,
    options: CallOptions,
}

impl Looks {
    /// Those of a request.
    pub(crate) fn of<O>(request: &Request<O>) -> Self {
        Self { client: request.client.clone(), options: request.options.for_looks() }
    }

    /// A request like the first one, with an id of its own.
    pub(crate) fn like<O: Operation>(&self, mut request: Request<O>) -> Request<O> {
        let own = std::mem::replace(&mut request.options, self.options.unsent());
        request.options.client_request_id = own.client_request_id;
        request
    }

    /// The same, of the project: not at the path of an agent, even if the first one was.
    #[cfg(feature = "v1")]
    pub(crate) fn like_of_project<O: Operation>(&self, request: Request<O>) -> Request<O> {
        let mut request = self.like(request);
        request.options.agent_scope = None;
        request
    }

    /// A state from an answer.
    pub(crate) fn seen<S>(&self, reply: Reply<S>) -> Seen<S> {
        let retry_after = self.client.retry_after(&reply.headers);
        let ids = reply.ids();
        Seen { state: reply.value, retry_after, ids }
    }
}

type Answered<S> = BoxFuture<'static, Result<Reply<S>>>;

type Look<S> = dyn Fn(&Looks, &S) -> Answered<S> + Send;
type CancelOf<S> = dyn Fn(&Looks, &S) -> Cancel + Send;

/// What one request starts, and another one looks at.
pub(crate) struct OnceStarted<S> {
    looks: Looks,
    start: Option<Answered<S>>,
    look: Box<Look<S>>,
    cancel: Option<Box<CancelOf<S>>>,
}

impl<S: Polled> OnceStarted<S> {
    /// A job of a request and the one that asks for its state.
    pub(crate) fn new<O, L>(request: Request<O>, look: impl Fn(&Looks, &S) -> Request<L> + Send + 'static) -> Self
    where
        O: Operation<Output = S>,
        L: Operation<Output = S>,
    {
        let looks = Looks::of(&request);
        let look =
            Box::new(move |looks: &Looks, last: &S| -> Answered<S> { Box::pin(looks.like(look(looks, last)).send()) });
        Self { looks, start: Some(Box::pin(request.send())), look, cancel: None }
    }

    /// How it is canceled.
    pub(crate) fn canceled_by(mut self, cancel: impl Fn(&Looks, &S) -> Cancel + Send + 'static) -> Self {
        self.cancel = Some(Box::new(cancel));
        self
    }

    pub(crate) fn poller(self) -> Poller<S> {
        let client = self.looks.client.clone();
        Poller::new(&client, Box::new(self))
    }
}

impl<S: Polled> Job<S> for OnceStarted<S> {
    fn start(&mut self, _for_good: bool, _deadline: Option<Instant>) -> BoxFuture<'_, Result<Seen<S>>> {
        let start = self.start.take();
        let looks = &self.looks;
        Box::pin(async move {
            let Some(start) = start else {
                return Err(Error::new(ErrorKind::InvalidInput, "it was started before, and is started once"));
            };
            Ok(looks.seen(start.await?))
        })
    }

    fn look<'a>(&'a mut self, last: &'a S) -> BoxFuture<'a, Result<Seen<S>>> {
        let asked = (self.look)(&self.looks, last);
        let looks = &self.looks;
        Box::pin(async move { Ok(looks.seen(asked.await?)) })
    }

    fn cancel(&self, last: &S) -> Cancel {
        match &self.cancel {
            Some(cancel) => cancel(&self.looks, last),
            None => super::no_cancel(),
        }
    }
}
