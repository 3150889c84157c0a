//! Measures coffer beside a bare hyper server that answers the same bytes: CPU per request and
//! latency, in one run, as ratios. See docs/performance.md.

mod bare;
mod call;
mod compare;
mod load;
mod process;
mod scene;
mod subject;
mod train;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// As in coffer, so that the bare server is not the one that pays for another allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve one fixed answer: what HTTP alone costs.
    Bare(bare::Bare),
    /// Start both servers, load them in turn, print the ratios.
    Compare(compare::Compare),
    /// Load a coffer that writes a profile for the compiler.
    Train(train::Train),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Bare(bare) => bare.run(),
        Command::Compare(compare) => compare.run(),
        Command::Train(train) => train.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            writeln!(std::io::stderr(), "coffer-bench: {text}").unwrap_or_default();
            ExitCode::FAILURE
        }
    }
}
