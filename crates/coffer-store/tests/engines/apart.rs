//! Tests that run again in namespaces of their own, of network and mounts.

use std::io::Write as _;
use std::process::Command;

use coffer_test_servers::{is_root, run};

/// Whether this is the run inside; outside it is started. Only root may make namespaces: for others
/// nothing is done, unless it is to be known that all was tested.
pub(crate) fn is_inside(test: &str) -> bool {
    if std::env::args().any(|argument| argument == INSIDE) {
        return true;
    }
    if !is_root() {
        assert!(
            !is_ci(),
            "{test} was not run: only root may do that; run `cargo xtask test` as root"
        );
        writeln!(std::io::stderr(), "{test} was not run: only root may do that").ok();
        return false;
    }
    let mut inside = Command::new("unshare");
    inside.args(["--net", "--mount", "sh", "-c", BEGIN, "sh"]);
    inside.arg(std::env::current_exe().unwrap());
    // A name that no test has says that this is the inside.
    inside.args(["--exact", test, INSIDE, "--nocapture", "--test-threads=1"]);
    let told = run(&mut inside);
    assert!(told.contains("test result: ok. 1 passed"), "{told}");
    false
}

#[expect(clippy::disallowed_methods, reason = "who runs the tests says by it that it is CI")]
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "false", "0"].contains(&value.as_str()))
}

const INSIDE: &str = "inside-of-namespaces";
/// The names of namespaces are kept in `/run`.
const BEGIN: &str = "mount -t tmpfs tmpfs /run && ip link set lo up && exec \"$@\"";
