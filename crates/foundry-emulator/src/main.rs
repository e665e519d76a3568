//! The emulator as a program: starts one, says where, and stops on Ctrl-C or SIGTERM.
#![deny(missing_docs)]

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use foundry_emulator::{Emulator, StartError};

/// A local emulator of the Microsoft Foundry Agent Service, api-versions 2025-05-01 and v1.
///
/// Listens on 127.0.0.1 only. The first line on stdout says where:
/// `listening on http://127.0.0.1:PORT/api/projects/demo`. Any other project name works as well.
/// Stops on Ctrl-C or SIGTERM.
#[derive(Debug, Parser)]
#[command(version, name = "foundry-emulator")]
struct Arguments {
    /// The port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    port: u16,

    /// The largest upload of a file or a blob, in MiB; the service takes files of up to 512.
    #[arg(long, default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u16).range(1..=512))]
    upload_limit: u16,

    /// How many elements the pages of lists with a nextLink have; all are on one page without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    page_size: Option<u32>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = format!("foundry-emulator: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                message.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            // There is nobody left to tell if stderr is closed.
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Before the line that says we are up: who reads it may stop us at once.
    let mut stop = Stop::new()?;
    let mut builder =
        Emulator::builder().port(arguments.port).upload_limit(usize::from(arguments.upload_limit) * 1024 * 1024);
    if let Some(elements) = arguments.page_size {
        builder = builder.page_size(usize::try_from(elements)?);
    }
    let emulator = builder.start().await.map_err(|error| explain(error, arguments.port))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", emulator.endpoint())?;
    stdout.flush()?;
    stop.requested().await;
    emulator.shutdown().await;
    Ok(())
}

fn explain(error: StartError, port: u16) -> Box<dyn Error> {
    match error {
        StartError::PortInUse { .. } => {
            format!("port {port} is in use; choose another one or leave --port out for a free one").into()
        }
        other => other.into(),
    }
}

/// Ctrl-C, and on Unix SIGTERM.
struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn requested(&mut self) {
        // An error means that the signal cannot be had; then only the system stops us.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
