//! The program between coffer and a function's process, in two steps.
//!
//! The *keeper* is started by coffer, one for each instance. It starts the *entrant*, waits, and ends
//! every process below it when the function's own process ends, when too much memory or storage is used, or
//! when coffer closes its pipe, which the kernel does as well when coffer is killed. Processes that
//! have cut themselves off fall to the keeper, since it is their subreaper, so none gets away.
//!
//! The *entrant* gives up what a function must not have (user, groups, privileges, files, limits) and
//! becomes the function's process.
//!
//! Both are told what to do through their standard input, so that nothing of a function, such as a
//! variable `LD_PRELOAD`, touches them, and no secret is in their arguments.

mod confine;
mod entrant;
mod keeper;
mod order;
mod storage;

use std::process::ExitCode;

pub(crate) use order::{Limits, Order, Refusal, Report, User};

/// Runs one of the steps, by the arguments behind those of [`Settings::launcher`].
///
/// To be called before the process has started any thread.
///
/// [`Settings::launcher`]: crate::Settings::launcher
pub fn run(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    match (arguments.next().as_deref(), arguments.next()) {
        (Some(KEEP), None) => keeper::run(),
        (Some(ENTER), Some(keeper)) => entrant::run(&keeper),
        _ => ExitCode::from(2),
    }
}

/// The argument that makes a keeper.
pub(crate) const KEEP: &str = "keep";
const ENTER: &str = "enter";
