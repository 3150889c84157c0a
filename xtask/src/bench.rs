//! `cargo xtask bench`: coffer beside what it is to be measured by, in one run, as ratios.

use std::process::Command;

use crate::stage::{Failure, program, stage, status};
use crate::{programs, release};

/// Builds what is delivered and measures: everything, or the part that is named first; further
/// arguments go to that part.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let (parts, rest) = match args.split_first() {
        None => (PARTS, args),
        Some((name, rest)) => match PARTS.iter().position(|part| part == name) {
            Some(place) => (PARTS.get(place..=place).unwrap_or_default(), rest),
            None => {
                let parts = PARTS.join("|");
                let usage = format!("usage: cargo xtask bench [{parts} [ARGUMENTS]]");
                return Err(Failure::Usage(usage));
            }
        },
    };
    stage("programs", programs::for_bench)?;
    release::run(&[])?;
    let build = ["build", "--release", "--quiet", "--package", "coffer-bench"];
    program("release build", "cargo", &build)?;
    parts.iter().try_for_each(|part| {
        stage(part, || {
            let mut command = Command::new("target/release/coffer-bench");
            status(part, command.args([part, "--coffer", release::BINARY]).args(rest))
        })
    })
}

/// Reads beside bare servers, every engine, and a store of a million.
const PARTS: &[&str] = &["compare", "engines", "growth"];
