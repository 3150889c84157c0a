//! Measures coffer beside a bare hyper server that answers the same bytes: CPU per request and
//! latency, in one run, as ratios. See docs/performance.md.

mod alone;
mod bare;
mod call;
mod compare;
mod engines;
mod growth;
mod load;
mod measure;
mod neighbour;
mod process;
mod runtime;
mod scene;
mod subject;
mod table;
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
    /// Start coffer and what it is measured beside, load them in turn, print the ratios of reads.
    Compare(compare::Compare),
    /// Measure reads and durable writes on every engine.
    Engines(engines::Engines),
    /// Measure a store of a million beside one of a thousand.
    Growth(growth::Growth),
    /// Load a coffer that writes a profile for the compiler.
    Train(train::Train),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Bare(bare) => bare.run(),
        Command::Compare(compare) => {
            process::keep_to_client_core().and_then(|()| wait(compare.run()))
        }
        Command::Engines(engines) => wait(engines.run()),
        Command::Growth(growth) => process::keep_to_client_core().and_then(|()| wait(growth.run())),
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

/// Runs a measurement on this thread.
fn wait(measurement: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(measurement)
}
