//! The quickstart example as people run it: a process, its output and how it ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::process::{Command, Output};

use foundry_sdk::{Credential, ProjectClient};
use foundry_tests::{Session, assert_id};

const SETTINGS: &[&str] = &[
    "FOUNDRY_PROJECT_ENDPOINT",
    "AZURE_AI_PROJECT_ENDPOINT",
    "PROJECT_ENDPOINT",
    "FOUNDRY_API_KEY",
    "FOUNDRY_ACCESS_TOKEN",
    "FOUNDRY_AGENT_ID",
    "FOUNDRY_MODEL",
];

/// Runs the quickstart with these settings and no others.
async fn quickstart(settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap());
    command.args(["run", "-q", "-p", "foundry-sdk", "--example", "quickstart"]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for name in SETTINGS {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What the example printed, line by line: a word and the rest.
fn lines(output: &Output) -> Vec<(String, String)> {
    assert!(output.status.success(), "{output:?}");
    let lines = text(&output.stdout);
    let split = |line: &str| {
        let (word, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        (word.to_owned(), rest.trim_start().to_owned())
    };
    lines.lines().map(split).collect()
}

/// Checks what a conversation prints; gives the agent's id.
fn assert_conversation(lines: &[(String, String)]) -> &str {
    let words: Vec<&str> = lines.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(
        words,
        [
            "agent",
            "thread",
            "run",
            "run",
            "run",
            "run",
            "run",
            "run",
            "user",
            "assistant",
            "user",
            "assistant",
            "agent",
            "response",
            "response",
        ]
    );
    assert_id(&lines[1].1, "thread_");
    let runs: Vec<(&str, &str)> = lines[2..8].iter().map(|(_, rest)| rest.split_once(' ').unwrap()).collect();
    for run in runs.chunks(3) {
        assert_id(run[0].0, "run_");
        assert!(run.iter().all(|(id, _)| *id == run[0].0), "{run:?}");
        assert_eq!(run.iter().map(|(_, state)| *state).collect::<Vec<_>>(), ["queued", "in_progress", "completed"]);
    }
    assert_ne!(runs[0].0, runs[3].0);
    assert_eq!(lines[8].1, "Why is the sky blue?");
    assert!(lines[9].1.contains(&lines[8].1) && !lines[9].1.contains(&lines[10].1), "{}", lines[9].1);
    assert!(lines[11].1.contains(&lines[8].1) && lines[11].1.contains(&lines[10].1), "{}", lines[11].1);
    // The same by v1: the second answer knows of the first question.
    assert_eq!(lines[12].1, "quickstart-cowboy 1");
    assert!(lines[13].1.contains(&lines[8].1) && !lines[13].1.contains(&lines[10].1), "{}", lines[13].1);
    assert!(lines[14].1.contains(&lines[8].1) && lines[14].1.contains(&lines[10].1), "{}", lines[14].1);
    &lines[0].1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_runs_with_no_setting_at_all() {
    let output = quickstart(&[]).await;
    assert_id(assert_conversation(&lines(&output)), "asst_");
    assert_eq!(text(&output.stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_talks_to_the_project_and_agent_of_the_environment() {
    let emulator = Session::start().await;
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("a token")).build().unwrap();
    let agent = client.classic().agents().create("gpt-4.1-mini").instructions("Be brief.").await.unwrap();
    let before = emulator.requests().len();

    let output = quickstart(&[
        ("FOUNDRY_PROJECT_ENDPOINT", emulator.endpoint()),
        ("FOUNDRY_ACCESS_TOKEN", "a token"),
        ("FOUNDRY_AGENT_ID", &agent.id),
    ])
    .await;
    let lines = lines(&output);
    assert_eq!(assert_conversation(&lines), agent.id);
    assert!(lines[9].1.contains("Be brief."), "{}", lines[9].1);

    let requests = &emulator.requests()[before..];
    assert_eq!(requests.iter().filter(|request| request.path.ends_with("/runs")).count(), 2);
    for request in requests {
        assert!(!request.path.contains("/assistants"), "{request:?}");
        assert_eq!(request.header("authorization"), Some("REDACTED"));
    }
    // The agent is not the quickstart's, so it is still there.
    client.classic().agents().get(&agent.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_makes_an_agent_where_none_is_given_and_takes_it_away() {
    let emulator = Session::start().await;
    let output = quickstart(&[
        ("FOUNDRY_PROJECT_ENDPOINT", emulator.endpoint()),
        ("FOUNDRY_API_KEY", "a key"),
        ("FOUNDRY_MODEL", "gpt-4.1"),
    ])
    .await;
    let lines = lines(&output);
    let agent_id = assert_conversation(&lines);
    let requests = emulator.requests();
    let create = requests.iter().find(|request| request.path.ends_with("/assistants")).unwrap();
    assert_eq!(create.json().unwrap()["model"], "gpt-4.1");
    assert!(requests.iter().all(|request| request.header("api-key") == Some("REDACTED")));
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("a token")).build().unwrap();
    let error = client.classic().agents().get(agent_id).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    assert!(client.classic().threads().list().await.unwrap().data.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_says_what_is_wrong_with_its_settings() {
    let endpoint = "https://res.services.ai.azure.com/api/projects/p";
    for (settings, said) in [
        (
            vec![("FOUNDRY_PROJECT_ENDPOINT", "https://res.services.ai.azure.com"), ("FOUNDRY_API_KEY", "planted")],
            "/api/projects/",
        ),
        (
            vec![("FOUNDRY_PROJECT_ENDPOINT", "http://res.example/api/projects/p"), ("FOUNDRY_API_KEY", "planted")],
            "https",
        ),
        (
            vec![("FOUNDRY_PROJECT_ENDPOINT", "region.example;sub;group;planted"), ("FOUNDRY_API_KEY", "planted")],
            "connection string",
        ),
        (vec![("FOUNDRY_PROJECT_ENDPOINT", endpoint)], "FOUNDRY_API_KEY"),
    ] {
        let output = quickstart(&settings).await;
        assert_eq!(output.status.code(), Some(1), "{settings:?}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(said) && !stderr.contains("panicked"), "{stderr}");
        assert!(!stderr.contains("planted"), "{stderr}");
        assert_eq!(text(&output.stdout), "", "{settings:?}");
    }
}
