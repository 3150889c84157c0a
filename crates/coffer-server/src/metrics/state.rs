//! How the server stands: what is looked at when the metrics are read, and what its loop finds out.

use std::sync::{Mutex, PoisonError};

use coffer_model::Timestamp;
use coffer_pipeline::World;
use coffer_pipeline::job::runner::Backlog;
use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, IntCounter, IntGauge, Opts};

/// Gauges of the present state, and counters of others' making.
pub(crate) struct StateMetrics {
    ready: IntGauge,
    feed_age: Gauge,
    cache_hits: IntCounter,
    cache_misses: IntCounter,
    cache_bytes: IntGauge,
    cache_records: IntGauge,
    journal_failing: IntGauge,
    unshipped: IntGauge,
    jobs_failed: IntCounter,
    jobs_given_up: IntGauge,
    jobs_overdue: Gauge,
    rotations_given_up: IntCounter,
    instances: IntGauge,
    certificate_expiry: IntGauge,
    last_backup: IntGauge,
    build: GaugeVec,
    /// Held while counters are brought up to date.
    turn: Mutex<()>,
}

impl StateMetrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let gauge = IntGauge::new;
        let counter = IntCounter::new;
        let build = Opts::new("coffer_build_info", "Always 1, for the release that runs.");
        let metrics = Self {
            ready: gauge("coffer_ready", "Whether requests can be answered now.")?,
            feed_age: Gauge::new(
                "coffer_store_feed_age_seconds",
                "How long ago all changes of other servers were known; 0 where there are none.",
            )?,
            cache_hits: counter("coffer_cache_hits_total", "Records that the cache had.")?,
            cache_misses: counter("coffer_cache_misses_total", "Records that it did not have.")?,
            cache_bytes: gauge("coffer_cache_bytes", "What the cache holds, by estimate.")?,
            cache_records: gauge("coffer_cache_records", "Records in the cache.")?,
            journal_failing: gauge(
                "coffer_audit_journal_failing",
                "Whether the disk refuses audit records.",
            )?,
            unshipped: gauge(
                "coffer_audit_unshipped_records",
                "Audit records of this server that the store does not have yet.",
            )?,
            jobs_failed: counter("coffer_jobs_failed_total", "Runs of jobs that failed.")?,
            jobs_given_up: gauge(
                "coffer_jobs_given_up",
                "Jobs in the store that are tried no more, up to a thousand.",
            )?,
            jobs_overdue: Gauge::new(
                "coffer_jobs_overdue_seconds",
                "For how long the oldest job of the store has been due.",
            )?,
            rotations_given_up: counter(
                "coffer_rotations_given_up_total",
                "Rotations that this server tries no more before their next window.",
            )?,
            instances: gauge("coffer_function_instances", "Processes of functions.")?,
            certificate_expiry: gauge(
                "coffer_tls_certificate_expiry_timestamp_seconds",
                "When the certificate of this server ends; 0 without TLS.",
            )?,
            last_backup: gauge(
                "coffer_backup_last_success_timestamp_seconds",
                "When the last backup of the store was begun that is there; 0 without any.",
            )?,
            build: GaugeVec::new(build, &["version"])?,
            turn: Mutex::new(()),
        };
        metrics.build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        Ok(metrics)
    }

    /// All of them, to be registered.
    pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.ready.clone()),
            Box::new(self.feed_age.clone()),
            Box::new(self.cache_hits.clone()),
            Box::new(self.cache_misses.clone()),
            Box::new(self.cache_bytes.clone()),
            Box::new(self.cache_records.clone()),
            Box::new(self.journal_failing.clone()),
            Box::new(self.unshipped.clone()),
            Box::new(self.jobs_failed.clone()),
            Box::new(self.jobs_given_up.clone()),
            Box::new(self.jobs_overdue.clone()),
            Box::new(self.rotations_given_up.clone()),
            Box::new(self.instances.clone()),
            Box::new(self.certificate_expiry.clone()),
            Box::new(self.last_backup.clone()),
            Box::new(self.build.clone()),
        ]
    }

    /// Looks at what is known in the process.
    pub(crate) fn look(&self, world: &World, is_ready: bool) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready.set(i64::from(is_ready));
        let age = world.tables.store().feed_age();
        self.feed_age.set(age.map_or(0.0, |age| age.as_secs_f64()));
        let cache = world.tables.cache_counts();
        catch_up(&self.cache_hits, cache.hits);
        catch_up(&self.cache_misses, cache.misses);
        self.cache_bytes.set(whole(cache.bytes));
        self.cache_records.set(whole(cache.records));
        if let Some(trail) = &world.audit.trail {
            self.journal_failing.set(i64::from(trail.journal().is_failing()));
            self.unshipped.set(i64::try_from(trail.unshipped()).unwrap_or(i64::MAX));
        }
        let tallies = world.tallies.counts();
        catch_up(&self.jobs_failed, tallies.jobs_failed);
        catch_up(&self.rotations_given_up, tallies.rotations_given_up);
        self.instances.set(whole(world.functions.instances()));
    }

    /// Takes what the loop of jobs has found in the store.
    pub(crate) fn found(&self, backlog: &Backlog, last_backup: Option<Timestamp>) {
        self.jobs_given_up.set(whole(backlog.given_up));
        self.jobs_overdue.set(backlog.overdue.as_secs_f64());
        self.last_backup.set(last_backup.map_or(0, Timestamp::as_secs));
    }

    /// Takes when the server's certificate ends.
    pub(crate) fn certificate_ends(&self, at: Option<Timestamp>) {
        self.certificate_expiry.set(at.map_or(0, Timestamp::as_secs));
    }
}

fn catch_up(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
