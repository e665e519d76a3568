//! The report as one page that needs nothing else: styles and script stand in it.

use std::collections::{BTreeMap, BTreeSet};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::text::Group;
use super::{Change, Counts, Piece, Report, SubjectKind, Version};
use crate::rules::{Area, Level};

mod sides;

const STYLES: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// How many operations are named before the rest is folded away.
const NAMED: usize = 6;

impl Report {
    /// The report as an HTML page: counts by area, filters by level and group, search, and each changed
    /// schema and operation before and after, side by side. It loads nothing.
    pub fn html(&self) -> String {
        let groups = self.for_people();
        let names: BTreeSet<&str> = self.changes.iter().flat_map(|change| self.groups(change)).collect();
        let title = format!("API changes: {} to {}", self.old.name, self.new.name);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // A report made of others' documents: nothing in them is run, nothing is fetched.
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
                    meta name="color-scheme" content="light dark";
                    title { (title) }
                    style { (PreEscaped(STYLES)) }
                }
                body {
                    a class="skip" href="#changes" { "Skip to the changes" }
                    header {
                        h1 { "API changes" }
                        p class="versions" { "From " (version(&self.old)) " to " (version(&self.new)) }
                        (counts(self.counts()))
                    }
                    main {
                        (self.areas())
                        h2 id="changes" tabindex="-1" { "Changes" }
                        (filters(&names))
                        p id="found" role="status" { (self.changes.len()) " changes" }
                        @for (index, group) in groups.iter().enumerate() { (self.group(index, group)) }
                        @if groups.is_empty() { p class="empty" { "Nothing differs." } }
                    }
                    footer { "Each change has a fingerprint, by which a list of allowed changes names it." }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string()
    }

    fn areas(&self) -> Markup {
        let mut areas: BTreeMap<Area, Counts> = BTreeMap::new();
        for change in &self.changes {
            areas.entry(change.rule.area).or_default().add(change);
        }
        if areas.is_empty() {
            return html! {};
        }
        let any_allowed = areas.values().any(|counts| counts.allowed > 0);
        let cell = |count: usize| html! { td class=[(count == 0).then_some("none")] { (count) } };
        html! {
            h2 id="areas" { "By area" }
            div class="scroll" tabindex="0" role="region" aria-labelledby="areas" {
                table {
                    thead { tr {
                        th scope="col" { "Area" }
                        @for level in Level::ALL { th scope="col" { (level_name(*level)) } }
                        @if any_allowed { th scope="col" { "Allowed" } }
                    } }
                    tbody {
                        @for (area, counts) in areas {
                            tr {
                                th scope="row" { (area.as_str().replace('-', " ")) }
                                @for level in Level::ALL { (cell(counts.of(*level))) }
                                @if any_allowed { (cell(counts.allowed)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn group(&self, index: usize, group: &Group<'_>) -> Markup {
        let subject = group.subject;
        let (_, shown_by) = self.title(group);
        let id = format!("group-{index}");
        html! {
            section class="group" aria-labelledby=(id) {
                div class="title" {
                    h3 id=(id) {
                        @match &subject.kind {
                            SubjectKind::Api => "The API",
                            SubjectKind::Operation { method, path, id } => {
                                (method) " " code { (path) }
                                @if let Some(id) = id { " " span class="meta" { (id) } }
                            }
                            SubjectKind::Schema { name } => { "Schema " code { (name) } }
                        }
                    }
                    @if !shown_by.is_empty() {
                        p class="where" {
                            "in " (shown_by.len()) " operations: "
                            @for (index, operation) in shown_by.iter().take(NAMED).enumerate() {
                                @if index > 0 { ", " }
                                code { (operation) }
                            }
                        }
                        @if shown_by.len() > NAMED {
                            details {
                                summary { (shown_by.len() - NAMED) " more" }
                                ul { @for operation in shown_by.iter().skip(NAMED) { li { code { (operation) } } } }
                            }
                        }
                    }
                }
                ul class="changes" { @for change in &group.changes { (self.item(change, &subject.kind)) } }
                @for side in self.sides_of(group) {
                    (sides::table(side))
                }
            }
        }
    }

    /// What stands before and after under a group: its subject, and the schemas that it alone shows.
    fn sides_of<'r>(&'r self, group: &Group<'r>) -> Vec<&'r super::Subject> {
        let schemas: BTreeSet<usize> = group.changes.iter().map(|change| change.subject).collect();
        let subjects = schemas.into_iter().filter_map(|index| self.subjects.get(index));
        subjects.filter(|subject| subject.before.is_some() && subject.after.is_some()).collect()
    }

    fn item(&self, change: &Change, under: &SubjectKind) -> Markup {
        let level = change.level();
        let place = change.place.to_string();
        let groups = serde_json::to_string(&self.groups(change)).unwrap_or_default();
        let schema = self.subject(change).map(|subject| &subject.kind).filter(|kind| *kind != under);
        html! {
            li class={ "change " (level.as_str()) } data-level=(level.as_str()) data-groups=(groups) {
                span class="level" { (level_name(level)) }
                div {
                    div class="what" {
                        @if let Some(direction) = self.direction(change) { (direction.to_string()) " " }
                        @if let Some(SubjectKind::Schema { name }) = schema { "schema " code { (name) } " " }
                        @if !place.is_empty() { code { (place) } ": " }
                        @for piece in change.pieces() {
                            @match piece {
                                Piece::Words(words) => (words),
                                Piece::Value(value) => code { (value) },
                            }
                        }
                    }
                    p class="meta" {
                        (change.rule.why) ". "
                        code { (change.rule.id) } " " code { (change.fingerprint) }
                        @if let Some(reason) = &change.allowed { " Allowed: " (reason) }
                    }
                    @if change.occurrences.len() > 1 {
                        details {
                            summary { "shown in " (change.occurrences.len()) " places" }
                            ul {
                                @for occurrence in &change.occurrences {
                                    li {
                                        @if let Some(operation) = self.subjects.get(occurrence.operation) {
                                            (operation.kind.to_string()) " "
                                        }
                                        code { (occurrence.place) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn version(version: &Version) -> Markup {
    html! {
        b { (version.name) }
        " (" (version.specification) ", " (version.operations) " operations, " (version.schemas) " schemas)"
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Breaking => "Breaking",
        Level::Warning => "Warning",
        Level::Compatible => "Compatible",
    }
}

fn counts(counts: Counts) -> Markup {
    html! {
        ul class="counts" {
            @for level in Level::ALL {
                li class=(level.as_str()) { b { (counts.of(*level)) } (level_name(*level)) }
            }
            @if counts.allowed > 0 { li class="allowed" { b { (counts.allowed) } "Allowed" } }
        }
    }
}

fn filters(names: &BTreeSet<&str>) -> Markup {
    html! {
        form class="filters" role="search" aria-label="Filter the changes" hidden {
            fieldset {
                legend { "Levels" }
                @for level in Level::ALL {
                    label { input type="checkbox" name="level" value=(level.as_str()) checked; (level_name(*level)) }
                }
            }
            div class="field" {
                label for="group" { "Group" }
                select id="group" {
                    option value="" { "All groups" }
                    @for name in names { option value=(name) { (name) } }
                }
            }
            div class="field search" {
                label for="search" { "Search (press / to get here)" }
                input type="search" id="search" autocomplete="off" spellcheck="false";
            }
            button type="reset" { "Show all" }
        }
    }
}
