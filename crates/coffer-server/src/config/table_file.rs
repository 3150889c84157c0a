//! Files of TOML tables that the operator writes: what is wrong with one is told with its line.

use std::ops::Range;

use serde::de::DeserializeOwned;

/// Where a file is wrong, in bytes, and why.
pub(crate) type Wrong = (Range<usize>, String);

/// Reads a file's text.
///
/// # Errors
/// A sentence for the operator, with the line.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        with_line(text, (span, error.message().to_owned()))
    })
}

/// What is wrong, with the line that it is in.
pub(crate) fn with_line(text: &str, (span, why): Wrong) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    format!("line {}: {why}", before.matches('\n').count() + 1)
}
