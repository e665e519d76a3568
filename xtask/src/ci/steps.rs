//! What each step does.

use std::path::{Path, PathBuf};

use super::workspace::Workspace;
use super::{Line, features, readme, say};
use crate::failure::Failure;
use crate::generate;

/// The version of cargo-deny that checks: another may know other rules.
const CARGO_DENY: &str = "0.20.2";

pub(super) fn fmt(root: &Path) -> Result<(), Failure> {
    Line::cargo(["fmt", "--all", "--check"]).run(root)
}

pub(super) fn generate(root: &Path) -> Result<(), Failure> {
    let options = generate::Options { check: true, ..generate::Options::default() };
    if generate::run(root, &options)? {
        return Ok(());
    }
    Err(Failure::new(
        "files are not as the generator writes them (Stale above)",
        "cargo xtask generate --check -v",
        "run `cargo xtask generate` and commit what it writes",
    ))
}

pub(super) fn clippy(root: &Path) -> Result<(), Failure> {
    let workspace = Workspace::read(root)?;
    let features = features::all_but(&workspace, &features::unusable(root, &workspace)?);
    let before = ["clippy", "--workspace", "--all-targets"].map(str::to_owned);
    let after = ["--", "-D", "warnings"].map(str::to_owned);
    Line::cargo(before.into_iter().chain(features).chain(after)).run(root)
}

pub(super) fn test(root: &Path) -> Result<(), Failure> {
    let path = root.join("README.md");
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::io(&path, &error))?;
    for command in readme::test_commands(&text)? {
        if let Some((program, arguments)) = command.split_first() {
            Line::new(program, arguments).run(root)?;
        }
    }
    Ok(())
}

pub(super) fn docs(root: &Path) -> Result<(), Failure> {
    let workspace = Workspace::read(root)?;
    let features = features::all_but(&workspace, &features::unusable(root, &workspace)?);
    let before = ["doc", "--workspace", "--no-deps"].map(str::to_owned);
    Line::cargo(before.into_iter().chain(features)).with("RUSTDOCFLAGS", "-D warnings").run(root)
}

/// Clippy rather than check: what goes wrong when a feature is off is mostly a warning (an import or
/// a function that nothing uses), and `-- -D warnings` reaches only our own crates, while denying by
/// RUSTFLAGS would build every dependency anew. Tests and examples ask for features of their own, so
/// only libraries and binaries are looked at.
pub(super) fn features(root: &Path) -> Result<(), Failure> {
    let workspace = Workspace::read(root)?;
    let unusable = features::unusable(root, &workspace)?;
    for package in workspace.published() {
        for set in features::sets(package, &unusable) {
            let mut arguments = vec!["clippy", "--package", &package.name, "--no-default-features"];
            let names = set.join(",");
            if !set.is_empty() {
                arguments.extend(["--features", &names]);
            }
            arguments.extend(["--", "-D", "warnings"]);
            Line::cargo(arguments).run(root)?;
        }
    }
    Ok(())
}

pub(super) fn deny(root: &Path) -> Result<(), Failure> {
    let program = cargo_deny(root)?;
    // The graph of who brings in what is hundreds of lines; `cargo tree --invert CRATE` tells it.
    Line::new(program, ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]).run(root)
}

/// cargo-deny of the right version, installed if it is not there.
fn cargo_deny(root: &Path) -> Result<PathBuf, Failure> {
    let tools = Workspace::read(root)?.target_directory.join("tools");
    let ours = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let wanted = format!("cargo-deny {CARGO_DENY}");
    for program in [ours.clone(), PathBuf::from("cargo-deny")] {
        let version = Line::new(&program, ["--version"]).output(root);
        if version.is_ok_and(|version| String::from_utf8_lossy(&version).trim() == wanted) {
            return Ok(program);
        }
    }
    say(&format!("{wanted} is not here: installing it"));
    // It runs for a second: optimising it would cost minutes.
    let install = ["install", "cargo-deny", "--locked", "--version", CARGO_DENY, "--profile", "dev"];
    let quick = ["--config", "profile.dev.debug=false", "--force", "--root"].map(str::to_owned);
    let arguments = install.map(str::to_owned).into_iter().chain(quick).chain([tools.display().to_string()]);
    Line::cargo(arguments).run(root)?;
    Ok(ours)
}

/// Cargo packs all crates together: while it does, those packed before stand in for the registry, so
/// that the crates may depend on each other before any of them is published. Each is then built from
/// its package, which is the only check that a package holds all that its crate embeds.
pub(super) fn package(root: &Path) -> Result<(), Failure> {
    let workspace = Workspace::read(root)?;
    let mut arguments = vec!["package", "--workspace"];
    for package in workspace.packages.iter().filter(|package| !package.is_published()) {
        arguments.extend(["--exclude", &package.name]);
    }
    // A package stands outside the workspace, whose profile it would otherwise lose: with the same
    // profile the dependencies that the tests have built are used again.
    arguments.extend(["--config", "profile.dev.debug='line-tables-only'"]);
    // Whoever runs this at home has not committed yet; on CI everything is.
    if std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false") {
        say("CI is set: files that are not committed are an error");
    } else {
        arguments.push("--allow-dirty");
    }
    forget_unpacked(&workspace);
    Line::cargo(arguments).run(root)
}

/// Cargo keeps what it unpacked of a registry by name and version, and the packages that stand in for
/// one keep theirs from run to run: what was unpacked last time would be built instead of this.
fn forget_unpacked(workspace: &Workspace) {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))) else { return };
    let Ok(registries) = std::fs::read_dir(home.join("registry/src")) else { return };
    // A registry in a folder has no host, so its name begins with the dash before its hash.
    let is_folder = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('-');
    for registry in registries.flatten().filter(is_folder) {
        for package in workspace.published() {
            let _ = std::fs::remove_dir_all(registry.path().join(format!("{}-{}", package.name, package.version)));
        }
    }
}
