//! A versioned agent, a conversation with it, and its answer as it is written.
//!
//! Settings are those of the quickstart; without any it talks to an emulator in this process.

mod support;

use std::io::Write as _;

use foundry_sdk::types::PromptAgentDefinition;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;

    // Started again, it finds the version that it made, and makes none.
    let definition = PromptAgentDefinition::new(model).instructions("Talk like you are a cowboy.");
    let agent = client.agents().ensure_version("cowboy", definition).await?;
    println!("agent         {} {}{}", agent.name, agent.version, if agent.is_new { " (new)" } else { "" });

    let conversation = client.conversations().create().await?;
    println!("conversation  {}", conversation.id);

    // The conversation holds what was said before; the agent is pinned to its version.
    for question in ["Why is the sky blue?", "And why is it red at dusk?"] {
        println!("question      {question}");
        print!("answer        ");
        let response = client.responses().create(question).agent(&agent).conversation(&conversation);
        let mut text = response.stream().into_text();
        while let Some(piece) = text.try_next().await? {
            print!("{piece}");
            std::io::stdout().flush()?;
        }
        println!();
    }

    client.conversations().delete(&conversation.id).await?;
    client.agents().delete_version(&agent.name, &agent.version).await?;
    Ok(())
}
