//! A function's zip: what may be in it is bounded, whatever it says.

use coffer_functions::inspect;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "zip", bytes_max: 32 * 1024, run };

fn run(input: &[u8]) {
    if let Ok(contents) = inspect(input) {
        assert!(contents.entries <= input.len());
    }
}
