//! Gives an input to a target, in bounded time.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use coffer_fuzz::Target;
use rustix::time::{ClockId, clock_gettime};

/// Gives the input to the target, and tells for how many nanoseconds the processor was at it. Where it
/// fails, the input is kept in a file, and the command is told that gives it to the target again.
pub(crate) fn take(target: &Target, input: &[u8], called: &str) -> u64 {
    let began = processor_nanoseconds();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let took = processor_nanoseconds() - began;
    if outcome.is_err() || took > NANOSECONDS_MAX {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("found-{}", target.name));
        fs::write(&file, input).unwrap();
        let what = if outcome.is_err() { "fails" } else { "takes too long" };
        panic!(
            "{} {what} with {called}; again: cargo xtask fuzz {} --input {}",
            target.name,
            target.name,
            file.display()
        );
    }
    took
}

/// An input again and again, up to a length.
pub(crate) fn long(input: &[u8], bytes_max: usize) -> Vec<u8> {
    input.iter().copied().cycle().take(if input.is_empty() { 0 } else { bytes_max }).collect()
}

/// What this thread has used of the processor: what else the machine does is not in it.
fn processor_nanoseconds() -> u64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(used.tv_sec * 1_000_000_000 + used.tv_nsec).unwrap()
}

/// Without optimisation, and on a slow machine.
const NANOSECONDS_MAX: u64 = 8_000_000_000;
