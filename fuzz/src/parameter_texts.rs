//! Texts about parameters: allowed patterns with a value, and parameter policies.

use coffer_model::Timestamp;
use coffer_services::ssm::fuzzed::{is_allowed, read_texts};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "parameter_texts", bytes_max: 5 * 1024, run };

/// The pattern is the first line, the value the rest; all of it may be a policy.
fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (pattern, value) = text.split_once('\n').unwrap_or((text, "value"));
    // AWS: a pattern has 1,024 characters at most; the operation's shape holds it to that.
    if pattern.chars().count() <= 1024 {
        is_allowed(pattern, value);
    }
    read_texts(text, Timestamp::from_millis(1_800_000_000_000));
}
