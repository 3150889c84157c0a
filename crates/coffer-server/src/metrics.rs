//! Counters and histograms in Prometheus' form. Labels come from fixed sets only.

mod state;
mod store;

use std::time::Duration;

use coffer_pipeline::Answer;
use coffer_pipeline::road::Routes;
use prometheus::core::Collector;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts,
    Registry, TextEncoder,
};

pub(crate) use self::state::StateMetrics;
pub(crate) use self::store::{Measured, StoreMetrics};
use crate::traces::Dropped;

/// All that `/metrics` tells.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    succeeded: Vec<(IntCounter, Histogram)>,
    throttled: IntCounterVec,
    /// Connections open now.
    pub(crate) connections: IntGauge,
    /// Jobs run since the start.
    pub(crate) jobs_run: IntCounter,
    /// How the server stands.
    pub(crate) state: StateMetrics,
}

impl Metrics {
    pub(crate) fn new(
        routes: &Routes,
        store: &StoreMetrics,
        dropped: Option<Dropped>,
    ) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("coffer_requests_total", "Answers, by operation and error code."),
            &["service", "operation", "code"],
        )?;
        let durations = HistogramVec::new(
            HistogramOpts::new("coffer_request_duration_seconds", "Time from head to answer.")
                .buckets(BUCKETS.to_vec()),
            &["service", "operation"],
        )?;
        let mut succeeded = Vec::with_capacity(routes.all().len());
        for route in routes.all() {
            let labels = [route.service.name, route.entry.name];
            let [service, operation] = labels;
            succeeded.push((
                requests.with_label_values(&[service, operation, OK]),
                durations.with_label_values(&labels),
            ));
        }
        let throttled = IntCounterVec::new(
            Opts::new("coffer_throttled_requests_total", "Requests beyond a quota, by operation."),
            &["service", "operation"],
        )?;
        let connections = IntGauge::new("coffer_connections", "Connections open now.")?;
        let jobs_run = IntCounter::new("coffer_jobs_run_total", "Jobs run since the start.")?;
        let state = StateMetrics::new()?;
        let metrics =
            Self { registry, requests, succeeded, throttled, connections, jobs_run, state };
        metrics.register(durations)?;
        metrics.register(metrics.requests.clone())?;
        metrics.register(metrics.throttled.clone())?;
        metrics.register(metrics.connections.clone())?;
        metrics.register(metrics.jobs_run.clone())?;
        metrics.register(store.requests.clone())?;
        metrics.register(store.durations.clone())?;
        for collector in metrics.state.collectors() {
            metrics.registry.register(collector)?;
        }
        #[cfg(target_os = "linux")]
        metrics.register(ProcessCollector::for_self())?;
        if let Some(Dropped(spans)) = dropped {
            metrics.register(spans)?;
        }
        Ok(metrics)
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, answer: &Answer, took: Duration) {
        let place = answer.route.and_then(|route| self.succeeded.get(route.index));
        if let Some((_, durations)) = place {
            durations.observe(took.as_secs_f64());
        }
        match (&answer.fault, place) {
            (None, Some((count, _))) => count.inc(),
            (fault, _) => {
                let service = answer.route.map_or("unknown", |route| route.service.name);
                let operation = answer.route.map_or("unknown", |route| route.entry.name);
                let code = fault.as_ref().map_or(OK, |fault| fault.code);
                self.requests.with_label_values(&[service, operation, code]).inc();
                if answer.is_throttled {
                    self.throttled.with_label_values(&[service, operation]).inc();
                }
            }
        }
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics could not be written");
        }
        text
    }

    /// Tells also what these collect.
    ///
    /// # Errors
    /// Two of one name.
    pub(crate) fn with(
        self,
        collectors: Vec<Box<dyn Collector>>,
    ) -> Result<Self, prometheus::Error> {
        collectors.into_iter().try_for_each(|collector| self.registry.register(collector))?;
        Ok(self)
    }

    fn register(&self, collector: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(collector))
    }
}

const OK: &str = "OK";
pub(crate) const BUCKETS: [f64; 12] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];
