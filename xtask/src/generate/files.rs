//! The files that generate writes: all of them or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Files by their path under the workspace, and folders that hold nothing else.
#[derive(Debug, Default)]
pub(crate) struct Files {
    texts: BTreeMap<String, String>,
    folders: Vec<String>,
}

/// The files that generate reads: what stands on disk, or what is given in its place.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    root: &'a Path,
    given: BTreeMap<String, String>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root, given: BTreeMap::new() }
    }

    /// Takes this text for a file, whatever stands on disk.
    pub(crate) fn give(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.given.insert(path.into(), text.into());
    }

    /// The text of a file, by its path in the workspace.
    pub(crate) fn read(&self, path: &str) -> Result<String, Failure> {
        match self.given.get(path) {
            Some(text) => Ok(text.clone()),
            None => read_text(&self.root.join(path)),
        }
    }

    /// What a file holds, whether text or not.
    pub(crate) fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let place = self.root.join(path);
        match self.given.get(path) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => std::fs::read(&place).map_err(|error| Failure::io(&place, &error)),
        }
    }

    /// The text of a file; none if there is no such file.
    pub(crate) fn read_or_empty(&self, path: &str) -> Result<String, Failure> {
        match self.given.get(path) {
            Some(text) => Ok(text.clone()),
            None => read_text_or_empty(&self.root.join(path)),
        }
    }

    /// What was given, to be written with what is made of it.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// How a file on disk stands to what generate would write.
#[derive(Debug)]
pub(crate) enum State {
    Fresh,
    Stale { difference: String },
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))
}

/// The text of a file; none if there is no such file.
pub(crate) fn read_text_or_empty(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| Failure::io(path, &error)),
    }
}

impl Files {
    pub(crate) fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(path.into(), text.into());
    }

    /// Adds a file unless there is one of that path already.
    pub(crate) fn add_missing(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.texts.entry(path.into()).or_insert_with(|| text.into());
    }

    /// A folder whose other files are left over from before, and go.
    pub(crate) fn own_folder(&mut self, path: impl Into<String>) {
        self.folders.push(path.into());
    }

    /// What stands in the owned folders and would not be written any more.
    fn left_over(&self, root: &Path) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        for folder in &self.folders {
            let mut open = vec![PathBuf::from(folder)];
            while let Some(folder) = open.pop() {
                let path = root.join(&folder);
                let entries = match std::fs::read_dir(&path) {
                    Ok(entries) => entries,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(Failure::io(&path, &error)),
                };
                for entry in entries {
                    let entry = entry.map_err(|error| Failure::io(&path, &error))?;
                    let name = folder.join(entry.file_name());
                    if entry.path().is_dir() {
                        open.push(name);
                        continue;
                    }
                    let name = name.to_string_lossy().into_owned();
                    if !self.texts.contains_key(&name) {
                        found.push(name);
                    }
                }
            }
        }
        found.sort();
        // An owned folder may stand in another.
        found.dedup();
        Ok(found)
    }

    pub(crate) fn compare(&self, root: &Path) -> Result<Vec<(String, State)>, Failure> {
        let mut states = Vec::new();
        for (path, text) in &self.texts {
            let before = std::fs::read(root.join(path)).unwrap_or_default();
            let state = if before == text.as_bytes() {
                State::Fresh
            } else {
                State::Stale { difference: difference(path, &String::from_utf8_lossy(&before), text) }
            };
            states.push((path.clone(), state));
        }
        for path in self.left_over(root)? {
            let before = std::fs::read(root.join(&path)).unwrap_or_default();
            let difference = difference(&path, &String::from_utf8_lossy(&before), "");
            states.push((path, State::Stale { difference }));
        }
        Ok(states)
    }

    /// Writes what differs: first all beside their places, then all moved there, so that a failure
    /// leaves the old files as they are. Returns what was written.
    pub(crate) fn write(&self, root: &Path) -> Result<Vec<String>, Failure> {
        let stale: Vec<(&String, &String)> = self
            .texts
            .iter()
            .filter(|(path, text)| std::fs::read(root.join(path)).ok().as_deref() != Some(text.as_bytes()))
            .collect();
        if let Some((path, _)) = stale.iter().find(|(path, _)| root.join(path).is_dir()) {
            return Err(Failure::new(
                "a folder stands where a file is to be written",
                path.as_str(),
                "move the folder away",
            ));
        }
        let left_over = self.left_over(root)?;
        let aside = |path: &str| root.join(format!("{path}.new"));
        let mut made: Vec<PathBuf> = Vec::new();
        for (path, text) in &stale {
            let new = aside(path);
            made.push(new.clone());
            let folder = new.parent().unwrap_or(root).to_path_buf();
            let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&new, text.as_bytes()));
            if let Err(error) = written {
                for new in made {
                    let _ = std::fs::remove_file(new);
                }
                return Err(Failure::io(&new, &error));
            }
        }
        let mut changed = Changed::default();
        let renames = stale.iter().map(|(path, _)| (*path, Some(aside(path))));
        for (path, new) in renames.chain(left_over.iter().map(|path| (path, None))) {
            let place = root.join(path);
            if let Err(error) = changed.change(&place, new.as_deref()) {
                changed.undo();
                for new in made {
                    // Those that were moved are not there any more.
                    let _ = std::fs::remove_file(new);
                }
                return Err(Failure::io(&place, &error));
            }
        }
        let written = stale.into_iter().map(|(path, _)| path.clone());
        Ok(written.chain(left_over.iter().map(|path| format!("{path} (removed)"))).collect())
    }
}

