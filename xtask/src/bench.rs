//! `cargo xtask bench`: coffer beside a bare HTTP server, in one run, as ratios.

use std::process::Command;

use crate::release;
use crate::stage::{Failure, program, stage, status};

/// Builds what is delivered and compares; further arguments go to the comparison.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    release::run(&[])?;
    let build = ["build", "--release", "--quiet", "--package", "coffer-bench"];
    program("release build", "cargo", &build)?;
    stage("comparison", || {
        let mut command = Command::new("taskset");
        // The servers are put on core 0, so the client must be elsewhere.
        command.args(["--cpu-list", "1", "target/release/coffer-bench", "compare"]);
        command.args(["--coffer", release::BINARY]).args(args);
        status("comparison", &mut command)
    })
}
