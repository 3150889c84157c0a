//! The engine with one target: `coffer-fuzz --target=NAME`, and then the engine's own arguments.
//!
//! One program for all targets, since each would be as large as the server. `cargo xtask fuzz` runs it.
#![no_main]
#![expect(clippy::panic, reason = "without a target there is nothing to be done")]

use std::sync::OnceLock;

use coffer_fuzz::Target;

static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let target = CHOSEN.get_or_init(chosen);
    if input.len() <= target.bytes_max {
        (target.run)(input);
    }
});

/// The engine passes over arguments that begin with two hyphens.
fn chosen() -> &'static Target {
    let mut arguments = std::env::args();
    let name = arguments.find_map(|it| it.strip_prefix("--target=").map(str::to_owned));
    let Some(target) = name.as_deref().and_then(coffer_fuzz::target) else {
        panic!("no such target: --target={name:?}");
    };
    target
}
