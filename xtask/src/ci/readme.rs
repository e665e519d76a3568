//! The test commands that the README tells its readers to run.

use crate::failure::Failure;

/// The heading under which they stand.
const HEADING: &str = "Try it";

/// The lines in fenced blocks under the heading that start with `cargo test`, split into words.
pub(super) fn test_commands(readme: &str) -> Result<Vec<Vec<String>>, Failure> {
    let mut commands = Vec::new();
    let mut fence: Option<String> = None;
    // How deep the heading is that we are under.
    let mut under: Option<usize> = None;
    for line in readme.lines().map(str::trim) {
        if let Some(closing) = &fence {
            if line.starts_with(closing.as_str()) {
                fence = None;
            } else if under.is_some() {
                let line = line.strip_prefix("$ ").unwrap_or(line);
                if line == "cargo test" || line.starts_with("cargo test ") {
                    commands.push(words(line)?);
                }
            }
            continue;
        }
        let ticks = line.chars().take_while(|c| *c == '`').count();
        if ticks >= 3 {
            fence = Some("`".repeat(ticks));
            continue;
        }
        let depth = line.chars().take_while(|c| *c == '#').count();
        if depth == 0 {
            continue;
        }
        if line[depth..].trim() == HEADING {
            under = Some(depth);
        } else if under.is_some_and(|above| depth <= above) {
            under = None;
        }
    }
    if commands.is_empty() {
        return Err(failure("there is no command that starts with `cargo test` in a fenced block under the heading"));
    }
    Ok(commands)
}

/// The words of a command that means the same with and without a shell.
fn words(line: &str) -> Result<Vec<String>, Failure> {
    let command = line.split(" #").next().unwrap_or(line);
    if command.contains(|c: char| "'\"\\`$&|;<>(){}*?~!".contains(c)) {
        return Err(failure(&format!("`{command}` needs a shell; the test command must be plain words")));
    }
    Ok(command.split_whitespace().map(str::to_owned).collect())
}

fn failure(what: &str) -> Failure {
    Failure::new(
        what,
        format!("README.md, \"{HEADING}\""),
        "write the test command there, as in `cargo test --workspace`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_stand_under_their_heading() {
        let readme = "# A\n```sh\ncargo test --no\n```\n## Try it\ncargo test --prose\n\n```sh\n# cargo test --comment\ncargo run\n\
            $ cargo test --workspace   # all\n```\n### More\n````\n```\ncargo test\n````\n## Not this\n```\ncargo test --neither\n```\n";
        assert_eq!(test_commands(readme).unwrap(), [vec!["cargo", "test", "--workspace"], vec!["cargo", "test"]]);
    }

    #[test]
    fn no_command_is_an_error() {
        for readme in ["", "## Try it\n```\ncargo tester\n```\n", "## Other\n```\ncargo test\n```\n"] {
            let failure = test_commands(readme).unwrap_err().to_string();
            assert!(failure.contains("there is no command"), "{failure}");
        }
    }

    #[test]
    fn a_command_for_a_shell_is_an_error() {
        let failure = test_commands("# Try it\n```\ncargo test | tee log\n```\n").unwrap_err().to_string();
        assert!(failure.contains("`cargo test | tee log` needs a shell"), "{failure}");
    }
}