/// Files that were replaced or removed, with what was there before.
#[derive(Default)]
struct Changed(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Changed {
    /// Moves a file to its place, or removes the one that is there.
    fn change(&mut self, place: &Path, new: Option<&Path>) -> std::io::Result<()> {
        let before = std::fs::read(place).ok();
        match new {
            Some(new) => std::fs::rename(new, place)?,
            None => std::fs::remove_file(place)?,
        }
        self.0.push((place.to_owned(), before));
        Ok(())
    }

    /// Puts back what was there, as far as that can be done.
    fn undo(self) {
        for (place, before) in self.0 {
            let _ = match before {
                Some(before) => std::fs::write(place, before),
                None => std::fs::remove_file(place),
            };
        }
    }
}

fn difference(path: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-files-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("made")).unwrap();
        folder
    }

    #[test]
    fn writing_twice_writes_once_and_takes_what_is_left_over() {
        let root = folder("twice");
        std::fs::write(root.join("made/old.rs"), "old").unwrap();
        let mut files = Files::default();
        files.own_folder("made");
        files.add("made/deep/new.rs", "new\n");
        let states = files.compare(&root).unwrap();
        assert!(states.iter().all(|(_, state)| matches!(state, State::Stale { .. })), "{states:?}");
        assert_eq!(files.write(&root).unwrap(), ["made/deep/new.rs", "made/old.rs (removed)"]);
        assert_eq!(files.write(&root).unwrap(), Vec::<String>::new());
        assert!(matches!(files.compare(&root).unwrap()[..], [(_, State::Fresh)]));
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_failure_leaves_the_old_files() {
        let root = folder("failure");
        std::fs::write(root.join("made/a.rs"), "old").unwrap();
        std::fs::write(root.join("blocked"), "a file where a folder is needed").unwrap();
        let mut files = Files::default();
        files.add("made/a.rs", "new");
        files.add("made/b.rs", "new");
        files.add("zz/../blocked/c.rs", "new");
        assert!(files.write(&root).is_err());
        assert_eq!(std::fs::read_to_string(root.join("made/a.rs")).unwrap(), "old");
        assert!(!root.join("made/b.rs").exists() && !root.join("made/b.rs.new").exists());
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_was_changed_before_a_failure_is_put_back() {
        let root = folder("undone");
        let place = |name: &str| root.join("made").join(name);
        std::fs::write(place("a.rs"), "old").unwrap();
        std::fs::write(place("gone.rs"), "old too").unwrap();
        std::fs::write(place("a.rs.new"), "new").unwrap();
        std::fs::write(place("b.rs.new"), "new").unwrap();
        let mut changed = Changed::default();
        changed.change(&place("a.rs"), Some(&place("a.rs.new"))).unwrap();
        changed.change(&place("b.rs"), Some(&place("b.rs.new"))).unwrap();
        changed.change(&place("gone.rs"), None).unwrap();
        assert!(changed.change(&place("c.rs"), Some(&place("c.rs.new"))).is_err());
        changed.undo();
        assert_eq!(std::fs::read_to_string(place("a.rs")).unwrap(), "old");
        assert_eq!(std::fs::read_to_string(place("gone.rs")).unwrap(), "old too");
        assert!(!place("b.rs").exists());
        std::fs::remove_dir_all(root).unwrap();
    }
}
