//! Where a document to compare comes from: an API of this project, a file, a revision of git.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use openapi_compare::Document;

use crate::failure::Failure;
use crate::overlay::Overlay;

/// The most that is read of a revision of git; as much as of a file.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Loads what an argument names.
pub(super) fn load(root: &Path, named: &str, as_published: bool) -> Result<Document, Failure> {
    let is_name = !named.is_empty() && !named.starts_with('.') && !named.contains(['/', '\\', ':']);
    if is_name && root.join("openapi").join(named).join("openapi.json").is_file() {
        return api(root, named, as_published);
    }
    if Path::new(named).is_file() {
        return loaded(Document::from_path(named));
    }
    match named.split_once(':') {
        Some((revision, path)) if !revision.is_empty() && !path.is_empty() => of_git(revision, path),
        _ => Err(Failure::new(
            format!("{named:?} is neither an API, nor a file, nor REV:PATH of git"),
            format!("the APIs are: {}", apis(root).join(", ")),
            "name one of the APIs or a file that exists",
        )),
    }
}

fn loaded(document: Result<Document, openapi_compare::Error>) -> Result<Document, Failure> {
    document.map_err(|error| {
        Failure::new(error.to_string(), error.name().to_owned(), "name a document of OpenAPI 3.0, 3.1 or Swagger 2.0")
    })
}

/// The document of an API of this project, with its overlay unless it is wanted as published.
fn api(root: &Path, name: &str, as_published: bool) -> Result<Document, Failure> {
    let folder = root.join("openapi").join(name);
    let published = loaded(Document::from_path(folder.join("openapi.json")))?;
    if as_published {
        return loaded(Document::from_value(published.into_value(), &format!("{name} as published")));
    }
    let path = folder.join("overlay.yaml");
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::io(&path, &error))?;
    let shown = format!("openapi/{name}/overlay.yaml");
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(error.to_string(), &shown, "correct the overlay, or compare with --as-published")
    };
    let overlay = Overlay::parse(&text, &shown).map_err(|error| failed(&error))?;
    let mut value = published.into_value();
    overlay.apply(&mut value).map_err(|error| failed(&error))?;
    loaded(Document::from_value(value, name))
}

/// The names of the APIs, in order.
fn apis(root: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(root.join("openapi")).into_iter().flatten().flatten();
    let mut names: Vec<_> = folders
        .filter(|folder| folder.path().join("openapi.json").is_file())
        .map(|folder| folder.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

fn of_git(revision: &str, path: &str) -> Result<Document, Failure> {
    let named = format!("{revision}:{path}");
    let failed = |what: String| {
        Failure::new(what, &named, "name a file that exists, or a revision of this repository and a path in it")
    };
    if revision.starts_with('-') {
        return Err(failed("a revision does not begin with `-`".to_owned()));
    }
    let mut child = Command::new("git")
        .args(["cat-file", "blob", &named])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("git cannot be started: {error}")))?;
    let mut bytes = Vec::new();
    let read = match child.stdout.take() {
        // One byte more than allowed: the loader says that it is too large.
        Some(out) => out.take(MOST_BYTES + 1).read_to_end(&mut bytes),
        None => Ok(0),
    };
    let output = child.wait_with_output().map_err(|error| failed(format!("git failed: {error}")))?;
    read.map_err(|error| failed(format!("what git says cannot be read: {error}")))?;
    // Cut off at the limit, git fails for that alone.
    let is_cut = u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES);
    if !output.status.success() && !is_cut {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("git has no such file: {}", said.trim())));
    }
    loaded(Document::from_slice(&bytes, &named))
}
