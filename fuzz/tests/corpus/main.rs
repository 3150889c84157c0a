//! Every kept input is given to its target, and so are changed ones: on the compiler and with the flags
//! that everything else is built with. What looks for new inputs is `cargo xtask fuzz`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod changed;
mod kept;
mod taken;

use std::panic::catch_unwind;

use coffer_fuzz::{TARGETS, Target};

use changed::Changes;
use taken::{long, take};

#[test]
fn every_target_has_inputs_and_every_folder_has_a_target() {
    let folders = kept::folders();
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(folders, names);
    let mut bytes = 0;
    for target in TARGETS {
        let inputs = kept::inputs(target.name);
        assert!(inputs.len() >= INPUTS_MIN, "{}: {} inputs", target.name, inputs.len());
        for (name, input) in inputs {
            assert!(input.len() <= target.bytes_max, "{}/{name} is too long", target.name);
            bytes += input.len();
        }
    }
    assert!(bytes <= CORPUS_BYTES_MAX, "all inputs together have {bytes} bytes");
}

#[test]
fn every_kept_input_is_taken() {
    for target in TARGETS {
        let inputs = kept::inputs(target.name);
        assert!(inputs.len() >= INPUTS_MIN, "{}: there are none to take", target.name);
        for (name, input) in inputs {
            take(target, &input, &name);
        }
    }
}

#[test]
fn changed_inputs_are_taken() {
    // All of them, also behind one that fails.
    let failing = TARGETS.iter().filter(|target| catch_unwind(|| take_changed(target)).is_err());
    let failing: Vec<&str> = failing.map(|target| target.name).collect();
    assert_eq!(failing, Vec::<&str>::new());
}

fn take_changed(target: &Target) {
    let kept: Vec<Vec<u8>> = kept::inputs(target.name).into_iter().map(|it| it.1).collect();
    let mut changes = Changes::of(&kept);
    let mut nanoseconds = 0;
    for count in 0..CHANGES_MAX {
        if nanoseconds > CHANGES_NANOSECONDS_MAX {
            break;
        }
        let input = changes.next(target.bytes_max);
        nanoseconds += take(target, &input, &format!("change {count}"));
    }
}

/// Time that grows with the square of the length would show: the longest inputs are some ten thousand
/// bytes long.
#[test]
fn long_inputs_are_taken_in_bounded_time() {
    for target in TARGETS {
        for (name, input) in kept::inputs(target.name) {
            take(target, &long(&input, target.bytes_max), &format!("{name}, made long"));
        }
    }
}

const INPUTS_MIN: usize = 3;
const CORPUS_BYTES_MAX: usize = 1 << 20;
const CHANGES_MAX: usize = 4_000;
const CHANGES_NANOSECONDS_MAX: u64 = 1_200_000_000;
