//! Tools of an MCP server, whose calls a policy approves or denies.
//!
//! Settings are those of the quickstart; without any it talks to an emulator in this process.

mod support;

use foundry_sdk::classic::types::McpToolDefinition;
use foundry_sdk::{ApprovalPolicy, Decision};

const LABEL: &str = "specs";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, model, _emulator) = support::connect().await?;
    let classic = client.classic();

    let server = McpToolDefinition::new(LABEL, "https://gitmcp.io/Azure/azure-rest-api-specs")
        .allowed_tools(["search_docs", "delete_docs"]);
    let agent = classic.agents().create(model).name("reader").tools([server]).await?;

    // What a tool or a server has no rule for is decided by asking; a person could be asked here.
    let policy = ApprovalPolicy::ask(|request| async move {
        println!("asked     {}.{}({})", request.server_label, request.tool, request.arguments);
        if request.tool.starts_with("search") { Decision::Approve } else { Decision::Leave }
    })
    .deny_tool(LABEL, "delete_docs")
    // Sent to the server with each call that is approved.
    .header(LABEL, "X-Team", "docs");

    let thread = classic.threads().create().await?;
    classic.messages(&thread.id).create("Use the specs to say what an agent is.").await?;
    let answer = classic.runs(&thread.id).create(&agent.id).poll().with_approvals(&policy).final_message().await?;
    println!("answer    {}", answer.text());

    classic.threads().delete(&thread.id).await?;
    classic.agents().delete(&agent.id).await?;
    Ok(())
}
