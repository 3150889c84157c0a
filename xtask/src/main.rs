//! The project's one door: `cargo xtask COMMAND`.
//!
//! A command is one file beside this one and one row of [`COMMANDS`].

mod bench;
mod bless;
mod check;
mod fuzz;
mod packages;
mod programs;
mod python;
mod release;
mod stage;
mod store_fixture;
mod test;
mod tidy;

use std::process::ExitCode;

use stage::Failure;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        stage::say(&usage());
        let asked_for_help = ["", "help", "-h", "--help"].contains(&name.as_str());
        return if asked_for_help { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match (command.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            stage::say(&format!("xtask {name}: {failure}"));
            failure.exit_code()
        }
    }
}

struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "bench",
        arguments: "[compare|engines|growth]",
        about: "reads beside bare servers, every engine, a store of a million: as ratios",
        run: bench::run,
    },
    Command {
        name: "bless",
        arguments: "",
        about: "writes the reviewed files anew; the difference is the review",
        run: bless::run,
    },
    Command { name: "check", arguments: "", about: "formatting, lints, tidy", run: check::run },
    Command {
        name: "fuzz",
        arguments: "[TARGET] [--seconds N] [--keep]",
        about: "looks for inputs that a parser does not take, a minute for each target",
        run: fuzz::run,
    },
    Command {
        name: "release",
        arguments: "",
        about: "the binary that is delivered, compiled by a profile of its load: target/dist/coffer",
        run: release::run,
    },
    Command {
        name: "store-fixture",
        arguments: "",
        about: "keeps a whole store as this state makes one, for later ones to read",
        run: store_fixture::run,
    },
    Command {
        name: "test",
        arguments: "[--only rust|python] [FILTER]",
        about: "everything that must pass; with FILTER just the tests whose names hold it",
        run: test::run,
    },
];

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask COMMAND\n");
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.arguments);
        text.push_str(&format!("\n  {call:<36} {}", command.about));
    }
    text
}
