//! The launcher of functions alone, as tests of this crate use it.

use std::process::ExitCode;

fn main() -> ExitCode {
    coffer_functions::launcher::run(std::env::args().skip(1))
}
