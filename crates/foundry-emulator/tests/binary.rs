//! The program: its first line, its signals, its exit codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what its tests share")]

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A running program that does not outlive its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_foundry-emulator"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn first_line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.0.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        line
    }
}

/// The port that the first line names.
fn port(line: &str) -> u16 {
    line.strip_prefix("listening on http://127.0.0.1:")
        .and_then(|rest| rest.strip_suffix("/api/projects/demo\n"))
        .unwrap_or_else(|| panic!("{line:?}"))
        .parse()
        .unwrap()
}

#[test]
fn the_first_line_says_where_it_listens() {
    let mut program = Program::start(&[]);
    let port = port(&program.first_line());
    assert_ne!(port, 0);
    TcpStream::connect(("127.0.0.1", port)).unwrap();
}

#[test]
fn the_port_can_be_chosen() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut program = Program::start(&["--port", &free.to_string()]);
    assert_eq!(port(&program.first_line()), free);
}

#[test]
fn the_flags_are_taken() {
    let mut program = Program::start(&["--upload-limit", "512", "--page-size", "5"]);
    port(&program.first_line());
}

#[cfg(unix)]
#[test]
fn signals_stop_it_with_exit_code_0() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]);
        let port = port(&program.first_line());
        let id = program.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(program.0.wait().unwrap().code(), Some(0), "{signal}");
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[test]
fn a_port_in_use_is_told_with_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut program = Program::start(&["--port", &port]);
    assert_eq!(program.0.wait().unwrap().code(), Some(1));
    let mut told = String::new();
    program.0.stderr.as_mut().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains(&port) && told.contains("in use"), "{told}");
    assert_eq!(program.first_line(), "");
}

#[test]
fn wrong_arguments_are_told_with_exit_code_2() {
    for arguments in [
        ["--port", "many"],
        ["--host", "0.0.0.0"],
        ["--upload-limit", "0"],
        ["--upload-limit", "513"],
        ["--page-size", "0"],
    ] {
        let mut program = Program::start(&arguments);
        assert_eq!(program.0.wait().unwrap().code(), Some(2), "{arguments:?}");
    }
}
