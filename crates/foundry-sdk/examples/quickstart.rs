//! A conversation with an agent: thread, message, run, answer, and a second question; then the same questions
//! by v1: an agent with versions, and responses.
//!
//! Without any setting it talks to an emulator in this process. With `FOUNDRY_PROJECT_ENDPOINT` and
//! `FOUNDRY_API_KEY` or `FOUNDRY_ACCESS_TOKEN` it talks to that project, to the agent
//! `FOUNDRY_AGENT_ID`, or to a new one on the deployment `FOUNDRY_MODEL` (`gpt-4.1-mini` if unset).

mod support;

use std::env;

use foundry_sdk::classic::types::ListSortOrder;
use foundry_sdk::types::PromptAgentDefinition;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 1. A client of the project, with a credential.
    let (client, model, _emulator) = support::connect().await?;
    let classic = client.classic();

    // 2. An agent: a model with instructions.
    let existing = env::var("FOUNDRY_AGENT_ID").ok();
    let agent_id = match &existing {
        Some(id) => id.clone(),
        None => classic.agents().create(&model).name("cowboy").instructions("Talk like you are a cowboy.").await?.id,
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

        // 6. Its states, as they change. A run that failed is an error only if it is asked for.
        while let Some(run) = states.try_next().await? {
            println!("run       {} {}", run.id, run.status);
            if run.has_ended() {
                run.into_result()?;
            }
        }
    }

    // 7. The whole conversation, the oldest message first.
    for message in &classic.messages(&thread.id).list().order(ListSortOrder::Asc).await?.data {
        println!("{:<9} {}", message.role.as_str(), message.text());
    }

    // 8. The same by v1: a version of an agent, and responses that know the one before.
    let definition = PromptAgentDefinition::new(model).instructions("Talk like you are a cowboy.");
    let agent = client.agents().create_version("quickstart-cowboy", definition).await?;
    println!("agent     {} {}", agent.name, agent.version);
    let first = client.responses().create("Why is the sky blue?").agent(&agent).await?;
    println!("response  {}", first.output_text());
    let second = client.responses().create("And why is it red at dusk?").agent(&agent);
    println!("response  {}", second.previous_response_id(&first.id).await?.output_text());

    // What was made here goes again.
    client.agents().delete_version(&agent.name, &agent.version).await?;
    classic.threads().delete(&thread.id).await?;
    if existing.is_none() {
        classic.agents().delete(&agent_id).await?;
    }
    Ok(())
}
