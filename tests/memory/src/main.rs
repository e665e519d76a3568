//! Moves a gibibyte in each way that the SDK has for it, and fails if that took more memory than allowed.
//!
//! `foundry-memory [--limit MIB] [--size MIB] [TASK]..` runs the named tasks, or all of them, one after
//! the other in this one process, whose peak (`VmHWM`) is read after each. It ends with 1 if the peak is
//! over the limit, 64 MiB unless given.

mod peak;
mod server;
mod tasks;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use crate::tasks::Scene;

const MIB: u64 = 1 << 20;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("foundry-memory: {error}");
            ExitCode::from(100)
        }
    }
}

/// Whether the peak stayed within the limit.
fn run() -> Result<bool, Box<dyn Error>> {
    let (mut limit, mut size, mut named) = (64, 1024, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--limit" => limit = arguments.next().ok_or("--limit takes a number")?.parse()?,
            "--size" => size = arguments.next().ok_or("--size takes a number")?.parse()?,
            _ => named.push(argument),
        }
    }
    let known = tasks::all();
    if let Some(other) = named.iter().find(|name| known.iter().all(|(known, _)| known != name)) {
        return Err(format!("there is no task `{other}`").into());
    }
    let scene = Scene::new(size * MIB)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for (name, task) in known {
        if !named.is_empty() && !named.iter().any(|given| given == name) {
            continue;
        }
        let start = Instant::now();
        let moved = runtime.block_on(task(&scene))?;
        if moved < scene.size {
            return Err(format!("{name} moved {moved} bytes of {}", scene.size).into());
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{name:<16} {:>6} MiB in {seconds:5.2} s, peak {:5.1} MiB", moved / MIB, peak::mib()?);
    }
    let peak = peak::mib()?;
    if peak > limit as f64 {
        eprintln!("foundry-memory: the peak is {peak:.1} MiB, and {limit} MiB are allowed");
        return Ok(false);
    }
    Ok(true)
}
