//! What the types promise: who may be sent between threads, shared and cloned.

use std::fmt::Debug;
use std::future::IntoFuture;

use foundry_sdk::classic::types::{AgentThread, ThreadRun};
use foundry_sdk::classic::{Agents, Classic, CreateRun, CreateThread, GetThread, Messages, RunPoller, Runs, Threads};
use foundry_sdk::{
    AccessToken, Body, ByteStream, Credential, Endpoint, Error, ErrorDetail, ErrorKind, FoundryFeature, HttpTransport,
    ProjectClient, ProjectClientBuilder, Reply, Request, RequestBody, RetryPolicy, SystemClock, TokenRequest,
};
use static_checks::{cloned_and_shared, of_errors, sent, sent_value};

use crate::common::{Scripted, THREAD, answer};

/// Each compiles only for what has the traits.
mod static_checks {
    pub(super) const fn sent<T: Send + 'static>() {}
    pub(super) const fn sent_value<T: Send + 'static>(value: T) -> T {
        value
    }
    pub(super) const fn cloned_and_shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    pub(super) const fn of_errors<T: std::error::Error + Send + Sync + Unpin + 'static>() {}
}

const _: () = {
    cloned_and_shared::<ProjectClient>();
    cloned_and_shared::<foundry_raw::v2025_05_01::Client>();
    cloned_and_shared::<Classic>();
    cloned_and_shared::<Agents>();
    cloned_and_shared::<Threads>();
    cloned_and_shared::<Messages>();
    cloned_and_shared::<Runs>();
    cloned_and_shared::<Credential>();
    cloned_and_shared::<AccessToken>();
    cloned_and_shared::<TokenRequest>();
    cloned_and_shared::<Endpoint>();
    cloned_and_shared::<FoundryFeature>();
    cloned_and_shared::<RetryPolicy>();
    cloned_and_shared::<HttpTransport>();
    cloned_and_shared::<SystemClock>();
    cloned_and_shared::<ErrorKind>();
    cloned_and_shared::<ErrorDetail>();
    cloned_and_shared::<Request<GetThread>>();
    cloned_and_shared::<Request<CreateThread>>();
    cloned_and_shared::<Request<CreateRun>>();
    cloned_and_shared::<Reply<AgentThread>>();
    sent::<ProjectClientBuilder>();
    sent::<RunPoller>();
    sent::<Reply<ThreadRun>>();
    sent::<RequestBody>();
    sent::<Body>();
    sent::<ByteStream>();
    of_errors::<Error>();
};

fn all_show_themselves<T: Debug>() {}

/// One pointer wide, so that a `Result` with it is no wider than its value needs.
#[test]
fn an_error_is_small() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    all_show_themselves::<(ProjectClientBuilder, RunPoller, Reply<AgentThread>, RequestBody, Body)>();
}

/// The futures of calls own what they need: nothing else has to live on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_futures_of_calls_can_be_sent_to_other_threads() {
    let (send, create, delete, list, run) = {
        let classic = Scripted::always(answer(200).body(THREAD)).client_once().classic();
        let (threads, runs) = (classic.threads(), classic.runs("thread_1"));
        (
            sent_value(threads.get("thread_1").send()),
            sent_value(threads.create().into_future()),
            sent_value(threads.delete("thread_1").into_future()),
            sent_value(threads.list().send()),
            sent_value(runs.create("asst_1").poll().into_future()),
        )
    };
    assert_eq!(tokio::spawn(send).await.unwrap().unwrap().id, "thread_1");
    assert_eq!(tokio::spawn(create).await.unwrap().unwrap().id, "thread_1");
    // These answers have other shapes; they came, which is what counts here.
    let _ = tokio::spawn(delete).await.unwrap();
    let _ = tokio::spawn(list).await.unwrap();
    drop(run);
}

#[tokio::test]
async fn a_request_is_awaited_as_it_is_or_sent() {
    let threads = Scripted::always(answer(200).body(THREAD)).client_once().classic().threads();
    let value: AgentThread = threads.get("thread_1").await.unwrap();
    let reply: Reply<AgentThread> = threads.get("thread_1").send().await.unwrap();
    assert_eq!(reply.into_value(), value);
}
