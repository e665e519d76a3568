//! A gibibyte each way in a process of its own, optimised: the peak of its memory stays flat.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap());
    command.args(["run", "-q", "--profile", "memory", "-p", "foundry-memory", "--"]).args(arguments);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap()
}

#[test]
fn a_gibibyte_each_way_takes_less_than_64_mib() {
    let output = run(&["--size", "1024", "--limit", "64"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.lines().count() >= 5 && shown.lines().all(|line| line.contains(" 1024 MiB")), "{shown}");
    println!("{shown}");

    // What it would say if it were not so.
    let output = run(&["--size", "1", "--limit", "1", "download-stream"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the peak is"));
}
