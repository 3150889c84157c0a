//! Makes OTLP's spans of those of `tracing` that belong to a trace.

use std::fmt;
use std::sync::Arc;

use coffer_pipeline::spans::{self, TARGET};
use coffer_seal::Entropy;
use tokio::sync::mpsc::Sender;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Subscriber, subscriber::Interest};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::context::TraceContext;
use super::export::Dropped;
use super::messages::{KeyValue, Span, Status, Value};
use super::sampler::Sampler;
use crate::runtime;

/// Hears of spans.
pub(crate) struct Layer {
    sampler: Sampler,
    sender: Sender<Span>,
    dropped: Dropped,
    entropy: Arc<dyn Entropy>,
}

/// A span that has begun.
struct Begun(Span);

impl Layer {
    pub(super) fn new(
        sampler: Sampler,
        sender: Sender<Span>,
        dropped: Dropped,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { sampler, sender, dropped, entropy }
    }

    fn draw<const N: usize>(&self) -> [u8; N] {
        let mut drawn = [0; N];
        self.entropy.fill(&mut drawn);
        drawn
    }

    /// A span that no other one here is above.
    fn root(&self, fields: &Fields) -> Option<Span> {
        let caller = fields.caller();
        let trace_id =
            caller.map_or_else(|| u128::from_be_bytes(self.draw()), |caller| caller.trace_id);
        let is_chosen = fields.is_root && self.sampler.chooses(trace_id, caller);
        let parent = caller.map_or(0, |caller| caller.span_id);
        is_chosen
            .then(|| self.begin(trace_id.to_be_bytes().to_vec(), parent.to_be_bytes().to_vec()))
    }

    fn begin(&self, trace_id: Vec<u8>, parent_span_id: Vec<u8>) -> Span {
        let has_parent = parent_span_id.iter().any(|byte| *byte != 0);
        Span {
            trace_id,
            span_id: self.draw::<8>().to_vec(),
            parent_span_id: if has_parent { parent_span_id } else { Vec::new() },
            start_time_unix_nano: runtime::unix_nanoseconds(),
            ..Span::default()
        }
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> tracing_subscriber::Layer<S> for Layer {
    fn register_callsite(&self, metadata: &'static tracing::Metadata<'static>) -> Interest {
        let is_ours = metadata.is_span() && metadata.target() == TARGET;
        if is_ours { Interest::always() } else { Interest::never() }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let above = span.parent().and_then(|above| {
            let extensions = above.extensions();
            let Begun(above) = extensions.get()?;
            Some(self.begin(above.trace_id.clone(), above.span_id.clone()))
        });
        let Some(mut begun) = above.or_else(|| self.root(&fields)) else { return };
        begun.name = attributes.metadata().name().to_owned();
        begun.kind = fields.kind;
        begun.attributes = fields.attributes;
        span.extensions_mut().insert(Begun(begun));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(Begun(begun)) = extensions.get_mut() else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        for told in fields.attributes {
            begun.attributes.retain(|known| known.key != told.key);
            begun.attributes.push(told);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Begun(mut ended)) = span.extensions_mut().remove() else { return };
        ended.end_time_unix_nano = runtime::unix_nanoseconds().max(ended.start_time_unix_nano);
        name(&mut ended);
        if self.sender.try_send(ended).is_err() {
            self.dropped.add(1);
        }
    }
}

/// Names a span by what is known of it in the end, and tells a failed one.
fn name(span: &mut Span) {
    let text = |wanted: &str| {
        let found = span.attributes.iter().find(|it| it.key == wanted)?;
        match found.value.as_ref()?.value.as_ref()? {
            Value::Text(text) => Some(text.clone()),
            Value::Number(_) => None,
        }
    };
    if let (Some(service), Some(method)) = (text("rpc.service"), text("rpc.method")) {
        span.name = format!("{service}/{method}");
    } else if let Some(kind) = text("coffer.job.kind") {
        span.name = format!("job {kind}");
    }
    if text("error.type").is_some() {
        span.status = Some(Status { code: ERROR });
    }
}

/// What a span of `tracing` says of itself.
#[derive(Default)]
struct Fields {
    is_root: bool,
    trace_id: Option<u128>,
    span_id: u64,
    is_sampled: Option<bool>,
    kind: i32,
    attributes: Vec<KeyValue>,
}

impl Fields {
    fn caller(&self) -> Option<TraceContext> {
        let (span_id, is_sampled) = (self.span_id, self.is_sampled);
        self.trace_id.map(|trace_id| TraceContext { trace_id, span_id, is_sampled })
    }

    fn add(&mut self, field: &Field, value: Value) {
        if self.attributes.len() < ATTRIBUTES_MAX {
            self.attributes.push(KeyValue::new(field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == spans::TRACE_ID {
            self.trace_id = Some(value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            spans::PARENT_ID => self.span_id = value,
            _ => self.add(field, Value::Number(i64::try_from(value).unwrap_or(i64::MAX))),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match field.name() {
            spans::KIND => self.kind = i32::try_from(value).unwrap_or_default(),
            _ => self.add(field, Value::Number(value)),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            spans::ROOT => self.is_root = value,
            spans::SAMPLED => self.is_sampled = Some(value),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let end = value.floor_char_boundary(value.len().min(VALUE_BYTES_MAX));
        self.add(field, Value::Text(value.get(..end).unwrap_or_default().to_owned()));
    }

    // INVARIANT: what is only `Debug` is not told: nobody has looked at whether it may be.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// AWS's trace header for a function that is invoked now, where the span that is entered is traced.
pub(crate) fn function_header() -> Option<String> {
    if !tracing::span_enabled!(target: TARGET, tracing::Level::TRACE) {
        return None;
    }
    let found = tracing::Span::current().with_subscriber(|(id, subscriber)| {
        let span = subscriber.downcast_ref::<Registry>()?.span(id)?;
        let extensions = span.extensions();
        let Begun(begun) = extensions.get()?;
        let trace_id = u128::from_be_bytes(begun.trace_id.as_slice().try_into().ok()?);
        let span_id = u64::from_be_bytes(begun.span_id.as_slice().try_into().ok()?);
        Some(TraceContext { trace_id, span_id, is_sampled: Some(true) }.to_amzn())
    });
    found.flatten()
}

const ATTRIBUTES_MAX: usize = 32;
const VALUE_BYTES_MAX: usize = 256;
/// OTLP's code.
const ERROR: i32 = 2;
