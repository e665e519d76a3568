//! What examples talk to.

use std::env;

use foundry_emulator::Emulator;
use foundry_sdk::{Credential, ProjectClient};

/// The project that the environment names, or an emulator, which runs until it is dropped; and the
/// deployment to use, `FOUNDRY_MODEL` or `gpt-4.1-mini`.
pub(crate) async fn connect() -> Result<(ProjectClient, String, Option<Emulator>), Box<dyn std::error::Error>> {
    let model = env::var("FOUNDRY_MODEL").unwrap_or_else(|_| "gpt-4.1-mini".to_owned());
    if env::var_os("FOUNDRY_PROJECT_ENDPOINT").is_some() {
        return Ok((ProjectClient::from_env()?, model, None));
    }
    let emulator = Emulator::start().await?;
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("local")).build()?;
    Ok((client, model, Some(emulator)))
}
