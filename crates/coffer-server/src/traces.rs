//! Traces: spans of requests, jobs and what they wait for, sent to a collector over OTLP.
//!
//! The spans are those of `tracing`, all of one target; without a collector nothing is interested in
//! them, and none is made. A collector is never waited for: what it does not take in time is dropped and
//! counted.

mod context;
mod export;
mod layer;
mod messages;
mod sampler;
mod store;

use coffer_pipeline::{Answer, spans};
use http::HeaderMap;
use tokio::sync::mpsc;
use tracing::Span;

pub(crate) use context::TraceContext;
pub(crate) use export::{Dropped, Exporter};
pub(crate) use layer::{Layer, function_header};
pub(crate) use sampler::Sampler;
pub(crate) use store::traced;

use crate::config::TraceOptions;

/// The layer that makes spans, and what sends them.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn start(options: &TraceOptions) -> Result<(Layer, Exporter), String> {
    let (sender, receiver) = mpsc::channel(SPANS_WAITING_MAX);
    let dropped = Dropped::new()?;
    let layer = Layer::new(options.sampler, sender, dropped.clone(), crate::runtime::entropy());
    Ok((layer, Exporter::new(options, receiver, dropped)?))
}

/// The span of a request, in the trace that its caller names.
pub(crate) fn request(headers: &HeaderMap) -> Span {
    let caller = TraceContext::of_headers(headers);
    let parent_id = caller.map(|caller| caller.span_id);
    let is_sampled = caller.and_then(|caller| caller.is_sampled);
    spans::request(caller.map(|caller| caller.trace_id), parent_id, is_sampled)
}

/// Tells the span of a request what it was answered.
pub(crate) fn tell(span: &Span, answer: &Answer) {
    if let Some(route) = answer.route {
        let name = route.service.name;
        let known = SERVICES.iter().find(|(known, _)| *known == name);
        span.record("rpc.service", known.map_or(name, |(_, service)| service));
        span.record("rpc.method", route.entry.name);
    }
    span.record("http.response.status_code", u64::from(answer.status));
    span.record("aws.request_id", answer.request_id.as_str());
    if let Some(fault) = &answer.fault {
        span.record("error.type", fault.code);
    }
}

/// What the SDKs of AWS call the services.
const SERVICES: [(&str, &str); 8] = [
    ("cloudtrail", "CloudTrail"),
    ("iam", "IAM"),
    ("kms", "KMS"),
    ("lambda", "Lambda"),
    ("organizations", "Organizations"),
    ("secretsmanager", "SecretsManager"),
    ("ssm", "SSM"),
    ("sts", "STS"),
];
/// Spans that wait to be sent: some megabytes.
const SPANS_WAITING_MAX: usize = 4_096;
