//! The outputs: each says all changes, in a form that its reader takes whole.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod support;

use openapi_compare::{Allowances, Level, Report, compare};
use serde_json::{Value, json};
use support::{api, document};

/// Two documents that differ in many ways, with texts that mean something to terminals, Markdown and HTML.
fn report() -> Report {
    let old = api(&json!({
        "Thing": {"type": "object", "required": ["id"], "properties": {
            "id": {"type": "string"},
            "<b>&\"x\"</b>": {"type": "string"},
            "a`b|c": {"type": "string"},
            "\u{1b}[31mred": {"type": "string"},
            "state": {"type": "string", "enum": ["on", "off"]},
        }},
    }));
    let new = api(&json!({
        "Thing": {"type": "object", "properties": {
            "id": {"type": "string"},
            "state": {"type": "string", "enum": ["on", "off", "<script>alert(1)</script>"]},
        }},
    }));
    compare(&document("old_<1>", old), &document("new", new)).unwrap()
}

#[test]
fn json_follows_its_schema() {
    let schema: Value = serde_json::from_str(Report::JSON_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut report = report();
    let reason = format!("{} known", report.changes[0].fingerprint);
    report.allow(&Allowances::parse(&reason).unwrap());
    let value: Value = serde_json::from_str(&report.json()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(value["changes"].as_array().unwrap().len(), report.changes.len());
    assert_eq!(value["changes"][0]["allowed"], "known");
    assert_eq!(value["summary"]["allowed"], 1);
    assert!(!validator.is_valid(&json!({"format": 2})));
}

/// The fingerprint is of what is the case, not of how it is told.
#[test]
fn fingerprints_stay() {
    let old = api(&json!({"Thing": {"type": "object", "properties": {"a": {"type": "string"}}}}));
    let new = api(&json!({"Thing": {"type": "object", "properties": {}}}));
    let report = compare(&document("old", old), &document("new", new)).unwrap();
    let found: Vec<_> = report.changes.iter().map(|change| (change.rule.id, change.fingerprint.as_str())).collect();
    // Made by hand: sha256sum of the id, `schema Thing`, nothing, `.a`, `property`, `a`, a zero byte after each.
    assert_eq!(
        found,
        [("request-property-removed", "ecba8b5bbb8cf340"), ("response-property-removed", "b9637ccd62af8579")]
    );
}

#[test]
fn text_ends_in_the_counts_and_leaves_the_terminal_alone() {
    let report = report();
    let text = report.text(false);
    assert_eq!(text.lines().last().unwrap(), report.counts().to_string());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    for change in &report.changes {
        assert!(text.contains(&change.fingerprint), "{}", change.message());
    }
    // With colours it says the same.
    let coloured = report.text(true);
    assert!(coloured.contains("\u{1b}[1;31mbreaking  \u{1b}[0m"));
    let mut bare = coloured;
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[1;31m", "\u{1b}[33m", "\u{1b}[32m"] {
        bare = bare.replace(code, "");
    }
    assert_eq!(bare, text);
}

#[test]
fn markdown_holds_any_name_in_one_line() {
    let report = report();
    let markdown = report.markdown();
    let lines: Vec<_> = markdown.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(lines.len(), report.changes.len());
    for change in &report.changes {
        assert_eq!(lines.iter().filter(|line| line.contains(&change.fingerprint)).count(), 1);
    }
    assert!(markdown.contains("``a`b|c``"), "{markdown}");
    assert!(markdown.starts_with("## API changes\n"));
    assert!(markdown.contains("\n### Breaking (") && markdown.contains("<summary>Compatible ("));
}

#[test]
fn the_page_takes_nothing_from_outside_and_runs_nothing_of_the_documents() {
    let report = report();
    let page = report.html();
    for change in &report.changes {
        assert!(page.contains(&change.fingerprint));
    }
    for outside in ["http://", "https://", "src=", "href=\"http", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("<b>&"));
}

#[test]
fn what_is_allowed_is_told_and_not_counted() {
    let mut report = report();
    let before = report.counts();
    let breaking = report.changes.iter().find(|change| change.level() == Level::Breaking).unwrap();
    let list = format!("# known\n{} nobody reads it\n0123456789abcdef has gone\n", breaking.fingerprint);
    let stale = report.allow(&Allowances::parse(&list).unwrap());
    assert_eq!(stale, ["0123456789abcdef"]);
    let after = report.counts();
    assert_eq!((after.breaking, after.allowed), (before.breaking - 1, 1));
    assert!(report.to_string().contains("allowed: nobody reads it"));
    assert!(report.markdown().contains("*allowed: nobody reads it*"));
    assert!(report.html().contains("Allowed: nobody reads it"));
    assert!(report.to_string().ends_with(", 1 allowed\n"));
}

#[test]
fn an_empty_report_says_so() {
    let same = document("same", api(&json!({"Thing": {"type": "object"}})));
    let report = compare(&same, &same).unwrap();
    assert!(report.is_empty());
    assert!(report.to_string().ends_with("\n0 breaking, 0 warnings, 0 compatible changes\n"));
    assert!(report.html().contains("Nothing differs."));
    assert!(report.markdown().contains("**0 breaking, 0 warnings, 0 compatible changes**"));
}
