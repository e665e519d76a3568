//! The parts of a multipart body: their types, and how they become a form.

use std::fmt::Write as _;

use super::qualified;
use crate::generate::api::{Part, PartContent};

pub(super) fn part_type(part: &Part) -> String {
    match &part.content {
        PartContent::File => "FileContent".to_owned(),
        PartContent::Files => "Vec<FileContent>".to_owned(),
        PartContent::Text(ty) | PartContent::Json(ty) => qualified(ty),
    }
}

pub(super) fn part_taken(part: &Part) -> String {
    match &part.content {
        PartContent::File => "impl Into<FileContent>".to_owned(),
        PartContent::Files => "impl IntoIterator<Item = impl Into<FileContent>>".to_owned(),
        PartContent::Text(ty) | PartContent::Json(ty) => format!("impl Into<{}>", qualified(ty)),
    }
}

pub(super) fn part_value(part: &Part) -> String {
    match &part.content {
        PartContent::Files => format!("{}.into_iter().map(Into::into).collect()", part.name),
        _ => format!("{}.into()", part.name),
    }
}

/// How the parts become a form.
pub(super) fn form(text: &mut String, builder: &str, parts: &[Part]) {
    let _ = writeln!(
        text,
        "impl {builder} {{\n    fn form(&self) -> Result<Form, foundry_raw::Error> {{\n        let mut form = Form::default();"
    );
    // Texts first: a service that reads the body as it comes knows by then what the file is for.
    let in_order = |part: &&Part| matches!(part.content, PartContent::File | PartContent::Files);
    let (files, texts): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(in_order);
    for part in texts.into_iter().chain(files) {
        let add = match &part.content {
            PartContent::File => "file",
            PartContent::Files => "files",
            PartContent::Text(_) => "text",
            PartContent::Json(_) => "json",
        };
        // Files are cheap to clone: each shares its content.
        let (borrow, clone) = match part.content {
            PartContent::File | PartContent::Files => ("", ".clone()"),
            PartContent::Text(_) | PartContent::Json(_) => ("&", ""),
        };
        let name = &part.name;
        let property = &part.property;
        let _ = if part.required {
            writeln!(text, "        form.{add}({property:?}, {borrow}self.{name}{clone})?;")
        } else {
            writeln!(
                text,
                "        if let Some(value) = &self.{name} {{\n            form.{add}({property:?}, value{clone})?;\n        }}"
            )
        };
    }
    text.push_str("        Ok(form)\n    }\n}\n\n");
}
