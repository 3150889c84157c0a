//! The coffer binary.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use coffer_server::{
    DevOptions, MigrateOptions, RestoreOptions, ServerOptions, migrate_store, restore_store,
    run_dev, run_server,
};

mod account;
mod advance;
mod audit;
mod backup;
mod events;
mod oidc;
mod rekey;
mod rotation;
mod target;
mod who_can_read;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A self-hosted server for the APIs of AWS Parameter Store and Secrets Manager.
#[derive(Parser)]
#[command(name = "coffer", version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve from a data directory, which is made on first start.
    Server(Box<ServerOptions>),
    /// Serve a throw-away store whose clock can be moved; access key `test`, secret `test`.
    Dev(Dev),
    /// Print the events that the server kept, oldest first, one JSON object a line.
    Events(target::Target),
    /// Change the root key of a running server; everything goes on being served meanwhile.
    Rekey(rekey::Rekey),
    /// Copy the store of a running server into a file of its folder of backups.
    Backup(Box<backup::Backup>),
    /// Make a store of a backup; sealed as it is, so no root key is needed.
    Restore(RestoreOptions),
    /// Move a store from one engine to another; sealed as it is, so no root key is needed.
    MigrateStore(MigrateOptions),
    /// Make, list and close accounts.
    #[command(subcommand)]
    Account(account::Account),
    /// The audit journal: whether it is whole, and who read what.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The rotations of secrets: where they stand, and why they failed.
    #[command(subcommand)]
    Rotation(rotation::Rotation),
    /// The keys of OpenID Connect issuers, whose tokens roles may trust.
    #[command(subcommand)]
    Oidc(oidc::Oidc),
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
struct Dev {
    #[command(subcommand)]
    command: Option<DevCommand>,
    #[command(flatten)]
    options: Box<DevOptions>,
}

#[derive(Subcommand)]
enum DevCommand {
    /// Move the clock of a running `coffer dev`, such as `31d` or `90m`, and wait until all jobs
    /// that became due are done.
    Advance(advance::Advance),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    // Before anything else: what starts functions gives up rights, for which there must be no thread.
    if arguments.next().is_some_and(|word| word == LAUNCHER) {
        return coffer_functions::launcher::run(arguments);
    }
    let outcome = match CommandLine::parse().command {
        Command::Server(options) => run_server(*options).map_err(|error| error.to_string()),
        Command::Dev(Dev { command: Some(DevCommand::Advance(advance)), .. }) => advance.run(),
        Command::Dev(Dev { command: None, options }) => {
            run_dev(&options).map_err(|error| error.to_string())
        }
        Command::Events(target) => events::run(&target),
        Command::Rekey(rekey) => rekey.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(options) => restore_store(options).and_then(|restored| {
            let rows = format!("{}, are in the store", restored);
            writeln!(std::io::stdout(), "{rows}").map_err(|error| error.to_string())
        }),
        Command::MigrateStore(options) => migrate_store(options).and_then(|moved| {
            let rows = format!("{} rows are in both stores, byte for byte the same", moved.rows);
            writeln!(std::io::stdout(), "{rows}").map_err(|error| error.to_string())
        }),
        Command::Account(account) => account.run(),
        Command::Audit(audit) => audit.run(),
        Command::Rotation(rotation) => rotation.run(),
        Command::Oidc(oidc) => oidc.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // A closed standard error leaves the exit code to tell it.
            writeln!(std::io::stderr(), "coffer: {text}").unwrap_or_default();
            ExitCode::FAILURE
        }
    }
}

/// The word by which this binary is started as the launcher of functions; nobody types it.
const LAUNCHER: &str = "function-launcher";
