//! Files end to end: examples as people run them, and a conversation about files, every answer judged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::process::Command;

use foundry_sdk::classic::types::{
    FilePurpose, FileSearchToolDefinition, FileSearchToolResource, ListSortOrder, MessageAttachment, ToolResources,
    VectorStoreFileStatusFilter,
};
use foundry_sdk::{ErrorKind, FileContent};
use foundry_tests::{Session, assert_id};
use futures_util::TryStreamExt as _;

/// The lines that an example prints, each as a word and the rest.
async fn lines(example: &'static str) -> Vec<(String, String)> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap());
    command.args(["run", "-q", "-p", "foundry-sdk", "--example", example]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for name in ["FOUNDRY_PROJECT_ENDPOINT", "AZURE_AI_PROJECT_ENDPOINT", "PROJECT_ENDPOINT", "FOUNDRY_MODEL"] {
        command.env_remove(name);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let split = |line: &str| {
        let (word, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        (word.to_owned(), rest.trim_start().to_owned())
    };
    text.lines().map(split).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn file_search_says_which_file_is_missing() {
    let lines = lines("file_search").await;
    let words: Vec<&str> = lines.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words[..4], ["file", "file", "store", "answer"]);
    assert_eq!(lines[0].1, "Handbuch für alle.md indexed");
    assert!(lines[1].1.starts_with("old.xyz not indexed: ") && lines[1].1.contains("unsupported_file"), "{lines:?}");
    let (id, status) = lines[2].1.split_once(' ').unwrap();
    assert_id(id, "vs_");
    assert_eq!(status, "completed");
    assert!(lines[3].1.contains("How is it switched on?"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_with_progress_moves_a_file_both_ways() {
    let lines = lines("upload_with_progress").await;
    assert_eq!(lines[0].0, "uploaded");
    assert!(lines[0].1.ends_with(" Übung 1.txt (33554432 bytes)"), "{lines:?}");
    assert_eq!(lines[1], ("downloaded".to_owned(), "33554432 bytes".to_owned()));
    assert_eq!(lines.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_about_files() {
    let session = Session::start().await;
    let classic = session.client().classic();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        std::fs::write(folder.path().join(name), format!("This is {name}.")).unwrap();
        folder.path().join(name)
    };
    let paths = ["Ünïcödé 日本 🎉.md", "b.txt", "c.csv"].map(write);
    let report = classic.vector_stores().create_from_paths(&paths).name("docs").await.unwrap();
    let store = report.vector_store.clone().unwrap();
    assert_eq!((store.file_counts.completed, store.file_counts.failed), (2, 1));
    assert_eq!(store.clone().into_result().unwrap_err().failed, 1);
    let failed: Vec<_> = report.failed().map(|file| file.path.clone()).collect();
    assert_eq!(failed, [paths[2].clone()]);
    let listed = classic.vector_store_files(&store.id).list().filter(VectorStoreFileStatusFilter::Failed);
    let listed: Vec<_> = listed.into_stream().try_collect().await.unwrap();
    assert_eq!(Some(&*listed[0].id), report.files[2].file_id.as_deref());

    // A file more, each by itself and in a batch.
    let files = classic.files();
    let upload = |name: &str| files.upload(FileContent::new(name, "more"), FilePurpose::Assistants).poll().processed();
    let (more, most) = (upload("d.md").await.unwrap(), upload("e.xyz").await.unwrap());
    let added = classic.vector_store_files(&store.id).create().file_id(&more.id).poll().completed().await.unwrap();
    assert_eq!((&added.id, added.status.as_str()), (&more.id, "completed"));
    let batches = classic.vector_store_file_batches(&store.id);
    let error = batches.create().file_ids([&most.id]).poll().completed().await.unwrap_err();
    assert_eq!((error.kind(), error.not_ready().unwrap().failed), (ErrorKind::NotReady, 1));

    let resources = ToolResources::new().file_search(FileSearchToolResource::new().vector_store_ids([&store.id]));
    let agent = classic.agents().create("gpt-4.1-mini").tools([FileSearchToolDefinition::new()]);
    let agent = agent.tool_resources(resources).await.unwrap();
    let thread = classic.threads().create().await.unwrap();
    let attachments = [MessageAttachment::file_search(&more.id), MessageAttachment::code_interpreter(&most.id)];
    classic.messages(&thread.id).create("What is in them?").attachments(attachments).await.unwrap();
    let answer = classic.runs(&thread.id).create(&agent.id).poll().final_message().await.unwrap();
    assert!(answer.text().contains("What is in them?"));
    let messages = classic.messages(&thread.id).list().order(ListSortOrder::Asc).await.unwrap();
    let question = messages.data.iter().next().unwrap();
    assert_eq!(question.file_ids().collect::<Vec<_>>(), [&*more.id, &*most.id]);

    // What was uploaded comes back, byte by byte, to a path.
    let first = report.files[0].file_id.as_deref().unwrap();
    let back = folder.path().join("back.md");
    let bytes = files.get_content(first).download_to(&back).await.unwrap();
    assert_eq!(std::fs::read(&back).unwrap(), std::fs::read(&paths[0]).unwrap());
    assert_eq!(bytes, std::fs::metadata(&paths[0]).unwrap().len());
    assert_eq!(files.get(first).await.unwrap().filename, "Ünïcödé 日本 🎉.md");
}
