//! A response that is made in the background: begun, left alone, and waited for by its id.
//!
//! Settings are those of the quickstart; without any it talks to an emulator in this process.

mod support;

use std::time::Duration;

use foundry_sdk::ErrorKind;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let responses = client.responses();

    // It comes at once, and the work goes on by itself; its id is all there is to keep.
    let begun = responses.create("Why is the sky blue?").model(model.as_str()).background(true).await?;
    println!("begun     {}", begun.id);

    // Each state once; then the answer.
    let mut states = responses.wait(&begun.id).max_wait(Duration::from_secs(120));
    while let Some(response) = states.try_next().await? {
        println!("status    {}", response.status.as_ref().map_or("-", |status| status.as_str()));
    }
    println!("answer    {}", responses.wait(&begun.id).output_text().await?);

    // One that nobody is to wait for too long, and that costs nothing after that.
    let long = responses.create("Write a long poem about the sky.").model(model.as_str()).background(true);
    let waited = long.poll().max_wait(Duration::from_secs(60)).cancel_on_deadline(true);
    match waited.completed().await {
        Ok(response) => println!("poem      {}", response.output_text()),
        Err(error) if matches!(error.kind(), ErrorKind::Deadline | ErrorKind::RunFailed) => {
            println!("no poem   {error}")
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
