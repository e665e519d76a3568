//! The examples as people run them: each a process that talks to an emulator of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::process::Command;

/// What an example prints, without any setting.
fn printed(example: &str) -> String {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap());
    command.args(["run", "-q", "-p", "foundry-sdk", "--example", example]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("FOUNDRY_") || name.contains("PROJECT_ENDPOINT"))
    {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_function_is_called_and_the_answer_has_what_it_gave() {
    let printed = printed("function_calling");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "called    get_weather(\"Rome\")");
    assert!(lines[1].starts_with("answer    ") && lines[1].contains("\"celsius\":24"), "{printed}");
}

#[test]
fn an_approval_is_asked_for_and_given() {
    let printed = printed("mcp_approval");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("asked     specs.search_docs({"), "{printed}");
    assert!(lines[1].contains("I called search_docs of specs."), "{printed}");
}

#[test]
fn an_answer_has_the_form_of_the_type() {
    let printed = printed("structured_output");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].ends_with(" for 4"), "{printed}");
    assert!(lines[1].starts_with("- ") && lines[1].contains(" g of "), "{printed}");
    assert!(lines[2].contains(" minutes at "), "{printed}");
}

#[test]
fn an_answer_comes_word_by_word_and_its_events_in_order() {
    let printed = printed("streaming");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].contains("You now say: \"Why is the sky blue?\"."), "{printed}");
    assert_eq!((lines[1], lines[lines.len() - 1]), ("thread.run.created", "done"));
}

#[test]
fn an_agent_has_a_version_and_its_conversation_remembers() {
    let printed = printed("agent_v1");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "agent         cowboy 1 (new)");
    assert!(lines[1].starts_with("conversation  conv_"), "{printed}");
    assert!(lines[3].contains("\"Why is the sky blue?\""), "{printed}");
    assert!(lines[5].contains("dusk") && lines[5].contains("\"Why is the sky blue?\""), "{printed}");
}

#[test]
fn a_response_in_the_background_is_waited_for() {
    let printed = printed("background_response");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("begun     resp_"), "{printed}");
    assert!(lines.contains(&"status    completed"), "{printed}");
    assert!(lines.iter().any(|line| line.starts_with("answer    ") && line.contains("sky blue")), "{printed}");
    assert!(lines[lines.len() - 1].starts_with("poem      "), "{printed}");
}

#[test]
fn a_folder_becomes_a_dataset() {
    let printed = printed("dataset_upload");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.contains(&"3 of 3 files"), "{printed}");
    let last = lines[lines.len() - 1];
    // Where it is, and not the signature that it was put there with.
    assert!(last.starts_with("questions 1 is at http://127.0.0.1:") && !last.contains('?'), "{printed}");
}

#[test]
fn a_memory_store_remembers_what_was_said() {
    let printed = printed("memory");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "1 memories changed");
    assert!(lines[1].starts_with("remembered: ") && lines[1].contains("coffee black"), "{printed}");
}
