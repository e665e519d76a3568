//! `cargo xtask diff` from outside: what it compares, what it prints, how it ends.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A project with two APIs, `one` and `two`.
struct Project {
    folder: TempDir,
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn api(properties: &Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "Things_list", "responses": {"200": {"description": "", "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}}},
        "components": {"schemas": {"Thing": {"type": "object", "properties": properties}}},
    })
}

const OVERLAY: &str = "overlay: 1.0.0\ninfo: { title: t, version: '1' }\nactions:\n";

impl Project {
    /// `two` has the property `b` only by its overlay, and has lost `a`.
    fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        let string = json!({"type": "string"});
        project.write("openapi/one/openapi.json", &api(&json!({"a": string, "b": string})).to_string());
        project.write("openapi/one/overlay.yaml", &OVERLAY.replace("actions:\n", "actions: []\n"));
        project.write("openapi/two/openapi.json", &api(&json!({"c": string})).to_string());
        let action = "  - target: $.components.schemas.Thing.properties\n    description: it is there\n    update: { b: { type: string } }\n";
        project.write("openapi/two/overlay.yaml", &format!("{OVERLAY}{action}"));
        project.write("xtask/Cargo.toml", "");
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Run {
        let output = Command::new(program)
            .args(arguments)
            .env("CARGO_MANIFEST_DIR", self.folder.path().join("xtask"))
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn diff(&self, arguments: &[&str]) -> Run {
        let arguments: Vec<&str> = [&["diff"], arguments].concat();
        self.command(env!("CARGO_BIN_EXE_xtask"), &arguments)
    }

    fn git(&self, arguments: &[&str]) {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        let run = self.command("git", &[&who, arguments].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
}

fn last(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn apis_are_compared_after_their_overlays() {
    let project = Project::new();
    let run = project.diff(&["one", "two"]);
    assert_eq!(run.code, Some(100), "{}", run.stderr);
    assert_eq!(last(&run.stdout), "1 breaking, 0 warnings, 1 compatible change");
    assert!(run.stdout.contains("the property `a` was removed"), "{}", run.stdout);
    // Report here, progress there.
    assert!(run.stderr.starts_with("Comparing one with two\nCompared in "), "{}", run.stderr);
    assert!(!run.stdout.contains('\u{1b}'), "colours are for terminals");

    let published = project.diff(&["one", "two", "--as-published"]);
    assert_eq!(last(&published.stdout), "2 breaking, 0 warnings, 1 compatible change");
    let same = project.diff(&["one", "one"]);
    assert_eq!((same.code, last(&same.stdout)), (Some(0), "0 breaking, 0 warnings, 0 compatible changes"));
}

#[test]
fn files_and_revisions_are_compared() {
    let project = Project::new();
    project.write("a.yaml", "openapi: 3.1.0\ninfo: { title: t, version: '1' }\npaths: {}\n");
    project.git(&["init", "-q"]);
    project.git(&["add", "."]);
    project.git(&["commit", "-q", "-m", "one"]);
    project.write(
        "a.yaml",
        "swagger: '2.0'\ninfo: { title: t, version: '1' }\npaths: { /new: { get: { responses: {} } } }\n",
    );
    let run = project.diff(&["HEAD:a.yaml", "a.yaml"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("GET /new\n  compatible the operation was added"), "{}", run.stdout);
    let run = project.diff(&["HEAD:openapi/one/openapi.json", "openapi/two/openapi.json"]);
    assert_eq!((run.code, last(&run.stdout)), (Some(100), "2 breaking, 0 warnings, 1 compatible change"));
}

#[test]
fn the_exit_code_says_what_was_found() {
    let project = Project::new();
    project.write("limit.json", &api(&json!({"a": {"type": "string", "maxLength": 3}})).to_string());
    project.write("looser.json", &api(&json!({"a": {"type": "string", "maxLength": 4}})).to_string());
    for (arguments, code) in [
        (&["one", "two"][..], 100),
        (&["one", "two", "--fail-on", "none"], 0),
        (&["one", "two", "--fail-on", "warning"], 100),
        (&["limit.json", "looser.json"], 0),
        (&["limit.json", "looser.json", "--fail-on", "warning"], 100),
        (&["two", "two", "--fail-on", "warning"], 0),
    ] {
        let run = project.diff(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn what_cannot_be_compared_is_told() {
    let project = Project::new();
    project.write("broken.json", "{\"openapi\": ");
    project.write("other.json", "{\"asyncapi\": \"2.0.0\"}");
    project.write("dangling.json", &api(&json!({"a": {"$ref": "#/nowhere"}})).to_string());
    project.write("openapi/bad/openapi.json", &api(&json!({})).to_string());
    project.write(
        "openapi/bad/overlay.yaml",
        &format!("{OVERLAY}  - {{ target: $.nowhere, description: d, remove: true }}\n"),
    );
    project.write("allow", "12345 too short\n");
    for (arguments, said) in [
        (&["one", "three"][..], "\"three\" is neither an API, nor a file, nor REV:PATH of git"),
        (&["one", "broken.json"], "broken.json:1:"),
        (&["one", "other.json"], "not an OpenAPI document"),
        (
            &["dangling.json", "one"],
            "dangling.json does not hold together: #/components/schemas/Thing/properties/a/$ref",
        ),
        (&["one", "bad"], "action 1 (target $.nowhere): matches nothing"),
        (&["one", "HEAD:nowhere.json"], "git has no such file"),
        (&["one", "two", "--allow", "allow"], "line 1: \"12345\" is no fingerprint"),
        (&["one", "two", "--allow", "nowhere"], "nowhere"),
        (&["one", "two", "-o", "no/such/folder/report"], "no/such/folder/report"),
    ] {
        let run = project.diff(arguments);
        assert_eq!(run.code, Some(102), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
        for part in ["error: ", "\n  at: ", "\n  do: "] {
            assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
        }
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
    // Whose overlay is wrong can still be compared as it was published.
    assert_eq!(project.diff(&["bad", "bad", "--as-published"]).code, Some(0));
}

#[test]
fn wrong_usage_is_told_apart() {
    let project = Project::new();
    for arguments in [
        &[][..],
        &["one"],
        &["one", "two", "three"],
        &["one", "two", "--format", "xml"],
        &["one", "two", "--fail-on", "all"],
    ] {
        let run = project.diff(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn every_format_goes_to_standard_output_or_a_file() {
    let project = Project::new();
    for (format, begins) in [
        ("text", "old: one ("),
        ("json", "{\n  \"format\": 1,"),
        ("markdown", "## API changes"),
        ("html", "<!DOCTYPE html>"),
    ] {
        let run = project.diff(&["one", "two", "--format", format]);
        assert!(run.stdout.starts_with(begins), "{format}: {}", run.stdout);
        let to_file = project.diff(&["one", "two", "--format", format, "-o", "report"]);
        assert_eq!((to_file.code, to_file.stdout.as_str()), (Some(100), ""));
        assert_eq!(project.read("report"), run.stdout);
    }
}

#[test]
fn what_is_allowed_fails_nothing() {
    let project = Project::new();
    let report: Value = serde_json::from_str(&project.diff(&["one", "two", "--format", "json"]).stdout).unwrap();
    let changes = report["changes"].as_array().unwrap();
    let breaking = changes.iter().find(|change| change["level"] == "breaking").unwrap();
    let list = format!(
        "# agreed\n{} nobody reads it\nfedcba9876543210 was there once\n",
        breaking["fingerprint"].as_str().unwrap()
    );
    project.write("allow", &list);
    let run = project.diff(&["one", "two", "--allow", "allow"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(last(&run.stdout), "0 breaking, 0 warnings, 1 compatible change, 1 allowed");
    assert!(run.stdout.contains("allowed: nobody reads it"), "{}", run.stdout);
    assert!(run.stderr.contains("warning: allow: fedcba9876543210 no longer occurs"), "{}", run.stderr);
}

/// The project's own two versions; the README says what this prints.
#[test]
fn the_apis_of_this_project_can_be_compared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["diff", "2025-05-01", "v1"])
        .current_dir(root)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(100));
    let text = String::from_utf8(run.stdout).unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(last(&text)), "README.md must say what the summary prints: {}", last(&text));
}
