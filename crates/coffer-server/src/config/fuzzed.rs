//! What the targets of `fuzz/` reach of the configuration.

use std::path::Path;

use super::collector_headers::HeadersText;
use super::{Settings, quotas, read_text};
pub use crate::peers::fuzzed::{answered, peers};
use crate::traces::TraceContext;

/// Reads a file of settings and checks them, but for what names other files.
///
/// # Errors
/// What the operator is told.
pub fn settings(text: &str) -> Result<(), String> {
    let settings = read_text(text, Path::new("coffer.toml")).map_err(|error| error.0)?;
    let settings = Settings {
        store_password_file: None,
        root_key_file: None,
        root_key_credential: None,
        functions_ca_file: None,
        quotas_file: None,
        audit_exports: None,
        ..settings
    };
    settings.check().map(drop).map_err(|error| error.0)
}

/// Reads a file of quotas.
///
/// # Errors
/// What the operator is told.
pub fn quotas(text: &str) -> Result<(), String> {
    quotas::read(text).map(drop)
}

/// Reads the headers that a collector of traces wants.
///
/// # Errors
/// What the operator is told.
pub fn collector_headers(text: &str) -> Result<(), String> {
    HeadersText::of(text).read().map(drop)
}

/// Reads a header that names a trace, of W3C's form and of AWS's: where either names one, the same as
/// AWS's header, and that read once more.
pub fn trace_headers(text: &str) -> [Option<(String, Option<String>)>; 2] {
    let again = |read: TraceContext| {
        let written = read.to_amzn();
        let reread = TraceContext::of_amzn(&written).map(TraceContext::to_amzn);
        (written, reread)
    };
    [TraceContext::of_traceparent(text), TraceContext::of_amzn(text)].map(|it| it.map(again))
}
