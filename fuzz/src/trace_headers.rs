//! Headers that name a trace: what is read is the same when it is written and read again.

use coffer_server::fuzzed::trace_headers;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "trace_headers", bytes_max: 4 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for (written, reread) in trace_headers(text).into_iter().flatten() {
        assert!(written.starts_with("Root=1-"), "{written}");
        assert_eq!(reread.as_ref(), Some(&written));
    }
}
