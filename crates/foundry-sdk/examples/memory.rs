//! A memory store learns from a conversation, by a job that is waited for, and is searched.
//!
//! Settings are those of the quickstart, and `FOUNDRY_EMBEDDING_MODEL`; without any it talks to an emulator in
//! this process.

mod support;

use foundry_sdk::types::{MemoryItem, MemoryStoreDefaultDefinition, OpenAiEasyInputMessageParam as Message};
use foundry_sdk::{JobOutcome, Result};

/// What is remembered, whatever kind of memory it is.
fn content(memory: &MemoryItem) -> &str {
    match memory {
        MemoryItem::ChatSummary(memory) => &memory.content,
        MemoryItem::Procedural(memory) => &memory.content,
        MemoryItem::UserProfile(memory) => &memory.content,
        _ => "(of a kind that this version does not know)",
    }
}

async fn remember(client: &foundry_sdk::ProjectClient, store: &str) -> Result<()> {
    let stores = client.preview().memory_stores();
    // Without a delay: the service waits for more of the conversation otherwise.
    let update =
        stores.update_memories(store, "user_1").items([Message::user("I take my coffee black.")]).update_delay(0);
    match update.poll().outcome().await? {
        JobOutcome::Completed(Some(done)) => println!("{} memories changed", done.memory_operations.len()),
        JobOutcome::Superseded { by } => println!("left to a later update: {by:?}"),
        _ => println!("nothing to remember"),
    }
    let found = stores.search_memories(store, "user_1").items([Message::user("How do I take my coffee?")]).await?;
    for found in &found.memories {
        println!("remembered: {}", content(&found.memory_item));
    }
    Ok(())
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let embedding = std::env::var("FOUNDRY_EMBEDDING_MODEL").unwrap_or_else(|_| "text-embedding-3-small".to_owned());
    let stores = client.preview().memory_stores();
    let store = stores.create(MemoryStoreDefaultDefinition::new(model, embedding), "example-memory").await?;
    let remembered = remember(&client, &store.name).await;
    stores.delete(&store.name).await?;
    Ok(remembered?)
}
