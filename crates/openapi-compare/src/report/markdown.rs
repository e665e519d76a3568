//! The report as Markdown, for a pull request.

use std::fmt::Write as _;

use super::text::described;
use super::{Change, Piece, Report, SubjectKind};
use crate::rules::Level;

impl Report {
    /// The report as Markdown: the counts, then the changes by level and operation, those that break
    /// nothing folded away.
    pub fn markdown(&self) -> String {
        let mut out = String::from("## API changes\n\n");
        let _ = writeln!(out, "From {} to {}.\n", code(&described(&self.old)), code(&described(&self.new)));
        let _ = writeln!(out, "**{}**", self.counts());
        let groups = self.for_people();
        for level in Level::ALL {
            let of_level = |change: &&&Change| change.level() == *level;
            let count: usize = groups.iter().map(|group| group.changes.iter().filter(of_level).count()).sum();
            if count == 0 {
                continue;
            }
            let name = match level {
                Level::Breaking => "Breaking",
                Level::Warning => "Warnings",
                Level::Compatible => "Compatible",
            };
            let folded = *level == Level::Compatible;
            if folded {
                let _ = writeln!(out, "\n<details><summary>{name} ({count})</summary>");
            } else {
                let _ = writeln!(out, "\n### {name} ({count})");
            }
            for group in &groups {
                let changes: Vec<_> = group.changes.iter().filter(of_level).copied().collect();
                if changes.is_empty() {
                    continue;
                }
                let _ = writeln!(out, "\n{}\n", self.heading(group));
                for change in changes {
                    let _ = writeln!(out, "- {}", self.line(change, &group.subject.kind));
                }
            }
            if folded {
                out.push_str("\n</details>\n");
            }
        }
        out
    }

    fn heading(&self, group: &super::text::Group<'_>) -> String {
        let kind = &group.subject.kind;
        match kind {
            SubjectKind::Api => "**The API**".to_owned(),
            SubjectKind::Operation { .. } => format!("**{}**", code(&kind.to_string())),
            SubjectKind::Schema { name } => {
                let (_, shown_by) = self.title(group);
                let listed: Vec<_> = shown_by.iter().map(|operation| code(operation)).collect();
                format!("**Schema {}**, in {}", code(name), listed.join(", "))
            }
        }
    }

    fn line(&self, change: &Change, under: &SubjectKind) -> String {
        let mut line = String::new();
        if let Some(SubjectKind::Schema { name }) = self.subject(change).map(|subject| &subject.kind)
            && !matches!(under, SubjectKind::Schema { .. })
        {
            let _ = write!(line, "schema {} ", code(name));
        }
        if let Some(direction) = self.direction(change) {
            let _ = write!(line, "{direction} ");
        }
        let place = change.place.to_string();
        if !place.is_empty() {
            let _ = write!(line, "{}", code(&place));
        }
        if !line.is_empty() {
            line = format!("{}: ", line.trim_end());
        }
        for piece in change.pieces() {
            match piece {
                Piece::Words(words) => line.push_str(&escaped(words)),
                Piece::Value(value) => line.push_str(&code(value)),
            }
        }
        line.push_str(&self.and_elsewhere(change));
        let _ = write!(line, " (`{}` `{}`)", change.rule.id, change.fingerprint);
        if let Some(reason) = &change.allowed {
            let _ = write!(line, " *allowed: {}*", escaped(reason));
        }
        line
    }
}

/// A code span that holds any text on one line.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Blanks keep a fence apart from a backtick; one on each side is not shown.
    if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        return format!("{fence} {text} {fence}");
    }
    format!("{fence}{text}{fence}")
}

/// A text in which no character means anything but itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push(' '),
            // A name after it would be told of the report.
            '@' => out.push_str("@\u{200b}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_any_text() {
        for (text, span) in [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("`a", "`` `a ``"),
            ("a``b`", "``` a``b` ```"),
            ("", "`  `"),
            ("a\nb|<c>", "`a b|<c>`"),
        ] {
            assert_eq!(code(text), span);
        }
    }

    #[test]
    fn words_mean_only_themselves() {
        assert_eq!(escaped("a_b *c* <d> @e\n"), "a\\_b \\*c\\* \\<d\\> @\u{200b}e ");
    }
}
