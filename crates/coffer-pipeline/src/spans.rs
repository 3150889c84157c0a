//! Spans: a request, a job, and what they wait for, for whoever traces them.
//!
//! All of them have one target and the level `TRACE`, which logs do not show; where nothing asks for that
//! target, making one is a branch. INVARIANT: no value, token, signature or text of a policy is a field
//! of one: what is told is chosen here and in `coffer-server/src/traces/`.

use tracing::{Level, Span, field::Empty, trace_span};

use crate::context::RequestContext;

/// The target of all spans.
pub const TARGET: &str = "coffer::trace";
/// The field that says that a trace may begin here.
pub const ROOT: &str = "trace.root";
/// The field with the trace that the caller names.
pub const TRACE_ID: &str = "trace.id";
/// The field with the caller's span.
pub const PARENT_ID: &str = "trace.parent";
/// The field that says whether the caller traces.
pub const SAMPLED: &str = "trace.sampled";
/// The field with OTLP's number of the kind of a span.
pub const KIND: &str = "trace.kind";

/// Whether anything asks for spans.
pub fn are_made() -> bool {
    tracing::span_enabled!(target: TARGET, Level::TRACE)
}

/// Tells the span of a request who calls, and where.
pub(crate) fn tell(context: &RequestContext) {
    if are_made() {
        let span = Span::current();
        span.record("cloud.account.id", context.scope.account.as_str());
        span.record("cloud.region", context.scope.region.as_str());
    }
}

/// Tells how often a decision was run so far.
pub(crate) fn tell_attempts(attempts: usize) {
    if are_made() {
        Span::current().record("coffer.attempts", u64::try_from(attempts).unwrap_or(u64::MAX));
    }
}

/// Tells the span of a job that it failed, and by which fault.
pub(crate) fn tell_failure(code: &str) {
    if are_made() {
        Span::current().record("error.type", code);
    }
}

/// A request, which begins a trace where its caller names none. The caller's trace, span and choice are
/// given where it names them.
pub fn request(trace_id: Option<u128>, parent_id: Option<u64>, is_sampled: Option<bool>) -> Span {
    trace_span!(
        target: TARGET,
        "request",
        trace.root = true,
        trace.id = trace_id,
        trace.parent = parent_id,
        trace.sampled = is_sampled,
        trace.kind = SERVER,
        rpc.system = "aws-api",
        rpc.service = Empty,
        rpc.method = Empty,
        http.response.status_code = Empty,
        aws.request_id = Empty,
        cloud.account.id = Empty,
        cloud.region = Empty,
        "error.type" = Empty,
    )
}

/// Something outside of the process.
pub fn outgoing(name: &'static str, address: &str) -> Span {
    trace_span!(
        target: TARGET,
        "outgoing",
        trace.kind = CLIENT,
        coffer.outgoing = name,
        server.address = address,
    )
}

/// Who sent a request.
pub(crate) fn authenticate() -> Span {
    trace_span!(target: TARGET, "authenticate", trace.kind = INTERNAL)
}

/// Permissions, what an operation or a job does, and its commit.
pub(crate) fn decide() -> Span {
    trace_span!(target: TARGET, "decide", trace.kind = INTERNAL, coffer.attempts = Empty)
}

/// The audit record.
pub(crate) fn record() -> Span {
    trace_span!(target: TARGET, "record", trace.kind = INTERNAL)
}

/// A function.
pub(crate) fn invoke(arn: &str) -> Span {
    trace_span!(target: TARGET, "invoke function", trace.kind = CLIENT, faas.invoked_name = arn)
}

/// A job, which begins a trace of its own.
pub(crate) fn job(kind: &str) -> Span {
    trace_span!(
        target: TARGET,
        "job",
        trace.root = true,
        trace.kind = INTERNAL,
        coffer.job.kind = kind,
        coffer.attempts = Empty,
        "error.type" = Empty,
    )
}

/// OTLP's kinds.
const INTERNAL: i64 = 1;
const SERVER: i64 = 2;
const CLIENT: i64 = 3;
