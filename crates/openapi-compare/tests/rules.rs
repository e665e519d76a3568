//! Every rule on every fixture: a base document, a JSON Patch, and what comparing the two must find.
//!
//! A fixture lists its changes by hand, as level, rule and place; the reports beside them are golden
//! files. Each is compared both ways, so that one fixture shows a rule and its mirror.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests, too")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use openapi_compare::{Change, Document, Limits, Report, Rule, compare, parse_value};
use serde_json::Value;

struct Fixture {
    name: String,
    old: Document,
    new: Document,
    changes: BTreeSet<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn read(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap();
    parse_value(&bytes, &path.display().to_string(), &Limits::default()).unwrap()
}

fn fixtures() -> Vec<Fixture> {
    let base = read(&folder().join("base.yaml"));
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "base")
        .collect();
    names.sort_unstable();
    let fixture = |name: String| {
        let fixture = read(&folder().join(format!("{name}.yaml")));
        let patch: json_patch::Patch = serde_json::from_value(fixture["patch"].clone()).unwrap();
        let mut patched = base.clone();
        json_patch::patch(&mut patched, &patch).unwrap_or_else(|error| panic!("{name}: {error}"));
        let changes = fixture["changes"].as_array().unwrap();
        Fixture {
            old: Document::from_value(base.clone(), "old").unwrap(),
            new: Document::from_value(patched, "new").unwrap(),
            changes: changes.iter().map(|change| change.as_str().unwrap().to_owned()).collect(),
            name,
        }
    };
    names.into_iter().map(fixture).collect()
}

fn line(report: &Report, change: &Change, rule: &Rule) -> String {
    let subject = &report.subject(change).unwrap().kind;
    let place = change.place.to_string();
    format!("{} {} {subject} {place}", rule.level, rule.id).trim_end().to_owned()
}

fn lines(report: &Report) -> BTreeSet<String> {
    let lines: BTreeSet<_> = report.changes.iter().map(|change| line(report, change, change.rule)).collect();
    assert_eq!(lines.len(), report.changes.len(), "a change is told twice:\n{report}");
    lines
}

#[test]
fn each_fixture_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    for fixture in fixtures() {
        let found = lines(&compare(&fixture.old, &fixture.new).unwrap());
        if found != fixture.changes {
            wrong.push(format!("{}: found {found:#?}, expected {:#?}", fixture.name, fixture.changes));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words of the reports, read once and kept.
#[test]
fn reports_read_well() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("rules/reports");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for fixture in fixtures() {
            let forth = compare(&fixture.old, &fixture.new).unwrap();
            let back = compare(&fixture.new, &fixture.old).unwrap();
            insta::assert_snapshot!(fixture.name, format!("{forth}\n{back}"));
        }
    });
}

#[test]
fn a_report_turned_around_is_the_mirrored_report() {
    for fixture in fixtures() {
        let forth = compare(&fixture.old, &fixture.new).unwrap();
        let back = compare(&fixture.new, &fixture.old).unwrap();
        // A moved parameter and a changed status are told by where they were.
        let places = |report: &Report, mirrored: bool| -> Vec<String> {
            let id = |change: &Change| if mirrored { change.rule.mirror_id() } else { change.rule.id };
            let mut all: Vec<_> = report
                .changes
                .iter()
                .map(|change| {
                    let subject = &report.subject(change).unwrap().kind;
                    let place = if id(change).ends_with("moved") { String::new() } else { change.place.to_string() };
                    format!("{} {subject} {place}", id(change))
                })
                .collect();
            all.sort_unstable();
            all
        };
        assert_eq!(places(&forth, true), places(&back, false), "{}", fixture.name);
        assert_eq!(places(&back, true), places(&forth, false), "{}", fixture.name);
    }
}

#[test]
fn every_rule_has_a_fixture() {
    let mut shown = BTreeSet::new();
    for fixture in fixtures() {
        for report in [compare(&fixture.old, &fixture.new).unwrap(), compare(&fixture.new, &fixture.old).unwrap()] {
            shown.extend(report.changes.iter().map(|change| change.rule.id));
        }
    }
    let missing: Vec<_> = Rule::all().map(|rule| rule.id).filter(|id| !shown.contains(id)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn a_document_compared_with_itself_shows_nothing() {
    for fixture in fixtures() {
        for document in [&fixture.old, &fixture.new] {
            let report = compare(document, document).unwrap();
            assert!(report.is_empty(), "{}:\n{report}", fixture.name);
        }
    }
}

/// A fingerprint tells a change from all others, and a change is in the operations that show it.
#[test]
fn changes_have_fingerprints_and_places() {
    for fixture in fixtures() {
        let report = compare(&fixture.old, &fixture.new).unwrap();
        let fingerprints: BTreeSet<_> = report.changes.iter().map(|change| &change.fingerprint).collect();
        assert_eq!(fingerprints.len(), report.changes.len(), "{}", fixture.name);
        for change in &report.changes {
            assert_eq!(change.fingerprint.len(), 16);
            let is_api = report.subject(change).unwrap().kind.to_string() == "the API";
            assert_eq!(change.occurrences.is_empty(), is_api, "{}: {}", fixture.name, change.message());
            assert!(!change.message().contains(['{', '}']) || change.message().contains('`'), "{}", change.message());
        }
    }
}
