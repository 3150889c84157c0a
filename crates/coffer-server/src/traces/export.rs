//! Sends spans to the collector: in batches, in bounded time, and what it does not take is dropped.

use std::time::Duration;

use bytes::Bytes;
use coffer_http::{Place, exchange};
use http::{HeaderMap, Request, Uri, header};
use http_body_util::Full;
use prometheus::IntCounter;
use prost::Message as _;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::messages::{
    ExportTraceServiceRequest, KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, Span, Value,
};
use crate::config::TraceOptions;
use crate::trust;

/// How many spans were dropped.
#[derive(Debug, Clone)]
pub(crate) struct Dropped(pub(crate) IntCounter);

impl Dropped {
    pub(super) fn new() -> Result<Self, String> {
        let about = "Spans that the collector did not take in time.";
        let counter = IntCounter::new("coffer_trace_spans_dropped_total", about);
        counter.map(Self).map_err(|error| format!("cannot count spans: {error}"))
    }

    pub(super) fn add(&self, spans: usize) {
        self.0.inc_by(u64::try_from(spans).unwrap_or(u64::MAX));
    }
}

/// Sends what the layer has made.
pub(crate) struct Exporter {
    collector: Uri,
    headers: HeaderMap,
    place: Place,
    tls: Option<TlsConnector>,
    resource: Resource,
    spans: mpsc::Receiver<Span>,
    dropped: Dropped,
}

impl Exporter {
    pub(super) fn new(
        options: &TraceOptions,
        spans: mpsc::Receiver<Span>,
        dropped: Dropped,
    ) -> Result<Self, String> {
        let place = Place::of(&options.collector).ok_or("the collector has no host")?;
        let authorities = options.ca_file.as_deref().map(trust::read).transpose()?;
        let tls = match place.is_plain {
            true => None,
            false => {
                let client = trust::client(&authorities.unwrap_or_default(), "--otlp-ca-file")?;
                Some(TlsConnector::from(client))
            }
        };
        let said = |key: &str, value: &str| KeyValue::new(key, Value::Text(value.to_owned()));
        let attributes = vec![
            said("service.name", &options.service_name),
            said("service.version", env!("CARGO_PKG_VERSION")),
            said("telemetry.sdk.name", "coffer"),
        ];
        let (collector, headers) = (options.collector.clone(), options.headers.clone());
        let resource = Resource { attributes };
        Ok(Self { collector, headers, place, tls, resource, spans, dropped })
    }

    /// How many spans were dropped.
    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped.clone()
    }

    /// Sends spans until `stop` says so, and then what is left, for a moment.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut is_told = false;
        let mut has_ended = false;
        while !has_ended {
            let mut batch = Vec::new();
            tokio::select! {
                biased;
                () = self.fill(&mut batch) => {}
                _ = stop.wait_for(|stopped| *stopped) => has_ended = true,
            }
            if has_ended {
                while let Ok(span) = self.spans.try_recv() {
                    batch.push(span);
                }
            }
            if !batch.is_empty() {
                self.send(batch, &mut is_told).await;
            }
        }
    }

    /// Takes the next spans: those of a second, or as many as are sent at once.
    async fn fill(&mut self, batch: &mut Vec<Span>) {
        if self.spans.recv_many(batch, BATCH_SPANS_MAX).await == 0 {
            // Nobody can make one any more.
            return std::future::pending().await;
        }
        let end = Instant::now() + BATCH_TIME_MAX;
        while batch.len() < BATCH_SPANS_MAX {
            let room = BATCH_SPANS_MAX - batch.len();
            match timeout_at(end, self.spans.recv_many(batch, room)).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    }

    async fn send(&self, batch: Vec<Span>, is_told: &mut bool) {
        let count = batch.len();
        let sent = timeout(SEND_TIME_MAX, self.post(self.message(batch))).await;
        let sent = sent.unwrap_or_else(|_| Err(format!("no answer within {SEND_TIME_MAX:?}")));
        match sent {
            Ok(()) => *is_told = false,
            Err(cause) => {
                self.dropped.add(count);
                // Once for each time that it is away.
                if !std::mem::replace(is_told, true) {
                    tracing::warn!(cause, "the collector takes no traces; they are dropped");
                }
            }
        }
    }

    fn message(&self, spans: Vec<Span>) -> Vec<u8> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let scope = Some(Scope { name: "coffer".to_owned(), version });
        let scope_spans = vec![ScopeSpans { scope, spans }];
        let resource = Some(self.resource.clone());
        ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource, scope_spans }] }
            .encode_to_vec()
    }

    async fn post(&self, body: Vec<u8>) -> Result<(), String> {
        let authority = self.collector.authority().map_or("", |authority| authority.as_str());
        let path = self.collector.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::post(path)
            .header(header::HOST, authority)
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header(header::USER_AGENT, "coffer")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        request.headers_mut().extend(self.headers.clone());
        let address = (self.place.host.as_str(), self.place.port);
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(|error| format!("no connection: {error}"))?;
        let answer = match &self.tls {
            None => exchange(stream, request, ANSWER_BYTES_MAX).await?,
            Some(tls) => {
                let name = ServerName::try_from(self.place.host.clone());
                let name = name.map_err(|error| error.to_string())?;
                let stream = tls.connect(name, stream).await;
                let stream = stream.map_err(|error| format!("no TLS: {error}"))?;
                exchange(stream, request, ANSWER_BYTES_MAX).await?
            }
        };
        if answer.status().is_success() {
            return Ok(());
        }
        Err(format!("the answer has status {}", answer.status()))
    }
}

const BATCH_SPANS_MAX: usize = 512;
const BATCH_TIME_MAX: Duration = Duration::from_secs(1);
/// From name to answer.
const SEND_TIME_MAX: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 64 * 1024;
