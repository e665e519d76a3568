//! Functions in Rust that an agent calls: registered once, called while a run is polled.
//!
//! Settings are those of the quickstart; without any it talks to an emulator in this process.

mod support;

use foundry_sdk::{Function, FunctionSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says what the weather is like in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    /// The city, in English.
    city: String,
}

#[derive(Serialize)]
struct Weather {
    sky: &'static str,
    celsius: i32,
}

async fn get_weather(asked: GetWeather) -> Result<Weather, String> {
    println!("called    get_weather({:?})", asked.city);
    match asked.city.as_str() {
        "Rome" => Ok(Weather { sky: "clear", celsius: 24 }),
        // The model reads this, and may try something else.
        other => Err(format!("there is no weather station in {other}")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let classic = client.classic();

    // Name, description and parameters come from the type.
    let functions = FunctionSet::new([Function::new(get_weather)])?;
    let agent = classic.agents().create(model).name("forecaster").tools(&functions).await?;

    let thread = classic.threads().create().await?;
    classic.messages(&thread.id).create("What is the weather in Rome?").await?;
    let answer = classic.runs(&thread.id).create(&agent.id).poll().with_functions(&functions).final_message().await?;
    println!("answer    {}", answer.text());

    classic.threads().delete(&thread.id).await?;
    classic.agents().delete(&agent.id).await?;
    Ok(())
}
