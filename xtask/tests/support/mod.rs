//! A copy of what `cargo xtask generate` reads and writes, in a folder of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use serde_json::Value;

/// The API that faults are planted in.
pub(crate) const API: &str = "2025-05-01";
/// Its document, and what stands beside it.
pub(crate) const DOCUMENT: &str = "openapi/2025-05-01/openapi.json";
pub(crate) const OVERLAY: &str = "openapi/2025-05-01/overlay.yaml";
pub(crate) const NAMES: &str = "openapi/2025-05-01/names.toml";
pub(crate) const SOURCES: &str = "openapi/sources.toml";
/// What is made from it.
pub(crate) const GENERATED: &str = "crates/foundry-raw/src/generated";
pub(crate) const MODULE: &str = "crates/foundry-raw/src/generated/v2025_05_01";
pub(crate) const SURFACE: &str = "crates/foundry-raw/src/generated/v2025_05_01/surface.txt";
pub(crate) const GENERATED_SDK: &str = "crates/foundry-sdk/src/generated";
pub(crate) const MODULE_SDK: &str = "crates/foundry-sdk/src/generated/v2025_05_01";
pub(crate) const SURFACE_SDK: &str = "crates/foundry-sdk/src/generated/v2025_05_01/surface.txt";
pub(crate) const CALLS: &str = "crates/foundry-sdk/tests/operations/generated";
pub(crate) const GUIDE: &str = "openapi/migration-2025-05-01-to-v1.md";
pub(crate) const SHARED: &str = "openapi/shared.toml";
pub(crate) const EMBEDDED: &str = "crates/foundry-emulator/openapi/2025-05-01.json";

/// The workspace, as far as generate needs it; removed at the end of a test that passes.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// What a run of generate left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// All files with their bytes and the time they were written.
pub(crate) type Snapshot = BTreeMap<String, (Vec<u8>, SystemTime)>;

impl Workspace {
    /// With all APIs, as checked in.
    pub(crate) fn whole() -> Self {
        Self::copy_of(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
    }

    /// With one API alone, [`API`]: what is changed in it is not compared with another's.
    pub(crate) fn new() -> Self {
        static ALONE: LazyLock<Workspace> = LazyLock::new(|| {
            let workspace = Workspace::whole();
            let sources: toml_edit::DocumentMut = workspace.read(SOURCES).parse().unwrap();
            let mut alone = sources.clone();
            for (name, _) in sources["api"].as_table().unwrap().iter().filter(|(name, _)| *name != API) {
                alone["api"].as_table_mut().unwrap().remove(name);
                std::fs::remove_dir_all(workspace.path(&format!("openapi/{name}"))).unwrap();
                std::fs::remove_file(workspace.path(&format!("crates/foundry-emulator/openapi/{name}.json"))).unwrap();
            }
            workspace.write(SOURCES, alone.to_string());
            let run = workspace.generate();
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            workspace
        });
        Self::copy_of(&ALONE.root)
    }

    /// With the crates too, so that they can be compiled, at a place that is the same each time: what
    /// cargo made there before is of use again.
    #[allow(dead_code, reason = "only the tests of import compile something")]
    pub(crate) fn with_crates(name: &str) -> Self {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&root);
        for part in ["openapi", "crates"] {
            copy(&original.join(part), &root.join(part));
        }
        std::fs::create_dir_all(root.join("xtask")).unwrap();
        for file in ["xtask/Cargo.toml", "Cargo.toml", "Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE"] {
            std::fs::copy(original.join(file), root.join(file)).unwrap();
        }
        Self { root }
    }

    fn copy_of(original: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("xtask-generate-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for part in ["openapi", GENERATED, GENERATED_SDK, CALLS, "crates/foundry-emulator/openapi"] {
            copy(&original.join(part), &root.join(part));
        }
        std::fs::create_dir_all(root.join("xtask")).unwrap();
        std::fs::copy(original.join("xtask/Cargo.toml"), root.join("xtask/Cargo.toml")).unwrap();
        Self { root }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Replaces a piece of a file that must be there.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} does not contain {from:?}");
        self.write(path, text.replacen(from, to, 1));
    }

    pub(crate) fn append(&self, path: &str, text: &str) {
        self.write(path, self.read(path) + text);
    }

    /// Changes the API's document.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut document: Value = serde_json::from_str(&self.read(DOCUMENT)).unwrap();
        change(&mut document);
        self.write(DOCUMENT, serde_json::to_string_pretty(&document).unwrap());
    }

    /// Adds an action at the end of the overlay.
    pub(crate) fn add_action(&self, action: &str) {
        self.append(OVERLAY, &format!("\n  - {}\n", action.replace('\n', "\n    ")));
    }

    /// Runs `cargo xtask` with these arguments, as cargo would from the copy.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .current_dir(&self.root)
            .output()
            .unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn generate(&self) -> Run {
        self.xtask(&["generate"])
    }

    pub(crate) fn check(&self) -> Run {
        self.xtask(&["generate", "--check"])
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.files("")
            .into_iter()
            .map(|name| {
                let path = self.path(&name);
                let written = std::fs::metadata(&path).unwrap().modified().unwrap();
                (name, (std::fs::read(path).unwrap(), written))
            })
            .collect()
    }

    /// The files under a folder, by their paths in the workspace.
    pub(crate) fn files(&self, folder: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![self.path(folder)];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(&self.root).unwrap().components();
                    let name: Vec<_> = name.map(|part| part.as_os_str().to_str().unwrap()).collect();
                    found.insert(name.join("/"));
                }
            }
        }
        found
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How two snapshots differ, in words: empty if they do not.
pub(crate) fn differences(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for path in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(path), after.get(path)) {
            (Some(_), None) => found.push(format!("{path} is gone")),
            (None, Some(_)) => found.push(format!("{path} is new")),
            (Some((before, _)), Some((after, _))) if before != after => found.push(format!("{path} is another")),
            (Some(before), Some(after)) if before != after => found.push(format!("{path} was written again")),
            _ => {}
        }
    }
    found
}

/// The lines that went and those that came, each once.
pub(crate) fn line_changes<'a>(before: &'a str, after: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let only = |text: &'a str, other: &'a str| -> Vec<&'a str> {
        let other: BTreeSet<&str> = other.lines().collect();
        text.lines().filter(|line| !other.contains(line)).collect()
    };
    (only(before, after), only(after, before))
}
