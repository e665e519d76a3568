//! A conversation with an agent: thread, message, run, answer, and a second question.
//!
//! Without any setting it talks to an emulator in this process. With `FOUNDRY_PROJECT_ENDPOINT` and
//! `FOUNDRY_API_KEY` or `FOUNDRY_ACCESS_TOKEN` it talks to that project, to the agent
//! `FOUNDRY_AGENT_ID`, or to a new one on the deployment `FOUNDRY_MODEL` (`gpt-4.1-mini` if unset).

use std::env;

use foundry_emulator::Emulator;
use foundry_sdk::types::{ListSortOrder, RunStatus};
use foundry_sdk::{Credential, ProjectClient};
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 1. A client of the project, with a credential.
    let (client, _emulator) = connect().await?;
    let classic = client.classic();

    // 2. An agent: a model with instructions.
    let existing = env::var("FOUNDRY_AGENT_ID").ok();
    let agent_id = match &existing {
        Some(id) => id.clone(),
        None => {
            let model = env::var("FOUNDRY_MODEL").unwrap_or_else(|_| "gpt-4.1-mini".to_owned());
            classic.agents().create(model).name("cowboy").instructions("Talk like you are a cowboy.").await?.id
        }
    };
    println!("agent     {agent_id}");

    // 3. A thread: the conversation.
    let thread = classic.threads().create().await?;
    println!("thread    {}", thread.id);

    for question in ["Why is the sky blue?", "And why is it red at dusk?"] {
        // 4. What the user says.
        classic.messages(&thread.id).create(question).await?;

        // 5. A run, which lets the agent answer.
        let mut states = classic.runs(&thread.id).create(&agent_id).poll();

        // 6. Its states, as they change.
        while let Some(run) = states.try_next().await? {
            println!("run       {} {}", run.id, run.status);
            if let RunStatus::Failed | RunStatus::Cancelled | RunStatus::Expired = run.status {
                return Err(format!("no answer: {:?}", run.last_error).into());
            }
        }
    }

    // 7. The whole conversation, the oldest message first.
    for message in &classic.messages(&thread.id).list().order(ListSortOrder::Asc).await?.data {
        println!("{:<9} {}", message.role.as_str(), message.text());
    }

    // What was made here goes again.
    classic.threads().delete(&thread.id).await?;
    if existing.is_none() {
        classic.agents().delete(&agent_id).await?;
    }
    Ok(())
}

/// The project that the environment names, or an emulator, which runs until it is dropped.
async fn connect() -> Result<(ProjectClient, Option<Emulator>), Box<dyn std::error::Error>> {
    if env::var_os("FOUNDRY_PROJECT_ENDPOINT").is_some() {
        return Ok((ProjectClient::from_env()?, None));
    }
    let emulator = Emulator::start().await?;
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("local")).build()?;
    Ok((client, Some(emulator)))
}
