//! The operations that both api-versions have, called by the classic surface.

use foundry_sdk::classic::types::{
    AgentThreadCreationOptions, FilePurpose, FunctionDefinition, FunctionToolDefinition, ListSortOrder, MessageRole,
    RunStatus, ThreadMessageOptions, ThreadRun, ToolOutput,
};
use foundry_sdk::classic::{Classic, Runs};
use foundry_sdk::{ErrorKind, FileContent, Unanswered};
use futures_util::TryStreamExt as _;
use serde_json::json;

pub(crate) async fn agents(classic: &Classic) -> String {
    let agents = classic.agents();
    let agent = agents.create("gpt-4.1-mini").name("cowboy").metadata([("a", "b")]).await.unwrap();
    let agent = agents.update(&agent.id).name("sheriff").await.unwrap();
    assert_eq!(agents.get(&agent.id).await.unwrap().name.as_deref(), Some("sheriff"));
    let all = agents.list().page_size(1).into_stream().into_vec().await.unwrap();
    assert!(all.iter().any(|found| found.id == agent.id));
    agent.id
}

pub(crate) async fn threads_and_runs(classic: &Classic, agent: &str) {
    let threads = classic.threads();
    let thread = threads.create().messages([ThreadMessageOptions::new(MessageRole::User, "Hello.")]).await.unwrap();
    threads.update(&thread.id).metadata([("tenant", "north")]).await.unwrap();
    assert_eq!(threads.get(&thread.id).await.unwrap().metadata.unwrap()["tenant"], "north");
    assert_eq!(threads.list().into_stream().into_vec().await.unwrap().len(), 1);

    let messages = classic.messages(&thread.id);
    let message = messages.create("Why is the sky blue?").await.unwrap();
    messages.update(&message.id).metadata([("turn", "2")]).await.unwrap();
    assert_eq!(messages.get(&message.id).await.unwrap().metadata.unwrap()["turn"], "2");

    let runs = classic.runs(&thread.id);
    let run = runs.create(agent).poll().await.unwrap();
    runs.update(&run.id).metadata([("cost", "low")]).await.unwrap();
    assert_eq!(runs.get(&run.id).await.unwrap().metadata.unwrap()["cost"], "low");
    assert_eq!(runs.list().order(ListSortOrder::Asc).into_stream().into_vec().await.unwrap().len(), 1);
    let said: Vec<_> = messages.list().order("asc").page_size(1).into_stream().try_collect().await.unwrap();
    assert_eq!(said.len(), 3);

    let steps = classic.run_steps(&thread.id, &run.id);
    let all = steps.list().into_stream().into_vec().await.unwrap();
    assert_eq!(steps.get(&all[0].id).await.unwrap().id, all[0].id);
    // It has ended, so there is nothing it waits for.
    let error = runs.submit_tool_outputs(&run.id, Vec::<ToolOutput>::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    waiting_run(&runs, agent).await;

    let thread_of_run =
        AgentThreadCreationOptions::new().messages([ThreadMessageOptions::new(MessageRole::User, "Hi.")]);
    let other = classic.agents().create_thread_and_run(agent).thread(thread_of_run).await.unwrap();
    let cancelled = classic.runs(&other.thread_id).cancel(&other.id).await.unwrap();
    assert!(["cancelling", "cancelled"].contains(&cancelled.status.as_str()), "{}", cancelled.status);
    assert!(threads.delete(&thread.id).await.unwrap().deleted);
}

pub(crate) async fn files(classic: &Classic) -> Vec<String> {
    let files = classic.files();
    let mut ids = Vec::new();
    for name in ["notes.md", "caf\u{e9}.txt", "more.txt"] {
        let file =
            files.upload(FileContent::new(name, format!("This is {name}.")), FilePurpose::Assistants).await.unwrap();
        assert_eq!(file.filename, name);
        ids.push(file.id);
    }
    assert_eq!(files.list().purpose("assistants").await.unwrap().data.len(), 3);
    assert_eq!(files.get(&ids[0]).await.unwrap().filename, "notes.md");
    let content: Vec<bytes::Bytes> = files.get_content(&ids[0]).await.unwrap().try_collect().await.unwrap();
    assert_eq!(content.concat(), b"This is notes.md.");
    assert!(files.delete(ids.pop().unwrap()).await.unwrap().deleted);
    ids
}

pub(crate) async fn vector_stores(classic: &Classic, ids: &[String]) {
    let stores = classic.vector_stores();
    let store = stores.create().name("a").await.unwrap();
    stores.modify(&store.id).name("b").await.unwrap();
    assert_eq!(stores.get(&store.id).await.unwrap().name.as_deref(), Some("b"));
    assert_eq!(stores.list().into_stream().into_vec().await.unwrap().len(), 1);

    let files = classic.vector_store_files(&store.id);
    files.create().file_id(&ids[0]).await.unwrap();
    assert_eq!(files.get(&ids[0]).await.unwrap().id, ids[0]);
    assert_eq!(files.list().into_stream().into_vec().await.unwrap().len(), 1);
    assert!(files.delete(&ids[0]).await.unwrap().deleted);

    let batches = classic.vector_store_file_batches(&store.id);
    let batch = batches.create().file_ids(ids.to_vec()).await.unwrap();
    assert_eq!(batches.list_files(&batch.id).page_size(1).into_stream().into_vec().await.unwrap().len(), 2);
    batches.cancel(&batch.id).await.unwrap();
    assert_eq!(batches.get(&batch.id).await.unwrap().id, batch.id);
    assert!(stores.delete(&store.id).await.unwrap().deleted);
}

/// A run that waits for the output of a function, gets it, and is completed.
async fn waiting_run(runs: &Runs, agent: &str) {
    let function = FunctionDefinition::new("get_weather", json!({ "type": "object", "properties": {} }));
    let run = runs.create(agent).tools([FunctionToolDefinition::new(function)]).tool_choice("required");
    let waiting = run.poll().await.unwrap_err().into_needs_action::<ThreadRun>().unwrap();
    let [Unanswered::Function { call_id, name, .. }] = waiting.unanswered.as_slice() else { panic!("{waiting:?}") };
    assert_eq!(name, "get_weather");
    let output = ToolOutput::new().tool_call_id(call_id).output("sunny");
    let run = runs.submit_tool_outputs(&waiting.run.id, [output]).poll().await.unwrap();
    assert_eq!(run.status, RunStatus::Completed);
}
