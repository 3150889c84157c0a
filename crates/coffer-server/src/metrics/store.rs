//! How the store does: each verb's outcomes, and how long it takes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coffer_store::{
    Batch, CommitError, Key, Observer, Revision, Row, Scan, Snapshot, Store, StoreError,
};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};

use super::BUCKETS;
use crate::runtime;

/// The metrics of a store.
#[derive(Clone)]
pub(crate) struct StoreMetrics {
    pub(super) requests: IntCounterVec,
    pub(super) durations: HistogramVec,
}

impl StoreMetrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        Ok(Self {
            requests: IntCounterVec::new(
                Opts::new(
                    "coffer_store_requests_total",
                    "What the store was asked for past caches, by verb and outcome.",
                ),
                &["verb", "outcome"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "coffer_store_request_duration_seconds",
                    "Time that the store takes, by verb.",
                )
                .buckets(BUCKETS.to_vec()),
                &["verb"],
            )?,
        })
    }

    fn verb(&self, verb: &str) -> Verb {
        let of = |outcome: &str| self.requests.with_label_values(&[verb, outcome]);
        Verb {
            durations: self.durations.with_label_values(&[verb]),
            done: of("OK"),
            conflicts: of("Conflict"),
            unknown: of("Unknown"),
            unavailable: of("Unavailable"),
            corrupt: of("Corrupt"),
            too_large: of("TooLarge"),
        }
    }
}

/// A store that is measured. What a cache knows never comes here.
pub(crate) struct Measured {
    store: Arc<dyn Store>,
    reads: Verb,
    scans: Verb,
    commits: Verb,
    snapshots: Verb,
}

/// One verb's metrics, looked up once.
struct Verb {
    durations: Histogram,
    done: IntCounter,
    conflicts: IntCounter,
    unknown: IntCounter,
    unavailable: IntCounter,
    corrupt: IntCounter,
    too_large: IntCounter,
}

impl Measured {
    pub(crate) fn new(store: Arc<dyn Store>, metrics: &StoreMetrics) -> Self {
        let [reads, scans, commits, snapshots] =
            ["read", "scan", "commit", "snapshot"].map(|verb| metrics.verb(verb));
        Self { store, reads, scans, commits, snapshots }
    }
}

impl Verb {
    fn read<T>(&self, took: Duration, outcome: &Result<T, StoreError>) {
        self.durations.observe(took.as_secs_f64());
        match outcome {
            Ok(_) => self.done.inc(),
            Err(StoreError::Unavailable(_)) => self.unavailable.inc(),
            Err(StoreError::Corrupt(_)) => self.corrupt.inc(),
            Err(StoreError::TooLarge(_)) => self.too_large.inc(),
        }
    }

    fn committed(&self, took: Duration, outcome: &Result<Revision, CommitError>) {
        self.durations.observe(took.as_secs_f64());
        match outcome {
            Ok(_) => self.done.inc(),
            Err(CommitError::Conflict) => self.conflicts.inc(),
            Err(CommitError::Unknown) => self.unknown.inc(),
            Err(CommitError::Unavailable(_)) => self.unavailable.inc(),
            Err(CommitError::TooLarge(_)) => self.too_large.inc(),
        }
    }
}

#[async_trait]
impl Store for Measured {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        let begun = runtime::instant();
        let outcome = self.store.read(keys).await;
        self.reads.read(begun.elapsed(), &outcome);
        outcome
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        let begun = runtime::instant();
        let outcome = self.store.scan(scan).await;
        self.scans.read(begun.elapsed(), &outcome);
        outcome
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let begun = runtime::instant();
        let outcome = self.store.snapshot().await;
        self.snapshots.read(begun.elapsed(), &outcome);
        outcome
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let begun = runtime::instant();
        let outcome = self.store.commit(batch).await;
        self.commits.committed(begun.elapsed(), &outcome);
        outcome
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.store.watch(observer);
    }

    fn is_fresh(&self) -> bool {
        self.store.is_fresh()
    }

    fn feed_age(&self) -> Option<Duration> {
        self.store.feed_age()
    }

    fn is_exclusive(&self) -> bool {
        self.store.is_exclusive()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coffer_store::{Batch, Direction, Faults, Key, Scan, Sim, Store};

    use super::{Measured, StoreMetrics};

    #[tokio::test]
    async fn each_verb_is_counted_by_its_outcome_and_timed() {
        let metrics = StoreMetrics::new().unwrap();
        let sim = Arc::new(Sim::new());
        let store = Measured::new(sim.clone(), &metrics);
        let key = Key::of("t", &["k"]);
        let put = || Batch {
            expectations: vec![(key.clone(), None)],
            puts: vec![(key.clone(), "v".into())],
            deletes: Vec::new(),
        };
        store.commit(put()).await.unwrap();
        store.commit(put()).await.unwrap_err();
        store.read(std::slice::from_ref(&key)).await.unwrap();
        let all = Scan { prefix: &[], after: None, rows_max: 9, direction: Direction::Ascending };
        store.scan(all).await.unwrap();
        drop(store.snapshot().await.unwrap());
        sim.set_faults(Faults { unknowns_per_mille: 1_000, ..Faults::default() });
        store.commit(Batch { expectations: Vec::new(), ..put() }).await.unwrap_err();
        sim.set_faults(Faults { unavailable_per_mille: 1_000, ..Faults::default() });
        store.commit(put()).await.unwrap_err();
        store.read(std::slice::from_ref(&key)).await.unwrap_err();
        let long = vec![key.clone(); 2_000];
        store.read(&long).await.unwrap_err();
        for (verb, outcome, count) in [
            ("commit", "OK", 1),
            ("commit", "Conflict", 1),
            ("commit", "Unknown", 1),
            ("commit", "Unavailable", 1),
            ("read", "OK", 1),
            ("read", "Unavailable", 1),
            ("read", "TooLarge", 1),
            ("scan", "OK", 1),
            ("snapshot", "OK", 1),
        ] {
            let counted = metrics.requests.with_label_values(&[verb, outcome]).get();
            assert_eq!(counted, count, "{verb} {outcome}");
        }
        for (verb, count) in [("commit", 4), ("read", 3), ("scan", 1), ("snapshot", 1)] {
            let timed = metrics.durations.with_label_values(&[verb]).get_sample_count();
            assert_eq!(timed, count, "{verb}");
        }
    }
}
