//! An answer as it is written, word by word, and a look at the events behind it.
//!
//! Settings are those of the quickstart; without any it talks to an emulator in this process.

mod support;

use std::io::Write as _;

use foundry_sdk::ErrorKind;
use foundry_sdk::classic::RunEvent;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let classic = client.classic();
    let agent = classic.agents().create(model).name("cowboy").instructions("Talk like you are a cowboy.").await?;
    let thread = classic.threads().create().await?;

    // Only the text.
    classic.messages(&thread.id).create("Why is the sky blue?").await?;
    let mut text = classic.runs(&thread.id).create(&agent.id).stream().into_text();
    while let Some(piece) = text.try_next().await? {
        print!("{piece}");
        std::io::stdout().flush()?;
    }
    println!();

    // Every event; and what to do when the connection breaks in the middle.
    classic.messages(&thread.id).create("And why is it red at dusk?").await?;
    let mut events = classic.runs(&thread.id).create(&agent.id).stream();
    loop {
        match events.try_next().await {
            Ok(Some(RunEvent::MessageDelta(_))) => {}
            Ok(Some(event)) => println!("{}", event.name()),
            Ok(None) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                println!("{}", events.resume_by_polling()?.final_message().await?.text());
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }

    classic.threads().delete(&thread.id).await?;
    classic.agents().delete(&agent.id).await?;
    Ok(())
}
