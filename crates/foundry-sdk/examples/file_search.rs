//! An agent that searches in files: uploaded, made a vector store, asked about, cited.
//!
//! `file_search [FILE]..`; without files it makes some. Settings are those of the quickstart; without any
//! it talks to an emulator in this process.

mod support;

use std::path::PathBuf;

use foundry_sdk::classic::types::{FileSearchToolDefinition, FileSearchToolResource, MessageAttachment, ToolResources};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let classic = client.classic();
    let folder = tempfile::tempdir()?;
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(Into::into).collect();
    if paths.is_empty() {
        for (name, text) in [("Handbuch für alle.md", "Press the red button twice."), ("old.xyz", "?")] {
            paths.push(folder.path().join(name));
            std::fs::write(folder.path().join(name), text)?;
        }
    }

    // 1. A vector store of files. That the service calls it completed does not mean that all are in it.
    let report = classic.vector_stores().create_from_paths(&paths).name("manuals").await?;
    for file in &report.files {
        println!("file      {} {}", file.path.file_name().unwrap_or_default().display(), file.outcome);
    }
    let store = report.vector_store.as_ref().ok_or("there is no store")?;
    println!("store     {} {}", store.id, store.status);

    // 2. An agent that searches in it, and a question about a file of its own.
    let resources = ToolResources::new().file_search(FileSearchToolResource::new().vector_store_ids([&store.id]));
    let tools = [FileSearchToolDefinition::new()];
    let agent = classic.agents().create(model).name("librarian").tools(tools).tool_resources(resources).await?;
    let thread = classic.threads().create().await?;
    let attached = report.file_ids().take(1).map(MessageAttachment::file_search);
    classic.messages(&thread.id).create("How is it switched on?").attachments(attached).await?;

    // 3. The answer, and what it is taken from.
    let answer = classic.runs(&thread.id).create(&agent.id).poll().final_message().await?;
    println!("answer    {}", answer.text());
    for citation in answer.citations() {
        println!("cited     {} as {}", citation.source.file_id().unwrap_or_default(), citation.text);
    }

    // What was made here goes again.
    classic.threads().delete(&thread.id).await?;
    classic.agents().delete(&agent.id).await?;
    classic.vector_stores().delete(&store.id).await?;
    for id in report.file_ids() {
        classic.files().delete(id).await?;
    }
    Ok(())
}
