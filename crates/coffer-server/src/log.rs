//! Structured logs: one JSON object a line, on standard error.

use tracing_subscriber::EnvFilter;

/// Starts logging what `filter` names.
///
/// # Errors
/// A filter that cannot be read, as a sentence for the operator.
pub(crate) fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| format!("cannot read log filter `{filter}`: {error}"))?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // What cannot be logged would be told on standard error, which panics where the log is just
        // that and its disk is full: a request would end without an answer.
        .log_internal_errors(false)
        .with_current_span(false)
        .with_span_list(false)
        .try_init()
        .map_err(|error| format!("cannot start logging: {error}"))
}
