//! Structured logs: one JSON object a line, on standard error. Spans go to the layer of traces, where
//! there is one.

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

use crate::traces::Layer;

/// Starts logging what `filter` names.
///
/// # Errors
/// A filter that cannot be read, as a sentence for the operator.
pub(crate) fn start(filter: &str, traces: Option<Layer>) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| format!("cannot read log filter `{filter}`: {error}"))?;
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        // What cannot be logged would be told on standard error, which panics where the log is just
        // that and its disk is full: a request would end without an answer.
        .log_internal_errors(false)
        .with_current_span(false)
        .with_span_list(false);
    let started = match traces {
        // A filter for all asks once for each place in the code, not each layer for itself.
        None => registry().with(lines).with(filter).try_init(),
        Some(layer) => {
            let is_ours =
                filter_fn(|it| it.is_span() && it.target() == coffer_pipeline::spans::TARGET);
            registry().with(lines.with_filter(filter)).with(layer.with_filter(is_ours)).try_init()
        }
    };
    started.map_err(|error| format!("cannot start logging: {error}"))
}
