//! A chat completion, whole and word by word, and embeddings: with the types of async-openai, over the
//! pipeline of the project's client.
//!
//! It talks to the project of `FOUNDRY_PROJECT_ENDPOINT`, with `FOUNDRY_API_KEY` or
//! `FOUNDRY_ACCESS_TOKEN`; on the deployments `FOUNDRY_MODEL` (`gpt-4.1-mini` if unset) and
//! `FOUNDRY_EMBEDDING_MODEL` (`text-embedding-3-small` if unset).

use std::env;
use std::io::{Write as _, stdout};

use foundry_sdk::ProjectClient;
use foundry_sdk::async_openai::types::chat::{
    ChatCompletionRequestSystemMessageArgs, ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs,
};
use foundry_sdk::async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = env::var("FOUNDRY_MODEL").unwrap_or_else(|_| "gpt-4.1-mini".to_owned());
    let embedding_model = env::var("FOUNDRY_EMBEDDING_MODEL").unwrap_or_else(|_| "text-embedding-3-small".to_owned());
    let openai = ProjectClient::from_env()?.openai();

    // 1. A question, and the whole answer.
    let instructions =
        ChatCompletionRequestSystemMessageArgs::default().content("Talk like you are a cowboy.").build()?;
    let question = ChatCompletionRequestUserMessageArgs::default().content("Why is the sky blue?").build()?;
    let request = CreateChatCompletionRequestArgs::default()
        .model(model)
        .messages([instructions.into(), question.into()])
        .build()?;
    let answer = openai.chat().create(request.clone()).await?;
    for choice in &answer.choices {
        println!("answer    {}", choice.message.content.as_deref().unwrap_or("(no text)"));
    }

    // 2. The same, as it is written.
    let mut chunks = openai.chat().create_stream(request).await?;
    print!("stream    ");
    while let Some(chunk) = chunks.try_next().await? {
        for text in chunk.choices.iter().filter_map(|choice| choice.delta.content.as_deref()) {
            print!("{text}");
            stdout().flush()?;
        }
    }
    println!();

    // 3. Texts as vectors.
    let texts = ["The sky is blue.", "Grass is green."];
    let request = CreateEmbeddingRequestArgs::default().model(embedding_model).input(texts).build()?;
    for (text, embedding) in texts.iter().zip(openai.embeddings().create(request).await?.data) {
        println!("embedding {text} has {} dimensions", embedding.embedding.len());
    }
    Ok(())
}
