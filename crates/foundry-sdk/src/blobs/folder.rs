//! The files of a folder on this machine, and what they are called in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

/// Says which files are meant, by their paths in the folder.
pub(super) type Filter = Arc<dyn Fn(&Path) -> bool + Send + Sync>;

/// How many entries of a folder are looked at.
const MAX_ENTRIES: usize = 1_000_000;

/// What a folder holds, in the order of the names.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<Listed>,
    /// Links, pipes and the like, which are left out.
    pub(super) skipped: Vec<PathBuf>,
}

#[derive(Debug)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    /// The path in the folder, with `/` between its parts.
    pub(super) name: String,
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::LocalFile, format!("{} cannot be read: {error}", path.display())).with_source(error)
}

/// Lists a folder, and the folders in it, in a thread that may wait for the disk.
pub(super) async fn list(folder: PathBuf, filter: Option<Filter>) -> Result<Listing> {
    let listed = tokio::task::spawn_blocking(move || list_now(&folder, filter.as_ref())).await;
    listed.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::InvalidInput, "the filter of the folder's files panicked").with_source(error))
    })
}

fn list_now(folder: &Path, filter: Option<&Filter>) -> Result<Listing> {
    let metadata = fs::metadata(folder).map_err(|error| unreadable(folder, error))?;
    if !metadata.is_dir() {
        let message =
            format!("{} is no folder; one file is uploaded with `with_file` or `upload_file`", folder.display());
        return Err(Error::new(ErrorKind::LocalFile, message));
    }
    let mut listing = Listing::default();
    let mut entries = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).map_err(|error| unreadable(&inner, error))? {
            let entry = entry.map_err(|error| unreadable(&inner, error))?;
            let path = entry.path();
            entries += 1;
            if entries > MAX_ENTRIES {
                let message = format!("{} has more than {MAX_ENTRIES} entries; upload it in parts", folder.display());
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
            // Of a link its own type: what it leads to may be outside, or above.
            let kind = entry.file_type().map_err(|error| unreadable(&path, error))?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            if filter.is_some_and(|filter| !filter(relative)) {
                continue;
            }
            if kind.is_file() {
                let name = name_of(relative)?;
                listing.files.push(Listed { path, name });
            } else {
                listing.skipped.push(path);
            }
        }
    }
    listing.files.sort_by(|one, other| one.name.cmp(&other.name));
    listing.skipped.sort();
    Ok(listing)
}

fn name_of(relative: &Path) -> Result<String> {
    let parts: Option<Vec<&str>> = relative.components().map(|part| part.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        let message = format!("the file's name {relative:?} is no Unicode; rename it, or leave it out with a filter");
        Error::new(ErrorKind::InvalidInput, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listing: &Listing) -> Vec<&str> {
        listing.files.iter().map(|file| file.name.as_str()).collect()
    }

    #[tokio::test]
    async fn a_folder_is_listed_with_all_that_is_in_it_and_nothing_else() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path();
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::create_dir(root.join("empty")).unwrap();
        for name in ["b.txt", "a.jsonl", "sub/c.jsonl", "sub/deep/d e.jsonl", ".hidden"] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::write(outside.path().join("secret.jsonl"), "planted").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path(), root.join("link")).unwrap();
            std::os::unix::fs::symlink(outside.path().join("secret.jsonl"), root.join("sub/link.jsonl")).unwrap();
            std::os::unix::fs::symlink(root, root.join("sub/loop")).unwrap();
        }
        let listing = list(root.to_owned(), None).await.unwrap();
        assert_eq!(names(&listing), [".hidden", "a.jsonl", "b.txt", "sub/c.jsonl", "sub/deep/d e.jsonl"]);
        #[cfg(unix)]
        assert_eq!(listing.skipped, [root.join("link"), root.join("sub/link.jsonl"), root.join("sub/loop")]);

        let only: Filter = Arc::new(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        let listing = list(root.to_owned(), Some(only)).await.unwrap();
        assert_eq!(names(&listing), ["a.jsonl", "sub/c.jsonl", "sub/deep/d e.jsonl"]);
        #[cfg(unix)]
        assert_eq!(listing.skipped, [root.join("sub/link.jsonl")]);
    }

    #[tokio::test]
    async fn what_cannot_be_listed_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "a").unwrap();
        let missing = folder.path().join("missing");
        for path in [file.clone(), missing] {
            let error = list(path.clone(), None).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LocalFile);
            assert!(error.message().contains(&*path.to_string_lossy()), "{error}");
        }
        let panics: Filter = Arc::new(|_| panic!("planned"));
        let error = list(folder.path().to_owned(), Some(panics)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
