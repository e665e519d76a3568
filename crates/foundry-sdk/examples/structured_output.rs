//! An answer in the form of a Rust type.
//!
//! Settings are those of the quickstart; without any it talks to an emulator in this process.

mod support;

use foundry_sdk::JsonFormat;
use schemars::JsonSchema;
use serde::Deserialize;

/// A recipe for one dish.
#[derive(Deserialize, JsonSchema)]
struct Recipe {
    /// What the dish is called.
    name: String,
    /// How many people it serves.
    serves: u8,
    ingredients: Vec<Ingredient>,
    /// Left out if it is eaten raw.
    oven: Option<Oven>,
}

#[derive(Deserialize, JsonSchema)]
struct Ingredient {
    name: String,
    grams: f64,
}

#[derive(Deserialize, JsonSchema)]
struct Oven {
    celsius: u16,
    minutes: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let classic = client.classic();

    let agent = classic.agents().create(model).name("cook").response_format(JsonFormat::of::<Recipe>()?).await?;
    let thread = classic.threads().create().await?;
    classic.messages(&thread.id).create("How do I make pizza for 4 people?").await?;

    // The error of `parse` shows the text that was no recipe.
    let recipe: Recipe = classic.runs(&thread.id).create(&agent.id).poll().final_message().await?.parse()?;
    println!("{} for {}", recipe.name, recipe.serves);
    for Ingredient { name, grams } in &recipe.ingredients {
        println!("- {grams} g of {name}");
    }
    if let Some(Oven { celsius, minutes }) = recipe.oven {
        println!("{minutes} minutes at {celsius} °C");
    }

    classic.threads().delete(&thread.id).await?;
    classic.agents().delete(&agent.id).await?;
    Ok(())
}
